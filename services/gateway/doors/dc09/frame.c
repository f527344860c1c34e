/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include "base/id.h"
#include "base/text.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    LF = '\n',
    CR = '\r',
    HEX_HEAD = 9, /* LF, four digits, '0', three digits */
    RAW_HEAD = 7, /* LF, two bytes, '0', three digits */
    BLOCK = 16,
    STAMP_SIZE = 20, /* _HH:MM:SS,MM-DD-YYYY */
    PAD_MIN = 16
};

uint16_t dc09_crc(struct gx_view bytes)
{
    uint16_t crc = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        crc = (uint16_t)(crc ^ bytes.data[i]);
        for (int bit = 0; bit < 8; bit++) {
            crc = (uint16_t)((crc & 1U) != 0 ? (crc >> 1U) ^ 0xA001U : crc >> 1U);
        }
    }
    return crc;
}

/* --- small readers --- */

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_number(const uint8_t *at, size_t count, uint32_t *ret_value)
{
    uint32_t value = 0;
    for (size_t i = 0; i < count; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0) {
            return false;
        }
        value = value * 16 + (uint32_t)digit;
    }
    *ret_value = value;
    return true;
}

static bool decimal(const uint8_t *at, size_t count, int *ret_value)
{
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9') {
            return false;
        }
        value = value * 10 + (at[i] - '0');
    }
    *ret_value = value;
    return true;
}

struct reader {
    const uint8_t *at;
    size_t left;
};

static bool take(struct reader *reader, uint8_t c)
{
    if (reader->left == 0 || *reader->at != c) {
        return false;
    }
    reader->at++;
    reader->left--;
    return true;
}

/* min to max hex digits in upper case, ended with NUL; "" and false for fewer or more. */
static bool take_hex(struct reader *reader, char *out, size_t min, size_t max)
{
    size_t count = 0;
    while (count < reader->left && hex_digit(reader->at[count]) >= 0) {
        count++;
    }
    if (count < min || count > max) {
        out[0] = '\0';
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = "0123456789ABCDEF"[hex_digit(reader->at[i])];
    }
    out[count] = '\0';
    reader->at += count;
    reader->left -= count;
    return true;
}

/* --- cutting a stream --- */

/* Length of the head by its form, 0 for neither. */
static size_t head_of(struct gx_view bytes)
{
    uint32_t number = 0;
    if (bytes.size > HEX_HEAD && bytes.data[HEX_HEAD] == '"' && bytes.data[5] == '0' &&
        hex_number(bytes.data + 1, 4, &number) && hex_number(bytes.data + 6, 3, &number)) {
        return HEX_HEAD;
    }
    return bytes.size > RAW_HEAD && bytes.data[RAW_HEAD] == '"' && bytes.data[3] == '0' &&
                   hex_number(bytes.data + 4, 3, &number)
               ? RAW_HEAD
               : 0;
}

bool dc09_cut(struct gx_view bytes, struct gx_view *ret_frame)
{
    const uint8_t *start = bytes.size == 0 ? NULL : memchr(bytes.data, LF, bytes.size);
    if (start == NULL) {
        *ret_frame = (struct gx_view){bytes.data + bytes.size, 0};
        return true;
    }
    struct gx_view rest = {start, bytes.size - (size_t)(start - bytes.data)};
    *ret_frame = (struct gx_view){start, 0};
    size_t head = head_of(rest);
    if (head == 0) {
        ret_frame->size = rest.size > HEX_HEAD ? 1 : 0;
        return rest.size <= HEX_HEAD;
    }
    for (size_t i = head; i < rest.size && i < DC09_FRAME_MAX; i++) {
        if (start[i] == CR || start[i] == LF) {
            ret_frame->size =
                start[i] == CR ? i + 1 : i; /* a new one began: this one never ended */
            return start[i] == CR;
        }
    }
    ret_frame->size = rest.size >= DC09_FRAME_MAX ? 1 : 0;
    return rest.size < DC09_FRAME_MAX;
}

/* --- reading one --- */

