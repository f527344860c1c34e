/* SPDX-License-Identifier: Apache-2.0 */
/* The early check of a webhook's target: a friendly refusal at the time it is set. What protects is the check at each connect. */
#ifndef NOTIFIER_RESOLVE_H
#define NOTIFIER_RESOLVE_H

#include "target.h"

/* NULL when the name has addresses and all of them are allowed within wait_ms; else a short word for what is wrong. */
const char *target_resolve(const struct target_policy *policy, const struct target_url *url,
                           int wait_ms);

#endif
