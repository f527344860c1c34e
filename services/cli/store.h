/* SPDX-License-Identifier: Apache-2.0 */
/* The tools' own SQL: making the database, setting passwords, a first user or key, and reading the journal for `trace`. */
#ifndef CLI_STORE_H
#define CLI_STORE_H

#include "store/pg.h"

#include <stddef.h>
#include <stdint.h>

/* Roles that log in, "genxi_<schema>". */
extern const char *const CLI_ROLES[];
enum {
    CLI_ROLE_COUNT = 7
};

/* Makes the database genxi when it is missing. */
enum gx_rc cli_store_make_database(struct gx_pg *pg, struct gx_ctx *ctx);
enum gx_rc cli_store_set_password(struct gx_pg *pg, struct gx_ctx *ctx, const char *role,
                                  const char *password);

/* One step of an incident's path. Texts live in ctx's arena. */
struct cli_step {
    int32_t area;
    int64_t seq;
    int64_t at_ms;
    uint32_t type;
    const char *service;
    const char *subject;
    const char *trace;
    struct gx_view body;
};
/* The incident's id for an id or a number; NOT_FOUND. Reads intake's records as the administrator. */
enum gx_rc cli_store_incident_id(struct gx_pg *pg, struct gx_ctx *ctx, const char *id_or_number,
                                 char **ret_id);
/* Every journal line of the incident and of the traces it took part in, by time. */
enum gx_rc cli_store_steps(struct gx_pg *pg, struct gx_ctx *ctx, const char *incident_id,
                           struct cli_step **ret_steps, size_t *ret_count);

/* A person's account or an API key in the gateway's tables; hashes are made by web/credential.h. */
struct cli_access {
    const char *name;
    const char *password_hash;  /* accounts */
    struct gx_view totp;        /* accounts; empty: none */
    struct gx_view secret_hash; /* keys */
    const char *org;            /* uuid */
    const char *responder;      /* uuid or NULL */
    uint32_t roles;
    const int32_t *areas;
    size_t area_count;
};
enum gx_rc cli_store_add_account(struct gx_pg *pg, struct gx_ctx *ctx,
                                 const struct cli_access *access);
enum gx_rc cli_store_add_key(struct gx_pg *pg, struct gx_ctx *ctx, const struct cli_access *access);

/* The audit log, read for an export. NOT_FOUND: nothing there. */
enum gx_rc cli_store_checkpoint(struct gx_pg *pg, struct gx_ctx *ctx, char **ret_note);
enum gx_rc cli_store_tile(struct gx_pg *pg, struct gx_ctx *ctx, int level, uint64_t index,
                          struct gx_view *ret_data);
/* Up to `count` entries from index on, in order; salt and record are empty where erased. */
struct cli_entry {
    struct gx_view salt;
    struct gx_view record;
};
enum gx_rc cli_store_entries(struct gx_pg *pg, struct gx_ctx *ctx, uint64_t from, size_t count,
                             struct cli_entry **ret_entries, size_t *ret_count);

#endif
