/* SPDX-License-Identifier: Apache-2.0 */
/* Actors and faults between messages and contexts. */
#include "wire/bus.h"
#include "wire/pb.h"

#include <string.h>

static const char *kept(struct gx_ctx *ctx, const char *text, const char *fallback)
{
    const char *copy = gx_arena_text(&ctx->arena, text);
    return copy == NULL ? fallback : copy;
}

void gx_actor_from_pb(struct gx_ctx *ctx, const Genxi__Actor *pb)
{
    size_t count = pb->n_areas;
    int32_t *areas = count == 0 ? NULL : gx_arena_alloc(&ctx->arena, count * sizeof *areas);
    if (areas == NULL) {
        count = 0; /* fewer rights, never more */
    } else {
        memcpy(areas, pb->areas, count * sizeof *areas);
    }
    ctx->actor = (struct gx_actor){
        .roles = pb->roles,
        .subject = kept(ctx, pb->subject, ""),
        .org = kept(ctx, pb->org, ""),
        .responder_id = kept(ctx, pb->responder_id, ""),
        .areas = areas,
        .area_count = count,
        .lang = kept(ctx, pb->lang, "zh-CN"),
    };
}

static char *text_or_null(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : gx_pb_text(text);
}

Genxi__Actor *gx_actor_to_pb(struct gx_ctx *ctx, const struct gx_actor *actor)
{
    Genxi__Actor *pb = gx_pb_new(ctx, &genxi__actor__descriptor);
    if (pb == NULL) {
        return NULL;
    }
    pb->roles = actor->roles;
    pb->subject = gx_pb_text(actor->subject);
    pb->org = text_or_null(actor->org);
    pb->responder_id = text_or_null(actor->responder_id);
    pb->lang = text_or_null(actor->lang);
    if (actor->area_count > 0) {
        pb->areas = gx_arena_alloc(&ctx->arena, actor->area_count * sizeof *pb->areas);
        if (pb->areas == NULL) {
            return NULL;
        }
        memcpy(pb->areas, actor->areas, actor->area_count * sizeof *pb->areas);
        pb->n_areas = actor->area_count;
    }
    return pb;
}

void gx_reply_faults(struct gx_ctx *ctx, Genxi__Reply *reply)
{
    Genxi__Fault **faults = gx_pb_array(ctx, ctx->fault_count);
    if (faults == NULL) {
        return;
    }
    size_t count = 0;
    for (size_t i = 0; i < ctx->fault_count; i++) {
        Genxi__Fault *fault = gx_pb_new(ctx, &genxi__fault__descriptor);
        if (fault == NULL) {
            break;
        }
        fault->problem = gx_pb_text(gx_problem_row(ctx->faults[i].problem)->slug);
        fault->pointer = text_or_null(ctx->faults[i].pointer);
        fault->value = text_or_null(ctx->faults[i].value);
        faults[count++] = fault;
    }
    reply->faults = faults;
    reply->n_faults = count;
}

void gx_faults_from_reply(struct gx_ctx *ctx, const Genxi__Reply *reply)
{
    for (size_t i = 0; i < reply->n_faults; i++) {
        const Genxi__Fault *fault = reply->faults[i];
        const char *pointer = fault->pointer == NULL ? "" : fault->pointer;
        const char *value = fault->value == NULL ? "" : fault->value;
        (void)!gx_fail(ctx, gx_problem_find(fault->problem), pointer, "%s", value);
    }
}
