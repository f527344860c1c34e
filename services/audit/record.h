/* SPDX-License-Identifier: Apache-2.0 */
/* What of an event becomes a leaf. */
#ifndef AUDIT_RECORD_H
#define AUDIT_RECORD_H

#include "store.h"

/* Packs the event, draws a salt, hashes both: the entry, its bytes in ctx's arena. */
enum gx_rc audit_record_make(struct gx_ctx *ctx, const Genxi__Event *event,
                             struct audit_entry *ret_entry);
/* The event of a record; INTERNAL when it cannot be read. */
enum gx_rc audit_record_event(struct gx_ctx *ctx, const struct audit_entry *entry,
                              const Genxi__Event **ret_event);

#endif
