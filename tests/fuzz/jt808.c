/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as they come from a terminal: each frame is read within its bounds whatever they are, and what was read is written again as a frame
 * that reads as the same. The first byte says how the bytes are cut on their way.
 */
#include "doors/jt808/frame.h"
#include "doors/jt808/message.h"
#include "doors/jt808/parts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_location(void *arg, const struct jt808_location *location)
{
    (void)arg;
    if (location->point.has_place && !gx_geo_valid(location->point.place)) {
        abort();
    }
    if (location->point.at < 0) {
        abort();
    }
}

static void same(const struct jt808_frame *frame)
{
    static uint8_t wire[JT808_WIRE_MAX];
    static uint8_t room[JT808_PLAIN_MAX];
    struct jt808_frame again;
    struct gx_view cut;
    size_t size = jt808_frame_write(&frame->header, frame->body, wire);
    jt808_frame_cut((struct gx_view){wire, size}, &cut);
    if (size > sizeof wire || cut.data != wire || cut.size != size ||
        jt808_frame_read(cut, room, &again) != JT808_GOOD) {
        abort();
    }
    if (again.header.id != frame->header.id || again.header.serial != frame->header.serial ||
        again.body.size != frame->body.size ||
        memcmp(again.body.data, frame->body.data, again.body.size) != 0) {
        abort();
    }
}

static void read_body(const struct jt808_header *header, struct gx_view body)
{
    const struct jt808_frame frame = {*header, body};
    struct jt808_register reg;
    struct jt808_auth auth;
    struct jt808_location location;
    struct jt808_batch batch;
    char phone[JT808_PHONE_SIZE];
    jt808_phone_text(header, phone);
    (void)jt808_register_read(&frame, &reg);
    (void)jt808_auth_read(&frame, &auth);
    if (jt808_location_read(body, &location) == 0) {
        check_location(NULL, &location);
    }
    if (jt808_batch_read(body, check_location, NULL, &batch) == 0 && batch.read > batch.count) {
        abort();
    }
}

static void take(struct jt808_parts *parts, const struct jt808_frame *frame, int64_t now_ms)
{
    struct gx_view whole;
    same(frame);
    read_body(&frame->header, frame->body);
    if (frame->header.parted && jt808_parts_add(parts, frame, now_ms, &whole) == JT808_PART_WHOLE) {
        read_body(&frame->header, whole);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t room[JT808_PLAIN_MAX];
    struct jt808_parts *parts = jt808_parts_new();
    size_t step = size == 0 ? 1 : 1 + data[0] % 64U;
    size_t at = size == 0 ? 0 : 1;
    for (size_t here = at; here < size;) {
        here = here + step < size ? here + step : size;
        struct gx_view wire;
        do {
            struct jt808_frame frame;
            const struct gx_view bytes = {data + at, here - at};
            jt808_frame_cut(bytes, &wire);
            if (wire.data < bytes.data || wire.data + wire.size > bytes.data + bytes.size) {
                abort();
            }
            at = (size_t)(wire.data + wire.size - data);
            if (wire.size > 0 && jt808_frame_read(wire, room, &frame) == JT808_GOOD) {
                take(parts, &frame, (int64_t)at * 1000);
            }
        } while (wire.size > 0);
    }
    jt808_parts_free(parts);
    return 0;
}
