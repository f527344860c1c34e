/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alarm panels at the door: frames of registered accounts become reports of their site. A frame is acknowledged when what it says is durable, so a
 * panel that hears nothing sends again; the same frame again is the same report, after a restart too, for the report's key is made of it.
 */
#ifndef DC09_DOOR_H
#define DC09_DOOR_H

#include "devices.h"
#include "doors/door.h"

struct gw_pool;

struct dc09_settings {
    struct gw_devices *devices;
    struct gw_pool *pool;
    int64_t late_ms; /* window of a panel's timestamp */
    int64_t early_ms;
};

struct dc09;
struct dc09 *dc09_new(const struct dc09_settings *settings);
/* After its doors were freed and the pool has ended. NULL is fine. */
void dc09_free(struct dc09 *dc09);

extern const struct door_protocol DC09_PROTOCOL;

#endif
