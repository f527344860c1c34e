/* SPDX-License-Identifier: Apache-2.0 */
#include "store_enrolment.h"

#include "store/tx.h"

enum gx_rc gw_store_enrolment_put(struct gx_ctx *ctx, const struct gw_enrolment *enrolment,
                                  struct gx_view token_hash, const char *created_by,
                                  int64_t life_ms, int64_t *ret_expires_at)
{
    static const struct gx_pg_stmt PURGE = {
        .name = "gateway_enrolment_purge",
        .sql = "DELETE FROM gateway.enrolment WHERE device_id = $1::uuid OR expires_at <= "
               "genxi.now_ms()",
        .params = 1,
        .shape = GX_PG_NONE,
        .writes = true,
    };
    static const struct gx_pg_stmt ADD = {
        .name = "gateway_enrolment_add",
        .sql = "INSERT INTO gateway.enrolment (id, device_id, token_hash, code, sealed, base_url, "
               "created_by, expires_at) VALUES ($1::uuid, $2::uuid, $3, $4, $5, $6, $7, "
               "genxi.now_ms() + $8) RETURNING expires_at",
        .params = 8,
        .shape = GX_PG_ONE_ROW,
        .writes = true,
    };
    const struct gx_param device[] = {gx_text(enrolment->device_id)};
    const struct gx_param params[] = {gx_text(enrolment->id),     gx_text(enrolment->device_id),
                                      gx_bytes(token_hash),       gx_text(enrolment->code),
                                      gx_text(enrolment->sealed), gx_text(enrolment->base_url),
                                      gx_text(created_by),        gx_int(ctx, life_ms)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &PURGE, device, NULL);
    rc = rc == GX_OK ? gx_sql(ctx, &ADD, params, &rows) : rc;
    if (rc == GX_OK) {
        *ret_expires_at = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

enum gx_rc gw_store_enrolment_take(struct gx_ctx *ctx, struct gx_view token_hash,
                                   struct gw_enrolment *ret_enrolment)
{
    static const struct gx_pg_stmt TAKE = {
        .name = "gateway_enrolment_take",
        .sql = "DELETE FROM gateway.enrolment WHERE token_hash = $1 AND expires_at > "
               "genxi.now_ms() RETURNING id, device_id, code, sealed, base_url",
        .params = 1,
        .shape = GX_PG_MAYBE_ROW,
        .writes = true,
    };
    const struct gx_param params[] = {gx_bytes(token_hash)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &TAKE, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    if (gx_rows_count(rows) == 0) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/token", "enrolment");
    }
    *ret_enrolment = (struct gw_enrolment){.id = gx_rows_copy(ctx, rows, 0, 0),
                                           .device_id = gx_rows_copy(ctx, rows, 0, 1),
                                           .code = gx_rows_copy(ctx, rows, 0, 2),
                                           .sealed = gx_rows_copy(ctx, rows, 0, 3),
                                           .base_url = gx_rows_copy(ctx, rows, 0, 4)};
    return ctx->arena.spent ? gx_fail(ctx, GX_P_INTERNAL, "", "memory") : GX_OK;
}
