/* SPDX-License-Identifier: Apache-2.0 */
/* What officers, teams and linked parties do with an incident. */
#include "core.h"

#include "base/text.h"
#include "states.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <string.h>

/* --- shared --- */

static enum gx_rc check_reason(struct gx_ctx *ctx, const char *reason)
{
    if (intake_blank(reason)) {
        return gx_fail(ctx, GX_P_REASON_REQUIRED, "/reason", "reason");
    }
    return intake_text_fits(ctx, "/reason", reason, 1, INTAKE_REASON_MAX) ? GX_OK : GX_INVALID;
}

/* For an officer of its area; nobody else learns that it exists. */
static enum gx_rc get_as_officer(struct gx_ctx *ctx, const char *id,
                                 struct intake_incident *ret_incident)
{
    enum gx_rc rc = intake_store_incident_get(ctx, id, true, ret_incident);
    if (rc == GX_OK && !intake_is_officer(&ctx->actor, ret_incident->pb->area)) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "incident");
    }
    return rc;
}

static bool assigned(const struct intake_member *member)
{
    return member->assignment_state >= (int)GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_ACCEPTED &&
           member->assignment_state <= (int)GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_DONE;
}

/* For an officer of its area, or an officer who is on its team with a device alone. */
static enum gx_rc get_for_transition(struct gx_ctx *ctx, const char *id,
                                     struct intake_incident *ret_incident)
{
    const struct gx_actor *actor = &ctx->actor;
    enum gx_rc rc = intake_store_incident_get(ctx, id, true, ret_incident);
    if (rc != GX_OK || intake_is_officer(actor, ret_incident->pb->area)) {
        return rc;
    }
    struct intake_member member = {.assignment_state = 0};
    bool found = false;
    if (gx_actor_has(actor, GX_ROLE_POLICE)) {
        rc = intake_store_member_find(ctx, ret_incident->pb->id, actor->responder_id, &found,
                                      &member);
    }
    if (rc == GX_OK && !(found && assigned(&member))) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "incident");
    }
    return rc;
}

static enum gx_rc check_open(struct gx_ctx *ctx, const struct intake_incident *incident,
                             const char *pointer)
{
    int state = (int)incident->pb->state;
    if (intake_state_ended(state)) {
        return gx_fail(ctx, GX_P_INCIDENT_ENDED, pointer, "%s", intake_state_row(state)->name);
    }
    return GX_OK;
}

static void reply_with(struct gx_ctx *ctx, const struct intake_incident *incident,
                       Genxi__Incident *out)
{
    *out = *incident->pb;
    intake_redact_incident(&ctx->actor, out);
}

enum {
    REASONS_MAX = 50
};

/* What an officer decided and why: on the timeline, and with the incident for officers. */
static enum gx_rc note_reason(struct gx_ctx *ctx, struct intake_incident *incident,
                              const char *what, const char *reason)
{
    Genxi__IncidentPolice *police = incident->pb->police;
    const struct intake_entry entry = {
        .what = what, .who = ctx->actor.subject, .at = gx_tx_now_ms(ctx), .text = NULL};
    enum gx_rc rc = intake_store_entry_add(ctx, incident->pb, &entry);
    if (rc != GX_OK || intake_blank(reason)) {
        return rc;
    }
    const struct intake_entry why = {.what = "reason",
                                     .who = ctx->actor.subject,
                                     .at = entry.at,
                                     .text = reason,
                                     .police = true};
    rc = intake_store_entry_add(ctx, incident->pb, &why);
    if (rc == GX_OK && police->n_reasons < REASONS_MAX) {
        rc = intake_append(ctx, &police->reasons, &police->n_reasons, reason, false);
    }
    return rc;
}

/* --- reading --- */

static enum gx_rc check_query(struct gx_ctx *ctx, const Genxi__IncidentQuery *in,
                              char before[GX_ID_SIZE])
{
    if (in->has_limit && (in->limit < 1 || in->limit > 500)) {
        return gx_fail(ctx, GX_P_FIELD_RANGE, "/limit", "1..500");
    }
    if (in->has_from_at && in->has_until_at && in->from_at >= in->until_at) {
        return gx_fail(ctx, GX_P_TIME_ORDER, "/until_at", "from_at < until_at");
    }
    if (in->n_bbox != 0) {
        bool fits = in->n_bbox == 4 && gx_geo_valid((struct gx_point){in->bbox[0], in->bbox[1]}) &&
                    gx_geo_valid((struct gx_point){in->bbox[2], in->bbox[3]}) &&
                    in->bbox[0] <= in->bbox[2] && in->bbox[1] <= in->bbox[3];
        if (!fits) {
            return gx_fail(ctx, GX_P_FIELD_FORMAT, "/bbox", "west,south,east,north");
        }
    }
    if (in->has_state && intake_state_row((int)in->state) == NULL) {
        return gx_fail(ctx, GX_P_FIELD_CHOICE, "/state", "reported .. merged");
    }
    if (in->cursor != NULL && intake_cursor_read(in->cursor, before) != 0) {
        return gx_fail(ctx, GX_P_CURSOR, "/cursor", "%.48s", in->cursor);
    }
    return GX_OK;
}

