/* SPDX-License-Identifier: Apache-2.0 */
/* What the matcher answers: rows for main.c. */
#ifndef MATCHER_HANDLERS_H
#define MATCHER_HANDLERS_H

#include "chassis/service.h"

extern const struct gx_command_row MATCHER_COMMANDS[];
extern const size_t MATCHER_COMMAND_COUNT;

#endif
