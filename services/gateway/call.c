/* SPDX-License-Identifier: Apache-2.0 */
/* A request's message: made from path, query and body, sent to its service or run in a pool, its reply unpacked. */
#include "gateway.h"
#include "local.h"

#include "base/clock.h"
#include "base/text.h"
#include "headers.h"
#include "web/json.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    GIVEN_MAX = 40,
    NAME_SIZE = 64,
    VALUE_SIZE = 4096
};

struct given_list {
    struct gx_ctx *ctx;
    struct gx_json_given items[GIVEN_MAX];
    size_t count;
    bool too_many;
    bool bad_escape;
};

static void give(struct given_list *list, const char *name, const char *text, const char *pointer)
{
    if (list->count == GIVEN_MAX) {
        list->too_many = true;
        return;
    }
    list->items[list->count++] =
        (struct gx_json_given){.name = name, .text = text, .pointer = pointer};
}

/* --- query --- */

static enum MHD_Result take_argument(void *arg, enum MHD_ValueKind kind, const char *name,
                                     const char *value)
{
    struct given_list *list = arg;
    char *plain_name = gx_arena_alloc(&list->ctx->arena, NAME_SIZE);
    char *plain_value = gx_arena_alloc(&list->ctx->arena, VALUE_SIZE);
    const char *text = value == NULL ? "" : value;
    (void)kind;
    if (plain_name == NULL || plain_value == NULL) {
        list->too_many = true;
        return MHD_NO;
    }
    if (gw_percent_decode(name, strlen(name), false, plain_name, NAME_SIZE) != 0 ||
        gw_percent_decode(text, strlen(text), false, plain_value, VALUE_SIZE) != 0) {
        list->bad_escape = true;
        return MHD_NO;
    }
    give(list, plain_name, plain_value, gx_arena_printf(&list->ctx->arena, "?%s", plain_name));
    return list->too_many ? MHD_NO : MHD_YES;
}

static enum gx_rc read_query(struct gw_request *request, struct given_list *list)
{
    (void)MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, take_argument,
                                    list);
    if (list->bad_escape) {
        return gx_fail(&request->ctx, GX_P_FIELD_FORMAT, "?", "%s", "%XX, UTF-8");
    }
    if (list->too_many) {
        return gx_fail(&request->ctx, GX_P_FIELD_LENGTH, "?", "0..%d", GIVEN_MAX);
    }
    return GX_OK;
}

/* The datum of the answer is the gateway's matter: no service hears of it. */
static enum gx_rc take_datum(struct gw_request *request, struct given_list *list)
{
    for (size_t i = 0; i < list->count && gw_datum_asked(request->match.route); i++) {
        if (!gx_text_is(list->items[i].name, "crs")) {
            continue;
        }
        if (gx_crs_parse(list->items[i].text, &request->crs) != 0) {
            return gx_fail(&request->ctx, GX_P_CRS_UNKNOWN, "?crs", "wgs84, gcj02, bd09");
        }
        list->items[i--] = list->items[--list->count];
    }
    return GX_OK;
}

/* --- path --- */

static enum gx_rc give_tile(struct gw_request *request, struct given_list *list)
{
    struct gw_tile tile;
    struct gx_arena *arena = &request->ctx.arena;
    if (gw_tile_parse(request->match.params[0].text, &tile) != 0) {
        return gx_fail(&request->ctx, GX_P_ROUTE_UNKNOWN, "", "%s", request->path);
    }
    give(list, "level", gx_arena_printf(arena, "%" PRIu32, tile.level), "/level");
    give(list, "index", gx_arena_printf(arena, "%" PRIu64, tile.index), "/index");
    give(list, "width", gx_arena_printf(arena, "%" PRIu32, tile.width), "/width");
    if (tile.entries) {
        give(list, "entries", "true", "/entries");
    }
    return GX_OK;
}

static enum gx_rc give_path(struct gw_request *request, struct given_list *list)
{
    if (request->match.route->kind == GW_BYTES) {
        return give_tile(request, list);
    }
    for (size_t i = 0; i < request->match.param_count; i++) {
        const struct gw_param *param = &request->match.params[i];
        give(list, param->name, param->text,
             gx_arena_printf(&request->ctx.arena, "/%s", param->name));
    }
    return GX_OK;
}

/* --- body --- */

static enum gx_rc give_file(struct gw_request *request, struct given_list *list)
{
    char type[64];
    gw_media_type(request->headers.content_type, type, sizeof type);
    const char *format =
        gx_text_is(type, "text/csv") ? "csv"
        : gx_text_is(type, "application/geo+json") || gx_text_is(type, "application/json")
            ? "geojson"
            : NULL;
    if (format == NULL) {
        return gx_fail(&request->ctx, GX_P_MEDIA_TYPE, "", "text/csv, application/geo+json");
    }
    give(list, "format", format, "/format");
    give(list, "data", "", "/data");
    static const uint8_t NOTHING[1] = {0};
    list->items[list->count - 1].bytes =
        (struct gx_view){request->body_size == 0 ? NOTHING : request->body, request->body_size};
    return GX_OK;
}

static enum gx_rc check_json_type(struct gw_request *request)
{
    char type[64];
    gw_media_type(request->headers.content_type, type, sizeof type);
    if (request->body_size > 0 && !gx_text_is(type, "application/json")) {
        return gx_fail(&request->ctx, GX_P_MEDIA_TYPE, "", "application/json");
    }
    return GX_OK;
}

