/* SPDX-License-Identifier: Apache-2.0 */
/* Travel by straight line and detour: speed by force, never zero, never more than can be told; and by road on a made-up town. */
#include "check.h"

#include "base/ctx.h"
#include "roads/roads.h"
#include "travel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FORCE(name) GENXI__FORCE__FORCE_##name

static const struct travel_straight SPEEDS = {1.5, 10.0, 2.0, 4.0, 1.0};

static uint32_t seconds(double lon, Genxi__Force force)
{
    struct gx_travel travel = travel_straight_line(&SPEEDS);
    const struct travel_from from = {{lon, 0.0}, force};
    uint32_t result = 0;
    const char *basis = NULL;
    const struct travel_times times = {.seconds = &result, .bases = &basis};
    assert_int_equal(travel.matrix(travel.self, NULL, &from, 1, (struct gx_point){0, 0}, &times),
                     GX_OK);
    assert_string_equal(basis, TRAVEL_STRAIGHT);
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
    const char *bases[50];
    const struct travel_times times = {.seconds = result, .bases = bases};
    for (int i = 0; i < 50; i++) {
        from[i] = (struct travel_from){{0.001 * (i + 1), 0.0}, FORCE(PATROL)};
    }
    assert_int_equal(travel.matrix(travel.self, NULL, from, 50, (struct gx_point){0, 0}, &times),
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

/* ---- by road ---- */

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* A river from west to east, one bridge far to the east: 0 and 1 face each other, the way goes by 2 and 3. */
static struct roads *river_town(void)
{
    char folder[] = "/tmp/genxi-town-XXXXXX";
    struct roads *roads = NULL;
    struct roads_fault fault;
    assert_non_null(mkdtemp(folder));
    write_file(folder, "nodes.csv",
               "id,lon,lat,access\n0,0.000000,0.000000,1\n1,0.000000,0.002000,1\n"
               "2,0.020000,0.000000,1\n3,0.020000,0.002000,1\n");
    write_file(folder, "arcs.csv",
               "from,to,seconds,seconds_normal,metres,class\n"
               "0,2,8.000,9.000,2223.9,primary\n2,0,8.000,9.000,2223.9,primary\n"
               "2,3,2.000,3.000,222.4,primary\n3,2,2.000,3.000,222.4,primary\n"
               "3,1,8.000,9.000,2223.9,primary\n1,3,8.000,9.000,2223.9,primary\n");
    assert_int_equal(roads_load_pack(folder, &roads, &fault), GX_OK);
    char path[256];
    (void)snprintf(path, sizeof path, "%s/nodes.csv", folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/arcs.csv", folder);
    (void)unlink(path);
    (void)rmdir(folder);
    return roads;
}

static void test_by_road_goes_over_the_bridge(void **state)
{
    (void)state;
    struct roads *roads = river_town();
    const struct roads *const graphs[] = {roads};
    struct travel_roads *by_road = travel_roads_new(&SPEEDS, graphs, 1);
    const struct gx_travel travel = travel_by_road(by_road);
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, 1024UL * 1024);
    /* Across the river; at the bridge; far from every road; beside the incident. */
    const struct travel_from from[] = {{{0.0, 0.002}, FORCE(POLICE)},
                                       {{0.02, 0.0}, FORCE(POLICE)},
                                       {{0.5, 0.5}, FORCE(POLICE)},
                                       {{0.0003, 0.0}, FORCE(GUARD)},
                                       {{0.0, 0.002}, FORCE(VOLUNTEER)}};
    uint32_t seconds_by[5];
    const char *bases[5];
    const struct travel_times times = {.seconds = seconds_by, .bases = bases};
    assert_int_equal(travel.matrix(travel.self, &ctx, from, 5, (struct gx_point){0.0, 0.0}, &times),
                     GX_OK);
    assert_int_equal(seconds_by[0], 18);
    assert_string_equal(bases[0], TRAVEL_ROAD);
    assert_int_equal(seconds_by[1], 8);
    assert_string_equal(bases[1], TRAVEL_ROAD);
    assert_string_equal(bases[2], TRAVEL_STRAIGHT);
    assert_string_equal(bases[3], TRAVEL_STRAIGHT);
    assert_int_equal(seconds_by[3], 26); /* 33.4 m, half as far again, at 2 m/s */
    /* On foot it is 4,670 m at 1 m/s, not the 334 of the straight line. */
    assert_string_equal(bases[4], TRAVEL_ROAD);
    assert_in_range(seconds_by[4], 4600, 4750);
    /* Nobody is looked for who needs longer; who does not has the same time as before. */
    uint32_t bounded[5];
    const struct travel_times near = {.seconds = bounded, .bases = bases, .bound = 10};
    const struct travel_times just = {.seconds = bounded, .bases = bases, .bound = 18};
    assert_int_equal(travel.matrix(travel.self, &ctx, from, 5, (struct gx_point){0.0, 0.0}, &near),
                     GX_OK);
    assert_int_equal(bounded[0], UINT32_MAX);
    assert_int_equal(bounded[1], 8);
    assert_int_equal(bounded[4], UINT32_MAX);
    assert_int_equal(travel.matrix(travel.self, &ctx, from, 5, (struct gx_point){0.0, 0.0}, &just),
                     GX_OK);
    assert_int_equal(bounded[0], 18);
    gx_ctx_done(&ctx);
    travel_roads_free(by_road);
    roads_free(roads);
}

static void test_without_a_graph_there_it_says_so(void **state)
{
    (void)state;
    struct roads *roads = river_town();
    const struct roads *const graphs[] = {roads};
    struct travel_roads *by_road = travel_roads_new(&SPEEDS, graphs, 1);
    const struct gx_travel travel = travel_by_road(by_road);
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, 1024UL * 1024);
    const struct travel_from from = {{1.01, 1.0}, FORCE(POLICE)};
    uint32_t by_line = 0;
    const char *basis = NULL;
    const struct travel_times times = {.seconds = &by_line, .bases = &basis};
    assert_int_equal(
        travel.matrix(travel.self, &ctx, &from, 1, (struct gx_point){1.0, 1.0}, &times), GX_OK);
    assert_string_equal(basis, TRAVEL_STRAIGHT);
    assert_in_range(by_line, 166, 167);
    gx_ctx_done(&ctx);
    travel_roads_free(by_road);
    roads_free(roads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_speed_by_force),
        cmocka_unit_test(test_at_the_place_takes_a_second),
        cmocka_unit_test(test_all_origins_are_answered_in_order),
        cmocka_unit_test(test_reach_is_where_the_time_ends),
        cmocka_unit_test(test_by_road_goes_over_the_bridge),
        cmocka_unit_test(test_without_a_graph_there_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
