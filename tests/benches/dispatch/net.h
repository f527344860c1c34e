/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pack's roads and exact shortest times on them, in milliseconds: plain Dijkstra that goes on from where it stopped,
 * since a call stays open for minutes and every crew that turns up later asks for its way to it.
 */
#ifndef BENCH_DISPATCH_NET_H
#define BENCH_DISPATCH_NET_H

#include "base/geo.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum net_speed {
    NET_EMERGENCY,
    NET_NORMAL,
    NET_SPEEDS
};

struct net_arc {
    uint32_t node; /* the other end */
    uint32_t ms[NET_SPEEDS];
};

struct net {
    size_t node_count;
    size_t arc_count;
    struct gx_point *place;
    bool *access;
    uint32_t *first_in; /* arcs into node n: in[first_in[n]] to in[first_in[n + 1]] */
    struct net_arc *in;
};

void net_open(struct net *net, const char *pack_dir);
void net_close(struct net *net);

/* Ways to one node. */
struct net_tree {
    const struct net *net;
    uint32_t to;
    enum net_speed speed;
    uint32_t *ms;      /* final for a node that is settled */
    uint32_t *next;    /* the next node on its way */
    uint32_t *stamp;   /* which round wrote ms and next */
    uint32_t *settled; /* the round in which it was settled */
    uint32_t round;
    uint64_t *heap; /* ms in the upper half, node in the lower */
    size_t heap_count;
    size_t heap_room;
    uint32_t radius_ms; /* everything nearer is settled */
};

void net_tree_init(struct net_tree *tree, const struct net *net);
void net_tree_done(struct net_tree *tree);
/* Forgets what was found before. */
void net_tree_start(struct net_tree *tree, uint32_t to, enum net_speed speed);
/* Settles the next nearest node; false at the end. */
bool net_tree_step(struct net_tree *tree, uint32_t *ret_node);
/* Time from node; searches on until it is known. UINT32_MAX: no way, or more than most_ms. */
uint32_t net_tree_ms(struct net_tree *tree, uint32_t node, uint32_t most_ms);
static inline bool net_tree_knows(const struct net_tree *tree, uint32_t node)
{
    return tree->settled[node] == tree->round;
}

#endif
