/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "base/text.h"
#include "store/pg.h"
#include "store/tx.h"
#include "wire/pb.h"

#define DELIVERY_COLUMNS                                                                           \
    "id, channel, state, event_id, event_type, org_id, responder_id, webhook_id, attempts, "       \
    "next_at, last_error, created_at, "                                                            \
    "sent_at, receipted_at, exercise, area, offer_id, incident_id"

static const struct gx_pg_stmt OFFER_PUT = {
    .name = "notifier_offer_put",
    .sql = "INSERT INTO notifier.offer (id, event_id, incident_id, number, area, responder_id, "
           "org_id, open, expires_at, exercise) "
           "VALUES ($1, $2, $3, $4, $5, $6, $7, true, $8, $9) ON CONFLICT (id) DO NOTHING",
    .params = 9,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc notifier_store_offer_put(struct gx_ctx *ctx, const char *event_id,
                                    const Genxi__Offer *offer)
{
    const struct gx_param params[] = {
        gx_text(offer->id),          gx_text(event_id),
        gx_text(offer->incident_id), gx_text(offer->number),
        gx_int(ctx, offer->area),    gx_text(offer->responder_id),
        gx_text(offer->org_id),      gx_int(ctx, offer->expires_at),
        gx_bool(offer->exercise),
    };
    return gx_sql_later(ctx, &OFFER_PUT, params);
}

static const struct gx_pg_stmt OFFER_END = {
    .name = "notifier_offer_end",
    .sql = "UPDATE notifier.offer SET open = false WHERE id = $1",
    .params = 1,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc notifier_store_offer_end(struct gx_ctx *ctx, const char *offer_id)
{
    const struct gx_param params[] = {gx_text(offer_id)};
    return gx_sql_later(ctx, &OFFER_END, params);
}

static const struct gx_pg_stmt OFFER_OPEN = {
    .name = "notifier_offer_open",
    .sql = "SELECT open AND expires_at > $2 FROM notifier.offer WHERE id = $1 FOR SHARE",
    .params = 2,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true, /* takes a lock */
};

enum gx_rc notifier_store_offer_open(struct gx_ctx *ctx, const char *offer_id, bool *ret_open)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(offer_id), gx_int(ctx, gx_tx_now_ms(ctx))};
    enum gx_rc rc = gx_sql(ctx, &OFFER_OPEN, params, &rows);
    if (rc == GX_OK) {
        *ret_open = gx_rows_count(rows) == 1 && gx_rows_bool(rows, 0, 0);
    }
    return rc;
}

/*
 * Device and follower may come in either order or at once. Both upsert the one row of (event, responder), so the second waits for
 * the first and sees what it left.
 */
static const struct gx_pg_stmt RECEIPT_MEET = {
    .name = "notifier_receipt_meet",
    .sql = "INSERT INTO notifier.receipt (event_id, responder_id, made, noted_at) VALUES ($1, $2, "
           "true, $3) "
           "ON CONFLICT (event_id, responder_id) DO UPDATE SET made = true RETURNING receipted_at",
    .params = 3,
    .shape = GX_PG_ONE_ROW,
    .writes = true,
};

enum gx_rc notifier_store_receipt_meet(struct gx_ctx *ctx, const char *event_id,
                                       const char *responder_id, int64_t *ret_receipted_at)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(event_id), gx_text(responder_id),
                                      gx_int(ctx, gx_tx_now_ms(ctx))};
    enum gx_rc rc = gx_sql(ctx, &RECEIPT_MEET, params, &rows);
    if (rc == GX_OK) {
        *ret_receipted_at = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

static const struct gx_pg_stmt RECEIPT_PUT = {
    .name = "notifier_receipt_put",
    .sql = "INSERT INTO notifier.receipt (event_id, responder_id, made, receipted_at, noted_at) "
           "VALUES ($1, $2, false, $3, $3) "
           "ON CONFLICT (event_id, responder_id) DO UPDATE SET receipted_at = "
           "coalesce(receipt.receipted_at, excluded.receipted_at) "
           "RETURNING made",
    .params = 3,
    .shape = GX_PG_ONE_ROW,
    .writes = true,
};

enum gx_rc notifier_store_receipt_put(struct gx_ctx *ctx, const char *event_id,
                                      const char *responder_id, bool *ret_made)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(event_id), gx_text(responder_id),
                                      gx_int(ctx, gx_tx_now_ms(ctx))};
    enum gx_rc rc = gx_sql(ctx, &RECEIPT_PUT, params, &rows);
    if (rc == GX_OK) {
        *ret_made = gx_rows_bool(rows, 0, 0);
    }
    return rc;
}

static const struct gx_pg_stmt RECEIPT_EARLY = {
    .name = "notifier_receipt_early",
    .sql = "SELECT count(*) FROM notifier.receipt WHERE responder_id = $1 AND NOT made",
    .params = 1,
    .shape = GX_PG_ONE_ROW,
};

