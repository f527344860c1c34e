/* SPDX-License-Identifier: Apache-2.0 */
#include "ground.h"

#include "base/clock.h"
#include "base/log.h"
#include "registry.pb-c.h"
#include "wire/curve.h"
#include "wire/pb.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

struct ground ground;
_Atomic int probe_runs;
_Atomic int64_t probe_bad_seq;
_Atomic int probe_sleep_ms;
_Atomic int probe_timer_fails;

/* --- the service --- */

static const struct gx_pg_stmt CLOSE = {
    "probe_close", "INSERT INTO probe.closed (id, n) VALUES ($1, 1)", 1, GX_PG_NONE, true};
static const struct gx_pg_stmt SLEEP = {"probe_sleep", "SELECT pg_sleep($1)", 1, GX_PG_ONE_ROW,
                                        false};
static const struct gx_pg_stmt EFFECT = {
    "probe_effect",
    "INSERT INTO probe.effect AS e (area, seq, n) VALUES ($1, $2, 1)"
    " ON CONFLICT (area, seq) DO UPDATE SET n = e.n + 1",
    2, GX_PG_NONE, true};
static const struct gx_pg_stmt FIRED = {
    "probe_fired",
    "INSERT INTO probe.fired (kind, subject, n, due_at, late_ms)"
    " VALUES ($1, $2, $3, $4, (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $4::bigint)",
    4, GX_PG_NONE, true};
static const struct gx_pg_stmt COUNT_SECRETS = {
    "probe_secrets", "SELECT count(*) FROM probe.secret", 0, GX_PG_ONE_ROW, false};

enum gx_rc ground_emit_one(struct gx_ctx *ctx, int32_t area, const char *subject)
{
    Genxi__Station station = GENXI__STATION__INIT;
    Genxi__StationChanged changed = GENXI__STATION_CHANGED__INIT;
    station.area = area;
    station.org_id = gx_pb_text("00000000-0000-7000-8000-000000000001");
    station.name = gx_pb_text("站");
    changed.station = &station;
    const struct gx_emit emit = {
        .area = area, .type = GX_E_station_changed, .subject = subject, .payload = &changed.base};
    return gx_emit(ctx, &emit);
}

static enum gx_rc on_close(void *self, struct gx_ctx *ctx, const void *request, void *reply)
{
    const Genxi__ShiftClose *in = request;
    Genxi__Shift *out = reply;
    (void)self;
    (void)atomic_fetch_add(&probe_runs, 1);
    if (!gx_id_valid(in->id)) {
        return gx_fail(ctx, GX_P_FIELD_FORMAT, "/id", "UUID");
    }
    if (atomic_load(&probe_sleep_ms) > 0) {
        const struct gx_param sleep[] = {gx_real(ctx, atomic_load(&probe_sleep_ms) / 1000.0)};
        enum gx_rc slept = gx_sql(ctx, &SLEEP, sleep, NULL);
        if (slept != GX_OK) {
            return slept;
        }
    }
    const struct gx_param params[] = {gx_text(in->id)};
    enum gx_rc rc = gx_sql_later(ctx, &CLOSE, params);
    if (rc == GX_OK) {
        rc = ground_emit_one(ctx, GROUND_AREA, in->id);
    }
    out->id = gx_pb_text(in->id);
    out->responder_id = gx_pb_text(in->id);
    out->area = GROUND_AREA;
    out->from_at = gx_tx_now_ms(ctx);
    return rc;
}

static enum gx_rc on_list(void *self, struct gx_ctx *ctx, const void *request, void *reply)
{
    Genxi__PartnerList *out = reply;
    const struct gx_rows *rows = NULL;
    (void)self;
    (void)request;
    enum gx_rc rc = gx_sql(ctx, &COUNT_SECRETS, NULL, &rows);
    if (rc == GX_OK) {
        out->has_total = 1;
        out->total = (uint64_t)gx_rows_int(rows, 0, 0);
    }
    return rc;
}

static enum gx_rc on_station(void *self, struct gx_ctx *ctx, const Genxi__Event *event,
                             const void *payload)
{
    const Genxi__StationChanged *changed = payload;
    (void)self;
    if (event->seq == atomic_load(&probe_bad_seq)) {
        return gx_fail(ctx, GX_P_REFERENCE, "", "bad");
    }
    const struct gx_param params[] = {gx_int(ctx, changed->station->area), gx_int(ctx, event->seq)};
    return gx_sql_later(ctx, &EFFECT, params);
}

