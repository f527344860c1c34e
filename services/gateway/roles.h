/* SPDX-License-Identifier: Apache-2.0 */
/* Roles by the names that the API gives them. */
#ifndef GATEWAY_ROLES_H
#define GATEWAY_ROLES_H

#include "base/ctx.h"

/* The names of the bits set, in the arena; NULL when it is spent. */
char **gw_role_names(struct gx_ctx *ctx, uint32_t roles, size_t *ret_count);
/* 0, or -1 for a name that is none. */
int gw_role_parse(const char *name, uint32_t *ret_role);

#endif
