/* SPDX-License-Identifier: Apache-2.0 */
#include "web/json.h"

#include "base/clock.h"
#include "base/text.h"
#include "web/rules.h"
#include "wire/pb.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    POINTER_SIZE = 256,
    SHOWN_BYTES = 60,
    CHOICES_SIZE = 400,
    FIELDS_MAX = 64,
    STEPS_MAX = 2 * GX_JSON_DEPTH_MAX + 2,
    PLACES = 32 /* a power of two */
};
static const int64_t NUMBER_MAX = (INT64_C(1) << 53) - 1;

/* The field under the cursor. */
struct place {
    const ProtobufCFieldDescriptor *field;
    struct gx_rule rule;
};

/* One part of a JSON pointer: a member's name, or an index in a list. */
struct step {
    const char *name; /* NULL: the index */
    size_t index;
};

struct reader {
    struct gx_ctx *ctx;
    const char *start;
    const char *at;
    const char *end;
    int depth;
    bool broken; /* not JSON, too deep or out of memory: reading ends */
    /* Where the cursor is, written out only for a fault. */
    const char *base;
    struct step steps[STEPS_MAX];
    size_t step_count;
    struct place places[PLACES]; /* by field: a list's items have the same ones again and again */
};

struct text {
    char *data; /* in the arena, ended by NUL */
    size_t size;
    bool good; /* no NUL and no half surrogate in its escapes */
};

/* --- faults --- */

/* The caller's own word, cut so that a fault stays short. */
static void shown(const char *text, char out[SHOWN_BYTES + 4])
{
    gx_problem_text("{}", text, out, SHOWN_BYTES);
}

static char *put_token(char *out, const char *end, const char *token)
{
    char cut[SHOWN_BYTES + 4];
    shown(token, cut);
    if (out < end) {
        *out++ = '/';
    }
    for (const char *at = cut; *at != '\0' && out < end; at++) {
        if (*at == '~' || *at == '/') {
            *out++ = '~';
            *out++ = *at == '~' ? '0' : '1';
        } else {
            *out++ = *at;
        }
    }
    return out;
}

static const char *pointer_of(const struct reader *reader, char text[POINTER_SIZE])
{
    char index[24];
    (void)snprintf(text, POINTER_SIZE, "%s", reader->base);
    char *out = text + strlen(text);
    for (size_t i = 0; i < reader->step_count; i++) {
        const struct step *step = &reader->steps[i];
        (void)snprintf(index, sizeof index, "%zu", step->index);
        out = put_token(out, text + POINTER_SIZE - 3, step->name == NULL ? index : step->name);
    }
    *out = '\0';
    return text;
}

/* What stands at the cursor is no JSON: then nothing else that was found counts. */
static void syntax(struct reader *reader)
{
    if (reader->broken) {
        return;
    }
    reader->broken = true;
    size_t line = 1;
    const char *line_start = reader->start;
    for (const char *at = reader->start; at < reader->at; at++) {
        if (*at == '\n') {
            line++;
            line_start = at + 1;
        }
    }
    char pointer[POINTER_SIZE];
    gx_ctx_forgive(reader->ctx);
    (void)gx_fail(reader->ctx, GX_P_JSON_SYNTAX, pointer_of(reader, pointer), "%zu:%zu", line,
                  (size_t)(reader->at - line_start) + 1);
}

static void too_deep(struct reader *reader)
{
    char pointer[POINTER_SIZE];
    reader->broken = true;
    gx_ctx_forgive(reader->ctx);
    (void)gx_fail(reader->ctx, GX_P_JSON_DEPTH, pointer_of(reader, pointer), "%d",
                  GX_JSON_DEPTH_MAX);
}

static void out_of_memory(struct reader *reader)
{
    reader->broken = true;
    gx_ctx_forgive(reader->ctx);
    (void)gx_fail(reader->ctx, GX_P_BODY_TOO_LARGE, "", "%zu", reader->ctx->arena.limit_bytes / 4);
}

