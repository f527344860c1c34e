/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom to ask and how many: genxi's policy beside fixed rules, on the same incidents and people, who accept 17, 30 or 47 % of alerts, or
 * differently by force, hour and distance. genxi starts with its prior and must learn the rest.
 *     offers [INCIDENTS [SEED]]
 * Lines: offers.<policy>.accept_<share>.<figure> value unit. An incident that never fills counts as 600 s. "near" figures: incidents with
 * seven people for each place within a kilometre. "dominated": by how many other policies with fewer disturbed and a lower p90.
 */
#include "manners.h"

#include <stdio.h>
#include <string.h>

enum {
    INCIDENTS = 2500,
    POLICIES_MAX = 16,
    NEAR_PER_PLACE = 7
};

struct tally {
    struct bench_samples quota_ms;
    struct bench_samples near_ms;
    double disturbed;
    double near_disturbed;
    double surplus;
    double filled;
    double whole_team_s; /* of those filled: the last accepted there, were he to leave at once */
    double looks;
    double incidents;
    uint32_t week_most;
};

/* What is kept of a policy to compare it. */
struct point {
    const char *name;
    double disturbed;
    double p90_s;
};

struct share {
    const char *name;
    double accept;
};
static const struct share SHARES[] = {{"17", 0.17}, {"30", 0.30}, {"47", 0.47}, {"mixed", 0.0}};

static bool enough_near(const struct play *play)
{
    size_t near = 0;
    while (near < play->nearby_count && play->nearby[near].metres <= NEAR_M) {
        near++;
    }
    return near >= (size_t)NEAR_PER_PLACE * play->incident.quota;
}

static void count_play(struct tally *tally, const struct play *play)
{
    int64_t took = play->filled ? play->now_ms : GIVE_UP_MS;
    double asked = (double)play->ask_count;
    bench_add(&tally->quota_ms, took);
    tally->disturbed += asked;
    tally->surplus += play->surplus;
    tally->filled += play->filled ? 1.0 : 0.0;
    tally->whole_team_s += play->filled ? (double)took / 1000.0 + (double)play->last_travel_s : 0.0;
    tally->looks += play->looks;
    tally->incidents += 1.0;
    if (enough_near(play)) {
        bench_add(&tally->near_ms, took);
        tally->near_disturbed += asked;
    }
    for (size_t i = 0; i < play->ask_count; i++) {
        const struct person *person = play->nearby[play->asks[i].nearby].person;
        uint32_t week = world_alerts(person, play->incident.at + play->asks[i].made_ms);
        tally->week_most = week > tally->week_most ? week : tally->week_most;
    }
}

/* grade 0: as the incidents come. */
static void run(struct world *world, const struct manner *manner, size_t incidents, uint32_t grade,
                struct tally *tally)
{
    world_reset(world);
    for (size_t n = 0; n < incidents; n++) {
        struct play play;
        struct incident incident = world_incident(world, n);
        incident.grade = grade == 0 ? incident.grade : grade;
        play_run(&play, world, &incident, manner);
        count_play(tally, &play);
        play_done(&play);
    }
}

static double seconds(struct bench_samples *samples, double share)
{
    return (double)bench_percentile(samples, share) / 1000.0;
}

