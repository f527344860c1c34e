/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/clock.h"

static void test_time_parse_reads_rfc3339(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } GOOD[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-24T06:05:36.123Z", INT64_C(1795500336123)},
        {"2026-11-24T14:05:36.123456789+08:00", INT64_C(1795500336123)},
        {"2026-11-24t06:05:36z", INT64_C(1795500336000)},
        {"2026-11-23T22:05:36.5-08:00", INT64_C(1795500336500)},
        {"2000-02-29T12:00:00Z", INT64_C(951825600000)},
        {"2100-03-01T00:00:00Z", INT64_C(4107542400000)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
    };
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        int64_t ms = -1;
        assert_int_equal(gx_time_parse(GOOD[i].text, &ms), 0);
        assert_int_equal(ms, GOOD[i].ms);
    }
}

static void test_time_parse_refuses_the_rest(void **state)
{
    (void)state;
    static const char *const BAD[] = {"",
                                      "2026-11-24",
                                      "2026-11-24T06:05:36",
                                      "2026-13-24T06:05:36Z",
                                      "2026-00-24T06:05:36Z",
                                      "2026-11-32T06:05:36Z",
                                      "2026-11-24T24:05:36Z",
                                      "2026-11-24T06:60:36Z",
                                      "2026-11-24T06:05:36.Z",
                                      "2026-11-24T06:05:36Zx",
                                      "2026-11-24T06:05:36+08",
                                      "1969-12-31T23:59:59Z",
                                      "2026-11-24T06:05:36+0800",
                                      " 2026-11-24T06:05:36Z",
                                      "2026-02-30T06:05:36Z",
                                      "2026-02-30T00:00:00Z",
                                      "2026-04-31T00:00:00Z",
                                      "2100-02-29T00:00:00Z"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        int64_t ms = 42;
        assert_int_equal(gx_time_parse(BAD[i], &ms), -1);
        assert_int_equal(ms, 42);
    }
}

static void test_time_format_and_parse_are_inverse(void **state)
{
    (void)state;
    for (int64_t ms = 0; ms < INT64_C(4102444800000); ms += INT64_C(86399999997) / 7) {
        char text[GX_TIME_TEXT_SIZE];
        int64_t back = -1;
        assert_int_equal(gx_time_parse(gx_time_format(ms, text), &back), 0);
        assert_int_equal(back, ms);
    }
}

static void test_clock_shift_moves_wall_time(void **state)
{
    (void)state;
    int64_t before = gx_clock_wall_ms();
    gx_clock_shift(3600000);
    int64_t after = gx_clock_wall_ms();
    gx_clock_shift(0);
    assert_true(after - before >= 3600000 && after - before < 3610000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_parse_reads_rfc3339),
        cmocka_unit_test(test_time_parse_refuses_the_rest),
        cmocka_unit_test(test_time_format_and_parse_are_inverse),
        cmocka_unit_test(test_clock_shift_moves_wall_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