/* By whose eyes the list is made; false for who belongs to nobody and sees nothing. */
static bool look_through(const struct gx_actor *actor, struct intake_filter *filter)
{
    if (gx_actor_has(actor, GX_ROLE_SYSTEM)) {
        return true;
    }
    if (gx_actor_has(actor, GX_ROLES_OFFICERS) && actor->area_count > 0) {
        filter->areas = actor->areas;
        filter->area_count = actor->area_count;
    } else if (actor->responder_id[0] != '\0') {
        filter->responder_id = actor->responder_id;
    } else {
        filter->desk_org = actor->org;
    }
    return filter->areas != NULL || filter->responder_id != NULL || actor->org[0] != '\0';
}

enum gx_rc intake_on_incident_list(struct intake *self, struct gx_ctx *ctx,
                                   const Genxi__IncidentQuery *in, Genxi__IncidentList *out)
{
    (void)self;
    const struct gx_actor *actor = &ctx->actor;
    char before[GX_ID_SIZE] = "";
    enum gx_rc rc = check_query(ctx, in, before);
    if (rc != GX_OK) {
        return rc;
    }
    uint32_t limit = in->has_limit ? in->limit : 50;
    struct intake_filter filter = {.query = in, .before_id = before, .limit = limit + 1};
    if (!look_through(actor, &filter)) {
        return GX_OK;
    }
    struct intake_incident *found = NULL;
    size_t count = 0;
    rc = intake_store_incident_list(ctx, &filter, &found, &count);
    out->items = gx_pb_array(ctx, count + 1);
    if (rc != GX_OK || out->items == NULL) {
        return rc == GX_OK ? intake_spent(ctx) : rc;
    }
    for (size_t i = 0; i < count && i < limit; i++) {
        intake_redact_incident(actor, found[i].pb);
        out->items[out->n_items++] = found[i].pb;
    }
    if (count > limit) {
        char *cursor = gx_arena_alloc(&ctx->arena, INTAKE_CURSOR_SIZE);
        if (cursor == NULL) {
            return intake_spent(ctx);
        }
        intake_cursor_make(out->items[limit - 1]->id, cursor);
        out->next_cursor = cursor;
    }
    return GX_OK;
}

enum gx_rc intake_on_incident_get(struct intake *self, struct gx_ctx *ctx,
                                  const Genxi__IncidentGet *in, Genxi__IncidentView *out)
{
    (void)self;
    struct intake_incident incident = {.pb = NULL};
    enum gx_rc rc = intake_store_incident_get(ctx, in->id, false, &incident);
    if (rc != GX_OK) {
        return rc;
    }
    out->incident = incident.pb;
    rc = intake_store_view(ctx, incident.pb->id, out);
    if (rc != GX_OK) {
        return rc;
    }
    const char *names[INTAKE_STATE_LAST];
    size_t count = intake_state_allowed(&ctx->actor, (int)incident.pb->state, names);
    out->allowed = gx_pb_array(ctx, count + 1);
    if (out->allowed == NULL) {
        return intake_spent(ctx);
    }
    for (size_t i = 0; i < count; i++) {
        out->allowed[out->n_allowed++] = gx_pb_text(names[i]);
    }
    intake_redact(&ctx->actor, out);
    return GX_OK;
}

enum gx_rc intake_on_playbook_list(struct intake *self, struct gx_ctx *ctx,
                                   const Genxi__PlaybookQuery *in, Genxi__PlaybookList *out)
{
    enum gx_rc rc = intake_catalog_fresh(&self->catalog, ctx);
    if (rc != GX_OK) {
        return rc;
    }
    out->items = gx_pb_array(ctx, self->catalog.playbook_count + 1);
    if (out->items == NULL) {
        return intake_spent(ctx);
    }
    for (size_t i = 0; i < self->catalog.playbook_count; i++) {
        Genxi__Playbook *playbook = self->catalog.playbooks[i];
        if (in->code == NULL || gx_text_is(in->code, playbook->code)) {
            out->items[out->n_items++] = playbook;
        }
    }
    if (in->code != NULL && out->n_items == 0) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/code", "playbook");
    }
    return GX_OK;
}

/* --- transitions --- */

