/* SPDX-License-Identifier: Apache-2.0 */
#include "sms_text.h"

#include "base/text.h"

#include <stdbool.h>
#include <string.h>

enum {
    ESCAPE = 0x1b,
    UDH_SIZE = 6,
    GSM_SINGLE = 160,
    GSM_PART = 153,
    UCS2_SINGLE = 140,
    UCS2_PART = 134
};

/* The default alphabet by septet; 0 where the escape stands. */
static const uint16_t GSM[128] = {
    '@',    0x00a3, '$',    0x00a5, 0x00e8, 0x00e9, 0x00f9, 0x00ec, 0x00f2, 0x00c7, '\n',   0x00d8,
    0x00f8, '\r',   0x00c5, 0x00e5, 0x0394, '_',    0x03a6, 0x0393, 0x039b, 0x03a9, 0x03a0, 0x03a8,
    0x03a3, 0x0398, 0x039e, 0,      0x00c6, 0x00e6, 0x00df, 0x00c9, ' ',    '!',    '"',    '#',
    0x00a4, '%',    '&',    '\'',   '(',    ')',    '*',    '+',    ',',    '-',    '.',    '/',
    '0',    '1',    '2',    '3',    '4',    '5',    '6',    '7',    '8',    '9',    ':',    ';',
    '<',    '=',    '>',    '?',    0x00a1, 'A',    'B',    'C',    'D',    'E',    'F',    'G',
    'H',    'I',    'J',    'K',    'L',    'M',    'N',    'O',    'P',    'Q',    'R',    'S',
    'T',    'U',    'V',    'W',    'X',    'Y',    'Z',    0x00c4, 0x00d6, 0x00d1, 0x00dc, 0x00a7,
    0x00bf, 'a',    'b',    'c',    'd',    'e',    'f',    'g',    'h',    'i',    'j',    'k',
    'l',    'm',    'n',    'o',    'p',    'q',    'r',    's',    't',    'u',    'v',    'w',
    'x',    'y',    'z',    0x00e4, 0x00f6, 0x00f1, 0x00fc, 0x00e0,
};
static const struct {
    uint16_t point;
    uint8_t septet;
} GSM_ESCAPED[] = {
    {'\f', 0x0a}, {'^', 0x14}, {'{', 0x28}, {'}', 0x29}, {'\\', 0x2f},
    {'[', 0x3c},  {'~', 0x3d}, {']', 0x3e}, {'|', 0x40}, {0x20ac, 0x65},
};

/* One code point of valid UTF-8; moves *at behind it. */
static uint32_t next_point(const char **at)
{
    const unsigned char *p = (const unsigned char *)*at;
    size_t size = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    static const unsigned char FIRST[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t point = p[0] & FIRST[size];
    for (size_t i = 1; i < size; i++) {
        point = point << 6 | (p[i] & 0x3fU);
    }
    *at += size;
    return point;
}

/* The unit of one code point: its bytes, never split between parts. 0 when the alphabet lacks it. */
static size_t gsm_unit(uint32_t point, uint8_t unit[4])
{
    for (size_t i = 0; i < 128; i++) {
        if (GSM[i] == point && point != 0) {
            unit[0] = (uint8_t)i;
            return 1;
        }
    }
    for (size_t i = 0; i < sizeof GSM_ESCAPED / sizeof GSM_ESCAPED[0]; i++) {
        if (GSM_ESCAPED[i].point == point) {
            unit[0] = ESCAPE;
            unit[1] = GSM_ESCAPED[i].septet;
            return 2;
        }
    }
    return 0;
}

static size_t ucs2_unit(uint32_t point, uint8_t unit[4])
{
    uint32_t high = point;
    size_t size = 2;
    if (point > 0xffff) {
        high = 0xd800 + ((point - 0x10000) >> 10);
        uint32_t low = 0xdc00 + ((point - 0x10000) & 0x3ff);
        unit[2] = (uint8_t)(low >> 8);
        unit[3] = (uint8_t)(low & 0xff);
        size = 4;
    }
    unit[0] = (uint8_t)(high >> 8);
    unit[1] = (uint8_t)(high & 0xff);
    return size;
}

static size_t unit_of(bool gsm, uint32_t point, uint8_t unit[4])
{
    return gsm ? gsm_unit(point, unit) : ucs2_unit(point, unit);
}

/* Total size in bytes; 0 when a code point is outside the GSM alphabet. */
static size_t measure(const char *text, bool gsm)
{
    size_t total = 0;
    for (const char *at = text; *at != '\0';) {
        uint8_t unit[4];
        size_t size = unit_of(gsm, next_point(&at), unit);
        if (size == 0) {
            return 0;
        }
        total += size;
    }
    return total;
}

/* Fills parts of at most `room` bytes of text behind `head` bytes of header. */
static enum gx_rc fill(const char *text, bool gsm, size_t room, size_t head, struct sms *sms)
{
    sms->count = 1;
    sms->parts[0].size = head;
    for (const char *at = text; *at != '\0';) {
        uint8_t unit[4];
        size_t size = unit_of(gsm, next_point(&at), unit);
        struct sms_part *part = &sms->parts[sms->count - 1];
        if (part->size + size > head + room) {
            if (sms->count == SMS_PARTS_MAX) {
                return GX_LIMIT;
            }
            part = &sms->parts[sms->count++];
            part->size = head;
        }
        memcpy(part->bytes + part->size, unit, size);
        part->size += size;
    }
    return GX_OK;
}

enum gx_rc sms_encode(const char *text, uint8_t reference, struct sms *ret_sms)
{
    if (text[0] == '\0' || !gx_utf8_valid(text, strlen(text))) {
        return GX_INVALID;
    }
    size_t total = measure(text, true);
    bool gsm = total > 0;
    if (!gsm) {
        total = measure(text, false);
    }
    bool single = total <= (gsm ? (size_t)GSM_SINGLE : (size_t)UCS2_SINGLE);
    size_t head = single ? 0 : UDH_SIZE;
    size_t room = gsm ? (single ? GSM_SINGLE : GSM_PART) : (single ? UCS2_SINGLE : UCS2_PART);
    ret_sms->data_coding = gsm ? 0 : 8;
    enum gx_rc rc = fill(text, gsm, room, head, ret_sms);
    for (size_t i = 0; i < ret_sms->count && head > 0 && rc == GX_OK; i++) {
        const uint8_t udh[UDH_SIZE] = {
            5, 0, 3, reference, (uint8_t)ret_sms->count, (uint8_t)(i + 1)};
        memcpy(ret_sms->parts[i].bytes, udh, sizeof udh);
    }
    return rc;
}
