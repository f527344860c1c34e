/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/cleanup.h"
#include "base/datum.h"
#include "base/text.h"
#include "states.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const SOURCES[] = {"desk", "panel", "phone", "patrol", "system"};

bool intake_blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t\r\n")] == '\0';
}

bool intake_text_fits(struct gx_ctx *ctx, const char *pointer, const char *text, size_t min,
                      size_t max)
{
    if (text == NULL) {
        text = "";
    }
    enum gx_rc rc = GX_OK;
    if (!gx_utf8_valid(text, strlen(text))) {
        rc = gx_fail(ctx, GX_P_UTF8, pointer, "%s", pointer);
    } else if (gx_utf8_length(text) > max || gx_utf8_length(text) < min ||
               (min > 0 && intake_blank(text))) {
        rc = gx_fail(ctx, GX_P_FIELD_LENGTH, pointer, "%zu..%zu", min, max);
    }
    return rc == GX_OK;
}

bool intake_id_fits(struct gx_ctx *ctx, const char *pointer, const char *id)
{
    if (gx_id_valid(id)) {
        return true;
    }
    enum gx_rc rc = gx_fail(ctx, GX_P_FIELD_FORMAT, pointer, "UUID");
    return rc == GX_OK;
}

static void check_reporter(struct gx_ctx *ctx, const Genxi__Reporter *reporter)
{
    if (reporter != NULL) {
        (void)intake_text_fits(ctx, "/reporter/name", reporter->name, 0, INTAKE_NAME_MAX);
        (void)intake_text_fits(ctx, "/reporter/phone", reporter->phone, 0, INTAKE_PHONE_MAX);
        (void)intake_text_fits(ctx, "/reporter/address", reporter->address, 0, INTAKE_ADDRESS_MAX);
    }
}

static enum gx_rc check_place(struct gx_ctx *ctx, const Genxi__ReportCreate *in)
{
    enum gx_crs crs;
    enum gx_rc rc = GX_OK;
    if (in->crs != NULL && gx_crs_parse(in->crs, &crs) != 0) {
        rc = gx_fail(ctx, GX_P_CRS_UNKNOWN, "/crs", "wgs84, gcj02, bd09");
    }
    if (in->has_lon && in->has_lat) {
        if (!isfinite(in->lon) || !isfinite(in->lat)) {
            rc = gx_fail(ctx, GX_P_COORDINATES_RANGE, "/lon", "%g, %g", in->lon, in->lat);
        }
    } else if (in->has_lon || in->has_lat || (in->site_id == NULL && in->incident_id == NULL)) {
        rc = gx_fail(ctx, GX_P_COORDINATES_MISSING, in->has_lon ? "/lat" : "/lon", "site_id");
    }
    if (in->site_id != NULL) {
        (void)intake_id_fits(ctx, "/site_id", in->site_id);
    }
    return rc;
}

static enum gx_rc check_link(struct gx_ctx *ctx, const Genxi__ReportCreate *in)
{
    if (in->incident_id != NULL) {
        (void)intake_id_fits(ctx, "/incident_id", in->incident_id);
        if (in->has_link && in->link == GENXI__LINK_KIND__LINK_KIND_FIRST) {
            return gx_fail(ctx, GX_P_FIELD_CHOICE, "/link",
                           "duplicate, chase_up, feedback, nuisance");
        }
    } else if (in->has_link && in->link != GENXI__LINK_KIND__LINK_KIND_FIRST) {
        return gx_fail(ctx, GX_P_FIELD_MISSING, "/incident_id", "incident_id");
    }
    return GX_OK;
}

static enum gx_rc check_responding(struct gx_ctx *ctx, const Genxi__ReportCreate *in)
{
    if (in->n_responding > INTAKE_RESPONDING_MAX) {
        return gx_fail(ctx, GX_P_FIELD_LENGTH, "/responding", "0..%d", INTAKE_RESPONDING_MAX);
    }
    for (size_t i = 0; i < in->n_responding; i++) {
        char pointer[40];
        (void)snprintf(pointer, sizeof pointer, "/responding/%zu", i);
        if (!intake_id_fits(ctx, pointer, in->responding[i])) {
            return GX_INVALID;
        }
    }
    return GX_OK;
}

static enum gx_rc check_exercise(struct gx_ctx *ctx, const Genxi__ReportCreate *in)
{
    const struct gx_actor *actor = &ctx->actor;
    bool exercise = in->has_exercise && in->exercise;
    if (exercise && !gx_actor_has(actor, (uint32_t)GX_ROLE_DRILL | (uint32_t)GX_ROLE_DUTY)) {
        return gx_fail(ctx, GX_P_DENIED, "/exercise", "drill, duty");
    }
    /* A key for drills alone must not open live incidents. */
    const uint32_t live = (uint32_t)GX_ROLE_SYSTEM | (uint32_t)GX_ROLE_DUTY |
                          (uint32_t)GX_ROLE_POLICE | (uint32_t)GX_ROLE_DESK |
                          (uint32_t)GX_ROLE_LINKED | (uint32_t)GX_ROLE_RESPONDER;
    if (!exercise && in->incident_id == NULL && !gx_actor_has(actor, live)) {
        return gx_fail(ctx, GX_P_DENIED, "/exercise", "desk, responder, duty");
    }
    return GX_OK;
}

