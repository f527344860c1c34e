/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JT/T 808 on the wire, as patrol cars' terminals speak it over TCP. Big endian.
 *
 *   7E  id:16 attr:16 [version:8] phone:6|10 BCD serial:16 [total:16 number:16]  body  check:8  7E
 *
 * attr: bits 0-9 length of the body, 10-12 encryption, 13 parted (total and number stand), 14 the 2019 form (version stands, phone is 10
 * bytes). check is the XOR of all before it. Sender: check, then escape 7E -> 7D 02 and 7D -> 7D 01; reader: unescape, then check. What
 * stands before the first 7E is passed over; one 7E may end a frame and begin the next. A frame whose check, escape or length is wrong is
 * dropped: nothing in it is believed.
 */
#ifndef GATEWAY_DOORS_JT808_FRAME_H
#define GATEWAY_DOORS_JT808_FRAME_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    JT808_BODY_MAX = 1023,
    JT808_PLAIN_MAX = 4 + 1 + 10 + 2 + 4 + JT808_BODY_MAX + 1,
    JT808_WIRE_MAX = 2 * JT808_PLAIN_MAX + 2,
    JT808_PHONE_BYTES = 10,
    JT808_PHONE_SIZE = 21 /* as text */
};

struct jt808_header {
    uint16_t id;
    uint16_t serial;
    bool is_2019;
    uint8_t version;                  /* 2019 only */
    uint8_t phone[JT808_PHONE_BYTES]; /* as it came: 10 bytes in the 2019 form, else 6 */
    uint8_t encryption;               /* 0: none */
    bool parted;
    uint16_t total;
    uint16_t number; /* 1..total */
};

struct jt808_frame {
    struct jt808_header header;
    struct gx_view body;
};

/*
 * The next frame's bytes, still escaped: from its opening 7E to its closing one, but for a closing 7E that is the next one's opening, and
 * without an opening 7E where that was taken for the end of the frame before and the check fits all the same. Size 0: more is needed. What
 * stands before ret_wire is junk.
 */
void jt808_frame_cut(struct gx_view bytes, struct gx_view *ret_wire);

enum jt808_read {
    JT808_GOOD,
    JT808_BAD_CHECK,
    JT808_BAD_FORM, /* an escape that is none; shorter than a header, or longer than any frame */
    JT808_BAD_LENGTH /* its body is not as long as it says. The check fits, so the header stands and can be answered. */
};

/* wire: with or without its 7Es. The body lies in room. */
enum jt808_read jt808_frame_read(struct gx_view wire, uint8_t room[JT808_PLAIN_MAX],
                                 struct jt808_frame *ret_frame);

/* Escaped, between its two 7E; returns the bytes written. body.size <= JT808_BODY_MAX. */
size_t jt808_frame_write(const struct jt808_header *header, struct gx_view body,
                         uint8_t wire[JT808_WIRE_MAX]);

/*
 * The terminal's number: its digits without the zeros before them ("13912345678"; "0" when it is all zeros). Six bytes with hex letters
 * among them are an IMEI without its last digit: then the 15 digits of that.
 */
void jt808_phone_text(const struct jt808_header *header, char text[JT808_PHONE_SIZE]);

uint16_t jt808_u16(const uint8_t *at);
uint32_t jt808_u32(const uint8_t *at);

#endif