/* The caller's key, or one for this request alone, so that a second broker may repeat it safely. */
static enum gx_rc read_key(struct gw_request *request)
{
    if (request->headers.idempotency_keys == 0) {
        (void)gx_id_new(request->key);
        return GX_OK;
    }
    if (request->headers.idempotency_keys > 1 ||
        gw_sf_string(request->headers.idempotency_key, request->key, sizeof request->key) != 0) {
        return gx_fail(&request->ctx, GX_P_IDEMPOTENCY_SYNTAX, "", "1..255");
    }
    return GX_OK;
}

enum gx_rc gw_call_build(struct gw_request *request)
{
    struct given_list list = {.ctx = &request->ctx};
    const struct gw_route *route = request->match.route;
    struct gx_view body = {request->body, request->body_size};
    enum gx_rc rc = give_path(request, &list);
    if (rc == GX_OK) {
        rc = read_query(request, &list);
    }
    if (rc == GX_OK) {
        rc = take_datum(request, &list);
    }
    if (rc == GX_OK && route->kind == GW_IMPORT) {
        rc = give_file(request, &list);
        body = (struct gx_view){NULL, 0};
    } else if (rc == GX_OK) {
        rc = check_json_type(request);
    }
    if (rc == GX_OK) {
        rc = read_key(request);
    }
    return rc != GX_OK ? rc
                       : gx_json_read_with(&request->ctx, gw_route_request(route), body, list.items,
                                           list.count, &request->in);
}

/* --- to a service --- */

/* What stands for no answer at all. */
static void fail_unanswered(struct gw_request *request, enum gx_rc rc)
{
    struct gx_ctx *ctx = &request->ctx;
    if (rc == GX_LIMIT) {
        (void)gx_fail(ctx, GX_P_BUSY, "", "1");
    } else if (rc == GX_TIMEOUT) {
        (void)gx_fail(ctx, GX_P_DEADLINE, "", "%" PRId64, request->gateway->settings->request_ms);
    } else if (rc == GX_UNCERTAIN) {
        (void)gx_fail(ctx, GX_P_UNCERTAIN, "", "%s",
                      gx_command_by_number(request->match.route->command)->service);
    } else {
        (void)gx_fail(ctx, GX_P_UNAVAILABLE, "", "%s",
                      gx_command_by_number(request->match.route->command)->service);
    }
}

/* In the caller's thread, while the request is suspended. */
static void replied(void *arg, enum gx_rc rc, const Genxi__Reply *reply)
{
    struct gw_request *request = arg;
    struct gx_ctx *ctx = &request->ctx;
    if (rc != GX_OK) {
        request->rc = rc;
        fail_unanswered(request, rc);
    } else {
        request->rc = (enum gx_rc)reply->rc;
        request->replayed = reply->has_replayed && reply->replayed;
        gx_faults_from_reply(ctx, reply);
        if (request->rc == GX_OK && ctx->fault_count == 0) {
            struct gx_view body = {reply->body.data, reply->has_body ? reply->body.len : 0};
            request->rc =
                gx_pb_unpack(ctx, gw_route_reply(request->match.route), body, &request->out);
        }
    }
    gw_resume(request->connection);
}

/* False, with the fault, when the service cannot be asked; nothing was sent then. */
static bool send_command(struct gw_request *request)
{
    char id[GX_ID_SIZE];
    struct gx_ctx *ctx = &request->ctx;
    struct gx_view body;
    Genxi__Command command = GENXI__COMMAND__INIT;
    request->rc = gx_pb_pack(ctx, request->in, &body);
    command.actor = request->rc == GX_OK ? gx_actor_to_pb(ctx, &ctx->actor) : NULL;
    if (command.actor == NULL) {
        request->rc = gx_fail(ctx, GX_P_INTERNAL, "", "memory");
        return false;
    }
    command.id = gx_id_new(id);
    command.type = request->match.route->command;
    command.deadline_at = gx_clock_wall_ms() + request->gateway->settings->request_ms;
    command.idempotency_key = request->key;
    command.traceparent = ctx->traceparent;
    command.body = gx_pb_bytes(body);
    request->step = GW_WORKING;
    gw_suspend(request->connection);
    enum gx_rc rc = gx_caller_send(request->gateway->caller, &command, replied, request);
    if (rc != GX_OK) {
        request->rc = rc;
        fail_unanswered(request, rc);
        gw_resume(request->connection);
    }
    return true; /* from here on the request may be another thread's */
}

/* --- in a pool --- */

static void run_local(struct gx_background *background, void *arg)
{
    struct gw_request *request = arg;
    const struct gw_route *route = request->match.route;
    request->out = gx_pb_new(&request->ctx, gw_route_reply(route));
    request->rc = request->out == NULL
                      ? gx_fail(&request->ctx, GX_P_INTERNAL, "", "memory")
                      : route->local(background, request, request->in, request->out);
    gw_resume(request->connection);
}

static bool add_local(struct gw_request *request)
{
    struct gateway *gateway = request->gateway;
    bool login = request->match.route->local == gw_session_create;
    request->step = GW_WORKING;
    request->ctx.deadline_ms = gx_clock_wall_ms() + gateway->settings->request_ms;
    gw_suspend(request->connection);
    if (gw_pool_add(login ? gateway->logins : gateway->lookups, run_local, request) != GX_OK) {
        request->rc = gx_fail(&request->ctx, GX_P_BUSY, "", "1");
        gw_resume(request->connection);
    }
    return true;
}

bool gw_call_start(struct gw_request *request)
{
    (void)atomic_fetch_add(&request->gateway->under_way, 1);
    bool started = request->match.route->command != 0 ? send_command(request) : add_local(request);
    if (!started) {
        (void)atomic_fetch_sub(&request->gateway->under_way, 1);
    }
    return started;
}
