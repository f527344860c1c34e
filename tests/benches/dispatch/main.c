/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays a pack by the rules of its FORMAT.md: the reference policies P0 and P1, checked call by call where the pack says what
 * they must give, then genxi's own. bench-dispatch PACK [--streams N] [PART...]; parts: P0 P1 genxi large teams, or switched-off genxi:
 * no-relocation, no-reassignment.
 */
#include "genxi.h"
#include "plain.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WARM_UP = 200, /* the first calls of each stream count nowhere */
    THRESHOLDS = 4
};

struct figures {
    struct bench_samples responses; /* ms */
    double first_sum;
    double full_sum;
    size_t teams;
    uint64_t diversions;
    uint64_t moves;
    size_t calls;
    struct bench_samples choices; /* us */
};

struct stage {
    struct pack pack;
    struct net net;
    size_t streams; /* how many of the pack's are played */
};

static void add_stream(struct figures *figures, const struct sim *sim)
{
    figures->diversions += sim->diversions;
    figures->moves += sim->moves;
    figures->calls += sim->stream->count;
    for (size_t c = WARM_UP; c < sim->stream->count; c++) {
        const struct sim_call *call = &sim->calls[c];
        int64_t at = sim->stream->calls[c].at_ms;
        bench_add(&figures->responses, call->arrived_ms[0] - at);
        if (sim->slots == SIM_SLOTS_MAX) {
            int64_t first = call->arrived_ms[0] - at;
            int64_t full = call->arrived_ms[1] - at;
            figures->first_sum += (double)(first < full ? first : full) / 1000.0;
            figures->full_sum += (double)(first < full ? full : first) / 1000.0;
            figures->teams++;
        }
    }
}

static double mean_s(const struct bench_samples *samples)
{
    double sum = 0;
    for (size_t i = 0; i < samples->count; i++) {
        sum += (double)samples->values[i] / 1000.0;
    }
    return samples->count == 0 ? 0 : sum / (double)samples->count;
}

/* The value of rank ceil(share n), as FORMAT.md counts. */
static double rank_s(const struct bench_samples *sorted, size_t numerator, size_t denominator)
{
    if (sorted->count == 0) {
        return 0;
    }
    size_t rank = (sorted->count * numerator + denominator - 1) / denominator;
    return (double)sorted->values[rank - 1] / 1000.0;
}

static double within(const struct bench_samples *samples, int64_t ms)
{
    size_t count = 0;
    for (size_t i = 0; i < samples->count; i++) {
        count += samples->values[i] <= ms ? 1 : 0;
    }
    return samples->count == 0 ? 0 : (double)count / (double)samples->count;
}

static void print_responses(const char *prefix, struct figures *figures, int64_t cover_ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } LIMITS[THRESHOLDS] = {{"within_4min", 240000},
                            {"within_8min", 480000},
                            {"within_12min", 720000},
                            {"within_T", 0}};
    struct bench_samples *all = &figures->responses;
    (void)bench_percentile(all, 0.5); /* sorts */
    bench_line(prefix, "mean_s", mean_s(all), "s");
    bench_line(prefix, "median_s", rank_s(all, 1, 2), "s");
    bench_line(prefix, "p90_s", rank_s(all, 9, 10), "s");
    for (size_t i = 0; i < THRESHOLDS; i++) {
        int64_t limit = LIMITS[i].ms == 0 ? cover_ms : LIMITS[i].ms;
        bench_line(prefix, LIMITS[i].name, within(all, limit), "share");
    }
    double calls = figures->calls == 0 ? 1.0 : (double)figures->calls;
    bench_line(prefix, "diversions", (double)figures->diversions / calls, "per_call");
}

static void done(struct figures *figures)
{
    bench_free(&figures->responses);
    bench_free(&figures->choices);
}

