/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/text.h"
#include "smpp_pdu.h"

#include <jansson.h>
#include <string.h>

static struct gx_view view(const void *bytes, size_t size)
{
    return (struct gx_view){bytes, size};
}

static struct smpp_pdu submit(const char *text)
{
    return (struct smpp_pdu){
        .command = SMPP_SUBMIT_SM,
        .sequence = 5,
        .source = {.number = "110"},
        .destination = {.ton = 1, .npi = 1, .number = "8613800000000"},
        .registered_delivery = 1,
        .text = view(text, strlen(text)),
    };
}

/* The packet of npm smpp 0.5.1 for the same fields. */
static void test_smpp_submit_is_byte_for_byte(void **state)
{
    (void)state;
    static const char WANT[] =
        "000000470000000400000000000000050000003131300001013836313338303030303030303000000000"
        "000001000000164361736520632d313a20676f20746f20676174652033";
    uint8_t out[256];
    char hex[513];
    const struct smpp_pdu pdu = submit("Case c-1: go to gate 3");
    size_t size = smpp_pdu_write(&pdu, out, sizeof out);
    gx_hex_encode(out, size, hex);
    assert_string_equal(hex, WANT);
}

static void test_smpp_every_room_is_respected(void **state)
{
    (void)state;
    uint8_t out[256];
    const struct smpp_pdu pdu = submit("Case c-1");
    size_t size = smpp_pdu_write(&pdu, out, sizeof out);
    for (size_t room = 0; room < size; room++) {
        uint8_t *exact = malloc(room + 1);
        assert_non_null(exact);
        exact[room] = 0xa5;
        assert_int_equal(smpp_pdu_write(&pdu, exact, room), 0);
        assert_int_equal(exact[room], 0xa5);
        free(exact);
    }
}

/* Every beginning of a packet means "more", whatever its cut. */
static void test_smpp_read_waits_for_the_whole(void **state)
{
    (void)state;
    uint8_t out[256];
    struct smpp_pdu back;
    size_t used = 9;
    const struct smpp_pdu pdu = submit("Case c-1");
    size_t size = smpp_pdu_write(&pdu, out, sizeof out);
    for (size_t part = 0; part < size; part++) {
        assert_int_equal(smpp_pdu_read(view(out, part), &back, &used), SMPP_READ_MORE);
        assert_int_equal(used, 0);
    }
    assert_int_equal(smpp_pdu_read(view(out, sizeof out), &back, &used), SMPP_READ_OK);
    assert_int_equal(used, size);
    assert_string_equal(back.destination.number, "8613800000000");
    assert_int_equal(back.text.size, 8);
}

static void test_smpp_read_broken_is_told_from_unknown(void **state)
{
    (void)state;
    struct smpp_pdu pdu;
    size_t used = 0;
    uint8_t head[SMPP_HEADER_SIZE] = {0, 0, 0, 16, 0, 0, 0x01, 0x03,
                                      0, 0, 0, 0,  0, 0, 0,    9}; /* data_sm */
    assert_int_equal(smpp_pdu_read(view(head, sizeof head), &pdu, &used), SMPP_READ_UNKNOWN);
    assert_int_equal(used, 16);
    assert_int_equal(pdu.sequence, 9);
    head[6] = 0;
    head[7] = SMPP_SUBMIT_SM; /* without its body */
    assert_int_equal(smpp_pdu_read(view(head, sizeof head), &pdu, &used), SMPP_READ_BROKEN);
    assert_int_equal(used, 16);
    head[3] = 15; /* shorter than a header */
    assert_int_equal(smpp_pdu_read(view(head, sizeof head), &pdu, &used), SMPP_READ_BROKEN);
    assert_int_equal(used, 0);
    head[0] = 0x7f; /* two gigabytes */
    assert_int_equal(smpp_pdu_read(view(head, sizeof head), &pdu, &used), SMPP_READ_BROKEN);
    assert_int_equal(used, 0);
}

