/* SPDX-License-Identifier: Apache-2.0 */
#include "roads/chains.h"

#include "roads/memory.h"

#include <stdlib.h>

enum {
    CHAIN_NODES_MAX = 100000
};

struct finding {
    const struct roads_draft *draft;
    const struct roads_index *out;
    const struct roads_index *in;
    struct roads_chains *chains;
    bool *taken;     /* on a chain already */
    uint32_t *queue; /* junctions whose chains are still to be walked */
    size_t queued;
};

/* Up to three different neighbours along an index; returns how many (3: three or more). */
static int neighbours(const struct roads_draft *draft, const struct roads_index *index,
                      bool by_head, uint32_t node, uint32_t found[3])
{
    int count = 0;
    for (uint32_t i = index->first[node]; i < index->first[node + 1] && count < 3; i++) {
        const struct roads_draft_arc *arc = &draft->arcs[index->arc[i]];
        uint32_t other = by_head ? arc->from : arc->to;
        bool known = (count > 0 && found[0] == other) || (count > 1 && found[1] == other);
        if (!known) {
            found[count++] = other;
        }
    }
    return count;
}

static bool has_choice(const struct finding *f, uint32_t node)
{
    uint32_t out[3] = {0};
    uint32_t in[3] = {0};
    int outs = neighbours(f->draft, f->out, false, node, out);
    int ins = neighbours(f->draft, f->in, true, node, in);
    if (outs == 1 && ins == 1) {
        return false; /* passing one way, or a dead end */
    }
    bool same = (out[0] == in[0] && out[1] == in[1]) || (out[0] == in[1] && out[1] == in[0]);
    return !(outs == 2 && ins == 2 && same);
}

uint32_t roads_draft_arc_ms(const struct roads_draft *draft, const struct roads_index *out,
                            uint32_t from, uint32_t to, int weight)
{
    uint32_t best = ROADS_NEVER;
    for (uint32_t i = out->first[from]; i < out->first[from + 1]; i++) {
        const struct roads_draft_arc *arc = &draft->arcs[out->arc[i]];
        if (arc->to == to && arc->ms[weight] < best) {
            best = arc->ms[weight];
        }
    }
    return best;
}

/* Where a walk that came from prev goes on, ROADS_NOWHERE at a dead end. */
static uint32_t onward(const struct finding *f, uint32_t prev, uint32_t node)
{
    uint32_t out[3] = {0};
    int outs = neighbours(f->draft, f->out, false, node, out);
    for (int i = 0; i < outs; i++) {
        if (out[i] != prev) {
            return out[i];
        }
    }
    return ROADS_NOWHERE;
}

static void make_junction(struct finding *f, uint32_t node)
{
    f->chains->junction[node] = true;
    f->queue[f->queued++] = node;
}

static void add_member(struct roads_chains *chains, uint32_t node)
{
    size_t wanted = chains->member_count + 1;
    chains->members =
        roads_grow(chains->members, wanted, sizeof *chains->members, &chains->member_room);
    chains->along = roads_grow(chains->along, wanted, sizeof *chains->along, &chains->along_room);
    chains->members[chains->member_count++] = node;
}

/* Sums up both ways along the chain's members, by weight. */
static void measure(struct finding *f, struct roads_chain *chain, int w)
{
    const uint32_t *member = f->chains->members + chain->first;
    struct roads_along *along = f->chains->along + chain->first;
    const struct roads_draft *draft = f->draft;
    uint32_t last = chain->count - 1;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < chain->count; i++) {
        sum += roads_draft_arc_ms(draft, f->out, i == 0 ? chain->a : member[i - 1], member[i], w);
        along[i].ab[w] = sum;
    }
    bool open = chain->b != ROADS_NOWHERE;
    chain->ab[w] = open ? sum + roads_draft_arc_ms(draft, f->out, member[last], chain->b, w) : sum;
    bool back = roads_draft_arc_ms(draft, f->out, member[0], chain->a, w) != ROADS_NEVER;
    sum = 0;
    for (uint32_t i = chain->count; i-- > 0;) {
        if (back && (open || i < last)) {
            sum += roads_draft_arc_ms(draft, f->out, i == last ? chain->b : member[i + 1],
                                      member[i], w);
        }
        along[i].ba[w] = back ? sum : ROADS_NEVER;
    }
    chain->ba[w] =
        back ? sum + roads_draft_arc_ms(draft, f->out, member[0], chain->a, w) : ROADS_NEVER;
}

