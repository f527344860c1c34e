/* SPDX-License-Identifier: Apache-2.0 */
/* From a cleaned draft to the file's form: an order of the nodes, then every section in that order. */
#include "roads/chains.h"
#include "roads/check.h"
#include "roads/draft.h"
#include "roads/hierarchy.h"
#include "roads/internal.h"
#include "roads/memory.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct imaging {
    const struct roads_draft *draft;
    struct roads_index out;
    struct roads_index in;
    struct roads_chains chains;
    uint32_t *order;       /* node -> draft node */
    uint32_t *place_of;    /* draft node -> node */
    uint32_t *chain_order; /* chain -> found chain */
    uint32_t cars, junctions;
    struct roads_header header;
    void *section[ROADS_SECTION_COUNT];
};

static void *put_section(struct imaging *m, enum roads_section section, size_t count, size_t size)
{
    m->section[section] = roads_alloc(count, size);
    m->header.sections[section].count = count;
    return m->section[section];
}

/* Something to sort: a key on the curve, then a number, so that equal keys have one order. */
struct keyed {
    uint64_t key;
    uint32_t number;
};

static int compare_keys(const void *a, const void *b)
{
    const struct keyed *x = a;
    const struct keyed *y = b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return (x->number > y->number) - (x->number < y->number);
}

/* How far along a Hilbert curve through a square of 65,536 x 65,536 a cell lies. */
static uint64_t hilbert(uint32_t x, uint32_t y)
{
    uint64_t along = 0;
    for (uint32_t side = 32768; side > 0; side /= 2) {
        uint32_t right = (x & side) != 0;
        uint32_t up = (y & side) != 0;
        along += (uint64_t)side * side * ((3 * right) ^ up);
        if (up == 0) { /* turn the quarter into the position that the curve has there */
            if (right == 1) {
                x = 65535 - x;
                y = 65535 - y;
            }
            uint32_t swap = x;
            x = y;
            y = swap;
        }
    }
    return along;
}

static uint64_t curve_key(const struct imaging *m, uint32_t draft_node)
{
    struct roads_point7 p = m->draft->nodes[draft_node].place;
    double width = fmax(1, (double)m->header.east - m->header.west);
    double height = fmax(1, (double)m->header.north - m->header.south);
    return hilbert((uint32_t)(((double)p.lon - m->header.west) / width * 65535),
                   (uint32_t)(((double)p.lat - m->header.south) / height * 65535));
}

static void find_box(struct imaging *m)
{
    struct roads_header *h = &m->header;
    struct roads_point7 first = m->draft->nodes[0].place;
    h->west = h->east = first.lon;
    h->south = h->north = first.lat;
    for (size_t n = 1; n < m->draft->node_count; n++) {
        struct roads_point7 p = m->draft->nodes[n].place;
        h->west = p.lon < h->west ? p.lon : h->west;
        h->east = p.lon > h->east ? p.lon : h->east;
        h->south = p.lat < h->south ? p.lat : h->south;
        h->north = p.lat > h->north ? p.lat : h->north;
    }
}

/* The nodes for which wanted() is true, along the curve, appended to the order. */
static uint32_t append_along_curve(struct imaging *m, uint32_t at,
                                   bool (*wanted)(const struct imaging *, uint32_t))
{
    size_t nodes = m->draft->node_count;
    struct keyed *keys = roads_alloc(nodes, sizeof *keys);
    size_t count = 0;
    for (uint32_t n = 0; n < nodes; n++) {
        if (wanted(m, n)) {
            keys[count++] = (struct keyed){curve_key(m, n), n};
        }
    }
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < count; i++) {
        m->order[at++] = keys[i].number;
    }
    free(keys);
    return at;
}

static bool is_junction(const struct imaging *m, uint32_t n)
{
    return m->chains.junction[n];
}

static bool is_foot_only(const struct imaging *m, uint32_t n)
{
    return (m->draft->nodes[n].flags & ROADS_NODE_CAR) == 0;
}

