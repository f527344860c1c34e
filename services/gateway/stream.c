/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include "base/clock.h"
#include "base/text.h"
#include "chassis/service.h"
#include "metrics.h"
#include "sse.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    OUT_ENOUGH = 16 * 1024, /* so much text at most is made ahead of what the client takes */
    PAGE_EVENTS = 100,
    PAGE_BYTES_MAX = 16 * 1024 * 1024,
    AHEAD_MAX =
        10000, /* a resume may be so far ahead of this gateway, which may lag behind another */
};

struct buffer {
    char *data;
    size_t size;
    size_t room;
    size_t taken;
};

struct gw_stream {
    pthread_mutex_t lock;
    atomic_int refs; /* the connection's, and a page read's under way */
    struct gw_streams *streams;
    struct gw_stream *next;
    struct gw_stream **link;
    struct gw_credential *credential;
    void *connection;
    uint32_t types[GW_STREAM_TYPES_MAX];
    size_t type_count;
    bool exercise;
    uint64_t position; /* next in the ring */
    bool
        resuming; /* passed is kept of its own, since the ring's vector is not yet all that the client has */
    struct gw_vector passed;
    bool catching_up; /* reads the journal up to target before it joins the ring */
    bool reading;
    struct gw_vector target;
    size_t target_index;
    struct buffer out;
    bool asleep;
    bool beat;
    bool closed;
    int64_t wrote_us;
};

struct gw_streams {
    struct gw_streams_settings settings;
    pthread_mutex_t lock;
    struct gw_stream *first;
    size_t count;
    struct gw_vector floors;
};

/* --- text waiting for the client --- */

static void put(struct buffer *buffer, const char *bytes, size_t size)
{
    if (buffer->room - buffer->size < size) {
        size_t room = buffer->room == 0 ? 1024 : buffer->room * 2;
        while (room - buffer->size < size) {
            room *= 2;
        }
        char *data = realloc(buffer->data, room);
        if (data == NULL) {
            abort();
        }
        buffer->data = data;
        buffer->room = room;
    }
    memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
}

static void put_text(struct buffer *buffer, const char *text)
{
    put(buffer, text, strlen(text));
}

static void put_id(struct buffer *buffer, const char *id, size_t size)
{
    put_text(buffer, "id: ");
    put(buffer, id, size);
    put_text(buffer, "\n");
}

static void put_vector(struct buffer *buffer, const struct gw_vector *vector)
{
    size_t size = 0;
    char *id = gw_vector_text(vector, &size);
    put_id(buffer, id, size);
    free(id);
}

