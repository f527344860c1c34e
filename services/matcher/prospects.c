/* SPDX-License-Identifier: Apache-2.0 */
#include "prospects.h"

#include "policy.h"

#include "base/clock.h"

#include <pthread.h>

static struct {
    pthread_mutex_t lock;
    struct prospects now;
    bool known;
} SHARED = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void work_out(const struct odds *odds, int64_t now, struct prospects *prospects)
{
    for (int force = 0; force < ODDS_FORCES; force++) {
        for (int hour = 0; hour < ODDS_HOURS; hour++) {
            for (int distance = 0; distance < ODDS_DISTANCES; distance++) {
                prospects->chance[force][hour][distance] =
                    odds_chance(odds, (struct odds_group){force, hour, distance}, now);
            }
        }
        odds_times(odds, force, now, &prospects->times[force]);
    }
}

void prospects_set(const struct odds *odds, int64_t now)
{
    struct prospects prospects;
    work_out(odds, now, &prospects);
    (void)pthread_mutex_lock(&SHARED.lock);
    SHARED.now = prospects;
    SHARED.known = true;
    (void)pthread_mutex_unlock(&SHARED.lock);
}

static void assume(void)
{
    const struct odds_policy policy = policy_of_odds();
    struct odds odds;
    odds_init(&odds, &policy);
    work_out(&odds, gx_clock_wall_ms(), &SHARED.now);
    SHARED.known = true;
}

void prospects_get(struct prospects *ret_prospects)
{
    (void)pthread_mutex_lock(&SHARED.lock);
    if (!SHARED.known) {
        assume();
    }
    *ret_prospects = SHARED.now;
    (void)pthread_mutex_unlock(&SHARED.lock);
}
