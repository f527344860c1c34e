/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal at the store's layer: events a second through one area on one connection, and through 64 areas on 8, each beside what the same
 * connections commit without a sequence (an event-shaped row in a plain table, one pipelined transaction each), slice by slice in turn; and how
 * long after its commit a subscriber has an event, beside one hop (the same publish without a commit).
 *     bench-journal
 * Environment: BENCH_PG, BENCH_KEYS (folder), BENCH_BROKERS.
 */
#include "base/clock.h"
#include "base/id.h"
#include "bench.h"
#include "registry.pb-c.h"
#include "store/tx_run.h"
#include "wire/bus.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    WORKERS = 8,
    AREAS = 64,
    FIRST_AREA = 99000000, /* of no station */
    ROUNDS = 6,
    SLICE_MS = 1000,
    DELAYS = 1000,
    DELAY_AREA = 99990000
};

static const struct gx_pg_stmt TABLE = {
    "bench_table",
    "CREATE TABLE IF NOT EXISTS bench.event (id uuid PRIMARY KEY, type int NOT NULL, at bigint NOT "
    "NULL,"
    " service text NOT NULL, subject uuid, audience bytea NOT NULL, exercise boolean NOT NULL,"
    " traceparent text NOT NULL, actor bytea NOT NULL, body bytea NOT NULL)",
    0, GX_PG_NONE, true};
static const struct gx_pg_stmt SCHEMA = {"bench_schema", "CREATE SCHEMA IF NOT EXISTS bench", 0,
                                         GX_PG_NONE, true};
/* What the bench wrote is nobody's to follow. */
static const struct gx_pg_stmt CLEAN[] = {
    {"bench_clean_events", "DELETE FROM journal.event WHERE area >= 99000000", 0, GX_PG_NONE, true},
    {"bench_clean_counters", "DELETE FROM journal.counter WHERE area >= 99000000", 0, GX_PG_NONE,
     true},
    {"bench_clean_table", "DROP TABLE bench.event", 0, GX_PG_NONE, true}};
static const struct gx_pg_stmt PLAIN = {"bench_plain",
                                        "INSERT INTO bench.event (id, type, at, service, subject, "
                                        "audience, exercise, traceparent, actor, body)"
                                        " VALUES ($1, 150, $2, 'bench', $1, $3, false, $4, $3, $5)",
                                        5, GX_PG_NONE, true};

struct worker {
    pthread_t thread;
    struct gx_pg *pg;
    struct gx_tx *tx;
    struct gx_ctx ctx;
    int32_t first_area;
    int32_t areas;
    int64_t until_us;
    bool plain;
    int64_t done;
};

static enum gx_rc emit_one(struct gx_ctx *ctx, int32_t area)
{
    char id[GX_ID_SIZE];
    Genxi__Station station = GENXI__STATION__INIT;
    Genxi__StationChanged changed = GENXI__STATION_CHANGED__INIT;
    station.area = area;
    station.org_id = gx_pb_text("00000000-0000-7000-8000-000000000001");
    station.name = gx_pb_text("bench");
    changed.station = &station;
    const struct gx_emit emit = {.area = area,
                                 .type = GX_E_station_changed,
                                 .subject = gx_id_new(id),
                                 .payload = &changed.base};
    return gx_emit(ctx, &emit);
}

static void set_system(struct gx_ctx *ctx)
{
    ctx->actor = (struct gx_actor){.roles = (uint32_t)GX_ROLE_SYSTEM,
                                   .subject = "bench",
                                   .org = "",
                                   .responder_id = "",
                                   .lang = "en"};
    (void)gx_trace_new(ctx->traceparent);
}

/* One transaction with one event, through the store as a handler's would go. */
static void sequenced(struct worker *self, int32_t area)
{
    const struct gx_tx_plan plan = {.read_only = false};
    const struct gx_view nothing = {.size = 0};
    gx_ctx_reset(&self->ctx);
    set_system(&self->ctx);
    gx_tx_begin(self->tx, &self->ctx, &plan);
    enum gx_rc rc = emit_one(&self->ctx, area);
    rc = rc == GX_OK ? gx_tx_commit(self->tx, nothing) : rc;
    bench_must(rc == GX_OK, "sequenced", gx_rc_name(rc));
}

