/* SPDX-License-Identifier: Apache-2.0 */
#include "travel.h"

#include "roads/roads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FORCES = 5,     /* indexed by Genxi__Force, 0 unused */
    SNAP_M = 2000,  /* whoever is farther from every road is not on the graph */
    SNAPS = 8192,   /* places whose node is remembered, a power of two */
    BESIDE_M = 100, /* so near to each other that a way over the next crossing would be a detour */
};
static const double FASTEST_MPS = 33.0; /* 120 km/h: nobody is faster on any road */

/* Whoever stands still, or is asked about for one place after the other, is looked for on the graph once. */
struct snapped {
    struct gx_point place;
    const struct roads *graph; /* NULL: empty */
    enum roads_weight weight;
    bool found;
    struct roads_snap snap;
};

struct travel_roads {
    const struct travel_straight *straight;
    const struct roads *const *graphs;
    size_t count;
    struct roads_search **searches; /* by graph, made at first use */
    struct snapped *snaps;          /* by place, the newest */
};

struct travel_roads *travel_roads_new(const struct travel_straight *straight,
                                      const struct roads *const *graphs, size_t count)
{
    struct travel_roads *self = calloc(1, sizeof *self);
    if (self == NULL ||
        (self->searches = calloc(count + 1, sizeof(struct roads_search *))) == NULL ||
        (self->snaps = calloc(SNAPS, sizeof *self->snaps)) == NULL) {
        abort();
    }
    self->straight = straight;
    self->graphs = graphs;
    self->count = count;
    return self;
}

void travel_roads_free(struct travel_roads *self)
{
    for (size_t i = 0; self != NULL && i < self->count; i++) {
        roads_search_free(self->searches[i]);
    }
    if (self != NULL) {
        free(self->searches);
        free(self->snaps);
    }
    free(self);
}

static struct roads_search *search_on(const struct travel_roads *self, size_t graph)
{
    if (self->searches[graph] == NULL) {
        self->searches[graph] = roads_search_new(self->graphs[graph]);
    }
    return self->searches[graph];
}

/* Police drive with lights; the others walk, or ride as fast as their speed says, where one may walk. */
static enum roads_weight weight_of(Genxi__Force force)
{
    return force == GENXI__FORCE__FORCE_POLICE ? ROADS_EMERGENCY : ROADS_FOOT;
}

/* A time on the graph as that force needs for it. */
static uint32_t seconds_of(const struct travel_roads *self, const struct roads *graph,
                           Genxi__Force force, uint64_t ms)
{
    double factor = 1.0;
    if (weight_of(force) == ROADS_FOOT) {
        double walker_ms = (double)roads_access_ms(graph, ROADS_FOOT, 1000.0);
        factor = 1000.0 / (travel_speed(self->straight, force) * walker_ms / 1000.0);
    }
    double seconds = ceil((double)ms * factor / 1000.0);
    return seconds < 1.0 ? 1U : (uint32_t)fmin(seconds, (double)(UINT32_MAX - 1));
}

/* Where a search may end that looks for nobody who needs longer than so many seconds; 0: nowhere. */
static struct roads_stop stop_at(const struct travel_roads *self, const struct roads *graph,
                                 Genxi__Force force, uint32_t bound)
{
    double ms = (double)bound * 1000.0 / (double)seconds_of(self, graph, force, 1000 * 1000);
    ms = fmin(ms * 1000.0 + 1000.0, (double)(UINT32_MAX / 2));
    return (struct roads_stop){.bound_ms = bound == 0 ? 0 : (uint32_t)ms};
}

