/* SPDX-License-Identifier: Apache-2.0 */
#include "coverage/part.h"

#include <string.h>

/* Groups before equal ones are added up, each with its candidates in rising order. */
struct columns {
    uint32_t count;
    double *weight;
    double *price;
    uint32_t *first;
    uint32_t *by;
};

static void columns_init(struct columns *columns, uint32_t count, size_t entries)
{
    *columns = (struct columns){
        .weight = coverage_alloc(count, sizeof(double)),
        .price = coverage_alloc(count, sizeof(double)),
        .first = coverage_alloc((size_t)count + 1, sizeof(uint32_t)),
        .by = coverage_alloc(entries, sizeof(uint32_t)),
    };
}

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

static uint64_t column_hash(const struct columns *columns, uint32_t column)
{
    uint64_t hash = 0;
    for (uint32_t k = columns->first[column]; k < columns->first[column + 1]; k++) {
        hash = mix(hash ^ columns->by[k]);
    }
    return hash;
}

static bool column_equal(const struct columns *columns, uint32_t a, uint32_t b)
{
    uint32_t size = columns->first[a + 1] - columns->first[a];
    return size == columns->first[b + 1] - columns->first[b] &&
           memcmp(columns->by + columns->first[a], columns->by + columns->first[b],
                  size * sizeof(uint32_t)) == 0;
}

/* Moves column `from` down to the place `to`, which is not behind it. */
static void column_move(struct columns *columns, uint32_t from, uint32_t to)
{
    uint32_t size = columns->first[from + 1] - columns->first[from];
    memmove(columns->by + columns->first[to], columns->by + columns->first[from],
            size * sizeof(uint32_t));
    columns->weight[to] = columns->weight[from];
    columns->price[to] = columns->price[from];
    columns->first[to + 1] = columns->first[to] + size;
}

/* Adds equal columns up, in place; the first of each stays where it was in order. */
static void columns_merge(struct columns *columns)
{
    size_t slots = 16;
    while (slots < (size_t)columns->count * 2) {
        slots *= 2;
    }
    uint32_t *table = coverage_alloc(slots, sizeof(uint32_t)); /* position + 1 */
    uint32_t kept = 0;
    for (uint32_t i = 0; i < columns->count; i++) {
        size_t slot = column_hash(columns, i) & (slots - 1);
        while (table[slot] != 0 && !column_equal(columns, table[slot] - 1, i)) {
            slot = (slot + 1) & (slots - 1);
        }
        if (table[slot] != 0) {
            columns->weight[table[slot] - 1] += columns->weight[i];
            columns->price[table[slot] - 1] += columns->price[i];
            continue;
        }
        column_move(columns, i, kept);
        kept++;
        table[slot] = kept;
    }
    columns->count = kept;
    free(table);
}

/* Takes the columns over and makes the lists by candidate. */
static void part_take(struct part *part, struct columns *columns)
{
    part->groups = columns->count;
    part->weight = columns->weight;
    part->price = columns->price;
    part->by_first = columns->first;
    part->by = columns->by;
    part->reach_first = coverage_alloc((size_t)part->candidates + 2, sizeof(uint32_t));
    uint32_t *at = part->reach_first + 1; /* counts shifted by one become ends while filling */
    uint32_t entries = part->by_first[part->groups];
    for (uint32_t k = 0; k < entries; k++) {
        at[part->by[k] + 1]++;
    }
    for (uint32_t c = 0; c < part->candidates; c++) {
        at[c + 1] += at[c];
    }
    part->reach = coverage_alloc(entries, sizeof(uint32_t));
    for (uint32_t g = 0; g < part->groups; g++) {
        for (uint32_t k = part->by_first[g]; k < part->by_first[g + 1]; k++) {
            part->reach[at[part->by[k]]++] = g;
        }
    }
}

static double power(double base, uint32_t exponent)
{
    double result = 1.0;
    for (uint32_t i = 0; i < exponent && result > 0.0; i++) {
        result *= base;
    }
    return result;
}

/* Numbers the open candidates 0, 1, ...; UINT32_MAX for others. */
static uint32_t *number_open(const uint8_t *fate, uint32_t count, uint32_t *ret_open)
{
    uint32_t *number = coverage_alloc(count, sizeof(uint32_t));
    uint32_t open = 0;
    for (uint32_t c = 0; c < count; c++) {
        number[c] = fate[c] == FATE_OPEN ? open++ : UINT32_MAX;
    }
    *ret_open = open;
    return number;
}

