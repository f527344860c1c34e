/* SPDX-License-Identifier: Apache-2.0 */
/* One connection: its place, its bytes in and out, its end. */
#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- addresses --- */

static void address_bytes(const struct sockaddr_storage *peer, uint8_t bytes[16])
{
    memset(bytes, 0, 16);
    if (peer->ss_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, peer, sizeof six);
        memcpy(bytes, &six.sin6_addr, 16);
    } else {
        struct sockaddr_in four;
        memcpy(&four, peer, sizeof four);
        bytes[10] = 0xff; /* as IPv6 maps it */
        bytes[11] = 0xff;
        memcpy(bytes + 12, &four.sin_addr, 4);
    }
}

static struct address **address_bucket(struct doors *doors, const uint8_t bytes[16])
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < 16; i++) {
        hash = (hash ^ bytes[i]) * 16777619U;
    }
    return &doors->addresses[(hash ^ hash >> 16U) % ADDRESS_BUCKETS];
}

/* The address with one more connection; NULL when it has as many as it may. */
static struct address *address_take(struct doors *doors, const struct sockaddr_storage *peer)
{
    uint8_t bytes[16];
    address_bytes(peer, bytes);
    struct address **bucket = address_bucket(doors, bytes);
    struct address *address = *bucket;
    while (address != NULL && memcmp(address->bytes, bytes, sizeof bytes) != 0) {
        address = address->next;
    }
    if (address == NULL) {
        address = calloc(1, sizeof *address);
        if (address == NULL) {
            abort();
        }
        memcpy(address->bytes, bytes, sizeof bytes);
        address->next = *bucket;
        *bucket = address;
    }
    if (address->count >= doors->settings.connections_per_address) {
        return NULL;
    }
    address->count++;
    return address;
}

static void address_give(struct doors *doors, struct address *address)
{
    if (--address->count > 0) {
        return;
    }
    struct address **at = address_bucket(doors, address->bytes);
    while (*at != address) {
        at = &(*at)->next;
    }
    *at = address->next;
    free(address);
}

const char *door_address(const struct door_conn *conn, char text[DOOR_ADDRESS_SIZE])
{
    uint8_t bytes[16];
    address_bytes(&conn->peer, bytes);
    bool mapped = conn->peer.ss_family != AF_INET6;
    if (inet_ntop(mapped ? AF_INET : AF_INET6, mapped ? bytes + 12 : bytes, text,
                  DOOR_ADDRESS_SIZE) == NULL) {
        text[0] = '\0';
    }
    return text;
}

/* --- places --- */

static bool watch(struct door_conn *conn, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u64 = conn->id};
    if (conn->datagram || (conn->watched && conn->events == events)) {
        return true;
    }
    if (epoll_ctl(conn->doors->epoll, conn->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, conn->fd,
                  &event) != 0) {
        return false;
    }
    conn->watched = true;
    conn->events = events;
    return true;
}

/* A peer that has sent its last is answered all the same: its end is seen when there is nothing more to read. */
static void rewatch(struct door_conn *conn)
{
    uint32_t events = conn->asking || conn->closing ? 0U : (uint32_t)EPOLLIN;
    events |= conn->out_size > 0 ? (uint32_t)EPOLLOUT : 0U;
    if (!conn->ended && !watch(conn, events)) {
        conn_end(conn, DOOR_PEER);
    }
}

static uint32_t slot_take(struct doors *doors)
{
    if (doors->first_free != 0) {
        uint32_t index = doors->first_free - 1;
        doors->first_free = doors->slots[index].next_free;
        return index;
    }
    if (doors->slot_count % 1024 == 0) {
        size_t room = doors->slot_count + 1024;
        doors->slots = realloc(doors->slots, room * sizeof *doors->slots);
        if (doors->slots == NULL) {
            abort();
        }
    }
    doors->slots[doors->slot_count] = (struct slot){.generation = 1};
    return (uint32_t)doors->slot_count++;
}

static void refuse(struct port *port, enum door_reason reason, int fd, bool datagram)
{
    gx_metric_add(&port->closed[reason], 1);
    if (!datagram) {
        (void)close(fd);
    }
}

