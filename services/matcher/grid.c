/* SPDX-License-Identifier: Apache-2.0 */
#include "grid.h"

#include "keys.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CELLS_PER_DEGREE = 1024,
    SIDE = 32, /* cells of a block, each way */
    BLOCKS_PER_DEGREE = CELLS_PER_DEGREE / SIDE,
    BLOCKS_AROUND = 360 * BLOCKS_PER_DEGREE,
    WORDS = SIDE * SIDE / 64,
    NOWHERE = -1,
};
static const uint32_t NOBODY = UINT32_MAX;

/* One that stands somewhere, in the list of its cell. Half a cache line: a search reads little else. */
struct spot {
    double lon;
    double lat;
    double cos_lat;
    uint32_t next;
    uint32_t prev; /* the cell's first has NOBODY */
};

struct seat {
    int32_t block; /* NOWHERE */
    int32_t cell;
};

struct block {
    unsigned force;
    int32_t x; /* west to east from -180 degrees, in blocks */
    int32_t y; /* south to north from -90 degrees */
    uint32_t count;
    uint64_t occupied[WORDS];
    uint32_t first[SIDE * SIDE];
};

struct grid {
    struct spot *spots; /* by number */
    struct seat *seats;
    size_t room;
    struct keys block_numbers;
    struct block **blocks;
    size_t block_count;
    size_t block_room;
};

static double radians(double degrees)
{
    return degrees * (M_PI / 180.0);
}

struct grid *grid_new(void)
{
    struct grid *grid = calloc(1, sizeof *grid);
    if (grid == NULL) {
        abort();
    }
    return grid;
}

void grid_free(struct grid *grid)
{
    if (grid == NULL) {
        return;
    }
    for (size_t i = 0; i < grid->block_count; i++) {
        free(grid->blocks[i]);
    }
    free(grid->blocks);
    keys_done(&grid->block_numbers);
    free(grid->spots);
    free(grid->seats);
    free(grid);
}

/* ---- moving ---- */

static void *resized(void *items, size_t count, size_t size)
{
    void *moved = realloc(items, count * size);
    if (moved == NULL) {
        abort();
    }
    return moved;
}

static void make_room(struct grid *grid, uint32_t number)
{
    size_t room = grid->room == 0 ? 256 : grid->room;
    while (room <= number) {
        room += room / 2;
    }
    if (room == grid->room) {
        return;
    }
    grid->spots = resized(grid->spots, room, sizeof *grid->spots);
    grid->seats = resized(grid->seats, room, sizeof *grid->seats);
    for (size_t i = grid->room; i < room; i++) {
        grid->seats[i] = (struct seat){NOWHERE, 0};
    }
    grid->room = room;
}

static struct key block_key(unsigned force, int32_t x, int32_t y)
{
    return (struct key){force, (uint64_t)(uint32_t)x << 32 | (uint32_t)y};
}

static int32_t block_at(struct grid *grid, unsigned force, int32_t x, int32_t y)
{
    uint32_t number = keys_find(&grid->block_numbers, block_key(force, x, y));
    if (number != KEY_NONE) {
        return (int32_t)number;
    }
    if (grid->block_count == grid->block_room) {
        grid->block_room = grid->block_room == 0 ? 16 : grid->block_room * 2;
        grid->blocks = resized(grid->blocks, grid->block_room, sizeof(struct block *));
    }
    struct block *block = calloc(1, sizeof *block);
    if (block == NULL) {
        abort();
    }
    *block = (struct block){.force = force, .x = x, .y = y};
    memset(block->first, 0xff, sizeof block->first);
    grid->blocks[grid->block_count] = block;
    keys_add(&grid->block_numbers, block_key(force, x, y), (uint32_t)grid->block_count);
    return (int32_t)grid->block_count++;
}

/* Cells count from -180, -90; 180 degrees is in the last cell, 90 in one of its own. */
static int32_t cell_x(double lon)
{
    int32_t most = 360 * CELLS_PER_DEGREE - 1;
    int32_t x = (int32_t)floor((lon + 180.0) * CELLS_PER_DEGREE);
    return x < 0 ? 0 : x > most ? most : x;
}

static int32_t cell_y(double lat)
{
    return (int32_t)floor((lat + 90.0) * CELLS_PER_DEGREE);
}

static void leave(struct grid *grid, uint32_t number)
{
    struct seat *seat = &grid->seats[number];
    struct block *block = grid->blocks[seat->block];
    const struct spot *spot = &grid->spots[number];
    if (spot->next != NOBODY) {
        grid->spots[spot->next].prev = spot->prev;
    }
    if (spot->prev != NOBODY) {
        grid->spots[spot->prev].next = spot->next;
    } else {
        block->first[seat->cell] = spot->next;
        if (spot->next == NOBODY) {
            block->occupied[seat->cell / 64] &= ~(UINT64_C(1) << (seat->cell % 64));
        }
    }
    block->count--;
    seat->block = NOWHERE;
}

