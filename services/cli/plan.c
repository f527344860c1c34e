/* SPDX-License-Identifier: Apache-2.0 */
/* genxi plan coverage: where to stand with so many units, from tables and a road graph; needs no cluster. */
#include "cli.h"

#include "base/text.h"
#include "plan/plan.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct words {
    const char *pack;
    const char *roads;
    const char *demand;
    const char *candidates;
    const char *fixed;
    const char *posts;
    const char *post_hours;
    const char *within;
    const char *busy;
    const char *seconds;
    const char *geojson;
    const char *lang;
};

/* What is planned with, read and found. */
struct plan {
    bool chinese;
    struct roads *roads;
    struct plan_posts posts; /* candidates, then those that stand */
    struct plan_demand demand;
    struct plan_reach reach;
    uint32_t *fixed;
    uint32_t by_hour[PLAN_HOURS_MAX];
    int64_t within_s;
    int64_t seconds;
    struct coverage_problem problem;
    struct coverage_day day;
};

static int usage(void)
{
    (void)fprintf(
        stderr,
        "usage: genxi plan coverage --pack DIR | --roads FILE --demand CSV --candidates CSV\n"
        "           --posts P[,P...] | --post-hours N   --within SECONDS\n"
        "           [--fixed CSV] [--busy SHARE] [--seconds N] [--geojson OUT] [--lang en|zh-CN]\n"
        "  --posts       how many to choose; with demand by hour, one number for each hour or for "
        "all\n"
        "  --post-hours  with demand by hour: so many hours of a post, spread to where they cover "
        "most\n"
        "  --fixed       posts that stand already; --busy: share of time that a post is not free\n"
        "  --seconds     how long to look for a proof (10)\n");
    return CLI_USAGE;
}

static bool failed(const struct plan *plan, const struct roads_fault *fault)
{
    char text[512];
    (void)fprintf(stderr, "genxi: %s\n",
                  roads_fault_text(fault, plan->chinese ? "zh-CN" : "en", text, sizeof text));
    return false;
}

static bool read_posts(struct plan *plan, const char *path)
{
    struct roads_fault fault = {0};
    return plan_read_posts(plan->roads, path, &plan->posts, &fault) == GX_OK ||
           failed(plan, &fault);
}

/* Graph, candidates, those that stand, demand, and who reaches what. */
static bool load(struct plan *plan, const struct words *words)
{
    struct roads_fault fault = {0};
    char demand[CLI_PATH_SIZE];
    char candidates[CLI_PATH_SIZE];
    const char *folder = words->pack == NULL ? "." : words->pack;
    cli_path(demand, "%s/demand.csv", folder);
    cli_path(candidates, "%s/candidates.csv", folder);
    enum gx_rc rc = words->roads != NULL ? roads_open(words->roads, &plan->roads, &fault)
                                         : roads_load_pack(folder, &plan->roads, &fault);
    if (rc != GX_OK) {
        return failed(plan, &fault);
    }
    rc = plan_read_demand(plan->roads, words->demand == NULL ? demand : words->demand,
                          &plan->demand, &fault);
    if (rc != GX_OK) {
        return failed(plan, &fault);
    }
    if (!read_posts(plan, words->candidates == NULL ? candidates : words->candidates)) {
        return false;
    }
    uint32_t open = plan->posts.count;
    if (words->fixed != NULL && !read_posts(plan, words->fixed)) {
        return false;
    }
    plan->problem.fixed_count = plan->posts.count - open;
    plan->fixed = calloc((size_t)plan->problem.fixed_count + 1, sizeof *plan->fixed);
    if (plan->fixed == NULL) {
        abort();
    }
    for (uint32_t i = 0; i < plan->problem.fixed_count; i++) {
        plan->fixed[i] = open + i;
    }
    rc = plan_find_reach(plan->roads, &plan->posts, &plan->demand, (uint32_t)plan->within_s * 1000,
                         &plan->reach, &fault);
    return rc == GX_OK || failed(plan, &fault);
}

