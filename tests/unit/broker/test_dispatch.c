/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's rules, with workers and clients that are lists of words and a clock set by hand. */
#include "dispatch.h"

#include "base/log.h"
#include "wire/frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What the rules did: "give w1 c1/00000001;answer c1/00000001 0;" */
static char SAID[4096];
static char UNREACHABLE[32]; /* this worker cannot be reached */
static struct dispatch *RULES;
static struct dispatch_now NOW;

static void note(const char *text)
{
    size_t room = sizeof SAID - strlen(SAID) - 1;
    assert_true(strlen(text) < room);
    (void)strncat(SAID, text, room);
}

static void note_peer(const struct dispatch_peer *peer)
{
    char name[16] = "";
    assert_true(peer->size < sizeof name);
    memcpy(name, peer->bytes, peer->size);
    note(name);
}

static void note_id(const uint8_t id[8])
{
    char text[10] = "/";
    memcpy(text + 1, id, 8);
    note(text);
}

static bool reachable(const struct dispatch_peer *peer)
{
    return peer->size != strlen(UNREACHABLE) || memcmp(peer->bytes, UNREACHABLE, peer->size) != 0;
}

static bool fake_give(void *arg, const struct dispatch_peer *worker, struct dispatch_call *call)
{
    (void)arg;
    if (!reachable(worker)) {
        return false;
    }
    note("give ");
    note_peer(worker);
    note(" ");
    note_peer(&call->client);
    note_id(call->id);
    note(";");
    return true;
}

static void fake_answer(void *arg, const struct dispatch_peer *client, const uint8_t id[8],
                        enum dispatch_status status, zmq_msg_t *body)
{
    (void)arg;
    static const char *const ENDS[] = {" 0", " 1", " 2", " 3"};
    note("answer ");
    note_peer(client);
    note_id(id);
    note(ENDS[status]);
    note(body != NULL ? " body;" : ";");
}

static bool fake_beat(void *arg, const struct dispatch_peer *worker)
{
    (void)arg;
    return reachable(worker);
}

static int setup(void **state)
{
    (void)state;
    const struct dispatch_port port = {NULL, fake_give, fake_answer, fake_beat};
    RULES = dispatch_new(&port, 2);
    NOW = (struct dispatch_now){1000 * 1000, 1700000000000};
    SAID[0] = '\0';
    UNREACHABLE[0] = '\0';
    dispatch_tick(RULES, NOW);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dispatch_free(RULES);
    return 0;
}

static void pass_ms(int64_t ms)
{
    NOW.mono_us += ms * 1000;
    NOW.wall_ms += ms;
}

static void call_for(const char *service, const char *client, const char *id, int64_t ms)
{
    zmq_msg_t body;
    assert_int_equal(zmq_msg_init_size(&body, 500), 0);
    assert_true(dispatch_call(RULES, NOW, gx_view_of(client), gx_view_of(id), gx_view_of(service),
                              NOW.wall_ms + ms, &body));
    (void)zmq_msg_close(&body);
}

static void ready(const char *worker, const char *service)
{
    assert_true(dispatch_ready(RULES, NOW, gx_view_of(worker), gx_view_of(service)));
}

static bool reply(const char *worker, const char *client, const char *id)
{
    zmq_msg_t body;
    (void)zmq_msg_init(&body);
    bool known =
        dispatch_reply(RULES, NOW, gx_view_of(worker), gx_view_of(client), gx_view_of(id), &body);
    (void)zmq_msg_close(&body);
    return known;
}

static void expect_said(const char *said)
{
    assert_string_equal(SAID, said);
    SAID[0] = '\0';
}

static void test_call_goes_to_the_longest_idle_worker(void **state)
{
    (void)state;
    ready("w1", "intake");
    ready("w2", "intake");
    call_for("intake", "c1", "00000001", 1000);
    call_for("intake", "c2", "00000002", 1000);
    expect_said("give w1 c1/00000001;give w2 c2/00000002;");
    assert_true(reply("w2", "c2", "00000002"));
    assert_true(reply("w1", "c1", "00000001"));
    expect_said("answer c2/00000002 0 body;answer c1/00000001 0 body;");
    call_for("intake", "c1", "00000003", 1000);
    expect_said("give w2 c1/00000003;");
}

