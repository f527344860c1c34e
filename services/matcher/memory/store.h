/* SPDX-License-Identifier: Apache-2.0 */
/* Filling the matcher's memory (live.h) from its tables, in transactions that act as the system. */
#ifndef MATCHER_MEMORY_STORE_H
#define MATCHER_MEMORY_STORE_H

#include "live.h"

#include "base/ctx.h"

/* Organisations and sites. */
enum gx_rc memory_load_places(struct gx_ctx *ctx, struct live *live);
/* The next most responders behind that id ("" at first), with shifts, holds, rest, load, alerts and last fix; after becomes the last one's id. */
enum gx_rc memory_load_page(struct gx_ctx *ctx, struct live *live, size_t most,
                            char after[KEY_TEXT_SIZE], size_t *ret_count);
/* These, as they are now. Ids that are not known are left out. */
enum gx_rc memory_load_some(struct gx_ctx *ctx, struct live *live, const char *const *ids,
                            size_t count);

/*
 * Whom the incident is not to ask now: who was asked in this phase and declined or stayed silent, who declined less than reask_ms ago,
 * who has or had a task in it. In the arena.
 */
enum gx_rc memory_asked(struct gx_ctx *ctx, const char *incident_id, int32_t phase,
                        int64_t reask_ms, struct key **ret_ids, size_t *ret_count);

enum {
    SKILLS_COLUMN = 10 /* of every statement that reads responders */
};
/* The skills of a responder's row, written there as "code=until". LIMIT: the arena is spent; nothing is set then. */
struct gx_rows;
enum gx_rc memory_skills(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                         const struct person_skill **ret_skills, size_t *ret_count);

#endif
