/* SPDX-License-Identifier: Apache-2.0 */
/* Tips on a real PostgreSQL, under the service's own role. */
#include "town.h"

static const char SEEN[] = "陌生人夜间频繁出入出租屋";

static Genxi__TipCreate tip_at(double lon, double lat)
{
    Genxi__TipCreate create = GENXI__TIP_CREATE__INIT;
    create.lon = lon;
    create.lat = lat;
    create.seen_at = town_now() - 60000;
    create.seen = gx_pb_text(SEEN);
    return create;
}

static const char *make_tip(const struct gx_actor *actor)
{
    static char ids[64][GX_ID_SIZE];
    static size_t count;
    Genxi__TipCreate create = tip_at(102.55, 25.05);
    Genxi__TipCreated reply;
    assert_true(count < 64);
    assert_int_equal(ground_command(g, actor, GX_C_tip_create, &create, &reply), GX_OK);
    (void)snprintf(ids[count], GX_ID_SIZE, "%s", reply.id);
    return ids[count++];
}

/* The one tip of that id as the actor sees it. */
static enum gx_rc see(const struct gx_actor *actor, const char *id, Genxi__Tip *ret)
{
    Genxi__TipQuery query = GENXI__TIP_QUERY__INIT;
    Genxi__TipList reply;
    query.id = gx_pb_text(id);
    enum gx_rc rc = ground_command(g, actor, GX_C_tip_list, &query, &reply);
    if (rc == GX_OK) {
        assert_int_equal(reply.n_items, 1);
        *ret = *reply.items[0];
    }
    return rc;
}

static enum gx_rc triage(const struct gx_actor *actor, const char *id, Genxi__TipVerdict verdict)
{
    Genxi__TipTriage triage = GENXI__TIP_TRIAGE__INIT;
    Genxi__Tip reply;
    triage.id = gx_pb_text(id);
    triage.verdict = verdict;
    triage.reason = gx_pb_text("looked at it");
    return ground_command(g, actor, GX_C_tip_triage, &triage, &reply);
}

static enum gx_rc outcome(const struct gx_actor *actor, const char *id, bool founded)
{
    Genxi__TipOutcome outcome = GENXI__TIP_OUTCOME__INIT;
    Genxi__Tip reply;
    outcome.id = gx_pb_text(id);
    outcome.founded = founded;
    return ground_command(g, actor, GX_C_tip_outcome, &outcome, &reply);
}

static void test_tip_is_received_with_card_and_area(void **state)
{
    (void)state;
    struct gx_actor patrol = device(ORG_A);
    Genxi__TipCreate create = tip_at(102.65, 25.02);
    Genxi__TipCreated reply;
    assert_int_equal(ground_command(g, &patrol, GX_C_tip_create, &create, &reply), GX_OK);
    assert_int_equal(reply.n_card_zh, 6);
    assert_int_equal(reply.n_card_en, 6);
    assert_int_equal(reply.n_flags, 0);
    assert_memory_equal(reply.number, "T53011202-", 10);
    Genxi__TipReceived received;
    const Genxi__Event *event = ground_emitted(g, GX_E_tip_received, 0, &received);
    assert_non_null(event);
    assert_int_equal(event->area, NEXT_AREA);
    assert_true(event->audience->officers);
    assert_int_equal(event->audience->n_orgs + event->audience->n_responders, 0);
    assert_string_equal(received.tip->seen, ""); /* events wake, they do not tell */
}

static void test_tip_outside_goes_to_the_nearest_station_and_says_so(void **state)
{
    (void)state;
    struct gx_actor a = desk(ORG_A);
    Genxi__TipCreate create = tip_at(103.5, 25.05);
    Genxi__TipCreated reply;
    create.seen = gx_pb_text("车牌 云A12345 停了三天");
    assert_int_equal(ground_command(g, &a, GX_C_tip_create, &create, &reply), GX_OK);
    assert_memory_equal(reply.number, "T53011202-", 10);
    assert_int_equal(reply.n_flags, 2);
    assert_string_equal(reply.flags[0], "outside_district");
    assert_string_equal(reply.flags[1], "personal_data");
}

