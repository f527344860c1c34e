/* SPDX-License-Identifier: Apache-2.0 */
/* The search as its own files see it: Dijkstra over a view's junctions, with people and places on chains joined to the ends. */
#ifndef MATCHER_ROADS_SEARCH_H
#define MATCHER_ROADS_SEARCH_H

#include "roads/internal.h"

/* How a junction was first reached when the search began at it. */
#define ROADS_SEED_SELF (UINT32_MAX - 1)
#define ROADS_SEED_A (UINT32_MAX - 2) /* from the chain's end a */
#define ROADS_SEED_B (UINT32_MAX - 3)

/* A goal is found at up to three places: its junction or its chain's end a, end b, and on the chain itself. */
enum roads_slot {
    ROADS_SLOT_A,
    ROADS_SLOT_B,
    ROADS_SLOT_CHAIN,
    ROADS_SLOTS
};

struct roads_crowd_entry {
    uint32_t next; /* the next slot at the same place, ROADS_NOWHERE at the end */
    uint32_t ms;   /* from there to the goal, its offset included */
};

struct roads_crowd {
    const struct roads *roads;
    enum roads_weight weight;
    enum roads_direction direction;
    uint32_t room;
    uint32_t stamp; /* heads of another stamp are empty */
    struct {
        uint32_t stamp;
        uint32_t slot;
    } * heads;                         /* junctions, then chains */
    struct roads_crowd_entry *entries; /* ROADS_SLOTS by id */
    struct roads_goal *at;             /* by id; node ROADS_NOWHERE: not there */
};

/* Forgets everybody, in no time, and turns to another weight of the same view and another direction. */
void roads_crowd_renew(struct roads_crowd *crowd, enum roads_weight weight,
                       enum roads_direction direction);
void roads_crowd_make_room(struct roads_crowd *crowd, uint32_t room);

struct roads_mark {
    uint32_t stamp; /* of the search that wrote it */
    uint32_t ms;
};

struct roads_search {
    const struct roads *roads;
    uint32_t stamp;
    struct roads_mark *marks;
    uint32_t *parents; /* written when a path is wanted */
    uint32_t *seen;    /* by goal: the stamp of the search that told of it */
    size_t seen_room;
    uint64_t *heap; /* ms << 32 | junction, or junctions + slot */
    size_t heap_count, heap_room;
    struct roads_crowd *car_crowd; /* for roads_reach() */
    struct roads_crowd *foot_crowd;
    uint32_t *arcs; /* the last path */
    size_t arc_count, arc_room;
    int32_t *lane_ms; /* for sweeps: ROADS_LANES by height */
    bool *alive;
};

/* A heap with four children a node: fewer cache lines a step than with two. Entries that became stale stay until they come up. */
void roads_heap_push(struct roads_search *search, uint32_t ms, uint32_t item);
uint64_t roads_heap_pop(struct roads_search *search); /* ms << 32 | item; there is one */

struct roads_run {
    enum roads_weight weight;
    enum roads_direction direction;
    uint32_t node;
    uint32_t bound_ms;
    const struct roads_crowd *crowd; /* NULL: nobody is looked for */
    bool parents;
    /* Told of each goal once, in order of time; false ends the search. NULL without a crowd. */
    bool (*visit)(void *self, uint32_t slot, uint32_t ms);
    void *self;
};
/* After it marks and parents hold what was found, under search->stamp. */
void roads_run(struct roads_search *search, const struct roads_run *run);
/* The search's own crowd for that weight, empty and with room for so many. */
struct roads_crowd *roads_own_crowd(struct roads_search *search, enum roads_weight weight,
                                    enum roads_direction direction, uint32_t room);

#endif
