/* SPDX-License-Identifier: Apache-2.0 */
#include "offers/odds.h"

#include <math.h>

enum {
    COUNTS = ODDS_HOURS * ODDS_DISTANCES * 3, /* a force's counts; its answer times follow */
    FORCE_CELLS = COUNTS + 2 * ODDS_BUCKETS
};

/* Sums are written in units that grow with time, so that adding needs no fading: 2026-01-01, Unix ms. */
static const double EPOCH_MS = 1767225600000.0;
static const double DAY_MS = 86400000.0;

/* Alerts that a force's answer times must number to weigh as much as everybody's. */
static const double TIMES_WEIGHT = 30.0;

static const double EDGES_S[ODDS_BUCKETS + 1] = {0,  2,  4,  6,  8,  10,  13,  16,  20, 25,
                                                 30, 36, 45, 60, 80, 120, 180, 300, 600};

const struct odds_policy ODDS_POLICY_DEFAULT = {
    .accept = 0.30,
    .decline = 0.35,
    .prior_alerts = 20.0,
    .parent_alerts = 20.0,
    .answer_median_s = 15.0,
    .answer_spread = 0.8,
    .half_life_days = 60.0,
};

struct counts {
    double of[3]; /* by enum odds_answer; UNANSWERED: silent for good */
};

double odds_edge_ms(size_t i)
{
    return EDGES_S[i] * 1000.0;
}

void odds_init(struct odds *odds, const struct odds_policy *policy)
{
    *odds = (struct odds){.policy = *policy};
}

enum gx_rc odds_load(struct odds *odds, const struct odds_change *cells, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (cells[i].cell >= ODDS_CELLS || !isfinite(cells[i].sum) || cells[i].sum < 0.0) {
            return GX_INVALID;
        }
    }
    for (size_t i = 0; i < count; i++) {
        odds->sums[cells[i].cell] += cells[i].sum;
    }
    return GX_OK;
}

size_t odds_cells(const struct odds *odds, struct odds_change *cells)
{
    size_t count = 0;
    for (size_t i = 0; i < ODDS_CELLS; i++) {
        if (odds->sums[i] > 0.0) {
            cells[count++] = (struct odds_change){(uint16_t)i, odds->sums[i]};
        }
    }
    return count;
}

static int bounded(int value, int least, int most)
{
    return value < least ? least : (value > most ? most : value);
}

struct odds_group odds_group(int force, int local_hour, uint32_t travel_seconds)
{
    int distance = travel_seconds <= 180 ? 0 : (travel_seconds <= 360 ? 1 : 2);
    return (struct odds_group){
        .force = bounded(force, 0, ODDS_FORCES - 1),
        .hour = bounded(local_hour, 0, 23) / 4,
        .distance = travel_seconds > 720 ? 3 : distance,
    };
}

static size_t count_cell(struct odds_group group)
{
    size_t within = (size_t)group.hour * ODDS_DISTANCES + (size_t)group.distance;
    return (size_t)group.force * FORCE_CELLS + within * 3;
}

static size_t time_cell(int force, enum odds_answer answer)
{
    size_t times = (size_t)COUNTS + (answer == ODDS_DECLINED ? ODDS_BUCKETS : 0);
    return (size_t)force * FORCE_CELLS + times;
}

/* What one alert of that moment is worth in the sums' units. */
static double unit_at(const struct odds *odds, int64_t at)
{
    return exp2(((double)at - EPOCH_MS) / (odds->policy.half_life_days * DAY_MS));
}

static void add_counts(const double *sums, double scale, struct counts *to)
{
    for (size_t i = 0; i < 3; i++) {
        to->of[i] += sums[i] * scale;
    }
}

static struct counts group_counts(const struct odds *odds, struct odds_group group, double scale)
{
    struct counts counts = {0};
    add_counts(&odds->sums[count_cell(group)], scale, &counts);
    return counts;
}

static struct counts force_counts(const struct odds *odds, int force, double scale)
{
    struct counts counts = {0};
    const double *sums = &odds->sums[count_cell((struct odds_group){.force = force})];
    for (size_t i = 0; i < COUNTS; i += 3) {
        add_counts(&sums[i], scale, &counts);
    }
    return counts;
}

static double total(const struct counts *counts)
{
    return counts->of[0] + counts->of[1] + counts->of[2];
}

/* The counts' shares, leaning on the parent's as if the parent were so many alerts. */
static struct odds_chance lean(const struct counts *counts, struct odds_chance parent,
                               double alerts)
{
    double all = total(counts);
    return (struct odds_chance){
        .accept = (counts->of[ODDS_ACCEPTED] + alerts * parent.accept) / (all + alerts),
        .decline = (counts->of[ODDS_DECLINED] + alerts * parent.decline) / (all + alerts),
        .alerts = all,
    };
}

struct odds_chance odds_chance(const struct odds *odds, struct odds_group group, int64_t now)
{
    const struct odds_policy *policy = &odds->policy;
    double scale = 1.0 / unit_at(odds, now);
    struct counts all = {0};
    for (int force = 0; force < ODDS_FORCES; force++) {
        struct counts one = force_counts(odds, force, scale);
        add_counts(one.of, 1.0, &all);
    }
    struct counts force = force_counts(odds, group.force, scale);
    struct counts own = group_counts(odds, group, scale);
    struct odds_chance chance = {.accept = policy->accept, .decline = policy->decline};
    chance = lean(&all, chance, policy->prior_alerts);
    chance = lean(&force, chance, policy->parent_alerts);
    return lean(&own, chance, policy->parent_alerts);
}

/* ---- answer times ---- */

