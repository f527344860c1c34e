/* SPDX-License-Identifier: Apache-2.0 */
/* Commands 400..407. */
#include "base/clock.h"
#include "base/text.h"
#include "notifier.h"
#include "resolve.h"
#include "sender.h"
#include "sign.h"
#include "store.h"
#include "tell.h"
#include "wire/pb.h"

#include <string.h>

enum {
    EARLY_RECEIPTS_MAX = 50,
    TYPES_MAX = 32,
    DESCRIPTION_MAX = 200,
    LIST_DEFAULT = 50,
    LIST_MAX = 500,
    RESOLVE_MS = 3000
};

#define DESKS ((uint32_t)GX_ROLE_DESK | (uint32_t)GX_ROLE_LINKED | (uint32_t)GX_ROLE_ADMIN)
#define DEVICES ((uint32_t)GX_ROLE_RESPONDER | (uint32_t)GX_ROLE_POLICE)

GX_ON_COMMAND(on_receipt, notifier, Genxi__Receipt, Genxi__Empty)
GX_ON_COMMAND(on_webhook_put, notifier, Genxi__WebhookPut, Genxi__Webhook)
GX_ON_COMMAND(on_webhook_list, notifier, Genxi__WebhookQuery, Genxi__WebhookList)
GX_ON_COMMAND(on_webhook_delete, notifier, Genxi__WebhookDelete, Genxi__Empty)
GX_ON_COMMAND(on_webhook_rotate, notifier, Genxi__WebhookRotate, Genxi__Webhook)
GX_ON_COMMAND(on_webhook_replay, notifier, Genxi__WebhookReplay, Genxi__WebhookReplayed)
GX_ON_COMMAND(on_webhook_test, notifier, Genxi__WebhookTest, Genxi__Delivery)
GX_ON_COMMAND(on_delivery_list, notifier, Genxi__DeliveryQuery, Genxi__DeliveryList)

const struct gx_command_row NOTIFIER_COMMANDS[] = {
    {GX_C_receipt, on_receipt_thunk, DEVICES},
    {GX_C_webhook_put, on_webhook_put_thunk, DESKS},
    {GX_C_webhook_list, on_webhook_list_thunk, DESKS},
    {GX_C_webhook_delete, on_webhook_delete_thunk, DESKS},
    {GX_C_webhook_rotate, on_webhook_rotate_thunk, DESKS},
    {GX_C_webhook_replay, on_webhook_replay_thunk, DESKS},
    {GX_C_webhook_test, on_webhook_test_thunk, DESKS},
    {GX_C_delivery_list, on_delivery_list_thunk, DESKS | GX_ROLES_OFFICERS},
};
const size_t NOTIFIER_COMMAND_COUNT = GX_COUNT_OF(NOTIFIER_COMMANDS);

/* --- receipts --- */

static enum gx_rc on_receipt(struct notifier *self, struct gx_ctx *ctx, const Genxi__Receipt *in,
                             Genxi__Empty *out)
{
    (void)self;
    (void)out;
    const char *responder_id = ctx->actor.responder_id;
    struct notifier_delivery *delivery = NULL;
    bool made = false;
    int64_t early = 0;
    if (responder_id[0] == '\0') {
        return gx_fail(ctx, GX_P_DENIED, "", "%s", "responder");
    }
    if (!gx_id_valid(in->event_id)) {
        return gx_fail(ctx, GX_P_FIELD_FORMAT, "/event_id", "%s", "UUID");
    }
    enum gx_rc rc = notifier_store_receipt_put(ctx, in->event_id, responder_id, &made);
    if (rc == GX_OK && !made) {
        /* The device was quicker than we are: the offer's event will find the receipt. A device that makes events up is bounded. */
        rc = notifier_store_receipt_early(ctx, responder_id, &early);
        return rc == GX_OK && early > EARLY_RECEIPTS_MAX
                   ? gx_fail(ctx, GX_P_NOT_FOUND, "/event_id", "%s", "event")
                   : rc;
    }
    if (rc == GX_OK) {
        rc = notifier_store_delivery_of_event(ctx, in->event_id, responder_id, &delivery);
    }
    if (rc != GX_OK || delivery == NULL) {
        return rc;
    }
    return notifier_receipted(ctx, delivery, gx_tx_now_ms(ctx));
}

/* --- webhooks --- */

