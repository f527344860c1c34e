/* SPDX-License-Identifier: Apache-2.0 */
#include "turning.h"

#include <string.h>

enum {
    WORTH_S = 20 /* what the core asks for a turn where it knows no target: less cannot pay */
};

/* Later than this the slot's last place is taken among the free; UINT32_MAX: one stays empty. */
static uint32_t last_of(const struct field *field, const struct choice_slot *slots, size_t slot)
{
    uint32_t last = 0;
    uint32_t bound = 0;
    for (size_t p = 0; p < field->found.count; p++) {
        if (field->choice.bound[p] == slot) {
            bound++;
            last = field->found.seconds[p] > last ? field->found.seconds[p] : last;
        }
    }
    return bound < slots[slot].places ? UINT32_MAX : last;
}

static bool could_gain(const struct field *field, const uint32_t *last, size_t person)
{
    for (size_t s = 0; s < field->slot_count; s++) {
        const struct view *view = field_view(field, person, s);
        uint64_t seconds = field->found.seconds[person];
        if (view->turn && !view->too_far && seconds + WORTH_S < last[s]) {
            return true;
        }
    }
    return false;
}

static bool sooner(const struct field *field, size_t a, size_t b)
{
    const struct search_result *found = &field->found;
    return found->seconds[a] != found->seconds[b]
               ? found->seconds[a] < found->seconds[b]
               : strcmp(found->persons[a].id, found->persons[b].id) < 0;
}

/* Keeps the quickest, in their order. */
static void keep(const struct field *field, size_t person, struct turning *turning)
{
    size_t at = turning->count < CHOICE_TURNS_MAX ? turning->count++ : CHOICE_TURNS_MAX;
    for (; at > 0 && sooner(field, person, turning->items[at - 1].person); at--) {
        if (at < CHOICE_TURNS_MAX) {
            turning->items[at] = turning->items[at - 1];
        }
    }
    if (at < CHOICE_TURNS_MAX) {
        turning->items[at] = (struct choice_turn){.person = person,
                                                  .grade = field->found.persons[person].task.grade};
    }
}

/* How long everybody would travel to where this one is going. */
static enum gx_rc reckon(const struct field *field, struct choice_turn *turn)
{
    struct gx_ctx *ctx = field->ctx;
    const struct search_result *found = &field->found;
    const struct gx_travel *travel = &field->self->travel;
    struct travel_from *from = gx_arena_alloc(&ctx->arena, (found->count + 1) * sizeof *from);
    uint32_t *seconds = gx_arena_alloc(&ctx->arena, (found->count + 1) * sizeof *seconds);
    const char **bases = gx_arena_alloc(&ctx->arena, (found->count + 1) * sizeof(char *));
    if (from == NULL || seconds == NULL || bases == NULL) {
        return GX_LIMIT;
    }
    for (size_t p = 0; p < found->count; p++) {
        from[p] = (struct travel_from){found->persons[p].fix, found->persons[p].force};
    }
    const struct travel_times times = {.seconds = seconds, .bases = bases};
    turn->instead_s = seconds;
    return travel->matrix(travel->self, ctx, from, found->count,
                          found->persons[turn->person].task.place, &times);
}

enum gx_rc turning_find(const struct field *field, const struct choice_slot *slots,
                        struct turning *ret_turning)
{
    uint32_t *last = gx_arena_alloc(&field->ctx->arena, (field->slot_count + 1) * sizeof *last);
    enum gx_rc rc = last == NULL ? GX_LIMIT : GX_OK;
    ret_turning->count = 0;
    for (size_t s = 0; s < field->slot_count && rc == GX_OK; s++) {
        last[s] = slots[s].places > 0 ? last_of(field, slots, s) : 0;
    }
    for (size_t p = 0; p < field->found.count && rc == GX_OK; p++) {
        if (could_gain(field, last, p)) {
            keep(field, p, ret_turning);
        }
    }
    for (size_t i = 0; i < ret_turning->count && rc == GX_OK; i++) {
        rc = reckon(field, &ret_turning->items[i]);
    }
    return rc;
}
