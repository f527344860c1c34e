/* SPDX-License-Identifier: Apache-2.0 */
#include "broker.h"

#include "dispatch.h"
#include "events.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "wire/curve.h"
#include "wire/frames.h"
#include "wire/net.h"

#include <czmq.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    FACES = 4,
    BATCH = 100,
    LINGER_MS = 500,
    BROKEN_MS = 100
};

enum {
    ROW_MALFORMED,
    ROW_FOREIGN,
    ROW_STRAY,
    ROW_KEYS,
    ROW_COUNT
};
static struct gx_metric ROWS[ROW_COUNT] = {
    [ROW_MALFORMED] = {.name = "genxi_broker_malformed_total",
                       .help = "Messages on the command sockets that are none of the protocol's.",
                       .kind = GX_COUNTER},
    [ROW_FOREIGN] = {.name = "genxi_broker_foreign_ready_total",
                     .help =
                         "Workers refused for naming a service that is not their certificate's.",
                     .kind = GX_COUNTER},
    [ROW_STRAY] = {.name = "genxi_broker_stray_replies_total",
                   .help = "Replies from a worker that was not at that call (any more).",
                   .kind = GX_COUNTER},
    [ROW_KEYS] = {.name = "genxi_broker_keys_refused_total",
                  .help = "Connections refused because their key is not on the allow-list.",
                  .kind = GX_COUNTER},
};

struct broker {
    int64_t drain_ms;
    zactor_t *auth;
    void *faces[FACES];    /* by enum gx_face */
    void *monitors[FACES]; /* tell of refused keys */
    struct dispatch *dispatch;
    struct events events;
    int events_stop_fd;
};

/* --- What the rules ask for --- */

static bool give_to_worker(void *arg, const struct dispatch_peer *worker,
                           struct dispatch_call *call)
{
    struct broker *broker = arg;
    uint8_t deadline[8];
    gx_put_u64(deadline, (uint64_t)call->deadline_ms);
    const struct gx_view head[] = {{worker->bytes, worker->size},
                                   gx_view_of("CALL"),
                                   {call->client.bytes, call->client.size},
                                   {call->id, sizeof call->id},
                                   {deadline, sizeof deadline}};
    return gx_frames_send(broker->faces[GX_FACE_WORKERS], head, GX_COUNT_OF(head), &call->body) ==
           0;
}

static void answer_client(void *arg, const struct dispatch_peer *client, const uint8_t id[8],
                          enum dispatch_status status, zmq_msg_t *body)
{
    struct broker *broker = arg;
    uint8_t code = (uint8_t)status;
    static const uint8_t NOTHING[1];
    const struct gx_view views[] = {
        {client->bytes, client->size}, {id, 8}, {&code, 1}, {NOTHING, 0}};
    size_t count = GX_COUNT_OF(views) - (body != NULL ? 1 : 0);
    (void)gx_frames_send(broker->faces[GX_FACE_CLIENTS], views, count,
                         body); /* a client that left needs none */
}

static bool say_to_worker(struct broker *broker, struct gx_view worker, const char *word)
{
    const struct gx_view views[] = {worker, gx_view_of(word)};
    return gx_frames_send(broker->faces[GX_FACE_WORKERS], views, GX_COUNT_OF(views), NULL) == 0;
}

static bool beat_worker(void *arg, const struct dispatch_peer *worker)
{
    return say_to_worker(arg, (struct gx_view){worker->bytes, worker->size}, "BEAT");
}

static struct dispatch_now now(void)
{
    return (struct dispatch_now){gx_clock_mono_us(), gx_clock_wall_ms()};
}

/* --- From clients --- */

