/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "base/text.h"
#include "store/tx.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TIP_COLUMNS                                                                                \
    "id, area, number, state, lon, lat, seen_at, seen, kind, received_at, reporter, org_id, "      \
    "responder_id, flags, "                                                                        \
    "exercise, triage_reason, triaged_by, incident_id, outcome_note"

#define BULLETIN_COLUMNS                                                                           \
    "b.id, b.area, b.state, b.mark, b.orgs, b.org_kinds::text[], b.areas::text[], b.roles, "       \
    "b.purpose, b.expires_at, "                                                                    \
    "b.title, b.text, b.drafted_by, b.drafted_at, b.approved_by, b.approved_at, b.reject_reason, " \
    "b.recalled_at, "                                                                              \
    "b.recall_reason, b.exercise, EXISTS (SELECT FROM intel.bulletin_org o WHERE o.bulletin_id = " \
    "b.id "                                                                                        \
    "AND o.org_id = genxi.actor_org())"

static const struct gx_pg_stmt STATION_PUT = {
    .name = "intel_station_put",
    .sql = "INSERT INTO intel.station (area, lon, lat, ring) VALUES ($1::int, $2::float8, "
           "$3::float8, $4::float8[]) "
           "ON CONFLICT (area) DO UPDATE SET lon = excluded.lon, lat = excluded.lat, ring = "
           "excluded.ring",
    .params = 4,
    .shape = GX_PG_NONE,
    .writes = true,
};

static const struct gx_pg_stmt STATIONS = {
    .name = "intel_stations",
    .sql = "SELECT area, lon, lat, ring::text[] FROM intel.station ORDER BY area",
    .shape = GX_PG_ROWS,
};

static const struct gx_pg_stmt ORG_PUT = {
    .name = "intel_org_put",
    .sql = "INSERT INTO intel.org (id, kind, area, state, exercise) "
           "VALUES ($1::uuid, $2::int, $3::int, $4::int, $5::boolean) "
           "ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, area = excluded.area, state = "
           "excluded.state, "
           "exercise = excluded.exercise",
    .params = 5,
    .shape = GX_PG_NONE,
    .writes = true,
};

static const struct gx_pg_stmt ORGS = {
    .name = "intel_orgs",
    .sql = "SELECT id, kind, area, state, exercise FROM intel.org WHERE id = ANY ($1::uuid[]) "
           "OR ((cardinality($2::int[]) > 0 OR cardinality($3::int[]) > 0) "
           "AND (cardinality($2) = 0 OR kind = ANY ($2)) AND (cardinality($3) = 0 OR area = ANY "
           "($3))) ORDER BY id",
    .params = 3,
    .shape = GX_PG_ROWS,
};

static const struct gx_pg_stmt ORG_ACTIVE = {
    .name = "intel_org_active",
    .sql = "SELECT state = 1 FROM intel.org WHERE id = $1::uuid",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
};

static const struct gx_pg_stmt TIP_NUMBER = {
    .name = "intel_tip_number",
    .sql = "INSERT INTO intel.tip_counter (area, day, n) VALUES ($1::int, $2::int, 1) "
           "ON CONFLICT (area, day) DO UPDATE SET n = intel.tip_counter.n + 1 RETURNING n",
    .params = 2,
    .shape = GX_PG_ONE_ROW,
    .writes = true,
};

static const struct gx_pg_stmt TIP_ADD = {
    .name = "intel_tip_add",
    .sql = "INSERT INTO intel.tip (id, area, number, state, lon, lat, seen_at, seen, kind, "
           "received_at, reporter, "
           "org_id, responder_id, flags, exercise) VALUES ($1::uuid, $2::int, $3, $4::int, "
           "$5::float8, $6::float8, "
           "$7::bigint, $8, $9, $10::bigint, $11, $12::uuid, $13::uuid, $14::text[], $15::boolean)",
    .params = 15,
    .shape = GX_PG_NONE,
    .writes = true,
};

