/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy of offers in the service: more are asked where the grade wants to be surer, again when time has gone by, never beyond the bound of
 * alerts; what people did is learned of groups; surplus goes home; every place is refilled or told.
 */
#include "world.h"

#include "base/clock.h"
#include "memory/store.h"
#include "policy.h"
#include "prospects.h"

#define FORCE(name) GENXI__FORCE__FORCE_##name
#define STATE(name) GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_##name
#define INCIDENT(name) GENXI__INCIDENT_STATE__INCIDENT_STATE_##name

enum {
    PEOPLE = 30
};

static struct matcher_settings before;

static void believe(void)
{
    const struct odds_policy policy = policy_of_odds();
    struct odds odds;
    odds_init(&odds, &policy);
    prospects_set(&odds, gx_clock_wall_ms());
}

/* The settings of the service, not the simple ones of the other tests. */
static int setup(void **state)
{
    (void)state;
    before = MATCHER_SETTINGS;
    const double target[] = {0.92, 0.75, 0.60, 0.45};
    memcpy(MATCHER_SETTINGS.target, target, sizeof target);
    MATCHER_SETTINGS.odds_accept = 0.30;
    MATCHER_SETTINGS.odds_decline = 0.35;
    MATCHER_SETTINGS.odds_answer_seconds = 15;
    believe();
    world_empty();
    add_org("station");
    add_org("red");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    MATCHER_SETTINGS = before;
    believe();
    check_invariants();
    return 0;
}

static char names[PEOPLE][8];

static void add_police(int count)
{
    for (int i = 0; i < count; i++) {
        (void)snprintf(names[i], sizeof names[i], "p%d", i);
        const struct townsman man = {
            .name = names[i], .org = "station", .force = FORCE(POLICE), .east_m = 100.0 + 60 * i};
        add_person(&man);
    }
}

static void add_volunteers(int count)
{
    for (int i = 0; i < count; i++) {
        (void)snprintf(names[i], sizeof names[i], "v%d", i);
        const struct townsman man = {
            .name = names[i], .org = "red", .force = FORCE(VOLUNTEER), .east_m = 20.0 * i};
        add_person(&man);
    }
}

static int64_t open_offers(const char *affair)
{
    return world_number(
        "SELECT count(*) FROM matcher.offer WHERE state = 1 AND incident_id = $1::uuid",
        id_of(affair));
}

static void test_the_more_urgent_the_more_are_asked(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"g1", "g2", "g3", "g4"};
    int64_t asked[4];
    add_police(PEOPLE);
    for (uint32_t i = 0; i < 4; i++) {
        const struct affair affair = {
            .name = NAMES[i], .wanted = {{FORCE(POLICE), 1}}, .grade = i + 1};
        assert_int_equal(open_affair(world, &affair), GX_OK);
        asked[i] = open_offers(NAMES[i]);
        assert_int_equal(change_affair(world, &affair, INCIDENT(CANCELLED), 2), GX_OK);
    }
    assert_true(asked[0] > asked[1] && asked[1] > asked[2] && asked[2] > asked[3] && asked[3] >= 2);
    assert_in_range(asked[0], 9, 12);
}

static void test_offers_that_grow_old_are_joined_by_others_before_they_expire(void **state)
{
    (void)state;
    const struct affair row = {.name = "row", .wanted = {{FORCE(POLICE), 1}}};
    add_police(PEOPLE);
    assert_int_equal(open_affair(world, &row), GX_OK);
    int64_t at_first = open_offers("row");
    assert_int_equal(
        world_number("SELECT count(*) FROM matcher.timer WHERE kind = 'look' AND due_at < "
                     "genxi.now_ms() + 60000",
                     NULL),
        1);
    /* Nobody has answered for 20 s: those who would have come have mostly come by then. */
    world_do("UPDATE matcher.offer SET made_at = made_at - 20000, expires_at = expires_at - 20000 "
             "WHERE state = 1",
             NULL);
    world_due("look");
    assert_int_equal(side_timers(world, "look"), 1);
    assert_true(open_offers("row") > at_first);
    /* A look at once finds nothing to do. */
    int64_t then = open_offers("row");
    world_due("look");
    assert_int_equal(side_timers(world, "look"), 1);
    assert_int_equal(open_offers("row"), then);
}

