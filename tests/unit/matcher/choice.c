/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choice of one incident's team: the quickest, the scarce place first, about the same time by fairness, the same for any order of the input; at
 * random nobody twice, no rule broken, no place empty that somebody could fill.
 */
#include "check.h"

#include "choice.h"

#include <string.h>

enum {
    PEOPLE_MAX = 60,
    SLOTS_MAX = 5,
    ROUNDS = 1000
};

/* People, what the search says of each for each slot, and the slots. */
struct town {
    struct person people[PEOPLE_MAX];
    char ids[PEOPLE_MAX][24];
    uint32_t seconds[PEOPLE_MAX];
    struct view views[PEOPLE_MAX * SLOTS_MAX];
    struct choice_slot slots[SLOTS_MAX];
    struct search_result found;
    struct choice_query query;
};

static struct town town;
static struct gx_arena arena;
static struct decide *decide;

static int setup(void **state)
{
    (void)state;
    gx_arena_init(&arena, 1 << 24);
    decide = decide_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    decide_free(decide);
    gx_arena_done(&arena);
    return 0;
}

static void begin(size_t people, size_t slots)
{
    memset(&town, 0, sizeof town);
    gx_arena_reset(&arena);
    town.found = (struct search_result){town.people, town.seconds, town.views, people};
    town.query = (struct choice_query){.decide = decide,
                                       .found = &town.found,
                                       .slots = town.slots,
                                       .slot_count = slots,
                                       .grade = 3,
                                       .same_seconds = 20,
                                       .load_seconds = 10};
    for (size_t i = 0; i < people; i++) {
        (void)snprintf(town.ids[i], sizeof town.ids[i], "p%zu", i);
        town.people[i].id = town.ids[i];
        town.people[i].force = GENXI__FORCE__FORCE_POLICE;
    }
    for (size_t s = 0; s < slots; s++) {
        town.slots[s] = (struct choice_slot){.places = 1, .open = true, .target_s = 300};
    }
}

static void forbid(size_t person, size_t slot)
{
    town.views[person * town.query.slot_count + slot].rule = RULE_NO_SKILL;
}

static struct choice run(void)
{
    struct choice choice;
    assert_int_equal(choice_run(&arena, &town.query, &choice), GX_OK);
    return choice;
}

static void test_the_quickest_are_chosen(void **state)
{
    (void)state;
    begin(3, 1);
    town.slots[0].places = 2;
    town.seconds[0] = 300;
    town.seconds[1] = 100;
    town.seconds[2] = 200;
    struct choice choice = run();
    assert_true(choice.bound[0] == CHOICE_NONE && choice.bound[1] == 0 && choice.bound[2] == 0);
    assert_true(choice.rank[1] == 0 && choice.rank[2] == 0 && choice.rank[0] > 0);
    assert_int_equal(choice.words[0].reason, DECIDE_SLOWER);
    assert_int_equal(choice.words[1].reason, DECIDE_CHOSEN);
    assert_int_equal(choice.words[2].reason, DECIDE_CHOSEN);
    assert_true(choice.words[1].cost_ms < choice.words[2].cost_ms &&
                choice.words[2].cost_ms < choice.words[0].cost_ms);
}

static void test_about_the_same_time_is_settled_by_alerts_then_load(void **state)
{
    (void)state;
    begin(2, 1);
    town.seconds[0] = 101;
    town.seconds[1] = 118;
    town.people[0].alerts = 3;
    assert_int_equal(run().bound[1], 0);
    town.people[0].alerts = 0;
    town.people[0].load = 1;
    assert_int_equal(run().bound[1], 0);
    town.people[0].load = 0;
    assert_int_equal(run().bound[0], 0);
    /* But not against a step of time. */
    town.people[0].alerts = 9;
    town.seconds[1] = 125;
    assert_int_equal(run().bound[0], 0);
}

static void test_many_tasks_weigh_against_some_seconds(void **state)
{
    (void)state;
    begin(2, 1);
    town.seconds[0] = 100;
    town.seconds[1] = 140;
    town.people[0].load = 6;
    struct choice choice = run();
    assert_int_equal(choice.bound[1], 0);
    assert_int_equal(choice.words[0].reason, DECIDE_KEPT_FOR_COVER);
    town.people[0].load = 2;
    assert_int_equal(run().bound[0], 0);
}

static void test_the_scarce_place_takes_its_only_one(void **state)
{
    (void)state;
    begin(2, 2);
    town.seconds[0] = 10;
    town.seconds[1] = 500;
    forbid(1, 1);
    struct choice choice = run();
    assert_true(choice.bound[0] == 1 && choice.bound[1] == 0);
    assert_int_equal(choice.words[0].reason, DECIDE_NEEDED_ELSEWHERE);
}

/* One place, 100 s or 90 s + late: what is late costs more than its seconds. */
static void test_in_time_for_both_is_better_than_early_for_one(void **state)
{
    (void)state;
    begin(2, 2);
    town.slots[0].target_s = 200;
    town.slots[1].target_s = 600;
    town.seconds[0] = 100;
    town.seconds[1] = 300;
    struct choice choice = run();
    assert_true(choice.bound[0] == 0 && choice.bound[1] == 1);
    town.slots[0].target_s = 600;
    town.slots[1].target_s = 200;
    choice = run();
    assert_true(choice.bound[0] == 1 && choice.bound[1] == 0);
}

