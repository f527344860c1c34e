/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Positions on their way to PostgreSQL: the one thing acknowledged before it is on disk. Worker threads add, one background thread
 * writes in batches, notices arrivals, watches the live index and says so when matching is degraded. One a process.
 */
#ifndef MATCHER_FLUSH_H
#define MATCHER_FLUSH_H

#include "chassis/service.h"
#include "store.h"

/* For struct gx_service. */
enum gx_rc flush_start(const struct gx_common_settings *common);
/* Writes what is left. */
void flush_stop(void);

/* Copied. track_only: not as where somebody is now. A full buffer drops and counts. */
void flush_add(const struct position_row *row, bool track_only);
/* Runs fn in a transaction of the system's. */
typedef enum gx_rc flush_run_fn(void *via, struct gx_ctx *ctx,
                                enum gx_rc (*fn)(void *arg, struct gx_ctx *ctx), void *arg);
/*
 * Writes what was added, some thousand rows a transaction; what fails stays for the next time. The background thread calls it; so do
 * tests, with transactions of their own.
 */
void flush_write(flush_run_fn *run, void *via, struct gx_ctx *ctx);

/* Is matching degraded, as last seen by the background thread? */
bool flush_degraded(void);

#endif
