/* SPDX-License-Identifier: Apache-2.0 */
/* All SQL of the gateway: accounts, sessions, keys; and the journal, which it reads for streams. */
#ifndef GATEWAY_STORE_H
#define GATEWAY_STORE_H

#include "access.pb-c.h"
#include "base/ctx.h"
#include "envelope.pb-c.h"
#include "store/tx.h"

#include <stdbool.h>

/* What a token or key stands for. Texts live in the context's arena. */
struct gw_record {
    const char *id;      /* of the session or key */
    const char *subject; /* account's or key's id */
    const char *org;
    const char *responder_id;
    const char *lang;
    uint32_t roles;
    const int32_t *areas;
    size_t area_count;
    int64_t expires_at; /* 0: never */
    bool dead;          /* ended, revoked or its account is off: nobody may know more */
};

struct gw_account {
    struct gw_record who; /* id is empty */
    const char *password;
    struct gx_view totp; /* size 0: none */
    int64_t totp_step;
    bool active;
};

/* Within a transaction (gx_background_run). NULL in *ret_record: no such credential. */
enum gx_rc gw_store_session_find(struct gx_ctx *ctx, struct gx_view hash,
                                 struct gw_record **ret_record);
enum gx_rc gw_store_key_find(struct gx_ctx *ctx, struct gx_view hash,
                             struct gw_record **ret_record);
enum gx_rc gw_store_account_find(struct gx_ctx *ctx, const char *name,
                                 struct gw_account **ret_account);
/* DENIED when that step was used meanwhile. */
enum gx_rc gw_store_totp_use(struct gx_ctx *ctx, const char *account_id, int64_t step);
enum gx_rc gw_store_session_add(struct gx_ctx *ctx, const char *id, const char *account_id,
                                struct gx_view hash, int64_t life_ms, int64_t *ret_expires_at);
/* Ends one session, or with all every one of its account; gives the ids ended. */
enum gx_rc gw_store_session_end(struct gx_ctx *ctx, const char *id, bool all, char ***ret_ids,
                                size_t *ret_count);
/* Removes sessions that ended or expired more than keep_ms ago. */
enum gx_rc gw_store_session_purge(struct gx_ctx *ctx, int64_t keep_ms);
enum gx_rc gw_store_key_add(struct gx_ctx *ctx, const struct gw_record *key, const char *name,
                            struct gx_view hash, const char *created_by, int64_t *ret_created_at);
/* org "": of all organisations. */
enum gx_rc gw_store_key_list(struct gx_ctx *ctx, const char *org, Genxi__KeyList *ret_list);
/* at 0: now. NOT_FOUND unless it is org's ("": anybody's). */
enum gx_rc gw_store_key_revoke(struct gx_ctx *ctx, const char *id, const char *org, int64_t at,
                               Genxi__Key **ret_key);
/* Which of these sessions and keys are no longer good. */
enum gx_rc gw_store_dead(struct gx_ctx *ctx, const char *const *ids, size_t count, char ***ret_ids,
                         size_t *ret_count);

struct gw_counter {
    int32_t area;
    int64_t seq;
    int64_t floor;
};
/* Arrays and events live in the arena. */
enum gx_rc gw_store_counters(struct gx_ctx *ctx, struct gw_counter **ret_counters,
                             size_t *ret_count);
/* Events of the area with after->seq < seq <= until, in order, at most limit. */
enum gx_rc gw_store_events(struct gx_ctx *ctx, const struct gw_counter *after, int64_t until,
                           int limit, Genxi__Event ***ret_events, size_t *ret_count);

#endif
