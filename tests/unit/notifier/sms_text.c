/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "sms_text.h"

#include <string.h>

static char *repeat(const char *unit, size_t count, char *out)
{
    size_t size = strlen(unit);
    for (size_t i = 0; i < count; i++) {
        memcpy(out + i * size, unit, size);
    }
    out[count * size] = '\0';
    return out;
}

static void test_sms_ascii_is_gsm(void **state)
{
    (void)state;
    struct sms sms;
    assert_int_equal(sms_encode("A@$_x", 7, &sms), GX_OK);
    static const uint8_t WANT[] = {'A', 0x00, 0x02, 0x11, 'x'};
    assert_int_equal(sms.data_coding, 0);
    assert_int_equal(sms.count, 1);
    assert_int_equal(sms.parts[0].size, sizeof WANT);
    assert_memory_equal(sms.parts[0].bytes, WANT, sizeof WANT);
}

static void test_sms_extension_characters_count_two(void **state)
{
    (void)state;
    struct sms sms;
    char text[1024];
    assert_int_equal(sms_encode("€[", 7, &sms), GX_OK);
    static const uint8_t WANT[] = {0x1b, 0x65, 0x1b, 0x3c};
    assert_int_equal(sms.parts[0].size, 4);
    assert_memory_equal(sms.parts[0].bytes, WANT, 4);
    assert_int_equal(sms_encode(repeat("{", 80, text), 7, &sms), GX_OK);
    assert_int_equal(sms.count, 1);
    assert_int_equal(sms_encode(repeat("{", 81, text), 7, &sms), GX_OK);
    assert_int_equal(sms.count, 2);
    /* 153 is odd: an escape is never parted from its character. */
    assert_int_equal(sms.parts[0].size, 6 + 152);
    assert_int_equal(sms.parts[1].size, 6 + 10);
}

static void test_sms_chinese_is_ucs2(void **state)
{
    (void)state;
    struct sms sms;
    assert_int_equal(sms_encode("乙a", 7, &sms), GX_OK);
    static const uint8_t WANT[] = {0x4e, 0x59, 0x00, 'a'};
    assert_int_equal(sms.data_coding, 8);
    assert_int_equal(sms.parts[0].size, 4);
    assert_memory_equal(sms.parts[0].bytes, WANT, 4);
    assert_int_equal(sms_encode("根系: 有新任务 530112-20261124-000001, 请打开应用", 7, &sms),
                     GX_OK);
    assert_int_equal(sms.count, 1);
}

static void test_sms_limits_of_one_message(void **state)
{
    (void)state;
    struct sms sms;
    char text[4096];
    assert_int_equal(sms_encode(repeat("a", 160, text), 7, &sms), GX_OK);
    assert_int_equal(sms.count, 1);
    assert_int_equal(sms_encode(repeat("a", 161, text), 7, &sms), GX_OK);
    assert_int_equal(sms.count, 2);
    assert_int_equal(sms.parts[0].size, 6 + 153);
    assert_int_equal(sms.parts[1].size, 6 + 8);
    assert_int_equal(sms_encode(repeat("警", 70, text), 7, &sms), GX_OK);
    assert_int_equal(sms.count, 1);
    assert_int_equal(sms_encode(repeat("警", 71, text), 9, &sms), GX_OK);
    assert_int_equal(sms.count, 2);
    static const uint8_t FIRST[] = {5, 0, 3, 9, 2, 1};
    static const uint8_t SECOND[] = {5, 0, 3, 9, 2, 2};
    assert_memory_equal(sms.parts[0].bytes, FIRST, 6);
    assert_memory_equal(sms.parts[1].bytes, SECOND, 6);
    assert_int_equal(sms.parts[0].size, 6 + 134);
    assert_int_equal(sms_encode(repeat("a", 8 * 153, text), 7, &sms), GX_OK);
    assert_int_equal(sms.count, 8);
    assert_int_equal(sms_encode(repeat("a", 8 * 153 + 1, text), 7, &sms), GX_LIMIT);
}

static void test_sms_surrogates_stay_together(void **state)
{
    (void)state;
    struct sms sms;
    char text[1024];
    (void)repeat("警", 66, text);
    memcpy(text + strlen(text), "🚨警警警", sizeof "🚨警警警");
    assert_int_equal(sms_encode(text, 7, &sms), GX_OK);
    assert_int_equal(sms.count, 2);
    assert_int_equal(sms.parts[0].size, 6 + 132);
    static const uint8_t SIREN[] = {0xd8, 0x3d, 0xde, 0xa8};
    assert_memory_equal(sms.parts[1].bytes + 6, SIREN, 4);
}

static void test_sms_bad_text_is_refused(void **state)
{
    (void)state;
    struct sms sms;
    assert_int_equal(sms_encode("", 7, &sms), GX_INVALID);
    assert_int_equal(sms_encode("\xff", 7, &sms), GX_INVALID);
    assert_int_equal(sms_encode("\xe8\xad", 7, &sms), GX_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sms_ascii_is_gsm),
        cmocka_unit_test(test_sms_extension_characters_count_two),
        cmocka_unit_test(test_sms_chinese_is_ucs2),
        cmocka_unit_test(test_sms_limits_of_one_message),
        cmocka_unit_test(test_sms_surrogates_stay_together),
        cmocka_unit_test(test_sms_bad_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
