/* SPDX-License-Identifier: Apache-2.0 */
/* Positions on a real Redis and without one: who may tell, order, jumps, lateness, the batch, the fallback, arrival. */
#include "world.h"

#include "memory/store.h"

#include "base/clock.h"
#include "base/datum.h"

#include <unistd.h>

#define FORCE(name) GENXI__FORCE__FORCE_##name
#define STATE(name) GENXI__ASSIGNMENT_STATE__ASSIGNMENT_STATE_##name

static const struct townsman P1 = {
    .name = "p1", .org = "station", .force = FORCE(POLICE), .east_m = 300};
static const struct townsman P2 = {
    .name = "p2", .org = "station", .force = FORCE(POLICE), .east_m = 900};

static void servers(const char *variable)
{
    const char *command = getenv(variable);
    assert_non_null(command);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): the test's own runner
    (void)usleep(600 * 1000);             /* past the pause between attempts to connect */
}

static struct gx_point last_indexed;
static size_t indexed_count;

static void count_indexed(void *arg, const struct live_place *place)
{
    (void)arg;
    last_indexed = place->place;
    indexed_count++;
}

/* How many Redis knows. */
static size_t indexed(void)
{
    size_t cursor = 0;
    indexed_count = 0;
    do {
        assert_int_equal(index_sweep(world_carry.index, &cursor, 0, count_indexed, NULL), GX_OK);
    } while (cursor != 0);
    return indexed_count;
}

static int setup(void **state)
{
    (void)state;
    world_carry_out(); /* what the test before left */
    world_empty();
    add_org("station");
    add_org("guards");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    check_invariants();
    return 0;
}

/* Several fixes in one call, by any actor. */
static enum gx_rc tell(const struct gx_actor *actor, Genxi__Position *items, size_t count,
                       Genxi__PositionsTaken *taken)
{
    Genxi__Position *pointers[600];
    Genxi__PositionBatch batch = GENXI__POSITION_BATCH__INIT;
    for (size_t i = 0; i < count; i++) {
        pointers[i] = &items[i];
    }
    batch.n_positions = count;
    batch.positions = pointers;
    return side_command(world, actor, GX_C_position_batch, &batch, &taken->base);
}

static Genxi__Position fix(const char *name, double lon, double lat, int64_t at)
{
    Genxi__Position position = GENXI__POSITION__INIT;
    position.responder_id = (char *)(uintptr_t)id_of(name);
    position.lon = lon;
    position.lat = lat;
    position.at = at;
    return position;
}

/* As a problem document would say it: type, both sentences of problem.def with the value, the caller's own. */
static void check_sentences(const Genxi__PositionRefused *refused, bool english)
{
    const struct gx_problem_row *row = gx_problem_row(gx_problem_find(refused->problem));
    char type[100];
    char en[512];
    char zh[512];
    (void)snprintf(type, sizeof type, "urn:genxi:problem:%s", refused->problem);
    gx_problem_text(row->en, refused->value, en, sizeof en);
    gx_problem_text(row->zh, refused->value, zh, sizeof zh);
    assert_string_equal(refused->type, type);
    assert_string_equal(refused->detail_en, en);
    assert_string_equal(refused->detail_zh, zh);
    assert_string_equal(refused->detail, english ? en : zh);
}

static void test_each_refusal_has_its_problem_and_names_its_place(void **state)
{
    (void)state;
    const struct townsman off = {
        .name = "off", .org = "station", .force = FORCE(POLICE), .off_shift = true};
    const struct townsman foreign = {
        .name = "g1", .org = "guards", .force = FORCE(GUARD), .no_fix = true};
    struct gx_actor desk = actor_desk("station");
    Genxi__PositionsTaken taken = GENXI__POSITIONS_TAKEN__INIT;
    add_person(&P1);
    add_person(&P2);
    add_person(&off);
    add_person(&foreign);
    int64_t now = gx_clock_wall_ms();
    Genxi__Position items[] = {
        fix("p1", 102.663, 25.03, now + 1),     fix("p1", 102.663, 25.03, now + 60000),
        fix("p1", 102.663, 25.03, now - 60000), fix("p1", 102.663, 25.03, now + 1),
        fix("p1", 102.763, 25.03, now + 1000),  fix("off", 102.66, 25.03, now),
        fix("g1", 102.66, 25.03, now),          fix("nobody", 102.66, 25.03, now),
        fix("p2", 202.66, 25.03, now + 1),      fix("p2", 102.66, 25.03, now + 1),
    };
    items[9].crs = (char *)(uintptr_t) "mars";
    const char *const expected[] = {"",
                                    "position-in-future",
                                    "position-out-of-order",
                                    "position-out-of-order",
                                    "position-impossible",
                                    "off-shift",
                                    "foreign-responder",
                                    "foreign-responder",
                                    "coordinates-out-of-range",
                                    "unknown-crs"};
    assert_int_equal(tell(&desk, items, 10, &taken), GX_OK);
    assert_int_equal(taken.taken, 1);
    assert_int_equal(taken.n_refused, 9);
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(taken.refused[i]->index, i + 1);
        assert_string_equal(taken.refused[i]->problem, expected[i + 1]);
        check_sentences(taken.refused[i], true);
    }
    assert_false(taken.degraded);
    world_carry_out();
    assert_int_equal(world->pictured, 2); /* p1's newest and p2's of before */
    assert_int_equal(world->messages, 1);
}

