/* SPDX-License-Identifier: Apache-2.0 */
#include "cover/moves.h"

#include "settings.h"
#include "store.h"
#include "watch/coverage.h"
#include "watch/store_watch.h"
#include "watch/supply.h"
#include "watch/tell.h"
#include "watch/turn.h"

#include "base/text.h"
#include "store/tx.h"
#include "wire/pb.h"

#include <stdlib.h>
#include <string.h>

enum {
    SUGGESTED_MAX = 50
};
static const int64_t MOVE_MAX_MS = (int64_t)24 * 3600 * 1000;

/* ---- suggestions ---- */

struct suggesting {
    struct matcher *self;
    struct gx_ctx *ctx;
    int64_t now;
    const struct watch_gap *open; /* as the officer may see them */
    size_t open_count;
    struct cover_site *sites; /* all */
    size_t site_count;
    struct cover_gap *gaps; /* open ones whose site is known */
    const struct watch_gap **gaps_open;
    size_t gap_count;
    const struct supply *supply;
    Genxi__MoveList *out;
};

static int by_site(const void *key, const void *site)
{
    return strcmp(key, ((const struct cover_site *)site)->id);
}

static enum gx_rc find_gaps(struct suggesting *suggesting)
{
    struct gx_arena *arena = &suggesting->ctx->arena;
    size_t room = suggesting->open_count + 1;
    suggesting->gaps = gx_arena_alloc(arena, room * sizeof *suggesting->gaps);
    suggesting->gaps_open = gx_arena_alloc(arena, room * sizeof *suggesting->gaps_open);
    if (suggesting->gaps == NULL || suggesting->gaps_open == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < suggesting->open_count; i++) {
        const struct watch_gap *open = &suggesting->open[i];
        const struct cover_site *site = bsearch(open->site_id, suggesting->sites,
                                                suggesting->site_count, sizeof *site, by_site);
        /* Of what nobody on duty could close, nothing can be suggested: it would only take up room. */
        bool movable =
            open->standing.seen.kind == COVER_AREA || open->standing.seen.kind == COVER_FIRST;
        if (site != NULL && movable) {
            suggesting->gaps[suggesting->gap_count] =
                (struct cover_gap){open->id, (size_t)(site - suggesting->sites), open->need};
            suggesting->gaps_open[suggesting->gap_count++] = open;
        }
    }
    return GX_OK;
}

static enum gx_rc speak_suggested(struct suggesting *suggesting, const struct cover_move *moves,
                                  size_t count)
{
    struct gx_ctx *ctx = suggesting->ctx;
    Genxi__MoveList *out = suggesting->out;
    out->suggested = gx_pb_array(ctx, count);
    for (size_t i = 0; i < count && out->suggested != NULL; i++) {
        const struct person *person = &suggesting->supply->units[moves[i].unit].person;
        const struct watch_gap *gap = suggesting->gaps_open[moves[i].gap];
        Genxi__MoveSuggested *one = gx_pb_new(ctx, &genxi__move_suggested__descriptor);
        if (one == NULL) {
            return GX_LIMIT;
        }
        one->responder_id = gx_arena_text(&ctx->arena, person->id);
        one->org_id = gx_arena_text(&ctx->arena, person->org_id);
        one->call_sign = gx_arena_text(&ctx->arena, person->call_sign);
        one->force = person->force;
        one->site_id = gx_pb_text(gap->site_id);
        one->gap_id = gx_pb_text(gap->id);
        one->travel_seconds = moves[i].seconds;
        one->gains = moves[i].gains;
        int64_t latest = suggesting->now + MOVE_MAX_MS;
        one->until_at = moves[i].until_at < latest ? moves[i].until_at : latest;
        out->suggested[out->n_suggested++] = one;
    }
    return ctx->arena.spent ? GX_LIMIT : GX_OK;
}

static enum gx_rc suggest(struct suggesting *suggesting)
{
    struct watch_move *made = NULL;
    struct supply supply;
    struct cover_move moves[SUGGESTED_MAX];
    size_t count = 0;
    struct supply_ask ask = {
        .at = suggesting->now, .moves_made = true, .fresh_ms = watch_fresh_ms()};
    enum gx_rc rc = watch_store_moves(suggesting->ctx, 0, &made, &ask.move_count);
    if (rc != GX_OK) {
        return rc;
    }
    ask.moves = made;
    supply_fill(suggesting->self->live, &ask, &supply);
    suggesting->supply = &supply;
    const struct cover_scene scene = {supply.units, supply.count, ask.at, watch_minute(ask.at),
                                      &suggesting->self->travel};
    const struct cover_town town = {suggesting->sites, suggesting->site_count};
    const struct cover_wish wish = {suggesting->gaps, suggesting->gap_count,
                                    (uint32_t)(MATCHER_SETTINGS.travel_max_minutes * 60.0),
                                    SUGGESTED_MAX};
    struct cover *cover = cover_new(&scene);
    rc = cover_moves(cover, &town, &wish, moves, &count);
    rc = rc == GX_OK ? speak_suggested(suggesting, moves, count) : rc;
    suggesting->out->travel_basis = gx_pb_text(cover_basis(cover));
    cover_free(cover);
    supply_done(&supply);
    return rc;
}

