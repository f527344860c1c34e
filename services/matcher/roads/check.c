/* SPDX-License-Identifier: Apache-2.0 */
#include "roads/check.h"

#include "base/text.h"
#include "roads/classes.h"
#include "roads/internal.h"

#include <string.h>
#include <zlib.h>

#define SECTION_NAME(name, type) #name,
static const char *const NAMES[] = {ROADS_SECTIONS(SECTION_NAME)};
#define SECTION_SIZE(name, type) sizeof(type),
static const size_t SIZES[] = {ROADS_SECTIONS(SECTION_SIZE)};
/* The image under check and the first thing found wrong. */
struct check {
    const uint8_t *data;
    const struct roads_header *h;
    struct roads_fault *fault;
    bool good;
};

static void must(struct check *c, bool holds, enum roads_section section, uint64_t at)
{
    if (!holds && c->good) {
        c->good = false;
        enum gx_rc rc = roads_fail(c->fault, ROADS_F_SECTION, "%s[%llu]", NAMES[section],
                                   (unsigned long long)at);
        (void)rc;
    }
}

static const void *at(const struct check *c, enum roads_section section)
{
    return c->data + c->h->sections[section].offset;
}

static uint64_t count(const struct check *c, enum roads_section section)
{
    return c->h->sections[section].count;
}

/* Each number is below limit, or is ROADS_NOWHERE where that is allowed. */
static void numbers(struct check *c, enum roads_section section, uint32_t limit, bool or_nowhere)
{
    const uint32_t *values = at(c, section);
    for (uint64_t i = 0; i < count(c, section) && c->good; i++) {
        must(c, values[i] < limit || (or_nowhere && values[i] == ROADS_NOWHERE), section, i);
    }
}

/* nodes + 1 offsets from 0 to the number of elements, never falling. */
static void offsets(struct check *c, enum roads_section section, uint64_t nodes, uint64_t elements)
{
    must(c, count(c, section) == nodes + 1, section, count(c, section));
    if (!c->good) {
        return;
    }
    const uint32_t *first = at(c, section);
    must(c, first[0] == 0 && first[nodes] == elements, section, nodes);
    for (uint64_t i = 0; i < nodes && c->good; i++) {
        must(c, first[i] <= first[i + 1], section, i);
    }
}

static void hops(struct check *c, enum roads_section section, uint32_t nodes)
{
    const struct roads_hop *hop = at(c, section);
    for (uint64_t i = 0; i < count(c, section) && c->good; i++) {
        must(c, hop[i].to < nodes && hop[i].ms <= ROADS_MS_MAX, section, i);
    }
}

static void same_count(struct check *c, enum roads_section section, uint64_t wanted)
{
    must(c, count(c, section) == wanted, section, count(c, section));
}

static void check_nodes(struct check *c)
{
    const struct roads_header *h = c->h;
    same_count(c, ROADS_S_PLACE, h->nodes);
    same_count(c, ROADS_S_FLAGS, h->nodes);
    same_count(c, ROADS_S_ID, h->nodes);
    must(c, h->junctions <= h->cars && h->cars <= h->nodes && h->nodes <= ROADS_NODES_MAX,
         ROADS_S_PLACE, h->nodes);
    must(c, h->nodes > 0, ROADS_S_PLACE, 0);
    for (int i = 0; i < 3; i++) {
        must(c, h->access_kmh_milli[i] > 0, ROADS_S_PLACE, 0);
    }
    numbers(c, ROADS_S_NODE_OF, h->nodes, true);
    const struct roads_point7 *place = at(c, ROADS_S_PLACE);
    for (uint32_t i = 0; i < h->nodes && c->good; i++) {
        must(c,
             place[i].lon >= -1800000000 && place[i].lon <= 1800000000 &&
                 place[i].lat >= -900000000 && place[i].lat <= 900000000,
             ROADS_S_PLACE, i);
    }
}

