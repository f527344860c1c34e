/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may stand in the registry, free of I/O: each function looks at a whole record and tells
 * every rule it breaks, with a JSON pointer to the field. Commands and imports use the same rules;
 * only where the faults go differs.
 */
#ifndef READINESS_RULES_H
#define READINESS_RULES_H

#include "base/geo.h"
#include "base/problem.h"
#include "registry.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* value is borrowed for the call. */
typedef void rules_fault_fn(void *arg, enum gx_problem problem, const char *pointer,
                            const char *value);

struct rules {
    rules_fault_fn *fault;
    void *arg;
    int64_t now_ms;
    size_t broken; /* rules broken so far */
};

enum {
    RULES_NAME_MAX = 100, /* code points */
    RULES_RING_POINTS_MAX = 2000,
    RULES_SHIFT_MS_MAX = 24 * 60 * 60 * 1000,
};

void rules_break(struct rules *rules, enum gx_problem problem, const char *pointer,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

void rules_station(struct rules *rules, const Genxi__Station *station);
void rules_partner(struct rules *rules, const Genxi__Partner *partner);
void rules_site(struct rules *rules, const Genxi__Site *site);
void rules_responder(struct rules *rules, const Genxi__Responder *responder);
/* Which force which organisation may have: police are a station's, licensed guards a security
 * company's. */
void rules_employment(struct rules *rules, const Genxi__Responder *responder, Genxi__OrgKind kind);
void rules_shift(struct rules *rules, const Genxi__Shift *shift);
/* Kind, code by kind, what it is bound to; not the secret. */
void rules_device(struct rules *rules, const Genxi__Device *device);
/* Of a kind of device, in clear: a panel's is an AES key. */
void rules_device_secret(struct rules *rules, Genxi__DeviceKind kind, const char *secret);
void rules_team(struct rules *rules, const Genxi__InstructorTeam *team);

/* Is the point inside the station's ring? False without a ring. */
bool rules_station_holds(const Genxi__Station *station, struct gx_point point);
/* No two edges of the ring touch but neighbours in their common point. */
bool rules_ring_simple(const double *ring, size_t point_count);

#endif
