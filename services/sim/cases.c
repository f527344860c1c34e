/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

bool case_party_open(struct sim *sim, struct case_party *party, const char *roles, const char *org,
                     const char *responder)
{
    if (!sim_make_key(sim, roles, org, responder, party->token)) {
        return false;
    }
    struct gx_client_settings settings = sim->http;
    settings.token = party->token;
    return gx_client_open(&settings, &party->client) == GX_OK;
}

void case_party_close(struct case_party *party)
{
    gx_client_free(party->client);
    party->client = NULL;
}

static json_t *statistics(struct sim *sim)
{
    char path[160];
    char now[GX_TIME_TEXT_SIZE];
    struct gx_answer answer = {0};
    (void)snprintf(path, sizeof path, "/v1/statistics?from_at=2020-01-01T00:00:00Z&until_at=%s",
                   gx_time_format(gx_clock_wall_ms() + 3600000, now));
    json_t *json = NULL;
    if (gx_client_call(sim->duty, "GET", path, NULL, NULL, &answer) == GX_OK &&
        answer.status == 200) {
        json = json_incref(answer.json);
    }
    gx_answer_done(&answer);
    return json;
}

int64_t case_incidents_counted(struct sim *sim)
{
    json_t *json = statistics(sim);
    int64_t count =
        json == NULL ? -1 : (int64_t)json_integer_value(json_object_get(json, "incidents"));
    json_decref(json);
    return count;
}

static int police_accepted(const json_t *team)
{
    int accepted = 0;
    size_t i = 0;
    json_t *slot = NULL;
    json_array_foreach(json_object_get(team, "slots"), i, slot)
    {
        if (strcmp(sim_text(slot, "force"), "police") == 0) {
            accepted += (int)json_integer_value(json_object_get(slot, "accepted"));
        }
    }
    return accepted;
}

static bool slots_full(const json_t *team, const void *arg)
{
    const char *force = arg;
    bool any = false;
    size_t i = 0;
    json_t *slot = NULL;
    json_array_foreach(json_object_get(team, "slots"), i, slot)
    {
        if (strcmp(sim_text(slot, "force"), force) == 0) {
            any = true;
            if (json_integer_value(json_object_get(slot, "accepted")) <
                json_integer_value(json_object_get(slot, "count"))) {
                return false;
            }
        }
    }
    return any;
}

/* Everybody who is offered the job says yes, by a device key of their own, until the police slots are full. */
bool case_accept_police(struct sim *sim, const char *incident, struct case_party *first_police,
                        char first_responder[SIM_ID])
{
    char path[128];
    char team_path[128];
    (void)snprintf(path, sizeof path, "/v1/offers?incident_id=%s&open=true", incident);
    (void)snprintf(team_path, sizeof team_path, "/v1/incidents/%s/team", incident);
    int64_t end_us = gx_clock_mono_us() + (int64_t)CASE_WAIT_MS * 1000;
    bool full = false;
    while (!full && gx_clock_mono_us() < end_us) {
        struct gx_answer answer = {0};
        (void)gx_client_call(sim->duty, "GET", path, NULL, NULL, &answer);
        size_t i = 0;
        json_t *offer = NULL;
        json_array_foreach(json_object_get(answer.json, "items"), i, offer)
        {
            struct sim_responder *responder =
                sim_find_responder(sim, sim_text(offer, "responder_id"));
            if (responder == NULL || strcmp(responder->force, "police") != 0) {
                continue;
            }
            struct case_party device = {0};
            char accept[128];
            (void)snprintf(accept, sizeof accept, "/v1/offers/%s/accept", sim_text(offer, "id"));
            if (!case_party_open(sim, &device, "police,responder", responder->org, responder->id)) {
                continue;
            }
            responder->doing = SIM_WORKS; /* the case moves this one, not the shift */
            responder->due_us = 0;
            struct gx_answer accepted = {0};
            (void)gx_client_call(device.client, "POST", accept, NULL, NULL, &accepted);
            if (accepted.status == 200 && first_police->client == NULL) {
                *first_police = device;
                (void)snprintf(first_responder, SIM_ID, "%s", responder->id);
            } else {
                case_party_close(&device);
            }
            gx_answer_done(&accepted);
        }
        gx_answer_done(&answer);
        struct gx_answer team = {0};
        (void)gx_client_call(sim->duty, "GET", team_path, NULL, NULL, &team);
        full = police_accepted(team.json) > 0 && slots_full(team.json, "police");
        gx_answer_done(&team);
        (void)gx_streams_run(sim->streams, 100);
    }
    return sim_check(
        sim, full, "the nearest police are offered the job and accept until their slots are full");
}

bool case_set_status(struct sim *sim, struct gx_client *client, const char *incident,
                     const char *responder, const char *state, const char *what)
{
    char path[160];
    struct gx_answer answer = {0};
    (void)snprintf(path, sizeof path, "/v1/assignments?incident_id=%s&responder_id=%s", incident,
                   responder);
    (void)gx_client_call(client, "GET", path, NULL, NULL, &answer);
    (void)snprintf(path, sizeof path, "/v1/assignments/%s/status",
                   sim_text(json_array_get(json_object_get(answer.json, "items"), 0), "id"));
    gx_answer_done(&answer);
    json_t *body = json_pack("{s:s}", "state", state);
    json_t *done = sim_call(sim, client, "POST", path, body, 200, what);
    json_decref(body);
    bool good = done != NULL;
    json_decref(done);
    return good;
}

void case_release_all(struct sim *sim)
{
    for (size_t i = 0; i < sim->responder_count; i++) {
        struct sim_responder *responder = &sim->responders[i];
        if (responder->doing == SIM_WORKS && responder->due_us == 0) {
            responder->doing = SIM_PATROLS;
            responder->target = responder->home;
            responder->offer[0] = '\0';
            responder->assignment[0] = '\0';
        }
    }
}
