/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as they come from an SMS centre: whatever they are, each packet is read within its bounds, and what was read can be written
 * and read again as the same.
 */
#include "smpp_pdu.h"
#include "sms_text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct smpp_pdu *a, const struct smpp_pdu *b)
{
    bool equal = a->command == b->command && a->status == b->status && a->sequence == b->sequence &&
                 a->esm_class == b->esm_class && a->data_coding == b->data_coding &&
                 a->text.size == b->text.size && strcmp(a->message_id, b->message_id) == 0 &&
                 strcmp(a->system_id, b->system_id) == 0 &&
                 strcmp(a->destination.number, b->destination.number) == 0;
    if (!equal || (a->text.size > 0 && memcmp(a->text.data, b->text.data, a->text.size) != 0)) {
        abort();
    }
}

static void one_packet(const struct smpp_pdu *pdu)
{
    static uint8_t made[SMPP_PDU_MAX];
    struct smpp_pdu again;
    struct smpp_receipt receipt;
    char forms[SMPP_ID_FORMS][SMPP_ID_SIZE];
    size_t used = 0;
    size_t size = smpp_pdu_write(pdu, made, sizeof made);
    const struct gx_view bytes = {made, size};
    if (size == 0) {
        return;
    }
    if (smpp_pdu_read(bytes, &again, &used) != SMPP_READ_OK || used != size) {
        abort();
    }
    same(pdu, &again);
    if (smpp_receipt_read(pdu, &receipt) && smpp_id_forms(receipt.id, forms) == 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t at = 0;
    while (at < size) {
        struct smpp_pdu pdu;
        size_t used = 0;
        const struct gx_view bytes = {data + at, size - at};
        enum smpp_read read = smpp_pdu_read(bytes, &pdu, &used);
        if (used > bytes.size) {
            abort();
        }
        if (used == 0) {
            break;
        }
        if (read == SMPP_READ_OK) {
            one_packet(&pdu);
        }
        at += used;
    }
    char *text = calloc(1, size + 1);
    struct sms sms;
    if (text != NULL && size > 0) {
        memcpy(text, data, size);
        (void)(sms_encode(text, data[0], &sms) == GX_OK);
    }
    free(text);
    return 0;
}
