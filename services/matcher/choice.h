/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who serves one incident's open places best, all together: the search's candidates × the places, put to the choosing core (dispatch/decide.h).
 * Pure and deterministic: the same candidates in any order give the same answer, so that a bench can link it and a dispute can be replayed.
 */
#ifndef MATCHER_CHOICE_H
#define MATCHER_CHOICE_H

#include "dispatch/decide.h"
#include "search.h"

#define CHOICE_NONE SIZE_MAX
#define CHOICE_COST_NONE INT64_MAX

enum {
    CHOICE_PLACES_MAX =
        32, /* places weighed at once; a slot has one at least, the rest of a very large team follow by rank */
    CHOICE_CREWS_MAX = 256 /* the same of candidates, the quickest */
};

struct choice_slot {
    uint32_t
        places; /* to be filled now; 0: none, but people may be asked beyond what is out already */
    bool open;  /* somebody may be asked for it at all */
    uint32_t target_s; /* what counts as in time; 0: nothing is late */
};

struct choice_query {
    struct decide *decide;
    const struct search_result *found;
    const struct choice_slot *slots;
    size_t slot_count;
    uint32_t grade;    /* of the incident, 1..4 */
    int64_t waited_ms; /* since the report */
    uint32_t
        same_seconds; /* travel times in one step of this size are the same: who was asked less and did less goes */
    double load_seconds; /* what each task of the last hours counts */
};

/* What the core says of one person for one slot. */
struct choice_word {
    bool weighed; /* it was asked */
    enum decide_reason reason;
    int64_t cost_ms; /* CHOICE_COST_NONE: does not come into question */
};

struct choice {
    size_t *bound; /* by person: the slot whose place is his, CHOICE_NONE: he has none */
    uint32_t *
        rank; /* by person: 0 who has a place, the others by cost in steps of same_seconds from 1 */
    struct choice_word *words; /* [person * slot_count + slot] */
};

/* In the arena. LIMIT: it is spent. */
enum gx_rc choice_run(struct gx_arena *arena, const struct choice_query *query,
                      struct choice *ret_choice);

#endif
