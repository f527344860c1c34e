/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/migrate.h"
#include "wire/pb.h"

#include <unistd.h>

struct world world;
const struct gx_actor SYSTEM = {
    .roles = GX_ROLE_SYSTEM, .subject = "notifier", .org = "", .responder_id = "", .lang = "en"};

struct gx_actor world_desk(const char *org)
{
    return (struct gx_actor){
        .roles = GX_ROLE_DESK, .subject = org, .org = org, .responder_id = "", .lang = "en"};
}

struct gx_actor world_device(const char *org, const char *responder_id)
{
    return (struct gx_actor){.roles = GX_ROLE_RESPONDER,
                             .subject = responder_id,
                             .org = org,
                             .responder_id = responder_id,
                             .lang = "en"};
}

struct gx_actor world_duty(const int32_t *areas, size_t count)
{
    return (struct gx_actor){.roles = GX_ROLE_DUTY,
                             .subject = "duty",
                             .org = "",
                             .responder_id = "",
                             .areas = areas,
                             .area_count = count,
                             .lang = "en"};
}

/* gx_migrate() wants one folder a component. */
static void migrate(const char *admin)
{
    char root[] = "/tmp/genxi-notifier-XXXXXX";
    char path[4096];
    char here[2048];
    struct gx_ctx ctx;
    struct gx_pg *pg = NULL;
    int applied = 0;
    assert_non_null(mkdtemp(root));
    assert_non_null(getcwd(here, sizeof here));
    static const char *const COMPONENTS[][2] = {{"store", "common/store/schema"},
                                                {"notifier", "services/notifier/schema"}};
    for (size_t i = 0; i < 2; i++) {
        char target[4096];
        (void)snprintf(target, sizeof target, "%s/%s", here, COMPONENTS[i][1]);
        (void)snprintf(path, sizeof path, "%s/%s", root, COMPONENTS[i][0]);
        assert_int_equal(symlink(target, path), 0);
    }
    gx_ctx_init(&ctx, 1 << 24);
    assert_int_equal(gx_pg_open(admin, "test", &pg), GX_OK);
    assert_int_equal(gx_migrate(pg, &ctx, root, &applied), GX_OK);
    assert_true(applied >= 3);
    gx_pg_free(pg);
    gx_ctx_done(&ctx);
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", root, COMPONENTS[i][0]);
        (void)unlink(path);
    }
    (void)rmdir(root);
}

static void default_settings(void)
{
    char *argv[] = {gx_pb_text("genxi-notifier"), NULL};
    const struct gx_settings_table table = {NOTIFIER_SETTINGS, NOTIFIER_SETTINGS_COUNT,
                                            &notifier_settings, "notifier"};
    assert_int_equal(gx_settings_load(&table, 1, 1, argv), 0);
    world.no_centre = notifier_settings.smpp_address;
    notifier_settings.receipt_seconds = 0;     /* due at once */
    notifier_settings.sms_receipt_seconds = 0; /* due at once */
    notifier_settings.webhook_allow_private = true;
    notifier_settings.webhook_allow_http = true;
}

/* What the threads of the service have from `genxi keys init`. */
static void start_thread(void)
{
    char dir[] = "/tmp/genxi-keys-XXXXXX";
    char path[64];
    struct gx_common_settings common = {.district = 53011200, .key_dir = dir};
    void *self = NULL;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/webhook-secrets.key", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < GX_SEAL_KEY_BYTES; i++) {
        (void)fputs("5a", file);
    }
    (void)fclose(file);
    assert_int_equal(notifier_thread_start(&common, &self), GX_OK);
    world.self = self;
    (void)unlink(path);
    (void)rmdir(dir);
}

int world_setup(void **state)
{
    (void)state;
    const char *admin = getenv("GX_PG");
    char conninfo[2048];
    if (admin == NULL) {
        (void)fprintf(stderr, "GX_PG is not set: see tests/store/notifier/run\n");
        return -1;
    }
    gx_log_init("test", GX_WARN);
    migrate(admin);
    /* Policies bind the service's role, not the superuser who migrates. */
    (void)snprintf(conninfo, sizeof conninfo, "%s options='-c role=genxi_notifier'", admin);
    assert_int_equal(gx_pg_open(conninfo, "test", &world.pg), GX_OK);
    world.store = gx_store_new("notifier", "notifier");
    world.tx = gx_tx_new(world.pg, world.store);
    gx_ctx_init(&world.ctx, 1 << 25);
    default_settings();
    start_thread();
    return 0;
}

int world_teardown(void **state)
{
    (void)state;
    if (world.self != NULL) {
        notifier_thread_stop(world.self);
        gx_tx_free(world.tx);
        gx_store_free(world.store);
        gx_pg_free(world.pg);
        gx_ctx_done(&world.ctx);
    }
    return 0;
}

static void note_event(const Genxi__Event *event)
{
    const struct gx_event_type *type = gx_event_by_number(event->type);
    const struct gx_view bytes = {event->body.data, event->body.len};
    ProtobufCMessage *payload = NULL;
    assert_true(event->type < 1000 && type != NULL);
    assert_int_equal(gx_pb_unpack(&world.ctx, type->payload, bytes, &payload), GX_OK);
    world.emitted[event->type].count++;
    (void)snprintf(world.emitted[event->type].subject, GX_ID_SIZE, "%s", event->subject);
    if (event->type == GX_E_delivery_changed) {
        world.emitted[event->type].state =
            (int)((Genxi__DeliveryChanged *)payload)->delivery->state;
    } else if (event->type == GX_E_delivery_dead) {
        world.emitted[event->type].state = (int)((Genxi__DeliveryDead *)payload)->delivery->state;
    } else if (event->type == GX_E_escalation_raised) {
        (void)snprintf(world.emitted[event->type].text, 64, "%s",
                       ((Genxi__EscalationRaised *)payload)->reason);
    }
}

