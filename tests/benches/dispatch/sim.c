/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void sim_init(struct sim *sim, const struct net *net, const struct pack *pack, size_t slots)
{
    *sim = (struct sim){.net = net, .pack = pack, .slots = slots, .unit_count = pack->unit_count};
    sim->units = calloc(sim->unit_count, sizeof *sim->units);
    sim->way = calloc(net->node_count, sizeof(uint32_t *));
    bench_must(sim->units != NULL && sim->way != NULL, "memory", "");
}

static void free_ways(struct sim *sim)
{
    for (size_t n = 0; n < sim->net->node_count; n++) {
        free(sim->way[n]);
    }
    free(sim->way);
}

void sim_done(struct sim *sim)
{
    for (size_t u = 0; u < sim->unit_count; u++) {
        free(sim->units[u].node);
        free(sim->units[u].at_ms);
    }
    for (size_t i = 0; i < sim->pool_count; i++) {
        net_tree_done(sim->pool[i]);
        free(sim->pool[i]);
    }
    free_ways(sim);
    free(sim->pool);
    free(sim->units);
    free(sim->calls);
}

/*
 * Where it can next turn. In the very millisecond in which it passes a node it is on the next arc already, as in the
 * reference; only where it has just turned it may turn again.
 */
static size_t path_index(const struct sim *sim, const struct sim_unit *unit)
{
    size_t index = unit->index;
    while (index + 1 < unit->count &&
           (unit->at_ms[index] < sim->now_ms || (index > 0 && unit->at_ms[index] == sim->now_ms))) {
        index++;
    }
    return index;
}

uint32_t sim_head(const struct sim *sim, size_t unit, int64_t *ret_offset_ms)
{
    const struct sim_unit *u = &sim->units[unit];
    size_t index = path_index(sim, u);
    int64_t left = u->at_ms[index] - sim->now_ms;
    *ret_offset_ms = left > 0 ? left : 0;
    return u->node[index];
}

struct gx_point sim_place(const struct sim *sim, size_t unit)
{
    const struct sim_unit *u = &sim->units[unit];
    size_t index = path_index(sim, u);
    struct gx_point b = sim->net->place[u->node[index]];
    struct gx_point a = index == 0 ? u->from : sim->net->place[u->node[index - 1]];
    int64_t start = index == 0 ? u->from_ms : u->at_ms[index - 1];
    int64_t end = u->at_ms[index];
    if (sim->now_ms >= end || end <= start) {
        return b;
    }
    double share = (double)(sim->now_ms - start) / (double)(end - start);
    return (struct gx_point){a.lon + share * (b.lon - a.lon), a.lat + share * (b.lat - a.lat)};
}

bool sim_available(const struct sim *sim, size_t unit)
{
    const struct sim_unit *u = &sim->units[unit];
    return u->state == SIM_IDLE ||
           (u->state == SIM_TO_CALL && sim->now_ms <= u->at_ms[u->count - 1]);
}

size_t sim_slot(const struct sim *sim, size_t unit)
{
    return sim->units[unit].kind == PACK_POLICE ? 0 : 1;
}

enum net_speed sim_speed(const struct sim *sim, size_t unit)
{
    return sim->units[unit].kind == PACK_POLICE ? NET_EMERGENCY : NET_NORMAL;
}

static struct net_tree *pool_take(struct sim *sim)
{
    if (sim->pool_count > 0) {
        return sim->pool[--sim->pool_count];
    }
    struct net_tree *tree = malloc(sizeof *tree);
    bench_must(tree != NULL, "memory", "");
    net_tree_init(tree, sim->net);
    return tree;
}

static void pool_give(struct sim *sim, struct net_tree *tree)
{
    sim->pool = realloc(sim->pool, (sim->pool_count + 1) * sizeof(struct net_tree *));
    bench_must(sim->pool != NULL, "memory", "");
    sim->pool[sim->pool_count++] = tree;
}

struct net_tree *sim_tree(struct sim *sim, size_t call, enum net_speed speed)
{
    struct net_tree **tree = &sim->calls[call].tree[speed];
    if (*tree == NULL) {
        *tree = pool_take(sim);
        net_tree_start(*tree, sim->stream->calls[call].node, speed);
    }
    return *tree;
}

static int64_t access_ms(const struct sim *sim, size_t unit, size_t call)
{
    int64_t fast = sim->stream->calls[call].access_ms;
    return sim_speed(sim, unit) == NET_EMERGENCY
               ? fast
               : (int64_t)llround((double)fast * sim->pack->slower_access);
}

int64_t sim_travel_ms(struct sim *sim, size_t unit, size_t call, int64_t most_ms)
{
    int64_t offset = 0;
    uint32_t head = sim_head(sim, unit, &offset);
    offset += access_ms(sim, unit, call);
    if (offset > most_ms) {
        return INT64_MAX;
    }
    int64_t left = most_ms - offset < UINT32_MAX ? most_ms - offset : UINT32_MAX - 1;
    struct net_tree *tree = sim_tree(sim, call, sim_speed(sim, unit));
    uint32_t ms = net_tree_ms(tree, head, (uint32_t)left);
    return ms == UINT32_MAX ? INT64_MAX : offset + (int64_t)ms;
}

