/* SPDX-License-Identifier: Apache-2.0 */
/* What notifier does on the events of others and on its own timers. */
#include "base/clock.h"
#include "base/log.h"
#include "incident.pb-c.h"
#include "metrics.h"
#include "notifier.h"
#include "sender.h"
#include "store.h"
#include "tell.h"
#include "web/json.h"
#include "wire/audience.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    BODY_MAX = 20000
};
static const char RECEIPT_TIMER[] = "receipt";
static const char SMS_TIMER[] = "sms";

/* --- offers --- */

static void delivery_of_offer(const Genxi__Offer *offer, const Genxi__Event *event,
                              struct notifier_delivery *out)
{
    *out = (struct notifier_delivery){
        .area = offer->area,
        .offer_id = offer->id,
        .incident_id = offer->incident_id,
    };
    genxi__delivery__init(&out->seen);
    out->seen.event_id = event->id;
    out->seen.event_type = gx_pb_text("offer.made");
    out->seen.org_id = offer->org_id;
    out->seen.responder_id = offer->responder_id;
    out->seen.exercise = offer->exercise;
}

/* The gateway streams the offer from the journal, so it is on its way with its commit; what is open is whether it arrives. */
static enum gx_rc on_offer_made(struct notifier *self, struct gx_ctx *ctx,
                                const Genxi__Event *event, const Genxi__OfferMade *in)
{
    const Genxi__Offer *offer = in->offer;
    char id[GX_ID_SIZE];
    struct notifier_delivery delivery;
    int64_t receipted_at = 0;
    delivery_of_offer(offer, event, &delivery);
    delivery.seen.id = gx_id_new(id);
    delivery.seen.channel = GENXI__CHANNEL__CHANNEL_STREAM;
    delivery.seen.state = GENXI__DELIVERY_STATE__DELIVERY_STATE_SENT;
    delivery.seen.created_at = gx_tx_now_ms(ctx);
    delivery.seen.has_sent_at = true;
    delivery.seen.sent_at = event->at;
    enum gx_rc rc = notifier_store_offer_put(ctx, event->id, offer);
    if (rc == GX_OK) {
        rc = notifier_store_receipt_meet(ctx, event->id, offer->responder_id, &receipted_at);
    }
    if (rc == GX_OK) {
        rc = notifier_store_delivery_put(ctx, &delivery);
    }
    if (rc != GX_OK) {
        return rc;
    }
    if (receipted_at != 0) {
        return notifier_receipted(ctx, &delivery, receipted_at);
    }
    const struct gx_timer timer = {
        .kind = RECEIPT_TIMER, .subject = id, .area = offer->area, .data = offer->id};
    return gx_timer_set(ctx, &timer, self->settings->receipt_seconds * 1000);
}

static enum gx_rc cancel(struct gx_ctx *ctx, const struct notifier_delivery *delivery)
{
    bool sms = delivery->seen.channel == GENXI__CHANNEL__CHANNEL_SMS;
    const struct notifier_move move = {
        .id = delivery->seen.id,
        /* A short message that is out may still be receipted; a stream that was not is of no use any more. */
        .from = {GENXI__DELIVERY_STATE__DELIVERY_STATE_WAITING,
                 sms ? 0 : GENXI__DELIVERY_STATE__DELIVERY_STATE_SENT},
        .to = GENXI__DELIVERY_STATE__DELIVERY_STATE_CANCELLED,
    };
    struct notifier_delivery *moved = NULL;
    enum gx_rc rc = notifier_store_delivery_move(ctx, &move, &moved);
    if (rc == GX_OK && moved != NULL) {
        notifier_count(sms ? METRIC_SMS_CANCELLED : METRIC_STREAM_CANCELLED);
    }
    return rc;
}

/* Who accepts or declines has the offer, with or without a receipt of the device. */
static bool answered(const Genxi__Offer *offer)
{
    return offer->state == GENXI__OFFER_STATE__OFFER_STATE_ACCEPTED ||
           offer->state == GENXI__OFFER_STATE__OFFER_STATE_DECLINED;
}

