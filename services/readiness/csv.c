/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over a private copy: cells are cut out in place (the separator after a cell becomes its
 * NUL, doubled quotes shrink), so a file costs its own size and one pointer a cell.
 */
#include "base/text.h"
#include "table.h"

#include <string.h>

struct reader {
    struct gx_ctx *ctx;
    struct import_faults *faults;
    char *at;
    char *end; /* one past the text; writable, holds the last cell's NUL */
    uint32_t line;
    bool broken; /* quotes that do not match: nothing after this can be trusted */
    const char **columns;
    size_t column_count;
};

/* One record as it stands in the text. */
struct record {
    const char *cells[IMPORT_COLUMNS_MAX];
    size_t sizes[IMPORT_COLUMNS_MAX];
    size_t count; /* may exceed what is kept */
    uint32_t line;
    bool quoted;
};

static const char *column_name(const struct reader *reader, size_t index)
{
    return index < reader->column_count ? reader->columns[index] : "";
}

static void break_off(struct reader *reader, const struct record *record, const char *rule)
{
    import_fault_add(reader->faults, record->line, column_name(reader, record->count),
                     GX_P_FIELD_FORMAT, "%s", rule);
    reader->broken = true;
}

/* Cell in quotes: from behind the opening quote to behind the closing one. */
static size_t read_quoted(struct reader *reader, const struct record *record, char *start)
{
    char *out = start;
    char *in = reader->at;
    for (; in < reader->end; in++) {
        if (*in == '"') {
            if (in + 1 < reader->end && in[1] == '"') {
                in++;
            } else {
                break;
            }
        } else if (*in == '\n') {
            reader->line++;
        }
        *out++ = *in;
    }
    if (in >= reader->end) {
        reader->at = reader->end;
        break_off(reader, record, "\"...\" (RFC 4180)");
        return 0;
    }
    reader->at = in + 1;
    if (reader->at < reader->end && *reader->at != ',' && *reader->at != '\n' &&
        *reader->at != '\r') {
        break_off(reader, record, "\"...\", (RFC 4180)");
    }
    return (size_t)(out - start);
}

static size_t read_plain(struct reader *reader, const struct record *record)
{
    char *start = reader->at;
    while (reader->at < reader->end && *reader->at != ',' && *reader->at != '\n' &&
           *reader->at != '\r') {
        if (*reader->at == '"') {
            break_off(reader, record, "\"a \"\"b\"\" c\" (RFC 4180)");
            return 0;
        }
        reader->at++;
    }
    return (size_t)(reader->at - start);
}

static void keep_cell(struct record *record, const char *start, size_t size)
{
    if (record->count < IMPORT_COLUMNS_MAX) {
        record->cells[record->count] = start;
        record->sizes[record->count] = size;
    }
    record->count++;
}

/* Behind a cell: true when the record goes on. */
static bool separator(struct reader *reader, const struct record *record)
{
    if (reader->at >= reader->end) {
        return false;
    }
    char c = *reader->at++;
    if (c == ',') {
        return true;
    }
    if (c == '\r') {
        if (reader->at >= reader->end || *reader->at != '\n') {
            break_off(reader, record, "LF, CRLF");
            return false;
        }
        reader->at++;
    }
    reader->line++;
    return false;
}

static void read_record(struct reader *reader, struct record *record)
{
    record->count = 0;
    record->quoted = false;
    record->line = reader->line;
    bool more = true;
    while (more && !reader->broken) {
        bool quoted = reader->at < reader->end && *reader->at == '"';
        record->quoted = record->quoted || quoted;
        char *start = quoted ? ++reader->at : reader->at;
        size_t size = quoted ? read_quoted(reader, record, start) : read_plain(reader, record);
        if (reader->broken) {
            return;
        }
        more = separator(reader, record);
        start[size] = '\0';
        keep_cell(record, start, size);
    }
}

static bool blank(const struct record *record)
{
    return record->count == 1 && record->sizes[0] == 0 && !record->quoted;
}

static void check_cell(const struct reader *reader, const struct record *record, size_t i)
{
    const char *name = column_name(reader, i);
    if (record->sizes[i] > IMPORT_CELL_BYTES_MAX) {
        import_fault_add(reader->faults, record->line, name, GX_P_FIELD_LENGTH, "0..%d",
                         IMPORT_CELL_BYTES_MAX);
    } else if (strlen(record->cells[i]) != record->sizes[i]) {
        import_fault_add(reader->faults, record->line, name, GX_P_FIELD_FORMAT, "%s",
                         "text without U+0000");
    } else if (!gx_utf8_valid(record->cells[i], record->sizes[i])) {
        import_fault_add(reader->faults, record->line, name, GX_P_UTF8, "%s", name);
    }
}

static enum gx_rc spent(struct gx_ctx *ctx)
{
    return gx_fail(ctx, GX_P_BODY_TOO_LARGE, "", "%zu", ctx->arena.limit_bytes);
}

