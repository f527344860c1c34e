/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random little networks full of what a city has seldom: rings without a junction, loops back to where they began, parallel and
 * timeless arcs, dead ends. Tables, reach and paths equal plain Dijkstra's. And what tags say of ways, as a table.
 */
#include "check.h"

#include "plain_roads.h"
#include "roads/classes.h"
#include "roads/draft.h"
#include "roads/internal.h"
#include "roads/osm_way.h"

#include <string.h>

enum {
    ROUNDS = 1500,
    NODES_MAX = 40,
    DENSE_NODES = 110,
    DENSE_ARCS = 20, /* from each node */
    ROOM = 128
};

static uint32_t random_below(uint32_t below)
{
    static uint64_t state = 0x2545f4914f6cdd1dULL;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

static void add_arc(struct roads_draft *draft, uint32_t from, uint32_t to, uint32_t most_ms)
{
    struct roads_draft_arc arc = {.from = from, .to = to, .decimetres = 10};
    arc.ms[0] = random_below(most_ms);
    arc.ms[1] = random_below(most_ms);
    arc.class = ROADS_CLASS_primary;
    roads_draft_add_arc(draft, arc);
}

/* A line of nodes through `from`, one way or two ways, perhaps closed to a ring. */
static void add_line(struct roads_draft *draft, uint32_t from, uint32_t most_ms)
{
    uint32_t length = 1 + random_below(6);
    bool two_ways = random_below(3) > 0;
    uint32_t at = from;
    for (uint32_t i = 0; i < length && draft->node_count < NODES_MAX; i++) {
        int32_t spot = (int32_t)random_below(100000);
        uint32_t next = roads_draft_add_node(
            draft, (struct roads_draft_node){.place = {spot, (int32_t)random_below(100000)},
                                             .id = (uint32_t)draft->node_count,
                                             .flags = ROADS_NODE_ACCESS});
        add_arc(draft, at, next, most_ms);
        if (two_ways) {
            add_arc(draft, next, at, most_ms);
        }
        at = next;
    }
    uint32_t end = random_below(4) == 0 ? from : random_below((uint32_t)draft->node_count);
    if (!two_ways || random_below(3) > 0) {
        add_arc(draft, at, end, most_ms);
        if (two_ways) {
            add_arc(draft, end, at, most_ms);
        }
    }
}

static void make_network(struct roads_draft *draft)
{
    roads_draft_init(draft);
    (void)roads_draft_add_node(draft, (struct roads_draft_node){.flags = ROADS_NODE_ACCESS});
    uint32_t most_ms =
        random_below(3) == 0 ? 3 : 5000; /* few different times: many ties, many zeros */
    uint32_t lines = 1 + random_below(7);
    for (uint32_t i = 0; i < lines; i++) {
        add_line(draft, random_below((uint32_t)draft->node_count), most_ms);
    }
    for (uint32_t i = random_below(3); i > 0 && draft->arc_count > 0; i--) { /* parallel ones */
        struct roads_draft_arc arc = draft->arcs[random_below((uint32_t)draft->arc_count)];
        add_arc(draft, arc.from, arc.to, most_ms);
    }
}

/* The cleaned draft as the yardstick sees it: by position, which is not the graph's number. */
static void plain_of(const struct roads_draft *draft, struct plain_roads *plain)
{
    *plain = (struct plain_roads){.nodes = (uint32_t)draft->node_count};
    plain->arcs = calloc(draft->arc_count + 1, sizeof *plain->arcs);
    assert_non_null(plain->arcs);
    for (size_t i = 0; i < draft->arc_count; i++) {
        const struct roads_draft_arc *arc = &draft->arcs[i];
        plain->arcs[plain->arc_count++] =
            (struct plain_arc){arc->from, arc->to, {arc->ms[0], arc->ms[1]}};
    }
    plain_prepare(plain);
}

static uint32_t path_sum(struct roads_search *search, const struct roads *roads,
                         enum roads_weight weight, uint32_t from, uint32_t to)
{
    const uint32_t *arcs = NULL;
    uint32_t ms = 0;
    uint32_t sum = 0;
    size_t count = roads_path(search, weight, from, to, &arcs, &ms);
    for (size_t i = 0; i < count; i++) {
        struct roads_arc arc = roads_arc(roads, arcs[i]);
        assert_int_equal(arc.from, from);
        from = arc.to;
        sum += arc.ms[weight];
    }
    assert_int_equal(from, to);
    assert_int_equal(sum, ms);
    return ms;
}

static void compare(const struct roads_draft *draft, const struct roads *roads,
                    struct plain_roads *plain)
{
    struct roads_search *search = roads_search_new(roads);
    uint32_t ms[ROOM];
    uint32_t reached[ROOM];
    uint32_t rows[3 * ROOM];
    struct roads_goal goals[ROOM];
    for (uint32_t n = 0; n < plain->nodes; n++) {
        goals[n] = (struct roads_goal){roads_node_of(roads, draft->nodes[n].id), 0};
    }
    for (uint32_t n = 0; n < plain->nodes; n++) {
        for (int kind = 0; kind < 4; kind++) {
            enum roads_weight weight = (enum roads_weight)(kind % 2);
            enum roads_direction way = kind < 2 ? ROADS_TO : ROADS_FROM;
            (void)plain_search(plain, kind % 2, kind < 2, n, NULL, 0);
            roads_table(search, weight, way, goals[n].node, ms);
            /* A bound, or the hierarchy would answer here too. */
            struct roads_stop stop = {.bound_ms = ROADS_MS_MAX};
            size_t count =
                roads_reach(search, weight, way, goals[n].node, goals, plain->nodes, stop, reached);
            assert_int_equal(count, plain->nodes);
            uint32_t nodes[3] = {goals[0].node, goals[n].node, goals[n / 2].node};
            roads_matrix(search, weight, way, nodes, 3, goals, plain->nodes, rows);
            for (uint32_t m = 0; m < plain->nodes; m++) {
                assert_int_equal(rows[plain->nodes + m], plain->ms[m]);
                assert_int_equal(ms[goals[m].node], plain->ms[m]);
                assert_int_equal(reached[m], plain->ms[m]);
            }
            if (way == ROADS_TO) {
                uint32_t from = random_below(plain->nodes);
                uint32_t time = path_sum(search, roads, weight, goals[from].node, goals[n].node);
                assert_int_equal(time, plain->ms[from]);
            }
        }
    }
    roads_search_free(search);
}

/* Cleans the draft, makes the graph of it and compares them; the graph's junctions, 0 when nothing was left. */
static uint32_t compare_draft(struct roads_draft *draft, uint32_t *ret_core)
{
    struct roads_dropped dropped;
    if (roads_draft_clean(draft, &dropped, NULL) != GX_OK) {
        return 0;
    }
    struct plain_roads plain;
    struct roads *roads = NULL;
    struct roads_fault fault = {0};
    size_t bytes = 0;
    void *image = roads_draft_image(draft, &bytes);
    if (roads_from_image(&image, bytes, &roads, &fault) != GX_OK) {
        fail_msg("%s", fault.value);
    }
    plain_of(draft, &plain);
    compare(draft, roads, &plain);
    uint32_t junctions = roads_about(roads).junctions;
    *ret_core = roads->header->core[0];
    plain_free(&plain);
    roads_free(roads);
    return junctions;
}

static void test_random_networks_equal_plain_dijkstra(void **state)
{
    (void)state;
    size_t compared = 0;
    size_t rings = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct roads_draft draft;
        uint32_t core = 0;
        make_network(&draft);
        uint32_t junctions = compare_draft(&draft, &core);
        compared += junctions > 0 ? 1 : 0;
        rings += junctions == 1 ? 1 : 0;
        roads_draft_done(&draft);
    }
    assert_true(compared > ROUNDS / 2 && rings > 10);
}

