/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the matcher's memory outward: what has moved goes to the live picture (positions.moved, one message an area) and into Redis, each
 * responder once with the newest. What Redis does not take is written when it is back: then everybody is.
 */
#ifndef MATCHER_CARRY_H
#define MATCHER_CARRY_H

#include "index.h"
#include "live.h"

#include "base/ctx.h"

/* Runs fn in a transaction of the system's. */
typedef enum gx_rc carry_run_fn(void *via, struct gx_ctx *ctx,
                                enum gx_rc (*fn)(void *arg, struct gx_ctx *ctx), void *arg);

struct carry {
    struct live *live;
    struct index *index;
    carry_run_fn *run;
    void *via;
    bool lost; /* Redis lacks what was to be written */
};

/* All that has changed since the last time. Redis away: the live picture has it all the same. */
void carry_out(struct carry *carry, struct gx_ctx *ctx);
/* Does Redis answer? live_degraded() is by this. When it answers again, all is written anew. */
void carry_look(struct carry *carry, struct gx_ctx *ctx);

#endif
