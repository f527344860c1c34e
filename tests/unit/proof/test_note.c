/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors.h"

#include "proof/note.h"

static struct gx_view view_of(const char *text)
{
    return (struct gx_view){(const uint8_t *)text, strlen(text)};
}

static void test_note_shared_notes(void **state)
{
    (void)state;
    json_t *file = NULL;
    const json_t *cases = vectors_open("checkpoint/notes", &file);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *item = json_array_get(cases, i);
        const json_t *vkeys = json_object_get(item, "vkeys");
        struct gx_note_verifier keys[8];
        size_t count = 0;
        for (; count < json_array_size(vkeys) && count < 8; count++) {
            assert_int_equal(gx_note_verifier_parse(json_string_value(json_array_get(vkeys, count)),
                                                    &keys[count]),
                             0);
        }
        struct gx_view text;
        enum gx_note_result result =
            gx_note_open(view_of(text_of(item, "note")), keys, count, &text);
        bool wanted = strcmp(text_of(item, "expect"), "valid") == 0;
        if ((result == GX_NOTE_VALID) != wanted) {
            fail_msg("%s: wanted %s, got %d", text_of(item, "id"), text_of(item, "expect"),
                     (int)result);
        }
    }
    json_decref(file);
}

static void test_checkpoint_shared_bodies(void **state)
{
    (void)state;
    json_t *file = NULL;
    const json_t *cases = vectors_open("checkpoint/checkpoint_bodies", &file);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *item = json_array_get(cases, i);
        struct gx_checkpoint checkpoint;
        int rc = gx_checkpoint_parse(view_of(text_of(item, "body")), &checkpoint);
        if (json_is_true(json_object_get(item, "wantErr")) &&
            rc == 0) { /* roots here are words: valid ones may be refused */
            fail_msg("%s was taken", text_of(item, "id"));
        }
    }
    json_decref(file);
}

static void test_checkpoint_shared_signed_by_go(void **state)
{
    (void)state;
    json_t *file = NULL;
    const json_t *cases = vectors_open("checkpoint/go_signed_checkpoints", &file);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *item = json_array_get(cases, i);
        struct gx_note_verifier key;
        struct gx_note_signer signer;
        struct gx_checkpoint checkpoint;
        assert_int_equal(gx_note_verifier_parse(text_of(item, "vkey"), &key), 0);
        const char *note = text_of(item, "signed_by_log");
        assert_int_equal(gx_checkpoint_open(view_of(note), &key, &checkpoint), GX_NOTE_VALID);
        assert_int_equal(checkpoint.size, number_of(item, "size"));
        const char *witnessed = text_of(item, "signed_by_log_and_witness");
        assert_int_equal(gx_checkpoint_open(view_of(witnessed), &key, &checkpoint), GX_NOTE_VALID);
        /* Ed25519 is deterministic: our signer must write the very bytes of Go's. */
        char ours[GX_NOTE_MAX];
        assert_int_equal(
            gx_note_signer_parse(text_of(item, "skey_for_deterministic_signing"), &signer), 0);
        assert_int_equal(
            gx_checkpoint_sign(checkpoint.size, &checkpoint.root, &signer, ours, sizeof ours), 0);
        assert_string_equal(ours, note);
    }
    json_decref(file);
}

struct pair {
    char secret[GX_NOTE_SECRET_SIZE];
    char vkey[GX_NOTE_VKEY_SIZE];
    struct gx_note_signer signer;
    struct gx_note_verifier key;
};

static void make_pair(struct pair *pair, const char *name)
{
    assert_int_equal(gx_note_key_make(name, pair->secret, pair->vkey), 0);
    assert_int_equal(gx_note_signer_parse(pair->secret, &pair->signer), 0);
    assert_int_equal(gx_note_verifier_parse(pair->vkey, &pair->key), 0);
}

static void test_note_key_round_trip(void **state)
{
    (void)state;
    struct pair pair;
    char vkey[GX_NOTE_VKEY_SIZE];
    make_pair(&pair, "genxi.local/xishan");
    gx_note_vkey(&pair.signer.verifier, vkey);
    assert_string_equal(vkey, pair.vkey);
    char with_end[GX_NOTE_SECRET_SIZE + 1];
    (void)snprintf(with_end, sizeof with_end, "%.*s\n", GX_NOTE_SECRET_SIZE - 1, pair.secret);
    assert_int_equal(gx_note_signer_parse(with_end, &pair.signer), 0);
}

