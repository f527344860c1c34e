/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/bus.h"
#include "wire/frames.h"
#include "wire/net.h"
#include "wire/pb.h"

#include "base/clock.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TOPIC_SIZE = 32,
    LINGER_MS = 500,
    SEEN_BUCKETS = 1024,
    SEEN_DEPTH = 4
};

/* One PUB a broker: each has its own queue, and says when that is full. One socket for all would only drop, without a word. */
struct gx_publisher {
    struct gx_net net;
    void *sockets[GX_BROKERS_MAX];
};

struct gx_subscriber {
    struct gx_net net;
    void *socket;
    int fd;
    /* Sums of the last events, the newest first: what came by the other broker already. */
    uint64_t seen[SEEN_BUCKETS][SEEN_DEPTH];
};

/* --- Publishing --- */

static enum gx_rc open_publishing(struct gx_publisher *publisher, size_t broker)
{
    int yes = 1;
    void *socket = gx_net_socket(&publisher->net, ZMQ_PUB, LINGER_MS);
    publisher->sockets[broker] = socket;
    if (socket == NULL || zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &yes, sizeof yes) != 0) {
        return GX_UNAVAILABLE;
    }
    return gx_net_connect(&publisher->net, socket, broker, GX_FACE_EVENTS_IN);
}

enum gx_rc gx_publisher_open(const struct gx_bus_settings *settings,
                             struct gx_publisher **ret_publisher)
{
    struct gx_publisher *publisher = calloc(1, sizeof *publisher);
    if (publisher == NULL) {
        abort();
    }
    enum gx_rc rc = gx_net_open(settings, &publisher->net);
    for (size_t i = 0; rc == GX_OK && i < publisher->net.broker_count; i++) {
        rc = open_publishing(publisher, i);
    }
    if (rc != GX_OK) {
        gx_publisher_free(publisher);
        return rc;
    }
    *ret_publisher = publisher;
    return GX_OK;
}

/* The message stays the caller's. */
static bool send_copy(void *socket, const struct gx_view *topic, zmq_msg_t *packed)
{
    zmq_msg_t copy;
    (void)zmq_msg_init(&copy);
    bool sent = zmq_msg_copy(&copy, packed) == 0 && gx_frames_send(socket, topic, 1, &copy) == 0;
    (void)zmq_msg_close(&copy);
    return sent;
}

size_t gx_publish(struct gx_publisher *publisher, const Genxi__Event *event)
{
    char topic[TOPIC_SIZE];
    (void)snprintf(topic, sizeof topic, "%" PRId32 "/%" PRIu32, event->area, event->type);
    zmq_msg_t packed;
    if (zmq_msg_init_size(&packed, genxi__event__get_packed_size(event)) != 0) {
        abort();
    }
    (void)genxi__event__pack(event, zmq_msg_data(&packed));
    const struct gx_view view = gx_view_of(topic);
    size_t dropped = 0;
    for (size_t i = 0; i < publisher->net.broker_count; i++) {
        dropped += send_copy(publisher->sockets[i], &view, &packed) ? 0 : 1;
    }
    (void)zmq_msg_close(&packed);
    return dropped;
}

void gx_publisher_free(struct gx_publisher *publisher)
{
    if (publisher == NULL) {
        return;
    }
    for (size_t i = 0; i < GX_BROKERS_MAX; i++) {
        if (publisher->sockets[i] != NULL) {
            (void)zmq_close(publisher->sockets[i]);
        }
    }
    gx_net_close(&publisher->net);
    free(publisher);
}

/* --- Subscribing --- */

/* One SUB, connected to every broker. */
static enum gx_rc open_subscribing(const struct gx_bus_settings *settings,
                                   struct gx_subscriber *subscriber)
{
    enum gx_rc rc = gx_net_open(settings, &subscriber->net);
    if (rc != GX_OK) {
        return rc;
    }
    subscriber->socket = gx_net_socket(&subscriber->net, ZMQ_SUB, 0);
    rc = subscriber->socket == NULL ? GX_UNAVAILABLE : GX_OK;
    for (size_t i = 0; rc == GX_OK && i < subscriber->net.broker_count; i++) {
        rc = gx_net_connect(&subscriber->net, subscriber->socket, i, GX_FACE_EVENTS_OUT);
    }
    return rc;
}