static void test_tip_numbers_count_per_area_and_day(void **state)
{
    (void)state;
    struct gx_actor a = desk(ORG_A);
    Genxi__TipCreate create = tip_at(102.55, 25.05);
    Genxi__TipCreated reply;
    char first[64];
    assert_int_equal(ground_command(g, &a, GX_C_tip_create, &create, &reply), GX_OK);
    (void)snprintf(first, sizeof first, "%s", reply.number);
    assert_int_equal(ground_command(g, &a, GX_C_tip_create, &create, &reply), GX_OK);
    assert_memory_equal(first, reply.number, 19);
    assert_int_equal(atoi(first + 19) + 1, atoi(reply.number + 19));
}

static void test_tip_bad_input_is_refused_by_name(void **state)
{
    (void)state;
    struct gx_actor a = desk(ORG_A);
    Genxi__TipCreated reply;
    Genxi__TipCreate create = tip_at(102.55, 125.05);
    assert_int_equal(ground_command(g, &a, GX_C_tip_create, &create, &reply), GX_INVALID);
    assert_string_equal(ground_problem(g), "coordinates-out-of-range");
    create = tip_at(102.55, 25.05);
    create.crs = gx_pb_text("mars");
    assert_int_equal(ground_command(g, &a, GX_C_tip_create, &create, &reply), GX_INVALID);
    assert_string_equal(ground_problem(g), "unknown-crs");
    create = tip_at(102.55, 25.05);
    create.seen_at += 3600000;
    assert_int_equal(ground_command(g, &a, GX_C_tip_create, &create, &reply), GX_INVALID);
    assert_string_equal(ground_problem(g), "time-in-future");
    create = tip_at(102.55, 25.05);
    create.seen = gx_pb_text("");
    assert_int_equal(ground_command(g, &a, GX_C_tip_create, &create, &reply), GX_INVALID);
    assert_string_equal(ground_problem(g), "wrong-length");
    create = tip_at(102.55, 25.05);
    create.has_exercise = 1;
    create.exercise = 1;
    assert_int_equal(ground_command(g, &a, GX_C_tip_create, &create, &reply), GX_DENIED);
    struct gx_actor nobody = ground_actor(GX_ROLE_AUDITOR, "x", "", NULL);
    assert_int_equal(ground_command(g, &nobody, GX_C_tip_create, &create, &reply), GX_DENIED);
}

static void test_tip_reporter_hears_handled_and_nothing_else(void **state)
{
    (void)state;
    struct gx_actor patrol = device(ORG_A);
    struct gx_actor officer = duty(&TOWN_ONE);
    const char *id = make_tip(&patrol);
    Genxi__Tip tip;
    assert_int_equal(see(&patrol, id, &tip), GX_OK);
    assert_false(tip.handled);
    assert_string_equal(tip.seen, SEEN);
    assert_int_equal(triage(&officer, id, GENXI__TIP_VERDICT__TIP_VERDICT_SEND), GX_OK);
    /* One event for officers, in full; one for the reporter, without the state. */
    assert_int_equal(ground_emitted_count(g, GX_E_tip_changed), 2);
    Genxi__TipChanged changed;
    const Genxi__Event *event = ground_emitted(g, GX_E_tip_changed, 0, &changed);
    assert_true(event->audience->officers);
    assert_int_equal(event->audience->n_responders, 0);
    assert_int_equal(changed.tip->state, GENXI__TIP_STATE__TIP_STATE_SENT);
    event = ground_emitted(g, GX_E_tip_changed, 1, &changed);
    assert_false(event->audience->officers);
    assert_int_equal(event->audience->n_responders, 1);
    assert_string_equal(event->audience->responders[0], RESPONDER);
    assert_int_equal(changed.tip->state, GENXI__TIP_STATE__TIP_STATE_RECEIVED);
    assert_true(changed.tip->handled);
    assert_null(changed.tip->police);
    assert_int_equal(see(&patrol, id, &tip), GX_OK);
    assert_int_equal(ground_emitted_count(g, GX_E_sealed_read), 0);
    assert_true(tip.handled);
    assert_int_equal(tip.state, GENXI__TIP_STATE__TIP_STATE_RECEIVED);
    assert_null(tip.police);
}

