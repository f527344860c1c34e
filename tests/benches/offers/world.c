/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "../bench.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const int64_t START_MS = 1790000000000;
enum {
    BETWEEN_MS = 20 * 60 * 1000 /* from one incident to the next */
};

/* People of each force a square kilometre, and the district's side. */
static const double DENSITY[DISTRICTS] = {4.0, 15.0, 60.0};
static const double SIDE_M[DISTRICTS] = {8000.0, 7000.0, 7000.0};

/* ---- chance, from what it is about ---- */

enum draw {
    DRAW_X,
    DRAW_Y,
    DRAW_NATURE,
    DRAW_PACE,
    DRAW_DISTRICT,
    DRAW_FORCE,
    DRAW_QUOTA,
    DRAW_GRADE,
    DRAW_OFFER,
    DRAW_HOUR,
    DRAW_KIND,
    DRAW_DELAY,
    DRAW_ANGLE,
    DRAW_TAIL
};

/* In (0, 1), the same for the same three. */
static double chance(enum draw what, uint64_t a, uint64_t b)
{
    uint64_t z = (uint64_t)what * 0x9E3779B97F4A7C15U + a * 0xD1B54A32D192ED03U +
                 b * 0x8CB92BA72F3D8DD7U + 20261124U;
    for (int i = 0; i < 3; i++) {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        z ^= z >> 31;
    }
    return ((double)(z >> 11) + 0.5) * 0x1.0p-53;
}

static uint32_t pick(enum draw what, uint64_t a, uint32_t below)
{
    return (uint32_t)(chance(what, a, 0) * below);
}

static double normal(uint64_t a, uint64_t b)
{
    double r = sqrt(-2.0 * log(chance(DRAW_DELAY, a, b)));
    return r * cos(2.0 * M_PI * chance(DRAW_ANGLE, a, b));
}

/* ---- people ---- */

static uint64_t key_of(const struct world *world, size_t number)
{
    return (world->seed << 32) + number;
}

static void make_person(struct person *person, uint64_t key, int force, double side_m,
                        double accept)
{
    *person = (struct person){.key = key, .force = force};
    (void)snprintf(person->id, sizeof person->id, "p%" PRIu64, key);
    person->x_m = chance(DRAW_X, key, 1) * side_m;
    person->y_m = chance(DRAW_Y, key, 1) * side_m;
    /* Some nearly always come, some hardly ever; the mean is the district's. */
    double nature = chance(DRAW_NATURE, key, 1);
    person->accept = accept * (0.4 + 1.2 * nature);
    person->decline = 0.55;
    person->median_s = 10.0 + 10.0 * chance(DRAW_PACE, key, 1);
}

void world_make(struct world *world, double accept, uint64_t seed)
{
    *world = (struct world){.seed = seed, .accept = accept};
    uint64_t key = key_of(world, 1);
    for (size_t d = 0; d < DISTRICTS; d++) {
        struct district *district = &world->districts[d];
        size_t each = (size_t)(DENSITY[d] * SIDE_M[d] * SIDE_M[d] / 1e6);
        size_t forces = FORCE_LAST - FORCE_FIRST + 1;
        district->side_m = SIDE_M[d];
        district->people = calloc(each * forces, sizeof *district->people);
        bench_must(district->people != NULL, "memory", "people");
        for (int force = FORCE_FIRST; force <= FORCE_LAST; force++) {
            for (size_t i = 0; i < each; i++) {
                make_person(&district->people[district->count++], key++, force, SIDE_M[d], accept);
            }
        }
    }
}

void world_reset(struct world *world)
{
    for (size_t d = 0; d < DISTRICTS; d++) {
        for (size_t i = 0; i < world->districts[d].count; i++) {
            world->districts[d].people[i].busy_until = 0;
            world->districts[d].people[i].alert_count = 0;
        }
    }
}

void world_free(struct world *world)
{
    for (size_t d = 0; d < DISTRICTS; d++) {
        free(world->districts[d].people);
    }
}

