/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an image is a road graph through and through, so that whoever reads it later need not look again. */
#ifndef MATCHER_ROADS_CHECK_H
#define MATCHER_ROADS_CHECK_H

#include "roads/fault.h"

#include <stddef.h>
#include <stdint.h>

/* data is aligned to 8 at least. */
enum gx_rc roads_check_image(const void *data, size_t bytes, struct roads_fault *fault);
/* CRC-32 with the header's checksum field taken as 0. */
uint32_t roads_checksum(const void *data, size_t bytes);

#endif
