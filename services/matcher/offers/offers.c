/* SPDX-License-Identifier: Apache-2.0 */
#include "offers/offers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOOK_STEP_MS = 1000
};

const struct offers_policy OFFERS_POLICY_DEFAULT = {
    .target = {0.92, 0.75, 0.60, 0.45},
    .slack = 0.05,
    .horizon_ms = 20000,
    .asks_per_place = 12,
    .alerts_max = {0, 0, 40, 40, 20},
    .alert_window_hours = 168,
    .reach = {1.0, 1.5, 2.5, 5.0},
    .widen_below = 0.6,
    .look_least_ms = 5000,
    .look_most_ms = 60000,
    .retry_ms = 15000,
};

/* How many accept within the horizon: the chances of 0 .. wanted - 1; what is missing to 1 is "enough". */
struct crowd {
    uint32_t wanted;
    double exactly[OFFERS_WANTED_MAX];
};

struct place {
    const struct offers_slot *slot;
    double target;
    struct crowd crowd;
    uint32_t asked;
    uint32_t phase;
    bool done; /* nobody to ask any more, or not now */
    bool spent;
};

struct planning {
    const struct offers_policy *policy;
    const struct offers_state *state;
    const struct offers_candidate **order;
    bool *taken;                     /* by candidate */
    const struct offers_open **open; /* sorted too: sums of doubles depend on their order */
    struct place *places;
};

/* ---- the chance that enough accept ---- */

static void crowd_empty(struct crowd *crowd, uint32_t wanted)
{
    memset(crowd, 0, sizeof *crowd);
    crowd->wanted = wanted;
    crowd->exactly[0] = 1.0;
}

static void crowd_add(struct crowd *crowd, double chance)
{
    for (uint32_t k = crowd->wanted; k-- > 0;) {
        double one_less = k == 0 ? 0.0 : crowd->exactly[k - 1];
        crowd->exactly[k] = crowd->exactly[k] * (1.0 - chance) + one_less * chance;
    }
}

static double crowd_enough(const struct crowd *crowd)
{
    double short_of = 0.0;
    for (uint32_t k = 0; k < crowd->wanted; k++) {
        short_of += crowd->exactly[k];
    }
    return fmax(0.0, 1.0 - short_of);
}

/* What an offer is worth `after_ms` from now if it is not answered until then. */
static double worth(const struct planning *planning, const struct odds_chance *chance,
                    const struct odds_times *times, double age_ms, double left_ms)
{
    double within = fmin(left_ms, planning->policy->horizon_ms);
    return within <= 0.0 ? 0.0 : odds_within(chance, times, age_ms, within);
}

static double candidate_worth(const struct planning *planning, const struct offers_slot *slot,
                              const struct offers_candidate *c, double after_ms)
{
    return worth(planning, &c->chance, c->times, after_ms, slot->offer_ms - after_ms);
}

static double open_worth(const struct planning *planning, const struct offers_open *open,
                         double after_ms)
{
    return worth(planning, &open->chance, open->times, open->age_ms + after_ms,
                 open->left_ms - after_ms);
}

/* ---- the order of asking ---- */