static void test_tip_others_do_not_see_it(void **state)
{
    (void)state;
    struct gx_actor a = desk(ORG_A);
    struct gx_actor patrol = device(ORG_A);
    struct gx_actor b = desk(ORG_B);
    struct gx_actor elsewhere = duty(&TOWN_TWO);
    const char *of_desk = make_tip(&a);
    const char *of_patrol = make_tip(&patrol);
    Genxi__Tip tip;
    assert_int_equal(see(&a, of_desk, &tip), GX_OK);
    assert_int_equal(see(&a, of_patrol, &tip),
                     GX_NOT_FOUND); /* told in confidence to the police, not to the employer */
    assert_int_equal(see(&patrol, of_desk, &tip), GX_NOT_FOUND);
    assert_int_equal(see(&b, of_desk, &tip), GX_NOT_FOUND);
    assert_int_equal(see(&elsewhere, of_desk, &tip), GX_NOT_FOUND);
    assert_int_equal(triage(&elsewhere, of_desk, GENXI__TIP_VERDICT__TIP_VERDICT_WATCH),
                     GX_NOT_FOUND);
    assert_int_equal(triage(&a, of_desk, GENXI__TIP_VERDICT__TIP_VERDICT_WATCH), GX_DENIED);
    Genxi__TipQuery query = GENXI__TIP_QUERY__INIT;
    Genxi__TipList reply;
    query.has_state = 1;
    query.state = GENXI__TIP_STATE__TIP_STATE_FOUNDED;
    assert_int_equal(ground_command(g, &a, GX_C_tip_list, &query, &reply), GX_DENIED);
}

static void test_tip_each_view_by_an_officer_is_logged(void **state)
{
    (void)state;
    struct gx_actor a = desk(ORG_A);
    struct gx_actor officer = duty(&TOWN_ONE);
    Genxi__TipQuery query = GENXI__TIP_QUERY__INIT;
    Genxi__TipList reply;
    const char *id = make_tip(&a);
    assert_int_equal(ground_command(g, &officer, GX_C_tip_list, &query, &reply), GX_OK);
    assert_true(reply.n_items > 1);
    assert_int_equal(ground_emitted_count(g, GX_E_sealed_read), reply.n_items);
    assert_string_equal(reply.items[0]->id, id); /* newest first */
    assert_non_null(reply.items[0]->police);
    Genxi__SealedRead read;
    const Genxi__Event *event = ground_emitted(g, GX_E_sealed_read, 0, &read);
    assert_string_equal(read.subject_id, id);
    assert_string_equal(read.what, "tip");
    assert_string_equal(event->actor->subject, "duty-one");
    assert_false(event->audience->officers);
}

static void test_tip_pages_join_without_a_gap(void **state)
{
    (void)state;
    struct gx_actor officer = duty(&TOWN_ONE);
    Genxi__TipQuery query = GENXI__TIP_QUERY__INIT;
    Genxi__TipList reply;
    int64_t seen = 0;
    char cursor[GX_ID_SIZE] = "";
    query.has_limit = 1;
    query.limit = 2;
    do {
        query.cursor = cursor[0] == '\0' ? NULL : cursor;
        assert_int_equal(ground_command(g, &officer, GX_C_tip_list, &query, &reply), GX_OK);
        seen += (int64_t)reply.n_items;
        (void)snprintf(cursor, sizeof cursor, "%s",
                       reply.next_cursor == NULL ? "" : reply.next_cursor);
    } while (cursor[0] != '\0');
    assert_int_equal(seen,
                     ground_number("SELECT count(*) FROM intel.tip WHERE area = 53011201", NULL));
}

static void test_tip_triage_needs_a_reason_and_a_legal_step(void **state)
{
    (void)state;
    struct gx_actor a = desk(ORG_A);
    struct gx_actor officer = duty(&TOWN_ONE);
    const char *id = make_tip(&a);
    Genxi__TipTriage request = GENXI__TIP_TRIAGE__INIT;
    Genxi__Tip reply;
    request.id = gx_pb_text(id);
    request.verdict = GENXI__TIP_VERDICT__TIP_VERDICT_WATCH;
    request.reason = gx_pb_text("");
    assert_int_equal(ground_command(g, &officer, GX_C_tip_triage, &request, &reply), GX_INVALID);
    assert_string_equal(ground_problem(g), "reason-required");
    assert_int_equal(outcome(&officer, id, true), GX_CONFLICT);
    assert_int_equal(triage(&officer, id, GENXI__TIP_VERDICT__TIP_VERDICT_WATCH), GX_OK);
    assert_int_equal(triage(&officer, id, GENXI__TIP_VERDICT__TIP_VERDICT_WATCH), GX_CONFLICT);
    assert_string_equal(ground_problem(g), "illegal-transition");
    assert_int_equal(triage(&officer, id, GENXI__TIP_VERDICT__TIP_VERDICT_DISCARD), GX_OK);
    assert_int_equal(triage(&officer, id, GENXI__TIP_VERDICT__TIP_VERDICT_OPEN), GX_CONFLICT);
}

