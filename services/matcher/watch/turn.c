/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/turn.h"

#include "cover/memo.h"
#include "settings.h"
#include "watch/tell.h"

#include "base/id.h"
#include "store/tx.h"

#include <stdlib.h>
#include <string.h>

static const int64_t HOUR_MS = 3600 * 1000;

int64_t watch_fresh_ms(void)
{
    return (int64_t)(MATCHER_SETTINGS.fix_fresh_seconds * 1000.0);
}

uint32_t watch_minute(int64_t at)
{
    return cover_minute(at, MATCHER_SETTINGS.day_offset_minutes);
}

/* A place for each need of each site and one for first response: what stands there, and what is seen. */
struct post {
    const struct watch_gap *gap;
    struct cover_seen seen;
    uint32_t open; /* ahead: a bit for each hour */
    bool there;
};

struct looking {
    struct watch_turn *turn;
    struct gx_ctx *ctx;
    int64_t now;
    struct cover_site *sites;
    size_t site_count;
    size_t *first_post; /* by site */
    struct post *posts;
    size_t post_count;
    struct watch_gap *gaps;
    size_t gap_count;
    struct watch_move *moves;
    size_t move_count;
    struct watch_station *stations;
    size_t station_count;
};

/* ---- posts ---- */

static size_t needs_of(const struct cover_site *site)
{
    return site->need_count < COVER_NEEDS_MAX ? site->need_count : COVER_NEEDS_MAX;
}

/* The site has such a need, or it is COVER_ANY. */
static struct post *post_of(const struct looking *looking, size_t site, int32_t need)
{
    size_t place = need == COVER_ANY ? needs_of(&looking->sites[site]) : (size_t)need;
    return &looking->posts[looking->first_post[site] + place];
}

static enum gx_rc lay_out(struct looking *looking)
{
    struct gx_ctx *ctx = looking->ctx;
    looking->first_post =
        gx_arena_alloc(&ctx->arena, (looking->site_count + 1) * sizeof *looking->first_post);
    for (size_t i = 0; i < looking->site_count && looking->first_post != NULL; i++) {
        looking->first_post[i] = looking->post_count;
        looking->post_count += needs_of(&looking->sites[i]) + 1;
    }
    looking->posts =
        gx_arena_alloc(&ctx->arena, (looking->post_count + 1) * sizeof *looking->posts);
    return looking->posts == NULL || looking->first_post == NULL ? GX_LIMIT : GX_OK;
}

static int by_site(const void *key, const void *site)
{
    return strcmp(key, ((const struct cover_site *)site)->id);
}

/* The posts as nobody has seen anything yet, with the gaps that stand there. What stands at no post any more is away. */
static enum gx_rc begin_posts(struct looking *looking, bool ahead,
                              enum gx_rc (*orphan)(struct looking *, const struct watch_gap *))
{
    enum gx_rc rc = GX_OK;
    memset(looking->posts, 0, looking->post_count * sizeof *looking->posts);
    for (size_t i = 0; i < looking->gap_count && rc == GX_OK; i++) {
        const struct watch_gap *gap = &looking->gaps[i];
        if (gap->ahead != ahead) {
            continue;
        }
        const struct cover_site *site = bsearch(gap->site_id, looking->sites, looking->site_count,
                                                sizeof *looking->sites, by_site);
        if (site == NULL || gap->need >= (int32_t)needs_of(site)) {
            rc = orphan(looking, gap);
        } else {
            post_of(looking, (size_t)(site - looking->sites), gap->need)->gap = gap;
        }
    }
    return rc;
}

/* ---- what stands, and what is told of it ---- */

static bool tells(enum cover_step step)
{
    return step == COVER_RAISE || step == COVER_CHANGE || step == COVER_END;
}

static void count_gap(struct watch_turn *turn, const struct watch_gap *gap)
{
    if (gap->standing.raised_at == 0 || gap->standing.ended_at != 0) {
        return;
    }
    if (gap->ahead) {
        turn->ahead++;
    } else {
        turn->kinds[gap->standing.seen.kind]++;
    }
}

static enum gx_rc tell(struct gx_ctx *ctx, const struct watch_gap *gap, enum cover_step step)
{
    switch (step) {
    case COVER_RAISE:
        return watch_tell_gap(ctx, gap, GENXI__GAP_CHANGE__GAP_CHANGE_RAISED);
    case COVER_CHANGE:
        return watch_tell_gap(ctx, gap, GENXI__GAP_CHANGE__GAP_CHANGE_CHANGED);
    case COVER_END:
        return watch_tell_gap(ctx, gap, GENXI__GAP_CHANGE__GAP_CHANGE_ENDED);
    case COVER_KEEP:
    case COVER_NOTE:
    case COVER_FORGET:
        break;
    }
    return GX_OK;
}

