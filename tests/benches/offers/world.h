/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The people of three made-up districts, sparse to dense, and how they answer alerts. What somebody does with an alert depends only on who
 * it is and which incident, so every way of asking meets the same people in the same mood.
 */
#ifndef BENCH_OFFERS_WORLD_H
#define BENCH_OFFERS_WORLD_H

#include "offers/odds.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DISTRICTS = 3,
    FORCE_FIRST = 2, /* guards, patrols, volunteers */
    FORCE_LAST = 4,
    ALERTS_KEPT = 256,
    WEEK_MS = 7 * 24 * 3600 * 1000
};

struct person {
    uint64_t key;
    char id[24];
    int force;
    double x_m;
    double y_m;
    double accept;   /* of all alerts */
    double decline;  /* of those not accepted */
    double median_s; /* of the answer's delay */
    int64_t busy_until;
    int64_t alerts[ALERTS_KEPT]; /* ring of times */
    uint32_t alert_count;
};

struct district {
    double side_m; /* its edges are joined, so that nobody stands at one */
    struct person *people;
    size_t count;
};

struct incident {
    uint64_t key;
    size_t district;
    int64_t at; /* Unix ms */
    int hour;
    double x_m;
    double y_m;
    int force;
    uint32_t quota;
    uint32_t grade;
    uint32_t offer_ms;
};

struct answer {
    enum odds_answer kind; /* UNANSWERED: stays silent */
    int64_t after_ms;
};

struct world {
    uint64_t seed;
    double accept; /* share of alerts accepted; 0: by force, hour and distance, much varied */
    struct district districts[DISTRICTS];
};

/* seed: another draw of people, places and moods. */
void world_make(struct world *world, double accept, uint64_t seed);
/* Everybody free and never alerted. */
void world_reset(struct world *world);
void world_free(struct world *world);

struct incident world_incident(const struct world *world, size_t number);
double world_distance_m(const struct district *district, const struct person *person,
                        const struct incident *incident);
uint32_t world_travel_s(int force, double metres);
struct answer world_answer(const struct world *world, const struct person *person,
                           const struct incident *incident, uint32_t travel_s);
void world_alert(struct person *person, int64_t at);
/* Alerts of the seven days before; ALERTS_KEPT means so many or more. */
uint32_t world_alerts(const struct person *person, int64_t at);

#endif
