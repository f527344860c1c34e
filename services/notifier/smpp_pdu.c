/* SPDX-License-Identifier: Apache-2.0 */
#include "smpp_pdu.h"

#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TLV_RECEIPTED_ID = 0x001e,
    TLV_PAYLOAD = 0x0424,
    TLV_STATE = 0x0427
};

/* A cursor over bytes that remembers the first failure, so that a body reads as one list of fields. */
struct reader {
    const uint8_t *at;
    size_t left;
    bool failed;
};

static uint32_t get_number(struct reader *in, size_t size)
{
    if (in->failed || in->left < size) {
        in->failed = true;
        return 0;
    }
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | in->at[i];
    }
    in->at += size;
    in->left -= size;
    return value;
}

static uint8_t get_byte(struct reader *in)
{
    return (uint8_t)get_number(in, 1);
}

static void get_text(struct reader *in, char *out, size_t size)
{
    size_t length = in->failed ? in->left : strnlen((const char *)in->at, in->left);
    if (length == in->left || length >= size) {
        in->failed = true;
        return;
    }
    memcpy(out, in->at, length + 1);
    in->at += length + 1;
    in->left -= length + 1;
}

static struct gx_view get_bytes(struct reader *in, size_t size)
{
    if (in->failed || in->left < size) {
        in->failed = true;
        return (struct gx_view){NULL, 0};
    }
    struct gx_view view = {in->at, size};
    in->at += size;
    in->left -= size;
    return view;
}

static void get_address(struct reader *in, struct smpp_address *address)
{
    address->ton = get_byte(in);
    address->npi = get_byte(in);
    get_text(in, address->number, sizeof address->number);
}

static void get_bind(struct reader *in, struct smpp_pdu *pdu)
{
    get_text(in, pdu->system_id, sizeof pdu->system_id);
    get_text(in, pdu->password, sizeof pdu->password);
    get_text(in, pdu->system_type, sizeof pdu->system_type);
    pdu->interface_version = get_byte(in);
    get_address(in, &pdu->range);
}

static void get_message(struct reader *in, struct smpp_pdu *pdu)
{
    char when[17];
    get_text(in, pdu->service_type, sizeof pdu->service_type);
    get_address(in, &pdu->source);
    get_address(in, &pdu->destination);
    pdu->esm_class = get_byte(in);
    pdu->protocol_id = get_byte(in);
    pdu->priority = get_byte(in);
    get_text(in, when, sizeof when); /* schedule_delivery_time */
    get_text(in, when, sizeof when); /* validity_period */
    pdu->registered_delivery = get_byte(in);
    (void)get_byte(in); /* replace_if_present */
    pdu->data_coding = get_byte(in);
    (void)get_byte(in); /* sm_default_msg_id */
    pdu->text = get_bytes(in, get_byte(in));
}

/* A TLV text may lack its NUL: some centres leave it out. */
static void tlv_text(struct reader *in, struct gx_view value, char *out, size_t size)
{
    size_t length = value.size == 0 ? 0 : strnlen((const char *)value.data, value.size);
    if (length >= size) {
        in->failed = true;
        return;
    }
    if (length > 0) {
        memcpy(out, value.data, length);
    }
    out[length] = '\0';
}

static void get_tlvs(struct reader *in, struct smpp_pdu *pdu)
{
    while (in->left > 0 && !in->failed) {
        uint32_t tag = get_number(in, 2);
        struct gx_view value = get_bytes(in, get_number(in, 2));
        if (in->failed) {
            return;
        }
        if (tag == TLV_RECEIPTED_ID) {
            tlv_text(in, value, pdu->receipted_id, sizeof pdu->receipted_id);
        } else if (tag == TLV_STATE && value.size == 1) {
            pdu->message_state = value.data[0];
        } else if (tag == TLV_PAYLOAD) {
            pdu->payload = value;
        }
    }
}

/* An answer that refuses may come without its body. */
static void get_answer_text(struct reader *in, char *out, size_t size)
{
    if (in->left > 0) {
        get_text(in, out, size);
    }
}

/* False for a command that is not known. */
static bool get_body(struct reader *in, struct smpp_pdu *pdu)
{
    switch (pdu->command) {
    case SMPP_BIND_RECEIVER:
    case SMPP_BIND_TRANSMITTER:
    case SMPP_BIND_TRANSCEIVER:
        get_bind(in, pdu);
        break;
    case SMPP_BIND_RECEIVER | SMPP_RESPONSE:
    case SMPP_BIND_TRANSMITTER | SMPP_RESPONSE:
    case SMPP_BIND_TRANSCEIVER | SMPP_RESPONSE:
        get_answer_text(in, pdu->system_id, sizeof pdu->system_id);
        break;
    case SMPP_SUBMIT_SM:
    case SMPP_DELIVER_SM:
        get_message(in, pdu);
        break;
    case SMPP_SUBMIT_SM | SMPP_RESPONSE:
    case SMPP_DELIVER_SM | SMPP_RESPONSE:
        get_answer_text(in, pdu->message_id, sizeof pdu->message_id);
        break;
    case SMPP_ENQUIRE_LINK:
    case SMPP_ENQUIRE_LINK | SMPP_RESPONSE:
    case SMPP_UNBIND:
    case SMPP_UNBIND | SMPP_RESPONSE:
    case SMPP_GENERIC_NACK:
        break;
    default:
        return false;
    }
    get_tlvs(in, pdu);
    return true;
}

