/* SPDX-License-Identifier: Apache-2.0 */
/* Taking positions: who may tell of whom, on duty only, order and plausibility, all against memory; then to
 * those who carry it out. */
#ifndef MATCHER_POSITIONS_H
#define MATCHER_POSITIONS_H

#include "dispatch.pb-c.h"
#include "matcher.h"

/* The handler of position_batch. Refusals are part of the reply; the call fails only when nothing at all could be looked at. */
enum gx_rc positions_take(struct matcher *self, struct gx_ctx *ctx, const Genxi__PositionBatch *in,
                          Genxi__PositionsTaken *out);

#endif
