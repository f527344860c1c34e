/* SPDX-License-Identifier: Apache-2.0 */
/* HTTPS: connections, and each request from its headers to the moment it can be answered. */
#include "gateway.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "chassis/service.h"
#include "headers.h"
#include "metrics.h"
#include "roles.h"

#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    CONNECTION_BYTES = 6 * 1024, /* buffers of one connection; bounds its headers as well */
    REQUEST_ARENA_MIN = 16 * 1024 * 1024, /* most memory of one request beside its body */
    PATH_SHOWN = 200,
    PHONE_BODY_MAX = 64 * 1024,
    CERTIFICATE_MAX = 1024 * 1024,
    STREAM_ARGUMENT_SIZE = 4096,
    DISCARD_FACTOR = 2,           /* times the longest import */
    DRAIN_MAX = 64 * 1024 * 1024, /* most of a refused body that is read to its end */
};

void gw_suspend(void *connection)
{
    MHD_suspend_connection(connection);
}

void gw_resume(void *connection)
{
    MHD_resume_connection(connection);
}

/* --- a request's beginning --- */

static enum MHD_Result take_header(void *arg, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct gw_headers *headers = arg;
    (void)kind;
    if (strcasecmp(name, MHD_HTTP_HEADER_AUTHORIZATION) == 0) {
        headers->authorization = value;
    } else if (strcasecmp(name, "Idempotency-Key") == 0) {
        headers->idempotency_key = value == NULL ? "" : value;
        headers->idempotency_keys++;
    } else if (strcasecmp(name, MHD_HTTP_HEADER_ACCEPT_LANGUAGE) == 0) {
        headers->accept_language = value;
    } else if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_TYPE) == 0) {
        headers->content_type = value;
    } else if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
        headers->content_length = value;
    } else if (strcasecmp(name, "Last-Event-ID") == 0) {
        headers->last_event_id = value;
    } else if (strcasecmp(name, "traceparent") == 0) {
        headers->traceparent = value;
        headers->traceparents++;
    }
    return MHD_YES;
}

static void read_address(struct gw_request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info == NULL ? NULL : info->client_addr;
    socklen_t size = address != NULL && address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                                       : sizeof(struct sockaddr_in);
    if (address == NULL || getnameinfo(address, size, request->address, sizeof request->address,
                                       NULL, 0, NI_NUMERICHOST) != 0) {
        (void)snprintf(request->address, sizeof request->address, "?");
    }
}

/* A new span of the caller's trace when its header is good, else a trace of our own. */
static void read_trace(struct gw_request *request)
{
    char parent[GX_TRACEPARENT_SIZE * 4] = "";
    if (request->headers.traceparents == 1 && request->headers.traceparent != NULL) {
        gw_trim(request->headers.traceparent, parent, sizeof parent);
    }
    (void)gx_trace_child(parent, request->ctx.traceparent);
}

static struct gw_request *new_request(struct gateway *gateway, struct MHD_Connection *connection,
                                      const char *method, const char *path)
{
    struct gw_request *request = calloc(1, sizeof *request);
    if (request == NULL) {
        abort();
    }
    request->gateway = gateway;
    request->connection = connection;
    request->begun_us = gx_clock_mono_us();
    request->rc = GX_OK;
    gx_ctx_init(&request->ctx, REQUEST_ARENA_MIN + 3 * (size_t)gateway->settings->import_bytes);
    request->ctx.label = path;
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, &request->headers);
    read_address(request);
    read_trace(request);
    request->ctx.actor.lang = gw_language(request->headers.accept_language, "zh-CN");
    gw_route_match(method, path, &request->match);
    request->ctx.label = request->match.route == NULL ? NULL : request->match.route->path;
    bool clean = gx_utf8_valid(path, strlen(path));
    request->path = gx_arena_text_n(&request->ctx.arena, clean ? path : "?",
                                    clean ? strnlen(path, PATH_SHOWN) : 1);
    return request;
}

static size_t body_limit(const struct gw_request *request)
{
    const struct gw_settings *settings = request->gateway->settings;
    if (request->match.route->kind == GW_PHONE) {
        return PHONE_BODY_MAX;
    }
    return (size_t)(request->match.route->kind == GW_IMPORT ? settings->import_bytes
                                                            : settings->body_bytes);
}

/* Is a body on its way that the client will go on sending whatever we say? */
static bool body_under_way(const struct gw_request *request)
{
    int64_t length = 0;
    const char *text = request->headers.content_length;
    const char *expect =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_EXPECT);
    return expect == NULL && text != NULL && gx_parse_int(text, 1, DRAIN_MAX, &length) == 0;
}