static enum gx_rc speak_active(struct gx_ctx *ctx, const struct watch_move *moves, size_t count,
                               Genxi__MoveList *out)
{
    out->active = gx_pb_array(ctx, count);
    for (size_t i = 0; i < count && out->active != NULL; i++) {
        Genxi__Move *one = gx_pb_new(ctx, &genxi__move__descriptor);
        if (one == NULL) {
            return GX_LIMIT;
        }
        watch_speak_move(&moves[i], one);
        out->active[out->n_active++] = one;
    }
    return out->active == NULL ? GX_LIMIT : GX_OK;
}

enum gx_rc coverage_moves(struct matcher *self, struct gx_ctx *ctx, const Genxi__MoveQuery *in,
                          Genxi__MoveList *out)
{
    struct suggesting suggesting = {.self = self, .ctx = ctx, .now = gx_tx_now_ms(ctx), .out = out};
    struct watch_gap *gaps = NULL;
    struct watch_move *active = NULL;
    size_t active_count = 0;
    int32_t area = in->has_area ? in->area : 0;
    out->travel_basis = gx_pb_text(TRAVEL_STRAIGHT); /* until somebody's way was reckoned */
    out->has_degraded = true;
    out->degraded = live_degraded(self->live);
    enum gx_rc rc = watch_store_gaps_visible(ctx, area, NULL, &gaps, &suggesting.open_count);
    rc = rc == GX_OK ? watch_store_moves(ctx, area, &active, &active_count) : rc;
    rc = rc == GX_OK ? speak_active(ctx, active, active_count, out) : rc;
    rc = rc == GX_OK ? store_as_system(ctx) : rc;
    /* Of all areas: a unit must not be taken from where another station counts on it. */
    rc = rc == GX_OK ? watch_store_sites(ctx, NULL, 0, suggesting.now, &suggesting.sites,
                                         &suggesting.site_count)
                     : rc;
    suggesting.open = gaps;
    rc = rc == GX_OK ? find_gaps(&suggesting) : rc;
    return rc == GX_OK && suggesting.gap_count > 0 ? suggest(&suggesting) : rc;
}

/* ---- accepting one ---- */

struct making {
    struct gx_ctx *ctx;
    const Genxi__MoveMake *in;
    struct watch_gap *gap;
    struct cover_site *site;
    struct person *person;
    int64_t now;
};

static enum gx_rc check_ids(struct gx_ctx *ctx, const Genxi__MoveMake *in)
{
    const char *const ids[] = {in->responder_id, in->site_id, in->gap_id};
    static const char *const POINTERS[] = {"/responder_id", "/site_id", "/gap_id"};
    for (size_t i = 0; i < 3; i++) {
        if (!gx_id_valid(ids[i])) {
            return gx_fail(ctx, GX_P_FIELD_FORMAT, POINTERS[i], "UUID");
        }
    }
    return GX_OK;
}

static enum gx_rc check_gap(struct making *making)
{
    struct gx_ctx *ctx = making->ctx;
    enum gx_rc rc = watch_store_gap_find(ctx, making->in->gap_id, &making->gap);
    if (rc != GX_OK) {
        return rc;
    }
    if (making->gap == NULL || !gx_actor_commands(&ctx->actor, making->gap->area)) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/gap_id", "gap");
    }
    if (strcmp(making->gap->site_id, making->in->site_id) != 0) {
        return gx_fail(ctx, GX_P_REFERENCE, "/site_id", "%s", making->in->site_id);
    }
    if (making->gap->standing.ended_at != 0 || making->gap->ahead) {
        return gx_fail(ctx, GX_P_STATE, "/gap_id", "%s", making->gap->ahead ? "ahead" : "ended");
    }
    return GX_OK;
}

static enum gx_rc find_both(struct making *making)
{
    struct gx_ctx *ctx = making->ctx;
    const char *const responder_ids[] = {making->in->responder_id};
    const char *const site_ids[] = {making->in->site_id};
    const struct person_query query = {.ids = responder_ids, .count = 1, .incident_id = ""};
    size_t persons = 0;
    size_t sites = 0;
    enum gx_rc rc = store_persons(ctx, &query, &making->person, &persons);
    rc = rc == GX_OK ? watch_store_sites(ctx, site_ids, 1, making->now, &making->site, &sites) : rc;
    if (rc == GX_OK && persons == 0) {
        return gx_fail(ctx, GX_P_REFERENCE, "/responder_id", "%s", making->in->responder_id);
    }
    if (rc == GX_OK && sites == 0) {
        return gx_fail(ctx, GX_P_REFERENCE, "/site_id", "%s", making->in->site_id);
    }
    return rc;
}