static const struct gx_pg_stmt TIP_TAKE = {
    .name = "intel_tip_take",
    .sql = "SELECT " TIP_COLUMNS " FROM intel.tip WHERE id = $1::uuid FOR UPDATE",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
};

static const struct gx_pg_stmt TIP_SEEN = {
    .name = "intel_tip_seen",
    .sql = "SELECT seen FROM intel.tip WHERE id = $1::uuid",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
};

static const struct gx_pg_stmt TIP_UPDATE = {
    .name = "intel_tip_update",
    .sql = "UPDATE intel.tip SET state = $2::int, triage_reason = $3, triaged_by = $4, incident_id "
           "= $5::uuid, "
           "outcome_note = $6 WHERE id = $1::uuid",
    .params = 6,
    .shape = GX_PG_NONE,
    .writes = true,
};

static const struct gx_pg_stmt TIP_DELETE = {
    .name = "intel_tip_delete",
    .sql = "DELETE FROM intel.tip WHERE id = $1::uuid",
    .params = 1,
    .shape = GX_PG_NONE,
    .writes = true,
};

static const struct gx_pg_stmt TIP_LIST = {
    .name = "intel_tip_list",
    .sql = "SELECT " TIP_COLUMNS
           " FROM intel.tip WHERE ($1::uuid IS NULL OR id = $1) AND ($2::uuid IS NULL OR id < $2) "
           "AND ($3::int = 0 OR area = $3) AND ($4::int = 0 OR state = $4) ORDER BY id DESC LIMIT "
           "$5::int",
    .params = 5,
    .shape = GX_PG_ROWS,
};

static const struct gx_pg_stmt BULLETIN_ADD = {
    .name = "intel_bulletin_add",
    .sql = "INSERT INTO intel.bulletin (id, area, state, mark, orgs, org_kinds, areas, roles, "
           "purpose, expires_at, "
           "title, text, drafted_by, drafted_at, exercise) VALUES ($1::uuid, $2::int, $3::int, "
           "$4::int, $5::text[], "
           "$6::int[], $7::int[], $8::bigint, $9, $10::bigint, $11, $12, $13, $14::bigint, "
           "$15::boolean)",
    .params = 15,
    .shape = GX_PG_NONE,
    .writes = true,
};

static const struct gx_pg_stmt BULLETIN_TAKE = {
    .name = "intel_bulletin_take",
    .sql =
        "SELECT " BULLETIN_COLUMNS " FROM intel.bulletin b WHERE b.id = $1::uuid FOR UPDATE OF b",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
};

static const struct gx_pg_stmt BULLETIN_GET = {
    .name = "intel_bulletin_get",
    .sql = "SELECT " BULLETIN_COLUMNS " FROM intel.bulletin b WHERE b.id = $1::uuid",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
};

static const struct gx_pg_stmt BULLETIN_UPDATE = {
    .name = "intel_bulletin_update",
    .sql = "UPDATE intel.bulletin SET state = $2::int, approved_by = $3, approved_at = $4::bigint, "
           "reject_reason = $5, "
           "recalled_at = $6::bigint, recall_reason = $7 WHERE id = $1::uuid",
    .params = 7,
    .shape = GX_PG_NONE,
    .writes = true,
};

static const struct gx_pg_stmt BULLETIN_LIST = {
    .name = "intel_bulletin_list",
    .sql = "SELECT " BULLETIN_COLUMNS " FROM intel.bulletin b WHERE ($1::int = 0 OR b.state = $1) "
           "AND ($2::uuid IS NULL OR b.id < $2) ORDER BY b.id DESC LIMIT $3::int",
    .params = 3,
    .shape = GX_PG_ROWS,
};

