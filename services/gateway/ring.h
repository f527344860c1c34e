/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of the last while, in the order in which this gateway took them: all streams read from here, and each text is made once.
 * Position: counts every event ever appended; the ring holds tail <= position < head. One thread appends, any number read.
 */
#ifndef GATEWAY_RING_H
#define GATEWAY_RING_H

#include "envelope.pb-c.h"
#include "vector.h"
#include "wire/audience.h"

#include <stdint.h>

struct gw_ring;
struct gw_entry;

struct gw_ring *gw_ring_new(size_t count, size_t bytes, const struct gw_vector *start);
void gw_ring_free(struct gw_ring *ring);
/* Copies the event; seq 0 (passing) leaves the vector as it is. Returns its position. */
uint64_t gw_ring_append(struct gw_ring *ring, const Genxi__Event *event);
/* The vector after the newest event, by whoever appends. */
const struct gw_vector *gw_ring_vector(const struct gw_ring *ring);

/* Readers: everything below between gw_ring_lock() and gw_ring_unlock(). */
void gw_ring_lock(struct gw_ring *ring);
void gw_ring_unlock(struct gw_ring *ring);
uint64_t gw_ring_tail(const struct gw_ring *ring);
uint64_t gw_ring_head(const struct gw_ring *ring);
/* Before the oldest event, and after the newest. */
const struct gw_vector *gw_ring_tail_vector(const struct gw_ring *ring);
const struct gw_vector *gw_ring_head_vector(const struct gw_ring *ring);
const struct gw_entry *gw_ring_at(const struct gw_ring *ring, uint64_t position);

const Genxi__Event *gw_entry_event(const struct gw_entry *entry);
/* The vector after this event as text. */
const char *gw_entry_id(const struct gw_entry *entry, size_t *ret_size);
/* gw_sse_render()'s text for this sight and organisation, made at first use; "" for nothing to see. */
const char *gw_entry_text(const struct gw_entry *entry, enum gx_sight sight, const char *org,
                          size_t *ret_size);

#endif