static int by_number(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int compare_candidates(const void *a, const void *b)
{
    const struct offers_candidate *x = *(const struct offers_candidate *const *)a;
    const struct offers_candidate *y = *(const struct offers_candidate *const *)b;
    int order = by_number(x->rank, y->rank);
    order = order != 0 ? order : by_number(x->alerts, y->alerts);
    order = order != 0 ? order : by_number(x->load, y->load);
    order = order != 0 ? order : by_number(x->seconds, y->seconds);
    return order != 0 ? order : strcmp(x->id, y->id);
}

/* Farthest first: the order of withdrawal. */
static int compare_open(const void *a, const void *b)
{
    const struct offers_open *x = *(const struct offers_open *const *)a;
    const struct offers_open *y = *(const struct offers_open *const *)b;
    int order = by_number(y->seconds, x->seconds);
    return order != 0 ? order : strcmp(x->id, y->id);
}

static size_t index_of(const struct planning *planning, const struct offers_candidate *candidate)
{
    return (size_t)(candidate - planning->state->candidates);
}

/* Within the bound of alerts: the one rule of this file that is never traded. */
static bool may_be_asked(const struct planning *planning, const struct offers_candidate *c)
{
    uint32_t most = planning->policy->alerts_max[c->force];
    return most == 0 || c->alerts < most;
}

static bool within_phase(const struct planning *planning, const struct place *place,
                         const struct offers_candidate *c)
{
    double reach = planning->policy->reach[place->phase] * place->slot->within_seconds;
    return place->slot->within_seconds == 0 || c->seconds <= reach;
}

static bool available(const struct planning *planning, size_t slot,
                      const struct offers_candidate *c)
{
    return !planning->taken[index_of(planning, c)] && c->fits[slot] && may_be_asked(planning, c);
}

/* The best-ranked for the slot: of its phase, or (any) whatever the phase. */
static const struct offers_candidate *next_for(const struct planning *planning, size_t slot,
                                               bool any)
{
    const struct place *place = &planning->places[slot];
    for (size_t i = 0; i < planning->state->candidate_count; i++) {
        const struct offers_candidate *c = planning->order[i];
        if (available(planning, slot, c) && (any || within_phase(planning, place, c))) {
            return c;
        }
    }
    return NULL;
}

/* ---- asking ---- */

static bool below_target(const struct place *place)
{
    return crowd_enough(&place->crowd) < place->target;
}

static bool may_ask(const struct planning *planning, const struct place *place)
{
    return !place->done && place->asked < place->slot->wanted * planning->policy->asks_per_place &&
           below_target(place);
}

/* Finds whom to ask next for the slot, opening phases as needed; settles the slot when there is nobody. */
static const struct offers_candidate *find_next(const struct planning *planning, size_t slot)
{
    struct place *place = &planning->places[slot];
    const struct offers_candidate *found = next_for(planning, slot, false);
    if (found != NULL) {
        return found;
    }
    bool beyond = next_for(planning, slot, true) != NULL;
    bool wider = crowd_enough(&place->crowd) < place->target * planning->policy->widen_below;
    while (beyond && wider && place->phase + 1 < OFFERS_PHASES) {
        place->phase++;
        found = next_for(planning, slot, false);
        if (found != NULL) {
            return found;
        }
    }
    place->done = true;
    place->spent = !beyond || place->phase + 1 == OFFERS_PHASES;
    return NULL;
}

/* How many more the slot could ask than it has places. */
static int64_t to_spare(const struct planning *planning, size_t slot)
{
    int64_t fitting = 0;
    for (size_t i = 0; i < planning->state->candidate_count; i++) {
        fitting += available(planning, slot, planning->order[i]) ? 1 : 0;
    }
    return fitting - (int64_t)planning->places[slot].slot->wanted;
}

/* The slot with the fewest to spare asks first. */
static bool next_slot(const struct planning *planning, size_t *ret_slot)
{
    bool found = false;
    int64_t least = 0;
    for (size_t s = 0; s < planning->state->slot_count; s++) {
        if (!may_ask(planning, &planning->places[s])) {
            continue;
        }
        int64_t spare = to_spare(planning, s);
        if (!found || spare < least) {
            found = true;
            least = spare;
            *ret_slot = s;
        }
    }
    return found;
}

static void ask_all(struct planning *planning, struct offers_plan *plan)
{
    size_t s = 0;
    while (next_slot(planning, &s)) {
        struct place *place = &planning->places[s];
        const struct offers_candidate *c = find_next(planning, s);
        if (c == NULL) {
            continue;
        }
        size_t index = index_of(planning, c);
        planning->taken[index] = true;
        crowd_add(&place->crowd, candidate_worth(planning, place->slot, c, 0.0));
        place->asked++;
        plan->asks[plan->ask_count++] = (struct offers_ask){s, index, crowd_enough(&place->crowd)};
    }
}

/* ---- the next look ---- */

/* The slot's chance some time from now, should nobody answer until then. */
static double chance_after(const struct planning *planning, const struct offers_plan *plan,
                           size_t slot, double after_ms)
{
    const struct offers_state *state = planning->state;
    struct crowd crowd;
    crowd_empty(&crowd, planning->places[slot].crowd.wanted);
    for (size_t i = 0; i < state->open_count; i++) {
        if (planning->open[i]->slot == slot) {
            crowd_add(&crowd, open_worth(planning, planning->open[i], after_ms));
        }
    }
    for (size_t i = 0; i < plan->ask_count; i++) {
        if (plan->asks[i].slot == slot) {
            const struct offers_candidate *c = &state->candidates[plan->asks[i].candidate];
            crowd_add(&crowd, candidate_worth(planning, planning->places[slot].slot, c, after_ms));
        }
    }
    return crowd_enough(&crowd);
}

/* What the chance must sink to before a look can change anything. */
static double look_below(const struct planning *planning, size_t slot)
{
    const struct place *place = &planning->places[slot];
    bool in_phase = next_for(planning, slot, false) != NULL;
    double share = in_phase ? 1.0 : planning->policy->widen_below;
    return place->target * share - planning->policy->slack;
}

static uint32_t slot_look(const struct planning *planning, const struct offers_plan *plan,
                          size_t slot)
{
    const struct offers_policy *policy = planning->policy;
    const struct place *place = &planning->places[slot];
    if (place->slot->wanted == 0) {
        return 0;
    }
    if (place->spent) {
        return policy->retry_ms;
    }
    double below = look_below(planning, slot);
    uint32_t after = policy->look_least_ms;
    while (after < policy->look_most_ms && chance_after(planning, plan, slot, after) >= below) {
        after += LOOK_STEP_MS;
    }
    return after < policy->look_most_ms ? after : policy->look_most_ms;
}

static void set_look(const struct planning *planning, struct offers_plan *plan)
{
    for (size_t s = 0; s < planning->state->slot_count; s++) {
        uint32_t look = slot_look(planning, plan, s);
        if (look > 0 && (plan->look_ms == 0 || look < plan->look_ms)) {
            plan->look_ms = look;
        }
    }
}

/* ---- the plan ---- */

static void list_withdrawn(const struct planning *planning, struct offers_plan *plan)
{
    const struct offers_state *state = planning->state;
    for (size_t i = 0; i < state->open_count; i++) {
        const struct offers_open *open = planning->open[i];
        if (state->slots[open->slot].wanted == 0) {
            plan->withdraw[plan->withdraw_count++] = (size_t)(open - state->open);
        }
    }
}

static void open_places(const struct planning *planning)
{
    const struct offers_state *state = planning->state;
    for (size_t s = 0; s < state->slot_count; s++) {
        const struct offers_slot *slot = &state->slots[s];
        struct place *place = &planning->places[s];
        uint32_t grade = slot->grade < 1 ? 1 : slot->grade;
        place->slot = slot;
        place->target =
            planning->policy->target[grade > OFFERS_GRADES ? OFFERS_GRADES - 1 : grade - 1];
        place->phase = slot->phase < OFFERS_PHASES ? slot->phase : OFFERS_PHASES - 1;
        place->done = slot->wanted == 0;
        crowd_empty(&place->crowd,
                    slot->wanted < OFFERS_WANTED_MAX ? slot->wanted : OFFERS_WANTED_MAX);
    }
    for (size_t i = 0; i < state->open_count; i++) {
        const struct offers_open *open = planning->open[i];
        crowd_add(&planning->places[open->slot].crowd, open_worth(planning, open, 0.0));
    }
}

static enum gx_rc prepare(struct gx_arena *arena, struct planning *planning,
                          struct offers_plan *plan)
{
    const struct offers_state *state = planning->state;
    size_t candidates = state->candidate_count + 1;
    size_t slots = state->slot_count + 1;
    size_t opens = state->open_count + 1;
    planning->order = gx_arena_alloc(arena, candidates * sizeof(struct offers_candidate *));
    planning->taken = gx_arena_alloc(arena, candidates * sizeof *planning->taken);
    planning->open = gx_arena_alloc(arena, opens * sizeof(struct offers_open *));
    planning->places = gx_arena_alloc(arena, slots * sizeof *planning->places);
    plan->asks = gx_arena_alloc(arena, candidates * sizeof *plan->asks);
    plan->slots = gx_arena_alloc(arena, slots * sizeof *plan->slots);
    plan->withdraw = gx_arena_alloc(arena, opens * sizeof *plan->withdraw);
    if (arena->spent) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < state->candidate_count; i++) {
        planning->order[i] = &state->candidates[i];
    }
    qsort(planning->order, state->candidate_count, sizeof(struct offers_candidate *),
          compare_candidates);
    for (size_t i = 0; i < state->open_count; i++) {
        planning->open[i] = &state->open[i];
    }
    qsort(planning->open, state->open_count, sizeof(struct offers_open *), compare_open);
    open_places(planning);
    return GX_OK;
}

