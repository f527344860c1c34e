/* SPDX-License-Identifier: Apache-2.0 */
/* Commands over real sockets: caller, broker and worker in processes of their own. */
#include "stage.h"

#include "base/clock.h"
#include "registry.pb-c.h"
#include "wire/curve.h"
#include "wire/messages.h"
#include "wire/net.h"
#include "wire/pb.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include <cmocka.h>

static struct stage STAGE;
static struct gx_ctx CTX;

static int setup(void **state)
{
    (void)state;
    stage_open(&STAGE);
    gx_ctx_init(&CTX, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    gx_ctx_done(&CTX);
    stage_close(&STAGE);
    return 0;
}

static void test_call_is_served(void **state)
{
    (void)state;
    (void)stage_broker(&STAGE, 0, 10);
    (void)stage_worker(&STAGE, STAGE.broker[0], "readiness", "readiness");
    stage_wait(&STAGE, 0);
    int before = stage_served(&STAGE);
    struct gx_caller *caller = stage_caller(&STAGE, STAGE.broker[0]);
    for (int i = 0; i < 100; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "s%d", i);
        assert_int_equal(stage_close_shift(caller, &CTX, id, 20000), GX_OK);
        gx_ctx_reset(&CTX);
    }
    assert_int_equal(stage_served(&STAGE) - before, 100);
    assert_int_equal(gx_caller_brokers_up(caller), 1);
    gx_caller_free(caller);
}

static void test_fault_of_reply_reaches_the_context(void **state)
{
    (void)state;
    (void)stage_broker(&STAGE, 0, 10);
    (void)stage_worker(&STAGE, STAGE.broker[0], "readiness", "readiness");
    stage_wait(&STAGE, 0);
    struct gx_caller *caller = stage_caller(&STAGE, STAGE.broker[0]);
    assert_int_equal(stage_close_shift(caller, &CTX, "deny", 20000), GX_DENIED);
    assert_int_equal(CTX.fault_count, 1);
    assert_int_equal(CTX.faults[0].problem, GX_P_FOREIGN_RESPONDER);
    assert_string_equal(CTX.faults[0].pointer, "/id");
    assert_string_equal(CTX.faults[0].value, "deny");
    gx_caller_free(caller);
}

static void test_service_without_workers_is_unavailable_soon(void **state)
{
    (void)state;
    (void)stage_broker(&STAGE, 0, 10);
    struct gx_caller *caller = stage_caller(&STAGE, STAGE.broker[0]);
    int64_t begin_us = gx_clock_mono_us();
    assert_int_equal(stage_close_shift(caller, &CTX, "s", 20000), GX_UNAVAILABLE);
    assert_true(gx_clock_mono_us() - begin_us < 12 * 1000 * 1000);
    assert_int_equal(CTX.faults[0].problem, GX_P_UNAVAILABLE);
    gx_caller_free(caller);
}

static void test_no_broker_is_unavailable_soon(void **state)
{
    (void)state;
    struct gx_caller *caller = stage_caller(&STAGE, STAGE.brokers);
    int64_t begin_us = gx_clock_mono_us();
    assert_int_equal(stage_close_shift(caller, &CTX, "s", 20000), GX_UNAVAILABLE);
    assert_true(gx_clock_mono_us() - begin_us < 12 * 1000 * 1000);
    assert_int_equal(gx_caller_brokers_up(caller), 0);
    gx_caller_free(caller);
}

static void test_key_off_the_allow_list_is_refused(void **state)
{
    (void)state;
    (void)stage_broker(&STAGE, 0, 10);
    (void)stage_worker(&STAGE, STAGE.broker[0], "readiness", "readiness");
    stage_wait(&STAGE, 0);
    char path[2 * STAGE_PATH];
    (void)snprintf(path, sizeof path, "%s/allowed/gateway.key", STAGE.keys);
    assert_int_equal(remove(path), 0);
    struct gx_caller *caller = stage_caller(&STAGE, STAGE.broker[0]);
    assert_int_equal(stage_close_shift(caller, &CTX, "s", 3000), GX_UNAVAILABLE);
    assert_int_equal(gx_caller_brokers_up(caller), 0);
    gx_caller_free(caller);
    assert_int_equal(gx_curve_make(STAGE.keys, "gateway"),
                     GX_OK); /* allowed again while the broker runs */
    stage_wait(&STAGE, 0);
}

