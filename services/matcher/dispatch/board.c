/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TIERS = 6,        /* crews that are looked at for a cluster; farther ones hardly ever go */
    RANKS = TIERS + 1 /* one more, so that any one can be taken away */
};

/* When none of them is there the call waits: so many targets, and never better than anybody's coming. */
static const double WAIT_TARGETS = 3.5;

struct placed {
    struct board_crew crew;
    float here[CITY_CLUSTERS]; /* from where it is */
    float cost[CITY_CLUSTERS]; /* as it counts */
};

struct board {
    const struct city *cover;
    float wait;
    struct placed *crews;
    size_t count;
    size_t room;
    bool ranked;
    bool wide; /* the machine has AVX2 */
    uint32_t rank[CITY_CLUSTERS][RANKS];
    uint32_t depth; /* how many ranks there are */
    /* The expected cost as a function of one more crew's own cost: the least of these lines. */
    float base[TIERS + 1][CITY_CLUSTERS];
    float slope[TIERS + 1][CITY_CLUSTERS];
};

static void *must(void *room)
{
    if (room == NULL) {
        (void)fputs("out of memory: board\n", stderr);
        abort();
    }
    return room;
}

struct board *board_new(const struct city *cover)
{
    struct board *board = must(calloc(1, sizeof *board));
    board->cover = cover;
    board->wait = (float)city_cost(cover, WAIT_TARGETS * (double)city_target_ms(cover) / 1000.0);
#ifdef __x86_64__
    board->wide = __builtin_cpu_supports("avx2") != 0;
#endif
    return board;
}

void board_free(struct board *board)
{
    if (board != NULL) {
        free(board->crews);
        free(board);
    }
}

void board_clear(struct board *board)
{
    board->count = 0;
    board->ranked = false;
}

static void blend(const struct board *board, struct placed *placed, int32_t post, float *ret_cost)
{
    if (post == BOARD_NO_POST) {
        memcpy(ret_cost, placed->here, sizeof placed->here);
        return;
    }
    const float *there = city_post_row(board->cover, (size_t)post);
    float share = placed->crew.arrived;
    for (size_t c = 0; c < CITY_CLUSTERS; c++) {
        ret_cost[c] = (1.0F - share) * placed->here[c] + share * there[c];
    }
}

size_t board_add(struct board *board, const struct board_crew *crew)
{
    if (board->count == board->room) {
        board->room = board->room == 0 ? 32 : board->room * 2;
        board->crews = must(realloc(board->crews, board->room * sizeof *board->crews));
    }
    struct placed *placed = &board->crews[board->count];
    placed->crew = *crew;
    city_row(board->cover, crew->at, placed->here);
    blend(board, placed, crew->post, placed->cost);
    board->ranked = false;
    return board->count++;
}

void board_send(struct board *board, size_t crew, int32_t post)
{
    struct placed *placed = &board->crews[crew];
    placed->crew.post = post;
    blend(board, placed, post, placed->cost);
    board->ranked = false;
}

static void rank_crew(struct board *board, size_t crew, float (*cost)[RANKS])
{
    const float *own = board->crews[crew].cost;
    size_t depth = crew < RANKS ? crew : RANKS;
    for (size_t c = 0; c < CITY_CLUSTERS; c++) {
        uint32_t *ranked = board->rank[c];
        if (depth == RANKS && own[c] >= cost[c][RANKS - 1]) {
            continue;
        }
        size_t at = depth < RANKS ? depth : RANKS - 1;
        for (; at > 0 && cost[c][at - 1] > own[c]; at--) {
            cost[c][at] = cost[c][at - 1];
            ranked[at] = ranked[at - 1];
        }
        cost[c][at] = own[c];
        ranked[at] = (uint32_t)crew;
    }
}

/* Crew by crew, since their rows are long: the memory is read once, in order. */
static void rank(struct board *board)
{
    if (board->ranked) {
        return;
    }
    float cost[CITY_CLUSTERS][RANKS];
    for (size_t i = 0; i < board->count; i++) {
        rank_crew(board, i, cost);
    }
    board->depth = (uint32_t)(board->count < RANKS ? board->count : RANKS);
    board->ranked = true;
}

/* The lines of one cluster without crew `skip`, for one that is there with this chance; returns the cost without it. */
static float draw_cluster(struct board *board, size_t cluster, size_t skip, float chance)
{
    float before[TIERS + 1]; /* what the first n contribute */
    float absent[TIERS + 1]; /* the chance that none of the first n is there */
    size_t n = 0;
    before[0] = 0.0F;
    absent[0] = 1.0F;
    for (size_t r = 0; r < board->depth && n < TIERS; r++) {
        uint32_t i = board->rank[cluster][r];
        if (i == skip) {
            continue;
        }
        const struct placed *placed = &board->crews[i];
        float there = absent[n] * placed->crew.chance;
        before[n + 1] = before[n] + there * placed->cost[cluster];
        absent[n + 1] = absent[n] - there;
        n++;
    }
    float weight = city_weights(board->cover)[cluster];
    float all = before[n] + absent[n] * board->wait;
    for (size_t k = 0; k <= TIERS; k++) {
        size_t at = k < n ? k : n;
        board->base[k][cluster] = weight * (before[at] + (1.0F - chance) * (all - before[at]));
        board->slope[k][cluster] = weight * absent[at] * chance;
    }
    return weight * all;
}