static uint32_t append_chains(struct imaging *m, uint32_t at)
{
    const struct roads_chains *c = &m->chains;
    struct keyed *keys = roads_alloc(c->count, sizeof *keys);
    for (uint32_t i = 0; i < c->count; i++) {
        keys[i] = (struct keyed){curve_key(m, c->members[c->chain[i].first]), i};
    }
    qsort(keys, c->count, sizeof *keys, compare_keys);
    for (uint32_t i = 0; i < c->count; i++) {
        const struct roads_chain *chain = &c->chain[keys[i].number];
        m->chain_order[i] = keys[i].number;
        memcpy(m->order + at, c->members + chain->first, chain->count * sizeof *m->order);
        at += chain->count;
    }
    free(keys);
    return at;
}

static void order_nodes(struct imaging *m)
{
    size_t nodes = m->draft->node_count;
    m->order = roads_alloc(nodes, sizeof *m->order);
    m->place_of = roads_alloc(nodes, sizeof *m->place_of);
    m->chain_order = roads_alloc(m->chains.count, sizeof *m->chain_order);
    m->junctions = append_along_curve(m, 0, is_junction);
    m->cars = append_chains(m, m->junctions);
    (void)append_along_curve(m, m->cars, is_foot_only);
    for (uint32_t n = 0; n < nodes; n++) {
        m->place_of[m->order[n]] = n;
    }
}

static void put_nodes(struct imaging *m)
{
    size_t nodes = m->draft->node_count;
    struct roads_point7 *place = put_section(m, ROADS_S_PLACE, nodes, sizeof *place);
    uint8_t *flags = put_section(m, ROADS_S_FLAGS, nodes, sizeof *flags);
    uint32_t *id = put_section(m, ROADS_S_ID, nodes, sizeof *id);
    size_t ids = 0;
    for (size_t n = 0; n < nodes; n++) {
        const struct roads_draft_node *node = &m->draft->nodes[m->order[n]];
        place[n] = node->place;
        flags[n] = node->flags;
        id[n] = node->id;
        ids = node->id >= ids ? (size_t)node->id + 1 : ids;
    }
    uint32_t *node_of = put_section(m, ROADS_S_NODE_OF, ids, sizeof *node_of);
    memset(node_of, 0xff, ids * sizeof *node_of);
    for (uint32_t n = 0; n < nodes; n++) {
        node_of[id[n]] = n;
    }
}

static void put_arcs(struct imaging *m)
{
    size_t nodes = m->draft->node_count;
    size_t arcs = m->draft->arc_count;
    uint32_t *first = put_section(m, ROADS_S_ARC_FIRST, nodes + 1, sizeof *first);
    struct roads_raw_arc *arc = put_section(m, ROADS_S_ARC, arcs, sizeof *arc);
    uint8_t *class = put_section(m, ROADS_S_ARC_CLASS, arcs, sizeof *class);
    uint32_t filled = 0;
    for (size_t n = 0; n < nodes; n++) {
        uint32_t from = m->order[n];
        first[n] = filled;
        for (uint32_t i = m->out.first[from]; i < m->out.first[from + 1]; i++) {
            const struct roads_draft_arc *a = &m->draft->arcs[m->out.arc[i]];
            arc[filled] =
                (struct roads_raw_arc){m->place_of[a->to], {a->ms[0], a->ms[1]}, a->decimetres};
            class[filled] = a->class;
            filled++;
        }
    }
    first[nodes] = filled;
}