static void empty(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

/* --- who sees what --- */

static bool has_type(const struct gw_stream *stream, uint32_t type)
{
    for (size_t i = 0; i < stream->type_count; i++) {
        if (stream->types[i] == type) {
            return true;
        }
    }
    return stream->type_count == 0;
}

/* Live positions are not for an audience: officers see those of their areas, desks their own people's, devices none. */
static enum gx_sight sight_of_positions(const struct gx_actor *actor, const Genxi__Event *event,
                                        const char **ret_org)
{
    if (gx_actor_commands(actor, event->area)) {
        return GX_SIGHT_OFFICER;
    }
    if (gx_actor_has(actor, GX_ROLE_DESK) && actor->org[0] != '\0') {
        *ret_org = actor->org;
        return GX_SIGHT_PARTNER;
    }
    return GX_SIGHT_NONE;
}

static enum gx_sight sight_of(const struct gw_stream *stream, const Genxi__Event *event,
                              const char **ret_org)
{
    const struct gx_actor *actor = &stream->credential->actor;
    *ret_org = NULL;
    if (!has_type(stream, event->type)) {
        return GX_SIGHT_NONE;
    }
    bool told = stream->exercise ||
                gx_actor_has(actor, (uint32_t)GX_ROLE_DRILL | (uint32_t)GX_ROLE_DUTY) ||
                actor->responder_id[0] != '\0';
    if (event->has_exercise && event->exercise && !told) {
        return GX_SIGHT_NONE;
    }
    if (event->type == GX_E_positions_moved) {
        return sight_of_positions(actor, event, ret_org);
    }
    return gx_audience_sight(actor, event);
}

/* --- opening --- */

struct gw_streams *gw_streams_new(const struct gw_streams_settings *settings)
{
    struct gw_streams *streams = calloc(1, sizeof *streams);
    if (streams == NULL) {
        abort();
    }
    streams->settings = *settings;
    (void)pthread_mutex_init(&streams->lock, NULL);
    return streams;
}

void gw_streams_free(struct gw_streams *streams)
{
    if (streams != NULL) {
        gw_vector_done(&streams->floors);
        (void)pthread_mutex_destroy(&streams->lock);
        free(streams);
    }
}

void gw_streams_set_floors(struct gw_streams *streams, const struct gw_vector *floors)
{
    (void)pthread_mutex_lock(&streams->lock);
    gw_vector_copy(floors, &streams->floors);
    (void)pthread_mutex_unlock(&streams->lock);
}

static void unref(struct gw_stream *stream)
{
    if (atomic_fetch_sub(&stream->refs, 1) != 1) {
        return;
    }
    gw_credential_unref(stream->credential);
    gw_vector_done(&stream->passed);
    gw_vector_done(&stream->target);
    empty(&stream->out);
    (void)pthread_mutex_destroy(&stream->lock);
    free(stream);
}

void gw_stream_free(void *opened)
{
    struct gw_stream *stream = opened;
    struct gw_streams *streams = stream->streams;
    (void)pthread_mutex_lock(&streams->lock);
    if (stream->link != NULL) {
        *stream->link = stream->next;
        if (stream->next != NULL) {
            stream->next->link = stream->link;
        }
        streams->count--;
        gx_metric_set(&GW_METRICS[GW_M_STREAMS], (int64_t)streams->count);
    }
    (void)pthread_mutex_unlock(&streams->lock);
    (void)pthread_mutex_lock(&stream->lock);
    stream->closed = true;
    stream->asleep = false;
    (void)pthread_mutex_unlock(&stream->lock);
    unref(stream);
}

/* "a,b" -> numbers of event types. */
static enum gx_rc read_types(struct gx_ctx *ctx, const char *text, struct gw_stream *stream)
{
    char *rest = gx_arena_text(&ctx->arena, text);
    for (char *name = strsep(&rest, ","); name != NULL; name = strsep(&rest, ",")) {
        const struct gx_event_type *type = gx_event_by_name(name);
        if (type == NULL) {
            return gx_fail(ctx, GX_P_FIELD_CHOICE, "?types", "incident.opened, offer.made, …");
        }
        if (stream->type_count == GW_STREAM_TYPES_MAX) {
            return gx_fail(ctx, GX_P_FIELD_LENGTH, "?types", "1..%d", GW_STREAM_TYPES_MAX);
        }
        stream->types[stream->type_count++] = type->number;
    }
    return GX_OK;
}

/* Is everything after the client's vector still there? */
static enum gx_rc check_floors(struct gw_streams *streams, struct gx_ctx *ctx,
                               const struct gw_vector *passed)
{
    enum gx_rc rc = GX_OK;
    (void)pthread_mutex_lock(&streams->lock);
    if (!gw_vector_covers(passed, &streams->floors)) {
        size_t size = 0;
        char *text = gw_vector_text(&streams->floors, &size);
        rc = gx_fail(ctx, GX_P_STREAM_RETENTION, "", "%s", text);
        free(text);
    }
    (void)pthread_mutex_unlock(&streams->lock);
    return rc;
}

static enum gx_rc check_not_ahead(struct gx_ctx *ctx, const struct gw_vector *passed,
                                  const struct gw_vector *head)
{
    for (size_t i = 0; i < passed->count; i++) {
        if (passed->items[i].seq > gw_vector_get(head, passed->items[i].area) + AHEAD_MAX) {
            return gx_fail(ctx, GX_P_STREAM_POSITION, "", "%d", passed->items[i].area);
        }
    }
    return GX_OK;
}

/* Where in the ring, or in the journal before it, the stream begins. */
static enum gx_rc find_start(struct gw_streams *streams, struct gx_ctx *ctx, const char *last_id,
                             struct gw_stream *stream)
{
    struct gw_ring *ring = streams->settings.ring;
    enum gx_rc rc = GX_OK;
    if (last_id != NULL) {
        if (gw_vector_parse(last_id, &stream->passed) != 0) {
            return gx_fail(ctx, GX_P_STREAM_POSITION, "", "%.60s", last_id);
        }
        rc = check_floors(streams, ctx, &stream->passed);
        if (rc != GX_OK) {
            return rc;
        }
    }
    gw_ring_lock(ring);
    if (last_id == NULL) {
        stream->position = gw_ring_head(ring);
        gw_vector_copy(gw_ring_head_vector(ring), &stream->passed);
    } else {
        rc = check_not_ahead(ctx, &stream->passed, gw_ring_head_vector(ring));
        stream->resuming = true;
        stream->position = gw_ring_tail(ring);
        stream->catching_up = !gw_vector_covers(&stream->passed, gw_ring_tail_vector(ring));
        gw_vector_copy(gw_ring_head_vector(ring), &stream->target);
    }
    gw_ring_unlock(ring);
    return rc;
}

/* Puts it into the list, unless its subject has too many. */
static enum gx_rc enlist(struct gw_streams *streams, struct gx_ctx *ctx, struct gw_stream *stream)
{
    int64_t open = 0;
    (void)pthread_mutex_lock(&streams->lock);
    for (const struct gw_stream *other = streams->first; other != NULL; other = other->next) {
        if (gx_text_is(other->credential->actor.subject, stream->credential->actor.subject)) {
            open++;
        }
    }
    if (open < streams->settings.per_subject) {
        stream->next = streams->first;
        stream->link = &streams->first;
        if (stream->next != NULL) {
            stream->next->link = &stream->next;
        }
        streams->first = stream;
        streams->count++;
        gx_metric_set(&GW_METRICS[GW_M_STREAMS], (int64_t)streams->count);
    }
    (void)pthread_mutex_unlock(&streams->lock);
    return open < streams->settings.per_subject
               ? GX_OK
               : gx_fail(ctx, GX_P_STREAMS_MANY, "", "%d", (int)streams->settings.per_subject);
}

static void greet(struct gw_stream *stream)
{
    char at[GX_TIME_TEXT_SIZE];
    put_text(&stream->out, "retry: 1000\n");
    put_vector(&stream->out, &stream->passed);
    put_text(&stream->out, "event: stream.opened\ndata: {\"at\":\"");
    put_text(&stream->out, gx_time_format(gx_clock_wall_ms(), at));
    put_text(&stream->out, "\"}\n\n");
}

enum gx_rc gw_stream_open(struct gw_streams *streams, struct gx_ctx *ctx,
                          const struct gw_stream_wish *wish, struct gw_stream **ret_stream)
{
    struct gw_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        abort();
    }
    (void)pthread_mutex_init(&stream->lock, NULL);
    atomic_init(&stream->refs, 1);
    stream->streams = streams;
    stream->credential = gw_credential_ref(wish->credential);
    stream->connection = wish->connection;
    stream->exercise = wish->exercise;
    stream->wrote_us = gx_clock_mono_us();
    enum gx_rc rc = wish->types == NULL ? GX_OK : read_types(ctx, wish->types, stream);
    if (rc == GX_OK) {
        rc = find_start(streams, ctx, wish->last_id, stream);
    }
    if (rc == GX_OK) {
        rc = enlist(streams, ctx, stream);
    }
    /* Its end may have been heard of after it was looked up and before it stood in the list. */
    if (rc == GX_OK && gw_auth_has_ended(streams->settings.auth, wish->credential->id)) {
        rc = gx_fail(ctx, GX_P_UNAUTHENTICATED, "", "Authorization");
    }
    if (rc != GX_OK) {
        gw_stream_free(stream);
        return rc;
    }
    greet(stream);
    if (!stream->resuming) {
        gw_vector_done(&stream->passed);
    }
    *ret_stream = stream;
    return GX_OK;
}