static void enter(struct grid *grid, uint32_t number, struct seat seat)
{
    struct block *block = grid->blocks[seat.block];
    struct spot *spot = &grid->spots[number];
    spot->prev = NOBODY;
    spot->next = block->first[seat.cell];
    if (spot->next != NOBODY) {
        grid->spots[spot->next].prev = number;
    }
    block->first[seat.cell] = number;
    block->occupied[seat.cell / 64] |= UINT64_C(1) << (seat.cell % 64);
    block->count++;
    grid->seats[number] = seat;
}

void grid_put(struct grid *grid, uint32_t number, unsigned force, struct gx_point place)
{
    make_room(grid, number);
    int32_t x = cell_x(place.lon);
    int32_t y = cell_y(place.lat);
    const struct seat seat = {
        .block = block_at(grid, force, x / SIDE, y / SIDE),
        .cell = y % SIDE * SIDE + x % SIDE,
    };
    const struct seat *old = &grid->seats[number];
    bool moved = old->block != seat.block || old->cell != seat.cell;
    if (moved && old->block != NOWHERE) {
        leave(grid, number);
    }
    struct spot *spot = &grid->spots[number];
    spot->lon = place.lon;
    spot->lat = place.lat;
    spot->cos_lat = cos(radians(place.lat));
    if (moved) {
        enter(grid, number, seat);
    }
}

void grid_drop(struct grid *grid, uint32_t number)
{
    if (number < grid->room && grid->seats[number].block != NOWHERE) {
        leave(grid, number);
    }
}

/* ---- searching ---- */

enum kind {
    BLOCK,
    CELL,
    SPOT
};

/* What waits to be opened. hav is the haversine of its distance: it rises with the distance and costs no root. */
struct waiting {
    double hav;
    uint32_t kind;
    uint32_t number; /* of the block (cell in `cell`), or of the one who stands there */
    uint32_t cell;
};

struct search {
    const struct grid *grid;
    struct gx_point place;
    double cos_lat;
    double most; /* hav of the radius, and a little */
    struct waiting *heap;
    size_t count;
    size_t room;
};

static void push(struct search *search, struct waiting item)
{
    if (item.hav > search->most) {
        return;
    }
    if (search->count == search->room) {
        search->room = search->room == 0 ? 512 : search->room * 2;
        search->heap = resized(search->heap, search->room, sizeof *search->heap);
    }
    size_t at = search->count++;
    while (at > 0 && search->heap[(at - 1) / 2].hav > item.hav) {
        search->heap[at] = search->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    search->heap[at] = item;
}

static struct waiting pop(struct search *search)
{
    struct waiting top = search->heap[0];
    struct waiting last = search->heap[--search->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= search->count) {
            break;
        }
        if (child + 1 < search->count && search->heap[child + 1].hav < search->heap[child].hav) {
            child++;
        }
        if (last.hav <= search->heap[child].hav) {
            break;
        }
        search->heap[at] = search->heap[child];
        at = child;
    }
    search->heap[at] = last;
    return top;
}

static double hav_of(double half_radians)
{
    double s = sin(half_radians);
    return s * s;
}

static double hav_to(const struct search *search, const struct spot *spot)
{
    return hav_of(radians(spot->lat - search->place.lat) / 2) +
           search->cos_lat * spot->cos_lat * hav_of(radians(spot->lon - search->place.lon) / 2);
}

/* No point of the box is nearer: the least difference of latitude and of longitude in it, and its least cosine. */
static double hav_to_box(const struct search *search, double west, double south, double size)
{
    double north = south + size;
    double lat = search->place.lat;
    double dlat = lat < south ? south - lat : lat > north ? lat - north : 0.0;
    double from_west = remainder(search->place.lon - west, 360.0);
    double from_east = remainder(search->place.lon - west - size, 360.0);
    double dlon =
        from_west >= 0.0 && from_east <= 0.0 ? 0.0 : fmin(fabs(from_west), fabs(from_east));
    double cos_least = fmax(0.0, fmin(cos(radians(south)), cos(radians(north))));
    double hav =
        hav_of(radians(dlat) / 2) + search->cos_lat * cos_least * hav_of(radians(dlon) / 2);
    return hav * (1.0 - 1e-12); /* rounding must not put a box behind what lies in it */
}

static double degrees_of(int64_t number, int per_degree, double from)
{
    return (double)number / per_degree + from;
}

