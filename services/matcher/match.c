/* SPDX-License-Identifier: Apache-2.0 */
#include "match.h"

#include "choose.h"
#include "counters.h"
#include "ladder.h"
#include "memory/store.h"
#include "search.h"
#include "settings.h"
#include "speak.h"
#include "store.h"

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "store/tx.h"
#include "wire/pb.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    REASONS_MAX = 20, /* of each slot and round */
    PATIENT_PHASES = 12,
    LOAD_MS = 12 * 3600 * 1000,
    FILLED_WAIT_MS = 5000,
};

/* The working state of one matching. */
struct field {
    struct matcher *self;
    struct gx_ctx *ctx;
    const struct incident *incident;
    const struct slot *slots;
    size_t slot_count;
    uint32_t *wanted; /* by slot */
    struct occasion occasion;
    struct person *persons;
    size_t person_count;
    uint32_t *seconds;  /* by person */
    struct view *views; /* [person * slot_count + slot] */
    bool degraded;
};

struct occasion match_occasion(struct gx_ctx *ctx, const struct incident *incident)
{
    return (struct occasion){
        .incident_id = incident->id,
        .area = incident->area,
        .place = incident->place,
        .site_id = incident->site_id,
        .violent = incident->playbook->violent,
        .exercise = incident->exercise,
        .now = gx_tx_now_ms(ctx),
    };
}

static struct view *view_of(const struct field *field, size_t person, size_t slot)
{
    return &field->views[person * field->slot_count + slot];
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

static enum gx_rc look(struct field *field)
{
    struct gx_ctx *ctx = field->ctx;
    const struct slot_need **needs =
        gx_arena_alloc(&ctx->arena, (field->slot_count + 1) * sizeof *needs);
    if (needs == NULL) {
        return GX_LIMIT;
    }
    for (size_t s = 0; s < field->slot_count; s++) {
        needs[s] = &field->slots[s].need;
    }
    if (!live_wait_filled(field->self->live, gx_ctx_left_ms(ctx, FILLED_WAIT_MS))) {
        return gx_fail(ctx, GX_P_UNAVAILABLE, "", "matcher");
    }
    field->occasion = match_occasion(ctx, field->incident);
    field->degraded = live_degraded(field->self->live);
    struct search_query query = {
        .live = field->self->live,
        .travel = &field->self->travel,
        .occasion = &field->occasion,
        .needs = needs,
        .wanted = field->wanted,
        .slot_count = field->slot_count,
        .limits = {.rules = {(int64_t)(MATCHER_SETTINGS.fix_fresh_seconds * 1000.0)},
                   .radius_max_m = MATCHER_SETTINGS.radius_max_m,
                   .travel_max_seconds = MATCHER_SETTINGS.travel_max_minutes * 60.0,
                   .enough = (uint32_t)MATCHER_SETTINGS.search_count},
    };
    struct search_result found;
    enum gx_rc rc = whom_not_to_ask(field, &query.asked);
    rc = rc == GX_OK ? whom_it_freed(field, &query.freed) : rc;
    rc = rc == GX_OK ? search_run(ctx, &query, &found) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    matcher_count(COUNT_MATCHES, 1);
    matcher_count(COUNT_CANDIDATES, (int64_t)found.count);
    field->persons = found.persons;
    field->person_count = found.count;
    field->seconds = found.seconds;
    field->views = found.views;
    return GX_OK;
}

static bool fits(const struct field *field, size_t person, size_t slot)
{
    const struct view *view = view_of(field, person, slot);
    return view->rule == RULE_NONE && !view->too_far;
}

/* ---- offer ---- */

static enum gx_rc fill_offer(struct field *field, const struct incident *incident, const char *slot,
                             const struct person *person, uint32_t seconds, struct offer *offer,
                             Genxi__Offer *message)
{
    struct gx_ctx *ctx = field->ctx;
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
        .slot = slot,
        .state = GENXI__OFFER_STATE__OFFER_STATE_OPEN,
        .made_at = now,
        .expires_at = now + matcher_span_ms(incident->playbook->offer_seconds),
        .ended_by = "",
        .phase = incident->phase,
    };
    genxi__offer__init(message);
    message->id = gx_pb_text(offer->id);
    message->incident_id = gx_pb_text(incident->id);
    message->number = gx_pb_text(incident->number);
    message->area = incident->area;
    message->responder_id = gx_pb_text(person->id);
    message->org_id = gx_pb_text(person->org_id);
    message->slot = gx_pb_text(slot);
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
    return offer->id == NULL ? GX_LIMIT : gx_pb_pack(ctx, &message->base, &offer->body);
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

static enum gx_rc make_offers(struct field *field, struct incident *incident, struct slot *slots,
                              const struct choose_pick *picks, size_t count)
{
    struct gx_ctx *ctx = field->ctx;
    struct offer *offers = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *offers);
    Genxi__Offer *messages = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *messages);
    bool *made = gx_arena_alloc(&ctx->arena, count + 1);
    enum gx_rc rc = offers == NULL || messages == NULL || made == NULL ? GX_LIMIT : GX_OK;
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        size_t p = picks[i].candidate;
        rc = fill_offer(field, incident, slots[picks[i].slot].code, &field->persons[p],
                        field->seconds[p], &offers[i], &messages[i]);
    }
    rc = rc == GX_OK ? store_offers_make(ctx, offers, count, made) : rc;
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        size_t p = picks[i].candidate;
        size_t s = picks[i].slot;
        if (made[i]) {
            view_of(field, p, s)->offered = true;
            slots[s].offered++;
            field->wanted[s]--;
            rc = announce(field, incident, &offers[i], &messages[i]);
        }
        /* Offered or lost to another incident: no candidate for any slot any more. */
        for (size_t other = 0; other < field->slot_count; other++) {
            struct view *view = view_of(field, p, other);
            view->rule = view->rule == RULE_NONE ? RULE_BUSY : view->rule;
        }
    }
    return rc == GX_OK ? learn_lost(field, offers, made, count) : rc;
}

