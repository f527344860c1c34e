/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of imports share: a context with faults, and where a fault is. */
#ifndef TESTS_READINESS_SUPPORT_H
#define TESTS_READINESS_SUPPORT_H

#include "import.h"

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    struct gx_ctx ctx;
    struct import_faults faults;
    struct import_table table;
    struct import_batch batch;
};

static inline struct gx_view view_of(const char *text)
{
    return (struct gx_view){(const uint8_t *)text, strlen(text)};
}

static inline struct bench *bench_new(size_t limit_bytes)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    gx_ctx_init(&bench->ctx, limit_bytes);
    assert_int_equal(import_faults_init(&bench->ctx, &bench->faults), GX_OK);
    return bench;
}

static inline void bench_free(struct bench *bench)
{
    gx_ctx_done(&bench->ctx);
    free(bench);
}

/* Is there a fault of this problem at this line and column? */
static inline bool has_fault(const struct bench *bench, uint32_t line, const char *column,
                             enum gx_problem problem)
{
    for (size_t i = 0; i < bench->faults.count; i++) {
        const struct import_fault *fault = &bench->faults.items[i];
        if (fault->line == line && fault->problem == problem &&
            strcmp(fault->column, column) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < bench->faults.count; i++) {
        const struct import_fault *fault = &bench->faults.items[i];
        (void)fprintf(stderr, "  line %u %s: %s (%s)\n", fault->line, fault->column,
                      gx_problem_row(fault->problem)->slug, fault->value);
    }
    return false;
}

#endif
