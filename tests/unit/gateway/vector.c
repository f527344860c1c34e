/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "vector.h"

#include <string.h>

static void check_text(const struct gw_vector *vector, const char *wanted)
{
    size_t size = 0;
    char *text = gw_vector_text(vector, &size);
    assert_string_equal(text, wanted);
    assert_int_equal(size, strlen(wanted));
    free(text);
}

static void test_vector_stays_sorted(void **state)
{
    (void)state;
    struct gw_vector vector = {0};
    check_text(&vector, "-");
    for (int32_t i = 40; i > 0; i--) {
        gw_vector_set(&vector, i * 7 % 41, i);
    }
    gw_vector_set(&vector, 7, INT64_MAX);
    assert_int_equal(vector.count, 40);
    for (size_t i = 1; i < vector.count; i++) {
        assert_true(vector.items[i - 1].area < vector.items[i].area);
    }
    assert_true(gw_vector_get(&vector, 7) == INT64_MAX);
    assert_int_equal(gw_vector_get(&vector, 99), 0);
    gw_vector_done(&vector);
}

static void test_vector_text_reads_back(void **state)
{
    (void)state;
    static const char TEXT[] = "53011200:1,53011201:9223372036854775807,2147483647:10";
    struct gw_vector vector = {0};
    assert_int_equal(gw_vector_parse(TEXT, &vector), 0);
    assert_int_equal(vector.count, 3);
    check_text(&vector, TEXT);
    gw_vector_done(&vector);
    assert_int_equal(gw_vector_parse("-", &vector), 0);
    assert_int_equal(vector.count, 0);
}

static void test_vector_bad_texts_are_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {"",
                                      "a",
                                      "1",
                                      "1:",
                                      ":1",
                                      "1:2,",
                                      ",1:2",
                                      "1:2,1:3",
                                      "2:1,1:1",
                                      "1:0",
                                      "0:1",
                                      "01:2",
                                      "1:02",
                                      "1:-2",
                                      "-1:2",
                                      "1:9223372036854775808",
                                      "2147483648:1",
                                      "1:2 ",
                                      " 1:2",
                                      "1:2;3:4",
                                      "--",
                                      "1:2,-"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct gw_vector vector = {0};
        assert_int_equal(gw_vector_parse(BAD[i], &vector), -1);
        assert_null(vector.items);
    }
}

static void test_vector_covers_area_by_area(void **state)
{
    (void)state;
    struct gw_vector a = {0};
    struct gw_vector b = {0};
    assert_true(gw_vector_covers(&a, &b));
    gw_vector_set(&a, 1, 5);
    assert_true(gw_vector_covers(&a, &b));
    assert_false(gw_vector_covers(&b, &a));
    gw_vector_set(&b, 2, 1);
    assert_false(gw_vector_covers(&a, &b));
    gw_vector_set(&a, 2, 1);
    assert_true(gw_vector_covers(&a, &b));
    gw_vector_done(&a);
    gw_vector_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector_stays_sorted),
        cmocka_unit_test(test_vector_text_reads_back),
        cmocka_unit_test(test_vector_bad_texts_are_refused),
        cmocka_unit_test(test_vector_covers_area_by_area),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
