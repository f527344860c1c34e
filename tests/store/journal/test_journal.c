/* SPDX-License-Identifier: Apache-2.0 */
/* The transaction and the journal on a real PostgreSQL: dense numbers, idempotency, uncertainty, policies. */
#include "base/clock.h"
#include "ground.h"
#include "registry.pb-c.h"
#include "store/journal.h"
#include "wire/pb.h"

#include <string.h>

#define ID1 "00000000-0000-7000-8000-000000000011"
#define ID2 "00000000-0000-7000-8000-000000000012"

static struct gx_chassis chassis;

static int open_chassis(void **state)
{
    (void)state;
    gx_chassis_init(&chassis, &PROBE, &ground.common);
    return 0;
}

static int close_chassis(void **state)
{
    (void)state;
    gx_chassis_done(&chassis);
    return 0;
}

static void reset_probe(void)
{
    atomic_store(&probe_runs, 0);
    atomic_store(&probe_sleep_ms, 0);
    ground_run("DELETE FROM probe.closed; DELETE FROM probe.idempotency");
}

/* --- migrations --- */

struct migration_try {
    char conninfo[1900];
    enum gx_rc rc;
    int applied;
};

static void *migrate_once(void *arg)
{
    struct migration_try *try = arg;
    struct gx_pg *pg = NULL;
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, 1UL << 24);
    try->rc = gx_pg_open(try->conninfo, "test", &pg);
    if (try->rc == GX_OK) {
        try->rc = gx_migrate(pg, &ctx, ground.schema, &try->applied);
    }
    gx_pg_free(pg);
    gx_ctx_done(&ctx);
    return NULL;
}

static void test_migrations_two_at_once_apply_each_once(void **state)
{
    struct migration_try tries[2] = {{.applied = 0}};
    pthread_t threads[2];
    (void)state;
    ground_make_database("twice", tries[0].conninfo);
    memcpy(tries[1].conninfo, tries[0].conninfo, sizeof tries[1].conninfo);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, migrate_once, &tries[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(tries[i].rc, GX_OK);
    }
    assert_int_equal(tries[0].applied + tries[1].applied, 4);
}

static void test_migration_changed_after_it_was_applied_is_refused(void **state)
{
    struct migration_try try = {.applied = 0};
    (void)state;
    memcpy(try.conninfo, ground.admin, sizeof try.conninfo);
    (void)migrate_once(&try);
    assert_int_equal(try.rc, GX_OK);
    assert_int_equal(try.applied, 0);
    ground_run("UPDATE genxi.migration SET sha256 = repeat('0', 64) WHERE component = 'probe'");
    (void)migrate_once(&try);
    assert_int_equal(try.rc, GX_CONFLICT);
}

/* --- the journal --- */

enum {
    WRITERS = 64,
    WRITES = 25
};

static void *write_many(void *arg)
{
    struct gx_runner runner;
    int *failures = arg;
    ground_runner(&runner, &chassis);
    for (int i = 0; i < WRITES; i++) {
        *failures += ground_emit(&runner, 53011203, 1 + i % 3) == GX_OK ? 0 : 1;
    }
    gx_runner_close(&runner);
    return NULL;
}

static void test_64_writers_on_one_area_leave_no_hole(void **state)
{
    static int failures[WRITERS];
    pthread_t threads[WRITERS];
    (void)state;
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &failures[i]), 0);
    }
    /* In every snapshot what is visible is a prefix: order of seq is order of commit. */
    for (int i = 0; i < 200; i++) {
        assert_int_equal(
            ground_number(
                "SELECT coalesce(max(seq), 0) - count(*) FROM journal.event WHERE area = 53011203"),
            0);
    }
    int64_t wanted = 0;
    for (int i = 0; i < WRITES; i++) {
        wanted += WRITERS * (1 + i % 3);
    }
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(failures[i], 0);
    }
    assert_int_equal(ground_number("SELECT count(*) FROM journal.event WHERE area = 53011203"),
                     wanted);
    assert_int_equal(ground_number("SELECT max(seq) FROM journal.event WHERE area = 53011203"),
                     wanted);
    assert_int_equal(ground_number("SELECT seq FROM journal.counter WHERE area = 53011203"),
                     wanted);
}

