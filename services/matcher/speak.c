/* SPDX-License-Identifier: Apache-2.0 */
#include "speak.h"

#include "counters.h"

#include "store/tx.h"
#include "wire/messages.h"
#include "wire/pb.h"

Genxi__Assignment *speak_assignment(struct gx_ctx *ctx, const struct assignment *a)
{
    Genxi__Assignment *out = gx_pb_new(ctx, &genxi__assignment__descriptor);
    if (out == NULL) {
        return NULL;
    }
    out->id = gx_pb_text(a->id);
    out->incident_id = gx_pb_text(a->incident_id);
    out->area = a->area;
    out->responder_id = gx_pb_text(a->responder_id);
    out->org_id = gx_pb_text(a->org_id);
    out->force = a->force;
    out->slot = gx_pb_text(a->slot);
    out->state = (Genxi__AssignmentState)a->state;
    out->accepted_at = a->accepted_at;
    out->has_en_route_at = a->en_route_at != 0;
    out->en_route_at = a->en_route_at;
    out->has_on_scene_at = a->on_scene_at != 0;
    out->on_scene_at = a->on_scene_at;
    out->has_done_at = a->done_at != 0;
    out->done_at = a->done_at;
    out->offer_id = a->offer_id[0] == '\0' ? NULL : gx_pb_text(a->offer_id);
    out->self_dispatched = a->self_dispatched;
    out->exercise = a->exercise;
    out->call_sign = gx_pb_text(a->call_sign);
    out->has_arrived_by_position_at = a->arrived_by_position_at != 0;
    out->arrived_by_position_at = a->arrived_by_position_at;
    out->has_grade = out->has_lon = out->has_lat = a->grade != 0;
    out->grade = a->grade;
    out->lon = a->place.lon;
    out->lat = a->place.lat;
    out->ended_by = a->ended_by[0] == '\0' ? NULL : gx_pb_text(a->ended_by);
    ProtobufCMessage *card = NULL;
    if (a->card.size > 0 &&
        gx_pb_unpack(ctx, &genxi__task_card__descriptor, a->card, &card) != GX_OK) {
        return NULL;
    }
    out->card = (Genxi__TaskCard *)(void *)card;
    return out;
}

enum gx_rc speak_offer(struct gx_ctx *ctx, const struct offer *offer, Genxi__Offer **ret_offer)
{
    ProtobufCMessage *message = NULL;
    enum gx_rc rc = gx_pb_unpack(ctx, &genxi__offer__descriptor, offer->body, &message);
    if (rc != GX_OK) {
        return rc;
    }
    Genxi__Offer *out = (Genxi__Offer *)(void *)message;
    out->state = (Genxi__OfferState)offer->state;
    out->has_ended_at = offer->ended_at != 0;
    out->ended_at = offer->ended_at;
    out->ended_by = offer->ended_at == 0 ? NULL : gx_pb_text(offer->ended_by);
    *ret_offer = out;
    return GX_OK;
}

Genxi__TaskCard *speak_card(const Genxi__Playbook *playbook, Genxi__Force force)
{
    for (size_t i = 0; i < playbook->n_cards; i++) {
        if (playbook->cards[i]->force == force) {
            return playbook->cards[i];
        }
    }
    return NULL;
}

/* Whose people are concerned, by whom they are commanded at home and where they are sent. */
struct concerned {
    const char *id; /* of the offer or assignment */
    int32_t area;
    int32_t home_area;
    const char *org_id;
    const char *responder_id;
    bool exercise;
};

static enum gx_rc tell(struct gx_ctx *ctx, uint32_t type, const struct concerned *who,
                       const ProtobufCMessage *payload)
{
    char *orgs[] = {gx_pb_text(who->org_id)};
    char *responders[] = {gx_pb_text(who->responder_id)};
    int32_t areas[] = {who->home_area};
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    audience.has_officers = true;
    audience.officers = true;
    audience.n_orgs = 1;
    audience.orgs = orgs;
    audience.n_responders = 1;
    audience.responders = responders;
    audience.n_more_areas = who->home_area == who->area ? 0 : 1;
    audience.more_areas = areas;
    const struct gx_emit emit = {
        .area = who->area,
        .type = type,
        .subject = who->id,
        .payload = payload,
        .audience = &audience,
        .exercise = who->exercise,
    };
    return gx_emit(ctx, &emit);
}

