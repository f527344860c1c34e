/* SPDX-License-Identifier: Apache-2.0 */
#include "tip.h"

#include "base/cleanup.h"

enum {
    RECEIVED = GENXI__TIP_STATE__TIP_STATE_RECEIVED,
    DISCARDED = GENXI__TIP_STATE__TIP_STATE_DISCARDED,
    WATCHED = GENXI__TIP_STATE__TIP_STATE_WATCHED,
    SENT = GENXI__TIP_STATE__TIP_STATE_SENT,
    OPENED = GENXI__TIP_STATE__TIP_STATE_OPENED,
    FOUNDED = GENXI__TIP_STATE__TIP_STATE_FOUNDED,
    UNFOUNDED = GENXI__TIP_STATE__TIP_STATE_UNFOUNDED
};

const char *const INTEL_CARD_ZH[INTEL_CARD_LINES] = {
    "保持距离,注意自身安全",    "不要进入", "不要跟踪", "不要拍摄", "不要盘问",
    "有危险立即离开并拨打 110",
};
const char *const INTEL_CARD_EN[INTEL_CARD_LINES] = {
    "Keep your distance; your own safety first",
    "Do not enter",
    "Do not follow anybody",
    "Do not film or photograph",
    "Do not question anybody",
    "In danger leave at once and call 110",
};

static const struct {
    int state;
    const char *word;
    bool purged;
    bool outcome;         /* officers may report what they found */
    int after_verdict[5]; /* by verdict; 0: not allowed */
    const char *allowed;
} STATES[] = {
    {RECEIVED,
     "received",
     false,
     false,
     {0, DISCARDED, WATCHED, SENT, OPENED},
     "discard, watch, send, open"},
    {WATCHED, "watched", false, false, {0, DISCARDED, 0, SENT, OPENED}, "discard, send, open"},
    {SENT, "sent", false, true, {0, 0, 0, 0, OPENED}, "open, outcome"},
    {OPENED, "opened", false, true, {0, 0, 0, 0, 0}, "outcome"},
    {DISCARDED, "discarded", true, false, {0, 0, 0, 0, 0}, "-"},
    {FOUNDED, "founded", false, false, {0, 0, 0, 0, 0}, "-"},
    {UNFOUNDED, "unfounded", true, false, {0, 0, 0, 0, 0}, "-"},
};

static size_t place(int state)
{
    for (size_t i = 0; i < GX_COUNT_OF(STATES); i++) {
        if (STATES[i].state == state) {
            return i;
        }
    }
    return GX_COUNT_OF(STATES);
}

int intel_tip_after_verdict(int state, int verdict)
{
    size_t at = place(state);
    if (at == GX_COUNT_OF(STATES) || verdict < 1 || verdict > 4) {
        return 0;
    }
    return STATES[at].after_verdict[verdict];
}

int intel_tip_after_outcome(int state, bool founded)
{
    size_t at = place(state);
    if (at == GX_COUNT_OF(STATES) || !STATES[at].outcome) {
        return 0;
    }
    return founded ? FOUNDED : UNFOUNDED;
}

const char *intel_tip_allowed(int state)
{
    size_t at = place(state);
    return at == GX_COUNT_OF(STATES) ? "-" : STATES[at].allowed;
}

bool intel_tip_is_purged(int state)
{
    size_t at = place(state);
    return at != GX_COUNT_OF(STATES) && STATES[at].purged;
}

const char *intel_tip_state_word(int state)
{
    size_t at = place(state);
    return at == GX_COUNT_OF(STATES) ? "?" : STATES[at].word;
}

int32_t intel_tip_locate(const struct intel_station *stations, size_t count,
                         struct gx_point place_of, bool *ret_outside)
{
    int32_t nearest = 0;
    double least = 0;
    for (size_t i = 0; i < count; i++) {
        const struct intel_station *station = &stations[i];
        if (station->ring_count > 2 &&
            gx_geo_in_ring(place_of, station->ring, station->ring_count)) {
            *ret_outside = false;
            return station->area;
        }
        double distance = gx_geo_distance_m(place_of, station->place);
        if (nearest == 0 || distance < least) {
            nearest = station->area;
            least = distance;
        }
    }
    *ret_outside = true;
    return nearest;
}
