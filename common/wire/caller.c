/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls: the shared line carries those with a callback. Any thread sends on it, under the lock; one thread receives, waiting on the
 * sockets' descriptors without the lock. A caller that waits borrows a lane, a line of its own, and turns it itself: no hand-over at all.
 */
#include "wire/bus.h"
#include "wire/line.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    LANES_MAX = 64,
    DEFAULT_DEADLINE_MS = 10000,
    REPLY_ARENA_BYTES = 64 * 1024 * 1024
};

struct lane {
    struct lane *next;
    struct gx_line line;
};

struct gx_caller {
    struct gx_net net;
    struct gx_liveness live;
    pthread_mutex_t lock; /* of the shared line and the three below */
    struct gx_line line;
    int64_t asleep_until_us;
    bool stop;
    bool running;
    int wake_fd;
    pthread_t thread;
    pthread_mutex_t lanes_lock;
    pthread_cond_t lane_free;
    struct lane *lanes; /* free ones, the last used first */
    int lane_count;
};

/* --- The shared line --- */

static void wake(struct gx_caller *caller)
{
    uint64_t one = 1;
    (void)!write(caller->wake_fd, &one, sizeof one);
}

/* Runs the callback outside the lock. */
static void tell(struct gx_ctx *ctx, struct gx_line_call *call)
{
    Genxi__Reply *reply = NULL;
    enum gx_rc rc = call->rc;
    if (rc == GX_OK) {
        struct gx_view bytes = {zmq_msg_data(&call->reply), zmq_msg_size(&call->reply)};
        ProtobufCMessage *message = NULL;
        rc = gx_pb_unpack(ctx, &genxi__reply__descriptor, bytes, &message) == GX_OK ? GX_OK
                                                                                    : GX_INTERNAL;
        reply = (Genxi__Reply *)message;
    }
    call->done(call->arg, rc, reply);
    gx_ctx_reset(ctx);
    gx_line_call_free(call);
}

static void tell_all(struct gx_ctx *ctx, struct gx_line_call *calls)
{
    while (calls != NULL) {
        struct gx_line_call *next = calls->next;
        tell(ctx, calls);
        calls = next;
    }
}

static void wait_for_work(struct gx_caller *caller, int wait_ms)
{
    struct pollfd items[GX_BROKERS_MAX + 1];
    size_t count = gx_line_poll(&caller->line, items);
    items[count] = (struct pollfd){.fd = caller->wake_fd, .events = POLLIN};
    if (poll(items, count + 1, wait_ms) > 0 && items[count].revents != 0) {
        uint64_t drained = 0;
        (void)!read(caller->wake_fd, &drained, sizeof drained);
    }
}

static void *run(void *arg)
{
    struct gx_caller *caller = arg;
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, REPLY_ARENA_BYTES);
    bool stop = false;
    while (!stop) {
        (void)pthread_mutex_lock(&caller->lock);
        gx_line_turn(&caller->line);
        struct gx_line_call *finished = GX_STEAL(&caller->line.finished);
        int wait_ms = gx_line_wait_ms(&caller->line);
        caller->asleep_until_us = gx_clock_mono_us() + (int64_t)wait_ms * 1000;
        stop = caller->stop;
        (void)pthread_mutex_unlock(&caller->lock);
        if (finished != NULL) {
            tell_all(&ctx, finished);
        } else if (!stop) {
            wait_for_work(caller, wait_ms);
        }
    }
    gx_ctx_done(&ctx);
    return NULL;
}

/* A sender's ØMQ work may have swallowed the signal for the receiver, or the call is due before it wakes. */
static bool receiver_must_look(struct gx_caller *caller)
{
    if (caller->line.due_us < caller->asleep_until_us) {
        return true;
    }
    for (size_t i = 0; i < caller->net.broker_count; i++) {
        if ((gx_socket_events(caller->line.sockets[i]) & ZMQ_POLLIN) != 0) {
            return true;
        }
    }
    return false;
}

/* --- Opening and closing --- */

static void free_lanes(struct gx_caller *caller)
{
    while (caller->lanes != NULL) {
        struct lane *lane = caller->lanes;
        caller->lanes = lane->next;
        gx_line_close(&lane->line);
        free(lane);
    }
}

void gx_caller_free(struct gx_caller *caller)
{
    if (caller == NULL) {
        return;
    }
    if (caller->running) {
        (void)pthread_mutex_lock(&caller->lock);
        caller->stop = true;
        (void)pthread_mutex_unlock(&caller->lock);
        wake(caller);
        (void)pthread_join(caller->thread, NULL);
    }
    gx_line_close(&caller->line);
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, REPLY_ARENA_BYTES);
    tell_all(&ctx, GX_STEAL(&caller->line.finished));
    gx_ctx_done(&ctx);
    free_lanes(caller);
    gx_net_close(&caller->net);
    if (caller->wake_fd >= 0) {
        (void)close(caller->wake_fd);
    }
    (void)pthread_mutex_destroy(&caller->lock);
    (void)pthread_mutex_destroy(&caller->lanes_lock);
    (void)pthread_cond_destroy(&caller->lane_free);
    free(caller);
}