static void check(const struct sim *sim, const char *policy, size_t stream)
{
    size_t count = 0;
    struct pack_answer *answers = pack_reference(sim->pack, policy, stream, &count);
    if (answers == NULL) {
        return;
    }
    size_t agree = 0;
    for (size_t c = 0; c < count && c < sim->stream->count; c++) {
        const struct sim_call *call = &sim->calls[c];
        agree += call->unit[0] == (int32_t)answers[c].unit &&
                         call->arrived_ms[0] - sim->stream->calls[c].at_ms == answers[c].response_ms
                     ? 1
                     : 0;
    }
    free(answers);
    char prefix[64];
    (void)snprintf(prefix, sizeof prefix, "dispatch.%s", policy);
    bench_line(prefix, "reference_agree", (double)agree, "calls");
    bench_line(prefix, "reference_of", (double)count, "calls");
    bench_must(agree == count, "the play differs from the reference", policy);
}

/* A policy that is timed by the whole of its call's turn. */
struct timed {
    const struct sim_policy *plain;
    struct bench_samples *us;
};

static void timed_opened(void *self, struct sim *sim, size_t call)
{
    struct timed *timed = self;
    int64_t start = gx_clock_mono_us();
    timed->plain->opened(timed->plain->self, sim, call);
    bench_add(timed->us, gx_clock_mono_us() - start);
}

static void timed_freed(void *self, struct sim *sim, size_t unit)
{
    struct timed *timed = self;
    timed->plain->freed(timed->plain->self, sim, unit);
}

static void print_teams(const char *prefix, const struct figures *figures)
{
    double teams = figures->teams == 0 ? 1.0 : (double)figures->teams;
    bench_line(prefix, "team_first_mean_s", figures->first_sum / teams, "s");
    bench_line(prefix, "team_full_mean_s", figures->full_sum / teams, "s");
}

static void print_times(const char *prefix, struct figures *figures, struct genxi *genxi)
{
    bench_line(prefix, "decision_p50_us", (double)bench_percentile(&figures->choices, 0.5), "us");
    bench_line(prefix, "decision_p99_us", (double)bench_percentile(&figures->choices, 0.99), "us");
    if (genxi != NULL) {
        bench_line(prefix, "decision_cpu_p50_us",
                   (double)bench_percentile(genxi_choices_cpu(genxi), 0.5), "us");
        bench_line(prefix, "posting_p50_us", (double)bench_percentile(genxi_postings(genxi), 0.5),
                   "us");
        bench_line(prefix, "moves", (double)figures->moves / (double)figures->calls, "per_call");
    }
}

/* All streams under one policy; plain is NULL for genxi. */
static void play(struct stage *stage, const char *name, const struct sim_policy *plain,
                 struct genxi *genxi, size_t slots)
{
    struct sim sim;
    struct figures all = {.calls = 0};
    char prefix[64];
    (void)snprintf(prefix, sizeof prefix, "dispatch.%s", name);
    sim_init(&sim, &stage->net, &stage->pack, slots);
    for (size_t s = 0; s < stage->streams; s++) {
        struct figures one = {.calls = 0};
        struct timed timed = {plain, &all.choices};
        struct sim_policy policy = {
            .name = name, .self = &timed, .opened = timed_opened, .freed = timed_freed};
        if (genxi != NULL) {
            policy = genxi_policy(genxi);
        }
        sim_play(&sim, &stage->pack.streams[s], &policy);
        add_stream(&all, &sim);
        if (slots == 1) {
            char stream[96];
            add_stream(&one, &sim);
            (void)snprintf(stream, sizeof stream, "%s.stream_%zu", prefix, s + 1);
            print_responses(stream, &one, stage->pack.cover_ms);
            if (plain != NULL) {
                check(&sim, name, s + 1);
            }
        }
        done(&one);
    }
    if (slots == 1) {
        print_responses(prefix, &all, stage->pack.cover_ms);
        if (genxi != NULL) {
            all.choices = *genxi_choices(genxi);
            *genxi_choices(genxi) = (struct bench_samples){.values = NULL};
        }
        print_times(prefix, &all, genxi);
    } else {
        print_teams(prefix, &all);
    }
    done(&all);
    sim_done(&sim);
}

static bool has_helpers(const struct pack *pack)
{
    for (size_t u = 0; u < pack->unit_count; u++) {
        if (pack->units[u].kind == PACK_HELPER) {
            return true;
        }
    }
    return false;
}

