/* SPDX-License-Identifier: Apache-2.0 */
#include "city.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TENTH_MS = 100,
    STEPS = 8192, /* of 0.8 s */
    STEP_SHIFT = 3
};

/* How steep the step at T is: its width as a share of T. */
static const double STEP_WIDTH = 0.2;

struct city {
    size_t post_count;
    size_t node_count;
    int64_t target_ms;
    double move_ratio;
    float weight[CITY_CLUSTERS];
    uint32_t post_node[CITY_POSTS_MAX];
    uint16_t *tenths; /* [node * post_count + post]: tenths of a second */
    float (*post_row)[CITY_CLUSTERS];
    float cost[STEPS];
};

static void *room_for(size_t count, size_t size)
{
    void *room = calloc(count, size);
    if (room == NULL) {
        (void)fputs("out of memory: cover\n", stderr);
        abort();
    }
    return room;
}

/* A point of demand on a plane on which both axes have the same scale. */
struct spot {
    uint32_t node;
    double weight;
    double x;
    double y;
};

static int by_node(const struct spot *a, const struct spot *b)
{
    return (a->node > b->node) - (a->node < b->node);
}

static int by_x(const void *a, const void *b)
{
    const struct spot *p = a;
    const struct spot *q = b;
    int order = (p->x > q->x) - (p->x < q->x);
    return order != 0 ? order : by_node(p, q);
}

static int by_y(const void *a, const void *b)
{
    const struct spot *p = a;
    const struct spot *q = b;
    int order = (p->y > q->y) - (p->y < q->y);
    return order != 0 ? order : by_node(p, q);
}

static double weight_of(const struct spot *spots, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += spots[i].weight;
    }
    return sum;
}

/* One cluster: its centre is the spot nearest to the centre of gravity. */
static void add_cluster(struct city *cover, const struct spot *spots, size_t count)
{
    double sum = weight_of(spots, count);
    double x = 0;
    double y = 0;
    for (size_t i = 0; i < count; i++) {
        x += spots[i].x * spots[i].weight / sum;
        y += spots[i].y * spots[i].weight / sum;
    }
    size_t best = 0;
    double least = HUGE_VAL;
    for (size_t i = 0; i < count; i++) {
        double away = hypot(spots[i].x - x, spots[i].y - y);
        best = away < least ? i : best;
        least = fmin(away, least);
    }
    cover->weight[cover->post_count] = (float)sum;
    cover->post_node[cover->post_count++] = spots[best].node;
}

static bool is_wide(const struct spot *spots, size_t count)
{
    double west = HUGE_VAL;
    double east = -HUGE_VAL;
    double south = HUGE_VAL;
    double north = -HUGE_VAL;
    for (size_t i = 0; i < count; i++) {
        west = fmin(west, spots[i].x);
        east = fmax(east, spots[i].x);
        south = fmin(south, spots[i].y);
        north = fmax(north, spots[i].y);
    }
    return east - west > north - south;
}

/* Halves the heavier side's length again and again, by weight, until there are so many parts. */
static void split(struct city *cover, struct spot *spots, size_t count, size_t parts)
{
    if (parts == 1 || count == 1) {
        add_cluster(cover, spots, count);
        return;
    }
    qsort(spots, count, sizeof *spots, is_wide(spots, count) ? by_x : by_y);
    size_t lower = parts / 2;
    double wanted = weight_of(spots, count) * (double)lower / (double)parts;
    double sum = spots[0].weight;
    size_t cut = 1;
    while (cut + 1 < count && sum + spots[cut].weight / 2 < wanted) {
        sum += spots[cut++].weight;
    }
    split(cover, spots, cut, lower);
    split(cover, spots + cut, count - cut, parts - lower);
}

static void gather(struct city *cover, const struct city_setup *setup)
{
    struct spot *spots = room_for(setup->demand_count, sizeof *spots);
    double sum = 0;
    for (size_t i = 0; i < setup->demand_count; i++) {
        sum += setup->demand[i].weight;
    }
    double narrow = cos(setup->demand[0].place.lat * acos(-1.0) / 180.0);
    for (size_t i = 0; i < setup->demand_count; i++) {
        const struct city_demand *d = &setup->demand[i];
        spots[i] = (struct spot){d->node, d->weight / sum, d->place.lon * narrow, d->place.lat};
    }
    split(cover, spots, setup->demand_count, CITY_CLUSTERS);
    free(spots);
    if (cover->post_count < CITY_CLUSTERS) {
        /* A hamlet: the rest weighs nothing, but rows have one length. */
        for (size_t p = cover->post_count; p < CITY_CLUSTERS; p++) {
            cover->post_node[p] = cover->post_node[0];
        }
        cover->post_count = CITY_CLUSTERS;
    }
}