static double draw(struct board *board, size_t skip, float chance)
{
    rank(board);
    double sum = 0;
    for (size_t c = 0; c < CITY_CLUSTERS; c++) {
        sum += (double)draw_cluster(board, c, skip, chance);
    }
    return sum;
}

/* Eight clusters side by side: one wide register, or two narrow ones. */
typedef float lanes __attribute__((vector_size(32)));
typedef int32_t lane_mask __attribute__((vector_size(32)));
enum {
    LANES = 8
};

static inline __attribute__((always_inline)) void load(lanes *ret_lanes, const float *from)
{
    memcpy(ret_lanes, from, sizeof *ret_lanes);
}

/* The expected cost with one more crew: the same sums in the same order on every machine. */
static inline __attribute__((always_inline)) float sum_row(const struct board *board,
                                                           const float *cost)
{
    lanes sum = {0};
    for (size_t c = 0; c < CITY_CLUSTERS; c += LANES) {
        lanes own;
        lanes base;
        lanes slope;
        load(&own, &cost[c]);
        load(&base, &board->base[0][c]);
        load(&slope, &board->slope[0][c]);
        lanes least = base + slope * own;
        for (size_t k = 1; k <= TIERS; k++) {
            load(&base, &board->base[k][c]);
            load(&slope, &board->slope[k][c]);
            lanes line = base + slope * own;
            lane_mask lower = line < least;
            least = (lanes)(((lane_mask)line & lower) | ((lane_mask)least & ~lower));
        }
        sum += least;
    }
    float total = 0.0F;
    for (size_t i = 0; i < LANES; i++) {
        total += sum[i];
    }
    return total;
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static float sum_row_wide(const struct board *board,
                                                          const float *cost)
{
    return sum_row(board, cost);
}
#endif

static float with_row(const struct board *board, const float *cost)
{
#ifdef __x86_64__
    if (board->wide) {
        return sum_row_wide(board, cost);
    }
#endif
    return sum_row(board, cost);
}

double board_expected(struct board *board)
{
    return draw(board, board->count, 0.0F);
}

/* What one cluster loses with each of its ranked crews: the later ones move up. */
static void lose_cluster(const struct board *board, size_t cluster, double *loss)
{
    const uint32_t *ranked = board->rank[cluster];
    size_t depth = board->depth < TIERS ? board->depth : TIERS;
    float rest = board->wait; /* expected when none of the first r + 1 is there */
    for (size_t r = depth; r-- > 0;) {
        const struct placed *placed = &board->crews[ranked[r]];
        float own = placed->cost[cluster];
        float gain = placed->crew.chance * (rest - own);
        float absent = 1.0F;
        for (size_t before = 0; before < r; before++) {
            absent *= 1.0F - board->crews[ranked[before]].crew.chance;
        }
        if (gain > 0.0F) {
            loss[ranked[r]] += (double)(city_weights(board->cover)[cluster] * absent * gain);
        }
        rest = placed->crew.chance * own + (1.0F - placed->crew.chance) * rest;
    }
}

void board_losses(struct board *board, double *ret_loss)
{
    rank(board);
    for (size_t i = 0; i < board->count; i++) {
        ret_loss[i] = 0;
    }
    for (size_t c = 0; c < CITY_CLUSTERS; c++) {
        lose_cluster(board, c, ret_loss);
    }
}

/* Whichever post: a crew counts partly from where it is, so the lines are bent to the post's share alone. */
static void bend(struct board *board, const struct placed *placed)
{
    float share = placed->crew.arrived;
    for (size_t k = 0; k <= TIERS; k++) {
        for (size_t c = 0; c < CITY_CLUSTERS; c++) {
            board->base[k][c] += board->slope[k][c] * (1.0F - share) * placed->here[c];
            board->slope[k][c] *= share;
        }
    }
}

int32_t board_best_post(struct board *board, size_t crew, const struct board_pull *pull,
                        double *ret_gain)
{
    const struct placed *placed = &board->crews[crew];
    struct city_place at = placed->crew.at;
    int32_t own = placed->crew.post;
    (void)draw(board, crew, placed->crew.chance);
    float stay = with_row(board, placed->cost);
    if (own != BOARD_NO_POST) {
        stay += pull->per_second * city_move_seconds(board->cover, at, (size_t)own);
    }
    bend(board, placed);
    int32_t best = own;
    float least = stay - pull->least_gain;
    for (size_t p = 0; p < city_post_count(board->cover); p++) {
        float drive = pull->per_second * city_move_seconds(board->cover, at, p);
        float cost = with_row(board, city_post_row(board->cover, p)) + drive;
        if (cost < least) {
            least = cost;
            best = (int32_t)p;
        }
    }
    *ret_gain = best == own ? 0.0 : (double)(stay - least);
    return best;
}
