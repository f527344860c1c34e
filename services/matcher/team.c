/* SPDX-License-Identifier: Apache-2.0 */
#include "team.h"

#include "offers/offers.h"
#include "rules.h"
#include "settings.h"
#include "speak.h"
#include "store.h"
#include "swap.h"

#include "base/id.h"
#include "base/text.h"
#include "store/tx.h"
#include "wire/pb.h"

#include <string.h>

enum {
    BUSY_MS = 100
};

#define STATE(name) GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_##name

unsigned assignment_next(int state)
{
    switch (state) {
    case STATE(ACCEPTED):
        return 1U << STATE(EN_ROUTE) | 1U << STATE(ON_SCENE) | 1U << STATE(ABANDONED);
    case STATE(EN_ROUTE):
        return 1U << STATE(ON_SCENE) | 1U << STATE(ABANDONED);
    case STATE(ON_SCENE):
        return 1U << STATE(DONE) | 1U << STATE(ABANDONED);
    default:
        return 0;
    }
}

static bool active(int state)
{
    return state == STATE(ACCEPTED) || state == STATE(EN_ROUTE) || state == STATE(ON_SCENE);
}

enum gx_rc team_open(struct matcher *self, struct gx_ctx *ctx, const char *incident_id,
                     struct team *ret_team, bool *ret_found)
{
    *ret_team = (struct team){.self = self, .ctx = ctx};
    enum gx_rc rc = store_incident_lock(ctx, incident_id, &ret_team->incident);
    *ret_found = rc == GX_OK && ret_team->incident != NULL;
    if (!*ret_found) {
        return rc;
    }
    return store_slots(ctx, incident_id, &ret_team->slots, &ret_team->slot_count);
}

enum gx_rc team_open_timer(struct matcher *self, struct gx_ctx *ctx, const struct gx_timer *timer,
                           const char *incident_id, struct team *ret_team, bool *ret_found)
{
    bool busy = false;
    *ret_team = (struct team){.self = self, .ctx = ctx};
    enum gx_rc rc = store_incident_try(ctx, incident_id, &ret_team->incident, &busy);
    *ret_found = rc == GX_OK && ret_team->incident != NULL;
    if (rc == GX_OK && busy) {
        return gx_timer_set(ctx, timer, BUSY_MS);
    }
    if (!*ret_found) {
        return rc;
    }
    return store_slots(ctx, incident_id, &ret_team->slots, &ret_team->slot_count);
}

enum gx_rc team_close(struct team *team)
{
    return store_incident_put(team->ctx, team->incident);
}

enum gx_rc team_match(struct team *team)
{
    return match_offer(team->self, team->ctx, team->incident, team->slots, team->slot_count);
}

struct slot *team_slot(const struct team *team, const char *code)
{
    for (size_t i = 0; i < team->slot_count; i++) {
        if (strcmp(team->slots[i].code, code) == 0) {
            return &team->slots[i];
        }
    }
    return NULL;
}

enum gx_rc team_add_slot(struct team *team, const struct slot *slot)
{
    struct slot *known = team_slot(team, slot->code);
    if (known != NULL) {
        known->need = slot->need;
        known->count = slot->count;
        known->within_minutes = slot->within_minutes;
        return store_slot_put(team->ctx, team->incident->id, known, (int)(known - team->slots));
    }
    struct slot *slots = gx_arena_alloc(&team->ctx->arena, (team->slot_count + 1) * sizeof *slots);
    if (slots == NULL) {
        return GX_LIMIT;
    }
    if (team->slot_count > 0) {
        memcpy(slots, team->slots, team->slot_count * sizeof *slots);
    }
    slots[team->slot_count] = *slot;
    team->slots = slots;
    return store_slot_put(team->ctx, team->incident->id, slot, (int)team->slot_count++);
}

struct slot *team_slot_for(const struct team *team, const struct person *person)
{
    const struct rule_limits limits = {0};
    struct occasion occasion = match_occasion(team->ctx, team->incident);
    /* Only force, skills and crew are asked here; whether the person may come at all was settled before. */
    struct person ready = *person;
    ready.on_shift = true;
    ready.hold = HOLD_FREE;
    ready.rest_until_at = 0;
    for (size_t i = 0; i < team->slot_count; i++) {
        struct slot *slot = &team->slots[i];
        if (slot->accepted < slot->count &&
            rule_forbidding(&ready, &occasion, &slot->need, &limits, RULE_KIND_DUTY) == RULE_NONE) {
            return slot;
        }
    }
    return NULL;
}

