/* SPDX-License-Identifier: Apache-2.0 */
/* Moves: they close gaps, lose nothing, keep the law, and one is found whenever there is one. */
#include "cover_town.h"

#include "cover/moves.h"

#include <stdio.h>
#include <time.h>

enum {
    GAPS_MOST = 200
};

struct wished {
    struct cover_move moves[16];
    size_t count;
};

static struct wished wish_for(const struct cover_site *town, size_t site_count,
                              const struct cover_gap *gaps, size_t gap_count)
{
    struct wished wished = {.count = 0};
    const struct cover_town all = {town, site_count};
    const struct cover_wish wish = {gaps, gap_count, 1800, 16};
    struct cover *cover = cover_at(NOON);
    assert_int_equal(cover_moves(cover, &all, &wish, wished.moves, &wished.count), GX_OK);
    cover_free(cover);
    return wished;
}

static void test_a_move_closes_a_gap_and_opens_none(void **state)
{
    (void)state;
    const struct cover_need need = all_day(GUARD, 1, 3);
    struct cover_site two[] = {site_of(&need, 1), site_of(&need, 1)};
    const struct cover_gap gap = {"g", 0, 0};
    two[1].id = "other";
    two[1].place = at_metres(3000, 0);
    add(GUARD, 3000); /* the other site's only one: he must stay */
    assert_int_equal(wish_for(two, 2, &gap, 1).count, 0);
    add(GUARD, 3100);
    struct wished wished = wish_for(two, 2, &gap, 1);
    assert_int_equal(wished.count, 1);
    assert_int_equal(wished.moves[0].unit, 0); /* either can be spared now: the nearer one */
    assert_int_equal(wished.moves[0].gap, 0);
    assert_int_equal(wished.moves[0].gains, 2); /* the need, and first response */
    assert_in_range(wished.moves[0].seconds, 1675, 1685);
    units[0].moved = true; /* by an officer, already */
    wished = wish_for(two, 2, &gap, 1);
    assert_int_equal(wished.count, 1);
    assert_int_equal(wished.moves[0].unit, 1);
    units[1].moved = true;
    assert_int_equal(wish_for(two, 2, &gap, 1).count, 0);
}

static void test_a_move_is_lawful_and_ends_with_need_or_duty(void **state)
{
    (void)state;
    const struct cover_need need = {GUARD, 1, 3, 480, 13 * 60};
    const struct cover_site site = site_of(&need, 1);
    const struct cover_gap gap = {"g", 0, 0};
    struct cover_unit *guard = add(GUARD, 2000);
    guard->person.guard_kind = GENXI__GUARD_KIND__GUARD_KIND_PROPERTY;
    assert_int_equal(wish_for(&site, 1, &gap, 1).count, 0);
    guard->person.guard_kind = GENXI__GUARD_KIND__GUARD_KIND_LICENSED;
    assert_int_equal(wish_for(&site, 1, &gap, 1).moves[0].until_at, NOW + 3600000);
    guard->until_at = NOW + 1000;
    assert_int_equal(wish_for(&site, 1, &gap, 1).moves[0].until_at, NOW + 1000);
    guard->person.hold = HOLD_OFFER;
    assert_int_equal(wish_for(&site, 1, &gap, 1).count, 0);
}

static void test_two_missing_take_two_or_nobody(void **state)
{
    (void)state;
    const struct cover_need need = all_day(PATROL, 2, 3);
    const struct cover_site site = site_of(&need, 1);
    const struct cover_gap gap = {"g", 0, 0};
    add(PATROL, 3000);
    assert_int_equal(wish_for(&site, 1, &gap, 1).count, 0);
    add(PATROL, 4000);
    struct wished wished = wish_for(&site, 1, &gap, 1);
    assert_int_equal(wished.count, 2);
    assert_int_equal(wished.moves[0].gains, wished.moves[1].gains);
}

/* Carries the moves out in the units and looks whether anything that was met is not any more, and each gap wished for is closed. */
static void check_moves(size_t site_count, const struct wished *wished,
                        const struct cover_gap *gaps)
{
    static struct cover_row before[TOWN_SITES][COVER_NEEDS_MAX + 1];
    struct cover *cover = cover_at(NOON);
    size_t count = 0;
    for (size_t i = 0; i < site_count; i++) {
        assert_int_equal(cover_look(cover, &sites[i], before[i], &count), GX_OK);
    }
    cover_free(cover);
    for (size_t i = 0; i < wished->count; i++) {
        units[wished->moves[i].unit].place = sites[gaps[wished->moves[i].gap].site].place;
    }
    cover = cover_at(NOON);
    for (size_t i = 0; i < site_count; i++) {
        struct cover_row after[COVER_NEEDS_MAX + 1];
        assert_int_equal(cover_look(cover, &sites[i], after, &count), GX_OK);
        for (size_t n = 0; n < count; n++) {
            assert_false(before[i][n].kind == COVER_MET && after[n].kind != COVER_MET);
            for (size_t m = 0; m < wished->count; m++) {
                const struct cover_gap *gap = &gaps[wished->moves[m].gap];
                assert_false(gap->site == i && gap->need == after[n].need &&
                             after[n].kind != COVER_MET);
            }
        }
    }
    cover_free(cover);
}

