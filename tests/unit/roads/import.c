/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up town in three forms gives the graph that it is; broken and hostile files give a fault that says where. */
#include "check.h"

#include "pbf_writer.h"
#include "roads/check.h"
#include "roads/format.h"
#include "roads/import.h"
#include "roads/internal.h"
#include "town.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct town town;
static struct plain_roads truth;
static char folder[64];

static const char *path_of(const char *name)
{
    static char path[4][256];
    static int turn;
    turn = (turn + 1) % 4;
    (void)snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/genxi-roads-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(mkdir(path_of("pack"), 0700), 0);
    town_build(&town);
    town_plain(&town, &truth);
    town_write_pack(&town, path_of("pack"));
    town_write_osm(&town, path_of("town.osm"));
    town_write_pbf(&town, path_of("dense.osm.pbf"), true);
    town_write_pbf(&town, path_of("plain.osm.pbf"), false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const FILES[] = {
        "pack/nodes.csv", "pack/arcs.csv", "pack/city.csv", "town.osm",
        "dense.osm.pbf",  "plain.osm.pbf", "bad",           "a.roads",
        "b.roads",        "bad.osm",       "bad.osm.pbf"};
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        (void)unlink(path_of(FILES[i]));
    }
    (void)rmdir(path_of("pack"));
    plain_free(&truth);
    return rmdir(folder);
}

static struct roads *import(const char *name, struct roads_import_counts *counts)
{
    struct roads_import import = {.path = path_of(name)};
    struct roads *roads = NULL;
    struct roads_fault fault = {0};
    if (roads_import(&import, &roads, counts, &fault) != GX_OK) {
        char text[256];
        fail_msg("%s: %s", name, roads_fault_text(&fault, "en", text, sizeof text));
    }
    return roads;
}

/* The graph's node at the place of the town's, ROADS_NOWHERE when it was left out. */
static uint32_t node_at(const struct roads *roads, size_t at)
{
    for (uint32_t n = 0; n < roads_about(roads).nodes; n++) {
        struct gx_point p = roads_place(roads, n);
        if (p.lon == town.nodes[at].lon7 / 1e7 && p.lat == town.nodes[at].lat7 / 1e7) {
            return n;
        }
    }
    return ROADS_NOWHERE;
}

static void check_times(const struct roads *roads)
{
    struct roads_search *search = roads_search_new(roads);
    uint32_t *ms = calloc(roads_about(roads).nodes, sizeof *ms);
    uint32_t node[TOWN_NODES_MAX];
    size_t compared = 0;
    for (size_t i = 0; i < town.node_count; i++) {
        node[i] = node_at(roads, i);
        uint32_t first = 0;
        if (node[i] != ROADS_NOWHERE && roads_arcs_from(roads, node[i], &first) == first) {
            node[i] = ROADS_NOWHERE; /* on foot only */
        }
    }
    for (uint32_t i = 0; i < town.node_count; i++) {
        for (int k = 0; k < 4 && node[i] != ROADS_NOWHERE; k++) {
            (void)plain_search(&truth, k % 2, k < 2, i, NULL, 0);
            roads_table(search, (enum roads_weight)(k % 2), k < 2 ? ROADS_TO : ROADS_FROM, node[i],
                        ms);
            for (size_t n = 0; n < town.node_count; n++) {
                if (node[n] != ROADS_NOWHERE) {
                    assert_int_equal(ms[node[n]], truth.ms[n]);
                    compared += truth.ms[n] != UINT32_MAX ? 1 : 0;
                }
            }
        }
    }
    assert_true(compared > 4 * 100 * 100);
    free(ms);
    roads_search_free(search);
}

static void test_all_forms_give_the_town(void **state)
{
    (void)state;
    static const char *const FORMS[] = {"pack", "town.osm", "dense.osm.pbf", "plain.osm.pbf"};
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        struct roads_import_counts counts;
        struct roads *roads = import(FORMS[i], &counts);
        /* The island, what lies behind the hole, and the western ends of the two one-way streets. */
        assert_int_equal(counts.dropped.car_nodes, 8);
        assert_true(counts.is_osm == (i > 0));
        if (counts.is_osm) {
            assert_int_equal(counts.osm.ways, town.street_count);
            assert_int_equal(counts.osm.roads, town.street_count - 1);
            assert_int_equal(counts.osm.missing_nodes, 1);
            assert_int_equal(counts.dropped.foot_nodes, 4);
            assert_non_null(strstr(roads_about(roads).attribution, "OpenStreetMap"));
        }
        check_times(roads);
        roads_free(roads);
    }
}

