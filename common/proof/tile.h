/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of c2sp.org/tlog-tiles. A tile of level L holds up to 256 hashes of perfect subtrees
 * over 256^L leaves; `width` of them while it grows, and only the last one of a level is narrower
 * than 256. A stored tile grows at its end, so each narrower form of it is its beginning.
 *     tile/<L>/<N>            a full tile: 256 hashes of 32 bytes; N in groups of three digits,
 * "x001/x234/067" tile/<L>/<N>.p/<W>      the same while it holds W < 256 tile/entries/<N>[.p/W]
 * entry bundle: for each leaf its size as uint16, big endian, then the leaf data
 */
#ifndef GX_PROOF_TILE_H
#define GX_PROOF_TILE_H

#include "proof/merkle.h"

enum {
    GX_TILE_WIDTH = 256,
    GX_TILE_BYTES = GX_TILE_WIDTH * GX_HASH_SIZE,
    GX_BUNDLE_ENTRY =
        2 + GX_HASH_SIZE, /* our leaf data are 32 bytes each, so is a bundle's entry 34 */
    GX_BUNDLE_BYTES = GX_TILE_WIDTH * GX_BUNDLE_ENTRY,
    GX_TILE_LEVELS = 8,   /* levels that a tree of less than 2^64 leaves can have */
    GX_TILE_ENTRIES = -1, /* the "level" of entry bundles in gx_tile_path() */
    GX_TILE_PATH_SIZE = 64
};

/* The path of a tile, width 1..256; level 0..7 or GX_TILE_ENTRIES. Returns path. */
char *gx_tile_path(int level, uint64_t index, unsigned width, char path[GX_TILE_PATH_SIZE]);
/* 0, or -1 for a path that is not exactly of that form. */
int gx_tile_path_parse(const char *path, int *ret_level, uint64_t *ret_index, unsigned *ret_width);

/* How many hashes the level has in a tree of `size` leaves, and how wide the tile `index` of it is
 * then (0: there is none). */
uint64_t gx_tile_level_size(int level, uint64_t size);
unsigned gx_tile_width(int level, uint64_t index, uint64_t size);

/* The root of a full tile: the hash that it contributes to the level above. */
struct gx_hash gx_tile_root(const uint8_t data[GX_TILE_BYTES]);

/* `width` leaf data of 32 bytes each as an entry bundle, and back (false unless it is exactly
 * that). */
void gx_bundle_format(const uint8_t *leaves, unsigned width, uint8_t bundle[GX_BUNDLE_BYTES]);
bool gx_bundle_parse(struct gx_view bundle, unsigned width, uint8_t leaves[GX_TILE_BYTES]);

/*
 * Reads at least `width` hashes of a tile into data (GX_TILE_BYTES of room); false when it is not
 * there or too narrow.
 */
typedef bool gx_tile_read(void *arg, int level, uint64_t index, unsigned width, uint8_t *data);

/* A source of subtree hashes out of tiles. Keeps the last tile of each level: a walk up one path
 * reads each once. */
struct gx_tile_reader {
    gx_tile_read *read;
    void *arg;
    uint64_t size; /* leaves that the tiles cover */
    struct {
        bool there;
        uint64_t index;
        unsigned width;
        uint8_t data[GX_TILE_BYTES];
    } cache[GX_TILE_LEVELS];
};
/* For gx_merkle_source: {gx_tile_reader_hash, reader}. */
bool gx_tile_reader_hash(void *reader, unsigned level, uint64_t index, struct gx_hash *ret_hash);
void gx_tile_reader_init(struct gx_tile_reader *reader, gx_tile_read *read, void *arg,
                         uint64_t size);

#endif
