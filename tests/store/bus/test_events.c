/* SPDX-License-Identifier: Apache-2.0 */
/* Events over real sockets, through one broker and through two. */
#include "stage.h"

#include "broker.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    AREA = 53011201,
    OTHER_AREA = 53011202,
    NEAR_AREA = 530112011
};

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

static struct gx_publisher *open_publisher(const char *brokers)
{
    struct gx_bus_settings settings = stage_settings(&STAGE, brokers, "intake");
    settings.queue_limit = 5000; /* the publisher itself drops nothing in these tests */
    struct gx_publisher *publisher = NULL;
    assert_int_equal(gx_publisher_open(&settings, &publisher), GX_OK);
    return publisher;
}

static struct gx_subscriber *open_subscriber(const char *brokers)
{
    const struct gx_bus_settings settings = stage_settings(&STAGE, brokers, "readiness");
    struct gx_subscriber *subscriber = NULL;
    assert_int_equal(gx_subscriber_open(&settings, &subscriber), GX_OK);
    return subscriber;
}

/* Returns for how many brokers it was dropped. */
static size_t publish(struct gx_publisher *publisher, int32_t area, int64_t seq)
{
    Genxi__Audience audience = GENXI__AUDIENCE__INIT;
    Genxi__Actor actor = GENXI__ACTOR__INIT;
    actor.subject = gx_pb_text("test");
    Genxi__Event event = GENXI__EVENT__INIT;
    char id[GX_ID_SIZE];
    event.id = gx_id_new(id);
    event.area = area;
    event.seq = seq;
    event.type = GX_E_incident_changed;
    event.at = gx_clock_wall_ms();
    event.service = gx_pb_text("intake");
    event.audience = &audience;
    event.actor = &actor;
    return gx_publish(publisher, &event);
}

/* Publishes seq 0 until the subscriber hears one; the connections stand then. */
static void meet(struct gx_publisher *publisher, struct gx_subscriber *subscriber, int32_t area)
{
    Genxi__Event *event = NULL;
    int64_t end_us = gx_clock_mono_us() + (int64_t)30 * 1000 * 1000;
    enum gx_rc rc = GX_TIMEOUT;
    while (rc == GX_TIMEOUT && gx_clock_mono_us() < end_us) {
        (void)publish(publisher, area, 0);
        rc = gx_subscriber_next(subscriber, &CTX, 20, &event);
    }
    assert_int_equal(rc, GX_OK);
    while (gx_subscriber_next(subscriber, &CTX, 50, &event) == GX_OK) {
        gx_ctx_reset(&CTX);
    }
}

/* All four connections of the two through two brokers stand. */
static void meet_twice(struct gx_publisher *publisher, struct gx_subscriber *subscriber,
                       int32_t area)
{
    for (int i = 0; i < 2; i++) {
        struct gx_publisher *other_publisher = open_publisher(STAGE.broker[i]);
        meet(other_publisher, subscriber, area);
        gx_publisher_free(other_publisher);
        struct gx_subscriber *other_subscriber = open_subscriber(STAGE.broker[i]);
        gx_subscriber_add_area(other_subscriber, area);
        meet(publisher, other_subscriber, area);
        gx_subscriber_free(other_subscriber);
    }
    Genxi__Event *event = NULL;
    while (gx_subscriber_next(subscriber, &CTX, 200, &event) == GX_OK) {
        gx_ctx_reset(&CTX);
    }
}

/* Counts the events of an area with 1 <= seq <= most until it is quiet; each bit of seen[] is one seq. */
static int count_events(struct gx_subscriber *subscriber, int32_t area, bool *seen, int64_t most)
{
    int count = 0;
    Genxi__Event *event = NULL;
    while (gx_subscriber_next(subscriber, &CTX, 300, &event) == GX_OK) {
        if (event->area == area && event->seq >= 1 && event->seq <= most) {
            seen[event->seq] = true;
            count++;
        }
        gx_ctx_reset(&CTX);
    }
    return count;
}

static int count_seen(const bool *seen, int most)
{
    int count = 0;
    for (int i = 1; i <= most; i++) {
        count += seen[i];
    }
    return count;
}

