/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OsmAnd protocol, spoken by Traccar Client and by many trackers over HTTP, in its two forms.
 *   query (in the URL, or when that has none in a form body):
 *       id|deviceid, lat, lon | location=lat,lon, timestamp (seconds, milliseconds, ISO 8601 or "yyyy-MM-dd HH:mm:ss", UTC), speed in
 *       knots, bearing|heading, altitude, accuracy, batt, valid, alarm; beside these `token`, ours: the device's secret
 *   JSON (Traccar Client since 2025): {"device_id", "location": {"timestamp", "coords": {...}, "battery": {...}, "alarm", "mock"}}
 * Names that are not known are passed over.
 */
#ifndef GATEWAY_DOORS_OSMAND_H
#define GATEWAY_DOORS_OSMAND_H

#include "base/cleanup.h"
#include "doors/point.h"

enum {
    GW_OSMAND_TOKEN_SIZE = 128,
    GW_OSMAND_PARAMS_MAX = 100,
    GW_OSMAND_JSON_MAX = 64 * 1024 /* bytes of a JSON body; a longer one is BAD */
};

struct gw_osmand {
    char device[GW_DEVICE_SIZE];      /* "": not said */
    char token[GW_OSMAND_TOKEN_SIZE]; /* "": not said */
    struct gw_point point;
};

/* Text still percent-encoded: "id=7&lat=31.2", as in a URL or a form body. NO_DEVICE without an id, the rest is read all the same. */
enum gw_read gw_osmand_form(struct gx_view text, struct gw_osmand *ret_message);
enum gw_read gw_osmand_json(struct gx_view text, struct gw_osmand *ret_message);

#endif
