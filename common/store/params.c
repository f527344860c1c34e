/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pg.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct gx_param gx_text(const char *text)
{
    return (struct gx_param){.text = text, .size = text == NULL ? 0 : strlen(text)};
}

/* A spent arena gives NULL, which the request's own packing will report; the column's NOT NULL refuses it before that. */
struct gx_param gx_int(struct gx_ctx *ctx, int64_t value)
{
    return gx_text(gx_arena_printf(&ctx->arena, "%" PRId64, value));
}

struct gx_param gx_real(struct gx_ctx *ctx, double value)
{
    return gx_text(gx_arena_printf(&ctx->arena, "%.17g", value));
}

struct gx_param gx_bool(bool value)
{
    return gx_text(value ? "t" : "f");
}

struct gx_param gx_bytes(struct gx_view bytes)
{
    static const uint8_t NOTHING[1] = {0};
    return (struct gx_param){.bytes = bytes.data == NULL ? NOTHING : bytes.data,
                             .size = bytes.size};
}

struct gx_param gx_null(void)
{
    return (struct gx_param){.text = NULL};
}

struct gx_param gx_text_or_null(const char *text)
{
    return text == NULL || text[0] == '\0' ? gx_null() : gx_text(text);
}

static char *append_quoted(char *out, const char *text)
{
    *out++ = '"';
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            *out++ = '\\';
        }
        *out++ = *text;
    }
    *out++ = '"';
    return out;
}

struct gx_param gx_text_array(struct gx_ctx *ctx, const char *const *texts, size_t count)
{
    size_t size = 3;
    for (size_t i = 0; i < count; i++) {
        size += 2 * strlen(texts[i]) + 3;
    }
    char *literal = gx_arena_alloc(&ctx->arena, size);
    if (literal == NULL) {
        return gx_null();
    }
    char *out = literal;
    *out++ = '{';
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            *out++ = ',';
        }
        out = append_quoted(out, texts[i]);
    }
    *out++ = '}';
    *out = '\0';
    return gx_text(literal);
}

struct gx_param gx_int_array(struct gx_ctx *ctx, const int32_t *values, size_t count)
{
    enum {
        MOST = 12
    };
    char *literal = gx_arena_alloc(&ctx->arena, count * MOST + 3);
    if (literal == NULL) {
        return gx_null();
    }
    char *out = literal;
    *out++ = '{';
    for (size_t i = 0; i < count; i++) {
        out += snprintf(out, MOST + 1, i == 0 ? "%" PRId32 : ",%" PRId32, values[i]);
    }
    *out++ = '}';
    *out = '\0';
    return gx_text(literal);
}
