/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON <-> protobuf by descriptor, one mapper for all messages. Rules:
 *   int64 fields named `at` or ending in _at: RFC 3339 text in UTC; other 64-bit integers: numbers
 * within +-2^53 enum: name after the enum's prefix, lower case; bytes: standard base64; double:
 * number absent optional fields are left out; empty repeated fields are []; `required` must be
 * there Reading refuses unknown fields, wrong types (null is one), numbers out of range, invalid
 * UTF-8, NUL in text, more than 16 levels, repeated keys, values against web/rules.def; each fault
 * names its JSON pointer; all faults of a body are told at once (up to GX_FAULTS_MAX), but for a
 * body that is no JSON: that is the only fault then.
 */
#ifndef GX_WEB_JSON_H
#define GX_WEB_JSON_H

#include "base/cleanup.h"
#include "base/ctx.h"
#include "wire/audience.h"

#include <protobuf-c/protobuf-c.h>

enum {
    GX_JSON_DEPTH_MAX = 16
};

/* A field of the message that the path or the query gives as text. Repeated fields: values joined
 * by ','. */
struct gx_json_given {
    const char *name;    /* of a field that is no message, else QUERY_UNKNOWN */
    const char *text;    /* decoded, ended by NUL */
    const char *pointer; /* how faults name it: "?limit" */
    struct gx_view
        bytes; /* instead of text, for a bytes field; borrowed as long as the message lives */
};

/* The message lives in ctx's arena. */
enum gx_rc gx_json_read(struct gx_ctx *ctx, const ProtobufCMessageDescriptor *type,
                        struct gx_view text, ProtobufCMessage **ret_message);
/* The same with fields given beside the body, which may then not have them again. Empty text is an
 * empty object. */
enum gx_rc gx_json_read_with(struct gx_ctx *ctx, const ProtobufCMessageDescriptor *type,
                             struct gx_view text, const struct gx_json_given *given,
                             size_t given_count, ProtobufCMessage **ret_message);
/* Compact JSON in ctx's arena, ended by NUL. GX_SIGHT_PARTNER leaves out every field named
 * `police`. NULL when the arena is spent. */
char *gx_json_write(struct gx_ctx *ctx, const ProtobufCMessage *message, enum gx_sight sight);

/*
 * application/problem+json for ctx's faults (or, without any, for rc): type
 * "urn:genxi:problem:<slug>", title, detail in the actor's language and title_en/zh, detail_en/zh,
 * status, instance, trace_id, errors[] {pointer, type, detail, detail_en, detail_zh}. NULL when the
 * arena is spent.
 */
char *gx_json_problem(struct gx_ctx *ctx, enum gx_rc rc, const char *instance,
                      int *ret_http_status);

#endif
