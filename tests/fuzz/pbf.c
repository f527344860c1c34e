/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever bytes come as OpenStreetMap PBF: as a whole file, and as the content of a data blob, so that the fuzzer need not first
 * learn to compress. What is accepted makes a graph that checks.
 */
#include "roads/pbf.h"
#include "roads/draft.h"
#include "roads/internal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A length, a BlobHeader of type "OSMHeader" (or "OSMData" at the fuzzer's content), a Blob with raw data. */
static const uint8_t HEADER[] = "\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x02\x0a\x00";

static size_t put_varint(uint8_t *out, size_t value)
{
    size_t count = 0;
    while (value >= 128) {
        out[count++] = (uint8_t)(value | 128);
        value >>= 7;
    }
    out[count++] = (uint8_t)value;
    return count;
}

/* The bytes as the raw content of a data blob behind an honest header. */
static size_t wrap(const uint8_t *data, size_t size, uint8_t *out)
{
    uint8_t blob[16] = {0x0a};
    size_t blob_head = 1 + put_varint(blob + 1, size);
    uint8_t head[32] = {0x0a, 7, 'O', 'S', 'M', 'D', 'a', 't', 'a', 0x18};
    size_t head_size = 10 + put_varint(head + 10, blob_head + size);
    size_t at = sizeof HEADER - 1;
    memcpy(out, HEADER, at);
    memset(out + at, 0, 3);
    out[at + 3] = (uint8_t)head_size;
    at += 4;
    memcpy(out + at, head, head_size);
    at += head_size;
    memcpy(out + at, blob, blob_head);
    at += blob_head;
    memcpy(out + at, data, size);
    return at + size;
}

static void read_file(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return;
    }
    uint8_t *copy = malloc(size);
    if (copy == NULL) {
        return;
    }
    memcpy(copy, data, size);
    FILE *file = fmemopen(copy, size, "rb");
    if (file == NULL) {
        abort();
    }
    struct roads_osm *osm = roads_osm_new();
    struct roads_fault fault = {0};
    if (roads_pbf_read(file, osm, &fault) == GX_OK) {
        struct roads_draft draft;
        struct roads_osm_counts counts;
        struct roads_dropped dropped;
        roads_draft_init(&draft);
        roads_osm_draft(osm, &draft, &counts);
        if (roads_draft_clean(&draft, &dropped, &fault) == GX_OK) {
            size_t bytes = 0;
            struct roads *roads = NULL;
            void *image = roads_draft_image(&draft, &bytes);
            if (roads_from_image(&image, bytes, &roads, &fault) != GX_OK) {
                abort(); /* what we make ourselves must pass */
            }
            roads_free(roads);
        }
        roads_draft_done(&draft);
    } else if (fault.id == ROADS_F_NONE || fault.value[0] == '\0') {
        abort();
    }
    roads_osm_free(osm);
    (void)fclose(file);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    if (data[0] % 2 == 0) {
        read_file(data + 1, size - 1);
        return 0;
    }
    uint8_t *file = malloc(size + 128);
    if (file == NULL) {
        return 0;
    }
    read_file(file, wrap(data + 1, size - 1, file));
    free(file);
    return 0;
}
