/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/bus.h"
#include "wire/frames.h"
#include "wire/net.h"
#include "wire/pb.h"

#include "base/clock.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
    BEAT_US = 1000 * 1000,
    LINGER_MS = 1000, /* the last reply and the BYE still go out */
    LEAVE_US =
        500 * 1000, /* a broker that does not confirm the BYE in that time is not waited for */
    CLIENT_ID_MAX = 255,
};

/* A call that a broker gave us. */
struct given {
    size_t broker;
    size_t client_size;
    uint8_t client[CLIENT_ID_MAX];
    uint8_t id[8];
    int64_t deadline_ms;
    zmq_msg_t command;
};

struct link {
    void *socket;
    int fd;
    bool connected;
    bool announced; /* READY was sent over this connection */
    bool left;      /* confirmed our BYE, or never will */
    int64_t beat_us;
};

struct gx_worker {
    struct gx_net net;
    char service[33];
    struct link links[GX_BROKERS_MAX];
    struct given *waiting; /* a ring: each broker has at most one call with us */
    size_t first;
    size_t count;
    struct given *current; /* being served; NULL: none */
    bool leaving;
    int64_t left_us; /* when leaving ends anyway */
};

static struct given *slot(struct gx_worker *worker, size_t place)
{
    return &worker->waiting[(worker->first + place) % (GX_BROKERS_MAX + 1)];
}

/* --- Opening and closing --- */

static enum gx_rc connect_all(struct gx_worker *worker)
{
    for (size_t i = 0; i < worker->net.broker_count; i++) {
        struct link *link = &worker->links[i];
        link->socket = gx_net_socket(&worker->net, ZMQ_DEALER, LINGER_MS);
        if (link->socket == NULL) {
            return GX_UNAVAILABLE;
        }
        link->fd = gx_socket_fd(link->socket);
        enum gx_rc rc = gx_net_connect(&worker->net, link->socket, i, GX_FACE_WORKERS);
        if (rc != GX_OK) {
            return rc;
        }
    }
    return GX_OK;
}

enum gx_rc gx_worker_open(const struct gx_bus_settings *settings, const char *service,
                          struct gx_worker **ret_worker)
{
    struct gx_worker *worker = calloc(1, sizeof *worker);
    struct given *waiting = calloc(GX_BROKERS_MAX + 1, sizeof *waiting);
    if (worker == NULL || waiting == NULL) {
        abort();
    }
    worker->waiting = waiting;
    enum gx_rc rc = strlen(service) < sizeof worker->service ? GX_OK : GX_INVALID;
    if (rc == GX_OK) {
        memcpy(worker->service, service, strlen(service) + 1);
        rc = gx_net_open(settings, &worker->net);
    }
    if (rc == GX_OK) {
        rc = connect_all(worker);
    }
    if (rc != GX_OK) {
        gx_worker_free(worker);
        return rc;
    }
    *ret_worker = worker;
    return GX_OK;
}

static void drop_current(struct gx_worker *worker)
{
    (void)zmq_msg_close(&worker->current->command);
    worker->current = NULL;
    worker->first = (worker->first + 1) % (GX_BROKERS_MAX + 1);
    worker->count--;
}

void gx_worker_free(struct gx_worker *worker)
{
    if (worker == NULL) {
        return;
    }
    while (worker->count > 0) {
        worker->current = slot(worker, 0);
        drop_current(worker);
    }
    for (size_t i = 0; i < GX_BROKERS_MAX; i++) {
        if (worker->links[i].socket != NULL) {
            (void)zmq_close(worker->links[i].socket);
        }
    }
    gx_net_close(&worker->net);
    free(worker->waiting);
    free(worker);
}

/* --- Talking to a broker --- */

static bool say(struct link *link, const struct gx_view *views, size_t count, zmq_msg_t *last)
{
    return gx_frames_send(link->socket, views, count, last) == 0;
}

static bool say_word(struct link *link, const char *word)
{
    const struct gx_view view = gx_view_of(word);
    return say(link, &view, 1, NULL);
}

