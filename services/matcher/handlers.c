/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers.h"

#include "explain.h"
#include "matcher.h"
#include "positions.h"
#include "preempt.h"
#include "rules.h"
#include "settings.h"
#include "speak.h"
#include "store.h"
#include "swap.h"
#include "team.h"
#include "watch/coverage.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"
#include "wire/pb.h"

#include <string.h>

GX_ON_COMMAND(on_positions, matcher, Genxi__PositionBatch, Genxi__PositionsTaken)
GX_ON_COMMAND(on_accept, matcher, Genxi__OfferAccept, Genxi__Assignment)
GX_ON_COMMAND(on_decline, matcher, Genxi__OfferDecline, Genxi__Offer)
GX_ON_COMMAND(on_offers, matcher, Genxi__OfferQuery, Genxi__OfferList)
GX_ON_COMMAND(on_status, matcher, Genxi__AssignmentStatus, Genxi__Assignment)
GX_ON_COMMAND(on_assignments, matcher, Genxi__AssignmentQuery, Genxi__AssignmentList)
GX_ON_COMMAND(on_propose, matcher, Genxi__Propose, Genxi__Proposal)
GX_ON_COMMAND(on_dispatch, matcher, Genxi__Dispatch, Genxi__Dispatched)
GX_ON_COMMAND(on_team, matcher, Genxi__TeamGet, Genxi__Team)
GX_ON_COMMAND(on_live, matcher, Genxi__LiveQuery, Genxi__LiveList)
GX_ON_COMMAND(on_coverage, matcher, Genxi__CoverageQuery, Genxi__CoverageList)
GX_ON_COMMAND(on_moves, matcher, Genxi__MoveQuery, Genxi__MoveList)
GX_ON_COMMAND(on_move_make, matcher, Genxi__MoveMake, Genxi__Move)
GX_ON_COMMAND(on_move_end, matcher, Genxi__MoveEnd, Genxi__Move)

#define ANSWERING ((uint32_t)(GX_ROLE_RESPONDER | GX_ROLE_POLICE | GX_ROLE_DESK | GX_ROLE_DUTY))
#define LOOKING (ANSWERING | (uint32_t)(GX_ROLE_LINKED | GX_ROLE_APPROVER | GX_ROLE_ANALYST))

const struct gx_command_row MATCHER_COMMANDS[] = {
    {GX_C_position_batch, on_positions_thunk, ANSWERING},
    {GX_C_offer_accept, on_accept_thunk, ANSWERING},
    {GX_C_offer_decline, on_decline_thunk, ANSWERING},
    {GX_C_offer_list, on_offers_thunk, LOOKING},
    {GX_C_assignment_status, on_status_thunk, ANSWERING},
    {GX_C_assignment_list, on_assignments_thunk, LOOKING},
    {GX_C_propose, on_propose_thunk, GX_ROLE_DUTY},
    {GX_C_dispatch, on_dispatch_thunk, (uint32_t)(GX_ROLE_DUTY | GX_ROLE_DESK)},
    {GX_C_team_get, on_team_thunk, LOOKING},
    {GX_C_live_list, on_live_thunk, LOOKING},
    {GX_C_coverage_list, on_coverage_thunk,
     GX_ROLES_OFFICERS | (uint32_t)(GX_ROLE_DESK | GX_ROLE_LINKED)},
    {GX_C_move_list, on_moves_thunk, GX_ROLES_OFFICERS},
    {GX_C_move_make, on_move_make_thunk, GX_ROLE_DUTY},
    {GX_C_move_end, on_move_end_thunk, GX_ROLE_DUTY},
};
const size_t MATCHER_COMMAND_COUNT = GX_COUNT_OF(MATCHER_COMMANDS);

static enum gx_rc no_such(struct gx_ctx *ctx, const char *what)
{
    return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "%s", what);
}

