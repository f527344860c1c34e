/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A city to play on, read from a pack: units, calls, demand and the reference answers. Times are integer milliseconds.
 * Anything unreadable ends the program with the file and line.
 */
#ifndef BENCH_DISPATCH_PACK_H
#define BENCH_DISPATCH_PACK_H

#include "base/geo.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pack_kind {
    PACK_POLICE,
    PACK_HELPER /* a guard or a volunteer */
};

struct pack_unit {
    enum pack_kind kind;
    bool guard; /* of the helpers: paid, so that it may be sent to a post */
    uint32_t home;
};

struct pack_call {
    int64_t at_ms;
    struct gx_point place;
    uint32_t priority;
    int64_t on_scene_ms;
    uint32_t node;
    int64_t access_ms; /* last leg off the network, emergency speed */
};

struct pack_stream {
    struct pack_call *calls;
    size_t count;
};

struct pack_answer {
    uint32_t unit;
    int64_t response_ms;
};

struct pack_demand {
    uint32_t node;
    double weight;
};

struct pack {
    char dir[512];
    int64_t cover_ms;     /* T */
    double slower_access; /* access_kmh / access_kmh_normal */
    struct pack_unit *units;
    size_t unit_count;
    struct pack_demand *demand;
    size_t demand_count;
    struct pack_stream *streams; /* calls_1 first */
    size_t stream_count;
};

/* False when there is no such folder. */
bool pack_exists(const char *dir);
void pack_open(struct pack *pack, const char *dir);
void pack_close(struct pack *pack);

/* reference_<policy>_<stream>.csv, one answer a call, to be freed; NULL when the pack has none. */
struct pack_answer *pack_reference(const struct pack *pack, const char *policy, size_t stream,
                                   size_t *ret_count);

/* One table of the pack, read row by row. */
struct roads_csv;
/* columns: the header line. NULL when there is no such file and it is not needed. */
struct roads_csv *pack_table(const char *dir, const char *name, const char *columns, bool needed);
/* The next row's cells; false at the end. */
bool pack_row(struct roads_csv *table, char *cells[]);
uint32_t pack_u32(const struct roads_csv *table, const char *cell);
double pack_double(const struct roads_csv *table, const char *cell);
/* Seconds with at most three decimals. */
int64_t pack_ms(const struct roads_csv *table, const char *cell);

#endif
