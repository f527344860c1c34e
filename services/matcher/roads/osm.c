/* SPDX-License-Identifier: Apache-2.0 */
#include "roads/osm.h"

#include "roads/classes.h"
#include "roads/memory.h"

#include <math.h>
#include <stdlib.h>

enum {
    ARC_DM_WANTED = 1000 /* a bend is kept when the arc to it would be longer */
};

struct road {
    struct roads_osm_way way;
    size_t first; /* in refs */
    uint32_t count;
};

struct needed {
    int64_t id;
    struct roads_point7 place;
    uint32_t uses; /* by roads; the ends of a road count twice, so that they are never mere bends */
    uint32_t draft; /* its position there, ROADS_NOWHERE until it is needed */
    bool known;
    bool blocks_cars;
};

struct roads_osm {
    struct road *roads;
    size_t road_count, road_room;
    int64_t *refs;
    size_t ref_count, ref_room;
    struct needed *needed; /* sorted by id */
    size_t needed_count;
    struct roads_osm_counts counts;
};

struct roads_osm *roads_osm_new(void)
{
    return roads_alloc(1, sizeof(struct roads_osm));
}

void roads_osm_free(struct roads_osm *osm)
{
    if (osm != NULL) {
        free(osm->roads);
        free(osm->refs);
        free(osm->needed);
        free(osm);
    }
}

enum gx_rc roads_osm_way(struct roads_osm *osm, const struct roads_osm_tags *tags,
                         const int64_t *nodes, size_t count, struct roads_fault *fault)
{
    struct roads_osm_way way;
    osm->counts.ways++;
    if (count < 2 || !roads_osm_judge_way(tags, &way)) {
        return GX_OK;
    }
    if (count > ROADS_OSM_WAY_NODES_MAX || osm->ref_count + count > ROADS_ARCS_MAX) {
        return roads_fail(fault, ROADS_F_TOO_MANY, "%zu + %zu", osm->ref_count, count);
    }
    osm->counts.roads++;
    osm->roads = roads_grow(osm->roads, osm->road_count + 1, sizeof *osm->roads, &osm->road_room);
    osm->roads[osm->road_count++] = (struct road){way, osm->ref_count, (uint32_t)count};
    osm->refs = roads_grow(osm->refs, osm->ref_count + count, sizeof *osm->refs, &osm->ref_room);
    for (size_t i = 0; i < count; i++) {
        osm->refs[osm->ref_count++] = nodes[i];
    }
    return GX_OK;
}

