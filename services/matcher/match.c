/* SPDX-License-Identifier: Apache-2.0 */
#include "match.h"

#include "choose.h"
#include "counters.h"
#include "ladder.h"
#include "settings.h"
#include "speak.h"
#include "store.h"

#include "base/id.h"
#include "base/log.h"
#include "store/tx.h"
#include "wire/pb.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FORCES = 5,       /* indexed by Genxi__Force, 0 unused */
    WIDENINGS = 6,    /* radius_start doubled so often is past any maximum */
    REASONS_MAX = 20, /* of each slot and round */
    PATIENT_PHASES = 12,
    LOAD_MS = 12 * 3600 * 1000,
};

/* What was found about one person for one slot. */
struct view {
    enum rule rule;
    bool too_far;
    bool offered; /* just now */
};

/* The working state of one matching. */
struct field {
    struct matcher *self;
    struct gx_ctx *ctx;
    const struct incident *incident;
    const struct slot *slots;
    size_t slot_count;
    uint32_t *wanted; /* by slot */
    double radius_m[FORCES];
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

/* ---- find ---- */

static uint32_t wanted_of(const struct field *field, int force)
{
    uint32_t wanted = 0;
    for (size_t i = 0; i < field->slot_count; i++) {
        wanted += (int)field->slots[i].need.force == force ? field->wanted[i] : 0;
    }
    return wanted;
}

/* No wider than somebody of that force could come from in time: a search's cost follows the radius's population. */
static double radius_most(const struct field *field, int force)
{
    const struct gx_travel *travel = &field->self->travel;
    double reach = travel->reach_m(travel->self, (Genxi__Force)force,
                                   MATCHER_SETTINGS.travel_max_minutes * 60.0);
    return fmin(MATCHER_SETTINGS.radius_max_m, reach);
}

/* Twice as many as wanted and some: a few are always busy, resting or of the wrong kind. */
static struct index_query query_for(const struct field *field, int force, uint32_t wanted)
{
    return (struct index_query){
        .force = (Genxi__Force)force,
        .want = 2 * wanted + 4,
        .count = (uint32_t)MATCHER_SETTINGS.search_count + 4 * wanted,
        .radius_m = field->radius_m[force],
        .start_m = MATCHER_SETTINGS.radius_start_m,
        .radius_max_m = radius_most(field, force),
    };
}

struct by_distance {
    double metres;
    struct store_position position;
};

static int compare_distance(const void *a, const void *b)
{
    const struct by_distance *x = a;
    const struct by_distance *y = b;
    return (x->metres > y->metres) - (x->metres < y->metres);
}

/* Redis is away: the nearest of the last positions in PostgreSQL. */
static enum gx_rc find_in_store(struct field *field, const struct index_query *query,
                                struct index_hits *hits)
{
    double lat = query->radius_max_m / 111000.0;
    double lon = lat / fmax(0.1, cos(field->incident->place.lat * 0.017453292519943));
    const struct gx_point at = field->incident->place;
    const struct store_box box = {
        .force = query->force,
        .west = at.lon - lon,
        .south = at.lat - lat,
        .east = at.lon + lon,
        .north = at.lat + lat,
        .fresh_after =
            gx_tx_now_ms(field->ctx) - 10 * (int64_t)(MATCHER_SETTINGS.fix_fresh_seconds * 1000.0),
    };
    struct store_position *positions = NULL;
    size_t count = 0;
    enum gx_rc rc = store_positions_in(field->ctx, &box, &positions, &count);
    struct by_distance *near = gx_arena_alloc(&field->ctx->arena, (count + 1) * sizeof *near);
    if (rc != GX_OK || near == NULL) {
        return rc != GX_OK ? rc : GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        near[i] = (struct by_distance){gx_geo_distance_m(positions[i].place, at), positions[i]};
    }
    qsort(near, count, sizeof *near, compare_distance);
    for (size_t i = 0; i < count && i < query->count && near[i].metres <= query->radius_max_m;
         i++) {
        hits->items[hits->count++] = (struct index_found){
            .responder_id = near[i].position.responder_id,
            .place = near[i].position.place,
            .at = near[i].position.at,
            .force = query->force,
        };
    }
    hits->radius_m[query->force] = query->radius_max_m;
    return GX_OK;
}

static enum gx_rc find_degraded(struct field *field, const struct index_query *queries,
                                size_t count, struct index_hits *hits)
{
    size_t room = 1;
    for (size_t i = 0; i < count; i++) {
        room += queries[i].count;
    }
    field->degraded = true;
    *hits = (struct index_hits){.items =
                                    gx_arena_alloc(&field->ctx->arena, room * sizeof *hits->items)};
    enum gx_rc rc = hits->items == NULL ? GX_LIMIT : GX_OK;
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        rc = find_in_store(field, &queries[i], hits);
    }
    return rc;
}

