/* SPDX-License-Identifier: Apache-2.0 */
/* The matcher's metrics: one enum constant a row of counters.c, updated from any thread. */
#ifndef MATCHER_COUNTERS_H
#define MATCHER_COUNTERS_H

#include "base/metrics.h"

enum counter {
    COUNT_MATCHES,
    COUNT_CANDIDATES,
    COUNT_OFFERS_MADE,
    COUNT_OFFERS_ACCEPTED,
    COUNT_OFFERS_DECLINED,
    COUNT_OFFERS_EXPIRED,
    COUNT_OFFERS_WITHDRAWN,
    COUNT_RACES_LOST,
    COUNT_FIXES_TAKEN,
    COUNT_FIXES_OFF_SHIFT,
    COUNT_FIXES_FOREIGN,
    COUNT_FIXES_FUTURE,
    COUNT_FIXES_STALE,
    COUNT_FIXES_JUMP,
    COUNT_FIXES_OTHER,
    COUNT_FIXES_LATE,
    COUNT_FIXES_DROPPED,
    COUNT_FIRST_OFFER,
    COUNT_REDIS_UP,
    COUNT_DEGRADED,
    COUNT_ROADS,
    COUNT_ROADS_BAD,
    COUNT_GAPS_FORCE, /* in the order of enum cover_kind */
    COUNT_GAPS_AREA,
    COUNT_GAPS_HOURS,
    COUNT_GAPS_FIRST,
    COUNT_GAPS_AHEAD,
    COUNT_GAPS_TOLD,
    COUNT_NEEDS,
    COUNT_NEEDS_MET,
    COUNT_COVERAGE_SECONDS,
    COUNTER_COUNT
};

extern struct gx_metric MATCHER_COUNTERS[COUNTER_COUNT];

/* Shorter than naming the row. */
void matcher_count(enum counter counter, int64_t by);
/* COUNT_OFFERS_… for an offer state. */
enum counter counter_of_offer(int state);

#endif
