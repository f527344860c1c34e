/* SPDX-License-Identifier: Apache-2.0 */
#include "hub.h"

#include "access.pb-c.h"
#include "base/clock.h"
#include "base/log.h"
#include "chassis/service.h"
#include "metrics.h"
#include "wire/pb.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    ARENA_MAX = 32 * 1024 * 1024,
    WAIT_MS = 100,
    GAP_EVENTS = 500
};
static const int64_t LOOK_US = 1000000; /* how often the counters are compared */
static const int64_t DEAD_US =
    5000000; /* how often the credentials of open streams are looked up */
static const int64_t LATE_US = 10000000; /* the journal was not seen for so long: not ready */

struct gw_hub {
    struct gw_auth *auth;
    struct gw_devices *devices;
    void (*offered)(const Genxi__Offer *offer);
    struct gw_ring *ring;
    struct gw_streams *streams;
    struct gx_background *background;
    struct gx_subscriber *subscriber;
    pthread_t thread;
    bool running;
    atomic_bool ending;
    _Atomic int64_t seen_us; /* when the journal last answered */
    int64_t looked_us;
    int64_t dead_us;
};

/* --- transactions --- */

struct counters {
    struct gw_counter *items;
    size_t count;
};

static enum gx_rc read_counters(void *arg, struct gx_ctx *ctx)
{
    struct counters *counters = arg;
    return gw_store_counters(ctx, &counters->items, &counters->count);
}

struct gap {
    struct gw_counter after;
    int64_t until;
    Genxi__Event **events;
    size_t count;
};

static enum gx_rc read_gap(void *arg, struct gx_ctx *ctx)
{
    struct gap *gap = arg;
    return gw_store_events(ctx, &gap->after, gap->until, GAP_EVENTS, &gap->events, &gap->count);
}

struct dead {
    const char **ids;
    size_t count;
    char **dead_ids;
    size_t dead_count;
};

static enum gx_rc read_dead(void *arg, struct gx_ctx *ctx)
{
    struct dead *dead = arg;
    return gw_store_dead(ctx, dead->ids, dead->count, &dead->dead_ids, &dead->dead_count);
}

/* --- events --- */

static void end_credential(struct gw_hub *hub, const char *id)
{
    gw_auth_end(hub->auth, id);
    gw_streams_end(hub->streams, id);
}

static void heed(struct gw_hub *hub, struct gx_ctx *ctx, const Genxi__Event *event)
{
    struct gx_view body = {event->body.data, event->body.len};
    ProtobufCMessage *payload = NULL;
    if (event->type == GX_E_session_ended &&
        gx_pb_unpack(ctx, &genxi__session_ended__descriptor, body, &payload) == GX_OK) {
        const Genxi__SessionEnded *ended = (const Genxi__SessionEnded *)payload;
        if (ended->session_id != NULL) {
            end_credential(hub, ended->session_id);
        }
    } else if (event->type == GX_E_key_changed &&
               gx_pb_unpack(ctx, &genxi__key_changed__descriptor, body, &payload) == GX_OK) {
        const Genxi__KeyChanged *changed = (const Genxi__KeyChanged *)payload;
        if (changed->has_revoked_at && changed->revoked_at <= gx_clock_wall_ms()) {
            end_credential(hub, changed->key_id);
        }
    } else if (event->type == GX_E_device_changed &&
               gx_pb_unpack(ctx, &genxi__device_changed__descriptor, body, &payload) == GX_OK) {
        gw_devices_heed(hub->devices, (const Genxi__DeviceChanged *)payload, event->at);
    } else if (event->type == GX_E_offer_made && hub->offered != NULL &&
               gx_pb_unpack(ctx, &genxi__offer_made__descriptor, body, &payload) == GX_OK) {
        hub->offered(((const Genxi__OfferMade *)payload)->offer);
    }
}

static void append(struct gw_hub *hub, struct gx_ctx *ctx, const Genxi__Event *event)
{
    heed(hub, ctx, event);
    gw_streams_notify(hub->streams, gw_ring_append(hub->ring, event));
}

/* Reads the area from where the hub stands up to `until`; false when the journal does not answer. */
static bool fill(struct gw_hub *hub, int32_t area, int64_t until)
{
    struct gx_ctx ctx;
    bool good = true;
    gx_ctx_init(&ctx, ARENA_MAX);
    while (good && gw_vector_get(gw_ring_vector(hub->ring), area) < until) {
        struct gap gap = {
            .after = {.area = area, .seq = gw_vector_get(gw_ring_vector(hub->ring), area)},
            .until = until};
        gx_metric_add(&GW_METRICS[GW_M_JOURNAL_READS], 1);
        good = gx_background_run(hub->background, &ctx, read_gap, &gap) == GX_OK && gap.count > 0;
        for (size_t i = 0; good && i < gap.count; i++) {
            append(hub, &ctx, gap.events[i]);
        }
        gx_ctx_reset(&ctx);
    }
    gx_ctx_done(&ctx);
    return good;
}

static void take(struct gw_hub *hub, struct gx_ctx *ctx, const Genxi__Event *event)
{
    int64_t at = gw_vector_get(gw_ring_vector(hub->ring), event->area);
    if (event->seq == 0) {
        append(hub, ctx, event);
        return;
    }
    if (event->seq > at + 1 && !fill(hub, event->area, event->seq - 1)) {
        return; /* the next look at the counters finds it again */
    }
    if (event->seq == gw_vector_get(gw_ring_vector(hub->ring), event->area) + 1) {
        append(hub, ctx, event);
    }
}

