/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/migrate.h"
#include "web/seal.h"

#include <unistd.h>

struct world world;

const struct gx_actor ADMIN = {
    .roles = GX_ROLE_ADMIN, .subject = "admin", .org = "", .responder_id = "", .lang = "en"};

struct gx_actor duty_of(const int32_t *areas, size_t count)
{
    return (struct gx_actor){.roles = GX_ROLE_DUTY,
                             .subject = "duty",
                             .org = "",
                             .responder_id = "",
                             .areas = areas,
                             .area_count = count,
                             .lang = "en"};
}

struct gx_actor desk_of(const char *org)
{
    return (struct gx_actor){
        .roles = GX_ROLE_DESK, .subject = org, .org = org, .responder_id = "", .lang = "en"};
}

struct gx_actor device_of(const char *org, const char *responder_id)
{
    return (struct gx_actor){.roles = GX_ROLE_RESPONDER,
                             .subject = responder_id,
                             .org = org,
                             .responder_id = responder_id,
                             .lang = "en"};
}

/* gx_migrate() wants one folder a component. */
static void migrate(void)
{
    static const char *const COMPONENTS[][2] = {{"store", "common/store/schema"},
                                                {"readiness", "services/readiness/schema"}};
    char root[] = "/tmp/genxi-readiness-XXXXXX";
    char here[2048];
    char target[4096];
    char path[4096];
    int applied = 0;
    assert_non_null(mkdtemp(root));
    assert_non_null(getcwd(here, sizeof here));
    for (size_t i = 0; i < GX_COUNT_OF(COMPONENTS); i++) {
        (void)snprintf(target, sizeof target, "%s/%s", here, COMPONENTS[i][1]);
        (void)snprintf(path, sizeof path, "%s/%s", root, COMPONENTS[i][0]);
        assert_int_equal(symlink(target, path), 0);
    }
    assert_int_equal(gx_migrate(world.admin, &world.admin_ctx, root, &applied), GX_OK);
    assert_true(applied >= 3);
    for (size_t i = 0; i < GX_COUNT_OF(COMPONENTS); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", root, COMPONENTS[i][0]);
        (void)unlink(path);
    }
    (void)rmdir(root);
}

/* What the threads of the service have from `genxi keys init`. */
static void start_thread(void)
{
    char dir[] = "/tmp/genxi-keys-XXXXXX";
    char path[64];
    const struct gx_common_settings common = {.key_dir = dir};
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/device-secrets.key", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < GX_SEAL_KEY_BYTES; i++) {
        (void)fputs("5a", file);
    }
    (void)fclose(file);
    assert_int_equal(READINESS.thread_start(&common, &world.self), GX_OK);
    (void)unlink(path);
    (void)rmdir(dir);
}

int world_open(void **state)
{
    (void)state;
    const char *admin = getenv("GX_PG");
    char conninfo[2048];
    if (admin == NULL) {
        (void)fprintf(stderr, "GX_PG is not set: see tests/store/readiness/run\n");
        return -1;
    }
    gx_log_init("test", GX_WARN);
    gx_ctx_init(&world.ctx, 1 << 25);
    gx_ctx_init(&world.admin_ctx, 1 << 24);
    assert_int_equal(gx_pg_open(admin, "test", &world.admin), GX_OK);
    migrate();
    /* Policies bind the service's role, not the superuser who migrates. */
    (void)snprintf(conninfo, sizeof conninfo, "%s options='-c role=genxi_readiness'", admin);
    assert_int_equal(gx_pg_open(conninfo, "test", &world.pg), GX_OK);
    world.store = gx_store_new(READINESS.name, READINESS.schema);
    world.tx = gx_tx_new(world.pg, world.store);
    start_thread();
    return 0;
}

int world_close(void **state)
{
    (void)state;
    if (world.tx != NULL) {
        READINESS.thread_stop(world.self);
        gx_tx_free(world.tx);
        gx_store_free(world.store);
        gx_pg_free(world.pg);
        gx_pg_free(world.admin);
        gx_ctx_done(&world.ctx);
        gx_ctx_done(&world.admin_ctx);
    }
    return 0;
}

static void note_events(void)
{
    size_t count = 0;
    Genxi__Event **events = gx_tx_events(world.tx, &count);
    assert_true(count <= EVENTS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct world_event *noted = &world.events[i];
        *noted = (struct world_event){
            .area = events[i]->area, .type = events[i]->type, .event = events[i]};
        (void)snprintf(noted->subject, sizeof noted->subject, "%s", events[i]->subject);
    }
    world.event_count = count;
}

