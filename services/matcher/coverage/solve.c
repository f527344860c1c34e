/* SPDX-License-Identifier: Apache-2.0 */
/* Branch and bound: a good choice first, then bounds that decide about most candidates, then one candidate after the other. */
#include "coverage/relax.h"
#include "coverage/search.h"

#include <math.h>
#include <string.h>

enum {
    KICKS = 12 /* restarts of the exchange search before the first bound */
};

/* How hard a bound is sought: far from the best prices at the root, near them elsewhere. */
struct care {
    uint32_t steps;
    uint32_t patience;
    double boldness;
};
static const struct care ROOT_CARE = {2000, 30, 1.0};
static const struct care NODE_CARE = {150, 15, 0.5};

struct tree {
    const struct part *root;
    uint32_t *place; /* by the problem's candidate: position in root */
    double tolerance;
    double deadline;    /* 0: none */
    uint64_t max_steps; /* UINT64_MAX: no limit */
    uint64_t steps;
    uint64_t nodes;
    double covered;   /* by the best choice known */
    uint32_t *best;   /* positions in root, root->posts */
    uint32_t *trial;  /* the same, working memory */
    uint32_t *chosen; /* the problem's candidates that are in at this node */
    uint32_t chosen_count;
};

static bool spent(const struct tree *tree)
{
    return tree->steps >= tree->max_steps ||
           (tree->deadline > 0.0 && coverage_now() > tree->deadline);
}

/* Improves the trial by exchanges and keeps it when it is the best. */
static void offer_trial(struct tree *tree)
{
    double value =
        search_improve(tree->root, tree->tolerance, tree->max_steps, tree->trial, &tree->steps);
    if (value > tree->covered) {
        tree->covered = value;
        memcpy(tree->best, tree->trial, tree->root->posts * sizeof(uint32_t));
    }
}

static void offer_completed(struct tree *tree, const struct part *part, const uint32_t *rest)
{
    for (uint32_t i = 0; i < tree->chosen_count; i++) {
        tree->trial[i] = tree->place[tree->chosen[i]];
    }
    for (uint32_t i = 0; i < part->posts; i++) {
        tree->trial[tree->chosen_count + i] = tree->place[part->id[rest[i]]];
    }
    offer_trial(tree);
}

/* The node's best choice when it beats the best, and the one that its bound leans to. */
static void offer_choices(struct tree *tree, const struct part *part, const struct relax *relax)
{
    if (relax->value > tree->covered + tree->tolerance) {
        offer_completed(tree, part, relax->best);
    }
    if (relax->bound > tree->covered + tree->tolerance && !spent(tree)) {
        offer_completed(tree, part, relax->leaning);
    }
}

/* Puts the decided part in the place of the old one. */
static void apply(struct tree *tree, struct part *part, const uint8_t *fate)
{
    for (uint32_t c = 0; c < part->candidates; c++) {
        if (fate[c] == FATE_IN) {
            tree->chosen[tree->chosen_count++] = part->id[c];
        }
    }
    struct part smaller;
    part_decide(part, fate, &smaller);
    part_done(part);
    *part = smaller;
}

/* The candidate whose part in the bound is least clear; the higher score of two alike. */
static uint32_t branch_candidate(const struct part *part, const struct relax *relax)
{
    uint32_t best = 0;
    double least = HUGE_VAL;
    for (uint32_t c = 0; c < part->candidates; c++) {
        double doubt = fabs(relax->share[c] - 0.5);
        if (doubt < least || (doubt == least && relax->score[c] > relax->score[best])) {
            least = doubt;
            best = c;
        }
    }
    return best;
}

static double bound_part(struct tree *tree, struct part *part, const struct care *care,
                         struct relax *ret_relax)
{
    uint64_t left = tree->max_steps - tree->steps;
    relax_run(part,
              (struct relax_stop){.target = tree->covered,
                                  .tolerance = tree->tolerance,
                                  .steps = care->steps < left ? care->steps : (uint32_t)left,
                                  .boldness = care->boldness,
                                  .patience = care->patience,
                                  .deadline = tree->deadline},
              ret_relax);
    tree->steps += ret_relax->steps;
    offer_choices(tree, part, ret_relax);
    return ret_relax->bound;
}

