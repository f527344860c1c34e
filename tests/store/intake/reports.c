/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: what opens an incident, what joins one, what is refused and then leaves nothing, and who sees it. */
#include "world.h"

#include "base/clock.h"
#include "base/datum.h"
#include "wire/pb.h"

#include <pthread.h>

static bool listed(char *const *items, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static int64_t rows_of_intake(void)
{
    return number_of(
        "SELECT (SELECT count(*) FROM intake.report) + (SELECT count(*) FROM intake.incident)"
        " + (SELECT count(*) FROM intake.entry) + (SELECT count(*) FROM journal.event)",
        NULL);
}

static void test_the_roof_opens_an_incident_for_those_entitled(void **state)
{
    (void)state;
    fresh_place();
    Genxi__ReportCreate report = report_of("jump_threat", 0);
    Genxi__Reporter reporter = GENXI__REPORTER__INIT;
    char *responding[] = {gx_pb_text(GUARD_1)};
    reporter.name = gx_pb_text("SEALED-NAME");
    reporter.phone = gx_pb_text("13800009999");
    report.reporter = &reporter;
    report.address = gx_pb_text("滇池路 7 栋");
    report.text = gx_pb_text("FREE-TEXT");
    report.responding = responding;
    report.n_responding = 1;
    struct sent sent = send_report(&DESK_PROPERTY, &report);
    assert_false(sent.merged);
    assert_int_equal(strncmp(sent.number, "530112-", 7), 0);
    assert_int_equal(strlen(sent.number), 22);
    struct told told;
    assert_true(newest(GX_E_incident_opened, sent.incident_id, &told));
    const Genxi__IncidentOpened *opened = told.payload;
    assert_int_equal(opened->incident->grade, 1);
    assert_int_equal(opened->incident->area, AREA);
    assert_string_equal(opened->responding[0], GUARD_1);
    assert_int_equal(opened->n_linked_orgs, 3);
    assert_true(listed(opened->linked_orgs, 3, FIRE) && listed(opened->linked_orgs, 3, STREET));
    assert_true(listed(told.audience->orgs, told.audience->n_orgs, PROPERTY));
    assert_true(listed(told.audience->orgs, told.audience->n_orgs, AMBULANCE));
    assert_false(listed(told.audience->orgs, told.audience->n_orgs, SECURITY));
    /* Neither the reporter nor free text is in any event. */
    assert_int_equal(
        number_of(
            "SELECT count(*) FROM journal.event WHERE position('SEALED-NAME'::bytea IN body) > 0"
            " OR position('13800009999'::bytea IN body) > 0"
            " OR position('FREE-TEXT'::bytea IN body) > 0",
            NULL),
        0);
    assert_non_null(view(&DUTY, sent.incident_id));
    assert_non_null(view(&DESK_PROPERTY, sent.incident_id));
    assert_non_null(view(&DESK_FIRE, sent.incident_id));
    static const struct gx_actor *const STRANGERS[] = {&DESK_SECURITY, &DUTY_NEXT, &DEVICE_1,
                                                       &DEVICE_2, &POLICE};
    for (size_t i = 0; i < 5; i++) {
        assert_null(view(STRANGERS[i], sent.incident_id));
        assert_int_equal(problem(&here), GX_P_NOT_FOUND);
    }
}

static void test_a_repeat_is_the_same_report(void **state)
{
    (void)state;
    fresh_place();
    Genxi__ReportCreate report = report_of("fight", 0);
    const Genxi__ReportCreated *first =
        ask(&here, &DESK_PROPERTY, GX_C_report_create, &report, "key-1");
    assert_non_null(first);
    char id[GX_ID_SIZE];
    (void)snprintf(id, sizeof id, "%s", first->report_id);
    int64_t rows = rows_of_intake();
    first = ask(&here, &DESK_PROPERTY, GX_C_report_create, &report, "key-1");
    assert_string_equal(first->report_id, id);
    assert_true(here.reply.replayed);
    report.text = gx_pb_text("other");
    assert_null(ask(&here, &DESK_PROPERTY, GX_C_report_create, &report, "key-1"));
    assert_int_equal(problem(&here), GX_P_IDEMPOTENCY_REUSE);
    assert_int_equal(rows_of_intake(), rows);
    report.external_id = gx_pb_text("A-17");
    struct sent numbered = send_report(&DESK_PROPERTY, &report);
    struct sent again = send_report(&DESK_PROPERTY, &report);
    assert_string_equal(numbered.report_id, again.report_id);
    assert_string_equal(numbered.incident_id, again.incident_id);
    struct sent other = send_report(&DESK_SECURITY, &report);
    assert_string_not_equal(numbered.report_id, other.report_id);
}

static void test_reports_of_one_event_merge_and_stay_apart_for_partners(void **state)
{
    (void)state;
    fresh_place();
    Genxi__ReportCreate report = report_of("fight", 0);
    report.text = gx_pb_text("first words");
    report.address = gx_pb_text("as typed");
    struct sent first = send_report(&DESK_PROPERTY, &report);
    Genxi__ReportCreate second = report_of("crowd", 60);
    second.text = gx_pb_text("second words");
    second.address = gx_pb_text("typed otherwise");
    second.has_grade = true;
    second.grade = 1;
    struct sent joined = send_report(&DESK_SECURITY, &second);
    assert_true(joined.merged);
    assert_string_equal(joined.incident_id, first.incident_id);
    struct told told;
    assert_true(newest(GX_E_incident_changed, first.incident_id, &told));
    const Genxi__IncidentChanged *changed = told.payload;
    assert_string_equal(changed->what, "grade_raised");
    assert_true(listed(told.audience->orgs, told.audience->n_orgs, PROPERTY));
    assert_true(listed(told.audience->orgs, told.audience->n_orgs, SECURITY));
    Genxi__IncidentView *seen = view(&DESK_SECURITY, first.incident_id);
    assert_int_equal(seen->n_reports, 1);
    assert_string_equal(seen->reports[0]->text, "second words");
    assert_string_equal(seen->incident->address, "as typed");
    assert_string_equal(seen->incident->type, "fight");
    assert_int_equal(seen->incident->grade, 1);
    assert_int_equal(seen->incident->initial_grade, 2);
    assert_int_equal(seen->incident->report_count, 2);
    assert_null(seen->incident->police);
    seen = view(&DUTY, first.incident_id);
    assert_int_equal(seen->n_reports, 2);
    /* Too far, another type, a drill: each its own. */
    Genxi__ReportCreate far = report_of("fight", 400);
    assert_false(send_report(&DESK_SECURITY, &far).merged);
    Genxi__ReportCreate lost = report_of("lost_person", 0);
    assert_false(send_report(&DESK_SECURITY, &lost).merged);
    Genxi__ReportCreate drill = report_of("fight", 0);
    drill.has_exercise = drill.exercise = true;
    struct sent exercise = send_report(&DRILL, &drill);
    assert_false(exercise.merged);
    assert_true(send_report(&DRILL, &drill).merged);
    Genxi__ReportCreate live = report_of("fight", 0);
    assert_string_equal(send_report(&DESK_PROPERTY, &live).incident_id, first.incident_id);
}

struct racer {
    struct desk desk;
    Genxi__ReportCreate report;
    const struct gx_actor *actor;
    pthread_barrier_t *barrier;
    char incident_id[GX_ID_SIZE];
    bool merged;
};

static void *race(void *arg)
{
    struct racer *racer = arg;
    (void)pthread_barrier_wait(racer->barrier);
    const Genxi__ReportCreated *out =
        ask(&racer->desk, racer->actor, GX_C_report_create, &racer->report, NULL);
    if (out != NULL) {
        (void)snprintf(racer->incident_id, sizeof racer->incident_id, "%.36s", out->incident_id);
        racer->merged = out->merged;
    }
    return NULL;
}

enum {
    RACERS = 8,
    ROUNDS = 12
};

static void test_reports_at_the_same_instant_open_one_incident(void **state)
{
    (void)state;
    static struct racer racers[RACERS];
    pthread_barrier_t barrier;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, RACERS), 0);
    for (size_t i = 0; i < RACERS; i++) {
        desk_open(&racers[i].desk);
    }
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[RACERS];
        fresh_place();
        for (size_t i = 0; i < RACERS; i++) {
            racers[i].report = report_of("fight", (double)i * 10);
            racers[i].actor = i % 2 == 0 ? &DESK_PROPERTY : &DESK_SECURITY;
            racers[i].barrier = &barrier;
            racers[i].incident_id[0] = '\0';
            assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
        }
        int merged = 0;
        for (size_t i = 0; i < RACERS; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        }
        for (size_t i = 0; i < RACERS; i++) {
            assert_int_equal(racers[i].desk.reply.rc, GX_OK);
            assert_string_equal(racers[i].incident_id, racers[0].incident_id);
            merged += racers[i].merged ? 1 : 0;
        }
        assert_int_equal(merged, RACERS - 1);
        assert_int_equal(number_of("SELECT report_count FROM intake.incident WHERE id = $1",
                                   racers[0].incident_id),
                         RACERS);
    }
    for (size_t i = 0; i < RACERS; i++) {
        desk_close(&racers[i].desk);
    }
    (void)pthread_barrier_destroy(&barrier);
    assert_int_equal(number_of("SELECT count(*) FROM (SELECT area FROM journal.event GROUP BY area"
                               " HAVING max(seq) <> count(*)) holes",
                               NULL),
                     0);
}

