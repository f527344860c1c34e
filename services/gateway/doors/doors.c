/* SPDX-License-Identifier: Apache-2.0 */
/* The thread: ports, epoll, time. */
#include "internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    EVENTS = 256,
    TURN_MS = 500,
    SCAN_MS = 1000,
    ACCEPTS_A_TURN = 256,
    DATAGRAMS_A_TURN = 256,
    ARENA_MAX = 1 << 20,
    DATAGRAM_MAX = 65536
};

/* What epoll tells of: connections by their id, whose low half is never 0; the rest so. */
#define MARK_WAKE (UINT64_C(3) << 62U)
#define MARK_TCP (UINT64_C(2) << 62U)
#define MARK_UDP (UINT64_C(1) << 62U)

static uint64_t mark(uint64_t kind, size_t port)
{
    return kind | (uint64_t)port << 32U;
}

/* --- ports --- */

static int make_socket(const struct doors_settings *settings, int type, int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int on = 1;
    if (inet_pton(AF_INET, settings->bind, &at.sin_addr) != 1) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    bool good =
        (type == SOCK_DGRAM || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0) &&
        bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
        (type == SOCK_DGRAM || listen(fd, BACKLOG) == 0);
    if (!good) {
        int kept = errno;
        (void)close(fd);
        errno = kept;
        return -1;
    }
    return fd;
}

static bool add_fd(struct doors *doors, int fd, uint64_t what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = what};
    return epoll_ctl(doors->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool open_port(struct doors *doors, const struct door_port *door)
{
    struct port *port = &doors->ports[doors->port_count];
    struct sockaddr_in at;
    socklen_t size = sizeof at;
    *port = (struct port){.door = *door, .udp = -1};
    port->tcp = make_socket(&doors->settings, SOCK_STREAM, door->port);
    if (port->tcp >= 0 && getsockname(port->tcp, (struct sockaddr *)&at, &size) == 0) {
        port->number = ntohs(at.sin_port);
        port->udp = door->udp ? make_socket(&doors->settings, SOCK_DGRAM, port->number) : -1;
    }
    if (port->tcp < 0 || (door->udp && port->udp < 0)) {
        gx_log(NULL, GX_ERROR, "door-port", "%s: port %d of %s: %s", door->protocol->name,
               door->port, doors->settings.bind, strerror(errno));
        if (port->tcp >= 0) {
            (void)close(port->tcp);
        }
        return false;
    }
    size_t n = doors->port_count++;
    gx_log(NULL, GX_INFO, "door-open", "%s on port %d", door->protocol->name, port->number);
    return add_fd(doors, port->tcp, mark(MARK_TCP, n)) &&
           (port->udp < 0 || add_fd(doors, port->udp, mark(MARK_UDP, n)));
}

static void close_ports(struct doors *doors)
{
    for (size_t i = 0; i < doors->port_count; i++) {
        struct port *port = &doors->ports[i];
        if (port->tcp >= 0) {
            (void)close(port->tcp);
        }
        port->tcp = -1;
    }
}

/* --- a turn --- */

/* While no descriptor is free, those who come wait in the backlog; it is looked at again a second later. */
static void pause_port(struct doors *doors, struct port *port, bool pause)
{
    struct epoll_event event = {.events = pause ? 0 : EPOLLIN,
                                .data.u64 = mark(MARK_TCP, (size_t)(port - doors->ports))};
    port->paused = epoll_ctl(doors->epoll, EPOLL_CTL_MOD, port->tcp, &event) == 0 && pause;
}

static void accept_all(struct doors *doors, struct port *port)
{
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        struct sockaddr_storage peer;
        socklen_t size = sizeof peer;
        int fd = accept4(port->tcp, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
            pause_port(doors, port, true);
        }
        if (fd < 0) {
            return;
        }
        (void)conn_new(doors, port, fd, false, &peer, size);
    }
}

static void receive_all(struct doors *doors, struct port *port)
{
    for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
        struct sockaddr_storage peer;
        socklen_t size = sizeof peer;
        ssize_t got =
            recvfrom(port->udp, doors->scratch, DATAGRAM_MAX, 0, (struct sockaddr *)&peer, &size);
        if (got < 0) {
            return;
        }
        struct door_conn *conn =
            got == 0 ? NULL : conn_new(doors, port, port->udp, true, &peer, size);
        if (conn != NULL) {
            conn_take(conn, doors->scratch, (size_t)got);
        }
    }
}

static void serve(struct doors *doors, const struct epoll_event *event)
{
    uint64_t what = event->data.u64;
    size_t port = (size_t)(what >> 32U & 0xffU);
    if (what == MARK_WAKE) {
        uint64_t count = 0;
        (void)!read(doors->wake, &count, sizeof count);
        return; /* posts are run every turn */
    }
    if ((uint32_t)what == 0) {
        if ((what & MARK_UDP) != 0) {
            receive_all(doors, &doors->ports[port]);
        } else {
            accept_all(doors, &doors->ports[port]);
        }
        return;
    }
    struct door_conn *conn = door_find(doors, what);
    if (conn == NULL) {
        return;
    }
    if ((event->events & (EPOLLHUP | EPOLLERR)) != 0) {
        conn_end(conn, DOOR_PEER);
        return;
    }
    if ((event->events & EPOLLOUT) != 0) {
        conn_flush(conn);
    }
    if ((event->events & EPOLLIN) != 0 && !conn->ended) {
        conn_read(conn);
    }
}

