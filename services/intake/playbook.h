/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that a playbook must keep, and what follows from one for an incident. Free of I/O. */
#ifndef INTAKE_PLAYBOOK_H
#define INTAKE_PLAYBOOK_H

#include "base/ctx.h"
#include "base/geo.h"
#include "incident.pb-c.h"

enum {
    INTAKE_MERGE_RADIUS_MAX_M = 1000, /* the locks of place.c reach that far */
    INTAKE_MERGE_MINUTES_MAX = 1440
};

/* What is wrong with it, as an English sentence in the arena; NULL when it may be used. */
const char *intake_playbook_fault(struct gx_ctx *ctx, const Genxi__Playbook *playbook);

/* The playbook as it counts for an incident of this grade: without slots of a lower one. Shares the parts. NULL: arena spent. */
Genxi__Playbook *intake_playbook_effective(struct gx_ctx *ctx, const Genxi__Playbook *playbook,
                                           uint32_t grade);
/* Would the effective slots differ? */
bool intake_playbook_differs(const Genxi__Playbook *playbook, uint32_t grade_a, uint32_t grade_b);

bool intake_playbook_asks(const Genxi__Playbook *playbook, const char *fact);

/* A report as the merge rule sees it. */
struct intake_sighting {
    const Genxi__Playbook *playbook;
    struct gx_point at;
    int64_t time_at; /* when it happened, or was received */
    bool exercise;
};
/*
 * May the report belong to this incident? Same kind (live or exercise), open, types that may be one event (either playbook
 * says so, or they are equal), within the report's radius, and within its minutes of the incident's reports.
 * incident_playbook may be NULL.
 */
bool intake_merges(const struct intake_sighting *report, const Genxi__Incident *incident,
                   const Genxi__Playbook *incident_playbook, int64_t first_report_at,
                   int64_t last_report_at);

/* "530112-20261124-": the division of the area and the day in Shanghai (UTC+8 all year). */
enum {
    INTAKE_NUMBER_SIZE = 32
};
char *intake_number(int32_t area, int64_t at_ms, int64_t serial, char number[INTAKE_NUMBER_SIZE]);

#endif
