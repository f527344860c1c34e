/* SPDX-License-Identifier: Apache-2.0 */
#include "coverage/search.h"

#include <string.h>

/* A choice and what follows from it. */
struct state {
    const struct part *part;
    uint32_t *chosen;
    uint8_t *taken;      /* by candidate */
    double *rest;        /* by group: w q^k for the k chosen that reach it */
    double *before;      /* by group: w q^(k - 1), 0 where k is 0 */
    uint32_t *met_first; /* by group: places in chosen of those that reach it */
    uint32_t *met;
    double *loss;  /* by place: what leaves with that post */
    double *extra; /* by place: what of the loss the candidate under trial would save */
};

struct exchange {
    uint32_t place;
    uint32_t candidate;
    double gain;
};

static void state_init(struct state *state, const struct part *part, uint32_t *chosen)
{
    size_t entries = 0;
    for (uint32_t c = 0; c < part->candidates; c++) {
        size_t reach = part->reach_first[c + 1] - part->reach_first[c];
        entries = reach > entries ? reach : entries;
    }
    *state = (struct state){
        .part = part,
        .chosen = chosen,
        .taken = coverage_alloc(part->candidates, 1),
        .rest = coverage_alloc(part->groups, sizeof(double)),
        .before = coverage_alloc(part->groups, sizeof(double)),
        .met_first = coverage_alloc((size_t)part->groups + 2, sizeof(uint32_t)),
        .met = coverage_alloc(entries * part->posts, sizeof(uint32_t)),
        .loss = coverage_alloc(part->posts, sizeof(double)),
        .extra = coverage_alloc(part->posts, sizeof(double)),
    };
}

static void state_done(struct state *state)
{
    free(state->taken);
    free(state->rest);
    free(state->before);
    free(state->met_first);
    free(state->met);
    free(state->loss);
    free(state->extra);
}

static void find_met(struct state *state)
{
    const struct part *part = state->part;
    memset(state->met_first, 0, ((size_t)part->groups + 2) * sizeof(uint32_t));
    uint32_t *at = state->met_first + 1; /* counts shifted by one become ends while filling */
    for (uint32_t i = 0; i < part->posts; i++) {
        uint32_t c = state->chosen[i];
        for (uint32_t k = part->reach_first[c]; k < part->reach_first[c + 1]; k++) {
            at[part->reach[k] + 1]++;
        }
    }
    for (uint32_t g = 0; g < part->groups; g++) {
        at[g + 1] += at[g];
    }
    for (uint32_t i = 0; i < part->posts; i++) {
        uint32_t c = state->chosen[i];
        for (uint32_t k = part->reach_first[c]; k < part->reach_first[c + 1]; k++) {
            state->met[at[part->reach[k]]++] = i;
        }
    }
}

/* Everything that follows from the choice; returns its value. */
static double state_find(struct state *state)
{
    const struct part *part = state->part;
    memset(state->taken, 0, part->candidates);
    memset(state->loss, 0, part->posts * sizeof(double));
    for (uint32_t i = 0; i < part->posts; i++) {
        state->taken[state->chosen[i]] = 1;
    }
    find_met(state);
    double value = part->settled;
    for (uint32_t g = 0; g < part->groups; g++) {
        double rest = part->weight[g];
        double before = 0.0;
        for (uint32_t k = state->met_first[g]; k < state->met_first[g + 1]; k++) {
            before = rest;
            rest *= part->busy;
        }
        state->rest[g] = rest;
        state->before[g] = before;
        value += part->weight[g] - rest;
        for (uint32_t k = state->met_first[g]; k < state->met_first[g + 1]; k++) {
            state->loss[state->met[k]] += before * (1.0 - part->busy);
        }
    }
    return value;
}

/* The best place for one candidate. */
static void try_candidate(struct state *state, uint32_t c, struct exchange *best)
{
    const struct part *part = state->part;
    double share = 1.0 - part->busy;
    double gain = 0.0;
    memset(state->extra, 0, part->posts * sizeof(double));
    for (uint32_t k = part->reach_first[c]; k < part->reach_first[c + 1]; k++) {
        uint32_t g = part->reach[k];
        gain += state->rest[g] * share;
        double saved = (state->before[g] - state->rest[g]) * share;
        if (saved <= 0.0) {
            continue;
        }
        for (uint32_t m = state->met_first[g]; m < state->met_first[g + 1]; m++) {
            state->extra[state->met[m]] += saved;
        }
    }
    for (uint32_t i = 0; i < part->posts; i++) {
        double win = gain - state->loss[i] + state->extra[i];
        if (win > best->gain) {
            *best = (struct exchange){.place = i, .candidate = c, .gain = win};
        }
    }
}

double search_improve(const struct part *part, double least, uint64_t max_passes, uint32_t *chosen,
                      uint64_t *passes)
{
    struct state state;
    state_init(&state, part, chosen);
    double value = state_find(&state);
    while (*passes < max_passes) {
        (*passes)++;
        struct exchange best = {.gain = least};
        for (uint32_t c = 0; c < part->candidates; c++) {
            if (state.taken[c] == 0) {
                try_candidate(&state, c, &best);
            }
        }
        if (best.gain <= least) {
            break;
        }
        chosen[best.place] = best.candidate;
        value = state_find(&state);
    }
    state_done(&state);
    return value;
}

void search_greedy(const struct part *part, uint32_t *ret_chosen)
{
    double *rest = coverage_alloc(part->groups, sizeof(double));
    uint8_t *taken = coverage_alloc(part->candidates, 1);
    memcpy(rest, part->weight, part->groups * sizeof(double));
    for (uint32_t i = 0; i < part->posts; i++) {
        uint32_t best = 0;
        double most = -1.0;
        for (uint32_t c = 0; c < part->candidates; c++) {
            double gain = 0.0;
            for (uint32_t k = part->reach_first[c]; k < part->reach_first[c + 1]; k++) {
                gain += rest[part->reach[k]];
            }
            if (taken[c] == 0 && gain > most) {
                most = gain;
                best = c;
            }
        }
        taken[best] = 1;
        ret_chosen[i] = best;
        for (uint32_t k = part->reach_first[best]; k < part->reach_first[best + 1]; k++) {
            rest[part->reach[k]] *= part->busy;
        }
    }
    free(rest);
    free(taken);
}

static uint64_t draw(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static bool among(const uint32_t *chosen, uint32_t count, uint32_t candidate)
{
    for (uint32_t i = 0; i < count; i++) {
        if (chosen[i] == candidate) {
            return true;
        }
    }
    return false;
}

void search_kick(const struct part *part, uint32_t count, uint64_t *seed, uint32_t *chosen)
{
    if (part->posts == 0) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = (uint32_t)(draw(seed) % part->posts);
        uint32_t candidate = (uint32_t)(draw(seed) % part->candidates);
        if (!among(chosen, part->posts, candidate)) {
            chosen[place] = candidate;
        }
    }
}
