/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choice of a moment: hard rules hold, order plays no part, nobody is sent back and forth, the urgent come first, the
 * reasons are true, idle crews spread out.
 */
#include "check.h"

#include "dispatch/decide.h"
#include "grid.h"

#include <string.h>

enum {
    CREWS_MAX = 24,
    SLOTS_MAX = 12,
    ROUNDS = 300
};

static uint64_t seed = 42424242;

static uint32_t pick(uint32_t count)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed % count);
}

/* A moment and what it points to. */
struct town {
    struct decide_crew crews[CREWS_MAX];
    struct decide_slot slots[SLOTS_MAX];
    uint32_t place[SLOTS_MAX];
    uint32_t travel[SLOTS_MAX * CREWS_MAX];
    bool fits[SLOTS_MAX * CREWS_MAX];
    struct decide_force force;
    struct decide_moment moment;
};

static void measure(struct town *town)
{
    struct decide_moment *m = &town->moment;
    for (size_t s = 0; s < m->slot_count; s++) {
        for (size_t c = 0; c < m->crew_count; c++) {
            struct city_place at = town->crews[c].at;
            town->travel[s * m->crew_count + c] = grid_ms(at.node, town->place[s]) + at.offset_ms;
        }
    }
}

static void set_up(struct town *town, const struct city *cover, size_t crews, size_t slots)
{
    memset(town, 0, sizeof *town);
    town->force = (struct decide_force){cover, {.idle = 0.85F, .busy = 0.2F, .driving = 0.05F}};
    town->moment = (struct decide_moment){.crews = town->crews,
                                          .crew_count = crews,
                                          .slots = town->slots,
                                          .slot_count = slots,
                                          .travel_ms = town->travel,
                                          .forces = &town->force,
                                          .force_count = 1};
    for (size_t c = 0; c < crews; c++) {
        town->crews[c] = (struct decide_crew){.id = (uint32_t)(100 + c),
                                              .state = DECIDE_IDLE,
                                              .at = {pick(GRID_NODES), pick(5000)},
                                              .slot = DECIDE_NOBODY,
                                              .post = BOARD_NO_POST,
                                              .movable = true};
    }
    for (size_t s = 0; s < slots; s++) {
        town->place[s] = pick(GRID_NODES);
        town->slots[s] = (struct decide_slot){
            .id = (uint32_t)s, .priority = 1 + pick(3), .weight = 1000, .waited_ms = pick(100000)};
    }
    measure(town);
}

/* The same moment told in another order. */
static void shuffle(const struct town *from, struct town *to, size_t *crew_at, size_t *slot_at)
{
    size_t crews = from->moment.crew_count;
    size_t slots = from->moment.slot_count;
    *to = *from;
    to->moment.crews = to->crews;
    to->moment.slots = to->slots;
    to->moment.travel_ms = to->travel;
    to->moment.fits = from->moment.fits == NULL ? NULL : to->fits;
    to->moment.forces = &to->force;
    for (size_t i = 0; i < crews; i++) {
        crew_at[i] = crews - 1 - i;
    }
    for (size_t i = 0; i < slots; i++) {
        slot_at[i] = (i + 1) % slots;
    }
    for (size_t i = 0; i < crews; i++) {
        to->crews[crew_at[i]] = from->crews[i];
        if (from->crews[i].slot != DECIDE_NOBODY) {
            to->crews[crew_at[i]].slot = (int32_t)slot_at[from->crews[i].slot];
        }
    }
    for (size_t s = 0; s < slots; s++) {
        to->slots[slot_at[s]] = from->slots[s];
        for (size_t i = 0; i < crews; i++) {
            to->travel[slot_at[s] * crews + crew_at[i]] = from->travel[s * crews + i];
            to->fits[slot_at[s] * crews + crew_at[i]] = from->fits[s * crews + i];
        }
    }
}

