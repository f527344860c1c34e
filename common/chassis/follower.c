/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that follows areas. It holds some areas by lease (session advisory locks) up to its fair share, and for each keeps the place
 * it has reached. An event from the wire that is the next one is handled at once; anything else that shows a gap, and the look at the
 * counters every POLL_MS, leads to the journal. The cursor moves in the transaction of the effect and only from where it was believed
 * to be, so two that both think they hold an area cannot both have an effect.
 *
 * Events that the service does not follow move the cursor in memory only; it is written with the next effect or within PERSIST_MS.
 */
#include "base/clock.h"
#include "base/log.h"
#include "chassis/internal.h"
#include "store/follow.h"
#include "store/journal.h"
#include "wire/pb.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEASE_MS = 1000,
    POLL_MS = 200,
    PERSIST_MS = 1000,
    RUN_MAX = 64, /* events in one transaction when catching up */
    TICK_MS = 200,
    WIRE_WAIT_MS = 50,
    BATCH = 500,
};

struct area {
    int32_t id;
    bool held;
    int64_t cursor;    /* reached, in memory */
    int64_t persisted; /* reached, in the table */
    int64_t head;      /* newest known in the journal */
    int64_t floor;
    int64_t behind_since_us; /* 0: not behind */
    int64_t retry_at_us;
    int64_t gather_until_us; /* not before, so that others can join: the service is patient */
    int tries;               /* of the event at cursor + 1 */
};

struct follower {
    struct gx_runner runner;
    struct gx_chassis *chassis;
    struct gx_follow_state *state;
    struct gx_subscriber *subscriber;
    struct gx_ctx wire; /* one event from the wire, or one batch from the journal */
    struct gx_ctx aux;  /* leases, polls, cursors */
    char id[GX_ID_SIZE];
    uint64_t epoch;
    struct area *areas; /* rising by id */
    size_t area_count;
    size_t area_room;
    int64_t lease_at_us;
    int64_t poll_at_us;
    int64_t persist_at_us;
    int64_t tick_at_us;
};

/* --- areas --- */

static struct area *find_area(struct follower *follower, int32_t id)
{
    for (size_t i = 0; i < follower->area_count; i++) {
        if (follower->areas[i].id == id) {
            return &follower->areas[i];
        }
    }
    return NULL;
}

static struct area *add_area(struct follower *follower, int32_t id)
{
    if (follower->area_count == follower->area_room) {
        follower->area_room = follower->area_room == 0 ? 16 : follower->area_room * 2;
        follower->areas = realloc(follower->areas, follower->area_room * sizeof *follower->areas);
        if (follower->areas == NULL) {
            abort();
        }
    }
    struct area *area = &follower->areas[follower->area_count++];
    *area = (struct area){.id = id};
    return area;
}

static void forget_lease(struct follower *follower, struct area *area)
{
    if (area->held) {
        gx_subscriber_remove_area(follower->subscriber, area->id);
    }
    *area = (struct area){.id = area->id, .head = area->head, .floor = area->floor};
}

/* The connection was lost and with it all leases; or nothing is to be believed any more. */
static void forget_all_leases(struct follower *follower)
{
    for (size_t i = 0; i < follower->area_count; i++) {
        forget_lease(follower, &follower->areas[i]);
    }
    follower->lease_at_us = 0;
}

/* Writes what was passed over in memory. False: the area was lost. */
static bool persist(struct follower *follower, struct area *area)
{
    if (area->cursor == area->persisted) {
        return true;
    }
    gx_ctx_reset(&follower->aux);
    enum gx_rc rc =
        gx_cursor_move(follower->runner.pg, &follower->aux, follower->chassis->service->name,
                       area->id, area->persisted, area->cursor);
    if (rc == GX_OK) {
        area->persisted = area->cursor;
        return true;
    }
    if (rc == GX_CONFLICT) {
        gx_log(NULL, GX_WARN, "cursor-moved", "somebody else moved the cursor of area %" PRId32,
               area->id);
        (void)gx_lease_give(follower->runner.pg, &follower->aux, follower->chassis->service->name,
                            area->id);
    }
    forget_lease(follower, area);
    return false;
}

