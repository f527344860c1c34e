/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph in the making: nodes and arcs as an importer finds them, then cleaned and written as an image. Fields are open to the
 * importers; what roads_draft_add_*() takes is in range, which they have checked.
 */
#ifndef MATCHER_ROADS_DRAFT_H
#define MATCHER_ROADS_DRAFT_H

#include "roads/format.h"
#include "roads/roads.h"

struct roads_draft_node {
    struct roads_point7 place;
    uint32_t id;
    uint8_t
        flags; /* ROADS_NODE_ACCESS as imported; CAR and FOOT are found when islands are dropped */
};

struct roads_draft_arc {
    uint32_t from; /* positions in nodes */
    uint32_t to;
    uint32_t ms[2]; /* at most ROADS_ARC_MS_MAX */
    uint32_t decimetres;
    uint8_t class;
};

/* A way on foot, the same in both directions. */
struct roads_draft_walk {
    uint32_t a;
    uint32_t b;
    uint32_t ms;
};

struct roads_draft {
    struct roads_draft_node *nodes;
    size_t node_count, node_room;
    struct roads_draft_arc *arcs;
    size_t arc_count, arc_room;
    struct roads_draft_walk *walks;
    size_t walk_count, walk_room;
    uint32_t access_kmh_milli[3];
    char name[128];
    char attribution[1024];
};

/* What cleaning left out. */
struct roads_dropped {
    size_t loops;      /* arcs from a node to itself */
    size_t car_nodes;  /* on islands by car */
    size_t foot_nodes; /* on islands on foot */
    size_t nodes;      /* on neither network */
};

/* Car 47 and 33 km/h off the network, 5 on foot. */
void roads_draft_init(struct roads_draft *draft);
void roads_draft_done(struct roads_draft *draft);
/* Returns the node's position. */
uint32_t roads_draft_add_node(struct roads_draft *draft, struct roads_draft_node node);
void roads_draft_add_arc(struct roads_draft *draft, struct roads_draft_arc arc);
void roads_draft_add_walk(struct roads_draft *draft, struct roads_draft_walk walk);

/*
 * Drops arcs from a node to itself, by car all but the largest strongly connected part, on foot all but the largest connected
 * one, and nodes on neither. Positions change; ids stay. EMPTY when no arc by car is left.
 */
enum gx_rc roads_draft_clean(struct roads_draft *draft, struct roads_dropped *ret_dropped,
                             struct roads_fault *fault);
/* The image of a cleaned draft, from aligned_alloc; *ret_bytes its size. */
void *roads_draft_image(const struct roads_draft *draft, size_t *ret_bytes);
/* Writes a graph's image beside path and renames it, so that a reader sees the old file or the new one. */
enum gx_rc roads_write(const struct roads *roads, const char *path, struct roads_fault *fault);

/* Arcs sorted by one end: those of node n are arc[first[n]] .. arc[first[n + 1] - 1]. */
struct roads_index {
    uint32_t *first;
    uint32_t *arc;
};
struct roads_index roads_draft_index(const struct roads_draft *draft, bool by_head);
void roads_index_done(struct roads_index *index);

#endif
