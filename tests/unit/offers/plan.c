/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: as many as the target needs and no more; a refusal is replaced at once, a stale offer before it expires; wider only when it must
 * be; nobody over the bound; the same for any order of the input.
 */
#include "check.h"

#include "offers/offers.h"

#include <string.h>

enum {
    PEOPLE_MAX = 60,
    SLOTS_MAX = 4,
    OPEN_MAX = 30,
    ROUNDS = 1500,
    GUARD = 2
};

static struct odds_times prior_times;
static const struct odds_chance CHANCE = {.accept = 0.30, .decline = 0.35};

struct scene {
    struct offers_policy policy;
    struct offers_slot slots[SLOTS_MAX];
    size_t slot_count;
    struct offers_candidate people[PEOPLE_MAX];
    char ids[PEOPLE_MAX][24];
    bool fits[PEOPLE_MAX][SLOTS_MAX];
    size_t count;
    struct offers_open open[OPEN_MAX];
    char open_ids[OPEN_MAX][24];
    size_t open_count;
    struct gx_arena arena;
};

static struct scene scene;

static int set_up(void **state)
{
    (void)state;
    struct odds odds;
    odds_init(&odds, &ODDS_POLICY_DEFAULT);
    odds_times(&odds, GUARD, 1795000000000, &prior_times);
    memset(&scene, 0, sizeof scene);
    scene.policy = OFFERS_POLICY_DEFAULT;
    scene.slot_count = 1;
    scene.slots[0] =
        (struct offers_slot){.wanted = 1, .grade = 2, .within_seconds = 300, .offer_ms = 30000};
    gx_arena_init(&scene.arena, 1 << 22);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gx_arena_done(&scene.arena);
    return 0;
}

static struct offers_candidate *person(uint32_t seconds)
{
    size_t n = scene.count++;
    (void)snprintf(scene.ids[n], sizeof scene.ids[n], "p%02zu", n);
    scene.fits[n][0] = true;
    scene.people[n] = (struct offers_candidate){
        .id = scene.ids[n],
        .rank = seconds / 20,
        .seconds = seconds,
        .force = GUARD,
        .chance = CHANCE,
        .times = &prior_times,
        .fits = scene.fits[n],
    };
    return &scene.people[n];
}

static void people(size_t count, uint32_t from_seconds, uint32_t step)
{
    for (uint32_t i = 0; i < count; i++) {
        (void)person(from_seconds + i * step);
    }
}

static struct offers_open *offer(size_t slot, uint32_t age_ms)
{
    size_t n = scene.open_count++;
    (void)snprintf(scene.open_ids[n], sizeof scene.open_ids[n], "o%02zu", n);
    scene.open[n] = (struct offers_open){
        .id = scene.open_ids[n],
        .slot = slot,
        .age_ms = age_ms,
        .left_ms = scene.slots[slot].offer_ms - age_ms,
        .seconds = 100,
        .chance = CHANCE,
        .times = &prior_times,
    };
    return &scene.open[n];
}

/* The arena lives until the next plan. */
static struct offers_plan plan(void)
{
    struct offers_plan result;
    const struct offers_state state = {scene.slots, scene.slot_count, scene.people,
                                       scene.count, scene.open,       scene.open_count};
    gx_arena_reset(&scene.arena);
    assert_int_equal(offers_plan(&scene.arena, &scene.policy, &state, &result), GX_OK);
    return result;
}

/* The plan's asks become open offers of that age, and their people are gone. */
static void carry_out(const struct offers_plan *made, uint32_t age_ms)
{
    bool asked[PEOPLE_MAX] = {false};
    for (size_t i = 0; i < made->ask_count; i++) {
        asked[made->asks[i].candidate] = true;
        struct offers_open *open = offer(made->asks[i].slot, age_ms);
        open->seconds = scene.people[made->asks[i].candidate].seconds;
    }
    size_t kept = 0;
    for (size_t i = 0; i < scene.count; i++) {
        if (!asked[i]) {
            scene.people[kept++] = scene.people[i];
        }
    }
    scene.count = kept;
    for (size_t s = 0; s < scene.slot_count; s++) {
        scene.slots[s].phase = made->slots[s].phase;
    }
}

static void test_asks_until_the_target_and_no_more(void **state)
{
    (void)state;
    people(40, 60, 5);
    for (uint32_t grade = 1; grade <= OFFERS_GRADES; grade++) {
        scene.slots[0].grade = grade;
        struct offers_plan made = plan();
        double target = scene.policy.target[grade - 1];
        assert_true(made.ask_count >= 2);
        assert_true(made.slots[0].chance >= target);
        /* Without the last one it was below: nobody is asked for nothing. */
        assert_true(made.asks[made.ask_count - 2].chance < target);
        for (size_t i = 0; i < made.ask_count; i++) {
            assert_int_equal(made.asks[i].candidate, i); /* in rank order */
        }
    }
}