static const char *time_text(struct gx_ctx *ctx, int64_t at)
{
    char text[GX_TIME_TEXT_SIZE];
    const char *copy = gx_arena_text(&ctx->arena, gx_time_format(at, text));
    return copy == NULL ? "" : copy;
}

/* A filter by id that is no id would be an error of the database's: say what is wrong instead. */
static enum gx_rc check_id(struct gx_ctx *ctx, const char *pointer, const char *id)
{
    if (id != NULL && !gx_id_valid(id)) {
        return gx_fail(ctx, GX_P_FIELD_FORMAT, pointer, "UUID");
    }
    return GX_OK;
}

static enum gx_rc on_positions(struct matcher *self, struct gx_ctx *ctx,
                               const Genxi__PositionBatch *in, Genxi__PositionsTaken *out)
{
    return positions_take(self, ctx, in, out);
}

/* ---- offers ---- */

/* Row-level security has let the caller see it; to answer for it one must be the responder, its desk, or a duty officer there. */
static bool may_answer(const struct gx_actor *actor, const char *responder_id, const char *org_id,
                       int32_t area)
{
    bool own = gx_text_is(actor->responder_id, responder_id) ||
               gx_actor_has(actor, (uint32_t)GX_ROLE_DESK);
    return (own && gx_text_is(actor->org, org_id)) ||
           (gx_actor_has(actor, (uint32_t)(GX_ROLE_DUTY | GX_ROLE_SYSTEM)) &&
            gx_actor_commands(actor, area));
}

/*
 * The offer under its incident's lock, after the caller's right was checked; *ret_offer as it is now. old not NULL: with the task that it
 * preempts, if any.
 */
static enum gx_rc open_offer(struct matcher *self, struct gx_ctx *ctx, const char *id,
                             struct team *team, struct offer **ret_offer, struct preempted *old)
{
    struct offer *seen = NULL;
    bool found = false;
    enum gx_rc rc = gx_id_valid(id) ? store_offer_find(ctx, id, &seen) : GX_OK;
    if (rc != GX_OK) {
        return rc;
    }
    if (seen == NULL) {
        return no_such(ctx, "offer");
    }
    if (!may_answer(&ctx->actor, seen->responder_id, seen->org_id, seen->area)) {
        return gx_fail(ctx, GX_P_DENIED, "", "responder, desk, duty");
    }
    rc = store_as_system(ctx);
    if (rc == GX_OK) {
        rc = old == NULL ? team_open(self, ctx, seen->incident_id, team, &found)
                         : preempt_open(self, ctx, seen, team, old, &found);
    }
    rc = rc == GX_OK ? store_offer_find(ctx, id, ret_offer) : rc;
    return rc == GX_OK && (!found || *ret_offer == NULL) ? no_such(ctx, "offer") : rc;
}

/* Is it still open, by state and by the database's clock? The timer may be a moment behind. */
static enum gx_rc check_open(struct gx_ctx *ctx, const struct offer *offer)
{
    switch (offer->state) {
    case GENXI__OFFER_STATE__OFFER_STATE_OPEN:
        break;
    case GENXI__OFFER_STATE__OFFER_STATE_ACCEPTED:
        return gx_fail(ctx, GX_P_OFFER_ACCEPTED, "", "%s", time_text(ctx, offer->ended_at));
    case GENXI__OFFER_STATE__OFFER_STATE_EXPIRED:
        return gx_fail(ctx, GX_P_OFFER_EXPIRED, "", "%s", time_text(ctx, offer->expires_at));
    default:
        return gx_fail(ctx, GX_P_OFFER_ENDED, "", "%s", offer->ended_by);
    }
    if (gx_tx_now_ms(ctx) >= offer->expires_at) {
        return gx_fail(ctx, GX_P_OFFER_EXPIRED, "", "%s", time_text(ctx, offer->expires_at));
    }
    return GX_OK;
}

static enum gx_rc give_assignment(struct gx_ctx *ctx, const struct assignment *assignment,
                                  Genxi__Assignment *out)
{
    const Genxi__Assignment *message = speak_assignment(ctx, assignment);
    if (message == NULL) {
        return GX_LIMIT;
    }
    *out = *message;
    return GX_OK;
}

