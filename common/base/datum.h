/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datums: WGS-84 inside, GCJ-02 and BD-09 (the maps of China) at the edge only. Converting twice is wrong twice, so what comes in is
 * converted once and kept beside the raw point and the name of its datum.
 *
 * GCJ-02 is the published reverse-engineered formula (Krasovsky a = 6378245, ee = 0.00669342162296594323), BD-09 the published step on
 * top of it. The shift is applied in a rectangle only, lon 72.004..137.8347 and lat 0.8293..55.8271 (both ends outside it), which holds
 * Seoul, Taipei, Hanoi, Ulaanbaatar and Delhi as well: no datum is told from a place. Outside it all three are the same.
 */
#ifndef GX_BASE_DATUM_H
#define GX_BASE_DATUM_H

#include "base/geo.h"

#include <stdbool.h>

enum gx_crs {
    GX_WGS84,
    GX_GCJ02,
    GX_BD09
};

/* Does the shift apply at this WGS-84 point? Where it does not, a point said to be GCJ-02 or BD-09 was taken as it is. */
bool gx_datum_shifts(struct gx_point wgs84);

struct gx_point gx_datum_from_wgs84(struct gx_point p, enum gx_crs to);
/*
 * The inverse, by at most 16 steps of fixed-point iteration: from_wgs84 of the result is p within 1e-9 degrees. Along the west and south
 * edges of the rectangle lies a strip (some 600 m wide) that no shifted point reaches: there the formula is taken to go on beyond the
 * edge. Along the east and north edges a point may be a shifted or an unshifted one: it is taken for shifted. What is no place on earth
 * comes back as it is.
 */
struct gx_point gx_datum_to_wgs84(struct gx_point p, enum gx_crs from);

/* "wgs84", "gcj02", "bd09"; 0, or -1 (NULL too). */
int gx_crs_parse(const char *text, enum gx_crs *ret_crs);

#endif
