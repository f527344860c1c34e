/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a phone or a car tells, put onto the bus as its responder: a press of the SOS button as a report, points as positions in the order
 * in which they came. The report goes first and is durable before the teller hears that it was taken. Positions that are refused (off
 * shift and without a task, from the future, impossible) are forgotten: that is no failure, and the device must not send them again.
 */
#ifndef GATEWAY_DOORS_TELL_H
#define GATEWAY_DOORS_TELL_H

#include "base/cleanup.h"
#include "base/ctx.h"
#include "base/datum.h"
#include "devices.h"
#include "doors/point.h"

#include <protobuf-c/protobuf-c.h>

#include <stddef.h>

enum {
    GW_TELL_POINTS_MAX = 500
};

/* Who speaks, as the registry knows it. */
struct gw_teller {
    char device_id[GX_ID_SIZE];
    char org_id[GX_ID_SIZE];
    char responder_id[GX_ID_SIZE]; /* "": nobody carries it; then no position is taken */
    char code[GW_DEVICE_CODE_SIZE];
    enum gx_crs crs;    /* of the places that it sends */
    const char *source; /* of its reports: "phone" or "patrol" */
};

/* One press of the button. The same device and the same press_at are one report, however often it is told. */
struct gw_press {
    int64_t press_at; /* device time */
    struct gw_point point;
};

struct gw_told {
    enum gx_rc rc; /* OK: all of it was judged. Else nothing is known to be kept: tell it again. */
    size_t taken;
    size_t refused;
    bool pressed;    /* the press stands as a report */
    char number[48]; /* of its incident */
};

void gw_teller_of(const struct gw_device *device, const char *source, struct gw_teller *ret_teller);
/* Is it known, in use, and is this its secret? Takes as long whatever of the secret is wrong. */
bool gw_device_proves(const struct gw_device *device, const char *secret);

struct gw_tell; /* one telling under way */

/* A command to be sent; borrowed for the call, but for actor and key, which live as long as the telling. */
struct gw_tell_ask {
    uint32_t command; /* GX_C_... */
    const ProtobufCMessage *request;
    const struct gx_actor *actor;
    const char *key; /* idempotency key */
};

/* How a telling reaches the bus and its teller. */
struct gw_tell_way {
    /* True: gw_tell_answered() will be called once, from any thread but one at a time. False: it cannot be sent now. */
    bool (*send)(void *arg, struct gw_tell *tell, const struct gw_tell_ask *ask);
    /* Once, perhaps before gw_tell() returns. told is borrowed; the telling is gone after it. */
    void (*done)(void *arg, const struct gw_told *told);
    void *arg;
};

/* points: only valid ones with a place count; press may be NULL. All but what way.arg points to is copied. */
void gw_tell(const struct gw_tell_way *way, const struct gw_teller *teller,
             const struct gw_point *points, size_t count, const struct gw_press *press);
/* body: of the reply, when rc is OK. */
void gw_tell_answered(struct gw_tell *tell, enum gx_rc rc, struct gx_view body);

#endif
