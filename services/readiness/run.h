/* SPDX-License-Identifier: Apache-2.0 */
/* An import from bytes to rows written: all or nothing, in the transaction of the command. */
#ifndef READINESS_RUN_H
#define READINESS_RUN_H

#include "base/ctx.h"
#include "registry.pb-c.h"

/*
 * INVALID with faults in ctx (GX_P_IMPORT first, then up to GX_FAULTS_MAX - 1 of them at /<line>/<column>) when the file has faults.
 * With dry_run nothing is written and the faults, up to IMPORT_FAULTS_MAX, are the reply.
 */
enum gx_rc import_run(struct gx_ctx *ctx, const Genxi__Import *in, Genxi__ImportDone *out);

#endif
