/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A contraction hierarchy over the junctions, for one weight: junctions are taken out one by one, the least important first; where
 * a shortest way led through one, a shortcut stays. Then every shortest way climbs and descends once, so that times to all
 * junctions come from two passes over an array instead of a search. What is left when taking out more would only make the rest
 * denser is the core, whose junctions are joined as they are.
 */
#ifndef MATCHER_ROADS_HIERARCHY_H
#define MATCHER_ROADS_HIERARCHY_H

#include "roads/internal.h"

/* A way between two junctions without a choice between them. */
struct roads_link {
    uint32_t from;
    uint32_t to;
    uint32_t ms[2];
};

/* By height: the core's junctions first, then who was taken out last. From outside the core hops lead to lesser heights only. */
struct roads_hierarchy {
    uint32_t core;       /* how many junctions it has */
    uint32_t *height_of; /* by junction */
    uint32_t *out_first; /* by height; ways up from it */
    struct roads_hop *out;
    uint32_t *in_first; /* ways down to it, from above */
    struct roads_hop *in;
    size_t out_count, in_count;
};

/* The arrays are the caller's to free(). */
void roads_hierarchy_make(const struct roads_link *links, size_t count, uint32_t junctions,
                          int weight, struct roads_hierarchy *ret_hierarchy);

#endif
