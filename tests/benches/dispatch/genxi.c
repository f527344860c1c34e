/* SPDX-License-Identifier: Apache-2.0 */
#include "genxi.h"

#include "base/clock.h"
#include "dispatch/decide.h"
#include "roads/roads.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    FORCES = SIM_SLOTS_MAX /* police; guards and volunteers */
};

struct genxi {
    const struct net *net;
    const struct pack *pack;
    struct genxi_parts parts;
    struct roads *roads;
    struct roads_search *search;
    uint32_t *node; /* the graph's number, by the pack's */
    struct city *cover[FORCES];
    struct decide *decide;
    struct tempo tempo[FORCES];
    uint32_t turn;
    int32_t *post;       /* by unit */
    int64_t *arrived_ms; /* by unit */
    /* One moment. */
    struct decide_crew *crews; /* by unit */
    struct decide_slot *slots;
    size_t *slot_call;
    uint32_t *travel;
    struct roads_goal *goals;
    size_t *goal_unit;
    uint32_t *slot_node;
    uint32_t *ms; /* [slot * those who may be sent] */
    int32_t *posts;
    int32_t *chosen;
    size_t slot_room;
    struct bench_samples choices;
    struct bench_samples choices_cpu;
    struct bench_samples postings;
};

static void *must(void *room)
{
    bench_must(room != NULL, "memory", "");
    return room;
}

struct table_of {
    const struct genxi *genxi;
    enum roads_weight weight;
};

static void times_to(void *self, uint32_t node, uint32_t *ret_ms)
{
    const struct table_of *of = self;
    roads_table(of->genxi->search, of->weight, ROADS_TO, node, ret_ms);
}

static enum pack_kind kind_of(size_t force)
{
    return force == 0 ? PACK_POLICE : PACK_HELPER;
}

static enum roads_weight weight_of(size_t force)
{
    return force == 0 ? ROADS_EMERGENCY : ROADS_NORMAL;
}

/* How much longer the same arcs take without lights. */
static double slowness(const struct net *net)
{
    double fast = 0;
    double slow = 0;
    for (size_t i = 0; i < net->arc_count; i++) {
        fast += net->in[i].ms[NET_EMERGENCY];
        slow += net->in[i].ms[NET_NORMAL];
    }
    return fast > 0 ? slow / fast : 1.0;
}

static struct city *make_cover(struct genxi *g, size_t force)
{
    const struct pack *pack = g->pack;
    struct city_demand *demand = must(calloc(pack->demand_count, sizeof *demand));
    uint32_t *homes = must(calloc(pack->unit_count, sizeof *homes));
    size_t count = 0;
    size_t home_count = 0;
    for (size_t i = 0; i < pack->demand_count; i++) {
        uint32_t node = pack->demand[i].node;
        if (pack->demand[i].weight > 0 && g->node[node] != ROADS_NOWHERE) {
            demand[count++] =
                (struct city_demand){g->node[node], g->net->place[node], pack->demand[i].weight};
        }
    }
    for (size_t u = 0; u < pack->unit_count; u++) {
        if (pack->units[u].kind == kind_of(force)) {
            homes[home_count++] = g->node[pack->units[u].home];
        }
    }
    struct table_of of = {g, weight_of(force)};
    struct city *cover = city_new(&(struct city_setup){
        .demand = demand,
        .demand_count = count,
        .posts = homes,
        .post_count = home_count,
        .node_count = roads_about(g->roads).nodes,
        .target_ms = pack->cover_ms,
        .move_ratio = force == 0 ? slowness(g->net) : 1.0,
        .times_to = times_to,
        .self = &of,
    });
    free(demand);
    free(homes);
    return cover;
}

struct genxi *genxi_new(const struct net *net, const struct pack *pack, struct genxi_parts parts)
{
    struct genxi *g = must(calloc(1, sizeof *g));
    struct roads_fault fault = {0};
    char text[512];
    g->net = net;
    g->pack = pack;
    g->parts = parts;
    if (roads_load_pack(pack->dir, &g->roads, &fault) != GX_OK) {
        bench_must(false, "roads", roads_fault_text(&fault, "en", text, sizeof text));
    }
    g->search = roads_search_new(g->roads);
    g->node = must(calloc(net->node_count, sizeof *g->node));
    for (size_t n = 0; n < net->node_count; n++) {
        g->node[n] = roads_node_of(g->roads, (uint32_t)n);
    }
    for (size_t f = 0; f < FORCES; f++) {
        g->cover[f] = make_cover(g, f);
    }
    g->decide = decide_new();
    size_t units = pack->unit_count;
    g->post = must(calloc(units, sizeof *g->post));
    g->arrived_ms = must(calloc(units, sizeof *g->arrived_ms));
    g->crews = must(calloc(units, sizeof *g->crews));
    g->posts = must(calloc(units, sizeof *g->posts));
    g->goals = must(calloc(units, sizeof *g->goals));
    g->goal_unit = must(calloc(units, sizeof *g->goal_unit));
    return g;
}