static enum gx_rc accept(struct team *team, struct offer *offer, struct preempted *old,
                         Genxi__Assignment *out)
{
    struct gx_ctx *ctx = team->ctx;
    const struct offer_end end = {GENXI__OFFER_STATE__OFFER_STATE_ACCEPTED, "responder",
                                  gx_tx_now_ms(ctx)};
    struct person *persons = NULL;
    size_t known = 0;
    bool ended = false;
    const struct person_query query = {.ids = &offer->responder_id, .count = 1, .incident_id = ""};
    enum gx_rc rc = store_persons(ctx, &query, &persons, &known);
    rc = rc == GX_OK ? team_end_offer(team, offer, &end, &ended) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    if (!ended) {
        return gx_fail(ctx, GX_P_OFFER_ENDED, "", "%s", "self_dispatch");
    }
    struct assignment *assignment = NULL;
    rc = preempt_end(old);
    rc = rc == GX_OK ? swap_end(team, offer) : rc;
    rc = rc == GX_OK ? team_accept(team, offer, known == 1 ? persons[0].call_sign : "", &assignment)
                     : rc;
    rc = rc == GX_OK ? team_close(team) : rc;
    return rc == GX_OK ? give_assignment(ctx, assignment, out) : rc;
}

static enum gx_rc on_accept(struct matcher *self, struct gx_ctx *ctx, const Genxi__OfferAccept *in,
                            Genxi__Assignment *out)
{
    struct team team;
    struct preempted old;
    struct offer *offer = NULL;
    enum gx_rc rc = open_offer(self, ctx, in->id, &team, &offer, &old);
    rc = rc == GX_OK ? check_open(ctx, offer) : rc;
    rc = rc == GX_OK ? preempt_check(&team, &old, offer) : rc;
    return rc == GX_OK ? accept(&team, offer, &old, out) : rc;
}

static enum gx_rc on_decline(struct matcher *self, struct gx_ctx *ctx,
                             const Genxi__OfferDecline *in, Genxi__Offer *out)
{
    struct team team;
    struct offer *offer = NULL;
    bool ended = false;
    enum gx_rc rc = open_offer(self, ctx, in->id, &team, &offer, NULL);
    rc = rc == GX_OK ? check_open(ctx, offer) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    const struct offer_end end = {GENXI__OFFER_STATE__OFFER_STATE_DECLINED, "responder",
                                  gx_tx_now_ms(ctx)};
    rc = team_end_offer(&team, offer, &end, &ended);
    if (rc == GX_OK && !ended) {
        return gx_fail(ctx, GX_P_OFFER_ENDED, "", "%s", "self_dispatch");
    }
    rc = rc == GX_OK ? team_match(&team) : rc;
    rc = rc == GX_OK ? team_close(&team) : rc;
    Genxi__Offer *message = NULL;
    rc = rc == GX_OK ? speak_offer(ctx, offer, &message) : rc;
    if (rc == GX_OK) {
        *out = *message;
    }
    return rc;
}

static enum gx_rc on_offers(struct matcher *self, struct gx_ctx *ctx, const Genxi__OfferQuery *in,
                            Genxi__OfferList *out)
{
    (void)self;
    struct offer *offers = NULL;
    size_t count = 0;
    enum gx_rc rc = check_id(ctx, "/incident_id", in->incident_id);
    rc = rc == GX_OK ? check_id(ctx, "/responder_id", in->responder_id) : rc;
    rc = rc == GX_OK ? store_offers_list(ctx, in->incident_id, in->responder_id,
                                         in->has_open && in->open, &offers, &count)
                     : rc;
    if (rc != GX_OK) {
        return rc;
    }
    out->items = gx_pb_array(ctx, count);
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        rc = out->items == NULL ? GX_LIMIT : speak_offer(ctx, &offers[i], &out->items[i]);
        out->n_items = i + 1;
    }
    return rc;
}

