/* SPDX-License-Identifier: Apache-2.0 */
#include "tell.h"

#include "base/id.h"
#include "metrics.h"
#include "store/tx.h"
#include "wire/messages.h"
#include "wire/pb.h"

static const int32_t WAITING = GENXI__DELIVERY_STATE__DELIVERY_STATE_WAITING;
static const int32_t SENT = GENXI__DELIVERY_STATE__DELIVERY_STATE_SENT;
static const int32_t FAILED = GENXI__DELIVERY_STATE__DELIVERY_STATE_FAILED;

static enum gx_rc tell(struct gx_ctx *ctx, const struct notifier_delivery *delivery, uint32_t type,
                       const ProtobufCMessage *payload)
{
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    char *orgs[] = {delivery->seen.org_id};
    audience.has_officers = true;
    audience.officers = true;
    audience.n_orgs = delivery->seen.org_id == NULL ? 0 : 1;
    audience.orgs = orgs;
    const struct gx_emit emit = {
        .area = delivery->area,
        .type = type,
        .subject = delivery->incident_id != NULL ? delivery->incident_id : delivery->seen.id,
        .payload = payload,
        .audience = &audience,
        .exercise = delivery->seen.exercise,
    };
    return gx_emit(ctx, &emit);
}

enum gx_rc notifier_tell_changed(struct gx_ctx *ctx, const struct notifier_delivery *delivery)
{
    Genxi__Delivery seen = delivery->seen;
    Genxi__DeliveryChanged changed = GENXI__DELIVERY_CHANGED__INIT;
    changed.delivery = &seen;
    return tell(ctx, delivery, GX_E_delivery_changed, &changed.base);
}

enum gx_rc notifier_tell_dead(struct gx_ctx *ctx, const struct notifier_delivery *delivery)
{
    Genxi__Delivery seen = delivery->seen;
    Genxi__DeliveryDead dead = GENXI__DELIVERY_DEAD__INIT;
    dead.delivery = &seen;
    return tell(ctx, delivery, GX_E_delivery_dead, &dead.base);
}

enum gx_rc notifier_escalate(struct gx_ctx *ctx, const struct notifier_delivery *delivery,
                             const char *reason)
{
    char id[GX_ID_SIZE];
    const struct notifier_escalation escalation = {
        .id = gx_id_new(id),
        .area = delivery->area,
        .subject_id = delivery->incident_id,
        .what = "offer_without_receipt",
        .reason = reason,
        .exercise = delivery->seen.exercise,
    };
    enum gx_rc rc = notifier_store_escalation_add(ctx, &escalation);
    if (rc != GX_OK) {
        return rc;
    }
    Genxi__EscalationRaised raised = GENXI__ESCALATION_RAISED__INIT;
    raised.subject_id = gx_pb_text(escalation.subject_id);
    raised.what = gx_pb_text(escalation.what);
    raised.reason = gx_pb_text(reason);
    const struct gx_emit emit = {
        .area = delivery->area,
        .type = GX_E_escalation_raised,
        .subject = escalation.subject_id,
        .payload = &raised.base,
        .exercise = delivery->seen.exercise,
    };
    notifier_count(METRIC_ESCALATIONS);
    return gx_emit(ctx, &emit);
}

/* A short message that nobody sent yet is not sent any more: no message after the acknowledgement. */
static enum gx_rc cancel_waiting_sms(struct gx_ctx *ctx, const char *offer_id)
{
    struct notifier_delivery *all = NULL;
    size_t count = 0;
    enum gx_rc rc = notifier_store_deliveries_of_offer(ctx, offer_id, &all, &count);
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        if (all[i].seen.channel != GENXI__CHANNEL__CHANNEL_SMS) {
            continue;
        }
        const struct notifier_move move = {
            .id = all[i].seen.id,
            .from = {WAITING},
            .to = GENXI__DELIVERY_STATE__DELIVERY_STATE_CANCELLED,
        };
        struct notifier_delivery *moved = NULL;
        rc = notifier_store_delivery_move(ctx, &move, &moved);
        if (rc == GX_OK && moved != NULL) {
            notifier_count(METRIC_SMS_CANCELLED);
        }
        if (rc == GX_OK) {
            rc = gx_timer_cancel(ctx, NULL, all[i].seen.id);
        }
    }
    return rc;
}

enum gx_rc notifier_receipted(struct gx_ctx *ctx, const struct notifier_delivery *delivery,
                              int64_t at)
{
    bool sms = delivery->seen.channel == GENXI__CHANNEL__CHANNEL_SMS;
    const struct notifier_move move = {
        .id = delivery->seen.id,
        .from = {WAITING, SENT, FAILED},
        .to = GENXI__DELIVERY_STATE__DELIVERY_STATE_RECEIPTED,
        .receipted_at = at,
    };
    struct notifier_delivery *moved = NULL;
    enum gx_rc rc = notifier_store_delivery_move(ctx, &move, &moved);
    if (rc != GX_OK || moved == NULL) {
        return rc;
    }
    notifier_count(sms ? METRIC_SMS_RECEIPTED : METRIC_STREAM_RECEIPTED);
    rc = gx_timer_cancel(ctx, NULL, moved->seen.id);
    if (rc == GX_OK && !sms) {
        rc = cancel_waiting_sms(ctx, moved->offer_id);
    }
    return rc == GX_OK ? notifier_tell_changed(ctx, moved) : rc;
}

enum gx_rc notifier_sms_failed(struct gx_ctx *ctx, const struct notifier_delivery *delivery,
                               const char *error)
{
    bool open = false;
    enum gx_rc rc = notifier_store_offer_open(ctx, delivery->offer_id, &open);
    const struct notifier_move move = {
        .id = delivery->seen.id,
        .from = {WAITING, SENT},
        .to = GENXI__DELIVERY_STATE__DELIVERY_STATE_FAILED,
        .error = error,
    };
    struct notifier_delivery *moved = NULL;
    if (rc == GX_OK) {
        rc = notifier_store_delivery_move(ctx, &move, &moved);
    }
    if (rc != GX_OK || moved == NULL) {
        return rc;
    }
    notifier_count(METRIC_SMS_FAILED);
    rc = gx_timer_cancel(ctx, NULL, moved->seen.id);
    if (rc == GX_OK) {
        rc = notifier_tell_changed(ctx, moved);
    }
    return rc == GX_OK && open ? notifier_escalate(ctx, moved, "sms_failed") : rc;
}
