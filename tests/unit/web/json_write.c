/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "access.pb-c.h"
#include "audit.pb-c.h"
#include "incident.pb-c.h"
#include "registry.pb-c.h"
#include "web/json.h"

#include <jansson.h>
#include <string.h>

static struct gx_ctx ctx;

static int set_up(void **state)
{
    (void)state;
    gx_ctx_init(&ctx, 1 << 22);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gx_ctx_done(&ctx);
    return 0;
}

static void test_write_times_enums_and_lists(void **state)
{
    (void)state;
    Genxi__Skill skill = GENXI__SKILL__INIT;
    Genxi__Skill *skills[] = {&skill};
    Genxi__Responder responder = GENXI__RESPONDER__INIT;
    skill.code = (char[]){"first_aid"};
    skill.until_at = 1795478400123;
    responder.id = (char[]){"i"};
    responder.org_id = (char[]){"o"};
    responder.area = -5;
    responder.force = GENXI__FORCE__FORCE_PATROL;
    responder.call_sign = (char[]){"巡\"\\\n\x01"};
    responder.skills = skills;
    responder.n_skills = 1;
    responder.has_active = 1;
    responder.active = 0;
    assert_string_equal(gx_json_write(&ctx, &responder.base, GX_SIGHT_PARTNER),
                        "{\"id\":\"i\",\"org_id\":\"o\",\"area\":-5,\"force\":\"patrol\",\"call_"
                        "sign\":\"巡\\\"\\\\\\n\\u0001\","
                        "\"skills\":[{\"code\":\"first_aid\",\"until_at\":\"2026-11-24T00:00:00."
                        "123Z\"}],\"active\":false}");
}

static void test_write_absent_is_left_out_and_empty_list_is_there(void **state)
{
    (void)state;
    Genxi__KeyList list = GENXI__KEY_LIST__INIT;
    Genxi__Me me = GENXI__ME__INIT;
    me.subject = (char[]){"s"};
    assert_string_equal(gx_json_write(&ctx, &list.base, GX_SIGHT_OFFICER), "{\"items\":[]}");
    assert_string_equal(gx_json_write(&ctx, &me.base, GX_SIGHT_OFFICER),
                        "{\"subject\":\"s\",\"roles\":[],\"areas\":[]}");
}

static void test_write_numbers_read_back_the_same(void **state)
{
    (void)state;
    static const double VALUES[] = {
        0, 0.1, 102.66, 1.0 / 3, 1e300, -2.5e-10, 123456789.123456789, 9007199254740993.0};
    for (size_t i = 0; i < GX_COUNT_OF(VALUES); i++) {
        Genxi__ReportCreate report = GENXI__REPORT_CREATE__INIT;
        report.type = (char[]){"a"};
        report.has_lon = 1;
        report.lon = VALUES[i];
        json_t *json = json_loads(gx_json_write(&ctx, &report.base, GX_SIGHT_OFFICER), 0, NULL);
        assert_non_null(json);
        double back = json_number_value(json_object_get(json, "lon"));
        assert_memory_equal(&back, &VALUES[i], sizeof back);
        json_decref(json);
    }
}

static void test_write_large_integers_and_bytes(void **state)
{
    (void)state;
    uint8_t bytes[] = {0, 1, 2, 255};
    Genxi__Checkpoint checkpoint = GENXI__CHECKPOINT__INIT;
    Genxi__Tile tile = GENXI__TILE__INIT;
    checkpoint.note = (char[]){"n"};
    checkpoint.size = UINT64_C(9007199254740991);
    tile.data = (ProtobufCBinaryData){sizeof bytes, bytes};
    assert_string_equal(
        gx_json_write(&ctx, &checkpoint.base, GX_SIGHT_OFFICER),
        "{\"note\":\"n\",\"size\":9007199254740991,\"signed_at\":\"1970-01-01T00:00:00.000Z\"}");
    assert_string_equal(gx_json_write(&ctx, &tile.base, GX_SIGHT_OFFICER),
                        "{\"data\":\"AAEC/w==\"}");
}

static void test_write_police_is_for_officers_only(void **state)
{
    (void)state;
    char *reasons[] = {(char[]){"armed"}};
    Genxi__IncidentPolice police = GENXI__INCIDENT_POLICE__INIT;
    Genxi__IncidentTimes times = GENXI__INCIDENT_TIMES__INIT;
    Genxi__Incident incident = GENXI__INCIDENT__INIT;
    Genxi__IncidentView view = GENXI__INCIDENT_VIEW__INIT;
    police.reasons = reasons;
    police.n_reasons = 1;
    incident.id = incident.number = incident.type = incident.initial_type = (char[]){"x"};
    incident.state = GENXI__INCIDENT_STATE__INCIDENT_STATE_CLOSED;
    incident.times = &times;
    incident.police = &police;
    view.incident = &incident;
    assert_non_null(strstr(gx_json_write(&ctx, &view.base, GX_SIGHT_OFFICER),
                           "\"police\":{\"reasons\":[\"armed\"]"));
    assert_null(strstr(gx_json_write(&ctx, &view.base, GX_SIGHT_PARTNER), "police"));
    assert_null(strstr(gx_json_write(&ctx, &view.base, GX_SIGHT_NONE), "armed"));
}

static void test_write_what_was_read_is_the_same(void **state)
{
    (void)state;
    static const char TEXT[] = "{\"name\":\"翠湖\",\"kind\":\"property\",\"area\":53011201,"
                               "\"agreement\":{\"signed_at\":\"2026-01-01T00:00:00.000Z\","
                               "\"contract_areas\":[53011201,53011202],\"off_site\":true},"
                               "\"contacts\":[{\"name\":\"王\",\"phone\":\"0871-1\"}]}";
    ProtobufCMessage *message = NULL;
    struct gx_view view = {(const uint8_t *)TEXT, sizeof TEXT - 1};
    assert_int_equal(gx_json_read(&ctx, &genxi__partner_put__descriptor, view, &message), GX_OK);
    assert_string_equal(gx_json_write(&ctx, message, GX_SIGHT_OFFICER), TEXT);
}

static void test_write_without_memory_gives_null(void **state)
{
    (void)state;
    struct gx_ctx small;
    Genxi__Me me = GENXI__ME__INIT;
    me.subject = (char[]){"s"};
    gx_ctx_init(&small, 64);
    assert_null(gx_json_write(&small, &me.base, GX_SIGHT_OFFICER));
    gx_ctx_done(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_times_enums_and_lists),
        cmocka_unit_test(test_write_absent_is_left_out_and_empty_list_is_there),
        cmocka_unit_test(test_write_numbers_read_back_the_same),
        cmocka_unit_test(test_write_large_integers_and_bytes),
        cmocka_unit_test(test_write_police_is_for_officers_only),
        cmocka_unit_test(test_write_what_was_read_is_the_same),
        cmocka_unit_test(test_write_without_memory_gives_null),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