static void test_worker_of_another_service_is_refused(void **state)
{
    (void)state;
    (void)stage_broker(&STAGE, 0, 10);
    pid_t right = stage_worker(&STAGE, STAGE.broker[0], "readiness", "readiness");
    stage_wait(&STAGE, 0);
    pid_t wrong = stage_worker(&STAGE, STAGE.broker[0], "readiness", "intake");
    stage_sleep_ms(1000);
    struct gx_caller *caller = stage_caller(&STAGE, STAGE.broker[0]);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(stage_close_shift(caller, &CTX, "s", 20000), GX_OK);
        gx_ctx_reset(&CTX);
    }
    stage_stop(&STAGE, right, SIGKILL);
    enum gx_rc rc = stage_close_shift(caller, &CTX, "s", 5000);
    assert_true(rc == GX_UNAVAILABLE || rc == GX_UNCERTAIN); /* the latter: given to the dead one */
    FILE *log = fopen(STAGE.log, "re");
    char line[128];
    assert_non_null(log);
    while (fgets(line, sizeof line, log) != NULL) {
        assert_int_not_equal(strtol(strrchr(line, ' '), NULL, 10), wrong);
    }
    (void)fclose(log);
    gx_caller_free(caller);
}

/* --- Calls with a callback --- */

struct tally {
    _Atomic int done;
    _Atomic int by_rc[GX_RC_COUNT];
};

static void count_done(void *arg, enum gx_rc rc, const Genxi__Reply *reply)
{
    struct tally *tally = arg;
    if (rc == GX_OK && reply->rc != GX_OK) {
        rc = (enum gx_rc)reply->rc;
    }
    (void)atomic_fetch_add(&tally->by_rc[rc], 1);
    (void)atomic_fetch_add(&tally->done, 1);
}

static enum gx_rc send_shift(struct gx_caller *caller, struct tally *tally, const char *id, int ms)
{
    Genxi__ShiftClose request = GENXI__SHIFT_CLOSE__INIT;
    request.id = gx_pb_text(id);
    uint8_t body[64];
    Genxi__Actor actor = GENXI__ACTOR__INIT;
    actor.subject = gx_pb_text("test");
    Genxi__Command command = GENXI__COMMAND__INIT;
    char command_id[GX_ID_SIZE];
    command.id = gx_id_new(command_id);
    command.type = GX_C_shift_close;
    command.deadline_at = gx_clock_wall_ms() + ms;
    command.actor = &actor;
    command.idempotency_key = command.id;
    command.body = (ProtobufCBinaryData){genxi__shift_close__pack(&request, body), body};
    return gx_caller_send(caller, &command, count_done, tally);
}

static void wait_done(struct tally *tally, int count, int ms)
{
    int64_t end_us = gx_clock_mono_us() + (int64_t)ms * 1000;
    while (atomic_load(&tally->done) < count && gx_clock_mono_us() < end_us) {
        stage_sleep_ms(1);
    }
}

static void test_each_sent_call_is_done_once(void **state)
{
    (void)state;
    enum {
        CALLS = 2000
    };
    (void)stage_broker(&STAGE, 0, 1000);
    (void)stage_worker(&STAGE, STAGE.broker[0], "readiness", "readiness");
    (void)stage_worker(&STAGE, STAGE.broker[0], "readiness", "readiness");
    stage_wait(&STAGE, 0);
    struct gx_caller *caller = stage_caller(&STAGE, STAGE.broker[0]);
    struct tally tally = {0};
    int sent = 0;
    while (sent < CALLS) {
        enum gx_rc rc = send_shift(caller, &tally, "s", 60000);
        if (rc == GX_OK) {
            sent++;
        } else {
            assert_int_equal(rc, GX_LIMIT); /* 200 under way */
            stage_sleep_ms(1);
        }
    }
    wait_done(&tally, CALLS, 60000);
    assert_int_equal(atomic_load(&tally.by_rc[GX_OK]), CALLS);
    stage_sleep_ms(50);
    assert_int_equal(atomic_load(&tally.done), CALLS);
    gx_caller_free(caller);
}

static void test_free_ends_what_is_under_way(void **state)
{
    (void)state;
    struct gx_caller *caller = stage_caller(&STAGE, STAGE.broker[0]);
    struct tally tally = {0};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(send_shift(caller, &tally, "s", 20000), GX_OK);
    }
    gx_caller_free(caller);
    assert_int_equal(atomic_load(&tally.by_rc[GX_UNAVAILABLE]), 5);
}