static char *read_all(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *data = calloc(1, 1 << 20);
    assert_non_null(data);
    *ret_size = fread(data, 1, 1 << 20, file);
    (void)fclose(file);
    return data;
}

static void write_all(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    (void)fclose(file);
}

static void test_osm_and_pbf_give_the_same_file(void **state)
{
    (void)state;
    static const char *const FORMS[] = {"town.osm", "dense.osm.pbf", "plain.osm.pbf"};
    char *files[3];
    size_t sizes[3];
    for (size_t i = 0; i < 3; i++) {
        struct roads_import import = {.path = path_of(FORMS[i]), .name = "演示镇"};
        struct roads *roads = NULL;
        struct roads_import_counts counts;
        struct roads_fault fault = {0};
        assert_int_equal(roads_import(&import, &roads, &counts, &fault), GX_OK);
        assert_int_equal(roads_write(roads, path_of("a.roads"), &fault), GX_OK);
        roads_free(roads);
        files[i] = read_all(path_of("a.roads"), &sizes[i]);
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_int_equal(sizes[0], sizes[2]);
    assert_memory_equal(files[0], files[1], sizes[0]);
    assert_memory_equal(files[0], files[2], sizes[0]);
    struct roads *mapped = NULL;
    struct roads_fault fault = {0};
    assert_int_equal(roads_open(path_of("a.roads"), &mapped, &fault), GX_OK);
    assert_string_equal(roads_about(mapped).name, "演示镇");
    check_times(mapped);
    roads_free(mapped);
    for (size_t i = 0; i < 3; i++) {
        free(files[i]);
    }
}

static uint32_t walk_between(const struct roads *roads, size_t from, size_t to)
{
    struct roads_search *search = roads_search_new(roads);
    struct roads_goal goal = {node_at(roads, from), 0};
    uint32_t ms = 0;
    (void)roads_reach(search, ROADS_FOOT, ROADS_TO, node_at(roads, to), &goal, 1,
                      (struct roads_stop){0}, &ms);
    roads_search_free(search);
    return ms;
}

static void test_people_walk_against_one_way_and_on_footways_only_they_use(void **state)
{
    (void)state;
    struct roads_import_counts counts;
    struct roads *roads = import("town.osm", &counts);
    size_t pairs[][2] = {{town_cell(1, 2), town_cell(1, 3)},  /* a footway */
                         {town_cell(4, 4), town_cell(5, 4)},  /* one way */
                         {town_cell(4, 8), town_cell(5, 8)}}; /* a bollard */
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        double metres = gx_geo_distance_m(roads_place(roads, node_at(roads, pairs[i][0])),
                                          roads_place(roads, node_at(roads, pairs[i][1])));
        uint32_t there = walk_between(roads, pairs[i][0], pairs[i][1]);
        assert_int_equal(there, walk_between(roads, pairs[i][1], pairs[i][0]));
        assert_true(there > metres * 720 - 80 && there < metres * 720 + 80); /* 5 km/h */
    }
    /* Nobody walks on the private column or a motorway: round by the next one. */
    assert_true(walk_between(roads, town_cell(0, 1), town_cell(0, 2)) > 300000);
    assert_true(walk_between(roads, town_cell(6, 1), town_cell(6, 2)) > 300000);
    struct roads_snap snap;
    struct gx_point bollard = roads_place(roads, node_at(roads, town_cell(5, 8)));
    assert_true(roads_snap(roads, ROADS_FOOT, bollard, 1, &snap));
    assert_false(roads_snap(roads, ROADS_NORMAL, bollard, 1, &snap));
    roads_free(roads);
}