static void path_start(struct sim_unit *unit, uint32_t head, int64_t at_ms, struct gx_point from,
                       int64_t from_ms)
{
    unit->count = 0;
    unit->index = 0;
    unit->from = from;
    unit->from_ms = from_ms;
    if (unit->room == 0) {
        unit->room = 256;
        unit->node = calloc(unit->room, sizeof *unit->node);
        unit->at_ms = calloc(unit->room, sizeof *unit->at_ms);
        bench_must(unit->node != NULL && unit->at_ms != NULL, "memory", "");
    }
    unit->node[unit->count] = head;
    unit->at_ms[unit->count++] = at_ms;
}

static void path_add(struct sim_unit *unit, uint32_t node, int64_t at_ms)
{
    if (unit->count == unit->room) {
        unit->room *= 2;
        unit->node = realloc(unit->node, unit->room * sizeof *unit->node);
        unit->at_ms = realloc(unit->at_ms, unit->room * sizeof *unit->at_ms);
        bench_must(unit->node != NULL && unit->at_ms != NULL, "memory", "");
    }
    unit->node[unit->count] = node;
    unit->at_ms[unit->count++] = at_ms;
}

/* Turns where it can next turn; what it drives until then stays as it was. */
static void path_turn(struct sim *sim, struct sim_unit *unit)
{
    size_t index = path_index(sim, unit);
    uint32_t head = unit->node[index];
    int64_t at = unit->at_ms[index];
    struct gx_point from = index == 0 ? unit->from : sim->net->place[unit->node[index - 1]];
    int64_t from_ms = index == 0 ? unit->from_ms : unit->at_ms[index - 1];
    if (at <= sim->now_ms) {
        from = sim->net->place[head];
        at = sim->now_ms;
        from_ms = at;
    }
    path_start(unit, head, at, from, from_ms);
}

static const uint32_t *way_to(struct sim *sim, uint32_t node)
{
    if (sim->way[node] == NULL) {
        struct net_tree *tree = pool_take(sim);
        net_tree_start(tree, node, NET_NORMAL);
        uint32_t reached = 0;
        while (net_tree_step(tree, &reached)) {
        }
        sim->way[node] = malloc(sim->net->node_count * sizeof(uint32_t));
        bench_must(sim->way[node] != NULL, "memory", "");
        for (size_t n = 0; n < sim->net->node_count; n++) {
            sim->way[node][n] = net_tree_knows(tree, (uint32_t)n) ? tree->next[n] : (uint32_t)n;
        }
        pool_give(sim, tree);
    }
    return sim->way[node];
}

static uint32_t arc_ms(const struct net *net, uint32_t from, uint32_t to)
{
    uint32_t least = UINT32_MAX;
    for (uint32_t i = net->first_in[to]; i < net->first_in[to + 1]; i++) {
        if (net->in[i].node == from && net->in[i].ms[NET_NORMAL] < least) {
            least = net->in[i].ms[NET_NORMAL];
        }
    }
    return least;
}

void sim_move(struct sim *sim, size_t unit, uint32_t node)
{
    struct sim_unit *u = &sim->units[unit];
    bench_must(u->state == SIM_IDLE, "a policy moves a unit that is not idle", "");
    if (u->node[u->count - 1] == node) {
        return;
    }
    const uint32_t *way = way_to(sim, node);
    path_turn(sim, u);
    int64_t at = u->at_ms[0];
    for (uint32_t n = u->node[0]; n != node && way[n] != n; n = way[n]) {
        at += arc_ms(sim->net, n, way[n]);
        path_add(u, way[n], at);
    }
    sim->moves++;
}

void sim_release(struct sim *sim, size_t unit)
{
    struct sim_unit *u = &sim->units[unit];
    bench_must(u->state == SIM_TO_CALL && sim_available(sim, unit),
               "a policy releases a unit that is not under way", "");
    sim->calls[u->call].unit[sim_slot(sim, unit)] = SIM_NOBODY;
    sim->diversions++;
    path_turn(sim, u);
    u->state = SIM_IDLE;
    u->call = SIM_NOBODY;
    u->since_ms = sim->now_ms;
    u->event_ms = INT64_MAX;
}

void sim_send(struct sim *sim, size_t unit, size_t call)
{
    struct sim_unit *u = &sim->units[unit];
    size_t slot = sim_slot(sim, unit);
    bench_must(sim_available(sim, unit) && call < sim->next_call &&
                   sim->calls[call].arrived_ms[slot] < 0,
               "a policy sends a unit that is not available, or to a call that is not open", "");
    if (u->state == SIM_TO_CALL) {
        sim_release(sim, unit);
    }
    if (sim->calls[call].unit[slot] != SIM_NOBODY) {
        sim_release(sim, (size_t)sim->calls[call].unit[slot]);
    }
    struct net_tree *tree = sim_tree(sim, call, sim_speed(sim, unit));
    path_turn(sim, u);
    int64_t start = u->at_ms[0];
    uint32_t total = net_tree_ms(tree, u->node[0], UINT32_MAX);
    bench_must(total != UINT32_MAX, "a call that no road reaches", "");
    for (uint32_t n = u->node[0]; n != tree->to; n = tree->next[n]) {
        path_add(u, tree->next[n], start + (int64_t)(total - tree->ms[tree->next[n]]));
    }
    u->state = SIM_TO_CALL;
    u->call = (int32_t)call;
    u->since_ms = sim->now_ms;
    u->event_ms = start + (int64_t)total + access_ms(sim, unit, call);
    sim->calls[call].unit[slot] = (int32_t)unit;
}

