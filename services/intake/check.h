/* SPDX-License-Identifier: Apache-2.0 */
/* What a report and an officer's words must look like, and what a caller may see of an incident. Free of I/O. */
#ifndef INTAKE_CHECK_H
#define INTAKE_CHECK_H

#include "base/ctx.h"
#include "base/geo.h"
#include "incident.pb-c.h"

struct intake_settings {
    int64_t future_ms; /* device clocks may run ahead by this */
    int64_t late_ms;   /* a report of something older is flagged "late" */
    int64_t cell_min;  /* smaller cells of statistics are suppressed */
};

/* The same bounds as web/rules.def: what comes past the gateway is held to them too. */
enum {
    INTAKE_TYPE_MAX = 50,
    INTAKE_ADDRESS_MAX = 500,
    INTAKE_TEXT_MAX = 4000,
    INTAKE_EXTERNAL_MAX = 100,
    INTAKE_NAME_MAX = 100,
    INTAKE_PHONE_MAX = 40,
    INTAKE_REASON_MAX = 1000,
    INTAKE_RESPONDING_MAX = 50,
    INTAKE_PURPOSE_MIN = 4,
    INTAKE_PURPOSE_MAX = 500
};

/* A text in code points. NULL is fine where min is 0. Adds a fault and returns false otherwise. */
bool intake_text_fits(struct gx_ctx *ctx, const char *pointer, const char *text, size_t min,
                      size_t max);
bool intake_blank(const char *text);
/* True for an id; else adds a fault. */
bool intake_id_fits(struct gx_ctx *ctx, const char *pointer, const char *id);

/* All faults of the report's form at once; OK when there is none. */
enum gx_rc intake_report_check(struct gx_ctx *ctx, const Genxi__ReportCreate *in,
                               const struct intake_settings *settings, int64_t now_ms);

/* "desk", "panel", "phone", "patrol", "system": as given, or by who the caller is. */
const char *intake_source(const struct gx_actor *actor, const char *given);
/* A program rather than a person: only then a place outside the district is refused. */
bool intake_source_is_machine(const struct gx_actor *actor, const char *source);

/* lon, lat and crs of a request to WGS-84. Adds faults with pointers /lon, /crs. Range is judged by place.c. */
enum gx_rc intake_point(struct gx_ctx *ctx, double lon, double lat, const char *crs,
                        struct gx_point *ret_point);
/* Was the point said to be in a datum that is not shifted where it lies, and so taken as it is? */
bool intake_unshifted(const char *crs, struct gx_point wgs84);

/* Officer of that area or system; everybody else gets the redacted view. */
bool intake_is_officer(const struct gx_actor *actor, int32_t area);

/*
 * Takes out of a view what its reader may not see, beyond what row-level security left away: fields for police, other
 * organisations' names in the timeline, and, once the incident has ended, every text that might name a person.
 */
void intake_redact(const struct gx_actor *actor, Genxi__IncidentView *view);
void intake_redact_incident(const struct gx_actor *actor, Genxi__Incident *incident);

/*
 * Suppresses cells below cell_min for those who are no officers. Totals then count the cells shown only, so that a cell
 * cannot be found by subtraction; medians need as many incidents as a cell. reports[i] belongs to by_type[i].
 */
void intake_suppress(const struct gx_actor *actor, Genxi__Statistics *statistics,
                     const uint64_t *reports, uint64_t cell_min);

/* Opaque cursors of incident_list. */
enum {
    INTAKE_CURSOR_SIZE = 48
};
void intake_cursor_make(const char *id, char cursor[INTAKE_CURSOR_SIZE]);
/* 0, or -1 for what this list never gave. */
int intake_cursor_read(const char *cursor, char id[GX_ID_SIZE]);

/* What counts as an organisation of linked parties, as kept in memory. */
struct intake_party {
    const char *id;
    int kind;
    int32_t area;
    bool exercise;
};
/*
 * The organisations of those kinds that answer for the area: those in it, else the district's own, else of the area next in number. An
 * exercise takes exercise twins where there are any; a live incident never does. Into the arena.
 */
char **intake_linked(struct gx_ctx *ctx, const struct intake_party *parties, size_t party_count,
                     const Genxi__Playbook *playbook, const Genxi__Incident *incident,
                     size_t *ret_count);

#endif