enum gx_rc intake_on_transition(struct intake *self, struct gx_ctx *ctx,
                                const Genxi__IncidentTransition *in, Genxi__Incident *out)
{
    (void)self;
    struct intake_incident incident = {.pb = NULL};
    enum gx_rc rc = get_for_transition(ctx, in->id, &incident);
    if (rc != GX_OK) {
        return rc;
    }
    if (!intake_text_fits(ctx, "/reason", in->reason, 0, INTAKE_REASON_MAX) ||
        !intake_text_fits(ctx, "/disposition", in->disposition, 0, 100)) {
        return GX_INVALID;
    }
    const struct intake_move move = {in->to, in->reason, in->disposition, gx_tx_now_ms(ctx)};
    rc = intake_state_move(ctx, incident.pb, &move);
    if (rc != GX_OK) {
        return rc;
    }
    if (!intake_blank(in->disposition)) {
        incident.pb->disposition = in->disposition;
    }
    const char *name = intake_state_row((int)in->to)->name;
    rc = note_reason(ctx, &incident, name, in->reason);
    const struct intake_change change = {.what = name};
    rc = rc == GX_OK ? intake_change(ctx, &incident, &change) : rc;
    if (rc == GX_OK) {
        reply_with(ctx, &incident, out);
    }
    return rc;
}

/* --- correction --- */

static enum gx_rc correct_place(struct intake *self, struct gx_ctx *ctx,
                                const Genxi__IncidentCorrect *in, Genxi__Incident *pb)
{
    if (!in->has_lon && !in->has_lat) {
        return GX_OK;
    }
    if (!in->has_lon || !in->has_lat) {
        return gx_fail(ctx, GX_P_COORDINATES_MISSING, in->has_lon ? "/lat" : "/lon", "lon, lat");
    }
    struct gx_point at;
    enum gx_rc rc = intake_point(ctx, in->lon, in->lat, in->crs, &at);
    if (rc != GX_OK) {
        return rc;
    }
    if (!gx_geo_valid(at)) {
        return gx_fail(ctx, GX_P_COORDINATES_RANGE, "/lon", "%g, %g", at.lon, at.lat);
    }
    struct intake_place place = intake_place_find(&self->catalog.stations, at, self->district);
    pb->lon = at.lon;
    pb->lat = at.lat;
    /* Flags speak of the place that counts now. */
    size_t kept = 0;
    for (size_t i = 0; i < pb->n_flags; i++) {
        if (!gx_text_is(pb->flags[i], "outside_district") &&
            !gx_text_is(pb->flags[i], "swapped_coordinates") &&
            !gx_text_is(pb->flags[i], "other_area")) {
            pb->flags[kept++] = pb->flags[i];
        }
    }
    pb->n_flags = kept;
    if (place.outside) {
        return intake_append(ctx, &pb->flags, &pb->n_flags, "outside_district", true);
    }
    return place.area == pb->area
               ? GX_OK
               : intake_append(ctx, &pb->flags, &pb->n_flags, "other_area", true);
}

/* The corrected type's playbook counts from now on. */
static enum gx_rc correct_type(struct intake *self, struct gx_ctx *ctx,
                               const Genxi__IncidentCorrect *in, Genxi__Incident *pb,
                               const Genxi__Playbook **ret_playbook)
{
    uint32_t grade = in->has_grade ? in->grade : pb->grade;
    if (grade < 1 || grade > 4) {
        return gx_fail(ctx, GX_P_FIELD_RANGE, "/grade", "1..4");
    }
    bool other = in->type != NULL && !gx_text_is(in->type, pb->type);
    const char *code = in->type == NULL ? pb->type : in->type;
    const Genxi__Playbook *playbook = intake_catalog_playbook(&self->catalog, code);
    if (playbook == NULL && in->type != NULL) {
        return gx_fail(ctx, GX_P_TYPE_UNKNOWN, "/type", "%s", in->type);
    }
    bool refit = playbook != NULL && (other || intake_playbook_differs(playbook, grade, pb->grade));
    if (other && playbook != NULL) {
        pb->type = playbook->code;
        pb->playbook_version = playbook->version;
    }
    pb->grade = grade;
    if (refit && pb->state < GENXI__INCIDENT_STATE__INCIDENT_STATE_HANDLED) {
        *ret_playbook = intake_playbook_effective(ctx, playbook, grade);
        return *ret_playbook == NULL ? intake_spent(ctx) : GX_OK;
    }
    return GX_OK;
}

static enum gx_rc check_correction(struct gx_ctx *ctx, const Genxi__IncidentCorrect *in)
{
    if (in->type == NULL && in->address == NULL && !in->has_lon && !in->has_lat && !in->has_grade) {
        return gx_fail(ctx, GX_P_FIELD_MISSING, "", "type, lon, lat, address, grade");
    }
    if (!intake_text_fits(ctx, "/address", in->address, 0, INTAKE_ADDRESS_MAX)) {
        return GX_INVALID;
    }
    return check_reason(ctx, in->reason);
}