static void test_journal_reads_what_was_emitted(void **state)
{
    struct gx_runner runner;
    Genxi__Event **events = NULL;
    size_t count = 0;
    int64_t seq = 0;
    (void)state;
    ground_runner(&runner, &chassis);
    assert_int_equal(ground_emit(&runner, 53011204, 3), GX_OK);
    gx_ctx_reset(&ground.ctx);
    assert_int_equal(gx_journal_read(ground.pg, &ground.ctx, 53011204, 1, 10, &events, &count),
                     GX_OK);
    assert_int_equal(count, 2);
    assert_int_equal(events[0]->seq, 2);
    assert_int_equal(events[1]->seq, 3);
    assert_string_equal(events[0]->subject, "00000000-0000-7000-8000-000000000001");
    assert_null(events[1]->subject);
    assert_int_equal(events[0]->actor->roles, GX_ROLE_SYSTEM);
    assert_true(events[0]->audience->officers);
    assert_true(gx_trace_valid(events[0]->traceparent));
    Genxi__StationChanged *changed =
        genxi__station_changed__unpack(NULL, events[0]->body.len, events[0]->body.data);
    assert_non_null(changed);
    assert_string_equal(changed->station->name, "站");
    genxi__station_changed__free_unpacked(changed, NULL);
    assert_int_equal(
        gx_journal_find(ground.pg, &ground.ctx, 53011204, gx_clock_wall_ms() + 1000, &seq), GX_OK);
    assert_int_equal(seq, 3);
    gx_runner_close(&runner);
}

/* What happens when a follower catches up with a run of events in one transaction: each keeps its own trace. */
static enum gx_rc emit_two_traces(void *arg, struct gx_ctx *ctx)
{
    char(*traces)[GX_TRACEPARENT_SIZE] = arg;
    enum gx_rc rc = GX_OK;
    for (int i = 0; i < 2 && rc == GX_OK; i++) {
        (void)gx_trace_new(ctx->traceparent);
        memcpy(traces[i], ctx->traceparent, GX_TRACEPARENT_SIZE);
        rc = ground_emit_one(ctx, 53011205, NULL);
    }
    return rc;
}

static void test_each_event_keeps_its_own_trace(void **state)
{
    struct gx_runner runner;
    Genxi__Event **events = NULL;
    size_t count = 0;
    char traces[2][GX_TRACEPARENT_SIZE];
    (void)state;
    ground_runner(&runner, &chassis);
    assert_int_equal(ground_tx(&runner, emit_two_traces, traces), GX_OK);
    gx_ctx_reset(&ground.ctx);
    assert_int_equal(gx_journal_read(ground.pg, &ground.ctx, 53011205, 0, 10, &events, &count),
                     GX_OK);
    assert_int_equal(count, 2);
    assert_string_equal(events[0]->traceparent, traces[0]);
    assert_string_equal(events[1]->traceparent, traces[1]);
    gx_runner_close(&runner);
}

/* --- commits that do not wait for the disk --- */

struct lazy_try {
    bool emits;
    char reached[32]; /* the log's end inside the transaction, after its write */
};

static enum gx_rc write_lazily(void *arg, struct gx_ctx *ctx)
{
    static const struct gx_pg_stmt WRITE = {
        .name = "test_lazy_write",
        .sql = "WITH wrote AS (INSERT INTO probe.closed (id, n) VALUES (gen_random_uuid(), 0) "
               "RETURNING 1)"
               " SELECT pg_current_wal_insert_lsn()::text FROM wrote",
        .shape = GX_PG_ONE_ROW,
        .writes = true,
    };
    struct lazy_try *try = arg;
    const struct gx_rows *rows = NULL;
    gx_tx_lazy(ctx);
    enum gx_rc rc = gx_sql(ctx, &WRITE, NULL, &rows);
    if (rc == GX_OK) {
        (void)snprintf(try->reached, sizeof try->reached, "%s", gx_rows_text(rows, 0, 0));
    }
    return rc == GX_OK && try->emits ? ground_emit_one(ctx, 53011207, ID1) : rc;
}