static void put_walks(struct imaging *m)
{
    size_t nodes = m->draft->node_count;
    size_t walks = m->draft->walk_count;
    uint32_t *first = put_section(m, ROADS_S_FOOT_FIRST, nodes + 1, sizeof *first);
    struct roads_hop *hop = put_section(m, ROADS_S_FOOT, 2 * walks, sizeof *hop);
    uint32_t *fill = roads_alloc(nodes + 2, sizeof *fill);
    for (size_t i = 0; i < walks; i++) {
        fill[m->place_of[m->draft->walks[i].a] + 2]++;
        fill[m->place_of[m->draft->walks[i].b] + 2]++;
    }
    for (size_t n = 0; n <= nodes; n++) {
        fill[n + 1] += fill[n];
        first[n] = fill[n + 1];
    }
    for (size_t i = 0; i < walks; i++) {
        const struct roads_draft_walk *w = &m->draft->walks[i];
        uint32_t a = m->place_of[w->a];
        uint32_t b = m->place_of[w->b];
        hop[fill[a + 1]++] = (struct roads_hop){b, w->ms};
        hop[fill[b + 1]++] = (struct roads_hop){a, w->ms};
    }
    free(fill);
}

static void put_chains(struct imaging *m)
{
    const struct roads_chains *c = &m->chains;
    uint32_t inside = m->cars - m->junctions;
    struct roads_chain *chain = put_section(m, ROADS_S_CHAIN, c->count, sizeof *chain);
    uint32_t *chain_of = put_section(m, ROADS_S_CHAIN_OF, inside, sizeof *chain_of);
    struct roads_along *along = put_section(m, ROADS_S_ALONG, inside, sizeof *along);
    uint32_t at = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        const struct roads_chain *found = &c->chain[m->chain_order[i]];
        chain[i] = *found;
        chain[i].a = m->place_of[found->a];
        chain[i].b = found->b == ROADS_NOWHERE ? ROADS_NOWHERE : m->place_of[found->b];
        chain[i].first = m->junctions + at;
        for (uint32_t n = 0; n < found->count; n++) {
            along[at] = c->along[found->first + n];
            chain_of[at++] = i;
        }
    }
}

static int compare_links(const void *a, const void *b)
{
    const struct roads_link *x = a;
    const struct roads_link *y = b;
    if (x->from != y->from) {
        return x->from < y->from ? -1 : 1;
    }
    return (x->to > y->to) - (x->to < y->to);
}

/* All arcs between junctions and all chains, sorted; of several between the same two the best time by weight stays. */
static size_t find_links(struct imaging *m, struct roads_link **ret_links)
{
    const struct roads_chain *chain = m->section[ROADS_S_CHAIN];
    size_t chains = m->chains.count;
    struct roads_link *links = roads_alloc(m->draft->arc_count + 2 * chains, sizeof *links);
    size_t count = 0;
    for (size_t i = 0; i < m->draft->arc_count; i++) {
        const struct roads_draft_arc *a = &m->draft->arcs[i];
        if (m->chains.junction[a->from] && m->chains.junction[a->to]) {
            links[count++] =
                (struct roads_link){m->place_of[a->from], m->place_of[a->to], {a->ms[0], a->ms[1]}};
        }
    }
    for (size_t i = 0; i < chains; i++) {
        const struct roads_chain *c = &chain[i];
        if (c->b == ROADS_NOWHERE || c->a == c->b) {
            continue;
        }
        links[count++] = (struct roads_link){c->a, c->b, {c->ab[0], c->ab[1]}};
        if (c->ba[0] != ROADS_NEVER) {
            links[count++] = (struct roads_link){c->b, c->a, {c->ba[0], c->ba[1]}};
        }
    }
    qsort(links, count, sizeof *links, compare_links);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct roads_link *last = kept > 0 ? &links[kept - 1] : NULL;
        if (last != NULL && last->from == links[i].from && last->to == links[i].to) {
            last->ms[0] = links[i].ms[0] < last->ms[0] ? links[i].ms[0] : last->ms[0];
            last->ms[1] = links[i].ms[1] < last->ms[1] ? links[i].ms[1] : last->ms[1];
        } else {
            links[kept++] = links[i];
        }
    }
    *ret_links = links;
    return kept;
}

