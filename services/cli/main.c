/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} COMMANDS[] = {
    {"keys", cli_keys,
     "init --dir DIR [--host NAME]        all keys of a cluster: bus, TLS authority, audit, "
     "passwords\n"
     "              ca --dir DIR [--host NAME]          only the TLS authority and the server's "
     "certificate\n"
     "              api --dir DIR --postgres CONN --roles R[,R] [--org ID] [--areas N,N] [--name "
     "TEXT]\n"
     "                                                  a first API key, printed once"},
    {"migrate", cli_migrate,
     "--postgres CONN --schema DIR [--secrets DIR]   makes or brings up to date the database"},
    {"user", cli_user,
     "add NAME --postgres CONN --roles R[,R] [--areas N,N] [--org ID] [--responder ID] (password "
     "on stdin)"},
    {"partner", cli_partner,
     "add NAME --kind KIND --area N [--contract-areas N,N] [--off-site] | list"},
    {"import", cli_import,
     "KIND FILE [--dry-run]                  stations, partners, sites, responders, shifts, teams"},
    {"status", cli_status,
     "                                       every service's health, from its admin port"},
    {"trace", cli_trace,
     "ID|NUMBER --postgres CONN               one incident's whole path through the services, with "
     "times"},
    {"audit", cli_audit,
     "verify DIR --key VKEY [--older FILE] | export DIR | key     the log, checked offline"},
    {"roads", cli_roads,
     "import FILE --out FILE.roads [--name N] [--bbox W,S,E,N] | show FILE.roads   the matcher's "
     "road graph from OpenStreetMap or a pack"},
    {"watch", cli_watch,
     "                                       a live view of incidents, offers and gaps"},
    {"plan", cli_plan,
     "coverage --pack DIR --posts P --within SECONDS  where to stand, with a proof; needs no "
     "cluster"},
};

static int usage(FILE *out)
{
    (void)fprintf(out, "genxi: tools of a genxi cluster\n\nusage: genxi COMMAND ...\n\n");
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++) {
        (void)fprintf(out, "  %-10s  %s\n", COMMANDS[i].name, COMMANDS[i].help);
    }
    (void)fprintf(out, "\nCommands that use the API take --dir DIR (a cluster's folder) or --url, "
                       "--ca and --token.\n");
    return out == stdout ? CLI_DONE : CLI_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        return usage(stderr);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        return usage(stdout);
    }
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++) {
        if (strcmp(argv[1], COMMANDS[i].name) == 0) {
            return COMMANDS[i].run(argc - 2, argv + 2);
        }
    }
    (void)fprintf(stderr, "genxi: there is no command '%s'\n\n", argv[1]);
    return usage(stderr);
}
