/* SPDX-License-Identifier: Apache-2.0 */
/* Appending: events are gathered by gx_emit() and written by one statement an area, just before COMMIT. Reading: journal.h. */
#include "store/journal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "store/tx_internal.h"

#include <stdlib.h>
#include <string.h>

/* The counter's row is taken by this statement and by no other: the last before COMMIT. */
#define TAKE_PLACES                                                                                \
    "WITH place AS (INSERT INTO journal.counter AS c (area, seq) VALUES ($1, $2)"                  \
    " ON CONFLICT (area) DO UPDATE SET seq = c.seq + excluded.seq RETURNING seq)"                  \
    " INSERT INTO journal.event"                                                                   \
    " (area, seq, id, type, at, service, subject, audience, exercise, traceparent, actor, body) "

static const struct gx_pg_stmt APPEND_ONE = {
    .name = "gx_journal_append_one",
    .sql = TAKE_PLACES
    "SELECT $1, place.seq, $6::uuid, $7::int, genxi.now_ms(), $3, $8::uuid, $9::bytea,"
    " $10::boolean, $4, $5::bytea, $11::bytea FROM place RETURNING seq",
    .params = 11,
    .shape = GX_PG_ONE_ROW,
    .writes = true,
};
static const struct gx_pg_stmt APPEND_MANY = {
    .name = "gx_journal_append_many",
    .sql = TAKE_PLACES
    "SELECT $1, place.seq - $2 + e.n, e.id, e.type, genxi.now_ms(), $3, nullif(e.subject, "
    "'')::uuid,"
    " e.audience, e.exercise, e.traceparent, $5::bytea, e.body"
    " FROM place, unnest($6::uuid[], $7::int[], $8::text[], $9::bytea[], $10::boolean[],"
    " $11::bytea[], $4::text[])"
    " WITH ORDINALITY AS e (id, type, subject, audience, exercise, body, traceparent, n)"
    " ORDER BY e.n RETURNING seq",
    .params = 11,
    .shape = GX_PG_ROWS,
    .writes = true,
};
static const struct gx_pg_stmt HEADS = {
    .name = "gx_journal_heads",
    .sql = "SELECT area, seq, floor FROM journal.counter ORDER BY area",
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt READ = {
    .name = "gx_journal_read",
    .sql = "SELECT seq, id, type, at, service, coalesce(subject::text, ''), audience, exercise, "
           "traceparent, actor, body"
           " FROM journal.event WHERE area = $1 AND seq > $2 ORDER BY seq LIMIT $3",
    .params = 3,
    .shape = GX_PG_ROWS,
};
static const struct gx_pg_stmt FIND = {
    .name = "gx_journal_find",
    .sql = "SELECT coalesce(max(seq), 0) FROM journal.event WHERE area = $1 AND at <= $2",
    .params = 2,
    .shape = GX_PG_ONE_ROW,
};

/* --- protobuf in the arena (the wire layer's helpers are not below us) --- */

static void *pb_alloc(void *arena, size_t size)
{
    return gx_arena_alloc(arena, size);
}

static void pb_free(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

static ProtobufCMessage *unpack(struct gx_ctx *ctx, const ProtobufCMessageDescriptor *type,
                                struct gx_view bytes)
{
    ProtobufCAllocator allocator = {pb_alloc, pb_free, &ctx->arena};
    return protobuf_c_message_unpack(type, &allocator, bytes.size, bytes.data);
}

static struct gx_view pack(struct gx_ctx *ctx, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = gx_arena_alloc(&ctx->arena, size == 0 ? 1 : size);
    if (bytes == NULL) {
        return (struct gx_view){NULL, 0};
    }
    return (struct gx_view){bytes, protobuf_c_message_pack(message, bytes)};
}

/* --- gathering --- */

static Genxi__Actor *copy_actor(struct gx_ctx *ctx)
{
    const struct gx_actor *from = &ctx->actor;
    Genxi__Actor *actor = gx_arena_alloc(&ctx->arena, sizeof *actor);
    if (actor == NULL) {
        return NULL;
    }
    genxi__actor__init(actor);
    actor->roles = from->roles;
    actor->subject = gx_arena_text(&ctx->arena, from->subject);
    actor->org = from->org[0] == '\0' ? NULL : gx_arena_text(&ctx->arena, from->org);
    actor->responder_id =
        from->responder_id[0] == '\0' ? NULL : gx_arena_text(&ctx->arena, from->responder_id);
    return actor;
}

static Genxi__Audience *copy_audience(struct gx_ctx *ctx, const Genxi__Audience *audience)
{
    Genxi__Audience nobody_else = GENXI__AUDIENCE__INIT;
    struct gx_view bytes = pack(ctx, audience == NULL ? &nobody_else.base : &audience->base);
    if (bytes.data == NULL) {
        return NULL;
    }
    return (Genxi__Audience *)unpack(ctx, &genxi__audience__descriptor, bytes);
}

static Genxi__Event *make_event(struct gx_ctx *ctx, const struct gx_emit *emit)
{
    struct gx_view body = pack(ctx, emit->payload);
    Genxi__Event *event = gx_arena_alloc(&ctx->arena, sizeof *event);
    char *id = gx_arena_alloc(&ctx->arena, GX_ID_SIZE);
    if (event == NULL || id == NULL || body.data == NULL) {
        return NULL;
    }
    genxi__event__init(event);
    event->id = gx_id_new(id);
    event->area = emit->area;
    event->type = emit->type;
    event->service = gx_arena_text(&ctx->arena, ctx->tx->store->service);
    event->subject = emit->subject == NULL || emit->subject[0] == '\0'
                         ? NULL
                         : gx_arena_text(&ctx->arena, emit->subject);
    event->audience = copy_audience(ctx, emit->audience);
    event->has_exercise = emit->exercise;
    event->exercise = emit->exercise;
    event->traceparent = gx_arena_text(&ctx->arena, ctx->traceparent);
    event->actor = copy_actor(ctx);
    event->body.len = body.size;
    event->body.data = gx_arena_alloc(&ctx->arena, body.size == 0 ? 1 : body.size);
    if (event->body.data == NULL || ctx->arena.spent) {
        return NULL;
    }
    memcpy(event->body.data, body.data, body.size);
    return event;
}

static enum gx_rc add(struct gx_ctx *ctx, struct gx_event_list *list, const struct gx_emit *emit,
                      Genxi__Event **ret_event)
{
    Genxi__Event *event = make_event(ctx, emit);
    if (event != NULL && list->count == list->room) {
        size_t room = list->room == 0 ? 4 : list->room * 2;
        Genxi__Event **items = gx_arena_alloc(&ctx->arena, room * sizeof *items);
        if (items != NULL && list->count > 0) {
            memcpy(items, list->items, list->count * sizeof *items);
        }
        list->items = items;
        list->room = items == NULL ? 0 : room;
    }
    if (event == NULL || list->items == NULL) {
        ctx->tx->failed = GX_INTERNAL;
        return gx_fail(ctx, GX_P_INTERNAL, "", "memory limit");
    }
    list->items[list->count++] = event;
    *ret_event = event;
    return GX_OK;
}

enum gx_rc gx_emit(struct gx_ctx *ctx, const struct gx_emit *emit)
{
    Genxi__Event *event = NULL;
    if (ctx->tx->failed != GX_OK) {
        return ctx->tx->failed;
    }
    return add(ctx, &ctx->tx->events, emit, &event);
}

enum gx_rc gx_tx_pass(struct gx_ctx *ctx, const struct gx_emit *emit)
{
    Genxi__Event *event = NULL;
    enum gx_rc rc = add(ctx, &ctx->tx->passing, emit, &event);
    if (rc == GX_OK) {
        event->at = gx_clock_wall_ms();
    }
    return rc;
}

Genxi__Event **gx_tx_events(const struct gx_tx *tx, size_t *ret_count)
{
    *ret_count = tx->events.count;
    return tx->events.items;
}

Genxi__Event **gx_tx_passing(const struct gx_tx *tx, size_t *ret_count)
{
    *ret_count = tx->passing.count;
    return tx->passing.items;
}

/* --- appending --- */

static int by_area_then_order(const void *left, const void *right)
{
    const Genxi__Event *a = *(Genxi__Event *const *)left;
    const Genxi__Event *b = *(Genxi__Event *const *)right;
    if (a->area != b->area) {
        return a->area < b->area ? -1 : 1;
    }
    return a->seq < b->seq ? -1 : 1; /* seq holds the order of emission until the append */
}

static struct gx_param hex_array(struct gx_ctx *ctx, const struct gx_view *items, size_t count)
{
    const char **texts = gx_arena_alloc(&ctx->arena, count * sizeof *texts);
    for (size_t i = 0; texts != NULL && i < count; i++) {
        char *text = gx_arena_alloc(&ctx->arena, items[i].size * 2 + 3);
        if (text == NULL) {
            return gx_null();
        }
        text[0] = '\\';
        text[1] = 'x';
        gx_hex_encode(items[i].data, items[i].size, text + 2);
        texts[i] = text;
    }
    return texts == NULL ? gx_null() : gx_text_array(ctx, texts, count);
}

static void fill_one(struct gx_tx *tx, const Genxi__Event *event, struct gx_param params[11])
{
    params[3] = gx_text(event->traceparent);
    params[5] = gx_text(event->id);
    params[6] = gx_int(tx->ctx, event->type);
    params[7] = gx_text_or_null(event->subject);
    params[8] = gx_bytes(pack(tx->ctx, &event->audience->base));
    params[9] = gx_bool(event->exercise != 0);
    params[10] = gx_bytes((struct gx_view){event->body.data, event->body.len});
}

static void fill_many(struct gx_tx *tx, Genxi__Event *const *events, size_t count,
                      struct gx_param params[11])
{
    struct gx_ctx *ctx = tx->ctx;
    const char **ids = gx_arena_alloc(&ctx->arena, count * sizeof *ids);
    const char **subjects = gx_arena_alloc(&ctx->arena, count * sizeof *subjects);
    const char **exercises = gx_arena_alloc(&ctx->arena, count * sizeof *exercises);
    const char **traces = gx_arena_alloc(&ctx->arena, count * sizeof *traces);
    int32_t *types = gx_arena_alloc(&ctx->arena, count * sizeof *types);
    struct gx_view *audiences = gx_arena_alloc(&ctx->arena, count * sizeof *audiences);
    struct gx_view *bodies = gx_arena_alloc(&ctx->arena, count * sizeof *bodies);
    if (ids == NULL || subjects == NULL || exercises == NULL || traces == NULL || types == NULL ||
        audiences == NULL || bodies == NULL) {
        return; /* the spent arena is noticed before anything is sent */
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = events[i]->id;
        types[i] = (int32_t)events[i]->type;
        subjects[i] = events[i]->subject == NULL ? "" : events[i]->subject;
        audiences[i] = pack(ctx, &events[i]->audience->base);
        exercises[i] = events[i]->exercise != 0 ? "t" : "f";
        traces[i] = events[i]->traceparent;
        bodies[i] = (struct gx_view){events[i]->body.data, events[i]->body.len};
    }
    params[3] = gx_text_array(ctx, traces, count);
    params[5] = gx_text_array(ctx, ids, count);
    params[6] = gx_int_array(ctx, types, count);
    params[7] = gx_text_array(ctx, subjects, count);
    params[8] = hex_array(ctx, audiences, count);
    params[9] = gx_text_array(ctx, exercises, count);
    params[10] = hex_array(ctx, bodies, count);
}

static enum gx_rc queue_area(struct gx_tx *tx, Genxi__Event *const *events,
                             struct gx_append *append)
{
    struct gx_ctx *ctx = tx->ctx;
    Genxi__Event *const *first = events + append->first;
    struct gx_param params[11] = {gx_int(ctx, append->area), gx_int(ctx, (int64_t)append->count),
                                  gx_text(tx->store->service), gx_null(),
                                  gx_bytes(pack(ctx, &first[0]->actor->base))};
    if (append->count == 1) {
        fill_one(tx, first[0], params);
    } else {
        fill_many(tx, first, append->count, params);
    }
    if (ctx->arena.spent) {
        tx->failed = gx_fail(ctx, GX_P_INTERNAL, "", "memory limit");
        return tx->failed;
    }
    const struct gx_pg_stmt *stmt = append->count == 1 ? &APPEND_ONE : &APPEND_MANY;
    return gx_pg_queue(tx->pg, stmt, params, &append->result) == GX_OK ? GX_OK : gx_tx_note(tx);
}

/* Sorted copies of the events, and one row an area. */
static Genxi__Event **sort_by_area(struct gx_tx *tx, struct gx_append **ret_appends,
                                   size_t *ret_count)
{
    size_t count = tx->events.count;
    Genxi__Event **sorted = gx_arena_alloc(&tx->ctx->arena, count * sizeof *sorted);
    struct gx_append *appends = gx_arena_alloc(&tx->ctx->arena, count * sizeof *appends);
    if (sorted == NULL || appends == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = tx->events.items[i];
        sorted[i]->seq = (int64_t)i;
    }
    qsort(sorted, count, sizeof *sorted, by_area_then_order);
    size_t areas = 0;
    for (size_t i = 0; i < count; i++) {
        if (areas == 0 || appends[areas - 1].area != sorted[i]->area) {
            appends[areas++] = (struct gx_append){.area = sorted[i]->area, .first = i};
        }
        appends[areas - 1].count++;
    }
    *ret_appends = appends;
    *ret_count = areas;
    return sorted;
}

enum gx_rc gx_journal_queue(struct gx_tx *tx, struct gx_append **ret_appends, size_t *ret_count)
{
    *ret_count = 0;
    if (tx->events.count == 0) {
        return GX_OK;
    }
    Genxi__Event **sorted = sort_by_area(tx, ret_appends, ret_count);
    if (sorted == NULL) {
        tx->failed = gx_fail(tx->ctx, GX_P_INTERNAL, "", "memory limit");
        return tx->failed;
    }
    tx->sorted = sorted;
    for (size_t i = 0; i < *ret_count; i++) {
        enum gx_rc rc = queue_area(tx, sorted, &(*ret_appends)[i]);
        if (rc != GX_OK) {
            return rc;
        }
    }
    return GX_OK;
}

void gx_journal_number(struct gx_tx *tx, struct gx_append *appends, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t n = 0; n < appends[i].count; n++) {
            Genxi__Event *event = tx->sorted[appends[i].first + n];
            event->seq = strtoll(PQgetvalue(appends[i].result, (int)n, 0), NULL, 10);
            event->at = tx->now_ms;
        }
    }
}

