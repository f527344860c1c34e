/* SPDX-License-Identifier: Apache-2.0 */
/* Multipart messages with a bound on their parts, and the few numbers in them. For common/wire and services/broker. */
#ifndef GX_WIRE_FRAMES_H
#define GX_WIRE_FRAMES_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

enum {
    GX_FRAMES_MAX = 8
};

struct gx_frames {
    zmq_msg_t parts[GX_FRAMES_MAX];
    size_t count;
};

enum gx_frames_got {
    GX_FRAMES_NONE,
    GX_FRAMES_ONE,
    GX_FRAMES_TOO_MANY
};

/*
 * Takes one message if there is one; the caller ends it with gx_frames_done(). A message of more than GX_FRAMES_MAX parts is read to its end
 * and thrown away (TOO_MANY, nothing to release).
 */
enum gx_frames_got gx_frames_recv(void *socket, struct gx_frames *frames);
void gx_frames_done(struct gx_frames *frames);

struct gx_view gx_frame(struct gx_frames *frames, size_t index);
/* The part is exactly this text. */
bool gx_frame_is(struct gx_frames *frames, size_t index, const char *text);

/*
 * Sends the views, then `last` (may be NULL) as the final part, never waiting. 0, or -1 with errno: EAGAIN full or not connected, EHOSTUNREACH no
 * such peer. On success last is emptied; on failure it is the caller's still.
 */
int gx_frames_send(void *socket, const struct gx_view *views, size_t count, zmq_msg_t *last);

void gx_put_u64(uint8_t bytes[8], uint64_t value); /* big endian */
uint64_t gx_get_u64(const uint8_t bytes[8]);
struct gx_view gx_view_of(const char *text); /* without its end */

#endif