static void test_note_longest_name_fits(void **state)
{
    (void)state;
    char name[GX_NOTE_NAME_MAX + 2];
    memset(name, 'n', sizeof name);
    name[GX_NOTE_NAME_MAX + 1] = '\0';
    struct pair pair;
    assert_int_equal(gx_note_key_make(name, pair.secret, pair.vkey), -1);
    name[GX_NOTE_NAME_MAX] = '\0';
    make_pair(&pair, name);
    char note[GX_NOTE_MAX];
    struct gx_hash root = gx_merkle_empty();
    struct gx_checkpoint checkpoint;
    assert_int_equal(gx_checkpoint_sign(0, &root, &pair.signer, note, sizeof note), 0);
    assert_int_equal(gx_checkpoint_open(view_of(note), &pair.key, &checkpoint), GX_NOTE_VALID);
}

static void test_note_bad_names_and_keys_are_refused(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"",           "a b",           "a+b",  "a\tb",
                                        "a\xc2\xa0z", "a\xe3\x80\x80", "\xff", "a\xe2\x80\x83"};
    char secret[GX_NOTE_SECRET_SIZE];
    char vkey[GX_NOTE_VKEY_SIZE];
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        assert_int_equal(gx_note_key_make(NAMES[i], secret, vkey), -1);
    }
    struct pair pair;
    make_pair(&pair, "log");
    for (size_t i = 0; pair.vkey[i] != '\0'; i++) { /* no other vkey names the same key */
        for (int bit = 0; bit < 8; bit++) {
            struct gx_note_verifier key;
            char changed[GX_NOTE_VKEY_SIZE];
            memcpy(changed, pair.vkey, sizeof changed);
            changed[i] = (char)(changed[i] ^ (1 << bit));
            if (gx_note_verifier_parse(changed, &key) == 0) {
                fail_msg("%s is taken for %s", changed, pair.vkey);
            }
        }
    }
}

static void test_note_any_changed_byte_is_found(void **state)
{
    (void)state;
    struct pair pair;
    make_pair(&pair, "genxi.local/xishan");
    char note[GX_NOTE_MAX];
    struct gx_checkpoint checkpoint;
    struct gx_hash root = gx_merkle_leaf((struct gx_view){NULL, 0});
    assert_int_equal(gx_checkpoint_sign(77, &root, &pair.signer, note, sizeof note), 0);
    size_t size = strlen(note);
    for (size_t i = 0; i < size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            note[i] = (char)(note[i] ^ (1 << bit));
            struct gx_view view = {(const uint8_t *)note, size};
            assert_int_not_equal(gx_checkpoint_open(view, &pair.key, &checkpoint), GX_NOTE_VALID);
            note[i] = (char)(note[i] ^ (1 << bit));
        }
        struct gx_view cut = {(const uint8_t *)note, i};
        assert_int_not_equal(gx_checkpoint_open(cut, &pair.key, &checkpoint), GX_NOTE_VALID);
    }
    assert_int_equal(gx_checkpoint_open(view_of(note), &pair.key, &checkpoint), GX_NOTE_VALID);
}

/* Puts the signature line of `from` under `onto`. */
static void cosign(char onto[GX_NOTE_MAX], const char *from)
{
    const char *line = strstr(from, "\n\n") + 2;
    size_t used = strlen(onto);
    (void)snprintf(onto + used, GX_NOTE_MAX - used, "%s", line);
}

static void test_note_unknown_is_ignored_and_known_failing_kills(void **state)
{
    (void)state;
    static struct pair log;
    static struct pair witness;
    make_pair(&log, "log");
    make_pair(&witness, "witness");
    char good[GX_NOTE_MAX];
    char other[GX_NOTE_MAX];
    char wrong[GX_NOTE_MAX];
    struct gx_view text;
    assert_int_equal(gx_note_sign("a\n", &log.signer, good, sizeof good), 0);
    assert_int_equal(gx_note_sign("a\n", &witness.signer, other, sizeof other), 0);
    assert_int_equal(gx_note_sign("b\n", &witness.signer, wrong, sizeof wrong), 0);
    assert_int_equal(gx_note_open(view_of(good), &witness.key, 1, &text), GX_NOTE_UNKNOWN);
    char both[GX_NOTE_MAX];
    memcpy(both, good, sizeof both);
    cosign(both, other);
    const struct gx_note_verifier keys[] = {log.key, witness.key};
    assert_int_equal(gx_note_open(view_of(both), keys, 2, &text), GX_NOTE_VALID);
    memcpy(both, good, sizeof both);
    cosign(both, wrong);
    assert_int_equal(gx_note_open(view_of(both), &log.key, 1, &text), GX_NOTE_VALID);
    assert_int_equal(gx_note_open(view_of(both), keys, 2, &text), GX_NOTE_FORGED);
}