enum smpp_read smpp_pdu_read(struct gx_view bytes, struct smpp_pdu *pdu, size_t *ret_size)
{
    *ret_size = 0;
    struct reader in = {.at = bytes.data, .left = bytes.size};
    if (bytes.size < 4) {
        return SMPP_READ_MORE;
    }
    uint32_t length = get_number(&in, 4);
    if (length < SMPP_HEADER_SIZE || length > SMPP_PDU_MAX) {
        return SMPP_READ_BROKEN;
    }
    if (bytes.size < length) {
        return SMPP_READ_MORE;
    }
    in.left = length - 4;
    *pdu = (struct smpp_pdu){0};
    pdu->command = get_number(&in, 4);
    pdu->status = get_number(&in, 4);
    pdu->sequence = get_number(&in, 4);
    *ret_size = length;
    if (!get_body(&in, pdu)) {
        return SMPP_READ_UNKNOWN;
    }
    return in.failed ? SMPP_READ_BROKEN : SMPP_READ_OK;
}

struct writer {
    uint8_t *at;
    size_t left;
    bool failed;
};

static void put_number(struct writer *out, uint32_t value, size_t size)
{
    if (out->failed || out->left < size) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < size; i++) {
        out->at[i] = (uint8_t)(value >> (8 * (size - 1 - i)) & 0xffU);
    }
    out->at += size;
    out->left -= size;
}

static void put_bytes(struct writer *out, const void *bytes, size_t size)
{
    if (out->failed || out->left < size) {
        out->failed = true;
        return;
    }
    if (size > 0) {
        memcpy(out->at, bytes, size);
    }
    out->at += size;
    out->left -= size;
}

static void put_text(struct writer *out, const char *text)
{
    put_bytes(out, text, strlen(text) + 1);
}

static void put_address(struct writer *out, const struct smpp_address *address)
{
    put_number(out, address->ton, 1);
    put_number(out, address->npi, 1);
    put_text(out, address->number);
}

static void put_message(struct writer *out, const struct smpp_pdu *pdu)
{
    put_text(out, pdu->service_type);
    put_address(out, &pdu->source);
    put_address(out, &pdu->destination);
    put_number(out, pdu->esm_class, 1);
    put_number(out, pdu->protocol_id, 1);
    put_number(out, pdu->priority, 1);
    put_text(out, ""); /* schedule_delivery_time: at once */
    put_text(out, ""); /* validity_period: the centre's own */
    put_number(out, pdu->registered_delivery, 1);
    put_number(out, 0, 1); /* replace_if_present */
    put_number(out, pdu->data_coding, 1);
    put_number(out, 0, 1); /* sm_default_msg_id */
    out->failed = out->failed || pdu->text.size > SMPP_SHORT_MAX;
    put_number(out, (uint32_t)pdu->text.size, 1);
    put_bytes(out, pdu->text.data, pdu->text.size);
}

static void put_tlv(struct writer *out, uint32_t tag, const void *value, size_t size)
{
    out->failed = out->failed || size > UINT16_MAX;
    put_number(out, tag, 2);
    put_number(out, (uint32_t)size, 2);
    put_bytes(out, value, size);
}

static void put_tlvs(struct writer *out, const struct smpp_pdu *pdu)
{
    if (pdu->receipted_id[0] != '\0') {
        put_tlv(out, TLV_RECEIPTED_ID, pdu->receipted_id, strlen(pdu->receipted_id) + 1);
    }
    if (pdu->payload.size > 0) {
        put_tlv(out, TLV_PAYLOAD, pdu->payload.data, pdu->payload.size);
    }
    if (pdu->message_state != 0) {
        put_tlv(out, TLV_STATE, &pdu->message_state, 1);
    }
}

static void put_body(struct writer *out, const struct smpp_pdu *pdu)
{
    switch (pdu->command) {
    case SMPP_BIND_RECEIVER:
    case SMPP_BIND_TRANSMITTER:
    case SMPP_BIND_TRANSCEIVER:
        put_text(out, pdu->system_id);
        put_text(out, pdu->password);
        put_text(out, pdu->system_type);
        put_number(out, pdu->interface_version, 1);
        put_address(out, &pdu->range);
        break;
    case SMPP_BIND_RECEIVER | SMPP_RESPONSE:
    case SMPP_BIND_TRANSMITTER | SMPP_RESPONSE:
    case SMPP_BIND_TRANSCEIVER | SMPP_RESPONSE:
        put_text(out, pdu->system_id);
        break;
    case SMPP_SUBMIT_SM:
    case SMPP_DELIVER_SM:
        put_message(out, pdu);
        put_tlvs(out, pdu);
        break;
    case SMPP_SUBMIT_SM | SMPP_RESPONSE:
    case SMPP_DELIVER_SM | SMPP_RESPONSE:
        put_text(out, pdu->message_id);
        break;
    default: /* header alone */
        break;
    }
}

