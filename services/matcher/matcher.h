/* SPDX-License-Identifier: Apache-2.0 */
/* What a thread of the matcher owns: its handle on the live index and how it reckons travel. Nothing in it that could not be thrown away. */
#ifndef MATCHER_MATCHER_H
#define MATCHER_MATCHER_H

#include "index.h"
#include "travel.h"

#include "chassis/settings.h"

struct fix_cache; /* positions.h */

struct matcher {
    struct index *index;
    struct gx_travel travel;
    struct fix_cache *fixes;
};

/* A handle on the live index by the common settings; fails only for a bad address or an unreadable password file. */
enum gx_rc matcher_index_open(const struct gx_common_settings *common, struct index **ret_index);

/* For struct gx_service. */
enum gx_rc matcher_thread_start(const struct gx_common_settings *common, void **ret_self);
void matcher_thread_stop(void *self);

#endif
