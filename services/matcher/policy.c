/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include "settings.h"

#include <math.h>

enum {
    PATIENT_PHASES = 12, /* tries in vain, after which it is looked less often */
    PATIENCE = 4
};

static uint32_t own_grade(const struct incident *incident)
{
    return incident->grade >= 1 && incident->grade <= OFFERS_GRADES ? incident->grade
                                                                    : OFFERS_GRADES;
}

uint32_t policy_grade(const struct incident *incident)
{
    uint32_t grade = own_grade(incident);
    return incident->spare_more < grade ? grade - incident->spare_more : 1;
}

uint32_t policy_alerts_max(Genxi__Force force)
{
    switch (force) {
    case GENXI__FORCE__FORCE_GUARD:
        return (uint32_t)MATCHER_SETTINGS.alerts_max[0];
    case GENXI__FORCE__FORCE_PATROL:
        return (uint32_t)MATCHER_SETTINGS.alerts_max[1];
    case GENXI__FORCE__FORCE_VOLUNTEER:
        return (uint32_t)MATCHER_SETTINGS.alerts_max[2];
    case GENXI__FORCE__FORCE_POLICE:
    case _GENXI__FORCE_IS_INT_SIZE:
        break;
    }
    return 0; /* on duty, being asked is the work */
}

struct offers_policy policy_of_offers(const struct incident *incident)
{
    struct offers_policy policy = OFFERS_POLICY_DEFAULT;
    bool patient = incident->phase > PATIENT_PHASES;
    uint32_t steps = own_grade(incident) - 1;
    for (size_t i = 0; i < OFFERS_GRADES; i++) {
        policy.target[i] = MATCHER_SETTINGS.target[i];
    }
    if (incident->spare_more > steps) {
        policy.target[0] =
            1.0 - ldexp(1.0 - policy.target[0], -(int)(incident->spare_more - steps));
    }
    for (int force = 1; force < ODDS_FORCES; force++) {
        policy.alerts_max[force] = policy_alerts_max((Genxi__Force)force);
    }
    /* The last phase goes as far as people are sent at all: somebody far is better than nobody. */
    policy.reach[OFFERS_PHASES - 1] = 1e9;
    policy.horizon_ms = (uint32_t)(MATCHER_SETTINGS.offer_horizon_seconds * 1000.0);
    policy.asks_per_place = (uint32_t)MATCHER_SETTINGS.asks_per_place;
    policy.alert_window_hours = (uint32_t)MATCHER_SETTINGS.alert_window_hours;
    policy.retry_ms =
        (uint32_t)(MATCHER_SETTINGS.retry_seconds * 1000.0 * (patient ? PATIENCE : 1));
    return policy;
}

struct odds_policy policy_of_odds(void)
{
    struct odds_policy policy = ODDS_POLICY_DEFAULT;
    policy.accept = MATCHER_SETTINGS.odds_accept;
    policy.decline = MATCHER_SETTINGS.odds_decline;
    policy.answer_median_s = MATCHER_SETTINGS.odds_answer_seconds;
    policy.half_life_days = MATCHER_SETTINGS.odds_half_life_days;
    return policy;
}
