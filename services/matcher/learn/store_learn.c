/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/store_learn.h"

#include "store/tx.h"

/* One in the whole database: whoever holds it learns. */
static const int64_t LEARN_LOCK = 0x67786f6464732121; /* "gxodds!!" */

static const struct gx_pg_stmt LOCK = {
    .name = "matcher_learn_lock",
    .sql = "SELECT pg_try_advisory_xact_lock($1::bigint)",
    .params = 1,
    .shape = GX_PG_ONE_ROW,
    .writes = false,
};
/* A statement of its own, behind the lock: it must see what the holder before has written. */
static const struct gx_pg_stmt CELLS = {
    .name = "matcher_learn_cells",
    .sql = "SELECT cell, sum FROM matcher.odds ORDER BY cell",
    .params = 0,
    .shape = GX_PG_ROWS,
    .writes = false,
};

enum gx_rc learn_store_begin(struct gx_ctx *ctx, struct odds *odds, bool *ret_held)
{
    const struct gx_param params[] = {gx_int(ctx, LEARN_LOCK)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &LOCK, params, &rows);
    bool held = rc == GX_OK && gx_rows_bool(rows, 0, 0);
    rc = rc == GX_OK ? gx_sql(ctx, &CELLS, NULL, &rows) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct odds_change *cells = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *cells);
    if (cells == NULL) {
        return GX_LIMIT;
    }
    for (size_t row = 0; row < count; row++) {
        int64_t cell = gx_rows_int(rows, row, 0);
        cells[row] = (struct odds_change){
            .cell = cell < 0 || cell > UINT16_MAX ? UINT16_MAX : (uint16_t)cell,
            .sum = gx_rows_real(rows, row, 1),
        };
    }
    *ret_held = held;
    return odds_load(odds, cells, count);
}

static const struct gx_pg_stmt NEXT = {
    .name = "matcher_learn_next",
    .sql =
        "SELECT o.id, o.force, o.state, o.made_at, o.ended_at, o.travel_seconds "
        "FROM matcher.offer o JOIN matcher.incident i ON i.id = o.incident_id AND NOT i.exercise, "
        "matcher.odds_turn t WHERE o.ended_at <> 0 AND (o.ended_at, o.id) > (t.ended_at, "
        "t.offer_id) AND o.ended_at <= $1::bigint AND o.travel_seconds >= 0 "
        "ORDER BY o.ended_at, o.id LIMIT $2::int",
    .params = 2,
    .shape = GX_PG_ROWS,
    .writes = false,
};

enum gx_rc learn_store_next(struct gx_ctx *ctx, int64_t until_at, size_t most,
                            struct learn_offer **ret_offers, size_t *ret_count)
{
    const struct gx_param params[] = {gx_int(ctx, until_at), gx_int(ctx, (int64_t)most)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &NEXT, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct learn_offer *offers = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *offers);
    if (offers == NULL) {
        return GX_LIMIT;
    }
    for (size_t row = 0; row < count; row++) {
        offers[row] = (struct learn_offer){
            .id = gx_rows_text(rows, row, 0),
            .force = (int)gx_rows_int(rows, row, 1),
            .state = (int)gx_rows_int(rows, row, 2),
            .made_at = gx_rows_int(rows, row, 3),
            .ended_at = gx_rows_int(rows, row, 4),
            .travel_seconds = (uint32_t)gx_rows_int(rows, row, 5),
        };
    }
    *ret_offers = offers;
    *ret_count = count;
    return GX_OK;
}

static const struct gx_pg_stmt ADD = {
    .name = "matcher_learn_add",
    .sql = "INSERT INTO matcher.odds AS t (cell, sum) "
           "SELECT * FROM unnest($1::int[], $2::float8[]) "
           "ON CONFLICT (cell) DO UPDATE SET sum = t.sum + excluded.sum",
    .params = 2,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc learn_store_add(struct gx_ctx *ctx, const struct odds_change *changes, size_t count)
{
    int32_t *cells = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *cells);
    const char **sums = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof(char *));
    if (cells == NULL || sums == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        cells[i] = changes[i].cell;
        sums[i] = gx_arena_printf(&ctx->arena, "%.17g", changes[i].sum);
    }
    if (ctx->arena.spent) {
        return GX_LIMIT;
    }
    const struct gx_param params[] = {gx_int_array(ctx, cells, count),
                                      gx_text_array(ctx, sums, count)};
    return gx_sql_later(ctx, &ADD, params);
}

static const struct gx_pg_stmt LEARNED = {
    .name = "matcher_learned",
    .sql = "UPDATE matcher.odds_turn SET ended_at = $1::bigint, offer_id = $2::uuid",
    .params = 2,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc learn_store_learned(struct gx_ctx *ctx, int64_t ended_at, const char *offer_id)
{
    const struct gx_param params[] = {gx_int(ctx, ended_at), gx_text(offer_id)};
    return gx_sql_later(ctx, &LEARNED, params);
}
