/* SPDX-License-Identifier: Apache-2.0 */
/* Request headers, read strictly. */
#ifndef GATEWAY_HEADERS_H
#define GATEWAY_HEADERS_H

#include <stddef.h>

/*
 * Idempotency-Key: an RFC 8941 sf-string (with its quotes), parameters ignored. Writes the 1..255 characters of the string; -1 for a bare
 * token, anything else that is no string, or another length.
 */
int gw_sf_string(const char *field, char *out, size_t room);

/* The token of "Bearer <token>", inside authorization; NULL for another scheme or none. */
const char *gw_bearer(const char *authorization);

/*
 * "Basic <base64 of user:password>"; 0, or -1 for another scheme, none, or a user or password that does not fit or holds a NUL.
 */
int gw_basic(const char *authorization, char *user, size_t user_room, char *password,
             size_t password_room);
/* "zh-CN" or "en": the supported language that Accept-Language likes best; fallback for NULL or neither. */
const char *gw_language(const char *accept_language, const char *fallback);

/* Copies a traceparent without the blanks around it; out is "" when it does not fit. */
void gw_trim(const char *field, char *out, size_t room);

/* The media type alone, in lower case: "Application/JSON; charset=utf-8" -> "application/json". */
void gw_media_type(const char *content_type, char *out, size_t room);

#endif
