/* SPDX-License-Identifier: Apache-2.0 */
#include "positions.h"

#include "counters.h"
#include "flush.h"
#include "memory/store.h"
#include "settings.h"
#include "store.h"

#include "base/clock.h"
#include "base/datum.h"
#include "base/text.h"
#include "wire/pb.h"

#include <stdlib.h>
#include <string.h>

enum {
    BATCH_MAX = 500,
    FILLED_WAIT_MS = 5000,
    SENTENCE_SIZE = 512
};

/* A batch on its way, side by side: what was said, of whom, and what is made of it. */
struct batch {
    Genxi__Position *const *in;
    size_t count;
    struct key *ids;
    struct live_who *who;
    struct live_fix *fixes;
    const char **values; /* of refused ones */
};

static void refuse(struct batch *batch, size_t i, enum gx_problem problem, const char *value)
{
    batch->fixes[i].use = FIX_REFUSED;
    batch->fixes[i].problem = problem;
    batch->values[i] = value;
}

static const char *amount(struct gx_ctx *ctx, enum gx_problem problem, double value)
{
    if (problem == GX_P_POSITION_STALE) {
        char text[GX_TIME_TEXT_SIZE];
        return gx_arena_text(&ctx->arena, gx_time_format((int64_t)value, text));
    }
    return gx_arena_printf(&ctx->arena, "%.0f", value);
}

static bool make_batch(struct gx_ctx *ctx, const Genxi__PositionBatch *in, struct batch *batch)
{
    size_t count = in->n_positions;
    *batch = (struct batch){
        .in = in->positions,
        .count = count,
        .ids = gx_arena_alloc(&ctx->arena, count * sizeof *batch->ids),
        .who = gx_arena_alloc(&ctx->arena, count * sizeof *batch->who),
        .fixes = gx_arena_alloc(&ctx->arena, count * sizeof *batch->fixes),
        .values = gx_arena_alloc(&ctx->arena, count * sizeof *batch->values),
    };
    return !ctx->arena.spent;
}

/* Memory knows everybody, but of whom it heard nothing yet the table may: those are asked for, in one statement. */
static enum gx_rc look_up(struct matcher *self, struct gx_ctx *ctx, struct batch *batch,
                          int64_t now)
{
    const char **missing = gx_arena_alloc(&ctx->arena, (batch->count + 1) * sizeof *missing);
    size_t missing_count = 0;
    if (missing == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (!key_parse(batch->in[i]->responder_id, &batch->ids[i])) {
            batch->ids[i] = (struct key){0, 0}; /* nobody's */
        }
    }
    live_who(self->live, batch->ids, batch->count, now, batch->who);
    for (size_t i = 0; i < batch->count; i++) {
        bool is_id = batch->ids[i].high != 0 || batch->ids[i].low != 0;
        if (is_id && batch->who[i].number == KEY_NONE) {
            missing[missing_count++] = batch->in[i]->responder_id;
        }
    }
    if (missing_count == 0) {
        return GX_OK;
    }
    enum gx_rc rc = store_as_system(ctx);
    rc = rc == GX_OK ? memory_load_some(ctx, self->live, missing, missing_count) : rc;
    if (rc == GX_OK) {
        live_who(self->live, batch->ids, batch->count, now, batch->who);
    }
    return rc;
}

/* Who tells, read once for the batch. */
struct teller {
    const struct gx_actor *actor;
    struct key responder; /* zero: none */
    struct key org;
    bool desk;
};

static struct teller teller_of(const struct gx_actor *actor)
{
    struct teller teller = {.actor = actor};
    if (!key_parse(actor->responder_id, &teller.responder)) {
        teller.responder = (struct key){0, 0};
    }
    if (!key_parse(actor->org, &teller.org)) {
        teller.org = (struct key){0, 0};
    }
    teller.desk = gx_actor_has(actor, GX_ROLE_DESK);
    return teller;
}

static bool may_tell(const struct teller *teller, struct key id, const struct live_who *who)
{
    bool own = key_is(teller->responder, id) || teller->desk;
    return (own && key_is(teller->org, who->org)) || gx_actor_commands(teller->actor, who->area);
}

/* All that can be said without knowing the last fix. */
static void examine(struct batch *batch, size_t i, const struct teller *teller)
{
    const Genxi__Position *in = batch->in[i];
    const struct live_who *who = &batch->who[i];
    enum gx_crs crs = GX_WGS84;
    batch->fixes[i] = (struct live_fix){.number = who->number, .use = FIX_NOW};
    if (who->number == KEY_NONE || !may_tell(teller, batch->ids[i], who)) {
        refuse(batch, i, GX_P_FOREIGN_RESPONDER, in->responder_id);
        return;
    }
    if (!who->on_duty && !who->assigned) {
        refuse(batch, i, GX_P_OFF_SHIFT, in->responder_id);
        return;
    }
    if (in->crs != NULL && gx_crs_parse(in->crs, &crs) != 0) {
        refuse(batch, i, GX_P_CRS_UNKNOWN, "wgs84, gcj02, bd09");
        return;
    }
    struct gx_point given = {in->lon, in->lat};
    batch->fixes[i].fix =
        (struct fix){gx_geo_valid(given) ? gx_datum_to_wgs84(given, crs) : given, in->at};
}

