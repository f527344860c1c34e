/* SPDX-License-Identifier: Apache-2.0 */
#include "enrol.h"

#include "gateway.h"

#include "base/text.h"
#include "chassis/service.h"
#include "registry.pb-c.h"
#include "store_enrolment.h"
#include "web/seal.h"
#include "wire/pb.h"

#include <qrencode.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
    TOKEN_BYTES = 32,
    TOKEN_SIZE = 44, /* base64url and its end */
    HOST_MAX = 255,
    QR_MARGIN = 4,
    MINUTE_MS = 60 * 1000
};

struct enrolling {
    struct gw_request *request;
    struct gw_enrolment row;
    uint8_t hash[crypto_hash_sha256_BYTES];
    int64_t expires_at;
};

/* --- the pieces --- */

bool gw_enrol_is_host(const char *host)
{
    static const char ALLOWED[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-[]";
    size_t size = host == NULL ? 0 : strlen(host);
    return size > 0 && size <= HOST_MAX && strspn(host, ALLOWED) == size;
}

/* Dark squares of the row from x on. */
static int run_at(const QRcode *code, int x, int y)
{
    int run = 0;
    while (x + run < code->width && (code->data[y * code->width + x + run] & 1) != 0) {
        run++;
    }
    return run;
}

static char *draw(struct gx_arena *arena, const QRcode *code)
{
    int side = code->width + 2 * QR_MARGIN;
    /* A run of squares takes at most 20 characters, and every second square may begin one. */
    size_t room = 512 + (size_t)code->width * (size_t)(code->width + 1) * 10;
    char *svg = gx_arena_alloc(arena, room);
    if (svg == NULL) {
        return NULL;
    }
    size_t used = (size_t)snprintf(
        svg, room,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
        "height=\"%d\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>"
        "<path d=\"",
        side, side, side * 6, side * 6, side, side);
    for (int y = 0; y < code->width; y++) {
        for (int x = 0; x < code->width; x++) {
            int run = run_at(code, x, y);
            if (run > 0) {
                used += (size_t)snprintf(svg + used, room - used, "M%d %dh%dv1h-%dz", x + QR_MARGIN,
                                         y + QR_MARGIN, run, run);
            }
            x += run; /* the one behind a run is light */
        }
    }
    (void)snprintf(svg + used, room - used, "\"/></svg>");
    return svg;
}

char *gw_enrol_qr(struct gx_arena *arena, const char *text)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    char *svg = code == NULL ? NULL : draw(arena, code);
    QRcode_free(code);
    return svg;
}

/* --- making one --- */

/* The device as the caller sees it, with a new token: the registry judges whether he may. */
static enum gx_rc renew(struct gw_request *request, const char *id, Genxi__Device **ret_device)
{
    struct gx_ctx *ctx = &request->ctx;
    Genxi__DeviceQuery query = GENXI__DEVICE_QUERY__INIT;
    Genxi__DevicePut put = GENXI__DEVICE_PUT__INIT;
    ProtobufCMessage *reply = NULL;
    query.id = gx_pb_text(id);
    enum gx_rc rc =
        gx_caller_call(request->gateway->caller, ctx, GX_C_device_list, &query.base, NULL, &reply);
    if (rc != GX_OK) {
        return rc;
    }
    const Genxi__DeviceList *list = (const Genxi__DeviceList *)reply;
    if (list->n_items == 0 || list->items[0]->kind != GENXI__DEVICE_KIND__DEVICE_KIND_PHONE) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "/id", "phone");
    }
    const Genxi__Device *old = list->items[0];
    put.id = old->id;
    put.kind = old->kind;
    put.code = old->code;
    put.org_id = old->org_id;
    put.responder_id = old->responder_id;
    put.has_datum = true;
    put.datum = old->datum;
    put.has_active = true;
    put.active = old->active;
    put.name = old->name;
    put.has_new_secret = true;
    put.new_secret = true;
    rc = gx_caller_call(request->gateway->caller, ctx, GX_C_device_put, &put.base, NULL, &reply);
    *ret_device = (Genxi__Device *)reply;
    return rc;
}

