/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "store/pg_internal.h"

#include <stdlib.h>
#include <string.h>

struct gx_rows *gx_rows_new(PGresult *result)
{
    struct gx_rows *rows = calloc(1, sizeof *rows);
    if (rows == NULL) {
        abort();
    }
    rows->result = result;
    return rows;
}

void gx_rows_free(struct gx_rows *rows)
{
    if (rows != NULL) {
        PQclear(rows->result);
        free(rows);
    }
}

size_t gx_rows_count(const struct gx_rows *rows)
{
    return rows == NULL ? 0 : (size_t)PQntuples(rows->result);
}

size_t gx_rows_affected(const struct gx_rows *rows)
{
    /* PQcmdTuples() only reads, but its prototype predates const. */
    PGresult *result = rows->result;
    return (size_t)strtoull(PQcmdTuples(result), NULL, 10);
}

bool gx_rows_null(const struct gx_rows *rows, size_t row, int column)
{
    return PQgetisnull(rows->result, (int)row, column) != 0;
}

const char *gx_rows_text(const struct gx_rows *rows, size_t row, int column)
{
    const char *text = PQgetvalue(rows->result, (int)row, column);
    return text == NULL ? "" : text;
}

int64_t gx_rows_int(const struct gx_rows *rows, size_t row, int column)
{
    return (int64_t)strtoll(gx_rows_text(rows, row, column), NULL, 10);
}

double gx_rows_real(const struct gx_rows *rows, size_t row, int column)
{
    return strtod(gx_rows_text(rows, row, column), NULL);
}

bool gx_rows_bool(const struct gx_rows *rows, size_t row, int column)
{
    return gx_rows_text(rows, row, column)[0] == 't';
}

struct gx_view gx_rows_bytes(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row, int column)
{
    const char *text = gx_rows_text(rows, row, column);
    size_t length = (size_t)PQgetlength(rows->result, (int)row, column);
    if (length < 2 || text[0] != '\\' || text[1] != 'x') {
        return (struct gx_view){NULL, 0};
    }
    size_t size = (length - 2) / 2;
    uint8_t *bytes = gx_arena_alloc(&ctx->arena, size == 0 ? 1 : size);
    if (bytes == NULL || gx_hex_decode(text + 2, bytes, size) != 0) {
        return (struct gx_view){NULL, 0};
    }
    return (struct gx_view){bytes, size};
}

char *gx_rows_copy(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row, int column)
{
    if (gx_rows_null(rows, row, column)) {
        return NULL;
    }
    return gx_arena_text(&ctx->arena, gx_rows_text(rows, row, column));
}

/* One element of an array literal from *at to *out; leaves *at on the ',' or '}' after it, *out behind the element's end. */
static void read_element(const char **at, char **out)
{
    const char *from = *at;
    char *to = *out;
    bool quoted = *from == '"';
    from += quoted ? 1 : 0;
    while (*from != '\0' && (quoted ? *from != '"' : (*from != ',' && *from != '}'))) {
        from += *from == '\\' && from[1] != '\0' ? 1 : 0;
        *to++ = *from++;
    }
    *to++ = '\0';
    *at = quoted && *from == '"' ? from + 1 : from;
    *out = to;
}

char **gx_rows_texts(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row, int column,
                     size_t *ret_count)
{
    const char *at = gx_rows_text(rows, row, column);
    size_t most = 1;
    for (const char *c = at; *c != '\0'; c++) {
        most += *c == ',' ? 1 : 0;
    }
    char **texts = gx_arena_alloc(&ctx->arena, most * sizeof *texts);
    char *out = gx_arena_alloc(&ctx->arena, strlen(at) + 2);
    size_t count = 0;
    at += *at == '{' ? 1 : 0;
    while (texts != NULL && out != NULL && *at != '\0' && *at != '}' && count < most) {
        texts[count++] = out;
        read_element(&at, &out);
        at += *at == ',' ? 1 : 0;
    }
    *ret_count = count;
    return texts;
}