static void test_higher_grade_and_lower_odds_ask_more(void **state)
{
    (void)state;
    people(40, 60, 5);
    size_t usual = plan().ask_count;
    scene.slots[0].grade = 1;
    assert_true(plan().ask_count > usual);
    scene.slots[0].grade = 2;
    for (size_t i = 0; i < scene.count; i++) {
        scene.people[i].chance.accept = 0.6;
    }
    assert_true(plan().ask_count < usual);
    for (size_t i = 0; i < scene.count; i++) {
        scene.people[i].chance.accept = 1.0;
        scene.people[i].chance.decline = 0.0;
    }
    scene.slots[0].grade = 4;
    assert_int_equal(plan().ask_count, 1);
}

static void test_full_slot_asks_nobody_and_withdraws_the_farthest_first(void **state)
{
    (void)state;
    people(5, 60, 5);
    scene.slots[0].wanted = 0;
    offer(0, 1000)->seconds = 100;
    offer(0, 1000)->seconds = 300;
    offer(0, 1000)->seconds = 200;
    struct offers_plan made = plan();
    assert_int_equal(made.ask_count, 0);
    assert_int_equal(made.look_ms, 0);
    assert_int_equal(made.withdraw_count, 3);
    assert_int_equal(made.withdraw[0], 1);
    assert_int_equal(made.withdraw[1], 2);
    assert_int_equal(made.withdraw[2], 0);
}

static void test_refusal_is_replaced_at_once_by_one(void **state)
{
    (void)state;
    people(40, 60, 5);
    struct offers_plan made = plan();
    carry_out(&made, 0);
    assert_int_equal(plan().ask_count, 0);
    scene.open_count--; /* the last one says no */
    assert_int_equal(plan().ask_count, 1);
}

static void test_stale_offers_are_replaced_before_they_expire(void **state)
{
    (void)state;
    people(40, 60, 5);
    scene.slots[0].offer_ms = 120000;
    struct offers_plan made = plan();
    uint32_t look = made.look_ms;
    assert_in_range(look, scene.policy.look_least_ms, 60000);
    carry_out(&made, 0);
    for (size_t i = 0; i < scene.open_count; i++) {
        scene.open[i].age_ms = look;
        scene.open[i].left_ms = 120000 - look;
    }
    assert_in_range(plan().ask_count, 1, 3);
    for (size_t i = 0; i < scene.open_count; i++) {
        scene.open[i].age_ms = 90000;
        scene.open[i].left_ms = 30000;
    }
    assert_in_range(plan().ask_count, made.ask_count - 2, made.ask_count);
}

/* The slot's chance with its offers that old and nobody more asked. */
static double chance_at(uint32_t age_ms)
{
    for (size_t i = 0; i < scene.open_count; i++) {
        scene.open[i].age_ms = age_ms;
        scene.open[i].left_ms = scene.slots[0].offer_ms - age_ms;
    }
    scene.policy.asks_per_place = 0;
    return plan().slots[0].chance;
}

static void test_next_look_is_when_the_chance_has_sunk(void **state)
{
    (void)state;
    people(40, 60, 5);
    scene.slots[0].offer_ms = 120000;
    scene.policy.look_least_ms = 1000;
    struct offers_plan made = plan();
    carry_out(&made, 0);
    assert_int_equal(plan().look_ms, made.look_ms); /* asked or open: the same */
    double least = scene.policy.target[1] - scene.policy.slack;
    assert_true(made.look_ms > 2000);
    assert_true(chance_at(made.look_ms) < least);
    assert_true(chance_at(made.look_ms - 1000) >= least);
}

static void test_never_over_the_bound_of_alerts(void **state)
{
    (void)state;
    uint32_t most = scene.policy.alerts_max[GUARD];
    people(30, 60, 5);
    for (size_t i = 0; i < scene.count; i++) {
        scene.people[i].alerts = i % 2 == 0 ? most : most - 1;
    }
    struct offers_plan made = plan();
    assert_true(made.ask_count > 0);
    for (size_t i = 0; i < made.ask_count; i++) {
        assert_int_equal(made.asks[i].candidate % 2, 1);
    }
    for (size_t i = 0; i < scene.count; i++) {
        scene.people[i].alerts = most;
    }
    made = plan();
    assert_int_equal(made.ask_count, 0);
    assert_true(made.slots[0].spent);
    assert_int_equal(made.look_ms, scene.policy.retry_ms);
    scene.policy.alerts_max[GUARD] = 0; /* no bound: it is their work */
    assert_true(plan().ask_count > 0);
}