/* How many of some commits returned before the log was on the disk as far as they had written. */
static int count_early(struct gx_runner *runner, bool emits)
{
    int early = 0;
    for (int i = 0; i < 30; i++) {
        struct lazy_try try = {.emits = emits};
        char sql[120];
        assert_int_equal(ground_tx(runner, write_lazily, &try), GX_OK);
        (void)snprintf(sql, sizeof sql, "SELECT (pg_current_wal_flush_lsn() < '%s')::int",
                       try.reached);
        early += (int)ground_number(sql);
    }
    return early;
}

static void test_lazy_commit_waits_only_when_it_tells(void **state)
{
    struct gx_runner runner;
    (void)state;
    ground_runner(&runner, &chassis);
    assert_true(count_early(&runner, false) > 0);
    assert_int_equal(count_early(&runner, true), 0);
    gx_runner_close(&runner);
}

static void test_purge_stops_at_the_slowest_follower(void **state)
{
    (void)state;
    ground_run("INSERT INTO journal.cursor VALUES ('x', 53011204, 1), ('y', 53011204, 3)");
    assert_int_equal(ground_number("SELECT journal.purge(53011204, genxi.now_ms() + 1000, 9, 9)"),
                     1);
    assert_int_equal(ground_number("SELECT count(*) FROM journal.event WHERE area = 53011204"), 2);
    assert_int_equal(ground_number("SELECT floor FROM journal.counter WHERE area = 53011204"), 1);
    ground_run("DELETE FROM journal.cursor WHERE area = 53011204");
}

static void test_purge_stops_at_the_time_at_what_is_vouched_for_and_at_its_bound(void **state)
{
    (void)state;
    ground_run("INSERT INTO journal.counter (area, seq) VALUES (53011206, 6)");
    ground_run("INSERT INTO journal.event SELECT 53011206, n, gen_random_uuid(), 1, n, 'probe', "
               "NULL, '', false, '', '', '' FROM generate_series(1, 6) n");
    ground_run("UPDATE journal.event SET at = 1000 WHERE area = 53011206 AND seq = 4");
    assert_int_equal(ground_number("SELECT journal.purge(53011206, 0, 9, 9)"), 0);
    assert_int_equal(ground_number("SELECT journal.purge(53011206, 100, 9, 1)"), 1);
    assert_int_equal(ground_number("SELECT journal.purge(53011206, 100, 2, 9)"), 1);
    assert_int_equal(ground_number("SELECT journal.purge(53011206, 100, 2, 9)"), 0);
    /* 5 and 6 are old, 4 is not: no hole is made. */
    assert_int_equal(ground_number("SELECT journal.purge(53011206, 100, 9, 9)"), 1);
    assert_int_equal(ground_number("SELECT min(seq) * 100 + count(*) FROM journal.event WHERE "
                                   "area = 53011206"),
                     403);
    assert_int_equal(ground_number("SELECT floor FROM journal.counter WHERE area = 53011206"), 3);
}

static void test_service_role_may_not_change_the_journal(void **state)
{
    static const char *const FORBIDDEN[] = {"UPDATE journal.event SET type = 1",
                                            "DELETE FROM journal.event",
                                            "UPDATE journal.counter SET floor = 5",
                                            "SELECT journal.purge(53011204, 0, 9, 9)",
                                            "DROP TABLE probe.effect",
                                            "CREATE TABLE probe.more (id int)"};
    struct gx_pg *pg = NULL;
    (void)state;
    assert_int_equal(gx_pg_open(ground.conninfo, "probe", &pg), GX_OK);
    for (size_t i = 0; i < GX_COUNT_OF(FORBIDDEN); i++) {
        gx_ctx_reset(&ground.ctx);
        assert_int_equal(gx_pg_script(pg, &ground.ctx, FORBIDDEN[i]), GX_DENIED);
    }
    gx_pg_free(pg);
}

