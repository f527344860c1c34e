/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "base/id.h"
#include "store/tx.h"

#include <string.h>

/* One in the whole database: whoever holds it extends and signs the log. */
static const int64_t SEQUENCER_LOCK = 0x6772786175646974; /* "grxaudit" */

static const struct gx_pg_stmt APPEND = {
    .name = "audit_append",
    .sql = "WITH known AS (SELECT FROM audit.entry WHERE area = $1::int AND seq = $2::bigint), "
           "place AS (UPDATE audit.head SET next = next + 1 WHERE NOT EXISTS (SELECT FROM known) "
           "RETURNING next - 1 AS index) "
           "INSERT INTO audit.entry (index, area, seq, event_id, type, at, actor, subject, "
           "officers, officer_roles, "
           "areas, orgs, responders, leaf, salt, record) "
           "SELECT index, $1, $2, $3::uuid, $4::int, $5::bigint, $6, $7::uuid, $8::boolean, "
           "$9::bigint, $10::int[], "
           "$11::text[], $12::text[], $13::bytea, $14::bytea, $15::bytea FROM place",
    .params = 15,
    .shape = GX_PG_NONE,
    .writes = true,
};

static const struct gx_pg_stmt LOCK = {
    .name = "audit_lock",
    .sql = "SELECT pg_try_advisory_xact_lock($1::bigint)",
    .params = 1,
    .shape = GX_PG_ONE_ROW,
};

static const struct gx_pg_stmt NEXT = {
    .name = "audit_next",
    .sql = "SELECT next FROM audit.head",
    .shape = GX_PG_ONE_ROW,
};

static const struct gx_pg_stmt TILED = {
    .name = "audit_tiled",
    .sql = "SELECT index * 256 + length(data) / 32 FROM audit.tile WHERE level = -1 ORDER BY index "
           "DESC LIMIT 1",
    .shape = GX_PG_MAYBE_ROW,
};

static const struct gx_pg_stmt LEAVES = {
    .name = "audit_leaves",
    .sql = "SELECT leaf FROM audit.entry WHERE index >= $1::bigint AND index < $1::bigint + "
           "$2::bigint ORDER BY index",
    .params = 2,
    .shape = GX_PG_ROWS,
};

static const struct gx_pg_stmt TILE_WIDTH = {
    .name = "audit_tile_width",
    .sql = "SELECT length(data) / 32 FROM audit.tile WHERE level = $1::int AND index = $2::bigint",
    .params = 2,
    .shape = GX_PG_MAYBE_ROW,
};

static const struct gx_pg_stmt TILE_READ = {
    .name = "audit_tile_read",
    .sql = "SELECT substring(data FOR 32 * $3::int) FROM audit.tile WHERE level = $1::int AND "
           "index = $2::bigint",
    .params = 3,
    .shape = GX_PG_MAYBE_ROW,
};

static const struct gx_pg_stmt TILE_WRITE = {
    .name = "audit_tile_write",
    .sql = "INSERT INTO audit.tile (level, index, data) VALUES ($1::int, $2::bigint, $3::bytea) "
           "ON CONFLICT (level, index) DO UPDATE SET data = excluded.data",
    .params = 3,
    .shape = GX_PG_NONE,
    .writes = true,
};

static const struct gx_pg_stmt CHECKPOINT = {
    .name = "audit_checkpoint",
    .sql = "SELECT size, root, note, signed_at FROM audit.checkpoint ORDER BY size DESC LIMIT 1",
    .shape = GX_PG_MAYBE_ROW,
};

static const struct gx_pg_stmt SIGN = {
    .name = "audit_sign",
    .sql = "INSERT INTO audit.checkpoint (size, root, note, signed_at) "
           "VALUES ($1::bigint, $2::bytea, $3, $4::bigint)",
    .params = 4,
    .shape = GX_PG_NONE,
    .writes = true,
};

#define ENTRY_COLUMNS "index, area, seq, event_id, type, at, actor, subject, leaf, salt, record"

static const struct gx_pg_stmt BY_EVENT = {
    .name = "audit_by_event",
    .sql = "SELECT " ENTRY_COLUMNS
           " FROM audit.entry WHERE event_id = $1::uuid ORDER BY index LIMIT 1",
    .params = 1,
    .shape = GX_PG_MAYBE_ROW,
};

