/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include "base/metrics.h"
#include "wire/frames.h"

#include <stdbool.h>
#include <string.h>

enum {
    BATCH = 200,
    TOPIC_MAX = 64
};

enum {
    ROW_FORWARDED,
    ROW_DROPPED,
    ROW_MALFORMED,
    ROW_TOPICS,
    ROW_COUNT
};
static struct gx_metric ROWS[ROW_COUNT] = {
    [ROW_FORWARDED] = {.name = "genxi_broker_events_forwarded_total",
                       .help = "Events taken from publishers and given to subscribers.",
                       .kind = GX_COUNTER},
    [ROW_DROPPED] = {.name = "genxi_broker_events_dropped_total",
                     .help = "Events that at least one subscriber missed, being full.",
                     .kind = GX_COUNTER},
    [ROW_MALFORMED] = {.name = "genxi_broker_events_malformed_total",
                       .help = "Messages on the event sockets that are none of the protocol's.",
                       .kind = GX_COUNTER},
    [ROW_TOPICS] = {.name = "genxi_broker_topics",
                    .help = "Different subscriptions now.",
                    .kind = GX_GAUGE},
};

static void set_patient(void *socket, int patient)
{
    (void)zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &patient, sizeof patient);
}

/*
 * First with the socket refusing when any subscriber is full, then letting the full ones miss it: that is how a drop can be counted.
 */
static void forward_event(void *out, struct gx_frames *frames)
{
    struct gx_view topic = gx_frame(frames, 0);
    if (gx_frames_send(out, &topic, 1, &frames->parts[1]) == 0) {
        gx_metric_add(&ROWS[ROW_FORWARDED], 1);
        return;
    }
    set_patient(out, 0);
    (void)gx_frames_send(out, &topic, 1, &frames->parts[1]);
    set_patient(out, 1);
    gx_metric_add(&ROWS[ROW_DROPPED], 1);
}

/* One part: 1 or 0, then the topic's prefix. */
static void forward_subscription(void *in, struct gx_frames *frames)
{
    struct gx_view wish = gx_frame(frames, 0);
    if (frames->count != 1 || wish.size == 0 || wish.size > TOPIC_MAX + 1 || wish.data[0] > 1) {
        gx_metric_add(&ROWS[ROW_MALFORMED], 1);
        return;
    }
    gx_metric_add(&ROWS[ROW_TOPICS], wish.data[0] == 1 ? 1 : -1);
    (void)zmq_msg_send(&frames->parts[0], in, ZMQ_DONTWAIT);
}

static void take_events(struct events *events)
{
    struct gx_frames frames;
    for (int i = 0; i < BATCH; i++) {
        enum gx_frames_got got = gx_frames_recv(events->in, &frames);
        if (got == GX_FRAMES_NONE) {
            return;
        }
        if (got == GX_FRAMES_ONE && frames.count == 2) {
            forward_event(events->out, &frames);
        } else {
            gx_metric_add(&ROWS[ROW_MALFORMED], 1);
        }
        gx_frames_done(&frames);
    }
}

static void take_subscriptions(struct events *events)
{
    struct gx_frames frames;
    enum gx_frames_got got;
    while ((got = gx_frames_recv(events->out, &frames)) != GX_FRAMES_NONE) {
        if (got == GX_FRAMES_ONE) {
            forward_subscription(events->in, &frames);
            gx_frames_done(&frames);
        }
    }
}

static void *run(void *arg)
{
    struct events *events = arg;
    for (;;) {
        zmq_pollitem_t items[] = {
            {.socket = events->in, .events = ZMQ_POLLIN},
            {.socket = events->out, .events = ZMQ_POLLIN},
            {.fd = events->stop_fd, .events = ZMQ_POLLIN},
        };
        if (zmq_poll(items, 3, -1) < 0 || items[2].revents != 0) {
            return NULL;
        }
        if (items[1].revents != 0) {
            take_subscriptions(events);
        }
        if (items[0].revents != 0) {
            take_events(events);
        }
    }
}

int events_start(struct events *events, void *in, void *out, int stop_fd)
{
    static bool registered;
    if (!registered) {
        registered = true;
        gx_metrics_register(ROWS, ROW_COUNT);
    }
    events->in = in;
    events->out = out;
    events->stop_fd = stop_fd;
    set_patient(out, 1);
    return pthread_create(&events->thread, NULL, run, events) == 0 ? 0 : -1;
}

void events_join(struct events *events)
{
    (void)pthread_join(events->thread, NULL);
}
