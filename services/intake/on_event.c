/* SPDX-License-Identifier: Apache-2.0 */
/* What intake learns from others: the registry's records, the matcher's team, the notifier's receipts. */
#include "core.h"

#include "base/log.h"
#include "base/text.h"
#include "states.h"
#include "wire/pb.h"

#define STATE(name) GENXI__INCIDENT_STATE__INCIDENT_STATE_##name
#define ASSIGNED(name) GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_##name

/* --- copies of the registry: the whole record comes, one upsert --- */

enum gx_rc intake_on_station_changed(struct intake *self, struct gx_ctx *ctx,
                                     const Genxi__Event *event, const Genxi__StationChanged *in)
{
    (void)self;
    (void)event;
    return intake_store_station_put(ctx, in->station);
}

enum gx_rc intake_on_partner_changed(struct intake *self, struct gx_ctx *ctx,
                                     const Genxi__Event *event, const Genxi__PartnerChanged *in)
{
    (void)self;
    (void)event;
    return intake_store_partner_put(ctx, in->partner);
}

enum gx_rc intake_on_site_changed(struct intake *self, struct gx_ctx *ctx,
                                  const Genxi__Event *event, const Genxi__SiteChanged *in)
{
    (void)self;
    (void)event;
    return intake_store_site_put(ctx, in->site);
}

enum gx_rc intake_on_responder_changed(struct intake *self, struct gx_ctx *ctx,
                                       const Genxi__Event *event, const Genxi__ResponderChanged *in)
{
    (void)self;
    (void)event;
    return intake_store_responder_put(ctx, in->responder);
}

/* --- the team --- */

/* An incident that intake does not know is nothing that a follower can mend: it is said and passed over. */
static enum gx_rc find(struct gx_ctx *ctx, const char *incident_id, bool *ret_found,
                       struct intake_incident *ret_incident)
{
    *ret_found = false;
    if (!gx_id_valid(incident_id)) {
        gx_log(ctx, GX_ERROR, "incident-id-bad", "an event names no incident");
        return GX_OK;
    }
    enum gx_rc rc = intake_store_incident_find(ctx, incident_id, ret_found, ret_incident);
    if (rc == GX_OK && !*ret_found) {
        gx_log(ctx, GX_WARN, "incident-unknown", "incident %s is not known here", incident_id);
    }
    return rc;
}

/* Forward only; tells of it when something changed. */
static enum gx_rc advance(struct gx_ctx *ctx, struct intake_incident *incident,
                          Genxi__IncidentState to, int64_t at)
{
    if (!intake_state_advance(incident->pb, to, at)) {
        return GX_OK;
    }
    const char *name = intake_state_row((int)to)->name;
    const struct intake_entry entry = {.what = name, .at = at};
    const struct intake_change change = {.what = name};
    enum gx_rc rc = intake_store_entry_add(ctx, incident->pb, &entry);
    return rc == GX_OK ? intake_change(ctx, incident, &change) : rc;
}

enum gx_rc intake_on_offer_made(struct intake *self, struct gx_ctx *ctx, const Genxi__Event *event,
                                const Genxi__OfferMade *in)
{
    (void)self;
    const Genxi__Offer *offer = in->offer;
    struct intake_incident incident = {.pb = NULL};
    bool found = false;
    enum gx_rc rc = find(ctx, offer->incident_id, &found, &incident);
    if (rc != GX_OK || !found) {
        return rc;
    }
    const struct intake_member member = {offer->responder_id, offer->org_id, 0, 0, true};
    const struct intake_entry entry = {.what = "offered",
                                       .who = offer->responder_id,
                                       .org_id = offer->org_id,
                                       .at = offer->made_at,
                                       .text = offer->slot};
    rc = intake_store_offer_event_add(ctx, event->id, offer);
    rc = rc == GX_OK ? intake_store_member_put(ctx, incident.pb, &member) : rc;
    rc = rc == GX_OK ? intake_store_entry_add(ctx, incident.pb, &entry) : rc;
    return rc == GX_OK ? advance(ctx, &incident, STATE(DISPATCHED), offer->made_at) : rc;
}

