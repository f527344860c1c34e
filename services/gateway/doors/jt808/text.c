/* SPDX-License-Identifier: Apache-2.0 */
#include "doors/jt808/text.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the character at `at` that was not understood: all of it, so that one "?" stands for it. */
static size_t step_over(const char *at, size_t left, bool utf8)
{
    size_t size = 1;
    while (utf8 && size < left && ((unsigned char)at[size] & 0xc0) == 0x80) {
        size++;
    }
    return size;
}

/* Returns the bytes written. */
static size_t convert(const char *to, const char *from, struct gx_view in, char *out, size_t room)
{
    iconv_t cd = iconv_open(to, from);
    char *at = (char *)(uintptr_t)in.data; /* iconv does not write there */
    size_t left = in.size;
    char *next = out;
    size_t free_bytes = room;
    if (cd == (iconv_t)-1) { /* the C library has no GBK: an installation that cannot serve cars */
        abort();
    }
    while (left > 0) {
        if (iconv(cd, &at, &left, &next, &free_bytes) != (size_t)-1) {
            break;
        }
        if (errno == E2BIG || free_bytes == 0) {
            break;
        }
        size_t step = step_over(at, left, strcmp(from, "UTF-8") == 0);
        at += step;
        left -= step;
        *next++ = '?';
        free_bytes--;
    }
    (void)iconv_close(cd);
    return room - free_bytes;
}

void jt808_text_read(struct gx_view gbk, char *text, size_t room)
{
    size_t used = 0;
    while (gbk.size > 0 && gbk.data[gbk.size - 1] == 0) {
        gbk.size--;
    }
    const uint8_t *nul = gbk.size == 0 ? NULL : memchr(gbk.data, 0, gbk.size);
    if (nul != NULL) {
        gbk.size = (size_t)(nul - gbk.data);
    }
    if (gbk.size > 0) {
        used = convert("UTF-8", "GBK", gbk, text, room - 1);
    }
    text[used] = '\0';
}

size_t jt808_text_write(const char *text, uint8_t *gbk, size_t room)
{
    const struct gx_view in = {(const uint8_t *)text, strlen(text)};
    return in.size == 0 ? 0 : convert("GBK", "UTF-8", in, (char *)gbk, room);
}
