/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bulletins: drafted by one officer, approved by another, read by the audience alone, each reading logged, recalled with a
 * reason, expired by themselves. The text goes out by bulletin_get only.
 */
#include "audience.h"
#include "handlers.h"
#include "redact.h"
#include "settings.h"
#include "store.h"
#include "tlp.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <string.h>

enum {
    TITLE_MAX = 200,
    TEXT_MAX = 8000,
    PURPOSE_MAX = 200,
    REASON_MAX = 500,
    LIST_MAX = 100,
    ORGS_MAX = 2000,
    CLASSES_MAX = 100,
    DRAFT = GENXI__BULLETIN_STATE__BULLETIN_STATE_DRAFT,
    APPROVED = GENXI__BULLETIN_STATE__BULLETIN_STATE_APPROVED,
    RECALLED = GENXI__BULLETIN_STATE__BULLETIN_STATE_RECALLED,
    EXPIRED = GENXI__BULLETIN_STATE__BULLETIN_STATE_EXPIRED,
    REJECTED = GENXI__BULLETIN_STATE__BULLETIN_STATE_REJECTED
};
static const int64_t DAY_MS = INT64_C(24) * 60 * 60 * 1000;

static const char *state_word(int state)
{
    static const char *const WORDS[] = {"?",        "draft",   "approved",
                                        "recalled", "expired", "rejected"};
    return state >= DRAFT && state <= REJECTED ? WORDS[state] : WORDS[0];
}

static enum gx_rc wrong_state(struct gx_ctx *ctx, const struct intel_bulletin *bulletin)
{
    return gx_fail(ctx, GX_P_STATE, "", "%s", state_word(bulletin->state));
}

static enum gx_rc expired(struct gx_ctx *ctx, const struct intel_bulletin *bulletin)
{
    char time[GX_TIME_TEXT_SIZE];
    return gx_fail(ctx, GX_P_EXPIRED, "", "%s", gx_time_format(bulletin->expires_at, time));
}

/* --- views --- */

static void fill_audience(struct gx_ctx *ctx, const struct intel_audience *audience,
                          Genxi__BulletinAudience *out)
{
    out->orgs = gx_pb_array(ctx, audience->org_count + 1);
    for (size_t i = 0; out->orgs != NULL && i < audience->org_count; i++) {
        out->orgs[out->n_orgs++] = gx_pb_text(audience->orgs[i]);
    }
    out->org_kinds =
        gx_arena_alloc(&ctx->arena, (audience->kind_count + 1) * sizeof *out->org_kinds);
    for (size_t i = 0; out->org_kinds != NULL && i < audience->kind_count; i++) {
        out->org_kinds[out->n_org_kinds++] = (Genxi__OrgKind)audience->kinds[i];
    }
    out->areas = gx_arena_alloc(&ctx->arena, (audience->area_count + 1) * sizeof *out->areas);
    for (size_t i = 0; out->areas != NULL && i < audience->area_count; i++) {
        out->areas[out->n_areas++] = audience->areas[i];
    }
    out->roles = intel_role_names(ctx, audience->roles, &out->n_roles);
}

/* Staff sees all; the audience sees what is meant for it, not who drafted it or who else gets it. */
static enum gx_rc fill(struct gx_ctx *ctx, const struct intel_bulletin *bulletin,
                       enum intel_sight sight, bool with_text, Genxi__Bulletin *out)
{
    bool staff = sight == INTEL_SIGHT_STAFF;
    Genxi__BulletinAudience *audience = gx_pb_new(ctx, &genxi__bulletin_audience__descriptor);
    if (audience == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
    }
    if (staff) {
        fill_audience(ctx, &bulletin->audience, audience);
    }
    out->id = gx_pb_text(bulletin->id);
    out->area = bulletin->area;
    out->state = (Genxi__BulletinState)bulletin->state;
    out->mark = (Genxi__Mark)bulletin->mark;
    out->audience = audience;
    out->purpose = gx_pb_text(bulletin->purpose);
    out->expires_at = bulletin->expires_at;
    out->title = gx_pb_text(bulletin->title);
    out->text = gx_pb_text(with_text ? bulletin->text : "");
    out->drafted_by = gx_pb_text(staff ? bulletin->drafted_by : "");
    out->drafted_at = bulletin->drafted_at;
    out->approved_by =
        staff && bulletin->approved_by != NULL ? gx_pb_text(bulletin->approved_by) : NULL;
    out->has_approved_at = bulletin->approved_at != 0;
    out->approved_at = bulletin->approved_at;
    out->has_recalled_at = bulletin->recalled_at != 0;
    out->recalled_at = bulletin->recalled_at;
    out->recall_reason =
        bulletin->recall_reason == NULL ? NULL : gx_pb_text(bulletin->recall_reason);
    out->exercise = bulletin->exercise;
    return GX_OK;
}

