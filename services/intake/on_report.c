/* SPDX-License-Identifier: Apache-2.0 */
/* A report comes in: checked, placed, joined to an open incident or opening one. */
#include "core.h"

#include "base/clock.h"
#include "base/text.h"
#include "states.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <stdio.h>

static enum gx_rc start_draft(struct intake *self, struct gx_ctx *ctx,
                              const Genxi__ReportCreate *in, struct intake_draft *draft)
{
    const struct gx_actor *actor = &ctx->actor;
    Genxi__Report *report = gx_pb_new(ctx, &genxi__report__descriptor);
    char *id = gx_arena_alloc(&ctx->arena, GX_ID_SIZE);
    if (report == NULL || id == NULL) {
        return intake_spent(ctx);
    }
    report->id = gx_id_new(id);
    report->source = gx_pb_text(intake_source(actor, in->source));
    report->org_id = actor->org[0] == '\0' ? NULL : gx_pb_text(actor->org);
    report->type = in->type;
    report->crs = in->crs;
    report->address = in->address;
    report->text = in->text;
    report->has_grade = in->has_grade;
    report->grade = in->grade;
    report->has_occurred_at = in->has_occurred_at;
    report->occurred_at = in->occurred_at;
    report->site_id = in->site_id;
    report->external_id = in->external_id;
    bool officer = gx_actor_has(actor, GX_ROLES_OFFICERS | (uint32_t)GX_ROLE_SYSTEM);
    *draft = (struct intake_draft){.report = report,
                                   .reporter = in->reporter,
                                   .exercise = in->has_exercise && in->exercise,
                                   .responding = in->responding,
                                   .responding_count = in->n_responding,
                                   .watcher_org_id = officer ? NULL : report->org_id,
                                   .watcher_device =
                                       actor->responder_id[0] == '\0' ? NULL : actor->responder_id};
    draft->playbook = intake_catalog_playbook(&self->catalog, in->type);
    if (draft->playbook == NULL) {
        return gx_fail(ctx, GX_P_TYPE_UNKNOWN, "/type", "%s", in->type);
    }
    draft->grade = in->has_grade ? in->grade : draft->playbook->grade;
    return GX_OK;
}

static enum gx_rc flag(struct gx_ctx *ctx, struct intake_draft *draft, const char *text)
{
    return intake_append(ctx, &draft->report->flags, &draft->report->n_flags, text, true);
}

/* Once the transaction has begun, so that the database's clock costs no round trip of its own. */
static enum gx_rc stamp(struct intake *self, struct gx_ctx *ctx, struct intake_draft *draft)
{
    Genxi__Report *report = draft->report;
    report->received_at = gx_tx_now_ms(ctx);
    if (report->has_occurred_at &&
        report->occurred_at < report->received_at - self->settings->late_ms) {
        return flag(ctx, draft, "late");
    }
    return GX_OK;
}

/* Everybody named must be the caller's own; the duty desk may name anybody that exists. */
static enum gx_rc check_responding(struct gx_ctx *ctx, const Genxi__ReportCreate *in)
{
    if (in->n_responding == 0) {
        return GX_OK;
    }
    struct intake_responder *found = NULL;
    size_t count = 0;
    enum gx_rc rc =
        intake_store_responders_find(ctx, in->responding, in->n_responding, &found, &count);
    bool any = gx_actor_has(&ctx->actor, (uint32_t)GX_ROLE_DUTY | (uint32_t)GX_ROLE_SYSTEM);
    for (size_t i = 0; i < in->n_responding && rc == GX_OK; i++) {
        const struct intake_responder *match = NULL;
        for (size_t j = 0; j < count && match == NULL; j++) {
            match = gx_text_is(found[j].id, in->responding[i]) ? &found[j] : NULL;
        }
        if (match == NULL || (!any && !gx_text_is(match->org_id, ctx->actor.org))) {
            char pointer[40];
            (void)snprintf(pointer, sizeof pointer, "/responding/%zu", i);
            rc = gx_fail(ctx, GX_P_FOREIGN_RESPONDER, pointer, "%s", in->responding[i]);
        }
    }
    return rc;
}

/* Kept as they came, so that a wrong word about the datum can be put right later. */
static void keep_raw(const Genxi__ReportCreate *in, Genxi__Report *report)
{
    report->has_raw_lon = true;
    report->raw_lon = in->lon;
    report->has_raw_lat = true;
    report->raw_lat = in->lat;
}

