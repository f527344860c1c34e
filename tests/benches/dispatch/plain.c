/* SPDX-License-Identifier: Apache-2.0 */
#include "plain.h"

#include "base/geo.h"

typedef double measure(struct sim *sim, size_t unit, size_t call);

static double by_line(struct sim *sim, size_t unit, size_t call)
{
    return gx_geo_distance_m(sim_place(sim, unit), sim->stream->calls[call].place);
}

static double by_road(struct sim *sim, size_t unit, size_t call)
{
    return (double)sim_travel_ms(sim, unit, call);
}

static void send_nearest(struct sim *sim, size_t call, size_t slot, measure *distance)
{
    size_t best = sim->unit_count;
    double least = 0;
    for (size_t u = 0; u < sim->unit_count; u++) {
        if (sim->units[u].state != SIM_IDLE || sim_slot(sim, u) != slot) {
            continue;
        }
        double d = distance(sim, u, call);
        if (best == sim->unit_count || d < least) {
            best = u;
            least = d;
        }
    }
    if (best < sim->unit_count) {
        sim_send(sim, best, call);
    }
}

static void opened(struct sim *sim, size_t call, measure *distance)
{
    for (size_t s = 0; s < sim->slots; s++) {
        send_nearest(sim, call, s, distance);
    }
}

static void freed(struct sim *sim, size_t unit)
{
    size_t slot = sim_slot(sim, unit);
    size_t best = sim->next_call;
    for (size_t c = sim->first_open; c < sim->next_call; c++) {
        if (sim->calls[c].unit[slot] == SIM_NOBODY &&
            (best == sim->next_call ||
             sim->stream->calls[c].priority < sim->stream->calls[best].priority)) {
            best = c;
        }
    }
    if (best < sim->next_call) {
        sim_send(sim, unit, best);
    } else {
        sim_move(sim, unit, sim->units[unit].home);
    }
}

static void p0_opened(void *self, struct sim *sim, size_t call)
{
    (void)self;
    opened(sim, call, by_line);
}

static void p1_opened(void *self, struct sim *sim, size_t call)
{
    (void)self;
    opened(sim, call, by_road);
}

static void plain_freed(void *self, struct sim *sim, size_t unit)
{
    (void)self;
    freed(sim, unit);
}

const struct sim_policy PLAIN_P0 = {.name = "P0", .opened = p0_opened, .freed = plain_freed};
const struct sim_policy PLAIN_P1 = {.name = "P1", .opened = p1_opened, .freed = plain_freed};
