/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <stddef.h>

struct intake_settings INTAKE_SETTINGS;

const struct gx_setting INTAKE_SETTING_ROWS[INTAKE_SETTING_COUNT] = {
    {"future_ms", GX_SET_INT, offsetof(struct intake_settings, future_ms), "60000", 0, 3600000,
     GX_SET_PLAIN, "how far ahead of our clock a report's own time may run, in ms"},
    {"late_ms", GX_SET_INT, offsetof(struct intake_settings, late_ms), "600000", 1000, 86400000,
     GX_SET_PLAIN, "a report of something older than this is flagged \"late\", in ms"},
    {"cell_min", GX_SET_INT, offsetof(struct intake_settings, cell_min), "5", 1, 1000, GX_SET_PLAIN,
     "statistics for others than officers suppress cells smaller than this"},
};
