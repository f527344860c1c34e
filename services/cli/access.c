/* SPDX-License-Identifier: Apache-2.0 */
/* genxi user add and genxi keys api: the first people and keys of a cluster, written straight into the gateway's tables by its operator. */
#include "cli.h"
#include "store.h"

#include "base/text.h"
#include "web/credential.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    AREAS_MAX = 256
};

static const char NO_ORG[] = "00000000-0000-0000-0000-000000000000";

struct access_options {
    const char *dir;
    const char *postgres;
    const char *roles;
    const char *areas;
    const char *org;
    const char *responder;
    const char *name;
    const char *totp;
};

static bool parse_roles(const char *text, uint32_t *ret_roles)
{
    static const struct {
        const char *name;
        uint32_t bit;
    } ROLES[] = {
#define ROLE_ROW(id, bit, json, text) {json, 1U << (bit)},
        GX_ROLE_LIST(ROLE_ROW)
#undef ROLE_ROW
    };
    char copy[256];
    char *rest = NULL;
    uint32_t roles = 0;
    (void)snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok_r(copy, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        uint32_t bit = 0;
        for (size_t i = 1; i < sizeof ROLES / sizeof ROLES[0];
             i++) { /* not 0: nobody outside is the system */
            bit = strcmp(word, ROLES[i].name) == 0 ? ROLES[i].bit : bit;
        }
        if (bit == 0) {
            (void)fprintf(stderr, "genxi: there is no role '%s'\n", word);
            return false;
        }
        roles |= bit;
    }
    *ret_roles = roles;
    return roles != 0;
}

static bool parse_areas(const char *text, int32_t areas[AREAS_MAX], size_t *ret_count)
{
    char copy[4096];
    char *rest = NULL;
    size_t count = 0;
    (void)snprintf(copy, sizeof copy, "%s", text == NULL ? "" : text);
    for (char *word = strtok_r(copy, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        int64_t area = 0;
        if (count == AREAS_MAX || gx_parse_int(word, 1, INT32_MAX, &area) != 0) {
            (void)fprintf(stderr, "genxi: '%s' is no area (a number such as 53011201)\n", word);
            return false;
        }
        areas[count++] = (int32_t)area;
    }
    *ret_count = count;
    return true;
}

static struct gx_pg *open_database(const struct access_options *options)
{
    char conninfo[CLI_PATH_SIZE * 2];
    if (options->postgres == NULL &&
        !cli_admin_conninfo(options->dir == NULL ? "var" : options->dir, conninfo,
                            sizeof conninfo)) {
        return NULL;
    }
    struct gx_pg *pg = NULL;
    if (gx_pg_open(options->postgres == NULL ? conninfo : options->postgres, "genxi access", &pg) !=
        GX_OK) {
        (void)fprintf(stderr, "genxi: PostgreSQL does not answer\n");
        return NULL;
    }
    return pg;
}

/* Fills what accounts and keys share; false after saying what is wrong. */
static bool fill_access(const struct access_options *options, int32_t areas[AREAS_MAX],
                        struct cli_access *access)
{
    *access = (struct cli_access){.name = options->name == NULL ? "" : options->name,
                                  .org = options->org == NULL ? NO_ORG : options->org,
                                  .responder = options->responder,
                                  .areas = areas};
    if (!gx_id_valid(access->org) ||
        (options->responder != NULL && !gx_id_valid(options->responder))) {
        (void)fprintf(
            stderr,
            "genxi: --org and --responder are ids like 0193512e-8f00-7000-8000-000000000000\n");
        return false;
    }
    return parse_roles(options->roles, &access->roles) &&
           parse_areas(options->areas, areas, &access->area_count);
}

static int finish(enum gx_rc rc, const char *name)
{
    if (rc == GX_OK) {
        return CLI_DONE;
    }
    (void)fprintf(stderr, "genxi: %s: %s\n", name,
                  rc == GX_CONFLICT ? "exists already" : gx_rc_text(rc));
    return CLI_FAILED;
}

int cli_keys_api(int argc, char **argv)
{
    struct access_options o = {0};
    const struct cli_option options[] = {
        {"dir", &o.dir, false},     {"postgres", &o.postgres, false},
        {"roles", &o.roles, false}, {"areas", &o.areas, false},
        {"org", &o.org, false},     {"responder", &o.responder, false},
        {"name", &o.name, false},   {NULL, NULL, false}};
    int32_t areas[AREAS_MAX];
    struct cli_access access;
    if (!cli_options(options, &argc, argv) || argc != 0 || o.roles == NULL ||
        !fill_access(&o, areas, &access)) {
        (void)fprintf(stderr, "usage: genxi keys api --dir DIR | --postgres CONN  --roles R[,R] "
                              "[--areas N,N] [--org ID] "
                              "[--responder ID] [--name TEXT]\n");
        return CLI_USAGE;
    }
    struct gx_pg *pg = open_database(&o);
    if (pg == NULL) {
        return CLI_FAILED;
    }
    char secret[GX_CREDENTIAL_SIZE];
    uint8_t hash[GX_CREDENTIAL_HASH_BYTES];
    gx_credential_new(GX_CREDENTIAL_KEY, secret, hash);
    access.secret_hash = (struct gx_view){hash, sizeof hash};
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, (size_t)1 << 20);
    int code = finish(cli_store_add_key(pg, &ctx, &access), access.name);
    if (code == CLI_DONE) {
        (void)printf("%s\n", secret);
    }
    gx_ctx_done(&ctx);
    gx_pg_free(pg);
    return code;
}

