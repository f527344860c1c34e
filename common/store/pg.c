/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pg.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/pg_internal.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
    BACKOFF_FIRST_MS = 50,
    BACKOFF_MOST_MS = 1000,
    WAIT_DEFAULT_MS = 30000, /* without a deadline */
    CANCEL_GRACE_MS = 1000,  /* for the server to admit the cancel */
    NAME_MOST = 64, /* PostgreSQL's NAMEDATALEN: longer names are cut, and then two may be one */
};

static void *must(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

/* --- connection --- */

static void forget_connection(struct gx_pg *pg)
{
    PQfinish(pg->conn);
    pg->conn = NULL;
    pg->prepared_count = 0;
    pg->expect_first = 0;
    pg->expect_count = 0;
    pg->stale = false;
}

static void note_notice(void *arg, const char *message)
{
    (void)arg;
    gx_log(NULL, GX_DEBUG, "postgres-notice", "%s", message);
}

/* Values before dbname are defaults that the connection string may override; those after it may not be. */
static PGconn *connect_now(const struct gx_pg *pg)
{
    const char *const names[] = {"connect_timeout",  "tcp_user_timeout", "dbname",
                                 "application_name", "client_encoding",  NULL};
    const char *const values[] = {"5", "5000", pg->conninfo, pg->application, "UTF8", NULL};
    return PQconnectdbParams(names, values, 1);
}

static bool pin_session(PGconn *conn)
{
    static const char SETUP[] =
        /* Compiling a statement takes seconds on a busy machine, ours take milliseconds; row policies make them look costly. */
        "SET jit = off; SET search_path = pg_catalog; SET timezone = 'UTC'; SET datestyle = 'ISO';"
        " SET bytea_output = 'hex'; SET standard_conforming_strings = on;"
        " SET extra_float_digits = 1";
    PGresult *result = PQexec(conn, SETUP);
    bool pinned = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return pinned && PQenterPipelineMode(conn) == 1 && PQsetnonblocking(conn, 1) == 0;
}

enum gx_rc gx_pg_ensure(struct gx_pg *pg)
{
    if (pg->conn != NULL && !pg->stale && PQstatus(pg->conn) == CONNECTION_OK) {
        return GX_OK;
    }
    forget_connection(pg);
    if (gx_clock_mono_us() < pg->next_try_us) {
        return GX_UNAVAILABLE;
    }
    pg->conn = connect_now(pg);
    if (PQstatus(pg->conn) == CONNECTION_OK && pin_session(pg->conn)) {
        (void)PQsetNoticeProcessor(pg->conn, note_notice, NULL);
        pg->backoff_ms = BACKOFF_FIRST_MS;
        pg->epoch++;
        return GX_OK;
    }
    gx_log(NULL, GX_WARN, "postgres-away", "%s", PQerrorMessage(pg->conn));
    forget_connection(pg);
    pg->next_try_us = gx_clock_mono_us() + (int64_t)pg->backoff_ms * 1000;
    pg->backoff_ms = pg->backoff_ms * 2 > BACKOFF_MOST_MS ? BACKOFF_MOST_MS : pg->backoff_ms * 2;
    return GX_UNAVAILABLE;
}

enum gx_rc gx_pg_open(const char *conninfo, const char *application, struct gx_pg **ret_pg)
{
    struct gx_pg *pg = must(calloc(1, sizeof *pg));
    pg->conninfo = must(strdup(conninfo));
    pg->application = must(strdup(application));
    pg->backoff_ms = BACKOFF_FIRST_MS;
    enum gx_rc rc = gx_pg_ensure(pg);
    if (rc != GX_OK) {
        gx_pg_free(pg);
        return rc;
    }
    *ret_pg = pg;
    return GX_OK;
}

void gx_pg_free(struct gx_pg *pg)
{
    if (pg == NULL) {
        return;
    }
    PQfinish(pg->conn);
    free(pg->conninfo);
    free(pg->application);
    free(pg->prepared);
    free(pg->expects);
    free(pg);
}

bool gx_pg_healthy(const struct gx_pg *pg)
{
    return pg != NULL && pg->conn != NULL && !pg->stale && PQstatus(pg->conn) == CONNECTION_OK;
}

uint64_t gx_pg_epoch(const struct gx_pg *pg)
{
    return pg->epoch;
}

void gx_pg_probe(struct gx_pg *pg)
{
    if (pg->conn != NULL && PQconsumeInput(pg->conn) != 1) {
        pg->stale = true;
    }
}

/* --- queueing --- */

static void push_expect(struct gx_pg *pg, struct gx_expect expect)
{
    if (pg->expect_first > 0 && pg->expect_first == pg->expect_count) {
        pg->expect_first = 0;
        pg->expect_count = 0;
    }
    if (pg->expect_count == pg->expect_room) {
        pg->expect_room = pg->expect_room == 0 ? 32 : pg->expect_room * 2;
        pg->expects = must(realloc(pg->expects, pg->expect_room * sizeof *pg->expects));
    }
    pg->expects[pg->expect_count++] = expect;
}

static bool is_prepared(const struct gx_pg *pg, const struct gx_pg_stmt *stmt)
{
    for (size_t i = 0; i < pg->prepared_count; i++) {
        if (pg->prepared[i].name == stmt->name && pg->prepared[i].sql == stmt->sql) {
            return true;
        }
    }
    for (size_t i = 0; i < pg->prepared_count; i++) {
        if (strcmp(pg->prepared[i].name, stmt->name) == 0) {
            if (strcmp(pg->prepared[i].sql, stmt->sql) != 0) {
                gx_log(NULL, GX_ERROR, "sql-name-twice", "two statements are named %s", stmt->name);
                abort();
            }
            return true;
        }
    }
    return false;
}

static void forget_prepared(struct gx_pg *pg, const char *name)
{
    for (size_t i = 0; i < pg->prepared_count; i++) {
        if (strcmp(pg->prepared[i].name, name) == 0) {
            pg->prepared[i] = pg->prepared[--pg->prepared_count];
            return;
        }
    }
}

static bool queue_prepare(struct gx_pg *pg, const struct gx_pg_stmt *stmt)
{
    if (strlen(stmt->name) >= NAME_MOST) {
        gx_log(NULL, GX_ERROR, "sql-name-long", "the server would cut the name %s", stmt->name);
        abort();
    }
    if (PQsendPrepare(pg->conn, stmt->name, stmt->sql, stmt->params, NULL) != 1) {
        return false;
    }
    if (pg->prepared_count == pg->prepared_room) {
        pg->prepared_room = pg->prepared_room == 0 ? 64 : pg->prepared_room * 2;
        pg->prepared = must(realloc(pg->prepared, pg->prepared_room * sizeof *pg->prepared));
    }
    pg->prepared[pg->prepared_count++] = (struct gx_prepared){stmt->name, stmt->sql};
    push_expect(pg, (struct gx_expect){.kind = GX_EXPECT_PREPARE, .name = stmt->name});
    return true;
}

enum gx_rc gx_pg_queue(struct gx_pg *pg, const struct gx_pg_stmt *stmt,
                       const struct gx_param *params, PGresult **slot)
{
    const char *values[GX_PG_PARAMS_MAX];
    int sizes[GX_PG_PARAMS_MAX];
    int formats[GX_PG_PARAMS_MAX];
    if (stmt->params < 0 || stmt->params > GX_PG_PARAMS_MAX) {
        abort();
    }
    for (int i = 0; i < stmt->params; i++) {
        bool binary = params[i].bytes != NULL;
        values[i] = binary ? (const char *)params[i].bytes : params[i].text;
        sizes[i] = (int)params[i].size;
        formats[i] = binary ? 1 : 0;
    }
    if (pg->conn == NULL || (!is_prepared(pg, stmt) && !queue_prepare(pg, stmt)) ||
        PQsendQueryPrepared(pg->conn, stmt->name, stmt->params, values, sizes, formats, 0) != 1) {
        gx_pg_note_lost(pg);
        return GX_UNAVAILABLE;
    }
    push_expect(pg, (struct gx_expect){.kind = GX_EXPECT_STMT, .name = stmt->name, .slot = slot});
    return GX_OK;
}

static bool add_sync(struct gx_pg *pg)
{
    if (pg->conn == NULL || PQpipelineSync(pg->conn) != 1) {
        return false;
    }
    push_expect(pg, (struct gx_expect){.kind = GX_EXPECT_SYNC});
    return true;
}

static void hush(struct gx_pg *pg)
{
    for (size_t i = pg->expect_first; i < pg->expect_count; i++) {
        pg->expects[i].quiet = true;
        pg->expects[i].slot = NULL;
    }
}

void gx_pg_end_quietly(struct gx_pg *pg, const struct gx_pg_stmt *stmt)
{
    bool waiting = pg->expect_first < pg->expect_count &&
                   pg->expects[pg->expect_count - 1].kind != GX_EXPECT_SYNC;
    /* A failed statement skips all up to the next sync point: the end must stand behind one of its own. */
    if ((waiting && !add_sync(pg)) || gx_pg_queue(pg, stmt, NULL, NULL) != GX_OK || !add_sync(pg)) {
        pg->stale = true;
        return;
    }
    hush(pg);
    (void)PQflush(pg->conn); /* a broken connection shows at the next flush */
}

/* --- reading --- */

static bool is_success(ExecStatusType status)
{
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

static void take_result(struct gx_pg *pg, struct gx_expect *expect, PGresult *result)
{
    expect->seen = true;
    bool good = is_success(PQresultStatus(result));
    if (!good && expect->kind == GX_EXPECT_PREPARE) {
        forget_prepared(pg, expect->name);
    }
    if (!good && !expect->quiet && PQresultStatus(result) != PGRES_PIPELINE_ABORTED) {
        gx_pg_note_error(pg, expect->name, result);
    }
    if (good && expect->slot != NULL) {
        PQclear(*expect->slot);
        *expect->slot = result;
        return;
    }
    PQclear(result);
}

/* Takes what can be taken without blocking. False when the connection is lost. */
static bool take_ready(struct gx_pg *pg)
{
    while (pg->expect_first < pg->expect_count && PQisBusy(pg->conn) == 0) {
        struct gx_expect *expect = &pg->expects[pg->expect_first];
        PGresult *result = PQgetResult(pg->conn);
        if (result == NULL) {
            if (!expect->seen) {
                return false;
            }
            pg->expect_first++;
        } else if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            if (expect->kind != GX_EXPECT_SYNC) {
                return false;
            }
            pg->expect_first++;
        } else {
            take_result(pg, expect, result);
        }
        if (PQstatus(pg->conn) == CONNECTION_BAD) {
            return false;
        }
    }
    return true;
}

/* Waits for the socket. 1: something happened, 0: time is up, -1: lost. */
static int wait_socket(struct gx_pg *pg, int64_t until_us)
{
    int unsent = PQflush(pg->conn);
    if (unsent < 0) {
        return -1;
    }
    int64_t left_us = until_us - gx_clock_mono_us();
    struct pollfd fd = {PQsocket(pg->conn), (short)(POLLIN | (unsent > 0 ? POLLOUT : 0)), 0};
    int ready = poll(&fd, 1, left_us <= 0 ? 0 : (int)(left_us / 1000 + 1));
    if (ready < 0) {
        return 1; /* interrupted: look again */
    }
    if (ready == 0) {
        return left_us <= 0 ? 0 : 1;
    }
    return PQconsumeInput(pg->conn) == 1 ? 1 : -1;
}

static void cancel_running(struct gx_pg *pg)
{
    char message[128];
    PGcancel *cancel = PQgetCancel(pg->conn);
    if (cancel != NULL && PQcancel(cancel, message, sizeof message) != 1) {
        pg->stale = true;
    }
    PQfreeCancel(cancel);
}

/* Reads until all expected results came. False when the connection is lost (or had to be given up). */
static bool read_all(struct gx_pg *pg, int wait_ms)
{
    int64_t until_us = gx_clock_mono_us() + (int64_t)wait_ms * 1000;
    bool cancelled = false;
    for (;;) {
        if (!take_ready(pg)) {
            return false;
        }
        if (pg->expect_first == pg->expect_count) {
            return true;
        }
        int happened = wait_socket(pg, until_us);
        if (happened < 0 || (happened == 0 && cancelled)) {
            return false;
        }
        if (happened == 0) {
            cancel_running(pg);
            cancelled = true;
            until_us = gx_clock_mono_us() + (int64_t)CANCEL_GRACE_MS * 1000;
        }
    }
}

enum gx_rc gx_pg_flush(struct gx_pg *pg, struct gx_ctx *ctx)
{
    if (!add_sync(pg) || !read_all(pg, gx_ctx_left_ms(ctx, WAIT_DEFAULT_MS))) {
        gx_pg_note_lost(pg);
    }
    return pg->error.rc;
}

/* --- one statement by itself --- */

enum gx_rc gx_pg_run(struct gx_pg *pg, struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                     const struct gx_param *params, struct gx_rows **ret_rows)
{
    pg->error = (struct gx_pg_error){.rc = GX_OK};
    gx_pg_probe(pg);
    if (gx_pg_ensure(pg) != GX_OK) {
        return gx_fail(ctx, GX_P_UNAVAILABLE, "", "postgres");
    }
    PGresult *result = NULL;
    enum gx_rc rc = gx_pg_queue(pg, stmt, params, &result);
    if (rc == GX_OK) {
        rc = gx_pg_flush(pg, ctx);
    }
    if (rc != GX_OK) {
        PQclear(result);
        if (pg->error.lost && stmt->writes) {
            return gx_fail(ctx, GX_P_UNCERTAIN, "", "postgres");
        }
        return gx_pg_fault(pg, ctx);
    }
    rc = gx_pg_check_shape(ctx, stmt, result);
    if (rc != GX_OK || ret_rows == NULL) {
        PQclear(result);
        return rc;
    }
    *ret_rows = gx_rows_new(result);
    return GX_OK;
}

static enum gx_rc run_script(struct gx_pg *pg, struct gx_ctx *ctx, const char *sql)
{
    enum gx_rc rc = GX_OK;
    PGresult *result = PQexec(pg->conn, sql);
    if (!is_success(PQresultStatus(result))) {
        gx_log(ctx, GX_ERROR, "sql-script", "%s", PQresultErrorMessage(result));
        gx_pg_note_error(pg, NULL, result);
        rc = gx_pg_fault(pg, ctx);
    }
    PQclear(result);
    return rc;
}

enum gx_rc gx_pg_script(struct gx_pg *pg, struct gx_ctx *ctx, const char *sql)
{
    pg->error = (struct gx_pg_error){.rc = GX_OK};
    if (gx_pg_ensure(pg) != GX_OK) {
        return gx_fail(ctx, GX_P_UNAVAILABLE, "", "postgres");
    }
    /* Several statements in one text go by the simple protocol, which pipeline mode does not have. */
    if (gx_pg_flush(pg, ctx) != GX_OK || PQexitPipelineMode(pg->conn) != 1 ||
        PQsetnonblocking(pg->conn, 0) != 0) {
        pg->stale = true;
        return gx_pg_fault(pg, ctx);
    }
    enum gx_rc rc = run_script(pg, ctx, sql);
    if (PQenterPipelineMode(pg->conn) != 1 || PQsetnonblocking(pg->conn, 1) != 0) {
        pg->stale = true;
    }
    return rc;
}
