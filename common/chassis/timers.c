/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that runs due timers, one at a time, each in the transaction that removes its row. */
#include "base/clock.h"
#include "base/log.h"
#include "chassis/internal.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum {
    LOOK_MOST_MS = 100,
    CONTENDED_MS = 5
};

struct firing {
    struct gx_runner *runner;
    bool found;
    int tries;
    struct gx_timer timer; /* texts in the runner's ctx */
};

static void prepare_firing(void *arg, struct gx_ctx *ctx)
{
    struct firing *firing = arg;
    firing->found = false;
    ctx->deadline_ms = gx_clock_wall_ms() + GX_SYSTEM_DEADLINE_MS;
    ctx->label = "timer";
    gx_act_as_system(ctx, firing->runner->chassis->service->name, NULL);
}

static const struct gx_timer_row *find_row(const struct gx_service *service, const char *kind)
{
    for (size_t i = 0; i < service->timer_count; i++) {
        if (strcmp(service->timers[i].kind, kind) == 0) {
            return &service->timers[i];
        }
    }
    return NULL;
}

static enum gx_rc run_firing(void *arg, struct gx_ctx *ctx, struct gx_job_result *result)
{
    struct firing *firing = arg;
    (void)result;
    enum gx_rc rc = gx_timer_take(ctx, &firing->found, &firing->timer, &firing->tries);
    if (rc != GX_OK || !firing->found) {
        return rc;
    }
    const struct gx_timer_row *row = find_row(firing->runner->chassis->service, firing->timer.kind);
    if (row == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "no handler for timers of kind %s",
                       firing->timer.kind);
    }
    ctx->label = firing->timer.kind;
    return row->handle(firing->runner->self, ctx, &firing->timer);
}

static const char *reason_of(const struct gx_ctx *ctx, enum gx_rc rc)
{
    return ctx->fault_count == 0 ? gx_rc_name(rc) : gx_problem_row(ctx->faults[0].problem)->slug;
}

/* The transaction was rolled back, so the row is there again. */
static void put_off(struct firing *firing, struct gx_ctx *aux, enum gx_rc rc)
{
    struct gx_runner *runner = firing->runner;
    struct gx_chassis *chassis = runner->chassis;
    const char *reason = reason_of(&runner->ctx, rc);
    gx_metric_add(&GX_CHASSIS_METRICS[GX_M_TIMERS_FAILED], 1);
    gx_ctx_reset(aux);
    enum gx_rc done = GX_OK;
    if (gx_rc_is_final(rc) && firing->tries + 1 >= chassis->common->poison_limit) {
        gx_log(&runner->ctx, GX_ERROR, "timer-dead",
               "timer %s of %s failed %d times (%s) and was set aside", firing->timer.kind,
               firing->timer.subject, firing->tries + 1, reason);
        gx_metric_add(&GX_CHASSIS_METRICS[GX_M_TIMERS_DEAD], 1);
        done = gx_timer_bury(chassis->store, runner->pg, aux, &firing->timer, reason);
    } else {
        gx_log(&runner->ctx, GX_WARN, "timer-failed", "timer %s of %s: %s (%s)", firing->timer.kind,
               firing->timer.subject, gx_rc_name(rc), reason);
        done = gx_timer_postpone(chassis->store, runner->pg, aux, &firing->timer,
                                 gx_backoff_ms(firing->tries));
    }
    if (done != GX_OK) {
        gx_chassis_sleep_ms(chassis, LOOK_MOST_MS);
    }
}

static void fire(struct gx_runner *runner, struct gx_ctx *aux)
{
    struct firing firing = {.runner = runner};
    struct gx_job job = {
        .prepare = prepare_firing, .run = run_firing, .arg = &firing, .plan = {.lazy = true}};
    struct gx_job_result result;
    enum gx_rc rc = gx_runner_run(runner, &runner->ctx, &job, &result);
    if (rc == GX_OK && firing.found) {
        gx_metric_add(&GX_CHASSIS_METRICS[GX_M_TIMERS_RUN], 1);
        int64_t late_ms = gx_clock_wall_ms() - firing.timer.due_at;
        gx_metric_observe_us(&GX_CHASSIS_METRICS[GX_M_TIMER_LATE],
                             late_ms < 0 ? 0 : late_ms * 1000);
    } else if (rc == GX_OK) {
        gx_chassis_sleep_ms(runner->chassis, CONTENDED_MS); /* another process runs it just now */
    } else if (firing.found && rc != GX_UNCERTAIN) {
        put_off(&firing, aux, rc);
    } else {
        gx_chassis_sleep_ms(runner->chassis, LOOK_MOST_MS);
    }
}

/* Until the time has come, an earlier timer is set in this process, or the service stops. */
static void wait_for(struct gx_chassis *chassis, int64_t ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(ms % 1000) * 1000000L;
    until.tv_sec += (time_t)(ms / 1000) + until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_mutex_lock(&chassis->timer_lock);
    while (!chassis->timer_set && !atomic_load(&chassis->stopping)) {
        if (pthread_cond_timedwait(&chassis->timer_wake, &chassis->timer_lock, &until) ==
            ETIMEDOUT) {
            break;
        }
    }
    chassis->timer_set = false;
    (void)pthread_mutex_unlock(&chassis->timer_lock);
}

void *gx_timer_body(void *arg)
{
    struct gx_thread *thread = arg;
    struct gx_chassis *chassis = thread->chassis;
    struct gx_runner runner;
    struct gx_ctx aux;
    gx_ctx_init(&aux, 1024UL * 1024);
    bool open = gx_runner_open(&runner, chassis, true);
    while (open && !atomic_load(&chassis->stopping)) {
        int64_t in_ms = LOOK_MOST_MS;
        gx_ctx_reset(&aux);
        enum gx_rc rc = gx_timer_next(chassis->store, runner.pg, &aux, LOOK_MOST_MS, &in_ms);
        if (rc != GX_OK) {
            gx_chassis_sleep_ms(chassis, LOOK_MOST_MS);
        } else if (in_ms > 0) {
            wait_for(chassis, in_ms);
        } else {
            fire(&runner, &aux);
        }
    }
    gx_runner_close(&runner);
    gx_ctx_done(&aux);
    return NULL;
}
