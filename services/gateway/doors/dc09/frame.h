/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of alarm panels after SIA DC-09, as bytes; free of I/O.
 *     LF CRC "0" LEN "TOKEN" SEQ [R1..6] L1..6 #ACCT [data][x...]... _HH:MM:SS,MM-DD-YYYY CR
 * CRC: CRC-16/ARC of all from the first '"' to before CR, four hex digits, or (some panels) two raw bytes; LEN: the same span, three hex
 * digits, which not all panels fill in right: it is told, not relied on. A '*' before the token: what follows '[' is hexadecimal AES-CBC (IV zero,
 * key of 16, 24 or 32 bytes) of "pad|data][x...]_timestamp", the pad being free of '[', ']' and '|', and the whole a multiple of 16.
 */
#ifndef DC09_FRAME_H
#define DC09_FRAME_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DC09_FRAME_MAX = 0xFFF + 10, /* bytes, LF and CR included */
    DC09_REPLY_MAX = 256,
    DC09_KEY_MAX = 32,
    DC09_EXTRAS_MAX = 12, /* extended fields that are kept; more are passed over */
    DC09_ACCOUNT_SIZE = 17
};

enum dc09_token {
    DC09_ADM_CID,
    DC09_SIA_DCS,
    DC09_NULL,
    DC09_REPLY, /* ACK, NAK, DUH: what a receiver says, never answered */
    DC09_OTHER
};

enum dc09_verdict {
    DC09_GOOD,
    DC09_BAD_CRC,  /* no answer at all */
    DC09_BAD_FORM, /* the sums are right, the rest is not */
    DC09_BAD_KEY   /* it cannot be opened */
};

/* Bytes are borrowed from the frame, or from where it was opened into. */
struct dc09_frame {
    enum dc09_token token;
    bool encrypted;
    bool raw_crc;
    bool length_right;
    uint16_t sequence;                      /* 0..9999 */
    char receiver[7];                       /* hex digits after R, "" for none */
    char line[7];                           /* after L */
    char account[DC09_ACCOUNT_SIZE];        /* upper case; "" for none */
    struct gx_view cipher;                  /* hex digits, encrypted frames */
    struct gx_view data;                    /* between the first brackets, without the account */
    struct gx_view extras[DC09_EXTRAS_MAX]; /* each with its letter, without brackets */
    size_t extra_count;
    bool timed;
    int64_t at_ms; /* its timestamp */
};

uint16_t dc09_crc(struct gx_view bytes);

/*
 * Where the next frame lies in a stream: *ret_frame is it, LF to CR, and the bytes before it are junk. True with size 0: more is needed, and all
 * before *ret_frame's data may go. False: *ret_frame begins with bytes that are no frame; go on after its size.
 */
bool dc09_cut(struct gx_view bytes, struct gx_view *ret_frame);

/* One frame as dc09_cut() gave it. An encrypted one has no data yet. On BAD_CRC nothing of it is to be believed. */
enum dc09_verdict dc09_read(struct gx_view bytes, struct dc09_frame *ret_frame);
/* Opens an encrypted one into room (DC09_FRAME_MAX bytes), which must outlive the frame. */
enum dc09_verdict dc09_open(struct dc09_frame *frame, struct gx_view key, uint8_t *room);

/* "HH:MM:SS,MM-DD-YYYY" in UTC; ret_ms is untouched when it is not one. */
bool dc09_stamp_read(struct gx_view text, int64_t *ret_ms);

/* "32, 48 or 64 hex digits", or "text:" and 16, 24 or 32 characters; returns the key's size, 0 for anything else. */
size_t dc09_key(const char *secret, uint8_t key[DC09_KEY_MAX]);

/* Answers; each returns the size written into out. key (size 0: none) encrypts the ACK of an encrypted frame. */
size_t dc09_ack(const struct dc09_frame *frame, struct gx_view key, int64_t now_ms,
                uint8_t out[DC09_REPLY_MAX]);
size_t dc09_duh(const struct dc09_frame *frame, uint8_t out[DC09_REPLY_MAX]);
/* Carries our time, so that the panel can set its clock. */
size_t dc09_nak(const struct dc09_frame *frame, int64_t now_ms, uint8_t out[DC09_REPLY_MAX]);

#endif
