/* SPDX-License-Identifier: Apache-2.0 */
#include "flush.h"

#include "carry.h"
#include "counters.h"
#include "learn/learn.h"
#include "matcher.h"
#include "memory/hear.h"
#include "memory/store.h"
#include "settings.h"
#include "speak.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "chassis/listen.h"
#include "wire/pb.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_MAX =
        200 *
        1000, /* 20 s of 10,000 fixes a second; a longer outage of PostgreSQL loses the oldest picture only */
    SLICE = 2000, /* rows of one transaction */
    ARENA_BYTES = 32 * 1024 * 1024,
    PRUNE_EVERY_US = 30 * 1000 * 1000,
    PURGE_EVERY_US = 60 * 1000 * 1000,
    LEARN_EVERY_US = 60 * 1000 * 1000,
    FORGET_MS = 10 * 60 * 1000, /* nobody has been seen for so long: forgotten */
    CARRY_MS = 100,             /* changes are gathered for so long before they go out */
    BEGIN_AGAIN_MS = 500,
};

struct kept {
    char responder_id[GX_ID_SIZE];
    char org_id[GX_ID_SIZE];
    struct gx_point place;
    int64_t at;
    int32_t area;
    Genxi__Force force;
};

struct heap {
    struct kept *rows;
    size_t count;
    size_t room;
};

/* The process's one buffer: workers put under the lock, the thread swaps it out. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct heap heap;
    bool stopping;
    bool running;
    bool pending; /* somebody has moved */
    pthread_t thread;
    const struct gx_common_settings *common;
    struct carry carry;
    struct gx_listener *listener;
    bool degraded; /* as it was last told */
} FLUSH = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static bool grow(struct heap *heap, size_t count)
{
    if (count <= heap->room) {
        return true;
    }
    if (count > ROWS_MAX) {
        return false;
    }
    size_t room = heap->room == 0 ? 256 : heap->room * 2;
    room = room < count ? count : room;
    struct kept *rows = realloc(heap->rows, room * sizeof *rows);
    if (rows == NULL) {
        abort();
    }
    heap->rows = rows;
    heap->room = room;
    return true;
}

void flush_add(const struct position_row *row)
{
    (void)pthread_mutex_lock(&FLUSH.lock);
    if (!grow(&FLUSH.heap, FLUSH.heap.count + 1)) {
        matcher_count(COUNT_FIXES_DROPPED, 1);
    } else {
        struct kept *kept = &FLUSH.heap.rows[FLUSH.heap.count++];
        *kept = (struct kept){
            .place = row->place, .at = row->at, .area = row->area, .force = row->force};
        (void)snprintf(kept->responder_id, sizeof kept->responder_id, "%s", row->responder_id);
        (void)snprintf(kept->org_id, sizeof kept->org_id, "%s", row->org_id);
    }
    (void)pthread_mutex_unlock(&FLUSH.lock);
}

void flush_moved(void)
{
    (void)pthread_mutex_lock(&FLUSH.lock);
    if (!FLUSH.pending) {
        FLUSH.pending = true;
        (void)pthread_cond_signal(&FLUSH.wake);
    }
    (void)pthread_mutex_unlock(&FLUSH.lock);
}

/* ---- the batch ---- */

static int by_responder_and_time(const void *a, const void *b)
{
    const struct kept *x = a;
    const struct kept *y = b;
    int order = strcmp(x->responder_id, y->responder_id);
    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

static struct position_row row_of(const struct kept *kept)
{
    return (struct position_row){kept->responder_id, kept->org_id, kept->area,
                                 kept->force,        kept->place,  kept->at};
}

static size_t thinned(const struct kept *rows, size_t count, struct position_row *out)
{
    int64_t thin = (int64_t)(MATCHER_SETTINGS.track_seconds * 1000.0);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        bool same = n > 0 && strcmp(out[n - 1].responder_id, rows[i].responder_id) == 0;
        if (!same || rows[i].at - out[n - 1].at >= thin) {
            out[n++] = row_of(&rows[i]);
        }
    }
    return n;
}

struct slice {
    const struct kept *rows;
    size_t count;
};

static enum gx_rc write_tracks(void *arg, struct gx_ctx *ctx)
{
    const struct slice *slice = arg;
    struct position_row *rows = gx_arena_alloc(&ctx->arena, slice->count * sizeof *rows);
    if (rows == NULL) {
        return GX_LIMIT;
    }
    size_t count = thinned(slice->rows, slice->count, rows);
    return store_tracks_put(ctx, rows, count, (int64_t)(MATCHER_SETTINGS.track_seconds * 1000.0));
}

struct stand {
    const struct live_change *changes;
    size_t count;
};

