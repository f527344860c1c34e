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

/* One that stands somewhere. Those of a cell lie side by side: a search in a crowd reads memory in a row. */
struct spot {
    double lon;
    double lat;
    double cos_lat;
    uint32_t number;
};

struct cell {
    struct spot *spots;
    uint32_t count;
    uint32_t room;
};

struct block {
    unsigned force;
    int32_t x;        /* west to east from -180 degrees, in blocks */
    int32_t y;        /* south to north from -90 degrees */
    double cos_least; /* of the latitudes in it */
    uint32_t count;
    uint64_t occupied[WORDS];
    uint16_t
        handles[SIDE *
                SIDE]; /* of cells that were ever entered: one more than their place in `cells` */
    struct cell *cells;
    uint16_t cell_count;
    uint16_t cell_room;
};

struct seat {
    int32_t block; /* NOWHERE */
    uint16_t cell;
    uint32_t at; /* among the cell's spots */
};

struct grid {
    struct seat *seats; /* by number */
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
        for (size_t j = 0; j < grid->blocks[i]->cell_count; j++) {
            free(grid->blocks[i]->cells[j].spots);
        }
        free(grid->blocks[i]->cells);
        free(grid->blocks[i]);
    }
    free(grid->blocks);
    keys_done(&grid->block_numbers);
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
    grid->seats = resized(grid->seats, room, sizeof *grid->seats);
    for (size_t i = grid->room; i < room; i++) {
        grid->seats[i] = (struct seat){NOWHERE, 0, 0};
    }
    grid->room = room;
}

static struct key block_key(unsigned force, int32_t x, int32_t y)
{
    return (struct key){force, (uint64_t)(uint32_t)x << 32 | (uint32_t)y};
}

