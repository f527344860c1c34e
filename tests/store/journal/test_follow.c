/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Followers without a broker: all that the wire would bring is lost, so the journal alone must do. Each chassis stands for one process.
 */
#include "base/clock.h"
#include "ground.h"

#include <string.h>

enum {
    AREAS = 6,
    FIRST_AREA = 53011210
};

struct process {
    struct gx_chassis chassis;
    struct gx_common_settings common;
    char conninfo[2048];
    struct gx_thread thread;
    bool running;
};
static struct process processes[3];
static struct gx_chassis writer;
static struct gx_runner runner;

static void start(struct process *process, int number)
{
    process->common = ground.common;
    /* Each is known by a name of its own to the server. */
    (void)snprintf(process->conninfo, sizeof process->conninfo,
                   "%s options='-c role=genxi_probe -c genxi.test=%d'", ground.admin, number);
    process->common.postgres = process->conninfo;
    gx_chassis_init(&process->chassis, &PROBE, &process->common);
    process->thread = (struct gx_thread){.chassis = &process->chassis};
    process->running = true;
    assert_int_equal(pthread_create(&process->thread.id, NULL, gx_follower_body, &process->thread),
                     0);
}

static void stop(struct process *process)
{
    if (process->running) {
        atomic_store(&process->chassis.stopping, true);
        assert_int_equal(pthread_join(process->thread.id, NULL), 0);
        gx_chassis_done(&process->chassis);
        process->running = false;
    }
}

static int open_all(void **state)
{
    (void)state;
    memset(processes, 0, sizeof processes);
    atomic_store(&probe_bad_seq, 0);
    gx_chassis_init(&writer, &PROBE, &ground.common);
    ground_runner(&runner, &writer);
    ground_run(
        "DELETE FROM probe.effect; DELETE FROM journal.event; DELETE FROM journal.counter;"
        " DELETE FROM journal.cursor; DELETE FROM journal.follower; DELETE FROM journal.poison");
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < GX_COUNT_OF(processes); i++) {
        stop(&processes[i]);
    }
    gx_runner_close(&runner);
    gx_chassis_done(&writer);
    return 0;
}

static void emit_everywhere(int rounds)
{
    for (int round = 0; round < rounds; round++) {
        for (int area = 0; area < AREAS; area++) {
            assert_int_equal(ground_emit(&runner, FIRST_AREA + area, 1 + round % 2), GX_OK);
        }
    }
}

static const char EFFECTS[] = "SELECT count(*) FROM probe.effect";
static const char TWICE[] = "SELECT count(*) FROM probe.effect WHERE n <> 1";
static const char EVENTS[] = "SELECT count(*) FROM journal.event";
static const char AT_HEAD[] =
    "SELECT count(*) FROM journal.cursor JOIN journal.counter USING (area)"
    " WHERE cursor.seq = counter.seq AND service = 'probe'";

static void assert_each_once(int most_ms)
{
    int64_t events = ground_number(EVENTS);
    assert_int_equal(ground_wait(EFFECTS, events, most_ms), events);
    assert_int_equal(ground_number(TWICE), 0);
}

static void test_two_followers_have_each_effect_once(void **state)
{
    (void)state;
    emit_everywhere(5);
    start(&processes[0], 0);
    start(&processes[1], 1);
    emit_everywhere(20);
    assert_each_once(20000);
    assert_int_equal(ground_wait(AT_HEAD, AREAS, 5000), AREAS);
}

