/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding and weighing for one incident, from memory: who stands near, what the rules say of each for each slot, how long each would travel.
 * Free of I/O but for what the travel does. The nearest by air come first and the search ends when there is enough to choose from; the
 * quickest by road is among the twenty nearest by air nearly always, so no fewer are looked at.
 */
#ifndef MATCHER_SEARCH_H
#define MATCHER_SEARCH_H

#include "live.h"
#include "rules.h"
#include "travel.h"

/* Some persons by their ids. */
struct search_ids {
    const struct key *ids;
    size_t count;
};

struct search_limits {
    struct rule_limits rules;
    double radius_max_m;
    double travel_max_seconds;
    uint32_t enough; /* fitting ones for a slot that end the search, at the least */
    uint32_t
        per_place; /* the same for each that is wanted: so many may be asked at once, and some are taken by others first */
};

struct search_query {
    struct live *live;
    const struct gx_travel *travel;
    const struct occasion *occasion;
    const struct slot_need *const *needs; /* by slot */
    const uint32_t *wanted;               /* by slot; 0: nobody is looked for */
    size_t slot_count;
    struct search_ids asked; /* by this incident, before */
    struct search_ids freed; /* held, says memory, but this transaction lets them go */
    struct search_limits limits;
};

/* What was found about one person for one slot. */
struct view {
    enum rule rule;
    bool too_far;
    bool offered; /* for the caller: just now */
    bool
        turn; /* busy: under way to a less urgent incident, and nothing else forbids him; he may be asked to turn round */
};

struct search_result {
    struct person *persons; /* in the arena */
    uint32_t *seconds;      /* by person */
    struct view *views;     /* [person * slot_count + slot] */
    size_t count;
};

/* LIMIT: the arena is spent; or what the travel said. */
enum gx_rc search_run(struct gx_ctx *ctx, const struct search_query *query,
                      struct search_result *ret_result);

#endif