static double cos_least(int32_t y)
{
    double south = (double)y / BLOCKS_PER_DEGREE - 90.0;
    double north = south + 1.0 / BLOCKS_PER_DEGREE;
    return fmax(0.0, fmin(cos(radians(south)), cos(radians(north))));
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
    *block = (struct block){.force = force, .x = x, .y = y, .cos_least = cos_least(y)};
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

static struct cell *cell_of(const struct block *block, uint32_t cell)
{
    return &block->cells[block->handles[cell] - 1];
}

static struct cell *cell_get(struct block *block, uint32_t cell)
{
    if (block->handles[cell] != 0) {
        return cell_of(block, cell);
    }
    if (block->cell_count == block->cell_room) {
        block->cell_room = block->cell_room == 0 ? 8 : (uint16_t)(block->cell_room * 2);
        block->cells = resized(block->cells, block->cell_room, sizeof *block->cells);
    }
    block->cells[block->cell_count] = (struct cell){.spots = NULL};
    block->handles[cell] = ++block->cell_count;
    return cell_of(block, cell);
}

/* The last of the cell takes the place that is left. */
static void leave(struct grid *grid, uint32_t number)
{
    struct seat *seat = &grid->seats[number];
    struct block *block = grid->blocks[seat->block];
    struct cell *cell = cell_of(block, seat->cell);
    cell->spots[seat->at] = cell->spots[--cell->count];
    grid->seats[cell->spots[seat->at].number].at = seat->at;
    if (cell->count == 0) {
        block->occupied[seat->cell / 64] &= ~(UINT64_C(1) << (seat->cell % 64));
    }
    block->count--;
    seat->block = NOWHERE;
}

static void enter(struct grid *grid, uint32_t number, int32_t block_number, uint16_t place)
{
    struct block *block = grid->blocks[block_number];
    struct cell *cell = cell_get(block, place);
    if (cell->count == cell->room) {
        cell->room = cell->room == 0 ? 2 : cell->room * 2;
        cell->spots = resized(cell->spots, cell->room, sizeof *cell->spots);
    }
    grid->seats[number] = (struct seat){block_number, place, cell->count++};
    block->occupied[place / 64] |= UINT64_C(1) << (place % 64);
    block->count++;
}

void grid_put(struct grid *grid, uint32_t number, unsigned force, struct gx_point place)
{
    make_room(grid, number);
    int32_t x = cell_x(place.lon);
    int32_t y = cell_y(place.lat);
    int32_t block = block_at(grid, force, x / SIDE, y / SIDE);
    uint16_t cell = (uint16_t)(y % SIDE * SIDE + x % SIDE);
    struct seat *seat = &grid->seats[number];
    if (seat->block != block || seat->cell != cell) {
        if (seat->block != NOWHERE) {
            leave(grid, number);
        }
        enter(grid, number, block, cell);
    }
    cell_of(grid->blocks[block], cell)->spots[seat->at] =
        (struct spot){place.lon, place.lat, cos(radians(place.lat)), number};
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
    uint32_t number; /* of the block, or of the one who stands there */
    uint16_t kind;
    uint16_t cell;
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

/* Of small angles, which nearly all are, the series is as exact as the sine, and cheaper. */
static double hav_of(double half_radians)
{
    double square = half_radians * half_radians;
    if (square < 1e-4) {
        double s = half_radians * (1.0 - square * (1.0 / 6.0 - square * (1.0 / 120.0)));
        return s * s;
    }
    double s = sin(half_radians);
    return s * s;
}

static double hav_to(const struct search *search, const struct spot *spot)
{
    return hav_of(radians(spot->lat - search->place.lat) / 2) +
           search->cos_lat * spot->cos_lat * hav_of(radians(spot->lon - search->place.lon) / 2);
}

static double metres_of(double hav)
{
    return 2 * gx_geo_degree_m() / radians(1.0) * asin(fmin(1.0, sqrt(hav)));
}

/* The short way around. */
static double turn(double degrees)
{
    return degrees > 180.0 ? degrees - 360.0 : degrees < -180.0 ? degrees + 360.0 : degrees;
}

/* No point of the box is nearer: the least difference of latitude and of longitude in it, and no cosine in it is less. */
static double hav_to_box(const struct search *search, struct gx_point corner, double size,
                         double cos_least)
{
    double north = corner.lat + size;
    double lat = search->place.lat;
    double dlat = lat < corner.lat ? corner.lat - lat : lat > north ? lat - north : 0.0;
    double from_west = turn(search->place.lon - corner.lon);
    double from_east = turn(search->place.lon - corner.lon - size);
    double dlon =
        from_west >= 0.0 && from_east <= 0.0 ? 0.0 : fmin(fabs(from_west), fabs(from_east));
    double hav =
        hav_of(radians(dlat) / 2) + search->cos_lat * cos_least * hav_of(radians(dlon) / 2);
    return hav * (1.0 - 1e-12); /* rounding must not put a box behind what lies in it */
}

static struct gx_point corner_of(int32_t x, int32_t y, int per_degree)
{
    return (struct gx_point){(double)x / per_degree - 180.0, (double)y / per_degree - 90.0};
}

static void open_cell(struct search *search, const struct block *block, uint32_t number)
{
    const struct cell *cell = cell_of(block, number);
    for (uint32_t i = 0; i < cell->count; i++) {
        const struct spot *spot = &cell->spots[i];
        push(search, (struct waiting){hav_to(search, spot), spot->number, SPOT, 0});
    }
}

static void open_block(struct search *search, uint32_t number)
{
    const struct block *block = search->grid->blocks[number];
    for (int word = 0; word < WORDS; word++) {
        for (uint64_t bits = block->occupied[word]; bits != 0; bits &= bits - 1) {
            int32_t cell = word * 64 + __builtin_ctzll(bits);
            struct gx_point corner = corner_of(block->x * SIDE + cell % SIDE,
                                               block->y * SIDE + cell / SIDE, CELLS_PER_DEGREE);
            double hav = hav_to_box(search, corner, 1.0 / CELLS_PER_DEGREE, block->cos_least);
            push(search, (struct waiting){hav, number, CELL, (uint16_t)cell});
        }
    }
}

static void push_block(struct search *search, uint32_t number)
{
    const struct block *block = search->grid->blocks[number];
    if (block->count == 0) {
        return;
    }
    struct gx_point corner = corner_of(block->x, block->y, BLOCKS_PER_DEGREE);
    double hav = hav_to_box(search, corner, 1.0 / BLOCKS_PER_DEGREE, block->cos_least);
    push(search, (struct waiting){hav, number, BLOCK, 0});
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

/* With the first, those behind it that nothing unopened can be before. */
static size_t take_hits(struct search *search, struct waiting first,
                        struct grid_hit hits[GRID_HITS])
{
    size_t count = 0;
    hits[count++] = (struct grid_hit){first.number, metres_of(first.hav)};
    while (count < GRID_HITS && search->count > 0 && search->heap[0].kind == SPOT) {
        struct waiting next = pop(search);
        hits[count++] = (struct grid_hit){next.number, metres_of(next.hav)};
    }
    return count;
}

void grid_near(const struct grid *grid, unsigned force, struct gx_point place, double radius_m,
               grid_visit *visit, void *arg)
{
    double half_turn = fmin(radius_m / gx_geo_degree_m(), 180.0) / 2;
    struct search search = {
        .grid = grid,
        .place = place,
        .cos_lat = cos(radians(place.lat)),
        .most = hav_of(radians(half_turn)),
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
            struct grid_hit hits[GRID_HITS];
            size_t count = take_hits(&search, next, hits);
            go_on = visit(arg, hits, count);
        }
    }
    free(search.heap);
}
