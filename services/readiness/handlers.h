/* SPDX-License-Identifier: Apache-2.0 */
/* What the service answers; the one table, for main and for tests. */
#ifndef READINESS_HANDLERS_H
#define READINESS_HANDLERS_H

#include "chassis/service.h"

extern const struct gx_service READINESS;

#endif
