/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/watch.h"

#include "counters.h"
#include "matcher.h"
#include "settings.h"
#include "watch/turn.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARENA_BYTES = 256 * 1024 * 1024, /* grown as needed: sites, gaps and their events of one turn */
    TURN_DEADLINE_MS = 30000,
    FILL_WAIT_MS = 500
};
static const int64_t DAY_MS = 24 * 3600 * 1000;

static struct {
    struct gx_background *background;
    void *self; /* struct matcher */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool running;
    bool stopping;
} WATCH = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

/* Waits; false when it is time to stop. */
static bool pause_ms(int64_t ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&WATCH.lock);
    int rc = 0;
    while (!WATCH.stopping && rc != ETIMEDOUT) {
        rc = pthread_cond_timedwait(&WATCH.wake, &WATCH.lock, &until);
    }
    bool go_on = !WATCH.stopping;
    (void)pthread_mutex_unlock(&WATCH.lock);
    return go_on;
}

/* Of the process whose turn it was; the others show nothing, so that their sum is right. */
static void report(const struct watch_turn *turn)
{
    for (int kind = COVER_FORCE; kind < COVER_KINDS; kind++) {
        gx_metric_set(&MATCHER_COUNTERS[COUNT_GAPS_FORCE + kind - COVER_FORCE], turn->kinds[kind]);
    }
    gx_metric_set(&MATCHER_COUNTERS[COUNT_GAPS_AHEAD], turn->ahead);
    gx_metric_set(&MATCHER_COUNTERS[COUNT_NEEDS], turn->needs);
    gx_metric_set(&MATCHER_COUNTERS[COUNT_NEEDS_MET], turn->met);
}

static void take_turn(struct gx_ctx *ctx)
{
    struct watch_turn turn = {
        .self = WATCH.self,
        .now_ms = matcher_span_ms(MATCHER_SETTINGS.coverage_seconds),
        .ahead_ms = matcher_span_ms(MATCHER_SETTINGS.coverage_ahead_seconds),
        .dwell = {.raise_ms = matcher_span_ms(MATCHER_SETTINGS.coverage_raise_seconds),
                  .clear_ms = matcher_span_ms(MATCHER_SETTINGS.coverage_clear_seconds)},
        .keep_ms = (int64_t)(MATCHER_SETTINGS.coverage_keep_days * (double)DAY_MS),
    };
    int64_t from_us = gx_clock_mono_us();
    gx_ctx_reset(ctx);
    ctx->label = "coverage";
    ctx->deadline_ms = gx_clock_wall_ms() + TURN_DEADLINE_MS;
    enum gx_rc rc = gx_background_run(WATCH.background, ctx, watch_turn, &turn);
    if (rc != GX_OK) {
        gx_log(ctx, GX_WARN, "coverage-not-looked", "the sites could not be looked at now: %s",
               gx_rc_text(rc));
        return;
    }
    report(&turn);
    if (turn.done) {
        gx_metric_observe_us(&MATCHER_COUNTERS[COUNT_COVERAGE_SECONDS],
                             gx_clock_mono_us() - from_us);
        gx_metric_add(&MATCHER_COUNTERS[COUNT_GAPS_TOLD], turn.told);
    }
}

static void *run_thread(void *arg)
{
    struct gx_ctx ctx;
    int64_t every_ms = matcher_span_ms(MATCHER_SETTINGS.coverage_seconds);
    (void)arg;
    gx_ctx_init(&ctx, ARENA_BYTES);
    /* Nobody is known yet: every need would be a gap. */
    while (!live_wait_filled(matcher_live(), FILL_WAIT_MS) && pause_ms(0)) {
    }
    while (pause_ms(every_ms)) {
        take_turn(&ctx);
    }
    gx_ctx_done(&ctx);
    return NULL;
}

enum gx_rc watch_start(const struct gx_common_settings *common)
{
    if (MATCHER_SETTINGS.coverage_seconds == 0.0) {
        return GX_OK;
    }
    enum gx_rc rc = matcher_thread_start(common, &WATCH.self);
    rc = rc == GX_OK ? gx_background_open(&WATCH.background) : rc;
    if (rc == GX_OK && pthread_create(&WATCH.thread, NULL, run_thread, NULL) != 0) {
        rc = GX_INTERNAL;
    }
    WATCH.running = rc == GX_OK;
    return rc;
}

void watch_stop(void)
{
    if (WATCH.running) {
        (void)pthread_mutex_lock(&WATCH.lock);
        WATCH.stopping = true;
        (void)pthread_cond_signal(&WATCH.wake);
        (void)pthread_mutex_unlock(&WATCH.lock);
        (void)pthread_join(WATCH.thread, NULL);
        WATCH.running = false;
    }
    gx_background_free(WATCH.background);
    WATCH.background = NULL;
    matcher_thread_stop(WATCH.self);
    WATCH.self = NULL;
}