/* --- sending: from here on with the stream's lock held --- */

static void wake(struct gw_stream *stream)
{
    if (stream->asleep) {
        stream->asleep = false;
        stream->streams->settings.resume(stream->connection);
    }
}

/* A durable event that the stream passes, seen or not. False: the client has it already. */
static bool pass(struct gw_stream *stream, const Genxi__Event *event)
{
    if (!stream->resuming || event->seq == 0) {
        return true;
    }
    if (event->seq <= gw_vector_get(&stream->passed, event->area)) {
        return false;
    }
    gw_vector_set(&stream->passed, event->area, event->seq);
    return true;
}

static void send_entry(struct gw_stream *stream, const struct gw_entry *entry)
{
    const Genxi__Event *event = gw_entry_event(entry);
    const char *org = NULL;
    size_t size = 0;
    if (!pass(stream, event)) {
        return;
    }
    enum gx_sight sight = sight_of(stream, event, &org);
    const char *text = sight == GX_SIGHT_NONE ? "" : gw_entry_text(entry, sight, org, &size);
    if (size == 0) {
        return;
    }
    if (event->seq > 0 && stream->resuming) {
        put_vector(&stream->out, &stream->passed);
    } else if (event->seq > 0) {
        size_t id_size = 0;
        const char *id = gw_entry_id(entry, &id_size);
        put_id(&stream->out, id, id_size);
    }
    put(&stream->out, text, size);
    gx_metric_add(&GW_METRICS[GW_M_EVENTS_SENT], 1);
}