enum gx_rc intake_on_correct(struct intake *self, struct gx_ctx *ctx,
                             const Genxi__IncidentCorrect *in, Genxi__Incident *out)
{
    struct intake_incident incident = {.pb = NULL};
    enum gx_rc rc = check_correction(ctx, in);
    rc = rc == GX_OK ? intake_catalog_fresh(&self->catalog, ctx) : rc;
    rc = rc == GX_OK ? get_as_officer(ctx, in->id, &incident) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    /* The final category is often set after the end; what was called off or merged stays as it is. */
    if (incident.pb->state != GENXI__INCIDENT_STATE__INCIDENT_STATE_CLOSED) {
        rc = check_open(ctx, &incident, "/id");
    }
    const Genxi__Playbook *playbook = NULL;
    rc = rc == GX_OK ? correct_type(self, ctx, in, incident.pb, &playbook) : rc;
    rc = rc == GX_OK ? correct_place(self, ctx, in, incident.pb) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    if (in->address != NULL) {
        incident.pb->address = in->address;
    }
    rc = note_reason(ctx, &incident, "corrected", in->reason);
    const struct intake_change change = {.what = "corrected", .playbook = playbook};
    rc = rc == GX_OK ? intake_change(ctx, &incident, &change) : rc;
    if (rc == GX_OK) {
        reply_with(ctx, &incident, out);
    }
    return rc;
}

/* --- merging and splitting by hand --- */

/* Both, locked in the order of their ids so that two merges never wait for each other. */
static enum gx_rc get_pair(struct gx_ctx *ctx, const Genxi__IncidentMerge *in,
                           struct intake_incident *from, struct intake_incident *into)
{
    if (gx_text_is(in->id, in->into_id)) {
        return gx_fail(ctx, GX_P_MERGE_SELF, "/into_id", "%s", in->id);
    }
    bool from_first = strcmp(in->id, in->into_id) < 0;
    enum gx_rc rc =
        get_as_officer(ctx, from_first ? in->id : in->into_id, from_first ? from : into);
    return rc == GX_OK
               ? get_as_officer(ctx, from_first ? in->into_id : in->id, from_first ? into : from)
               : rc;
}

/* The grade of the more urgent one counts; the playbook is that of the incident merged into. */
static void raise_by(struct intake *self, struct gx_ctx *ctx, const struct intake_incident *from,
                     struct intake_incident *into, struct intake_change *change)
{
    if (from->pb->grade < into->pb->grade) {
        const Genxi__Playbook *playbook = intake_catalog_playbook(&self->catalog, into->pb->type);
        if (playbook != NULL &&
            intake_playbook_differs(playbook, from->pb->grade, into->pb->grade)) {
            change->playbook = intake_playbook_effective(ctx, playbook, from->pb->grade);
        }
        into->pb->grade = from->pb->grade;
    }
    into->pb->report_count += from->pb->report_count;
    if (from->first_report_at < into->first_report_at) {
        into->first_report_at = from->first_report_at;
    }
    if (from->last_report_at > into->last_report_at) {
        into->last_report_at = from->last_report_at;
    }
}

static enum gx_rc tell_merged(struct gx_ctx *ctx, struct intake_incident *from,
                              const struct intake_incident *into)
{
    Genxi__Audience *audience = NULL;
    from->pb->version += 1;
    enum gx_rc rc = intake_store_incident_put(ctx, from);
    rc = rc == GX_OK ? intake_audience(ctx, into->pb->id, &audience) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    Genxi__IncidentMerged payload = GENXI__INCIDENT_MERGED__INIT;
    payload.from_id = from->pb->id;
    payload.into_id = into->pb->id;
    payload.incident = into->pb;
    audience->more_areas = &into->pb->area;
    audience->n_more_areas = into->pb->area == from->pb->area ? 0 : 1;
    return intake_emit(ctx, from->pb, GX_E_incident_merged, &payload.base, audience);
}

