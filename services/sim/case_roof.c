/* SPDX-License-Identifier: Apache-2.0 */
/* The roof: a man threatens to jump; each step of the case checked, live and as drill. */
#include "cards.h"
#include "cases.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GUARDS = 2
};

struct roof {
    struct sim *sim;
    bool exercise;
    struct sim_responder *guards[GUARDS];
    const struct sim_site *site;
    struct case_party desk;      /* the property company */
    struct case_party neighbour; /* another organisation, reports the same roof */
    struct case_party stranger;  /* an organisation that has nothing to do with it */
    struct case_party guard_devices[GUARDS];
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
    bool found = find_guards(roof);
    (void)sim_check(sim, found, "a property company with two guards on duty at one site");
    if (!found) {
        return false;
    }
    const char *own = roof->guards[0]->org;
    find_org(sim, "hotel", own, "", neighbour);
    find_org(sim, "school", own, neighbour, stranger);
    return case_party_open(sim, &roof->desk, roof->exercise ? "desk,drill" : "desk", own, NULL) &&
           case_party_open(sim, &roof->neighbour, roof->exercise ? "desk,drill" : "desk", neighbour,
                           NULL) &&
           case_party_open(sim, &roof->stranger, "desk", stranger, NULL) &&
           case_party_open(sim, &roof->guard_devices[0], "responder", own, roof->guards[0]->id) &&
           case_party_open(sim, &roof->guard_devices[1], "responder", own, roof->guards[1]->id);
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

static bool hear_guards(struct roof *roof)
{
    roof->cards = sim_cards_open(roof->sim, GUARDS);
    bool good = roof->cards != NULL;
    for (int g = 0; g < GUARDS && good; g++) {
        good = sim_cards_listen(roof->cards, (size_t)g, roof->guards[g]->id,
                                roof->guard_devices[g].token);
    }
    return sim_check(roof->sim, good && sim_cards_wait_open(roof->cards, CASE_WAIT_MS),
                     "the guards' devices listen");
}

/* What mission and law ask of guards at such a roof; the words are those of the playbook's card. */
static bool cards_are_lawful(struct roof *roof)
{
    static const char *const DO[] = {"隔开人群", "不刺激", "电梯", "钥匙", "接应民警"};
    static const char *const NEVER[] = {"人身自由", "搜身", "盘问", "动手"};
    static const char *const NEVER_EN[] = {"freedom", "search", "question", "force"};
    struct sim *sim = roof->sim;
    if (!sim_check(sim, sim_cards_wait(roof->cards, roof->incident, CASE_WAIT_MS),
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

static bool guards_arrive(struct roof *roof)
{
    static const char *const FACTS[][2] = {{"height", "7层"}, {"alone", "yes"}, {"tool", "no"}};
    struct sim *sim = roof->sim;
    bool good = true;
    for (int g = 0; g < GUARDS; g++) {
        good = case_set_status(sim, roof->guard_devices[g].client, roof->incident,
                               roof->guards[g]->id, "on_scene", "a guard presses on scene") &&
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

static bool police_take_command(struct roof *roof, struct case_party *police, const char *responder)
{
    struct sim *sim = roof->sim;
    bool good = case_set_status(sim, police->client, roof->incident, responder, "en_route",
                                "police are on their way") &&
                case_set_status(sim, police->client, roof->incident, responder, "on_scene",
                                "police arrive");
    json_t *done = sim_call(sim, police->client, "POST", roof_path(roof, "/command"), NULL, 200,
                            "police take command");
    good = good && done != NULL;
    json_decref(done);
    json_t *view = sim_wait(sim, sim->duty, roof_path(roof, ""), in_state, "on_scene", CASE_WAIT_MS,
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

/* How far an organisation's area is from the incident's; the district's own organisation is next door to every station. */
static int area_distance(int party, int area)
{
    return party == area ? 0 : party % 100 == 0 ? 1 : 1 + abs(party - area);
}

static bool is_twin(const json_t *partner)
{
    return json_is_true(json_object_get(partner, "exercise"));
}

/* A drill goes to exercise twins where there are any. -1: there is nobody of the kind. */
static int least_distance(const json_t *partners, bool twins, int area)
{
    int least = -1;
    size_t i = 0;
    json_t *partner = NULL;
    json_array_foreach(partners, i, partner)
    {
        int distance =
            area_distance((int)json_integer_value(json_object_get(partner, "area")), area);
        if (is_twin(partner) == twins && (least < 0 || distance < least)) {
            least = distance;
        }
    }
    return least;
}

/* Reads the incident and, when it was told, confirms. */
static bool is_told(struct roof *roof, const char *org)
{
    struct case_party party = {0};
    struct gx_answer answer = {0};
    if (!case_party_open(roof->sim, &party, "linked", org, NULL)) {
        return false;
    }
    (void)gx_client_call(party.client, "GET", roof_path(roof, ""), NULL, NULL, &answer);
    bool told = answer.status == 200;
    gx_answer_done(&answer);
    if (told) {
        json_t *done = sim_call(roof->sim, party.client, "POST", roof_path(roof, "/acknowledge"),
                                NULL, 204, "a linked party confirms");
        told = done != NULL;
        json_decref(done);
    }
    case_party_close(&party);
    return told;
}

/* Of one kind: the nearest are told, and nobody else. */
static bool kind_is_told(struct roof *roof, const char *kind, int area)
{
    struct sim *sim = roof->sim;
    char path[128];
    (void)snprintf(path, sizeof path, "/v1/partners?kind=%s&limit=50", kind);
    json_t *list = sim_call(sim, sim->duty, "GET", path, NULL, 200, "the registry is read");
    const json_t *partners = json_object_get(list, "items");
    bool twins = roof->exercise && least_distance(partners, true, area) >= 0;
    int least = least_distance(partners, twins, area);
    int told = 0;
    int wrong = 0;
    size_t i = 0;
    json_t *partner = NULL;
    json_array_foreach(partners, i, partner)
    {
        int distance =
            area_distance((int)json_integer_value(json_object_get(partner, "area")), area);
        bool due = is_twin(partner) == twins && distance == least;
        bool got = is_told(roof, sim_text(partner, "id"));
        told += got ? 1 : 0;
        wrong += got == due ? 0 : 1;
    }
    json_decref(list);
    return sim_check(sim, told > 0 && wrong == 0,
                     "%s: the nearest was told as a linked party, nobody else (%d told, %d wrongly "
                     "or not)",
                     kind, told, wrong);
}

static bool linked_are_told(struct roof *roof)
{
    struct sim *sim = roof->sim;
    json_t *view = sim_call(sim, sim->duty, "GET", roof_path(roof, ""), NULL, 200,
                            "the desk reads the incident");
    int area = (int)json_integer_value(json_object_get(json_object_get(view, "incident"), "area"));
    json_decref(view);
    bool good = kind_is_told(roof, "fire", area);
    good = kind_is_told(roof, "ambulance", area) && good;
    return kind_is_told(roof, "subdistrict", area) && good;
}

static bool roof_steps(struct roof *roof)
{
    struct sim *sim = roof->sim;
    struct case_party police = {0};
    char responder[SIM_ID] = "";
    for (int g = 0; g < GUARDS; g++) {
        roof->guards[g]->doing = SIM_WORKS; /* moved by the case */
        roof->guards[g]->due_us = 0;
    }
    int64_t counted = case_incidents_counted(sim);
    if (!hear_guards(roof) || !report_roof(roof)) {
        return false;
    }
    json_t *team = sim_wait(sim, sim->duty, roof_path(roof, "/team"), guards_joined, roof,
                            CASE_WAIT_MS, "the two guards are on the team already");
    json_decref(team);
    bool good = cards_are_lawful(roof);
    good = case_accept_police(sim, roof->incident, &police, responder) && good;
    good = linked_are_told(roof) && good;
    good = good && roof_merges(roof) && guards_arrive(roof) && police.client != NULL &&
           police_take_command(roof, &police, responder) && finish_roof(roof) &&
           roof_afterwards(roof);
    case_party_close(&police);
    int64_t now = case_incidents_counted(sim);
    return sim_check(sim, now == counted + (roof->exercise ? 0 : 1),
                     roof->exercise ? "the drill appears in no statistic"
                                    : "the incident is counted once") &&
           good;
}

bool sim_case_roof(struct sim *sim, bool exercise)
{
    struct roof roof = {.sim = sim, .exercise = exercise};
    (void)sim_post_positions(sim, 0, sim->responder_count);
    bool good = open_parties(&roof) && roof_steps(&roof);
    struct case_party *all[] = {&roof.desk, &roof.neighbour, &roof.stranger, &roof.guard_devices[0],
                                &roof.guard_devices[1]};
    for (size_t i = 0; i < GX_COUNT_OF(all); i++) {
        case_party_close(all[i]);
    }
    sim_cards_free(roof.cards);
    case_release_all(sim);
    return good;
}
