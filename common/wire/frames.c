/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/frames.h"

#include <string.h>

static void throw_away(void *socket)
{
    int more = 1;
    while (more != 0) {
        zmq_msg_t part;
        (void)zmq_msg_init(&part);
        more = zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) >= 0 ? zmq_msg_more(&part) : 0;
        (void)zmq_msg_close(&part);
    }
}

enum gx_frames_got gx_frames_recv(void *socket, struct gx_frames *frames)
{
    frames->count = 0;
    int more = 1;
    while (more != 0) {
        if (frames->count == GX_FRAMES_MAX) {
            gx_frames_done(frames);
            throw_away(socket);
            return GX_FRAMES_TOO_MANY;
        }
        zmq_msg_t *part = &frames->parts[frames->count];
        (void)zmq_msg_init(part);
        if (zmq_msg_recv(part, socket, ZMQ_DONTWAIT) < 0) {
            (void)zmq_msg_close(part);
            gx_frames_done(
                frames); /* ØMQ delivers whole messages only, so this is before the first part */
            return GX_FRAMES_NONE;
        }
        frames->count++;
        more = zmq_msg_more(part);
    }
    return GX_FRAMES_ONE;
}

void gx_frames_done(struct gx_frames *frames)
{
    for (size_t i = 0; i < frames->count; i++) {
        (void)zmq_msg_close(&frames->parts[i]);
    }
    frames->count = 0;
}

struct gx_view gx_frame(struct gx_frames *frames, size_t index)
{
    zmq_msg_t *part = &frames->parts[index];
    return (struct gx_view){zmq_msg_data(part), zmq_msg_size(part)};
}

bool gx_frame_is(struct gx_frames *frames, size_t index, const char *text)
{
    struct gx_view view = gx_frame(frames, index);
    return view.size == strlen(text) && memcmp(view.data, text, view.size) == 0;
}

int gx_frames_send(void *socket, const struct gx_view *views, size_t count, zmq_msg_t *last)
{
    for (size_t i = 0; i < count; i++) {
        int more = i + 1 < count || last != NULL ? ZMQ_SNDMORE : 0;
        if (zmq_send(socket, views[i].data, views[i].size, ZMQ_DONTWAIT | more) < 0) {
            return -1;
        }
    }
    if (last != NULL && zmq_msg_send(last, socket, ZMQ_DONTWAIT) < 0) {
        return -1;
    }
    return 0;
}

void gx_put_u64(uint8_t bytes[8], uint64_t value)
{
    for (int i = 7; i >= 0; i--) {
        bytes[i] = (uint8_t)(value & 0xff);
        value >>= 8;
    }
}

uint64_t gx_get_u64(const uint8_t bytes[8])
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

struct gx_view gx_view_of(const char *text)
{
    return (struct gx_view){(const uint8_t *)text, strlen(text)};
}
