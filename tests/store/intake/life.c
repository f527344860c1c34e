/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an incident: team events, transitions, merging by hand, facts, command, sealed reads, figures, tips. */
#include "world.h"

#include "base/clock.h"
#include "wire/pb.h"

static const char OFFER_EVENT[] = ID("90");
static const int64_t T0 = 1795500000000;

static struct sent open_roof(void)
{
    fresh_place();
    Genxi__ReportCreate report = report_of("jump_threat", 0);
    Genxi__Reporter reporter = GENXI__REPORTER__INIT;
    reporter.name = gx_pb_text("someone");
    reporter.phone = gx_pb_text("13800009999");
    report.reporter = &reporter;
    report.text = gx_pb_text("a man named so-and-so");
    return send_report(&DESK_PROPERTY, &report);
}

static void offer(const char *incident_id, const char *responder_id, const char *org,
                  Genxi__OfferState state, const char *event_id)
{
    Genxi__Offer made = GENXI__OFFER__INIT;
    made.id = gx_pb_text(ID("91"));
    made.incident_id = gx_pb_text(incident_id);
    made.number = gx_pb_text("n");
    made.area = AREA;
    made.responder_id = gx_pb_text(responder_id);
    made.org_id = gx_pb_text(org);
    made.slot = gx_pb_text("guard_cordon");
    made.state = state;
    made.made_at = T0;
    made.type = gx_pb_text("jump_threat");
    if (state == GENXI__OFFER_STATE__OFFER_STATE_OPEN) {
        Genxi__OfferMade event = GENXI__OFFER_MADE__INIT;
        event.offer = &made;
        follow(GX_E_offer_made, event_id, &event);
    } else {
        Genxi__OfferEnded event = GENXI__OFFER_ENDED__INIT;
        event.offer = &made;
        follow(GX_E_offer_ended, event_id, &event);
    }
}

static void assignment(const char *incident_id, const char *responder_id, const char *org,
                       Genxi__Force force, Genxi__AssignmentState state, int64_t at)
{
    Genxi__Assignment changed = GENXI__ASSIGNMENT__INIT;
    Genxi__AssignmentChanged event = GENXI__ASSIGNMENT_CHANGED__INIT;
    changed.id = gx_pb_text(ID("92"));
    changed.incident_id = gx_pb_text(incident_id);
    changed.area = AREA;
    changed.responder_id = gx_pb_text(responder_id);
    changed.org_id = gx_pb_text(org);
    changed.force = force;
    changed.slot = gx_pb_text("guard_cordon");
    changed.state = state;
    changed.accepted_at = at;
    changed.has_en_route_at = changed.has_on_scene_at = changed.has_done_at = true;
    changed.en_route_at = changed.on_scene_at = changed.done_at = at;
    event.assignment = &changed;
    follow(GX_E_assignment_changed, NULL, &event);
}

#define GUARD GENXI__FORCE__FORCE_GUARD
#define COP GENXI__FORCE__FORCE_POLICE
#define ACCEPTED GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_ACCEPTED
#define EN_ROUTE GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_EN_ROUTE
#define ON_SCENE GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_ON_SCENE
#define DONE GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_DONE
#define STATION ID("0f")

static void receipt(const char *event_id, int64_t at)
{
    Genxi__Delivery delivery = GENXI__DELIVERY__INIT;
    Genxi__DeliveryChanged event = GENXI__DELIVERY_CHANGED__INIT;
    delivery.id = gx_pb_text(ID("93"));
    delivery.channel = GENXI__CHANNEL__CHANNEL_STREAM;
    delivery.state = GENXI__DELIVERY_STATE__DELIVERY_STATE_RECEIPTED;
    delivery.event_id = gx_pb_text(event_id);
    delivery.event_type = gx_pb_text("offer.made");
    delivery.has_receipted_at = true;
    delivery.receipted_at = at;
    event.delivery = &delivery;
    follow(GX_E_delivery_changed, NULL, &event);
}

