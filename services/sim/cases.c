/* SPDX-License-Identifier: Apache-2.0 */
/* The two cases of the programme, step by step, each step checked; live and as drill. */
#include "cards.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GUARDS = 2,
    POLICE_MAX = 4,
    WAIT_MS = 15000
};

/* Somebody with a key of their own. */
struct party {
    struct gx_client *client;
    char token[SIM_TOKEN];
};

static bool party_open(struct sim *sim, struct party *party, const char *roles, const char *org,
                       const char *responder)
{
    if (!sim_make_key(sim, roles, org, responder, party->token)) {
        return false;
    }
    struct gx_client_settings settings = sim->http;
    settings.token = party->token;
    return gx_client_open(&settings, &party->client) == GX_OK;
}

static void party_close(struct party *party)
{
    gx_client_free(party->client);
    party->client = NULL;
}

struct roof {
    struct sim *sim;
    bool exercise;
    struct sim_responder *guards[GUARDS];
    const struct sim_site *site;
    struct party desk;      /* the property company */
    struct party neighbour; /* another organisation, reports the same roof */
    struct party stranger;  /* an organisation that has nothing to do with it */
    struct party fire;
    struct party guard_devices[GUARDS];
    struct sim_cards *cards; /* what the devices hear */
    char incident[SIM_ID];
    char report[SIM_ID];
    char path[128];
};

/* An organisation of this kind, not one of the two given; "" if none. */
static void find_org(struct sim *sim, const char *kind, const char *not_a, const char *not_b,
                     char org[SIM_ID])
{
    char path[128];
    struct gx_answer answer = {0};
    org[0] = '\0';
    (void)snprintf(path, sizeof path, "/v1/partners?kind=%s&limit=50", kind);
    if (gx_client_call(sim->duty, "GET", path, NULL, NULL, &answer) == GX_OK &&
        answer.status == 200) {
        size_t i = 0;
        json_t *item = NULL;
        json_array_foreach(json_object_get(answer.json, "items"), i, item)
        {
            const char *id = sim_text(item, "id");
            if (org[0] == '\0' && strcmp(id, not_a) != 0 && strcmp(id, not_b) != 0) {
                (void)snprintf(org, SIM_ID, "%s", id);
            }
        }
    }
    gx_answer_done(&answer);
}

static const struct sim_site *site_of(const struct sim *sim, const struct sim_responder *responder)
{
    for (size_t i = 0; i < sim->site_count; i++) {
        if (strcmp(sim->sites[i].partner, responder->org) == 0 &&
            gx_geo_distance_m(sim->sites[i].at, responder->home) < 1.0) {
            return &sim->sites[i];
        }
    }
    return NULL;
}

/* Two idle guards of one site. */
static bool find_guards(struct roof *roof)
{
    struct sim *sim = roof->sim;
    for (size_t i = 0; i < sim->responder_count; i++) {
        struct sim_responder *first = &sim->responders[i];
        roof->site = strcmp(first->force, "guard") == 0 && first->doing == SIM_PATROLS
                         ? site_of(sim, first)
                         : NULL;
        for (size_t j = i + 1; roof->site != NULL && j < sim->responder_count; j++) {
            struct sim_responder *second = &sim->responders[j];
            if (strcmp(second->force, "guard") == 0 && second->doing == SIM_PATROLS &&
                strcmp(second->org, first->org) == 0 &&
                gx_geo_distance_m(second->home, first->home) < 1.0) {
                roof->guards[0] = first;
                roof->guards[1] = second;
                return true;
            }
        }
    }
    return false;
}