/*
 * Refused before its body has come. The body is read to its end and thrown away first: to close on it would take the answer with it. Who
 * waits for "100 Continue", or announces more than DRAIN_MAX, is answered at once.
 */
static enum MHD_Result turn_away(struct gw_request *request)
{
    if (body_under_way(request)) {
        request->refused = true;
        return MHD_YES;
    }
    return gw_answer(request);
}

static enum gx_rc too_large(struct gw_request *request)
{
    return gx_fail(&request->ctx, GX_P_BODY_TOO_LARGE, "", "%zu", body_limit(request));
}

/* What can be refused by the headers alone. */
static enum gx_rc check_headers(struct gw_request *request)
{
    struct gx_ctx *ctx = &request->ctx;
    int64_t length = 0;
    if (atomic_load(&request->gateway->draining)) {
        return gx_fail(ctx, GX_P_UNAVAILABLE, "", "gateway");
    }
    if (request->match.route == NULL && request->match.allowed[0] != '\0') {
        return gx_fail(ctx, GX_P_METHOD_NOT_ALLOWED, "", "%s", request->match.allowed);
    }
    if (request->match.route == NULL) {
        return gx_fail(ctx, GX_P_ROUTE_UNKNOWN, "", "%s",
                       request->path == NULL ? "" : request->path);
    }
    if (request->headers.content_length != NULL &&
        (gx_parse_int(request->headers.content_length, 0, INT64_MAX, &length) != 0 ||
         length > (int64_t)body_limit(request))) {
        return too_large(request);
    }
    return GX_OK;
}

static enum gx_rc check_rate(struct gw_request *request)
{
    const char *name = request->credential == NULL ? request->address : request->credential->id;
    int64_t wait = gw_bucket_take(request->gateway->buckets, name, gx_clock_mono_us());
    if (wait == 0) {
        return GX_OK;
    }
    request->retry_after_us = wait;
    gx_metric_add(&GW_METRICS[GW_M_RATE_LIMITED], 1);
    return gx_fail(&request->ctx, GX_P_RATE_LIMIT, "", "%" PRId64,
                   request->gateway->settings->rate_per_second);
}

/* --- who calls --- */

/* The credential is known: the request acts as it, if it may call this at all. */
static enum gx_rc admit(struct gw_request *request)
{
    struct gx_ctx *ctx = &request->ctx;
    const char *lang = request->headers.accept_language == NULL ? request->credential->actor.lang
                                                                : ctx->actor.lang;
    ctx->actor = request->credential->actor;
    ctx->actor.lang = lang;
    enum gx_rc rc = check_rate(request);
    if (rc == GX_OK && !gx_actor_has(&ctx->actor, request->match.route->roles)) {
        size_t count = 0;
        char **names = gw_role_names(ctx, request->match.route->roles, &count);
        struct gx_arena *arena = &ctx->arena;
        const char *text = "";
        for (size_t i = 0; names != NULL && i < count; i++) {
            text = gx_arena_printf(arena, "%s%s%s", text, i == 0 ? "" : ", ", names[i]);
        }
        rc = gx_fail(ctx, GX_P_DENIED, "", "%s", text);
    }
    return rc;
}

static enum gx_rc refuse(struct gw_request *request)
{
    gw_lockout_failed(request->gateway->address_lockout, request->address, gx_clock_mono_us());
    gx_metric_add(&GW_METRICS[GW_M_AUTH_FAILED], 1);
    return gx_fail(&request->ctx, GX_P_UNAUTHENTICATED, "", "Authorization: Bearer");
}

struct look_up {
    struct gw_request *request;
    struct gw_record *record;
};

static enum gx_rc find_credential(void *arg, struct gx_ctx *ctx)
{
    struct look_up *work = arg;
    struct gx_view hash = {work->request->hash, GX_CREDENTIAL_HASH_BYTES};
    return work->request->kind == GX_CREDENTIAL_SESSION
               ? gw_store_session_find(ctx, hash, &work->record)
               : gw_store_key_find(ctx, hash, &work->record);
}

static enum gx_rc judge(struct gw_request *request, const struct gw_record *record,
                        int64_t asked_us)
{
    char text[GX_TIME_TEXT_SIZE];
    if (record == NULL || record->dead) {
        return refuse(request);
    }
    if (record->expires_at != 0 && record->expires_at <= gx_clock_wall_ms()) {
        return gx_fail(&request->ctx, GX_P_KEY_EXPIRED, "", "%s",
                       gx_time_format(record->expires_at, text));
    }
    request->credential =
        gw_auth_keep(request->gateway->auth, request->kind, request->hash, record, asked_us);
    return atomic_load(&request->credential->ended) ? refuse(request) : GX_OK;
}

