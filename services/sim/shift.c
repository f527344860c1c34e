/* SPDX-License-Identifier: Apache-2.0 */
/* A shift: reports from the seeded generator or a real stream, responders that behave as act.c says or follow real tracks. */
#include "sim.h"

#include "base/clock.h"
#include "base/text.h"
#include "profile.h"
#include "replay.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of all reports: second calls about something just reported; repeats of the very same message (a client that got no answer). */
static const double SECOND_CALL_SHARE = 0.08;
static const double REPEAT_SHARE = 0.01;
static const double POSITION_PERIOD_S = 10; /* of simulated time */

struct shift {
    struct sim *sim;
    struct sim_rows reports; /* --incidents */
    size_t next_report;
    struct sim_rows tracks; /* --tracks */
    size_t next_fix;
    int64_t file_from_ms;
    double now_s;       /* simulated time since the start */
    double next_call_s; /* generator */
    double next_fixes_s;
    struct gx_point last_place;
    char last_type[48];
    FILE *acked;
};

static void count_report(struct shift *shift, bool acked, const json_t *answer,
                         char first_id[SIM_ID])
{
    struct sim *sim = shift->sim;
    const char *id = sim_text(answer, "report_id");
    sim->reports_sent++;
    sim->reports_acked += acked ? 1 : 0;
    sim->reports_refused += acked ? 0 : 1;
    sim->reports_merged += acked && json_is_true(json_object_get(answer, "merged")) ? 1 : 0;
    (void)snprintf(first_id, SIM_ID, "%s", acked ? id : "");
    if (acked && shift->acked != NULL) {
        (void)fprintf(shift->acked, "%s\n", id);
        (void)fflush(shift->acked);
    }
}

static void count_repeat(struct sim *sim, bool acked, const char *first_id, const char *id)
{
    sim->reports_repeated++;
    if (acked && first_id[0] != '\0' && strcmp(first_id, id) != 0) {
        (void)sim_check(sim, false, "a repeated report became another one: %s, %s", first_id, id);
    }
}

static void send_report(struct shift *shift, const char *foreign, struct gx_point at)
{
    struct sim *sim = shift->sim;
    json_t *body = json_pack("{s:s, s:s, s:s}", "type", sim_type_of(foreign), "text", foreign,
                             "source", "desk");
    if (gx_geo_valid(at)) {
        (void)json_object_set_new(body, "lon", json_real(at.lon));
        (void)json_object_set_new(body, "lat", json_real(at.lat));
    } else if (sim->site_count > 0) {
        /* Real intake has calls without coordinates: the desk then knows the site. */
        size_t site = (size_t)(sim_random_next(&sim->random) % sim->site_count);
        (void)json_object_set_new(body, "site_id", json_string(sim->sites[site].id));
    }
    char key[GX_ID_SIZE];
    (void)gx_id_new(key);
    int tries = sim_random_unit(&sim->random) < REPEAT_SHARE ? 2 : 1;
    char first_id[SIM_ID] = "";
    for (int i = 0; i < tries; i++) {
        struct gx_answer answer = {0};
        enum gx_rc rc = gx_client_call(sim->duty, "POST", "/v1/reports", body, key, &answer);
        bool acked = rc == GX_OK && answer.status == 201;
        if (i == 0) {
            count_report(shift, acked, answer.json, first_id);
        } else {
            count_repeat(sim, acked, first_id, sim_text(answer.json, "report_id"));
        }
        gx_answer_done(&answer);
    }
    json_decref(body);
}

static int local_hour(double now_s)
{
    int64_t local_s = gx_clock_wall_ms() / 1000 + INT64_C(8) * 3600 + (int64_t)now_s;
    return (int)(local_s / 3600 % 24);
}

static void run_generator(struct shift *shift)
{
    struct sim *sim = shift->sim;
    while (shift->next_call_s <= shift->now_s) {
        bool second =
            shift->last_type[0] != '\0' && sim_random_unit(&sim->random) < SECOND_CALL_SHARE;
        if (!second) {
            shift->last_place = sim_profile_place(sim);
            (void)snprintf(shift->last_type, sizeof shift->last_type, "%s",
                           sim_profile_type(&sim->random));
        }
        struct gx_point at = shift->last_place;
        at.lon += second ? 0.0002 * (sim_random_unit(&sim->random) - 0.5) : 0;
        send_report(shift, shift->last_type, at);
        double gap_s = sim_profile_gap_s(local_hour(shift->now_s), sim->options->rate);
        shift->next_call_s += sim_random_exponential(&sim->random, gap_s);
    }
}

static void run_incidents(struct shift *shift)
{
    int64_t now_ms = shift->file_from_ms + (int64_t)(shift->now_s * 1000);
    while (shift->next_report < shift->reports.count &&
           shift->reports.rows[shift->next_report].at_ms <= now_ms) {
        const struct sim_row *row = &shift->reports.rows[shift->next_report++];
        send_report(shift, row->name, row->at);
    }
}