static void fault(const struct reader *reader, enum gx_problem problem, const char *value)
{
    char pointer[POINTER_SIZE];
    (void)gx_fail(reader->ctx, problem, pointer_of(reader, pointer), "%s", value);
}

static size_t push(struct reader *reader, struct step step)
{
    size_t before = reader->step_count;
    assert(before < STEPS_MAX);
    reader->steps[reader->step_count++] = step;
    return before;
}

static void pop(struct reader *reader, size_t before)
{
    reader->step_count = before;
}

/* --- rules --- */

static const struct place *place_of(struct reader *reader, const ProtobufCMessageDescriptor *type,
                                    const ProtobufCFieldDescriptor *field)
{
    struct place *place = &reader->places[(uintptr_t)field / sizeof *field % PLACES];
    if (place->field != field) {
        *place = (struct place){field, gx_rule_of(type, field)};
    }
    return place;
}

/* --- tokens --- */

static char peek(struct reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t' ||
                                        *reader->at == '\n' || *reader->at == '\r')) {
        reader->at++;
    }
    return reader->at < reader->end ? *reader->at : '\0';
}

static bool take(struct reader *reader, char c)
{
    if (peek(reader) != c || reader->at == reader->end) {
        return false;
    }
    reader->at++;
    return true;
}

static bool take_word(struct reader *reader, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, word, size) != 0) {
        syntax(reader);
        return false;
    }
    reader->at += size;
    return true;
}

static bool hex4(struct reader *reader, uint32_t *ret_code)
{
    uint8_t bytes[2];
    char digits[5] = {0};
    if (reader->end - reader->at < 4) {
        return false;
    }
    memcpy(digits, reader->at, 4);
    if (gx_hex_decode(digits, bytes, sizeof bytes) != 0) {
        return false;
    }
    reader->at += 4;
    *ret_code = (uint32_t)bytes[0] << 8 | bytes[1];
    return true;
}

