/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include <stdlib.h>
#include <string.h>

/* Writes a tile unless it is there already; what is there must be the beginning of the new one. */
static enum audit_tree_result grow(const struct audit_tiles *tiles, int level, uint64_t index,
                                   unsigned width, const uint8_t *data)
{
    uint8_t stored[GX_TILE_BYTES];
    int had = tiles->width(tiles->arg, level, index);
    if (had < 0) {
        return AUDIT_TREE_STORE;
    }
    unsigned common = (unsigned)had < width ? (unsigned)had : width;
    if (common > 0) {
        if (!tiles->read(tiles->arg, level, index, common, stored)) {
            return AUDIT_TREE_STORE;
        }
        if (memcmp(stored, data, (size_t)common * GX_HASH_SIZE) != 0) {
            return AUDIT_TREE_INCONSISTENT;
        }
    }
    if ((unsigned)had >= width) {
        return AUDIT_TREE_OK;
    }
    return tiles->write(tiles->arg, level, index, width, data) ? AUDIT_TREE_OK : AUDIT_TREE_STORE;
}

/* Puts one hash at its place in the tile of the level; the ones before it must be there. */
static enum audit_tree_result grow_by_one(const struct audit_tiles *tiles, int level,
                                          uint64_t index, unsigned at, const struct gx_hash *hash,
                                          uint8_t data[GX_TILE_BYTES])
{
    int had = tiles->width(tiles->arg, level, index);
    if (had < 0) {
        return AUDIT_TREE_STORE;
    }
    if ((unsigned)had < at) {
        return AUDIT_TREE_INCONSISTENT;
    }
    if (at > 0 && !tiles->read(tiles->arg, level, index, at, data)) {
        return AUDIT_TREE_STORE;
    }
    memcpy(data + (size_t)at * GX_HASH_SIZE, hash->bytes, GX_HASH_SIZE);
    return grow(tiles, level, index, at + 1, data);
}

enum audit_tree_result audit_tree_put(const struct audit_tiles *tiles, uint64_t index,
                                      unsigned width, const uint8_t *leaves)
{
    uint8_t data[GX_TILE_BYTES];
    if (width == 0 || width > GX_TILE_WIDTH) {
        return AUDIT_TREE_INCONSISTENT;
    }
    for (unsigned i = 0; i < width; i++) {
        struct gx_hash hash =
            gx_merkle_leaf((struct gx_view){leaves + (size_t)i * GX_HASH_SIZE, GX_HASH_SIZE});
        memcpy(data + (size_t)i * GX_HASH_SIZE, hash.bytes, GX_HASH_SIZE);
    }
    enum audit_tree_result result = grow(tiles, AUDIT_LEAVES, index, width, leaves);
    if (result == AUDIT_TREE_OK) {
        result = grow(tiles, 0, index, width, data);
    }
    bool full = width == GX_TILE_WIDTH;
    for (int level = 1; result == AUDIT_TREE_OK && full && level < GX_TILE_LEVELS; level++) {
        struct gx_hash root = gx_tile_root(data);
        unsigned at = (unsigned)(index % GX_TILE_WIDTH);
        index /= GX_TILE_WIDTH;
        result = grow_by_one(tiles, level, index, at, &root, data);
        full = at + 1 == GX_TILE_WIDTH;
    }
    return result;
}

enum audit_tree_result audit_tree_root(const struct audit_tiles *tiles, uint64_t size,
                                       struct gx_hash *ret_root)
{
    struct gx_tile_reader *reader = malloc(sizeof *reader);
    if (reader == NULL) {
        return AUDIT_TREE_STORE;
    }
    gx_tile_reader_init(reader, tiles->read, tiles->arg, size);
    const struct gx_merkle_source source = {gx_tile_reader_hash, reader};
    bool found = gx_merkle_root(&source, size, ret_root);
    free(reader);
    return found ? AUDIT_TREE_OK : AUDIT_TREE_INCONSISTENT;
}

/* Is what was signed last still what the tiles say? */
static enum audit_tree_result still_holds(const struct audit_tiles *tiles,
                                          const struct audit_signed *last,
                                          const struct gx_note_verifier *key)
{
    struct gx_checkpoint checkpoint;
    struct gx_hash root;
    struct gx_view note = {(const uint8_t *)last->note, strlen(last->note)};
    if (gx_checkpoint_open(note, key, &checkpoint) != GX_NOTE_VALID ||
        checkpoint.size != last->size || !gx_hash_equal(&checkpoint.root, &last->root)) {
        return AUDIT_TREE_INCONSISTENT;
    }
    enum audit_tree_result result = audit_tree_root(tiles, last->size, &root);
    if (result == AUDIT_TREE_OK && !gx_hash_equal(&root, &last->root)) {
        return AUDIT_TREE_INCONSISTENT;
    }
    return result;
}

enum audit_tree_result audit_tree_sign(const struct audit_tiles *tiles, uint64_t size,
                                       const struct audit_signed *last,
                                       const struct gx_note_signer *signer,
                                       struct gx_hash *ret_root, char ret_note[GX_NOTE_MAX])
{
    if (last != NULL) {
        if (size < last->size) {
            return AUDIT_TREE_INCONSISTENT;
        }
        enum audit_tree_result result = still_holds(tiles, last, &signer->verifier);
        if (result != AUDIT_TREE_OK) {
            return result;
        }
    }
    enum audit_tree_result result = audit_tree_root(tiles, size, ret_root);
    if (result == AUDIT_TREE_OK &&
        gx_checkpoint_sign(size, ret_root, signer, ret_note, GX_NOTE_MAX) != 0) {
        return AUDIT_TREE_INCONSISTENT;
    }
    return result;
}