void part_decide(const struct part *old, const uint8_t *fate, struct part *ret_part)
{
    struct part part = {.busy = old->busy, .settled = old->settled};
    uint32_t *number = number_open(fate, old->candidates, &part.candidates);
    part.id = coverage_alloc(part.candidates, sizeof(uint32_t));
    uint32_t decided = 0;
    for (uint32_t c = 0; c < old->candidates; c++) {
        decided += fate[c] == FATE_IN;
        if (number[c] != UINT32_MAX) {
            part.id[number[c]] = old->id[c];
        }
    }
    uint32_t left = old->posts > decided ? old->posts - decided : 0;
    part.posts = left < part.candidates ? left : part.candidates;

    struct columns columns;
    columns_init(&columns, old->groups, old->by_first[old->groups]);
    uint32_t end = 0;
    for (uint32_t g = 0; g < old->groups; g++) {
        uint32_t standing = 0;
        uint32_t start = end;
        for (uint32_t k = old->by_first[g]; k < old->by_first[g + 1]; k++) {
            uint32_t c = old->by[k];
            standing += fate[c] == FATE_IN;
            if (number[c] != UINT32_MAX) {
                columns.by[end++] = number[c];
            }
        }
        double rest = power(old->busy, standing);
        part.settled += old->weight[g] * (1.0 - rest);
        if (end == start || old->weight[g] * rest <= 0.0) {
            end = start;
            continue;
        }
        columns.weight[columns.count] = old->weight[g] * rest;
        columns.price[columns.count] = old->price[g] * rest;
        columns.count++;
        columns.first[columns.count] = end;
    }
    free(number);
    columns_merge(&columns);
    part_take(&part, &columns);
    *ret_part = part;
}

void part_from_problem(const struct coverage_problem *problem, struct part *ret_part)
{
    struct part all = {
        .candidates = problem->candidates, .posts = problem->posts, .busy = problem->busy};
    all.groups = problem->points;
    all.weight = coverage_alloc(problem->points, sizeof(double));
    all.price = coverage_alloc(problem->points, sizeof(double));
    all.id = coverage_alloc(problem->candidates, sizeof(uint32_t));
    all.by_first = coverage_alloc((size_t)problem->points + 2, sizeof(uint32_t));
    all.by = coverage_alloc(problem->first[problem->candidates], sizeof(uint32_t));
    uint32_t *at = all.by_first + 1;
    for (uint32_t k = 0; k < problem->first[problem->candidates]; k++) {
        at[problem->point[k] + 1]++;
    }
    for (uint32_t i = 0; i < problem->points; i++) {
        all.weight[i] = problem->weight[i];
        at[i + 1] += at[i];
    }
    for (uint32_t c = 0; c < problem->candidates; c++) {
        all.id[c] = c;
        for (uint32_t k = problem->first[c]; k < problem->first[c + 1]; k++) {
            all.by[at[problem->point[k]]++] = c;
        }
    }
    uint8_t *fate = coverage_alloc(problem->candidates, 1);
    for (uint32_t i = 0; i < problem->fixed_count; i++) {
        fate[problem->fixed[i]] = FATE_IN;
    }
    all.posts += problem->fixed_count; /* part_decide() takes those that stand off again */
    part_decide(&all, fate, ret_part);
    free(fate);
    part_done(&all);
}

void part_done(struct part *part)
{
    free(part->weight);
    free(part->price);
    free(part->id);
    free(part->reach_first);
    free(part->reach);
    free(part->by_first);
    free(part->by);
    *part = (struct part){0};
}

/* Are all groups of a among those of b? Both lists rise. */
static bool reaches_all(const struct part *part, uint32_t b, uint32_t a)
{
    uint32_t k = part->reach_first[b];
    uint32_t end = part->reach_first[b + 1];
    for (uint32_t i = part->reach_first[a]; i < part->reach_first[a + 1]; i++) {
        while (k < end && part->reach[k] < part->reach[i]) {
            k++;
        }
        if (k == end || part->reach[k] != part->reach[i]) {
            return false;
        }
    }
    return true;
}

static uint32_t reach_size(const struct part *part, uint32_t c)
{
    return part->reach_first[c + 1] - part->reach_first[c];
}

static bool replaced(const struct part *part, const uint8_t *fate, uint32_t c)
{
    if (reach_size(part, c) == 0) {
        return true;
    }
    /* Whoever replaces c reaches every group of c, so it is in the list of the first of them. */
    uint32_t g = part->reach[part->reach_first[c]];
    for (uint32_t k = part->by_first[g]; k < part->by_first[g + 1]; k++) {
        uint32_t other = part->by[k];
        bool larger = reach_size(part, other) > reach_size(part, c) ||
                      (reach_size(part, other) == reach_size(part, c) && other < c);
        if (other != c && larger && fate[other] == FATE_OPEN && reaches_all(part, other, c)) {
            return true;
        }
    }
    return false;
}

uint32_t part_dominated(const struct part *part, uint8_t *fate)
{
    if (part->busy > 0.0) {
        return 0;
    }
    uint32_t open = 0;
    for (uint32_t c = 0; c < part->candidates; c++) {
        open += fate[c] == FATE_OPEN;
    }
    uint32_t marked = 0;
    for (uint32_t c = 0; c < part->candidates && open - marked > part->posts; c++) {
        if (fate[c] == FATE_OPEN && replaced(part, fate, c)) {
            fate[c] = FATE_OUT;
            marked++;
        }
    }
    return marked;
}

double part_value(const struct part *part, const uint32_t *chosen, uint32_t count)
{
    double *rest = coverage_alloc(part->groups, sizeof(double));
    memcpy(rest, part->weight, part->groups * sizeof(double));
    double value = part->settled;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t c = chosen[i];
        for (uint32_t k = part->reach_first[c]; k < part->reach_first[c + 1]; k++) {
            value += rest[part->reach[k]] * (1.0 - part->busy);
            rest[part->reach[k]] *= part->busy;
        }
    }
    free(rest);
    return value;
}
