/* SPDX-License-Identifier: Apache-2.0 */
#include "core.h"

#include "base/text.h"
#include "states.h"
#include "wire/pb.h"

#include <string.h>

enum gx_rc intake_append(struct gx_ctx *ctx, char ***items, size_t *count, const char *text,
                         bool unique)
{
    for (size_t i = 0; unique && i < *count; i++) {
        if (gx_text_is((*items)[i], text)) {
            return GX_OK;
        }
    }
    char **longer = gx_pb_array(ctx, *count + 2);
    char *copy = gx_arena_text(&ctx->arena, text);
    if (longer == NULL || copy == NULL) {
        return intake_spent(ctx);
    }
    for (size_t i = 0; i < *count; i++) {
        longer[i] = (*items)[i];
    }
    longer[*count] = copy;
    *items = longer;
    *count += 1;
    return GX_OK;
}

static char *optional(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : gx_pb_text(text);
}

/* --- telling --- */

enum gx_rc intake_audience(struct gx_ctx *ctx, const char *incident_id,
                           Genxi__Audience **ret_audience)
{
    Genxi__Audience *audience = gx_pb_new(ctx, &genxi__audience__descriptor);
    if (audience == NULL) {
        return intake_spent(ctx);
    }
    struct intake_watchers watchers = {.org_count = 0};
    enum gx_rc rc = intake_store_watchers(ctx, incident_id, &watchers);
    if (rc != GX_OK) {
        return rc;
    }
    audience->orgs = watchers.orgs;
    audience->n_orgs = watchers.org_count;
    audience->responders = watchers.responders;
    audience->n_responders = watchers.responder_count;
    *ret_audience = audience;
    return GX_OK;
}

enum gx_rc intake_emit(struct gx_ctx *ctx, const Genxi__Incident *incident, uint32_t type,
                       const ProtobufCMessage *payload, const Genxi__Audience *audience)
{
    const struct gx_emit emit = {.area = incident->area,
                                 .type = type,
                                 .subject = incident->id,
                                 .payload = payload,
                                 .audience = audience,
                                 .exercise = incident->exercise != 0};
    return gx_emit(ctx, &emit);
}

enum gx_rc intake_change(struct gx_ctx *ctx, struct intake_incident *incident,
                         const struct intake_change *change)
{
    incident->pb->version += 1;
    enum gx_rc rc = intake_store_incident_put(ctx, incident);
    Genxi__Audience *audience = NULL;
    rc = rc == GX_OK ? intake_audience(ctx, incident->pb->id, &audience) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    Genxi__IncidentChanged payload = GENXI__INCIDENT_CHANGED__INIT;
    payload.incident = incident->pb;
    payload.what = gx_pb_text(change->what);
    if (change->playbook != NULL) {
        payload.playbook = gx_arena_alloc(&ctx->arena, sizeof *payload.playbook);
        if (payload.playbook == NULL) {
            return intake_spent(ctx);
        }
        *payload.playbook = *change->playbook;
    }
    payload.responding = change->responding;
    payload.n_responding = change->responding_count;
    return intake_emit(ctx, incident->pb, GX_E_incident_changed, &payload.base, audience);
}

enum gx_rc intake_command(struct gx_ctx *ctx, struct intake_incident *incident,
                          const char *responder_id, Genxi__Force force)
{
    Genxi__Incident *pb = incident->pb;
    if (gx_text_is(pb->commander_id, responder_id)) {
        return GX_OK;
    }
    Genxi__CommandTaken payload = GENXI__COMMAND_TAKEN__INIT;
    payload.incident_id = pb->id;
    payload.responder_id = gx_pb_text(responder_id);
    payload.force = force;
    payload.from_responder_id = pb->commander_id;
    bool stands_in = force != GENXI__FORCE__FORCE_POLICE;
    const struct intake_entry entry = {.what = stands_in ? "stands_in" : "command",
                                       .who = responder_id,
                                       .at = gx_tx_now_ms(ctx),
                                       .text = pb->commander_id == NULL ? "" : "handed_over"};
    pb->commander_id = gx_pb_text(responder_id);
    incident->commander_force = (int)force;
    Genxi__Audience *audience = NULL;
    enum gx_rc rc = intake_store_entry_add(ctx, pb, &entry);
    rc = rc == GX_OK ? intake_audience(ctx, pb->id, &audience) : rc;
    rc = rc == GX_OK ? intake_emit(ctx, pb, GX_E_command_taken, &payload.base, audience) : rc;
    const struct intake_change change = {.what = "command"};
    return rc == GX_OK ? intake_change(ctx, incident, &change) : rc;
}

/* --- reports --- */

