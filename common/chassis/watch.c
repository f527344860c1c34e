/* SPDX-License-Identifier: Apache-2.0 */
/* What the main thread looks at once a second: does PostgreSQL answer, is a timer overdue, are old idempotency keys to be removed. */
#include "base/clock.h"
#include "base/log.h"
#include "chassis/internal.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    PURGE_EVERY_MS = 60000,
    CHECK_DEADLINE_MS = 2000
};

static const int64_t DAY_MS = INT64_C(86400000);

struct gx_watch {
    struct gx_chassis *chassis;
    struct gx_pg *pg;
    struct gx_ctx ctx;
    int64_t purge_at_us;
};

struct gx_watch *gx_watch_new(struct gx_chassis *chassis)
{
    struct gx_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) {
        abort();
    }
    watch->chassis = chassis;
    gx_ctx_init(&watch->ctx, 1024UL * 1024);
    return watch;
}

static struct gx_ctx *fresh(struct gx_watch *watch)
{
    gx_ctx_reset(&watch->ctx);
    watch->ctx.deadline_ms = gx_clock_wall_ms() + CHECK_DEADLINE_MS;
    return &watch->ctx;
}

static bool is_alive(struct gx_watch *watch)
{
    if (watch->pg == NULL && gx_pg_open(watch->chassis->common->postgres,
                                        watch->chassis->service->name, &watch->pg) != GX_OK) {
        return false;
    }
    return gx_store_alive(watch->pg, fresh(watch)) == GX_OK;
}

static void look_at_timers(struct gx_watch *watch)
{
    struct gx_chassis *chassis = watch->chassis;
    for (size_t i = 0; i < chassis->service->timer_count; i++) {
        const struct gx_timer_row *row = &chassis->service->timers[i];
        int64_t overdue = 0;
        if (gx_timer_overdue(chassis->store, watch->pg, fresh(watch), row->kind, row->tolerance_ms,
                             &overdue) != GX_OK) {
            return;
        }
        gx_metric_set(&chassis->timers_overdue[i], overdue);
        if (overdue > 0) {
            gx_log(NULL, GX_ERROR, "timer-overdue",
                   "%" PRId64 " timers of kind %s are overdue by more than %" PRId64 " ms", overdue,
                   row->kind, row->tolerance_ms);
        }
    }
}

static void purge_keys(struct gx_watch *watch)
{
    struct gx_chassis *chassis = watch->chassis;
    size_t count = 0;
    enum gx_rc rc = gx_idempotency_purge(chassis->store, watch->pg, fresh(watch),
                                         chassis->common->idempotency_days * DAY_MS, &count);
    if (rc != GX_OK) {
        gx_log(NULL, GX_WARN, "idempotency-purge", "%s", gx_rc_name(rc));
    } else if (count > 0) {
        gx_log(NULL, GX_INFO, "idempotency-purge", "%zu old keys removed", count);
    }
}

static void sum_up_followers(const struct gx_chassis *chassis)
{
    int64_t areas = 0;
    int64_t behind = 0;
    int64_t behind_ms = 0;
    for (int64_t i = 0; i < chassis->common->followers; i++) {
        struct gx_follow_state *state = &chassis->follow_states[i];
        int64_t events = atomic_load(&state->behind_events);
        int64_t ms = atomic_load(&state->behind_ms);
        areas += atomic_load(&state->areas);
        behind = events > behind ? events : behind;
        behind_ms = ms > behind_ms ? ms : behind_ms;
    }
    gx_metric_set(&GX_CHASSIS_METRICS[GX_M_FOLLOW_AREAS], areas);
    gx_metric_set(&GX_CHASSIS_METRICS[GX_M_FOLLOW_BEHIND], behind);
    gx_metric_set(&GX_CHASSIS_METRICS[GX_M_FOLLOW_BEHIND_SECONDS], behind_ms / 1000);
}

void gx_watch_turn(struct gx_watch *watch)
{
    struct gx_chassis *chassis = watch->chassis;
    bool alive = is_alive(watch);
    atomic_store(&chassis->postgres_up, alive);
    gx_metric_set(&GX_CHASSIS_METRICS[GX_M_POSTGRES_UP], alive ? 1 : 0);
    sum_up_followers(chassis);
    if (!alive) {
        return;
    }
    look_at_timers(watch);
    if (gx_clock_mono_us() >= watch->purge_at_us) {
        purge_keys(watch);
        watch->purge_at_us = gx_clock_mono_us() + (int64_t)PURGE_EVERY_MS * 1000;
    }
}

void gx_watch_free(struct gx_watch *watch)
{
    if (watch != NULL) {
        gx_pg_free(watch->pg);
        gx_ctx_done(&watch->ctx);
        free(watch);
    }
}