/* --- commands --- */

static void send(struct gx_runner *runner, const char *subject, const char *key, const char *id,
                 int deadline_ms, Genxi__Reply *reply)
{
    Genxi__Command command = GENXI__COMMAND__INIT;
    Genxi__Actor actor = GENXI__ACTOR__INIT;
    Genxi__ShiftClose close = GENXI__SHIFT_CLOSE__INIT;
    uint8_t body[128];
    close.id = gx_pb_text(id);
    actor.roles = GX_ROLE_DESK;
    actor.subject = gx_pb_text(subject);
    command.id = gx_pb_text("00000000-0000-7000-8000-0000000000ff");
    command.type = GX_C_shift_close;
    command.deadline_at = gx_clock_wall_ms() + deadline_ms;
    command.actor = &actor;
    command.idempotency_key = key == NULL ? NULL : gx_pb_text(key);
    command.body.len = genxi__shift_close__pack(&close, body);
    command.body.data = body;
    gx_serve(runner, &command, reply);
}

static void test_same_key_same_body_gives_the_stored_reply(void **state)
{
    struct gx_runner runner;
    Genxi__Reply reply;
    (void)state;
    reset_probe();
    ground_runner(&runner, &chassis);
    send(&runner, "desk", "k1", ID1, 5000, &reply);
    assert_int_equal(reply.rc, GX_OK);
    assert_false(reply.replayed);
    Genxi__Shift *first = genxi__shift__unpack(NULL, reply.body.len, reply.body.data);
    ground_sleep_ms(5);
    send(&runner, "desk", "k1", ID1, 5000, &reply);
    assert_int_equal(reply.rc, GX_OK);
    assert_true(reply.replayed);
    Genxi__Shift *second = genxi__shift__unpack(NULL, reply.body.len, reply.body.data);
    assert_int_equal(first->from_at, second->from_at);
    assert_int_equal(ground_number("SELECT count(*) FROM probe.closed"), 1);
    /* Another subject's key of the same name is another key. */
    send(&runner, "other", "k1", ID2, 5000, &reply);
    assert_int_equal(reply.rc, GX_OK);
    assert_false(reply.replayed);
    genxi__shift__free_unpacked(first, NULL);
    genxi__shift__free_unpacked(second, NULL);
    gx_runner_close(&runner);
}

static void test_same_key_other_body_is_a_conflict(void **state)
{
    struct gx_runner runner;
    Genxi__Reply reply;
    (void)state;
    reset_probe();
    ground_runner(&runner, &chassis);
    send(&runner, "desk", "k2", ID1, 5000, &reply);
    assert_int_equal(reply.rc, GX_OK);
    send(&runner, "desk", "k2", ID2, 5000, &reply);
    assert_int_equal(reply.rc, GX_CONFLICT);
    assert_string_equal(reply.faults[0]->problem, "idempotency-key-reuse");
    /* Even a body that is wrong in itself: what is wrong is the key. */
    send(&runner, "desk", "k2", "no id", 5000, &reply);
    assert_int_equal(reply.rc, GX_CONFLICT);
    assert_string_equal(reply.faults[0]->problem, "idempotency-key-reuse");
    assert_int_equal(ground_number("SELECT count(*) FROM probe.closed"), 1);
    gx_runner_close(&runner);
}

static void test_failed_command_keeps_no_key(void **state)
{
    struct gx_runner runner;
    Genxi__Reply reply;
    (void)state;
    reset_probe();
    ground_runner(&runner, &chassis);
    send(&runner, "desk", "k3", "no id", 5000, &reply);
    assert_int_equal(reply.rc, GX_INVALID);
    assert_string_equal(reply.faults[0]->pointer, "/id");
    send(&runner, "desk", "k3", ID1, 5000, &reply);
    assert_int_equal(reply.rc, GX_OK);
    gx_runner_close(&runner);
}