static enum gx_rc store(void *arg, struct gx_ctx *ctx)
{
    struct enrolling *work = arg;
    const struct gw_request *request = work->request;
    const struct gx_view hash = {work->hash, sizeof work->hash};
    return gw_store_enrolment_put(ctx, &work->row, hash, request->credential->actor.subject,
                                  request->gateway->settings->enrolment_minutes * MINUTE_MS,
                                  &work->expires_at);
}

static char *seal(struct gw_request *request, const char *id, const char *secret)
{
    struct gx_seal_key key;
    if (secret == NULL ||
        gx_seal_key_load(request->gateway->common->key_dir, "device-secrets", &key) != GX_OK) {
        return NULL;
    }
    char *sealed = gx_seal_close(&request->ctx.arena, &key, id, secret);
    sodium_memzero(&key, sizeof key);
    return sealed;
}

/* Under what the phone will find us: as set, else as the caller did. */
static const char *base_url(struct gw_request *request)
{
    const char *set = request->gateway->settings->public_url;
    const char *host =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    if (set[0] != '\0') {
        return set;
    }
    return gw_enrol_is_host(host) ? gx_arena_printf(&request->ctx.arena, "https://%s", host) : NULL;
}

static void new_token(char text[TOKEN_SIZE], uint8_t hash[crypto_hash_sha256_BYTES])
{
    uint8_t bytes[TOKEN_BYTES];
    gx_random(bytes, sizeof bytes);
    (void)sodium_bin2base64(text, TOKEN_SIZE, bytes, sizeof bytes,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    (void)crypto_hash_sha256(hash, (const uint8_t *)text, strlen(text));
}

enum gx_rc gw_enrolment_create(struct gx_background *background, struct gw_request *request,
                               const void *in, void *out)
{
    const Genxi__EnrolmentCreate *wish = in;
    struct gx_ctx *ctx = &request->ctx;
    Genxi__Enrolment *enrolment = out;
    Genxi__Device *device = NULL;
    struct enrolling work = {.request = request};
    char id[GX_ID_SIZE];
    char token[TOKEN_SIZE];
    const char *base = base_url(request);
    if (base == NULL) {
        return gx_fail(ctx, GX_P_FIELD_FORMAT, "", "Host");
    }
    enum gx_rc rc = renew(request, wish->id, &device);
    if (rc != GX_OK) {
        return rc;
    }
    new_token(token, work.hash);
    work.row = (struct gw_enrolment){
        .id = gx_id_new(id), .device_id = device->id, .code = device->code, .base_url = base};
    work.row.sealed = seal(request, id, device->secret);
    if (work.row.sealed == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "device-secrets");
    }
    rc = gx_background_run(background, ctx, store, &work);
    if (rc != GX_OK) {
        return rc;
    }
    enrolment->id = gx_arena_text(&ctx->arena, id);
    enrolment->device_id = device->id;
    enrolment->link = gx_arena_printf(&ctx->arena, "%s/v1/enrolments/%s", base, token);
    enrolment->expires_at = work.expires_at;
    enrolment->qr_svg = enrolment->link == NULL ? NULL : gw_enrol_qr(&ctx->arena, enrolment->link);
    sodium_memzero(token, sizeof token);
    return enrolment->qr_svg == NULL ? gx_fail(ctx, GX_P_INTERNAL, "", "qr") : GX_OK;
}

/* --- opening one --- */

static enum gx_rc take(void *arg, struct gx_ctx *ctx)
{
    struct enrolling *work = arg;
    return gw_store_enrolment_take(ctx, (struct gx_view){work->hash, sizeof work->hash},
                                   &work->row);
}

static char *unseal(struct gw_request *request, const struct gw_enrolment *row)
{
    struct gx_seal_key key;
    if (gx_seal_key_load(request->gateway->common->key_dir, "device-secrets", &key) != GX_OK) {
        return NULL;
    }
    char *secret = gx_seal_open(&request->ctx.arena, &key, row->id, row->sealed);
    sodium_memzero(&key, sizeof key);
    return secret;
}

