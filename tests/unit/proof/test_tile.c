/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors.h"

#include "proof/tile.h"

static void test_tile_paths(void **state)
{
    (void)state;
    static const struct {
        int level;
        uint64_t index;
        unsigned width;
        const char *path;
    } ROWS[] = {
        {0, 0, 256, "tile/0/000"},
        {0, 0, 1, "tile/0/000.p/1"},
        {3, 67, 255, "tile/3/067.p/255"},
        {0, 1234067, 256, "tile/0/x001/x234/067"},
        {1, 1000, 256, "tile/1/x001/000"},
        {GX_TILE_ENTRIES, 999, 7, "tile/entries/999.p/7"},
        {GX_TILE_ENTRIES, UINT64_MAX / 10, 256, "tile/entries/x001/x844/x674/x407/x370/x955/161"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char path[GX_TILE_PATH_SIZE];
        assert_string_equal(gx_tile_path(ROWS[i].level, ROWS[i].index, ROWS[i].width, path),
                            ROWS[i].path);
        int level = 0;
        uint64_t index = 0;
        unsigned width = 0;
        assert_int_equal(gx_tile_path_parse(path, &level, &index, &width), 0);
        assert_int_equal(level, ROWS[i].level);
        assert_true(index == ROWS[i].index);
        assert_int_equal(width, ROWS[i].width);
    }
}

static void test_tile_other_paths_are_refused(void **state)
{
    (void)state;
    static const char *const PATHS[] = {"",
                                        "tile/0/",
                                        "tile/0/0",
                                        "tile/0/0000",
                                        "tile/0/x000/001",
                                        "tile/0/001/002",
                                        "tile/0/x001",
                                        "tile/8/000",
                                        "tile/-1/000",
                                        "tile/00/000",
                                        "tile/0/000.p/0",
                                        "tile/0/000.p/256",
                                        "tile/0/000.p/01",
                                        "tile/0/000.p/",
                                        "tile/0/000/..",
                                        "tile/entries/../../etc",
                                        "tile/data/000",
                                        "tile/0/x999/x999/x999/x999/x999/x999/999",
                                        "tile/0/000 "};
    for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++) {
        int level = 0;
        uint64_t index = 0;
        unsigned width = 0;
        if (gx_tile_path_parse(PATHS[i], &level, &index, &width) == 0) {
            fail_msg("taken: %s", PATHS[i]);
        }
    }
}

static void test_tile_widths(void **state)
{
    (void)state;
    assert_int_equal(gx_tile_width(0, 0, 0), 0);
    assert_int_equal(gx_tile_width(0, 0, 255), 255);
    assert_int_equal(gx_tile_width(0, 0, 256), 256);
    assert_int_equal(gx_tile_width(0, 1, 256), 0);
    assert_int_equal(gx_tile_width(0, 1, 257), 1);
    assert_int_equal(gx_tile_width(1, 0, 255), 0);
    assert_int_equal(gx_tile_width(1, 0, 70000), 256);
    assert_int_equal(gx_tile_width(1, 1, 70000), 17);
    assert_int_equal(gx_tile_width(2, 0, 70000), 1);
    assert_int_equal(gx_tile_width(GX_TILE_ENTRIES, 0, 3), 3);
}

/* A tree as stored tiles, made straight from its leaves. */
enum {
    SIZE = 70001,
    TILES = 280
};
static uint8_t tiles[3][TILES][GX_TILE_BYTES];
static int reads;

static struct gx_hash leaf_at(uint64_t index)
{
    return gx_merkle_leaf((struct gx_view){(const uint8_t *)&index, sizeof index});
}

static void make_tiles(void)
{
    for (uint64_t i = 0; i < SIZE; i++) {
        struct gx_hash hash = leaf_at(i);
        memcpy(tiles[0][i / 256] + (i % 256) * GX_HASH_SIZE, hash.bytes, GX_HASH_SIZE);
    }
    for (int level = 1; level < 3; level++) {
        for (uint64_t i = 0; i < gx_tile_level_size(level, SIZE); i++) {
            struct gx_hash hash = gx_tile_root(tiles[level - 1][i]);
            memcpy(tiles[level][i / 256] + (i % 256) * GX_HASH_SIZE, hash.bytes, GX_HASH_SIZE);
        }
    }
}

static bool read_tile(void *arg, int level, uint64_t index, unsigned width, uint8_t *data)
{
    (void)arg;
    (void)width;
    reads++;
    if (level > 2 || index >= TILES) {
        return false;
    }
    memcpy(data, tiles[level][index], GX_TILE_BYTES);
    return true;
}

static void test_tile_reader_gives_roots_and_proofs(void **state)
{
    (void)state;
    static struct gx_tile_reader reader;
    make_tiles();
    gx_tile_reader_init(&reader, read_tile, NULL, SIZE);
    const struct gx_merkle_source source = {gx_tile_reader_hash, &reader};
    struct gx_hash root;
    assert_true(gx_merkle_root(&source, SIZE, &root));
    for (int round = 0; round < 200; round++) {
        uint64_t size = 1 + randombytes_uniform(SIZE);
        uint64_t index = randombytes_uniform((uint32_t)size);
        struct gx_proof proof;
        struct gx_hash part;
        struct gx_hash leaf = leaf_at(index);
        assert_true(gx_merkle_root(&source, size, &part));
        assert_true(gx_merkle_inclusion(&source, index, size, &proof));
        assert_true(gx_merkle_verify_inclusion(&leaf, index, size, &proof, &part));
        assert_true(gx_merkle_consistency(&source, size, SIZE, &proof));
        assert_true(gx_merkle_verify_consistency(size, SIZE, &proof, &part, &root));
    }
    gx_tile_reader_init(&reader, read_tile, NULL, SIZE);
    reads = 0;
    struct gx_proof proof;
    assert_true(gx_merkle_inclusion(&source, 0, SIZE, &proof));
    assert_true(reads <= 6); /* two tiles a level at the most: the leaf's and the right edge */
    assert_false(gx_merkle_root(&source, SIZE + 1, &root));
}

static void test_bundle_round_trip(void **state)
{
    (void)state;
    static uint8_t leaves[GX_TILE_BYTES];
    static uint8_t again[GX_TILE_BYTES];
    static uint8_t bundle[GX_BUNDLE_BYTES];
    randombytes_buf(leaves, sizeof leaves);
    gx_bundle_format(leaves, 255, bundle);
    assert_int_equal(bundle[0], 0);
    assert_int_equal(bundle[1], 32);
    struct gx_view view = {bundle, (size_t)255 * GX_BUNDLE_ENTRY};
    assert_true(gx_bundle_parse(view, 255, again));
    assert_memory_equal(leaves, again, (size_t)255 * GX_HASH_SIZE);
    assert_false(gx_bundle_parse(view, 254, again));
    bundle[GX_BUNDLE_ENTRY] = 1;
    assert_false(gx_bundle_parse(view, 255, again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tile_paths),
        cmocka_unit_test(test_tile_other_paths_are_refused),
        cmocka_unit_test(test_tile_widths),
        cmocka_unit_test(test_tile_reader_gives_roots_and_proofs),
        cmocka_unit_test(test_bundle_round_trip),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