/* The event of a report bears no free text: it may name people, and events are kept and passed on. */
static enum gx_rc tell_report(struct gx_ctx *ctx, const struct intake_draft *draft,
                              const Genxi__Incident *incident)
{
    Genxi__Report told = *draft->report;
    told.text = NULL;
    Genxi__ReportReceived payload = GENXI__REPORT_RECEIVED__INIT;
    payload.report = &told;
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    char *org = optional(draft->watcher_org_id);
    char *device = optional(draft->watcher_device);
    audience.orgs = &org;
    audience.n_orgs = org == NULL ? 0 : 1;
    audience.responders = &device;
    audience.n_responders = device == NULL ? 0 : 1;
    return intake_emit(ctx, incident, GX_E_report_received, &payload.base, &audience);
}

static bool reporter_given(const Genxi__Reporter *reporter)
{
    return reporter != NULL &&
           (optional(reporter->name) != NULL || optional(reporter->phone) != NULL ||
            optional(reporter->address) != NULL);
}

enum gx_rc intake_record(struct gx_ctx *ctx, const struct intake_draft *draft,
                         const Genxi__Incident *incident, Genxi__LinkKind link)
{
    Genxi__Report *report = draft->report;
    report->incident_id = incident->id;
    report->link = link;
    enum gx_rc rc = intake_store_report_add(ctx, incident->area, report);
    if (rc == GX_OK && reporter_given(draft->reporter)) {
        rc = intake_store_reporter_add(ctx, incident->area, report->id, draft->reporter);
    }
    return rc == GX_OK ? tell_report(ctx, draft, incident) : rc;
}

/* The reporter's organisation and device, and the site's organisation, see the incident. */
static enum gx_rc let_see(struct gx_ctx *ctx, const struct intake_draft *draft,
                          const Genxi__Incident *incident)
{
    enum gx_rc rc = GX_OK;
    char *org = optional(draft->watcher_org_id);
    if (org != NULL) {
        rc = intake_store_orgs_add(ctx, incident, &org, 1, "reporter");
    }
    char *site_org = optional(draft->site_org_id);
    if (rc == GX_OK && site_org != NULL) {
        rc = intake_store_orgs_add(ctx, incident, &site_org, 1, "site");
    }
    if (rc == GX_OK && optional(draft->watcher_device) != NULL && org != NULL) {
        const struct intake_member member = {draft->watcher_device, org, 0, 0, true};
        rc = intake_store_member_put(ctx, incident, &member);
    }
    return rc;
}

enum gx_rc intake_join(struct intake *self, struct gx_ctx *ctx, const struct intake_draft *draft,
                       struct intake_incident *incident, Genxi__LinkKind link)
{
    Genxi__Incident *pb = incident->pb;
    const Genxi__Report *report = draft->report;
    int64_t time_at = report->has_occurred_at ? report->occurred_at : report->received_at;
    struct intake_change change = {"report_joined", NULL, draft->responding,
                                   draft->responding_count};
    if (draft->grade < pb->grade && link == GENXI__LINK_KIND__LINK_KIND_DUPLICATE) {
        const Genxi__Playbook *playbook = intake_catalog_playbook(&self->catalog, pb->type);
        if (playbook != NULL && intake_playbook_differs(playbook, draft->grade, pb->grade)) {
            change.playbook = intake_playbook_effective(ctx, playbook, draft->grade);
        }
        pb->grade = draft->grade;
        change.what = "grade_raised";
    }
    pb->report_count += 1;
    incident->first_report_at =
        time_at < incident->first_report_at ? time_at : incident->first_report_at;
    incident->last_report_at =
        time_at > incident->last_report_at ? time_at : incident->last_report_at;
    /* First the right to see, then the rest: row-level security binds the writes below. */
    enum gx_rc rc = let_see(ctx, draft, pb);
    rc = rc == GX_OK ? intake_record(ctx, draft, pb, link) : rc;
    static const char *const WHAT[] = {"report",   "report",   "duplicate",
                                       "chase_up", "feedback", "nuisance"};
    const struct intake_entry entry = {.what = WHAT[link],
                                       .who = report->id,
                                       .org_id = draft->watcher_org_id,
                                       .at = report->received_at};
    rc = rc == GX_OK ? intake_store_entry_add(ctx, pb, &entry) : rc;
    return rc == GX_OK ? intake_change(ctx, incident, &change) : rc;
}

/* --- opening --- */

