/* SPDX-License-Identifier: Apache-2.0 */
/* intake on a real PostgreSQL, without the bus: commands as the chassis serves them, events as it hands them over. */
#ifndef TEST_INTAKE_WORLD_H
#define TEST_INTAKE_WORLD_H

#include "../../lib/check.h"

#include "chassis/internal.h"
#include "core.h"
#include "handlers.h"
#include "settings.h"

#include <string.h>

/* Ids by a number: 00000000-0000-7000-8000-0000000000NN. */
#define ID(n) ("00000000-0000-7000-8000-0000000000" n)
#define PROPERTY ID("01") /* reports */
#define SECURITY ID("02") /* another partner */
#define FIRE ID("03")
#define AMBULANCE ID("04")
#define STREET ID("05")
#define SITE ID("11")    /* PROPERTY's, in AREA */
#define GUARD_1 ID("21") /* PROPERTY's */
#define GUARD_2 ID("22") /* SECURITY's */
#define OFFICER ID("23") /* police */
enum {
    AREA = 53011201,
    NEXT_AREA = 53011202
};

/* One thread's connection and state. */
struct desk {
    struct gx_runner runner;
    Genxi__Reply reply; /* of the last command */
};

int world_setup(void **state);
int world_teardown(void **state);
void desk_open(struct desk *desk);
void desk_close(struct desk *desk);
/* The program's own. */
extern struct desk here;

extern const struct gx_actor DUTY, DUTY_NEXT, POLICE, DESK_PROPERTY, DESK_SECURITY, DESK_FIRE,
    DEVICE_1, DEVICE_2, DRILL;

/* Serves a command; reply into desk->reply. Returns the unpacked reply (valid until the desk's next use), NULL unless OK. */
void *ask(struct desk *desk, const struct gx_actor *actor, uint32_t number, const void *request,
          const char *key);
/* The problem of the last reply; GX_P_NONE when it was OK. */
enum gx_problem problem(const struct desk *desk);
const char *problem_pointer(const struct desk *desk);
const char *problem_value(const struct desk *desk);

/* Gives an event to the follower; event_id NULL: a fresh one. */
void follow(uint32_t type, const char *event_id, const void *payload);

/* As the superuser, past all policies. $1 of the statement is `value` when given. */
int64_t number_of(const char *sql, const char *value);
/* Changes data as a city's editor would. */
void edit(const char *sql);

/* The newest event of that type about the subject, NULL if none. In the test's own arena. */
struct told {
    Genxi__Audience *audience;
    void *payload;
};
bool newest(uint32_t type, const char *subject, struct told *ret_told);

/* A report of a type at metres north of a base that is new with each call of fresh_place(). */
void fresh_place(void);
Genxi__ReportCreate report_of(const char *type, double north_m);
/* Sends it and copies the ids; fails the test unless OK. */
struct sent {
    char report_id[GX_ID_SIZE];
    char incident_id[GX_ID_SIZE];
    char number[INTAKE_NUMBER_SIZE];
    bool merged;
    char flags[100]; /* joined by spaces */
};
struct sent send_report(const struct gx_actor *actor, const Genxi__ReportCreate *report);
Genxi__IncidentView *view(const struct gx_actor *actor, const char *incident_id);

#endif
