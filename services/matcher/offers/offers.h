/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom to ask now, for which place of the team, and when to look again. Pure and deterministic: no clock, no
 * I/O, the same state in any order gives the same plan.
 *
 * The rule: a slot is asked for, one person after the other in rank order, until the chance that enough accept
 * within the horizon reaches the target of the incident's grade. An open offer counts with what it is still
 * worth: its chance sinks with its age, so a stale one is replaced before it expires, a refusal at once and only
 * as far as it is missed. Nobody is asked for a place whose target stands without him. Who could arrive within
 * the slot's minutes comes first; the next phase opens when these are used up and the chance has sunk well below
 * the target.
 *
 * When the service calls offers_plan(), always with the whole incident as it is now, in the transaction that
 * holds the incident's row:
 *   - the incident opens, or a slot's count, the playbook or the grade changes;
 *   - an offer is accepted (the slot may be full: ret->withdraw), declined, or expires; an assignment is given up;
 *   - a timer "look" is due, set by the previous call to ret->look_ms (one timer an incident; set again by each
 *     call, removed when look_ms is 0).
 * It then makes the offers, withdraws those listed in their order, stores each slot's phase, and tells
 * slot.unfilled for a slot that is `spent`: nobody is left to ask, the caller searches wider or calls a person.
 * Every end of an offer also goes to odds_observe(). An accept beyond the quota (two at once, a phone that had not
 * heard yet) is settled with offers_stand_down().
 */
#ifndef OFFERS_OFFERS_H
#define OFFERS_OFFERS_H

#include "offers/odds.h"

#include "base/arena.h"

#include <stdbool.h>

enum offers_bounds {
    OFFERS_GRADES = 4,
    OFFERS_PHASES = 4,
    OFFERS_WANTED_MAX = 64 /* more places than this in one slot are planned as this many */
};

/* Policy data; a city changes it. */
struct offers_policy {
    double target[OFFERS_GRADES]; /* chance to be filled within the horizon, by grade 1..4 */
    double slack;                 /* the chance may sink by this much before the next look */
    uint32_t horizon_ms;          /* "soon" */
    uint32_t asks_per_place;      /* most asked at one time for each open place */
    uint32_t alerts_max
        [ODDS_FORCES]; /* in alert_window_hours, by force; 0: no bound (it is their work) */
    uint32_t alert_window_hours; /* rolling; for the caller's count of alerts */
    double reach[OFFERS_PHASES]; /* how many times the slot's minutes a phase goes; rising */
    double widen_below;          /* a phase opens when the chance is below target * this */
    uint32_t look_least_ms;      /* no look sooner: what answers bring comes by itself */
    uint32_t look_most_ms;
    uint32_t retry_ms; /* nobody left to ask: look again after this */
};
extern const struct offers_policy OFFERS_POLICY_DEFAULT;

struct offers_slot {
    uint32_t wanted;         /* places without an accept */
    uint32_t grade;          /* of the incident, 1..4 */
    uint32_t within_seconds; /* 0: no bound, all are of the first phase */
    uint32_t offer_ms;       /* how long an offer made now stays open */
    uint32_t phase;          /* as the last plan said; 0 at first */
};

/* Somebody no hard rule forbids: free, rested, on shift, not asked for this incident before. */
struct offers_candidate {
    const char *id;
    uint32_t rank; /* in the order of the choosing; equal: as good as the same, fairness decides */
    uint32_t seconds; /* travel */
    uint32_t alerts;  /* offers of the rolling window */
    uint32_t load;    /* assignments of the last hours */
    int force;        /* 1..4 */
    struct odds_chance chance;
    const struct odds_times *times; /* of the force; borrowed */
    const bool *fits;               /* fits[slot] */
};

struct offers_open {
    const char *id; /* the offer's, for ties */
    size_t slot;
    uint32_t age_ms;
    uint32_t left_ms; /* until it expires */
    uint32_t seconds; /* travel, for the order of withdrawal */
    struct odds_chance chance;
    const struct odds_times *times;
};

struct offers_state {
    const struct offers_slot *slots;
    size_t slot_count;
    const struct offers_candidate *candidates;
    size_t candidate_count;
    const struct offers_open *open;
    size_t open_count;
};

struct offers_ask {
    size_t slot;
    size_t candidate;
    double chance; /* that the slot fills within the horizon, this one asked */
};

struct offers_outlook {
    uint32_t phase; /* to be stored */
    double chance;  /* that the slot fills within the horizon, all asked */
    bool spent;     /* below its target and nobody left to ask */
};

struct offers_plan {
    struct offers_ask *asks; /* in the order of asking */
    size_t ask_count;
    size_t *withdraw; /* open offers of full slots, the farthest first */
    size_t withdraw_count;
    struct offers_outlook *slots; /* slot_count */
    uint32_t look_ms;             /* when to look again if nothing happens; 0: no need */
};

/* The plan's memory is the arena's. LIMIT: the arena is spent. */
enum gx_rc offers_plan(struct gx_arena *arena, const struct offers_policy *policy,
                       const struct offers_state *state, struct offers_plan *ret_plan);

/* One who accepted, for offers_stand_down. */
struct offers_accepted {
    const char *id;
    uint32_t seconds; /* still to travel */
    bool left;        /* under way: cost is sunk */
    bool on_scene;    /* stays */
};

/*
 * Who is told "no longer needed" when more accepted than wanted: the farthest that has not left, then the farthest
 * under way; nobody on the scene. order holds count; returns how many of it to tell, in that order.
 */
size_t offers_stand_down(const struct offers_accepted *accepted, size_t count, uint32_t wanted,
                         size_t *order);

#endif
