/* SPDX-License-Identifier: Apache-2.0 */
/* Durable timers: due on time, moved, cancelled, kept over a restart, repeated after a failure, never silently lost. */
#include "base/clock.h"
#include "ground.h"

#include <string.h>

#define SUBJECT "00000000-0000-7000-8000-000000000021"

static struct gx_chassis chassis;
static struct gx_thread thread;
static bool running;
static struct gx_runner runner;

static void start(void)
{
    atomic_store(&chassis.stopping, false);
    thread = (struct gx_thread){.chassis = &chassis};
    assert_int_equal(pthread_create(&thread.id, NULL, gx_timer_body, &thread), 0);
    running = true;
}

static void stop(void)
{
    if (running) {
        atomic_store(&chassis.stopping, true);
        gx_chassis_wake_timers(&chassis);
        assert_int_equal(pthread_join(thread.id, NULL), 0);
        running = false;
    }
    atomic_store(&chassis.stopping, false);
}

static int open_all(void **state)
{
    (void)state;
    atomic_store(&probe_timer_fails, 0);
    gx_chassis_init(&chassis, &PROBE, &ground.common);
    ground_runner(&runner, &chassis);
    ground_run("DELETE FROM probe.fired; DELETE FROM probe.timer; DELETE FROM probe.timer_dead");
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    stop();
    gx_runner_close(&runner);
    gx_chassis_done(&chassis);
    return 0;
}

struct setting {
    const char *kind;
    int32_t n;
    int count;
    int64_t after_ms;
};

static enum gx_rc set_timers(void *arg, struct gx_ctx *ctx)
{
    const struct setting *setting = arg;
    enum gx_rc rc = GX_OK;
    for (int i = 0; i < setting->count && rc == GX_OK; i++) {
        const struct gx_timer timer = {
            .kind = setting->kind, .subject = SUBJECT, .n = setting->n + i, .area = GROUND_AREA};
        rc = gx_timer_set(ctx, &timer, setting->after_ms);
    }
    return rc;
}

static void set(const char *kind, int32_t n, int count, int64_t after_ms)
{
    struct setting setting = {kind, n, count, after_ms};
    assert_int_equal(ground_tx(&runner, set_timers, &setting), GX_OK);
}

static enum gx_rc cancel_all(void *arg, struct gx_ctx *ctx)
{
    return gx_timer_cancel(ctx, arg, SUBJECT);
}

static const char FIRED[] = "SELECT count(*) FROM probe.fired";
static const char LEFT[] = "SELECT count(*) FROM probe.timer";

static void test_timers_run_once_and_on_time(void **state)
{
    (void)state;
    start();
    for (int i = 0; i < 20; i++) {
        set("tick", i, 1, 200 + 60 * (int64_t)i);
    }
    assert_int_equal(ground_wait(FIRED, 20, 20000), 20);
    ground_sleep_ms(200);
    assert_int_equal(ground_number(FIRED), 20);
    assert_int_equal(ground_number(LEFT), 0);
    assert_int_equal(ground_number("SELECT count(*) FROM probe.fired WHERE late_ms < 0"), 0);
    /* On a busy machine some come late; the best of twenty shows what the thread itself adds. */
    assert_true(ground_number("SELECT min(late_ms) FROM probe.fired") < 60);
}

static void test_timers_may_be_moved_and_cancelled(void **state)
{
    char kind[] = "tick";
    (void)state;
    set("tick", 0, 1, 200);
    set("tick", 1, 1, 200);
    set("again", 0, 1, 200);
    set("tick", 1, 1, 3600000); /* moved away */
    start();
    assert_true(ground_wait(FIRED, 2, 10000) >= 2); /* "again" may have come again */
    ground_sleep_ms(300);
    assert_int_equal(ground_number("SELECT count(*) FROM probe.fired WHERE kind = 'tick'"), 1);
    assert_int_equal(ground_tx(&runner, cancel_all, kind), GX_OK);
    assert_int_equal(ground_number("SELECT count(*) FROM probe.timer WHERE kind = 'tick'"), 0);
}

static void test_timer_may_set_itself_again(void **state)
{
    (void)state;
    start();
    set("again", 0, 1, 10);
    assert_int_equal(ground_wait(FIRED, 2, 10000), 2);
    assert_int_equal(ground_number(LEFT), 0);
}

