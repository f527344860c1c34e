/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "roles.h"
#include "wire/pb.h"

#include <stdlib.h>

static const struct gx_pg_stmt SESSION_FIND = {
    .name = "gateway_session_find",
    .sql = "SELECT s.id, a.id, coalesce(a.org_id::text, ''), coalesce(a.responder_id::text, ''), "
           "a.lang, a.roles, "
           "a.areas::text[], s.expires_at, s.ended_at IS NOT NULL OR NOT a.active "
           "FROM gateway.session s JOIN gateway.account a ON a.id = s.account_id WHERE "
           "s.token_hash = $1",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
};

static const struct gx_pg_stmt KEY_FIND = {
    .name = "gateway_key_find",
    .sql = "SELECT id, id, org_id, coalesce(responder_id::text, ''), 'zh-CN', roles, "
           "areas::text[], coalesce(expires_at, 0), "
           "revoked_at IS NOT NULL AND revoked_at <= genxi.now_ms() FROM gateway.api_key WHERE "
           "secret_hash = $1",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
};

static const struct gx_pg_stmt ACCOUNT_FIND = {
    .name = "gateway_account_find",
    .sql = "SELECT '', id, coalesce(org_id::text, ''), coalesce(responder_id::text, ''), lang, "
           "roles, areas::text[], 0, false, "
           "password, totp, totp_step, active FROM gateway.account WHERE name = $1",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
};

static const struct gx_pg_stmt TOTP_USE = {
    .name = "gateway_totp_use",
    .sql = "UPDATE gateway.account SET totp_step = $2 WHERE id = $1::uuid AND totp_step < $2 "
           "RETURNING id",
    .params = 2,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true,
};

static const struct gx_pg_stmt SESSION_ADD = {
    .name = "gateway_session_add",
    .sql = "INSERT INTO gateway.session (id, account_id, token_hash, expires_at) "
           "VALUES ($1::uuid, $2::uuid, $3, genxi.now_ms() + $4) RETURNING expires_at",
    .params = 4,
    .shape = GX_PG_ONE_ROW,
    .writes = true,
};

static const struct gx_pg_stmt SESSION_END = {
    .name = "gateway_session_end",
    .sql =
        "UPDATE gateway.session SET ended_at = genxi.now_ms() WHERE ended_at IS NULL AND (id = "
        "$1::uuid OR ($2 AND "
        "account_id = (SELECT account_id FROM gateway.session WHERE id = $1::uuid))) RETURNING id",
    .params = 2,
    .shape = GX_PG_ROWS,
    .writes = true,
};

static const struct gx_pg_stmt SESSION_PURGE = {
    .name = "gateway_session_purge",
    .sql = "DELETE FROM gateway.session WHERE least(expires_at, coalesce(ended_at, expires_at)) < "
           "genxi.now_ms() - $1",
    .params = 1,
    .shape = GX_PG_NONE,
    .writes = true,
};

static const struct gx_pg_stmt KEY_ADD = {
    .name = "gateway_key_add",
    .sql = "INSERT INTO gateway.api_key (id, name, secret_hash, org_id, roles, areas, "
           "responder_id, created_by, expires_at) "
           "VALUES ($1::uuid, $2, $3, $4::uuid, $5, $6::int[], $7::uuid, $8, nullif($9::bigint, "
           "0)) RETURNING created_at",
    .params = 9,
    .shape = GX_PG_ONE_ROW,
    .writes = true,
};

#define KEY_COLUMNS "id, org_id, roles, areas::text[], name, expires_at, revoked_at, created_at"

static const struct gx_pg_stmt KEY_LIST = {
    .name = "gateway_key_list",
    .sql =
        "SELECT " KEY_COLUMNS " FROM gateway.api_key WHERE $1::uuid IS NULL OR org_id = $1::uuid "
        "ORDER BY org_id, created_at, id LIMIT 1000",
    .params = 1,
    .shape = GX_PG_ROWS,
};

static const struct gx_pg_stmt KEY_REVOKE = {
    .name = "gateway_key_revoke",
    .sql = "UPDATE gateway.api_key SET revoked_at = CASE WHEN $3::bigint = 0 THEN genxi.now_ms() "
           "ELSE $3::bigint END "
           "WHERE id = $1::uuid AND ($2::uuid IS NULL OR org_id = $2::uuid) RETURNING " KEY_COLUMNS,
    .params = 3,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true,
};