/* ---- offers ---- */

/* Memory hears of it after the commit; what this transaction matches yet may have him. Others had better not ask: they would wait for it. */
static enum gx_rc note_freed(struct team *team, const char *responder_id)
{
    struct incident *incident = team->incident;
    struct key id;
    if (incident == NULL || !key_parse(responder_id, &id)) {
        return GX_OK;
    }
    struct freed *freed = gx_arena_alloc(&team->ctx->arena, sizeof *freed);
    if (freed == NULL) {
        return GX_LIMIT;
    }
    *freed = (struct freed){id, incident->freed};
    incident->freed = freed;
    return GX_OK;
}

static enum gx_rc offer_over(struct team *team, struct offer *offer, const struct offer_end *end)
{
    offer->state = end->state;
    offer->ended_at = end->at;
    offer->ended_by = end->by;
    struct slot *slot = team_slot(team, offer->slot);
    if (slot != NULL && slot->offered > 0) {
        slot->offered--;
    }
    enum gx_rc rc = end->state == GENXI__OFFER_STATE__OFFER_STATE_ACCEPTED
                        ? GX_OK
                        : note_freed(team, offer->responder_id);
    rc = rc != GX_OK ? rc : gx_timer_cancel(team->ctx, "offer", offer->id);
    return rc == GX_OK ? speak_offer_ended(team->ctx, offer) : rc;
}

enum gx_rc team_end_offer(struct team *team, struct offer *offer, const struct offer_end *end,
                          bool *ret_ended)
{
    bool accepted = end->state == GENXI__OFFER_STATE__OFFER_STATE_ACCEPTED;
    enum gx_rc rc = store_offer_end(team->ctx, offer->id, end, accepted, ret_ended);
    return rc == GX_OK && *ret_ended ? offer_over(team, offer, end) : rc;
}

enum gx_rc team_withdraw(struct team *team, const char *slot, int force, const char *by)
{
    const struct offer_end end = {GENXI__OFFER_STATE__OFFER_STATE_WITHDRAWN, by,
                                  gx_tx_now_ms(team->ctx)};
    struct offer *offers = NULL;
    size_t count = 0;
    enum gx_rc rc =
        store_offers_end(team->ctx, team->incident->id, slot, force, &end, &offers, &count);
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        rc = offer_over(team, &offers[i], &end);
    }
    return rc;
}

/* ---- the team grows ---- */

static bool all_filled(const struct team *team)
{
    for (size_t i = 0; i < team->slot_count; i++) {
        if (team->slots[i].accepted < team->slots[i].count) {
            return false;
        }
    }
    return team->slot_count > 0;
}

/* One more in that slot (NULL: beyond the places). */
static enum gx_rc grown(struct team *team, struct slot *slot)
{
    enum gx_rc rc = GX_OK;
    if (slot != NULL) {
        slot->accepted++;
        if (slot->accepted >= slot->count && slot->offered > 0) {
            rc = team_withdraw(team, slot->code, 0, "quota");
        }
    }
    if (rc == GX_OK && team->incident->filled_at == 0 && all_filled(team)) {
        team->incident->filled_at = gx_tx_now_ms(team->ctx);
        rc = gx_timer_cancel(team->ctx, "look", team->incident->id);
        rc = rc == GX_OK ? speak_team_filled(team->ctx, team->incident, team->incident->filled_at)
                         : rc;
    }
    return rc;
}

static struct assignment *new_assignment(struct team *team, const char *responder_id)
{
    struct assignment *a = gx_arena_alloc(&team->ctx->arena, sizeof *a);
    char id[GX_ID_SIZE];
    if (a != NULL) {
        *a = (struct assignment){
            .id = gx_arena_text(&team->ctx->arena, gx_id_new(id)),
            .incident_id = team->incident->id,
            .area = team->incident->area,
            .responder_id = responder_id,
            .accepted_at = gx_tx_now_ms(team->ctx),
            .offer_id = "",
            .exercise = team->incident->exercise,
            .call_sign = "",
            .grade = team->incident->grade,
            .place = team->incident->place,
            .ended_by = "",
        };
    }
    return a == NULL || a->id == NULL ? NULL : a;
}