/* In a pool's thread, while the request is suspended. */
static void look_up(struct gx_background *background, void *arg)
{
    struct gw_request *request = arg;
    struct look_up work = {.request = request};
    int64_t asked_us = gx_clock_mono_us();
    gx_metric_add(&GW_METRICS[GW_M_LOOKUPS], 1);
    request->ctx.deadline_ms = gx_clock_wall_ms() + request->gateway->settings->request_ms;
    request->rc = gx_background_run(background, &request->ctx, find_credential, &work);
    if (request->rc == GX_OK) {
        request->rc = judge(request, work.record, asked_us);
    }
    request->ctx.deadline_ms = 0;
    gw_resume(request->connection);
}

/* OK: go on to the body, or with step GW_LOOKING wait. Else the refusal. */
static enum gx_rc authenticate(struct gw_request *request)
{
    struct gateway *gateway = request->gateway;
    const char *token = gw_bearer(request->headers.authorization);
    int64_t wait = gw_lockout_wait(gateway->address_lockout, request->address, gx_clock_mono_us());
    if (token == NULL) {
        return gx_fail(&request->ctx, GX_P_UNAUTHENTICATED, "", "Authorization: Bearer");
    }
    if (gx_credential_hash(token, &request->kind, request->hash) != 0) {
        return refuse(request);
    }
    request->credential = gw_auth_find(gateway->auth, request->hash, gx_clock_mono_us());
    if (request->credential != NULL) {
        return admit(request);
    }
    if (wait > 0) { /* one address guesses: who is known goes on, the unknown wait */
        request->retry_after_us = wait;
        gx_metric_add(&GW_METRICS[GW_M_AUTH_LOCKED], 1);
        return gx_fail(&request->ctx, GX_P_TRIES, "", "%d", (int)(wait / 1000000) + 1);
    }
    request->step = GW_LOOKING;
    (void)atomic_fetch_add(&gateway->under_way, 1);
    gw_suspend(request->connection);
    if (gw_pool_add(gateway->lookups, look_up, request) != GX_OK) {
        request->rc = gx_fail(&request->ctx, GX_P_BUSY, "", "1");
        gw_resume(request->connection);
    }
    return GX_OK; /* from here on the request may be another thread's */
}

/* A refusal is sent when the body has been read and thrown away, so says libmicrohttpd; what is far too long is not worth it. */
static bool is_monstrous(const struct gw_request *request)
{
    int64_t length = 0;
    return request->headers.content_length != NULL &&
           gx_parse_int(request->headers.content_length, 0,
                        DISCARD_FACTOR * request->gateway->settings->import_bytes, &length) != 0;
}

static enum MHD_Result begin(struct gw_request *request)
{
    if (is_monstrous(request)) {
        return MHD_NO;
    }
    request->rc = check_headers(request);
    request->step = GW_BODY;
    if (request->rc == GX_OK && request->match.route->kind == GW_PHONE) {
        return MHD_YES; /* its rate is its own, known when the body says who it is */
    }
    if (request->rc == GX_OK && request->match.route->roles == 0) {
        request->rc = check_rate(request);
    } else if (request->rc == GX_OK) {
        enum gx_rc rc = authenticate(request);
        if (rc == GX_OK) {
            return MHD_YES;
        }
        request->rc = rc;
    }
    return request->rc == GX_OK ? MHD_YES : turn_away(request);
}

/* The look-up is done. */
static enum MHD_Result looked_up(struct gw_request *request)
{
    (void)atomic_fetch_sub(&request->gateway->under_way, 1);
    request->step = GW_BODY;
    if (request->rc == GX_OK) {
        request->rc = admit(request);
    }
    return request->rc == GX_OK ? MHD_YES : turn_away(request);
}

/* --- the body --- */

