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

struct gx_travel {
    const char *basis; /* "straight_line", "road" */
    const void *self;
    /* Writes count whole seconds, at least 1; UINT32_MAX: cannot be reached. */
    enum gx_rc (*matrix)(const void *self, struct gx_ctx *ctx, const struct travel_from *from,
                         size_t count, struct gx_point to, uint32_t *ret_seconds);
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

/* speeds is borrowed for the life of the travel. */
struct gx_travel travel_straight_line(const struct travel_straight *speeds);

#endif
