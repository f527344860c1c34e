/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One match (candidates by force and rules, ranked by travel time, picked for the places) among N people of one force that stand as a city's
 * do, beside a raw GEOSEARCH 3 km COUNT 20 and PostGIS's 20 nearest with the same filters, one after the other at the same places. What the
 * match finds is compared with a look at everybody.
 *     bench-match NAME PEOPLE MATCHES     prints lines match.NAME.<metric>
 * Environment: BENCH_REDIS (path), BENCH_PG (a superuser's conninfo). No PostGIS there: that yardstick is left out, loudly.
 */
#include "bench.h"
#include "choice.h"
#include "index.h"
#include "live.h"
#include "search.h"

#include "base/clock.h"
#include "base/id.h"
#include "cache/redis.h"

#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    AREA = 53011201,
    DISTRICTS = 60,
    PIPELINE = 200,
    WANTED = 2,
    CHECKED = 20, /* matches compared with everybody */
    ENOUGH = 20,
    PER_PLACE = 12,                 /* as by default */
    FOUND = PER_PLACE * WANTED + 4, /* so many end a search */
    ARENA = 1 << 22,
};
static const struct gx_point CENTRE = {102.66, 25.03};
static const double HALF_DEGREES = 0.18; /* a box of some 40 km */
static const struct travel_straight SPEEDS = {1.4, 8.3, 2.5, 4.0, 1.5};
static const char KEY[] = "bench:match";

struct someone {
    char id[GX_ID_SIZE];
    struct gx_point place;
    bool busy;
    bool off_shift;
    bool stale;
    bool skilled;
};

struct town {
    struct someone *people;
    size_t count;
    struct gx_point districts[DISTRICTS];
    double spread[DISTRICTS]; /* degrees */
    int64_t now;
    struct live *live;
    struct gx_travel travel;
    struct decide *decide;
    redisContext *redis;
    PGconn *pg; /* NULL: no PostGIS */
    struct bench_samples match_us;
    struct bench_samples busy_match_us; /* while positions come in */
    struct bench_samples geosearch_us;
    struct bench_samples postgis_us;
};

/* ---- the town ---- */

static double draw(double from, double to)
{
    static uint64_t seed = 20261124;
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return from + (to - from) * (double)(seed >> 11) / 9007199254740992.0;
}

static double normal(void)
{
    return sqrt(-2.0 * log(draw(1e-12, 1.0))) * cos(draw(0.0, 2.0 * M_PI));
}

static struct gx_point anywhere(void)
{
    return (struct gx_point){CENTRE.lon + draw(-HALF_DEGREES, HALF_DEGREES),
                             CENTRE.lat + draw(-HALF_DEGREES, HALF_DEGREES)};
}

/* Four of five in a quarter of the town, the first ones the most, the others anywhere. */
static struct gx_point somewhere(const struct town *town)
{
    if (draw(0, 5) < 1.0) {
        return anywhere();
    }
    size_t i = (size_t)(draw(0, 1) * draw(0, 1) * DISTRICTS);
    double x = town->districts[i].lon + normal() * town->spread[i];
    double y = town->districts[i].lat + normal() * town->spread[i];
    bool inside = fabs(x - CENTRE.lon) < HALF_DEGREES && fabs(y - CENTRE.lat) < HALF_DEGREES;
    return inside ? (struct gx_point){x, y} : anywhere();
}

static void add_to_live(struct town *town, const struct someone *one, const char *org)
{
    char shift[GX_ID_SIZE];
    char offer[GX_ID_SIZE];
    const struct person_skill skill = {"first_aid", INT64_MAX};
    const struct live_responder facts = {
        .id = one->id,
        .org_id = org,
        .call_sign = "unit-00000",
        .area = AREA,
        .force = GENXI__FORCE__FORCE_PATROL,
        .crew = 1,
        .active = true,
        .insured_until_at = INT64_MAX,
        .skills = &skill,
        .skill_count = one->skilled ? 1 : 0,
        .changed_at = 1,
    };
    const struct live_shift duty = {gx_id_new(shift), one->id, 1, 2, one->off_shift ? 3 : 2, 1};
    const struct live_hold hold = {HOLD_OFFER, gx_id_new(offer), 1};
    const struct live_place place = {one->id, one->place,
                                     one->stale ? town->now - 300000 : town->now};
    live_put_responder(town->live, &facts);
    live_put_shift(town->live, &duty);
    if (one->busy) {
        live_hold(town->live, one->id, &hold);
    }
    live_learn(town->live, &place, 1);
}

