/* SPDX-License-Identifier: Apache-2.0 */
/* Who sees and may do what: every list and every answer, by everybody that has nothing to do with it. */
#include "world.h"

#define FORCE(name) GENXI__FORCE__FORCE_##name
#define STATE(name) GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_##name

static const struct townsman P1 = {
    .name = "p1", .org = "station", .force = FORCE(POLICE), .east_m = 300};
static const struct townsman G1 = {
    .name = "g1", .org = "guards", .force = FORCE(GUARD), .east_m = 100};
static const struct townsman G2 = {
    .name = "g2", .org = "guards", .force = FORCE(GUARD), .east_m = 200};
static const struct townsman V1 = {
    .name = "v1", .org = "red", .force = FORCE(VOLUNTEER), .east_m = 50};
static const struct affair ROW = {
    .name = "row", .wanted = {{FORCE(POLICE), 1}, {FORCE(GUARD), 1}}, .reporter_org = "guards"};
static const int32_t HERE[] = {AREA};
static const int32_t THERE[] = {NEXT_AREA};

static int setup(void **state)
{
    (void)state;
    world_empty();
    add_org("station");
    add_org("guards");
    add_org("red");
    const struct townsman *all[] = {&P1, &G1, &G2, &V1};
    for (size_t i = 0; i < 4; i++) {
        add_person(all[i]);
    }
    assert_int_equal(open_affair(world, &ROW), GX_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    check_invariants();
    return 0;
}

static size_t offers_for(const struct gx_actor *actor)
{
    Genxi__OfferQuery query = GENXI__OFFER_QUERY__INIT;
    Genxi__OfferList list = GENXI__OFFER_LIST__INIT;
    assert_int_equal(side_command(world, actor, GX_C_offer_list, &query, &list.base), GX_OK);
    return list.n_items;
}

static size_t assignments_for(const struct gx_actor *actor)
{
    Genxi__AssignmentQuery query = GENXI__ASSIGNMENT_QUERY__INIT;
    Genxi__AssignmentList list = GENXI__ASSIGNMENT_LIST__INIT;
    assert_int_equal(side_command(world, actor, GX_C_assignment_list, &query, &list.base), GX_OK);
    return list.n_items;
}

static size_t live_for(const struct gx_actor *actor)
{
    Genxi__LiveQuery query = GENXI__LIVE_QUERY__INIT;
    Genxi__LiveList list = GENXI__LIVE_LIST__INIT;
    assert_int_equal(side_command(world, actor, GX_C_live_list, &query, &list.base), GX_OK);
    return list.n_items;
}

static void test_lists_show_each_what_is_theirs(void **state)
{
    (void)state;
    const struct {
        struct gx_actor actor;
        size_t offers;
        size_t assignments;
        size_t live;
    } rows[] = {
        {actor_duty(HERE), 2, 1, 4},
        {actor_duty(THERE), 0, 0, 0},
        {actor_desk("guards"), 1, 1, 2},
        {actor_desk("station"), 1, 0, 1},
        {actor_desk("red"), 0, 0, 1},
        {actor_device("guards", "g1"), 1, 1, 1},
        {actor_device("guards", "g2"), 0, 0, 1},
        {actor_device("red", "v1"), 0, 0, 1},
    };
    assert_int_equal(accept_by(world, "g1", NULL), GX_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(offers_for(&rows[i].actor), rows[i].offers);
        assert_int_equal(assignments_for(&rows[i].actor), rows[i].assignments);
        assert_int_equal(live_for(&rows[i].actor), rows[i].live);
    }
}

static enum gx_rc accept_as(const struct gx_actor *actor, const char *offer_id)
{
    Genxi__OfferAccept accept = GENXI__OFFER_ACCEPT__INIT;
    Genxi__Assignment out = GENXI__ASSIGNMENT__INIT;
    accept.id = (char *)(uintptr_t)offer_id;
    return side_command(world, actor, GX_C_offer_accept, &accept, &out.base);
}

static void test_only_the_concerned_may_answer(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    (void)snprintf(id, sizeof id, "%s", offer_of("g1")->id);
    const struct gx_actor strangers[] = {actor_desk("red"), actor_desk("station"),
                                         actor_device("guards", "g2"), actor_device("red", "v1"),
                                         actor_duty(THERE)};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(accept_as(&strangers[i], id), GX_NOT_FOUND);
    }
    struct gx_actor analyst = actor_duty(HERE);
    analyst.roles = GX_ROLE_ANALYST;
    assert_int_equal(accept_as(&analyst, id), GX_DENIED);
    analyst.roles =
        GX_ROLE_POLICE; /* sees it as an officer of the area, but it is not hers to accept */
    assert_int_equal(accept_as(&analyst, id), GX_DENIED);
    assert_string_equal(side_problem(world), "not-allowed");
    assert_int_equal(assignment_state("g1"), 0);
    struct gx_actor desk = actor_desk("guards");
    assert_int_equal(accept_as(&desk, id), GX_OK);
    (void)snprintf(id, sizeof id, "%s", offer_of("p1")->id);
    struct gx_actor duty = actor_duty(HERE);
    assert_int_equal(accept_as(&duty, id), GX_OK);
    assert_int_equal(accept_as(&duty, "no uuid"), GX_NOT_FOUND);
    assert_int_equal(accept_as(&duty, id_of("none")), GX_NOT_FOUND);
}

