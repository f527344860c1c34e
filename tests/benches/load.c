/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sustained reports: lanes, each of which posts a report over TLS, waits for its first offer on a desk's open stream, cancels the incident so
 * that its people are free again, and goes on. More and more lanes as long as the wait's p99 stays within the goal; beside it, before and after
 * each level, what the same PostgreSQL commits in that shape (a record and an event, one pipelined transaction, as many connections).
 *     bench-load SECONDS LON LAT [LON LAT ...]     one place a lane, in turn
 * Environment: BENCH_URL, BENCH_CA, BENCH_DUTY_KEY, BENCH_PG. Cancelling is work too, and counts for nothing.
 */
#include "base/clock.h"
#include "base/id.h"
#include "bench.h"
#include "web/client.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LANES_MAX = 32,
    PLACES_MAX = 64,
    HEARD = 1 << 14, /* a power of two */
    CONNECTIONS = 8,
    GOAL_P99_MS = 200,
    WAIT_MS = 5000,
    WARM_UP_MS = 1000,
    COMMIT_MS = 1500,
};

/* The first offer of an incident, or who waits for it. A later incident in the same place of the table takes it over. */
struct heard {
    char incident[GX_ID_SIZE];
    int64_t at_us;
    pthread_cond_t *waiting;
};

struct lane {
    struct load *load;
    pthread_t thread;
    pthread_cond_t heard;
    struct gx_client *client;
    double lon;
    double lat;
    size_t reports;
    struct bench_samples waits; /* those that began after the warm-up */
    size_t without;
};

struct load {
    struct gx_client_settings settings;
    struct gx_streams *streams;
    atomic_bool stop;
    pthread_mutex_t lock;
    struct heard *table;
    struct lane lanes[LANES_MAX];
    double places[PLACES_MAX][2];
    size_t place_count;
    int64_t counted_us; /* samples count from here */
    int64_t until_us;
};

/* ---- the desk's stream ---- */

static struct heard *place_of(struct load *load, const char *incident)
{
    uint64_t hash = 1469598103934665603U;
    for (const char *at = incident; *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * 1099511628211U;
    }
    struct heard *heard = &load->table[hash & (HEARD - 1)];
    if (strcmp(heard->incident, incident) != 0) {
        *heard = (struct heard){.at_us = 0};
        (void)snprintf(heard->incident, sizeof heard->incident, "%s", incident);
    }
    return heard;
}

static void on_event(void *arg, void *tag, const struct gx_stream_event *event)
{
    static const char MARK[] = "\"incident_id\":\"";
    struct load *load = arg;
    int64_t now_us = gx_clock_mono_us();
    char incident[GX_ID_SIZE];
    const char *at = strstr(event->data, MARK);
    (void)tag;
    if (strcmp(event->type, "offer.made") != 0 || at == NULL) {
        return;
    }
    (void)snprintf(incident, sizeof incident, "%s", at + sizeof MARK - 1);
    (void)pthread_mutex_lock(&load->lock);
    struct heard *heard = place_of(load, incident);
    heard->at_us = heard->at_us == 0 ? now_us : heard->at_us;
    if (heard->waiting != NULL) {
        (void)pthread_cond_signal(heard->waiting);
    }
    (void)pthread_mutex_unlock(&load->lock);
}

static void *run_streams(void *arg)
{
    struct load *load = arg;
    while (!atomic_load(&load->stop)) {
        (void)gx_streams_run(load->streams, 1000);
    }
    return NULL;
}

static int64_t wait_for(struct lane *lane, const char *incident)
{
    struct load *load = lane->load;
    struct timespec until;
    int late = 0;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_MS / 1000;
    (void)pthread_mutex_lock(&load->lock);
    struct heard *heard = place_of(load, incident);
    heard->waiting = &lane->heard;
    while (late == 0 && strcmp(heard->incident, incident) == 0 && heard->at_us == 0) {
        late = pthread_cond_timedwait(&lane->heard, &load->lock, &until);
    }
    bool still = strcmp(heard->incident, incident) == 0;
    int64_t at_us = still ? heard->at_us : 0;
    if (still) {
        heard->waiting = NULL;
    }
    (void)pthread_mutex_unlock(&load->lock);
    return at_us;
}

/* ---- a lane ---- */

static void post(struct lane *lane, const char *path, json_t *body, long wanted,
                 struct gx_answer *answer)
{
    char key[GX_ID_SIZE];
    *answer = (struct gx_answer){0};
    enum gx_rc rc = gx_client_call(lane->client, "POST", path, body, gx_id_new(key), answer);
    bench_must(rc == GX_OK && answer->status == wanted, path,
               answer->body == NULL ? "no answer" : answer->body);
    json_decref(body);
}

