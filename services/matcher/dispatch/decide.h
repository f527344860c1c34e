/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choosing core: for one moment, which crew goes to which open slot, and where idle crews should stand. Pure: no I/O, no
 * clock, and the same moment gives the same answer in whatever order it is told (crews and slots are taken by id).
 *
 * What an assignment costs, in milliseconds, is said here and nowhere else:
 *   grade weight x (cost of the response after the time waited: city_cost() of both, the difference)
 *   + what the rest of the city loses when this crew leaves (board_loss(), per call that is expected to feel it)
 *   + the crew's load
 *   + a turn's cost when somebody under way is turned round, so that nobody is sent back and forth for seconds.
 * A slot left empty costs more than any crew that may go; the more urgent slots are filled first. Hard rules are the fits
 * mask and are never traded.
 */
#ifndef DISPATCH_DECIDE_H
#define DISPATCH_DECIDE_H

#include "dispatch/board.h"
#include "dispatch/city.h"
#include "dispatch/tempo.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DECIDE_NEVER UINT32_MAX /* a travel time: no way, or too far to matter */

enum {
    DECIDE_NOBODY = -1,
    DECIDE_FORCES_MAX = 4,
    DECIDE_PRIORITIES = 10
};

enum decide_state {
    DECIDE_IDLE,
    DECIDE_UNDER_WAY, /* may be turned round, if its slot is of this moment */
    DECIDE_DRIVING,   /* to a call, and not to be turned round */
    DECIDE_BUSY
};

struct decide_crew {
    uint32_t id; /* unique among crews */
    uint32_t force;
    enum decide_state state;
    struct city_place at; /* where it can next turn; driving or busy: its call's place */
    uint32_t goal;        /* under way: its call's node */
    int32_t slot;         /* under way: position in slots; DECIDE_NOBODY: none of this moment's */
    int32_t post;         /* idle: the post it stands at or drives to, BOARD_NO_POST for none */
    bool movable;         /* may be sent to posts */
    uint32_t load_ms;     /* what its load of the last hours counts */
};

struct decide_slot {
    uint32_t id;       /* unique among slots */
    uint32_t priority; /* 1 (most urgent) to DECIDE_PRIORITIES; who waits, when somebody must */
    uint32_t weight;   /* of a second, in thousandths: 1000 for an ordinary grade; 1 to 100000 */
    int64_t waited_ms; /* since the call, at least 0 */
    int64_t
        target_ms; /* after which a response is late, for a force without a cover; 0: it never is */
};

struct decide_force {
    const struct city
        *cover; /* NULL: coverage plays no part, late is what the slot says, and nobody is moved */
    struct tempo_chances chances;
};

struct decide_moment {
    const struct decide_crew *crews;
    size_t crew_count;
    const struct decide_slot *slots;
    size_t slot_count;
    /* [slot * crew_count + crew], looked at for idle crews and those under way. */
    const uint32_t *travel_ms; /* DECIDE_NEVER: does not come into question */
    const bool *fits;          /* false: a hard rule forbids it; NULL: anybody may */
    const struct decide_force *forces;
    size_t force_count;
    uint32_t turn; /* number of the event, so that a large force's crews are looked at in turn */
};

struct decide_outcome {
    int64_t cost_ms;
    int64_t bound_ms; /* no assignment costs less */
    bool exact;
    size_t turned; /* crews taken off the slot to which they were under way */
};

/* Working memory of one thread. Memory that is not there ends the program. */
struct decide;
struct decide *decide_new(void);
void decide_free(struct decide *decide);

/* ret_crew[slot]: position in crews, or DECIDE_NOBODY. */
struct decide_outcome decide_assign(struct decide *decide, const struct decide_moment *moment,
                                    int32_t *ret_crew);

/*
 * Where the movable idle crews should go: ret_post[crew] is a post of its force's cover; its own (or BOARD_NO_POST: stay) for
 * those who should go on as they do. Looks at no more than a bounded number of crews each time, the newly idle first, then
 * in turn.
 */
void decide_posts(struct decide *decide, const struct decide_moment *moment, int32_t *ret_post);

enum decide_reason {
    DECIDE_CHOSEN,
    DECIDE_HARD_RULE,        /* a rule forbids it */
    DECIDE_NOT_AVAILABLE,    /* at work, or on the last leg to another call */
    DECIDE_NO_WAY,           /* no road leads there, or too far to matter */
    DECIDE_NEEDED_ELSEWHERE, /* serves another open slot of this moment */
    DECIDE_NOT_TURNED,       /* nearer, but turning somebody round gains too little */
    DECIDE_KEPT_FOR_COVER,   /* nearer, but its quarter would be left bare, or its load is high */
    DECIDE_SLOWER
};
struct decide_rank {
    size_t crew;
    uint32_t travel_ms;
    int64_t cost_ms; /* INT64_MAX: does not come into question */
    enum decide_reason reason;
};
/*
 * Why this slot got whom it got: every crew in order of travel time (then id) with the reason. Of the moment that
 * decide_assign() was last called with, unchanged. ret_ranks holds crew_count.
 */
void decide_explain(const struct decide *decide, const struct decide_moment *moment,
                    const int32_t *chosen, size_t slot, struct decide_rank *ret_ranks);

#endif
