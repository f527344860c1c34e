/* SPDX-License-Identifier: Apache-2.0 */
#include "web/credential.h"

#include "base/id.h"
#include "base/text.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
    SECRET_BYTES = 32,
    PREFIX = 4
};
static const char *const PREFIXES[] = {
    [GX_CREDENTIAL_SESSION] = "gxs_", [GX_CREDENTIAL_KEY] = "gxk_"};

void gx_credential_new(enum gx_credential_kind kind, char text[GX_CREDENTIAL_SIZE],
                       uint8_t hash[GX_CREDENTIAL_HASH_BYTES])
{
    uint8_t secret[SECRET_BYTES];
    gx_random(secret, sizeof secret);
    memcpy(text, PREFIXES[kind], PREFIX);
    (void)sodium_bin2base64(text + PREFIX, GX_CREDENTIAL_SIZE - PREFIX, secret, sizeof secret,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    (void)crypto_hash_sha256(hash, (const uint8_t *)text, strlen(text));
    sodium_memzero(secret, sizeof secret);
}

int gx_credential_hash(const char *text, enum gx_credential_kind *ret_kind,
                       uint8_t hash[GX_CREDENTIAL_HASH_BYTES])
{
    if (text == NULL || strlen(text) != GX_CREDENTIAL_SIZE - 1) {
        return -1;
    }
    if (strncmp(text, PREFIXES[GX_CREDENTIAL_SESSION], PREFIX) == 0) {
        *ret_kind = GX_CREDENTIAL_SESSION;
    } else if (strncmp(text, PREFIXES[GX_CREDENTIAL_KEY], PREFIX) == 0) {
        *ret_kind = GX_CREDENTIAL_KEY;
    } else {
        return -1;
    }
    (void)crypto_hash_sha256(hash, (const uint8_t *)text, GX_CREDENTIAL_SIZE - 1);
    return 0;
}

enum gx_rc gx_password_hash(const char *password, char hash[GX_PASSWORD_HASH_SIZE])
{
    _Static_assert(GX_PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES, "room for the hash");
    if (gx_utf8_length(password) < GX_PASSWORD_MIN) {
        return GX_INVALID;
    }
    if (crypto_pwhash_str(hash, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0) {
        return GX_UNAVAILABLE;
    }
    return GX_OK;
}

bool gx_password_verify(const char *hash, const char *password)
{
    return crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}

void gx_password_waste(const char *password)
{
    static const uint8_t SALT[crypto_pwhash_SALTBYTES] = {0};
    uint8_t out[32];
    if (crypto_pwhash(out, sizeof out, password, strlen(password), SALT,
                      crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
                      crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return;
    }
    sodium_memzero(out, sizeof out);
}

void gx_totp_code(const uint8_t *secret, size_t size, int64_t step, char code[7])
{
    uint8_t counter[8];
    uint8_t mac[EVP_MAX_MD_SIZE] = {0};
    unsigned mac_size = 0;
    for (int i = 7; i >= 0; i--) {
        counter[i] = (uint8_t)(step & 0xff);
        step >>= 8;
    }
    (void)HMAC(EVP_sha1(), secret, (int)size, counter, sizeof counter, mac, &mac_size);
    size_t offset = mac[19] & 0x0fU;
    uint32_t number = ((uint32_t)mac[offset] & 0x7fU) << 24 | (uint32_t)mac[offset + 1] << 16 |
                      (uint32_t)mac[offset + 2] << 8 | mac[offset + 3];
    (void)snprintf(code, 7, "%06u", number % 1000000U);
}

int64_t gx_totp_match(const uint8_t *secret, size_t size, const char *code, int64_t now_s,
                      int64_t after_step)
{
    int64_t found = -1;
    if (code == NULL || strlen(code) != 6) {
        return -1;
    }
    for (int64_t step = now_s / GX_TOTP_STEP_S - 1; step <= now_s / GX_TOTP_STEP_S + 1; step++) {
        char right[7];
        gx_totp_code(secret, size, step, right);
        if (sodium_memcmp(right, code, 6) == 0 && step > after_step) {
            found = step;
        }
    }
    return found;
}

void gx_totp_text(const uint8_t secret[GX_TOTP_SECRET_BYTES], char text[GX_TOTP_TEXT_SIZE])
{
    static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    for (size_t i = 0; i < GX_TOTP_TEXT_SIZE - 1; i++) {
        size_t bit = i * 5;
        uint32_t pair = (uint32_t)secret[bit / 8] << 8;
        if (bit / 8 + 1 < GX_TOTP_SECRET_BYTES) {
            pair |= secret[bit / 8 + 1];
        }
        text[i] = ALPHABET[pair >> (11 - bit % 8) & 0x1f];
    }
    text[GX_TOTP_TEXT_SIZE - 1] = '\0';
}
