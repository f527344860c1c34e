/* SPDX-License-Identifier: Apache-2.0 */
#include "match.h"

#include "asking.h"
#include "counters.h"
#include "explain.h"
#include "ladder.h"
#include "memory/store.h"
#include "policy.h"
#include "settings.h"
#include "speak.h"
#include "store.h"
#include "turning.h"

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "store/tx.h"
#include "wire/pb.h"

#include <string.h>

enum {
    REASONS_MAX = 20, /* of each slot and round */
    LOAD_MS = 12 * 3600 * 1000,
    FILLED_WAIT_MS = 5000,
};

struct occasion match_occasion(struct gx_ctx *ctx, const struct incident *incident)
{
    return (struct occasion){
        .incident_id = incident->id,
        .area = incident->area,
        .place = incident->place,
        .site_id = incident->site_id,
        .violent = incident->playbook->violent,
        .grade = incident->grade,
        .exercise = incident->exercise,
        .now = gx_tx_now_ms(ctx),
    };
}

/* ---- find and weigh ---- */

static int64_t reask_ms(void)
{
    return (int64_t)(MATCHER_SETTINGS.reask_seconds * 1000.0);
}

/* Before the first offer or task nobody was asked. */
static enum gx_rc whom_not_to_ask(struct field *field, struct search_ids *asked)
{
    const struct incident *incident = field->incident;
    struct key *ids = NULL;
    size_t count = 0;
    if (incident->dispatched_at == 0) {
        return GX_OK;
    }
    enum gx_rc rc =
        memory_asked(field->ctx, incident->id, incident->phase, reask_ms(), &ids, &count);
    *asked = (struct search_ids){ids, count};
    return rc;
}

static enum gx_rc whom_it_freed(struct field *field, struct search_ids *ret_freed)
{
    size_t count = 0;
    for (const struct freed *at = field->incident->freed; at != NULL; at = at->next) {
        count++;
    }
    struct key *ids = gx_arena_alloc(&field->ctx->arena, (count + 1) * sizeof *ids);
    if (ids == NULL) {
        return GX_LIMIT;
    }
    *ret_freed = (struct search_ids){ids, count};
    for (const struct freed *at = field->incident->freed; at != NULL; at = at->next) {
        *ids++ = at->responder;
    }
    return GX_OK;
}

static struct search_limits search_bounds(void)
{
    struct search_limits limits = {
        .rules = {.fix_fresh_ms = (int64_t)(MATCHER_SETTINGS.fix_fresh_seconds * 1000.0)},
        .radius_max_m = MATCHER_SETTINGS.radius_max_m,
        .travel_max_seconds = MATCHER_SETTINGS.travel_max_minutes * 60.0,
        .enough = (uint32_t)MATCHER_SETTINGS.search_count,
        .per_place = (uint32_t)MATCHER_SETTINGS.asks_per_place,
    };
    for (int force = 1; force < RULE_FORCES; force++) {
        limits.rules.alerts_max[force] = policy_alerts_max((Genxi__Force)force);
    }
    return limits;
}

static enum gx_rc search(struct field *field)
{
    struct gx_ctx *ctx = field->ctx;
    const struct slot_need **needs =
        gx_arena_alloc(&ctx->arena, (field->slot_count + 1) * sizeof(struct slot_need *));
    if (needs == NULL) {
        return GX_LIMIT;
    }
    for (size_t s = 0; s < field->slot_count; s++) {
        needs[s] = &field->slots[s].need;
    }
    struct search_query query = {
        .live = field->self->live,
        .travel = &field->self->travel,
        .occasion = &field->occasion,
        .needs = needs,
        .wanted = field->wanted,
        .slot_count = field->slot_count,
        .limits = search_bounds(),
    };
    enum gx_rc rc = whom_not_to_ask(field, &query.asked);
    rc = rc == GX_OK ? whom_it_freed(field, &query.freed) : rc;
    return rc == GX_OK ? search_run(ctx, &query, &field->found) : rc;
}