static const struct gx_pg_stmt BULLETIN_RESOLVE = {
    .name = "intel_bulletin_resolve",
    .sql =
        "INSERT INTO intel.bulletin_org (bulletin_id, org_id) SELECT $1::uuid, unnest($2::uuid[])",
    .params = 2,
    .shape = GX_PG_NONE,
    .writes = true,
};

static const struct gx_pg_stmt BULLETIN_ORGS = {
    .name = "intel_bulletin_orgs",
    .sql = "SELECT org_id FROM intel.bulletin_org WHERE bulletin_id = $1::uuid ORDER BY org_id",
    .params = 1,
    .shape = GX_PG_ROWS,
};

static const struct gx_pg_stmt READ_ADD = {
    .name = "intel_read_add",
    .sql = "INSERT INTO intel.read_log (id, bulletin_id, area, subject, org_id, at, kind) "
           "VALUES ($1::uuid, $2::uuid, $3::int, $4, $5::uuid, $6::bigint, $7) ON CONFLICT DO "
           "NOTHING RETURNING id",
    .params = 7,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true,
};

static const struct gx_pg_stmt WAS_READ = {
    .name = "intel_was_read",
    .sql =
        "SELECT EXISTS (SELECT FROM intel.read_log WHERE bulletin_id = $1::uuid AND subject = $2)",
    .params = 2,
    .shape = GX_PG_ONE_ROW,
};

static const struct gx_pg_stmt READ_LIST = {
    .name = "intel_read_list",
    .sql = "SELECT id, area, subject, org_id, at, kind FROM intel.read_log WHERE bulletin_id = "
           "$1::uuid "
           "AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3::int",
    .params = 3,
    .shape = GX_PG_ROWS,
};

static enum gx_rc no_memory(struct gx_ctx *ctx)
{
    return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
}

enum gx_rc intel_store_station_put(struct gx_ctx *ctx, const Genxi__Station *station)
{
    size_t size = station->n_ring * 26 + 3;
    char *ring = gx_arena_alloc(&ctx->arena, size);
    if (ring == NULL) {
        return no_memory(ctx);
    }
    size_t used = 0;
    ring[used++] = '{';
    for (size_t i = 0; i < station->n_ring; i++) {
        int wrote =
            snprintf(ring + used, size - used, "%s%.17g", i == 0 ? "" : ",", station->ring[i]);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    ring[used++] = '}';
    ring[used] = '\0';
    const struct gx_param params[] = {gx_int(ctx, station->area), gx_real(ctx, station->lon),
                                      gx_real(ctx, station->lat), gx_text(ring)};
    return gx_sql_later(ctx, &STATION_PUT, params);
}

static enum gx_rc station_of_row(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                                 struct intel_station *ret)
{
    size_t count = 0;
    char **numbers = gx_rows_texts(ctx, rows, row, 3, &count);
    struct gx_point *ring = gx_arena_alloc(&ctx->arena, (count / 2 + 1) * sizeof *ring);
    if (ring == NULL) {
        return no_memory(ctx);
    }
    for (size_t i = 0; i + 1 < count; i += 2) {
        if (gx_parse_double(numbers[i], -180, 180, &ring[i / 2].lon) != 0 ||
            gx_parse_double(numbers[i + 1], -90, 90, &ring[i / 2].lat) != 0) {
            return gx_fail(ctx, GX_P_INTERNAL, "", "ring");
        }
    }
    ret->area = (int32_t)gx_rows_int(rows, row, 0);
    ret->place = (struct gx_point){gx_rows_real(rows, row, 1), gx_rows_real(rows, row, 2)};
    ret->ring = ring;
    ret->ring_count = count / 2;
    return GX_OK;
}

enum gx_rc intel_store_stations(struct gx_ctx *ctx, struct intel_station **ret_stations,
                                size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &STATIONS, NULL, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct intel_station *stations = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *stations);
    if (stations == NULL) {
        return no_memory(ctx);
    }
    for (size_t i = 0; i < count; i++) {
        rc = station_of_row(ctx, rows, i, &stations[i]);
        if (rc != GX_OK) {
            return rc;
        }
    }
    *ret_stations = stations;
    *ret_count = count;
    return GX_OK;
}

