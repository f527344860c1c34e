/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "base/cleanup.h"

#define AT(field) offsetof(struct matcher_settings, field)

/* Filled from the table below before anything runs; a test or bench that links the matcher loads it likewise. */
struct matcher_settings MATCHER_SETTINGS;

const struct gx_setting MATCHER_SETTING_ROWS[] = {
    {"timer_scale", GX_SET_REAL, AT(timer_scale), "1.0", 0.01, 10, GX_SET_PLAIN,
     "factor on offer, rung, retry, rest and coverage times; for demonstrations and tests only, 1 "
     "in "
     "service"},
    {"fix_fresh_seconds", GX_SET_REAL, AT(fix_fresh_seconds), "120", 1, 86400, GX_SET_PLAIN,
     "a responder whose last fix is older is not sent by ranking, in seconds"},
    {"fix_now_seconds", GX_SET_REAL, AT(fix_now_seconds), "60", 1, 86400, GX_SET_PLAIN,
     "a fix that arrives later than this was buffered: kept for the track, never as where somebody "
     "is now"},
    {"fix_future_seconds", GX_SET_REAL, AT(fix_future_seconds), "5", 0, 3600, GX_SET_PLAIN,
     "a device's clock may be ahead by this, in seconds"},
    {"fix_jump_mps", GX_SET_REAL, AT(fix_jump_mps), "70", 1, 10000, GX_SET_PLAIN,
     "a fix that would need more than this speed is refused, in metres a second"},
    {"fix_jump_gap_seconds", GX_SET_REAL, AT(fix_jump_gap_seconds), "120", 1, 86400, GX_SET_PLAIN,
     "after a longer silence no speed is judged, in seconds"},
    {"rest_minutes", GX_SET_REAL, AT(rest_minutes), "5", 0, 1440, GX_SET_PLAIN,
     "no new offer for so long after a task was done, in minutes"},
    {"radius_max_m", GX_SET_REAL, AT(radius_max_m), "15000", 100, 100000, GX_SET_PLAIN,
     "widest search, in metres"},
    {"search_count", GX_SET_INT, AT(search_count), "20", 4, 500, GX_SET_PLAIN,
     "so many who fit a slot end a search, at the least"},
    {"target_grade1", GX_SET_REAL, AT(target[0]), "0.92", 0, 0.999, GX_SET_PLAIN,
     "so likely a place is to be taken within offer_horizon_seconds: people are asked until it is; "
     "grade 1"},
    {"target_grade2", GX_SET_REAL, AT(target[1]), "0.75", 0, 0.999, GX_SET_PLAIN,
     "the same, grade 2"},
    {"target_grade3", GX_SET_REAL, AT(target[2]), "0.60", 0, 0.999, GX_SET_PLAIN,
     "the same, grade 3"},
    {"target_grade4", GX_SET_REAL, AT(target[3]), "0.45", 0, 0.999, GX_SET_PLAIN,
     "the same, grade 4"},
    {"offer_horizon_seconds", GX_SET_REAL, AT(offer_horizon_seconds), "20", 1, 600, GX_SET_PLAIN,
     "what \"soon\" means for the targets, in seconds"},
    {"asks_per_place", GX_SET_INT, AT(asks_per_place), "12", 1, 64, GX_SET_PLAIN,
     "most asked at one time for each open place"},
    {"alerts_max_guard", GX_SET_INT, AT(alerts_max[0]), "40", 0, 64, GX_SET_PLAIN,
     "a guard is not asked more often than this within alert_window_hours; 0: no bound"},
    {"alerts_max_patrol", GX_SET_INT, AT(alerts_max[1]), "40", 0, 64, GX_SET_PLAIN,
     "the same, patrols"},
    {"alerts_max_volunteer", GX_SET_INT, AT(alerts_max[2]), "20", 0, 64, GX_SET_PLAIN,
     "the same, volunteers"},
    {"alert_window_hours", GX_SET_REAL, AT(alert_window_hours), "168", 1, 744, GX_SET_PLAIN,
     "the rolling time of these bounds, in hours"},
    {"odds_accept", GX_SET_REAL, AT(odds_accept), "0.30", 0.01, 0.99, GX_SET_PLAIN,
     "share of offers taken to be accepted before anything was learned"},
    {"odds_decline", GX_SET_REAL, AT(odds_decline), "0.35", 0, 0.99, GX_SET_PLAIN,
     "share taken to be declined; the others stay silent"},
    {"odds_answer_seconds", GX_SET_REAL, AT(odds_answer_seconds), "15", 0.1, 600, GX_SET_PLAIN,
     "half of the answers are taken to come within this, before anything was learned"},
    {"odds_half_life_days", GX_SET_REAL, AT(odds_half_life_days), "60", 1, 3650, GX_SET_PLAIN,
     "after so many days what was learned of an offer counts half"},
    {"swap_gain_seconds", GX_SET_REAL, AT(swap_gain_seconds), "120", 10, 86400, GX_SET_PLAIN,
     "somebody who has become free is offered another's place when he would be there sooner by "
     "this, in seconds"},
    {"swap_gain_share", GX_SET_REAL, AT(swap_gain_share), "0.4", 0, 1, GX_SET_PLAIN,
     "and by this share of what the other has to go yet"},
    {"load_seconds", GX_SET_REAL, AT(load_seconds), "10", 0, 600, GX_SET_PLAIN,
     "what each task of the last twelve hours counts against somebody in the choice, in seconds"},
    {"retry_seconds", GX_SET_REAL, AT(retry_seconds), "15", 1, 3600, GX_SET_PLAIN,
     "a slot for which nobody is left to ask is looked at again after this, in seconds; after "
     "twelve tries four times as much"},
    {"reask_seconds", GX_SET_REAL, AT(reask_seconds), "120", 1, 86400, GX_SET_PLAIN,
     "who declined is not asked for the same incident again before this"},
    {"travel_max_minutes", GX_SET_REAL, AT(travel_max_minutes), "30", 1, 1440, GX_SET_PLAIN,
     "who is farther is not offered, in minutes of travel"},
    {"same_seconds", GX_SET_INT, AT(same_seconds), "20", 1, 600, GX_SET_PLAIN,
     "costs in one step of this size count as the same: who was asked less and did less is asked "
     "first"},
    {"arrive_m", GX_SET_REAL, AT(arrive_m), "60", 5, 1000, GX_SET_PLAIN,
     "a fix this near to the incident is an arrival by position, in metres"},
    {"flush_seconds", GX_SET_REAL, AT(flush_seconds), "2", 0.05, 60, GX_SET_PLAIN,
     "positions go to PostgreSQL in batches this far apart"},
    {"track_seconds", GX_SET_REAL, AT(track_seconds), "30", 1, 3600, GX_SET_PLAIN,
     "tracks are thinned to one point in this time"},
    {"track_days", GX_SET_REAL, AT(track_days), "30", 1, 400, GX_SET_PLAIN,
     "tracks are purged after this"},
    {"detour", GX_SET_REAL, AT(travel.detour), "1.4", 1, 5, GX_SET_PLAIN,
     "how much longer a road is than the straight line, where no road graph is known"},
    {"speed_police_mps", GX_SET_REAL, AT(travel.police_mps), "8.3", 0.1, 100, GX_SET_PLAIN,
     "metres a second, police"},
    {"speed_guard_mps", GX_SET_REAL, AT(travel.guard_mps), "2.5", 0.1, 100, GX_SET_PLAIN,
     "the same, guards"},
    {"speed_patrol_mps", GX_SET_REAL, AT(travel.patrol_mps), "4.0", 0.1, 100, GX_SET_PLAIN,
     "the same, patrols"},
    {"speed_volunteer_mps", GX_SET_REAL, AT(travel.volunteer_mps), "1.5", 0.1, 100, GX_SET_PLAIN,
     "the same, volunteers"},
    {"roads_dir", GX_SET_TEXT, AT(roads_dir), "", 0, 0, GX_SET_PLAIN,
     "folder of road graphs (*.roads, made by genxi roads import); empty: travel by straight line"},
    {"coverage_seconds", GX_SET_REAL, AT(coverage_seconds), "10", 0, 3600, GX_SET_PLAIN,
     "sites are looked at so often; 0: by this process never"},
    {"coverage_ahead_seconds", GX_SET_REAL, AT(coverage_ahead_seconds), "60", 1, 86400,
     GX_SET_PLAIN, "the same for each of the next 24 hours, by the roster"},
    {"coverage_raise_seconds", GX_SET_REAL, AT(coverage_raise_seconds), "60", 0, 86400,
     GX_SET_PLAIN, "a gap is told after it has stood for so long without a break"},
    {"coverage_clear_seconds", GX_SET_REAL, AT(coverage_clear_seconds), "30", 0, 86400,
     GX_SET_PLAIN, "it has ended after it has been away for so long without a break"},
    {"coverage_keep_days", GX_SET_REAL, AT(coverage_keep_days), "30", 0.01, 400, GX_SET_PLAIN,
     "gaps and moves that ended are purged after this"},
    {"day_offset_minutes", GX_SET_INT, AT(day_offset_minutes), "480", -840, 840, GX_SET_PLAIN,
     "the local day, in minutes east of UTC: the hours of sites' needs are of it"},
};
const size_t MATCHER_SETTING_COUNT = GX_COUNT_OF(MATCHER_SETTING_ROWS);

int64_t matcher_span_ms(double seconds)
{
    double ms = seconds * 1000.0 * MATCHER_SETTINGS.timer_scale;
    return ms < 1.0 ? 1 : (int64_t)ms;
}

uint32_t matcher_unscaled_ms(int64_t span_ms)
{
    double ms = (double)span_ms / MATCHER_SETTINGS.timer_scale;
    return ms <= 0.0 ? 0 : (ms >= (double)UINT32_MAX ? UINT32_MAX : (uint32_t)ms);
}

int64_t matcher_alert_window_ms(void)
{
    return (int64_t)(MATCHER_SETTINGS.alert_window_hours * 3600.0 * 1000.0);
}

int matcher_local_hour(int64_t at)
{
    int64_t minutes = at / 60000 + MATCHER_SETTINGS.day_offset_minutes;
    return (int)(minutes / 60 % 24);
}
