/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a field's value must satisfy beyond its type: rows of rules.def, and for fields without a
 * row the rules by name: id, *_id, *_ids are UUIDs; lon and lat are degrees; limit is 1..500; any
 * other text has at most 4,000 characters, any list 1,000 items. The mapper and the API description
 * read the same rules.
 */
#ifndef GX_WEB_RULES_H
#define GX_WEB_RULES_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

enum gx_rule_form {
    GX_FORM_ANY,
    GX_FORM_UUID,
    GX_FORM_DEGREES
};

struct gx_rule {
    const char *message; /* "ReportCreate" */
    const char *field;
    bool ranged; /* numbers: min and max bind */
    double min;  /* number's value, or text's code points */
    double max;
    bool may_lack; /* repeated fields: items_min binds only when the list is given */
    size_t items_min;
    size_t items_max;
    enum gx_rule_form form;
};

struct gx_rule gx_rule_of(const ProtobufCMessageDescriptor *message,
                          const ProtobufCFieldDescriptor *field);
/* The rows, sorted by message and field; for tests. */
const struct gx_rule *gx_rules(size_t *ret_count);
/* An int64 that is a time: named `at` or ending in _at. */
bool gx_field_is_time(const ProtobufCFieldDescriptor *field);

#endif
