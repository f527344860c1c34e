/* SPDX-License-Identifier: Apache-2.0 */
/* Single records: who may put and see what, where its events go, and which states are refused. Tests build on each other in order. */
#include "base/clock.h"
#include "world.h"

static char w1[GX_ID_SIZE]; /* property company in area 1 */
static char w2[GX_ID_SIZE]; /* property company in area 2 */
static char police_org[GX_ID_SIZE];
static char site_1[GX_ID_SIZE];
static char guard[GX_ID_SIZE];
static char shift_1[GX_ID_SIZE];
static const int32_t ONE[] = {AREA_1};
static const int32_t BOTH[] = {AREA_1, AREA_2};

static const char STATIONS[] =
    "area,code,name,ring\n"
    "53011201,S01,一所(演示),102.60 25.00; 102.65 25.00; 102.65 25.05; 102.60 25.05\n"
    "53011202,S02,二所(演示),102.65 25.00; 102.70 25.00; 102.70 25.05; 102.65 25.05\n";

static Genxi__Partner *put_partner(const struct gx_actor *actor, const char *id, const char *name,
                                   int32_t area, enum gx_rc expected)
{
    Genxi__Contact contact = GENXI__CONTACT__INIT;
    Genxi__Contact *contacts[] = {&contact};
    Genxi__PartnerPut in = GENXI__PARTNER_PUT__INIT;
    contact.name = gx_pb_text("联络员");
    contact.phone = gx_pb_text("+8600012345678");
    in.id = id == NULL ? NULL : gx_pb_text(id);
    in.name = gx_pb_text(name);
    in.kind = GENXI__ORG_KIND__ORG_KIND_PROPERTY;
    in.area = area;
    in.contacts = contacts;
    in.n_contacts = 1;
    ProtobufCMessage *reply = NULL;
    assert_int_equal(call(actor, GX_C_partner_put, &in, &reply), expected);
    return (Genxi__Partner *)reply;
}

static void keep(char to[GX_ID_SIZE], const char *id)
{
    assert_true(gx_id_valid(id));
    (void)snprintf(to, GX_ID_SIZE, "%s", id);
}

static void test_stations_are_the_operators(void **state)
{
    (void)state;
    struct gx_actor duty = duty_of(BOTH, 2);
    assert_int_equal(
        import_text(&duty, GENXI__IMPORT_KIND__IMPORT_KIND_STATIONS, STATIONS, false, NULL),
        GX_DENIED);
    assert_int_equal(
        import_text(&ADMIN, GENXI__IMPORT_KIND__IMPORT_KIND_STATIONS, STATIONS, false, NULL),
        GX_OK);
    assert_int_equal(events_of(GX_E_station_changed, AREA_1), 1);
    assert_int_equal(events_of(GX_E_partner_changed, AREA_2), 1);
    keep(police_org, id_of("partner", "S01", (char[GX_ID_SIZE]){0}));
    Genxi__StationQuery query = GENXI__STATION_QUERY__INIT;
    ProtobufCMessage *reply = NULL;
    struct gx_actor desk = desk_of("01990000-0000-7000-8000-000000000001");
    assert_int_equal(call(&desk, GX_C_station_list, &query, &reply), GX_OK);
    const Genxi__StationList *list = (Genxi__StationList *)reply;
    assert_int_equal(list->n_items, 2);
    assert_int_equal(list->items[1]->n_ring, 8);
    assert_float_equal(list->items[0]->ring[4], 102.65, 0);
}

static void test_partner_put_by_whom(void **state)
{
    (void)state;
    struct gx_actor duty = duty_of(ONE, 1);
    struct gx_actor desk = desk_of(police_org);
    keep(w1, put_partner(&duty, NULL, "甲物业(演示)", AREA_1, GX_OK)->id);
    (void)put_partner(&duty, NULL, "乙物业(演示)", AREA_2, GX_DENIED);
    assert_true(failed_with(GX_P_DENIED, "/area"));
    (void)put_partner(&desk, NULL, "乙物业(演示)", AREA_1, GX_DENIED);
    keep(w2, put_partner(&ADMIN, NULL, "乙物业(演示)", AREA_2, GX_OK)->id);
    (void)put_partner(&duty, w2, "乙物业(演示)", AREA_1,
                      GX_NOT_FOUND); /* not the duty officer's to know */
    (void)put_partner(&ADMIN, "01990000-0000-7000-8000-00000000ffff", "丙", AREA_1, GX_NOT_FOUND);
    (void)put_partner(&ADMIN, "nonsense", "丙", AREA_1, GX_INVALID);
    assert_true(failed_with(GX_P_FIELD_FORMAT, "/id"));
    (void)put_partner(&ADMIN, NULL, "", AREA_1, GX_INVALID);
    assert_true(failed_with(GX_P_FIELD_LENGTH, "/name"));
}

