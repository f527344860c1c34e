/* SPDX-License-Identifier: Apache-2.0 */
/* Two stations, some organisations, and the people of both tests. */
#ifndef TEST_INTEL_TOWN_H
#define TEST_INTEL_TOWN_H

#include "ground.h"

#include "handlers.h"
#include "incident.pb-c.h"
#include "settings.h"

#define ORG_A "0199c0de-0000-7000-8000-00000000000a" /* property, AREA */
#define ORG_B "0199c0de-0000-7000-8000-00000000000b" /* school, AREA */
#define ORG_C "0199c0de-0000-7000-8000-00000000000c" /* property, NEXT_AREA */
#define ORG_X "0199c0de-0000-7000-8000-0000000000ee" /* property, AREA, an exercise twin */
#define RESPONDER "0199c0de-0000-7000-8000-000000000101"

static struct ground_of town_of;
static struct intel town_self = {DISTRICT};
static struct ground *g;
static const int32_t TOWN_ONE = AREA;
static const int32_t TOWN_TWO = NEXT_AREA;

static inline void town_station(int32_t area, double west)
{
    Genxi__StationChanged changed = GENXI__STATION_CHANGED__INIT;
    Genxi__Station station = GENXI__STATION__INIT;
    double ring[] = {west, 25.0, west + 0.1, 25.0, west + 0.1, 25.1, west, 25.1};
    station.area = area;
    station.org_id = gx_pb_text(ORG_A);
    station.name = gx_pb_text("station");
    station.lon = west + 0.05;
    station.lat = 25.05;
    station.ring = ring;
    station.n_ring = 8;
    changed.station = &station;
    assert_int_equal(ground_event(g, GX_E_station_changed, &changed), GX_OK);
}

static inline void town_org(const char *id, Genxi__OrgKind kind, int32_t area,
                            Genxi__OrgState state, bool exercise)
{
    Genxi__PartnerChanged changed = GENXI__PARTNER_CHANGED__INIT;
    Genxi__Partner partner = GENXI__PARTNER__INIT;
    partner.id = gx_pb_text(id);
    partner.name = gx_pb_text("organisation");
    partner.kind = kind;
    partner.area = area;
    partner.state = state;
    partner.has_exercise = 1;
    partner.exercise = exercise;
    changed.partner = &partner;
    assert_int_equal(ground_event(g, GX_E_partner_changed, &changed), GX_OK);
}

static inline int town_setup(void **state)
{
    (void)state;
    ground_migrate("intel-share");
    town_of = (struct ground_of){.name = "intel-share",
                                 .schema = "intel",
                                 .commands = INTEL_COMMANDS,
                                 .command_count = INTEL_COMMANDS_COUNT,
                                 .events = INTEL_EVENTS,
                                 .event_count = INTEL_EVENTS_COUNT,
                                 .timers = INTEL_TIMERS,
                                 .timer_count = INTEL_TIMERS_COUNT};
    g = ground_new(&town_of, &town_self);
    intel_settings = (struct intel_settings){
        .tip_keep_days = 90, .tip_day_seconds = 86400, .bulletin_days_max = 90};
    town_station(AREA, 102.5);
    town_station(NEXT_AREA, 102.6);
    town_station(DISTRICT, 100.0); /* no territory: must be left out */
    town_org(ORG_A, GENXI__ORG_KIND__ORG_KIND_PROPERTY, AREA, GENXI__ORG_STATE__ORG_STATE_ACTIVE,
             false);
    town_org(ORG_B, GENXI__ORG_KIND__ORG_KIND_SCHOOL, AREA, GENXI__ORG_STATE__ORG_STATE_ACTIVE,
             false);
    town_org(ORG_C, GENXI__ORG_KIND__ORG_KIND_PROPERTY, NEXT_AREA,
             GENXI__ORG_STATE__ORG_STATE_ACTIVE, false);
    town_org(ORG_X, GENXI__ORG_KIND__ORG_KIND_PROPERTY, AREA, GENXI__ORG_STATE__ORG_STATE_ACTIVE,
             true);
    return 0;
}

static inline int town_teardown(void **state)
{
    (void)state;
    ground_free(g);
    return 0;
}

static inline struct gx_actor desk(const char *org)
{
    return ground_actor(GX_ROLE_DESK, org, org, NULL);
}

static inline struct gx_actor device(const char *org)
{
    struct gx_actor actor = ground_actor(GX_ROLE_RESPONDER, RESPONDER, org, NULL);
    actor.responder_id = RESPONDER;
    return actor;
}

static inline struct gx_actor duty(const int32_t *area)
{
    return ground_actor(GX_ROLE_DUTY, area == &TOWN_ONE ? "duty-one" : "duty-two", "", area);
}

static inline int64_t town_now(void)
{
    return ground_number("SELECT genxi.now_ms()", NULL);
}

#endif
