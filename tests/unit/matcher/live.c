/* SPDX-License-Identifier: Apache-2.0 */
/* The matcher's memory: order of words, duty, holds, trays, and a search that is right by brute force while others write. */
#include "check.h"

#include "live.h"
#include "search.h"

#include "base/clock.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define FORCE(name) GENXI__FORCE__FORCE_##name
#define OPEN GENXI__SHIFT_STATE__SHIFT_STATE_OPEN
#define PLANNED GENXI__SHIFT_STATE__SHIFT_STATE_PLANNED
#define CLOSED GENXI__SHIFT_STATE__SHIFT_STATE_CLOSED

enum {
    PEOPLE = 2000,
    AREA = 53011201,
};
static const int64_t NOW = 1800000000000;
static const struct gx_point CENTRE = {102.66, 25.03};
static const struct travel_straight SPEEDS = {1.4, 8.3, 2.5, 4.0, 1.5};
static struct live *live;
static struct gx_ctx ctx;
static char ids[PEOPLE][GX_ID_SIZE];
static char shifts[PEOPLE][GX_ID_SIZE];
static char org[GX_ID_SIZE];
static char site[GX_ID_SIZE];

static int setup(void **state)
{
    (void)state;
    live = live_new();
    gx_ctx_init(&ctx, 1 << 24);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    live_free(live);
    gx_ctx_done(&ctx);
    return 0;
}

static void make_ids(void)
{
    for (int i = 0; i < PEOPLE; i++) {
        (void)gx_id_new(ids[i]);
        (void)gx_id_new(shifts[i]);
    }
    (void)gx_id_new(org);
    (void)gx_id_new(site);
}

static void add_org(int64_t changed_at, bool active)
{
    int32_t areas[] = {AREA};
    const struct live_org facts = {
        .id = org,
        .active = active,
        .agreement = {.exists = true,
                      .signed_at = 1,
                      .contract_areas = areas,
                      .contract_area_count = 1},
        .changed_at = changed_at,
    };
    live_put_org(live, &facts);
}

static void add_shift(int i, int64_t from_at, int64_t until_at, int state, int64_t changed_at)
{
    const struct live_shift shift = {shifts[i], ids[i], from_at, until_at, state, changed_at};
    live_put_shift(live, &shift);
}

static void add_responder(int i, Genxi__Force force, int64_t changed_at)
{
    const struct person_skill skills[] = {{"first_aid", NOW + 1000}, {"shield", NOW - 1}};
    const struct live_responder facts = {
        .id = ids[i],
        .org_id = org,
        .call_sign = "one",
        .site_id = site,
        .area = AREA,
        .force = force,
        .guard_kind = force == FORCE(GUARD) ? GENXI__GUARD_KIND__GUARD_KIND_LICENSED : 0,
        .crew = 1,
        .active = true,
        .insured_until_at = INT64_MAX,
        .skills = skills,
        .skill_count = 2,
        .changed_at = changed_at,
    };
    live_put_responder(live, &facts);
}

static void add_all(int i, Genxi__Force force)
{
    add_responder(i, force, 1);
    add_shift(i, 1, 2, OPEN, 1);
}

static struct live_who who_is(int i, int64_t now)
{
    struct key key;
    struct live_who who;
    assert_true(key_parse(ids[i], &key));
    live_who(live, &key, 1, now, &who);
    return who;
}

static const struct live_limits LIMITS = {
    .fix = {.future_ms = 5000, .speed_mps = 70, .gap_ms = 120000, .now_ms = 60000},
    .thin_ms = 30000,
};

static struct live_fix take(int i, struct gx_point place, int64_t at)
{
    struct live_fix fix = {.number = who_is(i, NOW).number, .fix = {place, at}, .use = FIX_NOW};
    live_take(live, &fix, 1, NOW, &LIMITS);
    return fix;
}

static int64_t place_at(int i)
{
    struct live_place place = {.responder_id = ids[i]};
    live_places(live, &place, 1);
    return place.at;
}

struct seen {
    struct person persons[PEOPLE];
    double metres[PEOPLE];
    size_t count;
};

static bool see(void *arg, struct live_hit *hit)
{
    struct seen *seen = arg;
    assert_true(live_keep(hit, &ctx.arena, &seen->persons[seen->count]));
    seen->metres[seen->count++] = hit->metres;
    return true;
}