static void test_equal_rank_goes_to_the_less_alerted(void **state)
{
    (void)state;
    scene.policy.asks_per_place = 1;
    person(101)->alerts = 7;
    person(119)->alerts = 2;
    assert_int_equal(plan().asks[0].candidate, 1);
    scene.people[1].alerts = 7;
    scene.people[1].load = 1;
    assert_int_equal(plan().asks[0].candidate, 0);
    /* Never against the rank. */
    scene.people[0].rank = 9;
    assert_int_equal(plan().asks[0].candidate, 1);
}

static void test_widens_only_when_the_near_do_not_suffice(void **state)
{
    (void)state;
    people(20, 60, 5);
    people(20, 310, 5); /* within 1.5 times the minutes */
    struct offers_plan made = plan();
    assert_int_equal(made.slots[0].phase, 0);
    for (size_t i = 0; i < made.ask_count; i++) {
        assert_true(scene.people[made.asks[i].candidate].seconds <= 300);
    }
    memmove(scene.people, &scene.people[18], 22 * sizeof scene.people[0]);
    scene.count = 22; /* two near ones are left */
    made = plan();
    assert_int_equal(made.slots[0].phase, 1);
    assert_true(made.ask_count > 2);
    assert_true(scene.people[made.asks[0].candidate].seconds <= 300);
    assert_true(scene.people[made.asks[1].candidate].seconds <= 300);
    assert_true(scene.people[made.asks[2].candidate].seconds > 300);
    assert_false(made.slots[0].spent);
}

static void test_wider_phase_waits_while_the_near_may_suffice(void **state)
{
    (void)state;
    scene.slots[0].grade = 3;
    (void)person(60);
    (void)person(65);
    person(400);
    scene.people[0].chance.accept = 0.5;
    struct offers_plan made = plan();
    assert_int_equal(made.ask_count, 2);
    assert_true(made.slots[0].chance < scene.policy.target[2]);
    assert_false(made.slots[0].spent);
    assert_true(made.look_ms < 30000);
    carry_out(&made, made.look_ms);
    while (scene.open[0].age_ms < 29000 && plan().ask_count == 0) {
        for (size_t i = 0; i < scene.open_count; i++) {
            scene.open[i].age_ms += 1000;
            scene.open[i].left_ms -= 1000;
        }
    }
    assert_true(scene.open[0].left_ms >
                1000); /* the far one is asked before the near ones expire */
    assert_int_equal(plan().slots[0].phase, 1);
}

static void test_one_look_never_asks_beyond_its_share(void **state)
{
    (void)state;
    people(50, 60, 3);
    for (size_t i = 0; i < scene.count; i++) {
        scene.people[i].chance.accept = 0.001;
    }
    assert_int_equal(plan().ask_count, scene.policy.asks_per_place);
}

static void test_scarce_slot_is_served_first(void **state)
{
    (void)state;
    scene.slot_count = 2;
    scene.slots[1] = scene.slots[0];
    people(20, 60, 5);
    scene.fits[0][1] = true; /* the nearest is the only one for slot 1 */
    struct offers_plan made = plan();
    size_t served = 0;
    for (size_t i = 0; i < made.ask_count; i++) {
        served += made.asks[i].slot == 1 && made.asks[i].candidate == 0 ? 1U : 0U;
    }
    assert_int_equal(served, 1);
    assert_true(made.slots[1].spent);
    assert_false(made.slots[0].spent);
}

