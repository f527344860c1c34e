/* SPDX-License-Identifier: Apache-2.0 */
/* Posts against every choice there is, on small cities drawn by a fixed seed; and what happens at the edges. */
#include "check.h"

#include "coverage/coverage.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum {
    CANDIDATES_MAX = 14,
    POINTS_MAX = 60,
    ENTRIES_MAX = CANDIDATES_MAX * POINTS_MAX
};

struct city {
    struct coverage_problem problem;
    double weight[POINTS_MAX];
    uint32_t first[CANDIDATES_MAX + 1];
    uint32_t point[ENTRIES_MAX];
    uint32_t fixed[CANDIDATES_MAX];
};

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((seed >> 33) % below);
}

/* Candidates and points in a square, or reach by lot, which is harder; equal places, points without weight and posts that reach nothing all occur. */
static void make_city(struct city *city)
{
    memset(city, 0, sizeof *city);
    uint32_t candidates = 1 + draw(CANDIDATES_MAX);
    uint32_t points = 1 + draw(POINTS_MAX);
    uint32_t reach = 5 + draw(30);
    bool by_lot = draw(2) == 0;
    uint32_t at[POINTS_MAX][2];
    for (uint32_t i = 0; i < points; i++) {
        at[i][0] = draw(100);
        at[i][1] = draw(100);
        city->weight[i] = draw(8) == 0 ? 0.0 : 0.01 * (double)(1 + draw(500));
    }
    uint32_t entries = 0;
    for (uint32_t c = 0; c < candidates; c++) {
        int32_t x = (int32_t)draw(100);
        int32_t y = (int32_t)draw(100);
        for (uint32_t i = 0; i < points; i++) {
            int32_t far_x = x - (int32_t)at[i][0];
            int32_t far_y = y - (int32_t)at[i][1];
            bool near = far_x * far_x + far_y * far_y <= (int32_t)(reach * reach);
            if (by_lot ? draw(4) == 0 : near) {
                city->point[entries++] = i;
            }
        }
        city->first[c + 1] = entries;
    }
    city->problem =
        (struct coverage_problem){.candidates = candidates,
                                  .points = points,
                                  .weight = city->weight,
                                  .first = city->first,
                                  .point = city->point,
                                  .fixed = city->fixed,
                                  .posts = draw(6),
                                  .busy = draw(2) == 0 ? 0.0 : 0.1 * (double)(1 + draw(8))};
    for (uint32_t c = 0; c < candidates && draw(3) == 0; c++) {
        city->fixed[city->problem.fixed_count++] = c;
    }
}

/* The most that any choice of `posts` candidates covers, one after the other; counted here without the library's help. */
static double value_of(const struct coverage_problem *p, uint32_t mask)
{
    double value = 0.0;
    for (uint32_t i = 0; i < p->points; i++) {
        uint32_t met = 0;
        for (uint32_t c = 0; c < p->candidates; c++) {
            for (uint32_t k = p->first[c]; k < p->first[c + 1]; k++) {
                met += (mask >> c & 1U) != 0 && p->point[k] == i;
            }
        }
        value += met == 0 ? 0.0 : p->weight[i] * (1.0 - pow(p->busy, met));
    }
    return value;
}

static double brute_force(const struct coverage_problem *p)
{
    uint32_t stands = 0;
    for (uint32_t i = 0; i < p->fixed_count; i++) {
        stands |= 1U << p->fixed[i];
    }
    double best = 0.0;
    for (uint32_t mask = 0; mask < 1U << p->candidates; mask++) {
        uint32_t chosen = mask & ~stands;
        if ((mask & stands) == stands && (uint32_t)__builtin_popcount(chosen) <= p->posts) {
            double value = value_of(p, mask);
            best = value > best ? value : best;
        }
    }
    return best;
}

static void solve(const struct coverage_problem *problem, struct coverage_effort effort,
                  struct coverage_result *result)
{
    assert_int_equal(coverage_solve(problem, &effort, result), GX_OK);
}

