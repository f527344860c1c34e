/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_SETTINGS_H
#define AUDIT_SETTINGS_H

#include "chassis/settings.h"

struct audit_settings {
    const char *origin;         /* the log's name; must be that of the key */
    int64_t audit_keep_days;    /* how long records are kept */
    int64_t journal_keep_days;  /* how long events stay in the journal, at the least */
    int64_t checkpoint_ms;      /* at most this old is the newest checkpoint while entries come */
    int64_t checkpoint_entries; /* so many new entries are signed at once */
};

enum {
    AUDIT_KEEP_DAYS_LEAST = 183
};

extern struct audit_settings audit_settings;
extern const struct gx_setting AUDIT_SETTINGS[];
extern const size_t AUDIT_SETTINGS_COUNT;

#endif
