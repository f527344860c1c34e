/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON <-> protobuf by descriptor, one mapper for all messages. Rules:
 *   int64 fields named `at` or ending in _at: RFC 3339 text in UTC; other 64-bit integers: numbers within +-2^53
 *   enum: name after the enum's prefix, lower case; bytes: standard base64; double: number
 *   absent optional fields are left out; empty repeated fields are []; `required` must be there
 * Reading refuses unknown fields, wrong types, numbers out of range, invalid UTF-8, NUL in text, more than 16 levels, repeated keys,
 * values against web/rules.def; each fault names its JSON pointer; all faults of a body are told at once (up to GX_FAULTS_MAX).
 */
#ifndef GX_WEB_JSON_H
#define GX_WEB_JSON_H

#include "base/cleanup.h"
#include "base/ctx.h"
#include "wire/audience.h"

#include <protobuf-c/protobuf-c.h>

/* The message lives in ctx's arena. */
enum gx_rc gx_json_read(struct gx_ctx *ctx, const ProtobufCMessageDescriptor *type, struct gx_view text,
                        ProtobufCMessage **ret_message);
/* Compact JSON in ctx's arena, ended by NUL. GX_SIGHT_PARTNER leaves out every field named `police`. NULL when the arena is spent. */
char *gx_json_write(struct gx_ctx *ctx, const ProtobufCMessage *message, enum gx_sight sight);

/* application/problem+json for ctx's faults: type, title and detail in lang plus title_en/title_zh, status, instance, errors[]. */
char *gx_json_problem(struct gx_ctx *ctx, enum gx_rc rc, const char *instance, int *ret_http_status);

#endif
