/* SPDX-License-Identifier: Apache-2.0 */
/* What these tests stand on: a database of their own, migrated, and a small service named "probe" with its tables. */
#ifndef TESTS_STORE_JOURNAL_GROUND_H
#define TESTS_STORE_JOURNAL_GROUND_H

#include "check.h"

#include "chassis/internal.h"
#include "store/migrate.h"

enum {
    GROUND_AREA = 53011201
};

struct ground {
    char admin[1900];    /* connection string of the superuser, to the tests' database */
    char conninfo[2048]; /* the same as role genxi_probe */
    char schema[64];     /* folder of the migrations */
    char keys[80];
    struct gx_pg *pg; /* as superuser */
    struct gx_ctx ctx;
    struct gx_common_settings common;
};
extern struct ground ground;

int ground_open(void **state);
int ground_close(void **state);

/* A fresh database beside ground's; ret_conninfo holds 1900. */
void ground_make_database(const char *name, char *ret_conninfo);

/* One number from the database, as superuser: a statement without parameters. */
int64_t ground_number(const char *sql);
void ground_run(const char *sql);
void ground_sleep_ms(int ms);
/* Polls until the statement gives at least `wanted`; the last value. */
int64_t ground_wait(const char *sql, int64_t wanted, int most_ms);

/* The tests' service; what its handlers do is set by these. */
extern const struct gx_service PROBE;
extern _Atomic int probe_runs;        /* how often on_close ran */
extern _Atomic int64_t probe_bad_seq; /* the event with that seq fails for good */
extern _Atomic int probe_sleep_ms;    /* on_close sleeps in the database */
extern _Atomic int probe_timer_fails; /* timers of kind "bad" fail that often */

/* A runner without publisher for a chassis. */
void ground_runner(struct gx_runner *runner, struct gx_chassis *chassis);
/* One transaction as the system that emits `count` events in the area. */
enum gx_rc ground_emit(struct gx_runner *runner, int32_t area, int count);
/* One event of a handler's own transaction. */
enum gx_rc ground_emit_one(struct gx_ctx *ctx, int32_t area, const char *subject);
/* fn in a transaction as the system. */
enum gx_rc ground_tx(struct gx_runner *runner, enum gx_rc (*fn)(void *arg, struct gx_ctx *ctx),
                     void *arg);

#endif