void genxi_free(struct genxi *g)
{
    for (size_t f = 0; f < FORCES; f++) {
        city_free(g->cover[f]);
    }
    decide_free(g->decide);
    roads_search_free(g->search);
    roads_free(g->roads);
    free(g->node);
    free(g->post);
    free(g->arrived_ms);
    free(g->crews);
    free(g->slots);
    free(g->slot_call);
    free(g->travel);
    free(g->posts);
    free(g->goals);
    free(g->goal_unit);
    free(g->slot_node);
    free(g->ms);
    free(g->chosen);
    bench_free(&g->choices);
    bench_free(&g->choices_cpu);
    bench_free(&g->postings);
    free(g);
}

struct bench_samples *genxi_choices(struct genxi *genxi)
{
    return &genxi->choices;
}

struct bench_samples *genxi_choices_cpu(struct genxi *genxi)
{
    return &genxi->choices_cpu;
}

struct bench_samples *genxi_postings(struct genxi *genxi)
{
    return &genxi->postings;
}

struct spent {
    int64_t us;
    int64_t cpu_us;
};

static enum decide_state state_of(const struct genxi *g, const struct sim *sim, size_t unit)
{
    switch (sim->units[unit].state) {
    case SIM_IDLE:
        return DECIDE_IDLE;
    case SIM_TO_CALL:
        return g->parts.reassign && sim_available(sim, unit) ? DECIDE_UNDER_WAY : DECIDE_DRIVING;
    case SIM_ON_SCENE:
        break;
    }
    return DECIDE_BUSY;
}

static void see_crews(struct genxi *g, const struct sim *sim)
{
    for (size_t u = 0; u < sim->unit_count; u++) {
        const struct sim_unit *unit = &sim->units[u];
        int64_t offset = 0;
        uint32_t head = sim_head(sim, u, &offset);
        struct decide_crew *crew = &g->crews[u];
        *crew = (struct decide_crew){
            .id = (uint32_t)u,
            .force = (uint32_t)sim_slot(sim, u),
            .state = state_of(g, sim, u),
            .at = {g->node[head], (uint32_t)offset},
            .slot = DECIDE_NOBODY,
            .post = g->post[u],
            /* Paid people wait where they are told; volunteers live their lives. */
            .movable = unit->kind == PACK_POLICE || unit->guard,
        };
        if (unit->state != SIM_IDLE) {
            crew->goal = g->node[sim->stream->calls[unit->call].node];
        }
        if (crew->state == DECIDE_BUSY || crew->state == DECIDE_DRIVING) {
            crew->at = (struct city_place){crew->goal, 0};
        }
    }
}

static void slot_room(struct genxi *g, size_t count, size_t units)
{
    if (count <= g->slot_room) {
        return;
    }
    g->slot_room = count * 2;
    g->slots = must(realloc(g->slots, g->slot_room * sizeof *g->slots));
    g->slot_call = must(realloc(g->slot_call, g->slot_room * sizeof *g->slot_call));
    g->slot_node = must(realloc(g->slot_node, g->slot_room * sizeof *g->slot_node));
    g->ms = must(realloc(g->ms, g->slot_room * units * sizeof *g->ms));
    g->chosen = must(realloc(g->chosen, g->slot_room * sizeof *g->chosen));
    g->travel = must(realloc(g->travel, g->slot_room * units * sizeof *g->travel));
}

/* The slots that are open: nobody is there yet nor on the last leg. */
static size_t see_slots(struct genxi *g, const struct sim *sim, size_t force)
{
    size_t count = 0;
    for (size_t c = sim->first_open; c < sim->next_call; c++) {
        int32_t unit = sim->calls[c].unit[force];
        if (sim->calls[c].arrived_ms[force] >= 0 ||
            (unit != SIM_NOBODY && g->crews[unit].state != DECIDE_UNDER_WAY)) {
            continue;
        }
        slot_room(g, count + 1, sim->unit_count);
        if (unit != SIM_NOBODY) {
            g->crews[unit].slot = (int32_t)count;
        }
        g->slots[count] = (struct decide_slot){
            .id = (uint32_t)c,
            .priority = sim->stream->calls[c].priority,
            .weight = 1000,
            .waited_ms = sim->now_ms - sim->stream->calls[c].at_ms,
        };
        g->slot_call[count++] = c;
    }
    return count;
}

