/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the doors share. */
#ifndef GATEWAY_DOORS_INTERNAL_H
#define GATEWAY_DOORS_INTERNAL_H

#include "doors/door.h"

#include "base/metrics.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
    READ_BYTES = 16384,     /* at a time from one connection */
    SCRATCH_BYTES = 131072, /* what was left of it, and that */
    UNSENT_MAX = 16384,
    JUNK_MAX = 16384, /* bytes without a frame, then it is closed */
    ADDRESS_BUCKETS = 4096
};

enum door_reason {
    DOOR_PEER,    /* it closed, or its connection broke */
    DOOR_IDLE,    /* no byte for too long */
    DOOR_SLOW,    /* a frame was not finished in time, or answers were not taken */
    DOOR_JUNK,    /* bytes that are no frames */
    DOOR_LARGE,   /* a frame that is too large */
    DOOR_FULL,    /* too many connections */
    DOOR_ADDRESS, /* too many from its address */
    DOOR_OURS,    /* the protocol's wish */
    DOOR_STOPPED,
    DOOR_SERVED, /* a datagram: no more to do */
    DOOR_REASONS
};

struct address {
    uint8_t bytes[16];
    size_t count;
    struct address *next;
};

struct port {
    struct door_port door;
    int tcp;
    int udp; /* -1: none */
    int number;
    bool paused; /* no descriptor was free */
    struct gx_metric *open;
    struct gx_metric *accepted;
    struct gx_metric *closed; /* DOOR_REASONS of them */
    struct gx_metric *frames; /* outcome_count of them */
};

struct door_conn {
    struct doors *doors;
    struct port *port;
    uint64_t id;
    int fd; /* of a datagram: the port's, which is not closed with it */
    bool datagram;
    bool asking;  /* a command is under way */
    bool closing; /* once all is sent */
    bool ended;   /* to be freed at the end of the turn */
    bool framed;  /* a frame has come */
    bool watched; /* it is in the epoll set */
    enum door_reason reason;
    uint32_t events;   /* what epoll watches */
    int64_t frame_ms;  /* when the last frame came or was answered; at first when it was opened */
    int64_t part_ms;   /* when the unfinished frame began, 0: none */
    int64_t unsent_ms; /* since when its peer takes nothing, 0: it does */
    struct sockaddr_storage peer;
    socklen_t peer_size;
    struct address *address;
    uint8_t *in; /* not taken yet */
    size_t in_size;
    uint8_t *out; /* not sent yet */
    size_t out_size;
    size_t junk;
    struct door_conn *next_ended;
    _Alignas(max_align_t) uint8_t state[];
};

struct slot {
    struct door_conn *conn;
    uint32_t generation;
    uint32_t next_free;
};

struct post {
    struct post *next;
    void (*fn)(struct doors *doors, void *arg);
    void *arg;
};

struct doors {
    struct doors_settings settings;
    struct port ports[DOORS_MAX];
    size_t port_count;
    struct gx_metric *metrics;
    int epoll;
    int wake; /* eventfd: something was posted */
    pthread_t thread;
    bool
        running; /* what is delivered after the thread ended asks for nothing: the caller may be gone */
    atomic_bool ending;
    atomic_int stop_ms; /* how long commands under way are waited for */
    int64_t now_ms;     /* monotonic, as of this turn */
    int64_t scan_ms;
    struct slot *slots;
    size_t slot_count;
    uint32_t first_free; /* index + 1; 0: none */
    size_t open;
    size_t asking;           /* commands under way */
    struct door_conn *ended; /* connections that wait to be freed */
    struct address *addresses[ADDRESS_BUCKETS];
    uint8_t scratch[SCRATCH_BYTES];
    struct gx_ctx ctx;    /* for packing */
    pthread_mutex_t lock; /* of the posts */
    struct post *first;
    struct post *last;
    bool closed; /* nothing may be posted any more */
};

/* --- conn.c --- */
/* A place for one more, or the reason why not. peer is copied. fd is the connection's from then on, unless it is a datagram's. */
struct door_conn *conn_new(struct doors *doors, struct port *port, int fd, bool datagram,
                           const struct sockaddr_storage *peer, socklen_t peer_size);
void conn_read(struct door_conn *conn);
/* Takes bytes as if they had been read. */
void conn_take(struct door_conn *conn, const uint8_t *bytes, size_t size);
void conn_flush(struct door_conn *conn);
void conn_end(struct door_conn *conn, enum door_reason reason);
/* Goes on with what was left when a command was under way. */
void conn_resume(struct door_conn *conn);
/* Ends what has been silent or slow for too long. */
void conn_scan(struct doors *doors);
/* Frees those that ended. */
void conn_sweep(struct doors *doors);

/* --- post.c --- */
void posts_run(struct doors *doors);

/* --- metrics.c --- */
void doors_metrics(struct doors *doors);

#endif
