/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transaction that a handler runs in: begun, committed or aborted by the chassis, never by the handler.
 * Pipelined: gx_sql_later() costs no round trip, gx_sql() one for all that waits, the commit one more.
 *
 * Commit = queued writes, idempotency key, follower's cursor, then for each area in rising order the journal append (which takes the
 * area's counter row last), COMMIT. After it the events are published. So order of seq is order of commit and there is no hole.
 */
#ifndef GX_STORE_TX_H
#define GX_STORE_TX_H

#include "base/ctx.h"
#include "envelope.pb-c.h"
#include "store/pg.h"

#include <protobuf-c/protobuf-c.h>

/* Runs now, after all that was queued; rows (may be NULL) live until the transaction ends, nothing to free. */
enum gx_rc gx_sql(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt, const struct gx_param *params,
                  const struct gx_rows **ret_rows);
/* Queues a write whose result is not needed; a failure surfaces at the next gx_sql() or at commit and aborts all. */
enum gx_rc gx_sql_later(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                        const struct gx_param *params);

/* An event to append. Texts and payload are copied or packed before return. */
struct gx_emit {
    int32_t area;
    uint32_t type;       /* GX_E_... */
    const char *subject; /* id of what it is about */
    const ProtobufCMessage *payload;
    const Genxi__Audience *audience; /* NULL: officers of the area only */
    bool exercise;
};
enum gx_rc gx_emit(struct gx_ctx *ctx, const struct gx_emit *emit);

/*
 * A durable timer of the service (table <schema>.timer): at due the chassis calls the service's timer handler of that kind in a transaction
 * that also removes the row. (kind, subject, n) is unique: setting it again moves it. Due times are by the database's clock:
 * after_ms counts from now there.
 */
struct gx_timer {
    const char *kind;
    const char *subject; /* uuid */
    int32_t n;
    int32_t area;
    const char *data; /* small text of the handler's own, or NULL */
    int64_t due_at;   /* when it was due; filled for the handler */
};
enum gx_rc gx_timer_set(struct gx_ctx *ctx, const struct gx_timer *timer, int64_t after_ms);
/* kind NULL: all timers of the subject. */
enum gx_rc gx_timer_cancel(struct gx_ctx *ctx, const char *kind, const char *subject);

/*
 * What this transaction writes will be made again should a crash of the server lose it, for what it was made from goes back with it or
 * stands elsewhere: its commit does not wait for the disk. A follower's or timer's transaction does so by itself. Without effect as soon as
 * the transaction appends an event: what others may have read must stand.
 */
void gx_tx_lazy(struct gx_ctx *ctx);

/* The database's clock as of the transaction's begin, Unix ms: what handlers stamp records with. */
int64_t gx_tx_now_ms(struct gx_ctx *ctx);

#endif