static void settle(struct town *town)
{
    char org[GX_ID_SIZE];
    const struct live_org facts = {.id = gx_id_new(org), .active = true, .changed_at = 1};
    for (size_t i = 0; i < DISTRICTS; i++) {
        town->districts[i] = anywhere();
        town->spread[i] = draw(0.003, 0.02);
    }
    live_put_org(town->live, &facts);
    for (size_t i = 0; i < town->count; i++) {
        struct someone *one = &town->people[i];
        *one = (struct someone){.place = somewhere(town),
                                .busy = draw(0, 10) < 3,
                                .off_shift = draw(0, 20) < 1,
                                .stale = draw(0, 20) < 1,
                                .skilled = draw(0, 2) < 1};
        (void)gx_id_new(one->id);
        add_to_live(town, one, org);
    }
}

/* ---- the match ---- */

static const char *const SKILLS[] = {"first_aid"};
static const struct slot_need NEED = {GENXI__FORCE__FORCE_PATROL, SKILLS, 1, 1};

static struct search_result search(struct town *town, struct gx_ctx *ctx, struct gx_point at)
{
    static const struct slot_need *const needs[] = {&NEED};
    const uint32_t wanted[] = {WANTED};
    const struct occasion occasion = {.incident_id = "",
                                      .area = AREA,
                                      .place = at,
                                      .site_id = "",
                                      .violent = true,
                                      .now = town->now};
    const struct search_query query = {
        .live = town->live,
        .travel = &town->travel,
        .occasion = &occasion,
        .needs = needs,
        .wanted = wanted,
        .slot_count = 1,
        .limits = {.rules = {.fix_fresh_ms = 120000},
                   .radius_max_m = 15000,
                   .travel_max_seconds = 1800,
                   .enough = ENOUGH,
                   .per_place = PER_PLACE},
    };
    struct search_result result;
    gx_ctx_reset(ctx);
    bench_must(search_run(ctx, &query, &result) == GX_OK, "search", "");
    return result;
}

static size_t match(struct town *town, struct gx_ctx *ctx, struct gx_point at,
                    struct search_result *ret_result)
{
    struct search_result result = search(town, ctx, at);
    const struct choice_slot slot = {.places = WANTED, .open = true, .target_s = 300};
    const struct choice_query query = {
        .decide = town->decide,
        .found = &result,
        .slots = &slot,
        .slot_count = 1,
        .grade = 3,
        .same_seconds = 20,
        .load_seconds = 10,
    };
    struct choice choice;
    bench_must(choice_run(&ctx->arena, &query, &choice) == GX_OK, "memory", "");
    *ret_result = result;
    size_t chosen = 0;
    for (size_t i = 0; i < result.count; i++) {
        chosen += choice.bound[i] == 0 ? 1 : 0;
    }
    return chosen;
}