static char *put_code_point(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *out++ = (char)(0xe0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    } else {
        *out++ = (char)(0xf0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    }
    return out;
}

/* After "\u". A half surrogate or NUL is JSON but no text: it becomes U+FFFD and the text is not
 * good. */
static char *read_unicode(struct reader *reader, struct text *text, char *out)
{
    uint32_t code = 0;
    uint32_t low = 0;
    if (!hex4(reader, &code)) {
        syntax(reader);
        return out;
    }
    if (code >= 0xd800 && code < 0xdc00 && reader->end - reader->at >= 6 && reader->at[0] == '\\' &&
        reader->at[1] == 'u') {
        const char *before = reader->at;
        reader->at += 2;
        if (hex4(reader, &low) && low >= 0xdc00 && low < 0xe000) {
            return put_code_point(out, 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
        }
        reader->at = before;
    }
    if (code == 0 || (code >= 0xd800 && code < 0xe000)) {
        text->good = false;
        code = 0xfffd;
    }
    return put_code_point(out, code);
}

static char *read_escape(struct reader *reader, struct text *text, char *out)
{
    static const char FROM[] = "\"\\/bfnrt";
    static const char TO[] = "\"\\/\b\f\n\r\t";
    char c = reader->at < reader->end ? *reader->at : '\0';
    if (c == 'u') {
        reader->at++;
        return read_unicode(reader, text, out);
    }
    const char *found = c == '\0' ? NULL : strchr(FROM, c);
    if (found == NULL) {
        syntax(reader);
        return out;
    }
    reader->at++;
    *out++ = TO[found - FROM];
    return out;
}

/* A string; its text is never longer than its source. */
static bool read_string(struct reader *reader, struct text *ret_text)
{
    if (!take(reader, '"')) {
        syntax(reader);
        return false;
    }
    const char *close = reader->at;
    while (close < reader->end && *close != '"') {
        close += *close == '\\' && close + 1 < reader->end ? 2 : 1;
    }
    struct text text = {.good = true};
    text.data = gx_arena_alloc(&reader->ctx->arena, (size_t)(close - reader->at) + 1);
    if (text.data == NULL) {
        out_of_memory(reader);
        return false;
    }
    char *out = text.data;
    while (!reader->broken && reader->at < reader->end && *reader->at != '"') {
        if ((unsigned char)*reader->at < 0x20) {
            break;
        }
        if (*reader->at == '\\') {
            reader->at++;
            out = read_escape(reader, &text, out);
        } else {
            *out++ = *reader->at++;
        }
    }
    if (reader->broken || reader->at >= reader->end || *reader->at != '"') {
        syntax(reader);
        return false;
    }
    reader->at++;
    *out = '\0';
    text.size = (size_t)(out - text.data);
    *ret_text = text;
    return true;
}

static size_t digits(struct reader *reader)
{
    size_t count = 0;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
        reader->at++;
        count++;
    }
    return count;
}

/* A number by JSON's own grammar, as text. Over 63 characters it is cut, which only costs digits
 * that a double cannot hold. */
static bool read_number(struct reader *reader, char text[64], bool *ret_integer)
{
    const char *from = reader->at;
    *ret_integer = true;
    if (*reader->at == '-') {
        reader->at++;
    }
    const char *first = reader->at;
    size_t count = digits(reader);
    bool good = count > 0 && (count == 1 || *first != '0');
    if (good && reader->at < reader->end && *reader->at == '.') {
        *ret_integer = false;
        reader->at++;
        good = digits(reader) > 0;
    }
    if (good && reader->at < reader->end && (*reader->at == 'e' || *reader->at == 'E')) {
        *ret_integer = false;
        reader->at++;
        if (reader->at < reader->end && (*reader->at == '+' || *reader->at == '-')) {
            reader->at++;
        }
        good = digits(reader) > 0;
    }
    size_t size = (size_t)(reader->at - from);
    if (!good || size > 63) {
        syntax(reader);
        return false;
    }
    memcpy(text, from, size);
    text[size] = '\0';
    return true;
}

static bool enter(struct reader *reader)
{
    if (++reader->depth > GX_JSON_DEPTH_MAX) {
        too_deep(reader);
        return false;
    }
    return true;
}

static void skip_value(struct reader *reader);

static void skip_members(struct reader *reader, char close)
{
    if (!enter(reader)) {
        return;
    }
    reader->at++;
    if (take(reader, close)) {
        reader->depth--;
        return;
    }
    do {
        struct text key;
        if (close == '}' && (!read_string(reader, &key) || !take(reader, ':'))) {
            syntax(reader);
            return;
        }
        skip_value(reader);
    } while (!reader->broken && take(reader, ','));
    if (!take(reader, close)) {
        syntax(reader);
    }
    reader->depth--;
}

static void skip_value(struct reader *reader)
{
    char number[64];
    bool integer = false;
    struct text text;
    char c = peek(reader);
    if (c == '{' || c == '[') {
        skip_members(reader, c == '{' ? '}' : ']');
    } else if (c == '"') {
        (void)read_string(reader, &text);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        (void)read_number(reader, number, &integer);
    } else if (c == 't' || c == 'f' || c == 'n') {
        (void)take_word(reader, c == 't' ? "true" : c == 'f' ? "false" : "null");
    } else {
        syntax(reader);
    }
}

/* --- values: each checks and stores one, from the body or from given text --- */

static bool store_integer(struct reader *reader, const struct place *place, double value,
                          void *slot)
{
    double low = -(double)NUMBER_MAX;
    double high = (double)NUMBER_MAX;
    ProtobufCType type = place->field->type;
    bool is_unsigned = type == PROTOBUF_C_TYPE_UINT32 || type == PROTOBUF_C_TYPE_FIXED32 ||
                       type == PROTOBUF_C_TYPE_UINT64 || type == PROTOBUF_C_TYPE_FIXED64;
    bool small = type == PROTOBUF_C_TYPE_UINT32 || type == PROTOBUF_C_TYPE_FIXED32 ||
                 type == PROTOBUF_C_TYPE_INT32 || type == PROTOBUF_C_TYPE_SINT32 ||
                 type == PROTOBUF_C_TYPE_SFIXED32;
    if (small) {
        low = INT32_MIN;
        high = is_unsigned ? UINT32_MAX : INT32_MAX;
    }
    low = is_unsigned ? 0 : low;
    if (place->rule.ranged) {
        low = place->rule.min;
        high = place->rule.max;
    }
    if (!(value >= low && value <= high)) {
        char range[64];
        (void)snprintf(range, sizeof range, "[%" PRId64 ", %" PRId64 "]", (int64_t)low,
                       (int64_t)high);
        fault(reader, GX_P_FIELD_RANGE, range);
        return false;
    }
    if (small && is_unsigned) {
        *(uint32_t *)slot = (uint32_t)value;
    } else if (small) {
        *(int32_t *)slot = (int32_t)value;
    } else if (is_unsigned) {
        *(uint64_t *)slot = (uint64_t)value;
    } else {
        *(int64_t *)slot = (int64_t)value;
    }
    return true;
}

static bool store_real(struct reader *reader, const struct place *place, double value, void *slot)
{
    char text[80];
    double limit = gx_text_is(place->field->name, "lat") ? 90 : 180;
    if (place->rule.form == GX_FORM_DEGREES && !(value >= -limit && value <= limit)) {
        (void)snprintf(text, sizeof text, "%s %g", place->field->name, value);
        fault(reader, GX_P_COORDINATES_RANGE, text);
        return false;
    }
    if (place->rule.ranged && !(value >= place->rule.min && value <= place->rule.max)) {
        (void)snprintf(text, sizeof text, "[%g, %g]", place->rule.min, place->rule.max);
        fault(reader, GX_P_FIELD_RANGE, text);
        return false;
    }
    if (place->field->type == PROTOBUF_C_TYPE_FLOAT) {
        *(float *)slot = (float)value;
    } else {
        *(double *)slot = value;
    }
    return true;
}

/* Takes text over: it lies in the arena already. */
static bool store_text(struct reader *reader, const struct place *place, char *text, void *slot)
{
    if (place->rule.form == GX_FORM_UUID && !gx_id_valid(text)) {
        fault(reader, GX_P_FIELD_FORMAT, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx (UUID)");
        return false;
    }
    size_t length = gx_utf8_length(text);
    size_t most = place->rule.max > 0 ? (size_t)place->rule.max : 4000;
    if (length < (size_t)place->rule.min || length > most) {
        char range[64];
        (void)snprintf(range, sizeof range, "%zu..%zu", (size_t)place->rule.min, most);
        fault(reader, GX_P_FIELD_LENGTH, range);
        return false;
    }
    if (place->rule.form == GX_FORM_UUID) {
        for (char *at = text; *at != '\0'; at++) {
            *at = *at >= 'A' && *at <= 'F' ? (char)(*at - 'A' + 'a') : *at;
        }
    }
    *(char **)slot = text;
    return true;
}

static bool store_enum(struct reader *reader, const struct place *place, const char *text,
                       void *slot)
{
    const ProtobufCEnumDescriptor *type = place->field->descriptor;
    int value = 0;
    if (gx_pb_enum_parse(type, text, &value) == 0) {
        *(int *)slot = value;
        return true;
    }
    char choices[CHOICES_SIZE] = "";
    size_t used = 0;
    for (unsigned i = 0; i < type->n_values && used < sizeof choices - 64; i++) {
        int size = snprintf(choices + used, sizeof choices - used, "%s%s", i == 0 ? "" : ", ",
                            gx_pb_enum_json(reader->ctx, type, type->values[i].value));
        used += size > 0 ? (size_t)size : 0;
    }
    fault(reader, GX_P_FIELD_CHOICE, choices);
    return false;
}

static bool store_time(struct reader *reader, const char *text, void *slot)
{
    if (gx_time_parse(text, slot) != 0) {
        fault(reader, GX_P_FIELD_FORMAT, "2026-11-24T08:00:00+08:00 (RFC 3339)");
        return false;
    }
    return true;
}

static bool store_bytes(struct reader *reader, const struct text *text, void *slot)
{
    ProtobufCBinaryData bytes = {0, gx_arena_alloc(&reader->ctx->arena, text->size + 1)};
    const char *end = NULL;
    if (bytes.data == NULL) {
        out_of_memory(reader);
        return false;
    }
    if (sodium_base642bin(bytes.data, text->size + 1, text->data, text->size, NULL, &bytes.len,
                          &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        end != text->data + text->size) {
        fault(reader, GX_P_FIELD_FORMAT, "base64");
        return false;
    }
    *(ProtobufCBinaryData *)slot = bytes;
    return true;
}

static const char *type_name(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        return "true, false";
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return "number";
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
        return "string";
    case PROTOBUF_C_TYPE_MESSAGE:
        return "object";
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        break;
    }
    return gx_field_is_time(field) ? "string" : "integer";
}

/* Is the field written as a JSON string? */
static bool is_textual(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_ENUM ||
           field->type == PROTOBUF_C_TYPE_BYTES || gx_field_is_time(field);
}

static bool is_real(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_DOUBLE || field->type == PROTOBUF_C_TYPE_FLOAT;
}

static bool store_number(struct reader *reader, const struct place *place, const char *text,
                         void *slot)
{
    double value = 0;
    if (gx_parse_double(text, -HUGE_VAL, HUGE_VAL, &value) != 0) {
        fault(reader, GX_P_FIELD_RANGE, "IEEE 754 binary64");
        return false;
    }
    if (is_real(place->field)) {
        return store_real(reader, place, value, slot);
    }
    if (floor(value) < value) {
        fault(reader, GX_P_FIELD_TYPE, "integer");
        return false;
    }
    return store_integer(reader, place, value, slot);
}

static bool store_textual(struct reader *reader, const struct place *place, const struct text *text,
                          void *slot)
{
    if (!text->good) {
        fault(reader, GX_P_UTF8, "U+0000, U+D800..U+DFFF");
        return false;
    }
    if (place->field->type == PROTOBUF_C_TYPE_ENUM) {
        return store_enum(reader, place, text->data, slot);
    }
    if (place->field->type == PROTOBUF_C_TYPE_BYTES) {
        return store_bytes(reader, text, slot);
    }
    if (place->field->type == PROTOBUF_C_TYPE_STRING) {
        return store_text(reader, place, text->data, slot);
    }
    return store_time(reader, text->data, slot);
}

/* --- reading by descriptor --- */

static ProtobufCMessage *read_message(struct reader *reader, const ProtobufCMessageDescriptor *type,
                                      ProtobufCMessage *message, uint64_t seen);

static bool wrong_type(struct reader *reader, const struct place *place)
{
    fault(reader, GX_P_FIELD_TYPE, type_name(place->field));
    skip_value(reader);
    return false;
}

/* One value at the cursor into slot; false when there is a fault. The value is consumed either way.
 */
static bool read_value(struct reader *reader, const struct place *place, void *slot)
{
    char c = peek(reader);
    if (place->field->type == PROTOBUF_C_TYPE_MESSAGE) {
        if (c != '{') {
            return wrong_type(reader, place);
        }
        *(ProtobufCMessage **)slot = read_message(reader, place->field->descriptor, NULL, 0);
        return *(ProtobufCMessage **)slot != NULL;
    }
    if (place->field->type == PROTOBUF_C_TYPE_BOOL) {
        if (c != 't' && c != 'f') {
            return wrong_type(reader, place);
        }
        *(protobuf_c_boolean *)slot = c == 't';
        return take_word(reader, c == 't' ? "true" : "false");
    }
    if (is_textual(place->field)) {
        struct text text;
        if (c != '"') {
            return wrong_type(reader, place);
        }
        return read_string(reader, &text) && store_textual(reader, place, &text, slot);
    }
    char number[64];
    bool integer = false;
    if (c != '-' && (c < '0' || c > '9')) {
        return wrong_type(reader, place);
    }
    return read_number(reader, number, &integer) && store_number(reader, place, number, slot);
}

struct list {
    uint8_t *items;
    size_t count;
    size_t room;
    size_t item_size;
};

static size_t item_size(const ProtobufCFieldDescriptor *field)
{
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        return sizeof(ProtobufCBinaryData);
    }
    bool wide = field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE ||
                field->type == PROTOBUF_C_TYPE_DOUBLE || field->type == PROTOBUF_C_TYPE_INT64 ||
                field->type == PROTOBUF_C_TYPE_SINT64 || field->type == PROTOBUF_C_TYPE_SFIXED64 ||
                field->type == PROTOBUF_C_TYPE_UINT64 || field->type == PROTOBUF_C_TYPE_FIXED64;
    return wide ? 8 : 4;
}

/* The slot of the next item; NULL when memory is out. */
static void *next_item(struct reader *reader, struct list *list)
{
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 8 : list->room * 2;
        uint8_t *items = gx_arena_alloc(&reader->ctx->arena, room * list->item_size);
        if (items == NULL) {
            out_of_memory(reader);
            return NULL;
        }
        if (list->count > 0) {
            memcpy(items, list->items, list->count * list->item_size);
        }
        list->items = items;
        list->room = room;
    }
    return list->items + list->count * list->item_size;
}

