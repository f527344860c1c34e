/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/line.h"

#include "base/clock.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    BEAT_US = 1000 * 1000,
    BEAT_DOWN_US = 100 * 1000, /* asks more often while waiting for a broker */
    SILENT_US = 3 * BEAT_US,
    HOLD_US = 1500 * 1000, /* a call waits that long for a broker to come (back) */
    GONE_US = 3000 * 1000, /* after that long without any broker it does not wait at all */
    RETRY_US = 2 * 1000,   /* how often an unsent call looks for a broker */
    PAUSE_US = 50 * 1000,
    BUCKETS_MIN = 16,
    GRACE_MS =
        60, /* a broker or worker says "expired" at the deadline: waiting for that word spares an unknown outcome */
};

/* status byte of a broker's answer */
enum {
    STATUS_REPLY,
    STATUS_BUSY,
    STATUS_NO_WORKER,
    STATUS_EXPIRED
};

static uint32_t bit(size_t broker)
{
    return 1U << broker;
}

static int64_t load(const _Atomic int64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

/* --- Opening and closing --- */

static enum gx_rc open_sockets(struct gx_line *line)
{
    for (size_t i = 0; i < line->net->broker_count; i++) {
        line->sockets[i] = gx_net_socket(line->net, ZMQ_DEALER, 0);
        if (line->sockets[i] == NULL) {
            return GX_UNAVAILABLE;
        }
        line->fds[i] = gx_socket_fd(line->sockets[i]);
        enum gx_rc rc = gx_net_connect(line->net, line->sockets[i], i, GX_FACE_CLIENTS);
        if (rc != GX_OK) {
            return rc;
        }
    }
    return GX_OK;
}

enum gx_rc gx_line_open(struct gx_line *line, struct gx_net *net, struct gx_liveness *live,
                        bool beats)
{
    memset(line, 0, sizeof *line);
    line->net = net;
    line->live = live;
    line->beats = beats;
    line->due_us = INT64_MAX;
    size_t buckets = BUCKETS_MIN;
    while (beats && buckets < (size_t)net->queue_limit) {
        buckets *= 2;
    }
    line->bucket_mask = buckets - 1;
    line->buckets = calloc(buckets, sizeof(struct gx_line_call *));
    if (line->buckets == NULL) {
        abort();
    }
    enum gx_rc rc = open_sockets(line);
    if (rc != GX_OK) {
        gx_line_close(line);
    }
    return rc;
}

static void finish(struct gx_line *line, struct gx_line_call *call, enum gx_rc rc)
{
    struct gx_line_call **at = &line->buckets[call->id & line->bucket_mask];
    while (*at != call) {
        at = &(*at)->next;
    }
    *at = call->next;
    line->under_way--;
    call->rc = rc;
    call->next = line->finished;
    line->finished = call;
}

void gx_line_close(struct gx_line *line)
{
    for (size_t i = 0; line->buckets != NULL && i <= line->bucket_mask; i++) {
        while (line->buckets[i] != NULL) {
            finish(line, line->buckets[i], GX_UNAVAILABLE);
        }
    }
    free(line->buckets);
    line->buckets = NULL;
    for (size_t i = 0; i < GX_BROKERS_MAX; i++) {
        if (line->sockets[i] != NULL) {
            (void)zmq_close(line->sockets[i]);
            line->sockets[i] = NULL;
        }
    }
}

struct gx_line_call *gx_line_take(struct gx_line *line)
{
    struct gx_line_call *call = line->finished;
    if (call != NULL) {
        line->finished = call->next;
        call->next = NULL;
    }
    return call;
}

void gx_line_call_free(struct gx_line_call *call)
{
    if (call != NULL) {
        (void)zmq_msg_close(&call->command);
        (void)zmq_msg_close(&call->reply);
        free(call);
    }
}

/* --- Sending --- */

static bool send_to(struct gx_line *line, struct gx_line_call *call, size_t broker)
{
    uint8_t id[8];
    uint8_t deadline[8];
    gx_put_u64(id, call->id);
    gx_put_u64(deadline, (uint64_t)call->deadline_ms);
    const struct gx_view head[] = {{id, 8}, gx_view_of(call->service), {deadline, 8}};
    zmq_msg_t copy;
    (void)zmq_msg_init(&copy);
    (void)zmq_msg_copy(&copy, &call->command); /* counts, does not copy, when it is long */
    bool sent = gx_frames_send(line->sockets[broker], head, GX_COUNT_OF(head), &copy) == 0;
    (void)zmq_msg_close(&copy);
    return sent;
}

/* To the first broker that is up, connected and not tried. False: there is none. */
static bool send_on(struct gx_line *line, struct gx_line_call *call)
{
    for (size_t i = 0; i < line->net->broker_count; i++) {
        bool up = atomic_load_explicit(&line->live->up[i], memory_order_relaxed);
        if ((call->tried & bit(i)) == 0 && up && line->connected[i] && send_to(line, call, i)) {
            call->tried |= bit(i);
            call->waiting |= bit(i);
            int64_t left_us = (call->deadline_ms - gx_clock_wall_ms()) * 1000;
            call->again_us = gx_clock_mono_us() + (left_us > 0 ? left_us / 2 : 0);
            return true;
        }
    }
    return false;
}

static int64_t end_ms(const struct gx_line_call *call)
{
    return call->deadline_ms + (call->waiting != 0 ? GRACE_MS : 0);
}

/* When the call needs to be looked at next, monotonic. */
static int64_t due_of(const struct gx_line_call *call, int64_t now_us)
{
    int64_t end_us = now_us + (end_ms(call) - gx_clock_wall_ms()) * 1000;
    int64_t retry_us = now_us + RETRY_US > call->pause_us ? now_us + RETRY_US : call->pause_us;
    int64_t next_us = call->waiting == 0 ? retry_us : call->again_us;
    return next_us < end_us ? next_us : end_us;
}

static void note_due(struct gx_line *line, const struct gx_line_call *call, int64_t now_us)
{
    int64_t due_us = due_of(call, now_us);
    if (due_us < line->due_us) {
        line->due_us = due_us;
    }
}

void gx_line_add(struct gx_line *line, struct gx_line_call *call)
{
    int64_t now_us = gx_clock_mono_us();
    (void)zmq_msg_init(&call->reply);
    call->id = ++line->last_id;
    call->born_us = now_us;
    call->next = line->buckets[call->id & line->bucket_mask];
    line->buckets[call->id & line->bucket_mask] = call;
    line->under_way++;
    if (gx_clock_wall_ms() < call->deadline_ms) {
        (void)send_on(line, call);
    }
    note_due(line, call, now_us);
}

/* --- Ends --- */

static enum gx_rc unknown_outcome(const struct gx_line_call *call)
{
    return call->writes ? GX_UNCERTAIN : GX_TIMEOUT;
}

/* The end by the clock: what is known of the call decides. */
static enum gx_rc rc_at_deadline(const struct gx_line_call *call)
{
    if (call->waiting != 0 || call->unsure) {
        return unknown_outcome(call);
    }
    return call->refusal != GX_OK ? call->refusal : GX_TIMEOUT;
}

/* Nobody has the call and nobody new would take it: true when it is over. */
static bool stranded(struct gx_line *line, struct gx_line_call *call, int64_t now_us)
{
    if (call->unsure && call->repeatable) {
        call->tried = 0;
        call->pause_us = now_us + PAUSE_US;
        return false;
    }
    if (call->unsure || call->refusal != GX_OK) {
        finish(line, call, call->unsure ? unknown_outcome(call) : call->refusal);
        return true;
    }
    int64_t any_up_us = load(&line->live->any_up_us);
    int64_t since_us = call->born_us > any_up_us ? call->born_us : any_up_us;
    bool held_enough = now_us - since_us > HOLD_US || now_us - any_up_us > GONE_US;
    if (held_enough) {
        finish(line, call, GX_UNAVAILABLE);
    }
    return held_enough;
}

/* True when the call is over. */
static bool look_at(struct gx_line *line, struct gx_line_call *call, int64_t now_us)
{
    if (gx_clock_wall_ms() >= end_ms(call)) {
        finish(line, call, rc_at_deadline(call));
        return true;
    }
    if (call->waiting != 0) {
        if (now_us < call->again_us) {
            return false;
        }
        call->again_us = now_us + BEAT_DOWN_US; /* unless another broker takes it */
        if (call->repeatable) {
            (void)send_on(line, call);
        }
        return false;
    }
    if (now_us < call->pause_us || ((!call->unsure || call->repeatable) && send_on(line, call))) {
        return false;
    }
    return stranded(line, call, now_us);
}

static void look_at_all(struct gx_line *line, int64_t now_us)
{
    line->due_us = INT64_MAX;
    for (size_t i = 0; i <= line->bucket_mask && line->under_way > 0; i++) {
        struct gx_line_call *call = line->buckets[i];
        while (call != NULL) {
            struct gx_line_call *next = call->next;
            if (!look_at(line, call, now_us)) {
                note_due(line, call, now_us);
            }
            call = next;
        }
    }
}

/* --- Receiving --- */

static struct gx_line_call *find(const struct gx_line *line, uint64_t id)
{
    struct gx_line_call *call = line->buckets[id & line->bucket_mask];
    while (call != NULL && call->id != id) {
        call = call->next;
    }
    return call;
}

static void on_refusal(struct gx_line *line, struct gx_line_call *call, uint8_t status)
{
    if (status == STATUS_EXPIRED) {
        call->refusal = GX_TIMEOUT;
        call->tried = UINT32_MAX; /* as late at the next */
    } else if (status == STATUS_BUSY) {
        call->refusal = GX_LIMIT;
    } else if (call->refusal == GX_OK) {
        call->refusal = GX_UNAVAILABLE;
    }
    if (!send_on(line, call) && call->waiting == 0) {
        int64_t now_us = gx_clock_mono_us();
        if (!stranded(line, call, now_us)) {
            note_due(line, call, now_us);
        }
    }
}

static void on_answer(struct gx_line *line, size_t broker, struct gx_frames *frames)
{
    struct gx_view id = gx_frame(frames, 0);
    struct gx_view status = gx_frame(frames, 1);
    if (id.size != 8 || status.size != 1) {
        return;
    }
    struct gx_line_call *call = find(line, gx_get_u64(id.data));
    if (call == NULL || (call->waiting & bit(broker)) == 0) {
        return; /* late, or twice */
    }
    call->waiting &= ~bit(broker);
    if (status.data[0] == STATUS_REPLY) {
        (void)zmq_msg_move(&call->reply, &frames->parts[2]);
        finish(line, call, GX_OK);
    } else {
        on_refusal(line, call, status.data[0]);
    }
}

static void set_up(struct gx_line *line, size_t broker, bool up)
{
    atomic_store_explicit(&line->live->up[broker], up, memory_order_relaxed);
}

static void on_heard(struct gx_line *line, size_t broker, int64_t now_us)
{
    atomic_store_explicit(&line->live->heard_us[broker], now_us, memory_order_relaxed);
    if (line->beats) {
        atomic_store_explicit(&line->live->any_up_us, now_us, memory_order_relaxed);
        set_up(line, broker, true);
    }
}

/* What was sent over the lost connection will not be answered. */
static void on_lost(struct gx_line *line, size_t broker)
{
    for (size_t i = 0; i <= line->bucket_mask; i++) {
        for (struct gx_line_call *call = line->buckets[i]; call != NULL; call = call->next) {
            if ((call->waiting & bit(broker)) != 0) {
                call->waiting &= ~bit(broker);
                call->tried &= ~bit(broker);
                call->unsure = true;
            }
        }
    }
    line->due_us = 0;
    if (line->beats) {
        set_up(line, broker, false);
        line->beat_us[broker] = 0;
    }
}

static void receive(struct gx_line *line, size_t broker, int64_t now_us)
{
    int events = gx_socket_events(line->sockets[broker]);
    while ((events & ZMQ_POLLIN) != 0) {
        struct gx_frames frames;
        enum gx_frames_got got = gx_frames_recv(line->sockets[broker], &frames);
        if (got == GX_FRAMES_ONE) {
            on_heard(line, broker, now_us);
            if (frames.count == 3) {
                on_answer(line, broker, &frames);
            }
            gx_frames_done(&frames);
        }
        if (got == GX_FRAMES_NONE) {
            events = gx_socket_events(line->sockets[broker]);
        }
    }
    bool connected = (events & ZMQ_POLLOUT) != 0;
    if (line->connected[broker] && !connected) {
        on_lost(line, broker);
    }
    if (connected && !line->connected[broker]) {
        line->beat_us[broker] = 0;
        line->due_us = 0;
    }
    line->connected[broker] = connected;
}

static void beat(struct gx_line *line, size_t broker, int64_t now_us)
{
    int64_t heard_us = load(&line->live->heard_us[broker]);
    if (now_us - heard_us > SILENT_US && atomic_load(&line->live->up[broker])) {
        set_up(line, broker, false);
    }
    if (now_us < line->beat_us[broker]) {
        return;
    }
    bool up = atomic_load(&line->live->up[broker]);
    line->beat_us[broker] = now_us + (up ? BEAT_US : BEAT_DOWN_US);
    if (line->connected[broker]) {
        const struct gx_view ping = gx_view_of("PING");
        (void)gx_frames_send(line->sockets[broker], &ping, 1, NULL);
    }
}

void gx_line_turn(struct gx_line *line)
{
    int64_t now_us = gx_clock_mono_us();
    for (size_t i = 0; i < line->net->broker_count; i++) {
        receive(line, i, now_us);
        if (line->beats) {
            beat(line, i, now_us);
        }
    }
    if (now_us >= line->due_us) {
        look_at_all(line, now_us);
    }
}

/* --- Waiting --- */

size_t gx_line_poll(const struct gx_line *line, struct pollfd items[GX_BROKERS_MAX])
{
    for (size_t i = 0; i < line->net->broker_count; i++) {
        items[i] = (struct pollfd){.fd = line->fds[i], .events = POLLIN};
    }
    return line->net->broker_count;
}

int gx_line_wait_ms(const struct gx_line *line)
{
    int64_t due_us = line->due_us;
    for (size_t i = 0; line->beats && i < line->net->broker_count; i++) {
        due_us = line->beat_us[i] < due_us ? line->beat_us[i] : due_us;
    }
    int64_t left_us = due_us - gx_clock_mono_us();
    if (left_us <= 0) {
        return 0;
    }
    return left_us > 1000000 ? 1000 : (int)(left_us / 1000) + 1;
}