enum gx_rc notifier_store_receipt_early(struct gx_ctx *ctx, const char *responder_id,
                                        int64_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(responder_id)};
    enum gx_rc rc = gx_sql(ctx, &RECEIPT_EARLY, params, &rows);
    if (rc == GX_OK) {
        *ret_count = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

/* --- deliveries --- */

static void read_time(const struct gx_rows *rows, size_t row, int column,
                      protobuf_c_boolean *ret_has, int64_t *ret_at)
{
    *ret_has = !gx_rows_null(rows, row, column);
    *ret_at = gx_rows_int(rows, row, column);
}

static void read_delivery(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                          struct notifier_delivery *out)
{
    Genxi__Delivery *seen = &out->seen;
    genxi__delivery__init(seen);
    seen->id = gx_rows_copy(ctx, rows, row, 0);
    seen->channel = (Genxi__Channel)gx_rows_int(rows, row, 1);
    seen->state = (Genxi__DeliveryState)gx_rows_int(rows, row, 2);
    seen->event_id = gx_rows_copy(ctx, rows, row, 3);
    seen->event_type = gx_rows_copy(ctx, rows, row, 4);
    seen->org_id = gx_rows_copy(ctx, rows, row, 5);
    seen->responder_id = gx_rows_copy(ctx, rows, row, 6);
    seen->webhook_id = gx_rows_copy(ctx, rows, row, 7);
    seen->attempts = (uint32_t)gx_rows_int(rows, row, 8);
    read_time(rows, row, 9, &seen->has_next_at, &seen->next_at);
    seen->last_error = gx_rows_copy(ctx, rows, row, 10);
    seen->created_at = gx_rows_int(rows, row, 11);
    read_time(rows, row, 12, &seen->has_sent_at, &seen->sent_at);
    read_time(rows, row, 13, &seen->has_receipted_at, &seen->receipted_at);
    seen->exercise = gx_rows_bool(rows, row, 14);
    out->area = (int32_t)gx_rows_int(rows, row, 15);
    out->offer_id = gx_rows_copy(ctx, rows, row, 16);
    out->incident_id = gx_rows_copy(ctx, rows, row, 17);
    out->body = NULL;
}

static enum gx_rc read_deliveries(struct gx_ctx *ctx, const struct gx_rows *rows,
                                  struct notifier_delivery **ret_deliveries, size_t *ret_count)
{
    size_t count = gx_rows_count(rows);
    struct notifier_delivery *deliveries =
        gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *deliveries);
    if (deliveries == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "%s", "memory");
    }
    for (size_t i = 0; i < count; i++) {
        read_delivery(ctx, rows, i, &deliveries[i]);
    }
    *ret_deliveries = deliveries;
    *ret_count = count;
    return ctx->arena.spent ? gx_fail(ctx, GX_P_INTERNAL, "", "%s", "memory") : GX_OK;
}

/* Runs a statement that gives one delivery at most. */
static enum gx_rc one_delivery(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                               const struct gx_param *params,
                               struct notifier_delivery **ret_delivery)
{
    const struct gx_rows *rows = NULL;
    struct notifier_delivery *deliveries = NULL;
    size_t count = 0;
    enum gx_rc rc = gx_sql(ctx, stmt, params, &rows);
    if (rc == GX_OK) {
        rc = read_deliveries(ctx, rows, &deliveries, &count);
    }
    if (rc == GX_OK) {
        *ret_delivery = count == 0 ? NULL : &deliveries[0];
    }
    return rc;
}

static const struct gx_pg_stmt DELIVERY_PUT = {
    .name = "notifier_delivery_put",
    .sql =
        "INSERT INTO notifier.delivery (id, channel, state, event_id, event_type, area, org_id, "
        "responder_id, webhook_id, "
        "offer_id, incident_id, next_at, created_at, sent_at, receipted_at, exercise, body, phone) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) "
        "ON CONFLICT DO NOTHING",
    .params = 18,
    .shape = GX_PG_NONE,
    .writes = true,
};

static struct gx_param time_or_null(struct gx_ctx *ctx, protobuf_c_boolean has, int64_t at)
{
    return has ? gx_int(ctx, at) : gx_null();
}

enum gx_rc notifier_store_delivery_put(struct gx_ctx *ctx, const struct notifier_delivery *delivery)
{
    const Genxi__Delivery *seen = &delivery->seen;
    const struct gx_param params[] = {
        gx_text(seen->id),
        gx_int(ctx, seen->channel),
        gx_int(ctx, seen->state),
        gx_text(seen->event_id),
        gx_text(seen->event_type),
        gx_int(ctx, delivery->area),
        gx_text_or_null(seen->org_id),
        gx_text_or_null(seen->responder_id),
        gx_text_or_null(seen->webhook_id),
        gx_text_or_null(delivery->offer_id),
        gx_text_or_null(delivery->incident_id),
        time_or_null(ctx, seen->has_next_at, seen->next_at),
        gx_int(ctx, seen->created_at),
        time_or_null(ctx, seen->has_sent_at, seen->sent_at),
        time_or_null(ctx, seen->has_receipted_at, seen->receipted_at),
        gx_bool(seen->exercise),
        gx_text(delivery->body),
        gx_text_or_null(delivery->phone),
    };
    return gx_sql_later(ctx, &DELIVERY_PUT, params);
}

static const struct gx_pg_stmt DELIVERY_MOVE = {
    .name = "notifier_delivery_move",
    .sql =
        "UPDATE notifier.delivery SET state = $2::smallint, last_error = $3, sent_at = "
        "coalesce($4, "
        "sent_at), "
        "receipted_at = coalesce($5, receipted_at), next_at = NULL, lease_id = NULL, lease_until = "
        "0, phone = NULL, "
        "body = CASE WHEN $2::smallint = 3 THEN NULL ELSE body END " /* delivered: nobody needs the content any more */
        "WHERE id = $1 AND state = ANY($6::int[]) RETURNING " DELIVERY_COLUMNS,
    .params = 6,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true,
};

