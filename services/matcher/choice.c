/* SPDX-License-Identifier: Apache-2.0 */
#include "choice.h"

#include <stdlib.h>
#include <string.h>

/* A second of a response, in thousandths of an ordinary one, by grade 1..4. */
static const uint32_t WEIGHTS[] = {4000, 2000, 1000, 500};

/* The moment, and which person and slot its crews and rows are. */
struct moment {
    const struct choice_query *query;
    size_t *person; /* by crew */
    size_t *slot;   /* by row */
    struct decide_crew *crews;
    struct decide_slot *rows;
    struct decide_force forces[DECIDE_FORCES_MAX];
    uint32_t *travel_ms;
    bool *fits;
    int32_t *
        chosen; /* by row; behind the places' rows one for each turn: the place that he would leave */
    size_t places;
    size_t free_crews; /* those who are to turn stand behind them, in the order of the turns */
    struct decide_rank *ranks;
    struct decide_moment decide;
};

static uint32_t grade_of(const struct choice_query *query)
{
    return query->grade >= 1 && query->grade <= 4 ? query->grade : 4;
}

static bool fits(const struct choice_query *query, size_t person, size_t slot)
{
    const struct view *view = &query->found->views[person * query->slot_count + slot];
    return query->slots[slot].open && view->rule == RULE_NONE && !view->too_far;
}

static bool fits_any(const struct choice_query *query, size_t person)
{
    for (size_t s = 0; s < query->slot_count; s++) {
        if (fits(query, person, s)) {
            return true;
        }
    }
    return false;
}

/* ---- crews: those who fit anywhere ---- */

/* Travel times in one step count as the same. */
static uint32_t step_of_travel(const struct choice_query *query, size_t person)
{
    uint32_t same = query->same_seconds == 0 ? 1 : query->same_seconds;
    return query->found->seconds[person] / same;
}

