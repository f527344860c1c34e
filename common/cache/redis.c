/* SPDX-License-Identifier: Apache-2.0 */
#include "cache/redis.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    RETRY_US = 500 * 1000, /* between attempts to connect again */
    CONNECT_MS = 300,      /* a local server answers in well under one */
    ANSWER_MS =
        1000, /* past it the server counts as lost: matching has a better use for its time */
    SCRIPTS_MAX = 8,
    RUN_ARGS_MAX = 16,
    SCRIPT_ARGS_ON_STACK = 64,
};

/* A script that the server is known to hold. */
struct script {
    const char *lua;
    char sha[41];
};

struct gx_redis {
    redisContext *connection; /* NULL while lost */
    char *host;               /* or the path of a unix socket */
    int port;                 /* 0: unix socket */
    char *password;
    int64_t next_try_us;
    size_t waiting; /* replies still to be read */
    struct script scripts[SCRIPTS_MAX];
    size_t script_count;
};

static const redisReply *raw(const struct gx_redis_reply *reply)
{
    return (const redisReply *)(const void *)reply;
}

static int parse_address(struct gx_redis *redis, const char *address)
{
    if (strncmp(address, "unix:", 5) == 0) {
        redis->host = strdup(address + 5);
        return address[5] == '\0' ? -1 : 0;
    }
    const char *colon = strrchr(address, ':');
    int64_t port = 0;
    if (colon == NULL || colon == address || gx_parse_int(colon + 1, 1, 65535, &port) != 0) {
        return -1;
    }
    redis->host = strndup(address, (size_t)(colon - address));
    redis->port = (int)port;
    return 0;
}

enum gx_rc gx_redis_open(const char *address, const char *password, struct gx_redis **ret_redis)
{
    struct gx_redis *redis = calloc(1, sizeof *redis);
    if (redis == NULL) {
        abort();
    }
    if (parse_address(redis, address) != 0) {
        gx_redis_free(redis);
        return GX_INVALID;
    }
    redis->password = password == NULL || password[0] == '\0' ? NULL : strdup(password);
    *ret_redis = redis;
    return GX_OK;
}

static void lose(struct gx_redis *redis)
{
    redisFree(redis->connection);
    redis->connection = NULL;
    redis->waiting = 0;
    redis->next_try_us = gx_clock_mono_us() + RETRY_US;
}

void gx_redis_free(struct gx_redis *redis)
{
    if (redis == NULL) {
        return;
    }
    redisFree(redis->connection);
    free(redis->host);
    free(redis->password);
    free(redis);
}

bool gx_redis_up(const struct gx_redis *redis)
{
    return redis->connection != NULL && redis->connection->err == 0;
}

static bool log_in(struct gx_redis *redis)
{
    if (redis->password == NULL) {
        return true;
    }
    const char *const argv[] = {"AUTH", redis->password};
    const size_t sizes[] = {4, strlen(redis->password)};
    redisReply *reply =
        redisCommandArgv(redis->connection, 2, (const char **)(uintptr_t)argv, sizes);
    bool good = reply != NULL && reply->type != REDIS_REPLY_ERROR;
    freeReplyObject(reply);
    if (!good) {
        gx_log(NULL, GX_DEBUG, "redis-auth", "Redis refused the password");
    }
    return good;
}

static enum gx_rc ensure(struct gx_redis *redis)
{
    if (gx_redis_up(redis)) {
        return GX_OK;
    }
    if (redis->connection != NULL) {
        lose(redis);
    }
    if (gx_clock_mono_us() < redis->next_try_us) {
        return GX_UNAVAILABLE;
    }
    const struct timeval connect = {.tv_usec = CONNECT_MS * 1000L};
    redis->connection = redis->port == 0
                            ? redisConnectUnixWithTimeout(redis->host, connect)
                            : redisConnectWithTimeout(redis->host, redis->port, connect);
    const struct timeval answer = {.tv_sec = ANSWER_MS / 1000};
    if (!gx_redis_up(redis) || redisSetTimeout(redis->connection, answer) != REDIS_OK ||
        !log_in(redis)) {
        lose(redis);
        return GX_UNAVAILABLE;
    }
    redis->script_count = 0;
    return GX_OK;
}

