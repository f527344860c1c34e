/* SPDX-License-Identifier: Apache-2.0 */
/* What a try at a webhook means for its delivery and its endpoint, written down. */
#ifndef NOTIFIER_OUTCOME_H
#define NOTIFIER_OUTCOME_H

#include "base/ctx.h"
#include "base/id.h"
#include "settings.h"

enum {
    OUTCOME_ERROR_SIZE = 160
};

struct outcome {
    char id[GX_ID_SIZE];
    char webhook_id[GX_ID_SIZE];
    char lease_id[GX_ID_SIZE];
    bool tried; /* false: given back as it was */
    long http;  /* 0: no answer */
    int64_t retry_after_s;
    char error[OUTCOME_ERROR_SIZE];
};

/* In ctx's transaction. A lost lease makes it nothing: somebody else tries already. */
enum gx_rc outcome_apply(struct gx_ctx *ctx, const struct notifier_rules *rules,
                         const struct outcome *outcome);

#endif
