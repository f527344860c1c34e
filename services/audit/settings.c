/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "base/cleanup.h"

#include <stddef.h>

#define AT(field) offsetof(struct audit_settings, field)

struct audit_settings audit_settings;

const struct gx_setting AUDIT_SETTINGS[] = {
    {"origin", GX_SET_TEXT, AT(origin), "genxi.local/xishan", 0, 0, GX_SET_PLAIN,
     "name of the log: first line of each checkpoint and name of its key"},
    {"audit_keep_days", GX_SET_INT, AT(audit_keep_days), "400", AUDIT_KEEP_DAYS_LEAST, 36500,
     GX_SET_PLAIN, "days for which records are kept; after them only their leaves stay"},
    {"journal_keep_days", GX_SET_INT, AT(journal_keep_days), "400", 30, 36500, GX_SET_PLAIN,
     "days for which events stay in the journal; older ones go once all services have followed "
     "them and a signed checkpoint covers them"},
    {"checkpoint_ms", GX_SET_INT, AT(checkpoint_ms), "1000", 50, 3600000, GX_SET_PLAIN,
     "milliseconds after which new entries are signed at the latest"},
    {"checkpoint_entries", GX_SET_INT, AT(checkpoint_entries), "256", 1, 1000000, GX_SET_PLAIN,
     "new entries that are signed without waiting"},
};
const size_t AUDIT_SETTINGS_COUNT = GX_COUNT_OF(AUDIT_SETTINGS);