static void test_size_of_a_batch_is_bounded(void **state)
{
    (void)state;
    static Genxi__Position items[501];
    struct gx_actor desk = actor_desk("station");
    Genxi__PositionsTaken taken = GENXI__POSITIONS_TAKEN__INIT;
    add_person(&P1);
    for (size_t i = 0; i < 501; i++) {
        items[i] = fix("p1", 102.66, 25.03, gx_clock_wall_ms());
    }
    assert_int_equal(tell(&desk, items, 0, &taken), GX_INVALID);
    assert_int_equal(tell(&desk, items, 501, &taken), GX_INVALID);
    assert_string_equal(side_problem(world), "wrong-length");
    assert_int_equal(tell(&desk, items, 500, &taken), GX_OK);
    /* All refused, each with its sentences: there is room for the answer. */
    struct gx_actor other = actor_desk("guards");
    other.lang = "zh-CN";
    assert_int_equal(tell(&other, items, 500, &taken), GX_OK);
    assert_int_equal(taken.n_refused, 500);
    check_sentences(taken.refused[499], false);
}

static void test_foreign_coordinates_are_converted(void **state)
{
    (void)state;
    const struct affair here = {.name = "here", .wanted = {{FORCE(POLICE), 1}}};
    const struct townsman man = {
        .name = "p9", .org = "station", .force = FORCE(POLICE), .no_fix = true};
    struct gx_actor desk = actor_desk("station");
    struct gx_point shifted = gx_datum_from_wgs84(CENTRE, GX_GCJ02);
    Genxi__PositionsTaken taken = GENXI__POSITIONS_TAKEN__INIT;
    add_person(&man);
    Genxi__Position item = fix("p9", shifted.lon, shifted.lat, gx_clock_wall_ms());
    item.crs = (char *)(uintptr_t) "gcj02";
    assert_true(gx_geo_distance_m(CENTRE, shifted) > 200);
    assert_int_equal(tell(&desk, &item, 1, &taken), GX_OK);
    assert_int_equal(taken.taken, 1);
    assert_int_equal(open_affair(world, &here), GX_OK);
    assert_true(offer_of("p9")->travel_seconds <= 2);
}

static void test_late_fix_is_for_the_track_and_finds_nobody(void **state)
{
    (void)state;
    const struct affair here = {.name = "here", .wanted = {{FORCE(POLICE), 1}}};
    const struct townsman man = {
        .name = "p9", .org = "station", .force = FORCE(POLICE), .no_fix = true};
    add_person(&man);
    assert_string_equal(tell_fix(&man, gx_clock_wall_ms() - 90000), "");
    assert_int_equal(open_affair(world, &here), GX_OK);
    assert_null(offer_of("p9"));
    world_carry_out();
    assert_int_equal(world->pictured, 0);
    assert_int_equal(world_number("SELECT count(*) FROM matcher.position", NULL), 0);
    assert_int_equal(world_number("SELECT count(*) FROM matcher.track", NULL), 1);
}

static void test_closed_shift_takes_the_position_away(void **state)
{
    (void)state;
    const struct affair here = {.name = "here", .wanted = {{FORCE(POLICE), 1}}};
    struct townsman man = P1;
    add_person(&man);
    world_carry_out();
    assert_int_equal(indexed(), 1);
    man.off_shift = true;
    add_person(&man);
    world_carry_out();
    assert_int_equal(indexed(), 0);
    assert_int_equal(open_affair(world, &here), GX_OK);
    assert_null(offer_of("p1"));
}

