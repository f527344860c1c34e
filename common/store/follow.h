/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who follows what: followers alive, leases of areas (session advisory locks: gone with the connection), cursors. For the chassis, and
 * for anybody else who follows the journal with a cursor of his own.
 */
#ifndef GX_STORE_FOLLOW_H
#define GX_STORE_FOLLOW_H

#include "store/pg.h"

/* A follower counts as alive for this long after its last beat. */
enum {
    GX_FOLLOWER_ALIVE_MS = 2500
};

/* "I live"; returns how many followers of the service do (this one included). */
enum gx_rc gx_follow_beat(struct gx_pg *pg, struct gx_ctx *ctx, const char *service, const char *id,
                          int64_t *ret_alive);
enum gx_rc gx_follow_bye(struct gx_pg *pg, struct gx_ctx *ctx, const char *service, const char *id);

/* Tries one lease; false: somebody else has it. */
enum gx_rc gx_lease_take(struct gx_pg *pg, struct gx_ctx *ctx, const char *service, int32_t area,
                         bool *ret_taken);
enum gx_rc gx_lease_give(struct gx_pg *pg, struct gx_ctx *ctx, const char *service, int32_t area);

/* The service's place in the area; made at the area's floor when it has none. */
enum gx_rc gx_cursor_get(struct gx_pg *pg, struct gx_ctx *ctx, const char *service, int32_t area,
                         int64_t *ret_seq);
/* The same for somebody who only looks, while the followers make and move it: the area's floor when there is none yet. */
enum gx_rc gx_cursor_see(struct gx_pg *pg, struct gx_ctx *ctx, const char *service, int32_t area,
                         int64_t *ret_seq);
/* from -> to by itself; CONFLICT when it was not at `from`. */
enum gx_rc gx_cursor_move(struct gx_pg *pg, struct gx_ctx *ctx, const char *service, int32_t area,
                          int64_t from, int64_t to);
/* In a transaction: notes an event that could not be handled. */
enum gx_rc gx_poison_put(struct gx_ctx *ctx, const char *service, int32_t area, int64_t seq,
                         const char *reason);

#endif
