/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/tile.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

char *gx_tile_path(int level, uint64_t index, unsigned width, char path[GX_TILE_PATH_SIZE])
{
    char number[40];
    size_t at = sizeof number - 1;
    number[at] = '\0';
    const char *mark = ""; /* all groups but the last bear an x */
    do {
        char group[8];
        int size = snprintf(group, sizeof group, "%s%03u%s", "x", (unsigned)(index % 1000), mark);
        const char *from = mark[0] == '\0' ? group + 1 : group;
        size_t used = (size_t)size - (mark[0] == '\0' ? 1U : 0U);
        at -= used;
        memcpy(number + at, from, used);
        mark = "/";
        index /= 1000;
    } while (index > 0);
    char part[12] = "";
    if (width < GX_TILE_WIDTH) {
        (void)snprintf(part, sizeof part, ".p/%u", width % GX_TILE_WIDTH);
    }
    if (level == GX_TILE_ENTRIES) {
        (void)snprintf(path, GX_TILE_PATH_SIZE, "tile/entries/%s%s", number + at, part);
    } else {
        (void)snprintf(path, GX_TILE_PATH_SIZE, "tile/%d/%s%s", level % 64, number + at, part);
    }
    return path;
}

/* "x001/x234/067" up to '\0' or ".p/"; returns the rest, or NULL. */
static const char *parse_number(const char *at, uint64_t *ret_index)
{
    uint64_t index = 0;
    for (int groups = 0; groups < 7; groups++) {
        bool more = *at == 'x';
        at += more ? 1 : 0;
        for (int i = 0; i < 3; i++, at++) {
            if (*at < '0' || *at > '9' || index > (UINT64_MAX - 9) / 10) {
                return NULL;
            }
            index = index * 10 + (uint64_t)(*at - '0');
        }
        if (!more) {
            *ret_index = index;
            return at;
        }
        if (*at++ != '/') {
            return NULL;
        }
    }
    return NULL;
}

int gx_tile_path_parse(const char *path, int *ret_level, uint64_t *ret_index, unsigned *ret_width)
{
    int level = GX_TILE_ENTRIES;
    const char *at = NULL;
    if (strncmp(path, "tile/entries/", 13) == 0) {
        at = path + 13;
    } else if (strncmp(path, "tile/", 5) == 0 && path[5] >= '0' && path[5] < '0' + GX_TILE_LEVELS &&
               path[6] == '/') {
        level = path[5] - '0';
        at = path + 7;
    }
    uint64_t index = 0;
    at = at == NULL ? NULL : parse_number(at, &index);
    int64_t width = GX_TILE_WIDTH;
    if (at != NULL && *at != '\0') {
        if (strncmp(at, ".p/", 3) != 0 || gx_parse_int(at + 3, 1, GX_TILE_WIDTH - 1, &width) != 0) {
            return -1;
        }
    }
    char again[GX_TILE_PATH_SIZE]; /* one tile has one path: no leading zero groups, no "+7" */
    if (at == NULL || strcmp(gx_tile_path(level, index, (unsigned)width, again), path) != 0) {
        return -1;
    }
    *ret_level = level;
    *ret_index = index;
    *ret_width = (unsigned)width;
    return 0;
}

uint64_t gx_tile_level_size(int level, uint64_t size)
{
    return level <= 0 ? size : size >> (8 * (unsigned)level);
}

unsigned gx_tile_width(int level, uint64_t index, uint64_t size)
{
    uint64_t hashes = gx_tile_level_size(level, size);
    uint64_t full = hashes / GX_TILE_WIDTH;
    if (index < full) {
        return GX_TILE_WIDTH;
    }
    return index == full ? (unsigned)(hashes % GX_TILE_WIDTH) : 0;
}

/* The root of `count` (a power of two) hashes that stand one after the other. */
static struct gx_hash fold(const uint8_t *data, unsigned count)
{
    struct gx_hash row[GX_TILE_WIDTH];
    memcpy(row, data, (size_t)count * GX_HASH_SIZE);
    for (; count > 1; count /= 2) {
        for (unsigned i = 0; i < count / 2; i++) {
            row[i] = gx_merkle_node(&row[(size_t)2 * i], &row[(size_t)2 * i + 1]);
        }
    }
    return row[0];
}

struct gx_hash gx_tile_root(const uint8_t data[GX_TILE_BYTES])
{
    return fold(data, GX_TILE_WIDTH);
}

void gx_bundle_format(const uint8_t *leaves, unsigned width, uint8_t bundle[GX_BUNDLE_BYTES])
{
    for (unsigned i = 0; i < width; i++) {
        uint8_t *entry = bundle + (size_t)i * GX_BUNDLE_ENTRY;
        entry[0] = 0;
        entry[1] = GX_HASH_SIZE;
        memcpy(entry + 2, leaves + (size_t)i * GX_HASH_SIZE, GX_HASH_SIZE);
    }
}

bool gx_bundle_parse(struct gx_view bundle, unsigned width, uint8_t leaves[GX_TILE_BYTES])
{
    if (width > GX_TILE_WIDTH || bundle.size != (size_t)width * GX_BUNDLE_ENTRY) {
        return false;
    }
    for (unsigned i = 0; i < width; i++) {
        const uint8_t *entry = bundle.data + (size_t)i * GX_BUNDLE_ENTRY;
        if (entry[0] != 0 || entry[1] != GX_HASH_SIZE) {
            return false;
        }
        memcpy(leaves + (size_t)i * GX_HASH_SIZE, entry + 2, GX_HASH_SIZE);
    }
    return true;
}

void gx_tile_reader_init(struct gx_tile_reader *reader, gx_tile_read *read, void *arg,
                         uint64_t size)
{
    reader->read = read;
    reader->arg = arg;
    reader->size = size;
    for (int level = 0; level < GX_TILE_LEVELS; level++) {
        reader->cache[level].there = false;
    }
}

bool gx_tile_reader_hash(void *arg, unsigned level, uint64_t index, struct gx_hash *ret_hash)
{
    struct gx_tile_reader *reader = arg;
    unsigned tile_level = level / 8;
    unsigned height = level % 8; /* of the subtree inside the tile */
    if (tile_level >= GX_TILE_LEVELS) {
        return false;
    }
    uint64_t first = index << height; /* its first hash on the tile's own level */
    uint64_t tile = first / GX_TILE_WIDTH;
    unsigned at = (unsigned)(first % GX_TILE_WIDTH);
    unsigned count = 1U << height;
    __typeof__(&reader->cache[0]) slot = &reader->cache[tile_level];
    if (!slot->there || slot->index != tile) {
        unsigned width = gx_tile_width((int)tile_level, tile, reader->size);
        slot->there =
            width > 0 && reader->read(reader->arg, (int)tile_level, tile, width, slot->data);
        slot->index = tile;
        slot->width = width;
    }
    if (!slot->there || at + count > slot->width) {
        return false;
    }
    *ret_hash = fold(slot->data + (size_t)at * GX_HASH_SIZE, count);
    return true;
}
