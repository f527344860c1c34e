/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_HANDLERS_H
#define AUDIT_HANDLERS_H

#include "chassis/service.h"

/* A thread's own state. */
struct audit {
    int32_t district; /* the area in which reads of the log itself are noted */
};

extern const struct gx_command_row AUDIT_COMMANDS[];
extern const size_t AUDIT_COMMANDS_COUNT;

/* Each event of the journal. */
enum gx_rc audit_on_event(void *self, struct gx_ctx *ctx, const Genxi__Event *event,
                          const void *payload);

enum gx_rc audit_thread_start(const struct gx_common_settings *common, void **ret_self);
void audit_thread_stop(void *self);

#endif
