/* SPDX-License-Identifier: Apache-2.0 */
#include "redact.h"

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A place in the text, read code point by code point. */
struct at {
    const char *next;
};

/* One code point of valid UTF-8, full-width digits and letters as ASCII, letters in upper case; 0 at the end. */
static uint32_t take(struct at *at)
{
    const uint8_t *byte = (const uint8_t *)at->next;
    uint32_t point = byte[0];
    size_t size = 1;
    if (point >= 0xf0) {
        size = 4;
        point &= 0x07;
    } else if (point >= 0xe0) {
        size = 3;
        point &= 0x0f;
    } else if (point >= 0xc0) {
        size = 2;
        point &= 0x1f;
    }
    for (size_t i = 1; i < size; i++) {
        if ((byte[i] & 0xc0) !=
            0x80) { /* cut short: callers give valid UTF-8, but never read past the end */
            size = i;
            break;
        }
        point = (point << 6) | (byte[i] & 0x3f);
    }
    at->next += point == 0 ? 0 : size;
    if (point >= 0xff01 && point <= 0xff5e) {
        point -= 0xff01 - 0x21;
    }
    return point >= 'a' && point <= 'z' ? point - ('a' - 'A') : point;
}

static bool is_digit(uint32_t point)
{
    return point >= '0' && point <= '9';
}

static bool is_word(uint32_t point)
{
    return is_digit(point) || (point >= 'A' && point <= 'Z');
}

static bool is_gap(uint32_t point)
{
    return point == ' ' || point == '-' || point == 0x3000 || point == 0xb7 || point == 0x2013 ||
           point == 0x2014 || point == 0x2022 || point == 0x30fb || point == '.';
}

enum {
    DIGITS_MAX = 64,
    GROUPS_MAX = 12
};

/* A run of digits with single gaps between its groups, as people write numbers: 138-0013-8000. */
struct run {
    uint32_t digits[DIGITS_MAX];
    size_t count;
    size_t groups[GROUPS_MAX]; /* digits in each */
    size_t group_count;
    bool ends_in_x; /* as identity cards may */
};

/* Reads a run whose first digit is `first`; leaves `at` behind it, or where the run became too long to go on. */
static void take_run(struct at *at, uint32_t first, struct run *run)
{
    memset(run, 0, sizeof *run);
    run->digits[run->count++] = first - '0';
    run->groups[run->group_count++] = 1;
    for (;;) {
        struct at before = *at;
        uint32_t point = take(at);
        if (is_digit(point) && run->count < DIGITS_MAX) {
            run->digits[run->count++] = point - '0';
            run->groups[run->group_count - 1]++;
            continue;
        }
        struct at behind = *at;
        uint32_t next = is_gap(point) ? take(&behind) : 0;
        if (is_digit(next) && run->group_count < GROUPS_MAX && run->count < DIGITS_MAX) {
            *at = behind;
            run->digits[run->count++] = next - '0';
            run->groups[run->group_count++] = 1;
            continue;
        }
        run->ends_in_x = point == 'X' || next == 'X';
        *at = before;
        return;
    }
}

static uint32_t number(const struct run *run, size_t from, size_t count)
{
    uint32_t value = 0;
    for (size_t i = from; i < from + count; i++) {
        value = value * 10 + run->digits[i];
    }
    return value;
}

