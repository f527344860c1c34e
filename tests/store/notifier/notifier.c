/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "base/clock.h"
#include "incident.pb-c.h"
#include "outcome.h"
#include "reseal.h"
#include "tell.h"
#include "wire/pb.h"

static const char ORG_A[] = "0190a000-0000-7000-8000-00000000000a";
static const char ORG_B[] = "0190a000-0000-7000-8000-00000000000b";
static const char GUARD[] = "0190a000-0000-7000-8000-0000000000a1";
static const char OTHER[] = "0190a000-0000-7000-8000-0000000000b1";

#define WAITING GENXI__DELIVERY_STATE__DELIVERY_STATE_WAITING
#define SENT GENXI__DELIVERY_STATE__DELIVERY_STATE_SENT
#define RECEIPTED GENXI__DELIVERY_STATE__DELIVERY_STATE_RECEIPTED
#define FAILED GENXI__DELIVERY_STATE__DELIVERY_STATE_FAILED
#define DEAD GENXI__DELIVERY_STATE__DELIVERY_STATE_DEAD
#define CANCELLED GENXI__DELIVERY_STATE__DELIVERY_STATE_CANCELLED

/* --- events as others emit them --- */

struct made {
    char event_id[GX_ID_SIZE];
    char offer_id[GX_ID_SIZE];
    char incident_id[GX_ID_SIZE];
    bool exercise;
    int64_t expires_in_ms;
};

static struct made made_new(void)
{
    struct made made = {.expires_in_ms = 60000};
    (void)gx_id_new(made.event_id);
    (void)gx_id_new(made.offer_id);
    (void)gx_id_new(made.incident_id);
    return made;
}

static enum gx_rc follow(uint32_t type, const char *event_id, const char *const *orgs,
                         size_t org_count, bool exercise, const ProtobufCMessage *payload)
{
    static uint8_t bytes[65536];
    char *org_texts[4];
    Genxi__Actor actor = GENXI__ACTOR__INIT;
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    Genxi__Event event = GENXI__EVENT__INIT;
    assert_true(protobuf_c_message_get_packed_size(payload) <= sizeof bytes);
    actor.roles = 1;
    actor.subject = gx_pb_text("test");
    for (size_t i = 0; i < org_count; i++) {
        org_texts[i] = gx_pb_text(orgs[i]);
    }
    audience.orgs = org_texts;
    audience.n_orgs = org_count;
    event.id = gx_pb_text(event_id);
    event.area = AREA;
    event.seq = 1;
    event.type = type;
    event.at = gx_clock_wall_ms();
    event.service = gx_pb_text("test");
    event.audience = &audience;
    event.actor = &actor;
    event.has_exercise = true;
    event.exercise = exercise;
    event.body.len = protobuf_c_message_pack(payload, bytes);
    event.body.data = bytes;
    return world_event(&event);
}

static void offer_fill(const struct made *made, Genxi__Offer *offer, Genxi__OfferState state)
{
    genxi__offer__init(offer);
    offer->id = gx_pb_text(made->offer_id);
    offer->incident_id = gx_pb_text(made->incident_id);
    offer->number = gx_pb_text("530112-20261124-000001");
    offer->area = AREA;
    offer->responder_id = gx_pb_text(GUARD);
    offer->org_id = gx_pb_text(ORG_A);
    offer->slot = gx_pb_text("guard_cordon");
    offer->state = state;
    offer->made_at = gx_clock_wall_ms();
    offer->expires_at = offer->made_at + made->expires_in_ms;
    offer->type = gx_pb_text("jump_threat");
    offer->grade = 1;
    offer->exercise = made->exercise;
}

static void offer_made(const struct made *made)
{
    Genxi__Offer offer;
    Genxi__OfferMade payload = GENXI__OFFER_MADE__INIT;
    offer_fill(made, &offer, GENXI__OFFER_STATE__OFFER_STATE_OPEN);
    payload.offer = &offer;
    const char *const orgs[] = {ORG_A};
    assert_int_equal(
        follow(GX_E_offer_made, made->event_id, orgs, 1, made->exercise, &payload.base), GX_OK);
}

static void offer_ended(const struct made *made, Genxi__OfferState state)
{
    char event_id[GX_ID_SIZE];
    Genxi__Offer offer;
    Genxi__OfferEnded payload = GENXI__OFFER_ENDED__INIT;
    offer_fill(made, &offer, state);
    payload.offer = &offer;
    const char *const orgs[] = {ORG_A};
    assert_int_equal(
        follow(GX_E_offer_ended, gx_id_new(event_id), orgs, 1, made->exercise, &payload.base),
        GX_OK);
}

static const char *registry_phone;

static enum gx_rc phone_of(struct gx_ctx *ctx, const char *responder_id, const char **ret_phone)
{
    (void)ctx;
    assert_string_equal(responder_id, GUARD);
    *ret_phone = registry_phone;
    return GX_OK;
}

/* What the registry answers when it is asked; NULL: no phone. */
static void phone_known(const char *phone)
{
    world.self->phone_of = phone_of;
    registry_phone = phone;
}

static int64_t state_of(const struct made *made, int channel)
{
    static char key[128];
    (void)snprintf(key, sizeof key, "%s/%d", made->offer_id, channel);
    return world_number("SELECT coalesce((SELECT state FROM notifier.delivery WHERE offer_id = "
                        "split_part($1, '/', 1)::uuid "
                        "AND channel = split_part($1, '/', 2)::int), 0)",
                        key);
}

static enum gx_rc receipt(const char *responder_id, const char *event_id)
{
    const struct gx_actor device = world_device(ORG_A, responder_id);
    Genxi__Receipt in = GENXI__RECEIPT__INIT;
    Genxi__Empty out = GENXI__EMPTY__INIT;
    in.event_id = gx_pb_text(event_id);
    return world_command(&device, GX_C_receipt, &in, &out.base);
}

