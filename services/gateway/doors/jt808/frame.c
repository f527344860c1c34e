/* SPDX-License-Identifier: Apache-2.0 */
#include "doors/jt808/frame.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    MARK = 0x7e,
    ESCAPE = 0x7d,
    HEADER_2013 = 12,
    HEADER_2019 = 17,
    PHONE_2013 = 6
};

uint16_t jt808_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

uint32_t jt808_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint8_t check_of(const uint8_t *bytes, size_t size)
{
    uint8_t check = 0;
    for (size_t i = 0; i < size; i++) {
        check ^= bytes[i];
    }
    return check;
}

/* Bytes written; 0 when an escape is none or the plain form does not fit. */
static size_t unescape(const uint8_t *from, size_t size, uint8_t plain[JT808_PLAIN_MAX])
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = from[i];
        if (byte == ESCAPE) {
            i++;
            if (i == size || from[i] < 1 || from[i] > 2) {
                return 0;
            }
            byte = from[i] == 1 ? ESCAPE : MARK;
        }
        if (used == JT808_PLAIN_MAX) {
            return 0;
        }
        plain[used++] = byte;
    }
    return used;
}

/* plain without its check. */
static enum jt808_read read_plain(const uint8_t *plain, size_t size, struct jt808_frame *frame)
{
    uint16_t attr = jt808_u16(plain + 2);
    bool is_2019 = (attr & 1U << 14) != 0;
    bool parted = (attr & 1U << 13) != 0;
    size_t head = (is_2019 ? (size_t)HEADER_2019 : (size_t)HEADER_2013) + (parted ? 4 : 0);
    if (size < head) {
        return JT808_BAD_FORM;
    }
    struct jt808_header *header = &frame->header;
    *header = (struct jt808_header){.id = jt808_u16(plain),
                                    .is_2019 = is_2019,
                                    .encryption = (uint8_t)(attr >> 10 & 7),
                                    .parted = parted,
                                    .version = is_2019 ? plain[4] : 0};
    size_t phone = is_2019 ? JT808_PHONE_BYTES : PHONE_2013;
    memcpy(header->phone, plain + (is_2019 ? 5 : 4), phone);
    header->serial = jt808_u16(plain + (is_2019 ? 5 : 4) + phone);
    if (parted) {
        header->total = jt808_u16(plain + head - 4);
        header->number = jt808_u16(plain + head - 2);
    }
    frame->body = (struct gx_view){plain + head, size - head};
    return (attr & JT808_BODY_MAX) == size - head ? JT808_GOOD : JT808_BAD_LENGTH;
}

enum jt808_read jt808_frame_read(struct gx_view wire, uint8_t room[JT808_PLAIN_MAX],
                                 struct jt808_frame *ret_frame)
{
    while (wire.size > 0 && wire.data[0] == MARK) {
        wire.data++;
        wire.size--;
    }
    while (wire.size > 0 && wire.data[wire.size - 1] == MARK) {
        wire.size--;
    }
    size_t plain = unescape(wire.data, wire.size, room);
    if (plain < HEADER_2013 + 1) {
        return JT808_BAD_FORM;
    }
    if (check_of(room, plain) != 0) { /* the check included: all of it cancels out */
        return JT808_BAD_CHECK;
    }
    return read_plain(room, plain - 1, ret_frame);
}

/* Is what stands before the first 7E a frame whose opening mark was the last byte of what came before? */
static bool is_headless(const uint8_t *from, size_t size)
{
    uint8_t room[JT808_PLAIN_MAX];
    struct jt808_frame frame;
    return size > 0 && jt808_frame_read((struct gx_view){from, size}, room, &frame) == JT808_GOOD;
}

