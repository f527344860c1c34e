/* SPDX-License-Identifier: Apache-2.0 */
/* Devices: who may register and see them, what they are bound to, and that no secret lies or travels in clear. Tests build on each other. */
#include "web/seal.h"
#include "world.h"

static char own[GX_ID_SIZE];
static char other[GX_ID_SIZE];
static char site[GX_ID_SIZE];
static char other_site[GX_ID_SIZE];
static char guard[GX_ID_SIZE];
static char panel[GX_ID_SIZE];
static char secret[129];
static const int32_t ONE[] = {AREA_1};
static const int32_t TWO[] = {AREA_2};

static void keep(char to[GX_ID_SIZE], const char *id)
{
    assert_true(gx_id_valid(id));
    (void)snprintf(to, GX_ID_SIZE, "%s", id);
}

static void test_a_district_stands(void **state)
{
    (void)state;
    assert_int_equal(import_text(&ADMIN, GENXI__IMPORT_KIND__IMPORT_KIND_STATIONS,
                                 "area,code,name,ring\n"
                                 "53011201,S01,一所,102.60 25.00; 102.65 25.00; 102.65 25.05; "
                                 "102.60 25.05\n"
                                 "53011202,S02,二所,102.65 25.00; 102.70 25.00; 102.70 25.05; "
                                 "102.65 25.05\n",
                                 false, NULL),
                     GX_OK);
    assert_int_equal(import_text(&ADMIN, GENXI__IMPORT_KIND__IMPORT_KIND_PARTNERS,
                                 "code,name,kind,area\nD1,甲物业,property,53011201\n"
                                 "D2,乙物业,property,53011202\n",
                                 false, NULL),
                     GX_OK);
    assert_int_equal(import_text(&ADMIN, GENXI__IMPORT_KIND__IMPORT_KIND_SITES,
                                 "partner,code,name,kind,lon,lat\nD1,A,甲苑,estate,102.62,25.02\n"
                                 "D2,B,乙苑,estate,102.67,25.02\n",
                                 false, NULL),
                     GX_OK);
    assert_int_equal(import_text(&ADMIN, GENXI__IMPORT_KIND__IMPORT_KIND_RESPONDERS,
                                 "org,code,force,guard_kind,call_sign\n"
                                 "D1,G1,guard,property,甲保1\n",
                                 false, NULL),
                     GX_OK);
    keep(own, id_of("partner", "D1", (char[GX_ID_SIZE]){0}));
    keep(other, id_of("partner", "D2", (char[GX_ID_SIZE]){0}));
    keep(site, id_of("site", "甲苑", (char[GX_ID_SIZE]){0}));
    keep(other_site, id_of("site", "乙苑", (char[GX_ID_SIZE]){0}));
    keep(guard, id_of("responder", "甲保1", (char[GX_ID_SIZE]){0}));
}

static Genxi__DevicePut panel_put(const char *code)
{
    Genxi__DevicePut in = GENXI__DEVICE_PUT__INIT;
    in.kind = GENXI__DEVICE_KIND__DEVICE_KIND_PANEL;
    in.code = gx_pb_text(code);
    in.site_id = site;
    return in;
}

static Genxi__Device *put(const struct gx_actor *actor, const Genxi__DevicePut *in,
                          enum gx_rc expected)
{
    ProtobufCMessage *reply = NULL;
    assert_int_equal(call(actor, GX_C_device_put, in, &reply), expected);
    return (Genxi__Device *)reply;
}

/* The only event of the last transaction in that area, unpacked. */
static Genxi__DeviceChanged *told(int32_t area)
{
    assert_int_equal(events_of(GX_E_device_changed, area), 1);
    for (size_t i = 0; i < world.event_count; i++) {
        const Genxi__Event *event = world.events[i].event;
        if (world.events[i].type == GX_E_device_changed && world.events[i].area == area) {
            ProtobufCMessage *message = NULL;
            assert_false(event->audience->officers);
            assert_int_equal(event->audience->n_orgs, 0);
            assert_int_equal(gx_pb_unpack(&world.ctx, &genxi__device_changed__descriptor,
                                          (struct gx_view){event->body.data, event->body.len},
                                          &message),
                             GX_OK);
            return (Genxi__DeviceChanged *)message;
        }
    }
    fail_msg("no event");
    return NULL;
}

