/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place that somebody holds who has far to go yet, and somebody much nearer who has become free: he is offered the place as one more; when he
 * accepts, the farther one is stood down, provided that he has not arrived. A place changes hands so once at most. Volunteers take no part.
 */
#ifndef MATCHER_SWAP_H
#define MATCHER_SWAP_H

#include "matcher.h"
#include "preempt.h"

#include "store/tx.h"

/*
 * He is free, or will be with this transaction: looks, in memory, for a place nearby that he would reach much sooner than who holds it, and sets a
 * timer ("swap": subject the task, data his id) that asks him. Nothing when he has no fix.
 */
enum gx_rc swap_consider(struct matcher *self, struct gx_ctx *ctx, const char *responder_id);
/* The timer: is it so still? Then he is asked. */
enum gx_rc swap_due(struct matcher *self, struct gx_ctx *ctx, const struct gx_timer *timer);
/* Before the offer's acceptance: the farther one's task ends. CONFLICT: he has arrived, or is gone. */
enum gx_rc swap_end(struct team *team, const struct offer *offer);

#endif
