/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fixes a second accepted through HTTPS in batches of 50 from N connections, and beside it, a second in turn, raw pipelined GEOADD with 50
 * members a command on one connection.
 *     bench-positions CONNECTIONS FILE     FILE: lines "responder-id lon lat", shared out among the connections
 * Environment: BENCH_URL, BENCH_CA, BENCH_DUTY_KEY, BENCH_REDIS (path).
 */
#include "base/clock.h"
#include "base/id.h"
#include "bench.h"
#include "web/client.h"

#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BATCH = 50,
    ROUNDS = 8,
    SLICE_MS = 2000,
    REDIS_SLICE_MS = 1000,
    PIPELINE = 16,
    CONNECTIONS_MAX = 64,
    RESPONDERS_MAX = 20000,
    BODY_SIZE = 16384
};

struct responder {
    char id[GX_ID_SIZE];
    double lon;
    double lat;
};

struct sender {
    struct gx_client *client;
    pthread_t thread;
    const struct responder *responders; /* its own share */
    size_t count;
    size_t next;
    uint32_t step;
    int64_t until_us;
    int64_t accepted;
    int64_t refused;
    struct bench_samples took_us;
};

static size_t read_responders(const char *path, struct responder *responders)
{
    FILE *file = fopen(path, "r");
    bench_must(file != NULL, "open", path);
    size_t count = 0;
    struct responder *at = responders;
    while (count < RESPONDERS_MAX &&
           fscanf(file, "%36s %lf %lf", at->id, &at->lon, &at->lat) == 3) {
        count++;
        at++;
    }
    (void)fclose(file);
    return count;
}

/* The next BATCH of the sender's people, each a step further, now. */
static size_t make_body(struct sender *self, char body[BODY_SIZE])
{
    char now[GX_TIME_TEXT_SIZE];
    (void)gx_time_format(gx_clock_wall_ms(), now);
    size_t size = (size_t)snprintf(body, BODY_SIZE, "{\"positions\":[");
    for (size_t i = 0; i < BATCH; i++) {
        const struct responder *one = &self->responders[self->next++ % self->count];
        double moved = 0.00001 * (double)(self->step++ % 50);
        size +=
            (size_t)snprintf(body + size, BODY_SIZE - size,
                             "%s{\"responder_id\":\"%s\",\"lon\":%.5f,\"lat\":%.5f,\"at\":\"%s\"}",
                             i == 0 ? "" : ",", one->id, one->lon + moved, one->lat + moved, now);
    }
    return size + (size_t)snprintf(body + size, BODY_SIZE - size, "]}");
}

static void *send_batches(void *arg)
{
    struct sender *self = arg;
    char body[BODY_SIZE];
    char key[GX_ID_SIZE];
    while (gx_clock_mono_us() < self->until_us) {
        size_t size = make_body(self, body);
        struct gx_answer answer = {0};
        int64_t begin_us = gx_clock_mono_us();
        enum gx_rc rc = gx_client_send(self->client, "POST", "/v1/positions", "application/json",
                                       body, size, gx_id_new(key), &answer);
        bench_must(rc == GX_OK && answer.status == 202, "positions",
                   answer.body == NULL ? "no answer" : answer.body);
        bench_add(&self->took_us, gx_clock_mono_us() - begin_us);
        size_t refused = json_array_size(json_object_get(answer.json, "refused"));
        self->refused += (int64_t)refused;
        self->accepted += BATCH - (int64_t)refused;
        gx_answer_done(&answer);
    }
    return NULL;
}

/* One slice with all connections; seconds it took. */
static double run_slice(struct sender *senders, size_t count)
{
    int64_t begin_us = gx_clock_mono_us();
    for (size_t i = 0; i < count; i++) {
        senders[i].until_us = begin_us + (int64_t)SLICE_MS * 1000;
        bench_must(pthread_create(&senders[i].thread, NULL, send_batches, &senders[i]) == 0,
                   "thread", "");
    }
    for (size_t i = 0; i < count; i++) {
        (void)pthread_join(senders[i].thread, NULL);
    }
    return (double)(gx_clock_mono_us() - begin_us) / 1e6;
}

