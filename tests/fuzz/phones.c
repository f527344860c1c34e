/* SPDX-License-Identifier: Apache-2.0 */
/* What a phone posts, in each protocol: the first byte says in which. Whatever it is, what is taken for a place is one. */
#include "doors/osmand.h"
#include "doors/owntracks.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_point(const struct gw_point *point)
{
    if (point->has_place && !gx_geo_valid(point->place)) {
        abort();
    }
    if (point->at < 0) {
        abort();
    }
}

static void check_osmand(enum gw_read read, const struct gw_osmand *message)
{
    if (read == GW_READ_OK && message->device[0] == '\0') {
        abort();
    }
    if (read == GW_READ_OK || read == GW_READ_NO_DEVICE) {
        check_point(&message->point);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct gw_osmand osmand;
    struct gw_owntracks owntracks;
    const struct gx_view text = {data + 1, size - 1};
    switch (data[0] % 3) {
    case 0:
        check_osmand(gw_osmand_form(text, &osmand), &osmand);
        break;
    case 1:
        check_osmand(gw_osmand_json(text, &osmand), &osmand);
        break;
    default:
        if (gw_owntracks_read(text, &owntracks) == GW_READ_OK && !owntracks.lost) {
            check_point(&owntracks.point);
        }
        break;
    }
    return 0;
}