static void test_full_queue_is_busy(void **state)
{
    (void)state;
    (void)stage_broker(&STAGE, 0, 2);
    (void)stage_worker(&STAGE, STAGE.broker[0], "readiness", "readiness");
    stage_wait(&STAGE, 0);
    struct gx_caller *caller = stage_caller(&STAGE, STAGE.broker[0]);
    struct tally tally = {0};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(send_shift(caller, &tally, "sleep-1000", 20000), GX_OK);
    }
    wait_done(&tally, 5, 20000);
    assert_int_equal(atomic_load(&tally.by_rc[GX_OK]), 3); /* one served, two waiting */
    assert_int_equal(atomic_load(&tally.by_rc[GX_LIMIT]), 2);
    gx_caller_free(caller);
}

static void test_expired_call_is_never_served(void **state)
{
    (void)state;
    (void)stage_broker(&STAGE, 0, 10);
    (void)stage_worker(&STAGE, STAGE.broker[0], "readiness", "readiness");
    stage_wait(&STAGE, 0);
    int before = stage_served(&STAGE);
    struct gx_caller *caller = stage_caller(&STAGE, STAGE.broker[0]);
    struct tally slow = {0};
    struct tally late = {0};
    assert_int_equal(send_shift(caller, &slow, "sleep-2000", 20000), GX_OK);
    while (stage_served(&STAGE) == before) {
        stage_sleep_ms(5);
    }
    for (int i = 0; i < 5; i++) {
        assert_int_equal(send_shift(caller, &late, "s", 200), GX_OK);
    }
    wait_done(&late, 5, 10000);
    wait_done(&slow, 1, 10000);
    /* Refused by the broker in time to know that nothing was written, or uncertain at the caller's own clock; never served. */
    assert_int_equal(atomic_load(&late.by_rc[GX_TIMEOUT]) + atomic_load(&late.by_rc[GX_UNCERTAIN]),
                     5);
    assert_int_equal(atomic_load(&slow.by_rc[GX_OK]), 1);
    stage_sleep_ms(300);
    assert_int_equal(stage_served(&STAGE) - before, 1);
    gx_caller_free(caller);
}

static void test_worker_killed_at_a_write_is_uncertain(void **state)
{
    (void)state;
    (void)stage_broker(&STAGE, 0, 10);
    pid_t worker = stage_worker(&STAGE, STAGE.broker[0], "readiness", "readiness");
    stage_wait(&STAGE, 0);
    int before = stage_served(&STAGE);
    struct gx_caller *caller = stage_caller(&STAGE, STAGE.broker[0]);
    struct tally tally = {0};
    assert_int_equal(send_shift(caller, &tally, "sleep-20000", 3000), GX_OK);
    while (stage_served(&STAGE) == before) {
        stage_sleep_ms(5);
    }
    stage_stop(&STAGE, worker, SIGKILL);
    wait_done(&tally, 1, 10000);
    assert_int_equal(atomic_load(&tally.by_rc[GX_UNCERTAIN]), 1);
    gx_caller_free(caller);
}

static void test_broker_restarted_serves_again(void **state)
{
    (void)state;
    pid_t broker = stage_broker(&STAGE, 0, 10);
    (void)stage_worker(&STAGE, STAGE.broker[0], "readiness", "readiness");
    stage_wait(&STAGE, 0);
    struct gx_caller *caller = stage_caller(&STAGE, STAGE.broker[0]);
    assert_int_equal(stage_close_shift(caller, &CTX, "before", 20000), GX_OK);
    struct tally tally = {0};
    assert_int_equal(send_shift(caller, &tally, "sleep-1000", 30000),
                     GX_OK); /* loses its broker, finds the new one */
    stage_sleep_ms(300);
    stage_stop(&STAGE, broker, SIGKILL);
    (void)stage_broker(&STAGE, 0, 10);
    wait_done(&tally, 1, 30000);
    assert_int_equal(atomic_load(&tally.by_rc[GX_OK]), 1);
    gx_ctx_reset(&CTX);
    assert_int_equal(stage_close_shift(caller, &CTX, "after", 20000), GX_OK);
    gx_caller_free(caller);
}

/* --- Under load --- */

struct load {
    struct gx_caller *caller;
    _Atomic bool stop;
    _Atomic int good;
    _Atomic int bad;
    _Atomic int64_t longest_us;
};