/* What the answer says of itself holds. */
static void check_result(const struct coverage_problem *p, const struct coverage_result *r)
{
    double near = 1e-9 * (1.0 + r->total);
    assert_true(fabs(coverage_value(p, r->posts, r->count) - r->covered) < near);
    assert_true(r->bound >= r->covered);
    assert_true(r->covered >= r->greedy - near);
    assert_true(r->bound <= r->total + near);
    uint32_t open = p->candidates - p->fixed_count;
    assert_int_equal(r->count, p->posts < open ? p->posts : open);
    for (uint32_t i = 0; i < r->count; i++) {
        assert_true(r->posts[i] < p->candidates);
        assert_true(i == 0 || r->posts[i] > r->posts[i - 1]);
        for (uint32_t f = 0; f < p->fixed_count; f++) {
            assert_int_not_equal(r->posts[i], p->fixed[f]);
        }
    }
}

static void test_optimum_is_that_of_brute_force(void **state)
{
    (void)state;
    seed = 1;
    uint64_t branched = 0;
    for (int round = 0; round < 600; round++) {
        struct city city;
        make_city(&city);
        struct coverage_result result;
        solve(&city.problem, (struct coverage_effort){0}, &result);
        check_result(&city.problem, &result);
        assert_true(result.proved);
        assert_true(fabs(result.covered - brute_force(&city.problem)) <
                    1e-8 * (1.0 + result.total));
        branched += result.nodes > 1;
        coverage_result_done(&result);
    }
    assert_true(branched > 10); /* else the tree was not tried */
}

static void test_bound_holds_whenever_the_search_ends(void **state)
{
    (void)state;
    seed = 2;
    for (int round = 0; round < 300; round++) {
        struct city city;
        make_city(&city);
        double optimum = brute_force(&city.problem);
        for (uint64_t steps = 1; steps < 200; steps = steps * 3 + draw(3)) {
            struct coverage_result result;
            solve(&city.problem, (struct coverage_effort){.steps = steps}, &result);
            check_result(&city.problem, &result);
            assert_true(result.steps <= steps);
            assert_true(result.bound >= optimum - 1e-8 * (1.0 + result.total));
            assert_true(result.covered <= optimum + 1e-8 * (1.0 + result.total));
            coverage_result_done(&result);
        }
    }
}

static void test_same_steps_give_the_same_answer(void **state)
{
    (void)state;
    seed = 3;
    for (int round = 0; round < 50; round++) {
        struct city city;
        make_city(&city);
        struct coverage_effort effort = {.steps = 40};
        struct coverage_result one;
        struct coverage_result two;
        solve(&city.problem, effort, &one);
        solve(&city.problem, effort, &two);
        assert_memory_equal(&one.covered, &two.covered, sizeof one.covered);
        assert_memory_equal(&one.bound, &two.bound, sizeof one.bound);
        assert_int_equal(one.nodes, two.nodes);
        assert_int_equal(one.count, two.count);
        assert_memory_equal(one.posts, two.posts, one.count * sizeof *one.posts);
        coverage_result_done(&one);
        coverage_result_done(&two);
    }
}

/* Three posts in a row: the middle one is the best alone, the outer two cover everything. */
static struct coverage_problem row_of_three(void)
{
    static const double weight[] = {2, 3, 3, 2};
    static const uint32_t first[] = {0, 2, 4, 6};
    static const uint32_t point[] = {0, 1, 1, 2, 2, 3};
    return (struct coverage_problem){
        .candidates = 3, .points = 4, .weight = weight, .first = first, .point = point, .posts = 2};
}

static void test_greedy_is_beaten(void **state)
{
    (void)state;
    struct coverage_problem p = row_of_three();
    struct coverage_result r;
    solve(&p, (struct coverage_effort){0}, &r);
    assert_true(r.greedy == 8.0 && r.covered == 10.0 && r.bound == 10.0 && r.proved);
    assert_int_equal(r.count, 2);
    assert_int_equal(r.posts[0], 0);
    assert_int_equal(r.posts[1], 2);
    coverage_result_done(&r);
}

