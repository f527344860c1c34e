/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/messages.h"
#include "wire/pb.h"

#include "audit.pb-c.h"
#include "envelope.pb-c.h"
#include "registry.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct gx_ctx CTX;

static int setup(void **state)
{
    (void)state;
    gx_ctx_init(&CTX, 1 << 16);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    gx_ctx_done(&CTX);
    return 0;
}

/* --- The list --- */

static void test_rows_rise_and_are_found_both_ways(void **state)
{
    (void)state;
    size_t count = 0;
    const struct gx_command_type *commands = gx_command_types(&count);
    assert_true(count > 40);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || commands[i - 1].number < commands[i].number);
        assert_ptr_equal(gx_command_by_number(commands[i].number), &commands[i]);
        assert_ptr_equal(gx_command_by_name(commands[i].name), &commands[i]);
        assert_null(gx_event_by_number(commands[i].number));
    }
    const struct gx_event_type *events = gx_event_types(&count);
    assert_true(count > 20);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || events[i - 1].number < events[i].number);
        assert_ptr_equal(gx_event_by_number(events[i].number), &events[i]);
        assert_ptr_equal(gx_event_by_name(events[i].name), &events[i]);
        assert_null(gx_command_by_number(events[i].number));
    }
}

static void test_unknown_is_null(void **state)
{
    (void)state;
    assert_null(gx_command_by_number(0));
    assert_null(gx_command_by_number(UINT32_MAX));
    assert_null(gx_command_by_name("no_such"));
    assert_null(gx_command_by_name(NULL));
    assert_null(gx_event_by_number(99999));
    assert_null(gx_event_by_name(""));
}

/* Where a reply has a secret, it is not kept; where a row says so, the reply has one. */
static void test_secrets_of_replies_are_shown_once(void **state)
{
    (void)state;
    size_t count = 0;
    size_t found = 0;
    const struct gx_command_type *commands = gx_command_types(&count);
    for (size_t i = 0; i < count; i++) {
        ProtobufCMessage *reply = gx_pb_new(&CTX, commands[i].reply);
        char **secret = gx_pb_text_field(reply, "secret");
        assert_true((secret != NULL && commands[i].writes) == (commands[i].once != NULL));
        if (secret != NULL) {
            char text[] = "whsec_";
            *secret = text;
            assert_ptr_equal(*gx_pb_text_field(reply, commands[i].once), text);
            found++;
        }
    }
    assert_true(found >= 2);
    ProtobufCMessage *partner = gx_pb_new(&CTX, &genxi__partner__descriptor);
    assert_null(gx_pb_text_field(partner, "no_such"));
    assert_null(gx_pb_text_field(partner, "area"));
    assert_null(gx_pb_text_field(partner, "id")); /* required */
}

static void test_row_says_what_it_is(void **state)
{
    (void)state;
    const struct gx_command_type *type = gx_command_by_number(GX_C_report_create);
    assert_int_equal(type->number, 200);
    assert_string_equal(type->name, "report_create");
    assert_string_equal(type->service, "intake");
    assert_string_equal(type->request->short_name, "ReportCreate");
    assert_string_equal(type->reply->short_name, "ReportCreated");
    assert_true(type->writes);
    assert_false(gx_command_by_number(GX_C_incident_list)->writes);
    assert_string_equal(gx_event_by_number(GX_E_incident_opened)->name, "incident.opened");
    assert_string_equal(gx_event_by_number(GX_E_incident_opened)->payload->short_name,
                        "IncidentOpened");
}

/* --- What the mappers rely on --- */

enum {
    DEPTH_MAX = 8
};

/* The deepest nesting of a message type; aborts the test when a message contains itself. */
static int depth_of(const ProtobufCMessageDescriptor *type, int above)
{
    assert_true(above < DEPTH_MAX);
    int deepest = 0;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            int depth = depth_of(field->descriptor, above + 1);
            deepest = depth > deepest ? depth : deepest;
        }
    }
    return deepest + 1;
}

static void check_enums(const ProtobufCMessageDescriptor *type)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            check_enums(field->descriptor);
        }
        if (field->type != PROTOBUF_C_TYPE_ENUM) {
            continue;
        }
        const ProtobufCEnumDescriptor *names = field->descriptor;
        for (unsigned k = 0; k < names->n_values; k++) {
            const char *json = gx_pb_enum_json(&CTX, names, names->values[k].value);
            assert_true(strlen(json) <
                        strlen(names->values[k].name)); /* its prefix is the enum's */
            int value = -1;
            assert_int_equal(gx_pb_enum_parse(names, json, &value), 0);
            assert_int_equal(value, names->values[k].value);
        }
    }
    gx_ctx_reset(&CTX);
}

static void test_no_message_contains_itself_and_enums_bear_their_prefix(void **state)
{
    (void)state;
    size_t count = 0;
    const struct gx_command_type *commands = gx_command_types(&count);
    for (size_t i = 0; i < count; i++) {
        (void)depth_of(commands[i].request, 0);
        (void)depth_of(commands[i].reply, 0);
        check_enums(commands[i].request);
        check_enums(commands[i].reply);
    }
    const struct gx_event_type *events = gx_event_types(&count);
    for (size_t i = 0; i < count; i++) {
        (void)depth_of(events[i].payload, 0);
        check_enums(events[i].payload);
    }
    (void)depth_of(&genxi__command__descriptor, 0);
    (void)depth_of(&genxi__reply__descriptor, 0);
    (void)depth_of(&genxi__event__descriptor, 0);
}