static enum MHD_Result take_body(struct gw_request *request, const char *data, size_t *size)
{
    size_t limit = request->refused ? 0 : body_limit(request);
    size_t most = request->refused ? (size_t)DRAIN_MAX : limit * 2;
    int64_t waited = gx_clock_mono_us() - request->begun_us;
    if (waited > request->gateway->settings->body_seconds * 1000000 ||
        request->body_size + *size > most) {
        return MHD_NO; /* drips, or goes on and on: the connection is cut */
    }
    if (request->body_size + *size > limit) {
        request->too_large = true;
        request->body_size += *size;
        *size = 0;
        return MHD_YES;
    }
    if (request->body_size + *size > request->body_room) {
        size_t room = request->body_room == 0 ? 4096 : request->body_room;
        while (room < request->body_size + *size) {
            room *= 2;
        }
        uint8_t *body = realloc(request->body, room);
        if (body == NULL) {
            abort();
        }
        request->body = body;
        request->body_room = room;
    }
    memcpy(request->body + request->body_size, data, *size);
    request->body_size += *size;
    *size = 0;
    return MHD_YES;
}

/* --- streams --- */

struct stream_query {
    struct gx_ctx *ctx;
    struct gw_stream_wish wish;
};

static enum MHD_Result take_stream_argument(void *arg, enum MHD_ValueKind kind, const char *name,
                                            const char *value)
{
    struct stream_query *query = arg;
    struct gx_ctx *ctx = query->ctx;
    char *text = gx_arena_alloc(&ctx->arena, STREAM_ARGUMENT_SIZE);
    const char *from = value == NULL ? "" : value;
    (void)kind;
    if (text == NULL ||
        gw_percent_decode(from, strlen(from), false, text, STREAM_ARGUMENT_SIZE) != 0) {
        (void)gx_fail(ctx, GX_P_FIELD_FORMAT, "?", "%s", "%XX");
    } else if (strcmp(name, "types") == 0) {
        query->wish.types = text;
    } else if (strcmp(name, "exercise") == 0 &&
               (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
        query->wish.exercise = text[0] == 't';
    } else if (strcmp(name, "exercise") == 0) {
        (void)gx_fail(ctx, GX_P_FIELD_TYPE, "?exercise", "true, false");
    } else {
        (void)gx_fail(ctx, GX_P_QUERY_UNKNOWN, "?", "%.60s",
                      gx_utf8_valid(name, strlen(name)) ? name : "?");
    }
    return MHD_YES;
}

static enum MHD_Result open_stream(struct gw_request *request)
{
    struct gw_stream *stream = NULL;
    struct stream_query query = {.ctx = &request->ctx,
                                 .wish = {.credential = request->credential,
                                          .last_id = request->headers.last_event_id,
                                          .connection = request->connection}};
    (void)MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND,
                                    take_stream_argument, &query);
    request->rc = request->ctx.fault_count > 0
                      ? gx_problem_row(request->ctx.faults[0].problem)->rc
                      : gw_stream_open(gw_hub_streams(request->gateway->hub), &request->ctx,
                                       &query.wish, &stream);
    if (request->rc != GX_OK) {
        return gw_answer(request);
    }
    enum MHD_Result result = gw_answer_stream(request, stream);
    gx_ctx_done(&request->ctx); /* a stream lives long; ending twice is harmless */
    return result;
}

/* --- the whole request is here --- */

static enum MHD_Result work(struct gw_request *request)
{
    if (request->refused) {
        return gw_answer(request);
    }
    enum gw_kind kind = request->match.route->kind;
    request->whole = true;
    if (request->too_large) {
        request->rc = too_large(request);
        return gw_answer(request);
    }
    if (kind == GW_STREAM) {
        return open_stream(request);
    }
    if (kind == GW_OPENAPI) {
        return gw_answer(request);
    }
    if (kind == GW_PHONE) {
        return gw_phone_start(request) ? MHD_YES : gw_answer(request);
    }
    request->rc = gw_call_build(request);
    if (request->rc == GX_OK && gw_call_start(request)) {
        return MHD_YES;
    }
    return gw_answer(request);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **state)
{
    struct gw_request *request = *state;
    (void)version;
    if (request == NULL) {
        request = new_request(arg, connection, method, url);
        *state = request;
        return begin(request);
    }
    switch (request->step) {
    case GW_LOOKING:
        return looked_up(request);
    case GW_BODY:
        return *size > 0 ? take_body(request, data, size) : work(request);
    case GW_WORKING:
        (void)atomic_fetch_sub(&request->gateway->under_way, 1);
        return gw_answer(request);
    case GW_ANSWERED:
        break;
    }
    *size = 0;
    return MHD_YES;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct gw_request *request = *state;
    (void)arg;
    (void)connection;
    (void)code;
    if (request != NULL) {
        gx_ctx_done(&request->ctx);
        gw_credential_unref(request->credential);
        free(request->body);
        free(request);
        *state = NULL;
    }
}

/* Paths and values are decoded by us, strictly. */
static size_t leave_encoded(void *arg, struct MHD_Connection *connection, char *text)
{
    (void)arg;
    (void)connection;
    return strlen(text);
}

