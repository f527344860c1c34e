/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbered, forward-only migrations: services/<name>/schema/NNNN_what.sql and common/store/schema/ (journal, roles, RLS helpers).
 * Applied in order of component then number, each in its own transaction with its row in genxi.migration (component, number, name,
 * sha256); an advisory lock makes two that start at once take turns; a file that changed after it was applied is refused.
 */
#ifndef GX_STORE_MIGRATE_H
#define GX_STORE_MIGRATE_H

#include "store/pg.h"

/* root holds one folder a component ("store", "intake", ...), each with NNNN_what.sql. Counts what was applied. */
enum gx_rc gx_migrate(struct gx_pg *pg, struct gx_ctx *ctx, const char *root, int *ret_applied);

#endif