static void test_second_ready_does_not_double_a_worker(void **state)
{
    (void)state;
    ready("w1", "intake");
    ready("w1", "intake");
    assert_int_equal(dispatch_workers(RULES), 1);
    call_for("intake", "c1", "00000001", 1000);
    ready("w1", "intake"); /* while at work: not idle */
    call_for("intake", "c1", "00000002", 1000);
    expect_said("give w1 c1/00000001;");
    assert_true(reply("w1", "c1", "00000001"));
    expect_said("answer c1/00000001 0 body;give w1 c1/00000002;");
}

static void test_full_queue_is_busy(void **state)
{
    (void)state;
    ready("w1", "intake");
    for (int i = 1; i <= 4; i++) {
        char id[9];
        (void)snprintf(id, sizeof id, "%08d", i);
        call_for("intake", "c1", id, 1000);
    }
    expect_said("give w1 c1/00000001;answer c1/00000004 1;");
    assert_int_equal(dispatch_under_way(RULES), 3);
}

static void test_full_queue_of_one_service_leaves_others_alone(void **state)
{
    (void)state;
    ready("w1", "intake");
    ready("w2", "audit");
    for (int i = 1; i <= 4; i++) {
        char id[9];
        (void)snprintf(id, sizeof id, "%08d", i);
        call_for("intake", "c1", id, 1000);
    }
    SAID[0] = '\0';
    call_for("audit", "c1", "00000009", 1000);
    expect_said("give w2 c1/00000009;");
}

static void test_waiting_call_expires(void **state)
{
    (void)state;
    ready("w1", "intake");
    call_for("intake", "c1", "00000001", 1000);
    call_for("intake", "c1", "00000002", 100);
    call_for("intake", "c1", "00000003", 500);
    SAID[0] = '\0';
    pass_ms(101);
    dispatch_tick(RULES, NOW);
    expect_said("answer c1/00000002 3;");
    assert_true(reply("w1", "c1", "00000001"));
    expect_said("answer c1/00000001 0 body;give w1 c1/00000003;");
}

static void test_late_call_is_refused_at_once_and_never_given(void **state)
{
    (void)state;
    ready("w1", "intake");
    call_for("intake", "c1", "00000001", 0);
    expect_said("answer c1/00000001 3;");
    call_for("intake", "c1", "00000002", 1000);
    call_for("intake", "c1", "00000003", 100);
    SAID[0] = '\0';
    pass_ms(150); /* no tick in between */
    assert_true(reply("w1", "c1", "00000002"));
    expect_said("answer c1/00000002 0 body;answer c1/00000003 3;");
}

static void test_call_without_worker_waits_a_second(void **state)
{
    (void)state;
    call_for("intake", "c1", "00000001", 60000);
    pass_ms(900);
    dispatch_tick(RULES, NOW);
    expect_said("");
    pass_ms(101);
    dispatch_tick(RULES, NOW);
    expect_said("answer c1/00000001 2;");
    assert_int_equal(dispatch_under_way(RULES), 0);
}

static void test_first_worker_takes_the_calls_that_wait_for_it(void **state)
{
    (void)state;
    call_for("intake", "c1", "00000001", 5000);
    call_for("audit", "c1", "00000002", 5000);
    pass_ms(100);
    ready("w1", "intake");
    expect_said("give w1 c1/00000001;");
    ready("w2", "audit");
    expect_said("give w2 c1/00000002;");
}

static void test_calls_for_invented_services_are_bounded(void **state)
{
    (void)state;
    call_for("nonsense-1", "c1", "00000001", 5000);
    call_for("nonsense-2", "c1", "00000002", 5000);
    call_for("nonsense-3", "c1", "00000003", 5000);
    expect_said("answer c1/00000003 1;");
}

