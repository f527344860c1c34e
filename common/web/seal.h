/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets at rest that must be read again (a hash will not do): "sealed1:" + base64 of a 24-byte nonce and the secret under
 * XChaCha20-Poly1305, bound to the id of its owner, so that a row's secret is of no use in another row. Keys are files of the key directory
 * (64 hex digits, made by `genxi keys init`): whoever reads the database, its backups or the journal alone learns no secret.
 */
#ifndef GX_WEB_SEAL_H
#define GX_WEB_SEAL_H

#include "base/arena.h"
#include "base/rc.h"

#include <stdint.h>

enum {
    GX_SEAL_KEY_BYTES = 32,
    GX_SEAL_SECRET_MAX = 512 /* bytes */
};

struct gx_seal_key {
    uint8_t bytes[GX_SEAL_KEY_BYTES];
};

/* Of <key_dir>/<name>.key. NOT_FOUND without the file, INVALID when it is not a key; both are logged. */
enum gx_rc gx_seal_key_load(const char *key_dir, const char *name, struct gx_seal_key *ret_key);
/* secret has at most GX_SEAL_SECRET_MAX bytes. In the arena; NULL when it is spent. */
char *gx_seal_close(struct gx_arena *arena, const struct gx_seal_key *key, const char *owner_id,
                    const char *secret);
/* The secret in the arena. NULL: not sealed by this key for this owner, or the arena is spent. */
char *gx_seal_open(struct gx_arena *arena, const struct gx_seal_key *key, const char *owner_id,
                   const char *sealed);

#endif