enum gx_rc intake_on_merge(struct intake *self, struct gx_ctx *ctx, const Genxi__IncidentMerge *in,
                           Genxi__Incident *out)
{
    struct intake_incident from = {.pb = NULL};
    struct intake_incident into = {.pb = NULL};
    enum gx_rc rc = check_reason(ctx, in->reason);
    rc = rc == GX_OK ? intake_catalog_fresh(&self->catalog, ctx) : rc;
    rc = rc == GX_OK ? get_pair(ctx, in, &from, &into) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    if ((from.pb->exercise != 0) != (into.pb->exercise != 0)) {
        return gx_fail(ctx, GX_P_MERGE_EXERCISE, "/into_id", "%s, %s", from.pb->number,
                       into.pb->number);
    }
    rc = check_open(ctx, &from, "/id");
    rc = rc == GX_OK ? check_open(ctx, &into, "/into_id") : rc;
    if (rc != GX_OK) {
        return rc;
    }
    struct intake_change change = {.what = "merged"};
    raise_by(self, ctx, &from, &into, &change);
    from.pb->state = GENXI__INCIDENT_STATE__INCIDENT_STATE_MERGED;
    from.pb->merged_into = into.pb->id;
    (void)intake_stamp_once(from.pb->times, INTAKE_STAMP_CLOSED, gx_tx_now_ms(ctx));
    rc = intake_store_merge(ctx, &from, &into);
    rc = rc == GX_OK ? note_reason(ctx, &from, "merged", in->reason) : rc;
    rc = rc == GX_OK ? note_reason(ctx, &into, "merged", in->reason) : rc;
    rc = rc == GX_OK ? tell_merged(ctx, &from, &into) : rc;
    rc = rc == GX_OK ? intake_change(ctx, &into, &change) : rc;
    if (rc == GX_OK) {
        reply_with(ctx, &into, out);
    }
    return rc;
}

static bool chosen(const Genxi__IncidentSplit *in, const char *report_id)
{
    for (size_t i = 0; i < in->n_report_ids; i++) {
        if (gx_text_is(in->report_ids[i], report_id)) {
            return true;
        }
    }
    return false;
}

/* The first of the chosen reports opens the new incident; all chosen must be this incident's, and one must stay. */
static enum gx_rc pick(struct gx_ctx *ctx, const Genxi__IncidentSplit *in,
                       const struct intake_incident *incident, Genxi__Report **ret_first,
                       size_t *ret_count)
{
    Genxi__Report **reports = NULL;
    size_t count = 0;
    enum gx_rc rc = intake_store_reports_of(ctx, incident->pb->id, &reports, &count);
    *ret_first = NULL;
    *ret_count = 0;
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        if (chosen(in, reports[i]->id)) {
            *ret_first = *ret_first == NULL ? reports[i] : *ret_first;
            *ret_count += 1;
        }
    }
    if (rc == GX_OK && (in->n_report_ids == 0 || *ret_count != in->n_report_ids)) {
        return gx_fail(ctx, GX_P_REFERENCE, "/report_ids", "report_ids");
    }
    if (rc == GX_OK && *ret_count == count) {
        return gx_fail(ctx, GX_P_FIELD_LENGTH, "/report_ids", "1..%zu", count - 1);
    }
    return rc;
}

static enum gx_rc split_draft(struct intake *self, struct gx_ctx *ctx,
                              const Genxi__IncidentSplit *in, Genxi__Report *first,
                              struct intake_draft *draft)
{
    const char *type = in->type == NULL ? first->type : in->type;
    const Genxi__Playbook *playbook = intake_catalog_playbook(&self->catalog, type);
    if (playbook == NULL) {
        return gx_fail(ctx, GX_P_TYPE_UNKNOWN, "/type", "%s", type);
    }
    *draft = (struct intake_draft){.report = first, .playbook = playbook};
    draft->grade = first->has_grade ? first->grade : playbook->grade;
    struct gx_point at = {first->lon, first->lat};
    draft->place = intake_place_find(&self->catalog.stations, at, self->district);
    if (!draft->place.usable) {
        return gx_fail(ctx, GX_P_COORDINATES_RANGE, "/report_ids", "%g, %g", at.lon, at.lat);
    }
    draft->watcher_org_id = first->org_id;
    return GX_OK;
}

enum gx_rc intake_on_split(struct intake *self, struct gx_ctx *ctx, const Genxi__IncidentSplit *in,
                           Genxi__Incident *out)
{
    struct intake_incident incident = {.pb = NULL};
    struct intake_incident fresh = {.pb = NULL};
    struct intake_draft draft = {.report = NULL};
    Genxi__Report *first = NULL;
    size_t count = 0;
    int64_t serial = 0;
    enum gx_rc rc = check_reason(ctx, in->reason);
    rc = rc == GX_OK ? intake_catalog_fresh(&self->catalog, ctx) : rc;
    rc = rc == GX_OK ? get_as_officer(ctx, in->id, &incident) : rc;
    rc = rc == GX_OK ? check_open(ctx, &incident, "/id") : rc;
    rc = rc == GX_OK ? pick(ctx, in, &incident, &first, &count) : rc;
    rc = rc == GX_OK ? split_draft(self, ctx, in, first, &draft) : rc;
    rc = rc == GX_OK ? intake_store_serial(ctx, &serial) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    draft.exercise = incident.pb->exercise != 0;
    rc = intake_open(self, ctx, &draft, serial, &fresh);
    rc = rc == GX_OK ? intake_store_reports_move(ctx, in->report_ids, count, &fresh, 1) : rc;
    rc = rc == GX_OK ? intake_store_reporters_add(ctx, fresh.pb) : rc;
    rc = rc == GX_OK ? intake_store_reporters_prune(ctx, incident.pb->id) : rc;
    rc = rc == GX_OK ? note_reason(ctx, &incident, "split", in->reason) : rc;
    incident.pb->report_count -= (uint32_t)count;
    const struct intake_change change = {.what = "split"};
    rc = rc == GX_OK ? intake_change(ctx, &incident, &change) : rc;
    if (rc == GX_OK && count > 1) {
        fresh.pb->report_count = (uint32_t)count;
        const struct intake_change counted = {.what = "split"};
        rc = intake_change(ctx, &fresh, &counted);
    }
    if (rc == GX_OK) {
        reply_with(ctx, &fresh, out);
    }
    return rc;
}

