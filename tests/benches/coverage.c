/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where to stand in a city, beside greedy, and the same problems written for an independent solver.
 *     bench-coverage PACK LP_FOLDER
 * The LP files are made from the lists of who reaches what by code of their own: points that the same posts reach are added up
 * here, not by the library, and weights are in millionths of the demand.
 */
#include "bench.h"

#include "plan/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECONDS = 10
};

static const struct bench_case {
    const char *set;
    uint32_t within_s;
    uint32_t posts;
} CASES[] = {
    {"stations", 430, 8},    {"stations", 430, 10},   {"candidates", 430, 5},
    {"candidates", 430, 10}, {"candidates", 240, 10}, {"candidates", 240, 20},
    {"candidates", 430, 15}, {"candidates", 240, 40},
};

/* A point and who reaches it, as a row of bits. */
struct seen {
    const uint64_t *bits;
    uint32_t words;
    double weight;
};

static int by_bits(const void *a, const void *b)
{
    const struct seen *x = a;
    const struct seen *y = b;
    return memcmp(x->bits, y->bits, x->words * sizeof(uint64_t));
}

static struct seen *see(const struct coverage_problem *p, uint64_t **ret_bits)
{
    uint32_t words = (p->candidates + 63) / 64;
    uint64_t *bits = calloc((size_t)p->points * words + 1, sizeof *bits);
    struct seen *seen = calloc((size_t)p->points + 1, sizeof *seen);
    bench_must(bits != NULL && seen != NULL, "memory", "LP");
    for (uint32_t c = 0; c < p->candidates; c++) {
        for (uint32_t k = p->first[c]; k < p->first[c + 1]; k++) {
            bits[(size_t)p->point[k] * words + c / 64] |= UINT64_C(1) << (c % 64);
        }
    }
    for (uint32_t i = 0; i < p->points; i++) {
        seen[i] = (struct seen){bits + (size_t)i * words, words, p->weight[i]};
    }
    qsort(seen, p->points, sizeof *seen, by_bits);
    *ret_bits = bits;
    return seen;
}

/* Equal neighbours become one; those that nobody reaches vanish. Returns how many are left. */
static uint32_t add_up(struct seen *seen, uint32_t count, const uint64_t *none)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (memcmp(seen[i].bits, none, seen[i].words * sizeof *none) == 0) {
            continue;
        }
        if (kept > 0 && by_bits(&seen[kept - 1], &seen[i]) == 0) {
            seen[kept - 1].weight += seen[i].weight;
        } else {
            seen[kept++] = seen[i];
        }
    }
    return kept;
}

static void write_rows(FILE *file, const struct coverage_problem *p, const struct seen *seen,
                       uint32_t count)
{
    (void)fprintf(file, "Maximize\n obj:");
    for (uint32_t g = 0; g < count; g++) {
        (void)fprintf(file, "\n + %.9f y%" PRIu32, seen[g].weight * 1e6, g);
    }
    (void)fprintf(file, "\nSubject To\n");
    for (uint32_t g = 0; g < count; g++) {
        (void)fprintf(file, " c%" PRIu32 ": y%" PRIu32, g, g);
        for (uint32_t c = 0; c < p->candidates; c++) {
            if ((seen[g].bits[c / 64] >> (c % 64) & 1) != 0) {
                (void)fprintf(file, "\n - x%" PRIu32, c);
            }
        }
        (void)fprintf(file, " <= 0\n");
    }
    (void)fprintf(file, " posts:");
    for (uint32_t c = 0; c < p->candidates; c++) {
        (void)fprintf(file, "\n + x%" PRIu32, c);
    }
    (void)fprintf(file, " = %" PRIu32 "\nBounds\n", p->posts);
    for (uint32_t g = 0; g < count; g++) {
        (void)fprintf(file, " 0 <= y%" PRIu32 " <= 1\n", g);
    }
    (void)fprintf(file, "Binaries\n");
    for (uint32_t c = 0; c < p->candidates; c++) {
        (void)fprintf(file, " x%" PRIu32 "\n", c);
    }
    (void)fprintf(file, "End\n");
}