struct door_conn *conn_new(struct doors *doors, struct port *port, int fd, bool datagram,
                           const struct sockaddr_storage *peer, socklen_t peer_size)
{
    if (doors->open >= doors->settings.connections) {
        refuse(port, DOOR_FULL, fd, datagram);
        return NULL;
    }
    struct address *address = address_take(doors, peer);
    if (address == NULL) {
        refuse(port, DOOR_ADDRESS, fd, datagram);
        return NULL;
    }
    struct door_conn *conn = calloc(1, sizeof *conn + port->door.protocol->state_size);
    if (conn == NULL) {
        abort();
    }
    uint32_t index = slot_take(doors);
    conn->doors = doors;
    conn->port = port;
    conn->id = (uint64_t)doors->slots[index].generation << 32U | (index + 1U);
    conn->fd = fd;
    conn->datagram = datagram;
    conn->frame_ms = doors->now_ms;
    conn->peer = *peer;
    conn->peer_size = peer_size;
    conn->address = address;
    doors->slots[index].conn = conn;
    doors->open++;
    gx_metric_add(port->open, 1);
    gx_metric_add(port->accepted, 1);
    rewatch(conn);
    return conn->ended ? NULL : conn;
}

struct door_conn *door_find(struct doors *doors, uint64_t id)
{
    uint32_t index = (uint32_t)id - 1U;
    if (id == 0 || index >= doors->slot_count ||
        doors->slots[index].generation != (uint32_t)(id >> 32U)) {
        return NULL;
    }
    struct door_conn *conn = doors->slots[index].conn;
    return conn == NULL || conn->ended ? NULL : conn;
}

void conn_end(struct door_conn *conn, enum door_reason reason)
{
    if (!conn->ended) {
        conn->ended = true;
        conn->reason = reason;
        conn->next_ended = conn->doors->ended;
        conn->doors->ended = conn;
    }
}

static void conn_free(struct door_conn *conn)
{
    struct doors *doors = conn->doors;
    uint32_t index = (uint32_t)conn->id - 1U;
    struct slot *slot = &doors->slots[index];
    if (conn->port->door.protocol->gone != NULL) {
        conn->port->door.protocol->gone(conn);
    }
    if (!conn->datagram) {
        (void)close(conn->fd); /* which takes it out of the epoll set */
    }
    gx_metric_add(&conn->port->closed[conn->reason], 1);
    gx_metric_add(conn->port->open, -1);
    address_give(doors, conn->address);
    slot->conn = NULL;
    slot->generation++;
    slot->next_free = doors->first_free;
    doors->first_free = index + 1U;
    doors->open--;
    free(conn->in);
    free(conn->out);
    free(conn);
}

void conn_sweep(struct doors *doors)
{
    while (doors->ended != NULL) {
        struct door_conn *conn = doors->ended;
        doors->ended = conn->next_ended;
        conn_free(conn);
    }
}

/* --- bytes in --- */

static void keep_rest(struct door_conn *conn, const uint8_t *bytes, size_t size)
{
    uint8_t *kept = NULL;
    if (size > 0) {
        kept = malloc(size);
        if (kept == NULL) {
            abort();
        }
        memcpy(kept, bytes, size);
    }
    free(conn->in);
    conn->in = kept;
    conn->in_size = size;
}

static void note_junk(struct door_conn *conn, size_t size)
{
    conn->junk += size;
    if (conn->junk > JUNK_MAX) {
        conn_end(conn, DOOR_JUNK);
    }
}

/* Frames, one after the other, until one asks for something or there is none. Returns how many bytes were used. */
static size_t take_frames(struct door_conn *conn, const uint8_t *bytes, size_t size)
{
    const struct door_protocol *protocol = conn->port->door.protocol;
    size_t at = 0;
    while (at < size && !conn->asking && !conn->closing && !conn->ended) {
        struct gx_view frame = {NULL, 0};
        bool good = protocol->cut((struct gx_view){bytes + at, size - at}, &frame);
        size_t before = (size_t)(frame.data - (bytes + at));
        at += before + frame.size;
        note_junk(conn, good ? before : before + frame.size);
        if (good && frame.size == 0) {
            break;
        }
        if (good) {
            conn->framed = true;
            conn->junk = 0;
            conn->part_ms = 0;
            conn->frame_ms = conn->doors->now_ms;
            protocol->frame(conn, frame);
        }
    }
    return at;
}

void conn_take(struct door_conn *conn, const uint8_t *bytes, size_t size)
{
    size_t used = take_frames(conn, bytes, size);
    size_t left = size - used;
    if (conn->ended) {
        return;
    }
    if (left > conn->port->door.protocol->frame_max && !conn->asking && !conn->closing) {
        conn_end(conn, DOOR_LARGE);
        return;
    }
    keep_rest(conn, bytes + used, conn->closing ? 0 : left);
    if (conn->in_size == 0 || conn->asking) {
        conn->part_ms = 0;
    } else if (conn->part_ms == 0) {
        conn->part_ms = conn->doors->now_ms;
    }
    if (conn->datagram && !conn->asking) {
        conn_end(conn, DOOR_SERVED);
    }
    rewatch(conn);
}

