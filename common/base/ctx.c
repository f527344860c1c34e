/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ctx.h"

#include "base/clock.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>

static void set_nobody(struct gx_ctx *ctx)
{
    ctx->actor = (struct gx_actor){.subject = "", .org = "", .responder_id = "", .lang = "zh-CN"};
}

void gx_ctx_init(struct gx_ctx *ctx, size_t arena_limit_bytes)
{
    memset(ctx, 0, sizeof *ctx);
    gx_arena_init(&ctx->arena, arena_limit_bytes);
    set_nobody(ctx);
}

void gx_ctx_reset(struct gx_ctx *ctx)
{
    gx_arena_reset(&ctx->arena);
    ctx->deadline_ms = 0;
    ctx->traceparent[0] = '\0';
    ctx->tx = NULL;
    ctx->label = NULL;
    ctx->fault_count = 0;
    set_nobody(ctx);
}

void gx_ctx_done(struct gx_ctx *ctx)
{
    gx_arena_done(&ctx->arena);
}

enum gx_rc(gx_fail)(struct gx_ctx *ctx, enum gx_problem problem, const char *pointer,
                    const char *format, ...)
{
    if (ctx->fault_count < GX_FAULTS_MAX) {
        va_list args;
        va_start(args, format);
        char *value = gx_arena_vprintf(&ctx->arena, format, args);
        va_end(args);
        char *where = gx_arena_text(&ctx->arena, pointer);
        ctx->faults[ctx->fault_count++] =
            (struct gx_fault){problem, where == NULL ? "" : where, value == NULL ? "" : value};
    }
    return gx_problem_row(problem)->rc;
}

void gx_ctx_forgive(struct gx_ctx *ctx)
{
    ctx->fault_count = 0;
}

bool gx_actor_has(const struct gx_actor *actor, uint32_t any_of_roles)
{
    return (actor->roles & any_of_roles) != 0;
}

bool gx_actor_in_area(const struct gx_actor *actor, int32_t area)
{
    for (size_t i = 0; i < actor->area_count; i++) {
        if (actor->areas[i] == area) {
            return true;
        }
    }
    return false;
}

bool gx_actor_commands(const struct gx_actor *actor, int32_t area)
{
    return gx_actor_has(actor, GX_ROLE_SYSTEM) ||
           (gx_actor_has(actor, GX_ROLES_OFFICERS) && gx_actor_in_area(actor, area));
}

int gx_ctx_left_ms(const struct gx_ctx *ctx, int fallback_ms)
{
    if (ctx->deadline_ms == 0) {
        return fallback_ms;
    }
    int64_t left = ctx->deadline_ms - gx_clock_wall_ms();
    return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}
