/* SPDX-License-Identifier: Apache-2.0 */
/* All SQL of intel-share. Each function runs in the context's transaction; what it gives lives as long as the context. */
#ifndef INTEL_STORE_H
#define INTEL_STORE_H

#include "audience.h"
#include "tip.h"

#include "registry.pb-c.h"

/* --- copies of the registry --- */
enum gx_rc intel_store_station_put(struct gx_ctx *ctx, const Genxi__Station *station);
enum gx_rc intel_store_stations(struct gx_ctx *ctx, struct intel_station **ret_stations,
                                size_t *ret_count);
enum gx_rc intel_store_org_put(struct gx_ctx *ctx, const Genxi__Partner *partner);
/* The organisations named by id, or that a class could mean (kinds, areas; both empty: none). */
enum gx_rc intel_store_orgs(struct gx_ctx *ctx, const struct intel_audience *audience,
                            struct intel_org **ret_orgs, size_t *ret_count);
enum gx_rc intel_store_org_active(struct gx_ctx *ctx, const char *org_id, bool *ret_active);

/* --- tips --- */
struct intel_tip {
    const char *id;
    int32_t area;
    const char *number;
    int state;
    struct gx_point place;
    int64_t seen_at;
    const char *seen;
    const char *kind; /* NULL: none; so the texts below */
    int64_t received_at;
    const char *reporter;
    const char *org_id;
    const char *responder_id;
    const char *const *flags;
    size_t flag_count;
    bool exercise;
    const char *triage_reason;
    const char *triaged_by;
    const char *incident_id;
    const char *outcome_note;
};
/* The next number of the area's day (local, YYYYMMDD). */
enum gx_rc intel_store_tip_number(struct gx_ctx *ctx, int32_t area, int64_t day, int64_t *ret_n);
enum gx_rc intel_store_tip_add(struct gx_ctx *ctx, const struct intel_tip *tip);
/* For a change: locked until the end. NOT_FOUND: none that the actor may change. */
enum gx_rc intel_store_tip_take(struct gx_ctx *ctx, const char *id, struct intel_tip *ret_tip);
/* NULL: the tip is gone. */
enum gx_rc intel_store_tip_seen(struct gx_ctx *ctx, const char *id, char **ret_seen);
/* State, triage, incident and outcome. */
enum gx_rc intel_store_tip_update(struct gx_ctx *ctx, const struct intel_tip *tip);
enum gx_rc intel_store_tip_delete(struct gx_ctx *ctx, const char *id);

struct intel_tip_query {
    const char *id;     /* NULL: all */
    const char *before; /* id of the last one of the page before, or NULL */
    int32_t area;       /* 0: all */
    int state;          /* 0: all */
    unsigned limit;
};
enum gx_rc intel_store_tip_list(struct gx_ctx *ctx, const struct intel_tip_query *query,
                                struct intel_tip **ret_tips, size_t *ret_count);

/* --- bulletins --- */
struct intel_bulletin {
    const char *id;
    int32_t area;
    int state;
    int mark;
    struct intel_audience audience;
    const char *purpose;
    int64_t expires_at;
    const char *title;
    const char *text;
    const char *drafted_by;
    int64_t drafted_at;
    const char *approved_by; /* NULL: none; so the texts below */
    int64_t approved_at;     /* 0: none */
    const char *reject_reason;
    int64_t recalled_at;
    const char *recall_reason;
    bool exercise;
    bool org_resolved; /* the actor's organisation is among those resolved */
};
enum gx_rc intel_store_bulletin_add(struct gx_ctx *ctx, const struct intel_bulletin *bulletin);
/* For a change by an officer: locked until the end. */
enum gx_rc intel_store_bulletin_take(struct gx_ctx *ctx, const char *id,
                                     struct intel_bulletin *ret_bulletin);
enum gx_rc intel_store_bulletin_get(struct gx_ctx *ctx, const char *id,
                                    struct intel_bulletin *ret_bulletin);
/* State, approval, rejection and recall. */
enum gx_rc intel_store_bulletin_update(struct gx_ctx *ctx, const struct intel_bulletin *bulletin);
enum gx_rc intel_store_bulletin_list(struct gx_ctx *ctx, int state, const char *before,
                                     unsigned limit, struct intel_bulletin **ret_bulletins,
                                     size_t *ret_count);
enum gx_rc intel_store_bulletin_resolve(struct gx_ctx *ctx, const char *id, const char *const *orgs,
                                        size_t count);
enum gx_rc intel_store_bulletin_orgs(struct gx_ctx *ctx, const char *id,
                                     const char *const **ret_orgs, size_t *ret_count);

/* --- who read it --- */
struct intel_read {
    const char *id;
    const char *bulletin_id;
    int32_t area;
    const char *subject;
    const char *org_id; /* NULL: none */
    int64_t at;
    const char *kind; /* get, read, recalled */
};
/* ret_new: false for a receipt that was there already. */
enum gx_rc intel_store_read_add(struct gx_ctx *ctx, const struct intel_read *read, bool *ret_new);
/* Has the subject ever been given the text? */
enum gx_rc intel_store_was_read(struct gx_ctx *ctx, const char *bulletin_id, const char *subject,
                                bool *ret_was);
enum gx_rc intel_store_read_list(struct gx_ctx *ctx, const char *bulletin_id, const char *after,
                                 unsigned limit, struct intel_read **ret_reads, size_t *ret_count);

#endif
