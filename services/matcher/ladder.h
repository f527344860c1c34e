/* SPDX-License-Identifier: Apache-2.0 */
/* The 1-3-5 ladder: rungs of the playbook as durable timers (kind "rung", n the minute), stepping up when nobody came. */
#ifndef MATCHER_LADDER_H
#define MATCHER_LADDER_H

#include "matcher.h"
#include "records.h"
#include "store/tx.h"

enum ladder_clock {
    LADDER_REPORTED,
    LADDER_DISPATCHED
};

/*
 * Sets the rungs whose clock starts then. LADDER_REPORTED sets all: when nobody is ever dispatched, that very rung must not stay silent;
 * LADDER_DISPATCHED moves its own when the first offer goes out.
 */
enum gx_rc ladder_start(struct gx_ctx *ctx, const struct incident *incident,
                        enum ladder_clock clock);
/* A rung is due. overdue: later than the tolerance. */
enum gx_rc ladder_due(struct matcher *self, struct gx_ctx *ctx, const struct gx_timer *timer);

enum {
    LADDER_TOLERANCE_MS = 5000
};

#endif