static void test_moving_to_another_cell_leaves_nothing_behind(void **state)
{
    (void)state;
    struct gx_actor desk = actor_desk("station");
    Genxi__PositionsTaken taken = GENXI__POSITIONS_TAKEN__INIT;
    add_person(&P1);
    /* Cells end at quarters of a degree: 102.75 lies between the two places; the gap allows the jump. */
    Genxi__Position west = fix("p1", 102.749, 25.03, gx_clock_wall_ms() + 4000);
    Genxi__Position east = fix("p1", 102.751, 25.03, gx_clock_wall_ms() + 4900);
    MATCHER_SETTINGS.fix_jump_mps = 1e6;
    assert_int_equal(tell(&desk, &west, 1, &taken), GX_OK);
    world_carry_out();
    assert_int_equal(indexed(), 1);
    assert_true(last_indexed.lon < 102.75);
    assert_int_equal(tell(&desk, &east, 1, &taken), GX_OK);
    MATCHER_SETTINGS.fix_jump_mps = 70;
    assert_int_equal(taken.taken, 1);
    world_carry_out();
    assert_int_equal(indexed(), 1);
    assert_true(last_indexed.lon > 102.75);
}

static void test_positions_reach_postgres_in_batches_the_newest_only(void **state)
{
    (void)state;
    add_person(&P1);
    add_person(&P2);
    int64_t now = gx_clock_wall_ms();
    for (int i = 1; i <= 5; i++) {
        assert_string_equal(tell_fix(&P1, now + i), "");
    }
    world_carry_out();
    assert_int_equal(world_number("SELECT count(*) FROM matcher.position", NULL), 2);
    char at[24];
    (void)snprintf(at, sizeof at, "%lld", (long long)now + 5);
    assert_int_equal(
        world_number("SELECT count(*) FROM matcher.position WHERE at = $1::bigint", at), 1);
    assert_int_equal(world_number("SELECT count(*) FROM matcher.track", NULL), 2); /* thinned */
}

static void test_arrival_is_derived_from_positions(void **state)
{
    (void)state;
    const struct affair here = {.name = "here", .wanted = {{FORCE(POLICE), 1}}};
    struct townsman man = P1;
    add_person(&man);
    assert_int_equal(open_affair(world, &here), GX_OK);
    assert_int_equal(accept_by(world, "p1", NULL), GX_OK);
    world_carry_out();
    assert_int_equal(
        world_number("SELECT count(*) FROM matcher.assignment WHERE arrived_by_position_at > 0",
                     NULL),
        0);
    man.east_m = 30;
    int64_t at = gx_clock_wall_ms() + 4500; /* fast, but not impossible */
    assert_string_equal(tell_fix(&man, at), "");
    side_emitted(world, GX_E_assignment_changed);
    world_carry_out();
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)at);
    assert_int_equal(
        world_number(
            "SELECT count(*) FROM matcher.assignment WHERE arrived_by_position_at = $1::bigint",
            text),
        1);
    assert_int_equal(side_emitted(world, GX_E_assignment_changed), 1);
    assert_int_equal(assignment_state("p1"), STATE(ACCEPTED)); /* the button is the responder's */
}

static void test_without_redis_matching_goes_on_and_it_is_told(void **state)
{
    (void)state;
    const struct affair first = {.name = "first", .wanted = {{FORCE(POLICE), 1}}};
    const struct affair second = {.name = "second", .wanted = {{FORCE(POLICE), 1}}};
    static const int32_t AREAS[] = {AREA};
    struct gx_actor duty = actor_duty(AREAS);
    Genxi__LiveList live = GENXI__LIVE_LIST__INIT;
    Genxi__LiveQuery query = GENXI__LIVE_QUERY__INIT;
    add_person(&P1);
    add_person(&P2);
    world_carry_out();
    servers("GX_REDIS_STOP");
    world_carry_out();
    assert_int_equal(open_affair(world, &first), GX_OK);
    assert_non_null(offer_of("p1"));
    assert_string_equal(verdict_on("first", "p1"), "offered");
    /* Positions are still taken, in order, and told. */
    assert_string_equal(tell_fix(&P2, gx_clock_wall_ms()), "");
    world_carry_out();
    assert_int_equal(world->pictured, 1);
    assert_string_equal(tell_fix(&P2, gx_clock_wall_ms() - 30000), "position-out-of-order");
    assert_int_equal(side_command(world, &duty, GX_C_live_list, &query, &live.base), GX_OK);
    assert_true(live.degraded);
    assert_int_equal(live.n_items, 2);
    assert_true(live.items[0]->has_lon && live.items[1]->has_lon);
    assert_int_equal(open_affair(world, &second), GX_OK);
    assert_non_null(offer_of("p2"));
    /* Back and empty: it is filled from memory. */
    servers("GX_REDIS_START");
    world_carry_out();
    assert_int_equal(indexed(), 2);
    assert_int_equal(side_command(world, &duty, GX_C_live_list, &query, &live.base), GX_OK);
    assert_false(live.degraded);
}

