/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where everybody stands, by force: numbers on a grid of cells some 100 m wide, kept in blocks of 32 by 32 that exist where somebody is.
 * A search opens what is nearest first, block, cell or person, by the least distance that anything inside can have: so it yields persons in the
 * order of their great-circle distance, exactly, and touches little more than it yields, in a crowd as on the land. Not thread-safe.
 */
#ifndef MATCHER_GRID_H
#define MATCHER_GRID_H

#include "base/geo.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct grid;
struct grid *grid_new(void);
void grid_free(struct grid *grid);

/* Puts or moves number, a small one: memory grows with the largest. force is below 16. */
void grid_put(struct grid *grid, uint32_t number, unsigned force, struct gx_point place);
/* One that is not there is left alone. */
void grid_drop(struct grid *grid, uint32_t number);

struct grid_hit {
    uint32_t number;
    double metres;
};
/* Some at once, 1 to GRID_HITS in their order, so that the visitor can fetch ahead. False ends the search. */
typedef bool grid_visit(void *arg, const struct grid_hit *hits, size_t count);
enum {
    GRID_HITS = 8
};
/* All of that force no farther than radius_m, the nearest first. */
void grid_near(const struct grid *grid, unsigned force, struct gx_point place, double radius_m,
               grid_visit *visit, void *arg);

#endif
