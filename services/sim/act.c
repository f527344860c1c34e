/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How people behave: they patrol near home; an offer is answered after 2 to 12 s (accepted, refused, or not at all, as published practice has
 * it: 17 to 47 % accept); who accepted drives straight to the place at the force's speed, works there for some minutes and goes home.
 */
#include "sim.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double METRES_PER_DEGREE = 111195.0;
static const double ARRIVED_M = 30.0;

static int64_t after_us(const struct sim *sim, double simulated_s)
{
    return gx_clock_mono_us() + (int64_t)(simulated_s * sim->options->scale * 1e6);
}

static double accept_share(const struct sim *sim, const struct sim_responder *responder)
{
    if (sim->options->accept > 0) {
        return sim->options->accept;
    }
    /* Professionals on duty say yes more often; the published span is 17 to 47 %, police on shift are above it. */
    if (strcmp(responder->force, "police") == 0) {
        return 0.85;
    }
    return strcmp(responder->force, "volunteer") == 0 ? 0.17
           : strcmp(responder->force, "patrol") == 0  ? 0.47
                                                      : 0.40;
}

static void take_offer(struct sim *sim, const json_t *offer)
{
    struct sim_responder *responder = sim_find_responder(sim, sim_text(offer, "responder_id"));
    if (responder == NULL) {
        return;
    }
    (void)snprintf(responder->offer, sizeof responder->offer, "%s", sim_text(offer, "id"));
    (void)snprintf(responder->incident, sizeof responder->incident, "%s",
                   sim_text(offer, "incident_id"));
    responder->target = (struct gx_point){json_number_value(json_object_get(offer, "lon")),
                                          json_number_value(json_object_get(offer, "lat"))};
    double dice = sim_random_unit(&sim->random);
    double accept = accept_share(sim, responder);
    responder->will_accept = dice < accept;
    responder->stays_silent = dice >= accept + (1 - accept) / 2;
    responder->doing = SIM_DECIDES;
    responder->due_us = after_us(sim, 2 + 10 * sim_random_unit(&sim->random));
}

static void go_home(struct sim_responder *responder)
{
    responder->doing = SIM_PATROLS;
    responder->target = responder->home;
    responder->due_us = 0;
    responder->offer[0] = '\0';
    responder->assignment[0] = '\0';
    responder->incident[0] = '\0';
}

static void offer_ended(struct sim *sim, const json_t *offer)
{
    struct sim_responder *responder = sim_find_responder(sim, sim_text(offer, "responder_id"));
    bool accepted = strcmp(sim_text(offer, "state"), "accepted") == 0;
    if (responder != NULL && !accepted && strcmp(responder->offer, sim_text(offer, "id")) == 0 &&
        responder->doing == SIM_DECIDES) {
        go_home(responder);
    }
}

static void take_assignment(struct sim *sim, const json_t *assignment, const json_t *event)
{
    struct sim_responder *responder = sim_find_responder(sim, sim_text(assignment, "responder_id"));
    struct sim_incident *incident =
        sim_find_incident(sim, sim_text(assignment, "incident_id"), true);
    const char *state = sim_text(assignment, "state");
    int64_t at_ms = 0;
    (void)gx_time_parse(sim_text(event, "at"), &at_ms);
    if (incident->first_accept_ms == 0) {
        incident->first_accept_ms = at_ms;
    }
    if (strcmp(state, "on_scene") == 0 && incident->first_scene_ms == 0) {
        incident->first_scene_ms = at_ms;
    }
    if (responder == NULL) {
        return;
    }
    if (strcmp(state, "stood_down") == 0 || strcmp(state, "done") == 0 ||
        strcmp(state, "abandoned") == 0) {
        if (strcmp(responder->assignment, sim_text(assignment, "id")) == 0) {
            go_home(responder);
        }
    } else {
        (void)snprintf(responder->assignment, sizeof responder->assignment, "%s",
                       sim_text(assignment, "id"));
        (void)snprintf(responder->incident, sizeof responder->incident, "%s", incident->id);
    }
}

