/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers.h"

#include "core.h"
#include "settings.h"

#include <stdlib.h>

/* Typed handlers live in on_*.c; here is the one cast from `void *self` and from the message's base type. */
#define COMMAND(fn, Request, Reply)                                                                \
    static enum gx_rc fn##_thunk(void *self, struct gx_ctx *ctx, const void *in, void *out)        \
    {                                                                                              \
        enum gx_rc (*typed)(struct intake *, struct gx_ctx *, const Request *, Reply *) = fn;      \
        return typed(self, ctx, in, out);                                                          \
    }
#define EVENT(fn, Payload)                                                                         \
    static enum gx_rc fn##_thunk(void *self, struct gx_ctx *ctx, const Genxi__Event *event,        \
                                 const void *in)                                                   \
    {                                                                                              \
        enum gx_rc (*typed)(struct intake *, struct gx_ctx *, const Genxi__Event *,                \
                            const Payload *) = fn;                                                 \
        return typed(self, ctx, event, in);                                                        \
    }

COMMAND(intake_on_report_create, Genxi__ReportCreate, Genxi__ReportCreated)
COMMAND(intake_on_incident_list, Genxi__IncidentQuery, Genxi__IncidentList)
COMMAND(intake_on_incident_get, Genxi__IncidentGet, Genxi__IncidentView)
COMMAND(intake_on_transition, Genxi__IncidentTransition, Genxi__Incident)
COMMAND(intake_on_correct, Genxi__IncidentCorrect, Genxi__Incident)
COMMAND(intake_on_merge, Genxi__IncidentMerge, Genxi__Incident)
COMMAND(intake_on_split, Genxi__IncidentSplit, Genxi__Incident)
COMMAND(intake_on_fact, Genxi__IncidentFact, Genxi__Incident)
COMMAND(intake_on_take_command, Genxi__IncidentTakeCommand, Genxi__Incident)
COMMAND(intake_on_follow_up, Genxi__FollowUpCreate, Genxi__FollowUp)
COMMAND(intake_on_follow_up_done, Genxi__FollowUpDone, Genxi__FollowUp)
COMMAND(intake_on_reporter_read, Genxi__ReporterRead, Genxi__Reporter)
COMMAND(intake_on_playbook_list, Genxi__PlaybookQuery, Genxi__PlaybookList)
COMMAND(intake_on_ack, Genxi__IncidentAck, Genxi__Empty)
COMMAND(intake_on_statistics, Genxi__StatisticsQuery, Genxi__Statistics)

EVENT(intake_on_station_changed, Genxi__StationChanged)
EVENT(intake_on_partner_changed, Genxi__PartnerChanged)
EVENT(intake_on_site_changed, Genxi__SiteChanged)
EVENT(intake_on_responder_changed, Genxi__ResponderChanged)
EVENT(intake_on_offer_made, Genxi__OfferMade)
EVENT(intake_on_offer_ended, Genxi__OfferEnded)
EVENT(intake_on_assignment_changed, Genxi__AssignmentChanged)
EVENT(intake_on_team_filled, Genxi__TeamFilled)
EVENT(intake_on_slot_unfilled, Genxi__SlotUnfilled)
EVENT(intake_on_rung_reached, Genxi__RungReached)
EVENT(intake_on_delivery_changed, Genxi__DeliveryChanged)
EVENT(intake_on_tip_opened, Genxi__TipOpened)
EVENT(intake_on_tip_purged, Genxi__TipPurged)

#define DUTY ((uint32_t)GX_ROLE_DUTY)
#define POLICE ((uint32_t)GX_ROLE_POLICE)
#define DESK ((uint32_t)GX_ROLE_DESK)
#define LINKED ((uint32_t)GX_ROLE_LINKED)
#define DEVICE ((uint32_t)GX_ROLE_RESPONDER)
#define DRILL ((uint32_t)GX_ROLE_DRILL)
#define READERS (GX_ROLES_OFFICERS | DESK | LINKED | DEVICE | DRILL)