/* Offers that are out may bring somebody: their places are not given away a second time. */
static enum gx_rc choose(struct field *field)
{
    struct gx_arena *arena = &field->ctx->arena;
    struct choice_slot *slots = gx_arena_alloc(arena, (field->slot_count + 1) * sizeof *slots);
    if (slots == NULL) {
        return GX_LIMIT;
    }
    for (size_t s = 0; s < field->slot_count; s++) {
        uint32_t out = field->slots[s].offered;
        uint32_t wanted = field->wanted[s];
        slots[s] = (struct choice_slot){
            .places = wanted > out ? wanted - out : 0,
            .open = wanted > 0,
            .target_s = field->slots[s].within_minutes * 60,
        };
    }
    int64_t waited = field->occasion.now - field->incident->reported_at;
    struct choice_query query = {
        .decide = field->self->decide,
        .found = &field->found,
        .slots = slots,
        .slot_count = field->slot_count,
        .grade = field->incident->grade,
        .waited_ms = waited > 0 ? waited : 0,
        .same_seconds = (uint32_t)MATCHER_SETTINGS.same_seconds,
        .load_seconds = MATCHER_SETTINGS.load_seconds,
    };
    struct turning turning;
    enum gx_rc rc = choice_run(arena, &query, &field->choice);
    rc = rc == GX_OK ? turning_find(field, slots, &turning) : rc;
    if (rc != GX_OK || turning.count == 0) {
        return rc;
    }
    query.turns = turning.items;
    query.turn_count = turning.count;
    return choice_run(arena, &query, &field->choice);
}

static enum gx_rc look(struct field *field)
{
    struct gx_ctx *ctx = field->ctx;
    if (!live_wait_filled(field->self->live, gx_ctx_left_ms(ctx, FILLED_WAIT_MS))) {
        return gx_fail(ctx, GX_P_UNAVAILABLE, "", "matcher");
    }
    field->occasion = match_occasion(ctx, field->incident);
    field->degraded = live_degraded(field->self->live);
    enum gx_rc rc = search(field);
    if (rc != GX_OK) {
        return rc;
    }
    matcher_count(COUNT_MATCHES, 1);
    matcher_count(COUNT_CANDIDATES, (int64_t)field->found.count);
    return choose(field);
}

/* ---- offer ---- */

/* Of whom a task holds: the matching has no other reason to ask him. */
static const char *preempted(struct gx_ctx *ctx, const struct person *person)
{
    char text[KEY_TEXT_SIZE];
    return person->hold == HOLD_ASSIGNMENT
               ? gx_arena_text(&ctx->arena, key_format(person->task.ref, text))
               : "";
}

static enum gx_rc fill_offer(struct field *field, const struct incident *incident,
                             const struct match_one *one, struct offer *offer,
                             Genxi__Offer *message)
{
    struct gx_ctx *ctx = field->ctx;
    const struct person *person = one->person;
    uint32_t seconds = one->seconds;
    char id[GX_ID_SIZE];
    int64_t now = field->occasion.now;
    *offer = (struct offer){
        .id = gx_arena_text(&ctx->arena, gx_id_new(id)),
        .incident_id = incident->id,
        .area = incident->area,
        .home_area = person->area,
        .responder_id = person->id,
        .org_id = person->org_id,
        .force = person->force,
        .slot = one->slot,
        .state = GENXI__OFFER_STATE__OFFER_STATE_OPEN,
        .made_at = now,
        .expires_at = now + matcher_span_ms(incident->playbook->offer_seconds),
        .ended_by = "",
        .phase = incident->phase,
        .travel_seconds = seconds > INT32_MAX ? -1 : (int32_t)seconds,
        .preempts = preempted(ctx, person),
        .replaces = one->replaces,
    };
    if (offer->id == NULL || offer->preempts == NULL) {
        return GX_LIMIT;
    }
    genxi__offer__init(message);
    message->id = gx_pb_text(offer->id);
    message->incident_id = gx_pb_text(incident->id);
    message->number = gx_pb_text(incident->number);
    message->area = incident->area;
    message->responder_id = gx_pb_text(person->id);
    message->org_id = gx_pb_text(person->org_id);
    message->slot = gx_pb_text(one->slot);
    message->state = GENXI__OFFER_STATE__OFFER_STATE_OPEN;
    message->made_at = now;
    message->expires_at = offer->expires_at;
    message->type = gx_pb_text(incident->type);
    message->grade = incident->grade;
    message->lon = incident->place.lon;
    message->lat = incident->place.lat;
    message->address = incident->address[0] == '\0' ? NULL : gx_pb_text(incident->address);
    message->travel_seconds = seconds == UINT32_MAX ? 0 : seconds;
    message->travel_basis = seconds == UINT32_MAX || person->travel_basis == NULL
                                ? NULL
                                : gx_pb_text(person->travel_basis);
    message->card = speak_card(incident->playbook, person->force);
    message->exercise = incident->exercise;
    message->preempts = offer->preempts[0] == '\0' ? NULL : gx_pb_text(offer->preempts);
    message->replaces = offer->replaces[0] == '\0' ? NULL : gx_pb_text(offer->replaces);
    return gx_pb_pack(ctx, &message->base, &offer->body);
}