static void *press(void *arg)
{
    struct load *load = arg;
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, 1 << 20);
    while (!atomic_load(&load->stop)) {
        int64_t begin_us = gx_clock_mono_us();
        enum gx_rc rc = stage_close_shift(load->caller, &ctx, "s", 20000);
        (void)atomic_fetch_add(rc == GX_OK ? &load->good : &load->bad, 1);
        if (rc != GX_OK) {
            print_message("a call ended as %s after %lld us\n", gx_rc_name(rc),
                          (long long)(gx_clock_mono_us() - begin_us));
        }
        int64_t took_us = gx_clock_mono_us() - begin_us;
        if (took_us > atomic_load(&load->longest_us)) {
            atomic_store(&load->longest_us, took_us);
        }
        gx_ctx_reset(&ctx);
    }
    gx_ctx_done(&ctx);
    return NULL;
}

static void wait_good(struct load *load, int more)
{
    int want = atomic_load(&load->good) + more;
    int64_t end_us = gx_clock_mono_us() + (int64_t)60 * 1000 * 1000;
    while (atomic_load(&load->good) < want && gx_clock_mono_us() < end_us) {
        stage_sleep_ms(5);
    }
    assert_true(atomic_load(&load->good) >= want);
}

static void test_broker_killed_under_load_no_call_fails(void **state)
{
    (void)state;
    enum {
        THREADS = 4
    };
    pid_t first = stage_broker(&STAGE, 0, 100);
    pid_t second = stage_broker(&STAGE, 1, 100);
    (void)stage_worker(&STAGE, STAGE.brokers, "readiness", "readiness");
    (void)stage_worker(&STAGE, STAGE.brokers, "readiness", "readiness");
    stage_wait(&STAGE, 0);
    stage_wait(&STAGE, 1);
    struct load load = {.caller = stage_caller(&STAGE, STAGE.brokers)};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, press, &load), 0);
    }
    wait_good(&load, 200);
    stage_stop(&STAGE, first, SIGKILL);
    wait_good(&load, 200);
    first = stage_broker(&STAGE, 0, 100);
    stage_wait(&STAGE, 0);
    wait_good(&load, 200);
    stage_stop(&STAGE, second, SIGTERM);
    wait_good(&load, 200);
    atomic_store(&load.stop, true);
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&load.bad), 0);
    assert_true(atomic_load(&load.longest_us) <
                9000 * 1000); /* nobody waited for half of the deadline */
    assert_int_not_equal(first, 0);
    gx_caller_free(load.caller);
}

static void test_broker_that_hangs_is_passed_by(void **state)
{
    (void)state;
    pid_t first = stage_broker(&STAGE, 0, 100);
    (void)stage_broker(&STAGE, 1, 100);
    (void)stage_worker(&STAGE, STAGE.brokers, "readiness", "readiness");
    stage_wait(&STAGE, 0);
    stage_wait(&STAGE, 1);
    struct gx_caller *caller = stage_caller(&STAGE, STAGE.brokers);
    for (int i = 0; i < 3000 && gx_caller_brokers_up(caller) < 2; i++) {
        stage_sleep_ms(10);
    }
    assert_int_equal(stage_close_shift(caller, &CTX, "s", 20000), GX_OK);
    assert_int_equal(kill(first, SIGSTOP), 0);
    gx_ctx_reset(&CTX);
    int64_t begin_us = gx_clock_mono_us();
    assert_int_equal(stage_close_shift(caller, &CTX, "s", 4000),
                     GX_OK); /* by the other, at half of its time */
    assert_true(gx_clock_mono_us() - begin_us > 1900 * 1000);
    stage_sleep_ms(4000);
    gx_ctx_reset(&CTX);
    begin_us = gx_clock_mono_us();
    assert_int_equal(stage_close_shift(caller, &CTX, "s", 20000),
                     GX_OK); /* at once: it is known to be down */
    assert_true(gx_clock_mono_us() - begin_us < 9000 * 1000);
    assert_int_equal(gx_caller_brokers_up(caller), 1);
    gx_caller_free(caller);
}

