/* SPDX-License-Identifier: Apache-2.0 */
#include "roads/import.h"

#include "base/text.h"
#include "roads/internal.h"
#include "roads/pack.h"
#include "roads/pbf.h"
#include "roads/xml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char OSM_ATTRIBUTION[] =
    "© OpenStreetMap contributors, ODbL 1.0, https://www.openstreetmap.org/copyright";

int roads_box_parse(const char *text, struct roads_box *ret_box)
{
    char copy[128];
    double side[4];
    if (strlen(text) >= sizeof copy) {
        return -1;
    }
    (void)snprintf(copy, sizeof copy, "%s", text);
    char *at = copy;
    for (int i = 0; i < 4; i++) {
        char *end = at + strcspn(at, ",");
        if ((*end == ',') != (i < 3)) {
            return -1;
        }
        *end = '\0';
        double limit = i % 2 == 0 ? 180 : 90;
        if (gx_parse_double(at, -limit, limit, &side[i]) != 0) {
            return -1;
        }
        at = end + 1;
    }
    if (side[0] >= side[2] || side[1] >= side[3]) {
        return -1;
    }
    *ret_box = (struct roads_box){side[0], side[1], side[2], side[3]};
    return 0;
}

static bool ends_with(const char *path, const char *tail)
{
    size_t size = strlen(path);
    size_t tail_size = strlen(tail);
    return size >= tail_size && strcmp(path + size - tail_size, tail) == 0;
}

static enum gx_rc read_pbf(const char *path, struct roads_osm *osm, struct roads_fault *fault)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return roads_fail(fault, ROADS_F_READ, "%.120s: %s", path, strerror(errno));
    }
    enum gx_rc rc = roads_pbf_read(file, osm, fault);
    (void)fclose(file);
    return rc;
}

static enum gx_rc read_osm(const char *path, struct roads_draft *draft,
                           struct roads_osm_counts *ret_counts, struct roads_fault *fault)
{
    struct roads_osm *osm = roads_osm_new();
    enum gx_rc rc =
        ends_with(path, ".pbf") ? read_pbf(path, osm, fault) : roads_xml_read(path, osm, fault);
    if (rc == GX_OK) {
        roads_osm_draft(osm, draft, ret_counts);
        (void)snprintf(draft->attribution, sizeof draft->attribution, "%s", OSM_ATTRIBUTION);
    }
    roads_osm_free(osm);
    return rc;
}

static bool is_inside(const struct roads_draft *draft, const struct roads_box *box, uint32_t node)
{
    struct roads_point7 p = draft->nodes[node].place;
    return p.lon >= box->west * 1e7 && p.lon <= box->east * 1e7 && p.lat >= box->south * 1e7 &&
           p.lat <= box->north * 1e7;
}

static void crop(struct roads_draft *draft, const struct roads_box *box)
{
    size_t kept = 0;
    for (size_t i = 0; i < draft->arc_count; i++) {
        if (is_inside(draft, box, draft->arcs[i].from) &&
            is_inside(draft, box, draft->arcs[i].to)) {
            draft->arcs[kept++] = draft->arcs[i];
        }
    }
    draft->arc_count = kept;
    kept = 0;
    for (size_t i = 0; i < draft->walk_count; i++) {
        if (is_inside(draft, box, draft->walks[i].a) && is_inside(draft, box, draft->walks[i].b)) {
            draft->walks[kept++] = draft->walks[i];
        }
    }
    draft->walk_count = kept;
}

/* The file's name without folder and endings; a plain word when that is no text. */
static void name_by_file(struct roads_draft *draft, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    size_t size = strcspn(name, ".");
    if (size == 0 || size >= sizeof draft->name || !gx_utf8_valid(name, size)) {
        name = "roads";
        size = strlen(name);
    }
    memcpy(draft->name, name, size);
    draft->name[size] = '\0';
}

/* GX_INVALID with TEXT when what the caller gave is no UTF-8 or too long. */
static enum gx_rc set_text(char *into, size_t size, const char *text, struct roads_fault *fault)
{
    if (text == NULL) {
        return GX_OK;
    }
    if (strlen(text) >= size || !gx_utf8_valid(text, strlen(text))) {
        return roads_fail(fault, ROADS_F_TEXT, "%zu", size - 1);
    }
    (void)snprintf(into, size, "%s", text);
    return GX_OK;
}

static enum gx_rc read_any(const struct roads_import *import, struct roads_draft *draft,
                           struct roads_import_counts *counts, struct roads_fault *fault)
{
    const char *path = import->path;
    struct stat about;
    if (stat(path, &about) != 0) {
        return roads_fail(fault, ROADS_F_READ, "%.120s: %s", path, strerror(errno));
    }
    if (S_ISDIR(about.st_mode)) {
        return roads_pack_draft(path, draft, fault);
    }
    if (!ends_with(path, ".pbf") && !ends_with(path, ".osm") && !ends_with(path, ".osm.gz")) {
        return roads_fail(fault, ROADS_F_KIND, "%.120s", path);
    }
    counts->is_osm = true;
    return read_osm(path, draft, &counts->osm, fault);
}

static enum gx_rc fill(const struct roads_import *import, struct roads_draft *draft,
                       struct roads_import_counts *counts, struct roads_fault *fault)
{
    enum gx_rc rc = set_text(draft->name, sizeof draft->name, import->name, fault);
    if (rc == GX_OK) {
        rc = read_any(import, draft, counts, fault);
    }
    if (rc == GX_OK) {
        rc = set_text(draft->attribution, sizeof draft->attribution, import->attribution, fault);
    }
    if (rc != GX_OK) {
        return rc;
    }
    if (draft->name[0] == '\0') {
        name_by_file(draft, import->path);
    }
    if (import->box != NULL) {
        crop(draft, import->box);
    }
    return roads_draft_clean(draft, &counts->dropped, fault);
}

enum gx_rc roads_import(const struct roads_import *import, struct roads **ret_roads,
                        struct roads_import_counts *ret_counts, struct roads_fault *fault)
{
    struct roads_draft draft;
    struct roads_import_counts counts = {0};
    roads_draft_init(&draft);
    enum gx_rc rc = fill(import, &draft, &counts, fault);
    if (rc == GX_OK) {
        size_t bytes = 0;
        void *image = roads_draft_image(&draft, &bytes);
        rc = roads_from_image(&image, bytes, ret_roads, fault);
    }
    if (rc == GX_OK) {
        *ret_counts = counts;
    }
    roads_draft_done(&draft);
    return rc;
}

enum gx_rc roads_load_pack(const char *folder, struct roads **ret_roads, struct roads_fault *fault)
{
    struct roads_import import = {.path = folder};
    struct roads_import_counts counts;
    return roads_import(&import, ret_roads, &counts, fault);
}
