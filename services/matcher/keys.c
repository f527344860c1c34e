/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_ROOM = 256
};

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool key_parse(const char *text, struct key *ret_key)
{
    uint64_t halves[2] = {0, 0};
    int digits = 0;
    for (int i = 0; i < KEY_TEXT_SIZE - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        int value = dash ? 0 : digit(text[i]);
        if (dash ? text[i] != '-' : value < 0) {
            return false;
        }
        if (!dash) {
            halves[digits / 16] = halves[digits / 16] << 4 | (uint64_t)value;
            digits++;
        }
    }
    *ret_key = (struct key){halves[0], halves[1]};
    return text[KEY_TEXT_SIZE - 1] == '\0';
}

char *key_format(struct key key, char text[KEY_TEXT_SIZE])
{
    static const char HEX[] = "0123456789abcdef";
    char *out = text;
    for (int i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20) {
            *out++ = '-';
        }
        uint64_t half = i < 16 ? key.high : key.low;
        *out++ = HEX[half >> (60 - 4 * (i % 16)) & 15];
    }
    *out = '\0';
    return text;
}

bool key_is(struct key a, struct key b)
{
    return a.high == b.high && a.low == b.low;
}

static size_t place_of(const struct keys *keys, struct key key)
{
    uint64_t hash = (key.high ^ (key.low << 31 | key.low >> 33)) * 0x9e3779b97f4a7c15U;
    hash ^= hash >> 29;
    hash = (hash + key.low) * 0xbf58476d1ce4e5b9U;
    size_t at = (size_t)(hash >> 24) & (keys->room - 1);
    while (keys->entries[at].used && !key_is(keys->entries[at].key, key)) {
        at = (at + 1) & (keys->room - 1);
    }
    return at;
}

uint32_t keys_find(const struct keys *keys, struct key key)
{
    if (keys->room == 0) {
        return KEY_NONE;
    }
    const struct keys_entry *entry = &keys->entries[place_of(keys, key)];
    return entry->used ? entry->number : KEY_NONE;
}

static void grow(struct keys *keys)
{
    struct keys old = *keys;
    keys->room = old.room == 0 ? FIRST_ROOM : old.room * 2;
    keys->entries = calloc(keys->room, sizeof *keys->entries);
    if (keys->entries == NULL) {
        abort();
    }
    for (size_t i = 0; i < old.room; i++) {
        if (old.entries[i].used) {
            keys->entries[place_of(keys, old.entries[i].key)] = old.entries[i];
        }
    }
    free(old.entries);
}

void keys_add(struct keys *keys, struct key key, uint32_t number)
{
    if (keys->count * 10 >= keys->room * 7) {
        grow(keys);
    }
    keys->entries[place_of(keys, key)] = (struct keys_entry){key, number, true};
    keys->count++;
}

void keys_done(struct keys *keys)
{
    free(keys->entries);
    *keys = (struct keys){0};
}