/* Compares with the counters: the last events of an area may have been lost with nothing after them to show it. */
static void look(struct gw_hub *hub, struct gx_ctx *ctx)
{
    struct counters counters = {0};
    struct gw_vector floors = {0};
    if (gx_background_run(hub->background, ctx, read_counters, &counters) != GX_OK) {
        return;
    }
    atomic_store(&hub->seen_us, gx_clock_mono_us());
    for (size_t i = 0; i < counters.count; i++) {
        const struct gw_counter *counter = &counters.items[i];
        if (counter->floor > 0) {
            gw_vector_set(&floors, counter->area, counter->floor);
        }
        if (counter->seq > gw_vector_get(gw_ring_vector(hub->ring), counter->area)) {
            (void)fill(hub, counter->area, counter->seq);
        }
    }
    gw_streams_set_floors(hub->streams, &floors);
    gw_vector_done(&floors);
}

/* Credentials whose end made no event: expired, or changed by an operator in the database. */
static void bury(struct gw_hub *hub, struct gx_ctx *ctx)
{
    struct dead dead = {0};
    dead.ids = gw_streams_credentials(hub->streams, ctx, &dead.count);
    if (dead.count == 0 || gx_background_run(hub->background, ctx, read_dead, &dead) != GX_OK) {
        return;
    }
    for (size_t i = 0; i < dead.dead_count; i++) {
        end_credential(hub, dead.dead_ids[i]);
    }
}

static void by_time(struct gw_hub *hub, struct gx_ctx *ctx)
{
    int64_t now = gx_clock_mono_us();
    if (now - hub->looked_us >= LOOK_US) {
        hub->looked_us = now;
        look(hub, ctx);
        gw_streams_beat(hub->streams, now);
    }
    if (now - hub->dead_us >= DEAD_US) {
        hub->dead_us = now;
        bury(hub, ctx);
    }
}

static void *run(void *arg)
{
    struct gw_hub *hub = arg;
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, ARENA_MAX);
    ctx.label = "hub";
    while (!atomic_load(&hub->ending)) {
        Genxi__Event *event = NULL;
        if (gx_subscriber_next(hub->subscriber, &ctx, WAIT_MS, &event) == GX_OK) {
            take(hub, &ctx, event);
        }
        gx_ctx_reset(&ctx);
        by_time(hub, &ctx);
        gx_ctx_reset(&ctx);
        ctx.label = "hub";
    }
    gx_ctx_done(&ctx);
    return NULL;
}

/* --- opening and closing --- */

/* Where the journal stands now: what streams without an id begin after. */
static enum gx_rc begin(struct gw_hub *hub, const struct gw_hub_settings *settings)
{
    struct gx_ctx ctx;
    struct counters counters = {0};
    struct gw_vector start = {0};
    gx_ctx_init(&ctx, ARENA_MAX);
    enum gx_rc rc = gx_background_run(hub->background, &ctx, read_counters, &counters);
    for (size_t i = 0; rc == GX_OK && i < counters.count; i++) {
        if (counters.items[i].seq > 0) {
            gw_vector_set(&start, counters.items[i].area, counters.items[i].seq);
        }
    }
    hub->ring = gw_ring_new((size_t)settings->gateway->stream_ring,
                            (size_t)settings->gateway->stream_ring_bytes, &start);
    const struct gw_streams_settings streams = {
        .ring = hub->ring,
        .auth = settings->auth,
        .pool = settings->pool,
        .beat_us = settings->gateway->stream_beat_ms * 1000,
        .per_subject = settings->gateway->streams_per_subject,
        .suspend = settings->suspend,
        .resume = settings->resume,
    };
    hub->streams = gw_streams_new(&streams);
    atomic_store(&hub->seen_us, gx_clock_mono_us());
    gw_vector_done(&start);
    gx_ctx_done(&ctx);
    return rc;
}

enum gx_rc gw_hub_open(const struct gw_hub_settings *settings, struct gw_hub **ret_hub)
{
    struct gw_hub *hub = calloc(1, sizeof *hub);
    if (hub == NULL) {
        abort();
    }
    hub->auth = settings->auth;
    hub->devices = settings->devices;
    hub->offered = settings->offered;
    enum gx_rc rc = gx_background_open(&hub->background);
    if (rc == GX_OK) {
        rc = gx_subscriber_open(settings->bus, &hub->subscriber);
    }
    if (rc == GX_OK) {
        gx_subscriber_add_area(hub->subscriber, -1);
        rc = begin(hub, settings);
    }
    if (rc == GX_OK && pthread_create(&hub->thread, NULL, run, hub) != 0) {
        rc = GX_UNAVAILABLE;
    }
    hub->running = rc == GX_OK;
    if (rc != GX_OK) {
        gw_hub_free(hub);
        return rc;
    }
    *ret_hub = hub;
    return GX_OK;
}

struct gw_streams *gw_hub_streams(struct gw_hub *hub)
{
    return hub->streams;
}

const char *gw_hub_missing(const struct gw_hub *hub)
{
    return gx_clock_mono_us() - atomic_load(&hub->seen_us) > LATE_US ? "journal" : NULL;
}

void gw_hub_stop(struct gw_hub *hub)
{
    if (hub->running) {
        atomic_store(&hub->ending, true);
        (void)pthread_join(hub->thread, NULL);
        hub->running = false;
    }
}

void gw_hub_free(struct gw_hub *hub)
{
    if (hub == NULL) {
        return;
    }
    gw_hub_stop(hub);
    gw_streams_free(hub->streams);
    gw_ring_free(hub->ring);
    gx_subscriber_free(hub->subscriber);
    gx_background_free(hub->background);
    free(hub);
}
