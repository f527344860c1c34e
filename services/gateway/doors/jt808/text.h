/* SPDX-License-Identifier: Apache-2.0 */
/* Text of terminals is GBK. */
#ifndef GATEWAY_DOORS_JT808_TEXT_H
#define GATEWAY_DOORS_JT808_TEXT_H

#include "base/cleanup.h"

#include <stddef.h>

/* GBK to UTF-8, without the NULs that pad it, cut to room. What is no GBK becomes "?". */
void jt808_text_read(struct gx_view gbk, char *text, size_t room);
/* UTF-8 to GBK; returns the bytes written, at most room, never half a character. What GBK lacks becomes "?". */
size_t jt808_text_write(const char *text, uint8_t *gbk, size_t room);

#endif
