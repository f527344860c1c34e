/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opened tips. Events bear no words of a tip, so the incident is opened at once and its report's text is asked for from intel-share right
 * after it; when the tip is purged, the words go here as well.
 */
#include "core.h"

#include "base/log.h"
#include "wire/pb.h"

static const char TIP_TYPE[] = "suspicious_activity";

const char INTAKE_TIP_TIMER[] = "tip_text";

enum gx_rc intake_ask_tip_text(struct gx_ctx *ctx, const char *tip_id, const char **ret_text)
{
    Genxi__TipTextGet request = GENXI__TIP_TEXT_GET__INIT;
    ProtobufCMessage *reply = NULL;
    request.id = gx_pb_text(tip_id);
    enum gx_rc rc = gx_ask(ctx, GX_C_tip_text, &request.base, &reply);
    if (rc == GX_OK) {
        *ret_text = ((const Genxi__TipText *)(void *)reply)->seen;
    }
    return rc;
}

static Genxi__Report *report_of_tip(struct gx_ctx *ctx, const Genxi__Event *event,
                                    const Genxi__TipOpened *in)
{
    const Genxi__Tip *tip = in->tip;
    Genxi__Report *report = gx_pb_new(ctx, &genxi__report__descriptor);
    char *id = gx_arena_alloc(&ctx->arena, GX_ID_SIZE);
    if (report == NULL || id == NULL) {
        return NULL;
    }
    report->id = gx_id_new(id);
    report->source = gx_pb_text("patrol");
    report->type = in->type;
    report->lon = tip->lon;
    report->lat = tip->lat;
    report->received_at = event->at;
    report->has_occurred_at = true;
    report->occurred_at = tip->seen_at;
    return report;
}

/* It is not waited for: whoever goes may go before the words are here. */
static enum gx_rc want_text(struct gx_ctx *ctx, const Genxi__Report *report, const Genxi__Tip *tip)
{
    const struct gx_timer timer = {
        .kind = INTAKE_TIP_TIMER, .subject = report->id, .area = tip->area, .data = tip->id};
    enum gx_rc rc = intake_store_report_of_tip(ctx, report->id, tip->id);
    return rc == GX_OK ? gx_timer_set(ctx, &timer, 0) : rc;
}

/* A tip that the station opened becomes an incident under the id it was promised; who gave the tip does not see it. */
enum gx_rc intake_on_tip_opened(struct intake *self, struct gx_ctx *ctx, const Genxi__Event *event,
                                const Genxi__TipOpened *in)
{
    struct intake_incident incident = {.pb = NULL};
    bool found = false;
    enum gx_rc rc = intake_catalog_fresh(&self->catalog, ctx);
    rc = rc == GX_OK ? intake_store_incident_find(ctx, in->incident_id, &found, &incident) : rc;
    if (rc != GX_OK || found) {
        return rc;
    }
    const Genxi__Tip *tip = in->tip;
    const Genxi__Playbook *playbook = intake_catalog_playbook(&self->catalog, in->type);
    playbook = playbook == NULL ? intake_catalog_playbook(&self->catalog, TIP_TYPE) : playbook;
    if (playbook == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "playbook %s", TIP_TYPE);
    }
    struct intake_draft draft = {.report = report_of_tip(ctx, event, in),
                                 .playbook = playbook,
                                 .grade = playbook->grade,
                                 .exercise = tip->has_exercise && tip->exercise,
                                 .incident_id = in->incident_id};
    if (draft.report == NULL) {
        return intake_spent(ctx);
    }
    /* The tip's area is the one that triaged it, wherever the place lies. */
    draft.place =
        (struct intake_place){.usable = true, .area = tip->area, .at = {tip->lon, tip->lat}};
    int64_t serial = 0;
    rc = intake_store_serial(ctx, &serial);
    rc = rc == GX_OK ? intake_open(self, ctx, &draft, serial, &incident) : rc;
    rc = rc == GX_OK ? intake_record(ctx, &draft, incident.pb, GENXI__LINK_KIND__LINK_KIND_FIRST)
                     : rc;
    return rc == GX_OK ? want_text(ctx, draft.report, tip) : rc;
}

/* The report is locked before the question: a purge of the same tip comes either before both, and there is nothing to tell, or after. */
enum gx_rc intake_on_tip_text(struct intake *self, struct gx_ctx *ctx, const struct gx_timer *timer)
{
    const char *text = NULL;
    const char *incident_id = NULL;
    struct intake_incident incident = {.pb = NULL};
    bool found = false;
    enum gx_rc rc = intake_store_report_lock(ctx, timer->subject, &incident_id);
    if (rc != GX_OK || incident_id == NULL) {
        return rc;
    }
    rc = self->tip_text(ctx, timer->data, &text);
    if (rc != GX_OK || text == NULL) {
        return rc;
    }
    rc = intake_store_report_text(ctx, timer->subject, text);
    rc = rc == GX_OK ? intake_store_incident_find(ctx, incident_id, &found, &incident) : rc;
    const struct intake_change change = {.what = "text"};
    return rc == GX_OK && found ? intake_change(ctx, &incident, &change) : rc;
}

enum gx_rc intake_on_tip_purged(struct intake *self, struct gx_ctx *ctx, const Genxi__Event *event,
                                const Genxi__TipPurged *in)
{
    (void)self;
    (void)event;
    return gx_id_valid(in->tip_id) ? intake_store_tip_forget(ctx, in->tip_id) : GX_OK;
}