static struct point tell(const char *policy, const char *share, struct tally *tally)
{
    char prefix[96];
    (void)snprintf(prefix, sizeof prefix, "offers.%s.accept_%s", policy, share);
    struct point point = {policy, tally->disturbed / tally->incidents,
                          seconds(&tally->quota_ms, 0.9)};
    double near = (double)tally->near_ms.count;
    bench_line(prefix, "quota_p50_s", seconds(&tally->quota_ms, 0.5), "s");
    bench_line(prefix, "quota_p90_s", point.p90_s, "s");
    bench_line(prefix, "disturbed_mean", point.disturbed, "people");
    bench_line(prefix, "surplus_mean", tally->surplus / tally->incidents, "people");
    bench_line(prefix, "filled_share", tally->filled / tally->incidents, "share");
    bench_line(prefix, "near_p50_s", seconds(&tally->near_ms, 0.5), "s");
    bench_line(prefix, "near_p90_s", seconds(&tally->near_ms, 0.9), "s");
    bench_line(prefix, "near_disturbed_mean", near > 0 ? tally->near_disturbed / near : 0.0,
               "people");
    bench_line(prefix, "whole_team_mean_s",
               tally->filled > 0 ? tally->whole_team_s / tally->filled : 0.0, "s");
    bench_line(prefix, "looks_mean", tally->looks / tally->incidents, "looks");
    bench_line(prefix, "alerts_week_most", tally->week_most, "alerts");
    bench_free(&tally->quota_ms);
    bench_free(&tally->near_ms);
    return point;
}

static size_t run_fixed(struct world *world, const char *share, size_t incidents,
                        struct point *points)
{
    static struct fixed rules[] = {{1, false, false}, {1, true, false},  {3, false, true},
                                   {3, true, true},   {7, false, false}, {7, true, false},
                                   {0, false, false}};
    static const char *const names[] = {"one",   "one_each",   "three", "three_each",
                                        "seven", "seven_each", "all"};
    size_t count = sizeof rules / sizeof rules[0];
    for (size_t i = 0; i < count; i++) {
        struct tally tally = {.incidents = 0.0};
        const struct manner manner = {names[i], &rules[i], fixed_step, NULL};
        run(world, &manner, incidents, 0, &tally);
        points[i] = tell(names[i], share, &tally);
    }
    return count;
}

static size_t dominated_by(const struct point *point, const struct point *others, size_t count)
{
    size_t worse = 0;
    for (size_t i = 0; i < count; i++) {
        worse += others[i].disturbed < point->disturbed && others[i].p90_s < point->p90_s ? 1U : 0U;
    }
    return worse;
}

/* grade 0: as they come; else all of that grade, for the curve that the policy can take. */
static void run_own(struct world *world, const char *share, size_t incidents, uint32_t grade,
                    const struct point *others, size_t count)
{
    static const char *const NAMES[] = {"genxi", "genxi_grade1", "genxi_grade2", "genxi_grade3",
                                        "genxi_grade4"};
    static struct own own;
    char prefix[96];
    struct tally tally = {.incidents = 0.0};
    own_init(&own, &OFFERS_POLICY_DEFAULT);
    const struct manner manner = {NAMES[grade], &own, own_step, own_ended};
    run(world, &manner, incidents, grade, &tally);
    struct point point = tell(NAMES[grade], share, &tally);
    (void)snprintf(prefix, sizeof prefix, "offers.%s.accept_%s", NAMES[grade], share);
    bench_line(prefix, "dominated_by", (double)dominated_by(&point, others, count), "policies");
    bench_line(prefix, "over_bound", own.alerts_over, "alerts");
    bench_line(prefix, "plan_p50_us", (double)bench_percentile(&own.nanoseconds, 0.5) / 1000.0,
               "us");
    bench_line(prefix, "plan_p99_us", (double)bench_percentile(&own.nanoseconds, 0.99) / 1000.0,
               "us");
    own_done(&own);
}

int main(int argc, char **argv)
{
    size_t incidents = argc > 1 ? bench_number(argv[1], 1000000) : INCIDENTS;
    size_t seed = argc > 2 ? bench_number(argv[2], 1000000) : 1;
    for (size_t i = 0; i < sizeof SHARES / sizeof SHARES[0]; i++) {
        struct world world;
        struct point points[POLICIES_MAX];
        world_make(&world, SHARES[i].accept, seed);
        size_t count = run_fixed(&world, SHARES[i].name, incidents, points);
        for (uint32_t grade = 0; grade <= OFFERS_GRADES; grade++) {
            run_own(&world, SHARES[i].name, incidents, grade, points, count);
        }
        world_free(&world);
    }
    return 0;
}