static int clean(void **state)
{
    (void)state;
    static const char *const TABLES[] = {
        "DELETE FROM notifier.sms_part", "DELETE FROM notifier.delivery",
        "DELETE FROM notifier.offer",    "DELETE FROM notifier.receipt",
        "DELETE FROM notifier.webhook",  "DELETE FROM notifier.escalation",
        "DELETE FROM notifier.timer",
    };
    for (size_t i = 0; i < GX_COUNT_OF(TABLES); i++) {
        world_do(TABLES[i], NULL);
    }
    notifier_settings.smpp_address = world.no_centre;
    notifier_settings.sms_exercise = false;
    notifier_settings.webhook_max_per_org = 10;
    memset(world.emitted, 0, sizeof world.emitted);
    return 0;
}

/* --- offers --- */

static void test_receipt_is_told_once(void **state)
{
    (void)state;
    const struct made made = made_new();
    offer_made(&made);
    assert_int_equal(state_of(&made, 1), SENT);
    assert_int_equal(receipt(OTHER, made.event_id),
                     GX_OK); /* somebody else's device changes nothing */
    assert_int_equal(state_of(&made, 1), SENT);
    assert_int_equal(receipt(GUARD, made.event_id), GX_OK);
    assert_int_equal(state_of(&made, 1), RECEIPTED);
    assert_int_equal(world_emitted(GX_E_delivery_changed), 1);
    assert_int_equal(world.emitted[GX_E_delivery_changed].state, RECEIPTED);
    assert_string_equal(world.emitted[GX_E_delivery_changed].subject, made.incident_id);
    assert_int_equal(receipt(GUARD, made.event_id), GX_OK);
    assert_int_equal(world_emitted(GX_E_delivery_changed), 0);
    assert_int_equal(world_timers(), 0);
}

static void test_receipt_before_its_event_counts(void **state)
{
    (void)state;
    const struct made made = made_new();
    assert_int_equal(receipt(GUARD, made.event_id), GX_OK);
    assert_int_equal(world_emitted(GX_E_delivery_changed), 0);
    offer_made(&made);
    assert_int_equal(state_of(&made, 1), RECEIPTED);
    assert_int_equal(world_emitted(GX_E_delivery_changed), 1);
    assert_int_equal(world_timers(), 0);
}

static void test_receipts_made_up_are_bounded(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    for (int i = 0; i < 50; i++) {
        assert_int_equal(receipt(OTHER, gx_id_new(id)), GX_OK);
    }
    assert_int_equal(receipt(OTHER, gx_id_new(id)), GX_NOT_FOUND);
    assert_int_equal(receipt(OTHER, "no id"), GX_INVALID);
    assert_string_equal(world_problem(), "wrong-format");
    assert_int_equal(receipt("", gx_id_new(id)), GX_DENIED);
    const struct gx_actor desk = world_desk(ORG_A);
    Genxi__Receipt in = GENXI__RECEIPT__INIT;
    Genxi__Empty out = GENXI__EMPTY__INIT;
    in.event_id = id;
    assert_int_equal(world_command(&desk, GX_C_receipt, &in, &out.base), GX_DENIED);
}

static void test_silence_without_second_channel_escalates(void **state)
{
    (void)state;
    const struct made made = made_new();
    offer_made(&made);
    assert_int_equal(world_timers(), 1);
    assert_int_equal(state_of(&made, 1), FAILED);
    assert_int_equal(world_emitted(GX_E_escalation_raised), 1);
    assert_string_equal(world.emitted[GX_E_escalation_raised].subject, made.incident_id);
    assert_string_equal(world.emitted[GX_E_escalation_raised].text, "no_second_channel");
    assert_int_equal(world_emitted(GX_E_delivery_changed), 1);
    /* A late receipt is still one. */
    assert_int_equal(receipt(GUARD, made.event_id), GX_OK);
    assert_int_equal(state_of(&made, 1), RECEIPTED);
    assert_int_equal(world_emitted(GX_E_delivery_changed), 1);
}

static void test_silence_after_the_offer_ended_is_nothing(void **state)
{
    (void)state;
    struct made made = made_new();
    made.expires_in_ms = -1;
    offer_made(&made);
    assert_int_equal(world_timers(), 1);
    assert_int_equal(world_emitted(GX_E_escalation_raised), 0);
    struct made withdrawn = made_new();
    offer_made(&withdrawn);
    offer_ended(&withdrawn, GENXI__OFFER_STATE__OFFER_STATE_WITHDRAWN);
    assert_int_equal(state_of(&withdrawn, 1), CANCELLED);
    assert_int_equal(world_timers(), 0);
    assert_int_equal(world_emitted(GX_E_escalation_raised), 0);
    assert_int_equal(world_emitted(GX_E_delivery_changed), 0);
}

static void test_answer_is_a_receipt(void **state)
{
    (void)state;
    const struct made made = made_new();
    offer_made(&made);
    offer_ended(&made, GENXI__OFFER_STATE__OFFER_STATE_ACCEPTED);
    assert_int_equal(state_of(&made, 1), RECEIPTED);
    assert_int_equal(world_emitted(GX_E_delivery_changed), 1);
    assert_int_equal(world_timers(), 0);
}

static void test_event_followed_twice_has_one_effect(void **state)
{
    (void)state;
    const struct made made = made_new();
    offer_made(&made);
    offer_made(&made);
    assert_int_equal(world_number("SELECT count(*) FROM notifier.delivery", NULL), 1);
}

/* --- short messages --- */

static enum gx_rc claim_sms_fn(void *arg, struct gx_ctx *ctx)
{
    char *ret_id = arg;
    char lease[GX_ID_SIZE];
    struct notifier_sms *sms = NULL;
    size_t count = 0;
    const struct notifier_claim_ask ask = {
        .lease_id = gx_id_new(lease), .lease_ms = 60000, .room = 10};
    enum gx_rc rc = notifier_store_sms_claim(ctx, &ask, &sms, &count);
    ret_id[0] = '\0';
    if (rc == GX_OK && count > 0) {
        assert_int_equal(count, 1);
        assert_string_equal(sms[0].phone, "+8613800000000");
        assert_string_equal(sms[0].number, "530112-20261124-000001");
        (void)snprintf(ret_id, GX_ID_SIZE, "%s", sms[0].id);
    }
    return rc;
}