static void add_posts(struct city *cover, const struct city_setup *setup)
{
    for (size_t i = 0; i < setup->post_count && cover->post_count < CITY_POSTS_MAX; i++) {
        bool there = false;
        for (size_t p = 0; p < cover->post_count && !there; p++) {
            there = cover->post_node[p] == setup->posts[i];
        }
        if (!there) {
            cover->post_node[cover->post_count++] = setup->posts[i];
        }
    }
}

static void fill_times(struct city *cover, const struct city_setup *setup)
{
    uint32_t *ms = room_for(cover->node_count, sizeof *ms);
    cover->tenths = room_for(cover->node_count * cover->post_count, sizeof *cover->tenths);
    for (size_t p = 0; p < cover->post_count; p++) {
        setup->times_to(setup->self, cover->post_node[p], ms);
        for (size_t n = 0; n < cover->node_count; n++) {
            uint32_t tenths = ms[n] / TENTH_MS;
            cover->tenths[n * cover->post_count + p] =
                (uint16_t)(tenths < UINT16_MAX ? tenths : UINT16_MAX);
        }
    }
    free(ms);
}

double city_cost_by(double target, double seconds)
{
    return seconds + target / (1.0 + exp((target - seconds) / (STEP_WIDTH * target)));
}

double city_cost(const struct city *cover, double seconds)
{
    return city_cost_by((double)cover->target_ms / 1000.0, seconds);
}

int64_t city_cost_ms(const struct city *cover, int64_t ms)
{
    enum {
        STEP_MS = TENTH_MS << STEP_SHIFT
    };
    int64_t step = ms / STEP_MS;
    if (step >= STEPS - 1) {
        return (int64_t)(1000.0 * city_cost(cover, (double)ms / 1000.0));
    }
    double low = (double)cover->cost[step];
    double high = (double)cover->cost[step + 1];
    return (int64_t)(1000.0 * (low + (high - low) * (double)(ms % STEP_MS) / STEP_MS));
}

struct city *city_new(const struct city_setup *setup)
{
    struct city *cover = room_for(1, sizeof *cover);
    cover->node_count = setup->node_count;
    cover->target_ms = setup->target_ms;
    cover->move_ratio = setup->move_ratio;
    gather(cover, setup);
    add_posts(cover, setup);
    fill_times(cover, setup);
    for (size_t i = 0; i < STEPS; i++) {
        double tenths = (double)(i << STEP_SHIFT);
        cover->cost[i] = (float)city_cost(cover, tenths / 10.0);
    }
    cover->post_row = room_for(cover->post_count, sizeof *cover->post_row);
    for (size_t p = 0; p < cover->post_count; p++) {
        city_row(cover, (struct city_place){cover->post_node[p], 0}, cover->post_row[p]);
    }
    return cover;
}

void city_free(struct city *cover)
{
    if (cover != NULL) {
        free(cover->tenths);
        free(cover->post_row);
        free(cover);
    }
}

size_t city_post_count(const struct city *cover)
{
    return cover->post_count;
}

uint32_t city_post_node(const struct city *cover, size_t post)
{
    return cover->post_node[post];
}

int64_t city_target_ms(const struct city *cover)
{
    return cover->target_ms;
}

void city_row(const struct city *cover, struct city_place at, float *ret_cost)
{
    const uint16_t *tenths = cover->tenths + (size_t)at.node * cover->post_count;
    uint32_t offset = at.offset_ms / TENTH_MS;
    offset = offset < UINT16_MAX ? offset : UINT16_MAX;
    for (size_t c = 0; c < CITY_CLUSTERS; c++) {
        uint32_t step = (tenths[c] + offset) >> STEP_SHIFT;
        ret_cost[c] = cover->cost[step < STEPS ? step : STEPS - 1];
    }
}

const float *city_post_row(const struct city *cover, size_t post)
{
    return cover->post_row[post];
}

double city_dearest(const struct city *cover)
{
    float most = 0.0F;
    for (size_t p = 0; p < cover->post_count; p++) {
        for (size_t c = 0; c < CITY_CLUSTERS; c++) {
            most = cover->post_row[p][c] > most ? cover->post_row[p][c] : most;
        }
    }
    return (double)most;
}

float city_move_seconds(const struct city *cover, struct city_place at, size_t post)
{
    double tenths = cover->tenths[(size_t)at.node * cover->post_count + post];
    return (float)(tenths / 10.0 * cover->move_ratio + (double)at.offset_ms / 1000.0);
}

const float *city_weights(const struct city *cover)
{
    return cover->weight;
}
