/* SPDX-License-Identifier: Apache-2.0 */
/* The problems of problem.def as a table: result, HTTP status, stable type and both sentences. */
#ifndef GX_BASE_PROBLEM_H
#define GX_BASE_PROBLEM_H

#include "base/rc.h"

#include <stddef.h>

#define GX_PROBLEM(id, rc, http, slug, en, zh) GX_P_##id,
enum gx_problem {
    GX_P_NONE,
#include "base/problem.def"
    GX_P_COUNT
};
#undef GX_PROBLEM

struct gx_problem_row {
    const char *slug;
    enum gx_rc rc;
    int http;
    const char *en;
    const char *zh;
};

/* Before the slug: the stable type of a problem document. */
#define GX_PROBLEM_TYPE "urn:genxi:problem:"

/* A value outside the list gives the row of INTERNAL. */
const struct gx_problem_row *gx_problem_row(enum gx_problem problem);
/* GX_P_INTERNAL for an unknown slug. */
enum gx_problem gx_problem_find(const char *slug);
/* Writes the sentence with value in place of "{}"; cut to size, never in the middle of a code point. */
void gx_problem_text(const char *sentence, const char *value, char *text, size_t size);

#endif
