/* SPDX-License-Identifier: Apache-2.0 */
#include "roads/hierarchy.h"

#include "roads/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    WITNESS_SETTLED_MAX =
        40, /* a search for a way round that takes longer is given up: a needless shortcut does no harm */
    /* What is left is kept as it is once it is so dense that taking out more would only make it denser. */
    CORE_HOPS_EACH = 14,
    CORE_LEAST = 64
};

struct edges {
    struct roads_hop *hops;
    size_t count, room;
};

struct heap {
    uint64_t *keys; /* key << 32 | junction */
    size_t count, room;
};

struct making {
    uint32_t junctions;
    struct edges *out; /* among those not taken out yet, and what was left when taken out */
    struct edges *in;
    uint32_t left;    /* not taken out yet */
    size_t left_hops; /* between those */
    uint32_t *depth;  /* how many were taken out below */
    struct heap queue;
    /* the search for a way round */
    struct heap search;
    struct {
        uint32_t stamp;
        uint32_t ms;
    } * marks;
    uint32_t stamp;
};

static void push(struct heap *heap, uint32_t key, uint32_t junction)
{
    heap->keys = roads_grow(heap->keys, heap->count + 1, sizeof *heap->keys, &heap->room);
    uint64_t item = (uint64_t)key << 32 | junction;
    size_t at = heap->count++;
    while (at > 0 && heap->keys[(at - 1) / 2] > item) {
        heap->keys[at] = heap->keys[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->keys[at] = item;
}

static uint64_t pop(struct heap *heap)
{
    uint64_t top = heap->keys[0];
    uint64_t item = heap->keys[--heap->count];
    size_t at = 0;
    while (2 * at + 1 < heap->count) {
        size_t child = 2 * at + 1;
        child += child + 1 < heap->count && heap->keys[child + 1] < heap->keys[child] ? 1 : 0;
        if (heap->keys[child] >= item) {
            break;
        }
        heap->keys[at] = heap->keys[child];
        at = child;
    }
    heap->keys[at] = item;
    return top;
}

/* Adds a hop, or shortens the one there; true when it is new. */
static bool put_hop(struct edges *edges, uint32_t to, uint32_t ms)
{
    for (size_t i = 0; i < edges->count; i++) {
        if (edges->hops[i].to == to) {
            edges->hops[i].ms = ms < edges->hops[i].ms ? ms : edges->hops[i].ms;
            return false;
        }
    }
    edges->hops = roads_grow(edges->hops, edges->count + 1, sizeof *edges->hops, &edges->room);
    edges->hops[edges->count++] = (struct roads_hop){to, ms};
    return true;
}

static void drop_hop(struct edges *edges, uint32_t to)
{
    for (size_t i = 0; i < edges->count; i++) {
        if (edges->hops[i].to == to) {
            edges->hops[i] = edges->hops[--edges->count];
            return;
        }
    }
}

static void reach(struct making *m, uint32_t junction, uint32_t ms)
{
    if (m->marks[junction].stamp != m->stamp || ms < m->marks[junction].ms) {
        m->marks[junction].stamp = m->stamp;
        m->marks[junction].ms = ms;
        push(&m->search, ms, junction);
    }
}

/* Times from a junction that do not pass `without`, as far as limit_ms; each time written is one of a real way. */
static void search_round(struct making *m, uint32_t from, uint32_t without, uint32_t limit_ms)
{
    m->search.count = 0;
    if (++m->stamp == 0) {
        memset(m->marks, 0, m->junctions * sizeof *m->marks);
        m->stamp = 1;
    }
    reach(m, from, 0);
    for (int settled = 0; m->search.count > 0 && settled < WITNESS_SETTLED_MAX; settled++) {
        uint64_t top = pop(&m->search);
        uint32_t ms = (uint32_t)(top >> 32);
        uint32_t at = (uint32_t)top;
        if (ms > limit_ms) {
            return;
        }
        for (size_t i = 0; i < m->out[at].count && ms <= m->marks[at].ms; i++) {
            struct roads_hop hop = m->out[at].hops[i];
            if (hop.to != without && ms + hop.ms <= limit_ms) {
                reach(m, hop.to, ms + hop.ms);
            }
        }
    }
}

/* The shortcuts that taking out a junction asks for; put in place when they are to stay. Returns how many. */
static uint32_t shortcuts(struct making *m, uint32_t junction, bool stay)
{
    const struct edges *in = &m->in[junction];
    const struct edges *out = &m->out[junction];
    uint32_t count = 0;
    for (size_t i = 0; i < in->count; i++) {
        struct roads_hop before = in->hops[i];
        uint32_t limit_ms = 0;
        for (size_t o = 0; o < out->count; o++) {
            uint32_t ms = before.ms + out->hops[o].ms;
            limit_ms = out->hops[o].to != before.to && ms > limit_ms ? ms : limit_ms;
        }
        limit_ms = limit_ms < ROADS_MS_MAX ? limit_ms : ROADS_MS_MAX;
        search_round(m, before.to, junction, limit_ms);
        for (size_t o = 0; o < out->count; o++) {
            struct roads_hop after = out->hops[o];
            uint32_t ms = before.ms + after.ms;
            bool round = m->marks[after.to].stamp == m->stamp && m->marks[after.to].ms <= ms;
            if (after.to == before.to || round || ms > ROADS_MS_MAX) {
                continue;
            }
            count++;
            if (stay) {
                m->left_hops += put_hop(&m->out[before.to], after.to, ms) ? 1 : 0;
                (void)put_hop(&m->in[after.to], before.to, ms);
            }
        }
    }
    return count;
}

/* The less is taken out the sooner: how many hops the network gains by it, and how much was taken out beneath it already. */
static uint32_t importance(struct making *m, uint32_t junction)
{
    int64_t gain = 2 * (int64_t)shortcuts(m, junction, false) -
                   (int64_t)(m->in[junction].count + m->out[junction].count);
    int64_t value = gain + m->depth[junction] + (1 << 30);
    return value > 0 ? (uint32_t)value : 0;
}

static void take_out(struct making *m, uint32_t junction)
{
    (void)shortcuts(m, junction, true);
    m->left--;
    m->left_hops -= m->in[junction].count + m->out[junction].count;
    struct edges *const sides[2] = {&m->in[junction], &m->out[junction]};
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < sides[side]->count; i++) {
            uint32_t other = sides[side]->hops[i].to;
            drop_hop(side == 0 ? &m->out[other] : &m->in[other], junction);
            uint32_t depth = m->depth[junction] + 1;
            m->depth[other] = depth > m->depth[other] ? depth : m->depth[other];
        }
    }
}

