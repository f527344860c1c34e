/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doors: TCP and UDP ports for devices that speak a protocol of their own. One thread (epoll) owns all sockets and never waits: a protocol is a
 * table of functions that it calls, commands go out through the gateway's caller, and their replies come back into the same thread. So a
 * protocol needs no locks. A datagram is served as a connection of one packet.
 *
 * Bounds: connections in all and per address; bytes of an unfinished frame, and the time to finish it; time without a frame; one command under way
 * per connection (its order is kept, and a peer that does not wait for answers is not read further); bytes of unsent answers. An idle
 * connection holds no buffer.
 */
#ifndef GATEWAY_DOORS_DOOR_H
#define GATEWAY_DOORS_DOOR_H

#include "base/cleanup.h"
#include "base/ctx.h"
#include "wire/bus.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct doors;
struct door_conn;

enum {
    DOORS_MAX = 8,
    DOOR_OUTCOMES_MAX = 24,
    DOOR_ADDRESS_SIZE = 64
};

struct door_protocol {
    const char *name; /* in metrics and logs: "dc09" */
    /* What may become of a frame, for genxi_door_frames_total{protocol,outcome}; door_count() takes the index. */
    const char *const *outcomes;
    size_t outcome_count;
    size_t frame_max;  /* bytes of a frame at most */
    size_t state_size; /* bytes of its own that each connection carries, zeroed */
    /*
     * The next frame in the stream: *ret_frame lies in bytes, what stands before it is junk. Size 0: more is needed. False: *ret_frame is no
     * frame; what is before and in it is junk.
     */
    bool (*cut)(struct gx_view bytes, struct gx_view *ret_frame);
    /* One frame; borrowed for the call. It answers with door_send(), or asks with door_ask() at most once. */
    void (*frame)(struct door_conn *conn, struct gx_view frame);
    void (*gone)(struct door_conn *conn);              /* it is about to be freed; may be NULL */
    void (*tick)(struct doors *doors, void *protocol); /* about once a second; may be NULL */
};

struct door_port {
    const struct door_protocol *protocol;
    void *self; /* the protocol's own, for door_self() */
    int port;   /* 0: any free one, see doors_port() */
    bool udp;   /* beside TCP */
};

struct doors_settings {
    const char *bind;
    struct gx_caller *caller; /* NULL: nothing can be asked */
    int64_t request_ms;       /* deadline of a command */
    size_t connections;       /* of all doors together */
    size_t connections_per_address;
    int64_t idle_ms; /* without a frame */
    int64_t
        frame_ms; /* from the first byte of a frame to its last, and from the connection to the first frame */
};

/* UNAVAILABLE, logged, when a port cannot be had. */
enum gx_rc doors_open(const struct doors_settings *settings, const struct door_port *ports,
                      size_t count, struct doors **ret_doors);
/* The port that the n-th listens on. */
int doors_port(const struct doors *doors, size_t n);
/* No new connections and frames; waits up to wait_ms for commands under way; then closes all. The thread has ended. */
void doors_stop(struct doors *doors, int wait_ms);
/* After doors_stop(), and after the caller was freed: it may have told of commands until then. NULL is fine. */
void doors_free(struct doors *doors);

/* --- For protocols, in the doors' thread. --- */

void *door_self(const struct door_conn *conn);
void *door_state(struct door_conn *conn);
struct doors *door_of(const struct door_conn *conn);
/* The peer's address without port. */
const char *door_address(const struct door_conn *conn, char text[DOOR_ADDRESS_SIZE]);
/* Means this connection for as long as the process lives; 0 is none. */
uint64_t door_id(const struct door_conn *conn);
/* NULL when it is gone. */
struct door_conn *door_find(struct doors *doors, uint64_t id);
/* Closes the connection instead when its peer takes nothing any more. */
void door_send(struct door_conn *conn, struct gx_view bytes);
/* Once what was sent is on its way, nothing more is read. */
void door_close(struct door_conn *conn);
void door_count(struct door_conn *conn, size_t outcome);

/* What came of a command. body and keep live for the call. */
struct door_answer {
    enum gx_rc rc;
    enum gx_problem problem; /* of the first fault; UNAVAILABLE when nobody answered */
    struct gx_view body;     /* the packed reply, when OK */
    void *keep;
};
/* conn is NULL when it is gone; what is durable is so all the same. */
typedef void door_done(struct doors *doors, struct door_conn *conn,
                       const struct door_answer *answer);

struct door_ask {
    uint32_t command; /* GX_C_... */
    const ProtobufCMessage *request;
    const struct gx_actor *actor;
    const char *key; /* idempotency key */
    door_done *done;
    const void *keep; /* copied, for done */
    size_t keep_size;
};
/*
 * done will be called once if true. False: too much is under way, or nothing can be asked. conn may be NULL for what no connection waits for.
 */
bool door_ask(struct doors *doors, struct door_conn *conn, const struct door_ask *ask);

/* --- From any thread. --- */

/* Runs fn(doors, arg) in the doors' thread, once. False when they are stopped: then it will not run. */
bool doors_post(struct doors *doors, void (*fn)(struct doors *doors, void *arg), void *arg);

#endif
