/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody under way to a less urgent incident is asked for a more urgent one, keeps his task until he says yes, and is never lost, doubled, taken
 * from a scene or from his equal.
 */
#include "world.h"

#include "memory/store.h"

#define FORCE(name) GENXI__FORCE__FORCE_##name
#define STATE(name) GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_##name
#define INCIDENT(name) GENXI__INCIDENT_STATE__INCIDENT_STATE_##name

/* "low" lies 1500 m east; near is under way there and passes by "high", far stands beyond. */
static const struct affair LOW = {
    .name = "low", .wanted = {{FORCE(POLICE), 1}}, .grade = 4, .east_m = 1500};
static const struct affair HIGH = {.name = "high", .wanted = {{FORCE(POLICE), 1}}, .grade = 2};
static const struct townsman NEAR = {
    .name = "near", .org = "station", .force = FORCE(POLICE), .east_m = 100};
static const struct townsman FAR = {
    .name = "far", .org = "station", .force = FORCE(POLICE), .east_m = 2500};

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

static void send_near(void)
{
    add_person(&NEAR);
    assert_int_equal(open_affair(world, &LOW), GX_OK);
    assert_int_equal(accept_by(world, "near", NULL), GX_OK);
    add_person(&FAR);
}

/* The incident whose task holds near, "" when none does. */
static const char *held_by_task(void)
{
    static const char *const NAMES[] = {"low", "high"};
    for (size_t i = 0; i < 2; i++) {
        if (world_number("SELECT count(*) FROM matcher.hold h JOIN matcher.assignment a ON a.id = "
                         "h.ref AND a.incident_id = h.incident_id WHERE h.kind = 2 AND "
                         "a.call_sign = 'near' AND h.incident_id = $1::uuid",
                         id_of(NAMES[i])) == 1) {
            return NAMES[i];
        }
    }
    return "";
}

static void test_he_is_asked_and_keeps_his_task(void **state)
{
    (void)state;
    send_near();
    assert_int_equal(open_affair(world, &HIGH), GX_OK);
    const Genxi__Offer *offer = offer_of("near");
    assert_non_null(offer);
    assert_string_equal(offer->incident_id, id_of("high"));
    assert_non_null(offer->preempts);
    assert_int_equal(assignment_state("near"), STATE(ACCEPTED));
    assert_string_equal(held_by_task(), "low");
    assert_string_equal(verdict_on("high", "near"), "offered");
    /* Who would take over there is not asked here first. */
    assert_int_equal(
        world_number("SELECT count(*) FROM matcher.offer WHERE preempts IS NOT NULL", NULL), 1);
}

static void test_yes_moves_him_at_once_and_his_place_is_refilled(void **state)
{
    (void)state;
    send_near();
    assert_int_equal(open_affair(world, &HIGH), GX_OK);
    assert_int_equal(accept_by(world, "near", NULL), GX_OK);
    assert_string_equal(held_by_task(), "high");
    assert_int_equal(world_number("SELECT count(*) FROM matcher.assignment WHERE state = 5 AND "
                                  "ended_by = 'preempted' AND incident_id = $1::uuid",
                                  id_of("low")),
                     1);
    assert_int_equal(world_number("SELECT count(*) FROM matcher.assignment WHERE state = 1 AND "
                                  "incident_id = $1::uuid",
                                  id_of("high")),
                     1);
    /* Both are told, and the place that he left is looked after now. */
    assert_int_equal(side_emitted(world, GX_E_assignment_changed), 3);
    assert_int_equal(side_timers(world, "look"), 1);
    assert_non_null(offer_of("far"));
    assert_string_equal(offer_of("far")->incident_id, id_of("low"));
    assert_int_equal(
        world_number("SELECT filled_at FROM matcher.incident WHERE id = $1::uuid", id_of("low")),
        0);
}

static void test_no_changes_nothing(void **state)
{
    (void)state;
    send_near();
    assert_int_equal(open_affair(world, &HIGH), GX_OK);
    assert_int_equal(decline_by(world, "near"), GX_OK);
    assert_int_equal(assignment_state("near"), STATE(ACCEPTED));
    assert_string_equal(held_by_task(), "low");
    assert_null(offer_of("near"));
    assert_non_null(offer_of("far"));
    assert_int_equal(status_by("near", STATE(EN_ROUTE)), GX_OK);
}

static void test_silence_changes_nothing(void **state)
{
    (void)state;
    send_near();
    assert_int_equal(open_affair(world, &HIGH), GX_OK);
    world_due("offer");
    assert_true(side_timers(world, "offer") >= 1);
    assert_int_equal(assignment_state("near"), STATE(ACCEPTED));
    assert_string_equal(held_by_task(), "low");
    assert_null(offer_of("near"));
}

