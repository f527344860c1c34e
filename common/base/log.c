/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    LINE_SIZE = 4096,
    TEXT_SIZE = 1500,
    RATE_SLOTS = 64,
    PER_SECOND = 20
};

static const char *SERVICE = "genxi";
static _Atomic int LEAST = GX_INFO;
static const char *const LEVELS[] = {"debug", "info", "warn", "error"};

struct rate_slot {
    uint64_t id_hash;
    int64_t second;
    unsigned count;
    unsigned dropped;
};
static struct rate_slot RATES[RATE_SLOTS];
static pthread_mutex_t RATE_LOCK = PTHREAD_MUTEX_INITIALIZER;

void gx_log_init(const char *service, enum gx_log_level least)
{
    SERVICE = service;
    gx_log_set_level(least);
}

void gx_log_set_level(enum gx_log_level least)
{
    atomic_store(&LEAST, (int)least);
}

int gx_log_level_parse(const char *text, enum gx_log_level *ret_level)
{
    for (int i = GX_DEBUG; i <= GX_ERROR; i++) {
        if (text != NULL && strcmp(text, LEVELS[i]) == 0) {
            *ret_level = (enum gx_log_level)i;
            return 0;
        }
    }
    return -1;
}

size_t gx_json_escape(const char *text, char *out, size_t size)
{
    size_t used = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        char escaped[8];
        int length = 1;
        if (*at == '"' || *at == '\\') {
            length = snprintf(escaped, sizeof escaped, "\\%c", *at);
        } else if (*at < 0x20) {
            length = snprintf(escaped, sizeof escaped, "\\u%04x", *at);
        } else {
            escaped[0] = (char)*at;
        }
        if (used + (size_t)length >= size) {
            break;
        }
        memcpy(out + used, escaped, (size_t)length);
        used += (size_t)length;
    }
    if (size > 0) {
        out[used] = '\0';
    }
    return used;
}

/* May this id log now? *ret_dropped is what was left out before. */
static bool take_turn(const char *id, unsigned *ret_dropped)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *at = id; *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    }
    int64_t second = gx_clock_mono_us() / 1000000;
    (void)pthread_mutex_lock(&RATE_LOCK);
    struct rate_slot *slot = &RATES[hash % RATE_SLOTS];
    if (slot->id_hash != hash || slot->second != second) {
        *ret_dropped = slot->id_hash == hash ? slot->dropped : 0;
        *slot = (struct rate_slot){.id_hash = hash, .second = second};
    } else {
        *ret_dropped = 0;
    }
    bool allowed = slot->count++ < PER_SECOND;
    if (!allowed) {
        slot->dropped++;
    }
    (void)pthread_mutex_unlock(&RATE_LOCK);
    return allowed;
}

static size_t append_field(char *line, size_t used, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0' || used + TEXT_SIZE + 64 >= LINE_SIZE) {
        return used;
    }
    char escaped[TEXT_SIZE];
    (void)gx_json_escape(value, escaped, sizeof escaped);
    int length = snprintf(line + used, LINE_SIZE - used, ",\"%s\":\"%s\"", name, escaped);
    if (length < 0 || used + (size_t)length >= LINE_SIZE) {
        line[used] = '\0';
        return used;
    }
    return used + (size_t)length;
}

void gx_log(const struct gx_ctx *ctx, enum gx_log_level level, const char *id, const char *format,
            ...)
{
    unsigned dropped = 0;
    if ((int)level < atomic_load(&LEAST) || !take_turn(id, &dropped)) {
        return;
    }
    char text[TEXT_SIZE / 2];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char stamp[GX_TIME_TEXT_SIZE];
    char line[LINE_SIZE + 2];
    int head = snprintf(line, LINE_SIZE,
                        "{\"time\":\"%s\",\"level\":\"%s\",\"service\":\"%s\",\"id\":\"%s\"",
                        gx_time_format(gx_clock_wall_ms(), stamp), LEVELS[level], SERVICE, id);
    size_t used = head < 0 ? 0 : (size_t)head;
    used = append_field(line, used, "message", text);
    if (ctx != NULL) {
        char trace[33] = "";
        if (ctx->traceparent[0] != '\0') {
            memcpy(trace, ctx->traceparent + 3, 32);
            trace[32] = '\0';
        }
        used = append_field(line, used, "trace", trace);
        used = append_field(line, used, "label", ctx->label);
        used = append_field(line, used, "actor", ctx->actor.subject);
    }
    if (dropped > 0) {
        char number[16];
        (void)snprintf(number, sizeof number, "%u", dropped);
        used = append_field(line, used, "dropped", number);
    }
    line[used++] = '}';
    line[used++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, used);
    (void)written; /* nowhere to say that logging failed */
}
