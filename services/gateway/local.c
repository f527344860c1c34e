/* SPDX-License-Identifier: Apache-2.0 */
#include "local.h"

#include "gateway.h"

#include "base/clock.h"
#include "base/text.h"
#include "chassis/service.h"
#include "metrics.h"
#include "registry.pb-c.h"
#include "roles.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include <stdio.h>
#include <string.h>

static int32_t *copy_areas(struct gx_ctx *ctx, const int32_t *areas, size_t count)
{
    int32_t *copy = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *copy);
    if (copy != NULL && count > 0) {
        memcpy(copy, areas, count * sizeof *copy);
    }
    return copy;
}

/* An event about credentials: for the log, seen by nobody but the system. */
static enum gx_rc emit(struct gx_ctx *ctx, const struct gateway *gateway, uint32_t type,
                       const char *subject, const ProtobufCMessage *payload)
{
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    audience.has_officers = 1;
    audience.officers = 0;
    const struct gx_emit event = {.area = (int32_t)gateway->common->district,
                                  .type = type,
                                  .subject = subject,
                                  .payload = payload,
                                  .audience = &audience};
    return gx_emit(ctx, &event);
}

/* --- log-in --- */

struct login {
    const struct gateway *gateway;
    const Genxi__SessionCreate *in;
    struct gw_account *account;
    int64_t totp_step; /* of the code given; 0: none needed */
    char session_id[GX_ID_SIZE];
    char token[GX_CREDENTIAL_SIZE];
    uint8_t hash[GX_CREDENTIAL_HASH_BYTES];
    int64_t expires_at;
};

static enum gx_rc find_account(void *arg, struct gx_ctx *ctx)
{
    struct login *login = arg;
    return gw_store_account_find(ctx, login->in->user, &login->account);
}

static enum gx_rc open_session(void *arg, struct gx_ctx *ctx)
{
    struct login *login = arg;
    struct gx_view hash = {login->hash, sizeof login->hash};
    int64_t life_ms = login->gateway->settings->session_hours * 3600 * 1000;
    Genxi__SessionOpened opened = GENXI__SESSION_OPENED__INIT;
    enum gx_rc rc = GX_OK;
    if (login->totp_step > 0) {
        rc = gw_store_totp_use(ctx, login->account->who.subject, login->totp_step);
    }
    if (rc == GX_OK) {
        rc = gw_store_session_add(ctx, login->session_id, login->account->who.subject, hash,
                                  life_ms, &login->expires_at);
    }
    if (rc == GX_OK) {
        rc = gw_store_session_purge(ctx, life_ms);
    }
    opened.session_id = login->session_id;
    opened.subject = gx_pb_text(login->account == NULL ? "" : login->account->who.subject);
    return rc != GX_OK
               ? rc
               : emit(ctx, login->gateway, GX_E_session_opened, login->session_id, &opened.base);
}

/* Says and takes the same time whether the user exists or not. */
static bool is_right(struct login *login)
{
    const struct gw_account *account = login->account;
    if (account == NULL || !account->active) {
        gx_password_waste(login->in->password);
        return false;
    }
    bool right = gx_password_verify(account->password, login->in->password);
    if (account->totp.size > 0) {
        login->totp_step = gx_totp_match(account->totp.data, account->totp.size, login->in->totp,
                                         gx_clock_wall_ms() / 1000, account->totp_step);
        right = right && login->totp_step > 0;
    }
    return right;
}

static enum gx_rc refuse_login(struct gw_request *request, const char *name)
{
    int64_t now = gx_clock_mono_us();
    gw_lockout_failed(request->gateway->user_lockout, name, now);
    gw_lockout_failed(request->gateway->address_lockout, request->address, now);
    gx_metric_add(&GW_METRICS[GW_M_AUTH_FAILED], 1);
    return gx_fail(&request->ctx, GX_P_UNAUTHENTICATED, "", "user, password, totp");
}

static enum gx_rc check_lockout(struct gw_request *request, const char *name)
{
    int64_t now = gx_clock_mono_us();
    int64_t wait = gw_lockout_wait(request->gateway->user_lockout, name, now);
    int64_t address_wait =
        gw_lockout_wait(request->gateway->address_lockout, request->address, now);
    wait = address_wait > wait ? address_wait : wait;
    if (wait == 0) {
        return GX_OK;
    }
    request->retry_after_us = wait;
    gx_metric_add(&GW_METRICS[GW_M_AUTH_LOCKED], 1);
    return gx_fail(&request->ctx, GX_P_TRIES, "", "%d", (int)(wait / 1000000) + 1);
}

