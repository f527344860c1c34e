/* SPDX-License-Identifier: Apache-2.0 */
#include "seal.h"

#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    SECRET_MAX = 512 /* bytes; ours are 50 */
};
static const char PREFIX[] = "sealed1:";
static const char CLEAR_PREFIX[] = "whsec_";

_Static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "the cipher's key");

enum gx_rc seal_key_load(const char *key_dir, struct seal_key *ret_key)
{
    char path[4096];
    char text[2 * SEAL_KEY_BYTES + 2] = "";
    (void)snprintf(path, sizeof path, "%s/webhook-secrets.key", key_dir);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        gx_log(NULL, GX_ERROR, "webhook-key", "%s: %s; make it with: genxi keys init", path,
               strerror(errno));
        return GX_NOT_FOUND;
    }
    size_t size = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[strcspn(text, "\r\n")] = '\0';
    int rc = size < (size_t)2 * SEAL_KEY_BYTES
                 ? -1
                 : gx_hex_decode(text, ret_key->bytes, sizeof ret_key->bytes);
    sodium_memzero(text, sizeof text);
    if (rc != 0 || sodium_init() < 0) {
        gx_log(NULL, GX_ERROR, "webhook-key", "%s is not a key of 64 hex digits", path);
        return GX_INVALID;
    }
    return GX_OK;
}

char *seal_close(struct gx_arena *arena, const struct seal_key *key, const char *webhook_id,
                 const char *secret)
{
    size_t size = strlen(secret);
    size_t box_size = NONCE_BYTES + size + TAG_BYTES;
    size_t text_size = sodium_base64_encoded_len(box_size, sodium_base64_VARIANT_ORIGINAL);
    uint8_t *box = gx_arena_alloc(arena, box_size);
    char *text = gx_arena_alloc(arena, sizeof PREFIX - 1 + text_size);
    if (box == NULL || text == NULL) {
        return NULL;
    }
    randombytes_buf(box, NONCE_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        box + NONCE_BYTES, NULL, (const uint8_t *)secret, size, (const uint8_t *)webhook_id,
        strlen(webhook_id), NULL, box, key->bytes);
    memcpy(text, PREFIX, sizeof PREFIX - 1);
    (void)sodium_bin2base64(text + sizeof PREFIX - 1, text_size, box, box_size,
                            sodium_base64_VARIANT_ORIGINAL);
    return text;
}

char *seal_open(struct gx_arena *arena, const struct seal_key *key, const char *webhook_id,
                const char *sealed)
{
    uint8_t box[NONCE_BYTES + SECRET_MAX + TAG_BYTES];
    size_t box_size = 0;
    if (strncmp(sealed, CLEAR_PREFIX, sizeof CLEAR_PREFIX - 1) == 0) {
        return gx_arena_text(arena, sealed);
    }
    if (strncmp(sealed, PREFIX, sizeof PREFIX - 1) != 0) {
        return NULL;
    }
    const char *text = sealed + sizeof PREFIX - 1;
    if (sodium_base642bin(box, sizeof box, text, strlen(text), NULL, &box_size, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        box_size < NONCE_BYTES + TAG_BYTES) {
        return NULL;
    }
    char *secret = gx_arena_alloc(arena, box_size - NONCE_BYTES - TAG_BYTES + 1);
    unsigned long long size = 0;
    if (secret == NULL ||
        crypto_aead_xchacha20poly1305_ietf_decrypt(
            (uint8_t *)secret, &size, NULL, box + NONCE_BYTES, box_size - NONCE_BYTES,
            (const uint8_t *)webhook_id, strlen(webhook_id), box, key->bytes) != 0) {
        return NULL;
    }
    secret[size] = '\0';
    return secret;
}
