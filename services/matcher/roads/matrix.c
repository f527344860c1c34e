/* SPDX-License-Identifier: Apache-2.0 */
/* Times between some nodes and everybody: by the hierarchy, since then no order is asked for. */
#include "roads/memory.h"
#include "roads/sweep.h"

#include <string.h>

/* How a goal is joined to the junctions: one, or the two ends of its chain. */
struct join {
    uint32_t height[2];
    uint32_t ms[2]; /* ROADS_NEVER: not that way */
};

static struct join join_of(const struct roads *roads, struct roads_goal goal,
                           enum roads_weight weight, enum roads_direction direction,
                           const uint32_t *height_of)
{
    struct join join = {{0, 0}, {ROADS_NEVER, ROADS_NEVER}};
    if (goal.node >= roads->header->cars || goal.offset_ms > ROADS_MS_MAX) {
        return join;
    }
    const struct roads_chain *chain = roads_chain_of(roads, goal.node);
    if (chain == NULL) {
        join.height[0] = height_of[goal.node];
        join.ms[0] = goal.offset_ms;
        return join;
    }
    struct roads_ends ends = roads_ends_of(roads, chain, goal.node, weight, direction);
    if (ends.a_ms <= ROADS_MS_MAX) {
        join.height[0] = height_of[chain->a];
        join.ms[0] = ends.a_ms + goal.offset_ms;
    }
    if (ends.b_ms <= ROADS_MS_MAX) {
        join.height[1] = height_of[chain->b];
        join.ms[1] = ends.b_ms + goal.offset_ms;
    }
    return join;
}

static uint32_t through(const int32_t *ms, uint32_t more)
{
    if (more > 2 * ROADS_MS_MAX || *ms > (int32_t)ROADS_MS_MAX) {
        return ROADS_NEVER;
    }
    uint32_t sum = (uint32_t)*ms + more;
    return sum <= ROADS_MS_MAX ? sum : ROADS_NEVER;
}

