/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 as RFC 4648 section 4 has it, padded, in its one canonical form: whatever decodes is exactly what encoding gives. */
#ifndef GX_PROOF_B64_H
#define GX_PROOF_B64_H

#include "base/cleanup.h"

#include <stdbool.h>

/* The whole text into at most `room` bytes. False for anything not canonical or too long. */
bool gx_b64_decode(struct gx_view text, uint8_t *bytes, size_t room, size_t *ret_size);
/* Text of 4 * ceil(size / 3) characters and its end, which must fit. Returns text. */
char *gx_b64_encode(const uint8_t *bytes, size_t size, char *text, size_t text_size);

#endif