static void test_silence_with_a_phone_sends_a_short_message(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    const struct made made = made_new();
    notifier_settings.smpp_address = "centre:2775";
    notifier_settings.sms_receipt_seconds = 60;
    phone_known("+8613800000000");
    offer_made(&made);
    assert_int_equal(world_timers(), 1);
    assert_int_equal(world_emitted(GX_E_escalation_raised), 0);
    assert_int_equal(state_of(&made, 3), WAITING);
    assert_int_equal(world_run(&SYSTEM, claim_sms_fn, id), GX_OK);
    assert_int_equal(strlen(id), 36);
    char again[GX_ID_SIZE];
    assert_int_equal(world_run(&SYSTEM, claim_sms_fn, again), GX_OK);
    assert_string_equal(again, ""); /* under a lease */
    /* The device comes back before it was sent: none is sent. */
    assert_int_equal(receipt(GUARD, made.event_id), GX_OK);
    assert_int_equal(state_of(&made, 3), CANCELLED);
    notifier_settings.sms_receipt_seconds = 0;
    assert_int_equal(world_timers(), 0);
}

/* The phone is here only while its message waits. */
static void test_phone_goes_with_its_message(void **state)
{
    (void)state;
    static const char KEPT[] = "SELECT count(*) FROM notifier.delivery WHERE phone IS NOT NULL";
    char id[GX_ID_SIZE];
    const struct made made = made_new();
    notifier_settings.smpp_address = "centre:2775";
    notifier_settings.sms_receipt_seconds = 60;
    phone_known("+8613800000000");
    offer_made(&made);
    assert_int_equal(world_number(KEPT, NULL), 0);
    assert_int_equal(world_timers(), 1);
    assert_int_equal(world_number(KEPT, NULL), 1);
    assert_int_equal(world_run(&SYSTEM, claim_sms_fn, id), GX_OK);
    offer_ended(&made, GENXI__OFFER_STATE__OFFER_STATE_WITHDRAWN);
    assert_int_equal(state_of(&made, 3), CANCELLED);
    assert_int_equal(world_number(KEPT, NULL), 0);
    notifier_settings.sms_receipt_seconds = 0;
}

static void test_silence_on_both_channels_escalates(void **state)
{
    (void)state;
    const struct made made = made_new();
    notifier_settings.smpp_address = "centre:2775";
    phone_known("+8613800000000");
    offer_made(&made);
    assert_int_equal(world_timers(), 2);
    assert_int_equal(world_emitted(GX_E_escalation_raised), 1);
    assert_string_equal(world.emitted[GX_E_escalation_raised].text, "sms_not_sent");
}

static void test_silence_without_a_phone_escalates(void **state)
{
    (void)state;
    const struct made made = made_new();
    notifier_settings.smpp_address = "centre:2775";
    phone_known(NULL);
    offer_made(&made);
    assert_int_equal(world_timers(), 1);
    assert_int_equal(world_emitted(GX_E_escalation_raised), 1);
    assert_string_equal(world.emitted[GX_E_escalation_raised].text, "no_phone");
    assert_int_equal(state_of(&made, 3), 0);
}

static void test_drill_sends_no_short_message_unless_set(void **state)
{
    (void)state;
    struct made made = made_new();
    made.exercise = true;
    notifier_settings.smpp_address = "centre:2775";
    phone_known("+8613800000000");
    offer_made(&made);
    assert_int_equal(world_timers(), 1);
    assert_string_equal(world.emitted[GX_E_escalation_raised].text, "exercise_without_sms");
    assert_int_equal(state_of(&made, 3), 0);
    notifier_settings.sms_exercise = true;
    struct made second = made_new();
    second.exercise = true;
    offer_made(&second);
    assert_int_equal(world_timers(), 2);
    assert_int_equal(state_of(&second, 3), WAITING);
}

struct sms_made {
    const char *offer_id;
    const char *ids[2];
    size_t parts;
};

/* Marks an SMS delivery as sent under these ids of the centre. */
static enum gx_rc sms_sent_fn(void *arg, struct gx_ctx *ctx)
{
    const struct sms_made *made = arg;
    struct notifier_delivery *all = NULL;
    struct notifier_delivery *moved = NULL;
    size_t count = 0;
    enum gx_rc rc = notifier_store_deliveries_of_offer(ctx, made->offer_id, &all, &count);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < made->parts && rc == GX_OK; i++) {
        rc = notifier_store_sms_part_put(ctx, all[1].seen.id, i + 1, made->parts, made->ids[i]);
    }
    const struct notifier_move move = {
        .id = all[1].seen.id, .from = {WAITING}, .to = SENT, .sent_at = gx_tx_now_ms(ctx)};
    return rc == GX_OK ? notifier_store_delivery_move(ctx, &move, &moved) : rc;
}

struct receipt_made {
    const char *forms[3];
    size_t count;
    char id[GX_ID_SIZE];
    bool whole;
};

static enum gx_rc sms_receipt_fn(void *arg, struct gx_ctx *ctx)
{
    struct receipt_made *made = arg;
    char *id = NULL;
    enum gx_rc rc = notifier_store_sms_receipt(ctx, made->forms, made->count, &id, &made->whole);
    (void)snprintf(made->id, sizeof made->id, "%s", id == NULL ? "" : id);
    return rc;
}

