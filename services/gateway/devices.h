/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices that may speak at the doors, in memory: read from the gateway's own copy at the start and every few seconds after, and at once when
 * an event tells of a change. Secrets are open here and nowhere else. Any thread.
 */
#ifndef GATEWAY_DEVICES_H
#define GATEWAY_DEVICES_H

#include "base/id.h"
#include "base/rc.h"
#include "envelope.pb-c.h"
#include "registry.pb-c.h"
#include "web/seal.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    GW_DEVICE_CODE_SIZE = 65,
    GW_DEVICE_SECRET_SIZE = 129
};

struct gw_device {
    char id[GX_ID_SIZE];
    Genxi__DeviceKind kind;
    char code[GW_DEVICE_CODE_SIZE];
    char org[GX_ID_SIZE];
    char site[GX_ID_SIZE];      /* "" for none */
    char responder[GX_ID_SIZE]; /* "" for none */
    Genxi__Datum datum;
    uint32_t supervision_seconds; /* 0: not supervised */
    bool active;
    char secret[GW_DEVICE_SECRET_SIZE]; /* "" for none */
    bool sealed_wrong; /* it has one that our key does not open: nothing may be believed */
    /* Panels: the last alarm's case as of the last look, "" for none. */
    char incident[GX_ID_SIZE];
    char incident_type[52];
};

struct gw_devices;
struct gx_background;
struct gx_ctx;

struct gw_devices *gw_devices_new(const struct gx_seal_key *key);
void gw_devices_free(struct gw_devices *devices); /* NULL is fine */
/* A copy; false when nobody (or somebody removed) has the code. Inactive ones are found too. */
bool gw_devices_find(struct gw_devices *devices, Genxi__DeviceKind kind, const char *code,
                     struct gw_device *ret_device);
bool gw_devices_get(struct gw_devices *devices, const char *id, struct gw_device *ret_device);
/* The event's news, unless newer ones are known. */
void gw_devices_heed(struct gw_devices *devices, const Genxi__DeviceChanged *changed,
                     int64_t changed_at);
/* What the copy holds since the last time; all of it at first. */
enum gx_rc gw_devices_look(struct gw_devices *devices, struct gx_background *background,
                           struct gx_ctx *ctx);

/* A follower's handler of device.changed: keeps the copy. */
enum gx_rc gw_devices_on_changed(void *self, struct gx_ctx *ctx, const Genxi__Event *event,
                                 const void *payload);

#endif
