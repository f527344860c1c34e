/* SPDX-License-Identifier: Apache-2.0 */
/* What comes into the doors' thread from others: replies to commands, and whatever is posted. */
#include "internal.h"

#include "base/clock.h"
#include "wire/pb.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool doors_post(struct doors *doors, void (*fn)(struct doors *doors, void *arg), void *arg)
{
    struct post *post = malloc(sizeof *post);
    if (post == NULL) {
        abort();
    }
    *post = (struct post){NULL, fn, arg};
    (void)pthread_mutex_lock(&doors->lock);
    bool closed = doors->closed;
    if (!closed) {
        if (doors->last == NULL) {
            doors->first = post;
        } else {
            doors->last->next = post;
        }
        doors->last = post;
    }
    (void)pthread_mutex_unlock(&doors->lock);
    if (closed) {
        free(post);
        return false;
    }
    uint64_t one = 1;
    (void)!write(doors->wake, &one, sizeof one);
    return true;
}

void posts_run(struct doors *doors)
{
    (void)pthread_mutex_lock(&doors->lock);
    struct post *post = doors->first;
    doors->first = NULL;
    doors->last = NULL;
    (void)pthread_mutex_unlock(&doors->lock);
    while (post != NULL) {
        struct post *next = post->next;
        post->fn(doors, post->arg);
        free(post);
        post = next;
    }
}

/* A command on its way. */
struct asked {
    struct doors *doors;
    uint64_t conn; /* 0: none waits */
    door_done *done;
    void *keep;
    enum gx_rc rc;
    enum gx_problem problem;
    uint8_t *body;
    size_t body_size;
};

static void asked_free(struct asked *asked)
{
    free(asked->keep);
    free(asked->body);
    free(asked);
}

static void deliver(struct doors *doors, void *arg)
{
    struct asked *asked = arg;
    struct door_conn *conn = door_find(doors, asked->conn);
    const struct door_answer answer = {.rc = asked->rc,
                                       .problem = asked->problem,
                                       .body = {asked->body, asked->body_size},
                                       .keep = asked->keep};
    doors->asking--;
    if (conn != NULL) {
        conn->asking = false;
    }
    asked->done(doors, conn, &answer);
    if (conn != NULL && !conn->asking && !conn->ended) {
        conn_resume(conn);
    }
    asked_free(asked);
}

/* In the caller's thread. */
static void replied(void *arg, enum gx_rc rc, const Genxi__Reply *reply)
{
    struct asked *asked = arg;
    asked->rc = rc;
    asked->problem = GX_P_UNAVAILABLE;
    if (rc == GX_OK) {
        asked->rc = (enum gx_rc)reply->rc;
        asked->problem =
            reply->n_faults == 0 ? GX_P_NONE : gx_problem_find(reply->faults[0]->problem);
        if (asked->rc == GX_OK && reply->has_body && reply->body.len > 0) {
            asked->body = malloc(reply->body.len);
            if (asked->body == NULL) {
                abort();
            }
            memcpy(asked->body, reply->body.data, reply->body.len);
            asked->body_size = reply->body.len;
        }
    }
    if (!doors_post(asked->doors, deliver, asked)) {
        asked_free(asked);
    }
}

static bool send_command(struct doors *doors, const struct door_ask *ask, struct asked *asked)
{
    char id[GX_ID_SIZE];
    struct gx_ctx *ctx = &doors->ctx;
    struct gx_view body;
    Genxi__Command command = GENXI__COMMAND__INIT;
    gx_ctx_reset(ctx);
    (void)gx_trace_new(ctx->traceparent);
    bool packed = gx_pb_pack(ctx, ask->request, &body) == GX_OK;
    command.actor = packed ? gx_actor_to_pb(ctx, ask->actor) : NULL;
    if (command.actor == NULL) {
        return false;
    }
    command.id = gx_id_new(id);
    command.type = ask->command;
    command.deadline_at = gx_clock_wall_ms() + doors->settings.request_ms;
    command.idempotency_key = gx_pb_text(ask->key);
    command.traceparent = ctx->traceparent;
    command.body = gx_pb_bytes(body);
    return gx_caller_send(doors->settings.caller, &command, replied, asked) == GX_OK;
}

bool door_ask(struct doors *doors, struct door_conn *conn, const struct door_ask *ask)
{
    struct asked *asked = calloc(1, sizeof *asked);
    if (asked == NULL) {
        abort();
    }
    *asked = (struct asked){
        .doors = doors, .conn = conn == NULL ? 0 : conn->id, .done = ask->done, .keep = NULL};
    if (ask->keep_size > 0) {
        asked->keep = malloc(ask->keep_size);
        if (asked->keep == NULL) {
            abort();
        }
        memcpy(asked->keep, ask->keep, ask->keep_size);
    }
    /* Counted before it is sent: the reply may be posted at once. */
    doors->asking++;
    if (!doors->running || doors->settings.caller == NULL || !send_command(doors, ask, asked)) {
        doors->asking--;
        asked_free(asked);
        return false;
    }
    if (conn != NULL) {
        conn->asking = true;
    }
    return true;
}