enum gx_rc intel_store_org_put(struct gx_ctx *ctx, const Genxi__Partner *partner)
{
    const struct gx_param params[] = {
        gx_text(partner->id), gx_int(ctx, (int64_t)partner->kind), gx_int(ctx, partner->area),
        gx_int(ctx, (int64_t)partner->state), gx_bool(partner->has_exercise && partner->exercise)};
    return gx_sql_later(ctx, &ORG_PUT, params);
}

enum gx_rc intel_store_orgs(struct gx_ctx *ctx, const struct intel_audience *audience,
                            struct intel_org **ret_orgs, size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text_array(ctx, audience->orgs, audience->org_count),
                                      gx_int_array(ctx, audience->kinds, audience->kind_count),
                                      gx_int_array(ctx, audience->areas, audience->area_count)};
    enum gx_rc rc = gx_sql(ctx, &ORGS, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct intel_org *orgs = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *orgs);
    if (orgs == NULL) {
        return no_memory(ctx);
    }
    for (size_t i = 0; i < count; i++) {
        orgs[i].id = gx_rows_copy(ctx, rows, i, 0);
        orgs[i].kind = (int)gx_rows_int(rows, i, 1);
        orgs[i].area = (int32_t)gx_rows_int(rows, i, 2);
        orgs[i].state = (int)gx_rows_int(rows, i, 3);
        orgs[i].exercise = gx_rows_bool(rows, i, 4);
    }
    *ret_orgs = orgs;
    *ret_count = count;
    return GX_OK;
}

enum gx_rc intel_store_org_active(struct gx_ctx *ctx, const char *org_id, bool *ret_active)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(org_id)};
    enum gx_rc rc = gx_sql(ctx, &ORG_ACTIVE, params, &rows);
    if (rc == GX_OK) {
        *ret_active = gx_rows_count(rows) > 0 && gx_rows_bool(rows, 0, 0);
    }
    return rc;
}

enum gx_rc intel_store_tip_number(struct gx_ctx *ctx, int32_t area, int64_t day, int64_t *ret_n)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_int(ctx, area), gx_int(ctx, day)};
    enum gx_rc rc = gx_sql(ctx, &TIP_NUMBER, params, &rows);
    if (rc == GX_OK) {
        *ret_n = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

enum gx_rc intel_store_tip_add(struct gx_ctx *ctx, const struct intel_tip *tip)
{
    const struct gx_param params[] = {
        gx_text(tip->id),
        gx_int(ctx, tip->area),
        gx_text(tip->number),
        gx_int(ctx, tip->state),
        gx_real(ctx, tip->place.lon),
        gx_real(ctx, tip->place.lat),
        gx_int(ctx, tip->seen_at),
        gx_text(tip->seen),
        gx_text(tip->kind),
        gx_int(ctx, tip->received_at),
        gx_text(tip->reporter),
        gx_text_or_null(tip->org_id),
        gx_text_or_null(tip->responder_id),
        gx_text_array(ctx, tip->flags, tip->flag_count),
        gx_bool(tip->exercise),
    };
    return gx_sql_later(ctx, &TIP_ADD, params);
}

static void tip_of_row(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                       struct intel_tip *ret)
{
    char **flags = gx_rows_texts(ctx, rows, row, 13, &ret->flag_count);
    ret->id = gx_rows_copy(ctx, rows, row, 0);
    ret->area = (int32_t)gx_rows_int(rows, row, 1);
    ret->number = gx_rows_copy(ctx, rows, row, 2);
    ret->state = (int)gx_rows_int(rows, row, 3);
    ret->place = (struct gx_point){gx_rows_real(rows, row, 4), gx_rows_real(rows, row, 5)};
    ret->seen_at = gx_rows_int(rows, row, 6);
    ret->seen = gx_rows_copy(ctx, rows, row, 7);
    ret->kind = gx_rows_copy(ctx, rows, row, 8);
    ret->received_at = gx_rows_int(rows, row, 9);
    ret->reporter = gx_rows_copy(ctx, rows, row, 10);
    ret->org_id = gx_rows_copy(ctx, rows, row, 11);
    ret->responder_id = gx_rows_copy(ctx, rows, row, 12);
    ret->flags = (const char *const *)flags;
    ret->exercise = gx_rows_bool(rows, row, 14);
    ret->triage_reason = gx_rows_copy(ctx, rows, row, 15);
    ret->triaged_by = gx_rows_copy(ctx, rows, row, 16);
    ret->incident_id = gx_rows_copy(ctx, rows, row, 17);
    ret->outcome_note = gx_rows_copy(ctx, rows, row, 18);
}

enum gx_rc intel_store_tip_take(struct gx_ctx *ctx, const char *id, struct intel_tip *ret_tip)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(id)};
    enum gx_rc rc = gx_sql(ctx, &TIP_TAKE, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    if (gx_rows_count(rows) == 0) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "tip");
    }
    tip_of_row(ctx, rows, 0, ret_tip);
    return GX_OK;
}

