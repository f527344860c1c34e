/* SPDX-License-Identifier: Apache-2.0 */
#include "audience.h"

#include "tlp.h"

#include "base/cleanup.h"
#include "base/text.h"

static const struct {
    uint32_t bit;
    const char *name;
} ROLES[] = {
    {GX_ROLE_DESK, "desk"},       {GX_ROLE_LINKED, "linked"}, {GX_ROLE_RESPONDER, "responder"},
    {GX_ROLE_DUTY, "duty"},       {GX_ROLE_POLICE, "police"}, {GX_ROLE_APPROVER, "approver"},
    {GX_ROLE_ANALYST, "analyst"},
};

uint32_t intel_role_parse(const char *name)
{
    for (size_t i = 0; i < GX_COUNT_OF(ROLES); i++) {
        if (gx_text_is(ROLES[i].name, name)) {
            return ROLES[i].bit;
        }
    }
    return 0;
}

char **intel_role_names(struct gx_ctx *ctx, uint32_t roles, size_t *ret_count)
{
    char **names = gx_arena_alloc(&ctx->arena, sizeof *names * GX_COUNT_OF(ROLES));
    size_t count = 0;
    for (size_t i = 0; names != NULL && i < GX_COUNT_OF(ROLES); i++) {
        if ((roles & ROLES[i].bit) != 0) {
            names[count++] = gx_arena_text(&ctx->arena, ROLES[i].name);
        }
    }
    *ret_count = count;
    return names;
}

static bool has_number(const int32_t *numbers, size_t count, int32_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] == number) {
            return true;
        }
    }
    return false;
}

static bool has_text(const char *const *texts, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (gx_text_is(texts[i], text)) {
            return true;
        }
    }
    return false;
}

uint32_t intel_audience_roles(const struct intel_audience *audience, int mark)
{
    if (audience->roles != 0) {
        return audience->roles;
    }
    bool named_only = intel_mark(mark)->own_org == INTEL_MAY_NOT;
    return INTEL_DESK_ROLES | (named_only ? 0U : GX_ROLES_OFFICERS);
}

bool intel_audience_officers_only(const struct intel_audience *audience, int mark)
{
    return (intel_audience_roles(audience, mark) & INTEL_PARTNER_ROLES) == 0;
}

enum intel_audience_fault intel_audience_check(const struct intel_audience *audience, int mark)
{
    const struct intel_mark_row *row = intel_mark(mark);
    uint32_t roles = intel_audience_roles(audience, mark);
    bool class = audience->kind_count > 0 || audience->area_count > 0;
    bool bounded = audience->kind_count > 0 && audience->area_count > 0;
    bool named_only = row->own_org == INTEL_MAY_NOT;
    if (named_only && class) {
        return INTEL_AUDIENCE_MARK;
    }
    if ((roles & (uint32_t)GX_ROLE_RESPONDER) != 0 && named_only) {
        return INTEL_AUDIENCE_MARK;
    }
    if ((roles & INTEL_PARTNER_ROLES) ==
        0) { /* officers: their areas are no class of organisations */
        return audience->org_count > 0 || audience->kind_count > 0 ? INTEL_AUDIENCE_EMPTY
                                                                   : INTEL_AUDIENCE_FIT;
    }
    if (audience->org_count == 0 && !class) {
        return INTEL_AUDIENCE_EMPTY;
    }
    if (class && row->own_org_clients == INTEL_MAY_NOT) {
        return INTEL_AUDIENCE_MARK;
    }
    if (class && !bounded && row->community == INTEL_MAY_NOT) {
        return INTEL_AUDIENCE_MARK;
    }
    return INTEL_AUDIENCE_FIT;
}

bool intel_audience_has_org(const struct intel_audience *audience, int mark, bool exercise,
                            const struct intel_org *org)
{
    if (org->state != GENXI__ORG_STATE__ORG_STATE_ACTIVE || (org->exercise && !exercise) ||
        intel_audience_officers_only(audience, mark)) {
        return false;
    }
    if (has_text(audience->orgs, audience->org_count, org->id)) {
        return true;
    }
    if (audience->kind_count == 0 && audience->area_count == 0) {
        return false;
    }
    return (audience->kind_count == 0 ||
            has_number(audience->kinds, audience->kind_count, org->kind)) &&
           (audience->area_count == 0 ||
            has_number(audience->areas, audience->area_count, org->area));
}

static bool officer_in_audience(const struct intel_reading *reading, const struct gx_actor *actor,
                                uint32_t roles)
{
    if (!gx_actor_has(actor, roles & GX_ROLES_OFFICERS)) {
        return false;
    }
    if (gx_actor_in_area(actor, reading->area)) {
        return true;
    }
    for (size_t i = 0; i < reading->audience->area_count; i++) {
        if (gx_actor_in_area(actor, reading->audience->areas[i])) {
            return true;
        }
    }
    return false;
}

enum intel_sight intel_sight(const struct intel_reading *reading, const struct gx_actor *actor)
{
    if (gx_actor_has(actor, (uint32_t)GX_ROLE_SYSTEM)) {
        return INTEL_SIGHT_STAFF;
    }
    bool draft = reading->state == GENXI__BULLETIN_STATE__BULLETIN_STATE_DRAFT;
    bool given_out = !draft && reading->state != GENXI__BULLETIN_STATE__BULLETIN_STATE_REJECTED;
    bool hand = actor->subject[0] != '\0' && (gx_text_is(actor->subject, reading->drafted_by) ||
                                              gx_text_is(actor->subject, reading->approved_by));
    bool decides = draft && gx_actor_has(actor, (uint32_t)GX_ROLE_APPROVER) &&
                   gx_actor_in_area(actor, reading->area);
    if (gx_actor_has(actor, GX_ROLES_OFFICERS) && (hand || decides)) {
        return INTEL_SIGHT_STAFF;
    }
    if (!given_out) {
        return INTEL_SIGHT_NONE;
    }
    uint32_t roles = intel_audience_roles(reading->audience, reading->mark);
    if (officer_in_audience(reading, actor, roles)) {
        return INTEL_SIGHT_AUDIENCE;
    }
    /* Desk and linked party are the same door: an organisation's duty desk. */
    uint32_t partner = roles & (uint32_t)GX_ROLE_RESPONDER;
    partner |= (roles & INTEL_DESK_ROLES) != 0 ? INTEL_DESK_ROLES : 0;
    bool entitled = gx_actor_has(actor, partner) && actor->org[0] != '\0' &&
                    reading->org_resolved && reading->org_active;
    return entitled ? INTEL_SIGHT_AUDIENCE : INTEL_SIGHT_NONE;
}