static int rising(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

/* By a look at everybody: the nearest that fit are those that were found, and as many. */
static void check(const struct town *town, struct gx_point at, const struct search_result *result)
{
    double *all = malloc((town->count + 1) * sizeof *all);
    double found[512];
    size_t all_count = 0;
    size_t found_count = 0;
    bench_must(all != NULL, "memory", "");
    for (size_t i = 0; i < town->count; i++) {
        const struct someone *one = &town->people[i];
        double metres = gx_geo_distance_m(one->place, at);
        bool fit = !one->busy && !one->off_shift && !one->stale && one->skilled;
        if (fit && ceil(metres * SPEEDS.detour / SPEEDS.patrol_mps) <= 1800) {
            all[all_count++] = metres;
        }
    }
    for (size_t i = 0; i < result->count && found_count < 512; i++) {
        if (result->views[i].rule == RULE_NONE && !result->views[i].too_far) {
            found[found_count++] = gx_geo_distance_m(result->persons[i].fix, at);
        }
    }
    qsort(all, all_count, sizeof *all, rising);
    qsort(found, found_count, sizeof *found, rising);
    size_t expected = FOUND;
    bench_must(found_count == (all_count < expected ? all_count : expected), "wrong",
               "number found");
    for (size_t i = 0; i < found_count; i++) {
        bench_must(fabs(found[i] - all[i]) < 1e-6, "wrong", "not the nearest");
    }
    free(all);
}

/* ---- the yardsticks ---- */

static void fill_redis(struct town *town)
{
    freeReplyObject(redisCommand(town->redis, "DEL %s", KEY));
    for (size_t from = 0; from < town->count; from += PIPELINE) {
        size_t end = from + PIPELINE < town->count ? from + PIPELINE : town->count;
        for (size_t i = from; i < end; i++) {
            const struct someone *one = &town->people[i];
            (void)redisAppendCommand(town->redis, "GEOADD %s %.7f %.7f %s", KEY, one->place.lon,
                                     one->place.lat, one->id);
        }
        for (size_t i = from; i < end; i++) {
            void *reply = NULL;
            bench_must(redisGetReply(town->redis, &reply) == REDIS_OK, "GEOADD",
                       town->redis->errstr);
            freeReplyObject(reply);
        }
    }
}

static void geosearch(struct town *town, struct gx_point at)
{
    redisReply *reply =
        redisCommand(town->redis, "GEOSEARCH %s FROMLONLAT %.7f %.7f BYRADIUS 3 km ASC COUNT 20",
                     KEY, at.lon, at.lat);
    bench_must(reply != NULL && reply->type == REDIS_REPLY_ARRAY, "GEOSEARCH",
               reply == NULL ? town->redis->errstr : "no list");
    freeReplyObject(reply);
}

static bool run_sql(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);
    bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return good;
}

/* Metres on the map of that zone (UTM 48 north), so that the index orders by what is asked. */
static const char UNIT_TABLE[] =
    "DROP TABLE IF EXISTS bench.unit;"
    "CREATE UNLOGGED TABLE bench.unit (id uuid PRIMARY KEY, lon float8, lat float8, force int, "
    "busy boolean, on_shift boolean, skilled boolean, fix_at bigint, geom geometry(Point, 32648))";
static const char UNIT_PLACES[] =
    "UPDATE bench.unit SET geom = ST_Transform(ST_SetSRID(ST_MakePoint(lon, lat), 4326), 32648)";
static const char UNIT_QUERY[] =
    "SELECT id FROM bench.unit WHERE force = 3 AND NOT busy AND on_shift AND skilled AND fix_at > "
    "$3::bigint ORDER BY geom <-> ST_Transform(ST_SetSRID(ST_MakePoint($1::float8, $2::float8), "
    "4326), 32648) LIMIT 20";

static void copy_units(struct town *town)
{
    char line[256];
    PGresult *result = PQexec(town->pg, "COPY bench.unit (id, lon, lat, force, busy, on_shift, "
                                        "skilled, fix_at) FROM STDIN");
    bench_must(PQresultStatus(result) == PGRES_COPY_IN, "COPY", PQerrorMessage(town->pg));
    PQclear(result);
    for (size_t i = 0; i < town->count; i++) {
        const struct someone *one = &town->people[i];
        int size = snprintf(line, sizeof line, "%s\t%.10g\t%.10g\t3\t%c\t%c\t%c\t%lld\n", one->id,
                            one->place.lon, one->place.lat, one->busy ? 't' : 'f',
                            one->off_shift ? 'f' : 't', one->skilled ? 't' : 'f',
                            (long long)(one->stale ? town->now - 300000 : town->now));
        bench_must(PQputCopyData(town->pg, line, size) == 1, "COPY", PQerrorMessage(town->pg));
    }
    bench_must(PQputCopyEnd(town->pg, NULL) == 1, "COPY", PQerrorMessage(town->pg));
    while ((result = PQgetResult(town->pg)) != NULL) {
        bench_must(PQresultStatus(result) == PGRES_COMMAND_OK, "COPY", PQerrorMessage(town->pg));
        PQclear(result);
    }
}

