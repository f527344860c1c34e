/* SPDX-License-Identifier: Apache-2.0 */
/* From a request's outcome to what goes out: status, headers, JSON, problem, note, bytes or stream. */
#include "gateway.h"

#include "enrol.h"

#include "audit.pb-c.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "metrics.h"
#include "web/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    STREAM_BLOCK = 2048
};

static void add(struct MHD_Response *response, const char *name, const char *value)
{
    (void)MHD_add_response_header(response, name, value);
}

static void add_common(struct MHD_Response *response, const struct gw_request *request)
{
    add(response, "Cache-Control", "no-store");
    add(response, "Strict-Transport-Security", "max-age=31536000");
    add(response, "X-Content-Type-Options", "nosniff");
    add(response, "X-Frame-Options", "DENY");
    add(response, "Referrer-Policy", "no-referrer");
    add(response, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    add(response, "Vary", "Accept-Language");
    add(response, "traceparent", request->ctx.traceparent);
    if (request->replayed) {
        add(response, "Idempotency-Replayed", "true");
    }
}

static void add_for_status(struct MHD_Response *response, const struct gw_request *request,
                           int status)
{
    if (status == 429 || status == 503) {
        char seconds[24];
        (void)snprintf(seconds, sizeof seconds, "%" PRId64,
                       (request->retry_after_us + 999999) / 1000000 +
                           (request->retry_after_us == 0));
        add(response, "Retry-After", seconds);
    }
    if (status == 401) {
        bool phone = request->phone.status != 0;
        add(response, "WWW-Authenticate",
            phone ? "Basic realm=\"genxi\"" : "Bearer realm=\"genxi\"");
    }
    if (!request->whole) { /* the rest of its body is not wanted */
        add(response, "Connection", "close");
    }
    if (status == 405) {
        add(response, "Allow", request->match.allowed);
    }
}

static enum MHD_Result queue(struct gw_request *request, int status, const char *type,
                             struct gx_view bytes)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        bytes.size, (void *)(uintptr_t)bytes.data, MHD_RESPMEM_MUST_COPY);
    if (response == NULL) {
        return MHD_NO;
    }
    add_common(response, request);
    add_for_status(response, request, status);
    if (type != NULL) {
        add(response, "Content-Type", type);
    }
    if (type != NULL && (status >= 400 || request->match.route == NULL)) {
        add(response, "Content-Language", request->ctx.actor.lang);
    }
    enum MHD_Result result = MHD_queue_response(request->connection, (unsigned)status, response);
    MHD_destroy_response(response);
    request->step = GW_ANSWERED;
    gw_metrics_request(request->match.route, status, gx_clock_mono_us() - request->begun_us);
    return result;
}

static struct gx_view view_of(const char *text)
{
    return (struct gx_view){(const uint8_t *)text, strlen(text)};
}

static enum MHD_Result answer_problem(struct gw_request *request)
{
    int status = 500;
    struct gx_ctx spare;
    const char *json = gx_json_problem(&request->ctx, request->rc, request->path, &status);
    if (json != NULL) {
        return queue(request, status, "application/problem+json", view_of(json));
    }
    /* The request has used up its memory: the bare problem from fresh memory. */
    gx_ctx_init(&spare, 1 << 16);
    spare.actor.lang = request->ctx.actor.lang;
    memcpy(spare.traceparent, request->ctx.traceparent, sizeof spare.traceparent);
    if (request->ctx.fault_count > 0) {
        spare.faults[spare.fault_count++] = request->ctx.faults[0];
    }
    json = gx_json_problem(&spare, request->rc, "", &status);
    enum MHD_Result result =
        queue(request, status, "application/problem+json", view_of(json == NULL ? "{}" : json));
    gx_ctx_done(&spare);
    return result;
}

/* The only item of a list reply; NULL when it is empty. */
static ProtobufCMessage *only_item(const ProtobufCMessage *list)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(list->descriptor, "items");
    if (field == NULL) {
        return NULL;
    }
    const uint8_t *bytes = (const uint8_t *)list;
    size_t count = *(const size_t *)(const void *)(bytes + field->quantifier_offset);
    ProtobufCMessage *const *items =
        *(ProtobufCMessage *const *const *)(const void *)(bytes + field->offset);
    return count == 0 ? NULL : items[0];
}