/* Services may ask for the words, nobody else. */
static const char *text_of(const char *id)
{
    static char text[100];
    const struct gx_actor system = {.roles = (uint32_t)GX_ROLE_SYSTEM,
                                    .subject = "intake",
                                    .org = "",
                                    .responder_id = "",
                                    .lang = "en"};
    Genxi__TipTextGet request = GENXI__TIP_TEXT_GET__INIT;
    Genxi__TipText reply;
    request.id = gx_pb_text(id);
    assert_int_equal(ground_command(g, &system, GX_C_tip_text, &request, &reply), GX_OK);
    (void)snprintf(text, sizeof text, "%s", reply.seen == NULL ? "gone" : reply.seen);
    return text;
}

static void test_tip_opened_tells_intake_alone(void **state)
{
    (void)state;
    struct gx_actor a = desk(ORG_A);
    struct gx_actor officer = duty(&TOWN_ONE);
    const char *id = make_tip(&a);
    assert_int_equal(triage(&officer, id, GENXI__TIP_VERDICT__TIP_VERDICT_OPEN), GX_OK);
    Genxi__TipOpened opened;
    const Genxi__Event *event = ground_emitted(g, GX_E_tip_opened, 0, &opened);
    assert_non_null(event);
    assert_false(event->audience->officers);
    assert_int_equal(event->audience->n_orgs, 0);
    assert_string_equal(opened.type, "tip_check");
    assert_true(gx_id_valid(opened.incident_id));
    assert_string_equal(opened.tip->seen, "");
    Genxi__Tip tip;
    char incident[GX_ID_SIZE];
    (void)snprintf(incident, sizeof incident, "%s", opened.incident_id);
    assert_int_equal(see(&officer, id, &tip), GX_OK);
    assert_string_equal(tip.police->incident_id, incident);
    assert_string_equal(text_of(id), SEEN);
    Genxi__TipTextGet request = GENXI__TIP_TEXT_GET__INIT;
    Genxi__TipText reply;
    request.id = gx_pb_text(id);
    assert_int_equal(ground_command(g, &officer, GX_C_tip_text, &request, &reply), GX_DENIED);
}

/* However it was looked at: opened as well, nothing of it is left. */
static void test_tip_opened_and_unfounded_leaves_no_words(void **state)
{
    (void)state;
    struct gx_actor a = desk(ORG_A);
    struct gx_actor officer = duty(&TOWN_ONE);
    const char *id = make_tip(&a);
    assert_int_equal(triage(&officer, id, GENXI__TIP_VERDICT__TIP_VERDICT_OPEN), GX_OK);
    assert_int_equal(outcome(&officer, id, false), GX_OK);
    ground_do("UPDATE intel.timer SET due_at = 1, try_at = 1 WHERE subject = $1::uuid", id);
    assert_int_equal(ground_timers(g), 1);
    assert_string_equal(text_of(id), "gone");
    assert_int_equal(ground_number("SELECT count(*) FROM journal.event WHERE subject = $1::uuid "
                                   "AND position(convert_to('出租屋', 'UTF8') IN body) > 0",
                                   id),
                     0);
}

