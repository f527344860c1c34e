/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How likely an alert is accepted, and how long the answer takes: learned per group (force, hours of
 * the day, distance), never per person. A number beside a name would be a ranking of people sooner or
 * later, would follow the person, and would send the willing ever more often until they stop; a group
 * says what the choice needs, how many to ask. Pure: no clock, no I/O.
 *
 * A group's share leans on its force's, that on everybody's, that on the policy's prior, each parent
 * worth a number of alerts. Older alerts count less (half-life). An alert without an answer, expired
 * or withdrawn, says only "not until then": it is counted as what it would probably have become.
 *
 * All knowledge is a vector of sums to which observations only add, so processes may add in any order:
 * a table (cell, sum) with "sum = sum + excluded.sum" holds it, and loading it gives the same odds.
 */
#ifndef OFFERS_ODDS_H
#define OFFERS_ODDS_H

#include "base/rc.h"

#include <stddef.h>
#include <stdint.h>

enum odds_bounds {
    ODDS_FORCES = 5,    /* indexed by Genxi__Force; 0 is not used */
    ODDS_HOURS = 6,     /* four hours each, from midnight, local time */
    ODDS_DISTANCES = 4, /* travel of up to 3, 6, 12 minutes, and beyond */
    ODDS_BUCKETS = 18,  /* of answer times, see odds_edge_ms */
    ODDS_CELLS = ODDS_FORCES * (ODDS_HOURS * ODDS_DISTANCES * 3 + 2 * ODDS_BUCKETS),
    ODDS_CHANGES_MAX = 3 + 2 * ODDS_BUCKETS
};

enum odds_answer {
    ODDS_ACCEPTED,
    ODDS_DECLINED,
    ODDS_UNANSWERED /* expired, or withdrawn before an answer came */
};

struct odds_policy {
    double accept;          /* share taken to accept before anything is known, (0, 1) */
    double decline;         /* share taken to decline; the others stay silent */
    double prior_alerts;    /* alerts the prior is worth, > 0 */
    double parent_alerts;   /* alerts a parent is worth to its child, > 0 */
    double answer_median_s; /* answer time before anything is known: log-normal */
    double answer_spread;   /* standard deviation of its logarithm */
    double half_life_days;  /* after which an alert counts half */
};
extern const struct odds_policy ODDS_POLICY_DEFAULT;

/* Plain memory, of which only odds.c knows the order. */
struct odds {
    struct odds_policy policy;
    double sums[ODDS_CELLS];
};

struct odds_group {
    int force;    /* 1..4 */
    int hour;     /* band */
    int distance; /* band */
};

struct odds_chance {
    double accept;  /* sooner or later, were there no end to the offer */
    double decline; /* the rest stays silent */
    double alerts;  /* what the group itself has seen, faded; 0: all is inherited */
};

/* Shares of the accepting and of the declining that have answered by odds_edge_ms(i). */
struct odds_times {
    double accepted[ODDS_BUCKETS + 1];
    double declined[ODDS_BUCKETS + 1];
};

/* A cell and what to add to it. */
struct odds_change {
    uint16_t cell; /* below ODDS_CELLS; stable, for the table */
    double sum;    /* >= 0 */
};

void odds_init(struct odds *odds, const struct odds_policy *policy);
/* What the table holds; may be called for several parts. INVALID: a cell or sum outside its range; nothing was added. */
enum gx_rc odds_load(struct odds *odds, const struct odds_change *cells, size_t count);
/* All cells that are not 0; cells holds ODDS_CELLS. Returns how many. */
size_t odds_cells(const struct odds *odds, struct odds_change *cells);

/* local_hour 0..23 of the incident's place, travel in seconds; out of range is moved to the nearest band. */
struct odds_group odds_group(int force, int local_hour, uint32_t travel_seconds);
/* now: Unix ms. */
struct odds_chance odds_chance(const struct odds *odds, struct odds_group group, int64_t now);
void odds_times(const struct odds *odds, int force, int64_t now, struct odds_times *ret_times);

/* How an offer ended. */
struct odds_end {
    struct odds_group group;
    enum odds_answer answer;
    uint32_t age_ms; /* when it ended, from when it was made */
    int64_t at;      /* when it ended, Unix ms */
};
/* Adds it and writes what was added to changes (room for ODDS_CHANGES_MAX), for the table. Returns how many. */
size_t odds_observe(struct odds *odds, const struct odds_end *end, struct odds_change *changes);

/* That an offer unanswered for age_ms is accepted within the next within_ms. */
double odds_within(const struct odds_chance *chance, const struct odds_times *times, double age_ms,
                   double within_ms);
/* Upper edge of bucket i - 1, 0 for i = 0; i up to ODDS_BUCKETS. */
double odds_edge_ms(size_t i);

#endif