static void test_a_refusal_is_replaced_only_as_far_as_it_is_missed(void **state)
{
    (void)state;
    const struct affair row = {.name = "row", .wanted = {{FORCE(POLICE), 1}}, .grade = 2};
    add_police(PEOPLE);
    assert_int_equal(open_affair(world, &row), GX_OK);
    int64_t at_first = open_offers("row");
    assert_int_equal(decline_by(world, "p0"), GX_OK);
    assert_int_equal(open_offers("row"), at_first);
    assert_null(offer_of("p0"));
}

static void test_full_needs_no_look(void **state)
{
    (void)state;
    const struct affair row = {.name = "row", .wanted = {{FORCE(POLICE), 1}}};
    add_police(PEOPLE);
    assert_int_equal(open_affair(world, &row), GX_OK);
    assert_int_equal(accept_by(world, "p0", NULL), GX_OK);
    assert_int_equal(open_offers("row"), 0);
    assert_int_equal(world_number("SELECT count(*) FROM matcher.timer WHERE kind = 'look'", NULL),
                     0);
    assert_int_equal(status_by("p0", STATE(ABANDONED)), GX_OK);
    assert_true(open_offers("row") > 0);
    assert_int_equal(world_number("SELECT count(*) FROM matcher.timer WHERE kind = 'look'", NULL),
                     1);
}

static enum gx_rc remember(void *arg, struct gx_ctx *ctx)
{
    char after[KEY_TEXT_SIZE] = "";
    size_t count = 0;
    enum gx_rc rc = memory_load_places(ctx, arg);
    return rc == GX_OK ? memory_load_page(ctx, arg, 1000, after, &count) : rc;
}

static void test_nobody_is_alerted_over_the_bound(void **state)
{
    (void)state;
    MATCHER_SETTINGS.alerts_max[2] = 3;
    add_volunteers(4);
    for (int i = 0; i < 10; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "c%d", i);
        const struct affair call = {.name = name, .wanted = {{FORCE(VOLUNTEER), 1}}, .grade = 1};
        assert_int_equal(open_affair(world, &call), GX_OK);
        assert_int_equal(change_affair(world, &call, INCIDENT(CANCELLED), 2), GX_OK);
    }
    assert_int_equal(world_number("SELECT max(n) FROM (SELECT count(*) AS n FROM matcher.offer "
                                  "GROUP BY responder_id) x",
                                  NULL),
                     3);
    assert_string_equal(verdict_on("c9", "v0"), "alerted_enough");
    assert_int_equal(world_number("SELECT missing_told FROM matcher.slot WHERE incident_id = "
                                  "$1::uuid",
                                  id_of("c9")),
                     1);
    /* A process that begins anew knows it from the tables. */
    world_carry_out();
    live_clear(world->self->live);
    assert_int_equal(side_run(world, &SYSTEM, remember, world->self->live), GX_OK);
    live_set_filled(world->self->live);
    const struct affair late = {.name = "late", .wanted = {{FORCE(VOLUNTEER), 1}}, .grade = 1};
    assert_int_equal(open_affair(world, &late), GX_OK);
    assert_int_equal(open_offers("late"), 0);
    assert_string_equal(verdict_on("late", "v0"), "alerted_enough");
}