static void test_order_plays_no_part(void **state)
{
    const struct city *cover = *state;
    struct decide *decide = decide_new();
    for (int round = 0; round < ROUNDS; round++) {
        static struct town town;
        static struct town other;
        size_t crew_at[CREWS_MAX];
        size_t slot_at[SLOTS_MAX];
        int32_t chosen[SLOTS_MAX];
        int32_t again[SLOTS_MAX];
        int32_t post[CREWS_MAX];
        int32_t post_again[CREWS_MAX];
        set_up(&town, cover, 1 + pick(CREWS_MAX), 1 + pick(SLOTS_MAX));
        shuffle(&town, &other, crew_at, slot_at);
        struct decide_outcome a = decide_assign(decide, &town.moment, chosen);
        struct decide_outcome b = decide_assign(decide, &other.moment, again);
        assert_true(a.cost_ms == b.cost_ms && a.bound_ms == b.bound_ms && a.exact);
        for (size_t s = 0; s < town.moment.slot_count; s++) {
            int32_t expected =
                chosen[s] == DECIDE_NOBODY ? DECIDE_NOBODY : (int32_t)crew_at[chosen[s]];
            assert_int_equal(again[slot_at[s]], expected);
        }
        if (round % 30 == 0) {
            decide_posts(decide, &town.moment, post);
            decide_posts(decide, &other.moment, post_again);
            for (size_t c = 0; c < town.moment.crew_count; c++) {
                assert_int_equal(post_again[crew_at[c]], post[c]);
            }
        }
    }
    decide_free(decide);
}

static void test_hard_rules_hold_and_nobody_goes_twice(void **state)
{
    const struct city *cover = *state;
    struct decide *decide = decide_new();
    size_t empty = 0;
    for (int round = 0; round < ROUNDS; round++) {
        static struct town town;
        int32_t chosen[SLOTS_MAX];
        bool taken[CREWS_MAX] = {false};
        set_up(&town, cover, 1 + pick(CREWS_MAX), 1 + pick(SLOTS_MAX));
        size_t crews = town.moment.crew_count;
        for (size_t i = 0; i < crews * town.moment.slot_count; i++) {
            town.fits[i] = pick(3) == 0;
        }
        for (size_t c = 0; c < crews; c++) {
            town.crews[c].state = pick(4) == 0 ? DECIDE_BUSY : DECIDE_IDLE;
        }
        town.moment.fits = town.fits;
        (void)decide_assign(decide, &town.moment, chosen);
        for (size_t s = 0; s < town.moment.slot_count; s++) {
            if (chosen[s] == DECIDE_NOBODY) {
                empty++;
                continue;
            }
            size_t c = (size_t)chosen[s];
            assert_true(town.fits[s * crews + c] && !taken[c]);
            assert_int_equal(town.crews[c].state, DECIDE_IDLE);
            taken[c] = true;
        }
        /* Nobody waits while somebody free could go. */
        for (size_t s = 0; s < town.moment.slot_count; s++) {
            for (size_t c = 0; chosen[s] == DECIDE_NOBODY && c < crews; c++) {
                assert_true(taken[c] || town.crews[c].state != DECIDE_IDLE ||
                            !town.fits[s * crews + c]);
            }
        }
    }
    assert_true(empty > 0);
    decide_free(decide);
}

static void test_who_waits_is_the_least_urgent(void **state)
{
    static struct town town;
    struct decide *decide = decide_new();
    int32_t chosen[SLOTS_MAX];
    set_up(&town, *state, 2, 3);
    town.slots[0].priority = 3;
    town.slots[1].priority = 1;
    town.slots[2].priority = 2;
    town.place[0] = town.crews[0].at.node; /* the nearest, and yet it waits */
    measure(&town);
    (void)decide_assign(decide, &town.moment, chosen);
    assert_int_equal(chosen[0], DECIDE_NOBODY);
    assert_true(chosen[1] != DECIDE_NOBODY && chosen[2] != DECIDE_NOBODY);
    decide_free(decide);
}

