/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "access.pb-c.h"
#include "audit.pb-c.h"
#include "base/clock.h"
#include "dispatch.pb-c.h"
#include "incident.pb-c.h"
#include "registry.pb-c.h"
#include "web/json.h"

#include <stdio.h>
#include <string.h>

#define ID "01a20c86-8b8d-7601-b54b-f8af7f1e4a7d"

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

static enum gx_rc read_bytes(const ProtobufCMessageDescriptor *type, const char *bytes, size_t size,
                             void *ret_message)
{
    ProtobufCMessage *message = NULL;
    gx_ctx_reset(&ctx);
    enum gx_rc rc =
        gx_json_read(&ctx, type, (struct gx_view){(const uint8_t *)bytes, size}, &message);
    *(ProtobufCMessage **)ret_message = message;
    return rc;
}

static enum gx_rc read_text(const ProtobufCMessageDescriptor *type, const char *text,
                            void *ret_message)
{
    return read_bytes(type, text, strlen(text), ret_message);
}

/* The only fault of this body. */
static void check_fault(const ProtobufCMessageDescriptor *type, const char *text,
                        enum gx_problem problem, const char *pointer, const char *value)
{
    void *message = NULL;
    enum gx_rc rc = read_text(type, text, &message);
    if (ctx.fault_count != 1 || ctx.faults[0].problem != problem) {
        print_message("%s: %zu faults, first %s\n", text, ctx.fault_count,
                      ctx.fault_count == 0 ? "-" : gx_problem_row(ctx.faults[0].problem)->slug);
    }
    assert_int_equal(ctx.fault_count, 1);
    assert_int_equal(ctx.faults[0].problem, problem);
    assert_int_equal(rc, gx_problem_row(problem)->rc);
    assert_string_equal(ctx.faults[0].pointer, pointer);
    if (value != NULL) {
        assert_string_equal(ctx.faults[0].value, value);
    }
    assert_null(message);
}

static void test_read_whole_report_is_kept(void **state)
{
    (void)state;
    Genxi__ReportCreate *report = NULL;
    const char *text =
        " {\"type\":\"fight\",\"lon\":102.66,\"lat\":2.503e1,\"text\":"
        "\"\\u4e24\\ud83d\\ude00\\n\\\"x\\/\",\"grade\":2,"
        "\"occurred_at\":\"2026-11-24T08:00:00.5+08:00\",\"reporter\":{\"name\":\"\xe7\x8e\x8b\"},"
        "\"responding\":[\"01A20C86-8B8D-7601-B54B-F8AF7F1E4A7D\"],\"exercise\":false,\"link\":"
        "\"chase_up\"}\n";
    assert_int_equal(read_text(&genxi__report_create__descriptor, text, &report), GX_OK);
    assert_string_equal(report->type, "fight");
    assert_true(report->has_lon && report->lon > 102.6599 && report->lon < 102.6601);
    assert_true(report->has_lat && report->lat > 25.0299 && report->lat < 25.0301);
    assert_string_equal(report->text, "两😀\n\"x/");
    assert_int_equal(report->grade, 2);
    int64_t at = 0;
    assert_int_equal(gx_time_parse("2026-11-24T00:00:00.500Z", &at), 0);
    assert_true(report->has_occurred_at && report->occurred_at == at);
    assert_string_equal(report->reporter->name, "王");
    assert_int_equal(report->n_responding, 1);
    assert_string_equal(report->responding[0], ID); /* ids are kept in lower case */
    assert_true(report->has_exercise && !report->exercise);
    assert_int_equal(report->link, GENXI__LINK_KIND__LINK_KIND_CHASE_UP);
    assert_null(report->crs);
}

static void test_read_absent_optionals_are_not_set(void **state)
{
    (void)state;
    Genxi__ReportCreate *report = NULL;
    assert_int_equal(read_text(&genxi__report_create__descriptor, "{\"type\":\"fight\"}", &report),
                     GX_OK);
    assert_false(report->has_lon || report->has_lat || report->has_grade ||
                 report->has_occurred_at || report->has_exercise || report->has_link);
    assert_null(report->crs);
    assert_null(report->reporter);
    assert_int_equal(report->n_responding, 0);
}

