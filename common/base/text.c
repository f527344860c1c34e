/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the code point at `at`, 0 if it is not well formed (Unicode 15, table 3-7). */
static size_t code_point_bytes(const uint8_t *at, size_t left)
{
    if (at[0] < 0x80) {
        return 1;
    }
    size_t more = at[0] >= 0xf0 ? 3 : at[0] >= 0xe0 ? 2 : 1;
    if (at[0] < 0xc2 || at[0] > 0xf4 || left <= more) {
        return 0;
    }
    uint8_t low = at[0] == 0xe0 ? 0xa0 : at[0] == 0xf0 ? 0x90 : 0x80;
    uint8_t high = at[0] == 0xed ? 0x9f : at[0] == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < low || at[1] > high) {
        return 0;
    }
    for (size_t i = 2; i <= more; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return more + 1;
}

bool gx_utf8_valid(const char *text, size_t size)
{
    const uint8_t *at = (const uint8_t *)text;
    while (size > 0) {
        size_t step = code_point_bytes(at, size);
        if (step == 0) {
            return false;
        }
        at += step;
        size -= step;
    }
    return true;
}

size_t gx_utf8_length(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        if (((uint8_t)*text & 0xc0) != 0x80) {
            count++;
        }
    }
    return count;
}

int gx_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
    if (text == NULL || (text[0] != '-' && (text[0] < '0' || text[0] > '9'))) {
        return -1;
    }
    char *end = NULL;
    errno = 0;
    intmax_t value = strtoimax(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < min || value > max) {
        return -1;
    }
    *ret_value = (int64_t)value;
    return 0;
}

/*
 * Up to fifteen digits with a point among them: numerator and power of ten are exact then, so one division rounds as rightly as strtod does.
 * False: for strtod.
 */
static bool short_decimal(const char *text, double *ret_value)
{
    static const double TENS[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    bool negative = *text == '-';
    int64_t digits = 0;
    int count = 0;
    int behind = 0;
    bool point = false;
    text += negative ? 1 : 0;
    for (; *text != '\0'; text++) {
        if (*text == '.' && !point && count > 0) {
            point = true;
            continue;
        }
        if (*text < '0' || *text > '9' || ++count > 15) {
            return false;
        }
        digits = digits * 10 + (*text - '0');
        behind += point ? 1 : 0;
    }
    double value = (double)digits / TENS[behind];
    *ret_value = negative ? -value : value;
    return count > 0;
}

int gx_parse_double(const char *text, double min, double max, double *ret_value)
{
    /* Digits, sign, point and exponent only: strtod alone would take "nan", "0x1p3" and leading blanks. */
    if (text == NULL || text[0] == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0') {
        return -1;
    }
    char *end = NULL;
    double value = 0;
    if (!short_decimal(text, &value)) {
        errno = 0;
        value = strtod(text, &end);
        if (errno == ERANGE || end == text || *end != '\0' || !isfinite(value)) {
            return -1;
        }
    }
    if (value < min || value > max) {
        return -1;
    }
    *ret_value = value;
    return 0;
}

void gx_hex_encode(const uint8_t *bytes, size_t size, char *out)
{
    static const char HEX[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = HEX[bytes[i] >> 4];
        out[2 * i + 1] = HEX[bytes[i] & 15];
    }
    out[2 * size] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int gx_hex_decode(const char *text, uint8_t *bytes, size_t size)
{
    if (strlen(text) != 2 * size) {
        return -1;
    }
    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return -1;
        }
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

bool gx_text_is(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}
