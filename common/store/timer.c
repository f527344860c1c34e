/* SPDX-License-Identifier: Apache-2.0 */
/* Durable timers: rows of <schema>.timer. Taking one removes it in the transaction of its effect. */
#include "store/tx_internal.h"

enum gx_rc gx_timer_set(struct gx_ctx *ctx, const struct gx_timer *timer, int64_t after_ms)
{
    const struct gx_param params[] = {gx_text(timer->kind),  gx_text(timer->subject),
                                      gx_int(ctx, timer->n), gx_int(ctx, timer->area),
                                      gx_text(timer->data),  gx_int(ctx, after_ms)};
    ctx->tx->timers_set = true;
    return gx_sql_later(ctx, &ctx->tx->store->stmts[GX_SQL_TIMER_SET], params);
}

enum gx_rc gx_timer_cancel(struct gx_ctx *ctx, const char *kind, const char *subject)
{
    const struct gx_param params[] = {gx_text(subject), gx_text(kind)};
    return gx_sql_later(ctx, &ctx->tx->store->stmts[GX_SQL_TIMER_CANCEL], params);
}

enum gx_rc gx_timer_take(struct gx_ctx *ctx, bool *ret_found, struct gx_timer *ret_timer,
                         int *ret_tries)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &ctx->tx->store->stmts[GX_SQL_TIMER_TAKE], NULL, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    *ret_found = gx_rows_count(rows) == 1;
    if (*ret_found) {
        *ret_timer = (struct gx_timer){
            .kind = gx_rows_copy(ctx, rows, 0, 0),
            .subject = gx_rows_copy(ctx, rows, 0, 1),
            .n = (int32_t)gx_rows_int(rows, 0, 2),
            .area = (int32_t)gx_rows_int(rows, 0, 3),
            .data = gx_rows_copy(ctx, rows, 0, 4),
            .due_at = gx_rows_int(rows, 0, 5),
        };
        *ret_tries = (int)gx_rows_int(rows, 0, 6);
    }
    return GX_OK;
}

enum gx_rc gx_timer_next(const struct gx_store *store, struct gx_pg *pg, struct gx_ctx *ctx,
                         int64_t most_ms, int64_t *ret_in_ms)
{
    const struct gx_param params[] = {gx_int(ctx, most_ms)};
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_pg_run(pg, ctx, &store->stmts[GX_SQL_TIMER_NEXT], params, &rows);
    if (rc == GX_OK) {
        *ret_in_ms = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

enum gx_rc gx_timer_postpone(const struct gx_store *store, struct gx_pg *pg, struct gx_ctx *ctx,
                             const struct gx_timer *timer, int64_t after_ms)
{
    const struct gx_param params[] = {gx_text(timer->kind), gx_text(timer->subject),
                                      gx_int(ctx, timer->n), gx_int(ctx, after_ms),
                                      gx_int(ctx, timer->due_at)};
    return gx_pg_run(pg, ctx, &store->stmts[GX_SQL_TIMER_POSTPONE], params, NULL);
}

enum gx_rc gx_timer_bury(const struct gx_store *store, struct gx_pg *pg, struct gx_ctx *ctx,
                         const struct gx_timer *timer, const char *reason)
{
    const struct gx_param params[] = {gx_text(timer->kind), gx_text(timer->subject),
                                      gx_int(ctx, timer->n), gx_int(ctx, timer->due_at),
                                      gx_text(reason)};
    return gx_pg_run(pg, ctx, &store->stmts[GX_SQL_TIMER_BURY], params, NULL);
}

enum gx_rc gx_timer_overdue(const struct gx_store *store, struct gx_pg *pg, struct gx_ctx *ctx,
                            const char *kind, int64_t tolerance_ms, int64_t *ret_count)
{
    const struct gx_param params[] = {gx_text(kind), gx_int(ctx, tolerance_ms)};
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_pg_run(pg, ctx, &store->stmts[GX_SQL_TIMER_OVERDUE], params, &rows);
    if (rc == GX_OK) {
        *ret_count = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

enum gx_rc gx_idempotency_purge(const struct gx_store *store, struct gx_pg *pg, struct gx_ctx *ctx,
                                int64_t older_than_ms, size_t *ret_count)
{
    const struct gx_param params[] = {gx_int(ctx, older_than_ms)};
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_pg_run(pg, ctx, &store->stmts[GX_SQL_KEY_PURGE], params, &rows);
    if (rc == GX_OK) {
        *ret_count = gx_rows_affected(rows);
    }
    return rc;
}
