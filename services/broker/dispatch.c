/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUEUE_TICK_MS = 20
};

enum outcome {
    OUTCOME_OK,
    OUTCOME_BUSY,
    OUTCOME_NO_WORKER,
    OUTCOME_EXPIRED,
    OUTCOME_LOST,
    OUTCOME_COUNT
};

/* Rows behind the outcomes. */
enum {
    ROW_WAITING = OUTCOME_COUNT,
    ROW_WORKERS,
    ROW_SERVED,
    ROW_COUNT
};

STAILQ_HEAD(call_queue, dispatch_call);

struct waiting {
    struct call_queue calls;
    size_t count;
};

struct worker {
    TAILQ_ENTRY(worker) ready; /* in its service's queue when idle */
    struct service *service;   /* NULL: the place is free */
    struct dispatch_peer peer;
    bool idle;    /* in the ready queue */
    bool busy;    /* at a call */
    bool leaving; /* said BYE */
    int64_t heard_us;
    struct dispatch_peer client; /* of the call in hand */
    uint8_t id[8];
    int64_t deadline_ms;
    int64_t given_us;
};
TAILQ_HEAD(worker_queue, worker);

struct service {
    char name[DISPATCH_NAME_MAX + 1];
    struct worker_queue ready;
    struct waiting waiting;
    size_t workers;
    struct gx_metric rows[ROW_COUNT];
};

struct dispatch {
    struct dispatch_port port;
    size_t queue_max;
    struct service *services[DISPATCH_SERVICES_MAX];
    size_t service_count;
    struct worker *workers;
    size_t worker_top; /* places used so far */
    size_t busy_count;
    size_t waiting_count;
    struct waiting homeless;   /* calls for services that nobody has served yet */
    struct gx_metric *unknown; /* rows of calls for services that do not exist */
    int64_t beat_us;
};

/* --- Counters --- */

static void set_calls_row(struct gx_metric *row, const char *service, enum outcome outcome)
{
    static const char *const NAMES[] = {"ok", "busy", "no_worker", "expired", "lost"};
    char labels[128];
    (void)snprintf(labels, sizeof labels, "service=\"%s\",outcome=\"%s\"", service, NAMES[outcome]);
    row->name = "genxi_broker_calls_total";
    row->help = "Calls by service and how they ended; lost: the worker went away with it.";
    row->kind = GX_COUNTER;
    row->labels = strdup(labels); /* rows live as long as the process */
}

static void set_row(struct gx_metric *row, const char *service, const char *name, const char *help,
                    enum gx_metric_kind kind)
{
    char labels[64];
    (void)snprintf(labels, sizeof labels, "service=\"%s\"", service);
    row->name = name;
    row->help = help;
    row->kind = kind;
    row->labels = strdup(labels);
}

static void make_rows(struct service *service)
{
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        set_calls_row(&service->rows[i], service->name, (enum outcome)i);
    }
    set_row(&service->rows[ROW_WAITING], service->name, "genxi_broker_calls_waiting",
            "Calls that wait for a worker now.", GX_GAUGE);
    set_row(&service->rows[ROW_WORKERS], service->name, "genxi_broker_workers",
            "Workers known now.", GX_GAUGE);
    set_row(&service->rows[ROW_SERVED], service->name, "genxi_broker_served_seconds",
            "From giving a call to a worker to its reply.", GX_HISTOGRAM);
    gx_metrics_register(service->rows, ROW_COUNT);
}

static void count_call(struct dispatch *dispatch, struct service *service, enum outcome outcome)
{
    gx_metric_add(service != NULL ? &service->rows[outcome] : &dispatch->unknown[outcome], 1);
}

static void show_queue(struct service *service)
{
    gx_metric_set(&service->rows[ROW_WAITING], (int64_t)service->waiting.count);
}

/* --- Making and ending --- */

struct dispatch *dispatch_new(const struct dispatch_port *port, size_t queue_per_service)
{
    struct dispatch *dispatch = calloc(1, sizeof *dispatch);
    struct worker *workers = calloc(DISPATCH_WORKERS_MAX, sizeof *workers);
    if (dispatch == NULL || workers == NULL) {
        abort();
    }
    dispatch->port = *port;
    dispatch->queue_max = queue_per_service;
    dispatch->workers = workers;
    STAILQ_INIT(&dispatch->homeless.calls);
    dispatch->unknown = calloc(OUTCOME_COUNT, sizeof(struct gx_metric));
    if (dispatch->unknown == NULL) {
        abort();
    }
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        set_calls_row(&dispatch->unknown[i], "unknown", (enum outcome)i);
    }
    gx_metrics_register(dispatch->unknown, OUTCOME_COUNT);
    return dispatch;
}

