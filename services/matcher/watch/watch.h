/* SPDX-License-Identifier: Apache-2.0 */
/* The watch over coverage: a thread that takes a turn (turn.h) every coverage_seconds. For struct gx_service. */
#ifndef MATCHER_WATCH_WATCH_H
#define MATCHER_WATCH_WATCH_H

#include "chassis/service.h"

/* Nothing when coverage_seconds is 0. */
enum gx_rc watch_start(const struct gx_common_settings *common);
void watch_stop(void);

#endif
