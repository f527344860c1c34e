/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "store/tx.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    COLUMNS_MAX = 20,
    CHUNK_ROWS = 2000,
    NEED_NUMBERS = 5
};

/* --- batches: one array a column --- */

struct batch {
    struct gx_ctx *ctx;
    size_t count;
    const char **columns[COLUMNS_MAX];
    size_t column_count;
};

static enum gx_rc spent(struct gx_ctx *ctx)
{
    return gx_fail(ctx, GX_P_BODY_TOO_LARGE, "", "%zu", ctx->arena.limit_bytes);
}

static bool batch_init(struct batch *batch, struct gx_ctx *ctx, size_t count, size_t columns)
{
    *batch = (struct batch){.ctx = ctx, .count = count, .column_count = columns};
    for (size_t i = 0; i < columns; i++) {
        batch->columns[i] = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof(char *));
        if (batch->columns[i] == NULL) {
            return false;
        }
    }
    return true;
}

static const char *number(struct gx_ctx *ctx, int64_t value)
{
    const char *text = gx_arena_printf(&ctx->arena, "%" PRId64, value);
    return text == NULL ? "" : text;
}

static const char *real(struct gx_ctx *ctx, double value)
{
    const char *text = gx_arena_printf(&ctx->arena, "%.17g", value);
    return text == NULL ? "" : text;
}

static const char *boolean(bool value)
{
    return value ? "t" : "f";
}

/* "" stands for NULL in batches. */
static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static const char *int_list(struct gx_ctx *ctx, const int32_t *values, size_t count)
{
    return or_empty(gx_int_array(ctx, values, count).text);
}

static const char *text_list(struct gx_ctx *ctx, const char *const *texts, size_t count)
{
    return or_empty(gx_text_array(ctx, texts, count).text);
}

static enum gx_rc batch_run(struct batch *batch, const struct gx_pg_stmt *stmt)
{
    struct gx_param params[COLUMNS_MAX];
    for (size_t i = 0; i < batch->column_count; i++) {
        params[i] = gx_text_array(batch->ctx, batch->columns[i], batch->count);
    }
    if (batch->ctx->arena.spent) {
        return spent(batch->ctx);
    }
    return gx_sql(batch->ctx, stmt, params, NULL);
}

/* --- reading --- */

static int64_t *numbers_at(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row, int column,
                           size_t *ret_count)
{
    size_t count = 0;
    char **texts = gx_rows_texts(ctx, rows, row, column, &count);
    int64_t *values = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *values);
    for (size_t i = 0; i < count && values != NULL; i++) {
        values[i] = strtoll(texts[i], NULL, 10);
    }
    *ret_count = values == NULL ? 0 : count;
    return values;
}

static char *text_at(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row, int column)
{
    char *text = gx_rows_copy(ctx, rows, row, column);
    return text == NULL ? gx_pb_text("") : text;
}

/* Makes `items` with one new message a row; NULL when the arena is spent. */
static void **messages(struct gx_ctx *ctx, const struct gx_rows *rows,
                       const ProtobufCMessageDescriptor *type)
{
    size_t count = gx_rows_count(rows);
    void **items = gx_pb_array(ctx, count + 1);
    for (size_t i = 0; i < count && items != NULL; i++) {
        items[i] = gx_pb_new(ctx, type);
        if (items[i] == NULL) {
            return NULL;
        }
    }
    return items;
}

static struct gx_param area_param(struct gx_ctx *ctx, protobuf_c_boolean has, int32_t area)
{
    return has ? gx_int(ctx, area) : gx_null();
}

static struct gx_param more_than(struct gx_ctx *ctx, uint32_t limit)
{
    return gx_int(ctx, (int64_t)limit + 1);
}

/* --- stations --- */

static const struct gx_pg_stmt STATIONS = {
    .name = "readiness_stations",
    .sql = "SELECT area, org_id, name, name_en, lon, lat, ring::text[] FROM readiness.station "
           "ORDER BY area",
    .shape = GX_PG_ROWS,
};

enum gx_rc store_stations(struct gx_ctx *ctx, struct stations *ret_stations)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &STATIONS, NULL, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    Genxi__Station **items = (Genxi__Station **)messages(ctx, rows, &genxi__station__descriptor);
    for (size_t i = 0; i < gx_rows_count(rows) && items != NULL; i++) {
        Genxi__Station *station = items[i];
        station->area = (int32_t)gx_rows_int(rows, i, 0);
        station->org_id = text_at(ctx, rows, i, 1);
        station->name = text_at(ctx, rows, i, 2);
        station->name_en = gx_rows_copy(ctx, rows, i, 3);
        station->lon = gx_rows_real(rows, i, 4);
        station->lat = gx_rows_real(rows, i, 5);
        char **ring = gx_rows_texts(ctx, rows, i, 6, &station->n_ring);
        station->ring = gx_arena_alloc(&ctx->arena, (station->n_ring + 1) * sizeof(double));
        for (size_t n = 0; n < station->n_ring && station->ring != NULL; n++) {
            station->ring[n] = strtod(ring[n], NULL);
        }
    }
    if (ctx->arena.spent) {
        return spent(ctx);
    }
    *ret_stations = (struct stations){items, gx_rows_count(rows)};
    return GX_OK;
}

static const struct gx_pg_stmt STATIONS_PUT = {
    .name = "readiness_stations_put",
    .sql =
        "INSERT INTO readiness.station (area, org_id, name, name_en, lon, lat, ring) "
        "SELECT n.area, n.org_id, n.name, nullif(n.name_en, ''), n.lon, n.lat, n.ring::float8[] "
        "FROM unnest($1::int[], $2::uuid[], $3::text[], $4::text[], $5::float8[], $6::float8[], "
        "$7::text[]) "
        "AS n(area, org_id, name, name_en, lon, lat, ring) "
        "ON CONFLICT (area) DO UPDATE SET org_id = excluded.org_id, name = excluded.name, "
        "name_en = excluded.name_en, lon = excluded.lon, lat = excluded.lat, ring = excluded.ring, "
        "updated_at = genxi.now_ms()",
    .params = 7,
    .shape = GX_PG_NONE,
    .writes = true,
};

enum gx_rc store_stations_put(struct gx_ctx *ctx, const struct stations *stations)
{
    struct batch batch;
    if (!batch_init(&batch, ctx, stations->count, 7)) {
        return spent(ctx);
    }
    for (size_t i = 0; i < stations->count; i++) {
        const Genxi__Station *station = stations->items[i];
        const char **ring = gx_arena_alloc(&ctx->arena, (station->n_ring + 1) * sizeof *ring);
        if (ring == NULL) {
            return spent(ctx);
        }
        for (size_t n = 0; n < station->n_ring; n++) {
            ring[n] = real(ctx, station->ring[n]);
        }
        batch.columns[0][i] = number(ctx, station->area);
        batch.columns[1][i] = station->org_id;
        batch.columns[2][i] = station->name;
        batch.columns[3][i] = or_empty(station->name_en);
        batch.columns[4][i] = real(ctx, station->lon);
        batch.columns[5][i] = real(ctx, station->lat);
        batch.columns[6][i] = text_list(ctx, ring, station->n_ring);
    }
    return batch_run(&batch, &STATIONS_PUT);
}

