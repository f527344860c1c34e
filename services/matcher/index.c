/* SPDX-License-Identifier: Apache-2.0 */
#include "index.h"

#include "cache/redis.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MEMBERS = 128, /* of one command */
    WORDS_MAX = 2 + 3 * MEMBERS,
    NUMBER_SIZE = 24,
    FIX_SIZE = 80,
    FORCES = 5,
};

struct index {
    struct gx_redis *redis;
    size_t waiting; /* replies */
};

struct index *index_new(struct gx_redis *redis)
{
    struct index *index = calloc(1, sizeof *index);
    if (index == NULL) {
        abort();
    }
    index->redis = redis;
    return index;
}

void index_free(struct index *index)
{
    if (index != NULL) {
        gx_redis_free(index->redis);
        free(index);
    }
}

bool index_alive(struct index *index)
{
    GX_AUTO(gx_redis_reply_free) struct gx_redis_reply *reply = NULL;
    return gx_redis_run(index->redis, &reply, "PING", NULL) == GX_OK;
}

/* ---- one pipeline ---- */

struct words {
    const char *words[WORDS_MAX];
    size_t sizes[WORDS_MAX];
    size_t count;
};

static void add(struct words *words, const char *text)
{
    words->words[words->count] = text;
    words->sizes[words->count++] = strlen(text);
}

static enum gx_rc queue(struct index *index, const struct words *words)
{
    enum gx_rc rc = gx_redis_queue(index->redis, words->count, words->words, words->sizes);
    index->waiting += rc == GX_OK ? 1 : 0;
    return rc;
}

/* Reads the replies to all that was queued. */
static enum gx_rc settle(struct index *index, enum gx_rc rc)
{
    for (; index->waiting > 0 && rc != GX_UNAVAILABLE; index->waiting--) {
        GX_AUTO(gx_redis_reply_free) struct gx_redis_reply *reply = NULL;
        enum gx_rc got = gx_redis_next(index->redis, &reply);
        got = got == GX_OK && gx_redis_is_error(reply) ? GX_INTERNAL : got;
        rc = got == GX_OK ? rc : got;
    }
    index->waiting = 0;
    return rc;
}

static void geo_key(char key[FIX_SIZE], struct live_cell cell, Genxi__Force force)
{
    (void)snprintf(key, FIX_SIZE, "geo:{%d,%d}:%d", cell.x, cell.y, (int)force);
}

static void fix_key(char key[FIX_SIZE], struct live_cell cell)
{
    (void)snprintf(key, FIX_SIZE, "fix:{%d,%d}", cell.x, cell.y);
}

/* ---- writing ---- */

static bool same_cell(struct live_cell a, struct live_cell b)
{
    return a.x == b.x && a.y == b.y;
}

static bool is_cell(struct live_cell cell)
{
    return !same_cell(cell, LIVE_NO_CELL);
}

static int by_cell_and_force(const void *a, const void *b)
{
    const struct live_change *x = a;
    const struct live_change *y = b;
    if (x->is.x != y->is.x) {
        return x->is.x < y->is.x ? -1 : 1;
    }
    if (x->is.y != y->is.y) {
        return x->is.y < y->is.y ? -1 : 1;
    }
    return (x->force > y->force) - (x->force < y->force);
}

static enum gx_rc queue_cell(struct index *index, struct live_cell cell)
{
    char name[NUMBER_SIZE];
    struct words words = {.count = 0};
    (void)snprintf(name, sizeof name, "%d,%d", cell.x, cell.y);
    add(&words, "SADD");
    add(&words, "cells");
    add(&words, name);
    return queue(index, &words);
}

/* Members of one cell and force. */
static enum gx_rc queue_members(struct index *index, const struct live_change *changes,
                                size_t count)
{
    static const char FORMAT[] = "%.10g"; /* a centimetre */
    char numbers[2 * MEMBERS][NUMBER_SIZE];
    char fixes[MEMBERS][FIX_SIZE];
    char key[FIX_SIZE];
    char hash[FIX_SIZE];
    struct words geo = {.count = 0};
    struct words fix = {.count = 0};
    geo_key(key, changes[0].is, changes[0].force);
    fix_key(hash, changes[0].is);
    add(&geo, "GEOADD");
    add(&geo, key);
    add(&fix, "HSET");
    add(&fix, hash);
    for (size_t i = 0; i < count; i++) {
        const struct live_change *change = &changes[i];
        (void)snprintf(numbers[2 * i], NUMBER_SIZE, FORMAT, change->place.lon);
        (void)snprintf(numbers[2 * i + 1], NUMBER_SIZE, FORMAT, change->place.lat);
        (void)snprintf(fixes[i], FIX_SIZE, "%" PRId64 " %s %s", change->at, numbers[2 * i],
                       numbers[2 * i + 1]);
        add(&geo, numbers[2 * i]);
        add(&geo, numbers[2 * i + 1]);
        add(&geo, change->responder_id);
        add(&fix, change->responder_id);
        add(&fix, fixes[i]);
    }
    enum gx_rc rc = queue(index, &geo);
    return rc == GX_OK ? queue(index, &fix) : rc;
}

