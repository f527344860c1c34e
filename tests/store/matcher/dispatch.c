/* SPDX-License-Identifier: Apache-2.0 */
/* One incident's team, step by step: offers, refusal, silence, quota, self-dispatch, violence, ladder, merge, end. */
#include "world.h"

#include "base/clock.h"

#define FORCE(name) GENXI__FORCE__FORCE_##name
#define STATE(name) GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_##name
#define INCIDENT(name) GENXI__INCIDENT_STATE__INCIDENT_STATE_##name

static const struct townsman P1 = {
    .name = "p1", .org = "station", .force = FORCE(POLICE), .east_m = 300};
static const struct townsman P2 = {
    .name = "p2", .org = "station", .force = FORCE(POLICE), .east_m = 900};
static const struct townsman P3 = {
    .name = "p3", .org = "station", .force = FORCE(POLICE), .east_m = 2500};
static const struct townsman G1 = {
    .name = "g1", .org = "guards", .force = FORCE(GUARD), .east_m = 100};
static const struct townsman G2 = {
    .name = "g2", .org = "guards", .force = FORCE(GUARD), .east_m = 200};
static const struct townsman V1 = {
    .name = "v1", .org = "red", .force = FORCE(VOLUNTEER), .east_m = 50};

static int setup(void **state)
{
    (void)state;
    world_empty();
    add_org("station");
    add_org("guards");
    add_org("red");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    check_invariants();
    return 0;
}

static void add_all(void)
{
    const struct townsman *all[] = {&P1, &P2, &P3, &G1, &G2, &V1};
    for (size_t i = 0; i < 6; i++) {
        add_person(all[i]);
    }
}

static void test_nearest_of_each_force_is_offered_with_its_card(void **state)
{
    (void)state;
    const struct affair roof = {.name = "roof", .wanted = {{FORCE(POLICE), 1}, {FORCE(GUARD), 1}}};
    add_all();
    assert_int_equal(open_affair(world, &roof), GX_OK);
    assert_int_equal(side_emitted(world, GX_E_offer_made), 2);
    assert_null(offer_of("p2"));
    assert_null(offer_of("g2"));
    assert_null(offer_of("v1"));
    const Genxi__Offer *police = offer_of("p1");
    assert_non_null(police);
    assert_null(police->card);
    assert_true(police->travel_seconds > 30 && police->travel_seconds < 90);
    assert_string_equal(police->travel_basis, "straight_line");
    const Genxi__Offer *guard = offer_of("g1");
    assert_non_null(guard);
    assert_non_null(guard->card);
    assert_string_equal(guard->card->never_en[0], "detain, search or question");
    assert_int_equal(guard->expires_at - guard->made_at, 30000);
    assert_string_equal(verdict_on("roof", "p1"), "offered");
    assert_string_equal(verdict_on("roof", "p2"), "slower");
}

static void test_highest_grades_get_a_spare_and_quota_withdraws_it(void **state)
{
    (void)state;
    const struct affair roof = {.name = "roof", .wanted = {{FORCE(POLICE), 1}}, .grade = 1};
    add_all();
    assert_int_equal(open_affair(world, &roof), GX_OK);
    char spare[GX_ID_SIZE];
    assert_non_null(offer_of("p1"));
    (void)snprintf(spare, sizeof spare, "%s", offer_of("p2")->id);
    assert_null(offer_of("p3"));
    assert_int_equal(accept_by(world, "p1", NULL), GX_OK);
    assert_int_equal(side_emitted(world, GX_E_team_filled), 1);
    assert_int_equal(side_emitted(world, GX_E_offer_ended), 2); /* the accepted and the withdrawn */
    assert_null(offer_of("p2"));
    /* A late accept hears that the quota was met. */
    struct gx_actor device = actor_device("station", "p2");
    Genxi__OfferAccept late = GENXI__OFFER_ACCEPT__INIT;
    Genxi__Assignment out = GENXI__ASSIGNMENT__INIT;
    late.id = spare;
    assert_int_equal(side_command(world, &device, GX_C_offer_accept, &late, &out.base),
                     GX_CONFLICT);
    assert_string_equal(side_problem(world), "offer-ended");
}