static struct intel_reading reading_of(const struct intel_bulletin *bulletin, bool org_active)
{
    return (struct intel_reading){
        .mark = bulletin->mark,
        .state = bulletin->state,
        .expires_at = bulletin->expires_at,
        .area = bulletin->area,
        .audience = &bulletin->audience,
        .drafted_by = bulletin->drafted_by,
        .approved_by = bulletin->approved_by == NULL ? "" : bulletin->approved_by,
        .org_resolved = bulletin->org_resolved,
        .org_active = org_active,
    };
}

static enum gx_rc own_org_active(struct gx_ctx *ctx, bool *ret_active)
{
    *ret_active = false;
    return gx_id_valid(ctx->actor.org) ? intel_store_org_active(ctx, ctx->actor.org, ret_active)
                                       : GX_OK;
}

/* --- events --- */

static enum gx_rc emit(struct gx_ctx *ctx, const struct intel_bulletin *bulletin, uint32_t type,
                       const ProtobufCMessage *payload, const Genxi__Audience *audience)
{
    const struct gx_emit event = {
        .area = bulletin->area,
        .type = type,
        .subject = bulletin->id,
        .payload = payload,
        .audience = audience,
        .exercise = bulletin->exercise,
    };
    return gx_emit(ctx, &event);
}

/* Officers in the roles that may read it; approvers while it is a draft. None: the system alone. */
static void officers_of(const struct intel_bulletin *bulletin, Genxi__Audience *ret)
{
    uint32_t roles = intel_audience_roles(&bulletin->audience, bulletin->mark) & GX_ROLES_OFFICERS;
    if (bulletin->state == DRAFT || bulletin->state == REJECTED) {
        roles = (uint32_t)GX_ROLE_APPROVER;
    } else {
        ret->more_areas =
            (int32_t *)(uintptr_t)bulletin->audience.areas; /* protobuf-c knows no const */
        ret->n_more_areas = bulletin->audience.area_count;
    }
    ret->has_officers = 1;
    ret->officers = roles != 0;
    ret->has_roles = roles != 0;
    ret->roles = roles;
}

/* Desks of the organisations resolved, when desks may read it. */
static enum gx_rc partners_of(struct gx_ctx *ctx, const struct intel_bulletin *bulletin,
                              Genxi__Audience *ret)
{
    const char *const *orgs = NULL;
    size_t count = 0;
    uint32_t roles = intel_audience_roles(&bulletin->audience, bulletin->mark);
    if ((roles & INTEL_DESK_ROLES) == 0) {
        return GX_OK;
    }
    enum gx_rc rc = intel_store_bulletin_orgs(ctx, bulletin->id, &orgs, &count);
    if (rc == GX_OK) {
        ret->orgs = (char **)(uintptr_t)orgs;
        ret->n_orgs = count;
    }
    return rc;
}