static const Genxi__Incident *move(const struct gx_actor *actor, const char *id, int to,
                                   const char *reason, const char *disposition)
{
    Genxi__IncidentTransition request = GENXI__INCIDENT_TRANSITION__INIT;
    request.id = gx_pb_text(id);
    request.to = (Genxi__IncidentState)to;
    request.reason = reason == NULL ? NULL : gx_pb_text(reason);
    request.disposition = disposition == NULL ? NULL : gx_pb_text(disposition);
    return ask(&here, actor, GX_C_incident_transition, &request, NULL);
}

static const Genxi__Incident *command(const struct gx_actor *actor, const char *id,
                                      const char *responder_id)
{
    Genxi__IncidentTakeCommand request = GENXI__INCIDENT_TAKE_COMMAND__INIT;
    request.id = gx_pb_text(id);
    request.responder_id = responder_id == NULL ? NULL : gx_pb_text(responder_id);
    return ask(&here, actor, GX_C_incident_take_command, &request, NULL);
}

static const Genxi__Incident *fact(const struct gx_actor *actor, const char *id, const char *code)
{
    Genxi__IncidentFact request = GENXI__INCIDENT_FACT__INIT;
    request.id = gx_pb_text(id);
    request.code = gx_pb_text(code);
    request.value = gx_pb_text("7 floors");
    return ask(&here, actor, GX_C_incident_fact, &request, NULL);
}

static void test_the_roof_from_offer_to_close(void **state)
{
    (void)state;
    struct sent roof = open_roof();
    const char *id = roof.incident_id;
    offer(id, GUARD_2, SECURITY, GENXI__OFFER_STATE__OFFER_STATE_OPEN, OFFER_EVENT);
    const Genxi__Incident *seen = view(&DEVICE_2, id)->incident;
    assert_int_equal(seen->state, 2);
    assert_int_equal(seen->times->dispatched_at, T0);
    receipt(OFFER_EVENT, T0 + 10);
    receipt(OFFER_EVENT, T0 + 20);
    seen = view(&DUTY, id)->incident;
    assert_int_equal(seen->state, 2);
    assert_int_equal(seen->times->delivered_at, T0 + 10);
    assert_null(view(&DESK_SECURITY, id)); /* an offer is between the system and the responder */
    assignment(id, GUARD_2, SECURITY, GUARD, ACCEPTED, T0 + 30);
    assignment(id, GUARD_2, SECURITY, GUARD, EN_ROUTE, T0 + 40);
    assignment(id, OFFICER, STATION, COP, ACCEPTED, T0 + 50);
    assignment(id, GUARD_2, SECURITY, GUARD, ON_SCENE, T0 + 60);
    assignment(id, OFFICER, STATION, COP, EN_ROUTE, T0 + 70);
    seen = view(&DESK_SECURITY, id)->incident;
    assert_int_equal(seen->state, 5);
    assert_int_equal(seen->times->acknowledged_at, T0 + 30);
    assert_int_equal(seen->times->en_route_at, T0 + 40);
    assert_int_equal(seen->times->on_scene_at, T0 + 60);
    /* The first on scene stands in; facts; police take command, from whom is on record. */
    assert_string_equal(seen->commander_id, GUARD_2);
    assert_non_null(fact(&DEVICE_2, id, "height"));
    assert_non_null(fact(&DESK_SECURITY, id, "alone"));
    assert_non_null(fact(&DUTY, id, "tool"));
    assert_null(fact(&DESK_FIRE, id, "tool"));
    assert_int_equal(here.reply.rc, GX_DENIED);
    assert_null(fact(&DEVICE_2, id, "colour"));
    assert_int_equal(problem(&here), GX_P_FIELD_CHOICE);
    assert_null(command(&DEVICE_2, id, NULL));
    assert_int_equal(problem(&here), GX_P_HARD_RULE);
    assignment(id, OFFICER, STATION, COP, ON_SCENE, T0 + 80);
    assert_string_equal(command(&POLICE, id, NULL)->commander_id, OFFICER);
    struct told told;
    assert_true(newest(GX_E_command_taken, id, &told));
    const Genxi__CommandTaken *taken = told.payload;
    assert_string_equal(taken->from_responder_id, GUARD_2);
    assert_string_equal(taken->responder_id, OFFICER);
    assert_int_equal(taken->force, COP);
    /* Every step, and a step out of order. */
    assert_null(move(&DUTY, id, 8, NULL, "rescued"));
    assert_int_equal(problem(&here), GX_P_ILLEGAL_TRANSITION);
    assert_non_null(strstr(problem_value(&here), "handled"));
    assert_non_null(move(&POLICE, id, 6, NULL, NULL));
    assert_non_null(move(&DUTY, id, 7, NULL, "rescued"));
    Genxi__IncidentView *before = view(&DESK_SECURITY, id);
    assert_int_equal(before->n_facts, 3);
    const Genxi__Incident *closed = move(&DUTY, id, 8, NULL, NULL);
    assert_string_equal(closed->disposition, "rescued");
    /* What comes late changes nothing of the incident. */
    int64_t version = number_of("SELECT version FROM intake.incident WHERE id = $1", id);
    assignment(id, GUARD_2, SECURITY, GUARD, DONE, T0 + 900);
    receipt(OFFER_EVENT, T0 + 901);
    offer(id, GUARD_1, PROPERTY, GENXI__OFFER_STATE__OFFER_STATE_OPEN, NULL);
    assert_int_equal(number_of("SELECT version FROM intake.incident WHERE id = $1", id), version);
    assert_int_equal(number_of("SELECT state FROM intake.incident WHERE id = $1", id), 8);
    /* Afterwards the security company sees its own people's times, and no words that could name anybody. */
    Genxi__IncidentView *after = view(&DESK_SECURITY, id);
    assert_int_equal(after->n_facts, 0);
    int own = 0;
    for (size_t i = 0; i < after->n_timeline; i++) {
        const Genxi__TimelineEntry *entry = after->timeline[i];
        assert_null(entry->text);
        assert_true(entry->who == NULL || strcmp(entry->who, GUARD_2) == 0);
        own += entry->who != NULL ? 1 : 0;
    }
    assert_true(own >= 4);
    after = view(&DESK_PROPERTY, id);
    assert_int_equal(after->n_reports, 1);
    assert_null(after->reports[0]->text);
    after = view(&DUTY, id);
    assert_non_null(after->reports[0]->text);
    assert_int_equal(after->n_facts, 3);
    assert_int_equal(after->n_allowed, 0);
}