static void test_box_cuts_and_names_stay(void **state)
{
    (void)state;
    struct roads_box box;
    assert_int_equal(roads_box_parse("10.003,50.0,10.02,50.01", &box), 0);
    static const char *const WRONG[] = {"",        "1,2,3",       "3,2,1,4",  "1,2,3,4,5",
                                        "1,2,x,4", "181,2,182,4", "1,nan,3,4"};
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        assert_int_equal(roads_box_parse(WRONG[i], &box), -1);
    }
    struct roads_import import = {
        .path = path_of("town.osm"), .name = "镇", .attribution = "made up", .box = &box};
    struct roads *roads = NULL;
    struct roads_import_counts counts;
    struct roads_fault fault = {0};
    assert_int_equal(roads_import(&import, &roads, &counts, &fault), GX_OK);
    struct roads_about about = roads_about(roads);
    assert_true(about.west >= 10.003 && about.east <= 10.02 && about.north <= 50.01);
    assert_true(about.nodes > 30 && about.nodes < town_cell(0, TOWN_ROWS));
    assert_string_equal(about.name, "镇");
    assert_string_equal(about.attribution, "made up");
    roads_free(roads);
    box = (struct roads_box){100, 0, 101, 1};
    assert_int_equal(roads_import(&import, &roads, &counts, &fault), GX_INVALID);
    assert_int_equal(fault.id, ROADS_F_EMPTY);
}

static void must_fail(const char *name, enum roads_fault_id id, const char *where)
{
    struct roads_import import = {.path = path_of(name)};
    struct roads *roads = NULL;
    struct roads_import_counts counts;
    struct roads_fault fault = {0};
    enum gx_rc rc = roads_import(&import, &roads, &counts, &fault);
    if (rc == GX_OK || fault.id != id || strstr(fault.value, where) == NULL) {
        fail_msg("%s: fault %d (%s), not %d (%s)", name, (int)fault.id, fault.value, (int)id,
                 where);
    }
    char text[2][512];
    (void)roads_fault_text(&fault, "en", text[0], sizeof text[0]);
    (void)roads_fault_text(&fault, "zh-CN", text[1], sizeof text[1]);
    assert_true(strcmp(text[0], text[1]) != 0 && strstr(text[1], fault.value) != NULL);
}

static void test_bad_packs_are_refused_by_line(void **state)
{
    (void)state;
    static const struct {
        const char *nodes;
        const char *arcs;
        enum roads_fault_id id;
        const char *where;
    } CASES[] = {
        {"0,10,50,1\n1,10.1,50,1\n", "0,1,1.000,1.000,1.0,primary\n1,0,-1.000,1.000,1.0,primary\n",
         ROADS_F_ROW, "arcs.csv:3: -1.000"},
        {"0,10,50,1\n1,10.1,50,1\n", "0,1,nan,1.000,1.0,primary\n", ROADS_F_ROW, "arcs.csv:2: nan"},
        {"0,10,50,1\n1,10.1,50,1\n", "0,1,1.0000,1.000,1.0,primary\n", ROADS_F_ROW,
         "arcs.csv:2: 1.0000"},
        {"0,10,50,1\n1,10.1,50,1\n", "0,1,1.000,1.000,1.0,canal\n", ROADS_F_ROW, "canal"},
        {"0,10,50,1\n1,10.1,50,1\n", "0,2,1.000,1.000,1.0,primary\n", ROADS_F_ARC_NODE,
         "arcs.csv:2: 2"},
        {"0,10,50,1\n2,10.1,50,1\n", "", ROADS_F_ROW, "nodes.csv:3: 2"},
        {"0,181,50,1\n", "", ROADS_F_ROW, "nodes.csv:2: 181"},
        {"0,10,50\n", "", ROADS_F_ROW, "nodes.csv:2"},
        {"0,10,50,1\n", "", ROADS_F_EMPTY, "0/0"},
        {"", "", ROADS_F_EMPTY, "0/0"},
        {"0,10,50,1\n1,10.1,50,1\n", "0,0,1.000,1.000,1.0,primary\n", ROADS_F_EMPTY, "0/1"},
        {"0,10,50,1\n1,10.1,50,1\n", "0,1,1.000,1.000,1.0,primary\n", ROADS_F_EMPTY, "0/1"},
    };
    char text[512];
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        int size = snprintf(text, sizeof text, "id,lon,lat,access\n%s", CASES[i].nodes);
        write_all(path_of("pack/nodes.csv"), text, (size_t)size);
        size = snprintf(text, sizeof text, "from,to,seconds,seconds_normal,metres,class\n%s",
                        CASES[i].arcs);
        write_all(path_of("pack/arcs.csv"), text, (size_t)size);
        must_fail("pack", CASES[i].id, CASES[i].where);
    }
    write_all(path_of("pack/nodes.csv"), "id,lon\n", 7);
    must_fail("pack", ROADS_F_COLUMNS, "nodes.csv");
    write_all(path_of("pack/city.csv"), "key,value\naccess_kmh,0\n", 23);
    must_fail("pack", ROADS_F_ROW, "city.csv:2: 0");
    (void)unlink(path_of("pack/city.csv"));
    town_write_pack(&town, path_of("pack"));
    must_fail("nowhere.osm", ROADS_F_READ, "nowhere");
    write_all(path_of("bad"), "x", 1);
    must_fail("bad", ROADS_F_KIND, "bad");
}