static bool some_type_begins(const char *prefix, size_t size)
{
    size_t count = 0;
    const struct gx_event_type *types = gx_event_types(&count);
    for (size_t i = 0; i < count; i++) {
        if (strncmp(types[i].name, prefix, size) == 0) {
            return true;
        }
    }
    return false;
}

static bool type_known(const char *pattern)
{
    size_t size = strlen(pattern);
    if (strcmp(pattern, "*") == 0 || gx_event_by_name(pattern) != NULL) {
        return true;
    }
    return size > 2 && strcmp(pattern + size - 2, ".*") == 0 && some_type_begins(pattern, size - 1);
}

static enum gx_rc check_types(struct gx_ctx *ctx, const Genxi__WebhookPut *in)
{
    enum gx_rc rc = GX_OK;
    if (in->n_types > TYPES_MAX) {
        return gx_fail(ctx, GX_P_FIELD_LENGTH, "/types", "0..%d", TYPES_MAX);
    }
    for (size_t i = 0; i < in->n_types; i++) {
        if (!type_known(in->types[i])) {
            const char *pointer = gx_arena_printf(&ctx->arena, "/types/%zu", i);
            rc = gx_fail(ctx, GX_P_FIELD_CHOICE, pointer, "%s",
                         "incident.opened, incident.*, *, ...");
        }
    }
    return rc;
}

static enum gx_rc check_put(const struct notifier *self, struct gx_ctx *ctx,
                            const Genxi__WebhookPut *in)
{
    struct target_url url = {.host = ""};
    if (ctx->actor.org[0] == '\0') {
        return gx_fail(ctx, GX_P_DENIED, "", "%s", "organisation");
    }
    enum gx_rc rc = check_types(ctx, in);
    if (in->description != NULL && gx_utf8_length(in->description) > DESCRIPTION_MAX) {
        rc = gx_fail(ctx, GX_P_FIELD_LENGTH, "/description", "0..%d", DESCRIPTION_MAX);
    }
    if (in->id != NULL && !gx_id_valid(in->id)) {
        rc = gx_fail(ctx, GX_P_FIELD_FORMAT, "/id", "%s", "UUID");
    }
    const char *wrong = target_url_parse(&self->rules.target, in->url, &url);
    if (wrong == NULL) {
        wrong = target_resolve(&self->rules.target, &url, RESOLVE_MS);
    }
    return wrong == NULL ? rc : gx_fail(ctx, GX_P_WEBHOOK_TARGET, "/url", "%s", wrong);
}

static enum gx_rc webhook_add(const struct notifier *self, struct gx_ctx *ctx, Genxi__Webhook *out)
{
    int64_t count = 0;
    char *id = gx_arena_alloc(&ctx->arena, GX_ID_SIZE);
    char *secret = gx_arena_alloc(&ctx->arena, SIGN_SECRET_SIZE);
    if (id == NULL || secret == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "%s", "memory");
    }
    enum gx_rc rc = notifier_store_webhook_count(ctx, ctx->actor.org, &count);
    if (rc == GX_OK && count >= self->settings->webhook_max_per_org) {
        rc = gx_fail(ctx, GX_P_WEBHOOK_LIMIT, "", "%d", (int)self->settings->webhook_max_per_org);
    }
    if (rc != GX_OK) {
        return rc;
    }
    out->id = gx_id_new(id);
    out->secret = sign_secret_new(secret);
    out->created_at = gx_tx_now_ms(ctx);
    const char *sealed = gx_seal_close(&ctx->arena, &self->key, id, secret);
    return sealed == NULL ? gx_fail(ctx, GX_P_INTERNAL, "", "%s", "memory")
                          : notifier_store_webhook_add(ctx, out, sealed);
}

static enum gx_rc webhook_change(struct gx_ctx *ctx, Genxi__Webhook *out)
{
    bool found = false;
    Genxi__Webhook *changed = NULL;
    enum gx_rc rc = notifier_store_webhook_change(ctx, out, &found);
    if (rc == GX_OK && !found) {
        rc = gx_fail(ctx, GX_P_NOT_FOUND, "/id", "%s", "webhook");
    }
    if (rc == GX_OK) {
        rc = notifier_store_webhook_find(ctx, out->id, &changed);
    }
    if (rc == GX_OK && changed != NULL) {
        *out = *changed;
    }
    return rc;
}

