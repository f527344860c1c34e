/* SPDX-License-Identifier: Apache-2.0 */
#include "roads/memory.h"

#include "base/log.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *there(void *memory, size_t count, size_t size)
{
    if (memory == NULL) {
        gx_log(NULL, GX_ERROR, "roads-memory", "no memory for %zu elements of %zu bytes", count,
               size);
        abort();
    }
    return memory;
}

void *roads_alloc(size_t count, size_t size)
{
    return there(calloc(count > 0 ? count : 1, size), count, size);
}

void *roads_alloc_aligned(size_t bytes)
{
    void *memory = there(aligned_alloc(64, bytes), bytes, 1);
    memset(memory, 0, bytes);
    return memory;
}

void *roads_grow(void *old, size_t wanted, size_t size, size_t *room)
{
    if (wanted <= *room) {
        return old;
    }
    size_t count = *room < 64 ? 64 : *room;
    while (count < wanted) {
        count *= 2;
    }
    void *memory = there(reallocarray(old, count, size), count, size);
    *room = count;
    return memory;
}
