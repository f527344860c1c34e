/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the watch over coverage costs: sites and people on a pack's roads, one look at all of them now, and one at each of 24 hours ahead, by
 * straight line and by road. Processor time, not the clock's: what share of a core it takes at the default spans is the last line.
 *     bench-watch PACK [SITES PEOPLE]
 */
#include "bench.h"

#include "cover/cover.h"
#include "cover/memo.h"
#include "roads/roads.h"
#include "travel.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    NEEDS = 2,
    HOURS = 24,
    ROUNDS = 5,
    AREA = 1
};
static const double NOW_EVERY_S = 10.0;
static const double AHEAD_EVERY_S = 60.0;
static const struct travel_straight SPEEDS = {1.4, 8.3, 2.5, 4.0, 1.5};
static const struct cover_need KINDS[][NEEDS] = {
    {{GENXI__FORCE__FORCE_GUARD, 2, 3, 0, 0}, {GENXI__FORCE__FORCE_POLICE, 1, 5, 0, 0}},
    {{GENXI__FORCE__FORCE_PATROL, 2, 5, 0, 0}, {GENXI__FORCE__FORCE_VOLUNTEER, 2, 5, 0, 0}},
    {{GENXI__FORCE__FORCE_GUARD, 1, 3, 0, 0}, {GENXI__FORCE__FORCE_POLICE, 1, 5, 0, 0}},
};

struct town {
    struct roads *roads;
    struct cover_site *sites;
    size_t site_count;
    struct cover_unit *people;
    size_t people_count;
    size_t gaps;
};

static uint32_t random_below(uint32_t below)
{
    static uint64_t state = 0x9e3779b97f4a7c15ULL;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

static struct gx_point somewhere(const struct town *town)
{
    uint32_t nodes = (uint32_t)roads_about(town->roads).nodes;
    return roads_place(town->roads, random_below(nodes));
}

static void settle(struct town *town)
{
    static const int32_t AREAS[] = {AREA};
    town->sites = calloc(town->site_count, sizeof *town->sites);
    town->people = calloc(town->people_count, sizeof *town->people);
    bench_must(town->sites != NULL && town->people != NULL, "memory", "town");
    for (size_t i = 0; i < town->site_count; i++) {
        town->sites[i] = (struct cover_site){.id = "site",
                                             .area = AREA,
                                             .place = somewhere(town),
                                             .needs = KINDS[random_below(3)],
                                             .need_count = NEEDS};
    }
    for (size_t i = 0; i < town->people_count; i++) {
        unsigned force = 1 + random_below(4);
        bool at_site = random_below(2) == 0;
        town->people[i] = (struct cover_unit){
            .person = {.id = "",
                       .area = AREA,
                       .force = (Genxi__Force)force,
                       .guard_kind = GENXI__GUARD_KIND__GUARD_KIND_LICENSED,
                       .active = true,
                       .insured_until_at = INT64_MAX,
                       .on_shift = true,
                       .org_known = true,
                       .org_active = true,
                       .site_id = "",
                       .agreement = {.exists = true,
                                     .contract_areas = AREAS,
                                     .contract_area_count = 1}},
            .placed = true,
            .place = at_site ? town->sites[random_below((uint32_t)town->site_count)].place
                             : somewhere(town),
        };
    }
}

/* The first `people` of the town are on duty. */
static void look(struct town *town, const struct gx_travel *travel, size_t from, size_t people)
{
    const struct cover_scene scene = {town->people + from, people, 1, 0, travel};
    struct cover_row rows[COVER_NEEDS_MAX + 1];
    struct cover *cover = cover_new(&scene);
    town->gaps = 0;
    for (size_t i = 0; i < town->site_count; i++) {
        size_t count = 0;
        bench_must(cover_look(cover, &town->sites[i], rows, &count) == GX_OK, "travel", "fails");
        for (size_t n = 0; n < count; n++) {
            town->gaps += rows[n].kind == COVER_MET ? 0 : 1;
        }
    }
    cover_free(cover);
}

static double spent_s(clock_t since)
{
    return (double)(clock() - since) / CLOCKS_PER_SEC;
}

/* A third of the people at a time, in three shifts. */
static double look_ahead(struct town *town, const struct gx_travel *travel)
{
    clock_t since = clock();
    struct memo *memo = memo_new(travel);
    const struct gx_travel once = memo_travel(memo);
    size_t third = town->people_count / 3;
    for (size_t hour = 0; hour < HOURS; hour++) {
        look(town, &once, hour / 8 * third, third);
    }
    memo_free(memo);
    return spent_s(since);
}

/* People move between two looks: nothing that was reckoned before can be used again. */
static void stir(struct town *town)
{
    for (size_t i = 0; i < town->people_count; i++) {
        town->people[i].place.lon += 1e-7;
    }
}

static void measure(struct town *town, const char *name, const struct gx_travel *travel)
{
    double now_s = 0.0;
    for (int round = 0; round < ROUNDS; round++) {
        stir(town);
        clock_t since = clock();
        look(town, travel, 0, town->people_count);
        double own = spent_s(since);
        now_s = round == 0 || own < now_s ? own : now_s;
    }
    size_t gaps = town->gaps;
    double ahead_s = look_ahead(town, travel);
    (void)printf("watch_now_%s %.4f s\nwatch_ahead_%s %.4f s\nwatch_gaps_%s %zu gaps\n", name,
                 now_s, name, ahead_s, name, gaps);
    (void)printf("watch_share_%s %.4f core\n", name, now_s / NOW_EVERY_S + ahead_s / AHEAD_EVERY_S);
}

int main(int argc, char **argv)
{
    struct town town = {.site_count = 1000, .people_count = 3000};
    struct roads_fault fault;
    bench_must(argc == 2 || argc == 4, "usage", "bench-watch PACK [SITES PEOPLE]");
    if (argc == 4) {
        town.site_count = (size_t)strtoul(argv[2], NULL, 10);
        town.people_count = (size_t)strtoul(argv[3], NULL, 10);
    }
    bench_must(roads_load_pack(argv[1], &town.roads, &fault) == GX_OK, "no roads in", argv[1]);
    const struct roads *const graphs[] = {town.roads};
    struct travel_roads *by_road = travel_roads_new(&SPEEDS, graphs, 1);
    const struct gx_travel straight = travel_straight_line(&SPEEDS);
    const struct gx_travel road = travel_by_road(by_road);
    settle(&town);
    measure(&town, "straight", &straight);
    measure(&town, "road", &road);
    travel_roads_free(by_road);
    roads_free(town.roads);
    free(town.sites);
    free(town.people);
    return 0;
}
