/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who goes: fills the slots of one incident from candidates that passed the hard rules. Pure and
 * deterministic: the same input in any order gives the same picks, so that a bench can link it and
 * a dispute can be replayed.
 */
#ifndef MATCHER_CHOOSE_H
#define MATCHER_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct choose_candidate {
    const char *id;
    uint32_t seconds;     /* travel time */
    uint32_t load;        /* assignments of the last hours */
    int64_t rested_since; /* end of the last rest; smaller is better rested */
    const bool *fits;     /* fits[slot]: no rule forbids this candidate there */
};

struct choose_pick {
    size_t slot;
    size_t candidate;
};

struct choose_limits {
    uint32_t same_seconds; /* travel times this close count as the same: load and rest decide */
};

/*
 * wanted[slot] candidates for each slot. Slots with the fewest to spare choose first. picks holds
 * at least the sum of wanted; returns how many were made, in the order of their choosing. No
 * candidate twice. scratch holds candidate_count + slot_count.
 */
size_t choose(const struct choose_candidate *candidates, size_t candidate_count,
              const uint32_t *wanted, size_t slot_count, const struct choose_limits *limits,
              struct choose_pick *picks, bool *scratch);

/* The order of a ranking: negative when a goes before b. */
int choose_compare(const struct choose_candidate *a, const struct choose_candidate *b,
                   const struct choose_limits *limits);

#endif
