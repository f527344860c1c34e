/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOOK "01a20c86-8b8d-7601-b54b-f8af7f1e4a7d"
#define OTHER "01a20c86-8b8d-7601-b54b-f8af7f1e4a7e"

static const struct gx_seal_key KEY = {{1, 2, 3}};
static const char SECRET[] = "whsec_QUJD0123456789REVGR0hJSktMTU5P";

static int set_up(void **state)
{
    static struct gx_arena arena;
    gx_arena_init(&arena, 1 << 16);
    *state = &arena;
    return 0;
}

static int tear_down(void **state)
{
    gx_arena_done(*state);
    return 0;
}

static void test_seal_opens_what_it_closed_and_shows_nothing(void **state)
{
    char *sealed = gx_seal_close(*state, &KEY, HOOK, SECRET);
    assert_non_null(sealed);
    assert_int_equal(strncmp(sealed, "sealed1:", 8), 0);
    assert_null(strstr(sealed, SECRET + 6));
    assert_string_equal(seal_open(*state, &KEY, HOOK, sealed), SECRET);
    /* The same secret never looks the same. */
    assert_string_not_equal(sealed, gx_seal_close(*state, &KEY, HOOK, SECRET));
}

static void test_seal_is_of_one_webhook_and_one_key(void **state)
{
    struct gx_seal_key other = KEY;
    other.bytes[31] ^= 1;
    char *sealed = gx_seal_close(*state, &KEY, HOOK, SECRET);
    assert_null(seal_open(*state, &KEY, OTHER, sealed));
    assert_null(seal_open(*state, &other, HOOK, sealed));
}

static void test_seal_broken_or_cut_anywhere_does_not_open(void **state)
{
    char *sealed = gx_seal_close(*state, &KEY, HOOK, SECRET);
    size_t size = strlen(sealed);
    for (size_t i = 0; i < size; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "%s", sealed);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        assert_null(seal_open(*state, &KEY, HOOK, text));
        text[i] = '\0';
        assert_null(seal_open(*state, &KEY, HOOK, text));
    }
    char long_text[4096] = "sealed1:";
    memset(long_text + 8, 'A', 4000);
    assert_null(seal_open(*state, &KEY, HOOK, long_text));
}

static void test_seal_clear_secret_of_old_is_taken_as_it_is(void **state)
{
    assert_string_equal(seal_open(*state, &KEY, HOOK, SECRET), SECRET);
}

static void write_key(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_seal_key_is_64_hex_digits_of_a_file(void **state)
{
    static const char GOOD[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    static const char *const BAD[] = {
        "", "00", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0",
        "g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"};
    char dir[] = "/tmp/genxi-seal-XXXXXX";
    char path[64];
    struct gx_seal_key key;
    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/webhook-secrets.key", dir);
    assert_int_equal(seal_key_load(dir, &key), GX_NOT_FOUND);
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        write_key(path, BAD[i]);
        assert_int_equal(seal_key_load(dir, &key), GX_INVALID);
    }
    write_key(path, GOOD);
    assert_int_equal(seal_key_load(dir, &key), GX_OK);
    for (size_t i = 0; i < sizeof key.bytes; i++) {
        assert_int_equal(key.bytes[i], i);
    }
    (void)unlink(path);
    (void)rmdir(dir);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_seal_opens_what_it_closed_and_shows_nothing),
        TEST(test_seal_is_of_one_webhook_and_one_key),
        TEST(test_seal_broken_or_cut_anywhere_does_not_open),
        TEST(test_seal_clear_secret_of_old_is_taken_as_it_is),
        TEST(test_seal_key_is_64_hex_digits_of_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