/* All open slots against all who may be sent, at once. */
static void see_ways(struct genxi *g, const struct sim *sim, size_t slot_count, size_t force)
{
    size_t able = 0;
    for (size_t u = 0; u < sim->unit_count; u++) {
        const struct decide_crew *crew = &g->crews[u];
        if (crew->force == force &&
            (crew->state == DECIDE_IDLE || crew->state == DECIDE_UNDER_WAY)) {
            g->goals[able] = (struct roads_goal){crew->at.node, crew->at.offset_ms};
            g->goal_unit[able++] = u;
        }
    }
    for (size_t s = 0; s < slot_count; s++) {
        g->slot_node[s] = g->node[sim->stream->calls[g->slot_call[s]].node];
    }
    roads_matrix(g->search, weight_of(force), ROADS_TO, g->slot_node, slot_count, g->goals, able,
                 g->ms);
    for (size_t s = 0; s < slot_count; s++) {
        uint32_t *travel = &g->travel[s * sim->unit_count];
        for (size_t u = 0; u < sim->unit_count; u++) {
            travel[u] = DECIDE_NEVER;
        }
        for (size_t i = 0; i < able; i++) {
            travel[g->goal_unit[i]] = g->ms[s * able + i];
        }
    }
}

static struct decide_moment moment_of(const struct genxi *g, const struct sim *sim,
                                      size_t slot_count, struct decide_force *forces)
{
    size_t idle[FORCES] = {0};
    for (size_t u = 0; u < sim->unit_count; u++) {
        idle[g->crews[u].force] += g->crews[u].state == DECIDE_IDLE ? 1 : 0;
    }
    for (size_t f = 0; f < FORCES; f++) {
        forces[f] = (struct decide_force){
            .cover = f < sim->slots && g->parts.relocate ? g->cover[f] : NULL,
            .chances = tempo_chances(&g->tempo[f], g->pack->cover_ms, idle[f]),
        };
    }
    return (struct decide_moment){
        .crews = g->crews,
        .crew_count = sim->unit_count,
        .slots = g->slots,
        .slot_count = slot_count,
        .travel_ms = g->travel,
        .forces = forces,
        .force_count = FORCES,
        .turn = g->turn,
    };
}

/* Those who lose their call first, so that nobody's place is taken twice. */
static void carry_out(struct genxi *g, struct sim *sim, size_t slot_count, size_t force)
{
    for (size_t s = 0; s < slot_count; s++) {
        int32_t before = sim->calls[g->slot_call[s]].unit[force];
        if (before != SIM_NOBODY && before != g->chosen[s]) {
            sim_release(sim, (size_t)before);
            g->post[before] = BOARD_NO_POST;
        }
    }
    for (size_t s = 0; s < slot_count; s++) {
        if (g->chosen[s] != DECIDE_NOBODY &&
            sim->calls[g->slot_call[s]].unit[force] != g->chosen[s]) {
            sim_send(sim, (size_t)g->chosen[s], g->slot_call[s]);
        }
    }
}

static int64_t cpu_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Who goes; what a service would do for it is timed, the driving is the play's. Returns how many were turned round. */
static size_t choose_crews(struct genxi *g, struct sim *sim, size_t force, struct spent *spent)
{
    struct decide_force forces[FORCES];
    int64_t start = gx_clock_mono_us();
    int64_t start_cpu = cpu_us();
    see_crews(g, sim);
    size_t slots = see_slots(g, sim, force);
    if (slots == 0) {
        return 0;
    }
    see_ways(g, sim, slots, force);
    struct decide_moment moment = moment_of(g, sim, slots, forces);
    struct decide_outcome outcome = decide_assign(g->decide, &moment, g->chosen);
    spent->cpu_us += cpu_us() - start_cpu;
    spent->us += gx_clock_mono_us() - start;
    carry_out(g, sim, slots, force);
    return outcome.turned;
}

static void send_home(struct genxi *g, struct sim *sim)
{
    for (size_t u = 0; u < sim->unit_count; u++) {
        if (sim->units[u].state == SIM_IDLE && (!g->parts.relocate || !g->crews[u].movable)) {
            sim_move(sim, u, sim->units[u].home);
        }
    }
}

static void post_crews(struct genxi *g, struct sim *sim)
{
    struct decide_force forces[FORCES];
    see_crews(g, sim);
    send_home(g, sim);
    if (!g->parts.relocate) {
        return;
    }
    int64_t start = gx_clock_mono_us();
    struct decide_moment moment = moment_of(g, sim, 0, forces);
    decide_posts(g->decide, &moment, g->posts);
    bench_add(&g->postings, gx_clock_mono_us() - start);
    for (size_t u = 0; u < sim->unit_count; u++) {
        g->post[u] = g->posts[u];
        if (g->crews[u].state == DECIDE_IDLE && g->crews[u].movable &&
            g->post[u] != BOARD_NO_POST) {
            const struct city *cover = g->cover[g->crews[u].force];
            sim_move(sim, u, roads_id_of(g->roads, city_post_node(cover, (size_t)g->post[u])));
        }
    }
}

