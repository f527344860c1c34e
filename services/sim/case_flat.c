/* SPDX-License-Identifier: Apache-2.0 */
/* The flat: a patrol saw something; what becomes of its tips, live and as drill. */
#include "cases.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char SEEN[] = "同一出租房夜间频繁有人短暂进出";

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

static bool report_tip(struct sim *sim, struct case_party *patrol, const struct sim_responder *who,
                       bool exercise, char tip[SIM_ID])
{
    char now[GX_TIME_TEXT_SIZE];
    json_t *body =
        json_pack("{s:f, s:f, s:s, s:s, s:s, s:b}", "lon", who->at.lon, "lat", who->at.lat,
                  "seen_at", gx_time_format(gx_clock_wall_ms() - 60000, now), "seen", SEEN, "kind",
                  "suspicious_activity", "exercise", exercise);
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
static bool flat_opened(struct sim *sim, struct case_party *patrol, const char *tip)
{
    char path[160];
    char incident[SIM_ID];
    json_t *done = triage(sim, tip, "open", "多次观察,需现场核查", 200,
                          "the station triages: open, with a reason");
    (void)snprintf(incident, sizeof incident, "%s",
                   sim_text(json_object_get(done, "police"), "incident_id"));
    json_decref(done);
    (void)snprintf(path, sizeof path, "/v1/incidents/%s", incident);
    json_t *view = sim_wait(sim, sim->duty, path, always, NULL, CASE_WAIT_MS,
                            "it becomes an incident under the announced id");
    json_decref(view);
    struct case_party police = {0};
    char responder[SIM_ID] = "";
    bool good =
        case_accept_police(sim, incident, &police, responder) && police.client != NULL &&
        case_set_status(sim, police.client, incident, responder, "en_route", "officers go") &&
        case_set_status(sim, police.client, incident, responder, "on_scene",
                        "officers are there") &&
        case_set_status(sim, police.client, incident, responder, "done", "officers are done") &&
        outcome(sim, tip, true, "founded");
    case_party_close(&police);
    json_t *none =
        sim_call(sim, patrol->client, "GET", path, NULL, 404, "the patrol cannot read the case");
    json_decref(none);
    (void)snprintf(path, sizeof path, "/v1/tips?id=%s", tip);
    json_t *seen = sim_wait(sim, patrol->client, path, tip_handled, NULL, CASE_WAIT_MS,
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

static bool has_words(const json_t *view, const void *arg)
{
    const json_t *report = json_array_get(json_object_get(view, "reports"), 0);
    return strcmp(sim_text(report, "text"), arg) == 0;
}

/* Gone for the very officers who triaged it. */
static bool tip_is_gone(struct sim *sim, const char *tip)
{
    char path[160];
    (void)snprintf(path, sizeof path, "/v1/tips?id=%s", tip);
    int64_t end_us = gx_clock_mono_us() + (int64_t)((sim->options->tip_seconds + 15) * 1e6);
    long status = 0;
    do {
        struct gx_answer answer = {0};
        (void)gx_client_call(sim->duty, "GET", path, NULL, NULL, &answer);
        status = answer.status;
        gx_answer_done(&answer);
        (void)gx_streams_run(sim->streams, 200);
    } while (status != 404 && gx_clock_mono_us() < end_us);
    return sim_check(sim, status == 404, "the unfounded tip is gone after its term");
}

static bool purge_is_audited(const json_t *list, const void *arg)
{
    size_t i = 0;
    json_t *entry = NULL;
    (void)arg;
    json_array_foreach(json_object_get(list, "items"), i, entry)
    {
        if (strcmp(sim_text(entry, "type"), "tip.purged") == 0) {
            return true;
        }
    }
    return false;
}

static bool purge_is_on_record(struct sim *sim, const char *org, const char *tip)
{
    struct case_party auditor = {0};
    char path[160];
    (void)snprintf(path, sizeof path,
                   "/v1/audit/entries?subject=%s&purpose=demonstration&limit=100", tip);
    bool good = case_party_open(sim, &auditor, "auditor", org, NULL);
    json_t *list = good ? sim_wait(sim, auditor.client, path, purge_is_audited, NULL, CASE_WAIT_MS,
                                   "an audit line says that it was purged")
                        : NULL;
    good = list != NULL;
    json_decref(list);
    case_party_close(&auditor);
    return good;
}

/* Opened, looked at, unfounded: its words go from the incident as well. */
static bool opened_in_vain(struct sim *sim, const char *tip, char incident[SIM_ID])
{
    char path[160];
    json_t *done = triage(sim, tip, "open", "需现场核查", 200, "a third tip is opened");
    (void)snprintf(incident, SIM_ID, "%s",
                   sim_text(json_object_get(done, "police"), "incident_id"));
    json_decref(done);
    (void)snprintf(path, sizeof path, "/v1/incidents/%s", incident);
    json_t *view = sim_wait(sim, sim->duty, path, has_words, SEEN, CASE_WAIT_MS,
                            "who goes reads what was seen");
    bool good = view != NULL;
    json_decref(view);
    (void)snprintf(path, sizeof path, "/v1/incidents/%s/transitions", incident);
    json_t *body = json_pack("{s:s, s:s}", "to", "cancelled", "reason", "演示");
    done = sim_call(sim, sim->duty, "POST", path, body, 200, "nothing was there");
    json_decref(body);
    json_decref(done);
    return outcome(sim, tip, false, "the opened tip is unfounded") && good;
}

static bool flat_purged(struct sim *sim, const char *org, const char *tip, const char *opened,
                        const char *incident)
{
    char path[160];
    if (sim->options->tip_seconds <= 0) {
        (void)printf("  SKIPPED: the purge of unfounded tips, which comes after days "
                     "(--tip-seconds says after how many seconds it comes here)\n");
        return true;
    }
    bool good = tip_is_gone(sim, tip);
    good = purge_is_on_record(sim, org, tip) && good;
    good = tip_is_gone(sim, opened) && good;
    (void)snprintf(path, sizeof path, "/v1/incidents/%s", incident);
    json_t *view = sim_wait(sim, sim->duty, path, has_words, "", CASE_WAIT_MS,
                            "and its words are gone from the incident that it opened");
    good = view != NULL && good;
    json_decref(view);
    return good;
}

static bool flat_steps(struct sim *sim, struct sim_responder *who, struct case_party *patrol,
                       bool exercise)
{
    char tips[3][SIM_ID];
    char incident[SIM_ID];
    int64_t counted = case_incidents_counted(sim);
    for (size_t i = 0; i < GX_COUNT_OF(tips); i++) {
        if (!report_tip(sim, patrol, who, exercise, tips[i])) {
            return false;
        }
    }
    json_t *refused = triage(sim, tips[0], "open", "", 400, "triage without a reason is refused");
    if (refused == NULL) {
        return false;
    }
    json_decref(refused);
    bool good = flat_opened(sim, patrol, tips[0]);
    json_t *sent =
        triage(sim, tips[1], "send", "就近核实", 200, "another tip: somebody is sent to look");
    json_decref(sent);
    good = outcome(sim, tips[1], false, "and turns out unfounded") && good;
    good = opened_in_vain(sim, tips[2], incident) && good;
    int64_t now = case_incidents_counted(sim);
    good = sim_check(sim, counted >= 0 && now == counted + (exercise ? 0 : 2),
                     exercise ? "the drill appears in no statistic"
                              : "both opened tips are counted") &&
           good;
    return flat_purged(sim, who->org, tips[1], tips[2], incident) && good;
}

bool sim_case_flat(struct sim *sim, bool exercise)
{
    struct sim_responder *who = find_patrol(sim);
    struct case_party patrol = {0};
    (void)sim_post_positions(sim, 0, sim->responder_count);
    bool good = sim_check(sim, who != NULL, "a community patrol on its shift") && who != NULL &&
                case_party_open(sim, &patrol, exercise ? "responder,drill" : "responder", who->org,
                                who->id) &&
                flat_steps(sim, who, &patrol, exercise);
    case_party_close(&patrol);
    case_release_all(sim);
    return good;
}