static void open_cell(struct search *search, const struct block *block, uint32_t cell)
{
    const struct spot *spots = search->grid->spots;
    for (uint32_t at = block->first[cell]; at != NOBODY; at = spots[at].next) {
        push(search, (struct waiting){hav_to(search, &spots[at]), SPOT, at, 0});
    }
}

static void open_block(struct search *search, uint32_t number)
{
    const struct block *block = search->grid->blocks[number];
    for (int word = 0; word < WORDS; word++) {
        for (uint64_t bits = block->occupied[word]; bits != 0; bits &= bits - 1) {
            uint32_t cell = (uint32_t)(word * 64 + __builtin_ctzll(bits));
            double west =
                degrees_of((int64_t)block->x * SIDE + cell % SIDE, CELLS_PER_DEGREE, -180);
            double south =
                degrees_of((int64_t)block->y * SIDE + cell / SIDE, CELLS_PER_DEGREE, -90);
            double hav = hav_to_box(search, west, south, 1.0 / CELLS_PER_DEGREE);
            push(search, (struct waiting){hav, CELL, number, cell});
        }
    }
}

static void push_block(struct search *search, uint32_t number)
{
    const struct block *block = search->grid->blocks[number];
    if (block->count == 0) {
        return;
    }
    double west = degrees_of(block->x, BLOCKS_PER_DEGREE, -180.0);
    double south = degrees_of(block->y, BLOCKS_PER_DEGREE, -90.0);
    double hav = hav_to_box(search, west, south, 1.0 / BLOCKS_PER_DEGREE);
    push(search, (struct waiting){hav, BLOCK, number, 0});
}

/* A band of latitudes, and of longitudes as wide as the circle is where it is widest. */
struct band {
    int32_t west;
    int32_t south;
    int32_t east;
    int32_t north;
};

static struct band band_of(const struct search *search, double radius_m)
{
    double lat = search->place.lat;
    double lon = search->place.lon;
    double dlat = radius_m / gx_geo_degree_m() * 1.001;
    double cos_widest = cos(radians(fmin(90.0, fabs(lat) + dlat)));
    double dlon = cos_widest < 0.01 ? 180.0 : fmin(180.0, dlat / cos_widest);
    struct band band = {
        .west = (int32_t)floor((lon - dlon + 180.0) * BLOCKS_PER_DEGREE),
        .south = cell_y(fmax(-90.0, lat - dlat)) / SIDE,
        .east = (int32_t)floor((lon + dlon + 180.0) * BLOCKS_PER_DEGREE),
        .north = cell_y(fmin(90.0, lat + dlat)) / SIDE,
    };
    bool all_around = band.east - band.west >= BLOCKS_AROUND;
    band.east = all_around ? band.west + BLOCKS_AROUND - 1 : band.east;
    return band;
}

/* Those that the circle may touch; of a circle with room for more blocks than there are, all: what is too far is not kept. */
static void push_blocks(struct search *search, unsigned force, double radius_m)
{
    const struct grid *grid = search->grid;
    struct band band = band_of(search, radius_m);
    size_t in_band = (size_t)(band.east - band.west + 1) * (size_t)(band.north - band.south + 1);
    for (uint32_t i = 0; i < grid->block_count && in_band > grid->block_count; i++) {
        if (grid->blocks[i]->force == force) {
            push_block(search, i);
        }
    }
    for (int32_t y = band.south; y <= band.north && in_band <= grid->block_count; y++) {
        for (int32_t x = band.west; x <= band.east; x++) {
            int32_t around = (x + BLOCKS_AROUND) % BLOCKS_AROUND;
            uint32_t number = keys_find(&grid->block_numbers, block_key(force, around, y));
            if (number != KEY_NONE) {
                push_block(search, number);
            }
        }
    }
}

void grid_near(const struct grid *grid, unsigned force, struct gx_point place, double radius_m,
               grid_visit *visit, void *arg)
{
    double half_turn = fmin(radius_m / gx_geo_degree_m(), 180.0) / 2;
    struct search search = {
        .grid = grid,
        .place = place,
        .cos_lat = cos(radians(place.lat)),
        .most = hav_of(radians(half_turn)) * (1.0 + 1e-12),
    };
    bool go_on = true;
    push_blocks(&search, force, radius_m);
    while (go_on && search.count > 0) {
        struct waiting next = pop(&search);
        if (next.kind == BLOCK) {
            open_block(&search, next.number);
        } else if (next.kind == CELL) {
            open_cell(&search, grid->blocks[next.number], next.cell);
        } else {
            const struct spot *spot = &grid->spots[next.number];
            const struct gx_point at = {spot->lon, spot->lat};
            double metres = gx_geo_distance_m(at, place);
            go_on = metres > radius_m || visit(arg, next.number, metres);
        }
    }
    free(search.heap);
}