static void test_partner_event_has_no_contacts(void **state)
{
    (void)state;
    (void)put_partner(&ADMIN, w1, "甲物业二(演示)", AREA_1, GX_OK);
    assert_int_equal(world.event_count, 1);
    const Genxi__Event *event = world.events[0].event;
    Genxi__PartnerChanged *changed =
        genxi__partner_changed__unpack(NULL, event->body.len, event->body.data);
    assert_non_null(changed);
    assert_string_equal(changed->partner->name, "甲物业二(演示)");
    assert_int_equal(changed->partner->n_contacts, 0);
    genxi__partner_changed__free_unpacked(changed, NULL);
    struct gx_actor desk = desk_of(w1);
    struct gx_actor other = desk_of(w2);
    assert_int_equal(gx_audience_sight(&desk, event), GX_SIGHT_PARTNER);
    assert_int_equal(gx_audience_sight(&other, event), GX_SIGHT_NONE);
    (void)put_partner(&ADMIN, w1, "甲物业二(演示)", AREA_1, GX_OK); /* nothing new: nothing told */
    assert_int_equal(world.event_count, 0);
}

static size_t partners_seen(const struct gx_actor *actor, size_t *ret_contacts)
{
    Genxi__PartnerQuery query = GENXI__PARTNER_QUERY__INIT;
    ProtobufCMessage *reply = NULL;
    assert_int_equal(call(actor, GX_C_partner_list, &query, &reply), GX_OK);
    const Genxi__PartnerList *list = (Genxi__PartnerList *)reply;
    *ret_contacts = 0;
    for (size_t i = 0; i < list->n_items; i++) {
        *ret_contacts += list->items[i]->n_contacts;
    }
    assert_int_equal(list->total, list->n_items);
    return list->n_items;
}

static void test_partner_list_by_whom(void **state)
{
    (void)state;
    size_t contacts = 0;
    struct gx_actor duty = duty_of(ONE, 1);
    struct gx_actor analyst = duty_of(ONE, 1);
    struct gx_actor desk = desk_of(w2);
    struct gx_actor nobody = desk_of("");
    analyst.roles = GX_ROLE_ANALYST;
    assert_int_equal(partners_seen(&ADMIN, &contacts), 4);
    assert_int_equal(contacts, 2);
    assert_int_equal(partners_seen(&duty, &contacts), 2);
    assert_int_equal(contacts, 1);
    assert_int_equal(partners_seen(&analyst, &contacts), 2);
    assert_int_equal(contacts, 0);
    assert_int_equal(partners_seen(&desk, &contacts), 1);
    assert_int_equal(contacts, 1);
    assert_int_equal(partners_seen(&nobody, &contacts), 0);
}

static void test_lists_go_on_by_cursor(void **state)
{
    (void)state;
    Genxi__PartnerQuery query = GENXI__PARTNER_QUERY__INIT;
    char cursor[GX_ID_SIZE] = "";
    char last[GX_ID_SIZE] = "";
    size_t pages = 0;
    query.has_limit = 1;
    query.limit = 1;
    do {
        ProtobufCMessage *reply = NULL;
        query.cursor = cursor[0] == '\0' ? NULL : cursor;
        assert_int_equal(call(&ADMIN, GX_C_partner_list, &query, &reply), GX_OK);
        const Genxi__PartnerList *list = (Genxi__PartnerList *)reply;
        assert_int_equal(list->n_items, 1);
        assert_true(strcmp(list->items[0]->id, last) > 0);
        (void)snprintf(last, sizeof last, "%s", list->items[0]->id);
        (void)snprintf(cursor, sizeof cursor, "%s",
                       list->next_cursor == NULL ? "" : list->next_cursor);
        pages++;
    } while (cursor[0] != '\0');
    assert_int_equal(pages, 4);
    query.cursor = gx_pb_text("abc");
    assert_int_equal(call(&ADMIN, GX_C_partner_list, &query, NULL), GX_INVALID);
    assert_true(failed_with(GX_P_CURSOR, "/cursor"));
    query.cursor = NULL;
    query.limit = 501;
    assert_int_equal(call(&ADMIN, GX_C_partner_list, &query, NULL), GX_INVALID);
    query.limit = 0;
    assert_int_equal(call(&ADMIN, GX_C_partner_list, &query, NULL), GX_INVALID);
    assert_true(failed_with(GX_P_FIELD_RANGE, "/limit"));
}

