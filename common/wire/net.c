/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/net.h"

#include "base/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum {
    KEEPALIVE_IDLE_S = 5, /* notices a host that went away without a word */
    KEEPALIVE_EVERY_S = 1,
    KEEPALIVE_TRIES = 3,
    RECONNECT_MS = 20,
    RECONNECT_MAX_MS = 500,
    SUBSCRIBER_TIMES =
        100, /* a subscriber holds this many times queue_limit: it may be busy with one event */
    DEALER_SPARE = 64, /* beats, beside what queue_limit bounds: a connected DEALER is never full */
    MESSAGE_MAX_BYTES = 32 * 1024 * 1024,
};

static struct {
    pthread_mutex_t lock;
    void *context;
    int users;
} SHARED = {.lock = PTHREAD_MUTEX_INITIALIZER};

void *gx_context_ref(void)
{
    (void)pthread_mutex_lock(&SHARED.lock);
    if (SHARED.context == NULL) {
        SHARED.context = zmq_ctx_new();
        if (SHARED.context != NULL) {
            (void)zmq_ctx_set(SHARED.context, ZMQ_MAX_SOCKETS, 4096);
        }
    }
    void *context = SHARED.context;
    SHARED.users += context != NULL;
    (void)pthread_mutex_unlock(&SHARED.lock);
    return context;
}

void gx_context_unref(void)
{
    (void)pthread_mutex_lock(&SHARED.lock);
    void *last = NULL;
    if (--SHARED.users == 0) {
        last = SHARED.context;
        SHARED.context = NULL;
    }
    (void)pthread_mutex_unlock(&SHARED.lock);
    if (last != NULL) {
        (void)zmq_ctx_term(last);
    }
}

static enum gx_rc tcp_address(const char *base, size_t size, enum gx_face face,
                              char address[GX_ADDRESS_SIZE])
{
    const char *colon = memrchr(base, ':', size);
    char digits[8];
    size_t digit_count = colon == NULL ? 0 : size - (size_t)(colon + 1 - base);
    if (digit_count == 0 || digit_count >= sizeof digits) {
        return GX_INVALID;
    }
    memcpy(digits, colon + 1, digit_count);
    digits[digit_count] = '\0';
    int64_t port = 0;
    if (gx_parse_int(digits, 1, 65532, &port) != 0) {
        return GX_INVALID;
    }
    size_t host_size = (size_t)(colon - base);
    memcpy(address, base, host_size);
    (void)snprintf(address + host_size, GX_ADDRESS_SIZE - host_size, ":%d", (int)port + (int)face);
    return GX_OK;
}

enum gx_rc gx_address(const char *base, size_t size, enum gx_face face,
                      char address[GX_ADDRESS_SIZE])
{
    static const char *const TAILS[] = {".clients", ".workers", ".events-in", ".events-out"};
    if (size <= 6 || size > GX_ADDRESS_SIZE - 16) {
        return GX_INVALID;
    }
    if (strncmp(base, "tcp://", 6) == 0) {
        return tcp_address(base, size, face, address);
    }
    if (strncmp(base, "ipc://", 6) != 0) {
        return GX_INVALID;
    }
    memcpy(address, base, size);
    (void)snprintf(address + size, GX_ADDRESS_SIZE - size, "%s", TAILS[face]);
    return GX_OK;
}

/* Splits the list; each part must be a good base address. */
static enum gx_rc read_brokers(const char *list, struct gx_net *net)
{
    while (*list != '\0') {
        size_t size = strcspn(list, ",");
        char address[GX_ADDRESS_SIZE];
        if (net->broker_count == GX_BROKERS_MAX ||
            gx_address(list, size, GX_FACE_EVENTS_OUT, address) != GX_OK) {
            return GX_INVALID;
        }
        char *base = net->bases[net->broker_count++];
        memcpy(base, list, size);
        base[size] = '\0';
        list += size;
        list += strspn(list, ", ");
    }
    return net->broker_count > 0 ? GX_OK : GX_INVALID;
}

