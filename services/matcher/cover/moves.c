/* SPDX-License-Identifier: Apache-2.0 */
#include "cover/moves.h"

#include "cover/cover_table.h"

#include <stdlib.h>
#include <string.h>

enum {
    CANDIDATES_MAX = 40, /* nearest of a force tried for one gap */
    PLAN_MAX = 8         /* units that one gap may take */
};

/* A site as it stands now. */
struct standing {
    struct cover_row rows[COVER_NEEDS_MAX + 1];
    size_t count;
};

struct plan {
    size_t gap;
    struct cover_near units[PLAN_MAX];
    size_t count;
    uint32_t seconds; /* of all */
    uint32_t gains;
    int64_t until_at;
};

struct mover {
    struct cover *cover;
    const struct cover_town *town;
    const struct cover_wish *wish;
    struct grid *sites;
    struct standing *standing;                 /* by site */
    bool *gone;                                /* units that are moved by now */
    uint32_t widest_minutes[COVER_FORCES + 1]; /* within which anything is asked of that force */
    enum gx_rc rc;
};

/* ---- as it stands ---- */

static void look(struct mover *mover, size_t site)
{
    struct standing *standing = &mover->standing[site];
    if (mover->rc == GX_OK) {
        mover->rc =
            cover_look(mover->cover, &mover->town->sites[site], standing->rows, &standing->count);
    }
}

static void widen(struct mover *mover, size_t site)
{
    for (size_t i = 0; i < mover->standing[site].count; i++) {
        const struct cover_row *row = &mover->standing[site].rows[i];
        for (unsigned force = 1; force <= COVER_FORCES; force++) {
            uint32_t *widest = &mover->widest_minutes[force];
            bool asked = row->need == COVER_ANY || (unsigned)row->force == force;
            *widest = asked && row->within_minutes > *widest ? row->within_minutes : *widest;
        }
    }
}

/* UINT32_MAX: longer than that. */
static uint32_t seconds_to(struct mover *mover, Genxi__Force force, struct gx_point from,
                           struct gx_point to, uint32_t bound)
{
    const struct travel_from origin = {from, force};
    uint32_t seconds = UINT32_MAX;
    if (mover->rc == GX_OK) {
        mover->rc = cover_seconds(mover->cover, &origin, to, bound, &seconds);
    }
    return seconds;
}

static Genxi__Force force_of(const struct mover *mover, uint32_t unit)
{
    return mover->cover->scene.units[unit].person.force;
}

static double reach_of(const struct mover *mover, Genxi__Force force, uint32_t minutes)
{
    const struct gx_travel *travel = mover->cover->scene.travel;
    return travel->reach_m(travel->self, force, (double)minutes * 60.0);
}

/* Whatever is farther than this from a unit cannot count on it. */
static double widest_of(const struct mover *mover, uint32_t unit)
{
    Genxi__Force force = force_of(mover, unit);
    return reach_of(mover, force, mover->widest_minutes[(unsigned)force]);
}

/* ---- may he be spared? ---- */

struct sparing {
    struct mover *mover;
    uint32_t unit;
    struct gx_point to;
    bool spared;
};

static bool serves(const struct cover_row *row, Genxi__Force force)
{
    return row->force == force || row->need == COVER_ANY;
}

/* Would this row, met by just enough, lose him? Not when he can be there in time from the new place as well. */
static bool loses(struct sparing *sparing, const struct cover_site *site,
                  const struct cover_row *row, double metres)
{
    struct mover *mover = sparing->mover;
    const struct person *person = &mover->cover->scene.units[sparing->unit].person;
    static const struct rule_limits NO_LIMITS = {0};
    const struct occasion occasion = cover_occasion(mover->cover, site);
    uint32_t seconds = row->within_minutes * 60;
    if (row->kind != COVER_MET || row->have != row->want || !serves(row, person->force) ||
        metres > reach_of(mover, person->force, row->within_minutes) ||
        rule_forbidding(person, &occasion, NULL, &NO_LIMITS, RULE_KIND_DUTY) != RULE_NONE) {
        return false;
    }
    struct gx_point from = mover->cover->places[sparing->unit];
    return seconds_to(mover, person->force, from, site->place, seconds) <= seconds &&
           seconds_to(mover, person->force, sparing->to, site->place, seconds) > seconds;
}