static bool read_password(char password[256])
{
    if (fgets(password, 256, stdin) == NULL) {
        (void)fprintf(stderr, "genxi: the password comes as one line on standard input\n");
        return false;
    }
    password[strcspn(password, "\r\n")] = '\0';
    return true;
}

static int add_user(const struct access_options *o, struct cli_access access)
{
    char password[256];
    char hash[GX_PASSWORD_HASH_SIZE];
    uint8_t totp[GX_TOTP_SECRET_BYTES];
    if (!read_password(password)) {
        return CLI_FAILED;
    }
    enum gx_rc rc = gx_password_hash(password, hash);
    explicit_bzero(password, sizeof password);
    if (rc != GX_OK) {
        (void)fprintf(stderr, "genxi: a password has at least %d characters\n", GX_PASSWORD_MIN);
        return CLI_FAILED;
    }
    access.password_hash = hash;
    if (o->totp != NULL) {
        gx_random(totp, sizeof totp);
        access.totp = (struct gx_view){totp, sizeof totp};
    }
    struct gx_pg *pg = open_database(o);
    if (pg == NULL) {
        return CLI_FAILED;
    }
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, (size_t)1 << 20);
    int code = finish(cli_store_add_account(pg, &ctx, &access), access.name);
    if (code == CLI_DONE && o->totp != NULL) {
        char text[GX_TOTP_TEXT_SIZE];
        gx_totp_text(totp, text);
        (void)printf("otpauth://totp/genxi:%s?secret=%s&issuer=genxi\n", access.name, text);
    }
    gx_ctx_done(&ctx);
    gx_pg_free(pg);
    return code;
}

int cli_user(int argc, char **argv)
{
    struct access_options o = {0};
    const struct cli_option options[] = {
        {"dir", &o.dir, false},     {"postgres", &o.postgres, false},
        {"roles", &o.roles, false}, {"areas", &o.areas, false},
        {"org", &o.org, false},     {"responder", &o.responder, false},
        {"totp", &o.totp, true},    {NULL, NULL, false}};
    int32_t areas[AREAS_MAX];
    struct cli_access access = {.name = NULL};
    bool good = cli_options(options, &argc, argv) && argc == 2 && strcmp(argv[0], "add") == 0 &&
                o.roles != NULL;
    if (good) {
        o.name = argv[1];
        good = fill_access(&o, areas, &access);
    }
    if (!good) {
        (void)fprintf(stderr, "usage: genxi user add NAME --dir DIR | --postgres CONN  --roles "
                              "R[,R] [--areas N,N] [--org ID] "
                              "[--responder ID] [--totp]   (the password on standard input)\n");
        return CLI_USAGE;
    }
    return add_user(&o, access);
}