/* --- opening and closing --- */

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    char *text = calloc(1, CERTIFICATE_MAX);
    size_t size = text == NULL ? 0 : fread(text, 1, CERTIFICATE_MAX - 1, file);
    (void)fclose(file);
    if (size == 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* As many files as the connections need, if the system lets us. */
static void raise_file_limit(int64_t connections)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)connections + 256;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
        limit.rlim_cur =
            limit.rlim_max == RLIM_INFINITY || limit.rlim_max > wanted ? wanted : limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void log_mhd(void *arg, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
static void log_mhd(void *arg, const char *format, va_list args)
{
    char text[512];
    (void)arg;
    (void)vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\r\n")] = '\0';
    gx_log(NULL, GX_DEBUG, "http", "%s", text);
}

static struct MHD_Daemon *start_daemon(struct gateway *gateway, const struct addrinfo *address,
                                       const char *cert, const char *key)
{
    const struct gw_settings *settings = gateway->settings;
    unsigned flags = (unsigned)MHD_USE_EPOLL_INTERNAL_THREAD | (unsigned)MHD_USE_TLS |
                     (unsigned)MHD_ALLOW_SUSPEND_RESUME | (unsigned)MHD_USE_ITC |
                     (unsigned)MHD_USE_ERROR_LOG;
    if (address->ai_family == AF_INET6) {
        flags |= (unsigned)MHD_USE_DUAL_STACK;
    }
    unsigned threads = settings->http_threads > 1 ? (unsigned)settings->http_threads : 0;
    return MHD_start_daemon(
        flags, (uint16_t)settings->https_port, NULL, NULL, on_request, gateway,
        MHD_OPTION_EXTERNAL_LOGGER, log_mhd, NULL, MHD_OPTION_SOCK_ADDR, address->ai_addr,
        MHD_OPTION_HTTPS_MEM_CERT, cert, MHD_OPTION_HTTPS_MEM_KEY, key, MHD_OPTION_HTTPS_PRIORITIES,
        settings->tls_priorities, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL, MHD_OPTION_THREAD_POOL_SIZE, threads,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)settings->max_connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)settings->connections_per_address,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)settings->idle_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024U, MHD_OPTION_END);
}

enum gx_rc gw_server_open(struct gateway *gateway)
{
    const struct gw_settings *settings = gateway->settings;
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICHOST};
    struct addrinfo *address = NULL;
    char port[8];
    (void)snprintf(port, sizeof port, "%u", (unsigned)(uint16_t)settings->https_port);
    char *cert = read_file(settings->tls_cert);
    char *key = read_file(settings->tls_key);
    raise_file_limit(settings->max_connections);
    if (cert == NULL || key == NULL) {
        gx_log(NULL, GX_ERROR, "tls-files", "certificate %s or key %s cannot be read",
               settings->tls_cert, settings->tls_key);
    } else if (getaddrinfo(settings->https_bind, port, &hints, &address) != 0) {
        gx_log(NULL, GX_ERROR, "https-bind", "%s is no address", settings->https_bind);
    } else {
        gateway->daemon = start_daemon(gateway, address, cert, key);
    }
    if (address != NULL) {
        freeaddrinfo(address);
    }
    free(cert);
    free(key);
    if (gateway->daemon == NULL) {
        gx_log(NULL, GX_ERROR, "https-open", "%s port %s cannot be opened", settings->https_bind,
               port);
        return GX_UNAVAILABLE;
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(gateway->daemon, MHD_DAEMON_INFO_BIND_PORT);
    gx_log(NULL, GX_INFO, "https-open", "listening on %s port %u", settings->https_bind,
           info == NULL ? 0 : (unsigned)info->port);
    return GX_OK;
}

void gw_server_drain(struct gateway *gateway, int wait_ms)
{
    atomic_store(&gateway->draining, true);
    MHD_socket listener = MHD_quiesce_daemon(gateway->daemon);
    if (listener != MHD_INVALID_SOCKET) {
        (void)close(listener);
    }
    gw_streams_close_all(gw_hub_streams(gateway->hub));
    for (int waited = 0; waited < wait_ms; waited += 10) {
        if (atomic_load(&gateway->under_way) == 0 &&
            gw_streams_count(gw_hub_streams(gateway->hub)) == 0) {
            return;
        }
        (void)usleep(10000);
    }
}

void gw_server_close(struct gateway *gateway)
{
    MHD_stop_daemon(gateway->daemon);
    gateway->daemon = NULL;
}
