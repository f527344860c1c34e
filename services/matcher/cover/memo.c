/* SPDX-License-Identifier: Apache-2.0 */
#include "cover/memo.h"

#include "keys.h"

#include <stdlib.h>
#include <string.h>

struct known {
    const char *basis;
    uint32_t seconds;
    uint32_t bound; /* as far as was looked; 0: all the way */
};

struct memo {
    const struct gx_travel *behind;
    struct keys numbers;
    struct known *known;
    size_t count;
    size_t room;
};

struct memo *memo_new(const struct gx_travel *behind)
{
    struct memo *memo = calloc(1, sizeof *memo);
    if (memo == NULL) {
        abort();
    }
    memo->behind = behind;
    return memo;
}

void memo_free(struct memo *memo)
{
    if (memo != NULL) {
        keys_done(&memo->numbers);
        free(memo->known);
        free(memo);
    }
}

/* The last step of splitmix64. */
static uint64_t mixed(uint64_t hash, double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    hash += bits + UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
    return hash ^ hash >> 31;
}

/* 128 bits for five values: among millions, two that fall together will not be met. */
static struct key key_of(const struct travel_from *from, struct gx_point to)
{
    const double values[] = {from->place.lon, from->place.lat, to.lon, to.lat,
                             (double)(unsigned)from->force};
    struct key key = {1, 2};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        key.high = mixed(key.high, values[i]);
        key.low = mixed(key.low, values[i]);
    }
    return key;
}

static bool answers(const struct known *known, uint32_t bound)
{
    return known->seconds != UINT32_MAX || known->bound == 0 ||
           (bound != 0 && bound <= known->bound);
}

static struct known *find(const struct memo *memo, struct key key)
{
    uint32_t number = keys_find(&memo->numbers, key);
    return number == KEY_NONE ? NULL : &memo->known[number];
}

static void keep(struct memo *memo, struct key key, const struct known *known)
{
    struct known *was = find(memo, key);
    if (was != NULL) {
        *was = *known;
        return;
    }
    if (memo->count == memo->room) {
        memo->room = memo->room == 0 ? 1024 : memo->room * 2;
        memo->known = realloc(memo->known, memo->room * sizeof *memo->known);
        if (memo->known == NULL) {
            abort();
        }
    }
    keys_add(&memo->numbers, key, (uint32_t)memo->count);
    memo->known[memo->count++] = *known;
}

/* Those it has no answer for, with their places among all. */
struct unknown {
    struct travel_from *from;
    size_t *whose;
    struct travel_times times;
    size_t count;
};

static enum gx_rc ask(struct memo *memo, struct gx_ctx *ctx, const struct unknown *unknown,
                      struct gx_point to, const struct travel_times *times)
{
    enum gx_rc rc = unknown->count == 0
                        ? GX_OK
                        : memo->behind->matrix(memo->behind->self, ctx, unknown->from,
                                               unknown->count, to, &unknown->times);
    for (size_t i = 0; i < unknown->count && rc == GX_OK; i++) {
        const struct known known = {unknown->times.bases[i], unknown->times.seconds[i],
                                    times->bound};
        times->seconds[unknown->whose[i]] = known.seconds;
        times->bases[unknown->whose[i]] = known.basis;
        keep(memo, key_of(&unknown->from[i], to), &known);
    }
    return rc;
}

static enum gx_rc matrix(const void *self, struct gx_ctx *ctx, const struct travel_from *from,
                         size_t count, struct gx_point to, const struct travel_times *times)
{
    struct memo *memo = (struct memo *)(uintptr_t)self;
    struct unknown unknown = {
        .from = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *unknown.from),
        .whose = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *unknown.whose),
        .times = {.seconds = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof(uint32_t)),
                  .bases = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof(char *)),
                  .bound = times->bound},
    };
    if (ctx->arena.spent) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        const struct known *known = find(memo, key_of(&from[i], to));
        if (known != NULL && answers(known, times->bound)) {
            times->seconds[i] = known->seconds;
            times->bases[i] = known->basis;
        } else {
            unknown.whose[unknown.count] = i;
            unknown.from[unknown.count++] = from[i];
        }
    }
    return ask(memo, ctx, &unknown, to, times);
}

static double reach_m(const void *self, Genxi__Force force, double seconds)
{
    const struct memo *memo = self;
    return memo->behind->reach_m(memo->behind->self, force, seconds);
}

struct gx_travel memo_travel(struct memo *memo)
{
    return (struct gx_travel){.self = memo, .matrix = matrix, .reach_m = reach_m};
}