static const char *opened(const Genxi__DeviceChanged *changed)
{
    struct gx_seal_key key;
    memset(key.bytes, 0x5a, sizeof key.bytes);
    assert_non_null(changed->sealed_secret);
    assert_int_equal(strncmp(changed->sealed_secret, "sealed1:", 8), 0);
    return gx_seal_open(&world.ctx.arena, &key, changed->device->id, changed->sealed_secret);
}

static void test_panel_gets_a_secret_that_is_shown_once(void **state)
{
    (void)state;
    struct gx_actor desk = desk_of(own);
    Genxi__DevicePut in = panel_put("00ab");
    in.has_supervision_seconds = true;
    in.supervision_seconds = 60;
    Genxi__Device *made = put(&desk, &in, GX_OK);
    keep(panel, made->id);
    assert_string_equal(made->code, "00AB");
    assert_string_equal(made->org_id, own);
    assert_int_equal(made->area, AREA_1);
    assert_true(made->has_secret);
    assert_int_equal(strlen(made->secret), 64);
    (void)snprintf(secret, sizeof secret, "%s", made->secret);
    Genxi__DeviceChanged *changed = told(AREA_1);
    assert_null(changed->device->secret);
    assert_string_equal(opened(changed), secret);
    assert_int_equal(number_of("SELECT count(*) FROM readiness.device WHERE secret LIKE "
                               "'sealed1:%'"),
                     1);
}

static size_t seen(const struct gx_actor *actor)
{
    Genxi__DeviceQuery in = GENXI__DEVICE_QUERY__INIT;
    ProtobufCMessage *reply = NULL;
    assert_int_equal(call(actor, GX_C_device_list, &in, &reply), GX_OK);
    const Genxi__DeviceList *list = (const Genxi__DeviceList *)reply;
    for (size_t i = 0; i < list->n_items; i++) {
        assert_null(list->items[i]->secret);
    }
    return list->n_items;
}

static void test_who_sees_it(void **state)
{
    (void)state;
    struct gx_actor desk = desk_of(own);
    struct gx_actor stranger = desk_of(other);
    struct gx_actor duty = duty_of(ONE, 1);
    struct gx_actor far = duty_of(TWO, 1);
    struct gx_actor person = device_of(own, guard);
    assert_int_equal(seen(&desk), 1);
    assert_int_equal(seen(&duty), 1);
    assert_int_equal(seen(&ADMIN), 1);
    assert_int_equal(seen(&stranger), 0);
    assert_int_equal(seen(&far), 0);
    assert_int_equal(seen(&person), 0); /* no device of his own */
}

static void test_who_may_register(void **state)
{
    (void)state;
    struct gx_actor desk = desk_of(own);
    struct gx_actor stranger = desk_of(other);
    struct gx_actor far = duty_of(TWO, 1);
    struct gx_actor person = device_of(own, guard);
    Genxi__DevicePut in = panel_put("1001");
    (void)put(&person, &in, GX_DENIED);
    (void)put(&stranger, &in, GX_INVALID); /* the site is not known to it */
    assert_true(failed_with(GX_P_REFERENCE, "/site_id"));
    in.org_id = own;
    (void)put(&stranger, &in, GX_INVALID);
    (void)put(&far, &in, GX_INVALID);
    in.org_id = other;
    in.site_id = other_site;
    (void)put(&desk, &in, GX_INVALID);
    in = panel_put("00AB"); /* somebody has it already */
    (void)put(&desk, &in, GX_CONFLICT);
    assert_true(failed_with(GX_P_DUPLICATE, ""));
    in = panel_put("1001");
    in.id = panel;
    (void)put(&stranger, &in, GX_NOT_FOUND);
}

