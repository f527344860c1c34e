/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as they come to the door of panels: whatever they are, the stream is cut within its bounds and comes to an end, each frame is read and
 * opened within its bounds, and every answer to it is a frame that is read again.
 */
#include "doors/dc09/event.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answers(const struct dc09_frame *frame, struct gx_view key)
{
    uint8_t out[3][DC09_REPLY_MAX];
    size_t sizes[3] = {dc09_ack(frame, key, 0, out[0]), dc09_duh(frame, out[1]),
                       dc09_nak(frame, 0, out[2])};
    for (size_t i = 0; i < 3; i++) {
        struct dc09_frame again;
        struct gx_view cut;
        struct gx_view bytes = {out[i], sizes[i]};
        if (sizes[i] > DC09_REPLY_MAX || !dc09_cut(bytes, &cut) || cut.size != sizes[i] ||
            dc09_read(cut, &again) != DC09_GOOD || again.token != DC09_REPLY) {
            abort();
        }
    }
}

static void message(const struct dc09_frame *frame)
{
    struct dc09_message read;
    char text[300];
    if (!dc09_message_read(frame, &read)) {
        return;
    }
    if (read.event_count == 0 || read.event_count > DC09_EVENTS_MAX ||
        strlen(dc09_message_text(&read, text, sizeof text)) >= sizeof text) {
        abort();
    }
}

static void one(struct gx_view bytes)
{
    static const uint8_t KEY[DC09_KEY_MAX] = "0123456789ABCDEF0123456789ABCDEF";
    static uint8_t room[DC09_FRAME_MAX];
    struct gx_view key = {KEY, 16};
    struct dc09_frame frame;
    enum dc09_verdict verdict = dc09_read(bytes, &frame);
    if (verdict == DC09_GOOD && frame.encrypted && frame.token != DC09_REPLY) {
        verdict = dc09_open(&frame, key, room);
    }
    if (verdict == DC09_GOOD) {
        message(&frame);
    }
    if (verdict != DC09_BAD_CRC) {
        answers(&frame, key);
    }
}

/* The same bytes as one frame, its sum put right, so that what lies behind the sum is reached. */
static void with_right_sum(const uint8_t *data, size_t size)
{
    uint8_t bytes[DC09_FRAME_MAX];
    static const char DIGITS[] = "0123456789ABCDEF";
    if (size == 0 || size > sizeof bytes - 10) {
        return;
    }
    memcpy(bytes + 9, data, size);
    bytes[9] = '"';
    unsigned crc = dc09_crc((struct gx_view){bytes + 9, size});
    const uint8_t head[9] = {'\n',
                             (uint8_t)DIGITS[crc >> 12U],
                             (uint8_t)DIGITS[crc >> 8U & 15U],
                             (uint8_t)DIGITS[crc >> 4U & 15U],
                             (uint8_t)DIGITS[crc & 15U],
                             '0',
                             '0',
                             '0',
                             '0'};
    memcpy(bytes, head, sizeof head);
    bytes[9 + size] = '\r';
    one((struct gx_view){bytes, size + 10});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t at = 0;
    while (at < size) {
        struct gx_view frame;
        bool good = dc09_cut((struct gx_view){data + at, size - at}, &frame);
        size_t used = (size_t)(frame.data - (data + at)) + frame.size;
        if (used > size - at || frame.size > DC09_FRAME_MAX || (!good && used == 0)) {
            abort();
        }
        if (good && frame.size > 0) {
            one(frame);
        }
        if (frame.size == 0) {
            break;
        }
        at += used;
    }
    with_right_sum(data, size);
    return 0;
}
