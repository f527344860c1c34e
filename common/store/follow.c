/* SPDX-License-Identifier: Apache-2.0 */
#include "store/follow.h"

#include "store/tx.h"

/* Beats and the count of the living in one statement; rows of the long dead go with it. */
static const struct gx_pg_stmt BEAT = {
    .name = "gx_follow_beat",
    .sql = "WITH lazy AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),"
           " beat AS (INSERT INTO journal.follower (service, id, seen_at)"
           " SELECT $1, $2, clock_timestamp() FROM lazy"
           " ON CONFLICT (service, id) DO UPDATE SET seen_at = excluded.seen_at),"
           " gone AS (DELETE FROM journal.follower WHERE service = $1 AND seen_at < now() - "
           "interval '1 minute')"
           " SELECT 1 + count(*) FROM journal.follower WHERE service = $1 AND id <> $2"
           " AND seen_at > now() - $3::bigint * interval '1 millisecond'",
    .params = 3,
    .shape = GX_PG_ONE_ROW,
    .writes = false, /* repeated each second: its loss is no uncertainty */
};
static const struct gx_pg_stmt BYE = {
    .name = "gx_follow_bye",
    .sql = "DELETE FROM journal.follower WHERE service = $1 AND id = $2",
    .params = 2,
    .shape = GX_PG_NONE,
    .writes = false,
};
static const struct gx_pg_stmt LEASE_TAKE = {
    .name = "gx_lease_take",
    .sql = "SELECT pg_try_advisory_lock(hashtext('genxi.follow.' || $1), $2)",
    .params = 2,
    .shape = GX_PG_ONE_ROW,
};
static const struct gx_pg_stmt LEASE_GIVE = {
    .name = "gx_lease_give",
    .sql = "SELECT pg_advisory_unlock(hashtext('genxi.follow.' || $1), $2)",
    .params = 2,
    .shape = GX_PG_ONE_ROW,
};
/* ON CONFLICT DO NOTHING gives no row for one that exists, hence the second branch. */
static const struct gx_pg_stmt CURSOR_GET = {
    .name = "gx_cursor_get",
    .sql = "WITH made AS (INSERT INTO journal.cursor (service, area, seq)"
           " SELECT $1, $2, coalesce((SELECT floor FROM journal.counter WHERE area = $2), 0)"
           " ON CONFLICT (service, area) DO NOTHING RETURNING seq)"
           " SELECT seq FROM made UNION ALL SELECT seq FROM journal.cursor WHERE service = $1 AND "
           "area = $2 LIMIT 1",
    .params = 2,
    .shape = GX_PG_ONE_ROW,
    .writes = false,
};
static const struct gx_pg_stmt CURSOR_SEE = {
    .name = "gx_cursor_see",
    .sql = "SELECT coalesce((SELECT seq FROM journal.cursor WHERE service = $1 AND area = $2),"
           " (SELECT floor FROM journal.counter WHERE area = $2), 0)",
    .params = 2,
    .shape = GX_PG_ONE_ROW,
    .writes = false,
};
static const struct gx_pg_stmt CURSOR_MOVE = {
    .name = "gx_cursor_move_alone",
    /* Passed over without effect: an older place after a crash costs a second look, so nobody waits for the disk. */
    .sql = "UPDATE journal.cursor SET seq = $4 FROM (SELECT set_config('synchronous_commit', "
           "'off', true)) AS lazy"
           " WHERE service = $1 AND area = $2 AND seq = $3",
    .params = 4,
    .shape = GX_PG_NONE,
    .writes = true,
};
static const struct gx_pg_stmt POISON_PUT = {
    .name = "gx_poison_put",
    .sql = "INSERT INTO journal.poison (service, area, seq, reason, at) VALUES ($1, $2, $3, $4, "
           "genxi.now_ms())"
           " ON CONFLICT DO NOTHING",
    .params = 4,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc gx_follow_beat(struct gx_pg *pg, struct gx_ctx *ctx, const char *service, const char *id,
                          int64_t *ret_alive)
{
    const struct gx_param params[] = {gx_text(service), gx_text(id),
                                      gx_int(ctx, GX_FOLLOWER_ALIVE_MS)};
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_pg_run(pg, ctx, &BEAT, params, &rows);
    if (rc == GX_OK) {
        *ret_alive = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

enum gx_rc gx_follow_bye(struct gx_pg *pg, struct gx_ctx *ctx, const char *service, const char *id)
{
    const struct gx_param params[] = {gx_text(service), gx_text(id)};
    return gx_pg_run(pg, ctx, &BYE, params, NULL);
}

static enum gx_rc run_lease(struct gx_pg *pg, struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                            const char *service, int32_t area, bool *ret_yes)
{
    const struct gx_param params[] = {gx_text(service), gx_int(ctx, area)};
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_pg_run(pg, ctx, stmt, params, &rows);
    if (rc == GX_OK) {
        *ret_yes = gx_rows_bool(rows, 0, 0);
    }
    return rc;
}

enum gx_rc gx_lease_take(struct gx_pg *pg, struct gx_ctx *ctx, const char *service, int32_t area,
                         bool *ret_taken)
{
    return run_lease(pg, ctx, &LEASE_TAKE, service, area, ret_taken);
}

enum gx_rc gx_lease_give(struct gx_pg *pg, struct gx_ctx *ctx, const char *service, int32_t area)
{
    bool was_held = false;
    return run_lease(pg, ctx, &LEASE_GIVE, service, area, &was_held);
}

static enum gx_rc read_cursor(struct gx_pg *pg, struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                              const char *service, int32_t area, int64_t *ret_seq)
{
    const struct gx_param params[] = {gx_text(service), gx_int(ctx, area)};
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_pg_run(pg, ctx, stmt, params, &rows);
    if (rc == GX_OK) {
        *ret_seq = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

enum gx_rc gx_cursor_get(struct gx_pg *pg, struct gx_ctx *ctx, const char *service, int32_t area,
                         int64_t *ret_seq)
{
    return read_cursor(pg, ctx, &CURSOR_GET, service, area, ret_seq);
}

enum gx_rc gx_cursor_see(struct gx_pg *pg, struct gx_ctx *ctx, const char *service, int32_t area,
                         int64_t *ret_seq)
{
    return read_cursor(pg, ctx, &CURSOR_SEE, service, area, ret_seq);
}

enum gx_rc gx_cursor_move(struct gx_pg *pg, struct gx_ctx *ctx, const char *service, int32_t area,
                          int64_t from, int64_t to)
{
    const struct gx_param params[] = {gx_text(service), gx_int(ctx, area), gx_int(ctx, from),
                                      gx_int(ctx, to)};
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_pg_run(pg, ctx, &CURSOR_MOVE, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    return gx_rows_affected(rows) == 1 ? GX_OK : gx_fail(ctx, GX_P_STATE, "", "cursor");
}

enum gx_rc gx_poison_put(struct gx_ctx *ctx, const char *service, int32_t area, int64_t seq,
                         const char *reason)
{
    const struct gx_param params[] = {gx_text(service), gx_int(ctx, area), gx_int(ctx, seq),
                                      gx_text(reason)};
    return gx_sql_later(ctx, &POISON_PUT, params);
}
