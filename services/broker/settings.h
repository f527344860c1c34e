/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's own settings, section [broker]. */
#ifndef BROKER_SETTINGS_H
#define BROKER_SETTINGS_H

#include "chassis/settings.h"

struct broker_own_settings {
    const char *bind;
    const char *key_name;
    int64_t queue_per_service;
};

extern struct broker_own_settings BROKER_TARGET;
extern const struct gx_setting BROKER_SETTINGS[];
extern const size_t BROKER_SETTINGS_COUNT;

#endif
