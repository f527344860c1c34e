/* SPDX-License-Identifier: Apache-2.0 */
/* A pack's folder as a draft. */
#include "roads/pack.h"

#include "base/text.h"
#include "roads/classes.h"
#include "roads/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum gx_rc read_nodes(struct roads_csv *csv, struct roads_draft *draft,
                             struct roads_fault *fault)
{
    char *cells[ROADS_CSV_CELLS_MAX];
    bool more = false;
    enum gx_rc rc;
    while ((rc = roads_csv_next(csv, cells, &more, fault)) == GX_OK && more) {
        int64_t id = 0;
        int64_t lon = 0;
        int64_t lat = 0;
        int64_t access = 0;
        if (draft->node_count >= ROADS_NODES_MAX) {
            return roads_csv_fail(csv, ROADS_F_TOO_MANY, cells[0], fault);
        }
        if (roads_fixed(cells[0], 0, 0, ROADS_NODES_MAX, &id) != 0 ||
            (size_t)id != draft->node_count) {
            return roads_csv_fail(csv, ROADS_F_ROW, cells[0], fault);
        }
        if (roads_fixed(cells[1], 7, -1800000000, 1800000000, &lon) != 0) {
            return roads_csv_fail(csv, ROADS_F_ROW, cells[1], fault);
        }
        if (roads_fixed(cells[2], 7, -900000000, 900000000, &lat) != 0) {
            return roads_csv_fail(csv, ROADS_F_ROW, cells[2], fault);
        }
        if (roads_fixed(cells[3], 0, 0, 1, &access) != 0) {
            return roads_csv_fail(csv, ROADS_F_ROW, cells[3], fault);
        }
        (void)roads_draft_add_node(
            draft, (struct roads_draft_node){.place = {(int32_t)lon, (int32_t)lat},
                                             .id = (uint32_t)id,
                                             .flags = access == 1 ? ROADS_NODE_ACCESS : 0});
    }
    return rc;
}

static enum gx_rc read_arc(struct roads_csv *csv, char *const *cells, struct roads_draft *draft,
                           struct roads_fault *fault)
{
    int64_t end[2] = {0};
    int64_t ms[2] = {0};
    int64_t decimetres = 0;
    int64_t last = (int64_t)draft->node_count - 1;
    for (int i = 0; i < 2; i++) {
        if (roads_fixed(cells[i], 0, 0, last, &end[i]) != 0) {
            return roads_csv_fail(csv, ROADS_F_ARC_NODE, cells[i], fault);
        }
        if (roads_fixed(cells[2 + i], 3, 0, ROADS_ARC_MS_MAX, &ms[i]) != 0) {
            return roads_csv_fail(csv, ROADS_F_ROW, cells[2 + i], fault);
        }
    }
    if (roads_fixed(cells[4], 1, 0, UINT32_MAX, &decimetres) != 0) {
        return roads_csv_fail(csv, ROADS_F_ROW, cells[4], fault);
    }
    int class = roads_class_find(cells[5], strlen(cells[5]));
    if (class < 0 || !ROADS_CLASSES[class].car) {
        return roads_csv_fail(csv, ROADS_F_ROW, cells[5], fault);
    }
    if (draft->arc_count >= ROADS_ARCS_MAX) {
        return roads_csv_fail(csv, ROADS_F_TOO_MANY, cells[0], fault);
    }
    struct roads_draft_arc arc = {.from = (uint32_t)end[0],
                                  .to = (uint32_t)end[1],
                                  .ms = {(uint32_t)ms[0], (uint32_t)ms[1]},
                                  .decimetres = (uint32_t)decimetres,
                                  .class = (uint8_t) class};
    roads_draft_add_arc(draft, arc);
    return GX_OK;
}

static enum gx_rc read_arcs(struct roads_csv *csv, struct roads_draft *draft,
                            struct roads_fault *fault)
{
    char *cells[ROADS_CSV_CELLS_MAX];
    bool more = false;
    enum gx_rc rc;
    while ((rc = roads_csv_next(csv, cells, &more, fault)) == GX_OK && more) {
        rc = read_arc(csv, cells, draft, fault);
        if (rc != GX_OK) {
            return rc;
        }
    }
    return rc;
}