enum gx_rc intake_on_offer_ended(struct intake *self, struct gx_ctx *ctx, const Genxi__Event *event,
                                 const Genxi__OfferEnded *in)
{
    (void)self;
    const Genxi__Offer *offer = in->offer;
    if (offer->state == GENXI__OFFER_STATE__OFFER_STATE_ACCEPTED) {
        return GX_OK; /* the assignment's event says it */
    }
    struct intake_incident incident = {.pb = NULL};
    bool found = false;
    enum gx_rc rc = find(ctx, offer->incident_id, &found, &incident);
    if (rc != GX_OK || !found) {
        return rc;
    }
    const struct intake_entry entry = {
        .what = "offer_ended",
        .who = offer->responder_id,
        .org_id = offer->org_id,
        .at = offer->has_ended_at ? offer->ended_at : event->at,
        .text = gx_pb_enum_json(ctx, &genxi__offer_state__descriptor, (int)offer->state)};
    rc = intake_store_member_drop(ctx, incident.pb->id, offer->responder_id);
    return rc == GX_OK ? intake_store_entry_add(ctx, incident.pb, &entry) : rc;
}

/* When the responder entered the state that the assignment is in now. */
static int64_t state_time(const Genxi__Assignment *assignment, int64_t event_at)
{
    switch (assignment->state) {
    case ASSIGNED(ACCEPTED):
        return assignment->accepted_at;
    case ASSIGNED(EN_ROUTE):
        return assignment->has_en_route_at ? assignment->en_route_at : event_at;
    case ASSIGNED(ON_SCENE):
        return assignment->has_on_scene_at ? assignment->on_scene_at : event_at;
    case ASSIGNED(DONE):
        return assignment->has_done_at ? assignment->done_at : event_at;
    case ASSIGNED(STOOD_DOWN):
    case ASSIGNED(ABANDONED):
    case _GENXI__ASSIGNMENT_STATE_IS_INT_SIZE:
        break;
    }
    return event_at;
}

/* Which state of the incident the first such responder brings; 0: none. */
static int incident_state_of(Genxi__AssignmentState state)
{
    switch (state) {
    case ASSIGNED(ACCEPTED):
        return STATE(ACKNOWLEDGED);
    case ASSIGNED(EN_ROUTE):
        return STATE(EN_ROUTE);
    case ASSIGNED(ON_SCENE):
        return STATE(ON_SCENE);
    case ASSIGNED(DONE):
    case ASSIGNED(STOOD_DOWN):
    case ASSIGNED(ABANDONED):
    case _GENXI__ASSIGNMENT_STATE_IS_INT_SIZE:
        break;
    }
    return 0;
}

/* The first on scene of guards and patrols stands in until police take command; a volunteer never does. */
static enum gx_rc stand_in(struct gx_ctx *ctx, struct intake_incident *incident,
                           const Genxi__Assignment *assignment)
{
    bool may = assignment->force == GENXI__FORCE__FORCE_GUARD ||
               assignment->force == GENXI__FORCE__FORCE_PATROL;
    if (assignment->state != ASSIGNED(ON_SCENE) || !may || incident->pb->commander_id != NULL ||
        incident->pb->state > STATE(ON_SCENE)) {
        return GX_OK;
    }
    return intake_command(ctx, incident, assignment->responder_id, assignment->force);
}

enum gx_rc intake_on_assignment_changed(struct intake *self, struct gx_ctx *ctx,
                                        const Genxi__Event *event,
                                        const Genxi__AssignmentChanged *in)
{
    (void)self;
    const Genxi__Assignment *assignment = in->assignment;
    struct intake_incident incident = {.pb = NULL};
    bool found = false;
    enum gx_rc rc = find(ctx, assignment->incident_id, &found, &incident);
    if (rc != GX_OK || !found) {
        return rc;
    }
    bool left =
        assignment->state == ASSIGNED(STOOD_DOWN) || assignment->state == ASSIGNED(ABANDONED);
    const struct intake_member member = {assignment->responder_id, assignment->org_id,
                                         (int)assignment->force, (int)assignment->state, !left};
    const struct intake_entry entry = {
        .what = "assignment",
        .who = assignment->responder_id,
        .org_id = assignment->org_id,
        .at = state_time(assignment, event->at),
        .text = gx_pb_enum_json(ctx, &genxi__assignment_state__descriptor, (int)assignment->state)};
    char *org = assignment->org_id;
    rc = intake_store_member_put(ctx, incident.pb, &member);
    rc = rc == GX_OK ? intake_store_orgs_add(ctx, incident.pb, &org, 1, "team") : rc;
    rc = rc == GX_OK ? intake_store_entry_add(ctx, incident.pb, &entry) : rc;
    int to = incident_state_of(assignment->state);
    /* What comes late, after the end, changes nothing of the incident. */
    if (rc != GX_OK || to == 0 || intake_state_ended((int)incident.pb->state)) {
        return rc;
    }
    rc = advance(ctx, &incident, (Genxi__IncidentState)to, entry.at);
    return rc == GX_OK ? stand_in(ctx, &incident, assignment) : rc;
}

