/* SPDX-License-Identifier: Apache-2.0 */
#include "search.h"

#include <math.h>

enum {
    FORCES = 5,      /* by Genxi__Force, 0 unused */
    UNFIT_MAX = 20,  /* of a force: kept for the reasons */
    TURNS_MAX = 20,  /* the same of those who may be asked to turn round */
    LOST = 4,        /* so many more: a few are taken by others first */
    PATIENCE = 2000, /* looked at in vain for more than is wanted, and no further */
};

/* One force's search. */
struct seeking {
    struct gx_ctx *ctx;
    const struct search_query *query;
    struct search_result *result;
    size_t room;
    Genxi__Force force;
    uint32_t *fitting; /* by slot */
    uint32_t unfit;
    uint32_t turns; /* kept though they are under way */
    uint32_t looked_at;
};

static bool among(const struct search_ids *some, struct key id)
{
    for (size_t i = 0; i < some->count; i++) {
        if (key_is(some->ids[i], id)) {
            return true;
        }
    }
    return false;
}

static bool concerns(const struct seeking *seeking, size_t slot)
{
    const struct search_query *query = seeking->query;
    return query->wanted[slot] > 0 && query->needs[slot]->force == seeking->force;
}

static bool enough(const struct seeking *seeking)
{
    const struct search_query *query = seeking->query;
    bool patient = seeking->looked_at < PATIENCE;
    for (size_t s = 0; s < query->slot_count; s++) {
        uint32_t least = query->limits.per_place * query->wanted[s] + LOST;
        uint32_t target = least > query->limits.enough ? least : query->limits.enough;
        target = patient ? target : query->wanted[s];
        if (concerns(seeking, s) && seeking->fitting[s] < target) {
            return false;
        }
    }
    return true;
}

static bool grow(struct seeking *seeking)
{
    struct search_result *result = seeking->result;
    size_t slots = seeking->query->slot_count;
    if (result->count < seeking->room) {
        return true;
    }
    size_t room = seeking->room == 0 ? 64 : seeking->room * 2;
    struct gx_arena *arena = &seeking->ctx->arena;
    struct person *persons = gx_arena_alloc(arena, room * sizeof *persons);
    struct view *views = gx_arena_alloc(arena, room * slots * sizeof *views);
    if (persons == NULL || views == NULL) {
        return false;
    }
    for (size_t i = 0; i < result->count; i++) {
        persons[i] = result->persons[i];
    }
    for (size_t i = 0; i < result->count * slots; i++) {
        views[i] = result->views[i];
    }
    result->persons = persons;
    result->views = views;
    seeking->room = room;
    return true;
}

/* Volunteers are not sent to and fro. */
static bool may_turn(const struct person *person, const struct occasion *occasion)
{
    return person->hold == HOLD_ASSIGNMENT && person->task.on_the_way && occasion->grade != 0 &&
           person->task.grade > occasion->grade && person->force != GENXI__FORCE__FORCE_VOLUNTEER;
}

/* Nothing but his task forbids it. */
static bool turns_for(const struct seeking *seeking, const struct person *person, size_t slot)
{
    const struct search_query *query = seeking->query;
    struct person ready = *person;
    ready.hold = HOLD_FREE;
    return concerns(seeking, slot) &&
           rule_forbidding(&ready, query->occasion, query->needs[slot], &query->limits.rules,
                           RULE_KIND_FIX) == RULE_NONE;
}

/* The views of this one, in the place where they stay if he is kept. *ret_turns: he may be asked to turn round. */
static bool judge(struct seeking *seeking, const struct person *person, struct view *views,
                  bool *ret_turns)
{
    const struct search_query *query = seeking->query;
    bool fits = false;
    bool under_way = may_turn(person, query->occasion);
    *ret_turns = false;
    for (size_t s = 0; s < query->slot_count; s++) {
        enum rule rule = rule_forbidding(person, query->occasion, query->needs[s],
                                         &query->limits.rules, RULE_KIND_FIX);
        bool turn = under_way && rule == RULE_BUSY && turns_for(seeking, person, s);
        views[s] = (struct view){.rule = rule, .turn = turn};
        *ret_turns = *ret_turns || turn;
        if (rule == RULE_NONE && concerns(seeking, s)) {
            seeking->fitting[s]++;
            fits = true;
        }
    }
    return fits;
}