static enum gx_rc find(struct field *field, struct index_hits *hits)
{
    struct index_query queries[FORCES];
    size_t count = 0;
    for (int force = 1; force < FORCES; force++) {
        uint32_t wanted = wanted_of(field, force);
        if (wanted > 0) {
            queries[count++] = query_for(field, force, wanted);
        }
    }
    enum gx_rc rc = GX_UNAVAILABLE;
    if (!field->degraded) {
        rc = index_near(field->self->index, field->ctx, field->incident->place, queries, count,
                        hits);
    }
    if (rc != GX_OK && rc != GX_LIMIT) {
        rc = find_degraded(field, queries, count, hits);
    }
    for (int force = 1; force < FORCES && rc == GX_OK; force++) {
        field->radius_m[force] = hits->radius_m[force];
    }
    return rc;
}

/* ---- weigh ---- */

static enum gx_rc travel_times(struct field *field)
{
    struct gx_ctx *ctx = field->ctx;
    size_t count = field->person_count;
    struct travel_from *from = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *from);
    field->seconds = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *field->seconds);
    if (from == NULL || field->seconds == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        from[i] = (struct travel_from){field->persons[i].fix, field->persons[i].force};
    }
    const struct gx_travel *travel = &field->self->travel;
    enum gx_rc rc =
        travel->matrix(travel->self, ctx, from, count, field->incident->place, field->seconds);
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        field->seconds[i] = field->persons[i].has_fix ? field->seconds[i] : UINT32_MAX;
    }
    return rc;
}

static enum gx_rc judge(struct field *field)
{
    const struct rule_limits limits = {(int64_t)(MATCHER_SETTINGS.fix_fresh_seconds * 1000.0)};
    field->occasion = match_occasion(field->ctx, field->incident);
    field->views = gx_arena_alloc(
        &field->ctx->arena, (field->person_count * field->slot_count + 1) * sizeof *field->views);
    if (field->views == NULL) {
        return GX_LIMIT;
    }
    double most = MATCHER_SETTINGS.travel_max_minutes * 60.0;
    for (size_t p = 0; p < field->person_count; p++) {
        for (size_t s = 0; s < field->slot_count; s++) {
            struct view *view = view_of(field, p, s);
            view->rule = rule_forbidding(&field->persons[p], &field->occasion,
                                         &field->slots[s].need, &limits, RULE_KIND_FIX);
            view->too_far = view->rule == RULE_NONE && (double)field->seconds[p] > most;
        }
    }
    return GX_OK;
}

static void attach_fixes(struct field *field, const struct index_found *found, size_t count)
{
    for (size_t p = 0; p < field->person_count; p++) {
        struct person *person = &field->persons[p];
        for (size_t i = 0; i < count; i++) {
            if (found[i].at > person->fix_at && strcmp(found[i].responder_id, person->id) == 0) {
                person->has_fix = true;
                person->fix = found[i].place;
                person->fix_at = found[i].at;
            }
        }
    }
}

static enum gx_rc read_persons(struct field *field, const struct index_found *found, size_t count)
{
    const char **ids = gx_arena_alloc(&field->ctx->arena, (count + 1) * sizeof *ids);
    if (ids == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = found[i].responder_id;
    }
    const struct person_query query = {
        .ids = ids,
        .count = count,
        .incident_id = field->incident->id,
        .phase = field->incident->phase,
        .reask_ms = (int64_t)(MATCHER_SETTINGS.reask_seconds * 1000.0),
        .load_ms = LOAD_MS,
    };
    return store_persons(field->ctx, &query, &field->persons, &field->person_count);
}

