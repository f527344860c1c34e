/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers.h"

#include "ask.h"
#include "base/id.h"
#include "devices.h"
#include "registry.h"
#include "rules.h"
#include "run.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

GX_ON_COMMAND(on_station_list, readiness, Genxi__StationQuery, Genxi__StationList)
GX_ON_COMMAND(on_partner_put, readiness, Genxi__PartnerPut, Genxi__Partner)
GX_ON_COMMAND(on_partner_list, readiness, Genxi__PartnerQuery, Genxi__PartnerList)
GX_ON_COMMAND(on_site_put, readiness, Genxi__SitePut, Genxi__Site)
GX_ON_COMMAND(on_site_list, readiness, Genxi__SiteQuery, Genxi__SiteList)
GX_ON_COMMAND(on_responder_put, readiness, Genxi__ResponderPut, Genxi__Responder)
GX_ON_COMMAND(on_responder_phone, readiness, Genxi__ResponderPhoneGet, Genxi__ResponderPhone)
GX_ON_COMMAND(on_responder_list, readiness, Genxi__ResponderQuery, Genxi__ResponderList)
GX_ON_COMMAND(on_shift_put, readiness, Genxi__ShiftPut, Genxi__Shift)
GX_ON_COMMAND(on_shift_close, readiness, Genxi__ShiftClose, Genxi__Shift)
GX_ON_COMMAND(on_shift_list, readiness, Genxi__ShiftQuery, Genxi__ShiftList)
GX_ON_COMMAND(on_import, readiness, Genxi__Import, Genxi__ImportDone)
GX_ON_COMMAND(on_instructor_team_list, readiness, Genxi__InstructorTeamQuery,
              Genxi__InstructorTeamList)

/* Row-level security decides what each of them sees. */
#define OFFICERS_AND_ADMIN (GX_ROLES_OFFICERS | GX_ROLE_ADMIN | GX_ROLE_SYSTEM)
#define READERS (OFFICERS_AND_ADMIN | GX_ROLE_DESK | GX_ROLE_RESPONDER | GX_ROLE_LINKED)
#define KEEPERS (GX_ROLE_SYSTEM | GX_ROLE_ADMIN | GX_ROLE_DUTY)
#define WRITERS (KEEPERS | GX_ROLE_DESK)

static const struct gx_command_row COMMANDS[] = {
    {GX_C_station_list, on_station_list_thunk, READERS | GX_ROLE_AUDITOR | GX_ROLE_DRILL},
    {GX_C_partner_put, on_partner_put_thunk, KEEPERS},
    {GX_C_partner_list, on_partner_list_thunk, READERS},
    {GX_C_site_put, on_site_put_thunk, WRITERS},
    {GX_C_site_list, on_site_list_thunk, READERS},
    {GX_C_responder_put, on_responder_put_thunk, WRITERS},
    {GX_C_responder_list, on_responder_list_thunk, READERS},
    {GX_C_responder_phone, on_responder_phone_thunk, 0},
    {GX_C_shift_put, on_shift_put_thunk, WRITERS},
    {GX_C_shift_close, on_shift_close_thunk, WRITERS | GX_ROLE_RESPONDER | GX_ROLE_POLICE},
    {GX_C_shift_list, on_shift_list_thunk, READERS},
    {GX_C_import, on_import_thunk, WRITERS},
    {GX_C_device_put, devices_on_put, WRITERS},
    {GX_C_device_list, devices_on_list, READERS},
    {GX_C_device_delete, devices_on_delete, WRITERS},
    {GX_C_instructor_team_list, on_instructor_team_list_thunk, READERS},
};

/* All state is in the database; a thread keeps the key of device secrets. */
static enum gx_rc thread_start(const struct gx_common_settings *common, void **ret_self)
{
    struct readiness *self = calloc(1, sizeof *self);
    if (self == NULL) {
        abort();
    }
    enum gx_rc rc = gx_seal_key_load(common->key_dir, "device-secrets", &self->device_key);
    if (rc != GX_OK) {
        free(self);
        return rc;
    }
    *ret_self = self;
    return GX_OK;
}

const struct gx_service READINESS = {
    .name = "readiness",
    .schema = "readiness",
    .commands = COMMANDS,
    .command_count = GX_COUNT_OF(COMMANDS),
    .thread_start = thread_start,
    .thread_stop = free,
};

/* --- stations --- */

static enum gx_rc on_station_list(struct readiness *self, struct gx_ctx *ctx,
                                  const Genxi__StationQuery *in, Genxi__StationList *out)
{
    (void)self;
    (void)in;
    struct stations stations = {0};
    enum gx_rc rc = store_stations(ctx, &stations);
    if (rc == GX_OK) {
        out->items = stations.items;
        out->n_items = stations.count;
    }
    return rc;
}

