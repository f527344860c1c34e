/* SPDX-License-Identifier: Apache-2.0 */
/* Travel by straight line and detour: speed by force, never zero, never more than can be told. */
#include "check.h"

#include "travel.h"

#define FORCE(name) GENXI__FORCE__FORCE_##name

static const struct travel_straight SPEEDS = {1.5, 10.0, 2.0, 4.0, 1.0};

static uint32_t seconds(double lon, Genxi__Force force)
{
    struct gx_travel travel = travel_straight_line(&SPEEDS);
    const struct travel_from from = {{lon, 0.0}, force};
    uint32_t result = 0;
    assert_int_equal(travel.matrix(travel.self, NULL, &from, 1, (struct gx_point){0, 0}, &result),
                     GX_OK);
    assert_string_equal(travel.basis, "straight_line");
    return result;
}

static void test_speed_by_force(void **state)
{
    (void)state;
    /* 0.01 degrees on the equator are 1,111.95 m, by road 1,667.9. */
    assert_int_equal(seconds(0.01, FORCE(POLICE)), 167);
    assert_int_equal(seconds(0.01, FORCE(GUARD)), 834);
    assert_int_equal(seconds(0.01, FORCE(PATROL)), 417);
    assert_int_equal(seconds(0.01, FORCE(VOLUNTEER)), 1668);
}

static void test_at_the_place_takes_a_second(void **state)
{
    (void)state;
    assert_int_equal(seconds(0.0, FORCE(POLICE)), 1);
}

static void test_all_origins_are_answered_in_order(void **state)
{
    (void)state;
    struct gx_travel travel = travel_straight_line(&SPEEDS);
    struct travel_from from[50];
    uint32_t result[50];
    for (int i = 0; i < 50; i++) {
        from[i] = (struct travel_from){{0.001 * (i + 1), 0.0}, FORCE(PATROL)};
    }
    assert_int_equal(travel.matrix(travel.self, NULL, from, 50, (struct gx_point){0, 0}, result),
                     GX_OK);
    for (int i = 1; i < 50; i++) {
        assert_true(result[i] > result[i - 1]);
    }
}

static void test_reach_is_where_the_time_ends(void **state)
{
    (void)state;
    struct gx_travel travel = travel_straight_line(&SPEEDS);
    double metres = travel.reach_m(travel.self, FORCE(GUARD), 834.0); /* see above: 0.01 degrees */
    assert_true(metres > 1111.0 && metres < 1113.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_speed_by_force),
        cmocka_unit_test(test_at_the_place_takes_a_second),
        cmocka_unit_test(test_all_origins_are_answered_in_order),
        cmocka_unit_test(test_reach_is_where_the_time_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