static void test_tip_unfounded_is_gone_after_its_term(void **state)
{
    (void)state;
    struct gx_actor patrol = device(ORG_A);
    struct gx_actor officer = duty(&TOWN_ONE);
    const char *id = make_tip(&patrol);
    const char *kept = make_tip(&patrol);
    while (ground_timers(g) > 0) {
    }
    assert_int_equal(triage(&officer, id, GENXI__TIP_VERDICT__TIP_VERDICT_SEND), GX_OK);
    assert_int_equal(outcome(&officer, id, false), GX_OK);
    assert_int_equal(triage(&officer, kept, GENXI__TIP_VERDICT__TIP_VERDICT_SEND), GX_OK);
    assert_int_equal(outcome(&officer, kept, true), GX_OK);
    assert_int_equal(
        ground_number(
            "SELECT count(*) FROM intel.timer WHERE subject = $1::uuid AND kind = 'tip_purge' "
            "AND due_at BETWEEN genxi.now_ms() + 7775900000 AND genxi.now_ms() + 7776000000",
            id),
        1); /* 90 days */
    assert_int_equal(
        ground_number("SELECT count(*) FROM intel.timer WHERE subject = $1::uuid", kept), 0);
    assert_int_equal(ground_timers(g), 0); /* not yet */
    ground_do("UPDATE intel.timer SET due_at = 1, try_at = 1 WHERE subject = $1::uuid", id);
    assert_int_equal(ground_timers(g), 1);
    Genxi__TipPurged purged;
    const Genxi__Event *event = ground_emitted(g, GX_E_tip_purged, 0, &purged);
    assert_non_null(event);
    assert_string_equal(purged.tip_id, id);
    assert_string_equal(purged.reason, "unfounded");
    assert_int_equal(ground_number("SELECT count(*) FROM intel.tip WHERE id = $1::uuid", id), 0);
    assert_int_equal(ground_number("SELECT count(*) FROM intel.tip WHERE id = $1::uuid", kept), 1);
    Genxi__Tip tip;
    assert_int_equal(see(&patrol, id, &tip), GX_NOT_FOUND);
    /* Nor does what was seen live on in the journal. */
    assert_int_equal(ground_number("SELECT count(*) FROM journal.event WHERE subject = $1::uuid "
                                   "AND position(convert_to('出租屋', 'UTF8') IN body) > 0",
                                   id),
                     0);
}

static void test_tip_timer_of_a_tip_that_is_gone_does_nothing(void **state)
{
    (void)state;
    struct gx_actor a = desk(ORG_A);
    struct gx_actor officer = duty(&TOWN_ONE);
    const char *id = make_tip(&a);
    assert_int_equal(triage(&officer, id, GENXI__TIP_VERDICT__TIP_VERDICT_DISCARD), GX_OK);
    ground_do("DELETE FROM intel.tip WHERE id = $1::uuid", id);
    ground_do("UPDATE intel.timer SET due_at = 1, try_at = 1 WHERE subject = $1::uuid", id);
    assert_int_equal(ground_timers(g), 1);
    assert_int_equal(g->event_count, 0);
}

static void test_tip_of_a_drill_is_marked_everywhere(void **state)
{
    (void)state;
    struct gx_actor officer = duty(&TOWN_ONE);
    Genxi__TipCreate create = tip_at(102.55, 25.05);
    Genxi__TipCreated reply;
    create.has_exercise = 1;
    create.exercise = 1;
    assert_int_equal(ground_command(g, &officer, GX_C_tip_create, &create, &reply), GX_OK);
    const Genxi__Event *event = ground_emitted(g, GX_E_tip_received, 0, NULL);
    assert_true(event->exercise);
    char id[GX_ID_SIZE];
    (void)snprintf(id, sizeof id, "%s", reply.id);
    assert_int_equal(triage(&officer, id, GENXI__TIP_VERDICT__TIP_VERDICT_OPEN), GX_OK);
    assert_true(ground_emitted(g, GX_E_tip_opened, 0, NULL)->exercise);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tip_is_received_with_card_and_area),
        cmocka_unit_test(test_tip_outside_goes_to_the_nearest_station_and_says_so),
        cmocka_unit_test(test_tip_numbers_count_per_area_and_day),
        cmocka_unit_test(test_tip_bad_input_is_refused_by_name),
        cmocka_unit_test(test_tip_reporter_hears_handled_and_nothing_else),
        cmocka_unit_test(test_tip_others_do_not_see_it),
        cmocka_unit_test(test_tip_each_view_by_an_officer_is_logged),
        cmocka_unit_test(test_tip_pages_join_without_a_gap),
        cmocka_unit_test(test_tip_triage_needs_a_reason_and_a_legal_step),
        cmocka_unit_test(test_tip_opened_tells_intake_alone),
        cmocka_unit_test(test_tip_opened_and_unfounded_leaves_no_words),
        cmocka_unit_test(test_tip_unfounded_is_gone_after_its_term),
        cmocka_unit_test(test_tip_timer_of_a_tip_that_is_gone_does_nothing),
        cmocka_unit_test(test_tip_of_a_drill_is_marked_everywhere),
    };
    return cmocka_run_group_tests(tests, town_setup, town_teardown);
}