/* Makes text of what the ring holds for this stream, until there is enough or it is at the head. */
static void pump(struct gw_stream *stream)
{
    struct gw_ring *ring = stream->streams->settings.ring;
    gw_ring_lock(ring);
    if (stream->position < gw_ring_tail(ring)) {
        gx_metric_add(&GW_METRICS[GW_M_STREAMS_OVERTAKEN], 1);
        stream->closed = true;
    }
    while (!stream->closed && stream->position < gw_ring_head(ring) &&
           stream->out.size < OUT_ENOUGH) {
        send_entry(stream, gw_ring_at(ring, stream->position));
        stream->position++;
    }
    if (!stream->closed && stream->position == gw_ring_head(ring)) {
        if (stream->resuming && gw_vector_covers(gw_ring_head_vector(ring), &stream->passed)) {
            stream->resuming = false;
            gw_vector_done(&stream->passed);
        }
        if (stream->beat && stream->out.size == 0) {
            put_text(&stream->out, ": beat\n");
            put_vector(&stream->out,
                       stream->resuming ? &stream->passed : gw_ring_head_vector(ring));
            put_text(&stream->out, "\n");
        }
        stream->beat = false;
    }
    gw_ring_unlock(ring);
}

/* --- catching up from the journal, in a pool's thread --- */

struct page {
    struct gw_counter after;
    int64_t until;
    Genxi__Event **events;
    size_t count;
};

static enum gx_rc read_page(void *arg, struct gx_ctx *ctx)
{
    struct page *page = arg;
    return gw_store_events(ctx, &page->after, page->until, PAGE_EVENTS, &page->events,
                           &page->count);
}

static void send_journal(struct gw_stream *stream, struct gx_ctx *ctx, const Genxi__Event *event)
{
    const char *org = NULL;
    enum gx_sight sight = sight_of(stream, event, &org);
    const char *text = sight == GX_SIGHT_NONE ? NULL : gw_sse_render(ctx, event, sight, org);
    if (text != NULL) {
        put_vector(&stream->out, &stream->passed);
        put_text(&stream->out, text);
        gx_metric_add(&GW_METRICS[GW_M_EVENTS_SENT], 1);
    }
}

