/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Traffic Light Protocol 2.0 as a table: how far somebody who holds an item may pass it on. What a bulletin's audience may be
 * follows from it.
 */
#ifndef INTEL_TLP_H
#define INTEL_TLP_H

#include "intel.pb-c.h"

#include <stdbool.h>

enum intel_may {
    INTEL_MAY_NOT,
    INTEL_MAY_ON_NEED,
    INTEL_MAY
};

struct intel_mark_row {
    Genxi__Mark mark;
    const char *label; /* as written: "TLP:AMBER+STRICT" */
    enum intel_may named_recipient;
    enum intel_may own_org;
    enum intel_may own_org_clients;
    enum intel_may community;
    enum intel_may everybody;
};

/* The row of a mark; an unknown value is RED. Never NULL. */
const struct intel_mark_row *intel_mark(int mark);
/* A label in upper case; TLP:WHITE of version 1 is CLEAR; missing (NULL) or unknown is RED. */
Genxi__Mark intel_mark_parse(const char *label);
/* The mark of a bundle of both. */
Genxi__Mark intel_mark_strictest(int a, int b);

#endif
