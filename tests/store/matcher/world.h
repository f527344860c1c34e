/* SPDX-License-Identifier: Apache-2.0 */
/* The matcher on a real PostgreSQL and Redis, without the bus: transactions as the chassis runs them, by whatever actor. */
#ifndef TEST_MATCHER_WORLD_H
#define TEST_MATCHER_WORLD_H

#include "check.h"

#include "base/id.h"
#include "carry.h"
#include "dispatch.pb-c.h"
#include "incident.pb-c.h"
#include "matcher.h"
#include "settings.h"
#include "store/tx_run.h"
#include "wire/messages.h"

#include <string.h>

enum {
    AREA = 53011201,
    NEXT_AREA = 53011202
};
extern const struct gx_point CENTRE;

/* One thread's side of the service: its connection, its transaction, its handle on Redis. */
struct side {
    struct gx_pg *pg;
    struct gx_store *store;
    struct gx_tx *tx;
    struct gx_ctx ctx;
    struct matcher *self;
    size_t emitted[1000]; /* by event type, since last asked */
    size_t pictured; /* positions in the live picture's messages by the last world_carry_out() */
    size_t messages;
    Genxi__Event **events; /* of the last transaction, in ctx */
    size_t event_count;
};

/* Migrates an empty database once a program; settings as by default. */
int world_setup(void **state);
int world_teardown(void **state);
extern struct side *world; /* the one that single-threaded tests use */
struct side *side_new(void);
void side_free(struct side *side);
/* What the background thread does: the picture, Redis, the tables. */
void world_carry_out(void);
extern struct carry world_carry;
/* No incidents, persons, holds, fixes or timers. */
void world_empty(void);

typedef enum gx_rc world_fn(void *arg, struct gx_ctx *ctx);
enum gx_rc side_run(struct side *side, const struct gx_actor *actor, world_fn *fn, void *arg);
/* By the rows of the service: roles are checked as the chassis does. */
enum gx_rc side_command(struct side *side, const struct gx_actor *actor, uint32_t number,
                        const void *request, ProtobufCMessage *reply);
enum gx_rc side_event(struct side *side, uint32_t number, const void *payload);
const char *side_problem(const struct side *side);
/* Runs the timers due now of that kind (NULL: any); returns how many. */
int side_timers(struct side *side, const char *kind);
/* At most so many. */
int side_timers_some(struct side *side, const char *kind, int most);
size_t side_emitted(struct side *side, uint32_t number);

extern const struct gx_actor SYSTEM;
struct gx_actor actor_desk(const char *org);
struct gx_actor actor_device(const char *org, const char *responder_id);
struct gx_actor actor_duty(const int32_t *area);

int64_t world_number(const char *sql, const char *value);
void world_do(const char *sql, const char *value);
/* Moves every timer of that kind into the past. */
void world_due(const char *kind);

/* Ids that tell what they are: the same name gives the same id. Kept for the program's life. */
const char *id_of(const char *name);

/* ---- the town ---- */
struct townsman {
    const char *name;
    const char *org;
    Genxi__Force force;
    double east_m; /* from CENTRE */
    double north_m;
    bool off_shift;
    bool no_fix;
    uint32_t crew;
};
/* Registers (as by events) an active organisation. */
void add_org(const char *name);
/* A responder, on an open shift, with a fix of now. Guards are licensed and under contract in AREA. */
void add_person(const struct townsman *man);
/* His fix of now; the answer's problem, "" when taken. */
const char *tell_fix(const struct townsman *man, int64_t at);

struct wanted {
    Genxi__Force force;
    uint32_t count;
};
struct affair {
    const char *name;
    struct wanted wanted[4];
    uint32_t grade;
    bool violent;
    bool exercise;
    const char *responding[4]; /* names */
    const char *reporter_org;
    double east_m;
};
/* incident.opened, as intake would tell it. */
enum gx_rc open_affair(struct side *side, const struct affair *affair);
enum gx_rc change_affair(struct side *side, const struct affair *affair, Genxi__IncidentState to,
                         uint32_t version);

/* The open offer of that person, or NULL; in world's ctx until the next call. */
const Genxi__Offer *offer_of(const char *name);
enum gx_rc accept_by(struct side *side, const char *name, Genxi__Assignment *ret_assignment);
enum gx_rc decline_by(struct side *side, const char *name);
/* The state of his newest assignment, 0: none. */
int assignment_state(const char *name);
enum gx_rc status_by(const char *name, Genxi__AssignmentState state);
/* The verdict on that person in the incident's stored reasons, "" when he is not there. */
const char *verdict_on(const char *affair, const char *name);

/* As the background thread: learns of what has ended. */
void world_learn(void);

/* What must hold whatever happened; called at the end of every test. */
void check_invariants(void);

#endif