static enum gx_rc emit_changed(struct gx_ctx *ctx, const struct intel_bulletin *bulletin)
{
    Genxi__BulletinChanged changed = GENXI__BULLETIN_CHANGED__INIT;
    Genxi__Bulletin full = GENXI__BULLETIN__INIT;
    Genxi__Bulletin redacted = GENXI__BULLETIN__INIT;
    Genxi__Audience officers = GENXI__AUDIENCE__INIT;
    Genxi__Audience partners = GENXI__AUDIENCE__INIT;
    enum gx_rc rc = fill(ctx, bulletin, INTEL_SIGHT_STAFF, false, &full);
    if (rc != GX_OK) {
        return rc;
    }
    changed.bulletin = &full;
    officers_of(bulletin, &officers);
    rc = emit(ctx, bulletin, GX_E_bulletin_changed, &changed.base, &officers);
    if (rc != GX_OK || bulletin->state == DRAFT || bulletin->state == REJECTED) {
        return rc;
    }
    partners.has_officers = 1;
    partners.officers = 0;
    rc = partners_of(ctx, bulletin, &partners);
    if (rc != GX_OK || partners.n_orgs == 0) {
        return rc;
    }
    rc = fill(ctx, bulletin, INTEL_SIGHT_AUDIENCE, false, &redacted);
    if (rc != GX_OK) {
        return rc;
    }
    changed.bulletin = &redacted;
    return emit(ctx, bulletin, GX_E_bulletin_changed, &changed.base, &partners);
}

/* --- draft --- */

static enum gx_rc take_audience(struct gx_ctx *ctx, const Genxi__BulletinAudience *in,
                                struct intel_audience *ret)
{
    enum gx_rc rc = GX_OK;
    if (in->n_orgs > ORGS_MAX || in->n_org_kinds > CLASSES_MAX || in->n_areas > CLASSES_MAX) {
        return gx_fail(ctx, GX_P_FIELD_LENGTH, "/audience", "orgs 0..%d, org_kinds, areas 0..%d",
                       ORGS_MAX, CLASSES_MAX);
    }
    for (size_t i = 0; i < in->n_orgs; i++) {
        if (!gx_id_valid(in->orgs[i])) {
            rc = gx_fail(ctx, GX_P_FIELD_FORMAT,
                         gx_arena_printf(&ctx->arena, "/audience/orgs/%zu", i), "UUID");
        }
    }
    ret->roles = 0;
    for (size_t i = 0; i < in->n_roles; i++) {
        uint32_t bit = intel_role_parse(in->roles[i]);
        if (bit == 0) {
            rc = gx_fail(ctx, GX_P_FIELD_CHOICE,
                         gx_arena_printf(&ctx->arena, "/audience/roles/%zu", i),
                         "desk, linked, responder, duty, police, approver, analyst");
        }
        ret->roles |= bit;
    }
    int32_t *kinds = gx_arena_alloc(&ctx->arena, (in->n_org_kinds + 1) * sizeof *kinds);
    if (kinds == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
    }
    for (size_t i = 0; i < in->n_org_kinds; i++) {
        kinds[i] = (int32_t)in->org_kinds[i];
    }
    ret->orgs = (const char *const *)in->orgs;
    ret->org_count = in->n_orgs;
    ret->kinds = kinds;
    ret->kind_count = in->n_org_kinds;
    ret->areas = in->areas;
    ret->area_count = in->n_areas;
    return rc;
}

static enum gx_rc check_audience(struct gx_ctx *ctx, const struct intel_audience *audience,
                                 int mark)
{
    switch (intel_audience_check(audience, mark)) {
    case INTEL_AUDIENCE_EMPTY:
        return gx_fail(ctx, GX_P_FIELD_MISSING, "/audience", "audience");
    case INTEL_AUDIENCE_MARK:
        return gx_fail(ctx, GX_P_MARK_AUDIENCE, "/audience", "%s", intel_mark(mark)->label);
    case INTEL_AUDIENCE_FIT:
        break;
    }
    return GX_OK;
}

/* Numbers of persons do not go to organisations. The fault names the kind, never the data. */
static enum gx_rc check_personal(struct gx_ctx *ctx, const Genxi__BulletinDraft *in)
{
    const struct {
        const char *pointer;
        const char *text;
    } fields[] = {{"/title", in->title}, {"/text", in->text}, {"/purpose", in->purpose}};
    enum gx_rc rc = GX_OK;
    for (size_t i = 0; i < GX_COUNT_OF(fields); i++) {
        enum intel_personal found = intel_personal_find(fields[i].text);
        if (found != INTEL_PERSONAL_NONE) {
            rc = gx_fail(ctx, GX_P_PERSONAL_DATA, fields[i].pointer, "%s",
                         intel_personal_word(found));
        }
    }
    return rc;
}