/* The longest that any arc between two neighbours takes, either way, either weight. */
static uint32_t slowest(const struct finding *f, uint32_t x, uint32_t y)
{
    uint32_t most = 0;
    for (int w = 0; w < 2; w++) {
        uint32_t there = roads_draft_arc_ms(f->draft, f->out, x, y, w);
        uint32_t back = roads_draft_arc_ms(f->draft, f->out, y, x, w);
        most = there != ROADS_NEVER && there > most ? there : most;
        most = back != ROADS_NEVER && back > most ? back : most;
    }
    return most;
}

/* Follows the chain that begins with node after junction a. */
static void walk(struct finding *f, uint32_t a, uint32_t node)
{
    struct roads_chains *chains = f->chains;
    struct roads_chain chain = {.a = a, .b = ROADS_NOWHERE};
    chain.first = (uint32_t)chains->member_count;
    uint64_t sum = slowest(f, a, node);
    uint32_t prev = a;
    while (node != ROADS_NOWHERE && !chains->junction[node]) {
        /* A chain of half a week would not fit its numbers: a node on it is made a junction. */
        uint32_t next = onward(f, prev, node);
        uint32_t more = next == ROADS_NOWHERE ? 0 : slowest(f, node, next);
        if (sum + more > ROADS_MS_MAX / 2 || chain.count >= CHAIN_NODES_MAX) {
            make_junction(f, node);
            break;
        }
        sum += more;
        f->taken[node] = true;
        add_member(chains, node);
        chain.count++;
        prev = node;
        node = next;
    }
    chain.b = node;
    if (chain.count == 0) {
        return;
    }
    for (int w = 0; w < 2; w++) {
        measure(f, &chain, w);
    }
    chains->chain =
        roads_grow(chains->chain, chains->count + 1, sizeof *chains->chain, &chains->room);
    chains->chain[chains->count++] = chain;
}

static void walk_all(struct finding *f)
{
    while (f->queued > 0) {
        uint32_t junction = f->queue[--f->queued];
        for (uint32_t i = f->out->first[junction]; i < f->out->first[junction + 1]; i++) {
            uint32_t node = f->draft->arcs[f->out->arc[i]].to;
            if (!f->chains->junction[node] && !f->taken[node]) {
                walk(f, junction, node);
            }
        }
    }
}

void roads_chains_find(const struct roads_draft *draft, const struct roads_index *out,
                       const struct roads_index *in, struct roads_chains *ret_chains)
{
    size_t nodes = draft->node_count;
    *ret_chains = (struct roads_chains){.junction = roads_alloc(nodes, sizeof(bool))};
    struct finding f = {.draft = draft, .out = out, .in = in, .chains = ret_chains};
    f.taken = roads_alloc(nodes, sizeof *f.taken);
    f.queue = roads_alloc(nodes, sizeof *f.queue);
    for (uint32_t n = 0; n < nodes; n++) {
        if ((draft->nodes[n].flags & ROADS_NODE_CAR) != 0 && has_choice(&f, n)) {
            make_junction(&f, n);
        }
    }
    walk_all(&f);
    /* What is left is a ring without any junction. */
    for (uint32_t n = 0; n < nodes; n++) {
        if ((draft->nodes[n].flags & ROADS_NODE_CAR) != 0 && !f.taken[n] &&
            !ret_chains->junction[n]) {
            make_junction(&f, n);
            walk_all(&f);
        }
    }
    free(f.taken);
    free(f.queue);
}

void roads_chains_done(struct roads_chains *chains)
{
    free(chains->junction);
    free(chains->chain);
    free(chains->members);
    free(chains->along);
    *chains = (struct roads_chains){0};
}
