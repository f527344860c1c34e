/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tx.h"

#include "base/log.h"
#include "store/tx_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct gx_pg_stmt BEGIN_WRITE = {"gx_begin", "BEGIN", 0, GX_PG_NONE, false};
static const struct gx_pg_stmt BEGIN_READ = {"gx_begin_read", "BEGIN READ ONLY", 0, GX_PG_NONE,
                                             false};
static const struct gx_pg_stmt COMMIT = {"gx_commit", "COMMIT", 0, GX_PG_NONE, true};
static const struct gx_pg_stmt ROLLBACK = {"gx_rollback", "ROLLBACK", 0, GX_PG_NONE, false};
/* The actor for row-level security (see schema/0001_base.sql), for this transaction only; and the database's clock. */
static const struct gx_pg_stmt ACTOR = {
    .name = "gx_actor",
    .sql = "SELECT genxi.now_ms(), set_config('genxi.roles', $1, true), "
           "set_config('genxi.subject', $2, true),"
           " set_config('genxi.org', $3, true), set_config('genxi.responder', $4, true),"
           " set_config('genxi.areas', $5, true)",
    .params = 5,
    .shape = GX_PG_ONE_ROW,
};
static const struct gx_pg_stmt CURSOR_MOVE = {
    .name = "gx_cursor_move",
    .sql = "SELECT journal.move($1, $2, $3, $4)",
    .params = 4,
    .shape = GX_PG_NONE,
    .writes = true,
};

/* Kept by the order of the log, not by a wait: whatever commits later and does wait takes it along to the disk. */
static const struct gx_pg_stmt LAZY = {
    .name = "gx_lazy",
    .sql = "SET LOCAL synchronous_commit TO off",
    .shape = GX_PG_NONE,
    .writes = false,
};

struct gx_tx *gx_tx_new(struct gx_pg *pg, const struct gx_store *store)
{
    struct gx_tx *tx = calloc(1, sizeof *tx);
    if (tx == NULL) {
        abort();
    }
    tx->pg = pg;
    tx->store = store;
    return tx;
}

void gx_tx_free(struct gx_tx *tx)
{
    free(tx);
}

void gx_tx_begin(struct gx_tx *tx, struct gx_ctx *ctx, const struct gx_tx_plan *plan)
{
    struct gx_pg *pg = tx->pg;
    const struct gx_store *store = tx->store;
    *tx = (struct gx_tx){.pg = pg, .store = store, .ctx = ctx, .plan = *plan};
    ctx->tx = tx;
}

/* --- failures --- */

static enum gx_rc give_up(struct gx_tx *tx, enum gx_rc rc)
{
    if (tx->failed == GX_OK) {
        tx->failed = rc;
    }
    return rc;
}

/* The server said good-bye: that says nothing about a COMMIT under way. */
static bool is_departure(const char *sqlstate)
{
    return strncmp(sqlstate, "57P0", 4) == 0 || strncmp(sqlstate, "08", 2) == 0;
}

/* An error of a statement before the COMMIT (or of the COMMIT itself): surely nothing was written. */
static bool is_definite(const char *sqlstate)
{
    return sqlstate[0] != '\0' && !is_departure(sqlstate);
}

enum gx_rc gx_tx_note(struct gx_tx *tx)
{
    struct gx_pg_error *error = &tx->pg->error;
    if (tx->commit_sent && (error->lost || is_departure(error->sqlstate)) &&
        !is_definite(error->sqlstate)) {
        error->rc = GX_UNCERTAIN;
        error->again = false;
    }
    tx->again = error->again;
    tx->lease_lost = error->lost || strcmp(error->sqlstate, "GX001") == 0;
    tx->unique = strcmp(error->sqlstate, "23505") == 0;
    if (tx->plan.key != NULL && strcmp(error->constraint, "gx_idempotency") == 0) {
        tx->again = true; /* the same key was committed meanwhile: the next run finds it */
    }
    return give_up(tx, gx_pg_fault(tx->pg, tx->ctx));
}

static enum gx_rc check_arena(struct gx_tx *tx)
{
    if (!tx->ctx->arena.spent) {
        return GX_OK;
    }
    gx_log(tx->ctx, GX_ERROR, "arena-spent", "more than %zu bytes for one request",
           tx->ctx->arena.limit_bytes);
    return give_up(tx, gx_fail(tx->ctx, GX_P_INTERNAL, "", "memory limit"));
}

/* --- begin --- */

static enum gx_rc queue_key_find(struct gx_tx *tx)
{
    const struct gx_param params[] = {gx_text(tx->ctx->actor.subject), gx_text(tx->plan.key)};
    return gx_pg_queue(tx->pg, &tx->store->stmts[GX_SQL_KEY_FIND], params, &tx->key_row);
}