enum gx_rc team_accept(struct team *team, struct offer *offer, const char *call_sign,
                       struct assignment **ret_assignment)
{
    struct assignment *a = new_assignment(team, offer->responder_id);
    if (a == NULL) {
        return GX_LIMIT;
    }
    a->state = STATE(ACCEPTED);
    a->home_area = offer->home_area;
    a->org_id = offer->org_id;
    a->force = offer->force;
    a->slot = offer->slot;
    a->offer_id = offer->id;
    a->call_sign = call_sign;
    enum gx_rc rc = store_assignment_accept(team->ctx, a);
    rc = rc == GX_OK ? speak_assignment_changed(team->ctx, a, NULL) : rc;
    *ret_assignment = a;
    return rc == GX_OK ? grown(team, team_slot(team, offer->slot)) : rc;
}

/* An open offer ends, whatever its incident: another one looks for somebody else at once. */
static enum gx_rc drop_offer(struct team *team, struct offer *offer, const struct offer_end *end)
{
    bool here = strcmp(offer->incident_id, team->incident->id) == 0;
    bool ended = false;
    struct team other = {.self = team->self, .ctx = team->ctx};
    enum gx_rc rc = team_end_offer(here ? team : &other, offer, end, &ended);
    if (rc != GX_OK || here || !ended) {
        return rc;
    }
    const struct gx_timer timer = {
        .kind = "look", .subject = offer->incident_id, .area = offer->area};
    return gx_timer_set(team->ctx, &timer, 0);
}

/* That of somebody that moves by itself is void. */
static enum gx_rc drop_offer_of(struct team *team, const char *responder_id)
{
    struct offer *offer = NULL;
    enum gx_rc rc = store_offer_of(team->ctx, responder_id, &offer);
    const struct offer_end end = {GENXI__OFFER_STATE__OFFER_STATE_WITHDRAWN, "self_dispatch",
                                  gx_tx_now_ms(team->ctx)};
    return rc == GX_OK && offer != NULL ? drop_offer(team, offer, &end) : rc;
}

/* What to do and what the law forbids comes with an offer; who had none gets it with the assignment. */
static enum gx_rc give_card(const struct team *team, struct assignment *a)
{
    const Genxi__TaskCard *card = speak_card(team->incident->playbook, a->force);
    return card == NULL ? GX_OK : gx_pb_pack(team->ctx, &card->base, &a->card);
}

enum gx_rc team_join(struct team *team, const struct person *person,
                     struct assignment **ret_assignment)
{
    struct assignment *a = new_assignment(team, person->id);
    enum gx_rc rc = a == NULL ? GX_LIMIT : GX_OK;
    *ret_assignment = NULL;
    if (rc == GX_OK && person->hold == HOLD_OFFER) {
        rc = drop_offer_of(team, person->id);
    }
    if (rc != GX_OK) {
        return rc;
    }
    struct slot *slot = team_slot_for(team, person);
    bool joined = false;
    a->state = STATE(EN_ROUTE);
    a->en_route_at = a->accepted_at;
    a->home_area = person->area;
    a->org_id = person->org_id;
    a->force = person->force;
    a->slot = slot == NULL ? SLOT_EXTRA : slot->code;
    a->self_dispatched = true;
    a->call_sign = person->call_sign;
    rc = give_card(team, a);
    rc = rc == GX_OK ? store_assignment_join(team->ctx, a, &joined) : rc;
    if (rc != GX_OK || !joined) {
        return rc;
    }
    *ret_assignment = a;
    team->incident->dispatched_at =
        team->incident->dispatched_at == 0 ? a->accepted_at : team->incident->dispatched_at;
    rc = speak_assignment_changed(team->ctx, a, NULL);
    return rc == GX_OK ? grown(team, slot) : rc;
}

/* ---- assignments move ---- */