static enum gx_rc tell_of_offer(struct gx_ctx *ctx, uint32_t type, const struct offer *offer,
                                bool exercise, const ProtobufCMessage *payload)
{
    const struct concerned who = {offer->id,     offer->area,         offer->home_area,
                                  offer->org_id, offer->responder_id, exercise};
    return tell(ctx, type, &who, payload);
}

enum gx_rc speak_offer_made(struct gx_ctx *ctx, const struct offer *offer, Genxi__Offer *message)
{
    Genxi__OfferMade made = GENXI__OFFER_MADE__INIT;
    made.offer = message;
    matcher_count(COUNT_OFFERS_MADE, 1);
    return tell_of_offer(ctx, GX_E_offer_made, offer, message->exercise, &made.base);
}

enum gx_rc speak_offer_ended(struct gx_ctx *ctx, const struct offer *offer)
{
    Genxi__OfferEnded ended = GENXI__OFFER_ENDED__INIT;
    enum gx_rc rc = speak_offer(ctx, offer, &ended.offer);
    if (rc != GX_OK) {
        return rc;
    }
    matcher_count(counter_of_offer(offer->state), 1);
    return tell_of_offer(ctx, GX_E_offer_ended, offer, ended.offer->exercise, &ended.base);
}

enum gx_rc speak_assignment_changed(struct gx_ctx *ctx, const struct assignment *a,
                                    const struct scene_first *first)
{
    Genxi__AssignmentChanged changed = GENXI__ASSIGNMENT_CHANGED__INIT;
    changed.assignment = speak_assignment(ctx, a);
    if (changed.assignment == NULL) {
        return GX_LIMIT;
    }
    changed.has_first_on_scene = first != NULL && first->responder;
    changed.first_on_scene = changed.has_first_on_scene != 0;
    changed.has_first_police = first != NULL && first->police;
    changed.first_police = changed.has_first_police != 0;
    const struct concerned who = {a->id,     a->area,         a->home_area,
                                  a->org_id, a->responder_id, a->exercise};
    return tell(ctx, GX_E_assignment_changed, &who, &changed.base);
}

/* Of the incident as a whole: for officers of its area. */
static enum gx_rc tell_officers(struct gx_ctx *ctx, uint32_t type, const struct incident *incident,
                                const ProtobufCMessage *payload)
{
    const struct gx_emit emit = {
        .area = incident->area,
        .type = type,
        .subject = incident->id,
        .payload = payload,
        .exercise = incident->exercise,
    };
    return gx_emit(ctx, &emit);
}

enum gx_rc speak_team_filled(struct gx_ctx *ctx, const struct incident *incident, int64_t at)
{
    Genxi__TeamFilled filled = GENXI__TEAM_FILLED__INIT;
    filled.incident_id = gx_pb_text(incident->id);
    filled.at = at;
    return tell_officers(ctx, GX_E_team_filled, incident, &filled.base);
}

enum gx_rc speak_slot_unfilled(struct gx_ctx *ctx, const struct incident *incident,
                               const char *slot, uint32_t missing, const char *reason)
{
    Genxi__SlotUnfilled unfilled = GENXI__SLOT_UNFILLED__INIT;
    unfilled.incident_id = gx_pb_text(incident->id);
    unfilled.slot = gx_pb_text(slot);
    unfilled.missing = missing;
    unfilled.reason = gx_pb_text(reason);
    return tell_officers(ctx, GX_E_slot_unfilled, incident, &unfilled.base);
}

enum gx_rc speak_rung(struct gx_ctx *ctx, const struct incident *incident,
                      const Genxi__RungReached *rung)
{
    return tell_officers(ctx, GX_E_rung_reached, incident, &rung->base);
}