static void one_report(struct lane *lane)
{
    char incident[GX_ID_SIZE];
    char path[96];
    struct gx_answer answer;
    /* Never twice at one place within a merge's time. */
    double east = lane->lon + 0.00001 * (double)(lane->reports % 40);
    double north = lane->lat + 0.00001 * (double)(lane->reports / 40 % 40);
    int64_t begin_us = gx_clock_mono_us();
    post(lane, "/v1/reports",
         json_pack("{s:s, s:f, s:f, s:s}", "type", "dispute", "lon", east, "lat", north, "text",
                   "bench"),
         201, &answer);
    (void)snprintf(incident, sizeof incident, "%s",
                   json_string_value(json_object_get(answer.json, "incident_id")));
    gx_answer_done(&answer);
    int64_t heard_us = wait_for(lane, incident);
    lane->reports++;
    if (begin_us >= lane->load->counted_us) {
        bench_add(&lane->waits, heard_us == 0 ? (int64_t)WAIT_MS * 1000 : heard_us - begin_us);
        lane->without += heard_us == 0 ? 1 : 0;
    }
    (void)snprintf(path, sizeof path, "/v1/incidents/%s/transitions", incident);
    post(lane, path, json_pack("{s:s, s:s}", "to", "cancelled", "reason", "bench"), 200, &answer);
    gx_answer_done(&answer);
}

static void *run_lane(void *arg)
{
    struct lane *lane = arg;
    while (gx_clock_mono_us() < lane->load->until_us) {
        one_report(lane);
    }
    return NULL;
}

/* ---- the yardstick ---- */

struct committer {
    pthread_t thread;
    PGconn *pg;
    int64_t until_us;
    size_t done;
};

static void drain(PGconn *pg)
{
    for (;;) {
        PGresult *result = PQgetResult(pg);
        ExecStatusType status = PQresultStatus(result);
        bench_must(result == NULL || status == PGRES_COMMAND_OK || status == PGRES_PIPELINE_SYNC,
                   "commit", PQerrorMessage(pg));
        PQclear(result);
        if (status == PGRES_PIPELINE_SYNC) {
            return;
        }
    }
}

static void *commit_all(void *arg)
{
    struct committer *self = arg;
    while (gx_clock_mono_us() < self->until_us) {
        char id[GX_ID_SIZE];
        const char *params[] = {gx_id_new(id)};
        bench_must(PQsendQueryPrepared(self->pg, "record", 1, params, NULL, NULL, 0) == 1 &&
                       PQsendQueryPrepared(self->pg, "event", 1, params, NULL, NULL, 0) == 1 &&
                       PQpipelineSync(self->pg) == 1,
                   "send", PQerrorMessage(self->pg));
        drain(self->pg);
        self->done++;
    }
    return NULL;
}

static void run_sql(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);
    bench_must(PQresultStatus(result) == PGRES_COMMAND_OK, sql, PQerrorMessage(pg));
    PQclear(result);
}

static void open_committers(struct committer *committers)
{
    for (size_t i = 0; i < CONNECTIONS; i++) {
        PGconn *pg = PQconnectdb(bench_env("BENCH_PG"));
        bench_must(PQstatus(pg) == CONNECTION_OK, "postgres", PQerrorMessage(pg));
        if (i == 0) {
            run_sql(pg, "SET client_min_messages = warning");
            run_sql(pg, "CREATE SCHEMA IF NOT EXISTS bench");
            run_sql(pg, "DROP TABLE IF EXISTS bench.load_record, bench.load_event");
            run_sql(pg, "CREATE TABLE bench.load_record (id uuid PRIMARY KEY, body text)");
            run_sql(pg, "CREATE TABLE bench.load_event (id uuid PRIMARY KEY, body text)");
        }
        run_sql(pg, "PREPARE record (uuid) AS INSERT INTO bench.load_record VALUES ($1, "
                    "repeat('r', 200))");
        run_sql(pg, "PREPARE event (uuid) AS INSERT INTO bench.load_event VALUES ($1, repeat('e', "
                    "200))");
        bench_must(PQenterPipelineMode(pg) == 1, "pipeline", "");
        committers[i] = (struct committer){.pg = pg};
    }
}

static double commits_a_second(struct committer *committers)
{
    int64_t begin_us = gx_clock_mono_us();
    size_t done = 0;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        committers[i].until_us = begin_us + (int64_t)COMMIT_MS * 1000;
        committers[i].done = 0;
        bench_must(pthread_create(&committers[i].thread, NULL, commit_all, &committers[i]) == 0,
                   "thread", "");
    }
    for (size_t i = 0; i < CONNECTIONS; i++) {
        (void)pthread_join(committers[i].thread, NULL);
        done += committers[i].done;
    }
    return (double)done * 1e6 / (double)(gx_clock_mono_us() - begin_us);
}

/* ---- a level ---- */

struct level {
    double rate; /* reports a second, each with its offer */
    double p50_ms;
    double p99_ms;
    size_t without;
};

