/* SPDX-License-Identifier: Apache-2.0 */
/* What a thread of the matcher works with: the process's memory of everybody, and how it reckons travel. */
#ifndef MATCHER_MATCHER_H
#define MATCHER_MATCHER_H

#include "dispatch/decide.h"
#include "index.h"
#include "live.h"
#include "travel.h"

#include "chassis/settings.h"
#include "envelope.pb-c.h"

struct matcher {
    struct live *live;          /* the process's, not its own */
    struct travel_roads *roads; /* NULL: no graph is known */
    struct gx_travel travel;
    struct decide *decide; /* working memory of the choosing core */
};

/* The process's one memory; made at the first call, for the process's life. */
struct live *matcher_live(void);

/* A handle on the live index by the common settings; fails only for a bad address or an unreadable password file. */
enum gx_rc matcher_index_open(const struct gx_common_settings *common, struct index **ret_index);

/* For struct gx_service. */
enum gx_rc matcher_thread_start(const struct gx_common_settings *common, void **ret_self);
void matcher_thread_stop(void *self);
/* What was just committed here is known here at once. */
void matcher_committed(void *self, const Genxi__Event *const *events, size_t count);

#endif
