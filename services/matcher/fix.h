/* SPDX-License-Identifier: Apache-2.0 */
/* Whether to believe one fix of a responder, given the last one known. Pure. */
#ifndef MATCHER_FIX_H
#define MATCHER_FIX_H

#include "base/geo.h"
#include "base/problem.h"

#include <stdint.h>

struct fix {
    struct gx_point place;
    int64_t at; /* device time, Unix ms */
};

struct fix_limits {
    int64_t future_ms; /* a device's clock may be ahead by this */
    double speed_mps;  /* faster is impossible */
    int64_t gap_ms;    /* after a longer silence no speed is judged */
    int64_t
        now_ms; /* an older fix was buffered: kept for the track, not as where somebody is now */
};

enum fix_use {
    FIX_NOW,
    FIX_TRACK_ONLY,
    FIX_REFUSED
};

/*
 * last NULL: none known. FIX_REFUSED: *ret_problem is FIELD_RANGE, POSITION_FUTURE, POSITION_STALE
 * (at or before the last) or POSITION_JUMP, *ret_value what stands for "{}" (seconds ahead, the
 * newer fix's time in ms, metres a second).
 */
enum fix_use fix_judge(const struct fix *fix, const struct fix *last, int64_t now,
                       const struct fix_limits *limits, enum gx_problem *ret_problem,
                       double *ret_value);

#endif
