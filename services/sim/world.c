/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include "base/clock.h"
#include "district.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    POSITIONS_A_CALL = 100
};

static bool import_one(struct sim *sim, const struct gx_district *district,
                       enum gx_district_file kind, const char *name)
{
    char path[64];
    char what[96];
    char key[GX_ID_SIZE];
    char *text = gx_district_text(district, kind);
    if (text == NULL) {
        return false;
    }
    (void)snprintf(path, sizeof path, "/v1/imports/%s", name);
    bool geojson = text[0] == '{';
    struct gx_answer answer = {0};
    enum gx_rc rc =
        gx_client_send(sim->admin, "POST", path, geojson ? "application/geo+json" : "text/csv",
                       text, strlen(text), gx_id_new(key), &answer);
    free(text);
    bool done = rc == GX_OK && (answer.status == 200 || answer.status == 201);
    (void)snprintf(what, sizeof what, "import of %s: %lld rows", name,
                   (long long)json_integer_value(json_object_get(answer.json, "rows")));
    (void)sim_check(sim, done, "%s%s%.300s", what, done ? "" : ": ",
                    done || answer.body == NULL ? "" : answer.body);
    gx_answer_done(&answer);
    return done;
}

bool sim_make_key(struct sim *sim, const char *roles, const char *org, const char *responder,
                  char token[SIM_TOKEN])
{
    json_t *list = json_array();
    json_t *areas = json_array();
    char copy[128];
    (void)snprintf(copy, sizeof copy, "%s", roles);
    char *rest = NULL;
    for (char *role = strtok_r(copy, ",", &rest); role != NULL; role = strtok_r(NULL, ",", &rest)) {
        (void)json_array_append_new(list, json_string(role));
    }
    for (size_t i = 0; i < sim->station_count; i++) {
        (void)json_array_append_new(areas, json_integer(sim->stations[i].area));
    }
    (void)json_array_append_new(areas, json_integer(53011200));
    json_t *body = json_pack("{s:s, s:o, s:o, s:s}", "org_id", org, "roles", list, "areas", areas,
                             "name", "simulator");
    if (responder != NULL) {
        (void)json_object_set_new(body, "responder_id", json_string(responder));
    }
    char what[96];
    (void)snprintf(what, sizeof what, "a key with roles %.60s", roles);
    json_t *made = sim_call(sim, sim->admin, "POST", "/v1/keys", body, 201, what);
    json_decref(body);
    (void)snprintf(token, SIM_TOKEN, "%s", sim_text(made, "secret"));
    json_decref(made);
    return token[0] != '\0';
}

/* Calls take(item) for every item of a paged list. */
static bool each_item(struct sim *sim, const char *path, void (*take)(struct sim *, const json_t *))
{
    char url[4096];
    char cursor[2048] = "";
    do {
        (void)snprintf(url, sizeof url, "%s%s%s", path,
                       cursor[0] == '\0' ? "" : "&cursor=", cursor);
        struct gx_answer answer = {0};
        enum gx_rc rc = gx_client_call(sim->duty, "GET", url, NULL, NULL, &answer);
        if (rc != GX_OK || answer.status != 200) {
            (void)sim_check(sim, false, "GET %s gave %ld %.200s", url, answer.status,
                            answer.body == NULL ? "" : answer.body);
            gx_answer_done(&answer);
            return false;
        }
        size_t i = 0;
        json_t *item = NULL;
        json_array_foreach(json_object_get(answer.json, "items"), i, item)
        {
            take(sim, item);
        }
        (void)snprintf(cursor, sizeof cursor, "%s", sim_text(answer.json, "next_cursor"));
        gx_answer_done(&answer);
    } while (cursor[0] != '\0');
    return true;
}

/* Room for one more element of a growing array. */
static void *grow(void *array, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0 && count != 0) {
        return array;
    }
    void *bigger = realloc(array, (count == 0 ? 1 : count * 2) * size);
    if (bigger == NULL) {
        abort();
    }
    return bigger;
}

static struct gx_point point_of(const json_t *item)
{
    return (struct gx_point){json_number_value(json_object_get(item, "lon")),
                             json_number_value(json_object_get(item, "lat"))};
}

