/* SPDX-License-Identifier: Apache-2.0 */
#include "web/seal.h"

#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES
};
static const char PREFIX[] = "sealed1:";

_Static_assert(GX_SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
               "the cipher's key");

enum gx_rc gx_seal_key_load(const char *key_dir, const char *name, struct gx_seal_key *ret_key)
{
    char path[4096];
    char text[2 * GX_SEAL_KEY_BYTES + 2] = "";
    (void)snprintf(path, sizeof path, "%s/%s.key", key_dir, name);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        gx_log(NULL, GX_ERROR, "seal-key", "%s: %s; make it with: genxi keys init", path,
               strerror(errno));
        return GX_NOT_FOUND;
    }
    size_t size = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[strcspn(text, "\r\n")] = '\0';
    int rc = size < (size_t)2 * GX_SEAL_KEY_BYTES
                 ? -1
                 : gx_hex_decode(text, ret_key->bytes, sizeof ret_key->bytes);
    sodium_memzero(text, sizeof text);
    if (rc != 0 || sodium_init() < 0) {
        gx_log(NULL, GX_ERROR, "seal-key", "%s is not a key of 64 hex digits", path);
        return GX_INVALID;
    }
    return GX_OK;
}

char *gx_seal_close(struct gx_arena *arena, const struct gx_seal_key *key, const char *owner_id,
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
        box + NONCE_BYTES, NULL, (const uint8_t *)secret, size, (const uint8_t *)owner_id,
        strlen(owner_id), NULL, box, key->bytes);
    memcpy(text, PREFIX, sizeof PREFIX - 1);
    (void)sodium_bin2base64(text + sizeof PREFIX - 1, text_size, box, box_size,
                            sodium_base64_VARIANT_ORIGINAL);
    return text;
}

char *gx_seal_open(struct gx_arena *arena, const struct gx_seal_key *key, const char *owner_id,
                   const char *sealed)
{
    uint8_t box[NONCE_BYTES + GX_SEAL_SECRET_MAX + TAG_BYTES];
    size_t box_size = 0;
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
            (const uint8_t *)owner_id, strlen(owner_id), box, key->bytes) != 0) {
        return NULL;
    }
    secret[size] = '\0';
    return secret;
}