/* gap->standing.seen_at 0: nothing stands yet. Too much to tell in one turn stays as it is until the next. */
static enum gx_rc take_step(struct looking *looking, struct watch_gap *gap,
                            const struct cover_seen *seen)
{
    struct watch_turn *turn = looking->turn;
    struct gx_ctx *ctx = looking->ctx;
    const struct cover_standing before = gap->standing;
    enum cover_step step = cover_step(&gap->standing, seen, looking->now, &turn->dwell);
    if (tells(step) && turn->told == WATCH_TELL_MAX) {
        gap->standing = before;
        step = COVER_KEEP;
    }
    count_gap(turn, gap);
    if (step == COVER_KEEP) {
        return GX_OK;
    }
    if (step == COVER_FORGET) {
        return watch_store_gap_forget(ctx, gap->id);
    }
    enum gx_rc rc = watch_store_gap_put(ctx, gap);
    turn->told += tells(step) ? 1U : 0U;
    return rc == GX_OK ? tell(ctx, gap, step) : rc;
}

static enum gx_rc step_orphan(struct looking *looking, const struct watch_gap *gap)
{
    struct watch_gap own = *gap;
    return take_step(looking, &own, NULL);
}

static enum gx_rc step_post(struct looking *looking, size_t site, int32_t need, bool ahead)
{
    const struct post *post = post_of(looking, site, need);
    char id[GX_ID_SIZE];
    if (post->gap == NULL && !post->there) {
        return GX_OK;
    }
    struct watch_gap gap = {.need = need, .ahead = ahead};
    if (post->gap != NULL) {
        gap = *post->gap;
    } else {
        gap.id = gx_arena_text(&looking->ctx->arena, gx_id_new(id));
        if (gap.id == NULL) {
            return GX_LIMIT;
        }
    }
    gap.site_id = looking->sites[site].id;
    gap.partner_id = looking->sites[site].partner_id;
    gap.area = looking->sites[site].area;
    return take_step(looking, &gap, post->there ? &post->seen : NULL);
}

static enum gx_rc step_posts(struct looking *looking, bool ahead)
{
    enum gx_rc rc = GX_OK;
    for (size_t i = 0; i < looking->site_count && rc == GX_OK; i++) {
        int32_t needs = (int32_t)needs_of(&looking->sites[i]);
        for (int32_t need = COVER_ANY; need < needs && rc == GX_OK; need++) {
            rc = step_post(looking, i, need, ahead);
        }
    }
    return rc;
}

/* ---- looking ---- */

static void see(struct looking *looking, size_t site, const struct cover_row *row, int hour)
{
    if (row->kind == COVER_MET) {
        return;
    }
    struct post *post = post_of(looking, site, row->need);
    if (!post->there) {
        post->there = true;
        post->seen = (struct cover_seen){.kind = row->kind,
                                         .force = row->force,
                                         .have = row->have,
                                         .want = row->want,
                                         .within_minutes = row->within_minutes};
    }
    post->open |= 1U << (unsigned)hour;
}

static void count_need(struct watch_turn *turn, const struct cover_row *row)
{
    if (row->need != COVER_ANY) {
        turn->needs++;
        turn->met += row->kind == COVER_MET ? 1U : 0U;
    }
}

/* All sites at one moment; hour 0 is also now. */
static enum gx_rc look_at(struct looking *looking, const struct gx_travel *travel, int64_t at,
                          bool ahead, int hour)
{
    const struct supply_ask ask = {
        .at = at,
        .ahead = ahead,
        .fresh_ms = watch_fresh_ms(),
        .moves = looking->moves,
        .move_count = looking->move_count,
        .stations = looking->stations,
        .station_count = looking->station_count,
    };
    struct supply supply;
    struct cover_row rows[COVER_NEEDS_MAX + 1];
    enum gx_rc rc = GX_OK;
    supply_fill(looking->turn->self->live, &ask, &supply);
    const struct cover_scene scene = {supply.units, supply.count, at, watch_minute(at), travel};
    struct cover *cover = cover_new(&scene);
    for (size_t i = 0; i < looking->site_count && rc == GX_OK; i++) {
        size_t count = 0;
        rc = cover_look(cover, &looking->sites[i], rows, &count);
        for (size_t n = 0; n < count && rc == GX_OK; n++) {
            see(looking, i, &rows[n], hour);
            if (!ahead) {
                count_need(looking->turn, &rows[n]);
            }
        }
    }
    cover_free(cover);
    supply_done(&supply);
    return rc;
}