enum gx_rc notifier_store_delivery_move(struct gx_ctx *ctx, const struct notifier_move *move,
                                        struct notifier_delivery **ret_moved)
{
    size_t from_count = 0;
    while (from_count < NOTIFIER_STATES_MAX && move->from[from_count] != 0) {
        from_count++;
    }
    const struct gx_param params[] = {
        gx_text(move->id),
        gx_int(ctx, move->to),
        gx_text(move->error),
        time_or_null(ctx, move->sent_at != 0, move->sent_at),
        time_or_null(ctx, move->receipted_at != 0, move->receipted_at),
        gx_int_array(ctx, move->from, from_count),
    };
    return one_delivery(ctx, &DELIVERY_MOVE, params, ret_moved);
}

static const struct gx_pg_stmt DELIVERY_FIND = {
    .name = "notifier_delivery_find",
    .sql = "SELECT " DELIVERY_COLUMNS " FROM notifier.delivery WHERE id = $1 FOR UPDATE",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true,
};

enum gx_rc notifier_store_delivery_find(struct gx_ctx *ctx, const char *id,
                                        struct notifier_delivery **ret_delivery)
{
    const struct gx_param params[] = {gx_text(id)};
    return one_delivery(ctx, &DELIVERY_FIND, params, ret_delivery);
}

static const struct gx_pg_stmt DELIVERY_PEEK = {
    .name = "notifier_delivery_peek",
    .sql = "SELECT " DELIVERY_COLUMNS " FROM notifier.delivery WHERE id = $1",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
};

enum gx_rc notifier_store_delivery_peek(struct gx_ctx *ctx, const char *id,
                                        struct notifier_delivery **ret_delivery)
{
    const struct gx_param params[] = {gx_text(id)};
    return one_delivery(ctx, &DELIVERY_PEEK, params, ret_delivery);
}

static const struct gx_pg_stmt DELIVERY_OF_EVENT = {
    .name = "notifier_delivery_of_event",
    .sql =
        "SELECT " DELIVERY_COLUMNS
        " FROM notifier.delivery WHERE channel = 1 AND responder_id = $2 AND offer_id IS NOT NULL "
        "AND event_id = $1 FOR UPDATE",
    .params = 2,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true,
};

enum gx_rc notifier_store_delivery_of_event(struct gx_ctx *ctx, const char *event_id,
                                            const char *responder_id,
                                            struct notifier_delivery **ret_delivery)
{
    const struct gx_param params[] = {gx_text(event_id), gx_text(responder_id)};
    return one_delivery(ctx, &DELIVERY_OF_EVENT, params, ret_delivery);
}

static const struct gx_pg_stmt DELIVERIES_OF_OFFER = {
    .name = "notifier_deliveries_of_offer",
    .sql = "SELECT " DELIVERY_COLUMNS
           " FROM notifier.delivery WHERE offer_id = $1 ORDER BY channel FOR UPDATE",
    .params = 1,
    .shape = GX_PG_ROWS,
    .writes = true,
};

enum gx_rc notifier_store_deliveries_of_offer(struct gx_ctx *ctx, const char *offer_id,
                                              struct notifier_delivery **ret_deliveries,
                                              size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(offer_id)};
    enum gx_rc rc = gx_sql(ctx, &DELIVERIES_OF_OFFER, params, &rows);
    return rc == GX_OK ? read_deliveries(ctx, rows, ret_deliveries, ret_count) : rc;
}

static const struct gx_pg_stmt DELIVERY_LIST = {
    .name = "notifier_delivery_list",
    .sql = "SELECT " DELIVERY_COLUMNS
           " FROM notifier.delivery WHERE ($1::uuid IS NULL OR webhook_id = $1) "
           "AND ($2::int IS NULL OR state = $2) AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC "
           "LIMIT $4",
    .params = 4,
    .shape = GX_PG_ROWS,
};

enum gx_rc notifier_store_delivery_list(struct gx_ctx *ctx, const Genxi__DeliveryQuery *query,
                                        uint32_t limit, struct notifier_delivery **ret_deliveries,
                                        size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {
        gx_text_or_null(query->webhook_id),
        query->has_state ? gx_int(ctx, query->state) : gx_null(),
        gx_text_or_null(query->cursor),
        gx_int(ctx, limit),
    };
    enum gx_rc rc = gx_sql(ctx, &DELIVERY_LIST, params, &rows);
    return rc == GX_OK ? read_deliveries(ctx, rows, ret_deliveries, ret_count) : rc;
}

