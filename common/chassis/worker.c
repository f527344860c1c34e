/* SPDX-License-Identifier: Apache-2.0 */
/* Serving commands: the path of one command through the service's table, and the thread that takes them from the broker. */
#include "base/clock.h"
#include "base/log.h"
#include "chassis/internal.h"
#include "wire/pb.h"

#include <stdlib.h>
#include <string.h>

enum {
    TAKE_WAIT_MS = 100,
    LAST_CALLS_WAIT_MS = 100
};

struct serving {
    struct gx_runner *runner;
    const Genxi__Command *command;
    const struct gx_command_row *row;
    const struct gx_command_type *type;
    uint8_t digest[GX_DIGEST_SIZE];
};

static void prepare_command(void *arg, struct gx_ctx *ctx)
{
    const struct serving *serving = arg;
    const Genxi__Command *command = serving->command;
    ctx->deadline_ms = command->deadline_at;
    ctx->label = serving->type == NULL ? "unknown" : serving->type->name;
    (void)gx_trace_child(command->traceparent, ctx->traceparent);
    gx_actor_from_pb(ctx, command->actor);
}

static const char *name_roles(struct gx_ctx *ctx, uint32_t roles)
{
#define ROLE_NAME(id, bit, json, text) {1U << (bit), json},
    static const struct {
        uint32_t bit;
        const char *name;
    } NAMES[] = {GX_ROLE_LIST(ROLE_NAME)};
#undef ROLE_NAME
    const char *list = roles == 0 ? "system" : "";
    for (size_t i = 0; i < GX_COUNT_OF(NAMES) && list != NULL; i++) {
        if ((roles & NAMES[i].bit) != 0) {
            list = gx_arena_printf(&ctx->arena, "%s%s%s", list, list[0] == '\0' ? "" : ", ",
                                   NAMES[i].name);
        }
    }
    return list == NULL ? "" : list;
}

/* The reply without what is shown once. */
static enum gx_rc pack_kept(struct gx_ctx *ctx, const char *once, ProtobufCMessage *reply,
                            struct gx_view *ret_kept)
{
    char **field = gx_pb_text_field(reply, once);
    if (field == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "%s", once);
    }
    char *text = GX_STEAL(field);
    enum gx_rc rc = gx_pb_pack(ctx, reply, ret_kept);
    *field = text;
    return rc;
}

static enum gx_rc run_command(void *arg, struct gx_ctx *ctx, struct gx_job_result *result)
{
    const struct serving *serving = arg;
    const struct gx_view body = {serving->command->body.data, serving->command->body.len};
    ProtobufCMessage *request = NULL;
    enum gx_rc rc = gx_pb_unpack(ctx, serving->type->request, body, &request);
    if (rc != GX_OK) {
        return rc;
    }
    ProtobufCMessage *reply = gx_pb_new(ctx, serving->type->reply);
    if (reply == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "memory limit");
    }
    rc = serving->row->handle(serving->runner->self, ctx, request, reply);
    /* Packed before the commit: a reply that does not fit must not follow a write. */
    if (rc == GX_OK) {
        rc = gx_pb_pack(ctx, reply, &result->reply);
    }
    const char *once = serving->type->once;
    return rc == GX_OK && once != NULL ? pack_kept(ctx, once, reply, &result->kept) : rc;
}

static const struct gx_command_row *find_row(const struct gx_service *service, uint32_t number)
{
    for (size_t i = 0; i < service->command_count; i++) {
        if (service->commands[i].number == number) {
            return &service->commands[i];
        }
    }
    return NULL;
}

/* May the command run at all? */
static enum gx_rc admit(const struct serving *serving, struct gx_ctx *ctx)
{
    if (serving->row == NULL || serving->type == NULL) {
        return gx_fail(ctx, GX_P_NOT_FOUND, "", "command %u", serving->command->type);
    }
    if (ctx->deadline_ms != 0 && gx_ctx_left_ms(ctx, 1) == 0) {
        return gx_fail(ctx, GX_P_DEADLINE, "", "0");
    }
    if (!gx_actor_has(&ctx->actor, serving->row->roles | GX_ROLE_SYSTEM)) {
        return gx_fail(ctx, GX_P_DENIED, "", "%s", name_roles(ctx, serving->row->roles));
    }
    return GX_OK;
}

