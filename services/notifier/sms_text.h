/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to the bytes of short messages: the GSM 03.38 alphabet (an octet a septet, as SMS centres take it) when all of it fits, else UCS-2
 * big endian. Long texts become parts with the concatenation header 05 00 03 <reference> <total> <number>.
 */
#ifndef NOTIFIER_SMS_TEXT_H
#define NOTIFIER_SMS_TEXT_H

#include "base/rc.h"

#include <stddef.h>
#include <stdint.h>

enum {
    SMS_PARTS_MAX = 8,
    SMS_PART_SIZE = 160
};

struct sms_part {
    uint8_t bytes[SMS_PART_SIZE]; /* with its header, if it has one */
    size_t size;
};
struct sms {
    uint8_t data_coding; /* 0 GSM, 8 UCS-2 */
    size_t count;        /* more than 1: each part begins with a header */
    struct sms_part parts[SMS_PARTS_MAX];
};

/* text in UTF-8. INVALID: empty or not UTF-8; LIMIT: more than SMS_PARTS_MAX parts. */
enum gx_rc sms_encode(const char *text, uint8_t reference, struct sms *ret_sms);

#endif
