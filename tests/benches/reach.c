/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The road search beside plain Dijkstra on the same places in the same run, and the road beside the straight line.
 *     bench-reach PACK [ROUNDS]
 */
#include "bench.h"

#include "plain_roads.h"
#include "roads/draft.h"
#include "roads/roads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum {
    PLACES_MAX = 2000,
    CALLS_MAX = 25000,
    SLOTS = 200,
    UNITS_MAX = 2000
};

struct call {
    struct gx_point place;
    uint32_t id; /* the pack's node */
};

struct unit {
    struct gx_point place;
    uint32_t id;
    bool police;
};

struct stage {
    struct plain_roads plain;
    struct roads *roads;
    struct roads_search *search;
    struct call *calls;
    size_t call_count;
    struct unit units[UNITS_MAX];
    size_t unit_count;
};

static int64_t now_ns(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static uint32_t random_below(uint32_t below)
{
    static uint64_t state = 0x9e3779b97f4a7c15ULL;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

static void load_calls(struct stage *s, const char *folder)
{
    s->calls = calloc(CALLS_MAX, sizeof *s->calls);
    bench_must(s->calls != NULL, "memory", "calls");
    for (int stream = 1; stream <= 5; stream++) {
        char name[32];
        char line[512];
        (void)snprintf(name, sizeof name, "calls_%d.csv", stream);
        gzFile file = plain_table(folder, name);
        while (file != NULL && s->call_count < CALLS_MAX &&
               gzgets(file, line, sizeof line) != NULL) {
            struct call *call = &s->calls[s->call_count++];
            bench_must(sscanf(line, "%*u,%*f,%lf,%lf,%*d,%*f,%u", &call->place.lon,
                              &call->place.lat, &call->id) == 3 &&
                           call->id < s->plain.nodes,
                       "a call", line);
        }
        if (file != NULL) {
            (void)gzclose(file);
        }
    }
    bench_must(s->call_count > 0, "no calls in", folder);
}

static void load_units(struct stage *s, const char *folder)
{
    gzFile file = plain_table(folder, "units.csv");
    bench_must(file != NULL, "no units.csv in", folder);
    char line[512];
    while (s->unit_count < UNITS_MAX && gzgets(file, line, sizeof line) != NULL) {
        struct unit *unit = &s->units[s->unit_count++];
        char kind[32];
        bench_must(sscanf(line, "%*u,%31[^,],%*d,%u,%lf,%lf", kind, &unit->id, &unit->place.lon,
                          &unit->place.lat) == 4 &&
                       unit->id < s->plain.nodes,
                   "a unit", line);
        unit->police = strcmp(kind, "police") == 0;
    }
    (void)gzclose(file);
}

/* Those told of, until enough are. */
struct told {
    size_t count;
    size_t wanted;
    uint32_t last_ms;
    bool right; /* each as the yardstick has it */
    const uint32_t *truth_ms;
};

static bool tell(void *self, uint32_t id, uint32_t ms)
{
    struct told *told = self;
    told->count++;
    told->last_ms = ms;
    told->right = told->right && (told->truth_ms == NULL || told->truth_ms[id] == ms);
    return told->count < told->wanted;
}

struct duel {
    const char *name;
    uint32_t units;
    size_t wanted;
};

static void report(const char *name, struct bench_samples *plain, struct bench_samples *kept,
                   struct bench_samples *told)
{
    char prefix[64];
    (void)snprintf(prefix, sizeof prefix, "reach%s%s", name[0] == '\0' ? "" : ".", name);
    static const double SHARES[] = {0.5, 0.99};
    static const char *const MARKS[] = {"p50", "p99"};
    for (int i = 0; i < 2; i++) {
        char word[48];
        double base = (double)bench_percentile(plain, SHARES[i]) / 1000.0;
        double ours = (double)bench_percentile(kept, SHARES[i]) / 1000.0;
        (void)snprintf(word, sizeof word, "dijkstra_%s_us", MARKS[i]);
        bench_line(prefix, word, base, "us");
        (void)snprintf(word, sizeof word, "search_%s_us", MARKS[i]);
        bench_line(prefix, word, ours, "us");
        (void)snprintf(word, sizeof word, "ratio_%s", MARKS[i]);
        bench_line(prefix, word, ours / base, "x");
        if (told != NULL) {
            (void)snprintf(word, sizeof word, "told_all_%s_us", MARKS[i]);
            bench_line(prefix, word, (double)bench_percentile(told, SHARES[i]) / 1000.0, "us");
        }
    }
}

/* `wanted` of so many units at random places, one incident after another: yardstick, kept crowd, all goals told anew. */
static void duel(struct stage *s, const struct duel *duel, size_t rounds, bool headline)
{
    struct roads_goal goals[PLACES_MAX];
    uint32_t ids[PLACES_MAX];
    uint32_t ms[PLACES_MAX];
    uint32_t truth[PLACES_MAX];
    uint16_t *here = calloc(s->plain.nodes, sizeof *here);
    bench_must(here != NULL, "memory", duel->name);
    struct roads_crowd *crowd = roads_crowd_new(s->roads, ROADS_EMERGENCY, ROADS_TO, duel->units);
    struct bench_samples plain = {0};
    struct bench_samples kept = {0};
    struct bench_samples anew = {0};
    for (uint32_t i = 0; i < duel->units; i++) {
        ids[i] = random_below(s->plain.nodes);
        here[ids[i]]++;
        goals[i] = (struct roads_goal){roads_node_of(s->roads, ids[i]), 0};
        roads_crowd_put(crowd, i, goals[i]);
    }
    struct roads_stop stop = {.count = duel->wanted};
    for (size_t round = 0; round < rounds; round++) {
        uint32_t id = s->calls[round % s->call_count].id;
        uint32_t node = roads_node_of(s->roads, id);
        int64_t start = now_ns();
        (void)plain_search(&s->plain, 0, true, id, here, duel->wanted);
        int64_t middle = now_ns();
        struct told told = {.wanted = duel->wanted, .right = true};
        roads_nearest(s->search, crowd, node, 0, tell, &told);
        int64_t later = now_ns();
        size_t reached =
            roads_reach(s->search, ROADS_EMERGENCY, ROADS_TO, node, goals, duel->units, stop, ms);
        bench_add(&anew, now_ns() - later);
        bench_add(&plain, middle - start);
        bench_add(&kept, later - middle);
        for (uint32_t i = 0; i < duel->units; i++) {
            truth[i] = s->plain.ms[ids[i]];
        }
        struct told again = {.wanted = duel->wanted, .right = true, .truth_ms = truth};
        roads_nearest(s->search, crowd, node, 0, tell, &again);
        bench_must(again.right && told.count == duel->wanted && reached == told.count,
                   "another answer than Dijkstra's", duel->name);
    }
    if (headline) {
        report("", &plain, &kept, NULL);
    }
    report(duel->name, &plain, &kept, &anew);
    bench_free(&plain);
    bench_free(&kept);
    bench_free(&anew);
    roads_crowd_free(crowd);
    free(here);
}

static void whole_graph(struct stage *s, size_t rounds)
{
    uint32_t *ms = calloc(s->plain.nodes, sizeof *ms);
    bench_must(ms != NULL, "memory", "whole");
    struct bench_samples plain = {0};
    struct bench_samples table = {0};
    for (size_t round = 0; round < rounds; round++) {
        uint32_t id = s->calls[round * 37 % s->call_count].id;
        int64_t start = now_ns();
        (void)plain_search(&s->plain, 0, true, id, NULL, 0);
        int64_t middle = now_ns();
        roads_table(s->search, ROADS_EMERGENCY, ROADS_TO, roads_node_of(s->roads, id), ms);
        bench_add(&table, now_ns() - middle);
        bench_add(&plain, middle - start);
        for (uint32_t n = 0; n < s->plain.nodes; n++) {
            uint32_t node = roads_node_of(s->roads, n);
            bench_must(node == ROADS_NOWHERE || ms[node] == s->plain.ms[n],
                       "another answer than Dijkstra's", "whole graph");
        }
    }
    report("whole", &plain, &table, NULL);
    bench_free(&plain);
    bench_free(&table);
    free(ms);
}

/* One open incident after another, all units at home: who is nearest by road and who as the crow flies. */
static void against_the_crow(struct stage *s, bool police, const char *prefix)
{
    enum roads_weight weight = police ? ROADS_EMERGENCY : ROADS_NORMAL;
    struct roads_goal goals[UNITS_MAX];
    const struct unit *units[UNITS_MAX];
    uint32_t ms[UNITS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < s->unit_count; i++) {
        if (s->units[i].police == police) {
            units[count] = &s->units[i];
            goals[count++] = (struct roads_goal){roads_node_of(s->roads, s->units[i].id), 0};
        }
    }
    if (count == 0) {
        return;
    }
    size_t differ = 0;
    double saved_ms = 0;
    for (size_t i = 0; i < s->call_count; i++) {
        const struct call *call = &s->calls[i];
        (void)roads_reach(s->search, weight, ROADS_TO, roads_node_of(s->roads, call->id), goals,
                          count, (struct roads_stop){0}, ms);
        size_t by_road = 0;
        size_t by_air = 0;
        for (size_t u = 1; u < count; u++) {
            by_road = ms[u] < ms[by_road] ? u : by_road;
            by_air = gx_geo_distance_m(units[u]->place, call->place) <
                             gx_geo_distance_m(units[by_air]->place, call->place)
                         ? u
                         : by_air;
        }
        differ += ms[by_air] != ms[by_road] ? 1 : 0;
        saved_ms += (double)ms[by_air] - ms[by_road];
    }
    bench_line(prefix, "differ_share", (double)differ / (double)s->call_count, "share");
    bench_line(prefix, "saved_mean_s", saved_ms / 1000.0 / (double)s->call_count, "s");
    bench_line(prefix, "saved_when_differ_s", differ == 0 ? 0 : saved_ms / 1000.0 / (double)differ,
               "s");
}

/* 200 incidents at once, 2,000 units: the whole matrix, and only the 50 nearest of each. */
static void matrix(struct stage *s)
{
    struct roads_goal goals[PLACES_MAX];
    uint32_t nodes[SLOTS];
    uint32_t one[PLACES_MAX];
    uint32_t *all = calloc((size_t)SLOTS * PLACES_MAX, sizeof *all);
    bench_must(all != NULL, "memory", "matrix");
    for (uint32_t i = 0; i < PLACES_MAX; i++) {
        goals[i] = (struct roads_goal){roads_node_of(s->roads, random_below(s->plain.nodes)),
                                       random_below(5000)};
    }
    struct bench_samples whole = {0};
    struct bench_samples fifty = {0};
    for (size_t round = 0; round < 20; round++) {
        for (size_t i = 0; i < SLOTS; i++) {
            uint32_t id = s->calls[(round * SLOTS + i) % s->call_count].id;
            nodes[i] = roads_node_of(s->roads, id);
        }
        int64_t start = now_ns();
        roads_matrix(s->search, ROADS_EMERGENCY, ROADS_TO, nodes, SLOTS, goals, PLACES_MAX, all);
        int64_t middle = now_ns();
        bool right = true;
        for (size_t i = 0; i < SLOTS; i++) {
            (void)roads_reach(s->search, ROADS_EMERGENCY, ROADS_TO, nodes[i], goals, PLACES_MAX,
                              (struct roads_stop){.count = 50}, one);
            for (size_t u = 0; u < PLACES_MAX; u += 7) {
                right = right && (one[u] == ROADS_NEVER || one[u] == all[i * PLACES_MAX + u]);
            }
        }
        bench_add(&fifty, now_ns() - middle);
        bench_add(&whole, middle - start);
        bench_must(right, "the matrix and the search differ", "");
    }
    bench_line("reach.200x2000", "whole_p50_ms", (double)bench_percentile(&whole, 0.5) / 1e6, "ms");
    bench_line("reach.200x2000", "nearest_50_p50_ms", (double)bench_percentile(&fifty, 0.5) / 1e6,
               "ms");
    bench_free(&whole);
    bench_free(&fifty);
    free(all);
}

/* How long a service waits for its graph: mapped, and checked all through. */
static void time_opening(const struct roads *roads)
{
    char path[] = "/tmp/genxi-reach-XXXXXX";
    int file = mkstemp(path);
    struct roads_fault fault = {0};
    bench_must(file >= 0 && roads_write(roads, path, &fault) == GX_OK, "cannot write", path);
    (void)close(file);
    struct roads *mapped = NULL;
    int64_t start = now_ns();
    bench_must(roads_open(path, &mapped, &fault) == GX_OK, "cannot open", path);
    bench_line("reach", "open_ms", (double)(now_ns() - start) / 1e6, "ms");
    roads_free(mapped);
    (void)unlink(path);
}

int main(int argc, char **argv)
{
    bench_must(argc >= 2, "usage: bench-reach PACK [ROUNDS]", "");
    size_t rounds = argc > 2 ? bench_number(argv[2], 1000000) : 2000;
    struct stage s = {0};
    bench_must(plain_load(argv[1], &s.plain), "no nodes.csv, arcs.csv in", argv[1]);
    struct roads_fault fault = {0};
    char text[512];
    int64_t start = now_ns();
    enum gx_rc rc = roads_load_pack(argv[1], &s.roads, &fault);
    bench_must(rc == GX_OK, argv[1], roads_fault_text(&fault, "en", text, sizeof text));
    struct roads_about about = roads_about(s.roads);
    bench_line("reach", "load_ms", (double)(now_ns() - start) / 1e6, "ms");
    bench_line("reach", "nodes", about.nodes, "nodes");
    bench_line("reach", "junctions", about.junctions, "nodes");
    bench_line("reach", "graph_mib", (double)about.bytes / 1048576.0, "MiB");
    time_opening(s.roads);
    s.search = roads_search_new(s.roads);
    load_calls(&s, argv[1]);
    load_units(&s, argv[1]);
    static const struct duel DUELS[] = {
        {"20_of_2000", 2000, 20}, {"5_of_2000", 2000, 5}, {"20_of_500", 500, 20}};
    for (size_t i = 0; i < sizeof DUELS / sizeof DUELS[0]; i++) {
        duel(&s, &DUELS[i], rounds, i == 0);
    }
    whole_graph(&s, rounds / 20 + 1);
    matrix(&s);
    against_the_crow(&s, true, "reach");
    against_the_crow(&s, false, "reach.normal");
    roads_search_free(s.search);
    roads_free(s.roads);
    plain_free(&s.plain);
    free(s.calls);
    return 0;
}
