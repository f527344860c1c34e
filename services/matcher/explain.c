/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include "verdict.h"

#include "base/text.h"
#include "wire/pb.h"

#include <stdlib.h>
#include <string.h>

enum {
    LACKS_MAX = 3
};

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

static const char *word_of(const struct field *field, size_t person, size_t slot)
{
    const struct view *view = field_view(field, person, slot);
    const struct choice_word *word = &field->choice.words[person * field->slot_count + slot];
    if (view->offered) {
        return VERDICT_OFFERED;
    }
    if (view->too_far) {
        return VERDICT_TOO_FAR;
    }
    return view->rule == RULE_NONE && word->weighed ? verdict_of_choice(word->reason)
                                                    : rule_word(view->rule);
}

static Genxi__Reason *reason_of(const struct field *field, const struct ranked *ranked, size_t slot)
{
    const struct person *person = &field->found.persons[ranked->person];
    const struct choice_word *word =
        &field->choice.words[ranked->person * field->slot_count + slot];
    Genxi__Reason *reason = gx_pb_new(field->ctx, &genxi__reason__descriptor);
    if (reason == NULL) {
        return NULL;
    }
    reason->responder_id = gx_pb_text(person->id);
    reason->has_travel_seconds = ranked->seconds != UINT32_MAX;
    reason->travel_seconds = ranked->seconds;
    reason->travel_basis = person->travel_basis == NULL ? NULL : gx_pb_text(person->travel_basis);
    reason->verdict = gx_pb_text(word_of(field, ranked->person, slot));
    reason->value = gx_pb_text(field->slots[slot].code);
    reason->call_sign = gx_pb_text(person->call_sign);
    reason->has_cost_ms = word->weighed && word->cost_ms != CHOICE_COST_NONE;
    reason->cost_ms = reason->has_cost_ms ? word->cost_ms : 0;
    return reason;
}

static enum gx_rc rank(const struct field *field, size_t slot, struct ranked **ret_order,
                       size_t *ret_count)
{
    const struct search_result *found = &field->found;
    struct ranked *order = gx_arena_alloc(&field->ctx->arena, (found->count + 1) * sizeof *order);
    size_t count = 0;
    if (order == NULL) {
        return GX_LIMIT;
    }
    for (size_t p = 0; p < found->count; p++) {
        if (found->persons[p].force == field->slots[slot].need.force) {
            bool kept = field_fits(field, p, slot) || field_view(field, p, slot)->offered;
            order[count++] = (struct ranked){p, found->seconds[p], kept, found->persons[p].id};
        }
    }
    qsort(order, count, sizeof *order, compare_ranked);
    *ret_order = order;
    *ret_count = count;
    return GX_OK;
}

enum gx_rc explain_slot(const struct field *field, size_t slot, uint32_t limit,
                        Genxi__Proposal *out)
{
    struct ranked *order = NULL;
    size_t count = 0;
    enum gx_rc rc = rank(field, slot, &order, &count);
    if (rc != GX_OK) {
        return rc;
    }
    Genxi__Reason **reasons = gx_pb_array(field->ctx, count + out->n_reasons + 1);
    if (reasons == NULL) {
        return GX_LIMIT;
    }
    size_t n = out->n_reasons;
    if (n > 0) {
        memcpy(reasons, out->reasons, n * sizeof(Genxi__Reason *));
    }
    for (size_t i = 0; i < count; i++) {
        if (i >= limit && !field_view(field, order[i].person, slot)->offered) {
            continue;
        }
        reasons[n] = reason_of(field, &order[i], slot);
        if (reasons[n] == NULL) {
            return GX_LIMIT;
        }
        reasons[n++]->rank = (uint32_t)i + 1;
    }
    out->reasons = reasons;
    out->n_reasons = n;
    return GX_OK;
}

/* Of a whole ranking: by road as soon as anybody was; each reason and each offer says its own. */
static bool by_road(const struct field *field)
{
    for (size_t p = 0; p < field->found.count; p++) {
        if (gx_text_is(field->found.persons[p].travel_basis, TRAVEL_ROAD)) {
            return true;
        }
    }
    return false;
}

static uint32_t count_stale(const struct field *field)
{
    uint32_t stale = 0;
    for (size_t p = 0; p < field->found.count; p++) {
        bool is_stale = false;
        for (size_t s = 0; s < field->slot_count; s++) {
            is_stale = is_stale || field_view(field, p, s)->rule == RULE_STALE_POSITION;
        }
        stale += is_stale ? 1 : 0;
    }
    return stale;
}

enum gx_rc explain_basis(const struct field *field, Genxi__Proposal *out)
{
    bool road = by_road(field);
    uint32_t stale = count_stale(field);
    out->travel_basis = gx_pb_text(road ? TRAVEL_ROAD : TRAVEL_STRAIGHT);
    out->has_degraded = true;
    out->degraded = field->degraded;
    out->has_looked_at = out->has_stale = true;
    out->looked_at = (uint32_t)field->found.count;
    out->stale = stale;
    out->lacks = gx_pb_array(field->ctx, LACKS_MAX);
    if (out->lacks == NULL) {
        return GX_LIMIT;
    }
    if (field->degraded) {
        out->lacks[out->n_lacks++] = gx_pb_text("redis");
    }
    if (!road && field->found.count > 0) {
        out->lacks[out->n_lacks++] = gx_pb_text("roads");
    }
    if (stale * 2 > field->found.count) {
        out->lacks[out->n_lacks++] = gx_pb_text("positions");
    }
    return GX_OK;
}

void explain_texts(Genxi__Reason *const *reasons, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct verdict *verdict = verdict_find(reasons[i]->verdict);
        if (verdict != NULL) {
            reasons[i]->text_en = gx_pb_text(verdict->en);
            reasons[i]->text_zh = gx_pb_text(verdict->zh);
        }
    }
}
