/* SPDX-License-Identifier: Apache-2.0 */
#include "seal.h"

#include <string.h>

static const char CLEAR_PREFIX[] = "whsec_";

enum gx_rc seal_key_load(const char *key_dir, struct gx_seal_key *ret_key)
{
    return gx_seal_key_load(key_dir, "webhook-secrets", ret_key);
}

char *seal_open(struct gx_arena *arena, const struct gx_seal_key *key, const char *webhook_id,
                const char *sealed)
{
    return strncmp(sealed, CLEAR_PREFIX, sizeof CLEAR_PREFIX - 1) == 0
               ? gx_arena_text(arena, sealed)
               : gx_seal_open(arena, key, webhook_id, sealed);
}