size_t smpp_pdu_write(const struct smpp_pdu *pdu, uint8_t *out, size_t size)
{
    struct writer body = {.at = out, .left = size < SMPP_PDU_MAX ? size : SMPP_PDU_MAX};
    put_number(&body, 0, 4);
    put_number(&body, pdu->command, 4);
    put_number(&body, pdu->status, 4);
    put_number(&body, pdu->sequence, 4);
    put_body(&body, pdu);
    if (body.failed) {
        return 0;
    }
    size_t length = (size_t)(body.at - out);
    struct writer head = {.at = out, .left = 4};
    put_number(&head, (uint32_t)length, 4);
    return length;
}

/* Finds "key" (as "stat:") in the receipt's text, in either case, and copies the word after it. */
static bool word_after(struct gx_view text, const char *key, char *out, size_t size)
{
    size_t key_size = strlen(key);
    for (size_t i = 0; i + key_size <= text.size; i++) {
        bool starts = i == 0 || text.data[i - 1] == ' ';
        if (!starts || strncasecmp((const char *)text.data + i, key, key_size) != 0) {
            continue;
        }
        size_t n = 0;
        for (size_t j = i + key_size; j < text.size && text.data[j] > ' ' && n + 1 < size; j++) {
            out[n++] = (char)text.data[j];
        }
        out[n] = '\0';
        return n > 0;
    }
    return false;
}

static enum smpp_outcome outcome_of_state(uint8_t state)
{
    switch (state) {
    case 2:
        return SMPP_OUTCOME_DELIVERED;
    case 3: /* expired */
    case 4: /* deleted */
    case 5: /* undeliverable */
    case 8: /* rejected */
        return SMPP_OUTCOME_FAILED;
    default:
        return SMPP_OUTCOME_NONE;
    }
}

static enum smpp_outcome outcome_of_word(const char *word)
{
    static const char *const FAILED[] = {"EXPIRED", "DELETED", "UNDELIV", "REJECTD"};
    if (strncasecmp(word, "DELIVRD", 7) == 0) {
        return SMPP_OUTCOME_DELIVERED;
    }
    for (size_t i = 0; i < GX_COUNT_OF(FAILED); i++) {
        if (strncasecmp(word, FAILED[i], 7) == 0) {
            return SMPP_OUTCOME_FAILED;
        }
    }
    return SMPP_OUTCOME_NONE;
}

bool smpp_receipt_read(const struct smpp_pdu *pdu, struct smpp_receipt *ret_receipt)
{
    if (pdu->command != SMPP_DELIVER_SM || (pdu->esm_class & SMPP_ESM_RECEIPT) == 0) {
        return false;
    }
    struct smpp_receipt receipt = {.id = ""};
    struct gx_view text = pdu->text.size > 0 ? pdu->text : pdu->payload;
    char word[16];
    if (pdu->receipted_id[0] != '\0') {
        memcpy(receipt.id, pdu->receipted_id, sizeof receipt.id);
    } else if (!word_after(text, "id:", receipt.id, sizeof receipt.id)) {
        return false;
    }
    if (pdu->message_state != 0) {
        receipt.outcome = outcome_of_state(pdu->message_state);
    } else if (word_after(text, "stat:", word, sizeof word)) {
        receipt.outcome = outcome_of_word(word);
    }
    *ret_receipt = receipt;
    return true;
}

static bool number_of(const char *text, int base, uint64_t *ret_value)
{
    size_t size = strlen(text);
    const char *digits = base == 10 ? "0123456789" : "0123456789abcdef";
    if (size == 0 || strspn(text, digits) != size) {
        return false;
    }
    errno = 0;
    unsigned long long value = strtoull(text, NULL, base);
    *ret_value = value;
    return errno == 0;
}

size_t smpp_id_forms(const char *id, char forms[SMPP_ID_FORMS][SMPP_ID_SIZE])
{
    size_t zeros = strspn(id, "0");
    const char *text = id[zeros] == '\0' && zeros > 0 ? id + zeros - 1 : id + zeros;
    size_t size = strnlen(text, SMPP_ID_SIZE - 1);
    for (size_t i = 0; i < size; i++) {
        forms[0][i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
    }
    forms[0][size] = '\0';
    size_t count = 1;
    uint64_t value = 0;
    if (number_of(forms[0], 10, &value)) {
        (void)snprintf(forms[count++], SMPP_ID_SIZE, "%" PRIx64, value);
    }
    if (number_of(forms[0], 16, &value)) {
        (void)snprintf(forms[count++], SMPP_ID_SIZE, "%" PRIu64, value);
    }
    return count;
}
