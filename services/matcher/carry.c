/* SPDX-License-Identifier: Apache-2.0 */
#include "carry.h"

#include "base/clock.h"
#include "base/log.h"
#include "chassis/service.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include "dispatch.pb-c.h"

#include <stdlib.h>

enum {
    SLICE = 1000,
    TOLD_AT_ONCE = 250, /* positions of one message */
};

/* Positions of one area. */
struct moved {
    const struct live_change *changes;
    size_t count;
};

static enum gx_rc pass_some(struct gx_ctx *ctx, const struct live_change *changes, size_t count)
{
    Genxi__PositionsMoved moved = GENXI__POSITIONS_MOVED__INIT;
    moved.positions = gx_pb_array(ctx, count);
    moved.orgs = gx_pb_array(ctx, count);
    moved.forces = gx_arena_alloc(&ctx->arena, count * sizeof *moved.forces);
    Genxi__Position *items = gx_arena_alloc(&ctx->arena, count * sizeof *items);
    if (moved.positions == NULL || moved.orgs == NULL || moved.forces == NULL || items == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        genxi__position__init(&items[i]);
        items[i].responder_id = gx_pb_text(changes[i].responder_id);
        items[i].lon = changes[i].place.lon;
        items[i].lat = changes[i].place.lat;
        items[i].at = changes[i].at;
        moved.positions[i] = &items[i];
        moved.orgs[i] = gx_pb_text(changes[i].org_id);
        moved.forces[i] = changes[i].force;
    }
    moved.n_positions = moved.n_orgs = moved.n_forces = count;
    /* Officers see all of their area, a desk its own people: whoever sends it on goes by orgs. */
    const struct gx_emit emit = {
        .area = changes[0].area,
        .type = GX_E_positions_moved,
        .payload = &moved.base,
    };
    return gx_pass(ctx, &emit);
}

static enum gx_rc pass_moved(void *arg, struct gx_ctx *ctx)
{
    const struct moved *moved = arg;
    enum gx_rc rc = GX_OK;
    for (size_t from = 0; from < moved->count && rc == GX_OK;) {
        size_t end = from + 1;
        while (end < moved->count && end - from < TOLD_AT_ONCE &&
               moved->changes[end].area == moved->changes[from].area) {
            end++;
        }
        rc = pass_some(ctx, &moved->changes[from], end - from);
        from = end;
    }
    return rc;
}

/* What is to be told before what is not, by area. */
static int told_by_area(const void *a, const void *b)
{
    const struct live_change *x = a;
    const struct live_change *y = b;
    bool x_told = x->told && x->at != 0;
    bool y_told = y->told && y->at != 0;
    if (x_told != y_told) {
        return x_told ? -1 : 1;
    }
    return (x->area > y->area) - (x->area < y->area);
}

static void tell(struct carry *carry, struct gx_ctx *ctx, struct live_change *changes, size_t count)
{
    struct moved moved = {.changes = changes};
    qsort(changes, count, sizeof *changes, told_by_area);
    while (moved.count < count && changes[moved.count].told && changes[moved.count].at != 0) {
        moved.count++;
    }
    if (moved.count == 0) {
        return;
    }
    gx_ctx_reset(ctx);
    ctx->deadline_ms = gx_clock_wall_ms() + 1000;
    enum gx_rc rc = carry->run(carry->via, ctx, pass_moved, &moved);
    if (rc != GX_OK) {
        gx_log(ctx, GX_WARN, "positions-not-told", "%zu positions: %s", moved.count,
               gx_rc_name(rc));
    }
}

void carry_out(struct carry *carry, struct gx_ctx *ctx)
{
    struct live_change *changes = malloc(SLICE * sizeof *changes);
    if (changes == NULL) {
        abort();
    }
    size_t count = 0;
    do {
        count = live_changes(carry->live, LIVE_TO_INDEX, changes, SLICE);
        tell(carry, ctx, changes, count);
        if (!carry->lost && index_write(carry->index, changes, count) != GX_OK) {
            carry->lost = true;
            live_set_degraded(carry->live, true);
        }
    } while (count == SLICE);
    free(changes);
}

void carry_look(struct carry *carry, struct gx_ctx *ctx)
{
    bool alive = index_alive(carry->index);
    if (alive && carry->lost) {
        carry->lost = false;
        live_change_all(carry->live, LIVE_TO_INDEX);
        carry_out(carry, ctx);
    }
    carry->lost = carry->lost || !alive;
    live_set_degraded(carry->live, carry->lost);
}