enum gx_rc gx_redis_queue(struct gx_redis *redis, size_t argc, const char *const *argv,
                          const size_t *sizes)
{
    enum gx_rc rc = ensure(redis);
    if (rc != GX_OK) {
        return rc;
    }
    /* hiredis wants non-const pointers and changes nothing. */
    if (redisAppendCommandArgv(redis->connection, (int)argc, (const char **)(uintptr_t)argv,
                               sizes) != REDIS_OK) {
        lose(redis);
        return GX_UNAVAILABLE;
    }
    redis->waiting++;
    return GX_OK;
}

enum gx_rc gx_redis_next(struct gx_redis *redis, struct gx_redis_reply **ret_reply)
{
    void *reply = NULL;
    if (redis->connection == NULL || redis->waiting == 0) {
        return GX_UNAVAILABLE;
    }
    if (redisGetReply(redis->connection, &reply) != REDIS_OK || reply == NULL) {
        lose(redis);
        return GX_UNAVAILABLE;
    }
    redis->waiting--;
    *ret_reply = reply;
    return GX_OK;
}

/* Answers of a pipeline that its owner gave up on must not be taken for those of the next command. */
static enum gx_rc drain(struct gx_redis *redis)
{
    while (redis->waiting > 0) {
        GX_AUTO(gx_redis_reply_free) struct gx_redis_reply *reply = NULL;
        enum gx_rc rc = gx_redis_next(redis, &reply);
        if (rc != GX_OK) {
            return rc;
        }
    }
    return GX_OK;
}

/* One command, one reply. On failure nothing is left to free. */
static enum gx_rc ask(struct gx_redis *redis, size_t argc, const char *const *argv,
                      const size_t *sizes, struct gx_redis_reply **ret_reply)
{
    enum gx_rc rc = drain(redis);
    rc = rc == GX_OK ? gx_redis_queue(redis, argc, argv, sizes) : rc;
    return rc == GX_OK ? gx_redis_next(redis, ret_reply) : rc;
}

static enum gx_rc take(struct gx_redis_reply *reply, const char *what,
                       struct gx_redis_reply **ret_reply)
{
    if (gx_redis_is_error(reply)) {
        /* The one place that still holds the server's words; callers only see INTERNAL. */
        gx_log(NULL, GX_ERROR, "redis-error", "%s: %s", what, raw(reply)->str);
        gx_redis_reply_free(reply);
        return GX_INTERNAL;
    }
    *ret_reply = reply;
    return GX_OK;
}

enum gx_rc gx_redis_run(struct gx_redis *redis, struct gx_redis_reply **ret_reply, ...)
{
    const char *argv[RUN_ARGS_MAX];
    size_t sizes[RUN_ARGS_MAX];
    size_t argc = 0;
    va_list args;
    va_start(args, ret_reply);
    for (const char *word = va_arg(args, const char *); word != NULL;
         word = va_arg(args, const char *)) {
        if (argc == RUN_ARGS_MAX) {
            va_end(args);
            return GX_INVALID;
        }
        argv[argc] = word;
        sizes[argc++] = strlen(word);
    }
    va_end(args);
    struct gx_redis_reply *reply = NULL;
    enum gx_rc rc = argc == 0 ? GX_INVALID : ask(redis, argc, argv, sizes, &reply);
    return rc == GX_OK ? take(reply, argv[0], ret_reply) : rc;
}

static enum gx_rc load(struct gx_redis *redis, const char *lua, const char **ret_sha)
{
    const char *const argv[] = {"SCRIPT", "LOAD", lua};
    const size_t sizes[] = {6, 4, strlen(lua)};
    struct gx_redis_reply *answer = NULL;
    enum gx_rc rc = ask(redis, 3, argv, sizes, &answer);
    GX_AUTO(gx_redis_reply_free) struct gx_redis_reply *reply = NULL;
    rc = rc == GX_OK ? take(answer, "SCRIPT LOAD", &reply) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    if (strlen(gx_redis_text(reply)) != 40 || redis->script_count == SCRIPTS_MAX) {
        return GX_INTERNAL;
    }
    struct script *script = &redis->scripts[redis->script_count++];
    script->lua = lua;
    memcpy(script->sha, gx_redis_text(reply), 41);
    *ret_sha = script->sha;
    return GX_OK;
}