static enum gx_rc tell_arrivals(struct gx_ctx *ctx, const struct position_row *rows, size_t count)
{
    struct assignment *arrived = NULL;
    size_t n = 0;
    enum gx_rc rc = store_arrivals(ctx, rows, count, MATCHER_SETTINGS.arrive_m, &arrived, &n);
    for (size_t i = 0; i < n && rc == GX_OK; i++) {
        rc = speak_assignment_changed(ctx, &arrived[i], NULL);
    }
    return rc;
}

static enum gx_rc write_positions(void *arg, struct gx_ctx *ctx)
{
    const struct stand *stand = arg;
    struct position_row *rows = gx_arena_alloc(&ctx->arena, (stand->count + 1) * sizeof *rows);
    size_t count = 0;
    if (rows == NULL) {
        return GX_LIMIT;
    }
    for (size_t i = 0; i < stand->count; i++) {
        const struct live_change *change = &stand->changes[i];
        if (change->at != 0) {
            rows[count++] =
                (struct position_row){change->responder_id, change->org_id, change->area,
                                      change->force,        change->place,  change->at};
        }
    }
    if (count == 0) {
        return GX_OK;
    }
    enum gx_rc rc = store_positions_put(ctx, rows, count);
    return rc == GX_OK ? tell_arrivals(ctx, rows, count) : rc;
}

/* What could not be written goes back to be tried again. */
static void put_back(const struct kept *rows, size_t count)
{
    (void)pthread_mutex_lock(&FLUSH.lock);
    if (grow(&FLUSH.heap, FLUSH.heap.count + count)) {
        memcpy(FLUSH.heap.rows + FLUSH.heap.count, rows, count * sizeof *rows);
        FLUSH.heap.count += count;
    } else {
        matcher_count(COUNT_FIXES_DROPPED, (int64_t)count);
    }
    (void)pthread_mutex_unlock(&FLUSH.lock);
}

static void note_failure(struct gx_ctx *ctx, size_t count, enum gx_rc rc)
{
    gx_log(ctx, GX_WARN, "positions-not-written", "%zu positions wait: %s", count, gx_rc_name(rc));
}

static void flush_tracks(carry_run_fn *run, void *via, struct gx_ctx *ctx)
{
    (void)pthread_mutex_lock(&FLUSH.lock);
    struct heap heap = FLUSH.heap;
    FLUSH.heap = (struct heap){0};
    (void)pthread_mutex_unlock(&FLUSH.lock);
    if (heap.count > 0) {
        qsort(heap.rows, heap.count, sizeof *heap.rows, by_responder_and_time);
    }
    for (size_t from = 0; from < heap.count;) {
        size_t left = heap.count - from;
        struct slice slice = {heap.rows + from, left < SLICE ? left : SLICE};
        gx_ctx_reset(ctx);
        ctx->deadline_ms = gx_clock_wall_ms() + 5000;
        enum gx_rc rc = run(via, ctx, write_tracks, &slice);
        if (rc != GX_OK) {
            note_failure(ctx, left, rc);
            put_back(heap.rows + from, left);
            break;
        }
        from += slice.count;
    }
    free(heap.rows);
}

/* What was taken out and not written is found again among all. */
static void flush_positions(struct live *live, carry_run_fn *run, void *via, struct gx_ctx *ctx)
{
    struct live_change *changes = malloc(SLICE * sizeof *changes);
    struct stand stand = {.changes = changes};
    enum gx_rc rc = GX_OK;
    if (changes == NULL) {
        abort();
    }
    do {
        stand.count = live_changes(live, LIVE_TO_STORE, changes, SLICE);
        gx_ctx_reset(ctx);
        ctx->deadline_ms = gx_clock_wall_ms() + 5000;
        rc = stand.count == 0 ? GX_OK : run(via, ctx, write_positions, &stand);
    } while (rc == GX_OK && stand.count == SLICE);
    if (rc != GX_OK) {
        note_failure(ctx, stand.count, rc);
        live_change_all(live, LIVE_TO_STORE);
    }
    free(changes);
}

void flush_write(struct live *live, carry_run_fn *run, void *via, struct gx_ctx *ctx)
{
    flush_tracks(run, via, ctx);
    flush_positions(live, run, via, ctx);
}

/* ---- the watch ---- */

static enum gx_rc tell_degraded(void *arg, struct gx_ctx *ctx)
{
    const bool *degraded = arg;
    Genxi__MatcherDegraded event = GENXI__MATCHER_DEGRADED__INIT;
    event.degraded = *degraded;
    event.what = gx_pb_text("redis");
    const struct gx_emit emit = {
        .area = (int32_t)FLUSH.common->district,
        .type = GX_E_matcher_degraded,
        .subject = NULL,
        .payload = &event.base,
    };
    return gx_emit(ctx, &emit);
}