enum gx_rc gw_session_create(struct gx_background *background, struct gw_request *request,
                             const void *in, void *out)
{
    struct login login = {.gateway = request->gateway, .in = in};
    Genxi__Session *session = out;
    char name[512];
    (void)snprintf(name, sizeof name, "%s@%s", login.in->user, request->address);
    enum gx_rc rc = check_lockout(request, name);
    if (rc == GX_OK) {
        rc = gx_background_run(background, &request->ctx, find_account, &login);
    }
    if (rc != GX_OK) {
        return rc;
    }
    if (!is_right(&login)) {
        return refuse_login(request, name);
    }
    (void)gx_id_new(login.session_id);
    gx_credential_new(GX_CREDENTIAL_SESSION, login.token, login.hash);
    rc = gx_background_run(background, &request->ctx, open_session, &login);
    if (rc == GX_DENIED) { /* the same code twice at the same time */
        gx_ctx_forgive(&request->ctx);
        return refuse_login(request, name);
    }
    if (rc != GX_OK) {
        return rc;
    }
    gw_lockout_forgive(request->gateway->user_lockout, name);
    const struct gw_record *who = &login.account->who;
    session->id = gx_arena_text(&request->ctx.arena, login.session_id);
    session->token = gx_arena_text(&request->ctx.arena, login.token);
    session->expires_at = login.expires_at;
    session->subject = gx_pb_text(who->subject);
    session->org_id = who->org[0] == '\0' ? NULL : gx_pb_text(who->org);
    session->responder_id = who->responder_id[0] == '\0' ? NULL : gx_pb_text(who->responder_id);
    session->roles = gw_role_names(&request->ctx, who->roles, &session->n_roles);
    session->n_areas = who->area_count;
    session->areas = copy_areas(&request->ctx, who->areas, who->area_count);
    return request->ctx.arena.spent ? gx_fail(&request->ctx, GX_P_INTERNAL, "", "memory") : GX_OK;
}

/* --- log-out --- */

struct logout {
    const struct gw_request *request;
    bool all;
    char **ids;
    size_t count;
};

static enum gx_rc end_sessions(void *arg, struct gx_ctx *ctx)
{
    struct logout *logout = arg;
    const struct gw_credential *credential = logout->request->credential;
    enum gx_rc rc =
        gw_store_session_end(ctx, credential->id, logout->all, &logout->ids, &logout->count);
    for (size_t i = 0; rc == GX_OK && i < logout->count; i++) {
        Genxi__SessionEnded ended = GENXI__SESSION_ENDED__INIT;
        ended.session_id = logout->ids[i];
        ended.subject = gx_pb_text(credential->actor.subject);
        ended.has_all = logout->all;
        ended.all = logout->all;
        ended.reason = gx_pb_text("logout");
        rc = emit(ctx, logout->request->gateway, GX_E_session_ended, logout->ids[i], &ended.base);
    }
    return rc;
}

enum gx_rc gw_session_end(struct gx_background *background, struct gw_request *request,
                          const void *in, void *out)
{
    const Genxi__SessionEnd *wish = in;
    struct logout logout = {.request = request, .all = wish->has_all && wish->all};
    (void)out;
    if (request->credential->kind != GX_CREDENTIAL_SESSION) {
        return gx_fail(&request->ctx, GX_P_NOT_FOUND, "", "session");
    }
    enum gx_rc rc = gx_background_run(background, &request->ctx, end_sessions, &logout);
    for (size_t i = 0; rc == GX_OK && i < logout.count; i++) {
        /* Here at once; the other gateways hear of it by the event. */
        gw_auth_end(request->gateway->auth, logout.ids[i]);
        gw_streams_end(gw_hub_streams(request->gateway->hub), logout.ids[i]);
    }
    return rc;
}

enum gx_rc gw_me(struct gx_background *background, struct gw_request *request, const void *in,
                 void *out)
{
    const struct gx_actor *actor = &request->credential->actor;
    Genxi__Me *me = out;
    (void)background;
    (void)in;
    me->subject = gx_pb_text(actor->subject);
    me->org_id = actor->org[0] == '\0' ? NULL : gx_pb_text(actor->org);
    me->responder_id = actor->responder_id[0] == '\0' ? NULL : gx_pb_text(actor->responder_id);
    me->roles = gw_role_names(&request->ctx, actor->roles, &me->n_roles);
    me->n_areas = actor->area_count;
    me->areas = copy_areas(&request->ctx, actor->areas, actor->area_count);
    me->lang = gx_pb_text(actor->lang);
    return GX_OK;
}

/* --- keys --- */

struct key_work {
    struct gw_request *request;
    const char *org; /* whose keys; "": all */
    struct gw_record record;
    uint8_t hash[GX_CREDENTIAL_HASH_BYTES];
    int64_t at;
    Genxi__KeyList *list;
    Genxi__Key *key;
};