static void test_refusal_refills_the_same_slot_at_once(void **state)
{
    (void)state;
    const struct affair row = {.name = "row", .wanted = {{FORCE(POLICE), 1}}};
    add_all();
    assert_int_equal(open_affair(world, &row), GX_OK);
    assert_int_equal(decline_by(world, "p1"), GX_OK);
    assert_null(offer_of("p1"));
    assert_non_null(offer_of("p2"));
    assert_string_equal(verdict_on("row", "p1"), "asked_before");
    assert_int_equal(decline_by(world, "p2"), GX_OK);
    assert_non_null(
        offer_of("p3")); /* found by widening: it stands farther than the first radius */
    /* Nobody is left: said once, tried again by timer, and the decliner is left in peace. */
    assert_int_equal(side_emitted(world, GX_E_slot_unfilled), 0);
    assert_int_equal(decline_by(world, "p3"), GX_OK);
    assert_int_equal(side_emitted(world, GX_E_slot_unfilled), 1);
    world_due("look");
    assert_int_equal(side_timers(world, "look"), 1);
    assert_int_equal(side_emitted(world, GX_E_slot_unfilled), 0);
    assert_null(offer_of("p1"));
    /* A colleague comes on duty: the next try finds him. */
    const struct townsman p4 = {
        .name = "p4", .org = "station", .force = FORCE(POLICE), .east_m = 4000};
    add_person(&p4);
    world_due("look");
    assert_int_equal(side_timers(world, "look"), 1);
    assert_non_null(offer_of("p4"));
}

static void test_silence_expires_and_refills(void **state)
{
    (void)state;
    const struct affair row = {.name = "row", .wanted = {{FORCE(POLICE), 1}}};
    add_all();
    assert_int_equal(open_affair(world, &row), GX_OK);
    char id[GX_ID_SIZE];
    (void)snprintf(id, sizeof id, "%s", offer_of("p1")->id);
    world_due("offer");
    /* Past its time by the database's clock: refused, though the timer has not run yet. */
    struct gx_actor device = actor_device("station", "p1");
    Genxi__OfferAccept accept = GENXI__OFFER_ACCEPT__INIT;
    Genxi__Assignment out = GENXI__ASSIGNMENT__INIT;
    accept.id = id;
    assert_int_equal(side_command(world, &device, GX_C_offer_accept, &accept, &out.base),
                     GX_CONFLICT);
    assert_string_equal(side_problem(world), "offer-expired");
    assert_int_equal(side_timers(world, "offer"), 1);
    assert_non_null(offer_of("p2"));
    assert_int_equal(side_command(world, &device, GX_C_offer_accept, &accept, &out.base),
                     GX_CONFLICT);
    assert_string_equal(side_problem(world), "offer-expired");
    assert_int_equal(world_number("SELECT count(*) FROM matcher.timer WHERE kind = 'offer'", NULL),
                     1);
}

static void test_second_accept_is_refused_by_name(void **state)
{
    (void)state;
    const struct affair row = {.name = "row", .wanted = {{FORCE(POLICE), 1}}};
    add_all();
    assert_int_equal(open_affair(world, &row), GX_OK);
    char id[GX_ID_SIZE];
    (void)snprintf(id, sizeof id, "%s", offer_of("p1")->id);
    Genxi__Assignment assignment;
    assert_int_equal(accept_by(world, "p1", &assignment), GX_OK);
    assert_int_equal(assignment.state, STATE(ACCEPTED));
    assert_string_equal(assignment.call_sign, "p1");
    assert_string_equal(assignment.offer_id, id);
    struct gx_actor device = actor_device("station", "p1");
    Genxi__OfferAccept accept = GENXI__OFFER_ACCEPT__INIT;
    Genxi__Assignment out = GENXI__ASSIGNMENT__INIT;
    accept.id = id;
    assert_int_equal(side_command(world, &device, GX_C_offer_accept, &accept, &out.base),
                     GX_CONFLICT);
    assert_string_equal(side_problem(world), "offer-already-accepted");
}

/* Does each assignment told in the last transaction carry the guards' card? */
static size_t cards_told(const struct side *side)
{
    size_t told = 0;
    for (size_t i = 0; i < side->event_count; i++) {
        if (side->events[i]->type != GX_E_assignment_changed) {
            continue;
        }
        Genxi__AssignmentChanged *changed = genxi__assignment_changed__unpack(
            NULL, side->events[i]->body.len, side->events[i]->body.data);
        const Genxi__TaskCard *card = changed->assignment->card;
        assert_non_null(card);
        assert_int_equal(card->force, FORCE(GUARD));
        assert_int_equal(card->n_never_en, 1);
        assert_string_equal(card->never_en[0], "detain, search or question");
        genxi__assignment_changed__free_unpacked(changed, NULL);
        told++;
    }
    return told;
}