enum gx_rc gx_tx_open(struct gx_tx *tx)
{
    if (tx->failed != GX_OK || tx->open) {
        return tx->failed;
    }
    tx->pg->error = (struct gx_pg_error){.rc = GX_OK};
    gx_pg_probe(tx->pg);
    if (gx_pg_ensure(tx->pg) != GX_OK) {
        tx->lease_lost = true;
        return give_up(tx, gx_fail(tx->ctx, GX_P_UNAVAILABLE, "", "postgres"));
    }
    const struct gx_actor *actor = &tx->ctx->actor;
    const struct gx_param params[] = {gx_int(tx->ctx, actor->roles), gx_text(actor->subject),
                                      gx_text(actor->org), gx_text(actor->responder_id),
                                      gx_int_array(tx->ctx, actor->areas, actor->area_count)};
    if (check_arena(tx) != GX_OK) {
        return tx->failed;
    }
    tx->open = true;
    const struct gx_pg_stmt *begin = tx->plan.read_only ? &BEGIN_READ : &BEGIN_WRITE;
    if (gx_pg_queue(tx->pg, begin, NULL, NULL) != GX_OK ||
        gx_pg_queue(tx->pg, &ACTOR, params, &tx->begun) != GX_OK ||
        (tx->plan.key != NULL && queue_key_find(tx) != GX_OK)) {
        return gx_tx_note(tx);
    }
    return GX_OK;
}

/* The key's row came with the first flush: was this very command answered before? */
static enum gx_rc look_at_key(struct gx_tx *tx)
{
    if (tx->key_row == NULL || PQntuples(tx->key_row) == 0) {
        return GX_OK;
    }
    struct gx_rows row = {.result = tx->key_row};
    struct gx_view digest = gx_rows_bytes(tx->ctx, &row, 0, 0);
    if (digest.size != GX_DIGEST_SIZE ||
        memcmp(digest.data, tx->plan.digest, GX_DIGEST_SIZE) != 0) {
        return give_up(tx, gx_fail(tx->ctx, GX_P_IDEMPOTENCY_REUSE, "", "%s", tx->plan.key));
    }
    tx->stored = gx_rows_bytes(tx->ctx, &row, 0, 1);
    if (check_arena(tx) == GX_OK) {
        tx->replay = true;
        return give_up(tx, GX_CONFLICT);
    }
    return tx->failed;
}

/* Sends and waits; learns the clock and the key's fate. */
static enum gx_rc flush(struct gx_tx *tx)
{
    if (gx_pg_flush(tx->pg, tx->ctx) != GX_OK) {
        return gx_tx_note(tx);
    }
    if (tx->now_ms == 0 && tx->begun != NULL && PQntuples(tx->begun) == 1) {
        tx->now_ms = strtoll(PQgetvalue(tx->begun, 0, 0), NULL, 10);
        return look_at_key(tx);
    }
    return GX_OK;
}

enum gx_rc gx_tx_touch(struct gx_tx *tx)
{
    if (gx_tx_open(tx) != GX_OK || tx->now_ms != 0) {
        return tx->failed;
    }
    return flush(tx);
}

/* --- what handlers call --- */

enum gx_rc gx_sql_later(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                        const struct gx_param *params)
{
    struct gx_tx *tx = ctx->tx;
    if (check_arena(tx) != GX_OK || gx_tx_open(tx) != GX_OK) {
        return tx->failed;
    }
    return gx_pg_queue(tx->pg, stmt, params, NULL) == GX_OK ? GX_OK : gx_tx_note(tx);
}

enum gx_rc gx_sql(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt, const struct gx_param *params,
                  const struct gx_rows **ret_rows)
{
    struct gx_tx *tx = ctx->tx;
    if (check_arena(tx) != GX_OK || gx_tx_open(tx) != GX_OK) {
        return tx->failed;
    }
    PGresult *result = NULL;
    if (gx_pg_queue(tx->pg, stmt, params, &result) != GX_OK) {
        return gx_tx_note(tx);
    }
    if (flush(tx) != GX_OK) {
        PQclear(result);
        return tx->failed;
    }
    struct gx_rows *rows = gx_rows_new(result);
    rows->next = tx->rows;
    tx->rows = rows;
    enum gx_rc rc = gx_pg_check_shape(ctx, stmt, result);
    if (rc != GX_OK) {
        return give_up(tx, rc);
    }
    if (ret_rows != NULL) {
        *ret_rows = rows;
    }
    return GX_OK;
}

void gx_tx_lazy(struct gx_ctx *ctx)
{
    ctx->tx->plan.lazy = true;
}

int64_t gx_tx_now_ms(struct gx_ctx *ctx)
{
    /* A failure is kept in the transaction: it surfaces with the next statement and at commit. */
    enum gx_rc rc = gx_tx_touch(ctx->tx);
    return rc == GX_OK ? ctx->tx->now_ms : 0;
}

/* --- end --- */

void gx_tx_abort(struct gx_tx *tx)
{
    if (tx->open && gx_pg_healthy(tx->pg)) {
        gx_pg_end_quietly(tx->pg, &ROLLBACK);
    }
    tx->open = false;
}

