/* SPDX-License-Identifier: Apache-2.0 */
/* Which fixes are believed: the future, order, repetition, jumps, lateness, range; each both ways. */
#include "check.h"

#include "fix.h"

#include <math.h>

static const int64_t NOW = 1764000000000;
static const struct fix_limits LIMITS = {
    .future_ms = 5000, .speed_mps = 70, .gap_ms = 120000, .now_ms = 60000};

static enum fix_use judge(double lon, int64_t at, const struct fix *last, enum gx_problem *problem)
{
    const struct fix fix = {{lon, 25.0}, at};
    double value = 0.0;
    *problem = GX_P_NONE;
    return fix_judge(&fix, last, NOW, &LIMITS, problem, &value);
}

static void test_plain_fix_is_taken(void **state)
{
    (void)state;
    enum gx_problem problem;
    assert_int_equal(judge(102.6, NOW, NULL, &problem), FIX_NOW);
}

static void test_future_beyond_tolerance_is_refused(void **state)
{
    (void)state;
    enum gx_problem problem;
    assert_int_equal(judge(102.6, NOW + 5000, NULL, &problem), FIX_NOW);
    assert_int_equal(judge(102.6, NOW + 5001, NULL, &problem), FIX_REFUSED);
    assert_int_equal(problem, GX_P_POSITION_FUTURE);
}

static void test_older_and_repeated_are_refused(void **state)
{
    (void)state;
    enum gx_problem problem;
    const struct fix last = {{102.6, 25.0}, NOW - 1000};
    assert_int_equal(judge(102.6, NOW - 999, &last, &problem), FIX_NOW);
    assert_int_equal(judge(102.6, NOW - 1000, &last, &problem), FIX_REFUSED);
    assert_int_equal(problem, GX_P_POSITION_STALE);
    assert_int_equal(judge(102.6, NOW - 2000, &last, &problem), FIX_REFUSED);
    assert_int_equal(problem, GX_P_POSITION_STALE);
}

static void test_impossible_jump_is_refused_unless_after_a_gap(void **state)
{
    (void)state;
    enum gx_problem problem;
    /* 0.01 degrees of longitude here are 1,008 m: 10 s after is 98 m/s, 20 s after 49 m/s. */
    const struct fix near = {{102.6, 25.0}, NOW - 10000};
    assert_int_equal(judge(102.61, NOW, &near, &problem), FIX_REFUSED);
    assert_int_equal(problem, GX_P_POSITION_JUMP);
    const struct fix slower = {{102.6, 25.0}, NOW - 20000};
    assert_int_equal(judge(102.61, NOW, &slower, &problem), FIX_NOW);
    const struct fix long_ago = {{110.0, 25.0}, NOW - 120001};
    assert_int_equal(judge(102.6, NOW, &long_ago, &problem), FIX_NOW);
    const struct fix just_inside = {{110.0, 25.0}, NOW - 120000};
    assert_int_equal(judge(102.6, NOW, &just_inside, &problem), FIX_REFUSED);
}

static void test_jitter_of_a_standing_device_is_no_jump(void **state)
{
    (void)state;
    enum gx_problem problem;
    const struct fix last = {{102.6, 25.0}, NOW - 200};
    assert_int_equal(judge(102.6002, NOW, &last, &problem), FIX_NOW);
}

static void test_late_fix_is_for_the_track_only(void **state)
{
    (void)state;
    enum gx_problem problem;
    assert_int_equal(judge(102.6, NOW - 60000, NULL, &problem), FIX_NOW);
    assert_int_equal(judge(102.6, NOW - 60001, NULL, &problem), FIX_TRACK_ONLY);
}

static void test_no_place_on_earth_is_refused(void **state)
{
    (void)state;
    enum gx_problem problem;
    const double bad[] = {180.1, -181.0, (double)NAN, (double)INFINITY};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(judge(bad[i], NOW, NULL, &problem), FIX_REFUSED);
        assert_int_equal(problem, GX_P_COORDINATES_RANGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_fix_is_taken),
        cmocka_unit_test(test_future_beyond_tolerance_is_refused),
        cmocka_unit_test(test_older_and_repeated_are_refused),
        cmocka_unit_test(test_impossible_jump_is_refused_unless_after_a_gap),
        cmocka_unit_test(test_jitter_of_a_standing_device_is_no_jump),
        cmocka_unit_test(test_late_fix_is_for_the_track_only),
        cmocka_unit_test(test_no_place_on_earth_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