static void test_a_declined_offer_closes_the_view_again(void **state)
{
    (void)state;
    struct sent roof = open_roof();
    offer(roof.incident_id, GUARD_2, SECURITY, GENXI__OFFER_STATE__OFFER_STATE_OPEN, NULL);
    assert_non_null(view(&DEVICE_2, roof.incident_id));
    offer(roof.incident_id, GUARD_2, SECURITY, GENXI__OFFER_STATE__OFFER_STATE_DECLINED, NULL);
    assert_null(view(&DEVICE_2, roof.incident_id));
    assert_null(view(&DESK_SECURITY, roof.incident_id));
    /* Nor does it stay open for one who was on the team before, was stood down, asked again and declined. */
    assignment(roof.incident_id, GUARD_2, SECURITY, GUARD, ACCEPTED, T0);
    assignment(roof.incident_id, GUARD_2, SECURITY, GUARD,
               GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_STOOD_DOWN, T0);
    assert_null(view(&DEVICE_2, roof.incident_id));
    offer(roof.incident_id, GUARD_2, SECURITY, GENXI__OFFER_STATE__OFFER_STATE_OPEN, NULL);
    assert_non_null(view(&DEVICE_2, roof.incident_id));
    offer(roof.incident_id, GUARD_2, SECURITY, GENXI__OFFER_STATE__OFFER_STATE_DECLINED, NULL);
    assert_null(view(&DEVICE_2, roof.incident_id));
    struct told told;
    assert_non_null(move(&DUTY, roof.incident_id, 10, "called off", NULL));
    assert_true(newest(GX_E_incident_changed, roof.incident_id, &told));
    assert_int_equal(told.audience->n_responders, 0);
}