/* --- partners --- */

/* Contacts are for those who call them: the operator, the duty desk of the area, the organisation itself. */
static void show_partner(const struct gx_ctx *ctx, Genxi__Partner *partner)
{
    if (!registry_may_put(&ctx->actor, partner->area, partner->id)) {
        partner->n_contacts = 0;
        partner->contacts = NULL;
    }
}

static enum gx_rc old_partner(struct gx_ctx *ctx, const char *id, Genxi__Partner **ret_old)
{
    *ret_old = NULL;
    if (id == NULL) {
        return GX_OK;
    }
    struct partners found = {0};
    enum gx_rc rc = store_partners_by_id(ctx, &id, 1, true, &found);
    if (rc == GX_OK && found.count == 0) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "%s", "partner");
    }
    *ret_old = rc == GX_OK ? found.items[0] : NULL;
    return rc;
}

static void fill_partner(const Genxi__PartnerPut *in, const Genxi__Partner *old,
                         Genxi__Partner *partner)
{
    partner->name = in->name;
    partner->name_en = in->name_en;
    partner->kind = in->kind;
    partner->area = in->area;
    partner->state = in->has_state ? in->state
                     : old != NULL ? old->state
                                   : GENXI__ORG_STATE__ORG_STATE_ACTIVE;
    partner->agreement = in->agreement;
    partner->n_contacts = in->n_contacts;
    partner->contacts = in->contacts;
    partner->code = in->code != NULL ? in->code : old != NULL ? old->code : NULL;
    partner->has_exercise = old != NULL && old->has_exercise;
    partner->exercise = old != NULL && old->exercise;
}

static enum gx_rc on_partner_put(struct readiness *self, struct gx_ctx *ctx,
                                 const Genxi__PartnerPut *in, Genxi__Partner *out)
{
    (void)self;
    char *id = NULL;
    Genxi__Partner *old = NULL;
    if (!ask_id(ctx, "/id", in->id, &id)) {
        return ask_outcome(ctx);
    }
    enum gx_rc rc = old_partner(ctx, id, &old);
    if (rc != GX_OK) {
        return rc;
    }
    fill_partner(in, old, out);
    struct rules rules = ask_rules(ctx);
    rules_partner(&rules, out);
    if (rules.broken > 0) {
        return ask_outcome(ctx);
    }
    const struct partners news = {&out, 1};
    const struct partners olds = {&old, 1};
    struct sink sink = {.fault = ask_sink, .arg = ctx};
    rc = registry_settle_partners(ctx, &sink, &news, &olds);
    if (rc != GX_OK || sink.count > 0) {
        return rc != GX_OK ? rc : ask_outcome(ctx);
    }
    return registry_write_partners(ctx, &news, &olds);
}

static enum gx_rc on_partner_list(struct readiness *self, struct gx_ctx *ctx,
                                  const Genxi__PartnerQuery *in, Genxi__PartnerList *out)
{
    (void)self;
    uint32_t limit = 0;
    struct partners found = {0};
    enum gx_rc rc = ask_page(ctx, in->cursor, in->has_limit, in->limit, &limit);
    if (rc == GX_OK) {
        rc = ask_query_id(ctx, "/id", in->id);
    }
    if (rc == GX_OK) {
        rc = store_partner_list(ctx, in, limit, &found);
    }
    if (rc == GX_OK && in->cursor == NULL) {
        out->has_total = true;
        rc = store_partner_count(ctx, in, &out->total);
    }
    if (rc != GX_OK) {
        return rc;
    }
    out->items = found.items;
    out->n_items = found.count > limit ? limit : found.count;
    out->next_cursor = found.count > limit ? found.items[limit - 1]->id : NULL;
    for (size_t i = 0; i < out->n_items; i++) {
        show_partner(ctx, out->items[i]);
    }
    return GX_OK;
}

/* --- sites --- */

static enum gx_rc old_site(struct gx_ctx *ctx, const char *id, Genxi__Site **ret_old)
{
    *ret_old = NULL;
    if (id == NULL) {
        return GX_OK;
    }
    struct sites found = {0};
    enum gx_rc rc = store_sites_by_id(ctx, &id, 1, true, &found);
    if (rc == GX_OK && found.count == 0) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "%s", "site");
    }
    *ret_old = rc == GX_OK ? found.items[0] : NULL;
    return rc;
}

