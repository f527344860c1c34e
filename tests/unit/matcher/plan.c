/* SPDX-License-Identifier: Apache-2.0 */
/* Tables on a street of five nodes, ten seconds apart, become who reaches what; and the city of the shared pack gives known optima. */
#include "check.h"

#include "plan/plan.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

static const char *file(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static const char *put(const char *name, const char *text)
{
    FILE *out = fopen(file(name), "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
    return file(name);
}

/* 1 km of access speed 36 km/h: 10 m a second off the roads. */
static int make_street(void **state)
{
    (void)snprintf(folder, sizeof folder, "/tmp/genxi-plan-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)put("city.csv", "key,value\nname,street\naccess_kmh,36.000\naccess_kmh_normal,36.000\n");
    (void)put("nodes.csv", "id,lon,lat,access\n0,0.000000,0.000000,1\n1,0.001000,0.000000,1\n"
                           "2,0.002000,0.000000,1\n3,0.003000,0.000000,1\n4,0.004000,0.000000,1\n");
    char arcs[1024] = "from,to,seconds,seconds_normal,metres,class\n";
    for (int i = 0; i < 4; i++) {
        char row[128];
        (void)snprintf(row, sizeof row,
                       "%d,%d,10.000,12.000,111.0,primary\n%d,%d,10.000,12.000,111.0,primary\n", i,
                       i + 1, i + 1, i);
        (void)strncat(arcs, row, sizeof arcs - strlen(arcs) - 1);
    }
    (void)put("arcs.csv", arcs);
    struct roads *roads = NULL;
    struct roads_fault fault = {0};
    assert_int_equal(roads_load_pack(folder, &roads, &fault), GX_OK);
    *state = roads;
    return 0;
}

static int drop_street(void **state)
{
    static const char *const NAMES[] = {"city.csv", "nodes.csv", "arcs.csv", "posts.csv",
                                        "demand.csv"};
    roads_free(*state);
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        (void)unlink(file(NAMES[i]));
    }
    return rmdir(folder);
}

/* The point of a node among those of the demand. */
static uint32_t point_of(const struct roads *roads, const struct plan_demand *demand, uint32_t id)
{
    for (uint32_t i = 0; i < demand->count; i++) {
        if (demand->points[i].node == roads_node_of(roads, id) &&
            demand->points[i].offset_ms == 0) {
            return i;
        }
    }
    fail_msg("no point at node %u", id);
    return 0;
}

static bool reaches(const struct plan_reach *reach, uint32_t post, uint32_t point)
{
    for (uint32_t k = reach->first[post]; k < reach->first[post + 1]; k++) {
        if (reach->point[k] == point) {
            return true;
        }
    }
    return false;
}

static void test_who_reaches_what_ends_at_the_very_millisecond(void **state)
{
    struct roads *roads = *state;
    struct roads_fault fault = {0};
    struct plan_posts posts = {0};
    struct plan_demand demand = {0};
    struct plan_reach reach = {0};
    assert_int_equal(
        plan_read_posts(roads, put("posts.csv", "id,node\nwest,0\nmiddle,2\n"), &posts, &fault),
        GX_OK);
    assert_int_equal(plan_read_demand(roads,
                                      put("demand.csv", "node,weight\n4,1\n2,2.5e-1\n0,1\n"
                                                        "2,0.25\n"),
                                      &demand, &fault),
                     GX_OK);
    assert_int_equal(posts.count, 2);
    assert_string_equal(posts.items[1].id, "middle");
    assert_int_equal(demand.count, 3); /* two rows at one place are one point */
    assert_int_equal(demand.hours, 1);
    uint32_t east = point_of(roads, &demand, 4);
    uint32_t middle = point_of(roads, &demand, 2);
    assert_true(demand.weight[middle] == 0.5);
    assert_int_equal(plan_find_reach(roads, &posts, &demand, 20000, &reach, &fault), GX_OK);
    assert_true(reaches(&reach, 0, middle) && !reaches(&reach, 0, east));
    assert_true(reaches(&reach, 1, middle) && reaches(&reach, 1, east));
    plan_reach_done(&reach);
    assert_int_equal(plan_find_reach(roads, &posts, &demand, 19999, &reach, &fault), GX_OK);
    assert_true(!reaches(&reach, 0, middle) && reaches(&reach, 1, middle));
    assert_false(reaches(&reach, 1, east));
    plan_reach_done(&reach);
    plan_demand_done(&demand);
    plan_posts_done(&posts);
}

static void test_places_off_the_road_have_a_leg_to_it(void **state)
{
    struct roads *roads = *state;
    struct roads_fault fault = {0};
    struct plan_posts posts = {0};
    struct plan_demand demand = {0};
    struct plan_reach reach = {0};
    /* 0.001 degrees north of node 0: 111.2 m, 11.1 s; the demand at node 1 is 10 s from there, the other one far from any road. */
    assert_int_equal(
        plan_read_posts(roads, put("posts.csv", "lon,lat\n0.0,0.001\n"), &posts, &fault), GX_OK);
    assert_int_equal(plan_read_demand(roads,
                                      put("demand.csv", "lon,lat,weight\n0.001,0.0,1\n5,5,2\n"),
                                      &demand, &fault),
                     GX_OK);
    assert_string_equal(posts.items[0].id, "0");
    assert_true(posts.items[0].at.offset_ms > 11000 && posts.items[0].at.offset_ms < 11300);
    assert_int_equal(demand.rows_without_road, 1);
    uint32_t near = point_of(roads, &demand, 1);
    uint32_t leg = posts.items[0].at.offset_ms;
    assert_int_equal(plan_find_reach(roads, &posts, &demand, 10000 + leg, &reach, &fault), GX_OK);
    assert_int_equal(reach.first[1], 1);
    assert_int_equal(reach.point[0], near);
    plan_reach_done(&reach);
    assert_int_equal(plan_find_reach(roads, &posts, &demand, 9999 + leg, &reach, &fault), GX_OK);
    assert_int_equal(reach.first[1], 0);
    plan_reach_done(&reach);
    assert_int_equal(plan_find_reach(roads, &posts, &demand, 100, &reach, &fault), GX_OK);
    assert_int_equal(reach.first[1], 0);
    plan_reach_done(&reach);
    plan_demand_done(&demand);
    plan_posts_done(&posts);
}

static void test_demand_by_hour_has_a_weight_for_each(void **state)
{
    struct roads *roads = *state;
    struct roads_fault fault = {0};
    struct plan_demand demand = {0};
    assert_int_equal(plan_read_demand(roads,
                                      put("demand.csv", "hour,node,weight\n22,1,3\n8,0,1\n"
                                                        "8,1,2\n22,1,4\n"),
                                      &demand, &fault),
                     GX_OK);
    assert_int_equal(demand.count, 2);
    assert_int_equal(demand.hours, 2);
    assert_int_equal(demand.hour[0], 8);
    assert_int_equal(demand.hour[1], 22);
    uint32_t zero = point_of(roads, &demand, 0);
    uint32_t one = point_of(roads, &demand, 1);
    assert_true(demand.weight[zero] == 1.0 && demand.weight[one] == 2.0);
    assert_true(demand.weight[2 + zero] == 0.0 && demand.weight[2 + one] == 7.0);
    plan_demand_done(&demand);
}

static void expect_fault(const struct roads *roads, const char *text, enum roads_fault_id id)
{
    struct roads_fault fault = {0};
    struct plan_demand demand = {0};
    assert_int_not_equal(plan_read_demand(roads, put("demand.csv", text), &demand, &fault), GX_OK);
    assert_int_equal(fault.id, id);
    assert_null(demand.points);
}

static void test_tables_that_are_wrong_are_refused(void **state)
{
    struct roads *roads = *state;
    expect_fault(roads, "node\n1\n", ROADS_F_COLUMNS);
    expect_fault(roads, "lon,weight\n1,1\n", ROADS_F_COLUMNS);
    expect_fault(roads, "", ROADS_F_COLUMNS);
    expect_fault(roads, "node,weight\n1,-1\n", ROADS_F_ROW);
    expect_fault(roads, "node,weight\nx,1\n", ROADS_F_ROW);
    expect_fault(roads, "node,weight\n1\n", ROADS_F_ROW);
    expect_fault(roads, "node,weight,hour\n1,1,168\n", ROADS_F_ROW);
    expect_fault(roads, "lon,lat,weight\n1,91,1\n", ROADS_F_ROW);
    struct roads_fault fault = {0};
    struct plan_posts posts = {0};
    assert_int_equal(plan_read_posts(roads, file("absent.csv"), &posts, &fault), GX_UNAVAILABLE);
    assert_int_equal(fault.id, ROADS_F_READ);
}

static void test_auckland_has_its_known_optima(void **state)
{
    (void)state;
    static const struct {
        const char *set;
        uint32_t within_ms;
        uint32_t posts;
        double greedy;
        double optimum;
    } KNOWN[] = {
        {"packs/auckland/stations.csv", 430000, 8, 0.7117, 0.7206},
        {"packs/auckland/candidates.csv", 430000, 5, 0.5870, 0.6214},
        {"packs/auckland/candidates.csv", 240000, 10, 0.4230, 0.4250},
    };
    if (shared_file("packs/auckland/city.csv") == NULL) {
        return;
    }
    char pack[1024];
    (void)snprintf(pack, sizeof pack, "%s", shared_file("packs/auckland/city.csv"));
    *strrchr(pack, '/') = '\0';
    struct roads *roads = NULL;
    struct roads_fault fault = {0};
    assert_int_equal(roads_load_pack(pack, &roads, &fault), GX_OK);
    struct plan_demand demand = {0};
    (void)strncat(pack, "/demand.csv", sizeof pack - strlen(pack) - 1);
    assert_int_equal(plan_read_demand(roads, pack, &demand, &fault), GX_OK);
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        struct plan_posts posts = {0};
        struct plan_reach reach = {0};
        assert_int_equal(plan_read_posts(roads, shared_file(KNOWN[i].set), &posts, &fault), GX_OK);
        assert_int_equal(
            plan_find_reach(roads, &posts, &demand, KNOWN[i].within_ms, &reach, &fault), GX_OK);
        const struct coverage_problem problem = {.candidates = posts.count,
                                                 .points = demand.count,
                                                 .weight = demand.weight,
                                                 .first = reach.first,
                                                 .point = reach.point,
                                                 .posts = KNOWN[i].posts};
        struct coverage_result result;
        assert_int_equal(
            coverage_solve(&problem, &(struct coverage_effort){.steps = 20000}, &result), GX_OK);
        assert_true(result.proved);
        assert_true(fabs(result.greedy / result.total - KNOWN[i].greedy) < 0.5e-4);
        assert_true(fabs(result.covered / result.total - KNOWN[i].optimum) < 0.5e-4);
        coverage_result_done(&result);
        plan_reach_done(&reach);
        plan_posts_done(&posts);
    }
    plan_demand_done(&demand);
    roads_free(roads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_reaches_what_ends_at_the_very_millisecond),
        cmocka_unit_test(test_places_off_the_road_have_a_leg_to_it),
        cmocka_unit_test(test_demand_by_hour_has_a_weight_for_each),
        cmocka_unit_test(test_tables_that_are_wrong_are_refused),
        cmocka_unit_test(test_auckland_has_its_known_optima),
    };
    return cmocka_run_group_tests(tests, make_street, drop_street);
}