static enum gx_rc start(struct gx_caller *caller, const struct gx_bus_settings *settings)
{
    enum gx_rc rc = gx_net_open(settings, &caller->net);
    if (rc == GX_OK) {
        rc = gx_line_open(&caller->line, &caller->net, &caller->live, true);
    }
    if (rc != GX_OK) {
        return rc;
    }
    caller->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (caller->wake_fd < 0 || pthread_create(&caller->thread, NULL, run, caller) != 0) {
        return GX_UNAVAILABLE;
    }
    caller->running = true;
    return GX_OK;
}

enum gx_rc gx_caller_open(const struct gx_bus_settings *settings, struct gx_caller **ret_caller)
{
    struct gx_caller *caller = calloc(1, sizeof *caller);
    if (caller == NULL) {
        abort();
    }
    caller->wake_fd = -1;
    atomic_store(&caller->live.any_up_us, gx_clock_mono_us());
    (void)pthread_mutex_init(&caller->lock, NULL);
    (void)pthread_mutex_init(&caller->lanes_lock, NULL);
    (void)pthread_cond_init(&caller->lane_free, NULL);
    enum gx_rc rc = start(caller, settings);
    if (rc != GX_OK) {
        gx_caller_free(caller);
        return rc;
    }
    *ret_caller = caller;
    return GX_OK;
}

int gx_caller_brokers_up(const struct gx_caller *caller)
{
    int up = 0;
    for (size_t i = 0; i < caller->net.broker_count; i++) {
        up += atomic_load_explicit(&caller->live.up[i], memory_order_relaxed) ? 1 : 0;
    }
    return up;
}

/* --- Sending with a callback --- */

static struct gx_line_call *new_call(const struct gx_command_type *type,
                                     const Genxi__Command *command)
{
    struct gx_line_call *call = calloc(1, sizeof *call);
    if (call == NULL ||
        zmq_msg_init_size(&call->command, genxi__command__get_packed_size(command)) != 0) {
        abort();
    }
    (void)genxi__command__pack(command, zmq_msg_data(&call->command));
    call->service = type->service;
    call->deadline_ms = command->deadline_at;
    call->writes = type->writes;
    call->repeatable = !type->writes || command->idempotency_key != NULL;
    return call;
}

enum gx_rc gx_caller_send(struct gx_caller *caller, const Genxi__Command *command,
                          gx_caller_done *done, void *arg)
{
    const struct gx_command_type *type = gx_command_by_number(command->type);
    if (type == NULL) {
        return GX_INVALID;
    }
    struct gx_line_call *call = new_call(type, command);
    call->done = done;
    call->arg = arg;
    (void)pthread_mutex_lock(&caller->lock);
    bool room = caller->line.under_way < (size_t)caller->net.queue_limit && !caller->stop;
    bool must_look = false;
    if (room) {
        gx_line_add(&caller->line, call);
        must_look = receiver_must_look(caller);
    }
    (void)pthread_mutex_unlock(&caller->lock);
    if (must_look) {
        wake(caller);
    }
    if (!room) {
        (void)zmq_msg_init(&call->reply);
        gx_line_call_free(call);
    }
    return room ? GX_OK : GX_LIMIT;
}

/* --- Calling and waiting --- */

static struct lane *new_lane(struct gx_caller *caller)
{
    struct lane *lane = calloc(1, sizeof *lane);
    if (lane == NULL) {
        abort();
    }
    if (gx_line_open(&lane->line, &caller->net, &caller->live, false) != GX_OK) {
        free(lane);
        return NULL;
    }
    return lane;
}

static struct timespec wall_time(int64_t wall_ms)
{
    return (struct timespec){.tv_sec = wall_ms / 1000, .tv_nsec = wall_ms % 1000 * 1000000};
}

/* A free lane, or a new one; NULL when all are taken until the deadline. */
static struct lane *borrow_lane(struct gx_caller *caller, int64_t deadline_ms)
{
    struct timespec until = wall_time(deadline_ms);
    struct lane *lane = NULL;
    bool make = false;
    (void)pthread_mutex_lock(&caller->lanes_lock);
    int late = 0;
    while (caller->lanes == NULL && caller->lane_count == LANES_MAX && late != ETIMEDOUT) {
        late = pthread_cond_timedwait(&caller->lane_free, &caller->lanes_lock, &until);
    }
    if (caller->lanes != NULL) {
        lane = caller->lanes;
        caller->lanes = lane->next;
    } else if (caller->lane_count < LANES_MAX) {
        caller->lane_count++;
        make = true;
    }
    (void)pthread_mutex_unlock(&caller->lanes_lock);
    return make ? new_lane(caller) : lane;
}