static void free_call(struct dispatch_call *call)
{
    (void)zmq_msg_close(&call->body);
    free(call);
}

static void free_waiting(struct waiting *waiting)
{
    while (!STAILQ_EMPTY(&waiting->calls)) {
        struct dispatch_call *call = STAILQ_FIRST(&waiting->calls);
        STAILQ_REMOVE_HEAD(&waiting->calls, link);
        free_call(call);
    }
    waiting->count = 0;
}

void dispatch_free(struct dispatch *dispatch)
{
    if (dispatch == NULL) {
        return;
    }
    for (size_t i = 0; i < dispatch->service_count; i++) {
        free_waiting(&dispatch->services[i]->waiting);
        /* the service itself holds registered rows and stays */
    }
    free_waiting(&dispatch->homeless);
    free(dispatch->workers);
    free(dispatch);
}

/* --- Finding --- */

static bool same_text(const char *text, struct gx_view view)
{
    return strlen(text) == view.size && memcmp(text, view.data, view.size) == 0;
}

static bool same_peer(const struct dispatch_peer *peer, struct gx_view view)
{
    return peer->size == view.size && memcmp(peer->bytes, view.data, view.size) == 0;
}

static struct service *find_service(const struct dispatch *dispatch, struct gx_view name)
{
    for (size_t i = 0; i < dispatch->service_count; i++) {
        if (same_text(dispatch->services[i]->name, name)) {
            return dispatch->services[i];
        }
    }
    return NULL;
}

static struct worker *find_worker(const struct dispatch *dispatch, struct gx_view peer)
{
    for (size_t i = 0; i < dispatch->worker_top; i++) {
        struct worker *worker = &dispatch->workers[i];
        if (worker->service != NULL && same_peer(&worker->peer, peer)) {
            return worker;
        }
    }
    return NULL;
}

static void set_peer(struct dispatch_peer *peer, struct gx_view view)
{
    peer->size = view.size;
    memcpy(peer->bytes, view.data, view.size);
}

/* --- Workers --- */

static void unqueue(struct worker *worker)
{
    if (worker->idle) {
        TAILQ_REMOVE(&worker->service->ready, worker, ready);
        worker->idle = false;
    }
}

static void forget_worker(struct dispatch *dispatch, struct worker *worker)
{
    struct service *service = worker->service;
    unqueue(worker);
    if (worker->busy) {
        dispatch->busy_count--;
        count_call(dispatch, service, OUTCOME_LOST);
        gx_log(NULL, GX_WARN, "broker-worker-lost", "a worker of %s went away with a call",
               service->name);
    }
    service->workers--;
    gx_metric_set(&service->rows[ROW_WORKERS], (int64_t)service->workers);
    worker->service = NULL;
    worker->busy = false;
}

static struct worker *add_worker(struct dispatch *dispatch, struct service *service,
                                 struct gx_view peer)
{
    struct worker *worker = NULL;
    for (size_t i = 0; worker == NULL && i < dispatch->worker_top; i++) {
        if (dispatch->workers[i].service == NULL) {
            worker = &dispatch->workers[i];
        }
    }
    if (worker == NULL && dispatch->worker_top < DISPATCH_WORKERS_MAX) {
        worker = &dispatch->workers[dispatch->worker_top++];
    }
    if (worker != NULL) {
        memset(worker, 0, sizeof *worker);
        worker->service = service;
        set_peer(&worker->peer, peer);
        service->workers++;
        gx_metric_set(&service->rows[ROW_WORKERS], (int64_t)service->workers);
    }
    return worker;
}

static void make_idle(struct worker *worker)
{
    if (!worker->idle && !worker->leaving) {
        TAILQ_INSERT_TAIL(&worker->service->ready, worker, ready);
        worker->idle = true;
    }
}

/* --- Calls --- */

