/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "base/cleanup.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum gx_rc spent(struct gx_ctx *ctx)
{
    return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
}

/* A column's text in the arena; NULL for SQL NULL. */
static char *text_at(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row, int column)
{
    return gx_rows_copy(ctx, rows, row, column);
}

/* For a required text field. */
static char *given(char *text)
{
    return text == NULL ? gx_pb_text("") : text;
}

#define OPTIONAL_INT(message, field, rows, row, column)                                            \
    do {                                                                                           \
        (message)->has_##field = !gx_rows_null(rows, row, column);                                 \
        (message)->field = gx_rows_int(rows, row, column);                                         \
    } while (0)

static struct gx_param int_or_null(struct gx_ctx *ctx, bool has, int64_t value)
{
    return has ? gx_int(ctx, value) : gx_null();
}

static struct gx_param real_or_null(struct gx_ctx *ctx, bool has, double value)
{
    return has ? gx_real(ctx, value) : gx_null();
}

static struct gx_param texts(struct gx_ctx *ctx, char *const *items, size_t count)
{
    return gx_text_array(ctx, (const char *const *)items, count);
}

/* --- what worker threads keep in memory --- */

enum gx_rc intake_store_generation(struct gx_ctx *ctx, int64_t *ret_generation)
{
    static const struct gx_pg_stmt GENERATION = {
        "intake_generation", "SELECT generation FROM intake.catalog", 0, GX_PG_ONE_ROW, false};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &GENERATION, NULL, &rows);
    if (rc == GX_OK) {
        *ret_generation = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

/* A ring comes as text[] of numbers, lon and lat by turns. */
static const struct gx_point *read_ring(struct gx_ctx *memory, const struct gx_rows *rows,
                                        size_t row, int column, size_t *ret_count)
{
    size_t numbers = 0;
    char **parts = gx_rows_texts(memory, rows, row, column, &numbers);
    size_t count = numbers / 2;
    struct gx_point *ring = gx_arena_alloc(&memory->arena, (count + 1) * sizeof *ring);
    *ret_count = 0;
    if (ring == NULL || parts == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        ring[i] = (struct gx_point){strtod(parts[2 * i], NULL), strtod(parts[2 * i + 1], NULL)};
    }
    *ret_count = count;
    return ring;
}

enum gx_rc intake_store_stations(struct gx_ctx *ctx, struct gx_ctx *memory,
                                 struct intake_stations *ret_stations)
{
    static const struct gx_pg_stmt STATIONS = {
        "intake_stations",
        "SELECT area, org_id, lon, lat, ring::text[] FROM intake.station ORDER BY area", 0,
        GX_PG_ROWS, false};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &STATIONS, NULL, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct intake_station *items = gx_arena_alloc(&memory->arena, (count + 1) * sizeof *items);
    if (items == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < count; i++) {
        items[i].area = (int32_t)gx_rows_int(rows, i, 0);
        items[i].org_id = given(text_at(memory, rows, i, 1));
        items[i].at = (struct gx_point){gx_rows_real(rows, i, 2), gx_rows_real(rows, i, 3)};
        items[i].ring = read_ring(memory, rows, i, 4, &items[i].ring_count);
    }
    *ret_stations = (struct intake_stations){items, count};
    return memory->arena.spent ? spent(ctx) : GX_OK;
}

enum gx_rc intake_store_parties(struct gx_ctx *ctx, struct gx_ctx *memory,
                                struct intake_party **ret_parties, size_t *ret_count)
{
    static const struct gx_pg_stmt PARTIES = {
        "intake_parties",
        "SELECT id, kind, area, exercise FROM intake.partner"
        " WHERE active AND kind IN (1, 6, 9, 10, 11, 12, 13) ORDER BY id",
        0, GX_PG_ROWS, false};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &PARTIES, NULL, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct intake_party *parties = gx_arena_alloc(&memory->arena, (count + 1) * sizeof *parties);
    if (parties == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < count; i++) {
        parties[i] =
            (struct intake_party){given(text_at(memory, rows, i, 0)), (int)gx_rows_int(rows, i, 1),
                                  (int32_t)gx_rows_int(rows, i, 2), gx_rows_bool(rows, i, 3)};
    }
    *ret_parties = parties;
    *ret_count = count;
    return memory->arena.spent ? spent(ctx) : GX_OK;
}

enum gx_rc intake_store_playbooks(struct gx_ctx *ctx, struct intake_definition **ret_definitions,
                                  size_t *ret_count)
{
    static const struct gx_pg_stmt PLAYBOOKS = {
        "intake_playbooks",
        "SELECT code, version, (definition || jsonb_build_object('code', code, 'version', "
        "version))::text"
        " FROM intake.playbook WHERE active ORDER BY code, version DESC",
        0, GX_PG_ROWS, false};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &PLAYBOOKS, NULL, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct intake_definition *items = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *items);
    if (items == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct intake_definition){gx_rows_text(rows, i, 0), gx_rows_int(rows, i, 1),
                                              gx_rows_text(rows, i, 2)};
    }
    *ret_definitions = items;
    *ret_count = count;
    return GX_OK;
}

/* --- copies of the registry --- */

enum gx_rc intake_store_station_put(struct gx_ctx *ctx, const Genxi__Station *station)
{
    static const struct gx_pg_stmt PUT = {"intake_station_put",
                                          "INSERT INTO intake.station (area, org_id, lon, lat, "
                                          "ring) VALUES ($1, $2, $3, $4, $5::double precision[])"
                                          " ON CONFLICT (area) DO UPDATE SET org_id = "
                                          "excluded.org_id, lon = excluded.lon, lat = excluded.lat,"
                                          " ring = excluded.ring",
                                          5, GX_PG_NONE, true};
    char **numbers = gx_pb_array(ctx, station->n_ring + 1);
    if (numbers == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < station->n_ring; i++) {
        numbers[i] = gx_arena_printf(&ctx->arena, "%.17g", station->ring[i]);
        if (numbers[i] == NULL) {
            return spent(ctx);
        }
    }
    const struct gx_param params[] = {gx_int(ctx, station->area), gx_text(station->org_id),
                                      gx_real(ctx, station->lon), gx_real(ctx, station->lat),
                                      texts(ctx, numbers, station->n_ring)};
    return gx_sql_later(ctx, &PUT, params);
}

enum gx_rc intake_store_partner_put(struct gx_ctx *ctx, const Genxi__Partner *partner)
{
    static const struct gx_pg_stmt PUT = {
        "intake_partner_put",
        "INSERT INTO intake.partner (id, kind, area, active, exercise) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, area = excluded.area, active = "
        "excluded.active,"
        " exercise = excluded.exercise",
        5, GX_PG_NONE, true};
    const struct gx_param params[] = {gx_text(partner->id), gx_int(ctx, (int64_t)partner->kind),
                                      gx_int(ctx, partner->area),
                                      gx_bool(partner->state == GENXI__ORG_STATE__ORG_STATE_ACTIVE),
                                      gx_bool(partner->has_exercise && partner->exercise)};
    return gx_sql_later(ctx, &PUT, params);
}

enum gx_rc intake_store_site_put(struct gx_ctx *ctx, const Genxi__Site *site)
{
    static const struct gx_pg_stmt PUT = {
        "intake_site_put",
        "INSERT INTO intake.site (id, partner_id, area, lon, lat) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (id) DO UPDATE SET partner_id = excluded.partner_id, area = excluded.area,"
        " lon = excluded.lon, lat = excluded.lat",
        5, GX_PG_NONE, true};
    const struct gx_param params[] = {gx_text(site->id), gx_text(site->partner_id),
                                      gx_int(ctx, site->area), gx_real(ctx, site->lon),
                                      gx_real(ctx, site->lat)};
    return gx_sql_later(ctx, &PUT, params);
}

