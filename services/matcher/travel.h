/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long it takes to get there: many origins, one destination (a reverse search on a road graph
 * answers exactly this). Whoever ranks knows only this interface; the answer names its basis.
 */
#ifndef MATCHER_TRAVEL_H
#define MATCHER_TRAVEL_H

#include "base/ctx.h"
#include "base/geo.h"
#include "registry.pb-c.h"

struct travel_from {
    struct gx_point place;
    Genxi__Force force;
};

/* How a time was reckoned; told with it, so that nobody takes a guess for a route. */
#define TRAVEL_STRAIGHT "straight_line"
#define TRAVEL_ROAD "road"

/* By origin, room for all; the caller's. */
struct travel_times {
    uint32_t *seconds;  /* whole, at least 1; UINT32_MAX: cannot be reached */
    const char **bases; /* TRAVEL_... */
    uint32_t bound;     /* whoever needs longer need not be looked for: UINT32_MAX then; 0: all */
};

struct gx_travel {
    const void *self;
    enum gx_rc (*matrix)(const void *self, struct gx_ctx *ctx, const struct travel_from *from,
                         size_t count, struct gx_point to, const struct travel_times *times);
    /* As the crow flies, in metres: nobody of that force who stands farther can be there in so many seconds. */
    double (*reach_m)(const void *self, Genxi__Force force, double seconds);
};

/* Metres a second by force, and how much longer a road is than the straight line. */
struct travel_straight {
    double detour;
    double police_mps;
    double guard_mps;
    double patrol_mps;
    double volunteer_mps;
};

double travel_speed(const struct travel_straight *speeds, Genxi__Force force);

/* speeds is borrowed for the life of the travel. */
struct gx_travel travel_straight_line(const struct travel_straight *speeds);

/*
 * By road, where one of the graphs has a road near both ends; else, and for two that stand side by side, the straight line. Police drive with
 * lights; guards, patrols and volunteers take the ways that can be walked, at their own speed. Belongs to one thread; speeds and graphs are
 * borrowed for its life.
 */
struct roads;
struct travel_roads;
struct travel_roads *travel_roads_new(const struct travel_straight *straight,
                                      const struct roads *const *graphs, size_t count);
void travel_roads_free(struct travel_roads *self);
struct gx_travel travel_by_road(struct travel_roads *self);

#endif
