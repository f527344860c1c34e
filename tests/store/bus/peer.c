/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other processes of the bus tests, ended by SIGTERM, or killed:
 *     peer broker KEYS BIND QUEUE
 *     peer worker KEYS BROKERS SERVICE KEY_NAME LOG     serves partner_list and shift_close; each served command is a line of LOG: its id and our process
 * A shift_close of the id "sleep-N" takes N milliseconds; "deny" is refused.
 */
#include "broker.h"

#include "base/clock.h"
#include "base/log.h"
#include "registry.pb-c.h"
#include "wire/bus.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

static int open_signals(void)
{
    sigset_t stop;
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &stop, NULL);
    return signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int run_broker(char **args)
{
    const struct broker_settings settings = {.key_dir = args[0],
                                             .bind = args[1],
                                             .key_name = "broker",
                                             .queue_per_service = atoi(args[2]),
                                             .queue_limit = 1000,
                                             .drain_ms = 1000};
    int signals = open_signals();
    struct broker *broker = NULL;
    if (broker_open(&settings, &broker) != GX_OK) {
        return 1;
    }
    broker_run(broker, signals);
    broker_free(broker);
    return 0;
}

static void sleep_ms(long ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&pause, NULL);
}

static enum gx_rc serve_shift(struct gx_ctx *ctx, const Genxi__Command *command,
                              Genxi__Reply *reply)
{
    ProtobufCMessage *message = NULL;
    struct gx_view body = {command->body.data, command->body.len};
    enum gx_rc rc = gx_pb_unpack(ctx, &genxi__shift_close__descriptor, body, &message);
    if (rc != GX_OK) {
        return rc;
    }
    const Genxi__ShiftClose *request = (const Genxi__ShiftClose *)message;
    if (strncmp(request->id, "sleep-", 6) == 0) {
        sleep_ms(atol(request->id + 6));
    }
    if (strcmp(request->id, "deny") == 0) {
        return gx_fail(ctx, GX_P_FOREIGN_RESPONDER, "/id", "%s", request->id);
    }
    Genxi__Shift shift = GENXI__SHIFT__INIT;
    shift.id = request->id;
    shift.responder_id = gx_pb_text("r");
    shift.state = GENXI__SHIFT_STATE__SHIFT_STATE_CLOSED;
    struct gx_view packed;
    rc = gx_pb_pack(ctx, &shift.base, &packed);
    reply->has_body = 1;
    reply->body = gx_pb_bytes(packed);
    return rc;
}

static void serve(struct gx_worker *worker, struct gx_ctx *ctx, const Genxi__Command *command,
                  int log)
{
    char line[64];
    int size = snprintf(line, sizeof line, "%s %ld\n", command->id, (long)getpid());
    (void)!write(log, line, (size_t)size);
    Genxi__Reply reply = GENXI__REPLY__INIT;
    reply.id = command->id;
    enum gx_rc rc = command->type == GX_C_shift_close ? serve_shift(ctx, command, &reply) : GX_OK;
    reply.rc = (uint32_t)rc;
    gx_reply_faults(ctx, &reply);
    gx_worker_reply(worker, &reply);
}

static int run_worker(char **args)
{
    const struct gx_bus_settings settings = {
        .key_dir = args[0], .brokers = args[1], .key_name = args[3], .queue_limit = 100};
    int signals = open_signals();
    int log = open(args[4], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    struct gx_worker *worker = NULL;
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, 1 << 20);
    if (log < 0 || gx_worker_open(&settings, args[2], &worker) != GX_OK) {
        return 1;
    }
    for (;;) {
        struct gx_worker_call call;
        enum gx_rc rc = gx_worker_next(worker, &ctx, 50, &call);
        if (rc == GX_OK) {
            serve(worker, &ctx, call.command, log);
        } else if (rc == GX_UNAVAILABLE) {
            break;
        }
        gx_ctx_reset(&ctx);
        struct signalfd_siginfo info;
        if (read(signals, &info, sizeof info) > 0) {
            gx_worker_drain(worker);
        }
    }
    gx_worker_free(worker);
    gx_ctx_done(&ctx);
    return 0;
}

int main(int argc, char **argv)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    gx_log_init("peer", GX_ERROR);
    if (argc == 5 && strcmp(argv[1], "broker") == 0) {
        return run_broker(argv + 2);
    }
    if (argc == 7 && strcmp(argv[1], "worker") == 0) {
        return run_worker(argv + 2);
    }
    return 2;
}
