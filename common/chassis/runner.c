/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One transaction, as often as it takes: the handler runs, commits, and is run again from the start when the database says that a
 * repetition may succeed. A run that failed has no effect, so no handler's effect happens twice.
 */
#include "base/clock.h"
#include "base/log.h"
#include "chassis/internal.h"

#include <string.h>

void gx_act_as_system(struct gx_ctx *ctx, const char *service, const char *parent_trace)
{
    ctx->actor = (struct gx_actor){.roles = GX_ROLE_SYSTEM,
                                   .subject = service,
                                   .org = "",
                                   .responder_id = "",
                                   .lang = "zh-CN"};
    if (parent_trace != NULL) {
        (void)gx_trace_child(parent_trace, ctx->traceparent);
    } else if (ctx->traceparent[0] == '\0') {
        (void)gx_trace_new(ctx->traceparent);
    }
}

bool gx_runner_open(struct gx_runner *runner, struct gx_chassis *chassis, bool with_self)
{
    const struct gx_service *service = chassis->service;
    *runner = (struct gx_runner){.chassis = chassis};
    while (gx_pg_open(chassis->common->postgres, service->name, &runner->pg) != GX_OK) {
        if (atomic_load(&chassis->stopping)) {
            return false;
        }
        gx_chassis_sleep_ms(chassis, 200);
    }
    gx_ctx_init(&runner->ctx, (size_t)chassis->common->arena_bytes);
    runner->tx = gx_tx_new(runner->pg, chassis->store);
    if (gx_publisher_open(&chassis->bus, &runner->publisher) != GX_OK) {
        gx_log(NULL, GX_ERROR, "publisher-open", "no publisher could be made");
        atomic_store(&chassis->failed, true);
        return false;
    }
    if (with_self && service->thread_start != NULL &&
        service->thread_start(chassis->common, &runner->self) != GX_OK) {
        gx_log(NULL, GX_ERROR, "thread-start", "the service's own state could not be made");
        atomic_store(&chassis->failed, true);
        return false;
    }
    return true;
}

void gx_runner_close(struct gx_runner *runner)
{
    const struct gx_service *service = runner->chassis->service;
    if (runner->self != NULL && service->thread_stop != NULL) {
        service->thread_stop(runner->self);
    }
    gx_publisher_free(runner->publisher);
    gx_tx_free(runner->tx);
    gx_pg_free(runner->pg);
    gx_ctx_done(&runner->ctx);
}

/* --- after the commit --- */

static void publish(struct gx_runner *runner)
{
    const struct gx_service *service = runner->chassis->service;
    size_t count = 0;
    Genxi__Event **events = gx_tx_events(runner->tx, &count);
    size_t passing_count = 0;
    Genxi__Event **passing = gx_tx_passing(runner->tx, &passing_count);
    size_t dropped = 0;
    for (size_t i = 0; i < count && runner->publisher != NULL; i++) {
        dropped += gx_publish(runner->publisher, events[i]);
    }
    for (size_t i = 0; i < passing_count && runner->publisher != NULL; i++) {
        dropped += gx_publish(runner->publisher, passing[i]);
    }
    gx_metric_add(&GX_CHASSIS_METRICS[GX_M_PUBLISH_DROPPED], (int64_t)dropped);
    if (count > 0 && service->committed != NULL) {
        service->committed(runner->self, (const Genxi__Event *const *)events, count);
    }
    if (gx_tx_set_timers(runner->tx)) {
        gx_chassis_wake_timers(runner->chassis);
    }
}

/* --- one run --- */

/*
 * A command that failed before it asked the database anything: its key may still have been answered before, with the same body (then that
 * answer holds) or with another (then that is what is wrong).
 */
static enum gx_rc look_at_key(struct gx_runner *runner, struct gx_ctx *ctx, enum gx_rc rc)
{
    size_t faults = ctx->fault_count;
    enum gx_rc touched = gx_tx_touch(runner->tx);
    if (touched == GX_CONFLICT && ctx->fault_count > faults) {
        ctx->faults[0] = ctx->faults[ctx->fault_count - 1];
        ctx->fault_count = 1;
        return touched;
    }
    ctx->fault_count = faults;
    return rc;
}

