/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All SQL of the matcher beside its copies of the registry. Every function works in the transaction
 * of ctx; results live in the arena. Whoever changes an incident's team holds that incident's row
 * (store_incident_lock) from the start, so one incident has one story; store_hold_… is what keeps
 * two incidents from owning one person.
 */
#ifndef MATCHER_STORE_H
#define MATCHER_STORE_H

#include "records.h"

#include "base/ctx.h"

/*
 * From here on the transaction acts as the system: a refusal by one responder must be able to ask
 * the next, of whatever organisation. Only after the caller's own right was checked by what
 * row-level security lets it see.
 */
enum gx_rc store_as_system(struct gx_ctx *ctx);

/* ---- incidents ---- */
/* Queues the insert; with its slots. An id that exists is left alone. */
enum gx_rc store_incident_add(struct gx_ctx *ctx, const struct incident *incident,
                              const struct slot *slots, size_t slot_count);
/* FOR UPDATE. NULL when it is not known. */
enum gx_rc store_incident_lock(struct gx_ctx *ctx, const char *id, struct incident **ret_incident);
/* The same without waiting: *ret_busy when another transaction holds it now. For timers, which must not wait while they hold their own row. */
enum gx_rc store_incident_try(struct gx_ctx *ctx, const char *id, struct incident **ret_incident,
                              bool *ret_busy);
/* As the actor may see it; NULL when not. */
enum gx_rc store_incident_find(struct gx_ctx *ctx, const char *id, struct incident **ret_incident);
/* Queues the write of all that may change. */
enum gx_rc store_incident_put(struct gx_ctx *ctx, const struct incident *incident);
enum gx_rc store_slots(struct gx_ctx *ctx, const char *incident_id, struct slot **ret_slots,
                       size_t *ret_count);
/* Queues: adds, or sets its count. */
enum gx_rc store_slot_put(struct gx_ctx *ctx, const char *incident_id, const struct slot *slot,
                          int ord);
enum gx_rc store_slot_told(struct gx_ctx *ctx, const char *incident_id, const char *code,
                           uint32_t missing);
/* Queues. */
enum gx_rc store_slot_phase(struct gx_ctx *ctx, const char *incident_id, const char *code,
                            uint32_t phase);

/* Queues: one of its places more was offered to somebody nearer. */
enum gx_rc store_slot_swapped(struct gx_ctx *ctx, const char *incident_id, const char *code);

/* ---- persons ---- */
struct person_query {
    const char *const *ids;
    size_t count;
    const char *incident_id; /* "": nobody was asked before */
    int32_t phase;
    int64_t reask_ms; /* who declined less long ago is not asked again */
    int64_t load_ms;  /* assignments of this long are counted */
};
/* Those known, in no order; without a fix. */
enum gx_rc store_persons(struct gx_ctx *ctx, const struct person_query *query,
                         struct person **ret_persons, size_t *ret_count);

/* ---- offers ---- */
/*
 * Takes hold of each responder who is free, on duty and rested, and makes the offer, in one statement and in one order, so that
 * two matchings never wait for each other in a circle; those that preempt one by one, while the task can be left. made[i] says which came
 * about; the others are somebody else's by now.
 */
enum gx_rc store_offers_make(struct gx_ctx *ctx, const struct offer *offers, size_t count,
                             bool *made);
/* As the actor may see it; NULL when not. */
enum gx_rc store_offer_find(struct gx_ctx *ctx, const char *id, struct offer **ret_offer);
enum gx_rc store_offers_list(struct gx_ctx *ctx, const char *incident_id, const char *responder_id,
                             bool open_only, struct offer **ret_offers, size_t *ret_count);
/* Ends open offers: of an incident (slot NULL: all of it, force 0: any) ... */
enum gx_rc store_offers_end(struct gx_ctx *ctx, const char *incident_id, const char *slot,
                            int force, const struct offer_end *end, struct offer **ret_offers,
                            size_t *ret_count);
/* ... or one, when it is still open: *ret_ended false otherwise. keep_hold: the responder stays
 * spoken for. */
