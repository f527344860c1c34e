/* SPDX-License-Identifier: Apache-2.0 */
#include "outcome.h"

#include "metrics.h"
#include "store.h"
#include "store/tx.h"
#include "tell.h"

#include <stdio.h>

static enum gx_rc breaker_update(struct gx_ctx *ctx, const struct notifier_rules *rules,
                                 const struct outcome *outcome)
{
    struct breaker breaker = {0};
    bool found = false;
    enum gx_rc rc = notifier_store_breaker_get(ctx, outcome->webhook_id, &breaker, &found);
    if (rc != GX_OK || !found) {
        return rc;
    }
    int64_t now_ms = gx_tx_now_ms(ctx);
    if (verdict_of_status(outcome->http) == VERDICT_DELIVERED) {
        breaker_succeeded(&breaker);
    } else {
        breaker_failed(&breaker, &rules->breaker, now_ms);
        breaker_pause(&breaker, now_ms, outcome->retry_after_s);
    }
    return notifier_store_breaker_put(ctx, outcome->webhook_id, &breaker);
}

static enum gx_rc delivered(struct gx_ctx *ctx, const struct notifier_rules *rules,
                            const struct outcome *outcome)
{
    int64_t now_ms = gx_tx_now_ms(ctx);
    const struct notifier_move move = {
        .id = outcome->id,
        .from = {GENXI__DELIVERY_STATE__DELIVERY_STATE_WAITING},
        .to = GENXI__DELIVERY_STATE__DELIVERY_STATE_RECEIPTED,
        .sent_at = now_ms,
        .receipted_at = now_ms,
    };
    struct notifier_delivery *moved = NULL;
    notifier_count(METRIC_WEBHOOK_RECEIPTED);
    enum gx_rc rc = notifier_store_delivery_move(ctx, &move, &moved);
    return rc == GX_OK ? breaker_update(ctx, rules, outcome) : rc;
}

static enum gx_rc bury(struct gx_ctx *ctx, const struct outcome *outcome, const char *error)
{
    const struct notifier_move move = {
        .id = outcome->id,
        .from = {GENXI__DELIVERY_STATE__DELIVERY_STATE_WAITING},
        .to = GENXI__DELIVERY_STATE__DELIVERY_STATE_DEAD,
        .error = error,
    };
    struct notifier_delivery *moved = NULL;
    notifier_count(METRIC_WEBHOOK_DEAD);
    enum gx_rc rc = notifier_store_delivery_move(ctx, &move, &moved);
    return rc == GX_OK && moved != NULL ? notifier_tell_dead(ctx, moved) : rc;
}

/* 410: the endpoint wants nothing any more. What waits for it dies with it and can be replayed when it is active again. */
static enum gx_rc gone(struct gx_ctx *ctx, const struct outcome *outcome)
{
    enum gx_rc rc = bury(ctx, outcome, "410 gone: webhook disabled");
    if (rc == GX_OK) {
        rc = notifier_store_webhook_disable(ctx, outcome->webhook_id);
    }
    return rc == GX_OK ? notifier_store_webhook_stop(ctx, outcome->webhook_id,
                                                     GENXI__DELIVERY_STATE__DELIVERY_STATE_DEAD,
                                                     "410 gone: webhook disabled")
                       : rc;
}

static enum gx_rc failed(struct gx_ctx *ctx, const struct notifier_rules *rules,
                         const struct outcome *outcome, uint32_t tries)
{
    uint32_t random = 0;
    gx_random(&random, sizeof random);
    int64_t wait_ms = schedule_next_ms(&rules->schedule, tries, outcome->retry_after_s, random);
    enum gx_rc rc = breaker_update(ctx, rules, outcome);
    if (rc != GX_OK) {
        return rc;
    }
    if (wait_ms < 0) {
        return bury(ctx, outcome, outcome->error);
    }
    notifier_count(METRIC_WEBHOOK_RETRIED);
    return notifier_store_try_again(ctx, outcome->id, wait_ms, outcome->error);
}

enum gx_rc outcome_apply(struct gx_ctx *ctx, const struct notifier_rules *rules,
                         const struct outcome *outcome)
{
    struct notifier_delivery *delivery = NULL;
    if (!outcome->tried) {
        return notifier_store_release(ctx, outcome->id, outcome->lease_id);
    }
    enum gx_rc rc = notifier_store_try_over(ctx, outcome->id, outcome->lease_id, &delivery);
    if (rc != GX_OK || delivery == NULL) {
        return rc;
    }
    switch (verdict_of_status(outcome->http)) {
    case VERDICT_DELIVERED:
        return delivered(ctx, rules, outcome);
    case VERDICT_GONE:
        return gone(ctx, outcome);
    case VERDICT_RETRY:
    case VERDICT_SLOW_DOWN:
        break;
    }
    return failed(ctx, rules, outcome, delivery->seen.attempts);
}