/* 18 characters: area, date of birth, order, check digit; or 15 digits of the old form. The date must be one. */
static bool is_id(const struct run *run)
{
    bool modern = run->count == 18 || (run->count == 17 && run->ends_in_x);
    if (run->digits[0] == 0 || (!modern && run->count != 15)) {
        return false;
    }
    size_t at = modern ? 10 : 8;
    uint32_t year = modern ? number(run, 6, 4) : 1900;
    uint32_t month = number(run, at, 2);
    uint32_t day = number(run, at + 2, 2);
    return year >= 1850 && year <= 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* Eleven digits in one group or in 3-4-4, from a group on. */
static bool is_mobile(const struct run *run, size_t digit, size_t group)
{
    const size_t *groups = run->groups + group;
    size_t left = run->group_count - group;
    bool grouped = left == 1 || (left == 3 && groups[0] == 3 && groups[1] == 4 && groups[2] == 4);
    return grouped && run->digits[digit] == 1 && run->digits[digit + 1] >= 3;
}

static bool is_phone(const struct run *run)
{
    if (run->count == 11 && is_mobile(run, 0, 0)) {
        return true;
    }
    if (run->count == 13 && number(run, 0, 2) == 86) {
        bool apart = run->groups[0] == 2;
        return (apart || run->group_count == 1) && is_mobile(run, 2, apart ? 1 : 0);
    }
    /* Fixed line: 0871-63123456, 010-12345678, also without the gap. */
    bool area_code =
        run->digits[0] == 0 && run->count >= 10 && run->count <= 12 && run->digits[1] != 0;
    bool split = run->group_count == 2 && (run->groups[0] == 3 || run->groups[0] == 4) &&
                 run->groups[1] >= 7;
    return area_code && (run->group_count == 1 || split);
}

/* Each row of neighbouring groups may be a number of its own: two telephone numbers side by side are one run. */
static enum intel_personal find_in(const struct run *run)
{
    size_t digit = 0;
    for (size_t from = 0; from < run->group_count; digit += run->groups[from], from++) {
        struct run part = {.count = 0};
        memcpy(part.digits, run->digits + digit, (run->count - digit) * sizeof part.digits[0]);
        for (size_t to = from; to < run->group_count; to++) {
            part.groups[part.group_count++] = run->groups[to];
            part.count += run->groups[to];
            part.ends_in_x = run->ends_in_x && to + 1 == run->group_count;
            if (is_id(&part)) {
                return INTEL_PERSONAL_ID;
            }
            if (is_phone(&part)) {
                return INTEL_PERSONAL_PHONE;
            }
        }
    }
    return INTEL_PERSONAL_NONE;
}

/* The characters that a number plate begins with: provinces, police, embassies. */
static bool is_plate_begin(uint32_t point)
{
    static const uint32_t BEGINS[] = {
        0x4eac, 0x6d25, 0x6caa, 0x6e1d, 0x5180, 0x8c6b, 0x4e91, 0x8fbd, 0x9ed1, 0x6e58, 0x7696,
        0x9c81, 0x65b0, 0x82cf, 0x6d59, 0x8d63, 0x9102, 0x6842, 0x7518, 0x664b, 0x8499, 0x9655,
        0x5409, 0x95fd, 0x8d35, 0x7ca4, 0x9752, 0x85cf, 0x5ddd, 0x5b81, 0x743c, 0x4f7f, 0x9886};
    for (size_t i = 0; i < GX_COUNT_OF(BEGINS); i++) {
        if (BEGINS[i] == point) {
            return true;
        }
    }
    return false;
}

/* Behind the first character: a letter, perhaps a gap, five or six letters and digits with at least three digits, or the sign of trailers. */
static bool is_plate(struct at at)
{
    uint32_t point = take(&at);
    if (point < 'A' || point > 'Z') {
        return false;
    }
    struct at behind = at;
    if (is_gap(take(&behind))) {
        at = behind;
    }
    int length = 0;
    int digits = 0;
    for (point = take(&at); is_word(point) && length < 7; point = take(&at)) {
        length++;
        digits += is_digit(point) ? 1 : 0;
    }
    bool tail =
        point == 0x8b66 || point == 0x6302 || point == 0x5b66 || point == 0x6e2f || point == 0x6fb3;
    return digits >= 3 && (length == 5 || length == 6 || (length == 4 && tail));
}

enum intel_personal intel_personal_find(const char *text)
{
    struct at at = {text};
    for (uint32_t point = take(&at); point != 0; point = take(&at)) {
        if (is_plate_begin(point) && is_plate(at)) {
            return INTEL_PERSONAL_PLATE;
        }
        if (is_digit(point)) {
            struct run run;
            take_run(&at, point, &run);
            enum intel_personal found = find_in(&run);
            if (found != INTEL_PERSONAL_NONE) {
                return found;
            }
        }
    }
    return INTEL_PERSONAL_NONE;
}

const char *intel_personal_word(enum intel_personal kind)
{
    static const char *const WORDS[] = {"", "id-number", "phone", "plate"};
    return WORDS[kind];
}
