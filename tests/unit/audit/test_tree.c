/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "tree.h"

enum {
    TILES_MAX = 300,
    LEAVES_MAX = 70000
};

/* Tiles in memory: levels -1, 0, 1, 2. */
struct memory {
    struct {
        unsigned width;
        uint8_t data[GX_TILE_BYTES];
    } tiles[4][TILES_MAX];
    int fail_after; /* writes that succeed before one fails; -1: all */
    bool fail_reads;
};

static struct memory memory;
static uint8_t leaves[LEAVES_MAX][GX_HASH_SIZE];

static bool read_tile(void *arg, int level, uint64_t index, unsigned width, uint8_t *data)
{
    const struct memory *m = arg;
    if (m->fail_reads || level > 2 || index >= TILES_MAX ||
        m->tiles[level + 1][index].width < width) {
        return false;
    }
    memcpy(data, m->tiles[level + 1][index].data, (size_t)width * GX_HASH_SIZE);
    return true;
}

static int tile_width(void *arg, int level, uint64_t index)
{
    const struct memory *m = arg;
    return m->fail_reads ? -1 : (int)m->tiles[level + 1][index].width;
}

static bool write_tile(void *arg, int level, uint64_t index, unsigned width, const uint8_t *data)
{
    struct memory *m = arg;
    if (m->fail_after == 0) {
        return false;
    }
    m->fail_after -= m->fail_after > 0 ? 1 : 0;
    m->tiles[level + 1][index].width = width;
    memcpy(m->tiles[level + 1][index].data, data, (size_t)width * GX_HASH_SIZE);
    return true;
}

static const struct audit_tiles TILES = {read_tile, tile_width, write_tile, &memory};

/* As the sequencer does: tile by tile up to `size`. */
static enum audit_tree_result extend(uint64_t from, uint64_t size)
{
    enum audit_tree_result result = AUDIT_TREE_OK;
    while (result == AUDIT_TREE_OK && from < size) {
        uint64_t index = from / GX_TILE_WIDTH;
        uint64_t left = size - index * GX_TILE_WIDTH;
        unsigned width = left < GX_TILE_WIDTH ? (unsigned)left : (unsigned)GX_TILE_WIDTH;
        result = audit_tree_put(&TILES, index, width, leaves[index * GX_TILE_WIDTH]);
        from = index * GX_TILE_WIDTH + width;
    }
    return result;
}

static struct gx_hash plain_root(uint64_t from, uint64_t size)
{
    if (size == 1) {
        return gx_merkle_leaf((struct gx_view){leaves[from], GX_HASH_SIZE});
    }
    uint64_t half = 1;
    while (half * 2 < size) {
        half *= 2;
    }
    struct gx_hash left = plain_root(from, half);
    struct gx_hash right = plain_root(from + half, size - half);
    return gx_merkle_node(&left, &right);
}

static int reset(void **state)
{
    (void)state;
    memset(&memory, 0, sizeof memory);
    memory.fail_after = -1;
    randombytes_buf(leaves, sizeof leaves);
    return 0;
}

static struct gx_note_signer signer_of(const char *name)
{
    char secret[GX_NOTE_SECRET_SIZE];
    char vkey[GX_NOTE_VKEY_SIZE];
    struct gx_note_signer signer;
    assert_int_equal(gx_note_key_make(name, secret, vkey), 0);
    assert_int_equal(gx_note_signer_parse(secret, &signer), 0);
    return signer;
}

static void test_tree_grows_by_random_steps_to_the_plain_root(void **state)
{
    (void)state;
    uint64_t size = 0;
    for (int step = 0; size < 3000; step++) {
        uint64_t next = size + 1 + randombytes_uniform(step % 3 == 0 ? 700 : 5);
        assert_int_equal(extend(size, next), AUDIT_TREE_OK);
        size = next;
        struct gx_hash root;
        struct gx_hash wanted = plain_root(0, size);
        assert_int_equal(audit_tree_root(&TILES, size, &root), AUDIT_TREE_OK);
        assert_true(gx_hash_equal(&root, &wanted));
    }
}

static void test_tree_three_levels(void **state)
{
    (void)state;
    assert_int_equal(extend(0, 65800), AUDIT_TREE_OK);
    struct gx_hash root;
    struct gx_hash wanted = plain_root(0, 65800);
    assert_int_equal(memory.tiles[3][0].width, 1);
    assert_int_equal(audit_tree_root(&TILES, 65800, &root), AUDIT_TREE_OK);
    assert_true(gx_hash_equal(&root, &wanted));
}

static void test_tree_again_is_no_change(void **state)
{
    (void)state;
    static struct memory before;
    assert_int_equal(extend(0, 600), AUDIT_TREE_OK);
    before = memory;
    assert_int_equal(extend(0, 600), AUDIT_TREE_OK);
    assert_int_equal(extend(0, 400), AUDIT_TREE_OK); /* behind: nothing shrinks */
    assert_memory_equal(&before, &memory, sizeof memory);
}