static Genxi__Incident *incident_of(struct gx_ctx *ctx, const struct intake_draft *draft,
                                    int64_t serial)
{
    Genxi__Incident *pb = gx_pb_new(ctx, &genxi__incident__descriptor);
    Genxi__IncidentTimes *times = gx_pb_new(ctx, &genxi__incident_times__descriptor);
    Genxi__IncidentPolice *police = gx_pb_new(ctx, &genxi__incident_police__descriptor);
    char *id = gx_arena_alloc(&ctx->arena, GX_ID_SIZE);
    char *number = gx_arena_alloc(&ctx->arena, INTAKE_NUMBER_SIZE);
    if (pb == NULL || times == NULL || police == NULL || id == NULL || number == NULL) {
        return NULL;
    }
    const Genxi__Report *report = draft->report;
    int64_t at = report->received_at;
    pb->id = draft->incident_id == NULL ? gx_id_new(id) : gx_pb_text(draft->incident_id);
    pb->area = draft->place.area;
    pb->number = intake_number(pb->area, at, serial, number);
    pb->state = GENXI__INCIDENT_STATE__INCIDENT_STATE_REPORTED;
    pb->type = pb->initial_type = draft->playbook->code;
    pb->grade = pb->initial_grade = draft->grade;
    pb->lon = draft->place.at.lon;
    pb->lat = draft->place.at.lat;
    pb->initial_lon = report->lon;
    pb->initial_lat = report->lat;
    pb->address = pb->initial_address = report->address;
    pb->site_id = report->site_id;
    times->has_reported_at = times->has_answered_at = times->has_intake_done_at = true;
    times->reported_at = times->answered_at = times->intake_done_at = at;
    pb->times = times;
    pb->police = police;
    pb->exercise = draft->exercise;
    pb->playbook_version = draft->playbook->version;
    pb->report_count = 1;
    pb->flags = report->flags;
    pb->n_flags = report->n_flags;
    pb->version = 1;
    pb->reporter_org_id = optional(draft->watcher_org_id);
    return pb;
}

static enum gx_rc tell_opened(struct intake *self, struct gx_ctx *ctx,
                              const struct intake_draft *draft, Genxi__Incident *pb)
{
    Genxi__IncidentOpened payload = GENXI__INCIDENT_OPENED__INIT;
    payload.incident = pb;
    payload.playbook = intake_playbook_effective(ctx, draft->playbook, pb->grade);
    payload.responding = draft->responding;
    payload.n_responding = draft->responding_count;
    payload.linked_orgs = intake_linked(ctx, self->catalog.parties, self->catalog.party_count,
                                        draft->playbook, pb, &payload.n_linked_orgs);
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    audience.orgs = gx_pb_array(ctx, payload.n_linked_orgs + 3);
    if (payload.playbook == NULL || payload.linked_orgs == NULL || audience.orgs == NULL) {
        return intake_spent(ctx);
    }
    for (size_t i = 0; i < payload.n_linked_orgs; i++) {
        audience.orgs[audience.n_orgs++] = payload.linked_orgs[i];
    }
    if (optional(draft->watcher_org_id) != NULL) {
        audience.orgs[audience.n_orgs++] = optional(draft->watcher_org_id);
    }
    if (optional(draft->site_org_id) != NULL) {
        audience.orgs[audience.n_orgs++] = optional(draft->site_org_id);
    }
    char *device = optional(draft->watcher_device);
    audience.responders = &device;
    audience.n_responders = device == NULL ? 0 : 1;
    enum gx_rc rc =
        intake_store_orgs_add(ctx, pb, payload.linked_orgs, payload.n_linked_orgs, "linked");
    return rc == GX_OK ? intake_emit(ctx, pb, GX_E_incident_opened, &payload.base, &audience) : rc;
}

enum gx_rc intake_open(struct intake *self, struct gx_ctx *ctx, const struct intake_draft *draft,
                       int64_t serial, struct intake_incident *ret_incident)
{
    Genxi__Incident *pb = incident_of(ctx, draft, serial);
    if (pb == NULL) {
        return intake_spent(ctx);
    }
    const Genxi__Report *report = draft->report;
    int64_t time_at = report->has_occurred_at ? report->occurred_at : report->received_at;
    *ret_incident =
        (struct intake_incident){.pb = pb, .first_report_at = time_at, .last_report_at = time_at};
    enum gx_rc rc = intake_store_incident_add(ctx, ret_incident);
    rc = rc == GX_OK ? let_see(ctx, draft, pb) : rc;
    const struct intake_entry entry = {.what = "reported",
                                       .who = report->id,
                                       .org_id = draft->watcher_org_id,
                                       .at = pb->times->reported_at};
    rc = rc == GX_OK ? intake_store_entry_add(ctx, pb, &entry) : rc;
    return rc == GX_OK ? tell_opened(self, ctx, draft, pb) : rc;
}