static int compare_ids(const void *a, const void *b)
{
    const struct needed *x = a;
    const struct needed *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

void roads_osm_sort(struct roads_osm *osm)
{
    struct needed *needed = roads_alloc(osm->ref_count, sizeof *needed);
    for (size_t r = 0; r < osm->road_count; r++) {
        const struct road *road = &osm->roads[r];
        for (uint32_t i = 0; i < road->count; i++) {
            bool end = i == 0 || i == road->count - 1;
            needed[road->first + i] = (struct needed){
                .id = osm->refs[road->first + i], .uses = end ? 2 : 1, .draft = ROADS_NOWHERE};
        }
    }
    qsort(needed, osm->ref_count, sizeof *needed, compare_ids);
    size_t kept = 0;
    for (size_t i = 0; i < osm->ref_count; i++) {
        if (kept > 0 && needed[kept - 1].id == needed[i].id) {
            needed[kept - 1].uses += needed[i].uses;
        } else {
            needed[kept++] = needed[i];
        }
    }
    free(osm->needed);
    osm->needed = needed;
    osm->needed_count = kept;
}

static struct needed *find(const struct roads_osm *osm, int64_t id)
{
    const struct needed key = {.id = id};
    return osm->needed_count == 0
               ? NULL
               : bsearch(&key, osm->needed, osm->needed_count, sizeof key, compare_ids);
}

bool roads_osm_wants(const struct roads_osm *osm, int64_t node)
{
    return find(osm, node) != NULL;
}

void roads_osm_node(struct roads_osm *osm, int64_t node, struct roads_point7 place,
                    bool blocks_cars)
{
    struct needed *needed = find(osm, node);
    if (needed != NULL) {
        needed->place = place;
        needed->known = true;
        needed->blocks_cars = blocks_cars;
    }
}

static double distance_dm(const struct needed *a, const struct needed *b)
{
    struct gx_point from = {a->place.lon / 1e7, a->place.lat / 1e7};
    struct gx_point to = {b->place.lon / 1e7, b->place.lat / 1e7};
    return gx_geo_distance_m(from, to) * 10;
}

static uint32_t draft_node(struct roads_draft *draft, struct needed *node)
{
    if (node->draft == ROADS_NOWHERE) {
        node->draft = roads_draft_add_node(
            draft,
            (struct roads_draft_node){.place = node->place, .id = (uint32_t)draft->node_count});
    }
    return node->draft;
}

/* Milliseconds for so many decimetres, at least 1: nobody is carried from place to place. */
static double drive_ms(double decimetres, unsigned kmh)
{
    return fmax(1, round(decimetres * 360 / kmh));
}

static void add_piece(struct roads_osm *osm, struct roads_draft *draft,
                      const struct roads_osm_way *way, struct needed *a, struct needed *b,
                      double decimetres)
{
    bool cars = (way->forward || way->backward) && !a->blocks_cars && !b->blocks_cars;
    if (!cars && !way->foot) {
        return;
    }
    if (decimetres * 360 / ROADS_WALK_KMH > ROADS_ARC_MS_MAX) {
        osm->counts.long_arcs++;
        return;
    }
    uint32_t from = draft_node(draft, a);
    uint32_t to = draft_node(draft, b);
    if (cars) {
        struct roads_draft_arc arc = {.from = from,
                                      .to = to,
                                      .ms = {(uint32_t)drive_ms(decimetres, way->kmh[0]),
                                             (uint32_t)drive_ms(decimetres, way->kmh[1])},
                                      .decimetres = (uint32_t)round(decimetres),
                                      .class = way->class};
        if (way->forward) {
            roads_draft_add_arc(draft, arc);
        }
        if (way->backward) {
            arc.from = to;
            arc.to = from;
            roads_draft_add_arc(draft, arc);
        }
        if (ROADS_CLASSES[way->class].access) {
            draft->nodes[from].flags |= ROADS_NODE_ACCESS;
            draft->nodes[to].flags |= ROADS_NODE_ACCESS;
        }
    }
    if (way->foot) {
        uint32_t ms = roads_walk_ms((uint64_t)round(decimetres));
        roads_draft_add_walk(draft, (struct roads_draft_walk){from, to, ms > 0 ? ms : 1});
    }
}

static void add_road(struct roads_osm *osm, struct roads_draft *draft, const struct road *road)
{
    struct needed *begin = NULL; /* where the arc in the making starts */
    struct needed *prev = NULL;
    double decimetres = 0;
    for (uint32_t i = 0; i < road->count; i++) {
        struct needed *node = find(osm, osm->refs[road->first + i]);
        if (node == NULL || !node->known) {
            if (begin != NULL && prev != begin) {
                add_piece(osm, draft, &road->way, begin, prev, decimetres);
            }
            begin = prev = NULL;
            continue;
        }
        if (begin == NULL) {
            begin = prev = node;
            decimetres = 0;
            continue;
        }
        double more = distance_dm(prev, node);
        if (prev != begin && decimetres + more > ARC_DM_WANTED) {
            add_piece(osm, draft, &road->way, begin, prev, decimetres);
            begin = prev;
            decimetres = 0;
        }
        decimetres += more;
        if (node->uses > 1 || node->blocks_cars) {
            add_piece(osm, draft, &road->way, begin, node, decimetres);
            begin = node;
            decimetres = 0;
        }
        prev = node;
    }
    if (begin != NULL && prev != begin) {
        add_piece(osm, draft, &road->way, begin, prev, decimetres);
    }
}

void roads_osm_draft(struct roads_osm *osm, struct roads_draft *draft,
                     struct roads_osm_counts *ret_counts)
{
    for (size_t i = 0; i < osm->needed_count; i++) {
        osm->counts.missing_nodes += osm->needed[i].known ? 0 : 1;
    }
    for (size_t i = 0; i < osm->road_count; i++) {
        add_road(osm, draft, &osm->roads[i]);
    }
    *ret_counts = osm->counts;
}
