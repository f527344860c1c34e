/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many to ask, and whom next, for one matching: the field's candidates in the order of the choice, with the odds that they accept, put to the
 * policy of offers (offers/offers.h). Spans are given to it as they would be at timer_scale 1.
 */
#ifndef MATCHER_ASKING_H
#define MATCHER_ASKING_H

#include "field.h"
#include "offers/offers.h"
#include "prospects.h"

struct asking {
    const struct field *field;
    struct offers_policy policy;
    struct prospects prospects;
    int hour; /* of the local day */
    struct offers_slot *slots;
    struct offers_open *open;
    size_t open_count;
    struct offers_candidate *candidates; /* by person */
    bool *fits;                          /* [person * slot_count + slot] */
};

/* After the choice was made. out: the incident's open offers. LIMIT: the arena is spent. */
enum gx_rc asking_begin(struct asking *asking, const struct field *field, const struct offer *out,
                        size_t out_count);
/* A candidate of the plan is a person of the field. Again after asking_made() and asking_lost(). */
enum gx_rc asking_plan(const struct asking *asking, struct offers_plan *ret_plan);
/* That person was offered that slot, by the offer of that id. */
void asking_made(struct asking *asking, size_t person, size_t slot, const char *offer_id);
/* Somebody else has him. */
void asking_lost(struct asking *asking, size_t person);

#endif
