/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Against flapping: a gap is raised only after it has stood without a break for raise_ms, and ended only after it has been away without a
 * break for clear_ms. Meanwhile it may change, which is told at once. Pure: the caller keeps what stands and says what is seen.
 */
#ifndef MATCHER_COVER_DWELL_H
#define MATCHER_COVER_DWELL_H

#include "cover/cover.h"

/* What is seen at one look. */
struct cover_seen {
    enum cover_kind kind;
    Genxi__Force force;
    uint32_t have;
    uint32_t want;
    uint32_t within_minutes;
    int64_t from_at;  /* ahead: the first hours that lie open; else 0 */
    int64_t until_at; /* 0: as far as was looked */
};

struct cover_standing {
    struct cover_seen seen;
    int64_t seen_at;   /* for the first time */
    int64_t raised_at; /* 0: not yet */
    int64_t away_at;   /* 0: there at the last look */
    int64_t ended_at;
};

struct cover_dwell {
    int64_t raise_ms;
    int64_t clear_ms;
};

enum cover_step {
    COVER_KEEP,   /* nothing is to be done */
    COVER_NOTE,   /* keep what has changed, tell nobody */
    COVER_FORGET, /* it went before it was raised */
    COVER_RAISE,  /* keep and tell: it has stood long enough, */
    COVER_CHANGE, /* it is another gap than was told, */
    COVER_END     /* it has been away long enough */
};

/* seen NULL: it is not there. standing->seen_at 0: nothing stood. Changes standing as the step says. */
enum cover_step cover_step(struct cover_standing *standing, const struct cover_seen *seen,
                           int64_t now, const struct cover_dwell *dwell);

/*
 * Of the hours ahead, as they lie open: bit i stands for the hour that begins at first_at + i hours. The first stretch of open hours; false: none.
 * A stretch that reaches the last of `hours` has no end yet (until_at 0).
 */
bool cover_stretch(uint32_t open, uint32_t hours, int64_t first_at, int64_t *ret_from_at,
                   int64_t *ret_until_at);

#endif
