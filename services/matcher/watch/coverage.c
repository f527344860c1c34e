/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/coverage.h"

#include "settings.h"
#include "store.h"
#include "watch/store_watch.h"
#include "watch/supply.h"
#include "watch/turn.h"

#include "base/text.h"
#include "store/tx.h"
#include "wire/pb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LIMIT = 50,
    LIMIT_MAX = 500,
    NOW_MS = 60 * 1000, /* a caller's clock may be behind by this */
    CURSOR_SIZE = GX_ID_SIZE + 4
};
static const int64_t AHEAD_MAX_MS = (int64_t)WATCH_HOURS * 3600 * 1000;

/* What was asked, read. */
struct asking {
    int64_t at;
    bool ahead;
    uint32_t limit;
    char after_site[GX_ID_SIZE]; /* "": from the beginning */
    int32_t after_place;         /* of that site's rows */
};

/* A cursor is the last row's site and place among its rows: "<uuid>.<place>". */
static bool read_cursor(const char *cursor, struct asking *asking)
{
    int64_t place = 0;
    if (strlen(cursor) < GX_ID_SIZE + 1 || cursor[GX_ID_SIZE - 1] != '.' ||
        gx_parse_int(cursor + GX_ID_SIZE, 0, COVER_NEEDS_MAX, &place) != 0) {
        return false;
    }
    (void)snprintf(asking->after_site, GX_ID_SIZE, "%s", cursor);
    asking->after_place = (int32_t)place;
    return gx_id_valid(asking->after_site);
}

static enum gx_rc read_query(struct gx_ctx *ctx, const Genxi__CoverageQuery *in,
                             struct asking *asking)
{
    int64_t now = gx_tx_now_ms(ctx);
    asking->at = now;
    asking->limit = in->has_limit ? in->limit : LIMIT;
    if (asking->limit < 1 || asking->limit > LIMIT_MAX) {
        return gx_fail(ctx, GX_P_FIELD_RANGE, "/limit", "1..%d", LIMIT_MAX);
    }
    if (in->site_id != NULL && !gx_id_valid(in->site_id)) {
        return gx_fail(ctx, GX_P_FIELD_FORMAT, "/site_id", "UUID");
    }
    if (in->cursor != NULL && !read_cursor(in->cursor, asking)) {
        return gx_fail(ctx, GX_P_CURSOR, "/cursor", "%.48s", in->cursor);
    }
    if (in->has_at && (in->at < now - NOW_MS || in->at > now + AHEAD_MAX_MS)) {
        return gx_fail(ctx, GX_P_FIELD_RANGE, "/at", "now .. +%d h", WATCH_HOURS);
    }
    if (in->has_at && in->at > now) {
        asking->at = in->at;
        asking->ahead = true;
    }
    return GX_OK;
}

/* ---- looking ---- */

struct listing {
    struct gx_ctx *ctx;
    const struct asking *asking;
    const Genxi__CoverageQuery *in;
    Genxi__CoverageList *out;
    const struct watch_gap *gaps; /* raised, as the caller may see them */
    size_t gap_count;
    bool
        officer; /* of all areas in view; anybody else learns whether there are enough, not how many more */
    const struct cover_site *last_site; /* of the page's last row */
    int32_t last_place;
    bool more;
};

struct post {
    const char *site_id;
    int32_t need;
};

static int by_post(const void *key, const void *item)
{
    const struct post *post = key;
    const struct watch_gap *gap = item;
    int order = strcmp(post->site_id, gap->site_id);
    return order != 0 ? order : (post->need > gap->need) - (post->need < gap->need);
}

static const struct watch_gap *gap_at(const struct listing *listing, const char *site_id,
                                      int32_t need)
{
    const struct post post = {site_id, need};
    return listing->gap_count == 0
               ? NULL
               : bsearch(&post, listing->gaps, listing->gap_count, sizeof *listing->gaps, by_post);
}

static Genxi__CoverageRow *speak_row(struct listing *listing, const struct cover_site *site,
                                     const struct cover_row *row)
{
    Genxi__CoverageRow *out = gx_pb_new(listing->ctx, &genxi__coverage_row__descriptor);
    bool met = row->kind == COVER_MET;
    const struct watch_gap *gap =
        met || listing->asking->ahead ? NULL : gap_at(listing, site->id, row->need);
    if (out == NULL) {
        return NULL;
    }
    out->site_id = gx_pb_text(site->id);
    out->partner_id = gx_pb_text(site->partner_id);
    out->area = site->area;
    out->has_need = out->has_force = row->need != COVER_ANY;
    out->need = row->need == COVER_ANY ? 0 : (uint32_t)row->need;
    out->force = row->need == COVER_ANY ? GENXI__FORCE__FORCE_POLICE : row->force;
    out->have = listing->officer || row->have < row->want ? row->have : row->want;
    out->want = row->want;
    out->within_minutes = row->within_minutes;
    out->met = met;
    out->has_kind = !met;
    out->kind = met ? GENXI__GAP_KIND__GAP_KIND_FORCE : (Genxi__GapKind)row->kind;
    out->gap_id = gap == NULL ? NULL : gx_pb_text(gap->id);
    out->has_since_at = gap != NULL;
    out->since_at = gap == NULL ? 0 : gap->standing.seen_at;
    out->linked = site->linked;
    return out;
}

