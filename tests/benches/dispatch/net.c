/* SPDX-License-Identifier: Apache-2.0 */
#include "net.h"

#include "bench.h"
#include "pack.h"
#include "roads/csv.h"

#include <stdlib.h>
#include <string.h>

struct raw_arc {
    uint32_t from;
    uint32_t to;
    uint32_t ms[NET_SPEEDS];
};

static void *room_for(size_t count, size_t size)
{
    void *room = calloc(count == 0 ? 1 : count, size);
    bench_must(room != NULL, "memory", "");
    return room;
}

static void read_nodes(struct net *net, const char *dir)
{
    struct roads_csv *rows = pack_table(dir, "nodes", "id,lon,lat,access", true);
    char *cells[ROADS_CSV_CELLS_MAX];
    size_t room = 0;
    while (pack_row(rows, cells)) {
        if (net->node_count == room) {
            room = room == 0 ? 65536 : room * 2;
            net->place = realloc(net->place, room * sizeof *net->place);
            net->access = realloc(net->access, room * sizeof *net->access);
            bench_must(net->place != NULL && net->access != NULL, "memory", "");
        }
        net->place[net->node_count] =
            (struct gx_point){pack_double(rows, cells[1]), pack_double(rows, cells[2])};
        net->access[net->node_count++] = pack_u32(rows, cells[3]) == 1;
    }
    roads_csv_close(rows);
}

static struct raw_arc *read_arcs(struct net *net, const char *dir)
{
    struct roads_csv *rows =
        pack_table(dir, "arcs", "from,to,seconds,seconds_normal,metres,class", true);
    char *cells[ROADS_CSV_CELLS_MAX];
    struct raw_arc *arcs = NULL;
    size_t room = 0;
    while (pack_row(rows, cells)) {
        if (net->arc_count == room) {
            room = room == 0 ? 65536 : room * 2;
            arcs = realloc(arcs, room * sizeof *arcs);
            bench_must(arcs != NULL, "memory", "");
        }
        struct raw_arc *arc = &arcs[net->arc_count++];
        arc->from = pack_u32(rows, cells[0]);
        arc->to = pack_u32(rows, cells[1]);
        arc->ms[NET_EMERGENCY] = (uint32_t)pack_ms(rows, cells[2]);
        arc->ms[NET_NORMAL] = (uint32_t)pack_ms(rows, cells[3]);
        bench_must(arc->from < net->node_count && arc->to < net->node_count,
                   "an arc ends at a node that is not there", dir);
    }
    roads_csv_close(rows);
    return arcs;
}

void net_open(struct net *net, const char *pack_dir)
{
    *net = (struct net){.node_count = 0};
    read_nodes(net, pack_dir);
    struct raw_arc *arcs = read_arcs(net, pack_dir);
    net->first_in = room_for(net->node_count + 2, sizeof *net->first_in);
    net->in = room_for(net->arc_count, sizeof *net->in);
    for (size_t i = 0; i < net->arc_count; i++) {
        net->first_in[arcs[i].to + 2]++;
    }
    for (size_t n = 2; n < net->node_count + 2; n++) {
        net->first_in[n] += net->first_in[n - 1];
    }
    for (size_t i = 0; i < net->arc_count; i++) {
        struct net_arc *arc = &net->in[net->first_in[arcs[i].to + 1]++];
        *arc = (struct net_arc){arcs[i].from, {arcs[i].ms[NET_EMERGENCY], arcs[i].ms[NET_NORMAL]}};
    }
    free(arcs);
}

void net_close(struct net *net)
{
    free(net->place);
    free(net->access);
    free(net->first_in);
    free(net->in);
    *net = (struct net){.node_count = 0};
}

void net_tree_init(struct net_tree *tree, const struct net *net)
{
    *tree = (struct net_tree){
        .net = net,
        .ms = room_for(net->node_count, sizeof *tree->ms),
        .next = room_for(net->node_count, sizeof *tree->next),
        .stamp = room_for(net->node_count, sizeof *tree->stamp),
        .settled = room_for(net->node_count, sizeof *tree->settled),
        .heap_room = net->arc_count + 1,
        .heap = room_for(net->arc_count + 1, sizeof *tree->heap),
    };
}

void net_tree_done(struct net_tree *tree)
{
    free(tree->ms);
    free(tree->next);
    free(tree->stamp);
    free(tree->settled);
    free(tree->heap);
    *tree = (struct net_tree){.net = NULL};
}

static void push(struct net_tree *tree, uint32_t ms, uint32_t node)
{
    uint64_t key = (uint64_t)ms << 32 | node;
    size_t at = tree->heap_count++;
    while (at > 0 && tree->heap[(at - 1) / 4] > key) {
        tree->heap[at] = tree->heap[(at - 1) / 4];
        at = (at - 1) / 4;
    }
    tree->heap[at] = key;
}

static uint64_t pop(struct net_tree *tree)
{
    uint64_t top = tree->heap[0];
    uint64_t key = tree->heap[--tree->heap_count];
    size_t at = 0;
    for (size_t child = 1; child < tree->heap_count; child = at * 4 + 1) {
        size_t end = child + 4 < tree->heap_count ? child + 4 : tree->heap_count;
        size_t least = child;
        for (size_t i = child + 1; i < end; i++) {
            least = tree->heap[i] < tree->heap[least] ? i : least;
        }
        if (tree->heap[least] >= key) {
            break;
        }
        tree->heap[at] = tree->heap[least];
        at = least;
    }
    tree->heap[at] = key;
    return top;
}

void net_tree_start(struct net_tree *tree, uint32_t to, enum net_speed speed)
{
    tree->to = to;
    tree->speed = speed;
    tree->round++;
    tree->heap_count = 0;
    tree->radius_ms = 0;
    tree->ms[to] = 0;
    tree->next[to] = to;
    tree->stamp[to] = tree->round;
    push(tree, 0, to);
}

bool net_tree_step(struct net_tree *tree, uint32_t *ret_node)
{
    while (tree->heap_count > 0) {
        uint64_t top = pop(tree);
        uint32_t node = (uint32_t)top;
        uint32_t ms = (uint32_t)(top >> 32);
        if (tree->settled[node] == tree->round) {
            continue;
        }
        tree->settled[node] = tree->round;
        tree->radius_ms = ms;
        for (uint32_t i = tree->net->first_in[node]; i < tree->net->first_in[node + 1]; i++) {
            const struct net_arc *arc = &tree->net->in[i];
            uint32_t through = ms + arc->ms[tree->speed];
            if (tree->stamp[arc->node] != tree->round || through < tree->ms[arc->node]) {
                tree->stamp[arc->node] = tree->round;
                tree->ms[arc->node] = through;
                tree->next[arc->node] = node;
                push(tree, through, arc->node);
            }
        }
        *ret_node = node;
        return true;
    }
    return false;
}

uint32_t net_tree_ms(struct net_tree *tree, uint32_t node, uint32_t most_ms)
{
    uint32_t reached = 0;
    while (!net_tree_knows(tree, node)) {
        if (tree->radius_ms > most_ms || !net_tree_step(tree, &reached)) {
            return UINT32_MAX;
        }
    }
    return tree->ms[node] > most_ms ? UINT32_MAX : tree->ms[node];
}
