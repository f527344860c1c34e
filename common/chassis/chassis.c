/* SPDX-License-Identifier: Apache-2.0 */
/* What all threads of a service share, and its metrics. */
#include "chassis/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct gx_metric GX_CHASSIS_METRICS[GX_M_COUNT] = {
    [GX_M_EVENTS_HANDLED] = {.name = "genxi_events_handled_total",
                             .help = "Events of the journal that the service handled.",
                             .kind = GX_COUNTER},
    [GX_M_EVENTS_FAILED] = {.name = "genxi_events_failed_total",
                            .help = "Tries of handling an event that failed.",
                            .kind = GX_COUNTER},
    [GX_M_EVENTS_POISONED] = {.name = "genxi_events_poisoned_total",
                              .help = "Events set aside after too many tries.",
                              .kind = GX_COUNTER},
    [GX_M_FOLLOW_BEHIND] = {.name = "genxi_follow_behind_events",
                            .help = "Events that the area furthest behind still has to follow.",
                            .kind = GX_GAUGE},
    [GX_M_FOLLOW_BEHIND_SECONDS] = {.name = "genxi_follow_behind_seconds",
                                    .help = "How long the area furthest behind has been behind.",
                                    .kind = GX_GAUGE},
    [GX_M_FOLLOW_AREAS] = {.name = "genxi_follow_areas",
                           .help = "Areas held by lease.",
                           .kind = GX_GAUGE},
    [GX_M_TIMERS_RUN] = {.name = "genxi_timers_run_total",
                         .help = "Timers that ran.",
                         .kind = GX_COUNTER},
    [GX_M_TIMERS_FAILED] = {.name = "genxi_timers_failed_total",
                            .help = "Tries of a timer that failed.",
                            .kind = GX_COUNTER},
    [GX_M_TIMERS_DEAD] = {.name = "genxi_timers_dead_total",
                          .help = "Timers set aside after too many tries.",
                          .kind = GX_COUNTER},
    [GX_M_TIMER_LATE] = {.name = "genxi_timer_late_seconds",
                         .help = "How late timers ran.",
                         .kind = GX_HISTOGRAM},
    [GX_M_RERUNS] = {.name = "genxi_transaction_reruns_total",
                     .help = "Transactions run again after a conflict or a lost connection.",
                     .kind = GX_COUNTER},
    [GX_M_REPLAYS] = {.name = "genxi_replies_replayed_total",
                      .help = "Commands answered from an idempotency key.",
                      .kind = GX_COUNTER},
    [GX_M_UNCERTAIN] = {.name = "genxi_transactions_uncertain_total",
                        .help = "Commits whose outcome was not known at first.",
                        .kind = GX_COUNTER},
    [GX_M_PUBLISH_DROPPED] = {.name = "genxi_publish_dropped_total",
                              .help = "Events not sent to a broker whose queue was full; "
                                      "followers read them from the journal.",
                              .kind = GX_COUNTER},
    [GX_M_POSTGRES_UP] = {.name = "genxi_postgres_up",
                          .help = "1 when PostgreSQL answers.",
                          .kind = GX_GAUGE},
};

static struct gx_chassis *RUNNING;

struct gx_chassis *gx_chassis_running(void)
{
    return RUNNING;
}

void gx_chassis_set_running(struct gx_chassis *chassis)
{
    RUNNING = chassis;
}

static void *must_alloc(size_t count, size_t size)
{
    void *memory = calloc(count == 0 ? 1 : count, size);
    if (memory == NULL) {
        abort();
    }
    return memory;
}

