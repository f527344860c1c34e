/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command through the broker and back, beside its yardstick, call by call in turn: a bare ØMQ request and reply of the same sizes
 * through a ROUTER-DEALER proxy, CURVE on every socket. Each end is a process of its own, as in the cluster.
 *     rpc [CALLS [tcp|ipc]]
 * Lines: metric value unit.
 */
#include "base/clock.h"
#include "base/id.h"
#include "registry.pb-c.h"
#include "wire/bus.h"
#include "wire/curve.h"
#include "wire/messages.h"
#include "wire/net.h"
#include "wire/pb.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

extern char **environ;

enum {
    PATH_SIZE = 256,
    REQUEST_BYTES = 200,
    REPLY_BYTES = 120,
    WARM_UP = 500,
    PEERS = 4
};

struct bench {
    char dir[64];
    char keys[PATH_SIZE];
    char broker[PATH_SIZE];
    char front[PATH_SIZE];
    char back[PATH_SIZE];
    pid_t peers[PEERS];
    int peer_count;
};

static void must(bool good, const char *what)
{
    if (!good) {
        (void)fprintf(stderr, "rpc: %s: %s\n", what, zmq_strerror(zmq_errno()));
        exit(1);
    }
}

/* --- The yardstick --- */

static void *bare_socket(void *context, int type, const char *keys, const char *server)
{
    struct gx_curve own;
    struct gx_curve peer;
    must(gx_curve_load(keys, server == NULL ? "broker" : "gateway", &own) == GX_OK, "keys");
    void *socket = zmq_socket(context, type);
    int linger = 0;
    (void)zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    (void)zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own.secret_key, GX_CURVE_TEXT_SIZE);
    if (server == NULL) {
        int yes = 1;
        (void)zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &yes, sizeof yes);
    } else {
        must(gx_curve_load_public(keys, server, &peer) == GX_OK, "keys");
        (void)zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, own.public_key, GX_CURVE_TEXT_SIZE);
        (void)zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, peer.public_key, GX_CURVE_TEXT_SIZE);
    }
    return socket;
}

static int run_proxy(char **args)
{
    void *context = zmq_ctx_new();
    void *front = bare_socket(context, ZMQ_ROUTER, args[0], NULL);
    void *back = bare_socket(context, ZMQ_DEALER, args[0], NULL);
    must(zmq_bind(front, args[1]) == 0 && zmq_bind(back, args[2]) == 0, "bind");
    return zmq_proxy(front, back, NULL);
}

static int run_echo(char **args)
{
    void *socket = bare_socket(zmq_ctx_new(), ZMQ_REP, args[0], "broker");
    must(zmq_connect(socket, args[1]) == 0, "connect");
    char bytes[4096] = {0};
    while (zmq_recv(socket, bytes, sizeof bytes, 0) >= 0) {
        (void)zmq_send(socket, bytes, REPLY_BYTES, 0);
    }
    return 0;
}

static int64_t bare_us(void *socket)
{
    char bytes[4096] = {0};
    int64_t begin_us = gx_clock_mono_us();
    must(zmq_send(socket, bytes, REQUEST_BYTES, 0) == REQUEST_BYTES, "send");
    must(zmq_recv(socket, bytes, sizeof bytes, 0) == REPLY_BYTES, "receive");
    return gx_clock_mono_us() - begin_us;
}

/* --- Ours --- */

static void run_worker(char **args)
{
    const struct gx_bus_settings settings = {
        .key_dir = args[0], .brokers = args[1], .key_name = "readiness", .queue_limit = 1000};
    struct gx_worker *worker = NULL;
    must(gx_worker_open(&settings, "readiness", &worker) == GX_OK, "worker");
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, 1 << 20);
    for (;;) {
        struct gx_worker_call call;
        if (gx_worker_next(worker, &ctx, 1000, &call) == GX_OK) {
            ProtobufCMessage *request = NULL;
            struct gx_view body = {call.command->body.data, call.command->body.len};
            must(gx_pb_unpack(&ctx, &genxi__shift_close__descriptor, body, &request) == GX_OK,
                 "request");
            Genxi__Shift shift = GENXI__SHIFT__INIT;
            shift.id = ((Genxi__ShiftClose *)request)->id;
            shift.responder_id = shift.id;
            struct gx_view packed;
            must(gx_pb_pack(&ctx, &shift.base, &packed) == GX_OK, "reply");
            Genxi__Reply reply = GENXI__REPLY__INIT;
            reply.id = call.command->id;
            reply.has_body = 1;
            reply.body = gx_pb_bytes(packed);
            gx_worker_reply(worker, &reply);
        }
        gx_ctx_reset(&ctx);
    }
}

static int64_t ours_us(struct gx_caller *caller, struct gx_ctx *ctx, const char *id)
{
    int64_t begin_us = gx_clock_mono_us();
    Genxi__ShiftClose request = GENXI__SHIFT_CLOSE__INIT;
    request.id = gx_pb_text(id);
    ProtobufCMessage *reply = NULL;
    enum gx_rc rc = gx_caller_call(caller, ctx, GX_C_shift_close, &request.base, NULL, &reply);
    must(rc == GX_OK, gx_rc_name(rc));
    int64_t took_us = gx_clock_mono_us() - begin_us;
    gx_ctx_reset(ctx);
    return took_us;
}

/* --- The stage --- */

static void start(struct bench *bench, const char *program, const char *const *args)
{
    union {
        const char *const *in;
        char *const *out;
    } drop = {.in = args};
    must(posix_spawn(&bench->peers[bench->peer_count++], program, NULL, NULL, drop.out, environ) ==
             0,
         program);
}