static void judge(struct matcher *self, struct gx_ctx *ctx, struct batch *batch, int64_t now)
{
    const struct live_limits limits = {
        .fix = {.future_ms = (int64_t)(MATCHER_SETTINGS.fix_future_seconds * 1000.0),
                .speed_mps = MATCHER_SETTINGS.fix_jump_mps,
                .gap_ms = (int64_t)(MATCHER_SETTINGS.fix_jump_gap_seconds * 1000.0),
                .now_ms = (int64_t)(MATCHER_SETTINGS.fix_now_seconds * 1000.0)},
        .thin_ms = (int64_t)(MATCHER_SETTINGS.track_seconds * 1000.0),
    };
    const struct teller teller = teller_of(&ctx->actor);
    for (size_t i = 0; i < batch->count; i++) {
        examine(batch, i, &teller);
    }
    live_take(self->live, batch->fixes, batch->count, now, &limits);
    for (size_t i = 0; i < batch->count; i++) {
        const struct live_fix *fix = &batch->fixes[i];
        if (fix->use == FIX_REFUSED && batch->values[i] == NULL) {
            batch->values[i] = amount(ctx, fix->problem, fix->value);
        }
    }
}

/* To those who carry it out: the picture and Redis, PostgreSQL, the track. */
static void hand_on(struct batch *batch)
{
    bool moved = false;
    for (size_t i = 0; i < batch->count; i++) {
        const struct live_fix *fix = &batch->fixes[i];
        char org[KEY_TEXT_SIZE];
        moved = moved || fix->use == FIX_NOW;
        if (fix->use != FIX_REFUSED && fix->for_track) {
            const struct position_row row = {batch->in[i]->responder_id,
                                             key_format(batch->who[i].org, org),
                                             batch->who[i].area,
                                             batch->who[i].force,
                                             fix->fix.place,
                                             fix->fix.at};
            flush_add(&row);
        }
    }
    if (moved) {
        flush_moved();
    }
}

static enum counter counter_of(enum gx_problem problem)
{
    switch ((int)problem) {
    case GX_P_OFF_SHIFT:
        return COUNT_FIXES_OFF_SHIFT;
    case GX_P_FOREIGN_RESPONDER:
        return COUNT_FIXES_FOREIGN;
    case GX_P_POSITION_FUTURE:
        return COUNT_FIXES_FUTURE;
    case GX_P_POSITION_STALE:
        return COUNT_FIXES_STALE;
    case GX_P_POSITION_JUMP:
        return COUNT_FIXES_JUMP;
    default:
        return COUNT_FIXES_OTHER;
    }
}

/* A refused position says what a refused request would. NULL when the arena is spent. */
static Genxi__PositionRefused *speak_refused(struct gx_ctx *ctx, const struct batch *batch,
                                             size_t i)
{
    const struct gx_problem_row *row = gx_problem_row(batch->fixes[i].problem);
    const char *value = batch->values[i];
    char en[SENTENCE_SIZE];
    char zh[SENTENCE_SIZE];
    Genxi__PositionRefused *out = gx_pb_new(ctx, &genxi__position_refused__descriptor);
    if (out == NULL) {
        return NULL;
    }
    gx_problem_text(row->en, value, en, sizeof en);
    gx_problem_text(row->zh, value, zh, sizeof zh);
    out->index = (uint32_t)i;
    out->responder_id = batch->in[i]->responder_id;
    out->problem = gx_pb_text(row->slug);
    out->value = gx_pb_text(value);
    out->type = gx_arena_printf(&ctx->arena, "%s%s", GX_PROBLEM_TYPE, row->slug);
    out->detail_en = gx_arena_text(&ctx->arena, en);
    out->detail_zh = gx_arena_text(&ctx->arena, zh);
    out->detail = gx_text_is(ctx->actor.lang, "en") ? out->detail_en : out->detail_zh;
    return ctx->arena.spent ? NULL : out;
}

static enum gx_rc answer(struct gx_ctx *ctx, const struct batch *batch, Genxi__PositionsTaken *out)
{
    int64_t late = 0;
    out->refused = gx_pb_array(ctx, batch->count);
    if (out->refused == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < batch->count; i++) {
        const struct live_fix *fix = &batch->fixes[i];
        if (fix->use != FIX_REFUSED) {
            out->taken++;
            late += fix->use == FIX_TRACK_ONLY ? 1 : 0;
            continue;
        }
        Genxi__PositionRefused *refused = speak_refused(ctx, batch, i);
        if (refused == NULL) {
            return GX_LIMIT;
        }
        out->refused[out->n_refused++] = refused;
        matcher_count(counter_of(fix->problem), 1);
    }
    matcher_count(COUNT_FIXES_TAKEN, (int64_t)out->taken - late);
    matcher_count(COUNT_FIXES_LATE, late);
    return GX_OK;
}

enum gx_rc positions_take(struct matcher *self, struct gx_ctx *ctx, const Genxi__PositionBatch *in,
                          Genxi__PositionsTaken *out)
{
    struct batch batch;
    if (in->n_positions == 0 || in->n_positions > BATCH_MAX) {
        return gx_fail(ctx, GX_P_FIELD_LENGTH, "/positions", "1..%d", BATCH_MAX);
    }
    /* A matcher that has just begun does not know yet where they were. */
    if (!live_wait_filled(self->live, gx_ctx_left_ms(ctx, FILLED_WAIT_MS))) {
        return gx_fail(ctx, GX_P_UNAVAILABLE, "", "matcher");
    }
    int64_t now = gx_clock_wall_ms();
    enum gx_rc rc = make_batch(ctx, in, &batch) ? look_up(self, ctx, &batch, now) : GX_LIMIT;
    if (rc != GX_OK) {
        return rc;
    }
    judge(self, ctx, &batch, now);
    hand_on(&batch);
    out->has_degraded = true;
    out->degraded = live_degraded(self->live);
    return answer(ctx, &batch, out);
}
