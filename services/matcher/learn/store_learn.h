/* SPDX-License-Identifier: Apache-2.0 */
/* The SQL of learning; in the transaction of ctx, as the system. */
#ifndef MATCHER_LEARN_STORE_LEARN_H
#define MATCHER_LEARN_STORE_LEARN_H

#include "offers/odds.h"

#include "base/ctx.h"

#include <stdbool.h>

/* The table into odds, which were begun. *ret_held: this transaction alone may learn. */
enum gx_rc learn_store_begin(struct gx_ctx *ctx, struct odds *odds, bool *ret_held);

struct learn_offer {
    const char *id;
    int force;
    int state; /* Genxi__OfferState, not open */
    int64_t made_at;
    int64_t ended_at;
    uint32_t travel_seconds;
};
/* The next most offers that ended by then, oldest first; exercises and those of whom no travel time is known are passed over. */
enum gx_rc learn_store_next(struct gx_ctx *ctx, int64_t until_at, size_t most,
                            struct learn_offer **ret_offers, size_t *ret_count);
/* Queues what is added to the table. */
enum gx_rc learn_store_add(struct gx_ctx *ctx, const struct odds_change *changes, size_t count);
/* Queues: all is learned that ended before that, and at that moment up to that id. */
enum gx_rc learn_store_learned(struct gx_ctx *ctx, int64_t ended_at, const char *offer_id);
/* No id is greater. */
#define LEARN_LAST_ID "ffffffff-ffff-ffff-ffff-ffffffffffff"

#endif