static void take_incident(struct sim *sim, const json_t *data)
{
    const json_t *body = json_object_get(data, "incident");
    struct sim_incident *incident = sim_find_incident(sim, sim_text(body, "id"), true);
    incident->exercise = json_is_true(json_object_get(body, "exercise"));
    (void)gx_time_parse(sim_text(json_object_get(body, "times"), "reported_at"),
                        &incident->reported_ms);
}

void sim_on_event(void *arg, void *tag, const struct gx_stream_event *event)
{
    (void)tag;
    struct sim *sim = arg;
    if (strcmp(event->type, "positions.moved") == 0) {
        return;
    }
    json_t *json = json_loads(event->data, 0, NULL);
    const json_t *data = json_object_get(json, "data");
    struct sim_incident *incident = sim_find_incident(sim, sim_text(data, "incident_id"), false);
    int64_t at_ms = 0;
    (void)gx_time_parse(sim_text(json, "at"), &at_ms);
    if (strcmp(event->type, "incident.opened") == 0) {
        take_incident(sim, data);
    } else if (strcmp(event->type, "offer.made") == 0) {
        const json_t *offer = json_object_get(data, "offer");
        incident = sim_find_incident(sim, sim_text(offer, "incident_id"), true);
        incident->first_offer_ms = incident->first_offer_ms == 0 ? at_ms : incident->first_offer_ms;
        take_offer(sim, offer);
    } else if (strcmp(event->type, "offer.ended") == 0) {
        offer_ended(sim, json_object_get(data, "offer"));
    } else if (strcmp(event->type, "assignment.changed") == 0) {
        take_assignment(sim, json_object_get(data, "assignment"), json);
    } else if (incident != NULL && strcmp(event->type, "team.filled") == 0) {
        incident->filled_ms = incident->filled_ms == 0 ? at_ms : incident->filled_ms;
    } else if (incident != NULL && strcmp(event->type, "slot.unfilled") == 0) {
        incident->unfilled++;
    } else if (incident != NULL && strcmp(event->type, "ladder.rung") == 0) {
        incident->escalations += json_is_false(json_object_get(data, "met")) ? 1 : 0;
    }
    json_decref(json);
}

static long post(struct sim *sim, const char *path, const char *body_key, const char *body_value,
                 json_t **ret_json)
{
    char key[GX_ID_SIZE];
    struct gx_answer answer = {0};
    json_t *body = body_key == NULL ? json_object() : json_pack("{s:s}", body_key, body_value);
    enum gx_rc rc = gx_client_call(sim->duty, "POST", path, body, gx_id_new(key), &answer);
    json_decref(body);
    long status = rc == GX_OK ? answer.status : 0;
    if (ret_json != NULL) {
        *ret_json = json_incref(answer.json);
    }
    gx_answer_done(&answer);
    return status;
}

static void decide(struct sim *sim, struct sim_responder *responder)
{
    char path[128];
    if (responder->stays_silent && !responder->will_accept) {
        sim->silences++;
        responder->due_us = 0; /* the offer runs out; offer.ended sends us home */
        return;
    }
    (void)snprintf(path, sizeof path, "/v1/offers/%s/%s", responder->offer,
                   responder->will_accept ? "accept" : "decline");
    json_t *json = NULL;
    long status = post(sim, path, responder->will_accept ? NULL : "reason", "busy", &json);
    if (!responder->will_accept) {
        sim->declines++;
        go_home(responder);
    } else if (status == 200) {
        sim->accepts++;
        (void)snprintf(responder->assignment, sizeof responder->assignment, "%s",
                       sim_text(json, "id"));
        (void)snprintf(path, sizeof path, "/v1/assignments/%s/status", responder->assignment);
        (void)post(sim, path, "state", "en_route", NULL);
        responder->doing = SIM_DRIVES;
        responder->due_us = 0;
    } else {
        sim->lost_races++;
        go_home(responder);
    }
    json_decref(json);
}

