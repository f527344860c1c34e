/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tip.h"

enum {
    RECEIVED = GENXI__TIP_STATE__TIP_STATE_RECEIVED,
    DISCARDED = GENXI__TIP_STATE__TIP_STATE_DISCARDED,
    WATCHED = GENXI__TIP_STATE__TIP_STATE_WATCHED,
    SENT = GENXI__TIP_STATE__TIP_STATE_SENT,
    OPENED = GENXI__TIP_STATE__TIP_STATE_OPENED,
    FOUNDED = GENXI__TIP_STATE__TIP_STATE_FOUNDED,
    UNFOUNDED = GENXI__TIP_STATE__TIP_STATE_UNFOUNDED,
    DISCARD = GENXI__TIP_VERDICT__TIP_VERDICT_DISCARD,
    WATCH = GENXI__TIP_VERDICT__TIP_VERDICT_WATCH,
    SEND = GENXI__TIP_VERDICT__TIP_VERDICT_SEND,
    OPEN = GENXI__TIP_VERDICT__TIP_VERDICT_OPEN
};

/* Everything that is allowed; what is not here must be refused. */
static const int VERDICTS[][3] = {
    {RECEIVED, DISCARD, DISCARDED}, {RECEIVED, WATCH, WATCHED},    {RECEIVED, SEND, SENT},
    {RECEIVED, OPEN, OPENED},       {WATCHED, DISCARD, DISCARDED}, {WATCHED, SEND, SENT},
    {WATCHED, OPEN, OPENED},        {SENT, OPEN, OPENED},
};

static void test_tip_verdicts(void **state)
{
    (void)state;
    for (int from = -1; from <= 9; from++) {
        for (int verdict = -1; verdict <= 6; verdict++) {
            int wanted = 0;
            for (size_t i = 0; i < sizeof VERDICTS / sizeof *VERDICTS; i++) {
                wanted =
                    VERDICTS[i][0] == from && VERDICTS[i][1] == verdict ? VERDICTS[i][2] : wanted;
            }
            assert_int_equal(intel_tip_after_verdict(from, verdict), wanted);
        }
    }
}

static void test_tip_outcomes(void **state)
{
    (void)state;
    for (int from = -1; from <= 9; from++) {
        bool allowed = from == SENT || from == OPENED;
        assert_int_equal(intel_tip_after_outcome(from, true), allowed ? FOUNDED : 0);
        assert_int_equal(intel_tip_after_outcome(from, false), allowed ? UNFOUNDED : 0);
        assert_int_equal(intel_tip_is_purged(from), from == DISCARDED || from == UNFOUNDED);
    }
    assert_string_equal(intel_tip_allowed(WATCHED), "discard, send, open");
}

static const struct gx_point WEST[] = {{102.0, 25.0}, {102.5, 25.0}, {102.5, 25.5}, {102.0, 25.5}};
static const struct gx_point EAST[] = {{102.5, 25.0}, {103.0, 25.0}, {103.0, 25.5}, {102.5, 25.5}};
static const struct intel_station STATIONS[] = {
    {53011201, {102.4, 25.2}, WEST, 4},
    {53011202, {102.95, 25.2}, EAST, 4},
    {53011203, {102.5, 26.5}, NULL, 0}, /* no ring known */
};

static void test_tip_locate(void **state)
{
    (void)state;
    bool outside = true;
    assert_int_equal(intel_tip_locate(STATIONS, 3, (struct gx_point){102.1, 25.1}, &outside),
                     53011201);
    assert_false(outside);
    /* Nearer to the western station, but in the eastern ring. */
    assert_int_equal(intel_tip_locate(STATIONS, 3, (struct gx_point){102.51, 25.2}, &outside),
                     53011202);
    assert_false(outside);
    assert_int_equal(intel_tip_locate(STATIONS, 3, (struct gx_point){103.5, 25.2}, &outside),
                     53011202);
    assert_true(outside);
    assert_int_equal(intel_tip_locate(STATIONS, 3, (struct gx_point){102.5, 26.4}, &outside),
                     53011203);
    assert_true(outside);
    assert_int_equal(intel_tip_locate(STATIONS, 0, (struct gx_point){102.5, 26.4}, &outside), 0);
}

static void test_tip_card_tells_what_not_to_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < INTEL_CARD_LINES; i++) {
        assert_non_null(INTEL_CARD_ZH[i]);
        assert_non_null(INTEL_CARD_EN[i]);
        assert_true(INTEL_CARD_ZH[i][0] != '\0' && INTEL_CARD_EN[i][0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tip_verdicts),
        cmocka_unit_test(test_tip_outcomes),
        cmocka_unit_test(test_tip_locate),
        cmocka_unit_test(test_tip_card_tells_what_not_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
