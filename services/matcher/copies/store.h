/* SPDX-License-Identifier: Apache-2.0 */
/* The matcher's copies of the registry: one upsert an event, an older event never overwrites a
 * newer one. */
#ifndef MATCHER_COPIES_STORE_H
#define MATCHER_COPIES_STORE_H

#include "base/ctx.h"
#include "registry.pb-c.h"

enum gx_rc copies_put_station(struct gx_ctx *ctx, const Genxi__Station *station, int64_t at);
enum gx_rc copies_put_partner(struct gx_ctx *ctx, const Genxi__Partner *partner, int64_t at);
enum gx_rc copies_put_site(struct gx_ctx *ctx, const Genxi__Site *site, int64_t at);
enum gx_rc copies_put_responder(struct gx_ctx *ctx, const Genxi__Responder *responder, int64_t at);
enum gx_rc copies_put_shift(struct gx_ctx *ctx, const Genxi__Shift *shift, int64_t at);

#endif
