/* SPDX-License-Identifier: Apache-2.0 */
/* The memo answers as the travel behind it would, and asks it once for each way and bound. */
#include "check.h"

#include "cover/memo.h"

#define PATROL GENXI__FORCE__FORCE_PATROL
#define GUARD GENXI__FORCE__FORCE_GUARD

static size_t asked;

/* A hundred seconds a degree for patrols, a thousand for others; nobody is looked for beyond the bound. */
static enum gx_rc far_and_slow(const void *self, struct gx_ctx *ctx, const struct travel_from *from,
                               size_t count, struct gx_point to, const struct travel_times *times)
{
    (void)self;
    (void)ctx;
    for (size_t i = 0; i < count; i++) {
        double degrees = from[i].place.lon - to.lon;
        uint32_t seconds = (uint32_t)(degrees * (from[i].force == PATROL ? 100 : 1000));
        bool beyond = times->bound != 0 && seconds > times->bound;
        times->seconds[i] = beyond ? UINT32_MAX : seconds;
        times->bases[i] = TRAVEL_ROAD;
    }
    asked += count;
    return GX_OK;
}

static double anywhere(const void *self, Genxi__Force force, double seconds)
{
    (void)self;
    (void)force;
    return seconds * 3;
}

static void test_memo_asks_once(void **state)
{
    (void)state;
    const struct gx_travel behind = {.matrix = far_and_slow, .reach_m = anywhere};
    struct memo *memo = memo_new(&behind);
    const struct gx_travel travel = memo_travel(memo);
    struct gx_ctx ctx;
    gx_ctx_init(&ctx, 1 << 20);
    const struct travel_from from[] = {
        {{1, 0}, PATROL}, {{2, 0}, PATROL}, {{1, 0}, GUARD}, {{5, 0}, PATROL}};
    const struct gx_point here = {0, 0};
    const struct gx_point there = {0.5, 0};
    uint32_t seconds[4];
    const char *bases[4] = {0};
    struct travel_times times = {.seconds = seconds, .bases = bases, .bound = 300};
    assert_int_equal(travel.matrix(travel.self, &ctx, from, 2, here, &times), GX_OK);
    assert_int_equal(asked, 2);
    assert_int_equal(travel.matrix(travel.self, &ctx, from, 4, here, &times), GX_OK);
    assert_int_equal(asked, 4);
    assert_int_equal(seconds[0], 100);
    assert_int_equal(seconds[1], 200);
    assert_int_equal(seconds[2], UINT32_MAX);
    assert_int_equal(seconds[3], UINT32_MAX);
    assert_string_equal(bases[0], TRAVEL_ROAD);
    times.bound = 200; /* known: the two are farther than that as well */
    assert_int_equal(travel.matrix(travel.self, &ctx, from, 4, here, &times), GX_OK);
    assert_int_equal(asked, 4);
    times.bound = 600; /* not known of the two that were beyond 300 */
    assert_int_equal(travel.matrix(travel.self, &ctx, from, 4, here, &times), GX_OK);
    assert_int_equal(asked, 6);
    assert_int_equal(seconds[3], 500);
    times.bound = 0;
    assert_int_equal(travel.matrix(travel.self, &ctx, from, 4, here, &times), GX_OK);
    assert_int_equal(asked, 7);
    assert_int_equal(seconds[2], 1000);
    assert_int_equal(travel.matrix(travel.self, &ctx, from, 4, there, &times), GX_OK);
    assert_int_equal(asked, 11);
    assert_int_equal(seconds[0], 50);
    assert_true(travel.reach_m(travel.self, PATROL, 10) == 30);
    gx_ctx_done(&ctx);
    memo_free(memo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memo_asks_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
