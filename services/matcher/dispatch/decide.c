/* SPDX-License-Identifier: Apache-2.0 */
#include "decide.h"

#include "dispatch/assign.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One call feels the hole before the others have closed up. */
static const double CALLS_THAT_FEEL = 1.0;
/* How much a crew on its way to a post counts as being there: calls come while it drives. */
static const float POST_SHARE = 0.7F;
static const struct board_pull PULL = {.per_second = 0.003F, .least_gain = 0.1F};

enum {
    TURN_SHARE = 20, /* turning somebody round must gain a twentieth of the target time */
    ORDINARY_WEIGHT = 1000,
    TURN_MS = 20000,    /* the same where there is no target */
    BUDGET = 60000000,  /* cells that the assignment looks at, about 40 ms */
    EXPLORED_CREWS = 24 /* per call of decide_posts() and force */
};
/* More than any cost of a crew that may go: these are at most a day, weighted. */
static const int64_t EMPTY_MS = INT64_C(1) << 45;
static const int64_t COST_MAX_MS = INT64_C(1) << 39;

struct decide {
    struct board *board[DECIDE_FORCES_MAX];
    const struct city *cover[DECIDE_FORCES_MAX];
    size_t *crew_order; /* positions by id */
    size_t *slot_order;
    size_t *column_crew; /* columns: the available crews, by id */
    size_t column_count;
    size_t *column_of; /* by crew */
    size_t *on_board;  /* by crew: its number there */
    double *loss;      /* by number on the board */
    int64_t *price;    /* by column */
    int64_t *cost;     /* [row * columns + column]; rows by slot_order */
    int64_t *nobody;
    int32_t *choice;
    bool *served; /* by slot: somebody is under way to it */
    void *scratch;
    size_t crew_room;
    size_t slot_room;
    size_t cell_room;
    size_t scratch_room;
};

static void *grown(void *old, size_t count, size_t size)
{
    void *room = realloc(old, (count == 0 ? 1 : count) * size);
    if (room == NULL) {
        (void)fputs("out of memory: decide\n", stderr);
        abort();
    }
    return room;
}

struct decide *decide_new(void)
{
    struct decide *decide = grown(NULL, 1, sizeof *decide);
    *decide = (struct decide){.column_count = 0};
    return decide;
}

void decide_free(struct decide *decide)
{
    if (decide == NULL) {
        return;
    }
    for (size_t f = 0; f < DECIDE_FORCES_MAX; f++) {
        board_free(decide->board[f]);
    }
    free(decide->crew_order);
    free(decide->slot_order);
    free(decide->column_crew);
    free(decide->column_of);
    free(decide->on_board);
    free(decide->loss);
    free(decide->price);
    free(decide->cost);
    free(decide->nobody);
    free(decide->choice);
    free(decide->served);
    free(decide->scratch);
    free(decide);
}

static void make_room(struct decide *d, size_t crews, size_t slots)
{
    if (crews > d->crew_room) {
        d->crew_order = grown(d->crew_order, crews, sizeof *d->crew_order);
        d->column_crew = grown(d->column_crew, crews, sizeof *d->column_crew);
        d->column_of = grown(d->column_of, crews, sizeof *d->column_of);
        d->on_board = grown(d->on_board, crews, sizeof *d->on_board);
        d->loss = grown(d->loss, crews, sizeof *d->loss);
        d->price = grown(d->price, crews, sizeof *d->price);
        d->crew_room = crews;
    }
    if (slots > d->slot_room) {
        d->slot_order = grown(d->slot_order, slots, sizeof *d->slot_order);
        d->nobody = grown(d->nobody, slots, sizeof *d->nobody);
        d->choice = grown(d->choice, slots, sizeof *d->choice);
        d->served = grown(d->served, slots, sizeof *d->served);
        d->slot_room = slots;
    }
    if (crews * slots > d->cell_room) {
        d->cell_room = crews * slots;
        d->cost = grown(d->cost, d->cell_room, sizeof *d->cost);
    }
    size_t bytes = assign_scratch_bytes(slots, crews);
    if (bytes > d->scratch_room) {
        d->scratch_room = bytes;
        d->scratch = grown(d->scratch, bytes, 1);
    }
}

static int crew_by_id(const void *a, const void *b, void *crews)
{
    uint32_t x = ((const struct decide_crew *)crews)[*(const size_t *)a].id;
    uint32_t y = ((const struct decide_crew *)crews)[*(const size_t *)b].id;
    return (x > y) - (x < y);
}

static int slot_by_id(const void *a, const void *b, void *slots)
{
    uint32_t x = ((const struct decide_slot *)slots)[*(const size_t *)a].id;
    uint32_t y = ((const struct decide_slot *)slots)[*(const size_t *)b].id;
    return (x > y) - (x < y);
}

