/* SPDX-License-Identifier: Apache-2.0 */
#include "index.h"

#include "cache/redis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_SIZE = 40,
    CELL_KEYS_MAX = 9,
    RADII = 4096, /* squares remembered, two forces may push each other out: it is only a guess */
};
static const double CELL_DEGREES = 0.25;

/* One answer a fix: "" taken, "s<time>" an equal or newer one is known, "j<speed>" impossible. */
static const char PUT_LUA[] =
    "local speed, gap = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
    "local out = {}\n"
    "for i = 3, #ARGV, 5 do\n"
    "  local id, at, lon, lat, key = ARGV[i], tonumber(ARGV[i+1]), ARGV[i+2], ARGV[i+3], "
    "ARGV[i+4]\n"
    "  local hash = 'pos:' .. id\n"
    "  local old = redis.call('HMGET', hash, 'at', 'lon', 'lat', 'key')\n"
    "  local answer = ''\n"
    "  if old[1] then\n"
    "    local since = at - tonumber(old[1])\n"
    "    if since <= 0 then answer = 's' .. old[1]\n"
    "    elseif since <= gap then\n"
    "      local y = (lat - old[3]) * 111194.9\n"
    "      local x = (lon - old[2]) * 111194.9 * math.cos(lat * 0.017453292519943)\n"
    "      local v = (math.sqrt(x * x + y * y) - 30) / (since / 1000)\n"
    "      if v > speed then answer = 'j' .. v end\n"
    "    end\n"
    "  end\n"
    "  if answer == '' then\n"
    "    if old[4] and old[4] ~= key then redis.call('ZREM', old[4], id) end\n"
    "    redis.call('GEOADD', key, lon, lat, id)\n"
    "    redis.call('HSET', hash, 'at', ARGV[i+1], 'lon', lon, 'lat', lat, 'key', key)\n"
    "    redis.call('ZADD', 'seen', ARGV[i+1], id)\n"
    "  end\n"
    "  out[#out+1] = answer\n"
    "end\n"
    "return out\n";

/* ARGV: lon, lat, then for each force: keys, want, count, radius, radius_max. Answer for each:
 * radius, n, n times (id, at, lon, lat). */
static const char NEAR_LUA[] =
    "local lon, lat = ARGV[1], ARGV[2]\n"
    "local out, k = {}, 0\n"
    "for i = 3, #ARGV, 5 do\n"
    "  local keys, want, count = tonumber(ARGV[i]), tonumber(ARGV[i+1]), ARGV[i+2]\n"
    "  local radius, most = tonumber(ARGV[i+3]), tonumber(ARGV[i+4])\n"
    "  local ids\n"
    "  while true do\n"
    "    ids = {}\n"
    "    for j = 1, keys do\n"
    "      local some = redis.call('GEOSEARCH', KEYS[k+j], 'FROMLONLAT', lon, lat, 'BYRADIUS', "
    "radius, 'm',\n"
    "                              'ASC', 'COUNT', count)\n"
    "      for _, id in ipairs(some) do ids[#ids+1] = id end\n"
    "    end\n"
    "    if #ids >= want or radius >= most then break end\n"
    "    radius = math.min(radius * 2, most)\n"
    "  end\n"
    "  k = k + keys\n"
    "  out[#out+1] = tostring(radius)\n"
    "  out[#out+1] = #ids\n"
    "  for _, id in ipairs(ids) do\n"
    "    local fix = redis.call('HMGET', 'pos:' .. id, 'at', 'lon', 'lat')\n"
    "    out[#out+1] = id\n"
    "    out[#out+1] = fix[1] or '0'\n"
    "    out[#out+1] = fix[2] or '0'\n"
    "    out[#out+1] = fix[3] or '0'\n"
    "  end\n"
    "end\n"
    "return out\n";

static const char FORGET_LUA[] = "for _, id in ipairs(ARGV) do\n"
                                 "  local key = redis.call('HGET', 'pos:' .. id, 'key')\n"
                                 "  if key then redis.call('ZREM', key, id) end\n"
                                 "  redis.call('DEL', 'pos:' .. id)\n"
                                 "  redis.call('ZREM', 'seen', id)\n"
                                 "end\n"
                                 "return #ARGV\n";