enum gx_rc intake_store_responder_put(struct gx_ctx *ctx, const Genxi__Responder *responder)
{
    static const struct gx_pg_stmt PUT = {
        "intake_responder_put",
        "INSERT INTO intake.responder (id, org_id, area, force, active) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (id) DO UPDATE SET org_id = excluded.org_id, area = excluded.area, force = "
        "excluded.force,"
        " active = excluded.active",
        5, GX_PG_NONE, true};
    const struct gx_param params[] = {gx_text(responder->id), gx_text(responder->org_id),
                                      gx_int(ctx, responder->area),
                                      gx_int(ctx, (int64_t)responder->force),
                                      gx_bool(!responder->has_active || responder->active)};
    return gx_sql_later(ctx, &PUT, params);
}

enum gx_rc intake_store_site_find(struct gx_ctx *ctx, const char *id, struct intake_site *ret_site)
{
    static const struct gx_pg_stmt FIND = {
        "intake_site_find", "SELECT partner_id, lon, lat FROM intake.site WHERE id = $1", 1,
        GX_PG_MAYBE_ROW, false};
    const struct gx_param params[] = {gx_text(id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &FIND, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    *ret_site = (struct intake_site){.found = gx_rows_count(rows) == 1};
    if (ret_site->found) {
        ret_site->partner_id = given(text_at(ctx, rows, 0, 0));
        ret_site->at = (struct gx_point){gx_rows_real(rows, 0, 1), gx_rows_real(rows, 0, 2)};
    }
    return GX_OK;
}

enum gx_rc intake_store_responders_find(struct gx_ctx *ctx, char *const *ids, size_t count,
                                        struct intake_responder **ret_responders, size_t *ret_count)
{
    static const struct gx_pg_stmt FIND = {
        "intake_responders_find",
        "SELECT id, org_id, force FROM intake.responder WHERE id = ANY ($1::uuid[]) AND active", 1,
        GX_PG_ROWS, false};
    const struct gx_param params[] = {texts(ctx, ids, count)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &FIND, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t found = gx_rows_count(rows);
    struct intake_responder *items = gx_arena_alloc(&ctx->arena, (found + 1) * sizeof *items);
    if (items == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < found; i++) {
        items[i] = (struct intake_responder){gx_rows_text(rows, i, 0), gx_rows_text(rows, i, 1),
                                             (int)gx_rows_int(rows, i, 2)};
    }
    *ret_responders = items;
    *ret_count = found;
    return GX_OK;
}

/* --- incidents --- */

#define INCIDENT_COLUMNS                                                                           \
    "i.id, i.number, i.area, i.state, i.type, i.initial_type, i.grade, i.initial_grade, i.lon, "   \
    "i.lat,"                                                                                       \
    " i.initial_lon, i.initial_lat, i.address, i.initial_address, i.site_id, i.exercise, "         \
    "i.playbook_version,"                                                                          \
    " i.report_count, i.merged_into, i.commander_id, i.commander_force, i.disposition, i.flags, "  \
    "i.version,"                                                                                   \
    " i.reporter_org_id, i.reasons, i.first_report_at, i.last_report_at, i.reported_at, "          \
    "i.answered_at,"                                                                               \
    " i.intake_done_at, i.dispatched_at, i.delivered_at, i.acknowledged_at, i.en_route_at, "       \
    "i.on_scene_at,"                                                                               \
    " i.handled_at, i.fed_back_at, i.closed_at"
enum {
    FIRST_TIME_COLUMN = 28
};

static void read_times(Genxi__IncidentTimes *times, const struct gx_rows *rows, size_t row,
                       int column)
{
    OPTIONAL_INT(times, reported_at, rows, row, column);
    OPTIONAL_INT(times, answered_at, rows, row, column + 1);
    OPTIONAL_INT(times, intake_done_at, rows, row, column + 2);
    OPTIONAL_INT(times, dispatched_at, rows, row, column + 3);
    OPTIONAL_INT(times, delivered_at, rows, row, column + 4);
    OPTIONAL_INT(times, acknowledged_at, rows, row, column + 5);
    OPTIONAL_INT(times, en_route_at, rows, row, column + 6);
    OPTIONAL_INT(times, on_scene_at, rows, row, column + 7);
    OPTIONAL_INT(times, handled_at, rows, row, column + 8);
    OPTIONAL_INT(times, fed_back_at, rows, row, column + 9);
    OPTIONAL_INT(times, closed_at, rows, row, column + 10);
}

static void read_fields(struct gx_ctx *ctx, Genxi__Incident *pb, const struct gx_rows *rows,
                        size_t row)
{
    pb->id = given(text_at(ctx, rows, row, 0));
    pb->number = given(text_at(ctx, rows, row, 1));
    pb->area = (int32_t)gx_rows_int(rows, row, 2);
    pb->state = (Genxi__IncidentState)gx_rows_int(rows, row, 3);
    pb->type = given(text_at(ctx, rows, row, 4));
    pb->initial_type = given(text_at(ctx, rows, row, 5));
    pb->grade = (uint32_t)gx_rows_int(rows, row, 6);
    pb->initial_grade = (uint32_t)gx_rows_int(rows, row, 7);
    pb->lon = gx_rows_real(rows, row, 8);
    pb->lat = gx_rows_real(rows, row, 9);
    pb->initial_lon = gx_rows_real(rows, row, 10);
    pb->initial_lat = gx_rows_real(rows, row, 11);
    pb->address = text_at(ctx, rows, row, 12);
    pb->initial_address = text_at(ctx, rows, row, 13);
    pb->site_id = text_at(ctx, rows, row, 14);
    pb->exercise = gx_rows_bool(rows, row, 15);
    pb->playbook_version = (uint32_t)gx_rows_int(rows, row, 16);
    pb->report_count = (uint32_t)gx_rows_int(rows, row, 17);
    pb->merged_into = text_at(ctx, rows, row, 18);
    pb->commander_id = text_at(ctx, rows, row, 19);
    pb->disposition = text_at(ctx, rows, row, 21);
    pb->flags = gx_rows_texts(ctx, rows, row, 22, &pb->n_flags);
    pb->version = (uint32_t)gx_rows_int(rows, row, 23);
    pb->reporter_org_id = text_at(ctx, rows, row, 24);
    pb->police->reasons = gx_rows_texts(ctx, rows, row, 25, &pb->police->n_reasons);
}

static enum gx_rc read_incident(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                                struct intake_incident *incident)
{
    Genxi__Incident *pb = gx_pb_new(ctx, &genxi__incident__descriptor);
    if (pb == NULL) {
        return spent(ctx);
    }
    pb->times = gx_pb_new(ctx, &genxi__incident_times__descriptor);
    pb->police = gx_pb_new(ctx, &genxi__incident_police__descriptor);
    if (pb->times == NULL || pb->police == NULL) {
        return spent(ctx);
    }
    read_fields(ctx, pb, rows, row);
    read_times(pb->times, rows, row, FIRST_TIME_COLUMN);
    *incident = (struct intake_incident){.pb = pb,
                                         .first_report_at = gx_rows_int(rows, row, 26),
                                         .last_report_at = gx_rows_int(rows, row, 27),
                                         .commander_force = (int)gx_rows_int(rows, row, 20)};
    return ctx->arena.spent ? spent(ctx) : GX_OK;
}

enum gx_rc intake_store_lock(struct gx_ctx *ctx, const int64_t *keys, size_t count)
{
    static const struct gx_pg_stmt LOCK = {"intake_lock",
                                           "SELECT pg_advisory_xact_lock(k) FROM (SELECT "
                                           "unnest($1::bigint[]) AS k ORDER BY 1) AS keys",
                                           1, GX_PG_ROWS, true};
    char **numbers = gx_pb_array(ctx, count + 1);
    if (numbers == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < count; i++) {
        numbers[i] = gx_arena_printf(&ctx->arena, "%" PRId64, keys[i]);
        if (numbers[i] == NULL) {
            return spent(ctx);
        }
    }
    const struct gx_param params[] = {texts(ctx, numbers, count)};
    return gx_sql_later(ctx, &LOCK, params);
}

enum gx_rc intake_store_serial(struct gx_ctx *ctx, int64_t *ret_serial)
{
    static const struct gx_pg_stmt SERIAL = {"intake_serial", "SELECT nextval('intake.number_seq')",
                                             0, GX_PG_ONE_ROW, true};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &SERIAL, NULL, &rows);
    if (rc == GX_OK) {
        *ret_serial = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

/* One round trip: the serial for a new incident and the open ones nearby, whoever reported them. */
enum gx_rc intake_store_candidates(struct gx_ctx *ctx, const struct intake_box *box, bool exercise,
                                   struct intake_candidates *ret_candidates)
{
    static const struct gx_pg_stmt CANDIDATES = {
        "intake_candidates",
        "SELECT " INCIDENT_COLUMNS
        ", s.serial FROM (SELECT nextval('intake.number_seq') AS serial) s"
        " LEFT JOIN intake.merge_candidates($1, $2, $3, $4, $5) i ON true",
        5, GX_PG_ROWS, true};
    const struct gx_param params[] = {gx_real(ctx, box->west), gx_real(ctx, box->south),
                                      gx_real(ctx, box->east), gx_real(ctx, box->north),
                                      gx_bool(exercise)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &CANDIDATES, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct intake_incident *items = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *items);
    if (items == NULL || count == 0) {
        return spent(ctx);
    }
    size_t found = 0;
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        if (!gx_rows_null(rows, i, 0)) {
            rc = read_incident(ctx, rows, i, &items[found++]);
        }
    }
    *ret_candidates =
        (struct intake_candidates){items, found, gx_rows_int(rows, 0, FIRST_TIME_COLUMN + 11)};
    return rc;
}

enum gx_rc intake_store_incident_find(struct gx_ctx *ctx, const char *id, bool *ret_found,
                                      struct intake_incident *ret_incident)
{
    static const struct gx_pg_stmt FIND = {"intake_incident_find",
                                           "SELECT " INCIDENT_COLUMNS
                                           " FROM intake.incident i WHERE i.id = $1 FOR UPDATE",
                                           1, GX_PG_MAYBE_ROW, true};
    const struct gx_param params[] = {gx_text(id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &FIND, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    *ret_found = gx_rows_count(rows) == 1;
    return *ret_found ? read_incident(ctx, rows, 0, ret_incident) : GX_OK;
}

enum gx_rc intake_store_incident_get(struct gx_ctx *ctx, const char *id, bool lock,
                                     struct intake_incident *ret_incident)
{
    static const struct gx_pg_stmt GET = {
        "intake_incident_get", "SELECT " INCIDENT_COLUMNS " FROM intake.incident i WHERE i.id = $1",
        1, GX_PG_MAYBE_ROW, false};
    bool found = false;
    enum gx_rc rc = GX_OK;
    if (gx_id_valid(id)) {
        if (lock) {
            rc = intake_store_incident_find(ctx, id, &found, ret_incident);
        } else {
            const struct gx_param params[] = {gx_text(id)};
            const struct gx_rows *rows = NULL;
            rc = gx_sql(ctx, &GET, params, &rows);
            found = rc == GX_OK && gx_rows_count(rows) == 1;
            rc = found ? read_incident(ctx, rows, 0, ret_incident) : rc;
        }
    }
    if (rc == GX_OK && !found) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "incident");
    }
    return rc;
}

enum gx_rc intake_store_incident_add(struct gx_ctx *ctx, const struct intake_incident *incident)
{
    static const struct gx_pg_stmt ADD = {
        "intake_incident_add",
        "INSERT INTO intake.incident (id, number, area, state, type, initial_type, grade, "
        "initial_grade, lon, lat,"
        " initial_lon, initial_lat, address, initial_address, site_id, exercise, playbook_version, "
        "report_count,"
        " flags, version, reporter_org_id, first_report_at, last_report_at, reported_at, "
        "answered_at, intake_done_at)"
        " VALUES ($1, $2, $3, $4, $5, $5, $6, $6, $7, $8, $9, $10, $11, $11, $12, $13, $14, $15, "
        "$16::text[], $17, $18,"
        " $19, $20, $21, $21, $21)",
        21, GX_PG_NONE, true};
    const Genxi__Incident *pb = incident->pb;
    const struct gx_param params[] = {gx_text(pb->id),
                                      gx_text(pb->number),
                                      gx_int(ctx, pb->area),
                                      gx_int(ctx, (int64_t)pb->state),
                                      gx_text(pb->type),
                                      gx_int(ctx, pb->grade),
                                      gx_real(ctx, pb->lon),
                                      gx_real(ctx, pb->lat),
                                      gx_real(ctx, pb->initial_lon),
                                      gx_real(ctx, pb->initial_lat),
                                      gx_text_or_null(pb->address),
                                      gx_text_or_null(pb->site_id),
                                      gx_bool(pb->exercise),
                                      gx_int(ctx, pb->playbook_version),
                                      gx_int(ctx, pb->report_count),
                                      texts(ctx, pb->flags, pb->n_flags),
                                      gx_int(ctx, pb->version),
                                      gx_text_or_null(pb->reporter_org_id),
                                      gx_int(ctx, incident->first_report_at),
                                      gx_int(ctx, incident->last_report_at),
                                      gx_int(ctx, pb->times->reported_at)};
    return gx_sql_later(ctx, &ADD, params);
}

enum gx_rc intake_store_incident_put(struct gx_ctx *ctx, const struct intake_incident *incident)
{
    static const struct gx_pg_stmt PUT = {
        "intake_incident_put",
        "UPDATE intake.incident SET state = $2, type = $3, grade = $4, lon = $5, lat = $6, address "
        "= $7,"
        " playbook_version = $8, report_count = $9, merged_into = $10, commander_id = $11, "
        "commander_force = $12,"
        " disposition = $13, reasons = $14::text[], flags = $15::text[], version = $16, "
        "first_report_at = $17,"
        " last_report_at = $18, dispatched_at = $19, delivered_at = $20, acknowledged_at = $21, "
        "en_route_at = $22,"
        " on_scene_at = $23, handled_at = $24, fed_back_at = $25, closed_at = $26 WHERE id = $1",
        26, GX_PG_NONE, true};
    const Genxi__Incident *pb = incident->pb;
    const Genxi__IncidentTimes *t = pb->times;
    const struct gx_param params[] = {
        gx_text(pb->id),
        gx_int(ctx, (int64_t)pb->state),
        gx_text(pb->type),
        gx_int(ctx, pb->grade),
        gx_real(ctx, pb->lon),
        gx_real(ctx, pb->lat),
        gx_text_or_null(pb->address),
        gx_int(ctx, pb->playbook_version),
        gx_int(ctx, pb->report_count),
        gx_text_or_null(pb->merged_into),
        gx_text_or_null(pb->commander_id),
        int_or_null(ctx, incident->commander_force != 0, incident->commander_force),
        gx_text_or_null(pb->disposition),
        texts(ctx, pb->police->reasons, pb->police->n_reasons),
        texts(ctx, pb->flags, pb->n_flags),
        gx_int(ctx, pb->version),
        gx_int(ctx, incident->first_report_at),
        gx_int(ctx, incident->last_report_at),
        int_or_null(ctx, t->has_dispatched_at, t->dispatched_at),
        int_or_null(ctx, t->has_delivered_at, t->delivered_at),
        int_or_null(ctx, t->has_acknowledged_at, t->acknowledged_at),
        int_or_null(ctx, t->has_en_route_at, t->en_route_at),
        int_or_null(ctx, t->has_on_scene_at, t->on_scene_at),
        int_or_null(ctx, t->has_handled_at, t->handled_at),
        int_or_null(ctx, t->has_fed_back_at, t->fed_back_at),
        int_or_null(ctx, t->has_closed_at, t->closed_at)};
    return gx_sql_later(ctx, &PUT, params);
}

/*
 * Ids rise with time, so the list is in the order of ids. Parameters: 1 area, 2 state, 3 open, 4 from, 5 until, 6..9 box, 10 before,
 * 11 exercise, 12 limit, 13 organisation, 14 responder, 15 areas.
 */
#define LIST_FILTER                                                                                \
    " ($1::int IS NULL OR i.area = $1) AND ($2::int IS NULL OR i.state = $2)"                      \
    " AND ($3::boolean IS NULL OR (i.state <= 7) = $3) AND ($4::bigint IS NULL OR i.reported_at "  \
    ">= $4)"                                                                                       \
    " AND ($5::bigint IS NULL OR i.reported_at < $5)"                                              \
    " AND ($6::float8 IS NULL OR (i.lon BETWEEN $6 AND $8 AND i.lat BETWEEN $7 AND $9))"           \
    " AND ($10::uuid IS NULL OR i.id < $10) AND i.exercise = $11"

#define LIST_ORDER " ORDER BY i.id DESC LIMIT $12"

static enum gx_rc read_incidents(struct gx_ctx *ctx, const struct gx_rows *rows,
                                 struct intake_incident **ret_incidents, size_t *ret_count)
{
    size_t count = gx_rows_count(rows);
    struct intake_incident *items = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *items);
    if (items == NULL) {
        return spent(ctx);
    }
    enum gx_rc rc = GX_OK;
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        rc = read_incident(ctx, rows, i, &items[i]);
    }
    *ret_incidents = items;
    *ret_count = count;
    return rc;
}

enum gx_rc intake_store_incident_list(struct gx_ctx *ctx, const struct intake_filter *filter,
                                      struct intake_incident **ret_incidents, size_t *ret_count)
{
    /* By whose eyes: the system's, an officer's (twice, the open ones by their own index), a desk's or device's. */
    static const struct gx_pg_stmt LISTS[] = {
        {"intake_list_of_all",
         "SELECT " INCIDENT_COLUMNS
         " FROM intake.incident i WHERE $13::uuid IS NULL AND $14::uuid IS NULL"
         " AND $15::int[] IS NULL AND" LIST_FILTER LIST_ORDER,
         15, GX_PG_ROWS, false},
        {"intake_list_of_areas",
         "SELECT " INCIDENT_COLUMNS
         " FROM intake.incident i WHERE $13::uuid IS NULL AND $14::uuid IS NULL"
         " AND i.area = ANY ($15::int[]) AND" LIST_FILTER LIST_ORDER,
         15, GX_PG_ROWS, false},
        {"intake_list_open_of_areas",
         "SELECT " INCIDENT_COLUMNS
         " FROM intake.incident i WHERE $13::uuid IS NULL AND $14::uuid IS NULL"
         " AND i.area = ANY ($15::int[]) AND i.state <= 7 AND" LIST_FILTER LIST_ORDER,
         15, GX_PG_ROWS, false},
        {"intake_list_of_some",
         "SELECT " INCIDENT_COLUMNS " FROM intake.incident i WHERE $15::int[] IS NULL AND i.id IN"
         " (SELECT o.incident_id FROM intake.incident_org o WHERE o.org_id = $13::uuid UNION ALL"
         " SELECT r.incident_id FROM intake.incident_responder r WHERE r.responder_id = $14::uuid "
         "AND r.active)"
         " AND" LIST_FILTER LIST_ORDER,
         15, GX_PG_ROWS, false},
    };
    const Genxi__IncidentQuery *q = filter->query;
    bool box = q->n_bbox == 4;
    bool some = filter->desk_org != NULL || filter->responder_id != NULL;
    bool areas = !some && filter->areas != NULL;
    size_t kind = some ? 3 : !areas ? 0 : q->has_open && q->open ? 2 : 1;
    const struct gx_param params[] = {
        int_or_null(ctx, q->has_area, q->area),
        int_or_null(ctx, q->has_state, (int64_t)q->state),
        q->has_open ? gx_bool(q->open) : gx_null(),
        int_or_null(ctx, q->has_from_at, q->from_at),
        int_or_null(ctx, q->has_until_at, q->until_at),
        box ? gx_real(ctx, q->bbox[0]) : gx_null(),
        box ? gx_real(ctx, q->bbox[1]) : gx_null(),
        box ? gx_real(ctx, q->bbox[2]) : gx_null(),
        box ? gx_real(ctx, q->bbox[3]) : gx_null(),
        gx_text_or_null(filter->before_id),
        gx_bool(q->has_exercise && q->exercise),
        gx_int(ctx, filter->limit),
        gx_text_or_null(filter->desk_org),
        gx_text_or_null(filter->responder_id),
        areas ? gx_int_array(ctx, filter->areas, filter->area_count) : gx_null(),
    };
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &LISTS[kind], params, &rows);
    return rc == GX_OK ? read_incidents(ctx, rows, ret_incidents, ret_count) : rc;
}

