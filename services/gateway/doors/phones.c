/* SPDX-License-Identifier: Apache-2.0 */
#include "doors/phones.h"

#include "doors/osmand.h"
#include "doors/owntracks.h"
#include "doors/tell.h"
#include "gateway.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "headers.h"
#include "metrics.h"
#include "wire/pb.h"

#include <string.h>

enum {
    QUERY_MAX = 4096,
    MEDIA_SIZE = 64
};

/* Who the message says it is from, and with what it proves it. */
struct claim {
    const char *code;
    const char *token;
};

static bool answer(struct gw_request *request, int status)
{
    bool owntracks = gx_text_is(request->match.route->path, "/owntracks");
    request->phone = (struct gw_phone_answer){status, status == 200 && owntracks ? "[]" : ""};
    return false;
}

/* --- who it is --- */

/*
 * Unknown, wrong and switched off look the same from outside. Such tries count towards no lock-out: a phone with an old token goes on for
 * days, and would shut the log-in of the station whose address it shares. What bounds guessing is the token's size and the address's rate.
 */
static bool admit(struct gw_request *request, const struct claim *claim,
                  struct gw_device *ret_device)
{
    if (gw_devices_find(request->gateway->devices, GENXI__DEVICE_KIND__DEVICE_KIND_PHONE,
                        claim->code, ret_device) &&
        gw_device_proves(ret_device, claim->token)) {
        return true;
    }
    gx_metric_add(&GW_METRICS[GW_M_AUTH_FAILED], 1);
    return false;
}

/* A phone's own rate: many share an address. */
static bool over_rate(struct gw_request *request, const char *name)
{
    int64_t wait = gw_bucket_take(request->gateway->buckets, name, gx_clock_mono_us());
    if (wait > 0) {
        request->retry_after_us = wait;
        gx_metric_add(&GW_METRICS[GW_M_RATE_LIMITED], 1);
    }
    return wait > 0;
}

/* --- on to the bus --- */

static int status_of(enum gx_rc rc)
{
    if (rc == GX_OK) {
        return 200;
    }
    return gx_rc_may_resend(rc) || rc == GX_UNCERTAIN || rc == GX_INTERNAL ? 503 : 400;
}

/* In the caller's thread, or in gw_tell() itself. */
static void told(void *arg, const struct gw_told *what)
{
    struct gw_request *request = arg;
    gx_metric_add(&GW_METRICS[GW_M_POINTS_TAKEN], (int64_t)what->taken);
    gx_metric_add(&GW_METRICS[GW_M_POINTS_REFUSED], (int64_t)what->refused);
    gx_metric_add(&GW_METRICS[GW_M_PRESSES], what->pressed ? 1 : 0);
    (void)answer(request, status_of(what->rc));
    gw_resume(request->connection);
}

static void replied(void *arg, enum gx_rc rc, const Genxi__Reply *reply)
{
    struct gx_view body = {NULL, 0};
    if (rc == GX_OK) {
        rc = (enum gx_rc)reply->rc;
        body = (struct gx_view){reply->body.data, reply->has_body ? reply->body.len : 0};
    }
    gw_tell_answered(arg, rc, body);
}

static bool send_command(void *arg, struct gw_tell *tell, const struct gw_tell_ask *ask)
{
    struct gw_request *request = arg;
    struct gx_ctx *ctx = &request->ctx;
    char id[GX_ID_SIZE];
    struct gx_view body;
    Genxi__Command command = GENXI__COMMAND__INIT;
    if (gx_pb_pack(ctx, ask->request, &body) != GX_OK) {
        return false;
    }
    command.actor = gx_actor_to_pb(ctx, ask->actor);
    if (command.actor == NULL) {
        return false;
    }
    command.id = gx_id_new(id);
    command.type = ask->command;
    command.deadline_at = ctx->deadline_ms;
    command.idempotency_key = gx_pb_text(ask->key);
    command.traceparent = ctx->traceparent;
    command.body = gx_pb_bytes(body);
    return gx_caller_send(request->gateway->caller, &command, replied, tell) == GX_OK;
}

static bool tell(struct gw_request *request, const struct gw_device *device,
                 const struct gw_point *point)
{
    int64_t now = gx_clock_wall_ms();
    const struct gw_press press = {.press_at = point->at == 0 ? now : point->at, .point = *point};
    const struct gw_tell_way way = {.send = send_command, .done = told, .arg = request};
    struct gw_teller teller;
    gw_teller_of(device, "phone", &teller);
    if (point->mock) {
        gx_metric_add(&GW_METRICS[GW_M_POINTS_MOCKED], 1);
        gx_log(&request->ctx, GX_WARN, "phone-place-mocked",
               "phone %s says that its place is made up", device->id);
    }
    request->ctx.deadline_ms = now + request->gateway->settings->request_ms;
    request->step = GW_WORKING;
    (void)atomic_fetch_add(&request->gateway->under_way, 1);
    gw_suspend(request->connection);
    gw_tell(&way, &teller, point, 1, point->sos ? &press : NULL);
    return true; /* from here on the request may be another thread's */
}