static void return_lane(struct gx_caller *caller, struct lane *lane)
{
    (void)pthread_mutex_lock(&caller->lanes_lock);
    lane->next = caller->lanes;
    caller->lanes = lane;
    (void)pthread_cond_signal(&caller->lane_free);
    (void)pthread_mutex_unlock(&caller->lanes_lock);
}

/* Turns the lane until its one call is over. */
static struct gx_line_call *run_call(struct gx_line *line, struct gx_line_call *call)
{
    gx_line_turn(line); /* what happened to the connections since the last call */
    gx_line_add(line, call);
    while ((call = gx_line_take(line)) == NULL) {
        struct pollfd items[GX_BROKERS_MAX];
        size_t count = gx_line_poll(line, items);
        (void)poll(items, count, gx_line_wait_ms(line));
        gx_line_turn(line);
    }
    return call;
}

static enum gx_rc no_answer(struct gx_ctx *ctx, enum gx_rc rc, const char *service)
{
    switch (rc) {
    case GX_LIMIT:
        return gx_fail(ctx, GX_P_BUSY, "", "1");
    case GX_TIMEOUT:
        return gx_fail(ctx, GX_P_DEADLINE, "", "%s", service);
    case GX_UNCERTAIN:
        return gx_fail(ctx, GX_P_UNCERTAIN, "", "%s", service);
    case GX_UNAVAILABLE:
        return gx_fail(ctx, GX_P_UNAVAILABLE, "", "%s", service);
    case GX_OK:
    case GX_INVALID:
    case GX_NOT_FOUND:
    case GX_CONFLICT:
    case GX_DENIED:
    case GX_INTERNAL:
    case GX_RC_COUNT:
    default:
        return gx_fail(ctx, GX_P_INTERNAL, "", "%s", service);
    }
}

static enum gx_rc read_answer(struct gx_ctx *ctx, const struct gx_command_type *type,
                              struct gx_line_call *call, ProtobufCMessage **ret_reply)
{
    if (call->rc != GX_OK) {
        return no_answer(ctx, call->rc, type->service);
    }
    struct gx_view bytes = {zmq_msg_data(&call->reply), zmq_msg_size(&call->reply)};
    ProtobufCMessage *message = NULL;
    enum gx_rc rc = gx_pb_unpack(ctx, &genxi__reply__descriptor, bytes, &message);
    if (rc != GX_OK) {
        return rc;
    }
    const Genxi__Reply *reply = (const Genxi__Reply *)message;
    if (reply->rc != GX_OK) {
        gx_faults_from_reply(ctx, reply);
        return reply->rc < GX_RC_COUNT ? (enum gx_rc)reply->rc : GX_INTERNAL;
    }
    struct gx_view body = {reply->body.data, reply->has_body ? reply->body.len : 0};
    return gx_pb_unpack(ctx, type->reply, body, ret_reply);
}

/* A write without a key gets its own id as key, so that it may be sent again. NULL when the arena is spent. */
static struct gx_line_call *make_call(struct gx_ctx *ctx, const struct gx_command_type *type,
                                      const ProtobufCMessage *request, const char *key)
{
    struct gx_view body;
    enum gx_rc rc = gx_pb_pack(ctx, request, &body);
    Genxi__Actor *actor = gx_actor_to_pb(ctx, &ctx->actor);
    if (rc != GX_OK || actor == NULL) {
        return NULL;
    }
    char id[GX_ID_SIZE];
    char trace[GX_TRACEPARENT_SIZE];
    const char *used_key = key != NULL ? key : type->writes ? gx_id_new(id) : NULL;
    Genxi__Command command = GENXI__COMMAND__INIT;
    command.id = used_key == id ? id : gx_id_new(id);
    command.type = type->number;
    command.deadline_at =
        ctx->deadline_ms != 0 ? ctx->deadline_ms : gx_clock_wall_ms() + DEFAULT_DEADLINE_MS;
    command.actor = actor;
    command.idempotency_key = used_key == NULL ? NULL : gx_pb_text(used_key);
    command.traceparent = gx_trace_child(ctx->traceparent, trace);
    command.body = gx_pb_bytes(body);
    return new_call(type, &command);
}

enum gx_rc gx_caller_call(struct gx_caller *caller, struct gx_ctx *ctx, uint32_t command_number,
                          const ProtobufCMessage *request, const char *key,
                          ProtobufCMessage **ret_reply)
{
    const struct gx_command_type *type = gx_command_by_number(command_number);
    if (type == NULL || request->descriptor != type->request) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "command %u", command_number);
    }
    struct gx_line_call *call = make_call(ctx, type, request, key);
    if (call == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "%s", type->name);
    }
    struct lane *lane = borrow_lane(caller, call->deadline_ms);
    if (lane == NULL) {
        (void)zmq_msg_init(&call->reply);
        gx_line_call_free(call);
        return no_answer(ctx, GX_LIMIT, type->service);
    }
    call = run_call(&lane->line, call);
    return_lane(caller, lane);
    enum gx_rc rc = read_answer(ctx, type, call, ret_reply);
    gx_line_call_free(call);
    return rc;
}
