/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets to the brokers: one ØMQ context for the process, addresses of the four faces, CURVE on each socket. Inside common/wire and broker. */
#ifndef GX_WIRE_NET_H
#define GX_WIRE_NET_H

#include "base/rc.h"
#include "wire/bus.h"
#include "wire/curve.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    GX_BROKERS_MAX = 8,
    GX_ADDRESS_SIZE = 256
};

enum gx_face {
    GX_FACE_CLIENTS,
    GX_FACE_WORKERS,
    GX_FACE_EVENTS_IN,
    GX_FACE_EVENTS_OUT
};

/* The address of one face of the broker whose base address is the first `size` bytes of base. INVALID unless tcp://host:1..65532 or ipc://path. */
enum gx_rc gx_address(const char *base, size_t size, enum gx_face face,
                      char address[GX_ADDRESS_SIZE]);

/* The process's context, made by its first user and ended by its last. NULL when there are no more descriptors. */
void *gx_context_ref(void);
void gx_context_unref(void);

/* What a user of the bus holds: the context, the keys, the brokers. */
struct gx_net {
    void *context;
    struct gx_curve own;
    struct gx_curve broker;
    int queue_limit;
    size_t broker_count;
    char bases[GX_BROKERS_MAX][GX_ADDRESS_SIZE];
};

enum gx_rc gx_net_open(const struct gx_bus_settings *settings, struct gx_net *net);
void gx_net_close(struct gx_net *net);
/* A socket with our keys, beats and bounds, not connected yet. NULL on failure. */
void *gx_net_socket(const struct gx_net *net, int type, int linger_ms);
/* Connects to one broker's face. */
enum gx_rc gx_net_connect(const struct gx_net *net, void *socket, size_t broker, enum gx_face face);
/* Options that both ends share: bounds, beats of the connection itself, no waiting. False when one was refused. */
bool gx_socket_tune(void *socket, int queue_limit, int linger_ms);
/* ZMQ_POLLIN and ZMQ_POLLOUT as they are now; POLLOUT of a DEALER: a broker is connected and takes more. */
int gx_socket_events(void *socket);
/* Readable when gx_socket_events() may have changed; only to be waited on after that was seen to be without POLLIN. */
int gx_socket_fd(void *socket);

#endif