static void test_bad_xml_is_refused_by_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum roads_fault_id id;
        const char *where;
    } CASES[] = {
        {"", ROADS_F_XML, "1"},
        {"<osm>\n<way>", ROADS_F_XML, "2"},
        {"<osm>\n<node id='x' lat='1' lon='2'/></osm>", ROADS_F_XML_VALUE, "2: x"},
        {"<osm>\n<way id='1'><nd/></way></osm>", ROADS_F_XML_VALUE, "2: "},
        {"<osm><way id='1'><nd ref='1'/><nd ref='2'/><tag k='highway' v='primary'/></way>\n"
         "<node id='1' lat='91' lon='2'/></osm>",
         ROADS_F_XML_VALUE, "2: 91"},
        {"<osm/>", ROADS_F_EMPTY, "0"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        write_all(path_of("bad.osm"), CASES[i].text, strlen(CASES[i].text));
        must_fail("bad.osm", CASES[i].id, CASES[i].where);
    }
}

static void test_pbf_cut_anywhere_is_refused(void **state)
{
    (void)state;
    size_t size = 0;
    char *data = read_all(path_of("dense.osm.pbf"), &size);
    size_t refused = 0;
    for (size_t cut = 0; cut < size; cut++) {
        write_all(path_of("bad.osm.pbf"), data, cut);
        struct roads_import import = {.path = path_of("bad.osm.pbf")};
        struct roads *roads = NULL;
        struct roads_import_counts counts;
        struct roads_fault fault = {0};
        assert_int_not_equal(roads_import(&import, &roads, &counts, &fault), GX_OK);
        bool between = fault.id == ROADS_F_EMPTY || fault.id == ROADS_F_PBF_FIRST;
        assert_true(fault.id == ROADS_F_PBF_CUT || between);
        refused += between ? 0 : 1;
    }
    assert_true(refused + 4 > size); /* all but the ends of whole blobs */
    free(data);
}

/* A PBF of a header and one data blob with this content and this lie. */
static void write_bad(const uint8_t *data, size_t size, bool zlib, const struct pbf_lie *lie)
{
    FILE *file = fopen(path_of("bad.osm.pbf"), "wb");
    assert_non_null(file);
    pbf_write_header(file, "DenseNodes");
    pbf_write_blob(file, "OSMData", data, size, zlib, lie);
    (void)fclose(file);
}

static void test_hostile_pbf_is_refused_by_rule(void **state)
{
    (void)state;
    static const struct {
        struct pbf_lie lie;
        bool zlib;
        enum roads_fault_id id;
    } LIES[] = {
        {{.header_size = 65537}, true, ROADS_F_PBF_HEADER_SIZE},
        {{.header_size = UINT32_MAX}, true, ROADS_F_PBF_HEADER_SIZE},
        {{.datasize = 33554433}, true, ROADS_F_PBF_BLOB_SIZE},
        {{.datasize = -1}, true, ROADS_F_PBF_BLOB_SIZE},
        {{.raw_size = 33554433}, true, ROADS_F_PBF_BLOB_SIZE},
        {{.raw_size = -5}, true, ROADS_F_PBF_BLOB_SIZE},
        {{.raw_size = 3}, true, ROADS_F_PBF_INFLATE},
        {{.raw_size = 300000}, true, ROADS_F_PBF_INFLATE},
        {{.bad_zlib = true}, true, ROADS_F_PBF_INFLATE},
        {{.no_data = true}, false, ROADS_F_PBF_COMPRESSION},
    };
    uint8_t content[5000];
    memset(content, 'x', sizeof content);
    for (size_t i = 0; i < sizeof LIES / sizeof LIES[0]; i++) {
        write_bad(content, sizeof content, LIES[i].zlib, &LIES[i].lie);
        must_fail("bad.osm.pbf", LIES[i].id, "#2 @");
    }
    write_bad(content, sizeof content, false, NULL);
    must_fail("bad.osm.pbf", ROADS_F_PBF_MESSAGE, "#2 @");
    FILE *file = fopen(path_of("bad.osm.pbf"), "wb");
    assert_non_null(file);
    pbf_write_header(file, "HistoricalInformation");
    (void)fclose(file);
    must_fail("bad.osm.pbf", ROADS_F_PBF_FEATURE, "#1: Historical");
    file = fopen(path_of("bad.osm.pbf"), "wb");
    assert_non_null(file);
    pbf_write_blob(file, "OSMData", content, 10, false, NULL);
    (void)fclose(file);
    must_fail("bad.osm.pbf", ROADS_F_PBF_FIRST, "#1 @0");
}

