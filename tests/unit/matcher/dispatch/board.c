/* SPDX-License-Identifier: Apache-2.0 */
/* What the next call can expect: equal to counting it out, losses and best posts equal to trying each. */
#include "check.h"

#include "dispatch/board.h"
#include "grid.h"

#include <math.h>
#include <string.h>

enum {
    CREWS = 5, /* fewer than the board's tiers, so that it must be exact */
    ROUNDS = 40
};

static uint64_t seed = 1234567;

static uint32_t pick(uint32_t count)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed % count);
}

/* All 2^n sets of crews that may be there, each cluster's best of them; the wait is solved for by the caller. */
static double count_out(const struct city *cover, const struct board_crew *crews, size_t count,
                        size_t skip, double wait)
{
    static float row[CREWS][CITY_CLUSTERS];
    for (size_t i = 0; i < count; i++) {
        city_row(cover, crews[i].at, row[i]);
    }
    double sum = 0;
    for (uint32_t set = 0; set < 1U << count; set++) {
        double chance = 1;
        for (size_t i = 0; i < count; i++) {
            double there = i == skip ? 0 : (double)crews[i].chance;
            chance *= (set & (1U << i)) != 0 ? there : 1 - there;
        }
        for (size_t c = 0; c < CITY_CLUSTERS; c++) {
            double best = wait;
            for (size_t i = 0; i < count; i++) {
                best = (set & (1U << i)) != 0 ? fmin(best, (double)row[i][c]) : best;
            }
            sum += chance * (double)city_weights(cover)[c] * best;
        }
    }
    return sum;
}

static void add_crews(struct board *board, struct board_crew *crews)
{
    board_clear(board);
    for (size_t i = 0; i < CREWS; i++) {
        /* No offset: from the farthest corner even a moment more would be dearer than to wait. */
        crews[i] = (struct board_crew){.at = {pick(GRID_NODES), 0},
                                       .chance = (float)(1 + pick(9)) / 10.0F,
                                       .post = BOARD_NO_POST};
        assert_int_equal(board_add(board, &crews[i]), i);
    }
}

static void test_expectation_and_losses_are_counted_out(void **state)
{
    struct city *cover = *state;
    struct board *board = board_new(cover);
    double wait = board_expected(board); /* nobody there at all */
    assert_true(wait > 0);
    for (int round = 0; round < ROUNDS; round++) {
        struct board_crew crews[CREWS];
        double loss[CREWS];
        add_crews(board, crews);
        double all = board_expected(board);
        assert_true(fabs(all - count_out(cover, crews, CREWS, CREWS, wait)) < 0.05);
        board_losses(board, loss);
        for (size_t i = 0; i < CREWS; i++) {
            double without = count_out(cover, crews, CREWS, i, wait);
            assert_true(fabs(loss[i] - (without - all)) < 0.1);
        }
    }
    board_free(board);
}

static void test_best_post_is_the_best_of_all(void **state)
{
    struct city *cover = *state;
    struct board *board = board_new(cover);
    const struct board_pull pull = {.per_second = 0.0F, .least_gain = 0.0F};
    for (int round = 0; round < 5; round++) {
        struct board_crew crews[CREWS];
        add_crews(board, crews);
        board_clear(board);
        for (size_t i = 0; i < CREWS; i++) {
            crews[i].arrived = 1.0F;
            (void)board_add(board, &crews[i]);
        }
        double before = board_expected(board);
        double gain = 0;
        int32_t best = board_best_post(board, 2, &pull, &gain);
        double least = HUGE_VAL;
        for (size_t p = 0; p < city_post_count(cover); p++) {
            board_send(board, 2, (int32_t)p);
            least = fmin(least, board_expected(board));
        }
        board_send(board, 2, best);
        assert_true(fabs(board_expected(board) - least) < 0.01);
        assert_true(best == BOARD_NO_POST || fabs(before - least - gain) < 0.05);
    }
    board_free(board);
}

static void test_clusters_hold_all_demand(void **state)
{
    struct city *cover = *state;
    double sum = 0;
    for (size_t c = 0; c < CITY_CLUSTERS; c++) {
        sum += (double)city_weights(cover)[c];
    }
    assert_true(fabs(sum - 1.0) < 1e-4);
    /* Longer is never cheaper, and the step lies at T. */
    for (int s = 1; s < 1000; s++) {
        assert_true(city_cost(cover, s) > city_cost(cover, s - 1));
    }
    assert_true(city_cost(cover, 300) - city_cost(cover, 100) > 300);
}

static void test_hamlet_of_one_node(void **state)
{
    (void)state;
    const struct city_demand one = {7, {1.0, 1.0}, 3.0};
    struct city *cover = city_new(&(struct city_setup){.demand = &one,
                                                       .demand_count = 1,
                                                       .node_count = GRID_NODES,
                                                       .target_ms = 200000,
                                                       .move_ratio = 1.0,
                                                       .times_to = grid_times});
    struct board *board = board_new(cover);
    (void)board_add(board,
                    &(struct board_crew){.at = {7, 0}, .chance = 1.0F, .post = BOARD_NO_POST});
    assert_true(fabs(board_expected(board) - city_cost(cover, 0)) < 1.0);
    board_free(board);
    city_free(cover);
}

static int make(void **state)
{
    *state = grid_cover();
    return 0;
}

static int drop(void **state)
{
    city_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expectation_and_losses_are_counted_out),
        cmocka_unit_test(test_best_post_is_the_best_of_all),
        cmocka_unit_test(test_clusters_hold_all_demand),
        cmocka_unit_test(test_hamlet_of_one_node),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
