/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

/* The header under test has the same name as the tests' own. */
#include "../../../services/intake/check.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "wire/pb.h"

#include <string.h>

static const int64_t NOW = 1795500000000;
static const struct intake_settings SETTINGS = {
    .future_ms = 60000, .late_ms = 600000, .cell_min = 5};
static const int32_t AREAS[] = {53011201};

static struct gx_ctx ctx;
static Genxi__ReportCreate in;
static Genxi__Reporter reporter;
static char long_text[5000];

static void start(void)
{
    gx_ctx_init(&ctx, 1 << 18);
    ctx.actor = (struct gx_actor){
        .roles = GX_ROLE_DESK, .subject = "key", .org = "org", .responder_id = ""};
    genxi__report_create__init(&in);
    genxi__reporter__init(&reporter);
    in.type = gx_pb_text("fight");
    in.has_lon = in.has_lat = true;
    in.lon = 102.66;
    in.lat = 25.02;
    memset(long_text, 'x', sizeof long_text - 1);
}

static enum gx_rc check(void)
{
    return intake_report_check(&ctx, &in, &SETTINGS, NOW);
}

static void expect(enum gx_problem problem, const char *pointer)
{
    assert_int_equal(check(), gx_problem_row(problem)->rc);
    assert_int_equal(ctx.fault_count, 1);
    assert_int_equal(ctx.faults[0].problem, problem);
    assert_string_equal(ctx.faults[0].pointer, pointer);
    gx_ctx_done(&ctx);
}

static void test_a_sound_report_passes(void **state)
{
    (void)state;
    start();
    in.has_grade = true;
    in.grade = 4;
    in.has_occurred_at = true;
    in.occurred_at = NOW + 60000;
    in.source = gx_pb_text("panel");
    in.crs = gx_pb_text("bd09");
    in.reporter = &reporter;
    assert_int_equal(check(), GX_OK);
    assert_int_equal(ctx.fault_count, 0);
    gx_ctx_done(&ctx);
}

static void test_place_faults(void **state)
{
    (void)state;
    start();
    in.has_lon = in.has_lat = false;
    expect(GX_P_COORDINATES_MISSING, "/lon");
    start();
    in.has_lat = false;
    expect(GX_P_COORDINATES_MISSING, "/lat");
    start();
    in.has_lat = false;
    in.site_id = gx_pb_text("019ab000-0000-7000-8000-000000000001");
    expect(GX_P_COORDINATES_MISSING, "/lat");
    start();
    in.lat = (double)(1.0F / 0.0F);
    expect(GX_P_COORDINATES_RANGE, "/lon");
    start();
    in.crs = gx_pb_text("mars");
    expect(GX_P_CRS_UNKNOWN, "/crs");
    start();
    in.site_id = gx_pb_text("site");
    expect(GX_P_FIELD_FORMAT, "/site_id");
}

static void test_a_site_alone_is_a_place(void **state)
{
    (void)state;
    start();
    in.has_lon = in.has_lat = false;
    in.site_id = gx_pb_text("019ab000-0000-7000-8000-000000000001");
    assert_int_equal(check(), GX_OK);
    gx_ctx_done(&ctx);
}

static void test_length_and_range_faults(void **state)
{
    (void)state;
    start();
    in.type = gx_pb_text("");
    expect(GX_P_FIELD_LENGTH, "/type");
    start();
    in.text = gx_pb_text(long_text);
    expect(GX_P_FIELD_LENGTH, "/text");
    start();
    in.address = gx_pb_text(long_text + sizeof long_text - 1 - 501);
    expect(GX_P_FIELD_LENGTH, "/address");
    start();
    in.external_id = gx_pb_text(long_text + sizeof long_text - 1 - 101);
    expect(GX_P_FIELD_LENGTH, "/external_id");
    start();
    in.text = gx_pb_text("\xc3\x28");
    expect(GX_P_UTF8, "/text");
    start();
    in.reporter = &reporter;
    reporter.phone = gx_pb_text(long_text + sizeof long_text - 1 - 41);
    expect(GX_P_FIELD_LENGTH, "/reporter/phone");
    for (uint32_t grade = 0; grade <= 5; grade += 5) {
        start();
        in.has_grade = true;
        in.grade = grade;
        expect(GX_P_FIELD_RANGE, "/grade");
    }
}

static void test_time_in_the_future_names_the_seconds(void **state)
{
    (void)state;
    start();
    in.has_occurred_at = true;
    in.occurred_at = NOW + 61000;
    assert_int_equal(check(), GX_INVALID);
    assert_string_equal(ctx.faults[0].value, "61");
    gx_ctx_forgive(&ctx);
    expect(GX_P_TIME_FUTURE, "/occurred_at");
}