static void test_a_place_that_is_not_to_be_filled_now_binds_nobody(void **state)
{
    (void)state;
    begin(2, 1);
    town.slots[0].places = 0;
    town.seconds[0] = 100;
    town.seconds[1] = 300;
    struct choice choice = run();
    assert_true(choice.bound[0] == CHOICE_NONE && choice.bound[1] == CHOICE_NONE);
    assert_true(choice.rank[0] > 0 && choice.rank[0] < choice.rank[1]);
}

static void test_nobody_and_nothing_give_nothing(void **state)
{
    (void)state;
    begin(0, 1);
    (void)run();
    begin(2, 1);
    town.slots[0].open = false;
    struct choice choice = run();
    assert_true(choice.bound[0] == CHOICE_NONE && !choice.words[0].weighed);
}

/* ---- at random ---- */

static uint64_t seed = 20261124;
static uint32_t draw(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed % below);
}

static void build(void)
{
    begin(draw(PEOPLE_MAX + 1), 1 + draw(SLOTS_MAX));
    for (size_t i = 0; i < town.found.count; i++) {
        town.people[i].force = (Genxi__Force)(1 + draw(4));
        town.people[i].load = draw(4);
        town.people[i].alerts = draw(4);
        town.seconds[i] = 1 + draw(900);
        for (size_t s = 0; s < town.query.slot_count; s++) {
            struct view *view = &town.views[i * town.query.slot_count + s];
            view->rule = draw(3) == 0 ? RULE_NONE : RULE_BUSY;
            view->too_far = draw(9) == 0;
        }
    }
    for (size_t s = 0; s < town.query.slot_count; s++) {
        town.slots[s] = (struct choice_slot){draw(5), draw(5) != 0, draw(2) * 300};
    }
    town.query.grade = 1 + draw(4);
    town.query.waited_ms = draw(600000);
}

static bool may(size_t person, size_t slot)
{
    const struct view *view = &town.views[person * town.query.slot_count + slot];
    return town.slots[slot].open && view->rule == RULE_NONE && !view->too_far;
}

static void check_lawful(const struct choice *choice)
{
    uint32_t got[SLOTS_MAX] = {0};
    for (size_t p = 0; p < town.found.count; p++) {
        bool any = false;
        for (size_t s = 0; s < town.query.slot_count; s++) {
            any = any || may(p, s);
        }
        assert_true(any == (choice->rank[p] != UINT32_MAX));
        if (choice->bound[p] != CHOICE_NONE) {
            assert_true(may(p, choice->bound[p]) && choice->rank[p] == 0);
            got[choice->bound[p]]++;
        }
    }
    for (size_t s = 0; s < town.query.slot_count; s++) {
        assert_true(got[s] <= (town.slots[s].open ? town.slots[s].places : 0));
        /* A place stays empty only when all who fit have another. */
        for (size_t p = 0; p < town.found.count && got[s] < town.slots[s].places; p++) {
            assert_true(choice->bound[p] != CHOICE_NONE || !may(p, s));
        }
    }
}

/* The same people told in another order. */
static void turn_round(size_t *was_at)
{
    struct town before = town;
    size_t count = town.found.count;
    size_t slots = town.query.slot_count;
    for (size_t i = 0; i < count; i++) {
        was_at[i] = (i + 7) % count;
        town.people[i] = before.people[was_at[i]];
        town.seconds[i] = before.seconds[was_at[i]];
        memcpy(&town.views[i * slots], &before.views[was_at[i] * slots],
               slots * sizeof(struct view));
    }
}

static void test_random_towns_are_served_lawfully_and_alike(void **state)
{
    (void)state;
    size_t total = 0;
    for (int round = 0; round < ROUNDS; round++) {
        size_t was_at[PEOPLE_MAX];
        build();
        struct choice choice = run();
        check_lawful(&choice);
        turn_round(was_at);
        struct choice again = run();
        for (size_t i = 0; i < town.found.count; i++) {
            total += again.bound[i] != CHOICE_NONE ? 1 : 0;
            assert_true(again.bound[i] == choice.bound[was_at[i]]);
            assert_true(again.rank[i] == choice.rank[was_at[i]]);
            for (size_t s = 0; s < town.query.slot_count; s++) {
                const struct choice_word *x = &again.words[i * town.query.slot_count + s];
                const struct choice_word *y = &choice.words[was_at[i] * town.query.slot_count + s];
                assert_true(x->weighed == y->weighed && x->reason == y->reason &&
                            x->cost_ms == y->cost_ms);
            }
        }
    }
    assert_true(total > ROUNDS); /* the towns were not all empty */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_quickest_are_chosen),
        TEST(test_about_the_same_time_is_settled_by_alerts_then_load),
        TEST(test_many_tasks_weigh_against_some_seconds),
        TEST(test_the_scarce_place_takes_its_only_one),
        TEST(test_in_time_for_both_is_better_than_early_for_one),
        TEST(test_a_place_that_is_not_to_be_filled_now_binds_nobody),
        TEST(test_nobody_and_nothing_give_nothing),
        TEST(test_random_towns_are_served_lawfully_and_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