static const struct gx_pg_stmt LIST = {
    .name = "audit_list",
    .sql = "SELECT " ENTRY_COLUMNS
           " FROM audit.entry WHERE index >= $1::bigint ORDER BY index LIMIT $2::int",
    .params = 2,
    .shape = GX_PG_ROWS,
};

static const struct gx_pg_stmt LIST_OF_ACTOR = {
    .name = "audit_list_of_actor",
    .sql = "SELECT " ENTRY_COLUMNS " FROM audit.entry WHERE index >= $1::bigint AND actor = $3 "
           "ORDER BY index LIMIT $2::int",
    .params = 3,
    .shape = GX_PG_ROWS,
};

static const struct gx_pg_stmt LIST_OF_SUBJECT = {
    .name = "audit_list_of_subject",
    .sql = "SELECT " ENTRY_COLUMNS " FROM audit.entry WHERE index >= $1::bigint AND (subject = "
           "$3::text::uuid OR actor = $3::text) "
           "ORDER BY index LIMIT $2::int",
    .params = 3,
    .shape = GX_PG_ROWS,
};

static const struct gx_pg_stmt ERASE = {
    .name = "audit_erase",
    .sql = "UPDATE audit.entry SET salt = NULL, record = NULL, actor = '', subject = NULL, orgs = "
           "'{}', "
           "responders = '{}', areas = '{}' "
           "WHERE index IN (SELECT index FROM audit.entry WHERE at < $1::bigint AND record IS NOT "
           "NULL "
           "AND index < $2::bigint ORDER BY at LIMIT $3::int) RETURNING index",
    .params = 3,
    .shape = GX_PG_ROWS,
    .writes = true,
};

/* The run of events after the floor ends before the first that the signed log does not hold. */
static const struct gx_pg_stmt PURGE = {
    .name = "audit_purge",
    .sql = "SELECT old.area, journal.purge(old.area, $1::bigint, logged.upto, $3::int) "
           "FROM (SELECT c.area, c.floor FROM journal.counter c JOIN journal.event e "
           "ON e.area = c.area AND e.seq = c.floor + 1 "
           "WHERE c.area >= $4::int AND e.at < $1::bigint ORDER BY c.area LIMIT 1) old "
           "CROSS JOIN LATERAL (SELECT coalesce(min(e.seq) FILTER (WHERE l.index IS NULL) - 1, "
           "max(e.seq)) AS upto FROM journal.event e LEFT JOIN audit.entry l "
           "ON l.area = e.area AND l.seq = e.seq AND l.index < $2::bigint "
           "WHERE e.area = old.area AND e.seq > old.floor AND e.seq <= old.floor + $3::int) logged",
    .params = 4,
    .shape = GX_PG_MAYBE_ROW,
    .writes = true,
};

enum gx_rc audit_store_append(struct gx_ctx *ctx, const struct audit_entry *entry,
                              const Genxi__Event *event)
{
    const Genxi__Audience *audience = event->audience;
    size_t area_count = audience->n_more_areas + 1;
    int32_t *areas = gx_arena_alloc(&ctx->arena, area_count * sizeof *areas);
    if (areas == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
    }
    areas[0] = entry->area;
    for (size_t i = 1; i < area_count; i++) {
        areas[i] = audience->more_areas[i - 1];
    }
    const char *const *orgs = (const char *const *)audience->orgs;
    const char *const *responders = (const char *const *)audience->responders;
    const struct gx_param params[] = {
        gx_int(ctx, entry->area),
        gx_int(ctx, entry->seq),
        gx_text(entry->event_id),
        gx_int(ctx, entry->type),
        gx_int(ctx, entry->at),
        gx_text(entry->actor),
        gx_text(entry->subject),
        gx_bool(audience->officers),
        gx_int(ctx, audience->roles),
        gx_int_array(ctx, areas, area_count),
        gx_text_array(ctx, orgs, audience->n_orgs),
        gx_text_array(ctx, responders, audience->n_responders),
        gx_bytes(entry->leaf),
        gx_bytes(entry->salt),
        gx_bytes(entry->record),
    };
    return gx_sql_later(ctx, &APPEND, params);
}