static bool spare_at(void *arg, const struct grid_hit *hits, size_t count)
{
    struct sparing *sparing = arg;
    for (size_t h = 0; h < count && sparing->spared; h++) {
        const struct standing *standing = &sparing->mover->standing[hits[h].number];
        const struct cover_site *site = &sparing->mover->town->sites[hits[h].number];
        for (size_t i = 0; i < standing->count && sparing->spared; i++) {
            sparing->spared = !loses(sparing, site, &standing->rows[i], hits[h].metres);
        }
    }
    return sparing->spared;
}

static bool may_be_spared(struct mover *mover, uint32_t unit, struct gx_point to)
{
    struct sparing sparing = {mover, unit, to, true};
    grid_near(mover->sites, 0, mover->cover->places[unit], widest_of(mover, unit), spare_at,
              &sparing);
    return sparing.spared;
}

/* ---- moving ---- */

struct relook {
    struct mover *mover;
    uint32_t gains;
    uint32_t losses;
};

/* The rows of a site are the same ones in the same order at every look. */
static void relook_one(struct relook *relook, uint32_t number)
{
    struct standing *standing = &relook->mover->standing[number];
    const struct standing before = *standing;
    look(relook->mover, number);
    for (size_t i = 0; i < before.count && i < standing->count; i++) {
        bool was = before.rows[i].kind == COVER_MET;
        bool is = standing->rows[i].kind == COVER_MET;
        relook->gains += is && !was ? 1U : 0U;
        relook->losses += was && !is ? 1U : 0U;
    }
}

static bool relook_at(void *arg, const struct grid_hit *hits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        relook_one(arg, hits[i].number);
    }
    return true;
}

/* Both where he was and where he is. */
static void move(struct mover *mover, uint32_t unit, struct gx_point to, struct relook *relook)
{
    struct gx_point from = mover->cover->places[unit];
    double radius_m = widest_of(mover, unit);
    cover_put(mover->cover, unit, to);
    grid_near(mover->sites, 0, from, radius_m, relook_at, relook);
    grid_near(mover->sites, 0, to, radius_m, relook_at, relook);
}

/* ---- a plan for one gap ---- */

static int nearer(const void *a, const void *b)
{
    const struct cover_near *x = a;
    const struct cover_near *y = b;
    return (x->seconds > y->seconds) - (x->seconds < y->seconds);
}

static const struct cover_row *row_of(const struct mover *mover, const struct cover_gap *gap)
{
    const struct standing *standing = &mover->standing[gap->site];
    for (size_t i = 0; i < standing->count; i++) {
        if (standing->rows[i].need == gap->need) {
            return &standing->rows[i];
        }
    }
    return NULL;
}

static int by_seconds_and_id(const struct mover *mover, const struct cover_near *a,
                             const struct cover_near *b)
{
    int order = nearer(a, b);
    const struct cover_unit *units = mover->cover->scene.units;
    return order != 0 ? order : strcmp(units[a->unit].person.id, units[b->unit].person.id);
}

/* Insertion: few, and nearly in order already. */
static void in_order(const struct mover *mover, struct cover_near *near, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct cover_near one = near[i];
        size_t at = i;
        while (at > 0 && by_seconds_and_id(mover, &one, &near[at - 1]) < 0) {
            near[at] = near[at - 1];
            at--;
        }
        near[at] = one;
    }
}

/* Those that might go, of one force or of any: the nearest first. */
static size_t candidates(struct mover *mover, const struct cover_site *site,
                         const struct cover_row *row, struct cover_near *found)
{
    struct cover_near near[COVER_NEAR_MAX];
    size_t count = 0;
    for (unsigned force = 1; force <= COVER_FORCES && mover->rc == GX_OK; force++) {
        size_t reached = 0;
        size_t taken = 0;
        if (!serves(row, (Genxi__Force)force)) {
            continue;
        }
        mover->rc = cover_reaching(mover->cover, site, (Genxi__Force)force,
                                   mover->wish->longest_seconds, near, &reached);
        in_order(mover, near, reached);
        for (size_t i = 0; i < reached && taken < CANDIDATES_MAX; i++) {
            uint32_t unit = near[i].unit;
            bool fits = near[i].seconds > row->within_minutes * 60 && !mover->gone[unit] &&
                        !mover->cover->scene.units[unit].moved;
            if (fits) {
                found[count++] = near[i];
                taken++;
            }
        }
    }
    in_order(mover, found, count);
    return count;
}

