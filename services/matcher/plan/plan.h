/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From tables and a road graph to a problem of coverage: places are read, put on the roads, and each candidate's search says what
 * it reaches in time. Used by `genxi plan` and the bench.
 *
 * Tables are CSV with a header, no quotes, plain or .gz, as in the pack format. A place is the column `node` (the graph's id) or,
 * without it, `lon` and `lat` in degrees, which stand on the nearest node with a leg off the network at the graph's access speed.
 */
#ifndef MATCHER_PLAN_H
#define MATCHER_PLAN_H

#include "coverage/coverage.h"
#include "roads/roads.h"

enum {
    PLAN_ID_SIZE = 64,
    PLAN_HOURS_MAX = 168,
    PLAN_SNAP_M = 2000, /* farther from a road, a place is never reached */
    PLAN_ROWS_MAX = 10000000
};

/* Where somebody may stand. */
struct plan_post {
    char id[PLAN_ID_SIZE]; /* column id, else the row's number from 0 */
    struct gx_point place; /* columns lon, lat, else the node's */
    struct roads_goal at;  /* node ROADS_NOWHERE: no road near */
};

struct plan_posts {
    struct plan_post *items;
    uint32_t count;
    uint32_t room;
};
/* Adds the table's rows. */
enum gx_rc plan_read_posts(const struct roads *roads, const char *path, struct plan_posts *posts,
                           struct roads_fault *fault);
void plan_posts_done(struct plan_posts *posts);

/* Where help is wanted: column weight (>= 0), and hour (0 .. 167) where demand changes by hour. */
struct plan_demand {
    struct roads_goal *points; /* each place once */
    uint32_t count;
    uint32_t hours;                /* distinct hours, at least 1 */
    uint32_t hour[PLAN_HOURS_MAX]; /* rising; 0 alone when the table has no such column */
    double *weight;                /* hour after hour, `count` each */
    uint32_t rows_without_road;    /* they count in the total and are never reached */
};
enum gx_rc plan_read_demand(const struct roads *roads, const char *path,
                            struct plan_demand *ret_demand, struct roads_fault *fault);
void plan_demand_done(struct plan_demand *demand);

/* Which points each post reaches within so many milliseconds (inclusive), driving with lights; as coverage_problem wants it. */
struct plan_reach {
    uint32_t *first;
    uint32_t *point;
};
/* LIMIT when the lists are longer than can be taken. */
enum gx_rc plan_find_reach(const struct roads *roads, const struct plan_posts *posts,
                           const struct plan_demand *demand, uint32_t within_ms,
                           struct plan_reach *ret_reach, struct roads_fault *fault);
void plan_reach_done(struct plan_reach *reach);

#endif
