/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up town for the tests of coverage: units one by one, or some hundred at random about as many sites. */
#ifndef TEST_COVER_TOWN_H
#define TEST_COVER_TOWN_H

#include "check.h"

#include "cover/cover.h"

#define POLICE GENXI__FORCE__FORCE_POLICE
#define GUARD GENXI__FORCE__FORCE_GUARD
#define PATROL GENXI__FORCE__FORCE_PATROL
#define VOLUNTEER GENXI__FORCE__FORCE_VOLUNTEER
/* A test that begins with nobody. */
#define TEST(name) cmocka_unit_test_setup(name, town_setup)

enum {
    AREA = 53011201,
    UNITS_MOST = 4000,
    TOWN_SITES = 1000,
    TOWN_UNITS = 3000,
    NOON = 12 * 60
};
#define NOW INT64_C(1800000000000)
extern const struct gx_point CENTRE;
extern struct gx_travel travel;
extern struct cover_unit units[UNITS_MOST];
extern size_t unit_count;
extern struct cover_site sites[TOWN_SITES];
extern uint64_t seed;

int town_setup(void **state);
struct gx_point at_metres(double east_m, double north_m);
/* Lawful anywhere in AREA, on duty, free, and standing there. */
struct cover_unit *add(Genxi__Force force, double east_m);
struct cover *cover_at(uint32_t minute);
/* At CENTRE. */
struct cover_site site_of(const struct cover_need *needs, size_t count);
struct cover_need all_day(Genxi__Force force, uint32_t count, uint32_t within_minutes);

/* [0, 1), by seed. */
double chance(void);
/* The first of sites[], and units beside those there are. */
void make_town(size_t site_count, size_t units_wanted);
double town_seconds(const struct cover_unit *unit, const struct cover_site *site);

#endif
