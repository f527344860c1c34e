/* SPDX-License-Identifier: Apache-2.0 */
/* protobuf-c on a request's arena: nothing to free, and too large a message fails instead of growing. */
#ifndef GX_WIRE_PB_H
#define GX_WIRE_PB_H

#include "base/cleanup.h"
#include "base/ctx.h"

#include <protobuf-c/protobuf-c.h>

/* Packs into the arena. INTERNAL when the arena is spent. */
enum gx_rc gx_pb_pack(struct gx_ctx *ctx, const ProtobufCMessage *message,
                      struct gx_view *ret_bytes);
/*
 * Unpacks into the arena; INVALID (FIELD_FORMAT) for bytes that are not such a message or lack a required field, INVALID (BODY_TOO_LARGE) when
 * the arena is spent. Depth is bounded by the messages themselves: none contains itself (a unit test holds them to it).
 */
enum gx_rc gx_pb_unpack(struct gx_ctx *ctx, const ProtobufCMessageDescriptor *type,
                        struct gx_view bytes, ProtobufCMessage **ret_message);

/* protobuf-c has no const text: the one place that drops const. NULL becomes "". */
char *gx_pb_text(const char *text);
/* A borrowed view as protobuf-c's bytes. */
ProtobufCBinaryData gx_pb_bytes(struct gx_view bytes);
/* A zeroed message of this type in the arena, initialised; NULL when the arena is spent. */
void *gx_pb_new(struct gx_ctx *ctx, const ProtobufCMessageDescriptor *type);
/* An array of `count` pointers in the arena. */
void *gx_pb_array(struct gx_ctx *ctx, size_t count);

/* The optional text field of that name; NULL: the message has none. */
char **gx_pb_text_field(ProtobufCMessage *message, const char *name);

/* "closed" for INCIDENT_STATE_CLOSED: the JSON name of an enum value (prefix of its enum cut off, lower case). */
const char *gx_pb_enum_json(struct gx_ctx *ctx, const ProtobufCEnumDescriptor *type, int value);
/* The value for a JSON name; 0, or -1. */
int gx_pb_enum_parse(const ProtobufCEnumDescriptor *type, const char *json, int *ret_value);

#endif