enum {
    SENDERS = 8
};

struct sender {
    uint32_t rc;
    int64_t from_at;
};

static void *send_same(void *arg)
{
    struct sender *sender = arg;
    struct gx_runner runner;
    Genxi__Reply reply;
    ground_runner(&runner, &chassis);
    send(&runner, "desk", "k4", ID1, 10000, &reply);
    sender->rc = reply.rc;
    if (reply.rc == GX_OK) {
        Genxi__Shift *shift = genxi__shift__unpack(NULL, reply.body.len, reply.body.data);
        sender->from_at = shift->from_at;
        genxi__shift__free_unpacked(shift, NULL);
    }
    gx_runner_close(&runner);
    return NULL;
}

static void test_same_key_at_once_has_one_effect_and_one_answer(void **state)
{
    struct sender senders[SENDERS] = {{.rc = 0}};
    pthread_t threads[SENDERS];
    (void)state;
    reset_probe();
    atomic_store(&probe_sleep_ms, 50);
    for (int i = 0; i < SENDERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, send_same, &senders[i]), 0);
    }
    for (int i = 0; i < SENDERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(senders[i].rc, GX_OK);
        assert_int_equal(senders[i].from_at, senders[0].from_at);
    }
    assert_int_equal(ground_number("SELECT count(*) FROM probe.closed"), 1);
    assert_true(atomic_load(&probe_runs) > 1); /* they did run into each other */
}

static void test_refusals_say_why(void **state)
{
    struct gx_runner runner;
    Genxi__Reply reply;
    Genxi__Command command = GENXI__COMMAND__INIT;
    Genxi__Actor actor = GENXI__ACTOR__INIT;
    uint8_t garbage[] = {0xff, 0xff, 0xff};
    (void)state;
    reset_probe();
    ground_runner(&runner, &chassis);
    command.id = gx_pb_text("00000000-0000-7000-8000-0000000000ff");
    command.actor = &actor;
    command.deadline_at = gx_clock_wall_ms() + 5000;
    actor.subject = gx_pb_text("nobody");
    actor.roles = GX_ROLE_RESPONDER;
    command.type = GX_C_shift_close;
    gx_serve(&runner, &command, &reply);
    assert_int_equal(reply.rc, GX_DENIED);
    assert_string_equal(reply.faults[0]->value, "desk");
    command.type = 999;
    gx_serve(&runner, &command, &reply);
    assert_int_equal(reply.rc, GX_NOT_FOUND);
    actor.roles = GX_ROLE_DESK;
    command.type = GX_C_shift_close;
    command.body.data = garbage;
    command.body.len = sizeof garbage;
    gx_serve(&runner, &command, &reply);
    assert_int_equal(reply.rc, GX_INVALID);
    command.deadline_at = gx_clock_wall_ms() - 1;
    gx_serve(&runner, &command, &reply);
    assert_int_equal(reply.rc, GX_TIMEOUT);
    assert_int_equal(atomic_load(&probe_runs), 0);
    gx_runner_close(&runner);
}

static void test_deadline_ends_a_statement_and_nothing_is_written(void **state)
{
    struct gx_runner runner;
    Genxi__Reply reply;
    (void)state;
    reset_probe();
    ground_runner(&runner, &chassis);
    atomic_store(&probe_sleep_ms, 5000);
    int64_t began_us = gx_clock_mono_us();
    send(&runner, "desk", NULL, ID1, 300, &reply);
    assert_int_equal(reply.rc, GX_TIMEOUT);
    assert_true(gx_clock_mono_us() - began_us < 1500000);
    atomic_store(&probe_sleep_ms, 0);
    send(&runner, "desk", NULL, ID2, 5000, &reply);
    assert_int_equal(reply.rc, GX_OK);
    assert_int_equal(ground_number("SELECT count(*) FROM probe.closed"), 1);
    gx_runner_close(&runner);
}