static void announce(struct gx_worker *worker, struct link *link)
{
    const struct gx_view ready[] = {gx_view_of("READY"), gx_view_of(worker->service)};
    if (say(link, ready, GX_COUNT_OF(ready), NULL)) {
        link->announced = true;
        link->beat_us = gx_clock_mono_us() + BEAT_US;
    }
}

/* ["CALL"][client][id][deadline][Command] into the ring; anything else than that is not from a broker of ours. */
static void on_call(struct gx_worker *worker, size_t broker, struct gx_frames *frames)
{
    struct gx_view client = gx_frame(frames, 1);
    struct gx_view id = gx_frame(frames, 2);
    struct gx_view deadline = gx_frame(frames, 3);
    if (worker->count > GX_BROKERS_MAX || client.size > CLIENT_ID_MAX || id.size != 8 ||
        deadline.size != 8) {
        return;
    }
    struct given *given = slot(worker, worker->count++);
    given->broker = broker;
    given->client_size = client.size;
    memcpy(given->client, client.data, client.size);
    memcpy(given->id, id.data, 8);
    given->deadline_ms = (int64_t)gx_get_u64(deadline.data);
    (void)zmq_msg_init(&given->command);
    (void)zmq_msg_move(&given->command, &frames->parts[4]);
}

static void on_message(struct gx_worker *worker, size_t broker, struct gx_frames *frames)
{
    struct link *link = &worker->links[broker];
    if (frames->count == 5 && gx_frame_is(frames, 0, "CALL")) {
        on_call(worker, broker, frames);
    } else if (frames->count == 1 && gx_frame_is(frames, 0, "WHO")) {
        link->announced = false; /* it does not know us: a broker that started anew */
    } else if (frames->count == 1 && gx_frame_is(frames, 0, "BYE")) {
        link->left = true;
    }
}

static void receive(struct gx_worker *worker, size_t broker)
{
    struct link *link = &worker->links[broker];
    int events = gx_socket_events(link->socket);
    while ((events & ZMQ_POLLIN) != 0) {
        struct gx_frames frames;
        enum gx_frames_got got = gx_frames_recv(link->socket, &frames);
        if (got == GX_FRAMES_ONE) {
            on_message(worker, broker, &frames);
            gx_frames_done(&frames);
        }
        if (got == GX_FRAMES_NONE) {
            events = gx_socket_events(link->socket);
        }
    }
    link->connected = (events & ZMQ_POLLOUT) != 0;
    if (!link->connected) {
        link->announced = false;
        link->left = link->left || worker->leaving;
    }
}

static void turn(struct gx_worker *worker)
{
    int64_t now_us = gx_clock_mono_us();
    for (size_t i = 0; i < worker->net.broker_count; i++) {
        struct link *link = &worker->links[i];
        receive(worker, i);
        if (!link->connected || worker->leaving) {
            continue;
        }
        if (!link->announced) {
            announce(worker, link);
        } else if (now_us >= link->beat_us) {
            link->beat_us = now_us + BEAT_US;
            (void)say_word(link, "BEAT");
        }
    }
}

/* --- Serving --- */

/* The call in hand was not served: the broker tells the client. */
static void refuse_expired(struct gx_worker *worker)
{
    struct given *given = worker->current;
    const struct gx_view views[] = {
        gx_view_of("EXPIRED"), {given->client, given->client_size}, {given->id, 8}};
    (void)say(&worker->links[given->broker], views, GX_COUNT_OF(views), NULL);
    drop_current(worker);
}

void gx_worker_reply(struct gx_worker *worker, const Genxi__Reply *reply)
{
    struct given *given = worker->current;
    if (given == NULL) {
        return;
    }
    zmq_msg_t packed;
    if (zmq_msg_init_size(&packed, genxi__reply__get_packed_size(reply)) != 0) {
        abort();
    }
    (void)genxi__reply__pack(reply, zmq_msg_data(&packed));
    const struct gx_view views[] = {
        gx_view_of("REPLY"), {given->client, given->client_size}, {given->id, 8}};
    (void)say(&worker->links[given->broker], views, GX_COUNT_OF(views), &packed);
    (void)zmq_msg_close(&packed);
    drop_current(worker);
}