/* ---- assignments ---- */

static const char *legal_next(struct gx_ctx *ctx, unsigned mask)
{
    const char *text = "";
    for (int state = 1; state <= GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_ABANDONED; state++) {
        if ((mask & 1U << state) != 0) {
            const char *name = gx_pb_enum_json(ctx, &genxi__assignment_state__descriptor, state);
            text = gx_arena_printf(&ctx->arena, "%s%s%s", text, text[0] == '\0' ? "" : ", ", name);
            text = text == NULL ? "" : text;
        }
    }
    return text[0] == '\0' ? "-" : text;
}

static enum gx_rc move_assignment(struct team *team, struct assignment *assignment,
                                  Genxi__AssignmentState to)
{
    struct gx_ctx *ctx = team->ctx;
    unsigned legal = assignment_next(assignment->state);
    if ((legal & 1U << (unsigned)to) == 0) {
        const char *from =
            gx_pb_enum_json(ctx, &genxi__assignment_state__descriptor, assignment->state);
        const char *name = gx_pb_enum_json(ctx, &genxi__assignment_state__descriptor, (int)to);
        return gx_fail(ctx, GX_P_ILLEGAL_TRANSITION, "/state", "%s -> %s; %s", from, name,
                       legal_next(ctx, legal));
    }
    enum gx_rc rc = team_move(team, assignment, to);
    if (rc == GX_OK && to == GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_ABANDONED) {
        rc = team_match(team);
    }
    return rc == GX_OK ? team_close(team) : rc;
}

static enum gx_rc on_status(struct matcher *self, struct gx_ctx *ctx,
                            const Genxi__AssignmentStatus *in, Genxi__Assignment *out)
{
    struct team team;
    struct assignment *assignment = NULL;
    bool found = false;
    enum gx_rc rc = gx_id_valid(in->id) ? store_assignment_find(ctx, in->id, &assignment) : GX_OK;
    if (rc != GX_OK) {
        return rc;
    }
    if (assignment == NULL) {
        return no_such(ctx, "assignment");
    }
    if (!may_answer(&ctx->actor, assignment->responder_id, assignment->org_id, assignment->area)) {
        return gx_fail(ctx, GX_P_DENIED, "", "responder, desk, duty");
    }
    rc = store_as_system(ctx);
    rc = rc == GX_OK ? team_open(self, ctx, assignment->incident_id, &team, &found) : rc;
    /* As it is now, under the lock; a merge may have moved it meanwhile, then the caller tries again. */
    const char *incident_id = assignment->incident_id;
    rc = rc == GX_OK ? store_assignment_find(ctx, in->id, &assignment) : rc;
    if (rc == GX_OK &&
        (!found || assignment == NULL || strcmp(assignment->incident_id, incident_id) != 0)) {
        return gx_fail(ctx, GX_P_STATE, "", "merged");
    }
    rc = rc == GX_OK ? move_assignment(&team, assignment, in->state) : rc;
    return rc == GX_OK ? give_assignment(ctx, assignment, out) : rc;
}

static enum gx_rc speak_assignments(struct gx_ctx *ctx, const struct assignment *items,
                                    size_t count, Genxi__Assignment ***ret_items, size_t *ret_count)
{
    Genxi__Assignment **out = gx_pb_array(ctx, count);
    for (size_t i = 0; i < count && out != NULL; i++) {
        out[i] = speak_assignment(ctx, &items[i]);
    }
    *ret_items = out;
    *ret_count = out == NULL || ctx->arena.spent ? 0 : count;
    return ctx->arena.spent ? GX_LIMIT : GX_OK;
}