/* Under way to a slot of this moment. */
static bool is_to_slot(const struct decide_crew *crew)
{
    return crew->state == DECIDE_UNDER_WAY && crew->slot != DECIDE_NOBODY;
}

static bool is_available(const struct decide_crew *crew)
{
    return crew->state == DECIDE_IDLE || is_to_slot(crew);
}

/* Everything in order of id, so that the caller's order plays no part. */
static void order(struct decide *d, const struct decide_moment *m)
{
    make_room(d, m->crew_count, m->slot_count);
    for (size_t i = 0; i < m->crew_count; i++) {
        d->crew_order[i] = i;
    }
    for (size_t i = 0; i < m->slot_count; i++) {
        d->slot_order[i] = i;
    }
    qsort_r(d->crew_order, m->crew_count, sizeof *d->crew_order, crew_by_id,
            (void *)(uintptr_t)m->crews);
    d->column_count = 0;
    for (size_t i = 0; i < m->crew_count; i++) {
        size_t crew = d->crew_order[i];
        if (is_available(&m->crews[crew])) {
            d->column_of[crew] = d->column_count;
            d->column_crew[d->column_count++] = crew;
        }
    }
    if (m->slot_count == 0) {
        return;
    }
    qsort_r(d->slot_order, m->slot_count, sizeof *d->slot_order, slot_by_id,
            (void *)(uintptr_t)m->slots);
}

static float chance_of(const struct decide_force *force, const struct decide_crew *crew,
                       bool turnable)
{
    switch (crew->state) {
    case DECIDE_IDLE:
        return force->chances.idle;
    case DECIDE_UNDER_WAY:
        return turnable ? force->chances.idle : force->chances.driving;
    case DECIDE_DRIVING:
        return force->chances.driving;
    case DECIDE_BUSY:
        break;
    }
    return force->chances.busy;
}

/* The force's crews on its board. `arrived`: how much an idle crew counts as being at its post. */
static struct board *lay_out(struct decide *d, const struct decide_moment *m, size_t force,
                             bool turnable, float arrived)
{
    const struct decide_force *f = &m->forces[force];
    if (d->cover[force] != f->cover) {
        board_free(d->board[force]);
        d->board[force] = board_new(f->cover);
        d->cover[force] = f->cover;
    }
    struct board *board = d->board[force];
    board_clear(board);
    for (size_t i = 0; i < m->crew_count; i++) {
        size_t c = d->crew_order[i];
        const struct decide_crew *crew = &m->crews[c];
        if (crew->force != force) {
            continue;
        }
        struct city_place at = crew->at;
        if (crew->state == DECIDE_UNDER_WAY && !turnable) {
            at = (struct city_place){crew->goal, 0};
        }
        d->on_board[c] =
            board_add(board, &(struct board_crew){
                                 .at = at,
                                 .chance = chance_of(f, crew, turnable),
                                 .post = crew->state == DECIDE_IDLE ? crew->post : BOARD_NO_POST,
                                 .arrived = arrived,
                             });
    }
    return board;
}

static size_t count_available(const struct decide *d, const struct decide_moment *m, size_t force)
{
    size_t count = 0;
    for (size_t c = 0; c < d->column_count; c++) {
        count += m->crews[d->column_crew[c]].force == force ? 1 : 0;
    }
    return count;
}

/* What the city loses by each crew's going. */
static void price(struct decide *d, const struct decide_moment *m)
{
    for (size_t c = 0; c < d->column_count; c++) {
        d->price[c] = m->crews[d->column_crew[c]].load_ms;
    }
    for (size_t f = 0; f < m->force_count; f++) {
        size_t available = count_available(d, m, f);
        if (m->forces[f].cover == NULL || available < 2) {
            continue;
        }
        board_losses(lay_out(d, m, f, true, 1.0F), d->loss);
        for (size_t c = 0; c < d->column_count; c++) {
            size_t crew = d->column_crew[c];
            if (m->crews[crew].force == f) {
                d->price[c] += (int64_t)(d->loss[d->on_board[crew]] * CALLS_THAT_FEEL * 1000.0);
            }
        }
    }
}

static int64_t cost_at(const struct decide_force *force, const struct decide_slot *slot, int64_t ms)
{
    if (force->cover != NULL) {
        return city_cost_ms(force->cover, ms);
    }
    return slot->target_ms == 0 ? ms
                                : (int64_t)(1000.0 * city_cost_by((double)slot->target_ms / 1000.0,
                                                                  (double)ms / 1000.0));
}