static void test_what_a_device_must_be(void **state)
{
    (void)state;
    struct gx_actor desk = desk_of(own);
    Genxi__DevicePut in = panel_put("12");
    (void)put(&desk, &in, GX_INVALID);
    assert_true(failed_with(GX_P_FIELD_FORMAT, "/code"));
    in = panel_put("1002");
    in.site_id = NULL;
    (void)put(&desk, &in, GX_INVALID);
    assert_true(failed_with(GX_P_FIELD_MISSING, "/site_id"));
    in = panel_put("1002");
    in.secret = gx_pb_text("00112233");
    (void)put(&desk, &in, GX_INVALID);
    assert_true(failed_with(GX_P_FIELD_FORMAT, "/secret"));
    in.kind = GENXI__DEVICE_KIND__DEVICE_KIND_CAR;
    in.code = gx_pb_text("013912345678");
    in.responder_id = guard;
    (void)put(&desk, &in, GX_INVALID);
    assert_true(failed_with(GX_P_FIELD_FORMAT, "/code"));
    in.code = gx_pb_text("13912345678");
    in.secret = gx_pb_text("auth-code-1");
    assert_string_equal(put(&desk, &in, GX_OK)->secret, "auth-code-1");
    struct gx_actor person = device_of(own, guard);
    assert_int_equal(seen(&person), 1); /* now he has one */
}

static Genxi__Device *change(const struct gx_actor *actor, Genxi__DevicePut *in)
{
    in->id = panel;
    return put(actor, in, GX_OK);
}

static void test_secret_stays_changes_or_goes(void **state)
{
    (void)state;
    struct gx_actor desk = desk_of(own);
    Genxi__DevicePut in = panel_put("00AB");
    in.name = gx_pb_text("大门");
    assert_null(change(&desk, &in)->secret);
    assert_string_equal(opened(told(AREA_1)), secret);
    in.has_new_secret = true;
    in.new_secret = true;
    assert_string_not_equal(change(&desk, &in)->secret, secret);
    in.has_new_secret = false;
    in.secret = gx_pb_text("text:0123456789ABCDEF");
    (void)change(&desk, &in);
    assert_string_equal(opened(told(AREA_1)), "text:0123456789ABCDEF");
    in.secret = gx_pb_text("");
    Genxi__Device *bare = change(&desk, &in);
    assert_false(bare->has_secret);
    assert_null(told(AREA_1)->sealed_secret);
}

static void test_removed_it_is_told_as_removed(void **state)
{
    (void)state;
    struct gx_actor desk = desk_of(own);
    struct gx_actor stranger = desk_of(other);
    Genxi__DeviceDelete in = GENXI__DEVICE_DELETE__INIT;
    in.id = panel;
    assert_int_equal(call(&stranger, GX_C_device_delete, &in, NULL), GX_NOT_FOUND);
    assert_int_equal(call(&desk, GX_C_device_delete, &in, NULL), GX_OK);
    Genxi__DeviceChanged *changed = told(AREA_1);
    assert_true(changed->removed);
    assert_string_equal(changed->device->id, panel);
    assert_int_equal(call(&desk, GX_C_device_delete, &in, NULL), GX_NOT_FOUND);
    assert_int_equal(seen(&desk), 1);
}

static void test_policy_holds_without_handlers(void **state)
{
    (void)state;
    static const struct gx_pg_stmt COUNT = {"test_devices", "SELECT count(*) FROM readiness.device",
                                            0, GX_PG_ONE_ROW, false};
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    gx_ctx_reset(&world.ctx);
    assert_int_equal(gx_pg_run(world.pg, &world.ctx, &COUNT, NULL, &rows), GX_OK); /* nobody */
    assert_int_equal(gx_rows_int(rows, 0, 0), 0);
    assert_true(number_of("SELECT count(*) FROM readiness.device") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_district_stands),
        cmocka_unit_test(test_panel_gets_a_secret_that_is_shown_once),
        cmocka_unit_test(test_who_sees_it),
        cmocka_unit_test(test_who_may_register),
        cmocka_unit_test(test_what_a_device_must_be),
        cmocka_unit_test(test_secret_stays_changes_or_goes),
        cmocka_unit_test(test_removed_it_is_told_as_removed),
        cmocka_unit_test(test_policy_holds_without_handlers),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
