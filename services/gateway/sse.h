/* SPDX-License-Identifier: Apache-2.0 */
/* Server-Sent Events as text. */
#ifndef GATEWAY_SSE_H
#define GATEWAY_SSE_H

#include "base/ctx.h"
#include "envelope.pb-c.h"
#include "web/out.h"
#include "wire/audience.h"

/* One message; event and id may be NULL. A line break in data (LF, CR or CRLF) begins a new data line. */
void gw_sse_encode(struct gx_out *out, const char *id, const char *event, const char *data);

/*
 * What one kind of caller sees of an event: "event: <name>\ndata: {...}\n\n" in the arena, without an id. org: of passing positions only
 * those of this organisation (NULL: all). NULL when there is nothing to see or the event is of an unknown type.
 */
char *gw_sse_render(struct gx_ctx *ctx, const Genxi__Event *event, enum gx_sight sight,
                    const char *org);

#endif