static size_t pick(struct field *field, struct choose_pick **ret_picks)
{
    struct gx_arena *arena = &field->ctx->arena;
    size_t persons = field->person_count;
    size_t slots = field->slot_count;
    struct choose_candidate *candidates = gx_arena_alloc(arena, (persons + 1) * sizeof *candidates);
    bool *table = gx_arena_alloc(arena, persons * slots + 1);
    bool *scratch = gx_arena_alloc(arena, persons + slots + 1);
    uint32_t wanted = 0;
    for (size_t s = 0; s < slots; s++) {
        wanted += field->wanted[s];
    }
    *ret_picks = gx_arena_alloc(arena, (wanted + 1) * sizeof **ret_picks);
    if (candidates == NULL || table == NULL || scratch == NULL || *ret_picks == NULL) {
        return 0;
    }
    for (size_t p = 0; p < persons; p++) {
        for (size_t s = 0; s < slots; s++) {
            table[p * slots + s] = fits(field, p, s);
        }
        candidates[p] = (struct choose_candidate){
            .id = field->persons[p].id,
            .seconds = field->seconds[p],
            .load = field->persons[p].load,
            .rested_since = field->persons[p].rest_until_at,
            .fits = &table[p * slots],
        };
    }
    const struct choose_limits limits = {(uint32_t)MATCHER_SETTINGS.same_seconds};
    return choose(candidates, persons, field->wanted, slots, &limits, *ret_picks, scratch);
}

/* ---- explain ---- */

struct ranked {
    size_t person;
    uint32_t seconds;
    bool kept; /* offered or fitting: before those that a rule forbids at the same distance */
    const char *id;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;
    if (x->seconds != y->seconds) {
        return x->seconds < y->seconds ? -1 : 1;
    }
    return x->kept != y->kept ? (x->kept ? -1 : 1) : strcmp(x->id, y->id);
}

static const char *verdict_of(const struct view *view)
{
    if (view->offered) {
        return "offered";
    }
    return view->too_far ? "too_far" : rule_word(view->rule);
}