enum gx_rc audit_store_lock(struct gx_ctx *ctx, bool *ret_held)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_int(ctx, SEQUENCER_LOCK)};
    enum gx_rc rc = gx_sql(ctx, &LOCK, params, &rows);
    if (rc == GX_OK) {
        *ret_held = gx_rows_bool(rows, 0, 0);
    }
    return rc;
}

enum gx_rc audit_store_next(struct gx_ctx *ctx, uint64_t *ret_next)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &NEXT, NULL, &rows);
    if (rc == GX_OK) {
        *ret_next = (uint64_t)gx_rows_int(rows, 0, 0);
    }
    return rc;
}

enum gx_rc audit_store_tiled(struct gx_ctx *ctx, uint64_t *ret_size)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &TILED, NULL, &rows);
    if (rc == GX_OK) {
        *ret_size = gx_rows_count(rows) == 0 ? 0 : (uint64_t)gx_rows_int(rows, 0, 0);
    }
    return rc;
}

enum gx_rc audit_store_leaves(struct gx_ctx *ctx, uint64_t from, unsigned count, uint8_t *leaves,
                              unsigned *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_int(ctx, (int64_t)from), gx_int(ctx, count)};
    enum gx_rc rc = gx_sql(ctx, &LEAVES, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    unsigned got = 0;
    for (; got < gx_rows_count(rows) && got < count; got++) {
        struct gx_view leaf = gx_rows_bytes(ctx, rows, got, 0);
        if (leaf.size != GX_HASH_SIZE) {
            return gx_fail(ctx, GX_P_INTERNAL, "", "leaf");
        }
        memcpy(leaves + (size_t)got * GX_HASH_SIZE, leaf.data, GX_HASH_SIZE);
    }
    *ret_count = got;
    return GX_OK;
}

static int tile_width(void *arg, int level, uint64_t index)
{
    struct audit_store_tiles *tiles = arg;
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_int(tiles->ctx, level),
                                      gx_int(tiles->ctx, (int64_t)index)};
    tiles->rc = gx_sql(tiles->ctx, &TILE_WIDTH, params, &rows);
    if (tiles->rc != GX_OK) {
        return -1;
    }
    return gx_rows_count(rows) == 0 ? 0 : (int)gx_rows_int(rows, 0, 0);
}

static bool tile_read(void *arg, int level, uint64_t index, unsigned width, uint8_t *data)
{
    struct audit_store_tiles *tiles = arg;
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_int(tiles->ctx, level), gx_int(tiles->ctx, (int64_t)index),
                                      gx_int(tiles->ctx, width)};
    tiles->rc = gx_sql(tiles->ctx, &TILE_READ, params, &rows);
    if (tiles->rc != GX_OK || gx_rows_count(rows) == 0) {
        return false;
    }
    struct gx_view bytes = gx_rows_bytes(tiles->ctx, rows, 0, 0);
    if (bytes.size != (size_t)width * GX_HASH_SIZE) {
        return false;
    }
    memcpy(data, bytes.data, bytes.size);
    return true;
}

static bool tile_write(void *arg, int level, uint64_t index, unsigned width, const uint8_t *data)
{
    struct audit_store_tiles *tiles = arg;
    const struct gx_param params[] = {
        gx_int(tiles->ctx, level), gx_int(tiles->ctx, (int64_t)index),
        gx_bytes((struct gx_view){data, (size_t)width * GX_HASH_SIZE})};
    tiles->rc = gx_sql(tiles->ctx, &TILE_WRITE, params, NULL);
    return tiles->rc == GX_OK;
}

struct audit_tiles audit_store_tiles(struct audit_store_tiles *tiles)
{
    return (struct audit_tiles){tile_read, tile_width, tile_write, tiles};
}

