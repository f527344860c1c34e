/* SPDX-License-Identifier: Apache-2.0 */
/* One clock, UTC. Wall times are Unix milliseconds; durations are measured on the monotonic clock. */
#ifndef GX_BASE_CLOCK_H
#define GX_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

enum {
    GX_TIME_TEXT_SIZE = 25
}; /* "2026-11-24T06:05:36.123Z" and its end */

int64_t gx_clock_wall_ms(void);
int64_t gx_clock_mono_us(void);

/* Tests: every later wall time is the real one plus offset_ms. */
void gx_clock_shift(int64_t offset_ms);

/* RFC 3339 in UTC with milliseconds; returns text. Years 1970..9999. */
char *gx_time_format(int64_t wall_ms, char text[GX_TIME_TEXT_SIZE]);
/*
 * RFC 3339 with any offset and 0 to 9 digits of fraction (cut to ms). Returns 0, or -1 for anything else:
 * a time without an offset is refused, since nobody can say what it means.
 */
int gx_time_parse(const char *text, int64_t *ret_wall_ms);

#endif
