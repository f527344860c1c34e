/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside: UTF-8, numbers, hex and base64, each read strictly or not at all. */
#ifndef GX_BASE_TEXT_H
#define GX_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Valid UTF-8: no overlong form, surrogate, or value over U+10FFFF. */
bool gx_utf8_valid(const char *text, size_t size);
/* Code points in valid UTF-8. */
size_t gx_utf8_length(const char *text);

/* The whole text is one decimal number in [min, max]; nothing before or after it. 0, or -1. */
int gx_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret_value);
/* The whole text is one finite decimal number in [min, max] (a '.' in every locale). 0, or -1. */
int gx_parse_double(const char *text, double min, double max, double *ret_value);

/* out holds 2 * size + 1. */
void gx_hex_encode(const uint8_t *bytes, size_t size, char *out);
/* Exactly 2 * size hex digits, either case. 0, or -1. */
int gx_hex_decode(const char *text, uint8_t *bytes, size_t size);

bool gx_text_is(const char *a, const char *b); /* equal, and NULL equals nothing */

#endif