static void set_address(char address[PATH_SIZE], const struct bench *bench, char name, int port)
{
    if (port != 0) {
        (void)snprintf(address, PATH_SIZE, "tcp://127.0.0.1:%d", port);
    } else {
        (void)snprintf(address, PATH_SIZE, "ipc://%s/%c", bench->dir, name);
    }
}

static void open_bench(struct bench *bench, const char *self, bool tcp)
{
    static const char *const NAMES[] = {"broker", "gateway", "readiness"};
    memset(bench, 0, sizeof *bench);
    (void)snprintf(bench->dir, sizeof bench->dir, "/tmp/genxi-rpc-XXXXXX");
    must(mkdtemp(bench->dir) != NULL, "folder");
    (void)snprintf(bench->keys, sizeof bench->keys, "%s/keys", bench->dir);
    int port = 20000 + getpid() % 20000;
    set_address(bench->broker, bench, 'b', tcp ? port : 0);
    set_address(bench->front, bench, 'f', tcp ? port + 4 : 0);
    set_address(bench->back, bench, 'r', tcp ? port + 5 : 0);
    for (size_t i = 0; i < GX_COUNT_OF(NAMES); i++) {
        must(gx_curve_make(bench->keys, NAMES[i]) == GX_OK, "keys");
    }
    char key_dir[PATH_SIZE + 16];
    char bind[PATH_SIZE + 16];
    (void)snprintf(key_dir, sizeof key_dir, "--key-dir=%s", bench->keys);
    (void)snprintf(bind, sizeof bind, "--bind=%s", bench->broker);
    const char *const broker[] = {BROKER, key_dir, bind, "--admin-port=0", "--log-level=warn",
                                  NULL};
    const char *const worker[] = {self, "worker", bench->keys, bench->broker, NULL};
    const char *const proxy[] = {self, "proxy", bench->keys, bench->front, bench->back, NULL};
    const char *const echo[] = {self, "echo", bench->keys, bench->back, NULL};
    start(bench, BROKER, broker);
    start(bench, self, worker);
    start(bench, self, proxy);
    start(bench, self, echo);
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *walk)
{
    (void)info;
    (void)flag;
    (void)walk;
    return remove(path);
}

static void close_bench(struct bench *bench)
{
    for (int i = 0; i < bench->peer_count; i++) {
        (void)kill(bench->peers[i], SIGKILL);
        (void)waitpid(bench->peers[i], NULL, 0);
    }
    (void)nftw(bench->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* --- Figures --- */

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

static void print(int64_t *ours, int64_t *bare, size_t count)
{
    qsort(ours, count, sizeof *ours, compare);
    qsort(bare, count, sizeof *bare, compare);
    size_t p50 = count / 2;
    size_t p99 = count * 99 / 100;
    (void)printf("rpc.p50_us %lld us\nrpc.p99_us %lld us\n", (long long)ours[p50],
                 (long long)ours[p99]);
    (void)printf("rpc.yardstick_p50_us %lld us\nrpc.yardstick_p99_us %lld us\n",
                 (long long)bare[p50], (long long)bare[p99]);
    (void)printf("rpc.ratio_p50 %.3f ratio\nrpc.ratio_p99 %.3f ratio\n",
                 (double)ours[p50] / (double)bare[p50], (double)ours[p99] / (double)bare[p99]);
}

static void measure(struct bench *bench, size_t count)
{
    const struct gx_bus_settings settings = {.key_dir = bench->keys,
                                             .brokers = bench->broker,
                                             .key_name = "gateway",
                                             .queue_limit = 1000};
    struct gx_caller *caller = NULL;
    must(gx_caller_open(&settings, &caller) == GX_OK, "caller");
    void *context = zmq_ctx_new();
    void *socket = bare_socket(context, ZMQ_REQ, bench->keys, "broker");
    must(zmq_connect(socket, bench->front) == 0, "connect");
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, 1 << 20);
    int64_t *ours = calloc(count, sizeof *ours);
    int64_t *bare = calloc(count, sizeof *bare);
    must(ours != NULL && bare != NULL, "memory");
    char id[GX_ID_SIZE];
    (void)gx_id_new(id);
    for (size_t i = 0; i < count + WARM_UP; i++) {
        int64_t ours_took_us = ours_us(caller, &ctx, id);
        int64_t bare_took_us = bare_us(socket);
        if (i >= WARM_UP) {
            ours[i - WARM_UP] = ours_took_us;
            bare[i - WARM_UP] = bare_took_us;
        }
    }
    print(ours, bare, count);
    free(ours);
    free(bare);
    gx_ctx_done(&ctx);
    gx_caller_free(caller);
    (void)zmq_close(socket);
    (void)zmq_ctx_term(context);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "tcp") != 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (strcmp(argv[1], "worker") == 0) {
            run_worker(argv + 2);
        }
        if (strcmp(argv[1], "proxy") == 0) {
            return run_proxy(argv + 2);
        }
        if (strcmp(argv[1], "echo") == 0) {
            return run_echo(argv + 2);
        }
    }
    struct bench bench;
    long count = argc > 1 ? strtol(argv[1], NULL, 10) : 5000;
    must(count > 0, "usage: rpc [CALLS [tcp|ipc]]");
    open_bench(&bench, "/proc/self/exe", argc <= 2 || strcmp(argv[2], "ipc") != 0);
    measure(&bench, (size_t)count);
    close_bench(&bench);
    return 0;
}
