/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The road graph's file, which is also its form in memory: little-endian, a header, then sections aligned to 64 bytes.
 *
 *   nodes 0 .. junctions - 1      where a car may choose (ordered along a Hilbert curve, so that near ones share cache lines)
 *   junctions .. cars - 1         on a chain between two junctions (or into a dead end), in order along it, chain after chain
 *   cars .. nodes - 1             on foot only
 *
 * A search by car runs over CORE, junctions joined by hops (an arc or a whole chain); a node on a chain is joined to its ends by
 * ALONG. HEIGHT, OUT and IN are a contraction hierarchy over the junctions (hierarchy.h), one for each weight. ARC has every
 * directed arc by car, in order of its tail. FOOT is symmetric.
 */
#ifndef MATCHER_ROADS_FORMAT_H
#define MATCHER_ROADS_FORMAT_H

#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the file is mapped as it is");

#define ROADS_MAGIC "GXROADS1"
enum {
    ROADS_ALIGN = 64,
    ROADS_CELL_MIN = 10, /* a grid cell's least side, in 1e-7 degrees */
    ROADS_CELLS_MAX = 1 << 26,
    ROADS_NODES_MAX = 1 << 28,
    ROADS_ARCS_MAX = 1 << 29
};

enum {
    ROADS_NODE_ACCESS = 1,
    ROADS_NODE_CAR = 2,
    ROADS_NODE_FOOT = 4
};

struct roads_point7 { /* 1e-7 degrees */
    int32_t lon;
    int32_t lat;
};

struct roads_raw_arc {
    uint32_t to;
    uint32_t ms[2];
    uint32_t decimetres;
};

struct roads_hop {
    uint32_t to;
    uint32_t ms;
};

/* Nodes first .. first + count - 1 lie between a and b; b is ROADS_NOWHERE at a dead end. A way that is not there: ROADS_NEVER. */
struct roads_chain {
    uint32_t a;
    uint32_t b;
    uint32_t first;
    uint32_t count;
    uint32_t ab[2]; /* whole length from a to b (to the last node at a dead end), by weight */
    uint32_t ba[2];
};

struct roads_along {
    uint32_t ab[2]; /* from a to this node */
    uint32_t ba[2]; /* from b (or the last node) to this node */
};

/* Sections in order of the file: ROADS_SECTION(name, type of an element). */
#define ROADS_SECTIONS(X)                                                                          \
    X(PLACE, struct roads_point7)                                                                  \
    X(FLAGS, uint8_t)                                                                              \
    X(ID, uint32_t)                                                                                \
    X(NODE_OF, uint32_t)                                                                           \
    X(ARC_FIRST, uint32_t)                                                                         \
    X(ARC, struct roads_raw_arc)                                                                   \
    X(ARC_CLASS, uint8_t)                                                                          \
    X(FOOT_FIRST, uint32_t)                                                                        \
    X(FOOT, struct roads_hop)                                                                      \
    X(CHAIN, struct roads_chain)                                                                   \
    X(CHAIN_OF, uint32_t)                                                                          \
    X(ALONG, struct roads_along)                                                                   \
    X(CORE_TO_FIRST, uint32_t)                                                                     \
    X(CORE_TO_EMERGENCY, struct roads_hop)                                                         \
    X(CORE_TO_NORMAL, struct roads_hop)                                                            \
    X(CORE_FROM_FIRST, uint32_t)                                                                   \
    X(CORE_FROM_EMERGENCY, struct roads_hop)                                                       \
    X(CORE_FROM_NORMAL, struct roads_hop)                                                          \
    X(HEIGHT_EMERGENCY, uint32_t)                                                                  \
    X(OUT_FIRST_EMERGENCY, uint32_t)                                                               \
    X(OUT_EMERGENCY, struct roads_hop)                                                             \
    X(IN_FIRST_EMERGENCY, uint32_t)                                                                \
    X(IN_EMERGENCY, struct roads_hop)                                                              \
    X(HEIGHT_NORMAL, uint32_t)                                                                     \
    X(OUT_FIRST_NORMAL, uint32_t)                                                                  \
    X(OUT_NORMAL, struct roads_hop)                                                                \
    X(IN_FIRST_NORMAL, uint32_t)                                                                   \
    X(IN_NORMAL, struct roads_hop)                                                                 \
    X(GRID_FIRST, uint32_t)                                                                        \
    X(GRID_NODE, uint32_t)                                                                         \
    X(TEXT, char)

#define ROADS_SECTION_ENUM(name, type) ROADS_S_##name,
enum roads_section {
    ROADS_SECTIONS(ROADS_SECTION_ENUM) ROADS_SECTION_COUNT
};

struct roads_header {
    char magic[8];
    uint32_t header_bytes;
    uint32_t checksum; /* CRC-32 of the whole file with this field 0 */
    uint64_t file_bytes;
    uint32_t nodes;
    uint32_t cars;
    uint32_t junctions;
    uint32_t core[2];             /* of the hierarchies, by weight: so many first heights */
    uint32_t access_kmh_milli[3]; /* off the network, by weight */
    int32_t west, south, east, north;
    uint32_t columns, rows;           /* of the grid, which begins at (west, south) */
    uint32_t cell_width, cell_height; /* 1e-7 degrees */
    struct {
        uint64_t offset;
        uint64_t count; /* elements */
    } sections[ROADS_SECTION_COUNT];
};

#endif
