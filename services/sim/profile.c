/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <math.h>

const double SIM_CALLS_PER_DAY = 3422 * 0.64;

const double SIM_HOUR_SHARE[24] = {0.0379, 0.0320, 0.0274, 0.0212, 0.0170, 0.0136, 0.0177, 0.0344,
                                   0.0418, 0.0472, 0.0512, 0.0528, 0.0529, 0.0496, 0.0535, 0.0578,
                                   0.0573, 0.0579, 0.0564, 0.0491, 0.0452, 0.0418, 0.0414, 0.0429};

static const struct {
    const char *name;
    double share;
} TYPES[] = {
    {"Traffic Related", 0.1570},
    {"Disturbance", 0.1193},
    {"Patrol By", 0.0927},
    {"Minor Accident", 0.0657},
    {"Welfare Check", 0.0452},
    {"Theft", 0.0338},
    {"Suspicious Person", 0.0315},
    {"Miscellaneous", 0.0272},
    {"Major Accident", 0.0271},
    {"Disturbance Family", 0.0250},
    {"Assault In Progress", 0.0242},
    {"Suspicious Vehicle", 0.0198},
    {"Burglary Vehicle", 0.0160},
    {"Theft of Vehicle", 0.0115},
    {"Threats", 0.0100},
    {"Burglary", 0.0095},
    {"Assault", 0.0074},
    {"Disturbance Neighbor", 0.0067},
};

/* Share of calls in the busiest share of cells that have any. */
static const struct {
    double cells;
    double calls;
} CURVE[] = {{0, 0},        {0.01, 0.152}, {0.05, 0.372}, {0.10, 0.526},
             {0.25, 0.766}, {0.50, 0.929}, {1.0, 1.0}};

double sim_profile_gap_s(int hour, double rate)
{
    double calls_per_hour = SIM_CALLS_PER_DAY * SIM_HOUR_SHARE[hour % 24] * rate;
    return 3600.0 / (calls_per_hour > 0.01 ? calls_per_hour : 0.01);
}

const char *sim_profile_type(struct sim_random *random)
{
    double total = 0;
    for (size_t i = 0; i < GX_COUNT_OF(TYPES); i++) {
        total += TYPES[i].share;
    }
    double dice = sim_random_unit(random) * total;
    for (size_t i = 0; i < GX_COUNT_OF(TYPES); i++) {
        dice -= TYPES[i].share;
        if (dice < 0) {
            return TYPES[i].name;
        }
    }
    return TYPES[0].name;
}

/* The rank (0 = busiest, 1 = quietest) at which a share `calls` of all calls is reached: the curve, read backwards. */
static double rank_of(double calls)
{
    for (size_t i = 1; i < GX_COUNT_OF(CURVE); i++) {
        if (calls <= CURVE[i].calls) {
            double part = (calls - CURVE[i - 1].calls) / (CURVE[i].calls - CURVE[i - 1].calls);
            return CURVE[i - 1].cells + part * (CURVE[i].cells - CURVE[i - 1].cells);
        }
    }
    return 1;
}

struct gx_point sim_profile_place(struct sim *sim)
{
    /* Sites stand where people are; each has four cells around it. Their order of business is a fixed shuffle. */
    double rank = rank_of(sim_random_unit(&sim->random));
    size_t cells = sim->site_count * 4;
    size_t place = (size_t)(rank * (double)(cells - 1));
    struct sim_random shuffle = {sim->options->seed * 1000003 + place};
    uint64_t cell = sim_random_next(&shuffle) % cells;
    struct gx_point at = sim->sites[cell / 4].at;
    double half = 125.0 / 111195.0;
    at.lon += ((cell & 1) != 0 ? half : -half) * (0.2 + 1.6 * sim_random_unit(&sim->random)) /
              cos(at.lat * M_PI / 180);
    at.lat += ((cell & 2) != 0 ? half : -half) * (0.2 + 1.6 * sim_random_unit(&sim->random));
    return at;
}