static enum gx_rc on_timer(void *self, struct gx_ctx *ctx, const struct gx_timer *timer)
{
    (void)self;
    if (strcmp(timer->kind, "bad") == 0 && atomic_fetch_sub(&probe_timer_fails, 1) > 0) {
        return gx_fail(ctx, GX_P_REFERENCE, "", "bad");
    }
    const struct gx_param params[] = {gx_text(timer->kind), gx_text(timer->subject),
                                      gx_int(ctx, timer->n), gx_int(ctx, timer->due_at)};
    enum gx_rc rc = gx_sql_later(ctx, &FIRED, params);
    if (rc == GX_OK && strcmp(timer->kind, "again") == 0 && timer->n < 5) {
        struct gx_timer next = *timer;
        next.n = timer->n;
        next.data = "once";
        if (timer->data == NULL) {
            rc = gx_timer_set(ctx, &next, 20);
        }
    }
    return rc;
}

static const struct gx_command_row COMMANDS[] = {
    {GX_C_shift_close, on_close, GX_ROLE_DESK},
    {GX_C_partner_list, on_list, GX_ROLES_ANY},
};
static const struct gx_event_row EVENTS[] = {{GX_E_station_changed, on_station}};
static const struct gx_timer_row TIMERS[] = {
    {"tick", on_timer, 500}, {"again", on_timer, 500}, {"bad", on_timer, 500}};
const struct gx_service PROBE = {
    .name = "probe",
    .schema = "probe",
    .commands = COMMANDS,
    .command_count = GX_COUNT_OF(COMMANDS),
    .events = EVENTS,
    .event_count = GX_COUNT_OF(EVENTS),
    .timers = TIMERS,
    .timer_count = GX_COUNT_OF(TIMERS),
};

/* --- the ground --- */

void ground_sleep_ms(int ms)
{
    const struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000L};
    (void)nanosleep(&pause, NULL);
}

/* The server cuts statement names at 63 bytes, so the text cannot be its own name. */
static const char *name_of(const char *sql)
{
    static struct {
        char *sql; /* a copy: some statements are put together on the caller's stack */
        char name[32];
    } known[128];
    static size_t count;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(known[i].sql, sql) == 0) {
            return known[i].name;
        }
    }
    assert_true(count < GX_COUNT_OF(known));
    known[count].sql = strdup(sql);
    assert_non_null(known[count].sql);
    (void)snprintf(known[count].name, sizeof known[count].name, "ground_%zu", count);
    return known[count++].name;
}

int64_t ground_number(const char *sql)
{
    const struct gx_pg_stmt stmt = {name_of(sql), sql, 0, GX_PG_ONE_ROW, false};
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    gx_ctx_reset(&ground.ctx);
    assert_int_equal(gx_pg_run(ground.pg, &ground.ctx, &stmt, NULL, &rows), GX_OK);
    return gx_rows_int(rows, 0, 0);
}

void ground_run(const char *sql)
{
    gx_ctx_reset(&ground.ctx);
    assert_int_equal(gx_pg_script(ground.pg, &ground.ctx, sql), GX_OK);
}

int64_t ground_wait(const char *sql, int64_t wanted, int most_ms)
{
    int64_t until_us = gx_clock_mono_us() + (int64_t)most_ms * 1000;
    int64_t value = ground_number(sql);
    while (value < wanted && gx_clock_mono_us() < until_us) {
        ground_sleep_ms(20);
        value = ground_number(sql);
    }
    return value;
}

void ground_make_database(const char *name, char *ret_conninfo)
{
    char sql[128];
    struct gx_pg *pg = NULL;
    const char *server = getenv("GX_PG");
    gx_ctx_reset(&ground.ctx);
    assert_int_equal(gx_pg_open(server, "test", &pg), GX_OK);
    (void)snprintf(sql, sizeof sql, "CREATE DATABASE %s", name);
    assert_int_equal(gx_pg_script(pg, &ground.ctx, sql), GX_OK);
    gx_pg_free(pg);
    (void)snprintf(ret_conninfo, 1900, "%s dbname=%s", server, name);
}