static void opened(void *self, struct sim *sim, size_t call)
{
    struct genxi *g = self;
    struct spent spent = {0, 0};
    (void)call;
    g->turn++;
    for (size_t f = 0; f < sim->slots; f++) {
        tempo_call(&g->tempo[f], sim->now_ms);
        tempo_turned(&g->tempo[f], choose_crews(g, sim, f, &spent));
    }
    bench_add(&g->choices, spent.us);
    bench_add(&g->choices_cpu, spent.cpu_us);
    post_crews(g, sim);
}

static void freed(void *self, struct sim *sim, size_t unit)
{
    struct genxi *g = self;
    size_t force = sim_slot(sim, unit);
    g->turn++;
    tempo_work(&g->tempo[force], sim->now_ms - g->arrived_ms[unit]);
    g->post[unit] = BOARD_NO_POST;
    struct spent spent = {0, 0};
    tempo_turned(&g->tempo[force], choose_crews(g, sim, force, &spent));
    post_crews(g, sim);
}

static void arrived(void *self, struct sim *sim, size_t unit)
{
    struct genxi *g = self;
    g->arrived_ms[unit] = sim->now_ms;
}

struct sim_policy genxi_policy(struct genxi *g)
{
    for (size_t f = 0; f < FORCES; f++) {
        g->tempo[f] = (struct tempo){.gaps = 0};
    }
    for (size_t u = 0; u < g->pack->unit_count; u++) {
        g->post[u] = BOARD_NO_POST;
    }
    g->turn = 0;
    return (struct sim_policy){
        .name = "genxi", .self = g, .opened = opened, .freed = freed, .arrived = arrived};
}

/* The same places in every run. */
static uint32_t place_of(const struct genxi *g, uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    double point = (double)(*seed % 1000000) / 1000000.0;
    double sum = 0;
    size_t at = 0;
    while (at + 1 < g->pack->demand_count && sum + g->pack->demand[at].weight < point) {
        sum += g->pack->demand[at++].weight;
    }
    return g->node[g->pack->demand[at].node];
}

struct genxi_cost genxi_large(struct genxi *g, size_t slots, size_t crews)
{
    uint64_t seed = 20260101;
    uint32_t *to = must(calloc(slots, sizeof *to));
    struct roads_goal *from = must(calloc(crews, sizeof *from));
    uint32_t *ms = must(calloc(slots * crews, sizeof *ms));
    int32_t *chosen = must(calloc(slots, sizeof *chosen));
    struct decide_crew *crew = must(calloc(crews, sizeof *crew));
    struct decide_slot *slot = must(calloc(slots, sizeof *slot));
    for (size_t s = 0; s < slots; s++) {
        to[s] = place_of(g, &seed);
        slot[s] = (struct decide_slot){.id = (uint32_t)s, .priority = 1, .weight = 1000};
    }
    for (size_t c = 0; c < crews; c++) {
        from[c].node = place_of(g, &seed);
        crew[c] = (struct decide_crew){.id = (uint32_t)c,
                                       .state = DECIDE_IDLE,
                                       .at = {from[c].node, 0},
                                       .slot = DECIDE_NOBODY,
                                       .post = BOARD_NO_POST};
    }
    struct decide_force force = {g->cover[0],
                                 tempo_chances(&g->tempo[0], g->pack->cover_ms, crews)};
    struct decide_moment moment = {.crews = crew,
                                   .crew_count = crews,
                                   .slots = slot,
                                   .slot_count = slots,
                                   .travel_ms = ms,
                                   .forces = &force,
                                   .force_count = 1};
    int64_t start = gx_clock_mono_us();
    int64_t start_cpu = cpu_us();
    roads_matrix(g->search, ROADS_EMERGENCY, ROADS_TO, to, slots, from, crews, ms);
    struct decide_outcome outcome = decide_assign(g->decide, &moment, chosen);
    struct genxi_cost cost = {.us = gx_clock_mono_us() - start, .cpu_us = cpu_us() - start_cpu};
    if (outcome.cost_ms > 0) {
        cost.gap = (double)(outcome.cost_ms - outcome.bound_ms) / (double)outcome.cost_ms;
    }
    free(to);
    free(from);
    free(ms);
    free(chosen);
    free(crew);
    free(slot);
    return cost;
}