static void test_only_the_duty_officer_of_the_area_moves_it(void **state)
{
    (void)state;
    struct sent roof = open_roof();
    assert_null(move(&DUTY_NEXT, roof.incident_id, 2, NULL, NULL));
    assert_int_equal(problem(&here), GX_P_NOT_FOUND);
    assert_null(move(&DESK_PROPERTY, roof.incident_id, 2, NULL, NULL));
    assert_int_equal(here.reply.rc, GX_DENIED);
    assert_null(move(&DUTY, roof.incident_id, 9, NULL, NULL));
    assert_int_equal(problem(&here), GX_P_REASON_REQUIRED);
    assert_null(move(&DUTY, "nonsense", 2, NULL, NULL));
    assert_int_equal(problem(&here), GX_P_NOT_FOUND);
    Genxi__IncidentView *seen = view(&DUTY, roof.incident_id);
    assert_int_equal(seen->n_allowed, 4);
    assert_non_null(move(&DUTY, roof.incident_id, 9, "not ours", NULL));
    seen = view(&DUTY, roof.incident_id);
    assert_string_equal(seen->incident->police->reasons[0], "not ours");
    seen = view(&DESK_PROPERTY, roof.incident_id);
    assert_null(seen->incident->police);
    for (size_t i = 0; i < seen->n_timeline; i++) {
        assert_string_not_equal(seen->timeline[i]->what, "reason");
    }
}

static void test_correction_keeps_what_was_first_and_refits(void **state)
{
    (void)state;
    struct sent roof = open_roof();
    Genxi__IncidentCorrect correct = GENXI__INCIDENT_CORRECT__INIT;
    correct.id = gx_pb_text(roof.incident_id);
    correct.type = gx_pb_text("dispute");
    correct.has_lon = correct.has_lat = true;
    correct.lon = 102.645;
    correct.lat = 25.045;
    correct.address = gx_pb_text("3 栋");
    correct.reason = gx_pb_text("spoke with them");
    const Genxi__Incident *out = ask(&here, &DUTY, GX_C_incident_correct, &correct, NULL);
    assert_non_null(out);
    assert_string_equal(out->type, "dispute");
    assert_string_equal(out->initial_type, "jump_threat");
    assert_float_equal(out->lon, 102.645, 1e-9);
    assert_float_not_equal(out->initial_lon, 102.645, 1e-9);
    assert_string_equal(out->address, "3 栋");
    assert_null(out->initial_address);
    struct told told;
    assert_true(newest(GX_E_incident_changed, roof.incident_id, &told));
    const Genxi__IncidentChanged *changed = told.payload;
    assert_string_equal(changed->playbook->code, "dispute");
    correct.type = gx_pb_text("ufo");
    assert_null(ask(&here, &DUTY, GX_C_incident_correct, &correct, NULL));
    assert_int_equal(problem(&here), GX_P_TYPE_UNKNOWN);
    correct.type = NULL;
    correct.reason = gx_pb_text(" ");
    assert_null(ask(&here, &DUTY, GX_C_incident_correct, &correct, NULL));
    assert_int_equal(problem(&here), GX_P_REASON_REQUIRED);
}

static void test_a_raised_grade_brings_the_police_to_a_burglar_alarm(void **state)
{
    (void)state;
    fresh_place();
    Genxi__ReportCreate report = report_of("burglar_alarm", 0);
    struct sent sent = send_report(&DESK_PROPERTY, &report);
    struct told told;
    assert_true(newest(GX_E_incident_opened, sent.incident_id, &told));
    assert_int_equal(((const Genxi__IncidentOpened *)told.payload)->playbook->n_slots, 1);
    Genxi__IncidentCorrect correct = GENXI__INCIDENT_CORRECT__INIT;
    correct.id = gx_pb_text(sent.incident_id);
    correct.has_grade = true;
    correct.grade = 2;
    correct.reason = gx_pb_text("a person was seen");
    assert_non_null(ask(&here, &DUTY, GX_C_incident_correct, &correct, NULL));
    assert_true(newest(GX_E_incident_changed, sent.incident_id, &told));
    assert_int_equal(((const Genxi__IncidentChanged *)told.payload)->playbook->n_slots, 2);
}

