/* SPDX-License-Identifier: Apache-2.0 */
/* The reference policies: the nearest idle unit, home again afterwards, first come first served. */
#ifndef BENCH_DISPATCH_PLAIN_H
#define BENCH_DISPATCH_PLAIN_H

#include "sim.h"

extern const struct sim_policy PLAIN_P0; /* by straight line */
extern const struct sim_policy PLAIN_P1; /* by road */

#endif
