/* SPDX-License-Identifier: Apache-2.0 */
/* The graph as its own files see it: pointers into the image, each checked once when the graph was opened. */
#ifndef MATCHER_ROADS_INTERNAL_H
#define MATCHER_ROADS_INTERNAL_H

#include "roads/format.h"
#include "roads/roads.h"

struct roads {
    void *data;
    size_t bytes;
    bool mapped; /* by mmap, else by aligned_alloc */
    const struct roads_header *header;
    const void *section[ROADS_SECTION_COUNT];
    const char *name;
    const char *attribution;
};

/* Typed access: ROADS_AT(roads, ARC, struct roads_raw_arc)[n] */
#define ROADS_AT(roads, name, type) ((const type *)(roads)->section[ROADS_S_##name])

/* The network that one weight is searched in. Chains is NULL where every node is its own junction. */
struct roads_view {
    uint32_t junctions;
    const uint32_t *first;
    const struct roads_hop *hops;
    const struct roads_chain *chains;
    uint32_t chain_count;
};
struct roads_view roads_view(const struct roads *roads, enum roads_weight weight,
                             enum roads_direction direction);

/* The chain of a node that cars use and that is no junction, else NULL. */
static inline const struct roads_chain *roads_chain_of(const struct roads *roads, uint32_t node)
{
    const struct roads_header *h = roads->header;
    if (node < h->junctions || node >= h->cars) {
        return NULL;
    }
    return &ROADS_AT(roads, CHAIN,
                     struct roads_chain)[ROADS_AT(roads, CHAIN_OF, uint32_t)[node - h->junctions]];
}

static inline const struct roads_along *roads_along_of(const struct roads *roads, uint32_t node)
{
    return &ROADS_AT(roads, ALONG, struct roads_along)[node - roads->header->junctions];
}

/* The two ways between a node on a chain and its ends in the direction of a search; ROADS_NEVER where there is none. */
struct roads_ends {
    uint32_t a_ms;
    uint32_t b_ms;
};
struct roads_ends roads_ends_of(const struct roads *roads, const struct roads_chain *chain,
                                uint32_t node, enum roads_weight weight,
                                enum roads_direction direction);
/* From one node of a chain to another one of it without leaving it. */
uint32_t roads_within_chain(const struct roads *roads, const struct roads_chain *chain,
                            uint32_t from, uint32_t to, enum roads_weight weight);

/*
 * Takes an image (aligned_alloc) over in any case: *data is NULL afterwards. Everything in it is checked: offsets rise, numbers
 * are in range, the checksum holds.
 */
enum gx_rc roads_from_image(void **data, size_t bytes, struct roads **ret_roads,
                            struct roads_fault *fault);

#endif