/* Rows stand in the order of sites and of their needs, first response last. */
static bool before_page(const struct asking *asking, const struct cover_site *site, int32_t place)
{
    int order = asking->after_site[0] == '\0' ? 1 : strcmp(site->id, asking->after_site);
    return order < 0 || (order == 0 && place <= asking->after_place);
}

static int32_t place_of(const struct cover_row *row)
{
    return row->need == COVER_ANY ? COVER_NEEDS_MAX : row->need;
}

static enum gx_rc add_row(struct listing *listing, const struct cover_site *site,
                          const struct cover_row *row)
{
    Genxi__CoverageList *out = listing->out;
    if (row->need != COVER_ANY) {
        out->covered_of++;
        out->covered += row->kind == COVER_MET ? 1U : 0U;
    }
    bool wanted = row->kind != COVER_MET || !listing->in->has_only_gaps || !listing->in->only_gaps;
    if (!wanted || before_page(listing->asking, site, place_of(row))) {
        return GX_OK;
    }
    if (out->n_items == listing->asking->limit) {
        listing->more = true;
        return GX_OK;
    }
    Genxi__CoverageRow *item = speak_row(listing, site, row);
    if (item == NULL) {
        return GX_LIMIT;
    }
    out->items[out->n_items++] = item;
    listing->last_site = site;
    listing->last_place = place_of(row);
    return GX_OK;
}

static enum gx_rc look_at(struct listing *listing, struct cover *cover,
                          const struct cover_site *sites, size_t count)
{
    struct cover_row rows[COVER_NEEDS_MAX + 1];
    enum gx_rc rc = GX_OK;
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        size_t row_count = 0;
        listing->out->linked_of++;
        listing->out->linked += sites[i].linked ? 1U : 0U;
        rc = cover_look(cover, &sites[i], rows, &row_count);
        for (size_t n = 0; n < row_count && rc == GX_OK; n++) {
            rc = add_row(listing, &sites[i], &rows[n]);
        }
    }
    return rc;
}

static enum gx_rc end_page(struct listing *listing)
{
    if (listing->more) {
        char *cursor = gx_arena_printf(&listing->ctx->arena, "%s.%d", listing->last_site->id,
                                       listing->last_place);
        if (cursor == NULL) {
            return GX_LIMIT;
        }
        listing->out->next_cursor = cursor;
    }
    return GX_OK;
}

/* Of everybody, whoever asks. */
static enum gx_rc reckon(struct matcher *self, struct listing *listing, const char *const *ids,
                         size_t count)
{
    struct gx_ctx *ctx = listing->ctx;
    struct cover_site *sites = NULL;
    struct watch_move *moves = NULL;
    struct watch_station *stations = NULL;
    struct supply_ask ask = {
        .at = listing->asking->at, .ahead = listing->asking->ahead, .fresh_ms = watch_fresh_ms()};
    struct supply supply;
    size_t found = 0;
    enum gx_rc rc = store_as_system(ctx);
    rc = rc == GX_OK ? watch_store_sites(ctx, ids, count, ask.at, &sites, &found) : rc;
    rc = rc == GX_OK ? watch_store_moves(ctx, 0, &moves, &ask.move_count) : rc;
    rc = rc == GX_OK ? watch_store_stations(ctx, &stations, &ask.station_count) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    ask.moves = moves;
    ask.stations = stations;
    supply_fill(self->live, &ask, &supply);
    const struct cover_scene scene = {supply.units, supply.count, ask.at, watch_minute(ask.at),
                                      &self->travel};
    struct cover *cover = cover_new(&scene);
    rc = look_at(listing, cover, sites, found);
    listing->out->travel_basis = gx_pb_text(cover_basis(cover));
    cover_free(cover);
    supply_done(&supply);
    return rc == GX_OK ? end_page(listing) : rc;
}

enum gx_rc coverage_list(struct matcher *self, struct gx_ctx *ctx, const Genxi__CoverageQuery *in,
                         Genxi__CoverageList *out)
{
    struct asking asking = {.after_site = ""};
    struct watch_gap *gaps = NULL;
    const char **ids = NULL;
    size_t count = 0;
    struct listing listing = {.ctx = ctx, .asking = &asking, .in = in, .out = out};
    int32_t area = in->has_area ? in->area : 0;
    enum gx_rc rc = read_query(ctx, in, &asking);
    rc = rc == GX_OK ? watch_store_visible(ctx, area, in->site_id, &ids, &count) : rc;
    rc = rc == GX_OK ? watch_store_gaps_visible(ctx, area, in->site_id, &gaps, &listing.gap_count)
                     : rc;
    if (rc != GX_OK) {
        return rc;
    }
    listing.gaps = gaps;
    listing.officer = gx_actor_has(&ctx->actor, GX_ROLES_OFFICERS);
    out->items = gx_pb_array(ctx, asking.limit);
    out->at = asking.at;
    out->has_degraded = true;
    out->degraded = live_degraded(self->live);
    return out->items == NULL ? GX_LIMIT : reckon(self, &listing, ids, count);
}
