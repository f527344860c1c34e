/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How busy a force is, learned as it goes: the gap between calls, how long a call takes a crew, and how often crews under way
 * are turned round.
 */
#ifndef DISPATCH_TEMPO_H
#define DISPATCH_TEMPO_H

#include <stddef.h>
#include <stdint.h>

struct tempo {
    int64_t last_call_ms;
    double gap_ms;  /* running mean; 0: nothing seen yet */
    double busy_ms; /* running mean; 0: nothing seen yet */
    uint32_t gaps;
    uint32_t works;
    double turned; /* crews turned round a call, lately */
};

/* All zero is a tempo that has seen nothing. */
void tempo_call(struct tempo *tempo, int64_t at_ms);
void tempo_work(struct tempo *tempo,
                int64_t busy_ms); /* a crew became free after so long at its call */
void tempo_turned(struct tempo *tempo, size_t crews); /* under way, and turned round */

struct tempo_chances {
    float idle;    /* that an idle crew is still there a little later */
    float busy;    /* that a crew at work is free a little later */
    float driving; /* the same for one that is still on its way to work */
    float turning; /* how many times dearer than usual turning somebody round is, at least 1 */
};
/* "A little later" is the city's target time: about as long as a hole stays open before others fill it. */
struct tempo_chances tempo_chances(const struct tempo *tempo, int64_t target_ms, size_t idle_count);

#endif
