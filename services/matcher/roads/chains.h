/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the chains of a cleaned draft: runs of nodes where a car has no choice. Such a node has one way in and one way out to
 * different neighbours, or two-way arcs to exactly two neighbours, or to one (a dead end).
 */
#ifndef MATCHER_ROADS_CHAINS_H
#define MATCHER_ROADS_CHAINS_H

#include "roads/draft.h"

struct roads_chains {
    bool *junction;            /* by draft node */
    struct roads_chain *chain; /* ends as draft nodes; first: position in members */
    size_t count, room;
    uint32_t *members; /* draft nodes, chain after chain */
    struct roads_along *along;
    size_t member_count, member_room, along_room;
};

void roads_chains_find(const struct roads_draft *draft, const struct roads_index *out,
                       const struct roads_index *in, struct roads_chains *ret_chains);
void roads_chains_done(struct roads_chains *chains);
/* The quickest of the arcs between two nodes; ROADS_NEVER when there is none. */
uint32_t roads_draft_arc_ms(const struct roads_draft *draft, const struct roads_index *out,
                            uint32_t from, uint32_t to, int weight);

#endif
