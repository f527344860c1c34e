/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/ctx.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

static void test_every_problem_has_a_slug_of_its_own_and_both_sentences(void **state)
{
    (void)state;
    for (int i = GX_P_NONE + 1; i < GX_P_COUNT; i++) {
        const struct gx_problem_row *row = gx_problem_row((enum gx_problem)i);
        assert_true(strlen(row->slug) > 2);
        for (const char *at = row->slug; *at != '\0'; at++) {
            assert_true(islower((unsigned char)*at) || isdigit((unsigned char)*at) || *at == '-');
        }
        assert_int_equal(gx_problem_find(row->slug), i);
        assert_non_null(strstr(row->en, "{}"));
        assert_non_null(strstr(row->zh, "{}"));
        assert_true(gx_utf8_valid(row->zh, strlen(row->zh)));
        assert_true(gx_utf8_length(row->zh) < strlen(row->zh));
        int http = row->http != 0 ? row->http : gx_rc_http(row->rc);
        assert_in_range(http, 400, 599);
        assert_int_not_equal(row->rc, GX_OK);
    }
    assert_int_equal(gx_problem_find("no such thing"), GX_P_INTERNAL);
}

static void test_problem_text_is_filled_and_cut_between_code_points(void **state)
{
    (void)state;
    char text[64];
    gx_problem_text("a {} c", "b", text, sizeof text);
    assert_string_equal(text, "a b c");
    gx_problem_text("no mark", "b", text, sizeof text);
    assert_string_equal(text, "no mark");
    for (size_t size = 1; size < 20; size++) {
        gx_problem_text("中文{}字", "值值", text, size);
        assert_true(strlen(text) < size);
        assert_true(gx_utf8_valid(text, strlen(text)));
    }
}

static void test_fail_keeps_the_first_and_bounds_the_rest(void **state)
{
    (void)state;
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, 1 << 16);
    assert_int_equal(gx_fail(&ctx, GX_P_FIELD_RANGE, "/grade", "%d..%d", 1, 4), GX_INVALID);
    for (int i = 0; i < 2 * GX_FAULTS_MAX; i++) {
        assert_int_equal(gx_fail(&ctx, GX_P_NOT_FOUND, "", "%d", i), GX_NOT_FOUND);
    }
    assert_int_equal(ctx.fault_count, GX_FAULTS_MAX);
    assert_int_equal(ctx.faults[0].problem, GX_P_FIELD_RANGE);
    assert_string_equal(ctx.faults[0].value, "1..4");
    gx_ctx_done(&ctx);
}

static void test_fail_without_memory_still_names_the_problem(void **state)
{
    (void)state;
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, 0);
    assert_int_equal(gx_fail(&ctx, GX_P_DENIED, "/x", "y"), GX_DENIED);
    assert_string_equal(ctx.faults[0].pointer, "");
    gx_ctx_done(&ctx);
}

static void test_actor_commands_only_own_areas(void **state)
{
    (void)state;
    static const int32_t AREAS[] = {53011201, 53011203};
    struct gx_actor actor = {.roles = GX_ROLE_DUTY, .areas = AREAS, .area_count = 2};
    assert_true(gx_actor_commands(&actor, 53011203));
    assert_false(gx_actor_commands(&actor, 53011202));
    actor.roles = GX_ROLE_DESK;
    assert_false(gx_actor_commands(&actor, 53011201));
    actor.roles = GX_ROLE_SYSTEM;
    assert_true(gx_actor_commands(&actor, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_problem_has_a_slug_of_its_own_and_both_sentences),
        cmocka_unit_test(test_problem_text_is_filled_and_cut_between_code_points),
        cmocka_unit_test(test_fail_keeps_the_first_and_bounds_the_rest),
        cmocka_unit_test(test_fail_without_memory_still_names_the_problem),
        cmocka_unit_test(test_actor_commands_only_own_areas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