static enum gx_rc queue_removal(struct index *index, struct live_cell cell, Genxi__Force force,
                                const char *id, bool fix_too)
{
    char key[FIX_SIZE];
    struct words words = {.count = 0};
    geo_key(key, cell, force);
    add(&words, "ZREM");
    add(&words, key);
    add(&words, id);
    enum gx_rc rc = queue(index, &words);
    if (rc != GX_OK || !fix_too) {
        return rc;
    }
    words.count = 0;
    fix_key(key, cell);
    add(&words, "HDEL");
    add(&words, key);
    add(&words, id);
    return queue(index, &words);
}

static enum gx_rc queue_removals(struct index *index, const struct live_change *changes,
                                 size_t count)
{
    enum gx_rc rc = GX_OK;
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        const struct live_change *change = &changes[i];
        bool moved = !same_cell(change->was, change->is);
        if (is_cell(change->was) && (moved || change->was_force != change->force)) {
            rc = queue_removal(index, change->was, change->was_force, change->responder_id, moved);
        }
    }
    return rc;
}

enum gx_rc index_write(struct index *index, struct live_change *changes, size_t count)
{
    if (count == 0) {
        return GX_OK;
    }
    qsort(changes, count, sizeof *changes, by_cell_and_force);
    enum gx_rc rc = queue_removals(index, changes, count);
    for (size_t from = 0; from < count && rc == GX_OK;) {
        size_t end = from + 1;
        while (end < count && end - from < MEMBERS &&
               by_cell_and_force(&changes[from], &changes[end]) == 0) {
            end++;
        }
        if (is_cell(changes[from].is)) {
            rc = queue_cell(index, changes[from].is);
            rc = rc == GX_OK ? queue_members(index, &changes[from], end - from) : rc;
        }
        from = end;
    }
    return settle(index, rc);
}

/* ---- reading ---- */

static enum gx_rc sweep_one(struct index *index, struct live_cell cell, const char *id,
                            const char *text, int64_t since, index_fix_fn *fn, void *arg)
{
    struct live_place place = {.responder_id = id};
    char *rest = NULL;
    place.at = strtoll(text, &rest, 10);
    place.place.lon = strtod(rest, &rest);
    place.place.lat = strtod(rest, NULL);
    if (place.at >= since) {
        if (fn != NULL) {
            fn(arg, &place);
        }
        return GX_OK;
    }
    enum gx_rc rc = GX_OK;
    for (int force = 1; force < FORCES && rc == GX_OK; force++) {
        rc = queue_removal(index, cell, (Genxi__Force)force, id, force == 1);
    }
    return rc;
}

static enum gx_rc sweep_cell(struct index *index, struct live_cell cell, int64_t since,
                             index_fix_fn *fn, void *arg)
{
    char cursor[NUMBER_SIZE] = "0";
    char key[FIX_SIZE];
    enum gx_rc rc = GX_OK;
    fix_key(key, cell);
    do {
        GX_AUTO(gx_redis_reply_free) struct gx_redis_reply *reply = NULL;
        rc = gx_redis_run(index->redis, &reply, "HSCAN", key, cursor, "COUNT", "500", NULL);
        if (rc != GX_OK) {
            return rc;
        }
        const struct gx_redis_reply *pairs = gx_redis_at(reply, 1);
        (void)snprintf(cursor, sizeof cursor, "%s", gx_redis_text(gx_redis_at(reply, 0)));
        for (size_t i = 0; i + 1 < gx_redis_size(pairs) && rc == GX_OK; i += 2) {
            rc = sweep_one(index, cell, gx_redis_text(gx_redis_at(pairs, i)),
                           gx_redis_text(gx_redis_at(pairs, i + 1)), since, fn, arg);
        }
        rc = settle(index, rc);
    } while (rc == GX_OK && strcmp(cursor, "0") != 0);
    return rc;
}

enum gx_rc index_sweep(struct index *index, size_t *cursor, int64_t since, index_fix_fn *fn,
                       void *arg)
{
    GX_AUTO(gx_redis_reply_free) struct gx_redis_reply *reply = NULL;
    enum gx_rc rc = gx_redis_run(index->redis, &reply, "SMEMBERS", "cells", NULL);
    if (rc != GX_OK) {
        return rc;
    }
    int x = 0;
    int y = 0;
    if (*cursor < gx_redis_size(reply) &&
        sscanf(gx_redis_text(gx_redis_at(reply, *cursor)), "%d,%d", &x, &y) == 2) {
        rc = sweep_cell(index, (struct live_cell){(int16_t)x, (int16_t)y}, since, fn, arg);
    }
    ++*cursor;
    *cursor = *cursor >= gx_redis_size(reply) ? 0 : *cursor;
    return rc;
}
