/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an incident as rows. Officers move along the rows' `next` only; what responders do moves it forward
 * only, over as many states as it takes. Free of I/O.
 */
#ifndef INTAKE_STATES_H
#define INTAKE_STATES_H

#include "base/ctx.h"
#include "incident.pb-c.h"

/* Which of the eleven timestamps a state sets. */
enum intake_stamp {
    INTAKE_STAMP_NONE,
    INTAKE_STAMP_REPORTED,
    INTAKE_STAMP_DISPATCHED,
    INTAKE_STAMP_DELIVERED,
    INTAKE_STAMP_ACKNOWLEDGED,
    INTAKE_STAMP_EN_ROUTE,
    INTAKE_STAMP_ON_SCENE,
    INTAKE_STAMP_HANDLED,
    INTAKE_STAMP_FED_BACK,
    INTAKE_STAMP_CLOSED,
    INTAKE_STAMP_COUNT
};

struct intake_state {
    Genxi__IncidentState state;
    const char *name; /* as in JSON */
    uint32_t next;    /* bits 1 << state: where an officer may move it */
    enum intake_stamp stamp;
    bool needs_reason;
    bool needs_disposition;
    bool ended;
    uint32_t
        by; /* roles that may move an incident into it; 0: no transition, only a command of its own */
};

enum {
    INTAKE_STATE_FIRST = 1,
    INTAKE_STATE_LAST = 12
};

/* NULL for a number that is no state. */
const struct intake_state *intake_state_row(int state);
bool intake_state_may(int from, int to);
bool intake_state_ended(int state);

/* Sets the timestamp unless it is set already; true when it was not. */
bool intake_stamp_once(Genxi__IncidentTimes *times, enum intake_stamp stamp, int64_t at);

/* What an officer asks for. Texts may be NULL. */
struct intake_move {
    Genxi__IncidentState to;
    const char *reason;
    const char *disposition;
    int64_t at;
};
/*
 * Moves incident->state and stamps the time, or says why not: ILLEGAL_TRANSITION naming from, to and the legal ones,
 * DENIED, REASON_REQUIRED, FIELD_MISSING (disposition). On failure nothing has changed.
 */
enum gx_rc intake_state_move(struct gx_ctx *ctx, Genxi__Incident *incident,
                             const struct intake_move *move);

/*
 * What a responder's or a device's act shows: forward up to on_scene, never backward, nothing once it has ended or was
 * handled. True when the state or a timestamp changed.
 */
bool intake_state_advance(Genxi__Incident *incident, Genxi__IncidentState to, int64_t at);

/* The legal next states that this actor may choose, as JSON names; static texts. Returns their number. */
size_t intake_state_allowed(const struct gx_actor *actor, int from,
                            const char *names[INTAKE_STATE_LAST]);

#endif