static struct scene_first arrived(struct team *team, const struct assignment *a)
{
    struct incident *incident = team->incident;
    struct scene_first first = {
        .responder = incident->first_on_scene_at == 0,
        .police = a->force == GENXI__FORCE__FORCE_POLICE && incident->first_police_at == 0,
    };
    incident->first_on_scene_at = first.responder ? a->on_scene_at : incident->first_on_scene_at;
    incident->first_police_at = first.police ? a->on_scene_at : incident->first_police_at;
    return first;
}

/* Rest is for work done: who was stood down on the way may be sent again at once. */
static enum gx_rc let_go(struct team *team, const struct assignment *a, int64_t now)
{
    bool worked = a->on_scene_at != 0;
    int64_t rest = matcher_span_ms(MATCHER_SETTINGS.rest_minutes * 60.0);
    enum gx_rc rc = store_hold_release(team->ctx, a->responder_id, worked ? now + rest : 0);
    return rc == GX_OK && !worked && a->state == STATE(STOOD_DOWN)
               ? swap_consider(team->self, team->ctx, a->responder_id)
               : rc;
}

/* He is there, or it is over: nobody can call him away any more, or take his place. */
static enum gx_rc drop_questions(struct team *team, const struct assignment *a)
{
    struct offer *offers = NULL;
    size_t count = 0;
    bool may_be = a->force != GENXI__FORCE__FORCE_VOLUNTEER;
    enum gx_rc rc = may_be ? store_offers_ending(team->ctx, a->id, &offers, &count) : GX_OK;
    const struct offer_end end = {GENXI__OFFER_STATE__OFFER_STATE_WITHDRAWN, "task_over",
                                  gx_tx_now_ms(team->ctx)};
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        rc = drop_offer(team, &offers[i], &end);
    }
    return rc;
}

static bool can_be_left(int state)
{
    return state == STATE(ACCEPTED) || state == STATE(EN_ROUTE);
}

/* keep: he stays held. */
static enum gx_rc move(struct team *team, struct assignment *a, Genxi__AssignmentState to,
                       bool keep)
{
    int64_t now = gx_tx_now_ms(team->ctx);
    struct scene_first first = {false, false};
    bool was_active = active(a->state);
    bool was_free_to_go = can_be_left(a->state);
    a->state = (int)to;
    if (to == STATE(EN_ROUTE)) {
        a->en_route_at = now;
    } else if (to == STATE(ON_SCENE)) {
        a->on_scene_at = now;
        first = arrived(team, a);
    } else {
        a->done_at = now;
    }
    enum gx_rc rc = store_assignment_put(team->ctx, a);
    if (rc == GX_OK && was_free_to_go && !can_be_left(a->state)) {
        rc = drop_questions(team, a);
    }
    if (rc == GX_OK && was_active && !active(a->state) && !keep) {
        rc = let_go(team, a, now);
    }
    if (to == STATE(ABANDONED) || to == STATE(STOOD_DOWN)) {
        struct slot *slot = team_slot(team, a->slot);
        if (slot != NULL && slot->accepted > 0) {
            slot->accepted--;
            team->incident->filled_at =
                slot->accepted < slot->count ? 0 : team->incident->filled_at;
        }
    }
    return rc == GX_OK ? speak_assignment_changed(team->ctx, a, &first) : rc;
}

enum gx_rc team_move(struct team *team, struct assignment *a, Genxi__AssignmentState to)
{
    return move(team, a, to, false);
}

enum gx_rc team_call_away(struct team *team, struct assignment *a)
{
    a->ended_by = "preempted";
    return move(team, a, STATE(STOOD_DOWN), true);
}

/* ---- more than the places ---- */

struct crowd {
    struct assignment **items; /* active in the slot */
    struct offers_accepted *accepted;
    size_t count;
};

