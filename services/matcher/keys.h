/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers by key: a hash table of 128-bit keys (ids, grid cells) that only grows. Not thread-safe; empty when zeroed. */
#ifndef MATCHER_KEYS_H
#define MATCHER_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key {
    uint64_t high;
    uint64_t low;
};

struct keys_entry {
    struct key key;
    uint32_t number;
    bool used;
};

struct keys {
    struct keys_entry *entries;
    size_t room; /* a power of two, or 0 */
    size_t count;
};

enum {
    KEY_TEXT_SIZE = 37
};
#define KEY_NONE UINT32_MAX

/* A UUID's text, either case. False: it is none. */
bool key_parse(const char *text, struct key *ret_key);
/* Lower case. Returns text. */
char *key_format(struct key key, char text[KEY_TEXT_SIZE]);
bool key_is(struct key a, struct key b);

/* KEY_NONE: not there. */
uint32_t keys_find(const struct keys *keys, struct key key);
/* The key must not be there. */
void keys_add(struct keys *keys, struct key key, uint32_t number);
void keys_done(struct keys *keys);

#endif
