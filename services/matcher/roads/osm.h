/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenStreetMap data on its way into a draft. A file is read twice: first its ways, which say what nodes are needed; then its
 * nodes, so that those of buildings and borders never take memory. Knows nothing of files.
 */
#ifndef MATCHER_ROADS_OSM_H
#define MATCHER_ROADS_OSM_H

#include "roads/draft.h"
#include "roads/osm_way.h"

enum {
    ROADS_OSM_WAY_NODES_MAX = 1000000
};

/* What was read and what could not be used. */
struct roads_osm_counts {
    size_t ways;          /* of all kinds */
    size_t roads;         /* of those somebody can use */
    size_t missing_nodes; /* mentioned by a road and nowhere in the file; the road is cut there */
    size_t long_arcs;     /* too long to be true: more than ROADS_ARC_MS_MAX */
};

struct roads_osm;
struct roads_osm *roads_osm_new(void);
void roads_osm_free(struct roads_osm *osm);

/* First reading. TOO_MANY when the file mentions more nodes than a graph can hold. */
enum gx_rc roads_osm_way(struct roads_osm *osm, const struct roads_osm_tags *tags,
                         const int64_t *nodes, size_t count, struct roads_fault *fault);
/* Between the readings. */
void roads_osm_sort(struct roads_osm *osm);
/* Second reading: is it a node that a road needs? Then it is put. */
bool roads_osm_wants(const struct roads_osm *osm, int64_t node);
void roads_osm_node(struct roads_osm *osm, int64_t node, struct roads_point7 place,
                    bool blocks_cars);
/*
 * Makes nodes, arcs and walks. Nodes that only bend a road are left out unless the arc would grow beyond 100 m, so that a place
 * finds a node near it.
 */
void roads_osm_draft(struct roads_osm *osm, struct roads_draft *draft,
                     struct roads_osm_counts *ret_counts);

#endif
