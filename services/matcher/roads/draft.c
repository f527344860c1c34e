/* SPDX-License-Identifier: Apache-2.0 */
#include "roads/draft.h"

#include "roads/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void roads_draft_init(struct roads_draft *draft)
{
    *draft = (struct roads_draft){.access_kmh_milli = {47000, 33000, 5000}};
}

void roads_draft_done(struct roads_draft *draft)
{
    free(draft->nodes);
    free(draft->arcs);
    free(draft->walks);
    *draft = (struct roads_draft){0};
}

uint32_t roads_draft_add_node(struct roads_draft *draft, struct roads_draft_node node)
{
    draft->nodes =
        roads_grow(draft->nodes, draft->node_count + 1, sizeof *draft->nodes, &draft->node_room);
    draft->nodes[draft->node_count] = node;
    return (uint32_t)draft->node_count++;
}

void roads_draft_add_arc(struct roads_draft *draft, struct roads_draft_arc arc)
{
    draft->arcs =
        roads_grow(draft->arcs, draft->arc_count + 1, sizeof *draft->arcs, &draft->arc_room);
    draft->arcs[draft->arc_count++] = arc;
}

void roads_draft_add_walk(struct roads_draft *draft, struct roads_draft_walk walk)
{
    draft->walks =
        roads_grow(draft->walks, draft->walk_count + 1, sizeof *draft->walks, &draft->walk_room);
    draft->walks[draft->walk_count++] = walk;
}

struct roads_index roads_draft_index(const struct roads_draft *draft, bool by_head)
{
    struct roads_index index = {roads_alloc(draft->node_count + 2, sizeof(uint32_t)),
                                roads_alloc(draft->arc_count, sizeof(uint32_t))};
    /* Counted one place to the right, so that filling moves each offset to where it belongs. */
    uint32_t *fill = index.first + 1;
    for (size_t i = 0; i < draft->arc_count; i++) {
        fill[(by_head ? draft->arcs[i].to : draft->arcs[i].from) + 1]++;
    }
    for (size_t n = 0; n < draft->node_count; n++) {
        fill[n + 1] += fill[n];
    }
    for (size_t i = 0; i < draft->arc_count; i++) {
        index.arc[fill[by_head ? draft->arcs[i].to : draft->arcs[i].from]++] = (uint32_t)i;
    }
    return index;
}

void roads_index_done(struct roads_index *index)
{
    free(index->first);
    free(index->arc);
    *index = (struct roads_index){0};
}