/* --- on the scene --- */

/* Officers; members of the team; the desks of whoever reported, owns the site or is on the team. Not a linked party. */
static enum gx_rc check_may_note(struct gx_ctx *ctx, const struct intake_incident *incident)
{
    const struct gx_actor *actor = &ctx->actor;
    if (intake_is_officer(actor, incident->pb->area)) {
        return GX_OK;
    }
    bool may = false;
    enum gx_rc rc = GX_OK;
    if (actor->responder_id[0] != '\0') {
        struct intake_member member = {.assignment_state = 0};
        bool found = false;
        rc = intake_store_member_find(ctx, incident->pb->id, actor->responder_id, &found, &member);
        may = found && assigned(&member);
    } else {
        rc = intake_store_org_takes_part(ctx, incident->pb->id, &may);
    }
    return rc == GX_OK && !may ? gx_fail(ctx, GX_P_DENIED, "", "team") : rc;
}

static enum gx_rc check_fact(struct intake *self, struct gx_ctx *ctx, const Genxi__IncidentFact *in,
                             const struct intake_incident *incident)
{
    if (!intake_text_fits(ctx, "/code", in->code, 1, 50) ||
        !intake_text_fits(ctx, "/value", in->value, 1, 500)) {
        return GX_INVALID;
    }
    const Genxi__Playbook *playbook = intake_catalog_playbook(&self->catalog, incident->pb->type);
    if (playbook == NULL || intake_playbook_asks(playbook, in->code) ||
        gx_text_is(in->code, "note")) {
        return GX_OK;
    }
    char *choices = gx_arena_text(&ctx->arena, "note");
    for (size_t i = 0; i < playbook->n_facts && choices != NULL; i++) {
        choices = gx_arena_printf(&ctx->arena, "%s, %s", choices, playbook->facts[i]);
    }
    return gx_fail(ctx, GX_P_FIELD_CHOICE, "/code", "%s", choices == NULL ? "" : choices);
}

enum gx_rc intake_on_fact(struct intake *self, struct gx_ctx *ctx, const Genxi__IncidentFact *in,
                          Genxi__Incident *out)
{
    struct intake_incident incident = {.pb = NULL};
    enum gx_rc rc = intake_catalog_fresh(&self->catalog, ctx);
    rc = rc == GX_OK ? intake_store_incident_get(ctx, in->id, false, &incident) : rc;
    rc = rc == GX_OK ? check_may_note(ctx, &incident) : rc;
    rc = rc == GX_OK ? check_open(ctx, &incident, "/id") : rc;
    rc = rc == GX_OK ? check_fact(self, ctx, in, &incident) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    const struct gx_actor *actor = &ctx->actor;
    Genxi__FactNoted fact = GENXI__FACT_NOTED__INIT;
    fact.incident_id = incident.pb->id;
    fact.code = in->code;
    fact.value = in->value;
    fact.responder_id = actor->responder_id[0] == '\0' ? NULL : gx_pb_text(actor->responder_id);
    fact.has_at = true;
    fact.at = gx_tx_now_ms(ctx);
    Genxi__Audience *audience = NULL;
    const struct intake_entry entry = {
        .what = "fact",
        .who = actor->subject,
        .at = fact.at,
        .text = gx_arena_printf(&ctx->arena, "%s: %s", in->code, in->value)};
    rc = intake_store_fact_add(ctx, incident.pb, &fact, actor->org);
    rc = rc == GX_OK ? intake_store_entry_add(ctx, incident.pb, &entry) : rc;
    rc = rc == GX_OK ? intake_audience(ctx, incident.pb->id, &audience) : rc;
    rc = rc == GX_OK ? intake_emit(ctx, incident.pb, GX_E_fact_noted, &fact.base, audience) : rc;
    if (rc == GX_OK) {
        reply_with(ctx, &incident, out);
    }
    return rc;
}

