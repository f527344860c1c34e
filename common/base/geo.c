/* SPDX-License-Identifier: Apache-2.0 */
#include "base/geo.h"

#include <math.h>

static const double EARTH_RADIUS_M = 6371008.8;

static double radians(double degrees)
{
    return degrees * (M_PI / 180.0);
}

double gx_geo_distance_m(struct gx_point a, struct gx_point b)
{
    double dlat = radians(b.lat - a.lat) / 2;
    double dlon = radians(b.lon - a.lon) / 2;
    double h =
        sin(dlat) * sin(dlat) + cos(radians(a.lat)) * cos(radians(b.lat)) * sin(dlon) * sin(dlon);
    return 2 * EARTH_RADIUS_M * asin(sqrt(h < 1.0 ? h : 1.0));
}

double gx_geo_degree_m(void)
{
    return radians(1.0) * EARTH_RADIUS_M;
}

bool gx_geo_valid(struct gx_point p)
{
    return isfinite(p.lon) && isfinite(p.lat) && fabs(p.lon) <= 180.0 && fabs(p.lat) <= 90.0;
}

bool gx_geo_in_ring(struct gx_point p, const struct gx_point *ring, size_t count)
{
    bool inside = false;
    for (size_t i = 0, j = count - 1; i < count; j = i++) {
        bool crosses = (ring[i].lat > p.lat) != (ring[j].lat > p.lat);
        if (crosses && p.lon < (ring[j].lon - ring[i].lon) * (p.lat - ring[i].lat) /
                                       (ring[j].lat - ring[i].lat) +
                                   ring[i].lon) {
            inside = !inside;
        }
    }
    return inside;
}