static void refused(const struct gx_actor *actor, const Genxi__ReportCreate *report,
                    enum gx_problem expected, const char *pointer)
{
    int64_t rows = rows_of_intake();
    assert_null(ask(&here, actor, GX_C_report_create, report, NULL));
    assert_int_equal(problem(&here), expected);
    assert_string_equal(problem_pointer(&here), pointer);
    assert_int_equal(rows_of_intake(), rows);
}

static void test_bad_input_changes_nothing(void **state)
{
    (void)state;
    fresh_place();
    Genxi__ReportCreate report = report_of("ufo", 0);
    refused(&DESK_PROPERTY, &report, GX_P_TYPE_UNKNOWN, "/type");
    report = report_of("fight", 0);
    report.lat = 91;
    refused(&DESK_PROPERTY, &report, GX_P_COORDINATES_RANGE, "/lon");
    report = report_of("fight", 0);
    report.has_lon = report.has_lat = false;
    refused(&DESK_PROPERTY, &report, GX_P_COORDINATES_MISSING, "/lon");
    report.site_id = gx_pb_text(ID("ee"));
    refused(&DESK_PROPERTY, &report, GX_P_REFERENCE, "/site_id");
    report = report_of("fight", 0);
    char *foreign[] = {gx_pb_text(GUARD_1), gx_pb_text(GUARD_2)};
    report.responding = foreign;
    report.n_responding = 2;
    refused(&DESK_PROPERTY, &report, GX_P_FOREIGN_RESPONDER, "/responding/1");
    char *unknown[] = {gx_pb_text(ID("ee"))};
    report.responding = unknown;
    report.n_responding = 1;
    refused(&DESK_PROPERTY, &report, GX_P_FOREIGN_RESPONDER, "/responding/0");
    report = report_of("fight", 0);
    report.has_exercise = report.exercise = true;
    refused(&DESK_PROPERTY, &report, GX_P_DENIED, "/exercise");
    report = report_of("fight", 0);
    report.incident_id = gx_pb_text(ID("ee"));
    refused(&DESK_PROPERTY, &report, GX_P_NOT_FOUND, "/id");
    report = report_of("burglar_alarm", 0);
    report.source = gx_pb_text("panel");
    report.lon = 103.5;
    refused(&DESK_PROPERTY, &report, GX_P_OUTSIDE_DISTRICT, "/lon");
    report = report_of("fight", 0);
    report.has_occurred_at = true;
    report.occurred_at = gx_clock_wall_ms() + 120000;
    refused(&DESK_PROPERTY, &report, GX_P_TIME_FUTURE, "/occurred_at");
}

