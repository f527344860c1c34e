/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service on a real PostgreSQL, without the bus: transactions as the chassis runs them, by whatever actor, under the service's own role, so that
 * row-level security binds. Used by the store tests of audit and intel-share.
 */
#ifndef TEST_GROUND_H
#define TEST_GROUND_H

#include "check.h"

#include "chassis/service.h"
#include "store/tx_run.h"
#include "wire/pb.h"

#include <string.h>

enum {
    AREA = 53011201,
    NEXT_AREA = 53011202,
    DISTRICT = 53011200,
    EVENTS_MAX = 64
};

/* What is tested. */
struct ground_of {
    const char *name;   /* folder in services/ */
    const char *schema; /* "intel" */
    const struct gx_command_row *commands;
    size_t command_count;
    const struct gx_event_row *events;
    size_t event_count;
    const struct gx_timer_row *timers;
    size_t timer_count;
};

struct ground {
    const struct ground_of *of;
    struct gx_pg *pg;
    struct gx_store *store;
    struct gx_tx *tx;
    struct gx_ctx ctx;
    void *self;
    Genxi__Event *
        events[EVENTS_MAX]; /* of the last transaction that committed; live until the next begins */
    size_t event_count;
};

/* Migrates an empty database, once a program. GX_PG says where. */
void ground_migrate(const char *service);
/* One connection as the service's role; self is the handlers' state. */
struct ground *ground_new(const struct ground_of *of, void *self);
void ground_free(struct ground *ground);

typedef enum gx_rc ground_fn(void *arg, struct gx_ctx *ctx);
/* One transaction of that actor, committed when fn gives OK. */
enum gx_rc ground_run(struct ground *ground, const struct gx_actor *actor, ground_fn *fn,
                      void *arg);
/* By the service's rows: DENIED when the actor has none of the command's roles. reply is initialised here; it lives until the next. */
enum gx_rc ground_command(struct ground *ground, const struct gx_actor *actor, uint32_t number,
                          const void *request, void *reply);
/* A followed event as the system. */
enum gx_rc ground_event(struct ground *ground, uint32_t number, const void *payload);
/* Runs timers that are due, until one emits (its events are there to be looked at) or none is left; returns how many. */
int ground_timers(struct ground *ground);
/* The slug of the last transaction's first fault, "". */
const char *ground_problem(const struct ground *ground);

/* The n-th event of that type in the last transaction; NULL when there is none. payload may be NULL. */
const Genxi__Event *ground_emitted(struct ground *ground, uint32_t number, size_t n,
                                   void *ret_payload);
size_t ground_emitted_count(const struct ground *ground, uint32_t number);

/* Statements of the test's own by the superuser, past all policies. */
int64_t ground_number(const char *sql, const char *value);
void ground_do(const char *sql, const char *value);

extern const struct gx_actor GROUND_SYSTEM;
/* An actor of these roles; area 0: none. */
struct gx_actor ground_actor(uint32_t roles, const char *subject, const char *org,
                             const int32_t *area);

#endif