static void store_list(struct reader *reader, const struct place *place, const struct list *list,
                       size_t given, uint8_t *message)
{
    if (given < place->rule.items_min || given > place->rule.items_max) {
        char range[64];
        (void)snprintf(range, sizeof range, "%zu..%zu", place->rule.items_min,
                       place->rule.items_max);
        fault(reader, GX_P_FIELD_LENGTH, range);
        return;
    }
    *(size_t *)(void *)(message + place->field->quantifier_offset) = list->count;
    *(void **)(void *)(message + place->field->offset) = list->items;
}

static void read_list(struct reader *reader, const struct place *place, uint8_t *message)
{
    struct list list = {.item_size = item_size(place->field)};
    size_t given = 0;
    if (peek(reader) != '[') {
        fault(reader, GX_P_FIELD_TYPE, "array");
        skip_value(reader);
        return;
    }
    if (!enter(reader)) {
        return;
    }
    reader->at++;
    bool empty = take(reader, ']');
    while (!empty && !reader->broken) {
        void *slot = next_item(reader, &list);
        if (slot == NULL) {
            return;
        }
        size_t before = push(reader, (struct step){NULL, given++});
        if (given > place->rule.items_max) {
            skip_value(reader);
        } else if (read_value(reader, place, slot)) {
            list.count++;
        }
        pop(reader, before);
        if (!take(reader, ',')) {
            break;
        }
    }
    if (!empty && !take(reader, ']')) {
        syntax(reader);
        return;
    }
    reader->depth--;
    store_list(reader, place, &list, given, message);
}