static void refuse(struct dispatch *dispatch, struct service *service, struct dispatch_call *call,
                   enum dispatch_status status)
{
    static const enum outcome OUTCOMES[] = {OUTCOME_OK, OUTCOME_BUSY, OUTCOME_NO_WORKER,
                                            OUTCOME_EXPIRED};
    count_call(dispatch, service, OUTCOMES[status]);
    dispatch->port.answer(dispatch->port.arg, &call->client, call->id, status, NULL);
    free_call(call);
}

/* To the longest idle worker that can be reached; false: there is none. The call is over for us then. */
static bool give(struct dispatch *dispatch, struct dispatch_now now, struct service *service,
                 struct dispatch_call *call)
{
    struct worker *worker;
    while ((worker = TAILQ_FIRST(&service->ready)) != NULL) {
        if (!dispatch->port.give(dispatch->port.arg, &worker->peer, call)) {
            forget_worker(dispatch, worker);
            continue;
        }
        unqueue(worker);
        worker->busy = true;
        worker->client = call->client;
        memcpy(worker->id, call->id, sizeof call->id);
        worker->deadline_ms = call->deadline_ms;
        worker->given_us = now.mono_us;
        dispatch->busy_count++;
        free_call(call);
        return true;
    }
    return false;
}

static void wait_in(struct dispatch *dispatch, struct waiting *waiting, struct dispatch_call *call)
{
    STAILQ_INSERT_TAIL(&waiting->calls, call, link);
    waiting->count++;
    dispatch->waiting_count++;
}

static struct dispatch_call *take_first(struct dispatch *dispatch, struct waiting *waiting)
{
    struct dispatch_call *call = STAILQ_FIRST(&waiting->calls);
    if (call != NULL) {
        STAILQ_REMOVE_HEAD(&waiting->calls, link);
        waiting->count--;
        dispatch->waiting_count--;
    }
    return call;
}

static void route(struct dispatch *dispatch, struct dispatch_now now, struct service *service,
                  struct dispatch_call *call)
{
    struct waiting *waiting = service != NULL ? &service->waiting : &dispatch->homeless;
    if (now.wall_ms >= call->deadline_ms) {
        refuse(dispatch, service, call, DISPATCH_EXPIRED);
    } else if (service != NULL && give(dispatch, now, service, call)) {
        return;
    } else if (waiting->count >= dispatch->queue_max) {
        refuse(dispatch, service, call, DISPATCH_BUSY);
    } else {
        wait_in(dispatch, waiting, call);
        if (service != NULL) {
            show_queue(service);
        }
    }
}

bool dispatch_call(struct dispatch *dispatch, struct dispatch_now now, struct gx_view client,
                   struct gx_view id, struct gx_view service, int64_t deadline_ms, zmq_msg_t *body)
{
    if (client.size == 0 || client.size > DISPATCH_PEER_MAX || id.size != 8 || service.size == 0 ||
        service.size > DISPATCH_NAME_MAX || memchr(service.data, '\0', service.size) != NULL) {
        return false;
    }
    struct dispatch_call *call = malloc(sizeof *call);
    if (call == NULL) {
        abort();
    }
    set_peer(&call->client, client);
    memcpy(call->id, id.data, sizeof call->id);
    memcpy(call->service, service.data, service.size);
    call->service[service.size] = '\0';
    call->deadline_ms = deadline_ms;
    call->since_us = now.mono_us;
    (void)zmq_msg_init(&call->body);
    (void)zmq_msg_move(&call->body, body);
    route(dispatch, now, find_service(dispatch, service), call);
    return true;
}

/* Calls that waited go to the workers that are idle now, the late ones back. */
static void serve_waiting(struct dispatch *dispatch, struct dispatch_now now,
                          struct service *service)
{
    while (service->waiting.count > 0 && !TAILQ_EMPTY(&service->ready)) {
        struct dispatch_call *call = take_first(dispatch, &service->waiting);
        if (now.wall_ms >= call->deadline_ms) {
            refuse(dispatch, service, call, DISPATCH_EXPIRED);
        } else if (!give(dispatch, now, service, call)) {
            STAILQ_INSERT_HEAD(&service->waiting.calls, call,
                               link); /* the last idle worker had gone */
            service->waiting.count++;
            dispatch->waiting_count++;
        }
    }
    show_queue(service);
}

/* --- From workers --- */

