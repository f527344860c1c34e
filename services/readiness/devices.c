/* SPDX-License-Identifier: Apache-2.0 */
#include "devices.h"

#include "ask.h"
#include "base/text.h"
#include "registry.h"
#include "store_device.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <string.h>

enum {
    NEW_SECRET_BYTES = 32 /* a panel's is an AES-256 key */
};

GX_ON_COMMAND(on_put, readiness, Genxi__DevicePut, Genxi__Device)
GX_ON_COMMAND(on_list, readiness, Genxi__DeviceQuery, Genxi__DeviceList)
GX_ON_COMMAND(on_delete, readiness, Genxi__DeviceDelete, Genxi__Empty)

enum gx_rc devices_on_put(void *self, struct gx_ctx *ctx, const void *in, void *out)
{
    return on_put_thunk(self, ctx, in, out);
}

enum gx_rc devices_on_list(void *self, struct gx_ctx *ctx, const void *in, void *out)
{
    return on_list_thunk(self, ctx, in, out);
}

enum gx_rc devices_on_delete(void *self, struct gx_ctx *ctx, const void *in, void *out)
{
    return on_delete_thunk(self, ctx, in, out);
}

/* --- telling --- */

/* To services alone: nobody else needs it, and it carries the secret, though sealed. */
static enum gx_rc tell(struct gx_ctx *ctx, const struct store_device *device, int32_t old_area,
                       bool removed)
{
    Genxi__Device shown = *device->pb;
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    Genxi__DeviceChanged payload = GENXI__DEVICE_CHANGED__INIT;
    shown.secret = NULL;
    audience.has_officers = true;
    audience.officers = false;
    payload.device = &shown;
    payload.sealed_secret = device->sealed == NULL ? NULL : gx_pb_text(device->sealed);
    payload.has_removed = removed;
    payload.removed = removed;
    struct gx_emit emit = {.area = shown.area,
                           .type = GX_E_device_changed,
                           .subject = shown.id,
                           .payload = &payload.base,
                           .audience = &audience};
    enum gx_rc rc = gx_emit(ctx, &emit);
    if (rc == GX_OK && old_area != 0 && old_area != shown.area) {
        emit.area = old_area;
        rc = gx_emit(ctx, &emit);
    }
    return rc;
}

/* --- settling: what it is bound to gives it its area --- */

static enum gx_rc settle_site(struct gx_ctx *ctx, const struct store_device *old,
                              Genxi__Device *device)
{
    const char *id = device->site_id;
    struct sites found = {0};
    enum gx_rc rc = store_sites_by_id(ctx, &id, 1, false, &found);
    if (rc != GX_OK) {
        return rc;
    }
    if (found.count > 0) {
        device->area = found.items[0]->area;
        return GX_OK;
    }
    /* A client's site, which the own desk cannot see, stays what an officer made it. */
    if (old->pb != NULL && gx_text_is(old->pb->site_id, id)) {
        device->area = old->pb->area;
        return GX_OK;
    }
    return gx_fail(ctx, GX_P_REFERENCE, "/site_id", "%s", id);
}

static enum gx_rc settle_responder(struct gx_ctx *ctx, Genxi__Device *device)
{
    const char *id = device->responder_id;
    struct responders found = {0};
    enum gx_rc rc = store_responders_by_id(ctx, &id, 1, false, &found);
    if (rc != GX_OK) {
        return rc;
    }
    if (found.count == 0 || !gx_text_is(found.items[0]->org_id, device->org_id)) {
        return gx_fail(ctx, GX_P_REFERENCE, "/responder_id", "%s", id);
    }
    device->area = found.items[0]->area;
    return GX_OK;
}