/* --- OsmAnd --- */

static enum MHD_Result add_argument(void *arg, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    struct gw_request *request = arg;
    (void)kind;
    request->query = gx_arena_printf(&request->ctx.arena, "%s%s=%s&",
                                     request->query == NULL ? "" : request->query, name,
                                     value == NULL ? "" : value);
    return request->query != NULL && strlen(request->query) < QUERY_MAX ? MHD_YES : MHD_NO;
}

static struct gx_view query_of(struct gw_request *request)
{
    (void)MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, add_argument,
                                    request);
    const char *text = request->query == NULL ? "" : request->query;
    return (struct gx_view){(const uint8_t *)text, strlen(text)};
}

/* The URL's parameters; without any the body's. A JSON body says where, and the URL may still say who. */
static enum gw_read read_osmand(struct gw_request *request, bool json, struct gw_osmand *message)
{
    struct gx_view body = {request->body, request->body_size};
    struct gx_view query = query_of(request);
    enum gw_read read = gw_osmand_form(query.size > 0 ? query : body, message);
    if (!json) {
        return read;
    }
    struct gw_osmand said;
    read = gw_osmand_json(body, &said);
    bool differ = query.size > 0 && message->device[0] != '\0' && said.device[0] != '\0' &&
                  strcmp(message->device, said.device) != 0;
    if (query.size > 0) {
        memcpy(said.token, message->token, sizeof said.token);
    }
    if (query.size > 0 && said.device[0] == '\0') {
        memcpy(said.device, message->device, sizeof said.device);
    }
    *message = said;
    if (read == GW_READ_NO_DEVICE && said.device[0] != '\0') {
        read = GW_READ_OK;
    }
    return differ ? GW_READ_NO_DEVICE : read;
}

static bool start_osmand(struct gw_request *request)
{
    struct gw_osmand message;
    struct gw_device device;
    char media[MEDIA_SIZE];
    char user[GW_DEVICE_SIZE];
    char password[GW_OSMAND_TOKEN_SIZE];
    gw_media_type(request->headers.content_type, media, sizeof media);
    bool json = gx_text_is(media, "application/json");
    enum gw_read read = read_osmand(request, json, &message);
    const struct gw_match *match = &request->match;
    struct claim claim = {message.device,
                          match->param_count > 0 ? match->params[0].text : message.token};
    if (gw_basic(request->headers.authorization, user, sizeof user, password, sizeof password) ==
        0) {
        bool other = message.device[0] != '\0' && strcmp(message.device, user) != 0;
        claim = (struct claim){other ? "" : user, password};
        read = read == GW_READ_NO_DEVICE ? GW_READ_OK : read;
    }
    if (read == GW_READ_BAD) {
        return answer(request, 400);
    }
    if (read == GW_READ_NO_DEVICE || !admit(request, &claim, &device)) {
        bool named = json && claim.code[0] != '\0';
        return answer(request, over_rate(request, request->address) ? 429 : named ? 404 : 400);
    }
    if (over_rate(request, device.id)) {
        return answer(request, 429);
    }
    if (!message.point.has_place && !message.point.sos) {
        return answer(request, 200); /* battery, a change of settings: nothing to keep */
    }
    return tell(request, &device, &message.point);
}

/* --- OwnTracks --- */

static bool start_owntracks(struct gw_request *request)
{
    struct gw_owntracks message;
    struct gw_device device;
    char user[GW_DEVICE_SIZE];
    char password[GW_OSMAND_TOKEN_SIZE];
    struct claim claim = {user, password};
    if (gw_basic(request->headers.authorization, user, sizeof user, password, sizeof password) !=
            0 ||
        !admit(request, &claim, &device)) {
        return answer(request, over_rate(request, request->address) ? 429 : 401);
    }
    if (over_rate(request, device.id)) {
        return answer(request, 429);
    }
    enum gw_read read =
        gw_owntracks_read((struct gx_view){request->body, request->body_size}, &message);
    if (read != GW_READ_OK) {
        return answer(request, read == GW_READ_NOTHING ? 200 : 400);
    }
    return message.lost ? answer(request, 200) : tell(request, &device, &message.point);
}

bool gw_phone_start(struct gw_request *request)
{
    return gx_text_is(request->match.route->path, "/owntracks") ? start_owntracks(request)
                                                                : start_osmand(request);
}
