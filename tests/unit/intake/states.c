/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "states.h"

#include <string.h>

#define STATE(name) GENXI__INCIDENT_STATE__INCIDENT_STATE_##name

static struct gx_ctx ctx;
static Genxi__IncidentTimes times;
static Genxi__Incident incident;

static void start(int state, uint32_t roles)
{
    gx_ctx_init(&ctx, 1 << 16);
    ctx.actor.roles = roles;
    genxi__incident_times__init(&times);
    genxi__incident__init(&incident);
    incident.times = &times;
    incident.state = (Genxi__IncidentState)state;
}

/* Written down apart from the table, as the programme's life of an incident says it. */
static bool legal(int from, int to)
{
    static const char *const LIFE[] = {"reported", "dispatched", "acknowledged", "en_route",
                                       "on_scene", "handled",    "fed_back",     "closed"};
    const char *start_name = intake_state_row(from)->name;
    const char *end_name = intake_state_row(to)->name;
    for (size_t i = 0; i + 1 < 8; i++) {
        if (strcmp(start_name, LIFE[i]) == 0 && strcmp(end_name, LIFE[i + 1]) == 0) {
            return true;
        }
    }
    bool beside = strcmp(end_name, "returned") == 0 || strcmp(end_name, "cancelled") == 0 ||
                  strcmp(end_name, "invalid") == 0;
    return beside && from <= STATE(ON_SCENE);
}

static enum gx_rc move(int to, const char *reason, const char *disposition)
{
    const struct intake_move wanted = {(Genxi__IncidentState)to, reason, disposition, 1000};
    return intake_state_move(&ctx, &incident, &wanted);
}

static void test_every_pair_is_legal_or_refused_naming_the_legal_ones(void **state)
{
    (void)state;
    int legal_count = 0;
    for (int from = INTAKE_STATE_FIRST; from <= INTAKE_STATE_LAST; from++) {
        for (int to = INTAKE_STATE_FIRST; to <= INTAKE_STATE_LAST; to++) {
            start(from, GX_ROLE_DUTY);
            enum gx_rc rc = move(to, "why", "rescued");
            if (legal(from, to)) {
                legal_count++;
                assert_int_equal(rc, GX_OK);
                assert_int_equal(incident.state, to);
            } else {
                assert_int_equal(rc, GX_CONFLICT);
                assert_int_equal(ctx.faults[0].problem, GX_P_ILLEGAL_TRANSITION);
                assert_int_equal(incident.state, from);
                assert_false(times.has_closed_at);
                assert_non_null(strstr(ctx.faults[0].value, intake_state_row(from)->name));
                assert_non_null(strstr(ctx.faults[0].value, intake_state_row(to)->name));
                const char *list = strchr(ctx.faults[0].value, '[');
                assert_non_null(list);
                for (int next = INTAKE_STATE_FIRST; next <= INTAKE_STATE_LAST; next++) {
                    bool named = strstr(list, intake_state_row(next)->name) != NULL;
                    assert_int_equal(named, legal(from, next));
                }
            }
            gx_ctx_done(&ctx);
        }
    }
    assert_int_equal(legal_count, 7 + 5 * 3);
}

static void test_a_number_outside_the_table_is_refused(void **state)
{
    (void)state;
    start(STATE(REPORTED), GX_ROLE_DUTY);
    assert_int_equal(move(0, "why", "x"), GX_CONFLICT);
    assert_int_equal(move(13, "why", "x"), GX_CONFLICT);
    assert_null(intake_state_row(0));
    assert_null(intake_state_row(13));
    gx_ctx_done(&ctx);
}

static void test_beside_states_need_a_reason(void **state)
{
    (void)state;
    static const int BESIDE[] = {STATE(RETURNED), STATE(CANCELLED), STATE(INVALID)};
    for (size_t i = 0; i < 3; i++) {
        start(STATE(DISPATCHED), GX_ROLE_DUTY);
        assert_int_equal(move(BESIDE[i], NULL, NULL), GX_INVALID);
        assert_int_equal(ctx.faults[0].problem, GX_P_REASON_REQUIRED);
        assert_int_equal(move(BESIDE[i], " \t", NULL), GX_INVALID);
        assert_int_equal(incident.state, STATE(DISPATCHED));
        assert_int_equal(move(BESIDE[i], "called off", NULL), GX_OK);
        gx_ctx_done(&ctx);
    }
}

static void test_closing_needs_a_disposition_given_now_or_before(void **state)
{
    (void)state;
    start(STATE(FED_BACK), GX_ROLE_DUTY);
    assert_int_equal(move(STATE(CLOSED), NULL, NULL), GX_INVALID);
    assert_int_equal(ctx.faults[0].problem, GX_P_FIELD_MISSING);
    char before[] = "rescued";
    incident.disposition = before;
    assert_int_equal(move(STATE(CLOSED), NULL, NULL), GX_OK);
    assert_true(times.has_closed_at);
    gx_ctx_done(&ctx);
}