/* After its row stands: the timer that ends the wait, and the word to the responder. */
static enum gx_rc announce(struct field *field, struct incident *incident,
                           const struct offer *offer, Genxi__Offer *message)
{
    const struct gx_timer timer = {
        .kind = "offer", .subject = offer->id, .area = incident->area, .data = incident->id};
    enum gx_rc rc = gx_timer_set(field->ctx, &timer, offer->expires_at - offer->made_at);
    if (rc == GX_OK && incident->dispatched_at == 0) {
        incident->dispatched_at = offer->made_at;
        gx_metric_observe_us(&MATCHER_COUNTERS[COUNT_FIRST_OFFER],
                             (offer->made_at - incident->reported_at) * 1000);
        rc = ladder_start(field->ctx, incident, LADDER_DISPATCHED);
    }
    return rc == GX_OK ? speak_offer_made(field->ctx, offer, message) : rc;
}

/* Memory was behind: what the tables say of them now is what the next look goes by. */
static enum gx_rc learn_lost(struct field *field, const struct offer *offers, const bool *made,
                             size_t count)
{
    const char **lost = gx_arena_alloc(&field->ctx->arena, (count + 1) * sizeof *lost);
    size_t lost_count = 0;
    if (lost == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        if (!made[i]) {
            lost[lost_count++] = offers[i].responder_id;
        }
    }
    matcher_count(COUNT_RACES_LOST, (int64_t)lost_count);
    return lost_count == 0 ? GX_OK
                           : memory_load_some(field->ctx, field->self->live, lost, lost_count);
}

/* Made, or lost to another incident: no candidate for any slot any more. */
static void take_out(struct field *field, size_t person)
{
    for (size_t s = 0; s < field->slot_count; s++) {
        struct view *view = field_view(field, person, s);
        view->rule = view->rule == RULE_NONE ? RULE_BUSY : view->rule;
    }
}

static enum gx_rc settle(struct field *field, struct asking *asking, struct incident *incident,
                         struct slot *slots, const struct offers_ask *ask,
                         const struct offer *offer, Genxi__Offer *message)
{
    size_t person = ask->candidate;
    field_view(field, person, ask->slot)->offered = true;
    take_out(field, person);
    slots[ask->slot].offered++;
    asking_made(asking, person, ask->slot, offer->id);
    return announce(field, incident, offer, message);
}

/* What the plan says. *ret_lost: how many somebody else has by now. */
static enum gx_rc make_offers(struct field *field, struct asking *asking, struct incident *incident,
                              struct slot *slots, const struct offers_plan *plan, size_t *ret_lost)
{
    struct gx_ctx *ctx = field->ctx;
    size_t count = plan->ask_count;
    struct offer *offers = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *offers);
    Genxi__Offer *messages = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *messages);
    bool *made = gx_arena_alloc(&ctx->arena, count + 1);
    enum gx_rc rc = offers == NULL || messages == NULL || made == NULL ? GX_LIMIT : GX_OK;
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        size_t p = plan->asks[i].candidate;
        const struct match_one one = {slots[plan->asks[i].slot].code, &field->found.persons[p],
                                      field->found.seconds[p], ""};
        rc = fill_offer(field, incident, &one, &offers[i], &messages[i]);
    }
    rc = rc == GX_OK ? store_offers_make(ctx, offers, count, made) : rc;
    *ret_lost = 0;
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        if (made[i]) {
            rc = settle(field, asking, incident, slots, &plan->asks[i], &offers[i], &messages[i]);
        } else {
            take_out(field, plan->asks[i].candidate);
            asking_lost(asking, plan->asks[i].candidate);
            (*ret_lost)++;
        }
    }
    return rc == GX_OK && *ret_lost > 0 ? learn_lost(field, offers, made, count) : rc;
}

