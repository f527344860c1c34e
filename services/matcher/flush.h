/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The matcher's background thread. At start it fills the memory (live.h) from PostgreSQL and Redis and has it hear of changes; then it carries
 * outward what has moved (carry.h) and writes positions and tracks to PostgreSQL in batches: the one thing acknowledged before it is on disk.
 * It notices arrivals, watches Redis and says so when matching is degraded. One a process.
 */
#ifndef MATCHER_FLUSH_H
#define MATCHER_FLUSH_H

#include "carry.h"
#include "store.h"

#include "chassis/service.h"

/* For struct gx_service. */
enum gx_rc flush_start(const struct gx_common_settings *common);
/* Writes what is left. */
void flush_stop(void);

/* A point of a track. Copied. A full buffer drops and counts. */
void flush_add(const struct position_row *row);
/* Somebody has moved: the thread carries it out shortly. */
void flush_moved(void);
/*
 * Writes tracks and positions to PostgreSQL, some thousand rows a transaction; what fails stays for the next time. The background thread
 * calls it; so do tests, with transactions of their own.
 */
void flush_write(struct live *live, carry_run_fn *run, void *via, struct gx_ctx *ctx);

#endif
