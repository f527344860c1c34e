/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"

#include <math.h>

static const double CELL_DEGREES = 0.02;
static const double METRES_PER_DEGREE = 111195.0;
/* Every first 16 bits of a lock's key say what it is for; the key space is shared by the whole database. */
enum {
    KEY_CELL = 0x4743,
    KEY_EXTERNAL = 0x4745
};

static const struct intake_station *station_around(const struct intake_stations *stations,
                                                   struct gx_point p)
{
    for (size_t i = 0; i < stations->count; i++) {
        const struct intake_station *station = &stations->items[i];
        if (station->ring_count >= 3 && gx_geo_in_ring(p, station->ring, station->ring_count)) {
            return station;
        }
    }
    return NULL;
}

static const struct intake_station *station_nearest(const struct intake_stations *stations,
                                                    struct gx_point p)
{
    const struct intake_station *best = NULL;
    double least = HUGE_VAL;
    for (size_t i = 0; i < stations->count; i++) {
        double metres = gx_geo_distance_m(p, stations->items[i].at);
        if (metres < least) {
            least = metres;
            best = &stations->items[i];
        }
    }
    return best;
}

static bool any_ring(const struct intake_stations *stations)
{
    for (size_t i = 0; i < stations->count; i++) {
        if (stations->items[i].ring_count >= 3) {
            return true;
        }
    }
    return false;
}

/* Without polygons a place within this of a station counts as the district's. */
static const double NEAR_M = 50000.0;

static const struct intake_station *owner_of(const struct intake_stations *stations,
                                             struct gx_point p)
{
    if (!gx_geo_valid(p)) {
        return NULL;
    }
    if (any_ring(stations)) {
        return station_around(stations, p);
    }
    const struct intake_station *nearest = station_nearest(stations, p);
    return nearest != NULL && gx_geo_distance_m(p, nearest->at) <= NEAR_M ? nearest : NULL;
}

struct intake_place intake_place_find(const struct intake_stations *stations, struct gx_point typed,
                                      int32_t district)
{
    struct gx_point turned = {typed.lat, typed.lon};
    bool valid = gx_geo_valid(typed);
    struct intake_place place = {.usable = valid, .area = district, .at = typed};
    const struct intake_station *owner = owner_of(stations, typed);
    if (owner != NULL || (valid && stations->count == 0)) {
        place.area = owner == NULL ? district : owner->area;
        return place;
    }
    place.outside = true;
    owner = owner_of(stations, turned);
    if (owner != NULL) {
        place.swapped = true;
        place.usable = true;
        place.at = valid ? typed : turned;
    } else if (valid) {
        owner = station_nearest(stations, typed);
    }
    if (owner != NULL) {
        place.area = owner->area;
    }
    return place;
}

struct intake_box intake_box_around(struct gx_point at, double radius_m)
{
    double dlat = radius_m * 1.01 / METRES_PER_DEGREE;
    double shrink = cos(at.lat * (M_PI / 180.0));
    double dlon = dlat / (shrink < 0.01 ? 0.01 : shrink);
    return (struct intake_box){at.lon - dlon, at.lat - dlat, at.lon + dlon, at.lat + dlat};
}

static int64_t cell_of(double degrees)
{
    return (int64_t)floor(degrees / CELL_DEGREES);
}

/* The span of cells along one axis, at most three around the middle. */
static void cell_span(double low, double middle, double high, int64_t *ret_from, int64_t *ret_to)
{
    int64_t centre = cell_of(middle);
    int64_t from = cell_of(low);
    int64_t to = cell_of(high);
    *ret_from = from < centre - 1 ? centre - 1 : from;
    *ret_to = to > centre + 1 ? centre + 1 : to;
}

size_t intake_cells(struct gx_point at, double radius_m, bool exercise,
                    int64_t keys[INTAKE_CELLS_MAX])
{
    struct intake_box box = intake_box_around(at, radius_m);
    int64_t x_from, x_to, y_from, y_to;
    cell_span(box.west, at.lon, box.east, &x_from, &x_to);
    cell_span(box.south, at.lat, box.north, &y_from, &y_to);
    size_t count = 0;
    for (int64_t y = y_from; y <= y_to; y++) {
        for (int64_t x = x_from; x <= x_to; x++) {
            /* 360 / 0.02 = 18,000 cells fit in 16 bits; shifted to be positive. */
            keys[count++] = ((int64_t)KEY_CELL << 48) | ((int64_t)exercise << 40) |
                            ((y + 5000) << 20) | (x + 10000);
        }
    }
    return count;
}

int64_t intake_external_key(const char *org_id, const char *external_id)
{
    uint64_t hash = 14695981039346656037ULL;
    for (const char *p = org_id; *p != '\0'; p++) {
        hash = (hash ^ (uint8_t)*p) * 1099511628211ULL;
    }
    hash = (hash ^ 0xffU) * 1099511628211ULL;
    for (const char *p = external_id; *p != '\0'; p++) {
        hash = (hash ^ (uint8_t)*p) * 1099511628211ULL;
    }
    return ((int64_t)KEY_EXTERNAL << 48) | (int64_t)(hash >> 16);
}