static enum gx_rc on_site_put(struct readiness *self, struct gx_ctx *ctx, const Genxi__SitePut *in,
                              Genxi__Site *out)
{
    (void)self;
    char *id = NULL;
    Genxi__Site *old = NULL;
    if (!ask_id(ctx, "/id", in->id, &id)) {
        return ask_outcome(ctx);
    }
    enum gx_rc rc = old_site(ctx, id, &old);
    if (rc != GX_OK) {
        return rc;
    }
    if (old != NULL && in->partner_id == NULL) {
        out->partner_id = old->partner_id;
    } else if (!ask_org(ctx, "/partner_id", in->partner_id, &out->partner_id)) {
        return ask_outcome(ctx);
    }
    out->name = in->name;
    out->kind = in->kind;
    out->lon = in->lon;
    out->lat = in->lat;
    out->n_needs = in->n_needs;
    out->needs = in->needs;
    out->access = in->access;
    out->has_radius_m = true;
    out->radius_m = in->has_radius_m ? in->radius_m : old != NULL ? old->radius_m : 150;
    out->code = in->code != NULL ? in->code : old != NULL ? old->code : NULL;
    struct rules rules = ask_rules(ctx);
    rules_site(&rules, out);
    if (rules.broken > 0) {
        return ask_outcome(ctx);
    }
    const struct sites news = {&out, 1};
    const struct sites olds = {&old, 1};
    struct sink sink = {.fault = ask_sink, .arg = ctx};
    rc = registry_settle_sites(ctx, &sink, &news, &olds);
    if (rc != GX_OK || sink.count > 0) {
        return rc != GX_OK ? rc : ask_outcome(ctx);
    }
    return registry_write_sites(ctx, &news, &olds);
}

static enum gx_rc on_site_list(struct readiness *self, struct gx_ctx *ctx,
                               const Genxi__SiteQuery *in, Genxi__SiteList *out)
{
    (void)self;
    uint32_t limit = 0;
    struct sites found = {0};
    enum gx_rc rc = ask_page(ctx, in->cursor, in->has_limit, in->limit, &limit);
    if (rc == GX_OK) {
        rc = ask_query_id(ctx, "/id", in->id);
    }
    if (rc == GX_OK) {
        rc = ask_query_id(ctx, "/partner_id", in->partner_id);
    }
    if (rc == GX_OK) {
        rc = store_site_list(ctx, in, limit, &found);
    }
    if (rc != GX_OK) {
        return rc;
    }
    out->items = found.items;
    out->n_items = found.count > limit ? limit : found.count;
    out->next_cursor = found.count > limit ? found.items[limit - 1]->id : NULL;
    return GX_OK;
}

/* --- responders --- */

/* The phone is sealed: shown to the person and to the own organisation's desk. */
static void show_responder(const struct gx_ctx *ctx, Genxi__Responder *responder)
{
    const struct gx_actor *actor = &ctx->actor;
    bool own = actor->responder_id[0] != '\0' && strcmp(actor->responder_id, responder->id) == 0;
    bool own_desk = gx_actor_has(actor, GX_ROLE_DESK | GX_ROLE_DUTY) && actor->org[0] != '\0' &&
                    strcmp(actor->org, responder->org_id) == 0;
    if (!own && !own_desk && !gx_actor_has(actor, GX_ROLE_SYSTEM)) {
        responder->phone = NULL;
    }
}

static enum gx_rc old_responder(struct gx_ctx *ctx, const char *id, Genxi__Responder **ret_old)
{
    *ret_old = NULL;
    if (id == NULL) {
        return GX_OK;
    }
    struct responders found = {0};
    enum gx_rc rc = store_responders_by_id(ctx, &id, 1, true, &found);
    if (rc == GX_OK && found.count == 0) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "%s", "responder");
    }
    *ret_old = rc == GX_OK ? found.items[0] : NULL;
    return rc;
}

static void fill_responder(const Genxi__ResponderPut *in, const Genxi__Responder *old,
                           Genxi__Responder *responder)
{
    responder->force = in->force;
    responder->has_guard_kind = in->has_guard_kind;
    if (in->has_guard_kind) {
        responder->guard_kind = in->guard_kind;
    }
    responder->call_sign = in->call_sign;
    responder->n_skills = in->n_skills;
    responder->skills = in->skills;
    responder->has_off_site_consent = true;
    responder->off_site_consent = in->has_off_site_consent && in->off_site_consent;
    responder->has_insured_until_at = in->has_insured_until_at;
    responder->insured_until_at = in->insured_until_at;
    responder->has_crew = true;
    responder->crew = in->has_crew ? in->crew : 1;
    responder->has_active = true;
    responder->active = in->has_active ? in->active : true;
    responder->code = in->code != NULL ? in->code : old != NULL ? old->code : NULL;
    /* Who may put may not always see the phone: left out it stays, "" takes it away. */
    responder->phone = in->phone == NULL ? (old == NULL ? NULL : old->phone) : in->phone;
    if (responder->phone != NULL && responder->phone[0] == '\0') {
        responder->phone = NULL;
    }
}