static enum gx_rc queue_end(struct gx_tx *tx, struct gx_view reply, struct gx_append **ret_appends,
                            size_t *ret_count)
{
    const struct gx_tx_plan *plan = &tx->plan;
    if (plan->key != NULL) {
        const struct gx_param params[] = {gx_text(tx->ctx->actor.subject), gx_text(plan->key),
                                          gx_bytes((struct gx_view){plan->digest, GX_DIGEST_SIZE}),
                                          gx_bytes(reply)};
        const struct gx_pg_stmt *put = &tx->store->stmts[GX_SQL_KEY_PUT];
        if (gx_pg_queue(tx->pg, put, params, NULL) != GX_OK) {
            return gx_tx_note(tx);
        }
    }
    if (plan->moves_cursor) {
        const struct gx_param params[] = {gx_text(tx->store->service), gx_int(tx->ctx, plan->area),
                                          gx_int(tx->ctx, plan->from), gx_int(tx->ctx, plan->to)};
        if (check_arena(tx) != GX_OK) {
            return tx->failed;
        }
        if (gx_pg_queue(tx->pg, &CURSOR_MOVE, params, NULL) != GX_OK) {
            return gx_tx_note(tx);
        }
    }
    if (plan->lazy && tx->events.count == 0) {
        return gx_pg_queue(tx->pg, &LAZY, NULL, NULL) == GX_OK ? GX_OK : gx_tx_note(tx);
    }
    return gx_journal_queue(tx, ret_appends, ret_count);
}

static enum gx_rc commit_and_wait(struct gx_tx *tx)
{
    PGresult *result = NULL;
    if (gx_pg_queue(tx->pg, &COMMIT, NULL, &result) != GX_OK) {
        return gx_tx_note(tx);
    }
    tx->commit_sent = true;
    enum gx_rc rc = gx_pg_flush(tx->pg, tx->ctx);
    bool committed = result != NULL && strcmp(PQcmdStatus(result), "COMMIT") == 0;
    if (tx->now_ms == 0 && tx->begun != NULL) {
        tx->now_ms = strtoll(PQgetvalue(tx->begun, 0, 0), NULL, 10);
    }
    if (committed) {
        rc = GX_OK; /* whatever became of the connection after it */
        tx->open = false;
    } else if (rc != GX_OK) {
        rc = gx_tx_note(tx);
    } else {
        gx_log(tx->ctx, GX_ERROR, "commit-refused", "COMMIT rolled the transaction back");
        rc = give_up(tx, gx_fail(tx->ctx, GX_P_INTERNAL, "", "commit"));
    }
    PQclear(result);
    return rc;
}

enum gx_rc gx_tx_commit(struct gx_tx *tx, struct gx_view reply)
{
    const struct gx_tx_plan *plan = &tx->plan;
    if (tx->failed != GX_OK || check_arena(tx) != GX_OK) {
        return tx->failed;
    }
    bool anything = tx->open || plan->key != NULL || plan->moves_cursor || tx->events.count > 0;
    if (!anything) {
        return GX_OK;
    }
    if (plan->read_only && tx->events.count == 0) {
        if (tx->open && gx_pg_healthy(tx->pg)) {
            gx_pg_end_quietly(tx->pg, &COMMIT);
        }
        tx->open = false;
        return GX_OK;
    }
    struct gx_append *appends = NULL;
    size_t count = 0;
    if (gx_tx_open(tx) == GX_OK && queue_end(tx, reply, &appends, &count) == GX_OK &&
        commit_and_wait(tx) == GX_OK) {
        gx_journal_number(tx, appends, count);
    }
    for (size_t i = 0; i < count; i++) {
        PQclear(appends[i].result);
    }
    return tx->failed;
}

void gx_tx_end(struct gx_tx *tx)
{
    while (tx->rows != NULL) {
        struct gx_rows *next = tx->rows->next;
        gx_rows_free(tx->rows);
        tx->rows = next;
    }
    PQclear(tx->begun);
    PQclear(tx->key_row);
    tx->begun = NULL;
    tx->key_row = NULL;
    if (tx->ctx != NULL) {
        tx->ctx->tx = NULL;
    }
}

bool gx_tx_again(const struct gx_tx *tx)
{
    return tx->failed != GX_OK && tx->again;
}

bool gx_tx_unique(const struct gx_tx *tx)
{
    return tx->failed != GX_OK && tx->unique;
}

bool gx_tx_lease_lost(const struct gx_tx *tx)
{
    return tx->failed != GX_OK && tx->lease_lost;
}

bool gx_tx_replay(const struct gx_tx *tx, struct gx_view *ret_reply)
{
    if (tx->replay) {
        *ret_reply = tx->stored;
    }
    return tx->replay;
}

bool gx_tx_set_timers(const struct gx_tx *tx)
{
    return tx->timers_set;
}
