/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Genxi's own policy: the matcher's road graph and choosing core, told what a dispatcher sees. Here is only the translation
 * between the play and them.
 */
#ifndef BENCH_DISPATCH_GENXI_H
#define BENCH_DISPATCH_GENXI_H

#include "bench.h"
#include "sim.h"

struct genxi;

/* What may be left out, to see what each part gives. */
struct genxi_parts {
    bool reassign; /* turn crews under way */
    bool relocate; /* send idle crews to posts; else home */
};

struct genxi *genxi_new(const struct net *net, const struct pack *pack, struct genxi_parts parts);
void genxi_free(struct genxi *genxi);
/* A policy for one stream, which has learned nothing yet. */
struct sim_policy genxi_policy(struct genxi *genxi);
/* Microseconds of each choice for a new call, travel times included; and of each look at the posts. */
struct bench_samples *genxi_choices(struct genxi *genxi);
struct bench_samples *genxi_choices_cpu(
    struct genxi *genxi); /* without the time that others had the processor */
struct bench_samples *genxi_postings(struct genxi *genxi);

struct genxi_cost {
    int64_t us;
    int64_t cpu_us;
    double gap; /* to the bound, as a share of the cost */
};
/* A moment far beyond any day, travel times and choice: so many slots and crews at random places of the demand. */
struct genxi_cost genxi_large(struct genxi *genxi, size_t slots, size_t crews);

#endif