/* Again when another incident took some first. It ends: every round leaves fewer candidates. */
static enum gx_rc ask(struct field *field, struct incident *incident, struct slot *slots,
                      struct offers_plan *ret_plan)
{
    struct asking *asking = gx_arena_alloc(&field->ctx->arena, sizeof *asking);
    struct offer *out = NULL;
    size_t out_count = 0;
    size_t lost = 1;
    enum gx_rc rc = asking == NULL ? GX_LIMIT : GX_OK;
    bool any_out = false;
    for (size_t s = 0; s < field->slot_count; s++) {
        any_out = any_out || slots[s].offered > 0;
    }
    if (rc == GX_OK && any_out) {
        rc = store_offers_list(field->ctx, incident->id, NULL, true, &out, &out_count);
    }
    rc = rc == GX_OK ? asking_begin(asking, field, out, out_count) : rc;
    while (rc == GX_OK && lost > 0) {
        lost = 0;
        rc = asking_plan(asking, ret_plan);
        if (rc == GX_OK && ret_plan->ask_count > 0) {
            rc = make_offers(field, asking, incident, slots, ret_plan, &lost);
        }
    }
    return rc;
}

/* ---- the reasons ---- */

/* Of the slots for which somebody was asked now, or somebody is missing. */
static enum gx_rc keep_reasons(const struct field *field, const uint32_t *asked)
{
    enum gx_rc rc = GX_OK;
    for (size_t s = 0; s < field->slot_count && rc == GX_OK; s++) {
        const struct slot *slot = &field->slots[s];
        if (slot->offered == asked[s] && slot->offered >= field->wanted[s]) {
            continue;
        }
        Genxi__Proposal proposal = GENXI__PROPOSAL__INIT;
        struct gx_view body = {0};
        rc = explain_basis(field, &proposal);
        rc = rc == GX_OK ? explain_slot(field, s, REASONS_MAX, &proposal) : rc;
        rc = rc == GX_OK ? gx_pb_pack(field->ctx, &proposal.base, &body) : rc;
        rc = rc == GX_OK ? store_reason_add(field->ctx, field->incident, slot->code,
                                            field->occasion.now, body)
                         : rc;
    }
    return rc;
}

/* ---- the whole ---- */

static uint32_t open_places(const struct slot *slot)
{
    return slot->count > slot->accepted ? slot->count - slot->accepted : 0;
}

static enum gx_rc tell_missing(struct field *field, struct incident *incident,
                               const struct slot *slot, bool *ret_missing)
{
    uint32_t open = open_places(slot);
    uint32_t missing = open > slot->offered ? open - slot->offered : 0;
    *ret_missing = *ret_missing || missing > 0;
    if (missing == slot->missing_told) {
        return GX_OK;
    }
    enum gx_rc rc = store_slot_told(field->ctx, incident->id, slot->code, missing);
    if (rc != GX_OK || missing == 0) {
        return rc;
    }
    const char *reason = field->degraded ? "no_candidate_degraded" : "no_candidate";
    return speak_slot_unfilled(field->ctx, incident, slot->code, missing, reason);
}

/* Everybody within reach was asked: a new phase, in which the silent may be asked again. */
static enum gx_rc conclude(struct field *field, struct incident *incident, const struct slot *slots,
                           const struct offers_plan *plan)
{
    bool missing = false;
    enum gx_rc rc = GX_OK;
    for (size_t s = 0; s < field->slot_count && rc == GX_OK; s++) {
        rc = tell_missing(field, incident, &slots[s], &missing);
        if (rc == GX_OK && plan->slots != NULL && plan->slots[s].phase != slots[s].phase) {
            rc = store_slot_phase(field->ctx, incident->id, slots[s].code, plan->slots[s].phase);
        }
    }
    incident->phase += missing ? 1 : 0;
    if (rc != GX_OK || plan->look_ms == 0) {
        return rc != GX_OK ? rc : gx_timer_cancel(field->ctx, "look", incident->id);
    }
    const struct gx_timer timer = {.kind = "look", .subject = incident->id, .area = incident->area};
    return gx_timer_set(field->ctx, &timer, matcher_span_ms(plan->look_ms / 1000.0));
}