static void check_arcs(struct check *c)
{
    const struct roads_header *h = c->h;
    uint64_t arcs = count(c, ROADS_S_ARC);
    must(c, arcs <= ROADS_ARCS_MAX, ROADS_S_ARC, arcs);
    same_count(c, ROADS_S_ARC_CLASS, arcs);
    offsets(c, ROADS_S_ARC_FIRST, h->nodes, arcs);
    const struct roads_raw_arc *arc = at(c, ROADS_S_ARC);
    const uint8_t *class = at(c, ROADS_S_ARC_CLASS);
    for (uint64_t i = 0; i < arcs && c->good; i++) {
        must(c,
             arc[i].to < h->nodes && arc[i].ms[0] <= ROADS_ARC_MS_MAX &&
                 arc[i].ms[1] <= ROADS_ARC_MS_MAX,
             ROADS_S_ARC, i);
        must(c, class[i] < ROADS_CLASS_COUNT, ROADS_S_ARC_CLASS, i);
    }
    uint64_t foot = count(c, ROADS_S_FOOT);
    must(c, foot <= ROADS_ARCS_MAX, ROADS_S_FOOT, foot);
    offsets(c, ROADS_S_FOOT_FIRST, h->nodes, foot);
    hops(c, ROADS_S_FOOT, h->nodes);
}

/* A time along a chain is not beyond the whole, and missing where the whole is. */
static bool within(uint32_t part, uint32_t whole)
{
    return whole == ROADS_NEVER ? part == ROADS_NEVER : part <= whole && whole <= ROADS_MS_MAX;
}

static void check_chains(struct check *c)
{
    const struct roads_header *h = c->h;
    uint64_t chains = count(c, ROADS_S_CHAIN);
    uint32_t inside = h->cars - h->junctions;
    same_count(c, ROADS_S_CHAIN_OF, inside);
    same_count(c, ROADS_S_ALONG, inside);
    must(c, chains <= inside, ROADS_S_CHAIN, chains);
    const struct roads_chain *chain = at(c, ROADS_S_CHAIN);
    const uint32_t *of = at(c, ROADS_S_CHAIN_OF);
    const struct roads_along *along = at(c, ROADS_S_ALONG);
    uint64_t next = h->junctions;
    for (uint64_t i = 0; i < chains && c->good; i++) {
        const struct roads_chain *one = &chain[i];
        must(c, one->a < h->junctions && (one->b < h->junctions || one->b == ROADS_NOWHERE),
             ROADS_S_CHAIN, i);
        must(c, one->first == next && one->count > 0 && one->count <= h->cars - next, ROADS_S_CHAIN,
             i);
        for (uint32_t n = 0; c->good && n < one->count; n++) {
            const struct roads_along *here = &along[one->first - h->junctions + n];
            must(c, of[one->first - h->junctions + n] == i, ROADS_S_CHAIN_OF, n);
            must(c,
                 within(here->ab[0], one->ab[0]) && within(here->ab[1], one->ab[1]) &&
                     within(here->ba[0], one->ba[0]) && within(here->ba[1], one->ba[1]),
                 ROADS_S_ALONG, one->first - h->junctions + n);
        }
        next += one->count;
    }
    must(c, next == h->cars, ROADS_S_CHAIN, next);
}

static void check_core(struct check *c)
{
    static const enum roads_section SETS[2][3] = {
        {ROADS_S_CORE_TO_FIRST, ROADS_S_CORE_TO_EMERGENCY, ROADS_S_CORE_TO_NORMAL},
        {ROADS_S_CORE_FROM_FIRST, ROADS_S_CORE_FROM_EMERGENCY, ROADS_S_CORE_FROM_NORMAL}};
    for (int i = 0; i < 2; i++) {
        uint64_t elements = count(c, SETS[i][1]);
        must(c, elements <= ROADS_ARCS_MAX, SETS[i][1], elements);
        same_count(c, SETS[i][2], elements);
        offsets(c, SETS[i][0], c->h->junctions, elements);
        hops(c, SETS[i][1], c->h->junctions);
        hops(c, SETS[i][2], c->h->junctions);
    }
}

/* Hops lead to the core or upwards, that is to lesser heights. */
static void check_upwards(struct check *c, enum roads_section first_section,
                          enum roads_section section, uint32_t core)
{
    offsets(c, first_section, c->h->junctions, count(c, section));
    hops(c, section, c->h->junctions);
    const uint32_t *first = at(c, first_section);
    const struct roads_hop *hop = at(c, section);
    for (uint32_t height = 0; height < c->h->junctions && c->good; height++) {
        for (uint32_t i = first[height]; i < first[height + 1]; i++) {
            must(c, hop[i].to < (height < core ? core : height), section, i);
        }
    }
}