/* Who shall command: the caller's own responder, or whom the duty officer names; on the team, and police. */
static enum gx_rc find_commander(struct gx_ctx *ctx, const Genxi__IncidentTakeCommand *in,
                                 const struct intake_incident *incident,
                                 struct intake_member *member)
{
    const struct gx_actor *actor = &ctx->actor;
    bool duty = gx_actor_has(actor, (uint32_t)GX_ROLE_DUTY | (uint32_t)GX_ROLE_SYSTEM) &&
                intake_is_officer(actor, incident->pb->area);
    const char *id = in->responder_id == NULL ? actor->responder_id : in->responder_id;
    if (id[0] == '\0') {
        return gx_fail(ctx, GX_P_FIELD_MISSING, "/responder_id", "responder_id");
    }
    if (!duty && !gx_text_is(id, actor->responder_id)) {
        return gx_fail(ctx, GX_P_DENIED, "/responder_id", "duty");
    }
    bool found = false;
    enum gx_rc rc = intake_store_member_find(ctx, incident->pb->id, id, &found, member);
    if (rc == GX_OK && (!found || !assigned(member))) {
        return gx_fail(ctx, GX_P_HARD_RULE, "/responder_id", "team");
    }
    if (rc == GX_OK && member->force != (int)GENXI__FORCE__FORCE_POLICE) {
        return gx_fail(ctx, GX_P_HARD_RULE, "/responder_id", "police");
    }
    return rc;
}

enum gx_rc intake_on_take_command(struct intake *self, struct gx_ctx *ctx,
                                  const Genxi__IncidentTakeCommand *in, Genxi__Incident *out)
{
    (void)self;
    struct intake_incident incident = {.pb = NULL};
    struct intake_member member = {.responder_id = NULL};
    enum gx_rc rc = intake_store_incident_get(ctx, in->id, true, &incident);
    rc = rc == GX_OK ? check_open(ctx, &incident, "/id") : rc;
    rc = rc == GX_OK ? find_commander(ctx, in, &incident, &member) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    rc = intake_command(ctx, &incident, member.responder_id, (Genxi__Force)member.force);
    if (rc == GX_OK) {
        reply_with(ctx, &incident, out);
    }
    return rc;
}

/* --- afterwards --- */

/* The event bears no free text: it may name people, and events are kept and passed on. */
static enum gx_rc tell_follow_up(struct gx_ctx *ctx, const Genxi__Incident *incident,
                                 const Genxi__FollowUp *follow_up)
{
    Genxi__FollowUp told = *follow_up;
    told.text = gx_pb_text("");
    Genxi__FollowUpChanged payload = GENXI__FOLLOW_UP_CHANGED__INIT;
    payload.follow_up = &told;
    return intake_emit(ctx, incident, GX_E_follow_up_changed, &payload.base, NULL);
}

enum gx_rc intake_on_follow_up(struct intake *self, struct gx_ctx *ctx,
                               const Genxi__FollowUpCreate *in, Genxi__FollowUp *out)
{
    (void)self;
    struct intake_incident incident = {.pb = NULL};
    enum gx_rc rc = get_as_officer(ctx, in->id, &incident);
    if (rc != GX_OK) {
        return rc;
    }
    if (!intake_text_fits(ctx, "/text", in->text, 1, 2000) ||
        !intake_text_fits(ctx, "/owner", in->owner, 1, 200)) {
        return GX_INVALID;
    }
    int64_t now_ms = gx_tx_now_ms(ctx);
    if (in->due_at <= now_ms) {
        return gx_fail(ctx, GX_P_TIME_ORDER, "/due_at", "due_at > now");
    }
    char *id = gx_arena_alloc(&ctx->arena, GX_ID_SIZE);
    if (id == NULL) {
        return intake_spent(ctx);
    }
    out->id = gx_id_new(id);
    out->incident_id = incident.pb->id;
    out->text = in->text;
    out->owner = in->owner;
    out->due_at = in->due_at;
    const struct intake_entry entry = {
        .what = "follow_up", .who = ctx->actor.subject, .at = now_ms, .police = true};
    rc = intake_store_follow_up_add(ctx, incident.pb->area, out, now_ms);
    rc = rc == GX_OK ? intake_store_entry_add(ctx, incident.pb, &entry) : rc;
    return rc == GX_OK ? tell_follow_up(ctx, incident.pb, out) : rc;
}

