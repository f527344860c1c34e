/* SPDX-License-Identifier: Apache-2.0 */
/* Good choices without a proof: greedy, and exchange of one post for another as long as that wins. */
#ifndef MATCHER_COVERAGE_SEARCH_H
#define MATCHER_COVERAGE_SEARCH_H

#include "coverage/part.h"

/* chosen: part->posts positions of candidates. */
void search_greedy(const struct part *part, uint32_t *ret_chosen);
/*
 * Makes the best exchange (Teitz and Bart 1968) until none wins more than `least`; *passes counts each look at all exchanges
 * and ends the search at max_passes. Returns the value.
 */
double search_improve(const struct part *part, double least, uint64_t max_passes, uint32_t *chosen,
                      uint64_t *passes);
/* Replaces `count` of the posts by others, drawn from *seed (not 0). */
void search_kick(const struct part *part, uint32_t count, uint64_t *seed, uint32_t *chosen);

#endif