void jt808_frame_cut(struct gx_view bytes, struct gx_view *ret_wire)
{
    const uint8_t *end = bytes.data + bytes.size;
    const uint8_t *open = bytes.size == 0 ? NULL : memchr(bytes.data, MARK, bytes.size);
    *ret_wire = (struct gx_view){bytes.data, 0};
    if (open == NULL) {
        return;
    }
    if (is_headless(bytes.data, (size_t)(open - bytes.data))) {
        ret_wire->size = (size_t)(open - bytes.data) + 1;
        return;
    }
    while (open + 1 < end && open[1] == MARK) {
        open++;
    }
    ret_wire->data = open;
    const uint8_t *close =
        open + 1 == end ? NULL : memchr(open + 1, MARK, (size_t)(end - open - 1));
    if (close != NULL) {
        bool shared = close + 1 < end && close[1] != MARK;
        ret_wire->size = (size_t)(close - open) + (shared ? 0 : 1);
    }
}

static size_t put_escaped(uint8_t *wire, size_t used, uint8_t byte)
{
    if (byte == MARK || byte == ESCAPE) {
        wire[used++] = ESCAPE;
        wire[used++] = byte == MARK ? 2 : 1;
        return used;
    }
    wire[used++] = byte;
    return used;
}

static size_t put_u16(uint8_t *to, size_t used, uint16_t value)
{
    to[used] = (uint8_t)(value >> 8);
    to[used + 1] = (uint8_t)(value & 0xff);
    return used + 2;
}

size_t jt808_frame_write(const struct jt808_header *header, struct gx_view body,
                         uint8_t wire[JT808_WIRE_MAX])
{
    uint8_t plain[JT808_PLAIN_MAX];
    size_t phone = header->is_2019 ? JT808_PHONE_BYTES : PHONE_2013;
    unsigned attr = (unsigned)body.size & JT808_BODY_MAX;
    attr |= (header->is_2019 ? 1U << 14 : 0) | (header->parted ? 1U << 13 : 0);
    size_t used = put_u16(plain, 0, header->id);
    used = put_u16(plain, used, (uint16_t)attr);
    if (header->is_2019) {
        plain[used++] = header->version;
    }
    memcpy(plain + used, header->phone, phone);
    used = put_u16(plain, used + phone, header->serial);
    if (header->parted) {
        used = put_u16(plain, used, header->total);
        used = put_u16(plain, used, header->number);
    }
    if (body.size > 0) {
        memcpy(plain + used, body.data, body.size);
    }
    used += body.size;
    plain[used] = check_of(plain, used);
    size_t written = 0;
    wire[written++] = MARK;
    for (size_t i = 0; i <= used; i++) {
        written = put_escaped(wire, written, plain[i]);
    }
    wire[written++] = MARK;
    return written;
}

static int luhn(const char *digits)
{
    int sum = 0;
    size_t size = strlen(digits);
    for (size_t i = 0; i < size; i++) {
        int digit = digits[size - 1 - i] - '0';
        digit *= i % 2 == 0 ? 2 : 1;
        sum += digit > 9 ? digit - 9 : digit;
    }
    return (10 - sum % 10) % 10;
}

void jt808_phone_text(const struct jt808_header *header, char text[JT808_PHONE_SIZE])
{
    char hex[JT808_PHONE_SIZE];
    size_t size = header->is_2019 ? JT808_PHONE_BYTES : PHONE_2013;
    gx_hex_encode(header->phone, size, hex);
    if (strspn(hex, "0123456789") == strlen(hex)) {
        const char *from = hex + strspn(hex, "0");
        (void)snprintf(text, JT808_PHONE_SIZE, "%s", *from == '\0' ? "0" : from);
        return;
    }
    if (header->is_2019) {
        (void)snprintf(text, JT808_PHONE_SIZE, "%s", hex);
        return;
    }
    uint64_t imei = (uint64_t)jt808_u16(header->phone) << 32 | jt808_u32(header->phone + 2);
    char digits[JT808_PHONE_SIZE];
    (void)snprintf(digits, sizeof digits, "%" PRIu64, imei);
    (void)snprintf(text, JT808_PHONE_SIZE, "%.19s%c", digits, '0' + luhn(digits));
}
