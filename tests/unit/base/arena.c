/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/arena.h"

#include <string.h>

static void test_arena_alloc_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct gx_arena arena;
    gx_arena_init(&arena, 1 << 20);
    for (size_t size = 1; size < 300; size += 7) {
        unsigned char *bytes = gx_arena_alloc(&arena, size);
        assert_non_null(bytes);
        assert_int_equal((uintptr_t)bytes % 16, 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(bytes[i], 0);
        }
        memset(bytes, 0xff, size);
    }
    gx_arena_done(&arena);
}

static void test_arena_limit_gives_null_and_is_remembered(void **state)
{
    (void)state;
    struct gx_arena arena;
    gx_arena_init(&arena, 1024);
    assert_non_null(gx_arena_alloc(&arena, 1000));
    assert_false(arena.spent);
    assert_null(gx_arena_alloc(&arena, 100));
    assert_true(arena.spent);
    assert_null(gx_arena_alloc(&arena, SIZE_MAX));
    gx_arena_reset(&arena);
    assert_false(arena.spent);
    assert_non_null(gx_arena_alloc(&arena, 1000));
    gx_arena_done(&arena);
}

static void test_arena_large_blocks_survive_small_ones(void **state)
{
    (void)state;
    struct gx_arena arena;
    gx_arena_init(&arena, 1 << 20);
    char *large = gx_arena_alloc(&arena, 100000);
    memset(large, 'x', 100000);
    for (int i = 0; i < 1000; i++) {
        char *text = gx_arena_printf(&arena, "%d", i);
        assert_int_equal(atoi(text), i);
    }
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(large[i], 'x');
    }
    assert_null(gx_arena_text(&arena, NULL));
    assert_string_equal(gx_arena_text_n(&arena, "abcdef", 3), "abc");
    gx_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena_alloc_is_zeroed_and_aligned),
        cmocka_unit_test(test_arena_limit_gives_null_and_is_remembered),
        cmocka_unit_test(test_arena_large_blocks_survive_small_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