static void test_enum_names(void **state)
{
    (void)state;
    const ProtobufCEnumDescriptor *type = &genxi__import_kind__descriptor;
    assert_string_equal(gx_pb_enum_json(&CTX, type, GENXI__IMPORT_KIND__IMPORT_KIND_SITES),
                        "sites");
    assert_string_equal(gx_pb_enum_json(&CTX, type, 99), "");
    int value = 7;
    assert_int_equal(gx_pb_enum_parse(type, "responders", &value), 0);
    assert_int_equal(value, GENXI__IMPORT_KIND__IMPORT_KIND_RESPONDERS);
    assert_int_equal(gx_pb_enum_parse(type, "RESPONDERS", &value), -1);
    assert_int_equal(gx_pb_enum_parse(type, "responder", &value), -1);
    assert_int_equal(gx_pb_enum_parse(type, "responderss", &value), -1);
    assert_int_equal(gx_pb_enum_parse(type, "", &value), -1);
    assert_int_equal(value, GENXI__IMPORT_KIND__IMPORT_KIND_RESPONDERS);
}

/* --- Packing --- */

static struct gx_view pack_partner(const char *name)
{
    Genxi__Partner *partner = gx_pb_new(&CTX, &genxi__partner__descriptor);
    assert_non_null(partner);
    partner->id = gx_pb_text("p1");
    partner->name = gx_pb_text(name);
    partner->kind = GENXI__ORG_KIND__ORG_KIND_SCHOOL;
    partner->area = 53011201;
    partner->state = GENXI__ORG_STATE__ORG_STATE_ACTIVE;
    struct gx_view bytes = {NULL, 0};
    assert_int_equal(gx_pb_pack(&CTX, &partner->base, &bytes), GX_OK);
    return bytes;
}

static void test_message_survives_packing(void **state)
{
    (void)state;
    struct gx_view bytes = pack_partner("西山小学");
    ProtobufCMessage *message = NULL;
    assert_int_equal(gx_pb_unpack(&CTX, &genxi__partner__descriptor, bytes, &message), GX_OK);
    const Genxi__Partner *partner = (const Genxi__Partner *)message;
    assert_string_equal(partner->name, "西山小学");
    assert_int_equal(partner->area, 53011201);
    assert_int_equal(partner->kind, GENXI__ORG_KIND__ORG_KIND_SCHOOL);
}

static void test_cut_bytes_are_invalid(void **state)
{
    (void)state;
    struct gx_view bytes = pack_partner("name");
    for (size_t size = 0; size < bytes.size; size++) {
        ProtobufCMessage *message = NULL;
        struct gx_view cut = {bytes.data, size};
        assert_int_equal(gx_pb_unpack(&CTX, &genxi__partner__descriptor, cut, &message),
                         GX_INVALID);
        assert_null(message);
        assert_int_equal(CTX.faults[0].problem, GX_P_FIELD_FORMAT);
        gx_ctx_forgive(&CTX);
    }
}

static void test_no_bytes_are_an_empty_message(void **state)
{
    (void)state;
    ProtobufCMessage *message = NULL;
    struct gx_view nothing = {NULL, 0};
    assert_int_equal(gx_pb_unpack(&CTX, &genxi__empty__descriptor, nothing, &message), GX_OK);
    assert_non_null(message);
    assert_int_equal(gx_pb_pack(&CTX, message, &nothing), GX_OK);
    assert_int_equal(nothing.size, 0);
}

/* Each allocation fails once: never a crash, never a half message. */
static void test_spent_arena_is_said(void **state)
{
    (void)state;
    struct gx_view bytes =
        pack_partner("a name of some length, so that it takes a place of its own");
    bool fitted = false;
    for (size_t limit = 0; limit < 2048 && !fitted; limit += 16) {
        struct gx_ctx small;
        gx_ctx_init(&small, limit);
        ProtobufCMessage *message = NULL;
        enum gx_rc rc = gx_pb_unpack(&small, &genxi__partner__descriptor, bytes, &message);
        fitted = rc == GX_OK;
        if (!fitted) {
            assert_int_equal(rc, GX_INVALID);
            assert_int_equal(small.faults[0].problem, GX_P_BODY_TOO_LARGE);
            assert_null(message);
        }
        gx_ctx_done(&small);
    }
    assert_true(fitted);
}

static void test_pack_into_spent_arena_is_internal(void **state)
{
    (void)state;
    struct gx_ctx small;
    gx_ctx_init(&small, 16);
    Genxi__Tile tile = GENXI__TILE__INIT;
    uint8_t data[100] = {1};
    tile.data = gx_pb_bytes((struct gx_view){data, sizeof data});
    struct gx_view bytes;
    assert_int_equal(gx_pb_pack(&small, &tile.base, &bytes), GX_INTERNAL);
    assert_null(gx_pb_new(&small, &genxi__partner__descriptor));
    assert_null(gx_pb_array(&small, SIZE_MAX / 2));
    gx_ctx_done(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_rows_rise_and_are_found_both_ways),
        TEST(test_unknown_is_null),
        TEST(test_secrets_of_replies_are_shown_once),
        TEST(test_row_says_what_it_is),
        TEST(test_no_message_contains_itself_and_enums_bear_their_prefix),
        TEST(test_enum_names),
        TEST(test_message_survives_packing),
        TEST(test_cut_bytes_are_invalid),
        TEST(test_no_bytes_are_an_empty_message),
        TEST(test_spent_arena_is_said),
        TEST(test_pack_into_spent_arena_is_internal),
    };
    return cmocka_run_group_tests_name("messages", tests, NULL, NULL);
}
