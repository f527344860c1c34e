/* SPDX-License-Identifier: Apache-2.0 */
/* Redis as the services use it: commands, pipelines, scripts, errors, loss and return. */
#include "check.h"

#include "base/clock.h"
#include "base/log.h"
#include "cache/redis.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct gx_redis *redis;

static int setup(void **state)
{
    (void)state;
    const char *address = getenv("GX_REDIS");
    if (address == NULL) {
        (void)fprintf(stderr, "GX_REDIS is not set: see tests/store/redis/run\n");
        return -1;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    gx_log_init("test", GX_ERROR);
    return gx_redis_open(address, NULL, &redis) == GX_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gx_redis_free(redis);
    return 0;
}

static void test_command_and_reply(void **state)
{
    (void)state;
    GX_AUTO(gx_redis_reply_free) struct gx_redis_reply *set = NULL;
    GX_AUTO(gx_redis_reply_free) struct gx_redis_reply *get = NULL;
    GX_AUTO(gx_redis_reply_free) struct gx_redis_reply *none = NULL;
    assert_int_equal(gx_redis_run(redis, &set, "SET", "a", "text", NULL), GX_OK);
    assert_string_equal(gx_redis_text(set), "OK");
    assert_int_equal(gx_redis_run(redis, &get, "GET", "a", NULL), GX_OK);
    assert_string_equal(gx_redis_text(get), "text");
    assert_int_equal(gx_redis_int(get), 0);
    assert_int_equal(gx_redis_size(get), 0);
    assert_int_equal(gx_redis_run(redis, &none, "GET", "nothing", NULL), GX_OK);
    assert_true(gx_redis_is_nil(none));
    assert_string_equal(gx_redis_text(none), "");
}

static void test_error_reply_is_internal_and_the_line_stays_good(void **state)
{
    (void)state;
    struct gx_redis_reply *reply = NULL;
    assert_int_equal(gx_redis_run(redis, &reply, "NOSUCH", NULL), GX_INTERNAL);
    assert_null(reply);
    assert_int_equal(gx_redis_run(redis, &reply, "PING", NULL), GX_OK);
    gx_redis_reply_free(reply);
    assert_int_equal(gx_redis_run(redis, &reply, NULL), GX_INVALID);
}

static void test_pipeline_keeps_order_and_bytes(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        char value[8] = {'v', '\0', (char)i, 'x'};
        const char *const argv[] = {"ECHO", value};
        const size_t sizes[] = {4, 4};
        assert_int_equal(gx_redis_queue(redis, 2, argv, sizes), GX_OK);
    }
    for (int i = 0; i < 100; i++) {
        GX_AUTO(gx_redis_reply_free) struct gx_redis_reply *reply = NULL;
        assert_int_equal(gx_redis_next(redis, &reply), GX_OK);
        const char *text = gx_redis_text(reply);
        assert_true(text[0] == 'v' && text[1] == '\0' && text[2] == (char)i && text[3] == 'x');
    }
    struct gx_redis_reply *reply = NULL;
    assert_int_equal(gx_redis_next(redis, &reply), GX_UNAVAILABLE); /* nothing was asked */
}

static void test_abandoned_pipeline_does_not_answer_the_next_command(void **state)
{
    (void)state;
    const char *const argv[] = {"ECHO", "old"};
    const size_t sizes[] = {4, 3};
    GX_AUTO(gx_redis_reply_free) struct gx_redis_reply *reply = NULL;
    assert_int_equal(gx_redis_queue(redis, 2, argv, sizes), GX_OK);
    assert_int_equal(gx_redis_queue(redis, 2, argv, sizes), GX_OK);
    assert_int_equal(gx_redis_run(redis, &reply, "ECHO", "new", NULL), GX_OK);
    assert_string_equal(gx_redis_text(reply), "new");
}

static enum gx_rc run_script(const char *word, char *out, size_t size)
{
    static const char LUA[] = "return {KEYS[1], ARGV[1], 7}";
    const char *const argv[] = {"key", word};
    const size_t sizes[] = {3, strlen(word)};
    GX_AUTO(gx_redis_reply_free) struct gx_redis_reply *reply = NULL;
    enum gx_rc rc = gx_redis_script(redis, LUA, 2, argv, sizes, 1, &reply);
    if (rc == GX_OK) {
        assert_int_equal(gx_redis_size(reply), 3);
        assert_string_equal(gx_redis_text(gx_redis_at(reply, 0)), "key");
        assert_int_equal(gx_redis_int(gx_redis_at(reply, 2)), 7);
        (void)snprintf(out, size, "%s", gx_redis_text(gx_redis_at(reply, 1)));
    }
    return rc;
}

static void test_script_is_loaded_again_when_the_server_forgot_it(void **state)
{
    (void)state;
    char out[16];
    struct gx_redis_reply *reply = NULL;
    assert_int_equal(run_script("one", out, sizeof out), GX_OK);
    assert_string_equal(out, "one");
    assert_int_equal(gx_redis_run(redis, &reply, "SCRIPT", "FLUSH", NULL), GX_OK);
    gx_redis_reply_free(reply);
    assert_int_equal(run_script("two", out, sizeof out), GX_OK);
    assert_string_equal(out, "two");
}

static void servers(const char *variable)
{
    const char *command = getenv(variable);
    assert_non_null(command);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): the test's own runner
}

static void test_loss_costs_no_waiting_and_heals(void **state)
{
    (void)state;
    char out[16];
    struct gx_redis_reply *reply = NULL;
    assert_int_equal(run_script("before", out, sizeof out), GX_OK);
    assert_true(gx_redis_up(redis));
    servers("GX_REDIS_STOP");
    assert_int_equal(gx_redis_run(redis, &reply, "PING", NULL), GX_UNAVAILABLE);
    assert_false(gx_redis_up(redis));
    int64_t start = gx_clock_mono_us();
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(gx_redis_run(redis, &reply, "PING", NULL), GX_UNAVAILABLE);
    }
    assert_true(gx_clock_mono_us() - start < 1000000);
    servers("GX_REDIS_START");
    (void)usleep(600 * 1000); /* past the pause between attempts */
    assert_int_equal(run_script("after", out, sizeof out), GX_OK);
    assert_string_equal(out, "after");
}

static void test_bad_addresses_are_refused(void **state)
{
    (void)state;
    const char *const bad[] = {
        "", "unix:", "host", "host:", ":6379", "host:0", "host:70000", "host:x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct gx_redis *other = NULL;
        assert_int_equal(gx_redis_open(bad[i], NULL, &other), GX_INVALID);
        assert_null(other);
    }
    gx_redis_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command_and_reply),
        cmocka_unit_test(test_error_reply_is_internal_and_the_line_stays_good),
        cmocka_unit_test(test_pipeline_keeps_order_and_bytes),
        cmocka_unit_test(test_abandoned_pipeline_does_not_answer_the_next_command),
        cmocka_unit_test(test_script_is_loaded_again_when_the_server_forgot_it),
        cmocka_unit_test(test_loss_costs_no_waiting_and_heals),
        cmocka_unit_test(test_bad_addresses_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
