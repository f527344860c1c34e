/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "base/id.h"

#include <string.h>

const char *const CLI_ROLES[] = {"genxi_readiness", "genxi_intake", "genxi_matcher",
                                 "genxi_notifier",  "genxi_intel",  "genxi_audit",
                                 "genxi_gateway"};

static const struct gx_pg_stmt DATABASE_EXISTS = {
    .name = "cli_database_exists",
    .sql = "SELECT 1 FROM pg_database WHERE datname = 'genxi'",
    .shape = GX_PG_MAYBE_ROW,
};

static const struct gx_pg_stmt PASSWORD_TEXT = {
    .name = "cli_password_text",
    .sql = "SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)",
    .params = 2,
    .shape = GX_PG_ONE_ROW,
};

static const struct gx_pg_stmt INCIDENT_ID = {
    .name = "cli_incident_id",
    .sql = "SELECT id FROM intake.incident WHERE id::text = $1 OR number = $1",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
};

static const struct gx_pg_stmt STEPS = {
    .name = "cli_steps",
    .sql = "WITH own AS (SELECT area, seq, at, substr(traceparent, 4, 32) AS trace FROM "
           "journal.event WHERE subject = $1::uuid) "
           "SELECT e.area, e.seq, e.at, e.type, e.service, e.subject, substr(e.traceparent, 4, "
           "32), e.body "
           "FROM journal.event e WHERE e.subject = $1::uuid OR (e.area IN (SELECT area FROM own) "
           "AND e.at >= (SELECT min(at) FROM own) AND substr(e.traceparent, 4, 32) IN (SELECT "
           "trace FROM own)) "
           "ORDER BY e.at, e.area, e.seq LIMIT 2000",
    .params = 1,
    .shape = GX_PG_ROWS,
};

enum gx_rc cli_store_make_database(struct gx_pg *pg, struct gx_ctx *ctx)
{
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_pg_run(pg, ctx, &DATABASE_EXISTS, NULL, &rows);
    if (rc != GX_OK || gx_rows_count(rows) == 1) {
        return rc;
    }
    rc = gx_pg_script(pg, ctx, "CREATE DATABASE genxi");
    if (rc == GX_CONFLICT) { /* another one made it meanwhile */
        gx_ctx_forgive(ctx);
        return GX_OK;
    }
    return rc;
}

enum gx_rc cli_store_set_password(struct gx_pg *pg, struct gx_ctx *ctx, const char *role,
                                  const char *password)
{
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(role), gx_text(password)};
    enum gx_rc rc = gx_pg_run(pg, ctx, &PASSWORD_TEXT, params, &rows);
    return rc != GX_OK ? rc : gx_pg_script(pg, ctx, gx_rows_text(rows, 0, 0));
}

enum gx_rc cli_store_incident_id(struct gx_pg *pg, struct gx_ctx *ctx, const char *id_or_number,
                                 char **ret_id)
{
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(id_or_number)};
    enum gx_rc rc = gx_pg_run(pg, ctx, &INCIDENT_ID, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    if (gx_rows_count(rows) == 0) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "", "incident");
    }
    *ret_id = gx_rows_copy(ctx, rows, 0, 0);
    return GX_OK;
}

enum gx_rc cli_store_steps(struct gx_pg *pg, struct gx_ctx *ctx, const char *incident_id,
                           struct cli_step **ret_steps, size_t *ret_count)
{
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(incident_id)};
    enum gx_rc rc = gx_pg_run(pg, ctx, &STEPS, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct cli_step *steps = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *steps);
    if (steps == NULL) {
        return gx_fail(ctx, GX_P_BODY_TOO_LARGE, "", "%zu", ctx->arena.limit_bytes);
    }
    for (size_t i = 0; i < count; i++) {
        steps[i] = (struct cli_step){.area = (int32_t)gx_rows_int(rows, i, 0),
                                     .seq = gx_rows_int(rows, i, 1),
                                     .at_ms = gx_rows_int(rows, i, 2),
                                     .type = (uint32_t)gx_rows_int(rows, i, 3),
                                     .service = gx_rows_copy(ctx, rows, i, 4),
                                     .subject = gx_rows_copy(ctx, rows, i, 5),
                                     .trace = gx_rows_copy(ctx, rows, i, 6),
                                     .body = gx_rows_bytes(ctx, rows, i, 7)};
    }
    *ret_steps = steps;
    *ret_count = count;
    return GX_OK;
}

static const struct gx_pg_stmt ADD_ACCOUNT = {
    .name = "cli_add_account",
    .sql = "INSERT INTO gateway.account (id, name, password, totp, roles, areas, org_id, "
           "responder_id) "
           "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    .params = 8,
    .shape = GX_PG_NONE,
    .writes = true,
};