static enum gx_rc on_webhook_put(struct notifier *self, struct gx_ctx *ctx,
                                 const Genxi__WebhookPut *in, Genxi__Webhook *out)
{
    enum gx_rc rc = check_put(self, ctx, in);
    if (rc != GX_OK) {
        return rc;
    }
    out->id = in->id;
    out->org_id = gx_pb_text(ctx->actor.org);
    out->url = in->url;
    out->types = in->types;
    out->n_types = in->n_types;
    out->active = !in->has_active || in->active;
    out->exercise = in->has_exercise && in->exercise;
    out->description = in->description;
    return in->id == NULL ? webhook_add(self, ctx, out) : webhook_change(ctx, out);
}

/* The caller's own webhook; NOT_FOUND for another's as for none. */
static enum gx_rc get_webhook(struct gx_ctx *ctx, const char *id, Genxi__Webhook **ret_webhook)
{
    Genxi__Webhook *found = NULL;
    if (ctx->actor.org[0] == '\0') {
        return gx_fail(ctx, GX_P_DENIED, "", "%s", "organisation");
    }
    if (!gx_id_valid(id)) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "%s", "webhook");
    }
    enum gx_rc rc = notifier_store_webhook_find(ctx, id, &found);
    if (rc == GX_OK && found == NULL) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "%s", "webhook");
    }
    *ret_webhook = found;
    return rc;
}

static enum gx_rc on_webhook_list(struct notifier *self, struct gx_ctx *ctx,
                                  const Genxi__WebhookQuery *in, Genxi__WebhookList *out)
{
    (void)self;
    Genxi__Webhook *one = NULL;
    if (in->id == NULL) {
        return ctx->actor.org[0] == '\0' ? gx_fail(ctx, GX_P_DENIED, "", "%s", "organisation")
                                         : notifier_store_webhook_list(ctx, ctx->actor.org, NULL,
                                                                       &out->items, &out->n_items);
    }
    enum gx_rc rc = get_webhook(ctx, in->id, &one);
    return rc == GX_OK ? notifier_store_webhook_list(ctx, ctx->actor.org, one->id, &out->items,
                                                     &out->n_items)
                       : rc;
}

static enum gx_rc on_webhook_delete(struct notifier *self, struct gx_ctx *ctx,
                                    const Genxi__WebhookDelete *in, Genxi__Empty *out)
{
    (void)self;
    (void)out;
    Genxi__Webhook *webhook = NULL;
    bool found = false;
    enum gx_rc rc = get_webhook(ctx, in->id, &webhook);
    if (rc == GX_OK) {
        rc = notifier_store_webhook_delete(ctx, webhook->id, &found);
    }
    return rc == GX_OK
               ? notifier_store_webhook_stop(ctx, webhook->id,
                                             GENXI__DELIVERY_STATE__DELIVERY_STATE_CANCELLED,
                                             "webhook deleted")
               : rc;
}

static enum gx_rc on_webhook_rotate(struct notifier *self, struct gx_ctx *ctx,
                                    const Genxi__WebhookRotate *in, Genxi__Webhook *out)
{
    Genxi__Webhook *webhook = NULL;
    char *secret = gx_arena_alloc(&ctx->arena, SIGN_SECRET_SIZE);
    enum gx_rc rc = get_webhook(ctx, in->id, &webhook);
    if (rc != GX_OK || secret == NULL) {
        return rc != GX_OK ? rc : gx_fail(ctx, GX_P_INTERNAL, "", "%s", "memory");
    }
    *out = *webhook;
    out->secret = sign_secret_new(secret);
    const char *sealed = gx_seal_close(&ctx->arena, &self->key, webhook->id, secret);
    if (sealed == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "%s", "memory");
    }
    return notifier_store_webhook_rotate(
        ctx, webhook->id, sealed, gx_tx_now_ms(ctx) + self->settings->rotation_hours * 3600 * 1000);
}

static enum gx_rc get_active(struct gx_ctx *ctx, const char *id, Genxi__Webhook **ret_webhook)
{
    enum gx_rc rc = get_webhook(ctx, id, ret_webhook);
    if (rc == GX_OK && !(*ret_webhook)->active) {
        return gx_fail(ctx, GX_P_STATE, "/id", "%s", "active");
    }
    return rc;
}