/* --- reports --- */

enum gx_rc intake_store_report_add(struct gx_ctx *ctx, int32_t area, const Genxi__Report *report)
{
    static const struct gx_pg_stmt ADD = {
        "intake_report_add",
        "INSERT INTO intake.report (id, incident_id, area, link, source, org_id, type, lon, lat, "
        "crs, address, text,"
        " grade, received_at, occurred_at, flags, site_id, external_id, raw_lon, raw_lat)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16::text[], "
        "$17, $18, $19, $20)",
        20, GX_PG_NONE, true};
    const struct gx_param params[] = {
        gx_text(report->id),
        gx_text(report->incident_id),
        gx_int(ctx, area),
        gx_int(ctx, (int64_t)report->link),
        gx_text(report->source),
        gx_text_or_null(report->org_id),
        gx_text(report->type),
        gx_real(ctx, report->lon),
        gx_real(ctx, report->lat),
        gx_text_or_null(report->crs),
        gx_text_or_null(report->address),
        gx_text_or_null(report->text),
        int_or_null(ctx, report->has_grade, report->grade),
        gx_int(ctx, report->received_at),
        int_or_null(ctx, report->has_occurred_at, report->occurred_at),
        texts(ctx, report->flags, report->n_flags),
        gx_text_or_null(report->site_id),
        gx_text_or_null(report->external_id),
        real_or_null(ctx, report->has_raw_lon, report->raw_lon),
        real_or_null(ctx, report->has_raw_lat, report->raw_lat)};
    return gx_sql_later(ctx, &ADD, params);
}

