/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The background thread that extends the tiles, signs checkpoints and erases records past their retention. Any number of audit
 * processes may run: one at a time holds the database's lock. Tiles are committed before the checkpoint over them.
 */
#ifndef AUDIT_SEQUENCER_H
#define AUDIT_SEQUENCER_H

#include "chassis/service.h"

/* Reads <key_dir>/audit-log.key and starts the thread. INVALID (logged) when the key is missing or of another origin. */
enum gx_rc audit_sequencer_start(const struct gx_common_settings *common);
void audit_sequencer_stop(void);
/* NULL, or what keeps the log from being served. */
const char *audit_not_ready(void);

extern struct gx_metric AUDIT_METRICS[];
extern const size_t AUDIT_METRICS_COUNT;
/* An entry was committed. */
void audit_count_entries(size_t count);

#endif