static struct service *add_service(struct dispatch *dispatch, struct gx_view name)
{
    if (dispatch->service_count == DISPATCH_SERVICES_MAX || name.size == 0 ||
        name.size > DISPATCH_NAME_MAX) {
        return NULL;
    }
    struct service *service = calloc(1, sizeof *service);
    if (service == NULL) {
        abort();
    }
    memcpy(service->name, name.data, name.size);
    TAILQ_INIT(&service->ready);
    STAILQ_INIT(&service->waiting.calls);
    make_rows(service);
    dispatch->services[dispatch->service_count++] = service;
    return service;
}

/* Calls that came before the first worker of their service. */
static void adopt_homeless(struct dispatch *dispatch, struct service *service)
{
    struct call_queue calls = STAILQ_HEAD_INITIALIZER(calls);
    STAILQ_CONCAT(&calls, &dispatch->homeless.calls);
    while (!STAILQ_EMPTY(&calls)) {
        struct dispatch_call *call = STAILQ_FIRST(&calls);
        STAILQ_REMOVE_HEAD(&calls, link);
        bool ours = strcmp(call->service, service->name) == 0;
        STAILQ_INSERT_TAIL(ours ? &service->waiting.calls : &dispatch->homeless.calls, call, link);
        service->waiting.count += ours;
        dispatch->homeless.count -= ours;
    }
}

bool dispatch_ready(struct dispatch *dispatch, struct dispatch_now now, struct gx_view worker_id,
                    struct gx_view name)
{
    if (worker_id.size == 0 || worker_id.size > DISPATCH_PEER_MAX) {
        return false;
    }
    struct service *service = find_service(dispatch, name);
    if (service == NULL) {
        service = add_service(dispatch, name);
        if (service == NULL) {
            return false;
        }
        adopt_homeless(dispatch, service);
    }
    struct worker *worker = find_worker(dispatch, worker_id);
    if (worker != NULL && worker->service != service) {
        forget_worker(dispatch, worker);
        worker = NULL;
    }
    if (worker == NULL) {
        worker = add_worker(dispatch, service, worker_id);
    }
    if (worker == NULL) {
        return false;
    }
    worker->heard_us = now.mono_us;
    if (!worker->busy) {
        make_idle(worker);
    }
    serve_waiting(dispatch, now, service);
    return true;
}

bool dispatch_beat(struct dispatch *dispatch, struct dispatch_now now, struct gx_view worker_id)
{
    struct worker *worker = find_worker(dispatch, worker_id);
    if (worker != NULL) {
        worker->heard_us = now.mono_us;
    }
    return worker != NULL;
}

/* The worker is done with exactly that call and takes the next. */
static bool end_call(struct dispatch *dispatch, struct dispatch_now now, struct worker *worker,
                     enum outcome outcome)
{
    struct service *service = worker->service;
    worker->busy = false;
    worker->heard_us = now.mono_us;
    dispatch->busy_count--;
    count_call(dispatch, service, outcome);
    gx_metric_observe_us(&service->rows[ROW_SERVED], now.mono_us - worker->given_us);
    if (worker->leaving) {
        forget_worker(dispatch, worker);
        return true;
    }
    make_idle(worker);
    if (service->waiting.count > 0) {
        serve_waiting(dispatch, now, service);
    }
    return true;
}

static struct worker *find_at(struct dispatch *dispatch, struct gx_view worker_id,
                              struct gx_view client, struct gx_view id)
{
    struct worker *worker = find_worker(dispatch, worker_id);
    bool at_it = worker != NULL && worker->busy && same_peer(&worker->client, client) &&
                 id.size == 8 && memcmp(worker->id, id.data, 8) == 0;
    return at_it ? worker : NULL;
}

bool dispatch_reply(struct dispatch *dispatch, struct dispatch_now now, struct gx_view worker_id,
                    struct gx_view client, struct gx_view id, zmq_msg_t *body)
{
    struct worker *worker = find_at(dispatch, worker_id, client, id);
    if (worker == NULL) {
        return false;
    }
    dispatch->port.answer(dispatch->port.arg, &worker->client, worker->id, DISPATCH_REPLY, body);
    return end_call(dispatch, now, worker, OUTCOME_OK);
}

