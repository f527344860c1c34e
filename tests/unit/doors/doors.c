/* SPDX-License-Identifier: Apache-2.0 */
/* The doors' thread over loopback, with a protocol of lines that are echoed: bounds of bytes, connections and time, and neighbours unharmed. */
#include "check.h"

#include "base/clock.h"
#include "doors/door.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LONGEST_LINE = 64,
    FRAME_MS = 300,
    IDLE_MS = 1500,
    CONNECTIONS = 8,
    PER_ADDRESS = 6,
    WAIT_MS = 4000
};

static atomic_int gone;

static bool cut_line(struct gx_view bytes, struct gx_view *ret_frame)
{
    const uint8_t *end = memchr(bytes.data, '\n', bytes.size);
    *ret_frame = (struct gx_view){bytes.data, end == NULL ? 0 : (size_t)(end - bytes.data) + 1};
    return true;
}

static void echo(struct door_conn *conn, struct gx_view frame)
{
    int *count = door_state(conn);
    *count += 1;
    door_count(conn, 0);
    if (frame.size == 5 && memcmp(frame.data, "quit\n", 5) == 0) {
        door_close(conn);
        return;
    }
    uint8_t text[LONGEST_LINE + 16];
    size_t size = (size_t)snprintf((char *)text, sizeof text, "%d ", *count);
    memcpy(text + size, frame.data, frame.size);
    door_send(conn, (struct gx_view){text, size + frame.size});
}

static void count_gone(struct door_conn *conn)
{
    (void)conn;
    (void)atomic_fetch_add(&gone, 1);
}

static const char *const OUTCOMES[] = {"echoed"};
static const struct door_protocol LINES = {.name = "lines",
                                           .outcomes = OUTCOMES,
                                           .outcome_count = 1,
                                           .frame_max = LONGEST_LINE,
                                           .state_size = sizeof(int),
                                           .cut = cut_line,
                                           .frame = echo,
                                           .gone = count_gone};

static struct doors *doors;

static int set_up(void **state)
{
    const struct doors_settings settings = {.bind = "127.0.0.1",
                                            .connections = CONNECTIONS,
                                            .connections_per_address = PER_ADDRESS,
                                            .idle_ms = IDLE_MS,
                                            .frame_ms = FRAME_MS};
    const struct door_port port = {&LINES, NULL, 0, true};
    (void)state;
    atomic_store(&gone, 0);
    return doors_open(&settings, &port, 1, &doors) == GX_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    doors_stop(doors, 0);
    doors_free(doors);
    return 0;
}

static int dial(int type, const char *from)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)doors_port(doors, 0)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in own = {.sin_family = AF_INET};
    int fd = socket(AF_INET, type, 0);
    assert_true(fd >= 0);
    if (from != NULL) {
        assert_int_equal(inet_pton(AF_INET, from, &own.sin_addr), 1);
        assert_int_equal(bind(fd, (const struct sockaddr *)&own, sizeof own), 0);
    }
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Exactly this comes. */
static void hear(int fd, const char *text)
{
    char got[512] = "";
    size_t used = 0;
    while (used < strlen(text)) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
        ssize_t size = recv(fd, got + used, sizeof got - 1 - used, 0);
        if (size <= 0) {
            fail_msg("ended after \"%s\"", got);
        }
        used += (size_t)size;
    }
    assert_string_equal(got, text);
}

/* Milliseconds until the other side ends it. */
static int64_t ended(int fd)
{
    int64_t begun = gx_clock_mono_us();
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    char byte;
    assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    (void)close(fd);
    return (gx_clock_mono_us() - begun) / 1000;
}

static void test_frames_in_pieces_and_in_heaps(void **state)
{
    (void)state;
    int fd = dial(SOCK_STREAM, NULL);
    const char *text = "hello\n";
    for (size_t i = 0; i < strlen(text); i++) {
        say(fd, (const char[]){text[i], '\0'});
        (void)usleep(1000);
    }
    hear(fd, "1 hello\n");
    say(fd, "a\nb\nc");
    hear(fd, "2 a\n3 b\n");
    say(fd, "\n");
    hear(fd, "4 c\n");
    (void)close(fd);
}

static void test_a_half_closed_peer_is_answered(void **state)
{
    (void)state;
    int fd = dial(SOCK_STREAM, NULL);
    say(fd, "last\n");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    hear(fd, "1 last\n");
    assert_in_range(ended(fd), 0, 1000);
}

static void test_datagrams_are_answered_each_for_itself(void **state)
{
    (void)state;
    int fd = dial(SOCK_DGRAM, NULL);
    say(fd, "one\n");
    hear(fd, "1 one\n");
    say(fd, "two\n");
    hear(fd, "1 two\n");
    say(fd, "no end of line");
    say(fd, "three\n");
    hear(fd, "1 three\n");
    (void)close(fd);
}

static void test_protocol_may_end_it(void **state)
{
    (void)state;
    int fd = dial(SOCK_STREAM, NULL);
    say(fd, "quit\n");
    assert_in_range(ended(fd), 0, 1000);
}

