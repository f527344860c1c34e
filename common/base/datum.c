/* SPDX-License-Identifier: Apache-2.0 */
#include "base/datum.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <math.h>

enum {
    STEPS_MAX = 16 /* each leaves at most a fiftieth of the error */
};

static const double KRASOVSKY_A = 6378245.0;
static const double KRASOVSKY_EE = 0.00669342162296594323;
static const double CLOSE_ENOUGH = 1e-11; /* degrees: a micrometre */
static const double SHIFT_MAX = 0.05;     /* degrees, more than any shift in the rectangle */
static const double BD_TURN = M_PI * 3000.0 / 180.0;

static bool in_rectangle(struct gx_point p, double margin)
{
    return p.lon > 72.004 - margin && p.lon < 137.8347 + margin && p.lat > 0.8293 - margin &&
           p.lat < 55.8271 + margin;
}

bool gx_datum_shifts(struct gx_point wgs84)
{
    return in_rectangle(wgs84, 0);
}

static double waves(double x, double first, double second)
{
    return (20.0 * sin(first * x * M_PI) + 40.0 * sin(second * x * M_PI)) * 2.0 / 3.0;
}

static struct gx_point to_gcj(struct gx_point p)
{
    double x = p.lon - 105.0;
    double y = p.lat - 35.0;
    double ripple = (20.0 * sin(6.0 * x * M_PI) + 20.0 * sin(2.0 * x * M_PI)) * 2.0 / 3.0;
    double north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(fabs(x)) +
                     ripple + waves(y, 1.0, 1.0 / 3.0) +
                     (160.0 * sin(y / 12.0 * M_PI) + 320.0 * sin(y * M_PI / 30.0)) * 2.0 / 3.0;
    double east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(fabs(x)) + ripple +
                    waves(x, 1.0, 1.0 / 3.0) +
                    (150.0 * sin(x / 12.0 * M_PI) + 300.0 * sin(x / 30.0 * M_PI)) * 2.0 / 3.0;
    double lat = p.lat * (M_PI / 180.0);
    double bend = 1 - KRASOVSKY_EE * sin(lat) * sin(lat);
    double root = sqrt(bend);
    double lon_degree_m = KRASOVSKY_A / root * cos(lat) * M_PI / 180.0;
    double lat_degree_m = KRASOVSKY_A * (1 - KRASOVSKY_EE) / (bend * root) * M_PI / 180.0;
    return (struct gx_point){p.lon + east_m / lon_degree_m, p.lat + north_m / lat_degree_m};
}

static struct gx_point gcj_to_bd(struct gx_point p)
{
    double z = hypot(p.lon, p.lat) + 0.00002 * sin(p.lat * BD_TURN);
    double theta = atan2(p.lat, p.lon) + 0.000003 * cos(p.lon * BD_TURN);
    return (struct gx_point){z * cos(theta) + 0.0065, z * sin(theta) + 0.006};
}

/* The shift, whether p lies in the rectangle or not. */
static struct gx_point shift(struct gx_point p, enum gx_crs to)
{
    struct gx_point gcj = to_gcj(p);
    return to == GX_BD09 ? gcj_to_bd(gcj) : gcj;
}

static struct gx_point unshift(struct gx_point p, enum gx_crs from)
{
    struct gx_point guess = p;
    for (int step = 0; step < STEPS_MAX; step++) {
        struct gx_point image = shift(guess, from);
        double east = p.lon - image.lon;
        double north = p.lat - image.lat;
        guess.lon += east;
        guess.lat += north;
        if (fabs(east) < CLOSE_ENOUGH && fabs(north) < CLOSE_ENOUGH) {
            break;
        }
    }
    return guess;
}

struct gx_point gx_datum_from_wgs84(struct gx_point p, enum gx_crs to)
{
    return to == GX_WGS84 || !in_rectangle(p, 0) ? p : shift(p, to);
}

struct gx_point gx_datum_to_wgs84(struct gx_point p, enum gx_crs from)
{
    if (from == GX_WGS84 || !in_rectangle(p, SHIFT_MAX)) {
        return p;
    }
    struct gx_point guess = unshift(p, from);
    return in_rectangle(guess, 0) || in_rectangle(p, 0) ? guess : p;
}

int gx_crs_parse(const char *text, enum gx_crs *ret_crs)
{
    static const char *const NAMES[] = {
        [GX_WGS84] = "wgs84", [GX_GCJ02] = "gcj02", [GX_BD09] = "bd09"};
    for (size_t i = 0; i < GX_COUNT_OF(NAMES); i++) {
        if (gx_text_is(text, NAMES[i])) {
            *ret_crs = (enum gx_crs)i;
            return 0;
        }
    }
    return -1;
}
