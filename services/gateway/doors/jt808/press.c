/* SPDX-License-Identifier: Apache-2.0 */
#include "doors/jt808/press.h"

void press_look(const struct press_state *state, const struct gw_point *points, size_t count,
                int64_t now_ms, struct press_outcome *ret_outcome)
{
    struct press_outcome outcome = {.on_after = state->on};
    for (size_t i = 0; i < count; i++) {
        if (points[i].sos && !outcome.on_after && !outcome.pressed) {
            int64_t at = points[i].at == 0 ? now_ms : points[i].at;
            outcome.pressed = true;
            outcome.press.press_at = state->pending_at != 0 ? state->pending_at : at;
            outcome.press.point = points[i];
        }
        outcome.on_after = points[i].sos;
    }
    *ret_outcome = outcome;
}

void press_settle(struct press_state *state, const struct press_outcome *outcome, bool taken)
{
    if (taken) {
        *state = (struct press_state){.on = outcome->on_after};
    } else if (outcome->pressed) {
        state->pending_at = outcome->press.press_at;
    }
}