static enum gx_rc check_texts(struct gx_ctx *ctx, const Genxi__BulletinDraft *in)
{
    enum gx_rc rc = intel_check_text(ctx, "/title", in->title, TITLE_MAX);
    enum gx_rc text = intel_check_text(ctx, "/text", in->text, TEXT_MAX);
    enum gx_rc purpose = intel_check_text(ctx, "/purpose", in->purpose, PURPOSE_MAX);
    return rc != GX_OK ? rc : text != GX_OK ? text : purpose;
}

static enum gx_rc check_expiry(struct gx_ctx *ctx, int64_t expires_at)
{
    int64_t now = gx_tx_now_ms(ctx);
    if (expires_at <= now || expires_at > now + intel_settings.bulletin_days_max * DAY_MS) {
        return gx_fail(ctx, GX_P_FIELD_RANGE, "/expires_at", "0..%" PRId64 " d",
                       intel_settings.bulletin_days_max);
    }
    return GX_OK;
}

/* The area given, or the officer's first. */
static enum gx_rc draft_area(struct gx_ctx *ctx, const Genxi__BulletinDraft *in, int32_t *ret_area)
{
    if (!in->has_area && ctx->actor.area_count == 0) {
        return gx_fail(ctx, GX_P_FIELD_MISSING, "/area", "area");
    }
    int32_t area = in->has_area ? in->area : ctx->actor.areas[0];
    if (!gx_actor_in_area(&ctx->actor, area)) {
        return gx_fail(ctx, GX_P_DENIED, "/area", "%" PRId32, area);
    }
    *ret_area = area;
    return GX_OK;
}

/* Every organisation named must be known and active: a wrong id must not look like a delivery. */
static enum gx_rc check_orgs(struct gx_ctx *ctx, const struct intel_audience *audience)
{
    const struct intel_audience named = {.orgs = audience->orgs, .org_count = audience->org_count};
    struct intel_org *orgs = NULL;
    size_t count = 0;
    enum gx_rc rc = audience->org_count == 0 ? GX_OK : intel_store_orgs(ctx, &named, &orgs, &count);
    for (size_t i = 0; rc == GX_OK && i < audience->org_count; i++) {
        bool found = false;
        for (size_t k = 0; k < count && !found; k++) {
            found = orgs[k].state == GENXI__ORG_STATE__ORG_STATE_ACTIVE &&
                    gx_text_is(orgs[k].id, audience->orgs[i]);
        }
        if (!found) {
            rc = gx_fail(ctx, GX_P_REFERENCE, gx_arena_printf(&ctx->arena, "/audience/orgs/%zu", i),
                         "%s", audience->orgs[i]);
        }
    }
    return rc;
}

static enum gx_rc check_draft(struct gx_ctx *ctx, const Genxi__BulletinDraft *in,
                              struct intel_bulletin *bulletin)
{
    bulletin->mark = (int)intel_mark((int)in->mark)->mark;
    bulletin->exercise = in->has_exercise && in->exercise;
    enum gx_rc rc = check_texts(ctx, in);
    if (rc == GX_OK) {
        rc = check_expiry(ctx, in->expires_at);
    }
    if (rc == GX_OK) {
        rc = take_audience(ctx, in->audience, &bulletin->audience);
    }
    if (rc == GX_OK) {
        rc = check_audience(ctx, &bulletin->audience, bulletin->mark);
    }
    if (rc == GX_OK && !intel_audience_officers_only(&bulletin->audience, bulletin->mark)) {
        rc = check_personal(ctx, in);
    }
    if (rc == GX_OK) {
        rc = intel_check_exercise(ctx, bulletin->exercise);
    }
    if (rc == GX_OK) {
        rc = draft_area(ctx, in, &bulletin->area);
    }
    return rc == GX_OK ? check_orgs(ctx, &bulletin->audience) : rc;
}

