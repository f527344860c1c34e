/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which worker gets which call: the broker's rules, free of sockets and clocks (both are handed in).
 *
 * A service exists from the first READY of a worker that may serve it. Its ready workers stand in a queue, the longest idle first; its
 * calls wait in another, bounded; one of the two is always empty. A call for a service without workers waits HOLD_US at most, then: no worker.
 * Every call that comes in ends once: given to a worker, or refused (busy, no worker, expired). What a lost worker was doing is
 * answered by nobody: its outcome is unknown, and the client asks again or gives up by its own deadline.
 */
#ifndef BROKER_DISPATCH_H
#define BROKER_DISPATCH_H

#include "base/cleanup.h"
#include "base/metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <zmq.h>

enum {
    DISPATCH_SERVICES_MAX = 64,
    DISPATCH_WORKERS_MAX = 1024,
    DISPATCH_PEER_MAX = 255, /* bytes of a routing id */
    DISPATCH_NAME_MAX = 32,
    DISPATCH_HOLD_US = 1000 * 1000, /* how long a call waits for a first worker */
    DISPATCH_BEAT_US = 1000 * 1000,
    DISPATCH_SILENT_US = 3 * DISPATCH_BEAT_US,
    DISPATCH_WAIT_MAX_MS = 60 * 1000, /* no call waits longer, whatever its deadline */
};

enum dispatch_status {
    DISPATCH_REPLY,
    DISPATCH_BUSY,
    DISPATCH_NO_WORKER,
    DISPATCH_EXPIRED
};

/* A peer's routing id, by value. */
struct dispatch_peer {
    size_t size;
    uint8_t bytes[DISPATCH_PEER_MAX];
};

struct dispatch_call {
    STAILQ_ENTRY(dispatch_call) link;
    struct dispatch_peer client;
    uint8_t id[8];
    char service[DISPATCH_NAME_MAX + 1];
    int64_t deadline_ms; /* wall clock, the client's */
    int64_t since_us;    /* monotonic */
    zmq_msg_t body;
};

/* What the rules ask of the world. */
struct dispatch_port {
    void *arg;
    /* False: the worker cannot be reached; body untouched. True: body taken. */
    bool (*give)(void *arg, const struct dispatch_peer *worker, struct dispatch_call *call);
    /* body NULL for a refusal. */
    void (*answer)(void *arg, const struct dispatch_peer *client, const uint8_t id[8],
                   enum dispatch_status status, zmq_msg_t *body);
    /* A beat to a worker; false: it cannot be reached. */
    bool (*beat)(void *arg, const struct dispatch_peer *worker);
};

struct dispatch;
struct dispatch_now {
    int64_t mono_us;
    int64_t wall_ms;
};

struct dispatch *dispatch_new(const struct dispatch_port *port, size_t queue_per_service);
void dispatch_free(struct dispatch *dispatch);

/* A call came in; takes body. Sizes: client 1..255, service 1..32 bytes, else false (malformed) and body untouched. */
bool dispatch_call(struct dispatch *dispatch, struct dispatch_now now, struct gx_view client,
                   struct gx_view id, struct gx_view service, int64_t deadline_ms, zmq_msg_t *body);
/* The worker's right to the name was checked. False: no room for another service or worker. */
bool dispatch_ready(struct dispatch *dispatch, struct dispatch_now now, struct gx_view worker,
                    struct gx_view service);
/* The next three: false when the worker is not known, or not at that call. */
bool dispatch_beat(struct dispatch *dispatch, struct dispatch_now now, struct gx_view worker);
bool dispatch_reply(struct dispatch *dispatch, struct dispatch_now now, struct gx_view worker,
                    struct gx_view client, struct gx_view id, zmq_msg_t *body);
bool dispatch_expired(struct dispatch *dispatch, struct dispatch_now now, struct gx_view worker,
                      struct gx_view client, struct gx_view id);
/* No more calls for this worker; one that it is at may still be answered. */
void dispatch_bye(struct dispatch *dispatch, struct gx_view worker);
/* Expires calls, drops silent workers, sends beats. To be called at least every dispatch_wait_ms(). */
void dispatch_tick(struct dispatch *dispatch, struct dispatch_now now);
int dispatch_wait_ms(const struct dispatch *dispatch, struct dispatch_now now);

/* Calls waiting and calls at workers: nothing is left to drain when 0. */
size_t dispatch_under_way(const struct dispatch *dispatch);
size_t dispatch_workers(const struct dispatch *dispatch);

#endif