/* The digest by which the server knows the script; scripts are told apart by address, they are
 * constants. */
static enum gx_rc digest(struct gx_redis *redis, const char *lua, const char **ret_sha)
{
    for (size_t i = 0; i < redis->script_count; i++) {
        if (redis->scripts[i].lua == lua) {
            *ret_sha = redis->scripts[i].sha;
            return GX_OK;
        }
    }
    return load(redis, lua, ret_sha);
}

static enum gx_rc evaluate(struct gx_redis *redis, const char *sha, size_t argc,
                           const char *const *argv, const size_t *sizes, size_t key_count,
                           struct gx_redis_reply **ret_reply)
{
    const char *stack_words[SCRIPT_ARGS_ON_STACK];
    size_t stack_sizes[SCRIPT_ARGS_ON_STACK];
    size_t count = argc + 3;
    bool small = count <= SCRIPT_ARGS_ON_STACK;
    const char **words = small ? stack_words : malloc(count * sizeof *words);
    size_t *word_sizes = small ? stack_sizes : malloc(count * sizeof *word_sizes);
    if (words == NULL || word_sizes == NULL) {
        abort();
    }
    char keys[24];
    int keys_size = snprintf(keys, sizeof keys, "%zu", key_count);
    const char *const head[] = {"EVALSHA", sha, keys};
    const size_t head_sizes[] = {7, 40, (size_t)keys_size};
    memcpy(words, head, sizeof head);
    memcpy(word_sizes, head_sizes, sizeof head_sizes);
    if (argc > 0) {
        memcpy(words + 3, argv, argc * sizeof *words);
        memcpy(word_sizes + 3, sizes, argc * sizeof *word_sizes);
    }
    enum gx_rc rc = ask(redis, count, words, word_sizes, ret_reply);
    if (!small) {
        free(words);
        free(word_sizes);
    }
    return rc;
}

enum gx_rc gx_redis_script(struct gx_redis *redis, const char *lua, size_t argc,
                           const char *const *argv, const size_t *sizes, size_t key_count,
                           struct gx_redis_reply **ret_reply)
{
    enum gx_rc rc = ensure(redis);
    const char *sha = NULL;
    rc = rc == GX_OK ? digest(redis, lua, &sha) : rc;
    struct gx_redis_reply *reply = NULL;
    rc = rc == GX_OK ? evaluate(redis, sha, argc, argv, sizes, key_count, &reply) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    if (gx_redis_is_error(reply) && strncmp(raw(reply)->str, "NOSCRIPT", 8) == 0) {
        gx_redis_reply_free(reply);
        redis->script_count = 0; /* flushed or another server: all are gone */
        rc = load(redis, lua, &sha);
        rc = rc == GX_OK ? evaluate(redis, sha, argc, argv, sizes, key_count, &reply) : rc;
    }
    return rc == GX_OK ? take(reply, "EVALSHA", ret_reply) : rc;
}

bool gx_redis_is_nil(const struct gx_redis_reply *reply)
{
    return raw(reply)->type == REDIS_REPLY_NIL;
}

bool gx_redis_is_error(const struct gx_redis_reply *reply)
{
    return raw(reply)->type == REDIS_REPLY_ERROR;
}

int64_t gx_redis_int(const struct gx_redis_reply *reply)
{
    return raw(reply)->type == REDIS_REPLY_INTEGER ? raw(reply)->integer : 0;
}

const char *gx_redis_text(const struct gx_redis_reply *reply)
{
    bool text = raw(reply)->type == REDIS_REPLY_STRING || raw(reply)->type == REDIS_REPLY_STATUS;
    return text ? raw(reply)->str : "";
}

size_t gx_redis_size(const struct gx_redis_reply *reply)
{
    return raw(reply)->type == REDIS_REPLY_ARRAY ? raw(reply)->elements : 0;
}

const struct gx_redis_reply *gx_redis_at(const struct gx_redis_reply *reply, size_t index)
{
    return (const struct gx_redis_reply *)(const void *)raw(reply)->element[index];
}

void gx_redis_reply_free(struct gx_redis_reply *reply)
{
    freeReplyObject(reply);
}
