/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for tips, free of I/O: what may follow what, whose area a place is in, and what the reporter is told to do. */
#ifndef INTEL_TIP_H
#define INTEL_TIP_H

#include "base/geo.h"
#include "intel.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The state that a verdict leads to, or 0 when the state does not allow it. */
int intel_tip_after_verdict(int state, int verdict);
/* The state after officers looked: founded or unfounded, or 0. */
int intel_tip_after_outcome(int state, bool founded);
/* The verdicts that the state allows, "discard, watch, send, open"; for the refusal. */
const char *intel_tip_allowed(int state);
/* Ended without anything behind it: it is deleted after its term. */
bool intel_tip_is_purged(int state);
/* "discarded" ... of a state. */
const char *intel_tip_state_word(int state);

struct intel_station {
    int32_t area;
    struct gx_point place;
    const struct gx_point *ring; /* may be empty */
    size_t ring_count;
};
/* The area whose ring holds the place; else the nearest station's, and ret_outside is set. 0 without any station. */
int32_t intel_tip_locate(const struct intel_station *stations, size_t count, struct gx_point place,
                         bool *ret_outside);

/* The card that every reporter gets: keep distance, do not enter, follow, film or question. */
enum {
    INTEL_CARD_LINES = 6
};
extern const char *const INTEL_CARD_ZH[INTEL_CARD_LINES];
extern const char *const INTEL_CARD_EN[INTEL_CARD_LINES];

#endif