static struct smpp_pdu receipt_pdu(const char *text)
{
    struct smpp_pdu pdu = submit(text);
    pdu.command = SMPP_DELIVER_SM;
    pdu.esm_class = SMPP_ESM_RECEIPT;
    return pdu;
}

static void test_smpp_receipt_from_text_alone(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *id;
        enum smpp_outcome outcome;
    } CASES[] = {
        {"id:a1 sub:001 dlvrd:001 submit date:2603010203 done date:2603010204 stat:DELIVRD err:000 "
         "text:x",
         "a1", SMPP_OUTCOME_DELIVERED},
        {"id:7 stat:UNDELIV err:1", "7", SMPP_OUTCOME_FAILED},
        {"id:7 stat:EXPIRED", "7", SMPP_OUTCOME_FAILED},
        {"ID:7 Stat:rejectd", "7", SMPP_OUTCOME_FAILED},
        {"id:7 stat:DELETED", "7", SMPP_OUTCOME_FAILED},
        {"id:7 stat:ACCEPTD", "7", SMPP_OUTCOME_NONE},
        {"id:7 stat:ENROUTE", "7", SMPP_OUTCOME_NONE},
        {"id:7", "7", SMPP_OUTCOME_NONE},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct smpp_receipt receipt;
        const struct smpp_pdu pdu = receipt_pdu(CASES[i].text);
        assert_true(smpp_receipt_read(&pdu, &receipt));
        assert_string_equal(receipt.id, CASES[i].id);
        assert_int_equal(receipt.outcome, CASES[i].outcome);
    }
}

static void test_smpp_receipt_tlv_goes_before_text(void **state)
{
    (void)state;
    struct smpp_receipt receipt;
    struct smpp_pdu pdu = receipt_pdu("id:123 stat:UNDELIV");
    memcpy(pdu.receipted_id, "7b", 3);
    pdu.message_state = 2;
    assert_true(smpp_receipt_read(&pdu, &receipt));
    assert_string_equal(receipt.id, "7b");
    assert_int_equal(receipt.outcome, SMPP_OUTCOME_DELIVERED);
}

static void test_smpp_receipt_is_not_a_message_from_a_phone(void **state)
{
    (void)state;
    struct smpp_receipt receipt;
    struct smpp_pdu pdu = receipt_pdu("id:7 stat:DELIVRD");
    pdu.esm_class = 0;
    assert_false(smpp_receipt_read(&pdu, &receipt));
    pdu = receipt_pdu("on my way");
    assert_false(smpp_receipt_read(&pdu, &receipt));
}

static bool has_form(const char *id, const char *form)
{
    char forms[SMPP_ID_FORMS][SMPP_ID_SIZE];
    size_t count = smpp_id_forms(id, forms);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(forms[i], form) == 0) {
            return true;
        }
    }
    return false;
}

static void test_smpp_id_forms_meet_hex_and_decimal(void **state)
{
    (void)state;
    char forms[SMPP_ID_FORMS][SMPP_ID_SIZE];
    assert_true(has_form("305419896", "12345678")); /* the answer was 0x12345678 */
    assert_true(has_form("12345678", "305419896")); /* the other way */
    assert_true(has_form("0000ABCD", "abcd"));
    assert_true(has_form("43981", "abcd"));
    assert_int_equal(smpp_id_forms("a1b2-c3", forms), 1);
    assert_string_equal(forms[0], "a1b2-c3");
    assert_int_equal(smpp_id_forms("", forms), 1);
    assert_string_equal(forms[0], "");
    assert_true(has_form("000", "0"));
    /* Too large for a number: itself alone. */
    assert_int_equal(smpp_id_forms("99999999999999999999999999", forms), 1);
}

/* --- packets made and read by another implementation --- */

static void same_text(json_t *fields, const char *name, const char *got)
{
    json_t *want = json_object_get(fields, name);
    if (want != NULL) {
        assert_string_equal(json_string_value(want), got);
    }
}