static void test_read_unknown_field_is_named_by_pointer(void **state)
{
    (void)state;
    check_fault(&genxi__report_create__descriptor,
                "{\"type\":\"fight\",\"a/b~\":{\"x\":[1,null,\"y\"]}}", GX_P_FIELD_UNKNOWN,
                "/a~1b~0", "a/b~");
    check_fault(&genxi__report_create__descriptor, "{\"type\":\"fight\",\"reporter\":{\"age\":4}}",
                GX_P_FIELD_UNKNOWN, "/reporter/age", "age");
    check_fault(&genxi__position_batch__descriptor,
                "{\"positions\":[{\"responder_id\":\"" ID
                "\",\"lon\":1,\"lat\":1,\"at\":\"2026-01-01T00:00:00Z\",\"z\":1}]}",
                GX_P_FIELD_UNKNOWN, "/positions/0/z", "z");
}

static void test_read_all_faults_are_told_at_once(void **state)
{
    (void)state;
    void *message = NULL;
    const char *text =
        "{\"lon\":\"x\",\"grade\":9,\"nope\":1,\"occurred_at\":\"2026-01-01\",\"link\":\"none\"}";
    assert_int_equal(read_text(&genxi__report_create__descriptor, text, &message), GX_INVALID);
    static const enum gx_problem WANTED[] = {GX_P_FIELD_TYPE,    GX_P_FIELD_RANGE,
                                             GX_P_FIELD_UNKNOWN, GX_P_FIELD_FORMAT,
                                             GX_P_FIELD_CHOICE,  GX_P_FIELD_MISSING};
    static const char *const WHERE[] = {"/lon",         "/grade", "/nope",
                                        "/occurred_at", "/link",  "/type"};
    assert_int_equal(ctx.fault_count, GX_COUNT_OF(WANTED));
    for (size_t i = 0; i < GX_COUNT_OF(WANTED); i++) {
        assert_int_equal(ctx.faults[i].problem, WANTED[i]);
        assert_string_equal(ctx.faults[i].pointer, WHERE[i]);
    }
    assert_string_equal(ctx.faults[1].value, "[1, 4]");
    assert_string_equal(ctx.faults[4].value, "first, duplicate, chase_up, feedback, nuisance");
}

static void test_read_more_faults_than_room_are_cut(void **state)
{
    (void)state;
    char text[1024] = "{\"type\":\"fight\"";
    void *message = NULL;
    for (int i = 0; i < 40; i++) {
        char member[32];
        (void)snprintf(member, sizeof member, ",\"x%d\":1", i);
        (void)strcat(text, member);
    }
    (void)strcat(text, "}");
    assert_int_equal(read_text(&genxi__report_create__descriptor, text, &message), GX_INVALID);
    assert_int_equal(ctx.fault_count, GX_FAULTS_MAX);
}

static void test_read_wrong_types_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        const char *value;
        const char *wanted;
    } CASES[] = {
        {"text", "1", "string"},
        {"text", "null", "string"},
        {"text", "[\"a\"]", "string"},
        {"lon", "\"1\"", "number"},
        {"lon", "true", "number"},
        {"grade", "\"1\"", "integer"},
        {"grade", "1.5", "integer"},
        {"exercise", "1", "true, false"},
        {"exercise", "\"true\"", "true, false"},
        {"exercise", "null", "true, false"},
        {"reporter", "[]", "object"},
        {"reporter", "\"x\"", "object"},
        {"responding", "{}", "array"},
        {"occurred_at", "5", "string"},
        {"link", "1", "string"},
    };
    for (size_t i = 0; i < GX_COUNT_OF(CASES); i++) {
        char text[128];
        char pointer[32];
        (void)snprintf(text, sizeof text, "{\"type\":\"fight\",\"%s\":%s}", CASES[i].field,
                       CASES[i].value);
        (void)snprintf(pointer, sizeof pointer, "/%s", CASES[i].field);
        check_fault(&genxi__report_create__descriptor, text, GX_P_FIELD_TYPE, pointer,
                    CASES[i].wanted);
    }
}

