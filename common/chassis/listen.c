/* SPDX-License-Identifier: Apache-2.0 */
#include "chassis/listen.h"

#include "base/clock.h"
#include "base/log.h"
#include "chassis/internal.h"
#include "store/follow.h"
#include "store/journal.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    ARENA_BYTES = 32 * 1024 * 1024,
    WAIT_MS = 100,
    LOOK_US = 1000 * 1000, /* how often the counters are compared */
    BATCH = 500,
    READ_MS = 5000
};

struct place {
    int32_t area;
    int64_t seq;
};

struct gx_listener {
    struct gx_chassis *chassis;
    gx_listen_fn *hear;
    void *arg;
    struct gx_pg *pg;
    struct gx_subscriber *subscriber;
    struct place *places;
    size_t count;
    size_t room;
    struct gx_ctx wire; /* one event */
    struct gx_ctx aux;  /* counters, cursors, a batch from the journal */
    int64_t look_at_us;
    pthread_t thread;
    bool running;
    atomic_bool ending;
};

static void prepare(struct gx_ctx *ctx)
{
    gx_ctx_reset(ctx);
    ctx->deadline_ms = gx_clock_wall_ms() + READ_MS;
}

/* An area heard of for the first time begins where the service's followers stand. NULL: not to be known now. */
static struct place *place_of(struct gx_listener *listener, int32_t area)
{
    for (size_t i = 0; i < listener->count; i++) {
        if (listener->places[i].area == area) {
            return &listener->places[i];
        }
    }
    int64_t seq = 0;
    prepare(&listener->aux);
    if (gx_cursor_see(listener->pg, &listener->aux, listener->chassis->service->name, area, &seq) !=
        GX_OK) {
        return NULL;
    }
    if (listener->count == listener->room) {
        listener->room = listener->room == 0 ? 64 : listener->room * 2;
        listener->places = realloc(listener->places, listener->room * sizeof *listener->places);
        if (listener->places == NULL) {
            abort();
        }
    }
    listener->places[listener->count] = (struct place){area, seq};
    return &listener->places[listener->count++];
}

/* From the journal, up to `until`; what was purged is passed over: the tables have long had it. */
static void fill(struct gx_listener *listener, struct place *place, int64_t until)
{
    while (place->seq < until && !atomic_load(&listener->ending)) {
        Genxi__Event **events = NULL;
        size_t count = 0;
        prepare(&listener->aux);
        enum gx_rc rc = gx_journal_read(listener->pg, &listener->aux, place->area, place->seq,
                                        BATCH, &events, &count);
        if (rc != GX_OK || count == 0) {
            return; /* the next look finds it again */
        }
        for (size_t i = 0; i < count; i++) {
            listener->hear(listener->arg, events[i]);
            place->seq = events[i]->seq;
        }
    }
}

static void take(struct gx_listener *listener, const Genxi__Event *event)
{
    if (event->seq == 0) {
        listener->hear(listener->arg, event);
        return;
    }
    struct place *place = place_of(listener, event->area);
    if (place == NULL || event->seq <= place->seq) {
        return;
    }
    if (event->seq > place->seq + 1) {
        fill(listener, place, event->seq - 1);
    }
    if (event->seq == place->seq + 1) {
        listener->hear(listener->arg, event);
        place->seq = event->seq;
    }
}

/* Compares with the counters: the last events of an area may have been lost with nothing after them to show it. */
static enum gx_rc look(struct gx_listener *listener, bool only_places)
{
    struct gx_journal_head *heads = NULL;
    size_t count = 0;
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, ARENA_BYTES);
    prepare(&ctx);
    enum gx_rc rc = gx_pg_ensure(listener->pg);
    rc = rc == GX_OK ? gx_journal_heads(listener->pg, &ctx, &heads, &count) : rc;
    for (size_t i = 0; i < count && rc == GX_OK; i++) {
        struct place *place = place_of(listener, heads[i].area);
        rc = place == NULL ? GX_UNAVAILABLE : GX_OK;
        if (rc == GX_OK && !only_places && place->seq < heads[i].seq) {
            fill(listener, place, heads[i].seq);
        }
    }
    gx_ctx_done(&ctx);
    return rc;
}

static void *listen_body(void *arg)
{
    struct gx_listener *listener = arg;
    while (!atomic_load(&listener->ending)) {
        Genxi__Event *event = NULL;
        gx_ctx_reset(&listener->wire);
        if (gx_subscriber_next(listener->subscriber, &listener->wire, WAIT_MS, &event) == GX_OK) {
            take(listener, event);
        }
        int64_t now_us = gx_clock_mono_us();
        if (now_us >= listener->look_at_us) {
            listener->look_at_us = now_us + LOOK_US;
            if (look(listener, false) != GX_OK) {
                gx_log(NULL, GX_DEBUG, "listen-look", "the journal does not answer");
            }
        }
    }
    return NULL;
}

enum gx_rc gx_listener_open(gx_listen_fn *hear, void *arg, struct gx_listener **ret_listener)
{
    struct gx_listener *listener = calloc(1, sizeof *listener);
    struct gx_chassis *chassis = gx_chassis_running();
    if (listener == NULL || chassis == NULL) {
        abort();
    }
    listener->chassis = chassis;
    listener->hear = hear;
    listener->arg = arg;
    gx_ctx_init(&listener->wire, ARENA_BYTES);
    gx_ctx_init(&listener->aux, ARENA_BYTES);
    enum gx_rc rc = gx_pg_open(chassis->common->postgres, chassis->service->name, &listener->pg);
    rc = rc == GX_OK ? gx_subscriber_open(&chassis->bus, &listener->subscriber) : rc;
    if (rc == GX_OK) {
        gx_subscriber_add_area(listener->subscriber, -1);
        rc = look(listener, true);
    }
    if (rc != GX_OK) {
        gx_listener_free(listener);
        return rc;
    }
    *ret_listener = listener;
    return GX_OK;
}

enum gx_rc gx_listener_start(struct gx_listener *listener)
{
    listener->running = pthread_create(&listener->thread, NULL, listen_body, listener) == 0;
    return listener->running ? GX_OK : GX_INTERNAL;
}

void gx_listener_free(struct gx_listener *listener)
{
    if (listener == NULL) {
        return;
    }
    if (listener->running) {
        atomic_store(&listener->ending, true);
        (void)pthread_join(listener->thread, NULL);
    }
    gx_subscriber_free(listener->subscriber);
    gx_pg_free(listener->pg);
    gx_ctx_done(&listener->wire);
    gx_ctx_done(&listener->aux);
    free(listener->places);
    free(listener);
}
