/* SPDX-License-Identifier: Apache-2.0 */
/* genxi status: every service's health from its admin port (deploy/local's order of ports). */
#include "cli.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const NAMES[] = {"broker-a", "broker-b",    "readiness", "intake", "matcher",
                                    "notifier", "intel-share", "audit",     "gateway"};

static bool print_one(const char *name, int64_t port)
{
    char base[64];
    (void)snprintf(base, sizeof base, "http://127.0.0.1:%lld", (long long)port);
    const struct gx_client_settings settings = {.base_url = base, .timeout_ms = 2000};
    struct gx_client *client = NULL;
    if (gx_client_open(&settings, &client) != GX_OK) {
        return false;
    }
    struct gx_answer answer = {0};
    enum gx_rc rc = gx_client_call(client, "GET", "/readyz", NULL, NULL, &answer);
    bool ready = rc == GX_OK && answer.status == 200;
    if (rc == GX_OK) {
        answer.body[strcspn(answer.body, "\n")] = '\0';
    }
    (void)printf("%-14s port %-6lld %s%s%s\n", name, (long long)port,
                 ready         ? "ready"
                 : rc == GX_OK ? "not ready: "
                               : "no answer",
                 ready ? "" : " ", ready || rc != GX_OK ? "" : answer.body);
    gx_answer_done(&answer);
    gx_client_free(client);
    return ready;
}

int cli_status(int argc, char **argv)
{
    const char *dir = NULL;
    const char *port = getenv("GENXI_ADMIN_BASE");
    const struct cli_option options[] = {
        {"dir", &dir, false}, {"admin-port", &port, false}, {NULL, NULL, false}};
    int64_t first = 9600;
    if (!cli_options(options, &argc, argv) || argc != 0 ||
        (port != NULL && gx_parse_int(port, 1, 65000, &first) != 0)) {
        (void)fprintf(stderr, "usage: genxi status [--admin-port FIRST]\n");
        return CLI_USAGE;
    }
    bool all = true;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        all = print_one(NAMES[i], first + (int64_t)i) && all;
    }
    return all ? CLI_DONE : CLI_FAILED;
}
