/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

#include "base/text.h"
#include "roads/csv.h"
#include "roads/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a table's columns are; -1: not there. */
struct columns {
    int id;
    int node;
    int lon;
    int lat;
    int weight;
    int hour;
};

/* A row of demand before equal places are put together. */
struct row {
    struct roads_goal at;
    uint32_t hour;
    uint32_t number;
    double weight;
};

struct rows {
    struct row *items;
    size_t count, room;
};

static enum gx_rc open_table(const char *path, struct roads_csv **ret_csv,
                             struct columns *ret_columns, struct roads_fault *fault)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    char folder[4096] = ".";
    if (slash != NULL && (size_t)(slash - path) + 2 > sizeof folder) {
        return roads_fail(fault, ROADS_F_READ, "%.100s", path);
    }
    if (slash != NULL) {
        memcpy(folder, path,
               (size_t)(slash - path) + 1); /* with the slash: "/name" has a folder too */
        folder[slash - path + 1] = '\0';
    }
    enum gx_rc rc = roads_csv_open(folder, name, NULL, ret_csv, fault);
    if (rc != GX_OK) {
        return rc;
    }
    const struct roads_csv *csv = *ret_csv;
    *ret_columns = (struct columns){.id = roads_csv_column(csv, "id"),
                                    .node = roads_csv_column(csv, "node"),
                                    .lon = roads_csv_column(csv, "lon"),
                                    .lat = roads_csv_column(csv, "lat"),
                                    .weight = roads_csv_column(csv, "weight"),
                                    .hour = roads_csv_column(csv, "hour")};
    if (ret_columns->node < 0 && (ret_columns->lon < 0 || ret_columns->lat < 0)) {
        roads_csv_close(*ret_csv);
        *ret_csv = NULL;
        return roads_fail(fault, ROADS_F_COLUMNS, "%s: node / lon,lat", name);
    }
    return GX_OK;
}

static enum gx_rc read_point(const struct roads_csv *csv, const struct columns *columns,
                             char *const *cells, struct gx_point *ret_point,
                             struct roads_fault *fault)
{
    if (gx_parse_double(cells[columns->lon], -180, 180, &ret_point->lon) != 0) {
        return roads_csv_fail(csv, ROADS_F_ROW, cells[columns->lon], fault);
    }
    if (gx_parse_double(cells[columns->lat], -90, 90, &ret_point->lat) != 0) {
        return roads_csv_fail(csv, ROADS_F_ROW, cells[columns->lat], fault);
    }
    return GX_OK;
}

/* The row's place on the roads, and as a point. */
static enum gx_rc read_place(const struct roads *roads, const struct roads_csv *csv,
                             const struct columns *columns, char *const *cells,
                             struct roads_goal *ret_at, struct gx_point *ret_point,
                             struct roads_fault *fault)
{
    bool has_point = columns->lon >= 0 && columns->lat >= 0;
    if (has_point) {
        enum gx_rc rc = read_point(csv, columns, cells, ret_point, fault);
        if (rc != GX_OK) {
            return rc;
        }
    }
    if (columns->node < 0) {
        struct roads_snap snap = {.node = ROADS_NOWHERE};
        (void)roads_snap(roads, ROADS_EMERGENCY, *ret_point, PLAN_SNAP_M, &snap);
        *ret_at = (struct roads_goal){.node = snap.node, .offset_ms = snap.ms};
        return GX_OK;
    }
    int64_t id = 0;
    if (roads_fixed(cells[columns->node], 0, 0, UINT32_MAX - 1, &id) != 0) {
        return roads_csv_fail(csv, ROADS_F_ROW, cells[columns->node], fault);
    }
    ret_at->offset_ms = 0;
    ret_at->node = roads_node_of(roads, (uint32_t)id);
    if (!has_point && ret_at->node != ROADS_NOWHERE) {
        *ret_point = roads_place(roads, ret_at->node);
    }
    return GX_OK;
}