static struct person find(int i)
{
    static struct seen seen;
    struct person none = {.id = NULL};
    for (int force = 1; force <= 4; force++) {
        seen.count = 0;
        live_near(live, (Genxi__Force)force, CENTRE, 50000, NOW, see, &seen);
        for (size_t n = 0; n < seen.count; n++) {
            if (strcmp(seen.persons[n].id, ids[i]) == 0) {
                return seen.persons[n];
            }
        }
    }
    return none;
}

static void test_duty_is_an_open_shift_or_a_planned_one_that_runs(void **state)
{
    (void)state;
    add_responder(0, FORCE(POLICE), 1);
    assert_false(who_is(0, NOW).on_duty);
    add_shift(0, NOW - 10, NOW + 10, PLANNED, 5);
    assert_false(who_is(0, NOW - 11).on_duty);
    assert_true(who_is(0, NOW - 10).on_duty);
    assert_false(who_is(0, NOW + 10).on_duty);
    add_shift(0, NOW - 10, NOW + 10, OPEN, 6);
    assert_true(who_is(0, NOW + 999).on_duty);
    add_shift(0, NOW - 10, NOW + 10, PLANNED, 5); /* an older word */
    assert_true(who_is(0, NOW + 999).on_duty);
    add_shift(0, NOW - 10, NOW + 10, CLOSED, 7);
    assert_false(who_is(0, NOW).on_duty);
}

static void test_shift_may_be_heard_of_before_its_responder(void **state)
{
    (void)state;
    add_shift(0, 1, 2, OPEN, 1);
    assert_true(who_is(0, NOW).number == KEY_NONE);
    add_responder(0, FORCE(GUARD), 1);
    assert_true(who_is(0, NOW).number != KEY_NONE);
    assert_true(who_is(0, NOW).on_duty);
    assert_int_equal(who_is(0, NOW).area, AREA);
}

static void test_end_of_shift_takes_the_position_away_unless_there_is_a_task(void **state)
{
    (void)state;
    struct live_change change;
    char ref[GX_ID_SIZE];
    add_all(0, FORCE(POLICE));
    add_all(1, FORCE(POLICE));
    (void)take(0, CENTRE, NOW);
    (void)take(1, CENTRE, NOW);
    const struct live_hold hold = {HOLD_ASSIGNMENT, gx_id_new(ref), NOW};
    live_hold(live, ids[1], &hold);
    while (live_changes(live, LIVE_TO_INDEX, &change, 1) == 1) {
        assert_true(change.at == NOW && change.told);
    }
    add_shift(0, 1, 2, CLOSED, NOW);
    add_shift(1, 1, 2, CLOSED, NOW);
    assert_int_equal(place_at(0), 0);
    assert_int_equal(place_at(1), NOW);
    assert_null(find(0).id);
    assert_non_null(find(1).id);
    assert_true(who_is(1, NOW).assigned && !who_is(1, NOW).on_duty);
    assert_int_equal(live_changes(live, LIVE_TO_INDEX, &change, 1), 1);
    assert_string_equal(change.responder_id, ids[0]);
    assert_true(change.at == 0 && change.was.x == live_cell_of(CENTRE).x);
}

static void test_older_words_undo_nothing(void **state)
{
    (void)state;
    char offer[GX_ID_SIZE];
    char task[GX_ID_SIZE];
    (void)gx_id_new(offer);
    (void)gx_id_new(task);
    add_org(5, true);
    add_org(4, false);
    add_responder(0, FORCE(POLICE), 7);
    add_responder(0, FORCE(GUARD), 6);
    add_shift(0, 1, 2, OPEN, 1);
    (void)take(0, CENTRE, NOW);
    assert_true(find(0).org_active);
    assert_int_equal(find(0).force, FORCE(POLICE));
    const struct live_hold offered = {HOLD_OFFER, offer, 100};
    const struct live_hold assigned = {HOLD_ASSIGNMENT, task, 200};
    live_hold(live, ids[0], &assigned);
    live_hold(live, ids[0], &offered); /* made before: its end was heard of or will be */
    assert_int_equal(find(0).hold, HOLD_ASSIGNMENT);
    live_release(live, ids[0], offer, 200);
    assert_int_equal(find(0).hold, HOLD_ASSIGNMENT);
    live_release(live, ids[0], task, 300);
    live_hold(live, ids[0], &assigned); /* over already */
    assert_int_equal(find(0).hold, HOLD_FREE);
    /* What the database said before that does not count; what it says later does. */
    live_set_hold(live, ids[0], &assigned, 300);
    assert_int_equal(find(0).hold, HOLD_FREE);
    live_set_hold(live, ids[0], &assigned, 301);
    assert_int_equal(find(0).hold, HOLD_ASSIGNMENT);
}

