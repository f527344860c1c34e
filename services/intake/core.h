/* SPDX-License-Identifier: Apache-2.0 */
/* What commands and followers share: opening an incident, joining a report to one, telling of a change. */
#ifndef INTAKE_CORE_H
#define INTAKE_CORE_H

#include "catalog.h"
#include "chassis/service.h"
#include "intel.pb-c.h"
#include "notify.pb-c.h"
#include "store.h"

/* One thread's state. */
struct intake {
    struct intake_catalog catalog;
    const struct intake_settings *settings;
    int32_t district;
    /* Asks intel-share; NULL: the tip is gone. The text lies in ctx's arena. */
    enum gx_rc (*tip_text)(struct gx_ctx *ctx, const char *tip_id, const char **ret_text);
};

/* A report on its way in. */
struct intake_draft {
    Genxi__Report *report; /* incident_id and link are set when it finds its incident */
    const Genxi__Reporter *reporter;
    const Genxi__Playbook *playbook;
    struct intake_place place;
    uint32_t grade;
    bool exercise;
    char **responding;
    size_t responding_count;
    const char *incident_id;    /* the id that a new incident shall have; NULL: a fresh one */
    const char *site_org_id;    /* whose site it is; NULL: nobody's */
    const char *watcher_org_id; /* the reporter's organisation, when it shall see the incident */
    const char *watcher_device; /* the reporting responder, likewise */
};

/* Makes incident, rights to see it, timeline, and the event incident.opened. The report is recorded by intake_record(). */
enum gx_rc intake_open(struct intake *self, struct gx_ctx *ctx, const struct intake_draft *draft,
                       int64_t serial, struct intake_incident *ret_incident);
/* Writes report and sealed reporter under the incident, and the event report.received. */
enum gx_rc intake_record(struct gx_ctx *ctx, const struct intake_draft *draft,
                         const Genxi__Incident *incident, Genxi__LinkKind link);
/* Joins the report to an open incident: counts it, may raise the grade, lets the reporter see it. */
enum gx_rc intake_join(struct intake *self, struct gx_ctx *ctx, const struct intake_draft *draft,
                       struct intake_incident *incident, Genxi__LinkKind link);

struct intake_change {
    const char *what;
    const Genxi__Playbook *playbook; /* effective; NULL: the slots stay */
    char **responding;
    size_t responding_count;
};
/* Raises the version, writes the row and tells everybody who may see it. */
enum gx_rc intake_change(struct gx_ctx *ctx, struct intake_incident *incident,
                         const struct intake_change *change);

/* Puts a responder in command, on record with from and to, and tells of it. */
enum gx_rc intake_command(struct gx_ctx *ctx, struct intake_incident *incident,
                          const char *responder_id, Genxi__Force force);

/* Who an event about this incident goes to: officers of the area and all watchers. NULL: arena spent or a failure noted. */
enum gx_rc intake_audience(struct gx_ctx *ctx, const char *incident_id,
                           Genxi__Audience **ret_audience);
enum gx_rc intake_emit(struct gx_ctx *ctx, const Genxi__Incident *incident, uint32_t type,
                       const ProtobufCMessage *payload, const Genxi__Audience *audience);

/* A text array with one more at its end; repeated flags are not added. */
enum gx_rc intake_append(struct gx_ctx *ctx, char ***items, size_t *count, const char *text,
                         bool unique);
static inline enum gx_rc intake_spent(struct gx_ctx *ctx)
{
    return gx_fail(ctx, GX_P_INTERNAL, "", "memory");
}

/* Handlers, see handlers.c. */
#define INTAKE_ON_COMMAND(fn, Request, Reply)                                                      \
    enum gx_rc fn(struct intake *self, struct gx_ctx *ctx, const Request *in, Reply *out)
#define INTAKE_ON_EVENT(fn, Payload)                                                               \
    enum gx_rc fn(struct intake *self, struct gx_ctx *ctx, const Genxi__Event *event,              \
                  const Payload *in)

INTAKE_ON_COMMAND(intake_on_report_create, Genxi__ReportCreate, Genxi__ReportCreated);
INTAKE_ON_COMMAND(intake_on_incident_list, Genxi__IncidentQuery, Genxi__IncidentList);
INTAKE_ON_COMMAND(intake_on_incident_get, Genxi__IncidentGet, Genxi__IncidentView);
INTAKE_ON_COMMAND(intake_on_transition, Genxi__IncidentTransition, Genxi__Incident);
INTAKE_ON_COMMAND(intake_on_correct, Genxi__IncidentCorrect, Genxi__Incident);
INTAKE_ON_COMMAND(intake_on_merge, Genxi__IncidentMerge, Genxi__Incident);
INTAKE_ON_COMMAND(intake_on_split, Genxi__IncidentSplit, Genxi__Incident);
INTAKE_ON_COMMAND(intake_on_fact, Genxi__IncidentFact, Genxi__Incident);
INTAKE_ON_COMMAND(intake_on_take_command, Genxi__IncidentTakeCommand, Genxi__Incident);
INTAKE_ON_COMMAND(intake_on_follow_up, Genxi__FollowUpCreate, Genxi__FollowUp);
INTAKE_ON_COMMAND(intake_on_follow_up_done, Genxi__FollowUpDone, Genxi__FollowUp);
INTAKE_ON_COMMAND(intake_on_reporter_read, Genxi__ReporterRead, Genxi__Reporter);
INTAKE_ON_COMMAND(intake_on_playbook_list, Genxi__PlaybookQuery, Genxi__PlaybookList);
INTAKE_ON_COMMAND(intake_on_ack, Genxi__IncidentAck, Genxi__Empty);
INTAKE_ON_COMMAND(intake_on_statistics, Genxi__StatisticsQuery, Genxi__Statistics);

INTAKE_ON_EVENT(intake_on_station_changed, Genxi__StationChanged);
INTAKE_ON_EVENT(intake_on_partner_changed, Genxi__PartnerChanged);
INTAKE_ON_EVENT(intake_on_site_changed, Genxi__SiteChanged);
INTAKE_ON_EVENT(intake_on_responder_changed, Genxi__ResponderChanged);
INTAKE_ON_EVENT(intake_on_offer_made, Genxi__OfferMade);
INTAKE_ON_EVENT(intake_on_offer_ended, Genxi__OfferEnded);
INTAKE_ON_EVENT(intake_on_assignment_changed, Genxi__AssignmentChanged);
INTAKE_ON_EVENT(intake_on_team_filled, Genxi__TeamFilled);
INTAKE_ON_EVENT(intake_on_slot_unfilled, Genxi__SlotUnfilled);
INTAKE_ON_EVENT(intake_on_rung_reached, Genxi__RungReached);
INTAKE_ON_EVENT(intake_on_delivery_changed, Genxi__DeliveryChanged);
INTAKE_ON_EVENT(intake_on_tip_opened, Genxi__TipOpened);
INTAKE_ON_EVENT(intake_on_tip_purged, Genxi__TipPurged);
extern const char INTAKE_TIP_TIMER[];
enum gx_rc intake_on_tip_text(struct intake *self, struct gx_ctx *ctx,
                              const struct gx_timer *timer);
enum gx_rc intake_ask_tip_text(struct gx_ctx *ctx, const char *tip_id, const char **ret_text);

#endif
