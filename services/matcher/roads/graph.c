/* SPDX-License-Identifier: Apache-2.0 */
#include "roads/check.h"
#include "roads/classes.h"
#include "roads/internal.h"
#include "roads/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct roads *graph_of(void *data, size_t bytes, bool mapped)
{
    struct roads *roads = roads_alloc(1, sizeof *roads);
    const struct roads_header *header = data;
    *roads = (struct roads){.data = data, .bytes = bytes, .mapped = mapped, .header = header};
    for (int i = 0; i < ROADS_SECTION_COUNT; i++) {
        roads->section[i] = (const char *)data + header->sections[i].offset;
    }
    roads->name = ROADS_AT(roads, TEXT, char);
    roads->attribution = roads->name + strlen(roads->name) + 1;
    return roads;
}

enum gx_rc roads_from_image(void **data, size_t bytes, struct roads **ret_roads,
                            struct roads_fault *fault)
{
    void *image = *data;
    *data = NULL;
    enum gx_rc rc = roads_check_image(image, bytes, fault);
    if (rc != GX_OK) {
        free(image);
        return rc;
    }
    *ret_roads = graph_of(image, bytes, false);
    return GX_OK;
}

enum gx_rc roads_open(const char *path, struct roads **ret_roads, struct roads_fault *fault)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (file < 0 || fstat(file, &about) != 0) {
        int error = errno;
        if (file >= 0) {
            (void)close(file);
        }
        return roads_fail(fault, ROADS_F_READ, "%.120s: %s", path, strerror(error));
    }
    size_t bytes = (size_t)about.st_size;
    if (!S_ISREG(about.st_mode) || bytes < sizeof(struct roads_header)) {
        (void)close(file);
        return roads_fail(fault, ROADS_F_SHORT, "%.120s", path);
    }
    void *data = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, file, 0);
    int error = errno;
    (void)close(file);
    if (data == MAP_FAILED) {
        return roads_fail(fault, ROADS_F_READ, "%.120s: %s", path, strerror(error));
    }
    enum gx_rc rc = roads_check_image(data, bytes, fault);
    if (rc != GX_OK) {
        (void)munmap(data, bytes);
        return rc;
    }
    *ret_roads = graph_of(data, bytes, true);
    return GX_OK;
}

void roads_free(struct roads *roads)
{
    if (roads == NULL) {
        return;
    }
    if (roads->mapped) {
        (void)munmap(roads->data, roads->bytes);
    } else {
        free(roads->data);
    }
    free(roads);
}

struct roads_about roads_about(const struct roads *roads)
{
    const struct roads_header *h = roads->header;
    return (struct roads_about){.name = roads->name,
                                .attribution = roads->attribution,
                                .nodes = h->nodes,
                                .junctions = h->junctions,
                                .car_arcs = (uint32_t)h->sections[ROADS_S_ARC].count,
                                .foot_arcs = (uint32_t)h->sections[ROADS_S_FOOT].count,
                                .west = h->west / 1e7,
                                .south = h->south / 1e7,
                                .east = h->east / 1e7,
                                .north = h->north / 1e7,
                                .bytes = roads->bytes};
}

uint32_t roads_node_of(const struct roads *roads, uint32_t id)
{
    uint64_t count = roads->header->sections[ROADS_S_NODE_OF].count;
    return id < count ? ROADS_AT(roads, NODE_OF, uint32_t)[id] : ROADS_NOWHERE;
}

uint32_t roads_id_of(const struct roads *roads, uint32_t node)
{
    return ROADS_AT(roads, ID, uint32_t)[node];
}

struct gx_point roads_place(const struct roads *roads, uint32_t node)
{
    struct roads_point7 place = ROADS_AT(roads, PLACE, struct roads_point7)[node];
    return (struct gx_point){place.lon / 1e7, place.lat / 1e7};
}

bool roads_has_access(const struct roads *roads, uint32_t node)
{
    return (ROADS_AT(roads, FLAGS, uint8_t)[node] & ROADS_NODE_ACCESS) != 0;
}

