/* SPDX-License-Identifier: Apache-2.0 */
/* The nearest on the grid are the nearest by brute force: in a city, all over the world, across the date line and at the poles, moving. */
#include "check.h"

#include "grid.h"
#include "keys.h"

#include <math.h>
#include <stdlib.h>

enum {
    PEOPLE = 3000,
    NEAREST = 40,
    FORCES = 3,
};

struct someone {
    struct gx_point place;
    unsigned force;
    bool there;
};

static struct someone people[PEOPLE];
static uint64_t seed;

static double draw(double from, double to)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return from + (to - from) * (double)(seed >> 11) / 9007199254740992.0;
}

struct found {
    uint32_t numbers[PEOPLE];
    double metres[PEOPLE];
    size_t count;
    size_t most;
};

static bool note(void *arg, const struct grid_hit *hits, size_t count)
{
    struct found *found = arg;
    assert_true(count >= 1 && count <= GRID_HITS);
    for (size_t i = 0; i < count && found->count < found->most; i++) {
        found->numbers[found->count] = hits[i].number;
        found->metres[found->count++] = hits[i].metres;
    }
    return found->count < found->most;
}

static int rising(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;
    return (*x > *y) - (*x < *y);
}

/* Distances of all of that force within the radius, the nearest first. */
static size_t by_force_of_arms(unsigned force, struct gx_point from, double radius_m,
                               double *metres)
{
    size_t count = 0;
    for (size_t i = 0; i < PEOPLE; i++) {
        double distance = gx_geo_distance_m(people[i].place, from);
        if (people[i].there && people[i].force == force && distance <= radius_m) {
            metres[count++] = distance;
        }
    }
    qsort(metres, count, sizeof *metres, rising);
    return count;
}

static void compare(const struct grid *grid, unsigned force, struct gx_point from, double radius_m,
                    size_t most)
{
    static double expected[PEOPLE];
    static struct found found;
    size_t all = by_force_of_arms(force, from, radius_m, expected);
    found.count = 0;
    found.most = most;
    grid_near(grid, force, from, radius_m, note, &found);
    assert_int_equal(found.count, all < most ? all : most);
    for (size_t i = 0; i < found.count; i++) {
        const struct someone *one = &people[found.numbers[i]];
        assert_true(one->there && one->force == force);
        /* Towards the far side of the world the arc is not to be had more exactly from a haversine. */
        double good_m = expected[i] < 1e6 ? 1e-6 : 1.0;
        assert_true(fabs(found.metres[i] - expected[i]) < good_m);
        assert_true(fabs(gx_geo_distance_m(one->place, from) - found.metres[i]) < good_m);
    }
}

static void put(struct grid *grid, uint32_t i, struct gx_point place)
{
    people[i].place = place;
    people[i].there = true;
    grid_put(grid, i, people[i].force, place);
}

static struct gx_point in_box(const double box[4])
{
    return (struct gx_point){draw(box[0], box[2]), draw(box[1], box[3])};
}

/* Everybody in the box (west, south, east, north), moved about, some leaving; searches from all over it. */
static void try_box(const double box[4], double radius_m)
{
    struct grid *grid = grid_new();
    seed = 4711;
    for (uint32_t i = 0; i < PEOPLE; i++) {
        people[i] = (struct someone){.force = 1 + i % FORCES};
        put(grid, i, in_box(box));
    }
    for (int round = 0; round < 60; round++) {
        for (int move = 0; move < 100; move++) {
            uint32_t i = (uint32_t)draw(0, PEOPLE);
            if (move % 10 == 0) {
                people[i].there = false;
                grid_drop(grid, i);
                grid_drop(grid, i);
            } else {
                put(grid, i, in_box(box));
            }
        }
        compare(grid, 1 + (unsigned)round % FORCES, in_box(box), radius_m, NEAREST);
    }
    compare(grid, 1, in_box(box), radius_m, PEOPLE);
    grid_free(grid);
}

static void test_nearest_in_a_city_and_in_one_street(void **state)
{
    (void)state;
    const double city[] = {102.4, 24.8, 102.9, 25.2};
    const double street[] = {102.66, 25.03, 102.661, 25.0301};
    try_box(city, 15000);
    try_box(city, 1000);
    try_box(street, 3000);
}