static void plain(struct worker *self)
{
    static const uint8_t BYTES[60] = {8};
    char id[GX_ID_SIZE];
    gx_ctx_reset(&self->ctx);
    set_system(&self->ctx);
    const struct gx_view short_bytes = {BYTES, 12};
    const struct gx_view body = {BYTES, sizeof BYTES};
    const struct gx_param params[] = {gx_text(gx_id_new(id)),
                                      gx_int(&self->ctx, gx_clock_wall_ms()), gx_bytes(short_bytes),
                                      gx_text(self->ctx.traceparent), gx_bytes(body)};
    enum gx_rc rc = gx_pg_run(self->pg, &self->ctx, &PLAIN, params, NULL);
    bench_must(rc == GX_OK, "plain", gx_rc_name(rc));
}

static void *work(void *arg)
{
    struct worker *self = arg;
    for (int32_t n = 0; gx_clock_mono_us() < self->until_us; n++) {
        if (self->plain) {
            plain(self);
        } else {
            sequenced(self, self->first_area + n % self->areas);
            gx_tx_end(self->tx);
        }
        self->done++;
    }
    return NULL;
}

/* One slice by so many workers; commits a second. */
static double slice(struct worker *workers, int32_t count, int32_t areas, bool is_plain)
{
    int64_t begin_us = gx_clock_mono_us();
    int64_t done = 0;
    for (int32_t i = 0; i < count; i++) {
        struct worker *one = &workers[i];
        one->plain = is_plain;
        one->areas = areas / count;
        one->first_area = FIRST_AREA + i * one->areas;
        one->until_us = begin_us + (int64_t)SLICE_MS * 1000;
        one->done = 0;
        bench_must(pthread_create(&one->thread, NULL, work, one) == 0, "thread", "");
    }
    for (int32_t i = 0; i < count; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        done += workers[i].done;
    }
    return (double)done * 1e6 / (double)(gx_clock_mono_us() - begin_us);
}

static void rates(struct worker *workers, int32_t count, int32_t areas, const char *name)
{
    char metric[64];
    double sequenced_rate = 0;
    double plain_rate = 0;
    for (int round = 0; round < ROUNDS; round++) {
        sequenced_rate += slice(workers, count, areas, false) / ROUNDS;
        plain_rate += slice(workers, count, areas, true) / ROUNDS;
    }
    (void)snprintf(metric, sizeof metric, "%s_rate", name);
    bench_line("journal", metric, sequenced_rate, "events/s");
    (void)snprintf(metric, sizeof metric, "%s_plain_rate", name);
    bench_line("journal", metric, plain_rate, "commits/s");
    (void)snprintf(metric, sizeof metric, "%s_ratio", name);
    bench_line("journal", metric, sequenced_rate / plain_rate, "ratio");
}

/* --- How far behind a subscriber is --- */

struct listener {
    struct gx_subscriber *subscriber;
    atomic_bool stop;
    _Atomic int64_t heard_us;
};

static void *listen_events(void *arg)
{
    struct listener *self = arg;
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, 1 << 20);
    while (!atomic_load(&self->stop)) {
        Genxi__Event *event = NULL;
        if (gx_subscriber_next(self->subscriber, &ctx, 200, &event) == GX_OK) {
            atomic_store(&self->heard_us, gx_clock_mono_us());
        }
        gx_ctx_reset(&ctx);
    }
    gx_ctx_done(&ctx);
    return NULL;
}

/* Publishes and waits until it was heard; 0: within 200 ms it was not. */
static int64_t publish_us(struct gx_publisher *publisher, struct listener *listener,
                          const Genxi__Event *event)
{
    const struct timespec pause = {0, 20000};
    atomic_store(&listener->heard_us, 0);
    int64_t begin_us = gx_clock_mono_us();
    (void)gx_publish(publisher, event);
    while (atomic_load(&listener->heard_us) == 0 && gx_clock_mono_us() < begin_us + 200000) {
        (void)nanosleep(&pause, NULL);
    }
    int64_t heard_us = atomic_load(&listener->heard_us);
    return heard_us == 0 ? 0 : heard_us - begin_us;
}

