/* SPDX-License-Identifier: Apache-2.0 */
#include "headers.h"

#include "base/text.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    BASIC_MAX = 512 /* user, colon and password */
};

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " ");
}

static bool is_key_char(char c, bool first)
{
    bool letter = (c >= 'a' && c <= 'z') || c == '*';
    return letter || (!first && ((c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'));
}

/* Parameters of an item: ;key or ;key=value. Their values matter to nobody, so any bare item without blanks is let through. */
static bool only_parameters(const char *at)
{
    while (*at == ';') {
        at = skip_blanks(at + 1);
        if (!is_key_char(*at, true)) {
            return false;
        }
        while (is_key_char(*at, false)) {
            at++;
        }
        if (*at == '=') {
            size_t size = strcspn(at + 1, "; ");
            if (size == 0) {
                return false;
            }
            at += 1 + size;
        }
    }
    return *skip_blanks(at) == '\0';
}

int gw_sf_string(const char *field, char *out, size_t room)
{
    const char *at = skip_blanks(field);
    size_t used = 0;
    if (*at++ != '"') {
        return -1;
    }
    for (; *at != '"'; at++) {
        if (*at == '\\') {
            at++;
            if (*at != '"' && *at != '\\') {
                return -1;
            }
        }
        if (*at < 0x20 || *at > 0x7e || used + 1 >= room || used >= 255) {
            return -1;
        }
        out[used++] = *at;
    }
    out[used] = '\0';
    return used > 0 && only_parameters(at + 1) ? 0 : -1;
}

const char *gw_bearer(const char *authorization)
{
    if (authorization == NULL || strncasecmp(authorization, "Bearer ", 7) != 0) {
        return NULL;
    }
    const char *token = skip_blanks(authorization + 7);
    return *token == '\0' ? NULL : token;
}

/* The weight in thousandths of one element "en-GB;q=0.7". */
static int weight(const char *element, size_t size)
{
    const char *q = memchr(element, ';', size);
    if (q == NULL) {
        return 1000;
    }
    char text[16] = "";
    double value = 0;
    size_t left = size - (size_t)(q - element) - 1;
    if (left >= sizeof text) {
        return 0;
    }
    memcpy(text, q + 1, left);
    const char *equals = strchr(text, '=');
    if (equals == NULL || gx_parse_double(equals + 1, 0, 1, &value) != 0) {
        return 0;
    }
    return (int)(value * 1000);
}

const char *gw_language(const char *accept_language, const char *fallback)
{
    int best = 0;
    const char *found = fallback;
    const char *at = accept_language == NULL ? "" : accept_language;
    while (*at != '\0') {
        at += strspn(at, " ,\t");
        size_t size = strcspn(at, ",");
        const char *lang = strncasecmp(at, "zh", 2) == 0   ? "zh-CN"
                           : strncasecmp(at, "en", 2) == 0 ? "en"
                                                           : NULL;
        bool whole = size >= 2 && (size == 2 || strchr("-; \t", at[2]) != NULL);
        int liked = size > 0 ? weight(at, size) : 0;
        if (lang != NULL && whole && liked > best) {
            best = liked;
            found = lang;
        }
        at += size;
    }
    return found;
}

void gw_trim(const char *field, char *out, size_t room)
{
    const char *at = field + strspn(field, " \t");
    size_t size = strlen(at);
    while (size > 0 && (at[size - 1] == ' ' || at[size - 1] == '\t')) {
        size--;
    }
    out[0] = '\0';
    if (size < room) {
        memcpy(out, at, size);
        out[size] = '\0';
    }
}

void gw_media_type(const char *content_type, char *out, size_t room)
{
    size_t size = content_type == NULL ? 0 : strcspn(content_type, "; \t");
    size = size < room ? size : 0; /* no type that we take is so long */
    for (size_t i = 0; i < size; i++) {
        char c = content_type[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    out[size] = '\0';
}

static int copy_part(const char *from, size_t size, char *out, size_t room)
{
    if (size >= room || memchr(from, '\0', size) != NULL) {
        return -1;
    }
    memcpy(out, from, size);
    out[size] = '\0';
    return 0;
}

int gw_basic(const char *authorization, char *user, size_t user_room, char *password,
             size_t password_room)
{
    char plain[BASIC_MAX];
    size_t size = 0;
    if (authorization == NULL || strncasecmp(authorization, "Basic ", 6) != 0) {
        return -1;
    }
    const char *text = skip_blanks(authorization + 6);
    if (sodium_base642bin((unsigned char *)plain, sizeof plain, text, strlen(text), " ", &size,
                          NULL, sodium_base64_VARIANT_ORIGINAL) != 0) {
        return -1;
    }
    const char *colon = memchr(plain, ':', size);
    if (colon == NULL) {
        return -1;
    }
    size_t user_size = (size_t)(colon - plain);
    int good = copy_part(plain, user_size, user, user_room) == 0 &&
               copy_part(colon + 1, size - user_size - 1, password, password_room) == 0;
    sodium_memzero(plain, sizeof plain);
    return good ? 0 : -1;
}