static enum gx_rc settle(struct gx_ctx *ctx, const struct store_device *old, Genxi__Device *device)
{
    const char *org = device->org_id;
    struct partners orgs = {0};
    enum gx_rc rc = store_partners_by_id(ctx, &org, 1, false, &orgs);
    if (rc == GX_OK && orgs.count == 0) {
        rc = gx_fail(ctx, GX_P_REFERENCE, "/org_id", "%s", org);
    }
    if (rc == GX_OK && device->site_id != NULL) {
        rc = settle_site(ctx, old, device);
    }
    if (rc == GX_OK && device->responder_id != NULL) {
        rc = settle_responder(ctx, device);
    }
    if (rc == GX_OK && !registry_may_put(&ctx->actor, device->area, org)) {
        rc = gx_fail(ctx, GX_P_DENIED, "", "admin; duty %" PRId32 "; desk", device->area);
    }
    return rc;
}

/* --- secrets --- */

static char *new_secret(struct gx_ctx *ctx)
{
    uint8_t raw[NEW_SECRET_BYTES];
    char *text = gx_arena_alloc(&ctx->arena, 2 * sizeof raw + 1);
    if (text != NULL) {
        gx_random(raw, sizeof raw);
        gx_hex_encode(raw, sizeof raw, text);
    }
    return text;
}

/* What the device has from now on: in->secret, a fresh one, the old one, or none. Only what is new is shown. */
static enum gx_rc take_secret(const struct readiness *self, struct gx_ctx *ctx,
                              const Genxi__DevicePut *in, const struct store_device *old,
                              struct store_device *device)
{
    bool fresh = in->has_new_secret && in->new_secret;
    if (fresh && in->secret != NULL) {
        return gx_fail(ctx, GX_P_FIELD_FORBIDDEN, "/secret", "%s", "secret");
    }
    if (in->secret == NULL && old->pb != NULL && !fresh) {
        device->sealed = old->sealed;
        device->pb->has_secret = old->sealed != NULL;
        return GX_OK;
    }
    char *secret = in->secret == NULL ? new_secret(ctx) : in->secret;
    if (secret != NULL && secret[0] == '\0') {
        return GX_OK;
    }
    struct rules rules = ask_rules(ctx);
    rules_device_secret(&rules, in->kind, secret == NULL ? "" : secret);
    if (rules.broken > 0) {
        return ask_outcome(ctx);
    }
    device->sealed = gx_seal_close(&ctx->arena, &self->device_key, device->pb->id, secret);
    device->pb->has_secret = true;
    device->pb->secret = secret;
    return device->sealed == NULL ? gx_fail(ctx, GX_P_INTERNAL, "", "%s", "memory") : GX_OK;
}

/* --- put --- */

static enum gx_rc find_old(struct gx_ctx *ctx, const char *id, const Genxi__DevicePut *in,
                           struct store_device *ret_old)
{
    if (id == NULL) {
        return GX_OK;
    }
    enum gx_rc rc = store_device_lock(ctx, id, ret_old);
    if (rc == GX_OK && ret_old->pb == NULL) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "%s", "device");
    }
    if (rc == GX_OK && ret_old->pb->kind != in->kind) {
        return gx_fail(ctx, GX_P_STATE, "/kind", "%d", (int)ret_old->pb->kind);
    }
    return rc;
}

/* Whose a device is never changes; another owner means another device. */
static enum gx_rc take_owner(struct gx_ctx *ctx, const Genxi__DevicePut *in,
                             const struct store_device *old, Genxi__Device *device)
{
    if (old->pb != NULL && in->org_id == NULL) {
        device->org_id = old->pb->org_id;
        return GX_OK;
    }
    if (!ask_org(ctx, "/org_id", in->org_id, &device->org_id)) {
        return ask_outcome(ctx);
    }
    if (old->pb != NULL && !gx_text_is(device->org_id, old->pb->org_id)) {
        return gx_fail(ctx, GX_P_STATE, "/org_id", "%s", old->pb->org_id);
    }
    return GX_OK;
}

/* Accounts are hexadecimal in either case on the wire, in one here. */
static char *upper(struct gx_ctx *ctx, const char *code)
{
    char *copy = gx_arena_text(&ctx->arena, code);
    for (char *at = copy; at != NULL && *at != '\0'; at++) {
        *at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
    }
    return copy == NULL ? gx_pb_text("") : copy;
}