static const struct gx_command_row COMMANDS[] = {
    {GX_C_report_create, intake_on_report_create_thunk,
     DUTY | POLICE | DESK | LINKED | DEVICE | DRILL},
    {GX_C_incident_list, intake_on_incident_list_thunk, READERS},
    {GX_C_incident_get, intake_on_incident_get_thunk, READERS},
    {GX_C_incident_transition, intake_on_transition_thunk, DUTY | POLICE},
    {GX_C_incident_correct, intake_on_correct_thunk, DUTY},
    {GX_C_incident_merge, intake_on_merge_thunk, DUTY},
    {GX_C_incident_split, intake_on_split_thunk, DUTY},
    {GX_C_incident_fact, intake_on_fact_thunk, DUTY | POLICE | DESK | DEVICE},
    {GX_C_incident_take_command, intake_on_take_command_thunk, DUTY | POLICE | DEVICE},
    {GX_C_follow_up_create, intake_on_follow_up_thunk, DUTY | (uint32_t)GX_ROLE_SYSTEM},
    {GX_C_follow_up_done, intake_on_follow_up_done_thunk, DUTY},
    {GX_C_reporter_read, intake_on_reporter_read_thunk, DUTY},
    {GX_C_playbook_list, intake_on_playbook_list_thunk, READERS | (uint32_t)GX_ROLE_ADMIN},
    {GX_C_incident_ack, intake_on_ack_thunk, DESK | LINKED},
    {GX_C_statistics, intake_on_statistics_thunk,
     GX_ROLES_OFFICERS | DESK | LINKED | (uint32_t)GX_ROLE_ADMIN | (uint32_t)GX_ROLE_AUDITOR},
};

static const struct gx_event_row EVENTS[] = {
    {GX_E_station_changed, intake_on_station_changed_thunk},
    {GX_E_partner_changed, intake_on_partner_changed_thunk},
    {GX_E_site_changed, intake_on_site_changed_thunk},
    {GX_E_responder_changed, intake_on_responder_changed_thunk},
    {GX_E_offer_made, intake_on_offer_made_thunk},
    {GX_E_offer_ended, intake_on_offer_ended_thunk},
    {GX_E_assignment_changed, intake_on_assignment_changed_thunk},
    {GX_E_team_filled, intake_on_team_filled_thunk},
    {GX_E_slot_unfilled, intake_on_slot_unfilled_thunk},
    {GX_E_rung_reached, intake_on_rung_reached_thunk},
    {GX_E_delivery_changed, intake_on_delivery_changed_thunk},
    {GX_E_tip_opened, intake_on_tip_opened_thunk},
    {GX_E_tip_purged, intake_on_tip_purged_thunk},
};

static enum gx_rc on_tip_text(void *self, struct gx_ctx *ctx, const struct gx_timer *timer)
{
    return intake_on_tip_text(self, ctx, timer);
}

static const struct gx_timer_row TIMERS[] = {
    {INTAKE_TIP_TIMER, on_tip_text, 60 * 1000},
};

static enum gx_rc thread_start(const struct gx_common_settings *common, void **ret_self)
{
    struct intake *self = calloc(1, sizeof *self);
    if (self == NULL) {
        abort();
    }
    intake_catalog_init(&self->catalog);
    self->settings = &INTAKE_SETTINGS;
    self->district = (int32_t)common->district;
    self->tip_text = intake_ask_tip_text;
    *ret_self = self;
    return GX_OK;
}

static void thread_stop(void *pointer)
{
    struct intake *self = pointer;
    if (self != NULL) {
        intake_catalog_done(&self->catalog);
        free(self);
    }
}

const struct gx_service INTAKE = {
    .name = "intake",
    .schema = "intake",
    .settings = INTAKE_SETTING_ROWS,
    .setting_count = INTAKE_SETTING_COUNT,
    .settings_target = &INTAKE_SETTINGS,
    .commands = COMMANDS,
    .command_count = GX_COUNT_OF(COMMANDS),
    .events = EVENTS,
    .event_count = GX_COUNT_OF(EVENTS),
    .timers = TIMERS,
    .timer_count = GX_COUNT_OF(TIMERS),
    .asks = true,
    .thread_start = thread_start,
    .thread_stop = thread_stop,
};