static void on_client(struct broker *broker, struct gx_frames *frames)
{
    struct gx_view client = gx_frame(frames, 0);
    if (frames->count == 2 && gx_frame_is(frames, 1, "PING")) {
        const struct gx_view views[] = {client, gx_view_of("PONG")};
        (void)gx_frames_send(broker->faces[GX_FACE_CLIENTS], views, GX_COUNT_OF(views), NULL);
        return;
    }
    bool good = frames->count == 5 && gx_frame(frames, 3).size == 8;
    if (good) {
        int64_t deadline_ms = (int64_t)gx_get_u64(gx_frame(frames, 3).data);
        good = dispatch_call(broker->dispatch, now(), client, gx_frame(frames, 1),
                             gx_frame(frames, 2), deadline_ms, &frames->parts[4]);
    }
    if (!good) {
        gx_metric_add(&ROWS[ROW_MALFORMED], 1);
    }
}

/* --- From workers --- */

/* zauth hands the certificate's metadata down with each message; `name` says whose it is. */
static bool may_serve(struct gx_frames *frames)
{
    const char *name = zmq_msg_gets(&frames->parts[1], "name");
    return name != NULL && gx_frame_is(frames, 2, name);
}

static void on_ready(struct broker *broker, struct gx_frames *frames)
{
    struct gx_view worker = gx_frame(frames, 0);
    if (!may_serve(frames)) {
        const char *name = zmq_msg_gets(&frames->parts[1], "name");
        gx_metric_add(&ROWS[ROW_FOREIGN], 1);
        gx_log(NULL, GX_WARN, "broker-foreign-ready",
               "the certificate of %s may not serve another's commands",
               name == NULL ? "a nameless one" : name);
    } else if (!dispatch_ready(broker->dispatch, now(), worker, gx_frame(frames, 2))) {
        gx_log(NULL, GX_ERROR, "broker-full", "no room for another worker or service");
    }
}

static void on_reply(struct broker *broker, struct gx_frames *frames, bool expired)
{
    struct gx_view worker = gx_frame(frames, 0);
    struct gx_view client = gx_frame(frames, 2);
    struct gx_view id = gx_frame(frames, 3);
    bool known =
        expired ? dispatch_expired(broker->dispatch, now(), worker, client, id)
                : dispatch_reply(broker->dispatch, now(), worker, client, id, &frames->parts[4]);
    if (!known) {
        gx_metric_add(&ROWS[ROW_STRAY], 1);
        (void)say_to_worker(broker, worker, "WHO");
    }
}

static void on_worker(struct broker *broker, struct gx_frames *frames)
{
    struct gx_view worker = gx_frame(frames, 0);
    if (frames->count == 3 && gx_frame_is(frames, 1, "READY")) {
        on_ready(broker, frames);
    } else if (frames->count == 2 && gx_frame_is(frames, 1, "BEAT")) {
        if (!dispatch_beat(broker->dispatch, now(), worker)) {
            (void)say_to_worker(broker, worker, "WHO");
        }
    } else if (frames->count == 5 && gx_frame_is(frames, 1, "REPLY")) {
        on_reply(broker, frames, false);
    } else if (frames->count == 4 && gx_frame_is(frames, 1, "EXPIRED")) {
        on_reply(broker, frames, true);
    } else if (frames->count == 2 && gx_frame_is(frames, 1, "BYE")) {
        dispatch_bye(broker->dispatch, worker);
        (void)say_to_worker(broker, worker, "BYE");
    } else {
        gx_metric_add(&ROWS[ROW_MALFORMED], 1);
    }
}

/* --- The loop --- */

static void receive(struct broker *broker, enum gx_face face,
                    void (*on_message)(struct broker *, struct gx_frames *))
{
    struct gx_frames frames;
    for (int i = 0; i < BATCH; i++) {
        enum gx_frames_got got = gx_frames_recv(broker->faces[face], &frames);
        if (got == GX_FRAMES_NONE) {
            return;
        }
        if (got == GX_FRAMES_TOO_MANY) {
            gx_metric_add(&ROWS[ROW_MALFORMED], 1);
            continue;
        }
        on_message(broker, &frames);
        gx_frames_done(&frames);
    }
}

