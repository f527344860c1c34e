/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/hear.h"

#include "settings.h"

#include "base/log.h"
#include "wire/messages.h"

#include <stdlib.h>

void hear_partner(struct live *live, const Genxi__Partner *partner, int64_t at)
{
    static const Genxi__Agreement NONE = GENXI__AGREEMENT__INIT;
    const Genxi__Agreement *agreement = partner->agreement == NULL ? &NONE : partner->agreement;
    const struct live_org org = {
        .id = partner->id,
        .active = partner->state == GENXI__ORG_STATE__ORG_STATE_ACTIVE,
        .exercise = partner->has_exercise && partner->exercise,
        .agreement = {.exists = partner->agreement != NULL,
                      .off_site = agreement->off_site,
                      .signed_at = agreement->signed_at,
                      .ends_at = agreement->has_ends_at ? agreement->ends_at : 0,
                      .contract_areas = agreement->contract_areas,
                      .contract_area_count = agreement->n_contract_areas},
        .changed_at = at,
    };
    live_put_org(live, &org);
}

void hear_site(struct live *live, const Genxi__Site *in, int64_t at)
{
    const struct live_site site = {in->id, {in->lon, in->lat}, in->radius_m, at};
    live_put_site(live, &site);
}

void hear_responder(struct live *live, const Genxi__Responder *in, int64_t at)
{
    struct person_skill *skills = malloc((in->n_skills + 1) * sizeof *skills);
    if (skills == NULL) {
        abort();
    }
    for (size_t i = 0; i < in->n_skills; i++) {
        skills[i] = (struct person_skill){in->skills[i]->code, in->skills[i]->until_at};
    }
    const struct live_responder responder = {
        .id = in->id,
        .org_id = in->org_id,
        .call_sign = in->call_sign,
        .site_id = in->site_id,
        .area = in->area,
        .force = in->force,
        .guard_kind = in->has_guard_kind ? (int)in->guard_kind : 0,
        .crew = in->crew,
        .active = in->active,
        .off_site_consent = in->has_off_site_consent && in->off_site_consent,
        .insured_until_at = in->has_insured_until_at ? in->insured_until_at : 0,
        .skills = skills,
        .skill_count = in->n_skills,
        .changed_at = at,
    };
    live_put_responder(live, &responder);
    free(skills);
}

void hear_shift(struct live *live, const Genxi__Shift *in, int64_t at)
{
    const struct live_shift shift = {in->id,       in->responder_id, in->from_at,
                                     in->until_at, (int)in->state,   at};
    live_put_shift(live, &shift);
}

/* ---- offers and tasks ---- */

static void hear_offer(struct live *live, const Genxi__Offer *offer)
{
    if (offer->state == GENXI__OFFER_STATE__OFFER_STATE_OPEN) {
        live_alerted(live, offer->responder_id, offer->made_at);
        if (offer->preempts != NULL) {
            return; /* his task holds him until he says yes */
        }
        const struct live_hold hold = {HOLD_OFFER, offer->id, offer->made_at};
        live_hold(live, offer->responder_id, &hold);
    } else if (offer->state != GENXI__OFFER_STATE__OFFER_STATE_ACCEPTED) {
        /* One that was accepted holds him until the task does, which the next event tells. */
        live_release(live, offer->responder_id, offer->id, offer->ended_at);
    }
}

static bool is_active(Genxi__AssignmentState state)
{
    return state == GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_ACCEPTED ||
           state == GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_EN_ROUTE ||
           state == GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_ON_SCENE;
}

static void hear_assignment(struct live *live, const Genxi__Assignment *in)
{
    live_worked(live, in->responder_id, in->accepted_at);
    if (is_active(in->state)) {
        const struct live_hold hold = {HOLD_ASSIGNMENT, in->id, in->accepted_at};
        const struct live_task task = {
            .ref = in->id,
            .grade = in->has_grade ? in->grade : 0,
            .place = {in->lon, in->lat},
            .on_the_way = in->state != GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_ON_SCENE,
        };
        live_hold(live, in->responder_id, &hold);
        live_task(live, in->responder_id, &task);
        return;
    }
    live_release(live, in->responder_id, in->id, in->done_at);
    if (in->has_on_scene_at && in->on_scene_at != 0) {
        int64_t rest = matcher_span_ms(MATCHER_SETTINGS.rest_minutes * 60.0);
        live_rest(live, in->responder_id, in->done_at + rest);
    }
}

static void hear_positions(struct live *live, const Genxi__PositionsMoved *moved)
{
    struct live_place *places = malloc((moved->n_positions + 1) * sizeof *places);
    if (places == NULL) {
        abort();
    }
    for (size_t i = 0; i < moved->n_positions; i++) {
        const Genxi__Position *position = moved->positions[i];
        places[i] = (struct live_place){
            position->responder_id, {position->lon, position->lat}, position->at};
    }
    live_learn(live, places, moved->n_positions);
    free(places);
}

static void hear_payload(struct live *live, const Genxi__Event *event,
                         const ProtobufCMessage *payload)
{
    const void *in = payload;
    switch (event->type) {
    case GX_E_partner_changed:
        hear_partner(live, ((const Genxi__PartnerChanged *)in)->partner, event->at);
        break;
    case GX_E_site_changed:
        hear_site(live, ((const Genxi__SiteChanged *)in)->site, event->at);
        break;
    case GX_E_responder_changed:
        hear_responder(live, ((const Genxi__ResponderChanged *)in)->responder, event->at);
        break;
    case GX_E_shift_changed:
        hear_shift(live, ((const Genxi__ShiftChanged *)in)->shift, event->at);
        break;
    case GX_E_offer_made:
        hear_offer(live, ((const Genxi__OfferMade *)in)->offer);
        break;
    case GX_E_offer_ended:
        hear_offer(live, ((const Genxi__OfferEnded *)in)->offer);
        break;
    case GX_E_assignment_changed:
        hear_assignment(live, ((const Genxi__AssignmentChanged *)in)->assignment);
        break;
    default:
        hear_positions(live, in);
        break;
    }
}

static bool concerns_us(uint32_t type)
{
    switch (type) {
    case GX_E_partner_changed:
    case GX_E_site_changed:
    case GX_E_responder_changed:
    case GX_E_shift_changed:
    case GX_E_offer_made:
    case GX_E_offer_ended:
    case GX_E_assignment_changed:
    case GX_E_positions_moved:
        return true;
    default:
        return false;
    }
}

void hear_event(void *arg, const Genxi__Event *event)
{
    const struct gx_event_type *type = gx_event_by_number(event->type);
    if (type == NULL || !concerns_us(event->type)) {
        return;
    }
    ProtobufCMessage *payload =
        protobuf_c_message_unpack(type->payload, NULL, event->body.len, event->body.data);
    if (payload == NULL) {
        gx_log(NULL, GX_WARN, "event-unread", "an event of type %s cannot be read", type->name);
        return;
    }
    hear_payload(arg, event, payload);
    protobuf_c_message_free_unpacked(payload, NULL);
}
