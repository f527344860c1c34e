/* SPDX-License-Identifier: Apache-2.0 */
/* Coverage: each kind of gap where it was planted and nowhere else, by a model of its own; hours over midnight. */
#include "cover_town.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The rows of one site, at that minute. */
static size_t look(const struct cover_site *site, uint32_t minute, struct cover_row *rows)
{
    size_t count = 0;
    struct cover *cover = cover_at(minute);
    assert_int_equal(cover_look(cover, site, rows, &count), GX_OK);
    cover_free(cover);
    return count;
}

static enum cover_kind only_need(const struct cover_need *need)
{
    struct cover_row rows[COVER_NEEDS_MAX + 1];
    const struct cover_site site = site_of(need, 1);
    assert_int_equal(look(&site, NOON, rows), 2);
    assert_int_equal(rows[0].need, 0);
    assert_int_equal(rows[1].need, COVER_ANY);
    return rows[0].kind;
}

/* ---- one kind each ---- */

static void test_enough_near_is_met(void **state)
{
    (void)state;
    const struct cover_need need = all_day(GUARD, 2, 3);
    add(GUARD, 100);
    add(GUARD, 200);
    assert_int_equal(only_need(&need), COVER_MET);
}

static void test_nobody_on_duty_is_hours(void **state)
{
    (void)state;
    const struct cover_need need = all_day(GUARD, 2, 3);
    assert_int_equal(only_need(&need), COVER_HOURS);
    add(PATROL, 10);                                                            /* another force */
    add(GUARD, 10)->person.guard_kind = GENXI__GUARD_KIND__GUARD_KIND_PROPERTY; /* not his site */
    add(GUARD, 10)->person.agreement.exists = false; /* nobody contracted him here */
    add(GUARD, 10)->person.org_exercise = true;
    assert_int_equal(only_need(&need), COVER_HOURS);
}

static void test_fewer_than_wanted_is_force(void **state)
{
    (void)state;
    const struct cover_need need = all_day(GUARD, 2, 3);
    add(GUARD, 100);
    assert_int_equal(only_need(&need), COVER_FORCE);
    /* Where the one stands does not matter. */
    units[0].place = at_metres(90000, 0);
    assert_int_equal(only_need(&need), COVER_FORCE);
}

static void test_enough_but_far_is_area(void **state)
{
    (void)state;
    const struct cover_need need = all_day(GUARD, 2, 3);
    add(GUARD, 100);
    add(GUARD, 5000);
    assert_int_equal(only_need(&need), COVER_AREA);
}

static void test_enough_but_busy_is_area(void **state)
{
    (void)state;
    const struct cover_need need = all_day(GUARD, 2, 3);
    add(GUARD, 100);
    add(GUARD, 100)->person.hold = HOLD_ASSIGNMENT;
    assert_int_equal(only_need(&need), COVER_AREA);
    units[1].person.hold = HOLD_FREE;
    units[1].person.rest_until_at = NOW + 1;
    assert_int_equal(only_need(&need), COVER_AREA);
    units[1].person.rest_until_at = NOW;
    assert_int_equal(only_need(&need), COVER_MET);
    units[1].placed = false; /* nobody knows where he is */
    assert_int_equal(only_need(&need), COVER_AREA);
}

static void test_own_guards_count_at_their_site_only(void **state)
{
    (void)state;
    const struct cover_need need = all_day(GUARD, 1, 3);
    struct cover_unit *guard = add(GUARD, 0);
    guard->person.guard_kind = GENXI__GUARD_KIND__GUARD_KIND_PROPERTY;
    guard->person.has_site = true;
    guard->person.site_id = "site";
    guard->person.site = CENTRE;
    guard->person.site_radius_m = 150;
    assert_int_equal(only_need(&need), COVER_MET);
    guard->place = at_metres(9000, 0); /* his own site, and he is away from it */
    assert_int_equal(only_need(&need), COVER_AREA);
    guard->person.site_id = "another";
    guard->person.site = at_metres(151, 0);
    guard->place = CENTRE;
    assert_int_equal(only_need(&need), COVER_HOURS);
    guard->person.site = at_metres(149, 0); /* within his own site's radius */
    assert_int_equal(only_need(&need), COVER_MET);
}

static void test_expired_insurance_is_nobody(void **state)
{
    (void)state;
    const struct cover_need need = all_day(VOLUNTEER, 1, 3);
    add(VOLUNTEER, 0)->person.insured_until_at = NOW;
    assert_int_equal(only_need(&need), COVER_HOURS);
    units[0].person.insured_until_at = NOW + 1;
    assert_int_equal(only_need(&need), COVER_MET);
}