static enum gx_rc check_person(const struct making *making)
{
    const struct rule_limits limits = {0};
    const struct cover_site *site = making->site;
    const struct occasion occasion = {.incident_id = "",
                                      .area = site->area,
                                      .place = site->place,
                                      .site_id = site->id,
                                      .now = making->now};
    const struct slot_need need = {.force = making->gap->standing.seen.force};
    bool any = making->gap->need == COVER_ANY;
    enum rule rule =
        rule_forbidding(making->person, &occasion, any ? NULL : &need, &limits, RULE_KIND_DUTY);
    if (rule == RULE_BUSY) {
        return gx_fail(making->ctx, GX_P_RESPONDER_BUSY, "/responder_id", "%s", making->person->id);
    }
    if (rule != RULE_NONE) {
        return gx_fail(making->ctx, GX_P_HARD_RULE, "/responder_id", "%s", rule_word(rule));
    }
    return GX_OK;
}

static int64_t need_end(const struct making *making)
{
    int64_t until = INT64_MAX;
    uint32_t minute = watch_minute(making->now);
    for (size_t i = 0; i < making->site->need_count; i++) {
        const struct cover_need *need = &making->site->needs[i];
        bool meant = making->gap->need == COVER_ANY || making->gap->need == (int32_t)i;
        if (meant && cover_need_asks(need, minute)) {
            int64_t own = cover_need_until(need, making->now, minute);
            until = own < until ? own : until;
        }
    }
    return until;
}

/* As the officer says, or until the need stops asking, his duty ends, a day is over. */
static enum gx_rc until_of(const struct making *making, int64_t *ret_until)
{
    int64_t latest = making->now + MOVE_MAX_MS;
    int64_t until = making->in->until_at;
    if (making->in->has_until_at) {
        if (until <= making->now || until > latest) {
            return gx_fail(making->ctx, GX_P_FIELD_RANGE, "/until_at", "now .. +24 h");
        }
        *ret_until = until;
        return GX_OK;
    }
    enum gx_rc rc = watch_store_duty_end(making->ctx, making->person->id, &until);
    int64_t need = need_end(making);
    until = need < until ? need : until;
    *ret_until = until < latest ? until : latest;
    return rc;
}

static enum gx_rc make(const struct making *making, Genxi__Move *out)
{
    struct gx_ctx *ctx = making->ctx;
    char *id = gx_arena_alloc(&ctx->arena, GX_ID_SIZE);
    bool made = false;
    struct watch_move move = {
        .responder_id = making->person->id,
        .org_id = making->person->org_id,
        .area = making->site->area,
        .home_area = making->person->area,
        .site_id = making->site->id,
        .gap_id = making->gap->id,
        .place = making->site->place,
        .call_sign = making->person->call_sign,
        .made_at = making->now,
        .ended_by = "",
    };
    if (id == NULL) {
        return GX_LIMIT;
    }
    move.id = gx_id_new(id);
    enum gx_rc rc = until_of(making, &move.until_at);
    rc = rc == GX_OK ? watch_store_move_make(ctx, &move, &made) : rc;
    if (rc == GX_OK && !made) {
        return gx_fail(ctx, GX_P_DUPLICATE, "/responder_id", "%s", move.responder_id);
    }
    rc = rc == GX_OK ? watch_tell_move(ctx, &move) : rc;
    watch_speak_move(&move, out);
    return rc;
}

enum gx_rc coverage_move_make(struct matcher *self, struct gx_ctx *ctx, const Genxi__MoveMake *in,
                              Genxi__Move *out)
{
    struct making making = {.ctx = ctx, .in = in, .now = gx_tx_now_ms(ctx)};
    (void)self;
    enum gx_rc rc = check_ids(ctx, in);
    rc = rc == GX_OK ? check_gap(&making) : rc;
    rc = rc == GX_OK ? store_as_system(ctx) : rc;
    rc = rc == GX_OK ? find_both(&making) : rc;
    rc = rc == GX_OK ? check_person(&making) : rc;
    return rc == GX_OK ? make(&making, out) : rc;
}

enum gx_rc coverage_move_end(struct matcher *self, struct gx_ctx *ctx, const Genxi__MoveEnd *in,
                             Genxi__Move *out)
{
    struct watch_move *move = NULL;
    bool ended = false;
    (void)self;
    enum gx_rc rc = gx_id_valid(in->id) ? watch_store_move_find(ctx, in->id, &move) : GX_OK;
    if (rc != GX_OK) {
        return rc;
    }
    if (move == NULL || !gx_actor_commands(&ctx->actor, move->area)) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "move");
    }
    rc = store_as_system(ctx);
    move->ended_at = gx_tx_now_ms(ctx);
    rc = rc == GX_OK ? watch_store_move_end(ctx, move->id, move->ended_at, "officer", &ended) : rc;
    if (rc == GX_OK && !ended) {
        return gx_fail(ctx, GX_P_STATE, "/id", "%s", move->ended_by);
    }
    move->ended_by = "officer";
    rc = rc == GX_OK ? watch_tell_move(ctx, move) : rc;
    watch_speak_move(move, out);
    return rc;
}
