/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is under way to a less urgent incident and might better turn round: looked for only when the choice among the free leaves a place of this one
 * empty or later than such a one could be there. Whether it is worth it the choosing core says, with the place that he would leave before it.
 */
#ifndef MATCHER_TURNING_H
#define MATCHER_TURNING_H

#include "field.h"

struct turning {
    struct choice_turn items[CHOICE_TURNS_MAX];
    size_t count;
};

/* field->choice is the choice among the free. LIMIT, or what the travel said. */
enum gx_rc turning_find(const struct field *field, const struct choice_slot *slots,
                        struct turning *ret_turning);

#endif