static void test_sms_receipt_finds_its_parts_in_any_form(void **state)
{
    (void)state;
    const struct made made = made_new();
    notifier_settings.smpp_address = "centre:2775";
    notifier_settings.sms_receipt_seconds = 60;
    phone_known("+8613800000000");
    offer_made(&made);
    assert_int_equal(world_timers(), 1);
    notifier_settings.sms_receipt_seconds = 0;
    struct sms_made sent = {made.offer_id, {"abcd", "77"}, 2};
    assert_int_equal(world_run(&SYSTEM, sms_sent_fn, &sent), GX_OK);
    struct receipt_made none = {.forms = {"999"}, .count = 1};
    assert_int_equal(world_run(&SYSTEM, sms_receipt_fn, &none), GX_OK);
    assert_string_equal(none.id, "");
    struct receipt_made first = {.forms = {"43981", "abcd"}, .count = 2};
    assert_int_equal(world_run(&SYSTEM, sms_receipt_fn, &first), GX_OK);
    assert_int_equal(strlen(first.id), 36);
    assert_false(first.whole);
    struct receipt_made repeated = first;
    assert_int_equal(world_run(&SYSTEM, sms_receipt_fn, &repeated), GX_OK);
    assert_string_equal(repeated.id, "");
    struct receipt_made second = {.forms = {"77"}, .count = 1};
    assert_int_equal(world_run(&SYSTEM, sms_receipt_fn, &second), GX_OK);
    assert_string_equal(second.id, first.id);
    assert_true(second.whole);
}

/* --- webhooks --- */

static enum gx_rc put_url(const char *org, const char *url, const char *type, bool exercise,
                          char *ret_id)
{
    const struct gx_actor desk = world_desk(org);
    char *types[] = {gx_pb_text(type)};
    Genxi__WebhookPut in = GENXI__WEBHOOK_PUT__INIT;
    Genxi__Webhook out = GENXI__WEBHOOK__INIT;
    in.url = gx_pb_text(url);
    in.types = types;
    in.n_types = type == NULL ? 0 : 1;
    in.has_exercise = true;
    in.exercise = exercise;
    enum gx_rc rc = world_command(&desk, GX_C_webhook_put, &in, &out.base);
    if (rc == GX_OK) {
        assert_non_null(out.secret);
        assert_int_equal(strncmp(out.secret, "whsec_", 6), 0);
        (void)snprintf(ret_id, GX_ID_SIZE, "%s", out.id);
    }
    return rc;
}

static void put(const char *org, const char *type, bool exercise, char *ret_id)
{
    assert_int_equal(put_url(org, "http://127.0.0.1:9/hook", type, exercise, ret_id), GX_OK);
}

static size_t list_count(const char *org, const char *id)
{
    const struct gx_actor desk = world_desk(org);
    Genxi__WebhookQuery in = GENXI__WEBHOOK_QUERY__INIT;
    Genxi__WebhookList out = GENXI__WEBHOOK_LIST__INIT;
    in.id = id == NULL ? NULL : gx_pb_text(id);
    enum gx_rc rc = world_command(&desk, GX_C_webhook_list, &in, &out.base);
    for (size_t i = 0; i < out.n_items; i++) {
        assert_null(out.items[i]->secret); /* shown once */
    }
    return rc == GX_OK ? out.n_items : 999;
}

static void test_webhook_belongs_to_its_organisation(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    put(ORG_A, "incident.*", false, id);
    assert_int_equal(list_count(ORG_A, NULL), 1);
    assert_int_equal(list_count(ORG_A, id), 1);
    assert_int_equal(list_count(ORG_B, NULL), 0);
    assert_int_equal(list_count(ORG_B, id), 999);
    const struct gx_actor other = world_desk(ORG_B);
    Genxi__WebhookDelete del = GENXI__WEBHOOK_DELETE__INIT;
    Genxi__WebhookRotate rotate = GENXI__WEBHOOK_ROTATE__INIT;
    Genxi__WebhookTest test = GENXI__WEBHOOK_TEST__INIT;
    Genxi__WebhookReplay replay = GENXI__WEBHOOK_REPLAY__INIT;
    Genxi__WebhookPut change = GENXI__WEBHOOK_PUT__INIT;
    Genxi__Empty empty = GENXI__EMPTY__INIT;
    Genxi__Webhook webhook = GENXI__WEBHOOK__INIT;
    Genxi__Delivery delivery = GENXI__DELIVERY__INIT;
    Genxi__WebhookReplayed replayed = GENXI__WEBHOOK_REPLAYED__INIT;
    del.id = rotate.id = test.id = replay.id = change.id = id;
    replay.until_at = 1;
    change.url = gx_pb_text("http://127.0.0.1:9/other");
    assert_int_equal(world_command(&other, GX_C_webhook_delete, &del, &empty.base), GX_NOT_FOUND);
    assert_int_equal(world_command(&other, GX_C_webhook_rotate, &rotate, &webhook.base),
                     GX_NOT_FOUND);
    assert_int_equal(world_command(&other, GX_C_webhook_test, &test, &delivery.base), GX_NOT_FOUND);
    assert_int_equal(world_command(&other, GX_C_webhook_replay, &replay, &replayed.base),
                     GX_NOT_FOUND);
    assert_int_equal(world_command(&other, GX_C_webhook_put, &change, &webhook.base), GX_NOT_FOUND);
    assert_int_equal(list_count(ORG_A, NULL), 1);
}

static void test_webhook_bad_input_has_its_problem(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    world.self->rules.target.allow_private = false;
    assert_int_equal(put_url(ORG_A, "http://127.0.0.1:9/hook", "*", false, id), GX_INVALID);
    assert_string_equal(world_problem(), "webhook-target");
    assert_int_equal(put_url(ORG_A, "http://[::ffff:10.0.0.1]/hook", "*", false, id), GX_INVALID);
    world.self->rules.target.allow_private = true;
    world.self->rules.target.allow_http = false;
    assert_int_equal(put_url(ORG_A, "http://127.0.0.1:9/hook", "*", false, id), GX_INVALID);
    assert_string_equal(world_problem(), "webhook-target");
    world.self->rules.target.allow_http = true;
    assert_int_equal(put_url(ORG_A, "http://no-such-host.invalid/", "*", false, id), GX_INVALID);
    assert_string_equal(world_problem(), "webhook-target");
    static const char *const TYPES[] = {
        "incident", "incident.nothing", "inc*", "nothing.*", ".*", "**", ""};
    for (size_t i = 0; i < GX_COUNT_OF(TYPES); i++) {
        assert_int_equal(put_url(ORG_A, "http://127.0.0.1:9/hook", TYPES[i], false, id),
                         GX_INVALID);
        assert_string_equal(world_problem(), "not-a-choice");
    }
    assert_int_equal(world_number("SELECT count(*) FROM notifier.webhook", NULL), 0);
}