static const struct gx_pg_stmt ESCALATION_ADD = {
    .name = "notifier_escalation_add",
    .sql =
        "INSERT INTO notifier.escalation (id, area, subject_id, what, reason, raised_at, exercise) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
    .params = 7,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc notifier_store_escalation_add(struct gx_ctx *ctx,
                                         const struct notifier_escalation *escalation)
{
    const struct gx_param params[] = {
        gx_text(escalation->id),         gx_int(ctx, escalation->area),
        gx_text(escalation->subject_id), gx_text(escalation->what),
        gx_text(escalation->reason),     gx_int(ctx, gx_tx_now_ms(ctx)),
        gx_bool(escalation->exercise),
    };
    return gx_sql_later(ctx, &ESCALATION_ADD, params);
}

/* --- webhooks --- */

static struct gx_param types_param(struct gx_ctx *ctx, const Genxi__Webhook *webhook)
{
    return gx_text_array(ctx, (const char *const *)webhook->types, webhook->n_types);
}

static const struct gx_pg_stmt WEBHOOK_ADD = {
    .name = "notifier_webhook_add",
    .sql = "INSERT INTO notifier.webhook (id, org_id, url, types, active, exercise, description, "
           "secret, created_at) "
           "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    .params = 9,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc notifier_store_webhook_add(struct gx_ctx *ctx, const Genxi__Webhook *webhook,
                                      const char *sealed)
{
    const struct gx_param params[] = {
        gx_text(webhook->id),
        gx_text(webhook->org_id),
        gx_text(webhook->url),
        types_param(ctx, webhook),
        gx_bool(webhook->active),
        gx_bool(webhook->exercise),
        gx_text_or_null(webhook->description),
        gx_text(sealed),
        gx_int(ctx, webhook->created_at),
    };
    return gx_sql_later(ctx, &WEBHOOK_ADD, params);
}

static const struct gx_pg_stmt WEBHOOK_CHANGE = {
    .name = "notifier_webhook_change",
    .sql = "UPDATE notifier.webhook SET url = $3, types = $4, active = $5, exercise = $6, "
           "description = $7, failures = 0, openings = 0, "
           "broken_until_at = 0 WHERE id = $1 AND org_id = $2 RETURNING id",
    .params = 7,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true,
};

enum gx_rc notifier_store_webhook_change(struct gx_ctx *ctx, const Genxi__Webhook *webhook,
                                         bool *ret_found)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {
        gx_text(webhook->id),
        gx_text(webhook->org_id),
        gx_text(webhook->url),
        types_param(ctx, webhook),
        gx_bool(webhook->active),
        gx_bool(webhook->exercise),
        gx_text_or_null(webhook->description),
    };
    enum gx_rc rc = gx_sql(ctx, &WEBHOOK_CHANGE, params, &rows);
    if (rc == GX_OK) {
        *ret_found = gx_rows_count(rows) == 1;
    }
    return rc;
}

#define WEBHOOK_COLUMNS                                                                            \
    "id, org_id, url, types, active, exercise, description, failures, broken_until_at, created_at"

static Genxi__Webhook *read_webhook(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row)
{
    Genxi__Webhook *webhook = gx_pb_new(ctx, &genxi__webhook__descriptor);
    if (webhook == NULL) {
        return NULL;
    }
    webhook->id = gx_rows_copy(ctx, rows, row, 0);
    webhook->org_id = gx_rows_copy(ctx, rows, row, 1);
    webhook->url = gx_rows_copy(ctx, rows, row, 2);
    webhook->types = gx_rows_texts(ctx, rows, row, 3, &webhook->n_types);
    webhook->active = gx_rows_bool(rows, row, 4);
    webhook->exercise = gx_rows_bool(rows, row, 5);
    webhook->description = gx_rows_copy(ctx, rows, row, 6);
    webhook->failures = (uint32_t)gx_rows_int(rows, row, 7);
    webhook->broken_until_at = gx_rows_int(rows, row, 8);
    webhook->has_broken_until_at = webhook->broken_until_at != 0;
    webhook->created_at = gx_rows_int(rows, row, 9);
    return webhook;
}

static enum gx_rc many_webhooks(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                                const struct gx_param *params, Genxi__Webhook ***ret_webhooks,
                                size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, stmt, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    Genxi__Webhook **webhooks = gx_pb_array(ctx, count + 1);
    for (size_t i = 0; i < count && webhooks != NULL; i++) {
        webhooks[i] = read_webhook(ctx, rows, i);
    }
    if (ctx->arena.spent) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "%s", "memory");
    }
    *ret_webhooks = webhooks;
    *ret_count = count;
    return GX_OK;
}

static const struct gx_pg_stmt WEBHOOK_LIST = {
    .name = "notifier_webhook_list",
    .sql = "SELECT " WEBHOOK_COLUMNS
           " FROM notifier.webhook WHERE org_id = $1 AND ($2::uuid IS NULL OR id = $2) ORDER BY id",
    .params = 2,
    .shape = GX_PG_ROWS,
};

enum gx_rc notifier_store_webhook_list(struct gx_ctx *ctx, const char *org_id, const char *id,
                                       Genxi__Webhook ***ret_webhooks, size_t *ret_count)
{
    const struct gx_param params[] = {gx_text(org_id), gx_text_or_null(id)};
    return many_webhooks(ctx, &WEBHOOK_LIST, params, ret_webhooks, ret_count);
}

enum gx_rc notifier_store_webhook_find(struct gx_ctx *ctx, const char *id,
                                       Genxi__Webhook **ret_webhook)
{
    Genxi__Webhook **webhooks = NULL;
    size_t count = 0;
    enum gx_rc rc = notifier_store_webhook_list(ctx, ctx->actor.org, id, &webhooks, &count);
    if (rc == GX_OK) {
        *ret_webhook = count == 0 ? NULL : webhooks[0];
    }
    return rc;
}

