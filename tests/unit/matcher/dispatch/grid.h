/* SPDX-License-Identifier: Apache-2.0 */
/* A town of square blocks for the tests of the choosing core: a node at each crossing, ten seconds from one to the next. */
#ifndef TEST_DISPATCH_GRID_H
#define TEST_DISPATCH_GRID_H

#include "dispatch/city.h"

#include <stdlib.h>

enum {
    GRID_SIDE = 40,
    GRID_NODES = GRID_SIDE * GRID_SIDE,
    GRID_BLOCK_MS = 10000
};

static inline uint32_t grid_node(uint32_t x, uint32_t y)
{
    return y * GRID_SIDE + x;
}

static inline uint32_t grid_ms(uint32_t a, uint32_t b)
{
    int dx = (int)(a % GRID_SIDE) - (int)(b % GRID_SIDE);
    int dy = (int)(a / GRID_SIDE) - (int)(b / GRID_SIDE);
    return (uint32_t)(abs(dx) + abs(dy)) * GRID_BLOCK_MS;
}

static inline void grid_times(void *self, uint32_t node, uint32_t *ret_ms)
{
    (void)self;
    for (uint32_t n = 0; n < GRID_NODES; n++) {
        ret_ms[n] = grid_ms(n, node);
    }
}

/* Demand everywhere alike; T = 200 s. */
static inline struct city *grid_cover(void)
{
    static struct city_demand demand[GRID_NODES];
    for (uint32_t n = 0; n < GRID_NODES; n++) {
        demand[n].node = n;
        demand[n].place.lon = (double)(n % GRID_SIDE) * 0.001;
        demand[n].place.lat = (double)(n / GRID_SIDE) * 0.001;
        demand[n].weight = 1;
    }
    return city_new(&(struct city_setup){.demand = demand,
                                         .demand_count = GRID_NODES,
                                         .node_count = GRID_NODES,
                                         .target_ms = 200000,
                                         .move_ratio = 1.4,
                                         .times_to = grid_times});
}

#endif
