/* SPDX-License-Identifier: Apache-2.0 */
#include "roads/xml.h"

#include "base/text.h"
#include "roads/memory.h"

#include <errno.h>
#include <expat.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    PIECE_BYTES = 64 * 1024
};

enum element {
    ELEMENT_NONE,
    ELEMENT_NODE,
    ELEMENT_WAY
};

struct xml {
    XML_Parser parser;
    struct roads_osm *osm;
    struct roads_fault *fault;
    enum gx_rc rc;
    bool ways;
    enum element inside;
    struct roads_osm_tags tags;
    int64_t id;
    struct roads_point7 place;
    int64_t *refs;
    size_t ref_count, ref_room;
};

static const char *attribute(const char *const *attributes, const char *name)
{
    for (; attributes[0] != NULL; attributes += 2) {
        if (strcmp(attributes[0], name) == 0) {
            return attributes[1];
        }
    }
    return "";
}

static void stop(struct xml *x, enum roads_fault_id id, const char *value)
{
    if (x->rc == GX_OK) {
        x->rc = roads_fail(x->fault, id, "%llu: %.60s",
                           (unsigned long long)XML_GetCurrentLineNumber(x->parser), value);
        (void)XML_StopParser(x->parser, XML_FALSE);
    }
}

static int64_t id_of(struct xml *x, const char *text)
{
    int64_t id = 0;
    if (gx_parse_int(text, INT64_MIN, INT64_MAX, &id) != 0) {
        stop(x, ROADS_F_XML_VALUE, text);
    }
    return id;
}

/* Degrees as 1e-7; more decimals than seven are rounded off. */
static int32_t degrees(struct xml *x, const char *text, double limit)
{
    double value = 0;
    if (gx_parse_double(text, -limit, limit, &value) != 0) {
        stop(x, ROADS_F_XML_VALUE, text);
    }
    return (int32_t)lround(value * 1e7);
}

static void begin_node(struct xml *x, const char *const *attributes)
{
    x->id = id_of(x, attribute(attributes, "id"));
    if (x->rc == GX_OK && !x->ways && roads_osm_wants(x->osm, x->id)) {
        x->place.lon = degrees(x, attribute(attributes, "lon"), 180);
        x->place.lat = degrees(x, attribute(attributes, "lat"), 90);
        x->inside = ELEMENT_NODE;
        x->tags = (struct roads_osm_tags){0};
    }
}

static void add_ref(struct xml *x, const char *text)
{
    if (x->ref_count >= ROADS_OSM_WAY_NODES_MAX) {
        stop(x, ROADS_F_TOO_MANY, text);
        return;
    }
    x->refs = roads_grow(x->refs, x->ref_count + 1, sizeof *x->refs, &x->ref_room);
    x->refs[x->ref_count++] = id_of(x, text);
}

static void XMLCALL on_start(void *self, const char *name, const char **attributes)
{
    struct xml *x = self;
    const char *const *all = attributes;
    if (strcmp(name, "node") == 0) {
        begin_node(x, all);
    } else if (strcmp(name, "way") == 0 && x->ways) {
        x->inside = ELEMENT_WAY;
        x->tags = (struct roads_osm_tags){0};
        x->ref_count = 0;
    } else if (strcmp(name, "nd") == 0 && x->inside == ELEMENT_WAY) {
        add_ref(x, attribute(all, "ref"));
    } else if (strcmp(name, "tag") == 0 && x->inside != ELEMENT_NONE) {
        const char *key = attribute(all, "k");
        const char *value = attribute(all, "v");
        roads_osm_tag(&x->tags, roads_osm_key(key, strlen(key)), value, strlen(value));
    }
}

static void XMLCALL on_end(void *self, const char *name)
{
    struct xml *x = self;
    if (x->rc != GX_OK) {
        return;
    }
    if (x->inside == ELEMENT_NODE && strcmp(name, "node") == 0) {
        roads_osm_node(x->osm, x->id, x->place, roads_osm_blocks_cars(&x->tags));
        x->inside = ELEMENT_NONE;
    } else if (x->inside == ELEMENT_WAY && strcmp(name, "way") == 0) {
        x->inside = ELEMENT_NONE;
        x->rc = roads_osm_way(x->osm, &x->tags, x->refs, x->ref_count, x->fault);
        if (x->rc != GX_OK) {
            (void)XML_StopParser(x->parser, XML_FALSE);
        }
    }
}

static enum gx_rc feed(struct xml *x, gzFile file, const char *path)
{
    for (;;) {
        void *piece = XML_GetBuffer(x->parser, PIECE_BYTES);
        if (piece == NULL) {
            return roads_fail(x->fault, ROADS_F_XML, "%s", "XML_GetBuffer");
        }
        int size = gzread(file, piece, PIECE_BYTES);
        if (size < 0) {
            int code = 0;
            return roads_fail(x->fault, ROADS_F_READ, "%.120s: %s", path, gzerror(file, &code));
        }
        if (XML_ParseBuffer(x->parser, size, size == 0) != XML_STATUS_OK) {
            return x->rc != GX_OK
                       ? x->rc
                       : roads_fail(x->fault, ROADS_F_XML, "%llu: %s",
                                    (unsigned long long)XML_GetCurrentLineNumber(x->parser),
                                    XML_ErrorString(XML_GetErrorCode(x->parser)));
        }
        if (size == 0) {
            return x->rc;
        }
    }
}

static enum gx_rc read_once(struct xml *x, const char *path, bool ways)
{
    gzFile file = gzopen(path, "rb");
    if (file == NULL) {
        return roads_fail(x->fault, ROADS_F_READ, "%.120s: %s", path, strerror(errno));
    }
    x->ways = ways;
    x->inside = ELEMENT_NONE;
    x->parser = XML_ParserCreate("UTF-8");
    if (x->parser == NULL) {
        (void)gzclose(file);
        return roads_fail(x->fault, ROADS_F_XML, "%s", "XML_ParserCreate");
    }
    XML_SetUserData(x->parser, x);
    XML_SetElementHandler(x->parser, on_start, on_end);
    enum gx_rc rc = feed(x, file, path);
    XML_ParserFree(x->parser);
    (void)gzclose(file);
    return rc;
}

enum gx_rc roads_xml_read(const char *path, struct roads_osm *osm, struct roads_fault *fault)
{
    struct xml x = {.osm = osm, .fault = fault, .rc = GX_OK};
    enum gx_rc rc = read_once(&x, path, true);
    if (rc == GX_OK) {
        roads_osm_sort(osm);
        rc = read_once(&x, path, false);
    }
    free(x.refs);
    return rc;
}
