/* SPDX-License-Identifier: Apache-2.0 */
#include "turn.h"

#include "store/tx.h"

enum {
    TILES_A_TURN = 32 /* most tiles of leaves in one transaction */
};

static enum gx_rc broken(struct audit_turn *turn, const char *where)
{
    turn->broken = true;
    turn->where = where;
    return GX_INTERNAL; /* rolls back; run() knows that it is no fault of the store */
}

static enum gx_rc look(struct gx_ctx *ctx, struct audit_turn *turn,
                       struct audit_checkpoint *ret_last)
{
    turn->broken = false;
    turn->signed_now = false;
    enum gx_rc rc = audit_store_lock(ctx, &turn->held);
    if (rc == GX_OK && turn->held) {
        rc = audit_store_next(ctx, &turn->next);
    }
    if (rc == GX_OK && turn->held) {
        rc = audit_store_tiled(ctx, &turn->tiled);
    }
    if (rc == GX_OK && turn->held) {
        rc = audit_store_checkpoint(ctx, ret_last);
    }
    if (rc == GX_OK && turn->held) {
        turn->signed_size = ret_last->last.size;
    }
    return rc;
}

/* The leaves of one tile, from the entries, into the tiles; what is there already must be the same. */
static enum gx_rc put_tile(struct audit_turn *turn, struct gx_ctx *ctx, uint64_t index,
                           unsigned width)
{
    uint8_t leaves[GX_TILE_BYTES];
    unsigned got = 0;
    struct audit_store_tiles store = {ctx, GX_OK};
    const struct audit_tiles tiles = audit_store_tiles(&store);
    enum gx_rc rc = audit_store_leaves(ctx, index * GX_TILE_WIDTH, width, leaves, &got);
    if (rc != GX_OK) {
        return rc;
    }
    if (got != width) {
        return broken(turn, "entries");
    }
    enum audit_tree_result result = audit_tree_put(&tiles, index, width, leaves);
    if (result == AUDIT_TREE_INCONSISTENT) {
        return broken(turn, "tiles");
    }
    if (result == AUDIT_TREE_STORE) {
        return store.rc != GX_OK ? store.rc : gx_fail(ctx, GX_P_INTERNAL, "", "tile");
    }
    return GX_OK;
}

enum gx_rc audit_turn_extend(void *arg, struct gx_ctx *ctx)
{
    struct audit_turn *turn = arg;
    struct audit_checkpoint last;
    gx_tx_lazy(
        ctx); /* tiles follow from the entries; the checkpoint over them waits for the disk */
    enum gx_rc rc = look(ctx, turn, &last);
    if (rc != GX_OK || !turn->held) {
        return rc;
    }
    if (turn->tiled > turn->next || turn->signed_size > turn->tiled) {
        return broken(turn, "sizes");
    }
    for (int i = 0; rc == GX_OK && i < TILES_A_TURN && turn->tiled < turn->next; i++) {
        uint64_t index = turn->tiled / GX_TILE_WIDTH;
        uint64_t left = turn->next - index * GX_TILE_WIDTH;
        unsigned width = left < GX_TILE_WIDTH ? (unsigned)left : (unsigned)GX_TILE_WIDTH;
        rc = put_tile(turn, ctx, index, width);
        turn->tiled = rc == GX_OK ? index * GX_TILE_WIDTH + width : turn->tiled;
    }
    return rc;
}

enum gx_rc audit_turn_sign(void *arg, struct gx_ctx *ctx)
{
    struct audit_turn *turn = arg;
    struct audit_checkpoint last;
    enum gx_rc rc = look(ctx, turn, &last);
    if (rc != GX_OK || !turn->held) {
        return rc;
    }
    bool first = last.last.note == NULL;
    if (turn->tiled < turn->signed_size) {
        return broken(turn, "sizes");
    }
    struct audit_store_tiles store = {ctx, GX_OK};
    const struct audit_tiles tiles = audit_store_tiles(&store);
    struct gx_hash root;
    char note[GX_NOTE_MAX];
    enum audit_tree_result result =
        audit_tree_sign(&tiles, turn->tiled, first ? NULL : &last.last, turn->signer, &root, note);
    if (store.rc != GX_OK) {
        return store.rc;
    }
    if (result == AUDIT_TREE_INCONSISTENT) {
        return broken(turn, "checkpoint");
    }
    if (result != AUDIT_TREE_OK) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "sign");
    }
    if (!first && turn->tiled == turn->signed_size) {
        return GX_OK; /* only looked whether it still holds */
    }
    turn->signed_now = true;
    turn->signed_size = turn->tiled;
    return audit_store_sign(ctx, turn->tiled, &root, note);
}

enum gx_rc audit_turn_scrub(void *arg, struct gx_ctx *ctx)
{
    struct audit_turn *turn = arg;
    struct audit_checkpoint last;
    enum gx_rc rc = look(ctx, turn, &last);
    if (rc != GX_OK || !turn->held || (turn->scrub + 1) * GX_TILE_WIDTH > turn->tiled) {
        return rc;
    }
    return put_tile(turn, ctx, turn->scrub, GX_TILE_WIDTH);
}

static int64_t time_before(struct gx_ctx *ctx, int64_t keep_days)
{
    return gx_tx_now_ms(ctx) - keep_days * 24 * 60 * 60 * 1000;
}

enum gx_rc audit_turn_erase(void *arg, struct gx_ctx *ctx)
{
    struct audit_turn *turn = arg;
    struct audit_checkpoint last;
    turn->erased = 0;
    enum gx_rc rc = look(ctx, turn, &last);
    if (rc != GX_OK || !turn->held) {
        return rc;
    }
    return audit_store_erase(ctx, time_before(ctx, turn->keep_days), last.last.size,
                             AUDIT_ERASE_A_TURN, &turn->erased);
}

enum gx_rc audit_turn_purge(void *arg, struct gx_ctx *ctx)
{
    struct audit_turn *turn = arg;
    struct audit_checkpoint last;
    turn->purged = 0;
    enum gx_rc rc = look(ctx, turn, &last);
    if (rc != GX_OK || !turn->held) {
        return rc;
    }
    const struct audit_purge purge = {.before_at = time_before(ctx, turn->keep_days),
                                      .size = last.last.size,
                                      .limit = AUDIT_PURGE_A_TURN};
    return audit_store_purge(ctx, &purge, &turn->area, &turn->purged);
}
