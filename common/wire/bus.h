/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bus, seen from a service or the gateway. The only user of zmq.h beside services/broker.
 *
 * A broker has one base address and four sockets on it, all CURVE:
 *     tcp://host:PORT   -> PORT clients (ROUTER), PORT+1 workers (ROUTER), PORT+2 events in (XSUB), PORT+3 events out (XPUB)
 *     ipc://path        -> path.clients, path.workers, path.events-in, path.events-out
 * Everybody connects to every broker of the comma-separated list (at most 8). Messages, a part in brackets:
 *     client -> broker   [id 8 bytes][service][deadline ms, 8 bytes big endian][Command]   ["PING"]
 *     broker -> client   [id][status 1 byte][Reply or empty]   ["PONG"]    status: 0 reply, 1 busy, 2 no worker, 3 expired
 *     worker -> broker   ["READY"][service]   ["BEAT"]   ["REPLY"][client][id][Reply]   ["EXPIRED"][client][id]   ["BYE"]
 *     broker -> worker   ["CALL"][client][id][deadline][Command]   ["BEAT"]   ["WHO"]   ["BYE"]
 *     event              ["<area>/<type number>"][Event]   subscribed by area prefix; seq 0 = passing
 * A worker serves one call at a time and is READY again by its REPLY or EXPIRED (it came to the call too late and did not serve it).
 * Beats every second; three missed = gone (a worker at work may be silent as long as its connection stands). WHO: the broker does not know
 * this worker, it says READY again. BYE: no more calls, confirmed by BYE behind the last one. PING every second; a broker silent for three
 * is not chosen. The id is the client's own and means something on that connection only.
 * Keys: <dir>/<name>.key_secret (own), <dir>/broker.key (the brokers' public key), <dir>/allowed/ (the brokers' allow-list), all in
 * CZMQ's certificate format (wire/curve.h). A command may be served only by a worker whose certificate bears that service's name.
 */
#ifndef GX_WIRE_BUS_H
#define GX_WIRE_BUS_H

#include "base/cleanup.h"
#include "base/ctx.h"
#include "envelope.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

struct gx_bus_settings {
    const char *brokers; /* "tcp://127.0.0.1:9500,tcp://127.0.0.1:9510" */
    const char *key_dir;
    const char *key_name; /* "intake" */
    int queue_limit;      /* high-water mark of each socket, messages */
};

/* --- Calling: thread-safe, one per process. Owns a thread that holds the sockets. --- */
struct gx_caller;
/*
 * rc OK: reply is the service's answer (whatever its own rc). Else no answer: LIMIT (queues full), TIMEOUT (deadline passed before
 * any broker took it or it expired unserved; or a command that only reads had no answer), UNAVAILABLE (no broker or worker), UNCERTAIN (a
 * command that writes was sent and had no answer by the deadline), INTERNAL (an answer that is no Reply).
 * Runs in the caller's thread: must not block. reply is borrowed for the call.
 */
typedef void gx_caller_done(void *arg, enum gx_rc rc, const Genxi__Reply *reply);

enum gx_rc gx_caller_open(const struct gx_bus_settings *settings, struct gx_caller **ret_caller);
/*
 * Sends to one broker; when that one is silent past half of the time left, loses its connection or refuses, to the next under the same
 * command id and idempotency key. A command that writes and has no key is never sent again once a broker had it.
 * OK: done will be called exactly once. LIMIT: queue_limit are under way; INVALID: no such command; then done will not be called. The
 * command is packed before return.
 */
enum gx_rc gx_caller_send(struct gx_caller *caller, const Genxi__Command *command,
                          gx_caller_done *done, void *arg);
/*
 * Waits. Packs request, unpacks the reply into ctx's arena; faults of the reply, or of the bus, are added to ctx. key may be NULL: then the
 * command's own id is the key of a write. Uses ctx's actor, trace and deadline (10 s without one). Any thread; 64 at a time.
 */
enum gx_rc gx_caller_call(struct gx_caller *caller, struct gx_ctx *ctx, uint32_t command_number,
                          const ProtobufCMessage *request, const char *key,
                          ProtobufCMessage **ret_reply);
/* Number of brokers that answer heartbeats now. */
int gx_caller_brokers_up(const struct gx_caller *caller);
/* Calls done(UNAVAILABLE) for what is under way. NULL is fine. */
void gx_caller_free(struct gx_caller *caller);

/* --- Serving: one per worker thread, not thread-safe. --- */
struct gx_worker;
struct gx_worker_call {
    const Genxi__Command *command; /* borrowed until the reply */
};
enum gx_rc gx_worker_open(const struct gx_bus_settings *settings, const char *service,
                          struct gx_worker **ret_worker);
/*
 * One call, or TIMEOUT after wait_ms. Sends beats meanwhile. Expired calls are dropped here too. The command lies in ctx's arena; ctx is not
 * changed otherwise. After gx_worker_drain(): the calls still on their way, then UNAVAILABLE.
 */
enum gx_rc gx_worker_next(struct gx_worker *worker, struct gx_ctx *ctx, int wait_ms,
                          struct gx_worker_call *ret_call);
/* Exactly once for each call taken. */
void gx_worker_reply(struct gx_worker *worker, const Genxi__Reply *reply);
/* Says BYE: no more calls come but those on their way. Call gx_worker_next() until it returns UNAVAILABLE. */
void gx_worker_drain(struct gx_worker *worker);
/* Number of brokers that were told READY over the connection that stands now; as of the last gx_worker_next(). */
int gx_worker_brokers_up(const struct gx_worker *worker);
void gx_worker_free(struct gx_worker *worker);

/* --- Events --- */
struct gx_publisher; /* one per thread */
enum gx_rc gx_publisher_open(const struct gx_bus_settings *settings,
                             struct gx_publisher **ret_publisher);
/* To every broker; never blocks. Returns how many of them it was dropped for, their queue being full (the journal has it). */
size_t gx_publish(struct gx_publisher *publisher, const Genxi__Event *event);
void gx_publisher_free(struct gx_publisher *publisher);

struct gx_subscriber; /* one per thread */
enum gx_rc gx_subscriber_open(const struct gx_bus_settings *settings,
                              struct gx_subscriber **ret_subscriber);
void gx_subscriber_add_area(struct gx_subscriber *subscriber, int32_t area); /* area -1: all */
void gx_subscriber_remove_area(struct gx_subscriber *subscriber, int32_t area);
/*
 * One event into ctx's arena, or TIMEOUT. May drop, reorder, seldom repeat (what came by one broker is left out when it comes by the other):
 * the follower knows by (area, seq).
 */
enum gx_rc gx_subscriber_next(struct gx_subscriber *subscriber, struct gx_ctx *ctx, int wait_ms,
                              Genxi__Event **ret_event);
void gx_subscriber_free(struct gx_subscriber *subscriber);

/* Actor of a message <-> actor of a context. */
void gx_actor_from_pb(struct gx_ctx *ctx, const Genxi__Actor *pb);
Genxi__Actor *gx_actor_to_pb(struct gx_ctx *ctx, const struct gx_actor *actor);
/* Faults of ctx into a reply, and back. */
void gx_reply_faults(struct gx_ctx *ctx, Genxi__Reply *reply);
void gx_faults_from_reply(struct gx_ctx *ctx, const Genxi__Reply *reply);

#endif