enum gx_rc intake_store_report_of_tip(struct gx_ctx *ctx, const char *report_id, const char *tip_id)
{
    static const struct gx_pg_stmt OF_TIP = {"intake_report_of_tip",
                                             "UPDATE intake.report SET tip_id = $2 WHERE id = $1",
                                             2, GX_PG_NONE, true};
    const struct gx_param params[] = {gx_text(report_id), gx_text(tip_id)};
    return gx_sql_later(ctx, &OF_TIP, params);
}

enum gx_rc intake_store_report_lock(struct gx_ctx *ctx, const char *report_id,
                                    const char **ret_incident_id)
{
    static const struct gx_pg_stmt LOCK = {
        "intake_report_lock", "SELECT incident_id FROM intake.report WHERE id = $1 FOR UPDATE", 1,
        GX_PG_MAYBE_ROW, true};
    const struct gx_param params[] = {gx_text(report_id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &LOCK, params, &rows);
    if (rc == GX_OK) {
        *ret_incident_id = gx_rows_count(rows) == 0 ? NULL : gx_rows_text(rows, 0, 0);
    }
    return rc;
}

enum gx_rc intake_store_report_text(struct gx_ctx *ctx, const char *report_id, const char *text)
{
    static const struct gx_pg_stmt SET_TEXT = {"intake_report_text",
                                               "UPDATE intake.report SET text = $2 WHERE id = $1",
                                               2, GX_PG_NONE, true};
    const struct gx_param params[] = {gx_text(report_id), gx_text(text)};
    return gx_sql_later(ctx, &SET_TEXT, params);
}

enum gx_rc intake_store_tip_forget(struct gx_ctx *ctx, const char *tip_id)
{
    static const struct gx_pg_stmt FORGET = {
        "intake_tip_forget", "UPDATE intake.report SET text = NULL WHERE tip_id = $1", 1,
        GX_PG_NONE, true};
    const struct gx_param params[] = {gx_text(tip_id)};
    return gx_sql_later(ctx, &FORGET, params);
}

enum gx_rc intake_store_report_known(struct gx_ctx *ctx, const char *org_id,
                                     const char *external_id,
                                     struct intake_known_report *ret_report)
{
    static const struct gx_pg_stmt KNOWN = {
        "intake_report_known",
        "SELECT r.id, r.incident_id, i.number, r.link, r.flags FROM intake.report r"
        " JOIN intake.incident i ON i.id = r.incident_id WHERE r.org_id = $1 AND r.external_id = "
        "$2",
        2, GX_PG_MAYBE_ROW, false};
    const struct gx_param params[] = {gx_text(org_id), gx_text(external_id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &KNOWN, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    *ret_report = (struct intake_known_report){.found = gx_rows_count(rows) == 1};
    if (ret_report->found) {
        ret_report->report_id = gx_rows_text(rows, 0, 0);
        ret_report->incident_id = gx_rows_text(rows, 0, 1);
        ret_report->number = gx_rows_text(rows, 0, 2);
        ret_report->link = (int)gx_rows_int(rows, 0, 3);
        ret_report->flags = gx_rows_texts(ctx, rows, 0, 4, &ret_report->flag_count);
    }
    return GX_OK;
}

enum gx_rc intake_store_panel_cases(struct gx_ctx *ctx, const char *site_id, const char *type,
                                    int64_t since, int64_t *ret_count)
{
    static const struct gx_pg_stmt CASES = {"intake_panel_cases",
                                            "SELECT intake.panel_cases($1::uuid, $2, $3::bigint)",
                                            3, GX_PG_ONE_ROW, false};
    const struct gx_param params[] = {gx_text(site_id), gx_text(type), gx_int(ctx, since)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &CASES, params, &rows);
    if (rc == GX_OK) {
        *ret_count = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

enum gx_rc intake_store_reporter_add(struct gx_ctx *ctx, int32_t area, const char *report_id,
                                     const Genxi__Reporter *reporter)
{
    static const struct gx_pg_stmt ADD = {"intake_reporter_add",
                                          "INSERT INTO intake.reporter (report_id, area, name, "
                                          "phone, address) VALUES ($1, $2, $3, $4, $5)",
                                          5, GX_PG_NONE, true};
    const struct gx_param params[] = {
        gx_text(report_id), gx_int(ctx, area), gx_text_or_null(reporter->name),
        gx_text_or_null(reporter->phone), gx_text_or_null(reporter->address)};
    return gx_sql_later(ctx, &ADD, params);
}

enum gx_rc intake_store_reporter_get(struct gx_ctx *ctx, const char *report_id, int32_t *ret_area,
                                     bool *ret_exercise, Genxi__Reporter *reporter)
{
    static const struct gx_pg_stmt GET = {
        "intake_reporter_get",
        "SELECT s.area, i.exercise, s.name, s.phone, s.address FROM intake.reporter s"
        " JOIN intake.report r ON r.id = s.report_id JOIN intake.incident i ON i.id = r.incident_id"
        " WHERE s.report_id = $1",
        1, GX_PG_MAYBE_ROW, false};
    const struct gx_param params[] = {gx_text(report_id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_id_valid(report_id) ? gx_sql(ctx, &GET, params, &rows) : GX_OK;
    if (rc != GX_OK) {
        return rc;
    }
    if (rows == NULL || gx_rows_count(rows) == 0) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/report_id", "report");
    }
    *ret_area = (int32_t)gx_rows_int(rows, 0, 0);
    *ret_exercise = gx_rows_bool(rows, 0, 1);
    reporter->name = text_at(ctx, rows, 0, 2);
    reporter->phone = text_at(ctx, rows, 0, 3);
    reporter->address = text_at(ctx, rows, 0, 4);
    return GX_OK;
}

static void read_report(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                        Genxi__Report *report)
{
    report->id = given(text_at(ctx, rows, row, 0));
    report->incident_id = given(text_at(ctx, rows, row, 1));
    report->link = (Genxi__LinkKind)gx_rows_int(rows, row, 2);
    report->source = given(text_at(ctx, rows, row, 3));
    report->org_id = text_at(ctx, rows, row, 4);
    report->type = given(text_at(ctx, rows, row, 5));
    report->lon = gx_rows_real(rows, row, 6);
    report->lat = gx_rows_real(rows, row, 7);
    report->crs = text_at(ctx, rows, row, 8);
    report->address = text_at(ctx, rows, row, 9);
    report->text = text_at(ctx, rows, row, 10);
    report->has_grade = !gx_rows_null(rows, row, 11);
    report->grade = (uint32_t)gx_rows_int(rows, row, 11);
    report->received_at = gx_rows_int(rows, row, 12);
    OPTIONAL_INT(report, occurred_at, rows, row, 13);
    report->flags = gx_rows_texts(ctx, rows, row, 14, &report->n_flags);
    report->site_id = text_at(ctx, rows, row, 15);
    report->external_id = text_at(ctx, rows, row, 16);
    report->has_raw_lon = !gx_rows_null(rows, row, 17);
    report->raw_lon = gx_rows_real(rows, row, 17);
    report->has_raw_lat = !gx_rows_null(rows, row, 18);
    report->raw_lat = gx_rows_real(rows, row, 18);
}

enum gx_rc intake_store_reports_of(struct gx_ctx *ctx, const char *incident_id,
                                   Genxi__Report ***ret_reports, size_t *ret_count)
{
    static const struct gx_pg_stmt REPORTS = {
        "intake_reports_of",
        "SELECT id, incident_id, link, source, org_id, type, lon, lat, crs, address, text, grade, "
        "received_at,"
        " occurred_at, flags, site_id, external_id, raw_lon, raw_lat FROM intake.report WHERE "
        "incident_id = $1"
        " ORDER BY received_at, id LIMIT 500",
        1, GX_PG_ROWS, false};
    const struct gx_param params[] = {gx_text(incident_id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &REPORTS, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    Genxi__Report **reports = gx_pb_array(ctx, count + 1);
    if (reports == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < count; i++) {
        reports[i] = gx_pb_new(ctx, &genxi__report__descriptor);
        if (reports[i] == NULL) {
            return spent(ctx);
        }
        read_report(ctx, rows, i, reports[i]);
    }
    *ret_reports = reports;
    *ret_count = count;
    return ctx->arena.spent ? spent(ctx) : GX_OK;
}

enum gx_rc intake_store_reports_move(struct gx_ctx *ctx, char *const *report_ids, size_t count,
                                     const struct intake_incident *to, int link)
{
    static const struct gx_pg_stmt REPORTS = {"intake_reports_move",
                                              "UPDATE intake.report SET incident_id = $2, area = "
                                              "$3, link = $4 WHERE id = ANY ($1::uuid[])",
                                              4, GX_PG_NONE, true};
    static const struct gx_pg_stmt REPORTERS = {
        "intake_reporters_move",
        "UPDATE intake.reporter SET area = $2 WHERE report_id = ANY ($1::uuid[])", 2, GX_PG_NONE,
        true};
    const struct gx_param params[] = {texts(ctx, report_ids, count), gx_text(to->pb->id),
                                      gx_int(ctx, to->pb->area), gx_int(ctx, link)};
    const struct gx_param sealed[] = {params[0], params[2]};
    enum gx_rc rc = gx_sql_later(ctx, &REPORTS, params);
    return rc == GX_OK ? gx_sql_later(ctx, &REPORTERS, sealed) : rc;
}

/* --- who may see --- */

enum gx_rc intake_store_orgs_add(struct gx_ctx *ctx, const Genxi__Incident *incident,
                                 char *const *orgs, size_t count, const char *why)
{
    static const struct gx_pg_stmt ADD = {
        "intake_orgs_add",
        "INSERT INTO intake.incident_org (org_id, incident_id, why, area)"
        " SELECT o, $2::uuid, $3::text, $4::int FROM unnest($1::uuid[]) AS o ON CONFLICT DO "
        "NOTHING",
        4, GX_PG_NONE, true};
    if (count == 0) {
        return GX_OK;
    }
    const struct gx_param params[] = {texts(ctx, orgs, count), gx_text(incident->id), gx_text(why),
                                      gx_int(ctx, incident->area)};
    return gx_sql_later(ctx, &ADD, params);
}

enum gx_rc intake_store_reporters_add(struct gx_ctx *ctx, const Genxi__Incident *incident)
{
    static const struct gx_pg_stmt ADD = {
        "intake_reporters_add",
        "INSERT INTO intake.incident_org (org_id, incident_id, why, area)"
        " SELECT DISTINCT r.org_id, $1::uuid, 'reporter', $2::int FROM intake.report r"
        " WHERE r.incident_id = $1 AND r.org_id IS NOT NULL ON CONFLICT DO NOTHING",
        2, GX_PG_NONE, true};
    const struct gx_param params[] = {gx_text(incident->id), gx_int(ctx, incident->area)};
    return gx_sql_later(ctx, &ADD, params);
}

enum gx_rc intake_store_reporters_prune(struct gx_ctx *ctx, const char *incident_id)
{
    static const struct gx_pg_stmt PRUNE = {
        "intake_reporters_prune",
        "DELETE FROM intake.incident_org o WHERE o.incident_id = $1 AND o.why = 'reporter' AND NOT "
        "EXISTS"
        " (SELECT FROM intake.report r WHERE r.incident_id = $1 AND r.org_id = o.org_id)",
        1, GX_PG_NONE, true};
    const struct gx_param params[] = {gx_text(incident_id)};
    return gx_sql_later(ctx, &PRUNE, params);
}

enum gx_rc intake_store_member_put(struct gx_ctx *ctx, const Genxi__Incident *incident,
                                   const struct intake_member *member)
{
    static const struct gx_pg_stmt PUT = {
        "intake_member_put",
        "INSERT INTO intake.incident_responder (responder_id, incident_id, area, org_id, force, "
        "assignment_state, active)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (responder_id, incident_id) DO UPDATE SET"
        " force = coalesce(excluded.force, incident_responder.force),"
        " assignment_state = coalesce(excluded.assignment_state, "
        "incident_responder.assignment_state),"
        " active = excluded.active",
        7, GX_PG_NONE, true};
    const struct gx_param params[] = {
        gx_text(member->responder_id),
        gx_text(incident->id),
        gx_int(ctx, incident->area),
        gx_text(member->org_id),
        int_or_null(ctx, member->force != 0, member->force),
        int_or_null(ctx, member->assignment_state != 0, member->assignment_state),
        gx_bool(member->active)};
    return gx_sql_later(ctx, &PUT, params);
}

enum gx_rc intake_store_member_drop(struct gx_ctx *ctx, const char *incident_id,
                                    const char *responder_id)
{
    static const struct gx_pg_stmt DROP = {
        "intake_member_drop",
        "UPDATE intake.incident_responder SET active = false "
        "WHERE incident_id = $1 AND responder_id = $2"
        " AND (assignment_state IS NULL OR assignment_state IN (5, 6))",
        2, GX_PG_NONE, true};
    const struct gx_param params[] = {gx_text(incident_id), gx_text(responder_id)};
    return gx_sql_later(ctx, &DROP, params);
}

enum gx_rc intake_store_member_find(struct gx_ctx *ctx, const char *incident_id,
                                    const char *responder_id, bool *ret_found,
                                    struct intake_member *ret_member)
{
    static const struct gx_pg_stmt FIND = {
        "intake_member_find",
        "SELECT org_id, force, assignment_state, active FROM intake.incident_responder"
        " WHERE incident_id = $1 AND responder_id = $2",
        2, GX_PG_MAYBE_ROW, false};
    *ret_found = false;
    if (!gx_id_valid(responder_id)) {
        return GX_OK;
    }
    const struct gx_param params[] = {gx_text(incident_id), gx_text(responder_id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &FIND, params, &rows);
    if (rc == GX_OK && gx_rows_count(rows) == 1) {
        *ret_found = true;
        *ret_member = (struct intake_member){
            responder_id, gx_rows_text(rows, 0, 0), (int)gx_rows_int(rows, 0, 1),
            (int)gx_rows_int(rows, 0, 2), gx_rows_bool(rows, 0, 3)};
    }
    return rc;
}

enum gx_rc intake_store_org_takes_part(struct gx_ctx *ctx, const char *incident_id,
                                       bool *ret_takes_part)
{
    static const struct gx_pg_stmt PART = {"intake_org_takes_part",
                                           "SELECT EXISTS (SELECT FROM intake.incident_org WHERE "
                                           "incident_id = $1 AND org_id = genxi.actor_org()"
                                           " AND why <> 'linked')",
                                           1, GX_PG_ONE_ROW, false};
    const struct gx_param params[] = {gx_text(incident_id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &PART, params, &rows);
    if (rc == GX_OK) {
        *ret_takes_part = gx_rows_bool(rows, 0, 0);
    }
    return rc;
}

enum gx_rc intake_store_watchers(struct gx_ctx *ctx, const char *incident_id,
                                 struct intake_watchers *ret_watchers)
{
    static const struct gx_pg_stmt WATCHERS = {
        "intake_watchers", "SELECT intake.audience_orgs($1), intake.audience_responders($1)", 1,
        GX_PG_ONE_ROW, false};
    const struct gx_param params[] = {gx_text(incident_id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &WATCHERS, params, &rows);
    if (rc == GX_OK) {
        ret_watchers->orgs = gx_rows_texts(ctx, rows, 0, 0, &ret_watchers->org_count);
        ret_watchers->responders = gx_rows_texts(ctx, rows, 0, 1, &ret_watchers->responder_count);
    }
    return rc;
}

enum gx_rc intake_store_merge(struct gx_ctx *ctx, const struct intake_incident *from,
                              const struct intake_incident *into)
{
    /* link 2 = duplicate; a first report of the merged incident is one more report of the other. */
    static const struct gx_pg_stmt MOVES[] = {
        {"intake_merge_reporters",
         "UPDATE intake.reporter SET area = $3 WHERE report_id IN (SELECT id FROM intake.report "
         "WHERE incident_id = $1)"
         " AND $2::uuid IS NOT NULL",
         3, GX_PG_NONE, true},
        {"intake_merge_reports",
         "UPDATE intake.report SET incident_id = $2, area = $3, link = CASE WHEN link = 1 THEN 2 "
         "ELSE link END"
         " WHERE incident_id = $1",
         3, GX_PG_NONE, true},
        {"intake_merge_orgs",
         "INSERT INTO intake.incident_org (org_id, incident_id, why, area)"
         " SELECT org_id, $2::uuid, why, $3::int FROM intake.incident_org WHERE incident_id = $1 "
         "ON CONFLICT DO NOTHING",
         3, GX_PG_NONE, true},
        {"intake_merge_responders",
         "INSERT INTO intake.incident_responder"
         " (responder_id, incident_id, area, org_id, force, assignment_state, active)"
         " SELECT responder_id, $2::uuid, $3::int, org_id, force, assignment_state, active FROM "
         "intake.incident_responder"
         " WHERE incident_id = $1 ON CONFLICT DO NOTHING",
         3, GX_PG_NONE, true},
        {"intake_merge_facts",
         "UPDATE intake.fact SET incident_id = $2, area = $3 WHERE incident_id = $1", 3, GX_PG_NONE,
         true},
        {"intake_merge_follow_ups",
         "UPDATE intake.follow_up SET incident_id = $2, area = $3 WHERE incident_id = $1", 3,
         GX_PG_NONE, true},
    };
    const struct gx_param params[] = {gx_text(from->pb->id), gx_text(into->pb->id),
                                      gx_int(ctx, into->pb->area)};
    enum gx_rc rc = GX_OK;
    for (size_t i = 0; i < GX_COUNT_OF(MOVES) && rc == GX_OK; i++) {
        rc = gx_sql_later(ctx, &MOVES[i], params);
    }
    return rc;
}

/* --- the rest --- */

enum gx_rc intake_store_entry_add(struct gx_ctx *ctx, const Genxi__Incident *incident,
                                  const struct intake_entry *entry)
{
    static const struct gx_pg_stmt ADD = {
        "intake_entry_add",
        "INSERT INTO intake.entry (incident_id, area, at, what, who, org_id, police, text)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        8, GX_PG_NONE, true};
    const struct gx_param params[] = {gx_text(incident->id),       gx_int(ctx, incident->area),
                                      gx_int(ctx, entry->at),      gx_text(entry->what),
                                      gx_text_or_null(entry->who), gx_text_or_null(entry->org_id),
                                      gx_bool(entry->police),      gx_text_or_null(entry->text)};
    return gx_sql_later(ctx, &ADD, params);
}

enum gx_rc intake_store_fact_add(struct gx_ctx *ctx, const Genxi__Incident *incident,
                                 const Genxi__FactNoted *fact, const char *org_id)
{
    static const struct gx_pg_stmt ADD = {
        "intake_fact_add",
        "INSERT INTO intake.fact (incident_id, area, at, code, value, responder_id, org_id)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        7, GX_PG_NONE, true};
    const struct gx_param params[] = {gx_text(incident->id),  gx_int(ctx, incident->area),
                                      gx_int(ctx, fact->at),  gx_text(fact->code),
                                      gx_text(fact->value),   gx_text_or_null(fact->responder_id),
                                      gx_text_or_null(org_id)};
    return gx_sql_later(ctx, &ADD, params);
}

enum gx_rc intake_store_follow_up_add(struct gx_ctx *ctx, int32_t area,
                                      const Genxi__FollowUp *follow_up, int64_t created_at)
{
    static const struct gx_pg_stmt ADD = {
        "intake_follow_up_add",
        "INSERT INTO intake.follow_up (id, incident_id, area, text, owner, due_at, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        7, GX_PG_NONE, true};
    const struct gx_param params[] = {gx_text(follow_up->id),    gx_text(follow_up->incident_id),
                                      gx_int(ctx, area),         gx_text(follow_up->text),
                                      gx_text(follow_up->owner), gx_int(ctx, follow_up->due_at),
                                      gx_int(ctx, created_at)};
    return gx_sql_later(ctx, &ADD, params);
}

enum gx_rc intake_store_offer_event_add(struct gx_ctx *ctx, const char *event_id,
                                        const Genxi__Offer *offer)
{
    static const struct gx_pg_stmt ADD = {
        "intake_offer_event_add",
        "INSERT INTO intake.offer_event (event_id, incident_id, responder_id) VALUES ($1, $2, $3)"
        " ON CONFLICT DO NOTHING",
        3, GX_PG_NONE, true};
    const struct gx_param params[] = {gx_text(event_id), gx_text(offer->incident_id),
                                      gx_text(offer->responder_id)};
    return gx_sql_later(ctx, &ADD, params);
}

enum gx_rc intake_store_offer_event_find(struct gx_ctx *ctx, const char *event_id,
                                         const char **ret_incident_id)
{
    static const struct gx_pg_stmt FIND = {
        "intake_offer_event_find", "SELECT incident_id FROM intake.offer_event WHERE event_id = $1",
        1, GX_PG_MAYBE_ROW, false};
    const struct gx_param params[] = {gx_text(event_id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &FIND, params, &rows);
    if (rc == GX_OK) {
        *ret_incident_id = gx_rows_count(rows) == 1 ? gx_rows_text(rows, 0, 0) : NULL;
    }
    return rc;
}

/* --- the view of one incident --- */

static enum gx_rc read_timeline(struct gx_ctx *ctx, const char *incident_id,
                                Genxi__IncidentView *view)
{
    /* Names of people stay with officers and their own organisation. */
    static const struct gx_pg_stmt TIMELINE = {
        "intake_timeline",
        "SELECT at, what, CASE WHEN genxi.is_system() OR genxi.officer_of(area) OR org_id = "
        "genxi.actor_org()"
        " THEN who END, text FROM intake.entry WHERE incident_id = $1 ORDER BY at, n LIMIT 1000",
        1, GX_PG_ROWS, false};
    const struct gx_param params[] = {gx_text(incident_id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &TIMELINE, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    view->timeline = gx_pb_array(ctx, count + 1);
    for (size_t i = 0; view->timeline != NULL && i < count; i++) {
        Genxi__TimelineEntry *entry = gx_pb_new(ctx, &genxi__timeline_entry__descriptor);
        if (entry == NULL) {
            return spent(ctx);
        }
        entry->at = gx_rows_int(rows, i, 0);
        entry->what = given(text_at(ctx, rows, i, 1));
        entry->who = text_at(ctx, rows, i, 2);
        entry->text = text_at(ctx, rows, i, 3);
        view->timeline[view->n_timeline++] = entry;
    }
    return ctx->arena.spent ? spent(ctx) : GX_OK;
}

#define FOLLOW_UP_COLUMNS "id, incident_id, text, owner, due_at, done_at"

static void read_follow_up(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                           Genxi__FollowUp *item)
{
    item->id = given(text_at(ctx, rows, row, 0));
    item->incident_id = given(text_at(ctx, rows, row, 1));
    item->text = given(text_at(ctx, rows, row, 2));
    item->owner = given(text_at(ctx, rows, row, 3));
    item->due_at = gx_rows_int(rows, row, 4);
    OPTIONAL_INT(item, done_at, rows, row, 5);
}

enum gx_rc intake_store_follow_up_done(struct gx_ctx *ctx, const Genxi__FollowUpDone *in,
                                       Genxi__FollowUp *out, bool *ret_found, bool *ret_done)
{
    /* The incident's row is held: nobody else writes here between the two. */
    static const struct gx_pg_stmt DONE = {"intake_follow_up_done",
                                           "UPDATE intake.follow_up SET done_at = genxi.now_ms() "
                                           "WHERE id = $1 AND incident_id = $2 AND "
                                           "done_at IS NULL",
                                           2, GX_PG_NONE, true};
    static const struct gx_pg_stmt READ = {
        "intake_follow_up",
        "SELECT " FOLLOW_UP_COLUMNS " FROM intake.follow_up WHERE id = $1 AND incident_id = $2", 2,
        GX_PG_MAYBE_ROW, false};
    const struct gx_param params[] = {gx_text(in->follow_up_id), gx_text(in->id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &DONE, params, &rows);
    *ret_done = rc == GX_OK && gx_rows_affected(rows) == 1;
    rc = rc == GX_OK ? gx_sql(ctx, &READ, params, &rows) : rc;
    *ret_found = rc == GX_OK && gx_rows_count(rows) == 1;
    if (*ret_found) {
        read_follow_up(ctx, rows, 0, out);
    }
    return rc != GX_OK || !ctx->arena.spent ? rc : spent(ctx);
}

static enum gx_rc read_follow_ups(struct gx_ctx *ctx, const char *incident_id,
                                  Genxi__IncidentView *view)
{
    static const struct gx_pg_stmt FOLLOW_UPS = {"intake_follow_ups",
                                                 "SELECT " FOLLOW_UP_COLUMNS
                                                 " FROM intake.follow_up WHERE incident_id = $1"
                                                 " ORDER BY due_at, id LIMIT 200",
                                                 1, GX_PG_ROWS, false};
    const struct gx_param params[] = {gx_text(incident_id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &FOLLOW_UPS, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    view->follow_ups = gx_pb_array(ctx, count + 1);
    for (size_t i = 0; view->follow_ups != NULL && i < count; i++) {
        Genxi__FollowUp *item = gx_pb_new(ctx, &genxi__follow_up__descriptor);
        if (item == NULL) {
            return spent(ctx);
        }
        read_follow_up(ctx, rows, i, item);
        view->follow_ups[view->n_follow_ups++] = item;
    }
    return ctx->arena.spent ? spent(ctx) : GX_OK;
}

static enum gx_rc read_facts(struct gx_ctx *ctx, const char *incident_id, Genxi__IncidentView *view)
{
    static const struct gx_pg_stmt FACTS = {
        "intake_facts",
        "SELECT incident_id, code, value, responder_id, at FROM intake.fact WHERE incident_id = $1 "
        "ORDER BY n LIMIT 500",
        1, GX_PG_ROWS, false};
    const struct gx_param params[] = {gx_text(incident_id)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &FACTS, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    view->facts = gx_pb_array(ctx, count + 1);
    for (size_t i = 0; view->facts != NULL && i < count; i++) {
        Genxi__FactNoted *fact = gx_pb_new(ctx, &genxi__fact_noted__descriptor);
        if (fact == NULL) {
            return spent(ctx);
        }
        fact->incident_id = given(text_at(ctx, rows, i, 0));
        fact->code = given(text_at(ctx, rows, i, 1));
        fact->value = given(text_at(ctx, rows, i, 2));
        fact->responder_id = text_at(ctx, rows, i, 3);
        OPTIONAL_INT(fact, at, rows, i, 4);
        view->facts[view->n_facts++] = fact;
    }
    return ctx->arena.spent ? spent(ctx) : GX_OK;
}

enum gx_rc intake_store_view(struct gx_ctx *ctx, const char *incident_id, Genxi__IncidentView *view)
{
    enum gx_rc rc = intake_store_reports_of(ctx, incident_id, &view->reports, &view->n_reports);
    rc = rc == GX_OK ? read_timeline(ctx, incident_id, view) : rc;
    rc = rc == GX_OK ? read_follow_ups(ctx, incident_id, view) : rc;
    return rc == GX_OK ? read_facts(ctx, incident_id, view) : rc;
}

/* --- statistics --- */

static enum gx_rc read_medians(struct gx_ctx *ctx, const struct gx_param *params,
                               Genxi__Statistics *statistics)
{
    static const struct gx_pg_stmt MEDIANS = {
        "intake_medians", "SELECT dispatch_s, scene_s FROM intake.medians($1::int[], $2, $3)", 3,
        GX_PG_ONE_ROW, false};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &MEDIANS, params, &rows);
    if (rc == GX_OK) {
        statistics->has_median_to_dispatch_s = !gx_rows_null(rows, 0, 0);
        statistics->median_to_dispatch_s = gx_rows_real(rows, 0, 0);
        statistics->has_median_to_on_scene_s = !gx_rows_null(rows, 0, 1);
        statistics->median_to_on_scene_s = gx_rows_real(rows, 0, 1);
    }
    return rc;
}

enum gx_rc intake_store_statistics(struct gx_ctx *ctx, const int32_t *areas, size_t area_count,
                                   int64_t from_at, int64_t until_at, Genxi__Statistics *statistics,
                                   uint64_t **ret_reports)
{
    static const struct gx_pg_stmt FIGURES = {
        "intake_figures", "SELECT type, incidents, reports FROM intake.figures($1::int[], $2, $3)",
        3, GX_PG_ROWS, false};
    const struct gx_param params[] = {areas == NULL ? gx_null()
                                                    : gx_int_array(ctx, areas, area_count),
                                      gx_int(ctx, from_at), gx_int(ctx, until_at)};
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &FIGURES, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    uint64_t *reports = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *reports);
    statistics->by_type = gx_pb_array(ctx, count + 1);
    if (reports == NULL || statistics->by_type == NULL) {
        return spent(ctx);
    }
    for (size_t i = 0; i < count; i++) {
        Genxi__StatisticsRow *row = gx_pb_new(ctx, &genxi__statistics_row__descriptor);
        if (row == NULL) {
            return spent(ctx);
        }
        row->type = given(text_at(ctx, rows, i, 0));
        row->count = (uint64_t)gx_rows_int(rows, i, 1);
        reports[i] = (uint64_t)gx_rows_int(rows, i, 2);
        statistics->incidents += row->count;
        statistics->reports += reports[i];
        statistics->by_type[statistics->n_by_type++] = row;
    }
    *ret_reports = reports;
    return read_medians(ctx, params, statistics);
}