static void test_event_arrives_by_its_area(void **state)
{
    (void)state;
    bool seen[101] = {false};
    (void)stage_broker(&STAGE, 0, 10);
    struct gx_publisher *publisher = open_publisher(STAGE.broker[0]);
    struct gx_subscriber *subscriber = open_subscriber(STAGE.broker[0]);
    gx_subscriber_add_area(subscriber, AREA);
    meet(publisher, subscriber, AREA);
    for (int seq = 1; seq <= 100; seq++) {
        (void)publish(publisher, AREA, seq);
        (void)publish(publisher, OTHER_AREA, seq);
        (void)publish(publisher, NEAR_AREA, seq); /* its number begins with the area's */
    }
    Genxi__Event *event = NULL;
    for (int seq = 1; seq <= 100; seq++) {
        assert_int_equal(gx_subscriber_next(subscriber, &CTX, 3000, &event), GX_OK);
        assert_int_equal(event->area, AREA);
        assert_int_equal(event->seq, seq);
        assert_string_equal(event->service, "intake");
        gx_ctx_reset(&CTX);
    }
    assert_int_equal(count_events(subscriber, AREA, seen, 100), 0);
    gx_subscriber_free(subscriber);
    gx_publisher_free(publisher);
}

static void test_area_removed_is_silent(void **state)
{
    (void)state;
    bool seen[2] = {false};
    (void)stage_broker(&STAGE, 0, 10);
    struct gx_publisher *publisher = open_publisher(STAGE.broker[0]);
    struct gx_subscriber *subscriber = open_subscriber(STAGE.broker[0]);
    gx_subscriber_add_area(subscriber, AREA);
    gx_subscriber_add_area(subscriber, OTHER_AREA);
    meet(publisher, subscriber, AREA);
    gx_subscriber_remove_area(subscriber, AREA);
    stage_sleep_ms(200);
    (void)publish(publisher, AREA, 1);
    assert_int_equal(count_events(subscriber, AREA, seen, 1), 0);
    (void)publish(publisher, OTHER_AREA, 1);
    assert_int_equal(count_events(subscriber, OTHER_AREA, seen, 1), 1);
    gx_subscriber_free(subscriber);
    gx_publisher_free(publisher);
}

static void test_subscription_to_all_hears_every_area(void **state)
{
    (void)state;
    (void)stage_broker(&STAGE, 0, 10);
    struct gx_publisher *publisher = open_publisher(STAGE.broker[0]);
    struct gx_subscriber *subscriber = open_subscriber(STAGE.broker[0]);
    gx_subscriber_add_area(subscriber, -1);
    meet(publisher, subscriber, AREA);
    static const int32_t AREAS[] = {AREA, OTHER_AREA, NEAR_AREA};
    Genxi__Event *event = NULL;
    for (size_t i = 0; i < GX_COUNT_OF(AREAS); i++) {
        (void)publish(publisher, AREAS[i], 1);
        assert_int_equal(gx_subscriber_next(subscriber, &CTX, 3000, &event), GX_OK);
        assert_int_equal(event->area, AREAS[i]);
    }
    gx_subscriber_free(subscriber);
    gx_publisher_free(publisher);
}

static void test_two_brokers_bring_each_event_once(void **state)
{
    (void)state;
    enum {
        EVENTS = 100
    };
    bool seen[EVENTS + 1] = {false};
    (void)stage_broker(&STAGE, 0, 10);
    (void)stage_broker(&STAGE, 1, 10);
    struct gx_publisher *publisher = open_publisher(STAGE.brokers);
    struct gx_subscriber *subscriber = open_subscriber(STAGE.brokers);
    gx_subscriber_add_area(subscriber, AREA);
    meet_twice(publisher, subscriber, AREA);
    for (int seq = 1; seq <= EVENTS; seq++) {
        (void)publish(publisher, AREA, seq);
    }
    assert_int_equal(count_events(subscriber, AREA, seen, EVENTS), EVENTS);
    assert_int_equal(count_seen(seen, EVENTS), EVENTS);
    gx_subscriber_free(subscriber);
    gx_publisher_free(publisher);
}

