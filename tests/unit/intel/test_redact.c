/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redact.h"

struct row {
    const char *text;
    enum intel_personal found;
};

/* All numbers are made up: the area codes and exchanges are not given out. */
static const struct row ROWS[] = {
    /* identity cards */
    {"身份证530112199002301234", INTEL_PERSONAL_ID},
    {"id 53011219900230123X.", INTEL_PERSONAL_ID},
    {"id 53011219900230123x", INTEL_PERSONAL_ID},
    {"530112 19900230 1234", INTEL_PERSONAL_ID},
    {"5 3 0 1 1 2 is not one", INTEL_PERSONAL_NONE},
    {"530112900230123", INTEL_PERSONAL_ID},
    {"５３０１１２１９９００２３０１２３４", INTEL_PERSONAL_ID},
    {"id530112199002301234abc", INTEL_PERSONAL_ID},
    {"530112199013301234", INTEL_PERSONAL_NONE}, /* month 13 */
    {"530112199000301234", INTEL_PERSONAL_NONE},
    {"030112199002301234", INTEL_PERSONAL_NONE},
    /* mobile telephones */
    {"请拨打13800138000联系", INTEL_PERSONAL_PHONE},
    {"138-0013-8000", INTEL_PERSONAL_PHONE},
    {"138 0013 8000", INTEL_PERSONAL_PHONE},
    {"138.0013.8000", INTEL_PERSONAL_PHONE},
    {"+86 13800138000", INTEL_PERSONAL_PHONE},
    {"+8613800138000", INTEL_PERSONAL_PHONE},
    {"86-138-0013-8000", INTEL_PERSONAL_PHONE},
    {"tel13800138000x", INTEL_PERSONAL_PHONE},
    {"１３８００１３８０００", INTEL_PERSONAL_PHONE},
    {"13800138000 13900139000", INTEL_PERSONAL_PHONE},
    {"1 2 3 13800138000", INTEL_PERSONAL_PHONE},
    {"1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 13800138000", INTEL_PERSONAL_PHONE},
    {"12800138000", INTEL_PERSONAL_NONE}, /* no such network */
    {"1380013800", INTEL_PERSONAL_NONE},
    {"138001380001", INTEL_PERSONAL_NONE},
    /* fixed lines */
    {"0871-63123456", INTEL_PERSONAL_PHONE},
    {"010-12345678", INTEL_PERSONAL_PHONE},
    {"087163123456", INTEL_PERSONAL_PHONE},
    {"call 110 or 119", INTEL_PERSONAL_NONE},
    /* plates */
    {"云A12345", INTEL_PERSONAL_PLATE},
    {"车牌：云A·12345", INTEL_PERSONAL_PLATE},
    {"云 A12345 is written apart", INTEL_PERSONAL_NONE},
    {"云A 1B345", INTEL_PERSONAL_PLATE},
    {"云AD12345", INTEL_PERSONAL_PLATE},
    {"粤ZF023港", INTEL_PERSONAL_PLATE},
    {"云a12345", INTEL_PERSONAL_PLATE},
    {"云Ａ１２３４５", INTEL_PERSONAL_PLATE},
    {"京AB123警", INTEL_PERSONAL_PLATE},
    {"云南 in 2026", INTEL_PERSONAL_NONE},
    {"云A123", INTEL_PERSONAL_NONE},
    {"贵ABCDEF", INTEL_PERSONAL_NONE},
    /* what bulletins are full of */
    {"", INTEL_PERSONAL_NONE},
    {"incident 530112-20261124-000001", INTEL_PERSONAL_NONE},
    {"2026-11-24 18:30 to 20:00", INTEL_PERSONAL_NONE},
    {"area 53011201, 12 guards, 3 posts", INTEL_PERSONAL_NONE},
    {"102.6543,25.0123", INTEL_PERSONAL_NONE},
    {"0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", INTEL_PERSONAL_NONE},
    {"近期盗窃电动车案件高发,请加强夜间巡逻", INTEL_PERSONAL_NONE},
};

static void test_redact_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        enum intel_personal found = intel_personal_find(ROWS[i].text);
        if (found != ROWS[i].found) {
            fail_msg("\"%s\": wanted \"%s\", got \"%s\"", ROWS[i].text,
                     intel_personal_word(ROWS[i].found), intel_personal_word(found));
        }
    }
}

/* Bytes that are no text must not be read past their end. */
static void test_redact_cut_text_ends(void **state)
{
    (void)state;
    assert_int_equal(intel_personal_find("\xe4\xba"), INTEL_PERSONAL_NONE);
    assert_int_equal(intel_personal_find("\xf0"), INTEL_PERSONAL_NONE);
    assert_int_equal(intel_personal_find("\xe4\xba\x91"
                                         "A1234"),
                     INTEL_PERSONAL_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redact_rows),
        cmocka_unit_test(test_redact_cut_text_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