/* "owntracks:///config?inline=" and the base64 of its configuration, percent-encoded: one tap sets the app up. */
static char *owntracks_link(struct gx_arena *arena, const Genxi__PhoneSettings *settings)
{
    char *plain = gx_arena_printf(arena,
                                  "{\"_type\":\"configuration\",\"mode\":3,\"url\":\"%s\",\"auth\":"
                                  "true,\"username\":\"%s\",\"password\":\"%s\",\"monitoring\":2}",
                                  settings->owntracks_url, settings->code, settings->token);
    size_t size = plain == NULL ? 0 : strlen(plain);
    size_t room = sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_URLSAFE);
    char *text = plain == NULL ? NULL : gx_arena_alloc(arena, room);
    if (text == NULL) {
        return NULL;
    }
    /* The plain alphabet of base64 has two signs that a URL does not bear as they are, and its padding. */
    (void)sodium_bin2base64(text, room, (const uint8_t *)plain, size,
                            sodium_base64_VARIANT_ORIGINAL);
    char *link = gx_arena_alloc(arena, 64 + 3 * room);
    if (link == NULL) {
        return NULL;
    }
    size_t used = (size_t)snprintf(link, 64, "owntracks:///config?inline=");
    for (const char *at = text; *at != '\0'; at++) {
        bool plain_sign = *at != '+' && *at != '/' && *at != '=';
        used += (size_t)(plain_sign ? snprintf(link + used, 4, "%c", *at)
                                    : snprintf(link + used, 4, "%%%02X", (unsigned char)*at));
    }
    return link;
}

enum gx_rc gw_enrolment_open(struct gx_background *background, struct gw_request *request,
                             const void *in, void *out)
{
    const Genxi__EnrolmentOpen *wish = in;
    struct gx_ctx *ctx = &request->ctx;
    struct gx_arena *arena = &ctx->arena;
    Genxi__PhoneSettings *settings = out;
    struct enrolling work = {.request = request};
    (void)crypto_hash_sha256(work.hash, (const uint8_t *)wish->token, strlen(wish->token));
    enum gx_rc rc = gx_background_run(background, ctx, take, &work);
    if (rc != GX_OK) {
        return rc;
    }
    settings->code = gx_pb_text(work.row.code);
    settings->token = unseal(request, &work.row);
    if (settings->token == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "device-secrets");
    }
    settings->osmand_url =
        gx_arena_printf(arena, "%s/osmand/%s", work.row.base_url, settings->token);
    settings->traccar_url = gx_arena_printf(
        arena, "%s?id=%s&accuracy=high&distance=20&interval=15&heartbeat=60&buffer=true",
        settings->osmand_url == NULL ? "" : settings->osmand_url, settings->code);
    settings->owntracks_url = gx_arena_printf(arena, "%s/owntracks", work.row.base_url);
    settings->owntracks_link = arena->spent ? NULL : owntracks_link(arena, settings);
    settings->traccar_qr_svg = arena->spent ? NULL : gw_enrol_qr(arena, settings->traccar_url);
    return arena->spent || settings->traccar_qr_svg == NULL
               ? gx_fail(ctx, GX_P_INTERNAL, "", "memory")
               : GX_OK;
}

/* Nothing in it can break out of the page: codes, tokens and hosts have no such signs (rules of the registry, gw_enrol_is_host). */
char *gw_enrol_page(struct gx_ctx *ctx, const Genxi__PhoneSettings *settings)
{
    return gx_arena_printf(
        &ctx->arena,
        "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width\"><title>genxi</title><h1>手机接入 Phone enrolment</h1>"
        "<p>本页只显示一次,请立即完成设置。This page is shown once: set the phone up now.</p>"
        "<h2>OwnTracks</h2><p><a href=\"%s\">一键设置 Set up with one tap</a></p>"
        "<h2>Traccar Client</h2><p>扫描此码,或填写: Scan this code in the app, or type:</p>%s"
        "<dl><dt>设备标识 Device identifier</dt><dd><code>%s</code></dd>"
        "<dt>服务器地址 Server URL</dt><dd><code>%s</code></dd></dl></html>\n",
        settings->owntracks_link, settings->traccar_qr_svg, settings->code, settings->osmand_url);
}