static const Genxi__Incident *merge(const char *id, const char *into_id)
{
    Genxi__IncidentMerge request = GENXI__INCIDENT_MERGE__INIT;
    request.id = gx_pb_text(id);
    request.into_id = gx_pb_text(into_id);
    request.reason = gx_pb_text("the same");
    return ask(&here, &DUTY, GX_C_incident_merge, &request, NULL);
}

static void test_merging_by_hand_and_splitting_again(void **state)
{
    (void)state;
    struct sent roof = open_roof();
    Genxi__ReportCreate report = report_of("fight", 500);
    struct sent fight = send_report(&DESK_SECURITY, &report);
    report = report_of("fight", 1000);
    report.has_exercise = report.exercise = true;
    struct sent drill = send_report(&DRILL, &report);
    assert_null(merge(roof.incident_id, roof.incident_id));
    assert_int_equal(problem(&here), GX_P_MERGE_SELF);
    assert_null(merge(drill.incident_id, roof.incident_id));
    assert_int_equal(problem(&here), GX_P_MERGE_EXERCISE);
    assert_null(merge(fight.incident_id, ID("ee")));
    assert_int_equal(problem(&here), GX_P_NOT_FOUND);
    assignment(fight.incident_id, GUARD_2, SECURITY, GUARD, ACCEPTED, T0);
    const Genxi__Incident *into = merge(fight.incident_id, roof.incident_id);
    assert_non_null(into);
    assert_int_equal(into->report_count, 2);
    struct told told;
    assert_true(newest(GX_E_incident_merged, fight.incident_id, &told));
    assert_string_equal(((const Genxi__IncidentMerged *)told.payload)->into_id, roof.incident_id);
    assert_non_null(view(&DEVICE_2, roof.incident_id)); /* the team came along */
    assert_int_equal(view(&DESK_SECURITY, roof.incident_id)->n_reports, 1);
    assert_null(merge(fight.incident_id, roof.incident_id));
    assert_int_equal(problem(&here), GX_P_INCIDENT_ENDED);
    /* A chase-up that names the merged one lands where it went. */
    Genxi__ReportCreate chase = report_of("fight", 0);
    chase.incident_id = gx_pb_text(fight.incident_id);
    assert_string_equal(send_report(&DESK_SECURITY, &chase).incident_id, roof.incident_id);
    char *ids[] = {gx_pb_text(fight.report_id)};
    Genxi__IncidentSplit split = GENXI__INCIDENT_SPLIT__INIT;
    split.id = gx_pb_text(roof.incident_id);
    split.report_ids = ids;
    split.n_report_ids = 1;
    split.reason = gx_pb_text("another matter");
    const Genxi__Incident *apart = ask(&here, &DUTY, GX_C_incident_split, &split, NULL);
    assert_non_null(apart);
    assert_string_equal(apart->type, "fight");
    assert_int_equal(apart->report_count, 1);
    char apart_id[GX_ID_SIZE];
    (void)snprintf(apart_id, sizeof apart_id, "%.36s", apart->id);
    assert_true(newest(GX_E_incident_opened, apart_id, &told));
    assert_non_null(view(&DESK_SECURITY, apart_id));
    assert_int_equal(
        number_of("SELECT report_count FROM intake.incident WHERE id = $1", roof.incident_id), 2);
    assert_null(ask(&here, &DUTY, GX_C_incident_split, &split, NULL));
    assert_int_equal(problem(&here), GX_P_REFERENCE);
    /* One report must stay. */
    split.id = gx_pb_text(apart_id);
    assert_null(ask(&here, &DUTY, GX_C_incident_split, &split, NULL));
    assert_int_equal(problem(&here), GX_P_FIELD_LENGTH);
}