static enum gx_rc put_site(const struct gx_actor *actor, const char *id, const char *partner,
                           double lon, Genxi__Site **ret_site)
{
    Genxi__SitePut in = GENXI__SITE_PUT__INIT;
    in.id = id == NULL ? NULL : gx_pb_text(id);
    in.partner_id = partner == NULL ? NULL : gx_pb_text(partner);
    in.name = gx_pb_text("小区(演示)");
    in.kind = gx_pb_text("estate");
    in.lon = lon;
    in.lat = 25.02;
    ProtobufCMessage *reply = NULL;
    enum gx_rc rc = call(actor, GX_C_site_put, &in, &reply);
    if (rc == GX_OK && ret_site != NULL) {
        *ret_site = (Genxi__Site *)reply;
    }
    return rc;
}

static void test_site_lies_in_a_territory(void **state)
{
    (void)state;
    Genxi__Site *site = NULL;
    struct gx_actor desk = desk_of(w1);
    struct gx_actor duty = duty_of(ONE, 1);
    assert_int_equal(put_site(&desk, NULL, NULL, 102.62, &site), GX_OK);
    assert_int_equal(site->area, AREA_1);
    assert_string_equal(site->partner_id, w1);
    keep(site_1, site->id);
    assert_int_equal(events_of(GX_E_site_changed, AREA_1), 1);
    assert_int_equal(put_site(&desk, NULL, NULL, 102.80, &site), GX_INVALID);
    assert_true(failed_with(GX_P_OUTSIDE_DISTRICT, "/lon"));
    assert_int_equal(put_site(&ADMIN, NULL, w1, 102.80, &site),
                     GX_OK); /* the operator knows what he does */
    assert_int_equal(site->area, AREA_1);
    assert_int_equal(put_site(&desk, NULL, w2, 102.62, &site),
                     GX_INVALID); /* it cannot even see w2 */
    assert_true(failed_with(GX_P_REFERENCE, "/partner_id"));
    assert_int_equal(put_site(&duty, NULL, w1, 102.67, &site), GX_DENIED); /* that is area 2 */
    assert_int_equal(put_site(&ADMIN, NULL, NULL, 102.62, &site), GX_INVALID);
    assert_true(failed_with(GX_P_FIELD_MISSING, "/partner_id"));
    assert_int_equal(put_site(&ADMIN, site_1, w2, 102.62, &site),
                     GX_CONFLICT); /* it stays its owner's */
    assert_true(failed_with(GX_P_STATE, "/partner_id"));
}

static enum gx_rc put_responder(const struct gx_actor *actor, const char *id, const char *org,
                                const char *phone, Genxi__Responder **ret_responder)
{
    Genxi__ResponderPut in = GENXI__RESPONDER_PUT__INIT;
    in.id = id == NULL ? NULL : gx_pb_text(id);
    in.org_id = org == NULL ? NULL : gx_pb_text(org);
    in.force = GENXI__FORCE__FORCE_GUARD;
    in.has_guard_kind = 1;
    in.guard_kind = GENXI__GUARD_KIND__GUARD_KIND_PROPERTY;
    in.call_sign = gx_pb_text("保01");
    in.site_id = site_1;
    in.phone = phone == NULL ? NULL : gx_pb_text(phone);
    ProtobufCMessage *reply = NULL;
    enum gx_rc rc = call(actor, GX_C_responder_put, &in, &reply);
    if (rc == GX_OK && ret_responder != NULL) {
        *ret_responder = (Genxi__Responder *)reply;
    }
    return rc;
}