static int64_t until_of(const struct mover *mover, const struct cover_site *site,
                        const struct cover_row *row)
{
    const struct cover_scene *scene = &mover->cover->scene;
    int64_t until = INT64_MAX;
    for (size_t i = 0; i < site->need_count; i++) {
        const struct cover_need *need = &site->needs[i];
        bool meant = row->need == COVER_ANY ? need->within_minutes == row->within_minutes
                                            : (int32_t)i == row->need;
        if (meant && cover_need_asks(need, scene->minute)) {
            int64_t own = cover_need_until(need, scene->at, scene->minute);
            until = own < until ? own : until;
        }
    }
    return until;
}

/* What else those would meet who stand at `at`: for the order of plans only. */
struct estimate {
    struct mover *mover;
    const struct plan *plan;
    struct gx_point at;
    uint32_t gains;
};

static void estimate_one(struct estimate *estimate, uint32_t number)
{
    struct mover *mover = estimate->mover;
    const struct standing *standing = &mover->standing[number];
    Genxi__Force force = force_of(mover, estimate->plan->units[0].unit);
    for (size_t i = 0; i < standing->count; i++) {
        const struct cover_row *row = &standing->rows[i];
        uint32_t within = row->within_minutes * 60;
        bool short_by_them = row->kind != COVER_MET && serves(row, force) &&
                             row->want - row->have <= estimate->plan->count;
        if (short_by_them && seconds_to(mover, force, estimate->at,
                                        mover->town->sites[number].place, within) <= within) {
            estimate->gains++;
        }
    }
}

static bool estimate_at(void *arg, const struct grid_hit *hits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        estimate_one(arg, hits[i].number);
    }
    return true;
}

static const struct cover_row *open_row(const struct mover *mover, const struct cover_gap *gap)
{
    const struct cover_row *row = row_of(mover, gap);
    bool open = row != NULL && (row->kind == COVER_AREA || row->kind == COVER_FIRST) &&
                row->want - row->have <= PLAN_MAX;
    return open ? row : NULL;
}

/* The nearest that can be spared, each for himself; false: it cannot be closed so, or is closed. */
static bool make_plan(struct mover *mover, size_t index, struct plan *plan)
{
    const struct cover_gap *gap = &mover->wish->gaps[index];
    const struct cover_site *site = &mover->town->sites[gap->site];
    const struct cover_row *row = open_row(mover, gap);
    struct cover_near near[CANDIDATES_MAX * COVER_FORCES];
    *plan = (struct plan){.gap = index};
    if (row == NULL) {
        return false;
    }
    uint32_t missing = row->want - row->have;
    size_t count = candidates(mover, site, row, near);
    for (size_t i = 0; i < count && plan->count < missing && mover->rc == GX_OK; i++) {
        if (may_be_spared(mover, near[i].unit, site->place)) {
            plan->units[plan->count++] = near[i];
            plan->seconds += near[i].seconds;
        }
    }
    if (plan->count < missing) {
        return false;
    }
    struct estimate estimate = {mover, plan, site->place, 0};
    grid_near(mover->sites, 0, site->place, widest_of(mover, plan->units[0].unit), estimate_at,
              &estimate);
    plan->gains = estimate.gains;
    return mover->rc == GX_OK;
}

