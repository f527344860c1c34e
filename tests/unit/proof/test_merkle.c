/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors.h"

#include "base/text.h"

enum {
    LEAVES_MAX = 1100
};

struct tree {
    struct gx_hash leaves[LEAVES_MAX];
    uint64_t size;
};

/* The definition of RFC 6962, word by word: independent of the code under test but for the two hash
 * functions. */
static struct gx_hash mth(const struct gx_hash *leaves, uint64_t size)
{
    if (size == 0) {
        return gx_merkle_empty();
    }
    if (size == 1) {
        return leaves[0];
    }
    uint64_t k = 1;
    while (k * 2 < size) {
        k *= 2;
    }
    struct gx_hash left = mth(leaves, k);
    struct gx_hash right = mth(leaves + k, size - k);
    return gx_merkle_node(&left, &right);
}

static bool read_tree(void *arg, unsigned level, uint64_t index, struct gx_hash *ret_hash)
{
    const struct tree *tree = arg;
    uint64_t width = UINT64_C(1) << level;
    if ((index + 1) * width > tree->size) {
        return false;
    }
    *ret_hash = mth(tree->leaves + index * width, width);
    return true;
}

static void grow(struct tree *tree, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++) {
        tree->leaves[i] = gx_merkle_leaf((struct gx_view){(const uint8_t *)&i, sizeof i});
    }
    tree->size = size;
}

static uint64_t below(uint64_t bound)
{
    return randombytes_uniform((uint32_t)bound);
}

static void test_merkle_shared_trees_have_their_roots(void **state)
{
    (void)state;
    json_t *file = NULL;
    const json_t *cases = vectors_open("merkle/trees", &file);
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *item = json_array_get(cases, c);
        const json_t *leaves = json_object_get(item, "leaves_hex");
        const json_t *roots = json_object_get(item, "roots_hex_by_size_1_to_8");
        static struct tree tree;
        for (size_t i = 0; i < json_array_size(leaves) && i < LEAVES_MAX; i++) {
            const char *hex = json_string_value(json_array_get(leaves, i));
            uint8_t data[256];
            assert_int_equal(gx_hex_decode(hex, data, strlen(hex) / 2), 0);
            tree.leaves[i] = gx_merkle_leaf((struct gx_view){data, strlen(hex) / 2});
            tree.size = i + 1;
            const char *wanted = json_string_value(json_array_get(roots, i));
            if (wanted == NULL) {
                continue;
            }
            struct gx_hash root;
            char text[65];
            const struct gx_merkle_source source = {read_tree, &tree};
            assert_true(gx_merkle_root(&source, i + 1, &root));
            gx_hex_encode(root.bytes, GX_HASH_SIZE, text);
            assert_string_equal(text, wanted);
        }
    }
    json_decref(file);
}

static void inclusion_file(const char *name)
{
    json_t *file = NULL;
    const json_t *cases = vectors_open(name, &file);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *item = json_array_get(cases, i);
        struct gx_hash root;
        struct gx_hash leaf;
        struct gx_proof proof;
        uint64_t index = number_of(item, "leafIdx");
        uint64_t size = number_of(item, "treeSize");
        bool good = hash_of(text_of(item, "root"), &root) &&
                    hash_of(text_of(item, "leafHash"), &leaf) && proof_of(item, &proof) &&
                    gx_merkle_verify_inclusion(&leaf, index, size, &proof, &root);
        bool wanted = !json_is_true(json_object_get(item, "wantErr"));
        if (good != wanted) {
            fail_msg("%s: %s", name, text_of(item, "id"));
        }
    }
    json_decref(file);
}

static void test_merkle_shared_inclusion(void **state)
{
    (void)state;
    inclusion_file("merkle/inclusion");
}

static void test_merkle_shared_inclusion_of_go(void **state)
{
    (void)state;
    inclusion_file("merkle/go_inclusion");
}

static void consistency_file(const char *name)
{
    json_t *file = NULL;
    const json_t *cases = vectors_open(name, &file);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *item = json_array_get(cases, i);
        struct gx_hash old_root;
        struct gx_hash new_root;
        struct gx_proof proof;
        uint64_t from = number_of(item, "size1");
        uint64_t to = number_of(item, "size2");
        bool good = hash_of(text_of(item, "root1"), &old_root) &&
                    hash_of(text_of(item, "root2"), &new_root) && proof_of(item, &proof) &&
                    gx_merkle_verify_consistency(from, to, &proof, &old_root, &new_root);
        bool wanted = !json_is_true(json_object_get(item, "wantErr"));
        if (good != wanted) {
            fail_msg("%s: %s", name, text_of(item, "id"));
        }
    }
    json_decref(file);
}

static void test_merkle_shared_consistency(void **state)
{
    (void)state;
    consistency_file("merkle/consistency");
}

static void test_merkle_shared_consistency_of_go(void **state)
{
    (void)state;
    consistency_file("merkle/go_consistency");
}

static void test_merkle_every_small_tree_has_the_root_of_the_definition(void **state)
{
    (void)state;
    static struct tree tree;
    grow(&tree, 260);
    const struct gx_merkle_source source = {read_tree, &tree};
    for (uint64_t size = 0; size <= tree.size; size++) {
        struct gx_hash root;
        struct gx_hash wanted = mth(tree.leaves, size);
        assert_true(gx_merkle_root(&source, size, &root));
        assert_true(gx_hash_equal(&root, &wanted));
    }
    struct gx_hash root;
    assert_false(gx_merkle_root(&source, tree.size + 1, &root));
}