static struct level run_level(struct load *load, size_t lanes, int64_t seconds)
{
    struct level level = {.rate = 0};
    struct bench_samples all = {.values = NULL};
    load->counted_us = gx_clock_mono_us() + (int64_t)WARM_UP_MS * 1000;
    load->until_us = load->counted_us + seconds * 1000000;
    for (size_t i = 0; i < lanes; i++) {
        struct lane *lane = &load->lanes[i];
        lane->waits.count = 0;
        lane->without = 0;
        bench_must(pthread_create(&lane->thread, NULL, run_lane, lane) == 0, "thread", "");
    }
    for (size_t i = 0; i < lanes; i++) {
        struct lane *lane = &load->lanes[i];
        (void)pthread_join(lane->thread, NULL);
        for (size_t k = 0; k < lane->waits.count; k++) {
            bench_add(&all, lane->waits.values[k]);
        }
        level.without += lane->without;
    }
    double took = (double)(gx_clock_mono_us() - load->counted_us) / 1e6;
    level.rate = (double)(all.count - level.without) / took;
    level.p50_ms = (double)bench_percentile(&all, 0.5) / 1000;
    level.p99_ms = (double)bench_percentile(&all, 0.99) / 1000;
    bench_free(&all);
    return level;
}

static void open_load(struct load *load)
{
    load->settings = (struct gx_client_settings){.base_url = bench_env("BENCH_URL"),
                                                 .ca_file = bench_env("BENCH_CA"),
                                                 .token = bench_env("BENCH_DUTY_KEY"),
                                                 .lang = "en"};
    load->table = calloc(HEARD, sizeof *load->table);
    bench_must(load->table != NULL, "memory", "");
    bench_must(gx_streams_open(&load->settings, on_event, load, &load->streams) == GX_OK, "stream",
               "");
    (void)gx_streams_add(load->streams, "/v1/stream?types=offer.made", load->settings.token, NULL);
    for (int i = 0; i < 500 && gx_streams_run(load->streams, 10) == 0; i++) {
    }
    for (size_t i = 0; i < LANES_MAX; i++) {
        struct lane *lane = &load->lanes[i];
        *lane = (struct lane){.load = load,
                              .heard = PTHREAD_COND_INITIALIZER,
                              .lon = load->places[i % load->place_count][0] +
                                     0.003 * (double)(i / load->place_count),
                              .lat = load->places[i % load->place_count][1]};
        bench_must(gx_client_open(&load->settings, &lane->client) == GX_OK, "client", "");
    }
}

static void tell(size_t lanes, const struct level *level, double commits)
{
    char prefix[48];
    (void)snprintf(prefix, sizeof prefix, "pipeline.load.%zu_lanes", lanes);
    bench_line(prefix, "rate", level->rate, "reports/s");
    bench_line(prefix, "p50_ms", level->p50_ms, "ms");
    bench_line(prefix, "p99_ms", level->p99_ms, "ms");
    bench_line(prefix, "without_offer", (double)level->without, "reports");
    bench_line(prefix, "commits", commits, "commits/s");
    bench_line(prefix, "ratio", level->rate / commits, "ratio");
}

int main(int argc, char **argv)
{
    static struct load load = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct committer committers[CONNECTIONS];
    struct level best = {.rate = 0};
    double best_ratio = 0;
    bench_must(argc >= 4 && argc % 2 == 0, "usage", "bench-load SECONDS LON LAT [LON LAT ...]");
    int64_t seconds = (int64_t)bench_number(argv[1], 3600);
    for (int i = 2; i + 1 < argc && load.place_count < PLACES_MAX; i += 2) {
        load.places[load.place_count][0] = strtod(argv[i], NULL);
        load.places[load.place_count++][1] = strtod(argv[i + 1], NULL);
    }
    open_load(&load);
    open_committers(committers);
    pthread_t thread;
    bench_must(pthread_create(&thread, NULL, run_streams, &load) == 0, "thread", "");
    double before = commits_a_second(committers);
    for (size_t lanes = 2; lanes <= LANES_MAX; lanes *= 2) {
        struct level level = run_level(&load, lanes, seconds);
        double after = commits_a_second(committers);
        double commits = (before + after) / 2;
        before = after;
        tell(lanes, &level, commits);
        bool good = level.p99_ms <= GOAL_P99_MS && level.without == 0;
        if (good && level.rate / commits > best_ratio) {
            best = level;
            best_ratio = level.rate / commits;
        }
    }
    bench_line("pipeline.load", "rate", best.rate, "reports/s");
    bench_line("pipeline.load", "p99_ms", best.p99_ms, "ms");
    bench_line("pipeline.load", "ratio", best_ratio, "ratio");
    atomic_store(&load.stop, true);
    (void)pthread_join(thread, NULL);
    gx_streams_free(load.streams);
    for (size_t i = 0; i < LANES_MAX; i++) {
        gx_client_free(load.lanes[i].client);
        bench_free(&load.lanes[i].waits);
    }
    for (size_t i = 0; i < CONNECTIONS; i++) {
        PQfinish(committers[i].pg);
    }
    free(load.table);
    return 0;
}
