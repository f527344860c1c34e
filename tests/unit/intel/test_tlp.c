/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tlp.h"

static enum intel_may may_of(const json_t *value)
{
    if (json_is_boolean(value)) {
        return json_is_true(value) ? INTEL_MAY : INTEL_MAY_NOT;
    }
    assert_string_equal(json_string_value(value), "need-to-know");
    return INTEL_MAY_ON_NEED;
}

static void test_tlp_table_is_that_of_the_standard(void **state)
{
    (void)state;
    const char *root = getenv("GENXI_SHARED");
    char path[512];
    (void)snprintf(path, sizeof path, "%s/vectors/sharing/tlp2.json",
                   root == NULL ? "../shared" : root);
    json_error_t error;
    json_t *file = json_load_file(path, 0, &error);
    if (file == NULL) {
        assert_int_not_equal(access(path, F_OK), 0);
        print_message("SKIPPED: no vectors at %s (set GENXI_SHARED)\n", path);
        skip();
    }
    const json_t *labels = json_object_get(file, "labels");
    assert_int_equal(json_array_size(labels), 5);
    for (size_t i = 0; i < json_array_size(labels); i++) {
        const json_t *item = json_array_get(labels, i);
        const json_t *with = json_object_get(item, "may_share_with");
        const char *label = json_string_value(json_object_get(item, "label"));
        const struct intel_mark_row *row = intel_mark((int)intel_mark_parse(label));
        assert_string_equal(row->label, label);
        assert_int_equal(row->named_recipient, may_of(json_object_get(with, "named_recipient")));
        assert_int_equal(row->own_org, may_of(json_object_get(with, "own_org")));
        assert_int_equal(row->own_org_clients, may_of(json_object_get(with, "own_org_clients")));
        assert_int_equal(row->community, may_of(json_object_get(with, "community")));
        assert_int_equal(row->everybody, may_of(json_object_get(with, "public")));
    }
    json_decref(file);
}

static void test_tlp_unknown_is_red_and_white_is_clear(void **state)
{
    (void)state;
    static const char *const UNKNOWN[] = {
        NULL, "", "TLP:PURPLE", "tlp:clear", "TLP:AMBER STRICT", " TLP:CLEAR"};
    for (size_t i = 0; i < sizeof UNKNOWN / sizeof *UNKNOWN; i++) {
        assert_int_equal(intel_mark_parse(UNKNOWN[i]), GENXI__MARK__MARK_RED);
    }
    assert_int_equal(intel_mark_parse("TLP:WHITE"), GENXI__MARK__MARK_CLEAR);
    static const int VALUES[] = {0, -1, 6, 99};
    for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++) {
        assert_int_equal(intel_mark(VALUES[i])->mark, GENXI__MARK__MARK_RED);
    }
}

static void test_tlp_bundle_takes_the_strictest(void **state)
{
    (void)state;
    assert_int_equal(intel_mark_strictest(GENXI__MARK__MARK_GREEN, GENXI__MARK__MARK_AMBER),
                     GENXI__MARK__MARK_AMBER);
    assert_int_equal(intel_mark_strictest(GENXI__MARK__MARK_AMBER_STRICT, GENXI__MARK__MARK_AMBER),
                     GENXI__MARK__MARK_AMBER_STRICT);
    assert_int_equal(intel_mark_strictest(GENXI__MARK__MARK_CLEAR, 0), GENXI__MARK__MARK_RED);
    assert_int_equal(intel_mark_strictest(GENXI__MARK__MARK_CLEAR, GENXI__MARK__MARK_CLEAR),
                     GENXI__MARK__MARK_CLEAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tlp_table_is_that_of_the_standard),
        cmocka_unit_test(test_tlp_unknown_is_red_and_white_is_clear),
        cmocka_unit_test(test_tlp_bundle_takes_the_strictest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
