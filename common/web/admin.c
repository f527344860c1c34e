/* SPDX-License-Identifier: Apache-2.0 */
#include "web/admin.h"

#include "base/metrics.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECTIONS_MOST = 32,
    IDLE_SECONDS = 10
};

struct gx_admin {
    struct MHD_Daemon *daemon;
    gx_admin_ready *ready;
    void *arg;
};

/* Takes over text (malloc'ed). */
static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
                              char *text, size_t size)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(text);
        return MHD_NO;
    }
    enum MHD_Result result = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (result == MHD_YES) {
        result = MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    }
    if (result == MHD_YES) {
        result = MHD_queue_response(connection, status, response);
    }
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_line(struct MHD_Connection *connection, unsigned status,
                                   const char *line)
{
    char *text = NULL;
    int size = asprintf(&text, "%s\n", line);
    return size < 0 ? MHD_NO
                    : answer(connection, status, "text/plain; charset=utf-8", text, (size_t)size);
}

static enum MHD_Result answer_metrics(struct MHD_Connection *connection)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        return MHD_NO;
    }
    gx_metrics_print(out);
    if (fclose(out) != 0) {
        free(text);
        return MHD_NO;
    }
    return answer(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text, size);
}

static enum MHD_Result answer_ready(const struct gx_admin *admin, struct MHD_Connection *connection)
{
    const char *missing = admin->ready == NULL ? NULL : admin->ready(admin->arg);
    if (missing == NULL) {
        return answer_line(connection, MHD_HTTP_OK, "ready");
    }
    return answer_line(connection, MHD_HTTP_SERVICE_UNAVAILABLE, missing);
}

/* MHD's own signature. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_size, void **state)
{
    (void)version;
    (void)body;
    (void)state;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        *body_size = 0;
        return answer_line(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET only");
    }
    if (strcmp(url, "/healthz") == 0) {
        return answer_line(connection, MHD_HTTP_OK, "ok");
    }
    if (strcmp(url, "/readyz") == 0) {
        return answer_ready(arg, connection);
    }
    if (strcmp(url, "/metrics") == 0) {
        return answer_metrics(connection);
    }
    return answer_line(connection, MHD_HTTP_NOT_FOUND, "/healthz, /readyz, /metrics");
}

enum gx_rc gx_admin_open(const char *bind, uint16_t port, gx_admin_ready *ready, void *arg,
                         struct gx_admin **ret_admin)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const struct sockaddr *address = NULL;
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO;
    if (inet_pton(AF_INET, bind, &v4.sin_addr) == 1) {
        address = (const struct sockaddr *)&v4;
    } else if (inet_pton(AF_INET6, bind, &v6.sin6_addr) == 1) {
        address = (const struct sockaddr *)&v6;
        flags |= MHD_USE_IPv6;
    } else {
        return GX_INVALID;
    }
    struct gx_admin *admin = calloc(1, sizeof *admin);
    if (admin == NULL) {
        abort();
    }
    admin->ready = ready;
    admin->arg = arg;
    admin->daemon =
        MHD_start_daemon(flags, port, NULL, NULL, on_request, admin, MHD_OPTION_SOCK_ADDR, address,
                         MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MOST,
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_END);
    if (admin->daemon == NULL) {
        free(admin);
        return GX_UNAVAILABLE;
    }
    *ret_admin = admin;
    return GX_OK;
}

void gx_admin_free(struct gx_admin *admin)
{
    if (admin != NULL) {
        MHD_stop_daemon(admin->daemon);
        free(admin);
    }
}