/* Lists by junction become lists by height, their ends too. */
static size_t flatten(const struct edges *edges, const uint32_t *height_of, uint32_t junctions,
                      uint32_t **ret_first, struct roads_hop **ret_hops)
{
    uint32_t *first = roads_alloc((size_t)junctions + 1, sizeof *first);
    for (uint32_t j = 0; j < junctions; j++) {
        first[height_of[j] + 1] = (uint32_t)edges[j].count;
    }
    for (uint32_t h = 0; h < junctions; h++) {
        first[h + 1] += first[h];
    }
    struct roads_hop *hops = roads_alloc(first[junctions], sizeof *hops);
    for (uint32_t j = 0; j < junctions; j++) {
        for (size_t i = 0; i < edges[j].count; i++) {
            hops[first[height_of[j]] + i] =
                (struct roads_hop){height_of[edges[j].hops[i].to], edges[j].hops[i].ms};
        }
    }
    *ret_first = first;
    *ret_hops = hops;
    return first[junctions];
}

/* Until a dense core is left, whose junctions get the least heights in the order of their numbers. */
static void take_out_all(struct making *m, uint32_t *height_of)
{
    memset(height_of, 0xff, m->junctions * sizeof *height_of);
    for (uint32_t j = 0; j < m->junctions; j++) {
        push(&m->queue, importance(m, j), j);
    }
    while (m->queue.count > 0 &&
           (m->left <= CORE_LEAST || m->left_hops <= (size_t)m->left * CORE_HOPS_EACH)) {
        uint32_t junction = (uint32_t)pop(&m->queue);
        uint32_t now = importance(m, junction);
        if (m->queue.count > 0 && now > m->queue.keys[0] >> 32) {
            push(&m->queue, now, junction); /* it became more important since */
            continue;
        }
        take_out(m, junction);
        height_of[junction] = m->left;
    }
    uint32_t next = 0;
    for (uint32_t j = 0; j < m->junctions; j++) {
        if (height_of[j] == ROADS_NOWHERE) {
            height_of[j] = next++;
        }
    }
}

static void free_making(struct making *m)
{
    for (uint32_t j = 0; j < m->junctions; j++) {
        free(m->out[j].hops);
        free(m->in[j].hops);
    }
    free(m->out);
    free(m->in);
    free(m->depth);
    free(m->queue.keys);
    free(m->search.keys);
    free(m->marks);
}

void roads_hierarchy_make(const struct roads_link *links, size_t count, uint32_t junctions,
                          int weight, struct roads_hierarchy *ret_hierarchy)
{
    struct making m = {.junctions = junctions, .left = junctions};
    m.out = roads_alloc(junctions, sizeof *m.out);
    m.in = roads_alloc(junctions, sizeof *m.in);
    m.depth = roads_alloc(junctions, sizeof *m.depth);
    m.marks = roads_alloc(junctions, sizeof *m.marks);
    uint32_t *height_of = roads_alloc(junctions, sizeof *height_of);
    for (size_t i = 0; i < count; i++) {
        m.left_hops += put_hop(&m.out[links[i].from], links[i].to, links[i].ms[weight]) ? 1 : 0;
        (void)put_hop(&m.in[links[i].to], links[i].from, links[i].ms[weight]);
    }
    take_out_all(&m, height_of);
    *ret_hierarchy = (struct roads_hierarchy){.height_of = height_of, .core = m.left};
    ret_hierarchy->out_count =
        flatten(m.out, height_of, junctions, &ret_hierarchy->out_first, &ret_hierarchy->out);
    ret_hierarchy->in_count =
        flatten(m.in, height_of, junctions, &ret_hierarchy->in_first, &ret_hierarchy->in);
    free_making(&m);
}