void gx_chassis_init(struct gx_chassis *chassis, const struct gx_service *service,
                     const struct gx_common_settings *common)
{
    memset(chassis, 0, sizeof *chassis);
    chassis->service = service;
    chassis->common = common;
    chassis->bus = (struct gx_bus_settings){common->brokers, common->key_dir, service->name,
                                            (int)common->queue_limit};
    chassis->store = gx_store_new(service->name, service->schema);
    chassis->command_counts =
        must_alloc(service->command_count * GX_RC_COUNT, sizeof(struct gx_metric));
    chassis->command_latency = must_alloc(service->command_count, sizeof(struct gx_metric));
    chassis->timers_overdue = must_alloc(service->timer_count, sizeof(struct gx_metric));
    chassis->follow_states = must_alloc((size_t)common->followers, sizeof(struct gx_follow_state));
    chassis->worker_brokers = must_alloc((size_t)common->workers, sizeof(atomic_int));
    chassis->label_count = service->command_count * (GX_RC_COUNT + 1) + service->timer_count;
    chassis->labels = must_alloc(chassis->label_count, sizeof(char *));
    (void)pthread_mutex_init(&chassis->timer_lock, NULL);
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&chassis->timer_wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

void gx_chassis_done(struct gx_chassis *chassis)
{
    for (size_t i = 0; i < chassis->label_count; i++) {
        free(chassis->labels[i]);
    }
    free(chassis->labels);
    free(chassis->command_counts);
    free(chassis->command_latency);
    free(chassis->timers_overdue);
    free(chassis->follow_states);
    free(chassis->worker_brokers);
    gx_store_free(chassis->store);
    (void)pthread_cond_destroy(&chassis->timer_wake);
    (void)pthread_mutex_destroy(&chassis->timer_lock);
}

static char *label(struct gx_chassis *chassis, size_t at, const char *name, const char *value,
                   const char *outcome)
{
    char text[160];
    if (outcome == NULL) {
        (void)snprintf(text, sizeof text, "%s=\"%s\"", name, value);
    } else {
        (void)snprintf(text, sizeof text, "%s=\"%s\",outcome=\"%s\"", name, value, outcome);
    }
    chassis->labels[at] = strdup(text);
    return chassis->labels[at];
}

static void fill_command_metrics(struct gx_chassis *chassis, size_t *at)
{
    const struct gx_service *service = chassis->service;
    for (size_t i = 0; i < service->command_count; i++) {
        const struct gx_command_type *type = gx_command_by_number(service->commands[i].number);
        const char *name = type == NULL ? "unknown" : type->name;
        for (size_t rc = 0; rc < GX_RC_COUNT; rc++) {
            char outcome[16];
            (void)snprintf(outcome, sizeof outcome, "%s", gx_rc_name((enum gx_rc)rc));
            for (char *c = outcome; *c != '\0'; c++) {
                *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
            }
            struct gx_metric *row = &chassis->command_counts[i * GX_RC_COUNT + rc];
            row->name = "genxi_commands_total";
            row->help = "Commands answered, by command and outcome.";
            row->kind = GX_COUNTER;
            row->labels = label(chassis, (*at)++, "command", name, outcome);
        }
        struct gx_metric *latency = &chassis->command_latency[i];
        latency->name = "genxi_command_seconds";
        latency->help = "Time from taking a command to its reply.";
        latency->kind = GX_HISTOGRAM;
        latency->labels = label(chassis, (*at)++, "command", name, NULL);
    }
}

void gx_chassis_register_metrics(struct gx_chassis *chassis)
{
    const struct gx_service *service = chassis->service;
    size_t at = 0;
    fill_command_metrics(chassis, &at);
    for (size_t i = 0; i < service->timer_count; i++) {
        struct gx_metric *row = &chassis->timers_overdue[i];
        row->name = "genxi_timers_overdue";
        row->help = "Timers overdue by more than their tolerance.";
        row->kind = GX_GAUGE;
        row->labels = label(chassis, at++, "kind", service->timers[i].kind, NULL);
    }
    gx_metrics_register(GX_CHASSIS_METRICS, GX_M_COUNT);
    gx_metrics_register(chassis->command_counts, service->command_count * GX_RC_COUNT);
    gx_metrics_register(chassis->command_latency, service->command_count);
    gx_metrics_register(chassis->timers_overdue, service->timer_count);
    gx_metrics_register(service->metrics, service->metric_count);
}

bool gx_chassis_is_reachable(const struct gx_chassis *chassis)
{
    bool reachable = chassis->service->command_count == 0;
    for (int64_t i = 0; i < chassis->common->workers && !reachable; i++) {
        reachable = atomic_load(&chassis->worker_brokers[i]) > 0;
    }
    return reachable;
}

void gx_chassis_sleep_ms(const struct gx_chassis *chassis, int ms)
{
    while (ms > 0 && !atomic_load(&chassis->stopping)) {
        int part = ms > 50 ? 50 : ms;
        const struct timespec pause = {0, (long)part * 1000000L};
        (void)nanosleep(&pause, NULL);
        ms -= part;
    }
}

void gx_chassis_wake_timers(struct gx_chassis *chassis)
{
    (void)pthread_mutex_lock(&chassis->timer_lock);
    chassis->timer_set = true;
    (void)pthread_cond_broadcast(&chassis->timer_wake);
    (void)pthread_mutex_unlock(&chassis->timer_lock);
}

int64_t gx_backoff_ms(int tries)
{
    return tries >= 6 ? 5000 : (int64_t)100 << tries;
}

bool gx_rc_is_final(enum gx_rc rc)
{
    return !gx_rc_may_resend(rc) && rc != GX_UNCERTAIN;
}