void conn_read(struct door_conn *conn)
{
    struct doors *doors = conn->doors;
    size_t kept = conn->in_size;
    if (conn->asking || conn->closing) {
        return;
    }
    if (kept > 0) {
        memcpy(doors->scratch, conn->in, kept);
    }
    ssize_t got = recv(conn->fd, doors->scratch + kept, READ_BYTES, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0) {
        conn_end(conn, DOOR_PEER);
        return;
    }
    conn_take(conn, doors->scratch, kept + (size_t)got);
}

void conn_resume(struct door_conn *conn)
{
    struct doors *doors = conn->doors;
    size_t kept = conn->in_size;
    conn->frame_ms = doors->now_ms;
    if (kept > 0) {
        memcpy(doors->scratch, conn->in, kept);
    }
    conn_take(conn, doors->scratch, kept);
}

/* --- bytes out --- */

static void keep_unsent(struct door_conn *conn, const uint8_t *bytes, size_t size)
{
    if (conn->out_size + size > UNSENT_MAX) {
        conn_end(conn, DOOR_SLOW);
        return;
    }
    conn->out = realloc(conn->out, conn->out_size + size);
    if (conn->out == NULL) {
        abort();
    }
    memcpy(conn->out + conn->out_size, bytes, size);
    conn->out_size += size;
    conn->unsent_ms = conn->unsent_ms == 0 ? conn->doors->now_ms : conn->unsent_ms;
}

void door_send(struct door_conn *conn, struct gx_view bytes)
{
    if (conn->ended || bytes.size == 0) {
        return;
    }
    if (conn->datagram) {
        /* An answer that is lost on its way is asked for again. */
        (void)sendto(conn->fd, bytes.data, bytes.size, MSG_NOSIGNAL | MSG_DONTWAIT,
                     (const struct sockaddr *)&conn->peer, conn->peer_size);
        return;
    }
    ssize_t sent = 0;
    if (conn->out_size == 0) {
        sent = send(conn->fd, bytes.data, bytes.size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            conn_end(conn, DOOR_PEER);
            return;
        }
        sent = sent < 0 ? 0 : sent;
    }
    if ((size_t)sent < bytes.size) {
        keep_unsent(conn, bytes.data + sent, bytes.size - (size_t)sent);
    }
    rewatch(conn);
}

void conn_flush(struct door_conn *conn)
{
    ssize_t sent =
        conn->out_size == 0 ? 0 : send(conn->fd, conn->out, conn->out_size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        conn_end(conn, DOOR_PEER);
        return;
    }
    if (sent > 0) {
        conn->out_size -= (size_t)sent;
        memmove(conn->out, conn->out + sent, conn->out_size);
        conn->unsent_ms = conn->out_size == 0 ? 0 : conn->doors->now_ms;
    }
    if (conn->out_size == 0) {
        free(conn->out);
        conn->out = NULL;
        if (conn->closing) {
            conn_end(conn, DOOR_OURS);
        }
    }
    rewatch(conn);
}

void door_close(struct door_conn *conn)
{
    conn->closing = true;
    conn_flush(conn);
}

/* --- time --- */

static bool too_late(const struct door_conn *conn)
{
    const struct doors_settings *settings = &conn->doors->settings;
    int64_t now = conn->doors->now_ms;
    return (conn->part_ms != 0 && now - conn->part_ms > settings->frame_ms) ||
           (conn->unsent_ms != 0 && now - conn->unsent_ms > settings->frame_ms) ||
           (!conn->framed && now - conn->frame_ms > settings->frame_ms);
}

void conn_scan(struct doors *doors)
{
    for (size_t i = 0; i < doors->slot_count; i++) {
        struct door_conn *conn = doors->slots[i].conn;
        if (conn == NULL || conn->ended) {
            continue;
        }
        if (too_late(conn)) {
            conn_end(conn, DOOR_SLOW);
        } else if (!conn->asking && doors->now_ms - conn->frame_ms > doors->settings.idle_ms) {
            conn_end(conn, DOOR_IDLE);
        }
    }
}

/* --- small ones --- */

void *door_self(const struct door_conn *conn)
{
    return conn->port->door.self;
}

void *door_state(struct door_conn *conn)
{
    return conn->state;
}

struct doors *door_of(const struct door_conn *conn)
{
    return conn->doors;
}

uint64_t door_id(const struct door_conn *conn)
{
    return conn->id;
}

void door_count(struct door_conn *conn, size_t outcome)
{
    if (outcome < conn->port->door.protocol->outcome_count) {
        gx_metric_add(&conn->port->frames[outcome], 1);
    }
}
