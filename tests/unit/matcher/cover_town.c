/* SPDX-License-Identifier: Apache-2.0 */
#include "cover_town.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const struct gx_point CENTRE = {102.66, 25.03};
static const struct travel_straight SPEEDS = {1.4, 8.3, 2.5, 4.0, 1.5};
struct gx_travel travel;
struct cover_unit units[UNITS_MOST];
static char unit_ids[UNITS_MOST][24];
size_t unit_count;
static const int32_t AREAS[] = {AREA};

int town_setup(void **state)
{
    (void)state;
    travel = travel_straight_line(&SPEEDS);
    unit_count = 0;
    return 0;
}

struct gx_point at_metres(double east_m, double north_m)
{
    double metre = 1.0 / 111194.9;
    return (struct gx_point){CENTRE.lon + east_m * metre / cos(CENTRE.lat * 0.017453292519943),
                             CENTRE.lat + north_m * metre};
}

struct cover_unit *add(Genxi__Force force, double east_m)
{
    assert_true(unit_count < UNITS_MOST);
    struct cover_unit *unit = &units[unit_count];
    (void)snprintf(unit_ids[unit_count], sizeof unit_ids[0], "u%05zu", unit_count);
    *unit = (struct cover_unit){
        .person = {.id = unit_ids[unit_count],
                   .org_id = "",
                   .call_sign = "",
                   .area = AREA,
                   .force = force,
                   .guard_kind = force == GUARD ? GENXI__GUARD_KIND__GUARD_KIND_LICENSED : 0,
                   .active = true,
                   .insured_until_at = INT64_MAX,
                   .on_shift = true,
                   .hold_incident_id = "",
                   .site_id = "",
                   .org_known = true,
                   .org_active = true,
                   .agreement = {.exists = true,
                                 .signed_at = 1,
                                 .contract_areas = AREAS,
                                 .contract_area_count = 1}},
        .placed = true,
        .place = at_metres(east_m, 0),
        .until_at = INT64_MAX,
    };
    unit_count++;
    return unit;
}

struct cover *cover_at(uint32_t minute)
{
    const struct cover_scene scene = {units, unit_count, NOW, minute, &travel};
    return cover_new(&scene);
}

struct cover_site site_of(const struct cover_need *needs, size_t count)
{
    return (struct cover_site){.id = "site",
                               .partner_id = "partner",
                               .area = AREA,
                               .place = CENTRE,
                               .needs = needs,
                               .need_count = count};
}

struct cover_need all_day(Genxi__Force force, uint32_t count, uint32_t within_minutes)
{
    return (struct cover_need){force, count, within_minutes, 0, 0};
}

struct cover_site sites[TOWN_SITES];
static struct cover_need town_needs[TOWN_SITES][3];
static char site_ids[TOWN_SITES][24];

uint64_t seed;
double chance(void)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (double)(seed >> 11) / 9007199254740992.0;
}

void make_town(size_t site_count, size_t units_wanted)
{
    static const struct cover_need KINDS[][3] = {
        {{GUARD, 1, 3, 480, 1140}, {POLICE, 1, 5, 0, 0}},
        {{GUARD, 2, 3, 0, 0}, {POLICE, 1, 5, 0, 0}, {VOLUNTEER, 1, 3, 480, 1200}},
        {{PATROL, 2, 5, 1140, 60}, {VOLUNTEER, 2, 5, 480, 1200}},
    };
    for (size_t i = 0; i < site_count; i++) {
        size_t kind = (size_t)(chance() * 3);
        memcpy(town_needs[i], KINDS[kind], sizeof KINDS[kind]);
        (void)snprintf(site_ids[i], sizeof site_ids[i], "s%05zu", i);
        sites[i] = (struct cover_site){
            .id = site_ids[i],
            .partner_id = "p",
            .area = chance() < 0.8 ? AREA : AREA + 1,
            .place = at_metres((chance() - 0.5) * 20000, (chance() - 0.5) * 20000),
            .needs = town_needs[i],
            .need_count = KINDS[kind][2].count == 0 ? 2 : 3,
        };
    }
    for (size_t i = 0; i < units_wanted; i++) {
        struct cover_unit *unit = add((Genxi__Force)(1 + (int)(chance() * 4)), 0);
        unit->place = at_metres((chance() - 0.5) * 20000, (chance() - 0.5) * 20000);
        unit->placed = chance() < 0.9;
        unit->person.hold = chance() < 0.1 ? HOLD_ASSIGNMENT : HOLD_FREE;
        unit->person.insured_until_at = chance() < 0.9 ? INT64_MAX : 1;
        unit->person.agreement.contract_area_count = chance() < 0.7 ? 1 : 0;
        if (chance() < 0.6) {
            size_t home = (size_t)(chance() * (double)site_count);
            unit->person.has_site = true;
            unit->person.site_id = sites[home].id;
            unit->person.site = sites[home].place;
            unit->person.site_radius_m = 150;
            unit->place = chance() < 0.8 ? sites[home].place : unit->place;
            unit->person.guard_kind =
                unit->person.force == GUARD ? GENXI__GUARD_KIND__GUARD_KIND_PROPERTY : 0;
        }
    }
}

double town_seconds(const struct cover_unit *unit, const struct cover_site *site)
{
    static const double MPS[] = {0, 8.3, 2.5, 4.0, 1.5};
    return ceil(gx_geo_distance_m(unit->place, site->place) * 1.4 / MPS[unit->person.force]);
}