static bool open_parties(struct roof *roof)
{
    struct sim *sim = roof->sim;
    char neighbour[SIM_ID];
    char stranger[SIM_ID];
    char fire[SIM_ID];
    bool found = find_guards(roof);
    (void)sim_check(sim, found, "a property company with two guards on duty at one site");
    if (!found) {
        return false;
    }
    const char *own = roof->guards[0]->org;
    find_org(sim, "hotel", own, "", neighbour);
    find_org(sim, "school", own, neighbour, stranger);
    find_org(sim, "fire", own, "", fire);
    return party_open(sim, &roof->desk, roof->exercise ? "desk,drill" : "desk", own, NULL) &&
           party_open(sim, &roof->neighbour, roof->exercise ? "desk,drill" : "desk", neighbour,
                      NULL) &&
           party_open(sim, &roof->stranger, "desk", stranger, NULL) &&
           party_open(sim, &roof->fire, "linked", fire, NULL) &&
           party_open(sim, &roof->guard_devices[0], "responder", own, roof->guards[0]->id) &&
           party_open(sim, &roof->guard_devices[1], "responder", own, roof->guards[1]->id);
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

static int64_t incidents_counted(struct sim *sim)
{
    json_t *json = statistics(sim);
    int64_t count =
        json == NULL ? -1 : (int64_t)json_integer_value(json_object_get(json, "incidents"));
    json_decref(json);
    return count;
}

/* The duty desk of the property company reports; two guards are on their way up. */
static bool report_roof(struct roof *roof)
{
    struct sim *sim = roof->sim;
    json_t *body =
        json_pack("{s:s, s:s, s:s, s:s, s:i, s:b, s:{s:s, s:s}, s:[s, s], s:s}", "type",
                  "jump_threat", "site_id", roof->site->id, "address", "7幢楼顶", "text",
                  "有人因欠薪扬言跳楼,我方两名保安正赶往楼顶", "grade", 1, "exercise",
                  roof->exercise, "reporter", "name", "演示报警人", "phone", "13800000000",
                  "responding", roof->guards[0]->id, roof->guards[1]->id, "source", "desk");
    json_t *made = sim_call(sim, roof->desk.client, "POST", "/v1/reports", body, 201,
                            "the property company's desk reports the roof");
    json_decref(body);
    if (made == NULL) {
        return false;
    }
    (void)snprintf(roof->incident, sizeof roof->incident, "%s", sim_text(made, "incident_id"));
    (void)snprintf(roof->report, sizeof roof->report, "%s", sim_text(made, "report_id"));
    bool fresh = sim_check(sim, json_is_false(json_object_get(made, "merged")),
                           "it is a new incident, %s", sim_text(made, "number"));
    json_decref(made);
    return fresh;
}

static bool guards_joined(const json_t *team, const void *arg)
{
    const struct roof *roof = arg;
    int joined = 0;
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(team, "assignments"), i, item)
    {
        for (int g = 0; g < GUARDS; g++) {
            joined += strcmp(sim_text(item, "responder_id"), roof->guards[g]->id) == 0 &&
                              json_is_true(json_object_get(item, "self_dispatched"))
                          ? 1
                          : 0;
        }
    }
    return joined == GUARDS;
}

