/* SPDX-License-Identifier: Apache-2.0 */
#include "pbf_writer.h"

#include "check.h"
#include "osm_data.pb-c.h"
#include "osm_file.pb-c.h"

#include <string.h>
#include <zlib.h>

enum {
    ROOM = 4096
};

static void put_size(FILE *file, size_t size)
{
    const uint8_t bytes[4] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8),
                              (uint8_t)size};
    assert_int_equal(fwrite(bytes, 1, 4, file), 4);
}

static void put_packed(FILE *file, const uint8_t *data, size_t size)
{
    assert_int_equal(fwrite(data, 1, size, file), size);
}

void pbf_write_blob(FILE *file, const char *type, const uint8_t *data, size_t size, bool zlib,
                    const struct pbf_lie *lie)
{
    static const struct pbf_lie HONEST;
    lie = lie == NULL ? &HONEST : lie;
    uLongf zipped = compressBound(size);
    uint8_t *zip = calloc(1, zipped);
    uint8_t *raw = calloc(1, size + 1);
    assert_non_null(zip);
    assert_non_null(raw);
    memcpy(raw, data, size);
    assert_int_equal(compress(zip, &zipped, data, size), Z_OK);
    zip[zipped / 2] ^= lie->bad_zlib ? 0x5a : 0;
    Osm__Blob blob = OSM__BLOB__INIT;
    blob.has_zlib_data = zlib && !lie->no_data;
    blob.zlib_data = (ProtobufCBinaryData){zipped, zip};
    blob.has_raw_size = zlib || lie->no_data;
    blob.raw_size = lie->raw_size != 0 ? lie->raw_size : (int32_t)size;
    blob.has_raw = !zlib && !lie->no_data;
    blob.raw = (ProtobufCBinaryData){size, raw};
    uint8_t *packed = calloc(1, osm__blob__get_packed_size(&blob) + 1);
    assert_non_null(packed);
    size_t packed_size = osm__blob__pack(&blob, packed);
    char kind[32];
    (void)snprintf(kind, sizeof kind, "%s", type);
    Osm__BlobHeader header = OSM__BLOB_HEADER__INIT;
    header.type = kind;
    header.datasize = lie->datasize != 0 ? lie->datasize : (int32_t)packed_size;
    uint8_t head[64];
    size_t head_size = osm__blob_header__pack(&header, head);
    put_size(file, lie->header_size != 0 ? lie->header_size : head_size);
    put_packed(file, head, head_size);
    put_packed(file, packed, packed_size);
    free(packed);
    free(raw);
    free(zip);
}

void pbf_write_header(FILE *file, const char *feature)
{
    char schema[] = "OsmSchema-V0.6";
    char other[64];
    (void)snprintf(other, sizeof other, "%s", feature);
    char *features[] = {schema, other};
    Osm__HeaderBlock block = OSM__HEADER_BLOCK__INIT;
    block.n_required_features = 2;
    block.required_features = features;
    uint8_t packed[128];
    size_t size = osm__header_block__pack(&block, packed);
    pbf_write_blob(file, "OSMHeader", packed, size, true, NULL);
}

struct pbf_writer {
    bool compact;
    ProtobufCBinaryData strings[ROOM];
    size_t string_count;
    Osm__Node *nodes[ROOM];
    size_t node_count;
    Osm__Way *ways[ROOM];
    size_t way_count;
};

struct pbf_writer *pbf_writer_new(bool compact)
{
    struct pbf_writer *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->compact = compact;
    w->string_count = 1; /* string 0 is a delimiter */
    return w;
}

static uint32_t string_of(struct pbf_writer *w, const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 1; i < w->string_count; i++) {
        if (w->strings[i].len == size && memcmp(w->strings[i].data, text, size) == 0) {
            return (uint32_t)i;
        }
    }
    assert_true(w->string_count < ROOM);
    uint8_t *copy = calloc(1, size + 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    w->strings[w->string_count] = (ProtobufCBinaryData){size, copy};
    return (uint32_t)w->string_count++;
}

/* Keys and values in two columns, each from calloc. */
static size_t columns_of(struct pbf_writer *w, const char *const *tags, uint32_t **keys,
                         uint32_t **values)
{
    size_t count = 0;
    while (tags[2 * count] != NULL) {
        count++;
    }
    *keys = calloc(count + 1, sizeof **keys);
    *values = calloc(count + 1, sizeof **values);
    assert_non_null(*keys);
    assert_non_null(*values);
    for (size_t i = 0; i < count; i++) {
        (*keys)[i] = string_of(w, tags[2 * i]);
        (*values)[i] = string_of(w, tags[2 * i + 1]);
    }
    return count;
}

