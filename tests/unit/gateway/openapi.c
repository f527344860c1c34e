/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "openapi.h"
#include "routes.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

static const struct gw_settings SETTINGS = {
    .body_bytes = 1048576, .import_bytes = 16777216, .rate_per_second = 200};

static int set_up(void **state)
{
    size_t size = 0;
    char *text = gw_openapi(&SETTINGS, &size);
    *state = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    return *state == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    json_decref(*state);
    return 0;
}

static const json_t *at(const json_t *document, const char *a, const char *b, const char *c)
{
    const json_t *found = json_object_get(document, a);
    found = b == NULL ? found : json_object_get(found, b);
    return c == NULL ? found : json_object_get(found, c);
}

static void test_openapi_has_every_route_once(void **state)
{
    size_t count = 0;
    size_t operations = 0;
    const struct gw_route *routes = gw_routes(&count);
    const json_t *paths = json_object_get(*state, "paths");
    json_t *ids = json_object();
    const char *path;
    json_t *item;
    json_object_foreach((json_t *)(uintptr_t)paths, path, item)
    {
        const char *method;
        json_t *operation;
        json_object_foreach(item, method, operation)
        {
            const char *id = json_string_value(json_object_get(operation, "operationId"));
            assert_non_null(id);
            assert_null(json_object_get(ids, id));
            (void)json_object_set_new(ids, id, json_true());
            assert_true(json_string_length(json_object_get(operation, "summary")) > 0);
            assert_true(json_string_length(json_object_get(operation, "x-summary-zh")) > 0);
            operations++;
        }
    }
    json_decref(ids);
    size_t phones = 0; /* by their apps' protocols: not described here */
    for (size_t i = 0; i < count; i++) {
        phones += routes[i].kind == GW_PHONE ? 1 : 0;
    }
    assert_int_equal(operations, count - phones);
    assert_int_equal(count == 0, routes == NULL);
}

/* Every $ref leads somewhere. */
static void check_references(const json_t *document, const json_t *value)
{
    const char *name;
    json_t *member;
    size_t index;
    if (json_is_array(value)) {
        json_array_foreach(value, index, member)
        {
            check_references(document, member);
        }
    }
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
    {
        if (strcmp(name, "$ref") == 0) {
            char text[128];
            char kind[32];
            (void)snprintf(text, sizeof text, "%.120s", json_string_value(member));
            assert_int_equal(sscanf(text, "#/components/%31[a-zA-Z]/", kind), 1);
            assert_non_null(at(document, "components", kind, strrchr(text, '/') + 1));
        } else {
            check_references(document, member);
        }
    }
}

static void test_openapi_references_are_there(void **state)
{
    check_references(*state, *state);
}

static void test_openapi_says_what_the_mapper_does(void **state)
{
    const json_t *report = at(*state, "components", "schemas", "ReportCreate");
    const json_t *grade = at(report, "properties", "grade", NULL);
    assert_int_equal(json_integer_value(json_object_get(grade, "minimum")), 1);
    assert_int_equal(json_integer_value(json_object_get(grade, "maximum")), 4);
    assert_string_equal(json_string_value(at(report, "properties", "occurred_at", "format")),
                        "date-time");
    assert_string_equal(json_string_value(at(report, "properties", "site_id", "format")), "uuid");
    assert_int_equal(json_array_size(at(report, "properties", "link", "enum")), 5);
    assert_true(json_is_false(json_object_get(report, "additionalProperties")));
    const json_t *body = at(*state, "components", "schemas", "IncidentTransitionBody");
    assert_null(at(body, "properties", "id", NULL)); /* it stands in the path */
    assert_non_null(at(body, "properties", "to", NULL));
}

static void test_openapi_log_in_needs_no_credential(void **state)
{
    const json_t *post = at(*state, "paths", "/v1/sessions", "post");
    assert_int_equal(json_array_size(json_object_get(post, "security")), 0);
    assert_true(json_is_array(json_object_get(post, "security")));
    assert_null(json_object_get(at(*state, "paths", "/v1/me", "get"), "security"));
}

static bool names_key(const json_t *document, const char *path)
{
    const json_t *parameters = json_object_get(at(document, "paths", path, "post"), "parameters");
    size_t index;
    json_t *one;
    json_array_foreach((json_t *)(uintptr_t)parameters, index, one)
    {
        const char *to = json_string_value(json_object_get(one, "$ref"));
        if (to != NULL && strcmp(to, "#/components/parameters/IdempotencyKey") == 0) {
            return true;
        }
    }
    return false;
}

static void test_openapi_says_where_a_repetition_is_one(void **state)
{
    assert_true(names_key(*state, "/v1/reports"));
    assert_true(names_key(*state, "/v1/keys"));
    assert_false(names_key(*state, "/v1/sessions"));
    const char *text = json_string_value(
        json_object_get(at(*state, "paths", "/v1/sessions", "post"), "description"));
    assert_non_null(text);
    assert_non_null(strstr(text, "Idempotency-Key has no effect"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openapi_has_every_route_once),
        cmocka_unit_test(test_openapi_references_are_there),
        cmocka_unit_test(test_openapi_says_what_the_mapper_does),
        cmocka_unit_test(test_openapi_says_where_a_repetition_is_one),
        cmocka_unit_test(test_openapi_log_in_needs_no_credential),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
