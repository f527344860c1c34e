/* SPDX-License-Identifier: Apache-2.0 */
/* Places: WGS-84 degrees inside; GCJ-02 and BD-09 only at the edge. Order is always (lon, lat). */
#ifndef GX_BASE_GEO_H
#define GX_BASE_GEO_H

#include <stdbool.h>
#include <stddef.h>

struct gx_point {
    double lon; /* -180..180 */
    double lat; /* -90..90 */
};

enum gx_crs {
    GX_WGS84,
    GX_GCJ02,
    GX_BD09
};

/* Great circle in metres on a sphere of 6,371,008.8 m (IUGG mean radius). */
double gx_geo_distance_m(struct gx_point a, struct gx_point b);
/* Of a great circle on that sphere, in metres: one of latitude, and of longitude at the equator. */
double gx_geo_degree_m(void);

bool gx_geo_valid(struct gx_point p); /* finite and in range */

/* Is p inside the ring (even-odd, edges count as either)? The ring need not repeat its first point. */
bool gx_geo_in_ring(struct gx_point p, const struct gx_point *ring, size_t count);

/*
 * To WGS-84. GCJ-02 by the published reverse-engineered formula (Krasovsky a = 6378245,
 * ee = 0.00669342162296594323), inverted by three steps of fixed-point iteration (< 10 um in China);
 * outside lon 72.004..137.8347, lat 0.8293..55.8271 the point is returned as it is.
 */
struct gx_point gx_geo_to_wgs84(struct gx_point p, enum gx_crs from);
struct gx_point gx_geo_from_wgs84(struct gx_point p, enum gx_crs to);

/* "wgs84", "gcj02", "bd09"; 0, or -1. */
int gx_crs_parse(const char *text, enum gx_crs *ret_crs);

#endif