static void test_read_number_that_is_whole_is_an_integer(void **state)
{
    (void)state;
    Genxi__ReportCreate *report = NULL;
    assert_int_equal(
        read_text(&genxi__report_create__descriptor, "{\"type\":\"x\",\"grade\":3.0}", &report),
        GX_OK);
    assert_int_equal(report->grade, 3);
    assert_int_equal(
        read_text(&genxi__report_create__descriptor, "{\"type\":\"x\",\"grade\":0.4e1}", &report),
        GX_OK);
    assert_int_equal(report->grade, 4);
}

static void test_read_bounds_of_integers_hold(void **state)
{
    (void)state;
    Genxi__ConsistencyQuery *query = NULL;
    Genxi__PartnerQuery *partner = NULL;
    assert_int_equal(read_text(&genxi__consistency_query__descriptor,
                               "{\"from\":0,\"to\":9007199254740991}", &query),
                     GX_OK);
    assert_true(query->to == UINT64_C(9007199254740991));
    check_fault(&genxi__consistency_query__descriptor, "{\"from\":0,\"to\":9007199254740992}",
                GX_P_FIELD_RANGE, "/to", "[0, 9007199254740991]");
    check_fault(&genxi__consistency_query__descriptor, "{\"from\":-1,\"to\":1}", GX_P_FIELD_RANGE,
                "/from", NULL);
    assert_int_equal(
        read_text(&genxi__partner_query__descriptor, "{\"area\":-2147483648}", &partner), GX_OK);
    assert_int_equal(partner->area, INT32_MIN);
    assert_int_equal(
        read_text(&genxi__partner_query__descriptor, "{\"area\":2147483647}", &partner), GX_OK);
    check_fault(&genxi__partner_query__descriptor, "{\"area\":2147483648}", GX_P_FIELD_RANGE,
                "/area", "[-2147483648, 2147483647]");
    check_fault(&genxi__partner_query__descriptor, "{\"area\":1e300}", GX_P_FIELD_RANGE, "/area",
                NULL);
    check_fault(&genxi__partner_query__descriptor, "{\"area\":1e999}", GX_P_FIELD_RANGE, "/area",
                NULL);
    check_fault(&genxi__partner_query__descriptor, "{\"limit\":501}", GX_P_FIELD_RANGE, "/limit",
                "[1, 500]");
    check_fault(&genxi__partner_query__descriptor, "{\"limit\":0}", GX_P_FIELD_RANGE, "/limit",
                NULL);
}

static void test_read_no_json_is_the_only_fault_and_placed(void **state)
{
    (void)state;
    static const char *const CASES[] = {
        "{\"type\":\"a\",\"nope\":1,}",
        "{\"type\":\"a\"",
        "{type:1}",
        "{\"type\":\"a\"} x",
        "{\"type\":'a'}",
        "{\"type\":\"a}",
        "{\"type\":\"\\x\"}",
        "{\"type\":\"\\u12g4\"}",
        "{\"type\":\"\t\"}",
        "{\"grade\":01}",
        "{\"grade\":1.}",
        "{\"grade\":-}",
        "{\"grade\":+1}",
        "{\"grade\":.5}",
        "{\"grade\":1e}",
        "{\"exercise\":tru}",
        "{\"x\":nul}",
        "{\"x\":[1,]}",
        "{\"x\":[1 2]}",
        "{\"x\":{\"y\"}}",
        "{\"x\":{1:2}}",
        "{\"x\" 1}",
        "{,}",
        /* NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one text made of three */
        "{\"responding\":[\"" ID "\",]}",
        "{\"responding\":[",
        "{\"x\":NaN}",
        "{\"x\":Infinity}",
        "{\"type\":\"a\"}{}",
        "\"a",
        "nope",
        "-",
        "",
        "\xef\xbb\xbf{}",
    };
    for (size_t i = 0; i < GX_COUNT_OF(CASES); i++) {
        void *message = NULL;
        assert_int_equal(read_text(&genxi__report_create__descriptor, CASES[i], &message),
                         GX_INVALID);
        if (ctx.fault_count != 1 || ctx.faults[0].problem != GX_P_JSON_SYNTAX) {
            print_message("case %zu: %s\n", i, CASES[i]);
        }
        assert_int_equal(ctx.fault_count, 1);
        assert_int_equal(ctx.faults[0].problem, GX_P_JSON_SYNTAX);
    }
    check_fault(&genxi__report_create__descriptor, "{\n  \"type\": \"a\",\n  \"lon\": ?}",
                GX_P_JSON_SYNTAX, "/lon", "3:10");
}

