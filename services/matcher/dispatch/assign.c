/* SPDX-License-Identifier: Apache-2.0 */
#include "assign.h"

#include <string.h>

enum {
    NONE = -1
};

/*
 * Columns past the problem's own are one "nobody" for each row. With n rows no row needs more than its n cheapest columns:
 * the others can take n - 1 of them at most.
 */
struct work {
    const struct assign_problem *problem;
    size_t columns;
    size_t width; /* of a row's list of columns */
    int64_t *row_price;
    int64_t *column_price;
    int64_t
        *distance;   /* of a column from the tree's root, less its price; INT64_MAX: not reached */
    int32_t *row_of; /* the row that a column serves */
    int32_t *column_of;
    int32_t *from_row; /* the row through which the path reached a column */
    int32_t *near;     /* [row * width]: its cheapest columns */
    int32_t *near_count;
    int32_t *reached; /* columns: those done first */
    size_t reached_count;
    size_t done_count;
    uint64_t looked;
};

static size_t list_width(size_t rows, size_t columns)
{
    return columns < rows ? columns : rows;
}

size_t assign_scratch_bytes(size_t rows, size_t columns)
{
    size_t all = rows + columns;
    /* The last list is drawn from a row's columns as a whole. */
    size_t lists = rows * list_width(rows, columns) + columns;
    return (rows + 2 * all) * sizeof(int64_t) + (3 * all + 2 * rows + lists) * sizeof(int32_t);
}

static void lay_out(struct work *work, void *scratch)
{
    size_t rows = work->problem->rows;
    size_t all = work->columns;
    work->width = list_width(rows, work->problem->columns);
    work->row_price = scratch;
    work->column_price = work->row_price + rows;
    work->distance = work->column_price + all;
    work->row_of = (int32_t *)(work->distance + all);
    work->from_row = work->row_of + all;
    work->reached = work->from_row + all;
    work->column_of = work->reached + all;
    work->near_count = work->column_of + rows;
    work->near = work->near_count + rows;
    memset(work->row_price, 0, rows * sizeof *work->row_price);
    memset(work->column_price, 0, all * sizeof *work->column_price);
    memset(work->row_of, 0xff, all * sizeof *work->row_of);
    memset(work->column_of, 0xff, rows * sizeof *work->column_of);
    for (size_t c = 0; c < all; c++) {
        work->distance[c] = INT64_MAX;
    }
}

static int64_t cost_of(const struct work *work, size_t row, size_t column)
{
    const struct assign_problem *p = work->problem;
    if (column < p->columns) {
        return p->cost[row * p->columns + column];
    }
    return column - p->columns == row ? p->nobody[row] : ASSIGN_NEVER;
}

static bool is_before(const int64_t *cost, int32_t a, int32_t b)
{
    return cost[a] != cost[b] ? cost[a] < cost[b] : a < b;
}

static void swap(int32_t *list, size_t a, size_t b)
{
    int32_t kept = list[a];
    list[a] = list[b];
    list[b] = kept;
}

/* Brings the `wanted` cheapest to the front, in no order (Hoare's selection, the middle one as pivot). */
static void select_cheapest(const int64_t *cost, int32_t *list, size_t count, size_t wanted)
{
    size_t low = 0;
    size_t high = count;
    while (high - low > 1 && wanted > low && wanted < high) {
        swap(list, low, low + (high - low) / 2);
        size_t cut = low;
        for (size_t i = low + 1; i < high; i++) {
            if (is_before(cost, list[i], list[low])) {
                swap(list, ++cut, i);
            }
        }
        swap(list, low, cut);
        if (wanted <= cut) {
            high = cut;
        } else {
            low = cut + 1;
        }
    }
}

/* In order of rows: each list may use the room of those after it while it is drawn. */
static void draw_lists(struct work *work)
{
    const struct assign_problem *p = work->problem;
    for (size_t r = 0; r < p->rows; r++) {
        const int64_t *cost = &p->cost[r * p->columns];
        int32_t *list = &work->near[r * work->width];
        size_t count = 0;
        for (size_t c = 0; c < p->columns; c++) {
            if (cost[c] != ASSIGN_NEVER) {
                list[count++] = (int32_t)c;
            }
        }
        select_cheapest(cost, list, count, work->width);
        work->near_count[r] = (int32_t)(count < work->width ? count : work->width);
    }
}