static void test_one_broker_of_two_killed_no_event_is_missed(void **state)
{
    (void)state;
    enum {
        EVENTS = 100
    };
    bool seen[EVENTS + 1] = {false};
    (void)stage_broker(&STAGE, 0, 10);
    pid_t second = stage_broker(&STAGE, 1, 10);
    struct gx_publisher *publisher = open_publisher(STAGE.brokers);
    struct gx_subscriber *subscriber = open_subscriber(STAGE.brokers);
    gx_subscriber_add_area(subscriber, AREA);
    meet_twice(publisher, subscriber, AREA);
    for (int seq = 1; seq <= EVENTS; seq++) {
        if (seq == EVENTS / 2) {
            stage_stop(&STAGE, second, SIGKILL);
        }
        (void)publish(publisher, AREA, seq);
    }
    (void)count_events(subscriber, AREA, seen, EVENTS);
    assert_int_equal(count_seen(seen, EVENTS), EVENTS);
    gx_subscriber_free(subscriber);
    gx_publisher_free(publisher);
}

static void test_publishing_without_a_broker_does_not_wait(void **state)
{
    (void)state;
    struct gx_publisher *publisher = open_publisher(STAGE.brokers);
    int64_t begin_us = gx_clock_mono_us();
    for (int seq = 1; seq <= 10000; seq++) {
        (void)publish(publisher, AREA, seq);
    }
    assert_true(gx_clock_mono_us() - begin_us < 2 * 1000 * 1000);
    gx_publisher_free(publisher);
}

static void test_full_queue_to_one_broker_is_counted_the_other_hears_all(void **state)
{
    (void)state;
    pid_t stalled = stage_broker(&STAGE, 0, 10);
    (void)stage_broker(&STAGE, 1, 10);
    struct gx_publisher *publisher = open_publisher(STAGE.brokers);
    struct gx_subscriber *far = open_subscriber(STAGE.broker[0]);
    struct gx_subscriber *near = open_subscriber(STAGE.broker[1]);
    gx_subscriber_add_area(far, AREA);
    gx_subscriber_add_area(near, AREA);
    meet(publisher, far, AREA);
    meet(publisher, near, AREA);
    assert_int_equal(kill(stalled, SIGSTOP), 0);
    Genxi__Event *event = NULL;
    size_t dropped = 0;
    int64_t seq = 0;
    while (dropped < 100 && seq < 100000) {
        dropped += publish(publisher, AREA, ++seq);
        assert_int_equal(gx_subscriber_next(near, &CTX, 10000, &event), GX_OK);
        assert_int_equal(event->seq, seq);
        gx_ctx_reset(&CTX);
    }
    assert_int_equal(dropped, 100);
    assert_true(seq > 5000); /* the queue's bound comes first */
    assert_int_equal(kill(stalled, SIGCONT), 0);
    for (int i = 0; i < 1000 && publish(publisher, AREA, 0) != 0; i++) {
        stage_sleep_ms(10);
    }
    meet(publisher, far, AREA); /* it is heard there again */
    gx_subscriber_free(near);
    gx_subscriber_free(far);
    gx_publisher_free(publisher);
}

/* --- What the broker holds, seen by its metrics; it runs in a thread of this process --- */

struct inside {
    struct broker *broker;
    int stop_fd;
    pthread_t thread;
};

static void *run_inside(void *arg)
{
    struct inside *inside = arg;
    broker_run(inside->broker, inside->stop_fd);
    return NULL;
}

static void open_inside(struct inside *inside)
{
    const struct broker_settings settings = {.bind = STAGE.broker[0],
                                             .key_dir = STAGE.keys,
                                             .key_name = "broker",
                                             .queue_per_service = 10,
                                             .queue_limit = 50,
                                             .drain_ms = 100};
    assert_int_equal(broker_open(&settings, &inside->broker), GX_OK);
    inside->stop_fd = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(pthread_create(&inside->thread, NULL, run_inside, inside), 0);
}

static void close_inside(struct inside *inside)
{
    uint64_t one = 1;
    assert_int_equal(write(inside->stop_fd, &one, sizeof one), sizeof one);
    (void)pthread_join(inside->thread, NULL);
    broker_free(inside->broker);
    (void)close(inside->stop_fd);
}

static int64_t metric(const char *name)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    gx_metrics_print(out);
    (void)fclose(out);
    int64_t value = -1;
    size_t name_size = strlen(name);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, name_size) == 0 && line[name_size] == ' ') {
            value = strtoll(line + name_size, NULL, 10);
        }
    }
    free(text);
    return value;
}

static bool metric_becomes(const char *name, int64_t value)
{
    for (int i = 0; i < 3000 && metric(name) != value; i++) {
        stage_sleep_ms(10);
    }
    return metric(name) == value;
}