enum gx_rc intel_store_tip_seen(struct gx_ctx *ctx, const char *id, char **ret_seen)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(id)};
    enum gx_rc rc = gx_sql(ctx, &TIP_SEEN, params, &rows);
    if (rc == GX_OK) {
        *ret_seen = gx_rows_count(rows) == 0 ? NULL : gx_rows_copy(ctx, rows, 0, 0);
    }
    return rc;
}

enum gx_rc intel_store_tip_update(struct gx_ctx *ctx, const struct intel_tip *tip)
{
    const struct gx_param params[] = {
        gx_text(tip->id),         gx_int(ctx, tip->state),           gx_text(tip->triage_reason),
        gx_text(tip->triaged_by), gx_text_or_null(tip->incident_id), gx_text(tip->outcome_note)};
    return gx_sql_later(ctx, &TIP_UPDATE, params);
}

enum gx_rc intel_store_tip_delete(struct gx_ctx *ctx, const char *id)
{
    const struct gx_param params[] = {gx_text(id)};
    return gx_sql_later(ctx, &TIP_DELETE, params);
}

enum gx_rc intel_store_tip_list(struct gx_ctx *ctx, const struct intel_tip_query *query,
                                struct intel_tip **ret_tips, size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(query->id), gx_text(query->before),
                                      gx_int(ctx, query->area), gx_int(ctx, query->state),
                                      gx_int(ctx, query->limit)};
    enum gx_rc rc = gx_sql(ctx, &TIP_LIST, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct intel_tip *tips = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *tips);
    if (tips == NULL) {
        return no_memory(ctx);
    }
    for (size_t i = 0; i < count; i++) {
        tip_of_row(ctx, rows, i, &tips[i]);
    }
    *ret_tips = tips;
    *ret_count = count;
    return GX_OK;
}

enum gx_rc intel_store_bulletin_add(struct gx_ctx *ctx, const struct intel_bulletin *bulletin)
{
    const struct intel_audience *audience = &bulletin->audience;
    const struct gx_param params[] = {
        gx_text(bulletin->id),
        gx_int(ctx, bulletin->area),
        gx_int(ctx, bulletin->state),
        gx_int(ctx, bulletin->mark),
        gx_text_array(ctx, audience->orgs, audience->org_count),
        gx_int_array(ctx, audience->kinds, audience->kind_count),
        gx_int_array(ctx, audience->areas, audience->area_count),
        gx_int(ctx, audience->roles),
        gx_text(bulletin->purpose),
        gx_int(ctx, bulletin->expires_at),
        gx_text(bulletin->title),
        gx_text(bulletin->text),
        gx_text(bulletin->drafted_by),
        gx_int(ctx, bulletin->drafted_at),
        gx_bool(bulletin->exercise),
    };
    return gx_sql_later(ctx, &BULLETIN_ADD, params);
}