static double explore(struct tree *tree, struct part *part, double bound, const struct care *care);

/* Decides what the bound decides, else explores one candidate's being in and takes it out. Returns the bound of what was explored. */
static double narrow(struct tree *tree, struct part *part, const struct relax *relax, double bound)
{
    double explored = -HUGE_VAL;
    uint8_t *fate = coverage_alloc(part->candidates, 1);
    if (relax_fates(part, relax, tree->covered, fate) == 0) {
        uint32_t c = branch_candidate(part, relax);
        uint32_t count = tree->chosen_count;
        tree->chosen[tree->chosen_count++] = part->id[c];
        fate[c] = FATE_IN;
        struct part child;
        part_decide(part, fate, &child);
        explored = explore(tree, &child, bound, &NODE_CARE);
        part_done(&child);
        tree->chosen_count = count;
        fate[c] = FATE_OUT;
    }
    apply(tree, part, fate);
    free(fate);
    return explored;
}

/* No choice in this part covers more than what is returned, nor more than `bound`. Uses the part up. */
static double explore(struct tree *tree, struct part *part, double bound, const struct care *care)
{
    uint32_t count = tree->chosen_count;
    double explored = -HUGE_VAL;
    tree->nodes++;
    while (!spent(tree)) {
        struct relax relax;
        double found = bound_part(tree, part, care, &relax);
        bound = found < bound ? found : bound;
        bool closed = bound <= tree->covered + tree->tolerance;
        if (!closed && !spent(tree)) {
            double child = narrow(tree, part, &relax, bound);
            explored = child > explored ? child : explored;
        }
        relax_done(&relax);
        if (closed) {
            break;
        }
        care = &NODE_CARE;
    }
    tree->chosen_count = count;
    return bound > explored ? bound : explored;
}

static bool valid(const struct coverage_problem *problem)
{
    if (problem->candidates > COVERAGE_CANDIDATES_MAX || problem->points > COVERAGE_POINTS_MAX ||
        !(problem->busy >= 0.0 && problem->busy < 1.0) || problem->first[0] != 0) {
        return false;
    }
    double total = 0.0;
    for (uint32_t i = 0; i < problem->points; i++) {
        if (!(problem->weight[i] >= 0.0)) {
            return false;
        }
        total += problem->weight[i];
    }
    if (!isfinite(total)) {
        return false;
    }
    for (uint32_t c = 0; c < problem->candidates; c++) {
        if (problem->first[c + 1] < problem->first[c]) {
            return false;
        }
        for (uint32_t k = problem->first[c]; k < problem->first[c + 1]; k++) {
            if (problem->point[k] >= problem->points ||
                (k > problem->first[c] && problem->point[k] <= problem->point[k - 1])) {
                return false;
            }
        }
    }
    bool good = true;
    uint8_t *seen = coverage_alloc(problem->candidates, 1);
    for (uint32_t i = 0; i < problem->fixed_count && good; i++) {
        good = problem->fixed[i] < problem->candidates && seen[problem->fixed[i]]++ == 0;
    }
    free(seen);
    return good;
}

static void tree_init(struct tree *tree, const struct coverage_problem *problem,
                      const struct coverage_effort *effort, const struct part *root, double started)
{
    *tree = (struct tree){
        .root = root,
        .place = coverage_alloc(problem->candidates, sizeof(uint32_t)),
        .deadline = effort->seconds > 0.0 ? started + effort->seconds : 0.0,
        .max_steps = effort->steps > 0 ? effort->steps : UINT64_MAX,
        .covered = -HUGE_VAL,
        .best = coverage_alloc(root->posts, sizeof(uint32_t)),
        .trial = coverage_alloc(root->posts, sizeof(uint32_t)),
        .chosen = coverage_alloc(root->posts, sizeof(uint32_t)),
    };
    for (uint32_t c = 0; c < root->candidates; c++) {
        tree->place[root->id[c]] = c;
    }
}

