/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/geo.h"

#include <math.h>

static void close_to(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance)) {
        fail_msg("%.9f is not %.9f", a, b);
    }
}

static void test_distance_of_known_pairs(void **state)
{
    (void)state;
    struct gx_point a = {102.668, 25.02};
    close_to(gx_geo_distance_m(a, a), 0, 1e-9);
    close_to(gx_geo_distance_m(a, (struct gx_point){102.668, 26.02}), 111195.08, 0.5);
    close_to(gx_geo_distance_m((struct gx_point){-179.5, 0}, (struct gx_point){179.5, 0}),
             111195.08, 0.5);
}

static void test_gcj02_and_bd09_match_published_points(void **state)
{
    (void)state;
    static const struct gx_point WGS[] = {
        {102.6640, 25.0250}, {102.7180, 25.0380}, {102.6600, 24.9540}};
    static const struct gx_point GCJ[] = {
        {102.665329, 25.021942}, {102.719452, 25.035034}, {102.661317, 24.950925}};
    for (size_t i = 0; i < 3; i++) {
        struct gx_point p = gx_geo_from_wgs84(WGS[i], GX_GCJ02);
        close_to(p.lon, GCJ[i].lon, 1e-6);
        close_to(p.lat, GCJ[i].lat, 1e-6);
    }
    struct gx_point bd = gx_geo_from_wgs84(WGS[0], GX_BD09);
    close_to(bd.lon, 102.671899, 1e-6);
    close_to(bd.lat, 25.027645, 1e-6);
}

static void test_conversion_there_and_back_is_under_a_decimetre(void **state)
{
    (void)state;
    for (double lon = 75; lon < 134; lon += 3.7) {
        for (double lat = 5; lat < 53; lat += 2.9) {
            struct gx_point p = {lon, lat};
            struct gx_point gcj = gx_geo_to_wgs84(gx_geo_from_wgs84(p, GX_GCJ02), GX_GCJ02);
            struct gx_point bd = gx_geo_to_wgs84(gx_geo_from_wgs84(p, GX_BD09), GX_BD09);
            assert_true(gx_geo_distance_m(p, gcj) < 0.1);
            assert_true(gx_geo_distance_m(p, bd) < 1.0);
        }
    }
}

static void test_edge_of_the_shifted_area_ends(void **state)
{
    (void)state;
    struct gx_point p = gx_geo_to_wgs84((struct gx_point){72.005, 30}, GX_GCJ02);
    assert_true(gx_geo_valid(p));
    struct gx_point tokyo = {139.69, 35.69};
    struct gx_point same = gx_geo_from_wgs84(tokyo, GX_GCJ02);
    close_to(same.lon, tokyo.lon, 0);
}

static void test_ring(void **state)
{
    (void)state;
    static const struct gx_point RING[] = {{0, 0}, {4, 0}, {4, 4}, {2, 1}, {0, 4}};
    assert_true(gx_geo_in_ring((struct gx_point){1, 0.5}, RING, 5));
    assert_false(gx_geo_in_ring((struct gx_point){2, 3}, RING, 5));
    assert_false(gx_geo_in_ring((struct gx_point){5, 1}, RING, 5));
}

static void test_validity_and_names(void **state)
{
    (void)state;
    enum gx_crs crs = GX_WGS84;
    assert_false(gx_geo_valid((struct gx_point){181, 0}));
    assert_false(gx_geo_valid((struct gx_point){(double)NAN, 0}));
    assert_int_equal(gx_crs_parse("bd09", &crs), 0);
    assert_int_equal(crs, GX_BD09);
    assert_int_equal(gx_crs_parse("WGS84", &crs), -1);
    assert_int_equal(gx_crs_parse(NULL, &crs), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance_of_known_pairs),
        cmocka_unit_test(test_gcj02_and_bd09_match_published_points),
        cmocka_unit_test(test_conversion_there_and_back_is_under_a_decimetre),
        cmocka_unit_test(test_edge_of_the_shifted_area_ends),
        cmocka_unit_test(test_ring),
        cmocka_unit_test(test_validity_and_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
