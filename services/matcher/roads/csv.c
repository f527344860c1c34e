/* SPDX-License-Identifier: Apache-2.0 */
#include "roads/csv.h"

#include "roads/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    LINE_BYTES = 1024
};

struct roads_csv {
    gzFile file;
    char name[64];
    unsigned long line;
    int columns;
    char header[LINE_BYTES];
    char text[LINE_BYTES];
};

static gzFile open_either(const char *folder, const char *name)
{
    char path[4096];
    for (int gz = 0; gz < 2; gz++) {
        int length = snprintf(path, sizeof path, "%s/%s%s", folder, name, gz ? ".gz" : "");
        errno = ENAMETOOLONG;
        gzFile file = length > 0 && (size_t)length < sizeof path ? gzopen(path, "rb") : NULL;
        if (file != NULL) {
            return file;
        }
    }
    return NULL;
}

/* 1: a line without its end is in csv->text; 0: the end of the file; -1: too long, or damaged. */
static int read_line(struct roads_csv *csv)
{
    csv->line++;
    if (gzgets(csv->file, csv->text, sizeof csv->text) == NULL) {
        int code = Z_OK;
        (void)gzerror(csv->file, &code);
        return code == Z_OK || code == Z_STREAM_END ? 0 : -1;
    }
    size_t length = strlen(csv->text);
    if (length == sizeof csv->text - 1 && csv->text[length - 1] != '\n') {
        return -1;
    }
    while (length > 0 && (csv->text[length - 1] == '\n' || csv->text[length - 1] == '\r')) {
        csv->text[--length] = '\0';
    }
    return 1;
}

static int count_cells(const char *text)
{
    int count = 1;
    for (; *text != '\0'; text++) {
        count += *text == ',' ? 1 : 0;
    }
    return count;
}

enum gx_rc roads_csv_open(const char *folder, const char *name, const char *columns,
                          struct roads_csv **ret_csv, struct roads_fault *fault)
{
    gzFile file = open_either(folder, name);
    if (file == NULL) {
        return roads_fail(fault, ROADS_F_READ, "%.120s/%s: %s", folder, name, strerror(errno));
    }
    struct roads_csv *csv = roads_alloc(1, sizeof *csv);
    csv->file = file;
    (void)snprintf(csv->name, sizeof csv->name, "%s", name);
    bool good = read_line(csv) == 1;
    csv->columns = count_cells(csv->text);
    memcpy(csv->header, csv->text, sizeof csv->header);
    good = good && csv->columns <= ROADS_CSV_CELLS_MAX;
    if (!good || (columns != NULL && strcmp(csv->text, columns) != 0)) {
        roads_csv_close(csv);
        return roads_fail(fault, ROADS_F_COLUMNS, "%s: %s", name, columns == NULL ? "" : columns);
    }
    *ret_csv = csv;
    return GX_OK;
}

void roads_csv_close(struct roads_csv *csv)
{
    if (csv != NULL) {
        (void)gzclose(csv->file);
        free(csv);
    }
}

int roads_csv_column(const struct roads_csv *csv, const char *name)
{
    size_t size = strlen(name);
    const char *at = csv->header;
    for (int i = 0; i < csv->columns; i++) {
        size_t length = strcspn(at, ",");
        if (length == size && strncmp(at, name, size) == 0) {
            return i;
        }
        at += length + (at[length] == ',' ? 1 : 0);
    }
    return -1;
}

enum gx_rc roads_csv_fail(const struct roads_csv *csv, enum roads_fault_id id, const char *cell,
                          struct roads_fault *fault)
{
    return roads_fail(fault, id, "%s:%lu: %.60s", csv->name, csv->line, cell);
}

enum gx_rc roads_csv_next(struct roads_csv *csv, char *cells[ROADS_CSV_CELLS_MAX], bool *ret_more,
                          struct roads_fault *fault)
{
    int read = read_line(csv);
    *ret_more = read == 1;
    if (read == 0) {
        return GX_OK;
    }
    if (read < 0 || count_cells(csv->text) != csv->columns) {
        return roads_csv_fail(csv, ROADS_F_ROW, csv->text, fault);
    }
    char *at = csv->text;
    for (int i = 0; i < csv->columns; i++) {
        cells[i] = at;
        at += strcspn(at, ",");
        if (*at == ',') {
            *at++ = '\0';
        }
    }
    return GX_OK;
}

int roads_fixed(const char *text, int decimals, int64_t min, int64_t max, int64_t *ret_value)
{
    bool negative = *text == '-';
    const char *at = text + (negative ? 1 : 0);
    int64_t value = 0;
    int digits = 0;
    int after = -1; /* decimals read, -1 before the point */
    for (; *at != '\0'; at++) {
        if (*at == '.' && after < 0 && digits > 0) {
            after = 0;
            continue;
        }
        if (*at < '0' || *at > '9' || ++digits > 17 || after == decimals) {
            return -1;
        }
        value = value * 10 + (*at - '0');
        after += after >= 0 ? 1 : 0;
    }
    if (digits == 0 || after == 0 || digits + decimals > 18) {
        return -1;
    }
    for (int i = after < 0 ? 0 : after; i < decimals; i++) {
        value *= 10;
    }
    value = negative ? -value : value;
    if (value < min || value > max) {
        return -1;
    }
    *ret_value = value;
    return 0;
}