static enum gx_rc in_transaction(const struct gx_command_row *row, const void *request,
                                 ProtobufCMessage *reply)
{
    const struct gx_tx_plan plan = {.read_only = !gx_command_by_number(row->number)->writes};
    gx_tx_begin(world.tx, &world.ctx, &plan);
    enum gx_rc rc = gx_tx_touch(world.tx);
    if (rc == GX_OK) {
        rc = row->handle(world.self, &world.ctx, request, reply);
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

enum gx_rc call(const struct gx_actor *actor, uint32_t number, const void *request,
                ProtobufCMessage **ret_reply)
{
    gx_ctx_reset(&world.ctx);
    world.event_count = 0;
    world.ctx.actor = *actor;
    world.ctx.deadline_ms = gx_clock_wall_ms() + 30000;
    (void)gx_trace_new(world.ctx.traceparent);
    for (size_t i = 0; i < READINESS.command_count; i++) {
        const struct gx_command_row *row = &READINESS.commands[i];
        if (row->number != number) {
            continue;
        }
        if (!gx_actor_has(actor, row->roles | GX_ROLE_SYSTEM)) {
            return GX_DENIED;
        }
        ProtobufCMessage *reply = gx_pb_new(&world.ctx, gx_command_by_number(number)->reply);
        enum gx_rc rc = in_transaction(row, request, reply);
        if (rc == GX_OK && ret_reply != NULL) {
            *ret_reply = reply;
        }
        return rc;
    }
    fail_msg("no such command");
    return GX_INTERNAL;
}

bool failed_with(enum gx_problem problem, const char *pointer)
{
    for (size_t i = 0; i < world.ctx.fault_count; i++) {
        const struct gx_fault *fault = &world.ctx.faults[i];
        if (fault->problem == problem && strcmp(fault->pointer, pointer) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < world.ctx.fault_count; i++) {
        const struct gx_fault *fault = &world.ctx.faults[i];
        (void)fprintf(stderr, "  %s at \"%s\" (%s)\n", gx_problem_row(fault->problem)->slug,
                      fault->pointer, fault->value);
    }
    return false;
}

/* A name for each literal, as long as the program: the connection keeps what it prepared by name and text. */
static const char *name_of(const char *sql)
{
    static struct {
        const char *sql;
        char name[16];
    } names[64];
    size_t i = 0;
    while (i < GX_COUNT_OF(names) && names[i].sql != NULL && names[i].sql != sql) {
        i++;
    }
    assert_true(i < GX_COUNT_OF(names));
    names[i].sql = sql;
    (void)snprintf(names[i].name, sizeof names[i].name, "test_%zu", i);
    return names[i].name;
}

int64_t number_of(const char *sql)
{
    const struct gx_pg_stmt stmt = {name_of(sql), sql, 0, GX_PG_ONE_ROW, false};
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    gx_ctx_reset(&world.admin_ctx);
    assert_int_equal(gx_pg_run(world.admin, &world.admin_ctx, &stmt, NULL, &rows), GX_OK);
    return gx_rows_int(rows, 0, 0);
}

size_t events_of(uint32_t type, int32_t area)
{
    size_t count = 0;
    for (size_t i = 0; i < world.event_count; i++) {
        count +=
            world.events[i].type == type && (area == 0 || world.events[i].area == area) ? 1 : 0;
    }
    return count;
}

enum gx_rc import_text(const struct gx_actor *actor, Genxi__ImportKind kind, const char *text,
                       bool dry_run, Genxi__ImportDone **ret_done)
{
    Genxi__Import in = GENXI__IMPORT__INIT;
    in.kind = kind;
    in.format = text[0] == '{' ? GENXI__IMPORT_FORMAT__IMPORT_FORMAT_GEOJSON
                               : GENXI__IMPORT_FORMAT__IMPORT_FORMAT_CSV;
    in.data = gx_pb_bytes((struct gx_view){(const uint8_t *)text, strlen(text)});
    in.has_dry_run = dry_run;
    in.dry_run = dry_run;
    ProtobufCMessage *reply = NULL;
    enum gx_rc rc = call(actor, GX_C_import, &in, &reply);
    if (rc == GX_OK && ret_done != NULL) {
        *ret_done = (Genxi__ImportDone *)reply;
    }
    return rc;
}

const char *id_of(const char *table, const char *code, char id[GX_ID_SIZE])
{
    static const struct gx_pg_stmt STATEMENTS[] = {
        {"test_partner_id", "SELECT id FROM readiness.partner WHERE code = $1", 1, GX_PG_ONE_ROW,
         false},
        {"test_site_id", "SELECT id FROM readiness.site WHERE name = $1", 1, GX_PG_ONE_ROW, false},
        {"test_responder_id", "SELECT id FROM readiness.responder WHERE call_sign = $1", 1,
         GX_PG_ONE_ROW, false},
    };
    size_t which = strcmp(table, "partner") == 0 ? 0 : strcmp(table, "site") == 0 ? 1 : 2;
    const struct gx_param params[] = {gx_text(code)};
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    gx_ctx_reset(&world.admin_ctx);
    assert_int_equal(gx_pg_run(world.admin, &world.admin_ctx, &STATEMENTS[which], params, &rows),
                     GX_OK);
    (void)snprintf(id, GX_ID_SIZE, "%s", gx_rows_text(rows, 0, 0));
    return id;
}