static enum gx_rc read_post(const struct roads *roads, const struct roads_csv *csv,
                            const struct columns *columns, char *const *cells,
                            struct plan_posts *posts, struct roads_fault *fault)
{
    if (posts->count >= COVERAGE_CANDIDATES_MAX) {
        return roads_csv_fail(csv, ROADS_F_TOO_MANY, cells[0], fault);
    }
    size_t room = posts->room;
    posts->items = roads_grow(posts->items, (size_t)posts->count + 1, sizeof *posts->items, &room);
    posts->room = (uint32_t)room;
    struct plan_post post = {0};
    (void)snprintf(post.id, sizeof post.id, "%u", posts->count);
    if (columns->id >= 0) {
        (void)snprintf(post.id, sizeof post.id, "%s", cells[columns->id]);
    }
    enum gx_rc rc = read_place(roads, csv, columns, cells, &post.at, &post.place, fault);
    if (rc == GX_OK) {
        posts->items[posts->count++] = post;
    }
    return rc;
}

enum gx_rc plan_read_posts(const struct roads *roads, const char *path, struct plan_posts *posts,
                           struct roads_fault *fault)
{
    struct roads_csv *csv = NULL;
    struct columns columns = {0};
    enum gx_rc rc = open_table(path, &csv, &columns, fault);
    char *cells[ROADS_CSV_CELLS_MAX];
    bool more = rc == GX_OK;
    while (more && rc == GX_OK) {
        rc = roads_csv_next(csv, cells, &more, fault);
        if (rc == GX_OK && more) {
            rc = read_post(roads, csv, &columns, cells, posts, fault);
        }
    }
    roads_csv_close(csv);
    return rc;
}

void plan_posts_done(struct plan_posts *posts)
{
    free(posts->items);
    *posts = (struct plan_posts){0};
}

static enum gx_rc read_row(const struct roads *roads, const struct roads_csv *csv,
                           const struct columns *columns, char *const *cells, struct rows *rows,
                           struct roads_fault *fault)
{
    if (rows->count >= PLAN_ROWS_MAX) {
        return roads_csv_fail(csv, ROADS_F_TOO_MANY, cells[0], fault);
    }
    struct row row = {.number = (uint32_t)rows->count};
    int64_t hour = 0;
    if (gx_parse_double(cells[columns->weight], 0, 1e15, &row.weight) != 0) {
        return roads_csv_fail(csv, ROADS_F_ROW, cells[columns->weight], fault);
    }
    if (columns->hour >= 0 &&
        gx_parse_int(cells[columns->hour], 0, PLAN_HOURS_MAX - 1, &hour) != 0) {
        return roads_csv_fail(csv, ROADS_F_ROW, cells[columns->hour], fault);
    }
    row.hour = (uint32_t)hour;
    struct gx_point place = {0};
    enum gx_rc rc = read_place(roads, csv, columns, cells, &row.at, &place, fault);
    if (rc == GX_OK) {
        rows->items = roads_grow(rows->items, rows->count + 1, sizeof row, &rows->room);
        rows->items[rows->count++] = row;
    }
    return rc;
}

static int by_place(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;
    if (x->at.node != y->at.node) {
        return x->at.node < y->at.node ? -1 : 1;
    }
    if (x->at.offset_ms != y->at.offset_ms) {
        return x->at.offset_ms < y->at.offset_ms ? -1 : 1;
    }
    return x->number < y->number ? -1
                                 : x->number > y->number; /* so that sums do not depend on qsort */
}

static bool same_place(const struct row *a, const struct row *b)
{
    return a->at.node == b->at.node && a->at.offset_ms == b->at.offset_ms;
}

static void find_hours(const struct rows *rows, struct plan_demand *demand,
                       uint32_t place_of[PLAN_HOURS_MAX])
{
    bool seen[PLAN_HOURS_MAX] = {false};
    for (size_t i = 0; i < rows->count; i++) {
        seen[rows->items[i].hour] = true;
    }
    for (uint32_t hour = 0; hour < PLAN_HOURS_MAX; hour++) {
        if (seen[hour]) {
            place_of[hour] = demand->hours;
            demand->hour[demand->hours++] = hour;
        }
    }
    demand->hours = demand->hours == 0 ? 1 : demand->hours;
}

