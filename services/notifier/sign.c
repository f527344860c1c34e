/* SPDX-License-Identifier: Apache-2.0 */
#include "sign.h"

#include "base/id.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

enum {
    SIGNATURE_BYTES = 32,
    SECRET_BYTES = 32,
    PREFIX_SIZE = 6
};
static const char PREFIX[] = "whsec_";

char *sign_secret_new(char secret[SIGN_SECRET_SIZE])
{
    unsigned char key[SECRET_BYTES];
    gx_random(key, sizeof key);
    memcpy(secret, PREFIX, PREFIX_SIZE);
    (void)EVP_EncodeBlock((unsigned char *)secret + PREFIX_SIZE, key, (int)sizeof key);
    OPENSSL_cleanse(key, sizeof key);
    return secret;
}

static bool is_base64(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

/* Padded standard base64 only; returns the bytes decoded, 0 when it is not that. */
static size_t key_decode(const char *secret, unsigned char key[SIGN_KEY_MAX + 2])
{
    if (strncmp(secret, PREFIX, PREFIX_SIZE) != 0) {
        return 0;
    }
    const char *text = secret + PREFIX_SIZE;
    size_t size = strlen(text);
    if (size % 4 != 0 || size < (size_t)SIGN_KEY_MIN / 3 * 4 ||
        size > SIGN_SECRET_SIZE - PREFIX_SIZE - 1) {
        return 0;
    }
    size_t pad =
        (size_t)(text[size - 1] == '=') + (size_t)(text[size - 1] == '=' && text[size - 2] == '=');
    for (size_t i = 0; i < size - pad; i++) {
        if (!is_base64(text[i])) {
            return 0;
        }
    }
    unsigned char bytes[SIGN_SECRET_SIZE];
    int decoded = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)size);
    if (decoded < 0) {
        return 0;
    }
    size_t count = (size_t)decoded - pad;
    if (count < SIGN_KEY_MIN || count > SIGN_KEY_MAX) {
        return 0;
    }
    memcpy(key, bytes, count);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return count;
}

static bool hmac_parts(const unsigned char *key, size_t key_size, const char *head,
                       struct gx_view body, unsigned char out[SIGNATURE_BYTES])
{
    size_t size = SIGNATURE_BYTES;
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, key, key_size);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool good = pkey != NULL && md != NULL &&
                EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, pkey) == 1 &&
                EVP_DigestSignUpdate(md, head, strlen(head)) == 1 &&
                (body.size == 0 || EVP_DigestSignUpdate(md, body.data, body.size) == 1) &&
                EVP_DigestSignFinal(md, out, &size) == 1 && size == SIGNATURE_BYTES;
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(pkey);
    return good;
}

/* Appends "v1,<base64>" at text; returns its length, 0 on failure. */
static size_t sign_one(const char *secret, const char *head, struct gx_view body, char *text)
{
    unsigned char key[SIGN_KEY_MAX + 2];
    unsigned char mac[SIGNATURE_BYTES];
    size_t key_size = key_decode(secret, key);
    if (key_size == 0 || !hmac_parts(key, key_size, head, body, mac)) {
        return 0;
    }
    OPENSSL_cleanse(key, sizeof key);
    text[0] = 'v';
    text[1] = '1';
    text[2] = ',';
    return 3 + (size_t)EVP_EncodeBlock((unsigned char *)text + 3, mac, SIGNATURE_BYTES);
}

enum gx_rc sign_message(const struct sign_message *message, const char *secret,
                        const char *old_secret, char ret_text[SIGN_SIGNATURE_SIZE])
{
    char head[160];
    if (message->id[0] == '\0' || strchr(message->id, '.') != NULL) {
        return GX_INVALID;
    }
    int head_size =
        snprintf(head, sizeof head, "%s.%" PRId64 ".", message->id, message->timestamp_s);
    if (head_size < 0 || (size_t)head_size >= sizeof head) {
        return GX_INVALID;
    }
    char text[SIGN_SIGNATURE_SIZE];
    size_t size = sign_one(secret, head, message->body, text);
    if (size == 0) {
        return GX_INVALID;
    }
    if (old_secret != NULL && old_secret[0] != '\0') {
        text[size] = ' ';
        size_t more = sign_one(old_secret, head, message->body, text + size + 1);
        if (more == 0) {
            return GX_INVALID;
        }
        size += 1 + more;
    }
    text[size] = '\0';
    memcpy(ret_text, text, size + 1);
    return GX_OK;
}
