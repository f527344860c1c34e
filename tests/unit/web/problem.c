/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "web/json.h"

#include <jansson.h>
#include <string.h>

static struct gx_ctx ctx;

static int set_up(void **state)
{
    (void)state;
    gx_ctx_init(&ctx, 1 << 20);
    (void)strcpy(ctx.traceparent, "00-12345678901234567890123456789012-1234567890123456-01");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gx_ctx_done(&ctx);
    return 0;
}

static json_t *render(enum gx_rc rc, int *ret_status)
{
    char *text = gx_json_problem(&ctx, rc, "/v1/reports", ret_status);
    json_t *json = text == NULL ? NULL : json_loads(text, 0, NULL);
    assert_non_null(json);
    return json;
}

static const char *text_of(const json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}

static void check_both(const char *lang, const char *title, const char *detail)
{
    int status = 0;
    ctx.actor.lang = lang;
    json_t *json = render(GX_INVALID, &status);
    assert_int_equal(status, 400);
    assert_int_equal(json_integer_value(json_object_get(json, "status")), 400);
    assert_string_equal(text_of(json, "type"), "urn:genxi:problem:out-of-range");
    assert_string_equal(text_of(json, "title"), title);
    assert_string_equal(text_of(json, "detail"), detail);
    assert_string_equal(text_of(json, "detail_en"), "The value must lie in [1, 4].");
    assert_string_equal(text_of(json, "detail_zh"), "该值必须在 [1, 4] 范围内。");
    assert_string_equal(text_of(json, "title_en"), "Out of range");
    assert_string_equal(text_of(json, "title_zh"), "请求有误");
    assert_string_equal(text_of(json, "instance"), "/v1/reports");
    assert_string_equal(text_of(json, "trace_id"), "12345678901234567890123456789012");
    const json_t *errors = json_object_get(json, "errors");
    assert_int_equal(json_array_size(errors), 2);
    const json_t *second = json_array_get(errors, 1);
    assert_string_equal(text_of(second, "pointer"), "/x\"y");
    assert_string_equal(text_of(second, "type"), "urn:genxi:problem:unknown-field");
    assert_string_equal(text_of(second, "detail_en"), "There is no field x\"y.");
    assert_string_equal(text_of(second, "detail_zh"), "不存在字段 x\"y。");
    json_decref(json);
}

static void test_problem_speaks_both_languages(void **state)
{
    (void)state;
    assert_int_equal(gx_fail(&ctx, GX_P_FIELD_RANGE, "/grade", "[1, 4]"), GX_INVALID);
    assert_int_equal(gx_fail(&ctx, GX_P_FIELD_UNKNOWN, "/x\"y", "x\"y"), GX_INVALID);
    check_both("en", "Out of range", "The value must lie in [1, 4].");
    check_both("zh-CN", "请求有误", "该值必须在 [1, 4] 范围内。");
}

static void test_problem_first_fault_decides_the_status(void **state)
{
    (void)state;
    int status = 0;
    (void)gx_fail(&ctx, GX_P_BODY_TOO_LARGE, "", "5");
    (void)gx_fail(&ctx, GX_P_NOT_FOUND, "", "x");
    json_decref(render(GX_NOT_FOUND, &status));
    assert_int_equal(status, 413);
}

static void test_problem_without_fault_stands_for_each_result(void **state)
{
    (void)state;
    static const struct {
        enum gx_rc rc;
        int status;
        const char *type;
    } CASES[] = {
        {GX_NOT_FOUND, 404, "urn:genxi:problem:not-found"},
        {GX_DENIED, 403, "urn:genxi:problem:not-allowed"},
        {GX_CONFLICT, 409, "urn:genxi:problem:wrong-state"},
        {GX_LIMIT, 503, "urn:genxi:problem:busy"},
        {GX_TIMEOUT, 504, "urn:genxi:problem:deadline"},
        {GX_UNAVAILABLE, 503, "urn:genxi:problem:unavailable"},
        {GX_UNCERTAIN, 503, "urn:genxi:problem:uncertain"},
        {GX_INTERNAL, 500, "urn:genxi:problem:internal"},
    };
    for (size_t i = 0; i < GX_COUNT_OF(CASES); i++) {
        int status = 0;
        json_t *json = render(CASES[i].rc, &status);
        assert_int_equal(status, CASES[i].status);
        assert_string_equal(text_of(json, "type"), CASES[i].type);
        json_decref(json);
    }
}

/* Each row of the list makes a sound problem in both languages. */
static void test_problem_every_row_is_rendered(void **state)
{
    (void)state;
    for (int i = GX_P_NONE + 1; i < GX_P_COUNT; i++) {
        int status = 0;
        gx_ctx_forgive(&ctx);
        (void)gx_fail(&ctx, (enum gx_problem)i, "/a", "VALUE");
        json_t *json = render(GX_INVALID, &status);
        assert_in_range(status, 400, 599);
        assert_non_null(strstr(text_of(json, "detail_en"), "VALUE"));
        assert_non_null(strstr(text_of(json, "detail_zh"), "VALUE"));
        json_decref(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_problem_speaks_both_languages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_problem_first_fault_decides_the_status, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_problem_without_fault_stands_for_each_result, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_problem_every_row_is_rendered, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
