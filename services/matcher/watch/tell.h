/* SPDX-License-Identifier: Apache-2.0 */
/* Gaps and moves as messages, and the events that tell of them: a gap to the officers of the area and the site's own partner, a move besides to
 * the one who is moved and his organisation. Never an exercise. */
#ifndef MATCHER_WATCH_TELL_H
#define MATCHER_WATCH_TELL_H

#include "watch/store_watch.h"

#include "dispatch.pb-c.h"

/* Fills an initialised message; texts are borrowed. */
void watch_speak_gap(const struct watch_gap *gap, Genxi__Gap *out);
void watch_speak_move(const struct watch_move *move, Genxi__Move *out);

enum gx_rc watch_tell_gap(struct gx_ctx *ctx, const struct watch_gap *gap, Genxi__GapChange change);
enum gx_rc watch_tell_move(struct gx_ctx *ctx, const struct watch_move *move);

#endif