static void watch(struct gx_background *background, struct gx_ctx *ctx)
{
    carry_look(&FLUSH.carry, ctx);
    bool degraded = live_degraded(FLUSH.carry.live);
    gx_metric_set(&MATCHER_COUNTERS[COUNT_REDIS_UP], degraded ? 0 : 1);
    gx_metric_set(&MATCHER_COUNTERS[COUNT_DEGRADED], degraded ? 1 : 0);
    if (degraded == FLUSH.degraded) {
        return;
    }
    gx_log(ctx, GX_WARN, "matcher-degraded", "matching %s",
           degraded ? "goes by memory alone: Redis is away" : "has Redis behind it again");
    gx_ctx_reset(ctx);
    ctx->deadline_ms = gx_clock_wall_ms() + 5000;
    if (gx_background_run(background, ctx, tell_degraded, &degraded) == GX_OK) {
        FLUSH.degraded = degraded;
    }
}

static enum gx_rc purge(void *arg, struct gx_ctx *ctx)
{
    (void)arg;
    int64_t term = (int64_t)(MATCHER_SETTINGS.track_days * 86400.0 * 1000.0);
    return store_positions_purge(ctx, gx_clock_wall_ms() - term);
}

/* One cell of the index at a time: who was left behind there. */
static enum gx_rc sweep(void)
{
    static size_t cursor;
    return index_sweep(FLUSH.carry.index, &cursor, gx_clock_wall_ms() - FORGET_MS, NULL, NULL);
}

static enum gx_rc by_background(void *via, struct gx_ctx *ctx,
                                enum gx_rc (*fn)(void *arg, struct gx_ctx *ctx), void *arg)
{
    return gx_background_run(via, ctx, fn, arg);
}

/* When what is done now and then is due, by the monotonic clock. */
struct tidying {
    int64_t next_prune;
    int64_t next_purge;
    int64_t next_learn;
};

static void tidy(struct gx_background *background, struct gx_ctx *ctx, struct tidying *tidying)
{
    int64_t now = gx_clock_mono_us();
    gx_ctx_reset(ctx);
    ctx->deadline_ms = gx_clock_wall_ms() + 5000;
    enum gx_rc rc = GX_OK;
    if (now >= tidying->next_prune) {
        tidying->next_prune = now + PRUNE_EVERY_US;
        live_expire(FLUSH.carry.live, gx_clock_wall_ms() - FORGET_MS);
        rc = sweep();
    }
    if (now >= tidying->next_purge) {
        tidying->next_purge = now + PURGE_EVERY_US;
        rc = gx_background_run(background, ctx, purge, NULL);
    }
    if (rc == GX_OK && now >= tidying->next_learn) {
        tidying->next_learn = now + LEARN_EVERY_US;
        rc = learn_turn(by_background, background, ctx);
    }
    if (rc != GX_OK) {
        gx_log(ctx, GX_DEBUG, "matcher-tidy", "left for the next time: %s", gx_rc_name(rc));
    }
}

