/* SPDX-License-Identifier: Apache-2.0 */
/* Reads an OpenStreetMap PBF file into a gatherer, in two readings. Memory is bounded by a blob's limits, whatever the file says. */
#ifndef MATCHER_ROADS_PBF_H
#define MATCHER_ROADS_PBF_H

#include "roads/osm.h"

#include <stdio.h>

enum {
    ROADS_PBF_HEADER_MAX = 64 * 1024,
    ROADS_PBF_BLOB_MAX = 32 * 1024 * 1024
};

/* file can be rewound. A fault names the blob, its offset and the rule. */
enum gx_rc roads_pbf_read(FILE *file, struct roads_osm *osm, struct roads_fault *fault);

#endif