static enum gx_rc prepare(struct field *field, struct matcher *self, struct gx_ctx *ctx,
                          const struct incident *incident, const struct slot *slots,
                          size_t slot_count)
{
    *field = (struct field){
        .self = self, .ctx = ctx, .incident = incident, .slots = slots, .slot_count = slot_count};
    field->wanted = gx_arena_alloc(&ctx->arena, (slot_count + 1) * sizeof *field->wanted);
    return field->wanted == NULL ? GX_LIMIT : GX_OK;
}

enum gx_rc match_offer(struct matcher *self, struct gx_ctx *ctx, struct incident *incident,
                       struct slot *slots, size_t slot_count)
{
    struct field field;
    struct offers_plan plan = {0};
    enum gx_rc rc = prepare(&field, self, ctx, incident, slots, slot_count);
    uint32_t *asked = gx_arena_alloc(&ctx->arena, (slot_count + 1) * sizeof *asked);
    if (rc != GX_OK || asked == NULL || incident->stage != STAGE_OPEN ||
        !incident->playbook->dispatch) {
        return rc;
    }
    bool any = false;
    for (size_t s = 0; s < slot_count; s++) {
        field.wanted[s] = open_places(&slots[s]);
        asked[s] = slots[s].offered;
        any = any || field.wanted[s] > 0;
    }
    if (!any) {
        return conclude(&field, incident, slots, &plan);
    }
    incident->round++;
    rc = look(&field);
    rc = rc == GX_OK ? ask(&field, incident, slots, &plan) : rc;
    rc = rc == GX_OK ? keep_reasons(&field, asked) : rc;
    return rc == GX_OK ? conclude(&field, incident, slots, &plan) : rc;
}

enum gx_rc match_rank(struct matcher *self, struct gx_ctx *ctx, const struct incident *incident,
                      const struct slot *slots, size_t slot_count, uint32_t limit,
                      Genxi__Proposal *out)
{
    struct field field;
    enum gx_rc rc = prepare(&field, self, ctx, incident, slots, slot_count);
    for (size_t s = 0; s < slot_count && rc == GX_OK; s++) {
        field.wanted[s] = slots[s].count;
    }
    rc = rc == GX_OK ? look(&field) : rc;
    for (size_t s = 0; s < slot_count && rc == GX_OK; s++) {
        rc = explain_slot(&field, s, limit, out);
    }
    rc = rc == GX_OK ? explain_basis(&field, out) : rc;
    if (rc == GX_OK) {
        explain_texts(out->reasons, out->n_reasons);
    }
    return rc;
}

/* Some people by id: where they are, how long they would travel from there. */
struct walkers {
    struct live_place *places; /* at 0: not known */
    Genxi__Force *forces;
    uint32_t *seconds; /* UINT32_MAX: not known */
    const char **bases;
    size_t count;
};

static enum gx_rc walkers_begin(struct gx_ctx *ctx, struct walkers *walkers, size_t count)
{
    struct gx_arena *arena = &ctx->arena;
    walkers->count = count;
    walkers->places = gx_arena_alloc(arena, (count + 1) * sizeof *walkers->places);
    walkers->forces = gx_arena_alloc(arena, (count + 1) * sizeof *walkers->forces);
    walkers->seconds = gx_arena_alloc(arena, (count + 1) * sizeof *walkers->seconds);
    walkers->bases = gx_arena_alloc(arena, (count + 1) * sizeof *walkers->bases);
    return arena->spent ? GX_LIMIT : GX_OK;
}

