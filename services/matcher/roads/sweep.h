/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times between a few nodes and all junctions by the hierarchy, several nodes side by side: first up from each, then down once
 * over everything. Each pass reads its arrays in order and has nothing to decide.
 */
#ifndef MATCHER_ROADS_SWEEP_H
#define MATCHER_ROADS_SWEEP_H

#include "roads/search.h"

enum {
    ROADS_LANES = 8,       /* nodes side by side */
    ROADS_FAR = 0x3fffffff /* more than ROADS_MS_MAX; twice it still fits an int32_t */
};

/*
 * For 1 or ROADS_LANES nodes (ROADS_NOWHERE: an empty lane), by car. The time of junction j and lane k stands at
 * result[height_of[j] * lanes + k]; over ROADS_MS_MAX: never. Valid until the search is used again.
 */
const int32_t *roads_sweep(struct roads_search *search, enum roads_weight weight,
                           enum roads_direction direction, const uint32_t *nodes, uint32_t lanes,
                           const uint32_t **ret_height_of);

#endif