static void test_load_and_rest_are_counted(void **state)
{
    (void)state;
    add_all(0, FORCE(POLICE));
    (void)take(0, CENTRE, NOW);
    for (int i = 0; i < 20; i++) {
        live_worked(live, ids[0], NOW - i * 1000);
        live_worked(live, ids[0], NOW - i * 1000);
    }
    assert_int_equal(find(0).load, 12);
    live_clear(live);
    add_all(0, FORCE(POLICE));
    (void)take(0, CENTRE, NOW);
    live_worked(live, ids[0], NOW - 13 * INT64_C(3600000));
    live_worked(live, ids[0], NOW - 11 * INT64_C(3600000));
    live_rest(live, ids[0], NOW + 5);
    live_rest(live, ids[0], NOW + 4);
    assert_int_equal(find(0).load, 1);
    assert_int_equal(find(0).rest_until_at, NOW + 5);
}

static void test_alerts_of_the_window_are_counted_once_each(void **state)
{
    (void)state;
    const int64_t hour = INT64_C(3600000);
    add_all(0, FORCE(POLICE));
    (void)take(0, CENTRE, NOW);
    assert_int_equal(find(0).alerts, 0);
    /* In any order, and each as often as one likes. */
    const int64_t ago[] = {5, 1, 200, 167, 3, 1, 5, 168};
    for (size_t i = 0; i < sizeof ago / sizeof ago[0]; i++) {
        live_alerted(live, ids[0], NOW - ago[i] * hour);
    }
    assert_int_equal(find(0).alerts, 4); /* 1, 3, 5, 167 hours ago */
    live_set_alert_window(live, 4 * hour);
    assert_int_equal(find(0).alerts, 2);
    live_set_alert_window(live, 168 * hour);
    /* More than are remembered: the newest are. */
    for (int i = 0; i < 200; i++) {
        live_alerted(live, ids[0], NOW - (i * 37 % 200) * 1000);
    }
    assert_int_equal(find(0).alerts, 64);
    live_alerted(live, ids[0], NOW - 199 * 1000);
    assert_int_equal(find(0).alerts, 64);
    live_set_alert_window(live, 64 * 1000);
    assert_int_equal(find(0).alerts, 64); /* the last 64 seconds' */
}

static void test_fix_is_judged_by_the_last_one(void **state)
{
    (void)state;
    add_all(0, FORCE(POLICE));
    struct live_fix fix = take(0, CENTRE, NOW - 20000);
    assert_true(fix.use == FIX_NOW && fix.for_track);
    fix = take(0, CENTRE, NOW - 20000);
    assert_int_equal(fix.problem, GX_P_POSITION_STALE);
    fix = take(0, (struct gx_point){103.66, 25.03}, NOW - 10000);
    assert_int_equal(fix.problem, GX_P_POSITION_JUMP);
    fix = take(0, CENTRE, NOW - 10000);
    assert_true(fix.use == FIX_NOW && !fix.for_track);
    fix = take(0, CENTRE, NOW + 5001);
    assert_int_equal(fix.problem, GX_P_POSITION_FUTURE);
    assert_int_equal(place_at(0), NOW - 10000);
}