static void mark_present(const ProtobufCFieldDescriptor *field, uint8_t *message)
{
    if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->type != PROTOBUF_C_TYPE_STRING &&
        field->type != PROTOBUF_C_TYPE_MESSAGE) {
        *(protobuf_c_boolean *)(void *)(message + field->quantifier_offset) = 1;
    }
}

static void read_field(struct reader *reader, const struct place *place, uint8_t *message)
{
    if (place->field->label == PROTOBUF_C_LABEL_REPEATED) {
        read_list(reader, place, message);
    } else if (read_value(reader, place, message + place->field->offset)) {
        mark_present(place->field, message);
    }
}

/* One "key": value. */
static void read_member(struct reader *reader, ProtobufCMessage *message, uint64_t *seen)
{
    struct text key;
    if (!read_string(reader, &key) || !take(reader, ':')) {
        syntax(reader);
        return;
    }
    size_t before = push(reader, (struct step){key.data, 0});
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, key.data);
    char name[SHOWN_BYTES + 4];
    if (field == NULL) {
        shown(key.data, name);
        fault(reader, GX_P_FIELD_UNKNOWN, name);
        skip_value(reader);
        pop(reader, before);
        return;
    }
    uint64_t bit = UINT64_C(1) << (field - message->descriptor->fields);
    if ((*seen & bit) != 0) {
        shown(key.data, name);
        fault(reader, GX_P_FIELD_REPEATED, name);
        skip_value(reader);
    } else {
        const struct place place = *place_of(reader, message->descriptor, field);
        *seen |= bit;
        read_field(reader, &place, (uint8_t *)message);
    }
    pop(reader, before);
}

