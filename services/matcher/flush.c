/* SPDX-License-Identifier: Apache-2.0 */
#include "flush.h"

#include "counters.h"
#include "matcher.h"
#include "settings.h"
#include "speak.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "wire/pb.h"

#include <pthread.h>
#include <stdatomic.h>
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
    FORGET_MS = 10 * 60 * 1000, /* nobody has been seen for so long: out of the index */
};

struct kept {
    char responder_id[GX_ID_SIZE];
    char org_id[GX_ID_SIZE];
    struct gx_point place;
    int64_t at;
    int32_t area;
    Genxi__Force force;
    bool track_only;
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
    pthread_t thread;
    const struct gx_common_settings *common;
    struct index *index;
    atomic_bool degraded;
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

void flush_add(const struct position_row *row, bool track_only)
{
    (void)pthread_mutex_lock(&FLUSH.lock);
    if (!grow(&FLUSH.heap, FLUSH.heap.count + 1)) {
        matcher_count(COUNT_FIXES_DROPPED, 1);
    } else {
        struct kept *kept = &FLUSH.heap.rows[FLUSH.heap.count++];
        *kept = (struct kept){.place = row->place,
                              .at = row->at,
                              .area = row->area,
                              .force = row->force,
                              .track_only = track_only};
        (void)snprintf(kept->responder_id, sizeof kept->responder_id, "%s", row->responder_id);
        (void)snprintf(kept->org_id, sizeof kept->org_id, "%s", row->org_id);
    }
    (void)pthread_mutex_unlock(&FLUSH.lock);
}

bool flush_degraded(void)
{
    return atomic_load(&FLUSH.degraded);
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

/* Sorted by responder and time: the newest of each is where they are, the others at most a point of the track. */
static size_t newest(const struct kept *rows, size_t count, struct position_row *out)
{
    size_t n = 0;
    const struct kept *best = NULL;
    for (size_t i = 0; i < count; i++) {
        best = rows[i].track_only ? best : &rows[i];
        bool last = i + 1 == count || strcmp(rows[i].responder_id, rows[i + 1].responder_id) != 0;
        if (last && best != NULL) {
            out[n++] = row_of(best);
        }
        best = last ? NULL : best;
    }
    return n;
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

static enum gx_rc write_slice(void *arg, struct gx_ctx *ctx)
{
    const struct slice *slice = arg;
    struct position_row *rows = gx_arena_alloc(&ctx->arena, slice->count * sizeof *rows);
    if (rows == NULL) {
        return GX_LIMIT;
    }
    size_t count = thinned(slice->rows, slice->count, rows);
    enum gx_rc rc =
        store_tracks_put(ctx, rows, count, (int64_t)(MATCHER_SETTINGS.track_seconds * 1000.0));
    count = newest(slice->rows, slice->count, rows);
    if (rc != GX_OK || count == 0) {
        return rc;
    }
    rc = store_positions_put(ctx, rows, count);
    return rc == GX_OK ? tell_arrivals(ctx, rows, count) : rc;
}

/* Whole responders only, so that "the newest" is one row in one statement. */
static size_t slice_end(const struct kept *rows, size_t count, size_t from)
{
    size_t end = from + SLICE < count ? from + SLICE : count;
    while (end < count && strcmp(rows[end - 1].responder_id, rows[end].responder_id) == 0) {
        end++;
    }
    return end;
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

void flush_write(flush_run_fn *run, void *via, struct gx_ctx *ctx)
{
    (void)pthread_mutex_lock(&FLUSH.lock);
    struct heap heap = FLUSH.heap;
    FLUSH.heap = (struct heap){0};
    (void)pthread_mutex_unlock(&FLUSH.lock);
    if (heap.count > 0) {
        qsort(heap.rows, heap.count, sizeof *heap.rows, by_responder_and_time);
    }
    for (size_t from = 0; from < heap.count;) {
        struct slice slice = {heap.rows + from, slice_end(heap.rows, heap.count, from) - from};
        gx_ctx_reset(ctx);
        ctx->deadline_ms = gx_clock_wall_ms() + 5000;
        enum gx_rc rc = run(via, ctx, write_slice, &slice);
        if (rc != GX_OK) {
            gx_log(ctx, GX_WARN, "positions-not-written", "%zu positions wait: %s",
                   heap.count - from, gx_rc_name(rc));
            put_back(heap.rows + from, heap.count - from);
            break;
        }
        from += slice.count;
    }
    free(heap.rows);
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
    bool degraded = !index_alive(FLUSH.index);
    gx_metric_set(&MATCHER_COUNTERS[COUNT_REDIS_UP], degraded ? 0 : 1);
    gx_metric_set(&MATCHER_COUNTERS[COUNT_DEGRADED], degraded ? 1 : 0);
    if (degraded == atomic_load(&FLUSH.degraded)) {
        return;
    }
    gx_log(ctx, GX_WARN, "matcher-degraded", "matching %s",
           degraded ? "goes by the last positions in PostgreSQL: Redis is away"
                    : "goes by the live index again");
    gx_ctx_reset(ctx);
    ctx->deadline_ms = gx_clock_wall_ms() + 5000;
    if (gx_background_run(background, ctx, tell_degraded, &degraded) == GX_OK) {
        atomic_store(&FLUSH.degraded, degraded);
    }
}

static enum gx_rc purge(void *arg, struct gx_ctx *ctx)
{
    (void)arg;
    int64_t term = (int64_t)(MATCHER_SETTINGS.track_days * 86400.0 * 1000.0);
    return store_positions_purge(ctx, gx_clock_wall_ms() - term);
}

static void tidy(struct gx_background *background, struct gx_ctx *ctx, int64_t *next_prune,
                 int64_t *next_purge)
{
    int64_t now = gx_clock_mono_us();
    gx_ctx_reset(ctx);
    ctx->deadline_ms = gx_clock_wall_ms() + 5000;
    enum gx_rc rc = GX_OK;
    if (now >= *next_prune) {
        *next_prune = now + PRUNE_EVERY_US;
        rc = index_prune(FLUSH.index, ctx, gx_clock_wall_ms() - FORGET_MS);
    }
    if (now >= *next_purge) {
        *next_purge = now + PURGE_EVERY_US;
        rc = gx_background_run(background, ctx, purge, NULL);
    }
    if (rc != GX_OK) {
        gx_log(ctx, GX_DEBUG, "matcher-tidy", "left for the next time: %s", gx_rc_name(rc));
    }
}

/* Waits for the next turn; false when it is time to end. */
static bool wait_turn(void)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    int64_t ns = (int64_t)(MATCHER_SETTINGS.flush_seconds * 1e9) + until.tv_nsec;
    until.tv_sec += (time_t)(ns / 1000000000);
    until.tv_nsec = (long)(ns % 1000000000);
    (void)pthread_mutex_lock(&FLUSH.lock);
    int rc = 0;
    while (!FLUSH.stopping && rc == 0) {
        rc = pthread_cond_timedwait(&FLUSH.wake, &FLUSH.lock, &until);
    }
    bool go_on = !FLUSH.stopping;
    (void)pthread_mutex_unlock(&FLUSH.lock);
    return go_on;
}

static enum gx_rc by_background(void *via, struct gx_ctx *ctx,
                                enum gx_rc (*fn)(void *arg, struct gx_ctx *ctx), void *arg)
{
    return gx_background_run(via, ctx, fn, arg);
}

static void *run_thread(void *arg)
{
    struct gx_background *background = arg;
    struct gx_ctx ctx;
    int64_t next_prune = 0;
    int64_t next_purge = 0;
    gx_ctx_init(&ctx, ARENA_BYTES);
    ctx.label = "positions";
    bool go_on = true;
    while (go_on) {
        go_on = wait_turn();
        watch(background, &ctx);
        flush_write(by_background, background, &ctx);
        tidy(background, &ctx, &next_prune, &next_purge);
    }
    gx_ctx_done(&ctx);
    gx_background_free(background);
    return NULL;
}

enum gx_rc flush_start(const struct gx_common_settings *common)
{
    struct gx_background *background = NULL;
    enum gx_rc rc = matcher_index_open(common, &FLUSH.index);
    rc = rc == GX_OK ? gx_background_open(&background) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    FLUSH.common = common;
    if (pthread_create(&FLUSH.thread, NULL, run_thread, background) != 0) {
        gx_background_free(background);
        return GX_INTERNAL;
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
    index_free(FLUSH.index);
    FLUSH.index = NULL;
    free(FLUSH.heap.rows);
    FLUSH.heap = (struct heap){0};
}
