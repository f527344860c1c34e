/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody much nearer becomes free: he is offered the place of who has far to go, and that one goes home only when he says yes. */
#include "world.h"

#define FORCE(name) GENXI__FORCE__FORCE_##name
#define STATE(name) GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_##name
#define INCIDENT(name) GENXI__INCIDENT_STATE__INCIDENT_STATE_##name

static const struct affair ROW = {.name = "row", .wanted = {{FORCE(POLICE), 1}}};
static const struct affair OTHER = {.name = "other", .wanted = {{FORCE(POLICE), 1}}, .east_m = 200};
/* 506 s and 17 s from the row. */
static const struct townsman SLOW = {
    .name = "slow", .org = "station", .force = FORCE(POLICE), .east_m = 3000};
static const struct townsman QUICK = {
    .name = "quick", .org = "station", .force = FORCE(POLICE), .east_m = 100};

static int setup(void **state)
{
    (void)state;
    world_empty();
    add_org("station");
    add_org("red");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    check_invariants();
    return 0;
}

/* Slow is on his way to the row; quick is on his to the other, and let go. */
static void let_quick_go(void)
{
    add_person(&QUICK);
    assert_int_equal(open_affair(world, &OTHER), GX_OK);
    assert_int_equal(accept_by(world, "quick", NULL), GX_OK);
    add_person(&SLOW);
    assert_int_equal(open_affair(world, &ROW), GX_OK);
    assert_int_equal(accept_by(world, "slow", NULL), GX_OK);
    assert_int_equal(status_by("slow", STATE(EN_ROUTE)), GX_OK);
    assert_int_equal(side_emitted(world, GX_E_team_filled), 2);
    assert_int_equal(change_affair(world, &OTHER, INCIDENT(CANCELLED), 2), GX_OK);
}

static void test_the_nearer_one_is_asked_and_takes_over(void **state)
{
    (void)state;
    let_quick_go();
    assert_null(offer_of("quick"));
    assert_int_equal(side_timers(world, "swap"), 1);
    const Genxi__Offer *offer = offer_of("quick");
    assert_non_null(offer);
    assert_string_equal(offer->incident_id, id_of("row"));
    assert_non_null(offer->replaces);
    assert_int_equal(assignment_state("slow"), STATE(EN_ROUTE));
    assert_int_equal(accept_by(world, "quick", NULL), GX_OK);
    assert_int_equal(assignment_state("slow"), STATE(STOOD_DOWN));
    assert_int_equal(assignment_state("quick"), STATE(ACCEPTED));
    assert_int_equal(world_number("SELECT count(*) FROM matcher.assignment WHERE ended_by = "
                                  "'replaced'",
                                  NULL),
                     1);
    /* The team was full all the time. */
    assert_int_equal(side_emitted(world, GX_E_team_filled), 0);
    assert_true(world_number("SELECT filled_at FROM matcher.incident WHERE id = $1::uuid",
                             id_of("row")) > 0);
}

static void test_no_leaves_all_as_it_is(void **state)
{
    (void)state;
    let_quick_go();
    assert_int_equal(side_timers(world, "swap"), 1);
    assert_int_equal(decline_by(world, "quick"), GX_OK);
    assert_int_equal(assignment_state("slow"), STATE(EN_ROUTE));
    assert_int_equal(world_number("SELECT count(*) FROM matcher.offer WHERE state = 1", NULL), 0);
}

static void test_who_has_arrived_keeps_his_place(void **state)
{
    (void)state;
    let_quick_go();
    assert_int_equal(side_timers(world, "swap"), 1);
    char id[GX_ID_SIZE];
    (void)snprintf(id, sizeof id, "%s", offer_of("quick")->id);
    assert_int_equal(status_by("slow", STATE(ON_SCENE)), GX_OK);
    assert_null(offer_of("quick"));
    struct gx_actor device = actor_device("station", "quick");
    Genxi__OfferAccept late = GENXI__OFFER_ACCEPT__INIT;
    Genxi__Assignment out = GENXI__ASSIGNMENT__INIT;
    late.id = id;
    assert_int_equal(side_command(world, &device, GX_C_offer_accept, &late, &out.base),
                     GX_CONFLICT);
    assert_string_equal(side_problem(world), "offer-ended");
    assert_int_equal(assignment_state("slow"), STATE(ON_SCENE));
}

static void test_he_who_arrives_before_the_question_is_left_alone(void **state)
{
    (void)state;
    let_quick_go();
    assert_int_equal(status_by("slow", STATE(ON_SCENE)), GX_OK);
    assert_int_equal(side_timers(world, "swap"), 1);
    assert_null(offer_of("quick"));
}

/* He has come on duty, and it is known where he stands. */
static void test_a_place_changes_hands_once(void **state)
{
    (void)state;
    const struct townsman quicker = {
        .name = "quicker", .org = "station", .force = FORCE(POLICE), .east_m = 10};
    const struct townsman slower = {
        .name = "slower", .org = "station", .force = FORCE(POLICE), .east_m = 1200};
    add_person(&SLOW);
    assert_int_equal(open_affair(world, &ROW), GX_OK);
    assert_int_equal(accept_by(world, "slow", NULL), GX_OK);
    add_person(&slower);
    assert_int_equal(side_timers(world, "swap"), 0); /* where he is was not known yet */
    add_person(&slower);
    assert_int_equal(side_timers(world, "swap"), 1);
    assert_int_equal(accept_by(world, "slower", NULL), GX_OK);
    add_person(&quicker);
    add_person(&quicker);
    assert_int_equal(side_timers(world, "swap"), 1);
    assert_null(offer_of("quicker"));
    assert_int_equal(assignment_state("slower"), STATE(ACCEPTED));
}

static void test_some_seconds_are_not_worth_it(void **state)
{
    (void)state;
    const struct townsman near = {
        .name = "near", .org = "station", .force = FORCE(POLICE), .east_m = 2400};
    add_person(&SLOW);
    assert_int_equal(open_affair(world, &ROW), GX_OK);
    assert_int_equal(accept_by(world, "slow", NULL), GX_OK);
    add_person(&near);
    add_person(&near); /* 101 s, a fifth */
    assert_int_equal(world_number("SELECT count(*) FROM matcher.timer WHERE kind = 'swap'", NULL),
                     0);
}

static void test_volunteers_take_no_part(void **state)
{
    (void)state;
    const struct affair row = {.name = "row", .wanted = {{FORCE(VOLUNTEER), 1}}};
    const struct townsman far = {
        .name = "far", .org = "red", .force = FORCE(VOLUNTEER), .east_m = 900};
    const struct townsman near = {
        .name = "near", .org = "red", .force = FORCE(VOLUNTEER), .east_m = 50};
    add_person(&far);
    assert_int_equal(open_affair(world, &row), GX_OK);
    assert_int_equal(accept_by(world, "far", NULL), GX_OK);
    add_person(&near);
    add_person(&near);
    assert_int_equal(world_number("SELECT count(*) FROM matcher.timer WHERE kind = 'swap'", NULL),
                     0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_nearer_one_is_asked_and_takes_over),
        TEST(test_no_leaves_all_as_it_is),
        TEST(test_who_has_arrived_keeps_his_place),
        TEST(test_he_who_arrives_before_the_question_is_left_alone),
        TEST(test_a_place_changes_hands_once),
        TEST(test_some_seconds_are_not_worth_it),
        TEST(test_volunteers_take_no_part),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
