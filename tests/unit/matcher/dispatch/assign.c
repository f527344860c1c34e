/* SPDX-License-Identifier: Apache-2.0 */
/* The assignment: equal to trying everything on small problems, its bound honest when the budget ends, fast on large ones. */
#include "check.h"

#include "base/clock.h"
#include "dispatch/assign.h"

#include <string.h>

enum {
    ROWS_MAX = 6,
    COLUMNS_MAX = 8,
    ROUNDS = 4000,
    LARGE_ROWS = 200,
    LARGE_COLUMNS = 2000,
    LARGE_MS =
        2000 /* far above the 50 ms of a quiet machine: only a wrong order of growth is caught here */
};

static uint64_t seed = 88172645463325252U;

static uint32_t pick(uint32_t count)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed % count);
}

static int64_t try_all(const struct assign_problem *p, size_t row, uint32_t taken)
{
    if (row == p->rows) {
        return 0;
    }
    int64_t best = p->nobody[row] + try_all(p, row + 1, taken);
    for (size_t c = 0; c < p->columns; c++) {
        int64_t cost = p->cost[row * p->columns + c];
        if ((taken & (1U << c)) == 0 && cost != ASSIGN_NEVER) {
            int64_t total = cost + try_all(p, row + 1, taken | (1U << c));
            best = total < best ? total : best;
        }
    }
    return best;
}

/* Nobody twice, nobody forbidden, and the cost is what it says. */
static void check_valid(const struct assign_problem *p, const int32_t *column, int64_t cost)
{
    bool taken[LARGE_COLUMNS] = {false};
    int64_t sum = 0;
    for (size_t r = 0; r < p->rows; r++) {
        if (column[r] == ASSIGN_NOBODY) {
            sum += p->nobody[r];
            continue;
        }
        assert_in_range(column[r], 0, p->columns - 1);
        assert_false(taken[column[r]]);
        taken[column[r]] = true;
        assert_true(p->cost[r * p->columns + (size_t)column[r]] != ASSIGN_NEVER);
        sum += p->cost[r * p->columns + (size_t)column[r]];
    }
    assert_true(sum == cost);
}

static void fill(int64_t *cost, size_t count, uint32_t spread)
{
    for (size_t i = 0; i < count; i++) {
        cost[i] = pick(6) == 0 ? ASSIGN_NEVER : (int64_t)pick(spread);
    }
}

static struct assign_result solve(const struct assign_problem *p, int32_t *column)
{
    void *scratch = malloc(assign_scratch_bytes(p->rows, p->columns));
    assert_non_null(scratch);
    struct assign_result result = assign_solve(p, scratch, column);
    free(scratch);
    return result;
}

static void test_equals_trying_everything(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t cost[ROWS_MAX * COLUMNS_MAX];
        int64_t nobody[ROWS_MAX];
        int32_t column[ROWS_MAX];
        struct assign_problem p = {.rows = pick(ROWS_MAX + 1), .columns = pick(COLUMNS_MAX + 1)};
        uint32_t spread = round % 2 == 0 ? 4 : 1000;
        fill(cost, p.rows * p.columns, spread);
        for (size_t r = 0; r < p.rows; r++) {
            nobody[r] = pick(2 * spread);
        }
        p.cost = cost;
        p.nobody = nobody;
        struct assign_result result = solve(&p, column);
        check_valid(&p, column, result.cost);
        assert_true(result.exact);
        assert_true(result.cost == try_all(&p, 0, 0));
        assert_true(result.bound == result.cost);
    }
}

static void test_budget_ends_with_an_honest_bound(void **state)
{
    (void)state;
    size_t cut = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t cost[ROWS_MAX * COLUMNS_MAX];
        int64_t nobody[ROWS_MAX];
        int32_t column[ROWS_MAX];
        fill(cost, ROWS_MAX * COLUMNS_MAX, 50);
        for (size_t r = 0; r < ROWS_MAX; r++) {
            nobody[r] = 100;
        }
        struct assign_problem p = {ROWS_MAX, COLUMNS_MAX, cost, nobody, 1 + pick(60)};
        struct assign_result result = solve(&p, column);
        check_valid(&p, column, result.cost);
        int64_t best = try_all(&p, 0, 0);
        assert_true(result.bound <= best);
        assert_true(result.cost >= best);
        cut += result.exact ? 0 : 1;
    }
    assert_true(cut > 0);
}

static void test_large_is_fast(void **state)
{
    (void)state;
    int64_t *cost = malloc(sizeof *cost * LARGE_ROWS * LARGE_COLUMNS);
    int64_t nobody[LARGE_ROWS];
    int32_t column[LARGE_ROWS];
    assert_non_null(cost);
    /* Everybody is nearest to the same few: the hard case, rows fight for columns. */
    for (size_t r = 0; r < LARGE_ROWS; r++) {
        nobody[r] = 100000000;
        for (size_t c = 0; c < LARGE_COLUMNS; c++) {
            cost[r * LARGE_COLUMNS + c] = (int64_t)(c * 500 + r + pick(400));
        }
    }
    struct assign_problem p = {LARGE_ROWS, LARGE_COLUMNS, cost, nobody, 0};
    int64_t start = gx_clock_mono_us();
    struct assign_result result = solve(&p, column);
    int64_t took = gx_clock_mono_us() - start;
    (void)fprintf(stderr, "200 x 2,000: %lld us\n", (long long)took);
    check_valid(&p, column, result.cost);
    assert_true(result.bound == result.cost);
    assert_in_range(took, 0, LARGE_MS * 1000);
    free(cost);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_trying_everything),
        cmocka_unit_test(test_budget_ends_with_an_honest_bound),
        cmocka_unit_test(test_large_is_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