void pbf_writer_node(struct pbf_writer *w, int64_t id, int64_t lon7, int64_t lat7,
                     const char *const *tags)
{
    assert_true(w->node_count < ROOM);
    Osm__Node *node = calloc(1, sizeof *node);
    assert_non_null(node);
    osm__node__init(node);
    node->id = id;
    node->lon = lon7;
    node->lat = lat7;
    node->n_keys = columns_of(w, tags, &node->keys, &node->vals);
    node->n_vals = node->n_keys;
    w->nodes[w->node_count++] = node;
}

void pbf_writer_way(struct pbf_writer *w, int64_t id, const int64_t *refs, size_t count,
                    const char *const *tags)
{
    assert_true(w->way_count < ROOM);
    Osm__Way *way = calloc(1, sizeof *way);
    assert_non_null(way);
    osm__way__init(way);
    way->id = id;
    way->n_keys = columns_of(w, tags, &way->keys, &way->vals);
    way->n_vals = way->n_keys;
    way->refs = calloc(count + 1, sizeof *way->refs);
    assert_non_null(way->refs);
    way->n_refs = count;
    for (size_t i = 0; i < count; i++) {
        way->refs[i] = refs[i] - (i == 0 ? 0 : refs[i - 1]);
    }
    w->ways[w->way_count++] = way;
}

/* The nodes as columns of differences. */
static Osm__DenseNodes *dense_of(const struct pbf_writer *w)
{
    Osm__DenseNodes *dense = calloc(1, sizeof *dense);
    assert_non_null(dense);
    osm__dense_nodes__init(dense);
    dense->id = calloc(w->node_count + 1, sizeof *dense->id);
    dense->lat = calloc(w->node_count + 1, sizeof *dense->lat);
    dense->lon = calloc(w->node_count + 1, sizeof *dense->lon);
    dense->keys_vals = calloc(8 * w->node_count + 1, sizeof *dense->keys_vals);
    assert_true(dense->id != NULL && dense->lat != NULL && dense->lon != NULL &&
                dense->keys_vals != NULL);
    dense->n_id = dense->n_lat = dense->n_lon = w->node_count;
    for (size_t i = 0; i < w->node_count; i++) {
        const Osm__Node *node = w->nodes[i];
        const Osm__Node *before = i == 0 ? NULL : w->nodes[i - 1];
        dense->id[i] = node->id - (before == NULL ? 0 : before->id);
        dense->lat[i] = node->lat - (before == NULL ? 0 : before->lat);
        dense->lon[i] = node->lon - (before == NULL ? 0 : before->lon);
        for (size_t k = 0; k < node->n_keys; k++) {
            dense->keys_vals[dense->n_keys_vals++] = (int32_t)node->keys[k];
            dense->keys_vals[dense->n_keys_vals++] = (int32_t)node->vals[k];
        }
        dense->keys_vals[dense->n_keys_vals++] = 0;
    }
    return dense;
}

static void save_group(const struct pbf_writer *w, FILE *file, Osm__PrimitiveGroup *group)
{
    Osm__StringTable table = OSM__STRING_TABLE__INIT;
    table.n_s = w->string_count;
    table.s = calloc(w->string_count, sizeof *table.s);
    assert_non_null(table.s);
    memcpy(table.s, w->strings, w->string_count * sizeof *table.s);
    Osm__PrimitiveBlock block = OSM__PRIMITIVE_BLOCK__INIT;
    block.stringtable = &table;
    block.n_primitivegroup = 1;
    block.primitivegroup = &group;
    uint8_t *packed = calloc(1, osm__primitive_block__get_packed_size(&block) + 1);
    assert_non_null(packed);
    size_t size = osm__primitive_block__pack(&block, packed);
    pbf_write_blob(file, "OSMData", packed, size, w->compact, NULL);
    free(packed);
    free(table.s);
}

static void end_writer(struct pbf_writer *w)
{
    for (size_t i = 0; i < w->node_count; i++) {
        free(w->nodes[i]->keys);
        free(w->nodes[i]->vals);
        free(w->nodes[i]);
    }
    for (size_t i = 0; i < w->way_count; i++) {
        free(w->ways[i]->keys);
        free(w->ways[i]->vals);
        free(w->ways[i]->refs);
        free(w->ways[i]);
    }
    for (size_t i = 1; i < w->string_count; i++) {
        free(w->strings[i].data);
    }
    free(w);
}

void pbf_writer_save(struct pbf_writer *w, FILE *file)
{
    Osm__PrimitiveGroup nodes = OSM__PRIMITIVE_GROUP__INIT;
    Osm__DenseNodes *dense = dense_of(w);
    if (w->compact) {
        nodes.dense = dense;
    } else {
        nodes.n_nodes = w->node_count;
        nodes.nodes = w->nodes;
    }
    save_group(w, file, &nodes);
    Osm__PrimitiveGroup ways = OSM__PRIMITIVE_GROUP__INIT;
    ways.n_ways = w->way_count;
    ways.ways = w->ways;
    save_group(w, file, &ways);
    free(dense->id);
    free(dense->lat);
    free(dense->lon);
    free(dense->keys_vals);
    free(dense);
    end_writer(w);
}