static bool is_needed(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        struct gx_rule rule = gx_rule_of(type, field);
        return rule.items_min > 0 && !rule.may_lack;
    }
    return field->label == PROTOBUF_C_LABEL_REQUIRED;
}

static void check_required(struct reader *reader, const ProtobufCMessageDescriptor *type,
                           uint64_t seen)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        if ((seen & UINT64_C(1) << i) == 0 && is_needed(type, &type->fields[i])) {
            size_t before = push(reader, (struct step){type->fields[i].name, 0});
            fault(reader, GX_P_FIELD_MISSING, type->fields[i].name);
            pop(reader, before);
        }
    }
}

static ProtobufCMessage *read_message(struct reader *reader, const ProtobufCMessageDescriptor *type,
                                      ProtobufCMessage *message, uint64_t seen)
{
    assert(type->n_fields <= FIELDS_MAX);
    if (message == NULL) {
        message = gx_pb_new(reader->ctx, type);
    }
    if (message == NULL) {
        out_of_memory(reader);
        return NULL;
    }
    if (!enter(reader)) {
        return NULL;
    }
    if (!take(reader, '{')) {
        fault(reader, GX_P_FIELD_TYPE, "object");
        skip_value(reader);
        return NULL;
    }
    bool empty = take(reader, '}');
    while (!empty && !reader->broken) {
        read_member(reader, message, &seen);
        if (!take(reader, ',')) {
            break;
        }
    }
    if (reader->broken || (!empty && !take(reader, '}'))) {
        syntax(reader);
        return NULL;
    }
    reader->depth--;
    check_required(reader, type, seen);
    return message;
}

