/* SPDX-License-Identifier: Apache-2.0 */
#include "roads/search.h"

#include "roads/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    MANY =
        8 /* when all of so many are asked for, passing over the hierarchy is quicker than searching */
};

struct roads_search *roads_search_new(const struct roads *roads)
{
    struct roads_search *search = roads_alloc(1, sizeof *search);
    search->roads = roads;
    search->marks = roads_alloc(roads->header->nodes, sizeof *search->marks);
    search->parents = roads_alloc(roads->header->nodes, sizeof *search->parents);
    return search;
}

void roads_search_free(struct roads_search *search)
{
    if (search != NULL) {
        free(search->marks);
        free(search->parents);
        free(search->seen);
        free(search->heap);
        free(search->arcs);
        free(search->lane_ms);
        free(search->alive);
        roads_crowd_free(search->car_crowd);
        roads_crowd_free(search->foot_crowd);
        free(search);
    }
}

void roads_heap_push(struct roads_search *s, uint32_t ms, uint32_t item)
{
    if (s->heap_count == s->heap_room) {
        s->heap = roads_grow(s->heap, s->heap_count + 1, sizeof *s->heap, &s->heap_room);
    }
    uint64_t key = (uint64_t)ms << 32 | item;
    uint64_t *heap = s->heap;
    size_t at = s->heap_count++;
    while (at > 0 && heap[(at - 1) / 4] > key) {
        heap[at] = heap[(at - 1) / 4];
        at = (at - 1) / 4;
    }
    heap[at] = key;
}

uint64_t roads_heap_pop(struct roads_search *s)
{
    uint64_t *heap = s->heap;
    uint64_t top = heap[0];
    uint64_t key = heap[--s->heap_count];
    size_t count = s->heap_count;
    size_t at = 0;
    for (;;) {
        size_t child = 4 * at + 1;
        if (child >= count) {
            break;
        }
        size_t end = child + 4 < count ? child + 4 : count;
        size_t least = child;
        for (size_t i = child + 1; i < end; i++) {
            least = heap[i] < heap[least] ? i : least;
        }
        if (heap[least] >= key) {
            break;
        }
        heap[at] = heap[least];
        at = least;
    }
    heap[at] = key;
    return top;
}

static void relax(struct roads_search *s, const struct roads_run *run, uint32_t junction,
                  uint32_t ms, uint32_t parent)
{
    struct roads_mark *mark = &s->marks[junction];
    if (ms > run->bound_ms || (mark->stamp == s->stamp && mark->ms <= ms)) {
        return;
    }
    *mark = (struct roads_mark){s->stamp, ms};
    if (run->parents) {
        s->parents[junction] = parent;
    }
    roads_heap_push(s, ms, junction);
}

/* Everybody who hangs at a head comes up in the heap when their time has come. */
static void push_goals(struct roads_search *s, const struct roads_run *run, uint32_t junctions,
                       uint32_t junction, uint32_t ms)
{
    const struct roads_crowd *crowd = run->crowd;
    if (crowd->heads[junction].stamp != crowd->stamp) {
        return;
    }
    uint32_t slot = crowd->heads[junction].slot;
    for (; slot != ROADS_NOWHERE; slot = crowd->entries[slot].next) {
        uint32_t more = crowd->entries[slot].ms;
        if (more <= run->bound_ms && ms + more <= run->bound_ms) {
            roads_heap_push(s, ms + more, junctions + slot);
        }
    }
}

/* Those on the same chain as the search's node need not go round by its ends. */
static void push_chain_goals(struct roads_search *s, const struct roads_run *run,
                             const struct roads_view *view, const struct roads_chain *chain)
{
    const struct roads_crowd *crowd = run->crowd;
    uint32_t head = view->junctions + (uint32_t)(chain - view->chains);
    if (crowd->heads[head].stamp != crowd->stamp) {
        return;
    }
    uint32_t slot = crowd->heads[head].slot;
    for (; slot != ROADS_NOWHERE; slot = crowd->entries[slot].next) {
        uint32_t node = crowd->at[slot / ROADS_SLOTS].node;
        bool to = run->direction == ROADS_TO;
        uint32_t ms = roads_within_chain(s->roads, chain, to ? node : run->node,
                                         to ? run->node : node, run->weight);
        uint32_t more = crowd->entries[slot].ms;
        if (ms <= run->bound_ms && more <= run->bound_ms && ms + more <= run->bound_ms) {
            roads_heap_push(s, ms + more, view->junctions + slot);
        }
    }
}

static void begin(struct roads_search *s, const struct roads_run *run,
                  const struct roads_view *view)
{
    s->heap_count = 0;
    if (++s->stamp == 0) { /* as in roads_crowd_renew() */
        memset(s->marks, 0, s->roads->header->nodes * sizeof *s->marks);
        memset(s->seen, 0, s->seen_room * sizeof *s->seen);
        s->stamp = 1;
    }
    if (run->crowd != NULL && run->crowd->room > s->seen_room) {
        size_t old = s->seen_room;
        s->seen = roads_grow(s->seen, run->crowd->room, sizeof *s->seen, &s->seen_room);
        memset(s->seen + old, 0, (s->seen_room - old) * sizeof *s->seen);
    }
    const struct roads_chain *chain =
        view->chains == NULL ? NULL : roads_chain_of(s->roads, run->node);
    if (chain == NULL) {
        if (run->node < view->junctions) {
            relax(s, run, run->node, 0, ROADS_SEED_SELF);
        }
        return;
    }
    struct roads_ends ends = roads_ends_of(s->roads, chain, run->node, run->weight,
                                           run->direction == ROADS_TO ? ROADS_FROM : ROADS_TO);
    if (ends.a_ms != ROADS_NEVER) {
        relax(s, run, chain->a, ends.a_ms, ROADS_SEED_A);
    }
    if (ends.b_ms != ROADS_NEVER) {
        relax(s, run, chain->b, ends.b_ms, ROADS_SEED_B);
    }
    if (run->crowd != NULL) {
        push_chain_goals(s, run, view, chain);
    }
}