static void fill_reply(struct gx_ctx *ctx, const Genxi__Command *command, enum gx_rc rc,
                       const struct gx_job_result *result, Genxi__Reply *reply)
{
    genxi__reply__init(reply);
    reply->id = command->id;
    reply->rc = (uint32_t)rc;
    if (rc != GX_OK) {
        gx_reply_faults(ctx, reply);
        return;
    }
    reply->has_body = 1;
    reply->body = gx_pb_bytes(result->reply);
    reply->has_replayed = result->replayed;
    reply->replayed = result->replayed;
}

static void count(const struct serving *serving, enum gx_rc rc, int64_t began_us)
{
    struct gx_chassis *chassis = serving->runner->chassis;
    if (serving->row == NULL) {
        return;
    }
    size_t index = (size_t)(serving->row - chassis->service->commands);
    gx_metric_add(&chassis->command_counts[index * GX_RC_COUNT + (size_t)rc], 1);
    gx_metric_observe_us(&chassis->command_latency[index], gx_clock_mono_us() - began_us);
}

void gx_serve(struct gx_runner *runner, const Genxi__Command *command, Genxi__Reply *reply)
{
    int64_t began_us = gx_clock_mono_us();
    struct serving serving = {.runner = runner,
                              .command = command,
                              .row = find_row(runner->chassis->service, command->type),
                              .type = gx_command_by_number(command->type)};
    struct gx_job job = {.prepare = prepare_command, .run = run_command, .arg = &serving};
    struct gx_job_result result = {.replayed = false};
    gx_ctx_reset(&runner->ctx);
    prepare_command(&serving, &runner->ctx);
    enum gx_rc rc = admit(&serving, &runner->ctx);
    if (rc == GX_OK) {
        job.plan.read_only = !serving.type->writes && !serving.type->logs;
        if (serving.type->writes && command->idempotency_key != NULL &&
            command->idempotency_key[0] != '\0') {
            gx_command_digest(command->type,
                              (struct gx_view){command->body.data, command->body.len},
                              serving.digest);
            job.plan.key = command->idempotency_key;
            job.plan.digest = serving.digest;
        }
        rc = gx_runner_run(runner, &runner->ctx, &job, &result);
    }
    if (rc == GX_INTERNAL || rc == GX_UNCERTAIN) {
        gx_log(&runner->ctx, GX_ERROR, "command-failed", "%s: %s", gx_rc_name(rc),
               runner->ctx.fault_count > 0 ? runner->ctx.faults[0].value : "");
    }
    fill_reply(&runner->ctx, command, rc, &result, reply);
    count(&serving, rc, began_us);
}

/* One call from the broker, or none within wait_ms. False: none came. */
static bool serve_next(struct gx_runner *runner, struct gx_worker *worker, struct gx_ctx *call_ctx,
                       int wait_ms)
{
    struct gx_worker_call call = {.command = NULL};
    gx_ctx_reset(call_ctx);
    enum gx_rc rc = gx_worker_next(worker, call_ctx, wait_ms, &call);
    if (rc != GX_OK) {
        if (rc != GX_TIMEOUT) {
            gx_chassis_sleep_ms(runner->chassis, wait_ms);
        }
        return false;
    }
    Genxi__Reply reply;
    gx_serve(runner, call.command, &reply);
    gx_worker_reply(worker, &reply);
    return true;
}

void *gx_worker_body(void *arg)
{
    struct gx_thread *thread = arg;
    struct gx_chassis *chassis = thread->chassis;
    struct gx_runner runner;
    struct gx_worker *worker = NULL;
    struct gx_ctx call_ctx;
    gx_ctx_init(&call_ctx, (size_t)chassis->common->arena_bytes);
    bool open = gx_runner_open(&runner, chassis, true);
    if (open && gx_worker_open(&chassis->bus, chassis->service->name, &worker) != GX_OK) {
        gx_log(NULL, GX_ERROR, "worker-open", "no worker could be made");
        atomic_store(&chassis->failed, true);
        open = false;
    }
    while (open && !atomic_load(&chassis->stopping)) {
        (void)serve_next(&runner, worker, &call_ctx, TAKE_WAIT_MS);
        atomic_store(&chassis->worker_brokers[thread->index], gx_worker_brokers_up(worker));
    }
    if (open) {
        /* A call may have been on its way when BYE went out. */
        gx_worker_drain(worker);
        while (serve_next(&runner, worker, &call_ctx, LAST_CALLS_WAIT_MS)) {
        }
    }
    gx_worker_free(worker);
    gx_runner_close(&runner);
    gx_ctx_done(&call_ctx);
    return NULL;
}
