/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of common/store: a connection that is always in pipeline mode. What was queued has one entry in `expects`, in order; a flush adds
 * a sync point, sends, and reads all results up to it. Results of entries without a slot are dropped after their status was looked at.
 */
#ifndef GX_STORE_PG_INTERNAL_H
#define GX_STORE_PG_INTERNAL_H

#include "store/pg.h"

#include <libpq-fe.h>

enum {
    GX_PG_PARAMS_MAX = 48
};

enum gx_expect_kind {
    GX_EXPECT_PREPARE,
    GX_EXPECT_STMT,
    GX_EXPECT_SYNC,
};

struct gx_expect {
    enum gx_expect_kind kind;
    const char *name; /* of the statement */
    PGresult **slot;  /* where the result goes, or NULL */
    bool quiet;       /* nobody waits for its outcome */
    bool seen;        /* its result came; the end mark is still to come */
};

/* The first failure of a flush. */
struct gx_pg_error {
    enum gx_rc rc;
    bool lost;  /* the connection broke */
    bool again; /* the whole transaction may succeed when repeated */
    char sqlstate[6];
    char constraint[64];
};

/* A statement that this connection knows. Its texts live as long as the process (they are the program's own). */
struct gx_prepared {
    const char *name;
    const char *sql;
};

struct gx_pg {
    PGconn *conn;
    char *conninfo;
    char *application;
    struct gx_prepared *prepared;
    size_t prepared_count;
    size_t prepared_room;
    struct gx_expect *expects;
    size_t expect_first;
    size_t expect_count;
    size_t expect_room;
    struct gx_pg_error error;
    bool stale; /* must be opened anew before its next use */
    uint64_t epoch;
    int backoff_ms;
    int64_t next_try_us;
};

struct gx_rows {
    PGresult *result;
    struct gx_rows *next; /* of the same transaction */
};

/* Adds a statement (and its preparation if needed). UNAVAILABLE when libpq refuses; nothing is sent yet. */
enum gx_rc gx_pg_queue(struct gx_pg *pg, const struct gx_pg_stmt *stmt,
                       const struct gx_param *params, PGresult **slot);
/* Sends all and waits for all results within ctx's deadline. Returns pg->error.rc; faults are not noted yet. */
enum gx_rc gx_pg_flush(struct gx_pg *pg, struct gx_ctx *ctx);
/* Ends what was begun by a COMMIT or ROLLBACK that nobody waits for; all that is queued becomes quiet, its slots are forgotten. */
void gx_pg_end_quietly(struct gx_pg *pg, const struct gx_pg_stmt *stmt);
/* Looks whether the server has closed the idle connection. */
void gx_pg_probe(struct gx_pg *pg);
/* Notes pg->error as a fault of ctx (and logs what is a defect); returns its result. */
enum gx_rc gx_pg_fault(struct gx_pg *pg, struct gx_ctx *ctx);
/* Does the result have the shape that the statement promises? Logs if not. */
enum gx_rc gx_pg_check_shape(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                             const PGresult *result);

/* SQLSTATE to a result; ret_again: may a repetition of the transaction succeed? */
enum gx_rc gx_pg_rc_of_sqlstate(const char *sqlstate, bool *ret_again);
/* Fills pg->error from a failed result, unless an earlier failure is there. */
void gx_pg_note_error(struct gx_pg *pg, const char *name, const PGresult *result);
void gx_pg_note_lost(struct gx_pg *pg);

struct gx_rows *gx_rows_new(PGresult *result);

#endif