/* --- fields given as text --- */

static bool store_given(struct reader *reader, const struct place *place, char *value, void *slot)
{
    struct text text = {value, strlen(value), true};
    if (place->field->type == PROTOBUF_C_TYPE_BOOL) {
        bool yes = gx_text_is(value, "true");
        if (!yes && !gx_text_is(value, "false")) {
            fault(reader, GX_P_FIELD_TYPE, type_name(place->field));
            return false;
        }
        *(protobuf_c_boolean *)slot = yes;
        return true;
    }
    if (is_textual(place->field)) {
        return store_textual(reader, place, &text, slot);
    }
    double number = 0;
    if (gx_parse_double(value, -HUGE_VAL, HUGE_VAL, &number) != 0) {
        fault(reader, GX_P_FIELD_TYPE, type_name(place->field));
        return false;
    }
    return store_number(reader, place, value, slot);
}

static void give_list(struct reader *reader, const struct place *place, char *text,
                      uint8_t *message)
{
    struct list list = {.item_size = item_size(place->field)};
    size_t given = 0;
    char *rest = text;
    for (char *item = strsep(&rest, ","); item != NULL; item = strsep(&rest, ",")) {
        void *slot = next_item(reader, &list);
        given++;
        if (slot == NULL) {
            return;
        }
        if (given <= place->rule.items_max && store_given(reader, place, item, slot)) {
            list.count++;
        }
    }
    store_list(reader, place, &list, given, message);
}

