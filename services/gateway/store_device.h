/* SPDX-License-Identifier: Apache-2.0 */
/* SQL of the doors' copy of devices and of their supervision. Within a transaction (gx_background_run, a follower's handler). */
#ifndef GATEWAY_STORE_DEVICE_H
#define GATEWAY_STORE_DEVICE_H

#include "base/ctx.h"
#include "registry.pb-c.h"

#include <stddef.h>
#include <stdint.h>

/* One row of the copy, as the event brought it. */
struct gw_device_row {
    Genxi__DeviceChanged *changed;
    int64_t changed_at;
    int64_t touched_at;
    /* Panels: the last alarm's case, "" for none. */
    const char *incident_id;
    const char *incident_type;
};

/* Keeps what the event says unless a newer one was there; (re)starts the watch over a supervised panel. */
enum gx_rc gw_store_device_put(struct gx_ctx *ctx, const Genxi__DeviceChanged *changed,
                               int64_t changed_at);
/* Rows touched at or after that time, removed ones too, in the order of (touched_at, id), at most limit; after_id goes on within that time. */
enum gx_rc gw_store_devices_since(struct gx_ctx *ctx, int64_t touched_at, const char *after_id,
                                  int limit, struct gw_device_row **ret_rows, size_t *ret_count);

/* Who was heard and when. */
struct gw_heard {
    const char *id;
    int64_t at;
};
/* Somebody's silence and the fault that was opened for it; "": none yet, or none can be. */
struct gw_silence {
    const char *device_id;
    int64_t heard_at;
    const char *incident_id;
};
/* The case of a panel's last alarm. */
struct gw_device_case {
    const char *device_id;
    const char *incident_id;
    const char *type;
};
/* What the doors bring to a turn of the watch. */
struct gw_watch_news {
    const struct gw_heard *heard;
    size_t heard_count;
    const struct gw_silence
        *told; /* the fault for each stands; nothing when the device was heard meanwhile */
    size_t told_count;
    const struct gw_device_case *cases;
    size_t case_count;
};
/*
 * Notes the news, gives those whose silence had been told of and ended; then, the doors having been open (what they were shut is added to
 * everybody's time), those who are silent for too long and not told of yet, at most limit.
 */
enum gx_rc gw_store_watch_turn(struct gx_ctx *ctx, const struct gw_watch_news *news, int limit,
                               struct gw_silence **ret_ended, size_t *ret_ended_count,
                               struct gw_silence **ret_silent, size_t *ret_silent_count);

#endif