static enum gx_rc on_assignments(struct matcher *self, struct gx_ctx *ctx,
                                 const Genxi__AssignmentQuery *in, Genxi__AssignmentList *out)
{
    (void)self;
    struct assignment *items = NULL;
    size_t count = 0;
    enum gx_rc rc = check_id(ctx, "/incident_id", in->incident_id);
    rc = rc == GX_OK ? check_id(ctx, "/responder_id", in->responder_id) : rc;
    rc = rc == GX_OK ? store_assignments_list(ctx, in->incident_id, in->responder_id,
                                              in->has_active && in->active, &items, &count)
                     : rc;
    return rc == GX_OK ? speak_assignments(ctx, items, count, &out->items, &out->n_items) : rc;
}

/* ---- by hand ---- */

static enum gx_rc on_propose(struct matcher *self, struct gx_ctx *ctx, const Genxi__Propose *in,
                             Genxi__Proposal *out)
{
    struct incident *incident = NULL;
    struct slot *slots = NULL;
    size_t count = 0;
    uint32_t limit = in->has_limit && in->limit > 0 && in->limit <= 100 ? in->limit : 20;
    enum gx_rc rc = gx_id_valid(in->id) ? store_incident_find(ctx, in->id, &incident) : GX_OK;
    if (rc != GX_OK) {
        return rc;
    }
    if (incident == NULL || !gx_actor_commands(&ctx->actor, incident->area)) {
        return no_such(ctx, "incident");
    }
    rc = store_as_system(ctx);
    rc = rc == GX_OK ? store_slots(ctx, incident->id, &slots, &count) : rc;
    return rc == GX_OK ? match_rank(self, ctx, incident, slots, count, limit, out) : rc;
}

/* What the officer or the desk asks for, checked for one person. */
static enum gx_rc may_dispatch(struct team *team, const struct person *person, bool by_themselves,
                               size_t index)
{
    struct gx_ctx *ctx = team->ctx;
    const struct rule_limits limits = {0};
    const struct occasion occasion = match_occasion(ctx, team->incident);
    const char *pointer = gx_arena_printf(&ctx->arena, "/responder_ids/%zu", index);
    bool own =
        gx_actor_has(&ctx->actor, GX_ROLE_DESK) && gx_text_is(ctx->actor.org, person->org_id);
    if (by_themselves ? !own : !gx_actor_commands(&ctx->actor, team->incident->area)) {
        return gx_fail(ctx, GX_P_FOREIGN_RESPONDER, pointer, "%s", person->id);
    }
    bool busy = by_themselves ? person->hold == HOLD_ASSIGNMENT : person->hold != HOLD_FREE;
    enum rule rule = rule_forbidding(person, &occasion, NULL, &limits,
                                     by_themselves ? RULE_KIND_LAW : RULE_KIND_DUTY);
    if (rule == RULE_BUSY || (rule == RULE_NONE && busy)) {
        return gx_fail(ctx, GX_P_RESPONDER_BUSY, pointer, "%s", person->id);
    }
    if (rule == RULE_OFF_SHIFT || rule == RULE_RESTING || rule != RULE_NONE) {
        return gx_fail(ctx, GX_P_HARD_RULE, pointer, "%s", rule_word(rule));
    }
    return GX_OK;
}

static enum gx_rc dispatch_one(struct team *team, const struct person *person, uint32_t seconds,
                               bool by_themselves, Genxi__Dispatched *out)
{
    struct gx_ctx *ctx = team->ctx;
    if (by_themselves) {
        struct assignment *assignment = NULL;
        enum gx_rc rc = team_join(team, person, &assignment);
        if (rc == GX_OK && assignment == NULL) {
            return gx_fail(ctx, GX_P_RESPONDER_BUSY, "/responder_ids", "%s", person->id);
        }
        if (rc == GX_OK) {
            out->assignments[out->n_assignments++] = speak_assignment(ctx, assignment);
        }
        return rc;
    }
    Genxi__Offer *offer = NULL;
    const struct slot *slot = team_slot_for(team, person);
    const struct match_one one = {slot == NULL ? SLOT_EXTRA : slot->code, person, seconds, ""};
    enum gx_rc rc = match_offer_one(team->self, ctx, team->incident, &one, &offer);
    if (rc == GX_OK && offer == NULL) {
        return gx_fail(ctx, GX_P_RESPONDER_BUSY, "/responder_ids", "%s", person->id);
    }
    if (rc == GX_OK) {
        out->offers[out->n_offers++] = offer;
    }
    return rc;
}

