/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's memory: grown in chunks up to a limit, released at once. Everything request-shaped lives in it.
 * A request that asks for more than the limit gets NULL and the arena remembers (`spent`).
 */
#ifndef GX_BASE_ARENA_H
#define GX_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct gx_arena_chunk;

struct gx_arena {
    struct gx_arena_chunk *chunks;
    size_t used_bytes;
    size_t limit_bytes;
    bool spent;
};

/* Nothing is allocated before the first use. */
void gx_arena_init(struct gx_arena *arena, size_t limit_bytes);
/* Releases all but the first chunk, which is kept for the next request. */
void gx_arena_reset(struct gx_arena *arena);
void gx_arena_done(struct gx_arena *arena);

/* Zeroed, aligned to 16; NULL when the limit is reached. */
void *gx_arena_alloc(struct gx_arena *arena, size_t size);
/* NULL when text is NULL or the limit is reached. */
char *gx_arena_text(struct gx_arena *arena, const char *text);
char *gx_arena_text_n(struct gx_arena *arena, const char *text, size_t size);
char *gx_arena_printf(struct gx_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *gx_arena_vprintf(struct gx_arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
