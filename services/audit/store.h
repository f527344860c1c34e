/* SPDX-License-Identifier: Apache-2.0 */
/* All SQL of audit. Each function runs in the context's transaction; texts and bytes it gives live as long as the context. */
#ifndef AUDIT_STORE_H
#define AUDIT_STORE_H

#include "tree.h"

#include "base/ctx.h"
#include "envelope.pb-c.h"

struct audit_entry {
    uint64_t index;
    int32_t area;
    int64_t seq;
    const char *event_id;
    uint32_t type;
    int64_t at;
    const char *actor;
    const char *subject; /* NULL: none */
    struct gx_view leaf;
    struct gx_view salt;   /* empty when erased */
    struct gx_view record; /* empty when erased */
    bool erased;
};

/* Adds the entry under the next index; an event that is there already changes nothing. Takes the counter row: call it last. */
enum gx_rc audit_store_append(struct gx_ctx *ctx, const struct audit_entry *entry,
                              const Genxi__Event *event);

/* False in ret_held when another process is at it. Held until the transaction ends. */
enum gx_rc audit_store_lock(struct gx_ctx *ctx, bool *ret_held);
/* The index that the next entry gets = entries that there are. */
enum gx_rc audit_store_next(struct gx_ctx *ctx, uint64_t *ret_next);
/* How many leaves the tiles hold. */
enum gx_rc audit_store_tiled(struct gx_ctx *ctx, uint64_t *ret_size);
/* Leaf data [from, from + count), packed; LIMIT of what is there: ret_count. */
enum gx_rc audit_store_leaves(struct gx_ctx *ctx, uint64_t from, unsigned count, uint8_t *leaves,
                              unsigned *ret_count);

/* Tiles of a transaction, for tree.h. `rc` keeps why the store failed. */
struct audit_store_tiles {
    struct gx_ctx *ctx;
    enum gx_rc rc;
};
struct audit_tiles audit_store_tiles(struct audit_store_tiles *tiles);

/* note is NULL when nothing was signed yet. */
struct audit_checkpoint {
    struct audit_signed last;
    int64_t signed_at;
};
enum gx_rc audit_store_checkpoint(struct gx_ctx *ctx, struct audit_checkpoint *ret_checkpoint);
enum gx_rc audit_store_sign(struct gx_ctx *ctx, uint64_t size, const struct gx_hash *root,
                            const char *note);

/* NOT_FOUND: none that the actor may see. */
enum gx_rc audit_store_by_event(struct gx_ctx *ctx, const char *event_id,
                                struct audit_entry *ret_entry);
/* Entries from an index on, of one subject (what it is about or who did it) or of all (NULL). */
enum gx_rc audit_store_list(struct gx_ctx *ctx, uint64_t from, const char *subject, unsigned limit,
                            struct audit_entry **ret_entries, size_t *ret_count);
/* Erases records of before a time among the first `size` leaves, at most `limit`. */
enum gx_rc audit_store_erase(struct gx_ctx *ctx, int64_t before_at, uint64_t size, unsigned limit,
                             size_t *ret_count);

/* What may leave the journal: events of before a time whose entries are among the first `size` leaves; at most `limit` of them. */
struct audit_purge {
    int64_t before_at;
    uint64_t size;
    unsigned limit;
};
/* In the first area from *area on whose oldest event is of before that time; *area becomes that area, or -1 when there is none. */
enum gx_rc audit_store_purge(struct gx_ctx *ctx, const struct audit_purge *purge, int32_t *area,
                             size_t *ret_count);

#endif
