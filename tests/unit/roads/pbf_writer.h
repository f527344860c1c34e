/* SPDX-License-Identifier: Apache-2.0 */
/* Writes OpenStreetMap PBF: whole blocks of nodes and ways, and single blobs with whatever content a test wants. */
#ifndef TEST_ROADS_PBF_WRITER_H
#define TEST_ROADS_PBF_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* How a blob lies about itself; all zero: not at all. */
struct pbf_lie {
    int32_t raw_size;     /* said instead of the true one */
    uint32_t header_size; /* said instead of the true one */
    int32_t datasize;     /* said instead of the true one */
    bool no_data;         /* a blob without raw and zlib data */
    bool bad_zlib;
};
void pbf_write_blob(FILE *file, const char *type, const uint8_t *data, size_t size, bool zlib,
                    const struct pbf_lie *lie);
/* "OSMHeader" that requires "OsmSchema-V0.6" and one feature more. */
void pbf_write_header(FILE *file, const char *feature);

struct pbf_writer;
/* compact: DenseNodes and zlib, else Nodes and raw. */
struct pbf_writer *pbf_writer_new(bool compact);
/* tags: key, value, ..., NULL; texts are kept, not copied. Degrees in 1e-7. */
void pbf_writer_node(struct pbf_writer *w, int64_t id, int64_t lon7, int64_t lat7,
                     const char *const *tags);
void pbf_writer_way(struct pbf_writer *w, int64_t id, const int64_t *refs, size_t count,
                    const char *const *tags);
/* Writes a blob of nodes and one of ways; ends the writer. */
void pbf_writer_save(struct pbf_writer *w, FILE *file);

#endif