enum gx_rc intel_bulletin_draft(struct intel *self, struct gx_ctx *ctx,
                                const Genxi__BulletinDraft *in, Genxi__Bulletin *out)
{
    (void)self;
    char id[GX_ID_SIZE];
    struct intel_bulletin bulletin = {
        .id = gx_arena_text(&ctx->arena, gx_id_new(id)),
        .state = DRAFT,
        .purpose = in->purpose,
        .expires_at = in->expires_at,
        .title = in->title,
        .text = in->text,
        .drafted_by = ctx->actor.subject,
        .drafted_at = gx_tx_now_ms(ctx),
    };
    enum gx_rc rc = check_draft(ctx, in, &bulletin);
    if (rc == GX_OK) {
        rc = intel_store_bulletin_add(ctx, &bulletin);
    }
    if (rc == GX_OK) {
        const struct gx_timer timer = {
            .kind = "bulletin_expire", .subject = bulletin.id, .area = bulletin.area};
        rc = gx_timer_set(ctx, &timer, bulletin.expires_at - bulletin.drafted_at);
    }
    if (rc == GX_OK) {
        rc = emit_changed(ctx, &bulletin);
    }
    return rc == GX_OK ? fill(ctx, &bulletin, INTEL_SIGHT_STAFF, true, out) : rc;
}

/* --- approval --- */

static enum gx_rc take(struct gx_ctx *ctx, const char *id, struct intel_bulletin *ret)
{
    enum gx_rc rc = intel_check_id(ctx, "/id", id);
    return rc == GX_OK ? intel_store_bulletin_take(ctx, id, ret) : rc;
}

/* The organisations that the audience means today. */
static enum gx_rc resolve(struct gx_ctx *ctx, const struct intel_bulletin *bulletin)
{
    struct intel_org *orgs = NULL;
    size_t count = 0;
    size_t meant = 0;
    if (intel_audience_officers_only(&bulletin->audience, bulletin->mark)) {
        return GX_OK;
    }
    enum gx_rc rc = intel_store_orgs(ctx, &bulletin->audience, &orgs, &count);
    if (rc != GX_OK) {
        return rc;
    }
    const char **ids = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *ids);
    if (ids == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
    }
    for (size_t i = 0; i < count; i++) {
        if (intel_audience_has_org(&bulletin->audience, bulletin->mark, bulletin->exercise,
                                   &orgs[i])) {
            ids[meant++] = orgs[i].id;
        }
    }
    uint32_t roles = intel_audience_roles(&bulletin->audience, bulletin->mark);
    if (meant == 0 && (roles & GX_ROLES_OFFICERS) == 0) {
        return gx_fail(ctx, GX_P_REFERENCE, "/audience", "0");
    }
    return intel_store_bulletin_resolve(ctx, bulletin->id, ids, meant);
}

static enum gx_rc check_decide(struct gx_ctx *ctx, const Genxi__BulletinDecide *in,
                               const struct intel_bulletin *bulletin)
{
    if (!gx_actor_in_area(&ctx->actor, bulletin->area)) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "bulletin");
    }
    if (gx_text_is(bulletin->drafted_by, ctx->actor.subject)) {
        return gx_fail(ctx, GX_P_FOUR_EYES, "", "%s", bulletin->id);
    }
    if (bulletin->state != DRAFT) {
        return wrong_state(ctx, bulletin);
    }
    if (bulletin->expires_at <= gx_tx_now_ms(ctx)) {
        return expired(ctx, bulletin);
    }
    if (!in->approve && (in->reason == NULL || in->reason[0] == '\0')) {
        return gx_fail(ctx, GX_P_REASON_REQUIRED, "/reason", "1..%d", REASON_MAX);
    }
    return in->reason == NULL ? GX_OK : intel_check_text(ctx, "/reason", in->reason, REASON_MAX);
}

