/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "schedule.h"

#include <string.h>

static const char STANDARD[] = "0,5,300,1800,7200,18000,36000,50400,72000,86400";

static void test_schedule_standard_ends_dead_after_ten_tries(void **state)
{
    (void)state;
    static const int64_t WAIT_S[] = {0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
    struct schedule schedule = {.jitter_percent = 0};
    assert_int_equal(schedule_parse(STANDARD, &schedule), GX_OK);
    assert_int_equal(schedule.count, 10);
    for (uint32_t tries = 0; tries < 10; tries++) {
        assert_int_equal(schedule_next_ms(&schedule, tries, 0, 12345), WAIT_S[tries] * 1000);
    }
    assert_int_equal(schedule_next_ms(&schedule, 10, 0, 0), -1);
    assert_int_equal(schedule_next_ms(&schedule, UINT32_MAX, 0, 0), -1);
    assert_int_equal(schedule_next_ms(&schedule, 10, 60, 0), -1);
}

static void test_schedule_jitter_stays_within_its_share(void **state)
{
    (void)state;
    struct schedule schedule = {.jitter_percent = 10};
    assert_int_equal(schedule_parse("0,5,300", &schedule), GX_OK);
    int64_t least = INT64_MAX;
    int64_t most = 0;
    uint32_t random = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525U + 1013904223U;
        int64_t wait_ms = schedule_next_ms(&schedule, 1, 0, random);
        least = wait_ms < least ? wait_ms : least;
        most = wait_ms > most ? wait_ms : most;
    }
    assert_int_equal(least, 4500);
    assert_int_equal(most, 5500);
    assert_int_equal(schedule_next_ms(&schedule, 0, 0, 77), 0);
}

static void test_schedule_retry_after_is_kept_up_to_a_day(void **state)
{
    (void)state;
    struct schedule schedule = {.jitter_percent = 0};
    assert_int_equal(schedule_parse("0,5,300", &schedule), GX_OK);
    assert_int_equal(schedule_next_ms(&schedule, 1, 60, 0), 60000);
    assert_int_equal(schedule_next_ms(&schedule, 2, 60, 0), 300000);
    assert_int_equal(schedule_next_ms(&schedule, 1, INT64_MAX, 0), INT64_C(86400000));
    assert_int_equal(schedule_next_ms(&schedule, 1, -5, 0), 5000);
}

static void test_schedule_bad_text_is_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",
        ",",
        "1,",
        ",1",
        "1,,2",
        "-1",
        "1.5",
        "x",
        "86401",
        "1 ,2",
        "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct schedule schedule = {.jitter_percent = 0};
        assert_int_equal(schedule_parse(BAD[i], &schedule), GX_INVALID);
    }
}

static const struct breaker_rule RULE = {.limit = 3, .first_ms = 1000, .most_ms = 5000};

static void test_breaker_opens_at_its_limit_and_grows(void **state)
{
    (void)state;
    static const int64_t PAUSE_MS[] = {1000, 2000, 4000, 5000, 5000};
    struct breaker breaker = {0};
    int64_t now_ms = 1000000;
    breaker_failed(&breaker, &RULE, now_ms);
    breaker_failed(&breaker, &RULE, now_ms);
    assert_int_equal(breaker_state(&breaker, &RULE, now_ms), BREAKER_CLOSED);
    for (size_t i = 0; i < sizeof PAUSE_MS / sizeof PAUSE_MS[0]; i++) {
        breaker_failed(&breaker, &RULE, now_ms);
        assert_int_equal(breaker.until_at, now_ms + PAUSE_MS[i]);
        assert_int_equal(breaker_state(&breaker, &RULE, breaker.until_at - 1), BREAKER_OPEN);
        assert_int_equal(breaker_state(&breaker, &RULE, breaker.until_at), BREAKER_HALF_OPEN);
        now_ms = breaker.until_at;
    }
    breaker_succeeded(&breaker);
    assert_int_equal(breaker_state(&breaker, &RULE, now_ms), BREAKER_CLOSED);
    assert_int_equal(breaker.failures, 0);
    assert_int_equal(breaker.openings, 0);
}

static void test_breaker_late_failures_do_not_lengthen_the_pause(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    for (int i = 0; i < 7; i++) {
        breaker_failed(&breaker, &RULE, 1000000);
    }
    assert_int_equal(breaker.until_at, 1001000);
    assert_int_equal(breaker.openings, 1);
    assert_int_equal(breaker.failures, 7);
}

static void test_breaker_pause_only_lengthens(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    breaker_pause(&breaker, 1000000, 0);
    assert_int_equal(breaker.until_at, 0);
    breaker_pause(&breaker, 1000000, 30);
    assert_int_equal(breaker.until_at, 1030000);
    breaker_pause(&breaker, 1000000, 10);
    assert_int_equal(breaker.until_at, 1030000);
    breaker_pause(&breaker, 1000000, INT64_MAX);
    assert_int_equal(breaker.until_at, 1000000 + INT64_C(86400000));
}

static void test_verdict_only_2xx_is_delivered(void **state)
{
    (void)state;
    for (long http = 0; http < 700; http++) {
        enum verdict want = http >= 200 && http < 300                     ? VERDICT_DELIVERED
                            : http == 410                                 ? VERDICT_GONE
                            : http == 429 || (http >= 502 && http <= 504) ? VERDICT_SLOW_DOWN
                                                                          : VERDICT_RETRY;
        assert_int_equal(verdict_of_status(http), want);
    }
}

static void test_types_patterns(void **state)
{
    (void)state;
    static const char *const INCIDENT[] = {"incident.*"};
    static const char *const TWO[] = {"offer.made", "tip.*"};
    static const char *const ALL[] = {"*"};
    assert_true(types_match(INCIDENT, 1, "incident.opened"));
    assert_false(types_match(INCIDENT, 1, "incidental.opened"));
    assert_false(types_match(INCIDENT, 1, "incident"));
    assert_true(types_match(TWO, 2, "offer.made"));
    assert_false(types_match(TWO, 2, "offer.made.x"));
    assert_false(types_match(TWO, 2, "offer.ended"));
    assert_true(types_match(TWO, 2, "tip.changed"));
    assert_true(types_match(ALL, 1, "anything.else"));
    assert_true(types_match(NULL, 0, "anything.else"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule_standard_ends_dead_after_ten_tries),
        cmocka_unit_test(test_schedule_jitter_stays_within_its_share),
        cmocka_unit_test(test_schedule_retry_after_is_kept_up_to_a_day),
        cmocka_unit_test(test_schedule_bad_text_is_refused),
        cmocka_unit_test(test_breaker_opens_at_its_limit_and_grows),
        cmocka_unit_test(test_breaker_late_failures_do_not_lengthen_the_pause),
        cmocka_unit_test(test_breaker_pause_only_lengthens),
        cmocka_unit_test(test_verdict_only_2xx_is_delivered),
        cmocka_unit_test(test_types_patterns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