static const struct person *person_by_id(const struct person *persons, size_t count, const char *id,
                                         size_t *ret_index)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(persons[i].id, id) == 0) {
            *ret_index = i;
            return &persons[i];
        }
    }
    return NULL;
}

static enum gx_rc dispatch_all(struct team *team, const Genxi__Dispatch *in, Genxi__Dispatched *out)
{
    struct gx_ctx *ctx = team->ctx;
    bool by_themselves = in->has_self_dispatched && in->self_dispatched;
    struct person *persons = NULL;
    uint32_t *seconds = NULL;
    size_t known = 0;
    enum gx_rc rc =
        match_named(team->self, ctx, team->incident, (const char *const *)in->responder_ids,
                    in->n_responder_ids, &persons, &seconds, &known);
    out->offers = gx_pb_array(ctx, in->n_responder_ids);
    out->assignments = gx_pb_array(ctx, in->n_responder_ids);
    if (rc != GX_OK || out->offers == NULL || out->assignments == NULL) {
        return rc != GX_OK ? rc : GX_LIMIT;
    }
    for (size_t i = 0; i < in->n_responder_ids && rc == GX_OK; i++) {
        size_t at = 0;
        const struct person *person = person_by_id(persons, known, in->responder_ids[i], &at);
        if (person == NULL) {
            const char *pointer = gx_arena_printf(&ctx->arena, "/responder_ids/%zu", i);
            return gx_fail(ctx, GX_P_FOREIGN_RESPONDER, pointer, "%s", in->responder_ids[i]);
        }
        rc = may_dispatch(team, person, by_themselves, i);
        rc = rc == GX_OK ? dispatch_one(team, person, seconds[at], by_themselves, out) : rc;
    }
    return rc == GX_OK ? team_close(team) : rc;
}

enum {
    DISPATCH_MAX = 50
};

static enum gx_rc check_dispatch(struct gx_ctx *ctx, const Genxi__Dispatch *in)
{
    if (in->n_responder_ids == 0 || in->n_responder_ids > DISPATCH_MAX) {
        return gx_fail(ctx, GX_P_FIELD_LENGTH, "/responder_ids", "1..%d", DISPATCH_MAX);
    }
    enum gx_rc rc = GX_OK;
    for (size_t i = 0; i < in->n_responder_ids && rc == GX_OK; i++) {
        rc = check_id(ctx, gx_arena_printf(&ctx->arena, "/responder_ids/%zu", i),
                      in->responder_ids[i]);
    }
    return rc;
}

static enum gx_rc on_dispatch(struct matcher *self, struct gx_ctx *ctx, const Genxi__Dispatch *in,
                              Genxi__Dispatched *out)
{
    struct team team;
    struct incident *seen = NULL;
    bool found = false;
    enum gx_rc rc = check_dispatch(ctx, in);
    rc = rc == GX_OK && gx_id_valid(in->id) ? store_incident_find(ctx, in->id, &seen) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    if (seen == NULL) {
        return no_such(ctx, "incident");
    }
    rc = store_as_system(ctx);
    rc = rc == GX_OK ? team_open(self, ctx, seen->id, &team, &found) : rc;
    if (rc != GX_OK || !found) {
        return rc;
    }
    if (team.incident->stage != STAGE_OPEN) {
        const char *state =
            gx_pb_enum_json(ctx, &genxi__incident_state__descriptor, team.incident->state);
        return gx_fail(ctx, GX_P_INCIDENT_ENDED, "/id", "%s", state);
    }
    return dispatch_all(&team, in, out);
}

/* ---- looking ---- */