static void test_the_reporter_is_read_for_a_purpose_and_on_record(void **state)
{
    (void)state;
    struct sent roof = open_roof();
    Genxi__ReporterRead request = GENXI__REPORTER_READ__INIT;
    request.report_id = gx_pb_text(roof.report_id);
    request.purpose = gx_pb_text("  a ");
    assert_null(ask(&here, &DUTY, GX_C_reporter_read, &request, NULL));
    assert_int_equal(problem(&here), GX_P_PURPOSE_REQUIRED);
    request.purpose = gx_pb_text("call back the witness");
    static const struct gx_actor *const NOT[] = {&DESK_PROPERTY, &DESK_SECURITY, &POLICE,
                                                 &DEVICE_1};
    for (size_t i = 0; i < 4; i++) {
        assert_null(ask(&here, NOT[i], GX_C_reporter_read, &request, NULL));
        assert_int_equal(here.reply.rc, GX_DENIED);
    }
    assert_null(ask(&here, &DUTY_NEXT, GX_C_reporter_read, &request, NULL));
    assert_int_equal(problem(&here), GX_P_NOT_FOUND);
    assert_int_equal(number_of("SELECT count(*) FROM journal.event WHERE type = 257", NULL), 0);
    const Genxi__Reporter *reporter = ask(&here, &DUTY, GX_C_reporter_read, &request, NULL);
    assert_string_equal(reporter->phone, "13800009999");
    struct told told;
    assert_true(newest(GX_E_sealed_read, roof.report_id, &told));
    const Genxi__SealedRead *sealed = told.payload;
    assert_string_equal(sealed->purpose, "call back the witness");
    assert_int_equal(told.audience->n_orgs, 0);
    /* No line, no read. */
    edit("ALTER TABLE journal.event ADD CONSTRAINT full_up CHECK (type <> 257) NOT VALID");
    assert_null(ask(&here, &DUTY, GX_C_reporter_read, &request, NULL));
    edit("ALTER TABLE journal.event DROP CONSTRAINT full_up");
}

static void test_a_linked_party_acknowledges_and_a_dispute_lives_on(void **state)
{
    (void)state;
    struct sent roof = open_roof();
    Genxi__IncidentAck ack = GENXI__INCIDENT_ACK__INIT;
    ack.id = gx_pb_text(roof.incident_id);
    ack.note = gx_pb_text("air cushion under way");
    assert_non_null(ask(&here, &DESK_FIRE, GX_C_incident_ack, &ack, NULL));
    assert_null(ask(&here, &DESK_SECURITY, GX_C_incident_ack, &ack, NULL));
    assert_int_equal(problem(&here), GX_P_NOT_FOUND);
    assert_int_equal(
        number_of(
            "SELECT count(*) FROM intake.entry WHERE incident_id = $1 AND what = 'linked_ack'",
            roof.incident_id),
        1);
    Genxi__FollowUpCreate create = GENXI__FOLLOW_UP_CREATE__INIT;
    create.id = gx_pb_text(roof.incident_id);
    create.text = gx_pb_text("WAGES-OF-SOMEBODY");
    create.owner = gx_pb_text("sub-district office");
    create.due_at = gx_clock_wall_ms() - 1000;
    assert_null(ask(&here, &DUTY, GX_C_follow_up_create, &create, NULL));
    assert_int_equal(problem(&here), GX_P_TIME_ORDER);
    create.due_at = gx_clock_wall_ms() + 86400000;
    assert_non_null(ask(&here, &DUTY, GX_C_follow_up_create, &create, NULL));
    assert_int_equal(view(&DUTY, roof.incident_id)->n_follow_ups, 1);
    assert_int_equal(view(&DESK_PROPERTY, roof.incident_id)->n_follow_ups, 0);
    Genxi__FollowUpDone done = GENXI__FOLLOW_UP_DONE__INIT;
    char other[GX_ID_SIZE];
    done.id = gx_pb_text(roof.incident_id);
    done.note = gx_pb_text("paid");
    done.follow_up_id = gx_pb_text(gx_id_new(other));
    assert_null(ask(&here, &DUTY, GX_C_follow_up_done, &done, NULL));
    assert_int_equal(problem(&here), GX_P_NOT_FOUND);
    char follow_up[GX_ID_SIZE];
    (void)snprintf(follow_up, sizeof follow_up, "%s",
                   view(&DUTY, roof.incident_id)->follow_ups[0]->id);
    done.follow_up_id = follow_up;
    assert_null(ask(&here, &DESK_PROPERTY, GX_C_follow_up_done, &done, NULL));
    for (int i = 0; i < 2; i++) { /* done again, it stays as it was */
        assert_non_null(ask(&here, &DUTY, GX_C_follow_up_done, &done, NULL));
        assert_true(view(&DUTY, roof.incident_id)->follow_ups[0]->has_done_at);
        assert_int_equal(number_of("SELECT count(*) FROM intake.entry WHERE incident_id = $1 AND "
                                   "what = 'follow_up_done'",
                                   roof.incident_id),
                         1);
    }
    struct told told;
    assert_true(newest(GX_E_follow_up_changed, roof.incident_id, &told));
    assert_int_equal(told.audience->n_orgs, 0);
    assert_int_equal(
        number_of(
            "SELECT count(*) FROM journal.event WHERE position('WAGES-OF'::bytea IN body) > 0",
            NULL),
        0);
}