enum gx_rc gx_subscriber_open(const struct gx_bus_settings *settings,
                              struct gx_subscriber **ret_subscriber)
{
    struct gx_subscriber *subscriber = calloc(1, sizeof *subscriber);
    if (subscriber == NULL) {
        abort();
    }
    enum gx_rc rc = open_subscribing(settings, subscriber);
    if (rc != GX_OK) {
        gx_subscriber_free(subscriber);
        return rc;
    }
    subscriber->fd = gx_socket_fd(subscriber->socket);
    *ret_subscriber = subscriber;
    return GX_OK;
}

static void subscribe(struct gx_subscriber *subscriber, int option, int32_t area)
{
    char prefix[TOPIC_SIZE] = "";
    if (area != -1) {
        (void)snprintf(prefix, sizeof prefix, "%" PRId32 "/", area);
    }
    (void)zmq_setsockopt(subscriber->socket, option, prefix, strlen(prefix));
}

void gx_subscriber_add_area(struct gx_subscriber *subscriber, int32_t area)
{
    subscribe(subscriber, ZMQ_SUBSCRIBE, area);
}

void gx_subscriber_remove_area(struct gx_subscriber *subscriber, int32_t area)
{
    subscribe(subscriber, ZMQ_UNSUBSCRIBE, area);
}

/* FNV-1a with a last mixing; an event is the same bytes by whichever broker it came. */
static uint64_t sum_of(struct gx_view bytes)
{
    uint64_t sum = 0xcbf29ce484222325U;
    for (size_t i = 0; i < bytes.size; i++) {
        sum = (sum ^ bytes.data[i]) * 0x100000001b3U;
    }
    sum ^= sum >> 32;
    return sum == 0 ? 1 : sum;
}

static bool seen_before(struct gx_subscriber *subscriber, struct gx_view bytes)
{
    if (subscriber->net.broker_count == 1) {
        return false;
    }
    uint64_t sum = sum_of(bytes);
    uint64_t *bucket = subscriber->seen[sum % SEEN_BUCKETS];
    for (size_t i = 0; i < SEEN_DEPTH; i++) {
        if (bucket[i] == sum) {
            bucket[i] = 0; /* twice at most: a third time is somebody's repetition, and shown */
            return true;
        }
    }
    memmove(bucket + 1, bucket, (SEEN_DEPTH - 1) * sizeof *bucket);
    bucket[0] = sum;
    return false;
}

static bool take(struct gx_subscriber *subscriber, struct gx_ctx *ctx, Genxi__Event **ret_event)
{
    struct gx_frames frames;
    enum gx_frames_got got;
    bool found = false;
    while (!found && (got = gx_frames_recv(subscriber->socket, &frames)) != GX_FRAMES_NONE) {
        if (got == GX_FRAMES_TOO_MANY) {
            continue;
        }
        ProtobufCMessage *message = NULL;
        if (frames.count == 2 && !seen_before(subscriber, gx_frame(&frames, 1))) {
            found = gx_pb_unpack(ctx, &genxi__event__descriptor, gx_frame(&frames, 1), &message) ==
                    GX_OK;
            if (!found) {
                gx_ctx_forgive(
                    ctx); /* not an event: the follower will miss it and read the journal */
            }
        }
        gx_frames_done(&frames);
        if (found) {
            *ret_event = (Genxi__Event *)message;
        }
    }
    return found;
}

enum gx_rc gx_subscriber_next(struct gx_subscriber *subscriber, struct gx_ctx *ctx, int wait_ms,
                              Genxi__Event **ret_event)
{
    int64_t end_us = gx_clock_mono_us() + (int64_t)wait_ms * 1000;
    while (!take(subscriber, ctx, ret_event)) {
        int64_t left_us = end_us - gx_clock_mono_us();
        if (left_us <= 0) {
            return GX_TIMEOUT;
        }
        if ((gx_socket_events(subscriber->socket) & ZMQ_POLLIN) == 0) {
            struct pollfd item = {.fd = subscriber->fd, .events = POLLIN};
            (void)poll(&item, 1, (int)(left_us / 1000) + 1);
        }
    }
    return GX_OK;
}

void gx_subscriber_free(struct gx_subscriber *subscriber)
{
    if (subscriber == NULL) {
        return;
    }
    if (subscriber->socket != NULL) {
        (void)zmq_close(subscriber->socket);
    }
    gx_net_close(&subscriber->net);
    free(subscriber);
}
