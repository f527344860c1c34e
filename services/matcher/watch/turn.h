/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One look at all sites: now, and when it is time at each of the next hours by the roster. What it finds is set against what stands in
 * matcher.gap, so that any process may take any turn: the advisory lock of the transaction makes it one at a time, the time of the last turn
 * keeps two from looking twice. Moves that are over end here.
 */
#ifndef MATCHER_WATCH_TURN_H
#define MATCHER_WATCH_TURN_H

#include "matcher.h"
#include "watch/store_watch.h"
#include "watch/supply.h"

enum {
    WATCH_HOURS = 24,     /* looked at ahead */
    WATCH_TELL_MAX = 500, /* events of one turn; the rest follow in the next */
    WATCH_EARLY_MS =
        500 /* clocks of processes and the database's need not agree to the last millisecond */
};

struct watch_turn {
    struct matcher *self;
    int64_t now_ms;   /* between turns */
    int64_t ahead_ms; /* between looks ahead */
    struct cover_dwell dwell;
    int64_t keep_ms;             /* ended gaps and moves are kept for so long */
    bool done;                   /* this process looked; the rest is filled then */
    uint32_t kinds[COVER_KINDS]; /* gaps that are raised and have not ended, now */
    uint32_t ahead;              /* the same, ahead */
    uint32_t needs;              /* that ask now */
    uint32_t met;
    uint32_t told;
};
/* arg is the struct watch_turn; runs as the system. */
enum gx_rc watch_turn(void *arg, struct gx_ctx *ctx);

/* Settings as a turn and the commands use them. */
int64_t watch_fresh_ms(void);
uint32_t watch_minute(int64_t at);

#endif
