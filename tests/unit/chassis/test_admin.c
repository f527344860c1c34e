/* SPDX-License-Identifier: Apache-2.0 */
/* The admin server as a monitor meets it, over a real socket. */
#include "web/admin.h"

#include "base/metrics.h"
#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *missing;
static struct gx_admin *admin;
static uint16_t port;
static struct gx_metric rows[] = {
    {.name = "genxi_probe_total", .help = "Probes.", .kind = GX_COUNTER}};

static const char *ready(void *arg)
{
    (void)arg;
    return missing;
}

/* A port that was free a moment ago. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

static int open_admin(void **state)
{
    (void)state;
    gx_metrics_register(rows, 1);
    for (int i = 0; i < 20 && admin == NULL; i++) {
        port = free_port();
        if (gx_admin_open("127.0.0.1", port, ready, NULL, &admin) != GX_OK) {
            admin = NULL;
        }
    }
    return admin == NULL ? -1 : 0;
}

static int close_admin(void **state)
{
    (void)state;
    gx_admin_free(admin);
    return 0;
}

static const char *ask(const char *line)
{
    static char answer[8192];
    char request[256];
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    size_t got = 0;
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    int size = snprintf(request, sizeof request,
                        "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", line);
    assert_int_equal(write(fd, request, (size_t)size), size);
    for (ssize_t n = 1; n > 0 && got<sizeof answer - 1; got += n> 0 ? (size_t)n : 0) {
        n = read(fd, answer + got, sizeof answer - 1 - got);
    }
    answer[got] = '\0';
    (void)close(fd);
    return answer;
}

static void test_health_is_told(void **state)
{
    (void)state;
    assert_non_null(strstr(ask("GET /healthz"), " 200 "));
}

static void test_readiness_names_what_is_missing(void **state)
{
    (void)state;
    missing = NULL;
    assert_non_null(strstr(ask("GET /readyz"), " 200 "));
    missing = "postgres";
    const char *answer = ask("GET /readyz");
    assert_non_null(strstr(answer, " 503 "));
    assert_non_null(strstr(answer, "\r\n\r\npostgres\n"));
}

static void test_metrics_have_their_type_and_value(void **state)
{
    (void)state;
    gx_metric_add(&rows[0], 41);
    gx_metric_add(&rows[0], 1);
    const char *answer = ask("GET /metrics");
    assert_non_null(strstr(answer, " 200 "));
    assert_non_null(strstr(answer, "text/plain; version=0.0.4"));
    assert_non_null(strstr(answer, "# TYPE genxi_probe_total counter\n"));
    assert_non_null(strstr(answer, "\ngenxi_probe_total 42\n"));
}

static void test_anything_else_is_refused(void **state)
{
    (void)state;
    assert_non_null(strstr(ask("GET /"), " 404 "));
    assert_non_null(strstr(ask("POST /metrics"), " 405 "));
}

static void test_address_that_is_none_is_refused(void **state)
{
    struct gx_admin *other = NULL;
    (void)state;
    assert_int_equal(gx_admin_open("not an address", 1, ready, NULL, &other), GX_INVALID);
    assert_int_equal(gx_admin_open("127.0.0.1", port, ready, NULL, &other), GX_UNAVAILABLE);
    assert_null(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_health_is_told),
        cmocka_unit_test(test_readiness_names_what_is_missing),
        cmocka_unit_test(test_metrics_have_their_type_and_value),
        cmocka_unit_test(test_anything_else_is_refused),
        cmocka_unit_test(test_address_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, open_admin, close_admin);
}
