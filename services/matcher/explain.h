/* SPDX-License-Identifier: Apache-2.0 */
/* Why these and not those: one slot's ranking as the field found it, each with its verdict (verdict.h), and what the matching lacked. */
#ifndef MATCHER_EXPLAIN_H
#define MATCHER_EXPLAIN_H

#include "field.h"

/*
 * Adds the slot's ranking to out: the quickest of its force first, at most limit of them and all who were offered. LIMIT: the arena is spent.
 */
enum gx_rc explain_slot(const struct field *field, size_t slot, uint32_t limit,
                        Genxi__Proposal *out);
/* The travel's basis and what was lacking: redis, roads, positions. */
enum gx_rc explain_basis(const struct field *field, Genxi__Proposal *out);
/* The sentences to the verdicts: they are not kept with the ranking. */
void explain_texts(Genxi__Reason *const *reasons, size_t count);

#endif
