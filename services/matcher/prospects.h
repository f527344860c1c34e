/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How likely people accept and when they answer, as this process believes now: the odds of every group, worked out when they were last loaded, so
 * that a matching looks them up. One a process, for any thread.
 */
#ifndef MATCHER_PROSPECTS_H
#define MATCHER_PROSPECTS_H

#include "offers/odds.h"

struct prospects {
    struct odds_chance chance[ODDS_FORCES][ODDS_HOURS][ODDS_DISTANCES];
    struct odds_times times[ODDS_FORCES];
};

/* now is Unix ms: older alerts have faded by then. */
void prospects_set(const struct odds *odds, int64_t now);
/* Before the first prospects_set(): what the settings take to be so. */
void prospects_get(struct prospects *ret_prospects);

#endif