/* "8" for every hour, or one number for each. */
static bool take_posts(struct plan *plan, const char *text)
{
    char copy[1024];
    if ((size_t)snprintf(copy, sizeof copy, "%s", text) >= sizeof copy) {
        return false;
    }
    uint32_t count = 0;
    bool single = strchr(text, ',') == NULL;
    char *rest = NULL;
    for (char *word = strtok_r(copy, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        int64_t posts = 0;
        if (count == PLAN_HOURS_MAX ||
            gx_parse_int(word, 0, COVERAGE_CANDIDATES_MAX, &posts) != 0) {
            return false;
        }
        plan->by_hour[count++] = (uint32_t)posts;
    }
    while (count > 0 && single && count < plan->demand.hours) {
        plan->by_hour[count++] = plan->by_hour[0];
    }
    return count == plan->demand.hours;
}

static bool set_day(struct plan *plan, const struct words *words)
{
    plan->problem.candidates = plan->posts.count;
    plan->problem.points = plan->demand.count;
    plan->problem.first = plan->reach.first;
    plan->problem.point = plan->reach.point;
    plan->problem.fixed = plan->fixed;
    plan->day = (struct coverage_day){
        .problem = &plan->problem, .hours = plan->demand.hours, .weight = plan->demand.weight};
    if (words->posts != NULL) {
        plan->day.posts = plan->by_hour;
        return take_posts(plan, words->posts);
    }
    int64_t post_hours = 0;
    bool good = gx_parse_int(words->post_hours, 0, COVERAGE_CANDIDATES_MAX, &post_hours) == 0;
    plan->day.post_hours = (uint32_t)post_hours;
    return good;
}

/* Share of the demand that a post covers alone, and that would be lost without it. */
struct worth {
    double alone;
    double lost;
};

static struct worth worth_of(const struct coverage_problem *problem,
                             const struct coverage_result *result, uint32_t place)
{
    uint32_t *others = calloc((size_t)result->count + 1, sizeof *others);
    if (others == NULL) {
        abort();
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < result->count; i++) {
        if (i != place) {
            others[count++] = result->posts[i];
        }
    }
    struct coverage_problem bare = *problem;
    bare.fixed_count = 0;
    double total = result->total > 0.0 ? result->total : 1.0;
    struct worth worth = {
        .alone = coverage_value(&bare, &result->posts[place], 1) / total,
        .lost = (result->covered - coverage_value(problem, others, count)) / total,
    };
    worth.lost = worth.lost > 0.0 ? worth.lost : 0.0; /* sums in another order */
    free(others);
    return worth;
}

static json_t *feature(const struct plan_post *post, struct worth worth, uint32_t hour)
{
    return json_pack("{s:s, s:{s:s, s:[f,f]}, s:{s:s, s:i, s:f, s:f}}", "type", "Feature",
                     "geometry", "type", "Point", "coordinates", post->place.lon, post->place.lat,
                     "properties", "id", post->id, "hour", (int)hour, "covered_alone", worth.alone,
                     "lost_without", worth.lost);
}

static void show_hour(const struct plan *plan, uint32_t hour, const struct coverage_result *result,
                      json_t *features)
{
    struct coverage_problem problem = plan->problem;
    problem.weight = plan->demand.weight + (size_t)hour * problem.points;
    uint32_t number = plan->demand.hour[hour];
    if (plan->demand.hours > 1) {
        (void)printf(plan->chinese ? "\n%u 时:%u 个点位,覆盖 %.3f %%\n"
                                   : "\nhour %u: %u posts, covered %.3f %%\n",
                     number, result->count,
                     100.0 * result->covered / (result->total > 0.0 ? result->total : 1.0));
    }
    (void)printf(plan->chinese
                     ? "  点位                 经度         纬度        单独覆盖   缺它减少\n"
                     : "  post                 lon          lat            alone    only it\n");
    for (uint32_t i = 0; i < result->count; i++) {
        const struct plan_post *post = &plan->posts.items[result->posts[i]];
        struct worth worth = worth_of(&problem, result, i);
        (void)printf("  %-18.40s %11.6f  %11.6f  %8.3f %%  %8.3f %%\n", post->id, post->place.lon,
                     post->place.lat, 100.0 * worth.alone, 100.0 * worth.lost);
        if (features != NULL) {
            (void)json_array_append_new(features, feature(post, worth, number));
        }
    }
}

static void show_proof(const struct plan *plan, const struct coverage_result *day)
{
    double share = 100.0 / (day->total > 0.0 ? day->total : 1.0);
    (void)printf(plan->chinese ? "\n覆盖需求的 %.3f %%(贪心法:%.3f %%)\n"
                               : "\ncovered %.3f %% of the demand (greedy: %.3f %%)\n",
                 day->covered * share, day->greedy * share);
    if (day->proved) {
        (void)printf(plan->chinese
                         ? "已证明最优:上界 %.3f %%,差距 0,用时 %.2f 秒\n"
                         : "proved: no choice covers more (bound %.3f %%, gap 0, %.2f s)\n",
                     day->bound * share, day->seconds);
    } else {
        (void)printf(
            plan->chinese
                ? "未证明最优:上界 %.3f %%,差距 %.3f 个百分点,用时 %.2f 秒\n"
                : "not proved: no choice covers more than %.3f %%, gap %.3f points, %.2f s\n",
            day->bound * share, (day->bound - day->covered) * share, day->seconds);
    }
    const char *attribution = roads_about(plan->roads).attribution;
    if (attribution[0] != '\0') {
        (void)printf(plan->chinese ? "数据来源:%s\n" : "data: %s\n", attribution);
    }
}

static bool write_geojson(const struct plan *plan, const struct coverage_result *day,
                          json_t *features, const char *path)
{
    double total = day->total > 0.0 ? day->total : 1.0;
    json_t *all =
        json_pack("{s:s, s:s, s:f, s:f, s:b, s:O}", "type", "FeatureCollection", "attribution",
                  roads_about(plan->roads).attribution, "covered", day->covered / total, "bound",
                  day->bound / total, "proved", (int)day->proved, "features", features);
    bool good =
        all != NULL && json_dump_file(all, path, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0;
    json_decref(all);
    if (!good) {
        (void)fprintf(
            stderr, plan->chinese ? "genxi: 无法写入 %s\n" : "genxi: %s cannot be written\n", path);
    }
    return good;
}

static int solve(const struct plan *plan, const char *geojson)
{
    struct coverage_result hours[PLAN_HOURS_MAX];
    struct coverage_result day;
    const struct coverage_effort effort = {.seconds = (double)plan->seconds};
    enum gx_rc rc = coverage_solve_day(&plan->day, &effort, &day, hours);
    if (rc != GX_OK) {
        (void)fprintf(stderr, "genxi: plan: %s\n", gx_rc_text(rc));
        return CLI_FAILED;
    }
    (void)printf(plan->chinese
                     ? "%s:%u 个需求点,%u 个备选点位,%u 个已有点位,%lld 秒内到达\n"
                     : "%s: %u places of demand, %u candidates, %u standing, within %lld s\n",
                 roads_about(plan->roads).name, plan->demand.count,
                 plan->posts.count - plan->problem.fixed_count, plan->problem.fixed_count,
                 (long long)plan->within_s);
    if (plan->demand.rows_without_road > 0) {
        (void)printf(plan->chinese
                         ? "%u 行需求附近无道路,按不可达计\n"
                         : "%u rows of demand have no road near and count as not reached\n",
                     plan->demand.rows_without_road);
    }
    json_t *features = geojson == NULL ? NULL : json_array();
    for (uint32_t hour = 0; hour < plan->demand.hours; hour++) {
        show_hour(plan, hour, &hours[hour], features);
        coverage_result_done(&hours[hour]);
    }
    show_proof(plan, &day);
    bool good = geojson == NULL || write_geojson(plan, &day, features, geojson);
    json_decref(features);
    coverage_result_done(&day);
    return good ? CLI_DONE : CLI_FAILED;
}

static bool take_numbers(struct plan *plan, const struct words *words)
{
    plan->seconds = 10;
    return gx_parse_int(words->within, 1, 86400, &plan->within_s) == 0 &&
           (words->seconds == NULL ||
            gx_parse_int(words->seconds, 1, 86400, &plan->seconds) == 0) &&
           (words->busy == NULL ||
            gx_parse_double(words->busy, 0.0, 0.999, &plan->problem.busy) == 0);
}

static bool enough(const struct words *words)
{
    bool files = words->pack != NULL
                     ? words->roads == NULL
                     : words->roads != NULL && words->demand != NULL && words->candidates != NULL;
    return files && words->within != NULL && (words->posts == NULL) != (words->post_hours == NULL);
}

static int coverage(const struct words *words)
{
    struct plan plan = {.chinese = strcmp(cli_lang(words->lang), "zh-CN") == 0};
    if (!enough(words) || !take_numbers(&plan, words)) {
        return usage();
    }
    int code = CLI_FAILED;
    if (load(&plan, words)) {
        code = set_day(&plan, words) ? solve(&plan, words->geojson) : usage();
    }
    plan_reach_done(&plan.reach);
    plan_demand_done(&plan.demand);
    plan_posts_done(&plan.posts);
    free(plan.fixed);
    roads_free(plan.roads);
    return code;
}

int cli_plan(int argc, char **argv)
{
    struct words words = {0};
    const struct cli_option options[] = {{"pack", &words.pack, false},
                                         {"roads", &words.roads, false},
                                         {"demand", &words.demand, false},
                                         {"candidates", &words.candidates, false},
                                         {"fixed", &words.fixed, false},
                                         {"posts", &words.posts, false},
                                         {"post-hours", &words.post_hours, false},
                                         {"within", &words.within, false},
                                         {"busy", &words.busy, false},
                                         {"seconds", &words.seconds, false},
                                         {"geojson", &words.geojson, false},
                                         {"lang", &words.lang, false},
                                         {NULL, NULL, false}};
    if (!cli_options(options, &argc, argv) || argc != 1 || strcmp(argv[0], "coverage") != 0) {
        return usage();
    }
    return coverage(&words);
}
