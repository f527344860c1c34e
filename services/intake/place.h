/* SPDX-License-Identifier: Apache-2.0 */
/* From a place to the area that answers for it, and the cells that two reports of one event share. Free of I/O. */
#ifndef INTAKE_PLACE_H
#define INTAKE_PLACE_H

#include "base/geo.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intake_station {
    int32_t area;
    const char *org_id;
    struct gx_point at;
    const struct gx_point *ring; /* outer ring; none: no polygon known */
    size_t ring_count;
};

struct intake_stations {
    const struct intake_station *items;
    size_t count;
};

struct intake_place {
    bool usable; /* false: it is no place at all, not even with lon and lat swapped */
    int32_t area;
    struct gx_point
        at; /* where to send help: as typed; with lon and lat swapped when only that is a place on Earth */
    bool outside; /* as typed it lies outside every polygon */
    bool swapped; /* with lon and lat swapped it would lie inside */
};

/* typed is WGS-84 already, and may be nonsense. No station at all: the district's own area. */
struct intake_place intake_place_find(const struct intake_stations *stations, struct gx_point typed,
                                      int32_t district);

enum {
    INTAKE_CELLS_MAX = 9
};

/*
 * Keys of the cells (0.02 degrees) that the circle touches, rising, for locks: two reports within one's radius share a key.
 * Returns their number.
 */
size_t intake_cells(struct gx_point at, double radius_m, bool exercise,
                    int64_t keys[INTAKE_CELLS_MAX]);
/* The key that two repeats of one organisation's report share. */
int64_t intake_external_key(const char *org_id, const char *external_id);

struct intake_box {
    double west, south, east, north;
};
/* A box around the circle, a little larger. */
struct intake_box intake_box_around(struct gx_point at, double radius_m);

#endif