static void test_hostile_blocks_are_refused_by_rule(void **state)
{
    (void)state;
    /* string table {"", "highway", "primary"}, then one group; hand-made so that nothing in it is set right by a library */
    static const uint8_t TABLE[] = "\x0a\x14\x0a\x00\x0a\x07highway\x0a\x07primary";
    static const struct {
        const char *group;
        size_t size;
        enum roads_fault_id id;
    } GROUPS[] = {
        /* way 1: keys {1}, vals {9} */
        {"\x12\x0a\x1a\x08\x08\x01\x12\x01\x01\x1a\x01\x09", 12, ROADS_F_PBF_STRING},
        /* way 1: keys {1}, no vals */
        {"\x12\x07\x1a\x05\x08\x01\x12\x01\x01", 9, ROADS_F_PBF_COLUMNS},
        /* dense: two ids, one lat, one lon */
        {"\x12\x0c\x12\x0a\x0a\x02\x02\x02\x42\x01\x02\x4a\x01\x02", 14, ROADS_F_PBF_COLUMNS},
        /* dense: keys_vals {1} without its value */
        {"\x12\x0e\x12\x0c\x0a\x01\x02\x42\x01\x02\x4a\x01\x02\x52\x01\x01", 16,
         ROADS_F_PBF_COLUMNS},
    };
    for (size_t i = 0; i < sizeof GROUPS / sizeof GROUPS[0]; i++) {
        uint8_t block[64];
        memcpy(block, TABLE, sizeof TABLE - 1);
        memcpy(block + sizeof TABLE - 1, GROUPS[i].group, GROUPS[i].size);
        write_bad(block, sizeof TABLE - 1 + GROUPS[i].size, i % 2 == 0, NULL);
        must_fail("bad.osm.pbf", GROUPS[i].id, "#2 @");
    }
    /* A node that a road needs, north of the pole; then ids whose differences overflow. */
    static const char *const ROAD[] = {"highway", "primary", NULL};
    static const char *const NONE[] = {NULL};
    for (int kind = 0; kind < 4; kind++) {
        struct pbf_writer *w = pbf_writer_new(kind % 2 == 0);
        bool far = kind < 2;
        const int64_t refs[] = {1, far ? 2 : INT64_MIN, 3};
        pbf_writer_node(w, 1, 0, far ? 900000001 : 0, NONE);
        pbf_writer_node(w, 2, INT64_MAX / 4, 0, NONE);
        pbf_writer_way(w, 1, refs, 3, ROAD);
        FILE *file = fopen(path_of("bad.osm.pbf"), "wb");
        assert_non_null(file);
        pbf_write_header(file, "DenseNodes");
        pbf_writer_save(w, file);
        (void)fclose(file);
        must_fail("bad.osm.pbf", ROADS_F_PBF_NUMBER, far ? "#2 @" : "#3 @");
    }
}

