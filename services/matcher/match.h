/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One matching: find near persons, weigh them by rules and travel, choose, offer, and leave the reasons behind.
 * Runs in the transaction of ctx, as the system, with the incident's row held (match_offer) or not (match_rank, which writes nothing).
 */
#ifndef MATCHER_MATCH_H
#define MATCHER_MATCH_H

#include "matcher.h"
#include "records.h"

/*
 * Fills the open places of the slots with offers. Changes incident (dispatched_at, round, phase) and slots' offered; the caller writes
 * the incident. Sets the timers of offers, and of another try when places stay without an offer.
 */
enum gx_rc match_offer(struct matcher *self, struct gx_ctx *ctx, struct incident *incident,
                       struct slot *slots, size_t slot_count);

/* The ranking as it would be now, nobody offered: the slots' forces, at most limit reasons for each slot. */
enum gx_rc match_rank(struct matcher *self, struct gx_ctx *ctx, const struct incident *incident,
                      const struct slot *slots, size_t slot_count, uint32_t limit,
                      Genxi__Proposal *out);

/* These persons by name, whatever their place: with travel times where a fix is known (UINT32_MAX: none). */
enum gx_rc match_named(struct matcher *self, struct gx_ctx *ctx, const struct incident *incident,
                       const char *const *ids, size_t count, struct person **ret_persons,
                       uint32_t **ret_seconds, size_t *ret_count);
/* How long these still travel to the incident, by their last fix; UINT32_MAX: none is known. ret_seconds[count] in the arena. */
enum gx_rc match_seconds(struct matcher *self, struct gx_ctx *ctx, const struct incident *incident,
                         struct assignment *const *items, size_t count, uint32_t **ret_seconds);
struct match_one {
    const char *slot;
    const struct person *person;
    uint32_t seconds;
    const char *replaces; /* the task whose place is handed over, or "" */
};
/* Offers to one person for one slot, by name. *ret_offer NULL: spoken for. */
enum gx_rc match_offer_one(struct matcher *self, struct gx_ctx *ctx, struct incident *incident,
                           const struct match_one *one, Genxi__Offer **ret_offer);

/* What the rules need of the incident. */
struct occasion match_occasion(struct gx_ctx *ctx, const struct incident *incident);

#endif