/* The next area in which the journal holds more; false when the target is reached in all. */
static bool next_page(struct gw_stream *stream, struct page *page)
{
    for (; stream->target_index < stream->target.count; stream->target_index++) {
        const struct gw_place *place = &stream->target.items[stream->target_index];
        int64_t from = gw_vector_get(&stream->passed, place->area);
        if (from < place->seq) {
            *page = (struct page){.after = {.area = place->area, .seq = from}, .until = place->seq};
            return true;
        }
    }
    return false;
}

/* All areas have reached the target: join the ring, or if that has moved on meanwhile, go on. */
static void try_join(struct gw_stream *stream)
{
    struct gw_ring *ring = stream->streams->settings.ring;
    gw_ring_lock(ring);
    if (gw_vector_covers(&stream->passed, gw_ring_tail_vector(ring))) {
        stream->catching_up = false;
        stream->position = gw_ring_tail(ring);
    } else {
        gw_vector_copy(gw_ring_head_vector(ring), &stream->target);
        stream->target_index = 0;
    }
    gw_ring_unlock(ring);
}

static void take_page(struct gw_stream *stream, struct gx_ctx *ctx, const struct page *page)
{
    int64_t seq = page->after.seq;
    for (size_t i = 0; i < page->count; i++) {
        if (page->events[i]->seq != seq + 1) {
            stream->closed = true; /* purged meanwhile: the resume will be told */
            return;
        }
        seq++;
        gw_vector_set(&stream->passed, page->after.area, seq);
        send_journal(stream, ctx, page->events[i]);
    }
    if (page->count == 0) {
        stream->closed = true;
    }
}

static void catch_up(struct gx_background *background, void *arg)
{
    struct gw_stream *stream = arg;
    struct gx_ctx ctx;
    struct page page;
    gx_ctx_init(&ctx, PAGE_BYTES_MAX);
    (void)pthread_mutex_lock(&stream->lock);
    bool more = next_page(stream, &page);
    (void)pthread_mutex_unlock(&stream->lock);
    enum gx_rc rc = GX_OK;
    if (more) {
        gx_metric_add(&GW_METRICS[GW_M_JOURNAL_READS], 1);
        rc = gx_background_run(background, &ctx, read_page, &page);
    }
    (void)pthread_mutex_lock(&stream->lock);
    if (rc != GX_OK) {
        stream->closed = true;
    } else if (more) {
        take_page(stream, &ctx, &page);
    } else {
        try_join(stream);
    }
    stream->reading = false;
    wake(stream);
    (void)pthread_mutex_unlock(&stream->lock);
    gx_ctx_done(&ctx);
    unref(stream);
}

static void start_reading(struct gw_stream *stream)
{
    if (stream->reading) {
        return;
    }
    (void)atomic_fetch_add(&stream->refs, 1);
    stream->reading = true;
    if (gw_pool_add(stream->streams->settings.pool, catch_up, stream) != GX_OK) {
        stream->reading = false;
        stream->closed = true;
        (void)atomic_fetch_sub(&stream->refs, 1);
    }
}

ssize_t gw_stream_read(void *opened, uint64_t offset, char *data, size_t room)
{
    struct gw_stream *stream = opened;
    struct buffer *out = &stream->out;
    ssize_t result = 0;
    (void)offset;
    (void)pthread_mutex_lock(&stream->lock);
    if (atomic_load(&stream->credential->ended)) {
        stream->closed = true;
        empty(out);
    }
    if (out->size == 0 && !stream->closed) {
        if (stream->catching_up) {
            start_reading(stream);
        } else {
            pump(stream);
        }
    }
    if (out->size > 0) {
        size_t size = out->size - out->taken < room ? out->size - out->taken : room;
        memcpy(data, out->data + out->taken, size);
        out->taken += size;
        result = (ssize_t)size;
        stream->wrote_us = gx_clock_mono_us();
        if (out->taken == out->size) {
            empty(out);
        }
    } else if (stream->closed) {
        result = GW_STREAM_END;
    } else {
        stream->asleep = true;
        stream->streams->settings.suspend(stream->connection);
    }
    (void)pthread_mutex_unlock(&stream->lock);
    return result;
}

/* --- what the hub tells --- */

