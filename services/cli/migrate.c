/* SPDX-License-Identifier: Apache-2.0 */
/* genxi migrate: the database, its roles and every service's tables, brought up to date. Safe when two start at once. */
#include "cli.h"
#include "store.h"

#include "store/migrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(struct gx_ctx *ctx, enum gx_rc rc, const char *what)
{
    (void)fprintf(stderr, "genxi: %s: %s", what, gx_rc_text(rc));
    for (size_t i = 0; i < ctx->fault_count; i++) {
        char text[1024];
        gx_problem_text(gx_problem_row(ctx->faults[i].problem)->en, ctx->faults[i].value, text,
                        sizeof text);
        (void)fprintf(stderr, "\n  %s %s", ctx->faults[i].pointer, text);
    }
    (void)fputc('\n', stderr);
    return CLI_FAILED;
}

static int set_passwords(struct gx_pg *pg, struct gx_ctx *ctx, const char *secrets)
{
    for (size_t i = 0; i < CLI_ROLE_COUNT; i++) {
        char path[CLI_PATH_SIZE];
        size_t size = 0;
        cli_path(path, "%s/pg-%s", secrets, CLI_ROLES[i]);
        char *password = cli_read_file(path, &size);
        if (password == NULL) {
            return CLI_FAILED;
        }
        enum gx_rc rc = cli_store_set_password(pg, ctx, CLI_ROLES[i], password);
        free(password);
        if (rc != GX_OK) {
            return fail(ctx, rc, CLI_ROLES[i]);
        }
    }
    return CLI_DONE;
}

static int migrate_database(const char *conninfo, const char *schema, const char *secrets,
                            struct gx_ctx *ctx)
{
    struct gx_pg *pg = NULL;
    enum gx_rc rc = gx_pg_open(conninfo, "genxi migrate", &pg);
    if (rc != GX_OK) {
        return fail(ctx, rc, "the database genxi does not answer");
    }
    int applied = 0;
    rc = gx_migrate(pg, ctx, schema, &applied);
    int code = rc == GX_OK ? CLI_DONE : fail(ctx, rc, "migration");
    if (code == CLI_DONE) {
        (void)printf("genxi migrate: %d applied\n", applied);
    }
    if (code == CLI_DONE && secrets != NULL) {
        code = set_passwords(pg, ctx, secrets);
    }
    gx_pg_free(pg);
    return code;
}

int cli_migrate(int argc, char **argv)
{
    const char *postgres = NULL;
    const char *schema = NULL;
    const char *secrets = NULL;
    const struct cli_option options[] = {{"postgres", &postgres, false},
                                         {"schema", &schema, false},
                                         {"secrets", &secrets, false},
                                         {NULL, NULL, false}};
    if (!cli_options(options, &argc, argv) || argc != 0 || postgres == NULL || schema == NULL) {
        (void)fprintf(stderr,
                      "usage: genxi migrate --postgres CONN --schema DIR [--secrets DIR]\n");
        return CLI_USAGE;
    }
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, (size_t)64 * 1024 * 1024);
    struct gx_pg *pg = NULL;
    enum gx_rc rc = gx_pg_open(postgres, "genxi migrate", &pg);
    if (rc == GX_OK) {
        rc = cli_store_make_database(pg, &ctx);
    }
    gx_pg_free(pg);
    int code = CLI_FAILED;
    if (rc != GX_OK) {
        code = fail(&ctx, rc, "PostgreSQL");
    } else {
        char conninfo[2048];
        (void)snprintf(conninfo, sizeof conninfo, "%s dbname=genxi", postgres);
        code = migrate_database(conninfo, schema, secrets, &ctx);
    }
    gx_ctx_done(&ctx);
    return code;
}