static bool read_token(struct reader *reader, struct dc09_frame *frame)
{
    static const struct {
        const char *text;
        enum dc09_token token;
    } TOKENS[] = {{"ADM-CID", DC09_ADM_CID}, {"SIA-DCS", DC09_SIA_DCS}, {"NULL", DC09_NULL},
                  {"ACK", DC09_REPLY},       {"NAK", DC09_REPLY},       {"DUH", DC09_REPLY},
                  {"RSP", DC09_REPLY}};
    if (!take(reader, '"')) {
        return false;
    }
    frame->encrypted = take(reader, '*');
    const uint8_t *end = reader->left == 0 ? NULL : memchr(reader->at, '"', reader->left);
    if (end == NULL) {
        return false;
    }
    size_t size = (size_t)(end - reader->at);
    frame->token = DC09_OTHER;
    for (size_t i = 0; i < GX_COUNT_OF(TOKENS); i++) {
        if (strlen(TOKENS[i].text) == size && memcmp(TOKENS[i].text, reader->at, size) == 0) {
            frame->token = TOKENS[i].token;
        }
    }
    reader->left -= size + 1;
    reader->at = end + 1;
    return true;
}

static bool read_address(struct reader *reader, struct dc09_frame *frame)
{
    int sequence = 0;
    if (reader->left < 4 || !decimal(reader->at, 4, &sequence)) {
        return false;
    }
    frame->sequence = (uint16_t)sequence;
    reader->at += 4;
    reader->left -= 4;
    if (take(reader, 'R') && !take_hex(reader, frame->receiver, 1, 6)) {
        return false;
    }
    if (take(reader, 'L') && !take_hex(reader, frame->line, 1, 6)) {
        return false;
    }
    return !take(reader, '#') || take_hex(reader, frame->account, 3, DC09_ACCOUNT_SIZE - 1);
}

