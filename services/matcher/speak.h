/* SPDX-License-Identifier: Apache-2.0 */
/* Records as messages, and the events that tell of them, each to its audience: officers of the area, the person, its organisation. */
#ifndef MATCHER_SPEAK_H
#define MATCHER_SPEAK_H

#include "records.h"

#include "base/ctx.h"

/* In the arena; NULL when it is spent. */
Genxi__Assignment *speak_assignment(struct gx_ctx *ctx, const struct assignment *assignment);
/* The message as it was made, with what became of it. */
enum gx_rc speak_offer(struct gx_ctx *ctx, const struct offer *offer, Genxi__Offer **ret_offer);
/* The task card of that force, or NULL. */
Genxi__TaskCard *speak_card(const Genxi__Playbook *playbook, Genxi__Force force);

enum gx_rc speak_offer_made(struct gx_ctx *ctx, const struct offer *offer, Genxi__Offer *message);
/* offer->state, ended_at and ended_by are the new ones. Counts it. */
enum gx_rc speak_offer_ended(struct gx_ctx *ctx, const struct offer *offer);

struct scene_first {
    bool responder;
    bool police;
};
enum gx_rc speak_assignment_changed(struct gx_ctx *ctx, const struct assignment *assignment,
                                    const struct scene_first *first);
enum gx_rc speak_team_filled(struct gx_ctx *ctx, const struct incident *incident, int64_t at);
enum gx_rc speak_slot_unfilled(struct gx_ctx *ctx, const struct incident *incident,
                               const char *slot, uint32_t missing, const char *reason);
enum gx_rc speak_rung(struct gx_ctx *ctx, const struct incident *incident,
                      const Genxi__RungReached *rung);

#endif
