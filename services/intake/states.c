/* SPDX-License-Identifier: Apache-2.0 */
#include "states.h"

#include <stdio.h>
#include <string.h>

#define STATE(name) GENXI__INCIDENT_STATE__INCIDENT_STATE_##name
#define TO(name) (1U << STATE(name))

/* Given back, called off or found to be nothing: possible until somebody has handled it. */
#define BESIDE (TO(RETURNED) | TO(CANCELLED) | TO(INVALID))

#define DUTY_OR_POLICE ((uint32_t)GX_ROLE_DUTY | (uint32_t)GX_ROLE_POLICE)

static const struct intake_state STATES[] = {
    {STATE(REPORTED), "reported", TO(DISPATCHED) | BESIDE, INTAKE_STAMP_REPORTED, .by = 0},
    {STATE(DISPATCHED), "dispatched", TO(ACKNOWLEDGED) | BESIDE, INTAKE_STAMP_DISPATCHED,
     .by = GX_ROLE_DUTY},
    {STATE(ACKNOWLEDGED), "acknowledged", TO(EN_ROUTE) | BESIDE, INTAKE_STAMP_ACKNOWLEDGED,
     .by = GX_ROLE_DUTY},
    {STATE(EN_ROUTE), "en_route", TO(ON_SCENE) | BESIDE, INTAKE_STAMP_EN_ROUTE, .by = GX_ROLE_DUTY},
    {STATE(ON_SCENE), "on_scene", TO(HANDLED) | BESIDE, INTAKE_STAMP_ON_SCENE, .by = GX_ROLE_DUTY},
    {STATE(HANDLED), "handled", TO(FED_BACK), INTAKE_STAMP_HANDLED, .by = DUTY_OR_POLICE},
    {STATE(FED_BACK), "fed_back", TO(CLOSED), INTAKE_STAMP_FED_BACK, .by = DUTY_OR_POLICE},
    {STATE(CLOSED), "closed", 0, INTAKE_STAMP_CLOSED, .needs_disposition = true, .ended = true,
     .by = GX_ROLE_DUTY},
    {STATE(RETURNED), "returned", 0, INTAKE_STAMP_CLOSED, .needs_reason = true, .ended = true,
     .by = GX_ROLE_DUTY},
    {STATE(CANCELLED), "cancelled", 0, INTAKE_STAMP_CLOSED, .needs_reason = true, .ended = true,
     .by = GX_ROLE_DUTY},
    {STATE(INVALID), "invalid", 0, INTAKE_STAMP_CLOSED, .needs_reason = true, .ended = true,
     .by = GX_ROLE_DUTY},
    {STATE(MERGED), "merged", 0, INTAKE_STAMP_CLOSED, .ended = true, .by = 0},
};

/* Where each timestamp lives in the message. */
static const struct {
    size_t has;
    size_t value;
} STAMPS[INTAKE_STAMP_COUNT] = {
#define AT(kind, field)                                                                            \
    [INTAKE_STAMP_##kind] = {offsetof(Genxi__IncidentTimes, has_##field),                          \
                             offsetof(Genxi__IncidentTimes, field)}
    AT(REPORTED, reported_at),         AT(DISPATCHED, dispatched_at), AT(DELIVERED, delivered_at),
    AT(ACKNOWLEDGED, acknowledged_at), AT(EN_ROUTE, en_route_at),     AT(ON_SCENE, on_scene_at),
    AT(HANDLED, handled_at),           AT(FED_BACK, fed_back_at),     AT(CLOSED, closed_at),
#undef AT
};

const struct intake_state *intake_state_row(int state)
{
    if (state < INTAKE_STATE_FIRST || state > INTAKE_STATE_LAST) {
        return NULL;
    }
    return &STATES[state - INTAKE_STATE_FIRST];
}

bool intake_state_may(int from, int to)
{
    const struct intake_state *row = intake_state_row(from);
    return row != NULL && intake_state_row(to) != NULL && (row->next & (1U << to)) != 0;
}