static enum MHD_Result answer_json(struct gw_request *request, ProtobufCMessage *message)
{
    const struct gx_actor *actor = &request->ctx.actor;
    bool officer = gx_actor_has(actor, GX_ROLES_OFFICERS) || gx_actor_has(actor, GX_ROLE_SYSTEM);
    gw_datum_convert(message, request->crs);
    const char *json =
        gx_json_write(&request->ctx, message, officer ? GX_SIGHT_OFFICER : GX_SIGHT_PARTNER);
    if (json == NULL) {
        request->rc = gx_fail(&request->ctx, GX_P_INTERNAL, "", "memory");
        return answer_problem(request);
    }
    return queue(request, request->match.route->status, "application/json", view_of(json));
}

/* A browser gets a page. */
static enum MHD_Result answer_enrolment(struct gw_request *request, ProtobufCMessage *out)
{
    const char *accept =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    if (accept == NULL || strstr(accept, "text/html") == NULL) {
        return answer_json(request, out);
    }
    const char *page = gw_enrol_page(&request->ctx, (const Genxi__PhoneSettings *)out);
    if (page == NULL) {
        request->rc = gx_fail(&request->ctx, GX_P_INTERNAL, "", "memory");
        return answer_problem(request);
    }
    return queue(request, 200, "text/html; charset=utf-8", view_of(page));
}

static enum MHD_Result answer_body(struct gw_request *request)
{
    ProtobufCMessage *out = request->out;
    ProtobufCMessage *item = NULL;
    struct gx_view bytes = {NULL, 0};
    switch (request->match.route->kind) {
    case GW_OPENAPI:
        bytes = (struct gx_view){(const uint8_t *)request->gateway->openapi,
                                 request->gateway->openapi_size};
        return queue(request, 200, "application/json", bytes);
    case GW_NOTE:
        return queue(request, 200, "text/plain; charset=utf-8",
                     view_of(((const Genxi__Checkpoint *)out)->note));
    case GW_BYTES:
        bytes.data = ((const Genxi__Tile *)out)->data.data;
        bytes.size = ((const Genxi__Tile *)out)->data.len;
        return queue(request, 200, "application/octet-stream", bytes);
    case GW_ONE:
        item = only_item(out);
        if (item == NULL) {
            request->rc =
                gx_fail(&request->ctx, GX_P_NOT_FOUND, "", "%s", request->match.params[0].text);
            return answer_problem(request);
        }
        return answer_json(request, item);
    case GW_JSON:
    case GW_IMPORT:
    case GW_STREAM:
    case GW_PHONE:
        break;
    case GW_ENROL:
        return answer_enrolment(request, out);
    }
    if (request->match.route->status == 204) {
        return queue(request, 204, NULL, bytes);
    }
    return answer_json(request, out);
}

static enum MHD_Result answer_phone(struct gw_request *request)
{
    const struct gw_phone_answer *phone = &request->phone;
    return queue(request, phone->status, phone->body[0] == '\0' ? NULL : "application/json",
                 view_of(phone->body));
}

enum MHD_Result gw_answer(struct gw_request *request)
{
    if (request->phone.status != 0) {
        return answer_phone(request);
    }
    if (request->rc != GX_OK || request->ctx.fault_count > 0) {
        if (request->rc == GX_INTERNAL) {
            gx_log(&request->ctx, GX_ERROR, "request-failed", "%s",
                   request->match.route == NULL ? "-" : request->match.route->path);
        }
        return answer_problem(request);
    }
    return answer_body(request);
}

enum MHD_Result gw_answer_stream(struct gw_request *request, struct gw_stream *stream)
{
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, STREAM_BLOCK, gw_stream_read, stream, gw_stream_free);
    if (response == NULL) {
        gw_stream_free(stream);
        return MHD_NO;
    }
    add_common(response, request);
    add(response, "Content-Type", "text/event-stream");
    add(response, "X-Accel-Buffering", "no");
    enum MHD_Result result = MHD_queue_response(request->connection, 200, response);
    MHD_destroy_response(response);
    request->step = GW_ANSWERED;
    gw_metrics_request(request->match.route, 200, gx_clock_mono_us() - request->begun_us);
    return result;
}
