/* SPDX-License-Identifier: Apache-2.0 */
/* SQLSTATE and lost connections as results, faults and log lines. */
#include "base/log.h"
#include "store/pg_internal.h"

#include <stdio.h>
#include <string.h>

enum gx_rc gx_pg_rc_of_sqlstate(const char *sqlstate, bool *ret_again)
{
    static const struct {
        const char *prefix;
        enum gx_rc rc;
        bool again;
    } ROWS[] = {
        {"40001", GX_UNAVAILABLE, true}, /* serialization */
        {"40P01", GX_UNAVAILABLE, true}, /* deadlock */
        {"55P03", GX_UNAVAILABLE, true}, /* lock not available */
        {"23505", GX_CONFLICT, false},   /* unique */
        {"23P01", GX_CONFLICT, false},   /* exclusion */
        {"23503", GX_INVALID, false},    /* foreign key */
        {"42501", GX_DENIED, false},     /* privilege, row-level security */
        {"57014", GX_TIMEOUT, false},    /* cancelled */
        {"57P0", GX_UNAVAILABLE, true},  /* shutting down, starting up */
        {"53", GX_UNAVAILABLE, false},   /* disk, memory, connections */
        {"08P01", GX_INTERNAL, false}, /* protocol: a statement given the wrong number of values */
        {"08", GX_UNAVAILABLE, true},  /* connection */
        {"25P03", GX_UNAVAILABLE, true}, /* idle in transaction too long */
    };
    *ret_again = false;
    for (size_t i = 0; i < GX_COUNT_OF(ROWS); i++) {
        if (strncmp(sqlstate, ROWS[i].prefix, strlen(ROWS[i].prefix)) == 0) {
            *ret_again = ROWS[i].again;
            return ROWS[i].rc;
        }
    }
    return GX_INTERNAL;
}

static const char *field(const PGresult *result, int code)
{
    const char *text = PQresultErrorField(result, code);
    return text == NULL ? "" : text;
}

void gx_pg_note_error(struct gx_pg *pg, const char *name, const PGresult *result)
{
    if (pg->error.rc != GX_OK) {
        return;
    }
    const char *sqlstate = field(result, PG_DIAG_SQLSTATE);
    if (sqlstate[0] == '\0') {
        gx_pg_note_lost(pg);
        return;
    }
    pg->error.rc = gx_pg_rc_of_sqlstate(sqlstate, &pg->error.again);
    (void)snprintf(pg->error.sqlstate, sizeof pg->error.sqlstate, "%.5s", sqlstate);
    (void)snprintf(pg->error.constraint, sizeof pg->error.constraint, "%.63s",
                   field(result, PG_DIAG_CONSTRAINT_NAME));
    if (strcmp(sqlstate, "0A000") == 0 &&
        strstr(field(result, PG_DIAG_MESSAGE_PRIMARY), "cached plan") != NULL) {
        /* A migration changed the table under a prepared statement: prepare anew on a new connection. */
        pg->error.rc = GX_UNAVAILABLE;
        pg->error.again = true;
        pg->stale = true;
    }
    if (pg->error.rc == GX_INTERNAL && strncmp(sqlstate, "GX", 2) != 0) {
        /* Messages of class 22 quote the value, which may be personal. */
        bool quotes = strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0;
        gx_log(NULL, GX_ERROR, "sql-failed", "statement %s: %s %s %s%s",
               name == NULL ? "script" : name, sqlstate, pg->error.constraint,
               field(result, PG_DIAG_COLUMN_NAME),
               quotes ? "" : field(result, PG_DIAG_MESSAGE_PRIMARY));
    }
}

void gx_pg_note_lost(struct gx_pg *pg)
{
    pg->stale = true;
    pg->error.lost = true;
    if (pg->error.rc == GX_OK || pg->error.rc == GX_UNAVAILABLE) {
        pg->error.rc = GX_UNAVAILABLE;
        pg->error.again = true;
    }
}

enum gx_rc gx_pg_fault(struct gx_pg *pg, struct gx_ctx *ctx)
{
    const struct gx_pg_error *error = &pg->error;
    switch (error->rc) {
    case GX_OK:
        return GX_OK;
    case GX_CONFLICT:
        return gx_fail(ctx, GX_P_DUPLICATE, "", "%s", error->constraint);
    case GX_INVALID:
        return gx_fail(ctx, GX_P_REFERENCE, "", "%s", error->constraint);
    case GX_DENIED:
        return gx_fail(ctx, GX_P_DENIED, "", "row-level security");
    case GX_UNAVAILABLE:
        return gx_fail(ctx, GX_P_UNAVAILABLE, "", "postgres");
    case GX_TIMEOUT:
        return gx_fail(ctx, GX_P_DEADLINE, "", "postgres");
    case GX_UNCERTAIN:
        return gx_fail(ctx, GX_P_UNCERTAIN, "", "postgres");
    case GX_NOT_FOUND:
    case GX_LIMIT:
    case GX_INTERNAL:
    case GX_RC_COUNT:
        break;
    }
    return gx_fail(ctx, GX_P_INTERNAL, "", "%.32s",
                   ctx->traceparent[0] == '\0' ? "postgres" : ctx->traceparent + 3);
}

enum gx_rc gx_pg_check_shape(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                             const PGresult *result)
{
    int count = PQntuples(result);
    bool fits = true;
    switch (stmt->shape) {
    case GX_PG_NONE:
    case GX_PG_ROWS:
        break;
    case GX_PG_ONE_ROW:
        fits = count == 1;
        break;
    case GX_PG_MAYBE_ROW:
        fits = count <= 1;
        break;
    }
    if (fits) {
        return GX_OK;
    }
    gx_log(ctx, GX_ERROR, "sql-shape", "statement %s gave %d rows", stmt->name, count);
    return gx_fail(ctx, GX_P_INTERNAL, "", "%s", stmt->name);
}