static void test_team_shows_partners_their_own_and_no_reasons(void **state)
{
    (void)state;
    Genxi__TeamGet get = GENXI__TEAM_GET__INIT;
    Genxi__Team team = GENXI__TEAM__INIT;
    struct gx_actor duty = actor_duty(HERE);
    struct gx_actor desk = actor_desk("guards");
    struct gx_actor stranger = actor_desk("red");
    get.id = (char *)(uintptr_t)id_of("row");
    assert_int_equal(accept_by(world, "g1", NULL), GX_OK);
    assert_int_equal(accept_by(world, "p1", NULL), GX_OK);
    assert_int_equal(side_command(world, &duty, GX_C_team_get, &get, &team.base), GX_OK);
    assert_int_equal(team.n_assignments, 2);
    assert_true(team.n_reasons >= 2);
    assert_int_equal(side_command(world, &desk, GX_C_team_get, &get, &team.base), GX_OK);
    assert_int_equal(team.n_assignments, 1);
    assert_int_equal(team.n_reasons, 0);
    assert_int_equal(team.n_slots, 2);
    assert_int_equal(team.slots[0]->accepted, 1);
    assert_int_equal(side_command(world, &stranger, GX_C_team_get, &get, &team.base), GX_NOT_FOUND);
}

static void test_events_name_the_concerned_and_nobody_else(void **state)
{
    (void)state;
    assert_int_equal(accept_by(world, "g1", NULL), GX_OK);
    assert_true(world->event_count >= 2);
    for (size_t i = 0; i < world->event_count; i++) {
        const Genxi__Audience *audience = world->events[i]->audience;
        assert_int_equal(world->events[i]->area, AREA);
        assert_true(audience->officers);
        assert_int_equal(audience->n_orgs, 1);
        assert_string_equal(audience->orgs[0], id_of("guards"));
        assert_int_equal(audience->n_responders, 1);
        assert_string_equal(audience->responders[0], id_of("g1"));
    }
}

static void test_filters_that_are_no_ids_are_named(void **state)
{
    (void)state;
    Genxi__OfferQuery query = GENXI__OFFER_QUERY__INIT;
    Genxi__OfferList list = GENXI__OFFER_LIST__INIT;
    struct gx_actor duty = actor_duty(HERE);
    query.incident_id = (char *)(uintptr_t) "x";
    assert_int_equal(side_command(world, &duty, GX_C_offer_list, &query, &list.base), GX_INVALID);
    assert_string_equal(world->ctx.faults[0].pointer, "/incident_id");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lists_show_each_what_is_theirs),
        TEST(test_only_the_concerned_may_answer),
        TEST(test_team_shows_partners_their_own_and_no_reasons),
        TEST(test_events_name_the_concerned_and_nobody_else),
        TEST(test_filters_that_are_no_ids_are_named),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
