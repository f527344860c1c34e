/* SPDX-License-Identifier: Apache-2.0 */
#include "plain_roads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

gzFile plain_table(const char *folder, const char *name)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    gzFile file = gzopen(path, "rb");
    if (file == NULL) {
        (void)snprintf(path, sizeof path, "%s/%s.gz", folder, name);
        file = gzopen(path, "rb");
    }
    char header[512];
    if (file != NULL && gzgets(file, header, sizeof header) == NULL) {
        (void)gzclose(file);
        file = NULL;
    }
    return file;
}

static void *must(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

/* "2.425" as 2425. */
static uint32_t milli(const char *text)
{
    unsigned whole = 0;
    unsigned part = 0;
    if (sscanf(text, "%u.%3u", &whole, &part) != 2) {
        abort();
    }
    return whole * 1000 + part;
}

static bool load_nodes(const char *folder, struct plain_roads *r)
{
    gzFile file = plain_table(folder, "nodes.csv");
    if (file == NULL) {
        return false;
    }
    char line[256];
    while (gzgets(file, line, sizeof line) != NULL) {
        if (r->nodes % 4096 == 0) {
            size_t room = r->nodes + 4096;
            r->lon = must(realloc(r->lon, room * sizeof *r->lon));
            r->lat = must(realloc(r->lat, room * sizeof *r->lat));
            r->access = must(realloc(r->access, room * sizeof *r->access));
        }
        int access = 0;
        if (sscanf(line, "%*u,%lf,%lf,%d", &r->lon[r->nodes], &r->lat[r->nodes], &access) != 3) {
            abort();
        }
        r->access[r->nodes++] = access == 1;
    }
    return gzclose(file) == Z_OK;
}

static bool load_arcs(const char *folder, struct plain_roads *r)
{
    gzFile file = plain_table(folder, "arcs.csv");
    if (file == NULL) {
        return false;
    }
    char line[256];
    while (gzgets(file, line, sizeof line) != NULL) {
        if (r->arc_count % 4096 == 0) {
            r->arcs = must(realloc(r->arcs, (r->arc_count + 4096) * sizeof *r->arcs));
        }
        struct plain_arc *arc = &r->arcs[r->arc_count++];
        char ms[2][32];
        if (sscanf(line, "%u,%u,%31[^,],%31[^,]", &arc->from, &arc->to, ms[0], ms[1]) != 4) {
            abort();
        }
        arc->ms[0] = milli(ms[0]);
        arc->ms[1] = milli(ms[1]);
    }
    return gzclose(file) == Z_OK;
}

static void make_index(const struct plain_roads *r, bool by_head, uint32_t **first, uint32_t **arc)
{
    *first = must(calloc(r->nodes + 1, sizeof **first));
    *arc = must(calloc(r->arc_count + 1, sizeof **arc));
    uint32_t *at = must(calloc(r->nodes + 1, sizeof *at));
    for (uint32_t i = 0; i < r->arc_count; i++) {
        (*first)[(by_head ? r->arcs[i].to : r->arcs[i].from) + 1]++;
    }
    for (uint32_t n = 0; n < r->nodes; n++) {
        (*first)[n + 1] += (*first)[n];
        at[n] = (*first)[n];
    }
    for (uint32_t i = 0; i < r->arc_count; i++) {
        (*arc)[at[by_head ? r->arcs[i].to : r->arcs[i].from]++] = i;
    }
    free(at);
}

void plain_prepare(struct plain_roads *r)
{
    make_index(r, false, &r->out_first, &r->out_arc);
    make_index(r, true, &r->in_first, &r->in_arc);
    r->heap = must(calloc(r->arc_count + 1, sizeof *r->heap));
    r->ms = must(calloc(r->nodes, sizeof *r->ms));
    r->touched = must(calloc(r->nodes, sizeof *r->touched));
    memset(r->ms, 0xff, r->nodes * sizeof *r->ms);
}

bool plain_load(const char *folder, struct plain_roads *r)
{
    memset(r, 0, sizeof *r);
    if (!load_nodes(folder, r) || !load_arcs(folder, r)) {
        return false;
    }
    plain_prepare(r);
    return true;
}

void plain_free(struct plain_roads *r)
{
    free(r->arcs);
    free(r->lon);
    free(r->lat);
    free(r->access);
    free(r->out_first);
    free(r->out_arc);
    free(r->in_first);
    free(r->in_arc);
    free(r->heap);
    free(r->ms);
    free(r->touched);
    memset(r, 0, sizeof *r);
}

static void push(struct plain_roads *r, uint32_t ms, uint32_t node)
{
    uint64_t key = (uint64_t)ms << 32 | node;
    size_t at = r->heap_count++;
    while (at > 0 && r->heap[(at - 1) / 2] > key) {
        r->heap[at] = r->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    r->heap[at] = key;
}

static uint64_t pop(struct plain_roads *r)
{
    uint64_t top = r->heap[0];
    uint64_t key = r->heap[--r->heap_count];
    size_t at = 0;
    while (2 * at + 1 < r->heap_count) {
        size_t child = 2 * at + 1;
        if (child + 1 < r->heap_count && r->heap[child + 1] < r->heap[child]) {
            child++;
        }
        if (r->heap[child] >= key) {
            break;
        }
        r->heap[at] = r->heap[child];
        at = child;
    }
    r->heap[at] = key;
    return top;
}

size_t plain_search(struct plain_roads *r, int weight, bool reverse, uint32_t node,
                    const uint16_t *is_goal, size_t wanted)
{
    const uint32_t *first = reverse ? r->in_first : r->out_first;
    const uint32_t *arcs = reverse ? r->in_arc : r->out_arc;
    while (r->touched_count > 0) {
        r->ms[r->touched[--r->touched_count]] = UINT32_MAX;
    }
    r->heap_count = 0;
    r->ms[node] = 0;
    r->touched[r->touched_count++] = node;
    push(r, 0, node);
    size_t settled = 0;
    size_t found = 0;
    while (r->heap_count > 0) {
        uint64_t top = pop(r);
        uint32_t at = (uint32_t)top;
        if (r->ms[at] < top >> 32) {
            continue;
        }
        settled++;
        if (is_goal != NULL && is_goal[at] > 0 && (found += is_goal[at]) >= wanted) {
            break;
        }
        for (uint32_t i = first[at]; i < first[at + 1]; i++) {
            const struct plain_arc *arc = &r->arcs[arcs[i]];
            uint32_t to = reverse ? arc->from : arc->to;
            uint32_t ms = r->ms[at] + arc->ms[weight];
            if (ms < r->ms[to]) {
                if (r->ms[to] == UINT32_MAX) {
                    r->touched[r->touched_count++] = to;
                }
                r->ms[to] = ms;
                push(r, ms, to);
            }
        }
    }
    return settled;
}