static enum gx_rc on_offer_ended(struct gx_ctx *ctx, const Genxi__Event *event,
                                 const Genxi__OfferEnded *in)
{
    const Genxi__Offer *offer = in->offer;
    struct notifier_delivery *all = NULL;
    size_t count = 0;
    enum gx_rc rc = notifier_store_offer_end(ctx, offer->id);
    if (rc == GX_OK) {
        rc = notifier_store_deliveries_of_offer(ctx, offer->id, &all, &count);
    }
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        bool stream = all[i].seen.channel == GENXI__CHANNEL__CHANNEL_STREAM;
        rc = gx_timer_cancel(ctx, NULL, all[i].seen.id);
        if (rc == GX_OK) {
            rc = stream && answered(offer) ? notifier_receipted(ctx, &all[i], event->at)
                                           : cancel(ctx, &all[i]);
        }
    }
    return rc;
}

/* --- silence --- */

GX_ON_TIMER(on_receipt_timer, notifier)
GX_ON_TIMER(on_sms_timer, notifier)

const struct gx_timer_row NOTIFIER_TIMERS[] = {
    {RECEIPT_TIMER, on_receipt_timer_thunk, 2000},
    {SMS_TIMER, on_sms_timer_thunk, 2000},
};
const size_t NOTIFIER_TIMER_COUNT = GX_COUNT_OF(NOTIFIER_TIMERS);

enum gx_rc notifier_ask_phone(struct gx_ctx *ctx, const char *responder_id, const char **ret_phone)
{
    Genxi__ResponderPhoneGet request = GENXI__RESPONDER_PHONE_GET__INIT;
    ProtobufCMessage *reply = NULL;
    request.id = gx_pb_text(responder_id);
    enum gx_rc rc = gx_ask(ctx, GX_C_responder_phone, &request.base, &reply);
    if (rc == GX_OK) {
        *ret_phone = ((const Genxi__ResponderPhone *)(void *)reply)->phone;
    }
    return rc;
}

static enum gx_rc sms_put(struct notifier *self, struct gx_ctx *ctx,
                          const struct notifier_delivery *stream, const char *phone)
{
    char id[GX_ID_SIZE];
    struct notifier_delivery sms = *stream;
    sms.phone = phone;
    genxi__delivery__init(&sms.seen);
    sms.seen.id = gx_id_new(id);
    sms.seen.channel = GENXI__CHANNEL__CHANNEL_SMS;
    sms.seen.state = GENXI__DELIVERY_STATE__DELIVERY_STATE_WAITING;
    sms.seen.event_id = stream->seen.event_id;
    sms.seen.event_type = stream->seen.event_type;
    sms.seen.org_id = stream->seen.org_id;
    sms.seen.responder_id = stream->seen.responder_id;
    sms.seen.exercise = stream->seen.exercise;
    sms.seen.created_at = gx_tx_now_ms(ctx);
    sms.seen.has_next_at = true;
    sms.seen.next_at = sms.seen.created_at;
    enum gx_rc rc = notifier_store_delivery_put(ctx, &sms);
    const struct gx_timer timer = {
        .kind = SMS_TIMER, .subject = id, .area = sms.area, .data = sms.offer_id};
    return rc == GX_OK ? gx_timer_set(ctx, &timer, self->settings->sms_receipt_seconds * 1000) : rc;
}

static enum gx_rc next_channel(struct notifier *self, struct gx_ctx *ctx,
                               const struct notifier_delivery *stream)
{
    const char *phone = NULL;
    if (!notifier_sms_on(self->settings)) {
        return notifier_escalate(ctx, stream, "no_second_channel");
    }
    if (stream->seen.exercise && !self->settings->sms_exercise) {
        return notifier_escalate(ctx, stream, "exercise_without_sms");
    }
    enum gx_rc rc = self->phone_of(ctx, stream->seen.responder_id, &phone);
    if (rc != GX_OK) {
        return rc;
    }
    return phone == NULL ? notifier_escalate(ctx, stream, "no_phone")
                         : sms_put(self, ctx, stream, phone);
}

/*
 * The delivery of a timer when its offer is still open, else NULL. The offer is locked before the delivery, as everywhere, so that two
 * transactions never wait for each other.
 */