bool dispatch_expired(struct dispatch *dispatch, struct dispatch_now now, struct gx_view worker_id,
                      struct gx_view client, struct gx_view id)
{
    struct worker *worker = find_at(dispatch, worker_id, client, id);
    if (worker == NULL) {
        return false;
    }
    dispatch->port.answer(dispatch->port.arg, &worker->client, worker->id, DISPATCH_EXPIRED, NULL);
    return end_call(dispatch, now, worker, OUTCOME_EXPIRED);
}

void dispatch_bye(struct dispatch *dispatch, struct gx_view worker_id)
{
    struct worker *worker = find_worker(dispatch, worker_id);
    if (worker == NULL) {
        return;
    }
    worker->leaving = true;
    unqueue(worker);
    if (!worker->busy) {
        forget_worker(dispatch, worker);
    }
}

/* --- Time --- */

/* A call waits to its deadline when there are workers, shortly when there is none. */
static bool over(const struct service *service, const struct dispatch_call *call,
                 struct dispatch_now now, enum dispatch_status *ret_status)
{
    int64_t waited_us = now.mono_us - call->since_us;
    if (now.wall_ms >= call->deadline_ms || waited_us >= (int64_t)DISPATCH_WAIT_MAX_MS * 1000) {
        *ret_status = DISPATCH_EXPIRED;
        return true;
    }
    *ret_status = DISPATCH_NO_WORKER;
    return (service == NULL || service->workers == 0) && waited_us >= DISPATCH_HOLD_US;
}

static void tick_waiting(struct dispatch *dispatch, struct dispatch_now now,
                         struct service *service)
{
    struct waiting *waiting = service != NULL ? &service->waiting : &dispatch->homeless;
    size_t count = waiting->count;
    for (size_t i = 0; i < count; i++) {
        struct dispatch_call *call = take_first(dispatch, waiting);
        enum dispatch_status status;
        if (over(service, call, now, &status)) {
            refuse(dispatch, service, call, status);
        } else {
            wait_in(dispatch, waiting, call);
        }
    }
    if (service != NULL && count > 0) {
        show_queue(service);
    }
}

/*
 * A worker at a call does not beat while its handler runs: it is lost when its connection is, or when it is silent past the call's
 * deadline too.
 */
static bool is_lost(const struct worker *worker, struct dispatch_now now)
{
    bool silent = now.mono_us - worker->heard_us > DISPATCH_SILENT_US;
    return silent &&
           (!worker->busy || now.wall_ms > worker->deadline_ms + DISPATCH_SILENT_US / 1000);
}

static void tick_workers(struct dispatch *dispatch, struct dispatch_now now)
{
    for (size_t i = 0; i < dispatch->worker_top; i++) {
        struct worker *worker = &dispatch->workers[i];
        if (worker->service == NULL) {
            continue;
        }
        if (is_lost(worker, now) || !dispatch->port.beat(dispatch->port.arg, &worker->peer)) {
            forget_worker(dispatch, worker);
        }
    }
}

void dispatch_tick(struct dispatch *dispatch, struct dispatch_now now)
{
    if (now.mono_us >= dispatch->beat_us) {
        dispatch->beat_us = now.mono_us + DISPATCH_BEAT_US;
        tick_workers(dispatch, now);
    }
    if (dispatch->waiting_count == 0) {
        return;
    }
    tick_waiting(dispatch, now, NULL);
    for (size_t i = 0; i < dispatch->service_count; i++) {
        tick_waiting(dispatch, now, dispatch->services[i]);
    }
}

int dispatch_wait_ms(const struct dispatch *dispatch, struct dispatch_now now)
{
    int64_t left_ms = (dispatch->beat_us - now.mono_us) / 1000 + 1;
    int64_t most_ms = dispatch->waiting_count > 0 ? QUEUE_TICK_MS : DISPATCH_BEAT_US / 1000;
    return left_ms < 0 ? 0 : (int)(left_ms < most_ms ? left_ms : most_ms);
}

size_t dispatch_under_way(const struct dispatch *dispatch)
{
    return dispatch->waiting_count + dispatch->busy_count;
}

size_t dispatch_workers(const struct dispatch *dispatch)
{
    size_t count = 0;
    for (size_t i = 0; i < dispatch->worker_top; i++) {
        count += dispatch->workers[i].service != NULL;
    }
    return count;
}
