/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator drives genxi's public API only: it makes the demo district, plays the two cases, plays a shift, and prints figures. What it
 * knows of an incident it heard on the stream like any duty desk.
 */
#ifndef SIM_H
#define SIM_H

#include "base/ctx.h"
#include "base/geo.h"
#include "web/client.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SIM_ID = 40,
    SIM_TOKEN = 160
};

/* A seeded generator (splitmix64): the same seed plays the same shift. */
struct sim_random {
    uint64_t state;
};
uint64_t sim_random_next(struct sim_random *random);
double sim_random_unit(struct sim_random *random);                     /* [0, 1) */
double sim_random_exponential(struct sim_random *random, double mean); /* > 0 */

enum sim_doing {
    SIM_PATROLS,
    SIM_DECIDES,
    SIM_DRIVES,
    SIM_WORKS
};

struct sim_responder {
    char id[SIM_ID];
    char org[SIM_ID];
    char force[12];
    int32_t area;
    struct gx_point home;
    struct gx_point at;
    struct gx_point target;
    double speed_mps; /* real metres a real second of the simulated world */
    enum sim_doing doing;
    int64_t due_us; /* when the next step of `doing` comes, monotonic; 0: none */
    bool will_accept;
    bool stays_silent;
    char offer[SIM_ID];
    char assignment[SIM_ID];
    char incident[SIM_ID];
    const char *track; /* follows this unit of --tracks */
};

struct sim_station {
    int32_t area;
    char org[SIM_ID];
    struct gx_point at;
};

struct sim_site {
    char id[SIM_ID];
    char partner[SIM_ID];
    struct gx_point at;
    int32_t area;
};

struct sim_incident {
    char id[SIM_ID];
    int64_t reported_ms; /* by the system's clock */
    int64_t first_offer_ms;
    int64_t first_accept_ms;
    int64_t filled_ms;
    int64_t first_scene_ms;
    int unfilled;
    int escalations;
    bool exercise;
    bool ended; /* the desk has closed or cancelled it */
};

struct sim_options {
    const char *dir;
    const char *url;
    const char *ca;
    uint64_t seed;
    double scale;  /* one simulated second lasts this many real ones; the matcher's timer_scale */
    double accept; /* share of offers accepted, 0.17..0.47; 0: by force */
    const char *incidents;
    const char *tracks;
    const char *start; /* RFC 3339: where in the file to begin */
    double minutes;    /* of simulated time */
    double rate;       /* multiplies the profile's calls */
    int64_t responders_max;
    const char *acked; /* file that gets the id of every acknowledged report, a line each */
    double
        tip_seconds; /* after how many an unfounded tip is purged here; 0: too late to wait for */
    double replay_speed; /* replay: simulated seconds of the file per real second; 0: by scale */
};

struct sim {
    const struct sim_options *options;
    struct gx_client *admin;
    struct gx_client *duty;
    struct gx_client_settings http;
    char duty_token[SIM_TOKEN];
    struct sim_random random;
    struct sim_station *stations;
    size_t station_count;
    struct sim_site *sites;
    size_t site_count;
    struct sim_responder *responders;
    size_t responder_count;
    struct sim_incident *incidents;
    size_t incident_count;
    size_t first_open; /* all before it have ended */
    struct gx_streams *streams;
    int checks_passed;
    int checks_failed;
    int64_t reports_sent;
    int64_t reports_acked;
    int64_t reports_merged;
    int64_t reports_refused;
    int64_t reports_repeated;
    int64_t positions_sent;
    int64_t positions_refused;
    int64_t accepts;
    int64_t declines;
    int64_t silences;
    int64_t lost_races; /* accepts that came too late */
};

/* --- world.c --- */
/* Imports the demo district through the API unless it stands already; makes keys of the roles needed. */
bool sim_world_make(struct sim *sim);
/* Reads stations, sites and the responders now on shift. */
bool sim_world_load(struct sim *sim);
/* A key of these roles (comma-separated), written to token. org, responder may be NULL. */
bool sim_make_key(struct sim *sim, const char *roles, const char *org, const char *responder,
                  char token[SIM_TOKEN]);
/* Posts the positions of responders [from, until) as now. */
bool sim_post_positions(struct sim *sim, size_t from, size_t until);
struct sim_responder *sim_find_responder(struct sim *sim, const char *id);
struct sim_incident *sim_find_incident(struct sim *sim, const char *id, bool make);

/* --- act.c: responders that move, accept, refuse, stay silent, arrive --- */
void sim_on_event(void *arg, void *tag, const struct gx_stream_event *event);
/* Everything that is due now; moves people by elapsed_s of simulated time. */
void sim_act(struct sim *sim, double elapsed_s);

/* --- shift.c --- */
bool sim_shift(struct sim *sim);

/* --- cases.c --- */
bool sim_case_roof(struct sim *sim, bool exercise);
bool sim_case_flat(struct sim *sim, bool exercise);

/* --- check.c: calls whose outcome is checked, and figures --- */
/* Counts a check; says what failed. */
bool sim_check(struct sim *sim, bool passed, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A call that must end with this status; the JSON (owned by the caller) or NULL. */
json_t *sim_call(struct sim *sim, struct gx_client *client, const char *method, const char *path,
                 const json_t *body, long status, const char *what);
/* GETs path until `found` says yes or wait_ms have passed; the JSON or NULL. */
json_t *sim_wait(struct sim *sim, struct gx_client *client, const char *path,
                 bool (*found)(const json_t *, const void *), const void *arg, int wait_ms,
                 const char *what);
const char *sim_text(const json_t *json, const char *key); /* "" when absent */
void sim_print_figures(const struct sim *sim);

#endif