static void test_tray_holds_each_once_with_the_newest(void **state)
{
    (void)state;
    struct live_change changes[4];
    const struct live_place told = {ids[0], {102.9, 25.03}, NOW + 2000};
    add_all(0, FORCE(POLICE));
    (void)take(0, CENTRE, NOW);
    (void)take(0, CENTRE, NOW + 1000);
    assert_true(live_changed(live, LIVE_TO_INDEX) && live_changed(live, LIVE_TO_STORE));
    assert_int_equal(live_changes(live, LIVE_TO_STORE, changes, 4), 1);
    assert_int_equal(live_changes(live, LIVE_TO_INDEX, changes, 4), 1);
    assert_true(changes[0].at == NOW + 1000 && changes[0].told);
    assert_true(changes[0].was.x == LIVE_NO_CELL.x && changes[0].is.x == live_cell_of(CENTRE).x);
    assert_false(live_changed(live, LIVE_TO_INDEX));
    /* From elsewhere: believed, not told on; the index has it already. */
    live_learn(live, &told, 1);
    assert_int_equal(place_at(0), NOW + 2000);
    assert_int_equal(live_changes(live, LIVE_TO_INDEX, changes, 4), 0);
    live_change_all(live, LIVE_TO_INDEX);
    assert_int_equal(live_changes(live, LIVE_TO_INDEX, changes, 4), 1);
    assert_false(changes[0].told);
    assert_true(changes[0].was.x == live_cell_of(told.place).x);
    live_expire(live, NOW + 2001);
    assert_int_equal(place_at(0), 0);
    assert_int_equal(live_changes(live, LIVE_TO_INDEX, changes, 4), 1);
    assert_int_equal(changes[0].at, 0);
}

/* ---- searching ---- */

static uint64_t seed = 99;

static double draw(double from, double to)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return from + (to - from) * (double)(seed >> 11) / 9007199254740992.0;
}

static void populate(void)
{
    add_org(1, true);
    for (int i = 0; i < PEOPLE; i++) {
        char ref[GX_ID_SIZE];
        add_responder(i, (Genxi__Force)(1 + i % 4), 1);
        add_shift(i, 1, 2, i % 7 == 0 ? CLOSED : OPEN, 1);
        const struct live_hold hold = {HOLD_OFFER, gx_id_new(ref), 5};
        if (i % 3 == 0) {
            live_hold(live, ids[i], &hold);
        }
        struct live_place place = {ids[i],
                                   {CENTRE.lon + draw(-0.1, 0.1), CENTRE.lat + draw(-0.1, 0.1)},
                                   i % 5 == 0 ? NOW - 300000 : NOW};
        live_learn(live, &place, 1);
    }
}

static const struct slot_need POLICE_NEED = {FORCE(POLICE), NULL, 0, 1};
static const struct slot_need GUARD_NEED = {FORCE(GUARD), NULL, 0, 1};

static struct search_result run_search(struct gx_point at, const uint32_t wanted[2],
                                       struct search_ids asked)
{
    static const struct slot_need *const needs[] = {&POLICE_NEED, &GUARD_NEED};
    const struct gx_travel travel = travel_straight_line(&SPEEDS);
    const struct occasion occasion = {
        .incident_id = "", .area = AREA, .place = at, .site_id = "", .now = NOW};
    const struct search_query query = {
        .live = live,
        .travel = &travel,
        .occasion = &occasion,
        .needs = needs,
        .wanted = wanted,
        .slot_count = 2,
        .asked = asked,
        .limits = {.rules = {.fix_fresh_ms = 120000},
                   .radius_max_m = 15000,
                   .travel_max_seconds = 1800,
                   .enough = 20,
                   .per_place = 2},
    };
    struct search_result result;
    gx_ctx_reset(&ctx);
    assert_int_equal(search_run(&ctx, &query, &result), GX_OK);
    return result;
}

static bool fit(int i, Genxi__Force force)
{
    return (Genxi__Force)(1 + i % 4) == force && i % 7 != 0 && i % 3 != 0 && i % 5 != 0;
}

/* Of those that fit a slot, the search has exactly the nearest. */
static void check_slot(const struct search_result *result, size_t slot, Genxi__Force force,
                       struct gx_point at, size_t expected)
{
    double farthest = 0;
    size_t found = 0;
    for (size_t p = 0; p < result->count; p++) {
        const struct view *view = &result->views[p * 2 + slot];
        if (view->rule == RULE_NONE && !view->too_far) {
            farthest = fmax(farthest, gx_geo_distance_m(result->persons[p].fix, at));
            found++;
        }
    }
    const struct gx_travel travel = travel_straight_line(&SPEEDS);
    double reach = fmin(15000, travel.reach_m(travel.self, force, 1799));
    size_t nearer = 0;
    size_t reachable = 0;
    for (int i = 0; i < PEOPLE; i++) {
        struct live_place place = {.responder_id = ids[i]};
        live_places(live, &place, 1);
        double metres = gx_geo_distance_m(place.place, at);
        nearer += fit(i, force) && metres <= farthest ? 1 : 0;
        reachable += fit(i, force) && metres <= reach ? 1 : 0;
    }
    assert_true(found >= (reachable < expected ? reachable : expected) && found <= expected);
    assert_int_equal(nearer, found);
}