enum gx_rc gx_net_open(const struct gx_bus_settings *settings, struct gx_net *net)
{
    memset(net, 0, sizeof *net);
    net->queue_limit = settings->queue_limit > 0 ? settings->queue_limit : 1000;
    enum gx_rc rc = read_brokers(settings->brokers, net);
    if (rc == GX_OK) {
        rc = gx_curve_load(settings->key_dir, settings->key_name, &net->own);
    }
    if (rc == GX_OK) {
        rc = gx_curve_load_public(settings->key_dir, "broker", &net->broker);
    }
    if (rc != GX_OK) {
        return rc;
    }
    net->context = gx_context_ref();
    return net->context != NULL ? GX_OK : GX_UNAVAILABLE;
}

void gx_net_close(struct gx_net *net)
{
    explicit_bzero(net->own.secret_key, sizeof net->own.secret_key);
    if (net->context != NULL) {
        net->context = NULL;
        gx_context_unref();
    }
}

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

bool gx_socket_tune(void *socket, int queue_limit, int linger_ms)
{
    int64_t max_bytes = MESSAGE_MAX_BYTES;
    return set_int(socket, ZMQ_SNDHWM, queue_limit) && set_int(socket, ZMQ_RCVHWM, queue_limit) &&
           set_int(socket, ZMQ_LINGER, linger_ms) &&
           /* No ZMTP heartbeats: they end a healthy connection whose reader is behind, and libzmq 4.3.4 then aborts
            * (zeromq/libzmq issue 3937). The bus has beats of its own; the kernel watches idle connections. */
           set_int(socket, ZMQ_TCP_KEEPALIVE, 1) &&
           set_int(socket, ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S) &&
           set_int(socket, ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_EVERY_S) &&
           set_int(socket, ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_TRIES) &&
           set_int(socket, ZMQ_IPV6, 1) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max_bytes, sizeof max_bytes) == 0;
}

static bool set_keys(const struct gx_net *net, void *socket)
{
    return zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, net->broker.public_key,
                          GX_CURVE_TEXT_SIZE) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, net->own.public_key, GX_CURVE_TEXT_SIZE) ==
               0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, net->own.secret_key, GX_CURVE_TEXT_SIZE) ==
               0;
}

void *gx_net_socket(const struct gx_net *net, int type, int linger_ms)
{
    void *socket = zmq_socket(net->context, type);
    if (socket == NULL) {
        return NULL;
    }
    /* IMMEDIATE: nothing queues for a broker that is not there, so "not writable" says "not connected". */
    bool dealer = type == ZMQ_DEALER;
    int bound = type == ZMQ_SUB ? net->queue_limit * SUBSCRIBER_TIMES
                                : net->queue_limit + (dealer ? DEALER_SPARE : 0);
    if (!gx_socket_tune(socket, bound, linger_ms) || !set_keys(net, socket) ||
        !set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS) ||
        !set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS) ||
        (dealer && !set_int(socket, ZMQ_IMMEDIATE, 1))) {
        (void)zmq_close(socket);
        return NULL;
    }
    return socket;
}

enum gx_rc gx_net_connect(const struct gx_net *net, void *socket, size_t broker, enum gx_face face)
{
    char address[GX_ADDRESS_SIZE];
    enum gx_rc rc = gx_address(net->bases[broker], strlen(net->bases[broker]), face, address);
    if (rc != GX_OK) {
        return rc;
    }
    return zmq_connect(socket, address) == 0 ? GX_OK : GX_INVALID;
}

int gx_socket_events(void *socket)
{
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 ? events : 0;
}

int gx_socket_fd(void *socket)
{
    int fd = -1;
    size_t size = sizeof fd;
    (void)zmq_getsockopt(socket, ZMQ_FD, &fd, &size);
    return fd;
}
