/* SPDX-License-Identifier: Apache-2.0 */
/* One path: the reverse search from its end tells from junction to junction where to go; hops are then taken apart into arcs. */
#include "roads/memory.h"
#include "roads/search.h"

struct finding {
    uint32_t slot;
    uint32_t ms;
};

static bool path_visit(void *self, uint32_t slot, uint32_t ms)
{
    struct finding *finding = self;
    *finding = (struct finding){slot, ms};
    return false;
}

static void add_arc(struct roads_search *s, uint32_t arc)
{
    s->arcs = roads_grow(s->arcs, s->arc_count + 1, sizeof *s->arcs, &s->arc_room);
    s->arcs[s->arc_count++] = arc;
}

/* The quickest arc between two neighbours; they are neighbours because a chain or a hop says so. */
static uint32_t best_arc(const struct roads *roads, enum roads_weight weight, uint32_t from,
                         uint32_t to)
{
    const struct roads_raw_arc *arc = ROADS_AT(roads, ARC, struct roads_raw_arc);
    uint32_t best = ROADS_NOWHERE;
    uint32_t at = 0;
    uint32_t end = roads_arcs_from(roads, from, &at);
    for (; at < end; at++) {
        if (arc[at].to == to &&
            (best == ROADS_NOWHERE || arc[at].ms[weight] < arc[best].ms[weight])) {
            best = at;
        }
    }
    return best;
}

static bool step(struct roads_search *s, enum roads_weight weight, uint32_t from, uint32_t to)
{
    uint32_t arc = best_arc(s->roads, weight, from, to);
    if (arc == ROADS_NOWHERE) {
        return false;
    }
    add_arc(s, arc);
    return true;
}

/* From node to node along a chain, both on it. */
static bool along(struct roads_search *s, enum roads_weight weight, uint32_t from, uint32_t to)
{
    bool good = true;
    while (good && from != to) {
        uint32_t next = from < to ? from + 1 : from - 1;
        good = step(s, weight, from, next);
        from = next;
    }
    return good;
}

static uint32_t first_of(const struct roads_chain *chain, bool from_a)
{
    return from_a ? chain->first : chain->first + chain->count - 1;
}

/* A whole chain from end to end. */
static bool across(struct roads_search *s, enum roads_weight weight,
                   const struct roads_chain *chain, bool from_a)
{
    return step(s, weight, from_a ? chain->a : chain->b, first_of(chain, from_a)) &&
           along(s, weight, first_of(chain, from_a), first_of(chain, !from_a)) &&
           step(s, weight, first_of(chain, !from_a), from_a ? chain->b : chain->a);
}

/* The arc or the chain between two junctions that takes exactly so long. */
static bool hop(struct roads_search *s, enum roads_weight weight, uint32_t from, uint32_t to,
                uint32_t ms)
{
    const struct roads_raw_arc *arc = ROADS_AT(s->roads, ARC, struct roads_raw_arc);
    uint32_t at = 0;
    uint32_t end = roads_arcs_from(s->roads, from, &at);
    for (; at < end; at++) {
        if (arc[at].to == to && arc[at].ms[weight] == ms) {
            add_arc(s, at);
            return true;
        }
        const struct roads_chain *chain = roads_chain_of(s->roads, arc[at].to);
        if (chain == NULL) {
            continue;
        }
        bool ab = chain->a == from && chain->b == to && chain->ab[weight] == ms;
        bool ba = chain->b == from && chain->a == to && chain->ba[weight] == ms;
        if (ab || ba) {
            return across(s, weight, chain, ab);
        }
    }
    return false;
}

/* From junction to junction as the search's parents say, then to the node where it began. */
static bool follow(struct roads_search *s, enum roads_weight weight, uint32_t junction, uint32_t to)
{
    while (s->parents[junction] < ROADS_SEED_B) {
        uint32_t next = s->parents[junction];
        if (!hop(s, weight, junction, next, s->marks[junction].ms - s->marks[next].ms)) {
            return false;
        }
        junction = next;
    }
    if (s->parents[junction] == ROADS_SEED_SELF) {
        return true;
    }
    const struct roads_chain *chain = roads_chain_of(s->roads, to);
    uint32_t entry = first_of(chain, s->parents[junction] == ROADS_SEED_A);
    return step(s, weight, junction, entry) && along(s, weight, entry, to);
}

static bool unfold(struct roads_search *s, enum roads_weight weight, uint32_t from, uint32_t to,
                   uint32_t slot)
{
    const struct roads_chain *chain = roads_chain_of(s->roads, from);
    if (chain == NULL) {
        return follow(s, weight, from, to);
    }
    if (slot == ROADS_SLOT_CHAIN) {
        return along(s, weight, from, to);
    }
    uint32_t exit = first_of(chain, slot == ROADS_SLOT_A);
    uint32_t junction = slot == ROADS_SLOT_A ? chain->a : chain->b;
    return along(s, weight, from, exit) && step(s, weight, exit, junction) &&
           follow(s, weight, junction, to);
}

size_t roads_path(struct roads_search *search, enum roads_weight weight, uint32_t from, uint32_t to,
                  const uint32_t **ret_arcs, uint32_t *ret_ms)
{
    search->arc_count = 0;
    *ret_arcs = search->arcs;
    *ret_ms = ROADS_NEVER;
    uint32_t cars = search->roads->header->cars;
    if (weight == ROADS_FOOT || from >= cars || to >= cars) {
        return 0;
    }
    struct roads_crowd *crowd = roads_own_crowd(search, weight, ROADS_TO, 1);
    crowd->at[0].node = ROADS_NOWHERE;
    roads_crowd_put(crowd, 0, (struct roads_goal){from, 0});
    struct finding finding = {ROADS_NOWHERE, ROADS_NEVER};
    struct roads_run run = {.weight = weight,
                            .direction = ROADS_TO,
                            .node = to,
                            .bound_ms = ROADS_MS_MAX,
                            .crowd = crowd,
                            .parents = true,
                            .visit = path_visit,
                            .self = &finding};
    roads_run(search, &run);
    if (finding.slot == ROADS_NOWHERE || !unfold(search, weight, from, to, finding.slot)) {
        search->arc_count = 0;
        return 0;
    }
    *ret_arcs = search->arcs;
    *ret_ms = finding.ms;
    return search->arc_count;
}