static void tree_done(struct tree *tree)
{
    free(tree->place);
    free(tree->best);
    free(tree->trial);
    free(tree->chosen);
}

static double greedy_value(const struct part *all)
{
    uint32_t *chosen = coverage_alloc(all->posts, sizeof(uint32_t));
    search_greedy(all, chosen);
    double value = part_value(all, chosen, all->posts);
    free(chosen);
    return value;
}

/* Greedy, exchanges, and a few restarts from the best with a quarter of the posts moved. */
static void first_choice(struct tree *tree)
{
    search_greedy(tree->root, tree->trial);
    offer_trial(tree);
    uint64_t seed = 0x5851f42d4c957f2dU;
    for (uint32_t i = 0; i < KICKS && !spent(tree); i++) {
        memcpy(tree->trial, tree->best, tree->root->posts * sizeof(uint32_t));
        search_kick(tree->root, 1 + tree->root->posts / 4, &seed, tree->trial);
        offer_trial(tree);
    }
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void keep_result(const struct tree *tree, double bound, struct coverage_result *result)
{
    result->count = tree->root->posts;
    result->posts = coverage_alloc(result->count, sizeof(uint32_t));
    for (uint32_t i = 0; i < result->count; i++) {
        result->posts[i] = tree->root->id[tree->best[i]];
    }
    qsort(result->posts, result->count, sizeof(uint32_t), by_number);
    result->covered = tree->covered;
    result->proved = bound <= tree->covered + tree->tolerance;
    result->bound = result->proved ? tree->covered : bound;
    result->nodes = tree->nodes;
    result->steps = tree->steps;
}

/* The part without candidates that others replace. */
static void without_dominated(const struct part *all, struct part *ret_part)
{
    uint8_t *fate = coverage_alloc(all->candidates, 1);
    (void)part_dominated(all, fate);
    part_decide(all, fate, ret_part);
    free(fate);
}

enum gx_rc coverage_solve(const struct coverage_problem *problem,
                          const struct coverage_effort *effort, struct coverage_result *ret_result)
{
    double started = coverage_now();
    if (!valid(problem)) {
        return GX_INVALID;
    }
    struct coverage_result result = {0};
    for (uint32_t i = 0; i < problem->points; i++) {
        result.total += problem->weight[i];
    }
    struct part open;
    struct part root;
    part_from_problem(problem, &open);
    result.greedy = greedy_value(&open);
    without_dominated(&open, &root);
    part_done(&open);

    struct tree tree;
    tree_init(&tree, problem, effort, &root, started);
    tree.tolerance = COVERAGE_TOLERANCE * result.total;
    first_choice(&tree);
    without_dominated(&root, &open);
    relax_start(&open);
    double bound = explore(&tree, &open, result.total, &ROOT_CARE);
    keep_result(&tree, bound, &result);
    part_done(&open);
    part_done(&root);
    tree_done(&tree);
    result.seconds = coverage_now() - started;
    *ret_result = result;
    return GX_OK;
}

void coverage_result_done(struct coverage_result *result)
{
    free(result->posts);
    *result = (struct coverage_result){0};
}

double coverage_value(const struct coverage_problem *problem, const uint32_t *chosen, size_t count)
{
    double *rest = coverage_alloc(problem->points, sizeof(double));
    uint8_t *stands = coverage_alloc(problem->candidates, 1);
    memcpy(rest, problem->weight, problem->points * sizeof(double));
    for (uint32_t i = 0; i < problem->fixed_count; i++) {
        stands[problem->fixed[i]] = 1;
    }
    for (size_t i = 0; i < count; i++) {
        stands[chosen[i]] = 1;
    }
    double value = 0.0;
    for (uint32_t c = 0; c < problem->candidates; c++) {
        for (uint32_t k = problem->first[c]; stands[c] != 0 && k < problem->first[c + 1]; k++) {
            value += rest[problem->point[k]] * (1.0 - problem->busy);
            rest[problem->point[k]] *= problem->busy;
        }
    }
    free(rest);
    free(stands);
    return value;
}
