/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_BYTES = 16 * 1024, /* the first one; the only size that is kept from request to request */
    CHUNK_MOST = 4 * 1024 * 1024,
    ALIGN = 16
};

struct gx_arena_chunk {
    struct gx_arena_chunk *next;
    size_t size;
    size_t used;
    size_t pad; /* keeps data[] on a 16 byte boundary */
    unsigned char data[];
};

void gx_arena_init(struct gx_arena *arena, size_t limit_bytes)
{
    *arena = (struct gx_arena){.limit_bytes = limit_bytes};
}

static void free_chain(struct gx_arena_chunk *chunk)
{
    while (chunk != NULL) {
        struct gx_arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
}

void gx_arena_reset(struct gx_arena *arena)
{
    struct gx_arena_chunk *keep = NULL;
    struct gx_arena_chunk *chunk = arena->chunks;
    while (chunk != NULL) {
        struct gx_arena_chunk *next = chunk->next;
        if (keep == NULL && chunk->size == CHUNK_BYTES) {
            keep = chunk;
            keep->next = NULL;
            keep->used = 0;
        } else {
            free(chunk);
        }
        chunk = next;
    }
    arena->chunks = keep;
    arena->used_bytes = 0;
    arena->spent = false;
}

void gx_arena_done(struct gx_arena *arena)
{
    free_chain(arena->chunks);
    arena->chunks = NULL;
    arena->used_bytes = 0;
}

static struct gx_arena_chunk *add_chunk(struct gx_arena *arena, size_t size)
{
    /* Half as much again as is used: a large request lives in few large blocks, which the allocator maps and gives back. */
    size_t room = arena->used_bytes / 2;
    room = room < CHUNK_BYTES ? CHUNK_BYTES : room;
    room = room > CHUNK_MOST ? CHUNK_MOST : room;
    room = size > room ? size : room;
    struct gx_arena_chunk *chunk = malloc(sizeof *chunk + room);
    if (chunk == NULL) {
        abort(); /* out of memory outside any request's own limit: the supervisor restarts us */
    }
    chunk->size = room;
    chunk->used = 0;
    chunk->pad = 0;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    return chunk;
}

void *gx_arena_alloc(struct gx_arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGN) {
        arena->spent = true;
        return NULL;
    }
    size_t rounded = (size + (ALIGN - 1)) & ~(size_t)(ALIGN - 1);
    if (rounded > arena->limit_bytes - arena->used_bytes ||
        arena->used_bytes > arena->limit_bytes) {
        arena->spent = true;
        return NULL;
    }
    struct gx_arena_chunk *chunk = arena->chunks;
    if (chunk == NULL || chunk->size - chunk->used < rounded) {
        chunk = add_chunk(arena, rounded);
    }
    void *result = chunk->data + chunk->used;
    chunk->used += rounded;
    arena->used_bytes += rounded;
    memset(result, 0, rounded);
    return result;
}

char *gx_arena_text_n(struct gx_arena *arena, const char *text, size_t size)
{
    char *copy = gx_arena_alloc(arena, size + 1);
    if (copy != NULL && size > 0) {
        memcpy(copy, text, size);
    }
    return copy;
}

char *gx_arena_text(struct gx_arena *arena, const char *text)
{
    return text == NULL ? NULL : gx_arena_text_n(arena, text, strlen(text));
}

char *gx_arena_vprintf(struct gx_arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (size < 0) {
        return NULL;
    }
    char *text = gx_arena_alloc(arena, (size_t)size + 1);
    if (text != NULL) {
        (void)vsnprintf(text, (size_t)size + 1, format, args);
    }
    return text;
}

char *gx_arena_printf(struct gx_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = gx_arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}
