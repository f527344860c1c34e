/* SPDX-License-Identifier: Apache-2.0 */
#include "plain.h"

#include "base/geo.h"

#include <math.h>

static bool may_go(const struct sim *sim, size_t unit, size_t slot)
{
    return sim->units[unit].state == SIM_IDLE && sim_slot(sim, unit) == slot;
}

/* unit_count: nobody. Ties: the smallest id. */
static size_t nearest_by_line(const struct sim *sim, size_t call, size_t slot)
{
    size_t best = sim->unit_count;
    double least = HUGE_VAL;
    for (size_t u = 0; u < sim->unit_count; u++) {
        if (may_go(sim, u, slot)) {
            double metres = gx_geo_distance_m(sim_place(sim, u), sim->stream->calls[call].place);
            best = metres < least ? u : best;
            least = metres < least ? metres : least;
        }
    }
    return best;
}

/* The nearest by line first: who is later than that need not be searched for. */
static size_t nearest_by_road(struct sim *sim, size_t call, size_t slot)
{
    size_t best = nearest_by_line(sim, call, slot);
    if (best == sim->unit_count) {
        return best;
    }
    int64_t least = sim_travel_ms(sim, best, call, INT64_MAX);
    for (size_t u = 0; u < sim->unit_count; u++) {
        if (u == best || !may_go(sim, u, slot)) {
            continue;
        }
        int64_t ms = sim_travel_ms(sim, u, call, least);
        if (ms < least || (ms == least && u < best)) {
            least = ms;
            best = u;
        }
    }
    return best;
}

typedef size_t nearest(struct sim *sim, size_t call, size_t slot);

static size_t by_line(struct sim *sim, size_t call, size_t slot)
{
    return nearest_by_line(sim, call, slot);
}

static void opened(struct sim *sim, size_t call, nearest *choose)
{
    for (size_t s = 0; s < sim->slots; s++) {
        size_t unit = choose(sim, call, s);
        if (unit < sim->unit_count) {
            sim_send(sim, unit, call);
        }
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
    opened(sim, call, nearest_by_road);
}

static void plain_freed(void *self, struct sim *sim, size_t unit)
{
    (void)self;
    freed(sim, unit);
}

const struct sim_policy PLAIN_P0 = {.name = "P0", .opened = p0_opened, .freed = plain_freed};
const struct sim_policy PLAIN_P1 = {.name = "P1", .opened = p1_opened, .freed = plain_freed};
