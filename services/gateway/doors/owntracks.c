/* SPDX-License-Identifier: Apache-2.0 */
#include "doors/owntracks.h"

#include "base/text.h"
#include "doors/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double TIME_MAX_S = 253402300799.0; /* the end of the year 9999 */

static double at_least_0(double value)
{
    return value >= 0 ? value : (double)NAN;
}

static enum gw_read read_location(const json_t *root, struct gw_point *point)
{
    double tst = gw_json_number(root, "tst");
    point->place = (struct gx_point){gw_json_number(root, "lon"), gw_json_number(root, "lat")};
    if (!gx_geo_valid(point->place) || !(tst >= 0 && tst <= TIME_MAX_S)) {
        return GW_READ_BAD;
    }
    point->has_place = true;
    point->valid = true;
    point->at = (int64_t)(tst * 1000.0);
    point->accuracy_m = at_least_0(gw_json_number(root, "acc"));
    point->altitude_m = gw_json_number(root, "alt");
    point->speed_mps = at_least_0(gw_json_number(root, "vel")) / 3.6;
    point->course_deg = at_least_0(gw_json_number(root, "cog"));
    point->battery_percent = at_least_0(gw_json_number(root, "batt"));
    return GW_READ_OK;
}

static enum gw_read read_object(const json_t *root, struct gw_owntracks *message)
{
    const char *type = gw_json_text(root, "_type");
    const char *topic = gw_json_text(root, "topic");
    const char *tid = gw_json_text(root, "tid");
    const char *tracker = topic != NULL ? topic : tid != NULL ? tid : "";
    if (type == NULL) {
        return GW_READ_BAD;
    }
    if (strlen(tracker) < sizeof message->tracker) {
        (void)snprintf(message->tracker, sizeof message->tracker, "%s", tracker);
    }
    message->lost = gx_text_is(type, "lwt");
    if (message->lost) {
        return GW_READ_OK;
    }
    return gx_text_is(type, "location") ? read_location(root, &message->point) : GW_READ_NOTHING;
}

enum gw_read gw_owntracks_read(struct gx_view text, struct gw_owntracks *ret_message)
{
    *ret_message = (struct gw_owntracks){.lost = false};
    if (text.size == 0) {
        return GW_READ_NOTHING;
    }
    json_t *root = gw_json_load(text, GW_OWNTRACKS_MAX);
    enum gw_read read = root == NULL ? GW_READ_BAD : read_object(root, ret_message);
    json_decref(root);
    return read;
}