static void test_responder_event_is_for_services_only(void **state)
{
    (void)state;
    Genxi__Responder *responder = NULL;
    struct gx_actor desk = desk_of(w1);
    struct gx_actor duty = duty_of(ONE, 1);
    assert_int_equal(put_responder(&desk, NULL, NULL, "+8600011112222", &responder), GX_OK);
    keep(guard, responder->id);
    assert_int_equal(responder->area, AREA_1);
    assert_string_equal(responder->phone, "+8600011112222");
    assert_int_equal(world.event_count, 1);
    const Genxi__Event *event = world.events[0].event;
    struct gx_actor device = device_of(w1, guard);
    const struct gx_actor service = {
        .roles = GX_ROLE_SYSTEM, .subject = "notifier", .org = "", .responder_id = ""};
    assert_int_equal(gx_audience_sight(&duty, event), GX_SIGHT_NONE);
    assert_int_equal(gx_audience_sight(&desk, event), GX_SIGHT_NONE);
    assert_int_equal(gx_audience_sight(&device, event), GX_SIGHT_NONE);
    assert_int_not_equal(gx_audience_sight(&service, event), GX_SIGHT_NONE);
    Genxi__ResponderChanged *changed =
        genxi__responder_changed__unpack(NULL, event->body.len, event->body.data);
    assert_non_null(changed);
    assert_null(changed->responder->phone); /* who must have it asks */
    genxi__responder_changed__free_unpacked(changed, NULL);
    Genxi__ResponderPhoneGet get = GENXI__RESPONDER_PHONE_GET__INIT;
    get.id = guard;
    ProtobufCMessage *reply = NULL;
    assert_int_equal(call(&service, GX_C_responder_phone, &get, &reply), GX_OK);
    assert_string_equal(((Genxi__ResponderPhone *)(void *)reply)->phone, "+8600011112222");
    assert_int_equal(call(&desk, GX_C_responder_phone, &get, &reply), GX_DENIED);
    assert_int_equal(put_responder(&duty, guard, NULL, NULL, &responder),
                     GX_OK); /* without the phone: it stays */
    assert_null(responder->phone);
    assert_int_equal(
        number_of("SELECT count(*) FROM readiness.responder WHERE phone = '+8600011112222'"), 1);
}

static void test_responder_rights(void **state)
{
    (void)state;
    struct gx_actor desk_2 = desk_of(w2);
    struct gx_actor device = device_of(w1, guard);
    assert_int_equal(put_responder(&desk_2, guard, NULL, NULL, NULL), GX_NOT_FOUND);
    assert_int_equal(put_responder(&desk_2, NULL, w1, NULL, NULL), GX_INVALID);
    assert_true(failed_with(GX_P_REFERENCE, "/org_id"));
    assert_int_equal(put_responder(&device, guard, NULL, NULL, NULL), GX_DENIED);
    assert_int_equal(put_responder(&ADMIN, NULL, police_org, NULL, NULL), GX_CONFLICT);
    assert_true(failed_with(GX_P_HARD_RULE, "/force")); /* a station has no guards */
}

static size_t responders_seen(const struct gx_actor *actor, bool *ret_phone)
{
    Genxi__ResponderQuery query = GENXI__RESPONDER_QUERY__INIT;
    ProtobufCMessage *reply = NULL;
    assert_int_equal(call(actor, GX_C_responder_list, &query, &reply), GX_OK);
    const Genxi__ResponderList *list = (Genxi__ResponderList *)reply;
    *ret_phone = list->n_items > 0 && list->items[0]->phone != NULL;
    return list->n_items;
}

static void test_responder_list_and_phone_by_whom(void **state)
{
    (void)state;
    bool phone = false;
    struct gx_actor duty = duty_of(ONE, 1);
    static const int32_t TWO[] = {AREA_2};
    struct gx_actor duty_2 = duty_of(TWO, 1);
    struct gx_actor desk = desk_of(w1);
    struct gx_actor desk_2 = desk_of(w2);
    struct gx_actor device = device_of(w1, guard);
    struct gx_actor colleague = device_of(w1, "01990000-0000-7000-8000-0000000000aa");
    assert_int_equal(responders_seen(&ADMIN, &phone), 1);
    assert_false(phone);
    assert_int_equal(responders_seen(&duty, &phone), 1);
    assert_false(phone);
    assert_int_equal(responders_seen(&duty_2, &phone), 0);
    assert_int_equal(responders_seen(&desk, &phone), 1);
    assert_true(phone);
    assert_int_equal(responders_seen(&desk_2, &phone), 0);
    assert_int_equal(responders_seen(&device, &phone), 1);
    assert_true(phone);
    assert_int_equal(responders_seen(&colleague, &phone), 0);
}

