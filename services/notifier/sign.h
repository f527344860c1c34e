/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard Webhooks, version v1: HMAC-SHA256 over "<id>.<timestamp>.<body>", secrets "whsec_" + base64 of 24 to 64 bytes.
 * Pure; a secret never goes into a log.
 */
#ifndef NOTIFIER_SIGN_H
#define NOTIFIER_SIGN_H

#include "base/cleanup.h"
#include "base/rc.h"

#include <stddef.h>
#include <stdint.h>

enum {
    SIGN_KEY_MIN = 24,
    SIGN_KEY_MAX = 64,
    SIGN_SECRET_SIZE = 96,     /* "whsec_", base64 of 64 bytes, its end */
    SIGN_SIGNATURE_SIZE = 104, /* two "v1,<44 characters>" with a space and the end */
};

struct sign_message {
    const char *id; /* not empty, without '.' */
    int64_t timestamp_s;
    struct gx_view body;
};

/* A fresh secret of 32 random bytes. Returns secret. */
char *sign_secret_new(char secret[SIGN_SECRET_SIZE]);
/*
 * The value of webhook-signature: one signature for secret and, while a key change is under way, one for old_secret (NULL or "": none).
 * INVALID for an id with '.', or a secret that is not one; ret_text is untouched then.
 */
enum gx_rc sign_message(const struct sign_message *message, const char *secret,
                        const char *old_secret, char ret_text[SIGN_SIGNATURE_SIZE]);

#endif
