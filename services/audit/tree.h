/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the stored tiles grow and what may be signed: rules without I/O of their own, given where tiles are kept.
 * The tile of level AUDIT_LEAVES holds leaf data (32 bytes each), levels 0..7 are those of proof/tile.h.
 */
#ifndef AUDIT_TREE_H
#define AUDIT_TREE_H

#include "proof/note.h"
#include "proof/tile.h"

enum {
    AUDIT_LEAVES = -1
};

enum audit_tree_result {
    AUDIT_TREE_OK,
    AUDIT_TREE_STORE, /* the tiles could not be read or written */
    AUDIT_TREE_INCONSISTENT /* what is stored contradicts itself or what was signed: nothing may be signed */
};

struct audit_tiles {
    /* width hashes of a tile; false when it is absent, narrower, or the store failed. */
    gx_tile_read *read;
    /* How many hashes the tile has: 0 when it is absent, -1 when the store failed. */
    int (*width)(void *arg, int level, uint64_t index);
    bool (*write)(void *arg, int level, uint64_t index, unsigned width, const uint8_t *data);
    void *arg;
};

/*
 * Makes the tile `index` of the leaves hold `width` leaf data (all of them from its begin on, those already there included, which
 * must be the same), and what follows from it above.
 */
enum audit_tree_result audit_tree_put(const struct audit_tiles *tiles, uint64_t index,
                                      unsigned width, const uint8_t *leaves);

/* The root of the first `size` leaves. INCONSISTENT when tiles for that are missing. */
enum audit_tree_result audit_tree_root(const struct audit_tiles *tiles, uint64_t size,
                                       struct gx_hash *ret_root);

/* What was signed last. */
struct audit_signed {
    uint64_t size;
    struct gx_hash root;
    const char *note;
};
/*
 * The checkpoint that may be signed now over `size` leaves. `last` (NULL at the very first) must be signed by this key and be a
 * beginning of the tree as it is stored.
 */
enum audit_tree_result audit_tree_sign(const struct audit_tiles *tiles, uint64_t size,
                                       const struct audit_signed *last,
                                       const struct gx_note_signer *signer,
                                       struct gx_hash *ret_root, char ret_note[GX_NOTE_MAX]);

#endif