static void test_tree_changed_leaf_is_inconsistent(void **state)
{
    (void)state;
    assert_int_equal(extend(0, 300), AUDIT_TREE_OK);
    leaves[290][0] ^= 1;
    assert_int_equal(extend(300, 310), AUDIT_TREE_INCONSISTENT);
    leaves[290][0] ^= 1;
    memory.tiles[1][1].data[5] ^= 1; /* the tile of hashes instead */
    assert_int_equal(extend(300, 310), AUDIT_TREE_INCONSISTENT);
}

static void test_tree_missing_hash_above_is_inconsistent(void **state)
{
    (void)state;
    assert_int_equal(extend(0, 512), AUDIT_TREE_OK);
    memory.tiles[2][0].width = 1;
    assert_int_equal(extend(512, 768), AUDIT_TREE_INCONSISTENT);
}

static void test_tree_store_failures_are_told_apart(void **state)
{
    (void)state;
    for (int writes = 0; writes < 3; writes++) {
        memset(&memory, 0, sizeof memory);
        memory.fail_after = writes;
        assert_int_equal(extend(0, 256), AUDIT_TREE_STORE);
    }
    memory.fail_after = -1;
    assert_int_equal(extend(0, 256), AUDIT_TREE_OK); /* what was written stays, the rest follows */
    memory.fail_reads = true;
    assert_int_equal(extend(256, 300), AUDIT_TREE_STORE);
}

static void test_sign_extends_what_was_signed(void **state)
{
    (void)state;
    struct gx_note_signer signer = signer_of("genxi.local/xishan");
    char note[GX_NOTE_MAX];
    char next[GX_NOTE_MAX];
    struct audit_signed last = {.size = 0};
    assert_int_equal(audit_tree_sign(&TILES, 0, NULL, &signer, &last.root, note), AUDIT_TREE_OK);
    last.note = note;
    assert_int_equal(extend(0, 700), AUDIT_TREE_OK);
    struct gx_hash root;
    assert_int_equal(audit_tree_sign(&TILES, 700, &last, &signer, &root, next), AUDIT_TREE_OK);
    struct gx_checkpoint checkpoint;
    struct gx_view view = {(const uint8_t *)next, strlen(next)};
    assert_int_equal(gx_checkpoint_open(view, &signer.verifier, &checkpoint), GX_NOTE_VALID);
    assert_int_equal(checkpoint.size, 700);
    assert_true(gx_hash_equal(&checkpoint.root, &root));
}

static void test_sign_refuses_every_contradiction(void **state)
{
    (void)state;
    struct gx_note_signer signer = signer_of("log");
    struct gx_note_signer other = signer_of("log");
    char note[GX_NOTE_MAX];
    char next[GX_NOTE_MAX];
    struct gx_hash root;
    struct audit_signed last = {.size = 500, .note = note};
    assert_int_equal(extend(0, 600), AUDIT_TREE_OK);
    assert_int_equal(audit_tree_sign(&TILES, 500, NULL, &signer, &last.root, note), AUDIT_TREE_OK);
    assert_int_equal(audit_tree_sign(&TILES, 600, &last, &signer, &root, next), AUDIT_TREE_OK);
    /* shorter than what was signed */
    assert_int_equal(audit_tree_sign(&TILES, 499, &last, &signer, &root, next),
                     AUDIT_TREE_INCONSISTENT);
    /* longer than what there is */
    assert_int_equal(audit_tree_sign(&TILES, 601, &last, &signer, &root, next),
                     AUDIT_TREE_INCONSISTENT);
    /* another key */
    assert_int_equal(audit_tree_sign(&TILES, 600, &last, &other, &root, next),
                     AUDIT_TREE_INCONSISTENT);
    /* a row that says other than its note */
    struct audit_signed changed = last;
    changed.size = 501;
    assert_int_equal(audit_tree_sign(&TILES, 600, &changed, &signer, &root, next),
                     AUDIT_TREE_INCONSISTENT);
    changed = last;
    changed.root.bytes[0] ^= 1;
    assert_int_equal(audit_tree_sign(&TILES, 600, &changed, &signer, &root, next),
                     AUDIT_TREE_INCONSISTENT);
    /* a tile rewritten under it */
    memory.tiles[1][1].data[7] ^= 1;
    assert_int_equal(audit_tree_sign(&TILES, 600, &last, &signer, &root, next),
                     AUDIT_TREE_INCONSISTENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_tree_grows_by_random_steps_to_the_plain_root, reset),
        cmocka_unit_test_setup(test_tree_three_levels, reset),
        cmocka_unit_test_setup(test_tree_again_is_no_change, reset),
        cmocka_unit_test_setup(test_tree_changed_leaf_is_inconsistent, reset),
        cmocka_unit_test_setup(test_tree_missing_hash_above_is_inconsistent, reset),
        cmocka_unit_test_setup(test_tree_store_failures_are_told_apart, reset),
        cmocka_unit_test_setup(test_sign_extends_what_was_signed, reset),
        cmocka_unit_test_setup(test_sign_refuses_every_contradiction, reset),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