/* gx_migrate() wants one folder a component. */
static void link_schema(void)
{
    static const char *const COMPONENTS[][2] = {{"store", "common/store/schema"},
                                                {"probe", "tests/store/journal/probe"}};
    char here[2048];
    (void)snprintf(ground.schema, sizeof ground.schema, "/tmp/genxi-journal-XXXXXX");
    assert_non_null(mkdtemp(ground.schema));
    assert_non_null(getcwd(here, sizeof here));
    for (size_t i = 0; i < GX_COUNT_OF(COMPONENTS); i++) {
        char target[4096];
        char path[256];
        (void)snprintf(target, sizeof target, "%s/%s", here, COMPONENTS[i][1]);
        (void)snprintf(path, sizeof path, "%s/%s", ground.schema, COMPONENTS[i][0]);
        assert_int_equal(symlink(target, path), 0);
    }
    (void)snprintf(ground.keys, sizeof ground.keys, "%s/.keys", ground.schema);
    assert_int_equal(gx_curve_make(ground.keys, "broker"), GX_OK);
    assert_int_equal(gx_curve_make(ground.keys, "probe"), GX_OK);
}

int ground_open(void **state)
{
    int applied = 0;
    (void)state;
    if (getenv("GX_PG") == NULL) {
        (void)fprintf(stderr, "GX_PG is not set: see tests/store/journal/run\n");
        return -1;
    }
    gx_log_init("test", getenv("GX_TEST_LOG") == NULL ? GX_ERROR : GX_DEBUG);
    gx_ctx_init(&ground.ctx, 1UL << 26);
    link_schema();
    ground_make_database("probe", ground.admin);
    assert_int_equal(gx_pg_open(ground.admin, "test", &ground.pg), GX_OK);
    assert_int_equal(gx_migrate(ground.pg, &ground.ctx, ground.schema, &applied), GX_OK);
    assert_int_equal(applied, 4);
    (void)snprintf(ground.conninfo, sizeof ground.conninfo, "%s options='-c role=genxi_probe'",
                   ground.admin);
    ground.common = (struct gx_common_settings){.postgres = ground.conninfo,
                                                .brokers = "ipc:///tmp/genxi-journal-no-broker",
                                                .key_dir = ground.keys,
                                                .workers = 1,
                                                .followers = 1,
                                                .arena_bytes = 1 << 25,
                                                .queue_limit = 100,
                                                .poison_limit = 3,
                                                .idempotency_days = 7};
    return 0;
}

int ground_close(void **state)
{
    char command[256];
    (void)state;
    gx_pg_free(ground.pg);
    gx_ctx_done(&ground.ctx);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", ground.schema);
    return system(command); // NOLINT(cert-env33-c): the test's own folder
}

void ground_runner(struct gx_runner *runner, struct gx_chassis *chassis)
{
    *runner = (struct gx_runner){.chassis = chassis};
    /* As the chassis does: a busy machine may need more than one try. */
    while (gx_pg_open(chassis->common->postgres, "probe", &runner->pg) != GX_OK) {
        ground_sleep_ms(100);
    }
    runner->tx = gx_tx_new(runner->pg, chassis->store);
    gx_ctx_init(&runner->ctx, (size_t)chassis->common->arena_bytes);
}

struct plain {
    enum gx_rc (*fn)(void *arg, struct gx_ctx *ctx);
    void *arg;
};

static void prepare_plain(void *arg, struct gx_ctx *ctx)
{
    (void)arg;
    gx_act_as_system(ctx, "probe", NULL);
}

static enum gx_rc run_plain(void *arg, struct gx_ctx *ctx, struct gx_job_result *result)
{
    const struct plain *plain = arg;
    (void)result;
    return plain->fn(plain->arg, ctx);
}

enum gx_rc ground_tx(struct gx_runner *runner, enum gx_rc (*fn)(void *arg, struct gx_ctx *ctx),
                     void *arg)
{
    struct plain plain = {fn, arg};
    struct gx_job job = {.prepare = prepare_plain, .run = run_plain, .arg = &plain};
    struct gx_job_result result;
    return gx_runner_run(runner, &runner->ctx, &job, &result);
}

struct emission {
    int32_t area;
    int count;
};

static enum gx_rc emit_many(void *arg, struct gx_ctx *ctx)
{
    const struct emission *emission = arg;
    enum gx_rc rc = GX_OK;
    for (int i = 0; i < emission->count && rc == GX_OK; i++) {
        rc = ground_emit_one(ctx, emission->area,
                             i % 2 == 0 ? NULL : "00000000-0000-7000-8000-000000000001");
    }
    return rc;
}

enum gx_rc ground_emit(struct gx_runner *runner, int32_t area, int count)
{
    struct emission emission = {area, count};
    return ground_tx(runner, emit_many, &emission);
}
