/* SPDX-License-Identifier: Apache-2.0 */
#include "roads/memory.h"
#include "roads/search.h"

#include <stdlib.h>
#include <string.h>

void roads_crowd_make_room(struct roads_crowd *crowd, uint32_t room)
{
    if (room <= crowd->room) {
        return;
    }
    size_t slots = (size_t)crowd->room * ROADS_SLOTS;
    size_t wanted = (size_t)room;
    size_t goals = crowd->room;
    crowd->at = roads_grow(crowd->at, wanted, sizeof *crowd->at, &goals);
    crowd->entries =
        roads_grow(crowd->entries, goals * ROADS_SLOTS, sizeof *crowd->entries, &slots);
    for (size_t i = crowd->room; i < goals; i++) {
        crowd->at[i].node = ROADS_NOWHERE;
    }
    crowd->room = (uint32_t)goals;
}

struct roads_crowd *roads_crowd_new(const struct roads *roads, enum roads_weight weight,
                                    enum roads_direction direction, uint32_t room)
{
    struct roads_view view = roads_view(roads, weight, direction);
    struct roads_crowd *crowd = roads_alloc(1, sizeof *crowd);
    *crowd =
        (struct roads_crowd){.roads = roads, .weight = weight, .direction = direction, .stamp = 1};
    crowd->heads = roads_alloc((size_t)view.junctions + view.chain_count, sizeof *crowd->heads);
    roads_crowd_make_room(crowd, room);
    return crowd;
}

void roads_crowd_free(struct roads_crowd *crowd)
{
    if (crowd != NULL) {
        free(crowd->heads);
        free(crowd->entries);
        free(crowd->at);
        free(crowd);
    }
}

void roads_crowd_renew(struct roads_crowd *crowd, enum roads_weight weight,
                       enum roads_direction direction)
{
    crowd->weight = weight;
    crowd->direction = direction;
    if (++crowd->stamp ==
        0) { /* once in four thousand million searches old stamps could be taken for new ones */
        struct roads_view view = roads_view(crowd->roads, weight, direction);
        memset(crowd->heads, 0, ((size_t)view.junctions + view.chain_count) * sizeof *crowd->heads);
        crowd->stamp = 1;
    }
}

/* Where the slots of a goal hang and how far each is; ROADS_NOWHERE for a slot that it has not. */
struct hanging {
    uint32_t head[ROADS_SLOTS];
    uint32_t ms[ROADS_SLOTS];
};

static uint32_t sum_ms(uint32_t a, uint32_t b)
{
    return a > ROADS_MS_MAX || b > ROADS_MS_MAX ? ROADS_NEVER : a + b;
}

static struct hanging hang(const struct roads_crowd *crowd, struct roads_goal goal)
{
    struct hanging hanging = {.head = {ROADS_NOWHERE, ROADS_NOWHERE, ROADS_NOWHERE}};
    const struct roads *roads = crowd->roads;
    bool foot = crowd->weight == ROADS_FOOT;
    if (goal.node >= (foot ? roads->header->nodes : roads->header->cars)) {
        return hanging;
    }
    const struct roads_chain *chain = foot ? NULL : roads_chain_of(roads, goal.node);
    hanging.ms[ROADS_SLOT_CHAIN] = goal.offset_ms;
    if (chain == NULL) {
        hanging.head[ROADS_SLOT_A] = goal.node;
        hanging.ms[ROADS_SLOT_A] = goal.offset_ms;
        return hanging;
    }
    struct roads_ends ends =
        roads_ends_of(roads, chain, goal.node, crowd->weight, crowd->direction);
    hanging.head[ROADS_SLOT_A] = ends.a_ms == ROADS_NEVER ? ROADS_NOWHERE : chain->a;
    hanging.head[ROADS_SLOT_B] = ends.b_ms == ROADS_NEVER ? ROADS_NOWHERE : chain->b;
    hanging.ms[ROADS_SLOT_A] = sum_ms(ends.a_ms, goal.offset_ms);
    hanging.ms[ROADS_SLOT_B] = sum_ms(ends.b_ms, goal.offset_ms);
    hanging.head[ROADS_SLOT_CHAIN] =
        roads->header->junctions + (uint32_t)(chain - ROADS_AT(roads, CHAIN, struct roads_chain));
    return hanging;
}

void roads_crowd_put(struct roads_crowd *crowd, uint32_t id, struct roads_goal at)
{
    roads_crowd_remove(crowd, id);
    crowd->at[id] = at;
    struct hanging hanging = hang(crowd, at);
    for (uint32_t k = 0; k < ROADS_SLOTS; k++) {
        uint32_t head = hanging.head[k];
        if (head == ROADS_NOWHERE) {
            continue;
        }
        uint32_t slot = id * ROADS_SLOTS + k;
        bool empty = crowd->heads[head].stamp != crowd->stamp;
        crowd->entries[slot] = (struct roads_crowd_entry){
            empty ? ROADS_NOWHERE : crowd->heads[head].slot, hanging.ms[k]};
        crowd->heads[head].stamp = crowd->stamp;
        crowd->heads[head].slot = slot;
    }
}

static void unlink_slot(struct roads_crowd *crowd, uint32_t head, uint32_t slot)
{
    uint32_t *link = &crowd->heads[head].slot;
    while (*link != slot) {
        link = &crowd->entries[*link].next;
    }
    *link = crowd->entries[slot].next;
}

void roads_crowd_remove(struct roads_crowd *crowd, uint32_t id)
{
    struct roads_goal at = crowd->at[id];
    if (at.node == ROADS_NOWHERE) {
        return;
    }
    struct hanging hanging = hang(crowd, at);
    for (uint32_t k = 0; k < ROADS_SLOTS; k++) {
        if (hanging.head[k] != ROADS_NOWHERE) {
            unlink_slot(crowd, hanging.head[k], id * ROADS_SLOTS + k);
        }
    }
    crowd->at[id].node = ROADS_NOWHERE;
}