static enum gx_rc find_open(struct gx_ctx *ctx, const struct gx_timer *timer,
                            struct notifier_delivery **ret_delivery)
{
    bool open = false;
    *ret_delivery = NULL;
    enum gx_rc rc = notifier_store_offer_open(ctx, timer->data, &open);
    return rc == GX_OK && open ? notifier_store_delivery_find(ctx, timer->subject, ret_delivery)
                               : rc;
}

static enum gx_rc on_receipt_timer(struct notifier *self, struct gx_ctx *ctx,
                                   const struct gx_timer *timer)
{
    struct notifier_delivery *delivery = NULL;
    struct notifier_delivery *moved = NULL;
    enum gx_rc rc = find_open(ctx, timer, &delivery);
    if (rc != GX_OK || delivery == NULL) {
        return rc;
    }
    const struct notifier_move move = {
        .id = delivery->seen.id,
        .from = {GENXI__DELIVERY_STATE__DELIVERY_STATE_SENT},
        .to = GENXI__DELIVERY_STATE__DELIVERY_STATE_FAILED,
        .error = "no receipt",
    };
    rc = notifier_store_delivery_move(ctx, &move, &moved);
    if (rc != GX_OK || moved == NULL) {
        return rc;
    }
    notifier_count(METRIC_STREAM_FAILED);
    rc = notifier_tell_changed(ctx, moved);
    return rc == GX_OK ? next_channel(self, ctx, moved) : rc;
}

static enum gx_rc on_sms_timer(struct notifier *self, struct gx_ctx *ctx,
                               const struct gx_timer *timer)
{
    (void)self;
    struct notifier_delivery *delivery = NULL;
    enum gx_rc rc = find_open(ctx, timer, &delivery);
    if (rc != GX_OK || delivery == NULL) {
        return rc;
    }
    if (delivery->seen.state == GENXI__DELIVERY_STATE__DELIVERY_STATE_WAITING) {
        return notifier_escalate(ctx, delivery, "sms_not_sent");
    }
    if (delivery->seen.state == GENXI__DELIVERY_STATE__DELIVERY_STATE_SENT) {
        return notifier_escalate(ctx, delivery, "sms_without_receipt");
    }
    return GX_OK;
}

/* --- webhooks --- */

/* {"type","timestamp","data"}: data as a partner may see it, or only its id when it would be too long. */
static char *body_of(struct gx_ctx *ctx, const Genxi__Event *event,
                     const struct gx_event_type *type)
{
    char at[GX_TIME_TEXT_SIZE];
    ProtobufCMessage *payload = NULL;
    const struct gx_view bytes = {event->body.data, event->body.len};
    if (gx_pb_unpack(ctx, type->payload, bytes, &payload) != GX_OK) {
        return NULL;
    }
    const char *data = gx_json_write(ctx, payload, GX_SIGHT_PARTNER);
    if (data == NULL) {
        return NULL;
    }
    (void)gx_time_format(event->at, at);
    char *body = gx_arena_printf(&ctx->arena, "{\"type\":\"%s\",\"timestamp\":\"%s\",\"data\":%s}",
                                 type->name, at, data);
    if (body == NULL || strlen(body) < BODY_MAX) {
        return body;
    }
    return gx_arena_printf(
        &ctx->arena, "{\"type\":\"%s\",\"timestamp\":\"%s\",\"data\":{\"id\":\"%s\",\"cut\":true}}",
        type->name, at, event->subject == NULL ? "" : event->subject);
}

/* News of deliveries never goes by delivery: a dead endpoint would be told of its own death for ever. */
static bool goes_by_webhook(const struct gx_event_type *type)
{
    return type->number != GX_E_delivery_changed && type->number != GX_E_delivery_dead;
}

static enum gx_rc webhook_put(struct gx_ctx *ctx, const Genxi__Event *event,
                              const Genxi__Webhook *webhook, const struct notifier_delivery *common)
{
    char id[GX_ID_SIZE];
    struct notifier_delivery delivery = *common;
    delivery.seen.id = gx_id_new(id);
    delivery.seen.event_id = event->id;
    delivery.seen.org_id = webhook->org_id;
    delivery.seen.webhook_id = webhook->id;
    return notifier_store_delivery_put(ctx, &delivery);
}

