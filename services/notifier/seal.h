/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Webhook secrets at rest (web/seal.h), each bound to its webhook's id, under <key_dir>/webhook-secrets.key. A secret that begins with
 * "whsec_" is one in clear, from before they were sealed.
 */
#ifndef NOTIFIER_SEAL_H
#define NOTIFIER_SEAL_H

#include "web/seal.h"

/* NOT_FOUND without the file, INVALID when it is not a key; both are logged. */
enum gx_rc seal_key_load(const char *key_dir, struct gx_seal_key *ret_key);
/* The secret in the arena, a clear one as it is. NULL: not sealed by this key for this webhook, or the arena is spent. */
char *seal_open(struct gx_arena *arena, const struct gx_seal_key *key, const char *webhook_id,
                const char *sealed);

#endif
