/* SPDX-License-Identifier: Apache-2.0 */
#include "learn/learn.h"

#include "dispatch.pb-c.h"
#include "learn/store_learn.h"
#include "policy.h"
#include "prospects.h"
#include "settings.h"

#include "base/clock.h"
#include "store/tx.h"

#include <string.h>

enum {
    AT_ONCE = 2000, /* offers of one transaction */
    SETTLE_MS =
        60 *
        1000 /* what ends takes its time from the beginning of its transaction: after so long it has committed */
};

struct turn {
    struct odds odds; /* as the table has them behind this transaction */
    bool more;
};

static enum odds_answer answer_of(int state)
{
    switch (state) {
    case GENXI__OFFER_STATE__OFFER_STATE_ACCEPTED:
        return ODDS_ACCEPTED;
    case GENXI__OFFER_STATE__OFFER_STATE_DECLINED:
        return ODDS_DECLINED;
    default:
        return ODDS_UNANSWERED;
    }
}

static struct odds_end end_of(const struct learn_offer *offer)
{
    return (struct odds_end){
        .group =
            odds_group(offer->force, matcher_local_hour(offer->made_at), offer->travel_seconds),
        .answer = answer_of(offer->state),
        .age_ms = matcher_unscaled_ms(offer->ended_at - offer->made_at),
        .at = offer->ended_at,
    };
}

/* added[ODDS_CELLS] becomes what all of them add. */
static void observe(struct odds *odds, const struct learn_offer *offers, size_t count,
                    double *added)
{
    struct odds_change changes[ODDS_CHANGES_MAX];
    for (size_t i = 0; i < count; i++) {
        const struct odds_end end = end_of(&offers[i]);
        size_t n = odds_observe(odds, &end, changes);
        for (size_t j = 0; j < n; j++) {
            added[changes[j].cell] += changes[j].sum;
        }
    }
}

static enum gx_rc add(struct gx_ctx *ctx, const double *added)
{
    struct odds_change *changes = gx_arena_alloc(&ctx->arena, ODDS_CELLS * sizeof *changes);
    size_t count = 0;
    if (changes == NULL) {
        return GX_LIMIT;
    }
    for (size_t cell = 0; cell < ODDS_CELLS; cell++) {
        if (added[cell] > 0.0) {
            changes[count++] = (struct odds_change){(uint16_t)cell, added[cell]};
        }
    }
    return learn_store_add(ctx, changes, count);
}

static enum gx_rc learn(struct gx_ctx *ctx, struct turn *turn)
{
    struct learn_offer *offers = NULL;
    size_t count = 0;
    int64_t until_at = gx_tx_now_ms(ctx) - SETTLE_MS;
    double *added = gx_arena_alloc(&ctx->arena, ODDS_CELLS * sizeof *added);
    enum gx_rc rc = added == NULL ? GX_LIMIT : GX_OK;
    rc = rc == GX_OK ? learn_store_next(ctx, until_at, AT_ONCE, &offers, &count) : rc;
    if (rc != GX_OK || count == 0) {
        return rc;
    }
    turn->more = count == AT_ONCE;
    observe(&turn->odds, offers, count, added);
    rc = add(ctx, added);
    if (rc != GX_OK) {
        return rc;
    }
    return turn->more ? learn_store_learned(ctx, offers[count - 1].ended_at, offers[count - 1].id)
                      : learn_store_learned(ctx, until_at, LEARN_LAST_ID);
}

static enum gx_rc one_turn(void *arg, struct gx_ctx *ctx)
{
    struct turn *turn = arg;
    const struct odds_policy policy = policy_of_odds();
    bool held = false;
    odds_init(&turn->odds, &policy);
    turn->more = false;
    enum gx_rc rc = learn_store_begin(ctx, &turn->odds, &held);
    return rc == GX_OK && held ? learn(ctx, turn) : rc;
}

enum gx_rc learn_turn(carry_run_fn *run, void *via, struct gx_ctx *ctx)
{
    struct turn turn = {.more = true};
    enum gx_rc rc = GX_OK;
    while (turn.more && rc == GX_OK) {
        gx_ctx_reset(ctx);
        ctx->deadline_ms = gx_clock_wall_ms() + 5000;
        rc = run(via, ctx, one_turn, &turn);
    }
    if (rc == GX_OK) {
        prospects_set(&turn.odds, gx_clock_wall_ms());
    }
    return rc;
}