static enum gx_rc look_now(struct looking *looking)
{
    enum gx_rc rc = begin_posts(looking, false, step_orphan);
    rc = rc == GX_OK ? look_at(looking, &looking->turn->self->travel, looking->now, false, 0) : rc;
    return rc == GX_OK ? step_posts(looking, false) : rc;
}

static enum gx_rc look_ahead(struct looking *looking)
{
    int64_t first_at = (looking->now / HOUR_MS + 1) * HOUR_MS;
    enum gx_rc rc = watch_store_stations(looking->ctx, &looking->stations, &looking->station_count);
    rc = rc == GX_OK ? begin_posts(looking, true, step_orphan) : rc;
    /* The posts are the same at every hour. */
    struct memo *memo = memo_new(&looking->turn->self->travel);
    const struct gx_travel travel = memo_travel(memo);
    for (int hour = 0; hour < WATCH_HOURS && rc == GX_OK; hour++) {
        rc = look_at(looking, &travel, first_at + hour * HOUR_MS, true, hour);
    }
    memo_free(memo);
    for (size_t i = 0; i < looking->post_count && rc == GX_OK; i++) {
        struct post *post = &looking->posts[i];
        post->there = cover_stretch(post->open, WATCH_HOURS, first_at, &post->seen.from_at,
                                    &post->seen.until_at);
    }
    return rc == GX_OK ? step_posts(looking, true) : rc;
}

/* For a look that does not come: what was raised ahead still stands. */
static void count_ahead(const struct looking *looking)
{
    for (size_t i = 0; i < looking->gap_count; i++) {
        if (looking->gaps[i].ahead) {
            count_gap(looking->turn, &looking->gaps[i]);
        }
    }
}

/* ---- moves that are over ---- */

static enum gx_rc end_moves(struct looking *looking)
{
    enum gx_rc rc = GX_OK;
    size_t kept = 0;
    for (size_t i = 0; i < looking->move_count && rc == GX_OK; i++) {
        struct watch_move *move = &looking->moves[i];
        bool ended = false;
        if (!move->tasked && looking->now < move->until_at) {
            looking->moves[kept++] = *move;
            continue;
        }
        move->ended_at = looking->now;
        move->ended_by = move->tasked ? "task" : "time";
        rc = watch_store_move_end(looking->ctx, move->id, move->ended_at, move->ended_by, &ended);
        rc = rc == GX_OK && ended ? watch_tell_move(looking->ctx, move) : rc;
    }
    looking->move_count = kept;
    return rc;
}

/* ---- the turn ---- */

static enum gx_rc read_all(struct looking *looking)
{
    struct gx_ctx *ctx = looking->ctx;
    enum gx_rc rc =
        watch_store_sites(ctx, NULL, 0, looking->now, &looking->sites, &looking->site_count);
    rc = rc == GX_OK ? watch_store_gaps(ctx, &looking->gaps, &looking->gap_count) : rc;
    rc = rc == GX_OK ? watch_store_moves(ctx, 0, &looking->moves, &looking->move_count) : rc;
    return rc == GX_OK ? lay_out(looking) : rc;
}

/* The transaction may run again from the start. */
static void forget(struct watch_turn *turn)
{
    turn->done = false;
    turn->ahead = turn->needs = turn->met = turn->told = 0;
    memset(turn->kinds, 0, sizeof turn->kinds);
}

enum gx_rc watch_turn(void *arg, struct gx_ctx *ctx)
{
    struct watch_turn *turn = arg;
    struct watch_due due;
    struct looking looking = {.turn = turn, .ctx = ctx};
    forget(turn);
    gx_tx_lazy(ctx); /* what it only notes would be seen again */
    enum gx_rc rc = watch_store_turn(ctx, &due);
    looking.now = gx_tx_now_ms(ctx);
    if (rc != GX_OK || !due.held || looking.now < due.now_at + turn->now_ms - WATCH_EARLY_MS) {
        return rc;
    }
    bool ahead = looking.now >= due.ahead_at + turn->ahead_ms - WATCH_EARLY_MS;
    rc = read_all(&looking);
    rc = rc == GX_OK ? end_moves(&looking) : rc;
    rc = rc == GX_OK ? look_now(&looking) : rc;
    if (!ahead) {
        count_ahead(&looking);
    } else {
        rc = rc == GX_OK ? look_ahead(&looking) : rc;
        rc = rc == GX_OK ? watch_store_purge(ctx, looking.now - turn->keep_ms) : rc;
    }
    turn->done = rc == GX_OK;
    return rc == GX_OK ? watch_store_turned(ctx, looking.now, ahead ? looking.now : due.ahead_at)
                       : rc;
}
