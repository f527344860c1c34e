/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pb.h"

#include <string.h>

static void *arena_alloc(void *arena, size_t size)
{
    return gx_arena_alloc(arena, size);
}

/* The arena is released as a whole. */
static void arena_free(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

enum gx_rc gx_pb_pack(struct gx_ctx *ctx, const ProtobufCMessage *message,
                      struct gx_view *ret_bytes)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *data = gx_arena_alloc(&ctx->arena, size == 0 ? 1 : size);
    if (data == NULL) {
        return GX_INTERNAL;
    }
    (void)protobuf_c_message_pack(message, data);
    *ret_bytes = (struct gx_view){data, size};
    return GX_OK;
}

enum gx_rc gx_pb_unpack(struct gx_ctx *ctx, const ProtobufCMessageDescriptor *type,
                        struct gx_view bytes, ProtobufCMessage **ret_message)
{
    ProtobufCAllocator allocator = {arena_alloc, arena_free, &ctx->arena};
    static const uint8_t NOTHING[1];
    const uint8_t *data = bytes.data == NULL ? NOTHING : bytes.data;
    ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, bytes.size, data);
    if (message == NULL) {
        if (ctx->arena.spent) {
            return gx_fail(ctx, GX_P_BODY_TOO_LARGE, "", "%zu", ctx->arena.limit_bytes);
        }
        return gx_fail(ctx, GX_P_FIELD_FORMAT, "", "%s", type->short_name);
    }
    *ret_message = message;
    return GX_OK;
}

char *gx_pb_text(const char *text)
{
    static char nothing[1];
    if (text == NULL) {
        return nothing;
    }
    union {
        const char *in;
        char *out;
    } drop = {.in = text};
    return drop.out;
}

ProtobufCBinaryData gx_pb_bytes(struct gx_view bytes)
{
    union {
        const uint8_t *in;
        uint8_t *out;
    } drop = {.in = bytes.data};
    return (ProtobufCBinaryData){bytes.size, drop.out};
}

void *gx_pb_new(struct gx_ctx *ctx, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = gx_arena_alloc(&ctx->arena, type->sizeof_message);
    if (message != NULL) {
        protobuf_c_message_init(type, message);
    }
    return message;
}

void *gx_pb_array(struct gx_ctx *ctx, size_t count)
{
    if (count > SIZE_MAX / sizeof(void *)) {
        return NULL;
    }
    return gx_arena_alloc(&ctx->arena, count * sizeof(void *));
}

char **gx_pb_text_field(ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING ||
        field->label != PROTOBUF_C_LABEL_OPTIONAL) {
        return NULL;
    }
    return (char **)(void *)((uint8_t *)message + field->offset);
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static char to_lower(char c)
{
    return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

static char to_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* The part of "INCIDENT_STATE_CLOSED" behind "IncidentState" in upper snake case; the whole name when it does not begin so. */
static const char *after_prefix(const ProtobufCEnumDescriptor *type, const char *name)
{
    const char *rest = name;
    for (const char *word = type->short_name; *word != '\0'; word++) {
        if (is_upper(*word) && word != type->short_name) {
            if (*rest != '_') {
                return name;
            }
            rest++;
        }
        if (*rest != to_upper(*word)) {
            return name;
        }
        rest++;
    }
    return *rest == '_' ? rest + 1 : name;
}

const char *gx_pb_enum_json(struct gx_ctx *ctx, const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *row = protobuf_c_enum_descriptor_get_value(type, value);
    char *json = row == NULL ? NULL : gx_arena_text(&ctx->arena, after_prefix(type, row->name));
    if (json == NULL) {
        return "";
    }
    for (char *c = json; *c != '\0'; c++) {
        *c = to_lower(*c);
    }
    return json;
}

static bool same_lowered(const char *upper, const char *json)
{
    while (*upper != '\0' && to_lower(*upper) == *json) {
        upper++;
        json++;
    }
    return *upper == '\0' && *json == '\0';
}

int gx_pb_enum_parse(const ProtobufCEnumDescriptor *type, const char *json, int *ret_value)
{
    for (unsigned i = 0; i < type->n_values; i++) {
        if (same_lowered(after_prefix(type, type->values[i].name), json)) {
            *ret_value = type->values[i].value;
            return 0;
        }
    }
    return -1;
}