static size_t hash_of(struct gx_point place, enum roads_weight weight)
{
    uint64_t lon = 0;
    uint64_t lat = 0;
    memcpy(&lon, &place.lon, sizeof lon);
    memcpy(&lat, &place.lat, sizeof lat);
    uint64_t hash = (lon * UINT64_C(0x9e3779b97f4a7c15) ^ lat) + (uint64_t)weight;
    hash = (hash ^ hash >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    return (size_t)(hash >> 32) & (SNAPS - 1);
}

static bool snap_on(const struct travel_roads *self, const struct roads *graph,
                    enum roads_weight weight, struct gx_point place, struct roads_snap *ret_snap)
{
    struct snapped *snapped = &self->snaps[hash_of(place, weight)];
    if (snapped->graph != graph || snapped->weight != weight || snapped->place.lon != place.lon ||
        snapped->place.lat != place.lat) {
        *snapped = (struct snapped){.place = place, .graph = graph, .weight = weight};
        snapped->found = roads_snap(graph, weight, place, SNAP_M, &snapped->snap);
    }
    *ret_snap = snapped->snap;
    return snapped->found;
}

/* The origins of one force among all. */
struct party {
    struct roads_goal *goals;
    size_t *whose;
    uint32_t *ms;
    size_t count;
};

static enum gx_rc gather(const struct travel_roads *self, const struct roads *graph,
                         struct gx_ctx *ctx, Genxi__Force force, const struct travel_from *from,
                         size_t count, struct gx_point to, struct party *party)
{
    party->goals = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *party->goals);
    party->whose = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *party->whose);
    party->ms = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *party->ms);
    party->count = 0;
    if (party->goals == NULL || party->whose == NULL || party->ms == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        struct roads_snap snap;
        if (from[i].force == force && gx_geo_distance_m(from[i].place, to) > BESIDE_M &&
            snap_on(self, graph, weight_of(force), from[i].place, &snap)) {
            party->whose[party->count] = i;
            party->goals[party->count++] = (struct roads_goal){snap.node, snap.ms};
        }
    }
    return GX_OK;
}

/* One reverse search for everybody of that force; who is on no road keeps the straight line's time. */
static enum gx_rc by_force(const struct travel_roads *self, struct gx_ctx *ctx, Genxi__Force force,
                           const struct travel_from *from, size_t count, struct gx_point to,
                           const struct travel_times *times)
{
    struct roads_snap there;
    struct party party;
    enum roads_weight weight = weight_of(force);
    int graph = roads_choose(self->graphs, self->count, weight, to, SNAP_M, &there);
    if (graph < 0) {
        return GX_OK;
    }
    const struct roads *roads = self->graphs[graph];
    enum gx_rc rc = gather(self, roads, ctx, force, from, count, to, &party);
    if (rc != GX_OK || party.count == 0) {
        return rc;
    }
    (void)roads_reach(search_on(self, (size_t)graph), weight, ROADS_TO, there.node, party.goals,
                      party.count, stop_at(self, roads, force, times->bound), party.ms);
    for (size_t i = 0; i < party.count; i++) {
        if (party.ms[i] == ROADS_NEVER && times->bound != 0) {
            times->seconds[party.whose[i]] = UINT32_MAX;
        } else if (party.ms[i] != ROADS_NEVER) {
            times->seconds[party.whose[i]] =
                seconds_of(self, roads, force, (uint64_t)party.ms[i] + there.ms);
            times->bases[party.whose[i]] = TRAVEL_ROAD;
        }
    }
    return GX_OK;
}

static enum gx_rc matrix(const void *arg, struct gx_ctx *ctx, const struct travel_from *from,
                         size_t count, struct gx_point to, const struct travel_times *times)
{
    const struct travel_roads *self = arg;
    const struct gx_travel straight = travel_straight_line(self->straight);
    enum gx_rc rc = straight.matrix(straight.self, ctx, from, count, to, times);
    for (int force = 1; force < FORCES && rc == GX_OK; force++) {
        rc = by_force(self, ctx, (Genxi__Force)force, from, count, to, times);
    }
    return rc;
}

static double reach_m(const void *arg, Genxi__Force force, double seconds)
{
    const struct travel_roads *self = arg;
    double speed =
        weight_of(force) == ROADS_FOOT ? travel_speed(self->straight, force) : FASTEST_MPS;
    return seconds * speed;
}

struct gx_travel travel_by_road(struct travel_roads *self)
{
    return (struct gx_travel){.self = self, .matrix = matrix, .reach_m = reach_m};
}
