/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INTAKE_SETTINGS_H
#define INTAKE_SETTINGS_H

#include "chassis/settings.h"
#include "check.h"

enum {
    INTAKE_SETTING_COUNT = 3
};
extern struct intake_settings INTAKE_SETTINGS;
extern const struct gx_setting INTAKE_SETTING_ROWS[INTAKE_SETTING_COUNT];

#endif
