/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "web/credential.h"

#include <sodium.h>
#include <string.h>

static void test_credential_text_and_hash_belong_together(void **state)
{
    (void)state;
    char text[GX_CREDENTIAL_SIZE];
    uint8_t hash[GX_CREDENTIAL_HASH_BYTES];
    uint8_t again[GX_CREDENTIAL_HASH_BYTES];
    enum gx_credential_kind kind = GX_CREDENTIAL_SESSION;
    gx_credential_new(GX_CREDENTIAL_KEY, text, hash);
    assert_int_equal(strlen(text), GX_CREDENTIAL_SIZE - 1);
    assert_int_equal(gx_credential_hash(text, &kind, again), 0);
    assert_int_equal(kind, GX_CREDENTIAL_KEY);
    assert_memory_equal(hash, again, sizeof hash);
    text[10] = text[10] == 'A' ? 'B' : 'A';
    assert_int_equal(gx_credential_hash(text, &kind, again), 0);
    assert_memory_not_equal(hash, again, sizeof hash);
}

static void test_credential_of_another_form_is_none(void **state)
{
    (void)state;
    static const char *const BAD[] = {"", "gxs_", "abc_0123456789012345678901234567890123456789012",
                                      "gxs_01234567890123456789012345678901234567890123",
                                      "GXS_0123456789012345678901234567890123456789012"};
    uint8_t hash[GX_CREDENTIAL_HASH_BYTES];
    enum gx_credential_kind kind;
    assert_int_equal(gx_credential_hash(NULL, &kind, hash), -1);
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_int_equal(gx_credential_hash(BAD[i], &kind, hash), -1);
    }
}

static void test_password_is_verified(void **state)
{
    (void)state;
    char hash[GX_PASSWORD_HASH_SIZE];
    assert_int_equal(gx_password_hash("九个字不够长啊啊啊", hash), GX_INVALID);
    assert_int_equal(gx_password_hash("correct horse", hash), GX_OK);
    assert_int_equal(strncmp(hash, "$argon2id$", 10), 0);
    assert_true(gx_password_verify(hash, "correct horse"));
    assert_false(gx_password_verify(hash, "correct horsf"));
    assert_false(gx_password_verify("nonsense", "correct horse"));
}

static const uint8_t *secret(void)
{
    return (const uint8_t *)"12345678901234567890";
}

/* RFC 6238 appendix B, SHA-1, the last six digits. */
static void test_totp_published_codes_are_met(void **state)
{
    (void)state;
    static const struct {
        int64_t at_s;
        const char *code;
    } CASES[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                 {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char code[7];
        gx_totp_code(secret(), 20, CASES[i].at_s / GX_TOTP_STEP_S, code);
        assert_string_equal(code, CASES[i].code);
        assert_int_equal(gx_totp_match(secret(), 20, CASES[i].code, CASES[i].at_s, 0),
                         CASES[i].at_s / GX_TOTP_STEP_S);
    }
}

static void test_totp_window_is_one_step_each_way(void **state)
{
    (void)state;
    const int64_t at = 1234567890;
    const char *code = "005924";
    assert_true(gx_totp_match(secret(), 20, code, at + 30, 0) > 0);
    assert_true(gx_totp_match(secret(), 20, code, at - 30, 0) > 0);
    assert_int_equal(gx_totp_match(secret(), 20, code, at + 60, 0), -1);
    assert_int_equal(gx_totp_match(secret(), 20, code, at - 60, 0), -1);
    assert_int_equal(gx_totp_match(secret(), 20, "005925", at, 0), -1);
    assert_int_equal(gx_totp_match(secret(), 20, "5924", at, 0), -1);
    assert_int_equal(gx_totp_match(secret(), 20, NULL, at, 0), -1);
}

static void test_totp_code_works_once(void **state)
{
    (void)state;
    int64_t step = gx_totp_match(secret(), 20, "005924", 1234567890, 0);
    assert_true(step > 0);
    assert_int_equal(gx_totp_match(secret(), 20, "005924", 1234567890, step), -1);
    assert_int_equal(gx_totp_match(secret(), 20, "005924", 1234567891, step), -1);
}

static void test_totp_secret_is_base32(void **state)
{
    (void)state;
    char text[GX_TOTP_TEXT_SIZE];
    gx_totp_text(secret(), text);
    assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_credential_text_and_hash_belong_together),
        cmocka_unit_test(test_credential_of_another_form_is_none),
        cmocka_unit_test(test_password_is_verified),
        cmocka_unit_test(test_totp_published_codes_are_met),
        cmocka_unit_test(test_totp_window_is_one_step_each_way),
        cmocka_unit_test(test_totp_code_works_once),
        cmocka_unit_test(test_totp_secret_is_base32),
    };
    if (sodium_init() < 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