/* Each message of a monitor asked for one kind of event only: a key refused. */
static void count_refused(struct broker *broker)
{
    for (size_t i = 0; i < FACES; i++) {
        struct gx_frames frames;
        while (broker->monitors[i] != NULL &&
               gx_frames_recv(broker->monitors[i], &frames) != GX_FRAMES_NONE) {
            gx_frames_done(&frames);
            gx_metric_add(&ROWS[ROW_KEYS], 1);
            gx_log(NULL, GX_WARN, "broker-key-refused",
                   "a connection with a key that is not on the allow-list");
        }
    }
}

void broker_run(struct broker *broker, int stop_fd)
{
    int64_t stop_us = INT64_MAX; /* when draining ends anyway */
    for (;;) {
        bool draining = stop_us != INT64_MAX;
        int wait_ms = dispatch_wait_ms(broker->dispatch, now());
        zmq_pollitem_t items[] = {
            {.socket = broker->faces[GX_FACE_WORKERS], .events = ZMQ_POLLIN},
            {.socket = draining ? NULL : broker->faces[GX_FACE_CLIENTS],
             .fd = -1,
             .events = ZMQ_POLLIN},
            {.fd = draining ? -1 : stop_fd, .events = ZMQ_POLLIN},
        };
        (void)zmq_poll(items, 3, draining && wait_ms > BROKEN_MS ? BROKEN_MS : wait_ms);
        receive(broker, GX_FACE_WORKERS, on_worker);
        if (!draining) {
            receive(broker, GX_FACE_CLIENTS, on_client);
        }
        dispatch_tick(broker->dispatch, now());
        count_refused(broker);
        if (!draining && items[2].revents != 0) {
            stop_us = gx_clock_mono_us() + broker->drain_ms * 1000;
        }
        if (draining &&
            (dispatch_under_way(broker->dispatch) == 0 || gx_clock_mono_us() >= stop_us)) {
            return;
        }
    }
}

/* --- Opening and closing --- */

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_server(void *socket, const struct gx_curve *own)
{
    return set_int(socket, ZMQ_CURVE_SERVER, 1) &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own->secret_key, GX_CURVE_TEXT_SIZE) == 0 &&
           zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, "genxi", 5) == 0;
}

static void *open_monitor(void *context, void *socket, size_t face)
{
    char address[64];
    (void)snprintf(address, sizeof address, "inproc://genxi-monitor-%p-%zu", socket, face);
    if (zmq_socket_monitor(socket, address, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) != 0) {
        return NULL;
    }
    void *monitor = zmq_socket(context, ZMQ_PAIR);
    if (monitor != NULL && zmq_connect(monitor, address) != 0) {
        (void)zmq_close(monitor);
        monitor = NULL;
    }
    return monitor;
}

static enum gx_rc open_face(struct broker *broker, const struct broker_settings *settings,
                            const struct gx_curve *own, enum gx_face face)
{
    static const int TYPES[FACES] = {ZMQ_ROUTER, ZMQ_ROUTER, ZMQ_XSUB, ZMQ_XPUB};
    void *context = zsys_init();
    char address[GX_ADDRESS_SIZE];
    if (gx_address(settings->bind, strlen(settings->bind), face, address) != GX_OK) {
        gx_log(NULL, GX_ERROR, "broker-address",
               "bind: %s is neither tcp://host:port nor ipc://path", settings->bind);
        return GX_INVALID;
    }
    void *socket = zmq_socket(context, TYPES[face]);
    if (socket == NULL) {
        return GX_UNAVAILABLE;
    }
    broker->faces[face] = socket;
    if (!gx_socket_tune(socket, (int)settings->queue_limit, LINGER_MS) ||
        !set_server(socket, own) ||
        (face == GX_FACE_WORKERS && !set_int(socket, ZMQ_ROUTER_MANDATORY, 1))) {
        return GX_INTERNAL;
    }
    broker->monitors[face] = open_monitor(context, socket, (size_t)face);
    if (zmq_bind(socket, address) != 0) {
        gx_log(NULL, GX_ERROR, "broker-bind", "%s: %s", address, zmq_strerror(errno));
        return GX_UNAVAILABLE;
    }
    return GX_OK;
}