static void test_choice_and_link_faults(void **state)
{
    (void)state;
    start();
    in.source = gx_pb_text("rumour");
    expect(GX_P_FIELD_CHOICE, "/source");
    start();
    in.has_link = true;
    in.link = GENXI__LINK_KIND__LINK_KIND_CHASE_UP;
    expect(GX_P_FIELD_MISSING, "/incident_id");
    start();
    in.incident_id = gx_pb_text("019ab000-0000-7000-8000-000000000001");
    in.has_link = true;
    in.link = GENXI__LINK_KIND__LINK_KIND_FIRST;
    expect(GX_P_FIELD_CHOICE, "/link");
    start();
    in.incident_id = gx_pb_text("1");
    expect(GX_P_FIELD_FORMAT, "/incident_id");
    start();
    char *responding[] = {gx_pb_text("019ab000-0000-7000-8000-000000000001"), gx_pb_text("nobody")};
    in.responding = responding;
    in.n_responding = 2;
    expect(GX_P_FIELD_FORMAT, "/responding/1");
}

static void test_several_faults_are_told_at_once(void **state)
{
    (void)state;
    start();
    in.has_grade = true;
    in.grade = 9;
    in.crs = gx_pb_text("mars");
    in.source = gx_pb_text("rumour");
    assert_int_equal(check(), GX_INVALID);
    assert_int_equal(ctx.fault_count, 3);
    gx_ctx_done(&ctx);
}

static void test_exercise_needs_drill_or_duty(void **state)
{
    (void)state;
    start();
    in.has_exercise = in.exercise = true;
    expect(GX_P_DENIED, "/exercise");
    static const uint32_t MAY[] = {GX_ROLE_DRILL, GX_ROLE_DUTY,
                                   (uint32_t)GX_ROLE_DESK | (uint32_t)GX_ROLE_DRILL};
    for (size_t i = 0; i < 3; i++) {
        start();
        in.has_exercise = in.exercise = true;
        ctx.actor.roles = MAY[i];
        assert_int_equal(check(), GX_OK);
        gx_ctx_done(&ctx);
    }
    start(); /* a key for drills alone opens no live incident */
    ctx.actor.roles = GX_ROLE_DRILL;
    expect(GX_P_DENIED, "/exercise");
}

static void test_source_follows_the_caller(void **state)
{
    (void)state;
    struct gx_actor desk = {.roles = GX_ROLE_DESK, .org = "o", .responder_id = ""};
    struct gx_actor device = {.roles = GX_ROLE_RESPONDER, .org = "o", .responder_id = "r"};
    struct gx_actor duty = {.roles = GX_ROLE_DUTY, .org = "", .responder_id = ""};
    assert_string_equal(intake_source(&desk, NULL), "desk");
    assert_string_equal(intake_source(&device, NULL), "patrol");
    assert_string_equal(intake_source(&duty, NULL), "desk");
    assert_string_equal(intake_source(&desk, "phone"), "phone");
    assert_true(intake_source_is_machine(&desk, "panel"));
    assert_true(intake_source_is_machine(&desk, "system"));
    assert_false(intake_source_is_machine(&desk, "desk"));
    assert_false(intake_source_is_machine(&desk, "phone"));
    assert_false(intake_source_is_machine(&duty, "panel"));
    assert_false(intake_source_is_machine(&device, "system"));
}

/* --- what others may see --- */

static Genxi__IncidentView *view_of(int state)
{
    Genxi__IncidentView *view = gx_pb_new(&ctx, &genxi__incident_view__descriptor);
    view->incident = gx_pb_new(&ctx, &genxi__incident__descriptor);
    view->incident->area = AREAS[0];
    view->incident->state = (Genxi__IncidentState)state;
    view->incident->police = gx_pb_new(&ctx, &genxi__incident_police__descriptor);
    view->reports = gx_pb_array(&ctx, 2);
    for (size_t i = 0; i < 2; i++) {
        Genxi__Report *report = gx_pb_new(&ctx, &genxi__report__descriptor);
        report->org_id = gx_pb_text(i == 0 ? "other" : "org");
        report->text = gx_pb_text("a man named ...");
        view->reports[view->n_reports++] = report;
    }
    view->timeline = gx_pb_array(&ctx, 1);
    view->timeline[0] = gx_pb_new(&ctx, &genxi__timeline_entry__descriptor);
    view->timeline[0]->text = gx_pb_text("tool: knife");
    view->n_timeline = 1;
    view->facts = gx_pb_array(&ctx, 1);
    view->facts[0] = gx_pb_new(&ctx, &genxi__fact_noted__descriptor);
    view->n_facts = 1;
    view->follow_ups = gx_pb_array(&ctx, 1);
    view->follow_ups[0] = gx_pb_new(&ctx, &genxi__follow_up__descriptor);
    view->n_follow_ups = 1;
    return view;
}

