/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What commands and imports share: records that passed their own rules are set beside what the registry holds (references, areas,
 * rights, overlaps), then written and told. One record is a batch of one. Nothing is written by settling.
 */
#ifndef READINESS_REGISTRY_H
#define READINESS_REGISTRY_H

#include "store.h"

/* Where faults go: index of the record in its batch. value is borrowed for the call. */
struct sink {
    void (*fault)(void *arg, size_t index, enum gx_problem problem, const char *pointer,
                  const char *value);
    void *arg;
    size_t count;
};
void sink_fault(struct sink *sink, size_t index, enum gx_problem problem, const char *pointer,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

/* May the actor change what belongs to this organisation in this area? Admin anywhere, duty in own areas. */
bool registry_commands(const struct gx_actor *actor, int32_t area);
/* As above, and a desk for the own organisation. */
bool registry_may_put(const struct gx_actor *actor, int32_t area, const char *org_id);

/*
 * Settle: `olds` holds what each record replaces, NULL for a new one. Fills ids of new records, areas and organisations. Organisations
 * and sites that are named must be in `orgs` (by id) or, for sites, are looked up.
 */
enum gx_rc registry_settle_partners(struct gx_ctx *ctx, struct sink *sink,
                                    const struct partners *news, const struct partners *olds);
enum gx_rc registry_settle_sites(struct gx_ctx *ctx, struct sink *sink, const struct sites *news,
                                 const struct sites *olds);
enum gx_rc registry_settle_responders(struct gx_ctx *ctx, struct sink *sink,
                                      const struct responders *news, const struct responders *olds);
/* Locks the responders, so that no two shifts of one are put at the same time. */
enum gx_rc registry_settle_shifts(struct gx_ctx *ctx, struct sink *sink, const struct shifts *news,
                                  const struct shifts *olds);

/* Write and tell. What did not change is neither written nor told. A change of area is told in both areas. */
enum gx_rc registry_write_stations(struct gx_ctx *ctx, const struct stations *news,
                                   const struct stations *olds);
enum gx_rc registry_write_partners(struct gx_ctx *ctx, const struct partners *news,
                                   const struct partners *olds);
enum gx_rc registry_write_sites(struct gx_ctx *ctx, const struct sites *news,
                                const struct sites *olds);
enum gx_rc registry_write_responders(struct gx_ctx *ctx, const struct responders *news,
                                     const struct responders *olds);
enum gx_rc registry_write_shifts(struct gx_ctx *ctx, const struct shifts *news,
                                 const struct shifts *olds);
enum gx_rc registry_write_teams(struct gx_ctx *ctx, const struct teams *news,
                                const struct teams *olds);
enum gx_rc registry_tell_shift(struct gx_ctx *ctx, const Genxi__Shift *shift, int32_t old_area);

/* The record with this id, or NULL. */
Genxi__Partner *registry_find_partner(const struct partners *partners, const char *id);
Genxi__Responder *registry_find_responder(const struct responders *responders, const char *id);

#endif
