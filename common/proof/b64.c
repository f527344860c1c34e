/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/b64.h"

#include <sodium.h>

bool gx_b64_decode(struct gx_view text, uint8_t *bytes, size_t room, size_t *ret_size)
{
    const char *from = (const char *)text.data;
    const char *end = NULL;
    /* libsodium 1.0.18 sign-extends: it takes the byte 0xaf for '/', so a flipped bit would go unseen. */
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] >= 0x80) {
            return false;
        }
    }
    return sodium_base642bin(bytes, room, from, text.size, NULL, ret_size, &end,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           end == from + text.size;
}

char *gx_b64_encode(const uint8_t *bytes, size_t size, char *text, size_t text_size)
{
    return sodium_bin2base64(text, text_size, bytes, size, sodium_base64_VARIANT_ORIGINAL);
}