static void persist_all(struct follower *follower)
{
    for (size_t i = 0; i < follower->area_count; i++) {
        if (follower->areas[i].held) {
            (void)persist(follower, &follower->areas[i]);
        }
    }
}

static void give_lease(struct follower *follower, struct area *area)
{
    if (!persist(follower, area)) {
        return;
    }
    gx_ctx_reset(&follower->aux);
    enum gx_rc rc = gx_lease_give(follower->runner.pg, &follower->aux,
                                  follower->chassis->service->name, area->id);
    forget_lease(follower, area);
    if (rc != GX_OK) {
        gx_log(NULL, GX_WARN, "lease-give", "area %" PRId32 ": %s", area->id, gx_rc_name(rc));
    }
}

/* With the lease in hand, where are we? */
static void start_area(struct follower *follower, struct area *area)
{
    const char *service = follower->chassis->service->name;
    int64_t seq = 0;
    gx_ctx_reset(&follower->aux);
    if (gx_cursor_get(follower->runner.pg, &follower->aux, service, area->id, &seq) != GX_OK) {
        /* Without its place the area cannot be followed; the lease goes back. */
        (void)gx_lease_give(follower->runner.pg, &follower->aux, service, area->id);
        return;
    }
    area->held = true;
    area->cursor = seq;
    area->persisted = seq;
    if (seq < area->floor) {
        gx_log(NULL, GX_ERROR, "journal-gap",
               "events %" PRId64 "..%" PRId64 " of area %" PRId32 " were purged unread", seq + 1,
               area->floor, area->id);
        area->cursor = area->floor;
    }
    gx_subscriber_add_area(follower->subscriber, area->id);
    gx_log(NULL, GX_DEBUG, "lease-taken", "area %" PRId32 " from %" PRId64, area->id, area->cursor);
}

static size_t count_held(const struct follower *follower)
{
    size_t held = 0;
    for (size_t i = 0; i < follower->area_count; i++) {
        held += follower->areas[i].held ? 1 : 0;
    }
    return held;
}

static void take_leases(struct follower *follower, size_t wanted)
{
    /* Followers begin at different places, so that they seldom try for the same area. */
    size_t start = (size_t)(uint8_t)follower->id[GX_ID_SIZE - 2] * 7 +
                   (size_t)(uint8_t)follower->id[GX_ID_SIZE - 3];
    for (size_t n = 0; n < follower->area_count && wanted > 0; n++) {
        struct area *area = &follower->areas[(start + n) % follower->area_count];
        bool taken = false;
        if (area->held) {
            continue;
        }
        gx_ctx_reset(&follower->aux);
        if (gx_lease_take(follower->runner.pg, &follower->aux, follower->chassis->service->name,
                          area->id, &taken) != GX_OK) {
            return;
        }
        if (taken) {
            start_area(follower, area);
            wanted--;
        }
    }
}

static void give_surplus(struct follower *follower, size_t surplus)
{
    for (size_t i = follower->area_count; i > 0 && surplus > 0; i--) {
        if (follower->areas[i - 1].held) {
            give_lease(follower, &follower->areas[i - 1]);
            surplus--;
        }
    }
}

static void balance(struct follower *follower)
{
    int64_t alive = 1;
    gx_ctx_reset(&follower->aux);
    enum gx_rc rc = gx_follow_beat(follower->runner.pg, &follower->aux,
                                   follower->chassis->service->name, follower->id, &alive);
    if (rc != GX_OK || alive < 1) {
        return;
    }
    size_t share = (follower->area_count + (size_t)alive - 1) / (size_t)alive;
    size_t held = count_held(follower);
    if (held > share) {
        give_surplus(follower, held - share);
    } else if (held < share) {
        take_leases(follower, share - held);
    }
}

/* --- what the journal has --- */

static void poll_heads(struct follower *follower)
{
    struct gx_journal_head *heads = NULL;
    size_t count = 0;
    gx_ctx_reset(&follower->aux);
    if (gx_journal_heads(follower->runner.pg, &follower->aux, &heads, &count) != GX_OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct area *area = find_area(follower, heads[i].area);
        if (area == NULL) {
            area = add_area(follower, heads[i].area);
            follower->lease_at_us = 0; /* a new area: see at once whose it is */
        }
        area->head = heads[i].seq > area->head ? heads[i].seq : area->head;
        area->floor = heads[i].floor;
    }
}