static void test_webhook_number_is_bounded(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    notifier_settings.webhook_max_per_org = 2;
    put(ORG_A, "*", false, id);
    put(ORG_A, "*", false, id);
    assert_int_equal(put_url(ORG_A, "http://127.0.0.1:9/hook", "*", false, id), GX_CONFLICT);
    assert_string_equal(world_problem(), "webhook-limit");
    put(ORG_B, "*", false, id);
}

static void incident_opened(const char *event_id, const char *const *orgs, size_t org_count,
                            bool exercise)
{
    char id[GX_ID_SIZE];
    char *reasons[] = {gx_pb_text("secret of the police")};
    Genxi__IncidentTimes times = GENXI__INCIDENT_TIMES__INIT;
    Genxi__IncidentPolice police = GENXI__INCIDENT_POLICE__INIT;
    Genxi__Incident incident = GENXI__INCIDENT__INIT;
    Genxi__Playbook playbook = GENXI__PLAYBOOK__INIT;
    Genxi__IncidentOpened payload = GENXI__INCIDENT_OPENED__INIT;
    police.reasons = reasons;
    police.n_reasons = 1;
    incident.id = gx_id_new(id);
    incident.number = gx_pb_text("530112-20261124-000001");
    incident.area = AREA;
    incident.state = GENXI__INCIDENT_STATE__INCIDENT_STATE_REPORTED;
    incident.type = incident.initial_type = gx_pb_text("jump_threat");
    incident.times = &times;
    incident.exercise = exercise;
    incident.police = &police;
    playbook.code = gx_pb_text("jump_threat");
    playbook.name_zh = playbook.name_en = gx_pb_text("x");
    payload.incident = &incident;
    payload.playbook = &playbook;
    assert_int_equal(
        follow(GX_E_incident_opened, event_id, orgs, org_count, exercise, &payload.base), GX_OK);
}

static int64_t waiting_of(const char *webhook_id)
{
    return world_number(
        "SELECT count(*) FROM notifier.delivery WHERE webhook_id = $1 AND state = 1", webhook_id);
}

static void test_event_goes_to_whom_it_may_concern(void **state)
{
    (void)state;
    char event_id[GX_ID_SIZE];
    char all_a[GX_ID_SIZE];
    char incident_a[GX_ID_SIZE];
    char offer_a[GX_ID_SIZE];
    char drill_a[GX_ID_SIZE];
    char all_b[GX_ID_SIZE];
    const char *const orgs[] = {ORG_A};
    put(ORG_A, "*", false, all_a);
    put(ORG_A, "incident.*", false, incident_a);
    put(ORG_A, "offer.made", false, offer_a);
    put(ORG_A, "*", true, drill_a);
    put(ORG_B, "*", false, all_b);
    incident_opened(gx_id_new(event_id), orgs, 1, false);
    incident_opened(event_id, orgs, 1, false); /* followed twice */
    assert_int_equal(waiting_of(all_a), 1);
    assert_int_equal(waiting_of(incident_a), 1);
    assert_int_equal(waiting_of(offer_a), 0);
    assert_int_equal(waiting_of(drill_a), 0);
    assert_int_equal(waiting_of(all_b), 0);
    incident_opened(gx_id_new(event_id), orgs, 1, true);
    assert_int_equal(waiting_of(all_a), 1);
    assert_int_equal(waiting_of(drill_a), 1);
    incident_opened(gx_id_new(event_id), NULL, 0, false);
    assert_int_equal(waiting_of(all_a), 1);
    assert_int_equal(
        world_number(
            "SELECT count(*) FROM notifier.delivery WHERE body LIKE '%secret%' OR body NOT LIKE "
            "'{\"type\":\"incident.opened\",\"timestamp\":\"20%Z\",\"data\":{\"incident\":%}}'",
            NULL),
        0);
}

static void test_deliveries_never_tell_of_deliveries(void **state)
{
    (void)state;
    char id[GX_ID_SIZE];
    char event_id[GX_ID_SIZE];
    const char *const orgs[] = {ORG_A};
    put(ORG_A, "*", false, id);
    Genxi__Delivery delivery = GENXI__DELIVERY__INIT;
    Genxi__DeliveryDead dead = GENXI__DELIVERY_DEAD__INIT;
    delivery.id = delivery.event_id = gx_id_new(event_id);
    delivery.event_type = gx_pb_text("incident.opened");
    delivery.channel = GENXI__CHANNEL__CHANNEL_WEBHOOK;
    delivery.state = GENXI__DELIVERY_STATE__DELIVERY_STATE_DEAD;
    dead.delivery = &delivery;
    assert_int_equal(follow(GX_E_delivery_dead, event_id, orgs, 1, false, &dead.base), GX_OK);
    assert_int_equal(waiting_of(id), 0);
}

/* --- the sender's side --- */

struct claimed {
    size_t room;
    size_t per_endpoint;
    struct outcome outcomes[64];
    char secret[192]; /* as it lies in the table, of the last one */
    char old_secret[192];
    size_t count;
};