static void test_merkle_every_inclusion_of_small_trees_holds(void **state)
{
    (void)state;
    static struct tree tree;
    grow(&tree, 40);
    const struct gx_merkle_source source = {read_tree, &tree};
    for (uint64_t size = 1; size <= tree.size; size++) {
        struct gx_hash root = mth(tree.leaves, size);
        struct gx_proof proof;
        assert_false(gx_merkle_inclusion(&source, size, size, &proof));
        for (uint64_t index = 0; index < size; index++) {
            assert_true(gx_merkle_inclusion(&source, index, size, &proof));
            assert_true(
                gx_merkle_verify_inclusion(&tree.leaves[index], index, size, &proof, &root));
            for (uint64_t other = 0; other < size + 2; other++) {
                bool same = other == index;
                assert_int_equal(
                    gx_merkle_verify_inclusion(&tree.leaves[index], other, size, &proof, &root),
                    same);
            }
        }
    }
}

/* Every byte of it, one at a time; and one hash more or less. */
static void assert_inclusion_is_tight(const struct gx_hash *leaf, uint64_t index, uint64_t size,
                                      struct gx_proof *proof, const struct gx_hash *root)
{
    for (size_t i = 0; i < proof->count; i++) {
        for (size_t byte = 0; byte < GX_HASH_SIZE; byte++) {
            uint8_t bit = (uint8_t)(1U << below(8));
            proof->hashes[i].bytes[byte] ^= bit;
            assert_false(gx_merkle_verify_inclusion(leaf, index, size, proof, root));
            proof->hashes[i].bytes[byte] ^= bit;
        }
    }
    proof->hashes[proof->count++] = *root;
    assert_false(gx_merkle_verify_inclusion(leaf, index, size, proof, root));
    proof->count--;
    if (proof->count > 0) {
        proof->count--;
        assert_false(gx_merkle_verify_inclusion(leaf, index, size, proof, root));
        proof->count++;
    }
}

static void test_merkle_random_inclusion_any_change_is_refused(void **state)
{
    (void)state;
    static struct tree tree;
    grow(&tree, LEAVES_MAX);
    const struct gx_merkle_source source = {read_tree, &tree};
    for (int round = 0; round < 60; round++) {
        uint64_t size = 1 + below(LEAVES_MAX);
        uint64_t index = below(size);
        struct gx_hash root = mth(tree.leaves, size);
        struct gx_proof proof;
        assert_true(gx_merkle_inclusion(&source, index, size, &proof));
        assert_true(gx_merkle_verify_inclusion(&tree.leaves[index], index, size, &proof, &root));
        assert_inclusion_is_tight(&tree.leaves[index], index, size, &proof, &root);
        struct gx_hash forged = tree.leaves[index];
        forged.bytes[below(GX_HASH_SIZE)] ^= 1;
        assert_false(gx_merkle_verify_inclusion(&forged, index, size, &proof, &root));
    }
}

static void assert_consistency_is_tight(uint64_t from, uint64_t to, struct gx_proof *proof,
                                        const struct gx_hash *old_root,
                                        const struct gx_hash *new_root)
{
    for (size_t i = 0; i < proof->count; i++) {
        size_t byte = below(GX_HASH_SIZE);
        proof->hashes[i].bytes[byte] ^= 0x10;
        assert_false(gx_merkle_verify_consistency(from, to, proof, old_root, new_root));
        proof->hashes[i].bytes[byte] ^= 0x10;
    }
    proof->hashes[proof->count++] = *new_root;
    assert_false(gx_merkle_verify_consistency(from, to, proof, old_root, new_root));
    proof->count--;
    if (proof->count > 0) {
        proof->count--;
        assert_false(gx_merkle_verify_consistency(from, to, proof, old_root, new_root));
        proof->count++;
    }
}

static void test_merkle_every_consistency_of_small_trees_holds_and_is_tight(void **state)
{
    (void)state;
    static struct tree tree;
    grow(&tree, 34);
    const struct gx_merkle_source source = {read_tree, &tree};
    struct gx_proof proof;
    assert_false(gx_merkle_consistency(&source, 0, 5, &proof));
    assert_false(gx_merkle_consistency(&source, 6, 5, &proof));
    for (uint64_t to = 1; to <= tree.size; to++) {
        struct gx_hash new_root = mth(tree.leaves, to);
        for (uint64_t from = 1; from <= to; from++) {
            struct gx_hash old_root = mth(tree.leaves, from);
            assert_true(gx_merkle_consistency(&source, from, to, &proof));
            assert_int_equal(proof.count == 0, from == to);
            assert_true(gx_merkle_verify_consistency(from, to, &proof, &old_root, &new_root));
            assert_consistency_is_tight(from, to, &proof, &old_root, &new_root);
            struct gx_hash fork = old_root;
            fork.bytes[0] ^= 1;
            assert_false(gx_merkle_verify_consistency(from, to, &proof, &fork, &new_root));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merkle_shared_trees_have_their_roots),
        cmocka_unit_test(test_merkle_shared_inclusion),
        cmocka_unit_test(test_merkle_shared_inclusion_of_go),
        cmocka_unit_test(test_merkle_shared_consistency),
        cmocka_unit_test(test_merkle_shared_consistency_of_go),
        cmocka_unit_test(test_merkle_every_small_tree_has_the_root_of_the_definition),
        cmocka_unit_test(test_merkle_every_inclusion_of_small_trees_holds),
        cmocka_unit_test(test_merkle_random_inclusion_any_change_is_refused),
        cmocka_unit_test(test_merkle_every_consistency_of_small_trees_holds_and_is_tight),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
