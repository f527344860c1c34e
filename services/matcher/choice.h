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
    /* Places weighed at once; a slot has one at least, the rest of a very large team follow by rank. */
    CHOICE_PLACES_MAX = 32,
    CHOICE_TURNS_MAX = 4,
    /* The same of candidates, the quickest. */
    CHOICE_CREWS_MAX = 256
};

struct choice_slot {
    /* To be filled now; 0: none, but people may be asked beyond what is out already. */
    uint32_t places;
    bool open;         /* somebody may be asked for it at all */
    uint32_t target_s; /* what counts as in time; 0: nothing is late */
};

/* Somebody who is under way to a less urgent incident and may be asked to turn round. */
struct choice_turn {
    size_t person;
    uint32_t grade; /* of that incident */
    /* By person: how long each, he too, would travel there; UINT32_MAX: cannot. */
    const uint32_t *instead_s;
};

struct choice_query {
    struct decide *decide;
    const struct search_result *found;
    const struct choice_slot *slots;
    size_t slot_count;
    uint32_t grade;    /* of the incident, 1..4 */
    int64_t waited_ms; /* since the report */
    /* Travel times in one step of this size are the same: who was asked less and did less goes. */
    uint32_t same_seconds;
    double load_seconds; /* what each task of the last hours counts */
    const struct choice_turn *turns;
    size_t turn_count; /* at most CHOICE_TURNS_MAX */
};

/* What the core says of one person for one slot. */
struct choice_word {
    bool weighed; /* it was asked */
    enum decide_reason reason;
    int64_t cost_ms; /* CHOICE_COST_NONE: does not come into question */
};

struct choice {
    size_t *bound; /* by person: the slot whose place is his, CHOICE_NONE: he has none */
    /* By person: 0 who has a place, from 1 the others by cost in steps of same_seconds, last who would be missed elsewhere. */
    uint32_t *rank;
    struct choice_word *words; /* [person * slot_count + slot] */
};

/* In the arena. LIMIT: it is spent. */
enum gx_rc choice_run(struct gx_arena *arena, const struct choice_query *query,
                      struct choice *ret_choice);

#endif