/* A goal came up; false ends the search. It may come up again by a longer way. */
static bool tell(struct roads_search *s, const struct roads_run *run, uint32_t slot, uint32_t ms)
{
    uint32_t *seen = &s->seen[slot / ROADS_SLOTS];
    if (*seen == s->stamp) {
        return true;
    }
    *seen = s->stamp;
    return run->visit(run->self, slot, ms);
}

void roads_run(struct roads_search *s, const struct roads_run *run)
{
    struct roads_view view = roads_view(s->roads, run->weight, run->direction);
    begin(s, run, &view);
    while (s->heap_count > 0) {
        uint64_t top = roads_heap_pop(s);
        uint32_t ms = (uint32_t)(top >> 32);
        uint32_t item = (uint32_t)top;
        if (item >= view.junctions) {
            if (!tell(s, run, item - view.junctions, ms)) {
                return;
            }
            continue;
        }
        if (s->marks[item].ms < ms) {
            continue; /* a better way came up before */
        }
        if (run->crowd != NULL) {
            push_goals(s, run, view.junctions, item, ms);
        }
        uint32_t end = view.first[item + 1];
        for (uint32_t i = view.first[item]; i < end; i++) {
            relax(s, run, view.hops[i].to, ms + view.hops[i].ms, item);
        }
    }
}

struct roads_crowd *roads_own_crowd(struct roads_search *search, enum roads_weight weight,
                                    enum roads_direction direction, uint32_t room)
{
    struct roads_crowd **crowd = weight == ROADS_FOOT ? &search->foot_crowd : &search->car_crowd;
    if (*crowd == NULL) {
        *crowd = roads_crowd_new(search->roads, weight, direction, room);
    }
    roads_crowd_renew(*crowd, weight, direction);
    roads_crowd_make_room(*crowd, room);
    return *crowd;
}

static uint32_t bound_of(uint32_t bound_ms)
{
    return bound_ms == 0 || bound_ms > ROADS_MS_MAX ? ROADS_MS_MAX : bound_ms;
}

struct reaching {
    uint32_t *ms;
    size_t reached;
    size_t wanted;
};

static bool reach_visit(void *self, uint32_t slot, uint32_t ms)
{
    struct reaching *reaching = self;
    reaching->ms[slot / ROADS_SLOTS] = ms;
    reaching->reached++;
    return reaching->reached < reaching->wanted;
}

size_t roads_reach(struct roads_search *search, enum roads_weight weight,
                   enum roads_direction direction, uint32_t node, const struct roads_goal *goals,
                   size_t count, struct roads_stop stop, uint32_t *ret_ms)
{
    memset(ret_ms, 0xff, count * sizeof *ret_ms);
    if (count == 0 || node >= search->roads->header->nodes) {
        return 0;
    }
    if (weight != ROADS_FOOT && stop.count == 0 && stop.bound_ms == 0 && count >= MANY) {
        roads_matrix(search, weight, direction, &node, 1, goals, count, ret_ms);
        size_t reached = 0;
        for (size_t i = 0; i < count; i++) {
            reached += ret_ms[i] != ROADS_NEVER ? 1 : 0;
        }
        return reached;
    }
    struct roads_crowd *crowd = roads_own_crowd(search, weight, direction, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        crowd->at[i].node = ROADS_NOWHERE; /* whoever was there belongs to an earlier search */
        roads_crowd_put(crowd, (uint32_t)i, goals[i]);
    }
    struct reaching reaching = {
        .ms = ret_ms, .wanted = stop.count == 0 || stop.count > count ? count : stop.count};
    struct roads_run run = {.weight = weight,
                            .direction = direction,
                            .node = node,
                            .bound_ms = bound_of(stop.bound_ms),
                            .crowd = crowd,
                            .visit = reach_visit,
                            .self = &reaching};
    roads_run(search, &run);
    return reaching.reached;
}

struct nearing {
    roads_visit *visit;
    void *self;
};

static bool nearest_visit(void *self, uint32_t slot, uint32_t ms)
{
    const struct nearing *nearing = self;
    return nearing->visit(nearing->self, slot / ROADS_SLOTS, ms);
}

void roads_nearest(struct roads_search *search, const struct roads_crowd *crowd, uint32_t node,
                   uint32_t bound_ms, roads_visit *visit, void *self)
{
    if (node >= search->roads->header->nodes) {
        return;
    }
    struct nearing nearing = {visit, self};
    struct roads_run run = {.weight = crowd->weight,
                            .direction = crowd->direction,
                            .node = node,
                            .bound_ms = bound_of(bound_ms),
                            .crowd = crowd,
                            .visit = nearest_visit,
                            .self = &nearing};
    roads_run(search, &run);
}