static enum gx_rc put_shift(const struct gx_actor *actor, const char *id, int64_t from_at,
                            int64_t until_at, Genxi__Shift **ret_shift)
{
    Genxi__ShiftPut in = GENXI__SHIFT_PUT__INIT;
    in.id = id == NULL ? NULL : gx_pb_text(id);
    in.responder_id = guard;
    in.from_at = from_at;
    in.until_at = until_at;
    ProtobufCMessage *reply = NULL;
    enum gx_rc rc = call(actor, GX_C_shift_put, &in, &reply);
    if (rc == GX_OK && ret_shift != NULL) {
        *ret_shift = (Genxi__Shift *)reply;
    }
    return rc;
}

static size_t on_shift(bool wanted)
{
    Genxi__ResponderQuery query = GENXI__RESPONDER_QUERY__INIT;
    query.has_on_shift = 1;
    query.on_shift = wanted;
    ProtobufCMessage *reply = NULL;
    assert_int_equal(call(&ADMIN, GX_C_responder_list, &query, &reply), GX_OK);
    return ((Genxi__ResponderList *)reply)->n_items;
}

static void test_shifts_never_overlap(void **state)
{
    (void)state;
    const int64_t hour = 3600000;
    const int64_t now = gx_clock_wall_ms();
    Genxi__Shift *shift = NULL;
    struct gx_actor desk = desk_of(w1);
    struct gx_actor desk_2 = desk_of(w2);
    assert_int_equal(on_shift(true), 0);
    assert_int_equal(put_shift(&desk_2, NULL, now, now + hour, NULL), GX_INVALID);
    assert_true(failed_with(GX_P_REFERENCE, "/responder_id"));
    assert_int_equal(put_shift(&desk, NULL, now - hour, now + hour, &shift), GX_OK);
    keep(shift_1, shift->id);
    assert_string_equal(shift->org_id, w1);
    const Genxi__Event *event = world.events[0].event;
    struct gx_actor device = device_of(w1, guard);
    assert_int_equal(gx_audience_sight(&device, event), GX_SIGHT_PARTNER);
    assert_int_equal(gx_audience_sight(&desk_2, event), GX_SIGHT_NONE);
    assert_int_equal(on_shift(true), 1);
    assert_int_equal(on_shift(false), 0);
    assert_int_equal(put_shift(&desk, NULL, now, now + hour, NULL), GX_CONFLICT);
    assert_true(failed_with(GX_P_SHIFT_OVERLAP, "/from_at"));
    assert_int_equal(put_shift(&desk, NULL, now - 2 * hour, now + 2 * hour, NULL), GX_CONFLICT);
    assert_int_equal(put_shift(&desk, NULL, now + hour, now + 2 * hour, &shift),
                     GX_OK); /* they touch */
    char second[GX_ID_SIZE];
    keep(second, shift->id);
    assert_int_equal(put_shift(&desk, second, now + hour, now + 3 * hour, NULL), GX_OK);
    assert_int_equal(put_shift(&desk, second, now, now + 3 * hour, NULL), GX_CONFLICT);
    assert_int_equal(put_shift(&desk, NULL, now + 5 * hour, now + 30 * hour, NULL), GX_INVALID);
    assert_true(failed_with(GX_P_FIELD_RANGE, "/until_at"));
}

static void test_a_move_takes_people_and_shifts_along(void **state)
{
    (void)state;
    struct gx_actor desk = desk_of(w1);
    Genxi__Site *site = NULL;
    assert_int_equal(put_site(&desk, site_1, NULL, 102.67, &site), GX_OK);
    assert_int_equal(site->area, AREA_2);
    assert_int_equal(events_of(GX_E_site_changed, AREA_1), 1);
    assert_int_equal(events_of(GX_E_site_changed, AREA_2), 1);
    assert_int_equal(events_of(GX_E_responder_changed, AREA_1), 1);
    assert_int_equal(events_of(GX_E_responder_changed, AREA_2), 1);
    assert_int_equal(events_of(GX_E_shift_changed, AREA_1), 2);
    assert_int_equal(events_of(GX_E_shift_changed, AREA_2), 2);
    assert_int_equal(number_of("SELECT count(*) FROM readiness.shift WHERE area = 53011202"), 2);
    assert_int_equal(put_site(&desk, site_1, NULL, 102.62, NULL), GX_OK);
    assert_int_equal(number_of("SELECT count(*) FROM readiness.responder WHERE area = 53011201"),
                     1);
}