static void test_read_other_roots_are_no_object(void **state)
{
    (void)state;
    check_fault(&genxi__report_create__descriptor, "[]", GX_P_FIELD_TYPE, "", "object");
    check_fault(&genxi__report_create__descriptor, "null", GX_P_FIELD_TYPE, "", "object");
    check_fault(&genxi__report_create__descriptor, "\"a\"", GX_P_FIELD_TYPE, "", "object");
}

static void test_read_depth_ends_at_sixteen(void **state)
{
    (void)state;
    char text[128] = "{\"type\":\"a\",\"x\":";
    void *message = NULL;
    for (int i = 0; i < 15; i++) {
        (void)strcat(text, "[");
    }
    for (int i = 0; i < 15; i++) {
        (void)strcat(text, "]");
    }
    (void)strcat(text, "}");
    assert_int_equal(read_text(&genxi__report_create__descriptor, text, &message), GX_INVALID);
    assert_int_equal(ctx.faults[0].problem, GX_P_FIELD_UNKNOWN);
    (void)strcpy(text, "{\"type\":\"a\",\"x\":");
    for (int i = 0; i < 16; i++) {
        (void)strcat(text, "[");
    }
    check_fault(&genxi__report_create__descriptor, text, GX_P_JSON_DEPTH, "/x", "16");
}

static void test_read_very_deep_text_needs_no_stack(void **state)
{
    (void)state;
    enum {
        DEEP = 200000
    };
    static char text[DEEP + 16];
    void *message = NULL;
    (void)strcpy(text, "{\"x\":");
    memset(text + 5, '[', DEEP);
    assert_int_equal(read_bytes(&genxi__report_create__descriptor, text, DEEP + 5, &message),
                     GX_INVALID);
    assert_int_equal(ctx.faults[0].problem, GX_P_JSON_DEPTH);
}

static void test_read_repeated_key_is_refused(void **state)
{
    (void)state;
    check_fault(&genxi__report_create__descriptor, "{\"type\":\"a\",\"type\":\"b\"}",
                GX_P_FIELD_REPEATED, "/type", "type");
    check_fault(&genxi__report_create__descriptor, "{\"type\":\"a\",\"ty\\u0070e\":\"b\"}",
                GX_P_FIELD_REPEATED, "/type", "type");
}

static void test_read_text_is_valid_utf8_without_nul(void **state)
{
    (void)state;
    static const char *const BAD[] = {"{\"type\":\"\xff\"}", "{\"type\":\"\xc0\xaf\"}",
                                      "{\"type\":\"\xed\xa0\x80\"}",
                                      "{\"type\":\"\xf4\x90\x80\x80\"}", "{\"type\":\"\xe4\xb8\"}"};
    for (size_t i = 0; i < GX_COUNT_OF(BAD); i++) {
        check_fault(&genxi__report_create__descriptor, BAD[i], GX_P_UTF8, "", NULL);
    }
    check_fault(&genxi__report_create__descriptor, "{\"type\":\"a\\u0000b\"}", GX_P_UTF8, "/type",
                NULL);
    check_fault(&genxi__report_create__descriptor, "{\"type\":\"\\ud800\"}", GX_P_UTF8, "/type",
                NULL);
    check_fault(&genxi__report_create__descriptor, "{\"type\":\"\\ud800\\u0041\"}", GX_P_UTF8,
                "/type", NULL);
    check_fault(&genxi__report_create__descriptor, "{\"type\":\"\\udc00\\ud800\"}", GX_P_UTF8,
                "/type", NULL);
    void *message = NULL;
    static const char RAW_NUL[] = "{\"type\":\"a\0b\"}";
    assert_int_equal(
        read_bytes(&genxi__report_create__descriptor, RAW_NUL, sizeof RAW_NUL - 1, &message),
        GX_INVALID);
    assert_int_equal(ctx.faults[0].problem, GX_P_JSON_SYNTAX);
}