static const struct gx_pg_stmt WEBHOOKS_OF = {
    .name = "notifier_webhooks_of",
    .sql = "SELECT " WEBHOOK_COLUMNS
           " FROM notifier.webhook WHERE org_id = ANY($1::uuid[]) AND active AND exercise = $2",
    .params = 2,
    .shape = GX_PG_ROWS,
};

enum gx_rc notifier_store_webhooks_of(struct gx_ctx *ctx, char *const *orgs, size_t org_count,
                                      bool exercise, Genxi__Webhook ***ret_webhooks,
                                      size_t *ret_count)
{
    const struct gx_param params[] = {gx_text_array(ctx, (const char *const *)orgs, org_count),
                                      gx_bool(exercise)};
    return many_webhooks(ctx, &WEBHOOKS_OF, params, ret_webhooks, ret_count);
}

/* Two statements: the count must be seen from after the lock. */
static const struct gx_pg_stmt WEBHOOK_LOCK = {
    .name = "notifier_webhook_lock",
    .sql = "SELECT pg_advisory_xact_lock(hashtextextended('notifier.webhook/' || $1::text, 0))",
    .params = 1,
    .shape = GX_PG_ONE_ROW,
    .writes = true,
};
static const struct gx_pg_stmt WEBHOOK_COUNT = {
    .name = "notifier_webhook_count",
    .sql = "SELECT count(*) FROM notifier.webhook WHERE org_id = $1",
    .params = 1,
    .shape = GX_PG_ONE_ROW,
};

enum gx_rc notifier_store_webhook_count(struct gx_ctx *ctx, const char *org_id, int64_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(org_id)};
    enum gx_rc rc = gx_sql_later(ctx, &WEBHOOK_LOCK, params);
    if (rc == GX_OK) {
        rc = gx_sql(ctx, &WEBHOOK_COUNT, params, &rows);
    }
    if (rc == GX_OK) {
        *ret_count = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

static const struct gx_pg_stmt WEBHOOK_DELETE = {
    .name = "notifier_webhook_delete",
    .sql = "DELETE FROM notifier.webhook WHERE id = $1 AND org_id = $2 RETURNING id",
    .params = 2,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true,
};

enum gx_rc notifier_store_webhook_delete(struct gx_ctx *ctx, const char *id, bool *ret_found)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(id), gx_text(ctx->actor.org)};
    enum gx_rc rc = gx_sql(ctx, &WEBHOOK_DELETE, params, &rows);
    if (rc == GX_OK) {
        *ret_found = gx_rows_count(rows) == 1;
    }
    return rc;
}

static const struct gx_pg_stmt WEBHOOK_ROTATE = {
    .name = "notifier_webhook_rotate",
    .sql = "UPDATE notifier.webhook SET old_secret = secret, old_until_at = $3, secret = $2 WHERE "
           "id = $1",
    .params = 3,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc notifier_store_webhook_rotate(struct gx_ctx *ctx, const char *id, const char *sealed,
                                         int64_t old_until_at)
{
    const struct gx_param params[] = {gx_text(id), gx_text(sealed), gx_int(ctx, old_until_at)};
    return gx_sql_later(ctx, &WEBHOOK_ROTATE, params);
}

static const struct gx_pg_stmt SECRETS_CLEAR = {
    .name = "notifier_secrets_clear",
    .sql = "SELECT id, secret, old_secret FROM notifier.webhook WHERE starts_with(secret, "
           "'whsec_') OR starts_with(old_secret, 'whsec_') ORDER BY id LIMIT $1 FOR UPDATE",
    .params = 1,
    .shape = GX_PG_ROWS,
    .writes = true,
};

enum gx_rc notifier_store_secrets_clear(struct gx_ctx *ctx, int limit,
                                        struct notifier_secrets **ret_secrets, size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_int(ctx, limit)};
    enum gx_rc rc = gx_sql(ctx, &SECRETS_CLEAR, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct notifier_secrets *secrets = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *secrets);
    for (size_t i = 0; i < count && secrets != NULL; i++) {
        secrets[i] = (struct notifier_secrets){.webhook_id = gx_rows_copy(ctx, rows, i, 0),
                                               .secret = gx_rows_copy(ctx, rows, i, 1),
                                               .old_secret = gx_rows_copy(ctx, rows, i, 2)};
    }
    if (ctx->arena.spent) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "%s", "memory");
    }
    *ret_secrets = secrets;
    *ret_count = count;
    return GX_OK;
}

