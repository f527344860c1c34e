/* SPDX-License-Identifier: Apache-2.0 */
#include "store_device.h"

#include "store/tx.h"
#include "wire/pb.h"

#define DEVICE_COLUMNS                                                                             \
    "d.id, d.kind, d.code, d.org_id, d.area, d.site_id, d.responder_id, d.datum, "                 \
    "d.supervision_seconds, d.active, d.secret, d.name FROM readiness.device d "

static const struct gx_pg_stmt DEVICE_LIST = {
    .name = "readiness_device_list",
    .sql = "SELECT " DEVICE_COLUMNS
           "WHERE ($1::int IS NULL OR d.area = $1) AND ($2::uuid IS NULL OR d.org_id = $2) "
           "AND ($3::smallint IS NULL OR d.kind = $3) AND ($4::text IS NULL OR d.code = $4) "
           "AND ($5::uuid IS NULL OR d.site_id = $5) AND ($6::uuid IS NULL OR d.id = $6) "
           "AND ($7::uuid IS NULL OR d.id > $7) ORDER BY d.id LIMIT $8",
    .params = 8,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt DEVICE_LOCK = {
    .name = "readiness_device_lock",
    .sql = "SELECT " DEVICE_COLUMNS "WHERE d.id = $1::uuid FOR UPDATE",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
};
static const struct gx_pg_stmt DEVICE_PUT = {
    .name = "readiness_device_put",
    .sql = "INSERT INTO readiness.device (id, kind, code, org_id, area, site_id, responder_id, "
           "datum, supervision_seconds, active, secret, name) "
           "VALUES ($1::uuid, $2::smallint, $3, $4::uuid, $5::int, $6::uuid, $7::uuid, "
           "$8::smallint, $9::int, $10::bool, $11, $12) "
           "ON CONFLICT (id) DO UPDATE SET code = excluded.code, area = excluded.area, "
           "site_id = excluded.site_id, responder_id = excluded.responder_id, "
           "datum = excluded.datum, supervision_seconds = excluded.supervision_seconds, "
           "active = excluded.active, secret = excluded.secret, name = excluded.name, "
           "updated_at = genxi.now_ms()",
    .params = 12,
    .shape = GX_PG_NONE,
    .writes = true,
};
static const struct gx_pg_stmt DEVICE_DELETE = {
    .name = "readiness_device_delete",
    .sql = "DELETE FROM readiness.device WHERE id = $1::uuid",
    .params = 1,
    .shape = GX_PG_NONE,
    .writes = true,
};

static enum gx_rc spent(struct gx_ctx *ctx)
{
    return gx_fail(ctx, GX_P_BODY_TOO_LARGE, "", "%zu", ctx->arena.limit_bytes);
}

static char *text_at(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row, int column)
{
    char *text = gx_rows_copy(ctx, rows, row, column);
    return text == NULL ? gx_pb_text("") : text;
}

static Genxi__Device *device_at(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row)
{
    Genxi__Device *device = gx_pb_new(ctx, &genxi__device__descriptor);
    if (device == NULL) {
        return NULL;
    }
    device->id = text_at(ctx, rows, row, 0);
    device->kind = (Genxi__DeviceKind)gx_rows_int(rows, row, 1);
    device->code = text_at(ctx, rows, row, 2);
    device->org_id = text_at(ctx, rows, row, 3);
    device->area = (int32_t)gx_rows_int(rows, row, 4);
    device->site_id = gx_rows_copy(ctx, rows, row, 5);
    device->responder_id = gx_rows_copy(ctx, rows, row, 6);
    device->datum = (Genxi__Datum)gx_rows_int(rows, row, 7);
    device->has_supervision_seconds = !gx_rows_null(rows, row, 8);
    device->supervision_seconds = (uint32_t)gx_rows_int(rows, row, 8);
    device->active = gx_rows_bool(rows, row, 9);
    device->has_secret = !gx_rows_null(rows, row, 10);
    device->name = gx_rows_copy(ctx, rows, row, 11);
    return device;
}

enum gx_rc store_device_list(struct gx_ctx *ctx, const Genxi__DeviceQuery *query, uint32_t limit,
                             Genxi__Device ***ret_items, size_t *ret_count)
{
    const struct gx_param params[] = {
        query->has_area ? gx_int(ctx, query->area) : gx_null(),
        gx_text(query->org_id),
        query->has_kind ? gx_int(ctx, query->kind) : gx_null(),
        gx_text(query->code),
        gx_text(query->site_id),
        gx_text(query->id),
        gx_text(query->cursor),
        gx_int(ctx, (int64_t)limit + 1),
    };
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &DEVICE_LIST, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    Genxi__Device **items = gx_pb_array(ctx, count + 1);
    for (size_t i = 0; i < count && items != NULL; i++) {
        items[i] = device_at(ctx, rows, i);
    }
    if (ctx->arena.spent) {
        return spent(ctx);
    }
    *ret_items = items;
    *ret_count = count;
    return GX_OK;
}

enum gx_rc store_device_lock(struct gx_ctx *ctx, const char *id, struct store_device *ret_device)
{
    const struct gx_param params[] = {gx_text(id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &DEVICE_LOCK, params, &rows);
    if (rc != GX_OK || gx_rows_count(rows) == 0) {
        *ret_device = (struct store_device){.pb = NULL};
        return rc;
    }
    *ret_device = (struct store_device){device_at(ctx, rows, 0), gx_rows_copy(ctx, rows, 0, 10)};
    return ctx->arena.spent ? spent(ctx) : GX_OK;
}

enum gx_rc store_device_put(struct gx_ctx *ctx, const struct store_device *device)
{
    const Genxi__Device *pb = device->pb;
    const struct gx_param params[] = {
        gx_text(pb->id),
        gx_int(ctx, pb->kind),
        gx_text(pb->code),
        gx_text(pb->org_id),
        gx_int(ctx, pb->area),
        gx_text(pb->site_id),
        gx_text(pb->responder_id),
        gx_int(ctx, pb->datum),
        pb->has_supervision_seconds ? gx_int(ctx, pb->supervision_seconds) : gx_null(),
        gx_bool(pb->active),
        gx_text(device->sealed),
        gx_text(pb->name),
    };
    return gx_sql(ctx, &DEVICE_PUT, params, NULL);
}

enum gx_rc store_device_delete(struct gx_ctx *ctx, const char *id)
{
    const struct gx_param params[] = {gx_text(id)};
    return gx_sql(ctx, &DEVICE_DELETE, params, NULL);
}
