/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The import's parsers and rules without a database: the first byte chooses kind and format, the rest is the file. Beside memory errors it looks
 * for what must always hold: a row lies within its file, cells are valid UTF-8 within their bound unless a fault says so, and a file without
 * faults gives complete records.
 */
#include "import.h"
#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void must(bool good)
{
    if (!good) {
        abort();
    }
}

static void check_table(const struct import_table *table)
{
    for (size_t i = 0; i < table->row_count; i++) {
        for (size_t n = 0; n < table->column_count; n++) {
            const char *cell = table->rows[i].cells[n];
            must(strlen(cell) <= IMPORT_CELL_BYTES_MAX && gx_utf8_valid(cell, strlen(cell)));
        }
        must(table->rows[i].line >= 1);
    }
}

static const void *record(const struct import_batch *batch, size_t i)
{
    switch (batch->kind) {
    case GENXI__IMPORT_KIND__IMPORT_KIND_STATIONS:
        return batch->stations[i];
    case GENXI__IMPORT_KIND__IMPORT_KIND_PARTNERS:
        return batch->partners[i];
    case GENXI__IMPORT_KIND__IMPORT_KIND_SITES:
        return batch->sites[i];
    case GENXI__IMPORT_KIND__IMPORT_KIND_RESPONDERS:
        return batch->responders[i];
    case GENXI__IMPORT_KIND__IMPORT_KIND_SHIFTS:
        return batch->shifts[i];
    case GENXI__IMPORT_KIND__IMPORT_KIND_TEAMS:
        return batch->teams[i];
    case _GENXI__IMPORT_KIND_IS_INT_SIZE:
        break;
    }
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct gx_ctx ctx;
    struct import_faults faults;
    struct import_table table;
    struct import_batch batch;
    const struct gx_view text = {data + 1, size - 1};
    const struct import_options options = {.kind = (Genxi__ImportKind)(1 + data[0] % 6),
                                           .org_optional = (data[0] & 0x40) != 0,
                                           .now_ms = INT64_C(1795500000000)};
    gx_ctx_init(&ctx, (size_t)64 * 1024 * 1024);
    enum gx_rc rc = import_faults_init(&ctx, &faults);
    must(rc == GX_OK);
    rc = (data[0] & 0x80) != 0 ? import_geojson_read(&ctx, text, &faults, &table)
                               : import_csv_read(&ctx, text, &faults, &table);
    must(rc != GX_OK || faults.count <= faults.total);
    if (rc == GX_OK && faults.total == 0) {
        check_table(&table);
        rc = import_build(&ctx, &options, &table, &faults, &batch);
        for (size_t i = 0; rc == GX_OK && faults.total == 0 && i < batch.count; i++) {
            must(record(&batch, i) != NULL);
        }
    }
    gx_ctx_done(&ctx);
    return 0;
}
