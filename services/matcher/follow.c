/* SPDX-License-Identifier: Apache-2.0 */
#include "follow.h"

#include "copies/store.h"
#include "ladder.h"
#include "matcher.h"
#include "memory/hear.h"
#include "settings.h"
#include "speak.h"
#include "store.h"
#include "swap.h"
#include "team.h"
#include "watch/store_watch.h"

#include "base/log.h"
#include "base/text.h"
#include "wire/pb.h"

#include <string.h>

GX_ON_EVENT(on_station, matcher, Genxi__StationChanged)
GX_ON_EVENT(on_partner, matcher, Genxi__PartnerChanged)
GX_ON_EVENT(on_site, matcher, Genxi__SiteChanged)
GX_ON_EVENT(on_responder, matcher, Genxi__ResponderChanged)
GX_ON_EVENT(on_shift, matcher, Genxi__ShiftChanged)
GX_ON_EVENT(on_opened, matcher, Genxi__IncidentOpened)
GX_ON_EVENT(on_changed, matcher, Genxi__IncidentChanged)
GX_ON_EVENT(on_merged, matcher, Genxi__IncidentMerged)
GX_ON_TIMER(on_offer_due, matcher)
GX_ON_TIMER(on_look_due, matcher)
GX_ON_TIMER(on_rung_due, matcher)
GX_ON_TIMER(on_swap_due, matcher)

const struct gx_event_row MATCHER_EVENTS[] = {
    {GX_E_station_changed, on_station_thunk},  {GX_E_partner_changed, on_partner_thunk},
    {GX_E_site_changed, on_site_thunk},        {GX_E_responder_changed, on_responder_thunk},
    {GX_E_shift_changed, on_shift_thunk},      {GX_E_incident_opened, on_opened_thunk},
    {GX_E_incident_changed, on_changed_thunk}, {GX_E_incident_merged, on_merged_thunk},
};
const size_t MATCHER_EVENT_COUNT = GX_COUNT_OF(MATCHER_EVENTS);

const struct gx_timer_row MATCHER_TIMERS[] = {
    {"offer", on_offer_due_thunk, 5000},
    {"look", on_look_due_thunk, 10000},
    {"rung", on_rung_due_thunk, LADDER_TOLERANCE_MS},
    {"swap", on_swap_due_thunk, 10000},
};
const size_t MATCHER_TIMER_COUNT = GX_COUNT_OF(MATCHER_TIMERS);

/* ---- the registry: copies, in the tables and at once in memory: what comes behind in the journal is matched by them ---- */

static enum gx_rc on_station(struct matcher *self, struct gx_ctx *ctx, const Genxi__Event *event,
                             const Genxi__StationChanged *in)
{
    (void)self;
    return copies_put_station(ctx, in->station, event->at);
}

static enum gx_rc on_partner(struct matcher *self, struct gx_ctx *ctx, const Genxi__Event *event,
                             const Genxi__PartnerChanged *in)
{
    hear_partner(self->live, in->partner, event->at);
    return copies_put_partner(ctx, in->partner, event->at);
}

static enum gx_rc on_site(struct matcher *self, struct gx_ctx *ctx, const Genxi__Event *event,
                          const Genxi__SiteChanged *in)
{
    hear_site(self->live, in->site, event->at);
    enum gx_rc rc = copies_put_site(ctx, in->site, event->at);
    return rc == GX_OK ? watch_store_needs_put(ctx, in->site, event->at) : rc;
}

static enum gx_rc on_responder(struct matcher *self, struct gx_ctx *ctx, const Genxi__Event *event,
                               const Genxi__ResponderChanged *in)
{
    hear_responder(self->live, in->responder, event->at);
    return copies_put_responder(ctx, in->responder, event->at);
}

static enum gx_rc on_shift(struct matcher *self, struct gx_ctx *ctx, const Genxi__Event *event,
                           const Genxi__ShiftChanged *in)
{
    hear_shift(self->live, in->shift, event->at);
    enum gx_rc rc = copies_put_shift(ctx, in->shift, event->at);
    bool open = in->shift->state == GENXI__SHIFT_STATE__SHIFT_STATE_OPEN;
    return rc == GX_OK && open ? swap_consider(self, ctx, in->shift->responder_id) : rc;
}

/* ---- incidents ---- */

