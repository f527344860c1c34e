/* SPDX-License-Identifier: Apache-2.0 */
/* SQL of devices; one record at a time. Ids must be valid before they come here; row-level security decides what is found. */
#ifndef READINESS_STORE_DEVICE_H
#define READINESS_STORE_DEVICE_H

#include "base/ctx.h"
#include "registry.pb-c.h"

#include <stddef.h>

/* A device and its secret as it lies, NULL without one; in the arena. */
struct store_device {
    Genxi__Device *pb; /* never with `secret` */
    const char *sealed;
};

/* In the order of their ids, at most limit + 1. */
enum gx_rc store_device_list(struct gx_ctx *ctx, const Genxi__DeviceQuery *query, uint32_t limit,
                             Genxi__Device ***ret_items, size_t *ret_count);
/* Locked, so only what may be changed is found; pb NULL: none. */
enum gx_rc store_device_lock(struct gx_ctx *ctx, const char *id, struct store_device *ret_device);
/* CONFLICT (DUPLICATE) when another one of the kind has the code. */
enum gx_rc store_device_put(struct gx_ctx *ctx, const struct store_device *device);
enum gx_rc store_device_delete(struct gx_ctx *ctx, const char *id);

#endif
