/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link to the SMS centre: a thread with one TCP connection (SMPP 3.4, bind_transceiver) and one database connection. It takes short
 * messages that are due under a lease, asks once more whether their offer is still open in the very transaction in which it sends, and
 * writes the centre's answers and receipts down. Lost links are made again with growing pauses; what had no answer is sent again.
 */
#ifndef NOTIFIER_SMPP_LINK_H
#define NOTIFIER_SMPP_LINK_H

#include "notifier.h"

/* Does nothing when smpp_address is empty. INVALID when a setting cannot be read. */
enum gx_rc smpp_link_start(const struct gx_common_settings *common);
void smpp_link_stop(void);
#endif