static uint32_t least_ms(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Both on one chain, they may meet without leaving it. */
static uint32_t on_chain(const struct roads *roads, struct roads_goal goal, uint32_t node,
                         enum roads_weight weight, enum roads_direction direction)
{
    const struct roads_chain *chain = roads_chain_of(roads, goal.node);
    if (chain == NULL || node >= roads->header->cars || roads_chain_of(roads, node) != chain ||
        goal.offset_ms > ROADS_MS_MAX) {
        return ROADS_NEVER;
    }
    bool to = direction == ROADS_TO;
    uint32_t ms =
        roads_within_chain(roads, chain, to ? goal.node : node, to ? node : goal.node, weight);
    return ms <= ROADS_MS_MAX && ms + goal.offset_ms <= ROADS_MS_MAX ? ms + goal.offset_ms
                                                                     : ROADS_NEVER;
}

/* One pass for up to ROADS_LANES nodes, of which `count` are there; rows of ret_ms are as long as there are goals. */
static void some_rows(struct roads_search *search, enum roads_weight weight,
                      enum roads_direction direction, const uint32_t *nodes, uint32_t count,
                      const struct roads_goal *goals, size_t goal_count, uint32_t *ret_ms)
{
    const struct roads *roads = search->roads;
    uint32_t lanes = count == 1 ? 1 : ROADS_LANES;
    uint32_t lane_nodes[ROADS_LANES];
    for (uint32_t k = 0; k < ROADS_LANES; k++) {
        lane_nodes[k] = k < count ? nodes[k] : ROADS_NOWHERE;
    }
    const uint32_t *height_of = NULL;
    const int32_t *ms = roads_sweep(search, weight, direction, lane_nodes, lanes, &height_of);
    for (size_t g = 0; g < goal_count; g++) {
        struct join join = join_of(roads, goals[g], weight, direction, height_of);
        const int32_t *a = ms + (size_t)join.height[0] * lanes;
        const int32_t *b = ms + (size_t)join.height[1] * lanes;
        for (uint32_t k = 0; k < count; k++) {
            uint32_t best = least_ms(through(&a[k], join.ms[0]), through(&b[k], join.ms[1]));
            ret_ms[k * goal_count + g] =
                least_ms(best, on_chain(roads, goals[g], nodes[k], weight, direction));
        }
    }
}

void roads_matrix(struct roads_search *search, enum roads_weight weight,
                  enum roads_direction direction, const uint32_t *nodes, size_t node_count,
                  const struct roads_goal *goals, size_t goal_count, uint32_t *ret_ms)
{
    for (size_t n = 0; n < node_count; n += ROADS_LANES) {
        size_t left = node_count - n;
        uint32_t count = left < ROADS_LANES ? (uint32_t)left : ROADS_LANES;
        uint32_t *rows = ret_ms + n * goal_count;
        for (uint32_t k = 0; weight == ROADS_FOOT && k < count; k++) {
            (void)roads_reach(search, weight, direction, nodes[n + k], goals, goal_count,
                              (struct roads_stop){0}, rows + k * goal_count);
        }
        if (weight != ROADS_FOOT) {
            some_rows(search, weight, direction, nodes + n, count, goals, goal_count, rows);
        }
    }
}

static uint32_t sum_ms(uint32_t a, uint32_t b)
{
    return a > ROADS_MS_MAX || b > ROADS_MS_MAX || a + b > ROADS_MS_MAX ? ROADS_NEVER : a + b;
}

/* The nodes of one chain from the times of its ends. */
static void fill_chain(const struct roads *roads, const struct roads_chain *chain,
                       enum roads_weight weight, enum roads_direction direction, uint32_t *ms)
{
    uint32_t at_a = ms[chain->a];
    uint32_t at_b = chain->b == ROADS_NOWHERE ? ROADS_NEVER : ms[chain->b];
    for (uint32_t n = chain->first; n < chain->first + chain->count; n++) {
        struct roads_ends ends = roads_ends_of(roads, chain, n, weight, direction);
        ms[n] = least_ms(sum_ms(at_a, ends.a_ms), sum_ms(at_b, ends.b_ms));
    }
}

static void car_table(struct roads_search *search, enum roads_weight weight,
                      enum roads_direction direction, uint32_t node, uint32_t *ret_ms)
{
    const struct roads *roads = search->roads;
    struct roads_view view = roads_view(roads, weight, direction);
    const uint32_t *height_of = NULL;
    const int32_t *ms = roads_sweep(search, weight, direction, &node, 1, &height_of);
    for (uint32_t n = 0; n < view.junctions; n++) {
        ret_ms[n] = through(&ms[height_of[n]], 0);
    }
    for (uint32_t i = 0; i < view.chain_count; i++) {
        fill_chain(roads, &view.chains[i], weight, direction, ret_ms);
    }
    const struct roads_chain *chain = roads_chain_of(roads, node);
    for (uint32_t i = 0; chain != NULL && i < chain->count; i++) {
        uint32_t n = chain->first + i;
        ret_ms[n] = least_ms(ret_ms[n],
                             on_chain(roads, (struct roads_goal){n, 0}, node, weight, direction));
    }
}

static void foot_table(struct roads_search *search, enum roads_direction direction, uint32_t node,
                       uint32_t *ret_ms)
{
    struct roads_run run = {
        .weight = ROADS_FOOT, .direction = direction, .node = node, .bound_ms = ROADS_MS_MAX};
    roads_run(search, &run);
    for (uint32_t n = 0; n < search->roads->header->nodes; n++) {
        if (search->marks[n].stamp == search->stamp) {
            ret_ms[n] = search->marks[n].ms;
        }
    }
}

void roads_table(struct roads_search *search, enum roads_weight weight,
                 enum roads_direction direction, uint32_t node, uint32_t *ret_ms)
{
    uint32_t nodes = search->roads->header->nodes;
    memset(ret_ms, 0xff, nodes * sizeof *ret_ms);
    if (node >= nodes) {
        return;
    }
    if (weight == ROADS_FOOT) {
        foot_table(search, direction, node, ret_ms);
    } else {
        car_table(search, weight, direction, node, ret_ms);
    }
}
