/* SPDX-License-Identifier: Apache-2.0 */
#include "travel.h"

#include <math.h>

double travel_speed(const struct travel_straight *speeds, Genxi__Force force)
{
    switch (force) {
    case GENXI__FORCE__FORCE_POLICE:
        return speeds->police_mps;
    case GENXI__FORCE__FORCE_GUARD:
        return speeds->guard_mps;
    case GENXI__FORCE__FORCE_PATROL:
        return speeds->patrol_mps;
    case GENXI__FORCE__FORCE_VOLUNTEER:
    case _GENXI__FORCE_IS_INT_SIZE:
        break;
    }
    return speeds->volunteer_mps;
}

static enum gx_rc straight(const void *self, struct gx_ctx *ctx, const struct travel_from *from,
                           size_t count, struct gx_point to, const struct travel_times *times)
{
    (void)ctx;
    const struct travel_straight *speeds = self;
    for (size_t i = 0; i < count; i++) {
        double metres = gx_geo_distance_m(from[i].place, to) * speeds->detour;
        double seconds = ceil(metres / travel_speed(speeds, from[i].force));
        times->seconds[i] = seconds < 1.0 ? 1U : (uint32_t)fmin(seconds, (double)(UINT32_MAX - 1));
        times->bases[i] = TRAVEL_STRAIGHT;
    }
    return GX_OK;
}

static double straight_reach(const void *self, Genxi__Force force, double seconds)
{
    const struct travel_straight *speeds = self;
    return seconds * travel_speed(speeds, force) / speeds->detour;
}

struct gx_travel travel_straight_line(const struct travel_straight *speeds)
{
    return (struct gx_travel){.self = speeds, .matrix = straight, .reach_m = straight_reach};
}
