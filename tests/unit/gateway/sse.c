/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/text.h"
#include "dispatch.pb-c.h"
#include "incident.pb-c.h"
#include "sse.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include <jansson.h>
#include <stdbool.h>
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

static const char *encode(const char *id, const char *event, const char *data)
{
    struct gx_out out = {.ctx = &ctx};
    gw_sse_encode(&out, id, event, data);
    return gx_out_done(&out);
}

static void test_encode_lines_are_split(void **state)
{
    (void)state;
    assert_string_equal(encode(NULL, NULL, "hello"), "data: hello\n\n");
    assert_string_equal(encode("1:2", "a.b", "{}"), "id: 1:2\nevent: a.b\ndata: {}\n\n");
    assert_string_equal(encode(NULL, NULL, "a\nb\rc\r\nd"),
                        "data: a\ndata: b\ndata: c\ndata: d\n\n");
    assert_string_equal(encode(NULL, NULL, ""), "data: \n\n");
    assert_string_equal(encode(NULL, NULL, " x\n"), "data:  x\ndata: \n\n");
}

/* Reads back a message as a client does: strips one blank after the colon, joins data by LF. */
static json_t *decode(const char *wire)
{
    json_t *result = json_pack("{s:n,s:n}", "event", "id");
    struct gx_out data = {.ctx = &ctx};
    bool any = false;
    while (*wire != '\n') {
        size_t size = strcspn(wire, "\n");
        size_t name = strcspn(wire, ":");
        const char *value = wire + name + (wire[name + 1] == ' ' ? 2 : 1);
        size_t length = size - (size_t)(value - wire);
        if (strncmp(wire, "data", name) == 0) {
            gx_out_text(&data, any ? "\n" : "");
            gx_out_bytes(&data, value, length);
            any = true;
        } else {
            (void)json_object_set_new(result, name == 2 ? "id" : "event",
                                      json_stringn(value, length));
        }
        wire += size + 1;
    }
    (void)json_object_set_new(result, "data", json_string(gx_out_done(&data)));
    return result;
}

static void test_encode_shared_examples_are_met(void **state)
{
    (void)state;
    const char *path = shared_file("vectors/http-facts/sse_encode.json");
    if (path == NULL) {
        skip();
    }
    json_t *all = json_load_file(path, 0, NULL);
    const json_t *cases = json_object_get(all, "cases");
    size_t checked = 0;
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *message = json_object_get(json_array_get(cases, i), "message");
        const json_t *back = json_object_get(json_array_get(cases, i), "parsed_back");
        const char *data = json_string_value(json_object_get(message, "data"));
        if (data == NULL || json_array_size(back) != 1 ||
            json_object_get(message, "retry") != NULL) {
            continue;
        }
        json_t *decoded =
            decode(encode(json_string_value(json_object_get(message, "id")),
                          json_string_value(json_object_get(message, "event")), data));
        assert_true(json_equal(decoded, json_array_get(back, 0)));
        json_decref(decoded);
        checked++;
    }
    json_decref(all);
    assert_true(checked >= 4);
}

static Genxi__Event make_event(uint32_t type, const ProtobufCMessage *payload,
                               Genxi__Audience *audience, Genxi__Actor *actor)
{
    Genxi__Event event = GENXI__EVENT__INIT;
    struct gx_view body;
    assert_int_equal(gx_pb_pack(&ctx, payload, &body), GX_OK);
    event.id = gx_arena_text(&ctx.arena, "01a20c86-8b8d-7601-b54b-f8af7f1e4a7d");
    event.area = 53011201;
    event.seq = 7;
    event.type = type;
    event.at = 1795478400000;
    event.service = gx_arena_text(&ctx.arena, "intake");
    event.subject = gx_arena_text(&ctx.arena, "s");
    event.audience = audience;
    event.actor = actor;
    event.body = gx_pb_bytes(body);
    return event;
}

static json_t *data_of(const char *text)
{
    const char *data = text == NULL ? NULL : strstr(text, "data: ");
    assert_non_null(data);
    json_t *json = json_loads(data + 6, JSON_DISABLE_EOF_CHECK, NULL);
    assert_non_null(json);
    return json;
}