static void test_stand_down_sends_the_farthest_not_yet_left_first(void **state)
{
    (void)state;
    const struct offers_accepted accepted[] = {{"a", 100, false, false}, {"b", 300, true, false},
                                               {"c", 200, false, false}, {"d", 0, true, true},
                                               {"e", 200, false, false}, {"f", 90, true, false}};
    size_t order[6];
    assert_int_equal(offers_stand_down(accepted, 6, 2, order), 4);
    assert_int_equal(order[0], 2); /* c before e: a tie by id */
    assert_int_equal(order[1], 4);
    assert_int_equal(order[2], 0);
    assert_int_equal(order[3], 1);
    assert_int_equal(offers_stand_down(accepted, 6, 0, order), 5); /* d is there and stays */
    assert_int_equal(offers_stand_down(accepted, 6, 6, order), 0);
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

static void random_people(void)
{
    scene.count = 0;
    size_t count = draw(PEOPLE_MAX + 1);
    while (scene.count < count) {
        struct offers_candidate *c = person(1 + draw(1500));
        c->alerts = draw(45);
        c->load = draw(3);
        c->force = 1 + (int)draw(4);
        c->chance.accept = 0.05 + 0.01 * draw(60);
        for (size_t s = 0; s < scene.slot_count; s++) {
            scene.fits[scene.count - 1][s] = draw(2) == 0;
        }
    }
}

static void random_scene(void)
{
    scene.slot_count = 1 + draw(SLOTS_MAX);
    for (size_t s = 0; s < scene.slot_count; s++) {
        scene.slots[s] = (struct offers_slot){.wanted = draw(5),
                                              .grade = 1 + draw(4),
                                              .within_seconds = draw(4) * 150,
                                              .offer_ms = 15000 + draw(4) * 15000,
                                              .phase = draw(OFFERS_PHASES)};
    }
    random_people();
    scene.open_count = 0;
    for (size_t i = draw(OPEN_MAX); i > 0; i--) {
        offer(draw((uint32_t)scene.slot_count), draw(15000))->seconds = draw(900);
    }
}

static void check_lawful(const struct offers_plan *made)
{
    bool seen[PEOPLE_MAX] = {false};
    uint32_t asked[SLOTS_MAX] = {0};
    for (size_t i = 0; i < made->ask_count; i++) {
        const struct offers_ask *ask = &made->asks[i];
        const struct offers_candidate *c = &scene.people[ask->candidate];
        uint32_t most = scene.policy.alerts_max[c->force];
        assert_false(seen[ask->candidate]);
        seen[ask->candidate] = true;
        assert_true(c->fits[ask->slot]);
        assert_true(most == 0 || c->alerts < most);
        assert_true(scene.slots[ask->slot].wanted > 0);
        asked[ask->slot]++;
    }
    for (size_t s = 0; s < scene.slot_count; s++) {
        uint32_t wanted = scene.slots[s].wanted;
        assert_true(asked[s] <= wanted * scene.policy.asks_per_place);
        assert_true(made->slots[s].phase >= scene.slots[s].phase);
        /* Every open place is looked after. */
        assert_true(wanted == 0 ||
                    (made->look_ms > 0 && made->look_ms <= scene.policy.look_most_ms));
    }
}

static void swap_people(void)
{
    for (size_t i = scene.count; i > 1; i--) {
        size_t j = draw((uint32_t)i);
        struct offers_candidate other = scene.people[i - 1];
        scene.people[i - 1] = scene.people[j];
        scene.people[j] = other;
    }
    for (size_t i = scene.open_count; i > 1; i--) {
        size_t j = draw((uint32_t)i);
        struct offers_open other = scene.open[i - 1];
        scene.open[i - 1] = scene.open[j];
        scene.open[j] = other;
    }
}

static void test_random_plans_are_lawful_and_alike_in_any_order(void **state)
{
    (void)state;
    size_t total = 0;
    for (int round = 0; round < ROUNDS; round++) {
        const char *asked[PEOPLE_MAX];
        const char *withdrawn[OPEN_MAX];
        random_scene();
        struct offers_plan made = plan();
        check_lawful(&made);
        size_t count = made.ask_count;
        size_t back = made.withdraw_count;
        uint32_t look = made.look_ms;
        for (size_t i = 0; i < count; i++) {
            asked[i] = scene.people[made.asks[i].candidate].id;
        }
        for (size_t i = 0; i < back; i++) {
            withdrawn[i] = scene.open[made.withdraw[i]].id;
        }
        swap_people();
        made = plan();
        assert_int_equal(made.ask_count, count);
        assert_int_equal(made.withdraw_count, back);
        assert_int_equal(made.look_ms, look);
        for (size_t i = 0; i < count; i++) {
            assert_string_equal(scene.people[made.asks[i].candidate].id, asked[i]);
        }
        for (size_t i = 0; i < back; i++) {
            assert_string_equal(scene.open[made.withdraw[i]].id, withdrawn[i]);
        }
        total += count;
    }
    assert_true(total > ROUNDS);
}

static void test_spent_arena_is_said(void **state)
{
    (void)state;
    people(30, 60, 5);
    const struct offers_state all = {scene.slots, 1, scene.people, scene.count, NULL, 0};
    struct gx_arena small;
    struct offers_plan made;
    gx_arena_init(&small, 64);
    assert_int_equal(offers_plan(&small, &scene.policy, &all, &made), GX_LIMIT);
    gx_arena_done(&small);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_asks_until_the_target_and_no_more),
        T(test_higher_grade_and_lower_odds_ask_more),
        T(test_full_slot_asks_nobody_and_withdraws_the_farthest_first),
        T(test_refusal_is_replaced_at_once_by_one),
        T(test_stale_offers_are_replaced_before_they_expire),
        T(test_next_look_is_when_the_chance_has_sunk),
        T(test_never_over_the_bound_of_alerts),
        T(test_equal_rank_goes_to_the_less_alerted),
        T(test_widens_only_when_the_near_do_not_suffice),
        T(test_wider_phase_waits_while_the_near_may_suffice),
        T(test_one_look_never_asks_beyond_its_share),
        T(test_scarce_slot_is_served_first),
        T(test_stand_down_sends_the_farthest_not_yet_left_first),
        T(test_random_plans_are_lawful_and_alike_in_any_order),
        T(test_spent_arena_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