static void test_dense_networks_keep_a_core_and_equal_plain_dijkstra(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        struct roads_draft draft;
        roads_draft_init(&draft);
        for (uint32_t n = 0; n < DENSE_NODES; n++) {
            (void)roads_draft_add_node(
                &draft, (struct roads_draft_node){.place = {(int32_t)n, 0}, .id = n});
        }
        for (uint32_t i = 0; i < DENSE_NODES * DENSE_ARCS; i++) {
            /* Each node's arcs all take about as long, so that hardly any is superfluous. */
            add_arc(&draft, i % DENSE_NODES, random_below(DENSE_NODES), 100);
        }
        uint32_t core = 0;
        assert_true(compare_draft(&draft, &core) > DENSE_NODES / 2);
        assert_true(core > 0);
        roads_draft_done(&draft);
    }
}

static void test_islands_are_dropped_and_loops_with_them(void **state)
{
    (void)state;
    struct roads_draft draft;
    roads_draft_init(&draft);
    for (uint32_t n = 0; n < 7; n++) {
        (void)roads_draft_add_node(&draft,
                                   (struct roads_draft_node){.place = {(int32_t)n, 0}, .id = n});
    }
    static const uint32_t ARCS[][2] = {{0, 1}, {1, 2}, {2, 0}, {2, 3}, {4, 5}, {5, 4}, {1, 1}};
    for (size_t i = 0; i < sizeof ARCS / sizeof ARCS[0]; i++) {
        add_arc(&draft, ARCS[i][0], ARCS[i][1], 100);
    }
    roads_draft_add_walk(&draft, (struct roads_draft_walk){5, 6, 10});
    struct roads_dropped dropped;
    assert_int_equal(roads_draft_clean(&draft, &dropped, NULL), GX_OK);
    assert_int_equal(dropped.loops, 1);
    assert_int_equal(dropped.car_nodes, 3);
    assert_int_equal(dropped.foot_nodes, 0);
    assert_int_equal(dropped.nodes, 2); /* 3 and 4; 5 and 6 are walked */
    assert_int_equal(draft.arc_count, 3);
    roads_draft_done(&draft);
}