static void test_read_lengths_count_characters(void **state)
{
    (void)state;
    char text[512] = "{\"type\":\"";
    void *message = NULL;
    for (int i = 0; i < 50; i++) {
        (void)strcat(text, "警");
    }
    (void)strcat(text, "\"}");
    assert_int_equal(read_text(&genxi__report_create__descriptor, text, &message), GX_OK);
    text[strlen(text) - 2] = '\0';
    (void)strcat(text, "警\"}");
    check_fault(&genxi__report_create__descriptor, text, GX_P_FIELD_LENGTH, "/type", "1..50");
    check_fault(&genxi__report_create__descriptor, "{\"type\":\"\"}", GX_P_FIELD_LENGTH, "/type",
                "1..50");
}

static void test_read_times_need_an_offset(void **state)
{
    (void)state;
    static const char *const BAD[] = {"2026-11-24T08:00:00",
                                      "2026-11-24",
                                      "2026-13-01T00:00:00Z",
                                      "2026-02-30T10:00:00Z",
                                      "1764000000",
                                      "2026-11-24 08:00:00",
                                      ""};
    for (size_t i = 0; i < GX_COUNT_OF(BAD); i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "{\"type\":\"a\",\"occurred_at\":\"%s\"}", BAD[i]);
        check_fault(&genxi__report_create__descriptor, text, GX_P_FIELD_FORMAT, "/occurred_at",
                    NULL);
    }
}

static void test_read_bytes_are_padded_base64(void **state)
{
    (void)state;
    Genxi__Tile *tile = NULL;
    assert_int_equal(read_text(&genxi__tile__descriptor, "{\"data\":\"AAEC/w==\"}", &tile), GX_OK);
    assert_int_equal(tile->data.len, 4);
    assert_memory_equal(tile->data.data, "\x00\x01\x02\xff", 4);
    assert_int_equal(read_text(&genxi__tile__descriptor, "{\"data\":\"\"}", &tile), GX_OK);
    assert_int_equal(tile->data.len, 0);
    check_fault(&genxi__tile__descriptor, "{\"data\":\"AAEC_w==\"}", GX_P_FIELD_FORMAT, "/data",
                "base64");
    check_fault(&genxi__tile__descriptor, "{\"data\":\"AAEC/w\"}", GX_P_FIELD_FORMAT, "/data",
                "base64");
    check_fault(&genxi__tile__descriptor, "{\"data\":\"AAEC /w==\"}", GX_P_FIELD_FORMAT, "/data",
                "base64");
}

static void test_read_lists_have_bounds(void **state)
{
    (void)state;
    void *message = NULL;
    check_fault(&genxi__position_batch__descriptor, "{\"positions\":[]}", GX_P_FIELD_LENGTH,
                "/positions", "1..500");
    check_fault(&genxi__position_batch__descriptor, "{}", GX_P_FIELD_MISSING, "/positions",
                "positions");
    check_fault(&genxi__incident_query__descriptor, "{\"bbox\":[1,2,3]}", GX_P_FIELD_LENGTH,
                "/bbox", "4..4");
    assert_int_equal(read_text(&genxi__incident_query__descriptor, "{}", &message), GX_OK);
    check_fault(&genxi__report_create__descriptor,
                "{\"type\":\"a\",\"responding\":[\"" ID "\",\"x\"]}", GX_P_FIELD_FORMAT,
                "/responding/1", NULL);
    static char text[64 * 1024] = "{\"positions\":[";
    for (int i = 0; i < 501; i++) {
        (void)strcat(text, i == 0 ? "7" : ",7");
    }
    (void)strcat(text, "]}");
    assert_int_equal(read_text(&genxi__position_batch__descriptor, text, &message), GX_INVALID);
    assert_int_equal(ctx.fault_count, GX_FAULTS_MAX);
    assert_string_equal(ctx.faults[15].pointer, "/positions/15");
}

