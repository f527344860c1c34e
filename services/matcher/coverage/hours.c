/* SPDX-License-Identifier: Apache-2.0 */
#include "coverage/relax.h"

static struct coverage_problem hour_problem(const struct coverage_day *day, uint32_t hour)
{
    struct coverage_problem problem = *day->problem;
    problem.weight = day->weight + (size_t)hour * problem.points;
    problem.posts = day->posts == NULL ? 0 : day->posts[hour];
    return problem;
}

static void add_hour(const struct coverage_result *hour, struct coverage_result *day)
{
    day->count += hour->count;
    day->total += hour->total;
    day->greedy += hour->greedy;
    day->covered += hour->covered;
    day->bound += hour->bound;
    day->proved = day->proved && hour->proved;
    day->nodes += hour->nodes;
    day->steps += hour->steps;
}

static enum gx_rc solve_given(const struct coverage_day *day, const struct coverage_effort *effort,
                              struct coverage_result *ret_day, struct coverage_result *ret_hours)
{
    double started = coverage_now();
    struct coverage_result sum = {.proved = true};
    for (uint32_t hour = 0; hour < day->hours; hour++) {
        struct coverage_problem problem = hour_problem(day, hour);
        struct coverage_effort share = *effort;
        if (effort->seconds > 0.0) {
            /* What earlier hours left goes to the later ones; an hour always gets a little, so that it has an answer. */
            double left = effort->seconds - (coverage_now() - started);
            share.seconds = left / (double)(day->hours - hour);
            share.seconds = share.seconds > 1e-3 ? share.seconds : 1e-3;
        }
        enum gx_rc rc = coverage_solve(&problem, &share, &ret_hours[hour]);
        if (rc != GX_OK) {
            while (hour > 0) {
                coverage_result_done(&ret_hours[--hour]);
            }
            return rc;
        }
        add_hour(&ret_hours[hour], &sum);
    }
    sum.seconds = coverage_now() - started;
    *ret_day = sum;
    return GX_OK;
}

/* The day as one problem: candidate c and point i of hour h are h * candidates + c and h * points + i. */
struct whole {
    struct coverage_problem problem;
    uint32_t *first;
    uint32_t *point;
    uint32_t *fixed;
};

static void whole_init(const struct coverage_day *day, struct whole *whole)
{
    const struct coverage_problem *one = day->problem;
    uint32_t entries = one->first[one->candidates];
    *whole = (struct whole){
        .first = coverage_alloc((size_t)day->hours * one->candidates + 1, sizeof(uint32_t)),
        .point = coverage_alloc((size_t)day->hours * entries, sizeof(uint32_t)),
        .fixed = coverage_alloc((size_t)day->hours * one->fixed_count, sizeof(uint32_t)),
    };
    for (uint32_t hour = 0; hour < day->hours; hour++) {
        for (uint32_t c = 0; c < one->candidates; c++) {
            whole->first[hour * one->candidates + c + 1] = hour * entries + one->first[c + 1];
        }
        for (uint32_t k = 0; k < entries; k++) {
            whole->point[hour * entries + k] = hour * one->points + one->point[k];
        }
        for (uint32_t i = 0; i < one->fixed_count; i++) {
            whole->fixed[hour * one->fixed_count + i] = hour * one->candidates + one->fixed[i];
        }
    }
    whole->problem = (struct coverage_problem){.candidates = day->hours * one->candidates,
                                               .points = day->hours * one->points,
                                               .weight = day->weight,
                                               .first = whole->first,
                                               .point = whole->point,
                                               .fixed = whole->fixed,
                                               .fixed_count = day->hours * one->fixed_count,
                                               .posts = day->post_hours,
                                               .busy = one->busy};
}

static void whole_done(struct whole *whole)
{
    free(whole->first);
    free(whole->point);
    free(whole->fixed);
}

static bool fits(const struct coverage_day *day)
{
    const struct coverage_problem *one = day->problem;
    return (uint64_t)day->hours * one->candidates <= COVERAGE_CANDIDATES_MAX &&
           (uint64_t)day->hours * one->points <= COVERAGE_POINTS_MAX &&
           (uint64_t)day->hours * one->first[one->candidates] <= UINT32_MAX &&
           one->fixed_count <= one->candidates;
}

/* The chosen of one hour out of those of the day, which rise. */
static void hour_result(const struct coverage_day *day, const struct coverage_result *all,
                        uint32_t hour, struct coverage_result *ret_result)
{
    struct coverage_problem problem = hour_problem(day, hour);
    struct coverage_result result = {.posts = coverage_alloc(all->count, sizeof(uint32_t))};
    for (uint32_t i = 0; i < all->count; i++) {
        if (all->posts[i] / problem.candidates == hour) {
            result.posts[result.count++] = all->posts[i] % problem.candidates;
        }
    }
    for (uint32_t i = 0; i < problem.points; i++) {
        result.total += problem.weight[i];
    }
    result.covered = coverage_value(&problem, result.posts, result.count);
    result.bound = result.total;
    *ret_result = result;
}

static enum gx_rc solve_spread(const struct coverage_day *day, const struct coverage_effort *effort,
                               struct coverage_result *ret_day, struct coverage_result *ret_hours)
{
    struct whole whole;
    whole_init(day, &whole);
    struct coverage_result all;
    enum gx_rc rc = coverage_solve(&whole.problem, effort, &all);
    whole_done(&whole);
    if (rc != GX_OK) {
        return rc;
    }
    for (uint32_t hour = 0; hour < day->hours; hour++) {
        hour_result(day, &all, hour, &ret_hours[hour]);
    }
    free(all.posts);
    all.posts = NULL;
    *ret_day = all;
    return GX_OK;
}

enum gx_rc coverage_solve_day(const struct coverage_day *day, const struct coverage_effort *effort,
                              struct coverage_result *ret_day, struct coverage_result *ret_hours)
{
    if (day->posts != NULL) {
        return solve_given(day, effort, ret_day, ret_hours);
    }
    return fits(day) ? solve_spread(day, effort, ret_day, ret_hours) : GX_LIMIT;
}