static void give(struct reader *reader, const struct gx_json_given *given,
                 ProtobufCMessage *message, uint64_t *seen)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, given->name);
    char name[SHOWN_BYTES + 4];
    shown(given->name, name);
    reader->base = given->pointer;
    if (given->bytes.data != NULL && field != NULL && field->type == PROTOBUF_C_TYPE_BYTES) {
        *seen |= UINT64_C(1) << (field - message->descriptor->fields);
        *(ProtobufCBinaryData *)(void *)((uint8_t *)message + field->offset) =
            gx_pb_bytes(given->bytes);
        mark_present(field, (uint8_t *)message);
        reader->base = "";
        return;
    }
    char *text = gx_arena_text(&reader->ctx->arena, given->text);
    if (text == NULL) {
        out_of_memory(reader);
    } else if (!gx_utf8_valid(text, strlen(text)) ||
               !gx_utf8_valid(given->name, strlen(given->name))) {
        (void)gx_fail(reader->ctx, GX_P_UTF8, "", "?");
    } else if (field == NULL || field->type == PROTOBUF_C_TYPE_MESSAGE ||
               field->type == PROTOBUF_C_TYPE_BYTES) {
        fault(reader, GX_P_QUERY_UNKNOWN, name);
    } else if ((*seen & UINT64_C(1) << (field - message->descriptor->fields)) != 0) {
        fault(reader, GX_P_FIELD_REPEATED, name);
    } else {
        struct place place = {field, gx_rule_of(message->descriptor, field)};
        *seen |= UINT64_C(1) << (field - message->descriptor->fields);
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            give_list(reader, &place, text, (uint8_t *)message);
        } else if (store_given(reader, &place, text, (uint8_t *)message + field->offset)) {
            mark_present(field, (uint8_t *)message);
        }
    }
    reader->base = "";
}

static enum gx_rc first_fault(const struct gx_ctx *ctx)
{
    return gx_problem_row(ctx->faults[0].problem)->rc;
}

enum gx_rc gx_json_read_with(struct gx_ctx *ctx, const ProtobufCMessageDescriptor *type,
                             struct gx_view text, const struct gx_json_given *given,
                             size_t given_count, ProtobufCMessage **ret_message)
{
    const char *bytes = text.size == 0 ? "{}" : (const char *)text.data;
    size_t size = text.size == 0 ? 2 : text.size;
    struct reader reader = {
        .ctx = ctx, .start = bytes, .at = bytes, .end = bytes + size, .base = ""};
    uint64_t seen = 0;
    if (!gx_utf8_valid(bytes, size)) {
        return gx_fail(ctx, GX_P_UTF8, "", "%zu B", size);
    }
    ProtobufCMessage *message = gx_pb_new(ctx, type);
    if (message == NULL) {
        out_of_memory(&reader);
        return first_fault(ctx);
    }
    assert(type->n_fields <= FIELDS_MAX);
    for (size_t i = 0; i < given_count && !reader.broken; i++) {
        give(&reader, &given[i], message, &seen);
    }
    if (!reader.broken && peek(&reader) != '{') {
        fault(&reader, GX_P_FIELD_TYPE, "object");
        skip_value(&reader);
    } else if (!reader.broken) {
        (void)read_message(&reader, type, message, seen);
    }
    if (!reader.broken && (peek(&reader) != '\0' || reader.at != reader.end)) {
        syntax(&reader);
    }
    if (ctx->fault_count > 0) {
        return first_fault(ctx);
    }
    *ret_message = message;
    return GX_OK;
}

enum gx_rc gx_json_read(struct gx_ctx *ctx, const ProtobufCMessageDescriptor *type,
                        struct gx_view text, ProtobufCMessage **ret_message)
{
    if (text.size == 0) {
        return gx_fail(ctx, GX_P_JSON_SYNTAX, "", "1:1");
    }
    return gx_json_read_with(ctx, type, text, NULL, 0, ret_message);
}