/* --- reading --- */

enum gx_rc gx_journal_heads(struct gx_pg *pg, struct gx_ctx *ctx,
                            struct gx_journal_head **ret_heads, size_t *ret_count)
{
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_pg_run(pg, ctx, &HEADS, NULL, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    struct gx_journal_head *heads = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *heads);
    if (heads == NULL) {
        return gx_fail(ctx, GX_P_INTERNAL, "", "memory limit");
    }
    for (size_t i = 0; i < count; i++) {
        heads[i] = (struct gx_journal_head){(int32_t)gx_rows_int(rows, i, 0),
                                            gx_rows_int(rows, i, 1), gx_rows_int(rows, i, 2)};
    }
    *ret_heads = heads;
    *ret_count = count;
    return GX_OK;
}

static Genxi__Event *read_event(struct gx_ctx *ctx, const struct gx_rows *rows, size_t row,
                                int32_t area)
{
    Genxi__Event *event = gx_arena_alloc(&ctx->arena, sizeof *event);
    if (event == NULL) {
        return NULL;
    }
    genxi__event__init(event);
    event->area = area;
    event->seq = gx_rows_int(rows, row, 0);
    event->id = gx_rows_copy(ctx, rows, row, 1);
    event->type = (uint32_t)gx_rows_int(rows, row, 2);
    event->at = gx_rows_int(rows, row, 3);
    event->service = gx_rows_copy(ctx, rows, row, 4);
    char *subject = gx_rows_copy(ctx, rows, row, 5);
    event->subject = subject != NULL && subject[0] == '\0' ? NULL : subject;
    event->audience = (Genxi__Audience *)unpack(ctx, &genxi__audience__descriptor,
                                                gx_rows_bytes(ctx, rows, row, 6));
    event->exercise = gx_rows_bool(rows, row, 7);
    event->has_exercise = event->exercise;
    event->traceparent = gx_rows_copy(ctx, rows, row, 8);
    event->actor =
        (Genxi__Actor *)unpack(ctx, &genxi__actor__descriptor, gx_rows_bytes(ctx, rows, row, 9));
    /* protobuf-c's bytes have no const; the bytes are the arena's and nobody writes them. */
    const char *hex = gx_rows_text(rows, row, 10);
    event->body.len = strlen(hex) / 2 - 1;
    event->body.data = gx_arena_alloc(&ctx->arena, event->body.len + 1);
    if (event->audience == NULL || event->actor == NULL || event->body.data == NULL ||
        gx_hex_decode(hex + 2, event->body.data, event->body.len) != 0) {
        return NULL;
    }
    return event;
}