static void test_first_response_is_of_any_force(void **state)
{
    (void)state;
    struct cover_row rows[COVER_NEEDS_MAX + 1];
    const struct cover_need needs[] = {all_day(GUARD, 1, 3), all_day(POLICE, 1, 5)};
    const struct cover_site site = site_of(needs, 2);
    add(GUARD, 400);   /* 224 s: not in three minutes, and guards have no other */
    add(POLICE, 1500); /* 254 s: in five minutes, not in three */
    assert_int_equal(look(&site, NOON, rows), 3);
    assert_int_equal(rows[0].kind, COVER_AREA);
    assert_int_equal(rows[1].kind, COVER_MET);
    assert_int_equal(rows[2].kind, COVER_FIRST);
    assert_int_equal(rows[2].within_minutes, 3);
    add(VOLUNTEER, 150); /* nobody asked for volunteers, but one is there first */
    assert_int_equal(look(&site, NOON, rows), 3);
    assert_int_equal(rows[0].kind, COVER_AREA);
    assert_int_equal(rows[2].kind, COVER_MET);
    assert_int_equal(rows[2].have, 1);
}

static enum gx_rc no_roads(const void *self, struct gx_ctx *of, const struct travel_from *from,
                           size_t count, struct gx_point to, const struct travel_times *times)
{
    (void)self;
    (void)of;
    (void)from;
    (void)count;
    (void)to;
    (void)times;
    return GX_UNAVAILABLE;
}

static void test_travel_that_fails_is_told(void **state)
{
    (void)state;
    struct cover_row rows[COVER_NEEDS_MAX + 1];
    const struct cover_need need = all_day(GUARD, 1, 3);
    const struct cover_site site = site_of(&need, 1);
    size_t count = 0;
    add(GUARD, 0);
    travel.matrix = no_roads;
    struct cover *cover = cover_at(NOON);
    assert_int_equal(cover_look(cover, &site, rows, &count), GX_UNAVAILABLE);
    cover_free(cover);
}

/* ---- hours ---- */

static void test_hours_over_midnight(void **state)
{
    (void)state;
    const struct cover_need night = {GUARD, 1, 3, 20 * 60, 6 * 60};
    const struct cover_need day = {GUARD, 1, 3, 8 * 60, 19 * 60};
    const struct cover_need always = {GUARD, 1, 3, 300, 300};
    for (uint32_t minute = 0; minute < COVER_DAY_MINUTES; minute++) {
        assert_int_equal(cover_need_asks(&night, minute), minute >= 1200 || minute < 360);
        assert_int_equal(cover_need_asks(&day, minute), minute >= 480 && minute < 1140);
        assert_true(cover_need_asks(&always, minute));
    }
    /* 2027-01-15T08:00:00Z is 16:00 in Kunming. */
    assert_int_equal(cover_minute(NOW, 480), 16 * 60);
    assert_int_equal(cover_minute(NOW, -9 * 60), 23 * 60);
    assert_int_equal(cover_minute(-1, 0), 0);
    assert_int_equal(cover_need_until(&night, NOW, 23 * 60), NOW + INT64_C(7) * 3600000);
    assert_int_equal(cover_need_until(&night, NOW + 1234, 0), NOW + INT64_C(6) * 3600000);
    assert_int_equal(cover_need_until(&day, NOW, 18 * 60 + 59), NOW + 60000);
    assert_int_equal(cover_need_until(&always, NOW, 0), INT64_MAX);
}

static void test_a_need_that_does_not_ask_has_no_row(void **state)
{
    (void)state;
    struct cover_row rows[COVER_NEEDS_MAX + 1];
    const struct cover_need needs[] = {{GUARD, 1, 1, 20 * 60, 6 * 60}, all_day(POLICE, 1, 5)};
    const struct cover_site site = site_of(needs, 2);
    assert_int_equal(look(&site, NOON, rows), 2);
    assert_int_equal(rows[0].need, 1);
    assert_int_equal(rows[1].within_minutes, 5);
    assert_int_equal(look(&site, 23 * 60, rows), 3);
    assert_int_equal(rows[2].within_minutes, 1);
    const struct cover_site quiet = site_of(needs, 1);
    assert_int_equal(look(&quiet, NOON, rows), 0);
}

/* ---- a whole town against a model of its own, and in any order ---- */

/* Who may serve there, in the words of the law, not by rules.c. */
static bool model_lawful(const struct person *p, const struct cover_site *site)
{
    bool at_home = p->has_site && (strcmp(p->site_id, site->id) == 0 ||
                                   gx_geo_distance_m(p->site, site->place) <= p->site_radius_m);
    switch ((int)p->force) {
    case POLICE:
        return true;
    case GUARD:
        return at_home || (p->guard_kind == GENXI__GUARD_KIND__GUARD_KIND_LICENSED &&
                           p->agreement.contract_area_count > 0 && site->area == AREA);
    default:
        return p->insured_until_at > NOW;
    }
}

struct model {
    uint32_t have;
    uint32_t on_duty;
};

static struct model model_of(const struct cover_site *site, int force, uint32_t minutes)
{
    struct model model = {0, 0};
    for (size_t i = 0; i < unit_count; i++) {
        const struct cover_unit *unit = &units[i];
        if ((force != 0 && (int)unit->person.force != force) ||
            !model_lawful(&unit->person, site)) {
            continue;
        }
        model.on_duty++;
        model.have += unit->placed && unit->person.hold == HOLD_FREE &&
                              town_seconds(unit, site) <= minutes * 60
                          ? 1U
                          : 0U;
    }
    return model;
}

