/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/log.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <string.h>

static void test_utf8(void **state)
{
    (void)state;
    static const char *const GOOD[] = {
        "", "abc", "根系", "\xf0\x9f\x9a\xa8", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"};
    static const char *const BAD[] = {
        "\x80",         "\xc0\x80",         "\xc1\xbf",         "\xe0\x80\x80",
        "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xe6\xa0",     "a\xffz",           "\xe6\xa0\x41"};
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        assert_true(gx_utf8_valid(GOOD[i], strlen(GOOD[i])));
    }
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_false(gx_utf8_valid(BAD[i], strlen(BAD[i])));
    }
    assert_int_equal(gx_utf8_length("根系 x"), 4);
}

static void test_numbers_are_whole_or_refused(void **state)
{
    (void)state;
    int64_t n = 7;
    double d = 7;
    assert_int_equal(gx_parse_int("-12", -20, 20, &n), 0);
    assert_int_equal(n, -12);
    static const char *const BAD_INTS[] = {
        "", " 1", "1 ", "1x", "+1", "0x10", "21", "99999999999999999999", "1.0", "-"};
    for (size_t i = 0; i < sizeof BAD_INTS / sizeof BAD_INTS[0]; i++) {
        assert_int_equal(gx_parse_int(BAD_INTS[i], -20, 20, &n), -1);
    }
    assert_int_equal(gx_parse_int(NULL, 0, 1, &n), -1);
    assert_int_equal(gx_parse_double("1.5e1", 0, 20, &d), 0);
    assert_true(d > 14.99 && d < 15.01);
    static const char *const BAD_REALS[] = {"",   "nan", "inf", "0x1",   " 1",
                                            "1 ", "21",  "1,5", "1e999", "--1"};
    for (size_t i = 0; i < sizeof BAD_REALS / sizeof BAD_REALS[0]; i++) {
        assert_int_equal(gx_parse_double(BAD_REALS[i], 0, 20, &d), -1);
    }
}

/* Not nearly the nearest number to what was written, but the nearest: to the last bit. */
static void test_numbers_are_read_to_the_last_bit(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252U;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        double read = 0;
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        int before = (int)(seed >> 40 & 15);
        int behind = (int)(seed >> 50 & 15);
        (void)snprintf(text, sizeof text, "%s%.*s.%.*s", (seed & 1) != 0 ? "-" : "", before + 1,
                       "1029384756102938", behind, "0746352819074635");
        text[strlen(text) - 1] = (char)('0' + seed % 10); /* whatever stands last, a point too */
        assert_int_equal(gx_parse_double(text, -1e300, 1e300, &read), 0);
        assert_true(read == strtod(text, NULL));
    }
    double zero = 1;
    assert_int_equal(gx_parse_double("-0.0", -1, 1, &zero), 0);
    assert_true(zero == 0 && signbit(zero));
    static const char *const BAD[] = {"", "-", ".", "-.", "1.2.3", "1-2", "1.2-"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_int_equal(gx_parse_double(BAD[i], -9, 9, &zero), -1);
    }
}

static void test_hex(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0x00, 0xaf, 0xff};
    uint8_t back[3];
    char text[7];
    gx_hex_encode(bytes, 3, text);
    assert_string_equal(text, "00afff");
    assert_int_equal(gx_hex_decode("00AFff", back, 3), 0);
    assert_memory_equal(bytes, back, 3);
    assert_int_equal(gx_hex_decode("00afg0", back, 3), -1);
    assert_int_equal(gx_hex_decode("00af", back, 3), -1);
}

static void test_json_escape_is_bounded(void **state)
{
    (void)state;
    char out[16];
    assert_int_equal(gx_json_escape("a\"\\\n", out, sizeof out), 11);
    assert_string_equal(out, "a\\\"\\\\\\u000a");
    for (size_t size = 1; size < sizeof out; size++) {
        assert_true(gx_json_escape("\n\n\n\"\"\"", out, size) < size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_numbers_are_whole_or_refused),
        cmocka_unit_test(test_numbers_are_read_to_the_last_bit),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_json_escape_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
