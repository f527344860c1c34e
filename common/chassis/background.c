/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions of a service's own background threads. */
#include "base/clock.h"
#include "chassis/internal.h"

#include <stdlib.h>

struct gx_background {
    struct gx_runner runner;
};

struct work {
    enum gx_rc (*fn)(void *arg, struct gx_ctx *ctx);
    void *arg;
    const char *service;
};

static void prepare_work(void *arg, struct gx_ctx *ctx)
{
    const struct work *work = arg;
    gx_act_as_system(ctx, work->service, NULL);
}

static enum gx_rc run_work(void *arg, struct gx_ctx *ctx, struct gx_job_result *result)
{
    const struct work *work = arg;
    (void)result;
    return work->fn(work->arg, ctx);
}

struct once_work {
    const char *service;
    const struct gx_once *once;
};

static void prepare_once(void *arg, struct gx_ctx *ctx)
{
    const struct once_work *work = arg;
    gx_act_as_system(ctx, work->service, NULL);
    ctx->actor.subject = work->once->subject;
}

static enum gx_rc run_once(void *arg, struct gx_ctx *ctx, struct gx_job_result *result)
{
    const struct once_work *work = arg;
    return work->once->fn(work->once->arg, ctx, &result->reply);
}

enum gx_rc gx_background_open(struct gx_background **ret_background)
{
    struct gx_chassis *chassis = gx_chassis_running();
    struct gx_background *background = calloc(1, sizeof *background);
    if (chassis == NULL || background == NULL) {
        abort();
    }
    if (!gx_runner_open(&background->runner, chassis, false)) {
        gx_runner_close(&background->runner);
        free(background);
        return GX_UNAVAILABLE;
    }
    *ret_background = background;
    return GX_OK;
}

static enum gx_rc run_job(struct gx_runner *runner, struct gx_ctx *ctx, const struct gx_job *job,
                          struct gx_job_result *ret_result)
{
    int64_t deadline_ms = ctx->deadline_ms;
    struct gx_actor actor = ctx->actor;
    if (deadline_ms == 0) {
        ctx->deadline_ms = gx_clock_wall_ms() + GX_SYSTEM_DEADLINE_MS;
    }
    enum gx_rc rc = gx_runner_run(runner, ctx, job, ret_result);
    ctx->deadline_ms = deadline_ms;
    ctx->actor = actor;
    return rc;
}

enum gx_rc gx_background_run(struct gx_background *background, struct gx_ctx *ctx,
                             enum gx_rc (*fn)(void *arg, struct gx_ctx *ctx), void *arg)
{
    struct gx_runner *runner = &background->runner;
    struct work work = {fn, arg, runner->chassis->service->name};
    struct gx_job job = {
        .prepare = prepare_work, .run = run_work, .arg = &work, .keep_arena = true};
    struct gx_job_result result;
    return run_job(runner, ctx, &job, &result);
}

enum gx_rc gx_background_once(struct gx_background *background, struct gx_ctx *ctx,
                              const struct gx_once *once, struct gx_view *ret_kept,
                              bool *ret_replayed)
{
    struct gx_runner *runner = &background->runner;
    struct once_work work = {runner->chassis->service->name, once};
    uint8_t digest[GX_DIGEST_SIZE];
    gx_command_digest(0, once->asked, digest);
    struct gx_job job = {.prepare = prepare_once,
                         .run = run_once,
                         .arg = &work,
                         .plan = {.key = once->key, .digest = digest},
                         .keep_arena = true};
    struct gx_job_result result;
    enum gx_rc rc = run_job(runner, ctx, &job, &result);
    if (rc == GX_OK) {
        *ret_kept = result.reply;
        *ret_replayed = result.replayed;
    }
    return rc;
}

void gx_background_free(struct gx_background *background)
{
    if (background != NULL) {
        gx_runner_close(&background->runner);
        free(background);
    }
}