static void check_heights(struct check *c)
{
    static const int BASES[] = {ROADS_S_HEIGHT_EMERGENCY, ROADS_S_HEIGHT_NORMAL};
    for (int i = 0; i < 2; i++) {
        enum roads_section height = (enum roads_section)BASES[i];
        same_count(c, height, c->h->junctions);
        numbers(c, height, c->h->junctions, false);
        must(c, c->h->core[i] <= c->h->junctions, height, c->h->core[i]);
        for (int side = 1; side <= 3; side += 2) {
            check_upwards(c, (enum roads_section)(BASES[i] + side),
                          (enum roads_section)(BASES[i] + side + 1), c->h->core[i]);
        }
    }
}

static void check_grid(struct check *c)
{
    const struct roads_header *h = c->h;
    must(c,
         h->columns > 0 && h->rows > 0 && (uint64_t)h->columns * h->rows <= ROADS_CELLS_MAX &&
             h->cell_width >= ROADS_CELL_MIN && h->cell_height >= ROADS_CELL_MIN &&
             h->cell_width <= INT32_MAX && h->cell_height <= INT32_MAX,
         ROADS_S_GRID_FIRST, 0);
    must(c,
         h->west <= h->east && h->south <= h->north && h->south >= -900000000 &&
             h->north <= 900000000 && h->west >= -1800000000 && h->east <= 1800000000,
         ROADS_S_GRID_FIRST, 1);
    if (c->good) {
        offsets(c, ROADS_S_GRID_FIRST, (uint64_t)h->columns * h->rows, count(c, ROADS_S_GRID_NODE));
        numbers(c, ROADS_S_GRID_NODE, h->nodes, false);
    }
}

/* Two texts, each ended, in UTF-8. */
static void check_text(struct check *c)
{
    uint64_t size = count(c, ROADS_S_TEXT);
    const char *text = at(c, ROADS_S_TEXT);
    must(c, size >= 2 && size <= 65536 && text[size - 1] == '\0', ROADS_S_TEXT, size);
    if (c->good) {
        size_t name = strlen(text) + 1;
        must(c, name < size && name + strlen(text + name) + 1 == size, ROADS_S_TEXT, name);
        must(c, gx_utf8_valid(text, name), ROADS_S_TEXT, 0);
        must(c, gx_utf8_valid(text + name, c->good ? size - name : 0), ROADS_S_TEXT, name);
    }
}

static void check_sections(struct check *c, size_t bytes)
{
    for (int i = 0; i < ROADS_SECTION_COUNT && c->good; i++) {
        uint64_t offset = c->h->sections[i].offset;
        uint64_t elements = c->h->sections[i].count;
        must(c,
             offset % ROADS_ALIGN == 0 && offset >= sizeof *c->h && offset <= bytes &&
                 elements <= (bytes - offset) / SIZES[i],
             (enum roads_section)i, elements);
    }
}

uint32_t roads_checksum(const void *data, size_t bytes)
{
    static const uint8_t ZERO[4];
    const size_t field = offsetof(struct roads_header, checksum);
    const uint8_t *at_byte = data;
    uLong sum = crc32_z(0, at_byte, field);
    sum = crc32_z(sum, ZERO, sizeof ZERO);
    sum = crc32_z(sum, at_byte + field + sizeof ZERO, bytes - field - sizeof ZERO);
    return (uint32_t)sum;
}

enum gx_rc roads_check_image(const void *data, size_t bytes, struct roads_fault *fault)
{
    const struct roads_header *h = data;
    if (bytes < sizeof *h) {
        return roads_fail(fault, ROADS_F_SHORT, "%zu", bytes);
    }
    if (memcmp(h->magic, ROADS_MAGIC, sizeof h->magic) != 0 || h->header_bytes != sizeof *h) {
        return roads_fail(fault, ROADS_F_MAGIC, "%.8s", ROADS_MAGIC);
    }
    if (h->file_bytes != bytes) {
        return roads_fail(fault, ROADS_F_SHORT, "%zu/%llu", bytes,
                          (unsigned long long)h->file_bytes);
    }
    uint32_t sum = roads_checksum(data, bytes);
    if (sum != h->checksum) {
        return roads_fail(fault, ROADS_F_CHECKSUM, "%08x/%08x", sum, h->checksum);
    }
    struct roads_fault unused;
    struct check c = {data, h, fault == NULL ? &unused : fault, true};
    check_sections(&c, bytes);
    void (*const steps[])(struct check *) = {check_nodes,   check_arcs, check_chains, check_core,
                                             check_heights, check_grid, check_text};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && c.good; i++) {
        steps[i](&c);
    }
    return c.good ? GX_OK : GX_INVALID;
}