/* Straight toward the target; true when there. */
static bool move(struct sim_responder *responder, double elapsed_s)
{
    double left_m = gx_geo_distance_m(responder->at, responder->target);
    double step_m = responder->speed_mps * elapsed_s;
    if (left_m <= ARRIVED_M || step_m >= left_m) {
        responder->at = responder->target;
        return true;
    }
    responder->at.lon += (responder->target.lon - responder->at.lon) * step_m / left_m;
    responder->at.lat += (responder->target.lat - responder->at.lat) * step_m / left_m;
    return false;
}

static void patrol(struct sim *sim, struct sim_responder *responder, double elapsed_s)
{
    if (responder->track != NULL || !move(responder, elapsed_s * 0.4)) {
        return;
    }
    double reach = strcmp(responder->force, "guard") == 0 ? 60.0 : 600.0;
    double angle = sim_random_unit(&sim->random) * 2 * M_PI;
    double radius = sim_random_unit(&sim->random) * reach / METRES_PER_DEGREE;
    responder->target = (struct gx_point){responder->home.lon + radius * cos(angle),
                                          responder->home.lat + radius * sin(angle)};
}

static void arrive(struct sim *sim, struct sim_responder *responder)
{
    char path[128];
    (void)snprintf(path, sizeof path, "/v1/assignments/%s/status", responder->assignment);
    (void)post(sim, path, "state", "on_scene", NULL);
    responder->doing = SIM_WORKS;
    responder->due_us = after_us(sim, 120 + sim_random_exponential(&sim->random, 240));
}

/* The duty desk moves an incident on; what the state does not allow is refused and no harm. */
static void conclude(struct sim *sim, const char *incident, const char *state)
{
    char path[128];
    char key[GX_ID_SIZE];
    struct gx_answer answer = {0};
    (void)snprintf(path, sizeof path, "/v1/incidents/%s/transitions", incident);
    json_t *body =
        json_pack("{s:s, s:s, s:s}", "to", state, "disposition", "settled", "reason", "演示");
    (void)gx_client_call(sim->duty, "POST", path, body, gx_id_new(key), &answer);
    json_decref(body);
    gx_answer_done(&answer);
}

/* Work is done: the first to finish settles the incident, the desk closes it. */
static void finish(struct sim *sim, struct sim_responder *responder)
{
    char path[128];
    (void)snprintf(path, sizeof path, "/v1/assignments/%s/status", responder->assignment);
    (void)post(sim, path, "state", "done", NULL);
    struct sim_incident *incident = sim_find_incident(sim, responder->incident, false);
    if (incident != NULL && !incident->ended) {
        incident->ended = true;
        conclude(sim, incident->id, "handled");
        conclude(sim, incident->id, "fed_back");
        conclude(sim, incident->id, "closed");
    }
    go_home(responder);
}

/* Nobody came for a quarter of an hour: the desk settles it by telephone. */
static void give_up_old(struct sim *sim)
{
    int64_t oldest_ms = gx_clock_wall_ms() - (int64_t)(900 * 1000 * sim->options->scale);
    for (size_t i = sim->first_open; i < sim->incident_count; i++) {
        struct sim_incident *incident = &sim->incidents[i];
        bool old = incident->reported_ms != 0 && incident->reported_ms < oldest_ms;
        if (!incident->ended && old && incident->first_scene_ms == 0 && !incident->exercise) {
            incident->ended = true;
            conclude(sim, incident->id, "cancelled");
        }
        if (incident->ended && i == sim->first_open) {
            sim->first_open++;
        }
    }
}

void sim_act(struct sim *sim, double elapsed_s)
{
    give_up_old(sim);
    for (size_t i = 0; i < sim->responder_count; i++) {
        struct sim_responder *responder = &sim->responders[i];
        bool due = responder->due_us != 0 && responder->due_us <= gx_clock_mono_us();
        switch (responder->doing) {
        case SIM_PATROLS:
            patrol(sim, responder, elapsed_s);
            break;
        case SIM_DECIDES:
            if (due) {
                decide(sim, responder);
            }
            break;
        case SIM_DRIVES:
            if (move(responder, elapsed_s)) {
                arrive(sim, responder);
            }
            break;
        case SIM_WORKS:
            if (due) {
                finish(sim, responder);
            }
            break;
        }
    }
}
