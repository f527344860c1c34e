/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real day: the tracks of a city's vehicles as responders, its police incidents put onto that day by their local time. For each incident the
 * five nearest free units (last believed fix at most 300 s old, none that is engaged) as the matcher finds them equal a scan of everybody.
 */
#include "check.h"

#include "live.h"
#include "search.h"

#include "base/clock.h"
#include "base/id.h"

#include <math.h>
#include <string.h>
#include <zlib.h>

enum {
    AREA = 53011201,
    UNITS_MAX = 1000,
    INCIDENTS_MAX = 2000,
    NEAREST = 5,
    FRESH_MS = 300000,
    DAY_MS = 86400000,
    HOUR_MS = 3600000,
};
static const struct travel_straight SPEEDS = {1.4, 8.3, 2.5, 4.0, 1.5};
static const struct live_limits LIMITS = {
    .fix = {.future_ms = 5000, .speed_mps = 70, .gap_ms = 120000, .now_ms = 60000},
    .thin_ms = 30000,
};

struct unit {
    char name[16];
    char id[GX_ID_SIZE];
    char hold[GX_ID_SIZE];
    uint32_t number;
    struct gx_point place;
    int64_t at; /* of the last believed fix; 0: none */
    bool busy;
};

struct point {
    struct unit *unit;
    int64_t at;
    struct gx_point place;
    bool busy;
};

struct incident {
    int64_t at;
    struct gx_point place;
};

struct world {
    struct live *live;
    struct gx_ctx ctx;
    struct gx_travel travel;
    struct unit units[UNITS_MAX];
    size_t unit_count;
    struct incident incidents[INCIDENTS_MAX];
    size_t incident_count;
    int64_t day; /* local midnight of the tracks' day, Unix ms */
    int64_t now;
    size_t believed;
    size_t refused;
    size_t full; /* incidents with five free units */
};

static struct world world;

static void add_unit(struct unit *unit, const char *name, const char *org)
{
    char shift[GX_ID_SIZE];
    struct key key;
    struct live_who who;
    *unit = (struct unit){.at = 0};
    (void)snprintf(unit->name, sizeof unit->name, "%s", name);
    (void)gx_id_new(unit->id);
    (void)gx_id_new(unit->hold);
    const struct live_responder facts = {.id = unit->id,
                                         .org_id = org,
                                         .call_sign = unit->name,
                                         .site_id = "",
                                         .area = AREA,
                                         .force = GENXI__FORCE__FORCE_PATROL,
                                         .crew = 1,
                                         .active = true,
                                         .insured_until_at = INT64_MAX,
                                         .changed_at = 1};
    const struct live_shift duty = {
        gx_id_new(shift), unit->id, 1, 2, GENXI__SHIFT_STATE__SHIFT_STATE_OPEN, 1};
    live_put_responder(world.live, &facts);
    live_put_shift(world.live, &duty);
    assert_true(key_parse(unit->id, &key));
    live_who(world.live, &key, 1, 1, &who);
    unit->number = who.number;
}

static struct unit *unit_of(const char *name)
{
    static char org[GX_ID_SIZE];
    for (size_t i = 0; i < world.unit_count; i++) {
        if (strcmp(world.units[i].name, name) == 0) {
            return &world.units[i];
        }
    }
    if (world.unit_count == 0) {
        const struct live_org facts = {.id = gx_id_new(org), .active = true, .changed_at = 1};
        live_put_org(world.live, &facts);
    }
    assert_true(world.unit_count < UNITS_MAX);
    struct unit *unit = &world.units[world.unit_count++];
    add_unit(unit, name, org);
    return unit;
}

static bool read_point(gzFile file, struct point *ret_point)
{
    char line[256];
    char name[16];
    char time[GX_TIME_TEXT_SIZE];
    int busy = 0;
    if (gzgets(file, line, sizeof line) == NULL) {
        return false;
    }
    assert_int_equal(sscanf(line, "%15[^,],%24[^,],%lf,%lf,%d", name, time, &ret_point->place.lon,
                            &ret_point->place.lat, &busy),
                     5);
    assert_int_equal(gx_time_parse(time, &ret_point->at), 0);
    ret_point->unit = unit_of(name);
    ret_point->busy = busy == 1;
    return true;
}