/* --- partners --- */

#define PARTNER_COLUMNS                                                                            \
    "p.id, p.name, p.name_en, p.kind, p.area, p.state, p.signed_at, p.ends_at, "                   \
    "p.contract_areas::text[], "                                                                   \
    "p.off_site, p.contact_names, p.contact_phones, p.contact_tested::text[], p.exercise, p.code " \
    "FROM readiness.partner p "
#define PARTNER_FILTER                                                                             \
    "WHERE ($1::int IS NULL OR p.area = $1) AND ($2::smallint IS NULL OR p.kind = $2) "            \
    "AND ($3::uuid IS NULL OR p.id = $3) "

static const struct gx_pg_stmt PARTNER_LIST = {
    .name = "readiness_partner_list",
    .sql = "SELECT " PARTNER_COLUMNS PARTNER_FILTER
           "AND ($4::uuid IS NULL OR p.id > $4) ORDER BY p.id LIMIT $5",
    .params = 5,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt PARTNER_COUNT = {
    .name = "readiness_partner_count",
    .sql = "SELECT count(*) FROM readiness.partner p " PARTNER_FILTER,
    .params = 3,
    .shape = GX_PG_ONE_ROW,
};
static const struct gx_pg_stmt PARTNERS_BY_ID = {
    .name = "readiness_partners_by_id",
    .sql = "SELECT " PARTNER_COLUMNS "WHERE p.id = ANY($1::uuid[])",
    .params = 1,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt PARTNERS_LOCK = {
    .name = "readiness_partners_lock",
    .sql = "SELECT " PARTNER_COLUMNS "WHERE p.id = ANY($1::uuid[]) ORDER BY p.id FOR UPDATE",
    .params = 1,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt PARTNERS_BY_CODE = {
    .name = "readiness_partners_by_code",
    .sql = "SELECT " PARTNER_COLUMNS "WHERE p.code = ANY($1::text[])",
    .params = 1,
    .shape = GX_PG_ROWS,
};

static void read_agreement(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                           Genxi__Partner *partner)
{
    if (gx_rows_null(rows, row, 6)) {
        return;
    }
    Genxi__Agreement *agreement = gx_pb_new(ctx, &genxi__agreement__descriptor);
    size_t count = 0;
    const int64_t *areas = numbers_at(ctx, rows, row, 8, &count);
    int32_t *copy = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *copy);
    if (agreement == NULL || copy == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        copy[i] = (int32_t)areas[i];
    }
    agreement->signed_at = gx_rows_int(rows, row, 6);
    agreement->has_ends_at = !gx_rows_null(rows, row, 7);
    agreement->ends_at = gx_rows_int(rows, row, 7);
    agreement->contract_areas = copy;
    agreement->n_contract_areas = count;
    agreement->off_site = gx_rows_bool(rows, row, 9);
    partner->agreement = agreement;
}

static void read_contacts(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                          Genxi__Partner *partner)
{
    size_t names = 0;
    size_t phones = 0;
    size_t times = 0;
    char **name = gx_rows_texts(ctx, rows, row, 10, &names);
    char **phone = gx_rows_texts(ctx, rows, row, 11, &phones);
    const int64_t *tested = numbers_at(ctx, rows, row, 12, &times);
    partner->contacts = gx_pb_array(ctx, names + 1);
    for (size_t i = 0; i < names && i < phones && i < times && partner->contacts != NULL; i++) {
        Genxi__Contact *contact = gx_pb_new(ctx, &genxi__contact__descriptor);
        if (contact == NULL) {
            return;
        }
        contact->name = name[i];
        contact->phone = phone[i];
        contact->has_tested_at = tested[i] != 0;
        contact->tested_at = tested[i];
        partner->contacts[partner->n_contacts++] = contact;
    }
}

static enum gx_rc read_partners(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                                const struct gx_param *params, struct partners *ret_partners)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, stmt, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    Genxi__Partner **items = (Genxi__Partner **)messages(ctx, rows, &genxi__partner__descriptor);
    for (size_t i = 0; i < gx_rows_count(rows) && items != NULL; i++) {
        Genxi__Partner *partner = items[i];
        partner->id = text_at(ctx, rows, i, 0);
        partner->name = text_at(ctx, rows, i, 1);
        partner->name_en = gx_rows_copy(ctx, rows, i, 2);
        partner->kind = (Genxi__OrgKind)gx_rows_int(rows, i, 3);
        partner->area = (int32_t)gx_rows_int(rows, i, 4);
        partner->state = (Genxi__OrgState)gx_rows_int(rows, i, 5);
        read_agreement(ctx, rows, i, partner);
        read_contacts(ctx, rows, i, partner);
        partner->exercise = gx_rows_bool(rows, i, 13);
        partner->has_exercise = partner->exercise;
        partner->code = gx_rows_copy(ctx, rows, i, 14);
    }
    if (ctx->arena.spent) {
        return spent(ctx);
    }
    *ret_partners = (struct partners){items, gx_rows_count(rows)};
    return GX_OK;
}

enum gx_rc store_partner_list(struct gx_ctx *ctx, const Genxi__PartnerQuery *query, uint32_t limit,
                              struct partners *ret_partners)
{
    const struct gx_param params[] = {
        area_param(ctx, query->has_area, query->area),
        query->has_kind ? gx_int(ctx, query->kind) : gx_null(),
        gx_text(query->id),
        gx_text(query->cursor),
        more_than(ctx, limit),
    };
    return read_partners(ctx, &PARTNER_LIST, params, ret_partners);
}

enum gx_rc store_partner_count(struct gx_ctx *ctx, const Genxi__PartnerQuery *query,
                               uint64_t *ret_count)
{
    const struct gx_param params[] = {
        area_param(ctx, query->has_area, query->area),
        query->has_kind ? gx_int(ctx, query->kind) : gx_null(),
        gx_text(query->id),
    };
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &PARTNER_COUNT, params, &rows);
    if (rc == GX_OK) {
        *ret_count = (uint64_t)gx_rows_int(rows, 0, 0);
    }
    return rc;
}

