/* SPDX-License-Identifier: Apache-2.0 */
#include "ground.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/migrate.h"

#include <unistd.h>

const struct gx_actor GROUND_SYSTEM = {
    .roles = GX_ROLE_SYSTEM, .subject = "test", .org = "", .responder_id = "", .lang = "en"};

struct gx_actor ground_actor(uint32_t roles, const char *subject, const char *org,
                             const int32_t *area)
{
    return (struct gx_actor){.roles = roles,
                             .subject = subject,
                             .org = org,
                             .responder_id = "",
                             .areas = area,
                             .area_count = area == NULL ? 0 : 1,
                             .lang = "en"};
}

static const char *admin_conninfo(void)
{
    const char *admin = getenv("GX_PG");
    if (admin == NULL) {
        fail_msg("GX_PG is not set: see the file run beside this test");
    }
    return admin;
}

void ground_migrate(const char *service)
{
    char root[] = "/tmp/genxi-ground-XXXXXX";
    char here[1024];
    char path[2][256];
    char target[2][2048];
    struct gx_ctx ctx;
    struct gx_pg *pg = NULL;
    int applied = 0;
    gx_log_init("test", GX_ERROR);
    assert_non_null(mkdtemp(root));
    assert_non_null(getcwd(here, sizeof here));
    (void)snprintf(path[0], sizeof path[0], "%s/store", root);
    (void)snprintf(path[1], sizeof path[1], "%s/%s", root, service);
    (void)snprintf(target[0], sizeof target[0], "%s/common/store/schema", here);
    (void)snprintf(target[1], sizeof target[1], "%s/services/%s/schema", here, service);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(symlink(target[i], path[i]), 0);
    }
    gx_ctx_init(&ctx, 1 << 24);
    assert_int_equal(gx_pg_open(admin_conninfo(), "test", &pg), GX_OK);
    assert_int_equal(gx_migrate(pg, &ctx, root, &applied), GX_OK);
    assert_true(applied >= 3);
    gx_pg_free(pg);
    gx_ctx_done(&ctx);
    (void)unlink(path[0]);
    (void)unlink(path[1]);
    (void)rmdir(root);
}

struct ground *ground_new(const struct ground_of *of, void *self)
{
    char conninfo[2048];
    struct ground *ground = calloc(1, sizeof *ground);
    assert_non_null(ground);
    (void)snprintf(conninfo, sizeof conninfo, "%s options='-c role=genxi_%s'", admin_conninfo(),
                   of->schema);
    assert_int_equal(gx_pg_open(conninfo, "test", &ground->pg), GX_OK);
    ground->of = of;
    ground->store = gx_store_new(of->name, of->schema);
    ground->tx = gx_tx_new(ground->pg, ground->store);
    ground->self = self;
    gx_ctx_init(&ground->ctx, 1 << 25);
    return ground;
}

void ground_free(struct ground *ground)
{
    gx_tx_free(ground->tx);
    gx_store_free(ground->store);
    gx_pg_free(ground->pg);
    gx_ctx_done(&ground->ctx);
    free(ground);
}

enum gx_rc ground_run(struct ground *ground, const struct gx_actor *actor, ground_fn *fn, void *arg)
{
    const struct gx_tx_plan plan = {.read_only = false};
    struct gx_ctx *ctx = &ground->ctx;
    gx_ctx_reset(ctx);
    ctx->actor = *actor;
    ctx->deadline_ms = gx_clock_wall_ms() + 20000;
    (void)gx_trace_new(ctx->traceparent);
    ground->event_count = 0;
    gx_tx_begin(ground->tx, ctx, &plan);
    enum gx_rc rc = gx_tx_touch(ground->tx);
    if (rc == GX_OK) {
        rc = fn(arg, ctx);
    }
    if (rc == GX_OK) {
        rc = gx_tx_commit(ground->tx, (struct gx_view){NULL, 0});
    }
    if (rc == GX_OK) {
        size_t count = 0;
        Genxi__Event **events = gx_tx_events(ground->tx, &count);
        assert_true(count <= EVENTS_MAX);
        for (size_t i = 0; i < count; i++) {
            ground->events[ground->event_count++] = events[i];
        }
    } else {
        gx_tx_abort(ground->tx);
    }
    gx_tx_end(ground->tx);
    return rc;
}

struct command_work {
    const struct ground *ground;
    gx_command_fn *handle;
    const void *request;
    void *reply;
};

static enum gx_rc command_fn(void *arg, struct gx_ctx *ctx)
{
    const struct command_work *work = arg;
    return work->handle(work->ground->self, ctx, work->request, work->reply);
}