static void test_two_followers_share_the_areas(void **state)
{
    int64_t until_us = gx_clock_mono_us() + INT64_C(15000000);
    (void)state;
    emit_everywhere(1);
    start(&processes[0], 0);
    start(&processes[1], 1);
    struct gx_follow_state *first = &processes[0].chassis.follow_states[0];
    struct gx_follow_state *second = &processes[1].chassis.follow_states[0];
    while (gx_clock_mono_us() < until_us &&
           (atomic_load(&first->areas) != AREAS / 2 || atomic_load(&second->areas) != AREAS / 2)) {
        ground_sleep_ms(20);
    }
    assert_int_equal(atomic_load(&first->areas), AREAS / 2);
    assert_int_equal(atomic_load(&second->areas), AREAS / 2);
    stop(&processes[0]);
    until_us = gx_clock_mono_us() + INT64_C(15000000);
    while (gx_clock_mono_us() < until_us && atomic_load(&second->areas) != AREAS) {
        ground_sleep_ms(20);
    }
    assert_int_equal(atomic_load(&second->areas), AREAS);
}

static void test_killed_follower_loses_its_areas_and_nothing_else(void **state)
{
    static const char KILL[] = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                               " WHERE application_name = 'probe' AND pid IN (SELECT pid FROM "
                               "pg_locks WHERE locktype = 'advisory')";
    (void)state;
    emit_everywhere(1);
    start(&processes[0], 0);
    start(&processes[1], 1);
    for (int i = 0; i < 5; i++) {
        emit_everywhere(4);
        assert_true(ground_number(KILL) >= 0);
        emit_everywhere(4);
        ground_sleep_ms(300);
    }
    assert_each_once(20000);
}

static void test_areas_of_a_dead_follower_move_within_five_seconds(void **state)
{
    struct gx_pg *dead = NULL;
    (void)state;
    emit_everywhere(1);
    /* Somebody holds all areas and is then gone without a word, its beat still fresh. */
    assert_int_equal(gx_pg_open(ground.admin, "dead", &dead), GX_OK);
    gx_ctx_reset(&ground.ctx);
    assert_int_equal(
        gx_pg_script(
            dead, &ground.ctx,
            "SELECT pg_advisory_lock(hashtext('genxi.follow.probe'), area) FROM journal.counter;"
            " INSERT INTO journal.follower VALUES"
            " ('probe', '00000000-0000-7000-8000-0000000000dd', clock_timestamp())"),
        GX_OK);
    start(&processes[0], 0);
    ground_sleep_ms(500);
    assert_int_equal(ground_number(EFFECTS), 0);
    int64_t began_us = gx_clock_mono_us();
    gx_pg_free(dead);
    assert_each_once(10000);
    assert_true(gx_clock_mono_us() - began_us < INT64_C(5000000));
}

static void test_event_that_never_works_is_set_aside_and_told(void **state)
{
    int64_t poisoned = atomic_load(&GX_CHASSIS_METRICS[GX_M_EVENTS_POISONED].value);
    (void)state;
    atomic_store(&probe_bad_seq, 3);
    assert_int_equal(ground_emit(&runner, FIRST_AREA, 5), GX_OK);
    start(&processes[0], 0);
    assert_int_equal(ground_wait(EFFECTS, 4, 15000), 4);
    assert_int_equal(
        ground_number("SELECT count(*) FROM journal.poison WHERE service = 'probe' AND seq = 3"
                      " AND reason = 'unknown-reference'"),
        1);
    assert_int_equal(ground_number("SELECT count(*) FROM probe.effect WHERE seq = 3"), 0);
    assert_int_equal(atomic_load(&GX_CHASSIS_METRICS[GX_M_EVENTS_POISONED].value), poisoned + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_two_followers_have_each_effect_once, open_all,
                                        close_all),
        cmocka_unit_test_setup_teardown(test_two_followers_share_the_areas, open_all, close_all),
        cmocka_unit_test_setup_teardown(test_killed_follower_loses_its_areas_and_nothing_else,
                                        open_all, close_all),
        cmocka_unit_test_setup_teardown(test_areas_of_a_dead_follower_move_within_five_seconds,
                                        open_all, close_all),
        cmocka_unit_test_setup_teardown(test_event_that_never_works_is_set_aside_and_told, open_all,
                                        close_all),
    };
    return cmocka_run_group_tests(tests, ground_open, ground_close);
}