/* Each unit of the file belongs to one responder, in order of first sight. */
static struct sim_responder *rider(struct shift *shift, const char *unit)
{
    struct sim *sim = shift->sim;
    struct sim_responder *spare = NULL;
    for (size_t i = 0; i < sim->responder_count; i++) {
        struct sim_responder *responder = &sim->responders[i];
        if (responder->track != NULL && strcmp(responder->track, unit) == 0) {
            return responder;
        }
        if (spare == NULL && responder->track == NULL && strcmp(responder->force, "guard") != 0) {
            spare = responder;
        }
    }
    if (spare != NULL) {
        spare->track = unit;
    }
    return spare;
}

static void run_tracks(struct shift *shift)
{
    int64_t base_ms = shift->tracks.count > 0 ? shift->tracks.rows[0].at_ms : 0;
    int64_t now_ms = base_ms + (int64_t)(shift->now_s * 1000);
    while (shift->next_fix < shift->tracks.count &&
           shift->tracks.rows[shift->next_fix].at_ms <= now_ms) {
        const struct sim_row *row = &shift->tracks.rows[shift->next_fix++];
        struct sim_responder *responder = gx_geo_valid(row->at) ? rider(shift, row->name) : NULL;
        if (responder != NULL &&
            (responder->doing == SIM_PATROLS || responder->doing == SIM_DECIDES)) {
            responder->at = row->at;
        }
    }
}

static bool open_files(struct shift *shift)
{
    const struct sim_options *options = shift->sim->options;
    int64_t from_ms = 0;
    int64_t span_ms = (int64_t)(options->minutes * 60000);
    if (options->start != NULL && gx_time_parse(options->start, &from_ms) != 0) {
        (void)fprintf(stderr, "genxi-sim: --start must be a time like 2024-07-05T02:00:00Z\n");
        return false;
    }
    if (options->incidents != NULL &&
        !sim_rows_read(options->incidents, "type", from_ms, span_ms, &shift->reports)) {
        return false;
    }
    if (options->tracks != NULL &&
        !sim_rows_read(options->tracks, "unit", 0, span_ms, &shift->tracks)) {
        return false;
    }
    shift->file_from_ms = from_ms != 0               ? from_ms
                          : shift->reports.count > 0 ? shift->reports.rows[0].at_ms
                                                     : 0;
    if (options->acked != NULL) {
        shift->acked = fopen(options->acked, "a");
        if (shift->acked == NULL) {
            (void)fprintf(stderr, "genxi-sim: %s cannot be written\n", options->acked);
            return false;
        }
    }
    return true;
}

static void turn(struct shift *shift, double elapsed_s)
{
    struct sim *sim = shift->sim;
    shift->now_s += elapsed_s;
    if (sim->options->tracks != NULL) {
        run_tracks(shift);
    }
    sim_act(sim, elapsed_s);
    if (shift->now_s >= shift->next_fixes_s) {
        (void)sim_post_positions(sim, 0, sim->responder_count);
        shift->next_fixes_s = shift->now_s + POSITION_PERIOD_S;
    }
    if (sim->options->incidents != NULL) {
        run_incidents(shift);
    } else {
        run_generator(shift);
    }
}

/* After the last report: let the open offers run out and people arrive, a while. */
static void settle(struct shift *shift, double simulated_s)
{
    double scale = shift->sim->options->scale;
    int64_t end_us = gx_clock_mono_us() + (int64_t)(simulated_s * scale * 1e6);
    int64_t before_us = gx_clock_mono_us();
    while (gx_clock_mono_us() < end_us) {
        (void)gx_streams_run(shift->sim->streams, 50);
        int64_t now_us = gx_clock_mono_us();
        double elapsed_s = (double)(now_us - before_us) / 1e6 / scale;
        before_us = now_us;
        shift->now_s += elapsed_s;
        sim_act(shift->sim, elapsed_s);
        if (shift->now_s >= shift->next_fixes_s) {
            (void)sim_post_positions(shift->sim, 0, shift->sim->responder_count);
            shift->next_fixes_s = shift->now_s + POSITION_PERIOD_S;
        }
    }
}

bool sim_shift(struct sim *sim)
{
    struct shift shift = {.sim = sim};
    if (!open_files(&shift)) {
        return false;
    }
    const struct sim_options *options = sim->options;
    double speed = options->replay_speed > 0 ? options->replay_speed : 1.0 / options->scale;
    (void)printf("a shift of %g minutes at %g times real time, %zu responders, %s\n",
                 options->minutes, speed, sim->responder_count,
                 options->incidents != NULL ? options->incidents : "seeded generator");
    int64_t before_us = gx_clock_mono_us();
    while (shift.now_s < options->minutes * 60) {
        (void)gx_streams_run(sim->streams, 20);
        int64_t now_us = gx_clock_mono_us();
        turn(&shift, (double)(now_us - before_us) / 1e6 * speed);
        before_us = now_us;
    }
    settle(&shift, 240);
    if (shift.acked != NULL) {
        (void)fclose(shift.acked);
    }
    bool told = sim->reports_sent > 0 && sim->reports_acked == sim->reports_sent;
    sim_rows_done(&shift.reports);
    for (size_t i = 0; i < sim->responder_count; i++) {
        sim->responders[i].track = NULL;
    }
    sim_rows_done(&shift.tracks);
    return sim_check(sim, told, "every report of the shift was acknowledged (%lld of %lld)",
                     (long long)sim->reports_acked, (long long)sim->reports_sent);
}