/* An administrator may touch all keys, a desk those of its own organisation. */
static const char *org_in_reach(const struct gw_request *request)
{
    const struct gx_actor *actor = &request->credential->actor;
    return gx_actor_has(actor, GX_ROLE_ADMIN) ? "" : actor->org;
}

static enum gx_rc list_keys(void *arg, struct gx_ctx *ctx)
{
    const struct key_work *work = arg;
    return gw_store_key_list(ctx, work->org, work->list);
}

enum gx_rc gw_key_list(struct gx_background *background, struct gw_request *request, const void *in,
                       void *out)
{
    const Genxi__KeyQuery *query = in;
    struct key_work work = {.request = request, .org = org_in_reach(request), .list = out};
    if (work.org[0] == '\0' && !gx_actor_has(&request->credential->actor, GX_ROLE_ADMIN)) {
        return gx_fail(&request->ctx, GX_P_DENIED, "", "org_id");
    }
    if (query->org_id != NULL) {
        if (work.org[0] != '\0' && !gx_text_is(work.org, query->org_id)) {
            return GX_OK; /* another organisation's: none that the caller may know of */
        }
        work.org = query->org_id;
    }
    return gx_background_run(background, &request->ctx, list_keys, &work);
}

static enum gx_rc read_roles(struct gw_request *request, const Genxi__KeyCreate *in,
                             uint32_t *ret_roles)
{
    const struct gx_actor *actor = &request->credential->actor;
    uint32_t roles = 0;
    for (size_t i = 0; i < in->n_roles; i++) {
        uint32_t role = 0;
        if (gw_role_parse(in->roles[i], &role) != 0 || role == GX_ROLE_SYSTEM) {
            return gx_fail(
                &request->ctx, GX_P_FIELD_CHOICE, "/roles",
                "admin, duty, police, approver, analyst, auditor, desk, responder, linked, drill");
        }
        roles |= role;
    }
    /* Nobody gives what he has not, but that a desk may key its own people's devices. */
    uint32_t may = gx_actor_has(actor, GX_ROLE_ADMIN) ? GX_ROLES_ANY
                                                      : actor->roles | (uint32_t)GX_ROLE_RESPONDER;
    if ((roles & ~may) != 0 ||
        (!gx_actor_has(actor, GX_ROLE_ADMIN) && !gx_text_is(actor->org, in->org_id))) {
        return gx_fail(&request->ctx, GX_P_DENIED, "", "admin");
    }
    for (size_t i = 0; i < in->n_areas; i++) {
        if (!gx_actor_has(actor, GX_ROLE_ADMIN) && !gx_actor_in_area(actor, in->areas[i])) {
            return gx_fail(&request->ctx, GX_P_DENIED, "/areas", "admin");
        }
    }
    *ret_roles = roles;
    return GX_OK;
}

/*
 * A device speaks for one of its organisation's own people: all that trusts an actor's responder trusts this check. Asked as the system, since
 * whether the caller may see the person decides nothing here; that there is such a person elsewhere is not told.
 */
static enum gx_rc check_responder(struct gw_request *request, const Genxi__KeyCreate *in)
{
    struct gx_ctx *ctx = &request->ctx;
    if (in->responder_id == NULL) {
        return GX_OK;
    }
    if (!gx_id_valid(in->responder_id)) {
        return gx_fail(ctx, GX_P_FIELD_FORMAT, "/responder_id", "UUID");
    }
    Genxi__ResponderQuery query = GENXI__RESPONDER_QUERY__INIT;
    ProtobufCMessage *reply = NULL;
    const struct gx_actor caller = ctx->actor;
    query.id = in->responder_id;
    ctx->actor = (struct gx_actor){.roles = (uint32_t)GX_ROLE_SYSTEM,
                                   .subject = "gateway",
                                   .org = "",
                                   .responder_id = "",
                                   .lang = caller.lang};
    enum gx_rc rc = gx_caller_call(request->gateway->caller, ctx, GX_C_responder_list, &query.base,
                                   NULL, &reply);
    ctx->actor = caller;
    if (rc != GX_OK) {
        return rc;
    }
    const Genxi__ResponderList *found = (const Genxi__ResponderList *)reply;
    if (found->n_items != 1 || !gx_text_is(found->items[0]->org_id, in->org_id)) {
        return gx_fail(ctx, GX_P_REFERENCE, "/responder_id", "%s", in->responder_id);
    }
    return GX_OK;
}

static enum gx_rc emit_key(const struct key_work *work, struct gx_ctx *ctx, const char *id,
                           const char *org, int64_t revoked_at)
{
    Genxi__KeyChanged changed = GENXI__KEY_CHANGED__INIT;
    changed.key_id = gx_pb_text(id);
    changed.org_id = gx_pb_text(org);
    changed.has_revoked_at = revoked_at != 0;
    changed.revoked_at = revoked_at;
    return emit(ctx, work->request->gateway, GX_E_key_changed, id, &changed.base);
}