static void test_timers_outlive_the_process_and_two_share_them(void **state)
{
    struct gx_chassis second;
    struct gx_thread other = {.chassis = &second};
    (void)state;
    set("tick", 0, 200, 1);
    ground_sleep_ms(50);
    assert_int_equal(ground_number(FIRED), 0);
    gx_chassis_init(&second, &PROBE, &ground.common);
    assert_int_equal(pthread_create(&other.id, NULL, gx_timer_body, &other), 0);
    start();
    assert_int_equal(ground_wait(FIRED, 200, 20000), 200);
    atomic_store(&second.stopping, true);
    gx_chassis_wake_timers(&second);
    assert_int_equal(pthread_join(other.id, NULL), 0);
    gx_chassis_done(&second);
    assert_int_equal(ground_number("SELECT count(DISTINCT n) FROM probe.fired"), 200);
    assert_int_equal(ground_number(LEFT), 0);
}

static void test_failed_timer_is_tried_again_and_keeps_its_due_time(void **state)
{
    (void)state;
    atomic_store(&probe_timer_fails, 2);
    set("bad", 0, 1, 1);
    start();
    assert_int_equal(ground_wait(FIRED, 1, 10000), 1);
    assert_true(ground_number("SELECT late_ms FROM probe.fired") >= 200);
    assert_int_equal(ground_number("SELECT count(*) FROM probe.timer_dead"), 0);
}

static void test_timer_that_never_works_is_set_aside_and_others_run(void **state)
{
    (void)state;
    atomic_store(&probe_timer_fails, 1000);
    set("bad", 0, 1, 1);
    set("tick", 0, 1, 50);
    start();
    assert_int_equal(ground_wait(FIRED, 1, 10000), 1);
    assert_int_equal(ground_wait("SELECT count(*) FROM probe.timer_dead", 1, 10000), 1);
    assert_int_equal(ground_number("SELECT tries FROM probe.timer_dead"), 3);
    assert_int_equal(ground_number(LEFT), 0);
}

static void test_watch_sees_overdue_timers(void **state)
{
    (void)state;
    set("tick", 0, 3, 1);
    struct gx_watch *watch = gx_watch_new(&chassis);
    ground_run("UPDATE probe.timer SET due_at = due_at - 10000");
    gx_watch_turn(watch);
    assert_int_equal(atomic_load(&chassis.timers_overdue[0].value), 3);
    start();
    assert_int_equal(ground_wait(FIRED, 3, 10000), 3);
    gx_watch_turn(watch);
    assert_int_equal(atomic_load(&chassis.timers_overdue[0].value), 0);
    gx_watch_free(watch);
}

static void test_old_keys_are_removed(void **state)
{
    (void)state;
    ground_run("DELETE FROM probe.idempotency; INSERT INTO probe.idempotency VALUES"
               " ('s', 'old', '', '', genxi.now_ms() - 8 * 86400000::bigint), ('s', 'new', '', '', "
               "genxi.now_ms())");
    struct gx_watch *watch = gx_watch_new(&chassis);
    gx_watch_turn(watch);
    gx_watch_free(watch);
    assert_int_equal(ground_number("SELECT count(*) FROM probe.idempotency"), 1);
    assert_int_equal(ground_number("SELECT count(*) FROM probe.idempotency WHERE key = 'new'"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_timers_run_once_and_on_time, open_all, close_all),
        cmocka_unit_test_setup_teardown(test_timers_may_be_moved_and_cancelled, open_all,
                                        close_all),
        cmocka_unit_test_setup_teardown(test_timer_may_set_itself_again, open_all, close_all),
        cmocka_unit_test_setup_teardown(test_timers_outlive_the_process_and_two_share_them,
                                        open_all, close_all),
        cmocka_unit_test_setup_teardown(test_failed_timer_is_tried_again_and_keeps_its_due_time,
                                        open_all, close_all),
        cmocka_unit_test_setup_teardown(test_timer_that_never_works_is_set_aside_and_others_run,
                                        open_all, close_all),
        cmocka_unit_test_setup_teardown(test_watch_sees_overdue_timers, open_all, close_all),
        cmocka_unit_test_setup_teardown(test_old_keys_are_removed, open_all, close_all),
    };
    return cmocka_run_group_tests(tests, ground_open, ground_close);
}
