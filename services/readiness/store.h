/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All SQL of the registry. Works on whole records in batches: one statement for a thousand rows, one row is a batch of one. Ids must
 * be valid before they come here. Lists come in the order of their ids, at most limit + 1 of them, so that the caller sees whether
 * there are more. Row-level security decides what is found at all.
 */
#ifndef READINESS_STORE_H
#define READINESS_STORE_H

#include "base/ctx.h"
#include "registry.pb-c.h"

#include <stddef.h>
#include <stdint.h>

/* Records in the arena. */
struct stations {
    Genxi__Station **items;
    size_t count;
};
struct partners {
    Genxi__Partner **items;
    size_t count;
};
struct sites {
    Genxi__Site **items;
    size_t count;
};
struct responders {
    Genxi__Responder **items;
    size_t count;
};
struct shifts {
    Genxi__Shift **items;
    size_t count;
};
struct teams {
    Genxi__InstructorTeam **items;
    size_t count;
};

/* Texts side by side: keys[i] of owners[i]. */
struct store_keys {
    const char *const *owners; /* organisation ids; NULL where the key needs none */
    const char *const *keys;
    size_t count;
};

/* All of them, in the order of areas. */
enum gx_rc store_stations(struct gx_ctx *ctx, struct stations *ret_stations);
enum gx_rc store_stations_put(struct gx_ctx *ctx, const struct stations *stations);

enum gx_rc store_partner_list(struct gx_ctx *ctx, const Genxi__PartnerQuery *query, uint32_t limit,
                              struct partners *ret_partners);
enum gx_rc store_partner_count(struct gx_ctx *ctx, const Genxi__PartnerQuery *query,
                               uint64_t *ret_count);
/* Those that exist and are visible, in any order; locked until the transaction ends when `lock` (then only what may be changed). */
enum gx_rc store_partners_by_id(struct gx_ctx *ctx, const char *const *ids, size_t count, bool lock,
                                struct partners *ret_partners);
enum gx_rc store_partners_by_code(struct gx_ctx *ctx, const struct store_keys *keys,
                                  struct partners *ret_partners);
enum gx_rc store_partners_put(struct gx_ctx *ctx, const struct partners *partners);

enum gx_rc store_site_list(struct gx_ctx *ctx, const Genxi__SiteQuery *query, uint32_t limit,
                           struct sites *ret_sites);
enum gx_rc store_sites_by_id(struct gx_ctx *ctx, const char *const *ids, size_t count, bool lock,
                             struct sites *ret_sites);
enum gx_rc store_sites_by_code(struct gx_ctx *ctx, const struct store_keys *keys,
                               struct sites *ret_sites);
enum gx_rc store_sites_put(struct gx_ctx *ctx, const struct sites *sites);

enum gx_rc store_responder_list(struct gx_ctx *ctx, const Genxi__ResponderQuery *query,
                                uint32_t limit, struct responders *ret_responders);
/* Locked in the order of ids, so that two that need the same never wait for each other. */
enum gx_rc store_responders_by_id(struct gx_ctx *ctx, const char *const *ids, size_t count,
                                  bool lock, struct responders *ret_responders);
enum gx_rc store_responders_by_code(struct gx_ctx *ctx, const struct store_keys *keys,
                                    struct responders *ret_responders);
enum gx_rc store_responders_put(struct gx_ctx *ctx, const struct responders *responders);
/* Moves responders to the area of their site, or of their organisation without one. Gives those that moved and whence. */
enum gx_rc store_responders_follow(struct gx_ctx *ctx, const char *const *site_ids,
                                   size_t site_count, const char *const *org_ids, size_t org_count,
                                   struct responders *ret_moved, int32_t **ret_old_areas);

enum gx_rc store_shift_list(struct gx_ctx *ctx, const Genxi__ShiftQuery *query, uint32_t limit,
                            struct shifts *ret_shifts);
enum gx_rc store_shifts_by_id(struct gx_ctx *ctx, const char *const *ids, size_t count, bool lock,
                              struct shifts *ret_shifts);
/* By responder and begin; owners are responder ids, keys the begin in ms. One that is not closed goes before a closed one. */
enum gx_rc store_shifts_by_begin(struct gx_ctx *ctx, const struct store_keys *keys,
                                 struct shifts *ret_shifts);
/* Shifts not closed that share time with one of these, other than these themselves. */
enum gx_rc store_shifts_overlapping(struct gx_ctx *ctx, const struct shifts *wanted,
                                    struct shifts *ret_others);
enum gx_rc store_shifts_put(struct gx_ctx *ctx, const struct shifts *shifts);
enum gx_rc store_shift_close(struct gx_ctx *ctx, const char *id, int64_t until_at);
/* Moves shifts that are not closed to the area of their responder. */
enum gx_rc store_shifts_follow(struct gx_ctx *ctx, const char *const *responder_ids, size_t count,
                               struct shifts *ret_moved, int32_t **ret_old_areas);

enum gx_rc store_team_list(struct gx_ctx *ctx, const Genxi__InstructorTeamQuery *query,
                           uint32_t limit, struct teams *ret_teams);
enum gx_rc store_teams_by_code(struct gx_ctx *ctx, const struct store_keys *keys,
                               struct teams *ret_teams);
enum gx_rc store_teams_put(struct gx_ctx *ctx, const struct teams *teams);

#endif
