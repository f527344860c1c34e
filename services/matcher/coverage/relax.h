/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Lagrangian bound of a part. With prices u the bound is settled + sum over groups of max over k of (w (1 - q^k) - u k) + the
 * `posts` highest scores, a candidate's score being the sum of u over the groups it reaches. Any prices give a valid bound;
 * subgradient steps look for prices that give a low one.
 */
#ifndef MATCHER_COVERAGE_RELAX_H
#define MATCHER_COVERAGE_RELAX_H

#include "coverage/part.h"

struct relax {
    double bound;      /* the lowest seen, at the prices that the part now has */
    double *score;     /* by candidate, at those prices */
    double *share;     /* by candidate: how often it was among the highest lately, 0 .. 1 */
    double value;      /* of the best choice met on the way */
    uint32_t *best;    /* that choice: part->posts candidates */
    uint32_t *leaning; /* the part->posts candidates of the highest shares */
    uint64_t steps;
};

struct relax_stop {
    double target; /* nothing below this is of use: a choice that covers so much is known */
    double tolerance;
    uint32_t steps;    /* at most */
    double boldness;   /* share of Polyak's step to begin with, 0 .. 2 */
    uint32_t patience; /* steps without a lower bound before the boldness sinks */
    double deadline;   /* on coverage_now(); 0: none */
};

/* Prices of a fresh part (all 0) are set to a share of the weight first. */
void relax_start(struct part *part);
void relax_run(struct part *part, struct relax_stop stop, struct relax *ret_relax);
void relax_done(struct relax *relax);
/*
 * Fates that follow from the bound: a candidate whose being in (out) would take the bound to the target is out (in). Returns how
 * many were decided.
 */
uint32_t relax_fates(const struct part *part, const struct relax *relax, double target,
                     uint8_t *fate);

/* Seconds on the monotonic clock. */
double coverage_now(void);

#endif
