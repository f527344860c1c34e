/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "auth.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static const int32_t AREAS[] = {53011201, 53011202};

static struct gw_record record_of(const char *id)
{
    return (struct gw_record){.id = id,
                              .subject = "subject",
                              .org = "org",
                              .responder_id = "",
                              .lang = "en",
                              .roles = GX_ROLE_DUTY,
                              .areas = AREAS,
                              .area_count = 2};
}

static void make_hash(uint8_t hash[GX_CREDENTIAL_HASH_BYTES], uint32_t n)
{
    memset(hash, 0, GX_CREDENTIAL_HASH_BYTES);
    memcpy(hash, &n, sizeof n);
}

static void test_auth_keeps_for_its_time(void **state)
{
    (void)state;
    struct gw_auth *auth = gw_auth_new(2000);
    uint8_t hash[GX_CREDENTIAL_HASH_BYTES];
    const struct gw_record record = record_of("id-1");
    make_hash(hash, 1);
    assert_null(gw_auth_find(auth, hash, 1000));
    struct gw_credential *kept = gw_auth_keep(auth, GX_CREDENTIAL_KEY, hash, &record, 1000);
    struct gw_credential *found = gw_auth_find(auth, hash, 2999);
    assert_ptr_equal(found, kept);
    assert_string_equal(found->actor.subject, "subject");
    assert_string_equal(found->actor.org, "org");
    assert_string_equal(found->actor.lang, "en");
    assert_int_equal(found->actor.area_count, 2);
    assert_int_equal(found->actor.areas[1], 53011202);
    gw_credential_unref(found);
    assert_null(gw_auth_find(auth, hash, 3000));
    gw_credential_unref(kept);
    gw_auth_free(auth);
}

static void test_auth_expired_is_not_found(void **state)
{
    (void)state;
    struct gw_auth *auth = gw_auth_new(1000000);
    uint8_t hash[GX_CREDENTIAL_HASH_BYTES];
    struct gw_record record = record_of("id-1");
    record.expires_at = gx_clock_wall_ms() - 1;
    make_hash(hash, 1);
    gw_credential_unref(gw_auth_keep(auth, GX_CREDENTIAL_SESSION, hash, &record, 0));
    assert_null(gw_auth_find(auth, hash, 1));
    gw_auth_free(auth);
}

static void test_auth_end_drops_at_once_and_for_good(void **state)
{
    (void)state;
    struct gw_auth *auth = gw_auth_new(1000000);
    uint8_t hash[GX_CREDENTIAL_HASH_BYTES];
    const struct gw_record record = record_of("id-1");
    make_hash(hash, 1);
    struct gw_credential *held = gw_auth_keep(auth, GX_CREDENTIAL_SESSION, hash, &record, 0);
    assert_false(atomic_load(&held->ended));
    gw_auth_end(auth, "id-1");
    assert_true(atomic_load(&held->ended));
    assert_null(gw_auth_find(auth, hash, 1));
    assert_true(gw_auth_has_ended(auth, "id-1"));
    assert_false(gw_auth_has_ended(auth, "id-2"));
    /* A look-up that was under way brings it back: it is dead already. */
    struct gw_credential *late = gw_auth_keep(auth, GX_CREDENTIAL_SESSION, hash, &record, 2);
    assert_true(atomic_load(&late->ended));
    assert_null(gw_auth_find(auth, hash, 3));
    gw_credential_unref(late);
    gw_credential_unref(held);
    gw_auth_free(auth);
}

static void test_auth_table_is_bounded(void **state)
{
    (void)state;
    struct gw_auth *auth = gw_auth_new(INT64_C(1) << 60);
    uint8_t hash[GX_CREDENTIAL_HASH_BYTES];
    for (uint32_t i = 0; i < 70000; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "%u", i);
        const struct gw_record record = record_of(id);
        make_hash(hash, i);
        gw_credential_unref(gw_auth_keep(auth, GX_CREDENTIAL_KEY, hash, &record, 0));
    }
    size_t found = 0;
    for (uint32_t i = 0; i < 70000; i++) {
        make_hash(hash, i);
        struct gw_credential *credential = gw_auth_find(auth, hash, 1);
        found += credential != NULL ? 1 : 0;
        gw_credential_unref(credential);
    }
    assert_true(found <= 65536 && found > 60000);
    make_hash(hash, 69999);
    struct gw_credential *newest = gw_auth_find(auth, hash, 1);
    assert_non_null(newest);
    gw_credential_unref(newest);
    gw_auth_free(auth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_auth_keeps_for_its_time),
        cmocka_unit_test(test_auth_expired_is_not_found),
        cmocka_unit_test(test_auth_end_drops_at_once_and_for_good),
        cmocka_unit_test(test_auth_table_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
