/* SPDX-License-Identifier: Apache-2.0 */
/* A handler's question to another service. */
#include "base/clock.h"
#include "chassis/internal.h"

enum {
    ASK_MS = 3000 /* the transaction stays open meanwhile */
};

enum gx_rc gx_ask(struct gx_ctx *ctx, uint32_t number, const ProtobufCMessage *request,
                  ProtobufCMessage **ret_reply)
{
    struct gx_chassis *chassis = gx_chassis_running();
    const struct gx_command_type *type = gx_command_by_number(number);
    if (chassis == NULL || chassis->caller == NULL || type == NULL || !type->inside) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "question %u", number);
    }
    int64_t deadline_ms = ctx->deadline_ms;
    ctx->deadline_ms = gx_clock_wall_ms() + gx_ctx_left_ms(ctx, ASK_MS);
    if (ctx->deadline_ms > gx_clock_wall_ms() + ASK_MS) {
        ctx->deadline_ms = gx_clock_wall_ms() + ASK_MS;
    }
    enum gx_rc rc = gx_caller_call(chassis->caller, ctx, number, request, NULL, ret_reply);
    ctx->deadline_ms = deadline_ms;
    return rc;
}
