/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All SQL of intake. Every call runs in the handler's transaction, as the caller that row-level security knows; what a caller may
 * not see is not found. Texts and messages returned live in ctx's arena.
 */
#ifndef INTAKE_STORE_H
#define INTAKE_STORE_H

#include "check.h"
#include "place.h"
#include "store/tx.h"

#include "dispatch.pb-c.h"
#include "incident.pb-c.h"
#include "registry.pb-c.h"

/* An incident and what of it is no part of the message. */
struct intake_incident {
    Genxi__Incident *pb; /* with its times; police holds the officers' reasons */
    int64_t first_report_at;
    int64_t last_report_at;
    int commander_force; /* enum Force; 0: nobody in command */
};

/* --- what worker threads keep in memory --- */
enum gx_rc intake_store_generation(struct gx_ctx *ctx, int64_t *ret_generation);
/* The three fill memory's arena, which outlives the transaction. */
enum gx_rc intake_store_stations(struct gx_ctx *ctx, struct gx_ctx *memory,
                                 struct intake_stations *ret_stations);
enum gx_rc intake_store_parties(struct gx_ctx *ctx, struct gx_ctx *memory,
                                struct intake_party **ret_parties, size_t *ret_count);
/* Active definitions as JSON, by code, newest first. */
struct intake_definition {
    const char *code;
    int64_t version;
    const char *json;
};
enum gx_rc intake_store_playbooks(struct gx_ctx *ctx, struct intake_definition **ret_definitions,
                                  size_t *ret_count);

/* --- copies of the registry --- */
enum gx_rc intake_store_station_put(struct gx_ctx *ctx, const Genxi__Station *station);
enum gx_rc intake_store_partner_put(struct gx_ctx *ctx, const Genxi__Partner *partner);
enum gx_rc intake_store_site_put(struct gx_ctx *ctx, const Genxi__Site *site);
enum gx_rc intake_store_responder_put(struct gx_ctx *ctx, const Genxi__Responder *responder);

struct intake_site {
    bool found;
    const char *partner_id;
    struct gx_point at;
};
enum gx_rc intake_store_site_find(struct gx_ctx *ctx, const char *id, struct intake_site *ret_site);
struct intake_responder {
    const char *id;
    const char *org_id;
    int force;
};
/* Those of the ids that are active and that the caller may know of. */
enum gx_rc intake_store_responders_find(struct gx_ctx *ctx, char *const *ids, size_t count,
                                        struct intake_responder **ret_responders,
                                        size_t *ret_count);

/* --- incidents --- */
/* Takes the locks in this order with the next gx_sql(). */
enum gx_rc intake_store_lock(struct gx_ctx *ctx, const int64_t *keys, size_t count);
struct intake_candidates {
    struct intake_incident *items; /* locked, open, of that kind, in the box */
    size_t count;
    int64_t serial; /* for the number of a new one */
};
enum gx_rc intake_store_candidates(struct gx_ctx *ctx, const struct intake_box *box, bool exercise,
                                   struct intake_candidates *ret_candidates);
enum gx_rc intake_store_serial(struct gx_ctx *ctx, int64_t *ret_serial);
/* NOT_FOUND (incident) when the caller may not see it. lock: for a change. */
enum gx_rc intake_store_incident_get(struct gx_ctx *ctx, const char *id, bool lock,
                                     struct intake_incident *ret_incident);
enum gx_rc intake_store_incident_find(struct gx_ctx *ctx, const char *id, bool *ret_found,
                                      struct intake_incident *ret_incident);
enum gx_rc intake_store_incident_add(struct gx_ctx *ctx, const struct intake_incident *incident);
/* Writes all that can change; version is the caller's to raise. */
enum gx_rc intake_store_incident_put(struct gx_ctx *ctx, const struct intake_incident *incident);

struct intake_filter {
    const Genxi__IncidentQuery *query;
    const char *before_id; /* NULL: from the newest */
    /* By whose eyes: an organisation's or a responder's, else an officer's of these areas; none of them: the system's. */
    const char *desk_org;
    const char *responder_id;
    const int32_t *areas;
    size_t area_count;
    uint32_t limit;
};
enum gx_rc intake_store_incident_list(struct gx_ctx *ctx, const struct intake_filter *filter,
                                      struct intake_incident **ret_incidents, size_t *ret_count);
/* Reports, timeline, follow-ups, facts of an incident that the caller sees. */
enum gx_rc intake_store_view(struct gx_ctx *ctx, const char *incident_id,
                             Genxi__IncidentView *view);

/* --- reports --- */
enum gx_rc intake_store_report_add(struct gx_ctx *ctx, int32_t area, const Genxi__Report *report);
struct intake_known_report {
    bool found;
    const char *report_id;
    const char *incident_id;
    const char *number;
    int link;
    char **flags;
    size_t flag_count;
};
/* The report that this organisation sent before under its own number. */
enum gx_rc intake_store_report_known(struct gx_ctx *ctx, const char *org_id,
                                     const char *external_id,
                                     struct intake_known_report *ret_report);