/* The nearest of the slot's force, in order, each with what was found. */
static enum gx_rc explain(const struct field *field, size_t slot, uint32_t limit,
                          Genxi__Proposal *out)
{
    struct gx_ctx *ctx = field->ctx;
    struct ranked *order = gx_arena_alloc(&ctx->arena, (field->person_count + 1) * sizeof *order);
    size_t count = 0;
    for (size_t p = 0; p < field->person_count && order != NULL; p++) {
        if (field->persons[p].force == field->slots[slot].need.force) {
            bool kept = fits(field, p, slot) || view_of(field, p, slot)->offered;
            order[count++] = (struct ranked){p, field->seconds[p], kept, field->persons[p].id};
        }
    }
    Genxi__Reason **reasons = gx_pb_array(ctx, count + out->n_reasons + 1);
    if (order == NULL || reasons == NULL) {
        return GX_LIMIT;
    }
    qsort(order, count, sizeof *order, compare_ranked);
    size_t n = out->n_reasons;
    if (n > 0) {
        memcpy(reasons, out->reasons, n * sizeof(Genxi__Reason *));
    }
    for (size_t i = 0; i < count; i++) {
        const struct view *view = view_of(field, order[i].person, slot);
        if (i >= limit && !view->offered) {
            continue;
        }
        Genxi__Reason *reason = gx_pb_new(ctx, &genxi__reason__descriptor);
        if (reason == NULL) {
            return GX_LIMIT;
        }
        const struct person *person = &field->persons[order[i].person];
        reason->responder_id = gx_pb_text(person->id);
        reason->rank = (uint32_t)i + 1;
        reason->has_travel_seconds = order[i].seconds != UINT32_MAX;
        reason->travel_seconds = order[i].seconds;
        reason->verdict = gx_pb_text(verdict_of(view));
        reason->value = gx_pb_text(field->slots[slot].code);
        reason->call_sign = gx_pb_text(person->call_sign);
        reasons[n++] = reason;
    }
    out->reasons = reasons;
    out->n_reasons = n;
    return GX_OK;
}

/* Of a whole ranking: by road as soon as anybody was; each offer says its own. */
static const char *basis_of(const struct field *field)
{
    for (size_t p = 0; p < field->person_count; p++) {
        if (gx_text_is(field->persons[p].travel_basis, TRAVEL_ROAD)) {
            return TRAVEL_ROAD;
        }
    }
    return TRAVEL_STRAIGHT;
}