static void test_unreachable_worker_is_passed_by(void **state)
{
    (void)state;
    ready("w1", "intake");
    ready("w2", "intake");
    (void)snprintf(UNREACHABLE, sizeof UNREACHABLE, "w1");
    call_for("intake", "c1", "00000001", 1000);
    expect_said("give w2 c1/00000001;");
    assert_int_equal(dispatch_workers(RULES), 1);
    (void)snprintf(UNREACHABLE, sizeof UNREACHABLE, "w2");
    pass_ms(1001);
    dispatch_tick(RULES, NOW);
    assert_int_equal(dispatch_workers(RULES), 0);
    expect_said(""); /* nobody answers for what it was doing */
    assert_false(reply("w2", "c1", "00000001"));
}

static void test_call_survives_the_last_worker_going(void **state)
{
    (void)state;
    ready("w1", "intake");
    (void)snprintf(UNREACHABLE, sizeof UNREACHABLE, "w1");
    call_for("intake", "c1", "00000001", 5000);
    expect_said("");
    UNREACHABLE[0] = '\0';
    ready("w2", "intake");
    expect_said("give w2 c1/00000001;");
}

static void test_silent_idle_worker_is_dropped_and_a_beating_one_kept(void **state)
{
    (void)state;
    ready("w1", "intake");
    ready("w2", "intake");
    for (int i = 0; i < 4; i++) {
        pass_ms(1001);
        assert_true(dispatch_beat(RULES, NOW, gx_view_of("w2")));
        dispatch_tick(RULES, NOW);
    }
    assert_int_equal(dispatch_workers(RULES), 1);
    assert_false(dispatch_beat(RULES, NOW, gx_view_of("w1")));
    call_for("intake", "c1", "00000001", 1000);
    expect_said("give w2 c1/00000001;");
}

static void test_worker_at_work_may_be_silent_until_its_deadline(void **state)
{
    (void)state;
    ready("w1", "intake");
    call_for("intake", "c1", "00000001", 8000);
    SAID[0] = '\0';
    for (int i = 0; i < 7; i++) {
        pass_ms(1001);
        dispatch_tick(RULES, NOW);
    }
    assert_int_equal(dispatch_workers(RULES), 1);
    assert_true(reply("w1", "c1", "00000001"));
    expect_said("answer c1/00000001 0 body;");
    call_for("intake", "c1", "00000002", 1000);
    for (int i = 0; i < 6; i++) {
        pass_ms(1001);
        dispatch_tick(RULES, NOW);
    }
    assert_int_equal(dispatch_workers(RULES), 0);
}

static void test_stray_and_second_replies_reach_nobody(void **state)
{
    (void)state;
    ready("w1", "intake");
    ready("w2", "intake");
    call_for("intake", "c1", "00000001", 1000);
    SAID[0] = '\0';
    assert_false(reply("w2", "c1", "00000001")); /* not at that call */
    assert_false(reply("w1", "c2", "00000001"));
    assert_false(reply("w1", "c1", "00000009"));
    assert_false(reply("w9", "c1", "00000001"));
    expect_said("");
    assert_true(reply("w1", "c1", "00000001"));
    assert_false(reply("w1", "c1", "00000001"));
    expect_said("answer c1/00000001 0 body;");
}

static void test_worker_that_came_too_late_says_so(void **state)
{
    (void)state;
    ready("w1", "intake");
    call_for("intake", "c1", "00000001", 1000);
    SAID[0] = '\0';
    assert_true(
        dispatch_expired(RULES, NOW, gx_view_of("w1"), gx_view_of("c1"), gx_view_of("00000001")));
    expect_said("answer c1/00000001 3;");
    call_for("intake", "c1", "00000002", 1000);
    expect_said("give w1 c1/00000002;");
}

static void test_leaving_worker_ends_its_call_and_gets_no_other(void **state)
{
    (void)state;
    ready("w1", "intake");
    ready("w2", "intake");
    call_for("intake", "c1", "00000001", 1000);
    SAID[0] = '\0';
    dispatch_bye(RULES, gx_view_of("w1"));
    dispatch_bye(RULES, gx_view_of("w2"));
    dispatch_bye(RULES, gx_view_of("w3"));
    call_for("intake", "c1", "00000002", 1000);
    assert_true(reply("w1", "c1", "00000001"));
    expect_said("answer c1/00000001 0 body;");
    assert_int_equal(dispatch_workers(RULES), 0);
}