static void test_self_dispatched_get_the_card_that_an_offer_would_bring(void **state)
{
    (void)state;
    const struct affair roof = {
        .name = "roof", .wanted = {{FORCE(GUARD), 1}}, .responding = {"g1", "g2"}};
    add_all();
    assert_int_equal(open_affair(world, &roof), GX_OK);
    assert_int_equal(cards_told(world), 2);
    /* It stays with the assignment, for whoever has missed the event. */
    assert_int_equal(status_by("g1", STATE(ON_SCENE)), GX_OK);
    assert_int_equal(cards_told(world), 1);
    struct gx_actor device = actor_device("guards", "g1");
    Genxi__AssignmentQuery query = GENXI__ASSIGNMENT_QUERY__INIT;
    Genxi__AssignmentList list = GENXI__ASSIGNMENT_LIST__INIT;
    assert_int_equal(side_command(world, &device, GX_C_assignment_list, &query, &list.base), GX_OK);
    assert_int_equal(list.n_items, 1);
    assert_string_equal(list.items[0]->card->never_en[0], "detain, search or question");
}

static void test_self_dispatched_are_in_the_team_at_once(void **state)
{
    (void)state;
    const struct affair roof = {.name = "roof",
                                .wanted = {{FORCE(POLICE), 1}, {FORCE(GUARD), 1}},
                                .responding = {"g2", "g1"}};
    add_all();
    assert_int_equal(open_affair(world, &roof), GX_OK);
    assert_int_equal(assignment_state("g1"), STATE(EN_ROUTE));
    assert_int_equal(assignment_state("g2"), STATE(EN_ROUTE));
    assert_null(offer_of("g1"));
    assert_int_equal(side_emitted(world, GX_E_offer_made),
                     1); /* police only: the guard's place is taken */
    assert_int_equal(
        world_number("SELECT count(*) FROM matcher.assignment WHERE slot = 'extra'", NULL), 1);
    assert_int_equal(side_emitted(world, GX_E_team_filled), 0);
    assert_int_equal(accept_by(world, "p1", NULL), GX_OK);
    assert_int_equal(side_emitted(world, GX_E_team_filled), 1);
}

static void test_self_dispatch_voids_an_offer_elsewhere_which_is_refilled(void **state)
{
    (void)state;
    const struct affair row = {.name = "row", .wanted = {{FORCE(GUARD), 1}}};
    const struct affair roof = {
        .name = "roof", .wanted = {{FORCE(GUARD), 1}}, .responding = {"g1"}};
    add_all();
    assert_int_equal(open_affair(world, &row), GX_OK);
    assert_non_null(offer_of("g1"));
    assert_int_equal(open_affair(world, &roof), GX_OK);
    assert_int_equal(assignment_state("g1"), STATE(EN_ROUTE));
    assert_int_equal(side_timers(world, "look"), 1);
    assert_non_null(offer_of("g2"));
    assert_string_equal(offer_of("g2")->incident_id, id_of("row"));
}

static void test_violence_takes_police_whatever_the_playbook_says_and_no_volunteer(void **state)
{
    (void)state;
    const struct affair fight = {
        .name = "fight", .wanted = {{FORCE(VOLUNTEER), 1}}, .violent = true, .responding = {"v1"}};
    add_all();
    assert_int_equal(open_affair(world, &fight), GX_OK);
    assert_null(offer_of("v1"));
    assert_int_equal(assignment_state("v1"), 0);
    assert_non_null(offer_of("p1"));
    assert_string_equal(offer_of("p1")->slot, "police_required");
}

static void test_volunteers_are_called_back_when_it_turns_violent(void **state)
{
    (void)state;
    struct affair affair = {.name = "row", .wanted = {{FORCE(VOLUNTEER), 1}}};
    add_all();
    assert_int_equal(open_affair(world, &affair), GX_OK);
    assert_int_equal(accept_by(world, "v1", NULL), GX_OK);
    affair.violent = true;
    assert_int_equal(change_affair(world, &affair, INCIDENT(DISPATCHED), 2), GX_OK);
    assert_int_equal(assignment_state("v1"), STATE(STOOD_DOWN));
    assert_non_null(offer_of("p1"));
}