enum gx_rc intake_on_follow_up_done(struct intake *self, struct gx_ctx *ctx,
                                    const Genxi__FollowUpDone *in, Genxi__FollowUp *out)
{
    (void)self;
    struct intake_incident incident = {.pb = NULL};
    enum gx_rc rc = get_as_officer(ctx, in->id, &incident);
    if (rc != GX_OK) {
        return rc;
    }
    if (!intake_text_fits(ctx, "/note", in->note, 1, 2000)) {
        return GX_INVALID;
    }
    bool now_done = false;
    bool found = false;
    rc = intake_store_follow_up_done(ctx, in, out, &found, &now_done);
    if (rc != GX_OK || !found) {
        return rc != GX_OK ? rc : gx_fail(ctx, GX_P_NOT_FOUND, "/follow_up_id", "follow-up");
    }
    if (!now_done) {
        return GX_OK;
    }
    const struct intake_entry entry = {.what = "follow_up_done",
                                       .who = ctx->actor.subject,
                                       .at = out->done_at,
                                       .police = true,
                                       .text = in->note};
    rc = intake_store_entry_add(ctx, incident.pb, &entry);
    return rc == GX_OK ? tell_follow_up(ctx, incident.pb, out) : rc;
}

enum gx_rc intake_on_ack(struct intake *self, struct gx_ctx *ctx, const Genxi__IncidentAck *in,
                         Genxi__Empty *out)
{
    (void)self;
    (void)out;
    struct intake_incident incident = {.pb = NULL};
    enum gx_rc rc = intake_store_incident_get(ctx, in->id, true, &incident);
    if (rc != GX_OK) {
        return rc;
    }
    if (!intake_text_fits(ctx, "/note", in->note, 0, 1000)) {
        return GX_INVALID;
    }
    const struct intake_entry entry = {.what = "linked_ack",
                                       .who = ctx->actor.org,
                                       .org_id = ctx->actor.org,
                                       .text = in->note,
                                       .at = gx_tx_now_ms(ctx)};
    rc = intake_store_entry_add(ctx, incident.pb, &entry);
    if (rc != GX_OK || intake_state_ended((int)incident.pb->state)) {
        return rc;
    }
    const struct intake_change change = {.what = "linked_ack"};
    return intake_change(ctx, &incident, &change);
}

/* Identity of a reporter: the officer of the area, for a purpose, and only together with the line that says so. */
enum gx_rc intake_on_reporter_read(struct intake *self, struct gx_ctx *ctx,
                                   const Genxi__ReporterRead *in, Genxi__Reporter *out)
{
    (void)self;
    size_t lead = strspn(in->purpose, " \t\r\n");
    if (!gx_utf8_valid(in->purpose, strlen(in->purpose)) ||
        gx_utf8_length(in->purpose + lead) < INTAKE_PURPOSE_MIN) {
        return gx_fail(ctx, GX_P_PURPOSE_REQUIRED, "/purpose", "%d..%d", INTAKE_PURPOSE_MIN,
                       INTAKE_PURPOSE_MAX);
    }
    if (!intake_text_fits(ctx, "/purpose", in->purpose, INTAKE_PURPOSE_MIN, INTAKE_PURPOSE_MAX)) {
        return GX_INVALID;
    }
    int32_t area = 0;
    bool exercise = false;
    enum gx_rc rc = intake_store_reporter_get(ctx, in->report_id, &area, &exercise, out);
    if (rc != GX_OK) {
        return rc;
    }
    Genxi__SealedRead payload = GENXI__SEALED_READ__INIT;
    payload.what = gx_pb_text("reporter");
    payload.subject_id = in->report_id;
    payload.purpose = in->purpose;
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    audience.has_roles = true;
    audience.roles = GX_ROLE_DUTY;
    const struct gx_emit emit = {.area = area,
                                 .type = GX_E_sealed_read,
                                 .subject = in->report_id,
                                 .payload = &payload.base,
                                 .audience = &audience,
                                 .exercise = exercise};
    return gx_emit(ctx, &emit);
}

enum gx_rc intake_on_statistics(struct intake *self, struct gx_ctx *ctx,
                                const Genxi__StatisticsQuery *in, Genxi__Statistics *out)
{
    const struct gx_actor *actor = &ctx->actor;
    if (in->from_at >= in->until_at) {
        return gx_fail(ctx, GX_P_TIME_ORDER, "/until_at", "from_at < until_at");
    }
    const int32_t *areas = in->has_area ? &in->area : NULL;
    size_t count = in->has_area ? 1 : 0;
    if (gx_actor_has(actor, GX_ROLES_OFFICERS) && !gx_actor_has(actor, GX_ROLE_SYSTEM)) {
        if (in->has_area && !gx_actor_in_area(actor, in->area)) {
            return gx_fail(ctx, GX_P_NOT_FOUND, "/area", "area");
        }
        areas = in->has_area ? areas : actor->areas;
        count = in->has_area ? count : actor->area_count;
        static const int32_t NOWHERE = 0;
        areas = areas == NULL ? &NOWHERE : areas;
    }
    uint64_t *reports = NULL;
    enum gx_rc rc =
        intake_store_statistics(ctx, areas, count, in->from_at, in->until_at, out, &reports);
    if (rc == GX_OK) {
        intake_suppress(actor, out, reports, (uint64_t)self->settings->cell_min);
    }
    return rc;
}