static void report_state(struct follower *follower, int64_t now_us)
{
    int64_t behind = 0;
    int64_t since_us = now_us;
    for (size_t i = 0; i < follower->area_count; i++) {
        struct area *area = &follower->areas[i];
        int64_t missing = area->held ? area->head - area->cursor : 0;
        area->behind_since_us = missing <= 0                 ? 0
                                : area->behind_since_us == 0 ? now_us
                                                             : area->behind_since_us;
        behind = missing > behind ? missing : behind;
        if (missing > 0 && area->behind_since_us < since_us) {
            since_us = area->behind_since_us;
        }
    }
    atomic_store(&follower->state->areas, (int64_t)count_held(follower));
    atomic_store(&follower->state->behind_events, behind);
    atomic_store(&follower->state->behind_ms, (now_us - since_us) / 1000);
}

/* --- one event, or a run of them that stand next to each other --- */

struct following {
    struct follower *follower;
    const Genxi__Event *event;
    gx_event_fn *handle;
    const struct gx_event_type *type; /* NULL: the handler gets no payload */
    const char *poison;               /* set: do not handle, set aside with this reason */
    Genxi__Event *const *run; /* set: all of these in one transaction, `event` is the last */
    size_t run_count;
};

static void prepare_following(void *arg, struct gx_ctx *ctx)
{
    const struct following *following = arg;
    ctx->deadline_ms = gx_clock_wall_ms() + GX_SYSTEM_DEADLINE_MS;
    ctx->label = following->type == NULL ? "event" : following->type->name;
    gx_act_as_system(ctx, following->follower->chassis->service->name,
                     following->event->traceparent == NULL ? "" : following->event->traceparent);
}

static enum gx_rc run_following(void *arg, struct gx_ctx *ctx, struct gx_job_result *result)
{
    const struct following *following = arg;
    const Genxi__Event *event = following->event;
    ProtobufCMessage *payload = NULL;
    (void)result;
    if (following->poison != NULL) {
        return gx_poison_put(ctx, following->follower->chassis->service->name, event->area,
                             event->seq, following->poison);
    }
    if (following->type != NULL) {
        const struct gx_view body = {event->body.data, event->body.len};
        enum gx_rc rc = gx_pb_unpack(ctx, following->type->payload, body, &payload);
        if (rc != GX_OK) {
            return rc;
        }
    }
    return following->handle(following->follower->runner.self, ctx, event, payload);
}

static bool find_handler(const struct gx_service *service, const Genxi__Event *event,
                         struct following *following);

/* Each handler runs as if alone: its own label and trace. One that fails undoes the run. */
static enum gx_rc run_run(void *arg, struct gx_ctx *ctx, struct gx_job_result *result)
{
    const struct following *all = arg;
    for (size_t i = 0; i < all->run_count; i++) {
        struct following one = {.follower = all->follower, .event = all->run[i]};
        if (!find_handler(all->follower->chassis->service, one.event, &one)) {
            continue;
        }
        prepare_following(&one, ctx);
        enum gx_rc rc = run_following(&one, ctx, result);
        if (rc != GX_OK) {
            return rc;
        }
    }
    return GX_OK;
}

/* Who handles this type? False: nobody here. */
static bool find_handler(const struct gx_service *service, const Genxi__Event *event,
                         struct following *following)
{
    if (service->every_event != NULL) {
        following->handle = service->every_event;
        return true;
    }
    for (size_t i = 0; i < service->event_count; i++) {
        if (service->events[i].number == event->type) {
            following->handle = service->events[i].handle;
            following->type = gx_event_by_number(event->type);
            return following->type != NULL;
        }
    }
    return false;
}

