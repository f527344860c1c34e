/* SPDX-License-Identifier: Apache-2.0 */
/* notifier on a real PostgreSQL, without the bus: transactions as the chassis runs them, with whatever actor. */
#ifndef TEST_NOTIFIER_WORLD_H
#define TEST_NOTIFIER_WORLD_H

#include "check.h"

#include "base/id.h"
#include "dispatch.pb-c.h"
#include "notifier.h"
#include "notify.pb-c.h"
#include "store.h"
#include "store/tx_run.h"

#include <string.h>

struct world {
    struct gx_pg *pg;
    struct gx_store *store;
    struct gx_tx *tx;
    struct gx_ctx ctx;
    struct notifier *self;
    const char *no_centre; /* smpp_address as it was set at start: none */
    struct {
        size_t count; /* since last asked */
        char subject[GX_ID_SIZE];
        int state;     /* of the delivery that it tells of */
        char text[64]; /* the reason of an escalation */
    } emitted[1000];   /* by event type */
};

enum {
    AREA = 53011201
};

/* The one of this program; made by world_setup(), which starts from an empty database. */
extern struct world world;

int world_setup(void **state);
int world_teardown(void **state);

typedef enum gx_rc world_fn(void *arg, struct gx_ctx *ctx);
/* One transaction of that actor; committed when fn gives OK. */
enum gx_rc world_run(const struct gx_actor *actor, world_fn *fn, void *arg);
/* A command by its row in NOTIFIER_COMMANDS; DENIED when the actor has none of its roles. reply is zeroed and initialised here. */
enum gx_rc world_command(const struct gx_actor *actor, uint32_t number, const void *request,
                         ProtobufCMessage *reply);
/* The slug of the first fault of the last transaction, "" without one. */
const char *world_problem(void);
enum gx_rc world_event(Genxi__Event *event);
/* Runs all timers that are due now; returns how many. */
int world_timers(void);
/* Statements of a test's own. */
int64_t world_number(const char *sql, const char *value);
void world_do(const char *sql, const char *value);

extern const struct gx_actor SYSTEM;
struct gx_actor world_desk(const char *org);
struct gx_actor world_device(const char *org, const char *responder_id);
struct gx_actor world_duty(const int32_t *areas, size_t count);

/* The number of events of that type since last asked; world.emitted[type] tells of the last one. */
size_t world_emitted(uint32_t type);

#endif
