/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "base/clock.h"
#include "registry.pb-c.h"
#include "wire/curve.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void must(bool good, const char *what)
{
    if (!good) {
        (void)fprintf(stderr, "stage: %s\n", what);
        abort();
    }
}

void stage_open(struct stage *stage)
{
    static const char *const NAMES[] = {"broker", "gateway", "readiness", "intake"};
    memset(stage, 0, sizeof *stage);
    (void)snprintf(stage->dir, sizeof stage->dir, "/tmp/genxi-bus-XXXXXX");
    must(mkdtemp(stage->dir) != NULL, "mkdtemp");
    (void)snprintf(stage->keys, sizeof stage->keys, "%s/keys", stage->dir);
    (void)snprintf(stage->log, sizeof stage->log, "%s/served", stage->dir);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(stage->broker[i], sizeof stage->broker[i], "ipc://%s/%c", stage->dir,
                       'a' + i);
    }
    (void)snprintf(stage->brokers, sizeof stage->brokers, "%s,%s", stage->broker[0],
                   stage->broker[1]);
    for (size_t i = 0; i < GX_COUNT_OF(NAMES); i++) {
        must(gx_curve_make(stage->keys, NAMES[i]) == GX_OK, "keys");
    }
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *walk)
{
    (void)info;
    (void)flag;
    (void)walk;
    return remove(path);
}

void stage_close(struct stage *stage)
{
    for (int i = 0; i < STAGE_PEERS; i++) {
        if (stage->peers[i] != 0) {
            stage_stop(stage, stage->peers[i], SIGKILL);
        }
    }
    (void)nftw(stage->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static pid_t start(struct stage *stage, const char *const *args)
{
    for (int i = 0; i < STAGE_PEERS; i++) {
        if (stage->peers[i] == 0) {
            union {
                const char *const *in;
                char *const *out;
            } drop = {.in = args};
            must(posix_spawn(&stage->peers[i], PEER, NULL, NULL, drop.out, environ) == 0, "spawn");
            return stage->peers[i];
        }
    }
    must(false, "too many peers");
    return -1;
}

pid_t stage_broker(struct stage *stage, int which, int queue)
{
    char size[16];
    (void)snprintf(size, sizeof size, "%d", queue);
    const char *const args[] = {PEER, "broker", stage->keys, stage->broker[which], size, NULL};
    return start(stage, args);
}

pid_t stage_worker(struct stage *stage, const char *brokers, const char *service,
                   const char *key_name)
{
    const char *const args[] = {PEER,    "worker", stage->keys, brokers,
                                service, key_name, stage->log,  NULL};
    return start(stage, args);
}

void stage_stop(struct stage *stage, pid_t pid, int signal)
{
    for (int i = 0; i < STAGE_PEERS; i++) {
        if (stage->peers[i] == pid) {
            stage->peers[i] = 0;
            (void)kill(pid, signal);
            (void)waitpid(pid, NULL, 0);
        }
    }
}

struct gx_bus_settings stage_settings(struct stage *stage, const char *brokers,
                                      const char *key_name)
{
    return (struct gx_bus_settings){
        .brokers = brokers, .key_dir = stage->keys, .key_name = key_name, .queue_limit = 200};
}

struct gx_caller *stage_caller(struct stage *stage, const char *brokers)
{
    const struct gx_bus_settings settings = stage_settings(stage, brokers, "gateway");
    struct gx_caller *caller = NULL;
    must(gx_caller_open(&settings, &caller) == GX_OK, "caller");
    return caller;
}

int stage_served(const struct stage *stage)
{
    FILE *file = fopen(stage->log, "re");
    int lines = 0;
    int c;
    while (file != NULL && (c = getc(file)) != EOF) {
        lines += c == '\n';
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return lines;
}

static bool log_names(const struct stage *stage, pid_t worker)
{
    char line[128];
    bool found = false;
    FILE *file = fopen(stage->log, "re");
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        const char *pid = strrchr(line, ' ');
        found = pid != NULL && strtol(pid, NULL, 10) == (long)worker;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return found;
}

bool stage_has_served(const struct stage *stage, pid_t worker)
{
    for (int i = 0; i < 3000 && !log_names(stage, worker); i++) {
        stage_sleep_ms(10);
    }
    return log_names(stage, worker);
}

void stage_wait(struct stage *stage, int broker)
{
    struct gx_caller *caller = stage_caller(stage, stage->broker[broker]);
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, 1 << 20);
    int64_t end_us = gx_clock_mono_us() + (int64_t)30 * 1000 * 1000;
    enum gx_rc rc = GX_TIMEOUT;
    while (rc != GX_OK && gx_clock_mono_us() < end_us) {
        rc = stage_close_shift(caller, &ctx, "warm", 5000);
        gx_ctx_reset(&ctx);
    }
    must(rc == GX_OK, "no call is served");
    gx_ctx_done(&ctx);
    gx_caller_free(caller);
}

void stage_sleep_ms(long ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&pause, NULL);
}

enum gx_rc stage_close_shift(struct gx_caller *caller, struct gx_ctx *ctx, const char *id, int ms)
{
    Genxi__ShiftClose request = GENXI__SHIFT_CLOSE__INIT;
    request.id = gx_pb_text(id);
    ProtobufCMessage *reply = NULL;
    ctx->deadline_ms = gx_clock_wall_ms() + ms;
    enum gx_rc rc = gx_caller_call(caller, ctx, GX_C_shift_close, &request.base, NULL, &reply);
    if (rc == GX_OK) {
        must(strcmp(((const Genxi__Shift *)reply)->id, id) == 0,
             "the reply belongs to another call");
    }
    return rc;
}

enum gx_rc stage_list_partners(struct gx_caller *caller, struct gx_ctx *ctx, int ms)
{
    Genxi__PartnerQuery request = GENXI__PARTNER_QUERY__INIT;
    ProtobufCMessage *reply = NULL;
    ctx->deadline_ms = gx_clock_wall_ms() + ms;
    return gx_caller_call(caller, ctx, GX_C_partner_list, &request.base, NULL, &reply);
}
