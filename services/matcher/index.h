/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Positions in Redis: what survives the process, what another matcher begins with and what everyone else may read. Written behind the
 * matcher's memory (live.h), which judges and searches. A cell is a quarter of a degree each way, some 25 km; x and y are degrees over a
 * quarter, rounded down. Keys:
 *     geo:{x,y}:<force>  GEO set of responder ids
 *     fix:{x,y}          hash: responder id -> "<device time, Unix ms> <lon> <lat>"
 *     cells              set of "x,y": which there are
 * The keys of a cell are tagged alike, so a cell lies in one place of a cluster. Somebody may be left behind in a cell by a matcher that
 * ended: the newest counts, and a sweep takes out what is old. Everything here can be thrown away.
 */
#ifndef MATCHER_INDEX_H
#define MATCHER_INDEX_H

#include "live.h"

#include "base/rc.h"

struct gx_redis;
struct index;

/* Takes the redis over: freed with the index. */
struct index *index_new(struct gx_redis *redis);
void index_free(struct index *index);
/* Does the server answer? Costs a round trip. */
bool index_alive(struct index *index);

/* Writes and removes, in one pipeline. Sorts changes. UNAVAILABLE: some may be written, some not. */
enum gx_rc index_write(struct index *index, struct live_change *changes, size_t count);

/*
 * Every cell once in as many calls: *cursor 0 begins, and is 0 again after the last. Fixes at or after `since` are given to fn, older ones
 * removed. fn may be NULL.
 */
typedef void index_fix_fn(void *arg, const struct live_place *place);
enum gx_rc index_sweep(struct index *index, size_t *cursor, int64_t since, index_fix_fn *fn,
                       void *arg);

#endif
