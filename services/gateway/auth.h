/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials in memory: trusted for a short time after they were looked up, dropped at once when their end is heard of. A credential that
 * was seen to end (the last some thousands are remembered) cannot come back by a look-up that was under way meanwhile.
 */
#ifndef GATEWAY_AUTH_H
#define GATEWAY_AUTH_H

#include "base/ctx.h"
#include "store.h"
#include "web/credential.h"

#include <stdatomic.h>

/* Immutable but for `ended` and the count; shared by requests and streams. */
struct gw_credential {
    atomic_int refs;
    atomic_bool ended;
    char id[GX_ID_SIZE]; /* of the session or key */
    enum gx_credential_kind kind;
    struct gx_actor actor;
    int64_t expires_at; /* 0: never */
    int64_t looked_up_us;
    uint8_t hash[GX_CREDENTIAL_HASH_BYTES];
    struct gw_credential *next;
    char texts[]; /* the actor's */
};

struct gw_credential *gw_credential_ref(struct gw_credential *credential);
void gw_credential_unref(struct gw_credential *credential); /* NULL is fine */

struct gw_auth;
struct gw_auth *gw_auth_new(int64_t trust_us);
void gw_auth_free(struct gw_auth *auth);
/* A reference to a credential looked up lately and not expired, or NULL. */
struct gw_credential *gw_auth_find(struct gw_auth *auth,
                                   const uint8_t hash[GX_CREDENTIAL_HASH_BYTES], int64_t now_us);
/* Keeps what a look-up found and gives a reference to it; `ended` is set when its end was heard of. */
struct gw_credential *gw_auth_keep(struct gw_auth *auth, enum gx_credential_kind kind,
                                   const uint8_t hash[GX_CREDENTIAL_HASH_BYTES],
                                   const struct gw_record *record, int64_t now_us);
/* The session or key ended: marks and drops it. */
void gw_auth_end(struct gw_auth *auth, const char *id);
/* Was its end heard of? */
bool gw_auth_has_ended(struct gw_auth *auth, const char *id);

#endif