enum gx_rc intake_report_check(struct gx_ctx *ctx, const Genxi__ReportCreate *in,
                               const struct intake_settings *settings, int64_t now_ms)
{
    (void)intake_text_fits(ctx, "/type", in->type, 1, INTAKE_TYPE_MAX);
    (void)intake_text_fits(ctx, "/address", in->address, 0, INTAKE_ADDRESS_MAX);
    (void)intake_text_fits(ctx, "/text", in->text, 0, INTAKE_TEXT_MAX);
    (void)intake_text_fits(ctx, "/external_id", in->external_id, 0, INTAKE_EXTERNAL_MAX);
    check_reporter(ctx, in->reporter);
    enum gx_rc rc = check_place(ctx, in);
    if (in->has_grade && (in->grade < 1 || in->grade > 4)) {
        rc = gx_fail(ctx, GX_P_FIELD_RANGE, "/grade", "1..4");
    }
    if (in->has_occurred_at && in->occurred_at > now_ms + settings->future_ms) {
        rc = gx_fail(ctx, GX_P_TIME_FUTURE, "/occurred_at", "%" PRId64,
                     (in->occurred_at - now_ms) / 1000);
    } else if (in->has_occurred_at && in->occurred_at < 0) {
        rc = gx_fail(ctx, GX_P_FIELD_RANGE, "/occurred_at", ">= 1970");
    }
    if (in->source != NULL) {
        bool known = false;
        for (size_t i = 0; i < GX_COUNT_OF(SOURCES); i++) {
            known = known || gx_text_is(in->source, SOURCES[i]);
        }
        if (!known) {
            rc = gx_fail(ctx, GX_P_FIELD_CHOICE, "/source", "desk, panel, phone, patrol, system");
        }
    }
    rc = check_link(ctx, in) == GX_OK ? rc : GX_INVALID;
    rc = check_responding(ctx, in) == GX_OK ? rc : GX_INVALID;
    rc = check_exercise(ctx, in) == GX_OK ? rc : GX_DENIED;
    (void)rc; /* the first fault decides */
    return ctx->fault_count == 0 ? GX_OK : gx_problem_row(ctx->faults[0].problem)->rc;
}

const char *intake_source(const struct gx_actor *actor, const char *given)
{
    if (given != NULL && given[0] != '\0') {
        return given;
    }
    if (gx_actor_has(actor, GX_ROLE_SYSTEM)) {
        return "system";
    }
    return actor->responder_id[0] != '\0' ? "patrol" : "desk";
}

bool intake_source_is_machine(const struct gx_actor *actor, const char *source)
{
    return gx_actor_has(actor, (uint32_t)GX_ROLE_DESK | (uint32_t)GX_ROLE_SYSTEM) &&
           (gx_text_is(source, "panel") || gx_text_is(source, "system"));
}

enum gx_rc intake_point(struct gx_ctx *ctx, double lon, double lat, const char *crs,
                        struct gx_point *ret_point)
{
    enum gx_crs from = GX_WGS84;
    if (crs != NULL && gx_crs_parse(crs, &from) != 0) {
        return gx_fail(ctx, GX_P_CRS_UNKNOWN, "/crs", "wgs84, gcj02, bd09");
    }
    if (!isfinite(lon) || !isfinite(lat)) {
        return gx_fail(ctx, GX_P_COORDINATES_RANGE, "/lon", "%g, %g", lon, lat);
    }
    *ret_point = gx_datum_to_wgs84((struct gx_point){lon, lat}, from);
    return GX_OK;
}

bool intake_unshifted(const char *crs, struct gx_point wgs84)
{
    enum gx_crs from = GX_WGS84;
    return gx_crs_parse(crs, &from) == 0 && from != GX_WGS84 && !gx_datum_shifts(wgs84);
}

bool intake_is_officer(const struct gx_actor *actor, int32_t area)
{
    return gx_actor_commands(actor, area);
}

void intake_redact_incident(const struct gx_actor *actor, Genxi__Incident *incident)
{
    if (!intake_is_officer(actor, incident->area)) {
        incident->police = NULL;
    }
}

