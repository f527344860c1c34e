/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "enrol.h"

#include <string.h>

static void test_hosts(void **state)
{
    (void)state;
    assert_true(gw_enrol_is_host("localhost:8443"));
    assert_true(gw_enrol_is_host("[::1]:8443"));
    assert_false(gw_enrol_is_host(""));
    assert_false(gw_enrol_is_host(NULL));
    assert_false(gw_enrol_is_host("a/b"));
    assert_false(gw_enrol_is_host("a\"onload=x"));
    assert_false(gw_enrol_is_host("a@b"));
    static char much[300];
    memset(much, 'a', sizeof much - 1);
    assert_false(gw_enrol_is_host(much));
}

static void test_qr_is_a_picture_with_its_margin(void **state)
{
    (void)state;
    struct gx_arena arena;
    gx_arena_init(&arena, 1 << 20);
    char *svg = gw_enrol_qr(&arena, "https://localhost:8443/v1/enrolments/abc");
    assert_non_null(svg);
    assert_non_null(
        strstr(svg, "viewBox=\"0 0 37 37\""));    /* version 3 of 29 squares, and 4 on each side */
    assert_non_null(strstr(svg, "M4 4h7v1h-7z")); /* the corner's finder */
    assert_string_equal(svg + strlen(svg) - 9, "\"/></svg>");
    static char much[4000];
    memset(much, 'a', sizeof much - 1);
    assert_null(gw_enrol_qr(&arena, much));
    much[2000] = '\0';
    assert_non_null(gw_enrol_qr(&arena, much));
    gx_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_qr_is_a_picture_with_its_margin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
