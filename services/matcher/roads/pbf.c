/* SPDX-License-Identifier: Apache-2.0 */
#include "roads/pbf.h"

#include "base/arena.h"
#include "osm_data.pb-c.h"
#include "osm_file.pb-c.h"
#include "roads/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    UNPACKED_MAX = 512 * 1024 * 1024 /* what a message of 32 MiB may grow to in memory */
};

struct pbf {
    FILE *file;
    struct roads_osm *osm;
    struct roads_fault *fault;
    bool ways; /* the first reading, else that of the nodes */
    size_t blob;
    uint64_t offset; /* where this blob begins */
    uint64_t next;
    uint8_t *packed; /* as it is in the file */
    size_t packed_room;
    uint8_t *data; /* as it is when opened */
    size_t data_size, data_room;
    struct gx_arena arena; /* the messages of one blob */
    ProtobufCAllocator allocator;
    /* of the block at hand: what each string is as a key */
    enum roads_osm_key *keys;
    size_t key_room;
    int64_t *refs;
    size_t ref_room;
};

static void *arena_alloc(void *arena, size_t size)
{
    return gx_arena_alloc(arena, size);
}

/* The arena is released as a whole. */
static void arena_keep(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

static enum gx_rc fail(const struct pbf *p, enum roads_fault_id id, int64_t found)
{
    return roads_fail(p->fault, id, "#%zu @%" PRIu64 ": %" PRId64, p->blob, p->offset, found);
}

/* All of it, or false with *ret_end true when not a byte was there. */
static bool read_exactly(struct pbf *p, void *into, size_t size, bool *ret_end)
{
    size_t read = fread(into, 1, size, p->file);
    *ret_end = read == 0;
    p->next += read;
    return read == size;
}

static enum gx_rc inflate_blob(struct pbf *p, const ProtobufCBinaryData *from, int32_t size)
{
    if (size < 1 || size > ROADS_PBF_BLOB_MAX) {
        return fail(p, ROADS_F_PBF_BLOB_SIZE, size);
    }
    p->data = roads_grow(p->data, (size_t)size, 1, &p->data_room);
    uLongf made = (uLongf)size;
    int code = uncompress(p->data, &made, from->data, (uLong)from->len);
    if (code != Z_OK || made != (uLongf)size) {
        return fail(p, ROADS_F_PBF_INFLATE, size);
    }
    p->data_size = (size_t)size;
    return GX_OK;
}

static enum gx_rc open_blob(struct pbf *p, size_t packed_size)
{
    Osm__Blob *blob = osm__blob__unpack(&p->allocator, packed_size, p->packed);
    if (blob == NULL) {
        return fail(p, ROADS_F_PBF_MESSAGE, (int64_t)packed_size);
    }
    if (blob->has_zlib_data) {
        return inflate_blob(p, &blob->zlib_data, blob->has_raw_size ? blob->raw_size : 0);
    }
    if (!blob->has_raw) {
        return fail(p, ROADS_F_PBF_COMPRESSION, (int64_t)packed_size);
    }
    p->data = roads_grow(p->data, blob->raw.len, 1, &p->data_room);
    if (blob->raw.len > 0) { /* else there may be no data at all */
        memcpy(p->data, blob->raw.data, blob->raw.len);
    }
    p->data_size = blob->raw.len;
    return GX_OK;
}

/* The next blob's data; *ret_type is "" at the end of the file. */
static enum gx_rc next_blob(struct pbf *p, char ret_type[16])
{
    uint8_t size[4];
    bool end = false;
    gx_arena_reset(&p->arena);
    p->blob++;
    p->offset = p->next;
    ret_type[0] = '\0';
    if (!read_exactly(p, size, sizeof size, &end)) {
        return end ? GX_OK : fail(p, ROADS_F_PBF_CUT, (int64_t)(p->next - p->offset));
    }
    uint32_t header_size =
        (uint32_t)size[0] << 24 | (uint32_t)size[1] << 16 | (uint32_t)size[2] << 8 | size[3];
    if (header_size == 0 || header_size > ROADS_PBF_HEADER_MAX) {
        return fail(p, ROADS_F_PBF_HEADER_SIZE, header_size);
    }
    p->packed = roads_grow(p->packed, header_size, 1, &p->packed_room);
    if (!read_exactly(p, p->packed, header_size, &end)) {
        return fail(p, ROADS_F_PBF_CUT, header_size);
    }
    Osm__BlobHeader *header = osm__blob_header__unpack(&p->allocator, header_size, p->packed);
    if (header == NULL) {
        return fail(p, ROADS_F_PBF_MESSAGE, header_size);
    }
    if (header->datasize < 1 || header->datasize > ROADS_PBF_BLOB_MAX) {
        return fail(p, ROADS_F_PBF_BLOB_SIZE, header->datasize);
    }
    p->packed = roads_grow(p->packed, (size_t)header->datasize, 1, &p->packed_room);
    if (!read_exactly(p, p->packed, (size_t)header->datasize, &end)) {
        return fail(p, ROADS_F_PBF_CUT, header->datasize);
    }
    (void)snprintf(ret_type, 16, "%s", header->type[0] == '\0' ? "?" : header->type);
    return open_blob(p, (size_t)header->datasize);
}

static enum gx_rc read_header(struct pbf *p)
{
    static const char *const KNOWN[] = {"OsmSchema-V0.6", "DenseNodes"};
    Osm__HeaderBlock *header = osm__header_block__unpack(&p->allocator, p->data_size, p->data);
    if (header == NULL) {
        return fail(p, ROADS_F_PBF_MESSAGE, (int64_t)p->data_size);
    }
    for (size_t i = 0; i < header->n_required_features; i++) {
        const char *feature = header->required_features[i];
        if (strcmp(feature, KNOWN[0]) != 0 && strcmp(feature, KNOWN[1]) != 0) {
            return roads_fail(p->fault, ROADS_F_PBF_FEATURE, "#%zu: %.60s", p->blob, feature);
        }
    }
    return GX_OK;
}

static void know_strings(struct pbf *p, const Osm__StringTable *table)
{
    p->keys = roads_grow(p->keys, table->n_s, sizeof *p->keys, &p->key_room);
    for (size_t i = 0; i < table->n_s; i++) {
        p->keys[i] = roads_osm_key(table->s[i].data, table->s[i].len);
    }
}

static enum gx_rc take_tag(const struct pbf *p, const Osm__StringTable *table, uint64_t key,
                           uint64_t value, struct roads_osm_tags *tags)
{
    if (key >= table->n_s || value >= table->n_s) {
        return fail(p, ROADS_F_PBF_STRING, (int64_t)(key >= table->n_s ? key : value));
    }
    roads_osm_tag(tags, p->keys[key], table->s[value].data, table->s[value].len);
    return GX_OK;
}

static enum gx_rc read_way(struct pbf *p, const Osm__StringTable *table, const Osm__Way *way)
{
    struct roads_osm_tags tags = {0};
    if (way->n_keys != way->n_vals) {
        return fail(p, ROADS_F_PBF_COLUMNS, way->id);
    }
    enum gx_rc rc = GX_OK;
    for (size_t i = 0; i < way->n_keys && rc == GX_OK; i++) {
        rc = take_tag(p, table, way->keys[i], way->vals[i], &tags);
    }
    p->refs = roads_grow(p->refs, way->n_refs, sizeof *p->refs, &p->ref_room);
    int64_t ref = 0;
    for (size_t i = 0; i < way->n_refs && rc == GX_OK; i++) {
        if (__builtin_add_overflow(ref, way->refs[i], &ref)) {
            rc = fail(p, ROADS_F_PBF_NUMBER, way->id);
        }
        p->refs[i] = ref;
    }
    return rc == GX_OK ? roads_osm_way(p->osm, &tags, p->refs, way->n_refs, p->fault) : rc;
}

/* 1e-7 degrees of offset + granularity * value (1e-9 degrees); false when it is no place within limit degrees. */
static bool degrees(int64_t offset, int64_t granularity, int64_t value, int64_t limit,
                    int32_t *ret_e7)
{
    int64_t nano = 0;
    if (__builtin_mul_overflow(granularity, value, &nano) ||
        __builtin_add_overflow(nano, offset, &nano) || nano < -limit * 1000000000 ||
        nano > limit * 1000000000) {
        return false;
    }
    *ret_e7 = (int32_t)((nano + (nano < 0 ? -50 : 50)) / 100);
    return true;
}

static enum gx_rc put_node(struct pbf *p, const Osm__PrimitiveBlock *block, int64_t id, int64_t lon,
                           int64_t lat, const struct roads_osm_tags *tags)
{
    struct roads_point7 place;
    if (!degrees(block->lon_offset, block->granularity, lon, 180, &place.lon) ||
        !degrees(block->lat_offset, block->granularity, lat, 90, &place.lat)) {
        return fail(p, ROADS_F_PBF_NUMBER, id);
    }
    roads_osm_node(p->osm, id, place, roads_osm_blocks_cars(tags));
    return GX_OK;
}

static enum gx_rc read_node(struct pbf *p, const Osm__PrimitiveBlock *block, const Osm__Node *node)
{
    struct roads_osm_tags tags = {0};
    if (node->n_keys != node->n_vals) {
        return fail(p, ROADS_F_PBF_COLUMNS, node->id);
    }
    enum gx_rc rc = GX_OK;
    for (size_t i = 0; i < node->n_keys && rc == GX_OK; i++) {
        rc = take_tag(p, block->stringtable, node->keys[i], node->vals[i], &tags);
    }
    return rc == GX_OK ? put_node(p, block, node->id, node->lon, node->lat, &tags) : rc;
}

/* The tags of one dense node; *at moves behind them. */
static enum gx_rc dense_tags(struct pbf *p, const Osm__StringTable *table,
                             const Osm__DenseNodes *dense, size_t *at, struct roads_osm_tags *tags)
{
    while (*at < dense->n_keys_vals && dense->keys_vals[*at] != 0) {
        if (*at + 1 >= dense->n_keys_vals || dense->keys_vals[*at] < 0 ||
            dense->keys_vals[*at + 1] < 0) {
            return fail(p, ROADS_F_PBF_COLUMNS, (int64_t)*at);
        }
        enum gx_rc rc = take_tag(p, table, (uint64_t)dense->keys_vals[*at],
                                 (uint64_t)dense->keys_vals[*at + 1], tags);
        if (rc != GX_OK) {
            return rc;
        }
        *at += 2;
    }
    *at += 1;
    return GX_OK;
}

static enum gx_rc read_dense(struct pbf *p, const Osm__PrimitiveBlock *block,
                             const Osm__DenseNodes *dense)
{
    if (dense->n_id != dense->n_lat || dense->n_id != dense->n_lon) {
        return fail(p, ROADS_F_PBF_COLUMNS, (int64_t)dense->n_id);
    }
    int64_t id = 0;
    int64_t lat = 0;
    int64_t lon = 0;
    size_t at = 0;
    for (size_t i = 0; i < dense->n_id; i++) {
        if (__builtin_add_overflow(id, dense->id[i], &id) ||
            __builtin_add_overflow(lat, dense->lat[i], &lat) ||
            __builtin_add_overflow(lon, dense->lon[i], &lon)) {
            return fail(p, ROADS_F_PBF_NUMBER, id);
        }
        struct roads_osm_tags tags = {0};
        enum gx_rc rc =
            dense->n_keys_vals == 0 ? GX_OK : dense_tags(p, block->stringtable, dense, &at, &tags);
        if (rc == GX_OK && roads_osm_wants(p->osm, id)) {
            rc = put_node(p, block, id, lon, lat, &tags);
        }
        if (rc != GX_OK) {
            return rc;
        }
    }
    return GX_OK;
}

static enum gx_rc read_group(struct pbf *p, const Osm__PrimitiveBlock *block,
                             const Osm__PrimitiveGroup *group)
{
    enum gx_rc rc = GX_OK;
    if (p->ways) {
        for (size_t i = 0; i < group->n_ways && rc == GX_OK; i++) {
            rc = read_way(p, block->stringtable, group->ways[i]);
        }
        return rc;
    }
    for (size_t i = 0; i < group->n_nodes && rc == GX_OK; i++) {
        rc = read_node(p, block, group->nodes[i]);
    }
    return rc == GX_OK && group->dense != NULL ? read_dense(p, block, group->dense) : rc;
}

static enum gx_rc read_data(struct pbf *p)
{
    Osm__PrimitiveBlock *block = osm__primitive_block__unpack(&p->allocator, p->data_size, p->data);
    if (block == NULL) {
        return fail(p, ROADS_F_PBF_MESSAGE, (int64_t)p->data_size);
    }
    know_strings(p, block->stringtable);
    enum gx_rc rc = GX_OK;
    for (size_t i = 0; i < block->n_primitivegroup && rc == GX_OK; i++) {
        rc = read_group(p, block, block->primitivegroup[i]);
    }
    return rc;
}

static enum gx_rc read_once(struct pbf *p, bool ways)
{
    p->ways = ways;
    p->blob = 0;
    p->next = 0;
    rewind(p->file);
    for (;;) {
        char type[16];
        enum gx_rc rc = next_blob(p, type);
        if (rc != GX_OK) {
            return rc;
        }
        bool header = strcmp(type, "OSMHeader") == 0;
        if (p->blob == 1 && !header) {
            return fail(p, ROADS_F_PBF_FIRST, 0);
        }
        if (type[0] == '\0') {
            return GX_OK;
        }
        if (header) {
            rc = read_header(p);
        } else if (strcmp(type, "OSMData") == 0) {
            rc = read_data(p);
        } /* blobs of other types are for others */
        if (rc != GX_OK) {
            return rc;
        }
    }
}

enum gx_rc roads_pbf_read(FILE *file, struct roads_osm *osm, struct roads_fault *fault)
{
    struct pbf p = {.file = file, .osm = osm, .fault = fault};
    gx_arena_init(&p.arena, UNPACKED_MAX);
    p.allocator =
        (ProtobufCAllocator){.alloc = arena_alloc, .free = arena_keep, .allocator_data = &p.arena};
    enum gx_rc rc = read_once(&p, true);
    if (rc == GX_OK) {
        roads_osm_sort(osm);
        rc = read_once(&p, false);
    }
    gx_arena_done(&p.arena);
    free(p.packed);
    free(p.data);
    free(p.keys);
    free(p.refs);
    return rc;
}