static enum gx_rc start_auth(struct broker *broker, const char *key_dir)
{
    char allowed[PATH_MAX];
    if (snprintf(allowed, sizeof allowed, "%s/allowed", key_dir) >= (int)sizeof allowed) {
        return GX_INVALID;
    }
    zsys_handler_set(NULL); /* signals are main's */
    broker->auth = zactor_new(zauth, NULL);
    if (broker->auth == NULL) {
        return GX_UNAVAILABLE;
    }
    (void)zstr_sendx(broker->auth, "CURVE", allowed, NULL);
    (void)zsock_wait(broker->auth);
    return GX_OK;
}

static enum gx_rc open_all(struct broker *broker, const struct broker_settings *settings)
{
    struct gx_curve own;
    enum gx_rc rc = gx_curve_load(settings->key_dir, settings->key_name, &own);
    if (rc != GX_OK) {
        gx_log(NULL, GX_ERROR, "broker-key", "%s/%s.key_secret: %s", settings->key_dir,
               settings->key_name, gx_rc_text(rc));
        return rc;
    }
    rc = start_auth(broker, settings->key_dir);
    for (int face = 0; rc == GX_OK && face < FACES; face++) {
        rc = open_face(broker, settings, &own, (enum gx_face)face);
    }
    explicit_bzero(&own, sizeof own);
    if (rc != GX_OK) {
        return rc;
    }
    broker->events_stop_fd = eventfd(0, EFD_CLOEXEC);
    if (broker->events_stop_fd < 0 ||
        events_start(&broker->events, broker->faces[GX_FACE_EVENTS_IN],
                     broker->faces[GX_FACE_EVENTS_OUT], broker->events_stop_fd) != 0) {
        return GX_UNAVAILABLE;
    }
    const struct dispatch_port port = {broker, give_to_worker, answer_client, beat_worker};
    broker->dispatch = dispatch_new(&port, (size_t)settings->queue_per_service);
    return GX_OK;
}

enum gx_rc broker_open(const struct broker_settings *settings, struct broker **ret_broker)
{
    static bool registered;
    if (!registered) {
        registered = true;
        gx_metrics_register(ROWS, ROW_COUNT);
    }
    struct broker *broker = calloc(1, sizeof *broker);
    if (broker == NULL) {
        abort();
    }
    broker->drain_ms = settings->drain_ms;
    broker->events_stop_fd = -1;
    enum gx_rc rc = open_all(broker, settings);
    if (rc != GX_OK) {
        broker_free(broker);
        return rc;
    }
    *ret_broker = broker;
    return GX_OK;
}

void broker_free(struct broker *broker)
{
    if (broker == NULL) {
        return;
    }
    if (broker->dispatch != NULL) { /* the last thing opened, so the thread runs */
        uint64_t one = 1;
        (void)!write(broker->events_stop_fd, &one, sizeof one);
        events_join(&broker->events);
    }
    if (broker->events_stop_fd >= 0) {
        (void)close(broker->events_stop_fd);
    }
    dispatch_free(broker->dispatch);
    for (size_t i = 0; i < FACES; i++) {
        if (broker->faces[i] != NULL) {
            (void)zmq_socket_monitor(broker->faces[i], NULL, 0);
            (void)zmq_close(broker->faces[i]);
        }
        if (broker->monitors[i] != NULL) {
            (void)zmq_close(broker->monitors[i]);
        }
    }
    zactor_destroy(&broker->auth);
    zsys_shutdown();
    free(broker);
}
