/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line: one DEALER to each broker and the calls under way on them, without threads or locks of its own. gx_caller has one that a thread turns
 * for calls with a callback, and a few that waiting callers turn themselves, since a hand-over between threads costs 55 us and more.
 *
 * Life of a call: unsent -> sent to the first broker that is up -> answered. A broker that refuses (busy, no worker), is silent past half
 * of the time left or loses its connection: sent to the next under the same id, if the call may be repeated. Ends once, by its answer, by
 * the refusal of all, or at its deadline. A call that was sent over a lost connection and may be repeated is tried until its deadline, since
 * nothing is worse than an unknown outcome.
 */
#ifndef GX_WIRE_LINE_H
#define GX_WIRE_LINE_H

#include "wire/frames.h"
#include "wire/net.h"

#include <poll.h>

/* What the process knows of the brokers: written by the line that beats, read by all. */
struct gx_liveness {
    _Atomic int64_t heard_us[GX_BROKERS_MAX]; /* monotonic; 0: not yet */
    _Atomic bool up[GX_BROKERS_MAX];
    _Atomic int64_t any_up_us; /* last time at which one was up; begins with the opening */
};

struct gx_line_call {
    struct gx_line_call *next; /* in its bucket, then in the list of finished calls */
    uint64_t id;
    const char *service;
    zmq_msg_t command;   /* packed; kept for sending again */
    int64_t deadline_ms; /* wall clock */
    int64_t born_us;
    int64_t pause_us; /* an unsent call is not tried again before */
    int64_t again_us; /* when the next broker is tried */
    uint32_t tried;   /* bits of brokers */
    uint32_t waiting; /* of these, whose answer is awaited */
    bool writes;
    bool repeatable;    /* sending it twice has one effect */
    bool unsure;        /* was sent over a connection that was lost */
    enum gx_rc refusal; /* worst said by a broker; OK: none */
    enum gx_rc rc;      /* the end */
    zmq_msg_t reply;    /* when rc is OK */
    gx_caller_done *done;
    void *arg;
};

struct gx_line {
    struct gx_net *net;
    struct gx_liveness *live;
    bool beats;
    void *sockets[GX_BROKERS_MAX];
    int fds[GX_BROKERS_MAX];
    bool connected[GX_BROKERS_MAX];
    int64_t beat_us[GX_BROKERS_MAX]; /* when the next PING is due */
    struct gx_line_call **buckets;
    size_t bucket_mask;
    size_t under_way;
    uint64_t last_id;
    int64_t due_us; /* nothing happens by itself before; INT64_MAX: nothing under way */
    struct gx_line_call *finished;
};

enum gx_rc gx_line_open(struct gx_line *line, struct gx_net *net, struct gx_liveness *live,
                        bool beats);
/* Calls still under way are given back in `finished` as UNAVAILABLE first. */
void gx_line_close(struct gx_line *line);
/* Takes the call (service, command, deadline_ms, writes, repeatable, done, arg set; the rest zero) and sends it if it can. */
void gx_line_add(struct gx_line *line, struct gx_line_call *call);
/* Receives, beats, repeats, ends what is due. Never waits. */
void gx_line_turn(struct gx_line *line);
/* Takes one finished call; NULL: none. The caller owns it and ends it with gx_line_call_free(). */
struct gx_line_call *gx_line_take(struct gx_line *line);
void gx_line_call_free(struct gx_line_call *call);
/* Descriptors to wait on after a turn; returns their number. Milliseconds until the next turn is due. */
size_t gx_line_poll(const struct gx_line *line, struct pollfd items[GX_BROKERS_MAX]);
int gx_line_wait_ms(const struct gx_line *line);

#endif
