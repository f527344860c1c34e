/* SPDX-License-Identifier: Apache-2.0 */
/* What a caller may be. A set of roles is a bit mask. */
#ifndef GX_BASE_ROLES_H
#define GX_BASE_ROLES_H

#include <stdint.h>

/*  id         bit  JSON name     meaning */
#define GX_ROLE_LIST(X)                                                                            \
    X(SYSTEM, 0, "system", "a service of genxi itself: follower or timer")                         \
    X(ADMIN, 1, "admin", "operates the system: partners, keys, users; sees no sealed data")        \
    X(DUTY, 2, "duty", "police duty officer: commands in own areas")                               \
    X(POLICE, 3, "police", "police officer as responder")                                          \
    X(APPROVER, 4, "approver", "approves bulletins and designations")                              \
    X(ANALYST, 5, "analyst", "control-centre analyst: reads statistics and intelligence")          \
    X(AUDITOR, 6, "auditor", "reads the audit log; independent of the duty desk")                  \
    X(DESK, 7, "desk", "an organisation's own duty desk or dispatch software")                     \
    X(RESPONDER, 8, "responder", "one responder's device: own offers, tasks, positions")           \
    X(LINKED, 9, "linked", "a linked party: fire, ambulance, sub-district office")                 \
    X(DRILL, 10, "drill", "sees and injects exercises")

#define GX_ROLE_ENUM(id, bit, json, text) GX_ROLE_##id = 1U << (bit),
enum gx_role {
    GX_ROLE_LIST(GX_ROLE_ENUM)
};

#define GX_ROLES_OFFICERS                                                                          \
    ((uint32_t)GX_ROLE_DUTY | (uint32_t)GX_ROLE_POLICE | (uint32_t)GX_ROLE_APPROVER |              \
     (uint32_t)GX_ROLE_ANALYST)
#define GX_ROLES_ANY 0xffffffffU

#endif
