/* SPDX-License-Identifier: Apache-2.0 */
#include "roads/fault.h"

#include "base/problem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

#define ROADS_FAULT(id, rc, en, zh) [ROADS_F_##id] = {GX_##rc, en, zh},
static const struct {
    enum gx_rc rc;
    const char *en;
    const char *zh;
} ROWS[ROADS_F_COUNT] = {
    [ROADS_F_NONE] = {GX_OK, "Nothing is wrong.", "没有错误。"},
#include "roads/fault.def"
};
#undef ROADS_FAULT

enum gx_rc roads_fail(struct roads_fault *fault, enum roads_fault_id id, const char *format, ...)
{
    if (fault != NULL) {
        fault->id = id;
        va_list args;
        va_start(args, format);
        (void)vsnprintf(fault->value, sizeof fault->value, format, args);
        va_end(args);
    }
    return ROWS[id].rc;
}

const char *roads_fault_text(const struct roads_fault *fault, const char *lang, char *text,
                             size_t size)
{
    const char *sentence = gx_text_is(lang, "zh-CN") ? ROWS[fault->id].zh : ROWS[fault->id].en;
    gx_problem_text(sentence, fault->value, text, size);
    return text;
}
