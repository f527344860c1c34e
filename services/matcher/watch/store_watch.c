/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/store_watch.h"

#include "rules.h"

#include "base/text.h"
#include "store/tx.h"

#include <inttypes.h>
#include <stdio.h>

/* Short words for the rows of a statement. Texts are borrowed: rows live as long as the transaction. */
#define TEXT(column) gx_rows_text(rows, row, column)
#define INT(column) gx_rows_int(rows, row, column)
#define REAL(column) gx_rows_real(rows, row, column)
#define BOOL(column) gx_rows_bool(rows, row, column)

/* One in the whole database: whoever holds it looks at the sites. */
static const int64_t WATCH_LOCK = 0x6778636f76657221; /* "gxcover!" */

static void *room(struct gx_ctx *ctx, size_t count, size_t size)
{
    return gx_arena_alloc(&ctx->arena, (count + 1) * size);
}

/* ---- sites ---- */

static const struct gx_pg_stmt NEEDS_CLEAR = {
    .name = "matcher_needs_clear",
    .sql = "DELETE FROM matcher.site_need n USING matcher.site s WHERE n.site_id = $1::uuid AND "
           "s.id = $1::uuid AND s.changed_at = $2::bigint",
    .params = 2,
    .shape = GX_PG_NONE,
    .writes = true,
};
static const struct gx_pg_stmt NEEDS_PUT = {
    .name = "matcher_needs_put",
    .sql = "INSERT INTO matcher.site_need (site_id, ord, force, count, within_minutes, "
           "from_minute, until_minute) "
           "SELECT s.id, n.ord - 1, n.force, n.count, n.within_minutes, n.from_minute, "
           "n.until_minute FROM matcher.site s, "
           "unnest($3::int[], $4::int[], $5::int[], $6::int[], $7::int[]) WITH ORDINALITY "
           "AS n (force, count, within_minutes, from_minute, until_minute, ord) "
           "WHERE s.id = $1::uuid AND s.changed_at = $2::bigint",
    .params = 7,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc watch_store_needs_put(struct gx_ctx *ctx, const Genxi__Site *site, int64_t at)
{
    enum {
        COLUMNS = 5
    };
    int32_t *columns[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++) {
        columns[i] = room(ctx, site->n_needs, sizeof *columns[i]);
        if (columns[i] == NULL) {
            return GX_LIMIT;
        }
    }
    for (size_t i = 0; i < site->n_needs; i++) {
        const Genxi__SiteNeed *need = site->needs[i];
        columns[0][i] = (int32_t)need->force;
        columns[1][i] = (int32_t)need->count;
        columns[2][i] = (int32_t)need->within_minutes;
        columns[3][i] = (int32_t)need->from_minute;
        columns[4][i] = (int32_t)need->until_minute;
    }
    struct gx_param params[2 + COLUMNS] = {gx_text(site->id), gx_int(ctx, at)};
    for (size_t i = 0; i < COLUMNS; i++) {
        params[2 + i] = gx_int_array(ctx, columns[i], site->n_needs);
    }
    enum gx_rc rc = gx_sql_later(ctx, &NEEDS_CLEAR, params);
    return rc == GX_OK ? gx_sql_later(ctx, &NEEDS_PUT, params) : rc;
}

static const struct gx_pg_stmt VISIBLE = {
    .name = "matcher_sites_visible",
    .sql = "SELECT s.id FROM matcher.site s WHERE ($1::int = 0 OR s.area = $1::int) AND ($2::uuid "
           "IS NULL OR s.id = $2::uuid) ORDER BY s.id",
    .params = 2,
    .shape = GX_PG_ROWS,
    .writes = false,
};

enum gx_rc watch_store_visible(struct gx_ctx *ctx, int32_t area, const char *site_id,
                               const char ***ret_ids, size_t *ret_count)
{
    const struct gx_param params[] = {gx_int(ctx, area), gx_text_or_null(site_id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &VISIBLE, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    const char **ids = room(ctx, count, sizeof *ids);
    for (size_t row = 0; row < count && ids != NULL; row++) {
        ids[row] = TEXT(0);
    }
    *ret_ids = ids;
    *ret_count = count;
    return ids == NULL ? GX_LIMIT : GX_OK;
}

/* Needs as "force count within from until". */
static const struct gx_pg_stmt SITES = {
    .name = "matcher_sites",
    .sql = "SELECT s.id, s.partner_id, s.area, s.lon, s.lat, p.state = 1, p.has_agreement, "
           "p.signed_at, p.ends_at, n.needs FROM matcher.site s "
           "LEFT JOIN matcher.partner p ON p.id = s.partner_id "
           "LEFT JOIN (SELECT site_id, array_agg(force || ' ' || count || ' ' || within_minutes || "
           "' ' || from_minute || ' ' || until_minute ORDER BY ord) AS needs "
           "FROM matcher.site_need WHERE $1::uuid[] IS NULL OR site_id = ANY ($1::uuid[]) GROUP BY "
           "site_id) n ON n.site_id = s.id "
           "WHERE ($1::uuid[] IS NULL OR s.id = ANY ($1::uuid[])) AND p.exercise IS NOT TRUE "
           "ORDER BY s.id",
    .params = 1,
    .shape = GX_PG_ROWS,
    .writes = false,
};

static bool read_needs(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                       struct cover_site *site)
{
    size_t count = 0;
    char **texts = gx_rows_texts(ctx, rows, row, 9, &count);
    struct cover_need *needs = room(ctx, count, sizeof *needs);
    for (size_t i = 0; i < count && needs != NULL && texts != NULL; i++) {
        unsigned force = 0;
        struct cover_need *need = &needs[site->need_count];
        if (sscanf(texts[i], "%u %" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu32, &force,
                   &need->count, &need->within_minutes, &need->from_minute,
                   &need->until_minute) == 5) {
            need->force = (Genxi__Force)force;
            site->need_count++;
        }
    }
    site->needs = needs;
    return !ctx->arena.spent;
}

enum gx_rc watch_store_sites(struct gx_ctx *ctx, const char *const *ids, size_t count, int64_t at,
                             struct cover_site **ret_sites, size_t *ret_count)
{
    const struct gx_param params[] = {ids == NULL ? gx_null() : gx_text_array(ctx, ids, count)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &SITES, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t found = gx_rows_count(rows);
    struct cover_site *sites = room(ctx, found, sizeof *sites);
    for (size_t row = 0; row < found && sites != NULL; row++) {
        const struct person_agreement agreement = {
            .exists = BOOL(6), .signed_at = INT(7), .ends_at = INT(8)};
        sites[row] = (struct cover_site){
            .id = TEXT(0),
            .partner_id = TEXT(1),
            .area = (int32_t)INT(2),
            .place = {REAL(3), REAL(4)},
            .linked = BOOL(5) && rule_agreement_in_force(&agreement, at),
        };
        if (!read_needs(ctx, rows, row, &sites[row])) {
            return GX_LIMIT;
        }
    }
    *ret_sites = sites;
    *ret_count = found;
    return sites == NULL ? GX_LIMIT : GX_OK;
}

static const struct gx_pg_stmt STATIONS = {
    .name = "matcher_stations",
    .sql = "SELECT area, lon, lat FROM matcher.station ORDER BY area",
    .params = 0,
    .shape = GX_PG_ROWS,
    .writes = false,
};

enum gx_rc watch_store_stations(struct gx_ctx *ctx, struct watch_station **ret_stations,
                                size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &STATIONS, NULL, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct watch_station *stations = room(ctx, count, sizeof *stations);
    for (size_t row = 0; row < count && stations != NULL; row++) {
        stations[row] = (struct watch_station){(int32_t)INT(0), {REAL(1), REAL(2)}};
    }
    *ret_stations = stations;
    *ret_count = count;
    return stations == NULL ? GX_LIMIT : GX_OK;
}

/* ---- gaps ---- */

#define GAP_COLUMNS                                                                                \
    "id, site_id, partner_id, area, ord, ahead, kind, force, have, want, within_minutes, "         \
    "from_at, "                                                                                    \
    "until_at, seen_at, raised_at, away_at, ended_at"

static void read_gap(const struct gx_rows *rows, size_t row, struct watch_gap *gap)
{
    *gap = (struct watch_gap){
        .id = TEXT(0),
        .site_id = TEXT(1),
        .partner_id = TEXT(2),
        .area = (int32_t)INT(3),
        .need = (int32_t)INT(4),
        .ahead = BOOL(5),
        .standing = {.seen = {.kind = (enum cover_kind)INT(6),
                              .force = (Genxi__Force)INT(7),
                              .have = (uint32_t)INT(8),
                              .want = (uint32_t)INT(9),
                              .within_minutes = (uint32_t)INT(10),
                              .from_at = INT(11),
                              .until_at = INT(12)},
                     .seen_at = INT(13),
                     .raised_at = INT(14),
                     .away_at = INT(15),
                     .ended_at = INT(16)},
    };
}

static enum gx_rc get_gaps(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                           const struct gx_param *params, struct watch_gap **ret_gaps,
                           size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, stmt, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct watch_gap *gaps = room(ctx, count, sizeof *gaps);
    for (size_t row = 0; row < count && gaps != NULL; row++) {
        read_gap(rows, row, &gaps[row]);
    }
    *ret_gaps = gaps;
    *ret_count = count;
    return gaps == NULL ? GX_LIMIT : GX_OK;
}

static const struct gx_pg_stmt GAPS = {
    .name = "matcher_gaps",
    .sql = "SELECT " GAP_COLUMNS " FROM matcher.gap WHERE ended_at = 0",
    .params = 0,
    .shape = GX_PG_ROWS,
    .writes = false,
};
static const struct gx_pg_stmt GAPS_VISIBLE = {
    .name = "matcher_gaps_visible",
    .sql = "SELECT " GAP_COLUMNS " FROM matcher.gap WHERE ended_at = 0 AND raised_at <> 0 AND NOT "
           "ahead AND ($1::int = 0 OR area = $1::int) AND ($2::uuid IS NULL OR site_id = "
           "$2::uuid) ORDER BY site_id, ord",
    .params = 2,
    .shape = GX_PG_ROWS,
    .writes = false,
};
static const struct gx_pg_stmt GAP_FIND = {
    .name = "matcher_gap_find",
    .sql = "SELECT " GAP_COLUMNS " FROM matcher.gap WHERE id = $1::uuid AND raised_at <> 0",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
    .writes = false,
};

enum gx_rc watch_store_gaps(struct gx_ctx *ctx, struct watch_gap **ret_gaps, size_t *ret_count)
{
    return get_gaps(ctx, &GAPS, NULL, ret_gaps, ret_count);
}

enum gx_rc watch_store_gaps_visible(struct gx_ctx *ctx, int32_t area, const char *site_id,
                                    struct watch_gap **ret_gaps, size_t *ret_count)
{
    const struct gx_param params[] = {gx_int(ctx, area), gx_text_or_null(site_id)};
    return get_gaps(ctx, &GAPS_VISIBLE, params, ret_gaps, ret_count);
}

enum gx_rc watch_store_gap_find(struct gx_ctx *ctx, const char *id, struct watch_gap **ret_gap)
{
    const struct gx_param params[] = {gx_text(id)};
    size_t count = 0;
    struct watch_gap *gaps = NULL;
    enum gx_rc rc = get_gaps(ctx, &GAP_FIND, params, &gaps, &count);
    *ret_gap = rc == GX_OK && count > 0 ? gaps : NULL;
    return rc;
}

static const struct gx_pg_stmt GAP_PUT = {
    .name = "matcher_gap_put",
    .sql = "INSERT INTO matcher.gap (" GAP_COLUMNS ") VALUES ($1::uuid, $2::uuid, $3::uuid, "
           "$4::int, $5::int, $6::boolean, $7::int, $8::int, $9::int, $10::int, $11::int, "
           "$12::bigint, $13::bigint, $14::bigint, $15::bigint, $16::bigint, $17::bigint) "
           "ON CONFLICT (id) DO UPDATE SET partner_id = excluded.partner_id, area = excluded.area, "
           "kind = excluded.kind, force = excluded.force, have = excluded.have, want = "
           "excluded.want, within_minutes = excluded.within_minutes, from_at = excluded.from_at, "
           "until_at = excluded.until_at, raised_at = excluded.raised_at, away_at = "
           "excluded.away_at, ended_at = excluded.ended_at",
    .params = 17,
    .shape = GX_PG_NONE,
    .writes = true,
};
static const struct gx_pg_stmt GAP_FORGET = {
    .name = "matcher_gap_forget",
    .sql = "DELETE FROM matcher.gap WHERE id = $1::uuid",
    .params = 1,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc watch_store_gap_put(struct gx_ctx *ctx, const struct watch_gap *gap)
{
    const struct cover_standing *standing = &gap->standing;
    const struct cover_seen *seen = &standing->seen;
    const struct gx_param params[] = {
        gx_text(gap->id),
        gx_text(gap->site_id),
        gx_text(gap->partner_id),
        gx_int(ctx, gap->area),
        gx_int(ctx, gap->need),
        gx_bool(gap->ahead),
        gx_int(ctx, seen->kind),
        gx_int(ctx, seen->force),
        gx_int(ctx, seen->have),
        gx_int(ctx, seen->want),
        gx_int(ctx, seen->within_minutes),
        gx_int(ctx, seen->from_at),
        gx_int(ctx, seen->until_at),
        gx_int(ctx, standing->seen_at),
        gx_int(ctx, standing->raised_at),
        gx_int(ctx, standing->away_at),
        gx_int(ctx, standing->ended_at),
    };
    return gx_sql_later(ctx, &GAP_PUT, params);
}

enum gx_rc watch_store_gap_forget(struct gx_ctx *ctx, const char *id)
{
    const struct gx_param params[] = {gx_text(id)};
    return gx_sql_later(ctx, &GAP_FORGET, params);
}

static const struct gx_pg_stmt GAPS_PURGE = {
    .name = "matcher_gaps_purge",
    .sql = "DELETE FROM matcher.gap WHERE ended_at <> 0 AND ended_at < $1::bigint",
    .params = 1,
    .shape = GX_PG_NONE,
    .writes = true,
};
static const struct gx_pg_stmt MOVES_PURGE = {
    .name = "matcher_moves_purge",
    .sql = "DELETE FROM matcher.move WHERE ended_at <> 0 AND ended_at < $1::bigint",
    .params = 1,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc watch_store_purge(struct gx_ctx *ctx, int64_t before)
{
    const struct gx_param params[] = {gx_int(ctx, before)};
    enum gx_rc rc = gx_sql_later(ctx, &GAPS_PURGE, params);
    return rc == GX_OK ? gx_sql_later(ctx, &MOVES_PURGE, params) : rc;
}

/* ---- moves ---- */

#define MOVE_COLUMNS                                                                               \
    "m.id, m.responder_id, m.org_id, m.area, m.home_area, m.site_id, m.gap_id, m.lon, m.lat, "     \
    "m.call_sign, m.made_at, m.until_at, m.ended_at, m.ended_by, "                                 \
    "EXISTS (SELECT FROM matcher.assignment a WHERE a.responder_id = m.responder_id AND "          \
    "a.accepted_at >= m.made_at) "

static enum gx_rc get_moves(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                            const struct gx_param *params, struct watch_move **ret_moves,
                            size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, stmt, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct watch_move *moves = room(ctx, count, sizeof *moves);
    for (size_t row = 0; row < count && moves != NULL; row++) {
        moves[row] = (struct watch_move){
            .id = TEXT(0),
            .responder_id = TEXT(1),
            .org_id = TEXT(2),
            .area = (int32_t)INT(3),
            .home_area = (int32_t)INT(4),
            .site_id = TEXT(5),
            .gap_id = TEXT(6),
            .place = {REAL(7), REAL(8)},
            .call_sign = TEXT(9),
            .made_at = INT(10),
            .until_at = INT(11),
            .ended_at = INT(12),
            .ended_by = TEXT(13),
            .tasked = BOOL(14),
        };
    }
    *ret_moves = moves;
    *ret_count = count;
    return moves == NULL ? GX_LIMIT : GX_OK;
}

static const struct gx_pg_stmt MOVES = {
    .name = "matcher_moves",
    .sql = "SELECT " MOVE_COLUMNS "FROM matcher.move m WHERE m.ended_at = 0 AND ($1::int = 0 OR "
           "m.area = $1::int) ORDER BY m.made_at, m.id",
    .params = 1,
    .shape = GX_PG_ROWS,
    .writes = false,
};
static const struct gx_pg_stmt MOVE_FIND = {
    .name = "matcher_move_find",
    .sql = "SELECT " MOVE_COLUMNS "FROM matcher.move m WHERE m.id = $1::uuid",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
    .writes = false,
};

enum gx_rc watch_store_moves(struct gx_ctx *ctx, int32_t area, struct watch_move **ret_moves,
                             size_t *ret_count)
{
    const struct gx_param params[] = {gx_int(ctx, area)};
    return get_moves(ctx, &MOVES, params, ret_moves, ret_count);
}

enum gx_rc watch_store_move_find(struct gx_ctx *ctx, const char *id, struct watch_move **ret_move)
{
    const struct gx_param params[] = {gx_text(id)};
    struct watch_move *moves = NULL;
    size_t count = 0;
    enum gx_rc rc = get_moves(ctx, &MOVE_FIND, params, &moves, &count);
    *ret_move = rc == GX_OK && count > 0 ? moves : NULL;
    return rc;
}

static const struct gx_pg_stmt MOVE_MAKE = {
    .name = "matcher_move_make",
    .sql = "INSERT INTO matcher.move (id, responder_id, org_id, area, home_area, site_id, gap_id, "
           "lon, lat, call_sign, made_at, until_at) VALUES ($1::uuid, $2::uuid, $3::uuid, $4::int, "
           "$5::int, $6::uuid, $7::uuid, $8::float8, $9::float8, $10, $11::bigint, $12::bigint) "
           "ON CONFLICT (responder_id) WHERE ended_at = 0 DO NOTHING",
    .params = 12,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc watch_store_move_make(struct gx_ctx *ctx, const struct watch_move *move, bool *ret_made)
{
    const struct gx_param params[] = {
        gx_text(move->id),        gx_text(move->responder_id),   gx_text(move->org_id),
        gx_int(ctx, move->area),  gx_int(ctx, move->home_area),  gx_text(move->site_id),
        gx_text(move->gap_id),    gx_real(ctx, move->place.lon), gx_real(ctx, move->place.lat),
        gx_text(move->call_sign), gx_int(ctx, move->made_at),    gx_int(ctx, move->until_at),
    };
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &MOVE_MAKE, params, &rows);
    *ret_made = rc == GX_OK && gx_rows_affected(rows) > 0;
    return rc;
}

static const struct gx_pg_stmt MOVE_END = {
    .name = "matcher_move_end",
    .sql = "UPDATE matcher.move SET ended_at = $2::bigint, ended_by = $3 WHERE id = $1::uuid AND "
           "ended_at = 0",
    .params = 3,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc watch_store_move_end(struct gx_ctx *ctx, const char *id, int64_t at, const char *by,
                                bool *ret_ended)
{
    const struct gx_param params[] = {gx_text(id), gx_int(ctx, at), gx_text(by)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &MOVE_END, params, &rows);
    *ret_ended = rc == GX_OK && gx_rows_affected(rows) > 0;
    return rc;
}

static const struct gx_pg_stmt DUTY_END = {
    .name = "matcher_duty_end",
    .sql = "SELECT max(CASE WHEN s.until_at <= now.ms THEN 9223372036854775807 ELSE s.until_at "
           "END) FROM matcher.shift s CROSS JOIN (SELECT genxi.now_ms() AS ms) now "
           "WHERE s.responder_id = $1::uuid AND (s.state = 2 OR (s.state = 1 AND s.from_at <= "
           "now.ms AND now.ms < s.until_at))",
    .params = 1,
    .shape = GX_PG_ONE_ROW,
    .writes = false,
};

enum gx_rc watch_store_duty_end(struct gx_ctx *ctx, const char *responder_id, int64_t *ret_at)
{
    const struct gx_param params[] = {gx_text(responder_id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &DUTY_END, params, &rows);
    *ret_at = rc == GX_OK ? gx_rows_int(rows, 0, 0) : 0;
    return rc;
}

/* ---- turns ---- */

static const struct gx_pg_stmt LOCK = {
    .name = "matcher_watch_lock",
    .sql = "SELECT pg_try_advisory_xact_lock($1::bigint)",
    .params = 1,
    .shape = GX_PG_ONE_ROW,
    .writes = false,
};
/* A statement of its own, behind the lock: it must see what the holder before has written. */
static const struct gx_pg_stmt TURN = {
    .name = "matcher_turn",
    .sql = "SELECT now_at, ahead_at FROM matcher.coverage_turn",
    .params = 0,
    .shape = GX_PG_ONE_ROW,
    .writes = false,
};
static const struct gx_pg_stmt TURNED = {
    .name = "matcher_turned",
    .sql = "UPDATE matcher.coverage_turn SET now_at = $1::bigint, ahead_at = $2::bigint",
    .params = 2,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc watch_store_turn(struct gx_ctx *ctx, struct watch_due *ret_due)
{
    const struct gx_param params[] = {gx_int(ctx, WATCH_LOCK)};
    const struct gx_rows *rows = NULL;
    *ret_due = (struct watch_due){.held = false};
    enum gx_rc rc = gx_sql(ctx, &LOCK, params, &rows);
    if (rc != GX_OK || !gx_rows_bool(rows, 0, 0)) {
        return rc;
    }
    rc = gx_sql(ctx, &TURN, NULL, &rows);
    if (rc == GX_OK) {
        *ret_due = (struct watch_due){true, gx_rows_int(rows, 0, 0), gx_rows_int(rows, 0, 1)};
    }
    return rc;
}

enum gx_rc watch_store_turned(struct gx_ctx *ctx, int64_t now_at, int64_t ahead_at)
{
    const struct gx_param params[] = {gx_int(ctx, now_at), gx_int(ctx, ahead_at)};
    return gx_sql_later(ctx, &TURNED, params);
}
