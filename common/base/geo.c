/* SPDX-License-Identifier: Apache-2.0 */
#include "base/geo.h"

#include <math.h>
#include <string.h>

static const double EARTH_RADIUS_M = 6371008.8;
static const double KRASOVSKY_A = 6378245.0;
static const double KRASOVSKY_EE = 0.00669342162296594323;

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

static bool shifted_here(struct gx_point p)
{
    return p.lon > 72.004 && p.lon < 137.8347 && p.lat > 0.8293 && p.lat < 55.8271;
}

static double waves(double x, double first, double second)
{
    return (20.0 * sin(first * x * M_PI) + 40.0 * sin(second * x * M_PI)) * 2.0 / 3.0;
}

static struct gx_point gcj_offset(struct gx_point p)
{
    double x = p.lon - 105.0;
    double y = p.lat - 35.0;
    double ripple = (20.0 * sin(6.0 * x * M_PI) + 20.0 * sin(2.0 * x * M_PI)) * 2.0 / 3.0;
    double dlat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(fabs(x)) +
                  ripple + waves(y, 1.0, 1.0 / 3.0) +
                  (160.0 * sin(y / 12.0 * M_PI) + 320.0 * sin(y * M_PI / 30.0)) * 2.0 / 3.0;
    double dlon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(fabs(x)) + ripple +
                  waves(x, 1.0, 1.0 / 3.0) +
                  (150.0 * sin(x / 12.0 * M_PI) + 300.0 * sin(x / 30.0 * M_PI)) * 2.0 / 3.0;
    double magic = sin(radians(p.lat));
    magic = 1 - KRASOVSKY_EE * magic * magic;
    double root = sqrt(magic);
    return (struct gx_point){dlon * 180.0 / (KRASOVSKY_A / root * cos(radians(p.lat)) * M_PI),
                             dlat * 180.0 /
                                 ((KRASOVSKY_A * (1 - KRASOVSKY_EE)) / (magic * root) * M_PI)};
}

static struct gx_point wgs_to_gcj(struct gx_point p)
{
    if (!shifted_here(p)) {
        return p;
    }
    struct gx_point d = gcj_offset(p);
    return (struct gx_point){p.lon + d.lon, p.lat + d.lat};
}

static struct gx_point gcj_to_wgs(struct gx_point p)
{
    if (!shifted_here(p)) {
        return p;
    }
    struct gx_point guess = p;
    for (int step = 0; step < 4; step++) {
        struct gx_point d = gcj_offset(guess);
        guess = (struct gx_point){p.lon - d.lon, p.lat - d.lat};
    }
    return guess;
}

static const double BD_TURN = M_PI * 3000.0 / 180.0;

static struct gx_point gcj_to_bd(struct gx_point p)
{
    double z = hypot(p.lon, p.lat) + 0.00002 * sin(p.lat * BD_TURN);
    double theta = atan2(p.lat, p.lon) + 0.000003 * cos(p.lon * BD_TURN);
    return (struct gx_point){z * cos(theta) + 0.0065, z * sin(theta) + 0.006};
}

static struct gx_point bd_to_gcj(struct gx_point p)
{
    double x = p.lon - 0.0065;
    double y = p.lat - 0.006;
    double z = hypot(x, y) - 0.00002 * sin(y * BD_TURN);
    double theta = atan2(y, x) - 0.000003 * cos(x * BD_TURN);
    return (struct gx_point){z * cos(theta), z * sin(theta)};
}

struct gx_point gx_geo_to_wgs84(struct gx_point p, enum gx_crs from)
{
    if (from == GX_BD09) {
        return gcj_to_wgs(shifted_here(p) ? bd_to_gcj(p) : p);
    }
    return from == GX_GCJ02 ? gcj_to_wgs(p) : p;
}

struct gx_point gx_geo_from_wgs84(struct gx_point p, enum gx_crs to)
{
    if (to == GX_BD09) {
        return shifted_here(p) ? gcj_to_bd(wgs_to_gcj(p)) : p;
    }
    return to == GX_GCJ02 ? wgs_to_gcj(p) : p;
}

int gx_crs_parse(const char *text, enum gx_crs *ret_crs)
{
    static const char *const NAMES[] = {
        [GX_WGS84] = "wgs84", [GX_GCJ02] = "gcj02", [GX_BD09] = "bd09"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (text != NULL && strcmp(text, NAMES[i]) == 0) {
            *ret_crs = (enum gx_crs)i;
            return 0;
        }
    }
    return -1;
}
