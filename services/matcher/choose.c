/* SPDX-License-Identifier: Apache-2.0 */
#include "choose.h"

#include <string.h>

static int by_int(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int choose_compare(const struct choose_candidate *a, const struct choose_candidate *b,
                   const struct choose_limits *limits)
{
    /* Buckets, not differences: "about the same" must be transitive or the order would depend on
     * the input's. */
    uint32_t width = limits->same_seconds == 0 ? 1 : limits->same_seconds;
    int order = by_int(a->seconds / width, b->seconds / width);
    order = order != 0 ? order : by_int(a->load, b->load);
    order = order != 0 ? order : by_int(a->rested_since, b->rested_since);
    order = order != 0 ? order : by_int(a->seconds, b->seconds);
    return order != 0 ? order : strcmp(a->id, b->id);
}

/* How many free candidates the slot has more than it wants. */
static int64_t slack(const struct choose_candidate *candidates, size_t count, const bool *taken,
                     size_t slot, uint32_t wanted)
{
    int64_t fitting = 0;
    for (size_t i = 0; i < count; i++) {
        fitting += !taken[i] && candidates[i].fits[slot] ? 1 : 0;
    }
    return fitting - (int64_t)wanted;
}

static bool next_slot(const struct choose_candidate *candidates, size_t count, const bool *taken,
                      const uint32_t *wanted, const bool *served, size_t slot_count,
                      size_t *ret_slot)
{
    bool found = false;
    int64_t least = 0;
    for (size_t slot = 0; slot < slot_count; slot++) {
        if (served[slot] || wanted[slot] == 0) {
            continue;
        }
        int64_t spare = slack(candidates, count, taken, slot, wanted[slot]);
        if (!found || spare < least) {
            found = true;
            least = spare;
            *ret_slot = slot;
        }
    }
    return found;
}

static bool best_for(const struct choose_candidate *candidates, size_t count, const bool *taken,
                     size_t slot, const struct choose_limits *limits, size_t *ret_best)
{
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        if (taken[i] || !candidates[i].fits[slot]) {
            continue;
        }
        if (!found || choose_compare(&candidates[i], &candidates[*ret_best], limits) < 0) {
            *ret_best = i;
            found = true;
        }
    }
    return found;
}

size_t choose(const struct choose_candidate *candidates, size_t candidate_count,
              const uint32_t *wanted, size_t slot_count, const struct choose_limits *limits,
              struct choose_pick *picks, bool *scratch)
{
    bool *taken = scratch;
    bool *served = scratch + candidate_count;
    memset(scratch, 0, (candidate_count + slot_count) * sizeof *scratch);
    size_t made = 0;
    size_t slot = 0;
    while (next_slot(candidates, candidate_count, taken, wanted, served, slot_count, &slot)) {
        served[slot] = true;
        for (uint32_t n = 0; n < wanted[slot]; n++) {
            size_t best = 0;
            if (!best_for(candidates, candidate_count, taken, slot, limits, &best)) {
                break;
            }
            taken[best] = true;
            picks[made++] = (struct choose_pick){.slot = slot, .candidate = best};
        }
    }
    return made;
}
