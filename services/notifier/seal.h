/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Webhook secrets at rest: "sealed1:" + base64 of a 24-byte nonce and the secret under XChaCha20-Poly1305, bound to its webhook's id, so that a
 * row's secret is of no use in another row. The key is <key_dir>/webhook-secrets.key (64 hex digits, made by `genxi keys init`): whoever reads
 * the database or its backups alone cannot sign. A secret that begins with "whsec_" is one in clear, from before they were sealed.
 */
#ifndef NOTIFIER_SEAL_H
#define NOTIFIER_SEAL_H

#include "base/arena.h"
#include "base/rc.h"

#include <stdint.h>

enum {
    SEAL_KEY_BYTES = 32
};

struct seal_key {
    uint8_t bytes[SEAL_KEY_BYTES];
};

/* NOT_FOUND without the file, INVALID when it is not a key; both are logged. */
enum gx_rc seal_key_load(const char *key_dir, struct seal_key *ret_key);
/* In the arena; NULL when it is spent. */
char *seal_close(struct gx_arena *arena, const struct seal_key *key, const char *webhook_id,
                 const char *secret);
/* The secret in the arena, a clear one as it is. NULL: not sealed by this key for this webhook, or the arena is spent. */
char *seal_open(struct gx_arena *arena, const struct seal_key *key, const char *webhook_id,
                const char *sealed);

#endif