bool dc09_stamp_read(struct gx_view text, int64_t *ret_ms)
{
    const uint8_t *at = text.data;
    struct tm tm = {0};
    int year = 0;
    if (text.size != STAMP_SIZE - 1 || at[2] != ':' || at[5] != ':' || at[8] != ',' ||
        at[11] != '-' || at[14] != '-' || !decimal(at, 2, &tm.tm_hour) ||
        !decimal(at + 3, 2, &tm.tm_min) || !decimal(at + 6, 2, &tm.tm_sec) ||
        !decimal(at + 9, 2, &tm.tm_mon) || !decimal(at + 12, 2, &tm.tm_mday) ||
        !decimal(at + 15, 4, &year)) {
        return false;
    }
    if (tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60 || tm.tm_mon < 1 || tm.tm_mon > 12 ||
        tm.tm_mday < 1 || tm.tm_mday > 31 || year < 1970) {
        return false;
    }
    tm.tm_mon -= 1;
    tm.tm_year = year - 1900;
    *ret_ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

/* One more block of padding after the timestamp, as a receiver in the field writes it. */
static bool only_padding(const struct reader *reader)
{
    for (size_t i = 0; i < reader->left; i++) {
        if (reader->at[i] != reader->left) {
            return false;
        }
    }
    return reader->left <= BLOCK;
}

static bool take_stamp(struct reader *reader, struct dc09_frame *frame)
{
    if (reader->left < STAMP_SIZE || reader->at[0] != '_' ||
        !dc09_stamp_read((struct gx_view){reader->at + 1, STAMP_SIZE - 1}, &frame->at_ms)) {
        return false;
    }
    frame->timed = true;
    reader->at += STAMP_SIZE;
    reader->left -= STAMP_SIZE;
    return frame->encrypted ? only_padding(reader) : reader->left == 0;
}

/* Up to ']' which goes too. */
static bool take_bracket(struct reader *reader, struct gx_view *ret_inside)
{
    const uint8_t *end = reader->left == 0 ? NULL : memchr(reader->at, ']', reader->left);
    if (end == NULL) {
        return false;
    }
    *ret_inside = (struct gx_view){reader->at, (size_t)(end - reader->at)};
    reader->left -= ret_inside->size + 1;
    reader->at = end + 1;
    return true;
}

/* The account may stand again before the data: "#ACCT|..." or "|...". It must be the same one. */
static bool strip_account(struct dc09_frame *frame)
{
    struct reader reader = {frame->data.data, frame->data.size};
    char inner[DC09_ACCOUNT_SIZE] = "";
    bool named = take(&reader, '#');
    if (named && (!take_hex(&reader, inner, 3, DC09_ACCOUNT_SIZE - 1) ||
                  strcmp(inner, frame->account) != 0)) {
        return false;
    }
    if (!take(&reader, '|') && named && reader.left > 0) {
        return false;
    }
    frame->data = (struct gx_view){reader.at, reader.left};
    return true;
}

/* What stands after '[': data][x...]_timestamp */
static bool read_content(struct reader *reader, struct dc09_frame *frame)
{
    if (!take_bracket(reader, &frame->data) || !strip_account(frame)) {
        return false;
    }
    while (take(reader, '[')) {
        struct gx_view extra;
        if (!take_bracket(reader, &extra)) {
            return false;
        }
        if (frame->extra_count < DC09_EXTRAS_MAX) {
            frame->extras[frame->extra_count++] = extra;
        }
    }
    return reader->left == 0 ? !frame->encrypted : take_stamp(reader, frame);
}

enum dc09_verdict dc09_read(struct gx_view bytes, struct dc09_frame *ret_frame)
{
    struct dc09_frame frame = {.token = DC09_OTHER};
    size_t head = head_of(bytes);
    uint32_t sent = 0;
    uint32_t length = 0;
    *ret_frame = frame;
    if (head == 0 || bytes.data[0] != LF || bytes.data[bytes.size - 1] != CR) {
        return DC09_BAD_CRC;
    }
    struct gx_view span = {bytes.data + head, bytes.size - head - 1};
    frame.raw_crc = head == RAW_HEAD;
    if (frame.raw_crc) {
        sent = (uint32_t)bytes.data[1] << 8U | bytes.data[2];
    } else if (!hex_number(bytes.data + 1, 4, &sent)) {
        return DC09_BAD_CRC;
    }
    if (sent != dc09_crc(span)) {
        return DC09_BAD_CRC;
    }
    frame.length_right = hex_number(bytes.data + head - 3, 3, &length) && length == span.size;
    struct reader reader = {span.data, span.size};
    bool good = read_token(&reader, &frame) && read_address(&reader, &frame);
    if (good && frame.token == DC09_REPLY) {
        *ret_frame = frame;
        return DC09_GOOD;
    }
    good = good && take(&reader, '[');
    if (good && frame.encrypted) {
        frame.cipher = (struct gx_view){reader.at, reader.left};
        good = reader.left > 0 && reader.left % (2 * (size_t)BLOCK) == 0;
    } else if (good) {
        good = read_content(&reader, &frame);
    }
    *ret_frame = frame;
    return good ? DC09_GOOD : DC09_BAD_FORM;
}

/* --- encryption --- */

static const EVP_CIPHER *cipher_of(size_t key_size)
{
    switch (key_size) {
    case 16:
        return EVP_aes_128_cbc();
    case 24:
        return EVP_aes_192_cbc();
    case 32:
        return EVP_aes_256_cbc();
    default:
        return NULL;
    }
}

/* size is a multiple of 16; in and out may be the same. */
static bool aes(struct gx_view key, bool encrypt, const uint8_t *in, size_t size, uint8_t *out)
{
    static const uint8_t ZERO[BLOCK] = {0};
    const EVP_CIPHER *cipher = cipher_of(key.size);
    EVP_CIPHER_CTX *evp = cipher == NULL ? NULL : EVP_CIPHER_CTX_new();
    int done = 0;
    bool good = evp != NULL &&
                EVP_CipherInit_ex(evp, cipher, NULL, key.data, ZERO, encrypt ? 1 : 0) == 1 &&
                EVP_CIPHER_CTX_set_padding(evp, 0) == 1 &&
                EVP_CipherUpdate(evp, out, &done, in, (int)size) == 1 && (size_t)done == size;
    EVP_CIPHER_CTX_free(evp);
    return good;
}

enum dc09_verdict dc09_open(struct dc09_frame *frame, struct gx_view key, uint8_t *room)
{
    size_t size = frame->cipher.size / 2;
    for (size_t i = 0; i < size; i++) {
        uint32_t byte = 0;
        if (!hex_number(frame->cipher.data + 2 * i, 2, &byte)) {
            return DC09_BAD_FORM;
        }
        room[i] = (uint8_t)byte;
    }
    if (!aes(key, false, room, size, room)) {
        return DC09_BAD_KEY;
    }
    size_t pad = 0;
    while (pad < size && room[pad] != '|' && room[pad] != ']' && room[pad] != '[') {
        pad++;
    }
    struct reader reader = {room + pad, size - pad};
    (void)take(&reader, '|');
    return reader.left > 0 && read_content(&reader, frame) ? DC09_GOOD : DC09_BAD_KEY;
}

size_t dc09_key(const char *secret, uint8_t key[DC09_KEY_MAX])
{
    static const char TEXT[] = "text:";
    size_t size = strlen(secret);
    if (strncmp(secret, TEXT, sizeof TEXT - 1) == 0) {
        size -= sizeof TEXT - 1;
        if (cipher_of(size) == NULL) {
            return 0;
        }
        memcpy(key, secret + sizeof TEXT - 1, size);
        return size;
    }
    return size % 2 == 0 && cipher_of(size / 2) != NULL && gx_hex_decode(secret, key, size / 2) == 0
               ? size / 2
               : 0;
}

/* --- answers --- */

/* Closes what stands in body as a frame of the form that the panel speaks. */
static size_t finish(const struct dc09_frame *frame, const char *body, uint8_t out[DC09_REPLY_MAX])
{
    struct gx_view span = {(const uint8_t *)body, strlen(body)};
    unsigned crc = dc09_crc(span);
    int head = 0;
    if (frame->raw_crc) {
        out[0] = LF;
        out[1] = (uint8_t)(crc >> 8U);
        out[2] = (uint8_t)crc;
        head = 3 + snprintf((char *)out + 3, DC09_REPLY_MAX - 3, "0%03zX", span.size);
    } else {
        head = snprintf((char *)out, DC09_REPLY_MAX, "\n%04X0%03zX", crc, span.size);
    }
    size_t used = (size_t)head;
    memcpy(out + used, body, span.size);
    out[used + span.size] = CR;
    return used + span.size + 1;
}

static void stamp(int64_t now_ms, char text[STAMP_SIZE + 1])
{
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm tm;
    (void)gmtime_r(&seconds, &tm);
    (void)strftime(text, STAMP_SIZE + 1, "_%H:%M:%S,%m-%d-%Y", &tm);
}

enum {
    BODY_MAX = 200
};

static int address(const struct dc09_frame *frame, const char *token, char body[BODY_MAX])
{
    return snprintf(body, BODY_MAX, "\"%s\"%04u%s%sL%s%s%s[", token, (unsigned)frame->sequence,
                    frame->receiver[0] == '\0' ? "" : "R", frame->receiver,
                    frame->line[0] == '\0' ? "0" : frame->line,
                    frame->account[0] == '\0' ? "" : "#", frame->account);
}

/* "pad|]_timestamp": the first block is random, since the IV is not. Returns the size of the hex digits. */
static size_t sealed_end(struct gx_view key, int64_t now_ms, char *hex)
{
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    enum {
        END = 2 + STAMP_SIZE, /* "|]" and the timestamp */
        PAD = PAD_MIN + (BLOCK - END % BLOCK) % BLOCK,
        SIZE = PAD + END
    };
    uint8_t plain[SIZE + 1];
    uint8_t closed[SIZE];
    char time_text[STAMP_SIZE + 1];
    gx_random(plain, PAD);
    for (size_t i = 0; i < PAD; i++) {
        plain[i] = (uint8_t)LETTERS[plain[i] % (sizeof LETTERS - 1)];
    }
    stamp(now_ms, time_text);
    plain[PAD] = '|';
    plain[PAD + 1] = ']';
    memcpy(plain + PAD + 2, time_text, STAMP_SIZE);
    if (!aes(key, true, plain, SIZE, closed)) {
        return 0;
    }
    for (size_t i = 0; i < SIZE; i++) {
        hex[2 * i] = "0123456789ABCDEF"[closed[i] >> 4U];
        hex[2 * i + 1] = "0123456789ABCDEF"[closed[i] & 15U];
    }
    hex[2 * (size_t)SIZE] = '\0';
    return 2 * (size_t)SIZE;
}

size_t dc09_ack(const struct dc09_frame *frame, struct gx_view key, int64_t now_ms,
                uint8_t out[DC09_REPLY_MAX])
{
    char body[BODY_MAX];
    bool sealed = frame->encrypted && key.size > 0;
    size_t used = (size_t)address(frame, sealed ? "*ACK" : "ACK", body);
    if (!sealed) {
        (void)snprintf(body + used, sizeof body - used, "]");
    } else if (sealed_end(key, now_ms, body + used) == 0) {
        return 0;
    }
    return finish(frame, body, out);
}

size_t dc09_duh(const struct dc09_frame *frame, uint8_t out[DC09_REPLY_MAX])
{
    char body[BODY_MAX];
    size_t used = (size_t)address(frame, "DUH", body);
    (void)snprintf(body + used, sizeof body - used, "]");
    return finish(frame, body, out);
}

size_t dc09_nak(const struct dc09_frame *frame, int64_t now_ms, uint8_t out[DC09_REPLY_MAX])
{
    char body[BODY_MAX];
    char time_text[STAMP_SIZE + 1];
    stamp(now_ms, time_text);
    (void)snprintf(body, sizeof body, "\"NAK\"0000R0L0A0[]%s", time_text);
    return finish(frame, body, out);
}
