/* SPDX-License-Identifier: Apache-2.0 */
/* Places: WGS-84 degrees (other datums: base/datum.h). Order is always (lon, lat). */
#ifndef GX_BASE_GEO_H
#define GX_BASE_GEO_H

#include <stdbool.h>
#include <stddef.h>

struct gx_point {
    double lon; /* -180..180 */
    double lat; /* -90..90 */
};

/* Great circle in metres on a sphere of 6,371,008.8 m (IUGG mean radius). */
double gx_geo_distance_m(struct gx_point a, struct gx_point b);
/* Of a great circle on that sphere, in metres: one of latitude, and of longitude at the equator. */
double gx_geo_degree_m(void);

bool gx_geo_valid(struct gx_point p); /* finite and in range */

/* Is p inside the ring (even-odd, edges count as either)? The ring need not repeat its first point. */
bool gx_geo_in_ring(struct gx_point p, const struct gx_point *ring, size_t count);

#endif