static enum gx_rc run_event(struct follower *follower, struct area *area,
                            struct following *following, bool *ret_lease_lost)
{
    struct gx_job job = {.prepare = prepare_following,
                         .run = following->run == NULL ? run_following : run_run,
                         .arg = following,
                         .plan = {.moves_cursor = true,
                                  .area = area->id,
                                  .from = area->persisted,
                                  .to = following->event->seq,
                                  .lazy = true}};
    struct gx_job_result result;
    enum gx_rc rc = gx_runner_run(&follower->runner, &follower->runner.ctx, &job, &result);
    *ret_lease_lost = result.lease_lost;
    if (rc == GX_OK) {
        area->cursor = following->event->seq;
        area->persisted = following->event->seq;
        area->tries = 0;
        area->retry_at_us = 0;
    }
    return rc;
}

static const char *reason_of(const struct gx_ctx *ctx, enum gx_rc rc)
{
    return ctx->fault_count == 0 ? gx_rc_name(rc) : gx_problem_row(ctx->faults[0].problem)->slug;
}

static void set_aside(struct follower *follower, struct area *area, struct following *following,
                      enum gx_rc rc)
{
    const char *reason = reason_of(&follower->runner.ctx, rc);
    bool lease_lost = false;
    gx_log(&follower->runner.ctx, GX_ERROR, "event-poisoned",
           "event %" PRId64 " of area %" PRId32 " failed %d times (%s) and was set aside",
           following->event->seq, area->id, area->tries, reason);
    following->poison = reason;
    if (run_event(follower, area, following, &lease_lost) == GX_OK) {
        gx_metric_add(&GX_CHASSIS_METRICS[GX_M_EVENTS_POISONED], 1);
    }
}

static void note_failure(struct follower *follower, struct area *area, struct following *following,
                         enum gx_rc rc, bool lease_lost)
{
    const struct gx_ctx *ctx = &follower->runner.ctx;
    gx_metric_add(&GX_CHASSIS_METRICS[GX_M_EVENTS_FAILED], 1);
    if (lease_lost || rc == GX_UNCERTAIN) {
        gx_log(ctx, GX_WARN, "lease-lost", "area %" PRId32 " at %" PRId64 ": %s", area->id,
               following->event->seq, gx_rc_name(rc));
        if (gx_pg_healthy(follower->runner.pg)) {
            gx_ctx_reset(&follower->aux);
            (void)gx_lease_give(follower->runner.pg, &follower->aux,
                                follower->chassis->service->name, area->id);
        }
        forget_lease(follower, area);
        return;
    }
    int64_t wait_ms = gx_backoff_ms(area->tries);
    area->tries++;
    area->retry_at_us = gx_clock_mono_us() + wait_ms * 1000;
    if (gx_rc_is_final(rc) && area->tries >= follower->chassis->common->poison_limit) {
        set_aside(follower, area, following, rc);
        return;
    }
    gx_log(ctx, GX_WARN, "event-failed",
           "event %" PRId64 " of area %" PRId32 ": %s (%s), again in %" PRId64 " ms",
           following->event->seq, area->id, gx_rc_name(rc), reason_of(ctx, rc), wait_ms);
}

/* The event at cursor + 1. False: stop with this area for now. */
static bool follow_event(struct follower *follower, struct area *area, const Genxi__Event *event)
{
    struct following following = {.follower = follower, .event = event};
    bool lease_lost = false;
    area->head = event->seq > area->head ? event->seq : area->head;
    if (!find_handler(follower->chassis->service, event, &following)) {
        area->cursor = event->seq;
        return true;
    }
    enum gx_rc rc = run_event(follower, area, &following, &lease_lost);
    if (rc == GX_OK) {
        gx_metric_add(&GX_CHASSIS_METRICS[GX_M_EVENTS_HANDLED], 1);
        return true;
    }
    note_failure(follower, area, &following, rc, lease_lost);
    return false;
}

/*
 * A run of consecutive events in one transaction: what was missed is caught up with one flush to disk for many events. False: the run
 * failed as a whole and has no effect; one by one will tell which of them it is.
 */
