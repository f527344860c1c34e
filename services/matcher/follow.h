/* SPDX-License-Identifier: Apache-2.0 */
/* What the matcher follows, and its timers: rows for main.c. */
#ifndef MATCHER_FOLLOW_H
#define MATCHER_FOLLOW_H

#include "chassis/service.h"

extern const struct gx_event_row MATCHER_EVENTS[];
extern const size_t MATCHER_EVENT_COUNT;
extern const struct gx_timer_row MATCHER_TIMERS[];
extern const size_t MATCHER_TIMER_COUNT;

#endif