/* Bytes that are no command are answered here; no handler sees them. */
static void refuse_garbage(struct gx_worker *worker, struct gx_ctx *ctx)
{
    Genxi__Reply reply = GENXI__REPLY__INIT;
    reply.id = gx_pb_text("");
    reply.rc = GX_INVALID;
    gx_reply_faults(ctx, &reply);
    gx_worker_reply(worker, &reply);
    gx_ctx_forgive(ctx);
}

/* Takes the next call in hand that can be served. */
static bool take(struct gx_worker *worker, struct gx_ctx *ctx, struct gx_worker_call *ret_call)
{
    while (worker->count > 0) {
        worker->current = slot(worker, 0);
        if (gx_clock_wall_ms() >= worker->current->deadline_ms) {
            refuse_expired(worker);
            continue;
        }
        zmq_msg_t *packed = &worker->current->command;
        struct gx_view bytes = {zmq_msg_data(packed), zmq_msg_size(packed)};
        ProtobufCMessage *message = NULL;
        if (gx_pb_unpack(ctx, &genxi__command__descriptor, bytes, &message) == GX_OK) {
            ret_call->command = (const Genxi__Command *)message;
            return true;
        }
        refuse_garbage(worker, ctx);
    }
    return false;
}

static bool all_left(const struct gx_worker *worker)
{
    for (size_t i = 0; i < worker->net.broker_count; i++) {
        if (!worker->links[i].left) {
            return gx_clock_mono_us() >= worker->left_us;
        }
    }
    return true;
}

/* How long may we sleep: to the next beat, to the end of the leave, to end_us. */
static int sleep_ms(const struct gx_worker *worker, int64_t end_us)
{
    int64_t due_us = end_us;
    for (size_t i = 0; i < worker->net.broker_count; i++) {
        const struct link *link = &worker->links[i];
        if (link->announced && !worker->leaving && link->beat_us < due_us) {
            due_us = link->beat_us;
        }
    }
    if (worker->leaving && worker->left_us < due_us) {
        due_us = worker->left_us;
    }
    int64_t left_us = due_us - gx_clock_mono_us();
    return left_us <= 0 ? 0 : (int)(left_us / 1000) + 1;
}

enum gx_rc gx_worker_next(struct gx_worker *worker, struct gx_ctx *ctx, int wait_ms,
                          struct gx_worker_call *ret_call)
{
    int64_t end_us = gx_clock_mono_us() + (int64_t)wait_ms * 1000;
    for (;;) {
        turn(worker);
        if (take(worker, ctx, ret_call)) {
            return GX_OK;
        }
        if (worker->leaving && all_left(worker)) {
            return GX_UNAVAILABLE;
        }
        if (gx_clock_mono_us() >= end_us) {
            return GX_TIMEOUT;
        }
        struct pollfd items[GX_BROKERS_MAX];
        for (size_t i = 0; i < worker->net.broker_count; i++) {
            items[i] = (struct pollfd){.fd = worker->links[i].fd, .events = POLLIN};
        }
        (void)poll(items, worker->net.broker_count, sleep_ms(worker, end_us));
    }
}

int gx_worker_brokers_up(const struct gx_worker *worker)
{
    int up = 0;
    for (size_t i = 0; i < worker->net.broker_count; i++) {
        up += worker->links[i].announced ? 1 : 0;
    }
    return up;
}

void gx_worker_drain(struct gx_worker *worker)
{
    if (worker->leaving) {
        return;
    }
    worker->leaving = true;
    worker->left_us = gx_clock_mono_us() + LEAVE_US;
    for (size_t i = 0; i < worker->net.broker_count; i++) {
        struct link *link = &worker->links[i];
        link->left = !link->announced || !say_word(link, "BYE");
    }
}
