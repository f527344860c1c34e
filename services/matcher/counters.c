/* SPDX-License-Identifier: Apache-2.0 */
#include "counters.h"

#include "dispatch.pb-c.h"

#define OFFERS "genxi_matcher_offers_total", "Offers by what became of them."
#define FIXES "genxi_matcher_fixes_total", "Position fixes by what became of them."

#define GAPS "genxi_matcher_gaps", "Coverage gaps that stand now, by kind."

struct gx_metric MATCHER_COUNTERS[COUNTER_COUNT] = {
    [COUNT_MATCHES] = {"genxi_matcher_matches_total", "Matchings run.", GX_COUNTER, NULL, 0, {0}},
    [COUNT_CANDIDATES] =
        {"genxi_matcher_candidates_total", "Candidates weighed.", GX_COUNTER, NULL, 0, {0}},
    [COUNT_OFFERS_MADE] = {OFFERS, GX_COUNTER, "state=\"made\"", 0, {0}},
    [COUNT_OFFERS_ACCEPTED] = {OFFERS, GX_COUNTER, "state=\"accepted\"", 0, {0}},
    [COUNT_OFFERS_DECLINED] = {OFFERS, GX_COUNTER, "state=\"declined\"", 0, {0}},
    [COUNT_OFFERS_EXPIRED] = {OFFERS, GX_COUNTER, "state=\"expired\"", 0, {0}},
    [COUNT_OFFERS_WITHDRAWN] = {OFFERS, GX_COUNTER, "state=\"withdrawn\"", 0, {0}},
    [COUNT_RACES_LOST] = {"genxi_matcher_races_lost_total",
                          "Picks that another incident took first.",
                          GX_COUNTER,
                          NULL,
                          0,
                          {0}},
    [COUNT_FIXES_TAKEN] = {FIXES, GX_COUNTER, "outcome=\"taken\"", 0, {0}},
    [COUNT_FIXES_OFF_SHIFT] = {FIXES, GX_COUNTER, "outcome=\"off_shift\"", 0, {0}},
    [COUNT_FIXES_FOREIGN] = {FIXES, GX_COUNTER, "outcome=\"foreign\"", 0, {0}},
    [COUNT_FIXES_FUTURE] = {FIXES, GX_COUNTER, "outcome=\"future\"", 0, {0}},
    [COUNT_FIXES_STALE] = {FIXES, GX_COUNTER, "outcome=\"stale\"", 0, {0}},
    [COUNT_FIXES_JUMP] = {FIXES, GX_COUNTER, "outcome=\"jump\"", 0, {0}},
    [COUNT_FIXES_OTHER] = {FIXES, GX_COUNTER, "outcome=\"malformed\"", 0, {0}},
    [COUNT_FIXES_LATE] = {FIXES, GX_COUNTER, "outcome=\"track_only\"", 0, {0}},
    [COUNT_FIXES_DROPPED] = {"genxi_matcher_fixes_dropped_total",
                             "Fixes that the buffer towards PostgreSQL had no room for.",
                             GX_COUNTER,
                             NULL,
                             0,
                             {0}},
    [COUNT_FIRST_OFFER] = {"genxi_matcher_first_offer_seconds",
                           "From the report to the first offer.",
                           GX_HISTOGRAM,
                           NULL,
                           0,
                           {0}},
    [COUNT_REDIS_UP] =
        {"genxi_matcher_redis_up", "1 while the live index answers.", GX_GAUGE, NULL, 0, {0}},
    [COUNT_DEGRADED] = {"genxi_matcher_degraded",
                        "1 while matching goes by memory alone: Redis is away.",
                        GX_GAUGE,
                        NULL,
                        0,
                        {0}},
    [COUNT_ROADS] = {"genxi_matcher_roads", "Road graphs that are served.", GX_GAUGE, NULL, 0, {0}},
    [COUNT_ROADS_BAD] = {"genxi_matcher_roads_bad",
                         "Road graphs in the folder that could not be used: travel there goes by "
                         "the straight line.",
                         GX_GAUGE,
                         NULL,
                         0,
                         {0}},
    [COUNT_GAPS_FORCE] = {GAPS, GX_GAUGE, "kind=\"force\"", 0, {0}},
    [COUNT_GAPS_AREA] = {GAPS, GX_GAUGE, "kind=\"area\"", 0, {0}},
    [COUNT_GAPS_HOURS] = {GAPS, GX_GAUGE, "kind=\"hours\"", 0, {0}},
    [COUNT_GAPS_FIRST] = {GAPS, GX_GAUGE, "kind=\"first_response\"", 0, {0}},
    [COUNT_GAPS_AHEAD] = {"genxi_matcher_gaps_ahead",
                          "Coverage gaps of the next 24 hours, by the roster.",
                          GX_GAUGE,
                          NULL,
                          0,
                          {0}},
    [COUNT_GAPS_TOLD] = {"genxi_matcher_gaps_told_total",
                         "Coverage gaps raised, changed or ended.",
                         GX_COUNTER,
                         NULL,
                         0,
                         {0}},
    [COUNT_NEEDS] = {"genxi_matcher_needs",
                     "Needs of sites that ask for somebody now.",
                     GX_GAUGE,
                     NULL,
                     0,
                     {0}},
    [COUNT_NEEDS_MET] =
        {"genxi_matcher_needs_met", "Those of them that are met.", GX_GAUGE, NULL, 0, {0}},
    [COUNT_COVERAGE_SECONDS] =
        {"genxi_matcher_coverage_seconds", "One look at all sites.", GX_HISTOGRAM, NULL, 0, {0}},
};

void matcher_count(enum counter counter, int64_t by)
{
    gx_metric_add(&MATCHER_COUNTERS[counter], by);
}

enum counter counter_of_offer(int state)
{
    switch (state) {
    case GENXI__OFFER_STATE__OFFER_STATE_ACCEPTED:
        return COUNT_OFFERS_ACCEPTED;
    case GENXI__OFFER_STATE__OFFER_STATE_DECLINED:
        return COUNT_OFFERS_DECLINED;
    case GENXI__OFFER_STATE__OFFER_STATE_EXPIRED:
        return COUNT_OFFERS_EXPIRED;
    default:
        return COUNT_OFFERS_WITHDRAWN;
    }
}
