/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the journal: who missed something reads it here. Events of an area are dense from floor + 1 to seq; those up to floor were purged
 * after their retention.
 */
#ifndef GX_STORE_JOURNAL_H
#define GX_STORE_JOURNAL_H

#include "envelope.pb-c.h"
#include "store/pg.h"

struct gx_journal_head {
    int32_t area;
    int64_t seq;   /* of the newest event */
    int64_t floor; /* the newest that was purged, 0 for none */
};

/* All areas in rising order, into ctx's arena. */
enum gx_rc gx_journal_heads(struct gx_pg *pg, struct gx_ctx *ctx,
                            struct gx_journal_head **ret_heads, size_t *ret_count);
/* Up to `limit` events of the area with seq > after, in order, into ctx's arena. */
enum gx_rc gx_journal_read(struct gx_pg *pg, struct gx_ctx *ctx, int32_t area, int64_t after,
                           int64_t limit, Genxi__Event ***ret_events, size_t *ret_count);
/* Newest seq at or before that time: where a reader that comes by time starts. 0 for none. */
enum gx_rc gx_journal_find(struct gx_pg *pg, struct gx_ctx *ctx, int32_t area, int64_t before_at,
                           int64_t *ret_seq);

#endif
