/* SPDX-License-Identifier: Apache-2.0 */
/* The choice: nearest first, ties by load and rest, the same for any order of the input; at random nobody twice, no rule broken. */
#include "check.h"

#include "choose.h"

#include <string.h>

enum {
    PEOPLE_MAX = 60,
    SLOTS_MAX = 5,
    ROUNDS = 3000
};

static const struct choose_limits LIMITS = {.same_seconds = 20};
static const bool YES[] = {true, true, true, true, true};

static size_t run(const struct choose_candidate *c, size_t n, const uint32_t *wanted, size_t slots,
                  struct choose_pick *picks)
{
    bool scratch[PEOPLE_MAX + SLOTS_MAX];
    return choose(c, n, wanted, slots, &LIMITS, picks, scratch);
}

static void test_nearest_is_chosen(void **state)
{
    (void)state;
    const struct choose_candidate c[] = {
        {"a", 300, 0, 0, YES}, {"b", 100, 0, 0, YES}, {"c", 200, 0, 0, YES}};
    const uint32_t wanted[] = {2};
    struct choose_pick picks[2];
    assert_int_equal(run(c, 3, wanted, 1, picks), 2);
    assert_string_equal(c[picks[0].candidate].id, "b");
    assert_string_equal(c[picks[1].candidate].id, "c");
}

static void test_load_then_rest_then_time_break_ties(void **state)
{
    (void)state;
    const uint32_t wanted[] = {1};
    struct choose_pick pick;
    const struct choose_candidate load[] = {{"a", 101, 3, 0, YES}, {"b", 118, 1, 0, YES}};
    assert_int_equal(run(load, 2, wanted, 1, &pick), 1);
    assert_int_equal(pick.candidate, 1);
    const struct choose_candidate rest[] = {{"a", 101, 1, 500, YES}, {"b", 118, 1, 100, YES}};
    assert_int_equal(run(rest, 2, wanted, 1, &pick), 1);
    assert_int_equal(pick.candidate, 1);
    const struct choose_candidate time[] = {{"a", 118, 1, 100, YES}, {"b", 101, 1, 100, YES}};
    assert_int_equal(run(time, 2, wanted, 1, &pick), 1);
    assert_int_equal(pick.candidate, 1);
    /* But not against a step of time. */
    const struct choose_candidate far[] = {{"a", 101, 9, 0, YES}, {"b", 125, 0, 0, YES}};
    assert_int_equal(run(far, 2, wanted, 1, &pick), 1);
    assert_int_equal(pick.candidate, 0);
}

static void test_scarce_slot_chooses_first(void **state)
{
    (void)state;
    /* Only the nearest can serve slot 1; slot 0 is served by both. */
    const bool both[] = {true, true};
    const bool first[] = {true, false};
    const struct choose_candidate c[] = {{"near", 10, 0, 0, both}, {"far", 500, 0, 0, first}};
    const uint32_t wanted[] = {1, 1};
    struct choose_pick picks[2];
    assert_int_equal(run(c, 2, wanted, 2, picks), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(picks[i].candidate, picks[i].slot == 1 ? 0 : 1);
    }
}

static void test_nobody_fits_gives_nobody(void **state)
{
    (void)state;
    const bool no[] = {false};
    const struct choose_candidate c[] = {{"a", 1, 0, 0, no}};
    const uint32_t wanted[] = {1};
    struct choose_pick pick;
    assert_int_equal(run(c, 1, wanted, 1, &pick), 0);
    assert_int_equal(run(c, 0, wanted, 1, &pick), 0);
}

static uint64_t seed = 20261124;
static uint32_t draw(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed % below);
}

struct town {
    struct choose_candidate people[PEOPLE_MAX];
    char ids[PEOPLE_MAX][24];
    bool fits[PEOPLE_MAX][SLOTS_MAX];
    uint32_t wanted[SLOTS_MAX];
    size_t count;
    size_t slots;
};

static void build(struct town *town)
{
    town->count = draw(PEOPLE_MAX + 1);
    town->slots = 1 + draw(SLOTS_MAX);
    for (size_t i = 0; i < town->count; i++) {
        (void)snprintf(town->ids[i], sizeof town->ids[i], "p%zu", i);
        for (size_t s = 0; s < town->slots; s++) {
            town->fits[i][s] = draw(3) == 0;
        }
        town->people[i] =
            (struct choose_candidate){town->ids[i], 1 + draw(600), draw(4), draw(3), town->fits[i]};
    }
    for (size_t s = 0; s < town->slots; s++) {
        town->wanted[s] = draw(5);
    }
}

static void check_lawful(const struct town *town, const struct choose_pick *picks, size_t made)
{
    bool seen[PEOPLE_MAX] = {false};
    uint32_t got[SLOTS_MAX] = {0};
    for (size_t i = 0; i < made; i++) {
        assert_false(seen[picks[i].candidate]);
        seen[picks[i].candidate] = true;
        assert_true(town->people[picks[i].candidate].fits[picks[i].slot]);
        got[picks[i].slot]++;
    }
    for (size_t s = 0; s < town->slots; s++) {
        assert_true(got[s] <= town->wanted[s]);
        /* A place stays open only when nobody that fits is left. */
        for (size_t i = 0; i < town->count && got[s] < town->wanted[s]; i++) {
            assert_true(seen[i] || !town->people[i].fits[s]);
        }
    }
}

static void check_order_free(struct town *town, const struct choose_pick *picks, size_t made)
{
    const char *before[PEOPLE_MAX];
    struct choose_pick again[PEOPLE_MAX];
    for (size_t i = 0; i < made; i++) {
        before[i] = town->people[picks[i].candidate].id;
    }
    for (size_t i = town->count; i > 1; i--) {
        size_t j = draw((uint32_t)i);
        struct choose_candidate other = town->people[i - 1];
        town->people[i - 1] = town->people[j];
        town->people[j] = other;
    }
    assert_int_equal(run(town->people, town->count, town->wanted, town->slots, again), made);
    for (size_t i = 0; i < made; i++) {
        assert_string_equal(town->people[again[i].candidate].id, before[i]);
        assert_int_equal(again[i].slot, picks[i].slot);
    }
}

static void test_random_towns_are_served_lawfully_and_alike(void **state)
{
    (void)state;
    static struct town town;
    size_t total = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct choose_pick picks[PEOPLE_MAX];
        build(&town);
        size_t made = run(town.people, town.count, town.wanted, town.slots, picks);
        check_lawful(&town, picks, made);
        check_order_free(&town, picks, made);
        total += made;
    }
    assert_true(total > ROUNDS); /* the towns were not all empty */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nearest_is_chosen),
        cmocka_unit_test(test_load_then_rest_then_time_break_ties),
        cmocka_unit_test(test_scarce_slot_chooses_first),
        cmocka_unit_test(test_nobody_fits_gives_nobody),
        cmocka_unit_test(test_random_towns_are_served_lawfully_and_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
