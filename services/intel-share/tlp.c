/* SPDX-License-Identifier: Apache-2.0 */
#include "tlp.h"

#include "base/cleanup.h"
#include "base/text.h"

/* In rising order of strictness. */
static const struct intel_mark_row MARKS[] = {
    {GENXI__MARK__MARK_CLEAR, "TLP:CLEAR", INTEL_MAY, INTEL_MAY, INTEL_MAY, INTEL_MAY, INTEL_MAY},
    {GENXI__MARK__MARK_GREEN, "TLP:GREEN", INTEL_MAY, INTEL_MAY, INTEL_MAY, INTEL_MAY,
     INTEL_MAY_NOT},
    {GENXI__MARK__MARK_AMBER, "TLP:AMBER", INTEL_MAY, INTEL_MAY_ON_NEED, INTEL_MAY_ON_NEED,
     INTEL_MAY_NOT, INTEL_MAY_NOT},
    {GENXI__MARK__MARK_AMBER_STRICT, "TLP:AMBER+STRICT", INTEL_MAY, INTEL_MAY_ON_NEED,
     INTEL_MAY_NOT, INTEL_MAY_NOT, INTEL_MAY_NOT},
    {GENXI__MARK__MARK_RED, "TLP:RED", INTEL_MAY, INTEL_MAY_NOT, INTEL_MAY_NOT, INTEL_MAY_NOT,
     INTEL_MAY_NOT},
};

static size_t place(int mark)
{
    for (size_t i = 0; i < GX_COUNT_OF(MARKS); i++) {
        if ((int)MARKS[i].mark == mark) {
            return i;
        }
    }
    return GX_COUNT_OF(MARKS) - 1;
}

const struct intel_mark_row *intel_mark(int mark)
{
    return &MARKS[place(mark)];
}

Genxi__Mark intel_mark_parse(const char *label)
{
    for (size_t i = 0; label != NULL && i < GX_COUNT_OF(MARKS); i++) {
        if (gx_text_is(MARKS[i].label, label)) {
            return MARKS[i].mark;
        }
    }
    return gx_text_is(label, "TLP:WHITE") ? GENXI__MARK__MARK_CLEAR : GENXI__MARK__MARK_RED;
}

Genxi__Mark intel_mark_strictest(int a, int b)
{
    size_t first = place(a);
    size_t second = place(b);
    return MARKS[first > second ? first : second].mark;
}