enum gx_rc audit_store_checkpoint(struct gx_ctx *ctx, struct audit_checkpoint *ret_checkpoint)
{
    const struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_sql(ctx, &CHECKPOINT, NULL, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    struct audit_checkpoint checkpoint = {.last = {.size = 0, .note = NULL}};
    if (gx_rows_count(rows) > 0) {
        struct gx_view root = gx_rows_bytes(ctx, rows, 0, 1);
        checkpoint.last.size = (uint64_t)gx_rows_int(rows, 0, 0);
        checkpoint.last.note = gx_rows_copy(ctx, rows, 0, 2);
        checkpoint.signed_at = gx_rows_int(rows, 0, 3);
        if (root.size != GX_HASH_SIZE || checkpoint.last.note == NULL) {
            return gx_fail(ctx, GX_P_INTERNAL, "", "checkpoint");
        }
        memcpy(checkpoint.last.root.bytes, root.data, GX_HASH_SIZE);
    }
    *ret_checkpoint = checkpoint;
    return GX_OK;
}

enum gx_rc audit_store_sign(struct gx_ctx *ctx, uint64_t size, const struct gx_hash *root,
                            const char *note)
{
    const struct gx_param params[] = {gx_int(ctx, (int64_t)size),
                                      gx_bytes((struct gx_view){root->bytes, GX_HASH_SIZE}),
                                      gx_text(note), gx_int(ctx, gx_tx_now_ms(ctx))};
    return gx_sql(ctx, &SIGN, params, NULL);
}

static void entry_of_row(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                         struct audit_entry *ret)
{
    ret->index = (uint64_t)gx_rows_int(rows, row, 0);
    ret->area = (int32_t)gx_rows_int(rows, row, 1);
    ret->seq = gx_rows_int(rows, row, 2);
    ret->event_id = gx_rows_copy(ctx, rows, row, 3);
    ret->type = (uint32_t)gx_rows_int(rows, row, 4);
    ret->at = gx_rows_int(rows, row, 5);
    ret->actor = gx_rows_copy(ctx, rows, row, 6);
    ret->subject = gx_rows_copy(ctx, rows, row, 7);
    ret->leaf = gx_rows_bytes(ctx, rows, row, 8);
    ret->erased = gx_rows_null(rows, row, 10);
    if (!ret->erased) {
        ret->salt = gx_rows_bytes(ctx, rows, row, 9);
        ret->record = gx_rows_bytes(ctx, rows, row, 10);
    }
}

enum gx_rc audit_store_by_event(struct gx_ctx *ctx, const char *event_id,
                                struct audit_entry *ret_entry)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(event_id)};
    enum gx_rc rc = gx_sql(ctx, &BY_EVENT, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    if (gx_rows_count(rows) == 0) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/event_id", "event");
    }
    struct audit_entry entry = {.index = 0};
    entry_of_row(ctx, rows, 0, &entry);
    *ret_entry = entry;
    return GX_OK;
}

enum gx_rc audit_store_list(struct gx_ctx *ctx, uint64_t from, const char *subject, unsigned limit,
                            struct audit_entry **ret_entries, size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_int(ctx, (int64_t)from), gx_int(ctx, limit),
                                      gx_text(subject)};
    const struct gx_pg_stmt *stmt = &LIST;
    if (subject != NULL) {
        stmt = gx_id_valid(subject) ? &LIST_OF_SUBJECT : &LIST_OF_ACTOR;
    }
    enum gx_rc rc = gx_sql(ctx, stmt, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct audit_entry *entries = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *entries);
    if (entries == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
    }
    for (size_t i = 0; i < count; i++) {
        entry_of_row(ctx, rows, i, &entries[i]);
    }
    *ret_entries = entries;
    *ret_count = count;
    return GX_OK;
}

enum gx_rc audit_store_erase(struct gx_ctx *ctx, int64_t before_at, uint64_t size, unsigned limit,
                             size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_int(ctx, before_at), gx_int(ctx, (int64_t)size),
                                      gx_int(ctx, limit)};
    enum gx_rc rc = gx_sql(ctx, &ERASE, params, &rows);
    if (rc == GX_OK) {
        *ret_count = gx_rows_count(rows);
    }
    return rc;
}

enum gx_rc audit_store_purge(struct gx_ctx *ctx, const struct audit_purge *purge, int32_t *area,
                             size_t *ret_count)
{
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_int(ctx, purge->before_at),
                                      gx_int(ctx, (int64_t)purge->size), gx_int(ctx, purge->limit),
                                      gx_int(ctx, *area)};
    enum gx_rc rc = gx_sql(ctx, &PURGE, params, &rows);
    if (rc == GX_OK) {
        bool found = gx_rows_count(rows) == 1;
        *area = found ? (int32_t)gx_rows_int(rows, 0, 0) : -1;
        *ret_count = found ? (size_t)gx_rows_int(rows, 0, 1) : 0;
    }
    return rc;
}
