/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of common/chassis: the running service and its threads. */
#ifndef GX_CHASSIS_INTERNAL_H
#define GX_CHASSIS_INTERNAL_H

#include "chassis/service.h"
#include "store/tx_run.h"
#include "wire/bus.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    GX_RERUNS_MAX = 5,             /* of a transaction that may succeed when repeated */
    GX_SYSTEM_DEADLINE_MS = 20000, /* for followers, timers, background threads */
};

/* Metrics of the chassis itself; per-command rows are allocated. */
enum gx_chassis_metric {
    GX_M_EVENTS_HANDLED,
    GX_M_EVENTS_FAILED,
    GX_M_EVENTS_POISONED,
    GX_M_FOLLOW_BEHIND,
    GX_M_FOLLOW_BEHIND_SECONDS,
    GX_M_FOLLOW_AREAS,
    GX_M_TIMERS_RUN,
    GX_M_TIMERS_FAILED,
    GX_M_TIMERS_DEAD,
    GX_M_TIMER_LATE,
    GX_M_RERUNS,
    GX_M_REPLAYS,
    GX_M_UNCERTAIN,
    GX_M_PUBLISH_DROPPED,
    GX_M_POSTGRES_UP,
    GX_M_COUNT,
};
extern struct gx_metric GX_CHASSIS_METRICS[GX_M_COUNT];

/* What one follower thread reports to the main thread. */
struct gx_follow_state {
    _Atomic int64_t areas;
    _Atomic int64_t behind_events;
    _Atomic int64_t behind_ms;
};

struct gx_chassis {
    const struct gx_service *service;
    const struct gx_common_settings *common;
    struct gx_bus_settings bus;
    struct gx_store *store;
    struct gx_caller *caller; /* of a service that asks others; else NULL */
    atomic_bool stopping;
    atomic_bool failed; /* a thread could not start: the process ends with 1 */
    atomic_bool postgres_up;
    struct gx_metric *command_counts;  /* command_count * GX_RC_COUNT */
    struct gx_metric *command_latency; /* command_count */
    struct gx_metric *timers_overdue;  /* timer_count */
    char **labels;
    size_t label_count;
    struct gx_follow_state *follow_states; /* one a follower thread */
    atomic_int *worker_brokers;            /* brokers that each worker thread stands at */
    pthread_mutex_t timer_lock;
    pthread_cond_t timer_wake;
    bool timer_set; /* an earlier timer may be there: look again */
};

/* The one that runs in this process; NULL before and after. */
struct gx_chassis *gx_chassis_running(void);
void gx_chassis_set_running(struct gx_chassis *chassis);

/* Fills a chassis for a service (also used by tests); metrics are registered once for the process's life. */
void gx_chassis_init(struct gx_chassis *chassis, const struct gx_service *service,
                     const struct gx_common_settings *common);
void gx_chassis_done(struct gx_chassis *chassis);
void gx_chassis_register_metrics(struct gx_chassis *chassis);

/* --- Running one transaction, as often as it takes --- */

struct gx_runner {
    struct gx_chassis *chassis;
    struct gx_pg *pg;
    struct gx_tx *tx;
    struct gx_publisher *publisher; /* may be NULL: then nothing is published */
    void *self;
    struct gx_ctx ctx;
};

struct gx_job_result {
    struct gx_view reply; /* packed; of a replay: what was kept */
    struct gx_view kept;  /* data NULL: the reply itself */
    bool replayed;
    bool lease_lost;
};

struct gx_job {
    /* Before each run, ctx being reset: deadline, actor, trace, label. */
    void (*prepare)(void *arg, struct gx_ctx *ctx);
    /* The work; fills reply and, when that is not what is to be kept under the key, kept. */
    enum gx_rc (*run)(void *arg, struct gx_ctx *ctx, struct gx_job_result *result);
    void *arg;
    struct gx_tx_plan plan;
    bool keep_arena; /* ctx is the caller's: its memory stays */
};

/* Waits for PostgreSQL until the service stops; opens the publisher and the thread's own state. False: stop. */
bool gx_runner_open(struct gx_runner *runner, struct gx_chassis *chassis, bool with_self);
void gx_runner_close(struct gx_runner *runner);
/* Runs in ctx, which is &runner->ctx or the caller's own; publishes after the commit. ctx stays filled for the caller. */
enum gx_rc gx_runner_run(struct gx_runner *runner, struct gx_ctx *ctx, const struct gx_job *job,
                         struct gx_job_result *ret_result);

/* ctx acts as the system, for the service's own threads. */
void gx_act_as_system(struct gx_ctx *ctx, const char *service, const char *parent_trace);

/* Can a command reach one of the service's workers? True for a service without commands. */
bool gx_chassis_is_reachable(const struct gx_chassis *chassis);
/* Sleeps, but not past the stop of the service. */
void gx_chassis_sleep_ms(const struct gx_chassis *chassis, int ms);
void gx_chassis_wake_timers(struct gx_chassis *chassis);
/* Milliseconds to wait before the n-th try again (from 0): 100 doubling to 5000. */
int64_t gx_backoff_ms(int tries);
/* Is it of no use to try again with the same input? */
bool gx_rc_is_final(enum gx_rc rc);

/* Thread bodies; arg is struct gx_thread. */
struct gx_thread {
    struct gx_chassis *chassis;
    int index;
    pthread_t id;
    void *(*body)(void *);
    char name[16];
};
void *gx_worker_body(void *arg);
void *gx_follower_body(void *arg);
void *gx_timer_body(void *arg);

/* One command through the service's table: fills the reply (in runner's ctx). For the worker thread and for tests. */
void gx_serve(struct gx_runner *runner, const Genxi__Command *command, Genxi__Reply *reply);

/* --- Once a second, in the main thread --- */
struct gx_watch;
struct gx_watch *gx_watch_new(struct gx_chassis *chassis);
void gx_watch_turn(struct gx_watch *watch);
void gx_watch_free(struct gx_watch *watch);

#endif
