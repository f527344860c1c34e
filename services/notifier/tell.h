/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to deliveries, told to others: one way for commands, followers, timers and the SMS link. */
#ifndef NOTIFIER_TELL_H
#define NOTIFIER_TELL_H

#include "store.h"

/* delivery.changed, for officers of the area and the receiver's organisation. */
enum gx_rc notifier_tell_changed(struct gx_ctx *ctx, const struct notifier_delivery *delivery);
/* delivery.dead, for the same. */
enum gx_rc notifier_tell_dead(struct gx_ctx *ctx, const struct notifier_delivery *delivery);
/* escalation.raised, for officers of the area: nobody knows whether the responder has the offer. */
enum gx_rc notifier_escalate(struct gx_ctx *ctx, const struct notifier_delivery *delivery,
                             const char *reason);
/* The responder has it: the delivery is receipted and its timers and waiting short messages end. Nothing if it was already. */
enum gx_rc notifier_receipted(struct gx_ctx *ctx, const struct notifier_delivery *delivery,
                              int64_t at);
/* The short message cannot arrive. Escalates when the offer is still open. */
enum gx_rc notifier_sms_failed(struct gx_ctx *ctx, const struct notifier_delivery *delivery,
                               const char *error);

#endif