static void test_a_persons_report_from_outside_is_kept_and_flagged(void **state)
{
    (void)state;
    fresh_place();
    Genxi__ReportCreate report = report_of("fight", 0);
    report.lon = 102.73;
    struct sent sent = send_report(&DESK_PROPERTY, &report);
    assert_string_equal(sent.flags, "outside_district");
    assert_int_equal(number_of("SELECT area FROM intake.incident WHERE id = $1", sent.incident_id),
                     NEXT_AREA);
    report = report_of("fight", 0);
    double lon = report.lon;
    report.lon = report.lat;
    report.lat = lon;
    sent = send_report(&DESK_PROPERTY, &report);
    assert_string_equal(sent.flags, "outside_district swapped_coordinates");
    Genxi__IncidentView *seen = view(&DUTY, sent.incident_id);
    assert_float_equal(seen->reports[0]->lat, lon, 1e-9);
    assert_float_equal(seen->incident->initial_lat, lon, 1e-9);
    assert_float_equal(seen->incident->lon, lon, 1e-9);
    assert_int_equal(seen->incident->area, AREA);
}

static void test_crs_site_and_late(void **state)
{
    (void)state;
    fresh_place();
    struct gx_point typed = {102.61, 25.01};
    Genxi__ReportCreate report = report_of("fight", 0);
    struct gx_point shifted = gx_datum_from_wgs84(typed, GX_GCJ02);
    report.lon = shifted.lon;
    report.lat = shifted.lat;
    report.crs = gx_pb_text("gcj02");
    report.has_occurred_at = true;
    report.occurred_at = gx_clock_wall_ms() - 3600000;
    struct sent sent = send_report(&DESK_PROPERTY, &report);
    assert_string_equal(sent.flags, "late");
    Genxi__IncidentView *seen = view(&DUTY, sent.incident_id);
    assert_float_equal(seen->incident->lon, typed.lon, 1e-6);
    assert_float_equal(seen->incident->lat, typed.lat, 1e-6);
    fresh_place();
    report = report_of("fight", 0);
    report.has_lon = report.has_lat = false;
    report.site_id = gx_pb_text(SITE);
    sent = send_report(&DESK_SECURITY, &report);
    /* Whose site it is sees what happens there. */
    seen = view(&DESK_PROPERTY, sent.incident_id);
    assert_non_null(seen);
    assert_float_equal(seen->incident->lon, 102.601, 1e-9);
    assert_int_equal(seen->n_reports, 0);
}