static void test_note_many_signatures_have_a_bound(void **state)
{
    (void)state;
    static struct pair log;
    static struct pair witness;
    make_pair(&log, "l");
    make_pair(&witness, "w");
    static char note[GX_NOTE_MAX];
    char other[GX_NOTE_MAX];
    struct gx_view text;
    assert_int_equal(gx_note_sign("a\n", &log.signer, note, sizeof note), 0);
    assert_int_equal(gx_note_sign("a\n", &witness.signer, other, sizeof other), 0);
    for (int i = 0; i < 16; i++) {
        cosign(note, other);
    }
    assert_int_equal(gx_note_open(view_of(note), &log.key, 1, &text), GX_NOTE_VALID);
    for (int i = 0; i < 100; i++) {
        cosign(note, other);
    }
    assert_int_not_equal(gx_note_open(view_of(note), &log.key, 1, &text), GX_NOTE_VALID);
}

static void test_note_unfit_text_is_not_signed(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"", "no end", "tab\there\n", "\xff\n"};
    struct pair pair;
    char note[GX_NOTE_MAX];
    make_pair(&pair, "log");
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        assert_int_equal(gx_note_sign(TEXTS[i], &pair.signer, note, sizeof note), -1);
    }
    assert_int_equal(gx_note_sign("a\n", &pair.signer, note, 40), -1); /* no room */
}

static void test_checkpoint_sizes_are_canonical(void **state)
{
    (void)state;
    static const char *const SIZES[] = {"01", "+1", "-1", " 1", "1 ", "", "9223372036854775808",
                                        "0x1"};
    struct gx_checkpoint checkpoint;
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "log\n%s\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
                       SIZES[i]);
        assert_int_equal(gx_checkpoint_parse(view_of(text), &checkpoint), -1);
    }
    assert_int_equal(
        gx_checkpoint_parse(view_of("log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nmore\n"),
                            &checkpoint),
        0);
    /* The last digit of base64 carries bits that must be zero. */
    assert_int_equal(
        gx_checkpoint_parse(view_of("log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n"),
                            &checkpoint),
        -1);
}

static void test_tlog_proof_round_trip_and_any_changed_byte_is_found(void **state)
{
    (void)state;
    struct pair pair;
    make_pair(&pair, "genxi.local/xishan");
    const uint8_t data[2] = {1, 2};
    struct gx_hash left = gx_merkle_leaf((struct gx_view){data, 1});
    struct gx_hash right = gx_merkle_leaf((struct gx_view){data + 1, 1});
    struct gx_hash root = gx_merkle_node(&left, &right);
    struct gx_proof proof = {.count = 1};
    proof.hashes[0] = left;
    char note[GX_NOTE_MAX];
    static char text[GX_TLOG_PROOF_MAX];
    assert_int_equal(gx_checkpoint_sign(2, &root, &pair.signer, note, sizeof note), 0);
    int size = gx_tlog_proof_format(1, &proof, note, text, sizeof text);
    assert_true(size > 0);
    uint64_t index = 0;
    struct gx_view leaf = {data + 1, 1};
    assert_int_equal(gx_tlog_proof_verify(view_of(text), leaf, &pair.key, &index), GX_NOTE_VALID);
    assert_int_equal(index, 1);
    assert_int_not_equal(
        gx_tlog_proof_verify(view_of(text), (struct gx_view){data, 1}, &pair.key, &index),
        GX_NOTE_VALID);
    for (int i = 0; i < size; i++) {
        text[i] = (char)(text[i] ^ 1);
        struct gx_view view = {(const uint8_t *)text, (size_t)size};
        assert_int_not_equal(gx_tlog_proof_verify(view, leaf, &pair.key, &index), GX_NOTE_VALID);
        text[i] = (char)(text[i] ^ 1);
    }
    assert_int_equal(gx_tlog_proof_format(1, &proof, note, text, 60), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_note_shared_notes),
        cmocka_unit_test(test_checkpoint_shared_bodies),
        cmocka_unit_test(test_checkpoint_shared_signed_by_go),
        cmocka_unit_test(test_note_key_round_trip),
        cmocka_unit_test(test_note_longest_name_fits),
        cmocka_unit_test(test_note_bad_names_and_keys_are_refused),
        cmocka_unit_test(test_note_any_changed_byte_is_found),
        cmocka_unit_test(test_note_unknown_is_ignored_and_known_failing_kills),
        cmocka_unit_test(test_note_many_signatures_have_a_bound),
        cmocka_unit_test(test_note_unfit_text_is_not_signed),
        cmocka_unit_test(test_checkpoint_sizes_are_canonical),
        cmocka_unit_test(test_tlog_proof_round_trip_and_any_changed_byte_is_found),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