static const Genxi__Statistics *figures(const struct gx_actor *actor)
{
    Genxi__StatisticsQuery query = GENXI__STATISTICS_QUERY__INIT;
    query.from_at = gx_clock_wall_ms() - 3600000;
    query.until_at = gx_clock_wall_ms() + 3600000;
    return ask(&here, actor, GX_C_statistics, &query, NULL);
}

static uint64_t of_type(const Genxi__Statistics *statistics, const char *type)
{
    for (size_t i = 0; i < statistics->n_by_type; i++) {
        if (strcmp(statistics->by_type[i]->type, type) == 0) {
            return statistics->by_type[i]->count;
        }
    }
    return 0;
}

static void test_figures_leave_drills_out_and_small_cells_to_officers(void **state)
{
    (void)state;
    fresh_place();
    const Genxi__Statistics *before = figures(&DUTY);
    uint64_t count = before->incidents;
    assert_int_equal(of_type(before, "traffic_block"), 0);
    Genxi__ReportCreate report = report_of("traffic_block", 0);
    for (int i = 0; i < 4; i++) {
        report.lat += 400.0 / 111195.0;
        assert_false(send_report(&DESK_PROPERTY, &report).merged);
    }
    Genxi__ReportCreate drill = report_of("crowd", 0);
    drill.has_exercise = drill.exercise = true;
    (void)send_report(&DRILL, &drill);
    const Genxi__Statistics *after = figures(&DUTY);
    assert_int_equal(after->incidents, count + 4);
    assert_int_equal(of_type(after, "traffic_block"), 4);
    assert_int_equal(of_type(figures(&DESK_SECURITY), "traffic_block"), 0);
    assert_int_equal(figures(&DUTY_NEXT)->incidents, 0);
    report.lat += 400.0 / 111195.0;
    (void)send_report(&DESK_PROPERTY, &report);
    assert_int_equal(of_type(figures(&DESK_SECURITY), "traffic_block"), 5);
}

static enum gx_rc said_rc;
static const char *said_text;

static enum gx_rc say_text(struct gx_ctx *ctx, const char *tip_id, const char **ret_text)
{
    (void)ctx;
    assert_string_equal(tip_id, ID("a1"));
    *ret_text = said_text;
    return said_rc;
}

static void intel_says(enum gx_rc rc, const char *text)
{
    struct intake *self = here.runner.self;
    self->tip_text = say_text;
    said_rc = rc;
    said_text = text;
}

/* As the chassis runs it, but for the row of the timer. */
static enum gx_rc text_timer(const char *report_id)
{
    const struct gx_timer timer = {
        .kind = "tip_text", .subject = report_id, .area = AREA, .data = ID("a1")};
    const struct gx_tx_plan plan = {.read_only = false};
    struct gx_ctx *ctx = &here.runner.ctx;
    gx_ctx_reset(ctx);
    gx_act_as_system(ctx, "intake", NULL);
    gx_tx_begin(here.runner.tx, ctx, &plan);
    enum gx_rc rc = INTAKE.timers[0].handle(here.runner.self, ctx, &timer);
    rc = rc == GX_OK ? gx_tx_commit(here.runner.tx, (struct gx_view){NULL, 0}) : rc;
    if (rc != GX_OK) {
        gx_tx_abort(here.runner.tx);
    }
    return rc;
}