static enum gx_rc crowd_of(struct team *team, const struct slot *slot, struct crowd *crowd)
{
    struct gx_arena *arena = &team->ctx->arena;
    struct assignment *items = NULL;
    size_t count = 0;
    enum gx_rc rc =
        store_assignments_list(team->ctx, team->incident->id, NULL, true, &items, &count);
    crowd->items = gx_arena_alloc(arena, (count + 1) * sizeof(struct assignment *));
    crowd->accepted = gx_arena_alloc(arena, (count + 1) * sizeof *crowd->accepted);
    uint32_t *seconds = NULL;
    if (rc != GX_OK || arena->spent) {
        return rc != GX_OK ? rc : GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i].slot, slot->code) == 0) {
            crowd->items[crowd->count++] = &items[i];
        }
    }
    rc = match_seconds(team->self, team->ctx, team->incident, crowd->items, crowd->count, &seconds);
    for (size_t i = 0; i < crowd->count && rc == GX_OK; i++) {
        crowd->accepted[i] = (struct offers_accepted){
            .id = crowd->items[i]->id,
            .seconds = seconds[i],
            .left = crowd->items[i]->state != STATE(ACCEPTED),
            .on_scene = crowd->items[i]->state == STATE(ON_SCENE),
        };
    }
    return rc;
}

enum gx_rc team_trim(struct team *team, const char *code)
{
    struct slot *slot = team_slot(team, code);
    struct crowd crowd = {0};
    if (slot == NULL || slot->accepted <= slot->count) {
        return GX_OK;
    }
    enum gx_rc rc = crowd_of(team, slot, &crowd);
    size_t *order = gx_arena_alloc(&team->ctx->arena, (crowd.count + 1) * sizeof *order);
    if (rc != GX_OK || order == NULL) {
        return rc != GX_OK ? rc : GX_LIMIT;
    }
    /* Who has done his part already counts for the place, but cannot be told to go. */
    uint32_t done = slot->accepted - (uint32_t)crowd.count;
    uint32_t wanted = slot->count > done ? slot->count - done : 0;
    size_t most = slot->accepted - slot->count;
    size_t count = offers_stand_down(crowd.accepted, crowd.count, wanted, order);
    for (size_t i = 0; i < count && i < most && rc == GX_OK; i++) {
        crowd.items[order[i]]->ended_by = "surplus";
        rc = team_move(team, crowd.items[order[i]], STATE(STOOD_DOWN));
    }
    return rc;
}

enum gx_rc team_absorb(struct team *into, struct team *from)
{
    struct assignment *items = NULL;
    size_t count = 0;
    enum gx_rc rc =
        store_assignments_list(into->ctx, from->incident->id, NULL, true, &items, &count);
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        struct assignment *a = &items[i];
        struct slot *slot = NULL;
        for (size_t s = 0; s < into->slot_count && slot == NULL; s++) {
            struct slot *here = &into->slots[s];
            slot = here->need.force == a->force && here->accepted < here->count ? here : NULL;
        }
        a->incident_id = into->incident->id;
        a->area = into->incident->area;
        a->grade = into->incident->grade;
        a->place = into->incident->place;
        a->slot = slot == NULL ? SLOT_EXTRA : slot->code;
        rc = store_assignment_put(into->ctx, a);
        rc = rc == GX_OK ? store_hold_move(into->ctx, a->responder_id, into->incident->id) : rc;
        if (rc == GX_OK && a->state == STATE(ON_SCENE)) {
            (void)arrived(into, a);
        }
        rc = rc == GX_OK ? speak_assignment_changed(into->ctx, a, NULL) : rc;
        rc = rc == GX_OK ? grown(into, slot) : rc;
    }
    return rc;
}

enum gx_rc team_stop(struct team *team, enum stage stage, bool keep)
{
    if (team->incident->stage >= stage) {
        return GX_OK;
    }
    team->incident->stage = stage;
    enum gx_rc rc = team_withdraw(team, NULL, 0, "incident");
    rc = rc == GX_OK ? gx_timer_cancel(team->ctx, NULL, team->incident->id) : rc;
    struct assignment *items = NULL;
    size_t count = 0;
    if (rc != GX_OK || stage != STAGE_OVER || keep) {
        return rc;
    }
    rc = store_assignments_list(team->ctx, team->incident->id, NULL, true, &items, &count);
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        bool there = items[i].state == STATE(ON_SCENE);
        items[i].ended_by = there ? "" : "incident";
        rc = team_move(team, &items[i], there ? STATE(DONE) : STATE(STOOD_DOWN));
    }
    return rc;
}
