/* SPDX-License-Identifier: Apache-2.0 */
#include "roads/sweep.h"

#include "roads/memory.h"

#include <string.h>

/* The hierarchy of one weight as a direction uses it. */
struct heights {
    uint32_t junctions;
    uint32_t core;
    const uint32_t *height_of;
    const uint32_t *up_first; /* against the direction of travel for ROADS_TO */
    const struct roads_hop *up;
    const uint32_t *down_first;
    const struct roads_hop *down;
};

static struct heights heights_of(const struct roads *roads, enum roads_weight weight,
                                 enum roads_direction direction)
{
    int base = weight == ROADS_EMERGENCY ? ROADS_S_HEIGHT_EMERGENCY : ROADS_S_HEIGHT_NORMAL;
    const void *const *section = roads->section + base;
    bool to = direction == ROADS_TO;
    return (struct heights){.junctions = roads->header->junctions,
                            .core = roads->header->core[weight == ROADS_EMERGENCY ? 0 : 1],
                            .height_of = section[0],
                            .up_first = section[to ? 3 : 1],
                            .up = section[to ? 4 : 2],
                            .down_first = section[to ? 1 : 3],
                            .down = section[to ? 2 : 4]};
}

static void seed(const struct heights *h, int32_t *ms, bool *alive, uint32_t lanes, uint32_t lane,
                 uint32_t junction, uint32_t value)
{
    uint32_t height = h->height_of[junction];
    int32_t *at = &ms[(size_t)height * lanes + lane];
    if (value <= ROADS_MS_MAX && (int32_t)value < *at) {
        *at = (int32_t)value;
        alive[height] = true;
    }
}

static void seed_node(const struct roads *roads, const struct heights *h, int32_t *ms, bool *alive,
                      uint32_t lanes, uint32_t lane, uint32_t node, enum roads_weight weight,
                      enum roads_direction direction)
{
    const struct roads_chain *chain = roads_chain_of(roads, node);
    if (chain == NULL) {
        if (node < h->junctions) {
            seed(h, ms, alive, lanes, lane, node, 0);
        }
        return;
    }
    struct roads_ends ends =
        roads_ends_of(roads, chain, node, weight, direction == ROADS_TO ? ROADS_FROM : ROADS_TO);
    seed(h, ms, alive, lanes, lane, chain->a, ends.a_ms);
    if (chain->b != ROADS_NOWHERE) {
        seed(h, ms, alive, lanes, lane, chain->b, ends.b_ms);
    }
}

/* Lanes is a constant at each call, so that the compiler makes vector code of it. */
static inline __attribute__((always_inline)) void lower(int32_t *to, const int32_t *from,
                                                        int32_t more, uint32_t lanes)
{
    for (uint32_t k = 0; k < lanes; k++) {
        int32_t ms = from[k] + more;
        to[k] = ms < to[k] ? ms : to[k];
    }
}

static inline __attribute__((always_inline)) void climb(const struct heights *h, int32_t *ms,
                                                        bool *alive, uint32_t lanes)
{
    for (uint32_t at = h->junctions; at-- > h->core;) {
        for (uint32_t i = h->up_first[at]; alive[at] && i < h->up_first[at + 1]; i++) {
            struct roads_hop hop = h->up[i];
            lower(ms + (size_t)hop.to * lanes, ms + (size_t)at * lanes, (int32_t)hop.ms, lanes);
            alive[hop.to] = true;
        }
    }
}

static inline __attribute__((always_inline)) void descend(const struct heights *h, int32_t *ms,
                                                          uint32_t lanes)
{
    for (uint32_t at = h->core; at < h->junctions; at++) {
        for (uint32_t i = h->down_first[at]; i < h->down_first[at + 1]; i++) {
            struct roads_hop hop = h->down[i];
            lower(ms + (size_t)at * lanes, ms + (size_t)hop.to * lanes, (int32_t)hop.ms, lanes);
        }
    }
}

/* The core has no order: in it each lane is searched, from wherever the climb came in. */
static void settle_core(struct roads_search *search, const struct heights *h, int32_t *ms,
                        uint32_t lanes, uint32_t lane)
{
    search->heap_count = 0;
    for (uint32_t at = 0; at < h->core; at++) {
        if (search->alive[at] && ms[(size_t)at * lanes + lane] < ROADS_FAR) {
            roads_heap_push(search, (uint32_t)ms[(size_t)at * lanes + lane], at);
        }
    }
    while (search->heap_count > 0) {
        uint64_t top = roads_heap_pop(search);
        uint32_t at = (uint32_t)top;
        int32_t now = (int32_t)(top >> 32);
        if (ms[(size_t)at * lanes + lane] < now) {
            continue;
        }
        for (uint32_t i = h->up_first[at]; i < h->up_first[at + 1]; i++) {
            int32_t *there = &ms[(size_t)h->up[i].to * lanes + lane];
            int32_t time = now + (int32_t)h->up[i].ms;
            if (time < *there && time <= (int32_t)ROADS_MS_MAX) {
                *there = time;
                roads_heap_push(search, (uint32_t)time, h->up[i].to);
            }
        }
    }
}

const int32_t *roads_sweep(struct roads_search *search, enum roads_weight weight,
                           enum roads_direction direction, const uint32_t *nodes, uint32_t lanes,
                           const uint32_t **ret_height_of)
{
    struct heights h = heights_of(search->roads, weight, direction);
    if (search->lane_ms == NULL) {
        search->lane_ms = roads_alloc((size_t)h.junctions * ROADS_LANES, sizeof *search->lane_ms);
        search->alive = roads_alloc(h.junctions, sizeof *search->alive);
    }
    int32_t *ms = search->lane_ms;
    for (size_t i = 0; i < (size_t)h.junctions * lanes; i++) {
        ms[i] = ROADS_FAR;
    }
    memset(search->alive, 0, h.junctions * sizeof *search->alive);
    for (uint32_t k = 0; k < lanes; k++) {
        if (nodes[k] < search->roads->header->cars) {
            seed_node(search->roads, &h, ms, search->alive, lanes, k, nodes[k], weight, direction);
        }
    }
    if (lanes == 1) {
        climb(&h, ms, search->alive, 1);
    } else {
        climb(&h, ms, search->alive, ROADS_LANES);
    }
    for (uint32_t k = 0; h.core > 0 && k < lanes; k++) {
        settle_core(search, &h, ms, lanes, k);
    }
    if (lanes == 1) {
        descend(&h, ms, 1);
    } else {
        descend(&h, ms, ROADS_LANES);
    }
    *ret_height_of = h.height_of;
    return ms;
}