static size_t open_gaps(size_t site_count, struct cover_gap *gaps, char ids[][24], size_t most)
{
    size_t gap_count = 0;
    struct cover *cover = cover_at(NOON);
    for (size_t i = 0; i < site_count; i++) {
        struct cover_row rows[COVER_NEEDS_MAX + 1];
        size_t count = 0;
        assert_int_equal(cover_look(cover, &sites[i], rows, &count), GX_OK);
        for (size_t n = 0; n < count && gap_count < most; n++) {
            if (rows[n].kind != COVER_MET) {
                (void)snprintf(ids[gap_count], sizeof ids[0], "g%05zu", gap_count);
                gaps[gap_count] = (struct cover_gap){ids[gap_count], i, rows[n].need};
                gap_count++;
            }
        }
    }
    cover_free(cover);
    return gap_count;
}

static void test_moves_in_a_town_cost_nothing_that_is_met(void **state)
{
    (void)state;
    static struct cover_gap gaps[GAPS_MOST];
    static char ids[GAPS_MOST][24];
    size_t made = 0;
    for (int round = 0; round < 8; round++) {
        unit_count = 0;
        seed = (uint64_t)round + 20;
        make_town(150, 500);
        size_t gap_count = open_gaps(150, gaps, ids, GAPS_MOST);
        clock_t from = clock();
        struct wished wished = wish_for(sites, 150, gaps, gap_count);
        if (round == 0) {
            (void)printf("moves_%zu_gaps %.4f s of a core\n", gap_count,
                         (double)(clock() - from) / CLOCKS_PER_SEC);
        }
        made += wished.count;
        check_moves(150, &wished, gaps);
    }
    (void)printf("moves_made %zu moves\n", made);
    assert_true(made > 20);
}

/* Would any single move close any gap of one missing and lose nothing? By trying them all. */
static bool some_move_helps(size_t site_count, const struct cover_gap *gaps, size_t gap_count)
{
    static struct cover_row before[TOWN_SITES][COVER_NEEDS_MAX + 1];
    bool helps = false;
    size_t count = 0;
    struct cover *cover = cover_at(NOON);
    for (size_t i = 0; i < site_count; i++) {
        assert_int_equal(cover_look(cover, &sites[i], before[i], &count), GX_OK);
    }
    cover_free(cover);
    for (size_t g = 0; g < gap_count && !helps; g++) {
        for (size_t u = 0; u < unit_count && !helps; u++) {
            struct gx_point from = units[u].place;
            bool lost = !units[u].placed || town_seconds(&units[u], &sites[gaps[g].site]) > 1800;
            bool closed = false;
            units[u].place = sites[gaps[g].site].place;
            cover = cover_at(NOON);
            for (size_t i = 0; i < site_count && !lost; i++) {
                struct cover_row after[COVER_NEEDS_MAX + 1];
                assert_int_equal(cover_look(cover, &sites[i], after, &count), GX_OK);
                for (size_t n = 0; n < count; n++) {
                    lost = lost || (before[i][n].kind == COVER_MET && after[n].kind != COVER_MET);
                    closed = closed || (gaps[g].site == i && gaps[g].need == after[n].need &&
                                        after[n].kind == COVER_MET);
                }
            }
            cover_free(cover);
            units[u].place = from;
            helps = closed && !lost;
        }
    }
    return helps;
}

static void test_a_move_is_found_whenever_there_is_one(void **state)
{
    (void)state;
    struct cover_gap gaps[100];
    char ids[100][24];
    int with = 0;
    int without = 0;
    for (int round = 0; round < 60; round++) {
        unit_count = 0;
        seed = (uint64_t)round + 1000;
        make_town(14, round % 2 == 0 ? 4 : 30);
        size_t gap_count = open_gaps(14, gaps, ids, 100);
        struct wished wished = wish_for(sites, 14, gaps, gap_count);
        bool helps = some_move_helps(14, gaps, gap_count);
        assert_true(wished.count > 0 || !helps);
        with += wished.count > 0 ? 1 : 0;
        without += wished.count == 0 ? 1 : 0;
    }
    (void)printf("towns_with_a_move %d towns\ntowns_without %d towns\n", with, without);
    assert_true(with > 5 && without > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_move_closes_a_gap_and_opens_none),
        TEST(test_a_move_is_lawful_and_ends_with_need_or_duty),
        TEST(test_two_missing_take_two_or_nobody),
        TEST(test_moves_in_a_town_cost_nothing_that_is_met),
        TEST(test_a_move_is_found_whenever_there_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
