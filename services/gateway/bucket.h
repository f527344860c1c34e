/* SPDX-License-Identifier: Apache-2.0 */
/* Token buckets by name (credential or address), in a table of bounded size: when it is full the fullest bucket near by is forgotten. */
#ifndef GATEWAY_BUCKET_H
#define GATEWAY_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct gw_buckets;
struct gw_buckets *gw_buckets_new(int64_t per_second, int64_t burst);
void gw_buckets_free(struct gw_buckets *buckets);
/* Takes one token at now_us (monotonic). 0, or the microseconds until there is one. Thread-safe. */
int64_t gw_bucket_take(struct gw_buckets *buckets, const char *name, int64_t now_us);

#endif
