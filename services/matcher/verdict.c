/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

#include "base/cleanup.h"

#include <string.h>

static const struct verdict VERDICTS[] = {
#define VERDICT(word, en, zh) {word, en, zh},
#include "verdict.def"
#undef VERDICT
};

const struct verdict *verdict_find(const char *word)
{
    for (size_t i = 0; i < GX_COUNT_OF(VERDICTS); i++) {
        if (strcmp(VERDICTS[i].word, word) == 0) {
            return &VERDICTS[i];
        }
    }
    return NULL;
}

const char *verdict_of_choice(enum decide_reason reason)
{
    switch (reason) {
    case DECIDE_CHOSEN:
        return "chosen";
    case DECIDE_NEEDED_ELSEWHERE:
        return "needed_elsewhere";
    case DECIDE_NOT_TURNED:
        return "not_turned";
    case DECIDE_KEPT_FOR_COVER:
        return "more_burdened"; /* no cover is laid over a moment of this service: the load alone can weigh so */
    case DECIDE_NO_WAY:
        return VERDICT_TOO_FAR;
    case DECIDE_NOT_AVAILABLE:
        return "busy";
    case DECIDE_HARD_RULE:
    case DECIDE_SLOWER:
        break;
    }
    return "slower";
}