static void test_subscriptions_go_with_their_subscriber(void **state)
{
    (void)state;
    struct inside inside;
    open_inside(&inside);
    assert_int_equal(metric("genxi_broker_topics"), 0);
    for (int turn = 0; turn < 5; turn++) {
        struct gx_subscriber *subscriber = open_subscriber(STAGE.broker[0]);
        for (int32_t area = 0; area < 100; area++) {
            gx_subscriber_add_area(subscriber, AREA + area);
        }
        assert_true(metric_becomes("genxi_broker_topics", 100));
        for (int32_t area = 0; area < 50; area++) {
            gx_subscriber_remove_area(subscriber, AREA + area);
        }
        assert_true(metric_becomes("genxi_broker_topics", 50));
        gx_subscriber_free(subscriber);
        assert_true(metric_becomes("genxi_broker_topics", 0));
    }
    close_inside(&inside);
}

static void test_slow_subscriber_drops_and_is_counted_others_hear_all(void **state)
{
    (void)state;
    enum {
        EVENTS = 1000
    };
    struct inside inside;
    open_inside(&inside);
    struct gx_publisher *publisher = open_publisher(STAGE.broker[0]);
    struct gx_subscriber *slow = open_subscriber(STAGE.broker[0]);
    struct gx_subscriber *quick = open_subscriber(STAGE.broker[0]);
    gx_subscriber_add_area(slow, OTHER_AREA);
    gx_subscriber_add_area(quick, AREA);
    meet(publisher, slow, OTHER_AREA);
    meet(publisher, quick, AREA);
    int64_t before = metric("genxi_broker_events_dropped_total");
    Genxi__Event *event = NULL;
    for (int seq = 1; seq <= EVENTS; seq++) {
        for (int i = 0; i < 60; i++) {
            (void)publish(publisher, OTHER_AREA, seq); /* nobody reads `slow`, which holds 20,000 */
        }
        (void)publish(publisher, AREA, seq);
        if (gx_subscriber_next(quick, &CTX, 10000, &event) != GX_OK) {
            fail_msg("event %d was missed", seq);
        }
        assert_int_equal(event->seq, seq);
        gx_ctx_reset(&CTX);
    }
    assert_true(metric("genxi_broker_events_dropped_total") > before);
    gx_subscriber_free(slow);
    gx_subscriber_free(quick);
    gx_publisher_free(publisher);
    close_inside(&inside);
}

static void test_refused_keys_and_foreign_services_are_counted(void **state)
{
    (void)state;
    struct inside inside;
    open_inside(&inside);
    int64_t refused = metric("genxi_broker_keys_refused_total");
    int64_t foreign = metric("genxi_broker_foreign_ready_total");
    (void)stage_worker(&STAGE, STAGE.broker[0], "readiness", "intake");
    for (int i = 0; i < 3000 && metric("genxi_broker_foreign_ready_total") == foreign; i++) {
        stage_sleep_ms(10);
    }
    assert_true(metric("genxi_broker_foreign_ready_total") > foreign);
    char path[2 * STAGE_PATH];
    (void)snprintf(path, sizeof path, "%s/allowed/gateway.key", STAGE.keys);
    assert_int_equal(remove(path), 0);
    struct gx_caller *caller = stage_caller(&STAGE, STAGE.broker[0]);
    for (int i = 0; i < 3000 && metric("genxi_broker_keys_refused_total") == refused; i++) {
        stage_sleep_ms(10);
    }
    assert_true(metric("genxi_broker_keys_refused_total") > refused);
    gx_caller_free(caller);
    close_inside(&inside);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_event_arrives_by_its_area),
        TEST(test_area_removed_is_silent),
        TEST(test_subscription_to_all_hears_every_area),
        TEST(test_two_brokers_bring_each_event_once),
        TEST(test_one_broker_of_two_killed_no_event_is_missed),
        TEST(test_publishing_without_a_broker_does_not_wait),
        TEST(test_full_queue_to_one_broker_is_counted_the_other_hears_all),
        TEST(test_subscriptions_go_with_their_subscriber),
        TEST(test_slow_subscriber_drops_and_is_counted_others_hear_all),
        TEST(test_refused_keys_and_foreign_services_are_counted),
    };
    return cmocka_run_group_tests_name("bus events", tests, NULL, NULL);
}
