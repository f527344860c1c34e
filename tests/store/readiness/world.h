/* SPDX-License-Identifier: Apache-2.0 */
/* readiness on a real PostgreSQL, without the bus: transactions as the chassis runs them, as the service's own role, with any actor. */
#ifndef TEST_READINESS_WORLD_H
#define TEST_READINESS_WORLD_H

#include "check.h"

#include "base/id.h"
#include "handlers.h"
#include "registry.pb-c.h"
#include "store/tx_run.h"
#include "wire/audience.h"
#include "wire/pb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    AREA_1 = 53011201,
    AREA_2 = 53011202,
    EVENTS_MAX = 20000
};

/* An event of the last transaction. */
struct world_event {
    int32_t area;
    uint32_t type;
    char subject[GX_ID_SIZE];
    Genxi__Event *event; /* in world.ctx's arena: until the next transaction */
};

struct world {
    struct gx_pg *pg;    /* as genxi_readiness: policies bind it */
    struct gx_pg *admin; /* as superuser */
    struct gx_store *store;
    struct gx_tx *tx;
    struct gx_ctx ctx; /* of the last transaction: replies live in its arena */
    struct gx_ctx admin_ctx;
    void *self; /* what a thread of the service keeps */
    struct world_event events[EVENTS_MAX];
    size_t event_count;
};
extern struct world world;

int world_open(void **state);
int world_close(void **state);

extern const struct gx_actor ADMIN;
struct gx_actor duty_of(const int32_t *areas, size_t count);
struct gx_actor desk_of(const char *org);
struct gx_actor device_of(const char *org, const char *responder_id);

/*
 * A command by its row in READINESS, as the chassis would: DENIED without one of its roles, committed on OK, aborted else. The reply lives
 * until the next command; copy what is needed longer.
 */
enum gx_rc call(const struct gx_actor *actor, uint32_t number, const void *request,
                ProtobufCMessage **ret_reply);
/* Is this fault among those of the last command? */
bool failed_with(enum gx_problem problem, const char *pointer);

/* One number, as superuser, a statement without parameters. */
int64_t number_of(const char *sql);
size_t events_of(uint32_t type, int32_t area);

/* Imports a CSV text (or GeoJSON when it begins with '{'). */
enum gx_rc import_text(const struct gx_actor *actor, Genxi__ImportKind kind, const char *text,
                       bool dry_run, Genxi__ImportDone **ret_done);
/* The id of a partner, site or responder by code, from the database. */
const char *id_of(const char *table, const char *code, char id[GX_ID_SIZE]);

#endif