static void test_a_partner_sees_own_reports_and_nothing_for_police(void **state)
{
    (void)state;
    start();
    Genxi__IncidentView *view = view_of(5);
    intake_redact(&ctx.actor, view);
    assert_null(view->incident->police);
    assert_int_equal(view->n_reports, 1);
    assert_string_equal(view->reports[0]->org_id, "org");
    assert_non_null(view->reports[0]->text);
    assert_int_equal(view->n_facts, 1);
    assert_int_equal(view->n_follow_ups, 0);
    gx_ctx_done(&ctx);
}

static void test_after_the_end_a_partner_keeps_times_and_loses_words(void **state)
{
    (void)state;
    for (int ended = 8; ended <= 12; ended++) {
        start();
        Genxi__IncidentView *view = view_of(ended);
        intake_redact(&ctx.actor, view);
        assert_null(view->reports[0]->text);
        assert_int_equal(view->n_timeline, 1);
        assert_null(view->timeline[0]->text);
        assert_int_equal(view->n_facts, 0);
        gx_ctx_done(&ctx);
    }
}

static void test_an_officer_of_the_area_sees_all_another_does_not(void **state)
{
    (void)state;
    start();
    ctx.actor =
        (struct gx_actor){.roles = GX_ROLE_DUTY, .org = "", .areas = AREAS, .area_count = 1};
    Genxi__IncidentView *view = view_of(8);
    intake_redact(&ctx.actor, view);
    assert_non_null(view->incident->police);
    assert_int_equal(view->n_reports, 2);
    assert_int_equal(view->n_follow_ups, 1);
    ctx.actor.area_count = 0;
    intake_redact(&ctx.actor, view);
    assert_null(view->incident->police);
    assert_int_equal(view->n_reports, 0);
    gx_ctx_done(&ctx);
}

/* --- statistics --- */

static Genxi__Statistics *statistics_of(const uint64_t *counts, size_t count)
{
    Genxi__Statistics *statistics = gx_pb_new(&ctx, &genxi__statistics__descriptor);
    statistics->by_type = gx_pb_array(&ctx, count);
    for (size_t i = 0; i < count; i++) {
        statistics->by_type[i] = gx_pb_new(&ctx, &genxi__statistics_row__descriptor);
        statistics->by_type[i]->count = counts[i];
        statistics->incidents += counts[i];
    }
    statistics->n_by_type = count;
    statistics->reports = statistics->incidents * 2;
    statistics->has_median_to_dispatch_s = statistics->has_median_to_on_scene_s = true;
    return statistics;
}

static void test_small_cells_are_suppressed_and_not_found_by_subtraction(void **state)
{
    (void)state;
    static const uint64_t COUNTS[] = {12, 5, 4, 1};
    static const uint64_t REPORTS[] = {24, 10, 8, 2};
    start();
    Genxi__Statistics *s = statistics_of(COUNTS, 4);
    intake_suppress(&ctx.actor, s, REPORTS, 5);
    assert_int_equal(s->by_type[0]->count, 12);
    assert_int_equal(s->by_type[1]->count, 5);
    assert_int_equal(s->by_type[2]->count, 0);
    assert_true(s->by_type[2]->suppressed);
    assert_int_equal(s->by_type[3]->count, 0);
    assert_int_equal(s->incidents, 17);
    assert_int_equal(s->reports, 34);
    assert_true(s->has_median_to_dispatch_s);
    static const uint64_t FEW[] = {4};
    s = statistics_of(FEW, 1);
    intake_suppress(&ctx.actor, s, REPORTS, 5);
    assert_int_equal(s->incidents, 0);
    assert_false(s->has_median_to_dispatch_s || s->has_median_to_on_scene_s);
    ctx.actor.roles = GX_ROLE_DUTY;
    s = statistics_of(COUNTS, 4);
    intake_suppress(&ctx.actor, s, REPORTS, 5);
    assert_int_equal(s->incidents, 22);
    assert_false(s->by_type[3]->has_suppressed);
    gx_ctx_done(&ctx);
}

/* --- cursors --- */