void intake_redact(const struct gx_actor *actor, Genxi__IncidentView *view)
{
    if (intake_is_officer(actor, view->incident->area)) {
        return;
    }
    bool ended = intake_state_ended((int)view->incident->state);
    intake_redact_incident(actor, view->incident);
    size_t kept = 0;
    for (size_t i = 0; i < view->n_reports; i++) {
        Genxi__Report *report = view->reports[i];
        if (!gx_text_is(report->org_id, actor->org)) {
            continue;
        }
        if (ended) {
            report->text = NULL;
        }
        view->reports[kept++] = report;
    }
    view->n_reports = kept;
    for (size_t i = 0; i < view->n_timeline; i++) {
        view->timeline[i]->text = ended ? NULL : view->timeline[i]->text;
    }
    view->n_facts = ended ? 0 : view->n_facts;
    view->n_follow_ups = 0;
    view->n_allowed = 0;
}

void intake_suppress(const struct gx_actor *actor, Genxi__Statistics *statistics,
                     const uint64_t *reports, uint64_t cell_min)
{
    if (gx_actor_has(actor, GX_ROLES_OFFICERS | (uint32_t)GX_ROLE_SYSTEM)) {
        return;
    }
    uint64_t shown = 0;
    uint64_t shown_reports = 0;
    for (size_t i = 0; i < statistics->n_by_type; i++) {
        Genxi__StatisticsRow *row = statistics->by_type[i];
        if (row->count < cell_min) {
            row->count = 0;
            row->has_suppressed = true;
            row->suppressed = true;
        } else {
            shown += row->count;
            shown_reports += reports[i];
        }
    }
    statistics->incidents = shown;
    statistics->reports = shown_reports;
    if (shown < cell_min) {
        statistics->has_median_to_dispatch_s = false;
        statistics->has_median_to_on_scene_s = false;
    }
}

static uint32_t cursor_sum(const char *id)
{
    uint32_t hash = 2166136261U;
    for (const char *p = "incident_list"; *p != '\0'; p++) {
        hash = (hash ^ (uint8_t)*p) * 16777619U;
    }
    for (const char *p = id; *p != '\0'; p++) {
        hash = (hash ^ (uint8_t)*p) * 16777619U;
    }
    return hash;
}

void intake_cursor_make(const char *id, char cursor[INTAKE_CURSOR_SIZE])
{
    char plain[33];
    size_t used = 0;
    for (const char *p = id; *p != '\0' && used < sizeof plain - 1; p++) {
        if (*p != '-') {
            plain[used++] = *p;
        }
    }
    plain[used] = '\0';
    (void)snprintf(cursor, INTAKE_CURSOR_SIZE, "%s%08" PRIx32, plain, cursor_sum(id));
}

int intake_cursor_read(const char *cursor, char id[GX_ID_SIZE])
{
    if (strlen(cursor) != 40 || strspn(cursor, "0123456789abcdef") != 40) {
        return -1;
    }
    (void)snprintf(id, GX_ID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", cursor, cursor + 8, cursor + 12,
                   cursor + 16, cursor + 20);
    char sum[9];
    (void)snprintf(sum, sizeof sum, "%08" PRIx32, cursor_sum(id));
    return gx_id_valid(id) && strcmp(sum, cursor + 32) == 0 ? 0 : -1;
}

/* How far an organisation is from being the area's own: smaller is nearer; INT_MAX: another division's. */
static int party_distance(int32_t party_area, int32_t area)
{
    if (party_area == area) {
        return 0;
    }
    if (party_area / 100 != area / 100) {
        return INT_MAX;
    }
    return party_area % 100 == 0 ? 1 : 1 + abs(party_area - area);
}

static bool party_counts(const struct intake_party *party, int kind, bool twins)
{
    return party->kind == kind && party->exercise == twins;
}

/* Adds the nearest organisations of one kind; false: there was none. */
static bool add_kind(const struct intake_party *parties, size_t count, int kind, bool twins,
                     int32_t area, char **orgs, size_t *at)
{
    int least = INT_MAX;
    for (size_t i = 0; i < count; i++) {
        int distance = party_distance(parties[i].area, area);
        if (party_counts(&parties[i], kind, twins) && distance < least) {
            least = distance;
        }
    }
    if (least == INT_MAX) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (party_counts(&parties[i], kind, twins) &&
            party_distance(parties[i].area, area) == least) {
            orgs[(*at)++] = gx_pb_text(parties[i].id);
        }
    }
    return true;
}

char **intake_linked(struct gx_ctx *ctx, const struct intake_party *parties, size_t party_count,
                     const Genxi__Playbook *playbook, const Genxi__Incident *incident,
                     size_t *ret_count)
{
    char **orgs = gx_pb_array(ctx, party_count + 1);
    *ret_count = 0;
    if (orgs == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < playbook->n_linked; i++) {
        int kind = (int)playbook->linked[i];
        bool repeated = false;
        for (size_t j = 0; j < i; j++) {
            repeated = repeated || playbook->linked[j] == playbook->linked[i];
        }
        if (repeated) {
            continue;
        }
        if (!incident->exercise ||
            !add_kind(parties, party_count, kind, true, incident->area, orgs, ret_count)) {
            (void)add_kind(parties, party_count, kind, false, incident->area, orgs, ret_count);
        }
    }
    return orgs;
}
