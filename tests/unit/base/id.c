/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/id.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

static void test_ids_rise_and_are_version_7(void **state)
{
    (void)state;
    char before[GX_ID_SIZE] = "";
    for (int i = 0; i < 20000; i++) {
        char id[GX_ID_SIZE];
        (void)gx_id_new(id);
        assert_true(gx_id_valid(id));
        assert_int_equal(id[14], '7');
        assert_true(strcmp(before, id) < 0);
        memcpy(before, id, sizeof before);
    }
}

static void test_id_valid_refuses_the_rest(void **state)
{
    (void)state;
    static const char *const BAD[] = {"",
                                      "x",
                                      "0193512e-8f00-7000-8000-00000000000",
                                      "0193512e-8f00-7000-8000-0000000000000",
                                      "0193512e+8f00-7000-8000-000000000000",
                                      "0193512g-8f00-7000-8000-000000000000"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_false(gx_id_valid(BAD[i]));
    }
    assert_false(gx_id_valid(NULL));
}

static void test_name_gives_the_same_id(void **state)
{
    (void)state;
    char a[GX_ID_SIZE];
    char b[GX_ID_SIZE];
    assert_string_equal(gx_id_from_name("partner/1", a), gx_id_from_name("partner/1", b));
    assert_string_not_equal(gx_id_from_name("partner/1", a), gx_id_from_name("partner/2", b));
    assert_true(gx_id_valid(a));
}

static void test_trace_child_keeps_the_trace(void **state)
{
    (void)state;
    char parent[GX_TRACEPARENT_SIZE];
    char child[GX_TRACEPARENT_SIZE];
    (void)gx_trace_new(parent);
    assert_true(gx_trace_valid(parent));
    (void)gx_trace_child(parent, child);
    assert_memory_equal(parent, child, 35);
    assert_memory_not_equal(parent + 36, child + 36, 16);
    (void)gx_trace_child("garbage", child);
    assert_true(gx_trace_valid(child));
}

static void test_trace_valid_by_the_rules(void **state)
{
    (void)state;
    assert_false(gx_trace_valid("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
    assert_false(gx_trace_valid("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
    assert_false(gx_trace_valid("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x"));
    assert_true(gx_trace_valid("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x"));
    assert_false(gx_trace_valid("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x"));
    assert_false(gx_trace_valid("00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
}

/* Published cases with exactly one traceparent header; what a receiver makes of several is the gateway's. */
static void test_trace_valid_agrees_with_shared_cases(void **state)
{
    (void)state;
    const char *path = shared_file("vectors/http-facts/traceparent.json");
    if (path == NULL) {
        skip();
        return;
    }
    json_t *file = json_load_file(path, 0, NULL);
    size_t compared = 0;
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(file, "cases"), i, item)
    {
        const json_t *headers = json_object_get(item, "headers_in");
        const json_t *header = json_array_get(headers, 0);
        const char *value = json_string_value(json_array_get(header, 1));
        const char *name = json_string_value(json_array_get(header, 0));
        if (json_array_size(headers) != 1 || value == NULL ||
            strcasecmp(name, "traceparent") != 0) {
            continue;
        }
        bool kept =
            json_is_string(json_object_get(json_object_get(item, "expect"), "trace_id_kept"));
        char trimmed[128];
        (void)snprintf(trimmed, sizeof trimmed, "%s", value + strspn(value, " \t"));
        trimmed[strcspn(trimmed, " \t")] = '\0';
        if (gx_trace_valid(trimmed) != kept) {
            fail_msg("%s: %s", json_string_value(json_object_get(item, "id")), value);
        }
        compared++;
    }
    json_decref(file);
    assert_true(compared >= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_rise_and_are_version_7),
        cmocka_unit_test(test_id_valid_refuses_the_rest),
        cmocka_unit_test(test_name_gives_the_same_id),
        cmocka_unit_test(test_trace_child_keeps_the_trace),
        cmocka_unit_test(test_trace_valid_by_the_rules),
        cmocka_unit_test(test_trace_valid_agrees_with_shared_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
