/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The yardstick of the road search: a pack read by the shortest code that does it, and Dijkstra as in the books with a binary
 * heap. Shares nothing with the product.
 */
#ifndef TEST_PLAIN_ROADS_H
#define TEST_PLAIN_ROADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

struct plain_arc {
    uint32_t from;
    uint32_t to;
    uint32_t ms[2]; /* emergency, normal */
};

struct plain_roads {
    uint32_t nodes;
    uint32_t arc_count;
    struct plain_arc *arcs;
    double *lon;
    double *lat;
    bool *access;
    uint32_t *out_first, *out_arc; /* arcs by tail */
    uint32_t *in_first, *in_arc;   /* arcs by head */
    uint64_t *heap;
    size_t heap_count;
    uint32_t *ms; /* of the last search, UINT32_MAX: not reached */
    uint32_t *
        touched; /* nodes whose ms the last search wrote, so that the next one need not clear all */
    size_t touched_count;
};

/* folder/name, else folder/name.gz, behind its header line; NULL when it is not there or empty. */
gzFile plain_table(const char *folder, const char *name);
/* False when a file is not there or not as it should be. */
bool plain_load(const char *folder, struct plain_roads *roads);
/* nodes and arcs (with places and access) are set; makes the rest. */
void plain_prepare(struct plain_roads *roads);
void plain_free(struct plain_roads *roads);

/*
 * Times between node and all others into roads->ms: reverse: to the node. Ends once `wanted` nodes of those in is_goal are
 * settled (is_goal NULL: never); returns how many nodes were settled.
 */
size_t plain_search(struct plain_roads *roads, int weight, bool reverse, uint32_t node,
                    const uint16_t *is_goal, size_t wanted);

#endif