/* Rows at one place become one point. */
static void gather(struct rows *rows, struct plan_demand *demand)
{
    uint32_t hour_place[PLAN_HOURS_MAX] = {0};
    find_hours(rows, demand, hour_place);
    if (rows->count > 0) {
        qsort(rows->items, rows->count, sizeof *rows->items, by_place);
    }
    for (size_t i = 0; i < rows->count; i++) {
        demand->count += i == 0 || !same_place(&rows->items[i - 1], &rows->items[i]);
    }
    demand->points = roads_alloc(demand->count, sizeof *demand->points);
    demand->weight = roads_alloc((size_t)demand->hours * demand->count, sizeof(double));
    uint32_t point = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->items[i];
        bool fresh = i == 0 || !same_place(row - 1, row);
        point += fresh && i > 0;
        demand->points[point] = row->at;
        demand->rows_without_road += row->at.node == ROADS_NOWHERE;
        demand->weight[(size_t)hour_place[row->hour] * demand->count + point] += row->weight;
    }
}

enum gx_rc plan_read_demand(const struct roads *roads, const char *path,
                            struct plan_demand *ret_demand, struct roads_fault *fault)
{
    struct roads_csv *csv = NULL;
    struct columns columns = {0};
    enum gx_rc rc = open_table(path, &csv, &columns, fault);
    if (rc == GX_OK && columns.weight < 0) {
        rc = roads_fail(fault, ROADS_F_COLUMNS, "weight");
    }
    struct rows rows = {0};
    char *cells[ROADS_CSV_CELLS_MAX];
    bool more = rc == GX_OK;
    while (more && rc == GX_OK) {
        rc = roads_csv_next(csv, cells, &more, fault);
        if (rc == GX_OK && more) {
            rc = read_row(roads, csv, &columns, cells, &rows, fault);
        }
    }
    if (rc == GX_OK) {
        struct plan_demand demand = {0};
        gather(&rows, &demand);
        *ret_demand = demand;
    }
    free(rows.items);
    roads_csv_close(csv);
    return rc;
}

void plan_demand_done(struct plan_demand *demand)
{
    free(demand->points);
    free(demand->weight);
    *demand = (struct plan_demand){0};
}

/* Milliseconds from one post to each point; ROADS_NEVER for those farther than within_ms. */
static void find_reached(struct roads_search *search, const struct roads_goal *post,
                         const struct plan_demand *demand, uint32_t within_ms, uint32_t *ms)
{
    for (uint32_t i = 0; i < demand->count; i++) {
        ms[i] = ROADS_NEVER;
    }
    if (post->node != ROADS_NOWHERE && post->offset_ms <= within_ms) {
        const struct roads_stop stop = {.bound_ms = within_ms - post->offset_ms + 1};
        (void)roads_reach(search, ROADS_EMERGENCY, ROADS_FROM, post->node, demand->points,
                          demand->count, stop, ms);
    }
}

enum gx_rc plan_find_reach(const struct roads *roads, const struct plan_posts *posts,
                           const struct plan_demand *demand, uint32_t within_ms,
                           struct plan_reach *ret_reach, struct roads_fault *fault)
{
    struct plan_reach reach = {.first = roads_alloc((size_t)posts->count + 1, sizeof(uint32_t))};
    struct roads_search *search = roads_search_new(roads);
    uint32_t *ms = roads_alloc(demand->count, sizeof *ms);
    size_t room = 0;
    size_t end = 0;
    for (uint32_t c = 0; c < posts->count && end < UINT32_MAX; c++) {
        const struct roads_goal *at = &posts->items[c].at;
        find_reached(search, at, demand, within_ms, ms);
        reach.point = roads_grow(reach.point, end + demand->count, sizeof(uint32_t), &room);
        for (uint32_t i = 0; i < demand->count; i++) {
            if (ms[i] != ROADS_NEVER && (uint64_t)ms[i] + at->offset_ms <= within_ms) {
                reach.point[end++] = i;
            }
        }
        reach.first[c + 1] = (uint32_t)end;
    }
    free(ms);
    roads_search_free(search);
    if (end >= UINT32_MAX) {
        plan_reach_done(&reach);
        return roads_fail(fault, ROADS_F_TOO_MANY, "%zu", end);
    }
    *ret_reach = reach;
    return GX_OK;
}

void plan_reach_done(struct plan_reach *reach)
{
    free(reach->first);
    free(reach->point);
    *reach = (struct plan_reach){0};
}
