/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service is tables and plain functions; this runs it: settings, connections, worker, follower and timer threads that share nothing,
 * the transaction around each handler, idempotency, the journal, publishing, leases, health, metrics, logs, drain on SIGTERM.
 *
 *     int main(int argc, char **argv) { return gx_service_main(&INTAKE, argc, argv); }
 *
 * A handler gets (self, ctx, request), fills the zeroed reply from ctx's arena, returns a result; it reads and writes through
 * gx_sql() and gx_emit() and never sends. It may run again from the start when the transaction has to be repeated, so it must not change
 * anything but the transaction (and caches that may be thrown away).
 */
#ifndef GX_CHASSIS_SERVICE_H
#define GX_CHASSIS_SERVICE_H

#include "base/ctx.h"
#include "base/metrics.h"
#include "chassis/settings.h"
#include "envelope.pb-c.h"
#include "store/tx.h"
#include "wire/messages.h"

typedef enum gx_rc gx_command_fn(void *self, struct gx_ctx *ctx, const void *request, void *reply);
typedef enum gx_rc gx_event_fn(void *self, struct gx_ctx *ctx, const Genxi__Event *event,
                               const void *payload);
typedef enum gx_rc gx_timer_fn(void *self, struct gx_ctx *ctx, const struct gx_timer *timer);

struct gx_command_row {
    uint32_t number;
    gx_command_fn *handle;
    uint32_t roles; /* the actor needs one of them; 0: nobody but the system */
};
struct gx_event_row {
    uint32_t number;
    gx_event_fn *handle;
};
struct gx_timer_row {
    const char *kind;
    gx_timer_fn *handle;
    int64_t tolerance_ms; /* overdue by more: the watchdog alarms */
};

/* Declares a typed handler and its thunk: a handler with the wrong message type does not compile. */
#define GX_ON_COMMAND(fn, Self, Request, Reply)                                                    \
    static enum gx_rc fn(struct Self *self, struct gx_ctx *ctx, const Request *in, Reply *out);    \
    static enum gx_rc fn##_thunk(void *self, struct gx_ctx *ctx, const void *in, void *out)        \
    {                                                                                              \
        return fn(self, ctx, in, out);                                                             \
    }
#define GX_ON_EVENT(fn, Self, Payload)                                                             \
    static enum gx_rc fn(struct Self *self, struct gx_ctx *ctx, const Genxi__Event *event,         \
                         const Payload *in);                                                       \
    static enum gx_rc fn##_thunk(void *self, struct gx_ctx *ctx, const Genxi__Event *event,        \
                                 const void *in)                                                   \
    {                                                                                              \
        return fn(self, ctx, event, in);                                                           \
    }
#define GX_ON_TIMER(fn, Self)                                                                      \
    static enum gx_rc fn(struct Self *self, struct gx_ctx *ctx, const struct gx_timer *timer);     \
    static enum gx_rc fn##_thunk(void *self, struct gx_ctx *ctx, const struct gx_timer *timer)     \
    {                                                                                              \
        return fn(self, ctx, timer);                                                               \
    }

struct gx_service {
    const char *name; /* as in messages.def: "intake", "intel-share" */
    const char *
        schema; /* its PostgreSQL schema and the tail of its role genxi_<schema>: "intake", "intel" */
    const struct gx_setting *settings;
    size_t setting_count;
    void *settings_target;
    const struct gx_command_row *commands;
    size_t command_count;
    const struct gx_event_row *events; /* none: the service follows nothing */
    size_t event_count;
    gx_event_fn *every_event; /* instead of events[]: called for each event, payload NULL (audit) */
    /* What was told may wait so long for more to follow in one transaction; 0: each at once. For those whom nobody waits for. */
    int patience_ms;
    const struct gx_timer_row *timers;
    size_t timer_count;
    struct gx_metric *metrics;
    size_t metric_count;
    /* Once per thread (worker, follower, timer): state that the thread owns. May be NULL. */
    enum gx_rc (*thread_start)(const struct gx_common_settings *common, void **ret_self);
    void (*thread_stop)(void *self);
    /* Called in the follower thread between events, at least every 200 ms, with no transaction; may be NULL. */
    void (*tick)(void *self);
    /* After commit, once per transaction that emitted; may be NULL. Runs in the thread that committed. */
    void (*committed)(void *self, const Genxi__Event *const *events, size_t count);
    /*
     * Background threads of the service's own (webhook sender, SMPP link): started after the database answers, stopped on drain. A start that
     * fails cleans up behind itself and ends the process; stop() is not called then.
     */
    enum gx_rc (*start)(const struct gx_common_settings *common);
    void (*stop)(void);
    bool asks; /* its handlers may ask other services: gx_ask() */
    /* More for /readyz: NULL, or what is missing. */
    const char *(*not_ready)(void);
};

/* Publishes a passing event (seq 0) from within a handler, after its commit; for live positions. */
enum gx_rc gx_pass(struct gx_ctx *ctx, const struct gx_emit *emit);

/*
 * Asks another service by a command that services alone may give (messages.def, I), as the handler's actor, which must be the system. Waits
 * for at most 3 s with the transaction open: for timers, which try again, and rare events. Without an answer: TIMEOUT, UNAVAILABLE, LIMIT.
 * The reply lies in ctx's arena.
 */
enum gx_rc gx_ask(struct gx_ctx *ctx, uint32_t number, const ProtobufCMessage *request,
                  ProtobufCMessage **ret_reply);

/*
 * A transaction of a background thread's own: opens a connection as the service's role; fn runs as the actor "system" in a transaction
 * with journal and timers like any handler, repeated when it must be.
 */
struct gx_background;
enum gx_rc gx_background_open(struct gx_background **ret_background);
enum gx_rc gx_background_run(struct gx_background *background, struct gx_ctx *ctx,
                             enum gx_rc (*fn)(void *arg, struct gx_ctx *ctx), void *arg);
/*
 * The same at most once for a key, for as long as idempotency keys are known (setting idempotency_days). fn gives what is to be kept; a
 * repetition does not run it and gets that. The same key with another `asked` is refused (CONFLICT).
 */
struct gx_once {
    const char *subject; /* for whom: keys are each caller's own, and the events of fn name him */
    const char *key;
    struct gx_view asked; /* what is asked, in some canonical form */
    enum gx_rc (*fn)(void *arg, struct gx_ctx *ctx, struct gx_view *ret_kept);
    void *arg;
};
enum gx_rc gx_background_once(struct gx_background *background, struct gx_ctx *ctx,
                              const struct gx_once *once, struct gx_view *ret_kept,
                              bool *ret_replayed);
void gx_background_free(struct gx_background *background);

int gx_service_main(const struct gx_service *service, int argc, char **argv);

#endif
