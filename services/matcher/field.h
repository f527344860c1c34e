/* SPDX-License-Identifier: Apache-2.0 */
/* The working state of one matching, shared by its parts: match.c (find, offer), asking.c (how many), explain.c (why). */
#ifndef MATCHER_FIELD_H
#define MATCHER_FIELD_H

#include "choice.h"
#include "matcher.h"
#include "records.h"
#include "search.h"

struct field {
    struct matcher *self;
    struct gx_ctx *ctx;
    const struct incident *incident;
    const struct slot *slots;
    size_t slot_count;
    uint32_t *wanted; /* by slot: places that nobody has accepted */
    struct occasion occasion;
    struct search_result found;
    struct choice choice;
    bool degraded;
};

static inline struct view *field_view(const struct field *field, size_t person, size_t slot)
{
    return &field->found.views[person * field->slot_count + slot];
}

static inline bool field_fits(const struct field *field, size_t person, size_t slot)
{
    const struct view *view = field_view(field, person, slot);
    return view->rule == RULE_NONE && !view->too_far && !view->offered;
}

#endif