static char *trimmed(struct gx_ctx *ctx, const char *text)
{
    text += strspn(text, " \t");
    size_t size = strlen(text);
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t')) {
        size--;
    }
    return gx_arena_text_n(&ctx->arena, text, size);
}

static bool named_before(char *const *columns, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(columns[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static enum gx_rc take_header(struct reader *reader, const struct record *record)
{
    if (record->count > IMPORT_COLUMNS_MAX) {
        import_fault_add(reader->faults, record->line, "", GX_P_FIELD_LENGTH, "1..%d",
                         IMPORT_COLUMNS_MAX);
        reader->broken = true;
        return GX_OK;
    }
    char **columns = gx_arena_alloc(&reader->ctx->arena, record->count * sizeof *columns);
    if (columns == NULL) {
        return spent(reader->ctx);
    }
    for (size_t i = 0; i < record->count; i++) {
        check_cell(reader, record, i);
        columns[i] = trimmed(reader->ctx, record->cells[i]);
        if (columns[i] == NULL) {
            return spent(reader->ctx);
        }
        if (columns[i][0] == '\0' || named_before(columns, i, columns[i])) {
            import_fault_add(reader->faults, record->line, columns[i], GX_P_DUPLICATE,
                             "%zu: \"%s\"", i + 1, columns[i]);
        }
    }
    /* Read-only from here on. */
    reader->columns = (const char **)(void *)columns;
    reader->column_count = record->count;
    return GX_OK;
}

static enum gx_rc take_row(struct reader *reader, const struct record *record,
                           struct import_row *row)
{
    size_t count = reader->column_count;
    row->cells = gx_arena_alloc(&reader->ctx->arena, count * sizeof *row->cells);
    if (row->cells == NULL) {
        return spent(reader->ctx);
    }
    row->line = record->line;
    for (size_t i = 0; i < count; i++) {
        check_cell(reader, record, i);
        row->cells[i] = record->cells[i];
    }
    return GX_OK;
}

static enum gx_rc read_rows(struct reader *reader, struct import_table *table)
{
    size_t room = 0;
    struct record record;
    while (reader->at < reader->end && !reader->broken) {
        read_record(reader, &record);
        if (reader->broken || blank(&record)) {
            continue;
        }
        if (record.count != reader->column_count) {
            import_fault_add(reader->faults, record.line, "", GX_P_FIELD_LENGTH, "%zu (%zu)",
                             reader->column_count, record.count);
            continue;
        }
        if (table->row_count == IMPORT_ROWS_MAX) {
            import_fault_add(reader->faults, record.line, "", GX_P_FIELD_LENGTH, "0..%d",
                             IMPORT_ROWS_MAX);
            return GX_OK;
        }
        if (table->row_count == room) {
            size_t larger = room == 0 ? 256 : room * 4;
            struct import_row *rows = gx_arena_alloc(&reader->ctx->arena, larger * sizeof *rows);
            if (rows == NULL) {
                return spent(reader->ctx);
            }
            if (room > 0) {
                memcpy(rows, table->rows, room * sizeof *rows);
            }
            table->rows = rows;
            room = larger;
        }
        enum gx_rc rc = take_row(reader, &record, &table->rows[table->row_count]);
        if (rc != GX_OK) {
            return rc;
        }
        table->row_count++;
    }
    return GX_OK;
}

static bool read_header(struct reader *reader, struct record *record)
{
    while (reader->at < reader->end && !reader->broken) {
        read_record(reader, record);
        if (!reader->broken && !blank(record)) {
            return true;
        }
    }
    return false;
}

enum gx_rc import_csv_read(struct gx_ctx *ctx, struct gx_view text, struct import_faults *faults,
                           struct import_table *ret_table)
{
    *ret_table = (struct import_table){0};
    if (text.size > IMPORT_BYTES_MAX) {
        import_fault_add(faults, 0, "", GX_P_BODY_TOO_LARGE, "%d", IMPORT_BYTES_MAX);
        return GX_OK;
    }
    char *copy = gx_arena_text_n(&ctx->arena, (const char *)text.data, text.size);
    if (copy == NULL) {
        return spent(ctx);
    }
    struct reader reader = {
        .ctx = ctx, .faults = faults, .at = copy, .end = copy + text.size, .line = 1};
    if (text.size >= 3 && memcmp(copy, "\xef\xbb\xbf", 3) == 0) {
        reader.at += 3;
    }
    struct record record;
    if (!read_header(&reader, &record)) {
        if (!reader.broken) {
            import_fault_add(faults, 1, "", GX_P_FIELD_MISSING, "%s", "header");
        }
        return GX_OK;
    }
    enum gx_rc rc = take_header(&reader, &record);
    if (rc == GX_OK) {
        rc = read_rows(&reader, ret_table);
    }
    ret_table->columns = reader.columns;
    ret_table->column_count = reader.column_count;
    return rc;
}