/* Where it is: as typed, else where the site stands. Report and draft get their places, and the flags that follow. */
static enum gx_rc place_report(struct intake *self, struct gx_ctx *ctx,
                               const Genxi__ReportCreate *in, struct intake_draft *draft)
{
    struct gx_point typed = {0, 0};
    enum gx_rc rc = GX_OK;
    if (in->site_id != NULL) {
        struct intake_site site = {.found = false};
        rc = intake_store_site_find(ctx, in->site_id, &site);
        if (rc == GX_OK && !site.found) {
            rc = gx_fail(ctx, GX_P_REFERENCE, "/site_id", "%s", in->site_id);
        }
        draft->site_org_id = site.partner_id;
        typed = site.at;
    }
    if (rc == GX_OK && in->has_lon && in->has_lat) {
        rc = intake_point(ctx, in->lon, in->lat, in->crs, &typed);
        keep_raw(in, draft->report);
    }
    if (rc == GX_OK && intake_unshifted(in->crs, typed)) {
        rc = flag(ctx, draft, "datum_outside");
    }
    if (rc != GX_OK) {
        return rc;
    }
    draft->report->lon = typed.lon;
    draft->report->lat = typed.lat;
    draft->place = intake_place_find(&self->catalog.stations, typed, self->district);
    if (!draft->place.usable) {
        return gx_fail(ctx, GX_P_COORDINATES_RANGE, "/lon", "%g, %g", typed.lon, typed.lat);
    }
    if (draft->place.outside) {
        if (intake_source_is_machine(&ctx->actor, draft->report->source)) {
            return gx_fail(ctx, GX_P_OUTSIDE_DISTRICT, "/lon", "%g, %g", typed.lon, typed.lat);
        }
        rc = flag(ctx, draft, "outside_district");
    }
    if (rc == GX_OK && draft->place.swapped) {
        rc = flag(ctx, draft, "swapped_coordinates");
    }
    return rc;
}

/*
 * A panel's alarm that opens a case. A lone audible one is false in three of four cases, so the nearest guard verifies it before police go (the
 * playbook's slots by grade); premises that alarmed lately alarm again, which whoever goes there should know.
 */
static enum gx_rc flag_panel(struct gx_ctx *ctx, struct intake_draft *draft)
{
    static const int64_t LATELY_MS = INT64_C(48) * 3600 * 1000;
    const Genxi__Report *report = draft->report;
    int64_t before = 0;
    if (!gx_text_is(report->source, "panel") || report->site_id == NULL) {
        return GX_OK;
    }
    enum gx_rc rc = GX_OK;
    if (gx_text_is(report->type, "burglar_alarm") && draft->grade > 2) {
        rc = flag(ctx, draft, "verify_first");
    }
    if (rc == GX_OK) {
        rc = intake_store_panel_cases(ctx, report->site_id, report->type,
                                      report->received_at - LATELY_MS, &before);
    }
    return rc == GX_OK && before > 0
               ? flag(ctx, draft, gx_arena_printf(&ctx->arena, "repeat_%" PRId64, before + 1))
               : rc;
}

static void answer(const struct intake_draft *draft, const Genxi__Incident *incident, bool merged,
                   Genxi__ReportCreated *out)
{
    out->report_id = draft->report->id;
    out->incident_id = incident->id;
    out->number = incident->number;
    out->merged = merged;
    out->flags = draft->report->flags;
    out->n_flags = draft->report->n_flags;
}

/* The nearest open incident that the report may belong to, NULL if there is none. */
static struct intake_incident *choose(const struct intake *self, const struct intake_draft *draft,
                                      const struct intake_candidates *candidates)
{
    const Genxi__Report *report = draft->report;
    const struct intake_sighting sighting = {
        .playbook = draft->playbook,
        .at = draft->place.at,
        .time_at = report->has_occurred_at ? report->occurred_at : report->received_at,
        .exercise = draft->exercise,
    };
    struct intake_incident *best = NULL;
    double least = 0;
    for (size_t i = 0; i < candidates->count; i++) {
        struct intake_incident *candidate = &candidates->items[i];
        const Genxi__Playbook *theirs =
            intake_catalog_playbook(&self->catalog, candidate->pb->type);
        if (!intake_merges(&sighting, candidate->pb, theirs, candidate->first_report_at,
                           candidate->last_report_at)) {
            continue;
        }
        struct gx_point there = {candidate->pb->lon, candidate->pb->lat};
        double metres = gx_geo_distance_m(sighting.at, there);
        if (best == NULL || metres < least) {
            best = candidate;
            least = metres;
        }
    }
    return best;
}

/* A repeat under the organisation's own number is the same report, though it comes with another idempotency key. */
static enum gx_rc find_repeat(struct gx_ctx *ctx, const struct intake_draft *draft,
                              Genxi__ReportCreated *out, bool *ret_repeat)
{
    const Genxi__Report *report = draft->report;
    *ret_repeat = false;
    if (report->external_id == NULL || report->external_id[0] == '\0' || report->org_id == NULL) {
        return GX_OK;
    }
    int64_t key = intake_external_key(report->org_id, report->external_id);
    enum gx_rc rc = intake_store_lock(ctx, &key, 1);
    struct intake_known_report known = {.found = false};
    rc = rc == GX_OK ? intake_store_report_known(ctx, report->org_id, report->external_id, &known)
                     : rc;
    if (rc == GX_OK && known.found) {
        *ret_repeat = true;
        out->report_id = gx_pb_text(known.report_id);
        out->incident_id = gx_pb_text(known.incident_id);
        out->number = gx_pb_text(known.number);
        out->merged = known.link != GENXI__LINK_KIND__LINK_KIND_FIRST;
        out->flags = known.flags;
        out->n_flags = known.flag_count;
    }
    return rc;
}

