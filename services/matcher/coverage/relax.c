/* SPDX-License-Identifier: Apache-2.0 */
#include "coverage/relax.h"

#include "base/clock.h"

#include <math.h>
#include <string.h>

/* Found by trial on a road network of 14 to 300 candidates; the bound is valid whatever they are. */
#define MEMORY 0.5
#define BOLDNESS_LEAST 0.001
#define LEAST_GAIN 1e-6
#define SHARE_RATE 0.05
#define CALMER 0.75

/* One run's working memory. */
struct run {
    struct part *part;
    double *price; /* where the steps are now; the part keeps the best */
    double *direction;
    double *score;
    uint32_t *order; /* candidates, the highest scores first */
    uint32_t *met;   /* by group: chosen posts that reach it */
    double bound;
    double norm; /* of the direction, squared, each group by its weight */
};

double coverage_now(void)
{
    return (double)gx_clock_mono_us() / 1e6;
}

void relax_start(struct part *part)
{
    for (uint32_t g = 0; g < part->groups; g++) {
        uint32_t reached_by = part->by_first[g + 1] - part->by_first[g];
        double fair = (double)part->posts / (double)part->candidates * (double)reached_by;
        part->price[g] = part->weight[g] * (1.0 - part->busy) / (1.0 + fair);
    }
}

static bool before(const double *score, uint32_t a, uint32_t b)
{
    return score[a] > score[b] || (score[a] == score[b] && a < b);
}

/* Brings the `count` highest scores to the front, in no order among themselves (Hoare's FIND). */
static void select_highest(const double *score, uint32_t *order, uint32_t candidates,
                           uint32_t count)
{
    if (count == 0 || count >= candidates) {
        return;
    }
    int64_t last = (int64_t)count - 1;
    int64_t low = 0;
    int64_t high = (int64_t)candidates - 1;
    while (low < high) {
        uint32_t pivot = order[last];
        int64_t i = low;
        int64_t j = high;
        while (i <= j) {
            while (before(score, order[i], pivot)) {
                i++;
            }
            while (before(score, pivot, order[j])) {
                j--;
            }
            if (i <= j) {
                uint32_t old = order[i];
                order[i++] = order[j];
                order[j--] = old;
            }
        }
        low = j < last ? i : low;
        high = last < i ? j : high;
    }
}

static void find_scores(struct run *run)
{
    const struct part *part = run->part;
    memset(run->score, 0, part->candidates * sizeof(double));
    for (uint32_t g = 0; g < part->groups; g++) {
        double price = run->price[g];
        for (uint32_t k = part->by_first[g]; k < part->by_first[g + 1]; k++) {
            run->score[part->by[k]] += price;
        }
    }
}

static void count_met(struct run *run)
{
    const struct part *part = run->part;
    memset(run->met, 0, part->groups * sizeof(uint32_t));
    for (uint32_t i = 0; i < part->posts; i++) {
        uint32_t c = run->order[i];
        for (uint32_t k = part->reach_first[c]; k < part->reach_first[c + 1]; k++) {
            run->met[part->reach[k]]++;
        }
    }
}

/* The most that a group gives at a price, and with how many posts. */
static double best_for_group(const struct part *part, uint32_t g, double price, uint32_t *ret_posts)
{
    uint32_t most = part->by_first[g + 1] - part->by_first[g];
    most = most < part->posts ? most : part->posts;
    double gain = part->weight[g] * (1.0 - part->busy);
    double sum = 0.0;
    uint32_t posts = 0;
    for (; posts < most && gain > price; posts++) {
        sum += gain - price;
        gain *= part->busy;
    }
    *ret_posts = posts;
    return sum;
}

static double won(const struct part *part, uint32_t g, uint32_t met)
{
    double rest = 1.0;
    for (uint32_t i = 0; i < met && rest > 0.0; i++) {
        rest *= part->busy;
    }
    return part->weight[g] * (1.0 - rest);
}

/* Bound, direction and the choice's value at run->price. `memory` of the old direction is kept. */
static double look(struct run *run, double memory)
{
    const struct part *part = run->part;
    find_scores(run);
    select_highest(run->score, run->order, part->candidates, part->posts);
    count_met(run);
    double bound = part->settled;
    double value = part->settled;
    for (uint32_t i = 0; i < part->posts; i++) {
        bound += run->score[run->order[i]];
    }
    run->norm = 0.0;
    for (uint32_t g = 0; g < part->groups; g++) {
        uint32_t wanted = 0;
        bound += best_for_group(part, g, run->price[g], &wanted);
        value += won(part, g, run->met[g]);
        double slope = (double)run->met[g] - (double)wanted + memory * run->direction[g];
        run->direction[g] = slope;
        run->norm += part->weight[g] * slope * slope;
    }
    run->bound = bound;
    return value;
}

static void step(struct run *run, double length)
{
    const struct part *part = run->part;
    for (uint32_t g = 0; g < part->groups; g++) {
        double most = part->weight[g] * (1.0 - part->busy);
        double price = run->price[g] - length * part->weight[g] * run->direction[g];
        run->price[g] = price < 0.0 ? 0.0 : price > most ? most : price;
    }
}