/* Two crews under way, each a little nearer to the other's call now. */
static void test_nobody_turns_for_seconds(void **state)
{
    static struct town town;
    struct decide *decide = decide_new();
    int32_t chosen[SLOTS_MAX];
    set_up(&town, *state, 2, 2);
    for (size_t i = 0; i < 2; i++) {
        town.crews[i].state = DECIDE_UNDER_WAY;
        town.crews[i].slot = (int32_t)i;
        town.crews[i].at = (struct city_place){grid_node(20, 20), 0};
        town.place[i] = grid_node(20, i == 0 ? 10 : 30);
        town.crews[i].goal = town.place[i];
        town.slots[i].waited_ms = 60000;
    }
    for (size_t i = 0; i < 4; i++) {
        town.travel[i] = i % 3 == 0 ? 100000 : 97000; /* three seconds nearer to the other's */
    }
    struct decide_outcome outcome = decide_assign(decide, &town.moment, chosen);
    assert_int_equal(outcome.turned, 0);
    assert_true(chosen[0] == 0 && chosen[1] == 1);
    /* But for minutes they turn, and then stay turned. */
    town.crews[0].at.node = grid_node(20, 29);
    town.crews[1].at.node = grid_node(20, 11);
    measure(&town);
    outcome = decide_assign(decide, &town.moment, chosen);
    assert_int_equal(outcome.turned, 2);
    assert_true(chosen[0] == 1 && chosen[1] == 0);
    town.crews[0].slot = 1;
    town.crews[1].slot = 0;
    outcome = decide_assign(decide, &town.moment, chosen);
    assert_int_equal(outcome.turned, 0);
    decide_free(decide);
}

/* Driven through time, with crews moving towards their calls, nobody's call changes when nothing else does. */
static void test_no_ping_pong_while_driving(void **state)
{
    struct decide *decide = decide_new();
    for (int round = 0; round < 50; round++) {
        static struct town town;
        int32_t chosen[SLOTS_MAX];
        set_up(&town, *state, 8, 4);
        (void)decide_assign(decide, &town.moment, chosen);
        for (size_t s = 0; s < 4; s++) {
            town.crews[chosen[s]].state = DECIDE_UNDER_WAY;
            town.crews[chosen[s]].slot = (int32_t)s;
            town.crews[chosen[s]].goal = town.place[s];
        }
        size_t turned = 0;
        for (int step = 0; step < 20; step++) {
            for (size_t s = 0; s < 4; s++) {
                town.slots[s].waited_ms += 5000;
            }
            for (size_t c = 0; c < 8; c++) {
                if (town.crews[c].state == DECIDE_UNDER_WAY && town.crews[c].at.offset_ms >= 5000) {
                    town.crews[c].at.offset_ms -= 5000;
                } else if (town.crews[c].state == DECIDE_UNDER_WAY) {
                    uint32_t goal = town.crews[c].goal;
                    uint32_t node = town.crews[c].at.node;
                    uint32_t x = node % GRID_SIDE;
                    uint32_t y = node / GRID_SIDE;
                    x = x < goal % GRID_SIDE ? x + 1 : x > goal % GRID_SIDE ? x - 1 : x;
                    y = x != node % GRID_SIDE  ? y
                        : y < goal / GRID_SIDE ? y + 1
                        : y > goal / GRID_SIDE ? y - 1
                                               : y;
                    town.crews[c].at = (struct city_place){grid_node(x, y), 5000};
                }
            }
            measure(&town);
            turned += decide_assign(decide, &town.moment, chosen).turned;
            for (size_t s = 0; s < 4; s++) {
                for (size_t c = 0; c < 8; c++) {
                    if (town.crews[c].slot == (int32_t)s && chosen[s] != (int32_t)c) {
                        town.crews[c].state = DECIDE_IDLE;
                        town.crews[c].slot = DECIDE_NOBODY;
                    }
                }
                town.crews[chosen[s]].state = DECIDE_UNDER_WAY;
                town.crews[chosen[s]].slot = (int32_t)s;
                town.crews[chosen[s]].goal = town.place[s];
            }
        }
        /* The values of holes shift as crews drive; a turn may pay once, never again and again. */
        assert_in_range(turned, 0, 2);
    }
    decide_free(decide);
}