static void test_police_on_scene_may_say_handled_and_nothing_else(void **state)
{
    (void)state;
    start(STATE(ON_SCENE), GX_ROLE_POLICE);
    assert_int_equal(move(STATE(CANCELLED), "why", NULL), GX_DENIED);
    assert_int_equal(move(STATE(HANDLED), NULL, NULL), GX_OK);
    assert_int_equal(move(STATE(FED_BACK), NULL, NULL), GX_OK);
    assert_int_equal(move(STATE(CLOSED), NULL, "rescued"), GX_DENIED);
    const char *names[INTAKE_STATE_LAST];
    assert_int_equal(intake_state_allowed(&ctx.actor, STATE(FED_BACK), names), 0);
    assert_int_equal(intake_state_allowed(&ctx.actor, STATE(ON_SCENE), names), 1);
    assert_string_equal(names[0], "handled");
    gx_ctx_done(&ctx);
}

static void test_advance_goes_forward_only_and_stamps_once(void **state)
{
    (void)state;
    start(STATE(REPORTED), 0);
    assert_true(intake_state_advance(&incident, STATE(DISPATCHED), 10));
    assert_false(intake_state_advance(&incident, STATE(DISPATCHED), 11));
    assert_int_equal(times.dispatched_at, 10);
    assert_true(intake_state_advance(&incident, STATE(ACKNOWLEDGED), 20));
    assert_true(intake_state_advance(&incident, STATE(EN_ROUTE), 30));
    /* A second responder accepts after the first has set out. */
    assert_false(intake_state_advance(&incident, STATE(ACKNOWLEDGED), 31));
    assert_int_equal(incident.state, STATE(EN_ROUTE));
    assert_int_equal(times.acknowledged_at, 20);
    assert_true(intake_state_advance(&incident, STATE(ON_SCENE), 40));
    assert_false(intake_state_advance(&incident, STATE(ON_SCENE), 50));
    assert_int_equal(times.on_scene_at, 40);
    assert_false(intake_state_advance(&incident, STATE(HANDLED), 60));
    assert_false(intake_state_advance(&incident, STATE(REPORTED), 60));
    assert_int_equal(incident.state, STATE(ON_SCENE));
    gx_ctx_done(&ctx);
}

static void test_self_dispatch_counts_as_dispatched(void **state)
{
    (void)state;
    start(STATE(REPORTED), 0);
    assert_true(intake_state_advance(&incident, STATE(ACKNOWLEDGED), 5));
    assert_int_equal(incident.state, STATE(ACKNOWLEDGED));
    assert_int_equal(times.dispatched_at, 5);
    assert_int_equal(times.acknowledged_at, 5);
    assert_false(times.has_delivered_at);
    gx_ctx_done(&ctx);
}

static void test_late_change_after_the_end_changes_nothing(void **state)
{
    (void)state;
    for (int from = STATE(HANDLED); from <= INTAKE_STATE_LAST; from++) {
        for (int to = INTAKE_STATE_FIRST; to <= INTAKE_STATE_LAST; to++) {
            start(from, 0);
            assert_false(intake_state_advance(&incident, (Genxi__IncidentState)to, 99));
            assert_int_equal(incident.state, from);
            assert_false(times.has_dispatched_at || times.has_on_scene_at || times.has_en_route_at);
            gx_ctx_done(&ctx);
        }
    }
}

static void test_each_stamp_is_its_own_field(void **state)
{
    (void)state;
    start(STATE(REPORTED), 0);
    for (int stamp = INTAKE_STAMP_NONE + 1; stamp < INTAKE_STAMP_COUNT; stamp++) {
        assert_true(intake_stamp_once(&times, (enum intake_stamp)stamp, 100 + stamp));
        assert_false(intake_stamp_once(&times, (enum intake_stamp)stamp, 999));
    }
    assert_false(intake_stamp_once(&times, INTAKE_STAMP_NONE, 1));
    assert_int_equal(times.reported_at, 100 + INTAKE_STAMP_REPORTED);
    assert_int_equal(times.dispatched_at, 100 + INTAKE_STAMP_DISPATCHED);
    assert_int_equal(times.delivered_at, 100 + INTAKE_STAMP_DELIVERED);
    assert_int_equal(times.acknowledged_at, 100 + INTAKE_STAMP_ACKNOWLEDGED);
    assert_int_equal(times.en_route_at, 100 + INTAKE_STAMP_EN_ROUTE);
    assert_int_equal(times.on_scene_at, 100 + INTAKE_STAMP_ON_SCENE);
    assert_int_equal(times.handled_at, 100 + INTAKE_STAMP_HANDLED);
    assert_int_equal(times.fed_back_at, 100 + INTAKE_STAMP_FED_BACK);
    assert_int_equal(times.closed_at, 100 + INTAKE_STAMP_CLOSED);
    gx_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_pair_is_legal_or_refused_naming_the_legal_ones),
        cmocka_unit_test(test_a_number_outside_the_table_is_refused),
        cmocka_unit_test(test_beside_states_need_a_reason),
        cmocka_unit_test(test_closing_needs_a_disposition_given_now_or_before),
        cmocka_unit_test(test_police_on_scene_may_say_handled_and_nothing_else),
        cmocka_unit_test(test_advance_goes_forward_only_and_stamps_once),
        cmocka_unit_test(test_self_dispatch_counts_as_dispatched),
        cmocka_unit_test(test_late_change_after_the_end_changes_nothing),
        cmocka_unit_test(test_each_stamp_is_its_own_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
