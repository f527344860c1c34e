/* SPDX-License-Identifier: Apache-2.0 */
/* genxi keys: everything secret that a cluster needs is made here, at set-up, and never anywhere else. */
#include "ca.h"
#include "cli.h"
#include "store.h"

#include "base/id.h"
#include "base/text.h"
#include "proof/note.h"
#include "wire/curve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Who stands on the bus under a certificate of its own. */
static const char *const BUS_NAMES[] = {"broker",   "readiness",   "intake", "matcher",
                                        "notifier", "intel-share", "audit",  "gateway"};

static bool make_secret(const char *path)
{
    uint8_t raw[32];
    char hex[65];
    gx_random(raw, sizeof raw);
    gx_hex_encode(raw, sizeof raw, hex);
    return cli_write_new(path, hex, strlen(hex), 0600);
}

/* One password a database role, and the pgpass file that the services read them from. */
static bool make_passwords(const char *dir)
{
    char *pgpass = NULL;
    size_t used = 0;
    FILE *text = open_memstream(&pgpass, &used);
    if (text == NULL) {
        return false;
    }
    bool made = true;
    char path[CLI_PATH_SIZE];
    for (size_t i = 0; made && i < CLI_ROLE_COUNT; i++) {
        cli_path(path, "%s/pg-%s", dir, CLI_ROLES[i]);
        size_t size = 0;
        char *secret = make_secret(path) ? cli_read_file(path, &size) : NULL;
        made = secret != NULL && fprintf(text, "*:*:*:%s:%s\n", CLI_ROLES[i], secret) > 0;
        free(secret);
    }
    made = fclose(text) == 0 && made;
    cli_path(path, "%s/pgpass", dir);
    (void)unlink(path); /* made of the files above, which stay */
    made = made && cli_write_new(path, pgpass, used, 0600);
    free(pgpass);
    return made;
}

static bool make_bus_keys(const char *dir)
{
    for (size_t i = 0; i < GX_COUNT_OF(BUS_NAMES); i++) {
        if (gx_curve_make(dir, BUS_NAMES[i]) != GX_OK) {
            (void)fprintf(stderr, "genxi: no bus key for %s in %s\n", BUS_NAMES[i], dir);
            return false;
        }
    }
    return true;
}

/* What must be read again lies in the database sealed with these (common/web/seal.h): secrets of webhooks and of devices. */
static bool make_seal_keys(const char *dir)
{
    static const char *const NAMES[] = {"webhook-secrets", "device-secrets"};
    bool made = true;
    for (size_t i = 0; made && i < GX_COUNT_OF(NAMES); i++) {
        char path[CLI_PATH_SIZE];
        cli_path(path, "%s/%s.key", dir, NAMES[i]);
        made = cli_exists(path) || make_secret(path);
    }
    return made;
}

static bool make_audit_key(const char *dir, const char *origin)
{
    char secret_path[CLI_PATH_SIZE];
    char public_path[CLI_PATH_SIZE];
    cli_path(secret_path, "%s/audit-log.key", dir);
    cli_path(public_path, "%s/audit-log.vkey", dir);
    if (cli_exists(secret_path)) {
        return true;
    }
    char secret[GX_NOTE_SECRET_SIZE];
    char vkey[GX_NOTE_VKEY_SIZE];
    if (gx_note_key_make(origin, secret, vkey) != 0) {
        (void)fprintf(stderr, "genxi: no audit key could be made\n");
        return false;
    }
    return cli_write_new(public_path, vkey, strlen(vkey), 0644) &&
           cli_write_new(secret_path, secret, strlen(secret), 0600);
}

static int keys_init(int argc, char **argv, bool only_ca)
{
    const char *dir = NULL;
    const char *host = "localhost";
    const char *origin = "genxi.local/xishan";
    const struct cli_option options[] = {{"dir", &dir, false},
                                         {"host", &host, false},
                                         {"origin", &origin, false},
                                         {NULL, NULL, false}};
    if (!cli_options(options, &argc, argv) || argc != 0 || dir == NULL) {
        (void)fprintf(stderr,
                      "usage: genxi keys init|ca --dir DIR [--host NAME] [--origin NAME]\n");
        return CLI_USAGE;
    }
    char keys[CLI_PATH_SIZE];
    char tls[CLI_PATH_SIZE];
    char secrets[CLI_PATH_SIZE];
    cli_path(keys, "%s/keys", dir);
    cli_path(tls, "%s/tls", keys);
    cli_path(secrets, "%s/secrets", dir);
    bool made = cli_make_dir(keys, 0700) && cli_ca_make(tls, host);
    if (made && !only_ca) {
        made = cli_make_dir(secrets, 0700) && make_passwords(secrets) && make_bus_keys(keys) &&
               make_audit_key(keys, origin) && make_seal_keys(keys);
    }
    return made ? CLI_DONE : CLI_FAILED;
}

int cli_keys(int argc, char **argv)
{
    if (argc >= 1 && strcmp(argv[0], "init") == 0) {
        return keys_init(argc - 1, argv + 1, false);
    }
    if (argc >= 1 && strcmp(argv[0], "ca") == 0) {
        return keys_init(argc - 1, argv + 1, true);
    }
    if (argc >= 1 && strcmp(argv[0], "api") == 0) {
        return cli_keys_api(argc - 1, argv + 1);
    }
    (void)fprintf(stderr, "usage: genxi keys init|ca|api ...\n");
    return CLI_USAGE;
}
