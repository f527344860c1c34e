/* SPDX-License-Identifier: Apache-2.0 */
/* A real city: every time that the graph gives equals plain Dijkstra's to the millisecond, paths add up, places snap as the pack says. */
#include "check.h"

#include "plain_roads.h"
#include "roads/roads.h"

#include <math.h>
#include <string.h>
#include <zlib.h>

enum {
    SOURCES = 12,
    GOALS = 300,
    PATHS = 400
};

static struct {
    struct plain_roads plain;
    struct roads *roads;
    struct roads_search *search;
    char folder[1024];
} city;

static uint32_t random_below(uint32_t below)
{
    static uint64_t state = 88172645463325252ULL;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

static int load(void **state)
{
    (void)state;
    const char *nodes = shared_file("packs/auckland/FORMAT.md");
    if (nodes == NULL) {
        return 0;
    }
    (void)snprintf(city.folder, sizeof city.folder, "%s", nodes);
    *strrchr(city.folder, '/') = '\0';
    assert_true(plain_load(city.folder, &city.plain));
    struct roads_fault fault = {0};
    enum gx_rc rc = roads_load_pack(city.folder, &city.roads, &fault);
    if (rc != GX_OK) {
        char text[256];
        fail_msg("%s", roads_fault_text(&fault, "en", text, sizeof text));
    }
    city.search = roads_search_new(city.roads);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    roads_search_free(city.search);
    roads_free(city.roads);
    plain_free(&city.plain);
    return 0;
}

static void test_all_of_it_is_there(void **state)
{
    (void)state;
    if (city.roads == NULL) {
        skip();
    }
    struct roads_about about = roads_about(city.roads);
    assert_int_equal(about.nodes, city.plain.nodes);
    assert_int_equal(about.car_arcs, city.plain.arc_count);
    assert_string_equal(about.name, "auckland");
    for (uint32_t id = 0; id < about.nodes; id++) {
        uint32_t node = roads_node_of(city.roads, id);
        assert_int_equal(roads_id_of(city.roads, node), id);
        assert_true(roads_place(city.roads, node).lon == city.plain.lon[id]);
        assert_true(roads_place(city.roads, node).lat == city.plain.lat[id]);
        assert_true(roads_has_access(city.roads, node) == city.plain.access[id]);
    }
    assert_int_equal(roads_node_of(city.roads, about.nodes), ROADS_NOWHERE);
}

static void test_tables_equal_plain_dijkstra_on_all_nodes(void **state)
{
    (void)state;
    if (city.roads == NULL) {
        skip();
    }
    uint32_t *ms = calloc(city.plain.nodes, sizeof *ms);
    struct roads_goal *goals = calloc(city.plain.nodes, sizeof *goals);
    assert_true(ms != NULL && goals != NULL);
    for (uint32_t n = 0; n < city.plain.nodes; n++) {
        goals[n].node = n;
    }
    for (int i = 0; i < SOURCES; i++) {
        uint32_t id = random_below(city.plain.nodes);
        int weight = i % 2;
        bool reverse = i / 2 % 2 == 0;
        (void)plain_search(&city.plain, weight, reverse, id, NULL, 0);
        roads_table(city.search, (enum roads_weight)weight, reverse ? ROADS_TO : ROADS_FROM,
                    roads_node_of(city.roads, id), ms);
        for (uint32_t n = 0; n < city.plain.nodes; n++) {
            assert_int_equal(ms[roads_node_of(city.roads, n)], city.plain.ms[n]);
        }
        /* The table comes from the hierarchy; with a bound the search itself reaches everybody. */
        size_t reached =
            roads_reach(city.search, (enum roads_weight)weight, reverse ? ROADS_TO : ROADS_FROM,
                        roads_node_of(city.roads, id), goals, city.plain.nodes,
                        (struct roads_stop){.bound_ms = ROADS_MS_MAX}, ms);
        assert_int_equal(reached, city.plain.nodes);
        for (uint32_t n = 0; n < city.plain.nodes; n++) {
            assert_int_equal(ms[roads_node_of(city.roads, n)], city.plain.ms[n]);
        }
    }
    free(goals);
    free(ms);
}

static int compare_ms(const void *a, const void *b)
{
    const uint32_t *x = a;
    const uint32_t *y = b;
    return (*x > *y) - (*x < *y);
}

static void test_reach_finds_the_nearest_with_their_offsets(void **state)
{
    (void)state;
    if (city.roads == NULL) {
        skip();
    }
    struct roads_goal goals[GOALS];
    uint32_t ids[GOALS];
    uint32_t ms[GOALS];
    uint32_t truth[GOALS];
    uint32_t sorted[GOALS];
    for (int round = 0; round < 60; round++) {
        uint32_t id = random_below(city.plain.nodes);
        bool reverse = round % 2 == 0;
        int weight = round / 2 % 2;
        (void)plain_search(&city.plain, weight, reverse, id, NULL, 0);
        for (int i = 0; i < GOALS; i++) {
            /* Some of them near in number, hence often on the incident's own chain. */
            ids[i] = i % 3 == 0 ? (id + random_below(20)) % city.plain.nodes
                                : random_below(city.plain.nodes);
            goals[i] = (struct roads_goal){roads_node_of(city.roads, ids[i]), random_below(9000)};
            truth[i] = sorted[i] = city.plain.ms[ids[i]] + goals[i].offset_ms;
        }
        qsort(sorted, GOALS, sizeof *sorted, compare_ms);
        size_t wanted = round % 3 == 0 ? 0 : 1 + random_below(40);
        uint32_t bound = round % 5 == 4 ? 240000 : 0;
        size_t reached = roads_reach(city.search, (enum roads_weight)weight,
                                     reverse ? ROADS_TO : ROADS_FROM, roads_node_of(city.roads, id),
                                     goals, GOALS, (struct roads_stop){wanted, bound}, ms);
        size_t lawful = wanted == 0 ? GOALS : wanted;
        while (bound > 0 && lawful > 0 && sorted[lawful - 1] > bound) {
            lawful--;
        }
        assert_int_equal(reached, lawful);
        size_t told = 0;
        for (int i = 0; i < GOALS; i++) {
            if (ms[i] != ROADS_NEVER) {
                assert_int_equal(ms[i], truth[i]);
                assert_true(ms[i] <= sorted[lawful - 1]);
                told++;
            }
        }
        assert_int_equal(told, reached);
    }
}

struct told {
    uint32_t ids[GOALS];
    uint32_t ms[GOALS];
    size_t count;
    size_t wanted;
};

static bool tell(void *self, uint32_t id, uint32_t ms)
{
    struct told *told = self;
    told->ids[told->count] = id;
    told->ms[told->count++] = ms;
    return told->count < told->wanted;
}

static void test_crowd_gives_the_same_while_it_moves(void **state)
{
    (void)state;
    if (city.roads == NULL) {
        skip();
    }
    struct roads_crowd *crowd = roads_crowd_new(city.roads, ROADS_EMERGENCY, ROADS_TO, GOALS);
    struct roads_goal goals[GOALS];
    for (uint32_t i = 0; i < GOALS; i++) {
        goals[i].node = ROADS_NOWHERE;
    }
    uint32_t ms[GOALS];
    struct told told;
    for (int round = 0; round < 300; round++) {
        for (int moves = 0; moves < 40; moves++) {
            uint32_t i = random_below(GOALS);
            goals[i] = (struct roads_goal){random_below(city.plain.nodes), random_below(5000)};
            if (random_below(4) == 0) {
                roads_crowd_remove(crowd, i);
                goals[i].node = ROADS_NOWHERE;
            } else {
                roads_crowd_put(crowd, i, goals[i]);
            }
        }
        uint32_t node = random_below(city.plain.nodes);
        told = (struct told){.wanted = 1 + random_below(30)};
        roads_nearest(city.search, crowd, node, 0, tell, &told);
        size_t reached = roads_reach(city.search, ROADS_EMERGENCY, ROADS_TO, node, goals, GOALS,
                                     (struct roads_stop){.count = told.wanted, .bound_ms = 0}, ms);
        assert_int_equal(told.count, reached);
        for (size_t i = 0; i < told.count; i++) {
            assert_int_equal(ms[told.ids[i]], told.ms[i]);
            bool in_order = i == 0 || told.ms[i - 1] < told.ms[i] ||
                            (told.ms[i - 1] == told.ms[i] && told.ids[i - 1] < told.ids[i]);
            assert_true(in_order);
        }
    }
    roads_crowd_free(crowd);
}

static void test_paths_are_joined_and_add_up(void **state)
{
    (void)state;
    if (city.roads == NULL) {
        skip();
    }
    for (int round = 0; round < PATHS; round++) {
        uint32_t from = random_below(city.plain.nodes);
        uint32_t to = round % 4 == 0 ? (from + random_below(30)) % city.plain.nodes
                                     : random_below(city.plain.nodes);
        int weight = round % 2;
        if (round % 10 == 0) {
            (void)plain_search(&city.plain, weight, false, roads_id_of(city.roads, from), NULL, 0);
        }
        const uint32_t *arcs = NULL;
        uint32_t ms = 0;
        size_t count = roads_path(city.search, (enum roads_weight)weight, from, to, &arcs, &ms);
        uint32_t at = from;
        uint32_t sum = 0;
        for (size_t i = 0; i < count; i++) {
            struct roads_arc arc = roads_arc(city.roads, arcs[i]);
            assert_int_equal(arc.from, at);
            at = arc.to;
            sum += arc.ms[weight];
        }
        assert_int_equal(at, to);
        assert_int_equal(sum, ms);
        if (round % 10 == 0) {
            assert_int_equal(ms, city.plain.ms[roads_id_of(city.roads, to)]);
        }
    }
}

static void test_calls_snap_where_the_pack_says(void **state)
{
    (void)state;
    if (city.roads == NULL) {
        skip();
    }
    char path[1100];
    (void)snprintf(path, sizeof path, "%s/calls_1.csv.gz", city.folder);
    gzFile file = gzopen(path, "rb");
    assert_non_null(file);
    char line[256];
    assert_non_null(gzgets(file, line, sizeof line));
    size_t calls = 0;
    size_t other_node = 0;
    while (gzgets(file, line, sizeof line) != NULL) {
        struct gx_point place;
        unsigned node = 0;
        double access_s = 0;
        assert_int_equal(sscanf(line, "%*u,%*f,%lf,%lf,%*d,%*f,%u,%lf", &place.lon, &place.lat,
                                &node, &access_s),
                         4);
        struct roads_snap snap;
        assert_true(roads_snap(city.roads, ROADS_EMERGENCY, place, 1e9, &snap));
        uint32_t wanted = roads_node_of(city.roads, node);
        /* The pack's nearest was taken in another projection: nobody may be nearer than ours, and few differ. */
        double pack_m = gx_geo_distance_m(place, roads_place(city.roads, wanted));
        assert_true(snap.metres <= pack_m);
        other_node += snap.node != wanted ? 1 : 0;
        if (snap.node == wanted) {
            assert_true(fabs(snap.ms / 1000.0 - access_s) < 0.005 * access_s + 0.2);
        }
        calls++;
    }
    (void)gzclose(file);
    (void)fprintf(stderr, "%zu of %zu calls snap to another node than the pack's\n", other_node,
                  calls);
    assert_true(calls == 5000 && other_node < 50);
    struct roads_snap snap;
    assert_false(roads_snap(city.roads, ROADS_EMERGENCY, (struct gx_point){0, 0}, 5000, &snap));
    assert_false(
        roads_snap(city.roads, ROADS_EMERGENCY, (struct gx_point){174.75, -37.5}, 5000, &snap));
}

static void test_foot_is_symmetric_and_slow(void **state)
{
    (void)state;
    if (city.roads == NULL) {
        skip();
    }
    for (int round = 0; round < 20; round++) {
        uint32_t from = random_below(city.plain.nodes);
        struct roads_goal goal = {(from + random_below(500)) % city.plain.nodes, 0};
        uint32_t there = 0;
        uint32_t back = 0;
        struct roads_stop stop = {0};
        size_t reached =
            roads_reach(city.search, ROADS_FOOT, ROADS_TO, from, &goal, 1, stop, &there);
        (void)roads_reach(city.search, ROADS_FOOT, ROADS_FROM, from, &goal, 1, stop, &back);
        assert_int_equal(there, back);
        if (reached == 1) {
            double metres = gx_geo_distance_m(roads_place(city.roads, from),
                                              roads_place(city.roads, goal.node));
            assert_true(there >= metres * 3600 / 5 * 0.99);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_it_is_there),
        cmocka_unit_test(test_tables_equal_plain_dijkstra_on_all_nodes),
        cmocka_unit_test(test_reach_finds_the_nearest_with_their_offsets),
        cmocka_unit_test(test_crowd_gives_the_same_while_it_moves),
        cmocka_unit_test(test_paths_are_joined_and_add_up),
        cmocka_unit_test(test_calls_snap_where_the_pack_says),
        cmocka_unit_test(test_foot_is_symmetric_and_slow),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
