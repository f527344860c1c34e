/* SPDX-License-Identifier: Apache-2.0 */
#include "web/json.h"

#include "base/clock.h"
#include "base/text.h"
#include "web/out.h"
#include "web/rules.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

struct writer {
    struct gx_out out;
    enum gx_sight sight;
};

static void write_message(struct writer *writer, const ProtobufCMessage *message);

/* The shortest of 15 to 17 digits that reads back as the same number; JSON has no NaN or infinity.
 */
static void write_real(struct writer *writer, double value)
{
    char text[32];
    if (!isfinite(value)) {
        gx_out_text(&writer->out, "null");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        double back = 0;
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
        if (gx_parse_double(text, -HUGE_VAL, HUGE_VAL, &back) == 0 && !(back < value) &&
            !(back > value)) {
            break;
        }
    }
    gx_out_text(&writer->out, text);
}

static void write_bytes(struct writer *writer, const ProtobufCBinaryData *bytes)
{
    size_t room = sodium_base64_ENCODED_LEN(bytes->len, sodium_base64_VARIANT_ORIGINAL);
    char *text = gx_arena_alloc(&writer->out.ctx->arena, room);
    if (text == NULL) {
        writer->out.spent = true;
        return;
    }
    (void)sodium_bin2base64(text, room, bytes->data, bytes->len, sodium_base64_VARIANT_ORIGINAL);
    gx_out_string(&writer->out, text);
}

static void write_int64(struct writer *writer, const ProtobufCFieldDescriptor *field, int64_t value)
{
    char text[GX_TIME_TEXT_SIZE];
    if (gx_field_is_time(field)) {
        gx_out_string(&writer->out, gx_time_format(value, text));
        return;
    }
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    gx_out_text(&writer->out, text);
}

static void write_number(struct writer *writer, const ProtobufCFieldDescriptor *field,
                         const void *at)
{
    char text[24];
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        (void)snprintf(text, sizeof text, "%" PRId32, *(const int32_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        (void)snprintf(text, sizeof text, "%" PRIu32, *(const uint32_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        (void)snprintf(text, sizeof text, "%" PRIu64, *(const uint64_t *)at);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        write_real(writer, (double)*(const float *)at);
        return;
    case PROTOBUF_C_TYPE_DOUBLE:
        write_real(writer, *(const double *)at);
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return;
    }
    gx_out_text(&writer->out, text);
}

static void write_value(struct writer *writer, const ProtobufCFieldDescriptor *field,
                        const void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        write_int64(writer, field, *(const int64_t *)at);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        gx_out_text(&writer->out, *(const protobuf_c_boolean *)at ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        gx_out_string(&writer->out,
                      gx_pb_enum_json(writer->out.ctx, field->descriptor, *(const int *)at));
        break;
    case PROTOBUF_C_TYPE_STRING:
        gx_out_string(&writer->out, *(const char *const *)at);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        write_bytes(writer, at);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        write_message(writer, *(const ProtobufCMessage *const *)at);
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        write_number(writer, field, at);
        break;
    }
}

static size_t value_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    }
    return 4;
}

static void write_list(struct writer *writer, const ProtobufCFieldDescriptor *field,
                       const uint8_t *message)
{
    size_t count = *(const size_t *)(const void *)(message + field->quantifier_offset);
    const uint8_t *items = *(const uint8_t *const *)(const void *)(message + field->offset);
    gx_out_bytes(&writer->out, "[", 1);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            gx_out_bytes(&writer->out, ",", 1);
        }
        write_value(writer, field, items + i * value_size(field->type));
    }
    gx_out_bytes(&writer->out, "]", 1);
}

static bool is_present(const ProtobufCFieldDescriptor *field, const uint8_t *message)
{
    if (field->label != PROTOBUF_C_LABEL_OPTIONAL) {
        return true;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE) {
        const void *value = *(const void *const *)(const void *)(message + field->offset);
        return value != NULL && value != field->default_value;
    }
    return *(const protobuf_c_boolean *)(const void *)(message + field->quantifier_offset);
}

static void write_message(struct writer *writer, const ProtobufCMessage *message)
{
    if (message == NULL) {
        gx_out_text(&writer->out, "null");
        return;
    }
    const uint8_t *bytes = (const uint8_t *)message;
    const char *before = "{";
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (!is_present(field, bytes) ||
            (writer->sight != GX_SIGHT_OFFICER && gx_text_is(field->name, "police"))) {
            continue;
        }
        gx_out_text(&writer->out, before);
        before = ",";
        gx_out_string(&writer->out, field->name);
        gx_out_bytes(&writer->out, ":", 1);
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            write_list(writer, field, bytes);
        } else {
            write_value(writer, field, bytes + field->offset);
        }
    }
    gx_out_text(&writer->out, *before == '{' ? "{}" : "}");
}

char *gx_json_write(struct gx_ctx *ctx, const ProtobufCMessage *message, enum gx_sight sight)
{
    struct writer writer = {.out = {.ctx = ctx}, .sight = sight};
    write_message(&writer, message);
    return gx_out_done(&writer.out);
}
