/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How likely people accept, learned of the offers that have ended (offers/odds.h): of groups, never of a person. One process at a time learns, in
 * the background and in a transaction of its own, so no offer waits for it; every process takes what all have learned.
 */
#ifndef MATCHER_LEARN_LEARN_H
#define MATCHER_LEARN_LEARN_H

#include "carry.h"

/*
 * One turn: what ended at least a minute ago and was not learned from yet is added to the table, unless another process is at it; then the table
 * becomes this process's prospects. A failure leaves all for the next turn.
 */
enum gx_rc learn_turn(carry_run_fn *run, void *via, struct gx_ctx *ctx);

#endif
