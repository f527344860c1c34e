/* SPDX-License-Identifier: Apache-2.0 */
#include "vector.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    PLACE_TEXT_MAX = 33
}; /* -2147483648:9223372036854775807, */

void gw_vector_done(struct gw_vector *vector)
{
    free(vector->items);
    *vector = (struct gw_vector){0};
}

/* The index of the first area not below this one. */
static size_t seek(const struct gw_vector *vector, int32_t area)
{
    size_t low = 0;
    size_t high = vector->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (vector->items[middle].area < area) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int64_t gw_vector_get(const struct gw_vector *vector, int32_t area)
{
    size_t i = seek(vector, area);
    return i < vector->count && vector->items[i].area == area ? vector->items[i].seq : 0;
}

static void grow(struct gw_vector *vector, size_t room)
{
    if (room <= vector->room) {
        return;
    }
    struct gw_place *items = realloc(vector->items, room * sizeof *items);
    if (items == NULL) {
        abort();
    }
    vector->items = items;
    vector->room = room;
}

void gw_vector_set(struct gw_vector *vector, int32_t area, int64_t seq)
{
    size_t i = seek(vector, area);
    if (i == vector->count || vector->items[i].area != area) {
        if (vector->count == vector->room) {
            grow(vector, vector->room == 0 ? 16 : vector->room * 2);
        }
        memmove(vector->items + i + 1, vector->items + i,
                (vector->count - i) * sizeof *vector->items);
        vector->count++;
        vector->items[i].area = area;
    }
    vector->items[i].seq = seq;
}

void gw_vector_copy(const struct gw_vector *from, struct gw_vector *to)
{
    grow(to, from->count);
    if (from->count > 0) {
        memcpy(to->items, from->items, from->count * sizeof *to->items);
    }
    to->count = from->count;
}

bool gw_vector_covers(const struct gw_vector *a, const struct gw_vector *b)
{
    for (size_t i = 0; i < b->count; i++) {
        if (gw_vector_get(a, b->items[i].area) < b->items[i].seq) {
            return false;
        }
    }
    return true;
}

/* Digits without a leading zero, 1..max. */
static int parse_number(const char **at, int64_t max, int64_t *ret_value)
{
    int64_t value = 0;
    if (**at < '1' || **at > '9') {
        return -1;
    }
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        int digit = **at - '0';
        if (value > (max - digit) / 10) {
            return -1;
        }
        value = value * 10 + digit;
    }
    *ret_value = value;
    return 0;
}

static int parse_place(const char **at, struct gw_vector *vector)
{
    int64_t area = 0;
    int64_t seq = 0;
    if (parse_number(at, INT32_MAX, &area) != 0 || **at != ':') {
        return -1;
    }
    (*at)++;
    bool rises = vector->count == 0 || vector->items[vector->count - 1].area < area;
    if (parse_number(at, INT64_MAX, &seq) != 0 || !rises || vector->count == GW_VECTOR_MAX) {
        return -1;
    }
    gw_vector_set(vector, (int32_t)area, seq);
    return 0;
}

int gw_vector_parse(const char *text, struct gw_vector *ret_vector)
{
    struct gw_vector vector = {0};
    const char *at = text;
    if (strcmp(text, "-") == 0) {
        *ret_vector = vector;
        return 0;
    }
    while (parse_place(&at, &vector) == 0) {
        if (*at == '\0') {
            *ret_vector = vector;
            return 0;
        }
        if (*at++ != ',') {
            break;
        }
    }
    gw_vector_done(&vector);
    return -1;
}

static char *put_number(char *out, int64_t value)
{
    char digits[24];
    size_t count = 0;
    uint64_t left = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
    if (value < 0) {
        *out++ = '-';
    }
    do {
        digits[count++] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    while (count > 0) {
        *out++ = digits[--count];
    }
    return out;
}

char *gw_vector_text(const struct gw_vector *vector, size_t *ret_size)
{
    char *text = malloc(vector->count * PLACE_TEXT_MAX + 2);
    if (text == NULL) {
        abort();
    }
    char *at = text;
    for (size_t i = 0; i < vector->count; i++) {
        if (vector->items[i].seq == 0) {
            continue;
        }
        if (at != text) {
            *at++ = ',';
        }
        at = put_number(at, vector->items[i].area);
        *at++ = ':';
        at = put_number(at, vector->items[i].seq);
    }
    if (at == text) {
        *at++ = '-';
    }
    *at = '\0';
    *ret_size = (size_t)(at - text);
    return text;
}
