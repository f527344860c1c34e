/* SPDX-License-Identifier: Apache-2.0 */
/* The service as a table, for main.c and for tests. */
#ifndef INTAKE_HANDLERS_H
#define INTAKE_HANDLERS_H

#include "chassis/service.h"

extern const struct gx_service INTAKE;

#endif