static void put_core_direction(struct imaging *m, const struct roads_link *links, size_t count,
                               enum roads_section first_section, bool reverse)
{
    uint32_t *first = put_section(m, first_section, m->junctions + 1, sizeof *first);
    struct roads_hop *hops[2];
    for (int w = 0; w < 2; w++) {
        hops[w] = put_section(m, (enum roads_section)((int)first_section + 1 + w), count,
                              sizeof *hops[w]);
    }
    uint32_t *fill = roads_alloc((size_t)m->junctions + 2, sizeof *fill);
    for (size_t i = 0; i < count; i++) {
        fill[(reverse ? links[i].to : links[i].from) + 2]++;
    }
    for (size_t n = 0; n <= m->junctions; n++) {
        fill[n + 1] += fill[n];
        first[n] = fill[n + 1];
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t at = fill[(reverse ? links[i].to : links[i].from) + 1]++;
        for (int w = 0; w < 2; w++) {
            hops[w][at] = (struct roads_hop){reverse ? links[i].from : links[i].to, links[i].ms[w]};
        }
    }
    free(fill);
}

/* The hierarchy's arrays become sections as they are. */
static void put_heights(struct imaging *m, const struct roads_link *links, size_t count, int weight)
{
    int base = weight == ROADS_EMERGENCY ? ROADS_S_HEIGHT_EMERGENCY : ROADS_S_HEIGHT_NORMAL;
    struct roads_hierarchy h;
    roads_hierarchy_make(links, count, m->junctions, weight, &h);
    void *const arrays[] = {h.height_of, h.out_first, h.out, h.in_first, h.in};
    const size_t counts[] = {m->junctions, (size_t)m->junctions + 1, h.out_count,
                             (size_t)m->junctions + 1, h.in_count};
    m->header.core[weight] = h.core;
    for (int i = 0; i < 5; i++) {
        m->section[base + i] = arrays[i];
        m->header.sections[base + i].count = counts[i];
    }
}

static void put_core(struct imaging *m)
{
    struct roads_link *links = NULL;
    size_t count = find_links(m, &links);
    put_core_direction(m, links, count, ROADS_S_CORE_TO_FIRST, true);
    put_core_direction(m, links, count, ROADS_S_CORE_FROM_FIRST, false);
    put_heights(m, links, count, ROADS_EMERGENCY);
    put_heights(m, links, count, ROADS_NORMAL);
    free(links);
}

static uint32_t cells_along(uint32_t length, uint32_t cell)
{
    return length / cell + 1;
}

/* Square cells (in metres), about as many as there are nodes, over the box. */
static void put_grid(struct imaging *m)
{
    struct roads_header *h = &m->header;
    size_t nodes = m->draft->node_count;
    double squeeze = fmax(0.01, cos(((double)h->south + h->north) / 2e7 * M_PI / 180.0));
    double width = (double)h->east - h->west;
    double height = (double)h->north - h->south;
    double side = sqrt(fmax(width * squeeze, 1) * fmax(height, 1) / (double)nodes);
    side = fmax(side, fmax(width * squeeze, height) / 16384); /* a thin box has no more cells */
    h->cell_height = (uint32_t)fmax(ROADS_CELL_MIN, ceil(side));
    h->cell_width = (uint32_t)fmax(ROADS_CELL_MIN, fmin(ceil(side / squeeze), INT32_MAX));
    h->columns = cells_along((uint32_t)width, h->cell_width);
    h->rows = cells_along((uint32_t)height, h->cell_height);
    size_t cells = (size_t)h->columns * h->rows;
    uint32_t *first = put_section(m, ROADS_S_GRID_FIRST, cells + 1, sizeof *first);
    uint32_t *node = put_section(m, ROADS_S_GRID_NODE, nodes, sizeof *node);
    const struct roads_point7 *place = m->section[ROADS_S_PLACE];
    uint32_t *fill = roads_alloc(cells + 2, sizeof *fill);
    size_t *cell_of = roads_alloc(nodes, sizeof *cell_of);
    for (size_t n = 0; n < nodes; n++) {
        size_t column = (size_t)((int64_t)place[n].lon - h->west) / h->cell_width;
        size_t row = (size_t)((int64_t)place[n].lat - h->south) / h->cell_height;
        cell_of[n] = row * h->columns + column;
        fill[cell_of[n] + 2]++;
    }
    for (size_t c = 0; c <= cells; c++) {
        fill[c + 1] += fill[c];
        first[c] = fill[c + 1];
    }
    for (uint32_t n = 0; n < nodes; n++) {
        node[fill[cell_of[n] + 1]++] = n;
    }
    free(cell_of);
    free(fill);
}