static const struct gx_pg_stmt ADD_KEY = {
    .name = "cli_add_key",
    .sql = "INSERT INTO gateway.api_key (id, name, secret_hash, org_id, roles, areas, "
           "responder_id, created_by) "
           "VALUES ($1, $2, $3, $4, $5, $6, $7, 'operator')",
    .params = 7,
    .shape = GX_PG_NONE,
    .writes = true,
};

static const struct gx_pg_stmt CHECKPOINT = {
    .name = "cli_checkpoint",
    .sql = "SELECT note FROM audit.checkpoint ORDER BY size DESC LIMIT 1",
    .shape = GX_PG_MAYBE_ROW,
};

static const struct gx_pg_stmt TILE = {
    .name = "cli_tile",
    .sql = "SELECT data FROM audit.tile WHERE level = $1 AND index = $2",
    .params = 2,
    .shape = GX_PG_MAYBE_ROW,
};

static const struct gx_pg_stmt ENTRIES = {
    .name = "cli_entries",
    .sql = "SELECT salt, record FROM audit.entry WHERE index >= $1 ORDER BY index LIMIT $2",
    .params = 2,
    .shape = GX_PG_ROWS,
};

enum gx_rc cli_store_add_account(struct gx_pg *pg, struct gx_ctx *ctx,
                                 const struct cli_access *access)
{
    char id[GX_ID_SIZE];
    const struct gx_param params[] = {
        gx_text(gx_id_new(id)),         gx_text(access->name),
        gx_text(access->password_hash), access->totp.size == 0 ? gx_null() : gx_bytes(access->totp),
        gx_int(ctx, access->roles),     gx_int_array(ctx, access->areas, access->area_count),
        gx_text(access->org),           gx_text(access->responder)};
    return gx_pg_run(pg, ctx, &ADD_ACCOUNT, params, NULL);
}

enum gx_rc cli_store_add_key(struct gx_pg *pg, struct gx_ctx *ctx, const struct cli_access *access)
{
    char id[GX_ID_SIZE];
    const struct gx_param params[] = {
        gx_text(gx_id_new(id)),        gx_text(access->name),
        gx_bytes(access->secret_hash), gx_text(access->org),
        gx_int(ctx, access->roles),    gx_int_array(ctx, access->areas, access->area_count),
        gx_text(access->responder)};
    return gx_pg_run(pg, ctx, &ADD_KEY, params, NULL);
}

enum gx_rc cli_store_checkpoint(struct gx_pg *pg, struct gx_ctx *ctx, char **ret_note)
{
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_pg_run(pg, ctx, &CHECKPOINT, NULL, &rows);
    if (rc == GX_OK && gx_rows_count(rows) == 0) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "", "checkpoint");
    }
    if (rc == GX_OK) {
        *ret_note = gx_rows_copy(ctx, rows, 0, 0);
    }
    return rc;
}

enum gx_rc cli_store_tile(struct gx_pg *pg, struct gx_ctx *ctx, int level, uint64_t index,
                          struct gx_view *ret_data)
{
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_int(ctx, level), gx_int(ctx, (int64_t)index)};
    enum gx_rc rc = gx_pg_run(pg, ctx, &TILE, params, &rows);
    if (rc == GX_OK && gx_rows_count(rows) == 0) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "", "tile %d/%llu", level, (unsigned long long)index);
    }
    if (rc == GX_OK) {
        *ret_data = gx_rows_bytes(ctx, rows, 0, 0);
    }
    return rc;
}

enum gx_rc cli_store_entries(struct gx_pg *pg, struct gx_ctx *ctx, uint64_t from, size_t count,
                             struct cli_entry **ret_entries, size_t *ret_count)
{
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_int(ctx, (int64_t)from), gx_int(ctx, (int64_t)count)};
    enum gx_rc rc = gx_pg_run(pg, ctx, &ENTRIES, params, &rows);
    size_t got = rc == GX_OK ? gx_rows_count(rows) : 0;
    struct cli_entry *entries =
        rc == GX_OK ? gx_arena_alloc(&ctx->arena, (got + 1) * sizeof *entries) : NULL;
    if (rc == GX_OK && entries == NULL) {
        return gx_fail(ctx, GX_P_BODY_TOO_LARGE, "", "%zu", ctx->arena.limit_bytes);
    }
    for (size_t i = 0; i < got; i++) {
        entries[i].salt = gx_rows_bytes(ctx, rows, i, 0);
        entries[i].record = gx_rows_bytes(ctx, rows, i, 1);
    }
    if (rc == GX_OK) {
        *ret_entries = entries;
        *ret_count = got;
    }
    return rc;
}
