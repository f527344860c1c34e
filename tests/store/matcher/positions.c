/* SPDX-License-Identifier: Apache-2.0 */
/* Positions on a real Redis and without one: who may tell, order, jumps, lateness, the batch, the fallback, arrival. */
#include "world.h"

#include "flush.h"

#include "base/clock.h"
#include "base/geo.h"

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

static enum gx_rc run_here(void *via, struct gx_ctx *ctx,
                           enum gx_rc (*fn)(void *arg, struct gx_ctx *ctx), void *arg)
{
    (void)ctx;
    return side_run(via, &SYSTEM, fn, arg);
}

static void flush(void)
{
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, 1 << 20);
    flush_write(run_here, world, &ctx);
    gx_ctx_done(&ctx);
}

static int setup(void **state)
{
    (void)state;
    flush(); /* what the test before left */
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
    }
    assert_int_equal(world->passed, 1); /* the one taken is told to the live picture */
    assert_false(taken.degraded);
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
}

static void test_foreign_coordinates_are_converted(void **state)
{
    (void)state;
    const struct affair here = {.name = "here", .wanted = {{FORCE(POLICE), 1}}};
    const struct townsman man = {
        .name = "p9", .org = "station", .force = FORCE(POLICE), .no_fix = true};
    struct gx_actor desk = actor_desk("station");
    struct gx_point shifted = gx_geo_from_wgs84(CENTRE, GX_GCJ02);
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
    assert_int_equal(world->passed, 0);
    assert_int_equal(open_affair(world, &here), GX_OK);
    assert_null(offer_of("p9"));
    flush();
    assert_int_equal(world_number("SELECT count(*) FROM matcher.position", NULL), 0);
    assert_int_equal(world_number("SELECT count(*) FROM matcher.track", NULL), 1);
}

static void test_closed_shift_takes_the_position_away(void **state)
{
    (void)state;
    const struct affair here = {.name = "here", .wanted = {{FORCE(POLICE), 1}}};
    struct townsman man = P1;
    struct index_found found;
    const char *ids[] = {id_of("p1")};
    add_person(&man);
    assert_int_equal(index_fixes(world->self->index, &world->ctx, ids, 1, &found), GX_OK);
    assert_true(found.at > 0);
    man.off_shift = true;
    add_person(&man);
    assert_int_equal(index_fixes(world->self->index, &world->ctx, ids, 1, &found), GX_OK);
    assert_int_equal(found.at, 0);
    assert_int_equal(open_affair(world, &here), GX_OK);
    assert_null(offer_of("p1"));
}

static void test_moving_to_another_cell_leaves_nothing_behind(void **state)
{
    (void)state;
    struct gx_actor desk = actor_desk("station");
    Genxi__PositionsTaken taken = GENXI__POSITIONS_TAKEN__INIT;
    struct index_hits hits = {0};
    add_person(&P1);
    /* Cells end at quarters of a degree: 102.75 lies between the two places; the gap allows the jump. */
    Genxi__Position west = fix("p1", 102.749, 25.03, gx_clock_wall_ms() + 4000);
    Genxi__Position east = fix("p1", 102.751, 25.03, gx_clock_wall_ms() + 4900);
    MATCHER_SETTINGS.fix_jump_mps = 1e6;
    assert_int_equal(tell(&desk, &west, 1, &taken), GX_OK);
    assert_int_equal(tell(&desk, &east, 1, &taken), GX_OK);
    MATCHER_SETTINGS.fix_jump_mps = 70;
    assert_int_equal(taken.taken, 1);
    const struct index_query query = {FORCE(POLICE), 1, 10, 2000, 2000, 2000};
    gx_ctx_reset(&world->ctx);
    assert_int_equal(index_near(world->self->index, &world->ctx, (struct gx_point){102.75, 25.03},
                                &query, 1, &hits),
                     GX_OK);
    assert_int_equal(hits.count, 1);
    assert_true(hits.items[0].place.lon > 102.75);
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
    flush();
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
    flush();
    assert_int_equal(
        world_number("SELECT count(*) FROM matcher.assignment WHERE arrived_by_position_at > 0",
                     NULL),
        0);
    man.east_m = 30;
    int64_t at = gx_clock_wall_ms() + 4500; /* fast, but not impossible */
    assert_string_equal(tell_fix(&man, at), "");
    side_emitted(world, GX_E_assignment_changed);
    flush();
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

static void test_without_redis_matching_goes_on_from_postgres(void **state)
{
    (void)state;
    const struct affair first = {.name = "first", .wanted = {{FORCE(POLICE), 1}}};
    const struct affair second = {.name = "second", .wanted = {{FORCE(POLICE), 1}}};
    static const int32_t areas[] = {AREA};
    struct gx_actor duty = actor_duty(areas);
    Genxi__LiveList live = GENXI__LIVE_LIST__INIT;
    Genxi__LiveQuery query = GENXI__LIVE_QUERY__INIT;
    add_person(&P1);
    add_person(&P2);
    flush();
    servers("GX_REDIS_STOP");
    assert_int_equal(open_affair(world, &first), GX_OK);
    assert_non_null(offer_of("p1"));
    assert_string_equal(verdict_on("first", "p1"), "offered");
    /* Positions are still taken, in order, and told. */
    assert_string_equal(tell_fix(&P2, gx_clock_wall_ms()), "");
    assert_int_equal(world->passed, 1);
    assert_string_equal(tell_fix(&P2, gx_clock_wall_ms() - 30000), "position-out-of-order");
    flush();
    assert_int_equal(side_command(world, &duty, GX_C_live_list, &query, &live.base), GX_OK);
    assert_true(live.degraded);
    assert_int_equal(live.n_items, 2);
    assert_true(live.items[0]->has_lon && live.items[1]->has_lon);
    /* Back and empty: it refills from the next positions. */
    servers("GX_REDIS_START");
    assert_int_equal(open_affair(world, &second), GX_OK);
    assert_null(offer_of("p2"));
    assert_string_equal(tell_fix(&P2, gx_clock_wall_ms()), "");
    world_due("retry");
    assert_int_equal(side_timers(world, "retry"), 1);
    assert_non_null(offer_of("p2"));
    assert_int_equal(side_command(world, &duty, GX_C_live_list, &query, &live.base), GX_OK);
    assert_false(live.degraded);
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
        TEST(test_without_redis_matching_goes_on_from_postgres),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