static void test_fixed_posts_are_counted_and_not_chosen(void **state)
{
    (void)state;
    struct coverage_problem p = row_of_three();
    const uint32_t fixed[] = {1};
    p.fixed = fixed;
    p.fixed_count = 1;
    p.posts = 1;
    struct coverage_result r;
    solve(&p, (struct coverage_effort){0}, &r);
    assert_true(r.covered == 8.0 && r.proved);
    assert_int_equal(r.count, 1);
    assert_int_not_equal(r.posts[0], 1);
    coverage_result_done(&r);
}

static void test_busy_posts_want_a_second(void **state)
{
    (void)state;
    /* Two posts at the large place win 8 (1 - .5^2) = 6; one there and one at the small place 4 + 0.5. */
    const double weight[] = {8, 1};
    const uint32_t first[] = {0, 1, 2, 3};
    const uint32_t point[] = {0, 0, 1};
    struct coverage_problem p = {.candidates = 3,
                                 .points = 2,
                                 .weight = weight,
                                 .first = first,
                                 .point = point,
                                 .posts = 2,
                                 .busy = 0.5};
    struct coverage_result r;
    solve(&p, (struct coverage_effort){0}, &r);
    assert_true(r.covered == 6.0 && r.proved);
    assert_int_equal(r.posts[1], 1);
    coverage_result_done(&r);
    p.busy = 0.0;
    solve(&p, (struct coverage_effort){0}, &r);
    assert_true(r.covered == 9.0 && r.proved);
    assert_int_equal(r.posts[1], 2);
    coverage_result_done(&r);
}

static void test_nothing_to_choose_or_to_reach(void **state)
{
    (void)state;
    const uint32_t none[] = {0, 0, 0};
    const double weight[] = {1, 2};
    struct coverage_result r;
    struct coverage_problem p = {
        .candidates = 0, .points = 2, .weight = weight, .first = none, .posts = 3};
    solve(&p, (struct coverage_effort){0}, &r);
    assert_true(r.covered == 0.0 && r.bound == 0.0 && r.total == 3.0 && r.proved && r.count == 0);
    coverage_result_done(&r);

    p.candidates = 2; /* they reach nothing */
    p.posts = 1;
    solve(&p, (struct coverage_effort){0}, &r);
    assert_true(r.covered == 0.0 && r.bound == 0.0 && r.proved && r.count == 1);
    coverage_result_done(&r);

    p = (struct coverage_problem){.first = none, .posts = 1};
    solve(&p, (struct coverage_effort){0}, &r);
    assert_true(r.covered == 0.0 && r.total == 0.0 && r.proved && r.count == 0);
    coverage_result_done(&r);

    p = row_of_three();
    p.posts = 7;
    solve(&p, (struct coverage_effort){0}, &r);
    assert_true(r.covered == 10.0 && r.proved && r.count == 3);
    coverage_result_done(&r);

    p.posts = 0;
    solve(&p, (struct coverage_effort){0}, &r);
    assert_true(r.covered == 0.0 && r.proved && r.count == 0);
    coverage_result_done(&r);
}

enum {
    HOURS = 3
};

/* Another weight for each hour. */
static void make_day(struct city *city, double *weight, struct coverage_day *day)
{
    make_city(city);
    for (uint32_t i = 0; i < HOURS * city->problem.points; i++) {
        weight[i] = city->weight[i % city->problem.points] * (double)draw(4);
    }
    *day = (struct coverage_day){.problem = &city->problem, .hours = HOURS, .weight = weight};
}

/* The optimum of the hours from `hour` on with so many posts in all. */
static double best_spread(const struct coverage_day *day, uint32_t hour, uint32_t posts)
{
    if (hour == day->hours) {
        return 0.0;
    }
    double best = 0.0;
    for (uint32_t here = 0; here <= posts; here++) {
        struct coverage_problem p = *day->problem;
        p.weight = day->weight + (size_t)hour * p.points;
        p.posts = here;
        struct coverage_result r;
        solve(&p, (struct coverage_effort){0}, &r);
        double value = r.covered + best_spread(day, hour + 1, posts - here);
        coverage_result_done(&r);
        best = value > best ? value : best;
    }
    return best;
}