static enum gx_rc close_shift(const struct gx_actor *actor, char *id, Genxi__Shift **ret_shift)
{
    Genxi__ShiftClose in = GENXI__SHIFT_CLOSE__INIT;
    in.id = id;
    ProtobufCMessage *reply = NULL;
    enum gx_rc rc = call(actor, GX_C_shift_close, &in, &reply);
    if (rc == GX_OK && ret_shift != NULL) {
        *ret_shift = (Genxi__Shift *)reply;
    }
    return rc;
}

static void test_a_responder_closes_the_own_shift(void **state)
{
    (void)state;
    Genxi__Shift none = GENXI__SHIFT__INIT;
    Genxi__Shift *shift = &none;
    struct gx_actor device = device_of(w1, guard);
    struct gx_actor stranger = device_of(w1, "01990000-0000-7000-8000-0000000000aa");
    struct gx_actor desk_2 = desk_of(w2);
    assert_int_equal(close_shift(&stranger, shift_1, NULL), GX_NOT_FOUND);
    assert_int_equal(close_shift(&desk_2, shift_1, NULL), GX_NOT_FOUND);
    assert_int_equal(close_shift(&device, shift_1, &shift), GX_OK);
    assert_int_equal(shift->state, GENXI__SHIFT_STATE__SHIFT_STATE_CLOSED);
    assert_true(shift->until_at <= gx_clock_wall_ms() + 1000);
    assert_int_equal(events_of(GX_E_shift_changed, AREA_1), 1);
    assert_int_equal(on_shift(true), 0);
    assert_int_equal(close_shift(&device, shift_1, NULL), GX_CONFLICT);
    assert_true(failed_with(GX_P_STATE, "/id"));
    struct gx_actor desk = desk_of(w1);
    int64_t now = gx_clock_wall_ms();
    assert_int_equal(put_shift(&desk, NULL, now - 1800000, now + 600000, NULL),
                     GX_OK); /* the closed one is no bar */
    assert_int_equal(on_shift(true), 1);
}

/* The policies alone, as if a handler had forgotten to look: the role sees and changes nothing of others. */
static void test_policies_hold_without_handlers(void **state)
{
    (void)state;
    assert_int_equal(
        number_of("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                  "WHERE n.nspname = 'readiness' AND c.relkind = 'r' AND c.relname IN ('partner', "
                  "'station', 'site', 'responder', 'shift', 'team') AND c.relrowsecurity"),
        6);
    static const struct gx_pg_stmt COUNT = {
        "test_count",
        "SELECT (SELECT count(*) FROM readiness.partner) + (SELECT count(*) FROM readiness.site) + "
        "(SELECT count(*) FROM readiness.responder) + (SELECT count(*) FROM readiness.shift)",
        0, GX_PG_ONE_ROW, false};
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    gx_ctx_reset(&world.ctx);
    assert_int_equal(gx_pg_run(world.pg, &world.ctx, &COUNT, NULL, &rows), GX_OK); /* nobody */
    assert_int_equal(gx_rows_int(rows, 0, 0), 0);
    assert_true(number_of("SELECT count(*) FROM readiness.partner") > 0);
}

static void test_journal_has_no_hole(void **state)
{
    (void)state;
    assert_int_equal(
        number_of(
            "SELECT count(*) FROM (SELECT area, max(seq) AS top, count(*) AS n, min(seq) AS low "
            "FROM journal.event GROUP BY area) a WHERE top <> n OR low <> 1"),
        0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stations_are_the_operators),
        cmocka_unit_test(test_partner_put_by_whom),
        cmocka_unit_test(test_partner_event_has_no_contacts),
        cmocka_unit_test(test_partner_list_by_whom),
        cmocka_unit_test(test_lists_go_on_by_cursor),
        cmocka_unit_test(test_site_lies_in_a_territory),
        cmocka_unit_test(test_responder_event_is_for_services_only),
        cmocka_unit_test(test_responder_rights),
        cmocka_unit_test(test_responder_list_and_phone_by_whom),
        cmocka_unit_test(test_shifts_never_overlap),
        cmocka_unit_test(test_a_move_takes_people_and_shifts_along),
        cmocka_unit_test(test_a_responder_closes_the_own_shift),
        cmocka_unit_test(test_policies_hold_without_handlers),
        cmocka_unit_test(test_journal_has_no_hole),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
