/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The road graph of one area and what is asked of it: nearest usable node, travel times from many places to one (or from
 * one to many), paths. Times are integer milliseconds, exact shortest paths; places are WGS-84.
 *
 * A graph is immutable: any number of threads may read it. A search holds the working memory of one thread. Nodes are
 * numbered by the graph (0 .. nodes - 1, neighbours lie close together); a pack's own ids are translated by
 * roads_node_of() and roads_id_of(). Several graphs stand side by side; roads_choose() says which one serves a place.
 */
#ifndef MATCHER_ROADS_H
#define MATCHER_ROADS_H

#include "base/geo.h"
#include "base/rc.h"
#include "roads/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROADS_NEVER UINT32_MAX     /* a time: cannot be reached */
#define ROADS_NOWHERE UINT32_MAX   /* a node: none */
#define ROADS_MS_MAX 604800000U    /* seven days: nothing farther is ever called reachable */
#define ROADS_ARC_MS_MAX 86400000U /* one day: the longest arc */

enum roads_weight {
    ROADS_EMERGENCY, /* by car, with lights */
    ROADS_NORMAL,    /* by car */
    ROADS_FOOT,      /* walking, one-way streets in both directions */
    ROADS_WEIGHT_COUNT
};

enum roads_direction {
    ROADS_TO,  /* from everywhere to one node (a reverse search) */
    ROADS_FROM /* from one node to everywhere */
};

struct roads;

/* Texts live as long as the graph. */
struct roads_about {
    const char *name;
    const char *attribution; /* must be shown with whatever is made of the data; "" when unknown */
    uint32_t nodes;
    uint32_t
        junctions; /* nodes that a search by car really visits; the others lie on chains between two of them */
    uint32_t car_arcs;
    uint32_t foot_arcs;
    double west, south, east, north; /* degrees */
    size_t bytes;
};

/* One directed arc by car. */
struct roads_arc {
    uint32_t from;
    uint32_t to;
    uint32_t ms[2]; /* by ROADS_EMERGENCY, ROADS_NORMAL */
    double metres;
    const char *class_name; /* OpenStreetMap's highway class */
};

/* Maps a graph file read-only and checks all of it. On failure *ret_roads is untouched and fault says why. */
enum gx_rc roads_open(const char *path, struct roads **ret_roads, struct roads_fault *fault);
/*
 * Makes a graph from a pack's folder: nodes.csv, arcs.csv (each plain or .gz), city.csv for name and speeds if it is there.
 * Nodes outside the largest strongly connected part are left out; roads_node_of() gives ROADS_NOWHERE for them.
 */
enum gx_rc roads_load_pack(const char *folder, struct roads **ret_roads, struct roads_fault *fault);
void roads_free(struct roads *roads);

struct roads_about roads_about(const struct roads *roads);
/* The node of a pack's id (for OpenStreetMap: the number in order of the file's ways), ROADS_NOWHERE when there is none. */
uint32_t roads_node_of(const struct roads *roads, uint32_t id);
uint32_t roads_id_of(const struct roads *roads, uint32_t node);
struct gx_point roads_place(const struct roads *roads, uint32_t node);
bool roads_has_access(const struct roads *roads,
                      uint32_t node); /* a call or a post may sit on it */

/* The arcs that leave a node are numbers *ret_first up to, not including, the result. */
uint32_t roads_arcs_from(const struct roads *roads, uint32_t node, uint32_t *ret_first);
struct roads_arc roads_arc(const struct roads *roads, uint32_t arc);
/* Milliseconds off the network: a straight line at the graph's access speed for that weight. */
uint32_t roads_access_ms(const struct roads *roads, enum roads_weight weight, double metres);

struct roads_snap {
    uint32_t node;
    double metres; /* great circle from the place to the node */
    uint32_t ms;   /* roads_access_ms() of it */
};
/*
 * The nearest node that this weight can use and where one may stop (ties: the smaller id). False when there is none within
 * max_m: the answer is then the straight line, and the caller says so.
 */
bool roads_snap(const struct roads *roads, enum roads_weight weight, struct gx_point place,
                double max_m, struct roads_snap *ret_snap);
/* Which of the graphs has the nearest such node; the graph's position, or -1 (ret_snap untouched). */
int roads_choose(const struct roads *const *graphs, size_t count, enum roads_weight weight,
                 struct gx_point place, double max_m, struct roads_snap *ret_snap);

struct roads_search;
/* Working memory of one thread for one graph, which must outlive it. Memory that is not there ends the program. */
struct roads_search *roads_search_new(const struct roads *roads);
void roads_search_free(struct roads_search *search);

/* Somebody who is offset_ms away from a node: finishing an arc, or walking to the car. */
struct roads_goal {
    uint32_t node; /* ROADS_NOWHERE: has no road near and is never reached */
    uint32_t offset_ms;
};
struct roads_stop {
    size_t count;      /* ends when so many are reached; 0: all */
    uint32_t bound_ms; /* looks no farther than this; 0: ROADS_MS_MAX */
};
/*
 * Times between the node and each of the goals, offset included (ROADS_TO: goal to node). Writes count values;
 * ROADS_NEVER for what was not reached before the stop. Returns how many were. When the stop is a count, those reached are
 * the nearest (ties: the smaller position).
 */
size_t roads_reach(struct roads_search *search, enum roads_weight weight,
                   enum roads_direction direction, uint32_t node, const struct roads_goal *goals,
                   size_t count, struct roads_stop stop, uint32_t *ret_ms);
/*
 * All times between some nodes and all goals, offsets included: the time of nodes[n] and goals[g] at
 * ret_ms[n * goal_count + g]. By car far quicker than one roads_reach() after another.
 */
void roads_matrix(struct roads_search *search, enum roads_weight weight,
                  enum roads_direction direction, const uint32_t *nodes, size_t node_count,
                  const struct roads_goal *goals, size_t goal_count, uint32_t *ret_ms);
/* The time between the node and every node of the graph; ret_ms has room for all. */
void roads_table(struct roads_search *search, enum roads_weight weight,
                 enum roads_direction direction, uint32_t node, uint32_t *ret_ms);

/*
 * Who stands where, kept while people move, so that a search need not be told of all of them: ids 0 .. room - 1. Made for one
 * weight and direction. Belongs to one thread at a time; several searches may read it while nobody writes.
 */
struct roads_crowd;
struct roads_crowd *roads_crowd_new(const struct roads *roads, enum roads_weight weight,
                                    enum roads_direction direction, uint32_t room);
void roads_crowd_free(struct roads_crowd *crowd);
void roads_crowd_put(struct roads_crowd *crowd, uint32_t id, struct roads_goal at); /* also moves */
void roads_crowd_remove(struct roads_crowd *crowd, uint32_t id); /* nothing when not there */

/* Told of each one in order of time (ties: the smaller id), offset included; false ends the search. */
typedef bool roads_visit(void *self, uint32_t id, uint32_t ms);
void roads_nearest(struct roads_search *search, const struct roads_crowd *crowd, uint32_t node,
                   uint32_t bound_ms, roads_visit *visit, void *self);

/*
 * A shortest path by car as arc numbers in order of travel, borrowed until the next call with this search; *ret_ms its time.
 * Returns the number of arcs; 0 with *ret_ms 0 when from == to, with ROADS_NEVER when there is no path.
 */
size_t roads_path(struct roads_search *search, enum roads_weight weight, uint32_t from, uint32_t to,
                  const uint32_t **ret_arcs, uint32_t *ret_ms);

#endif
