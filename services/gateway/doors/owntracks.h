/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OwnTracks, HTTP or MQTT: one JSON object a message, told apart by `_type`. Only a location says where somebody is; the rest (waypoints,
 * transitions, status, cards …) is of no interest and answered as good, for the app waits for that before it sends the next one. A body of
 * no bytes is the app's way to forget a friend.
 */
#ifndef GATEWAY_DOORS_OWNTRACKS_H
#define GATEWAY_DOORS_OWNTRACKS_H

#include "base/cleanup.h"
#include "doors/point.h"

enum {
    GW_OWNTRACKS_MAX = 64 * 1024 /* bytes of a message; a longer one is BAD */
};

struct gw_owntracks {
    char tracker
        [GW_DEVICE_SIZE]; /* `topic`, or without it `tid`; "": neither. The app's word, not an identity. */
    bool lost;            /* the broker says that the device's connection broke (lwt) */
    struct gw_point point;
};

/* OK: a location, or lost. NOTHING: anything else that is well formed, and no bytes at all. */
enum gw_read gw_owntracks_read(struct gx_view text, struct gw_owntracks *ret_message);

#endif