/* One after the other, each judged as it stands by then; when it does not come about, or something is lost, all is taken back. */
static bool carry_out(struct mover *mover, size_t index, struct plan *plan)
{
    const struct cover_gap *gap = &mover->wish->gaps[index];
    const struct cover_site *site = &mover->town->sites[gap->site];
    const struct cover_row *row = open_row(mover, gap);
    struct cover_near near[CANDIDATES_MAX * COVER_FORCES];
    struct gx_point from[PLAN_MAX];
    struct relook relook = {.mover = mover};
    *plan = (struct plan){.gap = index};
    if (row == NULL) {
        return false;
    }
    size_t missing = row->want - row->have;
    plan->until_at = until_of(mover, site, row);
    size_t count = candidates(mover, site, row, near);
    for (size_t i = 0; i < count && plan->count < missing && mover->rc == GX_OK; i++) {
        uint32_t unit = near[i].unit;
        if (may_be_spared(mover, unit, site->place)) {
            from[plan->count] = mover->cover->places[unit];
            plan->units[plan->count++] = near[i];
            mover->gone[unit] = true;
            move(mover, unit, site->place, &relook);
        }
    }
    plan->gains = relook.gains;
    row = row_of(mover, gap);
    bool good = relook.losses == 0 && row != NULL && row->kind == COVER_MET;
    for (size_t i = good ? 0 : plan->count; i > 0; i--) {
        mover->gone[plan->units[i - 1].unit] = false;
        move(mover, plan->units[i - 1].unit, from[i - 1], &relook);
    }
    return good && mover->rc == GX_OK;
}

/* ---- all of them ---- */

/* Needs met a second: a / b is more than c / d. */
static int compare_plans(const void *one, const void *other, void *arg)
{
    const struct plan *a = one;
    const struct plan *b = other;
    const struct mover *mover = arg;
    uint64_t x = (uint64_t)a->gains * b->seconds;
    uint64_t y = (uint64_t)b->gains * a->seconds;
    if (x != y) {
        return x > y ? -1 : 1;
    }
    const struct cover_gap *gaps = mover->wish->gaps;
    return strcmp(gaps[a->gap].id, gaps[b->gap].id);
}

static int64_t duty_end(const struct mover *mover, uint32_t unit)
{
    return mover->cover->scene.units[unit].until_at;
}

static size_t write_moves(const struct mover *mover, const struct plan *plan,
                          struct cover_move *moves)
{
    for (size_t i = 0; i < plan->count; i++) {
        int64_t duty = duty_end(mover, plan->units[i].unit);
        moves[i] = (struct cover_move){
            .unit = plan->units[i].unit,
            .gap = plan->gap,
            .seconds = plan->units[i].seconds,
            .gains = plan->gains,
            .until_at = duty < plan->until_at ? duty : plan->until_at,
        };
    }
    return plan->count;
}

/* What was planned may have been overtaken by those before it: each is made as it stands by then. */
static size_t choose(struct mover *mover, struct plan *plans, size_t count,
                     struct cover_move *moves)
{
    size_t made = 0;
    qsort_r(plans, count, sizeof *plans, compare_plans, mover);
    for (size_t i = 0; i < count && mover->rc == GX_OK; i++) {
        struct plan plan;
        bool room = made + plans[i].count <= mover->wish->most;
        if (room && carry_out(mover, plans[i].gap, &plan)) {
            made += write_moves(mover, &plan, moves + made);
        }
    }
    return made;
}

static void *must(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

enum gx_rc cover_moves(struct cover *cover, const struct cover_town *town,
                       const struct cover_wish *wish, struct cover_move *moves, size_t *ret_count)
{
    size_t count = wish->gap_count < COVER_GAPS_MAX ? wish->gap_count : COVER_GAPS_MAX;
    struct plan *plans = must(calloc(count + 1, sizeof *plans));
    struct mover mover = {
        .cover = cover,
        .town = town,
        .wish = wish,
        .sites = grid_new(),
        .standing = must(calloc(town->count + 1, sizeof *mover.standing)),
        .gone = must(calloc(cover->scene.unit_count + 1, sizeof *mover.gone)),
    };
    for (size_t i = 0; i < town->count; i++) {
        grid_put(mover.sites, (uint32_t)i, 0, town->sites[i].place);
        look(&mover, i);
        widen(&mover, i);
    }
    size_t planned = 0;
    for (size_t i = 0; i < count && mover.rc == GX_OK; i++) {
        planned += make_plan(&mover, i, &plans[planned]) ? 1U : 0U;
    }
    *ret_count = choose(&mover, plans, planned, moves);
    grid_free(mover.sites);
    free(mover.standing);
    free(mover.gone);
    free(plans);
    return mover.rc;
}