static void test_nearest_all_over_the_world(void **state)
{
    (void)state;
    const double world[] = {-180, -90, 180, 90};
    const double south_pole[] = {-180, -90, 180, -89.7};
    const double far_north[] = {-180, 89.2, 180, 90};
    try_box(world, 500000);
    try_box(world, 30000000);
    try_box(south_pole, 20000);
    try_box(far_north, 100000);
}

static void test_the_date_line_parts_nobody(void **state)
{
    (void)state;
    struct grid *grid = grid_new();
    seed = 1;
    for (uint32_t i = 0; i < PEOPLE; i++) {
        double lon = draw(-0.3, 0.3);
        people[i] = (struct someone){.force = 1};
        put(grid, i, (struct gx_point){lon < 0 ? 180.0 + lon : lon - 180.0, draw(51.0, 51.2)});
    }
    put(grid, 0, (struct gx_point){180.0, 51.1});
    put(grid, 1, (struct gx_point){-180.0, 51.1});
    for (int i = 0; i < 50; i++) {
        double lon = draw(-0.2, 0.2);
        compare(grid, 1, (struct gx_point){lon < 0 ? 180.0 + lon : lon - 180.0, draw(51.0, 51.2)},
                8000, 200);
    }
    grid_free(grid);
}

static void test_the_search_goes_no_farther_than_asked(void **state)
{
    (void)state;
    struct grid *grid = grid_new();
    static struct found found;
    for (uint32_t i = 0; i < 100; i++) {
        grid_put(grid, i * 1000, 2, (struct gx_point){102.0 + 0.001 * i, 25.0});
    }
    found = (struct found){.most = 7};
    grid_near(grid, 2, (struct gx_point){102.0, 25.0}, 50000, note, &found);
    assert_int_equal(found.count, 7);
    assert_int_equal(found.numbers[6], 6000);
    found = (struct found){.most = PEOPLE};
    grid_near(grid, 3, (struct gx_point){102.0, 25.0}, 50000, note, &found);
    assert_int_equal(found.count, 0);
    grid_free(grid);
}

static void test_keys_are_read_and_written_as_ids(void **state)
{
    (void)state;
    struct key key;
    char text[KEY_TEXT_SIZE];
    assert_true(key_parse("01234567-89AB-cdef-0123-456789abcdef", &key));
    assert_string_equal(key_format(key, text), "01234567-89ab-cdef-0123-456789abcdef");
    assert_true(key.high == 0x0123456789abcdefU && key.low == 0x0123456789abcdefU);
    assert_false(key_parse("", &key));
    assert_false(key_parse("01234567-89AB-cdef-0123-456789abcde", &key));
    assert_false(key_parse("01234567-89AB-cdef-0123-456789abcdef0", &key));
    assert_false(key_parse("01234567089AB-cdef-0123-456789abcdef", &key));
    assert_false(key_parse("g1234567-89AB-cdef-0123-456789abcdef", &key));
}

static void test_keys_find_what_was_added_and_nothing_else(void **state)
{
    (void)state;
    struct keys keys = {0};
    assert_true(keys_find(&keys, (struct key){1, 2}) == KEY_NONE);
    for (uint32_t i = 0; i < 20000; i++) {
        keys_add(&keys, (struct key){i / 100, i % 100}, i);
    }
    for (uint32_t i = 0; i < 20000; i++) {
        assert_int_equal(keys_find(&keys, (struct key){i / 100, i % 100}), i);
    }
    assert_true(keys_find(&keys, (struct key){7, 100}) == KEY_NONE);
    assert_true(keys_find(&keys, (struct key){200, 0}) == KEY_NONE);
    keys_done(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nearest_in_a_city_and_in_one_street),
        cmocka_unit_test(test_nearest_all_over_the_world),
        cmocka_unit_test(test_the_date_line_parts_nobody),
        cmocka_unit_test(test_the_search_goes_no_farther_than_asked),
        cmocka_unit_test(test_keys_are_read_and_written_as_ids),
        cmocka_unit_test(test_keys_find_what_was_added_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