enum gx_rc offers_plan(struct gx_arena *arena, const struct offers_policy *policy,
                       const struct offers_state *state, struct offers_plan *ret_plan)
{
    struct planning planning = {.policy = policy, .state = state};
    struct offers_plan plan = {0};
    enum gx_rc rc = prepare(arena, &planning, &plan);
    if (rc != GX_OK) {
        return rc;
    }
    list_withdrawn(&planning, &plan);
    ask_all(&planning, &plan);
    set_look(&planning, &plan);
    for (size_t s = 0; s < state->slot_count; s++) {
        const struct place *place = &planning.places[s];
        plan.slots[s] =
            (struct offers_outlook){place->phase, crowd_enough(&place->crowd), place->spent};
    }
    *ret_plan = plan;
    return GX_OK;
}

/* Negative when a goes home before b. */
static int compare_accepted(const struct offers_accepted *a, const struct offers_accepted *b)
{
    int order = (int)a->left - (int)b->left;
    order = order != 0 ? order : by_number(b->seconds, a->seconds);
    return order != 0 ? order : strcmp(a->id, b->id);
}

size_t offers_stand_down(const struct offers_accepted *accepted, size_t count, uint32_t wanted,
                         size_t *order)
{
    size_t movable = 0;
    size_t surplus = count > wanted ? count - wanted : 0;
    for (size_t i = 0; i < count; i++) {
        if (accepted[i].on_scene) {
            continue;
        }
        size_t at = movable++;
        for (; at > 0 && compare_accepted(&accepted[i], &accepted[order[at - 1]]) < 0; at--) {
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
    return movable < surplus ? movable : surplus;
}
