/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An incident's team under change: its row held, its slots read. Every change goes
 *     team_open() ... team_match() / team_accept() / team_move() ... team_close()
 * in one transaction acting as the system.
 */
#ifndef MATCHER_TEAM_H
#define MATCHER_TEAM_H

#include "match.h"
#include "matcher.h"
#include "records.h"
#include "store/tx.h"

struct team {
    struct matcher *self;
    struct gx_ctx *ctx;
    struct incident *incident;
    struct slot *slots;
    size_t slot_count;
};

/* Locks the incident. *ret_found false: not known. */
enum gx_rc team_open(struct matcher *self, struct gx_ctx *ctx, const char *incident_id,
                     struct team *ret_team, bool *ret_found);
/*
 * The same for a timer, which holds its own row and so must not wait for somebody who may want that: an incident that is busy gets the
 * timer set again, a moment later, and *ret_found is false.
 */
enum gx_rc team_open_timer(struct matcher *self, struct gx_ctx *ctx, const struct gx_timer *timer,
                           const char *incident_id, struct team *ret_team, bool *ret_found);
/* Queues what changed of the incident. */
enum gx_rc team_close(struct team *team);
/* Offers for what is open. */
enum gx_rc team_match(struct team *team);

/* Adds places of one kind; an existing code gets the new count. */
enum gx_rc team_add_slot(struct team *team, const struct slot *slot);
/* NULL when there is none. */
struct slot *team_slot(const struct team *team, const char *code);
/* The first slot with an open place that this person's force, skills and crew serve; NULL: none. */
struct slot *team_slot_for(const struct team *team, const struct person *person);

/* An open offer ends without an assignment: declined, expired, withdrawn. *ret_ended false: it was not open any more. */
enum gx_rc team_end_offer(struct team *team, struct offer *offer, const struct offer_end *end,
                          bool *ret_ended);
/* All open offers of the incident (slot NULL: of all, force 0: of any) are withdrawn. */
enum gx_rc team_withdraw(struct team *team, const char *slot, int force, const char *by);
/* The offer becomes an assignment; the surplus of its slot is stood down when that was the last place. */
enum gx_rc team_accept(struct team *team, struct offer *offer, const char *call_sign,
                       struct assignment **ret_assignment);
/* Somebody that is moving already joins, en route; *ret_assignment NULL: spoken for by another incident. */
enum gx_rc team_join(struct team *team, const struct person *person,
                     struct assignment **ret_assignment);
/* A legal move of an assignment to a new state, with its time and what follows from it. Does not match. */
enum gx_rc team_move(struct team *team, struct assignment *assignment, Genxi__AssignmentState to);

/* He is asked away from this team and said yes: his task ends by "preempted", while he stays held. */
enum gx_rc team_call_away(struct team *team, struct assignment *assignment);
/* When more have accepted than the slot has places: who has not left and is farthest is told "no longer needed", then who is farthest under way; nobody on the scene. */
enum gx_rc team_trim(struct team *team, const char *code);
/* Those of `from` come over as they are; nobody is sent home by a merge. */
enum gx_rc team_absorb(struct team *into, struct team *from);
/* Nobody more is sent (STAGE_HANDLED), or it is over and everybody is free (STAGE_OVER). keep: assignments stay (a merge moves them). */
enum gx_rc team_stop(struct team *team, enum stage stage, bool keep);

/* Which states may follow: a mask of 1 << state. */
unsigned assignment_next(int state);

#endif
