/* SPDX-License-Identifier: Apache-2.0 */
/* All SQL of coverage: sites with their needs, gaps, moves, turns. In the transaction of ctx; results live as long as it does. */
#ifndef MATCHER_WATCH_STORE_WATCH_H
#define MATCHER_WATCH_STORE_WATCH_H

#include "cover/cover.h"
#include "cover/dwell.h"

#include "base/ctx.h"
#include "registry.pb-c.h"

/* ---- sites ---- */

/* Queues: the needs of a site whose copy is of that event, in place of those before. */
enum gx_rc watch_store_needs_put(struct gx_ctx *ctx, const Genxi__Site *site, int64_t at);
/* Ids of those the actor may see, in order; area 0 and site_id NULL or "": any. */
enum gx_rc watch_store_visible(struct gx_ctx *ctx, int32_t area, const char *site_id,
                               const char ***ret_ids, size_t *ret_count);
/* Those sites, in the order of their ids; all when ids is NULL. Without those of exercise twins. As the system. */
enum gx_rc watch_store_sites(struct gx_ctx *ctx, const char *const *ids, size_t count, int64_t at,
                             struct cover_site **ret_sites, size_t *ret_count);

struct watch_station {
    int32_t area;
    struct gx_point place;
};
enum gx_rc watch_store_stations(struct gx_ctx *ctx, struct watch_station **ret_stations,
                                size_t *ret_count);

/* ---- gaps ---- */

struct watch_gap {
    const char *id;
    const char *site_id;
    const char *partner_id;
    int32_t area;
    int32_t need; /* or COVER_ANY */
    bool ahead;
    struct cover_standing standing;
};
/* That have not ended, raised or not. */
enum gx_rc watch_store_gaps(struct gx_ctx *ctx, struct watch_gap **ret_gaps, size_t *ret_count);
/* Raised ones of now, in the order of their sites and needs, as the actor may see them. */
enum gx_rc watch_store_gaps_visible(struct gx_ctx *ctx, int32_t area, const char *site_id,
                                    struct watch_gap **ret_gaps, size_t *ret_count);
/* As the actor may see it; NULL when not, or when it was never raised. */
enum gx_rc watch_store_gap_find(struct gx_ctx *ctx, const char *id, struct watch_gap **ret_gap);
/* Both queue. */
enum gx_rc watch_store_gap_put(struct gx_ctx *ctx, const struct watch_gap *gap);
enum gx_rc watch_store_gap_forget(struct gx_ctx *ctx, const char *id);
/* Queues: gaps and moves that ended before. */
enum gx_rc watch_store_purge(struct gx_ctx *ctx, int64_t before);

/* ---- moves ---- */

struct watch_move {
    const char *id;
    const char *responder_id;
    const char *org_id;
    int32_t area;
    int32_t home_area;
    const char *site_id;
    const char *gap_id;
    struct gx_point place;
    const char *call_sign;
    int64_t made_at;
    int64_t until_at;
    int64_t ended_at;
    const char *ended_by; /* "": it has not */
    bool tasked;          /* a task of his began since */
};
/* That have not ended, as the actor may see them; area 0: any. */
enum gx_rc watch_store_moves(struct gx_ctx *ctx, int32_t area, struct watch_move **ret_moves,
                             size_t *ret_count);
/* As the actor may see it; NULL when not. */
enum gx_rc watch_store_move_find(struct gx_ctx *ctx, const char *id, struct watch_move **ret_move);
/* *ret_made false: he is moved already. */
enum gx_rc watch_store_move_make(struct gx_ctx *ctx, const struct watch_move *move, bool *ret_made);
/* *ret_ended false: it had ended. */
enum gx_rc watch_store_move_end(struct gx_ctx *ctx, const char *id, int64_t at, const char *by,
                                bool *ret_ended);
/* When his duty ends; INT64_MAX: he is on an open shift beyond its end; 0: he is not on duty. */
enum gx_rc watch_store_duty_end(struct gx_ctx *ctx, const char *responder_id, int64_t *ret_at);

/* ---- turns ---- */

struct watch_due {
    bool held;        /* the turn is ours until the transaction ends */
    int64_t now_at;   /* when the sites were last looked at, */
    int64_t ahead_at; /* and the hours ahead */
};
enum gx_rc watch_store_turn(struct gx_ctx *ctx, struct watch_due *ret_due);
/* Queues. */
enum gx_rc watch_store_turned(struct gx_ctx *ctx, int64_t now_at, int64_t ahead_at);

#endif