static enum gx_rc on_webhook_replay(struct notifier *self, struct gx_ctx *ctx,
                                    const Genxi__WebhookReplay *in, Genxi__WebhookReplayed *out)
{
    (void)self;
    Genxi__Webhook *webhook = NULL;
    int64_t count = 0;
    enum gx_rc rc = get_active(ctx, in->id, &webhook);
    if (rc == GX_OK && in->from_at >= in->until_at) {
        rc = gx_fail(ctx, GX_P_TIME_ORDER, "/until_at", "%s", "from_at < until_at");
    }
    if (rc == GX_OK) {
        rc = notifier_store_webhook_replay(ctx, in, &count);
        out->count = (uint32_t)count;
    }
    return rc;
}

static char *test_body(struct gx_ctx *ctx)
{
    char at[GX_TIME_TEXT_SIZE];
    return gx_arena_printf(&ctx->arena,
                           "{\"type\":\"webhook.test\",\"timestamp\":\"%s\",\"data\":{}}",
                           gx_time_format(gx_tx_now_ms(ctx), at));
}

static enum gx_rc on_webhook_test(struct notifier *self, struct gx_ctx *ctx,
                                  const Genxi__WebhookTest *in, Genxi__Delivery *out)
{
    Genxi__Webhook *webhook = NULL;
    enum gx_rc rc = get_active(ctx, in->id, &webhook);
    if (rc != GX_OK) {
        return rc;
    }
    char *id = gx_arena_alloc(&ctx->arena, GX_ID_SIZE);
    char *event_id = gx_arena_alloc(&ctx->arena, GX_ID_SIZE);
    struct notifier_delivery delivery = {.area = self->district, .body = test_body(ctx)};
    if (ctx->arena.spent) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "%s", "memory");
    }
    out->id = gx_id_new(id);
    out->event_id = gx_id_new(event_id);
    out->event_type = gx_pb_text("webhook.test");
    out->channel = GENXI__CHANNEL__CHANNEL_WEBHOOK;
    out->state = GENXI__DELIVERY_STATE__DELIVERY_STATE_WAITING;
    out->org_id = webhook->org_id;
    out->webhook_id = webhook->id;
    out->exercise = webhook->exercise;
    out->created_at = gx_tx_now_ms(ctx);
    out->has_next_at = true;
    out->next_at = out->created_at;
    delivery.seen = *out;
    return notifier_store_delivery_put(ctx, &delivery);
}

/* --- deliveries --- */

static enum gx_rc check_query(struct gx_ctx *ctx, const Genxi__DeliveryQuery *in)
{
    enum gx_rc rc = GX_OK;
    if (in->cursor != NULL && !gx_id_valid(in->cursor)) {
        rc = gx_fail(ctx, GX_P_CURSOR, "/cursor", "%s", "UUID");
    }
    if (in->webhook_id != NULL && !gx_id_valid(in->webhook_id)) {
        rc = gx_fail(ctx, GX_P_FIELD_FORMAT, "/webhook_id", "%s", "UUID");
    }
    if (in->has_limit && (in->limit == 0 || in->limit > LIST_MAX)) {
        rc = gx_fail(ctx, GX_P_FIELD_RANGE, "/limit", "1..%d", LIST_MAX);
    }
    return rc;
}

static enum gx_rc on_delivery_list(struct notifier *self, struct gx_ctx *ctx,
                                   const Genxi__DeliveryQuery *in, Genxi__DeliveryList *out)
{
    (void)self;
    struct notifier_delivery *deliveries = NULL;
    size_t count = 0;
    uint32_t limit = in->has_limit ? in->limit : LIST_DEFAULT;
    enum gx_rc rc = check_query(ctx, in);
    if (rc == GX_OK) {
        rc = notifier_store_delivery_list(ctx, in, limit + 1, &deliveries, &count);
    }
    if (rc != GX_OK) {
        return rc;
    }
    size_t shown = count > limit ? limit : count;
    out->items = gx_pb_array(ctx, shown + 1);
    if (out->items == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "%s", "memory");
    }
    for (size_t i = 0; i < shown; i++) {
        out->items[i] = &deliveries[i].seen;
    }
    out->n_items = shown;
    if (count > limit) {
        out->next_cursor = deliveries[shown - 1].seen.id;
    }
    return GX_OK;
}
