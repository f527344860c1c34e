/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is still open of a problem, small: candidates that may be chosen, and groups, which are the points that exactly the same
 * of them reach, added up. Deciding about candidates makes a smaller part of a part.
 *
 * A post that stands (fixed or decided) multiplies the weight of the points it reaches by q, since w (1 - q^(k + 1)) =
 * w (1 - q) + q w (1 - q^k): what was won goes to `settled`, and the rest is a problem of the same form. With q = 0 it vanishes.
 */
#ifndef MATCHER_COVERAGE_PART_H
#define MATCHER_COVERAGE_PART_H

#include "coverage/coverage.h"

#include <stdlib.h>

struct part {
    uint32_t candidates;
    uint32_t groups;
    uint32_t posts; /* still to choose; at most candidates */
    double busy;
    double settled;
    double *weight;        /* by group, > 0 */
    double *price;         /* by group, 0 .. weight (1 - q) */
    uint32_t *id;          /* by candidate: the problem's number, rising */
    uint32_t *reach_first; /* groups of a candidate */
    uint32_t *reach;
    uint32_t *by_first; /* candidates of a group */
    uint32_t *by;
};

enum fate {
    FATE_OPEN,
    FATE_IN,
    FATE_OUT
};

void part_from_problem(const struct coverage_problem *problem, struct part *ret_part);
/* fate by candidate of the old part; prices come along. */
void part_decide(const struct part *old, const uint8_t *fate, struct part *ret_part);
void part_done(struct part *part);
/*
 * Marks with FATE_OUT open candidates that another open one replaces with no loss: only with q = 0, where a second post
 * wins nothing. Keeps at least part->posts candidates open. Returns how many were marked.
 */
uint32_t part_dominated(const struct part *part, uint8_t *fate);
/* settled + what these candidates (positions in the part) win. */
double part_value(const struct part *part, const uint32_t *chosen, uint32_t count);

/* Zeroed memory for count elements, at least one; ends the program when there is none. */
static inline void *coverage_alloc(size_t count, size_t size)
{
    void *memory = calloc(count == 0 ? 1 : count, size);
    if (memory == NULL) {
        abort();
    }
    return memory;
}

#endif