static enum gx_rc keep_reasons(const struct field *field, const bool *looked)
{
    enum gx_rc rc = GX_OK;
    for (size_t s = 0; s < field->slot_count && rc == GX_OK; s++) {
        if (!looked[s]) {
            continue;
        }
        Genxi__Proposal proposal = GENXI__PROPOSAL__INIT;
        proposal.travel_basis = gx_pb_text(basis_of(field));
        proposal.has_degraded = true;
        proposal.degraded = field->degraded;
        struct gx_view body = {0};
        rc = explain(field, s, REASONS_MAX, &proposal);
        rc = rc == GX_OK ? gx_pb_pack(field->ctx, &proposal.base, &body) : rc;
        rc = rc == GX_OK ? store_reason_add(field->ctx, field->incident, field->slots[s].code,
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

static uint32_t spare_of(const struct incident *incident)
{
    uint32_t grade = incident->grade >= 1 && incident->grade <= 4 ? incident->grade : 4;
    return (uint32_t)MATCHER_SETTINGS.spare[grade - 1] + incident->spare_more;
}

/* Open places and the spare, less what is out already. */
static uint32_t still_wanted(const struct incident *incident, const struct slot *slot)
{
    uint32_t open = open_places(slot);
    uint32_t target = open == 0 ? 0 : open + spare_of(incident);
    return target > slot->offered ? target - slot->offered : 0;
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

/* Everybody within reach was asked: a new phase, in which the silent may be asked again, after a pause. */
static enum gx_rc conclude(struct field *field, struct incident *incident, const struct slot *slots)
{
    bool missing = false;
    enum gx_rc rc = GX_OK;
    for (size_t s = 0; s < field->slot_count && rc == GX_OK; s++) {
        rc = tell_missing(field, incident, &slots[s], &missing);
    }
    if (rc != GX_OK || !missing) {
        return rc;
    }
    incident->phase++;
    /* Whoever has looked in vain for some minutes looks less often: thousands of such incidents must not starve the new ones. */
    double seconds =
        MATCHER_SETTINGS.retry_seconds * (incident->phase > PATIENT_PHASES ? 4.0 : 1.0);
    const struct gx_timer timer = {
        .kind = "retry", .subject = incident->id, .area = incident->area};
    return gx_timer_set(field->ctx, &timer, matcher_span_ms(seconds));
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

/* Again for each pick that another incident took first. It ends: every round leaves fewer candidates. */
static enum gx_rc offer_rounds(struct field *field, struct incident *incident, struct slot *slots)
{
    struct choose_pick *picks = NULL;
    enum gx_rc rc = GX_OK;
    for (size_t count = pick(field, &picks); count > 0 && rc == GX_OK;
         count = pick(field, &picks)) {
        rc = make_offers(field, incident, slots, picks, count);
    }
    return rc;
}

enum gx_rc match_offer(struct matcher *self, struct gx_ctx *ctx, struct incident *incident,
                       struct slot *slots, size_t slot_count)
{
    struct field field;
    enum gx_rc rc = prepare(&field, self, ctx, incident, slots, slot_count);
    bool *looked = gx_arena_alloc(&ctx->arena, slot_count + 1);
    if (rc != GX_OK || looked == NULL || incident->stage != STAGE_OPEN ||
        !incident->playbook->dispatch) {
        return rc;
    }
    bool any = false;
    for (size_t s = 0; s < slot_count; s++) {
        field.wanted[s] = still_wanted(incident, &slots[s]);
        looked[s] = field.wanted[s] > 0;
        any = any || looked[s];
    }
    if (!any) {
        return conclude(&field, incident, slots);
    }
    incident->round++;
    rc = look(&field);
    rc = rc == GX_OK ? offer_rounds(&field, incident, slots) : rc;
    rc = rc == GX_OK ? keep_reasons(&field, looked) : rc;
    return rc == GX_OK ? conclude(&field, incident, slots) : rc;
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
        rc = explain(&field, s, limit, out);
    }
    out->travel_basis = gx_pb_text(basis_of(&field));
    out->has_degraded = true;
    out->degraded = field.degraded;
    return rc;
}

static enum gx_rc add_fixes(struct field *field)
{
    struct gx_ctx *ctx = field->ctx;
    size_t count = field->person_count;
    struct live_place *places = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *places);
    struct travel_from *from = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *from);
    field->seconds = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *field->seconds);
    const char **bases = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *bases);
    if (places == NULL || from == NULL || field->seconds == NULL || bases == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        places[i].responder_id = field->persons[i].id;
    }
    live_places(field->self->live, places, count);
    for (size_t i = 0; i < count; i++) {
        struct person *person = &field->persons[i];
        person->has_fix = places[i].at != 0;
        person->fix = places[i].place;
        person->fix_at = places[i].at;
        from[i] = (struct travel_from){person->fix, person->force};
    }
    const struct gx_travel *travel = &field->self->travel;
    const struct travel_times times = {.seconds = field->seconds, .bases = bases};
    enum gx_rc rc = travel->matrix(travel->self, ctx, from, count, field->incident->place, &times);
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        field->persons[i].travel_basis = bases[i];
        field->seconds[i] = field->persons[i].has_fix ? field->seconds[i] : UINT32_MAX;
    }
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
    rc = rc == GX_OK ? store_persons(ctx, &query, &field.persons, &field.person_count) : rc;
    rc = rc == GX_OK ? add_fixes(&field) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    *ret_persons = field.persons;
    *ret_seconds = field.seconds;
    *ret_count = field.person_count;
    return rc;
}

enum gx_rc match_offer_one(struct matcher *self, struct gx_ctx *ctx, struct incident *incident,
                           const char *slot, const struct person *person, uint32_t seconds,
                           Genxi__Offer **ret_offer)
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
    rc = fill_offer(&field, incident, slot, person, seconds, &offer, message);
    rc = rc == GX_OK ? store_offers_make(ctx, &offer, 1, &made) : rc;
    *ret_offer = made ? message : NULL;
    return rc == GX_OK && made ? announce(&field, incident, &offer, message) : rc;
}
