/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/datum.h"

#include <jansson.h>
#include <math.h>

static void close_to(const char *what, struct gx_point a, struct gx_point b, double tolerance)
{
    if (!(fabs(a.lon - b.lon) <= tolerance && fabs(a.lat - b.lat) <= tolerance)) {
        fail_msg("%s: %.9f %.9f is not %.9f %.9f", what, a.lon, a.lat, b.lon, b.lat);
    }
}

static struct gx_point convert(struct gx_point p, enum gx_crs from, enum gx_crs to)
{
    return gx_datum_from_wgs84(gx_datum_to_wgs84(p, from), to);
}

static struct gx_point pair(const json_t *item, const char *name, bool lat_first)
{
    const json_t *list = json_object_get(item, name);
    assert_int_equal(json_array_size(list), 2);
    double a = json_number_value(json_array_get(list, 0));
    double b = json_number_value(json_array_get(list, 1));
    return lat_first ? (struct gx_point){b, a} : (struct gx_point){a, b};
}

/* The cases of a shared file, or NULL after the skip was told. */
static json_t *load(const char *name)
{
    const char *path = shared_file(name);
    json_t *root = path == NULL ? NULL : json_load_file(path, 0, NULL);
    if (path != NULL) {
        assert_non_null(root);
        assert_true(json_array_size(json_object_get(root, "cases")) > 0);
    }
    return root;
}

static void test_cities_agree_with_the_map_services(void **state)
{
    (void)state;
    json_t *root = load("vectors/coordinates/china_cities.json");
    const json_t *city = NULL;
    size_t i = 0;
    json_array_foreach(json_object_get(root, "cases"), i, city)
    {
        const char *id = json_string_value(json_object_get(city, "id"));
        struct gx_point wgs = pair(city, "wgs84", false);
        struct gx_point gcj = pair(city, "gcj02", false);
        struct gx_point bd = pair(city, "bd09", false);
        close_to(id, gx_datum_from_wgs84(wgs, GX_GCJ02), gcj, 5e-5);
        close_to(id, gx_datum_to_wgs84(gcj, GX_GCJ02), wgs, 5e-5);
        close_to(id, convert(gcj, GX_GCJ02, GX_BD09), bd, 5e-7);
        close_to(id, convert(bd, GX_BD09, GX_GCJ02), gcj, 5e-7);
        close_to(id, gx_datum_from_wgs84(wgs, GX_BD09), bd, 5e-5);
        close_to(id, gx_datum_to_wgs84(bd, GX_BD09), wgs, 5e-5);
    }
    json_decref(root);
}

/*
 * gcoord's rectangle is ours. Its way back from BD-09 is a single step, up to some decimetres off its own forward formula (the cities above
 * say who is right), and it steps outside the rectangle too, where nothing was shifted.
 */
static void test_three_libraries_agree_with_the_forward_formulas(void **state)
{
    (void)state;
    json_t *root = load("vectors/coordinates/three_libraries.json");
    const json_t *item = NULL;
    size_t i = 0;
    json_array_foreach(json_object_get(root, "cases"), i, item)
    {
        const char *id = json_string_value(json_object_get(item, "id"));
        const json_t *gcoord = json_object_get(item, "gcoord");
        struct gx_point p = pair(item, "lonlat", false);
        close_to(id, gx_datum_from_wgs84(p, GX_GCJ02), pair(gcoord, "wgs84_to_gcj02", false), 1e-6);
        if (json_is_array(json_object_get(gcoord, "gcj02_to_wgs84"))) {
            close_to(id, gx_datum_to_wgs84(p, GX_GCJ02), pair(gcoord, "gcj02_to_wgs84", false),
                     1e-6);
        }
        struct gx_point wgs = gx_datum_to_wgs84(p, GX_BD09);
        if (gx_datum_shifts(wgs) && json_is_true(json_object_get(item, "libraries_agree_1e-6"))) {
            close_to(id, wgs, pair(gcoord, "bd09_to_wgs84", false), 2e-6);
        }
    }
    json_decref(root);
}

static void test_published_points(void **state)
{
    (void)state;
    json_t *root = load("vectors/coordinates/published.json");
    const json_t *item = NULL;
    size_t i = 0;
    json_array_foreach(json_object_get(root, "cases"), i, item)
    {
        const char *id = json_string_value(json_object_get(item, "id"));
        if (json_object_get(item, "wgs84_latlon") != NULL) {
            close_to(id, gx_datum_from_wgs84(pair(item, "wgs84_latlon", true), GX_GCJ02),
                     pair(item, "gcj02_latlon", true), 1e-6);
        }
        if (json_object_get(item, "lonlat") != NULL) {
            struct gx_point p = pair(item, "lonlat", false);
            close_to(id, gx_datum_from_wgs84(p, GX_GCJ02), pair(item, "wgs84togcj02", false), 1e-6);
            close_to(id, convert(p, GX_GCJ02, GX_BD09), pair(item, "gcj02tobd09", false), 1e-6);
        }
    }
    json_decref(root);
}

