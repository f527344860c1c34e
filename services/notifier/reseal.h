/* SPDX-License-Identifier: Apache-2.0 */
/* Seals the webhook secrets that an older version, or somebody by hand, left in clear. */
#ifndef NOTIFIER_RESEAL_H
#define NOTIFIER_RESEAL_H

#include "base/ctx.h"
#include "chassis/service.h"
#include "seal.h"

enum {
    RESEAL_A_TURN = 100
};

struct reseal {
    const struct gx_seal_key *key;
    size_t count; /* of the last turn */
};

/* One transaction: at most RESEAL_A_TURN webhooks. arg is a struct reseal. */
enum gx_rc reseal_turn(void *arg, struct gx_ctx *ctx);
/* All of them, at the start of the service. */
enum gx_rc reseal_all(const struct gx_common_settings *common);

#endif
