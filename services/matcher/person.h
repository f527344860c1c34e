/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the matcher knows of one responder at one moment, and of the incident it is weighed for: the
 * input of rules and choice. Plain data, filled by the stores or by a test; texts are borrowed.
 */
#ifndef MATCHER_PERSON_H
#define MATCHER_PERSON_H

#include "keys.h"

#include "base/geo.h"
#include "registry.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct person_skill {
    const char *code;
    int64_t until_at;
};

struct person_agreement {
    bool exists;
    bool off_site;
    int64_t signed_at;
    int64_t ends_at; /* 0: open */
    const int32_t *contract_areas;
    size_t contract_area_count;
};

enum person_hold {
    HOLD_FREE,
    HOLD_OFFER,
    HOLD_ASSIGNMENT
};

/* What somebody who is held by a task does. */
struct person_task {
    struct key ref;        /* the assignment */
    uint32_t grade;        /* of its incident; 0: not known */
    struct gx_point place; /* where it leads */
    bool on_the_way;       /* accepted or en route, not there yet */
};

struct person {
    const char *id;
    const char *org_id;
    const char *call_sign;
    int32_t area;
    Genxi__Force force;
    int guard_kind; /* Genxi__GuardKind, 0: not a guard */
    uint32_t crew;
    bool active;
    bool off_site_consent;
    int64_t insured_until_at; /* 0: not insured */
    const struct person_skill *skills;
    size_t skill_count;
    bool on_shift;
    enum person_hold hold;
    const char *hold_incident_id; /* "" when free */
    struct person_task task;
    int64_t rest_until_at; /* 0: rested */
    bool asked_before;     /* declined, stayed silent or left this incident in this phase */
    uint32_t load;         /* assignments of the last twelve hours */
    uint32_t alerts;       /* offers of the rolling window (live_set_alert_window) */
    /* own site */
    bool has_site;
    const char *site_id;
    struct gx_point site;
    double site_radius_m;
    /* organisation */
    bool org_known;
    bool org_active;
    bool org_exercise; /* an exercise twin */
    struct person_agreement agreement;
    /* last fix */
    bool has_fix;
    struct gx_point fix;
    int64_t fix_at;
    const char *travel_basis; /* of the travel time that goes with it; NULL: none was reckoned */
};

/* What the rules need of the incident. */
struct occasion {
    const char *incident_id;
    int32_t area;
    struct gx_point place;
    const char *site_id; /* "" unless reported for a site */
    bool violent;
    bool exercise;
    uint32_t grade; /* 1..4; 0: nobody is called away from another incident for it */
    int64_t now;    /* the database's clock, Unix ms */
};

#endif
