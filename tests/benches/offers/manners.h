/* SPDX-License-Identifier: Apache-2.0 */
/* The ways of asking that are compared: fixed rules, and genxi's own library. */
#ifndef BENCH_OFFERS_MANNERS_H
#define BENCH_OFFERS_MANNERS_H

#include "offers/offers.h"

#include "../bench.h"
#include "play.h"

/* A fixed rule: so many of the nearest, for the team or for each open place. */
struct fixed {
    uint32_t count; /* 0: all within the radius, which grows by itself when all have answered */
    bool each;      /* for each open place */
    bool
        batch; /* the next ones only when all have answered or expired; else each refusal is replaced at once */
};
void fixed_step(void *self, struct play *play);

/* genxi: knows nobody's nature, starts with the prior and learns from what it sees. */
struct own {
    struct offers_policy policy;
    struct odds odds;
    struct gx_arena arena;
    uint32_t phase; /* of the incident played */
    struct bench_samples nanoseconds;
    uint32_t alerts_over; /* asked although over the bound: must stay 0 */
};
void own_init(struct own *own, const struct offers_policy *policy);
void own_done(struct own *own);
void own_step(void *self, struct play *play);
void own_ended(void *self, const struct play *play, const struct ask *ask);

#endif
