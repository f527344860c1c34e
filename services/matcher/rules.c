/* SPDX-License-Identifier: Apache-2.0 */
#include "rules.h"

#include "base/text.h"

#include <string.h>

#define RULE_WORD(id, word, kind) [RULE_##id] = word,
static const char *const WORDS[RULE_COUNT] = {RULE_LIST(RULE_WORD)};

const char *rule_word(enum rule rule)
{
    return (unsigned)rule < RULE_COUNT ? WORDS[rule] : "?";
}

bool rule_agreement_in_force(const struct person_agreement *agreement, int64_t now)
{
    return agreement->exists && agreement->signed_at <= now &&
           (agreement->ends_at == 0 || now < agreement->ends_at);
}

bool rule_on_own_site(const struct person *person, const struct occasion *occasion)
{
    if (!person->has_site) {
        return false;
    }
    if (occasion->site_id[0] != '\0' && gx_text_is(person->site_id, occasion->site_id)) {
        return true;
    }
    return gx_geo_distance_m(person->site, occasion->place) <= person->site_radius_m;
}

static bool contract_covers(const struct person *person, const struct occasion *occasion)
{
    if (!rule_agreement_in_force(&person->agreement, occasion->now)) {
        return false;
    }
    for (size_t i = 0; i < person->agreement.contract_area_count; i++) {
        if (person->agreement.contract_areas[i] == occasion->area) {
            return true;
        }
    }
    return false;
}

/* 保安服务管理条例: property and self-hired guards serve their own unit only, licensed companies
 * where their contracts say. */
static enum rule guard_rule(const struct person *person, const struct occasion *occasion)
{
    if (person->force != GENXI__FORCE__FORCE_GUARD || rule_on_own_site(person, occasion)) {
        return RULE_NONE;
    }
    if (person->guard_kind == GENXI__GUARD_KIND__GUARD_KIND_LICENSED) {
        return contract_covers(person, occasion) ? RULE_NONE : RULE_NO_CONTRACT;
    }
    bool lent = person->agreement.off_site && person->off_site_consent &&
                rule_agreement_in_force(&person->agreement, occasion->now);
    return lent ? RULE_NONE : RULE_OWN_SITE_ONLY;
}

static bool needs_insurance(Genxi__Force force)
{
    return force == GENXI__FORCE__FORCE_VOLUNTEER || force == GENXI__FORCE__FORCE_PATROL;
}

static enum rule law(const struct person *person, const struct occasion *occasion,
                     const struct slot_need *need)
{
    bool police = person->force == GENXI__FORCE__FORCE_POLICE;
    if (!person->active) {
        return RULE_INACTIVE;
    }
    if (need != NULL && need->force != person->force) {
        return RULE_WRONG_FORCE;
    }
    /* A station need not be registered as a partner; everybody else's organisation must be linked
     * and in good standing. */
    if (person->org_known ? !person->org_active : !police) {
        return RULE_ORG_NOT_ACTIVE;
    }
    if (person->org_exercise && !occasion->exercise) {
        return RULE_EXERCISE_TWIN;
    }
    if (occasion->violent && person->force == GENXI__FORCE__FORCE_VOLUNTEER) {
        return RULE_VIOLENT_NO_VOLUNTEER;
    }
    if (needs_insurance(person->force) && person->insured_until_at <= occasion->now) {
        return RULE_NOT_INSURED;
    }
    return guard_rule(person, occasion);
}

static bool has_skill(const struct person *person, const char *code, int64_t now)
{
    for (size_t i = 0; i < person->skill_count; i++) {
        if (strcmp(person->skills[i].code, code) == 0 && now < person->skills[i].until_at) {
            return true;
        }
    }
    return false;
}

static bool has_skills(const struct person *person, const struct slot_need *need, int64_t now)
{
    for (size_t i = 0; i < need->skill_count; i++) {
        if (!has_skill(person, need->skills[i], now)) {
            return false;
        }
    }
    return true;
}

static enum rule duty(const struct person *person, const struct occasion *occasion,
                      const struct slot_need *need)
{
    if (!person->on_shift) {
        return RULE_OFF_SHIFT;
    }
    if (person->hold != HOLD_FREE) {
        return RULE_BUSY;
    }
    if (occasion->now < person->rest_until_at) {
        return RULE_RESTING;
    }
    if (need != NULL && !has_skills(person, need, occasion->now)) {
        return RULE_NO_SKILL;
    }
    if (need != NULL && person->crew < need->crew_min) {
        return RULE_CREW_TOO_SMALL;
    }
    return RULE_NONE;
}

enum rule rule_forbidding(const struct person *person, const struct occasion *occasion,
                          const struct slot_need *need, const struct rule_limits *limits,
                          enum rule_kind ask)
{
    enum rule rule = law(person, occasion, need);
    if (rule != RULE_NONE || ask == RULE_KIND_LAW) {
        return rule;
    }
    rule = duty(person, occasion, need);
    if (rule != RULE_NONE || ask == RULE_KIND_DUTY) {
        return rule;
    }
    if (person->asked_before) {
        return RULE_ASKED_BEFORE;
    }
    uint32_t most = limits->alerts_max[person->force];
    if (most != 0 && person->alerts >= most) {
        return RULE_ALERTED_ENOUGH;
    }
    if (!person->has_fix) {
        return RULE_NO_POSITION;
    }
    bool stale = occasion->now - person->fix_at > limits->fix_fresh_ms;
    return stale ? RULE_STALE_POSITION : RULE_NONE;
}
