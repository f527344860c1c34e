/* SPDX-License-Identifier: Apache-2.0 */
/* SQL of the links that enrol phones. Within a transaction (gx_background_run). */
#ifndef GATEWAY_STORE_ENROLMENT_H
#define GATEWAY_STORE_ENROLMENT_H

#include "base/cleanup.h"
#include "base/ctx.h"

#include <stdint.h>

struct gw_enrolment {
    const char *id;
    const char *device_id;
    const char *code;     /* of the device */
    const char *sealed;   /* its token, bound to this id */
    const char *base_url; /* "https://host:port" */
};

/* In place of the device's link before it; removes all that have expired. */
enum gx_rc gw_store_enrolment_put(struct gx_ctx *ctx, const struct gw_enrolment *enrolment,
                                  struct gx_view token_hash, const char *created_by,
                                  int64_t life_ms, int64_t *ret_expires_at);
/* Takes it out: it is there for one only. NOT_FOUND when it is unknown, opened already, void or expired. Texts live in the arena. */
enum gx_rc gw_store_enrolment_take(struct gx_ctx *ctx, struct gx_view token_hash,
                                   struct gw_enrolment *ret_enrolment);

#endif
