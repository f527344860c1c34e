/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <stdarg.h>
#include <string.h>

enum gx_rc import_faults_init(struct gx_ctx *ctx, struct import_faults *ret_faults)
{
    struct import_fault *items = gx_arena_alloc(&ctx->arena, IMPORT_FAULTS_MAX * sizeof *items);
    if (items == NULL) {
        return gx_fail(ctx, GX_P_BODY_TOO_LARGE, "", "%zu", ctx->arena.limit_bytes);
    }
    *ret_faults = (struct import_faults){.ctx = ctx, .items = items};
    return GX_OK;
}

void import_fault_add(struct import_faults *faults, uint32_t line, const char *column,
                      enum gx_problem problem, const char *format, ...)
{
    faults->total++;
    if (faults->count == IMPORT_FAULTS_MAX) {
        return;
    }
    va_list args;
    va_start(args, format);
    const char *value = gx_arena_vprintf(&faults->ctx->arena, format, args);
    va_end(args);
    const char *where = gx_arena_text(&faults->ctx->arena, column);
    faults->items[faults->count++] = (struct import_fault){line, where == NULL ? "" : where,
                                                           problem, value == NULL ? "" : value};
}

int import_table_column(const struct import_table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}