enum gx_rc intel_bulletin_decide(struct intel *self, struct gx_ctx *ctx,
                                 const Genxi__BulletinDecide *in, Genxi__Bulletin *out)
{
    (void)self;
    struct intel_bulletin bulletin;
    enum gx_rc rc = take(ctx, in->id, &bulletin);
    if (rc == GX_OK) {
        rc = check_decide(ctx, in, &bulletin);
    }
    if (rc != GX_OK) {
        return rc;
    }
    bulletin.state = in->approve ? APPROVED : REJECTED;
    if (in->approve) {
        bulletin.approved_by = ctx->actor.subject;
        bulletin.approved_at = gx_tx_now_ms(ctx);
        rc = resolve(ctx, &bulletin);
    } else {
        bulletin.reject_reason = in->reason;
        rc = gx_timer_cancel(ctx, "bulletin_expire", bulletin.id);
    }
    if (rc == GX_OK) {
        rc = intel_store_bulletin_update(ctx, &bulletin);
    }
    if (rc == GX_OK) {
        rc = emit_changed(ctx, &bulletin);
    }
    return rc == GX_OK ? fill(ctx, &bulletin, INTEL_SIGHT_STAFF, true, out) : rc;
}

enum gx_rc intel_bulletin_recall(struct intel *self, struct gx_ctx *ctx,
                                 const Genxi__BulletinRecall *in, Genxi__Bulletin *out)
{
    (void)self;
    struct intel_bulletin bulletin;
    if (in->reason[0] == '\0') {
        return gx_fail(ctx, GX_P_REASON_REQUIRED, "/reason", "1..%d", REASON_MAX);
    }
    enum gx_rc rc = intel_check_text(ctx, "/reason", in->reason, REASON_MAX);
    if (rc == GX_OK) {
        rc = take(ctx, in->id, &bulletin);
    }
    if (rc != GX_OK) {
        return rc;
    }
    const struct intel_reading reading = reading_of(&bulletin, false);
    bool decides = gx_actor_has(&ctx->actor, (uint32_t)GX_ROLE_APPROVER) &&
                   gx_actor_in_area(&ctx->actor, bulletin.area);
    if (!decides && intel_sight(&reading, &ctx->actor) != INTEL_SIGHT_STAFF) {
        return gx_fail(ctx, GX_P_DENIED, "", "drafter, approver");
    }
    if (bulletin.state != APPROVED) {
        return wrong_state(ctx, &bulletin);
    }
    bulletin.state = RECALLED;
    bulletin.recalled_at = gx_tx_now_ms(ctx);
    bulletin.recall_reason = in->reason;
    Genxi__BulletinRecalled recalled = GENXI__BULLETIN_RECALLED__INIT;
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    recalled.bulletin_id = gx_pb_text(bulletin.id);
    recalled.reason = gx_pb_text(in->reason);
    officers_of(&bulletin, &audience);
    rc = partners_of(ctx, &bulletin, &audience);
    if (rc == GX_OK) {
        rc = intel_store_bulletin_update(ctx, &bulletin);
    }
    if (rc == GX_OK) {
        rc = gx_timer_cancel(ctx, "bulletin_expire", bulletin.id);
    }
    if (rc == GX_OK) {
        rc = emit(ctx, &bulletin, GX_E_bulletin_recalled, &recalled.base, &audience);
    }
    return rc == GX_OK ? fill(ctx, &bulletin, INTEL_SIGHT_STAFF, true, out) : rc;
}

enum gx_rc intel_bulletin_expire(struct intel *self, struct gx_ctx *ctx,
                                 const struct gx_timer *timer)
{
    (void)self;
    struct intel_bulletin bulletin;
    enum gx_rc rc = intel_store_bulletin_take(ctx, timer->subject, &bulletin);
    if (rc == GX_NOT_FOUND) {
        gx_ctx_forgive(ctx);
        return GX_OK;
    }
    if (rc != GX_OK || (bulletin.state != APPROVED && bulletin.state != DRAFT)) {
        return rc;
    }
    bool was_draft = bulletin.state == DRAFT;
    bulletin.state = was_draft ? REJECTED : EXPIRED;
    bulletin.reject_reason = was_draft ? "expired" : bulletin.reject_reason;
    rc = intel_store_bulletin_update(ctx, &bulletin);
    return rc == GX_OK ? emit_changed(ctx, &bulletin) : rc;
}