static bool follow_run(struct follower *follower, struct area *area, Genxi__Event *const *events,
                       size_t count)
{
    struct following following = {
        .follower = follower, .event = events[count - 1], .run = events, .run_count = count};
    bool lease_lost = false;
    size_t handled = 0;
    for (size_t i = 0; i < count; i++) {
        struct following one = {0};
        handled += find_handler(follower->chassis->service, events[i], &one) ? 1 : 0;
    }
    if (handled == 0) {
        area->cursor = events[count - 1]->seq;
        return true;
    }
    if (run_event(follower, area, &following, &lease_lost) != GX_OK) {
        return false;
    }
    gx_metric_add(&GX_CHASSIS_METRICS[GX_M_EVENTS_HANDLED], (int64_t)handled);
    return true;
}

/* --- catching up --- */

/* How many of events[from..] stand next to each other, behind the cursor: at most RUN_MAX. */
static size_t run_length(const struct area *area, Genxi__Event *const *events, size_t from,
                         size_t count)
{
    size_t length = 0;
    while (from + length < count && length < RUN_MAX &&
           events[from + length]->seq == area->cursor + 1 + (int64_t)length) {
        length++;
    }
    return length;
}

static bool leases_in_doubt(const struct follower *follower)
{
    return gx_pg_epoch(follower->runner.pg) != follower->epoch ||
           !gx_pg_healthy(follower->runner.pg);
}

static bool is_due(const struct area *area, int64_t now_us)
{
    return area->held && area->head > area->cursor && area->retry_at_us <= now_us &&
           area->gather_until_us <= now_us;
}

/* One batch of an area from the journal. */
static void catch_up(struct follower *follower, struct area *area)
{
    Genxi__Event **events = NULL;
    size_t count = 0;
    gx_ctx_reset(&follower->wire);
    if (gx_journal_read(follower->runner.pg, &follower->wire, area->id, area->cursor, BATCH,
                        &events, &count) != GX_OK) {
        area->retry_at_us = gx_clock_mono_us() + (int64_t)POLL_MS * 1000;
        return;
    }
    if (count == 0) {
        area->retry_at_us =
            gx_clock_mono_us() + (int64_t)POLL_MS * 1000; /* nothing there: do not spin */
    }
    bool singly = area->tries > 0;
    for (size_t i = 0; i < count;) {
        size_t run = singly ? 0 : run_length(area, events, i, count);
        bool went_well = run > 1 && follow_run(follower, area, &events[i], run);
        if (went_well) {
            i += run;
        } else {
            singly = true;
            if (events[i]->seq != area->cursor + 1) {
                gx_log(NULL, GX_ERROR, "journal-hole",
                       "area %" PRId32 ": %" PRId64 " follows %" PRId64, area->id, events[i]->seq,
                       area->cursor);
            }
            went_well = follow_event(follower, area, events[i]);
            i++;
        }
        int64_t now_us = gx_clock_mono_us();
        if (!went_well || now_us >= follower->lease_at_us ||
            atomic_load(&follower->chassis->stopping) || leases_in_doubt(follower)) {
            return;
        }
        if (now_us >= follower->tick_at_us) {
            return;
        }
    }
}

static bool catch_up_all(struct follower *follower)
{
    bool more = false;
    for (size_t i = 0; i < follower->area_count && !atomic_load(&follower->chassis->stopping);
         i++) {
        struct area *area = &follower->areas[i];
        if (is_due(area, gx_clock_mono_us())) {
            catch_up(follower, area);
            more = more || is_due(area, gx_clock_mono_us());
        }
    }
    return more;
}

/* --- the wire --- */

static void take_from_wire(struct follower *follower, int wait_ms)
{
    Genxi__Event *event = NULL;
    gx_ctx_reset(&follower->wire);
    enum gx_rc rc = gx_subscriber_next(follower->subscriber, &follower->wire, wait_ms, &event);
    if (rc != GX_OK) {
        if (rc != GX_TIMEOUT) {
            gx_chassis_sleep_ms(follower->chassis, wait_ms);
        }
        return;
    }
    struct area *area = event->seq == 0 ? NULL : find_area(follower, event->area);
    if (area == NULL || !area->held || event->seq <= area->cursor) {
        return; /* passing, another's, or known */
    }
    const struct gx_service *service = follower->chassis->service;
    struct following following = {.follower = follower};
    bool gathers = service->patience_ms > 0 && find_handler(service, event, &following);
    int64_t now_us = gx_clock_mono_us();
    if (event->seq == area->cursor + 1 && area->retry_at_us <= now_us && !gathers) {
        (void)follow_event(follower, area, event);
        return;
    }
    if (gathers && area->head <= area->cursor) {
        area->gather_until_us = now_us + (int64_t)service->patience_ms * 1000;
    }
    /* Behind: the journal has what is missing. */
    area->head = event->seq > area->head ? event->seq : area->head;
}