static void test_worker_drained_under_load_no_call_fails(void **state)
{
    (void)state;
    enum {
        THREADS = 3,
        TURNS = 5
    };
    (void)stage_broker(&STAGE, 0, 100);
    pid_t worker = stage_worker(&STAGE, STAGE.broker[0], "readiness", "readiness");
    stage_wait(&STAGE, 0);
    int before = stage_served(&STAGE);
    struct load load = {.caller = stage_caller(&STAGE, STAGE.broker[0])};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, press, &load), 0);
    }
    for (int turn = 0; turn < TURNS; turn++) {
        wait_good(&load, 100);
        pid_t next = stage_worker(&STAGE, STAGE.broker[0], "readiness", "readiness");
        assert_true(stage_has_served(&STAGE, next));
        stage_stop(&STAGE, worker, SIGTERM);
        worker = next;
    }
    wait_good(&load, 100);
    atomic_store(&load.stop, true);
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&load.bad), 0);
    assert_int_equal(stage_served(&STAGE) - before,
                     atomic_load(&load.good)); /* nothing was sent again */
    gx_caller_free(load.caller);
}

/* --- Garbage --- */

static void send_garbage(void *socket, unsigned *seed)
{
    static const char *const WORDS[] = {"READY", "BEAT",    "REPLY",     "CALL",     "BYE",
                                        "PING",  "EXPIRED", "readiness", "12345678", ""};
    unsigned parts = (unsigned)rand_r(seed) % 12 + 1;
    for (unsigned i = 0; i < parts; i++) {
        unsigned char noise[300];
        size_t size = (size_t)rand_r(seed) % sizeof noise;
        const char *word = WORDS[(unsigned)rand_r(seed) % GX_COUNT_OF(WORDS)];
        for (size_t k = 0; k < size; k++) {
            noise[k] = (unsigned char)rand_r(seed);
        }
        bool known = rand_r(seed) % 3 != 0;
        (void)zmq_send(socket, known ? (const void *)word : noise, known ? strlen(word) : size,
                       ZMQ_DONTWAIT | (i + 1 < parts ? ZMQ_SNDMORE : 0));
    }
}

static void test_garbage_changes_nothing(void **state)
{
    (void)state;
    (void)stage_broker(&STAGE, 0, 10);
    (void)stage_worker(&STAGE, STAGE.broker[0], "readiness", "readiness");
    stage_wait(&STAGE, 0);
    int before = stage_served(&STAGE);
    struct gx_caller *caller = stage_caller(&STAGE, STAGE.broker[0]);
    assert_int_equal(stage_close_shift(caller, &CTX, "before", 20000), GX_OK);
    const struct gx_bus_settings settings = stage_settings(&STAGE, STAGE.broker[0], "intake");
    struct gx_net net;
    assert_int_equal(gx_net_open(&settings, &net), GX_OK);
    static const int TYPES[] = {ZMQ_DEALER, ZMQ_DEALER, ZMQ_PUB, ZMQ_XSUB};
    unsigned seed = 20261124;
    for (int face = 0; face < 4; face++) {
        void *socket = gx_net_socket(&net, TYPES[face], 200);
        assert_non_null(socket);
        assert_int_equal(gx_net_connect(&net, socket, 0, (enum gx_face)face), GX_OK);
        stage_sleep_ms(200);
        for (int i = 0; i < 3000; i++) {
            send_garbage(socket, &seed);
        }
        stage_sleep_ms(100);
        (void)zmq_close(socket);
    }
    gx_net_close(&net);
    gx_ctx_reset(&CTX);
    assert_int_equal(stage_close_shift(caller, &CTX, "after", 20000), GX_OK);
    assert_int_equal(stage_served(&STAGE) - before, 2);
    gx_caller_free(caller);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_call_is_served),
        TEST(test_fault_of_reply_reaches_the_context),
        TEST(test_service_without_workers_is_unavailable_soon),
        TEST(test_no_broker_is_unavailable_soon),
        TEST(test_key_off_the_allow_list_is_refused),
        TEST(test_worker_of_another_service_is_refused),
        TEST(test_each_sent_call_is_done_once),
        TEST(test_free_ends_what_is_under_way),
        TEST(test_full_queue_is_busy),
        TEST(test_expired_call_is_never_served),
        TEST(test_worker_killed_at_a_write_is_uncertain),
        TEST(test_broker_restarted_serves_again),
        TEST(test_broker_killed_under_load_no_call_fails),
        TEST(test_broker_that_hangs_is_passed_by),
        TEST(test_worker_drained_under_load_no_call_fails),
        TEST(test_garbage_changes_nothing),
    };
    return cmocka_run_group_tests_name("bus calls", tests, NULL, NULL);
}