static enum gx_rc claim_fn(void *arg, struct gx_ctx *ctx)
{
    struct claimed *claimed = arg;
    char lease[GX_ID_SIZE];
    struct notifier_claim *claims = NULL;
    const struct notifier_claim_ask ask = {
        .lease_id = gx_id_new(lease),
        .lease_ms = 60000,
        .room = claimed->room,
        .per_endpoint = claimed->per_endpoint,
        .breaker_failures = world.self->rules.breaker.limit,
    };
    enum gx_rc rc = notifier_store_webhook_claim(ctx, &ask, &claims, &claimed->count);
    for (size_t i = 0; i < claimed->count && rc == GX_OK; i++) {
        struct outcome *outcome = &claimed->outcomes[i];
        *outcome = (struct outcome){.tried = true, .error = "HTTP 500", .http = 500};
        (void)snprintf(outcome->id, GX_ID_SIZE, "%s", claims[i].id);
        (void)snprintf(outcome->webhook_id, GX_ID_SIZE, "%s", claims[i].webhook_id);
        (void)snprintf(outcome->lease_id, GX_ID_SIZE, "%s", lease);
        (void)snprintf(claimed->secret, sizeof claimed->secret, "%s", claims[i].secret);
        (void)snprintf(claimed->old_secret, sizeof claimed->old_secret, "%s",
                       claims[i].old_secret == NULL ? "" : claims[i].old_secret);
        assert_non_null(claims[i].body);
        assert_string_equal(claims[i].url, "http://127.0.0.1:9/hook");
    }
    return rc;
}

static struct claimed claim(size_t room, size_t per_endpoint)
{
    struct claimed claimed = {.room = room, .per_endpoint = per_endpoint};
    assert_int_equal(world_run(&SYSTEM, claim_fn, &claimed), GX_OK);
    return claimed;
}

static enum gx_rc outcome_fn(void *arg, struct gx_ctx *ctx)
{
    return outcome_apply(ctx, &world.self->rules, arg);
}

static void outcome(struct outcome *one, long http)
{
    one->http = http;
    (void)snprintf(one->error, sizeof one->error, "HTTP %ld", http);
    assert_int_equal(world_run(&SYSTEM, outcome_fn, one), GX_OK);
}

static void enqueue(size_t count)
{
    char event_id[GX_ID_SIZE];
    const char *const orgs[] = {ORG_A, ORG_B};
    for (size_t i = 0; i < count; i++) {
        incident_opened(gx_id_new(event_id), orgs, 2, false);
    }
}

static void all_due(void)
{
    world_do("UPDATE notifier.delivery SET next_at = 0 WHERE state = 1", NULL);
}

static int64_t in_state(int state)
{
    static char text[16];
    (void)snprintf(text, sizeof text, "%d", state);
    return world_number("SELECT count(*) FROM notifier.delivery WHERE state = $1::int", text);
}

static void test_claim_is_fair_and_bounded(void **state)
{
    (void)state;
    char a[GX_ID_SIZE];
    char b[GX_ID_SIZE];
    put(ORG_A, "*", false, a);
    put(ORG_B, "*", false, b);
    enqueue(10);
    struct claimed first = claim(64, 3);
    assert_int_equal(first.count, 6);
    size_t of_a = 0;
    for (size_t i = 0; i < first.count; i++) {
        of_a += strcmp(first.outcomes[i].webhook_id, a) == 0 ? 1 : 0;
    }
    assert_int_equal(of_a, 3);
    assert_int_equal(claim(64, 3).count, 0); /* both have theirs under way */
    assert_int_equal(claim(64, 5).count, 4);
    world_do("UPDATE notifier.delivery SET lease_until = 0", NULL); /* killed: the leases run out */
    assert_int_equal(claim(4, 3).count, 4);
    outcome(&first.outcomes[0], 200); /* the killed one's late word: its lease is lost */
    assert_int_equal(in_state(RECEIPTED), 0);
}

static void test_outcome_2xx_is_delivered_and_forgets_the_body(void **state)
{
    (void)state;
    char a[GX_ID_SIZE];
    put(ORG_A, "*", false, a);
    enqueue(1);
    struct claimed one = claim(1, 1);
    outcome(&one.outcomes[0], 204);
    assert_int_equal(in_state(RECEIPTED), 1);
    assert_int_equal(world_number("SELECT count(*) FROM notifier.delivery WHERE body IS NULL AND "
                                  "attempts = 1 AND sent_at > 0",
                                  NULL),
                     1);
    assert_int_equal(claim(1, 1).count, 0);
}

static void test_outcome_failures_open_the_breaker_then_one_probes(void **state)
{
    (void)state;
    char a[GX_ID_SIZE];
    put(ORG_A, "*", false, a);
    enqueue(8);
    uint32_t limit = world.self->rules.breaker.limit;
    for (uint32_t i = 0; i < limit; i++) {
        struct claimed one = claim(1, 1);
        assert_int_equal(one.count, 1);
        outcome(&one.outcomes[0], 500);
    }
    all_due();
    assert_int_equal(claim(64, 4).count, 0);
    world_do("UPDATE notifier.webhook SET broken_until_at = 1", NULL);
    struct claimed probe = claim(64, 4);
    assert_int_equal(probe.count, 1);
    assert_int_equal(claim(64, 4).count, 0);
    outcome(&probe.outcomes[0], 200);
    assert_int_equal(claim(64, 4).count, 4);
    assert_int_equal(
        world_number("SELECT failures + openings + broken_until_at FROM notifier.webhook", NULL),
        0);
}

