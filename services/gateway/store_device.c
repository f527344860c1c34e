/* SPDX-License-Identifier: Apache-2.0 */
#include "store_device.h"

#include "store/tx.h"
#include "wire/pb.h"

#include <inttypes.h>

static const struct gx_pg_stmt DEVICE_PUT = {
    .name = "gateway_device_put",
    .sql = "INSERT INTO gateway.device AS d (id, kind, code, org_id, site_id, responder_id, datum, "
           "supervision_seconds, active, secret, removed, changed_at) "
           "VALUES ($1::uuid, $2::smallint, $3, $4::uuid, $5::uuid, $6::uuid, $7::smallint, "
           "$8::int, $9::bool, $10, $11::bool, $12::bigint) "
           "ON CONFLICT (id) DO UPDATE SET code = excluded.code, site_id = excluded.site_id, "
           "responder_id = excluded.responder_id, datum = excluded.datum, "
           "supervision_seconds = excluded.supervision_seconds, active = excluded.active, "
           "secret = excluded.secret, removed = excluded.removed, "
           "changed_at = excluded.changed_at, touched_at = genxi.now_ms() "
           "WHERE d.changed_at <= excluded.changed_at",
    .params = 12,
    .shape = GX_PG_NONE,
    .writes = true,
};
/* A panel that was never heard is waited for from now on; one that is no longer watched has no end of patience. */
static const struct gx_pg_stmt WATCH_PUT = {
    .name = "gateway_watch_put",
    .sql = "INSERT INTO gateway.device_watch AS w (device_id, heard_at, due_at) "
           "SELECT d.id, genxi.now_ms(), CASE WHEN d.active AND NOT d.removed THEN "
           "genxi.now_ms() + d.supervision_seconds * 1000::bigint END "
           "FROM gateway.device d WHERE d.id = $1::uuid AND d.kind = 1 "
           "ON CONFLICT (device_id) DO UPDATE SET due_at = CASE WHEN excluded.due_at IS NULL THEN "
           "NULL WHEN w.silent_incident_id IS NULL THEN excluded.due_at END",
    .params = 1,
    .shape = GX_PG_NONE,
    .writes = true,
};
static const struct gx_pg_stmt DEVICES_SINCE = {
    .name = "gateway_devices_since",
    .sql = "SELECT d.id, d.kind, d.code, d.org_id, d.site_id, d.responder_id, d.datum, "
           "d.supervision_seconds, d.active, d.secret, d.removed, d.changed_at, d.touched_at, "
           "coalesce(w.incident_id::text, ''), coalesce(w.incident_type, '') "
           "FROM gateway.device d LEFT JOIN gateway.device_watch w ON w.device_id = d.id "
           "WHERE (d.touched_at, d.id) > ($1::bigint, $2::uuid) "
           "ORDER BY d.touched_at, d.id LIMIT $3",
    .params = 3,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt BEAT = {
    .name = "gateway_door_beat",
    .sql = "WITH old AS (SELECT at FROM gateway.door_beat FOR UPDATE) "
           "UPDATE gateway.door_beat b SET at = greatest(b.at, genxi.now_ms()) FROM old "
           "RETURNING genxi.now_ms() - old.at",
    .shape = GX_PG_ONE_ROW,
    .writes = true,
};
static const struct gx_pg_stmt SHIFT = {
    .name = "gateway_watch_shift",
    .sql = "UPDATE gateway.device_watch SET due_at = due_at + $1::bigint WHERE due_at IS NOT NULL",
    .params = 1,
    .shape = GX_PG_NONE,
    .writes = true,
};
static const struct gx_pg_stmt HEARD = {
    .name = "gateway_watch_heard",
    .sql = "WITH n AS (SELECT n.id, n.at, w.silent_incident_id AS silent, w.heard_at AS before, "
           "CASE WHEN d.active AND NOT d.removed THEN n.at + d.supervision_seconds * 1000::bigint "
           "END AS due FROM unnest($1::uuid[], $2::bigint[]) AS n(id, at) "
           "JOIN gateway.device_watch w ON w.device_id = n.id "
           "JOIN gateway.device d ON d.id = n.id WHERE n.at > w.heard_at "
           "ORDER BY n.id FOR UPDATE OF w), "
           "done AS (UPDATE gateway.device_watch w SET heard_at = n.at, due_at = n.due, "
           "silent_incident_id = NULL FROM n WHERE w.device_id = n.id RETURNING 1) "
           "SELECT id, before, silent FROM n WHERE silent IS NOT NULL",
    .params = 2,
    .shape = GX_PG_ROWS,
    .writes = true,
};
static const struct gx_pg_stmt SILENT = {
    .name = "gateway_watch_silent",
    .sql = "SELECT device_id, heard_at FROM gateway.device_watch WHERE due_at <= genxi.now_ms() "
           "ORDER BY due_at LIMIT $1",
    .params = 1,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt TOLD = {
    .name = "gateway_watch_told",
    .sql = "UPDATE gateway.device_watch SET due_at = NULL, silent_incident_id = $3::uuid "
           "WHERE device_id = $1::uuid AND heard_at = $2::bigint",
    .params = 3,
    .shape = GX_PG_NONE,
    .writes = true,
};
static const struct gx_pg_stmt CASE = {
    .name = "gateway_device_case",
    .sql = "UPDATE gateway.device_watch SET incident_id = $2::uuid, incident_type = $3 "
           "WHERE device_id = $1::uuid",
    .params = 3,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum {
    /* Beats come every second; a longer pause is one of the doors, not of those who would come in. */
    SHUT_MS = 5000
};

enum gx_rc gw_store_device_put(struct gx_ctx *ctx, const Genxi__DeviceChanged *changed,
                               int64_t changed_at)
{
    const Genxi__Device *device = changed->device;
    const struct gx_param params[] = {
        gx_text(device->id),
        gx_int(ctx, device->kind),
        gx_text(device->code),
        gx_text(device->org_id),
        gx_text(device->site_id),
        gx_text(device->responder_id),
        gx_int(ctx, device->datum),
        device->has_supervision_seconds ? gx_int(ctx, device->supervision_seconds) : gx_null(),
        gx_bool(device->active),
        gx_text(changed->sealed_secret),
        gx_bool(changed->has_removed && changed->removed),
        gx_int(ctx, changed_at),
    };
    enum gx_rc rc = gx_sql_later(ctx, &DEVICE_PUT, params);
    const struct gx_param watched[] = {gx_text(device->id)};
    return rc == GX_OK ? gx_sql_later(ctx, &WATCH_PUT, watched) : rc;
}

static char *text_at(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row, int column)
{
    char *text = gx_rows_copy(ctx, rows, row, column);
    return text == NULL ? gx_pb_text("") : text;
}

static void read_row(struct gx_ctx *ctx, const struct gx_rows *rows, size_t i,
                     struct gw_device_row *row)
{
    Genxi__DeviceChanged *changed = gx_pb_new(ctx, &genxi__device_changed__descriptor);
    Genxi__Device *device = gx_pb_new(ctx, &genxi__device__descriptor);
    if (changed == NULL || device == NULL) {
        return;
    }
    device->id = text_at(ctx, rows, i, 0);
    device->kind = (Genxi__DeviceKind)gx_rows_int(rows, i, 1);
    device->code = text_at(ctx, rows, i, 2);
    device->org_id = text_at(ctx, rows, i, 3);
    device->site_id = gx_rows_copy(ctx, rows, i, 4);
    device->responder_id = gx_rows_copy(ctx, rows, i, 5);
    device->datum = (Genxi__Datum)gx_rows_int(rows, i, 6);
    device->has_supervision_seconds = !gx_rows_null(rows, i, 7);
    device->supervision_seconds = (uint32_t)gx_rows_int(rows, i, 7);
    device->active = gx_rows_bool(rows, i, 8);
    changed->device = device;
    changed->sealed_secret = gx_rows_copy(ctx, rows, i, 9);
    changed->has_removed = true;
    changed->removed = gx_rows_bool(rows, i, 10);
    *row = (struct gw_device_row){.changed = changed,
                                  .changed_at = gx_rows_int(rows, i, 11),
                                  .touched_at = gx_rows_int(rows, i, 12),
                                  .incident_id = text_at(ctx, rows, i, 13),
                                  .incident_type = text_at(ctx, rows, i, 14)};
}

static enum gx_rc spent(struct gx_ctx *ctx)
{
    return gx_fail(ctx, GX_P_INTERNAL, "", "%s", "memory");
}

enum gx_rc gw_store_devices_since(struct gx_ctx *ctx, int64_t touched_at, const char *after_id,
                                  int limit, struct gw_device_row **ret_rows, size_t *ret_count)
{
    const struct gx_param params[] = {gx_int(ctx, touched_at), gx_text(after_id),
                                      gx_int(ctx, limit)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &DEVICES_SINCE, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct gw_device_row *items = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *items);
    for (size_t i = 0; i < count && items != NULL; i++) {
        read_row(ctx, rows, i, &items[i]);
    }
    if (ctx->arena.spent) {
        return spent(ctx);
    }
    *ret_rows = items;
    *ret_count = count;
    return GX_OK;
}

/* columns: device, heard_at, and with has_incident the incident. */
static enum gx_rc read_silences(struct gx_ctx *ctx, const struct gx_rows *rows, bool has_incident,
                                struct gw_silence **ret_items, size_t *ret_count)
{
    size_t count = gx_rows_count(rows);
    struct gw_silence *items = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *items);
    for (size_t i = 0; i < count && items != NULL; i++) {
        items[i] = (struct gw_silence){text_at(ctx, rows, i, 0), gx_rows_int(rows, i, 1),
                                       has_incident ? text_at(ctx, rows, i, 2) : ""};
    }
    if (ctx->arena.spent) {
        return spent(ctx);
    }
    *ret_items = items;
    *ret_count = count;
    return GX_OK;
}

static enum gx_rc note_heard(struct gx_ctx *ctx, const struct gw_heard *heard, size_t count,
                             struct gw_silence **ret_ended, size_t *ret_count)
{
    const char **ids = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *ids);
    const char **times = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *times);
    for (size_t i = 0; i < count && ids != NULL && times != NULL; i++) {
        ids[i] = heard[i].id;
        times[i] = gx_arena_printf(&ctx->arena, "%" PRId64, heard[i].at);
    }
    if (ctx->arena.spent) {
        return spent(ctx);
    }
    const struct gx_param params[] = {gx_text_array(ctx, ids, count),
                                      gx_text_array(ctx, times, count)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &HEARD, params, &rows);
    return rc == GX_OK ? read_silences(ctx, rows, true, ret_ended, ret_count) : rc;
}