static enum stage stage_of(Genxi__IncidentState state)
{
    switch (state) {
    case GENXI__INCIDENT_STATE__INCIDENT_STATE_HANDLED:
    case GENXI__INCIDENT_STATE__INCIDENT_STATE_FED_BACK:
        return STAGE_HANDLED;
    case GENXI__INCIDENT_STATE__INCIDENT_STATE_CLOSED:
    case GENXI__INCIDENT_STATE__INCIDENT_STATE_RETURNED:
    case GENXI__INCIDENT_STATE__INCIDENT_STATE_CANCELLED:
    case GENXI__INCIDENT_STATE__INCIDENT_STATE_INVALID:
    case GENXI__INCIDENT_STATE__INCIDENT_STATE_MERGED:
        return STAGE_OVER;
    case GENXI__INCIDENT_STATE__INCIDENT_STATE_REPORTED:
    case GENXI__INCIDENT_STATE__INCIDENT_STATE_DISPATCHED:
    case GENXI__INCIDENT_STATE__INCIDENT_STATE_ACKNOWLEDGED:
    case GENXI__INCIDENT_STATE__INCIDENT_STATE_EN_ROUTE:
    case GENXI__INCIDENT_STATE__INCIDENT_STATE_ON_SCENE:
    case _GENXI__INCIDENT_STATE_IS_INT_SIZE:
        break;
    }
    return STAGE_OPEN;
}

static enum gx_rc take_facts(struct gx_ctx *ctx, struct incident *to, const Genxi__Incident *from,
                             const Genxi__Playbook *playbook)
{
    to->state = (int)from->state;
    to->type = from->type;
    to->grade = from->grade;
    to->place = (struct gx_point){from->lon, from->lat};
    to->address = from->address == NULL ? "" : from->address;
    to->site_id = from->site_id == NULL ? "" : from->site_id;
    to->version = from->version;
    if (playbook == NULL) {
        return GX_OK;
    }
    to->playbook = playbook;
    return gx_pb_pack(ctx, &playbook->base, &to->playbook_bytes);
}

static struct slot slot_from(const Genxi__Slot *in)
{
    return (struct slot){
        .code = in->code,
        .need = {.force = in->force,
                 .skills = (const char *const *)in->skills,
                 .skill_count = in->n_skills,
                 .crew_min = in->crew_min},
        .count = in->count,
        .within_minutes = in->within_minutes,
    };
}

/* The places that the playbook asks for. On a violent incident there are police, whatever it says, and never a volunteer. */
static enum gx_rc slots_of(struct gx_ctx *ctx, const Genxi__Playbook *playbook,
                           struct slot **ret_slots, size_t *ret_count)
{
    struct slot *slots = gx_arena_alloc(&ctx->arena, (playbook->n_slots + 1) * sizeof *slots);
    size_t count = 0;
    bool police = false;
    if (slots == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < playbook->n_slots; i++) {
        const Genxi__Slot *in = playbook->slots[i];
        if (playbook->violent && in->force == GENXI__FORCE__FORCE_VOLUNTEER) {
            continue;
        }
        police = police || (in->force == GENXI__FORCE__FORCE_POLICE && in->count > 0);
        slots[count++] = slot_from(in);
    }
    if (playbook->violent && !police) {
        slots[count++] = (struct slot){
            .code = "police_required",
            .need = {.force = GENXI__FORCE__FORCE_POLICE, .crew_min = 1},
            .count = 1,
            .within_minutes = 5,
        };
    }
    *ret_slots = slots;
    *ret_count = count;
    return GX_OK;
}

/* Their own side said that they are moving: they are in the team at once, unless the law forbids them this incident. */
static enum gx_rc join_all(struct team *team, char **ids, size_t count)
{
    const struct rule_limits limits = {0};
    struct person *persons = NULL;
    uint32_t *seconds = NULL;
    size_t known = 0;
    if (count == 0) {
        return GX_OK;
    }
    const char **wanted = gx_arena_alloc(&team->ctx->arena, count * sizeof *wanted);
    if (wanted == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        wanted[i] = ids[i];
    }
    enum gx_rc rc = match_named(team->self, team->ctx, team->incident, wanted, count, &persons,
                                &seconds, &known);
    struct occasion occasion = match_occasion(team->ctx, team->incident);
    for (size_t i = 0; i < known && rc == GX_OK; i++) {
        enum rule rule = rule_forbidding(&persons[i], &occasion, NULL, &limits, RULE_KIND_LAW);
        bool here = persons[i].hold == HOLD_ASSIGNMENT &&
                    strcmp(persons[i].hold_incident_id, team->incident->id) == 0;
        if (rule != RULE_NONE || here) {
            gx_log(team->ctx, GX_INFO, "self-dispatch-not-joined", "responder %s: %s",
                   persons[i].id, here ? "in the team already" : rule_word(rule));
            continue;
        }
        struct assignment *joined = NULL;
        rc = team_join(team, &persons[i], &joined);
        if (rc == GX_OK && joined == NULL) {
            gx_log(team->ctx, GX_INFO, "self-dispatch-not-joined", "responder %s: busy",
                   persons[i].id);
        }
    }
    return rc;
}

