/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an import file says before anybody asks what it means: named columns, rows of text cells,
 * each row with the line it began on. CSV and GeoJSON both become this. Everything lives in the
 * context's arena.
 */
#ifndef READINESS_TABLE_H
#define READINESS_TABLE_H

#include "base/cleanup.h"
#include "base/ctx.h"
#include "base/geo.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    IMPORT_BYTES_MAX = 16 * 1024 * 1024,
    IMPORT_ROWS_MAX = 100000,
    IMPORT_COLUMNS_MAX = 64,
    IMPORT_CELL_BYTES_MAX = 4096,
    IMPORT_FAULTS_MAX = 200,
    IMPORT_RING_POINTS_MAX = 2000,
};

/* One thing wrong with the file. value stands for "{}" in the problem's sentences. */
struct import_fault {
    uint32_t line; /* CSV: of the file, from 1; GeoJSON: number of the feature, from 1; 0: the file
                      as a whole */
    const char *column; /* "" for the row as a whole */
    enum gx_problem problem;
    const char *value;
};

/* The first IMPORT_FAULTS_MAX are kept, all are counted. */
struct import_faults {
    struct gx_ctx *ctx;
    struct import_fault *items;
    size_t count;
    size_t total;
};

struct import_row {
    uint32_t line;
    const char **cells;          /* one a column; "" for nothing */
    const struct gx_point *ring; /* GeoJSON polygons only */
    size_t ring_count;
};

struct import_table {
    const char **columns;
    size_t column_count;
    struct import_row *rows;
    size_t row_count;
};

enum gx_rc import_faults_init(struct gx_ctx *ctx, struct import_faults *ret_faults);
void import_fault_add(struct import_faults *faults, uint32_t line, const char *column,
                      enum gx_problem problem, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/*
 * RFC 4180 with LF or CRLF, an optional BOM, a header line that is required. Faults are added, not
 * returned: OK means that the file was read to its end or to where it could not be read any
 * further. LIMIT: the arena is spent.
 */
enum gx_rc import_csv_read(struct gx_ctx *ctx, struct gx_view text, struct import_faults *faults,
                           struct import_table *ret_table);

/*
 * A FeatureCollection (RFC 7946) of Points and Polygons without holes: properties become cells, a
 * Point the cells lon and lat, a Polygon the row's ring (without the repeated last point). Lists in
 * properties become "a; b".
 */
enum gx_rc import_geojson_read(struct gx_ctx *ctx, struct gx_view text,
                               struct import_faults *faults, struct import_table *ret_table);

/* Index of the column, or -1. */
int import_table_column(const struct import_table *table, const char *name);

#endif
