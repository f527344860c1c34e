/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "registry.pb-c.h"
#include "web/rules.h"
#include "wire/messages.h"

#include <stdbool.h>
#include <string.h>

static void test_rules_are_sorted_for_the_search(void **state)
{
    (void)state;
    size_t count = 0;
    const struct gx_rule *rules = gx_rules(&count);
    assert_true(count > 50);
    for (size_t i = 1; i < count; i++) {
        int order = strcmp(rules[i - 1].message, rules[i].message);
        assert_true(order < 0 || (order == 0 && strcmp(rules[i - 1].field, rules[i].field) < 0));
    }
}

static const ProtobufCFieldDescriptor *find(const ProtobufCMessageDescriptor *type,
                                            const char *message, const char *field, int depth)
{
    const ProtobufCFieldDescriptor *found = NULL;
    if (strcmp(type->short_name, message) == 0) {
        return protobuf_c_message_descriptor_get_field_by_name(type, field);
    }
    for (unsigned i = 0; found == NULL && depth < 4 && i < type->n_fields; i++) {
        if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) {
            found = find(type->fields[i].descriptor, message, field, depth + 1);
        }
    }
    return found;
}

/* A rule for a field that no command has, or that was renamed, would bind nothing. */
static void test_rules_name_fields_that_exist(void **state)
{
    (void)state;
    size_t rule_count = 0;
    size_t type_count = 0;
    const struct gx_rule *rules = gx_rules(&rule_count);
    const struct gx_command_type *types = gx_command_types(&type_count);
    for (size_t i = 0; i < rule_count; i++) {
        bool found = strcmp(rules[i].message, "SessionCreate") == 0 ||
                     strcmp(rules[i].message, "KeyCreate") == 0;
        for (size_t t = 0; !found && t < type_count; t++) {
            found = find(types[t].request, rules[i].message, rules[i].field, 0) != NULL;
        }
        if (!found) {
            print_message("%s.%s does not exist\n", rules[i].message, rules[i].field);
        }
        assert_true(found);
    }
}

static struct gx_rule rule_of(const ProtobufCMessageDescriptor *type, const char *field)
{
    return gx_rule_of(type, protobuf_c_message_descriptor_get_field_by_name(type, field));
}

static void test_rules_by_name_hold_without_a_row(void **state)
{
    (void)state;
    assert_int_equal(rule_of(&genxi__site_put__descriptor, "partner_id").form, GX_FORM_UUID);
    assert_int_equal(rule_of(&genxi__site_put__descriptor, "lat").form, GX_FORM_DEGREES);
    assert_true(rule_of(&genxi__site_query__descriptor, "limit").ranged);
    assert_true(rule_of(&genxi__site_query__descriptor, "limit").max > 499);
    assert_int_equal(rule_of(&genxi__site_put__descriptor, "name").form, GX_FORM_ANY);
}

static void test_rules_times_are_known_by_name_and_type(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *shift = &genxi__shift_put__descriptor;
    assert_true(
        gx_field_is_time(protobuf_c_message_descriptor_get_field_by_name(shift, "from_at")));
    assert_false(
        gx_field_is_time(protobuf_c_message_descriptor_get_field_by_name(shift, "responder_id")));
    assert_true(gx_field_is_time(
        protobuf_c_message_descriptor_get_field_by_name(&genxi__shift_query__descriptor, "at")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_are_sorted_for_the_search),
        cmocka_unit_test(test_rules_name_fields_that_exist),
        cmocka_unit_test(test_rules_by_name_hold_without_a_row),
        cmocka_unit_test(test_rules_times_are_known_by_name_and_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