static const struct gx_pg_stmt SECRETS_PUT = {
    .name = "notifier_secrets_put",
    .sql = "UPDATE notifier.webhook SET secret = $2, old_secret = $3 WHERE id = $1",
    .params = 3,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc notifier_store_secrets_put(struct gx_ctx *ctx, const struct notifier_secrets *sealed)
{
    const struct gx_param params[] = {gx_text(sealed->webhook_id), gx_text(sealed->secret),
                                      gx_text_or_null(sealed->old_secret)};
    return gx_sql_later(ctx, &SECRETS_PUT, params);
}

static const struct gx_pg_stmt WEBHOOK_REPLAY = {
    .name = "notifier_webhook_replay",
    .sql = "WITH again AS (UPDATE notifier.delivery SET state = 1, attempts = 0, next_at = $4, "
           "last_error = NULL "
           "WHERE webhook_id = $1 AND state = 5 AND body IS NOT NULL AND created_at >= $2 AND "
           "created_at < $3 RETURNING 1) "
           "SELECT count(*) FROM again",
    .params = 4,
    .shape = GX_PG_ONE_ROW,
    .writes = true,
};

enum gx_rc notifier_store_webhook_replay(struct gx_ctx *ctx, const Genxi__WebhookReplay *range,
                                         int64_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {
        gx_text(range->id),
        gx_int(ctx, range->from_at),
        gx_int(ctx, range->until_at),
        gx_int(ctx, gx_tx_now_ms(ctx)),
    };
    enum gx_rc rc = gx_sql(ctx, &WEBHOOK_REPLAY, params, &rows);
    if (rc == GX_OK) {
        *ret_count = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

static const struct gx_pg_stmt WEBHOOK_STOP = {
    .name = "notifier_webhook_stop",
    .sql = "UPDATE notifier.delivery SET state = $2, last_error = $3, next_at = NULL, lease_id = "
           "NULL, lease_until = 0 "
           "WHERE webhook_id = $1 AND channel = 2 AND state = 1",
    .params = 3,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc notifier_store_webhook_stop(struct gx_ctx *ctx, const char *id, Genxi__DeliveryState to,
                                       const char *error)
{
    const struct gx_param params[] = {gx_text(id), gx_int(ctx, to), gx_text(error)};
    return gx_sql_later(ctx, &WEBHOOK_STOP, params);
}

static const struct gx_pg_stmt WEBHOOK_DISABLE = {
    .name = "notifier_webhook_disable",
    .sql = "UPDATE notifier.webhook SET active = false WHERE id = $1",
    .params = 1,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc notifier_store_webhook_disable(struct gx_ctx *ctx, const char *id)
{
    const struct gx_param params[] = {gx_text(id)};
    return gx_sql_later(ctx, &WEBHOOK_DISABLE, params);
}

static const struct gx_pg_stmt BREAKER_GET = {
    .name = "notifier_breaker_get",
    .sql =
        "SELECT failures, openings, broken_until_at FROM notifier.webhook WHERE id = $1 FOR UPDATE",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true,
};

enum gx_rc notifier_store_breaker_get(struct gx_ctx *ctx, const char *id,
                                      struct breaker *ret_breaker, bool *ret_found)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(id)};
    enum gx_rc rc = gx_sql(ctx, &BREAKER_GET, params, &rows);
    if (rc == GX_OK) {
        *ret_found = gx_rows_count(rows) == 1;
    }
    if (rc == GX_OK && *ret_found) {
        ret_breaker->failures = (uint32_t)gx_rows_int(rows, 0, 0);
        ret_breaker->openings = (uint32_t)gx_rows_int(rows, 0, 1);
        ret_breaker->until_at = gx_rows_int(rows, 0, 2);
    }
    return rc;
}

static const struct gx_pg_stmt BREAKER_PUT = {
    .name = "notifier_breaker_put",
    .sql = "UPDATE notifier.webhook SET failures = $2, openings = $3, broken_until_at = $4 "
           "WHERE id = $1 AND (failures, openings, broken_until_at) <> ($2, $3, $4)",
    .params = 4,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc notifier_store_breaker_put(struct gx_ctx *ctx, const char *id,
                                      const struct breaker *breaker)
{
    const struct gx_param params[] = {
        gx_text(id),
        gx_int(ctx, breaker->failures),
        gx_int(ctx, breaker->openings),
        gx_int(ctx, breaker->until_at),
    };
    return gx_sql_later(ctx, &BREAKER_PUT, params);
}

static const struct gx_pg_stmt BREAKERS_OPEN = {
    .name = "notifier_breakers_open",
    .sql = "SELECT count(*) FROM notifier.webhook WHERE active AND broken_until_at > $1",
    .params = 1,
    .shape = GX_PG_ONE_ROW,
};

enum gx_rc notifier_store_breakers_open(struct gx_ctx *ctx, int64_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_int(ctx, gx_tx_now_ms(ctx))};
    enum gx_rc rc = gx_sql(ctx, &BREAKERS_OPEN, params, &rows);
    if (rc == GX_OK) {
        *ret_count = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

/* --- the senders --- */

/*
 * One probe for an endpoint at its limit of failures, else per_endpoint less what is under way there in any process. The order among
 * endpoints is shuffled by the seed, within one it is by due time.
 */
static const struct gx_pg_stmt WEBHOOK_CLAIM = {
    .name = "notifier_webhook_claim",
    .sql = "WITH picked AS (SELECT due.id, w.id AS webhook, w.url, w.secret, "
           "CASE WHEN w.old_until_at > $1 THEN w.old_secret END AS old_secret "
           "FROM (SELECT * FROM notifier.webhook WHERE active AND broken_until_at <= $1 "
           "ORDER BY hashtextextended(id::text, $4)) w "
           "CROSS JOIN LATERAL (SELECT d.id FROM notifier.delivery d WHERE d.webhook_id = w.id AND "
           "d.channel = 2 AND d.state = 1 "
           "AND d.next_at <= $1 AND d.lease_until <= $1 ORDER BY d.next_at, d.id "
           "LIMIT greatest(0, CASE WHEN w.failures >= $7 THEN 1 ELSE $6 END - (SELECT count(*) "
           "FROM notifier.delivery l "
           "WHERE l.webhook_id = w.id AND l.channel = 2 AND l.state = 1 AND l.lease_until > $1)) "
           "FOR UPDATE SKIP LOCKED) due LIMIT $5) "
           "UPDATE notifier.delivery d SET lease_id = $2, lease_until = $1 + $3 FROM picked WHERE "
           "d.id = picked.id "
           "RETURNING d.id, d.event_id, picked.webhook, picked.url, picked.secret, "
           "picked.old_secret, d.body",
    .params = 7,
    .shape = GX_PG_ROWS,
    .writes = true,
};

enum gx_rc notifier_store_webhook_claim(struct gx_ctx *ctx, const struct notifier_claim_ask *ask,
                                        struct notifier_claim **ret_claims, size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {
        gx_int(ctx, gx_tx_now_ms(ctx)),     gx_text(ask->lease_id),
        gx_int(ctx, ask->lease_ms),         gx_int(ctx, ask->seed),
        gx_int(ctx, (int64_t)ask->room),    gx_int(ctx, (int64_t)ask->per_endpoint),
        gx_int(ctx, ask->breaker_failures),
    };
    enum gx_rc rc = gx_sql(ctx, &WEBHOOK_CLAIM, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct notifier_claim *claims = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *claims);
    for (size_t i = 0; i < count && claims != NULL; i++) {
        claims[i] = (struct notifier_claim){
            .id = gx_rows_copy(ctx, rows, i, 0),
            .event_id = gx_rows_copy(ctx, rows, i, 1),
            .webhook_id = gx_rows_copy(ctx, rows, i, 2),
            .url = gx_rows_copy(ctx, rows, i, 3),
            .secret = gx_rows_copy(ctx, rows, i, 4),
            .old_secret = gx_rows_copy(ctx, rows, i, 5),
            .body = gx_rows_copy(ctx, rows, i, 6),
        };
    }
    if (ctx->arena.spent) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "%s", "memory");
    }
    *ret_claims = claims;
    *ret_count = count;
    return GX_OK;
}

static const struct gx_pg_stmt TRY_OVER = {
    .name = "notifier_try_over",
    .sql = "UPDATE notifier.delivery SET attempts = attempts + 1, lease_id = NULL, lease_until = 0 "
           "WHERE id = $1 AND lease_id = $2 AND state = 1 RETURNING " DELIVERY_COLUMNS,
    .params = 2,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true,
};

enum gx_rc notifier_store_try_over(struct gx_ctx *ctx, const char *id, const char *lease_id,
                                   struct notifier_delivery **ret_delivery)
{
    const struct gx_param params[] = {gx_text(id), gx_text(lease_id)};
    return one_delivery(ctx, &TRY_OVER, params, ret_delivery);
}

static const struct gx_pg_stmt TRY_AGAIN = {
    .name = "notifier_try_again",
    .sql = "UPDATE notifier.delivery SET next_at = $2, last_error = $3 WHERE id = $1 AND state = 1",
    .params = 3,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc notifier_store_try_again(struct gx_ctx *ctx, const char *id, int64_t wait_ms,
                                    const char *error)
{
    const struct gx_param params[] = {gx_text(id), gx_int(ctx, gx_tx_now_ms(ctx) + wait_ms),
                                      gx_text(error)};
    return gx_sql_later(ctx, &TRY_AGAIN, params);
}

static const struct gx_pg_stmt RELEASE = {
    .name = "notifier_release",
    .sql = "UPDATE notifier.delivery SET lease_id = NULL, lease_until = 0 WHERE id = $1 AND "
           "lease_id = $2",
    .params = 2,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc notifier_store_release(struct gx_ctx *ctx, const char *id, const char *lease_id)
{
    const struct gx_param params[] = {gx_text(id), gx_text(lease_id)};
    return gx_sql_later(ctx, &RELEASE, params);
}

static const struct gx_pg_stmt SMS_CLAIM = {
    .name = "notifier_sms_claim",
    .sql = "WITH picked AS (SELECT d.id, o.number FROM notifier.delivery d JOIN notifier.offer o "
           "ON o.id = d.offer_id WHERE d.channel = 3 AND d.state = 1 AND d.next_at <= $1 "
           "AND d.lease_until <= $1 AND d.phone IS NOT NULL ORDER BY d.next_at, d.id "
           "LIMIT $4 FOR UPDATE OF d SKIP LOCKED) "
           "UPDATE notifier.delivery d SET lease_id = $2, lease_until = $1 + $3 FROM picked WHERE "
           "d.id = picked.id "
           "RETURNING d.id, d.offer_id, picked.number, d.phone, d.exercise",
    .params = 4,
    .shape = GX_PG_ROWS,
    .writes = true,
};

enum gx_rc notifier_store_sms_claim(struct gx_ctx *ctx, const struct notifier_claim_ask *ask,
                                    struct notifier_sms **ret_sms, size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {
        gx_int(ctx, gx_tx_now_ms(ctx)),
        gx_text(ask->lease_id),
        gx_int(ctx, ask->lease_ms),
        gx_int(ctx, (int64_t)ask->room),
    };
    enum gx_rc rc = gx_sql(ctx, &SMS_CLAIM, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct notifier_sms *sms = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *sms);
    for (size_t i = 0; i < count && sms != NULL; i++) {
        sms[i] = (struct notifier_sms){
            .id = gx_rows_copy(ctx, rows, i, 0),
            .offer_id = gx_rows_copy(ctx, rows, i, 1),
            .number = gx_rows_copy(ctx, rows, i, 2),
            .phone = gx_rows_copy(ctx, rows, i, 3),
            .exercise = gx_rows_bool(rows, i, 4),
        };
    }
    if (ctx->arena.spent) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "%s", "memory");
    }
    *ret_sms = sms;
    *ret_count = count;
    return GX_OK;
}

static const struct gx_pg_stmt SMS_HELD = {
    .name = "notifier_sms_held",
    .sql =
        "SELECT id FROM notifier.delivery WHERE id = $1 AND lease_id = $2 AND state = 1 FOR UPDATE",
    .params = 2,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true,
};

enum gx_rc notifier_store_sms_held(struct gx_ctx *ctx, const char *id, const char *lease_id,
                                   bool *ret_held)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(id), gx_text(lease_id)};
    enum gx_rc rc = gx_sql(ctx, &SMS_HELD, params, &rows);
    if (rc == GX_OK) {
        *ret_held = gx_rows_count(rows) == 1;
    }
    return rc;
}

static const struct gx_pg_stmt SMS_PART_PUT = {
    .name = "notifier_sms_part_put",
    .sql = "INSERT INTO notifier.sms_part (delivery_id, part, parts, centre_id) VALUES ($1, $2, "
           "$3, $4) "
           "ON CONFLICT (delivery_id, part) DO UPDATE SET centre_id = excluded.centre_id, "
           "receipted_at = NULL",
    .params = 4,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc notifier_store_sms_part_put(struct gx_ctx *ctx, const char *id, size_t part,
                                       size_t parts, const char *centre_id)
{
    const struct gx_param params[] = {
        gx_text(id),
        gx_int(ctx, (int64_t)part),
        gx_int(ctx, (int64_t)parts),
        gx_text(centre_id),
    };
    return gx_sql_later(ctx, &SMS_PART_PUT, params);
}

/* Several messages may match in one form or another: the very id goes first, then the youngest. */
static const struct gx_pg_stmt SMS_RECEIPT = {
    .name = "notifier_sms_receipt",
    .sql = "WITH found AS (SELECT p.delivery_id, p.part FROM notifier.sms_part p JOIN "
           "notifier.delivery d ON d.id = p.delivery_id "
           "WHERE p.centre_id = ANY($1::text[]) AND p.receipted_at IS NULL "
           "ORDER BY (p.centre_id = $2) DESC, d.created_at DESC LIMIT 1) "
           "UPDATE notifier.sms_part p SET receipted_at = $3 FROM found WHERE p.delivery_id = "
           "found.delivery_id AND p.part = found.part "
           "RETURNING p.delivery_id, p.parts = 1 + (SELECT count(*) FROM notifier.sms_part o WHERE "
           "o.delivery_id = p.delivery_id "
           "AND o.part <> p.part AND o.receipted_at IS NOT NULL)",
    .params = 3,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true,
};

enum gx_rc notifier_store_sms_receipt(struct gx_ctx *ctx, const char *const *forms,
                                      size_t form_count, char **ret_id, bool *ret_whole)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {
        gx_text_array(ctx, forms, form_count),
        gx_text(forms[0]),
        gx_int(ctx, gx_tx_now_ms(ctx)),
    };
    enum gx_rc rc = gx_sql(ctx, &SMS_RECEIPT, params, &rows);
    if (rc == GX_OK) {
        bool found = gx_rows_count(rows) == 1;
        *ret_id = found ? gx_rows_copy(ctx, rows, 0, 0) : NULL;
        *ret_whole = found && gx_rows_bool(rows, 0, 1);
    }
    return rc;
}

static const struct gx_pg_stmt PURGE[] = {
    {
        .name = "notifier_purge_delivery",
        .sql = "DELETE FROM notifier.delivery WHERE id IN (SELECT id FROM notifier.delivery WHERE "
               "created_at < $1 AND state <> 1 "
               "ORDER BY created_at LIMIT $2)",
        .params = 2,
        .shape = GX_PG_NONE,
        .writes = true,
    },
    {
        .name = "notifier_purge_offer",
        .sql = "DELETE FROM notifier.offer WHERE id IN (SELECT id FROM notifier.offer WHERE "
               "expires_at < $1 "
               "ORDER BY expires_at LIMIT $2)",
        .params = 2,
        .shape = GX_PG_NONE,
        .writes = true,
    },
    {
        .name = "notifier_purge_receipt",
        .sql = "DELETE FROM notifier.receipt WHERE ctid = ANY(ARRAY(SELECT ctid FROM "
               "notifier.receipt WHERE noted_at < $1 "
               "ORDER BY noted_at LIMIT $2))",
        .params = 2,
        .shape = GX_PG_NONE,
        .writes = true,
    },
};

enum gx_rc notifier_store_purge(struct gx_ctx *ctx, int64_t before_at, size_t most)
{
    const struct gx_param params[] = {gx_int(ctx, before_at), gx_int(ctx, (int64_t)most)};
    enum gx_rc rc = GX_OK;
    for (size_t i = 0; i < GX_COUNT_OF(PURGE) && rc == GX_OK; i++) {
        rc = gx_sql_later(ctx, &PURGE[i], params);
    }
    return rc;
}
