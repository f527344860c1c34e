/* SPDX-License-Identifier: Apache-2.0 */
/* What the store reads and writes, beside the persons of person.h: incidents, slots, offers,
 * assignments. Texts are borrowed. */
#ifndef MATCHER_RECORDS_H
#define MATCHER_RECORDS_H

#include "base/cleanup.h"
#include "dispatch.pb-c.h"
#include "incident.pb-c.h"
#include "keys.h"
#include "person.h"
#include "rules.h"

/* How far an incident is, as far as sending people goes. */
enum stage {
    STAGE_OPEN,    /* places are filled and refilled */
    STAGE_HANDLED, /* nobody more is sent; who is there stays */
    STAGE_OVER     /* closed, cancelled, invalid, merged: nobody is held any more */
};

/* Somebody whom this transaction lets go: free for it alone until it commits. */
struct freed {
    struct key responder;
    struct freed *next;
};

struct incident {
    const char *id;
    const char *number;
    int32_t area;
    int state; /* Genxi__IncidentState */
    const char *type;
    uint32_t grade;
    struct gx_point place;
    const char *address;
    const char *site_id;         /* "" */
    const char *reporter_org_id; /* "" */
    bool exercise;
    const Genxi__Playbook *playbook; /* never NULL once read */
    struct gx_view playbook_bytes;
    uint32_t version;
    int64_t reported_at;
    enum stage stage;
    const char *merged_into; /* "" */
    int64_t dispatched_at;   /* 0: nobody yet */
    int64_t filled_at;
    int64_t first_on_scene_at;
    int64_t first_police_at;
    int32_t phase;
    uint32_t spare_more; /* how many grades more urgently the ladder wants people asked */
    int32_t round;
    struct freed *freed; /* in this transaction */
};

/* Places of one kind in the team. */
struct slot {
    const char *code;
    struct slot_need need;
    uint32_t count;
    uint32_t within_minutes;
    uint32_t missing_told;
    uint32_t swaps;    /* places offered to somebody nearer */
    uint32_t phase;    /* how far out people are asked, as the last plan said */
    uint32_t accepted; /* assignments that count: accepted .. done */
    uint32_t offered;  /* open offers */
};

/* An offer as the store keeps it; body is the message as it was made. */
struct offer {
    const char *id;
    const char *incident_id;
    int32_t area;
    int32_t home_area;
    const char *responder_id;
    const char *org_id;
    Genxi__Force force;
    const char *slot;
    int state; /* Genxi__OfferState */
    int64_t made_at;
    int64_t expires_at;
    int64_t ended_at;
    const char *ended_by;
    int32_t phase;
    int32_t travel_seconds; /* when it was made; -1: not known */
    const char *preempts;   /* his task, elsewhere, that its acceptance ends, or "" */
    const char *replaces;   /* another's task, of this incident, whose place it hands over, or "" */
    struct gx_view body;
};

/* How offers end: state, by whom (responder, timer, quota, incident, self_dispatch, violent, task_over), when. */
struct offer_end {
    int state; /* Genxi__OfferState */
    const char *by;
    int64_t at;
};

struct assignment {
    const char *id;
    const char *incident_id;
    int32_t area;
    int32_t home_area;
    const char *responder_id;
    const char *org_id;
    Genxi__Force force;
    const char *slot;
    int state; /* Genxi__AssignmentState */
    int64_t accepted_at;
    int64_t en_route_at;
    int64_t on_scene_at;
    int64_t done_at;
    int64_t arrived_by_position_at;
    const char *offer_id; /* "" */
    bool self_dispatched;
    bool exercise;
    const char *call_sign;
    uint32_t grade; /* of the incident, when it was taken */
    struct gx_point place;
    const char
        *ended_by; /* of who was stood down: preempted, replaced, surplus, incident, violent; "" */
    struct gx_view card; /* a packed TaskCard; empty: the offer bore it, or there is none */
};

#define SLOT_EXTRA "extra" /* assignments beyond the playbook's places */

#endif