bool intake_state_ended(int state)
{
    const struct intake_state *row = intake_state_row(state);
    return row == NULL || row->ended;
}

bool intake_stamp_once(Genxi__IncidentTimes *times, enum intake_stamp stamp, int64_t at)
{
    if (stamp <= INTAKE_STAMP_NONE || stamp >= INTAKE_STAMP_COUNT) {
        return false;
    }
    char *base = (char *)times;
    protobuf_c_boolean has;
    memcpy(&has, base + STAMPS[stamp].has, sizeof has);
    if (has) {
        return false;
    }
    has = true;
    memcpy(base + STAMPS[stamp].has, &has, sizeof has);
    memcpy(base + STAMPS[stamp].value, &at, sizeof at);
    return true;
}

size_t intake_state_allowed(const struct gx_actor *actor, int from,
                            const char *names[INTAKE_STATE_LAST])
{
    size_t count = 0;
    for (int to = INTAKE_STATE_FIRST; to <= INTAKE_STATE_LAST; to++) {
        const struct intake_state *row = intake_state_row(to);
        if (intake_state_may(from, to) && gx_actor_has(actor, row->by)) {
            names[count++] = row->name;
        }
    }
    return count;
}

/* "closed -> on_scene (none)": language-neutral, names the legal ones. */
static enum gx_rc illegal(struct gx_ctx *ctx, int from, int to)
{
    char legal[160] = "";
    size_t used = 0;
    for (int next = INTAKE_STATE_FIRST; next <= INTAKE_STATE_LAST; next++) {
        if (intake_state_may(from, next)) {
            used += (size_t)snprintf(legal + used, sizeof legal - used, "%s%s",
                                     used == 0 ? "" : ", ", intake_state_row(next)->name);
        }
    }
    const struct intake_state *start = intake_state_row(from);
    const struct intake_state *target = intake_state_row(to);
    return gx_fail(ctx, GX_P_ILLEGAL_TRANSITION, "/to", "%s -> %s; %s -> [%s]",
                   start == NULL ? "?" : start->name, target == NULL ? "?" : target->name,
                   start == NULL ? "?" : start->name, legal);
}

static bool blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t\r\n")] == '\0';
}

enum gx_rc intake_state_move(struct gx_ctx *ctx, Genxi__Incident *incident,
                             const struct intake_move *move)
{
    int from = (int)incident->state;
    int to = (int)move->to;
    if (!intake_state_may(from, to)) {
        return illegal(ctx, from, to);
    }
    const struct intake_state *row = intake_state_row(to);
    if (!gx_actor_has(&ctx->actor, row->by)) {
        return gx_fail(ctx, GX_P_DENIED, "/to", "duty");
    }
    if (row->needs_reason && blank(move->reason)) {
        return gx_fail(ctx, GX_P_REASON_REQUIRED, "/reason", "%s", row->name);
    }
    if (row->needs_disposition && blank(move->disposition) && blank(incident->disposition)) {
        return gx_fail(ctx, GX_P_FIELD_MISSING, "/disposition", "disposition");
    }
    incident->state = move->to;
    (void)intake_stamp_once(incident->times, row->stamp, move->at);
    return GX_OK;
}

bool intake_state_advance(Genxi__Incident *incident, Genxi__IncidentState to, int64_t at)
{
    if (incident->state > STATE(ON_SCENE) || to > STATE(ON_SCENE) || to <= STATE(REPORTED)) {
        return false;
    }
    /* A second responder that sets out after the first has arrived changes nothing of the incident. */
    if (to < incident->state) {
        return false;
    }
    bool changed = intake_stamp_once(incident->times, intake_state_row((int)to)->stamp, at);
    /* Who accepts without an offer was never dispatched by anybody: moving is being dispatched. */
    if (to > STATE(DISPATCHED)) {
        changed = intake_stamp_once(incident->times, INTAKE_STAMP_DISPATCHED, at) || changed;
    }
    if (to > incident->state) {
        incident->state = to;
        changed = true;
    }
    return changed;
}
