/* SPDX-License-Identifier: Apache-2.0 */
#include "asking.h"

#include "policy.h"
#include "settings.h"

#include <string.h>

static struct odds_chance chance_of(const struct asking *asking, Genxi__Force force,
                                    uint32_t seconds)
{
    struct odds_group group = odds_group((int)force, asking->hour, seconds);
    return asking->prospects.chance[group.force][group.hour][group.distance];
}

static void add_slots(struct asking *asking)
{
    const struct field *field = asking->field;
    for (size_t s = 0; s < field->slot_count; s++) {
        asking->slots[s] = (struct offers_slot){
            .wanted = field->wanted[s],
            .grade = policy_grade(field->incident),
            .within_seconds = field->slots[s].within_minutes * 60,
            .offer_ms = field->incident->playbook->offer_seconds * 1000,
            .phase = field->slots[s].phase,
        };
    }
}

static bool find_slot(const struct field *field, const char *code, size_t *ret_slot)
{
    for (size_t s = 0; s < field->slot_count; s++) {
        if (strcmp(field->slots[s].code, code) == 0) {
            *ret_slot = s;
            return true;
        }
    }
    return false;
}

/* Offers by hand beyond the places fill none of them. */
static void add_open(struct asking *asking, const struct offer *out, size_t count)
{
    const struct field *field = asking->field;
    int64_t now = field->occasion.now;
    for (size_t i = 0; i < count; i++) {
        size_t slot = 0;
        uint32_t seconds = out[i].travel_seconds < 0 ? 0 : (uint32_t)out[i].travel_seconds;
        if (find_slot(field, out[i].slot, &slot)) {
            asking->open[asking->open_count++] = (struct offers_open){
                .id = out[i].id,
                .slot = slot,
                .age_ms = matcher_unscaled_ms(now - out[i].made_at),
                .left_ms = matcher_unscaled_ms(out[i].expires_at - now),
                .seconds = seconds,
                .chance = chance_of(asking, out[i].force, seconds),
                .times = &asking->prospects.times[out[i].force],
            };
        }
    }
}

/* Whose place it is may be asked for that place only; who would have to turn round is asked for nothing else. */
static void add_candidate(struct asking *asking, size_t p)
{
    const struct field *field = asking->field;
    const struct person *person = &field->found.persons[p];
    uint32_t seconds = field->found.seconds[p];
    bool *fits = &asking->fits[p * field->slot_count];
    size_t bound = field->choice.bound[p];
    for (size_t s = 0; s < field->slot_count; s++) {
        bool turns = bound == s && field_view(field, p, s)->turn;
        fits[s] = turns || (field_fits(field, p, s) && (bound == CHOICE_NONE || bound == s));
    }
    asking->candidates[p] = (struct offers_candidate){
        .id = person->id,
        .rank = field->choice.rank[p],
        .seconds = seconds,
        .alerts = person->alerts,
        .load = person->load,
        .force = (int)person->force,
        .chance = chance_of(asking, person->force, seconds),
        .times = &asking->prospects.times[person->force],
        .fits = fits,
    };
}

enum gx_rc asking_begin(struct asking *asking, const struct field *field, const struct offer *out,
                        size_t out_count)
{
    struct gx_arena *arena = &field->ctx->arena;
    size_t persons = field->found.count;
    size_t slots = field->slot_count;
    *asking = (struct asking){
        .field = field,
        .policy = policy_of_offers(field->incident),
        .hour = matcher_local_hour(field->occasion.now),
        .slots = gx_arena_alloc(arena, (slots + 1) * sizeof *asking->slots),
        .open = gx_arena_alloc(arena, (out_count + persons + 1) * sizeof *asking->open),
        .candidates = gx_arena_alloc(arena, (persons + 1) * sizeof *asking->candidates),
        .fits = gx_arena_alloc(arena, persons * slots + 1),
    };
    if (arena->spent) {
        return GX_LIMIT;
    }
    prospects_get(&asking->prospects);
    add_slots(asking);
    add_open(asking, out, out_count);
    for (size_t p = 0; p < persons; p++) {
        add_candidate(asking, p);
    }
    return GX_OK;
}

enum gx_rc asking_plan(const struct asking *asking, struct offers_plan *ret_plan)
{
    const struct offers_state state = {
        .slots = asking->slots,
        .slot_count = asking->field->slot_count,
        .candidates = asking->candidates,
        .candidate_count = asking->field->found.count,
        .open = asking->open,
        .open_count = asking->open_count,
    };
    return offers_plan(&asking->field->ctx->arena, &asking->policy, &state, ret_plan);
}

void asking_lost(struct asking *asking, size_t person)
{
    memset(&asking->fits[person * asking->field->slot_count], 0, asking->field->slot_count);
}

void asking_made(struct asking *asking, size_t person, size_t slot, const char *offer_id)
{
    const struct offers_candidate *candidate = &asking->candidates[person];
    asking_lost(asking, person);
    asking->open[asking->open_count++] = (struct offers_open){
        .id = offer_id,
        .slot = slot,
        .left_ms = asking->slots[slot].offer_ms,
        .seconds = candidate->seconds,
        .chance = candidate->chance,
        .times = candidate->times,
    };
}
