/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMPP 3.4 packets, bytes to struct and back; pure. A packet:
 *     length u32 | command u32 | status u32 | sequence u32 | body by command | TLVs (tag u16, size u16, value)
 * all big endian, texts ended by NUL and bounded. Only what a client needs; an unknown command is told apart from a broken packet, so that
 * it can be answered by generic_nack.
 */
#ifndef NOTIFIER_SMPP_PDU_H
#define NOTIFIER_SMPP_PDU_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SMPP_HEADER_SIZE = 16,
    SMPP_PDU_MAX = 8192,
    SMPP_ID_SIZE = 66,
    SMPP_SHORT_MAX = 254
};

enum smpp_command {
    SMPP_BIND_RECEIVER = 0x1,
    SMPP_BIND_TRANSMITTER = 0x2,
    SMPP_SUBMIT_SM = 0x4,
    SMPP_DELIVER_SM = 0x5,
    SMPP_UNBIND = 0x6,
    SMPP_BIND_TRANSCEIVER = 0x9,
    SMPP_ENQUIRE_LINK = 0x15,
};
#define SMPP_GENERIC_NACK 0x80000000U
#define SMPP_RESPONSE 0x80000000U /* set in the command of each answer */

enum smpp_status {
    SMPP_OK = 0x0,
    SMPP_INVALID_LENGTH = 0x2,
    SMPP_INVALID_COMMAND = 0x3,
    SMPP_QUEUE_FULL = 0x14,
    SMPP_THROTTLED = 0x58,
    SMPP_TEMPORARY = 0x64,
};

enum {
    SMPP_ESM_RECEIPT = 0x04,
    SMPP_ESM_UDH = 0x40,
    SMPP_CODING_DEFAULT = 0,
    SMPP_CODING_UCS2 = 8
};

struct smpp_address {
    uint8_t ton;
    uint8_t npi;
    char number[21];
};

struct smpp_pdu {
    uint32_t command; /* enum smpp_command, with SMPP_RESPONSE for an answer */
    uint32_t status;
    uint32_t sequence;
    /* bind_* and their answers (system_id alone) */
    char system_id[16];
    char password[9];
    char system_type[13];
    uint8_t interface_version;
    struct smpp_address range;
    /* submit_sm, deliver_sm */
    char service_type[6];
    struct smpp_address source;
    struct smpp_address destination;
    uint8_t esm_class;
    uint8_t protocol_id;
    uint8_t priority;
    uint8_t registered_delivery;
    uint8_t data_coding;
    struct gx_view text;    /* short_message; borrowed */
    struct gx_view payload; /* TLV message_payload; borrowed */
    /* answers to submit_sm and deliver_sm */
    char message_id[SMPP_ID_SIZE];
    /* TLVs of a receipt */
    char receipted_id[SMPP_ID_SIZE]; /* "" : none */
    uint8_t
        message_state; /* 0: none; 2 delivered, 3 expired, 4 deleted, 5 undeliverable, 8 rejected */
};

enum smpp_read {
    SMPP_READ_OK,
    SMPP_READ_MORE,
    SMPP_READ_BROKEN,
    SMPP_READ_UNKNOWN
};

/*
 * One packet at the beginning of bytes. OK and UNKNOWN: ret_size is its length. MORE: wait for further bytes. BROKEN: ret_size is its
 * length to skip, or 0 when the length itself is absurd and the stream is lost. pdu borrows from bytes.
 */
enum smpp_read smpp_pdu_read(struct gx_view bytes, struct smpp_pdu *pdu, size_t *ret_size);
/* The number of bytes written, or 0: no room, or a text that is too long for its field. */
size_t smpp_pdu_write(const struct smpp_pdu *pdu, uint8_t *out, size_t size);

/* What a delivery receipt says. */
enum smpp_outcome {
    SMPP_OUTCOME_NONE,
    SMPP_OUTCOME_DELIVERED,
    SMPP_OUTCOME_FAILED
};
struct smpp_receipt {
    char id[SMPP_ID_SIZE];
    enum smpp_outcome outcome; /* NONE: under way still */
};
/* False when the deliver_sm is no receipt, or names no message. The TLV goes before the text. */
bool smpp_receipt_read(const struct smpp_pdu *pdu, struct smpp_receipt *ret_receipt);

enum {
    SMPP_ID_FORMS = 3
};
/*
 * SMS centres mix hexadecimal and decimal between the answer and the receipt: all forms an id may have been given in, in lower case and
 * without leading zeros, the id itself first. Returns their number, 1 to SMPP_ID_FORMS.
 */
size_t smpp_id_forms(const char *id, char forms[SMPP_ID_FORMS][SMPP_ID_SIZE]);

#endif
