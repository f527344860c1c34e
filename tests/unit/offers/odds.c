/* SPDX-License-Identifier: Apache-2.0 */
/* The odds: the prior rules without data, truth with much, also when most offers end before their answer; old alerts fade; what is stored loads. */
#include "check.h"

#include "offers/odds.h"

#include <math.h>
#include <string.h>

static const int64_t NOW = 1795000000000;
static const int64_t DAY = 86400000;

static uint64_t seed = 20261124;
static double draw(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (double)(seed >> 11) * 0x1.0p-53;
}

static void near(double value, double expected, double most)
{
    if (!(fabs(value - expected) <= most)) {
        fail_msg("%g, expected %g within %g", value, expected, most);
    }
}

static struct odds fresh(void)
{
    struct odds odds;
    odds_init(&odds, &ODDS_POLICY_DEFAULT);
    return odds;
}

static void observe(struct odds *odds, struct odds_group group, enum odds_answer answer,
                    uint32_t age_ms, int64_t at)
{
    struct odds_change changes[ODDS_CHANGES_MAX];
    const struct odds_end end = {group, answer, age_ms, at};
    assert_in_range(odds_observe(odds, &end, changes), 1, ODDS_CHANGES_MAX);
}

/* Alerts of a group that accepts and declines with these shares, each answering evenly within 40 s; ended at cut_ms if not answered. */
static void live(struct odds *odds, struct odds_group group, double accept, double decline,
                 uint32_t cut_ms, int count, int64_t at)
{
    for (int i = 0; i < count; i++) {
        double kind = draw();
        uint32_t after = (uint32_t)(draw() * 40000.0);
        bool answers = kind < accept + decline && after < cut_ms;
        enum odds_answer answer = kind < accept ? ODDS_ACCEPTED : ODDS_DECLINED;
        observe(odds, group, answers ? answer : ODDS_UNANSWERED, answers ? after : cut_ms, at);
    }
}

static void test_prior_rules_without_data(void **state)
{
    (void)state;
    struct odds odds = fresh();
    struct odds_chance chance = odds_chance(&odds, odds_group(3, 12, 100), NOW);
    near(chance.accept, 0.30, 1e-9);
    near(chance.decline, 0.35, 1e-9);
    near(chance.alerts, 0.0, 1e-9);
    struct odds_times times;
    odds_times(&odds, 3, NOW, &times);
    near(times.accepted[0], 0.0, 1e-9);
    near(times.accepted[ODDS_BUCKETS], 1.0, 1e-9);
    assert_true(odds_within(&chance, &times, 0.0, 15000.0) > 0.30 * 0.45);
    assert_true(odds_within(&chance, &times, 0.0, 15000.0) < 0.30 * 0.55);
}

static void test_few_alerts_hardly_move_the_prior(void **state)
{
    (void)state;
    struct odds odds = fresh();
    struct odds_group group = odds_group(2, 12, 100);
    for (int i = 0; i < 3; i++) {
        observe(&odds, group, ODDS_ACCEPTED, 9000, NOW);
    }
    double accept = odds_chance(&odds, group, NOW).accept;
    assert_true(accept > 0.30 && accept < 0.60);
}

static void test_odds_converge_to_the_truth(void **state)
{
    (void)state;
    struct odds odds = fresh();
    struct odds_group often = odds_group(2, 12, 100);
    struct odds_group seldom = odds_group(4, 2, 1000);
    for (int i = 0; i < 100; i++) {
        live(&odds, often, 0.6, 0.3, 60000, 40, NOW);
        live(&odds, seldom, 0.1, 0.2, 60000, 40, NOW);
    }
    near(odds_chance(&odds, often, NOW).accept, 0.6, 0.03);
    near(odds_chance(&odds, seldom, NOW).accept, 0.1, 0.02);
    near(odds_chance(&odds, seldom, NOW).decline, 0.2, 0.03);
}

static void test_times_converge_to_the_truth(void **state)
{
    (void)state;
    struct odds odds = fresh();
    struct odds_times times;
    live(&odds, odds_group(2, 12, 100), 0.6, 0.3, 60000, 4000, NOW);
    odds_times(&odds, 2, NOW, &times);
    for (size_t i = 0; i <= ODDS_BUCKETS; i++) {
        double truth = fmin(1.0, odds_edge_ms(i) / 40000.0);
        near(times.accepted[i], truth, 0.06);
    }
}

/* Half of the offers are withdrawn after ten seconds: only the quick answers of these are seen, and they must not count for all. */
static void test_withdrawn_offers_do_not_bend_the_odds(void **state)
{
    (void)state;
    struct odds odds = fresh();
    struct odds_group group = odds_group(2, 12, 100);
    for (int i = 0; i < 4000; i++) {
        live(&odds, group, 0.3, 0.3, i % 2 == 0 ? 10000 : 60000, 1, NOW);
    }
    /* Whether somebody would answer after 60 s was never seen; what counts is what comes in time. */
    struct odds_chance chance = odds_chance(&odds, group, NOW);
    struct odds_times times;
    odds_times(&odds, 2, NOW, &times);
    near(odds_within(&chance, &times, 0.0, 10000.0), 0.3 * 0.25, 0.02);
    near(odds_within(&chance, &times, 0.0, 20000.0), 0.3 * 0.50, 0.02);
    near(odds_within(&chance, &times, 0.0, 40000.0), 0.3, 0.02);
}