static struct timespec wall_at(int64_t ms)
{
    return (struct timespec){(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};
}

/* Until somebody has moved and CARRY_MS have gone by since the last time, or until then at the latest; false when it is time to end. */
static bool wait_turn(int64_t carried_at, int64_t latest)
{
    (void)pthread_mutex_lock(&FLUSH.lock);
    for (;;) {
        int64_t soon = carried_at + CARRY_MS;
        int64_t until = FLUSH.pending && soon < latest ? soon : latest;
        if (FLUSH.stopping || gx_clock_wall_ms() >= until) {
            break;
        }
        struct timespec wall = wall_at(until);
        (void)pthread_cond_timedwait(&FLUSH.wake, &FLUSH.lock, &wall);
    }
    FLUSH.pending = false;
    bool go_on = !FLUSH.stopping;
    (void)pthread_mutex_unlock(&FLUSH.lock);
    return go_on;
}

/* ---- filling the memory at start ---- */

struct page {
    char after[KEY_TEXT_SIZE];
    size_t count;
};

static enum gx_rc load_places(void *arg, struct gx_ctx *ctx)
{
    return memory_load_places(ctx, arg);
}

static enum gx_rc load_page(void *arg, struct gx_ctx *ctx)
{
    struct page *page = arg;
    return memory_load_page(ctx, FLUSH.carry.live, SLICE, page->after, &page->count);
}

static void learn(void *arg, const struct live_place *place)
{
    live_learn(arg, place, 1);
}

/* Redis knows the newest positions; without it those of PostgreSQL must do. */
static void learn_from_index(struct live *live, struct gx_ctx *ctx)
{
    size_t cursor = 0;
    enum gx_rc rc = GX_OK;
    do {
        rc = index_sweep(FLUSH.carry.index, &cursor, gx_clock_wall_ms() - FORGET_MS, learn, live);
    } while (rc == GX_OK && cursor != 0);
    if (rc != GX_OK) {
        gx_log(ctx, GX_WARN, "index-unread",
               "begins with the positions in PostgreSQL: Redis is away");
        FLUSH.carry.lost = true;
    }
}

static enum gx_rc fill(struct gx_background *background, struct gx_ctx *ctx)
{
    struct live *live = FLUSH.carry.live;
    struct page page = {.after = "", .count = SLICE};
    gx_ctx_reset(ctx);
    enum gx_rc rc = gx_background_run(background, ctx, load_places, live);
    while (rc == GX_OK && page.count == SLICE) {
        gx_ctx_reset(ctx);
        rc = gx_background_run(background, ctx, load_page, &page);
    }
    if (rc == GX_OK) {
        learn_from_index(live, ctx);
        live_expire(live, gx_clock_wall_ms() - FORGET_MS);
        live_set_filled(live);
        gx_log(ctx, GX_INFO, "memory-filled", "%zu responders", live_count(live));
    }
    return rc;
}

/* Hears from the place where the tables stand, then reads the tables: nothing falls between. */
static bool begin(struct gx_background *background, struct gx_ctx *ctx)
{
    enum gx_rc rc = gx_listener_open(hear_event, FLUSH.carry.live, &FLUSH.listener);
    rc = rc == GX_OK ? fill(background, ctx) : rc;
    rc = rc == GX_OK ? gx_listener_start(FLUSH.listener) : rc;
    if (rc != GX_OK) {
        gx_log(ctx, GX_WARN, "memory-not-filled", "tried again: %s", gx_rc_name(rc));
        gx_listener_free(FLUSH.listener);
        FLUSH.listener = NULL;
    }
    return rc == GX_OK;
}

static void work(struct gx_background *background, struct gx_ctx *ctx)
{
    struct tidying tidying = {0};
    int64_t flush_at = 0;
    int64_t flush_ms = (int64_t)(MATCHER_SETTINGS.flush_seconds * 1000.0);
    bool go_on = true;
    while (go_on) {
        int64_t carried_at = gx_clock_wall_ms();
        go_on = wait_turn(carried_at, flush_at > carried_at + flush_ms ? carried_at : flush_at);
        carry_out(&FLUSH.carry, ctx);
        if (go_on && gx_clock_wall_ms() < flush_at) {
            continue;
        }
        flush_at = gx_clock_wall_ms() + flush_ms;
        watch(background, ctx);
        flush_write(FLUSH.carry.live, by_background, background, ctx);
        tidy(background, ctx, &tidying);
    }
}

static void *run_thread(void *arg)
{
    struct gx_background *background = arg;
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, ARENA_BYTES);
    ctx.label = "positions";
    bool begun = begin(background, &ctx);
    while (!begun && wait_turn(gx_clock_wall_ms(), gx_clock_wall_ms() + BEGIN_AGAIN_MS)) {
        begun = begin(background, &ctx);
    }
    if (begun) {
        work(background, &ctx);
    }
    gx_listener_free(FLUSH.listener);
    FLUSH.listener = NULL;
    gx_ctx_done(&ctx);
    gx_background_free(background);
    return NULL;
}

enum gx_rc flush_start(const struct gx_common_settings *common)
{
    struct gx_background *background = NULL;
    FLUSH.carry = (struct carry){.live = matcher_live(), .run = by_background};
    enum gx_rc rc = matcher_index_open(common, &FLUSH.carry.index);
    rc = rc == GX_OK ? gx_background_open(&background) : rc;
    FLUSH.carry.via = background;
    FLUSH.common = common;
    if (rc == GX_OK && pthread_create(&FLUSH.thread, NULL, run_thread, background) != 0) {
        gx_background_free(background);
        rc = GX_INTERNAL;
    }
    if (rc != GX_OK) {
        index_free(FLUSH.carry.index);
        FLUSH.carry = (struct carry){.index = NULL};
        return rc;
    }
    FLUSH.running = true;
    return GX_OK;
}

void flush_stop(void)
{
    if (!FLUSH.running) {
        return;
    }
    (void)pthread_mutex_lock(&FLUSH.lock);
    FLUSH.stopping = true;
    (void)pthread_cond_signal(&FLUSH.wake);
    (void)pthread_mutex_unlock(&FLUSH.lock);
    (void)pthread_join(FLUSH.thread, NULL);
    FLUSH.running = false;
    index_free(FLUSH.carry.index);
    FLUSH.carry.index = NULL;
    free(FLUSH.heap.rows);
    FLUSH.heap = (struct heap){0};
}