/* Everybody's time is longer by as much as nobody could have been heard. */
static enum gx_rc beat(struct gx_ctx *ctx)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &BEAT, NULL, &rows);
    int64_t pause_ms = rc == GX_OK ? gx_rows_int(rows, 0, 0) : 0;
    if (rc == GX_OK && pause_ms > SHUT_MS) {
        const struct gx_param params[] = {gx_int(ctx, pause_ms)};
        rc = gx_sql_later(ctx, &SHIFT, params);
    }
    return rc;
}

static enum gx_rc note_told(struct gx_ctx *ctx, const struct gw_watch_news *news)
{
    enum gx_rc rc = GX_OK;
    for (size_t i = 0; i < news->told_count && rc == GX_OK; i++) {
        const struct gw_silence *told = &news->told[i];
        const struct gx_param params[] = {gx_text(told->device_id), gx_int(ctx, told->heard_at),
                                          gx_text_or_null(told->incident_id)};
        rc = gx_sql_later(ctx, &TOLD, params);
    }
    for (size_t i = 0; i < news->case_count && rc == GX_OK; i++) {
        const struct gw_device_case *one = &news->cases[i];
        const struct gx_param params[] = {gx_text(one->device_id), gx_text(one->incident_id),
                                          gx_text(one->type)};
        rc = gx_sql_later(ctx, &CASE, params);
    }
    return rc;
}

enum gx_rc gw_store_watch_turn(struct gx_ctx *ctx, const struct gw_watch_news *news, int limit,
                               struct gw_silence **ret_ended, size_t *ret_ended_count,
                               struct gw_silence **ret_silent, size_t *ret_silent_count)
{
    *ret_ended_count = 0;
    gx_tx_lazy(ctx);
    enum gx_rc rc = beat(ctx);
    rc = rc == GX_OK ? note_told(ctx, news) : rc;
    if (rc == GX_OK && news->heard_count > 0) {
        rc = note_heard(ctx, news->heard, news->heard_count, ret_ended, ret_ended_count);
    }
    const struct gx_param params[] = {gx_int(ctx, limit)};
    const struct gx_rows *rows = NULL;
    rc = rc == GX_OK ? gx_sql(ctx, &SILENT, params, &rows) : rc;
    return rc == GX_OK ? read_silences(ctx, rows, false, ret_silent, ret_silent_count) : rc;
}