static const struct gx_pg_stmt DEAD = {
    .name = "gateway_dead",
    .sql = "SELECT i.id FROM unnest($1::uuid[]) AS i (id) WHERE NOT EXISTS (SELECT 1 FROM "
           "gateway.session s "
           "JOIN gateway.account a ON a.id = s.account_id WHERE s.id = i.id AND s.ended_at IS NULL "
           "AND a.active "
           "AND s.expires_at > genxi.now_ms()) AND NOT EXISTS (SELECT 1 FROM gateway.api_key k "
           "WHERE k.id = i.id "
           "AND coalesce(k.expires_at, 9223372036854775807) > genxi.now_ms() "
           "AND coalesce(k.revoked_at, 9223372036854775807) > genxi.now_ms())",
    .params = 1,
    .shape = GX_PG_ROWS,
};

static const struct gx_pg_stmt COUNTERS = {
    .name = "gateway_counters",
    .sql = "SELECT area, seq, floor FROM journal.counter ORDER BY area",
    .shape = GX_PG_ROWS,
};

static const struct gx_pg_stmt EVENTS = {
    .name = "gateway_events",
    .sql = "SELECT id, seq, type, at, service, coalesce(subject::text, ''), audience, exercise, "
           "traceparent, actor, body "
           "FROM journal.event WHERE area = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4",
    .params = 4,
    .shape = GX_PG_ROWS,
};

static enum gx_rc no_room(struct gx_ctx *ctx)
{
    return gx_fail(ctx, GX_P_BODY_TOO_LARGE, "", "%zu", ctx->arena.limit_bytes);
}

static const int32_t *read_areas(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                                 int column, size_t *ret_count)
{
    char **texts = gx_rows_texts(ctx, rows, row, column, ret_count);
    int32_t *areas = gx_arena_alloc(&ctx->arena, (*ret_count + 1) * sizeof *areas);
    for (size_t i = 0; areas != NULL && i < *ret_count; i++) {
        areas[i] = (int32_t)strtol(texts[i], NULL, 10);
    }
    if (areas == NULL) {
        *ret_count = 0;
    }
    return areas;
}

/* The first nine columns of SESSION_FIND, KEY_FIND and ACCOUNT_FIND. */
static void read_record(struct gx_ctx *ctx, const struct gx_rows *rows, struct gw_record *record)
{
    record->id = gx_rows_copy(ctx, rows, 0, 0);
    record->subject = gx_rows_copy(ctx, rows, 0, 1);
    record->org = gx_rows_copy(ctx, rows, 0, 2);
    record->responder_id = gx_rows_copy(ctx, rows, 0, 3);
    record->lang = gx_rows_copy(ctx, rows, 0, 4);
    record->roles = (uint32_t)gx_rows_int(rows, 0, 5);
    record->areas = read_areas(ctx, rows, 0, 6, &record->area_count);
    record->expires_at = gx_rows_int(rows, 0, 7);
    record->dead = gx_rows_bool(rows, 0, 8);
}

static enum gx_rc find_record(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                              struct gx_view hash, struct gw_record **ret_record)
{
    const struct gx_param params[] = {gx_bytes(hash)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, stmt, params, &rows);
    if (rc != GX_OK || gx_rows_count(rows) == 0) {
        *ret_record = NULL;
        return rc;
    }
    struct gw_record *record = gx_arena_alloc(&ctx->arena, sizeof *record);
    if (record == NULL) {
        return no_room(ctx);
    }
    read_record(ctx, rows, record);
    *ret_record = record;
    return ctx->arena.spent ? no_room(ctx) : GX_OK;
}

enum gx_rc gw_store_session_find(struct gx_ctx *ctx, struct gx_view hash,
                                 struct gw_record **ret_record)
{
    return find_record(ctx, &SESSION_FIND, hash, ret_record);
}

enum gx_rc gw_store_key_find(struct gx_ctx *ctx, struct gx_view hash, struct gw_record **ret_record)
{
    return find_record(ctx, &KEY_FIND, hash, ret_record);
}

enum gx_rc gw_store_account_find(struct gx_ctx *ctx, const char *name,
                                 struct gw_account **ret_account)
{
    const struct gx_param params[] = {gx_text(name)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &ACCOUNT_FIND, params, &rows);
    if (rc != GX_OK || gx_rows_count(rows) == 0) {
        *ret_account = NULL;
        return rc;
    }
    struct gw_account *account = gx_arena_alloc(&ctx->arena, sizeof *account);
    if (account == NULL) {
        return no_room(ctx);
    }
    read_record(ctx, rows, &account->who);
    account->password = gx_rows_copy(ctx, rows, 0, 9);
    if (!gx_rows_null(rows, 0, 10)) {
        account->totp = gx_rows_bytes(ctx, rows, 0, 10);
    }
    account->totp_step = gx_rows_int(rows, 0, 11);
    account->active = gx_rows_bool(rows, 0, 12);
    *ret_account = account;
    return ctx->arena.spent ? no_room(ctx) : GX_OK;
}