static void check_row(const struct cover_site *site, const struct cover_row *row)
{
    struct model model = model_of(site, (int)row->force, row->within_minutes);
    enum cover_kind kind = COVER_MET;
    if (model.have < row->want) {
        kind = row->need == COVER_ANY      ? COVER_FIRST
               : model.on_duty == 0        ? COVER_HOURS
               : model.on_duty < row->want ? COVER_FORCE
                                           : COVER_AREA;
    }
    assert_int_equal(row->have, model.have);
    assert_int_equal(row->kind, kind);
}

static void test_a_town_is_right_by_the_model(void **state)
{
    (void)state;
    size_t seen[COVER_KINDS] = {0};
    seed = 7;
    for (int round = 0; round < 6; round++) {
        unit_count = 0;
        make_town(120, round < 3 ? 60 : 700);
        uint32_t minute = (uint32_t)(chance() * COVER_DAY_MINUTES);
        struct cover *cover = cover_at(minute);
        for (size_t i = 0; i < 120; i++) {
            struct cover_row rows[COVER_NEEDS_MAX + 1];
            size_t count = 0;
            size_t asking = 0;
            assert_int_equal(cover_look(cover, &sites[i], rows, &count), GX_OK);
            for (size_t n = 0; n < sites[i].need_count; n++) {
                asking += cover_need_asks(&sites[i].needs[n], minute) ? 1U : 0U;
            }
            assert_int_equal(count, asking == 0 ? 0 : asking + 1);
            for (size_t n = 0; n < count; n++) {
                check_row(&sites[i], &rows[n]);
                seen[rows[n].kind]++;
            }
        }
        cover_free(cover);
    }
    for (int kind = 0; kind < COVER_KINDS; kind++) {
        assert_true(seen[kind] > 0);
    }
}

static void reverse_units(void)
{
    for (size_t i = 0; i < unit_count / 2; i++) {
        struct cover_unit unit = units[i];
        units[i] = units[unit_count - 1 - i];
        units[unit_count - 1 - i] = unit;
    }
}

static void test_the_order_of_units_and_needs_does_not_matter(void **state)
{
    (void)state;
    static struct cover_row before[200][COVER_NEEDS_MAX + 1];
    static size_t counts[200];
    seed = 11;
    make_town(200, 500);
    struct cover *cover = cover_at(NOON);
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(cover_look(cover, &sites[i], before[i], &counts[i]), GX_OK);
    }
    cover_free(cover);
    reverse_units();
    cover = cover_at(NOON);
    for (size_t i = 200; i-- > 0;) {
        struct cover_row after[COVER_NEEDS_MAX + 1];
        struct cover_need swapped[] = {sites[i].needs[1], sites[i].needs[0]};
        struct cover_site other = sites[i];
        size_t count = 0;
        assert_int_equal(cover_look(cover, &sites[i], after, &count), GX_OK);
        assert_int_equal(count, counts[i]);
        assert_memory_equal(after, before[i], count * sizeof *after);
        other.needs = swapped;
        if (other.need_count == 2 && count == 3) {
            assert_int_equal(cover_look(cover, &other, after, &count), GX_OK);
            assert_int_equal(after[0].kind, before[i][1].kind);
            assert_int_equal(after[1].kind, before[i][0].kind);
            assert_int_equal(after[2].kind, before[i][2].kind);
        }
    }
    cover_free(cover);
}

static void test_a_thousand_sites_are_looked_at_quickly(void **state)
{
    (void)state;
    seed = 3;
    make_town(TOWN_SITES, TOWN_UNITS);
    clock_t from = clock();
    struct cover *cover = cover_at(NOON);
    size_t gaps = 0;
    for (size_t i = 0; i < TOWN_SITES; i++) {
        struct cover_row rows[COVER_NEEDS_MAX + 1];
        size_t count = 0;
        assert_int_equal(cover_look(cover, &sites[i], rows, &count), GX_OK);
        for (size_t n = 0; n < count; n++) {
            gaps += rows[n].kind != COVER_MET ? 1U : 0U;
        }
    }
    cover_free(cover);
    double seconds = (double)(clock() - from) / CLOCKS_PER_SEC;
    (void)printf("cover_1000x3000 %.4f s of a core\ncover_gaps %zu gaps\n", seconds, gaps);
    assert_true(seconds <
                0.5); /* far more than it takes: once in ten seconds, a twentieth of a core */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_enough_near_is_met),
        TEST(test_nobody_on_duty_is_hours),
        TEST(test_fewer_than_wanted_is_force),
        TEST(test_enough_but_far_is_area),
        TEST(test_enough_but_busy_is_area),
        TEST(test_own_guards_count_at_their_site_only),
        TEST(test_expired_insurance_is_nobody),
        TEST(test_first_response_is_of_any_force),
        TEST(test_travel_that_fails_is_told),
        TEST(test_hours_over_midnight),
        TEST(test_a_need_that_does_not_ask_has_no_row),
        TEST(test_a_town_is_right_by_the_model),
        TEST(test_the_order_of_units_and_needs_does_not_matter),
        TEST(test_a_thousand_sites_are_looked_at_quickly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