static void test_assignment_moves_only_as_it_may(void **state)
{
    (void)state;
    const struct affair row = {.name = "row", .wanted = {{FORCE(POLICE), 1}}};
    add_all();
    assert_int_equal(open_affair(world, &row), GX_OK);
    assert_int_equal(accept_by(world, "p1", NULL), GX_OK);
    assert_int_equal(status_by("p1", STATE(DONE)), GX_CONFLICT);
    assert_string_equal(side_problem(world), "illegal-transition");
    assert_string_equal(world->ctx.faults[0].value,
                        "accepted -> done; en_route, on_scene, abandoned");
    assert_int_equal(status_by("p1", STATE(STOOD_DOWN)), GX_CONFLICT); /* the system's alone */
    assert_int_equal(status_by("p1", STATE(EN_ROUTE)), GX_OK);
    assert_int_equal(status_by("p1", STATE(ON_SCENE)), GX_OK);
    assert_int_equal(status_by("p1", STATE(ON_SCENE)), GX_CONFLICT);
    assert_int_equal(status_by("p1", STATE(DONE)), GX_OK);
    assert_int_equal(status_by("p1", STATE(EN_ROUTE)), GX_CONFLICT);
    assert_string_equal(world->ctx.faults[0].value, "done -> en_route; -");
    /* He rests now: another incident asks the next. */
    const struct affair other = {.name = "other", .wanted = {{FORCE(POLICE), 1}}};
    assert_int_equal(open_affair(world, &other), GX_OK);
    assert_null(offer_of("p1"));
    assert_non_null(offer_of("p2"));
    assert_string_equal(verdict_on("other", "p1"), "resting");
}

static void firsts(const struct side *side, bool *ret_first, bool *ret_police)
{
    *ret_first = *ret_police = false;
    for (size_t i = 0; i < side->event_count; i++) {
        if (side->events[i]->type == GX_E_assignment_changed) {
            Genxi__AssignmentChanged *changed = genxi__assignment_changed__unpack(
                NULL, side->events[i]->body.len, side->events[i]->body.data);
            *ret_first = changed->first_on_scene != 0;
            *ret_police = changed->first_police != 0;
            genxi__assignment_changed__free_unpacked(changed, NULL);
        }
    }
}

static void test_first_on_scene_and_first_police_are_told_apart(void **state)
{
    (void)state;
    const struct affair row = {.name = "row", .wanted = {{FORCE(POLICE), 2}, {FORCE(GUARD), 1}}};
    const char *const order[] = {"g1", "p1", "p2"};
    const bool first[] = {true, false, false};
    const bool police[] = {false, true, false};
    add_all();
    assert_int_equal(open_affair(world, &row), GX_OK);
    for (size_t i = 0; i < 3; i++) {
        bool is_first = false;
        bool is_police = false;
        assert_int_equal(accept_by(world, order[i], NULL), GX_OK);
        assert_int_equal(status_by(order[i], STATE(ON_SCENE)), GX_OK);
        firsts(world, &is_first, &is_police);
        assert_int_equal(is_first, first[i]);
        assert_int_equal(is_police, police[i]);
    }
}

static void test_abandoned_place_is_refilled(void **state)
{
    (void)state;
    const struct affair row = {.name = "row", .wanted = {{FORCE(POLICE), 1}}};
    add_all();
    assert_int_equal(open_affair(world, &row), GX_OK);
    assert_int_equal(accept_by(world, "p1", NULL), GX_OK);
    assert_int_equal(side_emitted(world, GX_E_team_filled), 1);
    assert_int_equal(status_by("p1", STATE(ABANDONED)), GX_OK);
    assert_null(offer_of("p1"));
    assert_non_null(offer_of("p2"));
    assert_int_equal(accept_by(world, "p2", NULL), GX_OK);
    assert_int_equal(side_emitted(world, GX_E_team_filled), 1);
}

