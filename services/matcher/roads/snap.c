/* SPDX-License-Identifier: Apache-2.0 */
/* The nearest usable node: rings of grid cells around the place, until no cell farther out can hold a nearer one. */
#include "roads/internal.h"

#include <math.h>

static const double METRES_PER_E7 = 6371008.8 * M_PI / 180.0 / 1e7;

struct snapping {
    const struct roads *roads;
    struct gx_point place;
    uint8_t needed; /* flags that a node must have */
    double best_m;
    uint32_t best;
};

static void look_at_cell(struct snapping *s, int64_t column, int64_t row)
{
    const uint32_t *first = ROADS_AT(s->roads, GRID_FIRST, uint32_t);
    uint64_t cell = (uint64_t)row * s->roads->header->columns + (uint64_t)column;
    for (uint32_t i = first[cell]; i < first[cell + 1]; i++) {
        uint32_t node = ROADS_AT(s->roads, GRID_NODE, uint32_t)[i];
        if ((ROADS_AT(s->roads, FLAGS, uint8_t)[node] & s->needed) != s->needed) {
            continue;
        }
        double metres = gx_geo_distance_m(s->place, roads_place(s->roads, node));
        bool first_at =
            metres == s->best_m && (s->best == ROADS_NOWHERE ||
                                    roads_id_of(s->roads, node) < roads_id_of(s->roads, s->best));
        if (metres < s->best_m || first_at) {
            s->best_m = metres;
            s->best = node;
        }
    }
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The cells of a square ring, those of them that the grid has. */
static void look_at_ring(struct snapping *s, int64_t column, int64_t row, int64_t ring)
{
    const struct roads_header *h = s->roads->header;
    int64_t west = most(column - ring, 0);
    int64_t east = least(column + ring, (int64_t)h->columns - 1);
    int64_t south = most(row - ring, 0);
    int64_t north = least(row + ring, (int64_t)h->rows - 1);
    for (int64_t r = south; r <= north; r++) {
        bool whole = r == row - ring || r == row + ring;
        for (int64_t c = west; whole && c <= east; c++) {
            look_at_cell(s, c, r);
        }
        if (!whole && column - ring >= 0) {
            look_at_cell(s, column - ring, r);
        }
        if (!whole && column + ring < h->columns) {
            look_at_cell(s, column + ring, r);
        }
    }
}

static int64_t clamp(double value, uint32_t count)
{
    double top = (double)count - 1;
    return (int64_t)fmax(0, fmin(floor(value), top));
}

/*
 * Least distance, in metres, from a place in the grid to anything beyond `ring` rings of cells around its own. A degree of
 * longitude is shortest at the grid's edge that is nearer to a pole; a hundredth is taken off, since a parallel bulges.
 */
static double ring_reach_m(const struct roads_header *h, int64_t ring)
{
    double lat = fmax(fabs(h->south / 1e7), fabs(h->north / 1e7)) * M_PI / 180.0;
    double side =
        fmin(h->cell_height * METRES_PER_E7, h->cell_width * METRES_PER_E7 * cos(fmin(lat, 1.56)));
    return (double)ring * side * 0.99;
}

bool roads_snap(const struct roads *roads, enum roads_weight weight, struct gx_point place,
                double max_m, struct roads_snap *ret_snap)
{
    const struct roads_header *h = roads->header;
    if (!gx_geo_valid(place)) {
        return false;
    }
    struct gx_point edge = {fmax(h->west / 1e7, fmin(h->east / 1e7, place.lon)),
                            fmax(h->south / 1e7, fmin(h->north / 1e7, place.lat))};
    /* From outside nothing in the box is nearer than its edge by more than the curve of a parallel. */
    if (gx_geo_distance_m(place, edge) * 0.9 > max_m) {
        return false;
    }
    struct snapping s = {
        roads, place, weight == ROADS_FOOT ? ROADS_NODE_FOOT : ROADS_NODE_CAR | ROADS_NODE_ACCESS,
        max_m, ROADS_NOWHERE};
    int64_t column = clamp((edge.lon * 1e7 - h->west) / h->cell_width, h->columns);
    int64_t row = clamp((edge.lat * 1e7 - h->south) / h->cell_height, h->rows);
    int64_t last = h->columns > h->rows ? h->columns : h->rows;
    /* A place outside is compared with distances from its edge point, which are shorter by at most the way to the edge. */
    double outside_m = gx_geo_distance_m(place, edge);
    for (int64_t ring = 0; ring <= last; ring++) {
        look_at_ring(&s, column, row, ring);
        if (s.best_m <= ring_reach_m(h, ring) - outside_m) {
            break;
        }
    }
    if (s.best == ROADS_NOWHERE) {
        return false;
    }
    *ret_snap = (struct roads_snap){s.best, s.best_m, roads_access_ms(roads, weight, s.best_m)};
    return true;
}

int roads_choose(const struct roads *const *graphs, size_t count, enum roads_weight weight,
                 struct gx_point place, double max_m, struct roads_snap *ret_snap)
{
    int chosen = -1;
    for (size_t i = 0; i < count; i++) {
        struct roads_snap snap;
        if (roads_snap(graphs[i], weight, place, max_m, &snap) &&
            (chosen < 0 || snap.metres < ret_snap->metres)) {
            *ret_snap = snap;
            chosen = (int)i;
        }
    }
    return chosen;
}