static int64_t turn_cost(const struct decide_force *force)
{
    int64_t usual = force->cover == NULL ? TURN_MS : city_target_ms(force->cover) / TURN_SHARE;
    return (int64_t)((double)usual * fmax(1.0, (double)force->chances.turning));
}

/* Somebody is under way to this slot, or this crew to another. */
static bool turns(const struct decide_moment *m, const bool *served, size_t slot, size_t crew)
{
    const struct decide_crew *c = &m->crews[crew];
    if (is_to_slot(c)) {
        return (size_t)c->slot != slot;
    }
    return served[slot];
}

/* before[force]: what the time already waited costs. */
static int64_t cell(const struct decide *d, const struct decide_moment *m, size_t slot, size_t crew,
                    const int64_t *before)
{
    size_t at = slot * m->crew_count + crew;
    if (m->travel_ms[at] == DECIDE_NEVER || (m->fits != NULL && !m->fits[at])) {
        return ASSIGN_NEVER;
    }
    const struct decide_force *force = &m->forces[m->crews[crew].force];
    int64_t after = cost_at(force, &m->slots[slot], m->slots[slot].waited_ms + m->travel_ms[at]);
    int64_t total =
        (after - before[m->crews[crew].force]) * m->slots[slot].weight / ORDINARY_WEIGHT;
    total = (total > 0 ? total : 0) + d->price[d->column_of[crew]];
    total += turns(m, d->served, slot, crew) ? turn_cost(force) : 0;
    return total < COST_MAX_MS ? total : COST_MAX_MS;
}

static void fill_costs(struct decide *d, const struct decide_moment *m)
{
    for (size_t i = 0; i < m->slot_count; i++) {
        d->served[i] = false;
    }
    for (size_t i = 0; i < m->crew_count; i++) {
        if (is_to_slot(&m->crews[i])) {
            d->served[m->crews[i].slot] = true;
        }
    }
    for (size_t r = 0; r < m->slot_count; r++) {
        size_t slot = d->slot_order[r];
        uint32_t priority = m->slots[slot].priority;
        priority = priority < DECIDE_PRIORITIES ? priority : DECIDE_PRIORITIES;
        d->nobody[r] = EMPTY_MS * (int64_t)(DECIDE_PRIORITIES + 1 - priority);
        int64_t before[DECIDE_FORCES_MAX];
        for (size_t f = 0; f < m->force_count; f++) {
            before[f] = cost_at(&m->forces[f], &m->slots[slot], m->slots[slot].waited_ms);
        }
        for (size_t c = 0; c < d->column_count; c++) {
            d->cost[r * d->column_count + c] = cell(d, m, slot, d->column_crew[c], before);
        }
    }
}

struct decide_outcome decide_assign(struct decide *d, const struct decide_moment *m,
                                    int32_t *ret_crew)
{
    order(d, m);
    price(d, m);
    fill_costs(d, m);
    struct assign_result result = assign_solve(&(struct assign_problem){.rows = m->slot_count,
                                                                        .columns = d->column_count,
                                                                        .cost = d->cost,
                                                                        .nobody = d->nobody,
                                                                        .budget = BUDGET},
                                               d->scratch, d->choice);
    struct decide_outcome outcome = {
        .cost_ms = result.cost, .bound_ms = result.bound, .exact = result.exact};
    for (size_t r = 0; r < m->slot_count; r++) {
        ret_crew[d->slot_order[r]] =
            d->choice[r] == ASSIGN_NOBODY ? DECIDE_NOBODY : (int32_t)d->column_crew[d->choice[r]];
    }
    for (size_t i = 0; i < m->crew_count; i++) {
        const struct decide_crew *crew = &m->crews[i];
        outcome.turned += is_to_slot(crew) && ret_crew[crew->slot] != (int32_t)i ? 1 : 0;
    }
    return outcome;
}

/* Moves on until a pass over all of them changes nothing, or enough were looked at. */
struct walk {
    struct board *board;
    size_t force;
    size_t explored;
    int32_t *post;
};

static bool is_to_post(const struct decide_moment *m, size_t crew, size_t force)
{
    const struct decide_crew *c = &m->crews[crew];
    return c->force == force && c->state == DECIDE_IDLE && c->movable;
}

static bool post_crew(const struct decide *d, struct walk *walk, size_t crew)
{
    double gain = 0;
    int32_t post = board_best_post(walk->board, d->on_board[crew], &PULL, &gain);
    walk->explored++;
    if (post == walk->post[crew]) {
        return false;
    }
    board_send(walk->board, d->on_board[crew], post);
    walk->post[crew] = post;
    return true;
}