/* Whatever a graph says once its checksum holds, questions end and stay inside. */
static void use(const struct roads *roads)
{
    struct roads_about about = roads_about(roads);
    struct roads_search *search = roads_search_new(roads);
    uint32_t *ms = calloc(about.nodes, sizeof *ms);
    assert_non_null(ms);
    const uint32_t *arcs = NULL;
    uint32_t time = 0;
    struct roads_snap snap;
    for (int w = 0; w < ROADS_WEIGHT_COUNT; w++) {
        roads_table(search, (enum roads_weight)w, ROADS_TO, about.nodes / 2, ms);
        roads_table(search, (enum roads_weight)w, ROADS_FROM, about.nodes - 1, ms);
        (void)roads_snap(roads, (enum roads_weight)w, (struct gx_point){10.01, 50.01}, 1e7, &snap);
    }
    for (uint32_t n = 0; n < about.nodes; n += 17) {
        size_t count = roads_path(search, ROADS_NORMAL, n, about.nodes - 1 - n, &arcs, &time);
        for (size_t i = 0; i < count; i++) {
            (void)roads_arc(roads, arcs[i]);
        }
    }
    (void)roads_node_of(roads, 5);
    free(ms);
    roads_search_free(search);
}

static void test_damaged_graph_files_are_refused(void **state)
{
    (void)state;
    struct roads_import_counts counts;
    struct roads *roads = import("town.osm", &counts);
    struct roads_fault fault = {0};
    assert_int_equal(roads_write(roads, path_of("a.roads"), &fault), GX_OK);
    roads_free(roads);
    size_t size = 0;
    char *data = read_all(path_of("a.roads"), &size);
    struct roads_header header;
    memcpy(&header, data, sizeof header);
    size_t opened = 0;
    size_t refused = 0;
    for (size_t at = 0; at < size; at += at < sizeof header ? 1 : 3) {
        data[at] ^= (char)(1 << at % 8);
        if (at % 16 == 0) {
            write_all(path_of("b.roads"), data, size);
            assert_int_not_equal(roads_open(path_of("b.roads"), &roads, &fault), GX_OK);
            write_all(path_of("b.roads"), data, at);
            assert_int_not_equal(roads_open(path_of("b.roads"), &roads, &fault), GX_OK);
        }
        /* Forged: the checksum is made right again. */
        struct roads_header forged;
        memcpy(&forged, data, sizeof forged);
        void *copy = aligned_alloc(64, size);
        assert_non_null(copy);
        memcpy(copy, data, size);
        forged.checksum = roads_checksum(copy, size);
        memcpy(copy, &forged, sizeof forged);
        if (roads_from_image(&copy, size, &roads, &fault) == GX_OK) {
            use(roads);
            roads_free(roads);
            opened++;
        } else {
            refused++;
        }
        data[at] ^= (char)(1 << at % 8);
    }
    assert_true(opened > 100 && refused > 100);
    free(data);
}

static void test_graphs_are_chosen_by_place(void **state)
{
    (void)state;
    struct roads_import_counts counts;
    struct roads *whole = import("town.osm", &counts);
    struct roads_box box;
    assert_int_equal(roads_box_parse("10.009,50.0,10.03,50.02", &box), 0);
    struct roads_import east = {.path = path_of("town.osm"), .box = &box};
    struct roads *part = NULL;
    struct roads_fault fault = {0};
    assert_int_equal(roads_import(&east, &part, &counts, &fault), GX_OK);
    const struct roads *const graphs[] = {part, whole};
    struct roads_snap snap;
    struct gx_point west = {10.0021, 50.0031};
    assert_int_equal(roads_choose(graphs, 2, ROADS_NORMAL, west, 500, &snap), 1);
    struct gx_point middle = roads_place(part, 0);
    assert_int_equal(roads_choose(graphs, 2, ROADS_NORMAL, middle, 500, &snap), 0);
    struct gx_point lake = {10.5, 50.5};
    assert_int_equal(roads_choose(graphs, 2, ROADS_NORMAL, lake, 5000, &snap), -1);
    roads_free(part);
    roads_free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_forms_give_the_town),
        cmocka_unit_test(test_osm_and_pbf_give_the_same_file),
        cmocka_unit_test(test_people_walk_against_one_way_and_on_footways_only_they_use),
        cmocka_unit_test(test_box_cuts_and_names_stay),
        cmocka_unit_test(test_bad_packs_are_refused_by_line),
        cmocka_unit_test(test_bad_xml_is_refused_by_line),
        cmocka_unit_test(test_pbf_cut_anywhere_is_refused),
        cmocka_unit_test(test_hostile_pbf_is_refused_by_rule),
        cmocka_unit_test(test_hostile_blocks_are_refused_by_rule),
        cmocka_unit_test(test_damaged_graph_files_are_refused),
        cmocka_unit_test(test_graphs_are_chosen_by_place),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
