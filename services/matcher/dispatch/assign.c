/* SPDX-License-Identifier: Apache-2.0 */
#include "assign.h"

#include <string.h>

enum {
    NONE = -1
};

/* Columns past the problem's own are one "nobody" for each row. */
struct work {
    const struct assign_problem *problem;
    size_t columns;
    int64_t *row_price;
    int64_t *column_price;
    int64_t *distance; /* of a column from the tree's root, less its price */
    int32_t *row_of;   /* the row that a column serves */
    int32_t *column_of;
    int32_t *from_row; /* the row through which the path reached a column */
    bool *done;
    uint64_t looked;
};

size_t assign_scratch_bytes(size_t rows, size_t columns)
{
    size_t all = rows + columns;
    return (rows + 2 * all) * sizeof(int64_t) + (2 * all + rows) * sizeof(int32_t) +
           all * sizeof(bool);
}

static void lay_out(struct work *work, void *scratch)
{
    size_t rows = work->problem->rows;
    size_t all = work->columns;
    work->row_price = scratch;
    work->column_price = work->row_price + rows;
    work->distance = work->column_price + all;
    work->row_of = (int32_t *)(work->distance + all);
    work->from_row = work->row_of + all;
    work->column_of = work->from_row + all;
    work->done = (bool *)(work->column_of + rows);
    memset(work->row_price, 0, rows * sizeof *work->row_price);
    memset(work->column_price, 0, all * sizeof *work->column_price);
    memset(work->row_of, 0xff, all * sizeof *work->row_of);
    memset(work->column_of, 0xff, rows * sizeof *work->column_of);
}

static int64_t cost_of(const struct work *work, size_t row, size_t column)
{
    const struct assign_problem *p = work->problem;
    if (column < p->columns) {
        return p->cost[row * p->columns + column];
    }
    return column - p->columns == row ? p->nobody[row] : ASSIGN_NEVER;
}

/* Shortens the distances by what this row, reached at `so_far`, offers. */
static void relax_cell(struct work *work, size_t row, size_t column, int64_t so_far)
{
    int64_t cost = cost_of(work, row, column);
    if (work->done[column] || cost == ASSIGN_NEVER) {
        return;
    }
    int64_t through = so_far + cost - work->row_price[row] - work->column_price[column];
    if (through < work->distance[column]) {
        work->distance[column] = through;
        work->from_row[column] = (int32_t)row;
    }
}

static void relax(struct work *work, size_t row, int64_t so_far)
{
    size_t own = work->problem->columns;
    for (size_t c = 0; c < own; c++) {
        relax_cell(work, row, c, so_far);
    }
    relax_cell(work, row, own + row, so_far);
    work->looked += own + 1;
}

static size_t nearest(const struct work *work)
{
    size_t best = work->columns;
    for (size_t c = 0; c < work->columns; c++) {
        if (!work->done[c] && work->distance[c] != INT64_MAX &&
            (best == work->columns || work->distance[c] < work->distance[best])) {
            best = c;
        }
    }
    return best;
}

/* Every "nobody" is open to its own row, so a free column is always found. */
static size_t grow(struct work *work, size_t root)
{
    memset(work->done, 0, work->columns * sizeof *work->done);
    for (size_t c = 0; c < work->columns; c++) {
        work->distance[c] = INT64_MAX;
    }
    relax(work, root, 0);
    for (;;) {
        size_t column = nearest(work);
        if (work->row_of[column] == NONE) {
            return column;
        }
        work->done[column] = true;
        relax(work, (size_t)work->row_of[column], work->distance[column]);
    }
}

/* After this the path's cells are tight and no cell is under its prices. */
static void reprice(struct work *work, size_t root, int64_t length)
{
    work->row_price[root] += length;
    for (size_t c = 0; c < work->columns; c++) {
        if (work->done[c]) {
            work->row_price[work->row_of[c]] += length - work->distance[c];
            work->column_price[c] -= length - work->distance[c];
        }
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