static void take_station(struct sim *sim, const json_t *item)
{
    sim->stations = grow(sim->stations, sim->station_count, sizeof *sim->stations);
    struct sim_station *station = &sim->stations[sim->station_count++];
    *station = (struct sim_station){
        .area = (int32_t)json_integer_value(json_object_get(item, "area")), .at = point_of(item)};
    (void)snprintf(station->org, sizeof station->org, "%s", sim_text(item, "org_id"));
}

static void take_site(struct sim *sim, const json_t *item)
{
    sim->sites = grow(sim->sites, sim->site_count, sizeof *sim->sites);
    struct sim_site *site = &sim->sites[sim->site_count++];
    *site = (struct sim_site){.at = point_of(item),
                              .area = (int32_t)json_integer_value(json_object_get(item, "area"))};
    (void)snprintf(site->id, sizeof site->id, "%s", sim_text(item, "id"));
    (void)snprintf(site->partner, sizeof site->partner, "%s", sim_text(item, "partner_id"));
}

/* A place near home: at the site for those who have one, else anywhere in the station's neighbourhood. */
static struct gx_point home_of(struct sim *sim, const json_t *item, int32_t area)
{
    const char *site = sim_text(item, "site_id");
    for (size_t i = 0; site[0] != '\0' && i < sim->site_count; i++) {
        if (strcmp(sim->sites[i].id, site) == 0) {
            return sim->sites[i].at;
        }
    }
    struct gx_point at = {102.668, 25.02};
    for (size_t i = 0; i < sim->station_count; i++) {
        if (sim->stations[i].area == area) {
            at = sim->stations[i].at;
        }
    }
    double angle = sim_random_unit(&sim->random) * 2 * M_PI;
    double radius = sqrt(sim_random_unit(&sim->random)) * 0.012;
    return (struct gx_point){at.lon + radius * cos(angle), at.lat + radius * sin(angle)};
}

static void take_responder(struct sim *sim, const json_t *item)
{
    if (sim->options->responders_max > 0 &&
        sim->responder_count >= (size_t)sim->options->responders_max) {
        return;
    }
    sim->responders = grow(sim->responders, sim->responder_count, sizeof *sim->responders);
    struct sim_responder *responder = &sim->responders[sim->responder_count++];
    int32_t area = (int32_t)json_integer_value(json_object_get(item, "area"));
    *responder = (struct sim_responder){.area = area, .home = home_of(sim, item, area)};
    responder->at = responder->home;
    responder->target = responder->home;
    (void)snprintf(responder->id, sizeof responder->id, "%s", sim_text(item, "id"));
    (void)snprintf(responder->org, sizeof responder->org, "%s", sim_text(item, "org_id"));
    (void)snprintf(responder->force, sizeof responder->force, "%s", sim_text(item, "force"));
    responder->speed_mps = strcmp(responder->force, "police") == 0   ? 11.0
                           : strcmp(responder->force, "patrol") == 0 ? 5.0
                                                                     : 2.5;
}

static bool duty_client(struct sim *sim)
{
    struct gx_client_settings settings = sim->http;
    settings.token = sim->duty_token;
    return sim->duty != NULL || gx_client_open(&settings, &sim->duty) == GX_OK;
}

static bool stands_already(struct sim *sim)
{
    struct gx_answer answer = {0};
    bool stands =
        gx_client_call(sim->admin, "GET", "/v1/shifts?limit=1", NULL, NULL, &answer) == GX_OK &&
        json_array_size(json_object_get(answer.json, "items")) > 0;
    gx_answer_done(&answer);
    return stands;
}

static bool keep_duty_key(struct sim *sim)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/secrets/duty.key", sim->options->dir);
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        size_t size = fread(sim->duty_token, 1, sizeof sim->duty_token - 1, file);
        sim->duty_token[size] = '\0';
        sim->duty_token[strcspn(sim->duty_token, "\n")] = '\0';
        (void)fclose(file);
        return sim->duty_token[0] != '\0';
    }
    if (!sim_make_key(sim, "duty,drill,approver", sim->stations[0].org, NULL, sim->duty_token)) {
        return false;
    }
    file = fopen(path, "w");
    if (file != NULL) {
        (void)fprintf(file, "%s\n", sim->duty_token);
        (void)fclose(file);
    }
    return true;
}