/* Members added to the yardstick's own key; seconds it took. */
static double run_redis(redisContext *redis, const struct responder *responders, size_t count,
                        int64_t *ret_members)
{
    const char *words[2 + 3 * BATCH] = {"GEOADD", "bench:positions"};
    static char numbers[2 * BATCH][24];
    size_t next = 0;
    int64_t members = 0;
    int64_t begin_us = gx_clock_mono_us();
    while (gx_clock_mono_us() < begin_us + (int64_t)REDIS_SLICE_MS * 1000) {
        for (int command = 0; command < PIPELINE; command++) {
            for (size_t i = 0; i < BATCH; i++) {
                const struct responder *one = &responders[next++ % count];
                double moved = 0.00001 * (double)(next % 50);
                (void)snprintf(numbers[2 * i], sizeof numbers[0], "%.8g", one->lon + moved);
                (void)snprintf(numbers[2 * i + 1], sizeof numbers[0], "%.8g", one->lat + moved);
                words[2 + 3 * i] = numbers[2 * i];
                words[3 + 3 * i] = numbers[2 * i + 1];
                words[4 + 3 * i] = one->id;
            }
            (void)redisAppendCommandArgv(redis, 2 + 3 * BATCH, words, NULL);
        }
        for (int command = 0; command < PIPELINE; command++) {
            void *reply = NULL;
            bench_must(redisGetReply(redis, &reply) == REDIS_OK, "GEOADD", redis->errstr);
            freeReplyObject(reply);
            members += BATCH;
        }
    }
    *ret_members += members;
    return (double)(gx_clock_mono_us() - begin_us) / 1e6;
}

static void print(struct sender *senders, size_t count, double rate, double redis_rate)
{
    struct bench_samples all = {.values = NULL};
    int64_t refused = 0;
    for (size_t i = 0; i < count; i++) {
        refused += senders[i].refused;
        for (size_t j = 0; j < senders[i].took_us.count; j++) {
            bench_add(&all, senders[i].took_us.values[j]);
        }
        bench_free(&senders[i].took_us);
    }
    bench_line("positions", "rate", rate, "fixes/s");
    bench_line("positions", "redis_rate", redis_rate, "fixes/s");
    bench_line("positions", "ratio", rate / redis_rate, "ratio");
    bench_line("positions", "refused", (double)refused, "fixes");
    bench_line("positions", "batch_p50_ms", (double)bench_percentile(&all, 0.5) / 1000, "ms");
    bench_line("positions", "batch_p99_ms", (double)bench_percentile(&all, 0.99) / 1000, "ms");
    bench_free(&all);
}

int main(int argc, char **argv)
{
    static struct responder responders[RESPONDERS_MAX];
    static struct sender senders[CONNECTIONS_MAX];
    bench_must(argc == 3, "usage", "bench-positions CONNECTIONS FILE");
    size_t count = bench_number(argv[1], CONNECTIONS_MAX);
    size_t people = read_responders(argv[2], responders);
    size_t share = people / count;
    bench_must(share >= BATCH, "too few responders for so many connections", argv[2]);
    struct gx_client_settings settings = {.base_url = bench_env("BENCH_URL"),
                                          .ca_file = bench_env("BENCH_CA"),
                                          .token = bench_env("BENCH_DUTY_KEY"),
                                          .lang = "en"};
    for (size_t i = 0; i < count; i++) {
        senders[i] = (struct sender){.responders = &responders[i * share], .count = share};
        bench_must(gx_client_open(&settings, &senders[i].client) == GX_OK, "client", "");
    }
    redisContext *redis = redisConnectUnix(bench_env("BENCH_REDIS"));
    bench_must(redis != NULL && redis->err == 0, "redis", "");
    double seconds = 0;
    double redis_seconds = 0;
    int64_t redis_members = 0;
    for (int round = 0; round < ROUNDS; round++) {
        seconds += run_slice(senders, count);
        redis_seconds += run_redis(redis, responders, people, &redis_members);
    }
    int64_t accepted = 0;
    for (size_t i = 0; i < count; i++) {
        accepted += senders[i].accepted;
        gx_client_free(senders[i].client);
    }
    freeReplyObject(redisCommand(redis, "DEL bench:positions"));
    redisFree(redis);
    print(senders, count, (double)accepted / seconds, (double)redis_members / redis_seconds);
    return 0;
}