static void same_number(json_t *fields, const char *name, uint32_t got)
{
    json_t *want = json_object_get(fields, name);
    if (want != NULL) {
        assert_int_equal(json_integer_value(want), got);
    }
}

static void same_fields(json_t *fields, const struct smpp_pdu *pdu)
{
    same_number(fields, "sequence_number", pdu->sequence);
    same_number(fields, "command_status", pdu->status);
    same_text(fields, "system_id", pdu->system_id);
    same_text(fields, "password", pdu->password);
    same_text(fields, "system_type", pdu->system_type);
    same_number(fields, "interface_version", pdu->interface_version);
    same_text(fields, "source_addr", pdu->source.number);
    same_number(fields, "dest_addr_ton", pdu->destination.ton);
    same_number(fields, "dest_addr_npi", pdu->destination.npi);
    same_text(fields, "destination_addr", pdu->destination.number);
    same_number(fields, "esm_class", pdu->esm_class);
    same_number(fields, "registered_delivery", pdu->registered_delivery);
    same_number(fields, "data_coding", pdu->data_coding);
    same_text(fields, "message_id", pdu->message_id);
    same_text(fields, "receipted_message_id", pdu->receipted_id);
    same_number(fields, "message_state", pdu->message_state);
    json_t *text = json_object_get(fields, "short_message");
    if (json_is_string(text) && pdu->data_coding != SMPP_CODING_UCS2) {
        assert_int_equal(json_string_length(text), pdu->text.size);
        assert_memory_equal(json_string_value(text), pdu->text.data, pdu->text.size);
    }
    json_t *payload = json_object_get(fields, "message_payload");
    if (json_is_string(payload)) {
        assert_int_equal(json_string_length(payload), pdu->payload.size);
        assert_memory_equal(json_string_value(payload), pdu->payload.data, pdu->payload.size);
    }
}

static void test_smpp_shared_packets_are_read_and_made_again(void **state)
{
    (void)state;
    const char *path = shared_file("vectors/sms-smpp/pdus.json");
    if (path == NULL) {
        skip();
    }
    json_t *root = json_load_file(path, 0, NULL);
    assert_non_null(root);
    json_t *cases = json_object_get(root, "cases");
    assert_true(json_array_size(cases) > 5);
    size_t index = 0;
    json_t *one = NULL;
    json_array_foreach(cases, index, one)
    {
        uint8_t bytes[1024];
        uint8_t made[1024];
        struct smpp_pdu pdu;
        struct smpp_pdu again;
        size_t used = 0;
        const char *hex = json_string_value(json_object_get(one, "hex"));
        size_t size = strlen(hex) / 2;
        assert_int_equal(gx_hex_decode(hex, bytes, size), 0);
        assert_int_equal(smpp_pdu_read(view(bytes, size), &pdu, &used), SMPP_READ_OK);
        assert_int_equal(used, size);
        same_fields(json_object_get(one, "fields"), &pdu);
        size_t made_size = smpp_pdu_write(&pdu, made, sizeof made);
        assert_int_equal(smpp_pdu_read(view(made, made_size), &again, &used), SMPP_READ_OK);
        assert_int_equal(used, made_size);
        same_fields(json_object_get(one, "fields"), &again);
    }
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smpp_submit_is_byte_for_byte),
        cmocka_unit_test(test_smpp_every_room_is_respected),
        cmocka_unit_test(test_smpp_read_waits_for_the_whole),
        cmocka_unit_test(test_smpp_read_broken_is_told_from_unknown),
        cmocka_unit_test(test_smpp_receipt_from_text_alone),
        cmocka_unit_test(test_smpp_receipt_tlv_goes_before_text),
        cmocka_unit_test(test_smpp_receipt_is_not_a_message_from_a_phone),
        cmocka_unit_test(test_smpp_id_forms_meet_hex_and_decimal),
        cmocka_unit_test(test_smpp_shared_packets_are_read_and_made_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
