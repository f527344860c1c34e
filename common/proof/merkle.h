/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Merkle tree of RFC 6962 over SHA-256 and the proofs of RFC 9162, sections 2.1.3 and 2.1.4.
 * Pure: hashes of perfect subtrees come from a reader function, so that the same code serves a
 * database, a folder of tiles and a test's array. leaf = SHA-256(0x00 || data)   node =
 * SHA-256(0x01 || left || right)   empty tree = SHA-256("")
 */
#ifndef GX_PROOF_MERKLE_H
#define GX_PROOF_MERKLE_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GX_HASH_SIZE = 32,
    GX_PROOF_MAX = 65 /* most hashes of a proof in a tree of up to 2^63 leaves */
};

struct gx_hash {
    uint8_t bytes[GX_HASH_SIZE];
};

struct gx_proof {
    size_t count;
    struct gx_hash hashes[GX_PROOF_MAX];
};

struct gx_hash gx_sha256(struct gx_view first,
                         struct gx_view second); /* of both, one after the other */
struct gx_hash gx_merkle_leaf(struct gx_view data);
struct gx_hash gx_merkle_node(const struct gx_hash *left, const struct gx_hash *right);
struct gx_hash gx_merkle_empty(void);
bool gx_hash_equal(const struct gx_hash *a, const struct gx_hash *b);

/*
 * The hash of the perfect subtree over the leaves [index << level, (index + 1) << level); level 0
 * is the leaf hash itself. False: it is not there; the function that asked then gives false too.
 */
typedef bool gx_merkle_read(void *arg, unsigned level, uint64_t index, struct gx_hash *ret_hash);
struct gx_merkle_source {
    gx_merkle_read *read;
    void *arg;
};

/* The root of the first `size` leaves. */
bool gx_merkle_root(const struct gx_merkle_source *source, uint64_t size, struct gx_hash *ret_root);
/* The audit path of leaf `index` in the tree of `size` leaves, from the leaf up. False also unless
 * index < size. */
bool gx_merkle_inclusion(const struct gx_merkle_source *source, uint64_t index, uint64_t size,
                         struct gx_proof *ret_proof);
/* That the tree of `from` leaves is the beginning of the tree of `to`: 1 <= from <= to; empty when
 * they are equal. */
bool gx_merkle_consistency(const struct gx_merkle_source *source, uint64_t from, uint64_t to,
                           struct gx_proof *ret_proof);

/* Verification. A proof that is longer or shorter than needed is refused. */
bool gx_merkle_verify_inclusion(const struct gx_hash *leaf, uint64_t index, uint64_t size,
                                const struct gx_proof *proof, const struct gx_hash *root);
bool gx_merkle_verify_consistency(uint64_t from, uint64_t to, const struct gx_proof *proof,
                                  const struct gx_hash *from_root, const struct gx_hash *to_root);

#endif