static void test_search_finds_the_nearest_that_fit(void **state)
{
    (void)state;
    const uint32_t wanted[] = {2, 10};
    populate();
    for (int i = 0; i < 50; i++) {
        struct gx_point at = {CENTRE.lon + draw(-0.05, 0.05), CENTRE.lat + draw(-0.05, 0.05)};
        struct search_result result = run_search(at, wanted, (struct search_ids){0});
        check_slot(&result, 0, FORCE(POLICE), at, 20);
        check_slot(&result, 1, FORCE(GUARD), at, 24);
    }
}

static void test_search_tells_why_others_do_not(void **state)
{
    (void)state;
    const uint32_t wanted[] = {1, 0};
    struct key asked[1];
    bool met[RULE_COUNT] = {false};
    populate();
    struct search_result result = run_search(CENTRE, wanted, (struct search_ids){0});
    size_t nearest = 0;
    while (result.views[nearest * 2].rule != RULE_NONE) {
        nearest++;
    }
    assert_true(key_parse(result.persons[nearest].id, &asked[0]));
    const char *name = result.persons[nearest].id;
    char again[GX_ID_SIZE];
    (void)snprintf(again, sizeof again, "%s", name);
    result = run_search(CENTRE, wanted, (struct search_ids){asked, 1});
    for (size_t p = 0; p < result.count; p++) {
        met[result.views[p * 2].rule] = true;
        assert_int_equal(result.persons[p].force, FORCE(POLICE)); /* nobody else is looked for */
        bool is_he = strcmp(result.persons[p].id, again) == 0;
        assert_true(is_he == (result.views[p * 2].rule == RULE_ASKED_BEFORE));
    }
    assert_true(met[RULE_BUSY] && met[RULE_OFF_SHIFT] && met[RULE_STALE_POSITION] &&
                met[RULE_ASKED_BEFORE]);
}

static atomic_bool writing_over;

/* All lie in the tray again, on and on. */
static void *keep_changing(void *arg)
{
    (void)arg;
    while (!atomic_load(&writing_over)) {
        live_change_all(live, LIVE_TO_INDEX);
    }
    return NULL;
}

static int by_id(const void *a, const void *b)
{
    const struct live_change *x = a;
    const struct live_change *y = b;
    return strcmp(x->responder_id, y->responder_id);
}

static void test_nobody_is_twice_among_what_is_taken_out_at_one_time(void **state)
{
    (void)state;
    static struct live_change changes[2 * PEOPLE];
    pthread_t mover;
    size_t all = 0;
    populate();
    atomic_store(&writing_over, false);
    assert_int_equal(pthread_create(&mover, NULL, keep_changing, NULL), 0);
    const int64_t until_us = gx_clock_mono_us() + 10000000;
    while (all < (size_t)20 * PEOPLE && gx_clock_mono_us() < until_us) {
        size_t count = live_changes(live, LIVE_TO_INDEX, changes, (size_t)2 * PEOPLE);
        qsort(changes, count, sizeof *changes, by_id);
        for (size_t i = 1; i < count; i++) {
            assert_string_not_equal(changes[i - 1].responder_id, changes[i].responder_id);
        }
        all += count;
    }
    atomic_store(&writing_over, true);
    (void)pthread_join(mover, NULL);
    assert_true(all > PEOPLE);
}

static void *keep_writing(void *arg)
{
    (void)arg;
    struct live_change changes[64];
    int64_t at = NOW;
    while (!atomic_load(&writing_over)) {
        at++;
        for (int i = 0; i < PEOPLE; i += 8) {
            const struct live_place place = {
                ids[i], {CENTRE.lon + draw(-0.1, 0.1), CENTRE.lat + draw(-0.1, 0.1)}, at};
            live_learn(live, &place, 1);
        }
        live_change_all(live, LIVE_TO_INDEX);
        while (live_changes(live, LIVE_TO_INDEX, changes, 64) > 0) {
        }
    }
    return NULL;
}

