/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other side of tx.h, for the chassis: begins, commits and aborts transactions, and says whether one may be run again.
 *
 *     gx_tx_begin(tx, ctx, &plan);       queues BEGIN, the actor, the look for the idempotency key; nothing is sent
 *     rc = handler(self, ctx, ...);      the first gx_sql() sends all that in its own round trip
 *     rc = gx_tx_commit(tx, reply);      or gx_tx_abort(tx)
 *     gx_tx_events(tx, &count)           to be published; live in ctx's arena
 *     gx_tx_end(tx)                      frees rows
 */
#ifndef GX_STORE_TX_RUN_H
#define GX_STORE_TX_RUN_H

#include "store/tx.h"

/* A service's statements on its own schema (timers, idempotency), made once. */
struct gx_store;
/* service and schema are kept, not copied. Aborts for a schema name that is not [a-z_]+. */
struct gx_store *gx_store_new(const char *service, const char *schema);
void gx_store_free(struct gx_store *store);
/* Does the server answer, and was it migrated? */
enum gx_rc gx_store_alive(struct gx_pg *pg, struct gx_ctx *ctx);

enum {
    GX_DIGEST_SIZE = 32
};

struct gx_tx_plan {
    bool read_only;
    /* A command with an idempotency key: its digest is gx_command_digest(). */
    const char *key;
    const uint8_t *digest;
    /* A follower's event: the cursor of the service moves from -> to in this transaction. */
    bool moves_cursor;
    int32_t area;
    int64_t from;
    int64_t to;
    bool lazy; /* gx_tx_lazy() from the start */
};

struct gx_tx *gx_tx_new(struct gx_pg *pg, const struct gx_store *store);
void gx_tx_free(struct gx_tx *tx);
/* The plan is copied; its key and digest must live until the end. Sets ctx->tx. */
void gx_tx_begin(struct gx_tx *tx, struct gx_ctx *ctx, const struct gx_tx_plan *plan);
/* Sends what waits and sees whether the key was used before. */
enum gx_rc gx_tx_touch(struct gx_tx *tx);
/* reply: the packed reply to keep under the key. */
enum gx_rc gx_tx_commit(struct gx_tx *tx, struct gx_view reply);
void gx_tx_abort(struct gx_tx *tx);
/* Frees rows; ctx->tx becomes NULL. */
void gx_tx_end(struct gx_tx *tx);

/* After a failure: may the whole transaction run again from the start? */
bool gx_tx_again(const struct gx_tx *tx);
/* After a failure: another transaction wrote the same unique value; one repetition would see it. */
bool gx_tx_unique(const struct gx_tx *tx);
/* After a failure: the cursor was not where the plan said, or the connection with its leases is gone. */
bool gx_tx_lease_lost(const struct gx_tx *tx);
/* After a failure: the key was used before by the very same command. reply: what was answered (in ctx's arena). */
bool gx_tx_replay(const struct gx_tx *tx, struct gx_view *ret_reply);

/* Events of the transaction with their seq, in order of gx_emit(); passing ones have seq 0. */
Genxi__Event **gx_tx_events(const struct gx_tx *tx, size_t *ret_count);
Genxi__Event **gx_tx_passing(const struct gx_tx *tx, size_t *ret_count);
/* Notes an event that is published after the commit but not kept (seq 0). */
enum gx_rc gx_tx_pass(struct gx_ctx *ctx, const struct gx_emit *emit);
/* Did it set a timer? */
bool gx_tx_set_timers(const struct gx_tx *tx);

/* SHA-256 over the command's number (4 bytes, big endian) and its packed body. */
void gx_command_digest(uint32_t number, struct gx_view body, uint8_t digest[GX_DIGEST_SIZE]);

/* --- Timers, for the chassis --- */

/* Takes the next due timer out of the table, in the running transaction; false: none. */
enum gx_rc gx_timer_take(struct gx_ctx *ctx, bool *ret_found, struct gx_timer *ret_timer,
                         int *ret_tries);
/* Outside a transaction: ms until the next one is to be tried, at most most_ms. */
enum gx_rc gx_timer_next(const struct gx_store *store, struct gx_pg *pg, struct gx_ctx *ctx,
                         int64_t most_ms, int64_t *ret_in_ms);
/* Outside a transaction, after a failed try: to be tried again after after_ms. */
enum gx_rc gx_timer_postpone(const struct gx_store *store, struct gx_pg *pg, struct gx_ctx *ctx,
                             const struct gx_timer *timer, int64_t after_ms);
/* Outside a transaction: moves it to <schema>.timer_dead. */
enum gx_rc gx_timer_bury(const struct gx_store *store, struct gx_pg *pg, struct gx_ctx *ctx,
                         const struct gx_timer *timer, const char *reason);
/* Outside a transaction: timers of that kind overdue by more than tolerance_ms. */
enum gx_rc gx_timer_overdue(const struct gx_store *store, struct gx_pg *pg, struct gx_ctx *ctx,
                            const char *kind, int64_t tolerance_ms, int64_t *ret_count);
/* Outside a transaction: removes idempotency keys older than that; returns how many. */
enum gx_rc gx_idempotency_purge(const struct gx_store *store, struct gx_pg *pg, struct gx_ctx *ctx,
                                int64_t older_than_ms, size_t *ret_count);

#endif
