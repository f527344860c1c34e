/* SPDX-License-Identifier: Apache-2.0 */
/* Every word that a ranking can say has its sentences, and every sentence its word. */
#include "check.h"

#include "rules.h"
#include "verdict.h"

#include <string.h>

static void check_word(const char *word)
{
    const struct verdict *verdict = verdict_find(word);
    if (verdict == NULL) {
        fail_msg("no sentence for %s", word);
        return;
    }
    assert_true(strlen(verdict->en) > 10 && verdict->en[strlen(verdict->en) - 1] == '.');
    assert_non_null(strstr(verdict->zh, "。"));
}

static void test_every_rule_has_its_sentences(void **state)
{
    (void)state;
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        check_word(rule_word((enum rule)rule));
    }
}

static void test_every_reason_of_the_core_has_its_sentences(void **state)
{
    (void)state;
    for (int reason = DECIDE_CHOSEN; reason <= DECIDE_SLOWER; reason++) {
        check_word(verdict_of_choice((enum decide_reason)reason));
    }
    check_word(VERDICT_OFFERED);
    check_word(VERDICT_TOO_FAR);
}

static void test_an_unknown_word_has_none(void **state)
{
    (void)state;
    assert_null(verdict_find("because"));
    assert_null(verdict_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_rule_has_its_sentences),
        cmocka_unit_test(test_every_reason_of_the_core_has_its_sentences),
        cmocka_unit_test(test_an_unknown_word_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
