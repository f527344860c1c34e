/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for making and searching graphs. What is asked for is bounded by the input's limits; when it is not there the program ends. */
#ifndef MATCHER_ROADS_MEMORY_H
#define MATCHER_ROADS_MEMORY_H

#include <stddef.h>

/* Zeroed; at least one byte. free() it. */
__attribute__((returns_nonnull)) void *roads_alloc(size_t count, size_t size);
/* Zeroed, at a multiple of 64; bytes is one too. free() it. */
__attribute__((returns_nonnull)) void *roads_alloc_aligned(size_t bytes);
/* Room for at least `wanted` elements, doubling; *room is brought up to date. New ones are not zeroed. */
void *roads_grow(void *old, size_t wanted, size_t size, size_t *room);

#endif
