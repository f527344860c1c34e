/* SPDX-License-Identifier: Apache-2.0 */
/* Who may see an event: the one rule that streams, webhooks and tests of isolation share. */
#ifndef GX_WIRE_AUDIENCE_H
#define GX_WIRE_AUDIENCE_H

#include "base/ctx.h"
#include "envelope.pb-c.h"

/* How much of it: an officer of the area sees all fields, anybody else entitled sees it without fields named `police`. */
enum gx_sight {
    GX_SIGHT_NONE,
    GX_SIGHT_PARTNER,
    GX_SIGHT_OFFICER
};

/*
 * The system sees all. Officers: when the audience says officers, the event's area (or one of more_areas) is theirs, and they have one of
 * audience.roles if any are named. Desks and linked parties: their organisation is in orgs. Devices: their responder is in responders.
 */
enum gx_sight gx_audience_sight(const struct gx_actor *actor, const Genxi__Event *event);

#endif
