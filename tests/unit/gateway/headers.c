/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/id.h"
#include "headers.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static void test_sf_string_takes_quoted_only(void **state)
{
    (void)state;
    char out[256];
    assert_int_equal(gw_sf_string("\"8e03978e\"", out, sizeof out), 0);
    assert_string_equal(out, "8e03978e");
    assert_int_equal(gw_sf_string("  \"a\\\"b\\\\\" ", out, sizeof out), 0);
    assert_string_equal(out, "a\"b\\");
    assert_int_equal(gw_sf_string("\"a\";p=1;q", out, sizeof out), 0);
    static const char *const BAD[] = {"",
                                      "8e03978e",
                                      "\"\"",
                                      "\"a",
                                      "a\"",
                                      "'a'",
                                      "\"a\"b",
                                      "\"a\" \"b\"",
                                      "\"a\\x\"",
                                      "\"a\\",
                                      "\"\t\"",
                                      "\"\x7f\"",
                                      "\"\xc3\xa4\"",
                                      "\"a\", \"b\"",
                                      "\"a\";",
                                      "\"a\";P=1",
                                      "?1",
                                      "1"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_int_equal(gw_sf_string(BAD[i], out, sizeof out), -1);
    }
}

static void test_sf_string_is_at_most_255_long(void **state)
{
    (void)state;
    char field[300] = "\"";
    char out[256];
    memset(field + 1, 'k', 255);
    field[256] = '"';
    assert_int_equal(gw_sf_string(field, out, sizeof out), 0);
    assert_int_equal(strlen(out), 255);
    memset(field + 1, 'k', 256);
    field[257] = '"';
    assert_int_equal(gw_sf_string(field, out, sizeof out), -1);
}

/* One of the structured-field suite's items; what is no string must be refused, for here only strings are keys. */
static void check_item(const json_t *item)
{
    char out[2048];
    const json_t *raw = json_object_get(item, "raw");
    const json_t *expected = json_array_get(json_object_get(item, "expected"), 0);
    const char *name = json_string_value(json_object_get(item, "name"));
    const json_t *line = json_array_get(raw, 0);
    if (json_array_size(raw) != 1 || strlen(json_string_value(line)) != json_string_length(line)) {
        return; /* several lines, or NUL: never come as one header field */
    }
    int result = gw_sf_string(json_string_value(line), out, sizeof out);
    bool wanted = json_is_string(expected) && json_string_length(expected) > 0 &&
                  json_string_length(expected) <= 255;
    if ((result == 0) != wanted) {
        print_message("%s: %d\n", name, result);
    }
    assert_int_equal(result == 0, wanted);
    if (wanted) {
        assert_string_equal(out, json_string_value(expected));
    }
}

static size_t check_items(const char *file)
{
    const char *path = shared_file(file);
    json_t *all = path == NULL ? NULL : json_load_file(path, JSON_ALLOW_NUL, NULL);
    const json_t *cases = json_object_get(all, "cases");
    size_t count = json_array_size(cases);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(json_string_value(json_object_get(json_array_get(cases, i), "header_type")),
                   "item") == 0) {
            check_item(json_array_get(cases, i));
        }
    }
    json_decref(all);
    return count;
}

static void test_sf_string_shared_examples_are_met(void **state)
{
    (void)state;
    size_t count = check_items("vectors/http-facts/sf_string.json") +
                   check_items("vectors/http-facts/sf_string-generated.json") +
                   check_items("vectors/http-facts/sf_item.json") +
                   check_items("vectors/http-facts/sf_token.json") +
                   check_items("vectors/http-facts/sf_number.json");
    if (count == 0) {
        skip();
    }
}

/* What the gateway does with traceparent headers: one good one is continued, anything else begins a trace. */
static void check_trace(const json_t *item)
{
    char parent[256] = "";
    char child[GX_TRACEPARENT_SIZE];
    int seen = 0;
    const json_t *headers = json_object_get(item, "headers_in");
    const json_t *expect = json_object_get(item, "expect");
    for (size_t i = 0; i < json_array_size(headers); i++) {
        const char *name = json_string_value(json_array_get(json_array_get(headers, i), 0));
        if (strcasecmp(name, "traceparent") == 0) {
            gw_trim(json_string_value(json_array_get(json_array_get(headers, i), 1)), parent,
                    sizeof parent);
            seen++;
        }
    }
    (void)gx_trace_child(seen == 1 ? parent : "", child);
    assert_true(gx_trace_valid(child));
    const char *kept = json_string_value(json_object_get(expect, "trace_id_kept"));
    if (kept != NULL) {
        assert_memory_equal(child + 3, kept, 32);
    }
    const char *changed = json_string_value(json_object_get(expect, "parent_id_must_change_from"));
    if (changed != NULL) {
        assert_memory_not_equal(child + 36, changed, 16);
    }
    const json_t *never = json_object_get(expect, "trace_id_must_not_be");
    for (size_t i = 0; i < json_array_size(never); i++) {
        assert_memory_not_equal(child + 3, json_string_value(json_array_get(never, i)), 32);
    }
}