static void test_silent_slow_and_idle_are_ended_others_are_not(void **state)
{
    (void)state;
    int silent = dial(SOCK_STREAM, NULL);
    int slow = dial(SOCK_STREAM, NULL);
    int idle = dial(SOCK_STREAM, NULL);
    int good = dial(SOCK_STREAM, NULL);
    say(idle, "x\n");
    hear(idle, "1 x\n");
    say(good, "x\n");
    hear(good, "1 x\n");
    int64_t begun = gx_clock_mono_us();
    int64_t slow_ms = 0;
    int64_t idle_ms = 0;
    char byte;
    for (int i = 2; idle_ms == 0 && i < 100; i++) {
        char text[32];
        (void)send(slow, "y", 1, MSG_NOSIGNAL); /* a byte now and then, never a line */
        say(good, "x\n");
        (void)snprintf(text, sizeof text, "%d x\n", i);
        hear(good, text);
        (void)usleep(50000);
        int64_t now = (gx_clock_mono_us() - begun) / 1000;
        if (slow_ms == 0 && recv(slow, &byte, 1, MSG_DONTWAIT) <= 0 && errno != EAGAIN) {
            slow_ms = now;
        }
        if (recv(idle, &byte, 1, MSG_DONTWAIT) == 0) {
            idle_ms = now;
        }
    }
    assert_in_range(slow_ms, FRAME_MS - 50, FRAME_MS + 1700);
    assert_in_range(idle_ms, IDLE_MS - 100, IDLE_MS + 1700);
    assert_in_range(ended(silent), 0, 50); /* long ago */
    (void)close(slow);
    (void)close(idle);
    (void)close(good);
}

static void test_a_frame_without_end_is_ended(void **state)
{
    (void)state;
    int fd = dial(SOCK_STREAM, NULL);
    char text[LONGEST_LINE + 2];
    memset(text, 'z', sizeof text);
    assert_int_equal(send(fd, text, sizeof text, MSG_NOSIGNAL), sizeof text);
    assert_in_range(ended(fd), 0, FRAME_MS - 50);
}

static void test_connections_are_bounded_in_all_and_per_address(void **state)
{
    (void)state;
    int fds[CONNECTIONS];
    for (int i = 0; i < PER_ADDRESS; i++) {
        fds[i] = dial(SOCK_STREAM, "127.0.0.2");
        say(fds[i], "x\n");
        hear(fds[i], "1 x\n");
    }
    assert_in_range(ended(dial(SOCK_STREAM, "127.0.0.2")), 0, 200);
    for (int i = PER_ADDRESS; i < CONNECTIONS; i++) {
        fds[i] = dial(SOCK_STREAM, "127.0.0.3");
        say(fds[i], "x\n");
        hear(fds[i], "1 x\n");
    }
    assert_in_range(ended(dial(SOCK_STREAM, "127.0.0.4")), 0, 200);
    for (int i = 0; i < CONNECTIONS; i++) {
        (void)close(fds[i]);
    }
    for (int i = 0; i < 100 && atomic_load(&gone) < CONNECTIONS; i++) {
        (void)usleep(10000);
    }
    assert_int_equal(atomic_load(&gone), CONNECTIONS);
    int again = dial(SOCK_STREAM, "127.0.0.2");
    say(again, "x\n");
    hear(again, "1 x\n"); /* another one in an old place: its state is its own */
    (void)close(again);
}

static void note(struct doors *of, void *arg)
{
    assert_ptr_equal(of, doors);
    (void)atomic_fetch_add((atomic_int *)arg, 1);
}

static void test_posts_run_once_and_not_after_the_end(void **state)
{
    (void)state;
    atomic_int count = 0;
    for (int i = 0; i < 1000; i++) {
        assert_true(doors_post(doors, note, &count));
    }
    for (int i = 0; i < 200 && atomic_load(&count) < 1000; i++) {
        (void)usleep(10000);
    }
    assert_int_equal(atomic_load(&count), 1000);
}

static void test_a_port_that_is_taken_is_told(void **state)
{
    (void)state;
    const struct doors_settings settings = {
        .bind = "127.0.0.1", .connections = 1, .connections_per_address = 1};
    const struct door_port port = {&LINES, NULL, doors_port(doors, 0), false};
    struct doors *second = NULL;
    assert_int_equal(doors_open(&settings, &port, 1, &second), GX_UNAVAILABLE);
    assert_null(second);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_frames_in_pieces_and_in_heaps),
        TEST(test_a_half_closed_peer_is_answered),
        TEST(test_datagrams_are_answered_each_for_itself),
        TEST(test_protocol_may_end_it),
        TEST(test_silent_slow_and_idle_are_ended_others_are_not),
        TEST(test_a_frame_without_end_is_ended),
        TEST(test_connections_are_bounded_in_all_and_per_address),
        TEST(test_posts_run_once_and_not_after_the_end),
        TEST(test_a_port_that_is_taken_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