/* Lines of the timeline that change nothing else. */
static enum gx_rc note(struct gx_ctx *ctx, const char *incident_id,
                       const struct intake_entry *entry)
{
    struct intake_incident incident = {.pb = NULL};
    bool found = false;
    enum gx_rc rc = find(ctx, incident_id, &found, &incident);
    return rc == GX_OK && found ? intake_store_entry_add(ctx, incident.pb, entry) : rc;
}

enum gx_rc intake_on_team_filled(struct intake *self, struct gx_ctx *ctx, const Genxi__Event *event,
                                 const Genxi__TeamFilled *in)
{
    (void)self;
    (void)event;
    const struct intake_entry entry = {.what = "team_filled", .at = in->at};
    return note(ctx, in->incident_id, &entry);
}

enum gx_rc intake_on_slot_unfilled(struct intake *self, struct gx_ctx *ctx,
                                   const Genxi__Event *event, const Genxi__SlotUnfilled *in)
{
    (void)self;
    const struct intake_entry entry = {
        .what = "slot_unfilled",
        .at = event->at,
        .police = true,
        .text = gx_arena_printf(&ctx->arena, "%s: %u, %s", in->slot, in->missing, in->reason)};
    return note(ctx, in->incident_id, &entry);
}

enum gx_rc intake_on_rung_reached(struct intake *self, struct gx_ctx *ctx,
                                  const Genxi__Event *event, const Genxi__RungReached *in)
{
    (void)self;
    const struct intake_entry entry = {
        .what = in->met ? "rung_met" : "rung_missed",
        .at = event->at,
        .police = true,
        .text = gx_arena_printf(&ctx->arena, "%u min, %s", in->minute, in->step_up)};
    return note(ctx, in->incident_id, &entry);
}

/* A device says that the offer arrived: delivered, which is not acknowledged. */
enum gx_rc intake_on_delivery_changed(struct intake *self, struct gx_ctx *ctx,
                                      const Genxi__Event *event, const Genxi__DeliveryChanged *in)
{
    (void)self;
    const Genxi__Delivery *delivery = in->delivery;
    if (delivery->state != GENXI__DELIVERY_STATE__DELIVERY_STATE_RECEIPTED ||
        !gx_id_valid(delivery->event_id)) {
        return GX_OK;
    }
    const char *incident_id = NULL;
    enum gx_rc rc = intake_store_offer_event_find(ctx, delivery->event_id, &incident_id);
    if (rc != GX_OK || incident_id == NULL) {
        return rc;
    }
    struct intake_incident incident = {.pb = NULL};
    bool found = false;
    rc = find(ctx, incident_id, &found, &incident);
    if (rc != GX_OK || !found || intake_state_ended((int)incident.pb->state)) {
        return rc;
    }
    int64_t at = delivery->has_receipted_at ? delivery->receipted_at : event->at;
    if (!intake_stamp_once(incident.pb->times, INTAKE_STAMP_DELIVERED, at)) {
        return GX_OK;
    }
    const struct intake_entry entry = {.what = "delivered", .at = at};
    const struct intake_change change = {.what = "delivered"};
    rc = intake_store_entry_add(ctx, incident.pb, &entry);
    return rc == GX_OK ? intake_change(ctx, &incident, &change) : rc;
}