static void test_traceparent_shared_examples_are_met(void **state)
{
    (void)state;
    const char *path = shared_file("vectors/http-facts/traceparent.json");
    if (path == NULL) {
        skip();
    }
    json_t *all = json_load_file(path, 0, NULL);
    const json_t *cases = json_object_get(all, "cases");
    assert_true(json_array_size(cases) > 10);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        check_trace(json_array_get(cases, i));
    }
    json_decref(all);
}

static void test_bearer_is_found_in_any_case(void **state)
{
    (void)state;
    assert_string_equal(gw_bearer("Bearer abc"), "abc");
    assert_string_equal(gw_bearer("bearer  abc"), "abc");
    assert_null(gw_bearer(NULL));
    assert_null(gw_bearer("Bearer"));
    assert_null(gw_bearer("Bearer "));
    assert_null(gw_bearer("Basic abc"));
}

static void test_language_is_the_best_liked(void **state)
{
    (void)state;
    static const char *const CASES[][2] = {
        {NULL, "zh-CN"},
        {"", "zh-CN"},
        {"en", "en"},
        {"en-GB,zh;q=0.9", "en"},
        {"zh-TW", "zh-CN"},
        {"fr, en;q=0.5", "en"},
        {"en;q=0.2, zh;q=0.7", "zh-CN"},
        {"en;q=0", "zh-CN"},
        {"eng", "zh-CN"},
        {"fr", "zh-CN"},
        {"*", "zh-CN"},
        {"en;q=oops", "zh-CN"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        assert_string_equal(gw_language(CASES[i][0], "zh-CN"), CASES[i][1]);
    }
    assert_string_equal(gw_language("fr", "en"), "en");
}

static void test_media_type_stands_alone(void **state)
{
    (void)state;
    char out[32];
    gw_media_type("Application/JSON; charset=utf-8", out, sizeof out);
    assert_string_equal(out, "application/json");
    gw_media_type(NULL, out, sizeof out);
    assert_string_equal(out, "");
}

static void test_basic_gives_user_and_password(void **state)
{
    (void)state;
    char user[8];
    char password[8];
    assert_int_equal(gw_basic("Basic ZzcscDpx", user, sizeof user, password, sizeof password), 0);
    assert_string_equal(user, "g7,p");
    assert_string_equal(password, "q");
    assert_int_equal(gw_basic("basic  Zzc6YTpi", user, sizeof user, password, sizeof password), 0);
    assert_string_equal(user, "g7");
    assert_string_equal(password, "a:b"); /* the first colon parts them */
    assert_int_equal(gw_basic("Basic Ojo=", user, sizeof user, password, sizeof password), 0);
    assert_string_equal(user, "");
    static const char *const BAD[] = {
        "Bearer Zzc6YTpi",        "Basic", "Basic !!!!", "Basic Zzc=", /* no colon */
        "Basic MTIzNDU2Nzg6cA==",                                      /* a user of eight */
        "Basic YQBiOmM=",                                              /* a NUL */
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_int_equal(gw_basic(BAD[i], user, sizeof user, password, sizeof password), -1);
    }
    assert_int_equal(gw_basic(NULL, user, sizeof user, password, sizeof password), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sf_string_takes_quoted_only),
        cmocka_unit_test(test_sf_string_is_at_most_255_long),
        cmocka_unit_test(test_sf_string_shared_examples_are_met),
        cmocka_unit_test(test_traceparent_shared_examples_are_met),
        cmocka_unit_test(test_bearer_is_found_in_any_case),
        cmocka_unit_test(test_language_is_the_best_liked),
        cmocka_unit_test(test_media_type_stands_alone),
        cmocka_unit_test(test_basic_gives_user_and_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