static int compare_walks(const void *a, const void *b)
{
    const struct roads_draft_walk *x = a;
    const struct roads_draft_walk *y = b;
    if (x->a != y->a) {
        return x->a < y->a ? -1 : 1;
    }
    if (x->b != y->b) {
        return x->b < y->b ? -1 : 1;
    }
    return (x->ms > y->ms) - (x->ms < y->ms);
}

/* A pack says nothing of walking: whoever may walk there walks along the arcs, once for both directions. */
static void add_walks(struct roads_draft *draft)
{
    for (size_t i = 0; i < draft->arc_count; i++) {
        struct roads_draft_arc arc = draft->arcs[i];
        if (ROADS_CLASSES[arc.class].foot) {
            bool forward = arc.from < arc.to;
            roads_draft_add_walk(draft, (struct roads_draft_walk){forward ? arc.from : arc.to,
                                                                  forward ? arc.to : arc.from,
                                                                  roads_walk_ms(arc.decimetres)});
        }
    }
    if (draft->walk_count == 0) {
        return;
    }
    qsort(draft->walks, draft->walk_count, sizeof *draft->walks, compare_walks);
    size_t kept = 1;
    for (size_t i = 1; i < draft->walk_count; i++) {
        if (draft->walks[i].a != draft->walks[kept - 1].a ||
            draft->walks[i].b != draft->walks[kept - 1].b) {
            draft->walks[kept++] = draft->walks[i];
        }
    }
    draft->walk_count = kept;
}

static enum gx_rc read_city(struct roads_csv *csv, struct roads_draft *draft,
                            struct roads_fault *fault)
{
    static const char *const SPEEDS[] = {"access_kmh", "access_kmh_normal"};
    char *cells[ROADS_CSV_CELLS_MAX];
    bool more = false;
    enum gx_rc rc;
    while ((rc = roads_csv_next(csv, cells, &more, fault)) == GX_OK && more) {
        if (gx_text_is(cells[0], "name") && draft->name[0] == '\0') {
            if (!gx_utf8_valid(cells[1], strlen(cells[1])) ||
                strlen(cells[1]) >= sizeof draft->name) {
                return roads_csv_fail(csv, ROADS_F_ROW, cells[0], fault);
            }
            (void)snprintf(draft->name, sizeof draft->name, "%s", cells[1]);
        }
        for (int i = 0; i < 2; i++) {
            int64_t milli = 0;
            if (!gx_text_is(cells[0], SPEEDS[i])) {
                continue;
            }
            if (roads_fixed(cells[1], 3, 1, 300000, &milli) != 0) {
                return roads_csv_fail(csv, ROADS_F_ROW, cells[1], fault);
            }
            draft->access_kmh_milli[i] = (uint32_t)milli;
        }
    }
    return rc;
}

static enum gx_rc read_table(const char *folder, const char *name, const char *columns,
                             struct roads_draft *draft, struct roads_fault *fault,
                             enum gx_rc (*read)(struct roads_csv *, struct roads_draft *,
                                                struct roads_fault *))
{
    struct roads_csv *csv = NULL;
    enum gx_rc rc = roads_csv_open(folder, name, columns, &csv, fault);
    if (rc == GX_OK) {
        rc = read(csv, draft, fault);
        roads_csv_close(csv);
    }
    return rc;
}

enum gx_rc roads_pack_draft(const char *folder, struct roads_draft *draft,
                            struct roads_fault *fault)
{
    enum gx_rc rc = read_table(folder, "city.csv", "key,value", draft, fault, read_city);
    if (rc != GX_OK && rc != GX_UNAVAILABLE) { /* it need not be there */
        return rc;
    }
    rc = read_table(folder, "nodes.csv", "id,lon,lat,access", draft, fault, read_nodes);
    if (rc == GX_OK) {
        rc = read_table(folder, "arcs.csv", "from,to,seconds,seconds_normal,metres,class", draft,
                        fault, read_arcs);
    }
    if (rc == GX_OK) {
        add_walks(draft);
    }
    return rc;
}
