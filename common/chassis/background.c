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

static enum gx_rc run_work(void *arg, struct gx_ctx *ctx, struct gx_view *ret_reply)
{
    const struct work *work = arg;
    (void)ret_reply;
    return work->fn(work->arg, ctx);
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

enum gx_rc gx_background_run(struct gx_background *background, struct gx_ctx *ctx,
                             enum gx_rc (*fn)(void *arg, struct gx_ctx *ctx), void *arg)
{
    struct gx_runner *runner = &background->runner;
    struct work work = {fn, arg, runner->chassis->service->name};
    struct gx_job job = {
        .prepare = prepare_work, .run = run_work, .arg = &work, .keep_arena = true};
    struct gx_job_result result;
    int64_t deadline_ms = ctx->deadline_ms;
    struct gx_actor actor = ctx->actor;
    if (deadline_ms == 0) {
        ctx->deadline_ms = gx_clock_wall_ms() + GX_SYSTEM_DEADLINE_MS;
    }
    enum gx_rc rc = gx_runner_run(runner, ctx, &job, &result);
    ctx->deadline_ms = deadline_ms;
    ctx->actor = actor;
    return rc;
}

void gx_background_free(struct gx_background *background)
{
    if (background != NULL) {
        gx_runner_close(&background->runner);
        free(background);
    }
}