static void test_a_cursor_is_read_back_and_any_other_refused(void **state)
{
    (void)state;
    static const char ID[] = "019ab000-1234-7abc-8def-0123456789ab";
    char cursor[INTAKE_CURSOR_SIZE];
    char id[GX_ID_SIZE];
    intake_cursor_make(ID, cursor);
    assert_int_equal(intake_cursor_read(cursor, id), 0);
    assert_string_equal(id, ID);
    for (size_t i = 0; cursor[i] != '\0'; i++) {
        char kept = cursor[i];
        cursor[i] = kept == '0' ? '1' : '0';
        assert_int_equal(intake_cursor_read(cursor, id), -1);
        cursor[i] = kept;
    }
    assert_int_equal(intake_cursor_read("", id), -1);
    assert_int_equal(intake_cursor_read(ID, id), -1);
    assert_int_equal(intake_cursor_read("' OR 1=1 --", id), -1);
    cursor[39] = '\0';
    assert_int_equal(intake_cursor_read(cursor, id), -1);
}

/* --- linked parties --- */

static const struct intake_party PARTIES[] = {
    {"fire-1", GENXI__ORG_KIND__ORG_KIND_FIRE, 53011201, false},
    {"fire-0", GENXI__ORG_KIND__ORG_KIND_FIRE, 53011200, false},
    {"ambulance-0", GENXI__ORG_KIND__ORG_KIND_AMBULANCE, 53011200, false},
    {"ambulance-5", GENXI__ORG_KIND__ORG_KIND_AMBULANCE, 53011205, false},
    {"street-3", GENXI__ORG_KIND__ORG_KIND_SUBDISTRICT, 53011203, false},
    {"street-9", GENXI__ORG_KIND__ORG_KIND_SUBDISTRICT, 53011209, false},
    {"fire-twin", GENXI__ORG_KIND__ORG_KIND_FIRE, 53011200, true},
    {"fire-elsewhere", GENXI__ORG_KIND__ORG_KIND_FIRE, 53010201, false},
};

static void expect_linked(int32_t area, bool exercise, const char *expected)
{
    Genxi__OrgKind kinds[] = {GENXI__ORG_KIND__ORG_KIND_FIRE, GENXI__ORG_KIND__ORG_KIND_AMBULANCE,
                              GENXI__ORG_KIND__ORG_KIND_SUBDISTRICT,
                              GENXI__ORG_KIND__ORG_KIND_FIRE};
    Genxi__Playbook playbook = GENXI__PLAYBOOK__INIT;
    playbook.linked = kinds;
    playbook.n_linked = 4;
    Genxi__Incident incident = GENXI__INCIDENT__INIT;
    incident.area = area;
    incident.exercise = exercise;
    size_t count = 0;
    start();
    char **orgs = intake_linked(&ctx, PARTIES, GX_COUNT_OF(PARTIES), &playbook, &incident, &count);
    char *text = gx_pb_text("");
    for (size_t i = 0; i < count; i++) {
        text = gx_arena_printf(&ctx.arena, "%s%s ", text, orgs[i]);
        assert_non_null(text);
    }
    assert_string_equal(text, expected);
    gx_ctx_done(&ctx);
}

static void test_linked_parties_are_the_nearest_of_their_kind_and_twins_for_drills(void **state)
{
    (void)state;
    expect_linked(53011201, false, "fire-1 ambulance-0 street-3 ");
    expect_linked(53011208, false, "fire-0 ambulance-0 street-9 ");
    expect_linked(53011201, true, "fire-twin ambulance-0 street-3 ");
    expect_linked(53010201, false, "fire-elsewhere ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sound_report_passes),
        cmocka_unit_test(test_place_faults),
        cmocka_unit_test(test_a_site_alone_is_a_place),
        cmocka_unit_test(test_length_and_range_faults),
        cmocka_unit_test(test_time_in_the_future_names_the_seconds),
        cmocka_unit_test(test_choice_and_link_faults),
        cmocka_unit_test(test_several_faults_are_told_at_once),
        cmocka_unit_test(test_exercise_needs_drill_or_duty),
        cmocka_unit_test(test_source_follows_the_caller),
        cmocka_unit_test(test_a_partner_sees_own_reports_and_nothing_for_police),
        cmocka_unit_test(test_after_the_end_a_partner_keeps_times_and_loses_words),
        cmocka_unit_test(test_an_officer_of_the_area_sees_all_another_does_not),
        cmocka_unit_test(test_small_cells_are_suppressed_and_not_found_by_subtraction),
        cmocka_unit_test(test_a_cursor_is_read_back_and_any_other_refused),
        cmocka_unit_test(test_linked_parties_are_the_nearest_of_their_kind_and_twins_for_drills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
