/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/merkle.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* The digest of SHA-256 over up to three parts. OpenSSL fails here only without memory. */
static struct gx_hash digest(const struct gx_view *parts, size_t count)
{
    struct gx_hash hash = {{0}};
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool good = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; good && i < count; i++) {
        good = parts[i].size == 0 || EVP_DigestUpdate(md, parts[i].data, parts[i].size) == 1;
    }
    good = good && EVP_DigestFinal_ex(md, hash.bytes, NULL) == 1;
    EVP_MD_CTX_free(md);
    if (!good) {
        abort();
    }
    return hash;
}

struct gx_hash gx_sha256(struct gx_view first, struct gx_view second)
{
    const struct gx_view parts[] = {first, second};
    return digest(parts, 2);
}

struct gx_hash gx_merkle_leaf(struct gx_view data)
{
    static const uint8_t PREFIX = 0;
    const struct gx_view parts[] = {{&PREFIX, 1}, data};
    return digest(parts, 2);
}

struct gx_hash gx_merkle_node(const struct gx_hash *left, const struct gx_hash *right)
{
    static const uint8_t PREFIX = 1;
    const struct gx_view parts[] = {
        {&PREFIX, 1}, {left->bytes, GX_HASH_SIZE}, {right->bytes, GX_HASH_SIZE}};
    return digest(parts, 3);
}

struct gx_hash gx_merkle_empty(void)
{
    return digest(NULL, 0);
}

bool gx_hash_equal(const struct gx_hash *a, const struct gx_hash *b)
{
    return memcmp(a->bytes, b->bytes, GX_HASH_SIZE) == 0;
}

static unsigned log2_floor(uint64_t n)
{
    return 63U - (unsigned)__builtin_clzll(n);
}

/* The largest power of two below n, n >= 2. */
static uint64_t split(uint64_t n)
{
    return UINT64_C(1) << log2_floor(n - 1);
}

static bool is_power(uint64_t n)
{
    return (n & (n - 1)) == 0;
}

/*
 * The root of the leaves [first, first + size), first a multiple of the smallest power of two >=
 * size: such ranges are all that root and proofs consist of. The left parts are perfect, so the
 * recursion goes to the right only.
 */
static bool range_hash(const struct gx_merkle_source *source, uint64_t first, uint64_t size,
                       struct gx_hash *ret_hash)
{
    if (is_power(size)) {
        unsigned level = log2_floor(size);
        return source->read(source->arg, level, first >> level, ret_hash);
    }
    uint64_t left_size = split(size);
    struct gx_hash left;
    struct gx_hash right;
    if (!range_hash(source, first, left_size, &left) ||
        !range_hash(source, first + left_size, size - left_size, &right)) {
        return false;
    }
    *ret_hash = gx_merkle_node(&left, &right);
    return true;
}

bool gx_merkle_root(const struct gx_merkle_source *source, uint64_t size, struct gx_hash *ret_root)
{
    if (size == 0) {
        *ret_root = gx_merkle_empty();
        return true;
    }
    return range_hash(source, 0, size, ret_root);
}

static void reverse(struct gx_proof *proof)
{
    for (size_t i = 0, j = proof->count; i + 1 < j; i++) {
        j--;
        struct gx_hash hash = proof->hashes[i];
        proof->hashes[i] = proof->hashes[j];
        proof->hashes[j] = hash;
    }
}

/* One hash more; false when the source lacks it. The bound cannot be met: each step halves the
 * range. */
static bool push(const struct gx_merkle_source *source, uint64_t first, uint64_t size,
                 struct gx_proof *proof)
{
    return proof->count < GX_PROOF_MAX &&
           range_hash(source, first, size, &proof->hashes[proof->count++]);
}

bool gx_merkle_inclusion(const struct gx_merkle_source *source, uint64_t index, uint64_t size,
                         struct gx_proof *ret_proof)
{
    if (index >= size) {
        return false;
    }
    struct gx_proof proof = {.count = 0};
    uint64_t first = 0;
    while (size > 1) { /* from the root down; the sibling of each step */
        uint64_t half = split(size);
        bool in_left = index - first < half;
        if (!push(source, in_left ? first + half : first, in_left ? size - half : half, &proof)) {
            return false;
        }
        first += in_left ? 0 : half;
        size = in_left ? half : size - half;
    }
    reverse(&proof);
    *ret_proof = proof;
    return true;
}

bool gx_merkle_consistency(const struct gx_merkle_source *source, uint64_t from, uint64_t to,
                           struct gx_proof *ret_proof)
{
    if (from == 0 || from > to) {
        return false;
    }
    struct gx_proof proof = {.count = 0};
    uint64_t first = 0;
    uint64_t size = to;
    while (from - first < size) { /* until the rest of the old tree is a whole subtree */
        uint64_t half = split(size);
        bool in_left = from - first <= half;
        if (!push(source, in_left ? first + half : first, in_left ? size - half : half, &proof)) {
            return false;
        }
        first += in_left ? 0 : half;
        size = in_left ? half : size - half;
    }
    /* That subtree is the old root itself when the old tree is one perfect subtree at the very
     * left. */
    if (first != 0 && !push(source, first, size, &proof)) {
        return false;
    }
    reverse(&proof);
    *ret_proof = proof;
    return true;
}

bool gx_merkle_verify_inclusion(const struct gx_hash *leaf, uint64_t index, uint64_t size,
                                const struct gx_proof *proof, const struct gx_hash *root)
{
    if (index >= size || proof->count > GX_PROOF_MAX) {
        return false;
    }
    uint64_t fn = index;
    uint64_t sn = size - 1;
    struct gx_hash hash = *leaf;
    for (size_t i = 0; i < proof->count; i++) {
        if (sn == 0) {
            return false;
        }
        if ((fn & 1) == 1 || fn == sn) {
            hash = gx_merkle_node(&proof->hashes[i], &hash);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            hash = gx_merkle_node(&hash, &proof->hashes[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && gx_hash_equal(&hash, root);
}

/* RFC 9162, 2.1.4.2, from step 4 on: both roots are built up from the proof and must come out as
 * claimed. */
static bool consistency_path(uint64_t from, uint64_t to, const struct gx_proof *proof,
                             const struct gx_hash *from_root, const struct gx_hash *to_root)
{
    size_t at = 0;
    struct gx_hash fr = is_power(from) ? *from_root : proof->hashes[at++];
    struct gx_hash sr = fr;
    uint64_t fn = from - 1;
    uint64_t sn = to - 1;
    while ((fn & 1) == 1) {
        fn >>= 1;
        sn >>= 1;
    }
    for (; at < proof->count; at++) {
        const struct gx_hash *c = &proof->hashes[at];
        if (sn == 0) {
            return false;
        }
        if ((fn & 1) == 1 || fn == sn) {
            fr = gx_merkle_node(c, &fr);
            sr = gx_merkle_node(c, &sr);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            sr = gx_merkle_node(&sr, c);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && gx_hash_equal(&fr, from_root) && gx_hash_equal(&sr, to_root);
}

bool gx_merkle_verify_consistency(uint64_t from, uint64_t to, const struct gx_proof *proof,
                                  const struct gx_hash *from_root, const struct gx_hash *to_root)
{
    if (from == 0 || from > to || proof->count > GX_PROOF_MAX) {
        return false;
    }
    if (from == to) {
        return proof->count == 0 && gx_hash_equal(from_root, to_root);
    }
    if (proof->count == 0) {
        return false;
    }
    return consistency_path(from, to, proof, from_root, to_root);
}
