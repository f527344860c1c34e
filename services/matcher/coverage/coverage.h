/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where to stand: which p of the candidate posts cover the most demand. Free of I/O. The whole problem is a list of what each
 * candidate can reach in time; how that was found (by road, by straight line) is the caller's affair.
 *
 * Maximal covering location (Church and ReVelle 1974): maximise sum of w_i y_i, y_i <= sum of x_j over the posts j that reach
 * point i, sum of x_j = p, all 0 or 1. Expected covering (MEXCLP, Daskin 1983): a post is busy with probability q, independently
 * of the others, so a point that k posts reach counts w_i (1 - q^k). With q = 0 the second is the first; one solver serves both.
 *
 * The answer comes with an upper bound that no choice can exceed. Bounds are Lagrangian: y_i <= sum of x_j is priced with
 * 0 <= u_i <= w_i (1 - q), and what is left falls apart into points and a choice of the p best prices (Galvao and ReVelle 1996).
 * Prices are improved by subgradient steps; branch and bound on the posts closes what remains.
 */
#ifndef MATCHER_COVERAGE_H
#define MATCHER_COVERAGE_H

#include "base/rc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COVERAGE_CANDIDATES_MAX = 1 << 20,
    COVERAGE_POINTS_MAX = 1 << 26
};

/*
 * Who reaches what. Points that candidate c reaches are point[first[c]] .. point[first[c + 1] - 1], rising. Two units on one
 * post are two candidates with the same points (of use with busy > 0 only).
 */
struct coverage_problem {
    uint32_t candidates;
    uint32_t points;
    const double *weight;  /* by point; finite, >= 0; any unit */
    const uint32_t *first; /* candidates + 1 */
    const uint32_t *point;
    const uint32_t *
        fixed; /* candidates where somebody stands already, each once; not counted in posts, never chosen */
    uint32_t fixed_count;
    uint32_t posts; /* to choose, at most */
    double busy;    /* q, 0 <= q < 1 */
};

/* Whichever comes first ends the search. The same problem and steps give the same answer on every machine of the same arithmetic;
 * the clock does not, unless the search ended before it. */
struct coverage_effort {
    double seconds; /* 0: no limit of time */
    uint64_t steps; /* improvements of prices, each about one pass over the lists; 0: no limit */
};

struct coverage_result {
    uint32_t *posts; /* chosen candidates, rising; coverage_result_done() frees them */
    uint32_t count;  /* fewer than asked for only when there are no more candidates */
    double total;    /* weight of all points */
    double greedy;   /* covered when each post in turn is the one that adds most: the yardstick */
    double covered;  /* by the chosen and the fixed */
    double bound;    /* no choice covers more; >= covered */
    bool
        proved; /* bound - covered is within COVERAGE_TOLERANCE of total, and bound == covered is reported */
    uint64_t nodes; /* of the search tree */
    uint64_t steps;
    double seconds;
};

/* Sums of doubles are compared with this share of the total: two choices nearer than that count as equal. */
#define COVERAGE_TOLERANCE 1e-9

/* INVALID when a list, weight or number is out of range; *ret_result is then untouched. Memory that is not there ends the program. */
enum gx_rc coverage_solve(const struct coverage_problem *problem,
                          const struct coverage_effort *effort, struct coverage_result *ret_result);
void coverage_result_done(struct coverage_result *result);

/* Patrol hours: the same candidates and points, demand by hour. */
struct coverage_day {
    const struct coverage_problem *problem; /* weight and posts are not looked at */
    uint32_t hours;
    const double *weight; /* hour after hour, problem->points each */
    const uint32_t
        *posts; /* how many in each hour; NULL: post_hours are spread to where they cover most */
    uint32_t post_hours;
};

/*
 * Writes the day as a whole (posts NULL, count their number) and one result an hour. Hours whose posts are given are problems of
 * their own and share the seconds; steps are for each. When post_hours are spread it is one problem, `hours` times as large: the
 * bound is then the day's, and that of an hour is merely its total. Errors as above, LIMIT when it is too large; nothing is
 * written then. Free each result with coverage_result_done().
 */
enum gx_rc coverage_solve_day(const struct coverage_day *day, const struct coverage_effort *effort,
                              struct coverage_result *ret_day, struct coverage_result *ret_hours);

/* Covered weight of any choice (fixed posts included); chosen need not be sorted, an id twice counts once. */
double coverage_value(const struct coverage_problem *problem, const uint32_t *chosen, size_t count);

#endif
