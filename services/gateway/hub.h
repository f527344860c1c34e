/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's ear: one thread takes all events from the bus, puts each area's in order by (area, seq), reads from the journal what the wire
 * lost, and hands them to the ring and the streams. Ended sessions, changed keys and devices take effect here, on every gateway.
 */
#ifndef GATEWAY_HUB_H
#define GATEWAY_HUB_H

#include "devices.h"
#include "dispatch.pb-c.h"
#include "settings.h"
#include "stream.h"
#include "wire/bus.h"

struct gw_hub;
struct gw_hub_settings {
    const struct gx_bus_settings *bus;
    const struct gw_settings *gateway;
    struct gw_auth *auth;
    struct gw_devices *devices;
    struct gw_pool *pool;
    /* Told of each offer as it is made, in the hub's thread: must not block. May be NULL. */
    void (*offered)(const Genxi__Offer *offer);
    void (*suspend)(void *connection);
    void (*resume)(void *connection);
};

/* Returns when the hub stands at the journal's head. */
enum gx_rc gw_hub_open(const struct gw_hub_settings *settings, struct gw_hub **ret_hub);
struct gw_streams *gw_hub_streams(struct gw_hub *hub);
/* NULL, or what is missing. */
const char *gw_hub_missing(const struct gw_hub *hub);
/* Ends the thread; streams stay until they are freed. */
void gw_hub_stop(struct gw_hub *hub);
void gw_hub_free(struct gw_hub *hub);

#endif
