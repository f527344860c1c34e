/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of common/store: what a transaction knows. */
#ifndef GX_STORE_TX_INTERNAL_H
#define GX_STORE_TX_INTERNAL_H

#include "store/pg_internal.h"
#include "store/tx_run.h"

enum gx_store_stmt {
    GX_SQL_KEY_FIND,
    GX_SQL_KEY_PUT,
    GX_SQL_KEY_PURGE,
    GX_SQL_TIMER_SET,
    GX_SQL_TIMER_CANCEL,
    GX_SQL_TIMER_TAKE,
    GX_SQL_TIMER_NEXT,
    GX_SQL_TIMER_POSTPONE,
    GX_SQL_TIMER_BURY,
    GX_SQL_TIMER_OVERDUE,
    GX_SQL_COUNT,
};

struct gx_store {
    const char *service;
    const char *schema;
    struct gx_pg_stmt stmts[GX_SQL_COUNT];
    char *texts[GX_SQL_COUNT];
};

/* Events of the transaction; grown in the arena. */
struct gx_event_list {
    Genxi__Event **items;
    size_t count;
    size_t room;
};

struct gx_tx {
    struct gx_pg *pg;
    const struct gx_store *store;
    struct gx_ctx *ctx;
    struct gx_tx_plan plan;
    bool open;        /* BEGIN was queued on the connection */
    bool commit_sent; /* from here on a lost connection means UNCERTAIN */
    bool lease_lost;
    bool again;
    bool unique;
    bool timers_set;
    enum gx_rc failed; /* the first failure: nothing may be done any more */
    int64_t now_ms;    /* 0: not known yet */
    PGresult *begun;   /* row of the actor statement */
    PGresult *key_row; /* row of the idempotency look-up */
    bool replay;
    struct gx_view stored;
    struct gx_rows *rows;
    struct gx_event_list events;
    struct gx_event_list passing;
    Genxi__Event **sorted; /* the events by area, while they are appended */
};

/* Queues BEGIN and the actor if that has not happened; GX_OK or the transaction's failure. */
enum gx_rc gx_tx_open(struct gx_tx *tx);
/* Notes a failure of the connection's last flush. */
enum gx_rc gx_tx_note(struct gx_tx *tx);
/* Journal: queues one append per area in rising order; results arrive in slots (one an event run). */
struct gx_append {
    int32_t area;
    size_t first; /* in tx->events, which is sorted by area then */
    size_t count;
    PGresult *result;
};
enum gx_rc gx_journal_queue(struct gx_tx *tx, struct gx_append **ret_appends, size_t *ret_count);
/* After the commit: gives the events their seq and time. */
void gx_journal_number(struct gx_tx *tx, struct gx_append *appends, size_t count);

#endif