static void test_arrival_withdraws_the_question(void **state)
{
    (void)state;
    send_near();
    assert_int_equal(open_affair(world, &HIGH), GX_OK);
    char id[GX_ID_SIZE];
    (void)snprintf(id, sizeof id, "%s", offer_of("near")->id);
    assert_int_equal(status_by("near", STATE(ON_SCENE)), GX_OK);
    assert_null(offer_of("near"));
    struct gx_actor device = actor_device("station", "near");
    Genxi__OfferAccept late = GENXI__OFFER_ACCEPT__INIT;
    Genxi__Assignment out = GENXI__ASSIGNMENT__INIT;
    late.id = id;
    assert_int_equal(side_command(world, &device, GX_C_offer_accept, &late, &out.base),
                     GX_CONFLICT);
    assert_string_equal(side_problem(world), "offer-ended");
    assert_string_equal(held_by_task(), "low");
    /* The other incident looks for somebody else at once. */
    assert_int_equal(side_timers(world, "look"), 1);
    assert_non_null(offer_of("far"));
}

static void test_the_end_of_his_task_withdraws_it_and_he_is_free(void **state)
{
    (void)state;
    send_near();
    assert_int_equal(open_affair(world, &HIGH), GX_OK);
    assert_int_equal(change_affair(world, &LOW, INCIDENT(CANCELLED), 2), GX_OK);
    assert_null(offer_of("near"));
    assert_string_equal(held_by_task(), "");
    assert_int_equal(side_timers(world, "look"), 1);
    assert_non_null(offer_of("near"));
    assert_null(offer_of("near")->preempts);
}

static void test_nobody_is_taken_from_a_scene(void **state)
{
    (void)state;
    send_near();
    assert_int_equal(status_by("near", STATE(ON_SCENE)), GX_OK);
    assert_int_equal(open_affair(world, &HIGH), GX_OK);
    assert_null(offer_of("near"));
    assert_string_equal(verdict_on("high", "near"), "busy");
    assert_non_null(offer_of("far"));
}

static void test_nobody_is_taken_from_an_equal(void **state)
{
    (void)state;
    const struct affair equal = {.name = "equal", .wanted = {{FORCE(POLICE), 1}}, .grade = 4};
    send_near();
    assert_int_equal(open_affair(world, &equal), GX_OK);
    assert_null(offer_of("near"));
    assert_non_null(offer_of("far"));
}

static void test_a_volunteer_is_not_sent_to_and_fro(void **state)
{
    (void)state;
    const struct affair low = {
        .name = "low", .wanted = {{FORCE(VOLUNTEER), 1}}, .grade = 4, .east_m = 1500};
    const struct affair high = {.name = "high", .wanted = {{FORCE(VOLUNTEER), 1}}, .grade = 1};
    const struct townsman v = {.name = "v", .org = "red", .force = FORCE(VOLUNTEER), .east_m = 100};
    add_person(&v);
    assert_int_equal(open_affair(world, &low), GX_OK);
    assert_int_equal(accept_by(world, "v", NULL), GX_OK);
    assert_int_equal(open_affair(world, &high), GX_OK);
    assert_null(offer_of("v"));
}

static void test_nobody_turns_round_for_seconds(void **state)
{
    (void)state;
    const struct townsman beside = {
        .name = "beside", .org = "station", .force = FORCE(POLICE), .east_m = 200};
    send_near();
    add_person(&beside); /* 12 s farther */
    assert_int_equal(open_affair(world, &HIGH), GX_OK);
    assert_null(offer_of("near"));
    assert_non_null(offer_of("beside"));
}

static void test_two_urgent_ones_ask_him_once(void **state)
{
    (void)state;
    const struct affair other = {.name = "other", .wanted = {{FORCE(POLICE), 1}}, .grade = 1};
    send_near();
    assert_int_equal(open_affair(world, &HIGH), GX_OK);
    assert_int_equal(open_affair(world, &other), GX_OK);
    assert_int_equal(world_number("SELECT count(*) FROM matcher.offer WHERE state = 1 AND "
                                  "preempts IS NOT NULL",
                                  NULL),
                     1);
}

/* Learned from the tables as from the events: a process that begins anew would ask the same. */
static enum gx_rc remember(void *arg, struct gx_ctx *ctx)
{
    char after[KEY_TEXT_SIZE] = "";
    size_t count = 0;
    enum gx_rc rc = memory_load_places(ctx, arg);
    return rc == GX_OK ? memory_load_page(ctx, arg, 1000, after, &count) : rc;
}

static void test_a_process_that_begins_anew_knows_who_is_under_way(void **state)
{
    (void)state;
    send_near();
    world_carry_out();
    live_clear(world->self->live);
    assert_int_equal(side_run(world, &SYSTEM, remember, world->self->live), GX_OK);
    live_set_filled(world->self->live);
    assert_int_equal(open_affair(world, &HIGH), GX_OK);
    assert_non_null(offer_of("near"));
    assert_non_null(offer_of("near")->preempts);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_he_is_asked_and_keeps_his_task),
        TEST(test_yes_moves_him_at_once_and_his_place_is_refilled),
        TEST(test_no_changes_nothing),
        TEST(test_silence_changes_nothing),
        TEST(test_arrival_withdraws_the_question),
        TEST(test_the_end_of_his_task_withdraws_it_and_he_is_free),
        TEST(test_nobody_is_taken_from_a_scene),
        TEST(test_nobody_is_taken_from_an_equal),
        TEST(test_a_volunteer_is_not_sent_to_and_fro),
        TEST(test_nobody_turns_round_for_seconds),
        TEST(test_two_urgent_ones_ask_him_once),
        TEST(test_a_process_that_begins_anew_knows_who_is_under_way),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
