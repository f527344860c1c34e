/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "base/cleanup.h"

#include <stddef.h>

#define AT(field) offsetof(struct intel_settings, field)

struct intel_settings intel_settings;

const struct gx_setting INTEL_SETTINGS[] = {
    {"tip_keep_days", GX_SET_INT, AT(tip_keep_days), "90", 1, 90, GX_SET_PLAIN,
     "days after which a discarded or unfounded tip is deleted"},
    {"tip_day_seconds", GX_SET_INT, AT(tip_day_seconds), "86400", 1, 86400, GX_SET_PLAIN,
     "length of such a day; less only to try it out"},
    {"bulletin_days_max", GX_SET_INT, AT(bulletin_days_max), "90", 1, 90, GX_SET_PLAIN,
     "latest expiry of a bulletin, in days from its draft"},
};
const size_t INTEL_SETTINGS_COUNT = GX_COUNT_OF(INTEL_SETTINGS);