static bool look_at(void *arg, struct live_hit *hit)
{
    struct seeking *seeking = arg;
    struct search_result *result = seeking->result;
    if (!grow(seeking)) {
        return false;
    }
    hit->person.asked_before = among(&seeking->query->asked, hit->id);
    if (hit->person.hold == HOLD_OFFER && among(&seeking->query->freed, hit->id)) {
        hit->person.hold = HOLD_FREE;
    }
    seeking->looked_at++;
    struct view *views = &result->views[result->count * seeking->query->slot_count];
    bool turns = false;
    bool fits = judge(seeking, &hit->person, views, &turns);
    bool kept = turns && seeking->turns < TURNS_MAX;
    if (fits || kept || seeking->unfit < UNFIT_MAX) {
        seeking->unfit += fits || kept ? 0 : 1;
        seeking->turns += kept ? 1 : 0;
        if (!live_keep(hit, &seeking->ctx->arena, &result->persons[result->count])) {
            return false;
        }
        result->count++;
    }
    return !enough(seeking);
}

/* No wider than somebody of that force could come from in time. */
static double radius_of(const struct search_query *query, Genxi__Force force)
{
    const struct gx_travel *travel = query->travel;
    double reach = travel->reach_m(travel->self, force, query->limits.travel_max_seconds);
    return fmin(query->limits.radius_max_m, reach);
}

static void seek(struct seeking *seeking)
{
    const struct search_query *query = seeking->query;
    for (size_t s = 0; s < query->slot_count; s++) {
        seeking->fitting[s] = 0;
    }
    seeking->unfit = 0;
    seeking->turns = 0;
    seeking->looked_at = 0;
    if (!enough(seeking)) {
        live_near(query->live, seeking->force, query->occasion->place,
                  radius_of(query, seeking->force), query->occasion->now, look_at, seeking);
    }
}

static enum gx_rc travel_times(struct gx_ctx *ctx, const struct search_query *query,
                               struct search_result *result)
{
    const struct gx_travel *travel = query->travel;
    struct travel_from *from = gx_arena_alloc(&ctx->arena, (result->count + 1) * sizeof *from);
    result->seconds = gx_arena_alloc(&ctx->arena, (result->count + 1) * sizeof *result->seconds);
    const char **bases = gx_arena_alloc(&ctx->arena, (result->count + 1) * sizeof *bases);
    if (from == NULL || result->seconds == NULL || bases == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < result->count; i++) {
        from[i] = (struct travel_from){result->persons[i].fix, result->persons[i].force};
    }
    const struct travel_times times = {.seconds = result->seconds, .bases = bases};
    enum gx_rc rc =
        travel->matrix(travel->self, ctx, from, result->count, query->occasion->place, &times);
    for (size_t p = 0; p < result->count && rc == GX_OK; p++) {
        result->persons[p].travel_basis = bases[p];
        bool far = (double)result->seconds[p] > query->limits.travel_max_seconds;
        for (size_t s = 0; s < query->slot_count; s++) {
            struct view *view = &result->views[p * query->slot_count + s];
            view->too_far = far && (view->rule == RULE_NONE || view->turn);
        }
    }
    return rc;
}

enum gx_rc search_run(struct gx_ctx *ctx, const struct search_query *query,
                      struct search_result *ret_result)
{
    struct search_result result = {.persons = NULL};
    struct seeking seeking = {.ctx = ctx, .query = query, .result = &result};
    seeking.fitting =
        gx_arena_alloc(&ctx->arena, (query->slot_count + 1) * sizeof *seeking.fitting);
    if (seeking.fitting == NULL) {
        return GX_LIMIT;
    }
    for (int force = 1; force < FORCES; force++) {
        seeking.force = (Genxi__Force)force;
        seek(&seeking);
    }
    if (ctx->arena.spent) {
        return GX_LIMIT;
    }
    enum gx_rc rc = travel_times(ctx, query, &result);
    if (rc == GX_OK) {
        *ret_result = result;
    }
    return rc;
}
