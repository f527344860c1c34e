/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calling somebody away from a less urgent incident: he is asked, keeps his task until he says yes, and then both incidents change in one
 * transaction. A refusal or silence changes nothing; nobody who is on the scene is called away, nobody from an incident of the same grade.
 */
#ifndef MATCHER_PREEMPT_H
#define MATCHER_PREEMPT_H

#include "team.h"

/* The task that ends, under its incident's lock. */
struct preempted {
    struct team team;
    struct assignment *assignment; /* NULL: there is none */
};

/*
 * Opens the team of the offer and, when it preempts, that of the task, in the order of ids as everybody who needs two. *ret_found false: the
 * offer's incident is not known.
 */
enum gx_rc preempt_open(struct matcher *self, struct gx_ctx *ctx, const struct offer *offer,
                        struct team *ret_team, struct preempted *ret_old, bool *ret_found);
/* CONFLICT: the task cannot be left any more. */
enum gx_rc preempt_check(const struct team *team, const struct preempted *old,
                         const struct offer *offer);
/* Behind the offer's end: the task ends, its place is looked after at once, and he is still held, for the new one. */
enum gx_rc preempt_end(struct preempted *old);

#endif