static const char PRUNE_LUA[] =
    "local ids = redis.call('ZRANGEBYSCORE', 'seen', '-inf', ARGV[1], 'LIMIT', 0, 500)\n"
    "for _, id in ipairs(ids) do\n"
    "  local key = redis.call('HGET', 'pos:' .. id, 'key')\n"
    "  if key then redis.call('ZREM', key, id) end\n"
    "  redis.call('DEL', 'pos:' .. id)\n"
    "  redis.call('ZREM', 'seen', id)\n"
    "end\n"
    "return #ids\n";

struct radius {
    uint64_t square; /* 0: nothing remembered */
    float metres;
};

struct index {
    struct gx_redis *redis;
    struct radius radii[RADII];
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

/* Arguments of one script call, texts in the arena. */
struct words {
    struct gx_ctx *ctx;
    const char **words;
    size_t *sizes;
    size_t count;
    size_t room;
};

static bool words_init(struct words *words, struct gx_ctx *ctx, size_t room)
{
    words->ctx = ctx;
    words->words = gx_arena_alloc(&ctx->arena, room * sizeof *words->words);
    words->sizes = gx_arena_alloc(&ctx->arena, room * sizeof *words->sizes);
    words->count = 0;
    words->room = room;
    return words->words != NULL && words->sizes != NULL;
}

static void add(struct words *words, const char *text)
{
    if (text != NULL && words->count < words->room) {
        words->words[words->count] = text;
        words->sizes[words->count++] = strlen(text);
    }
}

static void add_real(struct words *words, double value)
{
    add(words, gx_arena_printf(&words->ctx->arena, "%.7f", value));
}

static void add_int(struct words *words, int64_t value)
{
    add(words, gx_arena_printf(&words->ctx->arena, "%lld", (long long)value));
}

static int cell_of(double degrees)
{
    return (int)floor(degrees / CELL_DEGREES);
}

static const char *key_of(struct gx_ctx *ctx, int x, int y, Genxi__Force force)
{
    return gx_arena_printf(&ctx->arena, "geo:{%d,%d}:%d", x, y, (int)force);
}

static enum gx_rc call(struct index *index, const char *lua, const struct words *words, size_t keys,
                       struct gx_redis_reply **ret_reply)
{
    if (words->ctx->arena.spent) {
        return GX_LIMIT;
    }
    return gx_redis_script(index->redis, lua, words->count, words->words, words->sizes, keys,
                           ret_reply);
}

enum gx_rc index_put(struct index *index, struct gx_ctx *ctx, const struct index_fix *fixes,
                     size_t count, const struct index_limits *limits,
                     struct index_outcome *outcomes)
{
    struct words words;
    if (count == 0) {
        return GX_OK;
    }
    if (!words_init(&words, ctx, 2 + count * 5)) {
        return GX_LIMIT;
    }
    add_real(&words, limits->jump_mps);
    add_int(&words, limits->jump_gap_ms);
    for (size_t i = 0; i < count; i++) {
        add(&words, fixes[i].responder_id);
        add_int(&words, fixes[i].at);
        add_real(&words, fixes[i].place.lon);
        add_real(&words, fixes[i].place.lat);
        add(&words,
            key_of(ctx, cell_of(fixes[i].place.lon), cell_of(fixes[i].place.lat), fixes[i].force));
    }
    GX_AUTO(gx_redis_reply_free) struct gx_redis_reply *reply = NULL;
    enum gx_rc rc = call(index, PUT_LUA, &words, 0, &reply);
    if (rc != GX_OK || gx_redis_size(reply) != count) {
        return rc != GX_OK ? rc : GX_INTERNAL;
    }
    for (size_t i = 0; i < count; i++) {
        const char *answer = gx_redis_text(gx_redis_at(reply, i));
        outcomes[i].answer = answer[0] == 's'   ? INDEX_STALE
                             : answer[0] == 'j' ? INDEX_JUMP
                                                : INDEX_TAKEN;
        outcomes[i].value = answer[0] == '\0' ? 0.0 : strtod(answer + 1, NULL);
    }
    return GX_OK;
}

/* Squares of about 2 km, and the force: the key under which a radius is remembered, never 0. */
static uint64_t square_of(struct gx_point place, Genxi__Force force)
{
    uint64_t x = (uint64_t)((place.lon + 180.0) * 50.0);
    uint64_t y = (uint64_t)((place.lat + 90.0) * 50.0);
    return (x << 32 | y << 8 | (uint64_t)force) + 1;
}

static struct radius *radius_slot(struct index *index, uint64_t square)
{
    return &index->radii[(square * 0x9e3779b97f4a7c15ULL) >> 52];
}

static double radius_for(struct index *index, struct gx_point place,
                         const struct index_query *query)
{
    if (query->radius_m > 0.0) {
        return fmin(query->radius_m, query->radius_max_m);
    }
    uint64_t square = square_of(place, query->force);
    const struct radius *slot = radius_slot(index, square);
    double remembered = slot->square == square ? (double)slot->metres : query->start_m;
    return fmin(remembered, query->radius_max_m);
}

static void remember(struct index *index, struct gx_point place, Genxi__Force force, double metres)
{
    uint64_t square = square_of(place, force);
    struct radius *slot = radius_slot(index, square);
    slot->square = square;
    slot->metres = (float)metres;
}

/* The GEO sets that a circle may touch. */
static size_t add_keys(struct words *words, struct gx_point place, double radius_m,
                       Genxi__Force force)
{
    double dlat = radius_m / 111000.0;
    double dlon = dlat / fmax(0.1, cos(place.lat * 0.017453292519943));
    size_t keys = 0;
    for (int x = cell_of(place.lon - dlon); x <= cell_of(place.lon + dlon); x++) {
        for (int y = cell_of(place.lat - dlat); y <= cell_of(place.lat + dlat); y++) {
            if (keys < CELL_KEYS_MAX) {
                add(words, key_of(words->ctx, x, y, force));
                keys++;
            }
        }
    }
    return keys;
}

static int by_double(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

/* The next search here starts with what would just have sufficed, and a little. */
static void learn(struct index *index, struct gx_ctx *ctx, struct gx_point place,
                  const struct index_query *query, const struct index_found *found, size_t count,
                  double radius_m)
{
    double *metres = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *metres);
    if (metres == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        metres[i] = gx_geo_distance_m(found[i].place, place);
    }
    qsort(metres, count, sizeof *metres, by_double);
    bool enough = query->want > 0 && count >= query->want;
    double sufficed = enough ? metres[query->want - 1] * 1.25 : radius_m;
    remember(index, place, query->force, fmin(fmax(sufficed, 250.0), query->radius_max_m));
}

static size_t read_hits(struct index_found *items, const struct gx_redis_reply *reply, size_t at,
                        size_t count, Genxi__Force force)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const char *fix_at = gx_redis_text(gx_redis_at(reply, at + i * 4 + 1));
        struct index_found *item = &items[kept];
        item->at = strtoll(fix_at, NULL, 10);
        item->place.lon = strtod(gx_redis_text(gx_redis_at(reply, at + i * 4 + 2)), NULL);
        item->place.lat = strtod(gx_redis_text(gx_redis_at(reply, at + i * 4 + 3)), NULL);
        item->force = force;
        item->responder_id = gx_redis_text(gx_redis_at(reply, at + i * 4));
        kept += item->at != 0 ? 1 : 0;
    }
    return kept;
}