static void play_genxi(struct stage *stage, const char *name, struct genxi_parts parts,
                       size_t slots)
{
    struct genxi *genxi = genxi_new(&stage->net, &stage->pack, parts);
    play(stage, name, NULL, genxi, slots);
    genxi_free(genxi);
}

static void play_large(struct stage *stage)
{
    enum {
        SLOTS = 200,
        CREWS = 2000,
        TIMES = 9
    };
    struct genxi *genxi = genxi_new(&stage->net, &stage->pack, (struct genxi_parts){true, true});
    struct bench_samples us = {.values = NULL};
    struct bench_samples cpu_us = {.values = NULL};
    double gap = 0;
    for (int i = 0; i < TIMES; i++) {
        struct genxi_cost cost = genxi_large(genxi, SLOTS, CREWS);
        bench_add(&us, cost.us);
        bench_add(&cpu_us, cost.cpu_us);
        gap = cost.gap;
    }
    bench_line("dispatch.genxi", "large_200x2000_ms", (double)bench_percentile(&us, 0.5) / 1000.0,
               "ms");
    bench_line("dispatch.genxi", "large_200x2000_cpu_ms",
               (double)bench_percentile(&cpu_us, 0.5) / 1000.0, "ms");
    bench_line("dispatch.genxi", "large_200x2000_gap", gap, "share");
    bench_free(&us);
    bench_free(&cpu_us);
    genxi_free(genxi);
}

static void play_teams(struct stage *stage)
{
    if (!has_helpers(&stage->pack)) {
        (void)printf("SKIPPED: dispatch: teams: the pack has no guards and no volunteers\n");
        return;
    }
    play(stage, "P0", &PLAIN_P0, NULL, SIM_SLOTS_MAX);
    play(stage, "P1", &PLAIN_P1, NULL, SIM_SLOTS_MAX);
    play_genxi(stage, "genxi", (struct genxi_parts){.reassign = true, .relocate = true},
               SIM_SLOTS_MAX);
}

static void run(struct stage *stage, const char *part)
{
    const struct genxi_parts whole = {.reassign = true, .relocate = true};
    if (strcmp(part, "P0") == 0) {
        play(stage, part, &PLAIN_P0, NULL, 1);
    } else if (strcmp(part, "P1") == 0) {
        play(stage, part, &PLAIN_P1, NULL, 1);
    } else if (strcmp(part, "genxi") == 0) {
        play_genxi(stage, part, whole, 1);
    } else if (strcmp(part, "no-relocation") == 0) {
        play_genxi(stage, "no_relocation", (struct genxi_parts){.reassign = true}, 1);
    } else if (strcmp(part, "no-reassignment") == 0) {
        play_genxi(stage, "no_reassignment", (struct genxi_parts){.relocate = true}, 1);
    } else if (strcmp(part, "large") == 0) {
        play_large(stage);
    } else if (strcmp(part, "teams") == 0) {
        play_teams(stage);
    } else {
        bench_must(false, "no such part", part);
    }
}

int main(int argc, char **argv)
{
    static const char *const PARTS[] = {"P0", "P1", "genxi", "large", "teams"};
    bench_must(argc >= 2, "usage", "bench-dispatch PACK [--streams N] [P0|P1|genxi|teams|...]");
    if (!pack_exists(argv[1])) {
        (void)printf("SKIPPED: dispatch: there is no pack at %s\n", argv[1]);
        return 0;
    }
    struct stage stage;
    pack_open(&stage.pack, argv[1]);
    net_open(&stage.net, argv[1]);
    stage.streams = stage.pack.stream_count;
    int first = 2;
    if (argc > 3 && strcmp(argv[2], "--streams") == 0) {
        stage.streams = bench_number(argv[3], stage.pack.stream_count);
        first = 4;
    }
    if (argc > first) {
        for (int i = first; i < argc; i++) {
            run(&stage, argv[i]);
        }
    } else {
        for (size_t i = 0; i < GX_COUNT_OF(PARTS); i++) {
            run(&stage, PARTS[i]);
        }
    }
    net_close(&stage.net);
    pack_close(&stage.pack);
    return 0;
}