static bool wants(const Genxi__Webhook *webhook, const Genxi__Event *event, const char *type)
{
    const struct gx_actor actor = {
        .roles = (uint32_t)GX_ROLE_DESK | (uint32_t)GX_ROLE_LINKED,
        .subject = "",
        .org = webhook->org_id,
        .responder_id = "",
        .lang = "",
    };
    return types_match((const char *const *)webhook->types, webhook->n_types, type) &&
           gx_audience_sight(&actor, event) != GX_SIGHT_NONE;
}

static enum gx_rc enqueue_webhooks(struct notifier *self, struct gx_ctx *ctx,
                                   const Genxi__Event *event)
{
    const struct gx_event_type *type = gx_event_by_number(event->type);
    Genxi__Webhook **webhooks = NULL;
    size_t count = 0;
    if (type == NULL || !goes_by_webhook(type) || event->audience->n_orgs == 0) {
        return GX_OK;
    }
    enum gx_rc rc = notifier_store_webhooks_of(ctx, event->audience->orgs, event->audience->n_orgs,
                                               event->exercise, &webhooks, &count);
    struct notifier_delivery common = {.area = event->area};
    genxi__delivery__init(&common.seen);
    common.seen.channel = GENXI__CHANNEL__CHANNEL_WEBHOOK;
    common.seen.state = GENXI__DELIVERY_STATE__DELIVERY_STATE_WAITING;
    common.seen.event_type = gx_pb_text(type->name);
    common.seen.exercise = event->exercise;
    common.seen.created_at = gx_tx_now_ms(ctx);
    common.seen.has_next_at = true;
    common.seen.next_at = common.seen.created_at + self->rules.schedule.wait_s[0] * 1000;
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        if (!wants(webhooks[i], event, type->name)) {
            continue;
        }
        if (common.body == NULL && (common.body = body_of(ctx, event, type)) == NULL) {
            return gx_fail(ctx, GX_P_INTERNAL, "", "%s", "payload");
        }
        rc = webhook_put(ctx, event, webhooks[i], &common);
        self->webhooks_due = true;
    }
    return rc;
}

static enum gx_rc own_effect(struct notifier *self, struct gx_ctx *ctx, const Genxi__Event *event)
{
    const struct gx_event_type *type = gx_event_by_number(event->type);
    ProtobufCMessage *payload = NULL;
    if (event->type != GX_E_offer_made && event->type != GX_E_offer_ended) {
        return GX_OK;
    }
    const struct gx_view bytes = {event->body.data, event->body.len};
    enum gx_rc rc = gx_pb_unpack(ctx, type->payload, bytes, &payload);
    if (rc != GX_OK) {
        return rc;
    }
    return event->type == GX_E_offer_made
               ? on_offer_made(self, ctx, event, (const Genxi__OfferMade *)payload)
               : on_offer_ended(ctx, event, (const Genxi__OfferEnded *)payload);
}

enum gx_rc notifier_on_event(void *arg, struct gx_ctx *ctx, const Genxi__Event *event,
                             const void *payload)
{
    (void)payload;
    struct notifier *self = arg;
    enum gx_rc rc = own_effect(self, ctx, event);
    return rc == GX_OK ? enqueue_webhooks(self, ctx, event) : rc;
}

void notifier_tick(void *arg)
{
    struct notifier *self = arg;
    if (self->webhooks_due) {
        self->webhooks_due = false;
        sender_wake();
    }
}

/* --- threads --- */

enum gx_rc notifier_thread_start(const struct gx_common_settings *common, void **ret_self)
{
    struct notifier *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return GX_INTERNAL;
    }
    self->settings = &notifier_settings;
    self->district = (int32_t)common->district;
    self->phone_of = notifier_ask_phone;
    if (notifier_rules_make(self->settings, &self->rules) != NULL ||
        seal_key_load(common->key_dir, &self->key) != GX_OK) {
        free(self);
        return GX_INVALID;
    }
    *ret_self = self;
    return GX_OK;
}

void notifier_thread_stop(void *self)
{
    free(self);
}