static bool is_told(const Genxi__Team *team, const char *lack)
{
    for (size_t i = 0; i < team->n_lacks; i++) {
        if (strcmp(team->lacks[i], lack) == 0) {
            return true;
        }
    }
    return false;
}

/* What any slot's matching lacked. */
static enum gx_rc speak_lacks(struct gx_ctx *ctx, Genxi__Proposal *const *rounds, size_t count,
                              Genxi__Team *out)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += rounds[i]->n_lacks;
    }
    out->lacks = gx_pb_array(ctx, total);
    for (size_t i = 0; i < count && out->lacks != NULL; i++) {
        for (size_t j = 0; j < rounds[i]->n_lacks; j++) {
            if (!is_told(out, rounds[i]->lacks[j])) {
                out->lacks[out->n_lacks++] = rounds[i]->lacks[j];
            }
        }
    }
    return out->lacks == NULL ? GX_LIMIT : GX_OK;
}

static enum gx_rc speak_reasons(struct gx_ctx *ctx, const char *incident_id, Genxi__Team *out)
{
    struct gx_view *bodies = NULL;
    size_t count = 0;
    enum gx_rc rc = store_reasons(ctx, incident_id, &bodies, &count);
    Genxi__Proposal **rounds = gx_pb_array(ctx, count);
    size_t total = 0;
    for (size_t i = 0; i < count && rc == GX_OK && rounds != NULL; i++) {
        ProtobufCMessage *message = NULL;
        rc = gx_pb_unpack(ctx, &genxi__proposal__descriptor, bodies[i], &message);
        rounds[i] = (Genxi__Proposal *)(void *)message;
        total += rc == GX_OK ? rounds[i]->n_reasons : 0;
    }
    out->reasons = gx_pb_array(ctx, total);
    if (rc != GX_OK || rounds == NULL || out->reasons == NULL) {
        return rc != GX_OK ? rc : GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < rounds[i]->n_reasons; j++) {
            out->reasons[out->n_reasons++] = rounds[i]->reasons[j];
        }
    }
    explain_texts(out->reasons, out->n_reasons);
    return speak_lacks(ctx, rounds, count, out);
}

static enum gx_rc speak_slots(struct gx_ctx *ctx, const struct slot *slots, size_t count,
                              Genxi__Team *out)
{
    out->slots = gx_pb_array(ctx, count);
    for (size_t i = 0; i < count && out->slots != NULL; i++) {
        Genxi__TeamSlot *slot = gx_pb_new(ctx, &genxi__team_slot__descriptor);
        if (slot == NULL) {
            return GX_LIMIT;
        }
        slot->code = gx_pb_text(slots[i].code);
        slot->force = slots[i].need.force;
        slot->count = slots[i].count;
        slot->accepted = slots[i].accepted;
        slot->offered = slots[i].offered;
        out->slots[out->n_slots++] = slot;
    }
    return out->slots == NULL ? GX_LIMIT : GX_OK;
}

/* Officers see the whole team with reasons and rungs; a partner the places, and of the people its own. */
static enum gx_rc on_team(struct matcher *self, struct gx_ctx *ctx, const Genxi__TeamGet *in,
                          Genxi__Team *out)
{
    (void)self;
    struct incident *incident = NULL;
    struct assignment *items = NULL;
    struct slot *slots = NULL;
    size_t count = 0;
    size_t slot_count = 0;
    enum gx_rc rc = gx_id_valid(in->id) ? store_incident_find(ctx, in->id, &incident) : GX_OK;
    if (rc != GX_OK) {
        return rc;
    }
    if (incident == NULL) {
        return no_such(ctx, "incident");
    }
    out->incident_id = gx_pb_text(incident->id);
    out->has_filled_at = incident->filled_at != 0;
    out->filled_at = incident->filled_at;
    rc = store_assignments_list(ctx, incident->id, NULL, false, &items, &count);
    rc = rc == GX_OK ? speak_assignments(ctx, items, count, &out->assignments, &out->n_assignments)
                     : rc;
    rc = rc == GX_OK ? speak_reasons(ctx, incident->id, out) : rc;
    rc = rc == GX_OK ? store_rungs(ctx, incident->id, &out->rungs, &out->n_rungs) : rc;
    /* Counts of places are no secret among those who may know of the incident; they need everybody's rows. */
    rc = rc == GX_OK ? store_as_system(ctx) : rc;
    rc = rc == GX_OK ? store_slots(ctx, incident->id, &slots, &slot_count) : rc;
    return rc == GX_OK ? speak_slots(ctx, slots, slot_count, out) : rc;
}