struct ruling {
    const char *tags[8]; /* key, value, ... */
    bool forward;
    bool backward;
    bool foot;
    unsigned kmh[2];
};

static void test_tags_say_who_may_go_where_how_fast(void **state)
{
    (void)state;
    static const struct ruling RULINGS[] = {
        {{"highway", "residential"}, true, true, true, {36, 25}},
        {{"highway", "primary_link", "oneway", "yes"}, true, false, true, {47, 33}},
        {{"highway", "tertiary", "oneway", "-1"}, false, true, true, {47, 33}},
        {{"highway", "tertiary", "oneway", "reversible"}, false, false, true, {0, 0}},
        {{"highway", "motorway"}, true, false, false, {91, 64}},
        {{"highway", "motorway", "oneway", "no"}, true, true, false, {91, 64}},
        {{"highway", "trunk", "foot", "yes"}, true, true, true, {64, 45}},
        {{"highway", "secondary", "junction", "roundabout"}, true, false, true, {47, 33}},
        {{"highway", "primary", "maxspeed", "20"}, true, true, true, {28, 20}},
        {{"highway", "primary", "maxspeed", "10 mph"}, true, true, true, {22, 16}},
        {{"highway", "primary", "maxspeed", "120"}, true, true, true, {47, 33}},
        {{"highway", "primary", "maxspeed", "none"}, true, true, true, {47, 33}},
        {{"highway", "primary", "maxspeed", "2"}, true, true, true, {47, 33}},
        {{"highway", "primary", "maxspeed", "20;40"}, true, true, true, {47, 33}},
        {{"highway", "primary", "maxspeed", "99999999999999999999"}, true, true, true, {47, 33}},
        {{"highway", "service", "access", "no"}, false, false, false, {0, 0}},
        {{"highway", "service", "access", "private", "foot", "yes"}, false, false, true, {0, 0}},
        {{"highway", "service", "access", "no", "motor_vehicle", "yes"},
         true,
         true,
         false,
         {22, 15}},
        {{"highway", "service", "motor_vehicle", "no"}, false, false, true, {0, 0}},
        {{"highway", "footway"}, false, false, true, {0, 0}},
        {{"highway", "footway", "motor_vehicle", "yes"}, false, false, true, {0, 0}},
        {{"highway", "pedestrian", "area", "yes"}, false, false, false, {0, 0}},
        {{"highway", "construction"}, false, false, false, {0, 0}},
        {{"railway", "rail"}, false, false, false, {0, 0}},
    };
    for (size_t i = 0; i < sizeof RULINGS / sizeof RULINGS[0]; i++) {
        const struct ruling *r = &RULINGS[i];
        struct roads_osm_tags tags = {0};
        for (size_t k = 0; k < 8 && r->tags[k] != NULL; k += 2) {
            roads_osm_tag(&tags, roads_osm_key(r->tags[k], strlen(r->tags[k])), r->tags[k + 1],
                          strlen(r->tags[k + 1]));
        }
        struct roads_osm_way way = {0};
        bool usable = roads_osm_judge_way(&tags, &way);
        bool right = usable == (r->forward || r->backward || r->foot) &&
                     (!usable || (way.forward == r->forward && way.backward == r->backward &&
                                  way.foot == r->foot &&
                                  (!(r->forward || r->backward) ||
                                   (way.kmh[0] == r->kmh[0] && way.kmh[1] == r->kmh[1]))));
        if (!right) {
            fail_msg("%s=%s %s=%s: %d %d %d %u %u", r->tags[0], r->tags[1],
                     r->tags[2] == NULL ? "" : r->tags[2], r->tags[2] == NULL ? "" : r->tags[3],
                     way.forward, way.backward, way.foot, way.kmh[0], way.kmh[1]);
        }
    }
    static const struct {
        const char *barrier;
        const char *access;
        bool blocks;
    } NODES[] = {{"bollard", "", true},     {"bollard", "yes", false}, {"gate", "", false},
                 {"gate", "private", true}, {"", "private", false},    {"kerb", "", false}};
    for (size_t i = 0; i < sizeof NODES / sizeof NODES[0]; i++) {
        struct roads_osm_tags tags = {0};
        roads_osm_tag(&tags, ROADS_KEY_BARRIER, NODES[i].barrier, strlen(NODES[i].barrier));
        roads_osm_tag(&tags, ROADS_KEY_ACCESS, NODES[i].access, strlen(NODES[i].access));
        assert_true(roads_osm_blocks_cars(&tags) == NODES[i].blocks);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_networks_equal_plain_dijkstra),
        cmocka_unit_test(test_dense_networks_keep_a_core_and_equal_plain_dijkstra),
        cmocka_unit_test(test_islands_are_dropped_and_loops_with_them),
        cmocka_unit_test(test_tags_say_who_may_go_where_how_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