uint32_t roads_arcs_from(const struct roads *roads, uint32_t node, uint32_t *ret_first)
{
    const uint32_t *first = ROADS_AT(roads, ARC_FIRST, uint32_t);
    *ret_first = first[node];
    return first[node + 1];
}

/* The tail of an arc: the last node whose arcs begin at or before it. */
static uint32_t tail_of(const struct roads *roads, uint32_t arc)
{
    const uint32_t *first = ROADS_AT(roads, ARC_FIRST, uint32_t);
    uint32_t low = 0;
    uint32_t high = roads->header->nodes;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (first[middle] <= arc) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

struct roads_arc roads_arc(const struct roads *roads, uint32_t arc)
{
    const struct roads_raw_arc *raw = &ROADS_AT(roads, ARC, struct roads_raw_arc)[arc];
    return (struct roads_arc){.from = tail_of(roads, arc),
                              .to = raw->to,
                              .ms = {raw->ms[0], raw->ms[1]},
                              .metres = raw->decimetres / 10.0,
                              .class_name =
                                  ROADS_CLASSES[ROADS_AT(roads, ARC_CLASS, uint8_t)[arc]].name};
}

uint32_t roads_access_ms(const struct roads *roads, enum roads_weight weight, double metres)
{
    double ms = round(metres * 3.6e6 / roads->header->access_kmh_milli[weight]);
    return ms >= 0 && ms <= ROADS_MS_MAX ? (uint32_t)ms : ROADS_MS_MAX;
}

struct roads_view roads_view(const struct roads *roads, enum roads_weight weight,
                             enum roads_direction direction)
{
    const struct roads_header *h = roads->header;
    if (weight == ROADS_FOOT) {
        return (struct roads_view){.junctions = h->nodes,
                                   .first = ROADS_AT(roads, FOOT_FIRST, uint32_t),
                                   .hops = ROADS_AT(roads, FOOT, struct roads_hop)};
    }
    bool emergency = weight == ROADS_EMERGENCY;
    enum roads_section hops = emergency ? ROADS_S_CORE_TO_EMERGENCY : ROADS_S_CORE_TO_NORMAL;
    enum roads_section first = ROADS_S_CORE_TO_FIRST;
    if (direction == ROADS_FROM) {
        hops = emergency ? ROADS_S_CORE_FROM_EMERGENCY : ROADS_S_CORE_FROM_NORMAL;
        first = ROADS_S_CORE_FROM_FIRST;
    }
    return (struct roads_view){.junctions = h->junctions,
                               .first = roads->section[first],
                               .hops = roads->section[hops],
                               .chains = ROADS_AT(roads, CHAIN, struct roads_chain),
                               .chain_count = (uint32_t)h->sections[ROADS_S_CHAIN].count};
}

struct roads_ends roads_ends_of(const struct roads *roads, const struct roads_chain *chain,
                                uint32_t node, enum roads_weight weight,
                                enum roads_direction direction)
{
    const struct roads_along *along = roads_along_of(roads, node);
    uint32_t ab = along->ab[weight];
    uint32_t ba = along->ba[weight];
    struct roads_ends ends = {ab, ba};
    if (direction == ROADS_TO) { /* from the node to the ends */
        ends.a_ms = ba == ROADS_NEVER ? ROADS_NEVER : chain->ba[weight] - ba;
        ends.b_ms = ab == ROADS_NEVER ? ROADS_NEVER : chain->ab[weight] - ab;
    }
    if (chain->b == ROADS_NOWHERE) {
        ends.b_ms = ROADS_NEVER;
    }
    return ends;
}

uint32_t roads_within_chain(const struct roads *roads, const struct roads_chain *chain,
                            uint32_t from, uint32_t to, enum roads_weight weight)
{
    if (from == to) {
        return 0;
    }
    const struct roads_along *tail = roads_along_of(roads, from);
    const struct roads_along *head = roads_along_of(roads, to);
    if (from < to) {
        return chain->ab[weight] == ROADS_NEVER ? ROADS_NEVER : head->ab[weight] - tail->ab[weight];
    }
    return chain->ba[weight] == ROADS_NEVER ? ROADS_NEVER : head->ba[weight] - tail->ba[weight];
}
