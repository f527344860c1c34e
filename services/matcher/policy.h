/* SPDX-License-Identifier: Apache-2.0 */
/* The policy of offers (offers/offers.h) and what is believed of people before anything was learned (offers/odds.h), by the settings. */
#ifndef MATCHER_POLICY_H
#define MATCHER_POLICY_H

#include "offers/offers.h"
#include "records.h"

/*
 * For this incident: what its ladder has added (spare_more) makes it ask as one grade more urgent would, and beyond grade 1 halves what is
 * missing to certainty; who has looked in vain for long looks less often. Spans are those of timer_scale 1.
 */
struct offers_policy policy_of_offers(const struct incident *incident);
/* The grade whose target holds for the incident, 1..4. */
uint32_t policy_grade(const struct incident *incident);
struct odds_policy policy_of_odds(void);
/* Most alerts within the window for that force; 0: no bound. */
uint32_t policy_alerts_max(Genxi__Force force);

#endif
