/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of somebody in a ranking: a stable word and the same as a sentence, in English and Chinese. The rows stand in verdict.def. */
#ifndef MATCHER_VERDICT_H
#define MATCHER_VERDICT_H

#include "dispatch/decide.h"

#define VERDICT_OFFERED "offered"
#define VERDICT_TOO_FAR "too_far"

struct verdict {
    const char *word;
    const char *en;
    const char *zh;
};

/* NULL: no such word. */
const struct verdict *verdict_find(const char *word);
/* The word for what the choosing core says. */
const char *verdict_of_choice(enum decide_reason reason);

#endif
