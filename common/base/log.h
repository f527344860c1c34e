/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One JSON line on stderr a message: time, level, service, stable id, sentence, and what the context knows (trace,
 * actor, label). Whoever handles an error logs it, once. At most GX_LOG_PER_SECOND lines a second and id; the
 * number left out is told with the next. Secrets and persons never go here.
 */
#ifndef GX_BASE_LOG_H
#define GX_BASE_LOG_H

#include "base/ctx.h"

enum gx_log_level {
    GX_DEBUG,
    GX_INFO,
    GX_WARN,
    GX_ERROR
};

/* `service` is kept, not copied. */
void gx_log_init(const char *service, enum gx_log_level least);
void gx_log_set_level(enum gx_log_level least);
/* "debug" .. "error"; 0, or -1. */
int gx_log_level_parse(const char *text, enum gx_log_level *ret_level);

/* ctx may be NULL. id is a stable word such as "match-candidate-stale". */
void gx_log(const struct gx_ctx *ctx, enum gx_log_level level, const char *id, const char *format,
            ...) __attribute__((format(printf, 4, 5)));

/* Appends text as the inside of a JSON string; returns bytes written, always ended. Shared with metrics and tools. */
size_t gx_json_escape(const char *text, char *out, size_t size);

#endif