static enum gx_rc take_hits(struct index *index, struct gx_ctx *ctx, struct gx_point place,
                            const struct index_query *queries, size_t query_count,
                            const struct gx_redis_reply *reply, struct index_hits *ret_hits)
{
    size_t room = gx_redis_size(reply) / 4 + 1;
    ret_hits->items = gx_arena_alloc(&ctx->arena, room * sizeof *ret_hits->items);
    ret_hits->count = 0;
    if (ret_hits->items == NULL) {
        return GX_LIMIT;
    }
    size_t at = 0;
    for (size_t q = 0; q < query_count && at + 2 <= gx_redis_size(reply); q++) {
        double radius_m = strtod(gx_redis_text(gx_redis_at(reply, at)), NULL);
        size_t count = (size_t)gx_redis_int(gx_redis_at(reply, at + 1));
        struct index_found *items = ret_hits->items + ret_hits->count;
        size_t kept = read_hits(items, reply, at + 2, count, queries[q].force);
        for (size_t i = 0; i < kept; i++) {
            items[i].responder_id = gx_arena_text(&ctx->arena, items[i].responder_id);
        }
        learn(index, ctx, place, &queries[q], items, kept, radius_m);
        ret_hits->radius_m[queries[q].force] = radius_m;
        ret_hits->count += kept;
        at += 2 + count * 4;
    }
    return ctx->arena.spent ? GX_LIMIT : GX_OK;
}

