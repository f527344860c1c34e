/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void gx_random(void *bytes, size_t size)
{
    uint8_t *at = bytes;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            abort();
        }
        at += got;
        size -= (size_t)got;
    }
}

static void format_id(const uint8_t raw[16], char id[GX_ID_SIZE])
{
    static const char HEX[] = "0123456789abcdef";
    char *out = id;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *out++ = '-';
        }
        *out++ = HEX[raw[i] >> 4];
        *out++ = HEX[raw[i] & 15];
    }
    *out = '\0';
}

char *gx_id_new(char id[GX_ID_SIZE])
{
    /* The 12 bits after the version count up within one millisecond (RFC 9562, 6.2, method 1). */
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static int64_t last_ms;
    static uint32_t count;
    uint8_t raw[16];
    gx_random(raw, sizeof raw);
    (void)pthread_mutex_lock(&lock);
    int64_t now_ms = gx_clock_wall_ms();
    if (now_ms > last_ms) {
        last_ms = now_ms;
        count = (uint32_t)((raw[6] << 8 | raw[7]) & 0x7ff);
    } else if (++count > 0xfff) {
        last_ms++;
        count = 0;
    }
    uint64_t stamp = (uint64_t)last_ms;
    uint32_t order = count;
    (void)pthread_mutex_unlock(&lock);
    for (int i = 0; i < 6; i++) {
        raw[i] = (uint8_t)(stamp >> (40 - 8 * i));
    }
    raw[6] = (uint8_t)(0x70 | (order >> 8));
    raw[7] = (uint8_t)order;
    raw[8] = (uint8_t)(0x80 | (raw[8] & 0x3f));
    format_id(raw, id);
    return id;
}

bool gx_id_valid(const char *text)
{
    if (text == NULL || strlen(text) != GX_ID_SIZE - 1) {
        return false;
    }
    for (int i = 0; i < GX_ID_SIZE - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return true;
}

char *gx_id_from_name(const char *name, char id[GX_ID_SIZE])
{
    uint64_t low = UINT64_C(0xcbf29ce484222325);
    uint64_t high = UINT64_C(0x84222325cbf29ce4);
    for (const char *at = name; *at != '\0'; at++) {
        low = (low ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
        high = (high ^ (uint8_t)*at ^ (low >> 32)) * UINT64_C(0x100000001b3);
    }
    uint8_t raw[16];
    memcpy(raw, &high, 8);
    memcpy(raw + 8, &low, 8);
    raw[6] = (uint8_t)(0x80 | (raw[6] & 0x0f)); /* version 8: made by our own rule */
    raw[8] = (uint8_t)(0x80 | (raw[8] & 0x3f));
    format_id(raw, id);
    return id;
}

static void put_hex(char *out, const uint8_t *bytes, size_t size)
{
    static const char HEX[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = HEX[bytes[i] >> 4];
        out[2 * i + 1] = HEX[bytes[i] & 15];
    }
}

char *gx_trace_new(char traceparent[GX_TRACEPARENT_SIZE])
{
    uint8_t raw[24];
    gx_random(raw, sizeof raw);
    raw[0] |= 1; /* never all zero */
    raw[16] |= 1;
    memcpy(traceparent, "00-00000000000000000000000000000000-0000000000000000-01",
           GX_TRACEPARENT_SIZE);
    put_hex(traceparent + 3, raw, 16);
    put_hex(traceparent + 36, raw + 16, 8);
    return traceparent;
}

char *gx_trace_child(const char *parent, char traceparent[GX_TRACEPARENT_SIZE])
{
    char fresh[GX_TRACEPARENT_SIZE];
    (void)gx_trace_new(fresh);
    if (gx_trace_valid(parent)) {
        memcpy(fresh + 3, parent + 3, 32);
    }
    memcpy(traceparent, fresh, GX_TRACEPARENT_SIZE);
    return traceparent;
}

static bool lower_hex(const char *text, size_t size, bool *ret_zero)
{
    *ret_zero = true;
    for (size_t i = 0; i < size; i++) {
        bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (!hex) {
            return false;
        }
        if (text[i] != '0') {
            *ret_zero = false;
        }
    }
    return true;
}

bool gx_trace_valid(const char *traceparent)
{
    size_t size = traceparent == NULL ? 0 : strlen(traceparent);
    if (size < 55 || traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-') {
        return false;
    }
    bool zero_version = false;
    bool zero_trace = false;
    bool zero_span = false;
    bool zero_flags = false;
    if (!lower_hex(traceparent, 2, &zero_version) || !lower_hex(traceparent + 3, 32, &zero_trace) ||
        !lower_hex(traceparent + 36, 16, &zero_span) ||
        !lower_hex(traceparent + 53, 2, &zero_flags)) {
        return false;
    }
    if (zero_trace || zero_span || memcmp(traceparent, "ff", 2) == 0) {
        return false;
    }
    return size == 55 || (!zero_version && traceparent[55] == '-');
}
