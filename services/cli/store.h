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

#endif