static enum gx_rc fill(struct gx_ctx *ctx, const Genxi__DevicePut *in,
                       const struct store_device *old, Genxi__Device *device)
{
    char *id = gx_arena_alloc(&ctx->arena, GX_ID_SIZE);
    if (id == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "%s", "memory");
    }
    device->id = old->pb != NULL ? old->pb->id : gx_id_new(id);
    device->kind = in->kind;
    device->code =
        in->kind == GENXI__DEVICE_KIND__DEVICE_KIND_PANEL ? upper(ctx, in->code) : in->code;
    device->datum = in->has_datum ? in->datum : GENXI__DATUM__DATUM_WGS84;
    device->has_supervision_seconds = in->has_supervision_seconds;
    device->supervision_seconds = in->supervision_seconds;
    device->active = !in->has_active || in->active;
    device->name = in->name;
    if (!ask_id(ctx, "/site_id", in->site_id, &device->site_id) ||
        !ask_id(ctx, "/responder_id", in->responder_id, &device->responder_id)) {
        return ask_outcome(ctx);
    }
    struct rules rules = ask_rules(ctx);
    rules_device(&rules, device);
    return ask_outcome(ctx);
}

static enum gx_rc on_put(struct readiness *self, struct gx_ctx *ctx, const Genxi__DevicePut *in,
                         Genxi__Device *out)
{
    struct store_device old = {.pb = NULL};
    struct store_device device = {.pb = out};
    char *id = NULL;
    if (!ask_id(ctx, "/id", in->id, &id)) {
        return ask_outcome(ctx);
    }
    enum gx_rc rc = find_old(ctx, id, in, &old);
    rc = rc == GX_OK ? take_owner(ctx, in, &old, out) : rc;
    rc = rc == GX_OK ? fill(ctx, in, &old, out) : rc;
    rc = rc == GX_OK ? settle(ctx, &old, out) : rc;
    rc = rc == GX_OK ? take_secret(self, ctx, in, &old, &device) : rc;
    rc = rc == GX_OK ? store_device_put(ctx, &device) : rc;
    return rc == GX_OK ? tell(ctx, &device, old.pb == NULL ? 0 : old.pb->area, false) : rc;
}

/* --- list, delete --- */

static enum gx_rc on_list(struct readiness *self, struct gx_ctx *ctx, const Genxi__DeviceQuery *in,
                          Genxi__DeviceList *out)
{
    (void)self;
    uint32_t limit = 0;
    size_t count = 0;
    Genxi__Device **items = NULL;
    enum gx_rc rc = ask_page(ctx, in->cursor, in->has_limit, in->limit, &limit);
    rc = rc == GX_OK ? ask_query_id(ctx, "/id", in->id) : rc;
    rc = rc == GX_OK ? ask_query_id(ctx, "/org_id", in->org_id) : rc;
    rc = rc == GX_OK ? ask_query_id(ctx, "/site_id", in->site_id) : rc;
    rc = rc == GX_OK ? store_device_list(ctx, in, limit, &items, &count) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    out->items = items;
    out->n_items = count > limit ? limit : count;
    out->next_cursor = count > limit ? items[limit - 1]->id : NULL;
    return GX_OK;
}

static enum gx_rc on_delete(struct readiness *self, struct gx_ctx *ctx,
                            const Genxi__DeviceDelete *in, Genxi__Empty *out)
{
    (void)self;
    (void)out;
    struct store_device device = {.pb = NULL};
    char *id = NULL;
    if (!ask_id(ctx, "/id", in->id, &id)) {
        return ask_outcome(ctx);
    }
    enum gx_rc rc = store_device_lock(ctx, id, &device);
    if (rc != GX_OK) {
        return rc;
    }
    if (device.pb == NULL) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "%s", "device");
    }
    device.pb->active = false;
    device.pb->has_secret = false;
    device.sealed = NULL;
    rc = store_device_delete(ctx, id);
    return rc == GX_OK ? tell(ctx, &device, 0, true) : rc;
}