/* The secret is in no table and not in what is kept for a repetition: it is shown once. */
static enum gx_rc add_key(void *arg, struct gx_ctx *ctx, struct gx_view *ret_kept)
{
    struct key_work *work = arg;
    struct gx_view hash = {work->hash, sizeof work->hash};
    enum gx_rc rc =
        gw_store_key_add(ctx, &work->record, work->key->name, hash,
                         work->request->credential->actor.subject, &work->key->created_at);
    if (rc == GX_OK) {
        rc = emit_key(work, ctx, work->record.id, work->record.org, 0);
    }
    return rc == GX_OK ? gx_pb_pack(ctx, &work->key->base, ret_kept) : rc;
}

static enum gx_rc read_kept_key(struct gw_request *request, struct gx_view kept, Genxi__Key *key)
{
    ProtobufCMessage *message = NULL;
    enum gx_rc rc = gx_pb_unpack(&request->ctx, &genxi__key__descriptor, kept, &message);
    if (rc == GX_OK) {
        *key = *(const Genxi__Key *)message;
        request->replayed = true;
    }
    return rc;
}

enum gx_rc gw_key_create(struct gx_background *background, struct gw_request *request,
                         const void *in, void *out)
{
    const Genxi__KeyCreate *wish = in;
    struct gx_ctx *ctx = &request->ctx;
    Genxi__Key *key = out;
    char id[GX_ID_SIZE];
    char secret[GX_CREDENTIAL_SIZE];
    struct key_work work = {.request = request, .key = key};
    struct gx_once once = {.subject = request->credential->actor.subject,
                           .key = request->key,
                           .fn = add_key,
                           .arg = &work};
    struct gx_view kept;
    bool replayed = false;
    work.record =
        (struct gw_record){.id = gx_id_new(id),
                           .org = wish->org_id,
                           .responder_id = wish->responder_id == NULL ? "" : wish->responder_id,
                           .areas = wish->areas,
                           .area_count = wish->n_areas,
                           .expires_at = wish->has_expires_at ? wish->expires_at : 0};
    enum gx_rc rc = read_roles(request, wish, &work.record.roles);
    if (rc == GX_OK) {
        rc = check_responder(request, wish);
    }
    if (rc == GX_OK) {
        rc = gx_pb_pack(ctx, &wish->base, &once.asked);
    }
    if (rc != GX_OK) {
        return rc;
    }
    gx_credential_new(GX_CREDENTIAL_KEY, secret, work.hash);
    key->id = gx_arena_text(&ctx->arena, id);
    key->org_id = wish->org_id;
    key->roles = gw_role_names(ctx, work.record.roles, &key->n_roles);
    key->n_areas = wish->n_areas;
    key->areas = wish->areas;
    key->name = wish->name == NULL ? gx_pb_text("") : wish->name;
    key->has_expires_at = wish->has_expires_at;
    key->expires_at = wish->expires_at;
    rc = gx_background_once(background, ctx, &once, &kept, &replayed);
    if (rc == GX_OK && replayed) {
        return read_kept_key(request, kept, key);
    }
    key->secret = gx_arena_text(&ctx->arena, secret);
    return rc == GX_OK && ctx->arena.spent ? gx_fail(ctx, GX_P_INTERNAL, "", "memory") : rc;
}

static enum gx_rc revoke_key(void *arg, struct gx_ctx *ctx)
{
    struct key_work *work = arg;
    enum gx_rc rc = gw_store_key_revoke(ctx, work->record.id, work->org, work->at, &work->key);
    return rc != GX_OK
               ? rc
               : emit_key(work, ctx, work->key->id, work->key->org_id, work->key->revoked_at);
}

enum gx_rc gw_key_revoke(struct gx_background *background, struct gw_request *request,
                         const void *in, void *out)
{
    const Genxi__KeyRevoke *wish = in;
    struct key_work work = {
        .request = request, .org = org_in_reach(request), .at = wish->has_at ? wish->at : 0};
    work.record.id = wish->id;
    if (work.org[0] == '\0' && !gx_actor_has(&request->credential->actor, GX_ROLE_ADMIN)) {
        return gx_fail(&request->ctx, GX_P_DENIED, "", "org_id");
    }
    enum gx_rc rc = gx_background_run(background, &request->ctx, revoke_key, &work);
    if (rc != GX_OK) {
        return rc;
    }
    if (work.key->revoked_at <= gx_clock_wall_ms()) {
        gw_auth_end(request->gateway->auth, work.key->id);
        gw_streams_end(gw_hub_streams(request->gateway->hub), work.key->id);
    }
    *(Genxi__Key *)out = *work.key;
    return GX_OK;
}