static void fill_postgis(struct town *town)
{
    PGconn *pg = PQconnectdb(bench_env("BENCH_PG"));
    bench_must(PQstatus(pg) == CONNECTION_OK, "postgres", PQerrorMessage(pg));
    (void)run_sql(pg, "SET client_min_messages = warning");
    if (!run_sql(pg, "CREATE EXTENSION IF NOT EXISTS postgis")) {
        (void)fprintf(stderr, "SKIPPED: PostGIS, for want of the extension: %s",
                      PQerrorMessage(pg));
        PQfinish(pg);
        return;
    }
    town->pg = pg;
    bench_must(run_sql(pg, "CREATE SCHEMA IF NOT EXISTS bench") && run_sql(pg, UNIT_TABLE),
               "tables", PQerrorMessage(pg));
    copy_units(town);
    bench_must(run_sql(pg, UNIT_PLACES) &&
                   run_sql(pg, "CREATE INDEX ON bench.unit USING gist (geom)") &&
                   run_sql(pg, "VACUUM ANALYZE bench.unit"),
               "index", PQerrorMessage(pg));
    PGresult *result = PQprepare(pg, "nearest", UNIT_QUERY, 3, NULL);
    bench_must(PQresultStatus(result) == PGRES_COMMAND_OK, "nearest", PQerrorMessage(pg));
    PQclear(result);
}

static void postgis(struct town *town, struct gx_point at)
{
    char words[3][32];
    const char *const params[] = {words[0], words[1], words[2]};
    (void)snprintf(words[0], sizeof words[0], "%.8g", at.lon);
    (void)snprintf(words[1], sizeof words[1], "%.8g", at.lat);
    (void)snprintf(words[2], sizeof words[2], "%lld", (long long)town->now - 120000);
    PGresult *result = PQexecPrepared(town->pg, "nearest", 3, params, NULL, NULL, 0);
    bench_must(PQresultStatus(result) == PGRES_TUPLES_OK, "nearest", PQerrorMessage(town->pg));
    PQclear(result);
}

/* ---- measuring ---- */

static void measure(struct town *town, size_t matches)
{
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, ARENA);
    for (size_t i = 0; i < matches; i++) {
        struct gx_point at = somewhere(town);
        struct search_result result;
        int64_t begin_us = gx_clock_mono_us();
        size_t picked = match(town, &ctx, at, &result);
        bench_add(&town->match_us, gx_clock_mono_us() - begin_us);
        bench_must(picked <= WANTED, "wrong", "picked too many");
        if (i < CHECKED) {
            check(town, at, &result);
        }
        begin_us = gx_clock_mono_us();
        geosearch(town, at);
        bench_add(&town->geosearch_us, gx_clock_mono_us() - begin_us);
        if (town->pg != NULL) {
            begin_us = gx_clock_mono_us();
            postgis(town, at);
            bench_add(&town->postgis_us, gx_clock_mono_us() - begin_us);
        }
    }
    gx_ctx_done(&ctx);
}

struct mover {
    struct town *town;
    atomic_bool over;
    size_t moved;
};

/* Fixes in batches of 50 as fast as they go: what a match has to live with. */
static void *keep_moving(void *arg)
{
    struct mover *mover = arg;
    struct live_place places[50];
    int64_t at = mover->town->now;
    while (!atomic_load(&mover->over)) {
        at++;
        for (size_t i = 0; i < 50; i++) {
            const struct someone *one =
                &mover->town->people[(mover->moved + i * 7919) % mover->town->count];
            double by = (at & 1) != 0 ? 0.0001 : -0.0001;
            places[i] = (struct live_place){
                one->id, {one->place.lon + by, one->place.lat + by}, one->stale ? 1 : at};
        }
        live_learn(mover->town->live, places, 50);
        mover->moved += 50;
    }
    return NULL;
}

static double measure_busy(struct town *town, size_t matches)
{
    struct gx_ctx ctx;
    struct mover mover = {.town = town};
    pthread_t thread;
    gx_ctx_init(&ctx, ARENA);
    bench_must(pthread_create(&thread, NULL, keep_moving, &mover) == 0, "thread", "");
    int64_t from_us = gx_clock_mono_us();
    for (size_t i = 0; i < matches; i++) {
        struct search_result result;
        int64_t begin_us = gx_clock_mono_us();
        (void)match(town, &ctx, somewhere(town), &result);
        bench_add(&town->busy_match_us, gx_clock_mono_us() - begin_us);
    }
    double seconds = (double)(gx_clock_mono_us() - from_us) / 1e6;
    atomic_store(&mover.over, true);
    (void)pthread_join(thread, NULL);
    gx_ctx_done(&ctx);
    return (double)mover.moved / seconds;
}

static double resident_bytes(void)
{
    char line[256];
    long long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    bench_must(file != NULL, "open", "/proc/self/status");
    while (fgets(line, sizeof line, file) != NULL && sscanf(line, "VmRSS: %lld", &kib) != 1) {
    }
    (void)fclose(file);
    return (double)kib * 1024;
}

