/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Islands: by car the largest strongly connected part stays (Tarjan's algorithm with a stack of its own, since a city is deeper
 * than a thread's), on foot the largest connected one (union of sets).
 */
#include "roads/draft.h"
#include "roads/memory.h"

#include <stdlib.h>
#include <string.h>

struct tarjan {
    const struct roads_draft *draft;
    struct roads_index out;
    uint32_t *order; /* 0: not seen; else 1 + when */
    uint32_t *low;
    uint32_t *next_arc;
    uint32_t *part; /* ROADS_NOWHERE until its part is closed */
    uint32_t *open; /* seen and not closed */
    uint32_t *path; /* from the root to where the walk is */
    size_t open_count, path_count;
    uint32_t seen, parts;
};

static void enter(struct tarjan *t, uint32_t node)
{
    t->order[node] = t->low[node] = ++t->seen;
    t->next_arc[node] = t->out.first[node];
    t->open[t->open_count++] = node;
    t->path[t->path_count++] = node;
}

static void leave(struct tarjan *t, uint32_t node)
{
    if (t->low[node] == t->order[node]) {
        uint32_t member = ROADS_NOWHERE;
        do {
            member = t->open[--t->open_count];
            t->part[member] = t->parts;
        } while (member != node);
        t->parts++;
    }
    t->path_count--;
    if (t->path_count > 0) {
        uint32_t parent = t->path[t->path_count - 1];
        t->low[parent] = t->low[node] < t->low[parent] ? t->low[node] : t->low[parent];
    }
}

static void walk_from(struct tarjan *t, uint32_t root)
{
    enter(t, root);
    while (t->path_count > 0) {
        uint32_t node = t->path[t->path_count - 1];
        if (t->next_arc[node] == t->out.first[node + 1]) {
            leave(t, node);
            continue;
        }
        uint32_t to = t->draft->arcs[t->out.arc[t->next_arc[node]++]].to;
        if (t->order[to] == 0) {
            enter(t, to);
        } else if (t->part[to] == ROADS_NOWHERE && t->order[to] < t->low[node]) {
            t->low[node] = t->order[to];
        }
    }
}

/* The number that occurs most often among values[0..count) below kinds; ties: the smaller. */
static uint32_t commonest(const uint32_t *values, size_t count, size_t kinds)
{
    uint32_t *tally = roads_alloc(kinds, sizeof *tally);
    for (size_t i = 0; i < count; i++) {
        tally[values[i]]++;
    }
    uint32_t best = 0;
    for (size_t k = 1; k < kinds; k++) {
        best = tally[k] > tally[best] ? (uint32_t)k : best;
    }
    free(tally);
    return best;
}

/* Flags the nodes of the largest part that cars have, and keeps its arcs only. */
static void keep_car_part(struct roads_draft *draft, struct roads_dropped *dropped)
{
    size_t nodes = draft->node_count;
    struct tarjan t = {.draft = draft, .out = roads_draft_index(draft, false)};
    uint32_t **const arrays[] = {&t.order, &t.low, &t.next_arc, &t.part, &t.open, &t.path};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        *arrays[i] = roads_alloc(nodes, sizeof(uint32_t));
    }
    memset(t.part, 0xff, nodes * sizeof *t.part);
    for (uint32_t n = 0; n < nodes; n++) {
        if (t.order[n] == 0) {
            walk_from(&t, n);
        }
    }
    uint32_t largest = commonest(t.part, nodes, t.parts);
    bool *touched = roads_alloc(nodes, sizeof *touched);
    size_t kept = 0;
    for (size_t i = 0; i < draft->arc_count; i++) {
        struct roads_draft_arc arc = draft->arcs[i];
        touched[arc.from] = touched[arc.to] = true;
        if (t.part[arc.from] == largest && t.part[arc.to] == largest) {
            draft->arcs[kept++] = arc;
        }
    }
    draft->arc_count = kept;
    for (uint32_t n = 0; n < nodes; n++) {
        bool inside = t.part[n] == largest && kept > 0;
        draft->nodes[n].flags |= inside ? ROADS_NODE_CAR : 0;
        dropped->car_nodes += touched[n] && !inside ? 1 : 0;
    }
    free(touched);
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        free(*arrays[i]);
    }
    roads_index_done(&t.out);
}