static void test_end_frees_everybody(void **state)
{
    (void)state;
    const struct affair row = {.name = "row", .wanted = {{FORCE(POLICE), 3}}};
    add_all();
    assert_int_equal(open_affair(world, &row), GX_OK);
    assert_int_equal(accept_by(world, "p1", NULL), GX_OK);
    assert_int_equal(accept_by(world, "p2", NULL), GX_OK);
    assert_int_equal(status_by("p1", STATE(ON_SCENE)), GX_OK);
    assert_int_equal(change_affair(world, &row, INCIDENT(CANCELLED), 2), GX_OK);
    assert_int_equal(assignment_state("p1"), STATE(DONE));
    assert_int_equal(assignment_state("p2"), STATE(STOOD_DOWN));
    assert_null(offer_of("p3"));
    assert_int_equal(world_number("SELECT count(*) FROM matcher.hold", NULL), 0);
    assert_int_equal(world_number("SELECT count(*) FROM matcher.timer", NULL), 0);
    /* An older word about it changes nothing any more. */
    assert_int_equal(change_affair(world, &row, INCIDENT(DISPATCHED), 1), GX_OK);
    assert_null(offer_of("p3"));
}

static void test_handled_sends_nobody_more_but_keeps_who_is_there(void **state)
{
    (void)state;
    const struct affair row = {.name = "row", .wanted = {{FORCE(POLICE), 2}}};
    add_all();
    assert_int_equal(open_affair(world, &row), GX_OK);
    assert_int_equal(accept_by(world, "p1", NULL), GX_OK);
    assert_int_equal(change_affair(world, &row, INCIDENT(HANDLED), 2), GX_OK);
    assert_int_equal(assignment_state("p1"), STATE(ACCEPTED));
    assert_null(offer_of("p2"));
}

static void test_merge_brings_the_team_along(void **state)
{
    (void)state;
    const struct affair a = {.name = "a", .wanted = {{FORCE(POLICE), 1}}};
    const struct affair b = {
        .name = "b", .wanted = {{FORCE(POLICE), 1}, {FORCE(GUARD), 1}}, .responding = {"g1"}};
    add_all();
    assert_int_equal(open_affair(world, &a), GX_OK); /* p1 */
    assert_int_equal(open_affair(world, &b), GX_OK); /* p2, g1 */
    assert_int_equal(accept_by(world, "p2", NULL), GX_OK);
    Genxi__IncidentMerged merged = GENXI__INCIDENT_MERGED__INIT;
    Genxi__Incident incident = GENXI__INCIDENT__INIT;
    merged.from_id = (char *)(uintptr_t)id_of("b");
    merged.into_id = (char *)(uintptr_t)id_of("a");
    merged.incident = &incident;
    /* Intake tells first that the one is merged: nobody is sent home by that. */
    assert_int_equal(change_affair(world, &b, INCIDENT(MERGED), 2), GX_OK);
    assert_int_equal(side_event(world, GX_E_incident_merged, &merged), GX_OK);
    assert_int_equal(assignment_state("p2"), STATE(ACCEPTED));
    assert_int_equal(assignment_state("g1"), STATE(EN_ROUTE));
    assert_int_equal(
        world_number("SELECT count(*) FROM matcher.assignment WHERE incident_id = $1::uuid",
                     id_of("a")),
        2);
    assert_null(offer_of("p1")); /* the place is taken by who came along */
}

static void test_merge_waits_for_the_other_incident(void **state)
{
    (void)state;
    const struct affair a = {.name = "a", .wanted = {{FORCE(POLICE), 1}}};
    const struct affair b = {.name = "b", .wanted = {{FORCE(POLICE), 1}}};
    add_all();
    assert_int_equal(open_affair(world, &b), GX_OK); /* p1 */
    assert_int_equal(accept_by(world, "p1", NULL), GX_OK);
    Genxi__IncidentMerged merged = GENXI__INCIDENT_MERGED__INIT;
    Genxi__Incident incident = GENXI__INCIDENT__INIT;
    merged.from_id = (char *)(uintptr_t)id_of("b");
    merged.into_id = (char *)(uintptr_t)id_of("a");
    merged.incident = &incident;
    /* The other area's follower has not yet told of its opening: again later, and nobody has lost his task. */
    assert_int_equal(side_event(world, GX_E_incident_merged, &merged), GX_UNAVAILABLE);
    assert_int_equal(assignment_state("p1"), STATE(ACCEPTED));
    assert_int_equal(open_affair(world, &a), GX_OK);
    assert_int_equal(side_event(world, GX_E_incident_merged, &merged), GX_OK);
    assert_int_equal(
        world_number("SELECT count(*) FROM matcher.assignment WHERE incident_id = $1::uuid",
                     id_of("a")),
        1);
}

