/* SPDX-License-Identifier: Apache-2.0 */
/* genxi trace: one incident's whole path through the services, read from the journal, with the time since the report. */
#include "cli.h"
#include "store.h"

#include "base/clock.h"
#include "web/json.h"
#include "wire/messages.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_step(struct gx_ctx *ctx, const struct cli_step *step, int64_t first_ms,
                       bool with_body)
{
    const struct gx_event_type *type = gx_event_by_number(step->type);
    char stamp[GX_TIME_TEXT_SIZE];
    (void)printf("%s  %+9.3f s  %-12s %-20s %" PRId32 "/%" PRId64 "  trace %.8s\n",
                 gx_time_format(step->at_ms, stamp), (double)(step->at_ms - first_ms) / 1000.0,
                 step->service == NULL ? "?" : step->service, type == NULL ? "?" : type->name,
                 step->area, step->seq, step->trace == NULL ? "" : step->trace);
    ProtobufCMessage *payload = NULL;
    if (with_body && type != NULL &&
        gx_pb_unpack(ctx, type->payload, step->body, &payload) == GX_OK) {
        const char *json = gx_json_write(ctx, payload, GX_SIGHT_PARTNER);
        (void)printf("    %s\n", json == NULL ? "" : json);
    }
}

static int trace(struct gx_ctx *ctx, struct gx_pg *pg, const char *id_or_number, bool with_body)
{
    char *id = NULL;
    struct cli_step *steps = NULL;
    size_t count = 0;
    enum gx_rc rc = cli_store_incident_id(pg, ctx, id_or_number, &id);
    if (rc == GX_OK) {
        rc = cli_store_steps(pg, ctx, id, &steps, &count);
    }
    if (rc != GX_OK) {
        (void)fprintf(stderr, "genxi: %s: %s\n", id_or_number, gx_rc_text(rc));
        return CLI_FAILED;
    }
    for (size_t i = 0; i < count; i++) {
        print_step(ctx, &steps[i], steps[0].at_ms, with_body);
    }
    (void)printf("%zu events\n", count);
    return count > 0 ? CLI_DONE : CLI_FAILED;
}

int cli_trace(int argc, char **argv)
{
    const char *postgres = NULL;
    const char *dir = NULL;
    const char *with_body = NULL;
    const struct cli_option options[] = {{"postgres", &postgres, false},
                                         {"dir", &dir, false},
                                         {"body", &with_body, true},
                                         {NULL, NULL, false}};
    if (!cli_options(options, &argc, argv) || argc != 1) {
        (void)fprintf(stderr,
                      "usage: genxi trace ID|NUMBER [--dir DIR | --postgres CONN] [--body]\n");
        return CLI_USAGE;
    }
    char conninfo[CLI_PATH_SIZE * 2];
    if (postgres == NULL &&
        !cli_admin_conninfo(dir == NULL ? "var" : dir, conninfo, sizeof conninfo)) {
        return CLI_FAILED;
    }
    struct gx_pg *pg = NULL;
    if (gx_pg_open(postgres == NULL ? conninfo : postgres, "genxi trace", &pg) != GX_OK) {
        (void)fprintf(stderr, "genxi: PostgreSQL does not answer\n");
        return CLI_FAILED;
    }
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, (size_t)64 * 1024 * 1024);
    int code = trace(&ctx, pg, argv[0], with_body != NULL);
    gx_ctx_done(&ctx);
    gx_pg_free(pg);
    return code;
}
