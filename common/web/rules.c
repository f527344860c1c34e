/* SPDX-License-Identifier: Apache-2.0 */
#include "web/rules.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    LIST_MAX = 1000,
    TEXT_MAX = 4000,
    UUID_LENGTH = 36
};

#define GX_RULE_RANGE(Message, name, low, high)                                                    \
    {.message = #Message,                                                                          \
     .field = #name,                                                                               \
     .ranged = true,                                                                               \
     .min = (low),                                                                                 \
     .max = (high),                                                                                \
     .items_max = LIST_MAX},
#define GX_RULE_LENGTH(Message, name, low, high)                                                   \
    {.message = #Message, .field = #name, .min = (low), .max = (high), .items_max = LIST_MAX},
#define GX_RULE_FORM(Message, name, what)                                                          \
    {.message = #Message,                                                                          \
     .field = #name,                                                                               \
     .max = TEXT_MAX,                                                                              \
     .items_max = LIST_MAX,                                                                        \
     .form = GX_FORM_##what},
#define GX_RULE_ITEMS(Message, name, low, high, what, length)                                      \
    {.message = #Message,                                                                          \
     .field = #name,                                                                               \
     .max = (length),                                                                              \
     .items_min = (low),                                                                           \
     .items_max = (high),                                                                          \
     .form = GX_FORM_##what},
#define GX_RULE_ITEMS_IF_GIVEN(Message, name, low, high)                                           \
    {.message = #Message,                                                                          \
     .field = #name,                                                                               \
     .may_lack = true,                                                                             \
     .items_min = (low),                                                                           \
     .items_max = (high)},
static const struct gx_rule ROWS[] = {
#include "web/rules.def"
};

const struct gx_rule *gx_rules(size_t *ret_count)
{
    *ret_count = sizeof ROWS / sizeof ROWS[0];
    return ROWS;
}

static int compare(const void *a, const void *b)
{
    const struct gx_rule *left = a;
    const struct gx_rule *right = b;
    int order = strcmp(left->message, right->message);
    return order != 0 ? order : strcmp(left->field, right->field);
}

static bool ends_in(const char *text, const char *tail)
{
    size_t size = strlen(text);
    size_t tail_size = strlen(tail);
    return size >= tail_size && strcmp(text + size - tail_size, tail) == 0;
}

static bool is_id(const char *name)
{
    return (gx_text_is(name, "id") || ends_in(name, "_id") || ends_in(name, "_ids")) &&
           !gx_text_is(name, "external_id");
}

struct gx_rule gx_rule_of(const ProtobufCMessageDescriptor *message,
                          const ProtobufCFieldDescriptor *field)
{
    struct gx_rule rule = {.message = message->short_name,
                           .field = field->name,
                           .max = TEXT_MAX,
                           .items_max = LIST_MAX};
    const struct gx_rule *row =
        bsearch(&rule, ROWS, sizeof ROWS / sizeof ROWS[0], sizeof ROWS[0], compare);
    if (row != NULL) {
        return *row;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING && is_id(field->name)) {
        rule.form = GX_FORM_UUID;
        rule.min = UUID_LENGTH;
        rule.max = UUID_LENGTH;
    } else if (field->type == PROTOBUF_C_TYPE_DOUBLE &&
               (gx_text_is(field->name, "lon") || gx_text_is(field->name, "lat"))) {
        rule.form = GX_FORM_DEGREES;
    } else if (field->type == PROTOBUF_C_TYPE_UINT32 && gx_text_is(field->name, "limit")) {
        rule.ranged = true;
        rule.min = 1;
        rule.max = 500;
    }
    return rule;
}

bool gx_field_is_time(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_INT64 &&
           (gx_text_is(field->name, "at") || ends_in(field->name, "_at"));
}
