/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hard rules: who may be sent to what. Never traded against time, never bent by a person. Pure:
 * no clock, no I/O. One row a rule; the word is what is stored as the verdict and told to the
 * officer.
 */
#ifndef MATCHER_RULES_H
#define MATCHER_RULES_H

#include "person.h"

/*  id                 word                     kind: LAW holds for everybody, DUTY not for those
 * that moved by themselves, FIX only for a ranking */
#define RULE_LIST(X)                                                                               \
    X(NONE, "eligible", LAW)                                                                       \
    X(INACTIVE, "inactive", LAW)                                                                   \
    X(WRONG_FORCE, "wrong_force", LAW)                                                             \
    X(ORG_NOT_ACTIVE, "partner_not_active", LAW)                                                   \
    X(EXERCISE_TWIN, "exercise_only", LAW)                                                         \
    X(VIOLENT_NO_VOLUNTEER, "violent_no_volunteer", LAW)                                           \
    X(NOT_INSURED, "not_insured", LAW)                                                             \
    X(OWN_SITE_ONLY, "own_site_only", LAW)                                                         \
    X(NO_CONTRACT, "no_contract", LAW)                                                             \
    X(OFF_SHIFT, "off_shift", DUTY)                                                                \
    X(BUSY, "busy", DUTY)                                                                          \
    X(RESTING, "resting", DUTY)                                                                    \
    X(NO_SKILL, "no_skill", DUTY)                                                                  \
    X(CREW_TOO_SMALL, "crew_too_small", DUTY)                                                      \
    X(ASKED_BEFORE, "asked_before", FIX)                                                           \
    X(ALERTED_ENOUGH, "alerted_enough", FIX)                                                       \
    X(NO_POSITION, "no_position", FIX)                                                             \
    X(STALE_POSITION, "stale_position", FIX)

#define RULE_ENUM(id, word, kind) RULE_##id,
enum rule {
    RULE_LIST(RULE_ENUM) RULE_COUNT
};

/* How much is asked: a ranking asks for all, a dispatch by hand needs no fix, those already moving
 * only the law. */
enum rule_kind {
    RULE_KIND_LAW,
    RULE_KIND_DUTY,
    RULE_KIND_FIX
};

/* What one slot wants. */
struct slot_need {
    Genxi__Force force;
    const char *const *skills;
    size_t skill_count;
    uint32_t crew_min;
};

enum {
    RULE_FORCES = 5 /* by Genxi__Force, 0 unused */
};

struct rule_limits {
    int64_t fix_fresh_ms;             /* an older fix is stale */
    uint32_t alerts_max[RULE_FORCES]; /* so often asked lately and no more; 0: no bound */
};

/*
 * The first rule that forbids sending this person, or RULE_NONE. need NULL: no slot in view, force,
 * skills and crew are not asked. Rules above `ask` are left out.
 */
enum rule rule_forbidding(const struct person *person, const struct occasion *occasion,
                          const struct slot_need *need, const struct rule_limits *limits,
                          enum rule_kind ask);

/* The stable word, "off_shift". */
const char *rule_word(enum rule rule);

/* Is the agreement in force at that moment? */
bool rule_agreement_in_force(const struct person_agreement *agreement, int64_t now);
/* Does the incident lie on the person's own site: reported for it, or within its radius? */
bool rule_on_own_site(const struct person *person, const struct occasion *occasion);

#endif
