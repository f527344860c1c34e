/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the service that main.c joins, and what a thread of it owns. */
#ifndef NOTIFIER_NOTIFIER_H
#define NOTIFIER_NOTIFIER_H

#include "chassis/service.h"
#include "seal.h"
#include "settings.h"

struct notifier {
    const struct notifier_settings *settings;
    struct notifier_rules rules;
    struct gx_seal_key key;
    int32_t district;
    /* Asks the registry; NULL: no phone, or not active. The text lies in ctx's arena. */
    enum gx_rc (*phone_of)(struct gx_ctx *ctx, const char *responder_id, const char **ret_phone);
    bool webhooks_due; /* this transaction queued some: the sender is woken after its commit */
};

extern const struct gx_command_row NOTIFIER_COMMANDS[];
extern const size_t NOTIFIER_COMMAND_COUNT;
extern const struct gx_timer_row NOTIFIER_TIMERS[];
extern const size_t NOTIFIER_TIMER_COUNT;

enum gx_rc notifier_thread_start(const struct gx_common_settings *common, void **ret_self);
void notifier_thread_stop(void *self);
/* Every event of the journal: own copies, offers, webhooks. */
enum gx_rc notifier_on_event(void *self, struct gx_ctx *ctx, const Genxi__Event *event,
                             const void *payload);
void notifier_tick(void *self);
enum gx_rc notifier_ask_phone(struct gx_ctx *ctx, const char *responder_id, const char **ret_phone);

#endif
