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

static void test_ring(void **state)
{
    (void)state;
    static const struct gx_point RING[] = {{0, 0}, {4, 0}, {4, 4}, {2, 1}, {0, 4}};
    assert_true(gx_geo_in_ring((struct gx_point){1, 0.5}, RING, 5));
    assert_false(gx_geo_in_ring((struct gx_point){2, 3}, RING, 5));
    assert_false(gx_geo_in_ring((struct gx_point){5, 1}, RING, 5));
}

static void test_validity(void **state)
{
    (void)state;
    assert_false(gx_geo_valid((struct gx_point){181, 0}));
    assert_false(gx_geo_valid((struct gx_point){(double)NAN, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance_of_known_pairs),
        cmocka_unit_test(test_ring),
        cmocka_unit_test(test_validity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