static double redis_bytes(redisContext *redis)
{
    long long value = 0;
    redisReply *reply = redisCommand(redis, "INFO memory");
    bench_must(reply != NULL && reply->type == REDIS_REPLY_STRING, "INFO", redis->errstr);
    const char *at = strstr(reply->str, "used_memory:");
    bench_must(at != NULL && sscanf(at, "used_memory:%lld", &value) == 1, "INFO", "used_memory");
    freeReplyObject(reply);
    return (double)value;
}

/* All of them as the matcher keeps them in Redis, and out again; bytes of each. */
static double write_index(struct town *town)
{
    char address[256];
    struct gx_redis *redis = NULL;
    struct live_change changes[1000];
    size_t count = 0;
    size_t cursor = 0;
    double before = redis_bytes(town->redis);
    (void)snprintf(address, sizeof address, "unix:%s", bench_env("BENCH_REDIS"));
    bench_must(gx_redis_open(address, NULL, &redis) == GX_OK, "redis", address);
    struct index *index = index_new(redis);
    live_change_all(town->live, LIVE_TO_INDEX);
    while ((count = live_changes(town->live, LIVE_TO_INDEX, changes, 1000)) > 0) {
        bench_must(index_write(index, changes, count) == GX_OK, "index", address);
    }
    double after = redis_bytes(town->redis);
    do {
        bench_must(index_sweep(index, &cursor, INT64_MAX, NULL, NULL) == GX_OK, "index", address);
    } while (cursor != 0);
    index_free(index);
    return (after - before) / (double)town->count;
}

static void print(struct town *town, const char *prefix)
{
    double match_us = (double)bench_percentile(&town->match_us, 0.5);
    double geosearch_us = (double)bench_percentile(&town->geosearch_us, 0.5);
    bench_line(prefix, "p50_us", match_us, "us");
    bench_line(prefix, "p99_us", (double)bench_percentile(&town->match_us, 0.99), "us");
    bench_line(prefix, "geosearch_p50_us", geosearch_us, "us");
    bench_line(prefix, "ratio_p50", match_us / geosearch_us, "ratio");
    if (town->pg != NULL) {
        double postgis_us = (double)bench_percentile(&town->postgis_us, 0.5);
        bench_line(prefix, "postgis_p50_us", postgis_us, "us");
        bench_line(prefix, "ratio_postgis_p50", match_us / postgis_us, "ratio");
    }
}

int main(int argc, char **argv)
{
    char prefix[64];
    bench_must(argc == 4, "usage", "bench-match NAME PEOPLE MATCHES");
    struct town town = {.count = bench_number(argv[2], 5000000), .now = gx_clock_wall_ms()};
    size_t matches = bench_number(argv[3], 100000);
    (void)snprintf(prefix, sizeof prefix, "match.%s", argv[1]);
    town.people = calloc(town.count, sizeof *town.people);
    bench_must(town.people != NULL, "memory", "");
    memset(town.people, 1, town.count * sizeof *town.people); /* resident before it is measured */
    town.live = live_new();
    town.decide = decide_new();
    town.travel = travel_straight_line(&SPEEDS);
    double before = resident_bytes();
    settle(&town);
    double matcher_bytes = (resident_bytes() - before) / (double)town.count;
    town.redis = redisConnectUnix(bench_env("BENCH_REDIS"));
    bench_must(town.redis != NULL && town.redis->err == 0, "redis", "");
    fill_redis(&town);
    fill_postgis(&town);
    measure(&town, matches);
    print(&town, prefix);
    double moved = measure_busy(&town, matches);
    bench_line(prefix, "moving_p50_us", (double)bench_percentile(&town.busy_match_us, 0.5), "us");
    bench_line(prefix, "moving_p99_us", (double)bench_percentile(&town.busy_match_us, 0.99), "us");
    bench_line(prefix, "moving_rate", moved, "fixes/s");
    freeReplyObject(redisCommand(town.redis, "DEL %s", KEY));
    bench_line(prefix, "responder_bytes", matcher_bytes + write_index(&town), "bytes");
    if (town.pg != NULL) {
        (void)run_sql(town.pg, "DROP TABLE bench.unit");
        PQfinish(town.pg);
    }
    redisFree(town.redis);
    live_free(town.live);
    decide_free(town.decide);
    free(town.people);
    return 0;
}
