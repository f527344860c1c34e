/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When is an SOS bit a press? The terminal repeats the bit in every location until it heard that it was taken, so a press is the rising edge
 * of a device's bit, whatever its connections do meanwhile. Not safe for threads.
 */
#ifndef GATEWAY_DOORS_JT808_PRESS_H
#define GATEWAY_DOORS_JT808_PRESS_H

#include "doors/tell.h"

struct press_state {
    bool on;            /* the bit stands and is reported */
    int64_t pending_at; /* of a press whose report failed; 0: none */
};

/* What the points make of the state; to be kept with press_settle() once the telling ended. */
struct press_outcome {
    bool pressed; /* press is filled: there is a rising edge among the points, its first */
    struct gw_press press;
    bool on_after;
};

void press_look(const struct press_state *state, const struct gw_point *points, size_t count,
                int64_t now_ms, struct press_outcome *ret_outcome);
/* taken: the telling succeeded. A press that failed keeps its time: told again, it is the same one. */
void press_settle(struct press_state *state, const struct press_outcome *outcome, bool taken);

#endif