enum gx_rc ground_command(struct ground *ground, const struct gx_actor *actor, uint32_t number,
                          const void *request, void *reply)
{
    const struct gx_command_type *type = gx_command_by_number(number);
    assert_non_null(type);
    protobuf_c_message_init(type->reply, reply);
    for (size_t i = 0; i < ground->of->command_count; i++) {
        const struct gx_command_row *row = &ground->of->commands[i];
        if (row->number == number) {
            struct command_work work = {ground, row->handle, request, reply};
            return gx_actor_has(actor, row->roles | GX_ROLE_SYSTEM)
                       ? ground_run(ground, actor, command_fn, &work)
                       : GX_DENIED;
        }
    }
    fail_msg("no such command");
    return GX_INTERNAL;
}

struct event_work {
    const struct ground *ground;
    gx_event_fn *handle;
    const void *payload;
};

static enum gx_rc event_fn(void *arg, struct gx_ctx *ctx)
{
    const struct event_work *work = arg;
    Genxi__Event event = GENXI__EVENT__INIT;
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    Genxi__Actor actor = GENXI__ACTOR__INIT;
    event.audience = &audience;
    event.actor = &actor;
    event.area = AREA;
    return work->handle(work->ground->self, ctx, &event, work->payload);
}

enum gx_rc ground_event(struct ground *ground, uint32_t number, const void *payload)
{
    for (size_t i = 0; i < ground->of->event_count; i++) {
        if (ground->of->events[i].number == number) {
            struct event_work work = {ground, ground->of->events[i].handle, payload};
            return ground_run(ground, &GROUND_SYSTEM, event_fn, &work);
        }
    }
    fail_msg("not followed");
    return GX_INTERNAL;
}

struct timer_work {
    const struct ground *ground;
    bool found;
};

static enum gx_rc timer_fn(void *arg, struct gx_ctx *ctx)
{
    struct timer_work *work = arg;
    struct gx_timer timer;
    int tries = 0;
    enum gx_rc rc = gx_timer_take(ctx, &work->found, &timer, &tries);
    const struct ground_of *of = work->ground->of;
    for (size_t i = 0; i < of->timer_count && rc == GX_OK && work->found; i++) {
        if (strcmp(of->timers[i].kind, timer.kind) == 0) {
            return of->timers[i].handle(work->ground->self, ctx, &timer);
        }
    }
    return rc;
}

int ground_timers(struct ground *ground)
{
    for (int count = 0;; count++) {
        struct timer_work work = {ground, false};
        assert_int_equal(ground_run(ground, &GROUND_SYSTEM, timer_fn, &work), GX_OK);
        if (!work.found) {
            return count;
        }
        if (ground->event_count > 0) {
            return count + 1; /* its events are there to be looked at; call again for more */
        }
    }
}

const char *ground_problem(const struct ground *ground)
{
    return ground->ctx.fault_count == 0 ? "" : gx_problem_row(ground->ctx.faults[0].problem)->slug;
}

size_t ground_emitted_count(const struct ground *ground, uint32_t number)
{
    size_t count = 0;
    for (size_t i = 0; i < ground->event_count; i++) {
        count += ground->events[i]->type == number ? 1 : 0;
    }
    return count;
}

const Genxi__Event *ground_emitted(struct ground *ground, uint32_t number, size_t n,
                                   void *ret_payload)
{
    for (size_t i = 0; i < ground->event_count; i++) {
        const Genxi__Event *event = ground->events[i];
        if (event->type != number || n-- > 0) {
            continue;
        }
        if (ret_payload != NULL) {
            const struct gx_event_type *type = gx_event_by_number(number);
            ProtobufCMessage *payload = NULL;
            const struct gx_view bytes = {event->body.data, event->body.len};
            assert_int_equal(gx_pb_unpack(&ground->ctx, type->payload, bytes, &payload), GX_OK);
            memcpy(ret_payload, payload, type->payload->sizeof_message);
        }
        return event;
    }
    return NULL;
}

static int64_t run_sql(const char *sql, const char *value, enum gx_pg_shape shape)
{
    struct gx_ctx ctx;
    struct gx_pg *pg = NULL;
    struct gx_rows *rows = NULL;
    const struct gx_pg_stmt stmt = {"test", sql, value == NULL ? 0 : 1, shape, true};
    const struct gx_param params[] = {gx_text(value)};
    int64_t result = 0;
    gx_ctx_init(&ctx, 1 << 20);
    assert_int_equal(gx_pg_open(admin_conninfo(), "test", &pg), GX_OK);
    assert_int_equal(gx_pg_run(pg, &ctx, &stmt, params, &rows), GX_OK);
    if (shape == GX_PG_ONE_ROW) {
        result = gx_rows_int(rows, 0, 0);
    }
    gx_rows_free(rows);
    gx_pg_free(pg);
    gx_ctx_done(&ctx);
    return result;
}

int64_t ground_number(const char *sql, const char *value)
{
    return run_sql(sql, value, GX_PG_ONE_ROW);
}

void ground_do(const char *sql, const char *value)
{
    (void)run_sql(sql, value, GX_PG_NONE);
}