static const char *roof_path(struct roof *roof, const char *tail)
{
    (void)snprintf(roof->path, sizeof roof->path, "/v1/incidents/%s%s", roof->incident, tail);
    return roof->path;
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
static bool accept_police(struct sim *sim, const char *incident, struct party *first_police,
                          char first_responder[SIM_ID])
{
    char path[128];
    char team_path[128];
    (void)snprintf(path, sizeof path, "/v1/offers?incident_id=%s&open=true", incident);
    (void)snprintf(team_path, sizeof team_path, "/v1/incidents/%s/team", incident);
    int64_t end_us = gx_clock_mono_us() + (int64_t)WAIT_MS * 1000;
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
            struct party device = {0};
            char accept[128];
            (void)snprintf(accept, sizeof accept, "/v1/offers/%s/accept", sim_text(offer, "id"));
            if (!party_open(sim, &device, "police,responder", responder->org, responder->id)) {
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
                party_close(&device);
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

static bool hear_guards(struct roof *roof)
{
    roof->cards = sim_cards_open(roof->sim, GUARDS);
    bool good = roof->cards != NULL;
    for (int g = 0; g < GUARDS && good; g++) {
        good = sim_cards_listen(roof->cards, (size_t)g, roof->guards[g]->id,
                                roof->guard_devices[g].token);
    }
    return sim_check(roof->sim, good && sim_cards_wait_open(roof->cards, WAIT_MS),
                     "the guards' devices listen");
}

/* What mission and law ask of guards at such a roof; the words are those of the playbook's card. */
static bool cards_are_lawful(struct roof *roof)
{
    static const char *const DO[] = {"隔开人群", "不刺激", "电梯", "钥匙", "接应民警"};
    static const char *const NEVER[] = {"人身自由", "搜身", "盘问", "动手"};
    static const char *const NEVER_EN[] = {"freedom", "search", "question", "force"};
    struct sim *sim = roof->sim;
    if (!sim_check(sim, sim_cards_wait(roof->cards, roof->incident, WAIT_MS),
                   "both guards, who came by themselves, get a task card on their own streams")) {
        return false;
    }
    bool told = sim_check(sim, sim_cards_say(roof->cards, "do_zh", DO, GX_COUNT_OF(DO)),
                          "it says: isolate, do not provoke, hold lift and key, meet the police");
    return sim_check(sim,
                     sim_cards_say(roof->cards, "never_zh", NEVER, GX_COUNT_OF(NEVER)) &&
                         sim_cards_say(roof->cards, "never_en", NEVER_EN, GX_COUNT_OF(NEVER_EN)),
                     "it forbids to detain, search, question and use force") &&
           told;
}

static bool roof_merges(struct roof *roof)
{
    struct sim *sim = roof->sim;
    json_t *body = json_pack("{s:s, s:f, s:f, s:s, s:b}", "type", "jump_threat", "lon",
                             roof->site->at.lon + 0.0001, "lat", roof->site->at.lat, "text",
                             "对面楼顶有人", "exercise", roof->exercise);
    json_t *made = sim_call(sim, roof->neighbour.client, "POST", "/v1/reports", body, 201,
                            "a neighbour calls about the same roof");
    json_decref(body);
    bool merged = json_is_true(json_object_get(made, "merged")) &&
                  strcmp(sim_text(made, "incident_id"), roof->incident) == 0;
    json_decref(made);
    return sim_check(sim, merged, "the second call joins the incident");
}

static bool set_status(struct sim *sim, struct gx_client *client, const char *incident,
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

static bool guards_arrive(struct roof *roof)
{
    static const char *const FACTS[][2] = {{"height", "7层"}, {"alone", "yes"}, {"tool", "no"}};
    struct sim *sim = roof->sim;
    bool good = true;
    for (int g = 0; g < GUARDS; g++) {
        good = set_status(sim, roof->guard_devices[g].client, roof->incident, roof->guards[g]->id,
                          "on_scene", "a guard presses on scene") &&
               good;
    }
    for (size_t i = 0; i < GX_COUNT_OF(FACTS); i++) {
        json_t *body = json_pack("{s:s, s:s}", "code", FACTS[i][0], "value", FACTS[i][1]);
        json_t *done = sim_call(sim, roof->guard_devices[0].client, "POST",
                                roof_path(roof, "/facts"), body, 200, "a fact by one tap");
        json_decref(body);
        good = done != NULL && good;
        json_decref(done);
    }
    return good;
}

static bool in_state(const json_t *view, const void *arg)
{
    return strcmp(sim_text(json_object_get(view, "incident"), "state"), arg) == 0;
}

static bool police_take_command(struct roof *roof, struct party *police, const char *responder)
{
    struct sim *sim = roof->sim;
    bool good =
        set_status(sim, police->client, roof->incident, responder, "en_route",
                   "police are on their way") &&
        set_status(sim, police->client, roof->incident, responder, "on_scene", "police arrive");
    json_t *done = sim_call(sim, police->client, "POST", roof_path(roof, "/command"), NULL, 200,
                            "police take command");
    good = good && done != NULL;
    json_decref(done);
    json_t *view = sim_wait(sim, sim->duty, roof_path(roof, ""), in_state, "on_scene", WAIT_MS,
                            "the incident stands at on scene");
    bool recorded =
        strcmp(sim_text(json_object_get(view, "incident"), "commander_id"), responder) == 0;
    json_decref(view);
    return sim_check(sim, recorded, "the hand-over of command is recorded") && good;
}

static bool transition(struct roof *roof, const char *to, const char *disposition, long status,
                       const char *what)
{
    json_t *body =
        json_pack("{s:s, s:s*, s:s}", "to", to, "disposition", disposition, "reason", "演示");
    json_t *done = sim_call(roof->sim, roof->sim->duty, "POST", roof_path(roof, "/transitions"),
                            body, status, what);
    json_decref(body);
    bool good = done != NULL;
    json_decref(done);
    return good;
}

static bool finish_roof(struct roof *roof)
{
    struct sim *sim = roof->sim;
    bool good = transition(roof, "handled", "rescued", 200, "rescued") &&
                transition(roof, "fed_back", "rescued", 200, "fed back");
    json_t *body = json_pack("{s:s, s:s}", "type", "dispute", "reason", "劳资纠纷");
    json_t *done = sim_call(sim, sim->duty, "POST", roof_path(roof, "/correct"), body, 200,
                            "the category is corrected");
    json_decref(body);
    bool both = strcmp(sim_text(done, "initial_type"), "jump_threat") == 0 &&
                strcmp(sim_text(done, "type"), "dispute") == 0;
    json_decref(done);
    good = sim_check(sim, both, "initial and corrected category are both kept") && good;
    char due[GX_TIME_TEXT_SIZE];
    body = json_pack("{s:s, s:s, s:s}", "text", "欠薪纠纷调处", "owner", "前卫派出所", "due_at",
                     gx_time_format(gx_clock_wall_ms() + INT64_C(7) * 86400000, due));
    done = sim_call(sim, sim->duty, "POST", roof_path(roof, "/follow-ups"), body, 201,
                    "the wage dispute lives on with owner and date");
    json_decref(body);
    good = done != NULL && good;
    json_decref(done);
    return transition(roof, "closed", "rescued", 200, "closed") &&
           transition(roof, "en_route", NULL, 409, "a closed incident refuses an illegal move") &&
           good;
}

/* The property company sees its guards' times and no longer the man's identity; a stranger sees nothing. */
static bool roof_afterwards(struct roof *roof)
{
    struct sim *sim = roof->sim;
    char path[160];
    (void)snprintf(path, sizeof path, "/v1/assignments?incident_id=%s", roof->incident);
    json_t *own = sim_call(sim, roof->desk.client, "GET", path, NULL, 200,
                           "the property company reads its guards' times");
    size_t i = 0;
    int times = 0;
    bool only_own = true;
    json_t *item = NULL;
    json_array_foreach(json_object_get(own, "items"), i, item)
    {
        times += sim_text(item, "on_scene_at")[0] != '\0' ? 1 : 0;
        only_own = only_own && strcmp(sim_text(item, "org_id"), roof->guards[0]->org) == 0;
    }
    json_decref(own);
    bool good =
        sim_check(sim, times == GUARDS && only_own, "both guards' times, and nobody else's");
    json_t *view = sim_call(sim, roof->desk.client, "GET", roof_path(roof, ""), NULL, 200,
                            "the property company reads the incident");
    char *text = json_dumps(view, JSON_COMPACT);
    good = sim_check(sim,
                     text != NULL && strstr(text, "13800000000") == NULL &&
                         strstr(text, "\"police\"") == NULL && strstr(text, "对面楼顶") == NULL,
                     "no identity, no officers' part, no neighbour's words in it") &&
           good;
    free(text);
    json_decref(view);
    (void)snprintf(path, sizeof path, "/v1/reports/%s/reporter?purpose=demonstration",
                   roof->report);
    json_t *none = sim_call(sim, roof->desk.client, "GET", path, NULL, 403,
                            "the reporter's identity is refused to the company");
    json_decref(none);
    json_t *sealed =
        sim_call(sim, sim->duty, "GET", path, NULL, 200, "an officer reads it with a purpose");
    json_decref(sealed);
    (void)snprintf(path, sizeof path, "/v1/reports/%s/reporter", roof->report);
    none = sim_call(sim, sim->duty, "GET", path, NULL, 400, "and not without one");
    json_decref(none);
    none = sim_call(sim, roof->stranger.client, "GET", roof_path(roof, ""), NULL, 404,
                    "a stranger cannot know that it exists");
    json_decref(none);
    return good;
}

static bool roof_steps(struct roof *roof)
{
    struct sim *sim = roof->sim;
    struct party police = {0};
    char responder[SIM_ID] = "";
    for (int g = 0; g < GUARDS; g++) {
        roof->guards[g]->doing = SIM_WORKS; /* moved by the case */
        roof->guards[g]->due_us = 0;
    }
    int64_t counted = incidents_counted(sim);
    if (!hear_guards(roof) || !report_roof(roof)) {
        return false;
    }
    json_t *team = sim_wait(sim, sim->duty, roof_path(roof, "/team"), guards_joined, roof, WAIT_MS,
                            "the two guards are on the team already");
    json_decref(team);
    bool good = cards_are_lawful(roof);
    good = accept_police(sim, roof->incident, &police, responder) && good;
    json_t *linked = sim_call(sim, roof->fire.client, "GET", roof_path(roof, ""), NULL, 200,
                              "the fire brigade was told as a linked party");
    json_decref(linked);
    linked = sim_call(sim, roof->fire.client, "POST", roof_path(roof, "/acknowledge"), NULL, 204,
                      "and confirms");
    json_decref(linked);
    good = good && roof_merges(roof) && guards_arrive(roof) && police.client != NULL &&
           police_take_command(roof, &police, responder) && finish_roof(roof) &&
           roof_afterwards(roof);
    party_close(&police);
    int64_t now = incidents_counted(sim);
    return sim_check(sim, now == counted + (roof->exercise ? 0 : 1),
                     roof->exercise ? "the drill appears in no statistic"
                                    : "the incident is counted once") &&
           good;
}

static void release_all(struct sim *sim)
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

bool sim_case_roof(struct sim *sim, bool exercise)
{
    struct roof roof = {.sim = sim, .exercise = exercise};
    (void)sim_post_positions(sim, 0, sim->responder_count);
    bool good = open_parties(&roof) && roof_steps(&roof);
    struct party *all[] = {&roof.desk, &roof.neighbour,        &roof.stranger,
                           &roof.fire, &roof.guard_devices[0], &roof.guard_devices[1]};
    for (size_t i = 0; i < GX_COUNT_OF(all); i++) {
        party_close(all[i]);
    }
    sim_cards_free(roof.cards);
    release_all(sim);
    return good;
}

/* --- the flat --- */

static struct sim_responder *find_patrol(struct sim *sim)
{
    for (size_t i = 0; i < sim->responder_count; i++) {
        if (strcmp(sim->responders[i].force, "patrol") == 0 &&
            sim->responders[i].doing == SIM_PATROLS) {
            return &sim->responders[i];
        }
    }
    return NULL;
}

static bool report_tip(struct sim *sim, struct party *patrol, const struct sim_responder *who,
                       bool exercise, char tip[SIM_ID])
{
    char now[GX_TIME_TEXT_SIZE];
    json_t *body = json_pack(
        "{s:f, s:f, s:s, s:s, s:s, s:b}", "lon", who->at.lon, "lat", who->at.lat, "seen_at",
        gx_time_format(gx_clock_wall_ms() - 60000, now), "seen", "同一出租房夜间频繁有人短暂进出",
        "kind", "suspicious_activity", "exercise", exercise);
    json_t *made = sim_call(sim, patrol->client, "POST", "/v1/tips", body, 201,
                            "a night patrol tells what it saw");
    json_decref(body);
    (void)snprintf(tip, SIM_ID, "%s", sim_text(made, "id"));
    bool card = json_array_size(json_object_get(made, "card_zh")) >= 3;
    json_decref(made);
    return sim_check(sim, card && tip[0] != '\0',
                     "the patrol's card: keep distance, do not enter, follow, film or question");
}

static json_t *triage(struct sim *sim, const char *tip, const char *verdict, const char *reason,
                      long status, const char *what)
{
    char path[128];
    (void)snprintf(path, sizeof path, "/v1/tips/%s/triage", tip);
    json_t *body = json_pack("{s:s, s:s}", "verdict", verdict, "reason", reason);
    json_t *done = sim_call(sim, sim->duty, "POST", path, body, status, what);
    json_decref(body);
    return done;
}

static bool outcome(struct sim *sim, const char *tip, bool founded, const char *what)
{
    char path[128];
    (void)snprintf(path, sizeof path, "/v1/tips/%s/outcome", tip);
    json_t *body = json_pack("{s:b}", "founded", founded);
    json_t *done = sim_call(sim, sim->duty, "POST", path, body, 200, what);
    json_decref(body);
    bool good = done != NULL;
    json_decref(done);
    return good;
}

static bool tip_handled(const json_t *list, const void *arg)
{
    const json_t *tip = json_array_get(json_object_get(list, "items"), 0);
    (void)arg;
    return json_is_true(json_object_get(tip, "handled"));
}

static bool always(const json_t *view, const void *arg)
{
    (void)arg;
    return json_object_get(view, "incident") != NULL;
}

/* The tip becomes an incident, officers go, the patrol hears "handled" and nothing of the case. */
static bool flat_opened(struct sim *sim, struct party *patrol, const char *tip)
{
    char path[160];
    char incident[SIM_ID];
    json_t *done = triage(sim, tip, "open", "多次观察,需现场核查", 200,
                          "the station triages: open, with a reason");
    (void)snprintf(incident, sizeof incident, "%s",
                   sim_text(json_object_get(done, "police"), "incident_id"));
    json_decref(done);
    (void)snprintf(path, sizeof path, "/v1/incidents/%s", incident);
    json_t *view = sim_wait(sim, sim->duty, path, always, NULL, WAIT_MS,
                            "it becomes an incident under the announced id");
    json_decref(view);
    struct party police = {0};
    char responder[SIM_ID] = "";
    bool good =
        accept_police(sim, incident, &police, responder) && police.client != NULL &&
        set_status(sim, police.client, incident, responder, "en_route", "officers go") &&
        set_status(sim, police.client, incident, responder, "on_scene", "officers are there") &&
        set_status(sim, police.client, incident, responder, "done", "officers are done") &&
        outcome(sim, tip, true, "founded");
    party_close(&police);
    json_t *none =
        sim_call(sim, patrol->client, "GET", path, NULL, 404, "the patrol cannot read the case");
    json_decref(none);
    (void)snprintf(path, sizeof path, "/v1/tips?id=%s", tip);
    json_t *seen = sim_wait(sim, patrol->client, path, tip_handled, NULL, WAIT_MS,
                            "the patrol hears: handled");
    char *text = json_dumps(seen, JSON_COMPACT);
    good = sim_check(sim,
                     text != NULL && strstr(text, "police") == NULL &&
                         strstr(text, incident) == NULL && strstr(text, "founded") == NULL,
                     "and nothing of the case") &&
           good;
    free(text);
    json_decref(seen);
    return good;
}

static bool flat_steps(struct sim *sim, struct sim_responder *who, struct party *patrol,
                       bool exercise)
{
    char tip[SIM_ID];
    char second[SIM_ID];
    if (!report_tip(sim, patrol, who, exercise, tip)) {
        return false;
    }
    json_t *refused = triage(sim, tip, "open", "", 400, "triage without a reason is refused");
    if (refused == NULL) {
        return false;
    }
    json_decref(refused);
    bool good = flat_opened(sim, patrol, tip);
    if (!report_tip(sim, patrol, who, exercise, second)) {
        return false;
    }
    json_t *watched =
        triage(sim, second, "send", "就近核实", 200, "another tip: somebody is sent to look");
    json_decref(watched);
    return outcome(sim, second, false,
                   "and turns out unfounded: it will be purged after its term") &&
           good;
}

bool sim_case_flat(struct sim *sim, bool exercise)
{
    struct sim_responder *who = find_patrol(sim);
    struct party patrol = {0};
    (void)sim_post_positions(sim, 0, sim->responder_count);
    bool good =
        sim_check(sim, who != NULL, "a community patrol on its shift") && who != NULL &&
        party_open(sim, &patrol, exercise ? "responder,drill" : "responder", who->org, who->id) &&
        flat_steps(sim, who, &patrol, exercise);
    party_close(&patrol);
    release_all(sim);
    return good;
}
