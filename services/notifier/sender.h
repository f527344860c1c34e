/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The webhook sender: a thread with one libcurl multi handle and one database connection. It takes deliveries that are due under a lease,
 * so several processes share the work and a killed one's deliveries come free again (at least once, with the same webhook-id). A dead
 * endpoint holds its own few slots until the time-out and then nothing at all, since its breaker opens.
 */
#ifndef NOTIFIER_SENDER_H
#define NOTIFIER_SENDER_H

#include "notifier.h"

/* One per process. INVALID when the CA file or a setting cannot be read. */
enum gx_rc sender_start(const struct gx_common_settings *common);
/* Lets what is under way end for a moment, gives the rest back. */
void sender_stop(void);
/* Something may be due now. From any thread. */
void sender_wake(void);

#endif