static void test_worker_changing_its_service_serves_the_new_one_only(void **state)
{
    (void)state;
    ready("w1", "intake");
    ready("w1", "audit");
    assert_int_equal(dispatch_workers(RULES), 1);
    call_for("intake", "c1", "00000001", 1000);
    call_for("audit", "c1", "00000002", 1000);
    expect_said("give w1 c1/00000002;");
}

static void test_malformed_calls_are_refused(void **state)
{
    (void)state;
    zmq_msg_t body;
    (void)zmq_msg_init(&body);
    char long_one[300];
    memset(long_one, 'a', sizeof long_one);
    const struct gx_view client = gx_view_of("c1");
    const struct gx_view id = gx_view_of("00000001");
    const struct gx_view name = gx_view_of("intake");
    const struct gx_view empty = {(const uint8_t *)"", 0};
    const struct gx_view zero = {(const uint8_t *)"in\0take", 7};
    const struct gx_view too_long = {(const uint8_t *)long_one, sizeof long_one};
    assert_false(dispatch_call(RULES, NOW, empty, id, name, 0, &body));
    assert_false(dispatch_call(RULES, NOW, too_long, id, name, 0, &body));
    assert_false(dispatch_call(RULES, NOW, client, gx_view_of("1"), name, 0, &body));
    assert_false(dispatch_call(RULES, NOW, client, id, empty, 0, &body));
    assert_false(dispatch_call(RULES, NOW, client, id, zero, 0, &body));
    assert_false(dispatch_call(RULES, NOW, client, id, too_long, 0, &body));
    assert_false(dispatch_ready(RULES, NOW, too_long, name));
    assert_false(dispatch_ready(RULES, NOW, client, empty));
    assert_false(dispatch_ready(RULES, NOW, client, too_long));
    expect_said("");
    assert_int_equal(dispatch_under_way(RULES), 0);
    (void)zmq_msg_close(&body);
}

static void test_workers_are_bounded_and_places_used_again(void **state)
{
    (void)state;
    char name[16];
    for (int i = 0; i < DISPATCH_WORKERS_MAX; i++) {
        (void)snprintf(name, sizeof name, "w%d", i);
        ready(name, "intake");
    }
    assert_false(dispatch_ready(RULES, NOW, gx_view_of("one-more"), gx_view_of("intake")));
    dispatch_bye(RULES, gx_view_of("w7"));
    ready("one-more", "intake");
    assert_int_equal(dispatch_workers(RULES), DISPATCH_WORKERS_MAX);
}

static void test_wait_is_short_only_while_calls_wait(void **state)
{
    (void)state;
    assert_in_range(dispatch_wait_ms(RULES, NOW), 500, 1001);
    call_for("intake", "c1", "00000001", 5000);
    assert_in_range(dispatch_wait_ms(RULES, NOW), 1, 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    gx_log_init("test", GX_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(test_call_goes_to_the_longest_idle_worker),
        TEST(test_second_ready_does_not_double_a_worker),
        TEST(test_full_queue_is_busy),
        TEST(test_full_queue_of_one_service_leaves_others_alone),
        TEST(test_waiting_call_expires),
        TEST(test_late_call_is_refused_at_once_and_never_given),
        TEST(test_call_without_worker_waits_a_second),
        TEST(test_first_worker_takes_the_calls_that_wait_for_it),
        TEST(test_calls_for_invented_services_are_bounded),
        TEST(test_unreachable_worker_is_passed_by),
        TEST(test_call_survives_the_last_worker_going),
        TEST(test_silent_idle_worker_is_dropped_and_a_beating_one_kept),
        TEST(test_worker_at_work_may_be_silent_until_its_deadline),
        TEST(test_stray_and_second_replies_reach_nobody),
        TEST(test_worker_that_came_too_late_says_so),
        TEST(test_leaving_worker_ends_its_call_and_gets_no_other),
        TEST(test_worker_changing_its_service_serves_the_new_one_only),
        TEST(test_malformed_calls_are_refused),
        TEST(test_workers_are_bounded_and_places_used_again),
        TEST(test_wait_is_short_only_while_calls_wait),
    };
    return cmocka_run_group_tests_name("dispatch", tests, NULL, NULL);
}
