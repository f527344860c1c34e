/* SPDX-License-Identifier: Apache-2.0 */
#include "fix.h"

#include <stddef.h>

static enum fix_use refuse(enum gx_problem problem, double value, enum gx_problem *ret_problem,
                           double *ret_value)
{
    *ret_problem = problem;
    *ret_value = value;
    return FIX_REFUSED;
}

enum fix_use fix_judge(const struct fix *fix, const struct fix *last, int64_t now,
                       const struct fix_limits *limits, enum gx_problem *ret_problem,
                       double *ret_value)
{
    if (!gx_geo_valid(fix->place)) {
        return refuse(GX_P_COORDINATES_RANGE, 0.0, ret_problem, ret_value);
    }
    if (fix->at - now > limits->future_ms) {
        return refuse(GX_P_POSITION_FUTURE, (double)(fix->at - now) / 1000.0, ret_problem,
                      ret_value);
    }
    if (last != NULL && fix->at <= last->at) {
        return refuse(GX_P_POSITION_STALE, (double)last->at, ret_problem, ret_value);
    }
    if (last != NULL && fix->at - last->at <= limits->gap_ms) {
        double seconds = (double)(fix->at - last->at) / 1000.0;
        /* A fix is good to some 30 m, so a second apart two honest ones may seem to race. */
        double metres = gx_geo_distance_m(fix->place, last->place) - 30.0;
        if (metres / seconds > limits->speed_mps) {
            return refuse(GX_P_POSITION_JUMP, metres / seconds, ret_problem, ret_value);
        }
    }
    return now - fix->at > limits->now_ms ? FIX_TRACK_ONLY : FIX_NOW;
}
