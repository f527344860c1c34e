/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "place.h"

#include "base/cleanup.h"

#include <math.h>

/* Two square areas side by side, with a gap to the east, and one without a polygon. */
static const struct gx_point WEST[] = {
    {102.60, 25.00}, {102.65, 25.00}, {102.65, 25.05}, {102.60, 25.05}};
static const struct gx_point EAST[] = {
    {102.65, 25.00}, {102.70, 25.00}, {102.70, 25.05}, {102.65, 25.05}};
static const struct intake_station ITEMS[] = {
    {53011201, "a", {102.625, 25.025}, WEST, 4},
    {53011202, "b", {102.675, 25.025}, EAST, 4},
};
static const struct intake_stations STATIONS = {ITEMS, 2};
enum {
    DISTRICT = 53011200
};

static struct intake_place find(double lon, double lat)
{
    return intake_place_find(&STATIONS, (struct gx_point){lon, lat}, DISTRICT);
}

static void test_a_place_inside_belongs_to_its_polygon(void **state)
{
    (void)state;
    struct intake_place place = find(102.61, 25.01);
    assert_true(place.usable);
    assert_int_equal(place.area, 53011201);
    assert_false(place.outside);
    assert_false(place.swapped);
    /* Nearer to the other station's house, and still in its own polygon. */
    assert_int_equal(find(102.651, 25.049).area, 53011202);
    assert_int_equal(find(102.649, 25.001).area, 53011201);
}

static void test_a_place_outside_goes_to_the_nearest_and_is_flagged(void **state)
{
    (void)state;
    struct intake_place place = find(102.75, 25.02);
    assert_true(place.usable);
    assert_true(place.outside);
    assert_false(place.swapped);
    assert_int_equal(place.area, 53011202);
    place = find(116.4, 39.9);
    assert_true(place.outside);
    assert_true(place.usable);
}

static void test_swapped_coordinates_are_seen_and_kept_as_typed(void **state)
{
    (void)state;
    struct intake_place place = find(25.01, 102.61);
    assert_true(place.usable);
    assert_true(place.swapped);
    assert_true(place.outside);
    assert_int_equal(place.area, 53011201);
    /* A latitude of 102 is nowhere: help goes to the place that was meant. */
    assert_float_equal(place.at.lon, 102.61, 1e-9);
    assert_float_equal(place.at.lat, 25.01, 1e-9);
}

static void test_nonsense_is_no_place(void **state)
{
    (void)state;
    assert_false(find(200.0, 25.0).usable);
    assert_false(find(102.6, 91.0).usable);
    assert_false(find((double)NAN, 25.0).usable);
    assert_false(find(102.6, (double)INFINITY).usable);
    assert_false(find(-25.01, 102.61).usable);
}

static void test_without_polygons_the_nearest_station_counts(void **state)
{
    (void)state;
    const struct intake_station bare[] = {{53011201, "a", {102.625, 25.025}, NULL, 0},
                                          {53011202, "b", {102.675, 25.025}, NULL, 0}};
    const struct intake_stations stations = {bare, 2};
    struct intake_place place =
        intake_place_find(&stations, (struct gx_point){102.66, 25.0}, DISTRICT);
    assert_int_equal(place.area, 53011202);
    assert_false(place.outside);
    place = intake_place_find(&stations, (struct gx_point){116.4, 39.9}, DISTRICT);
    assert_true(place.outside);
}

static void test_without_stations_the_district_takes_it(void **state)
{
    (void)state;
    const struct intake_stations none = {NULL, 0};
    struct intake_place place = intake_place_find(&none, (struct gx_point){102.66, 25.0}, DISTRICT);
    assert_true(place.usable);
    assert_int_equal(place.area, DISTRICT);
    assert_false(place.outside);
}

static bool share(struct gx_point a, double radius_a, struct gx_point b, double radius_b)
{
    int64_t of_a[INTAKE_CELLS_MAX];
    int64_t of_b[INTAKE_CELLS_MAX];
    size_t count_a = intake_cells(a, radius_a, false, of_a);
    size_t count_b = intake_cells(b, radius_b, false, of_b);
    for (size_t i = 0; i < count_a; i++) {
        for (size_t j = 0; j < count_b; j++) {
            if (of_a[i] == of_b[j]) {
                return true;
            }
        }
    }
    return false;
}

static double random_in(double low, double high)
{
    return low + (high - low) * (double)rand() / (double)RAND_MAX;
}

static void test_two_reports_within_a_radius_share_a_lock(void **state)
{
    (void)state;
    int near_count = 0;
    srand(7);
    for (int i = 0; i < 200000; i++) {
        struct gx_point a = {random_in(102.4, 102.9), random_in(24.8, 25.2)};
        struct gx_point b = {a.lon + random_in(-0.012, 0.012), a.lat + random_in(-0.011, 0.011)};
        double radius_a = random_in(0, 1000);
        double radius_b = random_in(0, 1000);
        double metres = gx_geo_distance_m(a, b);
        if (metres <= radius_a || metres <= radius_b) {
            near_count++;
            assert_true(share(a, radius_a, b, radius_b));
        }
    }
    assert_true(near_count > 10000);
}

static void test_locks_rise_and_tell_drills_from_live(void **state)
{
    (void)state;
    int64_t live[INTAKE_CELLS_MAX];
    int64_t drill[INTAKE_CELLS_MAX];
    struct gx_point corner = {102.64, 25.02};
    size_t count = intake_cells(corner, 500, false, live);
    assert_int_equal(count, 4);
    for (size_t i = 1; i < count; i++) {
        assert_true(live[i] > live[i - 1]);
    }
    assert_int_equal(intake_cells(corner, 500, true, drill), 4);
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 4; j++) {
            assert_true(live[i] != drill[j]);
        }
    }
    /* Far north a circle spans many cells of longitude: bounded all the same. */
    struct gx_point pole = {10.0, 89.99};
    assert_true(intake_cells(pole, 1000, false, live) <= INTAKE_CELLS_MAX);
}

static void test_the_box_holds_the_circle(void **state)
{
    (void)state;
    struct gx_point at = {102.66, 25.02};
    struct intake_box box = intake_box_around(at, 300);
    assert_true(gx_geo_distance_m(at, (struct gx_point){box.east, at.lat}) >= 300);
    assert_true(gx_geo_distance_m(at, (struct gx_point){at.lon, box.north}) >= 300);
    assert_true(gx_geo_distance_m(at, (struct gx_point){at.lon, box.north}) < 320);
}

static void test_external_keys_differ_by_organisation_and_number(void **state)
{
    (void)state;
    assert_true(intake_external_key("a", "1") == intake_external_key("a", "1"));
    assert_true(intake_external_key("a", "1") != intake_external_key("b", "1"));
    assert_true(intake_external_key("a", "12") != intake_external_key("a1", "2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_place_inside_belongs_to_its_polygon),
        cmocka_unit_test(test_a_place_outside_goes_to_the_nearest_and_is_flagged),
        cmocka_unit_test(test_swapped_coordinates_are_seen_and_kept_as_typed),
        cmocka_unit_test(test_nonsense_is_no_place),
        cmocka_unit_test(test_without_polygons_the_nearest_station_counts),
        cmocka_unit_test(test_without_stations_the_district_takes_it),
        cmocka_unit_test(test_two_reports_within_a_radius_share_a_lock),
        cmocka_unit_test(test_locks_rise_and_tell_drills_from_live),
        cmocka_unit_test(test_the_box_holds_the_circle),
        cmocka_unit_test(test_external_keys_differ_by_organisation_and_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
