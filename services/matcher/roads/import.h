/* SPDX-License-Identifier: Apache-2.0 */
/* From somebody's road data to a graph: OpenStreetMap as .osm.pbf, .osm or .osm.gz, or a pack's folder. */
#ifndef MATCHER_ROADS_IMPORT_H
#define MATCHER_ROADS_IMPORT_H

#include "roads/draft.h"
#include "roads/osm.h"

struct roads_box { /* degrees */
    double west, south, east, north;
};

struct roads_import {
    const char *path;
    const char *name;            /* NULL: the pack's own, or the file's name */
    const char *attribution;     /* NULL: OpenStreetMap's for its files, nothing for a pack */
    const struct roads_box *box; /* NULL: everything; else roads with both ends inside */
};

struct roads_import_counts {
    bool is_osm;
    struct roads_osm_counts osm; /* of OpenStreetMap only */
    struct roads_dropped dropped;
};

/* "W,S,E,N" in degrees, west before east and south before north. 0, or -1. */
int roads_box_parse(const char *text, struct roads_box *ret_box);
/* *ret_roads and *ret_counts are written on success; roads_write() keeps the graph as a file. */
enum gx_rc roads_import(const struct roads_import *import, struct roads **ret_roads,
                        struct roads_import_counts *ret_counts, struct roads_fault *fault);

#endif
