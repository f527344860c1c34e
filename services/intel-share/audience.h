/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a bulletin is for: the one rule, free of I/O, that approval, list, read, receipt and recall share.
 *
 * An audience names organisations one by one (orgs), as classes (org_kinds, areas: of these kinds and in these areas), and the roles in
 * which it may be read. No roles named: desks and linked parties and, unless the mark is RED, officers. Officers are those of
 * the bulletin's own area and of the audience's areas. Organisations are resolved at approval: one that joins later is not
 * among them, one that is suspended loses access at once.
 */
#ifndef INTEL_AUDIENCE_H
#define INTEL_AUDIENCE_H

#include "base/ctx.h"
#include "base/roles.h"
#include "intel.pb-c.h"

struct intel_org {
    const char *id;
    int kind;
    int32_t area;
    int state;
    bool exercise;
};

struct intel_audience {
    const char *const *orgs;
    size_t org_count;
    const int32_t *kinds;
    size_t kind_count;
    const int32_t *areas;
    size_t area_count;
    uint32_t roles; /* as given; 0: none named */
};

#define INTEL_PARTNER_ROLES                                                                        \
    ((uint32_t)GX_ROLE_DESK | (uint32_t)GX_ROLE_LINKED | (uint32_t)GX_ROLE_RESPONDER)
#define INTEL_DESK_ROLES ((uint32_t)GX_ROLE_DESK | (uint32_t)GX_ROLE_LINKED)

/* The bit of a role that an audience may name ("desk", "linked", "responder", "duty", "police", "approver", "analyst"), or 0. */
uint32_t intel_role_parse(const char *name);
/* The names of the bits, in ctx's arena. */
char **intel_role_names(struct gx_ctx *ctx, uint32_t roles, size_t *ret_count);

/* The roles in which the bulletin may be read. */
uint32_t intel_audience_roles(const struct intel_audience *audience, int mark);
/* Nobody but officers is among the readers. */
bool intel_audience_officers_only(const struct intel_audience *audience, int mark);

enum intel_audience_fault {
    INTEL_AUDIENCE_FIT,
    INTEL_AUDIENCE_EMPTY, /* it reaches nobody */
    INTEL_AUDIENCE_MARK   /* the mark does not allow it */
};
/*
 * What the mark allows: organisations by name always; responders' devices when the organisation may pass it on within itself; classes of
 * organisations bounded by kind and area when it may reach clients; any class when it is for the community. RED: named only.
 */
enum intel_audience_fault intel_audience_check(const struct intel_audience *audience, int mark);

/* Is the organisation meant? Only active ones; an exercise twin only by exercises. */
bool intel_audience_has_org(const struct intel_audience *audience, int mark, bool exercise,
                            const struct intel_org *org);

struct intel_reading {
    int mark;
    int state; /* Genxi__BulletinState */
    int64_t expires_at;
    int32_t area;
    const struct intel_audience *audience;
    const char *drafted_by;
    const char *approved_by; /* or "" */
    bool org_resolved;       /* the reader's organisation was among those resolved at approval */
    bool org_active;         /* and is active now */
};

enum intel_sight {
    INTEL_SIGHT_NONE,
    INTEL_SIGHT_AUDIENCE, /* what was approved, without who drafted it and who else gets it */
    INTEL_SIGHT_STAFF     /* all */
};
/* What the actor may see of it, apart from its state: a draft only staff sees, a recalled or expired one nobody's text. */
enum intel_sight intel_sight(const struct intel_reading *reading, const struct gx_actor *actor);

#endif
