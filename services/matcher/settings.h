/* SPDX-License-Identifier: Apache-2.0 */
/* The matcher's own settings; what each means stands in the table of settings.c. Read-only after
 * start. */
#ifndef MATCHER_SETTINGS_H
#define MATCHER_SETTINGS_H

#include "chassis/settings.h"
#include "travel.h"

struct matcher_settings {
    double timer_scale;
    double fix_fresh_seconds;
    double fix_now_seconds;
    double fix_future_seconds;
    double fix_jump_mps;
    double fix_jump_gap_seconds;
    double rest_minutes;
    double radius_max_m;
    int64_t search_count;
    double target[4]; /* by grade, 1..4 */
    double offer_horizon_seconds;
    int64_t asks_per_place;
    int64_t alerts_max[3]; /* guard, patrol, volunteer */
    double alert_window_hours;
    double odds_accept;
    double odds_decline;
    double odds_answer_seconds;
    double odds_half_life_days;
    double load_seconds;
    double swap_gain_seconds;
    double swap_gain_share;
    double retry_seconds;
    double reask_seconds;
    double travel_max_minutes;
    int64_t same_seconds;
    double arrive_m;
    double flush_seconds;
    double track_seconds;
    double track_days;
    struct travel_straight travel;
    const char *roads_dir;
    double coverage_seconds;
    double coverage_ahead_seconds;
    double coverage_raise_seconds;
    double coverage_clear_seconds;
    double coverage_keep_days;
    int64_t day_offset_minutes;
};

extern struct matcher_settings MATCHER_SETTINGS;
extern const struct gx_setting MATCHER_SETTING_ROWS[];
extern const size_t MATCHER_SETTING_COUNT;

/* A span of the matcher's own timers in ms: seconds times timer_scale, at least 1. */
int64_t matcher_span_ms(double seconds);
/* The hour of the local day, 0..23, of a moment in Unix ms. */
int matcher_local_hour(int64_t at);
/* How long an offer counts as an alert. */
int64_t matcher_alert_window_ms(void);
/* The other way round: what a span of the matcher's own timers would be at timer_scale 1; at least 0. */
uint32_t matcher_unscaled_ms(int64_t span_ms);

#endif