/* Cases of that type which panels opened at the site since then. */
enum gx_rc intake_store_panel_cases(struct gx_ctx *ctx, const char *site_id, const char *type,
                                    int64_t since, int64_t *ret_count);
/* It came from a tip. */
enum gx_rc intake_store_report_of_tip(struct gx_ctx *ctx, const char *report_id,
                                      const char *tip_id);
/* Until the transaction ends; which incident it belongs to, NULL: there is no such report. */
enum gx_rc intake_store_report_lock(struct gx_ctx *ctx, const char *report_id,
                                    const char **ret_incident_id);
enum gx_rc intake_store_report_text(struct gx_ctx *ctx, const char *report_id, const char *text);
/* The words of the tip are gone from its report. */
enum gx_rc intake_store_tip_forget(struct gx_ctx *ctx, const char *tip_id);
enum gx_rc intake_store_reporter_add(struct gx_ctx *ctx, int32_t area, const char *report_id,
                                     const Genxi__Reporter *reporter);
/* NOT_FOUND when there is none, or the caller may not know. */
enum gx_rc intake_store_reporter_get(struct gx_ctx *ctx, const char *report_id, int32_t *ret_area,
                                     bool *ret_exercise, Genxi__Reporter *reporter);
enum gx_rc intake_store_reports_of(struct gx_ctx *ctx, const char *incident_id,
                                   Genxi__Report ***ret_reports, size_t *ret_count);
/* Moves these reports to an incident, in its area. */
enum gx_rc intake_store_reports_move(struct gx_ctx *ctx, char *const *report_ids, size_t count,
                                     const struct intake_incident *to, int link);

/* --- who may see --- */
enum gx_rc intake_store_orgs_add(struct gx_ctx *ctx, const Genxi__Incident *incident,
                                 char *const *orgs, size_t count, const char *why);
/* Whoever reported it by reports of its own sees it. */
enum gx_rc intake_store_reporters_add(struct gx_ctx *ctx, const Genxi__Incident *incident);
/* Organisations that reported it only by reports that have left. */
enum gx_rc intake_store_reporters_prune(struct gx_ctx *ctx, const char *incident_id);
struct intake_member {
    const char *responder_id;
    const char *org_id;
    int force;            /* 0: unknown */
    int assignment_state; /* 0: none */
    bool active;
};
enum gx_rc intake_store_member_put(struct gx_ctx *ctx, const Genxi__Incident *incident,
                                   const struct intake_member *member);
/* An offer has ended: unless the responder holds an assignment, the device no longer sees the incident. */
enum gx_rc intake_store_member_drop(struct gx_ctx *ctx, const char *incident_id,
                                    const char *responder_id);
enum gx_rc intake_store_member_find(struct gx_ctx *ctx, const char *incident_id,
                                    const char *responder_id, bool *ret_found,
                                    struct intake_member *ret_member);
/* How the caller's organisation is part of it: true for reporter, site or team, not for a linked party only. */
enum gx_rc intake_store_org_takes_part(struct gx_ctx *ctx, const char *incident_id,
                                       bool *ret_takes_part);
struct intake_watchers {
    char **orgs;
    size_t org_count;
    char **responders;
    size_t responder_count;
};
enum gx_rc intake_store_watchers(struct gx_ctx *ctx, const char *incident_id,
                                 struct intake_watchers *ret_watchers);
/* All that hangs on `from` hangs on `into` afterwards. */
enum gx_rc intake_store_merge(struct gx_ctx *ctx, const struct intake_incident *from,
                              const struct intake_incident *into);

/* --- the rest --- */
struct intake_entry {
    const char *what;
    const char *who;
    const char *org_id; /* NULL: nobody's own */
    const char *text;
    bool police;
    int64_t at;
};
enum gx_rc intake_store_entry_add(struct gx_ctx *ctx, const Genxi__Incident *incident,
                                  const struct intake_entry *entry);
enum gx_rc intake_store_fact_add(struct gx_ctx *ctx, const Genxi__Incident *incident,
                                 const Genxi__FactNoted *fact, const char *org_id);
/* ret_done: it was open until now. */
enum gx_rc intake_store_follow_up_done(struct gx_ctx *ctx, const Genxi__FollowUpDone *in,
                                       Genxi__FollowUp *out, bool *ret_found, bool *ret_done);
enum gx_rc intake_store_follow_up_add(struct gx_ctx *ctx, int32_t area,
                                      const Genxi__FollowUp *follow_up, int64_t created_at);
enum gx_rc intake_store_offer_event_add(struct gx_ctx *ctx, const char *event_id,
                                        const Genxi__Offer *offer);
/* incident_id NULL: no offer was told by that event. */
enum gx_rc intake_store_offer_event_find(struct gx_ctx *ctx, const char *event_id,
                                         const char **ret_incident_id);
/* areas NULL: all. reports[i] belongs to by_type[i]. */
enum gx_rc intake_store_statistics(struct gx_ctx *ctx, const int32_t *areas, size_t area_count,
                                   int64_t from_at, int64_t until_at, Genxi__Statistics *statistics,
                                   uint64_t **ret_reports);

#endif