/* The more crews were turned lately, the dearer it is; and that is forgotten again. */
static void test_turning_grows_dear_and_is_forgotten(void **state)
{
    struct tempo tempo = {.gaps = 0};
    for (int call = 0; call < 400; call++) {
        tempo_call(&tempo, call * 1000 + 1);
        tempo_turned(&tempo, call % 2 == 0 ? 1 : 0);
    }
    float dear = tempo_chances(&tempo, 200000, 5).turning;
    assert_true(dear > 20.0F);
    for (int call = 400; call < 1200; call++) {
        tempo_call(&tempo, call * 1000 + 1);
    }
    assert_true(tempo_chances(&tempo, 200000, 5).turning <= 1.0F);
    /* One gap a second and five idle crews: hardly anybody is left after 200 s; the floor holds. */
    assert_true(tempo_chances(&tempo, 200000, 5).idle >= 0.5F);
    static struct town town;
    struct decide *decide = decide_new();
    int32_t chosen[SLOTS_MAX];
    set_up(&town, *state, 2, 2);
    for (size_t i = 0; i < 2; i++) {
        town.crews[i].state = DECIDE_UNDER_WAY;
        town.crews[i].slot = (int32_t)i;
        town.crews[i].at.node = grid_node(20, i == 0 ? 24 : 16);
        town.place[i] = grid_node(20, i == 0 ? 10 : 30);
        town.crews[i].goal = town.place[i];
        town.slots[i].waited_ms = 0;
    }
    measure(&town);
    assert_int_equal(decide_assign(decide, &town.moment, chosen).turned, 2);
    town.force.chances.turning = dear;
    assert_int_equal(decide_assign(decide, &town.moment, chosen).turned, 0);
    decide_free(decide);
}

static void test_reasons_are_true(void **state)
{
    static struct town town;
    struct decide *decide = decide_new();
    int32_t chosen[SLOTS_MAX];
    struct decide_rank ranks[CREWS_MAX];
    set_up(&town, *state, 5, 2);
    const uint32_t nodes[] = {grid_node(5, 5), grid_node(6, 5), grid_node(30, 30), grid_node(4, 5),
                              grid_node(39, 0)};
    for (size_t c = 0; c < 5; c++) {
        town.crews[c].at = (struct city_place){nodes[c], 0};
    }
    town.place[0] = grid_node(5, 6);
    town.place[1] = grid_node(6, 5);
    town.crews[3].state = DECIDE_BUSY;
    for (size_t i = 0; i < 10; i++) {
        town.fits[i] = true;
    }
    town.fits[0 * 5 + 0] = false; /* crew 0 may not go to slot 0 */
    town.moment.fits = town.fits;
    measure(&town);
    town.travel[0 * 5 + 4] = DECIDE_NEVER;
    (void)decide_assign(decide, &town.moment, chosen);
    decide_explain(decide, &town.moment, chosen, 0, ranks);
    size_t told = 0;
    for (size_t i = 0; i < 5; i++) {
        switch (ranks[i].crew) {
        case 0:
            assert_int_equal(ranks[i].reason, DECIDE_HARD_RULE);
            break;
        case 1:
            assert_int_equal(ranks[i].reason,
                             chosen[0] == 1 ? DECIDE_CHOSEN : DECIDE_NEEDED_ELSEWHERE);
            break;
        case 2:
            assert_int_equal(ranks[i].reason, chosen[0] == 2 ? DECIDE_CHOSEN : DECIDE_SLOWER);
            break;
        case 3:
            assert_int_equal(ranks[i].reason, DECIDE_NOT_AVAILABLE);
            break;
        default:
            assert_int_equal(ranks[i].reason, DECIDE_NO_WAY);
        }
        told |= (size_t)1 << ranks[i].crew;
        assert_true(i == 0 || ranks[i - 1].travel_ms <= ranks[i].travel_ms);
    }
    assert_int_equal(told, 31);
    decide_free(decide);
}