static void test_a_chase_up_joins_the_incident_it_names(void **state)
{
    (void)state;
    fresh_place();
    Genxi__ReportCreate report = report_of("fight", 0);
    struct sent sent = send_report(&DESK_PROPERTY, &report);
    Genxi__ReportCreate chase = report_of("fight", 0);
    chase.has_lon = chase.has_lat = false;
    chase.incident_id = gx_pb_text(sent.incident_id);
    struct sent joined = send_report(&DESK_PROPERTY, &chase);
    assert_string_equal(joined.incident_id, sent.incident_id);
    assert_int_equal(number_of("SELECT link FROM intake.report WHERE id = $1", joined.report_id),
                     3);
    refused(&DESK_SECURITY, &chase, GX_P_NOT_FOUND, "/id");
    edit("UPDATE intake.incident SET state = 8 WHERE state <= 7");
    refused(&DESK_PROPERTY, &chase, GX_P_INCIDENT_ENDED, "/incident_id");
    chase.has_link = true;
    chase.link = GENXI__LINK_KIND__LINK_KIND_FEEDBACK;
    assert_true(send_report(&DESK_PROPERTY, &chase).merged);
}

static void test_a_devices_own_report_is_seen_by_the_device_and_its_desk(void **state)
{
    (void)state;
    fresh_place();
    Genxi__ReportCreate report = report_of("suspicious_activity", 0);
    struct sent sent = send_report(&DEVICE_2, &report);
    assert_non_null(view(&DEVICE_2, sent.incident_id));
    assert_non_null(view(&DESK_SECURITY, sent.incident_id));
    assert_null(view(&DEVICE_1, sent.incident_id));
    assert_int_equal(
        number_of("SELECT count(*) FROM intake.report WHERE id = $1 AND source = 'patrol'",
                  sent.report_id),
        1);
    struct sent again = send_report(&DEVICE_2, &report);
    assert_true(again.merged);
}