static enum gx_rc weigh(struct field *field, const struct index_hits *hits)
{
    enum gx_rc rc = read_persons(field, hits->items, hits->count);
    if (rc != GX_OK) {
        return rc;
    }
    attach_fixes(field, hits->items, hits->count);
    matcher_count(COUNT_CANDIDATES, (int64_t)field->person_count);
    rc = travel_times(field);
    return rc == GX_OK ? judge(field) : rc;
}

static bool fits(const struct field *field, size_t person, size_t slot)
{
    const struct view *view = view_of(field, person, slot);
    return view->rule == RULE_NONE && !view->too_far;
}

/* Doubles the radius of each force that has too few; false when nothing is left to widen. */
static bool widen(struct field *field)
{
    bool widened = false;
    for (size_t s = 0; s < field->slot_count; s++) {
        int force = (int)field->slots[s].need.force;
        uint32_t fitting = 0;
        for (size_t p = 0; p < field->person_count; p++) {
            fitting += fits(field, p, s) ? 1U : 0U;
        }
        if (fitting < field->wanted[s] && field->radius_m[force] < radius_most(field, force)) {
            field->radius_m[force] = fmin(field->radius_m[force] * 2.0, radius_most(field, force));
            widened = true;
        }
    }
    return widened;
}

static enum gx_rc look(struct field *field)
{
    matcher_count(COUNT_MATCHES, 1);
    enum gx_rc rc = GX_OK;
    for (int i = 0; i < WIDENINGS && rc == GX_OK; i++) {
        struct index_hits hits = {0};
        rc = find(field, &hits);
        rc = rc == GX_OK ? weigh(field, &hits) : rc;
        if (rc == GX_OK && (field->degraded || !widen(field))) {
            break;
        }
    }
    return rc;
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
    message->travel_basis = seconds == UINT32_MAX ? NULL : gx_pb_text(field->self->travel.basis);
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
        } else {
            matcher_count(COUNT_RACES_LOST, 1);
        }
        /* Offered or lost to another incident: no candidate for any slot any more. */
        for (size_t other = 0; other < field->slot_count; other++) {
            struct view *view = view_of(field, p, other);
            view->rule = view->rule == RULE_NONE ? RULE_BUSY : view->rule;
        }
    }
    return rc;
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

static enum gx_rc keep_reasons(const struct field *field, const bool *looked)
{
    enum gx_rc rc = GX_OK;
    for (size_t s = 0; s < field->slot_count && rc == GX_OK; s++) {
        if (!looked[s]) {
            continue;
        }
        Genxi__Proposal proposal = GENXI__PROPOSAL__INIT;
        proposal.travel_basis = gx_pb_text(field->self->travel.basis);
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
    out->travel_basis = gx_pb_text(self->travel.basis);
    out->has_degraded = true;
    out->degraded = field.degraded;
    return rc;
}

static enum gx_rc named_fixes(struct matcher *self, struct gx_ctx *ctx, const char *const *ids,
                              size_t count, struct index_found *found)
{
    enum gx_rc rc = index_fixes(self->index, ctx, ids, count, found);
    if (rc == GX_OK || rc == GX_LIMIT) {
        return rc;
    }
    struct tracked *tracked = NULL;
    size_t known = 0;
    rc = store_tracked(ctx, ids, count, &tracked, &known);
    for (size_t i = 0; i < known && i < count && rc == GX_OK; i++) {
        found[i] = (struct index_found){tracked[i].id, tracked[i].last, tracked[i].last_at,
                                        tracked[i].force};
    }
    return rc;
}

enum gx_rc match_named(struct matcher *self, struct gx_ctx *ctx, const struct incident *incident,
                       const char *const *ids, size_t count, struct person **ret_persons,
                       uint32_t **ret_seconds, size_t *ret_count)
{
    struct field field;
    enum gx_rc rc = prepare(&field, self, ctx, incident, NULL, 0);
    struct index_found *found = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *found);
    if (rc != GX_OK || found == NULL) {
        return rc != GX_OK ? rc : GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        found[i] = (struct index_found){.responder_id = ids[i]};
    }
    rc = read_persons(&field, found, count);
    rc = rc == GX_OK ? named_fixes(self, ctx, ids, count, found) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    attach_fixes(&field, found, count);
    rc = travel_times(&field);
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