static void notify_one(struct gw_stream *stream, uint64_t position, const Genxi__Event *event)
{
    const char *org = NULL;
    (void)pthread_mutex_lock(&stream->lock);
    if (stream->asleep && !stream->catching_up) {
        if (stream->position == position && !stream->resuming &&
            sight_of(stream, event, &org) == GX_SIGHT_NONE) {
            stream->position++;
        } else {
            wake(stream);
        }
    }
    (void)pthread_mutex_unlock(&stream->lock);
}

void gw_streams_notify(struct gw_streams *streams, uint64_t position)
{
    struct gw_ring *ring = streams->settings.ring;
    /* Only the caller appends, so the entry stays where it is without the ring's lock. */
    const Genxi__Event *event = gw_entry_event(gw_ring_at(ring, position));
    (void)pthread_mutex_lock(&streams->lock);
    for (struct gw_stream *stream = streams->first; stream != NULL; stream = stream->next) {
        notify_one(stream, position, event);
    }
    (void)pthread_mutex_unlock(&streams->lock);
}

static void close_one(struct gw_stream *stream)
{
    (void)pthread_mutex_lock(&stream->lock);
    stream->closed = true;
    empty(&stream->out);
    wake(stream);
    (void)pthread_mutex_unlock(&stream->lock);
}

void gw_streams_end(struct gw_streams *streams, const char *credential_id)
{
    (void)pthread_mutex_lock(&streams->lock);
    for (struct gw_stream *stream = streams->first; stream != NULL; stream = stream->next) {
        if (gx_text_is(stream->credential->id, credential_id)) {
            close_one(stream);
        }
    }
    (void)pthread_mutex_unlock(&streams->lock);
}

void gw_streams_close_all(struct gw_streams *streams)
{
    (void)pthread_mutex_lock(&streams->lock);
    for (struct gw_stream *stream = streams->first; stream != NULL; stream = stream->next) {
        close_one(stream);
    }
    (void)pthread_mutex_unlock(&streams->lock);
}

void gw_streams_beat(struct gw_streams *streams, int64_t now_us)
{
    int64_t now_ms = gx_clock_wall_ms();
    (void)pthread_mutex_lock(&streams->lock);
    for (struct gw_stream *stream = streams->first; stream != NULL; stream = stream->next) {
        int64_t expires_at = stream->credential->expires_at;
        if (expires_at != 0 && expires_at <= now_ms) {
            close_one(stream);
            continue;
        }
        (void)pthread_mutex_lock(&stream->lock);
        if (stream->asleep && !stream->catching_up &&
            now_us - stream->wrote_us >= streams->settings.beat_us) {
            stream->beat = true;
            wake(stream);
        }
        (void)pthread_mutex_unlock(&stream->lock);
    }
    (void)pthread_mutex_unlock(&streams->lock);
}

size_t gw_streams_count(struct gw_streams *streams)
{
    (void)pthread_mutex_lock(&streams->lock);
    size_t count = streams->count;
    (void)pthread_mutex_unlock(&streams->lock);
    return count;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **gw_streams_credentials(struct gw_streams *streams, struct gx_ctx *ctx,
                                    size_t *ret_count)
{
    size_t count = 0;
    size_t unique = 0;
    (void)pthread_mutex_lock(&streams->lock);
    const char **ids = gx_arena_alloc(&ctx->arena, (streams->count + 1) * sizeof *ids);
    for (struct gw_stream *stream = streams->first; ids != NULL && stream != NULL;
         stream = stream->next) {
        ids[count] = gx_arena_text(&ctx->arena, stream->credential->id);
        count += ids[count] != NULL ? 1 : 0;
    }
    (void)pthread_mutex_unlock(&streams->lock);
    if (count > 0) {
        qsort(ids, count, sizeof *ids, compare_texts);
    }
    for (size_t i = 0; i < count; i++) {
        if (unique == 0 || strcmp(ids[unique - 1], ids[i]) != 0) {
            ids[unique++] = ids[i];
        }
    }
    *ret_count = unique;
    return ids;
}
