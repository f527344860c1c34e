/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pack's tables: UTF-8, a header line, no quotes, no commas in cells; plain or .gz. Numbers are read as integers of a fixed
 * scale, never through floating point.
 */
#ifndef MATCHER_ROADS_CSV_H
#define MATCHER_ROADS_CSV_H

#include "roads/fault.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ROADS_CSV_CELLS_MAX = 16
};

struct roads_csv;

/*
 * Opens folder/name, else folder/name.gz, whose first line must be `columns`, or anything when that is NULL. READ (with the
 * system's reason) or COLUMNS on failure.
 */
enum gx_rc roads_csv_open(const char *folder, const char *name, const char *columns,
                          struct roads_csv **ret_csv, struct roads_fault *fault);
void roads_csv_close(struct roads_csv *csv);
/* Which cell of a row the named column is, -1 when there is none. Only for a table that was opened with columns NULL. */
int roads_csv_column(const struct roads_csv *csv, const char *name);
/*
 * The next row's cells, valid until the next call; *ret_more false at the end. ROW when it has another number of cells than
 * the header, is too long, or the file is cut off.
 */
enum gx_rc roads_csv_next(struct roads_csv *csv, char *cells[ROADS_CSV_CELLS_MAX], bool *ret_more,
                          struct roads_fault *fault);
/* A fault at the row just read: file, line and the cell at fault. */
enum gx_rc roads_csv_fail(const struct roads_csv *csv, enum roads_fault_id id, const char *cell,
                          struct roads_fault *fault);

/*
 * A decimal number as an integer of 10^-decimals: "2.425" with 3 gives 2425. At most that many decimals, a '-' only where min
 * is below 0. 0, or -1.
 */
int roads_fixed(const char *text, int decimals, int64_t min, int64_t max, int64_t *ret_value);

#endif