/* No longer than until the first area has gathered enough. */
static int wire_wait_ms(const struct follower *follower)
{
    int64_t now_us = gx_clock_mono_us();
    int64_t wait_us = (int64_t)WIRE_WAIT_MS * 1000;
    for (size_t i = 0; i < follower->area_count; i++) {
        const struct area *area = &follower->areas[i];
        int64_t left_us = area->gather_until_us - now_us;
        bool gathering = area->held && area->head > area->cursor && left_us > 0;
        wait_us = gathering && left_us < wait_us ? left_us : wait_us;
    }
    return (int)((wait_us + 999) / 1000);
}

/* --- the loop --- */

static void turn(struct follower *follower)
{
    const struct gx_service *service = follower->chassis->service;
    int64_t now_us = gx_clock_mono_us();
    if (leases_in_doubt(follower)) {
        forget_all_leases(follower);
        if (gx_pg_ensure(follower->runner.pg) != GX_OK) {
            gx_chassis_sleep_ms(follower->chassis, WIRE_WAIT_MS);
            return;
        }
        follower->epoch = gx_pg_epoch(follower->runner.pg);
    }
    if (now_us >= follower->poll_at_us) {
        poll_heads(follower);
        report_state(follower, now_us);
        follower->poll_at_us = now_us + (int64_t)POLL_MS * 1000;
    }
    if (now_us >= follower->lease_at_us) {
        balance(follower);
        follower->lease_at_us = now_us + (int64_t)LEASE_MS * 1000;
    }
    if (now_us >= follower->persist_at_us) {
        persist_all(follower);
        follower->persist_at_us = now_us + (int64_t)PERSIST_MS * 1000;
    }
    if (now_us >= follower->tick_at_us) {
        if (service->tick != NULL) {
            service->tick(follower->runner.self);
        }
        follower->tick_at_us = now_us + (int64_t)TICK_MS * 1000;
    }
    bool more = catch_up_all(follower);
    take_from_wire(follower, more ? 0 : wire_wait_ms(follower));
}

static void say_bye(struct follower *follower)
{
    if (!gx_pg_healthy(follower->runner.pg)) {
        return;
    }
    persist_all(follower);
    gx_ctx_reset(&follower->aux);
    if (gx_follow_bye(follower->runner.pg, &follower->aux, follower->chassis->service->name,
                      follower->id) != GX_OK) {
        gx_log(NULL, GX_DEBUG, "follower-bye", "the others will notice by themselves");
    }
}

void *gx_follower_body(void *arg)
{
    struct gx_thread *thread = arg;
    struct gx_chassis *chassis = thread->chassis;
    struct follower follower = {.chassis = chassis,
                                .state = &chassis->follow_states[thread->index]};
    (void)gx_id_new(follower.id);
    gx_ctx_init(&follower.wire, (size_t)chassis->common->arena_bytes);
    gx_ctx_init(&follower.aux, 1024UL * 1024);
    bool open = gx_runner_open(&follower.runner, chassis, true);
    if (open && gx_subscriber_open(&chassis->bus, &follower.subscriber) != GX_OK) {
        gx_log(NULL, GX_ERROR, "subscriber-open", "no subscriber could be made");
        atomic_store(&chassis->failed, true);
        open = false;
    }
    if (open) {
        follower.epoch = gx_pg_epoch(follower.runner.pg);
    }
    while (open && !atomic_load(&chassis->stopping)) {
        turn(&follower);
    }
    if (open) {
        say_bye(&follower);
    }
    gx_subscriber_free(follower.subscriber);
    gx_runner_close(&follower.runner);
    gx_ctx_done(&follower.wire);
    gx_ctx_done(&follower.aux);
    free(follower.areas);
    return NULL;
}