enum gx_rc store_partners_by_id(struct gx_ctx *ctx, const char *const *ids, size_t count, bool lock,
                                struct partners *ret_partners)
{
    const struct gx_param params[] = {gx_text_array(ctx, ids, count)};
    return read_partners(ctx, lock ? &PARTNERS_LOCK : &PARTNERS_BY_ID, params, ret_partners);
}

enum gx_rc store_partners_by_code(struct gx_ctx *ctx, const struct store_keys *keys,
                                  struct partners *ret_partners)
{
    const struct gx_param params[] = {gx_text_array(ctx, keys->keys, keys->count)};
    return read_partners(ctx, &PARTNERS_BY_CODE, params, ret_partners);
}

static const struct gx_pg_stmt PARTNERS_PUT = {
    .name = "readiness_partners_put",
    .sql = "INSERT INTO readiness.partner (id, name, name_en, kind, area, state, signed_at, "
           "ends_at, contract_areas, "
           "off_site, contact_names, contact_phones, contact_tested, exercise, code) "
           "SELECT n.id, n.name, nullif(n.name_en, ''), n.kind, n.area, n.state, "
           "nullif(n.signed_at, 0), "
           "nullif(n.ends_at, 0), n.contract_areas::int[], n.off_site, n.contact_names::text[], "
           "n.contact_phones::text[], n.contact_tested::bigint[], n.exercise, nullif(n.code, '') "
           "FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::int[], "
           "$6::smallint[], $7::bigint[], "
           "$8::bigint[], $9::text[], $10::bool[], $11::text[], $12::text[], $13::text[], "
           "$14::bool[], $15::text[]) "
           "AS n(id, name, name_en, kind, area, state, signed_at, ends_at, contract_areas, "
           "off_site, contact_names, "
           "contact_phones, contact_tested, exercise, code) "
           "ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_en = excluded.name_en, kind "
           "= excluded.kind, "
           "area = excluded.area, state = excluded.state, signed_at = excluded.signed_at, "
           "ends_at = excluded.ends_at, contract_areas = excluded.contract_areas, off_site = "
           "excluded.off_site, "
           "contact_names = excluded.contact_names, contact_phones = excluded.contact_phones, "
           "contact_tested = excluded.contact_tested, exercise = excluded.exercise, code = "
           "excluded.code, "
           "updated_at = genxi.now_ms()",
    .params = 15,
    .shape = GX_PG_NONE,
    .writes = true,
};

static bool fill_contacts(struct batch *batch, size_t i, const Genxi__Partner *partner)
{
    struct gx_ctx *ctx = batch->ctx;
    size_t count = partner->n_contacts;
    const char **names = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *names);
    const char **phones = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *phones);
    const char **tested = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *tested);
    if (names == NULL || phones == NULL || tested == NULL) {
        return false;
    }
    for (size_t n = 0; n < count; n++) {
        const Genxi__Contact *contact = partner->contacts[n];
        names[n] = contact->name;
        phones[n] = contact->phone;
        tested[n] = number(ctx, contact->has_tested_at ? contact->tested_at : 0);
    }
    batch->columns[10][i] = text_list(ctx, names, count);
    batch->columns[11][i] = text_list(ctx, phones, count);
    batch->columns[12][i] = text_list(ctx, tested, count);
    return true;
}

static bool fill_partner(struct batch *batch, size_t i, const Genxi__Partner *partner)
{
    struct gx_ctx *ctx = batch->ctx;
    const Genxi__Agreement *agreement = partner->agreement;
    batch->columns[0][i] = partner->id;
    batch->columns[1][i] = partner->name;
    batch->columns[2][i] = or_empty(partner->name_en);
    batch->columns[3][i] = number(ctx, partner->kind);
    batch->columns[4][i] = number(ctx, partner->area);
    batch->columns[5][i] = number(ctx, partner->state);
    batch->columns[6][i] = number(ctx, agreement == NULL ? 0 : agreement->signed_at);
    batch->columns[7][i] =
        number(ctx, agreement == NULL || !agreement->has_ends_at ? 0 : agreement->ends_at);
    batch->columns[8][i] =
        agreement == NULL ? "{}"
                          : int_list(ctx, agreement->contract_areas, agreement->n_contract_areas);
    batch->columns[9][i] = boolean(agreement != NULL && agreement->off_site);
    batch->columns[13][i] = boolean(partner->has_exercise && partner->exercise);
    batch->columns[14][i] = or_empty(partner->code);
    return fill_contacts(batch, i, partner);
}

enum gx_rc store_partners_put(struct gx_ctx *ctx, const struct partners *partners)
{
    for (size_t done = 0; done < partners->count; done += CHUNK_ROWS) {
        size_t left = partners->count - done;
        struct batch batch;
        if (!batch_init(&batch, ctx, left < CHUNK_ROWS ? left : CHUNK_ROWS, 15)) {
            return spent(ctx);
        }
        for (size_t i = 0; i < batch.count; i++) {
            if (!fill_partner(&batch, i, partners->items[done + i])) {
                return spent(ctx);
            }
        }
        enum gx_rc rc = batch_run(&batch, &PARTNERS_PUT);
        if (rc != GX_OK) {
            return rc;
        }
    }
    return GX_OK;
}

/* --- sites --- */

#define SITE_COLUMNS                                                                               \
    "s.id, s.partner_id, s.area, s.name, s.kind, s.lon, s.lat, s.needs::text[], s.access, "        \
    "s.radius_m, s.code "                                                                          \
    "FROM readiness.site s "