static enum gx_rc run_once(struct gx_runner *runner, struct gx_ctx *ctx, const struct gx_job *job,
                           bool again, struct gx_job_result *result)
{
    if (!job->keep_arena) {
        gx_ctx_reset(ctx);
    }
    ctx->fault_count = 0;
    job->prepare(job->arg, ctx);
    gx_tx_begin(runner->tx, ctx, &job->plan);
    enum gx_rc rc = again && job->plan.key != NULL ? gx_tx_touch(runner->tx) : GX_OK;
    if (rc == GX_OK) {
        rc = job->run(job->arg, ctx, result);
        if (rc == GX_OK) {
            bool differs = result->kept.data != NULL;
            rc = gx_tx_commit(runner->tx, differs ? result->kept : result->reply);
        } else if (job->plan.key != NULL) {
            rc = look_at_key(runner, ctx, rc);
        }
    }
    if (rc != GX_OK && gx_tx_replay(runner->tx, &result->reply)) {
        gx_ctx_forgive(ctx);
        result->replayed = true;
        rc = GX_OK;
    }
    return rc;
}

/* What is known over all runs of one job. */
struct history {
    int runs;
    bool uncertain; /* a COMMIT went out and its fate is still unknown */
};

static bool may_run_again(const struct gx_runner *runner, const struct gx_ctx *ctx,
                          const struct gx_job *job, enum gx_rc rc, const struct history *history)
{
    if (gx_ctx_left_ms(ctx, GX_SYSTEM_DEADLINE_MS) == 0) {
        return false;
    }
    if (history->uncertain && job->plan.key != NULL) {
        /* The key tells: look until the deadline. */
        return rc == GX_UNCERTAIN || rc == GX_UNAVAILABLE;
    }
    if (history->runs >= GX_RERUNS_MAX || job->plan.moves_cursor) {
        return history->runs < GX_RERUNS_MAX && gx_tx_again(runner->tx) &&
               !gx_tx_lease_lost(runner->tx);
    }
    return gx_tx_again(runner->tx) || (gx_tx_unique(runner->tx) && history->runs == 1);
}

static void pause_before_rerun(const struct gx_runner *runner, const struct history *history)
{
    unsigned noise = 0;
    gx_random(&noise, sizeof noise);
    /* Two that ran into each other must not do so again in step. */
    int most = history->uncertain ? 50 : 4 << (history->runs < 6 ? history->runs : 6);
    gx_chassis_sleep_ms(runner->chassis, 1 + (int)(noise % (unsigned)(most + 1)));
}

enum gx_rc gx_runner_run(struct gx_runner *runner, struct gx_ctx *ctx, const struct gx_job *job,
                         struct gx_job_result *ret_result)
{
    struct history history = {0};
    for (;;) {
        *ret_result = (struct gx_job_result){.replayed = false};
        enum gx_rc rc = run_once(runner, ctx, job, history.runs > 0, ret_result);
        history.runs++;
        if (rc == GX_OK) {
            if (ret_result->replayed) {
                gx_tx_abort(runner->tx);
                gx_metric_add(&GX_CHASSIS_METRICS[GX_M_REPLAYS], 1);
            } else {
                publish(runner);
            }
            gx_tx_end(runner->tx);
            return rc;
        }
        if (rc == GX_UNCERTAIN) {
            history.uncertain = true;
            gx_metric_add(&GX_CHASSIS_METRICS[GX_M_UNCERTAIN], 1);
        }
        bool again = may_run_again(runner, ctx, job, rc, &history);
        ret_result->lease_lost = gx_tx_lease_lost(runner->tx);
        gx_tx_abort(runner->tx);
        gx_tx_end(runner->tx);
        if (!again) {
            if (history.uncertain && rc == GX_UNAVAILABLE) {
                gx_ctx_forgive(ctx);
                return gx_fail(ctx, GX_P_UNCERTAIN, "", "postgres");
            }
            return rc;
        }
        gx_metric_add(&GX_CHASSIS_METRICS[GX_M_RERUNS], 1);
        pause_before_rerun(runner, &history);
    }
}

enum gx_rc gx_pass(struct gx_ctx *ctx, const struct gx_emit *emit)
{
    return gx_tx_pass(ctx, emit);
}