static void test_read_places_have_a_problem_of_their_own(void **state)
{
    (void)state;
    void *message = NULL;
    check_fault(&genxi__site_put__descriptor,
                "{\"name\":\"a\",\"kind\":\"mall\",\"lon\":181,\"lat\":1}", GX_P_COORDINATES_RANGE,
                "/lon", "lon 181");
    /* A report's place is judged by intake, which keeps swapped ones with a flag. */
    assert_int_equal(read_text(&genxi__report_create__descriptor,
                               "{\"type\":\"a\",\"lon\":25,\"lat\":102.6}", &message),
                     GX_OK);
}

static enum gx_rc read_given(const ProtobufCMessageDescriptor *type, const char *text,
                             const struct gx_json_given *given, size_t count, void *ret_message)
{
    ProtobufCMessage *message = NULL;
    gx_ctx_reset(&ctx);
    struct gx_view view = {(const uint8_t *)text, strlen(text)};
    enum gx_rc rc = gx_json_read_with(&ctx, type, view, given, count, &message);
    *(ProtobufCMessage **)ret_message = message;
    return rc;
}

static void test_given_query_is_read_by_type(void **state)
{
    (void)state;
    static const struct gx_json_given GIVEN[] = {
        {.name = "area", .text = "53011201", .pointer = "?area"},
        {.name = "state", .text = "on_scene", .pointer = "?state"},
        {.name = "open", .text = "true", .pointer = "?open"},
        {.name = "from_at", .text = "2026-11-24T00:00:00Z", .pointer = "?from_at"},
        {.name = "bbox", .text = "102.5,24.9,102.8,25.2", .pointer = "?bbox"},
        {.name = "limit", .text = "7", .pointer = "?limit"},
    };
    Genxi__IncidentQuery *query = NULL;
    assert_int_equal(
        read_given(&genxi__incident_query__descriptor, "", GIVEN, GX_COUNT_OF(GIVEN), &query),
        GX_OK);
    assert_true(query->has_area && query->area == 53011201);
    assert_true(query->has_state && query->state == GENXI__INCIDENT_STATE__INCIDENT_STATE_ON_SCENE);
    assert_true(query->has_open && query->open && query->has_from_at);
    assert_int_equal(query->n_bbox, 4);
    assert_true(query->bbox[3] > 25.19 && query->bbox[3] < 25.21);
    assert_int_equal(query->limit, 7);
}

static void test_given_faults_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *text;
        enum gx_problem problem;
    } CASES[] = {
        {"nope", "1", GX_P_QUERY_UNKNOWN},     {"area", "x", GX_P_FIELD_TYPE},
        {"area", "", GX_P_FIELD_TYPE},         {"area", "1.5", GX_P_FIELD_TYPE},
        {"area", "0x10", GX_P_FIELD_TYPE},     {"open", "1", GX_P_FIELD_TYPE},
        {"state", "gone", GX_P_FIELD_CHOICE},  {"limit", "0", GX_P_FIELD_RANGE},
        {"from_at", "now", GX_P_FIELD_FORMAT}, {"bbox", "1,2,3", GX_P_FIELD_LENGTH},
        {"cursor", "\xff", GX_P_UTF8},
    };
    for (size_t i = 0; i < GX_COUNT_OF(CASES); i++) {
        void *message = NULL;
        struct gx_json_given given = {
            .name = CASES[i].name, .text = CASES[i].text, .pointer = "?it"};
        (void)read_given(&genxi__incident_query__descriptor, "", &given, 1, &message);
        assert_true(ctx.fault_count >= 1);
        assert_int_equal(ctx.faults[0].problem, CASES[i].problem);
    }
}