static void note_events(void)
{
    size_t count = 0;
    Genxi__Event **events = gx_tx_events(world.tx, &count);
    for (size_t i = 0; i < count; i++) {
        note_event(events[i]);
    }
}

enum gx_rc world_run(const struct gx_actor *actor, world_fn *fn, void *arg)
{
    const struct gx_tx_plan plan = {.read_only = false};
    gx_ctx_reset(&world.ctx);
    world.ctx.actor = *actor;
    world.ctx.deadline_ms = gx_clock_wall_ms() + 10000;
    (void)gx_trace_new(world.ctx.traceparent);
    gx_tx_begin(world.tx, &world.ctx, &plan);
    enum gx_rc rc = gx_tx_touch(world.tx);
    if (rc == GX_OK) {
        rc = fn(arg, &world.ctx);
    }
    if (rc == GX_OK) {
        rc = gx_tx_commit(world.tx, (struct gx_view){NULL, 0});
    }
    if (rc == GX_OK) {
        note_events();
    } else {
        gx_tx_abort(world.tx);
    }
    gx_tx_end(world.tx);
    return rc;
}

struct command_work {
    const struct gx_command_row *row;
    const void *request;
    ProtobufCMessage *reply;
};

static enum gx_rc command_fn(void *arg, struct gx_ctx *ctx)
{
    const struct command_work *work = arg;
    return work->row->handle(world.self, ctx, work->request, work->reply);
}

enum gx_rc world_command(const struct gx_actor *actor, uint32_t number, const void *request,
                         ProtobufCMessage *reply)
{
    for (size_t i = 0; i < NOTIFIER_COMMAND_COUNT; i++) {
        if (NOTIFIER_COMMANDS[i].number != number) {
            continue;
        }
        struct command_work work = {&NOTIFIER_COMMANDS[i], request, reply};
        return gx_actor_has(actor, work.row->roles) ? world_run(actor, command_fn, &work)
                                                    : GX_DENIED;
    }
    fail_msg("no such command");
    return GX_INTERNAL;
}

const char *world_problem(void)
{
    return world.ctx.fault_count == 0 ? "" : gx_problem_row(world.ctx.faults[0].problem)->slug;
}

static enum gx_rc event_fn(void *arg, struct gx_ctx *ctx)
{
    return notifier_on_event(world.self, ctx, arg, NULL);
}

enum gx_rc world_event(Genxi__Event *event)
{
    return world_run(&SYSTEM, event_fn, event);
}

static enum gx_rc timer_fn(void *arg, struct gx_ctx *ctx)
{
    bool *found = arg;
    struct gx_timer timer;
    int tries = 0;
    enum gx_rc rc = gx_timer_take(ctx, found, &timer, &tries);
    for (size_t i = 0; i < NOTIFIER_TIMER_COUNT && rc == GX_OK && *found; i++) {
        if (strcmp(NOTIFIER_TIMERS[i].kind, timer.kind) == 0) {
            return NOTIFIER_TIMERS[i].handle(world.self, ctx, &timer);
        }
    }
    return rc;
}

int world_timers(void)
{
    /* The database's clock is the transaction's: let a millisecond pass, so that what was just set is due. */
    (void)usleep(3000);
    for (int count = 0;; count++) {
        bool found = false;
        assert_int_equal(world_run(&SYSTEM, timer_fn, &found), GX_OK);
        if (!found) {
            return count;
        }
    }
}

struct sql_work {
    struct gx_pg_stmt stmt;
    const char *value;
    int64_t result;
};

static enum gx_rc sql_fn(void *arg, struct gx_ctx *ctx)
{
    struct sql_work *work = arg;
    const struct gx_rows *rows = NULL;
    const struct gx_param params[] = {gx_text(work->value)};
    enum gx_rc rc = gx_sql(ctx, &work->stmt, params, work->stmt.shape == GX_PG_NONE ? NULL : &rows);
    if (rc == GX_OK && work->stmt.shape == GX_PG_ONE_ROW) {
        work->result = gx_rows_int(rows, 0, 0);
    }
    return rc;
}

static int64_t sql(const char *text, const char *value, enum gx_pg_shape shape)
{
    /* A statement is known by its address: these live as long as the connection. */
    static struct sql_work works[512];
    static char names[512][32];
    static size_t count;
    assert_true(count < 512);
    struct sql_work *work = &works[count];
    (void)snprintf(names[count], sizeof names[count], "test_%zu", count);
    *work = (struct sql_work){.stmt = {names[count], text, value == NULL ? 0 : 1, shape, true},
                              .value = value};
    count++;
    assert_int_equal(world_run(&SYSTEM, sql_fn, work), GX_OK);
    return work->result;
}

int64_t world_number(const char *text, const char *value)
{
    return sql(text, value, GX_PG_ONE_ROW);
}

void world_do(const char *text, const char *value)
{
    (void)sql(text, value, GX_PG_NONE);
}

size_t world_emitted(uint32_t type)
{
    size_t count = world.emitted[type].count;
    world.emitted[type].count = 0;
    return count;
}
