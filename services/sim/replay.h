/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real streams as input: incidents (CSV with time, lon, lat, type in any order) and tracks (unit, t, lon, lat), plain or gzipped, moved onto the
 * district: lon' = 102.668 + (lon - lon_c) cos(lat_c) / cos(25.02), lat' = 25.02 + (lat - lat_c), with lon_c, lat_c the medians, so that
 * distances are kept. What is made of them is foreign data: it says nothing about Xishan.
 */
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include "base/geo.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_row {
    int64_t at_ms;
    struct gx_point at; /* moved; NaN where the file has none (real intake has this) */
    char name[48];      /* incident: type as written; track: unit */
};

struct sim_rows {
    struct sim_row *rows; /* by time */
    size_t count;
};

/* Rows with from_ms <= time < until_ms (0: the file's first; 0: no end). False after saying what is wrong with the file. */
bool sim_rows_read(const char *path, const char *name_column, int64_t from_ms, int64_t span_ms,
                   struct sim_rows *ret_rows);
void sim_rows_done(struct sim_rows *rows);

/* genxi's incident type for a foreign one, by the words in it; "other" when none fits. */
const char *sim_type_of(const char *foreign);

#endif