static void test_merge_may_ask_whom_it_lets_go(void **state)
{
    (void)state;
    const struct affair a = {.name = "a", .wanted = {{FORCE(POLICE), 2}}};
    const struct affair b = {.name = "b", .wanted = {{FORCE(POLICE), 1}}};
    add_person(&P1);
    add_person(&P2);
    assert_int_equal(open_affair(world, &b), GX_OK); /* p1 */
    assert_int_equal(open_affair(world, &a), GX_OK); /* p2, one is missing */
    assert_string_equal(offer_of("p1")->incident_id, id_of("b"));
    Genxi__IncidentMerged merged = GENXI__INCIDENT_MERGED__INIT;
    Genxi__Incident incident = GENXI__INCIDENT__INIT;
    merged.from_id = (char *)(uintptr_t)id_of("b");
    merged.into_id = (char *)(uintptr_t)id_of("a");
    merged.incident = &incident;
    assert_int_equal(side_event(world, GX_E_incident_merged, &merged), GX_OK);
    assert_string_equal(offer_of("p1")->incident_id, id_of("a"));
    assert_string_equal(offer_of("p2")->incident_id, id_of("a"));
}

static void test_ladder_steps_up_when_nobody_came(void **state)
{
    (void)state;
    const struct affair row = {.name = "row", .wanted = {{FORCE(GUARD), 1}}};
    add_all();
    assert_int_equal(open_affair(world, &row), GX_OK);
    assert_int_equal(world_number("SELECT count(*) FROM matcher.timer WHERE kind = 'rung'", NULL),
                     2);
    world_due("rung");
    assert_int_equal(side_timers(world, "rung"), 2);
    assert_int_equal(side_emitted(world, GX_E_rung_reached), 2);
    assert_non_null(offer_of("g2")); /* wider: one more is asked */
    assert_string_equal(offer_of("p1")->slot, "police_called");
    assert_int_equal(world_number("SELECT count(*) FROM matcher.rung WHERE NOT met", NULL), 2);
}

static void test_rung_that_is_met_changes_nothing(void **state)
{
    (void)state;
    const struct affair row = {.name = "row", .wanted = {{FORCE(POLICE), 1}}};
    add_all();
    assert_int_equal(open_affair(world, &row), GX_OK);
    assert_int_equal(accept_by(world, "p1", NULL), GX_OK);
    assert_int_equal(status_by("p1", STATE(ON_SCENE)), GX_OK);
    world_due("rung");
    assert_int_equal(side_timers(world, "rung"), 2);
    assert_int_equal(world_number("SELECT count(*) FROM matcher.rung WHERE met", NULL), 2);
    assert_null(offer_of("p2"));
}

static enum gx_rc dispatch(const struct gx_actor *actor, const char *affair, const char *who,
                           bool themselves)
{
    char *ids[] = {(char *)(uintptr_t)id_of(who)};
    Genxi__Dispatch in = GENXI__DISPATCH__INIT;
    Genxi__Dispatched out = GENXI__DISPATCHED__INIT;
    in.id = (char *)(uintptr_t)id_of(affair);
    in.n_responder_ids = 1;
    in.responder_ids = ids;
    in.has_self_dispatched = true;
    in.self_dispatched = themselves;
    return side_command(world, actor, GX_C_dispatch, &in, &out.base);
}

static void test_dispatch_by_hand_bends_no_rule(void **state)
{
    (void)state;
    static const int32_t AREAS[] = {AREA};
    const struct affair fight = {.name = "fight", .wanted = {{FORCE(POLICE), 1}}, .violent = true};
    const struct townsman off = {
        .name = "off", .org = "station", .force = FORCE(POLICE), .east_m = 10, .off_shift = true};
    struct gx_actor duty = actor_duty(AREAS);
    add_all();
    add_person(&off);
    assert_int_equal(open_affair(world, &fight), GX_OK);
    assert_int_equal(dispatch(&duty, "fight", "v1", false), GX_CONFLICT);
    assert_string_equal(side_problem(world), "hard-rule");
    assert_string_equal(world->ctx.faults[0].value, "violent_no_volunteer");
    assert_int_equal(dispatch(&duty, "fight", "off", false), GX_CONFLICT);
    assert_string_equal(world->ctx.faults[0].value, "off_shift");
    assert_int_equal(dispatch(&duty, "fight", "p1", false), GX_CONFLICT);
    assert_string_equal(side_problem(world), "responder-busy"); /* by the matching's own offer */
    assert_int_equal(dispatch(&duty, "fight", "p3", false), GX_OK);
    assert_non_null(offer_of("p3"));
    assert_int_equal(dispatch(&duty, "fight", "nobody", false), GX_DENIED);
}

