/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Least total cost: one column for each row, no column twice. Exact, by shortest augmenting paths with dual prices
 * (Jonker and Volgenant's way of the Hungarian method), within a budget of steps; what does not fit into the budget is
 * filled greedily and the dual prices say how far that can be from the best.
 */
#ifndef DISPATCH_ASSIGN_H
#define DISPATCH_ASSIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASSIGN_NEVER INT64_MAX /* this column must not serve this row */

enum {
    ASSIGN_NOBODY = -1
};

struct assign_problem {
    size_t rows;
    size_t columns;
    const int64_t *cost;   /* [row * columns + column], 0 to 2^40, or ASSIGN_NEVER */
    const int64_t *nobody; /* [row]: the cost of leaving the row without a column, 0 to 2^50 */
    uint64_t budget;       /* most cells looked at; 0: no bound */
};

struct assign_result {
    int64_t cost;
    int64_t bound; /* no assignment costs less; equal to cost when exact */
    bool exact;
};

/* Bytes of scratch that a problem of this size needs. */
size_t assign_scratch_bytes(size_t rows, size_t columns);

/*
 * ret_column[row]: the column, or ASSIGN_NOBODY. Ties go to the smaller column, so the answer depends on nothing but the
 * problem. scratch is aligned for int64_t.
 */
struct assign_result assign_solve(const struct assign_problem *problem, void *scratch,
                                  int32_t *ret_column);

#endif