enum gx_rc gw_store_totp_use(struct gx_ctx *ctx, const char *account_id, int64_t step)
{
    const struct gx_param params[] = {gx_text(account_id), gx_int(ctx, step)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &TOTP_USE, params, &rows);
    if (rc == GX_OK && gx_rows_count(rows) == 0) {
        return gx_fail(ctx, GX_P_UNAUTHENTICATED, "", "user, password, totp");
    }
    return rc;
}

enum gx_rc gw_store_session_add(struct gx_ctx *ctx, const char *id, const char *account_id,
                                struct gx_view hash, int64_t life_ms, int64_t *ret_expires_at)
{
    const struct gx_param params[] = {gx_text(id), gx_text(account_id), gx_bytes(hash),
                                      gx_int(ctx, life_ms)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &SESSION_ADD, params, &rows);
    if (rc == GX_OK) {
        *ret_expires_at = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

static enum gx_rc read_ids(struct gx_ctx *ctx, const struct gx_rows *rows, char ***ret_ids,
                           size_t *ret_count)
{
    size_t count = gx_rows_count(rows);
    char **ids = gx_pb_array(ctx, count + 1);
    if (ids == NULL) {
        return no_room(ctx);
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = gx_rows_copy(ctx, rows, i, 0);
    }
    *ret_ids = ids;
    *ret_count = count;
    return ctx->arena.spent ? no_room(ctx) : GX_OK;
}

enum gx_rc gw_store_session_end(struct gx_ctx *ctx, const char *id, bool all, char ***ret_ids,
                                size_t *ret_count)
{
    const struct gx_param params[] = {gx_text(id), gx_bool(all)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &SESSION_END, params, &rows);
    return rc != GX_OK ? rc : read_ids(ctx, rows, ret_ids, ret_count);
}

enum gx_rc gw_store_session_purge(struct gx_ctx *ctx, int64_t keep_ms)
{
    const struct gx_param params[] = {gx_int(ctx, keep_ms)};
    return gx_sql(ctx, &SESSION_PURGE, params, NULL);
}

enum gx_rc gw_store_key_add(struct gx_ctx *ctx, const struct gw_record *key, const char *name,
                            struct gx_view hash, const char *created_by, int64_t *ret_created_at)
{
    const struct gx_param params[] = {
        gx_text(key->id),
        gx_text(name),
        gx_bytes(hash),
        gx_text(key->org),
        gx_int(ctx, key->roles),
        gx_int_array(ctx, key->areas, key->area_count),
        gx_text_or_null(key->responder_id),
        gx_text(created_by),
        gx_int(ctx, key->expires_at),
    };
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &KEY_ADD, params, &rows);
    if (rc == GX_OK) {
        *ret_created_at = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

static Genxi__Key *read_key(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row)
{
    Genxi__Key *key = gx_pb_new(ctx, &genxi__key__descriptor);
    if (key == NULL) {
        return NULL;
    }
    const int32_t *areas = read_areas(ctx, rows, row, 3, &key->n_areas);
    key->id = gx_rows_copy(ctx, rows, row, 0);
    key->org_id = gx_rows_copy(ctx, rows, row, 1);
    key->roles = gw_role_names(ctx, (uint32_t)gx_rows_int(rows, row, 2), &key->n_roles);
    key->areas = gx_arena_alloc(&ctx->arena, (key->n_areas + 1) * sizeof *key->areas);
    for (size_t i = 0; key->areas != NULL && i < key->n_areas; i++) {
        key->areas[i] = areas[i];
    }
    key->name = gx_rows_copy(ctx, rows, row, 4);
    key->has_expires_at = !gx_rows_null(rows, row, 5);
    key->expires_at = gx_rows_int(rows, row, 5);
    key->has_revoked_at = !gx_rows_null(rows, row, 6);
    key->revoked_at = gx_rows_int(rows, row, 6);
    key->created_at = gx_rows_int(rows, row, 7);
    return ctx->arena.spent ? NULL : key;
}

enum gx_rc gw_store_key_list(struct gx_ctx *ctx, const char *org, Genxi__KeyList *ret_list)
{
    const struct gx_param params[] = {gx_text_or_null(org)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &KEY_LIST, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    ret_list->items = gx_pb_array(ctx, count + 1);
    for (size_t i = 0; ret_list->items != NULL && i < count; i++) {
        ret_list->items[i] = read_key(ctx, rows, i);
    }
    ret_list->n_items = count;
    return ctx->arena.spent ? no_room(ctx) : GX_OK;
}

enum gx_rc gw_store_key_revoke(struct gx_ctx *ctx, const char *id, const char *org, int64_t at,
                               Genxi__Key **ret_key)
{
    const struct gx_param params[] = {gx_text(id), gx_text_or_null(org), gx_int(ctx, at)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &KEY_REVOKE, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    if (gx_rows_count(rows) == 0) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "", "key");
    }
    *ret_key = read_key(ctx, rows, 0);
    return *ret_key == NULL ? no_room(ctx) : GX_OK;
}

enum gx_rc gw_store_dead(struct gx_ctx *ctx, const char *const *ids, size_t count, char ***ret_ids,
                         size_t *ret_count)
{
    const struct gx_param params[] = {gx_text_array(ctx, ids, count)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &DEAD, params, &rows);
    return rc != GX_OK ? rc : read_ids(ctx, rows, ret_ids, ret_count);
}

enum gx_rc gw_store_counters(struct gx_ctx *ctx, struct gw_counter **ret_counters,
                             size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &COUNTERS, NULL, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct gw_counter *counters = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *counters);
    if (counters == NULL) {
        return no_room(ctx);
    }
    for (size_t i = 0; i < count; i++) {
        counters[i] = (struct gw_counter){.area = (int32_t)gx_rows_int(rows, i, 0),
                                          .seq = gx_rows_int(rows, i, 1),
                                          .floor = gx_rows_int(rows, i, 2)};
    }
    *ret_counters = counters;
    *ret_count = count;
    return GX_OK;
}

static enum gx_rc read_event(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                             int32_t area, Genxi__Event **ret_event)
{
    Genxi__Event *event = gx_pb_new(ctx, &genxi__event__descriptor);
    ProtobufCMessage *audience = NULL;
    ProtobufCMessage *actor = NULL;
    if (event == NULL) {
        return no_room(ctx);
    }
    enum gx_rc rc = gx_pb_unpack(ctx, &genxi__audience__descriptor,
                                 gx_rows_bytes(ctx, rows, row, 6), &audience);
    if (rc == GX_OK) {
        rc = gx_pb_unpack(ctx, &genxi__actor__descriptor, gx_rows_bytes(ctx, rows, row, 9), &actor);
    }
    if (rc != GX_OK) {
        return rc;
    }
    event->id = gx_rows_copy(ctx, rows, row, 0);
    event->area = area;
    event->seq = gx_rows_int(rows, row, 1);
    event->type = (uint32_t)gx_rows_int(rows, row, 2);
    event->at = gx_rows_int(rows, row, 3);
    event->service = gx_rows_copy(ctx, rows, row, 4);
    event->subject = gx_rows_copy(ctx, rows, row, 5);
    event->audience = (Genxi__Audience *)audience;
    event->has_exercise = 1;
    event->exercise = gx_rows_bool(rows, row, 7);
    event->traceparent = gx_rows_copy(ctx, rows, row, 8);
    event->actor = (Genxi__Actor *)actor;
    event->body = gx_pb_bytes(gx_rows_bytes(ctx, rows, row, 10));
    *ret_event = event;
    return ctx->arena.spent ? no_room(ctx) : GX_OK;
}

enum gx_rc gw_store_events(struct gx_ctx *ctx, const struct gw_counter *after, int64_t until,
                           int limit, Genxi__Event ***ret_events, size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_int(ctx, after->area), gx_int(ctx, after->seq),
                                      gx_int(ctx, until), gx_int(ctx, limit)};
    enum gx_rc rc = gx_sql(ctx, &EVENTS, params, &rows);
    size_t count = rc == GX_OK ? gx_rows_count(rows) : 0;
    Genxi__Event **events = gx_pb_array(ctx, count + 1);
    if (events == NULL) {
        return no_room(ctx);
    }
    for (size_t i = 0; rc == GX_OK && i < count; i++) {
        rc = read_event(ctx, rows, i, after->area, &events[i]);
    }
    if (rc == GX_OK) {
        *ret_events = events;
        *ret_count = count;
    }
    return rc;
}
