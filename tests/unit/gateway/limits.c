/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "bucket.h"
#include "lockout.h"

#include <stdio.h>

static const int64_t SECOND_US = 1000000;

static void test_bucket_gives_burst_then_rate(void **state)
{
    (void)state;
    struct gw_buckets *buckets = gw_buckets_new(10, 5);
    int64_t now = 50 * SECOND_US;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(gw_bucket_take(buckets, "a", now), 0);
    }
    assert_int_equal(gw_bucket_take(buckets, "a", now), 100000);
    assert_int_equal(gw_bucket_take(buckets, "a", now + 40000),
                     60000); /* a refusal costs no token */
    assert_int_equal(gw_bucket_take(buckets, "a", now + 100000), 0);
    assert_int_equal(gw_bucket_take(buckets, "a", now + 100000), 100000);
    assert_int_equal(gw_bucket_take(buckets, "b", now), 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(gw_bucket_take(buckets, "a", now + 60 * SECOND_US), 0);
    }
    assert_true(gw_bucket_take(buckets, "a", now + 60 * SECOND_US) > 0);
    gw_buckets_free(buckets);
}

static void test_bucket_table_stays_bounded_and_keeps_the_empty_ones(void **state)
{
    (void)state;
    struct gw_buckets *buckets = gw_buckets_new(1, 2);
    int64_t now = 50 * SECOND_US;
    (void)gw_bucket_take(buckets, "greedy", now);
    (void)gw_bucket_take(buckets, "greedy", now);
    for (int i = 0; i < 40000; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "other-%d", i);
        assert_int_equal(gw_bucket_take(buckets, name, now), 0);
    }
    assert_true(gw_bucket_take(buckets, "greedy", now) > 0);
    gw_buckets_free(buckets);
}

static void test_lockout_doubles_after_the_free_tries(void **state)
{
    (void)state;
    struct gw_lockout *lockout = gw_lockout_new(3);
    int64_t now = 100 * SECOND_US;
    for (int i = 0; i < 2; i++) {
        gw_lockout_failed(lockout, "u@1", now);
        assert_int_equal(gw_lockout_wait(lockout, "u@1", now), 0);
    }
    gw_lockout_failed(lockout, "u@1", now);
    assert_int_equal(gw_lockout_wait(lockout, "u@1", now), SECOND_US);
    gw_lockout_failed(lockout, "u@1", now);
    assert_int_equal(gw_lockout_wait(lockout, "u@1", now), 2 * SECOND_US);
    assert_int_equal(gw_lockout_wait(lockout, "u@1", now + 2 * SECOND_US), 0);
    assert_int_equal(gw_lockout_wait(lockout, "u@2", now), 0);
    for (int i = 0; i < 40; i++) {
        gw_lockout_failed(lockout, "u@1", now);
    }
    assert_int_equal(gw_lockout_wait(lockout, "u@1", now), 900 * SECOND_US);
    gw_lockout_free(lockout);
}

static void test_lockout_forgets_in_time_or_by_success(void **state)
{
    (void)state;
    struct gw_lockout *lockout = gw_lockout_new(2);
    int64_t now = 100 * SECOND_US;
    gw_lockout_failed(lockout, "u", now);
    gw_lockout_failed(lockout, "u", now);
    assert_true(gw_lockout_wait(lockout, "u", now) > 0);
    gw_lockout_failed(lockout, "u", now + 901 * SECOND_US);
    assert_int_equal(gw_lockout_wait(lockout, "u", now + 901 * SECOND_US), 0);
    gw_lockout_failed(lockout, "u", now + 901 * SECOND_US);
    assert_true(gw_lockout_wait(lockout, "u", now + 901 * SECOND_US) > 0);
    gw_lockout_forgive(lockout, "u");
    assert_int_equal(gw_lockout_wait(lockout, "u", now + 901 * SECOND_US), 0);
    gw_lockout_free(lockout);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bucket_gives_burst_then_rate),
        cmocka_unit_test(test_bucket_table_stays_bounded_and_keeps_the_empty_ones),
        cmocka_unit_test(test_lockout_doubles_after_the_free_tries),
        cmocka_unit_test(test_lockout_forgets_in_time_or_by_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