static void close_call(struct sim *sim, size_t call)
{
    for (size_t s = 0; s < sim->slots; s++) {
        if (sim->calls[call].arrived_ms[s] < 0) {
            return;
        }
    }
    for (size_t s = 0; s < NET_SPEEDS; s++) {
        if (sim->calls[call].tree[s] != NULL) {
            pool_give(sim, sim->calls[call].tree[s]);
            sim->calls[call].tree[s] = NULL;
        }
    }
    if (sim->slots == SIM_SLOTS_MAX) {
        sim->units[sim->calls[call].unit[1]].event_ms = sim->now_ms + SIM_TEAM_STAY_MS;
    }
    while (sim->first_open < sim->next_call && sim->calls[sim->first_open].opened &&
           sim->calls[sim->first_open].tree[NET_EMERGENCY] == NULL &&
           sim->calls[sim->first_open].arrived_ms[0] >= 0 &&
           (sim->slots < SIM_SLOTS_MAX || sim->calls[sim->first_open].arrived_ms[1] >= 0)) {
        sim->first_open++;
    }
}

static void unit_event(struct sim *sim, size_t unit, const struct sim_policy *policy)
{
    struct sim_unit *u = &sim->units[unit];
    size_t call = (size_t)u->call;
    const struct pack_call *place = &sim->stream->calls[call];
    if (u->state == SIM_TO_CALL) {
        u->state = SIM_ON_SCENE;
        u->since_ms = sim->now_ms;
        u->event_ms = u->kind == PACK_POLICE ? sim->now_ms + place->on_scene_ms : INT64_MAX;
        sim->calls[call].arrived_ms[sim_slot(sim, unit)] = sim->now_ms;
        close_call(sim, call);
        if (policy->arrived != NULL) {
            policy->arrived(policy->self, sim, unit);
        }
        return;
    }
    int64_t leave =
        sim->now_ms + (int64_t)llround((double)place->access_ms * sim->pack->slower_access);
    path_start(u, place->node, leave, place->place, sim->now_ms);
    u->state = SIM_IDLE;
    u->call = SIM_NOBODY;
    u->since_ms = sim->now_ms;
    u->event_ms = INT64_MAX;
    policy->freed(policy->self, sim, unit);
}

static void begin(struct sim *sim, const struct pack_stream *stream)
{
    sim->stream = stream;
    sim->now_ms = 0;
    sim->next_call = 0;
    sim->first_open = 0;
    sim->diversions = 0;
    sim->moves = 0;
    free(sim->calls);
    sim->calls = calloc(stream->count, sizeof *sim->calls);
    bench_must(sim->calls != NULL, "memory", "");
    for (size_t c = 0; c < stream->count; c++) {
        for (size_t s = 0; s < SIM_SLOTS_MAX; s++) {
            sim->calls[c].unit[s] = SIM_NOBODY;
            sim->calls[c].arrived_ms[s] = -1;
        }
    }
    for (size_t u = 0; u < sim->unit_count; u++) {
        struct sim_unit *unit = &sim->units[u];
        unit->kind = sim->pack->units[u].kind;
        unit->guard = sim->pack->units[u].guard;
        unit->home = sim->pack->units[u].home;
        unit->state = SIM_IDLE;
        unit->call = SIM_NOBODY;
        unit->since_ms = 0;
        unit->event_ms = INT64_MAX;
        path_start(unit, unit->home, 0, sim->net->place[unit->home], 0);
    }
}

/* The unit with the earliest event, smallest id first. */
static size_t next_unit(const struct sim *sim)
{
    size_t best = 0;
    for (size_t u = 1; u < sim->unit_count; u++) {
        best = sim->units[u].event_ms < sim->units[best].event_ms ? u : best;
    }
    return best;
}

void sim_play(struct sim *sim, const struct pack_stream *stream, const struct sim_policy *policy)
{
    begin(sim, stream);
    for (;;) {
        size_t unit = next_unit(sim);
        int64_t unit_ms = sim->units[unit].event_ms;
        int64_t call_ms =
            sim->next_call < stream->count ? stream->calls[sim->next_call].at_ms : INT64_MAX;
        if (unit_ms == INT64_MAX && call_ms == INT64_MAX) {
            return;
        }
        if (unit_ms <= call_ms) {
            sim->now_ms = unit_ms;
            unit_event(sim, unit, policy);
            continue;
        }
        sim->now_ms = call_ms;
        size_t call = sim->next_call++;
        sim->calls[call].opened = true;
        policy->opened(policy->self, sim, call);
    }
}
