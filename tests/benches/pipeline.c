/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST of a report over TLS -> first offer on the responder's already open stream, through the whole cluster; beside it, call by call in
 * turn, the one-process floor (floor.h).
 *     bench-pipeline SAMPLES LON LAT [PREFIX]
 * Environment: BENCH_URL, BENCH_CA, BENCH_DUTY_KEY, BENCH_RESPONDER_KEY, BENCH_PG, BENCH_REDIS (path). The responder stands at LON LAT.
 */
#include "base/clock.h"
#include "base/id.h"
#include "bench.h"
#include "floor.h"
#include "web/client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SEEN_MAX = 32,
    WARM_UP = 20,
    WAIT_MS = 5000
};

struct seen {
    bool made; /* else ended */
    int64_t at_us;
    char incident[GX_ID_SIZE];
};

struct pipeline {
    struct gx_client *duty;
    struct gx_streams *streams;
    atomic_bool stop;
    atomic_int open;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct seen seen[SEEN_MAX];
    size_t seen_count;
    struct bench_samples ours;
    struct bench_samples accept;
    struct bench_samples floor;
    size_t lost;
};

/* --- The responder's stream, in a thread of its own --- */

static void on_event(void *arg, void *tag, const struct gx_stream_event *event)
{
    (void)tag;
    struct pipeline *self = arg;
    int64_t now_us = gx_clock_mono_us();
    bool made = strcmp(event->type, "offer.made") == 0;
    if (!made && strcmp(event->type, "offer.ended") != 0) {
        return;
    }
    json_t *json = json_loads(event->data, 0, NULL);
    json_t *offer = json_object_get(json_object_get(json, "data"), "offer");
    const char *incident = json_string_value(json_object_get(offer, "incident_id"));
    (void)pthread_mutex_lock(&self->lock);
    struct seen *seen = &self->seen[self->seen_count++ % SEEN_MAX];
    *seen = (struct seen){.made = made, .at_us = now_us};
    (void)snprintf(seen->incident, sizeof seen->incident, "%s", incident == NULL ? "" : incident);
    (void)pthread_cond_signal(&self->changed);
    (void)pthread_mutex_unlock(&self->lock);
    json_decref(json);
}

static void *run_streams(void *arg)
{
    struct pipeline *self = arg;
    while (!atomic_load(&self->stop)) {
        atomic_store(&self->open, gx_streams_run(self->streams, 1000));
    }
    return NULL;
}

/* When the stream told of that incident's offer; 0: not within the time. */
static int64_t wait_for(struct pipeline *self, const char *incident, bool made)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_MS / 1000;
    int64_t found_us = 0;
    int late = 0;
    (void)pthread_mutex_lock(&self->lock);
    while (found_us == 0 && late == 0) {
        for (size_t i = 0; i < SEEN_MAX; i++) {
            const struct seen *seen = &self->seen[i];
            if (seen->made == made && strcmp(seen->incident, incident) == 0) {
                found_us = seen->at_us;
            }
        }
        late = found_us == 0 ? pthread_cond_timedwait(&self->changed, &self->lock, &until) : 0;
    }
    (void)pthread_mutex_unlock(&self->lock);
    return found_us;
}

/* --- One report --- */

static void cancel(struct pipeline *self, const char *incident)
{
    char path[96];
    char key[GX_ID_SIZE];
    struct gx_answer answer = {0};
    (void)snprintf(path, sizeof path, "/v1/incidents/%s/transitions", incident);
    json_t *body = json_pack("{s:s, s:s}", "to", "cancelled", "reason", "bench");
    enum gx_rc rc = gx_client_call(self->duty, "POST", path, body, gx_id_new(key), &answer);
    bench_must(rc == GX_OK && answer.status == 200, "cancel",
               answer.body == NULL ? "no answer" : answer.body);
    json_decref(body);
    gx_answer_done(&answer);
}