static void test_outcome_dead_after_the_schedule_and_replayed(void **state)
{
    (void)state;
    char a[GX_ID_SIZE];
    put(ORG_A, "*", false, a);
    enqueue(1);
    for (size_t i = 0; i < world.self->rules.schedule.count; i++) {
        assert_int_equal(in_state(DEAD), 0);
        all_due();
        world_do("UPDATE notifier.webhook SET broken_until_at = 0", NULL);
        struct claimed one = claim(1, 1);
        assert_int_equal(one.count, 1);
        outcome(&one.outcomes[0], 0);
    }
    assert_int_equal(in_state(DEAD), 1);
    assert_int_equal(world_emitted(GX_E_delivery_dead), 1);
    assert_int_equal(world.emitted[GX_E_delivery_dead].state, DEAD);
    const struct gx_actor desk = world_desk(ORG_A);
    Genxi__WebhookReplay replay = GENXI__WEBHOOK_REPLAY__INIT;
    Genxi__WebhookReplayed replayed = GENXI__WEBHOOK_REPLAYED__INIT;
    replay.id = a;
    replay.from_at = 0;
    replay.until_at = 1000;
    assert_int_equal(world_command(&desk, GX_C_webhook_replay, &replay, &replayed.base), GX_OK);
    assert_int_equal(replayed.count, 0);
    replay.until_at = gx_clock_wall_ms() + 60000;
    assert_int_equal(world_command(&desk, GX_C_webhook_replay, &replay, &replayed.base), GX_OK);
    assert_int_equal(replayed.count, 1);
    assert_int_equal(in_state(WAITING), 1);
    replay.until_at = replay.from_at;
    assert_int_equal(world_command(&desk, GX_C_webhook_replay, &replay, &replayed.base),
                     GX_INVALID);
}

static void test_outcome_410_disables(void **state)
{
    (void)state;
    char a[GX_ID_SIZE];
    put(ORG_A, "*", false, a);
    enqueue(3);
    struct claimed one = claim(1, 1);
    outcome(&one.outcomes[0], 410);
    assert_int_equal(in_state(DEAD), 3);
    assert_int_equal(world_emitted(GX_E_delivery_dead), 1);
    enqueue(1);
    assert_int_equal(waiting_of(a), 0);
    const struct gx_actor desk = world_desk(ORG_A);
    Genxi__WebhookTest test = GENXI__WEBHOOK_TEST__INIT;
    Genxi__Delivery delivery = GENXI__DELIVERY__INIT;
    test.id = a;
    assert_int_equal(world_command(&desk, GX_C_webhook_test, &test, &delivery.base), GX_CONFLICT);
    assert_string_equal(world_problem(), "wrong-state");
}

static void test_outcome_retry_after_pauses_the_endpoint(void **state)
{
    (void)state;
    char a[GX_ID_SIZE];
    put(ORG_A, "*", false, a);
    enqueue(2);
    struct claimed one = claim(1, 1);
    one.outcomes[0].retry_after_s = 120;
    outcome(&one.outcomes[0], 503);
    assert_int_equal(claim(64, 4).count, 0);
    assert_int_equal(
        world_number(
            "SELECT count(*) FROM notifier.delivery, genxi.now_ms() now WHERE attempts = 1 AND "
            "next_at BETWEEN now + 100000 AND now + 120000",
            NULL),
        1);
}

static void test_rotation_signs_with_both_for_a_while(void **state)
{
    (void)state;
    char a[GX_ID_SIZE];
    put(ORG_A, "*", false, a);
    enqueue(1);
    assert_string_equal(claim(1, 1).old_secret, "");
    world_do("UPDATE notifier.delivery SET lease_until = 0", NULL);
    const struct gx_actor desk = world_desk(ORG_A);
    Genxi__WebhookRotate rotate = GENXI__WEBHOOK_ROTATE__INIT;
    Genxi__Webhook webhook = GENXI__WEBHOOK__INIT;
    rotate.id = a;
    assert_int_equal(world_command(&desk, GX_C_webhook_rotate, &rotate, &webhook.base), GX_OK);
    assert_int_equal(strncmp(webhook.secret, "whsec_", 6), 0);
    char secret[128];
    (void)snprintf(secret, sizeof secret, "%s", webhook.secret);
    struct claimed claimed = claim(1, 1);
    struct gx_arena *arena = &world.ctx.arena;
    const struct gx_seal_key *key = &world.self->key;
    assert_string_equal(seal_open(arena, key, a, claimed.secret), secret);
    const char *old = seal_open(arena, key, a, claimed.old_secret);
    assert_non_null(old);
    assert_int_equal(strncmp(old, "whsec_", 6), 0);
    assert_string_not_equal(old, secret);
    world_do("UPDATE notifier.delivery SET lease_until = 0", NULL);
    world_do("UPDATE notifier.webhook SET old_until_at = 1", NULL);
    assert_string_equal(claim(1, 1).old_secret, "");
}

static void test_secrets_lie_sealed_and_clear_ones_are_sealed_at_the_start(void **state)
{
    (void)state;
    char ids[3][GX_ID_SIZE];
    for (size_t i = 0; i < 3; i++) {
        put(ORG_A, "*", false, ids[i]);
    }
    static const char CLEAR[] = "SELECT count(*) FROM notifier.webhook WHERE $1 = '' AND (secret "
                                "LIKE '%whsec%' OR old_secret LIKE '%whsec%')";
    assert_int_equal(world_number(CLEAR, ""), 0);
    /* As an older version left them: one in clear, one with the old secret in clear. */
    world_do("UPDATE notifier.webhook SET secret = 'whsec_b25l' WHERE id = $1::uuid", ids[0]);
    world_do("UPDATE notifier.webhook SET old_secret = 'whsec_dHdv', old_until_at = 1 WHERE id = "
             "$1::uuid",
             ids[1]);
    assert_int_equal(world_number(CLEAR, ""), 2);
    struct reseal work = {.key = &world.self->key};
    assert_int_equal(world_run(&SYSTEM, reseal_turn, &work), GX_OK);
    assert_int_equal(work.count, 2);
    assert_int_equal(world_number(CLEAR, ""), 0);
    assert_int_equal(world_run(&SYSTEM, reseal_turn, &work), GX_OK);
    assert_int_equal(work.count, 0);
    enqueue(1);
    world_do("UPDATE notifier.webhook SET active = id = $1::uuid", ids[0]);
    struct claimed claimed = claim(1, 1);
    assert_int_equal(claimed.count, 1);
    assert_string_equal(seal_open(&world.ctx.arena, &world.self->key, ids[0], claimed.secret),
                        "whsec_b25l");
}