static Genxi__ResponderLive *speak_live(struct gx_ctx *ctx, const struct live_row *row, int64_t now)
{
    Genxi__ResponderLive *out = gx_pb_new(ctx, &genxi__responder_live__descriptor);
    if (out == NULL) {
        return NULL;
    }
    out->responder_id = gx_pb_text(row->responder_id);
    out->org_id = gx_pb_text(row->org_id);
    out->force = row->force;
    out->call_sign = gx_pb_text(row->call_sign);
    out->has_lon = out->has_lat = out->has_fix_at = row->has_position;
    out->lon = row->place.lon;
    out->lat = row->place.lat;
    out->fix_at = row->at;
    out->stale = !row->has_position ||
                 now - row->at > (int64_t)(MATCHER_SETTINGS.fix_fresh_seconds * 1000.0);
    out->incident_id = row->incident_id[0] == '\0' ? NULL : gx_pb_text(row->incident_id);
    out->on_shift = row->on_shift;
    return out;
}

static enum gx_rc overlay(struct matcher *self, struct gx_ctx *ctx, struct live_row *rows,
                          size_t count)
{
    struct live_place *places = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *places);
    if (places == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        places[i].responder_id = rows[i].responder_id;
    }
    live_places(self->live, places, count);
    for (size_t i = 0; i < count; i++) {
        if (places[i].at > rows[i].at) {
            rows[i].has_position = true;
            rows[i].place = places[i].place;
            rows[i].at = places[i].at;
        }
    }
    return GX_OK;
}

static enum gx_rc on_live(struct matcher *self, struct gx_ctx *ctx, const Genxi__LiveQuery *in,
                          Genxi__LiveList *out)
{
    struct live_row *rows = NULL;
    size_t count = 0;
    enum gx_rc rc = store_live(ctx, in->has_area ? in->area : 0, &rows, &count);
    if (rc != GX_OK) {
        return rc;
    }
    rc = overlay(self, ctx, rows, count);
    if (rc != GX_OK) {
        return rc;
    }
    out->has_degraded = true;
    out->degraded = live_degraded(self->live);
    out->items = gx_pb_array(ctx, count);
    int64_t now = gx_tx_now_ms(ctx);
    for (size_t i = 0; i < count && out->items != NULL; i++) {
        out->items[i] = speak_live(ctx, &rows[i], now);
    }
    out->n_items = out->items == NULL || ctx->arena.spent ? 0 : count;
    return ctx->arena.spent ? GX_LIMIT : GX_OK;
}

/* ---- coverage ---- */

static enum gx_rc on_coverage(struct matcher *self, struct gx_ctx *ctx,
                              const Genxi__CoverageQuery *in, Genxi__CoverageList *out)
{
    return coverage_list(self, ctx, in, out);
}

static enum gx_rc on_moves(struct matcher *self, struct gx_ctx *ctx, const Genxi__MoveQuery *in,
                           Genxi__MoveList *out)
{
    return coverage_moves(self, ctx, in, out);
}

static enum gx_rc on_move_make(struct matcher *self, struct gx_ctx *ctx, const Genxi__MoveMake *in,
                               Genxi__Move *out)
{
    return coverage_move_make(self, ctx, in, out);
}

static enum gx_rc on_move_end(struct matcher *self, struct gx_ctx *ctx, const Genxi__MoveEnd *in,
                              Genxi__Move *out)
{
    return coverage_move_end(self, ctx, in, out);
}
