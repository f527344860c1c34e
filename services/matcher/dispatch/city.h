/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a city asks of its crews: where calls come from, how long the way there is from every node, and what a response time
 * is worth. Demand is gathered into clusters of about equal weight; posts (places worth standing at) are the clusters'
 * centres and whatever else the caller knows. Built once for a graph and a speed; read-only afterwards, by any number of
 * threads. Takes 2 bytes a node and post.
 */
#ifndef DISPATCH_CITY_H
#define DISPATCH_CITY_H

#include "base/geo.h"

#include <stddef.h>
#include <stdint.h>

enum {
    CITY_CLUSTERS = 256,
    CITY_POSTS_MAX = 1024
};

struct city_demand {
    uint32_t node;
    struct gx_point place;
    double weight; /* any unit, > 0 */
};

/* Where a crew is: it can turn at node, in offset_ms. */
struct city_place {
    uint32_t node;
    uint32_t offset_ms;
};

struct city_setup {
    const struct city_demand *demand;
    size_t demand_count; /* at least 1 */
    const uint32_t *posts;
    size_t post_count; /* more posts than the centres; doubles are dropped */
    size_t node_count;
    int64_t target_ms; /* the city's own target T for a response */
    double move_ratio; /* how much longer a crew drives to a post than to a call, at least 1 */
    /* Times from every node to this one, UINT32_MAX: no way. ret_ms has room for node_count. */
    void (*times_to)(void *self, uint32_t node, uint32_t *ret_ms);
    void *self;
};

struct city;

/* Memory that is not there ends the program. */
struct city *city_new(const struct city_setup *setup);
void city_free(struct city *cover);

size_t city_post_count(const struct city *cover);
uint32_t city_post_node(const struct city *cover, size_t post);
int64_t city_target_ms(const struct city *cover);

/*
 * The cost of a response in seconds: the time itself, and a step of one T around T, since a late response costs more than
 * its seconds.
 */
double city_cost(const struct city *cover, double seconds);
/* The same without a city: its target in seconds, > 0. */
double city_cost_by(double target, double seconds);
/* The same by a table, in milliseconds of both; ms at least 0. Right to a millisecond or so, and never falling. */
int64_t city_cost_ms(const struct city *cover, int64_t ms);
/* ret_cost[cluster] for CITY_CLUSTERS: the cost of a response from this place. */
void city_row(const struct city *cover, struct city_place at, float *ret_cost);
/* The same from a post, ready. */
const float *city_post_row(const struct city *cover, size_t post);
/* The dearest response from any post to any cluster. */
double city_dearest(const struct city *cover);
/* Seconds to drive there without lights. */
float city_move_seconds(const struct city *cover, struct city_place at, size_t post);
/* Share of the demand, by cluster; unused clusters weigh 0. */
const float *city_weights(const struct city *cover);

#endif