static void test_an_opened_tip_becomes_an_incident_once_and_its_giver_sees_nothing(void **state)
{
    (void)state;
    fresh_place();
    Genxi__Tip tip = GENXI__TIP__INIT;
    Genxi__TipOpened opened = GENXI__TIP_OPENED__INIT;
    tip.id = gx_pb_text(ID("a1"));
    tip.area = AREA;
    tip.state = GENXI__TIP_STATE__TIP_STATE_OPENED;
    tip.lon = 102.61;
    tip.lat = 25.01;
    tip.seen = gx_pb_text("");
    tip.seen_at = T0;
    tip.org_id = gx_pb_text(SECURITY);
    tip.responder_id = gx_pb_text(GUARD_2);
    opened.tip = &tip;
    opened.type = gx_pb_text("tip_check");
    opened.incident_id = gx_pb_text(ID("a2"));
    follow(GX_E_tip_opened, NULL, &opened);
    follow(GX_E_tip_opened, NULL, &opened);
    assert_int_equal(
        number_of("SELECT count(*) FROM intake.report WHERE incident_id = $1", ID("a2")), 1);
    Genxi__IncidentView *seen = view(&DUTY, ID("a2"));
    assert_string_equal(seen->incident->type, "tip_check");
    assert_null(seen->reports[0]->text);
    char report_id[GX_ID_SIZE];
    (void)snprintf(report_id, sizeof report_id, "%s", seen->reports[0]->id);
    intel_says(GX_UNAVAILABLE, NULL); /* it is away: the timer stays */
    assert_int_equal(text_timer(report_id), GX_UNAVAILABLE);
    intel_says(GX_OK, "coming and going");
    assert_int_equal(text_timer(report_id), GX_OK);
    seen = view(&DUTY, ID("a2"));
    assert_string_equal(seen->reports[0]->text, "coming and going");
    assert_int_equal(seen->incident->version, 2); /* whoever watches reads anew */
    assert_null(view(&DESK_SECURITY, ID("a2")));
    assert_null(view(&DEVICE_2, ID("a2")));
    Genxi__TipPurged purged = GENXI__TIP_PURGED__INIT;
    purged.tip_id = tip.id;
    purged.reason = gx_pb_text("unfounded");
    follow(GX_E_tip_purged, NULL, &purged);
    assert_null(view(&DUTY, ID("a2"))->reports[0]->text);
    assert_int_equal(
        number_of("SELECT count(*) FROM intake.report WHERE text LIKE '%' || $1 || '%'",
                  "coming and going"),
        0);
    intel_says(GX_OK, NULL); /* a timer that comes after it finds the tip gone */
    assert_int_equal(text_timer(report_id), GX_OK);
    assert_null(view(&DUTY, ID("a2"))->reports[0]->text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_roof_from_offer_to_close),
        cmocka_unit_test(test_a_declined_offer_closes_the_view_again),
        cmocka_unit_test(test_only_the_duty_officer_of_the_area_moves_it),
        cmocka_unit_test(test_correction_keeps_what_was_first_and_refits),
        cmocka_unit_test(test_a_raised_grade_brings_the_police_to_a_burglar_alarm),
        cmocka_unit_test(test_merging_by_hand_and_splitting_again),
        cmocka_unit_test(test_the_reporter_is_read_for_a_purpose_and_on_record),
        cmocka_unit_test(test_a_linked_party_acknowledges_and_a_dispute_lives_on),
        cmocka_unit_test(test_figures_leave_drills_out_and_small_cells_to_officers),
        cmocka_unit_test(test_an_opened_tip_becomes_an_incident_once_and_its_giver_sees_nothing),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