static enum gx_rc on_opened(struct matcher *self, struct gx_ctx *ctx, const Genxi__Event *event,
                            const Genxi__IncidentOpened *in)
{
    const Genxi__Incident *from = in->incident;
    struct incident incident = {
        .id = from->id,
        .number = from->number,
        .area = from->area,
        .reporter_org_id = from->reporter_org_id == NULL ? "" : from->reporter_org_id,
        .exercise = from->exercise,
        .reported_at = from->times->has_reported_at ? from->times->reported_at : event->at,
        .merged_into = "",
    };
    struct team team = {.self = self, .ctx = ctx, .incident = &incident};
    enum gx_rc rc = take_facts(ctx, &incident, from, in->playbook);
    rc = rc == GX_OK ? slots_of(ctx, in->playbook, &team.slots, &team.slot_count) : rc;
    rc = rc == GX_OK ? store_incident_add(ctx, &incident, team.slots, team.slot_count) : rc;
    rc = rc == GX_OK ? join_all(&team, in->responding, in->n_responding) : rc;
    rc = rc == GX_OK ? team_match(&team) : rc;
    /* After the offers: the rungs read the database's clock, which the matching has brought along by then. */
    rc = rc == GX_OK && in->playbook->dispatch ? ladder_start(ctx, &incident, LADDER_REPORTED) : rc;
    return rc == GX_OK ? team_close(&team) : rc;
}

/* The type was corrected: other places. Who is there stays; what is no longer asked for is not refilled. */
static enum gx_rc take_slots(struct team *team, const Genxi__Playbook *playbook)
{
    struct slot *wanted = NULL;
    size_t count = 0;
    enum gx_rc rc = slots_of(team->ctx, playbook, &wanted, &count);
    for (size_t i = 0; i < team->slot_count && rc == GX_OK; i++) {
        struct slot *slot = &team->slots[i];
        bool kept = false;
        for (size_t j = 0; j < count; j++) {
            kept = kept || strcmp(wanted[j].code, slot->code) == 0;
        }
        if (!kept) {
            slot->count = slot->accepted;
            rc = store_slot_put(team->ctx, team->incident->id, slot, (int)i);
            rc = rc == GX_OK && slot->offered > 0 ? team_withdraw(team, slot->code, 0, "incident")
                                                  : rc;
        }
    }
    for (size_t j = 0; j < count && rc == GX_OK; j++) {
        rc = team_add_slot(team, &wanted[j]);
        rc = rc == GX_OK ? team_trim(team, wanted[j].code) : rc;
    }
    team->incident->filled_at = 0;
    return rc;
}

/* It has turned violent: a volunteer is never sent to violence, and one that is on the way is called back. */
static enum gx_rc spare_volunteers(struct team *team)
{
    struct assignment *items = NULL;
    size_t count = 0;
    enum gx_rc rc = team_withdraw(team, NULL, GENXI__FORCE__FORCE_VOLUNTEER, "violent");
    rc = rc == GX_OK
             ? store_assignments_list(team->ctx, team->incident->id, NULL, true, &items, &count)
             : rc;
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        if (items[i].force == GENXI__FORCE__FORCE_VOLUNTEER) {
            items[i].ended_by = "violent";
            rc = team_move(team, &items[i], GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_STOOD_DOWN);
        }
    }
    return rc;
}

/* Other people are near now. */
static enum gx_rc begin_anew(struct team *team)
{
    enum gx_rc rc = GX_OK;
    team->incident->phase++;
    for (size_t i = 0; i < team->slot_count && rc == GX_OK; i++) {
        team->slots[i].phase = 0;
        rc = store_slot_phase(team->ctx, team->incident->id, team->slots[i].code, 0);
    }
    return rc;
}

static enum gx_rc take_change(struct team *team, const Genxi__IncidentChanged *in)
{
    bool was_violent = team->incident->playbook->violent;
    const char *was_type = team->incident->type;
    bool moved = gx_geo_distance_m(team->incident->place,
                                   (struct gx_point){in->incident->lon, in->incident->lat}) > 50.0;
    enum gx_rc rc = take_facts(team->ctx, team->incident, in->incident, in->playbook);
    if (rc == GX_OK && in->playbook != NULL && strcmp(was_type, in->incident->type) != 0) {
        rc = take_slots(team, in->playbook);
    }
    if (rc == GX_OK && in->playbook != NULL && in->playbook->violent && !was_violent) {
        rc = spare_volunteers(team);
    }
    rc = rc == GX_OK && moved ? begin_anew(team) : rc;
    rc = rc == GX_OK ? join_all(team, in->responding, in->n_responding) : rc;
    return rc == GX_OK ? team_match(team) : rc;
}