static uint32_t root_of(uint32_t *parent, uint32_t node)
{
    while (parent[node] != node) {
        parent[node] = parent[parent[node]];
        node = parent[node];
    }
    return node;
}

static void keep_foot_part(struct roads_draft *draft, struct roads_dropped *dropped)
{
    size_t nodes = draft->node_count;
    uint32_t *parent = roads_alloc(nodes, sizeof *parent);
    for (uint32_t n = 0; n < nodes; n++) {
        parent[n] = n;
    }
    for (size_t i = 0; i < draft->walk_count; i++) {
        uint32_t a = root_of(parent, draft->walks[i].a);
        uint32_t b = root_of(parent, draft->walks[i].b);
        parent[a > b ? a : b] = a > b ? b : a;
    }
    uint32_t *part = roads_alloc(nodes, sizeof *part);
    for (uint32_t n = 0; n < nodes; n++) {
        part[n] = root_of(parent, n);
    }
    uint32_t largest = commonest(part, nodes, nodes);
    size_t kept = 0;
    bool *touched = roads_alloc(nodes, sizeof *touched);
    for (size_t i = 0; i < draft->walk_count; i++) {
        struct roads_draft_walk walk = draft->walks[i];
        touched[walk.a] = touched[walk.b] = true;
        if (part[walk.a] == largest) {
            draft->walks[kept++] = walk;
        }
    }
    draft->walk_count = kept;
    for (uint32_t n = 0; n < nodes; n++) {
        bool inside = part[n] == largest && kept > 0;
        draft->nodes[n].flags |= inside ? ROADS_NODE_FOOT : 0;
        dropped->foot_nodes += touched[n] && !inside ? 1 : 0;
    }
    free(touched);
    free(part);
    free(parent);
}

/* Moves the nodes that are on a network together and renumbers the ends of everything. */
static void drop_nodes(struct roads_draft *draft, struct roads_dropped *dropped)
{
    uint32_t *moved = roads_alloc(draft->node_count, sizeof *moved);
    uint32_t kept = 0;
    for (size_t n = 0; n < draft->node_count; n++) {
        if ((draft->nodes[n].flags & (ROADS_NODE_CAR | ROADS_NODE_FOOT)) != 0) {
            draft->nodes[kept] = draft->nodes[n];
            moved[n] = kept++;
        }
    }
    dropped->nodes = draft->node_count - kept;
    draft->node_count = kept;
    for (size_t i = 0; i < draft->arc_count; i++) {
        draft->arcs[i].from = moved[draft->arcs[i].from];
        draft->arcs[i].to = moved[draft->arcs[i].to];
    }
    for (size_t i = 0; i < draft->walk_count; i++) {
        draft->walks[i].a = moved[draft->walks[i].a];
        draft->walks[i].b = moved[draft->walks[i].b];
    }
    free(moved);
}

static void drop_loops(struct roads_draft *draft, struct roads_dropped *dropped)
{
    size_t kept = 0;
    for (size_t i = 0; i < draft->arc_count; i++) {
        if (draft->arcs[i].from != draft->arcs[i].to) {
            draft->arcs[kept++] = draft->arcs[i];
        }
    }
    dropped->loops = draft->arc_count - kept;
    draft->arc_count = kept;
    kept = 0;
    for (size_t i = 0; i < draft->walk_count; i++) {
        if (draft->walks[i].a != draft->walks[i].b) {
            draft->walks[kept++] = draft->walks[i];
        }
    }
    draft->walk_count = kept;
}

enum gx_rc roads_draft_clean(struct roads_draft *draft, struct roads_dropped *ret_dropped,
                             struct roads_fault *fault)
{
    struct roads_dropped dropped = {0};
    if (draft->node_count == 0) {
        return roads_fail(fault, ROADS_F_EMPTY, "0/0");
    }
    size_t before = draft->arc_count;
    drop_loops(draft, &dropped);
    keep_car_part(draft, &dropped);
    keep_foot_part(draft, &dropped);
    drop_nodes(draft, &dropped);
    *ret_dropped = dropped;
    if (draft->arc_count == 0) {
        return roads_fail(fault, ROADS_F_EMPTY, "0/%zu", before);
    }
    return GX_OK;
}