static void test_render_is_one_event_with_its_place(void **state)
{
    (void)state;
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    Genxi__Actor actor = GENXI__ACTOR__INIT;
    Genxi__FactNoted fact = GENXI__FACT_NOTED__INIT;
    fact.incident_id = fact.code = fact.value = gx_arena_text(&ctx.arena, "a\nb");
    Genxi__Event event = make_event(GX_E_fact_noted, &fact.base, &audience, &actor);
    event.has_exercise = 1;
    event.exercise = 1;
    const char *text = gw_sse_render(&ctx, &event, GX_SIGHT_PARTNER, NULL);
    assert_non_null(text);
    assert_int_equal(strncmp(text, "event: incident.fact\ndata: {", 28), 0);
    assert_string_equal(text + strlen(text) - 2, "\n\n");
    json_t *json = data_of(text);
    assert_string_equal(json_string_value(json_object_get(json, "type")), "incident.fact");
    assert_int_equal(json_integer_value(json_object_get(json, "area")), 53011201);
    assert_int_equal(json_integer_value(json_object_get(json, "seq")), 7);
    assert_string_equal(json_string_value(json_object_get(json, "at")), "2026-11-24T00:00:00.000Z");
    assert_true(json_is_true(json_object_get(json, "exercise")));
    assert_string_equal(json_string_value(json_object_get(json_object_get(json, "data"), "value")),
                        "a\nb");
    json_decref(json);
}

static void test_render_unknown_type_is_nothing(void **state)
{
    (void)state;
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    Genxi__Actor actor = GENXI__ACTOR__INIT;
    Genxi__MatcherDegraded payload = GENXI__MATCHER_DEGRADED__INIT;
    payload.what = gx_arena_text(&ctx.arena, "redis");
    Genxi__Event event = make_event(9999, &payload.base, &audience, &actor);
    assert_null(gw_sse_render(&ctx, &event, GX_SIGHT_OFFICER, NULL));
}

static void test_render_positions_of_one_organisation_only(void **state)
{
    (void)state;
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    Genxi__Actor actor = GENXI__ACTOR__INIT;
    Genxi__Position a = GENXI__POSITION__INIT;
    Genxi__Position b = GENXI__POSITION__INIT;
    Genxi__Position *positions[] = {&a, &b};
    char *orgs[] = {gx_arena_text(&ctx.arena, "o1"), gx_arena_text(&ctx.arena, "o2")};
    Genxi__Force forces[] = {GENXI__FORCE__FORCE_GUARD, GENXI__FORCE__FORCE_PATROL};
    Genxi__PositionsMoved moved = GENXI__POSITIONS_MOVED__INIT;
    a.responder_id = gx_arena_text(&ctx.arena, "r1");
    b.responder_id = gx_arena_text(&ctx.arena, "r2");
    moved.positions = positions;
    moved.orgs = orgs;
    moved.forces = forces;
    moved.n_positions = moved.n_orgs = moved.n_forces = 2;
    Genxi__Event event = make_event(GX_E_positions_moved, &moved.base, &audience, &actor);
    event.seq = 0;
    const char *own = gw_sse_render(&ctx, &event, GX_SIGHT_PARTNER, "o2");
    assert_non_null(own);
    assert_non_null(strstr(own, "r2"));
    assert_null(strstr(own, "r1"));
    assert_non_null(strstr(own, "patrol"));
    assert_null(strstr(own, "guard"));
    assert_null(gw_sse_render(&ctx, &event, GX_SIGHT_PARTNER, "o3"));
    assert_non_null(strstr(gw_sse_render(&ctx, &event, GX_SIGHT_OFFICER, NULL), "r1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode_lines_are_split),
        cmocka_unit_test(test_encode_shared_examples_are_met),
        cmocka_unit_test(test_render_is_one_event_with_its_place),
        cmocka_unit_test(test_render_unknown_type_is_nothing),
        cmocka_unit_test(test_render_positions_of_one_organisation_only),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