static void test_new_group_leans_on_its_force(void **state)
{
    (void)state;
    struct odds odds = fresh();
    live(&odds, odds_group(2, 12, 100), 0.7, 0.2, 60000, 500, NOW);
    live(&odds, odds_group(4, 12, 100), 0.1, 0.2, 60000, 500, NOW);
    near(odds_chance(&odds, odds_group(2, 0, 5000), NOW).accept, 0.7, 0.06);
    near(odds_chance(&odds, odds_group(4, 0, 5000), NOW).accept, 0.1, 0.06);
    double other = odds_chance(&odds, odds_group(3, 0, 5000), NOW).accept;
    assert_true(other > 0.3 && other < 0.5);
}

static void test_old_alerts_fade(void **state)
{
    (void)state;
    struct odds odds = fresh();
    struct odds_group group = odds_group(2, 12, 100);
    live(&odds, group, 0.9, 0.05, 60000, 400, NOW - 360 * DAY);
    double fading = odds_chance(&odds, group, NOW).accept;
    assert_true(fading < 0.7);
    near(odds_chance(&odds, group, NOW).alerts, 400.0 / 64.0, 0.01);
    live(&odds, group, 0.2, 0.2, 60000, 400, NOW);
    near(odds_chance(&odds, group, NOW).accept, 0.2, 0.06);
    near(odds_chance(&odds, group, NOW + 3600 * DAY).accept, 0.30, 0.01);
}

static void test_unanswered_offer_is_worth_less_with_age(void **state)
{
    (void)state;
    struct odds odds = fresh();
    struct odds_chance chance = odds_chance(&odds, odds_group(2, 12, 100), NOW);
    struct odds_times times;
    odds_times(&odds, 2, NOW, &times);
    double last = odds_within(&chance, &times, 10000.0, 20000.0);
    for (double age = 11000.0; age < 700000.0; age += 1000.0) {
        double now = odds_within(&chance, &times, age, 20000.0);
        assert_true(now >= 0.0 && now <= last * 1.1 + 1e-9);
        last = now;
    }
    near(last, 0.0, 1e-9);
}

static int compare_cells(const void *a, const void *b)
{
    return (int)((const struct odds_change *)a)->cell - (int)((const struct odds_change *)b)->cell;
}

/* The table that only ever adds the changes holds what the process knows. */
static void test_changes_added_up_are_the_cells(void **state)
{
    (void)state;
    static double table[ODDS_CELLS];
    struct odds odds = fresh();
    struct odds_change changes[ODDS_CHANGES_MAX];
    for (int i = 0; i < 2000; i++) {
        struct odds_group group =
            odds_group(1 + i % 4, (int)(draw() * 24.0), (uint32_t)(draw() * 2000.0));
        const struct odds_end end = {group, (enum odds_answer)(i % 3),
                                     (uint32_t)(draw() * 700000.0), NOW + i * DAY / 10};
        size_t count = odds_observe(&odds, &end, changes);
        for (size_t c = 0; c < count; c++) {
            assert_true(changes[c].cell < ODDS_CELLS);
            table[changes[c].cell] += changes[c].sum;
        }
    }
    static struct odds_change cells[ODDS_CELLS];
    size_t count = odds_cells(&odds, cells);
    assert_true(count > 100);
    qsort(cells, count, sizeof *cells, compare_cells);
    for (size_t c = 0; c < count; c++) {
        near(cells[c].sum, table[cells[c].cell], 1e-9 * table[cells[c].cell]);
    }
    struct odds again = fresh();
    assert_int_equal(odds_load(&again, cells, count), GX_OK);
    assert_memory_equal(again.sums, odds.sums, sizeof odds.sums);
}

static void test_bad_cells_are_refused_whole(void **state)
{
    (void)state;
    struct odds odds = fresh();
    const struct odds_change bad[] = {
        {ODDS_CELLS, 1.0}, {3, -1.0}, {3, (double)NAN}, {3, (double)INFINITY}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct odds_change cells[] = {{1, 5.0}, bad[i]};
        assert_int_equal(odds_load(&odds, cells, 2), GX_INVALID);
        near(odds.sums[1], 0.0, 0.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prior_rules_without_data),
        cmocka_unit_test(test_few_alerts_hardly_move_the_prior),
        cmocka_unit_test(test_odds_converge_to_the_truth),
        cmocka_unit_test(test_times_converge_to_the_truth),
        cmocka_unit_test(test_withdrawn_offers_do_not_bend_the_odds),
        cmocka_unit_test(test_new_group_leans_on_its_force),
        cmocka_unit_test(test_old_alerts_fade),
        cmocka_unit_test(test_unanswered_offer_is_worth_less_with_age),
        cmocka_unit_test(test_changes_added_up_are_the_cells),
        cmocka_unit_test(test_bad_cells_are_refused_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