static double prior_share(const struct odds_policy *policy, size_t bucket)
{
    double share[2];
    for (size_t i = 0; i < 2; i++) {
        double at = EDGES_S[bucket + i];
        double z = log(at / policy->answer_median_s) / policy->answer_spread; /* -inf at 0 */
        share[i] = bucket + i == ODDS_BUCKETS ? 1.0 : 0.5 * erfc(-z * M_SQRT1_2);
    }
    return share[1] - share[0];
}

static void times_of(const struct odds *odds, int force, enum odds_answer answer, double scale,
                     double *ret_shares)
{
    const double *own = &odds->sums[time_cell(force, answer)];
    double all_count = odds->policy.prior_alerts;
    double own_count = TIMES_WEIGHT;
    double shares[ODDS_BUCKETS];
    for (size_t i = 0; i < ODDS_BUCKETS; i++) {
        shares[i] = prior_share(&odds->policy, i) * odds->policy.prior_alerts;
        for (int f = 0; f < ODDS_FORCES; f++) {
            double seen = odds->sums[time_cell(f, answer) + i] * scale;
            shares[i] += seen;
            all_count += seen;
        }
        own_count += own[i] * scale;
    }
    ret_shares[0] = 0.0;
    for (size_t i = 0; i < ODDS_BUCKETS; i++) {
        double share = own[i] * scale + TIMES_WEIGHT * shares[i] / all_count;
        ret_shares[i + 1] = ret_shares[i] + share / own_count;
    }
}

void odds_times(const struct odds *odds, int force, int64_t now, struct odds_times *ret_times)
{
    double scale = 1.0 / unit_at(odds, now);
    int known = bounded(force, 0, ODDS_FORCES - 1);
    times_of(odds, known, ODDS_ACCEPTED, scale, ret_times->accepted);
    times_of(odds, known, ODDS_DECLINED, scale, ret_times->declined);
}

/* The bucket that holds a time; ODDS_BUCKETS past the last edge. */
static size_t bucket_of(double ms)
{
    size_t i = 0;
    while (i < ODDS_BUCKETS && ms >= odds_edge_ms(i + 1)) {
        i++;
    }
    return i;
}

static double share_by(const double *shares, double ms)
{
    size_t i = bucket_of(ms);
    if (i == ODDS_BUCKETS) {
        return 1.0;
    }
    double from = odds_edge_ms(i);
    double part = (ms - from) / (odds_edge_ms(i + 1) - from);
    return shares[i] + (shares[i + 1] - shares[i]) * part;
}

double odds_within(const struct odds_chance *chance, const struct odds_times *times, double age_ms,
                   double within_ms)
{
    double silent = fmax(0.0, 1.0 - chance->accept - chance->decline);
    double by_now = share_by(times->accepted, age_ms);
    double later = chance->accept * (1.0 - by_now);
    double unanswered =
        later + chance->decline * (1.0 - share_by(times->declined, age_ms)) + silent;
    double soon = chance->accept * (share_by(times->accepted, age_ms + within_ms) - by_now);
    return unanswered <= 0.0 ? 0.0 : fmin(1.0, fmax(0.0, soon / unanswered));
}

/* ---- observing ---- */

struct adding {
    struct odds *odds;
    struct odds_change *changes;
    size_t count;
};

static void add(struct adding *adding, size_t cell, double sum)
{
    if (sum > 0.0) {
        adding->odds->sums[cell] += sum;
        adding->changes[adding->count++] = (struct odds_change){(uint16_t)cell, sum};
    }
}

/* Spreads an answer that is still to come over the times after age, as far as is known today. */
static void add_later(struct adding *adding, size_t first_cell, const double *shares, double age_ms,
                      double weight)
{
    double left = 1.0 - share_by(shares, age_ms);
    for (size_t i = bucket_of(age_ms); i < ODDS_BUCKETS && left > 1e-9; i++) {
        double from = fmax(age_ms, odds_edge_ms(i));
        double share = shares[i + 1] - share_by(shares, from);
        add(adding, first_cell + i, weight * share / left);
    }
}

static void add_unanswered(struct adding *adding, const struct odds_end *end, double unit)
{
    int force = end->group.force;
    struct odds_times times;
    struct odds_chance chance = odds_chance(adding->odds, end->group, end->at);
    odds_times(adding->odds, force, end->at, &times);
    double age = end->age_ms;
    double accept = chance.accept * (1.0 - share_by(times.accepted, age));
    double decline = chance.decline * (1.0 - share_by(times.declined, age));
    double silent = fmax(1e-6, 1.0 - chance.accept - chance.decline);
    double scale = unit / (accept + decline + silent);
    size_t cell = count_cell(end->group);
    add(adding, cell + ODDS_ACCEPTED, accept * scale);
    add(adding, cell + ODDS_DECLINED, decline * scale);
    add(adding, cell + ODDS_UNANSWERED, silent * scale);
    add_later(adding, time_cell(force, ODDS_ACCEPTED), times.accepted, age, accept * scale);
    add_later(adding, time_cell(force, ODDS_DECLINED), times.declined, age, decline * scale);
}

size_t odds_observe(struct odds *odds, const struct odds_end *end, struct odds_change *changes)
{
    struct adding adding = {odds, changes, 0};
    double unit = unit_at(odds, end->at);
    if (end->answer == ODDS_UNANSWERED) {
        add_unanswered(&adding, end, unit);
        return adding.count;
    }
    size_t bucket = bucket_of(end->age_ms);
    bucket = bucket == ODDS_BUCKETS ? ODDS_BUCKETS - 1 : bucket;
    add(&adding, count_cell(end->group) + (size_t)end->answer, unit);
    add(&adding, time_cell(end->group.force, end->answer) + bucket, unit);
    return adding.count;
}