/* --- lost while committing --- */

struct victim {
    const char *key;
    uint32_t rc;
    bool replayed;
    char problem[32];
};

static void *send_into_the_trap(void *arg)
{
    struct victim *victim = arg;
    struct gx_runner runner;
    Genxi__Reply reply;
    ground_runner(&runner, &chassis);
    send(&runner, "desk", victim->key, ID1, 10000, &reply);
    victim->rc = reply.rc;
    victim->replayed = reply.replayed != 0;
    (void)snprintf(victim->problem, sizeof victim->problem, "%s",
                   reply.n_faults > 0 ? reply.faults[0]->problem : "");
    gx_runner_close(&runner);
    return NULL;
}

/* Holds the area's counter, so that the commit waits there; then ends the waiting backend. */
static void kill_while_committing(struct victim *victim)
{
    static const char WAITING[] =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'probe'"
        " AND wait_event_type = 'Lock'";
    static const char KILL[] = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                               " WHERE application_name = 'probe' AND wait_event_type = 'Lock'";
    pthread_t thread;
    struct gx_pg *holder = NULL;
    assert_int_equal(gx_pg_open(ground.admin, "holder", &holder), GX_OK);
    gx_ctx_reset(&ground.ctx);
    assert_int_equal(gx_pg_script(holder, &ground.ctx,
                                  "INSERT INTO journal.counter VALUES (53011201, 0)"
                                  " ON CONFLICT DO NOTHING"),
                     GX_OK);
    assert_int_equal(gx_pg_script(holder, &ground.ctx, "BEGIN"), GX_OK);
    assert_int_equal(gx_pg_script(holder, &ground.ctx,
                                  "UPDATE journal.counter SET seq = seq WHERE area = 53011201"),
                     GX_OK);
    assert_int_equal(pthread_create(&thread, NULL, send_into_the_trap, victim), 0);
    assert_int_equal(ground_wait(WAITING, 1, 5000), 1);
    assert_int_equal(ground_number(KILL), 1);
    ground_sleep_ms(50);
    assert_int_equal(gx_pg_script(holder, &ground.ctx, "ROLLBACK"), GX_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    gx_pg_free(holder);
}

static void test_lost_while_committing_without_key_is_uncertain(void **state)
{
    struct victim victim = {.key = NULL};
    (void)state;
    reset_probe();
    kill_while_committing(&victim);
    assert_int_equal(victim.rc, GX_UNCERTAIN);
    assert_string_equal(victim.problem, "uncertain");
    assert_int_equal(ground_number("SELECT count(*) FROM probe.closed"), 0);
}

static void test_lost_while_committing_with_key_finds_out(void **state)
{
    struct victim victim = {.key = "k5"};
    (void)state;
    reset_probe();
    kill_while_committing(&victim);
    assert_int_equal(victim.rc, GX_OK);
    assert_int_equal(ground_number("SELECT count(*) FROM probe.closed"), 1);
}

static void test_idle_connection_lost_is_not_noticed_by_the_caller(void **state)
{
    struct gx_runner runner;
    Genxi__Reply reply;
    (void)state;
    reset_probe();
    ground_runner(&runner, &chassis);
    send(&runner, "desk", NULL, ID1, 5000, &reply);
    assert_int_equal(reply.rc, GX_OK);
    assert_true(ground_number("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                              " WHERE application_name = 'probe'") >= 1);
    ground_sleep_ms(100);
    send(&runner, "desk", NULL, ID2, 5000, &reply);
    assert_int_equal(reply.rc, GX_OK);
    assert_int_equal(ground_number("SELECT count(*) FROM probe.closed"), 2);
    gx_runner_close(&runner);
}

/* --- repetition --- */

static const struct gx_pg_stmt ADD = {"probe_add", "UPDATE probe.pair SET n = n + 1 WHERE id = $1",
                                      1, GX_PG_NONE, true};

struct adder {
    pthread_barrier_t *meeting;
    int first;
    bool met;
    bool failed;
};

/* The first time both hold their first row before either asks for the other's: a certain deadlock. */
static enum gx_rc add_both(void *arg, struct gx_ctx *ctx)
{
    struct adder *adder = arg;
    const struct gx_param one[] = {gx_int(ctx, adder->first)};
    const struct gx_param other[] = {gx_int(ctx, 3 - adder->first)};
    enum gx_rc rc = gx_sql(ctx, &ADD, one, NULL);
    if (!adder->met) {
        adder->met = true;
        pthread_barrier_wait(adder->meeting);
    }
    return rc == GX_OK ? gx_sql(ctx, &ADD, other, NULL) : rc;
}

static void *add_many(void *arg)
{
    struct gx_runner runner;
    struct adder *adder = arg;
    ground_runner(&runner, &chassis);
    for (int i = 0; i < 20 && !adder->failed; i++) {
        adder->failed = ground_tx(&runner, add_both, adder) != GX_OK;
        ground_sleep_ms(5 + 7 * (i % 3)); /* others have work beside running into each other */
    }
    gx_runner_close(&runner);
    return NULL;
}

static void test_deadlocks_are_repeated_until_both_are_through(void **state)
{
    pthread_barrier_t meeting;
    struct adder adders[2] = {{.meeting = &meeting, .first = 1}, {.meeting = &meeting, .first = 2}};
    pthread_t threads[2];
    (void)state;
    int64_t reruns = atomic_load(&GX_CHASSIS_METRICS[GX_M_RERUNS].value);
    ground_run("ALTER SYSTEM SET deadlock_timeout = '10ms'");
    ground_run("SELECT pg_reload_conf()");
    assert_int_equal(pthread_barrier_init(&meeting, NULL, 2), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, &adders[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_false(adders[i].failed);
    }
    pthread_barrier_destroy(&meeting);
    assert_int_equal(ground_number("SELECT sum(n) FROM probe.pair"), 80);
    assert_true(atomic_load(&GX_CHASSIS_METRICS[GX_M_RERUNS].value) > reruns);
}

/* --- row-level security --- */

static int64_t seen_by(struct gx_runner *runner, uint32_t roles, const char *org,
                       const char *responder, int32_t area)
{
    Genxi__Command command = GENXI__COMMAND__INIT;
    Genxi__Actor actor = GENXI__ACTOR__INIT;
    Genxi__Reply reply;
    command.id = gx_pb_text("00000000-0000-7000-8000-0000000000ff");
    command.type = GX_C_partner_list;
    command.deadline_at = gx_clock_wall_ms() + 5000;
    command.actor = &actor;
    actor.subject = gx_pb_text("somebody");
    actor.roles = roles;
    actor.org = org == NULL ? NULL : gx_pb_text(org);
    actor.responder_id = responder == NULL ? NULL : gx_pb_text(responder);
    actor.areas = &area;
    actor.n_areas = area == 0 ? 0 : 1;
    gx_serve(runner, &command, &reply);
    assert_int_equal(reply.rc, GX_OK);
    Genxi__PartnerList *list = genxi__partner_list__unpack(NULL, reply.body.len, reply.body.data);
    int64_t total = (int64_t)list->total;
    genxi__partner_list__free_unpacked(list, NULL);
    return total;
}

static void test_policies_follow_the_actor(void **state)
{
    struct gx_runner runner;
    (void)state;
    ground_runner(&runner, &chassis);
    assert_int_equal(seen_by(&runner, GX_ROLE_SYSTEM, NULL, NULL, 0), 2);
    assert_int_equal(seen_by(&runner, GX_ROLE_DUTY, NULL, NULL, 53011201), 1);
    assert_int_equal(seen_by(&runner, GX_ROLE_POLICE, NULL, NULL, 53011209), 0);
    assert_int_equal(seen_by(&runner, GX_ROLE_DESK, NULL, NULL, 53011201), 0);
    assert_int_equal(
        seen_by(&runner, GX_ROLE_DESK, "00000000-0000-7000-8000-000000000002", NULL, 0), 1);
    assert_int_equal(
        seen_by(&runner, GX_ROLE_RESPONDER, NULL, "00000000-0000-7000-8000-0000000000a1", 0), 1);
    assert_int_equal(seen_by(&runner, GX_ROLE_ADMIN, NULL, NULL, 0), 0);
    gx_runner_close(&runner);
}

static void test_officers_are_the_same_in_sql_and_in_c(void **state)
{
    (void)state;
    for (int bit = 0; bit < 16; bit++) {
        bool officer = ((1U << bit) & GX_ROLES_OFFICERS) != 0;
        char setup[256];
        (void)snprintf(setup, sizeof setup, "SET genxi.roles = '%u'; SET genxi.areas = '{7}'",
                       1U << bit);
        ground_run(setup);
        assert_int_equal(ground_number("SELECT genxi.officer_of(7)::int"), officer ? 1 : 0);
        assert_int_equal(ground_number("SELECT genxi.officer_of(8)::int"), 0);
    }
    ground_run("RESET genxi.roles; RESET genxi.areas");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_migrations_two_at_once_apply_each_once),
        cmocka_unit_test_setup_teardown(test_64_writers_on_one_area_leave_no_hole, open_chassis,
                                        close_chassis),
        cmocka_unit_test_setup_teardown(test_journal_reads_what_was_emitted, open_chassis,
                                        close_chassis),
        cmocka_unit_test_setup_teardown(test_each_event_keeps_its_own_trace, open_chassis,
                                        close_chassis),
        cmocka_unit_test_setup_teardown(test_lazy_commit_waits_only_when_it_tells, open_chassis,
                                        close_chassis),
        cmocka_unit_test(test_purge_stops_at_the_slowest_follower),
        cmocka_unit_test(test_purge_stops_at_the_time_at_what_is_vouched_for_and_at_its_bound),
        cmocka_unit_test(test_service_role_may_not_change_the_journal),
        cmocka_unit_test_setup_teardown(test_same_key_same_body_gives_the_stored_reply,
                                        open_chassis, close_chassis),
        cmocka_unit_test_setup_teardown(test_same_key_other_body_is_a_conflict, open_chassis,
                                        close_chassis),
        cmocka_unit_test_setup_teardown(test_failed_command_keeps_no_key, open_chassis,
                                        close_chassis),
        cmocka_unit_test_setup_teardown(test_same_key_at_once_has_one_effect_and_one_answer,
                                        open_chassis, close_chassis),
        cmocka_unit_test_setup_teardown(test_refusals_say_why, open_chassis, close_chassis),
        cmocka_unit_test_setup_teardown(test_deadline_ends_a_statement_and_nothing_is_written,
                                        open_chassis, close_chassis),
        cmocka_unit_test_setup_teardown(test_lost_while_committing_without_key_is_uncertain,
                                        open_chassis, close_chassis),
        cmocka_unit_test_setup_teardown(test_lost_while_committing_with_key_finds_out, open_chassis,
                                        close_chassis),
        cmocka_unit_test_setup_teardown(test_idle_connection_lost_is_not_noticed_by_the_caller,
                                        open_chassis, close_chassis),
        cmocka_unit_test_setup_teardown(test_deadlocks_are_repeated_until_both_are_through,
                                        open_chassis, close_chassis),
        cmocka_unit_test_setup_teardown(test_policies_follow_the_actor, open_chassis,
                                        close_chassis),
        cmocka_unit_test(test_officers_are_the_same_in_sql_and_in_c),
        cmocka_unit_test(test_migration_changed_after_it_was_applied_is_refused),
    };
    return cmocka_run_group_tests(tests, ground_open, ground_close);
}