static void test_search_goes_on_while_others_write(void **state)
{
    (void)state;
    const uint32_t wanted[] = {2, 3};
    pthread_t writer;
    populate();
    atomic_store(&writing_over, false);
    assert_int_equal(pthread_create(&writer, NULL, keep_writing, NULL), 0);
    for (int i = 0; i < 500; i++) {
        struct search_result result = run_search(CENTRE, wanted, (struct search_ids){0});
        size_t fitting = 0;
        for (size_t p = 0; p < result.count; p++) {
            fitting += result.views[p * 2].rule == RULE_NONE ? 1 : 0;
        }
        assert_true(fitting >= 20);
    }
    atomic_store(&writing_over, true);
    (void)pthread_join(writer, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- who is on duty ---- */

struct on_duty {
    size_t count;
    struct live_duty last;
};

static bool see_duty(void *arg, const struct live_duty *duty)
{
    struct on_duty *seen = arg;
    seen->count++;
    seen->last = *duty;
    return true;
}

static struct on_duty duty_at(int64_t at, bool ahead)
{
    struct on_duty seen = {.count = 0};
    live_on_duty(live, at, ahead, see_duty, &seen);
    return seen;
}

static void test_on_duty_now_by_what_is_open_ahead_by_the_roster(void **state)
{
    (void)state;
    add_org(1, true);
    add_responder(0, FORCE(POLICE), 1);
    add_shift(0, NOW - 1000, NOW + 1000, OPEN, 1);
    add_responder(1, FORCE(POLICE), 1);
    add_shift(1, NOW + 5000, NOW + 9000, PLANNED, 1);
    add_responder(2, FORCE(POLICE), 1);
    add_shift(2, NOW - 1000, NOW + 9000, CLOSED, 1);
    add_shift(3, NOW - 1000, NOW + 9000, OPEN, 1); /* the registry has not told of him */
    struct on_duty seen = duty_at(NOW, false);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.last.from_at, NOW - 1000);
    assert_int_equal(seen.last.until_at, NOW + 1000);
    assert_true(seen.last.hit.person.on_shift && !seen.last.hit.person.has_fix);
    assert_int_equal(duty_at(NOW + 2000, false).count, 1); /* still open, beyond its end */
    assert_int_equal(duty_at(NOW + 2000, false).last.until_at, INT64_MAX);
    assert_int_equal(duty_at(NOW + 2000, true).count, 0);
    assert_int_equal(duty_at(NOW + 5000, true).count, 1);
    assert_int_equal(duty_at(NOW + 9000, true).count, 0);
}

static void test_a_forgotten_fix_was_heard(void **state)
{
    (void)state;
    add_org(1, true);
    add_responder(0, FORCE(POLICE), 1);
    add_shift(0, NOW - 1000, NOW + 1000, OPEN, 1);
    assert_int_equal(duty_at(NOW, false).last.heard_at, 0);
    (void)take(0, CENTRE, NOW - 500);
    assert_true(duty_at(NOW, false).last.hit.person.has_fix);
    live_expire(live, INT64_MAX);
    assert_false(duty_at(NOW, false).last.hit.person.has_fix);
    assert_int_equal(duty_at(NOW, false).last.heard_at, NOW - 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_duty_is_an_open_shift_or_a_planned_one_that_runs),
        TEST(test_shift_may_be_heard_of_before_its_responder),
        TEST(test_end_of_shift_takes_the_position_away_unless_there_is_a_task),
        TEST(test_older_words_undo_nothing),
        TEST(test_load_and_rest_are_counted),
        TEST(test_alerts_of_the_window_are_counted_once_each),
        TEST(test_fix_is_judged_by_the_last_one),
        TEST(test_tray_holds_each_once_with_the_newest),
        TEST(test_nobody_is_twice_among_what_is_taken_out_at_one_time),
        TEST(test_search_finds_the_nearest_that_fit),
        TEST(test_search_tells_why_others_do_not),
        TEST(test_search_goes_on_while_others_write),
        TEST(test_on_duty_now_by_what_is_open_ahead_by_the_roster),
        TEST(test_a_forgotten_fix_was_heard),
    };
    make_ids();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
