/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a big city's calls look like, as figures: shares by local hour and type, and how much of all calls falls into the busiest 250 m cells. Derived
 * from the public police calls of San Antonio, Texas (MIT licence, mirror ryan-serpico/sa-sapd-calls-mirror); figures only.
 */
#ifndef SIM_PROFILE_H
#define SIM_PROFILE_H

#include "sim.h"

/* Calls in a day there, median; 1.4 million people. Xishan has about 0.9 million: the generator takes 0.64 of it. */
extern const double SIM_CALLS_PER_DAY;
extern const double SIM_HOUR_SHARE[24];

/* The mean time between two calls at this local hour, seconds, at `rate` times the profile. */
double sim_profile_gap_s(int hour, double rate);
/* A type by its share, as written there. */
const char *sim_profile_type(struct sim_random *random);
/* A place: cells of 250 m, ranked by a seeded shuffle of the sites' neighbourhoods, drawn by the concentration's curve. */
struct gx_point sim_profile_place(struct sim *sim);

#endif
