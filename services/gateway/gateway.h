/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the running gateway, and one request on its way through them. */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "auth.h"
#include "bucket.h"
#include "datum.h"
#include "devices.h"
#include "doors/dc09/door.h"
#include "doors/door.h"
#include "doors/jt808/car.h"
#include "doors/phones.h"
#include "hub.h"
#include "lockout.h"
#include "pool.h"
#include "routes.h"
#include "settings.h"
#include "wire/bus.h"

#include <microhttpd.h>

struct gateway {
    const struct gx_common_settings *common;
    const struct gw_settings *settings;
    struct gx_caller *caller;
    struct gw_auth *auth;
    struct gw_pool *lookups;
    struct gw_pool *logins;
    struct gw_buckets *buckets;
    struct gw_lockout *user_lockout;    /* by user and address */
    struct gw_lockout *address_lockout; /* by address alone, far more patient */
    struct gw_hub *hub;
    struct gw_devices *devices;
    struct dc09 *dc09;
    struct cars *cars;
    struct doors *doors; /* NULL: all are off */
    struct MHD_Daemon *daemon;
    char *openapi;
    size_t openapi_size;
    atomic_bool draining;
    atomic_int under_way; /* requests that wait for a thread or a service */
};

enum {
    GW_ADDRESS_SIZE = 64,
    GW_KEY_SIZE = 256
};

enum gw_step {
    GW_LOOKING, /* suspended: its credential is looked up */
    GW_BODY,    /* its body is read */
    GW_WORKING, /* suspended: a service or a pool's thread has it */
    GW_ANSWERED
};

/* What came in the headers; borrowed from the connection. */
struct gw_headers {
    const char *authorization;
    const char *idempotency_key;
    const char *accept_language;
    const char *content_type;
    const char *content_length;
    const char *last_event_id;
    const char *traceparent;
    int idempotency_keys;
    int traceparents;
};

struct gw_request {
    struct gateway *gateway;
    struct MHD_Connection *connection;
    enum gw_step step;
    struct gx_ctx ctx; /* its actor is the caller */
    struct gw_headers headers;
    struct gw_match match;
    struct gw_credential *credential;
    enum gx_credential_kind kind;
    uint8_t hash[GX_CREDENTIAL_HASH_BYTES];
    char address[GW_ADDRESS_SIZE];
    char key[GW_KEY_SIZE]; /* idempotency key */
    char *path;
    uint8_t *body;
    size_t body_size;
    size_t body_room;
    bool too_large;
    bool whole;   /* all of it has come */
    bool refused; /* by its headers; the body is read and thrown away */
    int64_t begun_us;
    int64_t retry_after_us;
    enum gx_crs crs; /* of places in the answer */
    ProtobufCMessage *in;
    ProtobufCMessage *out;
    enum gx_rc rc; /* of what was asked */
    bool replayed;
    char *query; /* as it came, of a phone */
    struct gw_phone_answer phone;
};

/* --- server.c --- */
enum gx_rc gw_server_open(struct gateway *gateway);
/* No new connections; then waits up to wait_ms for the requests under way. */
void gw_server_drain(struct gateway *gateway, int wait_ms);
/* Nothing may be suspended any more. */
void gw_server_close(struct gateway *gateway);
void gw_suspend(void *connection);
void gw_resume(void *connection);

/* --- call.c: a request to its reply --- */
/* Builds the message from path, query and body. */
enum gx_rc gw_call_build(struct gw_request *request);
/* Sends it on its way: the request is suspended and will be resumed. False: its result stands already in rc. */
bool gw_call_start(struct gw_request *request);

/* --- answer.c --- */
/* Queues what rc, out and the faults say. */
enum MHD_Result gw_answer(struct gw_request *request);
enum MHD_Result gw_answer_stream(struct gw_request *request, struct gw_stream *stream);

#endif