static void test_delete_cancels_what_waits(void **state)
{
    (void)state;
    char a[GX_ID_SIZE];
    put(ORG_A, "*", false, a);
    enqueue(2);
    const struct gx_actor desk = world_desk(ORG_A);
    Genxi__WebhookDelete del = GENXI__WEBHOOK_DELETE__INIT;
    Genxi__Empty empty = GENXI__EMPTY__INIT;
    del.id = a;
    assert_int_equal(world_command(&desk, GX_C_webhook_delete, &del, &empty.base), GX_OK);
    assert_int_equal(in_state(CANCELLED), 2);
    assert_int_equal(list_count(ORG_A, NULL), 0);
}

/* --- who sees deliveries --- */

static size_t seen_by(const struct gx_actor *actor, uint32_t limit, char *cursor)
{
    Genxi__DeliveryQuery in = GENXI__DELIVERY_QUERY__INIT;
    Genxi__DeliveryList out = GENXI__DELIVERY_LIST__INIT;
    in.has_limit = true;
    in.limit = limit;
    in.cursor = cursor[0] == '\0' ? NULL : cursor;
    assert_int_equal(world_command(actor, GX_C_delivery_list, &in, &out.base), GX_OK);
    if (out.next_cursor != NULL) {
        memcpy(cursor, out.next_cursor, GX_ID_SIZE);
    } else {
        cursor[0] = '\0';
    }
    return out.n_items;
}

static void test_delivery_list_shows_own_and_pages(void **state)
{
    (void)state;
    char a[GX_ID_SIZE];
    char b[GX_ID_SIZE];
    char cursor[GX_ID_SIZE] = "";
    static const int32_t HERE[] = {AREA};
    static const int32_t THERE[] = {AREA + 1};
    put(ORG_A, "*", false, a);
    put(ORG_B, "*", false, b);
    enqueue(5);
    const struct made made = made_new();
    offer_made(&made); /* a stream delivery and a webhook of A's */
    const struct gx_actor desk_a = world_desk(ORG_A);
    const struct gx_actor desk_b = world_desk(ORG_B);
    const struct gx_actor here = world_duty(HERE, 1);
    const struct gx_actor there = world_duty(THERE, 1);
    assert_int_equal(seen_by(&desk_a, 100, cursor), 7);
    assert_int_equal(seen_by(&desk_b, 100, cursor), 5);
    assert_int_equal(seen_by(&here, 100, cursor), 12);
    assert_int_equal(seen_by(&there, 100, cursor), 0);
    assert_int_equal(seen_by(&desk_a, 4, cursor), 4);
    assert_int_not_equal(strlen(cursor), 0);
    assert_int_equal(seen_by(&desk_a, 4, cursor), 3);
    assert_int_equal(strlen(cursor), 0);
    Genxi__DeliveryQuery in = GENXI__DELIVERY_QUERY__INIT;
    Genxi__DeliveryList out = GENXI__DELIVERY_LIST__INIT;
    in.cursor = gx_pb_text("nonsense");
    assert_int_equal(world_command(&desk_a, GX_C_delivery_list, &in, &out.base), GX_INVALID);
    assert_string_equal(world_problem(), "bad-cursor");
}

static enum gx_rc purge_fn(void *arg, struct gx_ctx *ctx)
{
    return notifier_store_purge(ctx, *(const int64_t *)arg, 1000);
}

static void test_purge_takes_the_old_and_ended(void **state)
{
    (void)state;
    char a[GX_ID_SIZE];
    put(ORG_A, "*", false, a);
    enqueue(2);
    struct claimed one = claim(1, 1);
    outcome(&one.outcomes[0], 200);
    int64_t before_at = 1000;
    assert_int_equal(world_run(&SYSTEM, purge_fn, &before_at), GX_OK);
    assert_int_equal(world_number("SELECT count(*) FROM notifier.delivery", NULL), 2);
    before_at = gx_clock_wall_ms() + 60000;
    assert_int_equal(world_run(&SYSTEM, purge_fn, &before_at), GX_OK);
    assert_int_equal(world_number("SELECT count(*) FROM notifier.delivery", NULL), 1);
    assert_int_equal(in_state(WAITING), 1);
}

#define TEST(fn) cmocka_unit_test_setup(fn, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_receipt_is_told_once),
        TEST(test_receipt_before_its_event_counts),
        TEST(test_receipts_made_up_are_bounded),
        TEST(test_silence_without_second_channel_escalates),
        TEST(test_silence_after_the_offer_ended_is_nothing),
        TEST(test_answer_is_a_receipt),
        TEST(test_event_followed_twice_has_one_effect),
        TEST(test_silence_with_a_phone_sends_a_short_message),
        TEST(test_phone_goes_with_its_message),
        TEST(test_silence_on_both_channels_escalates),
        TEST(test_silence_without_a_phone_escalates),
        TEST(test_drill_sends_no_short_message_unless_set),
        TEST(test_sms_receipt_finds_its_parts_in_any_form),
        TEST(test_webhook_belongs_to_its_organisation),
        TEST(test_webhook_bad_input_has_its_problem),
        TEST(test_webhook_number_is_bounded),
        TEST(test_event_goes_to_whom_it_may_concern),
        TEST(test_deliveries_never_tell_of_deliveries),
        TEST(test_claim_is_fair_and_bounded),
        TEST(test_outcome_2xx_is_delivered_and_forgets_the_body),
        TEST(test_outcome_failures_open_the_breaker_then_one_probes),
        TEST(test_outcome_dead_after_the_schedule_and_replayed),
        TEST(test_outcome_410_disables),
        TEST(test_outcome_retry_after_pauses_the_endpoint),
        TEST(test_rotation_signs_with_both_for_a_while),
        TEST(test_secrets_lie_sealed_and_clear_ones_are_sealed_at_the_start),
        TEST(test_delete_cancels_what_waits),
        TEST(test_delivery_list_shows_own_and_pages),
        TEST(test_purge_takes_the_old_and_ended),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