static const struct gx_pg_stmt SITE_LIST = {
    .name = "readiness_site_list",
    .sql = "SELECT " SITE_COLUMNS
           "WHERE ($1::int IS NULL OR s.area = $1) AND ($2::uuid IS NULL OR s.partner_id = $2) "
           "AND ($3::uuid IS NULL OR s.id = $3) AND ($4::uuid IS NULL OR s.id > $4) ORDER BY s.id "
           "LIMIT $5",
    .params = 5,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt SITES_BY_ID = {
    .name = "readiness_sites_by_id",
    .sql = "SELECT " SITE_COLUMNS "WHERE s.id = ANY($1::uuid[])",
    .params = 1,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt SITES_LOCK = {
    .name = "readiness_sites_lock",
    .sql = "SELECT " SITE_COLUMNS "WHERE s.id = ANY($1::uuid[]) ORDER BY s.id FOR UPDATE",
    .params = 1,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt SITES_BY_CODE = {
    .name = "readiness_sites_by_code",
    .sql = "SELECT " SITE_COLUMNS "JOIN unnest($1::uuid[], $2::text[]) AS n(owner, code) "
           "ON s.partner_id = n.owner AND s.code = n.code",
    .params = 2,
    .shape = GX_PG_ROWS,
};

static void read_needs(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                       Genxi__Site *site)
{
    size_t count = 0;
    const int64_t *numbers = numbers_at(ctx, rows, row, 7, &count);
    site->needs = gx_pb_array(ctx, count / NEED_NUMBERS + 1);
    for (size_t i = 0; i + NEED_NUMBERS <= count && site->needs != NULL; i += NEED_NUMBERS) {
        Genxi__SiteNeed *need = gx_pb_new(ctx, &genxi__site_need__descriptor);
        if (need == NULL) {
            return;
        }
        need->force = (Genxi__Force)numbers[i];
        need->count = (uint32_t)numbers[i + 1];
        need->within_minutes = (uint32_t)numbers[i + 2];
        need->from_minute = (uint32_t)numbers[i + 3];
        need->until_minute = (uint32_t)numbers[i + 4];
        site->needs[site->n_needs++] = need;
    }
}

static enum gx_rc read_sites(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                             const struct gx_param *params, struct sites *ret_sites)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, stmt, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    Genxi__Site **items = (Genxi__Site **)messages(ctx, rows, &genxi__site__descriptor);
    for (size_t i = 0; i < gx_rows_count(rows) && items != NULL; i++) {
        Genxi__Site *site = items[i];
        site->id = text_at(ctx, rows, i, 0);
        site->partner_id = text_at(ctx, rows, i, 1);
        site->area = (int32_t)gx_rows_int(rows, i, 2);
        site->name = text_at(ctx, rows, i, 3);
        site->kind = text_at(ctx, rows, i, 4);
        site->lon = gx_rows_real(rows, i, 5);
        site->lat = gx_rows_real(rows, i, 6);
        read_needs(ctx, rows, i, site);
        site->access = gx_rows_copy(ctx, rows, i, 8);
        site->has_radius_m = true;
        site->radius_m = gx_rows_real(rows, i, 9);
        site->code = gx_rows_copy(ctx, rows, i, 10);
    }
    if (ctx->arena.spent) {
        return spent(ctx);
    }
    *ret_sites = (struct sites){items, gx_rows_count(rows)};
    return GX_OK;
}

enum gx_rc store_site_list(struct gx_ctx *ctx, const Genxi__SiteQuery *query, uint32_t limit,
                           struct sites *ret_sites)
{
    const struct gx_param params[] = {
        area_param(ctx, query->has_area, query->area),
        gx_text(query->partner_id),
        gx_text(query->id),
        gx_text(query->cursor),
        more_than(ctx, limit),
    };
    return read_sites(ctx, &SITE_LIST, params, ret_sites);
}

enum gx_rc store_sites_by_id(struct gx_ctx *ctx, const char *const *ids, size_t count, bool lock,
                             struct sites *ret_sites)
{
    const struct gx_param params[] = {gx_text_array(ctx, ids, count)};
    return read_sites(ctx, lock ? &SITES_LOCK : &SITES_BY_ID, params, ret_sites);
}

enum gx_rc store_sites_by_code(struct gx_ctx *ctx, const struct store_keys *keys,
                               struct sites *ret_sites)
{
    const struct gx_param params[] = {gx_text_array(ctx, keys->owners, keys->count),
                                      gx_text_array(ctx, keys->keys, keys->count)};
    return read_sites(ctx, &SITES_BY_CODE, params, ret_sites);
}

static const struct gx_pg_stmt SITES_PUT = {
    .name = "readiness_sites_put",
    .sql = "INSERT INTO readiness.site (id, partner_id, area, name, kind, lon, lat, needs, access, "
           "radius_m, code) "
           "SELECT n.id, n.partner_id, n.area, n.name, n.kind, n.lon, n.lat, n.needs::int[], "
           "nullif(n.access, ''), "
           "n.radius_m, nullif(n.code, '') "
           "FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::float8[], "
           "$7::float8[], "
           "$8::text[], $9::text[], $10::float8[], $11::text[]) "
           "AS n(id, partner_id, area, name, kind, lon, lat, needs, access, radius_m, code) "
           "ON CONFLICT (id) DO UPDATE SET partner_id = excluded.partner_id, area = excluded.area, "
           "name = excluded.name, kind = excluded.kind, lon = excluded.lon, lat = excluded.lat, "
           "needs = excluded.needs, access = excluded.access, radius_m = excluded.radius_m, code = "
           "excluded.code, "
           "updated_at = genxi.now_ms()",
    .params = 11,
    .shape = GX_PG_NONE,
    .writes = true,
};

static bool fill_site(struct batch *batch, size_t i, const Genxi__Site *site)
{
    struct gx_ctx *ctx = batch->ctx;
    int32_t *needs =
        gx_arena_alloc(&ctx->arena, (site->n_needs * NEED_NUMBERS + 1) * sizeof *needs);
    if (needs == NULL) {
        return false;
    }
    for (size_t n = 0; n < site->n_needs; n++) {
        const Genxi__SiteNeed *need = site->needs[n];
        int32_t *to = needs + n * NEED_NUMBERS;
        to[0] = (int32_t)need->force;
        to[1] = (int32_t)need->count;
        to[2] = (int32_t)need->within_minutes;
        to[3] = (int32_t)need->from_minute;
        to[4] = (int32_t)need->until_minute;
    }
    batch->columns[0][i] = site->id;
    batch->columns[1][i] = site->partner_id;
    batch->columns[2][i] = number(ctx, site->area);
    batch->columns[3][i] = site->name;
    batch->columns[4][i] = site->kind;
    batch->columns[5][i] = real(ctx, site->lon);
    batch->columns[6][i] = real(ctx, site->lat);
    batch->columns[7][i] = int_list(ctx, needs, site->n_needs * NEED_NUMBERS);
    batch->columns[8][i] = or_empty(site->access);
    batch->columns[9][i] = real(ctx, site->radius_m);
    batch->columns[10][i] = or_empty(site->code);
    return true;
}

enum gx_rc store_sites_put(struct gx_ctx *ctx, const struct sites *sites)
{
    for (size_t done = 0; done < sites->count; done += CHUNK_ROWS) {
        size_t left = sites->count - done;
        struct batch batch;
        if (!batch_init(&batch, ctx, left < CHUNK_ROWS ? left : CHUNK_ROWS, 11)) {
            return spent(ctx);
        }
        for (size_t i = 0; i < batch.count; i++) {
            if (!fill_site(&batch, i, sites->items[done + i])) {
                return spent(ctx);
            }
        }
        enum gx_rc rc = batch_run(&batch, &SITES_PUT);
        if (rc != GX_OK) {
            return rc;
        }
    }
    return GX_OK;
}

/* --- responders --- */

#define RESPONDER_COLUMNS                                                                          \
    "r.id, r.org_id, r.area, r.force, r.guard_kind, r.call_sign, r.site_id, r.skill_codes, "       \
    "r.skill_until::text[], "                                                                      \
    "r.off_site_consent, r.insured_until_at, r.phone, r.crew, r.active, r.code "
#define ON_SHIFT                                                                                   \
    "EXISTS (SELECT 1 FROM readiness.shift h WHERE h.responder_id = r.id AND (h.state = 2 "        \
    "OR (h.state = 1 AND h.from_at <= genxi.now_ms() AND h.until_at > genxi.now_ms())))"

static const struct gx_pg_stmt RESPONDER_LIST = {
    .name = "readiness_responder_list",
    .sql = "SELECT " RESPONDER_COLUMNS "FROM readiness.responder r "
           "WHERE ($1::int IS NULL OR r.area = $1) AND ($2::uuid IS NULL OR r.org_id = $2) "
           "AND ($3::smallint IS NULL OR r.force = $3) AND ($4::bool IS NULL OR $4 = " ON_SHIFT ") "
           "AND ($5::uuid IS NULL OR r.id = $5) AND ($6::uuid IS NULL OR r.id > $6) ORDER BY r.id "
           "LIMIT $7",
    .params = 7,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt RESPONDERS_BY_ID = {
    .name = "readiness_responders_by_id",
    .sql = "SELECT " RESPONDER_COLUMNS "FROM readiness.responder r WHERE r.id = ANY($1::uuid[])",
    .params = 1,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt RESPONDERS_LOCK = {
    .name = "readiness_responders_lock",
    .sql = "SELECT " RESPONDER_COLUMNS
           "FROM readiness.responder r WHERE r.id = ANY($1::uuid[]) ORDER BY r.id FOR UPDATE",
    .params = 1,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt RESPONDERS_BY_CODE = {
    .name = "readiness_responders_by_code",
    .sql = "SELECT " RESPONDER_COLUMNS
           "FROM readiness.responder r JOIN unnest($1::uuid[], $2::text[]) "
           "AS n(owner, code) ON r.org_id = n.owner AND r.code = n.code",
    .params = 2,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt RESPONDERS_FOLLOW = {
    .name = "readiness_responders_follow",
    .sql =
        "UPDATE readiness.responder r SET area = w.area, updated_at = genxi.now_ms() FROM ("
        "SELECT o.id, o.area AS old, coalesce(s.area, p.area) AS area FROM readiness.responder o "
        "LEFT JOIN readiness.site s ON s.id = o.site_id "
        "LEFT JOIN readiness.partner p ON p.id = o.org_id AND o.site_id IS NULL "
        "WHERE o.site_id = ANY($1::uuid[]) OR (o.org_id = ANY($2::uuid[]) AND o.site_id IS NULL)) "
        "w "
        "WHERE r.id = w.id AND r.area <> w.area RETURNING " RESPONDER_COLUMNS ", w.old",
    .params = 2,
    .shape = GX_PG_ROWS,
    .writes = true,
};

static void read_skills(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                        Genxi__Responder *responder)
{
    size_t codes = 0;
    size_t ends = 0;
    char **code = gx_rows_texts(ctx, rows, row, 7, &codes);
    const int64_t *until = numbers_at(ctx, rows, row, 8, &ends);
    responder->skills = gx_pb_array(ctx, codes + 1);
    for (size_t i = 0; i < codes && i < ends && responder->skills != NULL; i++) {
        Genxi__Skill *skill = gx_pb_new(ctx, &genxi__skill__descriptor);
        if (skill == NULL) {
            return;
        }
        skill->code = code[i];
        skill->until_at = until[i];
        responder->skills[responder->n_skills++] = skill;
    }
}

static enum gx_rc responders_from(struct gx_ctx *ctx, const struct gx_rows *rows,
                                  struct responders *ret_responders)
{
    Genxi__Responder **items =
        (Genxi__Responder **)messages(ctx, rows, &genxi__responder__descriptor);
    for (size_t i = 0; i < gx_rows_count(rows) && items != NULL; i++) {
        Genxi__Responder *responder = items[i];
        responder->id = text_at(ctx, rows, i, 0);
        responder->org_id = text_at(ctx, rows, i, 1);
        responder->area = (int32_t)gx_rows_int(rows, i, 2);
        responder->force = (Genxi__Force)gx_rows_int(rows, i, 3);
        responder->has_guard_kind = !gx_rows_null(rows, i, 4);
        if (responder->has_guard_kind) {
            responder->guard_kind = (Genxi__GuardKind)gx_rows_int(rows, i, 4);
        }
        responder->call_sign = text_at(ctx, rows, i, 5);
        responder->site_id = gx_rows_copy(ctx, rows, i, 6);
        read_skills(ctx, rows, i, responder);
        responder->has_off_site_consent = true;
        responder->off_site_consent = gx_rows_bool(rows, i, 9);
        responder->has_insured_until_at = !gx_rows_null(rows, i, 10);
        responder->insured_until_at = gx_rows_int(rows, i, 10);
        responder->phone = gx_rows_copy(ctx, rows, i, 11);
        responder->has_crew = true;
        responder->crew = (uint32_t)gx_rows_int(rows, i, 12);
        responder->has_active = true;
        responder->active = gx_rows_bool(rows, i, 13);
        responder->code = gx_rows_copy(ctx, rows, i, 14);
    }
    if (ctx->arena.spent) {
        return spent(ctx);
    }
    *ret_responders = (struct responders){items, gx_rows_count(rows)};
    return GX_OK;
}

static enum gx_rc read_responders(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                                  const struct gx_param *params, struct responders *ret_responders)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, stmt, params, &rows);
    return rc != GX_OK ? rc : responders_from(ctx, rows, ret_responders);
}

enum gx_rc store_responder_list(struct gx_ctx *ctx, const Genxi__ResponderQuery *query,
                                uint32_t limit, struct responders *ret_responders)
{
    const struct gx_param params[] = {
        area_param(ctx, query->has_area, query->area),
        gx_text(query->org_id),
        query->has_force ? gx_int(ctx, query->force) : gx_null(),
        query->has_on_shift ? gx_bool(query->on_shift) : gx_null(),
        gx_text(query->id),
        gx_text(query->cursor),
        more_than(ctx, limit),
    };
    return read_responders(ctx, &RESPONDER_LIST, params, ret_responders);
}

enum gx_rc store_responders_by_id(struct gx_ctx *ctx, const char *const *ids, size_t count,
                                  bool lock, struct responders *ret_responders)
{
    const struct gx_param params[] = {gx_text_array(ctx, ids, count)};
    return read_responders(ctx, lock ? &RESPONDERS_LOCK : &RESPONDERS_BY_ID, params,
                           ret_responders);
}

enum gx_rc store_responders_by_code(struct gx_ctx *ctx, const struct store_keys *keys,
                                    struct responders *ret_responders)
{
    const struct gx_param params[] = {gx_text_array(ctx, keys->owners, keys->count),
                                      gx_text_array(ctx, keys->keys, keys->count)};
    return read_responders(ctx, &RESPONDERS_BY_CODE, params, ret_responders);
}

static int32_t *old_areas(struct gx_ctx *ctx, const struct gx_rows *rows, int column)
{
    size_t count = gx_rows_count(rows);
    int32_t *areas = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *areas);
    for (size_t i = 0; i < count && areas != NULL; i++) {
        areas[i] = (int32_t)gx_rows_int(rows, i, column);
    }
    return areas;
}

enum gx_rc store_responders_follow(struct gx_ctx *ctx, const char *const *site_ids,
                                   size_t site_count, const char *const *org_ids, size_t org_count,
                                   struct responders *ret_moved, int32_t **ret_old_areas)
{
    const struct gx_param params[] = {gx_text_array(ctx, site_ids, site_count),
                                      gx_text_array(ctx, org_ids, org_count)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &RESPONDERS_FOLLOW, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    *ret_old_areas = old_areas(ctx, rows, 15);
    return responders_from(ctx, rows, ret_moved);
}

static const struct gx_pg_stmt RESPONDERS_PUT = {
    .name = "readiness_responders_put",
    .sql =
        "INSERT INTO readiness.responder (id, org_id, area, force, guard_kind, call_sign, site_id, "
        "skill_codes, "
        "skill_until, off_site_consent, insured_until_at, phone, crew, active, code) "
        "SELECT n.id, n.org_id, n.area, n.force, nullif(n.guard_kind, 0::smallint), n.call_sign, "
        "nullif(n.site_id, '')::uuid, n.skill_codes::text[], n.skill_until::bigint[], "
        "n.off_site_consent, "
        "nullif(n.insured_until_at, 0), nullif(n.phone, ''), n.crew, n.active, nullif(n.code, '') "
        "FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::smallint[], $5::smallint[], "
        "$6::text[], $7::text[], "
        "$8::text[], $9::text[], $10::bool[], $11::bigint[], $12::text[], $13::int[], $14::bool[], "
        "$15::text[]) "
        "AS n(id, org_id, area, force, guard_kind, call_sign, site_id, skill_codes, skill_until, "
        "off_site_consent, insured_until_at, phone, crew, active, code) "
        "ON CONFLICT (id) DO UPDATE SET org_id = excluded.org_id, area = excluded.area, force = "
        "excluded.force, "
        "guard_kind = excluded.guard_kind, call_sign = excluded.call_sign, site_id = "
        "excluded.site_id, "
        "skill_codes = excluded.skill_codes, skill_until = excluded.skill_until, "
        "off_site_consent = excluded.off_site_consent, insured_until_at = "
        "excluded.insured_until_at, "
        "phone = excluded.phone, crew = excluded.crew, active = excluded.active, code = "
        "excluded.code, "
        "updated_at = genxi.now_ms()",
    .params = 15,
    .shape = GX_PG_NONE,
    .writes = true,
};

static bool fill_skills(struct batch *batch, size_t i, const Genxi__Responder *responder)
{
    struct gx_ctx *ctx = batch->ctx;
    size_t count = responder->n_skills;
    const char **codes = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *codes);
    const char **until = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *until);
    if (codes == NULL || until == NULL) {
        return false;
    }
    for (size_t n = 0; n < count; n++) {
        codes[n] = responder->skills[n]->code;
        until[n] = number(ctx, responder->skills[n]->until_at);
    }
    batch->columns[7][i] = text_list(ctx, codes, count);
    batch->columns[8][i] = text_list(ctx, until, count);
    return true;
}

static bool fill_responder(struct batch *batch, size_t i, const Genxi__Responder *responder)
{
    struct gx_ctx *ctx = batch->ctx;
    batch->columns[0][i] = responder->id;
    batch->columns[1][i] = responder->org_id;
    batch->columns[2][i] = number(ctx, responder->area);
    batch->columns[3][i] = number(ctx, responder->force);
    batch->columns[4][i] =
        number(ctx, responder->has_guard_kind ? (int64_t)responder->guard_kind : 0);
    batch->columns[5][i] = responder->call_sign;
    batch->columns[6][i] = or_empty(responder->site_id);
    batch->columns[9][i] = boolean(responder->off_site_consent);
    batch->columns[10][i] =
        number(ctx, responder->has_insured_until_at ? responder->insured_until_at : 0);
    batch->columns[11][i] = or_empty(responder->phone);
    batch->columns[12][i] = number(ctx, responder->crew);
    batch->columns[13][i] = boolean(responder->active);
    batch->columns[14][i] = or_empty(responder->code);
    return fill_skills(batch, i, responder);
}

enum gx_rc store_responders_put(struct gx_ctx *ctx, const struct responders *responders)
{
    for (size_t done = 0; done < responders->count; done += CHUNK_ROWS) {
        size_t left = responders->count - done;
        struct batch batch;
        if (!batch_init(&batch, ctx, left < CHUNK_ROWS ? left : CHUNK_ROWS, 15)) {
            return spent(ctx);
        }
        for (size_t i = 0; i < batch.count; i++) {
            if (!fill_responder(&batch, i, responders->items[done + i])) {
                return spent(ctx);
            }
        }
        enum gx_rc rc = batch_run(&batch, &RESPONDERS_PUT);
        if (rc != GX_OK) {
            return rc;
        }
    }
    return GX_OK;
}

/* --- shifts --- */

#define SHIFT_COLUMNS "h.id, h.responder_id, h.area, h.from_at, h.until_at, h.state, h.org_id "

static const struct gx_pg_stmt SHIFT_LIST = {
    .name = "readiness_shift_list",
    .sql = "SELECT " SHIFT_COLUMNS "FROM readiness.shift h "
           "WHERE ($1::int IS NULL OR h.area = $1) AND ($2::uuid IS NULL OR h.responder_id = $2) "
           "AND ($3::bigint IS NULL OR (h.state <> 3 AND h.from_at <= $3 AND (h.until_at > $3 OR "
           "h.state = 2))) "
           "AND ($4::uuid IS NULL OR h.id > $4) ORDER BY h.id LIMIT $5",
    .params = 5,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt SHIFTS_BY_ID = {
    .name = "readiness_shifts_by_id",
    .sql = "SELECT " SHIFT_COLUMNS "FROM readiness.shift h WHERE h.id = ANY($1::uuid[])",
    .params = 1,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt SHIFTS_LOCK = {
    .name = "readiness_shifts_lock",
    .sql = "SELECT " SHIFT_COLUMNS
           "FROM readiness.shift h WHERE h.id = ANY($1::uuid[]) ORDER BY h.id FOR UPDATE",
    .params = 1,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt SHIFTS_BY_BEGIN = {
    .name = "readiness_shifts_by_begin",
    .sql =
        "SELECT DISTINCT ON (h.responder_id, h.from_at) " SHIFT_COLUMNS
        "FROM readiness.shift h JOIN unnest($1::uuid[], $2::bigint[]) AS n(responder_id, from_at) "
        "ON h.responder_id = n.responder_id AND h.from_at = n.from_at "
        "ORDER BY h.responder_id, h.from_at, h.state, h.id",
    .params = 2,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt SHIFTS_OVERLAPPING = {
    .name = "readiness_shifts_overlapping",
    .sql =
        "SELECT DISTINCT ON (h.id) " SHIFT_COLUMNS
        "FROM readiness.shift h JOIN unnest($1::uuid[], $2::bigint[], $3::bigint[]) "
        "AS n(responder_id, from_at, until_at) ON h.responder_id = n.responder_id AND h.state <> 3 "
        "AND h.from_at < n.until_at AND h.until_at > n.from_at "
        "WHERE NOT EXISTS (SELECT 1 FROM unnest($4::uuid[]) AS own(id) WHERE own.id = h.id)",
    .params = 4,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt SHIFTS_FOLLOW = {
    .name = "readiness_shifts_follow",
    .sql = "UPDATE readiness.shift h SET area = w.area, updated_at = genxi.now_ms() FROM ("
           "SELECT o.id, o.area AS old, r.area FROM readiness.shift o JOIN readiness.responder r "
           "ON r.id = o.responder_id WHERE o.state <> 3 AND o.responder_id = ANY($1::uuid[])) w "
           "WHERE h.id = w.id AND h.area <> w.area RETURNING " SHIFT_COLUMNS ", w.old",
    .params = 1,
    .shape = GX_PG_ROWS,
    .writes = true,
};

static enum gx_rc shifts_from(struct gx_ctx *ctx, const struct gx_rows *rows,
                              struct shifts *ret_shifts)
{
    Genxi__Shift **items = (Genxi__Shift **)messages(ctx, rows, &genxi__shift__descriptor);
    for (size_t i = 0; i < gx_rows_count(rows) && items != NULL; i++) {
        Genxi__Shift *shift = items[i];
        shift->id = text_at(ctx, rows, i, 0);
        shift->responder_id = text_at(ctx, rows, i, 1);
        shift->area = (int32_t)gx_rows_int(rows, i, 2);
        shift->from_at = gx_rows_int(rows, i, 3);
        shift->until_at = gx_rows_int(rows, i, 4);
        shift->state = (Genxi__ShiftState)gx_rows_int(rows, i, 5);
        shift->org_id = text_at(ctx, rows, i, 6);
    }
    if (ctx->arena.spent) {
        return spent(ctx);
    }
    *ret_shifts = (struct shifts){items, gx_rows_count(rows)};
    return GX_OK;
}

static enum gx_rc read_shifts(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                              const struct gx_param *params, struct shifts *ret_shifts)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, stmt, params, &rows);
    return rc != GX_OK ? rc : shifts_from(ctx, rows, ret_shifts);
}

enum gx_rc store_shift_list(struct gx_ctx *ctx, const Genxi__ShiftQuery *query, uint32_t limit,
                            struct shifts *ret_shifts)
{
    const struct gx_param params[] = {
        area_param(ctx, query->has_area, query->area),
        gx_text(query->responder_id),
        query->has_at ? gx_int(ctx, query->at) : gx_null(),
        gx_text(query->cursor),
        more_than(ctx, limit),
    };
    return read_shifts(ctx, &SHIFT_LIST, params, ret_shifts);
}

enum gx_rc store_shifts_by_id(struct gx_ctx *ctx, const char *const *ids, size_t count, bool lock,
                              struct shifts *ret_shifts)
{
    const struct gx_param params[] = {gx_text_array(ctx, ids, count)};
    return read_shifts(ctx, lock ? &SHIFTS_LOCK : &SHIFTS_BY_ID, params, ret_shifts);
}

enum gx_rc store_shifts_by_begin(struct gx_ctx *ctx, const struct store_keys *keys,
                                 struct shifts *ret_shifts)
{
    const struct gx_param params[] = {gx_text_array(ctx, keys->owners, keys->count),
                                      gx_text_array(ctx, keys->keys, keys->count)};
    return read_shifts(ctx, &SHIFTS_BY_BEGIN, params, ret_shifts);
}

enum gx_rc store_shifts_overlapping(struct gx_ctx *ctx, const struct shifts *wanted,
                                    struct shifts *ret_others)
{
    struct batch batch;
    if (!batch_init(&batch, ctx, wanted->count, 4)) {
        return spent(ctx);
    }
    for (size_t i = 0; i < wanted->count; i++) {
        batch.columns[0][i] = wanted->items[i]->responder_id;
        batch.columns[1][i] = number(ctx, wanted->items[i]->from_at);
        batch.columns[2][i] = number(ctx, wanted->items[i]->until_at);
        batch.columns[3][i] = wanted->items[i]->id;
    }
    struct gx_param params[4];
    for (size_t i = 0; i < 4; i++) {
        params[i] = gx_text_array(ctx, batch.columns[i], batch.count);
    }
    return read_shifts(ctx, &SHIFTS_OVERLAPPING, params, ret_others);
}

static const struct gx_pg_stmt SHIFTS_PUT = {
    .name = "readiness_shifts_put",
    .sql = "INSERT INTO readiness.shift (id, responder_id, area, from_at, until_at, state, org_id) "
           "SELECT n.id, n.responder_id, n.area, n.from_at, n.until_at, n.state, n.org_id "
           "FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::bigint[], $5::bigint[], "
           "$6::smallint[], $7::uuid[]) "
           "AS n(id, responder_id, area, from_at, until_at, state, org_id) "
           "ON CONFLICT (id) DO UPDATE SET responder_id = excluded.responder_id, area = "
           "excluded.area, "
           "from_at = excluded.from_at, until_at = excluded.until_at, state = excluded.state, "
           "org_id = excluded.org_id, updated_at = genxi.now_ms()",
    .params = 7,
    .shape = GX_PG_NONE,
    .writes = true,
};
/* Only what closing changes: a responder may update the own shift but not insert one, and an upsert asks for both. */
static const struct gx_pg_stmt SHIFT_CLOSE = {
    .name = "readiness_shift_close",
    .sql = "UPDATE readiness.shift h SET state = 3, until_at = $2::bigint, updated_at = "
           "genxi.now_ms() "
           "WHERE h.id = $1::uuid RETURNING h.id",
    .params = 2,
    .shape = GX_PG_ONE_ROW,
    .writes = true,
};

enum gx_rc store_shifts_put(struct gx_ctx *ctx, const struct shifts *shifts)
{
    for (size_t done = 0; done < shifts->count; done += CHUNK_ROWS) {
        size_t left = shifts->count - done;
        struct batch batch;
        if (!batch_init(&batch, ctx, left < CHUNK_ROWS ? left : CHUNK_ROWS, 7)) {
            return spent(ctx);
        }
        for (size_t i = 0; i < batch.count; i++) {
            const Genxi__Shift *shift = shifts->items[done + i];
            batch.columns[0][i] = shift->id;
            batch.columns[1][i] = shift->responder_id;
            batch.columns[2][i] = number(ctx, shift->area);
            batch.columns[3][i] = number(ctx, shift->from_at);
            batch.columns[4][i] = number(ctx, shift->until_at);
            batch.columns[5][i] = number(ctx, shift->state);
            batch.columns[6][i] = shift->org_id;
        }
        enum gx_rc rc = batch_run(&batch, &SHIFTS_PUT);
        if (rc != GX_OK) {
            return rc;
        }
    }
    return GX_OK;
}

enum gx_rc store_shift_close(struct gx_ctx *ctx, const char *id, int64_t until_at)
{
    const struct gx_param params[] = {gx_text(id), gx_int(ctx, until_at)};
    const struct gx_rows *rows = NULL;
    return gx_sql(ctx, &SHIFT_CLOSE, params, &rows);
}

enum gx_rc store_shifts_follow(struct gx_ctx *ctx, const char *const *responder_ids, size_t count,
                               struct shifts *ret_moved, int32_t **ret_old_areas)
{
    const struct gx_param params[] = {gx_text_array(ctx, responder_ids, count)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &SHIFTS_FOLLOW, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    *ret_old_areas = old_areas(ctx, rows, 7);
    return shifts_from(ctx, rows, ret_moved);
}

/* --- instructor teams --- */

#define TEAM_COLUMNS                                                                               \
    "t.id, t.org_id, t.area, t.name, t.subjects, t.responder_ids, t.code FROM readiness.team t "

static const struct gx_pg_stmt TEAM_LIST = {
    .name = "readiness_team_list",
    .sql = "SELECT " TEAM_COLUMNS
           "WHERE ($1::int IS NULL OR t.area = $1) AND ($2::uuid IS NULL OR t.id > $2) "
           "ORDER BY t.id LIMIT $3",
    .params = 3,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt TEAMS_BY_CODE = {
    .name = "readiness_teams_by_code",
    .sql = "SELECT " TEAM_COLUMNS "JOIN unnest($1::uuid[], $2::text[]) AS n(owner, code) "
           "ON t.org_id = n.owner AND t.code = n.code",
    .params = 2,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt TEAMS_PUT = {
    .name = "readiness_teams_put",
    .sql = "INSERT INTO readiness.team (id, org_id, area, name, subjects, responder_ids, code) "
           "SELECT n.id, n.org_id, n.area, n.name, n.subjects::text[], n.responder_ids::uuid[], "
           "nullif(n.code, '') "
           "FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], "
           "$7::text[]) "
           "AS n(id, org_id, area, name, subjects, responder_ids, code) "
           "ON CONFLICT (id) DO UPDATE SET org_id = excluded.org_id, area = excluded.area, name = "
           "excluded.name, "
           "subjects = excluded.subjects, responder_ids = excluded.responder_ids, code = "
           "excluded.code, "
           "updated_at = genxi.now_ms()",
    .params = 7,
    .shape = GX_PG_NONE,
    .writes = true,
};

static enum gx_rc read_teams(struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                             const struct gx_param *params, struct teams *ret_teams)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, stmt, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    Genxi__InstructorTeam **items =
        (Genxi__InstructorTeam **)messages(ctx, rows, &genxi__instructor_team__descriptor);
    for (size_t i = 0; i < gx_rows_count(rows) && items != NULL; i++) {
        Genxi__InstructorTeam *team = items[i];
        team->id = text_at(ctx, rows, i, 0);
        team->org_id = text_at(ctx, rows, i, 1);
        team->area = (int32_t)gx_rows_int(rows, i, 2);
        team->name = text_at(ctx, rows, i, 3);
        team->subjects = gx_rows_texts(ctx, rows, i, 4, &team->n_subjects);
        team->responder_ids = gx_rows_texts(ctx, rows, i, 5, &team->n_responder_ids);
        team->code = gx_rows_copy(ctx, rows, i, 6);
    }
    if (ctx->arena.spent) {
        return spent(ctx);
    }
    *ret_teams = (struct teams){items, gx_rows_count(rows)};
    return GX_OK;
}

enum gx_rc store_team_list(struct gx_ctx *ctx, const Genxi__InstructorTeamQuery *query,
                           uint32_t limit, struct teams *ret_teams)
{
    const struct gx_param params[] = {
        area_param(ctx, query->has_area, query->area),
        gx_text(query->cursor),
        more_than(ctx, limit),
    };
    return read_teams(ctx, &TEAM_LIST, params, ret_teams);
}

enum gx_rc store_teams_by_code(struct gx_ctx *ctx, const struct store_keys *keys,
                               struct teams *ret_teams)
{
    const struct gx_param params[] = {gx_text_array(ctx, keys->owners, keys->count),
                                      gx_text_array(ctx, keys->keys, keys->count)};
    return read_teams(ctx, &TEAMS_BY_CODE, params, ret_teams);
}

enum gx_rc store_teams_put(struct gx_ctx *ctx, const struct teams *teams)
{
    for (size_t done = 0; done < teams->count; done += CHUNK_ROWS) {
        size_t left = teams->count - done;
        struct batch batch;
        if (!batch_init(&batch, ctx, left < CHUNK_ROWS ? left : CHUNK_ROWS, 7)) {
            return spent(ctx);
        }
        for (size_t i = 0; i < batch.count; i++) {
            const Genxi__InstructorTeam *team = teams->items[done + i];
            batch.columns[0][i] = team->id;
            batch.columns[1][i] = team->org_id;
            batch.columns[2][i] = number(ctx, team->area);
            batch.columns[3][i] = team->name;
            batch.columns[4][i] =
                text_list(ctx, (const char *const *)team->subjects, team->n_subjects);
            batch.columns[5][i] =
                text_list(ctx, (const char *const *)team->responder_ids, team->n_responder_ids);
            batch.columns[6][i] = or_empty(team->code);
        }
        enum gx_rc rc = batch_run(&batch, &TEAMS_PUT);
        if (rc != GX_OK) {
            return rc;
        }
    }
    return GX_OK;
}
