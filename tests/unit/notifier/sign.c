/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "sign.h"

#include <jansson.h>
#include <string.h>

static enum gx_rc sign(const char *secret, const char *old_secret, const char *id, const char *body,
                       char text[SIGN_SIGNATURE_SIZE])
{
    const struct sign_message message = {
        .id = id,
        .timestamp_s = 1614265330,
        .body = {(const uint8_t *)body, strlen(body)},
    };
    return sign_message(&message, secret, old_secret, text);
}

#define WHSEC "whsec_"

/* The one that the standard's own libraries test with. */
static const char SECRET[] = WHSEC "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
static const char ID[] = "msg_p5jXN8AQM9LWM0D4loKWxJek";
static const char BODY[] = "{\"test\": 2432232314}";
static const char SIGNATURE[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

static void test_sign_published_example_is_met(void **state)
{
    (void)state;
    char text[SIGN_SIGNATURE_SIZE];
    assert_int_equal(sign(SECRET, NULL, ID, BODY, text), GX_OK);
    assert_string_equal(text, SIGNATURE);
}

static void test_sign_shared_examples_are_met(void **state)
{
    (void)state;
    const char *path = shared_file("vectors/standard-webhooks/sign_v1.json");
    if (path == NULL) {
        skip();
    }
    json_t *root = json_load_file(path, 0, NULL);
    assert_non_null(root);
    json_t *cases = json_object_get(root, "cases");
    assert_true(json_array_size(cases) > 10);
    size_t index = 0;
    json_t *one = NULL;
    json_array_foreach(cases, index, one)
    {
        char text[SIGN_SIGNATURE_SIZE];
        const char *payload = json_string_value(json_object_get(one, "payload"));
        const struct sign_message message = {
            .id = json_string_value(json_object_get(one, "webhook_id")),
            .timestamp_s = json_integer_value(json_object_get(one, "timestamp")),
            .body = {(const uint8_t *)payload, strlen(payload)},
        };
        const char *secret = json_string_value(json_object_get(one, "secret"));
        assert_int_equal(sign_message(&message, secret, NULL, text), GX_OK);
        assert_string_equal(text, json_string_value(json_object_get(one, "signature")));
    }
    json_decref(root);
}

static void test_sign_two_secrets_give_both_signatures(void **state)
{
    (void)state;
    char fresh[SIGN_SECRET_SIZE];
    char text[SIGN_SIGNATURE_SIZE];
    char alone[SIGN_SIGNATURE_SIZE];
    (void)sign_secret_new(fresh);
    assert_int_equal(sign(fresh, NULL, ID, BODY, alone), GX_OK);
    assert_int_equal(sign(fresh, SECRET, ID, BODY, text), GX_OK);
    assert_memory_equal(text, alone, strlen(alone));
    assert_int_equal(text[strlen(alone)], ' ');
    assert_string_equal(text + strlen(alone) + 1, SIGNATURE);
}

static void test_sign_every_byte_counts(void **state)
{
    (void)state;
    char text[SIGN_SIGNATURE_SIZE];
    assert_int_equal(sign(SECRET, NULL, ID, "{\"test\": 2432232315}", text), GX_OK);
    assert_string_not_equal(text, SIGNATURE);
    assert_int_equal(sign(SECRET, NULL, "msg_p5jXN8AQM9LWM0D4loKWxJel", BODY, text), GX_OK);
    assert_string_not_equal(text, SIGNATURE);
    assert_int_equal(sign(WHSEC "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx", NULL, ID, BODY, text), GX_OK);
    assert_string_not_equal(text, SIGNATURE);
    assert_int_equal(sign(SECRET, NULL, ID, "", text), GX_OK);
}

static void test_sign_bad_input_is_refused_and_leaves_the_text(void **state)
{
    (void)state;
    static const char *const SECRETS[] = {
        "",
        WHSEC "",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",                  /* no prefix */
        WHSEC "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",             /* cut */
        WHSEC "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa==",            /* 22 bytes: too short */
        WHSEC "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-w",            /* URL alphabet */
        WHSEC "MfKQ9r8GKYqrTwjUPD8ILPZI====",                /* too much padding */
        WHSEC "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* 66 bytes: too long */
              "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    char text[SIGN_SIGNATURE_SIZE] = "as before";
    for (size_t i = 0; i < sizeof SECRETS / sizeof SECRETS[0]; i++) {
        assert_int_equal(sign(SECRETS[i], NULL, ID, BODY, text), GX_INVALID);
        assert_int_equal(sign(SECRET, i == 0 ? "x" : SECRETS[i], ID, BODY, text), GX_INVALID);
    }
    assert_int_equal(sign(SECRET, NULL, "msg.1", BODY, text), GX_INVALID);
    assert_int_equal(sign(SECRET, NULL, "", BODY, text), GX_INVALID);
    assert_string_equal(text, "as before");
}

static void test_sign_new_secrets_are_good_and_differ(void **state)
{
    (void)state;
    char text[SIGN_SIGNATURE_SIZE];
    char last[SIGN_SECRET_SIZE] = "";
    for (int i = 0; i < 100; i++) {
        char secret[SIGN_SECRET_SIZE];
        assert_string_not_equal(sign_secret_new(secret), last);
        assert_int_equal(sign(secret, NULL, ID, BODY, text), GX_OK);
        memcpy(last, secret, sizeof last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sign_published_example_is_met),
        cmocka_unit_test(test_sign_shared_examples_are_met),
        cmocka_unit_test(test_sign_two_secrets_give_both_signatures),
        cmocka_unit_test(test_sign_every_byte_counts),
        cmocka_unit_test(test_sign_bad_input_is_refused_and_leaves_the_text),
        cmocka_unit_test(test_sign_new_secrets_are_good_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