static int earlier(const void *a, const void *b)
{
    const struct incident *x = a;
    const struct incident *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* In that city's winter, eight hours behind UTC. */
static void read_incidents(const char *path)
{
    gzFile file = gzopen(path, "rb");
    char line[1024];
    assert_non_null(file);
    assert_non_null(gzgets(file, line, sizeof line));
    while (gzgets(file, line, sizeof line) != NULL) {
        struct incident incident;
        char time[GX_TIME_TEXT_SIZE];
        int64_t at = 0;
        if (sscanf(line, "%*[^,],%24[^,],%lf,%lf", time, &incident.place.lon,
                   &incident.place.lat) != 3) {
            continue; /* without a place */
        }
        assert_int_equal(gx_time_parse(time, &at), 0);
        incident.at = world.day + (at - 8 * (int64_t)HOUR_MS) % DAY_MS;
        assert_true(world.incident_count < INCIDENTS_MAX);
        world.incidents[world.incident_count++] = incident;
    }
    (void)gzclose(file);
    qsort(world.incidents, world.incident_count, sizeof *world.incidents, earlier);
}

static void hold(struct unit *unit, bool busy, int64_t at)
{
    const struct live_hold kept = {HOLD_ASSIGNMENT, unit->hold, at};
    if (busy) {
        live_hold(world.live, unit->id, &kept);
    } else {
        live_release(world.live, unit->id, unit->hold, at);
    }
    unit->busy = busy;
}

static void take(const struct point *point)
{
    struct unit *unit = point->unit;
    struct live_fix fix = {
        .number = unit->number, .fix = {point->place, point->at}, .use = FIX_NOW};
    live_take(world.live, &fix, 1, world.now, &LIMITS);
    if (fix.use != FIX_NOW) {
        world.refused++;
        return;
    }
    world.believed++;
    unit->place = point->place;
    unit->at = point->at;
    if (point->busy != unit->busy) {
        hold(unit, point->busy, point->at);
    }
}

/* ---- the two answers ---- */

/* By another formula than the product's. */
static double metres_between(struct gx_point a, struct gx_point b)
{
    double rad = M_PI / 180.0;
    double x[3] = {cos(a.lat * rad) * cos(a.lon * rad), cos(a.lat * rad) * sin(a.lon * rad),
                   sin(a.lat * rad)};
    double y[3] = {cos(b.lat * rad) * cos(b.lon * rad), cos(b.lat * rad) * sin(b.lon * rad),
                   sin(b.lat * rad)};
    double chord = hypot(hypot(x[0] - y[0], x[1] - y[1]), x[2] - y[2]);
    return 2.0 * 6371008.8 * asin(chord / 2.0);
}

static size_t scan(const struct incident *incident, double nearest[NEAREST])
{
    size_t count = 0;
    for (size_t i = 0; i < world.unit_count; i++) {
        const struct unit *unit = &world.units[i];
        if (unit->at == 0 || unit->busy || incident->at - unit->at > FRESH_MS) {
            continue;
        }
        double metres = metres_between(unit->place, incident->place);
        if (count == NEAREST && metres >= nearest[NEAREST - 1]) {
            continue;
        }
        size_t at = count < NEAREST ? count++ : NEAREST - 1;
        for (; at > 0 && nearest[at - 1] > metres; at--) {
            nearest[at] = nearest[at - 1];
        }
        nearest[at] = metres;
    }
    return count;
}

static size_t find(const struct incident *incident, double nearest[NEAREST])
{
    static const struct slot_need NEED = {GENXI__FORCE__FORCE_PATROL, NULL, 0, 1};
    static const struct slot_need *const needs[] = {&NEED};
    const uint32_t wanted[] = {1};
    const struct occasion occasion = {.incident_id = "",
                                      .area = AREA,
                                      .place = incident->place,
                                      .site_id = "",
                                      .now = incident->at};
    const struct search_query query = {
        .live = world.live,
        .travel = &world.travel,
        .occasion = &occasion,
        .needs = needs,
        .wanted = wanted,
        .slot_count = 1,
        .limits = {.rules = {.fix_fresh_ms = FRESH_MS},
                   .radius_max_m = 100000,
                   .travel_max_seconds = 100000,
                   .enough = NEAREST},
    };
    struct search_result result;
    size_t count = 0;
    gx_ctx_reset(&world.ctx);
    assert_int_equal(search_run(&world.ctx, &query, &result), GX_OK);
    for (size_t i = 0; i < result.count && count < NEAREST; i++) {
        if (result.views[i].rule == RULE_NONE) {
            nearest[count++] = metres_between(result.persons[i].fix, incident->place);
        }
    }
    return count;
}

static void compare(const struct incident *incident)
{
    double found[NEAREST] = {0};
    double truth[NEAREST] = {0};
    size_t found_count = find(incident, found);
    assert_int_equal(found_count, scan(incident, truth));
    for (size_t i = 0; i < found_count; i++) {
        assert_true(fabs(found[i] - truth[i]) < 0.01);
    }
    world.full += found_count == NEAREST;
}

static void test_the_five_nearest_are_those_of_a_scan(void **state)
{
    (void)state;
    char incidents[1024];
    const char *path = shared_file("data/incidents-sanfrancisco-open.csv.gz");
    if (path == NULL) {
        skip();
    }
    (void)snprintf(incidents, sizeof incidents, "%s", path);
    path = shared_file("data/tracks-sfcab-open.csv.gz");
    if (path == NULL) {
        skip();
    }
    gzFile tracks = gzopen(path, "rb");
    char header[256];
    struct point point;
    size_t next = 0;
    assert_non_null(tracks);
    assert_non_null(gzgets(tracks, header, sizeof header));
    while (read_point(tracks, &point)) {
        if (world.day == 0) { /* the first point is of local midnight */
            world.day = point.at;
            read_incidents(incidents);
        }
        for (; next < world.incident_count && world.incidents[next].at < point.at; next++) {
            compare(&world.incidents[next]);
        }
        world.now = point.at > world.now ? point.at : world.now;
        take(&point);
    }
    (void)gzclose(tracks);
    print_message("%zu units, %zu fixes believed, %zu not, %zu incidents, %zu with five free\n",
                  world.unit_count, world.believed, world.refused, next, world.full);
    assert_int_equal(next, world.incident_count);
    assert_true(world.full > 900);
}

static int setup(void **state)
{
    (void)state;
    world.live = live_new();
    world.travel = travel_straight_line(&SPEEDS);
    gx_ctx_init(&world.ctx, 1 << 22);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    live_free(world.live);
    gx_ctx_done(&world.ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_five_nearest_are_those_of_a_scan),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
