/* SPDX-License-Identifier: Apache-2.0 */
/* Dwell: what flaps is never told, what stands is told once, hours ahead keep their beginning. */
#include "check.h"

#include "cover/dwell.h"

#define GUARD GENXI__FORCE__FORCE_GUARD

static const int64_t NOW = 1800000000000;

static const struct cover_dwell DWELL = {60000, 30000};

static void test_dwell_raises_what_has_stood_and_ends_what_has_gone(void **state)
{
    (void)state;
    const struct cover_seen seen = {COVER_AREA, GUARD, 1, 2, 3, 0, 0};
    struct cover_standing standing = {.seen_at = 0};
    assert_int_equal(cover_step(&standing, NULL, NOW, &DWELL), COVER_KEEP);
    assert_int_equal(cover_step(&standing, &seen, NOW, &DWELL), COVER_NOTE);
    assert_int_equal(cover_step(&standing, &seen, NOW + 59999, &DWELL), COVER_KEEP);
    assert_int_equal(cover_step(&standing, &seen, NOW + 60000, &DWELL), COVER_RAISE);
    assert_int_equal(standing.raised_at, NOW + 60000);
    assert_int_equal(standing.seen_at, NOW);
    assert_int_equal(cover_step(&standing, NULL, NOW + 70000, &DWELL), COVER_NOTE);
    assert_int_equal(cover_step(&standing, NULL, NOW + 99999, &DWELL), COVER_KEEP);
    assert_int_equal(cover_step(&standing, &seen, NOW + 99999, &DWELL), COVER_NOTE); /* back */
    assert_int_equal(cover_step(&standing, NULL, NOW + 110000, &DWELL), COVER_NOTE);
    assert_int_equal(cover_step(&standing, NULL, NOW + 139999, &DWELL), COVER_KEEP);
    assert_int_equal(cover_step(&standing, NULL, NOW + 140000, &DWELL), COVER_END);
    assert_int_equal(standing.ended_at, NOW + 140000);
}

static void test_dwell_never_tells_of_what_flaps(void **state)
{
    (void)state;
    const struct cover_seen seen = {COVER_AREA, GUARD, 1, 2, 3, 0, 0};
    struct cover_standing standing = {.seen_at = 0};
    for (int64_t t = 0; t < 3600000; t += 10000) {
        bool there = t / 50000 % 2 == 0; /* fifty seconds there, fifty away */
        enum cover_step step = cover_step(&standing, there ? &seen : NULL, NOW + t, &DWELL);
        assert_true(step == COVER_NOTE || step == COVER_KEEP || step == COVER_FORGET);
        if (step == COVER_FORGET) {
            standing = (struct cover_standing){.seen_at = 0};
        }
    }
}

static void test_dwell_tells_a_change_of_kind_but_not_of_number(void **state)
{
    (void)state;
    struct cover_seen seen = {COVER_AREA, GUARD, 1, 2, 3, 0, 0};
    struct cover_standing standing = {.seen_at = 0};
    const struct cover_dwell at_once = {0, 0};
    assert_int_equal(cover_step(&standing, &seen, NOW, &at_once), COVER_RAISE);
    seen.have = 0;
    assert_int_equal(cover_step(&standing, &seen, NOW + 1, &at_once), COVER_KEEP);
    seen.kind = COVER_FORCE;
    assert_int_equal(cover_step(&standing, &seen, NOW + 2, &at_once), COVER_CHANGE);
    assert_int_equal(standing.seen.kind, COVER_FORCE);
    assert_int_equal(cover_step(&standing, &seen, NOW + 3, &at_once), COVER_KEEP);
    assert_int_equal(cover_step(&standing, NULL, NOW + 4, &at_once), COVER_END);
}

static void test_hours_ahead_begin_once_and_do_not_wander(void **state)
{
    (void)state;
    const int64_t hour = 3600000;
    const struct cover_dwell at_once = {0, 0};
    struct cover_standing standing = {.seen_at = 0};
    struct cover_seen seen = {COVER_HOURS, GUARD, 0, 1, 3, 0, 0};
    assert_false(cover_stretch(0, 24, NOW, &seen.from_at, &seen.until_at));
    assert_true(cover_stretch(0x38, 24, NOW, &seen.from_at, &seen.until_at));
    assert_int_equal(seen.from_at, NOW + 3 * hour);
    assert_int_equal(seen.until_at, NOW + 6 * hour);
    assert_int_equal(cover_step(&standing, &seen, NOW - 1, &at_once), COVER_RAISE);
    /* Four hours on, it has begun: what is left of it is the same gap. */
    assert_true(cover_stretch(0x2, 24, NOW + 4 * hour, &seen.from_at, &seen.until_at));
    seen.from_at = NOW + 4 * hour;
    assert_int_equal(cover_step(&standing, &seen, NOW + 4 * hour - 1, &at_once), COVER_KEEP);
    assert_int_equal(standing.seen.from_at, NOW + 3 * hour);
    /* The next night's is another. */
    seen.from_at = NOW + 27 * hour;
    seen.until_at = NOW + 30 * hour;
    assert_int_equal(cover_step(&standing, &seen, NOW + 7 * hour, &at_once), COVER_CHANGE);
    assert_true(cover_stretch(0xffffff, 24, NOW, &seen.from_at, &seen.until_at));
    assert_int_equal(seen.until_at, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dwell_raises_what_has_stood_and_ends_what_has_gone),
        cmocka_unit_test(test_dwell_never_tells_of_what_flaps),
        cmocka_unit_test(test_dwell_tells_a_change_of_kind_but_not_of_number),
        cmocka_unit_test(test_hours_ahead_begin_once_and_do_not_wander),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