static enum gx_rc walkers_go(struct matcher *self, struct gx_ctx *ctx,
                             const struct incident *incident, struct walkers *walkers)
{
    struct travel_from *from = gx_arena_alloc(&ctx->arena, (walkers->count + 1) * sizeof *from);
    if (from == NULL) {
        return GX_LIMIT;
    }
    live_places(self->live, walkers->places, walkers->count);
    for (size_t i = 0; i < walkers->count; i++) {
        from[i] = (struct travel_from){walkers->places[i].place, walkers->forces[i]};
    }
    const struct travel_times times = {.seconds = walkers->seconds, .bases = walkers->bases};
    enum gx_rc rc =
        self->travel.matrix(self->travel.self, ctx, from, walkers->count, incident->place, &times);
    for (size_t i = 0; i < walkers->count && rc == GX_OK; i++) {
        walkers->seconds[i] = walkers->places[i].at == 0 ? UINT32_MAX : walkers->seconds[i];
    }
    return rc;
}

enum gx_rc match_seconds(struct matcher *self, struct gx_ctx *ctx, const struct incident *incident,
                         struct assignment *const *items, size_t count, uint32_t **ret_seconds)
{
    struct walkers walkers;
    enum gx_rc rc = walkers_begin(ctx, &walkers, count);
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        walkers.places[i].responder_id = items[i]->responder_id;
        walkers.forces[i] = items[i]->force;
    }
    rc = rc == GX_OK ? walkers_go(self, ctx, incident, &walkers) : rc;
    if (rc == GX_OK) {
        *ret_seconds = walkers.seconds;
    }
    return rc;
}

static enum gx_rc add_fixes(struct field *field)
{
    struct walkers walkers;
    struct person *persons = field->found.persons;
    enum gx_rc rc = walkers_begin(field->ctx, &walkers, field->found.count);
    for (size_t i = 0; i < field->found.count && rc == GX_OK; i++) {
        walkers.places[i].responder_id = persons[i].id;
        walkers.forces[i] = persons[i].force;
    }
    rc = rc == GX_OK ? walkers_go(field->self, field->ctx, field->incident, &walkers) : rc;
    for (size_t i = 0; i < field->found.count && rc == GX_OK; i++) {
        persons[i].has_fix = walkers.places[i].at != 0;
        persons[i].fix = walkers.places[i].place;
        persons[i].fix_at = walkers.places[i].at;
        persons[i].travel_basis = walkers.bases[i];
    }
    field->found.seconds = walkers.seconds;
    return rc;
}

enum gx_rc match_named(struct matcher *self, struct gx_ctx *ctx, const struct incident *incident,
                       const char *const *ids, size_t count, struct person **ret_persons,
                       uint32_t **ret_seconds, size_t *ret_count)
{
    struct field field;
    const struct person_query query = {
        .ids = ids,
        .count = count,
        .incident_id = incident->id,
        .phase = incident->phase,
        .reask_ms = reask_ms(),
        .load_ms = LOAD_MS,
    };
    enum gx_rc rc = prepare(&field, self, ctx, incident, NULL, 0);
    rc = rc == GX_OK ? store_persons(ctx, &query, &field.found.persons, &field.found.count) : rc;
    rc = rc == GX_OK ? add_fixes(&field) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    *ret_persons = field.found.persons;
    *ret_seconds = field.found.seconds;
    *ret_count = field.found.count;
    return rc;
}

enum gx_rc match_offer_one(struct matcher *self, struct gx_ctx *ctx, struct incident *incident,
                           const struct match_one *one, Genxi__Offer **ret_offer)
{
    struct field field;
    struct offer offer;
    bool made = false;
    enum gx_rc rc = prepare(&field, self, ctx, incident, NULL, 0);
    Genxi__Offer *message = gx_pb_new(ctx, &genxi__offer__descriptor);
    if (rc != GX_OK || message == NULL) {
        return rc != GX_OK ? rc : GX_LIMIT;
    }
    field.occasion = match_occasion(ctx, incident);
    rc = fill_offer(&field, incident, one, &offer, message);
    rc = rc == GX_OK ? store_offers_make(ctx, &offer, 1, &made) : rc;
    *ret_offer = made ? message : NULL;
    return rc == GX_OK && made ? announce(&field, incident, &offer, message) : rc;
}
