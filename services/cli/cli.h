/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands of `genxi` share: options, the API client, output. Exit codes: 0 done, 1 refused or failed, 2 wrong use. */
#ifndef CLI_H
#define CLI_H

#include "base/ctx.h"
#include "web/client.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    CLI_DONE = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_PATH_SIZE = 1024
};

/* One option --name VALUE or --name=VALUE (or a bare flag when is_flag). Ends with name NULL. */
struct cli_option {
    const char *name;
    const char **value; /* a flag sets it to "1" */
    bool is_flag;
};

/* Takes options out of argv; what stays are the operands: *argc and argv[0..]. False after saying what is wrong. */
bool cli_options(const struct cli_option *options, int *argc, char **argv);

/* Options with which every API subcommand reaches the gateway. */
struct cli_api {
    const char
        *dir; /* a cluster's folder (deploy/local's ./var): gives the authority and the admin key */
    const char *url;   /* default https://localhost:8443, or GENXI_URL */
    const char *ca;    /* default <dir>/keys/tls/ca.crt */
    const char *token; /* default GENXI_TOKEN, else <dir>/secrets/admin.key */
    const char *lang;  /* default from LANG */
};
#define CLI_API_OPTIONS(api)                                                                       \
    {"dir", &(api).dir, false}, {"url", &(api).url, false}, {"ca", &(api).ca, false},              \
        {"token", &(api).token, false},                                                            \
    {                                                                                              \
        "lang", &(api).lang, false                                                                 \
    }
/* The language given, else the one of LANG: "zh-CN" or "en". */
const char *cli_lang(const char *given);
struct gx_client *cli_connect(struct cli_api *api);
/* The settings that cli_connect() used, for streams; texts live as long as api. */
struct gx_client_settings cli_client_settings(const struct cli_api *api);
/* Prints an answer's problem in the caller's language; CLI_FAILED. */
int cli_refused(const char *what, enum gx_rc rc, const struct gx_answer *answer);

/* A path into a buffer of CLI_PATH_SIZE; one that does not fit ends the program with a message. */
void cli_path(char path[CLI_PATH_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A whole file; NULL after saying why. The caller frees it. */
char *cli_read_file(const char *path, size_t *ret_size);
/* Writes a new file with this mode; an existing one is kept (true). False after saying why. */
bool cli_write_new(const char *path, const char *data, size_t size, unsigned mode);
/* mkdir -p */
bool cli_make_dir(const char *path, unsigned mode);
bool cli_exists(const char *path);

/*
 * The administrator's connection string of a cluster's folder, read from <dir>/admin.conninfo (deploy/local writes it). False after
 * saying that it is not there.
 */
bool cli_admin_conninfo(const char *dir, char *conninfo, size_t size);

int cli_keys(int argc, char **argv);
int cli_keys_api(int argc, char **argv); /* keys api: in access.c */
int cli_migrate(int argc, char **argv);
int cli_user(int argc, char **argv);
int cli_partner(int argc, char **argv);
int cli_import(int argc, char **argv);
int cli_status(int argc, char **argv);
int cli_trace(int argc, char **argv);
int cli_audit(int argc, char **argv);
int cli_roads(int argc, char **argv);
int cli_watch(int argc, char **argv);
int cli_plan(int argc, char **argv);

#endif