static const int32_t *numbers_of(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                                 int column, size_t *ret_count)
{
    size_t count = 0;
    char **texts = gx_rows_texts(ctx, rows, row, column, &count);
    int32_t *numbers = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *numbers);
    *ret_count = 0;
    for (size_t i = 0; numbers != NULL && i < count; i++) {
        int64_t value = 0;
        if (gx_parse_int(texts[i], INT32_MIN, INT32_MAX, &value) == 0) {
            numbers[(*ret_count)++] = (int32_t)value;
        }
    }
    return numbers;
}

static void bulletin_of_row(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                            struct intel_bulletin *ret)
{
    struct intel_audience *audience = &ret->audience;
    ret->id = gx_rows_copy(ctx, rows, row, 0);
    ret->area = (int32_t)gx_rows_int(rows, row, 1);
    ret->state = (int)gx_rows_int(rows, row, 2);
    ret->mark = (int)gx_rows_int(rows, row, 3);
    char **orgs = gx_rows_texts(ctx, rows, row, 4, &audience->org_count);
    audience->orgs = (const char *const *)orgs;
    audience->kinds = numbers_of(ctx, rows, row, 5, &audience->kind_count);
    audience->areas = numbers_of(ctx, rows, row, 6, &audience->area_count);
    audience->roles = (uint32_t)gx_rows_int(rows, row, 7);
    ret->purpose = gx_rows_copy(ctx, rows, row, 8);
    ret->expires_at = gx_rows_int(rows, row, 9);
    ret->title = gx_rows_copy(ctx, rows, row, 10);
    ret->text = gx_rows_copy(ctx, rows, row, 11);
    ret->drafted_by = gx_rows_copy(ctx, rows, row, 12);
    ret->drafted_at = gx_rows_int(rows, row, 13);
    ret->approved_by = gx_rows_copy(ctx, rows, row, 14);
    ret->approved_at = gx_rows_int(rows, row, 15);
    ret->reject_reason = gx_rows_copy(ctx, rows, row, 16);
    ret->recalled_at = gx_rows_int(rows, row, 17);
    ret->recall_reason = gx_rows_copy(ctx, rows, row, 18);
    ret->exercise = gx_rows_bool(rows, row, 19);
    ret->org_resolved = gx_rows_bool(rows, row, 20);
}

static enum gx_rc bulletin_one(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt, const char *id,
                               struct intel_bulletin *ret)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(id)};
    enum gx_rc rc = gx_sql(ctx, stmt, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    if (gx_rows_count(rows) == 0) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "bulletin");
    }
    bulletin_of_row(ctx, rows, 0, ret);
    return GX_OK;
}

enum gx_rc intel_store_bulletin_take(struct gx_ctx *ctx, const char *id,
                                     struct intel_bulletin *ret_bulletin)
{
    return bulletin_one(ctx, &BULLETIN_TAKE, id, ret_bulletin);
}

enum gx_rc intel_store_bulletin_get(struct gx_ctx *ctx, const char *id,
                                    struct intel_bulletin *ret_bulletin)
{
    return bulletin_one(ctx, &BULLETIN_GET, id, ret_bulletin);
}

enum gx_rc intel_store_bulletin_update(struct gx_ctx *ctx, const struct intel_bulletin *bulletin)
{
    const struct gx_param none = gx_null();
    const struct gx_param params[] = {
        gx_text(bulletin->id),
        gx_int(ctx, bulletin->state),
        gx_text(bulletin->approved_by),
        bulletin->approved_at == 0 ? none : gx_int(ctx, bulletin->approved_at),
        gx_text(bulletin->reject_reason),
        bulletin->recalled_at == 0 ? none : gx_int(ctx, bulletin->recalled_at),
        gx_text(bulletin->recall_reason),
    };
    return gx_sql_later(ctx, &BULLETIN_UPDATE, params);
}