/* Once through all, from the one whose turn it is; whether anybody moved. */
static bool post_round(const struct decide *d, const struct decide_moment *m, struct walk *walk)
{
    bool moved = false;
    if (m->crew_count == 0) {
        return false;
    }
    size_t start = (size_t)m->turn * (EXPLORED_CREWS / 2) % m->crew_count;
    for (size_t i = 0; i < m->crew_count && walk->explored < EXPLORED_CREWS; i++) {
        size_t crew = d->crew_order[(start + i) % m->crew_count];
        if (is_to_post(m, crew, walk->force)) {
            moved = post_crew(d, walk, crew) || moved;
        }
    }
    return moved;
}

/*
 * One after the other, each to where it helps most, the others being where they are: coordinate descent on the expected
 * cost. Repeated at each event it keeps up with a changing city.
 */
static void post_force(struct decide *d, const struct decide_moment *m, size_t force,
                       int32_t *ret_post)
{
    struct walk walk = {
        .board = lay_out(d, m, force, false, POST_SHARE), .force = force, .post = ret_post};
    for (size_t i = 0; i < m->crew_count; i++) {
        size_t crew = d->crew_order[i];
        if (is_to_post(m, crew, force) && m->crews[crew].post == BOARD_NO_POST) {
            (void)post_crew(d, &walk, crew);
        }
    }
    while (walk.explored < EXPLORED_CREWS && post_round(d, m, &walk)) {
    }
}

void decide_posts(struct decide *d, const struct decide_moment *m, int32_t *ret_post)
{
    order(d, m);
    for (size_t i = 0; i < m->crew_count; i++) {
        ret_post[i] = m->crews[i].state == DECIDE_IDLE ? m->crews[i].post : BOARD_NO_POST;
    }
    for (size_t f = 0; f < m->force_count; f++) {
        if (m->forces[f].cover != NULL) {
            post_force(d, m, f, ret_post);
        }
    }
}

static enum decide_reason reason_of(const struct decide *d, const struct decide_moment *m,
                                    const int32_t *chosen, size_t slot,
                                    const struct decide_rank *rank, const struct decide_rank *best)
{
    const struct decide_crew *crew = &m->crews[rank->crew];
    size_t at = slot * m->crew_count + rank->crew;
    if (!is_available(crew)) {
        return DECIDE_NOT_AVAILABLE;
    }
    if (m->fits != NULL && !m->fits[at]) {
        return DECIDE_HARD_RULE;
    }
    if (rank->travel_ms == DECIDE_NEVER) {
        return DECIDE_NO_WAY;
    }
    for (size_t s = 0; s < m->slot_count; s++) {
        if (chosen[s] == (int32_t)rank->crew) {
            return s == slot ? DECIDE_CHOSEN : DECIDE_NEEDED_ELSEWHERE;
        }
    }
    if (best == NULL || rank->travel_ms >= best->travel_ms) {
        return DECIDE_SLOWER;
    }
    int64_t turn = turns(m, d->served, slot, rank->crew) ? turn_cost(&m->forces[crew->force]) : 0;
    return rank->cost_ms - turn < best->cost_ms ? DECIDE_NOT_TURNED : DECIDE_KEPT_FOR_COVER;
}

static int by_travel(const void *a, const void *b, void *crews)
{
    const struct decide_rank *p = a;
    const struct decide_rank *q = b;
    if (p->travel_ms != q->travel_ms) {
        return p->travel_ms < q->travel_ms ? -1 : 1;
    }
    uint32_t x = ((const struct decide_crew *)crews)[p->crew].id;
    uint32_t y = ((const struct decide_crew *)crews)[q->crew].id;
    return (x > y) - (x < y);
}

void decide_explain(const struct decide *d, const struct decide_moment *m, const int32_t *chosen,
                    size_t slot, struct decide_rank *ret_ranks)
{
    size_t row = 0;
    while (d->slot_order[row] != slot) {
        row++;
    }
    for (size_t i = 0; i < m->crew_count; i++) {
        bool available = is_available(&m->crews[i]);
        ret_ranks[i] = (struct decide_rank){
            .crew = i,
            .travel_ms = available ? m->travel_ms[slot * m->crew_count + i] : DECIDE_NEVER,
            .cost_ms = available ? d->cost[row * d->column_count + d->column_of[i]] : ASSIGN_NEVER,
        };
    }
    struct decide_rank best = {.crew = SIZE_MAX};
    if (chosen[slot] != DECIDE_NOBODY) {
        best = ret_ranks[chosen[slot]];
    }
    for (size_t i = 0; i < m->crew_count; i++) {
        ret_ranks[i].reason =
            reason_of(d, m, chosen, slot, &ret_ranks[i], best.crew == SIZE_MAX ? NULL : &best);
    }
    qsort_r(ret_ranks, m->crew_count, sizeof *ret_ranks, by_travel, (void *)(uintptr_t)m->crews);
}