/* --- reading --- */

enum gx_rc intel_bulletin_list(struct intel *self, struct gx_ctx *ctx,
                               const Genxi__BulletinQuery *in, Genxi__BulletinList *out)
{
    (void)self;
    unsigned limit = 0;
    bool active = false;
    struct intel_bulletin *bulletins = NULL;
    size_t count = 0;
    enum gx_rc rc = intel_check_limit(ctx, in->has_limit, in->limit, LIST_MAX, &limit);
    if (rc == GX_OK && in->cursor != NULL && !gx_id_valid(in->cursor)) {
        rc = gx_fail(ctx, GX_P_CURSOR, "/cursor", "%s", in->cursor);
    }
    if (rc == GX_OK) {
        rc = own_org_active(ctx, &active);
    }
    if (rc == GX_OK) {
        int state = in->has_state ? (int)in->state : 0;
        rc = intel_store_bulletin_list(ctx, state, in->cursor, limit, &bulletins, &count);
    }
    if (rc != GX_OK) {
        return rc;
    }
    out->items = gx_pb_array(ctx, count + 1);
    for (size_t i = 0; i < count; i++) {
        const struct intel_reading reading = reading_of(&bulletins[i], active);
        enum intel_sight sight = intel_sight(&reading, &ctx->actor);
        if (sight == INTEL_SIGHT_NONE) {
            continue;
        }
        Genxi__Bulletin *item = gx_pb_new(ctx, &genxi__bulletin__descriptor);
        if (item == NULL || out->items == NULL) {
            return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
        }
        rc = fill(ctx, &bulletins[i], sight, false, item);
        if (rc != GX_OK) {
            return rc;
        }
        out->items[out->n_items++] = item;
    }
    out->next_cursor = count == limit ? gx_pb_text(bulletins[count - 1].id) : NULL;
    return GX_OK;
}

/* Row and event of a reading, in the transaction of the reading itself: what cannot be logged is not read. */
static enum gx_rc note_read(struct gx_ctx *ctx, const struct intel_bulletin *bulletin,
                            const char *kind)
{
    char id[GX_ID_SIZE];
    bool added = false;
    bool has_org = gx_id_valid(ctx->actor.org);
    const struct intel_read read = {
        .id = gx_id_new(id),
        .bulletin_id = bulletin->id,
        .area = bulletin->area,
        .subject = ctx->actor.subject,
        .org_id = has_org ? ctx->actor.org : NULL,
        .at = gx_tx_now_ms(ctx),
        .kind = kind,
    };
    enum gx_rc rc = intel_store_read_add(ctx, &read, &added);
    if (rc != GX_OK || !added) {
        return rc;
    }
    Genxi__BulletinRead event = GENXI__BULLETIN_READ__INIT;
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    event.bulletin_id = gx_pb_text(bulletin->id);
    event.subject = gx_pb_text(ctx->actor.subject);
    event.org_id = has_org ? gx_pb_text(ctx->actor.org) : NULL;
    event.kind = gx_pb_text(kind);
    audience.has_roles = 1;
    audience.roles = (uint32_t)GX_ROLE_APPROVER;
    return emit(ctx, bulletin, GX_E_bulletin_read, &event.base, &audience);
}

/* The bulletin and what the actor may see of it; NOT_FOUND when nothing. */
static enum gx_rc open_for(struct gx_ctx *ctx, const char *id, struct intel_bulletin *ret,
                           enum intel_sight *ret_sight)
{
    bool active = false;
    enum gx_rc rc = intel_check_id(ctx, "/id", id);
    if (rc == GX_OK) {
        rc = intel_store_bulletin_get(ctx, id, ret);
    }
    if (rc == GX_OK) {
        rc = own_org_active(ctx, &active);
    }
    if (rc != GX_OK) {
        return rc;
    }
    const struct intel_reading reading = reading_of(ret, active);
    *ret_sight = intel_sight(&reading, &ctx->actor);
    return *ret_sight == INTEL_SIGHT_NONE ? gx_fail(ctx, GX_P_NOT_FOUND, "/id", "bulletin") : GX_OK;
}