static void test_a_new_playbook_version_counts_at_once_and_a_bad_one_never(void **state)
{
    (void)state;
    edit("INSERT INTO intake.playbook (code, version, definition) SELECT code, 2, definition || "
         "'{\"grade\": 1}'"
         " FROM intake.playbook WHERE code = 'dispute';"
         "INSERT INTO intake.playbook (code, version, definition) SELECT code, 3, definition || "
         "'{\"grade\": 7}'"
         " FROM intake.playbook WHERE code = 'dispute' AND version = 1;"
         "INSERT INTO intake.playbook (code, version, definition) SELECT code, 4, definition || "
         "'{\"no_field\": 7}'"
         " FROM intake.playbook WHERE code = 'dispute' AND version = 1");
    struct timespec pause = {0, 250000000};
    (void)nanosleep(&pause, NULL);
    fresh_place();
    Genxi__ReportCreate report = report_of("dispute", 0);
    struct sent sent = send_report(&DESK_PROPERTY, &report);
    Genxi__IncidentView *seen = view(&DUTY, sent.incident_id);
    assert_int_equal(seen->incident->playbook_version, 2);
    assert_int_equal(seen->incident->grade, 1);
    Genxi__PlaybookQuery query = GENXI__PLAYBOOK_QUERY__INIT;
    const Genxi__PlaybookList *list = ask(&here, &DESK_PROPERTY, GX_C_playbook_list, &query, NULL);
    assert_true(list->n_items >= 14);
}

static void test_lists_page_through_without_loss_and_keep_organisations_apart(void **state)
{
    (void)state;
    fresh_place();
    Genxi__ReportCreate report = report_of("lost_person", 0);
    struct sent own[7];
    for (int i = 0; i < 7; i++) {
        report.lat += 500.0 / 111195.0;
        own[i] = send_report(i % 2 == 0 ? &DESK_PROPERTY : &DESK_SECURITY, &report);
        assert_false(own[i].merged);
    }
    Genxi__IncidentQuery query = GENXI__INCIDENT_QUERY__INIT;
    query.has_open = query.open = true;
    query.has_limit = true;
    query.limit = 2;
    char cursor[INTAKE_CURSOR_SIZE] = "";
    int seen = 0;
    for (;;) {
        const Genxi__IncidentList *list =
            ask(&here, &DESK_PROPERTY, GX_C_incident_list, &query, NULL);
        assert_non_null(list);
        for (size_t i = 0; i < list->n_items; i++) {
            assert_string_equal(list->items[i]->id, own[6 - 2 * seen].incident_id);
            seen++;
        }
        if (list->next_cursor == NULL) {
            break;
        }
        (void)snprintf(cursor, sizeof cursor, "%s", list->next_cursor);
        query.cursor = cursor;
    }
    assert_int_equal(seen, 4);
    query.cursor = NULL;
    query.limit = 500;
    const Genxi__IncidentList *all = ask(&here, &DUTY, GX_C_incident_list, &query, NULL);
    assert_int_equal(all->n_items, 7);
    all = ask(&here, &DUTY_NEXT, GX_C_incident_list, &query, NULL);
    assert_int_equal(all->n_items, 0);
    all = ask(&here, &DEVICE_1, GX_C_incident_list, &query, NULL);
    assert_int_equal(all->n_items, 0);
    double box[] = {report.lon - 0.001, report.lat - 0.001, report.lon + 0.001, report.lat + 0.001};
    query.bbox = box;
    query.n_bbox = 4;
    all = ask(&here, &DUTY, GX_C_incident_list, &query, NULL);
    assert_int_equal(all->n_items, 1);
    query.n_bbox = 3;
    assert_null(ask(&here, &DUTY, GX_C_incident_list, &query, NULL));
    assert_int_equal(problem(&here), GX_P_FIELD_FORMAT);
    query.n_bbox = 0;
    query.cursor = gx_pb_text("not-a-cursor");
    assert_null(ask(&here, &DUTY, GX_C_incident_list, &query, NULL));
    assert_int_equal(problem(&here), GX_P_CURSOR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_roof_opens_an_incident_for_those_entitled),
        cmocka_unit_test(test_a_repeat_is_the_same_report),
        cmocka_unit_test(test_reports_of_one_event_merge_and_stay_apart_for_partners),
        cmocka_unit_test(test_reports_at_the_same_instant_open_one_incident),
        cmocka_unit_test(test_bad_input_changes_nothing),
        cmocka_unit_test(test_a_persons_report_from_outside_is_kept_and_flagged),
        cmocka_unit_test(test_crs_site_and_late),
        cmocka_unit_test(test_a_chase_up_joins_the_incident_it_names),
        cmocka_unit_test(test_a_devices_own_report_is_seen_by_the_device_and_its_desk),
        cmocka_unit_test(test_a_new_playbook_version_counts_at_once_and_a_bad_one_never),
        cmocka_unit_test(test_lists_page_through_without_loss_and_keep_organisations_apart),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
