/* SPDX-License-Identifier: Apache-2.0 */
/* What a phone or a car says of itself, whatever its protocol. Units are ours: degrees, metres, m/s, Unix milliseconds, percent. */
#ifndef GATEWAY_DOORS_POINT_H
#define GATEWAY_DOORS_POINT_H

#include "base/geo.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    GW_DEVICE_SIZE = 65 /* a device's own number or name, and its end */
};

struct gw_point {
    bool has_place; /* without it the last one known stands; alarm and battery count all the same */
    struct gx_point place; /* in range, WGS-84 as the devices send it */
    bool valid;            /* the device trusts its fix */
    bool mock;             /* the device says that the place is made up */
    bool sos;
    int64_t at; /* of the fix; 0: not said, so now */
    /* NAN where not said. */
    double accuracy_m;
    double altitude_m;
    double speed_mps;
    double course_deg;
    double battery_percent;
};

/* What became of a message. */
enum gw_read {
    GW_READ_OK,
    GW_READ_NOTHING, /* well formed, but of no interest */
    GW_READ_NO_DEVICE,
    GW_READ_BAD
};

#endif