static void report(struct pipeline *self, double lon, double lat, bool counts)
{
    char key[GX_ID_SIZE];
    char incident[GX_ID_SIZE];
    struct gx_answer answer = {0};
    json_t *body = json_pack("{s:s, s:f, s:f, s:s}", "type", "dispute", "lon", lon, "lat", lat,
                             "text", "bench");
    (void)gx_id_new(key);
    int64_t begin_us = gx_clock_mono_us();
    enum gx_rc rc = gx_client_call(self->duty, "POST", "/v1/reports", body, key, &answer);
    int64_t accepted_us = gx_clock_mono_us();
    bench_must(rc == GX_OK && answer.status == 201, "report",
               answer.body == NULL ? "no answer" : answer.body);
    bench_must(!json_is_true(json_object_get(answer.json, "merged")), "report", "merged");
    (void)snprintf(incident, sizeof incident, "%s",
                   json_string_value(json_object_get(answer.json, "incident_id")));
    json_decref(body);
    gx_answer_done(&answer);
    int64_t offered_us = wait_for(self, incident, true);
    if (counts && offered_us != 0) {
        bench_add(&self->ours, offered_us - begin_us);
        bench_add(&self->accept, accepted_us - begin_us);
    }
    self->lost += offered_us == 0 ? 1 : 0;
    bench_must(self->lost < 10, "offers", "ten reports brought none to the responder's stream");
    cancel(self, incident);
    if (offered_us != 0) {
        (void)wait_for(self, incident, false);
    }
}

static void print(struct pipeline *self, const char *prefix)
{
    double ours_p50 = (double)bench_percentile(&self->ours, 0.5) / 1000;
    double ours_p99 = (double)bench_percentile(&self->ours, 0.99) / 1000;
    double floor_p50 = (double)bench_percentile(&self->floor, 0.5) / 1000;
    double floor_p99 = (double)bench_percentile(&self->floor, 0.99) / 1000;
    bench_line(prefix, "samples", (double)self->ours.count, "reports");
    bench_line(prefix, "without_offer", (double)self->lost, "reports");
    bench_line(prefix, "accept_p50_ms", (double)bench_percentile(&self->accept, 0.5) / 1000, "ms");
    bench_line(prefix, "accept_p99_ms", (double)bench_percentile(&self->accept, 0.99) / 1000, "ms");
    bench_line(prefix, "p50_ms", ours_p50, "ms");
    bench_line(prefix, "p99_ms", ours_p99, "ms");
    bench_line(prefix, "floor_p50_ms", floor_p50, "ms");
    bench_line(prefix, "floor_p99_ms", floor_p99, "ms");
    bench_line(prefix, "ratio_p50", ours_p50 / floor_p50, "ratio");
    bench_line(prefix, "ratio_p99", ours_p99 / floor_p99, "ratio");
}

int main(int argc, char **argv)
{
    bench_must(argc >= 4, "usage", "bench-pipeline SAMPLES LON LAT [PREFIX]");
    size_t count = bench_number(argv[1], 100000);
    double lon = strtod(argv[2], NULL);
    double lat = strtod(argv[3], NULL);
    struct floor floor;
    floor_open(&floor, bench_env("BENCH_PG"), bench_env("BENCH_REDIS"));
    struct pipeline self = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct gx_client_settings settings = {.base_url = bench_env("BENCH_URL"),
                                          .ca_file = bench_env("BENCH_CA"),
                                          .token = bench_env("BENCH_DUTY_KEY"),
                                          .lang = "en"};
    bench_must(gx_client_open(&settings, &self.duty) == GX_OK, "client", "");
    bench_must(gx_streams_open(&settings, on_event, &self, &self.streams) == GX_OK, "stream", "");
    (void)gx_streams_add(self.streams, "/v1/stream", bench_env("BENCH_RESPONDER_KEY"), NULL);
    for (int i = 0; i < 500 && gx_streams_run(self.streams, 10) == 0; i++) {
    }
    pthread_t thread;
    bench_must(pthread_create(&thread, NULL, run_streams, &self) == 0, "thread", "");
    int64_t until_us = gx_clock_mono_us() + (int64_t)75 * 1000000; /* bounded on a slow machine */
    for (size_t i = 0; i < count + WARM_UP && gx_clock_mono_us() < until_us; i++) {
        /* Never twice at one place. */
        double east = lon + 0.00001 * (double)(i % 40);
        double north = lat + 0.00001 * (double)(i / 40 % 40);
        int64_t floor_us = floor_once_us(&floor, east, north);
        report(&self, east, north, i >= WARM_UP);
        if (i >= WARM_UP) {
            bench_add(&self.floor, floor_us);
        }
    }
    print(&self, argc > 4 ? argv[4] : "pipeline");
    atomic_store(&self.stop, true);
    (void)pthread_join(thread, NULL);
    gx_streams_free(self.streams);
    gx_client_free(self.duty);
    floor_close(&floor);
    bench_free(&self.ours);
    bench_free(&self.accept);
    bench_free(&self.floor);
    return 0;
}