static void test_what_people_did_is_learned(void **state)
{
    (void)state;
    struct prospects prospects;
    struct odds_group group = odds_group(FORCE(POLICE), matcher_local_hour(gx_clock_wall_ms()), 60);
    prospects_get(&prospects);
    double at_first = prospects.chance[group.force][group.hour][group.distance].accept;
    add_police(PEOPLE);
    for (int i = 0; i < 20; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "c%d", i);
        const struct affair call = {.name = name, .wanted = {{FORCE(POLICE), 1}}, .grade = 4};
        assert_int_equal(open_affair(world, &call), GX_OK);
        while (world_number("SELECT count(*) FROM matcher.offer WHERE state = 1", NULL) > 0 &&
               open_offers(name) > 0) {
            for (int p = 0; p < PEOPLE; p++) {
                if (offer_of(names[p]) != NULL) {
                    assert_int_equal(decline_by(world, names[p]), GX_OK);
                }
            }
        }
        assert_int_equal(change_affair(world, &call, INCIDENT(CANCELLED), 2), GX_OK);
    }
    /* What ended just now may have neighbours that have not committed yet. */
    world_learn();
    assert_int_equal(world_number("SELECT count(*) FROM matcher.odds", NULL), 0);
    world_do("UPDATE matcher.offer SET made_at = made_at - 120000, ended_at = ended_at - 120000",
             NULL);
    world_learn();
    prospects_get(&prospects);
    double then = prospects.chance[group.force][group.hour][group.distance].accept;
    assert_true(then < at_first / 3);
    /* Each once. */
    int64_t sum = world_number("SELECT (sum(sum) * 1000)::bigint FROM matcher.odds", NULL);
    assert_true(sum > 0);
    world_learn();
    assert_int_equal(world_number("SELECT (sum(sum) * 1000)::bigint FROM matcher.odds", NULL), sum);
    /* There is no person in it. */
    assert_int_equal(
        world_number("SELECT count(*) FROM information_schema.columns WHERE table_schema = "
                     "'matcher' AND table_name = 'odds' AND column_name NOT IN ('cell', 'sum')",
                     NULL),
        0);
}

static void test_exercises_teach_nothing(void **state)
{
    (void)state;
    const struct affair drill = {.name = "drill", .wanted = {{FORCE(POLICE), 1}}, .exercise = true};
    add_police(PEOPLE);
    assert_int_equal(open_affair(world, &drill), GX_OK);
    assert_int_equal(decline_by(world, "p0"), GX_OK);
    world_do("UPDATE matcher.offer SET made_at = made_at - 120000, ended_at = ended_at - 120000 "
             "WHERE state <> 1",
             NULL);
    world_learn();
    assert_int_equal(world_number("SELECT count(*) FROM matcher.odds", NULL), 0);
}

/* Two have accepted, then only one is wanted: who is farther and has not left goes home, who is there stays. */
static void test_surplus_is_stood_down_the_farthest_first(void **state)
{
    (void)state;
    struct affair row = {.name = "row", .wanted = {{FORCE(POLICE), 3}}};
    add_police(PEOPLE);
    assert_int_equal(open_affair(world, &row), GX_OK);
    assert_int_equal(accept_by(world, "p0", NULL), GX_OK);
    assert_int_equal(accept_by(world, "p1", NULL), GX_OK);
    assert_int_equal(accept_by(world, "p2", NULL), GX_OK);
    assert_int_equal(status_by("p2", STATE(ON_SCENE)), GX_OK);
    assert_int_equal(status_by("p1", STATE(EN_ROUTE)), GX_OK);
    row.wanted[0].count = 2;
    row.violent = true; /* another type: another playbook */
    assert_int_equal(change_affair(world, &row, INCIDENT(ON_SCENE), 2), GX_OK);
    assert_int_equal(assignment_state("p0"), STATE(STOOD_DOWN));
    assert_int_equal(assignment_state("p1"), STATE(EN_ROUTE));
    row.wanted[0].count = 1;
    row.violent = false;
    assert_int_equal(change_affair(world, &row, INCIDENT(ON_SCENE), 3), GX_OK);
    assert_int_equal(assignment_state("p1"), STATE(STOOD_DOWN));
    assert_int_equal(assignment_state("p2"), STATE(ON_SCENE));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_more_urgent_the_more_are_asked),
        TEST(test_offers_that_grow_old_are_joined_by_others_before_they_expire),
        TEST(test_a_refusal_is_replaced_only_as_far_as_it_is_missed),
        TEST(test_full_needs_no_look),
        TEST(test_nobody_is_alerted_over_the_bound),
        TEST(test_what_people_did_is_learned),
        TEST(test_exercises_teach_nothing),
        TEST(test_surplus_is_stood_down_the_farthest_first),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