static void write_lp(const char *path, const struct coverage_problem *p)
{
    uint64_t *bits = NULL;
    struct seen *seen = see(p, &bits);
    uint64_t *none = calloc((p->candidates + 63) / 64 + 1, sizeof *none);
    bench_must(none != NULL, "memory", "LP");
    uint32_t count = add_up(seen, p->points, none);
    FILE *file = fopen(path, "w");
    bench_must(file != NULL, "cannot be written", path);
    write_rows(file, p, seen, count);
    bench_must(fclose(file) == 0, "cannot be written", path);
    free(none);
    free(seen);
    free(bits);
}

static void line(const char *name, const char *what, double value, const char *unit)
{
    (void)printf("coverage.%s.%s %.6f %s\n", name, what, value, unit);
    (void)fflush(stdout);
}

static void run_case(const struct bench_case *one, const struct coverage_problem *problem,
                     const char *folder)
{
    char name[64];
    char path[1024];
    (void)snprintf(name, sizeof name, "%s_%" PRIu32 "_%" PRIu32, one->set, one->within_s,
                   one->posts);
    (void)snprintf(path, sizeof path, "%s/%s.lp", folder, name);
    write_lp(path, problem);
    struct coverage_result result;
    enum gx_rc rc = coverage_solve(problem, &(struct coverage_effort){.seconds = SECONDS}, &result);
    bench_must(rc == GX_OK, name, gx_rc_text(rc));
    line(name, "greedy", result.greedy / result.total, "share");
    line(name, "covered", result.covered / result.total, "share");
    line(name, "bound", result.bound / result.total, "share");
    line(name, "gap", (result.bound - result.covered) / result.total, "share");
    line(name, "seconds", result.seconds, "s");
    line(name, "nodes", (double)result.nodes, "nodes");
    coverage_result_done(&result);
}

static void run(const struct roads *roads, const struct plan_demand *demand, const char *pack,
                const struct bench_case *one, const char *folder)
{
    char path[1024];
    struct roads_fault fault = {0};
    char text[512];
    struct plan_posts posts = {0};
    (void)snprintf(path, sizeof path, "%s/%s.csv", pack, one->set);
    enum gx_rc rc = plan_read_posts(roads, path, &posts, &fault);
    bench_must(rc == GX_OK, path, roads_fault_text(&fault, "en", text, sizeof text));
    struct plan_reach reach;
    rc = plan_find_reach(roads, &posts, demand, one->within_s * 1000, &reach, &fault);
    bench_must(rc == GX_OK, path, roads_fault_text(&fault, "en", text, sizeof text));
    const struct coverage_problem problem = {.candidates = posts.count,
                                             .points = demand->count,
                                             .weight = demand->weight,
                                             .first = reach.first,
                                             .point = reach.point,
                                             .posts = one->posts};
    run_case(one, &problem, folder);
    plan_reach_done(&reach);
    plan_posts_done(&posts);
}

int main(int argc, char **argv)
{
    bench_must(argc == 3, "usage", "bench-coverage PACK LP_FOLDER");
    struct roads_fault fault = {0};
    char text[512];
    char path[1024];
    struct roads *roads = NULL;
    enum gx_rc rc = roads_load_pack(argv[1], &roads, &fault);
    bench_must(rc == GX_OK, argv[1], roads_fault_text(&fault, "en", text, sizeof text));
    struct plan_demand demand;
    (void)snprintf(path, sizeof path, "%s/demand.csv", argv[1]);
    rc = plan_read_demand(roads, path, &demand, &fault);
    bench_must(rc == GX_OK, path, roads_fault_text(&fault, "en", text, sizeof text));
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        run(roads, &demand, argv[1], &CASES[i], argv[2]);
    }
    plan_demand_done(&demand);
    roads_free(roads);
    return 0;
}
