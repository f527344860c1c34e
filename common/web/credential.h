/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials, made and checked by the gateway and by tools that write into its tables: session
 * tokens and API keys (256 random bits, kept as SHA-256 only), passwords (argon2id), one-time codes
 * (TOTP, RFC 6238: SHA-1, 30 s, 6 digits).
 */
#ifndef GX_WEB_CREDENTIAL_H
#define GX_WEB_CREDENTIAL_H

#include "base/rc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GX_CREDENTIAL_SIZE = 48, /* "gxs_" or "gxk_", 43 characters of base64url, the end */
    GX_CREDENTIAL_HASH_BYTES = 32,
    GX_PASSWORD_HASH_SIZE = 128,
    GX_PASSWORD_MIN = 10, /* characters */
    GX_TOTP_SECRET_BYTES = 20,
    GX_TOTP_STEP_S = 30,
    GX_TOTP_TEXT_SIZE = 33,
};

enum gx_credential_kind {
    GX_CREDENTIAL_SESSION,
    GX_CREDENTIAL_KEY
};

/* A fresh one; text is shown once, hash is kept. */
void gx_credential_new(enum gx_credential_kind kind, char text[GX_CREDENTIAL_SIZE],
                       uint8_t hash[GX_CREDENTIAL_HASH_BYTES]);
/* Kind and hash of a text that has the form of one; -1 otherwise. */
int gx_credential_hash(const char *text, enum gx_credential_kind *ret_kind,
                       uint8_t hash[GX_CREDENTIAL_HASH_BYTES]);

/* argon2id, about 0.1 s and 64 MiB. INVALID for fewer than GX_PASSWORD_MIN characters, UNAVAILABLE
 * without memory. */
enum gx_rc gx_password_hash(const char *password, char hash[GX_PASSWORD_HASH_SIZE]);
/* Takes as long for a wrong password as for the right one. */
bool gx_password_verify(const char *hash, const char *password);
/* Spends the time that a check takes, for a user who does not exist. */
void gx_password_waste(const char *password);

/* The code of a step (Unix seconds / 30). */
void gx_totp_code(const uint8_t *secret, size_t size, int64_t step, char code[7]);
/*
 * The step that this code belongs to, among now's and one on each side, later than after_step; -1
 * when there is none. Keep the result as the next after_step: so a code works once.
 */
int64_t gx_totp_match(const uint8_t *secret, size_t size, const char *code, int64_t now_s,
                      int64_t after_step);
/* Base32 without padding, as authenticator apps want it. */
void gx_totp_text(const uint8_t secret[GX_TOTP_SECRET_BYTES], char text[GX_TOTP_TEXT_SIZE]);

#endif