enum gx_rc intel_store_bulletin_list(struct gx_ctx *ctx, int state, const char *before,
                                     unsigned limit, struct intel_bulletin **ret_bulletins,
                                     size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_int(ctx, state), gx_text(before), gx_int(ctx, limit)};
    enum gx_rc rc = gx_sql(ctx, &BULLETIN_LIST, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct intel_bulletin *bulletins = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *bulletins);
    if (bulletins == NULL) {
        return no_memory(ctx);
    }
    for (size_t i = 0; i < count; i++) {
        bulletin_of_row(ctx, rows, i, &bulletins[i]);
    }
    *ret_bulletins = bulletins;
    *ret_count = count;
    return GX_OK;
}

enum gx_rc intel_store_bulletin_resolve(struct gx_ctx *ctx, const char *id, const char *const *orgs,
                                        size_t count)
{
    const struct gx_param params[] = {gx_text(id), gx_text_array(ctx, orgs, count)};
    return gx_sql_later(ctx, &BULLETIN_RESOLVE, params);
}

enum gx_rc intel_store_bulletin_orgs(struct gx_ctx *ctx, const char *id,
                                     const char *const **ret_orgs, size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(id)};
    enum gx_rc rc = gx_sql(ctx, &BULLETIN_ORGS, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    const char **orgs = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *orgs);
    if (orgs == NULL) {
        return no_memory(ctx);
    }
    for (size_t i = 0; i < count; i++) {
        orgs[i] = gx_rows_copy(ctx, rows, i, 0);
    }
    *ret_orgs = orgs;
    *ret_count = count;
    return GX_OK;
}

enum gx_rc intel_store_read_add(struct gx_ctx *ctx, const struct intel_read *read, bool *ret_new)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {
        gx_text(read->id),      gx_text(read->bulletin_id),    gx_int(ctx, read->area),
        gx_text(read->subject), gx_text_or_null(read->org_id), gx_int(ctx, read->at),
        gx_text(read->kind)};
    enum gx_rc rc = gx_sql(ctx, &READ_ADD, params, &rows);
    if (rc == GX_OK) {
        *ret_new = gx_rows_count(rows) > 0;
    }
    return rc;
}

enum gx_rc intel_store_was_read(struct gx_ctx *ctx, const char *bulletin_id, const char *subject,
                                bool *ret_was)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(bulletin_id), gx_text(subject)};
    enum gx_rc rc = gx_sql(ctx, &WAS_READ, params, &rows);
    if (rc == GX_OK) {
        *ret_was = gx_rows_bool(rows, 0, 0);
    }
    return rc;
}

enum gx_rc intel_store_read_list(struct gx_ctx *ctx, const char *bulletin_id, const char *after,
                                 unsigned limit, struct intel_read **ret_reads, size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(bulletin_id), gx_text(after), gx_int(ctx, limit)};
    enum gx_rc rc = gx_sql(ctx, &READ_LIST, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct intel_read *reads = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *reads);
    if (reads == NULL) {
        return no_memory(ctx);
    }
    for (size_t i = 0; i < count; i++) {
        reads[i].id = gx_rows_copy(ctx, rows, i, 0);
        reads[i].bulletin_id = bulletin_id;
        reads[i].area = (int32_t)gx_rows_int(rows, i, 1);
        reads[i].subject = gx_rows_copy(ctx, rows, i, 2);
        reads[i].org_id = gx_rows_copy(ctx, rows, i, 3);
        reads[i].at = gx_rows_int(rows, i, 4);
        reads[i].kind = gx_rows_copy(ctx, rows, i, 5);
    }
    *ret_reads = reads;
    *ret_count = count;
    return GX_OK;
}