enum gx_rc index_near(struct index *index, struct gx_ctx *ctx, struct gx_point place,
                      const struct index_query *queries, size_t query_count,
                      struct index_hits *ret_hits)
{
    struct words keys;
    struct words args;
    if (!words_init(&keys, ctx, query_count * (CELL_KEYS_MAX + 5) + 2) ||
        !words_init(&args, ctx, query_count * 5 + 2)) {
        return GX_LIMIT;
    }
    add_real(&args, place.lon);
    add_real(&args, place.lat);
    for (size_t q = 0; q < query_count; q++) {
        add_int(&args, (int64_t)add_keys(&keys, place, queries[q].radius_max_m, queries[q].force));
        add_int(&args, queries[q].want);
        add_int(&args, queries[q].count);
        add_real(&args, radius_for(index, place, &queries[q]));
        add_real(&args, queries[q].radius_max_m);
    }
    size_t key_count = keys.count;
    for (size_t i = 0; i < args.count; i++) {
        add(&keys, args.words[i]);
    }
    GX_AUTO(gx_redis_reply_free) struct gx_redis_reply *reply = NULL;
    enum gx_rc rc = call(index, NEAR_LUA, &keys, key_count, &reply);
    return rc == GX_OK ? take_hits(index, ctx, place, queries, query_count, reply, ret_hits) : rc;
}

static enum gx_rc read_fix(struct index *index, struct index_found *found)
{
    GX_AUTO(gx_redis_reply_free) struct gx_redis_reply *reply = NULL;
    enum gx_rc rc = gx_redis_next(index->redis, &reply);
    if (rc == GX_OK && gx_redis_size(reply) == 3) {
        found->at = strtoll(gx_redis_text(gx_redis_at(reply, 0)), NULL, 10);
        found->place.lon = strtod(gx_redis_text(gx_redis_at(reply, 1)), NULL);
        found->place.lat = strtod(gx_redis_text(gx_redis_at(reply, 2)), NULL);
    }
    return rc;
}

enum gx_rc index_fixes(struct index *index, struct gx_ctx *ctx, const char *const *ids,
                       size_t count, struct index_found *found)
{
    enum gx_rc rc = GX_OK;
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        const char *key = gx_arena_printf(&ctx->arena, "pos:%s", ids[i]);
        if (key == NULL) {
            return GX_LIMIT;
        }
        const char *const argv[] = {"HMGET", key, "at", "lon", "lat"};
        const size_t sizes[] = {5, strlen(key), 2, 3, 3};
        found[i] = (struct index_found){.responder_id = ids[i]};
        rc = gx_redis_queue(index->redis, 5, argv, sizes);
    }
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        rc = read_fix(index, &found[i]);
    }
    return rc;
}

enum gx_rc index_forget(struct index *index, struct gx_ctx *ctx, const char *const *ids,
                        size_t count)
{
    struct words words;
    if (count == 0) {
        return GX_OK;
    }
    if (!words_init(&words, ctx, count)) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        add(&words, ids[i]);
    }
    GX_AUTO(gx_redis_reply_free) struct gx_redis_reply *reply = NULL;
    return call(index, FORGET_LUA, &words, 0, &reply);
}

enum gx_rc index_prune(struct index *index, struct gx_ctx *ctx, int64_t before)
{
    struct words words;
    if (!words_init(&words, ctx, 1)) {
        return GX_LIMIT;
    }
    add_int(&words, before);
    GX_AUTO(gx_redis_reply_free) struct gx_redis_reply *reply = NULL;
    return call(index, PRUNE_LUA, &words, 0, &reply);
}