enum gx_rc intel_bulletin_get(struct intel *self, struct gx_ctx *ctx, const Genxi__BulletinGet *in,
                              Genxi__Bulletin *out)
{
    (void)self;
    struct intel_bulletin bulletin;
    enum intel_sight sight = INTEL_SIGHT_NONE;
    enum gx_rc rc = open_for(ctx, in->id, &bulletin, &sight);
    if (rc != GX_OK) {
        return rc;
    }
    /* The clock decides, not the timer that will say so. */
    bool over = bulletin.state == EXPIRED || bulletin.expires_at <= gx_tx_now_ms(ctx);
    if (sight == INTEL_SIGHT_AUDIENCE && bulletin.state != RECALLED && over) {
        return expired(ctx, &bulletin);
    }
    rc = note_read(ctx, &bulletin, "get");
    if (rc != GX_OK) {
        return rc;
    }
    bool with_text = sight == INTEL_SIGHT_STAFF || bulletin.state == APPROVED;
    return fill(ctx, &bulletin, sight, with_text, out);
}

enum gx_rc intel_bulletin_receipt(struct intel *self, struct gx_ctx *ctx,
                                  const Genxi__BulletinReceipt *in, Genxi__Empty *out)
{
    (void)self;
    (void)out;
    struct intel_bulletin bulletin;
    enum intel_sight sight = INTEL_SIGHT_NONE;
    bool recalled = gx_text_is(in->kind, "recalled");
    bool was_read = false;
    if (!recalled && !gx_text_is(in->kind, "read")) {
        return gx_fail(ctx, GX_P_FIELD_CHOICE, "/kind", "read, recalled");
    }
    enum gx_rc rc = open_for(ctx, in->id, &bulletin, &sight);
    if (rc != GX_OK) {
        return rc;
    }
    if (recalled) {
        return bulletin.state == RECALLED ? note_read(ctx, &bulletin, "recalled")
                                          : wrong_state(ctx, &bulletin);
    }
    rc = intel_store_was_read(ctx, bulletin.id, ctx->actor.subject, &was_read);
    if (rc == GX_OK && !was_read) { /* nobody confirms what was never given out to them */
        return gx_fail(ctx, GX_P_STATE, "/kind", "unread");
    }
    return rc == GX_OK ? note_read(ctx, &bulletin, "read") : rc;
}

enum gx_rc intel_read_log(struct intel *self, struct gx_ctx *ctx, const Genxi__ReadLogQuery *in,
                          Genxi__ReadLog *out)
{
    (void)self;
    unsigned limit = 0;
    struct intel_read *reads = NULL;
    size_t count = 0;
    enum gx_rc rc = intel_check_id(ctx, "/id", in->id);
    if (rc == GX_OK) {
        rc = intel_check_limit(ctx, in->has_limit, in->limit, LIST_MAX, &limit);
    }
    if (rc == GX_OK && in->cursor != NULL && !gx_id_valid(in->cursor)) {
        rc = gx_fail(ctx, GX_P_CURSOR, "/cursor", "%s", in->cursor);
    }
    if (rc == GX_OK) {
        rc = intel_store_read_list(ctx, in->id, in->cursor, limit, &reads, &count);
    }
    if (rc != GX_OK) {
        return rc;
    }
    out->items = gx_pb_array(ctx, count + 1);
    for (size_t i = 0; i < count; i++) {
        Genxi__ReadEntry *item = gx_pb_new(ctx, &genxi__read_entry__descriptor);
        if (item == NULL || out->items == NULL) {
            return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
        }
        item->subject = gx_pb_text(reads[i].subject);
        item->org_id = reads[i].org_id == NULL ? NULL : gx_pb_text(reads[i].org_id);
        item->at = reads[i].at;
        item->kind = gx_pb_text(reads[i].kind);
        out->items[out->n_items++] = item;
    }
    out->next_cursor = count == limit ? gx_pb_text(reads[count - 1].id) : NULL;
    return GX_OK;
}