static enum gx_rc on_changed(struct matcher *self, struct gx_ctx *ctx, const Genxi__Event *event,
                             const Genxi__IncidentChanged *in)
{
    (void)event;
    struct team team;
    bool found = false;
    enum gx_rc rc = team_open(self, ctx, in->incident->id, &team, &found);
    if (rc != GX_OK || !found || in->incident->version < team.incident->version) {
        return rc;
    }
    enum stage stage = stage_of(in->incident->state);
    if (stage != STAGE_OPEN) {
        bool merged = in->incident->state == GENXI__INCIDENT_STATE__INCIDENT_STATE_MERGED;
        rc = take_facts(ctx, team.incident, in->incident, in->playbook);
        rc = rc == GX_OK ? team_stop(&team, stage, merged) : rc;
    } else {
        /* Reopened, or still open. */
        team.incident->stage = STAGE_OPEN;
        rc = take_change(&team, in);
    }
    return rc == GX_OK ? team_close(&team) : rc;
}

static enum gx_rc on_merged(struct matcher *self, struct gx_ctx *ctx, const Genxi__Event *event,
                            const Genxi__IncidentMerged *in)
{
    (void)event;
    struct team from;
    struct team into;
    bool from_found = false;
    bool into_found = false;
    /* In the order of ids, as everybody who needs two. */
    bool from_first = strcmp(in->from_id, in->into_id) < 0;
    enum gx_rc rc = from_first ? team_open(self, ctx, in->from_id, &from, &from_found)
                               : team_open(self, ctx, in->into_id, &into, &into_found);
    if (rc == GX_OK) {
        rc = from_first ? team_open(self, ctx, in->into_id, &into, &into_found)
                        : team_open(self, ctx, in->from_id, &from, &from_found);
    }
    if (rc != GX_OK || !from_found) {
        return rc;
    }
    if (!into_found) {
        /* Opened in another area, whose events are followed at their own pace: this one waits for them. */
        return gx_fail(ctx, GX_P_UNAVAILABLE, "", "incident %s", in->into_id);
    }
    from.incident->merged_into = in->into_id;
    from.incident->state = GENXI__INCIDENT_STATE__INCIDENT_STATE_MERGED;
    rc = team_stop(&from, STAGE_OVER, true);
    into.incident->freed = from.incident->freed;
    rc = rc == GX_OK ? team_absorb(&into, &from) : rc;
    rc = rc == GX_OK ? team_match(&into) : rc;
    rc = rc == GX_OK ? team_close(&into) : rc;
    return rc == GX_OK ? team_close(&from) : rc;
}

/* ---- timers ---- */

static enum gx_rc on_offer_due(struct matcher *self, struct gx_ctx *ctx,
                               const struct gx_timer *timer)
{
    struct team team;
    struct offer *offer = NULL;
    bool found = false;
    bool ended = false;
    enum gx_rc rc = team_open_timer(
        self, ctx, timer, timer->data == NULL ? timer->subject : timer->data, &team, &found);
    rc = rc == GX_OK && found ? store_offer_find(ctx, timer->subject, &offer) : rc;
    if (rc != GX_OK || offer == NULL) {
        return rc;
    }
    const struct offer_end end = {GENXI__OFFER_STATE__OFFER_STATE_EXPIRED, "timer",
                                  gx_tx_now_ms(ctx)};
    rc = team_end_offer(&team, offer, &end, &ended);
    if (rc != GX_OK || !ended) {
        return rc;
    }
    rc = team_match(&team);
    return rc == GX_OK ? team_close(&team) : rc;
}

static enum gx_rc on_look_due(struct matcher *self, struct gx_ctx *ctx,
                              const struct gx_timer *timer)
{
    struct team team;
    bool found = false;
    enum gx_rc rc = team_open_timer(self, ctx, timer, timer->subject, &team, &found);
    if (rc != GX_OK || !found || team.incident->stage != STAGE_OPEN) {
        return rc;
    }
    rc = team_match(&team);
    return rc == GX_OK ? team_close(&team) : rc;
}

static enum gx_rc on_rung_due(struct matcher *self, struct gx_ctx *ctx,
                              const struct gx_timer *timer)
{
    return ladder_due(self, ctx, timer);
}

static enum gx_rc on_swap_due(struct matcher *self, struct gx_ctx *ctx,
                              const struct gx_timer *timer)
{
    return swap_due(self, ctx, timer);
}