static void test_posts_given_by_hour_are_solved_by_hour(void **state)
{
    (void)state;
    seed = 4;
    for (int round = 0; round < 50; round++) {
        struct city city;
        double weight[HOURS * POINTS_MAX];
        struct coverage_day day;
        make_day(&city, weight, &day);
        const uint32_t posts[HOURS] = {draw(4), draw(4), draw(4)};
        day.posts = posts;
        struct coverage_result whole;
        struct coverage_result hours[HOURS];
        assert_int_equal(
            coverage_solve_day(&day, &(struct coverage_effort){.seconds = 60}, &whole, hours),
            GX_OK);
        double sum = 0.0;
        for (uint32_t h = 0; h < HOURS; h++) {
            struct coverage_problem p = city.problem;
            p.weight = weight + (size_t)h * p.points;
            p.posts = posts[h];
            check_result(&p, &hours[h]);
            assert_true(fabs(hours[h].covered - brute_force(&p)) < 1e-8 * (1.0 + hours[h].total));
            sum += hours[h].covered;
            coverage_result_done(&hours[h]);
        }
        assert_true(whole.proved && fabs(whole.covered - sum) < 1e-9 * (1.0 + whole.total));
        coverage_result_done(&whole);
    }
}

static void test_post_hours_go_where_they_cover_most(void **state)
{
    (void)state;
    seed = 5;
    for (int round = 0; round < 50; round++) {
        struct city city;
        double weight[HOURS * POINTS_MAX];
        struct coverage_day day;
        make_day(&city, weight, &day);
        day.post_hours = draw(7);
        struct coverage_result whole;
        struct coverage_result hours[HOURS];
        assert_int_equal(coverage_solve_day(&day, &(struct coverage_effort){0}, &whole, hours),
                         GX_OK);
        double sum = 0.0;
        uint32_t count = 0;
        for (uint32_t h = 0; h < HOURS; h++) {
            sum += hours[h].covered;
            count += hours[h].count;
            coverage_result_done(&hours[h]);
        }
        assert_true(whole.proved && fabs(whole.covered - sum) < 1e-9 * (1.0 + whole.total));
        assert_int_equal(count, whole.count);
        assert_true(count <= day.post_hours);
        assert_true(fabs(whole.covered - best_spread(&day, 0, day.post_hours)) <
                    1e-8 * (1.0 + whole.total));
        coverage_result_done(&whole);
    }
}

static void expect_invalid(struct coverage_problem p)
{
    struct coverage_result r = {.nodes = 77};
    assert_int_equal(coverage_solve(&p, &(struct coverage_effort){0}, &r), GX_INVALID);
    assert_int_equal(r.nodes, 77);
}

static void test_what_is_out_of_range_is_refused(void **state)
{
    (void)state;
    struct coverage_problem p = row_of_three();
    p.busy = 1.0;
    expect_invalid(p);
    p.busy = (double)NAN;
    expect_invalid(p);
    p = row_of_three();
    const double negative[] = {1, -1, 1, 1};
    p.weight = negative;
    expect_invalid(p);
    const double endless[] = {DBL_MAX, DBL_MAX, 1, 1};
    p.weight = endless;
    expect_invalid(p);
    p = row_of_three();
    const uint32_t repeated[] = {0, 0, 1, 2, 2, 3};
    p.point = repeated;
    expect_invalid(p);
    p = row_of_three();
    p.points = 3;
    expect_invalid(p);
    p = row_of_three();
    const uint32_t twice[] = {1, 1};
    p.fixed = twice;
    p.fixed_count = 2;
    expect_invalid(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optimum_is_that_of_brute_force),
        cmocka_unit_test(test_bound_holds_whenever_the_search_ends),
        cmocka_unit_test(test_same_steps_give_the_same_answer),
        cmocka_unit_test(test_greedy_is_beaten),
        cmocka_unit_test(test_fixed_posts_are_counted_and_not_chosen),
        cmocka_unit_test(test_busy_posts_want_a_second),
        cmocka_unit_test(test_nothing_to_choose_or_to_reach),
        cmocka_unit_test(test_posts_given_by_hour_are_solved_by_hour),
        cmocka_unit_test(test_post_hours_go_where_they_cover_most),
        cmocka_unit_test(test_what_is_out_of_range_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