static void delay_round(struct worker *worker, struct gx_publisher *publisher,
                        struct listener *listener, struct bench_samples *delays,
                        struct bench_samples *hops)
{
    sequenced(worker, DELAY_AREA);
    size_t count = 0;
    Genxi__Event **events = gx_tx_events(worker->tx, &count);
    bench_must(count == 1, "events", "not one");
    int64_t took_us = publish_us(publisher, listener, events[0]);
    Genxi__Event again = *events[0];
    char id[GX_ID_SIZE];
    again.id = gx_id_new(id);
    again.seq = 0;
    int64_t hop_us = publish_us(publisher, listener, &again);
    gx_tx_end(worker->tx);
    if (took_us != 0 && hop_us != 0) {
        bench_add(delays, took_us);
        bench_add(hops, hop_us);
    }
}

static void delay(struct worker *worker)
{
    const struct gx_bus_settings settings = {.brokers = bench_env("BENCH_BROKERS"),
                                             .key_dir = bench_env("BENCH_KEYS"),
                                             .key_name = "readiness",
                                             .queue_limit = 10000};
    struct listener listener = {.subscriber = NULL};
    struct gx_publisher *publisher = NULL;
    struct bench_samples delays = {.values = NULL};
    struct bench_samples hops = {.values = NULL};
    bench_must(gx_subscriber_open(&settings, &listener.subscriber) == GX_OK, "subscriber", "");
    gx_subscriber_add_area(listener.subscriber, DELAY_AREA);
    bench_must(gx_publisher_open(&settings, &publisher) == GX_OK, "publisher", "");
    pthread_t thread;
    bench_must(pthread_create(&thread, NULL, listen_events, &listener) == 0, "thread", "");
    int64_t until_us = gx_clock_mono_us() + (int64_t)20 * 1000000;
    for (int i = 0; i < DELAYS && gx_clock_mono_us() < until_us; i++) {
        delay_round(worker, publisher, &listener, &delays, &hops);
    }
    atomic_store(&listener.stop, true);
    (void)pthread_join(thread, NULL);
    bench_must(delays.count > 0, "delay", "no event was heard");
    double delay_p99 = (double)bench_percentile(&delays, 0.99) / 1000;
    double hop_p50 = (double)bench_percentile(&hops, 0.5) / 1000;
    double hop_p99 = (double)bench_percentile(&hops, 0.99) / 1000;
    bench_line("journal", "delay_p50_ms", (double)bench_percentile(&delays, 0.5) / 1000, "ms");
    bench_line("journal", "delay_p99_ms", delay_p99, "ms");
    bench_line("journal", "hop_p50_ms", hop_p50, "ms");
    bench_line("journal", "hop_p99_ms", hop_p99, "ms");
    bench_line("journal", "delay_ratio_p99", delay_p99 / hop_p99, "ratio");
    gx_publisher_free(publisher);
    gx_subscriber_free(listener.subscriber);
    bench_free(&delays);
    bench_free(&hops);
}

int main(void)
{
    static struct worker workers[WORKERS];
    struct gx_store *store = gx_store_new("readiness", "readiness");
    for (size_t i = 0; i < WORKERS; i++) {
        struct worker *one = &workers[i];
        gx_ctx_init(&one->ctx, 1 << 20);
        bench_must(gx_pg_open(bench_env("BENCH_PG"), "bench", &one->pg) == GX_OK, "postgres", "");
        one->tx = gx_tx_new(one->pg, store);
    }
    set_system(&workers[0].ctx);
    bench_must(gx_pg_run(workers[0].pg, &workers[0].ctx, &SCHEMA, NULL, NULL) == GX_OK &&
                   gx_pg_run(workers[0].pg, &workers[0].ctx, &TABLE, NULL, NULL) == GX_OK,
               "table", "");
    rates(workers, 1, 1, "one_area");
    rates(workers, WORKERS, AREAS, "64_areas");
    delay(&workers[0]);
    for (size_t i = 0; i < GX_COUNT_OF(CLEAN); i++) {
        bench_must(gx_pg_run(workers[0].pg, &workers[0].ctx, &CLEAN[i], NULL, NULL) == GX_OK,
                   "clean", CLEAN[i].name);
    }
    for (size_t i = 0; i < WORKERS; i++) {
        gx_tx_free(workers[i].tx);
        gx_pg_free(workers[i].pg);
        gx_ctx_done(&workers[i].ctx);
    }
    gx_store_free(store);
    return 0;
}