static bool load_stations(struct sim *sim)
{
    struct gx_answer answer = {0};
    if (gx_client_call(sim->admin, "GET", "/v1/stations", NULL, NULL, &answer) != GX_OK ||
        answer.status != 200) {
        (void)sim_check(sim, false, "GET /v1/stations gave %ld %.200s", answer.status,
                        answer.body == NULL ? "" : answer.body);
        gx_answer_done(&answer);
        return false;
    }
    sim->station_count = 0;
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(answer.json, "items"), i, item)
    {
        take_station(sim, item);
    }
    gx_answer_done(&answer);
    return sim->station_count > 0;
}

bool sim_world_make(struct sim *sim)
{
    if (!stands_already(sim)) {
        struct gx_district district;
        if (gx_district_make(sim->options->seed, gx_clock_wall_ms(), &district) != GX_OK) {
            return sim_check(sim, false, "the demo district could not be made");
        }
        bool made = import_one(sim, &district, GX_DISTRICT_STATIONS, "stations") &&
                    import_one(sim, &district, GX_DISTRICT_PARTNERS, "partners") &&
                    import_one(sim, &district, GX_DISTRICT_SITES, "sites") &&
                    import_one(sim, &district, GX_DISTRICT_RESPONDERS, "responders") &&
                    import_one(sim, &district, GX_DISTRICT_SHIFTS, "shifts") &&
                    import_one(sim, &district, GX_DISTRICT_TEAMS, "teams");
        gx_district_done(&district);
        if (!made) {
            return false;
        }
    }
    return load_stations(sim) && keep_duty_key(sim) && duty_client(sim);
}

bool sim_world_load(struct sim *sim)
{
    sim->site_count = 0;
    sim->responder_count = 0;
    bool loaded = each_item(sim, "/v1/sites?limit=500", take_site) &&
                  each_item(sim, "/v1/responders?on_shift=true&limit=500", take_responder);
    return sim_check(sim, loaded && sim->responder_count > 0,
                     "%zu stations, %zu sites, %zu responders on shift", sim->station_count,
                     sim->site_count, sim->responder_count);
}

struct sim_responder *sim_find_responder(struct sim *sim, const char *id)
{
    for (size_t i = 0; i < sim->responder_count; i++) {
        if (strcmp(sim->responders[i].id, id) == 0) {
            return &sim->responders[i];
        }
    }
    return NULL;
}

struct sim_incident *sim_find_incident(struct sim *sim, const char *id, bool make)
{
    for (size_t i = sim->incident_count; i > 0; i--) {
        if (strcmp(sim->incidents[i - 1].id, id) == 0) {
            return &sim->incidents[i - 1];
        }
    }
    if (!make) {
        return NULL;
    }
    sim->incidents = grow(sim->incidents, sim->incident_count, sizeof *sim->incidents);
    struct sim_incident *incident = &sim->incidents[sim->incident_count++];
    *incident = (struct sim_incident){0};
    (void)snprintf(incident->id, sizeof incident->id, "%s", id);
    return incident;
}

static bool post_batch(struct sim *sim, size_t from, size_t until)
{
    char now[GX_TIME_TEXT_SIZE];
    (void)gx_time_format(gx_clock_wall_ms(), now);
    json_t *list = json_array();
    for (size_t i = from; i < until; i++) {
        const struct sim_responder *responder = &sim->responders[i];
        (void)json_array_append_new(list, json_pack("{s:s, s:f, s:f, s:s}", "responder_id",
                                                    responder->id, "lon", responder->at.lon, "lat",
                                                    responder->at.lat, "at", now));
    }
    json_t *body = json_pack("{s:o}", "positions", list);
    struct gx_answer answer = {0};
    char key[GX_ID_SIZE];
    enum gx_rc rc =
        gx_client_call(sim->duty, "POST", "/v1/positions", body, gx_id_new(key), &answer);
    json_decref(body);
    bool taken = rc == GX_OK && answer.status == 202;
    if (taken) {
        sim->positions_sent += (int64_t)(until - from);
        sim->positions_refused += (int64_t)json_array_size(json_object_get(answer.json, "refused"));
    }
    gx_answer_done(&answer);
    return taken;
}

bool sim_post_positions(struct sim *sim, size_t from, size_t until)
{
    bool taken = true;
    for (size_t at = from; at < until; at += POSITIONS_A_CALL) {
        size_t end = at + POSITIONS_A_CALL < until ? at + POSITIONS_A_CALL : until;
        taken = post_batch(sim, at, end) && taken;
    }
    return taken;
}