static void by_time(struct doors *doors)
{
    if (doors->now_ms - doors->scan_ms < SCAN_MS) {
        return;
    }
    doors->scan_ms = doors->now_ms;
    conn_scan(doors);
    for (size_t i = 0; i < doors->port_count; i++) {
        const struct door_port *door = &doors->ports[i].door;
        if (doors->ports[i].paused) {
            pause_port(doors, &doors->ports[i], false);
        }
        if (door->protocol->tick != NULL) {
            door->protocol->tick(doors, door->self);
        }
    }
}

static void turn(struct doors *doors, int wait_ms)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(doors->epoll, events, EVENTS, wait_ms);
    doors->now_ms = gx_clock_mono_us() / 1000;
    for (int i = 0; i < count; i++) {
        serve(doors, &events[i]);
    }
    posts_run(doors);
    conn_sweep(doors);
}

/* No new connections; answers to what is under way still go out. */
static void drain(struct doors *doors)
{
    int64_t until = doors->now_ms + atomic_load(&doors->stop_ms);
    close_ports(doors);
    while (doors->asking > 0 && doors->now_ms < until) {
        turn(doors, 50);
    }
    for (size_t i = 0; i < doors->slot_count; i++) {
        if (doors->slots[i].conn != NULL) {
            conn_end(doors->slots[i].conn, DOOR_STOPPED);
        }
    }
    conn_sweep(doors);
}

static void *run(void *arg)
{
    struct doors *doors = arg;
    while (!atomic_load(&doors->ending)) {
        turn(doors, TURN_MS);
        by_time(doors);
        conn_sweep(doors);
    }
    drain(doors);
    return NULL;
}

/* --- opening and closing --- */

/* As many descriptors as the connections may need, if the system lets us. */
static void raise_limit(size_t connections)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)connections + 4096;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
            gx_log(NULL, GX_WARN, "door-descriptors",
                   "only %llu descriptors are allowed; %zu connections may be asked for",
                   (unsigned long long)limit.rlim_cur, connections);
        }
    }
}

enum gx_rc doors_open(const struct doors_settings *settings, const struct door_port *ports,
                      size_t count, struct doors **ret_doors)
{
    struct doors *doors = calloc(1, sizeof *doors);
    if (doors == NULL || count > DOORS_MAX) {
        abort();
    }
    doors->settings = *settings;
    (void)pthread_mutex_init(&doors->lock, NULL);
    gx_ctx_init(&doors->ctx, ARENA_MAX);
    doors->now_ms = gx_clock_mono_us() / 1000;
    doors->epoll = epoll_create1(EPOLL_CLOEXEC);
    doors->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    raise_limit(settings->connections);
    bool good = doors->epoll >= 0 && doors->wake >= 0 && add_fd(doors, doors->wake, MARK_WAKE);
    for (size_t i = 0; good && i < count; i++) {
        good = open_port(doors, &ports[i]);
    }
    if (good) {
        doors_metrics(doors);
        doors->running = true; /* before the thread looks at it */
        good = pthread_create(&doors->thread, NULL, run, doors) == 0;
        doors->running = good;
    }
    if (!good) {
        doors_stop(doors, 0);
        doors_free(doors);
        return GX_UNAVAILABLE;
    }
    *ret_doors = doors;
    return GX_OK;
}

int doors_port(const struct doors *doors, size_t n)
{
    return n < doors->port_count ? doors->ports[n].number : 0;
}

void doors_stop(struct doors *doors, int wait_ms)
{
    uint64_t one = 1;
    atomic_store(&doors->stop_ms, wait_ms);
    atomic_store(&doors->ending, true);
    if (doors->running) {
        (void)!write(doors->wake, &one, sizeof one);
        (void)pthread_join(doors->thread, NULL);
        doors->running = false;
    }
    close_ports(doors);
}

void doors_free(struct doors *doors)
{
    if (doors == NULL) {
        return;
    }
    /* What is told from now on finds nobody; what was told since the thread ended is let go, its connections being gone. */
    posts_run(doors);
    (void)pthread_mutex_lock(&doors->lock);
    doors->closed = true;
    (void)pthread_mutex_unlock(&doors->lock);
    for (size_t i = 0; i < doors->port_count; i++) {
        if (doors->ports[i].udp >= 0) {
            (void)close(doors->ports[i].udp);
        }
    }
    if (doors->epoll >= 0) {
        (void)close(doors->epoll);
    }
    if (doors->wake >= 0) {
        (void)close(doors->wake);
    }
    gx_ctx_done(&doors->ctx);
    (void)pthread_mutex_destroy(&doors->lock);
    free(doors->slots);
    free(doors);
}