static int by_number(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* What the core takes for equal goes to the first: so those who were asked less and did less lately stand before the others. */
static int by_merit(const void *a, const void *b, void *arg)
{
    const struct choice_query *query = arg;
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;
    const struct person *p = &query->found->persons[x];
    const struct person *q = &query->found->persons[y];
    int order = by_number(step_of_travel(query, x), step_of_travel(query, y));
    order = order != 0 ? order : by_number(p->alerts, q->alerts);
    order = order != 0 ? order : by_number(p->load, q->load);
    order = order != 0 ? order : by_number(query->found->seconds[x], query->found->seconds[y]);
    return order != 0 ? order : strcmp(p->id, q->id);
}

/* How many are free; those who would have to turn round stand behind them. */
static size_t gather_crews(struct moment *m)
{
    const struct choice_query *query = m->query;
    size_t count = 0;
    for (size_t p = 0; p < query->found->count; p++) {
        if (fits_any(query, p)) {
            m->person[count++] = p;
        }
    }
    if (count > 0) {
        qsort_r(m->person, count, sizeof *m->person, by_merit, (void *)(uintptr_t)query);
    }
    count = count < CHOICE_CREWS_MAX ? count : CHOICE_CREWS_MAX;
    for (size_t i = 0; i < query->turn_count; i++) {
        m->person[count + i] = query->turns[i].person;
    }
    return count;
}

static void fill_crews(struct moment *m, size_t count)
{
    for (size_t c = 0; c < count; c++) {
        const struct person *person = &m->query->found->persons[m->person[c]];
        bool turns = c >= m->free_crews;
        m->crews[c] = (struct decide_crew){
            .id = (uint32_t)c,
            .force = (uint32_t)person->force - 1,
            .state = turns ? DECIDE_UNDER_WAY : DECIDE_IDLE,
            .slot = turns ? (int32_t)(m->places + c - m->free_crews) : DECIDE_NOBODY,
            .post = BOARD_NO_POST,
            .load_ms = (uint32_t)(person->load * m->query->load_seconds * 1000.0),
        };
    }
}

/* ---- rows: the places ---- */

static size_t gather_rows(struct moment *m)
{
    const struct choice_query *query = m->query;
    size_t count = 0;
    size_t left = 0; /* slots that are to have a row yet */
    for (size_t s = 0; s < query->slot_count; s++) {
        left += query->slots[s].open ? 1 : 0;
    }
    for (size_t s = 0; s < query->slot_count && count < CHOICE_PLACES_MAX; s++) {
        if (!query->slots[s].open) {
            continue;
        }
        left--;
        uint32_t places = query->slots[s].places > 0 ? query->slots[s].places : 1;
        size_t room = CHOICE_PLACES_MAX - count;
        room = room > left ? room - left : 1;
        for (size_t i = 0; i < places && i < room; i++) {
            m->slot[count++] = s;
        }
    }
    return count;
}

static void fill_rows(struct moment *m)
{
    uint32_t grade = grade_of(m->query);
    for (size_t r = 0; r < m->places; r++) {
        const struct choice_slot *slot = &m->query->slots[m->slot[r]];
        m->rows[r] = (struct decide_slot){
            .id = (uint32_t)r,
            /* A place that may wait takes nobody from one that may not. */
            .priority = slot->places > 0 ? grade : grade + 4,
            .weight = WEIGHTS[grade - 1],
            .waited_ms = m->query->waited_ms,
            .target_ms = (int64_t)slot->target_s * 1000,
        };
    }
    for (size_t i = 0; i < m->query->turn_count; i++) {
        uint32_t left = m->query->turns[i].grade;
        left = left >= 1 && left <= 4 ? left : 4;
        m->rows[m->places + i] = (struct decide_slot){
            .id = (uint32_t)(m->places + i), .priority = left, .weight = WEIGHTS[left - 1]};
    }
}

static uint32_t stepped_ms(const struct choice_query *query, uint32_t seconds)
{
    uint32_t same = query->same_seconds == 0 ? 1 : query->same_seconds;
    uint64_t ms = (uint64_t)(seconds / same) * same * 1000;
    return ms < DECIDE_NEVER ? (uint32_t)ms : DECIDE_NEVER;
}

static bool may_turn(const struct choice_query *query, size_t person, size_t slot)
{
    const struct view *view = &query->found->views[person * query->slot_count + slot];
    return query->slots[slot].open && query->slots[slot].places > 0 && view->turn && !view->too_far;
}

static void fill_places(struct moment *m, size_t crews)
{
    for (size_t r = 0; r < m->places; r++) {
        for (size_t c = 0; c < crews; c++) {
            size_t person = m->person[c];
            bool turns = c >= m->free_crews;
            m->fits[r * crews + c] =
                turns ? may_turn(m->query, person, m->slot[r]) : fits(m->query, person, m->slot[r]);
            m->travel_ms[r * crews + c] = stepped_ms(m->query, m->query->found->seconds[person]);
        }
    }
}

/* The place that one would leave: his own, or of somebody free of his force. */
static void fill_left_places(struct moment *m, size_t crews)
{
    for (size_t i = 0; i < m->query->turn_count; i++) {
        const struct choice_turn *turn = &m->query->turns[i];
        for (size_t c = 0; c < crews; c++) {
            size_t person = m->person[c];
            size_t at = (m->places + i) * crews + c;
            bool same_force = m->query->found->persons[person].force ==
                              m->query->found->persons[turn->person].force;
            m->fits[at] = c < m->free_crews ? same_force : c == m->free_crews + i;
            m->travel_ms[at] = stepped_ms(m->query, turn->instead_s[person]);
        }
    }
}

static enum gx_rc make_room(struct gx_arena *arena, struct moment *m)
{
    size_t persons = m->query->found->count;
    size_t crews = persons < CHOICE_CREWS_MAX ? persons : CHOICE_CREWS_MAX;
    size_t rows = CHOICE_PLACES_MAX + CHOICE_TURNS_MAX;
    crews += CHOICE_TURNS_MAX;
    m->person = gx_arena_alloc(arena, (persons + CHOICE_TURNS_MAX + 1) * sizeof *m->person);
    m->slot = gx_arena_alloc(arena, rows * sizeof *m->slot);
    m->crews = gx_arena_alloc(arena, (crews + 1) * sizeof *m->crews);
    m->rows = gx_arena_alloc(arena, rows * sizeof *m->rows);
    m->travel_ms = gx_arena_alloc(arena, rows * (crews + 1) * sizeof *m->travel_ms);
    m->fits = gx_arena_alloc(arena, rows * (crews + 1) * sizeof *m->fits);
    m->chosen = gx_arena_alloc(arena, rows * sizeof *m->chosen);
    m->ranks = gx_arena_alloc(arena, (crews + 1) * sizeof *m->ranks);
    return arena->spent ? GX_LIMIT : GX_OK;
}

/* ---- the answer ---- */

static enum gx_rc make_answer(struct gx_arena *arena, const struct choice_query *query,
                              struct choice *choice)
{
    size_t persons = query->found->count;
    choice->bound = gx_arena_alloc(arena, (persons + 1) * sizeof *choice->bound);
    choice->rank = gx_arena_alloc(arena, (persons + 1) * sizeof *choice->rank);
    choice->words =
        gx_arena_alloc(arena, (persons * query->slot_count + 1) * sizeof *choice->words);
    if (arena->spent) {
        return GX_LIMIT;
    }
    for (size_t p = 0; p < persons; p++) {
        choice->bound[p] = CHOICE_NONE;
        choice->rank[p] = UINT32_MAX;
    }
    return GX_OK;
}

/* Steps of cost that are as long as same_seconds of travel. */
static uint32_t step_of(const struct choice_query *query, int64_t cost_ms)
{
    uint32_t same = query->same_seconds == 0 ? 1 : query->same_seconds;
    int64_t width = (int64_t)same * WEIGHTS[grade_of(query) - 1];
    int64_t step = cost_ms / width + 1;
    return step < UINT32_MAX ? (uint32_t)step : UINT32_MAX - 1;
}

/* A slot's rows explain the same people: what the row says that got the farthest tells most. */
static void take_words(const struct moment *m, size_t row, struct choice *choice)
{
    size_t slot = m->slot[row];
    for (size_t i = 0; i < m->decide.crew_count; i++) {
        const struct decide_rank *rank = &m->ranks[i];
        size_t person = m->person[rank->crew];
        struct choice_word *word = &choice->words[person * m->query->slot_count + slot];
        if (word->weighed && word->reason != DECIDE_SLOWER) {
            continue;
        }
        bool never = rank->reason == DECIDE_HARD_RULE || rank->reason == DECIDE_NO_WAY;
        *word = (struct choice_word){true, rank->reason, never ? CHOICE_COST_NONE : rank->cost_ms};
        if (!never && rank->crew < m->free_crews) {
            uint32_t step = step_of(m->query, rank->cost_ms);
            choice->rank[person] = step < choice->rank[person] ? step : choice->rank[person];
        }
    }
}

/* A place that is not to be filled now binds nobody; who would take the place that another leaves is asked last. */
static void bind(const struct moment *m, struct choice *choice)
{
    for (size_t r = m->places; r < m->decide.slot_count; r++) {
        if (m->chosen[r] != DECIDE_NOBODY && (size_t)m->chosen[r] < m->free_crews) {
            choice->rank[m->person[m->chosen[r]]] = UINT32_MAX - 1;
        }
    }
    for (size_t r = 0; r < m->places; r++) {
        size_t slot = m->slot[r];
        if (m->chosen[r] != DECIDE_NOBODY && m->query->slots[slot].places > 0) {
            size_t person = m->person[m->chosen[r]];
            choice->bound[person] = slot;
            choice->rank[person] = 0;
        }
    }
}

/* Chosen for another place of the same slot: that is not elsewhere. */
static bool same_slot(const struct moment *m, size_t row, size_t crew)
{
    for (size_t r = 0; r < m->places; r++) {
        if (m->chosen[r] == (int32_t)crew) {
            return m->slot[r] == m->slot[row];
        }
    }
    return false;
}

/* He goes on to where he was going: though he is nearer than who was chosen, or because he is not. */
static bool nearer(const struct moment *m, size_t row, const struct decide_rank *rank)
{
    int32_t chosen = m->chosen[row];
    return chosen == DECIDE_NOBODY ||
           rank->travel_ms < m->travel_ms[row * m->decide.crew_count + (size_t)chosen];
}

static void explain(struct moment *m, size_t row, struct choice *choice)
{
    decide_explain(m->query->decide, &m->decide, m->chosen, row, m->ranks);
    for (size_t i = 0; i < m->decide.crew_count; i++) {
        struct decide_rank *rank = &m->ranks[i];
        bool turns = rank->crew >= m->free_crews;
        if (rank->reason == DECIDE_NEEDED_ELSEWHERE && same_slot(m, row, rank->crew)) {
            rank->reason = DECIDE_CHOSEN;
        } else if (rank->reason == DECIDE_NEEDED_ELSEWHERE && turns) {
            rank->reason = nearer(m, row, rank) ? DECIDE_NOT_TURNED : DECIDE_NOT_AVAILABLE;
        }
    }
    take_words(m, row, choice);
}

enum gx_rc choice_run(struct gx_arena *arena, const struct choice_query *query,
                      struct choice *ret_choice)
{
    struct moment m = {.query = query};
    enum gx_rc rc = make_room(arena, &m);
    rc = rc == GX_OK ? make_answer(arena, query, ret_choice) : rc;
    if (rc != GX_OK) {
        return rc;
    }
    m.free_crews = gather_crews(&m);
    m.places = gather_rows(&m);
    size_t crews = m.free_crews + query->turn_count;
    if (crews == 0 || m.places == 0) {
        return GX_OK;
    }
    fill_crews(&m, crews);
    fill_rows(&m);
    fill_places(&m, crews);
    fill_left_places(&m, crews);
    for (size_t f = 0; f < DECIDE_FORCES_MAX; f++) {
        m.forces[f].chances.turning = 1.0F;
    }
    m.decide = (struct decide_moment){
        .crews = m.crews,
        .crew_count = crews,
        .slots = m.rows,
        .slot_count = m.places + query->turn_count,
        .travel_ms = m.travel_ms,
        .fits = m.fits,
        .forces = m.forces,
        .force_count = DECIDE_FORCES_MAX,
    };
    (void)decide_assign(query->decide, &m.decide, m.chosen);
    for (size_t r = 0; r < m.places; r++) {
        explain(&m, r, ret_choice);
    }
    bind(&m, ret_choice);
    return GX_OK;
}