static void test_given_path_field_may_not_stand_in_the_body(void **state)
{
    (void)state;
    static const struct gx_json_given GIVEN = {.name = "id", .text = ID, .pointer = "/id"};
    Genxi__IncidentTransition *transition = NULL;
    assert_int_equal(read_given(&genxi__incident_transition__descriptor, "{\"to\":\"closed\"}",
                                &GIVEN, 1, &transition),
                     GX_OK);
    assert_string_equal(transition->id, ID);
    assert_int_equal(read_given(&genxi__incident_transition__descriptor,
                                "{\"to\":\"closed\",\"id\":\"" ID "\"}", &GIVEN, 1, &transition),
                     GX_INVALID);
    assert_int_equal(ctx.faults[0].problem, GX_P_FIELD_REPEATED);
    static const struct gx_json_given BAD = {.name = "id", .text = "7", .pointer = "/id"};
    assert_int_equal(read_given(&genxi__incident_transition__descriptor, "{\"to\":\"closed\"}",
                                &BAD, 1, &transition),
                     GX_INVALID);
    assert_int_equal(ctx.faults[0].problem, GX_P_FIELD_FORMAT);
}

static void test_given_bytes_are_borrowed(void **state)
{
    (void)state;
    static const uint8_t FILE_BYTES[] = "a,b\n\0c";
    const struct gx_json_given given[] = {
        {.name = "kind", .text = "sites", .pointer = "/kind"},
        {.name = "format", .text = "csv", .pointer = "/format"},
        {.name = "data", .text = "", .pointer = "/data", .bytes = {FILE_BYTES, sizeof FILE_BYTES}},
    };
    Genxi__Import *import = NULL;
    assert_int_equal(read_given(&genxi__import__descriptor, "", given, GX_COUNT_OF(given), &import),
                     GX_OK);
    assert_ptr_equal(import->data.data, FILE_BYTES);
    assert_int_equal(import->data.len, sizeof FILE_BYTES);
}

/* Wherever the memory ends, the reader says so and nothing else. */
static void test_read_without_memory_fails_cleanly(void **state)
{
    (void)state;
    const char *text =
        "{\"type\":\"fight\",\"text\":\"abc\",\"reporter\":{\"name\":\"a\"},\"responding\":[\"" ID
        "\",\"" ID "\"]}";
    bool failed = false;
    bool worked = false;
    for (size_t limit = 64; limit < 8192; limit += 64) {
        struct gx_ctx small;
        ProtobufCMessage *message = NULL;
        gx_ctx_init(&small, limit);
        enum gx_rc rc =
            gx_json_read(&small, &genxi__report_create__descriptor,
                         (struct gx_view){(const uint8_t *)text, strlen(text)}, &message);
        assert_true((rc == GX_OK) == (message != NULL));
        failed = failed || rc != GX_OK;
        worked = worked || rc == GX_OK;
        gx_ctx_done(&small);
    }
    assert_true(failed && worked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_whole_report_is_kept),
        cmocka_unit_test(test_read_absent_optionals_are_not_set),
        cmocka_unit_test(test_read_unknown_field_is_named_by_pointer),
        cmocka_unit_test(test_read_all_faults_are_told_at_once),
        cmocka_unit_test(test_read_more_faults_than_room_are_cut),
        cmocka_unit_test(test_read_wrong_types_are_refused),
        cmocka_unit_test(test_read_number_that_is_whole_is_an_integer),
        cmocka_unit_test(test_read_bounds_of_integers_hold),
        cmocka_unit_test(test_read_no_json_is_the_only_fault_and_placed),
        cmocka_unit_test(test_read_other_roots_are_no_object),
        cmocka_unit_test(test_read_depth_ends_at_sixteen),
        cmocka_unit_test(test_read_very_deep_text_needs_no_stack),
        cmocka_unit_test(test_read_repeated_key_is_refused),
        cmocka_unit_test(test_read_text_is_valid_utf8_without_nul),
        cmocka_unit_test(test_read_lengths_count_characters),
        cmocka_unit_test(test_read_times_need_an_offset),
        cmocka_unit_test(test_read_bytes_are_padded_base64),
        cmocka_unit_test(test_read_lists_have_bounds),
        cmocka_unit_test(test_read_places_have_a_problem_of_their_own),
        cmocka_unit_test(test_given_query_is_read_by_type),
        cmocka_unit_test(test_given_faults_are_named),
        cmocka_unit_test(test_given_path_field_may_not_stand_in_the_body),
        cmocka_unit_test(test_given_bytes_are_borrowed),
        cmocka_unit_test(test_read_without_memory_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
