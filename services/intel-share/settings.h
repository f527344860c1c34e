/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INTEL_SETTINGS_H
#define INTEL_SETTINGS_H

#include "chassis/settings.h"

struct intel_settings {
    int64_t tip_keep_days;
    int64_t tip_day_seconds;
    int64_t bulletin_days_max;
};

extern struct intel_settings intel_settings;
extern const struct gx_setting INTEL_SETTINGS[];
extern const size_t INTEL_SETTINGS_COUNT;

#endif
