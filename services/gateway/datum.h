/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The datum of what goes out: `crs=gcj02` or `crs=bd09` in the query of a list or an item gives every place in it in that datum. What
 * comes in is converted by the service that takes it (its field `crs`), which keeps the raw point where it keeps the point.
 */
#ifndef GATEWAY_DATUM_H
#define GATEWAY_DATUM_H

#include "base/datum.h"
#include "routes.h"

#include <stdbool.h>

/* Does this route take `crs` in its query? Every GET whose answer is JSON with places in it. */
bool gw_datum_asked(const struct gw_route *route);
/*
 * Converts in place, in the message and all below it: the pairs lon/lat and x_lon/x_lat, and rings (lon,lat,lon,lat,...). Not raw_lon and
 * raw_lat, which are in the datum that they came in.
 */
void gw_datum_convert(ProtobufCMessage *message, enum gx_crs to);

#endif