static enum gx_rc on_responder_put(struct readiness *self, struct gx_ctx *ctx,
                                   const Genxi__ResponderPut *in, Genxi__Responder *out)
{
    (void)self;
    char *id = NULL;
    Genxi__Responder *old = NULL;
    if (!ask_id(ctx, "/id", in->id, &id) || !ask_id(ctx, "/site_id", in->site_id, &out->site_id)) {
        return ask_outcome(ctx);
    }
    enum gx_rc rc = old_responder(ctx, id, &old);
    if (rc != GX_OK) {
        return rc;
    }
    if (old != NULL && in->org_id == NULL) {
        out->org_id = old->org_id;
    } else if (!ask_org(ctx, "/org_id", in->org_id, &out->org_id)) {
        return ask_outcome(ctx);
    }
    fill_responder(in, old, out);
    struct rules rules = ask_rules(ctx);
    rules_responder(&rules, out);
    if (rules.broken > 0) {
        return ask_outcome(ctx);
    }
    const struct responders news = {&out, 1};
    const struct responders olds = {&old, 1};
    struct sink sink = {.fault = ask_sink, .arg = ctx};
    rc = registry_settle_responders(ctx, &sink, &news, &olds);
    if (rc != GX_OK || sink.count > 0) {
        return rc != GX_OK ? rc : ask_outcome(ctx);
    }
    rc = registry_write_responders(ctx, &news, &olds);
    show_responder(ctx, out);
    return rc;
}

static enum gx_rc on_responder_list(struct readiness *self, struct gx_ctx *ctx,
                                    const Genxi__ResponderQuery *in, Genxi__ResponderList *out)
{
    (void)self;
    uint32_t limit = 0;
    struct responders found = {0};
    enum gx_rc rc = ask_page(ctx, in->cursor, in->has_limit, in->limit, &limit);
    if (rc == GX_OK) {
        rc = ask_query_id(ctx, "/id", in->id);
    }
    if (rc == GX_OK) {
        rc = ask_query_id(ctx, "/org_id", in->org_id);
    }
    if (rc == GX_OK) {
        rc = store_responder_list(ctx, in, limit, &found);
    }
    if (rc != GX_OK) {
        return rc;
    }
    out->items = found.items;
    out->n_items = found.count > limit ? limit : found.count;
    out->next_cursor = found.count > limit ? found.items[limit - 1]->id : NULL;
    for (size_t i = 0; i < out->n_items; i++) {
        show_responder(ctx, out->items[i]);
    }
    return GX_OK;
}

static enum gx_rc on_responder_phone(struct readiness *self, struct gx_ctx *ctx,
                                     const Genxi__ResponderPhoneGet *in, Genxi__ResponderPhone *out)
{
    (void)self;
    struct responders found = {0};
    const char *id = in->id;
    enum gx_rc rc = ask_query_id(ctx, "/id", id);
    rc = rc == GX_OK ? store_responders_by_id(ctx, &id, 1, false, &found) : rc;
    if (rc == GX_OK && found.count > 0 && found.items[0]->active) {
        out->phone = found.items[0]->phone;
    }
    return rc;
}

/* --- shifts --- */

static enum gx_rc old_shift(struct gx_ctx *ctx, const char *id, Genxi__Shift **ret_old)
{
    *ret_old = NULL;
    if (id == NULL) {
        return GX_OK;
    }
    struct shifts found = {0};
    enum gx_rc rc = store_shifts_by_id(ctx, &id, 1, true, &found);
    if (rc == GX_OK && found.count == 0) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "%s", "shift");
    }
    *ret_old = rc == GX_OK ? found.items[0] : NULL;
    return rc;
}

