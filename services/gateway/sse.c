/* SPDX-License-Identifier: Apache-2.0 */
#include "sse.h"

#include "base/clock.h"
#include "base/text.h"
#include "dispatch.pb-c.h"
#include "web/json.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void put_line(struct gx_out *out, const char *field, const char *text, size_t size)
{
    gx_out_text(out, field);
    gx_out_bytes(out, text, size);
    gx_out_bytes(out, "\n", 1);
}

void gw_sse_encode(struct gx_out *out, const char *id, const char *event, const char *data)
{
    if (id != NULL) {
        put_line(out, "id: ", id, strlen(id));
    }
    if (event != NULL) {
        put_line(out, "event: ", event, strlen(event));
    }
    for (const char *at = data;;) {
        size_t size = strcspn(at, "\r\n");
        put_line(out, "data: ", at, size);
        at += size;
        if (*at == '\0') {
            break;
        }
        at += at[0] == '\r' && at[1] == '\n' ? 2 : 1;
    }
    gx_out_bytes(out, "\n", 1);
}

/* Leaves only the positions of org; the three lists run side by side. */
static ProtobufCMessage *keep_own(struct gx_ctx *ctx, Genxi__PositionsMoved *all, const char *org)
{
    Genxi__PositionsMoved *own = gx_pb_new(ctx, &genxi__positions_moved__descriptor);
    if (own == NULL || all->n_orgs != all->n_positions || all->n_forces != all->n_positions) {
        return NULL;
    }
    own->positions = gx_pb_array(ctx, all->n_positions + 1);
    own->orgs = gx_pb_array(ctx, all->n_positions + 1);
    own->forces = gx_arena_alloc(&ctx->arena, (all->n_positions + 1) * sizeof *own->forces);
    if (own->positions == NULL || own->orgs == NULL || own->forces == NULL) {
        return NULL;
    }
    size_t count = 0;
    for (size_t i = 0; i < all->n_positions; i++) {
        if (gx_text_is(all->orgs[i], org)) {
            own->positions[count] = all->positions[i];
            own->orgs[count] = all->orgs[i];
            own->forces[count] = all->forces[i];
            count++;
        }
    }
    own->n_positions = count;
    own->n_orgs = count;
    own->n_forces = count;
    return count == 0 ? NULL : &own->base;
}

static const char *data_of(struct gx_ctx *ctx, const Genxi__Event *event, const char *name,
                           const char *payload)
{
    char at[GX_TIME_TEXT_SIZE];
    char numbers[80];
    struct gx_out out = {.ctx = ctx};
    (void)snprintf(numbers, sizeof numbers, ",\"area\":%" PRId32 ",\"seq\":%" PRId64, event->area,
                   event->seq);
    gx_out_text(&out, "{\"id\":");
    gx_out_string(&out, event->id);
    gx_out_member(&out, "type", name);
    gx_out_text(&out, numbers);
    gx_out_member(&out, "at", gx_time_format(event->at, at));
    gx_out_member(&out, "subject", event->subject);
    gx_out_text(&out, ",\"exercise\":");
    gx_out_text(&out, event->has_exercise && event->exercise ? "true" : "false");
    gx_out_text(&out, ",\"data\":");
    gx_out_text(&out, payload);
    gx_out_text(&out, "}");
    return gx_out_done(&out);
}

char *gw_sse_render(struct gx_ctx *ctx, const Genxi__Event *event, enum gx_sight sight,
                    const char *org)
{
    const struct gx_event_type *type = gx_event_by_number(event->type);
    struct gx_view body = {event->body.data, event->body.len};
    ProtobufCMessage *payload = NULL;
    if (type == NULL || gx_pb_unpack(ctx, type->payload, body, &payload) != GX_OK) {
        return NULL;
    }
    if (event->type == GX_E_positions_moved && org != NULL) {
        payload = keep_own(ctx, (Genxi__PositionsMoved *)payload, org);
    }
    const char *json = payload == NULL ? NULL : gx_json_write(ctx, payload, sight);
    const char *data = json == NULL ? NULL : data_of(ctx, event, type->name, json);
    if (data == NULL) {
        return NULL;
    }
    struct gx_out out = {.ctx = ctx};
    gw_sse_encode(&out, NULL, type->name, data);
    return gx_out_done(&out);
}
