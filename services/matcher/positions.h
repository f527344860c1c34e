/* SPDX-License-Identifier: Apache-2.0 */
/* Taking positions: who may tell of whom, on duty only, order and plausibility, then the live index, the batch and the live picture. */
#ifndef MATCHER_POSITIONS_H
#define MATCHER_POSITIONS_H

#include "dispatch.pb-c.h"
#include "matcher.h"

/* What a thread remembers of responders for up to a second; a fixed number, those that hash alike push each other out. */
struct fix_cache;
struct fix_cache *fix_cache_new(void);
void fix_cache_free(struct fix_cache *cache);

/* The handler of position_batch. Refusals are part of the reply; the call fails only when nothing at all could be looked at. */
enum gx_rc positions_take(struct matcher *self, struct gx_ctx *ctx, const Genxi__PositionBatch *in,
                          Genxi__PositionsTaken *out);

#endif