enum gx_rc store_offer_end(struct gx_ctx *ctx, const char *id, const struct offer_end *end,
                           bool keep_hold, bool *ret_ended);
/* The open offer of a responder, whatever the incident; NULL when there is none. */
enum gx_rc store_offer_of(struct gx_ctx *ctx, const char *responder_id, struct offer **ret_offer);

/* The open ones whose acceptance would end that task. */
enum gx_rc store_offers_ending(struct gx_ctx *ctx, const char *assignment_id,
                               struct offer **ret_offers, size_t *ret_count);

/* ---- assignments ---- */
/* Queues the insert and turns the hold of the accepted offer into the assignment's. */
enum gx_rc store_assignment_accept(struct gx_ctx *ctx, const struct assignment *assignment);
/* For those that move by themselves: false when the responder is spoken for. */
enum gx_rc store_assignment_join(struct gx_ctx *ctx, const struct assignment *assignment,
                                 bool *ret_joined);
enum gx_rc store_assignment_find(struct gx_ctx *ctx, const char *id,
                                 struct assignment **ret_assignment);
enum gx_rc store_assignments_list(struct gx_ctx *ctx, const char *incident_id,
                                  const char *responder_id, bool active_only,
                                  struct assignment **ret_items, size_t *ret_count);
/* Queues state, times, slot and incident. */
enum gx_rc store_assignment_put(struct gx_ctx *ctx, const struct assignment *assignment);
/* Queues: the responder is free again, and rests until then (0: need not). */
enum gx_rc store_hold_release(struct gx_ctx *ctx, const char *responder_id, int64_t rest_until_at);
/* Queues: the hold goes along to another incident. */
enum gx_rc store_hold_move(struct gx_ctx *ctx, const char *responder_id, const char *incident_id);

/* ---- reasons and rungs ---- */
enum gx_rc store_reason_add(struct gx_ctx *ctx, const struct incident *incident, const char *slot,
                            int64_t at, struct gx_view body);
/* The newest ranking of each slot, as packed Proposals. */
enum gx_rc store_reasons(struct gx_ctx *ctx, const char *incident_id, struct gx_view **ret_bodies,
                         size_t *ret_count);
enum gx_rc store_rung_add(struct gx_ctx *ctx, const struct incident *incident,
                          const Genxi__RungReached *rung, int64_t at);
enum gx_rc store_rungs(struct gx_ctx *ctx, const char *incident_id, Genxi__RungReached ***ret_rungs,
                       size_t *ret_count);

/* ---- the live list and the batch of positions ---- */
struct live_row {
    const char *responder_id;
    const char *org_id;
    const char *call_sign;
    const char *incident_id; /* "" */
    Genxi__Force force;
    bool on_shift;
    bool has_position;
    struct gx_point place;
    int64_t at;
};
/* Whom the actor may see, on shift or assigned; area 0: all. At most 5000. */
enum gx_rc store_live(struct gx_ctx *ctx, int32_t area, struct live_row **ret_rows,
                      size_t *ret_count);

struct position_row {
    const char *responder_id;
    const char *org_id;
    int32_t area;
    Genxi__Force force;
    struct gx_point place;
    int64_t at;
};
/* Queues. A newer position stays. */
enum gx_rc store_positions_put(struct gx_ctx *ctx, const struct position_row *rows, size_t count);
/* Queues; leaves out points less than thin_ms after one that is kept. */
enum gx_rc store_tracks_put(struct gx_ctx *ctx, const struct position_row *rows, size_t count,
                            int64_t thin_ms);
/* Active assignments, not yet arrived by position, whose responder's position is that near: their
 * new state. */
enum gx_rc store_arrivals(struct gx_ctx *ctx, const struct position_row *rows, size_t count,
                          double metres, struct assignment **ret_items, size_t *ret_count);
/* Queues: tracks past their term, positions of nobody on duty. */
enum gx_rc store_positions_purge(struct gx_ctx *ctx, int64_t tracks_before);

#endif