static void keep_bound(struct run *run, struct relax *relax)
{
    relax->bound = run->bound;
    memcpy(run->part->price, run->price, run->part->groups * sizeof(double));
    memcpy(relax->score, run->score, run->part->candidates * sizeof(double));
}

static void keep_choice(const struct run *run, double value, struct relax *relax)
{
    relax->value = value;
    memcpy(relax->best, run->order, run->part->posts * sizeof(uint32_t));
}

static void average(const struct run *run, double rate, struct relax *relax)
{
    for (uint32_t c = 0; c < run->part->candidates; c++) {
        relax->share[c] *= 1.0 - rate;
    }
    for (uint32_t i = 0; i < run->part->posts; i++) {
        relax->share[run->order[i]] += rate;
    }
}

static bool over(const struct run *run, const struct relax_stop *stop, const struct relax *relax,
                 double boldness)
{
    return relax->bound <= stop->target + stop->tolerance || run->norm <= 0.0 ||
           boldness < BOLDNESS_LEAST || (stop->deadline > 0.0 && coverage_now() > stop->deadline);
}

/*
 * Steps of Polyak's length towards the target along a direction that remembers (Camerini, Fratta and Maffioli 1975). A group's
 * price moves in proportion to its weight: prices range up to the weight, which differs by orders of magnitude.
 */
static void descend(struct run *run, struct relax_stop stop, struct relax *relax)
{
    double boldness = stop.boldness;
    uint32_t idle = 0;
    while (relax->steps < stop.steps) {
        double value = look(run, relax->steps == 0 ? 0.0 : MEMORY);
        average(run, relax->steps == 0 ? 1.0 : SHARE_RATE, relax);
        relax->steps++;
        if (value > relax->value) {
            keep_choice(run, value, relax);
        }
        idle = run->bound < relax->bound - LEAST_GAIN * fabs(relax->bound) ? 0 : idle + 1;
        if (run->bound < relax->bound) {
            keep_bound(run, relax);
        }
        if (over(run, &stop, relax, boldness)) {
            return;
        }
        if (idle >= stop.patience) {
            idle = 0;
            boldness *= CALMER;
            memcpy(run->price, run->part->price, run->part->groups * sizeof(double));
        }
        double goal = stop.target > relax->value ? stop.target : relax->value;
        step(run, boldness * (run->bound - goal) / run->norm);
    }
}

void relax_run(struct part *part, struct relax_stop stop, struct relax *ret_relax)
{
    struct run run = {
        .part = part,
        .price = coverage_alloc(part->groups, sizeof(double)),
        .direction = coverage_alloc(part->groups, sizeof(double)),
        .score = coverage_alloc(part->candidates, sizeof(double)),
        .order = coverage_alloc(part->candidates, sizeof(uint32_t)),
        .met = coverage_alloc(part->groups, sizeof(uint32_t)),
    };
    for (uint32_t c = 0; c < part->candidates; c++) {
        run.order[c] = c;
    }
    memcpy(run.price, part->price, part->groups * sizeof(double));
    *ret_relax = (struct relax){
        .bound = HUGE_VAL,
        .score = coverage_alloc(part->candidates, sizeof(double)),
        .share = coverage_alloc(part->candidates, sizeof(double)),
        .value = -1.0,
        .best = coverage_alloc(part->posts, sizeof(uint32_t)),
        .leaning = coverage_alloc(part->posts, sizeof(uint32_t)),
    };
    descend(&run, stop, ret_relax);
    select_highest(ret_relax->share, run.order, part->candidates, part->posts);
    memcpy(ret_relax->leaning, run.order, part->posts * sizeof(uint32_t));
    free(run.price);
    free(run.direction);
    free(run.score);
    free(run.order);
    free(run.met);
}

void relax_done(struct relax *relax)
{
    free(relax->score);
    free(relax->share);
    free(relax->best);
    free(relax->leaning);
    *relax = (struct relax){0};
}

uint32_t relax_fates(const struct part *part, const struct relax *relax, double target,
                     uint8_t *fate)
{
    uint32_t *order = coverage_alloc(part->candidates, sizeof(uint32_t));
    for (uint32_t c = 0; c < part->candidates; c++) {
        order[c] = c;
    }
    select_highest(relax->score, order, part->candidates, part->posts);
    double last_in = part->posts == 0 ? HUGE_VAL : relax->score[order[part->posts - 1]];
    double first_out = -HUGE_VAL;
    for (uint32_t i = part->posts; i < part->candidates; i++) {
        double score = relax->score[order[i]];
        first_out = score > first_out ? score : first_out;
    }
    uint32_t decided = 0;
    for (uint32_t i = 0; i < part->candidates; i++) {
        double score = relax->score[order[i]];
        bool in = i < part->posts;
        double lost = in ? score - first_out : last_in - score;
        if (relax->bound - lost <= target) {
            fate[order[i]] = in ? FATE_IN : FATE_OUT;
            decided++;
        }
    }
    free(order);
    return decided;
}