/* Whoever begins: all that is in the tables and in Redis, and nothing else. */
static enum gx_rc load(void *arg, struct gx_ctx *ctx)
{
    struct live *live = arg;
    char after[KEY_TEXT_SIZE] = "";
    size_t count = 1;
    enum gx_rc rc = memory_load_places(ctx, live);
    while (rc == GX_OK && count > 0) {
        rc = memory_load_page(ctx, live, 2, after, &count);
    }
    return rc;
}

static void learn(void *arg, const struct live_place *place)
{
    live_learn(arg, place, 1);
}

static void test_another_process_begins_where_this_one_stood(void **state)
{
    (void)state;
    const struct townsman people[] = {
        P1,
        P2,
        {.name = "g1", .org = "guards", .force = FORCE(GUARD), .east_m = 100},
        {.name = "off", .org = "station", .force = FORCE(POLICE), .off_shift = true}};
    const struct affair first = {.name = "first", .wanted = {{FORCE(POLICE), 1}}};
    const struct affair second = {.name = "second", .wanted = {{FORCE(POLICE), 1}}};
    struct live *mine = world->self->live;
    size_t cursor = 0;
    for (size_t i = 0; i < 4; i++) {
        add_person(&people[i]);
    }
    assert_int_equal(open_affair(world, &first), GX_OK);
    assert_int_equal(accept_by(world, "p1", NULL), GX_OK);
    assert_int_equal(status_by("p1", STATE(ON_SCENE)), GX_OK);
    assert_int_equal(status_by("p1", STATE(DONE)), GX_OK);
    world_carry_out();
    struct live *other = live_new();
    world->self->live = other;
    assert_int_equal(side_run(world, &SYSTEM, load, other), GX_OK);
    do {
        assert_int_equal(index_sweep(world_carry.index, &cursor, 0, learn, other), GX_OK);
    } while (cursor != 0);
    live_set_filled(other);
    assert_int_equal(live_count(other), 4);
    assert_int_equal(open_affair(world, &second), GX_OK);
    assert_string_equal(verdict_on("second", "p1"), "resting");
    assert_string_equal(verdict_on("second", "p2"), "offered");
    world->self->live = mine;
    live_free(other);
}

static void test_memory_that_is_behind_gives_nobody_away(void **state)
{
    (void)state;
    const struct affair here = {.name = "here", .wanted = {{FORCE(POLICE), 1}}};
    add_person(&P1);
    add_person(&P2);
    /* Another process closed his shift, and its word has not come yet. */
    world_do("UPDATE matcher.shift SET state = 3, changed_at = genxi.now_ms() WHERE responder_id = "
             "$1::uuid",
             id_of("p1"));
    assert_int_equal(open_affair(world, &here), GX_OK);
    assert_null(offer_of("p1"));
    assert_non_null(offer_of("p2"));
    /* Having lost him, memory has looked. */
    struct key id;
    struct live_who who;
    assert_true(key_parse(id_of("p1"), &id));
    live_who(world->self->live, &id, 1, gx_clock_wall_ms(), &who);
    assert_false(who.on_duty);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_refusal_has_its_problem_and_names_its_place),
        TEST(test_size_of_a_batch_is_bounded),
        TEST(test_foreign_coordinates_are_converted),
        TEST(test_late_fix_is_for_the_track_and_finds_nobody),
        TEST(test_closed_shift_takes_the_position_away),
        TEST(test_moving_to_another_cell_leaves_nothing_behind),
        TEST(test_positions_reach_postgres_in_batches_the_newest_only),
        TEST(test_arrival_is_derived_from_positions),
        TEST(test_another_process_begins_where_this_one_stood),
        TEST(test_memory_that_is_behind_gives_nobody_away),
        TEST(test_without_redis_matching_goes_on_and_it_is_told),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