enum gx_rc gx_journal_read(struct gx_pg *pg, struct gx_ctx *ctx, int32_t area, int64_t after,
                           int64_t limit, Genxi__Event ***ret_events, size_t *ret_count)
{
    const struct gx_param params[] = {gx_int(ctx, area), gx_int(ctx, after), gx_int(ctx, limit)};
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_pg_run(pg, ctx, &READ, params, &rows);
    if (rc != GX_OK) {
        return rc;
    }
    size_t count = gx_rows_count(rows);
    Genxi__Event **events = gx_arena_alloc(&ctx->arena, (count + 1) * sizeof *events);
    for (size_t i = 0; events != NULL && i < count; i++) {
        events[i] = read_event(ctx, rows, i, area);
        if (events[i] == NULL) {
            events = NULL;
        }
    }
    if (events == NULL) {
        gx_log(ctx, GX_ERROR, "journal-read", "events of area %d could not be read into memory",
               (int)area);
        return gx_fail(ctx, GX_P_INTERNAL, "", "memory limit");
    }
    *ret_events = events;
    *ret_count = count;
    return GX_OK;
}

enum gx_rc gx_journal_find(struct gx_pg *pg, struct gx_ctx *ctx, int32_t area, int64_t before_at,
                           int64_t *ret_seq)
{
    const struct gx_param params[] = {gx_int(ctx, area), gx_int(ctx, before_at)};
    GX_AUTO(gx_rows_free) struct gx_rows *rows = NULL;
    enum gx_rc rc = gx_pg_run(pg, ctx, &FIND, params, &rows);
    if (rc == GX_OK) {
        *ret_seq = gx_rows_int(rows, 0, 0);
    }
    return rc;
}
