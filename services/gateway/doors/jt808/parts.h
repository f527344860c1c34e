/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages longer than a frame come in parts, in any order, perhaps with some lost: gathered per connection within bounds, forgotten after
 * a time-out. Parts of one message have serials that rise by one, so serial - number + 1 names the message.
 */
#ifndef GATEWAY_DOORS_JT808_PARTS_H
#define GATEWAY_DOORS_JT808_PARTS_H

#include "doors/jt808/frame.h"

enum {
    JT808_PARTS_MAX = 64,           /* of one message: 64 KiB */
    JT808_MESSAGES_MAX = 2,         /* under way at a time; the oldest gives way */
    JT808_PARTS_WAIT_MS = 60 * 1000 /* for the whole of it */
};

struct jt808_parts;

struct jt808_parts *jt808_parts_new(void);        /* little until the first part comes */
void jt808_parts_free(struct jt808_parts *parts); /* NULL is fine */

enum jt808_part {
    JT808_PART_KEPT,
    JT808_PART_WHOLE, /* ret_body: all of it, good until the next call */
    JT808_PART_BAD    /* number or total out of bounds, or total not as before */
};
/* A part that is there already is kept as it was. now_ms: monotonic. */
enum jt808_part jt808_parts_add(struct jt808_parts *parts, const struct jt808_frame *frame,
                                int64_t now_ms, struct gx_view *ret_body);
/* Messages given up for want of a part since the last call. */
size_t jt808_parts_lost(struct jt808_parts *parts, int64_t now_ms);

#endif
