/* SPDX-License-Identifier: Apache-2.0 */
/* What was wrong with a road file: a row of fault.def and where it was found. */
#ifndef MATCHER_ROADS_FAULT_H
#define MATCHER_ROADS_FAULT_H

#include "base/rc.h"

#include <stddef.h>

#define ROADS_FAULT(id, rc, en, zh) ROADS_F_##id,
enum roads_fault_id {
    ROADS_F_NONE,
#include "roads/fault.def"
    ROADS_F_COUNT
};
#undef ROADS_FAULT

struct roads_fault {
    enum roads_fault_id id;
    char value[192];
};

/* Fills fault (unless it is NULL) and returns the row's result class: `return roads_fail(fault, ROADS_F_MAGIC, ...);` */
enum gx_rc roads_fail(struct roads_fault *fault, enum roads_fault_id id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The sentence in "zh-CN" or "en" (anything else); returns text. */
const char *roads_fault_text(const struct roads_fault *fault, const char *lang, char *text,
                             size_t size);

#endif
