/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live index in Redis, one handle a thread. Keys:
 *     geo:{<cell>}:<force>  GEO set of responder ids; a cell is a quarter of a degree each way
 * (some 25 km) pos:<responder>       hash: at (device time, ms), lon, lat, key (the GEO set it
 * stands in) seen                  sorted set of responder ids by time of the last fix, for pruning
 * A fix is taken by one script for a whole batch, so order is checked where it is written: whoever
 * sends, the newest wins. Everything here can be thrown away: it refills from the next positions.
 */
#ifndef MATCHER_INDEX_H
#define MATCHER_INDEX_H

#include "base/ctx.h"
#include "base/geo.h"
#include "registry.pb-c.h"

struct gx_redis;
struct index;

struct index_fix {
    const char *responder_id;
    Genxi__Force force;
    struct gx_point place;
    int64_t at;
};

enum index_answer {
    INDEX_TAKEN,
    INDEX_STALE,
    INDEX_JUMP
};
struct index_outcome {
    enum index_answer answer;
    double value; /* STALE: time of the newer fix, ms; JUMP: metres a second */
};

struct index_limits {
    double jump_mps;
    int64_t jump_gap_ms;
};

/* Takes the redis over: freed with the index. */
struct index *index_new(struct gx_redis *redis);
void index_free(struct index *index);
/* Does the server answer? Costs a round trip. */
bool index_alive(struct index *index);

/* One round trip. UNAVAILABLE: nothing is known to be taken. outcomes holds count. */
enum gx_rc index_put(struct index *index, struct gx_ctx *ctx, const struct index_fix *fixes,
                     size_t count, const struct index_limits *limits,
                     struct index_outcome *outcomes);

/* Near a place, one force: at least `want` of the nearest, the radius doubled until there are or
 * radius_max_m. */
struct index_query {
    Genxi__Force force;
    uint32_t want;
    uint32_t count;  /* at most, for each GEO set looked at */
    double radius_m; /* 0: as remembered for this place, or start_m */
    double start_m;
    double radius_max_m;
};
struct index_found {
    const char *responder_id;
    struct gx_point place;
    int64_t at;
    Genxi__Force force;
};
struct index_hits {
    struct index_found *items; /* in the arena */
    size_t count;
    double radius_m[5]; /* by force: how far was looked */
};
/* One round trip for all forces. Remembers the radius that sufficed, for each 2 km square and
 * force. */
enum gx_rc index_near(struct index *index, struct gx_ctx *ctx, struct gx_point place,
                      const struct index_query *queries, size_t query_count,
                      struct index_hits *ret_hits);

/* The last fixes of these responders, one round trip; at 0: none known. found holds count. */
enum gx_rc index_fixes(struct index *index, struct gx_ctx *ctx, const char *const *ids,
                       size_t count, struct index_found *found);
/* Forgets them: off shift nobody is tracked. */
enum gx_rc index_forget(struct index *index, struct gx_ctx *ctx, const char *const *ids,
                        size_t count);
/* Forgets up to 500 whose last fix is older than `before`. */
enum gx_rc index_prune(struct index *index, struct gx_ctx *ctx, int64_t before);

#endif
