/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked about coverage. Sites and gaps are those that the caller may see: officers those of their areas, a partner its own. Who could be
 * there is reckoned of everybody, anew at each call, now or at an hour of the next 24.
 */
#ifndef MATCHER_WATCH_COVERAGE_H
#define MATCHER_WATCH_COVERAGE_H

#include "matcher.h"

#include "dispatch.pb-c.h"

enum gx_rc coverage_list(struct matcher *self, struct gx_ctx *ctx, const Genxi__CoverageQuery *in,
                         Genxi__CoverageList *out);

/* Moves that would close the open gaps of the officer's areas, and those that hold. */
enum gx_rc coverage_moves(struct matcher *self, struct gx_ctx *ctx, const Genxi__MoveQuery *in,
                          Genxi__MoveList *out);
/* A duty officer of the site's area accepts: by the hard rules, of somebody free and on duty. */
enum gx_rc coverage_move_make(struct matcher *self, struct gx_ctx *ctx, const Genxi__MoveMake *in,
                              Genxi__Move *out);
enum gx_rc coverage_move_end(struct matcher *self, struct gx_ctx *ctx, const Genxi__MoveEnd *in,
                             Genxi__Move *out);

#endif
