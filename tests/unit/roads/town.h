/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small made-up town, written as a pack, as .osm and as .osm.pbf. What its streets are is told twice: as tags, for the importer,
 * and as truth, for the test.
 */
#ifndef TEST_ROADS_TOWN_H
#define TEST_ROADS_TOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plain_roads.h"

enum {
    TOWN_COLUMNS = 12,
    TOWN_ROWS = 9,
    TOWN_NODES_MAX = 200,
    TOWN_STREETS_MAX = 60,
    TOWN_STREET_NODES = 16,
    TOWN_TAGS = 4
};

struct town_node {
    int64_t id; /* OpenStreetMap's; the position is the pack's */
    int32_t lon7;
    int32_t lat7;
    bool bollard;
    bool left_out; /* mentioned, but not in the file */
};

struct town_street {
    const char *tags[2 * TOWN_TAGS]; /* key, value, ...; NULL ends */
    size_t nodes[TOWN_STREET_NODES];
    size_t count;
    const char *class;
    bool forward;
    bool backward;
    unsigned kmh[2];
    bool bends; /* all nodes between its ends are mere bends */
};

struct town {
    struct town_node nodes[TOWN_NODES_MAX];
    size_t node_count;
    struct town_street streets[TOWN_STREETS_MAX];
    size_t street_count;
};

void town_build(struct town *town);
/* The truth as a graph, by position in nodes; plain_free() it. */
void town_plain(const struct town *town, struct plain_roads *plain);
size_t town_cell(size_t column, size_t row); /* the position of a crossing */

void town_write_pack(const struct town *town, const char *folder);
void town_write_osm(const struct town *town, const char *path);
/* dense: nodes as DenseNodes in a zlib blob, else as Nodes in a raw one. */
void town_write_pbf(const struct town *town, const char *path, bool dense);

#endif