struct incident world_incident(const struct world *world, size_t number)
{
    static const uint32_t OFFER_S[] = {15, 20, 30, 45, 60}; /* as the playbooks have it */
    uint64_t key = key_of(world, number);
    size_t d = pick(DRAW_DISTRICT, key, DISTRICTS);
    return (struct incident){
        .key = key,
        .district = d,
        .at = START_MS + (int64_t)number * BETWEEN_MS,
        .hour = (int)pick(DRAW_HOUR, key, 24),
        .x_m = chance(DRAW_X, key, 2) * world->districts[d].side_m,
        .y_m = chance(DRAW_Y, key, 2) * world->districts[d].side_m,
        .force = FORCE_FIRST + (int)pick(DRAW_FORCE, key, FORCE_LAST - FORCE_FIRST + 1),
        .quota = 1 + pick(DRAW_QUOTA, key, 6),
        .grade = 1 + pick(DRAW_GRADE, key, 4),
        .offer_ms = OFFER_S[pick(DRAW_OFFER, key, 5)] * 1000,
    };
}

/* ---- distance and answer ---- */

static double across(double a, double b, double side)
{
    double d = fabs(a - b);
    return d > side / 2.0 ? side - d : d;
}

double world_distance_m(const struct district *district, const struct person *person,
                        const struct incident *incident)
{
    return hypot(across(person->x_m, incident->x_m, district->side_m),
                 across(person->y_m, incident->y_m, district->side_m));
}

uint32_t world_travel_s(int force, double metres)
{
    static const double MPS[FORCE_LAST + 1] = {0, 8.3, 2.5, 4.0, 1.5};
    return (uint32_t)(metres * 1.4 / MPS[force]) + 1;
}

/* What nobody knows beforehand, when it is mixed: who comes by day, from near, and of which force. */
static double true_accept(const struct world *world, const struct person *person,
                          const struct incident *incident, uint32_t travel_s)
{
    static const double BY_FORCE[FORCE_LAST + 1] = {0, 0, 0.55, 0.35, 0.18};
    if (world->accept > 0.0) {
        return person->accept;
    }
    double nature = 0.4 + 1.2 * chance(DRAW_NATURE, person->key, 1);
    double night = incident->hour < 6 ? 0.4 : 1.0;
    double far = travel_s > 720 ? 0.6 : (travel_s > 360 ? 0.85 : 1.15);
    return fmin(0.97, BY_FORCE[person->force] * nature * night * far);
}

struct answer world_answer(const struct world *world, const struct person *person,
                           const struct incident *incident, uint32_t travel_s)
{
    uint64_t key = person->key;
    double accept = true_accept(world, person, incident, travel_s);
    double kind = chance(DRAW_KIND, key, incident->key);
    /* One in ten has the phone elsewhere and answers late. */
    double late = chance(DRAW_TAIL, key, incident->key) < 0.1 ? 4.0 : 1.0;
    double delay_s = person->median_s * late * exp(0.7 * normal(key, incident->key));
    struct answer answer = {ODDS_UNANSWERED, 0};
    if (kind < accept) {
        answer = (struct answer){ODDS_ACCEPTED, (int64_t)(delay_s * 1000.0)};
    } else if (kind < accept + (1.0 - accept) * person->decline) {
        answer = (struct answer){ODDS_DECLINED, (int64_t)(delay_s * 1000.0)};
    }
    return answer;
}

/* ---- alerts ---- */

void world_alert(struct person *person, int64_t at)
{
    person->alerts[person->alert_count++ % ALERTS_KEPT] = at;
}

uint32_t world_alerts(const struct person *person, int64_t at)
{
    uint32_t kept = person->alert_count < ALERTS_KEPT ? person->alert_count : ALERTS_KEPT;
    uint32_t count = 0;
    for (uint32_t i = 1; i <= kept; i++) {
        count += person->alerts[(person->alert_count - i) % ALERTS_KEPT] > at - WEEK_MS ? 1U : 0U;
    }
    return count;
}