static void test_idle_crews_spread_out_and_stay(void **state)
{
    static struct town town;
    const struct city *cover = *state;
    struct decide *decide = decide_new();
    int32_t post[CREWS_MAX];
    set_up(&town, cover, 4, 0);
    for (size_t c = 0; c < 4; c++) {
        town.crews[c].at = (struct city_place){grid_node(0, 0), 0};
    }
    for (uint32_t turn = 0; turn < 20; turn++) {
        town.moment.turn = turn;
        decide_posts(decide, &town.moment, post);
        for (size_t c = 0; c < 4; c++) {
            town.crews[c].post = post[c];
        }
    }
    /* There, each covers a quarter: nobody is within 100 s of another, and then nobody moves. */
    for (size_t c = 0; c < 4; c++) {
        assert_int_not_equal(post[c], BOARD_NO_POST);
        town.crews[c].at = (struct city_place){city_post_node(cover, (size_t)post[c]), 0};
        for (size_t o = 0; o < c; o++) {
            assert_true(grid_ms(town.crews[c].at.node, town.crews[o].at.node) > 100000);
        }
    }
    for (uint32_t turn = 0; turn < 3;
         turn++) { /* the drive is over: that may settle one more step */
        decide_posts(decide, &town.moment, post);
        for (size_t c = 0; c < 4; c++) {
            town.crews[c].post = post[c];
            town.crews[c].at.node = city_post_node(cover, (size_t)post[c]);
        }
    }
    int32_t before[CREWS_MAX];
    memcpy(before, post, sizeof before);
    decide_posts(decide, &town.moment, post);
    assert_memory_equal(before, post, 4 * sizeof post[0]);
    /* One who may not be moved stays. */
    town.crews[1].movable = false;
    town.crews[1].post = BOARD_NO_POST;
    decide_posts(decide, &town.moment, post);
    assert_int_equal(post[1], BOARD_NO_POST);
    decide_free(decide);
}

/* Without a cover the slot says what is late: its lateness costs as one target more, in a step round it. */
static void test_late_costs_without_a_cover_too(void **state)
{
    (void)state;
    static struct town town;
    struct decide *decide = decide_new();
    int32_t chosen[SLOTS_MAX];
    struct decide_rank ranks[CREWS_MAX];
    set_up(&town, NULL, 2, 2);
    const uint32_t travel[] = {100000, 300000, 110000, 320000};
    memcpy(town.travel, travel, sizeof travel);
    town.slots[0] = (struct decide_slot){.id = 0, .priority = 1, .weight = 1000};
    town.slots[1] = (struct decide_slot){.id = 1, .priority = 1, .weight = 1000};
    /* By seconds alone the second slot gets the near one: 300 + 110 against 100 + 320. */
    (void)decide_assign(decide, &town.moment, chosen);
    assert_true(chosen[0] == 1 && chosen[1] == 0);
    town.slots[0].target_ms = 200000; /* he would come late there */
    (void)decide_assign(decide, &town.moment, chosen);
    assert_true(chosen[0] == 0 && chosen[1] == 1);
    decide_explain(decide, &town.moment, chosen, 0, ranks);
    assert_in_range(ranks[0].cost_ms, 100000, 120000);
    assert_in_range(ranks[1].cost_ms, 480000, 500000);
    decide_free(decide);
}

static int make(void **state)
{
    *state = grid_cover();
    return 0;
}

static int drop(void **state)
{
    city_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_plays_no_part),
        cmocka_unit_test(test_hard_rules_hold_and_nobody_goes_twice),
        cmocka_unit_test(test_who_waits_is_the_least_urgent),
        cmocka_unit_test(test_nobody_turns_for_seconds),
        cmocka_unit_test(test_no_ping_pong_while_driving),
        cmocka_unit_test(test_turning_grows_dear_and_is_forgotten),
        cmocka_unit_test(test_reasons_are_true),
        cmocka_unit_test(test_idle_crews_spread_out_and_stay),
        cmocka_unit_test(test_late_costs_without_a_cover_too),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