/* A column's distance through this row, which was reached at `so_far`. */
static void relax_cell(struct work *work, size_t row, size_t column, int64_t so_far)
{
    int64_t cost = cost_of(work, row, column);
    int64_t through = so_far + cost - work->row_price[row] - work->column_price[column];
    /* One that is done is as near as it can be. */
    if (through < work->distance[column]) {
        if (work->distance[column] == INT64_MAX) {
            work->reached[work->reached_count++] = (int32_t)column;
        }
        work->distance[column] = through;
        work->from_row[column] = (int32_t)row;
    }
}

static void relax(struct work *work, size_t row, int64_t so_far)
{
    const int32_t *near = &work->near[row * work->width];
    for (int32_t i = 0; i < work->near_count[row]; i++) {
        relax_cell(work, row, (size_t)near[i], so_far);
    }
    relax_cell(work, row, work->problem->columns + row, so_far);
    work->looked += (uint64_t)work->near_count[row] + 1;
}

/* The nearest that is not done, the smaller column at the same distance; it moves to the done ones. */
static size_t take_nearest(struct work *work)
{
    size_t best = work->done_count;
    for (size_t i = best + 1; i < work->reached_count; i++) {
        best = is_before(work->distance, work->reached[i], work->reached[best]) ? i : best;
    }
    work->looked += work->reached_count - work->done_count;
    swap(work->reached, best, work->done_count);
    return (size_t)work->reached[work->done_count++];
}

/* Every "nobody" is open to its own row, so a free column is always found; it is the last of the done ones. */
static size_t grow(struct work *work, size_t root)
{
    work->reached_count = 0;
    work->done_count = 0;
    relax(work, root, 0);
    for (;;) {
        size_t column = take_nearest(work);
        if (work->row_of[column] == NONE) {
            return column;
        }
        relax(work, (size_t)work->row_of[column], work->distance[column]);
    }
}

/* After this the path's cells are tight and no cell is under its prices. Forgets the distances. */
static void reprice(struct work *work, size_t root, int64_t length)
{
    work->row_price[root] += length;
    for (size_t i = 0; i < work->reached_count; i++) {
        int32_t column = work->reached[i];
        if (i + 1 < work->done_count) {
            work->row_price[work->row_of[column]] += length - work->distance[column];
            work->column_price[column] -= length - work->distance[column];
        }
        work->distance[column] = INT64_MAX;
    }
}

static void augment(struct work *work, size_t root, size_t column)
{
    for (;;) {
        size_t row = (size_t)work->from_row[column];
        int32_t before = work->column_of[row];
        work->row_of[column] = (int32_t)row;
        work->column_of[row] = (int32_t)column;
        if (row == root) {
            return;
        }
        column = (size_t)before;
    }
}

/* The cheapest free column; the row's price is the least that any column could cost it. */
static void take_cheapest(struct work *work, size_t row)
{
    size_t best = work->problem->columns + row;
    int64_t price = cost_of(work, row, best);
    for (size_t c = 0; c < work->problem->columns; c++) {
        int64_t cost = cost_of(work, row, c);
        if (cost == ASSIGN_NEVER) {
            continue;
        }
        int64_t net = cost - work->column_price[c];
        price = net < price ? net : price;
        if (work->row_of[c] == NONE && cost < cost_of(work, row, best)) {
            best = c;
        }
    }
    work->row_price[row] = price;
    work->row_of[best] = (int32_t)row;
    work->column_of[row] = (int32_t)best;
}

struct assign_result assign_solve(const struct assign_problem *problem, void *scratch,
                                  int32_t *ret_column)
{
    struct work work = {.problem = problem, .columns = problem->columns + problem->rows};
    lay_out(&work, scratch);
    draw_lists(&work);
    struct assign_result result = {.exact = true};
    for (size_t row = 0; row < problem->rows; row++) {
        if (problem->budget != 0 && work.looked > problem->budget) {
            take_cheapest(&work, row);
            result.exact = false;
            continue;
        }
        size_t column = grow(&work, row);
        reprice(&work, row, work.distance[column]);
        augment(&work, row, column);
    }
    for (size_t row = 0; row < problem->rows; row++) {
        size_t column = (size_t)work.column_of[row];
        result.cost += cost_of(&work, row, column);
        result.bound += work.row_price[row];
        ret_column[row] = column < problem->columns ? (int32_t)column : ASSIGN_NOBODY;
    }
    for (size_t c = 0; c < work.columns; c++) {
        result.bound += work.column_price[c];
    }
    return result;
}