static void test_points_of_the_district(void **state)
{
    (void)state;
    static const struct gx_point WGS[] = {
        {102.6640, 25.0250}, {102.7180, 25.0380}, {102.6600, 24.9540}};
    static const struct gx_point GCJ[] = {
        {102.665329, 25.021942}, {102.719452, 25.035034}, {102.661317, 24.950925}};
    for (size_t i = 0; i < 3; i++) {
        close_to("gcj", gx_datum_from_wgs84(WGS[i], GX_GCJ02), GCJ[i], 1e-6);
    }
    close_to("bd", gx_datum_from_wgs84(WGS[0], GX_BD09), (struct gx_point){102.671899, 25.027645},
             1e-6);
}

static double drawn(unsigned *seed, double from, double to)
{
    *seed = *seed * 1664525U + 1013904223U;
    return from + (to - from) * (double)(*seed >> 8) / (double)(1U << 24);
}

static void test_there_and_back_is_the_same_point(void **state)
{
    (void)state;
    unsigned seed = 7;
    for (int i = 0; i < 20000; i++) {
        /* The edges too; what lies in the strip on the east and north is taken for shifted, so those stay inside by one shift. */
        struct gx_point p = {drawn(&seed, 72.0041, 137.8), drawn(&seed, 0.8294, 55.8)};
        close_to("gcj", gx_datum_to_wgs84(gx_datum_from_wgs84(p, GX_GCJ02), GX_GCJ02), p, 1e-9);
        close_to("bd", gx_datum_to_wgs84(gx_datum_from_wgs84(p, GX_BD09), GX_BD09), p, 1e-9);
    }
}

static void test_edges_end_and_give_places(void **state)
{
    (void)state;
    static const struct gx_point EDGES[] = {{72.005, 30},      {100, 0.83},     {137.8346, 30},
                                            {137.8347, 30},    {137.85, 30},    {100, 55.8270},
                                            {72.0041, 0.8294}, {72.004, 0.8293}};
    for (size_t i = 0; i < sizeof EDGES / sizeof EDGES[0]; i++) {
        for (int crs = GX_GCJ02; crs <= GX_BD09; crs++) {
            struct gx_point p = gx_datum_to_wgs84(EDGES[i], (enum gx_crs)crs);
            assert_true(gx_geo_valid(p));
            assert_true(gx_geo_distance_m(p, EDGES[i]) < 2500);
            if (gx_datum_shifts(p)) {
                close_to("edge", gx_datum_from_wgs84(p, (enum gx_crs)crs), EDGES[i], 1e-9);
            }
        }
    }
}

static void test_outside_all_datums_are_the_same(void **state)
{
    (void)state;
    static const struct gx_point OUTSIDE[] = {
        {139.69, 35.69}, {174.76, -36.85}, {-122.08, 37.42}, {180, 90}};
    for (size_t i = 0; i < sizeof OUTSIDE / sizeof OUTSIDE[0]; i++) {
        assert_false(gx_datum_shifts(OUTSIDE[i]));
        close_to("out", gx_datum_from_wgs84(OUTSIDE[i], GX_GCJ02), OUTSIDE[i], 0);
        close_to("back", gx_datum_to_wgs84(OUTSIDE[i], GX_BD09), OUTSIDE[i], 0);
    }
    struct gx_point none = {(double)NAN, 30};
    assert_false(gx_datum_shifts(none));
    assert_false(gx_geo_valid(gx_datum_to_wgs84(none, GX_GCJ02)));
    assert_true(
        gx_datum_shifts((struct gx_point){126.98, 37.57})); /* Seoul: a rectangle is no border */
}

static void test_names(void **state)
{
    (void)state;
    enum gx_crs crs = GX_WGS84;
    assert_int_equal(gx_crs_parse("bd09", &crs), 0);
    assert_int_equal(crs, GX_BD09);
    assert_int_equal(gx_crs_parse("WGS84", &crs), -1);
    assert_int_equal(gx_crs_parse(NULL, &crs), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cities_agree_with_the_map_services),
        cmocka_unit_test(test_three_libraries_agree_with_the_forward_formulas),
        cmocka_unit_test(test_published_points),
        cmocka_unit_test(test_points_of_the_district),
        cmocka_unit_test(test_there_and_back_is_the_same_point),
        cmocka_unit_test(test_edges_end_and_give_places),
        cmocka_unit_test(test_outside_all_datums_are_the_same),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