static enum gx_rc join_or_open(struct intake *self, struct gx_ctx *ctx, struct intake_draft *draft,
                               Genxi__ReportCreated *out)
{
    double radius_m = draft->playbook->merge_radius_m;
    int64_t keys[INTAKE_CELLS_MAX];
    size_t key_count = intake_cells(draft->place.at, radius_m, draft->exercise, keys);
    struct intake_box box = intake_box_around(draft->place.at, radius_m);
    struct intake_candidates candidates = {.count = 0};
    enum gx_rc rc = intake_store_lock(ctx, keys, key_count);
    rc = rc == GX_OK ? intake_store_candidates(ctx, &box, draft->exercise, &candidates) : rc;
    rc = rc == GX_OK ? stamp(self, ctx, draft) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    struct intake_incident *open = choose(self, draft, &candidates);
    if (open != NULL) {
        answer(draft, open->pb, true, out);
        return intake_join(self, ctx, draft, open, GENXI__LINK_KIND__LINK_KIND_DUPLICATE);
    }
    struct intake_incident fresh = {.pb = NULL};
    rc = flag_panel(ctx, draft);
    rc = rc != GX_OK ? rc : intake_open(self, ctx, draft, candidates.serial, &fresh);
    rc = rc == GX_OK ? intake_record(ctx, draft, fresh.pb, GENXI__LINK_KIND__LINK_KIND_FIRST) : rc;
    if (rc == GX_OK) {
        answer(draft, fresh.pb, false, out);
    }
    return rc;
}

enum {
    MERGED_CHAIN_MAX = 8
};

/* The incident that the caller names, or the one it was merged into. */
static enum gx_rc named_incident(struct gx_ctx *ctx, const char *id,
                                 struct intake_incident *ret_incident)
{
    enum gx_rc rc = intake_store_incident_get(ctx, id, true, ret_incident);
    for (int i = 0; rc == GX_OK && ret_incident->pb->merged_into != NULL && i < MERGED_CHAIN_MAX;
         i++) {
        rc = intake_store_incident_get(ctx, ret_incident->pb->merged_into, true, ret_incident);
    }
    return rc;
}

/* A chase-up, feedback, duplicate or nuisance about an incident that the caller knows. */
static enum gx_rc join_named(struct intake *self, struct gx_ctx *ctx, const Genxi__ReportCreate *in,
                             struct intake_draft *draft, Genxi__ReportCreated *out)
{
    struct intake_incident incident = {.pb = NULL};
    enum gx_rc rc = named_incident(ctx, in->incident_id, &incident);
    rc = rc == GX_OK ? stamp(self, ctx, draft) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    Genxi__LinkKind link = in->has_link ? in->link : GENXI__LINK_KIND__LINK_KIND_CHASE_UP;
    if (in->has_exercise && (in->exercise != 0) != (incident.pb->exercise != 0)) {
        return gx_fail(ctx, GX_P_MERGE_EXERCISE, "/exercise", "%s", incident.pb->number);
    }
    /* Feedback is what comes after the end; anything else about an ended incident is a new matter. */
    if (intake_state_ended((int)incident.pb->state) &&
        link != GENXI__LINK_KIND__LINK_KIND_FEEDBACK) {
        return gx_fail(ctx, GX_P_INCIDENT_ENDED, "/incident_id", "%s",
                       intake_state_row((int)incident.pb->state)->name);
    }
    draft->exercise = incident.pb->exercise != 0;
    if (in->has_lon || in->site_id != NULL) {
        rc = place_report(self, ctx, in, draft);
    } else {
        draft->report->lon = incident.pb->lon;
        draft->report->lat = incident.pb->lat;
    }
    if (rc != GX_OK) {
        return rc;
    }
    draft->site_org_id = NULL;
    answer(draft, incident.pb, true, out);
    return intake_join(self, ctx, draft, &incident, link);
}

enum gx_rc intake_on_report_create(struct intake *self, struct gx_ctx *ctx,
                                   const Genxi__ReportCreate *in, Genxi__ReportCreated *out)
{
    struct intake_draft draft = {.report = NULL};
    enum gx_rc rc = intake_report_check(ctx, in, self->settings, gx_clock_wall_ms());
    rc = rc == GX_OK ? intake_catalog_fresh(&self->catalog, ctx) : rc;
    rc = rc == GX_OK ? start_draft(self, ctx, in, &draft) : rc;
    rc = rc == GX_OK ? check_responding(ctx, in) : rc;
    bool repeat = false;
    rc = rc == GX_OK ? find_repeat(ctx, &draft, out, &repeat) : rc;
    if (rc != GX_OK || repeat) {
        return rc;
    }
    if (in->incident_id != NULL) {
        return join_named(self, ctx, in, &draft, out);
    }
    rc = place_report(self, ctx, in, &draft);
    return rc == GX_OK ? join_or_open(self, ctx, &draft, out) : rc;
}
