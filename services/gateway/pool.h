/* SPDX-License-Identifier: Apache-2.0 */
/* Threads for work that waits (database, password hashes), each with a connection of its own; a bounded queue before them. */
#ifndef GATEWAY_POOL_H
#define GATEWAY_POOL_H

#include "base/rc.h"

#include <stddef.h>

struct gx_background;
struct gw_pool;
typedef void gw_job_fn(struct gx_background *background, void *arg);

enum gx_rc gw_pool_open(int threads, size_t queue_limit, struct gw_pool **ret_pool);
/* Runs fn(background, arg) once in some thread. LIMIT when the queue is full: then fn will not be called. */
enum gx_rc gw_pool_add(struct gw_pool *pool, gw_job_fn *fn, void *arg);
/* Finishes what is queued, then ends the threads. NULL is fine. */
void gw_pool_free(struct gw_pool *pool);

#endif
