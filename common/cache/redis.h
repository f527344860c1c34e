/* SPDX-License-Identifier: Apache-2.0 */
/* Redis, the only user of hiredis.h. One per thread. Lost: calls give UNAVAILABLE at once and a reconnect is tried every 500 ms. */
#ifndef GX_CACHE_REDIS_H
#define GX_CACHE_REDIS_H

#include "base/cleanup.h"
#include "base/ctx.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gx_redis;
struct gx_redis_reply;

/* "unix:/path" or "host:port"; password NULL: none. Never fails for want of a server: the first call does. */
enum gx_rc gx_redis_open(const char *address, const char *password, struct gx_redis **ret_redis);
void gx_redis_free(struct gx_redis *redis);
bool gx_redis_up(const struct gx_redis *redis);

/* Binary-safe arguments. Queue any number, then read as many replies in order. */
enum gx_rc gx_redis_queue(struct gx_redis *redis, size_t argc, const char *const *argv,
                          const size_t *sizes);
enum gx_rc gx_redis_next(struct gx_redis *redis, struct gx_redis_reply **ret_reply);
/* One command and its reply, arguments as texts ended by NULL. An error reply of Redis gives INTERNAL and logs it. */
enum gx_rc gx_redis_run(struct gx_redis *redis, struct gx_redis_reply **ret_reply, ...);
/* A script by its SHA-1, loaded when the server does not know it. */
enum gx_rc gx_redis_script(struct gx_redis *redis, const char *lua, size_t argc,
                           const char *const *argv, const size_t *sizes, size_t key_count,
                           struct gx_redis_reply **ret_reply);

bool gx_redis_is_nil(const struct gx_redis_reply *reply);
bool gx_redis_is_error(const struct gx_redis_reply *reply);
int64_t gx_redis_int(const struct gx_redis_reply *reply);
const char *gx_redis_text(const struct gx_redis_reply *reply); /* "" unless text */
size_t gx_redis_size(const struct gx_redis_reply *reply);      /* elements of an array */
const struct gx_redis_reply *gx_redis_at(const struct gx_redis_reply *reply, size_t index);
void gx_redis_reply_free(struct gx_redis_reply *reply);
GX_DEFINE_AUTO(struct gx_redis_reply, gx_redis_reply_free)

#endif