static void put_text(struct imaging *m)
{
    size_t name = strlen(m->draft->name) + 1;
    size_t attribution = strlen(m->draft->attribution) + 1;
    char *text = put_section(m, ROADS_S_TEXT, name + attribution, 1);
    memcpy(text, m->draft->name, name);
    memcpy(text + name, m->draft->attribution, attribution);
}

#define SECTION_SIZE(name, type) sizeof(type),
static const size_t SIZES[] = {ROADS_SECTIONS(SECTION_SIZE)};

static size_t aligned(size_t bytes)
{
    return (bytes + ROADS_ALIGN - 1) / ROADS_ALIGN * ROADS_ALIGN;
}

/* Puts header and sections together; frees the sections. */
static void *assemble(struct imaging *m, size_t *ret_bytes)
{
    struct roads_header *h = &m->header;
    size_t bytes = aligned(sizeof *h);
    for (int i = 0; i < ROADS_SECTION_COUNT; i++) {
        h->sections[i].offset = bytes;
        bytes += aligned((size_t)h->sections[i].count * SIZES[i]);
    }
    memcpy(h->magic, ROADS_MAGIC, sizeof h->magic);
    h->header_bytes = sizeof *h;
    h->file_bytes = bytes;
    uint8_t *image = roads_alloc_aligned(bytes);
    memcpy(image, h, sizeof *h);
    for (int i = 0; i < ROADS_SECTION_COUNT; i++) {
        memcpy(image + h->sections[i].offset, m->section[i],
               (size_t)h->sections[i].count * SIZES[i]);
        free(m->section[i]);
    }
    h->checksum = roads_checksum(image, bytes);
    memcpy(image, h, sizeof *h);
    *ret_bytes = bytes;
    return image;
}

void *roads_draft_image(const struct roads_draft *draft, size_t *ret_bytes)
{
    struct imaging m = {.draft = draft};
    m.out = roads_draft_index(draft, false);
    m.in = roads_draft_index(draft, true);
    roads_chains_find(draft, &m.out, &m.in, &m.chains);
    find_box(&m);
    order_nodes(&m);
    put_nodes(&m);
    put_arcs(&m);
    put_walks(&m);
    put_chains(&m);
    put_core(&m);
    put_grid(&m);
    put_text(&m);
    m.header.nodes = (uint32_t)draft->node_count;
    m.header.cars = m.cars;
    m.header.junctions = m.junctions;
    memcpy(m.header.access_kmh_milli, draft->access_kmh_milli, sizeof m.header.access_kmh_milli);
    void *image = assemble(&m, ret_bytes);
    free(m.order);
    free(m.place_of);
    free(m.chain_order);
    roads_chains_done(&m.chains);
    roads_index_done(&m.out);
    roads_index_done(&m.in);
    return image;
}

enum gx_rc roads_write(const struct roads *roads, const char *path, struct roads_fault *fault)
{
    char part[4096];
    int length = snprintf(part, sizeof part, "%s.part", path);
    if (length < 0 || (size_t)length >= sizeof part) {
        return roads_fail(fault, ROADS_F_WRITE, "%.120s", path);
    }
    FILE *file = fopen(part, "wb");
    bool good = file != NULL && fwrite(roads->data, 1, roads->bytes, file) == roads->bytes;
    good = good && fflush(file) == 0 && fsync(fileno(file)) == 0;
    int error = errno;
    if (file != NULL && fclose(file) != 0) {
        good = false;
    }
    if (good && rename(part, path) != 0) {
        error = errno;
        good = false;
    }
    if (!good) {
        (void)unlink(part);
        return roads_fail(fault, ROADS_F_WRITE, "%.120s: %s", path, strerror(error));
    }
    return GX_OK;
}
