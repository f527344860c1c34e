/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL, the only user of libpq-fe.h. Statements are data, prepared by name on each connection at first use; values are never part of
 * SQL text. Every call is bounded by the context's deadline (send, wait, cancel, drain). SQLSTATE becomes a result:
 *     40001, 40P01 -> UNAVAILABLE (try the whole transaction again)   23505 -> CONFLICT (DUPLICATE)   23503 -> INVALID (REFERENCE)
 *     42501 (row-level security, privilege) -> DENIED                53*, 57P0*, 08* -> UNAVAILABLE  57014 -> TIMEOUT
 *     connection lost after COMMIT was sent -> UNCERTAIN              else -> INTERNAL
 */
#ifndef GX_STORE_PG_H
#define GX_STORE_PG_H

#include "base/cleanup.h"
#include "base/ctx.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gx_pg_shape {
    GX_PG_NONE,
    GX_PG_ONE_ROW,
    GX_PG_MAYBE_ROW,
    GX_PG_ROWS
};

struct gx_pg_stmt {
    const char *name;
    const char *sql;
    int params; /* $1..$n */
    enum gx_pg_shape shape;
    bool writes;
};

/* One parameter: text (NULL is SQL NULL), or bytes for a bytea. */
struct gx_param {
    const char *text;
    const uint8_t *bytes;
    size_t size;
};

/* Parameters in order: struct gx_param p[] = {gx_text(id), gx_int(ctx, n), gx_bytes(view)}; numbers are formatted into the arena. */
struct gx_param gx_text(const char *text);
struct gx_param gx_int(struct gx_ctx *ctx, int64_t value);
struct gx_param gx_real(struct gx_ctx *ctx, double value);
struct gx_param gx_bool(bool value);
struct gx_param gx_bytes(struct gx_view bytes);
struct gx_param gx_null(void);
/* "" becomes NULL: for optional ids. */
struct gx_param gx_text_or_null(const char *text);
/* A PostgreSQL array literal "{a,b}" of texts (quoted as needed) or int32s. */
struct gx_param gx_text_array(struct gx_ctx *ctx, const char *const *texts, size_t count);
struct gx_param gx_int_array(struct gx_ctx *ctx, const int32_t *values, size_t count);

struct gx_pg;
struct gx_rows;

/* Connects (a libpq connection string; pins search_path, UTC, application_name, no JIT). UNAVAILABLE when nobody answers. */
enum gx_rc gx_pg_open(const char *conninfo, const char *application, struct gx_pg **ret_pg);
void gx_pg_free(struct gx_pg *pg);
/* Reconnects if the connection is broken; prepared statements are prepared again. */
enum gx_rc gx_pg_ensure(struct gx_pg *pg);
bool gx_pg_healthy(const struct gx_pg *pg);
/* Rises with each (re)connection: when it changed, session state such as advisory locks is gone. */
uint64_t gx_pg_epoch(const struct gx_pg *pg);

/*
 * Outside a transaction: one statement, its own implicit transaction. rows may be NULL. Rows live until gx_rows_free().
 * Inside a handler use gx_sql() of tx.h instead.
 */
enum gx_rc gx_pg_run(struct gx_pg *pg, struct gx_ctx *ctx, const struct gx_pg_stmt *stmt,
                     const struct gx_param *params, struct gx_rows **ret_rows);
/* Several statements in one text, no parameters, no result: for migrations only. */
enum gx_rc gx_pg_script(struct gx_pg *pg, struct gx_ctx *ctx, const char *sql);

size_t gx_rows_count(const struct gx_rows *rows);
/* Rows that an INSERT, UPDATE or DELETE touched. */
size_t gx_rows_affected(const struct gx_rows *rows);
bool gx_rows_null(const struct gx_rows *rows, size_t row, int column);
/* Borrowed from rows; "" for NULL. */
const char *gx_rows_text(const struct gx_rows *rows, size_t row, int column);
int64_t gx_rows_int(const struct gx_rows *rows, size_t row, int column); /* 0 for NULL */
double gx_rows_real(const struct gx_rows *rows, size_t row, int column);
bool gx_rows_bool(const struct gx_rows *rows, size_t row, int column);
/* A bytea into the arena. */
struct gx_view gx_rows_bytes(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                             int column);
/* Copies into the arena; NULL for SQL NULL. */
char *gx_rows_copy(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row, int column);
/* A text[] or uuid[] column into the arena. */
char **gx_rows_texts(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row, int column,
                     size_t *ret_count);
void gx_rows_free(struct gx_rows *rows);
GX_DEFINE_AUTO(struct gx_rows, gx_rows_free)

#endif
