/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Against guessing: failures counted by name ("user@address", an address, a user). After `free_tries` failures each further one doubles the
 * wait, from 1 s to 15 min; 15 min without a failure forget it. Bounded like the buckets.
 */
#ifndef GATEWAY_LOCKOUT_H
#define GATEWAY_LOCKOUT_H

#include <stdint.h>

struct gw_lockout;
struct gw_lockout *gw_lockout_new(int free_tries);
void gw_lockout_free(struct gw_lockout *lockout);
/* Microseconds until the name may try; 0: now. Thread-safe, as all here. */
int64_t gw_lockout_wait(struct gw_lockout *lockout, const char *name, int64_t now_us);
void gw_lockout_failed(struct gw_lockout *lockout, const char *name, int64_t now_us);
void gw_lockout_forgive(struct gw_lockout *lockout, const char *name);

#endif