static enum gx_rc on_shift_put(struct readiness *self, struct gx_ctx *ctx,
                               const Genxi__ShiftPut *in, Genxi__Shift *out)
{
    (void)self;
    char *id = NULL;
    Genxi__Shift *old = NULL;
    if (!ask_id(ctx, "/id", in->id, &id) ||
        !ask_id(ctx, "/responder_id", in->responder_id, &out->responder_id)) {
        return ask_outcome(ctx);
    }
    enum gx_rc rc = old_shift(ctx, id, &old);
    if (rc != GX_OK) {
        return rc;
    }
    if (old != NULL && old->state == GENXI__SHIFT_STATE__SHIFT_STATE_CLOSED) {
        return gx_fail(ctx, GX_P_STATE, "/id", "%s", "closed");
    }
    out->from_at = in->from_at;
    out->until_at = in->until_at;
    out->state = old == NULL ? GENXI__SHIFT_STATE__SHIFT_STATE_PLANNED : old->state;
    struct rules rules = ask_rules(ctx);
    rules_shift(&rules, out);
    if (rules.broken > 0) {
        return ask_outcome(ctx);
    }
    const struct shifts news = {&out, 1};
    const struct shifts olds = {&old, 1};
    struct sink sink = {.fault = ask_sink, .arg = ctx};
    rc = registry_settle_shifts(ctx, &sink, &news, &olds);
    if (rc != GX_OK || sink.count > 0) {
        return rc != GX_OK ? rc : ask_outcome(ctx);
    }
    return registry_write_shifts(ctx, &news, &olds);
}

static enum gx_rc on_shift_close(struct readiness *self, struct gx_ctx *ctx,
                                 const Genxi__ShiftClose *in, Genxi__Shift *out)
{
    (void)self;
    char *id = NULL;
    Genxi__Shift *shift = NULL;
    if (!ask_id(ctx, "/id", in->id, &id)) {
        return ask_outcome(ctx);
    }
    enum gx_rc rc = old_shift(ctx, id, &shift);
    if (rc != GX_OK || shift == NULL) {
        return rc != GX_OK ? rc : gx_fail(ctx, GX_P_FIELD_MISSING, "/id", "%s", "id");
    }
    const char *own = ctx->actor.responder_id;
    bool own_shift = own[0] != '\0' && strcmp(own, shift->responder_id) == 0;
    if (!own_shift && !registry_may_put(&ctx->actor, shift->area, gx_pb_text(shift->org_id))) {
        return gx_fail(ctx, GX_P_DENIED, "/id", "admin; duty %" PRId32 "; desk; responder",
                       shift->area);
    }
    if (shift->state == GENXI__SHIFT_STATE__SHIFT_STATE_CLOSED) {
        return gx_fail(ctx, GX_P_STATE, "/id", "%s", "closed");
    }
    int64_t now = gx_tx_now_ms(ctx);
    if (shift->from_at < now && now < shift->until_at) {
        shift->until_at = now;
    }
    shift->state = GENXI__SHIFT_STATE__SHIFT_STATE_CLOSED;
    *out = *shift;
    rc = store_shift_close(ctx, shift->id, shift->until_at);
    return rc != GX_OK ? rc : registry_tell_shift(ctx, out, 0);
}

static enum gx_rc on_shift_list(struct readiness *self, struct gx_ctx *ctx,
                                const Genxi__ShiftQuery *in, Genxi__ShiftList *out)
{
    (void)self;
    uint32_t limit = 0;
    struct shifts found = {0};
    enum gx_rc rc = ask_page(ctx, in->cursor, in->has_limit, in->limit, &limit);
    if (rc == GX_OK) {
        rc = ask_query_id(ctx, "/responder_id", in->responder_id);
    }
    if (rc == GX_OK) {
        rc = store_shift_list(ctx, in, limit, &found);
    }
    if (rc != GX_OK) {
        return rc;
    }
    out->items = found.items;
    out->n_items = found.count > limit ? limit : found.count;
    out->next_cursor = found.count > limit ? found.items[limit - 1]->id : NULL;
    return GX_OK;
}

/* --- teams, imports --- */

static enum gx_rc on_instructor_team_list(struct readiness *self, struct gx_ctx *ctx,
                                          const Genxi__InstructorTeamQuery *in,
                                          Genxi__InstructorTeamList *out)
{
    (void)self;
    uint32_t limit = 0;
    struct teams found = {0};
    enum gx_rc rc = ask_page(ctx, in->cursor, in->has_limit, in->limit, &limit);
    if (rc == GX_OK) {
        rc = store_team_list(ctx, in, limit, &found);
    }
    if (rc != GX_OK) {
        return rc;
    }
    out->items = found.items;
    out->n_items = found.count > limit ? limit : found.count;
    out->next_cursor = found.count > limit ? found.items[limit - 1]->id : NULL;
    return GX_OK;
}

static enum gx_rc on_import(struct readiness *self, struct gx_ctx *ctx, const Genxi__Import *in,
                            Genxi__ImportDone *out)
{
    (void)self;
    return import_run(ctx, in, out);
}