static void test_desk_adds_its_own_people_only(void **state)
{
    (void)state;
    const struct affair row = {
        .name = "row", .wanted = {{FORCE(POLICE), 1}}, .reporter_org = "guards"};
    struct gx_actor desk = actor_desk("guards");
    struct gx_actor stranger = actor_desk("red");
    add_all();
    assert_int_equal(open_affair(world, &row), GX_OK);
    assert_int_equal(dispatch(&desk, "row", "g1", true), GX_OK);
    assert_int_equal(assignment_state("g1"), STATE(EN_ROUTE));
    assert_int_equal(dispatch(&desk, "row", "g1", true), GX_CONFLICT);
    assert_string_equal(side_problem(world), "responder-busy");
    assert_int_equal(dispatch(&desk, "row", "v1", true), GX_DENIED);
    assert_string_equal(side_problem(world), "foreign-responder");
    assert_int_equal(dispatch(&desk, "row", "g2", false), GX_DENIED); /* offers are the officer's */
    assert_int_equal(dispatch(&stranger, "row", "v1", true), GX_NOT_FOUND);
}

static void test_propose_ranks_and_offers_nobody(void **state)
{
    (void)state;
    static const int32_t AREAS[] = {AREA};
    const struct affair row = {.name = "row", .wanted = {{FORCE(POLICE), 1}}};
    struct gx_actor duty = actor_duty(AREAS);
    Genxi__Propose in = GENXI__PROPOSE__INIT;
    Genxi__Proposal out = GENXI__PROPOSAL__INIT;
    assert_int_equal(open_affair(world, &row), GX_OK); /* before anybody is there */
    assert_int_equal(side_emitted(world, GX_E_slot_unfilled), 1);
    add_all();
    in.id = (char *)(uintptr_t)id_of("row");
    assert_int_equal(side_command(world, &duty, GX_C_propose, &in, &out.base), GX_OK);
    assert_int_equal(out.n_reasons, 3);
    assert_string_equal(out.reasons[0]->call_sign, "p1");
    assert_string_equal(out.reasons[0]->verdict, "chosen");
    assert_string_equal(out.reasons[1]->verdict, "slower");
    assert_non_null(strstr(out.reasons[0]->text_en, "first to be asked"));
    assert_string_equal(out.reasons[0]->travel_basis, "straight_line");
    assert_true(out.reasons[0]->cost_ms < out.reasons[1]->cost_ms);
    assert_true(out.n_lacks == 1 && strcmp(out.lacks[0], "roads") == 0);
    assert_true(out.reasons[0]->travel_seconds < out.reasons[1]->travel_seconds);
    assert_int_equal(world_number("SELECT count(*) FROM matcher.offer", NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nearest_of_each_force_is_offered_with_its_card),
        TEST(test_highest_grades_get_a_spare_and_quota_withdraws_it),
        TEST(test_refusal_refills_the_same_slot_at_once),
        TEST(test_silence_expires_and_refills),
        TEST(test_second_accept_is_refused_by_name),
        TEST(test_self_dispatched_get_the_card_that_an_offer_would_bring),
        TEST(test_self_dispatched_are_in_the_team_at_once),
        TEST(test_self_dispatch_voids_an_offer_elsewhere_which_is_refilled),
        TEST(test_violence_takes_police_whatever_the_playbook_says_and_no_volunteer),
        TEST(test_volunteers_are_called_back_when_it_turns_violent),
        TEST(test_assignment_moves_only_as_it_may),
        TEST(test_first_on_scene_and_first_police_are_told_apart),
        TEST(test_abandoned_place_is_refilled),
        TEST(test_end_frees_everybody),
        TEST(test_handled_sends_nobody_more_but_keeps_who_is_there),
        TEST(test_merge_brings_the_team_along),
        TEST(test_merge_may_ask_whom_it_lets_go),
        TEST(test_merge_waits_for_the_other_incident),
        TEST(test_ladder_steps_up_when_nobody_came),
        TEST(test_rung_that_is_met_changes_nothing),
        TEST(test_dispatch_by_hand_bends_no_rule),
        TEST(test_desk_adds_its_own_people_only),
        TEST(test_propose_ranks_and_offers_nobody),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
